"""The books, why a town grew, and the calendar: computed slowly once more."""

from dataclasses import fields
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import DEAD, STILL, build_world
from xiancheng.sim import strata
from xiancheng.sim.accounts import Flows, UnbalancedBooksError, check, growth, portion, rate_change
from xiancheng.sim.calendar import quarters_between
from xiancheng.sim.state import HEAD, NEVER, SINGLE
from xiancheng.sim.strata import Clock, Headcount, age_band

# The books


def test_the_books_name_the_place_that_does_not_balance():
    flows = Flows.none(3)
    before = np.array([[5, 5], [10, 10], [0, 0]])
    after = before + np.array([[0, 0], [0, 2], [0, 0]])
    with pytest.raises(UnbalancedBooksError, match=r"place 1, sex 1: 10 .*leave 10, but 12"):
        check(before, flows, after)
    flows.births[1, 1] = 2
    check(before, flows, after)


@pytest.mark.parametrize("trick", ["unit", "weight", "traits"])
def test_whoever_moves_people_behind_the_books_is_found_out(trick, monkeypatch):
    model = build_world(n=12, p=STILL)
    open_books = model.population.open_quarter

    def tampered():
        open_books()
        people = model.population.people
        if trick == "unit":
            people.unit[0] = 9
        elif trick == "weight":
            people.weight[0] += 1
        else:
            people.traits[0] ^= 1

    monkeypatch.setattr(model.population, "open_quarter", tampered)
    with pytest.raises(UnbalancedBooksError):
        model.step()


where = st.integers(0, DEAD - 1)
happenings = st.tuples(
    st.sampled_from(["birth", "death", "move", "entry", "recoding"]),
    where,
    where,
    st.integers(1, 9),
)


