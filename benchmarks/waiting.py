"""What a user of the page waits for, with 1, 5 and 20 sessions at once, and what the server holds.

    python -m benchmarks.waiting [--sessions 1 5 20] [--steps 6] [--pause 2] [--jobs N]

Each session moves a lever, looks for some seconds, and moves it again, as a person does. What is
timed is the whole way from the lever to the answer that is shown: the queue, the runs in worker
processes, and the tables; not the browser. A session that moves a lever takes back what it asked
for before.
"""

import argparse
import asyncio
import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from xiancheng.calibration.region import load
from xiancheng.results.console.computation import Server, Sizes, results
from xiancheng.results.console.edits import ScenarioEdit
from xiancheng.results.console.jobs import JobQueue
from xiancheng.results.console.library import Library
from xiancheng.scenarios.scenario_files import Scenario

REGION = "binzhou"


@dataclass
class Waits:
    """Seconds from a lever to what is shown."""

    first: list[float] = field(default_factory=list)  # to the first answer, of one run a side
    drawn: list[float] = field(default_factory=list)  # to the first answer that rests on draws


async def session(queue: JobQueue, number: int, steps: int, pause: float, waits: Waits) -> None:
    """A person who moves levers."""
    runs = Path("results/runs")
    server = Server(
        queue, load(REGION), REGION, Library(runs / "scenarios"), runs, Sizes(scale=0.1, draws=40)
    )
    plan, baseline = ScenarioEdit.of("plan"), ScenarioEdit.of("baseline").scenario
    measures = list(plan.scenario.plan.measures)
    await asyncio.sleep(pause * number / 20)  # people do not all move at once

    async def answered(scenario: Scenario, drawn: asyncio.Event) -> None:
        begun, seen = time.perf_counter(), set[str]()
        user = f"user{number}"
        async for result in results(server, user, scenario, baseline, lambda _: None, lambda: None):
            kind = "first" if result.pending else "drawn"
            if kind not in seen:
                seen.add(kind)
                getattr(waits, kind).append(time.perf_counter() - begun)
            if not result.pending:
                drawn.set()

    for step in range(steps):
        value = round(0.05 + 0.01 * (number % 20) + 0.3 * (step % 6), 2)  # what nobody else asks
        edit = plan.with_intensity((measures[(number + step) % len(measures)],), value)
        drawn = asyncio.Event()
        computation = asyncio.create_task(answered(edit.scenario, drawn))
        with suppress(TimeoutError):
            await asyncio.wait_for(drawn.wait(), PATIENCE)
        await asyncio.sleep(pause)
        computation.cancel()


PATIENCE = 60.0  # seconds after which a person moves on


def memory() -> float:
    """What this process holds in memory [MB]; nan where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return float("nan")
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def measured(sessions: int, steps: int, pause: float, jobs: int) -> None:
    """Print a row."""
    queue, waits = JobQueue(jobs), Waits()
    try:
        await session(queue, 0, 1, 0, Waits())  # workers begin, kernels are opened
        before = memory()
        tasks = [session(queue, number, steps, pause, waits) for number in range(sessions)]
        await asyncio.gather(*tasks)
        row = [f"{sessions:8d}"]
        for values in (waits.first, waits.drawn):
            missed = sessions * steps - len(values)
            row += [f"{np.percentile(values, p):8.2f}" if values else "       –" for p in (50, 95)]
            row.append(f"{missed:6d}")
        row += [f"{before:8.0f}", f"{memory():8.0f}", f"{queue.kept_bytes / 1e6:8.1f}"]
        print(" ".join(row), flush=True)
    finally:
        queue.close()


def main() -> None:
    """The command."""
    command = argparse.ArgumentParser(description=__doc__)
    command.add_argument("--sessions", type=int, nargs="+", default=[1, 5, 20])
    command.add_argument("--steps", type=int, default=6)
    command.add_argument("--pause", type=float, default=2.0)
    command.add_argument("--jobs", type=int, default=2)
    options = command.parse_args()
    print("sessions  first answer [s]: p50 p95 missed, with draws [s]: p50 p95 missed,")
    print("          MB before, MB after, MB of results remembered")
    for sessions in options.sessions:
        asyncio.run(measured(sessions, options.steps, options.pause, options.jobs))


if __name__ == "__main__":
    main()
