"""Targets as people write them in packs, plans and scenarios: one reader for all three.

Rates may be written 60 or 60%, deadlines 2025-12-31 or 2025年底, comparisons in the words of plans
(不低于, 约, 超过, 力争), counties by any of their names or the code of their prefecture. A Chinese
name alone is enough.
"""

import re
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from xiancheng.calibration import parsing
from xiancheng.calibration.errors import Problem
from xiancheng.calibration.file_models import FileModel, Text, wrong
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.naming import half_width, nearest, place, place_names
from xiancheng.calibration.region.pack_files import in_percent, one_of
from xiancheng.calibration.region.schema import LATEST, County, Target, limits
from xiancheng.calibration.yaml_positions import KeyPath, YamlDocument

OPERATORS = {  # of targets, as plans write them
    **dict.fromkeys(
        ("不低于", "不少于", "不小于", "达到", "以上", "至少", "≥", ">="), "at least"
    ),
    **dict.fromkeys(("约", "左右", "大约", "基本", "≈"), "about"),
    **dict.fromkeys(("超过", "大于", "高于", ">"), "more than"),
    **dict.fromkeys(("力争", "争取", "力争达到"), "strive for"),
}  # fmt: skip
FIRST_DEADLINE = date(2010, 11, 2)  # the day after the first census of any pack
PERIODS = {"十四五": 2025, "十五五": 2030, "十六五": 2035}  # five-year plans by their last year
_YEAR_END = re.compile(r"([0-9]{4}) ?年?(?:底|末|年底|年末)?")
_MONTH_END = re.compile(r"([0-9]{4})(?:年|-|/)([0-9]{1,2})月?(?:底|末)?")
_PERCENT = re.compile(r"(?:百分之)?([0-9]+(?:\.[0-9]+)?) ?[%％]?")


# Values


def deadline(value: object) -> date | None:
    """The last day that a deadline of a plan names; None if it names none.

    >>> deadline("2025年底") == deadline("到2025年底前") == deadline(2025) == date(2025, 12, 31)
    True
    >>> deadline("２０２７年６月"), deadline("明年")
    (datetime.date(2027, 6, 30), None)
    """
    if isinstance(value, date):
        return value
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = half_width(str(value)).removeprefix("到").removesuffix("前").removesuffix("之")
    if (day := parsing.day(text)) is not None:
        return day
    for name, year in PERIODS.items():
        if re.fullmatch(rf"[“\"]?{name}[”\"]?(?:期?末|末期)?", text):
            return date(year, 12, 31)
    if (found := _YEAR_END.fullmatch(text)) and 1949 < int(found[1]) < 2101:
        return date(int(found[1]), 12, 31)
    if (found := _MONTH_END.fullmatch(text)) and 1 <= int(found[2]) <= 12:
        year, month = int(found[1]), int(found[2])
        return date(year, month, monthrange(year, month)[1])
    return None


def _deadline(value: object) -> date:
    found = deadline(value)
    if found is None:
        raise wrong(_("a deadline such as 2025-12-31"))
    if not FIRST_DEADLINE <= found <= LATEST:
        between = _("a deadline from {first} to {last}, the days that runs can reach",
                    first=FIRST_DEADLINE, last=LATEST)  # fmt: skip
        raise wrong(between, str(found))
    return found


def _rate(value: object) -> float:
    """A rate in percent: 60, 60.5 or 60%; a share is refused."""
    if isinstance(value, str) and (found := _PERCENT.fullmatch(half_width(value))):
        value = float(found[1])
    of = limits("targets", "value")
    if isinstance(value, bool) or not isinstance(value, int | float) or value not in of:
        more = (
            _("; words such as about or at least go into operator")
            if isinstance(value, str)
            else ""
        )
        raise wrong(_("{range}{more}", range=of.expected(), more=more))
    if parsing.is_share(value):
        raise wrong(in_percent(value))
    return float(value)


def _operator(value: object) -> object:
    return OPERATORS.get(value, value) if isinstance(value, str) else value


def listing(value: object) -> object:
    """Names in one text, 临清市、高唐县, or a single one as a list; numbers as text."""
    if isinstance(value, str):
        return re.split(r"\s*[、，,；;]\s*", value.strip())
    names = value if isinstance(value, list) else [value]
    return [str(each) if isinstance(each, int) else each for each in names]


