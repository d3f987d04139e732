"""What a region pack may hold: tables, columns and variables, with their labels and ranges.

`tables.csv` declares the census tables, `ranges.csv` the range of each number with its reason,
`catalogue.csv` all other variables and the defaults of what a pack may leave out.
"""

import csv
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from importlib.resources import files
from itertools import product
from typing import NamedTuple

from xiancheng.calibration.i18n import EMPTY, Words, _
from xiancheng.sim.state import AGES

AGE_BANDS = ("0", "1-4", *(f"{low}-{low + 4}" for low in AGES[2:-1]), f"{AGES[-1]}+")
SEX_NAMES = ("male", "female")  # in the order of the model: MALE, FEMALE
EARLIEST, LATEST = date(1949, 10, 1), date(2060, 12, 31)  # of any day; no run goes beyond
INFORMATION = date(2024, 12, 31)  # the cut-off of what is known; a later one is for scoring only
COUNTRY = "100000"  # unit code of China
STATUSES = ("official", "secondary", "derived", "assumed")
DATED = ("economy", "services", "observations")  # tables of dated values
MOST_UNITS = 2**16 - 3  # village-level units of a region: a 16-bit index, less 3 places outside
REQUIRED = ("urban_rural", "sex_age")  # census tables without which a census cannot be used

BUILT_UP, JUNCTION = ("111", "121", "123"), ("112", "122")  # classes of urban-coded units
URBAN_RURAL_CLASSES = ("111", "112", "121", "122", "123", "210", "220")

COLUMNS: dict[str, tuple[str, ...]] = {
    "margins.csv": (
        "census", "county_code", "table", "sex", "age", "key", "value", "unit",
        "source", "status", "low", "high", "note",
    ),
    "places.csv": (
        "county_code", "township_code", "township", "kind", "units", "communities",
        "source", "status", "note",
    ),
    "classes.csv": (
        "date", "township_code", "township", *(f"n_{code}" for code in URBAN_RURAL_CLASSES),
        "source", "status", "note",
    ),
    "boundaries.csv": ("county_code", "ring", "order", "lon", "lat"),
    **dict.fromkeys(
        (f"{table}.csv" for table in DATED),
        (
            "date", "unit_code", "variable", "value", "unit",
            "source", "status", "low", "high", "note",
        ),
    ),
}  # fmt: skip

Cell = tuple[str, str, str]  # sex, age band, key; empty where a table is not split


def _rows(file: str) -> list[dict[str, str]]:
    with (files("xiancheng.calibration.region") / file).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@dataclass(frozen=True)
class CensusTable:
    """A census table of `margins.csv`: what it is split by, and which keys may be left out."""

    name: Words
    sexes: tuple[str, ...]
    ages: tuple[str, ...]
    keys: tuple[str, ...]
    optional: tuple[str, ...]  # keys
    by_prefecture: bool  # figures of prefectures, not of counties
    unit: str

    @cached_property
    def cells(self) -> dict[Cell, int]:
        """Every cell the table can hold, and its position."""
        return {cell: i for i, cell in enumerate(product(self.sexes, self.ages, self.keys))}

    @cached_property
    def needed(self) -> list[int]:
        """Positions of the cells that may not be left out."""
        return [i for (__, __, key), i in self.cells.items() if key not in self.optional]


TABLES = {
    row["table"]: CensusTable(
        Words(row["zh"], row["en"]), SEX_NAMES if "sex" in row["split"] else ("",),
        AGE_BANDS if "age" in row["split"] else ("",), tuple(row["keys"].split()) or ("",),
        tuple(row["optional"].split()), "prefecture" in row["split"], row["unit"],
    )
    for row in _rows("tables.csv")
}  # fmt: skip


@dataclass(frozen=True)
class County:
    """A county-level unit; `kind` is district, county or city."""

    code: str
    zh: str
    en: str
    prefecture: str
    kind: str

    def text(self, lang: str = "zh") -> str:
        """The name in one language, "zh" or "en"."""
        return self.en if lang == "en" else self.zh


