"""Runs whose rates on the days of targets are held to the level that statistics give."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from xiancheng.results.verdict import level as levels
from xiancheng.results.verdict.pairing import draw_of_run, one_to_one
from xiancheng.results.verdict.verdict import Verdict
from xiancheng.scenarios.ensemble import usual
from xiancheng.scenarios.paired import Draw, Reading
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.sim.state import Floats

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
    """Runs held to the level, as a verdict on the same draws pairs them.

    What a scenario changes is its difference from the usual world without the plan, under the same
    draw. Where there is no record of change the rates are the model's own. A reading has one draw
    of the level, the first that the verdict pairs with its run, so that readings of independent
    draws are independent; `verdict` uses every draw of the level.
    """

    def __init__(self, runs: Reads, scenario: Scenario, draws: Sequence[Draw]) -> None:
        self.runs, self.pack, self._usual = runs, runs.pack, usual(scenario)
        self._draws = draws
        known = levels.held(self.pack, scenario.start, scenario.until)
        self._rates = levels.at_deadlines(self.pack, known) if known is not None else None
        self._rows: Mapping[tuple[Any, ...], int] = dict(
            zip((draw.key for draw in draws), draw_of_run(len(draws)).tolist(), strict=True)
        )

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
        level = self._rates[[self._rows[draw.key] for _, draw in asked]]
        scenario, reference = (
            np.array([reading.targets for reading in each]) for each in (readings, plain)
        )
        rates = one_to_one(level, scenario, reference)
        return [replace(each, targets=own) for each, own in zip(readings, rates, strict=True)]

    def verdict(self, scenario: Scenario, targets: Mapping[int, float]) -> Verdict:
        """The verdict on a scenario over the draws, as `xiancheng run` gives it for the same.

        Parameters
        ----------
        targets : index of a target of the region -> rate wanted [percent]
        """
        columns, known = list(targets), self.pack.targets

        def rates(of: Scenario) -> Floats:
            readings = self.runs.read([(of, draw) for draw in self._draws])
            return np.array([reading.targets for reading in readings])[:, columns]

        own = rates(scenario)
        reference = own if self._rates is None else rates(self._usual)
        return Verdict.of_rates(
            {known[t].id: (known[t].deadline, rate) for t, rate in targets.items()},
            None if self._rates is None else self._rates[:, columns],
            scenario=own, baseline=reference, reference=reference, draws=len(self._draws),
        )  # fmt: skip
