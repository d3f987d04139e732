"""What is shown, and where nothing can be shown or kept as usual: narrow terminals, encodings."""

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from xiancheng.calibration import cache, errors
from xiancheng.calibration.population.synthesis import synthetic_population
from xiancheng.calibration.region import load
from xiancheng.results.cli import main
from xiancheng.results.knowing import hindcast
from xiancheng.results.tables import notes, terminal

HERE = Path(__file__).parent.parent
SMALL = ["--scale", "0.003"]
NUMBER = re.compile(r"[0-9][0-9.,]*")


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """The tables of commands in both languages: title, headers, rows, whether they are prose."""
    found, plain = [], terminal.show_rows
    saved = str(tmp_path_factory.mktemp("runs"))
    asked = (
        ["run", "plan", *SMALL, "--out", saved],
        ["compare", "plan", "baseline", *SMALL],
        ["measures"],
        ["measures", "--levers"],
        ["score"],
        ["region", "check", "binzhou"],
    )
    with pytest.MonkeyPatch.context() as patch:

        def show_rows(title, headers, rows, *, prose=False):
            found.append((title, headers, rows, prose))

        for name, module in list(sys.modules.items()):
            if name.startswith("xiancheng.results.") and vars(module).get("show_rows") is plain:
                patch.setattr(module, "show_rows", show_rows)
        for words in asked:
            for lang in ("zh", "en"):
                before = len(found)
                assert main([*words, "--lang", lang]) == 0
                assert len(found) > before, words
    rows = [
        {name: 0.1234 if name != "forecaster" else "model" for name in hindcast.SCORES}
        | {"bias": -1234.567, "mae": 98765.4321}
    ] * 3
    found += [("hindcast", *hindcast.lines(rows, lang), False) for lang in ("zh", "en")]
    return found


def in_terminal(monkeypatch, width):
    """Have tables printed for a terminal of a width."""
    monkeypatch.setattr(
        terminal, "Console",
        lambda **_: Console(width=width, force_terminal=True, color_system=None),
    )  # fmt: skip


# No number is cut


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_a_narrow_terminal_shows_every_number_in_full(tables, width, capsys, monkeypatch):
    in_terminal(monkeypatch, width)
    for title, headers, rows, prose in tables:
        terminal.show_rows(title, headers, rows, prose=prose)
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
        terminal.show_rows(title, headers, rows, prose=prose)
        lines = [
            [part.strip() for part in line.strip("│┃").split("│")]
            for line in capsys.readouterr().out.splitlines()
            if line.startswith("│")
        ]
        assert lines == [[cell.strip() for cell in row] for row in rows], title


def test_brackets_in_a_name_are_no_markup(capsys):
    terminal.show_rows("[b]title[/b]", ["[red]name", "rate"], [["[draft] one", "1.0"]])
    shown = capsys.readouterr().out
    for text in ("[b]title[/b]", "[red]name", "[draft] one"):
        assert text in shown


def test_what_fits_no_block_is_printed_as_records(capsys, monkeypatch):
    in_terminal(monkeypatch, 20)
    terminal.show_rows("t", ["key", "digest"], [["a", "0123456789" * 4]])
    assert "digest: " + "0123456789" * 4 in capsys.readouterr().out


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
    assert len(synthetic_population(pack, pack.censuses[-1], 3e-4, seed=1).people) > 1000


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
    cache._remove_older(tmp_path / "7")
    assert {each.name for each in tmp_path.iterdir()} == {"7", "0", "1", "2"}


def test_a_long_figure_in_a_file_is_cut_in_the_message():
    problem = errors.Problem("a.csv", 2, 0, "", ("数", "a number"), "9" * 400)
    for lang in ("zh", "en"):
        assert len(problem.text(lang)) < 250
        assert "9…" in problem.text(lang)


def test_an_effect_of_exactly_zero_is_not_called_unclear():
    """A baseline adds nothing: no cell of its table bears the mark that the note explains."""
    effects = {"from_plan_pp": [0.0], "plan_low": [0.0], "plan_high": [0.0]}
    assert not notes.unclear_effects(pd.DataFrame(effects))
    effects |= {"from_plan_pp": [0.1], "plan_high": [0.2]}
    assert notes.unclear_effects(pd.DataFrame(effects))
