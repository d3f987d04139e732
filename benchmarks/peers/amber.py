"""AMBER: residents are rows of one Polars frame, stepped in its vectorised lane."""

from importlib.metadata import version

import ambr
import numpy as np

from benchmarks.peers import task
from benchmarks.peers.arrays import destinations
from benchmarks.peers.task import Ints

NAME = f"AMBER {version('ambr')}"


class World(ambr.Model):
    """Everyone."""

    def begin(self, place: Ints, born: Ints) -> None:
        """Let people in."""
        self.add_agents(len(place), place=place, born=born)
        self.leaving = task.leaving()
        self.room = task.room(place)
        self.counts = task.count(place, born, 0)

    def step_vectorized(self) -> None:
        """Some reconsider and move; everyone is counted."""
        place, born = self.agents.numpy("place", "born")
        chances = task.choices(self.counts.sum(axis=1), self.room)
        band = task.bands(self.now)[self.now - born]
        movers = np.flatnonzero(self.rng.random(len(place)) < self.leaving[place, band])
        chosen = place.copy()
        chosen[movers] = destinations(place[movers], chances, self.rng.random(len(movers)))
        self.agents.place = chosen
        self.counts = task.count(chosen, born, self.now)


class Engine:
    """The world behind the form that every engine has here."""

    def __init__(self, place: Ints, born: Ints, seed: int) -> None:
        self.world = World({"seed": seed, "show_progress": False}).cpu(mode="vectorized")
        self.world.begin(place, born)

    def quarter(self, now: int) -> Ints:
        """Let a quarter pass; residents by place and age band."""
        self.world.now = now
        self.world.run_step()
        return self.world.counts

    def where(self) -> Ints:
        """The place of everyone, (person,)."""
        return self.world.agents.numpy("place").copy()
