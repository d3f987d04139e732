"""The command `xiancheng`: Chinese by default, `--lang en` or XIANCHENG_LANG=en for English.

Exit codes: 0 done, 1 a run failed, 2 bad input or usage, 130 interrupted. Heavy libraries are
imported by the command that needs them, so that help comes at once.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

from xiancheng.calibration.errors import LANGUAGE, localized, preferred_language
from xiancheng.results import asking, naming, packing, streams
from xiancheng.results.console import arguments as page
from xiancheng.results.knowing import arguments as judging
from xiancheng.results.parsing import Parser, check_inputs, localised, meant
from xiancheng.results.report import arguments as reporting
from xiancheng.results.stopping import (
    DONE,
    FAILED,
    INTERRUPTED,
    REFUSED,
    end_workers,
    leave,
    stopped_by_signals,
)


class Say:
    """Says things in the reader's language; notes go to stderr."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def __call__(self, zh: str, en: str) -> str:
        """The words in the reader's language."""
        return en if self.lang == "en" else zh

    def note(self, zh: str, en: str) -> None:
        """A line for people, not for programs."""
        print(streams.visible(self(zh, en)), file=sys.stderr)


class Version(argparse.Action):
    """Prints the version and the digest of the code, and ends."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Print it."""
        from importlib.metadata import version

        from xiancheng.scenarios.request import code_digest

        print(f"xiancheng {version('xiancheng')} (code {code_digest()})")
        parser.exit()


def parser(say: Say) -> Parser:
    """The command line."""
    common = Parser(add_help=False)
    _shared(common, say)
    about = say("县域城镇化模拟", "a simulator of county-town urbanization")
    top = Parser(prog="xiancheng", description=about)
    _shared(top, say)
    top.set_defaults(lang=say.lang, json=False)
    known = say("版本与代码摘要", "version and digest of the code")
    top.add_argument("--version", action=Version, nargs=0, help=known)
    commands = top.add_subparsers(
        dest="command", metavar=say("命令", "command"), required=True, parser_class=Parser
    )

    def command(name: str, zh: str, en: str) -> Parser:
        return commands.add_parser(
            name, parents=[common], help=say(zh, en), description=say(zh, en)
        )

    run = command("run", "模拟一个情景及其基准", "run a scenario against its baseline")
    run.add_argument(
        "scenario",
        nargs="?",
        default="plan",
        help=say("情景名或文件", "name or file of a scenario"),
    )
    _region(run, say)
    run.add_argument(
        "--seed", type=int, default=1, help=say("随机种子，整数", "seed of the random numbers")
    )
    run.add_argument(
        "--draws",
        type=int,
        default=0,
        help=say("参数抽样次数，0 为不抽样", "number of parameter draws; 0: none"),
    )
    scale = say("规模：每名居民的行数，1 为一人一行", "rows for each resident, at most 1")
    run.add_argument("--scale", type=float, default=1.0, help=scale)
    run.add_argument(
        "--start",
        help=say(
            "起点，须为普查时点；缺省为情景的起点",
            "first day, a census date; by default the scenario's",
        ),
    )
    run.add_argument(
        "--until", help=say("终点；缺省为情景的终点", "last day; by default the scenario's")
    )
    run.add_argument(
        "--jobs",
        type=int,
        help=say("并行进程数；缺省为处理器核数", "worker processes; by default one per core"),
    )
    run.add_argument(
        "--figure",
        type=Path,
        help=say("另存判定图（SVG）；缺省不画", "also draw the verdicts (SVG); by default not"),
    )
    saved = say("保存运行的文件夹；缺省 results/runs", "folder of runs; by default results/runs")
    run.add_argument("--out", type=Path, help=saved)

    check = command("check", "检查情景、措施和区域文件", "check scenario, measure and region files")
    check.add_argument(
        "files", nargs="+", help=say("名称、文件或文件夹", "names, files or folders")
    )
    _region(check, say)

    show = command("show", "展开一个情景", "a scenario as resolved")
    show.add_argument("scenario", help=say("情景名或文件", "name or file of a scenario"))
    show.add_argument(
        "--diff",
        metavar="OTHER",
        help=say("与另一情景之差；缺省为展开情景", "what OTHER changes; by default the scenario"),
    )
    _region(show, say)

    measures = command("measures", "措施登记，双向追溯", "the register of measures, both ways")
    measures.add_argument(
        "id", nargs="?", help=say("措施编号；缺省为全部", "number of a measure; by default all")
    )
    measures.add_argument("--levers", action="store_true", help=say("按抓手", "by lever"))

    sweep = command("sweep", "批量运行一个设计", "run a design of many runs")
    sweep.add_argument("design", type=Path, help=say("设计文件", "design file"))
    sweep.add_argument(
        "--out", type=Path, required=True, help=say("保存运行的文件夹", "folder of runs")
    )
    sweep.add_argument(
        "--jobs",
        type=int,
        help=say("并行进程数；缺省为处理器核数", "worker processes; by default one per core"),
    )
    sweep.add_argument(
        "--shard", default="1/1", metavar="i/n", help=say("第 i 份，共 n 份", "part i of n")
    )
    sweep.add_argument("--engine", choices=["local", "dask"], default="local",
                       help=say("在本机或 Dask 集群运行", "where to compute"))  # fmt: skip
    address = say(
        "Dask 调度器地址，形如 tcp://host:port；缺省为本机集群",
        "of the Dask scheduler, as tcp://host:port; by default a cluster on this machine",
    )
    sweep.add_argument("--scheduler", metavar="ADDRESS", help=address)
    sweep.add_argument("--resume", action="store_true", help=say("继续", "continue a sweep"))

    reproduce = command("reproduce", "重跑并核对摘要", "run again and compare digests")
    reproduce.add_argument("run", help=say("运行编号或文件夹", "id or folder of a run"))

    _score(command("score", "以后来公布的数为预测评分", "score forecasts on later figures"), say)
    asking.add(command, say)
    judging.add(command, say)
    page.add(command, say)
    reporting.add(command, say)

    packing.add(command("region", "区域包", "region packs"), say)
    top.known = {name: each.options() for name, each in commands.choices.items()}
    return top


