"""A run as its users meet it: `simulate`, the verdicts, the command line."""

import hashlib
import json
import os
import pickle
import random
import subprocess
import sys
from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest

from xiancheng.calibration.errors import RefusedError, RequestError
from xiancheng.calibration.region import load
from xiancheng.scenarios import RegionModel, parameters, simulate
from xiancheng.scenarios.ensemble import ensemble
from xiancheng.scenarios.loader import load_plan, resolve
from xiancheng.scenarios.run_spec import RunSpec

SCALE = 0.01


@pytest.fixture(scope="module")
def both():
    return ensemble(resolve("plan"), draws=0, scale=SCALE)


def content(outcome) -> str:
    """A digest of everything the outcome reports."""
    tables = outcome.to_frame(), outcome.growth(), outcome.model_targets()
    return hashlib.sha256("".join(t.to_csv() for t in tables).encode()).hexdigest()


# What comes out


def test_the_run_begins_with_the_census(both):
    """Residents of town and villages are those counted, to the last person."""
    region, first = load("binzhou"), both.scenario.dates[0]
    counted = region.urban_rural(first)
    np.testing.assert_array_equal(both.scenario.at("urban_residents", first)[:7], counted[:, 0])
    np.testing.assert_array_equal(both.scenario.at("residents", first)[:7], counted.sum(axis=1))


def test_there_is_a_verdict_on_each_target(both):
    assert both.scenario.model_targets()["target"].tolist() == [f"T-{i}" for i in range(6)]


def test_the_causes_of_the_change_add_up(both):
    table = both.scenario.model_targets()
    parts = [
        f"{cause}_pp" for cause in ("natural", "migration", "recoding", "denominator", "counting")
    ]
    change = table["model_rate"] - table["rate_at_start"]
    np.testing.assert_allclose(table[parts].sum(axis=1), change, atol=1e-9)


def test_urban_growth_is_explained_to_the_last_person(both):
    growth = both.scenario.growth()
    causes = growth[["natural", "migration", "recoding"]].sum(axis=1)
    assert (growth["total"] == causes).all()
    flows = growth.filter(regex="^in_").sum(axis=1) - growth.filter(regex="^out_").sum(axis=1)
    assert (growth["migration"] == flows).all()


def test_the_plan_changes_nothing_before_it_is_issued(both):
    early = [t.to_frame().query("date < '2024-01-01'") for t in (both.scenario, both.baseline)]
    pd.testing.assert_frame_equal(*early)


def test_a_rate_on_the_first_of_november_lies_between_quarters(both):
    before, day, after = (
        both.scenario.at("resident_urbanization_rate", d)
        for d in (date(2025, 9, 30), date(2025, 11, 1), date(2025, 12, 31))
    )
    assert ((day - before) * (after - day) >= 0).all()


def test_about_is_not_at_least(both):
    """A target of "about" may be missed by half a point and still be met."""
    table = both.scenario.model_targets().set_index("target")
    assert table.loc["T-0", "operator"] == "about"
    assert (table["model_margin_pp"] == (table["model_rate"] - table["target_rate"]).round(6)).all()


def test_provenance_makes_the_run_again(both):
    made_by = both.scenario.provenance
    assert json.loads(json.dumps(made_by)) == made_by
    again = simulate(
        made_by["scenario"], parameters=made_by["parameters"], seed=made_by["seed"],
        scale=made_by["scale"], start=made_by["start"], until=made_by["until"],
    )  # fmt: skip
    assert content(again) == content(both.scenario)


# The same, however it is computed


@pytest.mark.parametrize("how", [{"threads": 2}, {"chunk": 5000}, {"threads": 2, "chunk": 1024}])
def test_threads_and_chunks_change_nothing(both, how):
    assert content(simulate("plan", scale=SCALE, **how)) == content(both.scenario)


def test_another_process_tells_the_same_story(both):
    """Whatever the order in which Python keeps its sets."""
    code = (
        "from tests.scenarios.test_simulation import content, simulate; "
        f"print(content(simulate('plan', scale={SCALE})))"
    )
    for seed in ("0", "random"):
        run = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        )  # fmt: skip
        assert run.stdout.strip() == content(both.scenario)


