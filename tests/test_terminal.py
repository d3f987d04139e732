"""What is shown, and where nothing can be shown or kept as usual: narrow terminals, encodings."""

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from xiancheng.calibration import cache, compiling, errors
from xiancheng.calibration.population import population
from xiancheng.calibration.region import load
from xiancheng.results import caveats, cells, show
from xiancheng.results.cli import analyse, evidence, main, plan, progress, region, run
from xiancheng.results.cli.process import INTERRUPTED
from xiancheng.results.knowing import hindcast
from xiancheng.results.text import Say

HERE = Path(__file__).parent.parent
SMALL = ["--scale", "0.003"]
NUMBER = re.compile(r"[0-9][0-9.,]*")


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """The tables of commands in both languages: title, headers, rows, whether they are prose."""
    found, plain = [], show.table
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

        def table(title, headers, rows, *, prose=False):
            found.append((title, headers, rows, prose))

        patch.setattr(show, "table", table)
        for name, module in list(sys.modules.items()):
            if name.startswith("xiancheng.results.") and getattr(module, "table", None) is plain:
                patch.setattr(module, "table", table)

        for module in (run, plan, analyse, evidence, region):
            patch.setattr(module, "table", table)
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
        show, "Console",
        lambda **_: Console(width=width, force_terminal=True, color_system=None),
    )  # fmt: skip


# No number is cut


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_a_narrow_terminal_shows_every_number_in_full(tables, width, capsys, monkeypatch):
    in_terminal(monkeypatch, width)
    for title, headers, rows, prose in tables:
        show.table(title, headers, rows, prose=prose)
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
        show.table(title, headers, rows, prose=prose)
        lines = [
            [part.strip() for part in line.strip("│┃").split("│")]
            for line in capsys.readouterr().out.splitlines()
            if line.startswith("│")
        ]
        assert lines == [[cell.strip() for cell in row] for row in rows], title


def test_brackets_in_a_name_are_no_markup(capsys):
    show.table("[b]title[/b]", ["[red]name", "rate"], [["[draft] one", "1.0"]])
    shown = capsys.readouterr().out
    for text in ("[b]title[/b]", "[red]name", "[draft] one"):
        assert text in shown


def test_what_fits_no_block_is_printed_as_records(capsys, monkeypatch):
    in_terminal(monkeypatch, 20)
    show.table("t", ["key", "digest"], [["a", "0123456789" * 4]])
    assert "digest: " + "0123456789" * 4 in capsys.readouterr().out


# Progress


def test_progress_is_told_where_stderr_is_no_terminal(capsys, monkeypatch):
    monkeypatch.setattr(progress, "EVERY", 0.05)
    with progress.progress("runs", 5) as step:
        step()
        step()
        time.sleep(0.3)
    said = capsys.readouterr()
    assert not said.out
    assert "runs 2/5" in said.err
    assert "min →" in said.err


def test_what_takes_long_is_announced_with_runs_and_time(capsys):
    pack = load("binzhou")
    start, until = pack.censuses[-1], pack.censuses[-1].replace(year=2025)
    short = progress.Work(2, "binzhou", 0.01, start, until)
    progress.announce(Say("en"), [short], jobs=1)
    assert not capsys.readouterr().err
    progress.announce(Say("en"), [short._replace(runs=400, scale=1.0)], jobs=2)
    said = capsys.readouterr().err
    assert "400 runs in 2 processes" in said
    assert 4 <= int(re.search(r"roughly (\d+) minutes", said)[1]) <= 15
    progress.announce(Say("zh"), [short._replace(runs=0)], jobs=2)
    assert not capsys.readouterr().err


# Encodings

DRIVER = """
import sys
from xiancheng.results import text
from xiancheng.results.cli import main
text.prepare(json=False)
for words in {asked!r}:
    print("code", main(words))
"""


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "gbk"])
def test_what_an_encoding_lacks_is_replaced(encoding, tmp_path):
    asked = [
        ["--help"], ["run", "--help"], ["seek", "--lang", "zh", "--help"],
        ["measures", "--lang", "zh"], ["measures"], ["show", "plan"], ["check", "plan"],
        ["run", "plan", *SMALL, "--out", str(tmp_path), "--lang", "zh"],
        ["region", "check", "binzhou"], ["check", "没有.yaml"], ["run", "--县"], ["没有"],
        ["check", "\udcff.yaml"],
    ]  # fmt: skip
    expected = [0] * 9 + [2] * 4
    env = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run(
        [sys.executable, "-c", DRIVER.format(asked=asked)], capture_output=True, cwd=HERE, env=env
    )
    out = done.stdout.decode(encoding)
    assert done.returncode == 0, done.stderr.decode(encoding)
    assert "Traceback" not in done.stderr.decode(encoding)
    codes = [int(code) for code in re.findall(r"^code (\d+)", out, re.MULTILINE)]
    assert codes == expected
    if encoding != "gbk":
        assert "+--" in out
        assert "without" in out, "English, where Chinese cannot be shown"


def test_json_loses_nothing_in_ascii():
    words = [sys.executable, "-m", "xiancheng", "show", "plan", "--json"]
    plain, narrow = (
        json.loads(
            subprocess.run(
                words, capture_output=True, check=True, cwd=HERE,
                env=os.environ | {"PYTHONIOENCODING": encoding},
            ).stdout.decode(encoding)
        )
        for encoding in ("utf-8", "ascii")
    )  # fmt: skip
    assert plain == narrow
    assert re.search(r"[\u4e00-\u9fff]", json.dumps(plain, ensure_ascii=False))


