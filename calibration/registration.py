"""Registration: where residents have their hukou, and where those who have it here live."""

from collections.abc import Iterable

import numpy as np
from numpy.random import Generator

from calibration.fitting import Assumptions, fitted, rounded, whole
from sim.state import NEVER, Floats, Ints, Units

HALF_YEAR = 2  # quarters; the definition of a usual resident


def neighbours(same_province: Floats, away: Floats) -> Floats:
    """In-movers from the other counties of the region, (county, county of hukou).

    Their number is what the region's counties miss (`away`); each county takes its share of its
    in-movers from the province.
    """
    share = min(away.sum() / max(same_province.sum(), 1.0), 1.0)
    return fitted(1 - np.eye(len(away)), share * same_province, away)


class Origins:
    """Draws units in which people of a county may be registered."""

    def __init__(self, units: Units, sizes: Ints, rural_share: Floats) -> None:
        place = units.place()[: len(units)]
        residents = np.bincount(place, sizes, minlength=2 * len(rural_share))
        share = np.column_stack([1 - rural_share, rural_share]).ravel()
        self.units = units
        self.rural = np.where(units.urban, 0, sizes)
        self.chance = sizes * (share / np.maximum(residents, 1))[place]

    def draw(self, county: int, n: int, rng: Generator, without: int = -1) -> Ints:
        """Units of a county, outside the township `without`, (n,)."""
        own = np.flatnonzero((self.units.county == county) & (self.units.township != without))
        if not self.chance[own].any():  # a county of one township
            own = np.flatnonzero(self.units.county == county)
        return rng.choice(own, n, p=self.chance[own] / self.chance[own].sum())

    def villages(self, county: int, n: int, rng: Generator) -> Ints:
        """Rural units of a county, urban ones if it has no other, (n,)."""
        own = np.flatnonzero(self.units.county == county)
        chance = self.rural[own] if self.rural[own].any() else self.chance[own]
        return rng.choice(own, n, p=chance / chance.sum())


def in_movers(
    county: int, unit: Ints, home: Ints, chance: Floats, classes: Ints, origins: Origins,
    now: int, a: Assumptions, rng: Generator,
) -> tuple[Ints, Ints]:  # fmt: skip
    """Where the residents of a county are registered, and since when in-movers live there.

    Whole households come from one unit in one quarter, but for one at the end of each class.

    Parameters
    ----------
    unit, home
        (row,) where they live; rows of a household together, urban rows first
    chance
        (home,) relative chance of being in-movers
    classes
        in-movers [rows] from: other provinces, the rest of the province, each county of the
        region, the same county
    now
        quarter of the census

    Returns
    -------
    (row,) unit of hukou; (row,) quarter, or NEVER
    """
    units = origins.units
    hukou, since = unit.copy(), np.full(len(unit), int(NEVER))
    urban = int(units.urban[unit].sum())
    starts = np.array([0, urban])
    for place, number in enumerate(by_place(classes, urban, len(unit) - urban, a, rng).T):
        rows = slice(starts[place], [urban, len(unit)][place])
        movers, run = drawn(home[rows], chance, int(number.sum()), np.repeat(np.arange(len(number)), number), rng)
    raise NotImplementedError
