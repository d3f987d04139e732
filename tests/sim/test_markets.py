"""Jobs and wages, dwellings and prices, services."""

from dataclasses import replace
from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import (
    IN_TOWN,
    IN_VILLAGE,
    NOW,
    PARAMETERS,
    UNITS,
    counted,
    families,
    levers,
    persons,
    quarter_of,
    two_counties,
)
from xiancheng.sim import housing, labour, markets, services, strata
from xiancheng.sim.conditions import Conditions
from xiancheng.sim.randomness import Stream
from xiancheng.sim.state import (
    AGES,
    FARM,
    INDUSTRY,
    JUNIOR,
    NO_WORK,
    PRIMARY,
    SENIOR,
    SERVICES,
)

Q = NOW + 1
NORMAL = Conditions()
some = st.floats(0, 1e5)


# Jobs


def wanted(base=1000.0, ratio=1.0, years=0.0, policy=None, conditions=NORMAL, p=PARAMETERS):
    jobs = labour.jobs_wanted(
        np.full((2, 2), base), np.full(2, ratio), years, policy or levers(), conditions, p
    )
    return jobs[0].tolist()


def test_jobs_grow_with_the_trend_and_shrink_with_the_wage():
    p = replace(PARAMETERS, job_growth=0.02, labour_demand_elasticity=0.5)
    assert wanted(p=p) == [1000, 1000]
    assert wanted(years=3, p=p) == [int(1000 * 1.02**3)] * 2
    assert wanted(years=3, p=p, conditions=Conditions(job_growth=-0.02)) == [1000, 1000]
    assert wanted(ratio=1.1, p=p) == [int(1000 * 1.1**-0.5)] * 2


def test_a_tradable_job_brings_a_few_that_serve_it():
    """A returnee's firm or a public post in town is one job in services and no more."""
    p = replace(PARAMETERS, job_multiplier=0.2)
    assert wanted(policy=levers(tradable_jobs=100), p=p) == [1100, 1020]
    assert wanted(policy=levers(returnee_jobs=100), p=p) == [1000, 1100]
    assert wanted(policy=levers(urban_posts=100), p=p) == [1000, 1100]


def test_jobs_end_by_turnover_and_on_retirement():
    farming, industry, services_ = labour.separation_hazard(np.array([0.4]), PARAMETERS)[0].T
    assert (industry == services_).all()
    young = 1 - np.exp(-industry[AGES == 30] / 4)
    np.testing.assert_allclose(young, PARAMETERS.job_separation)
    np.testing.assert_allclose(industry[AGES >= 60] - industry[AGES == 30], PARAMETERS.retirement)
    np.testing.assert_allclose(industry[AGES < 60], industry[0])
    added = PARAMETERS.farm_retirement * (AGES >= 60)
    np.testing.assert_allclose(farming, 0.4 * PARAMETERS.farm_exit + added)


def test_jobs_come_free_by_turnover_retirement_and_departure():
    p = replace(PARAMETERS, job_separation=0.03, retirement=0.2)
    holders = np.where(AGES >= 60, 10, 50) * np.array([[1], [2]])
    ending = labour.jobs_ending(holders, np.array([0.0, 0.04]), p)
    old, all_ = holders[:, AGES >= 60].sum(axis=1), holders.sum(axis=1)
    np.testing.assert_allclose(ending, 0.03 * all_ + 0.05 * old + [0, 0.01] * all_)


def test_only_jobs_that_no_longer_exist_are_cut():
    filled, jobs = np.array([[100, 100], [0, 50]]), np.array([[80.0, 120.0], [0.0, 0.0]])
    assert labour.lay_off_share(filled, jobs).tolist() == [[0.2, 0], [0, 1]]


@given(some, some, st.floats(0, 50), st.floats(0.3, 0.7))
def test_nobody_is_hired_twice_and_no_job_is_filled_twice(searchers, vacancies, a, phi):
    p = replace(PARAMETERS, matching_exponent=phi)
    matched = labour.hires(np.array([searchers]), np.array([vacancies]), np.array([a]), p)[0]
    possible = a * searchers**phi * vacancies ** (1 - phi)
    assert matched == pytest.approx(min(possible, searchers, vacancies))


