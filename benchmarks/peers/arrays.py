"""Starsim-style numpy: states are arrays, a filter finds who acts, no framework."""

import numpy as np

from benchmarks.peers import task
from benchmarks.peers.task import Floats, Ints

NAME = f"numpy {np.__version__}"


def destinations(origin: Ints, chances: Floats, uniform: Floats) -> Ints:
    """Where those who leave go, by the inverse of the cumulative chances, (mover,)."""
    ends = np.cumsum(chances, axis=1)[:, :-1]
    return (uniform[:, None] >= ends[origin]).sum(axis=1)


class Engine:
    """Everyone."""

    def __init__(self, place: Ints, born: Ints, seed: int) -> None:
        self.place, self.born = place.copy(), born.copy()
        self.leaving = task.leaving().astype(np.float32)
        self.room = task.room(place)
        self.counts = task.count(place, born, 0)
        self.rng = np.random.default_rng(seed)

    def quarter(self, now: int) -> Ints:
        """Let a quarter pass; residents by place and age band."""
        chances = task.choices(self.counts.sum(axis=1), self.room)
        band = task.bands(now)[now - self.born.astype(np.int32)]
        uniform = self.rng.random(len(band), dtype=np.float32)
        movers = np.flatnonzero(uniform < self.leaving[self.place, band])
        chosen = destinations(self.place[movers], chances, self.rng.random(len(movers)))
        self.place[movers] = chosen
        self.counts = task.count(self.place, self.born, now)
        return self.counts

    def where(self) -> Ints:
        """The place of everyone, (person,)."""
        return self.place.copy()
