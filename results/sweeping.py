"""Running a sweep: every run of a design is in its store once, whatever happens on the way.

`Job` is what a worker does with one run. It asks the store first, claims the run, computes, and
writes it as a whole. `run` goes through a design with an engine until nothing is missing.
"""

import errno
import json
import os
import re
import shutil
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from calibration.population import population
from calibration.region import load
from results import ledger
from results.store import Store, whole_file, writable, write
from scenarios.checking import Words
from scenarios.engines import DEATHS, Dask, Engine, Local, Lost, memory_available
from scenarios.request import code_digest, digest_of
from scenarios.simulate import LIMITS, RequestError, prepared
from scenarios.sweep import Design, design

if TYPE_CHECKING:
    import pandas as pd

SWEEP = "sweep.json"

# Measured with benchmarks/sweep.py; see docs/cluster.md.
PROCESS_BYTES = 330e6  # a worker before it holds a population
ROW_BYTES = 130  # of a worker for each row of people, at most
RUN_BYTES = 80e3  # on disk for each run over five years

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
        if code_digest() != self.code:
            raise RequestError(
                "工作进程的代码或库版本与主进程不同；请统一安装后用 --resume 继续",
                "a worker has other code or libraries than the main process; install the same, "
                "then continue with --resume",
            )
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
                begun = time.perf_counter()
                prepared(request.world.region, request.world.scenario.start, request.scale)
                ready = time.perf_counter()
                outcome = request.simulate()
                seconds = {"prepare": ready - begun, "simulate": time.perf_counter() - ready}
                write(store.path(key), outcome, request, seconds)
                store.forgive(key)
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
            f"{folder / SWEEP} 或其区域包、方案已被改动；请换一个文件夹",
            f"{folder / SWEEP}, its pack or its plan was altered; choose another folder",
        )
    return made


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


# A sweep in its folder


@dataclass(frozen=True)
class Need:
    """What a sweep takes, and what there is [bytes]; None where the system does not tell."""

    jobs: int
    each: float  # memory of a worker
    memory_free: int | None
    disk: float
    disk_free: int

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
                f"{self.jobs} 个进程约需内存 {_size(self.memory)}，可用 "
                f"{_size(self.memory_free)}；请用 --jobs {fits} 或更小的 scales",
                f"{self.jobs} workers need about {_size(self.memory)} of memory, "
                f"{_size(self.memory_free)} is free; use --jobs {fits} or smaller scales",
            )
        if self.disk > self.disk_free:
            raise RequestError(
                f"结果约需磁盘 {_size(self.disk)}，可用 {_size(self.disk_free)}；"
                "请用 --out 换个位置",
                f"the runs need about {_size(self.disk)} of disk, {_size(self.disk_free)} is "
                "free; name another place with --out",
            )

    def said(self) -> tuple[str, str]:
        """The figures in Chinese and English."""
        free = "?" if self.memory_free is None else _size(self.memory_free)
        return (
            f"{self.jobs} 个进程：约需内存 {_size(self.memory)}（可用 {free}），"
            f"磁盘 {_size(self.disk)}（可用 {_size(self.disk_free)}）",
            f"{self.jobs} workers: about {_size(self.memory)} of memory ({free} free), "
            f"{_size(self.disk)} of disk ({_size(self.disk_free)} free)",
        )


