"""The command line as it is read and shown: help, usage errors, encodings, paths, JSON."""

import argparse
import json
import re
import socket
import time

import pytest

from xiancheng.results.cli import Say, main, parser
from xiancheng.results.parsing import localised


def parsers(lang):
    """Every command and sub-command with its parser, in a language."""
    found = {}

    def walk(name, of):
        found[name] = of
        for action in of._actions:
            if isinstance(action, argparse._SubParsersAction):
                for child, inner in action.choices.items():
                    walk(f"{name} {child}".strip(), inner)

    with localised(lang):
        walk("", parser(Say(lang)))
    return found


COMMANDS = sorted(parsers("en"))
each_command = pytest.mark.parametrize("command", COMMANDS)


# Help


@each_command
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_option_is_explained_and_states_its_default(command, lang):
    with localised(lang):
        of = parsers(lang)[command]
        formatter = of._get_formatter()
        for action in of._actions:
            if isinstance(action, argparse._SubParsersAction):
                continue
            assert action.help, action
            if action.option_strings and action.nargs != 0 and not action.required:
                text = formatter._get_help_string(action)
                assert "缺省" in text or "default" in text, (command, action.option_strings, text)


@each_command
def test_help_is_all_in_chinese(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    for english in ("usage", "show this help", "options:", "positional", "default"):
        assert english not in shown


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["rnu"], "是否指 run"),
        (["run", "--seeed", "3"], "是否指 --seed"),
        (["run", "--seed"], "需要一个值"),
        (["run", "--seed", "x"], "应为整数"),
        (["run", "--seed", "1_0"], "应为整数"),
        (["run", "--scale", "0_1e-1"], "应为数字"),
        (["run", "--scale", "０.5"], "应为数字"),
        (["seek", "--least", "costs"], "是否指 cost"),
        (["sweep"], "缺少必需的参数"),
        (["region", "from-census", "README.md", "--out", "x"], "须给出其一"),
    ],
)
def test_a_usage_error_is_told_in_the_readers_language(words, part, capsys):
    for lang in ("zh", "en"):
        try:
            code = main([*words, "--lang", lang])
        except SystemExit as ended:
            code = ended.code
        said = capsys.readouterr()
        assert code == 2
        assert not said.out
        if lang == "zh":
            assert part in said.err
            english = re.findall(r"[A-Za-z]{3,}", said.err.partition("用法")[0].partition("：")[2])
            known = {"run", "seed", "seeed", "least", "cost", "costs", "intensity"}
            assert not set(english) - known - set(re.findall(r"[a-z]+", " ".join(COMMANDS))) - {
                "scale", "xiancheng", "help", "design", "out", "prefecture", "province", "rnu",
            }  # fmt: skip
        else:
            assert not re.search(r"[\u4e00-\u9fff]", said.err)


