"""Fertility, mortality and partnership: who is born, who dies, who comes of age, who marries."""

from datetime import date

import numpy as np

from xiancheng.sim import kernels, strata
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.places import Places, county_of
from xiancheng.sim.randomness import Stream, addresses
from xiancheng.sim.state import (
    AGES,
    COLLEGE,
    FEMALE,
    JUNIOR,
    SENIOR,
    Bools,
    Floats,
    Ints,
    quarter_of,
)
from xiancheng.sim.step import Step, just_grown
from xiancheng.sim.strata import Headcount

MIDDLE = (AGES + np.append(AGES[1:], 94)) / 2  # mean age in each band [years]
ALIKE = 100  # years, the age at which men and women die alike
WINTER = (quarter_of(2022, 4), quarter_of(2023, 1))  # the wave after controls ended
WINTER_KNOWN = date(2023, 3, 31)
FERTILE = (AGES >= 20) & (AGES < 50)
DRAGON = 2024  # a year of the dragon; there is one every twelve years
TWO_CHILD_YEARS = {2014: 0.45, 2015: 0.15, 2016: 1.0, 2017: 1.0, 2018: 0.25}  # share of the rise
MATCHED = 2020  # the first census that was matched with identity numbers


# Rules: pure, by stratum


def mortality_pattern(p: Parameters) -> Floats:
    """Relative risk of death by age, sex and town or village, (2 town/village, band, 2 sex).

    Women die less than men, by `female_mortality_ratio` at 65 and by less and less of it (in
    logarithms) towards 100.

    References
    ----------
    Gompertz (1825); the level is set by `level`, what does not grow with age by `mortality`
    """
    age = np.exp(p.gompertz_slope * (MIDDLE - 65))
    women = p.female_mortality_ratio ** ((ALIKE - MIDDLE) / (ALIKE - 65))
    sex = np.stack([np.ones(len(MIDDLE)), women], axis=1)
    place = np.array([1.0, p.rural_mortality_ratio])
    return place[:, None, None] * age[:, None] * sex


def ageless_mortality(p: Parameters) -> Floats:
    """Hazard of death that does not grow with age: accidents, and infants [1/year], (band,).

    References
    ----------
    Makeham (1860)
    """
    return p.accident_mortality + p.infant_mortality * (AGES == 0)


def mortality(level: Floats, pattern: Floats, p: Parameters) -> Floats:
    """Hazard of death [1/year], (county, 2 town/village, band, 2 sex)."""
    return level[:, None, None, None] * pattern + ageless_mortality(p)[:, None]


def winter_deaths(quarter: int, known_until: date, p: Parameters) -> float:
    """Deaths of a quarter as a multiple of the usual: the winter of 2022/23, once it is known.

    References
    ----------
    Xiao et al. (2023), JAMA Network Open 6(8):e2330877
    """
    return p.winter_2022_deaths if quarter in WINTER and known_until >= WINTER_KNOWN else 1.0


def survival(years: float, p: Parameters) -> float:
    """What is left of every hazard of death so many years after the start."""
    return float((1 - p.mortality_decline) ** years)


def birth_schedule(p: Parameters) -> Floats:
    """Births by age of mother, all women of an age taken together, adding up to 1, (band,).

    A bell over 20 to 49 whose mean is `mean_age_at_birth`, cut ends and all.
    """
    low, high = MIDDLE[FERTILE][0] - 20, MIDDLE[FERTILE][-1] + 20
    for _ in range(60):  # the mean rises with the middle of the bell
        middle = (low + high) / 2
        shape = np.exp(-(((MIDDLE - middle) / p.sd_age_at_birth) ** 2) / 2) * FERTILE
        shape /= shape.sum()
        early = (shape * MIDDLE).sum() < p.mean_age_at_birth
        low, high = (middle, high) if early else (low, middle)
    return shape


def fertility_pattern(women: Ints, partnered: Ints, p: Parameters) -> Floats:
    """Relative chance of a birth to a woman with a partner, (band,).

    As many women of each age, (band,), are `partnered` at the start, all `women` of that age
    together bear by the schedule; later births follow who has a partner.
    """
    per_woman = np.divide(women, partnered, out=np.zeros(len(women)), where=partnered > 0)
    return birth_schedule(p) * per_woman


def level(rate: Floats, pattern: Floats, exposed: Ints, residents: Ints) -> Floats:
    """The multiple of a pattern that gives each county its crude rate, (county,).

    Parameters
    ----------
    rate : (county,) events per resident and year
    pattern : (2, band, ...) relative risk
    exposed : (county, 2, band, ...) persons
    residents : (county,) persons
    """
    axes = tuple(range(1, exposed.ndim))
    expected = (exposed * pattern).sum(axis=axes)
    return np.divide(rate * residents, expected, out=np.zeros(len(rate)), where=expected > 0)


def death_level(people: Headcount, rate: Floats, p: Parameters) -> Floats:
    """The level of mortality that gives each county its deaths per resident and year, (county,).

    Of these, `rate`, only a share was found by whoever counted: `deaths_found`.
    """
    by_sex = Places(len(rate)).by_county(people.by_age_and_sex)
    residents = by_sex.sum(axis=(1, 2, 3))
    ageless = by_sex.sum(axis=(1, 3)) @ ageless_mortality(p) / np.maximum(residents, 1)
    rate = np.maximum(rate / p.deaths_found - ageless, 0)
    return level(rate, mortality_pattern(p), by_sex, residents)


