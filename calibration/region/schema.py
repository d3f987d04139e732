"""What a region pack may hold: its tables, cells, columns and variables, each declared once."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from importlib.resources import files
from itertools import product
from typing import Any, NamedTuple

from xiancheng.calibration.checks import Row
from xiancheng.calibration.i18n import Say, Words
from xiancheng.calibration.naming import place_names
from xiancheng.sim.strata import AGES

AGE_BANDS = (
    "0",
    "1-4",
    *(f"{low}-{low + 4}" for low in AGES[2:-1]),
    f"{AGES[-1]}+",
)
SEX_NAMES = ("male", "female")  # in the order of the model: MALE, FEMALE
COUNTRY = "100000"
MOST_UNITS = 2**16 - 3  # of a region: a 16-bit index, less three places outside

COLUMNS: dict[str, tuple[str, ...]] = {
    "margins.csv": (
        "census", "county_code", "table", "sex", "age", "key", "value", "unit",
        "source", "status", "low", "high", "note",
    ),
    "places.csv": (
        "county_code", "township_code", "township", "kind", "units", "communities",
        "source", "status", "note",
    ),
    "boundaries.csv": ("county_code", "ring", "order", "lon", "lat"),
} | dict.fromkeys(
    ("economy.csv", "services.csv", "observations.csv"),
    (
        "date", "unit_code", "variable", "value", "unit",
        "source", "status", "low", "high", "note",
    ),
)  # fmt: skip


class Cell(NamedTuple):
    """Where a figure stands in a census table; what a table does not split by is empty."""

    sex: str
    age: str
    key: str


@dataclass(frozen=True)
class Table:
    """A census table: what it splits residents by, and the keys that may be left out."""

    zh: str
    en: str
    keys: tuple[str, ...] = ("",)
    sexes: tuple[str, ...] = ("",)
    ages: tuple[str, ...] = ("",)
    optional: frozenset[str] = frozenset()
    by_prefecture: bool = False

    def cells(self) -> list[Cell]:
        """Every cell the table can hold."""
        return [Cell(*cell) for cell in product(self.sexes, self.ages, self.keys)]


INDUSTRY = ("mining", "manufacturing", "utilities", "construction")
SERVICES = (
    "transport", "ict", "trade", "hospitality", "finance", "real_estate", "business_services",
    "science", "environment", "personal_services", "education", "health", "culture",
    "public_admin",
)  # fmt: skip
GENERATIONS = ("generations_1", "generations_2", "generations_3", "generations_4p")

TABLES: dict[str, Table] = {
    "residents": Table("常住人口", "residents", ("total", "male", "female")),
    "urban_rural": Table("城乡人口", "urban and rural residents", ("urban", "rural")),
    "sex_age": Table("性别年龄", "sex by age", sexes=SEX_NAMES, ages=AGE_BANDS),
    "education": Table(
        "受教育程度", "education",
        ("none", "preschool", "primary", "junior", "senior", "college", "bachelor"),
        sexes=SEX_NAMES, optional=frozenset({"preschool", "bachelor"}),
    ),
    "households": Table(
        "家庭户", "family households",
        ("total", "members", "one_person", *GENERATIONS, "with_65p"),
    ),
    "in_movers": Table(
        "流入人口", "in-movers", ("same_county", "same_province", "other_province")
    ),
    "industry": Table(
        "就业行业", "industry of work",
        ("agriculture", *INDUSTRY, *SERVICES, "international"),
        optional=frozenset({"international"}),
    ),
    "employment": Table("就业", "employment", ("employed_sample", "population_15p_sample")),
    "marital": Table(
        "婚姻", "marital state", ("never_married", "married", "divorced", "widowed")
    ),
    "home": Table(
        "住房来源", "how the home was obtained",
        ("rented", "self_built", "bought", "other", "inherited"),
        optional=frozenset({"inherited"}),
    ),
    "hukou": Table("户籍人口", "registered population", ("registered",)),
    "away": Table(
        "外出人口", "registered people who live elsewhere",
        ("same_prefecture", "province", "country"),
    ),
    "moves": Table(
        "每年迁出", "yearly moves out of villages",
        ("own_town", "same_prefecture", "province", "country"),
    ),
    "arrivals": Table("每年迁入", "yearly arrivals from outside", ("province", "country")),
    "vital": Table("出生死亡率", "birth and death rates", ("birth_rate", "death_rate")),
    "urban_odds": Table(
        "各年龄城镇优势", "odds of living in town, by age", ages=AGE_BANDS, by_prefecture=True
    ),
}  # fmt: skip
REQUIRED = ("urban_rural", "sex_age")  # a census without these cannot be used


UNNAMED = Words("", "")


@dataclass(frozen=True)
class County:
    """A county-level unit; `kind` is district, county or city."""

    code: str
    zh: str
    en: str
    prefecture: str
    kind: str

    def said(self, lang: str = "zh") -> str:
        """The name in one language, "zh" or "en"."""
        return self.en if lang == "en" else self.zh


@dataclass(frozen=True)
class Target:
    """What the plan wants: the urban rate [percent] of some counties together, by a deadline."""

    id: str
    name: Words
    counties: tuple[str, ...]  # codes
    value: float
    operator: str  # "at least" or "about"
    wording: str  # of the plan
    deadline: date

    def due(self, start: date, until: date) -> bool:
        """Whether the deadline is after the start, and at the end at the latest."""
        return start < self.deadline <= until


@dataclass(frozen=True)
class Entry:
    """A variable a pack may hold: its unit, its names, and the value assumed without one."""

    unit: str
    name: Words
    default: float | None
    low: float
    high: float
    basis: str


class Limits(NamedTuple):
    """What a number of a pack may be, and why it can be nothing else."""

    low: float
    high: float
    whole: bool
    reason: Say

    def expected(self, unit: str = "") -> Say:
        """What is expected of a number in these limits."""
        zh, en = (f"（{unit}）", f" ({unit})") if unit else ("", "")
        whole = ("整数，", "a whole number, ") if self.whole else ("", "")
        why = [f"：{self.reason[0]}", f": {self.reason[1]}"] if self.reason[0] else ["", ""]
        low, high = f"{self.low:.12g}", f"{self.high:.12g}"
        return (
            f"{whole[0]}不小于 {low}、不大于 {high}{zh}{why[0]}",
            f"{whole[1]}at least {low} and at most {high}{en}{why[1]}",
        )

    def __contains__(self, value: object) -> bool:
        return (
            isinstance(value, int | float)
            and self.low <= value <= self.high
            and (not self.whole or float(value).is_integer())
        )


@dataclass
class Draft:
    """A pack as it stands on file, before totals are judged and gaps are filled."""

    name: str = ""
    title: Words = UNNAMED
    prefectures: dict[str, Words] = field(default_factory=dict)
    province: str = ""
    counties: tuple[County, ...] = ()
    censuses: tuple[date, ...] = ()
    outside: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()
    attribution: Words = UNNAMED
    sources: tuple[str, ...] = ()
    margins: dict[tuple[date, str], dict[tuple[str, Cell], Row]] = field(default_factory=dict)
    places: list[Row] = field(default_factory=list)
    boundaries: list[Row] = field(default_factory=list)
    values: dict[str, list[tuple[date, Row]]] = field(default_factory=dict)  # by file
    unplaced: int = 0  # lines of margins.csv that fit nowhere, so that gaps cannot be judged

    def aliases(self) -> dict[str, str]:
        """Names and former codes of counties, and the code each stands for."""
        return place_names(self.counties)

    def members(self, prefecture: str) -> tuple[str, ...]:
        """Codes of the counties of a prefecture, in order; none if there is no such prefecture."""
        return tuple(c.code for c in self.counties if c.prefecture == prefecture)

    def labels(self) -> dict[str, tuple[str, str]]:
        """Names of counties and prefectures in Chinese and English, by code."""
        upper = {code: (name.zh, name.en) for code, name in self.prefectures.items()}
        return upper | {c.code: (c.zh, c.en) for c in self.counties}


@lru_cache(maxsize=1)
def ranges() -> Mapping[tuple[str, str], Limits]:
    """What each number of a pack may be, by (table, variable) or else by ("", unit)."""
    with (files("xiancheng.calibration.region") / "ranges.csv").open(encoding="utf-8") as lines:
        return {
            (row["table"], row["name"]): Limits(
                float(row["low"]), float(row["high"]), row["whole"] == "yes", (row["zh"], row["en"])
            )
            for row in csv.DictReader(lines)
        }


def limits(table: str, name: str, unit: str = "") -> Limits:
    """What a number may be: a variable's own range, or else that of its unit."""
    for key in ((table, name), ("", unit), ("", unit.split(" ")[0])):
        if key in ranges():
            return ranges()[key]
    return ANY


ANY = Limits(-1e15, 1e15, False, ("有限的数", "a finite number"))


@lru_cache(maxsize=1)
def catalogue() -> Mapping[tuple[str, str], Entry]:
    """What a pack may hold beyond census tables, and the defaults, by (table, variable)."""
    with (files("xiancheng.calibration.region") / "catalogue.csv").open(encoding="utf-8") as lines:
        return {
            (row["table"], row["variable"]): Entry(
                row["unit"],
                Words(row["zh"], row["en"]),
                float(row["default"]) if row["default"] else None,
                float(row["low"] or "nan"),
                float(row["high"] or "nan"),
                row["basis"],
            )
            for row in csv.DictReader(lines)
        }
