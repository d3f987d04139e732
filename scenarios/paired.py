"""Many scenarios under the same draws: what then differs between them is theirs, and not luck."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, field
from datetime import date
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from xiancheng.calibration import posterior
from xiancheng.calibration.region import load
from xiancheng.scenarios.engines import WorkersLostError, leave_signals, one_thread_each
from xiancheng.scenarios.model import RegionModel
from xiancheng.scenarios.outcome import CAUSES, PUBLISHED, RATE, Outcome, group_of
from xiancheng.scenarios.policy import compile_policy
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.scenarios.simulate import outcome_of
from xiancheng.sim.indicators import INDICATORS
from xiancheng.sim.levers import LEVERS
from xiancheng.sim.state import Floats, quarter_with

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region

PARTS = (*CAUSES, "counting")
FRESH = 2**20  # numbers from here on belong to confirmations: no search has seen them


@dataclass(frozen=True)
class Draw:
    """What scenarios meet alike: the luck, the county and yearly effects, and the parameters."""

    seed: int = 1
    number: int = 0  # of the county and yearly effects; 0 is the median world, without any
    parameters: Mapping[str, float] = field(default_factory=dict)  # but for the central values

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells it from other draws."""
        return self.seed, self.number, tuple(sorted(self.parameters.items()))


def layered(region: str | Path, n: int, seed: int, seeds: int = 1) -> list[Draw]:
    """`n` draws of what we believe, spread evenly, each under `seeds` kinds of luck in a row."""
    return [
        Draw(seed + seeds * i + k, drawn.number, asdict(drawn.parameters))
        for i, drawn in enumerate(posterior.draws(load(region), n, seed))
        for k in range(seeds)
    ]


def independent(region: str | Path, n: int, seed: int) -> list[Draw]:
    """`n` fresh draws, each for itself: what a binomial bound may count."""
    fresh = posterior.independent(load(region), n, seed + FRESH)
    return [Draw(i, drawn.number, asdict(drawn.parameters))
            for i, drawn in enumerate(fresh, start=seed + FRESH)]  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """What is kept of a run."""

    indicators: Floats  # (indicator, group) on the day asked for
    causes: Floats  # (part, group): why the resident rate changed by then [percentage points]
    targets: Floats  # (target,) the published rate at its deadline; nan where that is not reached
    recoding: Floats  # (target,) what recoding adds to it by then [percentage points]; nan as well

    def row(self, name: str) -> Floats:
        """An indicator, (group,)."""
        return np.asarray(self.indicators[list(INDICATORS).index(name)])


def read(outcome: Outcome, day: date) -> Reading:
    """What is kept of a run on a day."""
    causes = np.array([[outcome.causes(g, day)[c] for g in outcome.groups] for c in CAUSES])
    change = outcome.at(RATE, day) - outcome.at(RATE, outcome.dates[0])
    rates, recoding = np.full((2, len(outcome.region.targets)), np.nan)
    for i, target in enumerate(outcome.region.targets):
        if target.due(outcome.dates[0], outcome.dates[-1]):
            column = group_of(target, outcome.region, outcome.groups)
            rates[i] = outcome.at(PUBLISHED, target.deadline)[column]
            recoding[i] = outcome.causes(outcome.groups[column], target.deadline)["recoding"]
    return Reading(
        indicators=np.array([outcome.at(name, day) for name in INDICATORS]),
        causes=np.vstack([causes, change - causes.sum(axis=0)]),
        targets=rates,
        recoding=recoding,
    )


def judged_on(scenario: Scenario, region: "Region") -> date:
    """The last deadline of a target within the horizon, or else the last day."""
    due = (t.deadline for t in region.targets if t.due(scenario.start, scenario.until))
    return max(due, default=scenario.until)


class Runs:
    """Runs scenarios under draws, in this process or in several.

    Scenarios that set the same levers in the same world are the same run, made once.
    """

    def __init__(
        self, region: str | Path = "binzhou", *, day: date, scale: float = 1.0,
        jobs: int | None = None,
    ) -> None:  # fmt: skip
        self.region, self.pack = str(region), load(region)
        self.day, self.scale, self.jobs = day, scale, jobs or os.cpu_count() or 1
        self.made = 0  # runs that were really made
        self._known: dict[tuple[Any, ...], Reading] = {}
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._pool is not None:
            self._pool.shutdown(wait=kind is None, cancel_futures=True)

    def read(
        self, asked: Sequence[tuple[Scenario, Draw]], done: Callable[[], None] = lambda: None
    ) -> list[Reading]:
        """What each scenario comes to under its draw; `done` is called for each."""
        levers: dict[int, tuple[Any, ...]] = {}
        for scenario, _ in asked:
            if id(scenario) not in levers:
                levers[id(scenario)] = self._levers(scenario)
        keys = [(*levers[id(scenario)], *draw.key) for scenario, draw in asked]
        wanted = {k: pair for k, pair in zip(keys, asked, strict=True) if k not in self._known}
        for _ in range(len(keys) - len(wanted)):
            done()
        self.made += len(wanted)
        if self.jobs == 1 or len(wanted) == 1:
            for key, pair in wanted.items():
                self._known[key] = _run(*pair, self.region, self.scale, self.day)
                done()
        else:
            self._share_out(wanted, done)
        return [self._known[key] for key in keys]

    def _share_out(
        self, wanted: Mapping[tuple[Any, ...], tuple[Scenario, Draw]], done: Callable[[], None]
    ) -> None:
        if self._pool is None and wanted:
            self._pool = ProcessPoolExecutor(self.jobs, get_context("spawn"), leave_signals)
        try:
            with one_thread_each():
                tasks: dict[Future[Reading], tuple[Any, ...]] = {
                    self._pool.submit(_run, *pair, self.region, self.scale, self.day): key
                    for key, pair in wanted.items()
                    if self._pool is not None
                }
            for task in as_completed(tasks):
                self._known[tasks[task]] = task.result()
                done()
        except BrokenProcessPool:
            raise WorkersLostError from None

    def _levers(self, scenario: Scenario) -> tuple[Any, ...]:
        """What makes the run of a scenario: its levers up to the end, and the world outside."""
        set_by = compile_policy(scenario, self.pack)
        last = quarter_with(scenario.until)
        content = sha256()
        for quarter in range(set_by.first, last + 1):
            for name in LEVERS:
                content.update(np.ascontiguousarray(getattr(set_by(quarter), name)).tobytes())
        return content.hexdigest(), scenario.conditions, scenario.start, scenario.until


def _run(scenario: Scenario, draw: Draw, region: str, scale: float, day: date) -> Reading:
    model = RegionModel(
        scenario, region=region, parameters=draw.parameters, seed=draw.seed, scale=scale,
        draw=draw.number,
    )  # fmt: skip
    return read(outcome_of(model), day)
