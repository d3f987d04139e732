"""The population: what it holds, beside what its processes do with it."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import persons, villages
from xiancheng.sim.population import Population
from xiancheng.sim.state import COLUMNS, People

MAPS = Path("/proc/self/smaps")  # of Linux: each mapping, and what of it is in memory


def cached(folder):
    """What of the files in a folder is in the memory of this process [bytes]."""
    mappings = re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", MAPS.read_text(), flags=re.MULTILINE)
    inside = [text for text in mappings if str(folder) in text.partition("\n")[0]]
    return sum(1024 * int(re.search(r"Rss: +(\d+)", text)[1]) for text in inside)


@pytest.mark.skipif(not MAPS.exists(), reason="the system does not tell")
def test_columns_mapped_from_files_are_let_go_once_they_are_copied(tmp_path):
    given = persons(200_000)
    for name in COLUMNS:
        np.save(tmp_path / f"{name}.npy", getattr(given, name))
    mapped = People(*(np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in COLUMNS))
    size = sum(getattr(mapped, name).nbytes for name in COLUMNS)
    assert [int(getattr(mapped, name).astype(float).sum()) for name in COLUMNS]  # all is read
    assert cached(tmp_path) > size
    found = Population(mapped, villages())
    assert cached(tmp_path) < size / 10
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(mapped, name), getattr(given, name))
        np.testing.assert_array_equal(getattr(found.people, name), getattr(given, name))
