"""The command `xiancheng`: Chinese by default, `--lang en` for English.

Exit codes: 0 done, 1 a run failed, 2 bad input or usage, 130 interrupted. Heavy libraries are
imported by the command that needs them, so that help comes at once.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

DONE, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130


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
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--lang", choices=["zh", "en"], default="zh", help=say("语言", "language"))
    common.add_argument("--json", action="store_true", help=say("输出 JSON", "print JSON"))
    top = Parser(
        prog="xiancheng", parents=[common],
        description=say("县域城镇化模拟", "a simulator of county-town urbanization"),
    )  # fmt: skip
    commands = top.add_subparsers(dest="command", metavar=say("命令", "command"), required=True)

    def command(name: str, zh: str, en: str, does: Callable[..., int]) -> Parser:
        made: Parser = commands.add_parser(
            name, parents=[common], help=say(zh, en), description=say(zh, en)
        )
        made.set_defaults(does=does)
        return made

    one = command("run", "模拟一个情景及其基准", "run a scenario against its baseline", run)
    one.add_argument(
        "scenario", nargs="?", default="plan", help=say("情景名或文件", "name or file")
    )
    one.add_argument("--region", default="binzhou", help=say("区域包", "region pack"))
    one.add_argument("--seed", type=int, default=1, help=say("随机种子", "seed of the luck"))
    one.add_argument("--draws", type=int, default=0, help=say("参数抽样数", "parameter draws"))
    one.add_argument(
        "--scale", type=float, default=1.0, help=say("规模,1 为一人一行", "rows per resident")
    )
    one.add_argument("--start", help=say("起点(普查时点)", "a census date"))
    one.add_argument("--until", help=say("终点", "last day"))
    one.add_argument("--jobs", type=int, help=say("并行进程数", "worker processes"))
    one.add_argument("--figure", type=Path, help=say("另存判定图", "also draw the verdicts"))
    one.add_argument("--out", type=Path, help=say("保存位置", "where runs are saved"))

    region = command("region", "区域包", "region packs", region_check)
    region.add_argument("action", choices=["check"], help=say("检查", "check"))
    region.add_argument("pack", help=say("名称或文件夹", "name or folder"))
    return top


def run(asked: argparse.Namespace, say: Say) -> int:
    """`xiancheng run`: verdicts, growth by cause, and a saved run."""
    from results import figures, store, verdict
    from results.show import progress, table
    from scenarios import ensemble
    from scenarios.resolving import resolve
    from scenarios.simulate import checked, horizon

    scenario = horizon(resolve(asked.scenario), asked.start, asked.until)
    request = {"region": asked.region, "seed": asked.seed, "scale": asked.scale}
    checked(scenario, **request, draws=asked.draws, jobs=asked.jobs or 1)
    folder = asked.out or store.RUNS
    store.writable(folder)
    draws = None
    with progress(say("模拟", "simulating"), 2 + asked.draws) as step:
        both = ensemble.pair(scenario, **request, done=step)
        if asked.draws:
            draws = ensemble.draws(scenario, asked.draws, step, jobs=asked.jobs, **request)
    found = verdict.verdicts(both, draws)
    later = verdict.against_census(both)
    saved = store.save(both.plan, found, folder)
    if asked.figure:
        figures.verdict(found, asked.figure, say.lang)
    if asked.json:
        print(_json({"run": str(saved), "verdicts": found, "census": later,
                     "remarks": list(verdict.remarks(both, found, say.lang))}))  # fmt: skip
        return DONE
    if len(found):
        title = f"{scenario.title.said(say.lang)} · {both.plan.region.title(say.lang)}"
        table(title, *verdict.lines(found, say.lang))
    if len(later):
        table(
            say("模拟与普查", "simulated against the census"),
            *verdict.census_lines(later, say.lang),
        )
    for remark in verdict.remarks(both, found, say.lang):
        print(f"· {remark}")
    say.note(f"已保存 {saved}", f"saved {saved}")
    return DONE


def region_check(asked: argparse.Namespace, say: Say) -> int:
    """`xiancheng region check`: what a pack assumes and what it misses."""
    from calibration.region import load
    from results import packs
    from results.show import table

    region = load(asked.pack, say.lang)
    if asked.json:
        print(_json({"region": region.name, "sha256": region.digest,
                     "assumptions": region.assumptions(), "missing": region.missing()}))  # fmt: skip
        return DONE
    print(f"{region.title_zh} {region.title_en} · sha256 {region.digest}")
    table(say("假定与推导的数值", "what is assumed"), *packs.assumed(region, say.lang), prose=True)
    table(say("缺失的数据", "what is missing"), *packs.missing(region, say.lang), prose=True)
    return DONE


def _json(what: Any) -> str:
    from dataclasses import asdict, is_dataclass

    def plain(value: Any) -> Any:
        if hasattr(value, "to_dict"):
            return value.to_dict("records")
        if is_dataclass(value) and not isinstance(value, type):
            return asdict(value)
        return value.item() if hasattr(value, "item") else str(value)

    return json.dumps(what, ensure_ascii=False, default=plain)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit code says how it went."""
    words = list(sys.argv[1:] if argv is None else argv)
    say = Say("en" if "en" in _values_of("--lang", words) else "zh")
    try:
        asked = parser(say).parse_args(words)
        return int(asked.does(asked, say))
    except KeyboardInterrupt:
        say.note("已中断;没有留下半成品", "interrupted; nothing half-written was left")
        return INTERRUPTED
    except BrokenPipeError:
        return DONE
    except Exception as error:
        message = _said(error, say.lang)
        if message is None:
            raise
        print(message, file=sys.stderr)
        return REFUSED


def _values_of(option: str, words: Sequence[str]) -> list[str]:
    pairs = zip(words, [*words[1:], ""], strict=True)
    return [after for word, after in pairs if word == option] + [
        word.split("=", 1)[1] for word in words if word.startswith(f"{option}=")
    ]


def _said(error: Exception, lang: str) -> str | None:
    """The message of an error that a person can mend, or None."""
    if hasattr(error, "problems") and hasattr(error, "text"):
        return str(error.text(lang))
    if hasattr(error, "zh") and hasattr(error, "en"):
        return str(error.en if lang == "en" else error.zh)
    return None


if __name__ == "__main__":
    sys.exit(main())