@dataclass(frozen=True)
class Target:
    """What the plan wants: the urban rate [percent] of some counties together, by a deadline."""

    id: str
    name: Words
    counties: tuple[str, ...]  # codes
    value: float
    operator: str  # "at least", "about", "more than" or "strive for"
    wording: str  # of the plan
    deadline: date

    def due(self, start: date, until: date) -> bool:
        """Whether the deadline is after the start, and at the end at the latest."""
        return start < self.deadline <= until


class Assumption(NamedTuple):
    """A value that nobody has measured: its range, why it is so, and who assumed it."""

    table: str
    date: date
    unit_code: str  # empty: every county that has no figure
    variable: str  # empty: the whole table
    value: float  # NaN if a rule derives it from the census
    low: float
    high: float
    basis: str
    default: bool  # filled by a rule of ours, not stated by the pack


class Gap(NamedTuple):
    """Something a pack may hold and does not; `filled` if a default rule stands in for it."""

    table: str
    date: date
    variable: str
    name: Words
    filled: bool


class Wanted(NamedTuple):
    """Something that a pack should be filled with first, and why: a row of `first.csv`."""

    name: str
    table: str
    variables: tuple[str, ...]
    file: str
    points: float | None
    what: Words

    def lacking(self, gaps: Collection[Gap], last: date) -> bool:
        """Whether a pack with these gaps lacks any of it at its last census."""
        return any(
            gap.table == self.table and gap.variable in self.variables and gap.date == last
            for gap in gaps
        )


@cache
def wanted_first() -> tuple[Wanted, ...]:
    """What a pack should be filled with, the most important first.

    `points` is by how much the effect of the plan of Binzhou on a rate changes at most where the
    pack of Binzhou is left without it (scale 0.05, 8 draws, 2026-11-30) [points]; none where that
    says nothing: without targets there is no verdict, and published rates move the level.
    """
    return tuple(
        Wanted(
            row["name"], row["table"], tuple(row["variables"].split()), row["file"],
            float(row["points"]) if row["points"] else None, Words(row["zh"], row["en"]),
        )
        for row in _rows("first.csv")
    )  # fmt: skip


class Limits(NamedTuple):
    """The range of a number of a pack, and why it can be nothing else."""

    low: float
    high: float
    whole: bool
    reason: Words

    def expected(self, unit: str = "") -> Words:
        """The range in words."""
        of = _(" ({unit})", unit=unit) if unit else EMPTY
        whole = _("a whole number, ") if self.whole else EMPTY
        why = _(": {reason}", reason=self.reason) if self.reason[0] else EMPTY
        low, high = f"{self.low:.12g}", f"{self.high:.12g}"
        return _("{whole}at least {low} and at most {high}{of}{why}", whole=whole, low=low,
                 high=high, of=of, why=why)  # fmt: skip

    def __contains__(self, value: object) -> bool:
        return (
            isinstance(value, int | float)
            and self.low <= value <= self.high
            and (not self.whole or float(value).is_integer())
        )


ANY = Limits(-1e15, 1e15, False, _("a finite number"))


@cache
def ranges() -> Mapping[tuple[str, str], Limits]:
    """Ranges by (table, variable), by (table, "") for a whole table, or by ("", unit)."""
    return {
        (row["table"], row["name"]): Limits(
            float(row["low"]),
            float(row["high"]),
            row["whole"] == "yes",
            Words(row["zh"], row["en"]),
        )
        for row in _rows("ranges.csv")
    }


@cache
def limits(table: str, name: str, unit: str = "") -> Limits:
    """The range of a variable: its own, that of its table, or that of its unit."""
    keys = ((table, name), (table, ""), ("", unit), ("", unit.split(" ")[0]))
    return next((ranges()[key] for key in keys if key in ranges()), ANY)


@dataclass(frozen=True)
class Variable:
    """A variable a pack may hold: unit, name, and the value assumed without one."""

    unit: str
    name: Words
    default: float | None
    low: float
    high: float
    basis: str


@cache
def catalogue() -> Mapping[tuple[str, str], Variable]:
    """What a pack may hold beyond census tables, and the defaults, by (table, variable)."""
    return {
        (row["table"], row["variable"]): Variable(
            row["unit"],
            Words(row["zh"], row["en"]),
            float(row["default"]) if row["default"] else None,
            float(row["low"] or "nan"),
            float(row["high"] or "nan"),
            row["basis"],
        )
        for row in _rows("catalogue.csv")
    }
