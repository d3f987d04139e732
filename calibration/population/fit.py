"""What the census says of a county, how close a population comes to it, and what no census says.

That is in assumptions.csv, beside this.
"""

import csv
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from importlib.resources import files

import numpy as np

from xiancheng.sim import strata
from xiancheng.sim.state import COLLECTIVE, Bools, Floats, Ints, People, Units, quarter_with

AGES = 121  # single years of age, more than anybody lives


@dataclass(frozen=True)
class SynthesisAssumptions:
    """Numbers by name, and by key where a name has several (ages, levels of education)."""

    values: dict[tuple[str, str], float]

    def __getitem__(self, name: str) -> float:
        """A single number."""
        return self.values[name, ""]

    def steps(self, name: str) -> dict[int, float]:
        """A number by key, in order of key."""
        return {int(key): v for (other, key), v in self.values.items() if other == name and key}

    def row(self, name: str) -> Floats:
        """Numbers in order of key, (key,)."""
        return np.array(list(self.steps(name).values()))

    def by_age(self, name: str) -> Floats:
        """A number for each single year of age, 0 before the first key, (age,)."""
        steps = self.steps(name)
        step = np.searchsorted(list(steps), np.arange(AGES), side="right")
        return np.array([0.0, *steps.values()])[step]


@cache
def assumptions() -> SynthesisAssumptions:
    """The assumptions on file."""
    text = (files("xiancheng.calibration.population") / "assumptions.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return SynthesisAssumptions({(row["name"], row["key"]): float(row["value"]) for row in rows})


SCHOOL_AGE = 24  # quarters; the census asks for schooling from six years on


@dataclass(frozen=True)
class Fit:
    """How close the population came to one margin of a county [persons or households]."""

    county: int  # code
    margin: str
    target: float  # sum over the cells of the margin
    got: float
    srmse: float  # standardized root-mean-square error over the cells


@dataclass(frozen=True)
class Margins:
    """What the census says of a county, and what is derived from it [persons, households]."""

    sex_age: Ints  # (sex, band) residents
    urban_rural: Ints  # (place,) residents of town and village
    schooling: Ints  # (sex, level) persons aged six or more
    households: Ints  # (kind,) one person, a couple only, two, three, four generations or more
    members: Ints  # (1,) of family households
    in_movers: Ints  # (origin,) see calibration.population.hukou
    work: Ints  # (work,) farm, industry, services
    away: Ints  # (outside,) registered here, living in the rest of the province, of the country


@dataclass(frozen=True)
class CountyCensus:
    """What a county's people are made from."""

    start: date
    county: int  # index
    code: int
    margins: Margins
    urban_odds: Floats  # (band,) relative odds of living in town
    collective_in_town: float  # share of members of collective households
    owners: Floats  # (2,) share of families in town and village that own a flat in town

    @property
    def quarter(self) -> int:
        """The quarter of the census."""
        return quarter_with(self.start)

    def fit(self, got: Margins) -> list[Fit]:
        """How close a population with the margins `got` comes, margin by margin."""
        rows = []
        for field in fields(Margins):
            target, found = (
                np.ravel(getattr(each, field.name)).astype(float) for each in (self.margins, got)
            )
            error = np.sqrt(np.mean((found - target) ** 2)) / max(float(target.mean()), 1.0)
            sums = float(target.sum()), float(found.sum())
            rows.append(Fit(self.code, field.name, *sums, float(error)))
        return rows


def margins_of(people: People, units: Units, county: int, homes: Ints, quarter: int) -> Margins:
    """The margins of a county's rows.

    Parameters
    ----------
    people
        who lives in the county, or is registered there and lives outside the region
    county
        its index
    homes
        (kind,) households formed, whose kind does not show in the columns
    quarter
        of the census
    """

    def count(who: Bools, cell: Ints, cells: int) -> Ints:
        found = np.bincount(cell[who], people.weight[who], minlength=cells)
        return np.rint(found).astype(np.int64)

    age, sex = quarter - people.born.astype(np.int64), strata.sex_of(people.traits).astype(np.int64)
    level = strata.education_of(people.traits).astype(np.int64)
    work = strata.work_of(people.traits).astype(np.int64)
    resident = people.unit < units.elsewhere
    hukou, counties = people.hukou.astype(np.int64), int(units.county.max()) + 1
    of = np.append(units.county.astype(np.int64), [-1, -2])[hukou]  # county of hukou, or outside
    origin = np.where(of == county, counties, of) + 2
    moved = resident & (people.hukou != people.unit)
    town_or_village = np.append(~units.urban, [0, 1]).astype(np.int64)[people.unit]
    band = strata.age_band(quarter, people.born.astype(np.int64))
    return Margins(
        sex_age=count(resident, sex * strata.BANDS + band, 2 * strata.BANDS).reshape(2, -1),
        urban_rural=count(resident, town_or_village, 2),
        schooling=count(resident & (age >= SCHOOL_AGE), sex * 4 + level, 8).reshape(2, 4),
        households=homes,
        members=count(resident & (people.flags & COLLECTIVE == 0), 0 * sex, 1),
        in_movers=count(moved, origin, counties + 3),
        work=count(resident, work, 4)[1:],
        away=count(~resident, town_or_village, 2),
    )
