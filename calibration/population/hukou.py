"""Hukou: where residents are registered, and where those who are absent are."""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from xiancheng.calibration.population.fit import SynthesisAssumptions
from xiancheng.calibration.population.ipf import (
    TINY,
    controlled_rounding,
    ipf,
    round_table,
    split,
)
from xiancheng.sim.state import NEVER, Floats, Ints, Units

HALF_YEAR = 2  # quarters; the definition of a usual resident

# Where in-movers are registered: two places outside, then each county of the region, then another
# township of the same county.
COUNTRY, PROVINCE, NEIGHBOURS = 0, 1, 2


def neighbours(same_province: Floats, away: Floats, prefecture: Sequence[str]) -> Floats:
    """In-movers from the other counties of their prefecture, (county, county of hukou).

    They are those whom its counties miss (`away`, by county of hukou); each county has them in
    proportion to its in-movers from the province.
    """
    of, found = np.array(prefecture), np.zeros((len(away), len(away)))
    for code in np.unique(of):
        own = np.flatnonzero(of == code)
        came, missed = same_province[own], away[own]
        share = min(missed.sum() / max(came.sum(), 1.0), 1.0)
        found[np.ix_(own, own)] = ipf(1 - np.eye(len(own)), share * came, missed)
    return found


class Origins:
    """Where people of a county may be registered."""

    def __init__(self, units: Units, sizes: Ints, rural_share: Floats) -> None:
        place = units.place()[: len(units)]
        residents = np.bincount(place, sizes, minlength=2 * len(rural_share))
        share = np.column_stack([1 - rural_share, rural_share]).ravel()
        self.units = units
        self.rural = np.where(units.urban, 0, sizes)
        self.chance = sizes * (share / np.maximum(residents, 1))[place]

    def draw(self, county: int, n: int, rng: Generator, without: int = -1) -> Ints:
        """Units of a county outside the township `without`, (n,)."""
        own = np.flatnonzero((self.units.county == county) & (self.units.township != without))
        if not self.chance[own].any():  # the county has no other township
            own = np.flatnonzero(self.units.county == county)
        return rng.choice(own, n, p=self.chance[own] / self.chance[own].sum())

    def villages(self, county: int, n: int, rng: Generator) -> Ints:
        """Rural units of a county, or any if it has none, (n,)."""
        own = np.flatnonzero(self.units.county == county)
        chance = self.rural[own] if self.rural[own].any() else self.chance[own]
        return rng.choice(own, n, p=chance / chance.sum())


def in_movers(
    county: int, unit: Ints, home: Ints, chance: Floats, numbers: Ints, origins: Origins,
    now: int, a: SynthesisAssumptions, rng: Generator,
) -> tuple[Ints, Ints]:  # fmt: skip
    """Where the residents of a county are registered, and since when in-movers live there.

    Households come whole, from one unit in one quarter, but for the last of each origin.

    Parameters
    ----------
    unit, home
        (row,) where they live; urban rows first, rows of a household together
    chance
        (home,) relative chance of being in-movers
    numbers
        (origin,) in-movers wanted [rows]
    now
        quarter of the census

    Returns
    -------
    (row,) unit of hukou; (row,) quarter, or NEVER
    """
    hukou, since = unit.copy(), np.full(len(unit), int(NEVER))
    urban = int(origins.units.urban[unit].sum())
    turn = rng.standard_exponential(len(chance)) / np.maximum(chance, TINY)
    wanted = over_places(numbers, (urban, len(unit) - urban), a, rng)
    for first, last, number in zip((0, urban), (urban, len(unit)), wanted.T, strict=True):
        movers = first + np.argsort(turn[home[first:last]], kind="stable")[: number.sum()]
        origin = np.repeat(np.arange(len(number)), number)
        starts = np.diff(home[movers], prepend=-1).astype(bool) | np.diff(
            origin, prepend=-1
        ).astype(bool)
        party = np.cumsum(starts) - 1
        registered = origins_of(origin[starts], unit[movers[starts]], county, origins, rng)
        hukou[movers] = registered[party]
        since[movers] = moving_quarters(now, len(registered), a, rng)[party]
    return hukou, since


def over_places(
    numbers: Ints, residents: Sequence[int], a: SynthesisAssumptions, rng: Generator
) -> Ints:
    """In-movers by origin in town and village, at most a set share of residents, (origin, 2)."""
    most = [int(a["in_mover_ceiling"] * n) for n in residents]
    columns = split(int(numbers.sum()), a["in_mover_urban_share"], most)
    rows = controlled_rounding(numbers, int(columns.sum()))
    return round_table(np.outer(rows, columns / max(columns.sum(), 1)), rows, columns, rng)


def moving_quarters(now: int, n: int, a: SynthesisAssumptions, rng: Generator) -> Ints:
    """When `n` parties moved: long enough ago to be usual residents, (n,) quarters.

    They were that before the last half year too, whose moves the model runs in before it starts.
    """
    return now - rng.integers(2 * HALF_YEAR, round(4 * a["in_mover_years"]), n, endpoint=True)


def origins_of(origin: Ints, unit: Ints, county: int, origins: Origins, rng: Generator) -> Ints:
    """The unit in which each moving party is registered, (party,)."""
    elsewhere, township = origins.units.elsewhere, origins.units.township[unit]
    out = np.where(origin == COUNTRY, elsewhere + 1, elsewhere)
    counties = int(origins.units.county.max()) + 1
    for other in range(counties):
        those = origin == NEIGHBOURS + other
        out[those] = origins.draw(other, int(those.sum()), rng)
    same_county = origin == NEIGHBOURS + counties
    for own in np.unique(township[same_county]):
        those = same_county & (township == own)
        out[those] = origins.draw(county, int(those.sum()), rng, without=int(own))
    return out
