"""Targets with unlike deadlines: every part of what is expected is that of the target's own."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from xiancheng.calibration.region import load
from xiancheng.results.verdict import level
from xiancheng.results.verdict.verdict import verdicts
from xiancheng.scenarios.ensemble import ensemble, summarize
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.outcome import CAUSES

SCALE = 0.005
EARLY, LATE = date(2022, 12, 31), date(2025, 12, 31)


@pytest.fixture(autouse=True)
def own_level(monkeypatch):
    """The level is the model's own: that of statistics takes minutes and changes no part here."""
    monkeypatch.setattr(level, "level_from", lambda *_: None)


@pytest.fixture(scope="module")
def region():
    """Binzhou, where the target of every county falls due twice."""
    known = load("binzhou")
    twice = [
        replace(target, id=f"{target.id}-{day.year}", deadline=day)
        for target in known.targets
        for day in (EARLY, LATE)
    ]
    return replace(known, targets=tuple(twice))


@pytest.fixture(scope="module")
def both(region):
    runs = ensemble(resolve("plan"), draws=0, scale=SCALE)
    plan, baseline = (
        replace(run, spec=placed(run.spec, region)) for run in (runs.scenario, runs.baseline)
    )
    return replace(runs, scenario=plan, baseline=baseline, reference=baseline)


def placed(spec, region):
    """A spec in another pack than its own."""
    vars(other := spec.vary())["pack"] = region
    return other


def test_what_is_kept_of_a_run_holds_each_part_at_each_deadline(both, region):
    reading = summarize(both.reference, LATE)
    early = summarize(both.reference, EARLY)
    assert early.targets.tolist() == reading.targets.tolist()


def test_the_parts_of_each_target_add_up_at_its_own_deadline(both, region):
    table = verdicts(both)
    causes = [f"{cause}_pp" for cause in (*CAUSES, "counting")]
    result = table["rate_at_start"] + table[causes].sum(axis=1)
    assert result.tolist() == pytest.approx(table["expected"].tolist(), abs=1e-5)
    assert (table["recoding_pp"].to_numpy()[::2] != table["recoding_pp"].to_numpy()[1::2]).all()
    for early, late in zip(table[::2].to_dict("records"), table[1::2].to_dict("records")):  # noqa: B905
        assert early["unit_code"] == late["unit_code"]
        assert early["expected"] != late["expected"]
        assert early["simulated"] != late["simulated"]


def test_between_known_days_and_beyond_them_a_value_lies_on_the_line():
    days = [date(2021, 1, 1), date(2021, 1, 11), date(2021, 1, 31)]
    values = [np.array([0.0]), np.array([10.0]), np.array([50.0])]
    for day, wanted in ((1, 0.0), (6, 5.0), (11, 10.0), (16, 20.0), (31, 50.0)):
        assert level.on_day(days, date(2021, 1, day), values.__getitem__) == wanted
    assert level.on_day(days, date(2021, 2, 5), values.__getitem__) == 60.0
