"""Attribution: contributions that add up, and nobody credited for nothing."""

import json
from dataclasses import replace
from itertools import chain, combinations, pairwise, permutations

import numpy as np
import pytest

from xiancheng.calibration import posterior
from xiancheng.calibration.region import load
from xiancheng.results.analysis.attribution import (
    FEATURES,
    CoalitionGame,
    attribute,
    averaged,
    grouped,
    only,
    standard_error,
)
from xiancheng.results.cli import main
from xiancheng.results.tables import attribution as tables
from xiancheng.scenarios.ensemble import Summaries, judged_on, layered
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.outcome import RATE, reported_groups
from xiancheng.scenarios.run_spec import RunSpec, baseline_of
from xiancheng.scenarios.simulation import simulate

SCALE = 0.005


PLAN = resolve("plan")
PROJECTS = grouped(PLAN)


def played(scenario, permutations=2, draws=()):
    """The attribution of a scenario, and the runs it was read from."""
    runs = Summaries(RunSpec.of(scenario, scale=SCALE), jobs=1)
    game = CoalitionGame.of(scenario, permutations, len(draws) or 1, seed=1)
    return attribute(scenario, runs, game, draws or [runs.spec]), runs


def values(table, kind, column=None):
    """A kind of value by measure and project, (feature, group); or one column, (group,)."""
    rows = table.frame.query("kind == @kind").groupby("id", sort=False)
    return {
        name: own[column].to_numpy() if column else own[list(FEATURES)].to_numpy().T
        for name, own in rows
    }


def total(table):
    return values(table, "total")["total"]


@pytest.fixture(scope="module")
def jobs():
    """The measures of the first project, which has five."""
    return played(resolve("p1-industry"))[0]


# Games whose answer is known


def game(worth, names):
    """Every coalition of a made-up game, (1, 1) each."""
    subsets = chain.from_iterable(combinations(names, n) for n in range(len(names) + 1))
    return {(0, frozenset(s)): np.array([[float(worth(frozenset(s)))]]) for s in subsets}


def test_gloves_are_shared_as_shapley_would():
    """Two left gloves and one right one: the right one is worth two thirds of the pair."""
    worth = game(lambda s: "r" in s and len(s) > 1, "lmr")
    orders = list(permutations("lmr"))
    share, _ = averaged(orders, worth, 1, {p: (p,) for p in "lmr"})
    assert [float(share[p][0, 0]) for p in "lmr"] == pytest.approx([1 / 6, 1 / 6, 2 / 3])


def test_gloves_of_one_owner_are_shared_as_owen_would():
    """The left gloves bargain together: they get half, shared equally."""
    worth = game(lambda s: "r" in s and len(s) > 1, "lmr")
    joined = [tuple(o) for o in ("lmr", "mlr", "rlm", "rml")]
    share, _ = averaged(joined, worth, 1, {"l": ("l",), "m": ("m",), "r": ("r",), "L": ("l", "m")})
    assert [float(share[p][0, 0]) for p in ("l", "m", "r", "L")] == pytest.approx(
        [0.25, 0.25, 0.5, 0.5]
    )


def test_the_error_is_known_only_from_two_pairs_on():
    worth = game(len, "ab")
    _, error = averaged([("a", "b")], worth, 1, {"a": ("a",)})
    assert np.isnan(error["a"]).all()
    _, error = averaged([("a", "b"), ("b", "a")], worth, 1, {"a": ("a",)})
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
    shapley, owen = values(jobs, "shapley"), values(jobs, "owen")
    for shares in (shapley, {m: owen[m] for m in shapley}, {p: owen[p] for p in PROJECTS}):
        assert sum(shares.values()) == pytest.approx(total(jobs), abs=1e-9)


def test_a_project_is_worth_what_its_measures_are(jobs):
    owen = values(jobs, "owen")
    for project, members in PROJECTS.items():
        assert owen[project] == pytest.approx(sum(owen[m] for m in members), abs=1e-9)


def test_the_causes_of_a_contribution_add_up_to_it(jobs):
    shares = [*values(jobs, "shapley").values(), *values(jobs, "owen").values(), total(jobs)]
    for share in shares:
        assert share[2:].sum(axis=0) == pytest.approx(share[0], abs=1e-9)


def test_the_whole_effect_is_the_scenario_less_its_baseline(jobs):
    scenario = resolve("p1-industry")
    with Summaries(RunSpec.of(scenario, scale=SCALE), jobs=1) as runs:
        done, without = runs.read([runs.spec, runs.spec.running(baseline_of(scenario))])
    assert total(jobs)[0] == pytest.approx(done.row(RATE) - without.row(RATE), abs=1e-12)


def test_what_is_not_done_gets_exactly_nothing(jobs):
    others = jobs.frame.query("level == 'measure' and id > 'M05'")
    assert set(others["kind"]) == {"shapley", "owen", "first_in", "last_in"}
    assert (others[list(FEATURES)] == 0).all(axis=None)


