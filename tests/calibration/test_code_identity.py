"""Code identity: what a program computes makes its digest, and not how its text looks."""

import shutil
from pathlib import Path

import pytest

from xiancheng.calibration import code_identity
from xiancheng.calibration.code_identity import OWN_DIGEST, content, digest_of_folders, tree_digest

pytestmark = pytest.mark.identity
ROOT = Path(code_identity.__file__).parents[1]

RULES = {
    "one/__init__.py": '"""A package."""\n',
    "one/rules.py": '"""Rules."""\n\ndef rate(level):\n    """A rate."""\n    return 2 * level\n',
    "one/other.py": "def rate(level):\n    return 3 * level\n",
    "one/model.py": "from one.rules import rate\n\nVALUE = rate(1.0)\n",
    "one/deeper/__init__.py": "",
    "one/deeper/more.py": "LIMIT = 7\n",
    "one/values.yaml": "a: 1\n",
    "one/deeper/table.csv": "a,b\n1,2\n",
}


def laid_out(folder, **changes):
    """The digest of the little package with some files changed; None removes a file."""
    named = {name.replace("__", "/", 1): text for name, text in changes.items()}
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in (RULES | named).items():
        if text is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, "utf-8")
    return digest_of_folders({"one": folder / "one"})


def changed(folder, file, text):
    """Whether the digest is another one when a file has another text, or is gone (None)."""
    before = laid_out(folder)
    for name, each in {**RULES, file: text}.items():
        if each is None:
            (folder / name).unlink()
        else:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(each, "utf-8")
    return digest_of_folders({"one": folder / "one"}) != before


@pytest.mark.parametrize(
    ("file", "text"),
    {
        "a comment": ("one/rules.py", "# why\ndef rate(level):\n    return 2 * level  # twice\n"),
        "a docstring": (
            "one/rules.py",
            'def rate(level):\n    """Other."""\n    return 2 * level\n',
        ),
        "formatting": ("one/rules.py", "def rate( level ):\n\n  return (2\n   *level)\n"),
        "quotes and newlines": ("one/deeper/more.py", "LIMIT = 7\r\n\r\n"),
        "a note under a constant": ("one/deeper/more.py", 'LIMIT = 7\n"""At most."""\n'),
        "an empty module": ("one/deeper/empty.py", '"""Nothing yet."""\n'),
        "no code": ("one/README.md", "about"),
    }.values(),
)
def test_what_computes_the_same_has_the_same_digest(file, text, tmp_path):
    assert not changed(tmp_path, file, text)


@pytest.mark.parametrize(
    ("file", "text"),
    {
        "an operator": ("one/rules.py", "def rate(level):\n    return 2 / level\n"),
        "a constant": ("one/rules.py", "def rate(level):\n    return 2.0 * level\n"),
        "a default": ("one/rules.py", "def rate(level=1):\n    return 2 * level\n"),
        "a name": ("one/rules.py", "def rate(depth):\n    return 2 * depth\n"),
        "a file below": ("one/deeper/more.py", "LIMIT = 8\n"),
        "a file gone": ("one/deeper/more.py", None),
        "a new file below": ("one/deeper/new.py", "STEP = 1\n"),
        "a new folder": ("one/new/new.py", "STEP = 1\n"),
        "an import from elsewhere": (
            "one/model.py",
            "from one.other import rate\n\nVALUE = rate(1.0)\n",
        ),
        "another name for it": (
            "one/model.py",
            "from one.rules import rate as r\n\nVALUE = r(1.0)\n",
        ),
        "a table": ("one/values.yaml", "a: 2\n"),
        "a table below": ("one/deeper/table.csv", "a,b\n1,3\n"),
        "a table gone": ("one/deeper/table.csv", None),
    }.values(),
)
def test_what_computes_something_else_has_another_digest(file, text, tmp_path):
    assert changed(tmp_path, file, text)


def test_a_module_that_moves_with_its_imports_leaves_the_digest_as_it_was(tmp_path):
    before = laid_out(tmp_path)
    (tmp_path / "one/rules.py").rename(tmp_path / "one/deeper/rules.py")
    assert digest_of_folders({"one": tmp_path / "one"}) != before  # the import leads nowhere
    model = tmp_path / "one/model.py"
    model.write_text(model.read_text("utf-8").replace("one.rules", "one.deeper.rules"), "utf-8")
    assert digest_of_folders({"one": tmp_path / "one"}) == before


def test_a_module_imported_as_a_whole_may_move_too(tmp_path):
    def with_model(text):
        laid_out(tmp_path)
        (tmp_path / "one/model.py").write_text(text, "utf-8")
        return digest_of_folders({"one": tmp_path / "one"})

    before = with_model("from one import rules\nVALUE = rules.rate(1.0)\n")
    assert with_model("from one import other as rules\nVALUE = rules.rate(1.0)\n") != before
    (tmp_path / "one/model.py").write_text(
        "from one.deeper import rules\nVALUE = rules.rate(1.0)\n"
    )
    (tmp_path / "one/rules.py").rename(tmp_path / "one/deeper/rules.py")
    assert digest_of_folders({"one": tmp_path / "one"}) == before


