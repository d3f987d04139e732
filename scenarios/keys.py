"""The kinds of value that files hold: quarters, days, names, words in two languages.

Each is checked as it is read, and says what it expects in a JSON Schema.
"""

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    WrapValidator,
)

from xiancheng.calibration import parsing
from xiancheng.calibration.naming import place
from xiancheng.scenarios.checking import Words, nearest, wrong
from xiancheng.sim.state import quarter_of

# Units that the plan uses, in English. Others are refused, multiples such as 万人 too.
UNITS = {
    "%": "%",
    "个": "",
    "个/县(市)": "a county",
    "处": "sites",
    "处/县(市)": "sites a county",
    "条/县": "a county",
    "所": "",
    "支": "teams",
    "台": "points",
    "公里": "km",
    "人次": "person-times",
    "星级": "stars",
    "类": "class",
    "件": "papers",
    "元": "yuan",
    "万元/亩": "10,000 yuan per mu",
    "万千瓦": "10,000 kW",
    "突破数": "breaches",
    "机制": "mechanism",
    "格局": "pattern",
    "项目": "project",
    "底线": "red line",
}

Rule = Literal["residents", "urban residents", "rural residents", "equal per county"]
Status = Literal["official", "secondary", "derived", "assumed"]
Grade = Literal["S", "W", "A"]  # of the mechanism: strong, weak, assumption
Sign = Literal["+", "-", "±", "0"]
Channel = Literal[
    "jobs", "wages", "schools", "housing", "health", "eldercare", "childcare", "transport",
    "amenity", "digital", "land_hukou", "finance", "governance", "none", "(outcome)",
]  # fmt: skip


class Model(BaseModel):
    """A part of a file: no other keys, no quiet conversion, no change afterwards."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, populate_by_name=True
    )


# Control characters and those that turn the direction of writing could fake what a terminal shows.
_SHOWN = r"^[^\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u202a-\u202e\u2066-\u2069]*$"
Shown = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=_SHOWN)]


class Text(Model):
    """The same words in Chinese and in English."""

    zh: Shown
    en: Shown

    def said(self, lang: str = "zh") -> str:
        """The words in one language, "zh" or "en"."""
        return self.en if lang == "en" else self.zh


def known(kind: str, expected: Words) -> AfterValidator:
    """Holds a name to those of its kind in the validation context; gives its proper form."""

    def proper(name: str, info: ValidationInfo) -> str:
        names = (info.context or {})[kind]
        found = place(name, names) if kind == "counties" else names.get(name)
        if found is None:
            raise wrong(*expected, nearest(name, names))
        return str(found)

    return AfterValidator(proper)


def distinct(value: Any, validate: Any) -> Any:
    """Refuses a mapping in which two keys are two names of the same thing."""
    named = validate(value)
    if len(named) != len(value):
        raise wrong("每项只写一次", "each of them once")
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
        more = "…" if len(zh) > MOST_NAMES else ""
        raise wrong(
            f"以下县(市、区)之一：{'、'.join(zh[:MOST_NAMES])}{more}",
            f"a county among {', '.join(en[:MOST_NAMES])}{' …' if len(en) > MOST_NAMES else ''}",
            "" if name.isdigit() else nearest(name, [n for n in codes if not n.isdigit()]),
        )
    return str(found)


MOST_NAMES = 12  # counties that an error lists
CountyName = Annotated[str, AfterValidator(_county)]
Department = Annotated[
    str, known("departments", Words("plan.yaml 所列部门", "a department in plan.yaml"))
]
Project = Annotated[str, known("projects", Words("plan.yaml 所列工程", "a project in plan.yaml"))]
Counties = Annotated[dict[CountyName, Annotated[float, Field(ge=0)]], WrapValidator(distinct)]


def _quarter(value: object) -> int:
    if not isinstance(value, str) or not re.fullmatch(r"(19|20|21)\d\dQ[1-4]", value, re.ASCII):
        raise wrong("形如 2024Q3 的季度", "a quarter such as 2024Q3")
    return quarter_of(int(value[:4]), int(value[5]))


def _quarters(value: object) -> int:
    found = re.fullmatch(
        r"(\d{1,2}) ?(quarters?|years?|个季度|年)",
        value if isinstance(value, str) else "",
        re.ASCII,
    )
    if not found:
        raise wrong("形如“2 quarters”或“1 year”的时长", 'a time such as "2 quarters" or "1 year"')
    return int(found[1]) * (4 if found[2] in ("year", "years", "年") else 1)


def _day(value: object) -> date:
    if isinstance(value, date) and type(value) is date:
        return value
    if isinstance(value, str) and (found := parsing.day(value)) is not None:
        return found
    raise wrong("形如 2025-12-31 的日期", "a date such as 2025-12-31")


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
