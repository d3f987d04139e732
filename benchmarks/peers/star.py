"""Starsim: residents are its people, the task is one of its modules."""

from importlib.metadata import version
from typing import Any

import numpy as np
import starsim as ss

from benchmarks.peers import task
from benchmarks.peers.arrays import destinations
from benchmarks.peers.task import Ints

NAME = f"Starsim {version('starsim')}"


class Moving(ss.Module):
    """Some reconsider and move; everyone is counted."""

    def __init__(self, place: Ints, born: Ints) -> None:
        super().__init__()
        self.define_states(
            ss.IntArr("place", default=place.astype(np.int32)),
            ss.IntArr("born", default=born.astype(np.int32)),
        )
        self.reconsiders = ss.bernoulli(p=self.chance)
        self.choice = ss.random()
        self.leaving = task.leaving()
        self.room = task.room(place)
        self.counts = task.count(place, born, 0)
        self.when = 0

    @staticmethod
    def chance(self: "Moving", sim: Any, uids: Any) -> Any:
        """The chance of each person."""
        band = task.bands(self.when)[self.when - self.born[uids]]
        return self.leaving[self.place[uids], band]

    def step(self) -> None:
        """A quarter."""
        chances = task.choices(self.counts.sum(axis=1), self.room)
        movers = self.reconsiders.filter()
        origin = np.asarray(self.place[movers])
        self.place[movers] = destinations(origin, chances, self.choice.rvs(movers))
        self.counts = task.count(self.place.values, self.born.values, self.when)


class Engine:
    """The simulation behind the form that every engine has here."""

    def __init__(self, place: Ints, born: Ints, seed: int) -> None:
        self.moving = Moving(place, born)
        self.sim = ss.Sim(
            n_agents=len(place), modules=self.moving, rand_seed=seed, dt=ss.years(task.YEARS),
            start=2020, stop=2120, verbose=0, copy_inputs=False,
        )  # fmt: skip
        self.sim.init()

    def quarter(self, now: int) -> Ints:
        """Let a quarter pass; residents by place and age band."""
        self.moving.when = now
        self.sim.run_one_step()
        return self.moving.counts

    def where(self) -> Ints:
        """The place of everyone, (person,)."""
        return np.array(self.moving.place.values)
