"""The population: people in households and villages who add up to the census."""

import ast
import csv
import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.conftest import assert_share
from xiancheng.calibration import cache, code_identity
from xiancheng.calibration.population import households, hukou, ipf, synthesis, villages
from xiancheng.calibration.population.assumptions import SynthesisAssumptions, assumptions
from xiancheng.calibration.population.synthesis import build
from xiancheng.calibration.region import load
from xiancheng.sim import strata
from xiancheng.sim.state import (
    ALONE,
    COLLECTIVE,
    COLLEGE,
    DEPENDENT,
    FARM,
    FEMALE,
    HEAD,
    JUNIOR,
    MALE,
    NEVER,
    NO_WORK,
    OWNS_FLAT,
    PRIMARY,
    SENIOR,
    SINGLE,
    Units,
)  # fmt: skip

THEN, NOW = date(2010, 11, 1), date(2020, 11, 1)
BINZHOU = load("binzhou")
CENSUSES = pytest.mark.parametrize("census", [THEN, NOW], ids=["2010", "2020"])


class Seen:
    """A population with what follows from its columns, (row,) unless said otherwise."""

    def __init__(self, census=NOW, scale=0.02, seed=1):
        made = build(BINZHOU, census, scale=scale, seed=seed)
        self.made, self.p, self.units = made, made.people, made.units
        self.now = 4 * (census.year - 1900) + 3
        self.age = (self.now - self.p.born.astype(int)) / 4
        self.sex, self.role = strata.sex_of(self.p.traits), strata.role_of(self.p.traits)
        self.level, self.work = strata.education_of(self.p.traits), strata.work_of(self.p.traits)
        self.place = self.units.place()[self.p.unit]
        self.resident = self.p.unit < self.units.elsewhere
        self.town = self.resident & (self.place % 2 == 0)
        self.village = self.resident & (self.place % 2 == 1)
        self.collective = self.p.flags & COLLECTIVE > 0
        self.moved = self.resident & (self.p.hukou != self.p.unit)
        starts = np.append(True, self.p.next_member[:-1] != np.arange(1, len(self.p)))
        self.home = np.cumsum(starts) - 1
        self.first = np.flatnonzero(starts)  # (home,) its first row
        self.size = np.bincount(self.home)  # (home,)
        self.head = self.first[self.home]
        self.family = (self.resident & ~self.collective)[self.first]  # (home,)

    def couples(self):
        """Heads and their partners, who stand next, (couple,) twice."""
        heads = self.first[self.size > 1]
        partner = heads + 1
        both = (self.role[partner] == DEPENDENT) & (self.sex[partner] != self.sex[heads])
        both &= abs(self.age[partner] - self.age[heads]) < 15
        return heads[both], partner[both]


NOWADAYS, BACK_THEN = Seen(NOW), Seen(THEN)
BOTH = pytest.mark.parametrize("seen", [BACK_THEN, NOWADAYS], ids=["2010", "2020"])


def worst(made):
    """The largest error of each margin over the counties."""
    return made.fit_report(BINZHOU).groupby("margin")["srmse"].max()


# The census


@CENSUSES
@pytest.mark.parametrize("scale", [3e-5, 0.001, 0.01])
def test_town_and_village_have_their_residents_at_any_scale(census, scale):
    made = build(BINZHOU, census, scale=scale, seed=2)
    place = made.units.place()[made.people.unit]
    residents = np.bincount(place, made.people.weight, minlength=17)
    np.testing.assert_array_equal(residents[:14], BINZHOU.urban_rural(census).ravel())
    np.testing.assert_array_equal(residents[14:16], BINZHOU.away(census)[:, 1:].sum(axis=0))


def test_at_scale_one_hundredth_a_row_stands_for_a_hundred_people():
    people = build(BINZHOU, NOW, scale=0.01, seed=1).people
    assert len(people) == pytest.approx(42_300, abs=20)
    assert people.weight.min() >= 98
    assert people.weight.max() <= 102


