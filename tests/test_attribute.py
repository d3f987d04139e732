"""Attribution: contributions that add up, and nobody credited for nothing."""

import json
from dataclasses import replace
from itertools import chain, combinations, pairwise, permutations

import numpy as np
import pytest

from xiancheng.calibration import posterior
from xiancheng.calibration.region import load
from xiancheng.results.analysis.attribution import (
    CoalitionGame,
    attribute,
    averaged,
    grouped,
    only,
    standard_error,
)
from xiancheng.results.cli import main
from xiancheng.results.comparison import attributed
from xiancheng.scenarios.ensemble import without_plan
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.outcome import RATE
from xiancheng.scenarios.paired import Draw, Runs, judged_on, layered
from xiancheng.scenarios.simulate import simulate

SCALE = 0.005


def played(scenario, **how):
    """The attribution of a scenario, and the runs it was read from."""
    runs = Runs(scale=SCALE, jobs=1, day=scenario.until)
    return attribute(scenario, runs, **how), runs


@pytest.fixture(scope="module")
def jobs():
    """The measures of the first project, which has five."""
    return played(resolve("p1-industry"), permutations=2)[0]


# Games whose answer is known


def game(worth, names):
    """Every coalition of a made-up game, (1, 1) each."""
    subsets = chain.from_iterable(combinations(names, n) for n in range(len(names) + 1))
    return {(0, frozenset(s)): np.array([[float(worth(frozenset(s)))]]) for s in subsets}


def test_gloves_are_shared_as_shapley_would():
    """Two left gloves and one right one: the right one is worth two thirds of the pair."""
    values = game(lambda s: "r" in s and len(s) > 1, "lmr")
    orders = list(permutations("lmr"))
    share, _ = averaged(orders, values, 1, {p: (p,) for p in "lmr"})
    assert [float(share[p][0, 0]) for p in "lmr"] == pytest.approx([1 / 6, 1 / 6, 2 / 3])


def test_gloves_of_one_owner_are_shared_as_owen_would():
    """The left gloves bargain together: they get half, shared equally."""
    values = game(lambda s: "r" in s and len(s) > 1, "lmr")
    joined = [tuple(o) for o in ("lmr", "mlr", "rlm", "rml")]
    share, _ = averaged(joined, values, 1, {"l": ("l",), "m": ("m",), "r": ("r",), "L": ("l", "m")})
    assert [float(share[p][0, 0]) for p in ("l", "m", "r", "L")] == pytest.approx(
        [0.25, 0.25, 0.5, 0.5]
    )


def test_the_error_is_known_only_from_two_pairs_on():
    values = game(len, "ab")
    _, error = averaged([("a", "b")], values, 1, {"a": ("a",)})
    assert np.isnan(error["a"]).all()
    _, error = averaged([("a", "b"), ("b", "a")], values, 1, {"a": ("a",)})
    assert error["a"] == 0


def test_orders_keep_the_measures_of_a_project_together():
    plan = resolve("plan")
    project = {m: p for p, members in grouped(plan).items() for m in members}
    for order in CoalitionGame.of(plan, 6, 1, seed=1).joined:
        met = [project[m] for m in order]
        assert len(set(met)) == 1 + sum(a != b for a, b in pairwise(met))


def test_seven_projects_and_the_safeguards():
    assert list(grouped(resolve("plan"))) == ["P1", "P2", "P3", "P4", "P5", "P6", "P7", "S"]


# The plan of Binzhou


def test_contributions_add_up_to_the_whole_effect(jobs):
    for shares in (jobs.shapley, {m: jobs.owen[m] for m in jobs.shapley}):
        assert sum(shares.values()) == pytest.approx(jobs.total, abs=1e-9)
    assert sum(jobs.owen[p] for p in jobs.projects) == pytest.approx(jobs.total, abs=1e-9)


def test_a_project_is_worth_what_its_measures_are(jobs):
    for project, members in jobs.projects.items():
        own = sum(jobs.owen[m] for m in members)
        assert jobs.owen[project] == pytest.approx(own, abs=1e-9)


def test_the_causes_of_a_contribution_add_up_to_it(jobs):
    for share in (*jobs.shapley.values(), *jobs.owen.values(), jobs.total):
        assert share[2:].sum(axis=0) == pytest.approx(share[0], abs=1e-9)


def test_the_whole_effect_is_the_scenario_less_its_baseline(jobs):
    scenario = resolve("p1-industry")
    with Runs(scale=SCALE, jobs=1, day=scenario.until) as runs:
        pairs = [(s, Draw()) for s in (scenario, without_plan(scenario))]
        done, without = runs.read(pairs)
    assert jobs.total[0] == pytest.approx(done.row(RATE) - without.row(RATE), abs=1e-12)


def test_what_is_not_done_gets_exactly_nothing(jobs):
    for number in jobs.shapley:
        if number not in ("M01", "M02", "M03", "M04", "M05"):
            for kind in (jobs.shapley, jobs.owen, jobs.first_in, jobs.last_in):
                assert not kind[number].any()


