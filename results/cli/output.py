"""What a command prints: its result as JSON or text, notes, and how long it takes.

The result goes to stdout; announcements and progress go to stderr.
"""

import os
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.region import load
from xiancheng.results import cells
from xiancheng.results.cells import as_json
from xiancheng.results.text import Say

if TYPE_CHECKING:
    import pandas as pd

PER_RUN, PER_ROW = 0.13, 5.4e-7  # seconds of a run over five years, and of each of its rows
FIRST = 8.0  # seconds until a process has made ready what all its runs need
SHORT = 10.0  # seconds that need no announcement
EVERY = 30.0  # seconds between lines of progress where stderr is no terminal


def give(options: Namespace, report: Mapping[str, Any], text: Callable[[], object]) -> None:
    """Print the report as JSON if that was asked for, else call what prints it for people."""
    if options.json:
        print(as_json(report))
    else:
        text()
    sys.stdout.flush()


def print_notes(notes: Iterable[str]) -> None:
    """What has to be said below tables, a line each."""
    for note in notes:
        print(f"· {note}")


def write_csv(table: "pd.DataFrame", options: Namespace, say: Say) -> None:
    """Write the CSV file that was asked for, if one was."""
    if options.csv:
        cells.write(table, options.csv)
        say.note(_("wrote {csv}", csv=options.csv))


def reject_unused(options: Namespace, names: Iterable[str], why: Words) -> None:
    """Refuse options that were given and would do nothing.

    Parameters
    ----------
    why : why they would do nothing, and what to do

    Raises
    ------
    RequestError
    """
    for name in names:
        if name in options.given:
            name = name.replace("_", "-")
            raise RequestError(_("--{name} would do nothing: {why}", name=name, why=why))


# How long it takes


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


def announce(say: Say, works: Iterable[Work], jobs: int | None = None) -> None:
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


@contextmanager
def progress(what: str, steps: int) -> Iterator[Callable[[], None]]:
    """A bar on stderr with the time left; the function it gives makes one step.

    Where stderr is no terminal, a line twice a minute.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        with _lines_of_progress(what, steps) as step:
            yield step
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task(what, total=steps)
        yield lambda: bar.advance(task)


@contextmanager
def _lines_of_progress(what: str, steps: int) -> Iterator[Callable[[], None]]:
    begun = first = time.monotonic()
    done, ended = 0, threading.Event()

    def step() -> None:
        nonlocal done, first
        done += 1
        if done == 1:
            first = time.monotonic()

    def report() -> None:
        while not ended.wait(EVERY):
            now = time.monotonic()
            line = f"{what} {done}/{steps} · {(now - begun) / 60:.1f} min"
            if 1 < done < steps:  # the first step also made ready what all need
                left = (now - first) / (done - 1) * (steps - done)
                line += f" · ≈ {left / 60:.1f} min →"
            with suppress(OSError, ValueError):  # nobody reads it any longer
                print(line, file=sys.stderr, flush=True)

    reporter = threading.Thread(target=report, daemon=True)
    reporter.start()
    try:
        yield step
    finally:
        ended.set()
        reporter.join()
