"""Who lives with whom in the synthetic population."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.conftest import assert_share
from tests.people import BINZHOU, BOTH, NOW, NOWADAYS
from xiancheng.calibration.population import households
from xiancheng.calibration.population.fit import assumptions
from xiancheng.sim.state import (
    ALONE,
    DEPENDENT,
    FEMALE,
    HEAD,
    MALE,
    NEVER,
    OWNS_FLAT,
    SINGLE,
)  # fmt: skip


@BOTH
def test_everyone_is_in_exactly_one_household(seen):
    n = len(seen.p)
    np.testing.assert_array_equal(np.sort(seen.p.next_member), np.arange(n))
    at, visited = seen.first.copy(), np.zeros(n, int)
    for _ in range(seen.size.max()):
        visited[at] = 1
        at = seen.p.next_member[at]
    assert visited.all()
    np.testing.assert_array_equal(seen.home[seen.p.next_member], seen.home)


@BOTH
def test_a_household_lives_in_one_village_under_one_head(seen):
    np.testing.assert_array_equal(seen.p.unit, seen.p.unit[seen.head])
    leads = np.isin(seen.role, (ALONE, HEAD))
    np.testing.assert_array_equal(np.flatnonzero(leads), seen.first)
    np.testing.assert_array_equal(seen.role[seen.first] == ALONE, seen.size == 1)


@BOTH
def test_people_stand_in_order_of_county_place_and_household(seen):
    inside = seen.p.unit[seen.resident].astype(int)
    assert (np.diff(inside) >= 0).all()
    assert (np.diff(seen.units.place()[: len(seen.units)]) >= 0).all()


@BOTH
def test_minors_live_with_an_adult_who_heads_the_family(seen):
    minor = seen.resident & (seen.age < 18) & ~seen.collective
    assert (seen.role[minor] == DEPENDENT).all()
    assert (seen.age[seen.head[minor]] >= 18).all()
    boarding = seen.collective & (seen.age < 18)
    assert (seen.age[boarding] >= 15).all()


@BOTH
def test_a_head_knows_the_youngest_minor(seen):
    youngest = np.full(len(seen.size), int(NEVER))
    minor = seen.resident & (seen.age < 18) & ~seen.collective
    np.maximum.at(youngest, seen.home[minor], seen.p.born[minor].astype(int))
    np.testing.assert_array_equal(seen.p.child[seen.first], youngest)
    assert (np.delete(seen.p.child, seen.first) == NEVER).all()


@BOTH
def test_husbands_and_wives_are_of_like_age(seen):
    head, partner = seen.couples()
    gap = np.where(seen.sex[head] == MALE, 1, -1) * (seen.age[head] - seen.age[partner])
    assert 0 <= gap.mean() <= 2
    assert 1.5 <= gap.std() <= 3.5
    assert (abs(gap) < 8).mean() > 0.98


@BOTH
def test_children_are_a_generation_younger_than_their_parents(seen):
    head, partner = seen.couples()
    mother = np.full(len(seen.size), -1)
    women = np.where(seen.sex[head] == FEMALE, head, partner)
    mother[seen.home[head]] = women
    child = (seen.role == SINGLE) | ((seen.role == DEPENDENT) & (seen.age < 18))
    rows = np.flatnonzero(child & (mother[seen.home] >= 0))
    gap = seen.age[mother[seen.home[rows]]] - seen.age[rows]
    assert 26 <= gap.mean() <= 30
    assert 4 <= gap.std() <= 6
    assert (gap < 16).mean() < 0.005
    assert (gap > 45).mean() < 0.005


@BOTH
def test_grown_children_have_fewer_siblings_at_home_than_minors(seen):
    minor = seen.resident & (seen.age < 18) & ~seen.collective
    grown = seen.role == SINGLE
    siblings = np.bincount(seen.home, minor | grown)[seen.home] - 1
    assert siblings[grown].mean() < 0.9 * siblings[minor].mean()


@BOTH
def test_grandparents_are_a_generation_older_than_the_head(seen):
    elder = (seen.role == DEPENDENT) & (seen.age >= 18)
    elder &= np.arange(len(seen.p)) != seen.head + 1
    gap = seen.age[elder] - seen.age[seen.head[elder]]
    assert 25 <= gap.mean() <= 30
    assert (gap < 14).mean() < 0.01


@BOTH
def test_the_old_live_alone_more_often_than_the_middle_aged(seen):
    def alone(low, high, sex):
        them = seen.resident & ~seen.collective & (seen.sex == sex)
        them &= (seen.age >= low) & (seen.age < high)
        return (seen.role[them] == ALONE).mean()

    for sex in (MALE, FEMALE):
        assert alone(75, 120, sex) > 1.2 * alone(30, 50, sex)
    assert alone(70, 120, FEMALE) > alone(70, 120, MALE)
    assert 0.01 < alone(30, 50, FEMALE) < 0.08


@BOTH
def test_some_live_alone_at_every_age(seen):
    """And not all of one cohort, which is what is left over when all others have found a seat."""
    of_age = seen.resident & ~seen.collective & (seen.age >= 25) & (seen.age < 60)
    five = ((seen.age[of_age] - 25) // 5).astype(int)
    shares = np.bincount(five, seen.role[of_age] == ALONE) / np.bincount(five)
    assert shares.min() > 0.015
    assert shares.max() < 0.12


@BOTH
def test_who_brings_up_children_alone_is_mostly_a_mother(seen):
    lone = seen.first[(seen.p.child[seen.first] != NEVER) & (seen.size > 1)]
    lone = lone[~np.isin(lone, seen.couples()[0])]
    assert 0.05 < len(lone) / (seen.p.child != NEVER).sum() < 0.2
    assert 0.55 < seen.sex[lone].mean() < 0.85


@BOTH
def test_more_generations_live_together_in_the_village(seen):
    elder = (seen.role == DEPENDENT) & (seen.age >= 18)
    elder &= np.arange(len(seen.p)) != seen.head + 1
    assert elder[seen.village].mean() > 1.2 * elder[seen.town].mean()


@BOTH
def test_the_young_leave_home_with_age(seen):
    def at_home(low, high, sex):
        them = seen.resident & (seen.sex == sex) & (seen.age >= low) & (seen.age < high)
        return (seen.role[them] == SINGLE).mean()

    for sex in (MALE, FEMALE):
        shares = [at_home(low, low + 5, sex) for low in (20, 25, 30, 35)]
        assert shares == sorted(shares, reverse=True)
        assert shares[0] > 0.25
        assert shares[3] < 0.1
    assert at_home(25, 35, MALE) > at_home(25, 35, FEMALE)


@BOTH
def test_dormitories_are_for_the_young_and_in_town(seen):
    """The collective share of towns is the pack's."""
    assert seen.town[seen.collective].mean() == pytest.approx(0.9, abs=0.01)
    assert 0.5 < ((seen.age >= 15) & (seen.age < 35))[seen.collective].mean() < 0.9
    assert (seen.size[seen.home[seen.collective]] == 1).all()


