"""What all documents have in common: captions, widths, pictures side by side, inert cells."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from xiancheng.calibration.i18n import Words, _
from xiancheng.results import cells, figures
from xiancheng.results.contents.parts import WIDE, Chart, Document, Points, Section, Table

FEW = 5  # columns up to which a header and its unit share a line
LEAD = 34  # characters before a colon up to which they lead an item
PADDING = 1.8  # of a cell, in the same
NARROW, BROAD = 6, 46  # least and greatest width that a column asks for [half-width characters]
PAGE, LEAST = 116, 24  # width of a page, and least width of prose, in the same
SHORT = 16  # words that together are no longer are kept on one line


@dataclass(frozen=True)
class Picture:
    """A chart as drawn; a form that nobody asked for is empty."""

    svg: bytes = b""
    png: bytes = b""


Side = Literal["left", "right", "center"]
Pictures = Mapping[str, Picture]  # by key of the chart


def pictures(document: Document, *forms: figures.Format) -> dict[str, Picture]:
    """Every chart of a document, drawn in these forms.

    Raises
    ------
    RequestError
        if matplotlib is missing.
    """
    return {
        chart.key: Picture(
            **dict(zip(forms, figures.drawn(chart, document.lang, *forms), strict=True))
        )
        for chart in document.charts()
    }


def captions(document: Document) -> dict[str, str]:
    """The caption of every table and chart, by key: its number and title."""
    told: dict[str, str] = {}
    things: tuple[tuple[Words, Iterator[Table | Chart]], ...] = (
        (_("Table"), document.tables()),
        (_("Figure"), document.charts()),
    )
    for word, each in things:
        for number, thing in enumerate(each, 1):
            told[thing.key] = f"{word.said(document.lang)} {number}　{thing.title}"
    return told


def rows(section: Section) -> Iterator[str | Points | Table | tuple[Chart, ...]]:
    """The blocks of a section; charts of half the width that follow each other stand together."""
    side: list[Chart] = []
    for block in section.blocks:
        half = isinstance(block, Chart) and figures.SIZES[block.kind][0] < HALF
        if side and (not half or len(side) == 2):
            yield tuple(side)
            side = []
        if not isinstance(block, Chart):
            yield block
        elif half:
            side.append(block)
        else:
            yield (block,)
    if side:
        yield tuple(side)


HALF = 10.0  # width of a picture below which two fit into a line [cm]


def widths(table: Table) -> list[float]:
    """The share of each column in the width of a page; they add up to 1.

    Columns of prose take what the others leave.
    """
    asked = [_needed(table, i) for i in range(len(table.columns))]
    prose = [i for i, column in enumerate(table.columns) if column.wide]
    left = PAGE - sum(asked[i] for i in range(len(asked)) if i not in prose)
    for i in prose:
        asked[i] = max(left / len(prose), LEAST)
    return [each / sum(asked) for each in asked]


def _needed(table: Table, column: int) -> float:
    """What a column needs so that numbers and short words stay whole [half-width characters]."""
    texts = [row[column] for row in table.texts()]
    if not table.columns[column].numeric:
        texts = [
            word for text in texts for word in (text.split() if span(text) > SHORT else [text])
        ]
    head = max(span(word) for word in broken(table.columns[column].header))
    return min(max([head, NARROW, *map(span, texts)]), BROAD) + PADDING


def aligned(table: Table) -> list[Side]:
    """How each column is set: numbers right, short words in the middle, prose as it comes."""
    return [
        "right" if column.numeric
        else "center" if i and _longest(table, i) <= SHORT and not column.wide
        else "left"
        for i, column in enumerate(table.columns)
    ]  # fmt: skip


def _longest(table: Table, column: int) -> int:
    return max((span(row[column]) for row in table.texts()), default=0)


def heads(table: Table) -> list[str]:
    """The headers of a table; the units are on lines of their own where columns are many."""
    if len(table.columns) <= FEW:
        return [column.header for column in table.columns]
    pairs = ((c.header, c.title) for c in table.columns)
    return ["\n".join(filter(None, (t, header[len(t) :].strip()))) for header, t in pairs]


def broken(header: str) -> list[str]:
    """A header in the pieces between which it may break: the words, and the unit apart."""
    return header.replace("（", " （").replace("(", " (").split()


def span(text: str) -> int:
    """How wide a text is, in half-width characters.

    >>> span("有方案%")
    7
    """
    return sum(2 if ord(c) > WIDE else 1 for c in text)


def items(points: Points) -> list[tuple[str, str]]:
    """The items of a list, each with what leads it."""
    return [led(item) if points.led else ("", item) for item in points.items]


def led(item: str) -> tuple[str, str]:
    """An item of a list: what stands before a colon leads it; empty if nothing does.

    >>> led("How far: a point"), led("C1 所言")
    (('How far: ', 'a point'), ('', 'C1 所言'))
    """
    for colon in _(": "):
        lead, found, rest = item.partition(colon)
        if found and len(lead) <= LEAD:
            return lead + found, rest
    return "", item


def source(table: Table, lang: str) -> str:
    """The run that a table came from, in words."""
    return _("Source: ").said(lang) + table.source


def inert(text: str) -> str:
    """A cell that stays text where it is pasted into a spreadsheet.

    >>> inert("=cmd()"), inert("-0.50"), inert("+1,234")
    ("'=cmd()", '-0.50', '+1,234')
    """
    number = text.replace(",", "")
    return text if cells.inert(number) == number else f"'{text}"


def body(table: Table) -> list[list[str]]:
    """The cells of a table as people read them, inert."""
    return [[inert(cell) for cell in row] for row in table.texts()]
