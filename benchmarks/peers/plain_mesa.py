"""Plain Mesa: a `mesa.Agent` for each resident, asked one by one."""

from bisect import bisect
from importlib.metadata import version

import mesa
import numpy as np

from benchmarks.peers import task
from benchmarks.peers.task import Ints

NAME = f"Mesa {version('mesa')}"


class Resident(mesa.Agent):
    """A person."""

    model: "Engine"

    def __init__(self, model: "Engine", place: int, born: int) -> None:
        super().__init__(model)
        self.place, self.born = place, born

    def step(self) -> None:
        """Reconsider, perhaps, and move; be counted."""
        model = self.model
        band = model.band[model.now - self.born]
        uniform = model.random.random
        if uniform() < model.leaving[self.place][band]:
            self.place = bisect(model.ends[self.place], uniform())
        model.counted[self.place][band] += 1


class Engine(mesa.Model):
    """Everyone."""

    def __init__(self, place: Ints, born: Ints, seed: int) -> None:
        super().__init__(rng=seed)
        self.leaving = task.leaving().tolist()
        self.room = task.room(place)
        self.counts = task.count(place, born, 0)
        for home, birth in zip(place.tolist(), born.tolist(), strict=True):
            Resident(self, home, birth)

    def quarter(self, now: int) -> Ints:
        """Let a quarter pass; residents by place and age band."""
        self.now, self.band = now, task.bands(now).tolist()
        chances = task.choices(self.counts.sum(axis=1), self.room)
        self.ends = np.cumsum(chances, axis=1)[:, :-1].tolist()
        self.counted = [[0] * task.BANDS for _ in range(task.PLACES)]
        self.agents.do("step")
        self.counts = np.array(self.counted)
        return self.counts

    def where(self) -> Ints:
        """The place of everyone, (person,)."""
        return np.array([resident.place for resident in self.agents])
