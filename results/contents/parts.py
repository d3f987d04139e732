"""What a document is made of: sentences, tables with units, and charts that show a table.

Cells keep their values; `Column.text` is how a value reads. So a spreadsheet gets numbers, and
paper and page get the same words. All text is plain: whoever writes a format escapes it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from xiancheng.calibration.i18n import _

Cell = float | int | str | bool | date | None
Lang = Literal["zh", "en"]
Kind = Literal["verdicts", "path", "causes", "shares", "effort"]

UNKNOWN = "–"
LARGE = 1000  # numbers from here on are shown without decimals, where they are mixed
WIDE = 0x2E80  # characters from here on are Chinese, and as wide as two others
MOST = 4  # decimals, where a column does not say how many


@dataclass(frozen=True)
class Column:
    """What a column holds: `unit` is None where its cells are words."""

    title: str
    unit: str | None = None
    digits: int | None = 0  # None: as many as the number needs
    signed: bool = False
    wide: bool = False  # prose, which needs most of the width
    least: float = 0.0  # what is smaller, and not 0, is shown as that it is

    @property
    def header(self) -> str:
        """The title with its unit.

        >>> Column("有方案", "%").header, Column("with", "%").header
        ('有方案（%）', 'with (%)')
        """
        if not self.unit:
            return self.title
        wide = any(ord(c) > WIDE for c in self.title + self.unit)
        return f"{self.title}（{self.unit}）" if wide else f"{self.title} ({self.unit})"

    @property
    def numeric(self) -> bool:
        """Whether its cells are numbers."""
        return self.unit is not None

    def places(self, value: float) -> int:
        """Decimals with which a number is shown."""
        if self.digits is not None:
            return self.digits
        if abs(value) >= LARGE:
            return 0
        rounded = [round(value, digits) for digits in range(MOST + 1)]
        return rounded.index(rounded[-1])

    def text(self, cell: Cell) -> str:
        """A cell as people read it.

        >>> Column("作用", "点", digits=2, signed=True).text(-0.5), Column("人数", "人").text(12345)
        ('-0.50', '12,345')
        >>> Column("贡献", "点", digits=2, signed=True, least=0.02).text(-0.013)
        '<0.02'
        """
        if cell is None or (isinstance(cell, float) and not math.isfinite(cell)):
            return UNKNOWN
        if isinstance(cell, int | float) and self.numeric:
            if 0 < abs(cell) < self.least:
                return f"<{self.least:g}"
            digits = self.places(cell)
            value = round(cell, digits)
            return f"{value or 0.0:{'+' if self.signed and value else ''},.{digits}f}"
        return f"{cell:g}" if isinstance(cell, float) else str(cell)


@dataclass(frozen=True)
class Table:
    """Rows of cells under columns; `key` names it in every language."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    source: str = ""  # the run it came from
    notes: tuple[str, ...] = ()
    total: bool = False  # the last row is the sum of the others

    def texts(self) -> list[list[str]]:
        """The rows as people read them."""
        return [[c.text(x) for c, x in zip(self.columns, row, strict=True)] for row in self.rows]

    def column(self, index: int) -> list[Cell]:
        """The cells of a column."""
        return [row[index] for row in self.rows]


@dataclass(frozen=True)
class Chart:
    """A picture of a table, and of what else belongs into it."""

    kind: Kind
    table: Table
    title: str
    about: str  # what it shows, for those who cannot see it
    points: "tuple[Point, ...]" = ()

    @property
    def key(self) -> str:
        """Its name in every language."""
        return f"{self.kind}-{self.table.key}"


@dataclass(frozen=True)
class Point:
    """What is marked in a chart over time: an observation, or a target."""

    day: date
    value: float
    label: str
    kind: Literal["census", "target"]


@dataclass(frozen=True)
class Points:
    """Sentences, each a point of a list; if `led`, what stands before a colon leads it."""

    items: tuple[str, ...]
    led: bool = False


Block = str | Points | Table | Chart


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    key: str
    title: str
    blocks: tuple[Block, ...]
    level: int = 1
    new_page: bool = False


@dataclass(frozen=True)
class Document:
    """A report from cover line to provenance."""

    title: str
    subtitle: str
    header: str  # of every page: region, scenario, draws
    lang: Lang
    sections: tuple[Section, ...] = field(default_factory=tuple)

    def tables(self) -> Iterator[Table]:
        """Every table that is printed as one."""
        return (b for s in self.sections for b in s.blocks if isinstance(b, Table))

    def charts(self) -> Iterator[Chart]:
        """Every chart."""
        return (b for s in self.sections for b in s.blocks if isinstance(b, Chart))


def listed(items: Sequence[str], lang: str) -> str:
    """Words in a row, as a sentence has them.

    >>> listed(["P1", "P2"], "zh"), listed(["P1", "P2"], "en")
    ('P1、P2', 'P1, P2')
    """
    return _(", ").said(lang).join(items)
