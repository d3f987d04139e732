"""Where nothing can be kept, everything is computed all the same; old compiled code goes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from xiancheng.calibration import cache, compiling, errors
from xiancheng.calibration.population import population
from xiancheng.calibration.region import load

HERE = Path(__file__).parents[2]


# Nowhere to keep what is computed once


def test_a_user_without_a_home_computes_and_keeps_nothing(tmp_path, monkeypatch):
    def nowhere():
        raise RuntimeError("Could not determine home directory.")

    for name in ("XIANCHENG_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    with pytest.raises(NotADirectoryError):
        cache.home().mkdir(parents=True)
    pack = load("binzhou")
    assert len(population(pack, pack.censuses[-1], 3e-4, seed=1).people) > 1000


COMPILED = """
import numpy as np
from xiancheng.calibration.compiling import keep_compiled
from xiancheng.sim import kernels
print(keep_compiled())
out = np.zeros((4, 3), np.uint64)
kernels.words(np.arange(3, dtype=np.uint64), np.uint64(1), np.uint64(2), np.uint64(3), out)
print(int(out[0, 0]))
"""


def test_compiled_code_is_kept_in_the_cache_or_nowhere(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    said = {}
    for place in (tmp_path / "cache", tmp_path / "file"):
        env = os.environ | {"XIANCHENG_CACHE": str(place), "HOME": str(tmp_path / "file")}
        done = subprocess.run(
            [sys.executable, "-c", COMPILED], capture_output=True, text=True, cwd=HERE, env=env,
            encoding="utf-8", check=True,
        )  # fmt: skip
        said[place.name] = done.stdout.split()
    assert said["file"] == ["None", said["cache"][1]]
    assert said["cache"][0].startswith(str(tmp_path / "cache" / "compiled"))
    assert list((tmp_path / "cache" / "compiled").rglob("kernels.words*.nbi"))


def test_old_compiled_code_is_removed(tmp_path):
    for age in range(8):
        (tmp_path / str(age)).mkdir()
        os.utime(tmp_path / str(age), (1e9 - age, 1e9 - age))
    compiling._remove_older(tmp_path / "7")
    assert {each.name for each in tmp_path.iterdir()} == {"7", "0", "1", "2"}


def test_a_long_figure_in_a_file_is_cut_in_the_message():
    problem = errors.Problem("a.csv", 2, 0, "", ("数", "a number"), "9" * 400)
    for lang in ("zh", "en"):
        assert len(problem.text(lang)) < 250
        assert "9…" in problem.text(lang)
