"""What files hold and how it is checked: pydantic types of days, quarters, counties, two languages.

Everything that a person writes is validated against a pydantic model, and all that is wrong is
reported at once, in Chinese or English, with its place in the file and the name that was meant.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    WrapValidator,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from xiancheng.calibration import parsing
from xiancheng.calibration.errors import Problem, ScenarioError
from xiancheng.calibration.i18n import Words, _, listed
from xiancheng.calibration.naming import nearest, place, shortened
from xiancheng.calibration.yaml_positions import MAX_PROBLEMS, KeyPath, YamlDocument
from xiancheng.sim.state import quarter_of


class FileModel(BaseModel):
    """A part of a file: no other keys, no quiet conversion, no change afterwards."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, populate_by_name=True
    )


# Control characters and those that turn the direction of writing could fake what a terminal shows.
_SHOWN = r"^[^\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u202a-\u202e\u2066-\u2069]*$"
Shown = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=_SHOWN)]


class Text(FileModel):
    """The same words in Chinese and in English; what is given in one language stands for both."""

    zh: Shown
    en: Shown

    @model_validator(mode="before")
    @classmethod
    def _in_one_language(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"zh": value, "en": value}
        if isinstance(value, dict) and ("zh" in value) != ("en" in value):
            words = value.get("zh", value.get("en"))
            return {"zh": words, "en": words} | value
        if not isinstance(value, dict | Text):
            raise wrong(_("text, or text in zh and en"))
        return value

    def text(self, lang: str = "zh") -> str:
        """The words in one language, "zh" or "en"."""
        return self.en if lang == "en" else self.zh


def known(kind: str, expected: Words) -> AfterValidator:
    """A validator of names of a kind, which the validation context lists."""

    def checked(name: str, info: ValidationInfo) -> str:
        valid = (info.context or {})[kind]
        if name not in valid:
            raise wrong(expected, name, valid)
        return name

    return AfterValidator(checked)


def distinct(value: Any, validate: Any) -> Any:
    """Validator of a mapping of which no two keys are names of the same thing."""
    named = validate(value)
    if len(named) != len(value):
        raise wrong(_("each of them once"))
    return named


def _county(name: str, info: ValidationInfo) -> str:
    """The code of a county, by any of its names; the error lists the counties there are."""
    codes = (info.context or {})["counties"]
    found = place(name, codes)
    if found is None:
        first: dict[str, str] = {}  # name of each code, counties in the order of the region
        for each, code in codes.items():
            first.setdefault(code, each)
        zh, en = list(first.values()), [n for n in codes if n.isascii() and n[:1].isupper()]
        more = " …" if len(zh) > MOST_NAMES else ""
        raise wrong(
            _("a county among {names}",
              names=Words("、".join(zh[:MOST_NAMES]) + more, ", ".join(en[:MOST_NAMES]) + more)),
            name,
            [] if name.isdigit() else [n for n in codes if not n.isdigit()],
        )  # fmt: skip
    return str(found)


MOST_NAMES = 12  # counties that an error lists
CountyName = Annotated[str, AfterValidator(_county)]
Counties = Annotated[dict[CountyName, Annotated[float, Field(ge=0)]], WrapValidator(distinct)]


def _quarter(value: object) -> int:
    if not isinstance(value, str) or not re.fullmatch(r"(19|20|21)\d\dQ[1-4]", value, re.ASCII):
        raise wrong(_("a quarter such as 2024Q3"))
    return quarter_of(int(value[:4]), int(value[5]))


def _quarters(value: object) -> int:
    found = re.fullmatch(
        r"(\d{1,2}) ?(quarters?|years?|个季度|年)",
        value if isinstance(value, str) else "",
        re.ASCII,
    )
    if not found:
        raise wrong(_('a time such as "2 quarters" or "1 year"'))
    return int(found[1]) * (4 if found[2] in ("year", "years", "年") else 1)


def _day(value: object) -> date:
    if isinstance(value, date) and type(value) is date:
        return value
    if isinstance(value, str) and (found := parsing.day(value)) is not None:
        return found
    raise wrong(_("a date such as 2025-12-31"))


Quarter = Annotated[
    int,
    BeforeValidator(_quarter),
    WithJsonSchema({"type": "string", "pattern": r"^\d{4}Q[1-4]$", "examples": ["2024Q3"]}),
]
Quarters = Annotated[
    int,
    BeforeValidator(_quarters),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,2} ?(quarters?|years?|个季度|年)$"}),
]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]


def quarter_name(quarter: int) -> str:
    """A quarter as it is written in files: 2024Q3."""
    return f"{1900 + quarter // 4}Q{quarter % 4 + 1}"