def _shared(command: Parser, say: Say) -> None:
    """What may stand before a command as well as after it."""
    off = argparse.SUPPRESS  # so that a command keeps what was said before it
    lang, json = (
        say(
            "语言；缺省 zh，不能显示中文的终端为 en",
            "language; zh by default, en where a terminal cannot show Chinese",
        ),
        say("输出一个 JSON 对象", "print one JSON object"),
    )
    command.add_argument("--lang", choices=["zh", "en"], default=off, help=lang)
    command.add_argument("--json", action="store_true", default=off, help=json)


def _score(score: argparse.ArgumentParser, say: Say) -> None:
    score.set_defaults(module="xiancheng.results.forecasts.score")
    columns = say(
        "CSV：unit_code, date, variable, value；缺省则只列设定",
        "CSV: unit_code, date, variable, value; without it, the settings",
    )
    score.add_argument("observations", nargs="?", type=Path, help=columns)
    _region(score, say)
    score.add_argument(
        "--cutoff",
        metavar="DATE",
        help=say("信息截止日；缺省为登记的设定", "information cut-off; by default as registered"),
    )
    for name, number, zh, en in (
        ("draws", int, "参数抽样次数", "number of parameter draws"),
        ("scale", float, "规模：每名居民的行数", "rows for each resident"),
        ("seed", int, "随机种子，整数", "seed of the random numbers"),
    ):
        what = say(f"{zh}；缺省为登记的设定", f"{en}; by default as registered")
        score.add_argument(f"--{name}", type=number, help=what)
    score.add_argument(
        "--jobs",
        type=int,
        help=say("并行进程数；缺省为处理器核数", "worker processes; by default one per core"),
    )
    score.add_argument(
        "--out",
        type=Path,
        help=say("另存为此 CSV 文件；缺省不存", "also write this CSV file; by default not"),
    )


