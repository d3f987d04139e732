"""Parameters that cannot act are named before anyone takes their silence for a finding."""

import subprocess
import sys
import warnings

import numpy as np
import pytest

from xiancheng.scenarios import InactiveParameterWarning, draws, parameters, simulate
from xiancheng.scenarios.outcome import PUBLISHED
from xiancheng.scenarios.trace import (
    OF_CONDITIONS,
    OF_LEVERS,
    OF_PUBLISHED_RATES,
    OF_RUNS,
    SPREADS,
    inactive_parameters,
)
from xiancheng.sim.indicators import INDICATORS
from xiancheng.sim.levers import LEVERS

SCALE = 0.005
PRIORS = parameters().set_index("name")
CONDITIONAL = sorted({*SPREADS, *OF_LEVERS, *OF_CONDITIONS, *OF_RUNS})


def same(one, other) -> bool:
    """Whether two outcomes agree in every number."""
    return (
        np.array_equal(one.record, other.record)
        and np.array_equal(one._movers, other._movers)
        and all(np.array_equal(one._stacked[k], other._stacked[k]) for k in one._stacked)
        and all(np.array_equal(one.census[k], other.census[k]) for k in one.census)
    )


def other_value(name: str) -> float:
    row = PRIORS.loc[name]
    return float(row["high"] if row["high"] != row["central"] else row["low"])


@pytest.fixture(scope="module")
def baseline():
    return simulate("baseline", scale=SCALE)


def test_the_register_names_parameters_and_levers_that_exist():
    assert {*CONDITIONAL, *OF_PUBLISHED_RATES} <= set(PRIORS.index)
    assert {lever for levers in OF_LEVERS.values() for lever in levers} <= LEVERS.keys()


def test_what_is_said_to_be_unable_to_act_changes_no_number(baseline):
    """Without levers and in draw 0 all of them at once leave the run as it was."""
    changed = {name: other_value(name) for name in CONDITIONAL}
    with pytest.warns(InactiveParameterWarning) as caught:
        run = simulate("baseline", scale=SCALE, parameters=changed)
    assert same(run, baseline)
    assert all(name in str(caught[0].message) for name in CONDITIONAL)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*PRIORS.index])
def test_whatever_changes_no_number_in_the_baseline_is_on_the_register(name, baseline):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InactiveParameterWarning)
        runs = [simulate("baseline", scale=SCALE, parameters={name: float(PRIORS.loc[name, end])})
                for end in ("low", "high")]  # fmt: skip
    assert all(same(run, baseline) for run in runs) == (name in CONDITIONAL)


def test_a_spread_acts_in_a_draw_of_effects():
    settings = {"scale": SCALE, "draw": 3, "alignment": "off"}
    for name in ("flow_sd", "trend_sd", "obs_error_sd"):
        run = simulate("baseline", parameters={name: other_value(name)}, **settings)
        assert not same(run, simulate("baseline", **settings)), name


def test_drift_and_error_move_published_rates_only():
    settings = {"scale": SCALE, "draw": 3, "alignment": "off"}
    changed = {name: other_value(name) for name in OF_PUBLISHED_RATES}
    runs = simulate("baseline", **settings), simulate("baseline", parameters=changed, **settings)
    published = list(INDICATORS).index(PUBLISHED)
    others = [i for i in range(len(INDICATORS)) if i != published]
    assert np.array_equal(runs[0].record[:, others], runs[1].record[:, others])
    assert not np.array_equal(runs[0].record[:, published], runs[1].record[:, published])


