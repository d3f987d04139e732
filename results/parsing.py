"""The command line read in the reader's language: messages, types and help of argparse."""

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from xiancheng.calibration import naming, parsing
from xiancheng.calibration.errors import RequestError
from xiancheng.results.stopping import REFUSED

# What argparse says, in Chinese.
CHINESE = {
    "usage: ": "用法：",
    "positional arguments": "位置参数",
    "options": "选项",
    "subcommands": "子命令",
    "show this help message and exit": "显示本帮助并退出",
    "expected one argument": "需要一个值",
    "expected at most one argument": "至多一个值",
    "expected at least one argument": "至少需要一个值",
    "the following arguments are required: %s": "缺少必需的参数：%s",
    "one of the arguments %s is required": "以下参数须给出其一：%s",
    "not allowed with argument %s": "不能与 %s 同时使用",
    "ignored explicit argument %r": "不接受值 %r",
    "unrecognized arguments: %s": "没有这样的参数：%s",
    "ambiguous option: %(option)s could match %(matches)s": "%(option)s 不明确，可能是 %(matches)s",
    "invalid %(type)s value: %(value)r": "无效的值 %(value)r",
    "argument %(argument_name)s: %(message)s": "参数 %(argument_name)s：%(message)s",
}
SEVERAL = {"expected %s argument": "需要 %s 个值"}

# Arguments that are files to be read, whatever the command.
INPUTS = ("observations", "design", "attribution", "package", "table", "concordance")

_lang = "zh"


@contextmanager
def localised(lang: str) -> Iterator[None]:
    """Parsers read and written meanwhile speak a language."""
    global _lang
    own = _lang, argparse._, argparse.ngettext  # type: ignore[attr-defined]
    _lang = lang
    if lang == "zh":
        argparse._ = lambda text: CHINESE.get(text, text)  # type: ignore[attr-defined]
        argparse.ngettext = _several  # type: ignore[attr-defined]
    try:
        yield
    finally:
        _lang, argparse._, argparse.ngettext = own  # type: ignore[attr-defined]


def _several(one: str, many: str, count: int) -> str:
    return SEVERAL.get(one) or (one if count == 1 else many)


def says(zh: str, en: str) -> str:
    """The words in the language of the parsers at work."""
    return en if _lang == "en" else zh


class Formatter(argparse.HelpFormatter):
    """Help in which every option that has a default states it."""

    def _get_help_string(self, action: argparse.Action) -> str:
        text = action.help or ""
        unsaid = action.default in (None, argparse.SUPPRESS) or action.default == []
        if unsaid or action.required or action.nargs == 0 or "缺省" in text or "default" in text:
            return text
        return text + says("（缺省 %(default)s）", " (default: %(default)s)")


class Parser(argparse.ArgumentParser):
    """An argument parser whose usage errors are one line and the usage, and exit with 2."""

    known: Mapping[str, list[str]]  # options by command, of the parser of all commands

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **{"formatter_class": Formatter, **more})
        self.register("type", int, whole)
        self.register("type", float, decimal)

    def error(self, message: str) -> Any:
        """Say what is wrong with the command line."""
        self.exit(REFUSED, f"{self.prog}: {message}\n{self.format_usage()}")

    def options(self) -> list[str]:
        """Every option, `--help` among them."""
        return list(self._option_string_actions)

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is not None and value not in action.choices:
            choices = [str(each) for each in action.choices]
            raise argparse.ArgumentError(
                action,
                says(
                    f"应为 {'、'.join(choices)}；得到 {value}{meant(str(value), choices)}",
                    f"expected {', '.join(choices)}; got {value}{meant(str(value), choices)}",
                ),
            )


def meant(word: str, known: list[str]) -> str:
    """The nearest of the known words, as a question; empty if none is near."""
    near = naming.nearest(word, known)
    return says(f"；是否指 {near}？", f"; did you mean {near}?") if near else ""


def whole(text: str) -> int:
    """A whole number, in plain digits."""
    if (value := parsing.whole(text)) is None:
        raise argparse.ArgumentTypeError(
            says(
                f"应为整数，如 5；得到 {text!r}", f"expected a whole number such as 5; got {text!r}"
            )
        )
    return value


def decimal(text: str) -> float:
    """A number, in plain digits."""
    if (value := parsing.number(text)) is None:
        raise argparse.ArgumentTypeError(
            says(f"应为数字，如 0.5；得到 {text!r}", f"expected a number such as 0.5; got {text!r}")
        )
    return value


def check_inputs(asked: argparse.Namespace) -> None:
    """Refuse files that a command would read and that cannot be read, before anything is computed.

    Raises
    ------
    RequestError
    """
    for path in filter(None, (getattr(asked, name, None) for name in INPUTS)):
        try:
            path.open("rb").close()
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise RequestError(
                f"应为可读的文件；得到 {path}（{why}）",
                f"expected a file to read; got {path} ({why})",
            ) from None
