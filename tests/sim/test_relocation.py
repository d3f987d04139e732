"""Who finds room, who comes back, who arrives from elsewhere, and who follows a job."""

from dataclasses import replace
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr

from tests.conftest import (
    IN_TOWN,
    IN_VILLAGE,
    NOW,
    PARAMETERS,
    UNITS,
    assert_share,
    build_world,
    counted,
    persons,
    quarter_of,
    turned,
    two_counties,
    villages,
)
from xiancheng.sim import departure, destination, kernels, labour, relocation
from xiancheng.sim.conditions import Conditions
from xiancheng.sim.destination import NEARBY, OWN_TOWN, Alternatives
from xiancheng.sim.population import Population
from xiancheng.sim.randomness import Stream
from xiancheng.sim.relocation import ration
from xiancheng.sim.state import AGES, COLLECTIVE, COLLEGE, OWNS_FLAT, SINGLE, Parties
from xiancheng.sim.strata import SITUATIONS

Q = NOW + 1
AROUND = Alternatives.around(two_counties())
WHOLE, LONE = kernels.WHOLE, kernels.LONE


def index(nest: int, mode: int) -> int:
    """The alternative of a nest and mode."""
    return int(np.flatnonzero((AROUND.nest == nest) & (AROUND.mode == mode))[0])


# Finding room

queues = st.lists(st.tuples(st.integers(-1, 2), st.integers(1, 5)), max_size=12)


@given(queues, st.lists(st.integers(0, 12), min_size=3, max_size=3), st.randoms())
def test_queues_fast_and_slow_agree(parties, room, random):
    """The first in line goes in if there is room for all of the party; others may still fit."""
    line = [random.random() for _ in parties]
    counter, size = np.array(parties, np.int64).reshape(-1, 2).T
    left = np.array(room)
    fast = ration(np.array(line), counter, size, left)
    slow, free = [False] * len(parties), list(room)
    for i in sorted(range(len(parties)), key=line.__getitem__):
        where, persons_in = parties[i]
        slow[i] = where < 0 or persons_in <= free[where]
        if slow[i] and where >= 0:
            free[where] -= persons_in
    assert fast.tolist() == slow
    assert left.tolist() == free


def to_town(n, **more):
    town, unit = np.zeros(n, np.int64), np.full(n, -1)
    waits = np.ones(n, bool)
    return Parties(np.arange(n), np.full(n, more.get("mode", LONE)), town, unit, waits)


STAYING = np.zeros((4, 2, 3, SITUATIONS, len(AROUND.nest)))
STAYING[..., 0] = 1


def test_who_finds_no_dwelling_stays():
    full = replace(two_counties(), dwellings=np.zeros(2))
    quarter = quarter_of(persons(50), counties=full)
    relocation.move(quarter, to_town(50), STAYING, counted(quarter))
    assert (quarter.population.people.unit == IN_VILLAGE).all()
    assert quarter.population.flows.moves.sum() == 0


def test_who_finds_no_dwelling_chooses_once_more_among_what_is_left():
    """The own town is full; whoever would as gladly live in the other one goes there."""
    full = replace(two_counties(), dwellings=np.array([0.0, 1500.0]))
    quarter = quarter_of(persons(50), counties=full)
    either = np.zeros_like(STAYING)
    either[..., [index(OWN_TOWN, LONE), index(NEARBY, LONE)]] = 0.5
    relocation.move(quarter, to_town(50), either, counted(quarter))
    assert (quarter.place(np.arange(50)) == 2).all()


def test_a_second_choice_stands_in_line_like_a_first():
    """The other town has room for fourteen; nobody is squeezed in because the own one is full."""
    full = replace(two_counties(), dwellings=np.array([0.0, 5.0]))
    quarter = quarter_of(persons(50), counties=full)
    other = np.zeros_like(STAYING)
    other[..., index(NEARBY, LONE)] = 1
    relocation.move(quarter, to_town(50), other, counted(quarter))
    assert (quarter.place(np.arange(50)) == 2).sum() == int(5 * 2.8)


def test_towns_take_in_no_more_people_than_their_dwellings_hold():
    few = replace(two_counties(), dwellings=np.array([5.0, 5.0]))
    quarter = quarter_of(persons(400), counties=few)
    relocation.move(quarter, to_town(400), STAYING, counted(quarter))
    assert (quarter.place(np.arange(400)) == 0).sum() == int(5 * 2.8)


def test_a_household_that_owns_a_flat_in_town_needs_no_dwelling():
    full = replace(two_counties(), dwellings=np.zeros(2))
    quarter = quarter_of(persons(50, flags=OWNS_FLAT), counties=full)
    own = np.zeros_like(STAYING)
    own[..., index(OWN_TOWN, LONE)] = 1
    relocation.move(quarter, destination.choose(quarter, np.arange(50), own), own, counted(quarter))
    assert (quarter.place(np.arange(50)) == 0).all()


