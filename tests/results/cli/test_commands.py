"""The command line as it is read and shown: help, usage errors, paths, JSON."""

import ast
import json
import os
import re
import socket
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import click
import pytest

from xiancheng.calibration.region import packs
from xiancheng.results.analysis import attribution
from xiancheng.results.cli import PROGRAM, main, parsed
from xiancheng.results.cli.commands import WORLDS
from xiancheng.results.cli.help import help_of
from xiancheng.results.cli.options import CommandGroup, Option, shipped
from xiancheng.results.text import Say
from xiancheng.scenarios.loader import load_plan, shipped_plans
from xiancheng.scenarios.run_spec import LIMITS


def commands(words="", command=PROGRAM):
    """Every command and sub-command by its words."""
    found = {words: command}
    for name, each in getattr(command, "commands", {}).items():
        found |= commands(f"{words} {name}".strip(), each)
    return found


COMMANDS = commands()
each_command = pytest.mark.parametrize("command", COMMANDS)


# What is declared is done


@pytest.mark.parametrize(
    "words", [w for w, each in COMMANDS.items() if not isinstance(each, CommandGroup)]
)
def test_a_command_takes_a_plan_or_says_where_else_it_is_named(words, capsys):
    command = COMMANDS[words]
    if any("--plan" in param.opts for param in command.params):
        return
    assert main(["--lang", "en", *words.split(), "--plan", "./ours.yaml"]) == 2
    output = capsys.readouterr().err
    assert output.startswith(f"xiancheng {words}: takes no --plan: ")
    assert "did you mean" not in output


def test_every_option_is_read_by_what_a_command_does_and_no_other():
    declared = {}
    for each in COMMANDS.values():
        if not isinstance(each, CommandGroup):
            module, _, function = each.does.partition(":")
            assert callable(getattr(import_module(module), function))
            names = {param.name for param in each.params if param.expose_value}
            declared.setdefault(module, set()).update(names)
    helpers = {
        node.name: options_read(node)
        for node in syntax_of("xiancheng.results.cli.output").body
        if isinstance(node, ast.FunctionDef)
    }
    around = {"plan"}  # every command is done with the plan that is chosen
    assert around <= options_read(syntax_of("xiancheng.results.cli.options"))
    for module, names in declared.items():
        tree = syntax_of(module)
        called = {n.func.id for n in ast.walk(tree)
                  if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}  # fmt: skip
        read = options_read(tree).union(*(helpers.get(name, set()) for name in called))
        texts = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)}
        assert read - {"json", "given"} <= names, module
        assert names <= read | texts | around, module


def syntax_of(module):
    return ast.parse(Path(import_module(module).__file__).read_text("utf-8"))


def options_read(tree):
    """Names of the options that code reads, without what it has noted there itself."""
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Attribute)
             if isinstance(n.value, ast.Name) and n.value.id == "options"]  # fmt: skip
    return {n.attr for n in found} - {n.attr for n in found if isinstance(n.ctx, ast.Store)}


def test_the_random_worlds_that_help_names_are_those_of_an_attribution():
    assert WORLDS == attribution.WORLDS


# Help


@each_command
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_option_states_its_default_and_an_example_and_a_number_its_unit(command, lang):
    for param in COMMANDS[command].params:
        text = help_of(param, Say(lang))
        assert len(text) > 1
        if not isinstance(param, Option) or param.is_flag:
            continue
        assert param.required or "缺省" in text or "default" in text, text
        assert f"{param.opts[0]} " in text
        if param.type.name == "X":
            assert re.search("单位|unit|0 至 1|0 to 1", text)


@each_command
def test_help_is_all_in_chinese(command, capsys):
    assert main([*command.split(), "--help"]) == 0
    shown = capsys.readouterr().out
    for english in ("usage", "show this help", "options:", "positional", "default"):
        assert english not in shown


