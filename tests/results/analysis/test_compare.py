"""Comparison: what differs in the inputs, and what comes of it with common random numbers."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.common_random_numbers import WANTED, noise
from tests.small_pack import written
from xiancheng.calibration import posterior
from xiancheng.calibration.errors import RequestError
from xiancheng.results.analysis.compare import Comparand, comparands, compare, parts_of_spread
from xiancheng.results.cli import main
from xiancheng.results.cli.output import write_csv
from xiancheng.results.tables import analysis as tables
from xiancheng.results.tables.labels import labels
from xiancheng.results.text import Say
from xiancheng.results.text import inert as inert_cell
from xiancheng.results.verdict.verdict import Verdict
from xiancheng.scenarios.ensemble import Summaries, ensemble, independent, layered
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.run_spec import RunSpec
from xiancheng.scenarios.simulation import simulate

SCALE, DAY = 0.005, date(2025, 12, 31)


def side(what, name=None):
    scenario = resolve(what)
    return Comparand(name or scenario.name, scenario)


@pytest.fixture(scope="module")
def comparison():
    """The plan against its baseline, under three draws of two seeds."""
    sides = (side("baseline"), side("plan"))
    return compare(sides, scale=SCALE, draws=3, seeds=2, jobs=1)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A saved run of the plan."""
    folder = tmp_path_factory.mktemp("runs")
    assert main(["run", "plan", "--scale", str(SCALE), "--seed", "3", "--out", str(folder)]) == 0
    return next(folder.iterdir())


# Inputs and outcomes


def test_inputs_differ_in_the_words_of_the_plan(comparison):
    assert "M12：教育集团数 0 -> 76 个" in comparison.inputs("zh")["plan"]
    assert "M12: education groups 0 -> 76" in comparison.inputs("en")["plan"]


def test_what_is_compared_is_what_simulate_gives(comparison):
    alone = simulate("plan", scale=SCALE)
    rates = alone.at("resident_urbanization_rate", DAY)
    table = comparison.to_frame().query(
        "scenario == 'plan' and outcome == 'resident_urbanization_rate'"
    )
    assert table["value"].to_numpy() == pytest.approx(rates, abs=0)


def test_the_causes_add_up_to_the_change_of_the_published_rate(comparison):
    """To the same number as in a verdict, counting included."""
    table = (
        comparison.to_frame()
        .query("scenario == 'plan'")
        .set_index(["outcome", "unit_code"])["value"]
    )
    run = simulate("plan", scale=SCALE)
    published = "published_resident_urbanization_rate"
    change = run.at(published, DAY) - run.at(published, run.dates[0])
    for g, group in enumerate(comparison.groups):
        parts = [table[f"{cause}_pp", group.code] for cause in labels("causes", "zh")]
        assert parts == pytest.approx(list(run.causes(group, DAY).values()), abs=1e-9)
        assert sum(parts) == pytest.approx(change[g], abs=1e-9)


def test_scenarios_that_set_the_same_levers_differ_in_nothing():
    nothing = {"name": "idle", "title": "t", "based_on": "plan", "measures": {"all": "off"}}
    comparison = compare((side("baseline"), side(nothing)), scale=SCALE, jobs=1)
    assert (comparison.to_frame()["difference"] == 0).all()


def test_equal_levers_in_the_same_world_are_one_run():
    nothing = {"name": "idle", "title": "t", "based_on": "plan", "measures": {"all": "off"}}
    specs = [RunSpec.of(what, scale=SCALE) for what in ("baseline", nothing, "baseline")]
    with Summaries(specs[0], DAY, jobs=1) as runs:
        runs.read(specs)
        assert runs.simulated == 1


# Uncertainty


def test_without_draws_there_is_no_interval():
    comparison = compare((side("baseline"), side("plan")), scale=SCALE, jobs=1)
    frame = comparison.to_frame()
    assert frame[["difference_low", "difference_high", "draw_sd", "seed_sd"]].isna().all(axis=None)
    table = tables.compared(comparison, "resident_urbanization_rate", "en")
    assert "90%" not in table.headers
    assert any(
        "One over seeds alone is not" in line for line in tables.comparison_notes(comparison, "en")
    )


def test_an_interval_holds_most_of_the_paired_differences(comparison):
    frame = comparison.to_frame().query("scenario == 'plan'")
    assert (frame["difference_low"] <= frame["mean_difference"] + 1e-9).all()
    assert (frame["mean_difference"] <= frame["difference_high"] + 1e-9).all()


