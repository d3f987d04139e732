"""The help of a command, and usage errors, in the reader's language.

The object of a Click context is the `Say` of the call, which holds the language.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from shutil import get_terminal_size

import click
from rich.cells import cell_len

from xiancheng.calibration import naming
from xiancheng.calibration.i18n import _
from xiancheng.results.text import Say, wrapped

WIDEST, LEFT = 100, 30  # widths [characters] of help, and of its first column

Record = tuple[str, str]  # words, and what they do


def say_of(ctx: click.Context | None) -> Say:
    """What holds the language of a call."""
    assert ctx is not None
    say: Say = ctx.obj
    return say


def nearest(word: str, known: Iterable[str], say: Say) -> str:
    """The closest of the known words, as a question; empty if none is near."""
    near = naming.nearest(word, known)
    return say(_("; did you mean {near}?", near=near)) if near else ""


# Errors


def unknown(ctx: click.Context, words: str) -> click.UsageError:
    """The error of words that a command does not know."""
    say, path = say_of(ctx), ctx.command_path
    known = [name for param in ctx.command.params for name in param.opts]
    option = words.partition(" ")[0].partition("=")[0]
    near = nearest(option, known, say) if option.startswith("-") else ""
    return click.UsageError(
        say(_("takes no {words}{near}; see {path} --help", words=words, near=near, path=path)), ctx,
    )  # fmt: skip


def message(error: click.UsageError, say: Say) -> str:
    """A usage error in the reader's language, with the usage of the command on a line below."""
    ctx, what = error.ctx, error.format_message()
    if isinstance(error, click.NoSuchOption) and ctx is not None:
        what = unknown(ctx, error.option_name).message
    elif isinstance(error, click.MissingParameter) and error.param is not None:
        name = _written(error.param)
        what = say(_("{name} is missing", name=name))
    elif isinstance(error, click.BadParameter) and error.param is not None:
        name = _written(error.param)
        what = f"{name} {error.message}"
    elif isinstance(error, click.BadOptionUsage):
        flag = ctx is not None and any(
            isinstance(p, click.Option) and p.is_flag and error.option_name in p.opts
            for p in ctx.command.params
        )
        needs = say(_("takes no value")) if flag else say(_("needs a value"))
        what = f"{error.option_name} {needs}"
    if ctx is None:
        return what
    return f"{ctx.command_path}: {what}\n{usage(ctx.command, ctx)}"


def _written(param: click.Parameter) -> str:
    """How a parameter is written: --seed, DESIGN."""
    return param.opts[0] if isinstance(param, click.Option) else param.human_readable_name


# Help


def usage(command: click.Command, ctx: click.Context) -> str:
    """How a command is called, on one line."""
    say = say_of(ctx)
    words = [say(_("[options]"))]
    words += [_spelled(p) for p in command.params if isinstance(p, click.Argument) or p.required]
    if isinstance(command, click.Group):
        words.append(say(_("COMMAND ...")))
    return f"{say(_('usage: '))}{ctx.command_path} {' '.join(words)}"


def _spelled(param: click.Parameter) -> str:
    """A parameter as it is typed: `--seed N`, `[SCENARIO]`, `A...`."""
    if isinstance(param, click.Argument):
        word = param.human_readable_name + ("..." if param.nargs < 0 else "")
        return word if param.required else f"[{word}]"
    if isinstance(param, click.Option) and param.is_flag:
        return param.opts[0]
    values = param.metavar or param.type.name
    return f"{param.opts[0]} {values}{' ...' if param.multiple else ''}"


def help_of(param: click.Parameter, say: Say) -> str:
    """What a parameter is, with its default, its unit and an example."""
    about, example, unit, usual = (
        str(getattr(param, name, "")) for name in ("about", "example", "unit", "usual")
    )
    default, notes = param.default, []
    if not usual and isinstance(default, str | int | float | Path) and default is not False:
        usual = f"{default:g}" if isinstance(default, float) else str(default)
    if isinstance(param, click.Option) and param.required:
        notes.append(say(_("required")))
    elif usual:
        notes.append(say(_("default: {usual}", usual=usual)))
    if unit:
        notes.append(say(_("unit: {unit}", unit=unit)))
    if example:
        typed = f"{param.opts[0]} {example}" if isinstance(param, click.Option) else example
        notes.append(say(_("example: {example}", example=typed)))
    if not notes:
        return about
    return say(_("{text} ({note})", text=about, note=say(_("; ")).join(notes)))


def page(
    command: click.Command, ctx: click.Context, commands: Mapping[str, Sequence[Record]] = {}
) -> str:
    """The help of a command: usage, what it does, parameters, and commands under headings."""
    say, width = say_of(ctx), min(get_terminal_size().columns, WIDEST)
    kinds = {say(_("arguments:")): click.Argument, say(_("options:")): click.Option}
    records: dict[str, Sequence[Record]] = {
        heading: [(_spelled(p), help_of(p, say)) for p in command.params if isinstance(p, kind)]
        for heading, kind in kinds.items()
    }
    sections = [usage(command, ctx), wrapped(command.help or "", width)]
    for heading, listed in {**records, **commands}.items():
        if listed:
            sections.append("\n".join([heading, *_lines(listed, width)]))
    return "\n\n".join(sections)


def _lines(records: Sequence[Record], width: int) -> Iterable[str]:
    """Words and their help side by side; long words stand on a line of their own."""
    left = min(LEFT, 2 + max(cell_len(word) for word, __ in records))
    for word, text in records:
        first, *more = wrapped(text, max(width - left - 2, 20)).split("\n")
        if cell_len(word) + 2 > left:
            yield f"  {word}"
            yield f"  {' ' * left}{first}"
        else:
            yield f"  {word}{' ' * (left - cell_len(word))}{first}"
        yield from (f"  {' ' * left}{line}" for line in more)
