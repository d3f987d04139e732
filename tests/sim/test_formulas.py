"""Every formula of section 7 of docs/model.md: as written there, as computed, and its example."""

import re
from dataclasses import replace
from datetime import date
from math import exp, log, log2
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from scipy.optimize import brentq

from tests.conftest import build_world, levers, two_counties, villages
from xiancheng.calibration.priors import catalogue, central
from xiancheng.sim import (
    accounts,
    alignment,
    choice,
    demography,
    departure,
    destination,
    destination_constants,
    governments,
    housing,
    hukou,
    kernels,
    labour,
    observation,
    reclassification,
    relocation,
    schooling,
    services,
)
from xiancheng.sim.accounts import Growth
from xiancheng.sim.conditions import Conditions
from xiancheng.sim.indicators import INDICATORS, Observation
from xiancheng.sim.levers import LEVERS
from xiancheng.sim.markets import Markets, looking
from xiancheng.sim.state import AGES, COLLEGE, NO_WORK, SENIOR, Offers, quarter_of

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ["model.md", "model.en.md"]
P = central()
BAND = {age: int(np.searchsorted(AGES, age, side="right")) - 1 for age in range(90)}


class Example(NamedTuple):
    """A formula with numbers put in: by hand as the page writes it, and by the code."""

    inputs: str
    by_hand: float
    by_code: float


EXAMPLES: dict[str, dict[str, Example]] = {}


def example(section: str, name: str, inputs: str, by_hand: float, by_code: object) -> None:
    """Enter an example; numbers of the code may be arrays of one value."""
    value = float(np.asarray(by_code).reshape(-1)[0])
    EXAMPLES.setdefault(section, {})[name] = Example(inputs, by_hand, value)


def one(value: float) -> np.ndarray:
    return np.array([float(value)])


# 7.1

