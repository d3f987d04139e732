"""Running a sweep: every run of a design is in its store once, whatever happens on the way.

`Job` is what a worker does with one run. It asks the store first, claims the run, computes, and
writes it as a whole. `run` goes through a design with an engine until nothing is missing.
"""

import errno
import json
import secrets
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from xiancheng.calibration.i18n import _
from xiancheng.calibration.population.synthesis import synthetic_population
from xiancheng.calibration.region import load
from xiancheng.results.keeping import ledger
from xiancheng.results.keeping.files import whole_file
from xiancheng.results.keeping.keyed import Store
from xiancheng.results.keeping.ledger import SWEEP
from xiancheng.results.keeping.room import Need
from xiancheng.results.keeping.store import opened
from xiancheng.scenarios.engines import DEATHS, Engine, Lost
from xiancheng.scenarios.request import code_digest, digest_of, of_code
from xiancheng.scenarios.simulate import RequestError
from xiancheng.scenarios.sweep import Design

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES}

State = Literal["done", "kept", "elsewhere", "failed", "no room"]


class Report(NamedTuple):
    """What became of a run."""

    number: int
    key: str
    state: State
    note: str = ""


class StoppedError(RuntimeError):
    """The store cannot be written to any longer; what is in it is whole."""

    def __init__(self, folder: Path, reason: str) -> None:
        self.zh = f"无法继续写入 {folder}（{reason}）；腾出空间后用 --resume 继续"
        self.en = f"{folder} takes no more ({reason}); make room, then continue with --resume"
        super().__init__(self.en)


@dataclass(frozen=True)
class Job:
    """What a worker does with the number of a run.

    It is small and leaves the design on file: what is sent to a process that is just starting must
    fit a pipe, as a sender that waits for room would wait for ever if that process were killed.
    """

    folder: Path
    digest: str  # of the design
    code: str  # digest that the workers' own code must have

    @property
    def design(self) -> Design:
        """The design, read once in a process."""
        return _design(self.folder, self.digest)

    def __call__(self, number: int) -> Report:
        """See that a run is in the store; never raises for the fault of one run.

        Raises
        ------
        RequestError
            if this worker has other code than the process that sent it the job.
        """
        of_code(self.code)
        point = self.design.point(number)
        store, request = Store(self.folder), self.design.request(point)
        key = request.key
        if store.has(key):
            return Report(number, key, "kept")
        try:
            with store.claimed(key) as mine:
                if not mine:
                    return Report(number, key, "elsewhere")
                if store.has(key):
                    return Report(number, key, "kept")
                store.compute(request)
                return Report(number, key, "done")
        except Exception as error:
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                return Report(number, key, "no room", error.strerror or str(error))
            return self.failed(number, key, _told(error), traceback.format_exc())

    def failed(self, number: int, key: str, reason: str, trace: str = "") -> Report:
        """Keep why a run gave no outcome."""
        point = self.design.point(number)
        about = {
            "scenario": self.design.worlds[point.scenario].scenario.name,
            "draw": point.draw, "seed": point.seed, "scale": point.scale,
            "number": number, "reason": reason, "traceback": trace,
        }  # fmt: skip
        try:
            Store(self.folder).fail(key, about)
        except OSError as error:
            return Report(number, key, "no room", error.strerror or str(error))
        return Report(number, key, "failed", reason)


@lru_cache(maxsize=2)
def _design(folder: Path, digest: str) -> Design:
    """The design of the sweep in a folder.

    Raises
    ------
    RequestError
        if it is not the one meant.
    """
    made = Design.retold(json.loads((folder / SWEEP).read_bytes())["told"])
    if made.digest != digest:
        raise RequestError(
            _(
                "{folder}, its pack or its plan was altered; choose another folder",
                folder=folder / SWEEP,
            )
        )
    return made


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


# A sweep in its folder


@dataclass
class Tally:
    """How a sweep went."""

    done: int = 0
    kept: int = 0
    failed: list[Report] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """The tally, JSON-ready."""
        failed = [report._asdict() for report in self.failed]
        return {"done": self.done, "kept": self.kept, "failed": failed}


class Aside(NamedTuple):
    """What was moved out of the way as a sweep was resumed."""

    torn: list[Path]  # runs that were not whole
    other: dict[Path, int]  # folders of runs of other programs, and how many were moved there


