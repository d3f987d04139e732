"""Runs whose rates on the days of targets are held to the level that statistics give."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from xiancheng.results.forecasts.level import DRAWS, at_deadlines, held
from xiancheng.scenarios.ensemble import usual
from xiancheng.scenarios.paired import Draw, Reading
from xiancheng.scenarios.scenario import Scenario

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region

Asked = Sequence[tuple[Scenario, Draw]]


class Reads(Protocol):
    """What answers with a reading for each scenario and draw."""

    @property
    def pack(self) -> "Region":
        """Where."""

    def read(self, asked: Asked, done: Callable[[], None] = lambda: None) -> list[Reading]:
        """What each scenario comes to under its draw; `done` is called for each."""


def runs_each(pack: "Region", scenario: Scenario) -> int:
    """Runs behind each reading, before any is made: what a scenario changes is a difference."""
    return 2 if len(pack.censuses) > 1 and scenario.start == pack.censuses[-1] else 1


class Held:
    """Runs held to the level: each draw goes with one draw of the level, found by its seed.

    What a scenario changes is its difference from the usual world without the plan, under the same
    draw. Where there is no record of change the rates are the model's own.
    """

    def __init__(self, runs: Reads, scenario: Scenario) -> None:
        self.runs, self.pack, self._usual = runs, runs.pack, usual(scenario)
        known = held(self.pack, scenario.start, scenario.until)
        self._rates = at_deadlines(self.pack, known) if known is not None else None

    @property
    def anchored(self) -> bool:
        """Whether statistics carry the level."""
        return self._rates is not None

    def read(self, asked: Asked, done: Callable[[], None] = lambda: None) -> list[Reading]:
        """What each scenario comes to under its draw; `done` is called for each run."""
        readings = self.runs.read(asked, done)
        if self._rates is None:
            return readings
        plain = self.runs.read([(self._usual, draw) for _, draw in asked], done)
        return [
            replace(having, targets=np.clip(own + having.targets - without.targets, 0, 100))
            for own, having, without in zip(self._levels(asked), readings, plain, strict=True)
        ]

    def _levels(self, asked: Asked) -> list[np.ndarray]:
        """The draw of the level that goes with each draw, (target,) each."""
        assert self._rates is not None
        rows = [np.random.default_rng([draw.seed, 13]).integers(DRAWS) for _, draw in asked]
        return [self._rates[row] for row in rows]