example("7.1", "p", "h = 0.2, Δt = 1/4", 1 - exp(-0.2 / 4), choice.probability(one(0.2), 0.25))
example("7.1", "threshold", "p = 0.01", 0.01 * 2**32 // 1, choice.threshold(one(0.01)))

# 7.2

_L, _B = one(0.012), one(0.1)
example(
    "7.2", "μ", "L = 0.012, t = 5, a = 72.5, women, village",
    (0.012 * exp(P.gompertz_slope * (72.5 - 65)) * P.female_mortality_ratio ** (27.5 / 35)
     * P.rural_mortality_ratio + P.accident_mortality) * (1 - P.mortality_decline) ** 5,
    demography.survival(5.0, P)
    * demography.mortality(_L, demography.mortality_pattern(P), P)[0, 1, BAND[70], 1],
)  # fmt: skip
example(
    "7.2", "μ₀", "L = 0.012, t = 5, a = 0.5 (infants), men, town",
    (0.012 * exp(P.gompertz_slope * (demography.MIDDLE[0] - 65)) + P.infant_mortality
     + P.accident_mortality) * (1 - P.mortality_decline) ** 5,
    demography.survival(5.0, P)
    * demography.mortality(_L, demography.mortality_pattern(P), P)[0, 0, 0, 0],
)  # fmt: skip


def _bell(middle: float) -> np.ndarray:
    ages = np.arange(22.5, 50, 5)
    shape = np.exp(-(((ages - middle) / P.sd_age_at_birth) ** 2) / 2)
    return shape / shape.sum()


_MIDDLE = brentq(lambda m: (_bell(m) * np.arange(22.5, 50, 5)).sum() - P.mean_age_at_birth, 0, 50)
_WOMEN = np.full(len(AGES), 1000)
example(
    "7.2", "f", "B = 0.1, a = 27.5, of 1000 women 600 have a partner",
    0.1 * _bell(_MIDDLE)[1] / 0.6,
    0.1 * demography.fertility_pattern(_WOMEN, 6 * _WOMEN // 10, P)[BAND[25]],
)  # fmt: skip
example(
    "7.2", "year", "2024 times that of 2016", P.dragon_births * P.two_child_births,
    demography.unusual_year(2024, P) * demography.unusual_year(2016, P),
)  # fmt: skip

# 7.3

example(
    "7.3", "m", "a = 27.5, men, end of 2024",
    P.marriage_hazard
    * exp(-(((27.5 - P.marriage_age - 4 * P.marriage_delay - P.spouse_age_gap / 2)
             / P.marriage_age_sd) ** 2) / 2),
    demography.marriage_hazard(quarter_of(2024, 4), P)[BAND[25], 0],
)  # fmt: skip
_U = (np.arange(100_000) + 0.5) / 100_000
example(
    "7.3", "college", "-", P.college_share, (demography.education_reached(_U, P) == COLLEGE).mean()
)
example(
    "7.3", "senior", "-", P.senior_share, (demography.education_reached(_U, P) == SENIOR).mean()
)

# 7.4

_TRAINED = labour.search(levers(training=100.0), np.full(4, 10_000.0), P)
example(
    "7.4", "e", "no work, senior, ⟨training⟩ = 100, 10000 of working age",
    P.search_none * (1 + P.skilled_hiring) * (1 + 0.01 * P.training_employment_effect / 100),
    _TRAINED[0, BAND[30], NO_WORK, SENIOR],
)  # fmt: skip
example(
    "7.4", "w/w₀", "u = 0.15, u₀ = 0.1", 1.5**P.wage_curve_elasticity,
    labour.wage_ratio(one(0.15), one(0.1), P),
)  # fmt: skip
_WANTED = labour.jobs_wanted(
    np.full((2, 2), 10_000.0), np.full(2, 1.02), 5.0,
    levers(tradable_jobs=500.0, returnee_jobs=30.0, urban_posts=20.0),
    Conditions(job_growth=0.01), P,
)  # fmt: skip
_TREND = 10_000 * (1 + P.job_growth + 0.01) ** 5 * 1.02**-P.labour_demand_elasticity
example(
    "7.4", "L₁", "industry, L₀ = 10000, condition job_growth = 0.01, t = 5, w/w₀ = 1.02, "
    "⟨tradable_jobs⟩ = 500", (_TREND + 500) // 1, _WANTED[0, 0],
)  # fmt: skip
example(
    "7.4", "L₂", "services, as above, ⟨returnee_jobs⟩ = 30, ⟨urban_posts⟩ = 20",
    (_TREND + P.job_multiplier * 500 + 50) // 1, _WANTED[0, 1],
)  # fmt: skip
example(
    "7.4", "V", "L = 10300, F = 10000", 300 + P.job_separation * 10_000,
    labour.openings(one(300), np.array([10_000]), P),
)  # fmt: skip
example(
    "7.4", "H", "A = 0.5, S = 3000, V = 800",
    0.5 * 3000**P.matching_exponent * 800 ** (1 - P.matching_exponent),
    labour.hires(one(3000), one(800), one(0.5), P),
)  # fmt: skip
example(
    "7.4", "separation", "a = 60, L = 950, F = 1000",
    -4 * log(1 - P.job_separation) + P.retirement + 4 * 0.05,
    labour.separation_hazard(one(0.4), P)[0, BAND[60], 1]
    + 4 * labour.lay_off_share(np.array([1000]), one(950)),
)  # fmt: skip
_EARNED = labour.expected_income(
    one(0.1), one(60_000),
    labour.home_income(
        np.array([[12e3, 16e3]] * 2), levers(farm_chain_income=300.0, rooftop_income=200.0,
                                             work_relief_income=100.0)
    )[:1],
    labour.commuting_cost(levers(rural_roads=0.2))[:1], P,
)  # fmt: skip
example(
    "7.4", "farming ends", "a = 60, 40 % of the employed farm",
    0.4 * P.farm_exit + P.farm_retirement, labour.separation_hazard(one(0.4), P)[0, BAND[60], 0],
)  # fmt: skip
example(
    "7.4", "ending", "1000 with a job, 100 of them from 60 on, 2 % of residents leave a year",
    1000 * (P.job_separation + 0.02 / 4) + 100 * P.retirement / 4,
    labour.jobs_ending(np.where(AGES == 60, 100, np.where(AGES == 30, 900, 0))[None], one(0.02), P),
)  # fmt: skip
example(
    "7.4", "E[y] town", "p = 0.1, w = 60000, b = 12000", 0.1 * 60_000 + 0.9 * 12_000, _EARNED[0, 0]
)
example(
    "7.4", "E[y] village", "p = 0.1, w = 60000, b = 16000, ⟨rural_roads⟩ = 0.2, "
    "⟨farm_chain_income⟩ = 300, ⟨rooftop_income⟩ = 200, ⟨work_relief_income⟩ = 100",
    0.1 * 60_000 * (1 - P.commuting_cost * 0.8) + 0.9 * 16_600, _EARNED[0, 1],
)  # fmt: skip


def _outside() -> float:
    counties = replace(
        two_counties(), wage_outside=np.array([70e3, 90e3]), home_income=np.full((2, 2), 12e3)
    )
    model = build_world(n=2, counties=counties)
    markets = Markets.at_start(model.counts, counties, levers(), P)
    elsewhere = Conditions(wage_growth_elsewhere=0.02)
    return markets.post(model.counts, levers(), elsewhere, 5.0, 0.0, P).income_outside[0]


example(
    "7.4", "E[y] outside", "w = 70000, wage_growth_elsewhere = 0.02, t = 5, b = 12000",
    P.hiring_elsewhere * 70e3 * 1.02**5 + (1 - P.hiring_elsewhere) * 12e3, _outside(),
)  # fmt: skip
_ODDS = (1 - P.job_mover_share) / P.job_mover_share * 0.8**P.commute_cost_elasticity
example(
    "7.4", "moving share", "ΔF = 40, H = 100, ⟨rural_roads⟩ = 0.2, Δ⟨dormitory_beds⟩ = 10",
    0.4 / (1 + _ODDS) + P.bed_takeup * 0.1,
    labour.moving_share(one(40), one(100), one(0.8), one(10), P),
)  # fmt: skip


example("7.4", "bringing", "residents per dwelling = 2.8",
        min(P.dependants_per_job_mover / 1.8, 1),
        relocation.share_bringing_household(one(2.8), P))  # fmt: skip

# 7.5

example(
    "7.5", "seats", "start = 9000, t = 5, ⟨school_seats⟩ = 900, primary",
    9000 * (1 + P.seat_growth) ** 5 + 900 * 6 / 9,
    schooling.town_seats(np.full((2, 2), 9000.0), 5.0, levers(school_seats=900.0), P)[0, 0],
)  # fmt: skip
_WAITING = np.broadcast_to(np.array([100, 50, 40, 60]), (2, 2, 4))
example(
    "7.5", "Pr", "180 places, 100, 50, 40, 60 waiting by class, the last, ⟨enrolment_openness⟩ = "
    "0.5", 0.5 * min(1, 30 / 101),
    schooling.admitted(np.full((2, 2), 180), _WAITING, levers(enrolment_openness=0.5))[1][0, 0, 3],
)  # fmt: skip
example(
    "7.5", "q", "town, ⟨school_quality⟩ = 0.1", P.school_quality_gap + 0.1,
    schooling.quality(levers(school_quality=0.1), P)[0],
)  # fmt: skip

# 7.6

example(
    "7.6", "starts", "stock = 100000, price = 1.1",
    100_000 * (P.housing_depreciation + P.dwelling_growth / 4) * 1.1**P.housing_supply_elasticity,
    housing.starts(one(100_000), one(1.1), P),
)  # fmt: skip
example(
    "7.6", "stock′", "stock = 100000, finished = 1000, ⟨land_supply⟩ = 400",
    100_000 * (1 - P.housing_depreciation) + 1000 + 100,
    housing.remaining(one(100_000), P, 1.0)
    + housing.completions(one(1000), levers(land_supply=400.0), 1.0)[:1],
)  # fmt: skip
example(
    "7.6", "Δln price", "vacancy = 0.15, last growth = 0.01, house_price_growth = 0.02",
    P.housing_theta * (P.housing_natural_vacancy - 0.15) + P.housing_rho * 0.01
    + (1 - P.housing_rho) * (P.house_price_trend + 0.02) / 4,
    housing.price_growth(one(0.01), one(0.15), Conditions(house_price_growth=0.02), P),
)  # fmt: skip
example(
    "7.6", "quality", "stock = 100000, ⟨renovated_dwellings⟩ = 5000",
    0.05 * P.renovation_price_effect / 100,
    housing.quality(np.full(2, 100_000.0), levers(renovated_dwellings=5000.0), P),
)  # fmt: skip
example(
    "7.6", "resettlement", "⟨resettlement⟩ = 200, 50000 households", 200 / 50_000,
    housing.resettling_hazard(levers(resettlement=200.0), np.full(2, 50_000.0)),
)  # fmt: skip

# 7.7

example(
    "7.7", "health", "⟨hospital⟩ = 0.1, ⟨subcentres⟩ = 0.05",
    1 - exp(-1.15 / P.amenity_saturation),
    services.health(levers(hospital=0.1, subcentres=0.05), P),
)  # fmt: skip

# 7.8


def _r(x: float) -> float:
    since = x - P.rc_peak
    return P.rc_constant + P.rc_labour * exp(-P.rc_descent * since - exp(-P.rc_ascent * since))


example("7.8", "g", "a = 37.5, SINGLE", log(_r(37.5) / _r(27)),
        departure.age_schedule(P)[0, BAND[35]])  # fmt: skip
_KEPT = 1 - 0.001 * (1 - P.hr_public_post_rural)
_FREED = P.hr_parent_pension**0.5
_LAND = -log(1 - P.land_hukou_decoupling / 100) / 5 * 0.4
_LAND += -log(1 - P.hukou_reform_effect / 100) / 5 * 0.2
_LEVERS = levers(rural_posts=10.0, pension_coverage=0.5, land_rights=0.4, hukou_access=0.2)
example("7.8", "land", "⟨land_rights⟩ = 0.4, ⟨hukou_access⟩ = 0.2", _LAND,
        hukou.leaving_hazard(_LEVERS, P)[1])  # fmt: skip
_D, _N = departure.duration_factor(one(2.0), P), departure.village_factor(one(0.1), P)
example(
    "7.8", "h", "HEAD, a = 37.5, youngest child 8, Λ = 0.3, ⟨rural_posts⟩ = 10 of "
    "10000, ⟨pension_coverage⟩ = 0.5, land as above, d = 2, N = 0.1, school closed",
    (_KEPT * _FREED * exp(
        P.alpha_family + log(_r(37.5) / _r(37)) + log(P.hr_school_stage) + P.gamma_a * 0.3
        + P.gamma_dur * log2(32 / 8)) + _LAND)
    * exp(P.gamma_dur * log2(2 / 32)) * exp(P.gamma_n * 0.1) * P.hr_school_closed,
    departure.leaving_hazard(
        np.full((4, 2, 2, 7), 0.3), hukou.leaving_hazard(_LEVERS, P),
        np.full(4, 10_000.0), _LEVERS, P,
    )[1, 0, BAND[35], departure.PRIMARY_CHILD]
    * _D * _N * departure.closure_factor(np.array([True]), np.array([True]), P),
)  # fmt: skip

# 7.9


def _value() -> float:
    """Of moving all to the own town, from the village of the first county, with a pupil of 8."""
    counties = two_counties()
    where = destination.Alternatives.around(counties)
    offers = Offers(
        income=np.array([[20e3, 16e3]] * 2), income_outside=np.array([30e3, 40e3]),
        housing_cost=np.full(2, 1.1), housing_quality=np.full(2, 0.05),
        school_quality=np.array([0.5, 0.0] * 2), seat_chance=np.full((2, 2, 2), 0.8),
        health=np.full(4, 0.6), elder_care=np.full(4, 0.6), childcare=np.full(4, 0.6),
        amenity=np.full(4, 0.6), service_outside=0.6,
    )  # fmt: skip
    constants = np.full((4, len(where.nest)), 1.0)
    value = destination.utility(where, offers, constants, levers(credit=0.5), P)
    own = (where.nest == destination.OWN_TOWN) & (where.mode == kernels.WHOLE)
    return value[1, 0, 0, departure.PRIMARY_CHILD, own.argmax()]


example(
    "7.9", "V", "to the own town, all, child of primary age, no flat: E[y] = 20000, price = 1.1, "
    "quality = 0.05, Δq = 0.5, Pr = 0.8, amenity = 0.6, ⟨credit⟩ = 0.5, ξ = 1",
    P.beta_y * log(20e3) - P.kappa * (1 - P.credit_relief * 0.5) + 1 + P.beta_a * 0.6
    - P.beta_r * log(1.05) + P.beta_r * log(1.1) + P.beta_s * 0.5 * 0.8, _value(),
)  # fmt: skip
_I = 0.5 * log(exp(0.2 / 0.5) + exp(0.4 / 0.5))
example(
    "7.9", "P", "V = 0 (stays); 0.2, 0.4 in one nest, λ = 0.5; the last",
    exp(0.4 / 0.5) / (exp(0.2 / 0.5) + exp(0.4 / 0.5)) * exp(_I) / (1 + exp(_I)),
    choice.nested_logit(np.array([0.0, 0.2, 0.4]), np.array([0, 1, 1]), np.array([1.0, 0.5]))[0][2],
)  # fmt: skip

example(
    "7.9", "purchase", "price = 0.8", P.flat_purchase * 0.8**P.beta_r,
    departure.purchase_chance(one(0.8), P),
)  # fmt: skip
example(
    "7.9", "entry", "-", P.junior_entry, departure.reconsiders_at_entry(_U, P).mean()
)  # fmt: skip

# 7.11

_BACK = departure.going_back_hazard(np.array([False, True]), P)
example("7.11", "r", "a = 55", P.return_hazard * P.return_after_50, _BACK[0, BAND[55], 0])
example(
    "7.11", "r college", "a = 22, beyond the region", P.return_hazard
    - log(1 - P.graduate_return) / 5, _BACK[1, BAND[20], COLLEGE],
)  # fmt: skip
example("7.11", "r child", "a = 14", 0.0, _BACK[1, BAND[10]].max())

# 7.12

example(
    "7.12", "arrivals", "base = 400, Δ = 0.1, Δt = 1/4, condition arrivals = 1.2, m = 0.5",
    400 * exp(0.1) / 4 * 1.2 * 0.5,
    relocation.arrivals(np.array([[400.0]]), one(0.1), 0.25, one(1.2 * 0.5)),
)  # fmt: skip
example(
    "7.12", "m", "known trend 0.9, 0.5, 0.6, 0.7, then Σ z = 2", 0.6 * exp(2 * P.trend_sd),
    relocation.trend({2021: 0.9, 2022: 0.5, 2023: 0.6, 2024: 0.7}, 2026, 2020, one(2.0), P),
)  # fmt: skip
_OWN = np.array([[70.0, 1, 1, 1], [10.0, 1, 1, 1]])
example(
    "7.12", "own town", "from the stock 70, 1000 of 4000 villagers, 80 moves in all, z = 1",
    P.own_town_flow * exp(P.flow_sd)
    * (P.own_stock_weight * 70 + (1 - P.own_stock_weight) * 1000 * 80 / 4000),
    destination_constants.base_flows(
        replace(two_counties(), moves=_OWN), np.array([1000.0, 3000.0]), np.ones((2, 3)), P
    ).moves[0, 0],
)  # fmt: skip


def _town() -> float:
    zero = np.zeros(4)
    offers = Offers(
        income=np.array([[20e3, 16e3]] * 2), income_outside=one(0), housing_cost=np.full(2, 1.1),
        housing_quality=zero, school_quality=zero, seat_chance=zero, health=zero, elder_care=zero,
        childcare=zero, amenity=np.full(4, 0.6), service_outside=0.6,
    )  # fmt: skip
    return relocation.town_value(offers, P)[0]


example(
    "7.12", "value", "E[y] = 20000, price = 1.1, amenity = 0.6",
    P.beta_y * log(20e3) + P.beta_r * log(1.1) + P.beta_a * 0.6, _town(),
)  # fmt: skip

# 7.13

example(
    "7.13", "settling", "⟨settlement_openness⟩ = 0.02", P.settling_hazard + 0.02,
    hukou.settling_hazard(levers(settlement_openness=0.02), P)[0],
)  # fmt: skip

# 7.14

_UNITS = replace(villages(), contiguous=~villages().urban & (np.arange(16) % 8 != 7)
                 & (np.arange(16) % 8 != 6))  # fmt: skip
_RURAL = np.flatnonzero(~_UNITS.urban & _UNITS.contiguous)[0]
_SHARE = _UNITS.contiguous[~_UNITS.urban].mean()
_K = _SHARE * P.recode_contiguity_ratio + 1 - _SHARE
example(
    "7.14", "recoding, rural unit",
    "contiguous, half of the rural villages are, u = 0.5, D = 0.01, ⟨recoding⟩ = 0.01",
    (P.recode_hazard * 0.5 + 0.01) / 0.5 * P.recode_contiguity_ratio / _K + 0.01,
    reclassification.recoding_hazard(
        _UNITS, np.full(2, 0.5), np.full(2, 0.01), levers(recoding=0.01), Conditions(), P
    )[_RURAL],
)  # fmt: skip
example(
    "7.14", "recoding, urban unit", "none contiguous, u = 0.4, D = −0.02",
    (0.02 - P.recode_hazard * 0.6) / 0.4,
    reclassification.recoding_hazard(
        _UNITS, np.full(2, 0.4), np.full(2, -0.02), levers(), Conditions(), P
    )[1],
)  # fmt: skip
example(
    "7.14", "D of the first year", "G = 0.1, draw 0", 0.1 * (exp(-P.recode_gap_reversion) - 1),
    reclassification.recoding_path(np.array([0.1]), *np.zeros((2, 1, 1)), P)[0, 0],
)  # fmt: skip
example(
    "7.14", "merger", "⟨merging⟩ = 0.05", P.merge_hazard + 0.05,
    reclassification.merging_hazard(_UNITS, levers(merging=0.05), P)[_RURAL],
)  # fmt: skip

# 7.15

_PLACES = np.array([0, 1])
_TASKS = levers(fiscal_reward=0.1, workload=2.0)
example(
    "7.15", "effort", "delivery_capacity = 1.2, ⟨fiscal_reward⟩ = 0.1, ⟨workload⟩ = 2",
    1.2 * 1.1 / 2,
    governments.delivered(
        governments.load(_TASKS, _PLACES), governments.capacity(1.2, _TASKS, _PLACES)
    ),
)  # fmt: skip
_CHANGE = Growth(**dict.fromkeys(Growth.__annotations__, np.array([0])))
_CHANGE = replace(_CHANGE, natural=np.array([1000]), in_country=np.array([4000]),
                  recoding=np.array([500]), residents=np.array([-2000]))  # fmt: skip
_POINTS = accounts.rate_change(np.array([600_000]), np.array([1_000_000]), _CHANGE)
example(
    "7.15", "Δu", "U = 600000, P = 1000000, natural = 1000, migration = 4000, recoding = 500, "
    "ΔP = −2000", 100 * (5500 + 0.6 * 2000) / 998_000, sum(v[0] for v in _POINTS.values()),
)  # fmt: skip
example("7.15", "denominator", "as above", 100 * 0.6 * 2000 / 998_000, _POINTS["denominator"])

# 7.16


def _published() -> float:
    seen = Observation(**{
        **dict.fromkeys(Observation.__annotations__, np.array([1])),
        "urban": np.array([600_000]), "rural": np.array([400_000]),
        "drift": observation.drift(2023, replace(P, benchmark_drift=0.1)), "error": one(0.25),
    })  # fmt: skip
    return INDICATORS["published_resident_urbanization_rate"].measure(seen, np.eye(1))[0]


example(
    "7.16", "published", "60 %, benchmark_drift = 0.1, 2023, obs_error_sd·z = 0.25",
    60 + 0.1 * 3 + 0.25, _published(),
)  # fmt: skip


# 7.17

example(
    "7.17", "factor",
    "goal = 0.6, U = 590000, P = 1000000, F = 8000, other = −1000, ΔP = −2000, one year",
    1 + (1 - P.alignment_recoding_share) * (0.6 * 998_000 - 597_000) / 8_000,
    alignment.flow_factor(
        one(0.6), one(590_000), one(1_000_000), one(8_000), one(-1_000), one(-2_000), 1.0, P
    )[0],
)  # fmt: skip


# The pages

ROW = re.compile(r"^\| (7\.\d+) \| ([^|]+) \| ([^|]*) \| ([^|]+) \|$", re.MULTILINE)


def written(page: str) -> dict[tuple[str, str], tuple[str, str]]:
    """The examples on a page: inputs and number, by section and name."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return {(s, name): (inputs, number) for s, name, inputs, number in ROW.findall(text)}


ALL = [(section, name) for section, rows in EXAMPLES.items() for name in rows]


@pytest.mark.parametrize("key", ALL, ids=" ".join)
def test_a_formula_as_written_is_what_the_code_computes(key):
    formula = EXAMPLES[key[0]][key[1]]
    assert formula.by_code == pytest.approx(formula.by_hand, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("key", ALL, ids=" ".join)
def test_the_example_number_on_the_page_is_what_the_code_computes(key, page):
    inputs, number = written(page)[key]
    formula = EXAMPLES[key[0]][key[1]]
    decimals = len(number.partition(".")[2])
    assert float(number) == pytest.approx(formula.by_code, abs=0.5 * 10.0**-decimals * 1.0001)
    assert inputs == formula.inputs
    assert formula.by_code == 0 or len(number.replace(".", "").lstrip("0")) >= 3  # digits that tell


@pytest.mark.parametrize("page", PAGES)
def test_every_section_with_formulas_has_examples(page):
    text = (DOCS / page).read_text(encoding="utf-8")
    sections = re.split(r"^### (7\.\d+)", text.partition("\n## 8")[0], flags=re.MULTILINE)
    with_formulas = {
        n for n, body in zip(sections[1::2], sections[2::2], strict=True) if "\n```\n" in body
    }
    assert with_formulas == {section for section, _ in written(page)} == set(EXAMPLES)
    assert set(written(page)) == set(ALL)


@pytest.mark.parametrize("page", PAGES)
def test_every_parameter_and_every_lever_occurs_on_the_page(page):
    words = set(re.findall(r"\w+", (DOCS / page).read_text(encoding="utf-8"), re.ASCII))
    assert {each.name for each in catalogue()} - words == set()
    unsaid = set(LEVERS) - words
    assert not unsaid, f"docs/{page}, section 7: name them in the equation that reads them"


def test_new_jobs_filled_that_no_villager_was_hired_for_wait_for_the_next_quarter():
    """ΔF in 7.4: what was filled beyond the most so far, less the villagers hired since."""
    model = build_world(n=20)
    markets = Markets.at_start(model.counts, model.counties, levers(), P)
    villagers = looking(model.counts, levers(), P).sum(axis=(1, 2, 3))[1::2]
    markets.most_filled = markets.most_filled - 1000
    for quarter in (1, 2, 3):
        markets.post(model.counts, levers(), Conditions(), 0.0, 1.0, P)
        hired = markets.hire_rate * villagers
        assert markets.fresh == pytest.approx(1000 - quarter * hired, abs=1e-9)


def test_hazards_of_death_fall_from_year_to_year():
    """In the model itself: what is said in 7.2, and once was denied in section 9."""
    model = build_world(n=20, until=date(2030, 12, 31))
    attraction = np.zeros((4, 2, 3, 7))
    first, last = (
        model.hazards(tick, levers(), attraction).death
        for tick in (model.quarters[0], model.quarters[-1])
    )
    years = (model.quarters[-1].ends - model.quarters[0].ends).days / 365.25
    assert last == pytest.approx(first * (1 - P.mortality_decline) ** years, rel=1e-9)
