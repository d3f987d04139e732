"""Targets with unlike deadlines: every part of what is expected is that of the target's own."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from xiancheng.calibration.region import load
from xiancheng.results.console.result import ABQuery, ABResult
from xiancheng.results.verdict import level
from xiancheng.results.verdict.verdict import Verdict, verdicts
from xiancheng.scenarios.ensemble import ensemble, summarize
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.outcome import group_of

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


def recoded(outcome, region) -> list[float]:
    """What recoding did by the deadline of each target."""
    return [
        outcome.causes(outcome.groups[group_of(t, region, outcome.groups)], t.deadline)["recoding"]
        for t in region.targets
    ]


def test_what_is_kept_of_a_run_holds_each_part_at_each_deadline(both, region):
    reading = summarize(both.reference, LATE)
    assert reading.recoding.tolist() == recoded(both.reference, region)
    assert (reading.recoding[::2] != reading.recoding[1::2]).all()  # recoding goes on
    early = summarize(both.reference, EARLY)
    assert early.recoding.tolist() == reading.recoding.tolist()
    assert early.targets.tolist() == reading.targets.tolist()


def test_the_page_takes_recoding_at_each_deadline(both, region):
    question = ABQuery(resolve("plan"), resolve("baseline"), "binzhou", SCALE, draws=1)
    sides = both.scenario, both.baseline, both.reference, both.baseline
    vars(question)["central"] = [placed(spec, region) for spec in question.central]
    summaries = [replace(summarize(run, LATE), outcome=run) for run in sides]
    result = ABResult.of(question, summaries, summaries, preliminary=False)
    assert result.both.drawn.recoding.tolist() == [recoded(both.reference, region)]
    told = result.subject.verdicts
    assert told["from_recoding_pp"].to_numpy() == pytest.approx(
        np.array(recoded(both.reference, region)), abs=1e-6
    )
    assert told["deadline"].tolist() == [t.deadline for t in region.targets]


def test_the_parts_of_each_target_add_up_at_its_own_deadline(both, region):
    judged = Verdict.of(both)
    told = judged.estimates()
    parts = sum(told[f"from_{part}_pp"] for part in ("trend", "recoding", "conditions", "plan"))
    assert judged.start + parts == pytest.approx(told["expected"], abs=1e-9)
    assert judged.recoding.tolist() == recoded(both.reference, region)
    table = verdicts(both)
    for early, late in zip(table[::2].to_dict("records"), table[1::2].to_dict("records")):  # noqa: B905
        assert early["unit_code"] == late["unit_code"]
        assert early["expected"] != late["expected"]
        assert early["simulated"] != late["simulated"]