@each_command
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_example_in_the_help_can_be_typed(command, lang, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    of = COMMANDS[command]
    for param in of.params:
        if not param.example:
            continue
        example = param.example
        values = (example if isinstance(example, str) else Say(lang)(example)).split()
        for value in values:
            if getattr(param.type, "read", False):
                Path(value).parent.mkdir(exist_ok=True)
                Path(value).touch()
        assert [param.type(value, param, click.Context(of, obj=Say(lang))) for value in values]


def test_help_and_completion_load_nothing_heavy():
    code = (
        "import sys; from xiancheng.results.cli import main; main(['seek', '--help']); "
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert not loaded & {"numpy", "pandas", "pydantic", "ruamel.yaml", "rich.console"}
    assert sum(name.startswith("xiancheng") for name in loaded) < 20


def completed(words, monkeypatch, capsys, *, shell="bash"):
    """What a shell is offered for the last of some words."""
    from xiancheng.results.cli import COMPLETE, entry

    result = {COMPLETE: f"{shell}_complete", "COMP_WORDS": " ".join(words),
            "COMP_CWORD": str(len(words) - 1)}  # fmt: skip
    for name, value in result.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        entry()
    assert ended.value.code == 0
    return [line.partition(",")[2] for line in capsys.readouterr().out.splitlines()]


def test_a_shell_is_offered_commands_options_and_choices(monkeypatch, capsys):
    assert completed(["xiancheng", "se"], monkeypatch, capsys) == ["seek", "sensitivity"]
    assert completed(["xiancheng", "region", "n"], monkeypatch, capsys) == ["new"]
    offered = completed(["xiancheng", "seek", "plan", "--co"], monkeypatch, capsys)
    assert offered == ["--counties", "--confirm", "--confirm-scale"]
    assert completed(["xiancheng", "seek", "--least", "c"], monkeypatch, capsys) == ["cost"]
    offered = completed(["xiancheng", "run", "plan-w"], monkeypatch, capsys)
    assert offered == ["plan-without-recoding", "plan-w"]  # and files of that name
    assert completed(["xiancheng", "run", "--region", "bin"], monkeypatch, capsys)[0] == "binzhou"


def test_the_names_that_are_offered_are_those_that_are_shipped():
    assert set(shipped("packs")) == set(packs())
    assert set(shipped("plans")) == set(shipped_plans())
    assert set(shipped("scenarios")) >= set(load_plan().scenario_files())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_completion_is_printed(shell):
    words = [sys.executable, "-m", "xiancheng"]
    env = os.environ | {"_XIANCHENG_COMPLETE": f"{shell}_source"}
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=True)
    assert "_XIANCHENG_COMPLETE" in done.stdout


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_alone_it_says_what_to_do_next_in_words_that_can_be_typed(lang, capsys):
    assert main(["--lang", lang]) == 0
    lines = re.findall(r"^  xiancheng (.+?)  ", capsys.readouterr().out, re.MULTILINE)
    assert len(lines) > 5
    for line in lines:
        if line != "--help":
            assert parsed(line.split(), Say(lang)).command
    assert main(["--json"]) == 0
    assert json.loads(capsys.readouterr().out)["next"]


# Usage errors


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["rnu"], "是否指 run"),
        (["run", "--seeed", "3"], "是否指 --seed？可用的见 xiancheng run --help"),
        (["run", "plan", "baseline"], "没有这样的参数：baseline"),
        (["run", "--seed"], "需要一个值"),
        (["run", "--json=1"], "不接受值"),
        (["run", "--seed", "x"], "应为 整数"),
        (["run", "--seed", "1_0"], "应为 整数"),
        (["run", "--scale", "0_1e-1"], "应为 数字"),
        (["run", "--scale", "０.5"], "应为 数字"),
        (["run", "--draws", "-1"], "不小于 0 的整数"),
        (["run", "--jobs", "0"], "1 至 256 的整数"),
        (["seek", "--least", "costs"], "是否指 cost"),
        (["sweep"], "缺少必需的参数"),
        (["region"], "缺少必需的参数"),
        (["region", "chek"], "是否指 check"),
        (["region", "from-census", "README.md", "--out", "x"], "须给出其一"),
    ],
)
def test_a_usage_error_is_told_in_the_readers_language(words, part, capsys):
    for lang in ("zh", "en"):
        assert main([*words, "--lang", lang]) == 2
        output = capsys.readouterr()
        assert not output.out
        assert not re.search("[?？][;；,，.。]", output.err)
        if lang == "zh":
            assert part in output.err
        else:
            assert not re.search(r"[\u4e00-\u9fff]", output.err)


