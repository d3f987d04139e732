"""About how many runs a command makes, and how many minutes they take: said before they are made.

The seconds of a run are those of docs/performance.md; where a machine is faster or slower, the
progress that follows goes by what was really measured.
"""

import os
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from xiancheng.calibration.i18n import _
from xiancheng.calibration.region import load

if TYPE_CHECKING:
    from xiancheng.results.cli import Say

PER_RUN, PER_ROW = 0.13, 5.4e-7  # seconds of a run over five years, and of each of its rows
FIRST = 8.0  # seconds until a process has made ready what all its runs need
SHORT = 10.0  # seconds that need no announcement


class Work(NamedTuple):
    """Runs of a kind; what each takes follows from its rows and its years."""

    runs: int
    region: str | Path
    scale: float
    start: date
    until: date

    @property
    def seconds(self) -> float:
        """Of all of them, one after the other."""
        pack = load(self.region)
        start = self.start if self.start in pack.censuses else pack.censuses[-1]
        rows = self.scale * float(pack.urban_rural(start).sum() + pack.away(start).sum())
        years = (self.until - self.start).days / 365.25
        return self.runs * (PER_RUN + PER_ROW * rows) * years / 5


def announce(say: "Say", works: Iterable[Work], jobs: int | None = None) -> None:
    """Say on stderr about how long the runs take, if it is longer than ten seconds."""
    works = [work for work in works if work.runs > 0]
    runs = sum(work.runs for work in works)
    if not runs:
        return
    processes = max(1, min(jobs or os.cpu_count() or 1, runs))
    seconds = FIRST + sum(work.seconds for work in works) / processes
    if seconds <= SHORT:
        return
    long = seconds >= 90
    number = round(seconds / 60) if long else 10 * round(seconds / 10)
    say.note(
        _(
            "about {runs} runs in {processes} process{processes_2}: roughly {number} {long}",
            runs=runs,
            processes=processes,
            processes_2="es" if processes > 1 else "",
            number=number,
            long=(_("minutes") if long else _("seconds")),
        )
    )