def test_matching_starts_in_balance():
    """In the first quarter as many are hired as jobs end and are added."""
    quarter = quarter_of(families(300))
    m, p = quarter.markets, PARAMETERS
    filled = markets.employed(counted(quarter), 2).sum(axis=1)
    hired = m.hire_rate * markets.by_county(markets.looking(counted(quarter), levers(), p))
    leaving = np.full(2, 24.0) / counted(quarter).by_sex[:4].reshape(2, -1).sum(axis=1)
    ending = labour.jobs_ending(markets.with_jobs(counted(quarter), 2), leaving, p)
    expected = ending + filled * p.job_growth / 4
    np.testing.assert_allclose(hired, expected, rtol=0.02)  # whole jobs: rounded down


def test_who_looks_for_a_job_and_how_hard():
    p = PARAMETERS
    effort = labour.search(levers(), np.full(4, 100.0), p)[0]
    working = (AGES >= 15) & (AGES < 60)
    assert (effort[~working] == 0).all()
    assert (effort[:, [INDUSTRY, SERVICES]] == 0).all()
    assert (effort[working, NO_WORK, PRIMARY] == p.search_none).all()
    assert (effort[working, FARM, JUNIOR] == p.search_farm).all()
    np.testing.assert_allclose(effort[working, FARM, SENIOR] / p.search_farm, 1 + p.skilled_hiring)


def test_training_helps_those_trained_and_no_more():
    p, adults = PARAMETERS, np.array([100.0, 100.0, 100.0, 0.0])
    plain = labour.search(levers(), adults, p)
    for trained, share in ((50, 0.5), (100, 1.0), (900, 1.0)):
        gained = labour.search(levers(training=trained), adults, p)[:3]
        ratio = gained[plain[:3] > 0] / plain[:3][plain[:3] > 0]
        np.testing.assert_allclose(ratio, 1 + share * p.training_employment_effect / 100)
    assert np.isfinite(labour.search(levers(training=50), adults, p)).all()


def test_wages_fall_when_more_people_look_for_work():
    p, at_start = PARAMETERS, np.full(4, 0.05)
    ratio = labour.wage_ratio(np.array([0.05, 0.10, 0.025, 1.0]), at_start, p)
    expected = [1, 2**p.wage_curve_elasticity, 0.5**p.wage_curve_elasticity]
    np.testing.assert_allclose(ratio[:3], expected)
    assert ratio[3] == pytest.approx(5**p.wage_curve_elasticity)  # not beyond what was observed
    assert labour.wage_ratio(np.array([0.1]), np.zeros(1), p) == 1


def test_a_villager_weighs_the_job_in_town_less_the_way_there():
    p = replace(PARAMETERS, commuting_cost=0.1)
    income = labour.expected_income(
        np.array([0.25]), np.array([40e3]), np.array([[10e3, 16e3]]), np.array([1.0]), p
    )
    np.testing.assert_allclose(income, [[0.25 * 40e3 + 7.5e3, 0.25 * 36e3 + 12e3]])
    near = labour.expected_income(
        np.array([0.25]), np.array([40e3]), np.array([[10e3, 16e3]]), np.array([0.5]), p
    )
    np.testing.assert_allclose(near, [[17.5e3, 0.25 * 38e3 + 12e3]])


def test_help_for_villages_is_income_in_villages_only():
    base = np.array([[12e3, 16e3], [12e3, 16e3]])
    for name in ("farm_chain_income", "rooftop_income", "work_relief_income"):
        now = labour.home_income(base, levers(**{name: np.array([9e9, 700, 9e9, 0])}))
        assert now.tolist() == [[12e3, 16.7e3], [12e3, 16e3]]


def moving(filled, hired, commuting=1.0, beds=0.0, p=PARAMETERS):
    return labour.moving_share(
        *(np.array([float(x)]) for x in (filled, hired, commuting, beds)), p
    )[0]


def test_of_new_jobs_filled_a_share_brings_people_to_town():
    """Whoever takes over an old job commutes like the one before."""
    p = PARAMETERS
    assert moving(100, 100) == pytest.approx(p.job_mover_share)
    assert moving(25, 100) == pytest.approx(p.job_mover_share / 4)
    assert moving(300, 100) == pytest.approx(p.job_mover_share)
    assert moving(0, 100) == moving(50, 0) == 0


