"""Villages: the units of each township, which are coded urban, and how many live in each."""

from collections.abc import Callable
from datetime import date

import numpy as np
from numpy.random import Generator

from xiancheng.calibration.population.ipf import controlled_rounding
from xiancheng.calibration.region import Region
from xiancheng.calibration.region.schema import MOST_UNITS
from xiancheng.sim.state import Bools, Floats, Ints, Units

KINDS = ("street", "town", "township")  # the order in which their units are coded urban


def villages(
    region: Region, start: date, generator: Callable[[int], Generator]
) -> tuple[Units, Ints]:
    """The units of a region at a census, urban before rural in each county.

    Township lists hold a number of units, neither their codes nor their sizes. So urban codes go
    to streets first, then to town seats, until a mean urban unit is as much larger than a rural
    one as the pack says; sizes are drawn and add up to each county's urban and rural residents.
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
    table = region.townships.sort_values(["county_code", "township_code"])
    number, named = table["units"].to_numpy(), table["communities"].to_numpy()
    kind = table["kind"].map(KINDS.index).to_numpy()
    home = table["county_code"].to_numpy()

    counties, townships, urbans, sizes = [], [], [], []
    for c, (county, residents) in enumerate(
        zip(region.counties, region.urban_rural(start), strict=True)
    ):
        own = np.flatnonzero(home == county.code)
        township = np.repeat(own, number[own])
        within = np.arange(len(township)) - np.repeat(
            np.cumsum(number[own]) - number[own], number[own]
        )
        first = coded_first(kind[township], within < named[township], within)
        urban = np.zeros(len(township), bool)
        urban[first[: urban_units(len(township), residents, float(ratio[c]))]] = True
        order = np.lexsort((within, township, ~urban))
        townships.append(township[order])
        urbans.append(urban[order])
        counties.append(np.full(len(township), c))
        rng = generator(int(county.code))
        sizes.append(unit_sizes(urban[order], residents, float(spread[c]), rng))

    township, urban = np.concatenate(townships), np.concatenate(urbans)
    if len(township) > MOST_UNITS:
        raise ValueError(
            f"the region has {len(township):,} village-level units, more than {MOST_UNITS:,}; "
            "divide it into smaller regions"
        )
    in_town = np.bincount(township, urban, minlength=len(table)) > 0
    units = Units(
        county=np.concatenate(counties).astype(np.int16),
        township=township.astype(np.int16),
        urban=urban,
        contiguous=in_town[township] & ~urban,
        merged_into=np.arange(len(township), dtype=np.int32),
    )
    return units, np.concatenate(sizes)


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
