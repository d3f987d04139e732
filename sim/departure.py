"""Who leaves: who reconsiders where to live, who leaves for college, who goes back."""

from functools import lru_cache

import numpy as np

from xiancheng.sim import kernels, strata
from xiancheng.sim.calendar import SCHOOL_YEAR
from xiancheng.sim.choice import probability
from xiancheng.sim.destination import AGE_CLASS
from xiancheng.sim.events import Events, Hazards
from xiancheng.sim.levers import Levers
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.places import county_of, town
from xiancheng.sim.randomness import FULL, Stream
from xiancheng.sim.state import (
    AGES,
    COLLEGE,
    HEAD,
    OUTSIDE,
    OWNS_FLAT,
    Bools,
    Floats,
    Ints,
    Parties,
)
from xiancheng.sim.state import SINGLE as UNATTACHED
from xiancheng.sim.step import Step, just_grown
from xiancheng.sim.strata import (
    ALONE,
    COUPLE,
    EDUCATIONS,
    PRIMARY_CHILD,
    SECONDARY_CHILD,
    SINGLE,
    SITUATIONS,
)

DURATIONS = (0.5, 32.0)  # years of residence between which the hazard falls
JUNIOR_AGE = 12  # years, on entering junior school
LONGEST = 4 * int(DURATIONS[1])  # quarters in a place; more make no difference
GRADUATING = (20, 25)  # years, the ages between which graduates come home
DECIDES = (AGES[:, None] >= 15) & (np.arange(SITUATIONS) >= SINGLE)  # (band, situation)


# Rules


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
    table[~DECIDES] = -np.inf
    table.flags.writeable = False
    return table


def leaving_hazard(
    attraction: Floats, land: Floats, adults: Floats, levers: Levers, p: Parameters
) -> Floats:
    """How often people who have lived 32 years in a place reconsider it [1/year].

    Parameters
    ----------
    attraction : (place, flat, age class, situation) inclusive value relative to staying [utils]
    land : (place,) added hazard of safer land rights [1/year]
    adults : (place,) persons of working age

    Returns
    -------
    (place, flat, band, situation)
    """
    longest = p.gamma_dur * np.log2(DURATIONS[1] / 8)
    often, drawn = np.exp(considering(p) + longest), pull(attraction, p)
    by_posts = np.divide(levers.rural_posts, adults, out=np.zeros_like(adults), where=adults > 0)
    kept_by_posts = 1 - np.minimum(by_posts, 1) * (1 - p.hr_public_post_rural)
    freed_by_pension = p.hr_parent_pension**levers.pension_coverage
    factor = kept_by_posts * freed_by_pension
    drawn = drawn * factor[:, None, None, None]
    return often * drawn[:, :, AGE_CLASS] + land[:, None, None, None] * DECIDES


def pull(attraction: Floats, p: Parameters) -> Floats:
    """What the attraction of all alternatives does to the hazard of reconsidering; same shape."""
    return np.asarray(np.exp(p.gamma_a * attraction))


def scale_moves(hazard: Floats, chances: Floats, factor: Floats) -> tuple[Floats, Floats]:
    """Hazard and chances with which moves to each alternative are `factor` times as frequent.

    Parameters
    ----------
    hazard : (place, flat, band, situation) [1/year]
    chances : (place, flat, age class, situation, alternative)
    factor : (place, alternative); 1 for staying
    """
    weight = chances * factor[:, None, None, None]
    mean = weight.sum(axis=-1)
    return hazard * mean[:, :, AGE_CLASS], weight / mean[..., None]


def duration_factor(years: Floats, p: Parameters) -> Floats:
    """Hazard after so many years of residence relative to 32 years; at least 1."""
    doublings = np.log2(np.clip(years, *DURATIONS) / DURATIONS[1])
    return np.exp(p.gamma_dur * doublings)


def duration_factors(p: Parameters) -> Floats:
    """`duration_factor` by quarters since the last move, (129,); the last stands for all beyond."""
    return duration_factor(np.arange(LONGEST + 1) / 4, p)


def village_factor(away: Floats, p: Parameters) -> Floats:
    """What it does to have co-villagers away, (unit,), at least 1.

    References
    ----------
    Chen, Jin & Yue (2010), NBER w15671
    """
    return np.exp(p.gamma_n * away)


def purchase_chance(price: Floats, p: Parameters) -> Floats:
    """Chance that a village family buys a flat in town at a wedding or an entry to school.

    `price`, (county,), is relative to wages and to the start; it acts as on the choice of a town.
    """
    return np.asarray(np.minimum(p.flat_purchase * price**p.beta_r, 1))


def reconsiders_at_entry(u: Floats, p: Parameters) -> Bools:
    """Whether a village family asks where to live when a child enters junior school, (family,)."""
    return u < p.junior_entry


def closure_factor(closed: Bools, pupil: Bools, p: Parameters) -> Floats:
    """What it does to families with a child of primary age that the village school is closed."""
    return np.where(closed & pupil, p.hr_school_closed, 1.0)