def test_cheap_commuting_keeps_people_in_the_village():
    p = replace(PARAMETERS, job_mover_share=0.25, commute_cost_elasticity=-1.0)
    assert moving(100, 100, commuting=0.5, p=p) == pytest.approx(1 / (1 + 3 * 2))


def test_a_new_bed_can_turn_a_commuter_into_a_resident():
    p = PARAMETERS
    assert moving(0, 100, beds=10) == pytest.approx(0.1 * p.bed_takeup)
    assert moving(100, 100, beds=9e9) == pytest.approx(p.job_mover_share + p.bed_takeup)
    assert moving(100, 100, beds=9e9, p=replace(p, job_mover_share=0.9, bed_takeup=0.6)) == 1


def test_a_bed_is_new_once():
    quarter = quarter_of(families(20))
    m, share = quarter.markets, []
    for beds in (0, 50, 50, 20, 50):
        m.post(counted(quarter), levers(dormitory_beds=beds), NORMAL, 0.0, 1.0, PARAMETERS)
        share.append(m.moving_share[0])
    assert share[1] > share[0]
    assert share[2] == share[3] == share[4] == share[0]


def employed(quarter, rows):
    """Those of `rows` take up work; what the market says next, per villager hired."""
    quarter.population.employ(rows, np.full(len(rows), INDUSTRY))
    m, more = quarter.markets, levers(tradable_jobs=1e4)
    m.post(counted(quarter), more, NORMAL, 0.0, 1.0, PARAMETERS)
    villagers = markets.looking(counted(quarter), more, PARAMETERS).sum(axis=(1, 2, 3))[1]
    return m.moving_share[0] * m.hire_rate[0] * villagers


