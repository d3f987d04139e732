"""Files of a region pack read with every problem noted: tables as rows, YAML as checked values."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from xiancheng.calibration import naming, parsing
from xiancheng.calibration.errors import Problem, ScenarioError
from xiancheng.calibration.i18n import EMPTY, Words, _, listed, same
from xiancheng.calibration.region.schema import COLUMNS, Limits
from xiancheng.calibration.yaml_positions import YamlDocument, read_yaml

Position = tuple[str, int]  # file and line; line 0 stands for the whole file

NO_LABELS: Mapping[str, Words] = {}
PERCENT: Words = _("percent and no share")
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
            self.add(row.at, thing, PERCENT, text, percent_advice(value))
        return math.nan

    def day(self, row: "Row", column: str) -> date | None:
        """The date in a cell; None, and a problem, if it is none."""
        if (day := parsing.day(row[column])) is None:
            self.add(
                row.at, _("the date in column {column}", column=column),
                _("a date year-month-day"), row[column] or "∅",
                _("write it like 2020-11-01"),
            )  # fmt: skip
        return day

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

    def absent(self, file: str) -> None:
        """Note that a file is not there, or empty."""
        self.add(
            (file, 0), _("the file is missing or empty"),
            _("this file"), "∅",
            _("add it; the pack binzhou shows how"),
        )  # fmt: skip


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


def percent_advice(share: float) -> Words:
    """Advice on a share that stands where percent are meant."""
    percent = f"{100 * share:.10g}"
    return _("write it in percent, such as {percent}", percent=percent)


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
            problems.absent(file)
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


# YAML


class YamlFile:
    """A YAML file whose values are taken out one by one, each checked; `value` is None if unread.

    `node` stands for a mapping or list of the document throughout.
    """

    def __init__(self, problems: Problems, folder: Path, file: str) -> None:
        self.problems, self.file = problems, file
        self.document = YamlDocument(file, None)
        try:
            if (folder / file).is_file():
                self.document = read_yaml(folder / file)
            if self.document.value is None:
                problems.absent(file)
        except ScenarioError as error:
            problems.found += [
                replace(each, file=problems.folder + file) for each in error.problems
            ]
        self.value: Any = self.document.value

    def at(self, node: Any, key: str | int | None = None) -> Position:
        """File and line of a mapping or list, or of what it holds under `key`."""
        return self.file, self.document.line(node, key)

    def keys(self, node: Any, needed: Sequence[str], extra: Sequence[str] = ()) -> bool:
        """Whether a mapping holds all it needs and nothing that is not known."""
        valid = (*needed, *extra)
        if not isinstance(node, dict):
            expected: Words = _("keys and values")
            if isinstance(node, str) and (sign := parsing.full_width(node, node.count("\n") + 1)):
                expected = parsing.full_width_advice(sign[2])
            self.problems.add(
                self.at(node), _("the entry"), expected, node if node is not None else "∅",
                _("state {value}", value=listed(needed or valid)),
            )  # fmt: skip
            return False
        for key in node:
            full = next((c for c in str(key) if c in "：，"), None)
            half = parsing.full_width_advice(full) if full else EMPTY
            advice = _("write {half}", half=half) if full else None
            at = self.at(node, key)
            self.problems.known(at, _("key"), str(key), valid, advice=advice)
        lacking = [key for key in needed if node.get(key) is None]
        for key in lacking:
            self.problems.add(
                self.at(node), _("key {key!r}", key=key), _("a value"), "∅",
                _("add it"),
            )  # fmt: skip
        return not lacking

    def entries(self, node: Any, key: str, needed: Sequence[str]) -> list[dict[str, Any]]:
        """Those mappings of a list that hold all they need; the list must not be empty."""
        return [each for each in self.items(node, key) if self.keys(each, needed)]

    def items(self, node: Any, key: str) -> list[Any]:
        """The entries of a list that must not be empty."""
        value = node[key]
        if isinstance(value, list) and value:
            return value
        self.problems.add(
            self.at(node, key), Words(f"“{key}”", f"{key!r}"), _("a list of some"),
            value or "∅", _("write a list"),
        )  # fmt: skip
        return []

    def name(self, node: Any, key: str) -> Words:
        """A name in two languages."""
        value = node[key]
        if not isinstance(value, dict):
            self.problems.add(
                self.at(node, key), Words(f"“{key}”", f"{key!r}"), same("{zh: …, en: …}"),
                value, _("give both"),
            )  # fmt: skip
            return Words(str(value), str(value))
        self.keys(value, ("zh", "en"))
        return Words(str(value.get("zh")), str(value.get("en")))

    def day(self, node: Any, key: str | int) -> date | None:
        """A date."""
        value = node[key]
        if isinstance(value, str) and (found := parsing.day(value)) is not None:
            return found
        self.problems.add(
            self.at(node, key), _("the date"), _("year-month-day"), value,
            _("write it like 2020-11-01"),
        )  # fmt: skip
        return None

    def number(self, node: Any, key: str, limits: Limits, *, percent: bool = False) -> float:
        """A number within its limits; a share is refused where percent are meant."""
        value, what = node[key], Words(f"“{key}”", f"{key!r}")
        if isinstance(value, bool) or value not in limits:
            low, high = f"{limits.low:g}", f"{limits.high:g}"
            why = _(": {reason}", reason=limits.reason) if limits.reason.en else ""
            self.problems.add(
                self.at(node, key), what,
                _("a number from {low} to {high}{why}", low=low, high=high, why=why), value,
                _("check the number"),
            )  # fmt: skip
            return math.nan
        if percent and parsing.is_share(value):
            self.problems.add(self.at(node, key), what, PERCENT, value, percent_advice(value))
            return math.nan
        return float(value)

    def choice(self, node: Any, key: str, thing: Words, valid: Collection[str]) -> str:
        """One of some names."""
        value = str(node[key])
        self.problems.known(self.at(node, key), thing, value, valid)
        return value