def test_packs_and_plans_have_digests_of_their_own(tmp_path):
    before = laid_out(tmp_path)
    for mark in OWN_DIGEST:
        folder = tmp_path / "one" / mark.partition(".")[0]
        (folder / "measures").mkdir(parents=True)
        (folder / mark).write_text("name: mine\n", "utf-8")
        (folder / "measures" / "M01.yaml").write_text("a: 1\n", "utf-8")
    assert digest_of_folders({"one": tmp_path / "one"}) == before


SAMPLE = '''
"""A sample of everything that the program is written in."""
from __future__ import annotations
import numpy as np, math as m
from dataclasses import dataclass, field as f
CONSTANT: int = 1_000_000
SMALL, TEXT, RAW, DATA = 1e-9, "文字\\N{GREEK SMALL LETTER LAMDA}", r"\\d", b"\\x00z"
@dataclass(frozen=True)
class Thing(Base, metaclass=Meta):
    """A thing."""
    name: str = "x"
    more: list[int] = f(default_factory=list)
    async def go(self, a, /, b=None, *c, d: int = -1, e, **g) -> tuple[int, ...]:
        async with a as b, c: await b
        async for x in y: yield x
        return (lambda q, *r: q if r else not q)(*c, **g)
def rule(x, y=...):
    global CONSTANT
    try:
        with open(x) as file: y = [i ** 2 for i in file if i > 0 and i != 3 for j in i]
    except (OSError, KeyError) as e: raise KeyError(f"{x!r:>{y}.2f} {x=}" "and" f"{{{y}}}") from e
    else: del y[1:2, ::3], y.z
    finally: assert y is not None, "y"
    while (n := len(y)) <= 5: y |= {*y, 1}; continue
    match y:
        case {"a": 1, **rest} | [1, *_] if rest: pass
        case Thing(name="x") as t: print({**rest, "b": {k: v for k, v in t}}, end="")
        case None | True: return 1j @ -x // ~y
    nonlocal_ = "" if 0 < x <= 1 < y else "a" "b"
    return x[:, None, ..., -1:], {i for i in y}, (i for i in y)
'''


def test_the_digest_of_a_tree_is_the_same_in_every_version_of_python():
    """Made with Python 3.11; a version that gives another one needs a line in `_Walk`."""
    expected = "b51da864a2d921f52f496f0d6fe151daab3c011d92966d3e67afb3da4676b66d"
    assert tree_digest(SAMPLE) == expected


def test_parts_of_a_formatted_text_are_joined_as_they_are_read():
    assert tree_digest('f"a" "b" f"{x}"') == tree_digest('f"ab{x}"')
    assert tree_digest('f"a{x}"') != tree_digest('f"a{x!r}"')
    assert tree_digest("x = 'a'") != tree_digest("x = b'a'") != tree_digest("x = 97")


def test_every_file_that_the_program_reads_counts():
    """What is beside the code and does not count is written by it, or drawn, and listed here."""
    left_out = {"measure.schema.json", "scenario.schema.json", "run.schema.json", "style.css",
                "page.js", "template.typ", "xiancheng.po", "xiancheng.mo"}  # fmt: skip
    for package in code_identity.PACKAGES:
        counted = set(content(ROOT / package))
        for file in (ROOT / package).rglob("*"):
            parts = file.relative_to(ROOT).parts
            own = any((up / mark).is_file() for up in file.parents for mark in OWN_DIGEST)
            if file.is_dir() or own or "__pycache__" in parts or parts[:2] == ("results", "runs"):
                continue
            if {"templates", "text"} & {*parts}:
                assert file not in counted  # prose and styles
                continue
            assert (file in counted) != (file.name in left_out), file


@pytest.mark.parametrize(
    "file",
    [
        "calibration/forecasts/trends.py", "calibration/population/assumptions.csv",
        "sim/kernels.py", "scenarios/policy.py",
    ],
)  # fmt: skip
def test_a_change_anywhere_in_the_program_is_another_program(file, tmp_path):
    names = ("sim", "calibration", "scenarios")
    for name in names:
        for each in content(ROOT / name):
            copy = tmp_path / each.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(each.read_bytes())
    folders = {f"xiancheng.{name}": tmp_path / name for name in names}
    before = digest_of_folders(folders)
    assert before == code_identity.digest(*names)
    changed = tmp_path / file
    changed.write_bytes(changed.read_bytes() + b"\nadded = 1\n")
    assert digest_of_folders(folders) != before
