"""Fills what a pack leaves out, so that two censuses are enough, and lists what it filled."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import numpy as np

from xiancheng.calibration.checks import Row
from xiancheng.calibration.i18n import Words
from xiancheng.calibration.region.defaults import (
    DERIVED,
    RULES,
    Book,
    Page,
    figure,
    residents_per_unit,
)
from xiancheng.calibration.region.schema import COUNTRY, TABLES, Draft, Entry, catalogue

Values = dict[str, dict[str, dict[date, float]]]  # by variable, unit code and date


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


@dataclass
class Filling:
    """A pack's tables and values without gaps, and what had to be assumed for that."""

    draft: Draft
    books: dict[date, Book] = field(default_factory=dict)
    values: Values = field(default_factory=dict)
    assumptions: list[Assumption] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def census(self, day: date) -> None:
        """Fill the tables of a census: from file, or by rule."""
        book = self.books[day] = Book([c.prefecture for c in self.draft.counties])
        for name in TABLES:
            if (day, name) in self.draft.margins:
                book[name] = self.table(day, name)
            else:
                of = Words(TABLES[name].zh, TABLES[name].en)
                self.gaps.append(Gap("margins", day, name, of, name in RULES))
        for name, rule in RULES.items():
            if name not in book:
                book[name] = rule(book)
                self.default(name, day, "", (rule.__doc__ or "").split("\n", 1)[0])

    def table(self, day: date, name: str) -> Page:
        """A table on file, cell by cell, (county,)."""
        rows, by_prefecture = self.draft.margins[day, name], TABLES[name].by_prefecture
        codes = [c.prefecture if by_prefecture else c.code for c in self.draft.counties]
        for row in rows.values():
            self.stated(name, day, row["county_code"], row["key"] or row["age"], row)
        return {
            cell: np.array([float(rows[code, cell]["value"]) for code in codes])
            for cell in TABLES[name].cells()
            if (codes[0], cell) in rows
        }

    def dated(self) -> None:
        """Take the values of the economy and of services from file."""
        for file in ("economy.csv", "services.csv"):
            for day, row in self.draft.values[file]:
                name, code = row["variable"], row["unit_code"]
                self.values.setdefault(name, {}).setdefault(code, {})[day] = float(row["value"])
                self.stated(file.removesuffix(".csv"), day, code, name, row)

    def space(self, day: date, book: Book) -> None:
        """List the defaults that stand in for a map: townships, their units, and distances."""
        drawn, outside = bool(self.draft.boundaries), self.draft.outside
        there = {
            ("places", "townships"): bool(self.draft.places),
            ("places", "residents_per_unit"): bool(self.draft.places),
            ("distance", "county"): drawn or len(self.draft.counties) == 1,
            ("distance", "province"): drawn and "province" in outside,
            ("distance", "country"): "country" in outside,
        }
        people = float(np.sum(list(book["urban_rural"].values())))
        for (table, variable), known in there.items():
            if not known:
                entry, value = catalogue()[table, variable], figure(table, variable)
                if variable == "residents_per_unit":
                    value = residents_per_unit(len(self.draft.counties), people)
                self.gaps.append(Gap(table, day, variable, entry.name, True))
                self.default(table, day, variable, entry.basis, value, entry.low, entry.high)

    def gaps_of(self, day: date, book: Book) -> None:
        """Fill the values that neither a county nor a unit above it has at a census."""
        for (table, variable), entry in catalogue().items():
            if table not in ("economy", "services"):
                continue
            rule = variable in DERIVED or entry.default is not None
            lacking = self.lacking(day, variable, whole_year=not rule)
            if lacking and rule:
                self.fill(table, day, variable, entry, lacking, book)
            if lacking:
                self.gaps.append(Gap(table, day, variable, entry.name, rule))

    def lacking(self, day: date, variable: str, *, whole_year: bool) -> list[int]:
        """Counties without a value at a date, or in its year."""
        by_unit = self.values.setdefault(variable, {})
        known = {
            code
            for code, days in by_unit.items()
            if any(d == day or (whole_year and d.year == day.year) for d in days)
        }
        counties = enumerate(self.draft.counties)
        return [i for i, c in counties if known.isdisjoint(units_above(self.draft, c.code))]

    def fill(
        self, table: str, day: date, variable: str, entry: Entry, where: Sequence[int], book: Book
    ) -> None:
        """Give counties a value by rule, or the default."""
        derived = DERIVED[variable](book) if variable in DERIVED else None
        default = math.nan if derived is not None else figure(table, variable)
        for i in where:
            code = self.draft.counties[i].code
            value = default if derived is None else float(derived[i])
            self.values[variable].setdefault(code, {})[day] = value
        self.default(table, day, variable, entry.basis, default, entry.low, entry.high)

    def stated(self, table: str, day: date, code: str, variable: str, row: Row) -> None:
        """List a value that the pack itself says is assumed."""
        if row["status"] == "assumed":
            value, low, high = (float(row[column]) for column in ("value", "low", "high"))
            self.assumptions.append(
                Assumption(table, day, code, variable, value, low, high, row["note"], False)
            )

    def default(
        self, table: str, day: date, variable: str, basis: str,
        value: float = math.nan, low: float = math.nan, high: float = math.nan,
    ) -> None:  # fmt: skip
        """List what a rule of ours stands in for."""
        self.assumptions.append(Assumption(table, day, "", variable, value, low, high, basis, True))


def filled(draft: Draft) -> Filling:
    """Every census table and value a model needs."""
    filling = Filling(draft)
    for day in draft.censuses:
        filling.census(day)
    filling.dated()
    for day in draft.censuses:
        filling.space(day, filling.books[day])
        filling.gaps_of(day, filling.books[day])
    return filling


def units_above(draft: Draft, code: str) -> tuple[str, ...]:
    """Where a county's value is looked for: itself, its prefecture, the province, the country."""
    prefecture = next(c.prefecture for c in draft.counties if c.code == code)
    return code, prefecture, draft.province, COUNTRY