def slow_growth(story):
    """The urban growth of two counties and its causes, counted one event at a time."""
    causes = {
        name: [0, 0]
        for name in (
            "natural", "recoding", "residents",
            *(f"{way}_{kind}" for way in ("in", "out")
              for kind in ("own_village", "nearby", "province", "country")),
        )
    }  # fmt: skip
    flows = Flows.none(7)
    for what, start, end, n in story:
        if what == "birth" and start < 4:
            flows.births[start, 0] += n
            causes["residents"][start // 2] += n
            causes["natural"][start // 2] += n * (start % 2 == 0)
        elif what == "death" and start < 4:
            flows.deaths[start, 1] += n
            causes["residents"][start // 2] -= n
            causes["natural"][start // 2] -= n * (start % 2 == 0)
        elif what == "entry" and end < 4 and end % 2 == 0:
            flows.entries[start % 2, end, 0] += n
            causes[("in_province", "in_country")[start % 2]][end // 2] += n
            causes["residents"][end // 2] += n
        elif what == "recoding" and start < 4 and start % 2 == 1:
            flows.recoded[start, 0] -= n
            flows.recoded[start - 1, 0] += n
            causes["recoding"][start // 2] += n
        elif what == "move":
            flows.moves[start, end, 1] += n
            for place, other, way in ((start, end, "out"), (end, start, "in")):
                if place < 4:
                    causes["residents"][place // 2] += n if way == "in" else -n
                if place < 4 and place % 2 == 0 and other != place:
                    kind = {4: "province", 5: "country", place + 1: "own_village"}
                    causes[f"{way}_{kind.get(other, 'nearby')}"][place // 2] += n
    return flows, causes


@given(st.lists(happenings, max_size=25))
def test_growth_fast_and_slow_agree(story):
    flows, causes = slow_growth(story)
    fast = growth(flows, 2)
    assert {f.name: getattr(fast, f.name).tolist() for f in fields(fast)} == causes
    assert fast.total.tolist() == flows.net.sum(axis=1)[[0, 2]].tolist()


@given(
    st.integers(1, 10**7), st.integers(0, 10**7), st.integers(-(10**5), 10**5), st.integers(0, 99)
)
def test_the_causes_of_the_rate_add_up(urban, rural, grown, recoded):
    """A county that empties its villages gains in rate and in nothing else: the denominator."""
    flows = Flows.none(5)
    flows.births[0, 0] = max(grown, 0)
    flows.deaths[0, 0] = min(max(-grown, 0), urban - 1)
    flows.recoded[[0, 1], 0] = recoded, -recoded
    flows.deaths[1, 1] = rural // 3
    change = growth(flows, 1)
    before, people = np.array([urban]), np.array([urban + rural])
    points = sum(rate_change(before, people, change).values())
    share = (before + change.total) / (people + change.residents) - before / people
    np.testing.assert_allclose(points, 100 * share, atol=1e-12)


def test_depopulation_is_told_apart_from_growth():
    flows = Flows.none(5)
    flows.moves[1, 3, 0] = 20
    parts = rate_change(np.array([50]), np.array([100]), growth(flows, 1))
    assert parts["denominator"] == pytest.approx(12.5)
    assert parts["natural"] == parts["migration"] == parts["recoding"] == 0


def test_the_natural_increase_of_villages_is_no_growth_of_towns():
    flows = Flows.none(7)
    flows.births[1] = 5
    change = growth(flows, 2)
    assert change.natural.tolist() == [0, 0]
    assert change.residents.tolist() == [10, 0]


# Time


@given(st.dates(date(1990, 1, 1), date(2050, 1, 1)), st.integers(0, 2000))
def test_the_quarters_of_a_run_cover_every_day_once_to_the_end_of_the_last(start, days):
    until = start + timedelta(days)
    found = quarters_between(start, until)
    assert until - found[-1].ends <= timedelta(0)
    assert len(found) == 1 or found[-2].ends < until
    day = start
    for tick in found:
        length = (tick.ends - day).days + 1
        first = date(1900 + tick.number // 4, 3 * (tick.number % 4) + 1, 1)
        following = date(first.year + (first.month == 10), (first.month + 2) % 12 + 1, 1)
        assert first <= day <= tick.ends == following - timedelta(1)
        assert tick.quarters == length / (following - first).days
        assert tick.season == (first.month + 2) // 3
        day = tick.ends + timedelta(1)
    assert all(tick.quarters == 1 for tick in found[1:])


@given(
    st.lists(st.integers(-5000, 5000), min_size=1, max_size=20),
    st.integers(1, 92).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))),
)
def test_a_portion_is_nearest_to_what_it_should_be_and_so_is_its_total(amounts, share):
    days, of = share
    part = portion(np.array(amounts), days, of)
    exact = np.array(amounts) * days / of
    assert (abs(part - exact) < 1 + 1e-9).all()
    assert abs(part.sum() - exact.sum()) <= 0.5 + 1e-9
    assert portion(np.array(amounts), of, of).tolist() == amounts
    assert not portion(np.array(amounts), 0, of).any()


@pytest.mark.parametrize("quarter", [-100, 0, 443, 483, 800])
def test_age_bands_fast_and_slow_agree(quarter):
    """The clock, which is read at the bits of a quarter of birth, and the definition."""
    clock = Clock.at(quarter)
    for age in range(440):  # quarters
        born, years = np.array([quarter - age]), age // 4
        bits = born.astype(np.int16).view(np.uint16)[0]
        band = 0 if years < 1 else 1 if years < 5 else min(years // 5 + 1, 18)
        assert clock.band[bits] == age_band(quarter, born)[0] == band
        stage = 1 if years < 6 else 2 if years < 12 else 3 if years < 18 else 0
        assert clock.stage[bits] == stage
    assert clock.stage[np.int16(NEVER).view(np.uint16)] == 0


def test_everyone_is_counted_once_in_every_table():
    model = build_world(n=20)
    counts, people = model.counts, model.population.people
    for table in (counts.by_sex, counts.by_role, counts.by_band, counts.by_work):
        assert table.sum() == len(people)
    slow = np.zeros_like(counts.by_role)
    place = model.population.place[people.unit]
    np.add.at(slow, (place, strata.role_of(people.traits)), 1)
    assert (counts.by_role == slow).all()
    mothers = (strata.sex_of(people.traits) == 1) & np.isin(
        strata.role_of(people.traits), (0, HEAD)
    )
    assert counts.mothers.sum() == mothers.sum()
    assert isinstance(counts, Headcount)
    assert (strata.role_of(people.traits) == SINGLE).any()
