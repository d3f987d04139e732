"""One engine, one run, in a process of its own: `python -m benchmarks.peers ENGINE N STEPS SEED`.

Prints one JSON object: CPU and wall time of each step, memory, and what the onlooker found.
"""

import json
import sys
import time
from importlib import import_module

from benchmarks import fresh
from benchmarks.peers import task
from benchmarks.peers.books import Books

FEW = 1000  # people who live in every place
WARM = 2  # steps before the clock starts: compiling, first use


def run(name: str, n: int, steps: int, seed: int) -> dict[str, object]:
    """Let `n` people live through the task with one engine."""
    engines = import_module(f"benchmarks.peers.{name}")
    place, born = task.people(n)
    engines.Engine(*task.people(FEW), seed).quarter(1)  # what is loaded and compiled late
    fresh.forget()
    idle, begun = fresh.peak(), time.process_time()
    engine = engines.Engine(place, born, seed)
    built = time.process_time() - begun
    for now in range(1, WARM + 1):
        engine.quarter(now)
    resident = fresh.peak()
    books = Books(born, task.room(place))
    cpu, wall = [], []
    before = engine.where()
    for now in range(WARM + 1, WARM + steps + 1):
        begun = time.process_time(), time.perf_counter()
        counted = engine.quarter(now)
        cpu.append(time.process_time() - begun[0])
        wall.append(time.perf_counter() - begun[1])
        after = engine.where()
        books.enter(now, before, after, counted)
        before = after
    return {
        "name": engines.NAME, "n": n, "cpu": cpu, "wall": wall, "built": built,
        "idle": idle, "held": resident, "moves": books.moves, "chi_squared": books.chi_squared,
    }  # fmt: skip


if __name__ == "__main__":
    engine, *numbers = sys.argv[1:]
    print(json.dumps(run(engine, *map(int, numbers))))
