"""Running a sweep: every run of a design is in its store once, whatever happens on the way.

`SweepJob` is what a worker does with the runs of a draw. It asks the store first, claims the runs,
computes them together, and writes each as a whole. `Sweep.run` goes through a design until nothing
is missing.
"""

import errno
import json
import os
import secrets
import shutil
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.population.synthesis import synthetic_population
from xiancheng.calibration.region import load
from xiancheng.results.store import ledger
from xiancheng.results.store.cache import RunStore
from xiancheng.results.store.files import existing_parent, write_file
from xiancheng.results.store.ledger import SWEEP
from xiancheng.results.store.runs import read_run
from xiancheng.scenarios.design import Design
from xiancheng.scenarios.executor import (
    TRIES,
    Executor,
    Lost,
)
from xiancheng.scenarios.outcome import Outcome
from xiancheng.scenarios.run_spec import RunSpec, check_same_code, code_digest, digest_of
from xiancheng.scenarios.trunk import timed, timed_together

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES}

State = Literal["done", "kept", "elsewhere", "failed", "no room"]


class RunReport(NamedTuple):
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
class SweepJob:
    """What a worker does with the numbers of runs that differ in their scenario alone.

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

    def __call__(self, numbers: Sequence[int]) -> list[RunReport]:
        """See that runs are in the store, what they share run once; no fault of a run is raised.

        Raises
        ------
        RequestError
            if this worker has other code than the process that sent it the job.
        """
        check_same_code(self.code)
        store, specs = RunStore(self.folder), {n: self.design.spec(n) for n in numbers}
        reports: dict[int, RunReport] = {}
        with ExitStack() as claims:
            for n, spec in specs.items():
                try:
                    mine = not store.has(spec.key) and claims.enter_context(store.claimed(spec.key))
                except OSError as error:
                    reports[n] = self._faulty(n, spec.key, error)
                else:
                    if store.has(spec.key):
                        reports[n] = RunReport(n, spec.key, "kept")
                    elif not mine:
                        reports[n] = RunReport(n, spec.key, "elsewhere")
            own = {n: spec for n, spec in specs.items() if n not in reports}
            made = _together(list(own.values()))
            for n, spec in own.items():
                if store.has(spec.key):  # another scenario of the design is the same run
                    reports[n] = RunReport(n, spec.key, "kept")
                    continue
                try:
                    store.compute(spec, make=lambda one: made.pop(one.key, None) or timed(one))
                    reports[n] = RunReport(n, spec.key, "done")
                except Exception as error:
                    reports[n] = self._faulty(n, spec.key, error)
        return [reports[n] for n in numbers]

    def _faulty(self, number: int, key: str, error: Exception) -> RunReport:
        """What became of a run in which an exception was raised, which is being handled."""
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            return RunReport(number, key, "no room", error.strerror or str(error))
        reason = f"{type(error).__name__}: {error}"
        return self.failed(number, key, reason, traceback.format_exc())

    def failed(self, number: int, key: str, reason: str, trace: str = "") -> RunReport:
        """Keep why a run gave no outcome."""
        spec = self.design.spec(number)
        about = {
            "scenario": spec.scenario.name, "draw": self.design.row(number),
            "seed": spec.seed, "scale": spec.scale,
            "number": number, "reason": reason, "traceback": trace,
        }  # fmt: skip
        try:
            RunStore(self.folder).fail(key, about)
        except OSError as error:
            return RunReport(number, key, "no room", error.strerror or str(error))
        return RunReport(number, key, "failed", reason)


def _together(specs: Sequence[RunSpec]) -> dict[str, tuple[Outcome, Mapping[str, float]]]:
    """Outcomes of several runs by key; none where one of them fails: then each is run alone."""
    if len(specs) < 2:
        return {}
    try:
        return timed_together(specs)
    except Exception:
        return {}


@lru_cache(maxsize=2)
def _design(folder: Path, digest: str) -> Design:
    """The design of the sweep in a folder.

    Raises
    ------
    RequestError
        if it is not the one meant.
    """
    design = Design.from_json(json.loads((folder / SWEEP).read_bytes())["told"])
    if design.digest != digest:
        raise RequestError(
            _("{folder}, its pack or its plan was altered; choose another folder",
              folder=folder / SWEEP)
        )  # fmt: skip
    return design


# What it takes of memory and disk


# Measured with benchmarks/sweep.py; see docs/cluster.md.
PROCESS_BYTES = 330e6  # a worker before it holds a population
ROW_BYTES = 130  # of a worker for each row of people, at most
RUN_BYTES = 80e3  # on disk for each run over five years


@dataclass(frozen=True)
class Need:
    """What a sweep takes, and what there is [bytes]; None where the system does not tell."""

    jobs: int
    each: float  # memory of a worker
    memory_free: int | None
    disk: float
    disk_free: int

    @classmethod
    def of(cls, design: Design, runs: int, jobs: int, folder: Path) -> Self:
        """What so many runs of a design take with so many workers, written into a folder."""
        rows = 0.0
        for spec in design.specs:
            pack, start = spec.pack, spec.scenario.start
            persons = pack.urban_rural(start).sum() + pack.away(start).sum()
            rows = max(rows, float(persons) * max(design.scales))
        free = shutil.disk_usage(existing_parent(folder)).free
        each = PROCESS_BYTES + ROW_BYTES * rows
        return cls(jobs, each, memory_available(), runs * RUN_BYTES, free)

    @property
    def memory(self) -> float:
        """Of all workers."""
        return self.jobs * self.each

    def refuse(self) -> None:
        """Refuse a sweep that would not fit.

        Raises
        ------
        RequestError
        """
        if self.memory_free is not None and self.memory > self.memory_free:
            fits = max(1, int(self.memory_free / self.each))
            raise RequestError(
                _("{jobs} workers need about {size} of memory, {size_2} is free; use --jobs "
                  "{fits} or smaller scales", jobs=self.jobs, size=_size(self.memory),
                  size_2=_size(self.memory_free), fits=fits)
            )  # fmt: skip
        if self.disk > self.disk_free:
            raise RequestError(
                _("the runs need about {size} of disk, {size_2} is free; name another place with "
                  "--out", size=_size(self.disk), size_2=_size(self.disk_free))
            )  # fmt: skip

    def words(self) -> Words:
        """The figures in Chinese and English."""
        free = "?" if self.memory_free is None else _size(self.memory_free)
        return _("{jobs} workers: about {size} of memory ({free} free), {size_2} of disk "
                 "({size_3} free)", jobs=self.jobs, size=_size(self.memory), free=free,
                 size_2=_size(self.disk), size_3=_size(self.disk_free))  # fmt: skip


def _size(size: float) -> str:
    return f"{size / 1e9:.2f} GB" if size >= 1e7 else f"{size / 1e6:.2f} MB"


def memory_available() -> int | None:
    """Memory that this process and its children may still take [bytes]; None if not known."""
    found = []
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            fields = dict(line.split(":", 1) for line in lines)
        found.append(int(fields["MemAvailable"].split()[0]) * 1024)
        with open("/sys/fs/cgroup/memory.max", encoding="ascii") as limit:
            most = limit.read().strip()
        if most != "max":
            with open("/sys/fs/cgroup/memory.current", encoding="ascii") as current:
                found.append(int(most) - int(current.read()))
    except (OSError, KeyError, ValueError):
        pass
    if not found and sys.platform == "darwin":
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    return min(found) if found else None


# A sweep in its folder


@dataclass
class Tally:
    """How a sweep went."""

    done: int = 0
    kept: int = 0
    failed: list[RunReport] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The tally, JSON-ready."""
        failed = [report._asdict() for report in self.failed]
        return {"done": self.done, "kept": self.kept, "failed": failed}


