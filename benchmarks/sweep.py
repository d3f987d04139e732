"""What running many costs over the runs themselves: `python -m benchmarks.sweep`.

Overhead of a run, throughput of two workers against one, memory over many runs, and reading 2,000.
Times of workers count from their first report, so starting them is left out and listed apart.
"""

import json
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from xiancheng.results.analysis import sweep as sweeping
from xiancheng.results.store import ledger, record
from xiancheng.results.store.cache import RunStore
from xiancheng.scenarios.design import Design, read_design
from xiancheng.scenarios.executor import Executor, LocalExecutor
from xiancheng.scenarios.run_spec import code_digest
from xiancheng.scenarios.simulation import simulate

DESIGN = """
name: benchmark
scenarios: [plan, baseline]
parameters: {from: prior, n: 50}
seeds: {count: 2}
scales: 0.01
"""


def job_in(design: Design, folder: Path) -> sweeping.SweepJob:
    """The job of a sweep in a new folder."""
    sweeping.Sweep(design, folder, (1, 1), LocalExecutor(1), resume=False).begin()
    return sweeping.SweepJob(folder, design.digest, code_digest())


def overhead(design: Design, folder: Path, runs: int = 60) -> dict[str, float]:
    """Processor and wall time of a run in a sweep beyond `simulate` itself [ms], medians."""
    job = job_in(design, folder)
    job([0]), job([1])
    rows = []
    for number in range(2, runs + 2):
        spec = design.spec(number)
        marks = [(perf_counter(), process_time())]
        simulate(spec)
        marks.append((perf_counter(), process_time()))
        job([number])
        marks.append((perf_counter(), process_time()))
        alone, swept = (
            [1e3 * (b - a) for a, b in zip(*pair, strict=True)] for pair in pairwise(marks)
        )
        rows.append([*alone, swept[0] - alone[0], swept[1] - alone[1]])
    names = ("simulate wall", "simulate processor", "overhead wall", "overhead processor")
    return dict(zip(names, map(median, zip(*rows, strict=True)), strict=True))


def throughput(design: Design, folder: Path, engine: Executor) -> tuple[float, float]:
    """Seconds until the first report, and runs a second after it."""
    job = job_in(design, folder)
    begun, times, each = perf_counter(), [], len(design.specs)
    tasks = [range(first, first + each) for first in range(0, len(design), each)]
    for found in engine.map(job, tasks):
        times += [perf_counter()] * len(found)
    rest = [t for t in times if t > times[0] + 1.0]  # when every worker is at it
    return times[0] - begun, (len(rest) - 1) / (rest[-1] - rest[0])


def together(design: Design, folder: Path, draws: int = 20) -> float:
    """Processor time of the scenarios of a draw run one by one, as a multiple of together."""
    each, spent = len(design.specs), []
    for name, size in (("alone", 1), ("together", each)):
        (folder / name).mkdir(parents=True)
        job = job_in(design, folder / name)
        job(range(each)), spent.append(process_time())
        for first in range(each, (draws + 1) * each, size):
            job(range(first, first + size))
        spent[-1] = process_time() - spent[-1]
    return spent[0] / spent[1]


def peaks(folder: Path) -> Iterator[int]:
    """The peak memory of a worker after each run, in the order of the runs [bytes]."""
    found = [
        json.loads((run / "run.json").read_text("utf-8")) for run in (folder / "runs").iterdir()
    ]
    for each in sorted(found, key=lambda each: each["peak_memory_bytes"]):
        yield each["peak_memory_bytes"]


def reading(folder: Path, runs: int = 2000) -> dict[str, float]:
    """Seconds to bring a ledger of many runs up to date, and to ask it for the targets."""
    source = next(iter((RunStore(folder).folder / "runs").iterdir()))
    about = json.loads((source / "run.json").read_text("utf-8"))
    del about["seal"]
    many = folder / "many"
    for i in range(runs):
        run = many / "runs" / f"{i:064x}"
        run.mkdir(parents=True)
        (run / "run.json").write_bytes(record.written(about | {"key": run.name, "seed": i}))
    begun = perf_counter()
    ledger.renew(many)
    renewed = perf_counter()
    ledger.targets(many)
    started = perf_counter()
    ledger.targets(many)
    return {
        "renew": renewed - begun,
        "ask first": started - renewed,
        "ask again": perf_counter() - started,
        "bytes a run": sum(f.stat().st_size for f in source.iterdir()),
    }


def main() -> None:
    """Measure, and print one JSON object."""
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        (room / "design.yaml").write_text(DESIGN, "utf-8")
        design = read_design(room / "design.yaml")
        found: dict[str, object] = {}
        for jobs in (1, 2):
            (room / f"jobs{jobs}").mkdir()
            first, rate = throughput(design, room / f"jobs{jobs}", LocalExecutor(jobs))
            found[f"{jobs} jobs"] = {"seconds to the first": first, "runs a second": rate}
        ordered = list(peaks(room / "jobs1"))
        found["peak memory MB"] = {
            "after 20 runs": ordered[20] / 1e6, f"after {len(ordered)}": ordered[-1] / 1e6
        }  # fmt: skip
        (room / "overhead").mkdir()
        found["overhead ms"] = overhead(design, room / "overhead")
        found["one by one, as a multiple of together"] = together(design, room / "partners")
        found["reading 2000 s"] = reading(room / "jobs1")
        print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
