"""An answer: what the runs of a scenario come to, ready for the tables and charts of the page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from calibration.region import load
from results.console.draft import of_plan
from results.console.work import Piece, Task, Told
from results.contents.subject import Subject, paired
from scenarios.ensemble import Pair, usual, without_plan
from scenarios.outcome import Group, Outcome, floor
from scenarios.paired import Draw, judged_on, layered
from scenarios.scenario import Scenario
from sim.state import Floats

if TYPE_CHECKING:
    import pandas as pd

    from calibration.region import Region, Target


@dataclass(frozen=True)
class Question:
    """What a stage computes: A, its baselines and B in the median world, then draws of A."""

    a: Scenario
    b: Scenario
    region: str
    scale: float
    draws: int
    seed: int = 1
    keep: bool = False  # whether runs of the plan's own scenarios are kept on file

    @cached_property
    def day(self) -> date:
        """The day that A is judged on."""
        return judged_on(self.a, load(self.region))

    @cached_property
    def sides(self) -> tuple[Scenario, Scenario, Scenario, Scenario]:
        """A, A without the plan, that in the usual world, and B."""
        return self.a, without_plan(self.a), usual(self.a), self.b

    @cached_property
    def told(self) -> tuple[tuple[Told, bool], ...]:
        """The sides as workers are told of them, and whether their runs are kept on file."""
        return tuple((Told.of(s), self.keep and on_file(s)) for s in self.sides)

    def central(self) -> list[Task]:
        """The runs of the median world."""
        return [
            Task(told, Draw(self.seed), self.region, self.scale, self.day, whole=True, kept=kept)
            for told, kept in self.told
        ]

    def drawn(self) -> list[Task]:
        """A and its baseline under each draw, in turns."""
        return [
            Task(told, draw, self.region, self.scale, self.day, whole=False, kept=kept)
            for draw in layered(self.region, self.draws, self.seed)
            for told, kept in self.told[:3]
        ]


def on_file(scenario: Scenario) -> bool:
    """Whether this is a scenario of the plan, as it is on file."""
    known = scenario.name in scenario.plan.scenario_files()
    return known and scenario.resolved() == of_plan(scenario.name).resolved()


@dataclass(frozen=True)
class Answer:
    """What is shown."""

    both: Pair
    b: Outcome
    scale: float
    preliminary: bool
    targets: tuple[Floats, Floats, Floats]  # (draw, target) published rate, as the first sides
    recoding: Floats  # (draw, target) what it adds in the usual world [points]

    @classmethod
    def of(
        cls, question: Question, region: "Region", central: Sequence[Piece],
        drawn: Sequence[Piece] = (), *, preliminary: bool,
    ) -> "Answer":  # fmt: skip
        """The answer from the pieces of `central` and `drawn`."""
        a, base, meant, b = (
            restored(piece, scenario, region)
            for piece, scenario in zip(central, question.sides, strict=True)
        )
        parts = [drawn[side::3] for side in range(3)]
        of_a, of_base, of_usual = (np.array([p.reading.targets for p in part]) for part in parts)
        recoded = [p.reading.recoding for p in parts[2]]  # of each target, at its own deadline
        return cls(
            Pair(a, base, meant), b, question.scale, preliminary, (of_a, of_base, of_usual),
            np.array(recoded),
        )  # fmt: skip

    @property
    def draws(self) -> int:
        """How many draws the effect of the plan rests on."""
        return len(self.targets[0])

    @cached_property
    def against_baseline(self) -> bool:
        """Whether B is A without the plan: then A less B is what the plan does."""
        b, baseline = (Told.of(run.scenario) for run in (self.b, self.both.baseline))
        return b.digest == baseline.digest

    @property
    def outcome(self) -> Outcome:
        """A in the median world."""
        return self.both.plan

    @property
    def groups(self) -> tuple[Group, ...]:
        """Counties, prefectures, and the counties of each target together."""
        return self.outcome.groups

    @cached_property
    def subject(self) -> Subject:
        """What documents and page say the same things of."""
        return paired(self.both, self.ensemble())

    def ensemble(self) -> "pd.DataFrame | None":
        """The draws, as `scenarios.ensemble.draws` gives them; None without any."""
        import pandas as pd

        reached = [i for i, _ in self._reached()]
        if not self.draws or not reached:
            return None
        return pd.DataFrame(
            {
                "draw": draw + 1, "target": target.id, "target_rate": target.value,
                "operator": target.operator, "simulated": rate,
                "met": bool(rate >= floor(target)), "baseline": self.targets[1][draw, i],
                "usual": self.targets[2][draw, i], "usual_recoding": self.recoding[draw, i],
            }
            for draw in range(self.draws)
            for i, target in self._reached()
            for rate in [float(self.targets[0][draw, i])]
        )  # fmt: skip

    def _reached(self) -> "list[tuple[int, Target]]":
        targets = self.outcome.region.targets
        first, last = self.outcome.dates[0], self.outcome.dates[-1]
        return [(i, t) for i, t in enumerate(targets) if t.due(first, last)]


def restored(piece: Piece, scenario: Scenario, region: "Region") -> Outcome:
    """The outcome of a piece, with its scenario and its region again."""
    assert piece.outcome is not None  # the median world keeps it
    return replace(piece.outcome, scenario=scenario, region=region)
