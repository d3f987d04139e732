"""The help of a command, and usage errors, in the reader's language.

The object of a Click context is the `Say` of the call, which holds the language.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from shutil import get_terminal_size

import click
from click.shell_completion import CompletionItem
from rich.cells import cell_len

from xiancheng.calibration import naming
from xiancheng.calibration.i18n import Words, _
from xiancheng.results.text import Say, wrapped

WIDEST, LEFT = 100, 30  # widths [characters] of help, and of its first column

Text = str | Words


def say_of(ctx: click.Context | None) -> Say:
    """What holds the language of a call."""
    assert ctx is not None
    say: Say = ctx.obj
    return say


def nearest(word: str, known: Iterable[str]) -> Text:
    """The closest of the known words, as a question; empty if none is near."""
    near = naming.nearest(word, known)
    return _("; did you mean {near}?", near=near) if near else ""


# Errors


def unknown(ctx: click.Context, words: str) -> click.UsageError:
    """The error of words that a command does not know."""
    option = words.partition(" ")[0].partition("=")[0]
    known = [name for param in ctx.command.params for name in param.opts]
    near = naming.nearest(option, known) if option.startswith("-") else ""
    path = ctx.command_path
    if why := getattr(ctx.command, "without", {}).get(option):
        what = _("takes no {words}: {why}", words=option, why=why)
    elif near:
        what = _("takes no {words}; did you mean {near}? See {path} --help", words=words,
                 near=near, path=path)  # fmt: skip
    else:
        what = _("takes no {words}; see {path} --help", words=words, path=path)
    return click.UsageError(say_of(ctx)(what), ctx)


def message(error: click.UsageError, say: Say) -> str:
    """A usage error in the reader's language, with the usage of the command on a line below."""
    ctx, what = error.ctx, error.format_message()
    if isinstance(error, click.NoSuchOption) and ctx is not None:
        what = unknown(ctx, error.option_name).message
    elif isinstance(error, click.MissingParameter) and error.param is not None:
        what = say(_("{name} is missing", name=_written(error.param)))
    elif isinstance(error, click.BadParameter) and error.param is not None:
        what = f"{_written(error.param)} {error.message}"
    elif isinstance(error, click.BadOptionUsage):
        params = ctx.command.params if ctx else []
        flags = [p for p in params if isinstance(p, click.Option) and p.is_flag]
        needless = any(error.option_name in flag.opts for flag in flags)
        what = say(_("takes no value") if needless else _("needs a value"))
        what = f"{error.option_name} {what}"
    return f"{ctx.command_path}: {what}\n{usage(ctx.command, ctx)}" if ctx else what


def _written(param: click.Parameter) -> str:
    """How a parameter is written: --seed, DESIGN."""
    return param.opts[0] if isinstance(param, click.Option) else param.human_readable_name


# Help


def usage(command: click.Command, ctx: click.Context) -> str:
    """How a command is called, on one line."""
    say = say_of(ctx)
    words = [say(_("[options]"))]
    words += [spelled(p) for p in command.params if isinstance(p, click.Argument) or p.required]
    if isinstance(command, click.Group):
        words.append(say(_("COMMAND ...")))
    return f"{say(_('usage: '))}{ctx.command_path} {' '.join(words)}"


def spelled(param: click.Parameter) -> str:
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
        getattr(param, name) for name in ("about", "example", "unit", "usual")
    )
    default, notes = param.default, list[Words]()
    if not usual and isinstance(default, str | int | float | Path) and default is not False:
        usual = f"{default:g}" if isinstance(default, float) else str(default)
    if isinstance(param, click.Option) and param.required:
        notes.append(_("required"))
    elif usual:
        notes.append(_("default: {usual}", usual=usual))
    if unit:
        notes.append(_("unit: {unit}", unit=unit))
    if example:
        notes.append(
            _("example: {option} {example}", option=param.opts[0], example=example)
            if isinstance(param, click.Option)
            else _("example: {example}", example=example)
        )
    if not notes:
        return say(about)
    note = say(_("; ")).join(map(say, notes))
    return say(_("{text} ({note})", text=about, note=note))


def page(
    command: click.Command, ctx: click.Context,
    commands: Mapping[Words, Sequence[click.Command]] = {},
) -> str:  # fmt: skip
    """The help of a command: usage, what it does, parameters, and commands under headings."""
    say, width = say_of(ctx), min(get_terminal_size().columns, WIDEST)
    sections = {
        heading: [(spelled(p), help_of(p, say)) for p in command.params if isinstance(p, kind)]
        for heading, kind in ((_("arguments:"), click.Argument), (_("options:"), click.Option))
    }
    for heading, listed in commands.items():
        sections[heading] = [(str(each.name), about_of(each, say)) for each in listed]
    texts = [usage(command, ctx), wrapped(about_of(command, say), width)]
    for heading, records in sections.items():
        if records:
            texts.append("\n".join([say(heading), *_lines(records, width)]))
    return "\n\n".join(texts)


def about_of(what: object, say: Say) -> str:
    """What a command or a parameter is."""
    about: Words = getattr(what, "about")  # noqa: B009 - of our commands and parameters
    return say(about)


def explained(
    items: list[CompletionItem], command: click.Command, ctx: click.Context
) -> list[CompletionItem]:
    """Completions with what each is, which some shells show."""
    words = {option: param for param in command.params for option in param.opts}
    words |= getattr(command, "commands", {})
    for item in items:
        if item.value in words:
            item.help = about_of(words[item.value], say_of(ctx))
    return items


def _lines(records: Sequence[tuple[str, str]], width: int) -> Iterable[str]:
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
