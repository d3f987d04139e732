"""Tables in a terminal: no number is cut, however narrow it is; no text is taken for markup."""

import re
import sys
from collections import Counter
from importlib import import_module
from pkgutil import iter_modules

import pytest
from rich.console import Console

from xiancheng.results import cli
from xiancheng.results.cli import main
from xiancheng.results.tables import render
from xiancheng.results.tables.validation import SCORES, hindcast_scores

SMALL = ["--scale", "0.003"]
NUMBER = re.compile(r"[0-9][0-9.,]*")


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """The tables of commands in both languages: title, headers, rows, whether they are prose."""
    found, plain = [], render.show_rows
    saved = str(tmp_path_factory.mktemp("runs"))
    arguments = (
        ["run", "plan", *SMALL, "--out", saved],
        ["compare", "plan", "baseline", *SMALL, "--jobs", "1"],
        ["measures"],
        ["measures", "--levers"],
        ["score"],
        ["region", "check", "binzhou", "--all"],
    )
    for module in iter_modules(cli.__path__, f"{cli.__name__}."):  # none later gets the patch
        import_module(module.name)
    with pytest.MonkeyPatch.context() as patch:

        def show_rows(title, headers, rows, *, prose=False):
            found.append((title, headers, rows, prose))

        for name, module in list(sys.modules.items()):
            if name.startswith("xiancheng.results.") and vars(module).get("show_rows") is plain:
                patch.setattr(module, "show_rows", show_rows)
        for words in arguments:
            for lang in ("zh", "en"):
                before = len(found)
                assert main([*words, "--lang", lang]) == 0
                assert len(found) > before, words
    rows = [
        dict.fromkeys(SCORES, 0.1234)
        | {"forecaster": "model", "left_out": "unit", "bias": -1234.567, "mae": 98765.4321}
    ] * 3
    scores = [hindcast_scores(rows, lang) for lang in ("zh", "en")]
    found += [(table.title, table.headers, table.texts(), False) for table in scores]
    return found


def in_terminal(monkeypatch, width):
    """Have tables printed for a terminal of a width, which the tests' own may not have."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(
        render, "Console",
        lambda **_: Console(width=width, force_terminal=True, color_system=None),
    )  # fmt: skip


# No number is cut


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_a_narrow_terminal_shows_every_number_in_full(tables, width, capsys, monkeypatch):
    in_terminal(monkeypatch, width)
    for title, headers, rows, prose in tables:
        render.show_rows(title, headers, rows, prose=prose)
        shown = capsys.readouterr().out.partition("\n")[2]
        wanted = Counter(number for row in rows for cell in row for number in NUMBER.findall(cell))
        missing = wanted - Counter(NUMBER.findall(shown))
        assert not missing, (title, width, missing)
        for header in headers:
            assert all(word in shown for word in re.findall(r"[A-Za-z]+", header)), (title, header)
        if "│" in shown:
            assert max(len(line) for line in shown.splitlines()) <= width


def test_what_is_no_terminal_gets_each_row_on_one_line(tables, capsys):
    for title, headers, rows, prose in tables:
        render.show_rows(title, headers, rows, prose=prose)
        lines = [
            [part.strip() for part in line.strip("│┃").split("│")]
            for line in capsys.readouterr().out.splitlines()
            if line.startswith("│")
        ]
        assert lines == [[cell.strip() for cell in row] for row in rows], title


def test_brackets_in_a_name_are_no_markup(capsys):
    render.show_rows("[b]title[/b]", ["[red]name", "rate"], [["[draft] one", "1.0"]])
    shown = capsys.readouterr().out
    for text in ("[b]title[/b]", "[red]name", "[draft] one"):
        assert text in shown


def test_what_fits_no_block_is_printed_as_records(capsys, monkeypatch):
    in_terminal(monkeypatch, 20)
    render.show_rows("t", ["key", "digest"], [["a", "0123456789" * 4]])
    assert "digest: " + "0123456789" * 4 in capsys.readouterr().out
