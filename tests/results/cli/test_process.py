"""How the command line begins and ends: languages, encodings, interruptions."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from xiancheng.results import cli
from xiancheng.results.cli import main
from xiancheng.results.cli.process import INTERRUPTED

HERE = Path(__file__).parents[3]
SMALL = ["--scale", "0.003"]


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
    arguments = [
        ["--help"], ["run", "--help"], ["seek", "--lang", "zh", "--help"],
        ["measures", "--lang", "zh"], ["measures"], ["show", "plan"], ["check", "plan"],
        ["run", "plan", *SMALL, "--out", str(tmp_path), "--lang", "zh"],
        ["region", "check", "binzhou"], ["check", "没有.yaml"], ["run", "--县"], ["没有"],
        ["check", "\udcff.yaml"],
    ]  # fmt: skip
    expected = [0] * 9 + [2] * 4
    env = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run(
        [sys.executable, "-c", DRIVER.format(asked=arguments)],
        capture_output=True,
        cwd=HERE,
        env=env,
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

    monkeypatch.setattr(cli, "shows_chinese", lambda: False)
    assert cli._language([]) == "en"
    assert cli._language(["--lang", "zh"]) == "zh"


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