@pytest.mark.parametrize(
    "words",
    [
        ["score", "NONE.csv"],
        ["sweep", "NONE.yaml", "--out", "x"],
        ["report", "plan", "--attribution", "NONE.json"],
        ["report", "plan", "--package", "NONE.json"],
        ["region", "from-census", "NONE.csv", "--province", "--out", "x"],
        ["region", "from-census", "README.md", "--province", "--out", "x", "--concordance", "N"],
        ["run", "NONE.yaml"],
        ["show", "NONE.yaml"],
        ["compare", "plan", "NONE.yaml"],
        ["attribute", "NONE.yaml"],
        ["seek", "NONE.yaml"],
        ["sensitivity", "NONE.yaml"],
        ["report", "NONE.yaml"],
        ["reproduce", "NONE"],
        ["run", "--region", "./NONE"],
        ["calibrate", "--region", "./NONE"],
        ["hindcast", "--region", "./NONE"],
        ["score", "--region", "./NONE"],
        ["console", "--region", "./NONE"],
        ["check", "NONE.yaml"],
        ["region", "check", "./NONE"],
    ],
)
def test_an_input_that_is_not_there_is_bad_input(words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README.md").write_text("x", encoding="utf-8")
    try:
        code = main([*words, "--lang", "en"])
    except SystemExit as ended:
        code = ended.code
    said = capsys.readouterr()
    assert code == 2
    assert "N" in said.err + said.out
    assert sorted(p.name for p in tmp_path.iterdir()) == ["README.md"]


# One object of JSON

SMALL = ["--scale", "0.003"]


@pytest.mark.parametrize(
    "words",
    [
        ["run", "plan", *SMALL, "--out", "runs"],
        ["run", "baseline", *SMALL, "--until", "2021-12-31", "--out", "runs"],
        ["show", "plan"],
        ["show", "plan", "--diff", "baseline"],
        ["measures"],
        ["measures", "M12", "--levers"],
        ["compare", "plan", "baseline", *SMALL],
        ["score"],
        ["calibrate", "--report", "page.md"],
        ["sweep", "design.yaml", "--out", "sweep"],
        ["region", "new", "somewhere"],
        pytest.param(["report", "plan", *SMALL, "--draws", "0", "--format", "xlsx"],
                     marks=pytest.mark.slow),
        pytest.param(["attribute", "plan", *SMALL, "--permutations", "1"], marks=pytest.mark.slow),
        pytest.param(["seek", "plan", *SMALL, "--draws", "2", "--confirm", "2", "--regret", "1",
                      "--confirm-scale", "0.003", "--targets", "T-2"], marks=pytest.mark.slow),
        pytest.param(["sensitivity", *SMALL, "--factors", "kappa", "--trajectories", "4"],
                     marks=pytest.mark.slow),
        pytest.param(["hindcast", "--pool", "none", "--runs", "180", "--rows", "50", *SMALL],
                     marks=pytest.mark.slow),
    ],
    ids=lambda words: " ".join(words),
)  # fmt: skip
def test_json_is_one_object_on_stdout(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "design.yaml").write_text("name: d\nscenarios: plan\nscales: 0.003\n", "utf-8")
    for place in ([*words, "--json"], ["--json", *words]):
        if words[0] in ("sweep", "region") and place[0] == "--json":
            place = [word.replace("somewhere", "elsewhere") for word in place]
            place += ["--resume"] if words[0] == "sweep" else []
        assert main(place) == 0
        shown = json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(name))
        assert isinstance(shown, dict)
        assert shown


# A scheduler


@pytest.mark.parametrize(
    "address", ["nonsense", "tcp://", "tcp://host", "host:0", "host:99999", ""]
)
def test_an_address_that_is_none_is_refused_at_once(address, tmp_path, capsys):
    (tmp_path / "d.yaml").write_text("name: d\nscenarios: plan\nscales: 0.003\n", "utf-8")
    words = ["sweep", str(tmp_path / "d.yaml"), "--out", str(tmp_path / "out"), "--engine", "dask"]
    assert main([*words, "--scheduler", address]) == 2
    assert "tcp://host:port" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_scheduler_that_does_not_answer_is_one_line(tmp_path, capsys):
    with socket.socket() as door:  # a port that nobody listens at
        door.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{door.getsockname()[1]}"
        (tmp_path / "d.yaml").write_text("name: d\nscenarios: plan\nscales: 0.003\n", "utf-8")
        words = ["sweep", str(tmp_path / "d.yaml"), "--out", str(tmp_path / "out")]
        begun = time.monotonic()
        assert main([*words, "--engine", "dask", "--scheduler", address]) == 1
    said = capsys.readouterr()
    assert time.monotonic() - begun < 30
    assert not said.out
    assert said.err.count("\n") == 1
    assert address in said.err
    assert not (tmp_path / "out").exists()


def test_workers_that_are_lost_are_one_line(monkeypatch, capsys):
    from xiancheng.results import commands
    from xiancheng.scenarios.executor import WorkersLostError

    def lost(*_):
        raise WorkersLostError

    monkeypatch.setattr(commands, "run", lost)
    assert main(["run", "plan", "--lang", "en"]) == 1
    assert capsys.readouterr().err == f"{WorkersLostError.en}\n"