def _size(size: float) -> str:
    return f"{size / 1e9:.2f} GB" if size >= 1e7 else f"{size / 1e6:.2f} MB"


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

    def said(self, digest: str) -> tuple[str, str]:
        """The tally in Chinese and English."""
        return (
            f"新算 {self.done}，已有 {self.kept}，失败 {len(self.failed)}；集合摘要 {digest}",
            f"{self.done} computed, {self.kept} kept, {len(self.failed)} failed; set {digest}",
        )


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
        """The key of each run by its number."""
        numbers = self.design.points(self.shard)
        return {n: self.design.request(self.design.point(n)).key for n in numbers}

    def need(self) -> Need:
        """What the sweep takes."""
        rows = 0.0
        for world in self.design.worlds:
            pack, start = load(world.region), world.scenario.start
            persons = pack.urban_rural(start).sum() + pack.away(start).sum()
            rows = max(rows, float(persons) * max(self.design.scales))
        each = PROCESS_BYTES + ROW_BYTES * rows
        left = len(self.design.points(self.shard)) - len(Store(self.folder).keys())
        free = shutil.disk_usage(self.folder).free
        return Need(self.engine.jobs, each, memory_available(), max(left, 0) * RUN_BYTES, free)

    def begin(self) -> list[Path]:
        """Make the folder that of this sweep, or take up the sweep in it; what was set aside.

        Raises
        ------
        RequestError
            if the folder holds another sweep, or this one and nobody said that it be resumed.
        """
        held, store = self.folder / SWEEP, Store(self.folder)
        known = _design_in(held)
        if known not in (None, self.design.digest):
            raise RequestError(
                f"{self.folder} 中是另一个设计的批量运行；请换一个文件夹",
                f"{self.folder} holds the sweep of another design; choose another folder",
            )
        joins = self.resume or (known is not None and self.shard != (1, 1))
        if not joins and (known is not None or store.keys()):
            raise RequestError(
                f"{self.folder} 中已有运行记录；用 --resume 继续，或换一个文件夹",
                f"{self.folder} holds runs already; continue with --resume, or choose another "
                "folder",
            )
        about = {"design": self.design.digest, "runs": len(self.design)}
        text = json.dumps(about | {"told": self.design.told()}, ensure_ascii=False)
        whole_file(held, text.encode())
        (self.folder / "runs").mkdir(exist_ok=True)
        return store.quarantine_altered(sorted(self.keys.values())) if self.resume else []

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
        """One digest for the set of runs: which they are, and what numbers they gave."""
        table = ledger.ledger(self.folder, self.keys.values())
        pairs = zip(table["key"].to_list(), table["values"].to_list(), strict=True)
        return digest_of(dict(pairs))


def planned(
    file: Path, folder: Path, *, shard: str, jobs: int | None, engine: str,
    scheduler: str | None, resume: bool,
) -> Sweep:  # fmt: skip
    """The sweep that a command line asks for; nothing is computed yet.

    Raises
    ------
    ScenarioError, ParameterError, PackError, RequestError
        with what is wrong.
    """
    made = design(file)
    writable(folder)
    workers = os.cpu_count() or 1 if jobs is None else jobs
    if not LIMITS["jobs"][0] <= workers <= LIMITS["jobs"][1]:
        raise RequestError(
            f"jobs 应为 {LIMITS['jobs'][0]} 至 {LIMITS['jobs'][1]}；得到 {jobs}",
            f"jobs should be from {LIMITS['jobs'][0]} to {LIMITS['jobs'][1]}; got {jobs}",
        )
    workers = min(workers, len(made))
    chosen = Local(workers) if engine == "local" else Dask(workers, scheduler)
    return Sweep(made, folder, _shard(shard), chosen, resume)


def _shard(text: str) -> tuple[int, int]:
    part = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    if part is None or not 1 <= int(part[1]) <= int(part[2]):
        raise RequestError(
            f"--shard 应形如 2/8（第 2 份，共 8 份）；得到 {text}",
            f"--shard should be such as 2/8, the second of eight parts; got {text}",
        )
    return int(part[1]), int(part[2])


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
            population(load(region), start, scale, seed=1)


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """SIGTERM stops what is done meanwhile as Ctrl-C does."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


HEADERS = {
    "scenario": Words("情景", "scenario"),
    "scale": Words("规模", "scale"),
    "county": Words("地区", "county"),
    "target_rate": Words("目标", "target"),
    "runs": Words("次数", "runs"),
    "probability": Words("达标比例", "share met"),
    "q05": Words("5%", "5%"),
    "q50": Words("中位", "median"),
    "q95": Words("95%", "95%"),
}


def lines(judged: "pd.DataFrame", lang: str) -> tuple[list[str], list[list[str]]]:
    """What the runs say of the targets, as people read it: headers, and a row for each."""
    rows = []
    for row in judged.to_dict("records"):
        cells = {name: f"{row[name]:.2f}" for name in ("q05", "q50", "q95")}
        cells |= {"scenario": row["scenario"], "runs": f"{row['runs']}"}
        cells |= {"scale": f"{row['scale']:g}", "target_rate": f"{row['target_rate']:g}"}
        cells["county"] = row["county_en" if lang == "en" else "county"]
        cells["probability"] = f"{row['probability']:.0%}"
        rows.append([cells[name] for name in HEADERS])
    return [each.said(lang) for each in HEADERS.values()], rows