def test_a_new_job_brings_people_when_it_is_filled_and_once():
    """Ten thousand jobs that stand open bring nobody; so do jobs that were filled before."""
    n = 400
    quarter = quarter_of(persons(n, work=np.repeat([FARM, INDUSTRY], n // 2)))
    nobody, share = np.empty(0, np.int64), PARAMETERS.job_mover_share
    assert employed(quarter, nobody) == 0
    assert employed(quarter, np.arange(5)) == pytest.approx(5 * share)
    assert employed(quarter, nobody) == 0
    quarter.population.employ(np.arange(5), np.full(5, FARM))
    assert employed(quarter, np.arange(5)) == 0
    assert employed(quarter, np.arange(5, 7)) == pytest.approx(2 * share)


@pytest.mark.parametrize("seed", range(5))
def test_hires_never_exceed_vacancies(seed):
    """In neither sector of either county; and a farmer hired is a farmer no more."""
    n, rng = 600, np.random.default_rng(seed)
    people = persons(n, work=rng.choice([NO_WORK, FARM], n), unit=rng.integers(0, UNITS, n),
                     weight=rng.integers(1, 4, n))  # fmt: skip
    quarter = quarter_of(people, seed=seed)
    quarter.markets.vacancies = rng.integers(0, 120, (2, 2)) + 0.7
    hired, u = labour.hire(quarter, np.arange(n))
    assert np.array_equal(u, quarter.uniform(Stream.HIRED, hired))  # those the next rule takes
    p = quarter.population.people
    at_work = np.flatnonzero(strata.work_of(p.traits) >= INDUSTRY)
    assert sorted(hired) == at_work.tolist()
    filled = np.zeros((2, 2))
    county, sector = quarter.place(at_work) // 2, strata.work_of(p.traits[at_work]) - INDUSTRY
    np.add.at(filled, (county, sector), p.weight[at_work])
    assert (filled <= quarter.markets.vacancies).all()
    assert (filled > quarter.markets.vacancies - 4).all()  # and none is left that one could take


def test_nobody_is_hired_where_there_is_no_vacancy():
    quarter = quarter_of(persons(50))
    quarter.markets.vacancies = np.zeros((2, 2))
    assert len(labour.hire(quarter, np.arange(50))[0]) == 0


def test_a_job_that_ends_comes_free_and_one_that_is_cut_does_not():
    """Where employers want 30 of the 100 they have, those let go are not hired back."""
    for jobs, rehired in ((100, 100), (30, 30), (0, 0)):
        quarter = quarter_of(persons(200, work=np.repeat([INDUSTRY, FARM], 100)))
        quarter.markets.wanted = np.full((2, 2), float(jobs))
        quarter.markets.vacancies = np.array([[0.0, 0.0], [0.0, 0.0]])
        labour.separate(quarter, np.arange(100))
        assert len(labour.hire(quarter, np.arange(100, 200))[0]) == rehired


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_some_villagers_who_lose_a_job_go_back_to_the_land(share):
    """Whoever loses one in town is out of work; who gives up farming is too, and frees no job."""
    work, unit = [INDUSTRY, SERVICES, FARM, FARM], [IN_TOWN, IN_VILLAGE, IN_TOWN, IN_VILLAGE]
    quarter = quarter_of(
        persons(4, work=work, unit=unit), p=replace(PARAMETERS, back_to_land=share)
    )
    quarter.markets.wanted, quarter.markets.filled = np.full((2, 2), 9.0), np.full((2, 2), 9)
    quarter.markets.vacancies = np.zeros((2, 2))
    labour.separate(quarter, np.arange(4))
    then = strata.work_of(quarter.population.people.traits).tolist()
    assert then == [NO_WORK, FARM if share else NO_WORK, NO_WORK, NO_WORK]
    assert quarter.markets.vacancies.tolist() == [[1, 1], [0, 0]]


# Housing


def test_building_replaces_what_decays_and_follows_the_price():
    p = replace(PARAMETERS, housing_depreciation=0.0025, dwelling_growth=0.02)
    p = replace(p, housing_supply_elasticity=2.0)
    begun = housing.starts(np.array([1000.0, 1000.0]), np.array([1.0, 1.1]), p)
    np.testing.assert_allclose(begun, [7.5, 7.5 * 1.21])


def test_land_adds_a_quarter_of_a_years_dwellings_a_quarter():
    land = levers(land_supply=np.array([400, 9, 0, 9]))
    done = housing.completions(np.array([10.0, 10.0]), land, 1.0)
    assert done.tolist() == [110, 10]
    assert housing.completions(np.array([10.0, 10.0]), land, 0.5).tolist() == [55, 5]


def test_dwellings_decay_by_a_share_a_quarter():
    p = replace(PARAMETERS, housing_depreciation=0.01)
    assert housing.remaining(np.array([100.0]), p, 1.0) == pytest.approx(99)
    assert housing.remaining(np.array([100.0]), p, 0.0) == 100


def test_a_dwelling_begun_now_is_finished_in_two_years():
    quarter = quarter_of(families(5))
    m, p = quarter.markets, PARAMETERS
    m.begun = [np.zeros(2) for _ in m.begun[1:]] + [np.full(2, 500.0)]
    stock = []
    for _ in range(9):
        m.post(counted(quarter), levers(), NORMAL, 0.0, 1.0, p)
        stock.append(m.stock[0])
    grown = np.flatnonzero(np.diff(stock) > 400)
    assert grown.tolist() == [6]


def test_prices_fall_when_dwellings_stand_empty_and_growth_lasts():
    p = replace(
        PARAMETERS, housing_theta=0.1, housing_natural_vacancy=0.15, housing_rho=0.5,
        house_price_trend=0.0,
    )  # fmt: skip
    vacant, before = np.array([0.15, 0.25, 0.15]), np.array([0.0, 0.0, 0.02])
    growth = housing.price_growth(before, vacant, NORMAL, p)
    np.testing.assert_allclose(growth, [0, -0.01, 0.01], atol=1e-15)


def test_prices_fall_with_their_trend_outside_at_the_usual_vacancy():
    """The condition is a departure from it; both in the long run, whatever the persistence."""
    p = replace(PARAMETERS, house_price_trend=-0.06)
    usual = np.full(2, p.housing_natural_vacancy)
    for departure, yearly in ((0.0, -0.06), (0.04, -0.02)):
        growth = np.zeros(2)
        for _ in range(80):
            growth = housing.price_growth(
                growth, usual, Conditions(house_price_growth=departure), p
            )
        np.testing.assert_allclose(4 * growth, yearly, rtol=1e-6)


def test_renovation_makes_flats_better_and_adds_none():
    p, stock = PARAMETERS, np.array([1000.0, 0.0])
    for renovated, share in ((250, 0.25), (1000, 1), (5000, 1)):
        quality = housing.quality(stock, levers(renovated_dwellings=renovated), p)
        np.testing.assert_allclose(quality, [share * p.renovation_price_effect / 100, 0])
    grown = {}
    for renovated in (0, 1e5):
        quarter = quarter_of(families(5))
        quarter.markets.post(
            counted(quarter), levers(renovated_dwellings=renovated), NORMAL, 0.0, 1.0, p
        )
        grown[renovated] = quarter.markets.stock.tolist()
    assert grown[0] == grown[1e5]


def test_looking_at_the_market_does_not_move_it():
    """Offers that are posted for no time at all, as before the start, leave every price alone."""
    quarter = quarter_of(families(20))
    m = quarter.markets
    before = [m.stock.tolist(), m.price.tolist(), m.price_growth.tolist()]
    m.post(counted(quarter), levers(), NORMAL, 0.0, 0.0, PARAMETERS)
    assert [m.stock.tolist(), m.price.tolist(), m.price_growth.tolist()] == before


def test_no_more_dwellings_are_occupied_than_there_are():
    few = replace(two_counties(), dwellings=np.array([10.0, 1500.0]))
    quarter = quarter_of(families(60), counties=few)
    occupied, rooms = (
        quarter.markets.occupied(counted(quarter)),
        quarter.markets.rooms(counted(quarter)),
    )
    assert occupied[0] == quarter.markets.stock[0]
    assert rooms[0] == 0
    people = counted(quarter).by_sex[2].sum()
    assert occupied[1] == pytest.approx(people / 2.8)
    assert rooms[1] == pytest.approx(quarter.markets.stock[1] * 2.8 - people, abs=1)


def test_an_empty_town_has_no_vacancy_rate_to_divide_by():
    share = housing.vacancy(np.array([0.0, 100.0]), np.array([0.0, 80.0]))
    np.testing.assert_allclose(share, [0, 0.2])


def test_a_project_moves_as_many_households_a_year_as_it_says():
    hazard = housing.resettling_hazard(levers(resettlement=30), np.array([300.0, 0.0]))
    np.testing.assert_allclose(hazard, [0.1, 0])


# Services

INDEXES = (services.health, services.elder_care, services.childcare, services.amenity)


@given(st.floats(0, 4), st.floats(0.01, 2), st.floats(0.5, 2))
def test_the_more_there_is_the_less_one_more_adds(stock, more, saturation):
    p = replace(PARAMETERS, amenity_saturation=saturation)
    first, second, third = services.saturating(stock + more * np.arange(3), p)
    assert 0 <= first < second < third <= 1
    assert third - second < second - first


@pytest.mark.parametrize("index", INDEXES)
def test_every_place_starts_with_one_stock_of_everything(index):
    start = 1 - exp(-1 / PARAMETERS.amenity_saturation)
    np.testing.assert_allclose(index(levers(), PARAMETERS), start)


def test_the_things_of_one_domain_saturate_together():
    """Two hospitals' worth, however named, are two; and only where they stand."""
    x0 = PARAMETERS.amenity_saturation
    health = services.health(levers(hospital=0.5, subcentres=0.3, disability_care=0.2), PARAMETERS)
    np.testing.assert_allclose(health, 1 - exp(-2 / x0))
    everything = (
        "consumption", "rural_delivery", "environment", "utilities", "small_towns", "digital",
        "charging", "rural_infrastructure",
    )  # fmt: skip
    here = np.array([0, 0.125, 0, 0])
    amenity = services.amenity(levers(**dict.fromkeys(everything, here)), PARAMETERS)
    start = 1 - exp(-1 / x0)
    np.testing.assert_allclose(amenity, [start, 1 - exp(-2 / x0), start, start])


def test_offers_are_what_the_markets_say():
    """Wages elsewhere may pull away from local ones, at a rate a year."""
    quarter = quarter_of(families(20))
    faster = Conditions(wage_growth_elsewhere=0.05)
    p, counties = PARAMETERS, two_counties()
    now = quarter.markets.post(counted(quarter), levers(), faster, 2.0, 0.0, p)
    wages = counties.wage_outside * 1.05**2
    np.testing.assert_allclose(
        now.income_outside, p.hiring_elsewhere * wages + (1 - p.hiring_elsewhere) * 12e3
    )
    assert log(now.service_outside) == pytest.approx(log(now.amenity[0]))
