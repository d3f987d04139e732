"""The command line as it is read and shown: help, usage errors, encodings, paths, JSON."""

import argparse
import re

import pytest

from results.cli import Say, main, parser
from results.parsing import localised


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
