"""What all documents have in common: numbers of tables and figures, widths, pictures side by side."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from results import cells, figures
from results.contents.parts import WIDE, Block, Chart, Document, Section, Table
from scenarios.checking import Words

LEAD = 34  # characters before a colon up to which they lead an item
PADDING = 2.5  # of a cell, in the same
NARROW, BROAD = 4, 46  # least and greatest width that a column asks for [half-width characters]


@dataclass(frozen=True)
class Picture:
    """A chart as drawn."""

    svg: bytes
    png: bytes


Pictures = Mapping[str, Picture]  # by key of the chart


def pictures(document: Document) -> dict[str, Picture]:
    """Every chart of a document, drawn.

    Raises
    ------
    RequestError
        if matplotlib is missing.
    """
    return {
        chart.key: Picture(
            figures.drawn(chart, document.lang), figures.drawn(chart, document.lang, "png")
        )
        for chart in document.charts()
    }


def captions(document: Document) -> dict[str, str]:
    """The caption of every table and chart, by key: its number and title."""
    table, figure = Words("表", "Table"), Words("图", "Figure")
    told = {}
    for word, things in ((table, document.tables()), (figure, document.charts())):
        for number, thing in enumerate(things, 1):
            told[thing.key] = f"{word.said(document.lang)} {number}　{thing.title}"
    return told


def rows(section: Section) -> Iterator[Block | tuple[Chart, ...]]:
    """The blocks of a section; charts of half the width that follow each other stand together."""
    side: list[Chart] = []
    for block in section.blocks:
        half = isinstance(block, Chart) and figures.SIZES[block.kind][0] < HALF
        if half and isinstance(block, Chart):
            side.append(block)
        if side and (not half or len(side) == 2):
            yield tuple(side)
            side = []
        if not half:
            yield (block,) if isinstance(block, Chart) else block
    if side:
        yield tuple(side)


HALF = 10.0  # width of a picture below which two fit into a line [cm]


def widths(table: Table) -> list[float]:
    """The share of each column in the width of a table; they add up to 1."""
    asked = []
    for i, column in enumerate(table.columns):
        texts = [row[i] for row in table.texts()]
        longest = max((span(text) for text in texts), default=0)
        head = max(span(word) for word in broken(column.header))
        asked.append(min(max(longest, head, NARROW), BROAD) + PADDING)
    return [each / sum(asked) for each in asked]


def broken(header: str) -> list[str]:
    """A header in the pieces between which it may break: the words, and the unit apart."""
    return header.replace("（", " （").replace("(", " (").split()


def span(text: str) -> int:
    """How wide a text is, in half-width characters.

    >>> span("有方案%")
    7
    """
    return sum(2 if ord(c) > WIDE else 1 for c in text)


def led(item: str) -> tuple[str, str]:
    """An item of a list: what stands before a colon leads it; empty if nothing does.

    >>> led("How far: a point"), led("C1 所言")
    (('How far: ', 'a point'), ('', 'C1 所言'))
    """
    for colon in ("：", ": "):
        lead, found, rest = item.partition(colon)
        if found and len(lead) <= LEAD:
            return lead + found, rest
    return "", item


def source(table: Table, lang: str) -> str:
    """The run that a table came from, in words."""
    return Words("来源：", "Source: ").said(lang) + table.source


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