@CENSUSES
def test_a_hundredth_of_the_people_keeps_every_margin(census):
    errors = worst(build(BINZHOU, census, scale=0.01, seed=1))
    assert (errors[["sex_age", "schooling", "work", "members"]] <= 0.02).all()
    assert (errors[["households", "in_movers"]] <= 0.03).all()
    assert (errors[["urban_rural", "away"]] == 0).all()


@pytest.mark.slow
@CENSUSES
def test_everyone_is_there(census):
    """One row per resident, and every margin to the last person but for schooling."""
    made = build(BINZHOU, census, scale=1, seed=1)
    assert (made.people.weight == 1).all()
    resident = made.people.unit < made.units.elsewhere
    assert resident.sum() == BINZHOU.urban_rural(census).sum()
    assert len(np.unique(made.people.address)) == len(made.people)
    errors = worst(made)
    exact = ["sex_age", "urban_rural", "households", "members", "in_movers", "away"]
    assert (errors[exact] == 0).all()
    assert (errors[["schooling", "work"]] <= 0.005).all()


def test_the_registered_of_2020_are_the_hukou_population():
    """Residents less in-movers from elsewhere, and those away, make up each county's register."""
    p, county_of = NOWADAYS.p, np.append(NOWADAYS.units.county, [7, 7])
    registered = np.bincount(county_of[p.hukou], p.weight, minlength=8)[:7]
    np.testing.assert_allclose(registered, BINZHOU.hukou(NOW), rtol=0.03)


@BOTH
def test_the_town_is_younger_than_the_village(seen):
    """As much as the pack's odds say, which are relative to all ages."""
    odds = BINZHOU.urban_odds(NOW if seen is NOWADAYS else THEN)
    band = strata.age_band(seen.now, seen.p.born.astype(int))
    town, village = (np.bincount(band[where], minlength=19) for where in (seen.town, seen.village))
    old, young = strata.age_band(0, -4 * np.array([72, 27]))
    found = (town / village)[young] / (town / village)[old]
    assert found == pytest.approx(odds[young] / odds[old], rel=0.25)


@BOTH
def test_the_oldest_become_fewer_with_every_year(seen):
    years = np.bincount(np.floor(seen.age[seen.resident]).astype(int))
    assert len(years) <= 101
    assert years[85:88].sum() > 1.3 * years[88:91].sum() > 1.5 * years[91:94].sum()
    assert years[30:35].min() > 0.8 * years[30:35].max()  # but evenly within a census band


@BOTH
def test_many_households_have_someone_of_65(seen):
    """A margin that is not fitted: it shows whether the old are where they should be."""
    old = np.unique(seen.home[seen.resident & ~seen.collective & (seen.age >= 65)])
    census = BINZHOU.households(NOW if seen is NOWADAYS else THEN)["with_65p"].sum()
    assert seen.p.weight[seen.first[old]].sum() == pytest.approx(census, rel=0.12)


# Households


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


# Schooling and work


@BOTH
def test_nobody_is_ahead_of_school(seen):
    for age, level in ((12, PRIMARY), (15, JUNIOR), (18, SENIOR)):
        assert seen.level[np.floor(seen.age) < age].max() == level


@BOTH
def test_the_young_and_the_townspeople_went_to_school_longer(seen):
    def college(who, low, high):
        them = seen.resident & who & (seen.age >= low) & (seen.age < high)
        return (seen.level[them] == COLLEGE).mean()

    anyone = np.ones(len(seen.p), bool)
    by_age = [college(anyone, low, low + 10) for low in (25, 35, 45, 55)]
    assert by_age == sorted(by_age, reverse=True)
    assert college(seen.town, 25, 45) > 1.5 * college(seen.village, 25, 45)


def test_a_cohort_keeps_its_schooling():
    """Who was forty in 2010 is fifty in 2020, and went no further at school meanwhile."""
    past = BACK_THEN.level[BACK_THEN.resident & (abs(BACK_THEN.age - 45) < 5)]
    present = NOWADAYS.level[NOWADAYS.resident & (abs(NOWADAYS.age - 55) < 5)]
    assert abs((past >= SENIOR).mean() - (present >= SENIOR).mean()) < 0.05


