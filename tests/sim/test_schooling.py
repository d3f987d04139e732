"""Seats in town: how many, whose child gets one, and what a better school is worth."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.conftest import (
    IN_TOWN,
    IN_VILLAGE,
    NOW,
    PARAMETERS,
    UNITS,
    counted,
    levers,
    persons,
    quarter_of,
    two_counties,
)
from xiancheng.sim import schooling
from xiancheng.sim.state import DEPENDENT, NO_WORK, OWNS_FLAT

Q = NOW + 1


def test_seats_grow_and_new_ones_are_shared_by_the_years_of_each_stage():
    p = replace(PARAMETERS, seat_growth=0.05)
    base = np.array([[300.0, 150.0]] * 2)
    np.testing.assert_allclose(schooling.town_seats(base, 2.0, levers(), p), base * 1.05**2)
    more = schooling.town_seats(base, 0.0, levers(school_seats=90), p) - base
    np.testing.assert_allclose(more, [[60, 30]] * 2)


def test_town_schools_start_ahead_and_each_place_improves_its_own():
    gap = PARAMETERS.school_quality_gap
    assert schooling.quality(levers(), PARAMETERS).tolist() == [gap, 0, gap, 0]
    better = levers(school_quality=np.array([0.2, 0.3, 0, 0]))
    np.testing.assert_allclose(schooling.quality(better, PARAMETERS), [gap + 0.2, 0.3, gap, 0])


@pytest.mark.parametrize(
    ("registered", "owner", "permit", "rank"),
    [
        (True, True, True, 0),
        (False, True, True, 1),
        (False, True, False, 1),
        (True, False, True, 2),
        (False, False, True, 2),
        (False, False, False, 3),
    ],
)
def test_whose_child_is_served_first(registered, owner, permit, rank):
    """Local hukou and own flat > own flat > residence permit or renting > others."""
    result = (np.array([x]) for x in (registered, owner, permit))
    assert schooling.priority(*result) == rank


places = arrays(np.int64, (2, 2), elements=st.integers(-5, 30))
queues = arrays(np.int64, (2, 2, 4), elements=st.integers(0, 9))


def slow_admission(free, waiting):
    """Children come forward one by one, the first class first; then one more child of each class.

    That child stands anywhere among those of its class, each place in the line being as likely.
    """
    line = [rank for rank in range(4) for _ in range(waiting[rank])]
    got_in = line[: max(free, 0)]
    chance = []
    for rank in range(4):
        ahead = sum(waiting[:rank])
        spots = range(ahead, ahead + waiting[rank] + 1)
        chance.append(sum(spot < free for spot in spots) / len(spots))
    return [got_in.count(rank) for rank in range(4)], chance


@given(places, queues)
def test_admission_fast_and_slow_agree(free, waiting):
    served, _ = schooling.admitted(free, waiting, levers())
    for c, stage in np.ndindex(2, 2):
        slow, _ = slow_admission(free[c, stage], waiting[c, stage])
        assert served[c, stage].tolist() == slow


@given(places, queues)
def test_the_chance_of_a_seat_is_that_of_one_more_child_in_the_line(free, waiting):
    _, chance = schooling.admitted(free, waiting, levers())
    for c, stage in np.ndindex(2, 2):
        _, slow = slow_admission(free[c, stage], waiting[c, stage])
        np.testing.assert_allclose(chance[c, stage], slow)


def test_where_no_seat_is_free_nobody_has_a_chance_of_one():
    nobody_waits = np.zeros((2, 2, 4), np.int64)
    _, chance = schooling.admitted(np.zeros((2, 2), np.int64), nobody_waits, levers())
    assert (chance == 0).all()


def test_openness_lets_renters_and_others_stand_in_one_line_behind_owners():
    waiting = np.broadcast_to(np.array([5, 5, 20, 20]), (2, 2, 4)).copy()
    free = np.full((2, 2), 20)
    chances = {}
    for openness in (0.0, 0.5, 1.0):
        served, chance = schooling.admitted(free, waiting, levers(enrolment_openness=openness))
        assert served[0, 0].tolist() == [5, 5, 10, 0]  # it adds no seat
        chances[openness] = chance[0, 0]
    assert chances[1.0][2] == chances[1.0][3]
    assert chances[0.0][2] > chances[0.5][2] > chances[1.0][2]
    assert chances[0.0][3] < chances[0.5][3] < chances[1.0][3]
    assert (chances[0.0][:2] == chances[1.0][:2]).all()
    assert chances[0.5][3] == pytest.approx((chances[0.0][3] + chances[1.0][3]) / 2)


def enrolled(n=0, seats=(300.0, 150.0), **children):
    counties = replace(two_counties(), seats=np.array([seats, seats]))
    result = {"age": 6, "role": DEPENDENT, "work": NO_WORK, "unit": IN_TOWN} | children
    quarter = quarter_of(persons(n, **result), counties=counties)
    schooling.enrol(quarter, counted(quarter), 0.0, levers())
    return quarter.markets


@pytest.mark.parametrize(("age", "stage"), [(5.75, None), (6, 0), (6.75, 0), (7, None), (12, 1)])
def test_children_ask_for_a_seat_at_six_and_at_twelve(age, stage):
    m = enrolled(40, seats=(0.0, 0.0), age=age)
    expected = [0, 0]
    if stage is not None:
        expected[stage] = 40
    assert m.queue[0].tolist() == expected
    assert m.queue[1].tolist() == [0, 0]


@pytest.mark.parametrize("unit", [IN_VILLAGE, UNITS, UNITS + 2])
def test_only_children_who_live_in_town_ask_for_a_seat_there(unit):
    m = enrolled(40, seats=(0.0, 0.0), unit=unit)
    assert m.queue.sum() == m.seats_taken.sum() == 0


def test_seats_are_filled_and_the_rest_queue():
    m = enrolled(40, seats=(25.0, 0.0))
    assert m.seats_taken[0].tolist() == [25, 0]
    assert m.queue[0].tolist() == [15, 0]


@given(st.integers(0, 90), st.integers(0, 60), st.lists(st.floats(0, 13), min_size=60, max_size=60))
def test_no_more_pupils_are_seated_than_there_are_seats(primary, junior, ages):
    m = enrolled(60, seats=(float(primary), float(junior)), age=np.array(ages))
    assert (m.seats_taken[0] <= [primary, junior]).all()
    assert (m.queue >= 0).all()
    assert ((m.seat_chance >= 0) & (m.seat_chance <= 1)).all()


def test_owners_children_get_the_seats():
    """Twenty seats for ten registered owners, ten owners, and ten who have lived here long."""
    m = enrolled(
        30, seats=(20.0, 0.0), flags=np.repeat([OWNS_FLAT, OWNS_FLAT, 0], 10),
        hukou=np.repeat([IN_TOWN, IN_VILLAGE, IN_TOWN], 10),
    )  # fmt: skip
    owner, other = m.seat_chance[0, 0]
    assert owner > 0.9
    assert other < 0.1


def test_a_renter_of_half_a_year_comes_before_a_newcomer():
    quarter = quarter_of(
        persons(30, age=6, unit=IN_TOWN, moved_at=np.repeat([Q - 2, Q - 1, Q], 10))
    )
    seen = {}

    def enrol(people, waiting, *rest):
        seen["classes"] = waiting[0, 0].tolist()

    quarter.markets.enrol = enrol
    schooling.enrol(quarter, counted(quarter), 0.0, levers())
    assert seen["classes"] == [0, 0, 10, 20]


def test_a_school_closes_by_its_own_hazard():
    closing = schooling.closing_hazard(levers(school_closure=np.array([9, 0.2, 9, 0])))
    assert closing.tolist() == [0.2, 0]