# Validation against a model

_Model = TypeVar("_Model", bound=BaseModel)


def wrong(expected: Words, name: str = "", valid: Iterable[str] = ()) -> PydanticCustomError:
    """What a validator raises: what was expected; `valid` names, of which `name` is none."""
    context = {**expected._asdict(), "name": name, "valid": list(valid)}
    return PydanticCustomError("words", "{en}", context)


def validated(
    model: type[_Model], document: YamlDocument, names: Mapping[str, Collection[str]]
) -> _Model:
    """The document as a `model`; `names` are the valid names that its validators look up, by kind.

    Raises
    ------
    ScenarioError
        with all that is wrong, at most `MAX_PROBLEMS` of it in full
    """
    try:
        return model.model_validate(document.value, context=names)
    except ValidationError as error:
        found = error.errors(include_url=False)
    problems = [_problem(model, document, detail) for detail in found[:MAX_PROBLEMS]]
    if more := len(found) - len(problems):
        listed = _("the {MAX_PROBLEMS} above to be mended first", MAX_PROBLEMS=MAX_PROBLEMS)
        rest = _("{more} more problems", more=more)
        problems.append(document.problem((), listed, rest))
    raise ScenarioError(problems)


def _problem(model: type[BaseModel], document: YamlDocument, detail: ErrorDetails) -> Problem:
    """An error of pydantic as a problem of the document."""
    path = _path(detail, document.value)
    kind, context, value = detail["type"], detail.get("ctx", {}), detail["input"]
    if kind == "extra_forbidden":
        valid, name = _fields(model, path[:-1]), str(path[-1])
        expected = _("one of the keys {valid}", valid=listed(valid))
        half = full_width(name)
        meant = "" if half else nearest(name, valid)
        return document.problem(path, half or expected, shown(name), nearest=meant, at_key=True)
    at_key = detail["loc"][-1:] == ("[key]",)
    found: str | Words = "∅" if kind == "missing" else shown(value)
    meant = ""
    if kind == "words":
        expected = Words(context["zh"], context["en"])
        meant = nearest(context["name"], context["valid"])
    elif kind == "literal_error":
        valid = re.findall(r"'([^']*)'", context["expected"])
        expected = _("one of {valid}", valid=listed(valid))
        meant = nearest(value, valid)
    else:
        expected = _expected(kind, context, detail["msg"])
        if not path and isinstance(value, str):
            expected = full_width(value) or expected
        if not path and value is None:
            found = _("an empty file")
    return document.problem(path, expected, found, nearest=meant, at_key=at_key)


def _path(detail: ErrorDetails, value: Any) -> KeyPath:
    """Where an error stands in a document, without the names of the branches of a union."""
    steps = [step for step in detail["loc"] if step != "[key]"]
    path: list[str | int] = []
    for k, step in enumerate(steps, start=1):
        parts = dict(enumerate(value)) if isinstance(value, list) else value
        inside = {str(key): each for key, each in parts.items()} if isinstance(parts, dict) else {}
        if str(step) in inside:
            value = inside[str(step)]
        elif k < len(steps) or detail["type"] not in ("missing", "extra_forbidden"):
            continue
        path.append(step)
    return tuple(path)


def _expected(kind: str, context: Mapping[str, Any], message: str) -> Words:
    """What was expected, for the plain kinds of error."""
    plain = {
        "missing": _("a value for this required key"),
        "string_type": _("text"),
        "string_pattern_mismatch": _("text without control characters or such as turn its "
                                     "direction"),
        "string_too_short": _("text that is not empty"),
        "float_type": _("a number"),
        "finite_number": _("a finite number"),
        "int_type": _("a whole number"),
        "bool_type": _("true or false"),
        "dict_type": _("a mapping of keys to values"),
        "model_type": _("a mapping of keys to values"),
        "list_type": _("a list"),
        "too_short": _("a list of at least one item"),
    }  # fmt: skip
    bounds = {"greater_than_equal": ("ge", "≥"), "less_than_equal": ("le", "≤")}
    bounds |= {"greater_than": ("gt", ">"), "less_than": ("lt", "<")}
    if kind in bounds:
        key, sign = bounds[kind]
        return _("a number {sign} {key:g}", sign=sign, key=context[key])
    return plain.get(kind, Words(message, message))


def _fields(model: type[BaseModel], path: KeyPath) -> list[str]:
    """The keys that may stand at `path` of a document of this model."""
    kind: Any = model
    for step in path:
        kind = _unwrapped(kind)
        if isinstance(kind, type) and issubclass(kind, RootModel):
            kind = kind.model_fields["root"].annotation
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
