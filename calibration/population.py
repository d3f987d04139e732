"""The population: people, households and villages that add up to the census tables.

One row per usual resident, and one per registered person who lives elsewhere. At a scale below 1 a
row stands for more people. Everything is drawn from generators keyed by the seed, the county and
the step, so no step and no county disturbs the luck of another.
"""

import hashlib
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import date
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibration import cache
from calibration.county import Census, Step, county, luck
from calibration.fit import Fit, Margins, measured
from calibration.fitting import assumptions, whole
from calibration.region import Region
from calibration.registration import Origins, neighbours
from calibration.villages import villages
from sim.state import COLUMNS, Ints, People, Units

if TYPE_CHECKING:
    from pandas import DataFrame

# Files on which a population depends, beside the pack.
INGREDIENTS = {
    "calibration": (
        "county.py", "fit.py", "fitting.py", "households.py", "population.csv", "population.py",
        "registration.py", "seating.py", "traits.py", "villages.py",
    ),
    "sim": ("kinds.py", "state.py"),
}  # fmt: skip


@dataclass(frozen=True)
class Population:
    """People and the units they live in, with how well they fit the census."""

    people: People
    units: Units
    fit: list[Fit]


def population(region: Region, start: date, scale: float, seed: int) -> Population:
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
        built = build(region, start, scale=scale, seed=seed)
        with suppress(OSError):  # a cache that cannot be written is no reason to stop
            cache.keep(folder, columns_of(built), [asdict(row) for row in built.fit])
        kept = cache.opened(folder)
        if kept is None:
            return built
    columns, note = kept
    people = People(*(columns[f"people.{f.name}"] for f in fields(People)))
    units = Units(*(np.array(columns[f"units.{f.name}"]) for f in fields(Units)))
    return Population(people, units, [Fit(**row) for row in note])


def columns_of(built: Population) -> dict[str, NDArray[Any]]:
    """Every column of a population, under the name it has in the cache."""
    people, units = built.people, built.units
    return {f"people.{f.name}": getattr(people, f.name) for f in fields(people)} | {
        f"units.{f.name}": getattr(units, f.name) for f in fields(units)
    }


def key(region: Region, start: date, scale: float, seed: int) -> str:
    """Digest of all that a population depends on."""
    asked = f"{region.digest} {start} {float(scale)!r} {int(seed)} {np.__version__}"
    content = hashlib.sha256(asked.encode())
    for package, names in INGREDIENTS.items():
        for name in names:
            content.update((files(package) / name).read_bytes())
    return content.hexdigest()[:32]


def fit_report(made: Population, region: Region) -> "DataFrame":
    """How close a population comes to the census: a row for each county and margin."""
    from pandas import DataFrame

    names = {int(county.code): county.zh for county in region.counties}
    report = DataFrame([asdict(row) for row in made.fit])
    report.insert(1, "name", report["county"].map(names))
    return report


def build(region: Region, start: date, *, scale: float, seed: int) -> Population:
    """Make the population of a region at a census.

    Raises
    ------
    ValueError
        if the scale is not in (0, 1] or the pack holds no census of that date
    """
    if not 0 < scale <= 1:
        raise ValueError(f"scale is {scale}; it must be more than 0 and at most 1")
    if start not in region.censuses:
        dates = ", ".join(map(str, region.censuses))
        raise ValueError(f"no census of {start} in the region pack; it holds {dates}")
    a = assumptions()
    units, sizes = villages(region, start, lambda code: luck(seed, code, Step.VILLAGES))
    origins = Origins(units, sizes, region.value(start, "rural_origin_share"))
    parts: list[People] = []
    fit: list[Fit] = []
    first = 0
    for census in censuses(region, start):
        part, homes = county(census, units, sizes, origins, scale, seed, a)
        got = measured(part, units, census.county, homes, census.quarter)
        fit += census.margins.fit(census.code, got)
        part.mate += np.int32(first)
        first += len(part)
        parts.append(part)
    columns = (np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS)
    return Population(People(*columns), units, fit)


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
