"""Starting, building a population, opening it, and `simulate("plan")`, each in fresh processes."""

import time

import numpy as np

from benchmarks import fresh
from benchmarks.tables import Measured

STARTS = {
    "python alone": "pass",
    "from xiancheng import simulate": "from xiancheng.scenarios import simulate",
    "xiancheng --help": "from xiancheng.results.cli import main; main(['--help'])",
}
TARGETS = {1: 1.1, 0.01: 0.055}  # warm seconds, by scale
MEMORY = 500.0  # MB at scale 1


def starts(times: int) -> list[Measured]:
    """How long it takes to begin, each in turn."""
    taken: dict[str, list[float]] = {name: [] for name in STARTS}
    for turn in range(times + 1):
        for name, code in STARTS.items():
            begun = time.perf_counter()
            fresh.process("-c", f"try:\n {code}\nexcept SystemExit: pass")
            if turn:  # the first time, modules are compiled
                taken[name].append(1000 * (time.perf_counter() - begun))
    return [Measured.of(f"start: {name}", "ms", values) for name, values in taken.items()]


def simulations(scale: float, repeats: int, cache: str) -> list[Measured]:
    """Population and `simulate("plan")` in fresh processes that share an empty cache."""
    once = ("-m", "benchmarks.once")
    built, opened = (
        fresh.result(*once, "build", "binzhou", scale, XIANCHENG_CACHE=cache) for _ in range(2)
    )
    run = fresh.result(*once, "run", "binzhou", scale, "plan", repeats, 1, XIANCHENG_CACHE=cache)
    (first, _), *warm = run["simulate"]
    wall, cpu = np.array(warm).T
    limit = {"most": TARGETS[scale]} if scale in TARGETS else {}
    most = {"most": MEMORY} if scale == 1 else {}
    name, place = f'simulate("plan"), scale {scale:g}', f"population, scale {scale:g}"
    return [
        Measured.of(f"{place}: build and keep", "s", [built["population"][0][0]]),
        Measured.of(f"{place}: load", "s", [opened["population"][0][0]]),
        Measured.of(f"{name}: make ready, once in a process", "s", [run["ready"][0][0]]),
        Measured.of(f"{name}: first after that", "s", [first]),
        Measured.of(f"{name}: warm", "s", wall, **limit),
        Measured.of(f"{name}: warm, CPU", "s CPU", cpu),
        Measured.of(f"{name}: peak memory", "MB", [run["peak"] / 1e6], **most),
    ]
