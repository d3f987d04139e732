"""What a command prints: its result as JSON or text, notes, and how long it takes.

The result goes to stdout; announcements and progress go to stderr.
"""

import os
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from xiancheng.calibration.errors import RequestError, ScenarioError
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.naming import is_path
from xiancheng.calibration.region import SHIPPED as PACKS
from xiancheng.calibration.region import load, packs
from xiancheng.calibration.yaml_positions import read_yaml
from xiancheng.results.store.files import write_file
from xiancheng.results.text import Say, as_json, inert
from xiancheng.results.verdict.observations import BroughtRates, read_known
from xiancheng.scenarios.loader import SHIPPED as PLAN
from xiancheng.scenarios.loader import shipped_plans as plans
from xiancheng.scenarios.run_spec import READY, RunSpec, expected_seconds
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.scenarios.trace import inactive_measures, inactive_observations

if TYPE_CHECKING:
    import pandas as pd

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


def write_csv(table: "pd.DataFrame", file: Path | None, say: Say) -> None:
    """Write a table as CSV, UTF-8 with BOM, to the file that was asked for, if one was."""
    if file:
        safe = table.map(inert).rename(columns=inert)
        write_file(file, safe.to_csv(index=False).encode("utf-8-sig"))
        say.note(_("wrote {csv}", csv=file))


def note_inactive(scenario: Scenario, say: Say) -> None:
    """Tell the reader what a scenario asks for that never acts."""
    for each in inactive_measures(scenario):
        say.note(_("{scenario}: {says}", scenario=scenario.name, says=each.says))


def note_inactive_rates(spec: RunSpec, say: Say) -> None:
    """Tell the reader of published rates that were given and do not act."""
    if (rates := inactive_observations(spec)) is not None:
        say.note(rates)


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


def known_rates(
    options: Namespace, scenario: Scenario, region: str | Path, say: Say
) -> BroughtRates:
    """The published rates of --observations; what is marked in them is said on stderr.

    Raises
    ------
    ScenarioError, PackError
    """
    found = read_known(options.observations, scenario, region, options.cutoff)
    for remark in found.remarks:
        say.note(remark)
    return found


# Names that are both shipped and a file or folder here

YAML = (".yaml", ".yml")
ENDINGS = {"packs": ("",), "plans": ("",), "scenarios": ("", *YAML)}  # of a file or folder
KEYS = {"packs": ("region",), "scenarios": ("based_on", "scenarios")}  # of files


def ambiguous(
    names: Sequence[tuple[str, Sequence[str]]], files: Iterable[Path] = ()
) -> list[tuple[str, str]]:
    """Bare names of what is shipped, each with the file or folder of that name here.

    Parameters
    ----------
    names : on the command line, with the kinds of what each may name
    files : scenarios and designs that it names, whose own names count as well
    """
    paths = [Path(name) for name, _ in names if is_path(name)]
    written = {path.resolve() for path in paths}
    found = {
        (name, here)
        for name, kinds in names
        for kind in kinds
        for name, here in _shadowed(name, kind, Path())
        if Path(here).resolve() not in written  # who writes the path knows the two
    }
    for file in (*paths, *files):
        if file.suffix in YAML:
            found |= set(_in_file(file))
    return sorted(found)


def _in_file(file: Path) -> Iterator[tuple[str, str]]:
    """The same of the names in a scenario or a design; nothing of what cannot be read."""
    try:
        value: Any = read_yaml(file).value
    except ScenarioError:
        return
    for kind, keys in KEYS.items():
        for key in keys if isinstance(value, dict) else ():
            names = value.get(key)
            for name in names if isinstance(names, list) else [names]:
                yield from _shadowed(name, kind, file.parent, but=file)


def _shadowed(
    name: object, kind: str, folder: Path, but: Path | None = None
) -> Iterator[tuple[str, str]]:
    """A name of something shipped, and the file or folder of that name in a folder."""
    if not isinstance(name, str) or not name or is_path(name) or not name.isprintable():
        return
    for here in (folder / f"{name}{ending}" for ending in ENDINGS[kind]):
        if here == but or not here.exists() or name not in (shipped := _shipped(kind)):
            continue
        if not here.samefile(shipped[name]):
            yield name, str(here) if here.is_absolute() else f"./{here}"


def _shipped(kind: str) -> dict[str, Path]:
    """The packs, plans or scenarios that come with the program, by name."""
    if kind == "packs":
        return {name: PACKS / name for name in packs()}
    if kind == "plans":
        return plans()
    return {file.stem: file for file in (plans()[PLAN] / "scenarios").glob("*.yaml")}


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
        return self.runs * expected_seconds(load(self.region), self.scale, self.start, self.until)


def announce(say: Say, works: Iterable[Work], jobs: int | None = None) -> None:
    """Say on stderr about how long the runs take, if it is longer than ten seconds."""
    works = [work for work in works if work.runs > 0]
    runs = sum(work.runs for work in works)
    if not runs:
        return
    processes = max(1, min(jobs or os.cpu_count() or 1, runs))
    seconds = READY + sum(work.seconds for work in works) / processes
    if seconds <= SHORT:
        return
    long = seconds >= 90
    number = round(seconds / 60) if long else 10 * round(seconds / 10)
    say.note(
        _("about {runs} runs in {processes} process{processes_2}: roughly {number} {long}",
          runs=runs, processes=processes, processes_2="es" if processes > 1 else "", number=number,
          long=_("minutes") if long else _("seconds"))
    )  # fmt: skip


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
