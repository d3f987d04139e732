"""One region at one scale in a process of its own; prints one JSON object.

`python -m benchmarks.once build REGION SCALE`, or `run REGION SCALE SCENARIO REPEATS THREADS`.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import numpy as np

from benchmarks.fresh import peak

START, UNTIL = date(2020, 11, 1), date(2025, 12, 31)


@contextmanager
def clocked(into: dict[str, Any], name: str) -> Iterator[None]:
    """Append the wall and CPU time [s] of what happens inside to `into[name]`."""
    begun = time.perf_counter(), time.process_time()
    yield
    taken = time.perf_counter() - begun[0], time.process_time() - begun[1]
    into.setdefault(name, []).append(taken)


def build(region: str, scale: float) -> dict[str, Any]:
    """Make the people of the start and keep them; or open them, if they are kept."""
    from xiancheng.calibration.population.synthesis import synthetic_population
    from xiancheng.calibration.region import load

    found: dict[str, Any] = {}
    pack = load(region)
    with clocked(found, "population"):
        built = synthetic_population(pack, START, scale, seed=1)
    inside = int(np.count_nonzero(built.people.unit < built.units.elsewhere))
    return found | {"peak": peak(), "rows": len(built.people), "residents": inside}


def run(region: str, scale: float, scenario: str, repeats: int, threads: int) -> dict[str, Any]:
    """Get ready, simulate once, and `repeats` times more."""
    from xiancheng import simulate
    from xiancheng.scenarios.simulation import prepared

    found: dict[str, Any] = {}
    with clocked(found, "ready"):
        prepared(region, START, scale)
    for _ in range(repeats + 1):
        with clocked(found, "simulate"):
            outcome = simulate(
                scenario, region=region, scale=scale, start=START, until=UNTIL, threads=threads
            )
    return found | {"peak": peak(), "quarters": len(outcome.dates) - 1}


if __name__ == "__main__":
    what, region, scale, *rest = sys.argv[1:]
    if what == "build":
        print(json.dumps(build(region, float(scale))))
    else:
        scenario, repeats, threads = rest
        print(json.dumps(run(region, float(scale), scenario, int(repeats), int(threads))))
