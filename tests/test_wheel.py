"""What is shipped: one wheel, the same to the last byte wherever and whenever it is built."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.test_docs import maker
from tests.test_house import FLOORS, HOUSE

FILES = ["pyproject.toml", "README.md", "LICENSE", ".gitignore"]


def wheel(folder: Path, *, age: int, umask: int) -> Path:
    """The wheel built from a copy of the sources whose files are this old [s]."""
    for name in (*FLOORS, "xiancheng"):
        shutil.copytree(HOUSE / name, folder / name, ignore=shutil.ignore_patterns("runs"))
    for name in FILES:
        shutil.copy(HOUSE / name, folder)
    runs = folder / "results" / "runs"
    runs.mkdir()
    (runs / "output.csv").touch()
    for file in folder.rglob("*"):
        os.utime(file, (1_700_000_000 - age,) * 2)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel"],
        cwd=folder, check=True, capture_output=True, umask=umask,
        env={key: value for key, value in os.environ.items() if key != "SOURCE_DATE_EPOCH"},
    )  # fmt: skip
    (built,) = (folder / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def wheels(tmp_path_factory) -> list[Path]:
    """Two builds: other folders, other ages of the files, other rights."""
    here, there = (tmp_path_factory.mktemp(name) for name in ("here", "elsewhere"))
    return [wheel(here, age=0, umask=0o022), wheel(there, age=86_400, umask=0o077)]


@pytest.mark.slow
def test_two_builds_give_the_same_wheel(wheels):
    first, second = (hashlib.sha256(each.read_bytes()).hexdigest() for each in wheels)
    assert first == second


@pytest.mark.slow
def test_the_wheel_is_one_package_with_its_data_and_no_output(wheels):
    names = zipfile.ZipFile(wheels[0]).namelist()
    about = re.compile(r"xiancheng-[\d.]+\.dist-info/")
    inside = {name.split("/")[1] for name in names if not about.match(name)}
    assert {name.partition("/")[0] for name in names if not about.match(name)} == {"xiancheng"}
    assert {*FLOORS, "py.typed"} <= inside
    assert "xiancheng/calibration/regions/binzhou/region.yaml" in names
    assert "xiancheng/calibration/parameters.yaml" in names
    assert [name for name in names if "/runs/" in name or name.endswith(".pyc")] == []


@pytest.mark.slow
def test_what_is_installed_runs_beside_a_file_of_the_likeliest_name(wheels, tmp_path):
    """From the wheel alone, in a folder in which somebody has a `sim.py` and a `results.py`."""
    site, home = tmp_path / "site", tmp_path / "home"
    zipfile.ZipFile(wheels[0]).extractall(site)
    home.mkdir()
    for name in ("sim.py", "results.py"):
        (home / name).write_text("raise RuntimeError('not ours')\n", encoding="utf-8")
    code = (
        "import xiancheng; from pathlib import Path; print(Path(xiancheng.__file__).parents[1]); "
        "print(xiancheng.simulate('baseline', scale=0.001).dates[-1])"
    )
    env = {**os.environ, "PYTHONPATH": str(site), "XIANCHENG_CACHE": str(tmp_path / "cache")}
    finished = subprocess.run(
        [sys.executable, "-c", code], cwd=home, env=env, check=True, capture_output=True, text=True
    )
    assert finished.stdout.split() == [str(site), "2025-12-31"]
    shown = [sys.executable, "-m", "xiancheng", "--lang", "en", "show", "baseline"]
    assert (
        "2025-12-31"
        in subprocess.run(
            shown, cwd=home, env=env, check=True, capture_output=True, text=True
        ).stdout
    )


@pytest.mark.slow
def test_what_is_installed_agrees_with_itself():
    if not find_spec("pip"):
        pytest.skip("needs pip")
    check = [sys.executable, "-m", "pip", "--disable-pip-version-check", "check"]
    output = subprocess.run(check, capture_output=True, text=True).stdout
    ours = set(maker("licences").needed())
    complaints = [line for line in output.splitlines() if line.split()[0].lower() in ours]
    assert complaints == []