def _region(command: argparse.ArgumentParser, say: Say) -> None:
    command.add_argument("--region", default="binzhou", help=say("区域包", "region pack"))


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit code says how it went."""
    words = list(sys.argv[1:] if argv is None else argv)
    say = Say(_language(words))
    if wrong := _unknown_language(words):
        print(wrong, file=sys.stderr)
        return REFUSED
    try:
        with localised(say.lang):
            commands = parser(say)
            asked, unknown = commands.parse_known_args(words)
            if unknown:
                return _refused(asked.command, unknown, commands.known[asked.command], say)
        _workers(getattr(asked, "jobs", None))
        check_inputs(asked)
        with stopped_by_signals():
            naming.note_ambiguous_names(asked, say)
            module = getattr(asked, "module", "xiancheng.results.commands")
            does = getattr(import_module(module), asked.command)
            return int(does(asked, say))
    except KeyboardInterrupt:
        end_workers()
        say.note("已中断，没有留下半成品", "interrupted; nothing half-written was left")
        return INTERRUPTED
    except BrokenPipeError:
        return DONE
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        what = error.strerror or str(error)
        say.note(f"读写失败{where}：{what}；没有留下半成品", f"cannot read or write{where}: {what}")
        return FAILED
    except Exception as error:
        message = localized(error, say.lang)
        zh, en = getattr(error, "zh", None), getattr(error, "en", None)
        if message is None and zh and en:  # a run failed, in a way that was foreseen
            say.note(zh, en)
            return FAILED
        if message is None:
            raise
        print(streams.visible(message), file=sys.stderr)
        return REFUSED


def _refused(command: str, unknown: Sequence[str], known: Sequence[str], say: Say) -> int:
    """Say which words a command does not know, and which option may be meant."""
    words = " ".join(unknown)
    option = next((word.partition("=")[0] for word in unknown if word.startswith("-")), "")
    near = meant(option, list(known)) if option else ""
    say.note(
        f"xiancheng {command} 没有这样的参数：{words}{near}；可用的见 xiancheng {command} --help",
        f"xiancheng {command} takes no {words}{near}; see xiancheng {command} --help",
    )
    return REFUSED


def _workers(jobs: int | None) -> None:
    """Refuse a number of worker processes that cannot be, whatever the command.

    Raises
    ------
    RequestError
    """
    if jobs is None:
        return
    from xiancheng.scenarios.simulate import LIMITS, RequestError

    low, high = LIMITS["jobs"]
    if not low <= jobs <= high:
        raise RequestError(
            f"--jobs 应为 {low} 至 {high} 的整数；得到 {jobs}",
            f"--jobs should be a whole number from {low} to {high}; got {jobs}",
        )


def _language(words: Sequence[str]) -> str:
    """The language of the command line or the environment; else Chinese where it can be shown."""
    shown = "zh" if streams.shows_chinese() else "en"
    return _named_language(words) or preferred_language() or shown


def _named_language(words: Sequence[str]) -> str | None:
    """What --lang says last, if it is a language that we have."""
    pairs = pairwise(words)
    named = [value for name, value in pairs if name == "--lang"]
    named += [word.removeprefix("--lang=") for word in words if word.startswith("--lang=")]
    return next((lang for lang in reversed(named) if lang in ("zh", "en")), None)


def _unknown_language(words: Sequence[str]) -> str | None:
    """What is wrong with the language of the environment, in both; None if --lang is given."""
    value = os.environ.get(LANGUAGE, "").strip()
    if not value or preferred_language() or _named_language(words):
        return None
    zh = f"环境变量 {LANGUAGE} 应为 zh 或 en；得到 {value[:40]!r}；请改正，或用 --lang"
    en = f"{LANGUAGE} should be zh or en; got {value[:40]!r}; set one of them, or use --lang"
    return f"{zh}\n{en}"


def entry() -> NoReturn:
    """Run the command that the process was started with, and end it."""
    streams.prepare(json="--json" in sys.argv)
    leave(main())


if __name__ == "__main__":
    entry()