def test_the_baseline_differs_from_itself_in_nothing(comparison):
    frame = comparison.to_frame().query("scenario == 'baseline'")
    assert (
        frame[["difference", "difference_low", "difference_high", "draw_sd", "seed_sd"]] == 0
    ).all(axis=None)


def test_spread_is_told_apart_by_its_source():
    rng = np.random.default_rng(1)
    values = rng.normal(0, 3, (4000, 1)) + rng.normal(0, 1, (4000, 5))
    draws, seeds = parts_of_spread(values)
    assert draws == pytest.approx(3, rel=0.05)
    assert seeds == pytest.approx(1, rel=0.05)


def test_with_one_seed_a_draw_randomness_is_unknown_and_not_zero():
    assert np.isnan(parts_of_spread(np.arange(4.0).reshape(4, 1))[1])


def test_draws_of_a_search_and_of_its_confirmation_never_meet():
    spec = RunSpec.of("plan")
    seen, fresh = layered(spec, 50, 1, 2), independent(spec, 20, 1)
    assert {d.seed for d in seen}.isdisjoint(d.seed for d in fresh)
    assert {d.draw_key for d in seen}.isdisjoint(d.draw_key for d in fresh)
    assert len({d.draw_key for d in fresh}) == 20


# Saved runs


def test_a_saved_run_can_be_the_baseline(saved):
    comparison = compare(comparands(["plan", str(saved)], str(saved)), scale=SCALE, jobs=1)
    assert comparison.sides[0].saved is not None
    assert comparison.paired(1)
    frame = comparison.to_frame()
    assert (frame["difference"] == 0).all()
    assert frame["value"].notna().all()


def test_runs_under_another_seed_are_not_called_paired(saved, tmp_path):
    main(["run", "plan", "--scale", str(SCALE), "--seed", "4", "--out", str(tmp_path)])
    comparison = compare(comparands([str(saved), str(next(tmp_path.iterdir()))], None), jobs=1)
    assert not comparison.paired(1)
    assert list(comparison.inputs("en").values()) == [["seed: 3 -> 4"]]
    assert any("not paired" in line for line in tables.comparison_notes(comparison, "en"))


def test_one_side_is_no_comparison():
    with pytest.raises(RequestError):
        comparands(["plan"], None)


def test_equal_names_are_told_apart():
    assert [s.name for s in comparands(["plan", "plan"], None)] == ["plan", "plan#2"]


# Tables for other programs


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-1+1", "@sum", "-lang", "\t=1", "-1_0", "-inf"])
def test_a_spreadsheet_runs_no_cell(text):
    assert inert_cell(text) == f"'{text}"


@pytest.mark.parametrize("cell", [-2.5, "-2.5", "-1e-3", 0, "plan", None])
def test_negative_numbers_stay_numbers(cell):
    assert inert_cell(cell) == cell


def test_csv_opens_in_a_spreadsheet(comparison, tmp_path):
    file = tmp_path / "c.csv"
    renamed = replace(
        comparison, sides=(comparison.sides[0], replace(comparison.sides[1], name="=plan"))
    )
    write_csv(renamed.to_frame(), file, Say("en"))
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(file)
    assert set(table["scenario"]) == {"baseline", "'=plan"}
    assert table["difference"].dtype == float
    assert (table["difference"] < 0).any()


def test_the_command_prints_one_json_object(capsys):
    words = ["compare", "baseline", "plan", "--scale", str(SCALE), "--jobs", "1", "--json"]
    assert main(words) == 0
    comparison = json.loads(capsys.readouterr().out)
    assert comparison["baseline_scenario"] == "baseline"
    assert {row["difference_low"] for row in comparison["outcomes"]} == {None}


def test_an_unknown_outcome_is_refused_with_the_nearest_name(capsys):
    assert main(["compare", "baseline", "plan", "--outcome", "residentz"]) == 2
    assert "residents" in capsys.readouterr().err


def test_where_no_name_is_near_all_are_told(capsys):
    assert main(["--lang", "en", "compare", "baseline", "plan", "--outcome", "qqqq"]) == 2
    output = capsys.readouterr().err
    assert "did you mean" not in output
    assert all(name in output for name in ("residents", "published_resident_urbanization_rate"))


