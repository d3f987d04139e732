"""How long a command takes: announced, and shown on the way."""

import re
import time

from xiancheng.calibration.region import load
from xiancheng.results.cli import progress
from xiancheng.results.text import Say


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
