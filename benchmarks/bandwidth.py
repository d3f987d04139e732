"""The memory under the tick: bytes that compiled loops read, and what copying them would take."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.recorded import Recorded, model, residents
from benchmarks.tables import Measured
from xiancheng.sim.state import COLUMNS

kernels = import_module("xiancheng.sim.kernels")  # itself, not what stands for it

AT_RANDOM = {  # these are given rows, and read no other but the members of their households
    "co_residents",
    "first_of_ring",
    "flag_rings",
    "heads",
    "join_rings",
    "leave_rings",
    "move",
    "places",
    "record_moves",
    "set_bits",
    "strata",
    "succeed",
}


@contextmanager
def columns_read(ours: Recorded) -> Iterator[list[int]]:
    """Note the bytes of people's columns that compiled kernels read from end to end."""
    seen: list[int] = []
    sweeps = {
        name: function
        for name, function in vars(kernels).items()
        if hasattr(function, "py_func") and name not in AT_RANDOM
    }

    def noting(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            people = ours.population.people
            columns = [getattr(people, name) for name in COLUMNS]
            arrays = [a for a in arguments if isinstance(a, np.ndarray)]
            seen.extend(a.nbytes for a in arrays if any(np.may_share_memory(a, c) for c in columns))
            return function(*arguments)

        return call

    try:
        for name, function in sweeps.items():
            setattr(kernels, name, noting(function))
        yield seen
    finally:
        for name, function in sweeps.items():
            setattr(kernels, name, function)


def copying(times: int = 7) -> Any:
    """The machine's copy bandwidth on one thread, reading and writing [GB/s], (time,)."""
    source, target = np.ones(1 << 26), np.empty(1 << 26)
    copies = []
    for _ in range(times + 1):  # the first touches the pages
        begun = time.perf_counter()
        np.copyto(target, source)
        copies.append(2 * source.nbytes / (time.perf_counter() - begun) / 1e9)
    return np.array(copies[1:])


def memory(ns: float, scale: float) -> list[Measured]:
    """Bytes touched per resident-quarter, and what copying them takes of the `ns` at `scale`."""
    ours = model(0.02)
    ours.step()
    here, quarters = residents(ours), 4
    with columns_read(ours) as seen:
        for _ in range(quarters):
            ours.step()
    touched = sum(seen) / here / quarters
    bandwidth = copying()
    floor = touched / bandwidth
    return [
        Measured.of("columns swept by compiled loops", "bytes per resident-quarter", [touched]),
        Measured.of("copy bandwidth (numpy, read + write)", "GB/s", bandwidth),
        Measured.of("memory-bound floor of those sweeps", "ns per resident-quarter", floor),
        Measured.of(f"floor / ours at scale {scale:g}", "%", 100 * floor / ns),
    ]