def test_movers_spread_over_the_units_of_a_town_as_its_people_do():
    """Three units of 100 people and one of 300 take 1, 1, 1 and 3 sixths of the newcomers."""
    n, living = 30_000, np.repeat([0, 1, 2, 3, 3, 3], 100)
    people = persons(600 + n, unit=np.append(living, np.full(n, IN_VILLAGE)))
    quarter = quarter_of(people, counties=replace(two_counties(), dwellings=np.full(2, 1e6)))
    parties = to_town(n)
    relocation.move(quarter, replace(parties, row=600 + np.arange(n)), STAYING, counted(quarter))
    unit = quarter.population.people.unit[600:]
    for i, share in enumerate([1 / 6, 1 / 6, 1 / 6, 1 / 2]):
        assert_share((unit == i).sum(), n, share, detect=0.03)


# Going back


def test_migrants_go_back_to_the_village_or_to_its_town():
    n = 40_000
    quarter = quarter_of(persons(n, unit=UNITS, hukou=IN_VILLAGE))
    back = departure.go_back(quarter, np.arange(n))
    assert (back.row == np.arange(n)).all()
    to_the_town = back.town == 0
    assert_share(to_the_town.sum(), n, PARAMETERS.return_to_town, detect=0.02)
    assert (back.unit == np.where(to_the_town, -1, IN_VILLAGE)).all()
    assert (back.needs_dwelling == to_the_town).all()
    place_in_line = quarter.uniform(Stream.ARRIVAL, back.row)[0]
    assert pearsonr(to_the_town, place_in_line).pvalue > 1e-6  # where to is no place in the line


@pytest.mark.parametrize(
    ("unit", "hukou", "moves"),
    [
        (IN_VILLAGE, IN_VILLAGE, "nobody"),
        (IN_VILLAGE, IN_VILLAGE + 1, "nobody"),
        (IN_TOWN, IN_VILLAGE, "some"),
        (IN_TOWN + 8, IN_VILLAGE, "all"),
        (IN_TOWN, UNITS, "all"),
        (UNITS, IN_TOWN, "all"),
    ],
)
def test_only_those_away_from_home_go_back(unit, hukou, moves):
    """Whoever is in the county town already and would return to it stays there."""
    back = departure.go_back(quarter_of(persons(100, unit=unit, hukou=hukou)), np.arange(100))
    assert (len(back.row) > 0) == (moves != "nobody")
    assert (len(back.row) == 100) == (moves == "all")


def test_nobody_goes_back_to_a_town_that_does_not_exist():
    away, units = persons(200, unit=UNITS, hukou=IN_VILLAGE), villages()
    units.urban[:8] = False
    quarter = quarter_of(away)
    quarter.population = Population(away, units)
    back = departure.go_back(quarter, np.arange(200))
    assert (back.town < 0).all()
    assert (back.unit[back.row >= 0] == IN_VILLAGE).all()


def test_the_old_go_back_more_often_and_children_do_not_by_themselves():
    hazard = departure.return_hazard(PARAMETERS)
    assert (hazard[AGES < 15] == 0).all()
    assert (hazard[(AGES >= 15) & (AGES < 50)] == PARAMETERS.return_hazard).all()
    old = PARAMETERS.return_hazard * PARAMETERS.return_after_50
    assert (hazard[AGES >= 50] == old).all()


def test_of_those_who_left_for_college_the_stated_share_is_back_at_twenty_five():
    p = replace(PARAMETERS, graduate_return=0.4, return_hazard=0.0)
    hazard = departure.going_back_hazard(np.array([False, True]), p)
    assert (hazard[0] == 0).all()  # who is away within the region has not left for college
    stayed = np.exp(-5 * hazard[1, AGES == 20, COLLEGE])
    assert stayed == pytest.approx(0.6)
    hazard[1, AGES == 20, COLLEGE] = 0
    assert (hazard == 0).all()


def test_a_returner_who_finds_no_dwelling_at_home_stays_away():
    full = replace(two_counties(), dwellings=np.zeros(2))
    quarter = quarter_of(persons(200, unit=UNITS, hukou=IN_VILLAGE), counties=full)
    back = departure.go_back(quarter, np.arange(200))
    relocation.move(quarter, back, STAYING, counted(quarter))
    place = quarter.place(np.arange(200))
    assert (place[back.town == 0] == 4).all()
    assert (place[back.town < 0] == 1).all()


# Coming from elsewhere


def arrived(quarter, expected, line=3.0):
    before = len(quarter.population.people)
    quarter.room = np.full(2, 10**9)
    relocation.receive(quarter, np.array(expected), line * np.array(expected))
    people = quarter.population.people
    return people, np.arange(before, len(people))


