"""What is wrong with a file: where, what was expected, what was found, which name was meant.

Everything that a person writes is held against a pydantic model, and all that is wrong is told at
once, in Chinese or English.
"""

import re
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from xiancheng.calibration import naming, parsing
from xiancheng.calibration.i18n import Words as Words
from xiancheng.calibration.naming import shortened as shortened
from xiancheng.calibration.refusal import RefusedError

Path = tuple[str | int, ...]  # the keys and list positions that lead to a value


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in one place; line 0 where there is no file."""

    file: str
    line: int
    column: int
    key: str
    expected: Words
    found: str | Words
    nearest: str = ""

    def text(self, lang: str = "zh") -> str:
        """The problem in one line."""
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        key = f"{self.key}: " if self.key else ""
        found = self.found.said(lang) if isinstance(self.found, Words) else self.found
        if lang == "en":
            meant = f"; did you mean {self.nearest!r}?" if self.nearest else ""
            return f"{where}: {key}expected {self.expected.en}, found {found}{meant}"
        meant = f"；是否想写 {self.nearest!r}？" if self.nearest else ""
        return f"{where}: {key}应为{self.expected.zh}，现为 {found}{meant}"


class ScenarioError(RefusedError):
    """A scenario, measure or plan file that cannot be used, with everything that is wrong in it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        ValueError.__init__(self, self.problems)

    def text(self, lang: str = "zh") -> str:
        """All problems, one a line."""
        return "\n".join(problem.text(lang) for problem in self.problems)


@dataclass(frozen=True)
class Document:
    """A value that was read, and where its parts stand: (line, column), counted from 1."""

    file: str
    value: Any
    keys: Mapping[Path, tuple[int, int]]
    values: Mapping[Path, tuple[int, int]]

    def problem(
        self, path: Path, expected: Words, found: str | Words, *,
        nearest: str = "", at_key: bool = False,
    ) -> Problem:  # fmt: skip
        """A problem at `path`, or at the nearest part around it that stands in the file."""
        marks = self.keys if at_key else self.values
        held = path
        while held and held not in marks:
            held = held[:-1]
        line, column = marks.get(held) or self.values.get((), (0, 0))
        return Problem(self.file, line, column, dotted(path), expected, found, nearest)


def dotted(path: Path) -> str:
    """A path as people write it: measures.M05.intensity, phases[0]."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return shortened(text.removeprefix("."), 120)


def shown(value: object) -> str:
    """A value as it is quoted in a message."""
    if isinstance(value, Mapping):
        return "{…}" if value else "{}"
    if isinstance(value, list | tuple):
        return "[…]" if value else "[]"
    return "null" if value is None else shortened(repr(value))


def full_width(text: object) -> Words | None:
    """Which full-width punctuation stands in a key or value where YAML's own is meant."""
    sign = next((c for c in str(text) if c in parsing.FULL_WIDTH and c not in "－"), None)
    return None if sign is None else Words(*parsing.full_width_advice(sign))


MOST = 40  # problems of one document that are listed; and names that are looked up for it
_advice: ContextVar[list[int] | None] = ContextVar("advice", default=None)


def nearest(name: object, names: Iterable[str]) -> str:
    """The valid name that is nearly `name`; or nothing.

    While a document is checked only so many names are looked up: a file of a thousand unknown keys
    must not cost a thousand searches.
    """
    budget = _advice.get()
    if budget is not None:
        if not budget[0]:
            return ""
        budget[0] -= 1
    return naming.nearest(name, names)


def wrong(zh: str, en: str, meant: str = "") -> PydanticCustomError:
    """What a validator of ours raises: what was expected, and the name that was meant."""
    return PydanticCustomError("words", "{en}", {"zh": zh, "en": en, "nearest": meant})


_Model = TypeVar("_Model", bound=BaseModel)