def test_an_option_may_take_several_values_in_a_row_or_one_at_a_time():
    for words in (
        ["seek", "plan", "--targets", "A", "B"], ["seek", "--targets", "A", "B", "--seed", "1"],
        ["seek", "--targets", "A", "--targets=B", "plan"],
    ):  # fmt: skip
        ctx = parsed(words, Say("en"))
        assert (ctx.params["scenario"], ctx.params["targets"]) == ("plan", ("A", "B"))


@pytest.mark.parametrize(("bound", "step"), [(0, -1), (1, 1)])
def test_the_number_of_processes_has_one_range(bound, step):
    number = int(LIMITS["jobs"][bound])
    assert parsed(["run", "--jobs", str(number)], Say("en")).params["jobs"] == number
    with pytest.raises(click.UsageError):
        parsed(["run", "--jobs", str(number + step)], Say("en"))


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
    code = main([*words, "--lang", "en"])
    output = capsys.readouterr()
    assert code == 2
    assert "N" in output.err + output.out
    assert sorted(p.name for p in tmp_path.iterdir()) == ["README.md"]


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["calibrate", "--quick", "--pool", "shandong"], "--pool"),
        (["calibrate", "--pool", "none", "--pool-runs", "200"], "--pool-runs"),
        (["calibrate", "--report", "page.md", "--runs", "200"], "--runs"),
        (["hindcast", "--runs", "200"], "--runs"),
        (["hindcast", "--scale", "0.01"], "--scale"),
        (["score", "--jobs", "2"], "--jobs"),
        (["sensitivity", "--points", "64"], "--points"),
        (["sensitivity", "--method", "sobol", "--factors", "kappa", "--top", "3"], "--top"),
        (["compare", "plan", "baseline", "--seeds", "2"], "--seeds"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(words, option, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([*words, "--lang", "en"]) == 2
    assert f"{option} would do nothing: " in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


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
        ["compare", "plan", "baseline", *SMALL, "--jobs", "1"],
        ["score"],
        ["calibrate", "--report", "page.md"],
        ["sweep", "design.yaml", "--out", "sweep"],
        ["region", "new", "somewhere"],
        pytest.param(["report", "plan", *SMALL, "--draws", "0", "--format", "xlsx"],
                     marks=pytest.mark.slow),
        pytest.param(["attribute", "plan", *SMALL, "--permutations", "1"], marks=pytest.mark.slow),
        pytest.param(["seek", "plan", *SMALL, "--draws", "2", "--confirm", "2", "--regret", "1",
                      "--confirm-scale", "0.003", "--targets", "T-2"], marks=pytest.mark.slow),
        pytest.param(["sensitivity", *SMALL, "--factors", "kappa", "--trajectories", "5"],
                     marks=pytest.mark.slow),
        pytest.param(["hindcast", "--pool", "none", "--runs", "180", *SMALL],
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
    output = capsys.readouterr()
    assert time.monotonic() - begun < 30
    assert not output.out
    assert output.err.count("\n") == 1
    assert address in output.err
    assert not (tmp_path / "out").exists()


def test_workers_that_are_lost_are_one_line(monkeypatch, capsys):
    from xiancheng.results.cli import run
    from xiancheng.scenarios.executor import WorkersLostError

    def lost(*_):
        raise WorkersLostError

    monkeypatch.setattr(run, "run", lost)
    assert main(["run", "plan", "--lang", "en"]) == 1
    assert capsys.readouterr().err == f"{WorkersLostError.en}\n"
