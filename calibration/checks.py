"""What is wrong with a pack, all of it at once, in words that say how to mend it."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from xiancheng.calibration import naming, parsing
from xiancheng.calibration.errors import Problem, ScenarioError
from xiancheng.calibration.i18n import Say
from xiancheng.calibration.yaml_positions import Document, read_yaml

if TYPE_CHECKING:
    from xiancheng.calibration.region.schema import Limits

STATUSES = ("official", "secondary", "derived", "assumed")

NO_LABELS: Mapping[str, Say] = {}
PERCENT: Say = ("百分数，不是比例", "percent and no share")


@dataclass(frozen=True)
class Row:
    """A line of a table: its cells as text, by column."""

    file: str
    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]


@dataclass
class Findings:
    """Collects problems while a pack is read, so that all are told at once."""

    folder: Path
    problems: list[Problem] = field(default_factory=list)

    def add(
        self, file: str, line: int, what: Say, expected: Say, found: object, advice: Say
    ) -> None:
        """Write a problem down."""
        name = f"{self.folder.name}/{file}"
        words = found if isinstance(found, tuple) else str(found)
        problem = Problem(name, line, 0, "", expected, words, what=what, advice=advice)
        self.problems.append(problem)

    def known(
        self, file: str, line: int, thing: Say, name: str, valid: Collection[str],
        alias: Mapping[str, str] | None = None, labels: Mapping[str, Say] = NO_LABELS,
        advice: Say | None = None,
    ) -> bool:  # fmt: skip
        """Whether `name` is one of `valid`; if not, say which valid name is meant.

        Parameters
        ----------
        alias : other names, and the valid name each stands for
        labels : what a code stands for
        advice : what to do, unless a valid name is meant
        """
        if name in valid:
            return True
        zh, en = ({code: each[i] for code, each in labels.items()} for i in (0, 1))
        meant = nearest(name, valid, alias or {})
        self.add(
            file, line, (f"{thing[0]}“{name}”无法识别", f"{thing[1]} {name!r} is not known"),
            (one_of(valid, "、", zh), f"one of {one_of(valid, ', ', en)}"), name or "∅",
            advice if advice and not meant else rename(meant, labels),
        )  # fmt: skip
        return False

    def number(self, row: Row, column: str, limits: "Limits", *, unit: str = "") -> float:
        """The number in a cell; NaN, and a problem, if it is not one or cannot be true.

        A rate in percent above 0 and no more than 1 is taken for a share, and refused.
        """
        text, thing = row[column], (f"{column} 列的数值", f"the number in column {column}")
        value = parsing.number(text)
        if value is None:
            expected = ("有限的数字", "a finite number")
            advice = ("改正；未知的值请整行删去", "mend it; leave out the line if it is unknown")
            self.add(row.file, row.line, thing, expected, text or "∅", advice)
            return math.nan
        if value not in limits:
            advice = ("核对原表与单位", "check the source table and the unit")
            self.add(row.file, row.line, thing, limits.expected(unit), text, advice)
            return math.nan
        if unit == "percent" and parsing.is_share(value):
            self.add(row.file, row.line, thing, PERCENT, text, percent_advice(value))
            return math.nan
        return value

    def day(self, row: Row, column: str) -> date | None:
        """The date in a cell; None, and a problem, if it is not one."""
        if (day := parsing.day(row[column])) is not None:
            return day
        expected = ("日期 年-月-日", "a date year-month-day")
        thing = (f"{column} 列的日期", f"the date in column {column}")
        advice = ("写成 2020-11-01 的形式", "write it like 2020-11-01")
        self.add(row.file, row.line, thing, expected, row[column] or "∅", advice)
        return None

    def origin(self, row: Row, value: float, sources: Collection[str], limits: "Limits") -> None:
        """Hold a value to its source and status, and to its range if it was assumed."""
        for source in row["source"].split() or [""]:
            self.known(row.file, row.line, ("来源", "source"), source, sources)
        self.known(row.file, row.line, ("状态", "status"), row["status"], STATUSES)
        low, high = (row.cells.get(end, "") for end in ("low", "high"))
        ends = [self.number(row, end, limits) for end in ("low", "high") if row.cells.get(end)]
        ordered = len(ends) == 2 and ends[0] <= value <= ends[1]
        if math.isnan(value) or any(map(math.isnan, ends)) or ordered:
            return
        if ends or row["status"] == "assumed":
            self.add(
                row.file, row.line, ("取值范围", "the range of the value"),
                ("low ≤ value ≤ high（假设值必填）", "low <= value <= high (required if assumed)"),
                f"{low or '∅'} … {value:g} … {high or '∅'}",
                ("写明范围", "state the range"),
            )  # fmt: skip

    def once(self, rows: Iterable[tuple[Row, object]]) -> None:
        """Hold every row to a key that no other row has."""
        first: dict[object, Row] = {}
        for row, key in rows:
            other = first.setdefault(key, row)
            if other is not row:
                self.add(
                    row.file, row.line, ("重复的行", "a line that repeats another"),
                    ("每个值只出现一次", "each value once"),
                    f"= {row.file}:{other.line}", ("删去其中一行", "delete one of the two"),
                )  # fmt: skip


def percent_advice(share: float) -> Say:
    """What to do about a share that stands where percent are meant."""
    percent = f"{100 * share:.10g}"
    return f"改为百分数，如 {percent}", f"write it in percent, such as {percent}"


def nearest(name: str, valid: Collection[str], alias: Mapping[str, str]) -> str | None:
    """The valid name that `name` stands for by `alias`, or of which it is a misspelling."""
    meant = naming.place(name, alias) or naming.nearest(name, [*valid, *alias])
    return alias.get(meant, meant) or None


def rename(name: str | None, labels: Mapping[str, Say] = NO_LABELS) -> Say:
    """What to do about a name that is not known; `labels` say what a code stands for."""
    if name is None:
        return "改用其中之一，或删去", "use one of these, or leave it out"
    zh, en = labels.get(name, ("", ""))
    return (
        f"改为“{name}”" + (f"（{zh}）" if zh else ""),
        f"write {name!r}" + (f" ({en})" if en else ""),
    )


def one_of(valid: Collection[str], comma: str, labels: Mapping[str, str] | None = None) -> str:
    """The valid names as a list, each with its label, shortened if it is long."""
    names = [f"{name} {(labels or {}).get(name, '')}".strip() or "∅" for name in valid]
    return comma.join(names[:8]) + (" …" if len(names) > 8 else "")


def read_csv(
    findings: Findings, file: str, columns: tuple[str, ...], *, required: bool = False
) -> list[Row]:
    """The rows of a table of the pack; none if it is absent or its header is wrong."""
    path = findings.folder / file
    if not path.is_file():
        if required:
            absent(findings, file)
        return []
    try:
        header, rows = parsing.table_of(path.read_bytes())
    except parsing.TextError as error:
        unreadable(findings, file, error, "表格", "the table", TABLE_FORM)
        return []
    for name in header:
        findings.known(file, 1, ("列名", "column"), name, columns)
    for name in columns:
        if header.count(name) != 1:
            findings.add(
                file, 1, (f"列“{name}”", f"column {name!r}"), ("恰好一列", "exactly one"),
                header.count(name), ("补上或删去", "add or delete it"),
            )  # fmt: skip
    if sorted(header) != sorted(columns):
        return []
    for line, cells in rows:
        if len(cells) != len(columns):
            findings.add(
                file, line, ("单元格数", "the number of cells"), (f"{len(columns)}",) * 2,
                len(cells), ("检查逗号与引号", "check commas and quotes"),
            )  # fmt: skip
    return [
        Row(file, line, dict(zip(header, cells, strict=True)))
        for line, cells in rows
        if len(cells) == len(columns)
    ]


def read_document(findings: Findings, file: str) -> Document | None:
    """A YAML file of the pack; None, and problems, if there is none or it cannot be read."""
    path = findings.folder / file
    if not path.is_file():
        absent(findings, file)
        return None
    try:
        document = read_yaml(path)
    except ScenarioError as error:
        name = f"{findings.folder.name}/{file}"
        findings.problems += [replace(problem, file=name) for problem in error.problems]
        return None
    if document.value is None:
        absent(findings, file)
        return None
    return document


TABLE_FORM: Say = ("逗号分隔、UTF-8 编码的 CSV", "CSV with commas, in UTF-8")


def unreadable(
    findings: Findings, file: str, error: parsing.TextError, zh: str, en: str, form: Say
) -> None:
    """Write down that a file is no text that can be read, and what it is instead."""
    i = ("另存为“CSV UTF-8（逗号分隔）”", "save it as CSV UTF-8 (comma delimited)")
    advice = i if "CSV" in form[0] else ("另存为 UTF-8", "save it as UTF-8")
    findings.add(
        file, error.line, (f"无法读取{zh}", f"{en} cannot be read"), form, error.found, advice
    )


def absent(findings: Findings, file: str) -> None:
    """Write down that a file of the pack is not there, or holds nothing."""
    findings.add(
        file, 0, ("文件缺失或为空", "the file is missing or empty"), ("有此文件", "this file"), "∅",
        ("补上；格式见数据包 binzhou", "add it; the pack binzhou shows how"),
    )  # fmt: skip