def test_a_measure_without_a_lever_gets_exactly_nothing_even_where_capacity_binds():
    """S1 asks counties for effort and moves nothing; it takes none of the others' credit."""
    heavy = {"name": "heavy", "title": "t", "based_on": "plan", "measures": {"all": 2}}
    scenario = only(resolve(heavy), frozenset(["M02", "M26", "M27", "S1"]))
    weak = Draw(parameters={"delivery_capacity": 0.6})
    assert simulate(scenario, scale=SCALE, parameters=weak.parameters).effort().min() < 0.5
    told, runs = played(scenario, permutations=2, draws=[weak])
    for kind in (told.shapley, told.owen, told.first_in, told.last_in):
        assert not kind["S1"].any()
    done, without = runs.read([(scenario, weak), (without_plan(scenario), weak)])
    assert told.total[0] == pytest.approx(done.row(RATE) - without.row(RATE), abs=1e-12)


def test_taking_every_dose_away_is_the_baseline():
    scenario = resolve("plan")
    with Runs(scale=SCALE, jobs=1, day=scenario.until) as runs:
        none, without = runs.read(
            [(only(scenario, frozenset()), Draw()), (without_plan(scenario), Draw())]
        )
    assert (none.row("urban_residents") == without.row("urban_residents")).all()


def test_draws_take_turns_and_the_sums_stay_exact():
    file = {"name": "two", "title": "t", "based_on": "baseline", "measures": {"M01": 1, "M26": 1}}
    told, _ = played(resolve(file), permutations=2, draws=layered("binzhou", 2, 1))
    assert told.draws == 2
    total = told.to_frame().query("kind == 'total'")
    assert total["points_error"].tolist() == told.total_error[0].tolist()
    assert total["points_error"].gt(0).any()
    assert told.permutations == 4
    assert sum(told.shapley.values()) == pytest.approx(told.total, abs=1e-9)


def remarks(told, lang):
    return [*attributed.remarks(told, SCALE, load("binzhou"), lang)]


def test_first_and_last_are_labelled_as_no_bounds(jobs):
    assert any("not bounds" in line for line in remarks(jobs, "en"))
    assert any("不是上下限" in line for line in remarks(jobs, "zh"))


def test_in_one_world_the_error_is_not_known_and_not_shown(jobs):
    _, rows = attributed.measures(jobs, 8, "en", SCALE)
    assert not any("nan" in cell for row in rows for cell in row[1:])
    assert not any("±" in cell for row in rows for cell in row)
    assert jobs.to_frame()["points_error"].isna().all()
    assert any("not known" in line for line in remarks(jobs, "en"))
    assert not any("not known" in line for line in remarks(replace(jobs, draws=5), "en"))


def test_in_one_world_the_total_is_exact_and_over_draws_it_has_an_error(jobs):
    assert not jobs.total_error.any()
    assert standard_error(np.array([[1.0], [3.0]])) == pytest.approx(1.0)
    assert np.isnan(standard_error(np.array([[1.0]]))).all()


def test_draws_are_called_what_they_are(jobs, monkeypatch):
    """Of the priors before the parameters are estimated, of the posterior after."""
    drawn = replace(jobs, draws=5)
    monkeypatch.setattr(posterior, "read", lambda folder: None)
    assert any("draws of the prior" in line for line in remarks(drawn, "en"))
    monkeypatch.setattr(posterior, "read", lambda folder: object())
    assert any("draws of the posterior" in line for line in remarks(drawn, "en"))
    assert any("5 组后验参数抽样" in line for line in remarks(drawn, "zh"))
    assert not any("先验" in line for line in remarks(drawn, "zh"))


def test_a_row_for_every_measure_project_and_place(jobs):
    frame = jobs.to_frame()
    assert len(frame.query("kind == 'shapley'")) == 30 * 9
    assert len(frame.query("kind == 'owen'")) == 38 * 9
    column = frame.query("kind == 'shapley' and unit_code == 371621")["points"]
    total = frame.query("kind == 'total' and unit_code == 371621")["points"]
    assert column.sum() == pytest.approx(total.iloc[0], abs=1e-9)


def test_the_command_prints_one_json_object(capsys, tmp_path):
    file = tmp_path / "m26.yaml"
    file.write_text("name: m26\ntitle: t\nbased_on: baseline\nmeasures: {M26: 1}\n", "utf-8")
    words = ["attribute", str(file), "--scale", str(SCALE), "--permutations", "2", "--jobs", "1"]
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["permutations"] == 2
    assert main([*words, "--county", "惠民县", "--lang", "en"]) == 0
    assert "Huimin" in capsys.readouterr().out
    assert main([*words, "--county", "nowhere"]) == 2
    assert "惠民县" in capsys.readouterr().err
    assert main([*words, "--county", "Huimn", "--lang", "en"]) == 2
    assert "did you mean Huimin?" in capsys.readouterr().err


def test_a_table_that_cannot_be_written_is_refused_before_computing(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(Runs, "read", lambda *_: pytest.fail("it computed"))
    words = ["attribute", "--scale", str(SCALE), "--lang", "en", "--csv"]
    assert main([*words, str(tmp_path / "no" / "such.csv")]) == 2
    assert "cannot write" in (said := capsys.readouterr().err)
    assert "None" not in said
    assert main([*words, str(tmp_path)]) == 2
    assert not [*tmp_path.iterdir()]


def test_effects_are_read_at_the_deadline_of_the_targets():
    assert str(judged_on(resolve("to-2030"), load("binzhou"))) == "2025-12-31"
