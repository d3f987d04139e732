"""What a user of the command line waits for, each command in a process of its own.

    python -m benchmarks commands

Seeds are taken from the clock, so that draws are new and nothing of theirs is kept; where an answer
is kept the same command ran before. CPU is that of the command and of its workers.
"""

import os
import subprocess
import sys
import tempfile
import time

from benchmarks.fresh import ROOT, FailedError
from benchmarks.tables import Measured

# What is run, how often, and the most that it should take: wall and CPU [s].
Command = tuple[str, int, float | None, float | None]
COMMANDS: tuple[Command, ...] = (
    ("run plan", 5, None, 1.0),
    ("run plan --seed SEED", 3, None, 3.5),
    ("run plan --seed SEED --draws 300", 1, 90.0, None),
    ("attribute plan --seed SEED", 1, None, 25.0),
    ("seek plan --targets Huimin Yangxin --seed SEED", 1, None, 150.0),
)
TINY: tuple[Command, ...] = (
    ("run plan --scale 0.01", 2, None, 1.0),
    ("run plan --scale 0.01 --seed SEED --draws 4 --draw-scale 0.01", 1, 90.0, None),
)


def took(command: str) -> tuple[float, float, float]:
    """Seconds to the first line that is shown and to the end, and CPU seconds."""
    words = command.replace("SEED", str(time.time_ns() % 10**9)).split()
    with tempfile.TemporaryDirectory() as folder:
        out = ["--out", folder] if words[0] == "run" else []
        begun, spent = time.perf_counter(), os.times()
        process = subprocess.Popen(
            [sys.executable, "-m", "xiancheng", *words, *out, "--lang", "en"], cwd=ROOT,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        text = process.stdout.readline()
        first = time.perf_counter() - begun
        text += process.stdout.read()
        if process.wait():
            raise FailedError(f"xiancheng {command} failed:\n{text}")
    wall, now = time.perf_counter() - begun, os.times()
    cpu = (now.children_user + now.children_system) - (spent.children_user + spent.children_system)
    return first, wall, cpu


def measured(commands: tuple[Command, ...]) -> list[Measured]:
    """Time of each command, as often as it says; what has no seed runs once before."""
    rows = []
    for command, repeats, wall, cpu in commands:
        if "SEED" not in command:
            took(command)
        first, whole, spent = zip(*(took(command) for _ in range(repeats)), strict=True)
        name = f"`xiancheng {command.replace(' --seed SEED', '')}`"
        name += "" if "SEED" in command else ", answer kept"
        most = {} if wall is None else {"most": wall}
        rows += [
            Measured.of(f"{name}: first line", "s", first),
            Measured.of(f"{name}: wall", "s", whole, **most),
            Measured.of(f"{name}: CPU", "s CPU", spent, **({} if cpu is None else {"most": cpu})),
        ]
    return rows
