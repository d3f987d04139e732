"""The population: people, households and villages that add up to the census tables.

One row per usual resident, and one per registered person who lives elsewhere. At a scale below 1 a
row stands for more people. Everything is drawn from generators keyed by the seed, the county and
the step, so no step and no county disturbs the luck of another.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from calibration.county import Census, Step, county, luck
from calibration.fit import Fit, Margins, measured
from calibration.fitting import assumptions, whole
from calibration.region import Region
from calibration.registration import Origins, neighbours
from calibration.villages import villages
from sim.state import COLUMNS, People, Units


@dataclass(frozen=True)
class Population:
    """People and the units they live in, with how well they fit the census."""

    people: People
    units: Units
    fit: list[Fit]


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
    near = neighbours(moved[:, 1], away[:, 0])
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
            margins=Margins(**{k: whole(t[c], round(float(np.sum(t[c])))) for k, t in tables.items()}),
            urban_odds=region.urban_odds(start),
            collective_in_town=float(collective[c]),
            owners=np.array([home["bought"][c] + home["self_built"][c], rural_owners[c]]),
        )
        for c, place in enumerate(region.counties)
    ]