@dataclass(frozen=True)
class Sweep:
    """A design, or a shard of it, to be run into a folder."""

    design: Design
    folder: Path
    shard: tuple[int, int]
    engine: Engine
    resume: bool

    @cached_property
    def keys(self) -> dict[int, str]:
        """The key of each run of this shard by its number."""
        return self._keys(self.design.points(self.shard))

    @cached_property
    def all_keys(self) -> dict[int, str]:
        """The key of each run of the design by its number."""
        return self.keys if self.shard == (1, 1) else self._keys(self.design.points())

    def _keys(self, numbers: list[int]) -> dict[int, str]:
        return {n: self.design.request(self.design.point(n)).key for n in numbers}

    def on_file(self) -> int:
        """How many runs of the design are in the folder, whoever computed them."""
        return len(set(self.all_keys.values()) & Store(self.folder).keys())

    def need(self) -> Need:
        """What the sweep takes, as far as it is not there."""
        left = set(self.keys.values()) - Store(self.folder).keys()
        return Need.of(self.design, len(left), self.engine.jobs, self.folder)

    def begin(self) -> Aside:
        """Make the folder that of this sweep, or take up the sweep in it; what was set aside.

        Raises
        ------
        RequestError
            if the folder holds another sweep, or this one and nobody said that it be resumed, or
            a shard of this one was computed by another program.
        """
        held, store = self.folder / SWEEP, Store(self.folder)
        known, program = _design_in(held), code_digest()
        if known not in (None, self.design.digest):
            raise RequestError(
                _(
                    "{folder} holds the sweep of another design; choose another folder",
                    folder=self.folder,
                )
            )
        joins = self.resume or (known is not None and self.shard != (1, 1))
        if not joins and (known is not None or store.names()):
            raise RequestError(
                _(
                    "{folder} holds runs already; continue with --resume, or choose another folder",
                    folder=self.folder,
                )
            )
        before = ledger.program_of(self.folder)
        if not self.resume and known is not None and before != program:
            raise RequestError(
                _(
                    "{folder} holds runs of another program ({value}; here it is "
                    "{program}); install the same code and libraries, or set "
                    "those runs apart and compute anew with --resume",
                    folder=self.folder,
                    value=(before or "?")[:12],
                    program=program[:12],
                )
            )
        about = {"design": self.design.digest, "runs": len(self.design), "program": program}
        text = json.dumps(about | {"told": self.design.told()}, ensure_ascii=False)
        whole_file(held, text.encode())
        (self.folder / "runs").mkdir(exist_ok=True)
        if not self.resume:
            return Aside([], {})
        torn = store.quarantine_altered(sorted(self.keys.values()))
        aside = Aside(torn, self._set_apart(store))
        ledger.renew(self.folder, afresh=True)
        return aside

    def _set_apart(self, store: Store) -> dict[Path, int]:
        """Move runs of other programs out of the way; how many are in which folder now."""
        moved: dict[Path, int] = {}
        for key in sorted(store.names() - set(self.all_keys.values())):
            saved = opened(store.path(key))
            program = saved.record.software.simulation_code[:12] if saved else "unknown"
            apart = self.folder / "other-programs" / program
            apart.mkdir(parents=True, exist_ok=True)
            place = apart / key
            with suppress(FileNotFoundError):  # another process has moved it
                store.path(key).rename(place if not place.exists() else apart / _another(key))
                moved[apart] = moved.get(apart, 0) + 1
        return moved

    def run(self, settled: Callable[[], None] = lambda: None) -> Tally:
        """Go through the sweep until nothing is missing that can be had.

        Parameters
        ----------
        settled : called for each run that needs no more work, for a progress bar

        Raises
        ------
        StoppedError
            if the disk is full or can no longer be written to.
        """
        _populate(self.design)
        job, tally = Job(self.folder, self.design.digest, code_digest()), Tally()
        left = list(self._missing(tally, settled))
        while left:
            elsewhere = []
            for said in self.engine.run(job, left):
                report = self._given_up(job, said) if isinstance(said, Lost) else said
                if report.state == "no room":
                    raise StoppedError(self.folder, report.note)
                if report.state == "elsewhere":
                    elsewhere.append(report.number)
                    continue
                tally.done += report.state == "done"
                tally.kept += report.state == "kept"
                tally.failed += [report] * (report.state == "failed")
                settled()
            left = self._wait_for_one(elsewhere)
        return tally

    def _missing(self, tally: Tally, settled: Callable[[], None]) -> Iterator[int]:
        """The numbers of the runs that are not in the store."""
        there = Store(self.folder).keys()
        for number, key in self.keys.items():
            if key in there:
                tally.kept += 1
                settled()
            else:
                yield number

    def _given_up(self, job: Job, lost: Lost) -> Report:
        reason = f"WorkerDied: the worker ended {DEATHS} times while it ran this alone"
        return job.failed(lost.task, self.keys[lost.task], reason)

    def _wait_for_one(self, numbers: list[int]) -> list[int]:
        """Wait until one of the runs that other processes hold is settled or free again."""
        store = Store(self.folder)
        while numbers:
            for number in numbers:
                with store.claimed(self.keys[number]) as free:
                    if free or store.has(self.keys[number]):
                        return numbers
            time.sleep(0.2)
        return numbers

    def named(self, report: Report) -> str:
        """A run and what became of it, in one line."""
        point = self.design.point(report.number)
        name = self.design.worlds[point.scenario].scenario.name
        return f"{name} draw {point.draw} seed {point.seed} scale {point.scale:g}: {report.note}"

    def digest(self) -> str:
        """One digest for the runs of the design: which are there, and what numbers they gave.

        Once all are there it is the same for every shard and every order of computing.
        """
        table = ledger.ledger(self.folder, self.all_keys.values())
        pairs = zip(table["key"].to_list(), table["values"].to_list(), strict=True)
        return digest_of(dict(pairs))


def _another(key: str) -> str:
    return f"{key}-{secrets.token_hex(3)}"


def _design_in(file: Path) -> str | None:
    """The digest of the design whose sweep a folder holds; None if it holds none."""
    try:
        return str(json.loads(file.read_bytes())["design"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _populate(made: Design) -> None:
    """Put every population that a design needs into the cache, once, before workers open it."""
    worlds = {(world.region, world.scenario.start) for world in made.worlds}
    for region, start in sorted(worlds):
        for scale in made.scales:
            synthetic_population(load(region), start, scale, seed=1)
