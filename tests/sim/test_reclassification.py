"""Hukou and land, recoding and merger of villages."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import (
    IN_TOWN,
    IN_VILLAGE,
    NOW,
    PARAMETERS,
    STILL,
    UNITS,
    assert_share,
    build_world,
    counted,
    families,
    levers,
    persons,
    quarter_of,
    run,
    turned,
    two_counties,
    villages,
)
from xiancheng.calibration.priors import draw
from xiancheng.sim import hukou, reclassification
from xiancheng.sim.calendar import Quarter
from xiancheng.sim.conditions import Conditions
from xiancheng.sim.state import Units

Q = NOW + 1
FROZEN = Conditions(recoding_frozen=True)


# Hukou


@pytest.mark.parametrize(
    ("unit", "registered", "granted"),
    [
        (IN_TOWN, IN_VILLAGE, True),
        (IN_TOWN, UNITS, True),
        (IN_TOWN, IN_TOWN + 8, True),
        (IN_TOWN, IN_TOWN + 1, False),
        (IN_TOWN, IN_TOWN, False),
        (IN_VILLAGE, IN_VILLAGE + 8, False),
        (UNITS, IN_VILLAGE, False),
    ],
)
def test_townspeople_registered_elsewhere_are_granted_the_local_hukou(unit, registered, granted):
    """Nobody is granted what they have, and another street of the same town is not elsewhere."""
    quarter = quarter_of(persons(3, unit=unit, hukou=registered))
    hukou.settle(quarter, np.array([1]))
    expected = [registered, unit if granted else registered, registered]
    assert quarter.population.people.hukou.tolist() == expected
    recount = np.bincount(quarter.population.people.hukou, minlength=UNITS + 3)
    assert (quarter.population.registered == recount).all()


def test_openness_is_a_yearly_hazard_on_top_of_the_trend():
    hazard = hukou.settling_hazard(levers(settlement_openness=np.array([0.2, 0, 0, 0])), PARAMETERS)
    trend = PARAMETERS.settling_hazard
    np.testing.assert_allclose(hazard, [trend + 0.2, trend, trend, trend])
    n = 60_000
    model = build_world(
        lambda quarter: levers(settlement_openness=0.4), p=STILL, arrivals=False,
        people=persons(n, unit=IN_TOWN, hukou=UNITS),
    )  # fmt: skip
    lived = run(model, 2).population.people
    years = sum(tick.years for tick in model.quarters[:2])
    living = lived.unit[:n] != UNITS + 2
    expected = 1 - np.exp(-(0.4 + trend) * years)
    assert_share((lived.hukou[:n][living] == IN_TOWN).sum(), living.sum(), expected, detect=0.02)


def test_settling_moves_nobody():
    model = build_world(lambda quarter: turned("settlement_openness"), p=STILL, arrivals=False)
    model.step()
    assert model.population.flows.moves.sum() == 0
    rate = [row["hukou_urbanization_rate"] for row in model.record]
    assert (rate[1] > rate[0]).all()


def test_safer_land_rights_add_the_points_that_the_studies_report():
    """One more in a hundred gone after five years, for whoever would else have stayed."""
    p = replace(PARAMETERS, land_hukou_decoupling=1.0, hukou_reform_effect=2.0)
    rights = hukou.leaving_hazard(levers(land_rights=np.array([0, 1, 0, 0.5])), p)
    np.testing.assert_allclose(1 - np.exp(-5 * rights[[0, 1]]), [0, 0.01])
    np.testing.assert_allclose(rights[3], rights[1] / 2)
    access = hukou.leaving_hazard(levers(hukou_access=np.array([0, 1, 0, 0])), p)
    np.testing.assert_allclose(1 - np.exp(-5 * access[[0, 1]]), [0, 0.02])


def test_whoever_is_moved_into_a_project_flat_keeps_the_village_hukou():
    """A project moves households; the local hukou is granted at a rate of its own."""
    p = replace(STILL, settling_hazard=0.0)
    people = persons(400, hukou=IN_VILLAGE)
    model = build_world(lambda quarter: levers(resettlement=1e6), p=p, people=people)
    model.step()
    moved = model.population.place[model.population.people.unit[:400]] == 0
    assert moved.sum() > 300
    assert (model.population.people.hukou[:400] == IN_VILLAGE).all()


# Recoding


HALF, EVEN = np.full(2, 0.5), np.zeros(2)  # urban share of the counties; as the province


def hazard_of(units, plan=None, *, departure=EVEN, conditions=None, p=PARAMETERS):
    """The hazard of recoding of every unit, half of both counties being urban."""
    return reclassification.recoding_hazard(
        units, HALF, np.asarray(departure), plan or levers(), conditions or Conditions(), p
    )


def test_towns_grow_over_the_villages_next_to_them_first():
    """And over all rural villages together at the rate of the province."""
    units, p = villages(), replace(PARAMETERS, recode_hazard=0.004, recode_contiguity_ratio=5.0)
    hazard = hazard_of(units, p=p)
    assert (hazard[units.urban] == 0).all()
    assert hazard[~units.urban].mean() == pytest.approx(0.004)
    near, far = hazard[units.contiguous], hazard[~units.urban & ~units.contiguous]
    np.testing.assert_allclose(near / far, 5)


def test_a_single_village_that_can_be_recoded_is_so_at_the_rate_of_its_county():
    units, p = villages(), replace(PARAMETERS, recode_hazard=0.004)
    units.urban[5:8] = True  # the first county keeps one village
    hazard = hazard_of(units, p=p)
    assert hazard[4] == pytest.approx(0.004)


def test_a_county_that_departs_from_the_province_recodes_more_or_turns_units_rural():
    """In residents a year: 1.2 points less and 2 points more than the trend of 0.2 points."""
    units, p = villages(), replace(PARAMETERS, recode_hazard=0.004, recode_contiguity_ratio=5.0)
    units.contiguous[3] = True  # urban by contiguity
    hazard = hazard_of(units, departure=[-0.012, 0.02], p=p)
    first, second = hazard[:8], hazard[8:]
    assert (first[4:] == 0).all()
    assert first[0] == 0, "the centre of the county stays urban"
    np.testing.assert_allclose(first[1:4].mean() * 0.5, 0.012 - 0.002)
    np.testing.assert_allclose(first[3] / first[1:3], 5)
    np.testing.assert_allclose(second[4:].mean() * 0.5, 0.02 + 0.002)
    assert (second[:4] == 0).all()


def test_a_plan_can_recode_the_villages_of_one_county_on_top():
    """Also where the trend is to turn units rural."""
    units = villages()
    plan = levers(recoding=np.array([9, 0.3, 9, 0]))
    for departure in (EVEN, np.array([-0.03, 0.03])):
        more = hazard_of(units, plan, departure=departure) - hazard_of(units, departure=departure)
        np.testing.assert_allclose(more[4:8], 0.3)
        assert (more[:4] == 0).all()
        assert (more[8:] == 0).all()


def test_frozen_boundaries_stop_recoding_of_every_kind():
    units = villages()
    for departure in (-0.05, 0.05):
        away = np.full(2, departure)
        assert (
            hazard_of(units, levers(recoding=1.0), departure=away, conditions=FROZEN) == 0
        ).all()
    counties = replace(two_counties(), structural_gap=np.array([0.3, -0.3]))
    model = build_world(
        lambda quarter: levers(recoding=np.array([0, 1, 0, 1.0]), merging=np.array([0, 9, 0, 9.0])),
        p=replace(PARAMETERS, recode_hazard=9.0), conditions=FROZEN, counties=counties, draw=3,
    )  # fmt: skip
    run(model, 4)
    assert model.record[-1]["village_units"].tolist() != [8, 8], "villages are merged all the same"
    assert model.population.units.urban.tolist() == units.urban.tolist()
    assert all((growth.recoding == 0).all() for growth in model.growth)


def test_a_country_without_villages_has_nothing_to_recode():
    units = villages()
    units.urban[:] = True
    for urban in (1.0, 0.5):
        hazard = reclassification.recoding_hazard(
            units, np.full(2, urban), EVEN, levers(recoding=1.0), Conditions(), PARAMETERS
        )
        assert (hazard == 0).all()


def test_units_merged_into_another_wait_for_it():
    """A group of merged villages is recoded as often as one village, not as all of them."""
    units = villages()
    units.merged_into[[5, 6]] = 4
    hazard = hazard_of(units)
    assert (hazard[[5, 6]] == 0).all()
    assert hazard[[4, 7]].mean() == pytest.approx(PARAMETERS.recode_hazard)


# How counties depart from the province


def path(gap, prefecture=0.0, county=0.0, **values):
    """Departures of counties, with the same shocks in all ten years unless they are tables."""
    gap = np.asarray(gap, float)
    shocks = [np.broadcast_to(each, (10, len(gap))) for each in (prefecture, county)]
    return reclassification.recoding_path(gap, *shocks, replace(PARAMETERS, **values))


def test_a_county_coded_too_generously_is_coded_back():
    """Half of a gap is closed in ten years if the rate says so, and the first year's part most."""
    found = path([0.1, -0.06, 0.0], recode_gap_reversion=np.log(2) / 10)
    np.testing.assert_allclose(found.sum(axis=0), [-0.05, 0.03, 0.0], atol=1e-12)
    assert (np.diff(found[:, 0]) > 0).all()
    np.testing.assert_allclose(found[0, 0], -0.1 * (1 - 2**-0.1))


