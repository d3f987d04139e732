"""The table model: columns, rows of raw values, notes, and charts that show a table.

Cells keep their values; `Column.text` formats them. A spreadsheet therefore gets numbers, and every
text format prints the same number. Titles, notes and cells are plain text: each renderer escapes.
"""

import math
from dataclasses import dataclass
from datetime import date
from typing import Literal

from xiancheng.sim.state import Floats

Cell = float | int | str | bool | date | None
Lang = Literal["zh", "en"]
ChartKind = Literal["verdicts", "outlook", "map", "path", "causes", "shares", "effort", "variance"]

UNKNOWN = "–"
LARGE = 1000  # free digits: from here on a number is shown without decimals
MOST_DECIMALS = 4  # free digits: at most so many
CJK = 0x2E80  # code points from here on are Chinese, and as wide as two Latin letters


@dataclass(frozen=True)
class Column:
    """A column: its key in JSON and CSV, its label and unit, and how its cells are formatted.

    Parameters
    ----------
    key : name in every language
    label : name in the reader's language
    unit : shown in the header, if any
    digits : decimals; negative: rounded to tens, hundreds...; "free": as many as a number needs;
        None: the cells are words
    signed : positive numbers have a plus sign
    least : a number that is smaller in absolute value, and not 0, is shown as "<least"
    chance : a probability in percent; below 1 it is shown as "<1", above 99 as ">99"
    prose : text that needs most of the width
    """

    key: str
    label: str
    unit: str = ""
    digits: int | Literal["free"] | None = None
    signed: bool = False
    least: float = 0.0
    chance: bool = False
    prose: bool = False

    @property
    def header(self) -> str:
        """The label with its unit.

        >>> Column("with", "有方案", "%").header, Column("with", "with", "%").header
        ('有方案（%）', 'with (%)')
        """
        if not self.unit:
            return self.label
        wide = any(ord(c) > CJK for c in self.label + self.unit)
        return f"{self.label}（{self.unit}）" if wide else f"{self.label} ({self.unit})"

    @property
    def numeric(self) -> bool:
        """Whether its cells are numbers."""
        return self.digits is not None

    def decimals(self, value: float) -> int:
        """Decimals with which a number is shown."""
        if self.digits != "free":
            return max(self.digits or 0, 0)
        if abs(value) >= LARGE:
            return 0
        rounded = [round(float(value), digits) for digits in range(MOST_DECIMALS + 1)]
        return rounded.index(rounded[-1])

    def text(self, cell: Cell) -> str:
        """A cell as people read it.

        >>> Column("effect", "", digits=2, signed=True).text(-0.5)
        '-0.50'
        >>> Column("persons", "", digits=0).text(12345)
        '12,345'
        >>> Column("share", "", digits=2, signed=True, least=0.02).text(-0.013)
        '<0.02'
        >>> [Column("p", "", digits=0, chance=True).text(x) for x in (0.0, 50.2, 99.8)]
        ['<1', '50', '>99']
        """
        if cell is None or (isinstance(cell, float) and not math.isfinite(cell)):
            return UNKNOWN
        if isinstance(cell, str | date | bool) or not self.numeric:
            return f"{cell:g}" if isinstance(cell, float) else str(cell)
        if self.chance and not 1 <= cell <= 99:
            return "<1" if cell < 1 else ">99"
        if 0 < abs(cell) < self.least:
            return f"<{self.least:g}"
        digits = self.decimals(cell) if self.digits == "free" else self.digits
        value = round(float(cell), digits) or 0.0  # as text is rounded; numpy rounds otherwise
        return f"{value:{'+' if self.signed and value else ''},.{self.decimals(cell)}f}"


@dataclass(frozen=True)
class Table:
    """Rows of cells under columns; `key` names the table in every language."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    source: str = ""  # the run that the numbers came from
    notes: tuple[str, ...] = ()
    total: bool = False  # the last row is the sum of the others

    @property
    def headers(self) -> list[str]:
        """The labels of the columns with their units."""
        return [column.header for column in self.columns]

    def texts(self) -> list[list[str]]:
        """The cells as people read them, (row, column)."""
        return [[c.text(x) for c, x in zip(self.columns, row, strict=True)] for row in self.rows]

    def column(self, key: str) -> list[Cell]:
        """The cells of a column."""
        index = [each.key for each in self.columns].index(key)
        return [row[index] for row in self.rows]

    def records(self) -> list[dict[str, Cell]]:
        """The raw values of each row by the keys of the columns."""
        keys = [column.key for column in self.columns]
        return [dict(zip(keys, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Marker:
    """What is marked in a chart over time: an observation, or a target [percent]."""

    day: date
    value: float
    label: str
    kind: Literal["census", "published", "target"]


@dataclass(frozen=True)
class Chart:
    """A chart of a table, with markers that are not in the table."""

    kind: ChartKind
    table: Table
    title: str
    description: str  # what it shows, for readers who cannot see it
    markers: tuple[Marker, ...] = ()
    note: str = ""  # below it
    outlines: tuple[Floats, ...] = ()  # of a map, a row each [degrees], (point, 2)

    @property
    def key(self) -> str:
        """Its name in every language."""
        return f"{self.kind}-{self.table.key}"


def width(text: str) -> int:
    """The width of a text [half-width characters].

    >>> width("有方案%")
    7
    """
    return sum(2 if ord(c) > CJK else 1 for c in text)
