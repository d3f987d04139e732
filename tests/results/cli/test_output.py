"""Whatever a command will write is tried first, and what it computed is never lost."""

import json
import re
import time

import pytest

from xiancheng.calibration.region import load
from xiancheng.results.cli import main, output
from xiancheng.results.cli import run as command
from xiancheng.results.text import Say

SMALL = ["--scale", "0.003"]


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

    monkeypatch.setattr("xiancheng.scenarios.simulation.outcome_of", computed)
    assert main([*(known.get(word, word) for word in words), "--lang", "en"]) == 2
    message = capsys.readouterr()
    assert not message.out
    assert re.search("cannot write|should be an .svg", message.err)
    assert sorted(folder.rglob("*")) == before


def test_trying_a_place_leaves_nothing(tmp_path):
    from xiancheng.results.store.files import check_writable

    check_writable(tmp_path / "a" / "b")
    check_writable(tmp_path / "c.csv", file=True)
    assert not list(tmp_path.iterdir())


def test_what_was_computed_is_printed_though_the_disk_is_full(tmp_path, monkeypatch, capsys):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(command, "save_run", full)
    words = ["run", "plan", *SMALL, "--out", str(tmp_path), "--lang", "en"]
    assert main(words) == 1
    message = capsys.readouterr()
    assert "Zouping" in message.out
    assert "No space left" in message.err
    assert main([*words, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["run"] is None


# How long it takes


def test_progress_is_told_where_stderr_is_no_terminal(capsys, monkeypatch):
    monkeypatch.setattr(output, "EVERY", 0.05)
    with output.progress("runs", 5) as step:
        step()
        step()
        time.sleep(0.3)
    message = capsys.readouterr()
    assert not message.out
    assert "runs 2/5" in message.err
    assert "min →" in message.err


def test_what_takes_long_is_announced_with_runs_and_time(capsys):
    pack = load("binzhou")
    start, until = pack.censuses[-1], pack.censuses[-1].replace(year=2025)
    short = output.Work(2, "binzhou", 0.01, start, until)
    output.announce(Say("en"), [short], jobs=1)
    assert not capsys.readouterr().err
    output.announce(Say("en"), [short._replace(runs=400, scale=1.0)], jobs=2)
    message = capsys.readouterr().err
    assert "400 runs in 2 processes" in message
    assert 4 <= int(re.search(r"roughly (\d+) minutes", message)[1]) <= 15
    output.announce(Say("zh"), [short._replace(runs=0)], jobs=2)
    assert not capsys.readouterr().err
