"""Individuals: age, schooling and work of people, from the margins of their county."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from xiancheng.calibration.population.fit import AGES, CountyCensus, SynthesisAssumptions
from xiancheng.calibration.population.ipf import (
    assign_columns,
    controlled_rounding,
    ipf,
    round_table,
)
from xiancheng.sim.state import AGES as BANDS
from xiancheng.sim.state import FARM, FEMALE, INDUSTRY, NO_WORK, PRIMARY, SERVICES, Floats, Ints

TOWN, VILLAGE, PROVINCE, COUNTRY = range(4)  # residence of a county's people
ADULT = 18  # years
WORKING_AGE = 16  # years; the legal minimum
EDUCATIONS = 4
WORKS = 4


@dataclass(frozen=True)
class Persons:
    """People with their traits, residents before the absent; (person,)."""

    residence: Ints  # TOWN, VILLAGE, PROVINCE or COUNTRY
    sex: Ints
    age: Ints  # quarters
    level: Ints
    work: Ints

    def where(self, rows: Ints) -> "Persons":
        """The people that an index selects."""
        return Persons(
            *(c[rows] for c in (self.residence, self.sex, self.age, self.level, self.work))
        )


def draw_persons(
    census: CountyCensus, rows: Ints, share: float, a: SynthesisAssumptions, rng: Generator
) -> Persons:
    """People by where they live, sex and age, with schooling and work.

    Parameters
    ----------
    rows
        (where they live,) number of rows
    share
        rows per person
    """
    m = census.margins
    here = sex_and_age(m.sex_age, rows[:PROVINCE], census.urban_odds, rng)
    table = np.concatenate([here, sex_and_age_away(rows[PROVINCE:], a, rng)])
    residence, sex, band = (
        np.repeat(axis.ravel(), table.ravel()) for axis in np.indices(table.shape)
    )
    age = ages(band, np.where(residence < PROVINCE, 0, ADULT), a, rng)
    years, year = age // 4, census.start.year

    resident = residence < PROVINCE
    migrants = np.outer(np.bincount(sex[~resident], minlength=2), a.row("away_schooling"))
    level, work = np.zeros(len(age), np.int64), np.full(len(age), NO_WORK)
    level[resident] = schooling(
        years[resident], sex[resident], residence[resident], m.schooling, year, a, rng
    )
    level[~resident] = schooling(
        years[~resident],
        sex[~resident],
        np.full((~resident).sum(), VILLAGE),
        migrants,
        year,
        a,
        rng,
    )
    work[resident] = working(
        years[resident], sex[resident], residence[resident], level[resident], share * m.work, a, rng
    )
    return Persons(residence, sex, age, level, work)


def sex_and_age(margin: Ints, places: Ints, odds: Floats, rng: Generator) -> Ints:
    """Rows of a county by place, sex and age band, (2 places, sex, band).

    Parameters
    ----------
    margin
        (sex, band) residents
    places
        (place,) rows in town and village
    odds
        (band,) relative odds of living in town
    """
    rows = controlled_rounding(margin, int(places.sum()), rng.random()).ravel()
    town = np.tile(odds, len(margin))
    table = ipf(np.column_stack([town, np.ones_like(town)]), rows, places)
    return round_table(table, rows, places, rng).T.reshape(2, *margin.shape)


def sex_and_age_away(rows: Ints, a: SynthesisAssumptions, rng: Generator) -> Ints:
    """Rows of the absent by where they live, sex and age band, (outside, sex, band)."""
    of_age = np.zeros(len(BANDS))
    of_age[np.searchsorted(BANDS, list(a.steps("away_age")))] = a.row("away_age")
    shares = np.outer([1 - a["away_women"], a["away_women"]], of_age)
    return np.stack([controlled_rounding(shares, int(n), rng.random()) for n in rows])


def ages(band: Ints, youngest: Ints, a: SynthesisAssumptions, rng: Generator) -> Ints:
    """Ages within census bands [quarters], (person,): even, but falling off from 85 on.

    Parameters
    ----------
    band, youngest
        (person,) band; least age in years
    """
    low = np.maximum(BANDS[band], youngest)
    high = np.append(BANDS[1:], BANDS[-1] + 1)[band]
    age: Ints = 4 * low + (rng.random(len(band)) * 4 * (high - low)).astype(np.int64)
    oldest = np.flatnonzero(band == len(BANDS) - 1)
    ratio = a["old_age_ratio"]
    left = 1 - rng.random(len(oldest)) * (1 - ratio ** (a["oldest"] - BANDS[-1]))
    age[oldest] += 4 * (np.log(left) / np.log(ratio)).astype(np.int64)
    return age


def schooling(
    years: Ints,
    sex: Ints,
    place: Ints,
    margin: Floats | Ints,
    year: int,
    a: SynthesisAssumptions,
    rng: Generator,
) -> Ints:
    """Highest level of education attended, (person,).

    Parameters
    ----------
    years, sex, place
        (person,) age in years; 0 town, 1 village
    margin
        (sex, level) persons aged six or more
    year
        of the census; grown people carry the schooling of their cohort
    """
    levels = [a.by_age(f"schooling_{n}") for n in ("primary", "junior", "senior", "college")]
    profile = np.column_stack(levels)
    first = np.array([0, *a.steps("schooling_primary")])  # years at which an age group begins
    later = np.minimum(first + int(a["schooling_year"]) - year, AGES - 1)
    profile = profile[np.where(first < a["schooling_done"], first, later)]
    seed = np.stack([profile * a.row("urban_schooling"), profile])

    cell = (place * 2 + sex) * len(first) + np.searchsorted(first, years, side="right") - 1
    number = np.bincount(cell, minlength=4 * len(first)).reshape(2, 2, -1)
    table = np.zeros((*number.shape, EDUCATIONS), np.int64)
    table[:, :, 0, PRIMARY] = number[:, :, 0]  # not at school yet
    for which in range(2):
        rows = number[:, which, 1:].ravel()
        columns = controlled_rounding(margin[which], int(rows.sum()))
        schooled = ipf(seed[:, 1:].reshape(-1, EDUCATIONS), rows, columns)
        table[:, which, 1:] = round_table(schooled, rows, columns, rng).reshape(2, -1, EDUCATIONS)
    return assign_columns(cell, table.reshape(-1, EDUCATIONS), rng)


def working(
    years: Ints,
    sex: Ints,
    place: Ints,
    level: Ints,
    margin: ArrayLike,
    a: SynthesisAssumptions,
    rng: Generator,
) -> Ints:
    """Kind of work done, (person,); rural residents who do not farm commute.

    Parameters
    ----------
    years, sex, place, level
        (person,) age in years; 0 town, 1 village; education
    margin
        (3,) rows that farm, and that work in industry and services
    """
    names = ("employed", "farm", "services")
    first = np.array(sorted({age for name in names for age in a.steps(name)}))
    seed = np.ones((2, 2, len(first), EDUCATIONS, WORKS))
    employed, farm, services = (a.by_age(name)[first][:, None] for name in names)
    seed[..., FARM] *= farm * a.row("schooled_farm")
    seed[..., INDUSTRY] *= a.row("schooled_industry")
    seed[..., SERVICES] *= services * a.row("schooled_services")
    seed[0, ..., FARM] *= a["farm_urban"]
    seed[1, ..., INDUSTRY:] *= a["nonfarm_rural"]
    seed[:, FEMALE, ..., INDUSTRY] *= a["women_industry"]
    seed[:, FEMALE, ..., SERVICES] *= a["women_services"]
    seed[..., 1:] *= employed[..., None] / seed[..., 1:].sum(-1, keepdims=True)
    seed[..., NO_WORK] = 1 - employed
    seed[:, FEMALE, ..., NO_WORK] *= a["women_none"]

    of_age = np.flatnonzero(years >= WORKING_AGE)
    group = np.searchsorted(first, years[of_age], side="right") - 1
    cell = ((place[of_age] * 2 + sex[of_age]) * len(first) + group) * EDUCATIONS + level[of_age]
    rows = np.bincount(cell, minlength=seed[..., 0].size)
    working = controlled_rounding(margin, min(round(float(np.sum(margin))), len(of_age)))
    columns = np.array([len(of_age) - working.sum(), *working])
    table = ipf(seed.reshape(-1, WORKS), rows, columns)
    work = np.full(len(years), NO_WORK)
    work[of_age] = assign_columns(cell, round_table(table, rows, columns, rng), rng)
    return work