# Words that would do nothing


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["RUN", "plan", "--scale", "0.01"], "the scale is that of the saved run"),
        (["RUN", "RUN", "--seed", "2"], "the seed is that of the saved run"),
        (["RUN", "plan", "--seed", "2"], "the seed is that of the saved run"),
        (["baseline", "plan", "--seeds", "3"], "such as --draws 50"),
        (["baseline", "plan", "--jobs", "0"], "--jobs should be a whole number from 1"),
        (["baseline", "plan", "--draws", "2", "--seeds", "0"], "--seeds should be"),
        (["baseline", "plan", "--draws", "1", "--seeds", "9"], "spread of random numbers alone"),
        (["baseline", "plan", "--csv", "no/such/folder.csv"], "name a file that can be written"),
        (["baseline", "plan", "--permutations", "3"], "takes no --permutations"),
    ],
)
def test_what_would_do_nothing_is_refused_before_computing(
    saved, words, advice, capsys, monkeypatch
):
    monkeypatch.setattr(Summaries, "read", lambda *_: pytest.fail("it computed"))
    words = [str(saved) if word == "RUN" else word for word in words]
    assert main(["compare", *words, "--lang", "en"]) == 2
    assert advice in capsys.readouterr().err
    assert main(["compare", *words, "--lang", "zh"]) == 2
    assert advice not in capsys.readouterr().err