@BOTH
def test_schoolchildren_and_the_absent_have_no_work_here(seen):
    assert (seen.work[(seen.age < 16) | ~seen.resident] == NO_WORK).all()


@BOTH
def test_most_adults_work_women_and_the_old_less(seen):
    def employed(who, low, high):
        them = seen.resident & who & (seen.age >= low) & (seen.age < high)
        return (seen.work[them] != NO_WORK).mean()

    men, women = seen.sex == MALE, seen.sex == FEMALE
    assert employed(men, 25, 50) > 0.85
    assert 0.7 < employed(women, 25, 50) < employed(men, 25, 50)
    assert employed(men | women, 65, 75) < 0.7 * employed(men | women, 25, 50)
    assert employed(men | women, 16, 20) < employed(men | women, 20, 25)


@BOTH
def test_farmers_are_old_and_live_in_villages(seen):
    farms = seen.work == FARM
    other = seen.resident & (seen.work > FARM)
    assert seen.age[farms].mean() > seen.age[other].mean() + 5
    assert farms[seen.village].mean() > 2 * farms[seen.town].mean()
    assert (seen.work[seen.village] > FARM).any()  # they commute


# Registration


@BOTH
def test_in_movers_live_in_town_and_come_from_elsewhere(seen):
    assert seen.town[seen.moved].mean() == pytest.approx(0.88, abs=0.01)
    inside = seen.moved & (seen.p.hukou < seen.units.elsewhere)
    township = seen.units.township
    assert (township[seen.p.hukou[inside]] != township[seen.p.unit[inside]]).all()
    same = inside & (
        seen.units.county[np.where(inside, seen.p.hukou, 0)]
        == seen.units.county[np.where(inside, seen.p.unit, 0)]
    )
    rural = ~seen.units.urban[seen.p.hukou[same]]
    assert rural.mean() == pytest.approx(0.7, abs=0.05)


@BOTH
def test_households_move_as_a_whole(seen):
    """But for the last of each origin, in the town and the village of each county."""
    apart = (seen.p.moved_at != seen.p.moved_at[seen.head]) | (
        seen.p.hukou != seen.p.hukou[seen.head]
    )
    assert len(np.unique(seen.home[apart])) <= 10 * 2 * 7
    assert seen.moved.sum() > 7000


@BOTH
def test_everyone_has_been_where_they_are_for_half_a_year(seen):
    moved = seen.p.moved_at[seen.p.moved_at != NEVER].astype(int)
    assert moved.max() <= seen.now - 2
    assert moved.min() >= seen.now - 40
    np.testing.assert_array_equal(seen.p.moved_at != NEVER, seen.moved | ~seen.resident)
    np.testing.assert_array_equal(seen.p.previous_unit, seen.p.hukou)


@BOTH
def test_the_absent_are_villagers_of_working_age(seen):
    away = ~seen.resident
    assert (~seen.units.urban[seen.p.hukou[away]]).all()
    assert seen.age[away].min() >= 18
    assert seen.age[away].max() < 60
    assert seen.age[away].mean() == pytest.approx(39, abs=1.5)
    assert seen.sex[away].mean() == pytest.approx(0.305, abs=0.01)
    assert (seen.role[away] == ALONE).all()


@BOTH
def test_the_absent_went_to_school_like_migrant_workers(seen):
    shares = np.bincount(seen.level[~seen.resident]) / (~seen.resident).sum()
    np.testing.assert_allclose(shares, assumptions().row("away_schooling"), atol=0.005)


@BOTH
def test_in_movers_are_young_and_live_in_dormitories(seen):
    assert seen.age[seen.moved].mean() < seen.age[seen.resident].mean() - 3
    students = seen.resident & (seen.age >= 18) & (seen.age < 25)
    dormitory, home = students & seen.collective, students & ~seen.collective & seen.town
    assert seen.moved[dormitory].mean() > 1.2 * seen.moved[home].mean()


def test_neighbours_exchange_as_many_people_as_they_miss():
    came, missed = np.array([900.0, 60.0, 40.0]), np.array([50.0, 250.0, 200.0])
    near = hukou.neighbours(came, missed, ["371600"] * 3)
    np.testing.assert_allclose(near.sum(axis=1), [450, 30, 20])
    np.testing.assert_allclose(np.diag(near), 0)
    assert near[0, 1] > near[0, 2]


