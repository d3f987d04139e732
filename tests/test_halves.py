"""`make test` runs the suite in two processes, and passes only if both do."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.__main__ import HALVES, PYTEST

HERE = Path(__file__).parents[1]
RUN = """
import sys
from tests.__main__ import run
sys.exit(run([[sys.executable, "-c", each] for each in sys.argv[1:]]))
"""
BOTH = """
import os
print(os.environ["TMPDIR"], cache := os.environ["XIANCHENG_CACHE"])
raise SystemExit({} if os.listdir(cache) == ["compiled"] else 9)
"""


@pytest.mark.parametrize("codes", [(0, 0), (0, 3), (3, 0)])
def test_it_fails_if_either_half_fails_and_shows_both(codes, tmp_path):
    for kept in ("compiled", "level"):
        (tmp_path / kept).mkdir()
    commands = [BOTH.format(code) for code in codes]
    done = subprocess.run(
        [sys.executable, "-c", RUN, *commands], capture_output=True, text=True, cwd=HERE,
        env=os.environ | {"XIANCHENG_CACHE": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == max(codes)
    one, other = done.stdout.splitlines()
    assert not set(one.split()) & set(other.split()), "each has folders of its own"
    assert not any(Path(folder).exists() for folder in (*one.split(), *other.split()))


def test_the_halves_are_the_whole():
    """What one leaves out is what the other runs; nothing else is left out but what is slow."""
    settings = tomllib.loads((HERE / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]
    one, other = (half[len(PYTEST) :] for half in HALVES)
    assert list(other) == [*settings["ini_options"]["testpaths"], *(f"--ignore={f}" for f in one)]
    assert all((HERE / folder).is_dir() for folder in one)
