"""Columns kept on disk: built once, checked when first opened, evicted by last use."""

import ast
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.people import BINZHOU, NOW, THEN
from xiancheng.calibration import cache, code_identity
from xiancheng.calibration.population import synthesis
from xiancheng.calibration.region import load


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A function that asks for a small population, with a cache of its own."""
    monkeypatch.setenv("XIANCHENG_CACHE", str(tmp_path))
    return lambda **settings: synthesis.synthetic_population(
        BINZHOU, **{"start": NOW, "scale": 3e-4, "seed": 1} | settings
    )


def files(folder):
    return {f.name: f for f in folder.rglob("*.npy")}


def test_a_population_is_built_once(kept, monkeypatch):
    built = kept()
    monkeypatch.setattr(synthesis, "build", None)  # would fail if called
    opened = kept()
    assert isinstance(opened.people.born, np.memmap)
    assert not opened.people.born.flags.writeable
    np.testing.assert_array_equal(opened.people.traits, built.people.traits)
    assert opened.fit == built.fit
    opened.units.urban[0] = False  # units are few, and the caller's own


def test_another_question_gets_another_answer(kept, tmp_path):
    for settings in ({}, {"seed": 2}, {"scale": 4e-4}, {"start": THEN}):
        kept(**settings)
    assert len([f for f in (tmp_path / "population").iterdir() if f.is_dir()]) == 4


def test_a_torn_cache_is_built_again(kept, tmp_path):
    intact = np.array(kept().people.born)
    file = files(tmp_path)["people.born.npy"]
    written = file.stat().st_mtime_ns
    file.write_bytes(file.read_bytes()[:-100])
    os.utime(file, ns=(written, written))
    np.testing.assert_array_equal(kept().people.born, intact)
    assert len(np.load(file)) == len(intact)


def test_an_altered_cache_is_built_again(kept, tmp_path):
    intact = np.array(kept().people.born)
    file = files(tmp_path)["people.born.npy"]
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    np.testing.assert_array_equal(kept().people.born, intact)


@pytest.mark.parametrize("name", ["people.born.npy", "manifest.json"])
def test_a_flipped_bit_is_seen_when_a_process_first_opens_a_population(
    kept, tmp_path, monkeypatch, name
):
    """Size and time of writing are as they were: only reading the file tells."""
    born, fit = np.array(kept().people.born), kept().fit
    [file] = tmp_path.rglob(name)
    written, content = file.stat().st_mtime_ns, bytearray(file.read_bytes())
    place = content.rindex(b"0.0") if name == "manifest.json" else len(content) - 1
    content[place] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(written, written))
    monkeypatch.setattr(cache, "_VERIFIED", set())  # as in another process
    again = kept()
    np.testing.assert_array_equal(again.people.born, born)
    assert again.fit == fit


def test_a_kind_of_cache_is_bounded_and_loses_what_was_not_used_for_longest(kept, tmp_path):
    for seed in (1, 2, 3):
        kept(seed=seed)
    kind = tmp_path / "population"
    first, second, third = (kind / synthesis.key(BINZHOU, NOW, 3e-4, seed) for seed in (1, 2, 3))
    for hours, folder in ((5, first), (4, second), (3, third)):
        os.utime(folder, (time.time() - 3600 * hours,) * 2)
    kept(seed=1)  # used again
    each = sum(file.stat().st_size for file in third.iterdir())
    cache.evict(kind, most=int(2.5 * each))
    assert {first, third} == {*kind.iterdir()}
    cache.evict(kind, most=1)
    assert {first} == {*kind.iterdir()}  # within the hour nothing is removed


def test_a_new_population_makes_room_for_itself(kept, tmp_path, monkeypatch):
    kept(seed=1)
    kind = tmp_path / "population"
    draft = kind / ".new-killed"
    draft.mkdir()
    for folder in kind.iterdir():
        os.utime(folder, (time.time() - 90000,) * 2)
    monkeypatch.setattr(cache.evict, "__defaults__", (1,))
    kept(seed=2)
    assert [folder.name for folder in kind.iterdir()] == [synthesis.key(BINZHOU, NOW, 3e-4, 2)]


def test_a_cache_without_its_manifest_is_built_again(kept, tmp_path):
    intact = np.array(kept().people.born)
    for manifest in tmp_path.rglob("manifest.json"):
        manifest.write_text("{", encoding="utf-8")
    np.testing.assert_array_equal(kept().people.born, intact)


def test_a_cache_that_cannot_be_written_is_no_reason_to_stop(kept, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv("XIANCHENG_CACHE", str(tmp_path / "file"))
    assert len(kept().people) > 1000


def test_the_cache_knows_all_that_a_population_depends_on(monkeypatch):
    """Every package of ours that the build imports is part of its key."""
    folder = Path(synthesis.__file__).parents[2]
    for package in synthesis.CODE:
        for file in (folder / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom):
                    ours, _, rest = (node.module or "").partition(".")
                    top = rest.partition(".")[0] if ours == code_identity.PROGRAM else ""
                    assert top not in {*code_identity.PACKAGES} - {*synthesis.CODE}, file
    before = synthesis.key(BINZHOU, NOW, 0.01, 1)
    monkeypatch.setattr(code_identity, "digest", lambda *_: "another program")
    assert synthesis.key(BINZHOU, NOW, 0.01, 1) != before


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
    assert len(synthesis.synthetic_population(pack, pack.censuses[-1], 3e-4, seed=1).people) > 1000


HERE = Path(__file__).parents[2]
COMPILED = """
import numpy as np
from xiancheng.calibration.cache import keep_compiled
from xiancheng.sim import kernels
print(keep_compiled())
out = np.zeros((4, 3), np.uint64)
kernels.words(np.arange(3, dtype=np.uint64), np.uint64(1), np.uint64(2), np.uint64(3), out)
print(int(out[0, 0]))
"""


def test_compiled_code_is_kept_in_the_cache_or_nowhere(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    output = {}
    for place in (tmp_path / "cache", tmp_path / "file"):
        env = os.environ | {"XIANCHENG_CACHE": str(place), "HOME": str(tmp_path / "file")}
        done = subprocess.run(
            [sys.executable, "-c", COMPILED], capture_output=True, text=True, cwd=HERE, env=env,
            encoding="utf-8", check=True,
        )  # fmt: skip
        output[place.name] = done.stdout.split()
    assert output["file"] == ["None", output["cache"][1]]
    assert output["cache"][0].startswith(str(tmp_path / "cache" / "compiled"))
    assert list((tmp_path / "cache" / "compiled").rglob("kernels.words*.nbi"))


def test_old_compiled_code_is_removed(tmp_path):
    for age in range(8):
        (tmp_path / str(age)).mkdir()
        os.utime(tmp_path / str(age), (1e9 - age, 1e9 - age))
    cache._remove_older(tmp_path / "7")
    assert {each.name for each in tmp_path.iterdir()} == {"7", "0", "1", "2"}


def test_a_text_is_made_once_and_what_was_altered_is_made_again(tmp_path, monkeypatch):
    monkeypatch.setenv("XIANCHENG_CACHE", str(tmp_path))
    values = iter([{"a": (1, 2.5)}, {"a": [3]}])
    first = cache.made_once("kind", "key", lambda: next(values))
    assert first == cache.made_once("kind", "key", lambda: next(values)) == {"a": [1, 2.5]}
    [file] = (tmp_path / "kind").iterdir()
    file.write_text(file.read_text("utf-8").replace("2.5", "9.5"), "utf-8")
    assert cache.made_once("kind", "key", lambda: next(values)) == {"a": [3]}


def test_texts_do_not_pile_up_and_need_no_place(tmp_path, monkeypatch):
    monkeypatch.setenv("XIANCHENG_CACHE", str(tmp_path))
    monkeypatch.setattr(cache, "TEXTS", 4)
    for n in range(8):
        cache.made_once("kind", str(n), lambda n=n: n)
    left = {file.name for file in (tmp_path / "kind").iterdir()}
    assert len(left) <= 4
    assert "7" in left
    (tmp_path / "no folder").touch()
    monkeypatch.setenv("XIANCHENG_CACHE", str(tmp_path / "no folder"))
    assert cache.made_once("kind", "0", lambda: "made") == "made"