class SetAside(NamedTuple):
    """What was moved out of the way as a sweep was resumed."""

    torn: list[Path]  # runs that were not whole
    other: dict[Path, int]  # folders of runs of other programs, and how many were moved there


@dataclass(frozen=True)
class Sweep:
    """A design, or a shard of it, to be run into a folder."""

    design: Design
    folder: Path
    shard: tuple[int, int]
    executor: Executor
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
        return {n: self.design.spec(n).key for n in numbers}

    def on_file(self) -> int:
        """How many runs of the design are in the folder, whoever computed them."""
        return len(set(self.all_keys.values()) & RunStore(self.folder).keys())

    def need(self) -> Need:
        """What the sweep takes, as far as it is not there."""
        left = set(self.keys.values()) - RunStore(self.folder).keys()
        return Need.of(self.design, len(left), self.executor.jobs, self.folder)

    def begin(self) -> SetAside:
        """Make the folder that of this sweep, or take up the sweep in it; what was set aside.

        Raises
        ------
        RequestError
            if the folder holds another sweep, or this one without `resume`, or
            a shard of this one was computed by another program.
        """
        file, store = self.folder / SWEEP, RunStore(self.folder)
        known, program = _design_in(file), code_digest()
        if known not in (None, self.design.digest):
            raise RequestError(
                _("{folder} holds the sweep of another design; choose another folder",
                  folder=self.folder)
            )  # fmt: skip
        joins = self.resume or (known is not None and self.shard != (1, 1))
        if not joins and (known is not None or store.names()):
            raise RequestError(
                _("{folder} holds runs already; continue with --resume, or choose another folder",
                  folder=self.folder)
            )  # fmt: skip
        before = ledger.program_of(self.folder)
        if not self.resume and known is not None and before != program:
            raise RequestError(
                _("{folder} holds runs of another program ({value}; here it is {program}); "
                  "install the same code and libraries, or set those runs apart and compute anew "
                  "with --resume", folder=self.folder, value=(before or "?")[:12],
                  program=program[:12])
            )  # fmt: skip
        about = {"design": self.design.digest, "runs": len(self.design), "program": program}
        text = json.dumps(about | {"told": self.design.to_json()}, ensure_ascii=False)
        write_file(file, text.encode())
        (self.folder / "runs").mkdir(exist_ok=True)
        if not self.resume:
            return SetAside([], {})
        torn = store.quarantine_altered(sorted(self.keys.values()))
        aside = SetAside(torn, self._set_apart(store))
        ledger.renew(self.folder, afresh=True)
        return aside

    def _set_apart(self, store: RunStore) -> dict[Path, int]:
        """Move runs of other programs out of the way; how many are in which folder now."""
        moved: dict[Path, int] = {}
        for key in sorted(store.names() - set(self.all_keys.values())):
            saved = read_run(store.path(key))
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
        job, tally = SweepJob(self.folder, self.design.digest, code_digest()), Tally()
        left = self._partners(list(self._missing(tally, settled)))
        with self.executor:
            while left:
                alone: list[int] = []
                elsewhere: list[int] = []
                for result in self.executor.map(job, left):
                    if isinstance(result, Lost) and len(result.task) > 1:
                        alone += result.task
                        continue
                    lost = isinstance(result, Lost)
                    for report in [self._given_up(job, *result.task)] if lost else result:
                        if report.state == "no room":
                            raise StoppedError(self.folder, report.note)
                        if report.state == "elsewhere":
                            elsewhere.append(report.number)
                            continue
                        tally.done += report.state == "done"
                        tally.kept += report.state == "kept"
                        tally.failed += [report] * (report.state == "failed")
                        settled()
                waited = [] if alone else self._wait_for_one(elsewhere)
                left = [(n,) for n in alone] + self._partners(waited or elsewhere)
        return tally

    def _partners(self, numbers: Sequence[int]) -> list[tuple[int, ...]]:
        """Numbers of runs, those together that differ in their scenario alone."""
        each = len(self.design.specs)
        return [tuple(group) for __, group in groupby(numbers, lambda n: n // each)]

    def _missing(self, tally: Tally, settled: Callable[[], None]) -> Iterator[int]:
        """The numbers of the runs that are not in the store."""
        there = RunStore(self.folder).keys()
        for number, key in self.keys.items():
            if key in there:
                tally.kept += 1
                settled()
            else:
                yield number

    def _given_up(self, job: SweepJob, number: int) -> RunReport:
        reason = f"WorkerDied: the worker ended {TRIES} times while it ran this alone"
        return job.failed(number, self.keys[number], reason)

    def _wait_for_one(self, numbers: list[int]) -> list[int]:
        """Wait until one of the runs that other processes hold is settled or free again."""
        store = RunStore(self.folder)
        while numbers:
            for number in numbers:
                with store.claimed(self.keys[number]) as free:
                    if free or store.has(self.keys[number]):
                        return numbers
            time.sleep(0.2)
        return numbers

    def named(self, report: RunReport) -> str:
        """A run and what became of it, in one line."""
        spec, row = self.design.spec(report.number), self.design.row(report.number)
        name = spec.scenario.name
        return f"{name} draw {row} seed {spec.seed} scale {spec.scale:g}: {report.note}"

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


def _populate(design: Design) -> None:
    """Put every population that a design needs into the cache, once, before workers open it."""
    starts = {(spec.region, spec.scenario.start) for spec in design.specs}
    for region, start in sorted(starts):
        for scale in design.scales:
            synthetic_population(load(region), start, scale, seed=1)