def test_newcomers_come_to_towns_with_the_hukou_they_had():
    people, new = arrived(quarter_of(persons(10)), [[40.0, 20.0], [0.0, 30.0]])
    assert set(people.unit[new]) <= {0, 1, 2, 3, 8, 9, 10, 11}
    assert set(people.hukou[new]) == {UNITS, UNITS + 1}
    assert not ((people.unit[new] >= 8) & (people.hukou[new] == UNITS)).any()
    assert (people.previous_unit[new] == people.hukou[new]).all()
    assert (people.moved_at[new] == Q).all()
    assert (people.next_member[new] == new).all()
    age = (Q - people.born[new].astype(int)) // 4
    assert age.min() >= 18
    assert age.max() < 60


def test_some_newcomers_live_in_dormitories():
    people, new = arrived(quarter_of(persons(10)), [[9000.0, 6000.0], [3000.0, 3000.0]])
    collective = (people.flags[new] == COLLECTIVE).sum()
    assert_share(collective, len(new), PARAMETERS.newcomer_collective, detect=0.03)
    assert (people.flags[new] & ~np.uint8(COLLECTIVE) == 0).all()


def test_as_many_newcomers_come_as_are_expected():
    expected = [[9000.0, 6000.0], [3000.0, 3000.0]]
    _, new = arrived(quarter_of(persons(10)), expected)
    assert_share(len(new), 3 * 21_000, 1 / 3, detect=0.02)


def test_more_newcomers_come_to_a_better_town_and_in_proportion_to_time():
    rate = np.array([[100.0, 10.0], [50.0, 0.0]])
    came = relocation.arrivals(rate, np.array([0.0, log(2)]), 0.25, np.array([3.0, 1.0]))
    np.testing.assert_allclose(came, rate * [[0.75], [0.5]])


def test_five_times_the_arrivals_are_five_times_the_arrivals():
    """The largest multiple that a scenario may set, as written."""
    counties = replace(two_counties(), arrivals=np.full((2, 2), 1000.0))
    counties = replace(counties, dwellings=np.full(2, 1e6))
    came = {}
    for multiple in (1.0, 5.0):
        model = build_world(n=1, counties=counties, conditions=Conditions(arrivals=multiple))
        model.step()
        came[multiple] = int(model.population.flows.entries.sum())
    assert came[5.0] / came[1.0] == pytest.approx(5, rel=0.1)


@pytest.mark.parametrize("weights", [[1], [2, 3], [1, 2]])
def test_a_thinner_register_receives_as_many_persons(weights):
    """Rows that stand for two persons and a half each still add up to the arrivals expected."""
    n = 12_000
    quarter = quarter_of(persons(n, weight=np.resize(weights, n)))
    people, new = arrived(quarter, [[8000.0, 8000.0], [8000.0, 8000.0]])
    assert people.weight[new].sum() == pytest.approx(32_000, rel=0.05)


def test_better_times_bring_the_same_newcomers_and_some_more():
    """The line of those who may come is the same; a better town only lets in more of it."""
    few = arrived(quarter_of(persons(10)), [[30.0, 10.0], [10.0, 10.0]], line=3.0)
    quarter = quarter_of(persons(10))
    quarter.room = np.full(2, 10**9)
    line = 3.0 * np.array([[30.0, 10.0], [10.0, 10.0]])
    relocation.receive(quarter, 1.5 * line / 3, line)
    many = quarter.population.people
    assert set(few[0].address) < set(many.address)


# Following a job


def test_some_villagers_hired_in_town_move_there_and_townspeople_have_no_need_to():
    n = 40_000
    half = np.where(np.arange(n) % 2 == 0, IN_VILLAGE, IN_TOWN)
    quarter = quarter_of(persons(n, unit=half, role=SINGLE))
    quarter.markets.moving_share = np.array([0.3, 0.0])
    rows = np.arange(n)
    moving = labour.follow_job(quarter, rows, quarter.uniform(Stream.HIRED, rows))
    assert (moving.row % 2 == 0).all()
    assert (moving.town == 0).all()
    assert moving.needs_dwelling.all()
    assert_share(len(moving.row), n // 2, 0.3, detect=0.03)
    share = relocation.share_bringing_household(np.array([2.8]), PARAMETERS)[0]
    assert share * 1.8 == pytest.approx(PARAMETERS.dependants_per_job_mover)
    assert_share((moving.mode == WHOLE).sum(), len(moving.row), share, detect=0.06)


def test_resettling_takes_whole_village_households_into_flats_built_for_them():
    full = replace(two_counties(), dwellings=np.zeros(2))
    quarter = quarter_of(
        persons(4, unit=[IN_VILLAGE, IN_TOWN, UNITS, IN_VILLAGE + 8]), counties=full
    )
    moving = relocation.resettle(quarter, np.arange(4))
    assert moving.row.tolist() == [0, 3]
    assert moving.town.tolist() == [0, 1]
    assert (moving.mode == WHOLE).all()
    assert not moving.needs_dwelling.any()
    assert turned("resettlement").resettlement.tolist() == [0, 5e4, 0, 5e4]