def expected_moves(deciding: Floats, chances: Floats, party: Floats) -> Floats:
    """Persons who leave each place a year by alternative, (place, alternative).

    Parameters
    ----------
    deciding : (place, flat, age class, situation) who decide in a year
    chances : (place, flat, age class, situation, alternative)
    party : (situation, alternative) persons who go when one decides
    """
    return np.asarray(np.einsum("pfas,pfasj,sj->pj", deciding, chances, party))


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


# Process


def reconsider(step: Step, drawn: Events, hazards: Hazards) -> Ints:
    """Those who reconsider where to live, of those who might, (decider,).

    The event draw let through everyone whose word was below an upper bound of their hazard; here
    it is held against the hazard itself.
    """
    rows = drawn.reconsidering
    people, p = step.population.people, step.parameters
    place, flat, band, situation = step.stratum(rows)
    unit = people.unit[rows]
    hazard = (
        hazards.leaving[place, flat, band, situation]
        * hazards.by_duration[quarters_since(step, people.moved_at[rows])]
        * village_factor(step.population.away_share[unit], p)
        * closure_factor(step.population.school_closed[unit], situation == strata.PRIMARY_CHILD, p)
    )
    u = (drawn.leaving + 0.5) / FULL
    return rows[u < probability(hazard, step.quarter.years)]


def entering_junior(step: Step) -> Ints:
    """Heads of village households of whom a child is about to enter junior school, (family,)."""
    if step.quarter.season != SCHOOL_YEAR:
        return np.empty(0, np.int64)
    last = step.quarter.number - 4 * JUNIOR_AGE
    rows = step.population.born_between(last - 3, last)
    rows = rows[step.places.is_villages(step.place(rows))]
    head, there = step.population.heads(rows)
    return np.unique(head[there])


def family_events(step: Step, couples: Ints) -> tuple[Ints, Ints]:
    """Village families who reconsider because of a wedding or a child's entry to junior school.

    Some buy a flat in town, where it has an empty one; they reconsider, and so do others whose
    child enters.

    Returns
    -------
    (family,) rows of heads; (family,) whose situation counts in the choice
    """
    population, p = step.population, step.parameters
    entering = entering_junior(step)
    wed = np.setdiff1d(couples[step.places.is_villages(step.place(couples))], entering)
    rows = np.concatenate([entering, wed])
    enters = np.arange(len(rows)) < len(entering)
    u, county = step.uniform(Stream.FAMILY, rows), county_of(step.place(rows))
    owner = population.people.flags[rows] & OWNS_FLAT > 0
    buys = ~owner & population.has_town[county]
    buys &= u[0] < purchase_chance(step.markets.price, p)[county]
    population.buy_flats(rows[buys])
    asks = buys | (enters & reconsiders_at_entry(u[1], p))
    situation = np.where(enters, SECONDARY_CHILD, step.stratum(rows)[3])
    return rows[asks], situation[asks]


def quarters_since(step: Step, moved: Ints) -> Ints:
    """Quarters since the last move, at most 128, (person,)."""
    return np.clip(step.quarter.number - moved.astype(np.int64), 0, LONGEST)


def leave_for_college(step: Step) -> Parties:
    """Of those who have just left school for college, many leave the region."""
    if step.quarter.season != SCHOOL_YEAR:
        return Parties.none()
    people, rows = step.population.people, just_grown(step)
    traits = people.traits[rows]
    student = (strata.education_of(traits) == COLLEGE) & (strata.role_of(traits) == UNATTACHED)
    rows = rows[student & step.places.is_inside(step.place(rows))]
    u = step.uniform(Stream.COMING_OF_AGE, rows)
    leaves = leaves_for_college(u[1], step.parameters)
    far = ~college_in_province(u[2, leaves], step.parameters)
    rows = rows[leaves]
    return Parties(
        row=rows,
        mode=np.full(len(rows), kernels.LONE),
        town=np.full(len(rows), OUTSIDE),
        unit=step.population.units.elsewhere + far,
        needs_dwelling=np.zeros(len(rows), bool),
    )


def go_back(step: Step, rows: Ints) -> Parties:
    """People away from their hukou place go back: to the village, or to its county town."""
    population, people, places = step.population, step.population.people, step.places
    hukou = people.hukou[rows].astype(np.int64)
    home, place = population.place[hukou].astype(np.int64), step.place(rows)
    rows, hukou, home, place = (x[home != place] for x in (rows, hukou, home, place))
    to_town = places.is_villages(home)
    to_town &= returns_to_town(step.uniform(Stream.RETURNING, rows)[0], step.parameters)
    county = np.where(to_town, county_of(home), OUTSIDE)
    moves = ~(to_town & ((place == town(county)) | ~population.has_town[county]))
    head = strata.role_of(people.traits[rows]) == HEAD
    return Parties(
        row=rows[moves],
        mode=np.where(head, kernels.WHOLE, kernels.LONE)[moves],
        town=county[moves],
        unit=np.where(to_town, -1, hukou)[moves],
        needs_dwelling=(to_town & (people.flags[rows] & OWNS_FLAT == 0))[moves],
    )
