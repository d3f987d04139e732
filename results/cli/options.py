"""Click in the reader's language: commands, options, arguments and types of the command line.

The object of a Click context is the `Say` of the call, which holds the language. Numbers are read
as `calibration.parsing` reads them.
"""

from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import click
from click.shell_completion import CompletionItem
from rich.cells import cell_len

from xiancheng.calibration import naming, parsing
from xiancheng.calibration.i18n import _, listed
from xiancheng.results.text import Say, wrapped

WIDEST, LEFT = 100, 30  # widths [characters] of help, and of its first column

Params = Sequence[click.Parameter]
Record = tuple[str, str]


def nearest(word: str, known: Iterable[str], say: Say) -> str:
    """The closest of the known words, as a question; empty if none is near."""
    near = naming.nearest(word, known)
    return say(_("; did you mean {near}?", near=near)) if near else ""


# Types


class Value(click.ParamType[Any]):
    """What a text means; one that means nothing is refused with what was expected.

    Parameters
    ----------
    name : placeholder in usage and help
    read : the value of a text, or None
    expected : what the text should be, in the reader's language
    words : all that it may be, if these are few
    """

    def __init__(
        self, name: str, read: Callable[[str], Any], expected: str, words: Sequence[str] = ()
    ) -> None:
        self.name, self.read, self.expected, self.words = name, read, expected, words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value, or a usage error."""
        found = self.read(value) if isinstance(value, str) else value
        if found is None:
            say, expected = _say(ctx), self.expected
            got = f"{value}{nearest(value, self.words, say)}"
            self.fail(say(_("should be {expected}; got {got}", expected=expected, got=got)),
                      param, ctx)  # fmt: skip
        return found

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The words that begin so."""
        return [CompletionItem(word) for word in self.words if word.startswith(incomplete)]


def whole(say: Say, least: int | None = None, most: int | None = None) -> Value:
    """A whole number in plain digits, within bounds that may be open."""

    def read(text: str) -> int | None:
        number = parsing.whole(text)
        outside = number is not None and (
            (least is not None and number < least) or (most is not None and number > most)
        )
        return None if outside else number

    expected = say(_("a whole number such as 5"))
    if most is not None:
        expected = say(_("a whole number from {least} to {most}", least=least, most=most))
    elif least is not None:
        expected = say(_("a whole number from {least}", least=least))
    return Value("N", read, expected)


def decimal(say: Say) -> Value:
    """A finite number in plain digits."""
    return Value("X", parsing.number, say(_("a number such as 0.5")))


def day(say: Say) -> Value:
    """A date, the year first."""
    return Value("DATE", parsing.day, say(_("a date such as 2025-12-31")))


def one_of(*words: str) -> Value:
    """One of a few words; another is refused with the closest of them."""
    return Value(f"[{'|'.join(words)}]", lambda text: text if text in words else None,
                 " | ".join(words), words)  # fmt: skip


def pair(example: str) -> Value:
    """A name and its number, such as M12=2."""
    return Value("NAME=X", read_pair, example)


def read_pair(text: str) -> tuple[str, float] | None:
    """The name and the number of a text such as M12=2, or None."""
    name, __, digits = text.partition("=")
    number = parsing.number(digits)
    return (name, number) if name and number is not None else None


