"""Engines take turns at the small task, each run in a process of its own.

Frameworks that cannot share our environment run with another interpreter: the environment variable
`BENCH_PYTHON` lists some, separated as in PATH. Each engine takes the first, ours before them, that
has its framework; one that none has is listed as not installed.
"""

import os
import sys
from dataclasses import dataclass
from statistics import median

from scipy import stats

from benchmarks import fresh
from benchmarks.peers.books import FREEDOM
from benchmarks.tables import Cells, ranged

NEEDS = {  # by engine, ours first: each is compared with it
    "ours": "sim", "arrays": "numpy", "star": "starsim", "amber": "ambr",
    "frames": "mesa_frames", "plain_mesa": "mesa",
}  # fmt: skip
TITLES = {
    "ours": "ours: the compiled kernel", "arrays": "Starsim-style numpy, no framework",
    "star": "Starsim", "amber": "AMBER", "frames": "mesa-frames", "plain_mesa": "plain Mesa",
}  # fmt: skip
MANY = 100_000  # people, below which memory is lost among the pages
RISK = 0.01  # that engines which keep the rules are said to break them


def interpreters() -> dict[str, str]:
    """The interpreter that has what each engine needs."""
    others = os.environ.get("BENCH_PYTHON", "").split(os.pathsep)
    found: dict[str, str] = {}
    for interpreter in [sys.executable, *filter(None, others)]:
        for engine in NEEDS.keys() - found.keys():
            if has(interpreter, NEEDS[engine]):
                found[engine] = interpreter
    return {engine: found[engine] for engine in NEEDS if engine in found}


def has(interpreter: str, module: str) -> bool:
    """Whether an interpreter can import a module."""
    try:
        fresh.process("-c", f"import {module}", interpreter=interpreter)
    except (fresh.FailedError, OSError):
        return False
    return True


@dataclass(frozen=True)
class Run:
    """One run of one engine."""

    name: str  # of the framework, with its version
    cost: float  # median CPU time of a step [ns per resident]
    memory: float  # bytes per resident, above an engine of a few people
    moves: int
    chi_squared: float


def run(engine: str, interpreter: str, n: int, steps: int, seed: int) -> Run:
    """Let an engine run, with the onlooker."""
    t = fresh.result(
        "-m", "benchmarks.peers", engine, n, steps, seed, interpreter=interpreter,
        STARSIM_INSTALL_FONTS="0",
    )  # fmt: skip
    cost = median(t["cpu"]) / n * 1e9
    return Run(t["name"], cost, (t["held"] - t["idle"]) / n, t["moves"], t["chi_squared"])


@dataclass(frozen=True)
class Contest:
    """All runs with `n` people, by engine; the i-th of each belong to one round."""

    n: int
    steps: int
    runs: dict[str, list[Run]]

    def ratios(self, engine: str) -> list[float]:
        """How many times ours an engine's cost is, by round."""
        pairs = zip(self.runs[engine], self.runs["ours"], strict=True)
        return [theirs.cost / mine.cost for theirs, mine in pairs]

    def chance(self, engine: str) -> float:
        """The chance of flows at least as far from the rules, if the engine keeps them."""
        total = sum(run.chi_squared for run in self.runs[engine])
        return float(stats.chi2.sf(total, FREEDOM * len(self.runs[engine])))


def contest(n: int, steps: int, rounds: int, who: dict[str, str]) -> Contest:
    """Let the engines take turns: A B C, A B C, ..."""
    runs: dict[str, list[Run]] = {engine: [] for engine in who}
    for seed in range(1, rounds + 1):
        for engine, interpreter in who.items():
            runs[engine].append(run(engine, interpreter, n, steps, seed))
    return Contest(n, steps, runs)


def cells(contests: list[Contest]) -> Cells:
    """The table; a framework that is not installed has a line that says so."""
    body = [["engine", "residents", "CPU ns per resident-step", "times ours",
             "peak memory, bytes per resident", "moves seen", "p of the flows"]]  # fmt: skip
    for c in contests:
        for engine in NEEDS:
            if engine not in c.runs:
                body.append([TITLES[engine], f"{c.n:,}", "not installed", "", "", "", ""])
                continue
            runs = c.runs[engine]
            body.append([
                f"{TITLES[engine]} ({runs[0].name})", f"{c.n:,}", ranged([r.cost for r in runs]),
                "1" if engine == "ours" else ranged(c.ratios(engine)),
                ranged([r.memory for r in runs]) if c.n >= MANY else "",
                f"{sum(r.moves for r in runs):,}", f"{c.chance(engine):.2f}",
            ])  # fmt: skip
    return body


def verdict(contests: list[Contest]) -> str:
    """Whether every engine kept the rules, said plainly."""
    tried = [(c, engine) for c in contests for engine in c.runs]
    odd = [f"{e} at {c.n:,}" for c, e in tried if c.chance(e) < RISK / len(tried)]
    level = f"at a total risk of {RISK:.0%} of a false alarm over {len(tried)} comparisons"
    if odd:
        return f"FLOWS DIFFER from the rules, {level}: {', '.join(odd)}."
    return f"Nobody was lost, and no engine's flows differ from the rules, {level}."


def losses(contests: list[Contest]) -> list[str]:
    """Where a peer is cheaper than ours, or smaller."""
    lines = []
    for c in contests:
        own = median(run.memory for run in c.runs["ours"])
        for engine in c.runs.keys() - {"ours"}:
            ratio = median(c.ratios(engine))
            if ratio < 1:
                lines.append(f"{TITLES[engine]} takes {ratio:.2f} of our time at {c.n:,} residents")
            memory = median(run.memory for run in c.runs[engine])
            if c.n >= MANY and memory < own:
                lines.append(
                    f"{TITLES[engine]} takes {memory / own:.2f} of our memory at {c.n:,} residents"
                )
    return sorted(lines)
