"""The command `xiancheng`: Chinese by default, `--lang en` or XIANCHENG_LANG=en for English.

Exit codes: 0 done, 1 a run failed, 2 bad input or usage, 130 interrupted. What a command needs is
imported when it is called, so that help comes at once.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise
from typing import NoReturn

import click
from click.shell_completion import shell_complete

import xiancheng
from xiancheng.calibration.errors import LANGUAGE, localized, preferred_language
from xiancheng.calibration.i18n import Words, _
from xiancheng.results.cli.commands import COMMANDS
from xiancheng.results.cli.help import message
from xiancheng.results.cli.options import CommandGroup, Option
from xiancheng.results.cli.process import (
    DONE,
    FAILED,
    INTERRUPTED,
    REFUSED,
    end_workers,
    leave,
    stopped_by_signals,
)
from xiancheng.results.text import Say, as_json, prepare, shows_chinese, visible

NAME, COMPLETE = "xiancheng", "_XIANCHENG_COMPLETE"  # the program, and what shells ask it by


def _print_version(ctx: click.Context, __: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        code = import_module("xiancheng.scenarios.run_spec").code_digest()
        print(f"{NAME} {xiancheng.__version__} (code {code})")
        ctx.exit()


def next_steps(ctx: click.Context) -> int:
    """What to do next: what `xiancheng` prints alone."""
    say = ctx.obj
    steps = {
        "xiancheng run --scale 0.05": say(_("run the plan, about a minute")),
        "xiancheng run --draws 40": say(_("probabilities of the targets with 90 % intervals")),
        "xiancheng compare baseline plan": say(_("scenarios side by side")),
        "xiancheng show plan --diff schools-first": say(_("what a scenario changes")),
        "xiancheng region check binzhou": say(_("what a region pack assumes")),
        "xiancheng console": say(_("compare in the browser")),
        "xiancheng --help": say(_("all commands; each has its own --help")),
    }  # fmt: skip
    if ctx.meta.get("json"):
        print(as_json({"next": steps}))
        return DONE
    print(say(_("A simulator of county-town urbanization. Next:")))
    for words, what in steps.items():
        print(f"  {words:<{max(map(len, steps))}}  {what}")
    return DONE


PROGRAM = CommandGroup(
    NAME, _("a simulator of county-town urbanization"), COMMANDS,
    Option("--version", _("version and digest of the code"), is_flag=True, expose_value=False,
           is_eager=True, callback=_print_version),
    alone=next_steps,
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit code says how it went."""
    words = list(sys.argv[1:] if argv is None else argv)
    say = Say(_language(words))
    if wrong := _unknown_language(words):
        print(wrong, file=sys.stderr)
        return REFUSED
    try:
        with stopped_by_signals(), parsed(words, say) as ctx:
            return int(ctx.command.invoke(ctx))
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.UsageError as error:
        print(visible(message(error, say)), file=sys.stderr)
        return REFUSED
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
        refusal = localized(error, say.lang)
        zh, en = getattr(error, "zh", None), getattr(error, "en", None)
        if refusal is None and zh and en:  # a run failed, in a way that was foreseen
            say.note(Words(zh, en))
            return FAILED
        if refusal is None:
            raise
        print(visible(refusal), file=sys.stderr)
        return REFUSED


def parsed(words: Sequence[str], say: Say) -> click.Context:
    """The context of the command that the words call, down to its last sub-command.

    Raises
    ------
    click.UsageError
    """
    ctx = PROGRAM.make_context(NAME, list(words), obj=say)
    while isinstance(ctx.command, CommandGroup) and ctx.args:
        name, command, rest = ctx.command.resolve_command(ctx, ctx.args)
        assert command is not None
        ctx = command.make_context(name, rest, parent=ctx)
    return ctx


def entry() -> NoReturn:
    """Run the command that the process was started with, and end it."""
    prepare(json="--json" in sys.argv)
    if instruction := os.environ.get(COMPLETE):
        say = Say(_language([]))
        sys.exit(shell_complete(PROGRAM, {"obj": say}, NAME, COMPLETE, instruction))
    leave(main())


def _language(words: Sequence[str]) -> str:
    """The language of the command line or the environment; else Chinese where it can be shown."""
    shown = "zh" if shows_chinese() else "en"
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
    wrong = _(
        "the environment variable {name} should be zh or en; got {value!r}; set it, or use --lang",
        name=LANGUAGE, value=value[:40],
    )  # fmt: skip
    return f"{wrong.zh}\n{wrong.en}"


if __name__ == "__main__":
    entry()