def test_a_saved_run_meets_another_seed_in_draws(saved, capsys):
    words = ["compare", str(saved), "baseline", "--seed", "2", "--draws", "2", "--jobs", "1"]
    assert main([*words, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["outcomes"]
    assert {row["common_random_numbers"] for row in rows} == {True}


def test_draws_are_called_what_they_are(comparison, monkeypatch):
    """Of the priors before the parameters are estimated, of the posterior after."""
    monkeypatch.setattr("xiancheng.results.verdict.level.level_from", lambda *_: None)
    monkeypatch.setattr(posterior, "read", lambda folder: None)
    assert any("3 prior draws" in line for line in tables.comparison_notes(comparison, "en"))
    monkeypatch.setattr(posterior, "read", lambda folder: object())
    assert any("3 posterior draws" in line for line in tables.comparison_notes(comparison, "en"))
    assert not any("先验" in line for line in tables.comparison_notes(comparison, "zh"))


# The language, and stopping


@pytest.mark.parametrize(
    "words",
    [["--lang", "en", "show", "plan", "--diff", "plan"], ["show", "plan", "--diff", "plan",
     "--lang", "en"], ["--lang=en", "show", "plan", "--diff", "plan"]],
)  # fmt: skip
def test_the_language_may_stand_before_the_command_or_after_it(words, capsys):
    assert main(words) == 0
    assert capsys.readouterr().out == "from plan to plan:\nno difference\n"
    assert main(["--json", *words]) == 0
    assert json.loads(capsys.readouterr().out)["changes"] == []


def test_help_speaks_the_language_that_stands_before_it(capsys):
    for words, expected in ((["--lang", "en", "--help"], "side by side"), (["--help"], "并列比较")):
        assert main(words) == 0
        assert expected in capsys.readouterr().out


def catches_sigterm(pid):
    """Whether a process does something of its own when it is asked to end."""
    comparison = Path(f"/proc/{pid}/status").read_text().split("SigCgt:")[1].split()[0]
    return bool(int(comparison, 16) >> (signal.SIGTERM - 1) & 1)


@pytest.mark.parametrize(
    "words",
    [["compare", "baseline", "plan", "--draws", "900"], ["attribute", "--permutations", "900"],
     ["seek", "--draws", "900"], ["sensitivity", "--trajectories", "900"]],
    ids=lambda words: words[0],
)  # fmt: skip
def test_sigterm_ends_a_long_question_as_ctrl_c_does(words):
    arguments = [sys.executable, "-m", "xiancheng", "--lang", "en", *words, "--scale", str(SCALE)]
    with subprocess.Popen(
        [*arguments, "--jobs", "2"], stderr=subprocess.PIPE, text=True
    ) as command:
        while command.poll() is None and not catches_sigterm(command.pid):
            time.sleep(0.05)
        time.sleep(1)  # until it is at work
        assert command.poll() is None
        command.terminate()
        _, output = command.communicate(timeout=20)  # of a question of hours
    assert command.returncode == 130
    assert "interrupted; nothing half-written was left" in output


@pytest.mark.parametrize(
    "at_work",
    ['exec("import signal; signal.raise_signal(signal.SIGTERM)")',
     """try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt as stop:
            raise ImportError("initialization failed") from stop"""],
    ids=["in source made from a string", "in the import of a compiled module"],
)  # fmt: skip
def test_wherever_a_signal_falls_the_exit_code_is_130(at_work, tmp_path):
    (tmp_path / "comparison.py").write_text(
        f"""
import signal
from xiancheng.results.cli import plan
from xiancheng.results.cli import entry

def check(asked, say):
    if asked.files:
        {at_work}

plan.check = check
entry()
"""
    )
    words = [sys.executable, str(tmp_path / "comparison.py"), "--lang", "en", "check", "file"]
    comparison = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert comparison.returncode == 130
    assert comparison.stderr == "interrupted; nothing half-written was left\n"


# Random numbers


@pytest.mark.slow
def test_common_random_numbers_make_the_effect_ten_times_less_noisy():
    """Where runs follow no level: those that do have its rate whatever their seed."""
    assert noise(scale=0.05, seeds=20).ratio[-1] >= WANTED


def test_a_saved_run_of_another_region_is_refused(saved):
    with pytest.raises(RequestError, match="name its pack with --region"):
        compare(
            comparands(["plan", str(saved)], str(saved)), region="shandong", scale=SCALE, jobs=1
        )


def test_a_side_has_the_chance_that_a_run_of_it_has():
    """`compare` and `run` say the same of a scenario and its baseline."""
    found = compare((side("baseline"), side("plan")), scale=SCALE, jobs=1)
    comparison, table = found.verdicts(), tables.compared_targets(found, "en")
    assert table.headers == [
        "target", "deadline", "wanted", "baseline", "P(met)", "plan", "plan − baseline", "P(met)",
    ]  # fmt: skip
    assert len(table.rows[0]) == len(table.headers) == len(table.rows[-1])
    judged = Verdict.of(ensemble(resolve("plan"), draws=0, scale=SCALE)).estimates()
    chances = {
        name: comparison[comparison["scenario"] == name]["probability"]
        for name in ("baseline", "plan")
    }
    assert chances["plan"].to_numpy() == pytest.approx(judged["probability"])
    assert chances["baseline"].to_numpy() == pytest.approx(judged["probability_without"])
    own = comparison[comparison["scenario"] == "plan"]
    assert own["expected"].to_numpy() == pytest.approx(judged["expected"])
    assert own["expected_difference"].to_numpy() == pytest.approx(judged["from_plan_pp"])


@pytest.mark.parametrize("first", ["baseline", "plan-without-recoding"])
def test_the_world_of_the_first_side_is_no_yardstick(first):
    """Whichever side comes first, each has the chance that it has alone."""
    comparison = compare((side(first), side("plan")), scale=SCALE, jobs=1).verdicts()
    for name in (first, "plan"):
        alone = Verdict.of(ensemble(resolve(name), draws=0, scale=SCALE)).estimates()
        own = comparison[comparison["scenario"] == name]
        for column in ("expected", "probability", "all_met"):
            assert own[column].to_numpy() == pytest.approx(alone[column])


@pytest.mark.parametrize("draws", [0, 2])
def test_a_region_without_targets_is_compared_without_verdicts(tmp_path, draws):
    pack = written(tmp_path / "small")
    text = (pack / "region.yaml").read_text("utf-8")
    (pack / "region.yaml").write_text(text[: text.index("targets:")], "utf-8")
    sides = (side("baseline"), side("plan"))
    found = compare(sides, region=pack, scale=0.01, draws=draws, jobs=1)
    assert found.verdicts().empty
    assert len(found.to_frame())


@pytest.mark.parametrize(("pair", "warned"), [(("plan", "plan-without-recoding"), True),
                                              (("baseline", "plan"), False)])  # fmt: skip
def test_frozen_codes_are_said_to_raise_rates_where_recoding_lowers_them(pair, warned):
    found = compare(tuple(side(name) for name in pair), scale=SCALE, jobs=1)
    frame = found.to_frame().query("outcome == 'recoding_pp' and scenario == @pair[0]")
    falling = frame[frame["value"] < -0.05]["county_en"].tolist()
    assert falling  # counties whose level is below what their own flows would make
    notes = [line for line in tables.comparison_notes(found, "en") if "codes are frozen" in line]
    assert bool(notes) == warned
    assert all(place in line for line in notes for place in falling)
    assert any("冻结城乡代码" in each for each in tables.comparison_notes(found, "zh")) == warned
