"""The population: people, households and villages that add up to the census tables.

One row per usual resident, and one per registered person who lives elsewhere. At a scale below 1 a
row stands for more people. Everything is drawn from generators keyed by the seed, the county and
the step, so no step and no county disturbs the luck of another.
"""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from xiancheng.calibration import cache, code_identity
from xiancheng.calibration.county import Census, SynthesisStage, county, luck, rows
from xiancheng.calibration.fit import Fit, Margins, measured
from xiancheng.calibration.fitting import assumptions, whole
from xiancheng.calibration.region import Region
from xiancheng.calibration.registration import Origins, neighbours
from xiancheng.calibration.villages import villages
from xiancheng.sim.state import COLUMNS, Ints, People, Units

if TYPE_CHECKING:
    from pandas import DataFrame

CODE = ("sim", "calibration")  # packages on which a population depends, beside the pack


@dataclass(frozen=True)
class SyntheticPopulation:
    """People and the units they live in, with how well they fit the census."""

    people: People
    units: Units
    fit: list[Fit]


def population(region: Region, start: date, scale: float, seed: int) -> SyntheticPopulation:
    """The population of a region at a census: opened from the cache, or built and kept there.

    Columns that come from the cache are memory-mapped and read-only.

    Raises
    ------
    ValueError
        if the scale is not in (0, 1] or the pack holds no census of that date
    """
    folder = cache.home() / "population" / key(region, start, scale, seed)
    kept = cache.opened(folder)
    if kept is None:
        with suppress(OSError):  # a cache that cannot be written is no reason to stop
            keep(folder, Build(region, start, scale=scale, seed=seed))
        kept = cache.opened(folder)
        if kept is None:
            return build(region, start, scale=scale, seed=seed)
    columns, note = kept
    people = People(*(columns[f"people.{f.name}"] for f in fields(People)))
    units = Units(*(np.array(columns[f"units.{f.name}"]) for f in fields(Units)))
    return SyntheticPopulation(people, units, [Fit(**row) for row in note])


def keep(folder: Path, of: "Build") -> None:
    """Build a population into the cache, one county after the other."""
    fit: list[Fit] = []
    with cache.making(folder) as room:
        for field in fields(Units):
            column = getattr(of.units, field.name)
            room.column(f"units.{field.name}", column.dtype, len(column)).append(column)
        people = {n: room.column(f"people.{n}", d, of.rows) for n, d in COLUMNS.items()}
        for part, found in of.counties():
            for name, column in people.items():
                column.append(getattr(part, name))
            fit += found
        room.note = [asdict(row) for row in fit]


def key(region: Region, start: date, scale: float, seed: int) -> str:
    """Digest of all that a population depends on."""
    asked = f"{region.digest} {start} {float(scale)!r} {int(seed)} {np.__version__}"
    content = f"{asked} {code_identity.digest(*CODE)}"
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def fit_report(made: SyntheticPopulation, region: Region) -> "DataFrame":
    """How close a population comes to the census: a row for each county and margin."""
    from pandas import DataFrame

    names = {int(county.code): county.zh for county in region.counties}
    report = DataFrame([asdict(row) for row in made.fit])
    report.insert(1, "name", report["county"].map(names))
    return report


def build(region: Region, start: date, *, scale: float, seed: int) -> SyntheticPopulation:
    """Make the population of a region at a census.

    Raises
    ------
    ValueError
        if the scale is not in (0, 1] or the pack holds no census of that date
    """
    of = Build(region, start, scale=scale, seed=seed)
    parts, fits = zip(*of.counties(), strict=True)
    columns = (np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS)
    return SyntheticPopulation(People(*columns), of.units, [row for fit in fits for row in fit])


class Build:
    """A population in the making: its units, and its people county by county."""

    def __init__(self, region: Region, start: date, *, scale: float, seed: int) -> None:
        if not 0 < scale <= 1:
            raise ValueError(f"scale is {scale}; it must be more than 0 and at most 1")
        if start not in region.censuses:
            dates = ", ".join(map(str, region.censuses))
            raise ValueError(f"no census of {start} in the region pack; it holds {dates}")
        self.scale, self.seed = scale, seed
        self.units, self.sizes = villages(
            region, start, lambda code: luck(seed, code, SynthesisStage.VILLAGES)
        )
        self.origins = Origins(self.units, self.sizes, region.value(start, "rural_origin_share"))
        self.censuses = censuses(region, start)

    @property
    def rows(self) -> int:
        """How many rows there will be."""
        return sum(int(rows(census.margins, self.scale).sum()) for census in self.censuses)

    def counties(self) -> Iterator[tuple[People, list[Fit]]]:
        """The rows of each county, and how well they fit its margins."""
        a, first = assumptions(), 0
        for census in self.censuses:
            part, homes = county(
                census, self.units, self.sizes, self.origins, self.scale, self.seed, a
            )
            got = measured(part, self.units, census.county, homes, census.quarter)
            part.next_member += np.int32(first)
            first += len(part)
            yield part, census.margins.fit(census.code, got)


def censuses(region: Region, start: date) -> list[Census]:
    """What the build asks of the pack, for each county."""
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
        Census(
            start=start,
            county=c,
            code=int(place.code),
            margins=Margins(**{name: in_whole(table[c]) for name, table in tables.items()}),
            urban_odds=region.urban_odds(start),
            collective_in_town=float(collective[c]),
            owners=np.array([home["bought"][c] + home["self_built"][c], rural_owners[c]]),
        )
        for c, place in enumerate(region.counties)
    ]


def in_whole(persons: ArrayLike) -> Ints:
    """Cells in whole persons that add up as the cells did, shape of `persons`."""
    cells = np.atleast_1d(np.asarray(persons, float))
    return whole(cells, round(float(cells.sum())))
