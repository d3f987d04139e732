"""Fresh processes, so that memory and first times belong to one thing alone."""

import json
import os
import resource
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS"), "1"
)


class FailedError(RuntimeError):
    """A fresh process ended with an error."""


def process(*arguments: object, interpreter: str = sys.executable, **settings: str) -> str:
    """Run a Python that may keep compiled modules and uses one thread; what it printed."""
    keep = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [interpreter, *map(str, arguments)], cwd=ROOT, env=keep | ONE_THREAD | settings,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise FailedError(f"a fresh process failed: {arguments}\n{done.stderr}")
    return done.stdout


def result(*arguments: object, **settings: str) -> Any:
    """The JSON that the last line of a fresh process holds."""
    return json.loads(process(*arguments, **settings).splitlines()[-1])


def peak() -> int:
    """The most memory this process has held so far, or since `forget` [bytes].

    Where /proc tells it, from there: what `getrusage` tells begins with the memory of the process
    that started this one.
    """
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return resident * (1 if sys.platform == "darwin" else 1024)


def forget() -> None:
    """Let `peak` begin with what is held now, where the system can (Linux)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", "ascii")
