"""Which path a run follows, and what others replay."""

from datetime import date

import numpy as np
import pytest

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.forecasts.common_trend import PublishedRate
from xiancheng.calibration.forecasts.level import DRAWS, county_level
from xiancheng.calibration.region import load
from xiancheng.scenarios import steering
from xiancheng.scenarios.outcome import PUBLISHED, RATE
from xiancheng.scenarios.run_spec import RunSpec, baseline_of
from xiancheng.scenarios.simulation import simulate

START, END = date(2020, 11, 1), date(2022, 12, 31)
SETTINGS = {"scale": 0.02, "until": str(END)}
TOLERANCE = 0.25  # points: at this scale a row of a county is up to 0.02 of them


@pytest.fixture(scope="module")
def level():
    return county_level(load("binzhou"), START, END)


@pytest.mark.parametrize("draw", [0, 7, DRAWS + 7])
def test_a_run_without_measures_follows_its_draw_of_the_level(level, draw):
    """Draw 0 the median; more draws than the level has begin anew. True and printed rates alike."""
    outcome = simulate("baseline", draw=draw, **SETTINGS)
    for name, rates in ((RATE, level.true), (PUBLISHED, level.printed)):
        for day in level.days[1:]:
            of_day = rates[level.days.index(day)]
            goal = of_day[(draw - 1) % DRAWS] if draw else np.median(of_day, axis=0)
            assert outcome.at(name, day)[:7] == pytest.approx(goal, abs=TOLERANCE)


def test_another_scenario_replays_what_the_run_without_measures_recorded():
    spec = RunSpec.of("plan", scale=0.02, until="2024-12-31")
    assert not spec.is_reference
    followed = simulate(spec.reference)
    replayed = simulate(spec)
    for one, other in zip(followed._steered, replayed._steered, strict=True):
        assert one.flow.tolist() == other.flow.tolist()
        assert one.to_urban.tolist() == other.to_urban.tolist()
        assert one.to_rural.tolist() == other.to_rural.tolist()


def test_doses_are_no_part_of_the_run_without_measures():
    """So runs that differ by doses replay one record; with measures they are two runs."""
    usual, high = (
        RunSpec.of("plan", scale=0.02, until="2024-12-31", parameters={"dose_jobs": place})
        for place in (0.0, 0.8)
    )
    assert usual.reference.key == high.reference.key
    assert usual.draw_key == high.draw_key
    assert usual.outcome_key != high.outcome_key
    without = high.running(baseline_of(high.scenario))
    assert without.outcome_key == high.reference.outcome_key
    assert without.is_reference
    assert high.vary(parameters={"dose_jobs": 0.0}).course == usual.course != high.course
    assert high.vary(parameters={"dose_jobs": 0.1}).course != high.course


def test_a_record_on_file_is_the_record(tmp_path, monkeypatch):
    monkeypatch.setattr(steering.cache, "home", lambda: tmp_path)
    record = simulate(RunSpec.of("baseline", **SETTINGS))._steered
    steering._write("one", record)
    found = steering._read("one")
    for one, other in zip(record, found, strict=True):
        for name in vars(one):
            assert getattr(one, name).tolist() == getattr(other, name).tolist()
    assert steering._read("none") is None
    kept = tmp_path / steering.KIND / "one"
    kept.write_text(kept.read_text("utf-8")[:-9], "utf-8")
    assert steering._read("one") is None


def test_unaligned_runs_and_runs_from_another_census_follow_nothing():
    for spec in (
        RunSpec.of("baseline", alignment="off", **SETTINGS),
        RunSpec.of("baseline", scale=0.02, start="2010-11-01", until="2011-03-31"),
    ):
        assert (spec.follows, steering.alignment_of(spec, simulate)) == ("off", None)
        outcome = simulate(spec)
        group = outcome.groups[0]
        assert outcome.steered(group, outcome.dates[-1]) == {"flow": 0.0, "recoding": 0.0}
    assert (
        RunSpec.of("baseline", alignment="off", **SETTINGS).key
        != RunSpec.of("baseline", **SETTINGS).key
    )


@pytest.mark.parametrize(
    "observations",
    [
        [PublishedRate("371681", END, 0.719)], [PublishedRate("371681", END, float("nan"))],
        [PublishedRate("999999", END, 70.0)], [PublishedRate("371681", START, 70.0)],
        [PublishedRate("371681", END, 70.0), PublishedRate("371681", END, 71.0)],
        ["x"], [("371681", END, 70.0)], None,
    ],
)  # fmt: skip
def test_published_rates_that_can_inform_no_level_are_refused(observations):
    with pytest.raises(RequestError):
        RunSpec.of("baseline", observations=observations, **SETTINGS)


def test_where_codes_are_frozen_no_recoding_is_said_to_be_aligned():
    outcome = simulate("plan-without-recoding", **SETTINGS)
    assert outcome.growth()["recoding"].abs().max() == 0
    assert outcome.growth()["steered_recoding"].abs().max() == 0
    assert outcome.growth()["steered_flow"].abs().max() > 0