def test_prefectures_do_not_exchange_neighbours():
    """Each balances its own, as it would alone."""
    came, missed = np.array([900.0, 60.0, 40.0, 30.0]), np.array([50.0, 250.0, 20.0, 10.0])
    near = hukou.neighbours(came, missed, ["371600", "371600", "371700", "371700"])
    assert (near[:2, 2:] == 0).all()
    assert (near[2:, :2] == 0).all()
    alone = hukou.neighbours(came[2:], missed[2:], ["371700"] * 2)
    np.testing.assert_array_equal(near[2:, 2:], alone)


# Villages


@BOTH
def test_a_county_has_the_units_of_its_townships(seen):
    listed = BINZHOU.townships
    units = np.bincount(seen.units.township)
    np.testing.assert_array_equal(units, listed["units"])
    codes = np.array([c.code for c in BINZHOU.counties])
    of_unit = codes[seen.units.county]
    np.testing.assert_array_equal(of_unit, listed["county_code"].to_numpy()[seen.units.township])


def test_streets_become_urban_before_towns_and_communities_before_villages():
    kind = np.array([1, 1, 1, 0, 0, 0, 2])
    community = np.array([1, 0, 0, 0, 1, 0, 1]).astype(bool)
    within = np.array([0, 1, 0, 1, 0, 2, 0])
    assert villages.coded_first(kind, community, within).tolist() == [4, 3, 5, 0, 2, 1, 6]


@pytest.mark.parametrize(
    ("residents", "urban"), [((500, 200), 5), ((0, 200), 0), ((500, 0), 10), ((9, 9999), 1)]
)
def test_an_urban_unit_is_larger_by_the_ratio(residents, urban):
    """500 people in 5 urban units are 100 each; 200 in 5 rural ones are 40."""
    assert villages.urban_units(10, np.array(residents), 2.5) == urban


@CENSUSES
def test_villages_differ_in_size(census):
    """By the spread and the ratio of the pack."""
    units, sizes = villages.villages(BINZHOU, census, np.random.default_rng)
    place = units.place()[: len(units)]
    residents = np.bincount(place, sizes)
    np.testing.assert_array_equal(residents, BINZHOU.urban_rural(census).ravel())
    mean = residents / np.bincount(place)
    np.testing.assert_allclose(mean[0::2] / mean[1::2], 2.5, rtol=0.05)
    assert np.log(sizes / mean[place]).std() == pytest.approx(0.6, abs=0.05)


@BOTH
def test_households_of_all_kinds_live_in_every_village(seen):
    for place in range(14):
        sizes = seen.size[(seen.place[seen.first] == place) & seen.family]
        early, late = sizes[: len(sizes) // 2], sizes[len(sizes) // 2 :]
        assert early.mean() == pytest.approx(late.mean(), rel=0.15)


@BOTH
def test_villages_next_to_town_are_those_of_its_townships(seen):
    touched = np.unique(seen.units.township[seen.units.urban])
    beside = ~seen.units.urban & np.isin(seen.units.township, touched)
    np.testing.assert_array_equal(seen.units.contiguous, beside)
    assert 0 < seen.units.contiguous.sum() < (~seen.units.urban).sum()


@given(st.lists(st.integers(1, 6), min_size=1, max_size=30), st.integers(1, 9), st.integers(0, 99))
def test_households_fill_villages_one_after_the_other(members, number, luck):
    total = sum(members)
    sizes = np.random.default_rng(luck).multinomial(total, np.full(number, 1 / number))
    zeros, rural = np.zeros(number, np.int16), np.zeros(number, bool)
    units = Units(zeros, zeros, rural, rural, np.arange(number, dtype=np.int32))
    head = np.cumsum(members) - members
    fast = villages.assign_units(0, np.ones(total, int), head, units, sizes)
    slow, ahead = [], 0
    for size in members:
        slow.append(next(u for u in range(len(sizes)) if sum(sizes[: u + 1]) > ahead))
        ahead += size
    assert fast.tolist() == slow


# Luck


def test_the_same_seed_makes_the_same_population():
    again = build(BINZHOU, NOW, scale=0.001, seed=5).people
    first = build(BINZHOU, NOW, scale=0.001, seed=5).people
    other = build(BINZHOU, NOW, scale=0.001, seed=6).people
    for name in ("address", "born", "unit", "hukou", "next_member", "traits"):
        np.testing.assert_array_equal(getattr(again, name), getattr(first, name))
    assert (other.born != first.born).any()
    np.testing.assert_array_equal(other.address, first.address)


def test_the_order_of_dictionaries_does_not_matter():
    code = (
        "import hashlib, datetime as d\n"
        "from xiancheng.calibration.population.synthesis import build\n"
        "from xiancheng.calibration.region import load\n"
        "made = build(load('binzhou'), d.date(2020, 11, 1), scale=3e-4, seed=1)\n"
        "tables = [*vars(made.people).values(), *vars(made.units).values()]\n"
        "columns = b''.join(column.tobytes() for column in tables)\n"
        "print(hashlib.sha256(columns).hexdigest())"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            cwd=Path(__file__).parent.parent, env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "7")
    }  # fmt: skip
    assert len(printed) == 1


