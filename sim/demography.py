"""Birth and death: schedules by age, sex and place, at the level each county registered."""

import numpy as np

from sim.kinds import AGES, BANDS, Headcount
from sim.parameters import Parameters
from sim.state import FEMALE, Counties, Floats, Ints

MIDDLE = (AGES + np.append(AGES[1:], 90)) / 2  # mean age in each band [years]
FERTILE = (AGES >= 20) & (AGES < 50)


def mortality_pattern(p: Parameters) -> Floats:
    """Relative risk of death by age, sex and town or village, (2 town/village, band, 2 sex).

    References
    ----------
    Gompertz (1825); the level is set by `level`, and infants are added by `mortality`
    """
    age = np.exp(p.gompertz_slope * (MIDDLE - 65))
    sex = np.array([1.0, p.female_mortality_ratio])
    place = np.array([1.0, p.rural_mortality_ratio])
    return place[:, None, None] * age[:, None] * sex


def mortality(level: Floats, pattern: Floats, p: Parameters) -> Floats:
    """Hazard of death [1/year], (county, 2 town/village, band, 2 sex)."""
    hazard = level[:, None, None, None] * pattern
    hazard[:, :, 0] += p.infant_mortality
    return hazard


def survival(years: float, p: Parameters) -> float:
    """What is left of every hazard of death so many years after the start."""
    return float((1 - p.mortality_decline) ** years)


def fertility_pattern(p: Parameters) -> Floats:
    """Relative chance of a birth to a woman with a partner, (2 town/village, band)."""
    shape = np.exp(-(((MIDDLE - p.mean_age_at_birth) / p.sd_age_at_birth) ** 2) / 2) * FERTILE
    return np.array([1.0, p.rural_fertility_ratio])[:, None] * shape


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


def newborn_sex(u: Floats, p: Parameters) -> Ints:
    """Sex of each newborn, (newborn,)."""
    return np.where(u < p.boys_per_birth, 0, FEMALE)


def crude_levels(people: Headcount, counties: Counties, p: Parameters) -> tuple[Floats, Floats]:
    """Levels of mortality and fertility that give each county its crude rates, each (county,)."""
    n = len(counties)
    by_sex = people.by_age_and_sex[: 2 * n].reshape(n, 2, BANDS, 2)
    residents = by_sex.sum(axis=(1, 2, 3))
    infants = by_sex[:, :, 0].sum(axis=(1, 2)) * p.infant_mortality
    rate = np.maximum(counties.death_rate - infants / np.maximum(residents, 1), 0)
    deaths = level(rate, mortality_pattern(p), by_sex, residents)
    return deaths, birth_level(people, counties.birth_rate, p)


def birth_level(people: Headcount, rate: Floats, p: Parameters) -> Floats:
    """The level of fertility that gives each county its births per resident and year, (county,)."""
    n = len(rate)
    residents = people.by_sex[: 2 * n].sum(axis=1).reshape(n, 2).sum(axis=1)
    mothers = people.mothers[: 2 * n].reshape(n, 2, BANDS)
    return level(rate, fertility_pattern(p), mothers, residents)
