"""mesa-frames: residents are rows of a Polars frame inside a Mesa-like model."""

from importlib.metadata import version

import numpy as np
import polars as pl
from mesa_frames import AgentSetPolars, ModelDF

from benchmarks.peers import task
from benchmarks.peers.arrays import destinations
from benchmarks.peers.task import Ints

NAME = f"mesa-frames {version('mesa-frames')}"


class Residents(AgentSetPolars):
    """Everyone, as a frame."""

    def __init__(self, model: "Engine", place: Ints, born: Ints) -> None:
        super().__init__(model)
        rows = pl.arange(len(place), eager=True)
        self.add(pl.DataFrame({"unique_id": rows, "place": place, "born": born}))

    def step(self) -> None:
        """Some reconsider and move."""
        model = self.model
        place, born = self.agents["place"].to_numpy(), self.agents["born"].to_numpy()
        band = task.bands(model.now)[model.now - born.astype(np.int32)]
        moves = model.random.random(len(place)) < model.leaving[place, band]
        origin = place[moves]
        chosen = destinations(origin, model.chances, model.random.random(len(origin)))
        self.select(pl.Series(moves))
        self["active", "place"] = pl.Series(chosen.astype(place.dtype))


class Engine(ModelDF):
    """The model."""

    def __init__(self, place: Ints, born: Ints, seed: int) -> None:
        super().__init__(seed)
        self.residents = Residents(self, place, born)
        self.agents.add(self.residents)
        self.residents = self.get_agents_of_type(Residents)
        self.leaving = task.leaving()
        self.room = task.room(place)
        self.counts = task.count(place, born, 0)

    def quarter(self, now: int) -> Ints:
        """Let a quarter pass; residents by place and age band."""
        self.now, self.chances = now, task.choices(self.counts.sum(axis=1), self.room)
        self.agents.do("step")
        frame = self.get_agents_of_type(Residents).agents
        self.counts = task.count(frame["place"].to_numpy(), frame["born"].to_numpy(), now)
        return self.counts

    def where(self) -> Ints:
        """The place of everyone, (person,)."""
        return self.get_agents_of_type(Residents).agents.sort("unique_id")["place"].to_numpy()
