"""Places: the town and the villages of every county, and what lies beyond the region.

A county's *town* is made of its urban units, its *villages* of its rural ones; both are places. A
table by place, (place, ...), has the two places of a county side by side in the order of counties,
then three that belong to no county: the rest of the province, the rest of the country, and the
place where the dead are kept. Only this file knows that order.
"""

from dataclasses import dataclass
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from xiancheng.sim.state import BEYOND, Bools, Ints

TOWN, VILLAGES = 0, 1  # along an axis (county, 2) of town and villages
Index = TypeVar("Index", int, NDArray[Any])
Scalar = TypeVar("Scalar", bound=np.generic)


def town(county: Index) -> Index:
    """The place that is the town of a county; the same shape."""
    return 2 * county + TOWN


def villages(county: Index) -> Index:
    """The place that is the villages of a county; the same shape."""
    return 2 * county + VILLAGES


def county_of(place: Index) -> Index:
    """The county of a place inside the region; the same shape."""
    return place // 2


def in_towns(table: NDArray[Scalar]) -> NDArray[Scalar]:
    """What a table by place inside, (place, ...), says of towns, (county, ...): a view."""
    return table[TOWN::2]


def in_villages(table: NDArray[Scalar]) -> NDArray[Scalar]:
    """What a table by place inside, (place, ...), says of villages, (county, ...): a view."""
    return table[VILLAGES::2]


def at_both(table: NDArray[Scalar]) -> NDArray[Scalar]:
    """What holds for a county, (county, ...), for its town and its villages alike, (place, ...)."""
    return np.repeat(table, 2, axis=0)


def together(table: NDArray[Any]) -> NDArray[Any]:
    """Town and villages added up, (place, ...) to (county, ...)."""
    return in_towns(table) + in_villages(table)


@dataclass(frozen=True)
class Places:
    """The places of a region of so many counties."""

    counties: int

    @property
    def inside(self) -> int:
        """The number of places inside the region; they come first."""
        return 2 * self.counties

    @property
    def outside(self) -> int:
        """The number of places where people live: those inside, the province and the country."""
        return self.inside + BEYOND - 1

    @property
    def province(self) -> int:
        """The rest of the province."""
        return self.inside

    @property
    def country(self) -> int:
        """The rest of the country."""
        return self.inside + 1

    def __len__(self) -> int:
        """All places, the place of the dead among them."""
        return self.inside + BEYOND

    @property
    def towns(self) -> Bools:
        """Which places inside are towns, (place,)."""
        return np.arange(self.inside) % 2 == TOWN

    @classmethod
    def of(cls, table: NDArray[Any]) -> Self:
        """The places that a table by place inside is about."""
        return cls(len(table) // 2)

    def is_inside(self, place: Ints) -> Bools:
        """Whether places belong to a county of the region; the same shape."""
        return np.asarray(place < self.inside)

    def is_town(self, place: Ints) -> Bools:
        """Whether places are the town of a county; the same shape."""
        return (place % 2 == TOWN) & self.is_inside(place)

    def is_villages(self, place: Ints) -> Bools:
        """Whether places are the villages of a county; the same shape."""
        return (place % 2 == VILLAGES) & self.is_inside(place)

    def by_county(self, table: NDArray[Any]) -> NDArray[Any]:
        """A table by place, (place, ...), for town and villages apart, (county, 2, ...)."""
        return table[: self.inside].reshape(self.counties, 2, *table.shape[1:])
