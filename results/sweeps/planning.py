"""The sweep that a command line asks for, before anything is computed."""

import os
import re
from pathlib import Path

from results.keeping.files import writable
from results.sweeps.command import Sweep
from scenarios.engines import Dask, Local
from scenarios.simulate import LIMITS, RequestError
from scenarios.sweep import design


def planned(
    file: Path, folder: Path, *, shard: str, jobs: int | None, engine: str,
    scheduler: str | None, resume: bool,
) -> Sweep:  # fmt: skip
    """The sweep that a command line asks for; nothing is computed yet.

    Raises
    ------
    ScenarioError, ParameterError, PackError, RequestError
        with what is wrong.
    """
    made = design(file)
    writable(folder)
    workers = os.cpu_count() or 1 if jobs is None else jobs
    if not LIMITS["jobs"][0] <= workers <= LIMITS["jobs"][1]:
        raise RequestError(
            f"jobs 应为 {LIMITS['jobs'][0]} 至 {LIMITS['jobs'][1]}；得到 {jobs}",
            f"jobs should be from {LIMITS['jobs'][0]} to {LIMITS['jobs'][1]}; got {jobs}",
        )
    workers = min(workers, len(made))
    chosen = Local(workers) if engine == "local" else Dask(workers, scheduler)
    return Sweep(made, folder, _shard(shard), chosen, resume)


def _shard(text: str) -> tuple[int, int]:
    part = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    if part is None or not 1 <= int(part[1]) <= int(part[2]):
        raise RequestError(
            f"--shard 应形如 2/8（第 2 份，共 8 份）；得到 {text}",
            f"--shard should be such as 2/8, the second of eight parts; got {text}",
        )
    return int(part[1]), int(part[2])
