"""`python -m benchmarks`: speed, as ratios within one run; `--json`, `--write FILE`."""

import argparse
import json
import os
import platform
import sys
from dataclasses import asdict
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import measure
from benchmarks.measure import Agreement, Measured

PAGE = """\
# How fast it is

Written by `make bench` or `python -m benchmarks --write docs/performance.md` on {date}.
Do not edit: run it again.

{machine}

## Results

Medians, with the 10th and 90th percentile of repeated measurements. CPU time is that of one
thread. A resident-quarter is one usual resident (3.93 million at scale 1) through one whole tick:
policy, markets, utilities and hazards, everyone's luck, all events and moves, the books and all
indicators. The engines take turns quarter by quarter, so that whatever else the machine does
falls on all of them: **trust the ratios, not the nanoseconds**.

{table}

{verdict}

## Do the references follow the same rules?

Each engine starts from the same people and is told the same tables every quarter; the events of the
whole run are counted by the same onlooker. Ten seeds, paired t-test. {agreement}

{flows}

## How to read this

- *Plain Mesa* is one `mesa.Agent` per resident, with tables as nested Python lists and households
  as lists of agents. Its cost per resident is about the same at 5,000 and at 200,000 residents, so
  few are enough. It is plain, not slow: numpy scalars in its inner loop would double its cost.
- *numpy* is the same rules asked with arrays: narrow columns, flat indexes, each question put only
  to those it concerns, one `Generator`. Nothing of ours that is compiled.
- Both are spared what our tick includes: markets, utilities and choice chances, hazards by kind,
  school seats, recoding and merging of villages, people from outside (they are told who came), and
  indicators. They pay for: luck, deaths, births, coming of age, marriage, separation, hiring while
  there are vacancies, reconsidering, choosing, return, moving with the household while there is
  room, settling, and a count by kind with the half-year rule. So the ratios are on the low side.
- Neither reference can repeat a person's luck in another scenario; ours pays for that: a block of
  Philox per resident and quarter.
- The memory-bound floor counts columns that compiled loops read from end to end. What the few who
  act touch at random is not in it.
- `simulate` is timed by the wall clock, as it is waited for; where its CPU time is much shorter,
  the machine was busy with other things.
- At small scales the fixed cost of a tick (tables for every kind, about the same at any scale) is
  shared by fewer residents.
"""


def machine() -> str:
    """What it ran on, without names or paths."""
    cpu = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next(line.split(": ")[1] for line in lines if line.startswith("model name"))
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        load = f"{os.getloadavg()[0]:.1f}"
    except (OSError, StopIteration, ValueError, AttributeError):
        memory, load = float("nan"), "unknown"
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "mesa"))
    return (
        f"Machine: {cpu}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} "
        f"{platform.machine()}; load at the start {load}. "
        f"Python {platform.python_version()}, {packages}."
    )


def number(x: float) -> str:
    """Three significant digits."""
    return f"{x:,.0f}" if abs(x) >= 100 else f"{x:.3g}"


def told(rows: list[Measured]) -> list[list[str]]:
    """The results as cells."""
    cells = [["what", "median", "10-90%", "unit", "target", "met"]]
    for r in rows:
        spread = f"{number(r.low)} to {number(r.high)}" if r.low < r.high else ""
        limit = r.most if r.most is not None else r.least
        target = (
            "" if limit is None else f"{'at most' if r.most is not None else 'at least'} {limit:g}"
        )
        met = {True: "yes", False: "NO", None: ""}[r.met]
        cells.append([r.what, number(r.median), spread, r.unit, target, met])
    return cells


def compared(rows: list[Agreement]) -> list[list[str]]:
    """The flows as cells."""
    cells = [["events in a run", "engine", "ours", "theirs", "theirs / ours", "t", "p"]]
    for r in rows:
        ratio = f"{r.theirs / r.ours:.3f}" if r.ours else ""
        counts = [f"{r.ours:,.0f}", f"{r.theirs:,.0f}"]
        cells.append([r.flow, r.engine, *counts, ratio, f"{r.t:+.1f}", f"{r.p:.2f}"])
    return cells


def plain(cells: list[list[str]]) -> str:
    """Cells in aligned columns."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )


def markdown(cells: list[list[str]]) -> str:
    """Cells as a Markdown table."""
    head, *body = ["| " + " | ".join(row) + " |" for row in cells]
    return "\n".join([head, "|---" * len(cells[0]) + "|", *body])


def verdict(rows: list[Measured]) -> str:
    """Which targets are missed, said plainly."""
    missed = [r for r in rows if r.met is False]
    if not missed:
        return "Every target is met."
    told = "; ".join(
        f"{r.what} is {number(r.median)} {r.unit}, not {'at most' if r.most else 'at least'} "
        f"{r.most or r.least:g}"
        for r in missed
    )
    return f"Missed: {told}."


def agreed(rows: list[Agreement]) -> str:
    """Whether the engines agree, said plainly."""
    odd = measure.differing(rows)
    risk = f"at a total risk of {measure.RISK:.0%} of a false alarm over {len(rows)} comparisons"
    if not odd:
        return f"No flow differs, {risk}."
    return f"DIFFERENT, {risk}: " + ", ".join(f"{a.flow} ({a.engine})" for a in odd) + "."


def measured(say: Any) -> tuple[list[Measured], list[Agreement]]:
    """Everything; processes that measure memory come first, while this one is small."""
    say("starting fresh processes ...")
    rows = measure.starts()
    say("building and simulating in fresh processes ...")
    rows += measure.simulations()
    say("comparing what the engines do ...")
    flows = measure.agreements()
    for scale in (0.01, 0.1, 1):
        say(f"engines in turn at scale {scale:g} ...")
        rows += measure.race(scale, plain=scale == 1)
    ours = next(r.median for r in rows if r.what == "whole tick, scale 1: ours")
    return rows + measure.memory(ours), flows


def main() -> None:
    """Measure, print, and write if asked."""
    command = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument("--write", type=Path, metavar="FILE", help="write a Markdown page as well")
    asked = command.parse_args()
    where = machine()
    rows, flows = measured(lambda line: print(line, file=sys.stderr))
    if asked.json:
        found = {
            "date": str(date.today()),
            "machine": where,
            "results": [asdict(r) | {"met": r.met} for r in rows],
            "flows": [asdict(a) for a in flows],
            "flows_differ": [asdict(a) for a in measure.differing(flows)],
        }
        print(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        for part in (
            where,
            plain(told(rows)),
            verdict(rows),
            agreed(flows),
            plain(compared(flows)),
        ):
            print(part, end="\n\n")
    if asked.write:
        page = PAGE.format(
            date=date.today(), machine=where, table=markdown(told(rows)), verdict=verdict(rows),
            agreement=agreed(flows), flows=markdown(compared(flows)),
        )  # fmt: skip
        asked.write.write_text(page, "utf-8")


if __name__ == "__main__":
    main()
