"""What a lever does: doses that are the plan's, effects per unit that are told from none."""

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest

from xiancheng.calibration.region import load
from xiancheng.results.analysis import doses
from xiancheng.results.analysis.attribution import AttributionTable
from xiancheng.results.analysis.doses import DOSE_COLUMNS, FAMILIES, families, lever_effects, only
from xiancheng.results.analysis.result import scenario_digest
from xiancheng.results.tables import attribution as tables
from xiancheng.scenarios.ensemble import Summaries
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.outcome import reported_groups
from xiancheng.scenarios.policy import compile_policy
from xiancheng.scenarios.run_spec import RunSpec
from xiancheng.sim.levers import LEVERS
from xiancheng.sim.state import quarter_with

DAY = date(2025, 12, 31)
PLAN = resolve("plan")
CITY = 7  # the prefecture, after seven counties
WHERE = reported_groups(RunSpec.of("plan", scale=0.01).pack)[CITY]


def test_of_a_family_alone_nothing_else_acts_and_the_load_stays():
    spec = RunSpec.of("plan", scale=0.01)
    alone = compile_policy(only(PLAN, FAMILIES["seats"].levers), spec.pack)
    whole = compile_policy(PLAN, spec.pack)
    for name in LEVERS:
        levers_alone, usual = (getattr(p(quarter_with(DAY)), name) for p in (alone, whole))
        kept = name in ("school_seats", "workload")
        assert levers_alone.tolist() == (usual if kept else 0 * usual).tolist()


def test_a_dose_is_what_the_plan_asks_for_by_the_day():
    spec = RunSpec.of("plan", scale=0.01, parameters={"job_multiplier": 0.4})
    levers = compile_policy(PLAN, spec.pack)
    settings = levers(quarter_with(DAY))
    counted = {name: doses._dose(spec, FAMILIES[name], DAY)[CITY] for name in FAMILIES}
    jobs = 1.4 * settings.tradable_jobs.sum() + settings.urban_posts.sum()
    assert counted["jobs"] == pytest.approx(jobs)
    assert counted["seats"] == pytest.approx(settings.school_seats.sum())
    yearly = [levers(q).training.sum() for q in range(quarter_with(DAY) + 1) if q >= levers.first]
    assert counted["training"] == pytest.approx(sum(yearly) / 4)
    assert counted["incomes"] == pytest.approx(
        settings.farm_chain_income[1] + settings.rooftop_income[1] + settings.work_relief_income[1]
    )
    high = spec.vary(parameters={"dose_jobs": 1.0, "job_multiplier": 0.4})
    assert doses._dose(high, FAMILIES["jobs"], DAY)[CITY] > 1.3 * counted["jobs"]


def test_effects_per_unit_leave_out_draws_with_hardly_any_dose():
    base = np.array([[100.0], [100.0], [100.0], [1.0], [0.0], [-5.0]])
    found = doses._per(np.array([[10.0], [30.0], [20.0], [9.0], [1.0], [1.0]]), base)
    assert found[:3, 0].tolist() == [0.1, 0.3, 0.2]
    assert np.isnan(found[3:]).all()


@pytest.fixture(scope="module")
def industry():
    """The families of the first project in two small draws."""
    scenario = resolve("p1-industry")
    with Summaries(RunSpec.of(scenario, scale=0.005), DAY, 1) as runs:
        return scenario, lever_effects(scenario, runs, DAY, draws=2), runs


def test_a_scenario_has_the_families_that_it_moves(industry):
    scenario, found, runs = industry
    assert found["family"].unique().tolist() == families(scenario)
    assert "jobs" in families(scenario)
    assert "seats" not in families(scenario)
    assert runs.simulated <= doses.runs_needed(scenario, 2) + 2  # what the level took
    row = found[(found["family"] == "jobs") & (found["unit_code"] == WHERE.code)].iloc[0]
    assert row["dose_low"] < row["dose"] < row["dose_high"]
    assert row["realised"] > 0.3 * row["dose"]


def test_the_table_is_read_back_from_json(industry, tmp_path):
    scenario, found, __ = industry
    file = tmp_path / "shares.json"
    row = dict.fromkeys(["id", "level", "kind", "county", "county_en"], "x")
    row |= {"unit_code": WHERE.code}
    shares = {"points": 0.1, "urban_residents": 1.0, "points_error": 0.1} | {
        f"points_{part}": 0.0
        for part in ("natural", "migration", "recoding", "denominator", "counting")
    }
    printed = {
        "scenario": scenario.name, "scenario_sha256": scenario_digest(scenario), "date": str(DAY),
        "permutations": 2, "draws": 1, "runs": 3, "scale": 0.005, "shares": [row | shares],
        "doses": json.loads(found.to_json(orient="records")),
    }  # fmt: skip
    file.write_text(json.dumps(printed), encoding="utf-8")
    read = AttributionTable.read(file, scenario, load("binzhou")).doses
    pd.testing.assert_frame_equal(
        read.set_index("family")[["dose", "realised"]].astype(float),
        found.set_index("family")[["dose", "realised"]].astype(float),
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_effect_whose_interval_holds_0_is_not_told_as_a_number(lang):
    row = dict.fromkeys(DOSE_COLUMNS) | {
        "family": "seats", "unit_code": WHERE.code, "unit": "seats", "per": 1000.0,
        "of_realised": False, "draws": 20, "dose_low": 1000.0, "dose": 5831.0, "dose_high": 9000.0,
        "points_low": -0.02, "points": 0.01, "points_high": 0.05,
        "urban_residents_low": 210.0, "urban_residents": 543.0, "urban_residents_high": 871.0,
    }  # fmt: skip
    shown = tables.lever_effects(pd.DataFrame([row]), WHERE, str(DAY), lang, scale=0.1)
    cells = shown.records()[0]
    assert ("分不清" if lang == "zh" else "not distinguishable") in cells["points"]
    assert "+0.01" not in cells["points"]
    assert cells["persons"] == "+540 (+210, +870)"
    assert cells["dose"].startswith("5,800 (1,000, 9,000)")
    assert cells["realised"] is None