@pytest.mark.parametrize(
    ("scenario", "draw", "name"),
    [("plan", 0, "job_multiplier"), ("baseline", 1, "flow_sd"), ("baseline", 0, "beta_y")],
)
def test_what_acts_brings_no_warning(scenario, draw, name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        simulate(scenario, scale=SCALE, draw=draw, parameters={name: other_value(name)})


def test_the_central_value_brings_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        central = {name: float(PRIORS.loc[name, "central"]) for name in PRIORS.index}
        simulate("baseline", scale=SCALE, until="2021-03-31", parameters=central)


def test_the_plan_that_is_not_yet_in_force_lets_no_lever_act():
    changed = {"job_multiplier": other_value("job_multiplier")}
    with pytest.warns(InactiveParameterWarning, match="job_multiplier"):
        simulate("plan", scale=SCALE, until="2021-12-31", parameters=changed)


def test_the_warning_is_in_both_languages_and_names_the_line_of_the_caller():
    code = (
        "from xiancheng.scenarios import simulate\n"
        f"for _ in range(3): simulate('baseline', scale={SCALE}, until='2021-03-31',"
        " parameters={'flow_sd': 0.5})"
    )
    run = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code], capture_output=True, text=True,
        encoding="utf-8", check=True,
    )  # fmt: skip
    assert run.stderr.count("InactiveParameterWarning") == 1, run.stderr
    assert "<string>:2" in run.stderr
    assert "以下参数在此不起作用" in run.stderr
    assert "these parameters cannot act here: flow_sd (acts: draw above 0)" in run.stderr


def test_none_is_inactive_where_its_condition_holds():
    assert inactive_parameters(["flow_sd", "beta_a", "beta_y"], 1, {"digital"}) == []
    assert inactive_parameters(["flow_sd", "beta_a", "beta_y"], 0, {"training"}) == [
        "flow_sd",
        "beta_a",
    ]


# The command line


def noted(capsys, *words: str) -> str:
    """What a command notes on stderr."""
    from xiancheng.results.cli import main

    assert main(["--lang", "en", *words]) == 0
    return capsys.readouterr().err


def test_a_sweep_notes_once_what_cannot_act_in_it(tmp_path, capsys):
    design = tmp_path / "design.yaml"
    text = (
        "name: spreads\nscenarios: [baseline]\nscales: 0.005\nhorizon: {until: 2021-03-31}\n"
        "parameters: {from: prior, n: 2, only: [flow_sd, beta_y, beta_a]}\n"
    )
    design.write_text(text + "effects: false\n", "utf-8")
    output = noted(capsys, "sweep", str(design), "--out", str(tmp_path / "a"), "--jobs", "1")
    assert output.count("cannot act here") == 1
    assert all(name in output for name in ("flow_sd", "beta_a"))
    assert "beta_y" not in output
    design.write_text(text.replace(", beta_a", ""), "utf-8")
    output = noted(capsys, "sweep", str(design), "--out", str(tmp_path / "b"), "--jobs", "1")
    assert "cannot act" not in output


def test_a_sensitivity_analysis_notes_what_cannot_move_its_outcome(capsys):
    pytest.importorskip("SALib")
    words = ("sensitivity", "baseline", "--scale", "0.005", "--until", "2021-03-31", "--at",
             "2021-03-31", "--trajectories", "5", "--jobs", "1")  # fmt: skip
    output = noted(capsys, *words, "--factors", "beta_y", "trend_sd", "benchmark_drift")
    assert "trend_sd (acts: draw above 0)" in output
    assert "benchmark_drift (acts: on published rates only, alignment off)" in output
    output = noted(capsys, *words, "--factors", "beta_y", "benchmark_drift",
                 "--outcome", "published_resident_urbanization_rate")  # fmt: skip
    assert "cannot act" not in output


# Whole worlds


def test_a_whole_world_is_warned_of_only_if_its_effects_were_left_out():
    """In a pair of scenario and baseline the parameters of measures are idle in the baseline."""
    world = draws(1)[0]
    settings = {"scale": SCALE, "until": "2021-03-31"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        simulate("baseline", **world, **settings)
    with pytest.warns(InactiveParameterWarning, match="trend_sd") as caught:
        simulate("baseline", **(world | {"draw": 0}), **settings)
    assert "job_multiplier" not in str(caught[0].message)