def birth_levels(people: Headcount, rate: Floats, pattern: Floats, p: Parameters) -> Floats:
    """Levels of fertility at the start, (county, 2 town/village).

    A county's births per resident and year, `rate`, are split over town and villages as its infants
    are: what mothers there bear is what the population starts with.
    """
    places = Places(len(rate))
    infants, residents = places.by_county(people.by_band)[:, :, 0], places.by_county(people.by_sex)
    expected = (places.by_county(people.mothers) * pattern).sum(axis=2)
    part = infants * np.array([1.0, p.rural_birth_ratio]) * (expected > 0)
    part = np.where(part.sum(axis=1, keepdims=True) > 0, part, expected)
    births = (rate * residents.sum(axis=(1, 2)))[:, None] * part
    whole = expected * part.sum(axis=1, keepdims=True)
    return np.divide(births, whole, out=np.zeros_like(expected), where=whole > 0)


def fertility_multiple(people: Headcount, rate: Floats, levels: Floats, pattern: Floats) -> Floats:
    """The multiple of the levels at the start that gives births per resident and year, (county,).

    Parameters
    ----------
    rate : (county,) births per resident and year
    levels : (county, 2 town/village) `birth_levels` at the start
    pattern : (band,) `fertility_pattern`
    """
    places = Places(len(rate))
    residents = places.by_county(people.by_sex).sum(axis=(1, 2))
    mothers = places.by_county(people.mothers)
    return level(rate, levels[..., None] * pattern, mothers, residents)


def births_missed(census: int, p: Parameters) -> float:
    """Births around a census year as a multiple of the infants and births that it found."""
    return 1 / p.births_found if census < MATCHED else 1.0


def unusual_year(year: int, p: Parameters) -> float:
    """Births of a calendar year as a multiple of what cohorts and marriages make of them.

    Couples prefer years of the dragon; from 2014 on some, from 2016 on all were allowed a second
    child, and those who had waited for it had one.
    """
    dragon = p.dragon_births if (year - DRAGON) % 12 == 0 else 1.0
    return dragon * (1 + TWO_CHILD_YEARS.get(year, 0.0) * (p.two_child_births - 1))


def newborn_sex(u: Floats, p: Parameters) -> Ints:
    """Sex of each newborn, (newborn,)."""
    return np.where(u < p.boys_per_birth, 0, FEMALE)


def marriage_hazard(quarter: int, p: Parameters) -> Floats:
    """How often an unpartnered adult finds a partner, if there is one [1/year], (band, 2 sex).

    The age at which most do rises from year to year, so that fewer marry in each.

    References
    ----------
    Bongaarts & Feeney (1998), Population and Development Review 24(2) (what delay does to rates)
    """
    years = (quarter - quarter_of(2020, 4)) / 4
    mean = p.marriage_age + p.marriage_delay * years
    peak = mean + np.array([0.5, -0.5]) * p.spouse_age_gap
    distance = (AGES[:, None] + 2.5 - peak) / p.marriage_age_sd
    return p.marriage_hazard * np.exp(-(distance**2) / 2) * (AGES[:, None] >= 20)


def joins_parents(u: Floats, p: Parameters) -> Bools:
    """Whether a couple that lives with him would live in his parents' household, (couple,)."""
    return u < p.patrilocal_share


def address_of_couple(unit_of_man: Ints, unit_of_woman: Ints, urban: Bools) -> Ints:
    """Where a new couple lives, (couple,): with him, unless only she lives in town."""
    hers = urban[unit_of_woman] & ~urban[unit_of_man]
    return np.where(hers, unit_of_woman, unit_of_man)


def education_reached(u: Floats, p: Parameters) -> Ints:
    """Education of those who come of age, (person,)."""
    return np.where(
        u < p.college_share, COLLEGE, np.where(u < p.college_share + p.senior_share, SENIOR, JUNIOR)
    )


# Process: applies what was drawn


def births(step: Step, mothers: Ints) -> None:
    """Children are born; their sex is drawn at their own address."""
    population, quarter = step.population, step.quarter.number
    child = addresses(population.people.address[mothers], quarter, 0)
    u = step.streams.uniform(Stream.COMING_OF_AGE, quarter, child)[0]
    population.add_children(mothers, newborn_sex(u, step.parameters), quarter)


def come_of_age(step: Step) -> None:
    """Those who turned eighteen in the last four quarters leave school."""
    rows = just_grown(step)
    u = step.uniform(Stream.COMING_OF_AGE, rows)[0]
    education = education_reached(u, step.parameters)
    step.population.come_of_age(rows, education)


def marry(step: Step, rows: Ints) -> Ints:
    """Those who find each other in a county form households; the husbands, (couple,)."""
    people = step.population.people
    county, sex = county_of(step.place(rows)), strata.sex_of(people.traits[rows])
    tag = step.streams.words(Stream.PARTNERS, step.quarter.number, people.address[rows])[0]
    order = np.lexsort((people.address[rows], tag, county))
    partner, kin = np.empty(len(rows), np.int64), np.empty(len(rows), np.int64)
    kernels.first_of_ring(people.next_member, rows[order], kin)
    kernels.pair(county[order], sex[order].astype(np.int64), kin, partner)
    men = np.flatnonzero((partner >= 0) & (sex[order] == 0))
    he, she = rows[order[men]], rows[order[partner[men]]]
    homes = address_of_couple(
        people.unit[he].astype(np.int64), people.unit[she].astype(np.int64), step.population.urban
    )
    joins = joins_parents(step.uniform(Stream.PARTNERS, he)[1], step.parameters)
    step.population.marry(he, she, homes, joins, step.quarter.number)
    return he
