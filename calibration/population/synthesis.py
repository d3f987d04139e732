"""Synthesis: the population of a region at a census, from the cache or built county by county.

One row per usual resident, and one per registered person who lives elsewhere. At a scale below 1 a
row stands for more people. Everything is drawn from generators keyed by the seed, the county and
the stage, so no stage and no county disturbs the random numbers of another.
"""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import date
from enum import IntEnum, auto
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from xiancheng.calibration import cache, code_identity
from xiancheng.calibration.population.fit import (
    CountyCensus,
    Fit,
    Margins,
    SynthesisAssumptions,
    assumptions,
    margins_of,
)
from xiancheng.calibration.population.households import (
    COLLECTIVE_HOME,
    NO_CHILD,
    form_households,
    rings,
)
from xiancheng.calibration.population.hukou import Origins, in_movers, moving_quarters, neighbours
from xiancheng.calibration.population.individuals import PROVINCE, draw_persons
from xiancheng.calibration.population.ipf import controlled_rounding
from xiancheng.calibration.population.villages import assign_units, villages
from xiancheng.calibration.region import Region
from xiancheng.sim import strata
from xiancheng.sim.state import (
    ALONE,
    COLLECTIVE,
    COLUMNS,
    NEVER,
    OWNS_FLAT,
    Column,
    Ints,
    People,
    Units,
)

if TYPE_CHECKING:
    from pandas import DataFrame

CODE = ("sim", "calibration")  # packages on which a population depends, beside the pack


class SynthesisStage(IntEnum):
    """What a generator is for."""

    VILLAGES = auto()
    PEOPLE = auto()
    HOUSEHOLDS = auto()
    REGISTRATION = auto()


@dataclass(frozen=True)
class SyntheticPopulation:
    """People and the units they live in, with how well they fit the census."""

    people: People
    units: Units
    fit: list[Fit]

    def fit_report(self, region: Region) -> "DataFrame":
        """How close it comes to the census: a row for each county and margin."""
        from pandas import DataFrame

        names = {int(county.code): county.zh for county in region.counties}
        report = DataFrame([asdict(row) for row in self.fit])
        report.insert(1, "name", report["county"].map(names))
        return report


def synthetic_population(
    region: Region, start: date, scale: float, seed: int
) -> SyntheticPopulation:
    """The population of a region at a census: opened from the cache, or built and kept there.

    Columns that come from the cache are memory-mapped and read-only.

    Raises
    ------
    ValueError
        if the scale is not in (0, 1] or the pack holds no census of that date
    """
    folder = cache.home() / "population" / key(region, start, scale, seed)
    kept = cache.open_columns(folder)
    if kept is None:
        with suppress(OSError):  # a cache that cannot be written is no reason to stop
            _keep(folder, Synthesis(region, start, scale=scale, seed=seed))
        kept = cache.open_columns(folder)
        if kept is None:
            return build(region, start, scale=scale, seed=seed)
    columns, note = kept
    people = People(*(columns[f"people.{f.name}"] for f in fields(People)))
    units = Units(*(np.array(columns[f"units.{f.name}"]) for f in fields(Units)))
    return SyntheticPopulation(people, units, [Fit(**row) for row in note])


def _keep(folder: Path, synthesis: "Synthesis") -> None:
    """Build a population into the cache, one county after the other."""
    fit: list[Fit] = []
    with cache.write_columns(folder) as kept:
        for field in fields(Units):
            column = getattr(synthesis.units, field.name)
            kept.column(f"units.{field.name}", column.dtype, len(column)).append(column)
        people = {n: kept.column(f"people.{n}", d, synthesis.rows) for n, d in COLUMNS.items()}
        for part, found in synthesis.counties():
            for name, column in people.items():
                column.append(getattr(part, name))
            fit += found
        kept.note = [asdict(row) for row in fit]


