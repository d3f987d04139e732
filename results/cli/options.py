"""Click in the reader's language: commands, options, arguments and types of the command line.

The object of a Click context is the `Say` of the call, which holds the language. Numbers are read
as `calibration.parsing` reads them.
"""

from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from xiancheng.calibration import parsing
from xiancheng.calibration.i18n import _, listed
from xiancheng.results.cli.help import nearest, page, say_of, unknown, usage
from xiancheng.results.text import Say

Sections = Mapping[str, Mapping[str, Callable[[Say], Any]]]  # of commands, by heading and name


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
            say, expected = say_of(ctx), self.expected
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
            why, say = getattr(error, "strerror", None) or str(error), say_of(ctx)
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
        self.about, self.example, self.unit, self.usual = about, example, unit, usual


class Argument(click.Argument):
    """A positional argument that says its default and an example in its help."""

    def __init__(self, name: str, about: str, example: str = "", **more: Any) -> None:
        super().__init__([name], **more)
        self.about, self.example, self.unit, self.usual = about, example, "", ""


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
        return page(self, ctx)


class Group(click.Group):
    """A command of commands; each is made when it is asked for.

    Parameters
    ----------
    sections : by heading, the names of its commands and what makes each in a language
    alone : what is done where no command is given; by default this is refused
    """

    def __init__(
        self, name: str, about: str, say: Say, sections: Sections, *params: click.Parameter,
        alone: Callable[[click.Context], int] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            name, help=about, params=[*params, *shared(say)], add_help_option=False,
            invoke_without_command=True,
        )  # fmt: skip
        self.say, self.sections, self.alone = say, sections, alone
        self.members = {
            name: make for members in sections.values() for name, make in members.items()
        }

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
        """Usage, description, options and commands under their headings."""
        listed_ = {
            heading: [(name, make(self.say).help or "") for name, make in members.items()]
            for heading, members in self.sections.items()
        }
        return page(self, ctx, listed_)


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
        say = say_of(ctx)
        raise click.BadParameter(
            say(_("{double} stands twice; name each once", double=double)),
            ctx,
            param,
        )
    return dict(pairs)


def _listed(value: object) -> list[str]:
    values = value if isinstance(value, list | tuple) else [value]
    return [each for each in values if isinstance(each, str)]
