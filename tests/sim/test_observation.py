"""What a census finds at the end of a run, and who moved, held against a slow twin."""

from datetime import date

import numpy as np
import pytest

from xiancheng.calibration.region import load
from xiancheng.calibration.region.counties import enumerated
from xiancheng.scenarios import simulate
from xiancheng.scenarios.simulation import prepared
from xiancheng.sim import strata
from xiancheng.sim.accounts import ENDS, Movers
from xiancheng.sim.calendar import HALF_YEAR
from xiancheng.sim.observation import FOUND, IN_MOVERS, census
from xiancheng.sim.population import Population
from xiancheng.sim.state import AGES, COLLECTIVE, DEPENDENT, FARM, NO_WORK, SINGLE
from xiancheng.sim.strata import AGED, MOTHERS, Headcount

START = date(2010, 11, 1)
QUARTER = 443  # that the census of 2010 lies in


@pytest.fixture(scope="module")
def register():
    people, units, _, _ = prepared("binzhou", START, 0.01)
    return Population(people, units.copy())


def found(register, quarter=QUARTER):
    counts = Headcount.of(register.count(quarter), MOTHERS)
    return census(register, counts, quarter)


def test_the_census_of_the_start_finds_what_the_pack_says(register):
    before, now = enumerated(load("binzhou"), START), found(register)
    for name in FOUND:
        assert now[name].sum() == pytest.approx(before[name].sum(), rel=0.03), name


def test_a_person_registered_in_another_township_is_an_in_mover_after_half_a_year(register):
    p, units = register.people, register.units
    counts = dict.fromkeys(IN_MOVERS, 0)
    for i in np.flatnonzero(p.unit < units.elsewhere).tolist():
        here, there = int(p.unit[i]), int(p.hukou[i])
        if p.moved_at[i] > QUARTER - HALF_YEAR or here == there:
            continue
        if there == units.elsewhere + 1:
            counts["in_movers_other_province"] += int(p.weight[i])
        elif there == units.elsewhere or units.county[here] != units.county[there]:
            counts["in_movers_same_province"] += int(p.weight[i])
        elif units.township[here] != units.township[there]:
            counts["in_movers_same_county"] += int(p.weight[i])
    assert {name: int(found(register)[name].sum()) for name in IN_MOVERS} == counts
    assert min(counts.values()) > 0


def test_age_groups_hold_the_bands_that_their_names_say():
    """Every band is in one group, and lies within its limits."""
    found = {name: AGES[bands].tolist() for name, bands in AGED.items()}
    assert found == {
        "aged_0_9": [0, 1, 5],
        "aged_10_19": [10, 15],
        "aged_20_29": [20, 25],
        "aged_30_39": [30, 35],
        "aged_40_59": [40, 45, 50, 55],
        "aged_60_over": [60, 65, 70, 75, 80, 85],
    }


def test_who_moved_in_the_last_half_year_is_no_in_mover_yet(register):
    p = register.people
    outside = register.units.elsewhere
    moved = np.flatnonzero((p.unit < outside) & (p.hukou == outside))
    before, since = found(register)["in_movers_same_province"].sum(), p.moved_at[moved].copy()
    p.moved_at[moved] = QUARTER - HALF_YEAR + 1
    after = found(register)["in_movers_same_province"].sum()
    p.moved_at[moved] = since
    assert before - after == p.weight[moved].sum() > 0


def test_households_are_counted_by_who_decides_in_them_and_dormitories_are_not(register):
    p = register.people
    inside = p.unit < register.units.elsewhere
    family = inside & (p.flags & COLLECTIVE == 0)
    role = strata.role_of(p.traits)
    decides = family & (role != DEPENDENT) & (role != SINGLE)
    assert found(register)["family_households"].sum() == p.weight[decides].sum()
    assert found(register)["family_members"].sum() == p.weight[family].sum()
    assert p.weight[inside].sum() > p.weight[family].sum()


def test_age_groups_and_work_leave_nobody_out(register):
    p = register.people
    inside = p.unit < register.units.elsewhere
    now, work = found(register), strata.work_of(p.traits)
    assert sum(now[name].sum() for name in AGED) == p.weight[inside].sum()
    assert now["workers"].sum() == p.weight[inside & (work != NO_WORK)].sum()
    assert now["farmers"].sum() == p.weight[inside & (work == FARM)].sum()


# Who moves


@pytest.fixture(scope="module")
def outcome():
    return simulate("baseline", scale=0.01, start=START, until="2012-12-31")


def test_movers_into_and_out_of_towns_are_those_of_the_books(outcome):
    moved, growth = outcome.movers(), outcome.growth()

    def persons(origin, destination):
        return moved.query("origin == @origin and destination == @destination").persons.sum()

    ledger = {
        ("village", "town"): growth.in_own_village, ("town", "village"): growth.out_own_village,
        ("nearby", "town"): growth.in_nearby, ("town", "nearby"): growth.out_nearby,
        ("province", "town"): growth.in_province, ("town", "province"): growth.out_province,
        ("country", "town"): growth.in_country, ("town", "country"): growth.out_country,
    }  # fmt: skip
    for ends, book in ledger.items():
        assert persons(*ends) == book.sum() > 0, ends


def test_a_move_between_counties_stands_in_the_lines_of_both(outcome):
    moved = outcome.movers()
    left = moved.query("destination == 'nearby'").groupby("age").persons.sum()
    came = moved.query("origin == 'nearby'").groupby("age").persons.sum()
    assert left.to_dict() == came.to_dict()


def test_each_kind_of_mover_is_entered_in_its_own_cell():
    movers, born = Movers.none(2), np.array([QUARTER - 4 * 25], np.int16)
    traits = strata.pack(np.array([1]), np.array([3]), np.array([SINGLE]), np.array([0]))
    never = np.array([-32768], np.int16)
    movers.add(np.array([3]), np.array([2]), born, never, traits, np.array([7]), QUARTER)
    cell = (1, ENDS.index("village"), ENDS.index("town"), 2, 1, 3, strata.SINGLE)
    assert movers.persons[cell] == 7 == movers.persons.sum()
