"""What a sweep takes of memory and disk, and whether it fits."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import Words, _
from xiancheng.results.store.files import existing_parent
from xiancheng.scenarios.design import Design

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
    def of(cls, made: Design, runs: int, jobs: int, folder: Path) -> Self:
        """What so many runs of a design take with so many workers, written into a folder."""
        rows = 0.0
        for spec in made.specs:
            pack, start = spec.pack, spec.scenario.start
            persons = pack.urban_rural(start).sum() + pack.away(start).sum()
            rows = max(rows, float(persons) * max(made.scales))
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
