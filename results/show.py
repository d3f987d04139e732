"""Progress on stderr: a bar with the time left, or lines where stderr is no terminal."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

EVERY = 30.0  # seconds between lines of progress where stderr is no terminal


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
