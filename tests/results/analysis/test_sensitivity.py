"""Sensitivity: which parameters move an outcome, with random numbers as the yardstick."""

import json
from math import comb
from types import SimpleNamespace

import numpy as np
import pytest

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.priors import catalogue
from xiancheng.results.analysis.sensitivity import (
    LEAST,
    RANDOM,
    QuantityOfInterest,
    draw_at,
    factors,
    morris,
    runs_needed,
    sobol,
)
from xiancheng.results.cli import main
from xiancheng.results.tables.analysis import sensitivity_notes
from xiancheng.scenarios.ensemble import Summaries
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.run_spec import RunSpec

pytest.importorskip("SALib")

SCALE, TOGETHER = 0.005, 8
RATE = QuantityOfInterest("resident_urbanization_rate", TOGETHER)


@pytest.fixture(scope="module")
def runs():
    plan = resolve("plan")
    with Summaries(RunSpec.of(plan, scale=SCALE, alignment="off"), jobs=1) as runs:
        yield runs


def test_the_middle_of_the_cube_is_the_median_of_each_prior():
    names = [prior.name for prior in catalogue()]
    middle = draw_at(np.full(len(names), 0.5), names, 0.9)["parameters"]
    for prior in catalogue():
        assert middle[prior.name] == pytest.approx(float(prior.quantile(np.array([0.5]))[0]))


@pytest.mark.parametrize("inner", [0.9, 0.998])
@pytest.mark.parametrize("corner", [0.0, 1.0])
def test_every_corner_of_the_cube_can_be_simulated(corner, inner):
    names = factors()
    draw = draw_at(np.full(len(names), corner), names, inner)
    assert np.isfinite([*draw["parameters"].values()]).all()
    assert 1 <= draw["seed"] <= 1000
    assert 1 <= draw["draw"] <= 1000


def test_what_is_not_named_stays_as_it_is():
    draw = draw_at(np.array([0.2]), ["kappa"], 0.9)
    assert list(draw["parameters"]) == ["kappa"]
    assert draw["seed"] == 1


def test_an_unknown_parameter_is_refused_with_the_nearest_name():
    with pytest.raises(RequestError, match="gamma_n"):
        factors(["gamma_nn"])


def test_a_parameter_is_named_once():
    with pytest.raises(RequestError, match="kappa stands twice"):
        factors(["kappa", "beta_y", "kappa"])


def test_the_seed_sets_the_random_numbers_of_every_run(runs):
    """As a factor they choose among the seeds from the given one on."""
    assert draw_at(np.array([0.2]), ["kappa"], 0.9, seed=7)["seed"] == 7
    assert draw_at(np.array([0.0]), [RANDOM], 1.0, seed=7)["seed"] == 7
    assert draw_at(np.array([1.0]), [RANDOM], 1.0, seed=7)["seed"] == 1006
    met = []
    runs_of = SimpleNamespace(
        spec=runs.spec, read=lambda specs, done: met.extend(specs) or runs.read(specs, done)
    )
    morris(resolve("plan"), RATE, runs_of, names=["kappa"], trajectories=2, seed=7)
    assert {spec.seed for spec in met} == {7}
    assert any("--seed 7" in line for line in sensitivity_notes("morris", False, 7, "en"))


def test_the_least_sizes_tell_the_ends_of_a_95_percent_interval():
    """A bootstrap of n things has so many different resamples; 2.5 % at either end take 40."""
    enough = next(n for n in range(1, 99) if comb(2 * n - 1, n) >= 40)
    assert LEAST["trajectories"] == enough
    assert LEAST["points"] // 2 < enough <= LEAST["points"]


def test_runs_are_foretold():
    assert runs_needed("morris", 3, 2, effect=False) == 8
    assert runs_needed("sobol", 3, 4, effect=True) == 40


def test_the_flow_to_town_and_randomness_matter_and_the_error_of_print_not_at_all(runs):
    names = ["obs_error_sd", RANDOM, "own_town_flow"]
    result = morris(resolve("plan"), RATE, runs, names=names, trajectories=2)
    assert result["factor"].iloc[-1] == "obs_error_sd"
    assert result["mu_star"].iloc[-1] == 0
    assert (result["mu_star"].iloc[:-1] > 0.1).all()


def test_the_flow_to_town_explains_the_variance(runs):
    names = ["own_town_flow", "obs_error_sd"]
    result = sobol(resolve("plan"), RATE, runs, names=names, points=4).set_index("factor")
    assert result.loc["own_town_flow", "ST"] > 0.5
    assert result.loc["obs_error_sd", "ST"] == 0


def test_where_no_factor_moves_the_outcome_all_shares_are_nothing(runs):
    result = sobol(resolve("baseline"), RATE, runs, names=["obs_error_sd", "kappa"], points=2)
    assert (result[["S1", "S1_conf", "ST", "ST_conf"]] == 0).all(axis=None)


def test_the_plan_does_not_move_what_it_adds_to_itself(runs):
    effect = QuantityOfInterest("resident_urbanization_rate", TOGETHER, effect=True)
    result = morris(resolve("baseline"), effect, runs, names=["kappa"], trajectories=2)
    assert result["mu_star"].iloc[0] == 0


def test_analysis_leaves_global_randomness_alone(runs):
    np.random.seed(7)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    morris(resolve("plan"), RATE, runs, names=["kappa"], trajectories=2)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_the_command_screens_first_and_then_divides_the_variance(capsys):
    words = ["sensitivity", "--method", "sobol", "--factors", "kappa", RANDOM, "--points", "8",
             "--scale", str(SCALE), "--jobs", "1", "--until", "2021-06-30", "--json"]  # fmt: skip
    assert main(words) == 0
    result = json.loads(capsys.readouterr().out)
    assert {row["factor"] for row in result["factors"]} == {"kappa", RANDOM}
    assert result["method"] == "sobol"


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["--trajectories", "4"], "--trajectories should be a whole number from 5"),
        (["--method", "sobol", "--points", "4"], "--points should be a whole number from 8"),
        (["--method", "sobol", "--top", "0"], "--top should be a whole number from 1"),
        (["--points", "64"], "it belongs to --method sobol"),
        (["--top", "3"], "it belongs to --method sobol"),
        (["--method", "sobol", "--factors", "kappa", "--trajectories", "9"], "no screening"),
        (["--method", "sobol", "--factors", "kappa", "--top", "1"], "no screening"),
        (["--factors", "kappa", "kappa"], "name each parameter once"),
        (["--csv", "no/such/folder.csv"], "name a file that can be written"),
    ],
)
def test_what_means_or_does_nothing_is_refused_before_computing(words, advice, capsys, monkeypatch):
    monkeypatch.setattr(Summaries, "read", lambda *_: pytest.fail("it computed"))
    assert main(["sensitivity", *words, "--lang", "en"]) == 2
    assert advice in capsys.readouterr().err


def test_points_of_sobol_are_a_power_of_two(capsys):
    words = ["sensitivity", "--method", "sobol", "--factors", "beta_y", "--points", "63"]
    assert main([*words, "--lang", "en"]) == 2
    assert "power of two" in capsys.readouterr().err


def test_what_is_not_named_stays_central():
    draw = draw_at(np.array([0.5]), ["beta_y"], 1.0)
    assert (draw["draw"], draw["seed"]) == (0, 1)
    assert set(draw["parameters"]) == {"beta_y"}