def test_families_that_own_a_flat_own_it_together():
    owns = NOWADAYS.p.flags & OWNS_FLAT > 0
    np.testing.assert_array_equal(owns, owns[NOWADAYS.head])
    assert not owns[NOWADAYS.collective | ~NOWADAYS.resident].any()
    rural = NOWADAYS.first[NOWADAYS.family & NOWADAYS.village[NOWADAYS.first]]
    share = float(BINZHOU.value(NOW, "flat_owners_rural")[0])
    assert_share(int(owns[rural].sum()), len(rural), share, detect=0.03)


@given(
    arrays(int, 5, elements=st.integers(0, 9)),
    st.integers(0, 60),
)
def test_households_can_be_made_to_hold_any_number_of_people(wanted, members):
    got = households.feasible(wanted, members)
    least = int(households.LEAST @ got)
    assert (got >= 0).all()
    assert least <= members
    assert got[2:].any() or least == members
    if households.LEAST @ wanted == members or (
        households.LEAST @ wanted < members and wanted[2:].any()
    ):
        np.testing.assert_array_equal(got, wanted)


@given(
    arrays(int, st.integers(1, 40), elements=st.integers(0, 399)),
    arrays(int, 5, elements=st.integers(0, 5)),
    st.integers(0, 999),
)
def test_any_people_can_be_housed(age, wanted, seeded):
    """Also those whom no census ever saw: only children, or only men."""
    rng = np.random.default_rng(seeded)
    sex = rng.integers(0, 2, len(age)) if seeded % 3 else np.zeros(len(age), int)
    number = households.feasible(wanted, len(age))
    homes = households.form(age, sex, number, assumptions(), rng)
    np.testing.assert_array_equal(np.sort(homes.person), np.arange(len(age)))
    np.testing.assert_array_equal(np.unique(homes.home), np.arange(number.sum()))
    leads = np.isin(homes.role, (ALONE, HEAD))
    np.testing.assert_array_equal(np.bincount(homes.home, leads), np.ones(number.sum()))