def test_simulating_leaves_the_world_alone():
    np.random.seed(3)  # noqa: NPY002
    random.seed(3)
    parameters = {"beta_y": np.float64(1.3)}
    before = np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002
    simulate(
        "plan", scale=np.float64(SCALE), seed=np.int64(2), parameters=parameters, until="2021-03-31"
    )
    assert (np.random.get_state()[1].tolist(), random.getstate()) == before  # noqa: NPY002
    assert parameters == {"beta_y": np.float64(1.3)}


def test_another_seed_is_another_randomness(both):
    assert content(simulate("plan", scale=SCALE, seed=2)) != content(both.scenario)


# Everything that ships


@pytest.mark.parametrize("name", sorted(load_plan().scenario_files()))
def test_every_shipped_scenario_runs(name):
    outcome = simulate(name, scale=0.005)
    assert outcome.dates[-1] == outcome.scenario.until
    assert np.isfinite(outcome.record).all()


@pytest.mark.parametrize("measure", sorted(load_plan().measures))
def test_a_measure_at_nothing_is_not_there(measure):
    """Intensity 0, and a start after the horizon, are byte for byte the plan without it."""
    nothing, later = (
        {
            "name": "x",
            "title": {"zh": "x", "en": "x"},
            "based_on": "baseline",
            "measures": {measure: m},
        }
        for m in ({"intensity": 0}, {"intensity": 1, "delay": "12 quarters"})
    )
    runs = [
        content(simulate(s, scale=0.005, start="2020-11-01", until="2024-03-31"))
        for s in ("baseline", nothing, later)
    ]
    assert len(set(runs)) == 1


def test_parameters_are_listed_with_range_and_prior():
    table = parameters()
    assert table["name"].is_unique
    assert table["name"].map(str.isidentifier).all()
    assert (table["low"] <= table["central"]).all()
    assert (table["central"] <= table["high"]).all()


# What is refused


@pytest.mark.parametrize(
    ("mistake", "advice"),
    [
        ({"kapa": 1.0}, "kappa"),
        ({"kappa": float("nan")}, "kappa"),
        ({"kappa": "three"}, "kappa"),
        ({"return_hazard": -1.0}, "return_hazard"),
    ],
)
def test_a_parameter_that_cannot_be_is_refused(mistake, advice):
    with pytest.raises(ValueError, match=advice):
        simulate("plan", scale=SCALE, parameters=mistake)


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [({"parameters": ["kappa"]}, "a mapping"), ({"parameters": {"kappa": 10**400}}, "a finite"),
     ({"region": ""}, "name or folder"), ({"until": "2021-13-31"}, "a date such as")],
)  # fmt: skip
def test_arguments_that_cannot_be_are_refused_with_a_reason(arguments, advice):
    with pytest.raises(RefusedError, match=advice):
        simulate("baseline", scale=SCALE, **arguments)


def test_a_moment_is_taken_as_its_day():
    outcome = simulate("baseline", scale=SCALE, until=datetime(2021, 3, 31, 12))
    assert outcome.dates[-1] == date(2021, 3, 31)


def test_whoever_steps_the_model_sees_what_simulate_reports():
    model = pickle.loads(pickle.dumps(RegionModel("baseline", scale=SCALE, until="2021-12-31")))
    while model.running:
        model.step()
    outcome = simulate("baseline", scale=SCALE, until="2021-12-31")
    assert model.reported == outcome.groups
    assert model.spec.key == outcome.spec.key
    assert np.array_equal(np.array(list(model.record[-1].values())), outcome.record[-1])


def test_the_model_refuses_what_simulate_refuses():
    with pytest.raises(RequestError, match="too small"):
        RegionModel("baseline", scale=1e-9)


def test_a_spec_says_all_and_takes_no_setting_beside_it():
    spec = RunSpec.of("plan", scale=0.005)
    with pytest.raises(RequestError, match="leave out scale, seed"):
        simulate(spec, scale=0.01, seed=2)
    with pytest.raises(RequestError, match="leave out draw"):
        ensemble(spec, draws=0, draw=3)
