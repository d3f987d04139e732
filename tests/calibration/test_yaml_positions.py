"""YAML 1.2 read as it says, within limits."""

import time

import pytest

from xiancheng.calibration import yaml_positions
from xiancheng.calibration.errors import ScenarioError
from xiancheng.calibration.yaml_positions import parse_yaml, read_yaml, scalar

# Reading


def test_plain_words_mean_what_yaml_1_2_says():
    texts = {"no": "no", "off": "off", "3e6": 3e6, "0o17": "0o17", "017": 17, "1_000": "1_000",
             "1:30": "1:30", "2025-12-31": "2025-12-31", "~": None, "True": True, "0x1f": "0x1f",
             ".5": 0.5, "-3": -3, "yes": "yes", "１": "１"}  # fmt: skip
    assert {text: scalar(text) for text in texts} == texts


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
LIMITS = {
    "bomb": (BOMB, "a value without anchors"),
    "deep": ("a: " + "[" * 40 + "]" * 40, "at most 32 levels"),
    "deeper": ("[" * 100_000, "at most 32 levels"),
    "long": ("a: b\n" * 100_000, "at most 20000 values"),
    "huge": ("#" * 2**20 + "\n", "at most 1 MiB"),
    "loop": ("a: &a [*a]", "a value without anchors"),
    "two": ("a: b\n---\nc: d\n", "a single document"),
    "old": ("%YAML 1.1\n---\na: no\n", "YAML 1.2"),
    "control": ("a: \x07", "valid YAML 1.2"),
    "half": ('a: "\\ud800"', "valid Unicode"),
}


@pytest.mark.parametrize(("text", "advice"), LIMITS.values(), ids=LIMITS)
def test_a_file_beyond_the_limits_is_refused(text, advice):
    with pytest.raises(ScenarioError) as caught:
        parse_yaml(text.encode(), "f.yaml")
    assert advice in caught.value.text("en")


def test_a_bomb_is_refused_at_once():
    assert len(BOMB) < 500
    begin = time.perf_counter()
    with pytest.raises(ScenarioError):
        parse_yaml(BOMB.encode(), "bomb")
    assert time.perf_counter() - begin < 0.1


def test_a_file_that_is_not_text_is_refused():
    with pytest.raises(ScenarioError, match="UTF-8"):
        parse_yaml(b"a: b\n\xff\xfe", "f.yaml")


def test_what_is_kept_of_a_file_is_what_is_read_of_it(tmp_path, monkeypatch):
    """Values of every kind and all marks; a file that is altered is read anew."""
    monkeypatch.setenv("XIANCHENG_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "f.yaml"
    text = (
        "a: {b: [1, .inf, 3e6, ~, no], 名: '1'}\nc:\n  - d: true\n    e: []\n" + "#" * 1024 + "\n"
    )
    file.write_text(text, encoding="utf-8")
    paths = [(), ("a", "b", 1), ("a", "名"), ("c", 0, "e")]
    read = parse_yaml(text.encode(), str(file))
    for __ in range(2):
        yaml_positions._document.cache_clear()
        kept = read_yaml(file)
        assert repr(kept.value) == repr(read.value)
        for path in paths:
            assert kept.mark(path) == read.mark(path)
            assert kept.mark(path, at_key=True) == read.mark(path, at_key=True)
        monkeypatch.setattr(yaml_positions, "parse_yaml", None)  # would fail if called
    monkeypatch.undo()
    file.write_text(text.replace("3e6", "4e6"), encoding="utf-8")
    assert read_yaml(file).value["a"]["b"][2] == 4e6
