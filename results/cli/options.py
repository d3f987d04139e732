"""Click in the reader's language: commands, options, arguments and types of the command line.

The object of a Click context is the `Say` of the call, which holds the language. Numbers are read
as `calibration.parsing` reads them.
"""

from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from xiancheng.calibration import parsing
from xiancheng.calibration.i18n import Words, _, listed
from xiancheng.results.cli.help import Text, explained, nearest, page, say_of, unknown, usage

# Types


class Value(click.ParamType[Any]):
    """What a text means; one that means nothing is refused with what was expected.

    Parameters
    ----------
    name : placeholder in usage and help
    read : the value of a text, or None
    expected : what the text should be
    words : all that it may be, if these are few
    """

    def __init__(
        self, name: str, read: Callable[[str], Any], expected: Text, words: Sequence[str] = ()
    ) -> None:
        self.name, self.read, self.expected, self.words = name, read, expected, words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value, or a usage error."""
        found = self.read(value) if isinstance(value, str) else value
        if found is None:
            near = nearest(value, self.words)
            what = _("should be {what}; got {got}{near}", what=self.expected, got=value, near=near)
            self.fail(say_of(ctx)(what), param, ctx)
        return found

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The words that begin so."""
        return [CompletionItem(word) for word in self.words if word.startswith(incomplete)]


def whole(least: int | None = None, most: int | None = None) -> Value:
    """A whole number in plain digits, within bounds that may be open."""

    def read(text: str) -> int | None:
        number = parsing.whole(text)
        outside = number is not None and (
            (least is not None and number < least) or (most is not None and number > most)
        )
        return None if outside else number

    if most is not None:
        expected = _("a whole number from {least} to {most}", least=least, most=most)
    elif least is not None:
        expected = _("a whole number from {least}", least=least)
    else:
        expected = _("a whole number such as 5")
    return Value("N", read, expected)


def decimal() -> Value:
    """A finite number in plain digits."""
    return Value("X", parsing.number, _("a number such as 0.5"))


def day() -> Value:
    """A date, the year first."""
    return Value("DATE", parsing.day, _("a date such as 2025-12-31"))


def one_of(*words: str) -> Value:
    """One of a few words; another is refused with the closest of them."""
    shown = " | ".join(words)
    return Value(f"[{'|'.join(words)}]", lambda text: text if text in words else None, shown, words)


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
    kinds : what it may name: "packs", "plans", "scenarios"; see `results.cli.output.ambiguous`
    """

    def __init__(self, *kinds: str, metavar: str = "NAME") -> None:
        self.kinds, self.name = kinds, metavar

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """What is shipped and begins so; files and folders."""
        names = {name for kind in self.kinds for name in shipped(kind)}
        found = [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]
        return [*found, CompletionItem(incomplete, type="file")]


SHIPPED = {  # where names are files or folders: package, and pattern within it
    "packs": ("xiancheng.calibration", "regions/*"),
    "plans": ("xiancheng.scenarios", "plans/*"),
    "scenarios": ("xiancheng.scenarios", "plans/*/scenarios/*.yaml"),
}


def shipped(kind: str) -> list[str]:
    """The names of a kind, found without importing what reads them."""
    package, pattern = SHIPPED[kind]
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    return [path.stem for folder in folders or () for path in Path(folder).glob(pattern)]


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
            why = getattr(error, "strerror", None) or str(error)
            what = _("should be a file to read; got {path} ({why})", path=path, why=why)
            self.fail(say_of(ctx)(what), param, ctx)

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
    about : what it is
    example : a value; none for a flag
    unit : of a number
    usual : what holds if it is not given, where that is no plain value
    several : takes one or more values, `--name A B` as well as `--name A --name B`
    dest : what the function calls it; by default its name
    """

    def __init__(
        self, name: str, about: Words, example: Text = "", *, unit: Text = "", usual: Text = "",
        several: bool = False, dest: str = "", **more: Any,
    ) -> None:  # fmt: skip
        super().__init__([name, *filter(None, [dest])], multiple=several, **more)
        self.about, self.example, self.unit, self.usual = about, example, unit, usual


class Argument(click.Argument):
    """A positional argument that says its default and an example in its help."""

    def __init__(self, name: str, about: Words, example: Text = "", **more: Any) -> None:
        super().__init__([name], **more)
        self.about, self.example, self.unit, self.usual = about, example, "", ""


def _note_json(ctx: click.Context, __: click.Parameter, value: bool) -> None:
    if value:
        ctx.meta["json"] = True