def test_a_language_asked_for_is_kept(monkeypatch):
    from xiancheng.results import cli

    monkeypatch.setattr(cli, "shows_chinese", lambda: False)
    assert cli._language([]) == "en"
    assert cli._language(["--lang", "zh"]) == "zh"


# Nowhere to write


@pytest.mark.parametrize("place", ["missing/x", "folder", "file/x"])
@pytest.mark.parametrize(
    "words",
    [
        ["run", "plan", *SMALL, "--figure"],
        ["compare", "plan", "baseline", *SMALL, "--csv"],
        ["attribute", "plan", *SMALL, "--csv"],
        ["sensitivity", "plan", *SMALL, "--csv"],
        ["score", "OBSERVATIONS", "--out"],
        ["hindcast", "--pool", "none", "--runs", "180", *SMALL, "--write"],
        ["calibrate", "--report"],
    ],
    ids=lambda words: " ".join(words[:1] + words[-1:]),
)
def test_a_file_to_be_written_is_tried_first(words, place, tmp_path, monkeypatch, capsys):
    refuses_first([*words, f"{place}.svg" if "--figure" in words else place],
                  tmp_path, monkeypatch, capsys)  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ["run", "plan", *SMALL],
        ["sweep", "DESIGN"],
        ["report", "plan", *SMALL],
        ["calibrate", "--quick"],
        ["hindcast", "--pool", "none", "--runs", "180", *SMALL],
    ],
    ids=lambda words: words[0],
)
def test_a_folder_to_be_written_is_tried_first(words, tmp_path, monkeypatch, capsys):
    refuses_first([*words, "--out", "file/x"], tmp_path, monkeypatch, capsys)


def refuses_first(words, folder, monkeypatch, capsys):
    """Whether a command refuses an output at once and leaves nothing behind."""
    monkeypatch.chdir(folder)
    for name in ("folder", "folder.svg"):
        (folder / name).mkdir()
    for name in ("file", "file.svg"):
        (folder / name).write_text("x", encoding="utf-8")
    (folder / "obs.csv").write_text(
        "unit_code,date,variable,value\n371621,2025-12-31,resident_urbanization_rate,40\n", "utf-8"
    )
    (folder / "design.yaml").write_text("name: d\nscenarios: plan\nscales: 0.003\n", "utf-8")
    before = sorted(folder.rglob("*"))
    known = {"OBSERVATIONS": "obs.csv", "DESIGN": "design.yaml"}

    def computed(*_args, **_more):
        raise AssertionError("something was computed")

    for place in (
        "xiancheng.scenarios.request.Request.simulate",
        "xiancheng.scenarios.paired._run",
    ):
        monkeypatch.setattr(place, computed)
    assert main([*(known.get(word, word) for word in words), "--lang", "en"]) == 2
    said = capsys.readouterr()
    assert not said.out
    assert re.search("cannot write|should be an .svg", said.err)
    assert sorted(folder.rglob("*")) == before


def test_trying_a_place_leaves_nothing(tmp_path):
    from xiancheng.results.keeping.files import writable

    writable(tmp_path / "a" / "b")
    cells.possible(tmp_path / "c.csv")
    assert not list(tmp_path.iterdir())


def test_what_was_computed_is_printed_though_the_disk_is_full(tmp_path, monkeypatch, capsys):
    from xiancheng.results.keeping import answers

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(answers, "keep", full)
    words = ["run", "plan", *SMALL, "--out", str(tmp_path), "--lang", "en"]
    assert main(words) == 1
    said = capsys.readouterr()
    assert "Zouping" in said.out
    assert "No space left" in said.err
    assert main([*words, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["run"] is None


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


# Interrupted


def test_an_interrupted_process_leaves_no_semaphores():
    code = (
        "from multiprocessing import get_context; from xiancheng.results.cli.process import leave; "
        f"held = get_context('spawn').Semaphore(); leave({INTERRUPTED})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=HERE)
    assert (done.returncode, done.stderr) == (INTERRUPTED, b"")


def test_control_characters_in_names_and_files_never_reach_the_terminal(tmp_path, capsys):
    """A file's name, or what stands in it, could else clear the screen or colour a verdict."""
    bad = "\x1b[31m\x07\u202e"
    scenario = tmp_path / f"a{bad}.yaml"
    scenario.write_text("name: a\nbased_on: plan\nmeasures: {M05: off}\n", encoding="utf-8")
    calls = [
        ["check", str(scenario)],
        ["check", str(tmp_path / f"nosuch{bad}.yaml")],
        ["score", str(tmp_path / f"nosuch{bad}")],
        ["reproduce", f"nosuch{bad}"],
        ["run", f"nosuch{bad}"],
        ["run", "--region", f"./nosuch{bad}"],
        ["region", "check", f"./nosuch{bad}"],
    ]
    for call in calls:
        main(["--lang", "en", *call])
        shown = "".join(capsys.readouterr())
        assert "\\x1b[31m" in shown, call
        assert not set(bad) - set("[31m") & set(shown), call


def test_a_long_figure_in_a_file_is_cut_in_the_message():
    problem = errors.Problem("a.csv", 2, 0, "", ("数", "a number"), "9" * 400)
    for lang in ("zh", "en"):
        assert len(problem.text(lang)) < 250
        assert "9…" in problem.text(lang)


def test_an_effect_of_exactly_zero_is_not_called_unclear():
    """A baseline adds nothing: no cell of its table bears the mark that the note explains."""
    effects = {"from_plan_pp": [0.0], "plan_low": [0.0], "plan_high": [0.0]}
    assert not caveats.unclear(pd.DataFrame(effects))
    assert caveats.unclear(pd.DataFrame(effects | {"from_plan_pp": [0.1], "plan_high": [0.2]}))
