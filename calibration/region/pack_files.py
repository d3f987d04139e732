"""Files of a region pack read with every problem noted: tables as rows, YAML as checked values."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from xiancheng.calibration import naming, parsing
from xiancheng.calibration.errors import Problem, ScenarioError
from xiancheng.calibration.file_models import validated
from xiancheng.calibration.i18n import Words, _, listed, same
from xiancheng.calibration.region.schema import COLUMNS, EARLIEST, LATEST, Limits
from xiancheng.calibration.yaml_positions import YamlDocument, read_yaml

Model = TypeVar("Model", bound=BaseModel)
Position = tuple[str, int]  # file and line; line 0 stands for the whole file

NO_LABELS: Mapping[str, Words] = {}
CHECK_SOURCE: Words = _("check the source table")


class Problems:
    """Collects problems while files are read, so that all are reported at once."""

    def __init__(self, folder: str = "") -> None:
        self.folder = f"{folder}/" if folder else ""  # before the name of each file
        self.found: list[Problem] = []

    def add(
        self, at: Position, what: Words | None, expected: Words, found: object, advice: Words,
        column: int = 0, key: str = "",
    ) -> None:  # fmt: skip
        """Note a problem; `column` counts from 1, and `key` is the name of the column."""
        text = found if isinstance(found, Words) else str(found)
        name, line = self.folder + at[0], at[1]
        self.found.append(
            Problem(name, line, column, key, expected, text, what=what, advice=advice)
        )

    def known(
        self, at: Position, thing: Words, name: str, valid: Collection[str],
        alias: Mapping[str, str] | None = None, labels: Mapping[str, Words] = NO_LABELS,
        advice: Words | None = None, column: int = 0, key: str = "",
    ) -> bool:  # fmt: skip
        """Whether `name` is one of `valid`; if not, note which valid name is meant.

        Parameters
        ----------
        alias : other names, and the valid name each stands for
        labels : names of codes in two languages
        advice : what to do, unless a valid name is meant
        """
        if name in valid:
            return True
        meant = nearest(name, valid, alias or {})
        self.add(
            at, _("{thing} {name!r} is not known", thing=thing, name=name),
            one_of(valid, labels), name or "∅",
            advice if advice and not meant else rename(meant, labels), column, key,
        )  # fmt: skip
        return False

    def number(self, row: "Row", column: str, limits: Limits, unit: str = "") -> float:
        """The number in a cell; NaN, and a problem, if it is none or out of its range.

        A rate in percent above 0 and no more than 1 is taken for a share, and refused.
        """
        text = row[column]
        value = parsing.number(text)
        share = unit == "percent" and value is not None and parsing.is_share(value)
        if value is not None and value in limits and not share:
            return value
        thing = _("the number in column {column}", column=column)
        if value is None:
            expected = _("a finite number")
            advice = _("mend it; leave out the line if it is unknown")
            self.add(row.at, thing, expected, text or "∅", advice)
        elif value not in limits:
            advice = _("check the source table and the unit")
            self.add(row.at, thing, limits.expected(unit), text, advice)
        else:
            advice = _("write it in percent")
            self.add(row.at, thing, in_percent(value), text, advice)
        return math.nan

    def day(self, row: "Row", column: str) -> date | None:
        """The date in a cell; None, and a problem, if it is none or beyond all figures."""
        day = parsing.day(row[column])
        if day is not None and EARLIEST <= day <= LATEST:
            return day
        expected = _("a date year-month-day")
        if day is not None:
            expected = _("a date from {first} to {last}", first=EARLIEST, last=LATEST)
        self.add(
            row.at, _("the date in column {column}", column=column), expected, row[column] or "∅",
            _("write it like 2020-11-01"),
        )  # fmt: skip
        return None

    def unique(self, keys: Iterable[tuple["Row", object]]) -> None:
        """Hold every row to a key that no other row has."""
        first: dict[object, Row] = {}
        for row, key in keys:
            other = first.setdefault(key, row)
            if other is not row:
                self.add(
                    row.at, _("a line that repeats another"),
                    _("each value once"),
                    f"= {row.at[0]}:{other.at[1]}", _("delete one of the two"),
                )  # fmt: skip

    def yaml(
        self, folder: Path, file: str, model: type[Model], without: Sequence[str] = ()
    ) -> tuple[YamlDocument, Model] | None:
        """A YAML file and what it holds, as a model, but for some keys; None if that cannot be."""
        try:
            document = replace(read_yaml(folder / file), file=self.folder + file)
            if without and isinstance(document.value, dict):
                value = {k: v for k, v in document.value.items() if k not in without}
                document = replace(document, value=value)
            return document, validated(model, document, {})
        except ScenarioError as error:
            self.found += [replace(each, file=self.folder + file) for each in error.problems]
            return None


# Names


def nearest(name: str, valid: Collection[str], alias: Mapping[str, str]) -> str | None:
    """The valid name that `name` stands for by `alias`, or of which it is a misspelling."""
    meant = naming.place(name, alias) or naming.nearest(name, [*valid, *alias])
    return alias.get(meant, meant) or None


def rename(name: str | None, labels: Mapping[str, Words] = NO_LABELS) -> Words:
    """Advice on a name that is not known, of which `name` is the nearest valid one."""
    if name is None:
        return _("use one of these, or leave it out")
    if name in labels:
        return _("write {name!r} ({label})", name=name, label=labels[name])
    return _("write {name!r}", name=name)


def one_of(valid: Collection[str], labels: Mapping[str, Words] = NO_LABELS) -> Words:
    """The first eight valid names, each with its label."""
    names = listed(
        _("{name} {label}", name=name, label=labels[name]) if name in labels else name or "∅"
        for name in list(valid)[:8]
    )
    return _("one of {names}{rest}", names=names, rest=" …" if len(valid) > 8 else "")


def in_percent(share: float) -> Words:
    """What is expected where a share stands for percent."""
    percent = f"{100 * share:.10g}"
    return _("percent and no share, such as {percent}", percent=percent)


# Tables


class Row(dict[str, str]):
    """A line of a table: its cells as text, by column, and its numbers once they are checked."""

    def __init__(self, at: Position, cells: Iterable[tuple[str, str]]) -> None:
        super().__init__(cells)
        self.at = at
        self.value = self.low = self.high = math.nan

    def __reduce__(self) -> tuple[Any, ...]:
        return Row, (self.at, tuple(self.items()))


def read_csv(problems: Problems, folder: Path, file: str, *, required: bool = False) -> list[Row]:
    """The rows of a table of a pack; none if it is absent or its header is wrong."""
    path, columns = folder / file, COLUMNS[file]
    if not path.is_file():
        if required:
            absent = _("the file is missing or empty"), _("this file"), "∅"
            problems.add((file, 0), *absent, _("add it; the pack binzhou shows how"))
        return []
    try:
        header, lines = parsing.read_table(path, problems.folder + file)
    except ScenarioError as error:
        problems.found += error.problems
        return []
    for name in header:
        problems.known((file, 1), _("column"), name, columns)
    for name in columns:
        if header.count(name) != 1:
            problems.add(
                (file, 1), _("column {name!r}", name=name), _("exactly one"),
                header.count(name), _("add or delete it"),
            )  # fmt: skip
    if sorted(header) != sorted(columns):
        return []
    rows = []
    for line, cells in lines:
        if len(cells) == len(header):
            rows.append(Row((file, line), zip(header, cells, strict=True)))
        else:
            wrong_number_of_cells(problems, (file, line), len(header), len(cells))
    return rows


def wrong_number_of_cells(problems: Problems, at: Position, columns: int, found: int) -> None:
    """Note that a line has more or fewer cells than the header."""
    problems.add(
        at, _("the number of cells"), same(f"{columns}"), found,
        _("check commas and quotes"),
    )  # fmt: skip
