"""Those who are about to move, and who of them finds room."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from sim import kernel
from sim.state import Bools, Floats, Ints

OUTSIDE = -1  # the "county" of a goal beyond the region, and of one that needs no dwelling


@dataclass(frozen=True)
class Parties:
    """Households, or parts of them, that are about to move; every column has shape (party,)."""

    row: Ints  # who decided
    mode: Ints  # kernel.WHOLE, LONE or WITH_CHILD
    town: Ints  # county whose town they head for, or OUTSIDE
    unit: Ints  # the unit, where it is known; else -1, and one is found in the town
    waits: Bools  # needs a dwelling in the town

    @classmethod
    def none(cls) -> Self:
        """No party."""
        rows = np.empty(0, np.int64)
        return cls(rows, rows, rows, rows, rows.astype(bool))

    @classmethod
    def together(cls, parts: Sequence[Self]) -> Self:
        """All parties in one list, in the order given."""
        columns = zip(*((p.row, p.mode, p.town, p.unit, p.waits) for p in parts), strict=True)
        return cls(*(np.concatenate(column) for column in columns))

    def where(self, which: Bools | Ints) -> "Parties":
        """The parties a mask or an index selects."""
        return Parties(
            self.row[which], self.mode[which], self.town[which], self.unit[which], self.waits[which]
        )


def served(place_in_line: Floats, counter: Ints, size: Ints, room: Ints) -> Bools:
    """Who gets in: everyone where there is room for all, the first in line elsewhere.

    Parameters
    ----------
    place_in_line : (party,) luck; the smallest is first
    counter : (party,) where each queues, -1 for no queue
    size : (party,) how much room each takes
    room : (counter,) used up in place
    """
    queues = counter >= 0
    asked = np.bincount(counter[queues], size[queues], len(room)).astype(np.int64)
    if (asked <= room).all():
        room -= asked
        return np.ones(len(counter), bool)
    result = np.zeros(len(counter), bool)
    kernel.serve(np.argsort(place_in_line, kind="stable"), counter, size, room, result)
    return result