Deadline = Annotated[date, BeforeValidator(_deadline), WithJsonSchema({"type": "string"})]
Rate = Annotated[float, BeforeValidator(_rate)]
Operator = Annotated[
    Literal["at least", "about", "more than", "strive for"], BeforeValidator(_operator)
]
Names = Annotated[list[str], BeforeValidator(listing), Field(min_length=1)]
Label = Annotated[str, BeforeValidator(str)]


class TargetEntry(FileModel):
    """The urban rate that is wanted of some counties, or of a prefecture's, together."""

    id: Label | None = None  # by default T-1, T-2 ... in their order
    name: Text | None = None  # by default after the counties
    counties: Names
    value: Rate
    operator: Operator = "at least"
    wording: Label | None = None  # of the plan; by default operator and rate
    deadline: Deadline


# Counties


Members = Mapping[str, tuple[str, ...]]  # codes of counties by every name of them, or of a group


def members_of(counties: Sequence[County], prefectures: Mapping[str, Words]) -> Members:
    """The counties that a name stands for: one of them, or all of a prefecture."""
    whole = {
        name: tuple(c.code for c in counties if c.prefecture == code)
        for code, names in prefectures.items()
        for name in (code, names.zh, names.en)
    }
    alone = {name: (code,) for name, code in place_names(counties).items()}
    return {name: codes for name, codes in whole.items() if codes} | alone


def found_in(name: str, members: Members) -> tuple[str, ...]:
    """The codes of the counties that are meant; none if none are."""
    known = {each: each for each in members}
    return members.get(place(name, known) or "", ())


def read_counties(
    document: YamlDocument, path: KeyPath, names: Iterable[str], members: Members,
    labels: Mapping[str, Words],
) -> tuple[tuple[str, ...], list[Problem]]:  # fmt: skip
    """The codes of counties that a list in a document names, each once, and what is wrong.

    Parameters
    ----------
    labels : names of the counties by code, for the message
    """
    codes: list[str] = []
    problems = []
    for k, name in enumerate(names):
        found = found_in(name, members)
        if found and not set(found) & set(codes):
            codes += found
            continue
        expected = _("each but once") if found else one_of([*labels], labels)
        near = "" if found or name.isdigit() else nearest(name, members)
        problems.append(document.problem((*path, k), expected, name, nearest=near))
    return tuple(codes), problems


def read_targets(
    document: YamlDocument, path: KeyPath, entries: Sequence[TargetEntry],
    counties: Sequence[County], prefectures: Mapping[str, Words], prefix: str = "T-",
) -> tuple[tuple[Target, ...], list[Problem]]:  # fmt: skip
    """The targets in a document, and all that is wrong with their ids and counties.

    Parameters
    ----------
    path : of the list in the document
    prefix : of the ids of targets that are given none
    """
    members = members_of(counties, prefectures)
    labels = {county.code: Words(county.zh, county.en) for county in counties}
    groups = {codes: prefectures[name] for name, codes in members.items() if name in prefectures}
    targets: list[Target] = []
    problems: list[Problem] = []
    for i, entry in enumerate(entries):
        number = entry.id or f"{prefix}{i + 1}"
        if number in [other.id for other in targets]:
            at = (*path, i, "id") if entry.id else (*path, i)
            problems.append(document.problem(at, _("each but once"), number))
        codes, wrong_ones = read_counties(
            document, (*path, i, "counties"), entry.counties, members, labels
        )
        problems += wrong_ones
        if codes:
            together = groups.get(codes) or _joined([labels[code] for code in codes])
            targets.append(
                Target(
                    number,
                    Words(entry.name.zh, entry.name.en) if entry.name else _named(together),
                    codes,
                    entry.value,
                    entry.operator,
                    entry.wording or f"{wording_of(entry.operator)}{entry.value:g}%",
                    entry.deadline,
                )
            )
    return tuple(targets), problems


def wording_of(operator: str) -> str:
    """The Chinese word for a comparison."""
    return next(zh for zh, each in OPERATORS.items() if each == operator)


def _joined(names: Sequence[Words]) -> Words:
    return Words("、".join(each.zh for each in names), ", ".join(each.en for each in names))


def _named(counties: Words) -> Words:
    return _("resident urbanization rate, {counties}", counties=counties)
