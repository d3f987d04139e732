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
from xiancheng.calibration.i18n import Words, _
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

    def __call__(self, words: Words) -> str:
        """The words in the reader's language."""
        return words.said(self.lang)

    def note(self, words: Words) -> None:
        """A line for people, not for programs."""
        print(streams.visible(self(words)), file=sys.stderr)


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
    about = say(_("a simulator of county-town urbanization"))
    top = Parser(prog="xiancheng", description=about)
    _shared(top, say)
    top.set_defaults(lang=say.lang, json=False)
    known = say(_("version and digest of the code"))
    top.add_argument("--version", action=Version, nargs=0, help=known)
    commands = top.add_subparsers(
        dest="command", metavar=say(_("command")), required=True, parser_class=Parser
    )

    def command(name: str, words: Words) -> Parser:
        return commands.add_parser(name, parents=[common], help=say(words), description=say(words))

    run = command("run", _("run a scenario against its baseline"))
    run.add_argument(
        "scenario",
        nargs="?",
        default="plan",
        help=say(_("name or file of a scenario")),
    )
    _region(run, say)
    run.add_argument("--seed", type=int, default=1, help=say(_("seed of the random numbers")))
    run.add_argument(
        "--draws",
        type=int,
        default=0,
        help=say(_("number of parameter draws; 0: none")),
    )
    scale = say(_("rows for each resident, at most 1"))
    run.add_argument("--scale", type=float, default=1.0, help=scale)
    run.add_argument(
        "--start",
        help=say(_("first day, a census date; by default the scenario's")),
    )
    run.add_argument("--until", help=say(_("last day; by default the scenario's")))
    run.add_argument(
        "--jobs",
        type=int,
        help=say(_("worker processes; by default one per core")),
    )
    run.add_argument(
        "--figure",
        type=Path,
        help=say(_("also draw the verdicts (SVG); by default not")),
    )
    saved = say(_("folder of runs; by default results/runs"))
    run.add_argument("--out", type=Path, help=saved)

    check = command("check", _("check scenario, measure and region files"))
    check.add_argument("files", nargs="+", help=say(_("names, files or folders")))
    _region(check, say)

    show = command("show", _("a scenario as resolved"))
    show.add_argument("scenario", help=say(_("name or file of a scenario")))
    show.add_argument(
        "--diff",
        metavar="OTHER",
        help=say(_("what OTHER changes; by default the scenario")),
    )
    _region(show, say)

    measures = command("measures", _("the register of measures, both ways"))
    measures.add_argument("id", nargs="?", help=say(_("number of a measure; by default all")))
    measures.add_argument("--levers", action="store_true", help=say(_("by lever")))

    sweep = command("sweep", _("run a design of many runs"))
    sweep.add_argument("design", type=Path, help=say(_("design file")))
    sweep.add_argument("--out", type=Path, required=True, help=say(_("folder of runs")))
    sweep.add_argument(
        "--jobs",
        type=int,
        help=say(_("worker processes; by default one per core")),
    )
    sweep.add_argument("--shard", default="1/1", metavar="i/n", help=say(_("part i of n")))
    sweep.add_argument("--engine", choices=["local", "dask"], default="local",
                       help=say(_("where to compute")))  # fmt: skip
    address = say(
        _("of the Dask scheduler, as tcp://host:port; by default a cluster on this machine")
    )
    sweep.add_argument("--scheduler", metavar="ADDRESS", help=address)
    sweep.add_argument("--resume", action="store_true", help=say(_("continue a sweep")))

    reproduce = command("reproduce", _("run again and compare digests"))
    reproduce.add_argument("run", help=say(_("id or folder of a run")))

    _score(command("score", _("score forecasts on later figures")), say)
    asking.add(command, say)
    judging.add(command, say)
    page.add(command, say)
    reporting.add(command, say)

    packing.add(command("region", _("region packs")), say)
    top.known = {name: each.options() for name, each in commands.choices.items()}
    return top


def _shared(command: Parser, say: Say) -> None:
    """What may stand before a command as well as after it."""
    off = argparse.SUPPRESS  # so that a command keeps what was said before it
    lang, json = (
        say(_("language; zh by default, en where a terminal cannot show Chinese")),
        say(_("print one JSON object")),
    )
    command.add_argument("--lang", choices=["zh", "en"], default=off, help=lang)
    command.add_argument("--json", action="store_true", default=off, help=json)


def _score(score: argparse.ArgumentParser, say: Say) -> None:
    score.set_defaults(module="xiancheng.results.forecasts.score")
    columns = say(_("CSV: unit_code, date, variable, value; without it, the settings"))
    score.add_argument("observations", nargs="?", type=Path, help=columns)
    _region(score, say)
    score.add_argument(
        "--cutoff",
        metavar="DATE",
        help=say(_("information cut-off; by default as registered")),
    )
    for name, number, meaning in (
        ("draws", int, _("number of parameter draws")),
        ("scale", float, _("rows for each resident")),
        ("seed", int, _("seed of the random numbers")),
    ):
        what = say(_("{meaning}; by default as registered", meaning=meaning))
        score.add_argument(f"--{name}", type=number, help=what)
    score.add_argument(
        "--jobs",
        type=int,
        help=say(_("worker processes; by default one per core")),
    )
    score.add_argument(
        "--out",
        type=Path,
        help=say(_("also write this CSV file; by default not")),
    )


def _region(command: argparse.ArgumentParser, say: Say) -> None:
    command.add_argument("--region", default="binzhou", help=say(_("region pack")))


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
        say.note(_("interrupted; nothing half-written was left"))
        return INTERRUPTED
    except BrokenPipeError:
        return DONE
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        what = error.strerror or str(error)
        say.note(_("cannot read or write{where}: {what}", where=where, what=what))
        return FAILED
    except Exception as error:
        message = localized(error, say.lang)
        zh, en = getattr(error, "zh", None), getattr(error, "en", None)
        if message is None and zh and en:  # a run failed, in a way that was foreseen
            say.note(Words(zh, en))
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
        _(
            "xiancheng {command} takes no {words}{near}; see xiancheng {command} --help",
            command=command,
            words=words,
            near=near,
        )
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
            _(
                "--jobs should be a whole number from {low} to {high}; got {jobs}",
                low=low,
                high=high,
                jobs=jobs,
            )
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