def _print_help(ctx: click.Context, __: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        print(ctx.get_help())
        ctx.exit()


SHARED = (  # what may stand before a command as well as after it
    Option("--lang", _("language"), "en", type=one_of("zh", "en"), expose_value=False,
           usual=_("zh, or en where a terminal cannot show Chinese")),
    Option("--json", _("print one JSON object"), is_flag=True, expose_value=False,
           callback=_note_json),
    Option("--help", _("show this help and exit"), is_flag=True, expose_value=False,
           is_eager=True, callback=_print_help),
)  # fmt: skip


# Commands


class Command(click.Command):
    """A command: its words, and the function that does it, which is imported when it is called.

    Parameters
    ----------
    does : `module:function`, called with the options and the `Say`; it gives the exit code
    without : options that other commands take, and why this one does not
    """

    def __init__(
        self, does: str, about: Words, *params: click.Parameter,
        without: Mapping[str, Words] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            does.partition(":")[2].replace("_", "-"), params=[*params, *SHARED],
            add_help_option=False, context_settings={"allow_extra_args": True},
        )  # fmt: skip
        self.does, self.about, self.without = does, about, without or {}

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
        """The values of all parameters by name, several as a list; `given` are those typed."""
        values = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in ctx.params.items()
        }
        for param in self.params:
            if isinstance(param.type, Value) and param.type.read is read_pair and param.name:
                values[param.name] = numbers(values[param.name], param, ctx)
        typed = click.core.ParameterSource.COMMANDLINE
        given = {name for name in values if ctx.get_parameter_source(name) is typed}
        return Namespace(json=ctx.meta.get("json", False), given=given, **values)

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
            output = import_module("xiancheng.results.cli.output")
            for name, here in output.ambiguous(names, files):
                say.note(_("{name!r} means the {name} that is shipped; for the one here, write "
                           "{here}", name=name, here=here))  # fmt: skip
        module, __, function = self.does.partition(":")
        done = getattr(import_module(module), function)
        if not hasattr(options, "plan"):
            return int(done(options, say))
        with import_module("xiancheng.scenarios.loader").using_plan(options.plan, options.region):
            return int(done(options, say))

    def get_usage(self, ctx: click.Context) -> str:
        """The line that says how it is called."""
        return usage(self, ctx)

    def get_help(self, ctx: click.Context) -> str:
        """Usage, description, arguments and options."""
        return page(self, ctx)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Options that begin so."""
        return explained(super().shell_complete(ctx, incomplete), self, ctx)


class CommandGroup(click.Group):
    """A command of commands.

    Parameters
    ----------
    sections : its commands by heading
    alone : what is done where no command is given; by default this is refused
    """

    def __init__(
        self, name: str, about: Words, sections: Mapping[Words, Sequence[click.Command]],
        *params: click.Parameter, alone: Callable[[click.Context], int] | None = None,
    ) -> None:  # fmt: skip
        members = {str(each.name): each for listed_ in sections.values() for each in listed_}
        super().__init__(
            name, commands=members, params=[*params, *SHARED], add_help_option=False,
            invoke_without_command=True,
        )  # fmt: skip
        self.about, self.sections, self.alone = about, sections, alone

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in their order."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is asked for; another word is refused with the closest name."""
        if args[0] not in self.commands and not ctx.resilient_parsing:
            near = nearest(args[0], self.commands)
            known = "" if near else _("; known: {members}", members=listed(self.commands))
            what = _("no command is called {word}{near}{known}", word=args[0], near=near,
                     known=known)  # fmt: skip
            raise click.UsageError(say_of(ctx)(what), ctx)
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words before the command; what is left is in `ctx.args`."""
        return click.Command.parse_args(self, ctx, args)

    def invoke(self, ctx: click.Context) -> int:
        """Do what is done without a command."""
        if self.alone:
            return self.alone(ctx)
        what = _("one of these is missing: {names}", names=listed(self.commands))
        raise click.UsageError(say_of(ctx)(what), ctx)

    def get_usage(self, ctx: click.Context) -> str:
        """The line that says how it is called."""
        return usage(self, ctx)

    def get_help(self, ctx: click.Context) -> str:
        """Usage, description, options and commands under their headings."""
        return page(self, ctx, self.sections)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands and options that begin so."""
        return explained(super().shell_complete(ctx, incomplete), self, ctx)


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
    for name in names:
        if names.count(name) > 1:
            what = _("{name} stands twice; name it once", name=name)
            raise click.BadParameter(say_of(ctx)(what), ctx, param)
    return dict(pairs)


def _listed(value: object) -> list[str]:
    values = value if isinstance(value, list | tuple) else [value]
    return [each for each in values if isinstance(each, str)]
