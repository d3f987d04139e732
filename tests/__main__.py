"""The tests of `make test`, in two processes: most of those of `results`, and all others.

    python -m tests

The first writes to the terminal; what the other wrote is shown below once both have ended. Each has
a cache and a folder for temporary files of its own. A cache begins with the compiled code of this
user, which goes by the digest of its source. The exit code is 0 if both pass.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from xiancheng.calibration.cache import home

COMPILED = "compiled"  # folder of the cache
PYTEST = (sys.executable, "-m", "pytest", "-m", "not slow")
FOLDERS = ("analysis", "cli", "console", "report", "verdict")
FIRST = tuple(f"tests/results/{folder}" for folder in FOLDERS)
HALVES = (
    (*PYTEST, *FIRST), (*PYTEST, "tests", "sim", *(f"--ignore={folder}" for folder in FIRST)),
)  # fmt: skip


def run(commands: Sequence[Sequence[str]]) -> int:
    """Run commands beside each other; the first exit code that is not 0, or 0."""
    with TemporaryDirectory(prefix="xiancheng-tests-") as folder:
        started, logs = [], list[Path]()
        try:
            for number, command in enumerate(commands):
                own = Path(folder, str(number))
                (own / "tmp").mkdir(parents=True)
                if (compiled := home() / COMPILED).is_dir():
                    shutil.copytree(compiled, own / "cache" / COMPILED)
                places = {"XIANCHENG_CACHE": str(own / "cache"), "TMPDIR": str(own / "tmp")}
                logs += [own / "log"]
                log = logs[-1].open("wb") if number else None
                started.append(
                    subprocess.Popen(
                        command, stdout=log, stderr=log and subprocess.STDOUT,
                        env=os.environ | places,
                    )
                )  # fmt: skip
            codes = [process.wait() for process in started]
        finally:
            for process in started:
                process.terminate()  # nothing, if it has ended
                process.wait()
        for file in logs[1:]:
            sys.stdout.buffer.write(file.read_bytes())
            sys.stdout.flush()
    return next(filter(None, codes), 0)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(run(HALVES))
