"""One run, as a worker process makes it, and the key by which equal runs know each other."""

import os
import signal
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cached_property
from multiprocessing import parent_process
from threading import Thread
from typing import Any

import numpy as np

from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.outcome import PUBLISHED, Outcome
from xiancheng.scenarios.paired import Draw, Reading, read
from xiancheng.scenarios.request import Request, digest_of
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.sim.state import Floats, Ints

SERIES = (PUBLISHED, "urban_residents", "residents", "jobs_filled")  # kept of every quarter
OVERHEAD = 2000  # bytes of a piece besides its arrays
INPUTS = ("scenario", "region")  # of an outcome: whoever asks for it has them
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
class Packed:
    """A table of whole numbers, most of them 0, in little room."""

    shape: tuple[int, ...]
    content: bytes

    @classmethod
    def of(cls, table: Ints) -> "Packed":
        """Pack a table."""
        return cls(table.shape, zlib.compress(np.ascontiguousarray(table, np.int64).tobytes(), 1))

    def table(self) -> Ints:
        """The table again."""
        return np.frombuffer(zlib.decompress(self.content), np.int64).reshape(self.shape)


@dataclass(frozen=True)
class Piece:
    """What comes back of a run."""

    reading: Reading
    outcome: Mapping[str, Any] | None  # its fields, if asked for; but for `INPUTS` and the movers
    series: Floats | None = None  # (indicator of `SERIES`, date, group)
    dates: tuple[date, ...] = ()  # of `series`
    movers: Packed | None = None  # of the outcome

    @cached_property
    def size(self) -> int:
        """Bytes that it takes, about."""
        arrays = [self.reading.indicators, self.reading.causes, self.reading.targets, self.series]
        held = sum(each.nbytes for each in arrays if each is not None)
        if self.outcome is not None:
            held += 2 * self.outcome["record"].nbytes  # growth and census are about as much again
        return OVERHEAD + held + (len(self.movers.content) if self.movers else 0)


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


def fields_of(outcome: Outcome) -> dict[str, Any]:
    """What comes back of an outcome: its fields but for `INPUTS` and the movers."""
    left_out = (*INPUTS, "_movers")
    return {f.name: getattr(outcome, f.name) for f in fields(outcome) if f.name not in left_out}


def compute(task: Task) -> Piece:
    """Run a task."""
    from xiancheng.results.keeping.answers import Answers

    scenario = replace(resolve(task.told.file, task.region), doses=dict(task.told.doses))
    request = Request.of(
        scenario, region=task.region, parameters=task.draw.parameters, seed=task.draw.seed,
        scale=task.scale, draw=task.draw.number,
    )  # fmt: skip
    outcome = Answers.here()(request) if task.kept else request.simulate()
    return Piece(
        reading=read(outcome, task.day),
        outcome=fields_of(outcome) if task.whole else None,
        dates=outcome.dates,
        series=np.array([outcome.series(name) for name in SERIES]),
        movers=None if outcome._movers is None or not task.whole else Packed.of(outcome._movers),
    )
