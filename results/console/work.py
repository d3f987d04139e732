"""One run, as a worker process makes it, and the key by which equal runs know each other."""

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from multiprocessing import parent_process
from threading import Thread
from typing import Any

from scenarios.outcome import Outcome
from scenarios.paired import Draw, Reading
from scenarios.request import digest_of
from scenarios.scenario import Scenario

NAMES = ("name", "title", "purpose")  # of a scenario: they change no number


@dataclass(frozen=True)
class Told:
    """A scenario as workers are told of it: worked out once for many runs."""

    file: Mapping[str, Any]  # resolved, without its doses
    doses: tuple[tuple[str, float], ...]  # in place of the file's, beyond its checks
    digest: str  # of all in it that changes a number

    @classmethod
    def of(cls, scenario: Scenario) -> "Told":
        """A resolved scenario."""
        file = scenario.resolved()
        doses = tuple(sorted(file["doses"].items()))
        world = {k: v for k, v in file.items() if k not in NAMES}
        return cls(file | {"doses": {}}, doses, digest_of(world))


@dataclass(frozen=True)
class Task:
    """A scenario under a draw, at a scale."""

    told: Told
    draw: Draw
    region: str
    scale: float
    day: date  # that is read
    whole: bool  # whether the whole outcome comes back
    kept: bool = False  # whether it is looked up among the answers on file, and kept there

    @cached_property
    def key(self) -> str:
        """The sha256 of all that makes the result."""
        return digest_of(
            {
                "world": self.told.digest,
                "draw": [self.draw.seed, self.draw.number, dict(self.draw.parameters)],
                "region": self.region, "scale": self.scale,
                "day": self.day.isoformat(), "whole": self.whole,
            }
        )  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """What comes back of a run."""

    reading: Reading
    outcome: Outcome | None  # if asked for; without scenario and region, which the page holds


def prepare(niceness: int) -> None:
    """Make a worker polite: it leaves the processor to the page, and does not outlive the server.

    Interrupts are the server's to answer.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(niceness)
    Thread(target=_leave_with_the_server, daemon=True).start()


def _leave_with_the_server() -> None:
    server = parent_process()
    if server is not None:
        server.join()
        os._exit(0)


def compute(task: Task) -> Piece:
    """Run a task."""
    from results.keeping.answers import Answers
    from scenarios.paired import read
    from scenarios.request import Request
    from scenarios.resolving import resolve

    scenario = replace(resolve(task.told.file, task.region), doses=dict(task.told.doses))
    request = Request.of(
        scenario, region=task.region, parameters=task.draw.parameters, seed=task.draw.seed,
        scale=task.scale, draw=task.draw.number,
    )  # fmt: skip
    outcome = Answers.here()(request) if task.kept else request.simulate()
    nothing: Any = None
    bare = replace(outcome, scenario=nothing, region=nothing) if task.whole else None
    return Piece(read(outcome, task.day), bare)
