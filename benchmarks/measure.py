"""What is measured, and how: fresh processes, engines in turn, and the memory under them."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.mesa_plain import MesaPeople
from benchmarks.numpy_people import NumpyPeople
from benchmarks.told import Look, Recorded, flows, model, residents
from sim import kernel
from sim.state import COLUMNS

ROOT = Path(__file__).parents[1]
MESA_SCALE = 0.0013  # about 5,000 residents
RISK = 0.01  # that engines which agree are said to differ


@dataclass(frozen=True)
class Measured:
    """A number measured several times, and what it should be, if anything."""

    what: str
    unit: str
    median: float
    low: float  # 10th percentile, or the smallest of few
    high: float
    most: float | None = None
    least: float | None = None

    @classmethod
    def of(cls, what: str, unit: str, values: Any, **target: float) -> "Measured":
        """The median of `values` and their spread."""
        low, high = np.percentile(values, [10, 90])
        return cls(what, unit, float(np.median(values)), float(low), float(high), **target)

    @property
    def met(self) -> bool | None:
        """Whether the target is met, if there is one."""
        if self.most is not None:
            return bool(self.median <= self.most)
        return bool(self.median >= self.least) if self.least is not None else None


# Fresh processes

RUNS = """
import json, sys, time
from scenarios import simulate
taken = []
for _ in range(int(sys.argv[2])):
    begun = time.perf_counter(), time.process_time()
    simulate("plan", scale=float(sys.argv[1]))
    taken.append([time.perf_counter() - begun[0], time.process_time() - begun[1]])