def test_no_two_people_share_an_address():
    both = np.concatenate([synthesis.addresses(code, 100_000) for code in (371602, 371603)])
    assert len(np.unique(both)) == 200_000
    bits = (both[:, None] >> np.arange(64, dtype=np.uint64) & np.uint64(1)).mean(axis=0)
    np.testing.assert_allclose(bits, 0.5, atol=0.01)


# Fitting and rounding

amounts = arrays(float, st.integers(1, 12), elements=st.floats(0, 50))


@given(amounts, st.integers(0, 200), st.floats(0, 1, exclude_max=True))
def test_whole_numbers_add_up_and_stay_near(x, total, start):
    got = ipf.controlled_rounding(x, total, start)
    if x.sum() == 0:
        assert not got.any()
        return
    exact = x * (total / x.sum())
    assert got.sum() == total
    assert (np.floor(exact - 1e-6) <= got).all()
    assert (got <= np.ceil(exact + 1e-6)).all()


def test_rounding_favours_nobody():
    """Cells of a third each round up a third of the time."""
    starts = (np.arange(999) + 0.5) / 999
    mean = np.mean([ipf.controlled_rounding(np.ones(6), 2, u) for u in starts], axis=0)
    np.testing.assert_allclose(mean, 1 / 3, atol=0.002)


tables = arrays(float, (5, 3), elements=st.floats(0.1, 9))


@given(tables, arrays(int, (5, 3), elements=st.integers(0, 40)), st.integers(0, 99))
def test_a_fitted_table_in_whole_numbers_keeps_its_margins(seed, people, luck):
    rows, columns = people.sum(axis=1), people.sum(axis=0)
    table = ipf.ipf(seed, rows, columns)
    np.testing.assert_allclose(table.sum(axis=1), rows, atol=1e-6)
    np.testing.assert_allclose(table.sum(axis=0), columns, atol=1e-3)
    got = ipf.round_table(table, rows, columns, np.random.default_rng(luck))
    np.testing.assert_array_equal(got.sum(axis=1), rows)
    assert (got >= 0).all()
    assert abs(got.sum(axis=0) - columns).max() <= 2


def test_fitting_keeps_the_odds_of_the_seed():
    seed = np.array([[4.0, 1.0], [1.0, 1.0]])
    table = ipf.ipf(seed, [30, 70], [50, 50])
    odds = table[0, 0] * table[1, 1] / (table[0, 1] * table[1, 0])
    assert odds == pytest.approx(4)


@given(arrays(int, (4, 3), elements=st.integers(0, 6)), st.integers(0, 99))
def test_everyone_gets_one_of_what_is_handed_out_in_their_cell(table, luck):
    cell = np.random.default_rng(luck).permutation(np.repeat(np.arange(4), table.sum(axis=1)))
    got = ipf.assign_columns(cell, table, np.random.default_rng(luck))
    counted = np.zeros_like(table)
    np.add.at(counted, (cell, got), 1)
    np.testing.assert_array_equal(counted, table)


