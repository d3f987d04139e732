"""How statisticians count who lives where, and what they print."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import (
    DEAD,
    IN_TOWN,
    IN_VILLAGE,
    NOW,
    PARAMETERS,
    STILL,
    UNITS,
    build_world,
    counted,
    persons,
    register_of,
)
from xiancheng.sim import kernels, observation
from xiancheng.sim.conditions import Conditions

Q = NOW + 1
FROZEN = Conditions(recoding_frozen=True)


# Who is counted where


def where_counted(register):
    now = np.bincount(register.place[register.people.unit], minlength=7)
    return (now + register.half_year_correction())[:DEAD].tolist()


@pytest.mark.parametrize(("quarters", "place"), [(0, 1), (1, 1), (2, 0), (9, 0)])
def test_a_newcomer_counts_after_half_a_year(quarters, place):
    register = register_of(persons(1))
    register.move(np.array([0]), np.array([kernels.LONE]), np.array([IN_TOWN]), Q)
    for _ in range(quarters):
        register.open_quarter()
    assert where_counted(register)[place] == 1
    late = observation.not_yet_counted(register.people.moved_at, Q + quarters)
    assert bool(late[0]) == (place == 1)


def test_who_moves_twice_within_half_a_year_counts_where_they_last_lived_so_long():
    register = register_of(persons(1))
    seen = []
    for when, goal in ((Q, IN_TOWN), (Q + 1, IN_TOWN + 8), (Q + 2, None), (Q + 3, None)):
        register.open_quarter()
        if goal is not None:
            register.move(np.array([0]), np.array([kernels.LONE]), np.array([goal]), when)
        seen.append(where_counted(register).index(1))
    assert seen == [1, 1, 1, 2]


def test_a_quarter_that_begins_still_knows_who_was_counted_where_at_its_start():
    """Steering asks for it then, and would else count people where they are and not where usual."""
    register = register_of(persons(1))
    for when, goal in ((Q, IN_TOWN), (Q + 1, IN_TOWN + 8)):
        register.open_quarter()
        register.move(np.array([0]), np.array([kernels.LONE]), np.array([goal]), when)
    ended = register.half_year_correction()
    register.open_quarter()
    assert ended.any()
    assert register.half_year_correction(ago=1).tolist() == ended.tolist()


def test_those_born_between_two_quarters_are_all_found_wherever_they_stand():
    """Before and within the years that are indexed, at the start and among those who came later."""
    register = register_of(persons(300, age=np.arange(300) % 60))
    register.append(persons(40, age=np.arange(40) % 20))
    born = register.people.born
    for first, last in ((Q - 30, Q), (Q - 75, Q - 72), (Q - 200, Q - 60), (Q - 85, Q - 79)):
        rows = register.born_between(first, last)
        assert rows.tolist() == np.flatnonzero((born >= first) & (born <= last)).tolist()
        assert len(rows)


class Life:
    """Where a person lived since when, computed slowly."""

    def __init__(self, unit, moves=()):
        self.stays, self.dead = [(-999, unit), *moves], False

    def counts_in(self, now):
        """The last place where they had lived for two quarters before they left it, or till now."""
        ends = [start for start, _ in self.stays[1:]] + [now]
        long = [u for (start, u), end in zip(self.stays, ends, strict=True) if end - start >= 2]
        return long[-1]


events = st.tuples(
    st.integers(0, 5), st.sampled_from(["move", "move", "bear", "die"]), st.integers(0, 17)
)


@given(st.lists(st.lists(events, max_size=5), min_size=5, max_size=5))
def test_the_half_year_rule_fast_and_slow_agree(story):
    """Six women, five quarters: they move about, bear children and die."""
    n = 6
    register, lives = register_of(persons(n, sex=1, role=3)), [Life(IN_VILLAGE) for _ in range(n)]
    for when, happenings in enumerate(story, start=Q):
        register.open_quarter()
        once = {who: (what, unit) for who, what, unit in happenings if not lives[who].dead}
        deaths = [who for who, (what, _) in once.items() if what == "die"]
        register.remove_dead(np.array(deaths, np.int64), when)
        for who in deaths:
            lives[who].dead = True
        bearing = [who for who, (what, _) in once.items() if what == "bear"]
        bearing = [w for w in bearing if lives[w].stays[-1][1] < UNITS]
        register.add_children(np.array(bearing, np.int64), np.ones(len(bearing), int), when)
        for who in bearing:
            lives.append(Life(IN_VILLAGE, lives[who].stays[1:]))
        moving = [(w, unit) for w, (what, unit) in once.items() if what == "move"]
        moving = [(w, unit) for w, unit in moving if lives[w].stays[-1][1] != unit]
        who, goal = np.array(moving, np.int64).reshape(-1, 2).T
        register.move(who, np.full(len(who), kernels.LONE), goal, when)
        for w, unit in moving:
            lives[w].stays.append((when, unit))
        slow = [0] * DEAD
        for life in lives:
            if not life.dead:
                slow[int(register.place[life.counts_in(when)])] += 1
        assert where_counted(register) == slow


def test_at_the_start_the_half_year_rule_gives_the_census():
    """Whoever moved in the half year before still counts where the census found them."""
    model = build_world()
    assert model.record[0]["resident_urbanization_rate"].tolist() == [50, 50]
    assert model.record[0]["residents"].tolist() == [2304, 2304]
    assert (model.record[0]["present_urban_share"] > 50).all()


def test_the_published_series_strays_until_the_next_census():
    p = replace(PARAMETERS, benchmark_drift=-0.1)
    drift = [observation.drift(year, p) for year in (2020, 2021, 2024, 2025)]
    np.testing.assert_allclose(drift, [0, -0.1, -0.4, 0])


def test_published_rates_have_an_error_and_two_decimals():
    """The median world has none; a draw has one of its own, and the truth stays what it is."""
    values = {}
    for number in (0, 1, 2):
        model = build_world(p=replace(STILL, flow_sd=0, trend_sd=0), draw=number)
        values[number] = model.step() or model.record[-1]
    published = [values[i]["published_resident_urbanization_rate"] for i in range(3)]
    true = [values[i]["resident_urbanization_rate"] for i in range(3)]
    assert true[0].tolist() == true[1].tolist() == true[2].tolist()
    assert published[0].tolist() == np.round(true[0], 2).tolist()  # drift is 0 in 2020
    assert published[1].tolist() != published[2].tolist()
    assert (abs(published[1] - true[1]) < 5 * PARAMETERS.obs_error_sd).all()


def test_every_county_and_year_has_an_error_of_its_own(monkeypatch):
    """Neighbours in the list of codes, 101 and 102, do not hand theirs on from year to year."""
    values = {}

    def noted(standard, *rest):
        values.update({(county, when[0]): x for county, x in enumerate(standard.tolist())})
        return 0 * standard

    when = [2020]
    monkeypatch.setattr(observation, "error", noted)
    model = build_world(n=5, draw=1)
    while model.running:
        when[0] = model.quarters[model.done].ends.year
        model.step()
    assert len(values) == 2 * 4
    assert len(set(values.values())) == len(values)


def test_errors_of_counties_cancel_in_their_total():
    rng = np.random.default_rng(6)
    people = rng.integers(1, 900, 7).astype(float)
    error = observation.error(rng.normal(0, 1, 7), people, PARAMETERS)
    assert (error * people).sum() == pytest.approx(0, abs=1e-9)
    assert error.std() > 0


def test_every_year_has_its_spring_and_people_away_are_counted_then():
    """Villages learn in the first quarter who is away; until next spring they go by that."""
    model = build_world(until=date(2022, 6, 30))
    away = []
    while model.running:
        model.step()
        away.append(model.population.away.sum())
    assert away[1] == away[2] == away[3] == away[4] != away[5]
    assert away[0] != away[1]
    assert counted(model.begin(model.quarters[-1])).by_sex.sum() > 0
