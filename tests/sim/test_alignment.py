"""A run follows a path of urban shares; another of the same draw replays what that took."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from xiancheng.scenarios.simulation import RegionModel
from xiancheng.sim import reclassification
from xiancheng.sim.alignment import Follow, Replay, SharePath, counted
from xiancheng.sim.state import COLUMNS, quarter_of

SCALE = 0.02
YEARS = range(2020, 2024)
RISE = np.array([0.4, 0.9, -0.5, 2.5, 2.0, 0.2, 0.7]) / 100  # a year, by county; one falls


def model(scenario, alignment=None, **changes):
    built = RegionModel(scenario, scale=SCALE, until="2023-12-31", alignment="off", **changes)
    built.alignment = alignment
    return built


def shares(model):
    """At the end of each quarter, (quarter, county)."""
    found = []
    while model.running:
        model.step()
        found.append(np.divide(*counted(model)))
    return np.array(found)


def path():
    begun = np.divide(*counted(model("baseline"), quarter_of(2020, 3)))
    passed = [(date(year, 12, 31) - date(2020, 11, 1)).days / 365.25 for year in YEARS]
    ends = np.array([quarter_of(year, 4) for year in YEARS])
    error = np.outer(np.arange(1, len(YEARS) + 1), RISE)  # points, of no meaning
    return SharePath(ends, begun + np.outer(passed, RISE), error, quarter_of(2020, 3))


@pytest.fixture(scope="module")
def followed():
    """A run that followed the path: its shares, the path, and the model after its end."""
    goal = path()
    first = model("baseline", Follow(goal))
    return shares(first), goal, first


def test_the_path_is_held_at_every_years_end(followed):
    found, goal, run = followed
    at = [i for i, q in enumerate(run.quarters) if q.number in goal.quarter]
    assert len(at) == len(YEARS)
    rows = run.population.mean_weight / counted(run, run.quarters[-1].number)[1]
    assert (abs(found[at] - goal.share) < 0.001 + 2 * rows).all()


def test_steering_takes_flows_and_codes_in_both_directions(followed):
    record = followed[2].alignment.record
    assert any(len(each.to_urban) for each in record)
    assert any(len(each.to_rural) for each in record)
    factors = np.array([each.flow for each in record])
    assert (factors[0] == 1).all()  # until the first year's end nothing is known of its flows
    assert factors[1:].min() < 1 < factors[1:].max()


def test_who_replays_the_record_of_a_run_without_a_plan_repeats_it(followed):
    found, _, first = followed
    second = model("baseline", Replay(first.alignment.path, first.alignment.record))
    assert shares(second).tolist() == found.tolist()
    for part, names in (
        (first.population.people, COLUMNS),
        (first.markets, ("stock", "seats")),
    ):
        again = second.population.people if names is COLUMNS else second.markets
        for name in names:  # bit for bit: a branch may leave a run that follows anywhere
            assert (getattr(part, name) == getattr(again, name)).all(), name


def test_a_plan_that_replays_adds_what_it_adds_unsteered(followed):
    """At this scale single moves are noise; over counties and quarters the effects agree."""
    found, _, first = followed
    with_plan = shares(model("plan", Replay(first.alignment.path, first.alignment.record)))
    free = shares(model("plan")) - shares(model("baseline"))
    steered = with_plan - found
    assert steered[-1].mean() == pytest.approx(free[-1].mean(), abs=0.0006)
    assert abs(steered[:4]).max() < 0.002  # before the plan


def test_what_is_printed_departs_from_the_rate_as_the_path_says(followed):
    """At the census not at all, between points in proportion to time."""
    _, goal, first = followed
    printed, true = (
        np.array([row[name][:7] for row in first.record])
        for name in ("published_resident_urbanization_rate", "resident_urbanization_rate")
    )
    error = printed - true
    assert error[0] == pytest.approx(0, abs=0.006)  # two decimals are printed
    numbers = [quarter.number for quarter in first.quarters]
    for point, number in enumerate(goal.quarter):
        at = numbers.index(number) + 1
        assert error[at] == pytest.approx(goal.printed[point], abs=0.006)
        if point:
            half = (goal.printed[point] + goal.printed[point - 1]) / 2
            assert error[at - 2] == pytest.approx(half, abs=0.006)


def test_where_codes_are_frozen_only_flows_are_replayed(followed):
    replaying = model("baseline", Replay(followed[1], followed[2].alignment.record, codes=False))
    replaying.conditions = replace(replaying.conditions, recoding_frozen=True)
    shares(replaying)
    assert not any(growth.recoding.any() for growth in replaying.growth)


@pytest.mark.parametrize(
    ("residents", "wanted", "sum_of_chosen"),
    [
        ([300, 500], 480, 500),  # 300 leaves 180; exchanged for 500 it is 20 beyond
        ([900, 800], 100, 0),  # one would go further beyond than none falls short
        ([900, 800], 500, 800),
        ([100, 100, 100], 300, 300),
        ([100], 5000, 100),
        ([], 5, 0),
    ],
)
def test_units_are_chosen_to_come_near_a_number_of_persons(residents, wanted, sum_of_chosen):
    chosen = reclassification.fitting(np.array(residents, np.int64), wanted)
    assert np.array(residents)[chosen].sum() == sum_of_chosen


def test_where_units_are_large_one_goes_and_small_ones_come_back():
    residents = np.array([5000, 5200, 900, 1000, 1100, 1200])
    there, back = reclassification.exchange(residents, np.array([0, 1]), np.arange(2, 6), 1900)
    assert residents[there].sum() - residents[back].sum() == pytest.approx(1900, abs=150)
    there, back = reclassification.exchange(residents, np.array([0, 1]), np.arange(2, 6), 5000)
    assert (there.tolist(), back.tolist()) == ([0], [])


def test_recoding_there_and_back_leaves_towns_as_they_were():
    built = model("baseline")
    step, units = built.begin(built.quarters[0]), built.population.units
    before = built.population.place.copy(), built.markets.stock.copy(), built.markets.seats.copy()
    unit = np.flatnonzero(~units.urban & (built.population.size[: len(units)].sum(axis=1) > 0))[:3]
    none = np.empty(0, np.int64)
    reclassification.recode(step, unit, none)
    assert units.urban[unit].all()
    assert (built.markets.stock >= before[1]).all()
    assert (built.markets.stock > before[1]).any()
    reclassification.recode(step, none, unit)
    assert (built.population.place == before[0]).all()
    assert built.markets.stock == pytest.approx(before[1])
    assert built.markets.seats == pytest.approx(before[2])
    assert not built.population.flows.recoded.any()