def test_what_is_handed_out_does_not_follow_the_order_of_people():
    n = 40_000
    table = np.array([[n // 4, 3 * n // 4]])
    got = ipf.assign_columns(np.zeros(n, int), table, np.random.default_rng(5))
    assert_share(int(got[: n // 2].sum()), n // 2, 0.75, detect=0.03)


def test_picks_follow_their_weights():
    rng, weight = np.random.default_rng(3), np.repeat([1.0, 3.0], 200_000)
    chosen = ipf.weighted_sample(weight, 4000, rng)
    assert len(np.unique(chosen)) == 4000
    assert_share(int((chosen >= 200_000).sum()), 4000, 0.75, detect=0.07)


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
def test_any_people_can_be_housed(age, wanted, luck):
    """Also those whom no census ever saw: only children, or only men."""
    rng = np.random.default_rng(luck)
    sex = rng.integers(0, 2, len(age)) if luck % 3 else np.zeros(len(age), int)
    number = households.feasible(wanted, len(age))
    homes = households.form(age, sex, number, assumptions(), rng)
    np.testing.assert_array_equal(np.sort(homes.person), np.arange(len(age)))
    np.testing.assert_array_equal(np.unique(homes.home), np.arange(number.sum()))
    leads = np.isin(homes.role, (ALONE, HEAD))
    np.testing.assert_array_equal(np.bincount(homes.home, leads), np.ones(number.sum()))


# The cache


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A function that asks for a small population, with a cache of its own."""
    monkeypatch.setenv("XIANCHENG_CACHE", str(tmp_path))
    return lambda **asked: synthesis.synthetic_population(
        BINZHOU, **{"start": NOW, "scale": 3e-4, "seed": 1} | asked
    )


def files(folder):
    return {f.name: f for f in folder.rglob("*.npy")}


def test_a_population_is_built_once(kept, monkeypatch):
    built = kept()
    monkeypatch.setattr(synthesis, "build", None)  # would fail if called
    opened = kept()
    assert isinstance(opened.people.born, np.memmap)
    assert not opened.people.born.flags.writeable
    np.testing.assert_array_equal(opened.people.traits, built.people.traits)
    assert opened.fit == built.fit
    opened.units.urban[0] = False  # units are few, and the caller's own


def test_another_question_gets_another_answer(kept, tmp_path):
    for asked in ({}, {"seed": 2}, {"scale": 4e-4}, {"start": THEN}):
        kept(**asked)
    assert len([f for f in (tmp_path / "population").iterdir() if f.is_dir()]) == 4


def test_a_torn_cache_is_built_again(kept, tmp_path):
    intact = np.array(kept().people.born)
    file = files(tmp_path)["people.born.npy"]
    written = file.stat().st_mtime_ns
    file.write_bytes(file.read_bytes()[:-100])
    os.utime(file, ns=(written, written))
    np.testing.assert_array_equal(kept().people.born, intact)
    assert len(np.load(file)) == len(intact)


def test_an_altered_cache_is_built_again(kept, tmp_path):
    intact = np.array(kept().people.born)
    file = files(tmp_path)["people.born.npy"]
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    np.testing.assert_array_equal(kept().people.born, intact)


@pytest.mark.parametrize("name", ["people.born.npy", "manifest.json"])
def test_a_flipped_bit_is_seen_when_a_process_first_opens_a_population(
    kept, tmp_path, monkeypatch, name
):
    """Size and time of writing are as they were: only reading the file tells."""
    born, fit = np.array(kept().people.born), kept().fit
    [file] = tmp_path.rglob(name)
    written, content = file.stat().st_mtime_ns, bytearray(file.read_bytes())
    place = content.rindex(b"0.0") if name == "manifest.json" else len(content) - 1
    content[place] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(written, written))
    monkeypatch.setattr(cache, "_VERIFIED", set())  # as in another process
    again = kept()
    np.testing.assert_array_equal(again.people.born, born)
    assert again.fit == fit


def test_a_kind_of_cache_is_bounded_and_loses_what_was_not_used_for_longest(kept, tmp_path):
    for seed in (1, 2, 3):
        kept(seed=seed)
    kind = tmp_path / "population"
    first, second, third = (kind / synthesis.key(BINZHOU, NOW, 3e-4, seed) for seed in (1, 2, 3))
    for hours, folder in ((5, first), (4, second), (3, third)):
        os.utime(folder, (time.time() - 3600 * hours,) * 2)
    kept(seed=1)  # used again
    each = sum(file.stat().st_size for file in third.iterdir())
    cache.bound(kind, most=int(2.5 * each))
    assert {first, third} == {*kind.iterdir()}
    cache.bound(kind, most=1)
    assert {first} == {*kind.iterdir()}  # within the hour nothing is removed


def test_a_new_population_makes_room_for_itself(kept, tmp_path, monkeypatch):
    kept(seed=1)
    kind = tmp_path / "population"
    draft = kind / ".new-killed"
    draft.mkdir()
    for folder in kind.iterdir():
        os.utime(folder, (time.time() - 90000,) * 2)
    monkeypatch.setattr(cache.bound, "__defaults__", (1,))
    kept(seed=2)
    assert [folder.name for folder in kind.iterdir()] == [synthesis.key(BINZHOU, NOW, 3e-4, 2)]


def test_a_cache_without_its_manifest_is_built_again(kept, tmp_path):
    intact = np.array(kept().people.born)
    for manifest in tmp_path.rglob("manifest.json"):
        manifest.write_text("{", encoding="utf-8")
    np.testing.assert_array_equal(kept().people.born, intact)


def test_a_cache_that_cannot_be_written_is_no_reason_to_stop(kept, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv("XIANCHENG_CACHE", str(tmp_path / "file"))
    assert len(kept().people) > 1000


def test_the_cache_knows_all_that_a_population_depends_on(monkeypatch):
    """Every package of ours that the build imports is part of its key."""
    folder = Path(synthesis.__file__).parents[2]
    for package in synthesis.CODE:
        for file in (folder / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom):
                    ours, _, rest = (node.module or "").partition(".")
                    top = rest.partition(".")[0] if ours == code_identity.PROGRAM else ""
                    assert top not in {*code_identity.PACKAGES} - {*synthesis.CODE}, file
    before = synthesis.key(BINZHOU, NOW, 0.01, 1)
    monkeypatch.setattr(code_identity, "digest", lambda *_: "another program")
    assert synthesis.key(BINZHOU, NOW, 0.01, 1) != before


# What is assumed


def test_every_assumption_is_used(monkeypatch):
    """A number that nothing reads would only pretend to matter."""
    read = set()

    class Watched(SynthesisAssumptions):
        def __getitem__(self, name):
            read.add(name)
            return super().__getitem__(name)

        def steps(self, name):
            read.add(name)
            return super().steps(name)

    on_file = assumptions().values
    monkeypatch.setattr(synthesis, "assumptions", lambda: Watched(on_file))
    build(BINZHOU, NOW, scale=3e-4, seed=1)
    assert read == {name for name, _ in on_file}


def test_every_assumption_says_how_far_it_may_be_off():
    text = Path(synthesis.__file__).with_name("assumptions.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        assert float(row["low"]) <= float(row["value"]) <= float(row["high"]), row
        assert row["unit"], row
        assert (row["status"] == "assumed") == (row["source"] == "assumption"), row


# What cannot be


@pytest.mark.parametrize("scale", [0, -0.5, 1.5, 1e9, float("nan")])
def test_a_scale_lies_between_nothing_and_everyone(scale):
    with pytest.raises(ValueError, match="more than 0 and at most 1"):
        build(BINZHOU, NOW, scale=scale, seed=1)


def test_a_start_needs_a_census():
    with pytest.raises(ValueError, match=r"no census of 2015-11-01 .* 2010-11-01, 2020-11-01"):
        build(BINZHOU, date(2015, 11, 1), scale=0.01, seed=1)