def test_a_measure_without_a_lever_gets_exactly_nothing_even_where_capacity_binds():
    """S1 asks counties for effort and moves nothing; it takes none of the others' credit."""
    heavy = {"name": "heavy", "title": "t", "based_on": "plan", "measures": {"all": 2}}
    scenario = only(resolve(heavy), frozenset(["M02", "M26", "M27", "S1"]))
    weak = RunSpec.of(scenario, scale=SCALE, parameters={"delivery_capacity": 0.6})
    assert simulate(weak).effort().min() < 0.5
    table, runs = played(scenario, draws=[weak])
    idle = table.frame.query("id == 'S1'")
    assert len(idle) == 4 * 9
    assert (idle[list(FEATURES)] == 0).all(axis=None)
    done, without = runs.read([weak, weak.running(baseline_of(scenario))])
    assert total(table)[0] == pytest.approx(done.row(RATE) - without.row(RATE), abs=1e-12)


def test_taking_every_dose_away_is_the_baseline():
    scenario = resolve("plan")
    with Summaries(RunSpec.of(scenario, scale=SCALE), jobs=1) as runs:
        none, without = runs.read(
            [runs.spec.running(s) for s in (only(scenario, frozenset()), baseline_of(scenario))]
        )
    assert (none.row("urban_residents") == without.row("urban_residents")).all()


def test_draws_take_turns_and_the_sums_stay_exact():
    file = {"name": "two", "title": "t", "based_on": "baseline", "measures": {"M01": 1, "M26": 1}}
    spec = RunSpec.of(file, scale=SCALE)
    table, _ = played(spec.scenario, draws=layered(spec, 2, 1))
    assert (table.draws, table.permutations) == (2, 4)
    assert (values(table, "total", "points_error")["total"] > 0).any()
    assert sum(values(table, "shapley").values()) == pytest.approx(total(table), abs=1e-9)


def test_projects_alone_have_the_owen_values_that_they_have_among_measures():
    scenario = resolve("p1-industry")
    runs = Summaries(RunSpec.of(scenario, scale=SCALE), jobs=1)
    games = CoalitionGame.of_projects(scenario, 1, seed=1), CoalitionGame.of(scenario, 2, 1, seed=1)
    quick, full = (attribute(scenario, runs, game, [runs.spec]) for game in games)
    assert set(quick.frame["kind"]) == {"owen", "total"}
    for name, share in values(quick, "owen").items():
        assert share == pytest.approx(values(full, "owen")[name], abs=1e-9)


def remarks(table, lang):
    return tables.notes(table, load("binzhou"), lang)


def test_first_and_last_are_labelled_as_no_bounds(jobs):
    assert any("not bounds" in line for line in remarks(jobs, "en"))
    assert any("不是上下限" in line for line in remarks(jobs, "zh"))


def test_in_one_world_the_error_is_not_known_and_not_shown(jobs):
    whole = reported_groups(load("binzhou"))[-1]
    table = tables.shares(jobs, PLAN, whole, "measure", "en")
    rows = table.texts()
    assert len(rows) == 31
    assert not any("nan" in cell for row in rows for cell in row[1:])
    assert "points_error" not in [column.key for column in table.columns]
    assert jobs.frame["points_error"].isna().all()
    assert any("not known" in line for line in remarks(jobs, "en"))
    assert not any("not known" in line for line in remarks(replace(jobs, draws=5), "en"))


def test_the_standard_error_of_one_value_is_unknown():
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
    frame = jobs.frame
    assert len(frame.query("kind == 'shapley'")) == 30 * 9
    assert len(frame.query("kind == 'owen'")) == 38 * 9
    column = frame.query("kind == 'shapley' and unit_code == 371621")["points"]
    total = frame.query("kind == 'total' and unit_code == 371621")["points"]
    assert column.sum() == pytest.approx(total.iloc[0], abs=1e-9)


def test_the_command_prints_one_json_object(capsys, tmp_path):
    file = tmp_path / "m26.yaml"
    file.write_text("name: m26\ntitle: t\nbased_on: baseline\nmeasures: {M26: 1}\n", "utf-8")
    words = ["attribute", str(file), "--scale", str(SCALE), "--permutations", "2", "--jobs", "1",
             "--dose-draws", "1"]  # fmt: skip
    assert main([*words, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["permutations"] == 2
    assert main([*words, "--county", "惠民县", "--lang", "en"]) == 0
    assert "Huimin" in capsys.readouterr().out
    assert main([*words, "--county", "nowhere"]) == 2
    assert "惠民县" in capsys.readouterr().err
    assert main([*words, "--county", "Huimn", "--lang", "en"]) == 2
    assert "did you mean Huimin?" in capsys.readouterr().err


def test_a_table_that_cannot_be_written_is_refused_before_computing(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(Summaries, "read", lambda *_: pytest.fail("it computed"))
    words = ["attribute", "--scale", str(SCALE), "--lang", "en", "--csv"]
    assert main([*words, str(tmp_path / "no" / "such.csv")]) == 2
    assert "cannot write" in (output := capsys.readouterr().err)
    assert "None" not in output
    assert main([*words, str(tmp_path)]) == 2
    assert not [*tmp_path.iterdir()]


def test_effects_are_read_at_the_deadline_of_the_targets():
    assert str(judged_on(resolve("to-2030"), load("binzhou"))) == "2025-12-31"