@pytest.mark.parametrize("persistence", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("reversion", [0.03, 0.14])
def test_shocks_spread_counties_as_stated_after_ten_years(persistence, reversion):
    """Whatever their correlation from year to year, and however fast the gap is closed."""
    rng, n = np.random.default_rng(8), 40_000
    prefecture, county = rng.standard_normal((2, 10, n))
    p = {
        "recode_gap_reversion": reversion, "recode_persistence": persistence,
        "recode_prefecture_sd": 0.03, "recode_county_sd": 0.04,
    }  # fmt: skip
    found = path(np.zeros(n), prefecture, county, **p)
    assert found.sum(axis=0).std() == pytest.approx(0.05, rel=0.02)
    alone = path(np.zeros(n), prefecture, 0.0, **p)
    assert alone.sum(axis=0).std() == pytest.approx(0.03, rel=0.02)


def test_recoding_of_one_year_is_like_that_of_the_next():
    """The more persistent its shocks are; without persistence the gap alone turns it back."""
    rng, n = np.random.default_rng(9), 40_000
    shocks = rng.standard_normal((10, n))
    by_persistence = []
    for persistence in (0.0, 0.5, 0.9):
        found = path(np.zeros(n), 0.0, shocks, recode_persistence=persistence)
        by_persistence.append(np.corrcoef(found[4], found[5])[0, 1])
    assert by_persistence[0] < 0.05
    assert by_persistence == sorted(by_persistence)
    assert by_persistence[2] > 0.6


def test_counties_of_a_prefecture_share_their_shocks_and_the_median_world_has_none():
    nearby = {"nearby": np.full((2, 1), -1)}
    paths = {}
    p = replace(PARAMETERS, recode_county_sd=0.0)
    for name, counties in {
        "one": two_counties(), "two": replace(two_counties(), **nearby),
    }.items():  # fmt: skip
        paths[name] = build_world(counties=counties, p=p, draw=5).recoding
    np.testing.assert_array_equal(paths["one"][:, 0], paths["one"][:, 1])
    assert (paths["two"][:, 0] != paths["two"][:, 1]).all()
    assert (build_world(draw=0).recoding == 0).all()
    own = build_world(p=replace(PARAMETERS, recode_prefecture_sd=0.0), draw=5).recoding
    assert (own[:, 0] != own[:, 1]).all()
    assert len(own) == 4, "a row for each year that begins"
    assert (build_world(draw=5, seed=1).recoding == build_world(draw=5, seed=9).recoding).all()


@pytest.mark.parametrize(("gap", "able"), [(-0.2, 4), (0.2, 3)])
def test_a_county_can_lose_urban_residents_though_nobody_moves(gap, able):
    """Of four villages, or of three urban units beside the centre, as many as close the gap."""
    counties = replace(two_counties(), structural_gap=np.array([gap, 0.0]))
    p = replace(
        STILL, recode_hazard=0.0, merge_hazard=0.0, recode_gap_reversion=0.14,
        recode_contiguity_ratio=1.0,
    )  # fmt: skip
    departure = reclassification.recoding_path(counties.structural_gap, *np.zeros((2, 10, 2)), p)
    changed, seeds = 0, 250
    for seed in range(seeds):
        quarter = quarter_of(families(1), p=p, counties=counties, seed=seed)
        units, residents = quarter.population.units, quarter.population.townspeople()
        for number in range(40):
            quarter.quarter = Quarter(Q + number, date(2021, 3, 31), 1.0)
            reclassification.reclassify(
                quarter, HALF, departure[number // 4], levers(), Conditions()
            )
        more = quarter.population.townspeople() - residents
        assert more[1] == 0
        assert more[0] * gap <= 0
        changed += (units.urban != villages().urban).sum()
    closed = abs(gap) * (1 - np.exp(-10 * 0.14)) / 0.5  # of those in villages, or in town
    assert_share(changed, seeds * able, 1 - np.exp(-closed), detect=0.15)


def test_recoding_is_a_yearly_hazard():
    hazard, n = np.full(20_000, 0.4), 20_000
    events = reclassification.drawn(hazard, np.random.default_rng(9).random(n), 0.25)
    assert_share(len(events), n, 1 - np.exp(-0.1), detect=0.02)
    assert len(reclassification.drawn(np.zeros(3), np.zeros(3), 1.0)) == 0


def test_a_village_becomes_urban_around_people_who_never_move():
    """They count as urban at once, they are registered in town, and none of it is migration."""
    still = replace(STILL, merge_hazard=0.0, settling_hazard=0.0)
    model = build_world(lambda quarter: levers(recoding=1e9), p=still, arrivals=False)
    before = model.record[0]
    address = model.population.people.unit.copy()
    model.step()
    alive = model.population.people.unit[: len(address)] != UNITS + 2
    assert (model.population.people.unit[: len(address)] == address)[alive].all()
    assert model.record[-1]["resident_urbanization_rate"].tolist() == [100, 100]
    assert model.record[-1]["hukou_urbanization_rate"].tolist() == [100, 100]
    assert before["resident_urbanization_rate"].tolist() == [50, 50]
    growth = model.growth[0]
    assert (growth.migration == 0).all()
    deaths = model.population.flows.deaths[[1, 3]].sum(axis=1)
    births = model.population.flows.births[[1, 3]].sum(axis=1)
    assert (growth.recoding == before["rural_residents"] - deaths + births).all()


def test_the_unit_a_village_was_merged_into_is_recoded_with_it():
    units = villages()
    units.merged_into[5] = 4
    assert np.flatnonzero(reclassification.with_merged(units, np.array([5]))).tolist() == [4, 5]
    assert np.flatnonzero(reclassification.with_merged(units, np.array([4]))).tolist() == [4, 5]
    assert np.flatnonzero(reclassification.with_merged(units, np.array([6]))).tolist() == [6]


def test_a_recoded_village_brings_its_houses_along():
    """Its people live where they lived: they take no dwelling from newcomers to the town."""
    p = replace(STILL, merge_hazard=0.0, housing_depreciation=0.0, dwelling_growth=0.0)
    rooms = {}
    for recoding in (0.0, 1e9):
        model = run(build_world(lambda q, r=recoding: levers(recoding=r), p=p, arrivals=False), 4)
        rooms[recoding] = model.markets.rooms(model.counts)
    assert (rooms[1e9] >= rooms[0.0] - 50).all()


def test_a_recoded_village_brings_its_school_along():
    """Its children take no seat from those of the town, and none of them is turned away."""
    people, queue = families(60), {}
    people.born[3::5] += 10  # sons who turn six before the next school year
    for recoding in (0.0, 1e9):
        policy = lambda q, r=recoding: levers(recoding=r)  # noqa: E731
        queue[recoding] = run(build_world(policy, p=STILL, people=people), 4).markets.queue.sum()
    assert queue[1e9] == queue[0.0] == 0


def test_draws_of_the_priors_leave_no_hazard_of_recoding_negative():
    for p in draw(20, 3):
        assert (hazard_of(villages(), departure=[-0.1, 0.1], p=p) >= 0).all()
        hazard = hazard_of(villages(), p=p)
        assert (hazard >= 0).all()
        assert hazard[~villages().urban].mean() == pytest.approx(p.recode_hazard)


def test_recoding_back_and_forth_leaves_everything_as_it_was():
    """Units become urban and rural again: people, dwellings, seats, the ledger and its totals."""
    quarter = quarter_of(families(30))
    population, markets = quarter.population, quarter.markets
    place, stock, seats = population.place.copy(), markets.stock.copy(), markets.seats.copy()
    flagged = population.people.flags[population.people.unit == 5].copy()
    up = np.array([5, 13])
    reclassification.recode(quarter, up, up[:0])
    assert np.flatnonzero(population.place != place).tolist() == [5, 13]
    assert (markets.stock > stock).all()
    assert (markets.seats > seats).all()
    reclassification.recode(quarter, up[:0], up)
    assert (population.place == place).all()
    np.testing.assert_allclose(markets.stock, stock)
    np.testing.assert_allclose(markets.seats, seats)
    assert (population.flows.recoded == 0).all()
    assert (population.people.flags[population.people.unit == 5] == 0).all()
    assert flagged.any(), "some owned a flat in town, and it is in town no more"


@given(st.lists(st.integers(0, 15), unique=True), st.lists(st.integers(0, 15), unique=True))
def test_the_ledger_holds_whatever_is_recoded(up, down):
    """Each place gains and loses the people of units whose code changed, and no centre falls."""
    quarter = quarter_of(families(2))
    population, units = quarter.population, quarter.population.units
    units.merged_into[[6, 13, 3]] = 7, 12, 2
    urban, before = units.urban.copy(), counted(quarter).by_sex[:-1]
    reclassification.recode(quarter, np.array(up, int), np.array(down, int))
    after = counted(quarter).by_sex[:-1]
    assert (after - before == population.flows.net[: len(after)]).all()
    groups = [{6, 7}, {12, 13}, {2, 3}]
    for unit in range(UNITS):
        own = next((g for g in groups if unit in g), {unit})
        turned = bool(own & set(down if urban[unit] else up)) and unit not in (0, 8)
        assert units.urban[unit] == (urban[unit] != turned)
    assert population.has_town.all()
    assert (quarter.markets.stock >= 0).all()
    assert (quarter.markets.seats >= 0).all()


def test_units_beside_the_built_up_area_come_first_both_ways():
    units, random = villages(), np.random.default_rng(4).random(UNITS)
    units.contiguous[[2, 11]] = True  # urban by contiguity
    units.merged_into[7] = 6
    up = reclassification.recoding_order(units, random)
    assert sorted(up) == [4, 5, 6, 12, 13, 14, 15]
    assert units.contiguous[up].tolist() == [True] * 4 + [False] * 3
    down = reclassification.recoding_order(units, random, urban=False)
    assert sorted(down) == [1, 2, 3, 9, 10, 11], "the centre of each county stays"
    assert units.contiguous[down].tolist() == [True] * 2 + [False] * 4
    for order in (up, down):
        first = [random[u] for u in order if units.contiguous[u]]
        assert first == sorted(first)


# Merger


def test_villages_merge_at_their_hazard_and_towns_do_not():
    units = villages()
    units.merged_into[5] = 4
    hazard = reclassification.merging_hazard(
        units, levers(merging=np.array([9, 0.1, 9, 0])), PARAMETERS
    )
    p = PARAMETERS.merge_hazard
    np.testing.assert_allclose(hazard[[4, 5, 6, 7]], [p + 0.1, 0, p + 0.1, p + 0.1])
    np.testing.assert_allclose(hazard[12:], p)
    assert (hazard[units.urban] == 0).all()


def slow_merger(units, residents, chosen, u):
    """Villages join one after the other a unit of their township, other than the centre."""
    group = {i: {i} for i in range(len(units))}
    urban = units.urban.tolist()
    for i, host in enumerate(units.merged_into):
        if host != i:
            group[int(host)] |= {i}
            group.pop(i)
    centre = set()
    for county in set(units.county.tolist()):
        coded = [i for i in range(len(units)) if units.county[i] == county and urban[i]]
        centre |= set(coded[:1])
    for village in chosen:
        own = next(h for h, members in group.items() if village in members)
        beside = [
            i for i in range(len(units))
            if units.township[i] == units.township[village]
            and units.county[i] == units.county[village]
        ]  # fmt: skip
        after = beside.index(village) + 1
        others = beside[after:] + beside[: after - 1]
        place = u[village] * len(others)
        onwards = others[int(place) :] + others[: int(place)]
        hosts = [h for i in onwards for h, members in group.items() if i in members]
        near = [h for h in hosts if h != own and not centre & group[h]]
        if near:
            host = near[0]
            persons = {h: sum(residents[m] for m in group[h]) for h in (own, host)}
            if urban[own] != urban[host]:
                townspeople = sum(persons[h] for h in (own, host) if urban[h])
                code = (place - int(place)) * sum(persons.values()) < townspeople
                for member in group[own] | group[host]:
                    urban[member] = code
            group[host] |= group.pop(own)
    into = [next(h for h, members in group.items() if i in members) for i in range(len(units))]
    return into, urban


ten = st.lists(st.integers(0, 9), unique=True)


@given(
    st.lists(st.booleans(), min_size=10, max_size=10),
    st.lists(st.integers(0, 1), min_size=10, max_size=10), ten, ten, st.integers(0, 99),
)  # fmt: skip
def test_merging_fast_and_slow_agree(urban, township, first, then, seed):
    """Within a township of one county; and a second time with the outcome."""
    county, none = np.repeat([0, 1], 5).astype(np.int16), np.zeros(10, bool)
    units = Units(county, np.array(township, np.int16), np.array(urban), none, np.arange(10))
    rng = np.random.default_rng(seed)
    for chosen in (first, then):
        chosen = [i for i in chosen if not units.urban[i] and units.merged_into[i] == i]
        residents, u = rng.integers(1, 99, 10), rng.random(10)
        into, coded = reclassification.merged(units, residents, np.array(chosen, int), u)
        slow = slow_merger(units, residents, chosen, u)
        assert (into.tolist(), coded.tolist()) == slow
        joined = np.flatnonzero(into != np.arange(10))
        assert (units.county[joined] == units.county[into[joined]]).all()
        assert (coded[joined] == coded[into[joined]]).all(), "a merged unit has one code"
        assert (into[into] == into).all()
        units.merged_into[:], units.urban[:] = into, coded


def test_a_merger_draws_the_code_anew_and_favours_neither():
    """Urban residents are as many as before in the mean, though they may double or vanish."""
    n = 10_000
    units = Units(
        np.zeros(3 * n + 1, np.int16),
        np.append(2 * n, np.repeat(np.arange(n), 3)).astype(np.int16),
        np.append(True, np.tile([True, False, False], n)), np.zeros(3 * n + 1, bool),
        np.arange(3 * n + 1, dtype=np.int32),
    )  # fmt: skip
    residents = np.append(1, np.tile([300, 100, 500], n))
    chosen, u = np.arange(2, 3 * n, 3), np.random.default_rng(2).random(3 * n + 1)
    into, urban = reclassification.merged(units, residents, chosen, u)
    joined_town = into[chosen] == chosen - 1
    assert_share(joined_town.sum(), n, 0.5, detect=0.05)
    assert_share(urban[chosen][joined_town].sum(), joined_town.sum(), 0.75, detect=0.06)
    assert not urban[chosen][~joined_town].any(), "two villages make a village"
    townspeople = residents @ urban
    assert townspeople == pytest.approx(residents @ units.urban, rel=0.02)
    frozen = reclassification.merged(units, residents, chosen, u, frozen=True)
    assert (frozen[1] == units.urban).all()
    assert (frozen[0][chosen] == chosen + 1).all()


def test_merger_moves_nobody_and_books_those_whose_code_it_draws():
    """Who lived in town or village by the code lives in the other; the ledger has all of them."""
    model = build_world(
        lambda quarter: turned("merging"), p=replace(STILL, recode_contiguity_ratio=1.0),
        arrivals=False,
    )  # fmt: skip
    address, urban = model.population.people.unit.copy(), model.population.units.urban.copy()
    run(model, 6)
    left = model.record[-1]["village_units"]
    assert (left < 8).all()
    alive = model.population.people.unit[: len(address)] != UNITS + 2
    assert (model.population.people.unit[: len(address)] == address)[alive].all()
    assert (model.population.units.urban != urban).any()
    assert model.population.has_town.all()
    assert any((g.recoding != 0).any() for g in model.growth)
    assert all((g.migration == 0).all() for g in model.growth)


def test_a_closed_school_stays_closed_and_only_villages_lose_one():
    quarter = quarter_of(persons(3))
    closing = levers(school_closure=np.array([0, 1e9, 0, 0]))
    reclassification.reclassify(quarter, HALF, EVEN, closing, Conditions())
    assert np.flatnonzero(quarter.population.school_closed).tolist() == [4, 5, 6, 7]
    reclassification.reclassify(quarter, HALF, EVEN, levers(), Conditions())
    assert np.flatnonzero(quarter.population.school_closed).tolist() == [4, 5, 6, 7]


def test_what_is_recoded_beyond_expectation_is_nothing_on_average_and_has_its_sign():
    n, rng = 40, np.random.default_rng(5)
    units = Units(
        county=np.repeat([0, 1], n // 2).astype(np.int16), township=np.zeros(n, np.int16),
        urban=np.arange(n) % 3 == 0, contiguous=np.zeros(n, bool),
        merged_into=np.arange(n, dtype=np.int32),
    )  # fmt: skip
    residents, chance = rng.integers(100, 2000, n), rng.uniform(0.05, 0.4, n)
    draws = np.array([
        reclassification.beyond_expectation(units, residents, np.flatnonzero(u < chance), chance)
        for u in rng.random((4000, n))
    ])  # fmt: skip
    assert (abs(draws.mean(axis=0)) < 4 * draws.std(axis=0) / np.sqrt(len(draws))).all()
    none = np.empty(0, np.int64)
    without = reclassification.beyond_expectation(units, residents, none, chance)
    to_rural, to_urban = (
        reclassification.beyond_expectation(units, residents, np.array([which]), chance)[0]
        for which in (0, 1)
    )
    assert to_rural - without[0] == pytest.approx(-residents[0])
    assert to_urban - without[0] == pytest.approx(residents[1])
