"""The command `xiancheng`: Chinese by default, `--lang en` for English.

Exit codes: 0 done, 1 a run failed, 2 bad input or usage, 130 interrupted. Heavy libraries are
imported by the command that needs them, so that help comes at once.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

from calibration.refusal import told
from results import asking, packing
from results.console import arguments as page
from results.knowing import arguments as judging
from results.report import arguments as reporting
from results.stopping import (
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
        print(self(zh, en), file=sys.stderr)


class Parser(argparse.ArgumentParser):
    """An argument parser whose usage errors are one line, and exit with 2."""

    def error(self, message: str) -> Any:
        """Say what is wrong with the command line."""
        self.exit(REFUSED, f"{self.prog}: {message}\n{self.format_usage()}")


def parser(say: Say) -> Parser:
    """The command line."""
    common = Parser(add_help=False)
    _shared(common, say)
    about = say("县域城镇化模拟", "a simulator of county-town urbanization")
    top = Parser(prog="xiancheng", description=about)
    _shared(top, say)
    top.set_defaults(lang="zh", json=False)
    commands = top.add_subparsers(
        dest="command", metavar=say("命令", "command"), required=True, parser_class=Parser
    )

    def command(name: str, zh: str, en: str) -> Parser:
        return commands.add_parser(
            name, parents=[common], help=say(zh, en), description=say(zh, en)
        )

    run = command("run", "模拟一个情景及其基准", "run a scenario against its baseline")
    run.add_argument(
        "scenario", nargs="?", default="plan", help=say("情景名或文件", "name or file")
    )
    _region(run, say)
    run.add_argument("--seed", type=int, default=1, help=say("随机种子", "seed of the luck"))
    run.add_argument("--draws", type=int, default=0, help=say("参数抽样数", "parameter draws"))
    scale = say("规模，1 为一人一行", "rows for each resident")
    run.add_argument("--scale", type=float, default=1.0, help=scale)
    run.add_argument("--start", help=say("起点，须为普查时点", "a census date"))
    run.add_argument("--until", help=say("终点", "the last day"))
    run.add_argument("--jobs", type=int, help=say("并行进程数", "worker processes"))
    run.add_argument("--figure", type=Path, help=say("另存判定图（SVG）", "also draw the verdicts"))
    run.add_argument("--out", type=Path, help=say("保存位置", "where runs are saved"))

    check = command("check", "检查情景、措施和区域文件", "check scenario, measure and region files")
    check.add_argument(
        "files", nargs="+", help=say("名称、文件或文件夹", "names, files or folders")
    )
    _region(check, say)

    show = command("show", "展开一个情景", "a scenario as resolved")
    show.add_argument("scenario", help=say("情景名或文件", "name or file"))
    show.add_argument("--diff", metavar="OTHER", help=say("与另一情景之差", "what OTHER changes"))
    _region(show, say)

    measures = command("measures", "措施登记，双向追溯", "the register of measures, both ways")
    measures.add_argument("id", nargs="?", help=say("措施编号", "number of a measure"))
    measures.add_argument("--levers", action="store_true", help=say("按抓手", "by lever"))

    sweep = command("sweep", "批量运行一个设计", "run a design of many runs")
    sweep.add_argument("design", type=Path, help=say("设计文件", "design file"))
    sweep.add_argument("--out", type=Path, required=True, help=say("保存位置", "where runs go"))
    sweep.add_argument("--jobs", type=int, help=say("并行进程数", "worker processes"))
    sweep.add_argument("--shard", default="1/1", metavar="i/n", help=say("第几份", "which part"))
    sweep.add_argument("--engine", choices=["local", "dask"], default="local",
                       help=say("在本机或 Dask 集群运行", "where to compute"))  # fmt: skip
    address = say("Dask 调度器地址；缺省为本机集群", "of the Dask scheduler; none: a local cluster")
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
    return top


def _shared(command: Parser, say: Say) -> None:
    """What may stand before a command as well as after it."""
    off = argparse.SUPPRESS  # so that a command keeps what was said before it
    lang, json = say("语言", "language"), say("输出 JSON", "print JSON")
    command.add_argument("--lang", choices=["zh", "en"], default=off, help=lang)
    command.add_argument("--json", action="store_true", default=off, help=json)


def _score(score: argparse.ArgumentParser, say: Say) -> None:
    score.set_defaults(module="results.forecasts.score")
    columns = say(
        "CSV：unit_code, date, variable, value；缺省则只列设定",
        "CSV: unit_code, date, variable, value; without it, the settings",
    )
    score.add_argument("observations", nargs="?", type=Path, help=columns)
    _region(score, say)
    score.add_argument("--cutoff", metavar="DATE", help=say("信息截止日", "information cut-off"))
    registered = say("缺省为登记的设定", "as registered by default")
    score.add_argument("--draws", type=int, help=registered)
    score.add_argument("--scale", type=float, help=registered)
    score.add_argument("--seed", type=int, help=registered)
    score.add_argument("--jobs", type=int, help=say("并行进程数", "worker processes"))
    score.add_argument("--out", type=Path, help=say("另存 CSV", "also write CSV"))


def _region(command: argparse.ArgumentParser, say: Say) -> None:
    command.add_argument("--region", default="binzhou", help=say("区域包", "region pack"))


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit code says how it went."""
    words = list(sys.argv[1:] if argv is None else argv)
    say = Say("en" if _asks_for_english(words) else "zh")
    try:
        asked, unknown = parser(say).parse_known_args(words)
        if unknown:
            return _refused(asked.command, unknown, say)
        _workers(getattr(asked, "jobs", None))
        with stopped_by_signals():
            module = getattr(asked, "module", "results.commands")
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
        message = told(error, say.lang)
        if message is None:
            raise
        print(message, file=sys.stderr)
        return REFUSED


def _refused(command: str, unknown: Sequence[str], say: Say) -> int:
    """Say which words a command does not know."""
    said = " ".join(unknown)
    say.note(
        f"xiancheng {command} 没有这样的参数：{said}；可用的见 xiancheng {command} --help",
        f"xiancheng {command} takes no {said}; what it takes is told by xiancheng {command} --help",
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
    from scenarios.simulate import LIMITS, RequestError

    low, high = LIMITS["jobs"]
    if not low <= jobs <= high:
        raise RequestError(
            f"--jobs 应为 {low} 至 {high} 的整数；得到 {jobs}",
            f"--jobs should be a whole number from {low} to {high}; got {jobs}",
        )


def _asks_for_english(words: Sequence[str]) -> bool:
    pairs = pairwise(words)
    return "--lang=en" in words or ("--lang", "en") in pairs


def entry() -> NoReturn:
    """Run the command that the process was started with, and end it."""
    leave(main())


if __name__ == "__main__":
    entry()
