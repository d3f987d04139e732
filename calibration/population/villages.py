"""Villages: the units of each township, which are coded urban, and how many live in each."""

from collections.abc import Callable
from datetime import date
from enum import IntEnum

import numpy as np
from numpy.random import Generator

from xiancheng.calibration.population.ipf import controlled_rounding
from xiancheng.calibration.region import Region
from xiancheng.calibration.region.schema import (
    BUILT_UP,
    JUNCTION,
    MOST_UNITS,
    URBAN_RURAL_CLASSES,
)
from xiancheng.sim.state import Bools, Floats, Ints, Units

KINDS = ("street", "town", "township")  # the order in which their units are coded urban


def villages(
    region: Region, start: date, generator: Callable[[int], Generator]
) -> tuple[Units, Ints]:
    """The units of a region at a census, urban before rural in each county.

    Township lists hold a number of units, neither their codes nor their sizes. Where the pack holds
    an edition of urban-rural classes no later than the census, each township's present units have
    the classes of that edition in the same proportions (`mapped_classes`). Elsewhere urban codes go
    to streets first, then to town seats, until a mean urban unit is as much larger than a rural
    one as the pack says. Sizes are drawn and add up to each county's urban and rural residents.
    The list is of 2023 and serves every census: units merged before it are not brought back.

    Parameters
    ----------
    generator
        of a county, by its code

    Returns
    -------
    units, and (unit,) residents

    Raises
    ------
    ValueError
        if there are more units than their column can tell apart
    """
    spread = region.value(start, "unit_size_log_sd")
    ratio = region.value(start, "urban_unit_size_ratio")
    table = region.townships
    number, named = table["units"].to_numpy(), table["communities"].to_numpy()
    kind = table["kind"].map(KINDS.index).to_numpy()
    home, classes = table["county_code"].to_numpy(), region.classes(start)

    counties, townships, urbans, besides, sizes = [], [], [], [], []
    for c, (county, residents) in enumerate(
        zip(region.counties, region.urban_rural(start), strict=True)
    ):
        own = np.flatnonzero(home == county.code)
        township = np.repeat(own, number[own])
        within = np.arange(len(township)) - np.repeat(
            np.cumsum(number[own]) - number[own], number[own]
        )
        first = coded_first(kind[township], within < named[township], within)
        if classes is None:
            urban = np.zeros(len(township), bool)
            urban[first[: urban_units(len(township), residents, float(ratio[c]))]] = True
            beside = np.isin(township, township[urban]) & ~urban
        else:
            ring = np.concatenate([
                mapped_classes(counted, units)
                for counted, units in zip(classes[own], number[own], strict=True)
            ])  # fmt: skip
            urban = ring <= Ring.JUNCTION
            if (residents[0] > 0) != urban.any():  # the census decides whether there is a town
                urban[first[0]] = residents[0] > 0
                urban &= residents[0] > 0
            if residents[1] > 0 and urban.all():
                urban[first[-1]] = False
            beside = (ring == Ring.JUNCTION) & urban | (ring == Ring.BESIDE) & ~urban
        order = np.lexsort((within, township, ~urban))
        townships.append(township[order])
        urbans.append(urban[order])
        besides.append(beside[order])
        counties.append(np.full(len(township), c))
        rng = generator(int(county.code))
        sizes.append(unit_sizes(urban[order], residents, float(spread[c]), rng))

    township = np.concatenate(townships)
    if len(township) > MOST_UNITS:
        raise ValueError(
            f"the region has {len(township):,} village-level units, more than {MOST_UNITS:,}; "
            "divide it into smaller regions"
        )
    units = Units(
        county=np.concatenate(counties).astype(np.int16),
        township=township.astype(np.int16),
        urban=np.concatenate(urbans),
        contiguous=np.concatenate(besides),
        merged_into=np.arange(len(township), dtype=np.int32),
    )
    return units, np.concatenate(sizes)


class Ring(IntEnum):
    """Where a unit lies, from the middle of a town outwards."""

    BUILT_UP = 0  # classes 111, 121, 123
    JUNCTION = 1  # classes 112 and 122: urban by contiguity
    BESIDE = 2  # rural, next to these
    BEYOND = 3


def mapped_classes(counted: Ints, units: int) -> Ints:
    """The ring of each of a township's present units, (unit,), from an edition's classes.

    Built-up, junction and rural units keep their proportions, rounded; a township with
    urban units keeps one. The rural units next to the junction are as many as the junction:
    codes grow outwards, and a ring is about as wide as the last (assumed).

    Parameters
    ----------
    counted : (class,) units of the edition, in the order of `URBAN_RURAL_CLASSES`
    units : of the township today
    """
    by_class = dict(zip(URBAN_RURAL_CLASSES, counted.tolist(), strict=True))
    built_up, junction = (sum(by_class[c] for c in group) for group in (BUILT_UP, JUNCTION))
    rural = max(sum(by_class.values()) - built_up - junction, int(not any(counted)))
    found = controlled_rounding(np.array([built_up, junction, rural], float), units)
    if built_up + junction and not found[0] + found[1]:
        found[[0, 2]] += 1, -1
    beside = min(found[1] or int(found[0] > 0), found[2])
    return np.repeat(list(Ring), [found[0], found[1], beside, found[2] - beside])


def coded_first(kind: Ints, community: Bools, within: Ints) -> Ints:
    """The order in which a county's units are coded urban, (unit,) positions.

    All units of streets, communities before villages; then the first unit of every town, its
    seat; then the second, and so on; townships last.
    """
    village_of_street = (kind == KINDS.index("street")) & ~community
    return np.lexsort((within, village_of_street, kind))


def urban_units(units: int, residents: Ints, ratio: float) -> int:
    """How many units are urban so that the mean urban one is `ratio` times a rural one."""
    town, village = float(residents[0]) / ratio, float(residents[1])
    fewest, most = int(town > 0), units - int(village > 0)
    return min(max(round(float(units * town / max(town + village, 1.0))), fewest), most)


def unit_sizes(urban: Bools, residents: Ints, spread: float, rng: Generator) -> Ints:
    """Residents of a county's units: lognormal, adding up in town and village, (unit,)."""
    drawn: Floats = np.exp(rng.normal(0, spread, len(urban)))
    town = controlled_rounding(drawn[urban], int(residents[0]))
    return np.concatenate([town, controlled_rounding(drawn[~urban], int(residents[1]))])


def assign_units(county: int, weight: Ints, head: Ints, units: Units, sizes: Ints) -> Ints:
    """The unit each household lives in: units of a county fill up one after the other, (home,).

    Parameters
    ----------
    weight
        (row,) persons, urban rows first
    head
        (home,) first row of each household
    sizes
        (unit,) residents; they add up to those of town and village
    """
    own = np.flatnonzero(units.county == county)
    ahead = np.cumsum(weight) - weight
    return own[np.searchsorted(np.cumsum(sizes[own]), ahead[head], side="right")]