import resource
print(json.dumps([taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""
BUILD = """
import json, time
from calibration.population import population
from calibration.region import load
from datetime import date
pack, taken = load("binzhou"), []
for _ in range(6):
    begun = time.perf_counter()
    population(pack, max(pack.censuses), 1.0, seed=1)
    taken.append(time.perf_counter() - begun)
print(json.dumps(taken))
"""
STARTS = {
    "python alone": "pass",
    "from scenarios import simulate": "from scenarios import simulate",
    "xiancheng --help": "from results.cli import main; main(['--help'])",
}


def python(code: str, *arguments: object, cache: str | None = None) -> str:
    """Run code in a fresh interpreter that may keep compiled modules; what it printed."""
    keep = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment = keep | ({"XIANCHENG_CACHE": cache} if cache else {})
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"a fresh process failed:\n{done.stderr}")
    return done.stdout


def starts(times: int = 7) -> list[Measured]:
    """How long it takes to begin, each in turn."""
    taken: dict[str, list[float]] = {name: [] for name in STARTS}
    for turn in range(times + 1):
        for name, code in STARTS.items():
            begun = time.perf_counter()
            python(f"try:\n {code}\nexcept SystemExit: pass")
            if turn:  # the first time, modules are compiled
                taken[name].append(1000 * (time.perf_counter() - begun))
    return [Measured.of(f"start: {name}", "ms", values) for name, values in taken.items()]


def simulations() -> list[Measured]:
    """Population and `simulate("plan")`, each in a fresh process, with a cache of their own."""
    with tempfile.TemporaryDirectory() as cache:
        built, *opened = json.loads(python(BUILD, cache=cache))
        found = [
            Measured.of("population, scale 1: build and keep", "s", [built]),
            Measured.of("population, scale 1: open from cache", "ms", np.array(opened) * 1000),
        ]
        for scale, times, most, unit, factor in ((1, 6, 2.5, "s", 1), (0.01, 21, 60, "ms", 1000)):
            python(RUNS, scale, 1, cache=cache)  # builds what the cache keeps
            taken, peak = json.loads(python(RUNS, scale, times, cache=cache))
            (first, *warm), (_, *cpu) = np.array(taken).T * factor
            megabytes = peak * (1 if sys.platform == "darwin" else 1024) / 1e6
            limit = {"most": 800.0} if scale == 1 else {}
            name = f'simulate("plan"), scale {scale}'
            found += [
                Measured.of(f"{name}: first in a process", unit, [first]),
                Measured.of(f"{name}: warm", unit, warm, most=most),
                Measured.of(f"{name}: warm, CPU", f"{unit} CPU", cpu),
                Measured.of(f"{name}: peak memory", "MB", [megabytes], **limit),
            ]
    return found


# Engines in turn


@dataclass(frozen=True)
class Turn:
    """One quarter of two engines [CPU ns per resident], and what happened to people in each."""

    ours: float
    theirs: float
    flows: tuple[dict[str, int], dict[str, int]]


def clocked(step: Callable[[], Any], persons: int) -> float:
    """CPU time that a quarter takes [ns per resident]."""
    begun = time.process_time()
    step()
    return (time.process_time() - begun) / persons * 1e9


def in_turn(ours: Recorded, theirs: Any) -> Iterator[Turn]:
    """Step ours and another engine quarter by quarter, on one thread, told the same."""
    while ours.running:
        here = residents(ours)
        seen = Look.at(ours.register.people), theirs.look()
        mine = clocked(ours.step, here)
        told = ours.told()
        theirs.listen(told)
        other = clocked(theirs.step, here)
        now = Look.at(ours.register.people), theirs.look()
        both = flows(seen[0], now[0], told), flows(seen[1], now[1], told)
        yield Turn(mine, other, both)


def totals(turns: list[Turn]) -> dict[str, Any]:
    """Events of a whole run in ours and in the other engine, by flow."""
    return {
        name: np.array([[turn.flows[i][name] for i in (0, 1)] for turn in turns]).sum(axis=0)
        for name in turns[0].flows[0]
    }


def race(scale: float, plain: bool = False) -> list[Measured]:
    """Ours against numpy and, if asked, plain Mesa in the same run."""
    ours, unit = model(scale), "ns CPU per resident-quarter"
    arrays = in_turn(ours, NumpyPeople(ours.register.people, seed=1))
    if not plain:
        turns = list(arrays)
    else:
        small = model(MESA_SCALE)
        persons = residents(small)
        agents = in_turn(small, MesaPeople(small.register.people, seed=1))
        pairs = list(zip(arrays, agents, strict=True))
        turns, others = [pair[0] for pair in pairs], np.array([pair[1].theirs for pair in pairs])
    mine, theirs = np.array([(turn.ours, turn.theirs) for turn in turns]).T
    full = scale == 1
    target, least = ({"most": 15.0}, {"least": 4.0}) if full else ({}, {})
    found = [
        Measured.of(f"whole tick, scale {scale:g}: ours", unit, mine, **target),
        Measured.of(f"same rules, scale {scale:g}: numpy", unit, theirs),
        Measured.of(f"ratio, scale {scale:g}: numpy / ours", "x", theirs / mine, **least),
    ]
    if plain:
        found += [
            Measured.of(f"same rules, {persons:,} residents: plain Mesa", unit, others),
            Measured.of("ratio: plain Mesa / ours, scale 1", "x", others / mine, least=300.0),
        ]
    if full:
        apart = max(abs(b / a - 1) for a, b in totals(turns).values())
        found.append(
            Measured.of("largest difference of a flow, scale 1: numpy", "%", [100 * apart])
        )
    return found


@dataclass(frozen=True)
class Agreement:
    """Whether two engines do the same to people, over a whole run and several seeds."""

    flow: str
    engine: str
    ours: float  # mean events in a run
    theirs: float
    t: float  # paired by seed
    p: float


def agreement(engine: str, make: Callable[..., Any], scale: float, seeds: int) -> list[Agreement]:
    """Compare the flows of an engine with ours, seed by seed."""
    runs = []
    for seed in range(1, seeds + 1):
        ours = model(scale, seed)
        runs.append(totals(list(in_turn(ours, make(ours.register.people, seed)))))
    found = []
    for name in runs[0]:
        pairs = np.array([run[name] for run in runs], float)
        t, p = stats.ttest_rel(pairs[:, 1], pairs[:, 0])
        mine, other = pairs.mean(axis=0)
        found.append(Agreement(name, engine, float(mine), float(other), float(t), float(p)))
    return found


def agreements() -> list[Agreement]:
    """Both references against ours."""
    return agreement("numpy", NumpyPeople, 0.02, 10) + agreement("Mesa", MesaPeople, MESA_SCALE, 10)


def differing(found: list[Agreement]) -> list[Agreement]:
    """Flows that differ by more than luck, at a total `RISK` of saying so in error."""
    return [a for a in found if a.p < RISK / len(found)]


# Memory

AT_RANDOM = {"leave_rings", "join_rings", "heads", "move", "company", "not_yet_counted"}


@contextmanager
def columns_read(ours: Recorded) -> Iterator[list[int]]:
    """Note the bytes of people's columns that compiled kernels read from end to end."""
    seen: list[int] = []
    sweeps = {
        name: function
        for name, function in vars(kernel).items()
        if hasattr(function, "py_func") and name not in AT_RANDOM
    }

    def noting(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            people = ours.register.people
            columns = [getattr(people, name) for name in COLUMNS]
            arrays = [a for a in arguments if isinstance(a, np.ndarray)]
            seen.extend(a.nbytes for a in arrays if any(np.may_share_memory(a, c) for c in columns))
            return function(*arguments)

        return call

    try:
        for name, function in sweeps.items():
            setattr(kernel, name, noting(function))
        yield seen
    finally:
        for name, function in sweeps.items():
            setattr(kernel, name, function)


def memory(ns: float) -> list[Measured]:
    """Bytes touched per resident-quarter, what copying them would take, and its share of ours."""
    ours = model(0.02)
    ours.step()
    here, quarters = residents(ours), 4
    with columns_read(ours) as seen:
        for _ in range(quarters):
            ours.step()
    touched = sum(seen) / here / quarters
    source, target = np.ones(1 << 26), np.empty(1 << 26)
    copies = []
    for _ in range(8):
        begun = time.perf_counter()
        np.copyto(target, source)
        copies.append(2 * source.nbytes / (time.perf_counter() - begun) / 1e9)
    bandwidth = np.array(copies[1:])
    floor = touched / bandwidth
    return [
        Measured.of("columns swept by compiled loops", "bytes per resident-quarter", [touched]),
        Measured.of("copy bandwidth (numpy, read + write)", "GB/s", bandwidth),
        Measured.of("memory-bound floor of those sweeps", "ns per resident-quarter", floor),
        Measured.of("floor / ours at scale 1", "%", 100 * floor / ns),
    ]