def held_against(
    model: type[_Model], document: Document, names: Mapping[str, Mapping[str, str]]
) -> _Model:
    """The document as a `model`; `names` are the valid names that its validators look up.

    Raises
    ------
    ScenarioError
        with all that is wrong.
    """
    budget = _advice.set([MOST])
    try:
        return model.model_validate(document.value, context=names)
    except ValidationError as error:
        found = error.errors(include_url=False)
        problems = [_told(model, document, detail) for detail in found[:MOST]]
        if more := len(found) - len(problems):
            listed = Words(f"先改正以上 {MOST} 处", f"the {MOST} above to be mended first")
            rest = Words(f"另有 {more} 处问题", f"{more} more problems")
            problems.append(document.problem((), listed, rest))
        raise ScenarioError(problems) from None
    finally:
        _advice.reset(budget)


def _told(model: type[BaseModel], document: Document, detail: ErrorDetails) -> Problem:
    """One error of pydantic in our words, at its place in the file."""
    path = tuple(step for step in detail["loc"] if step != "[key]")
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        valid = _fields(model, path[:-1])
        expected = Words(f"以下键之一：{'、'.join(valid)}", f"one of the keys {', '.join(valid)}")
        if half := full_width(path[-1]):
            return document.problem(path, half, shown(str(path[-1])), at_key=True)
        meant = nearest(path[-1], valid)
        return document.problem(path, expected, shown(str(path[-1])), nearest=meant, at_key=True)
    at_key = detail["loc"][-1:] == ("[key]",)
    found = "∅" if kind == "missing" else shown(detail["input"])
    if kind == "words":
        expected, meant = Words(context["zh"], context["en"]), context["nearest"]
    elif kind == "literal_error":
        valid = re.findall(r"'([^']*)'", context["expected"])
        expected = Words(f"以下之一：{'、'.join(valid)}", f"one of {', '.join(valid)}")
        meant = nearest(detail["input"], valid)
    else:
        expected, meant = _expected(kind, context, detail["msg"]), ""
        if not path and isinstance(detail["input"], str):
            expected = full_width(detail["input"]) or expected
        if not path and detail["input"] is None:
            return document.problem(path, expected, Words("空文件", "an empty file"))
    return document.problem(path, expected, found, nearest=meant, at_key=at_key)


def _expected(kind: str, context: Mapping[str, Any], message: str) -> Words:
    """What was expected, for the plain kinds of error."""
    plain = {
        "missing": Words("填写此键（必填）", "a value for this required key"),
        "string_type": Words("文字", "text"),
        "string_pattern_mismatch": Words(
            "不含控制字符和改变文字方向的字符的文字",
            "text without control characters or such as turn its direction",
        ),
        "string_too_short": Words("非空文字", "text that is not empty"),
        "float_type": Words("数字", "a number"),
        "finite_number": Words("有限的数字", "a finite number"),
        "int_type": Words("整数", "a whole number"),
        "bool_type": Words("true 或 false", "true or false"),
        "dict_type": Words("键值映射", "a mapping of keys to values"),
        "model_type": Words("键值映射", "a mapping of keys to values"),
        "list_type": Words("列表", "a list"),
        "too_short": Words("至少有一项的列表", "a list of at least one item"),
    }
    bounds = {"greater_than_equal": ("ge", "≥"), "less_than_equal": ("le", "≤")}
    bounds |= {"greater_than": ("gt", ">"), "less_than": ("lt", "<")}
    if kind in bounds:
        key, sign = bounds[kind]
        return Words(f"{sign} {context[key]:g} 的数", f"a number {sign} {context[key]:g}")
    return plain.get(kind, Words(message, message))


def _fields(model: type[BaseModel], path: Path) -> list[str]:
    """The keys that may stand at `path` of a document of this model."""
    kind: Any = model
    for step in path:
        kind = _unwrapped(kind)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = next(f.annotation for k, f in kind.model_fields.items() if step in (k, f.alias))
        else:
            kind = get_args(kind)[-1]  # the values of a dict or a list
    kind = _unwrapped(kind)
    return [field.alias or name for name, field in kind.model_fields.items()]


def _unwrapped(kind: Any) -> Any:
    """A type without Annotated and without the None of an optional."""
    while get_origin(kind) in (Annotated, Union, UnionType):
        kind = next(arg for arg in get_args(kind) if arg is not type(None))
    return kind