def key(region: Region, start: date, scale: float, seed: int) -> str:
    """Digest of all that a population depends on."""
    request = f"{region.digest} {start} {float(scale)!r} {int(seed)} {np.__version__}"
    content = f"{request} {code_identity.digest(*CODE)}"
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def build(region: Region, start: date, *, scale: float, seed: int) -> SyntheticPopulation:
    """Make the population of a region at a census.

    Raises
    ------
    ValueError
        if the scale is not in (0, 1] or the pack holds no census of that date
    """
    synthesis = Synthesis(region, start, scale=scale, seed=seed)
    parts, fits = zip(*synthesis.counties(), strict=True)
    columns = (np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS)
    people = People(*columns)
    return SyntheticPopulation(people, synthesis.units, [row for fit in fits for row in fit])


class Synthesis:
    """A population in the making: its units, and its people county by county."""

    def __init__(self, region: Region, start: date, *, scale: float, seed: int) -> None:
        if not 0 < scale <= 1:
            raise ValueError(f"scale is {scale}; it must be more than 0 and at most 1")
        if start not in region.censuses:
            dates = ", ".join(map(str, region.censuses))
            raise ValueError(f"no census of {start} in the region pack; it holds {dates}")
        self.scale, self.seed = scale, seed
        self.units, self.sizes = villages(
            region, start, lambda code: self.generator(code, SynthesisStage.VILLAGES)
        )
        self.origins = Origins(self.units, self.sizes, region.value(start, "rural_origin_share"))
        self.censuses = county_censuses(region, start)

    @property
    def rows(self) -> int:
        """How many rows there will be."""
        return sum(int(rows(census.margins, self.scale).sum()) for census in self.censuses)

    def generator(self, code: int, stage: SynthesisStage) -> Generator:
        """The random generator of a stage in a county."""
        return np.random.default_rng([self.seed, code, stage])

    def counties(self) -> Iterator[tuple[People, list[Fit]]]:
        """The rows of each county, and how well they fit its margins."""
        a, first = assumptions(), 0
        for census in self.censuses:
            part, homes = self.county(census, a)
            got = margins_of(part, self.units, census.county, homes, census.quarter)
            part.next_member += np.int32(first)
            first += len(part)
            yield part, census.fit(got)

    def county(self, census: CountyCensus, a: SynthesisAssumptions) -> tuple[People, Ints]:
        """The rows of a county, and its households by kind [households], (kind,)."""
        m, now = census.margins, census.quarter
        persons, number = np.concatenate([m.urban_rural, m.away]), rows(m, self.scale)
        weight = np.concatenate([weights(p, n) for p, n in zip(persons, number, strict=True)])
        residents, absent = int(number[:PROVINCE].sum()), int(number[PROVINCE:].sum())
        share = residents / float(m.urban_rural.sum())  # rows per person

        # People with their traits, in households.
        rng = self.generator(census.code, SynthesisStage.PEOPLE)
        everyone = draw_persons(census, number, share, a, rng)
        rng = self.generator(census.code, SynthesisStage.HOUSEHOLDS)
        housed = form_households(census, everyone, share, a, rng)
        p = everyone.where(np.append(housed.person, residents + np.arange(absent)))
        head = np.flatnonzero(np.diff(housed.home, prepend=-1))  # row of each household
        family = housed.kind != COLLECTIVE_HOME

        # Households fill villages; some are registered in another, as all of the absent are.
        rng = self.generator(census.code, SynthesisStage.REGISTRATION)
        unit = assign_units(census.county, weight[:residents], head, self.units, self.sizes)[
            housed.home
        ]
        chance = a.by_age("in_mover")[p.age[head] // 4]
        chance *= np.where(family, 1.0, a["in_mover_collective"])
        moved = controlled_rounding(m.in_movers, round(share * float(m.in_movers.sum())))
        hukou, since = in_movers(
            census.county, unit, housed.home, chance, moved, self.origins, now, a, rng
        )
        village = self.origins.villages(census.county, absent, rng)
        outside = self.units.elsewhere + p.residence[residents:] - PROVINCE
        left = moving_quarters(now, absent, a, rng)
        owner = family & (rng.random(len(head)) < census.owners[p.residence[head]])

        registered = np.append(hukou, village)
        child = np.where(housed.child == NO_CHILD, NEVER, now - housed.child)
        flags = (OWNS_FLAT * owner + COLLECTIVE * ~family)[housed.home]
        role = np.append(housed.role, np.full(absent, ALONE))
        columns: dict[str, Column] = {
            "address": addresses(census.code, len(weight)),
            "born": now - p.age,
            "child": np.append(child, np.full(absent, NEVER)),
            "unit": np.append(unit, outside),
            "hukou": registered,
            "previous_unit": registered,
            "moved_at": np.append(since, left),
            "traits": strata.pack(p.sex, p.level, role, p.work),
            "flags": np.append(flags, np.zeros(absent, np.int64)),
            "next_member": rings(np.append(housed.home, len(head) + np.arange(absent))),
            "weight": weight,
        }
        homes = np.bincount(housed.kind[family], weight[head][family], len(m.households))
        return (
            People(*(columns[name].astype(dtype) for name, dtype in COLUMNS.items())),
            np.rint(homes).astype(np.int64),
        )


def rows(margins: Margins, scale: float) -> Ints:
    """Rows of a county by where its people live, at least one where anybody does, (4,)."""
    persons = np.concatenate([margins.urban_rural, margins.away])
    return np.where(persons > 0, np.maximum(np.rint(scale * persons).astype(np.int64), 1), 0)


def weights(persons: int, rows: int) -> Ints:
    """Persons that each row stands for, adding up exactly, (row,)."""
    return np.diff(np.arange(rows + 1) * persons // max(rows, 1))


def county_censuses(region: Region, start: date) -> list[CountyCensus]:
    """What each county's people are made from."""
    homes, moved, away = region.households(start), region.in_movers(start), region.away(start)
    near = neighbours(moved[:, 1], away[:, 0], [c.prefecture for c in region.counties])
    origins = np.column_stack([moved[:, 2], moved[:, 1] - near.sum(1), near, moved[:, 0]])
    couples = homes["generations_1"] - homes["one_person"]
    families = (homes[f"generations_{n}"] for n in ("2", "3", "4p"))
    home, rural_owners = region.home(start), region.value(start, "flat_owners_rural")
    collective = region.value(start, "collective_urban_share")
    tables = {
        "sex_age": region.sex_age(start),
        "urban_rural": region.urban_rural(start),
        "schooling": region.education(start),
        "households": np.column_stack([homes["one_person"], couples, *families]),
        "members": homes["members"],
        "in_movers": origins,
        "work": region.work(start),
        "away": away[:, 1:],
    }
    return [
        CountyCensus(
            start=start,
            county=c,
            code=int(place.code),
            margins=Margins(**{name: _integers(table[c]) for name, table in tables.items()}),
            urban_odds=region.urban_odds(start),
            collective_in_town=float(collective[c]),
            owners=np.array([home["bought"][c] + home["self_built"][c], rural_owners[c]]),
        )
        for c, place in enumerate(region.counties)
    ]


def _integers(persons: ArrayLike) -> Ints:
    """Cells as integers that add up as the cells did, shape of `persons`."""
    cells = np.atleast_1d(np.asarray(persons, float))
    return controlled_rounding(cells, round(float(cells.sum())))


def addresses(code: int, rows: int) -> NDArray[np.uint64]:
    """An address for each row of a county, (row,): a one-to-one mix of its code and rank.

    No two can be alike, in one county or in two.

    References
    ----------
    Steele, Lea & Flood (2014), OOPSLA, doi 10.1145/2660193.2660195 (splitmix64)
    """
    x = np.uint64(code << 32) + np.arange(rows, dtype=np.uint64)
    x = (x + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
