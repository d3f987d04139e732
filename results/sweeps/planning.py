"""The sweep that a command line asks for, before anything is computed."""

import os
import re
from pathlib import Path

from xiancheng.calibration.errors import RequestError
from xiancheng.results.keeping.files import writable
from xiancheng.results.sweeps.command import Sweep
from xiancheng.scenarios.executor import DaskExecutor, LocalExecutor, addressed
from xiancheng.scenarios.sweep import design


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
    if scheduler is not None and engine != "dask":
        raise RequestError(
            f"--scheduler 只用于 --engine dask；现为 --engine {engine}，请加 --engine dask",
            f"--scheduler is for --engine dask, not for {engine}; add --engine dask",
        )
    if scheduler is not None:
        addressed(scheduler)
    made = design(file)
    writable(folder)
    workers = min(jobs or os.cpu_count() or 1, len(made))
    chosen = LocalExecutor(workers) if engine == "local" else DaskExecutor(workers, scheduler)
    sweep = Sweep(made, folder, _shard(shard), chosen, resume)
    if isinstance(chosen, DaskExecutor):
        chosen.reach()
    return sweep


def _shard(text: str) -> tuple[int, int]:
    part = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    if part is None or not 1 <= int(part[1]) <= int(part[2]):
        raise RequestError(
            f"--shard 应形如 2/8（第 2 份，共 8 份）；得到 {text}",
            f"--shard should be such as 2/8, the second of eight parts; got {text}",
        )
    return int(part[1]), int(part[2])