class Name(click.ParamType[str]):
    """The name of something that is shipped, or a path.

    Parameters
    ----------
    kinds : what it may name: "packs", "plans", "scenarios"; see `results.cli.ambiguity`
    """

    def __init__(self, *kinds: str, metavar: str = "NAME") -> None:
        self.kinds, self.name = kinds, metavar

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Files and folders."""
        return [CompletionItem(incomplete, type="file")]


class File(click.ParamType[Path]):
    """A file or folder; one that is to `read` is tried before anything is computed."""

    def __init__(self, metavar: str = "FILE", *, read: bool = False) -> None:
        self.name, self.read = metavar, read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path."""
        return Path(value)

    def check_readable(self, path: Path, param: click.Parameter, ctx: click.Context) -> None:
        """Refuse a file that cannot be read, as a usage error."""
        try:
            path.open("rb").close()
        except (OSError, ValueError) as error:
            why, say = getattr(error, "strerror", None) or str(error), _say(ctx)
            self.fail(
                say(_("should be a file to read; got {path} ({why})", path=path, why=why)),
                param,
                ctx,
            )

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Files and folders."""
        return [CompletionItem(incomplete, type="dir" if self.name == "DIR" else "file")]


def _say(ctx: click.Context | None) -> Say:
    assert ctx is not None
    say: Say = ctx.obj
    return say


# Parameters


class Option(click.Option):
    """An option that says its default, its unit and an example in its help.

    Parameters
    ----------
    about : what it is, in the reader's language
    example : a value; none for a flag
    unit : of a number
    usual : what holds if it is not given, where that is no plain value
    several : takes one or more values, `--name A B` as well as `--name A --name B`
    """

    def __init__(
        self, name: str, about: str, example: str = "", *, unit: str = "", usual: str = "",
        several: bool = False, **more: Any,
    ) -> None:  # fmt: skip
        super().__init__([name], help=about, multiple=several, **more)
        self.example, self.unit, self.usual = example, unit, usual

    def help_in(self, say: Say) -> str:
        """The help with all that belongs to it."""
        notes = []
        usual = self.usual or ("" if self.multiple or self.default is None else _plain(self))
        if self.required:
            notes.append(say(_("required")))
        elif usual:
            notes.append(say(_("default: {usual}", usual=usual)))
        if self.unit:
            notes.append(say(_("unit: {unit}", unit=self.unit)))
        if self.example:
            notes.append(
                say(_("example: {opts} {example}", opts=self.opts[0], example=self.example))
            )
        return _with_notes(self.help or "", notes, say)


def _plain(option: Option) -> str:
    """The default of an option as it would be typed; empty without one."""
    default = option.default
    if option.is_flag or not isinstance(default, str | int | float | Path):
        return ""
    return f"{default:g}" if isinstance(default, float) else str(default)


class Argument(click.Argument):
    """A positional argument with a help of its own."""

    def __init__(self, name: str, about: str, example: str = "", **more: Any) -> None:
        super().__init__([name], **more)
        self.about, self.example = about, example

    def help_in(self, say: Say) -> str:
        """The help with the default and the example."""
        notes = []
        if isinstance(self.default, str):
            notes.append(say(_("default: {default}", default=self.default)))
        if self.example:
            notes.append(say(_("example: {example}", example=self.example)))
        return _with_notes(self.about, notes, say)


def _with_notes(text: str, notes: Sequence[str], say: Say) -> str:
    if not notes:
        return text
    note = say(_("; ")).join(notes)
    return say(_("{text} ({note})", text=text, note=note))


def shared(say: Say) -> list[click.Parameter]:
    """What may stand before a command as well as after it."""

    def json(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        if value:
            ctx.meta["json"] = True

    def show(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        if value and not ctx.resilient_parsing:
            print(ctx.get_help())
            ctx.exit()

    lang = say(_("language"))
    usual = say(_("zh, or en where a terminal cannot show Chinese"))
    return [
        Option("--lang", lang, "en", usual=usual, type=one_of("zh", "en"), expose_value=False),
        Option("--json", say(_("print one JSON object")), is_flag=True,
               expose_value=False, callback=json),
        Option("--help", say(_("show this help and exit")), is_flag=True,
               expose_value=False, is_eager=True, callback=show),
    ]  # fmt: skip


# Commands


class Command(click.Command):
    """A command: its words, and the function that does it, which is imported when it is called.

    Parameters
    ----------
    does : `module:function`, called with the options and the `Say`; it gives the exit code
    """

    def __init__(self, does: str, about: str, say: Say, *params: click.Parameter) -> None:
        name = does.partition(":")[2].replace("_", "-")
        super().__init__(
            name, help=about, params=[*params, *shared(say)], add_help_option=False,
            context_settings={"allow_extra_args": True},
        )  # fmt: skip
        self.does = does

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words, in which an option may take several values in a row."""
        known = [param for param in self.params if isinstance(param, Option)]
        several = {param.opts[0] for param in known if param.multiple}
        valued = {param.opts[0] for param in known if not param.is_flag}
        names = {param.opts[0] for param in known}
        for word, following in pairwise(args):
            if word in valued and following.partition("=")[0] in names:
                raise click.BadOptionUsage(word, "", ctx)
        try:
            rest = super().parse_args(ctx, spread(args, several))
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise
        if rest and not ctx.resilient_parsing:
            raise unknown(ctx, " ".join(rest))
        return rest

    def options(self, ctx: click.Context) -> Namespace:
        """The values of all parameters by name, several as a list."""
        values = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in ctx.params.items()
        }
        for param in self.params:
            if isinstance(param.type, Value) and param.type.read is read_pair and param.name:
                values[param.name] = numbers(values[param.name], param, ctx)
        return Namespace(json=ctx.meta.get("json", False), **values)

    def named(self, ctx: click.Context) -> list[tuple[str, tuple[str, ...]]]:
        """Every name on the command line with the kinds of what it may name."""
        return [
            (name, param.type.kinds)
            for param in self.params
            if isinstance(param.type, Name) and param.name
            for name in _listed(ctx.params.get(param.name))
        ]

    def invoke(self, ctx: click.Context) -> int:
        """Do it, and note names that could mean something else."""
        say, options = ctx.obj, self.options(ctx)
        for param in self.params:
            path = ctx.params.get(param.name or "")
            if isinstance(param.type, File) and param.type.read and path:
                param.type.check_readable(path, param, ctx)
        files = [value for value in vars(options).values() if isinstance(value, Path)]
        if names := self.named(ctx):
            ambiguity = import_module("xiancheng.results.cli.ambiguity")
            for name, here in ambiguity.ambiguous(names, files):
                say.note(
                    _(
                        "{name!r} means the {name} that is shipped; for the one here, write {here}",
                        name=name,
                        here=here,
                    )
                )
        module, __, function = self.does.partition(":")
        return int(getattr(import_module(module), function)(options, say))

    def get_usage(self, ctx: click.Context) -> str:
        """The line that says how it is called."""
        return usage(self, ctx)

    def get_help(self, ctx: click.Context) -> str:
        """Usage, description, arguments and options."""
        return _page(self, ctx, [])


