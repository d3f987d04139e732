"""Step: what the processes of one quarter work with."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from xiancheng.sim import kernels, strata
from xiancheng.sim.calendar import Quarter
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.places import Places
from xiancheng.sim.population import Population
from xiancheng.sim.randomness import RandomStreams, Stream
from xiancheng.sim.state import OWNS_FLAT, Floats, Ints

if TYPE_CHECKING:  # both are made of rules, which take a step
    from xiancheng.sim.destination import Alternatives
    from xiancheng.sim.markets import Markets


@dataclass
class Step:
    """The people, markets and random streams of one quarter."""

    quarter: Quarter
    population: Population
    markets: "Markets"
    alternatives: "Alternatives"
    streams: RandomStreams
    parameters: Parameters
    room: Ints = field(init=False)  # (county,) more people that each town can house
    unexpected: Floats = field(init=False)  # (county,) recoded beyond what was expected [persons]

    def __post_init__(self) -> None:
        self.room = np.zeros(self.places.counties, np.int64)
        self.unexpected = np.zeros(self.places.counties)

    @property
    def places(self) -> Places:
        """The places of the region."""
        return self.population.places

    def uniform(self, stream: Stream, rows: Ints) -> Floats:
        """Four draws in (0, 1) for each row, (4, row)."""
        address = self.population.people.address[rows]
        return self.streams.uniform(stream, self.quarter.number, address)

    def place(self, rows: Ints) -> Ints:
        """Where people live, (row,) index of place."""
        found = np.empty(len(rows), np.int64)
        kernels.places(rows, self.population.people.unit, self.population.place, found)
        return found

    def stratum(self, rows: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        """Place, flat, age band and family situation of each row."""
        p, clock = self.population.people, strata.Clock.at(self.quarter.number)
        found, bits = np.empty((4, len(rows)), np.int64), np.uint16
        kernels.strata(
            rows, p.unit, p.flags, p.born.view(bits), p.traits, p.child.view(bits),
            self.population.place, OWNS_FLAT, clock.band, clock.stage, strata.STRATUM_OF,
            strata.EDUCATIONS * strata.SEXES, found,
        )  # fmt: skip
        place, flat, band, situation = found
        return place, flat, band, situation


def just_grown(step: Step) -> Ints:
    """The rows of those who turned eighteen in the last four quarters, dead or alive."""
    grown = step.quarter.number - 4 * strata.GROWN
    return step.population.born_between(grown - 3, grown)
