"""Who reconsiders where to live, and where they go.

Stage 1 is a hazard of reconsidering; stage 2 a nested logit over staying and every named
alternative. Destination constants hold what the base period shows and nothing else explains;
policy and markets move named terms only.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np

from sim import kernel
from sim.chance import nested_logit
from sim.kinds import (
    AGES,
    ALONE,
    COUPLE,
    EDUCATIONS,
    PRESCHOOL,
    PRIMARY_CHILD,
    SECONDARY_CHILD,
    SINGLE,
    SITUATIONS,
)
from sim.levers import Levers
from sim.parameters import Parameters
from sim.state import COLLEGE, Bools, Counties, Floats, Ints, Offers

STAY, OWN_TOWN, NEARBY, PROVINCE, COUNTRY = range(5)  # the nests, from near to far
AGE_CLASSES = 3  # below 35, 35 to 59, 60 and over
AGE_CLASS = np.digitize(AGES, [35, 60])  # (band,)
OLDER = 2
FLAT = 2  # owns no flat in the town of the county, or does
HEADS = np.arange(SITUATIONS) >= COUPLE
PUPILS = (np.arange(SITUATIONS) == PRIMARY_CHILD) | (np.arange(SITUATIONS) == SECONDARY_CHILD)
DURATIONS = (0.5, 32.0)  # years of residence between which the hazard falls
GRADUATING = (20, 25)  # years, the ages between which graduates come home


@dataclass(frozen=True)
class Alternatives:
    """What one may choose from: a nest, who of the household goes, and where that leads.

    Every origin has the same alternatives in the same order; `county` is -1 where there is none.
    """

    nest: Ints  # (alternative,)
    mode: Ints  # (alternative,) kernel.WHOLE, LONE or WITH_CHILD
    county: (
        Ints  # (county, alternative) the county whose town it is; own county for STAY; -1 outside
    )
    km: Floats  # (county, alternative)
    open_to: Bools  # (place, situation, alternative)

    @classmethod
    def around(cls, counties: Counties) -> Self:
        """The alternatives of every place, from the map."""
        slots = counties.nearby.shape[1]
        whole, lone, child = kernel.WHOLE, kernel.LONE, kernel.WITH_CHILD
        near = [(NEARBY, mode) for _ in range(slots) for mode in (whole, lone)]
        far = [(nest, mode) for nest in (PROVINCE, COUNTRY) for mode in (whole, lone)]
        own = [(OWN_TOWN, whole), (OWN_TOWN, lone), (OWN_TOWN, child)]
        nest, mode = np.array([(STAY, lone), *own, *near, *far]).T
        here = np.arange(len(counties))[:, None]
        town = np.repeat(counties.nearby, 2, axis=1)
        outside = np.full((len(counties), 4), -1)
        county = np.concatenate([np.repeat(here, 4, axis=1), town, outside], axis=1)
        km = np.concatenate(
            [
                np.zeros((len(counties), 4)),
                np.repeat(counties.nearby_km, 2, axis=1),
                np.repeat(counties.outside_km, 2, axis=1),
            ],
            axis=1,
        )
        situation = np.arange(SITUATIONS)[:, None]
        unattached = (situation == SINGLE) | (situation == ALONE)
        suits = (nest == STAY) | (unattached & (mode == lone)) | (HEADS[:, None] & (mode != child))
        suits |= PUPILS[:, None] & (mode == child)
        suits[0] = nest == STAY  # dependents decide nothing
        exists = (county >= 0) | (nest >= PROVINCE)
        urban = np.arange(2 * len(counties))[:, None] % 2 == 0
        reachable = np.repeat(exists, 2, axis=0) & ~(urban & (nest == OWN_TOWN))
        return cls(nest, mode, county, km, reachable[:, None] & suits)


def age_schedule(p: Parameters) -> Floats:
    """Log relative hazard by age within single, family and older households, (3, band).

    References
    ----------
    Rogers & Castro (1981), IIASA RR-81-030, standard schedule (labour-force component)
    """
    age = (AGES + np.append(AGES[1:], 90)) / 2
    reference = np.array([27.0, 37.0, 67.0])[:, None]  # to whom the three alphas refer [years]
    return np.asarray(np.log(rogers_castro(age, p) / rogers_castro(reference, p)))


def rogers_castro(age: Floats, p: Parameters) -> Floats:
    """Labour-force component of the migration schedule [1/year], (age,)."""
    since = age - p.rc_peak
    labour = np.exp(-p.rc_descent * since - np.exp(-p.rc_ascent * since))
    return p.rc_constant + p.rc_labour * labour


@lru_cache(maxsize=8)
def considering(p: Parameters) -> Floats:
    """Log hazard of reconsidering before attractions count [log 1/year], (band, situation)."""
    single, family, elder = np.array([p.alpha_single, p.alpha_family, p.alpha_elder])[
        :, None
    ] + age_schedule(p)
    table = np.full((len(AGES), SITUATIONS), -np.inf)
    table[:, [SINGLE, ALONE]] = single[:, None]
    table[:, COUPLE:] = family[:, None]
    table[AGES >= 60, SINGLE:] = elder[AGES >= 60, None]
    table[:, [PRIMARY_CHILD, SECONDARY_CHILD]] += np.log(p.hr_school_stage)
    table[(AGES >= 15) & (AGES < 20), SINGLE] += np.log(p.hr_school_leaving)
    table[AGES < 15] = -np.inf
    table.flags.writeable = False
    return table


def leaving_hazard(
    attraction: Floats, effects: Floats, land: Floats, adults: Floats, levers: Levers, p: Parameters
) -> Floats:
    """How often people who have lived 32 years in a place reconsider it [1/year].

    Parameters
    ----------
    attraction : (place, flat, age class, situation) inclusive value relative to staying [utils]
    effects : (place,) county and yearly effects [log hazard]
    land : (place,) added hazard of safer land rights [1/year]
    adults : (place,) persons of working age

    Returns
    -------
    (place, flat, band, situation)
    """
    longest = p.gamma_dur * np.log2(DURATIONS[1] / 8)
    log = considering(p) + p.gamma_a * attraction[:, :, AGE_CLASS] + longest
    held = np.divide(levers.rural_posts, adults, out=np.zeros_like(adults), where=adults > 0)
    kept_by_posts = 1 - np.minimum(held, 1) * (1 - p.hr_public_post_rural)
    freed_by_pension = p.hr_parent_pension**levers.pension_coverage
    factor = np.exp(effects) * kept_by_posts * freed_by_pension
    decides = np.isfinite(considering(p))
    return factor[:, None, None, None] * np.exp(log) + land[:, None, None, None] * decides


def duration_factor(years: Floats, p: Parameters) -> Floats:
    """Hazard after so many years of residence relative to 32 years; at least 1."""
    doublings = np.log2(np.clip(years, *DURATIONS) / DURATIONS[1])
    return np.exp(p.gamma_dur * doublings)


def duration_factors(p: Parameters) -> Floats:
    """`duration_factor` by quarters since the last move, (129,); the last stands for all beyond."""
    return duration_factor(np.arange(4 * int(DURATIONS[1]) + 1) / 4, p)


def village_factor(away: Floats, p: Parameters) -> Floats:
    """What it does to have co-villagers away, (unit,), at least 1.

    References
    ----------
    Chen, Jin & Yue (2010), NBER w15671
    """
    return np.exp(p.gamma_n * away)


def closure_factor(closed: Bools, pupil: Bools, p: Parameters) -> Floats:
    """What it does to families with a child of primary age that the village school is closed."""
    return np.where(closed & pupil, p.hr_school_closed, 1.0)


def utility(
    alternatives: Alternatives, offers: Offers, constants: Floats, levers: Levers, p: Parameters
) -> Floats:
    """Value of every alternative [utils], (place, flat, age class, situation, alternative).

    Parameters
    ----------
    constants : (place, alternative)
        Destination constants; 0 for staying.

    References
    ----------
    Train (2009), ch. 4; the terms are those of docs/model.md, one lever in each
    """
    nest, mode, goal = alternatives.nest, alternatives.mode, alternatives.county
    origin = np.arange(2 * len(goal)) // 2  # county of each place
    rural = np.arange(2 * len(goal)) % 2 == 1
    to, leads_out = goal[origin], (goal < 0)[origin]  # (place, alternative)
    stays, moves = nest == STAY, nest != STAY
    place_of_goal = np.where(stays, np.arange(2 * len(goal))[:, None], 2 * to)

    def at_goal(index: Floats) -> Floats:
        return np.where(leads_out, offers.service_outside, index[place_of_goal])

    income = np.where(
        stays & rural[:, None],
        offers.income[origin, 1][:, None],
        offers.income[to, 0],
    )
    income = np.where(nest == PROVINCE, offers.income_outside[0], income)
    income = np.where(nest == COUNTRY, offers.income_outside[1], income)
    distance = np.log1p(alternatives.km[origin] * (1 - levers.expressways[:, None]))
    eased = 1 - p.credit_relief * levers.credit
    in_town = ~leads_out & (moves | ~rural[:, None])
    quality = np.where(in_town, np.log1p(offers.housing_quality[to]), 0.0)
    common = (
        p.beta_y * np.log(income)
        - p.beta_d_over_beta_y * p.beta_y * distance
        - p.kappa * moves * eased[:, None]
        + constants
        + p.beta_a * at_goal(offers.amenity)
        - p.beta_r * quality
        + p.lone_far * ((mode == kernel.LONE) & (nest >= NEARBY))
    )

    # What matters to some: families, the old and ill, parents, those who own a flat in town.
    parts = p.split_household * ((mode != kernel.WHOLE) & moves)
    per_domain = p.service_to_wage_ratio * p.beta_y
    for_the_old = per_domain * (at_goal(offers.health) + at_goal(offers.elder_care))
    for_parents = per_domain * at_goal(offers.childcare)
    rent = p.beta_r * np.where(moves & ~leads_out, np.log(offers.housing_cost[to]), 0.0)
    own = nest == OWN_TOWN
    flat = np.stack([rent, np.where(own, p.beta_o, rent)])  # (flat, place, alternative)
    quality = offers.school_quality
    gain = np.where(moves & ~leads_out, quality[2 * to] - quality[:, None], 0.0)
    reached = gain * (mode != kernel.LONE)
    chance = offers.seat_chance[to]  # (place, alternative, stage, owner or not)
    school = p.beta_s * reached[..., None, None] * chance
    school[..., 0] = np.where(own[:, None], school[..., 0], school[..., 1])

    value = np.empty((len(origin), FLAT, AGE_CLASSES, SITUATIONS, len(nest)))
    value[:] = common[:, None, None, None]
    value[:, :, :, HEADS] += parts
    value += flat.transpose(1, 0, 2)[:, :, None, None]
    value[:, :, OLDER] += for_the_old[:, None, None]
    value[:, :, :, PRESCHOOL] += for_parents[:, None, None]
    for stage, situation in enumerate((PRIMARY_CHILD, SECONDARY_CHILD)):
        for owner in range(FLAT):
            value[:, owner, :, situation] += school[:, None, :, stage, 1 - owner]
    return np.where(alternatives.open_to[:, None, None], value, -np.inf)


def choice(alternatives: Alternatives, value: Floats, p: Parameters) -> tuple[Floats, Floats]:
    """Chances of every alternative, and the inclusive value relative to staying.

    Returns
    -------
    (place, flat, age class, situation, alternative), (place, flat, age class, situation)
    """
    scale = np.array([p.lambda_other, p.lambda_b, *[p.lambda_other] * 3])
    chances, inclusive = nested_logit(value, alternatives.nest, scale)
    return chances, inclusive - value[..., 0]


def expected_moves(hazard: Floats, chances: Floats, people: Floats, party: Floats) -> Floats:
    """Persons who leave each place a year by alternative, (place, alternative).

    Parameters
    ----------
    hazard : (place, flat, band, situation) [1/year]
    chances : (place, flat, age class, situation, alternative)
    people : (place, flat, band, situation) persons who decide
    party : (alternative,) persons who go when one decides
    """
    deciding = hazard * people
    by_class = np.zeros((len(deciding), FLAT, AGE_CLASSES, SITUATIONS))
    for band, age_class in enumerate(AGE_CLASS):
        by_class[:, :, age_class] += deciding[:, :, band]
    return np.asarray(np.einsum("pfas,pfasj,sj->pj", by_class, chances, party))


def return_hazard(p: Parameters) -> Floats:
    """How often people away from their hukou place go back [1/year], (band,)."""
    return p.return_hazard * np.where(AGES >= 50, p.return_after_50, 1.0) * (AGES >= 15)


def going_back_hazard(beyond: Bools, p: Parameters) -> Floats:
    """`return_hazard`, and from `beyond`, (place,), some come home after college [1/year].

    Returns
    -------
    (place, band, education)
    """
    graduates = np.zeros((len(AGES), EDUCATIONS))
    of_age = (GRADUATING[0] <= AGES) & (GRADUATING[1] > AGES)
    graduates[of_age, COLLEGE] = -np.log1p(-p.graduate_return) / np.ptp(GRADUATING)
    return return_hazard(p)[:, None] + np.asarray(beyond)[:, None, None] * graduates


def leaves_for_college(u: Floats, p: Parameters) -> Bools:
    """Whether somebody who reached college leaves the region for it, (student,)."""
    return u < p.college_leaving


def college_in_province(u: Floats, p: Parameters) -> Bools:
    """Whether a college beyond the region is in the province, (student,)."""
    return u < p.college_in_province


def returns_to_town(u: Floats, p: Parameters) -> Bools:
    """Whether a returner settles in the county town and not in the village, (returner,).

    References
    ----------
    Liang & Cheng (2023): return to the county rather than to the village
    """
    return u < p.return_to_town


def town_value(offers: Offers, p: Parameters) -> Floats:
    """What a town offers to somebody from outside [utils], (county,)."""
    return (
        p.beta_y * np.log(offers.income[:, 0])
        + p.beta_r * np.log(offers.housing_cost)
        + p.beta_a * offers.amenity[::2]
    )


def arrivals(base: Floats, change: Floats, years: float, multiple: float) -> Floats:
    """Persons who come from outside in `years`, (county, 2 origins).

    `change` is how much better each town has become since the start [utils], (county,).
    """
    return base * np.exp(change)[:, None] * years * multiple


def newcomer_age(u: Floats, p: Parameters) -> Ints:
    """Age of people who come from outside [years], (newcomer,): adults below sixty.

    They are as old as a Rogers-Castro schedule makes people who move.
    """
    ages = np.arange(18, 60)
    chance = rogers_castro(ages.astype(float), p).cumsum()
    return ages[np.searchsorted(chance / chance[-1], u)]


def share_bringing_household(residents_per_dwelling: Floats, p: Parameters) -> Floats:
    """Share of job movers who bring their household, so that the mean of dependants comes out."""
    return np.minimum(p.dependants_per_job_mover / np.maximum(residents_per_dwelling - 1, 0.1), 1)