class Group(click.Group):
    """A command of commands; each is made when it is asked for.

    Parameters
    ----------
    members : by name, what makes the command in a language
    alone : what is done where no command is given; by default this is refused
    """

    def __init__(
        self, name: str, about: str, say: Say, members: Mapping[str, Callable[[Say], Any]],
        *params: click.Parameter, alone: "Callable[[click.Context], int] | None" = None,
    ) -> None:  # fmt: skip
        super().__init__(
            name, help=about, params=[*params, *shared(say)], add_help_option=False,
            invoke_without_command=True,
        )  # fmt: skip
        self.say, self.members, self.alone = say, members, alone

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in their order."""
        return list(self.members)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name."""
        make = self.members.get(cmd_name)
        return make(self.say) if make else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is asked for; another word is refused with the closest name."""
        if args[0] not in self.members and not ctx.resilient_parsing:
            say, word = self.say, args[0]
            near = nearest(word, self.members, say)
            known = "" if near else say(_("; known: {members}", members=listed(self.members)))
            raise click.UsageError(
                say(
                    _("no command is called {word}{near}{known}", word=word, near=near, known=known)
                ),
                ctx,
            )
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words before the command; what is left is in `ctx.args`."""
        return click.Command.parse_args(self, ctx, args)

    def invoke(self, ctx: click.Context) -> int:
        """Do what is done without a command."""
        if self.alone:
            return self.alone(ctx)
        names = list(self.members)
        raise click.UsageError(
            self.say(_("one of these is missing: {names}", names=listed(names))),
            ctx,
        )

    def get_usage(self, ctx: click.Context) -> str:
        """The line that says how it is called."""
        return usage(self, ctx)

    def get_help(self, ctx: click.Context) -> str:
        """Usage, description, options and commands."""
        listed = [(name, made.help or "")
                  for name in self.members if (made := self.get_command(ctx, name))]  # fmt: skip
        return _page(self, ctx, listed)


def spread(words: Sequence[str], several: set[str]) -> list[str]:
    """Words in which every value of an option that takes several has the option before it.

    >>> spread(["--targets", "A", "B", "--seed", "3"], {"--targets"})
    ['--targets', 'A', '--targets', 'B', '--seed', '3']
    """
    found: list[str] = []
    option, first = "", False
    for number, word in enumerate(words):
        if word == "--":
            return found + list(words[number:])
        if word.startswith("-") and len(word) > 1:
            option, first = (word, True) if word in several else ("", False)
            found.append(word)
        else:
            found += [option, word] if option and not first else [word]
            first = False
    return found


def numbers(
    pairs: Sequence[tuple[str, float]], param: click.Parameter, ctx: click.Context
) -> dict[str, float]:
    """Numbers by name; a name that stands twice is a usage error."""
    names = [name for name, __ in pairs]
    if double := next((name for name in names if names.count(name) > 1), None):
        say = _say(ctx)
        raise click.BadParameter(
            say(_("{double} stands twice; name each once", double=double)),
            ctx,
            param,
        )
    return dict(pairs)


def unknown(ctx: click.Context, words: str) -> click.UsageError:
    """The error of words that a command does not know."""
    say, path = _say(ctx), ctx.command_path
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
            isinstance(p, Option) and p.is_flag and error.option_name in p.opts
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


def _listed(value: object) -> list[str]:
    values = value if isinstance(value, list | tuple) else [value]
    return [each for each in values if isinstance(each, str)]


# Help


def usage(command: click.Command, ctx: click.Context) -> str:
    """How a command is called, on one line."""
    say = _say(ctx)
    words = [say(_("[options]"))]
    words += [_spelled(p) for p in command.params if isinstance(p, click.Argument) or p.required]
    if isinstance(command, Group):
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


def _page(command: click.Command, ctx: click.Context, commands: list[Record]) -> str:
    """The help of a command."""
    say, width = _say(ctx), min(get_terminal_size().columns, WIDEST)
    arguments = [(_spelled(p), p.help_in(say)) for p in command.params if isinstance(p, Argument)]
    options = [(_spelled(p), p.help_in(say)) for p in command.params if isinstance(p, Option)]
    sections = [usage(command, ctx), wrapped(command.help or "", width)]
    for title, records in (
        (say(_("arguments:")), arguments), (say(_("options:")), options),
        (say(_("commands:")), commands),
    ):  # fmt: skip
        if records:
            sections.append("\n".join([title, *_lines(records, width)]))
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
