"""The onlooker, who asks whether everyone is still there and moves as often as the rules say.

What is expected of a quarter follows from who stood where when it began. The differences from it
add up over the quarters as a martingale, so their sum of squares, each origin's scaled by the
covariance of its destinations, is chi-squared.
"""

from dataclasses import dataclass, field

import numpy as np

from benchmarks.peers import task
from benchmarks.peers.task import PLACES, Floats, Ints


class BooksError(AssertionError):
    """Someone was lost, or is not where the engine says."""


@dataclass
class Books:
    """What was seen of some quarters, and what was to be expected."""

    born: Ints  # (person,)
    room: Floats  # (place,)
    seen: Floats = field(default_factory=lambda: np.zeros((PLACES, PLACES)))
    expected: Floats = field(default_factory=lambda: np.zeros((PLACES, PLACES)))
    spread: Floats = field(default_factory=lambda: np.zeros((PLACES, PLACES, PLACES)))

    def enter(self, now: int, before: Ints, after: Ints, counted: Ints) -> None:
        """Enter the quarter `now`: where everyone was and is, and what the engine counted."""
        if len(before) != len(self.born) or len(after) != len(self.born):
            raise BooksError(f"{len(self.born):,} people began; {len(after):,} are left")
        if not np.array_equal(counted, task.count(after, self.born, now)):
            raise BooksError(f"quarter {now}: the engine's count is not that of its people")
        standing = task.count(before, self.born, now).astype(float)
        choice = task.choices(standing.sum(axis=1), self.room)
        going = standing * task.leaving()
        mean = going.sum(axis=1)[:, None] * choice
        pairs = choice[:, :, None] * choice[:, None, :]
        twice = (going * task.leaving()).sum(axis=1)[:, None, None] * pairs
        self.expected += mean
        self.spread += mean[:, :, None] * np.eye(PLACES) - twice
        pair = before.astype(np.int32) * PLACES + after
        flow = np.bincount(pair, minlength=PLACES * PLACES).reshape(PLACES, PLACES)
        self.seen += flow * (1 - np.eye(PLACES))

    @property
    def chi_squared(self) -> float:
        """How far the flows are from what was to be expected; see `FREEDOM`."""
        total = 0.0
        for origin in range(PLACES):
            others = np.arange(PLACES) != origin
            apart = (self.seen - self.expected)[origin, others]
            spread = self.spread[origin][np.ix_(others, others)]
            total += float(apart @ np.linalg.solve(spread, apart))
        return total

    @property
    def moves(self) -> int:
        """How many moved."""
        return int(self.seen.sum())


FREEDOM = PLACES * (PLACES - 1)
