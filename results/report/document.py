"""A report as sections of text, lists, tables and charts, and what all formats need to set it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from xiancheng.results.report import charts
from xiancheng.results.tables import labels
from xiancheng.results.tables.render import SHORT, inert
from xiancheng.results.tables.table import Chart, Lang, Table, width

FEW = 5  # columns up to which a header and its unit share a line
LEAD = 34  # characters before a colon up to which they lead an item
PADDING = 1.8  # of a cell [half-width characters]
NARROW, BROAD = 6, 46  # least and greatest width that a column asks for [half-width characters]
PAGE, LEAST_PROSE = 116, 24  # width of a page, and least width of prose [half-width characters]
HALF = 10.0  # width of a picture below which two fit into a line [cm]

Side = Literal["left", "right", "center"]


@dataclass(frozen=True)
class BulletList:
    """Sentences; if `led`, the words before a colon lead each."""

    items: tuple[str, ...]
    led: bool = False

    def pairs(self) -> list[tuple[str, str]]:
        """Each item with the words that lead it, empty if none do."""
        return [lead(item) if self.led else ("", item) for item in self.items]


Block = str | BulletList | Table | Chart


@dataclass(frozen=True)
class Section:
    """A heading and the blocks below it."""

    key: str
    title: str
    blocks: tuple[Block, ...]
    level: int = 1
    new_page: bool = False

    def lines(self) -> Iterator[str | BulletList | Table | tuple[Chart, ...]]:
        """The blocks; charts of half the width that follow each other stand side by side."""
        side: list[Chart] = []
        for block in self.blocks:
            half = isinstance(block, Chart) and charts.SIZES[block.kind][0] < HALF
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


@dataclass(frozen=True)
class Document:
    """A report from title to provenance."""

    title: str
    subtitle: str
    header: str  # of every page: region, scenario, draws
    lang: Lang
    sections: tuple[Section, ...] = ()

    def tables(self) -> Iterator[Table]:
        """Every table that is printed as one."""
        return (b for s in self.sections for b in s.blocks if isinstance(b, Table))

    def charts(self) -> Iterator[Chart]:
        """Every chart."""
        return (b for s in self.sections for b in s.blocks if isinstance(b, Chart))

    def captions(self) -> dict[str, str]:
        """The number and title of every table and chart, by key."""
        table, figure = (labels.label("report", key, self.lang) for key in ("table", "figure"))
        found = {t.key: f"{table} {n}　{t.title}" for n, t in enumerate(self.tables(), 1)}
        return found | {c.key: f"{figure} {n}　{c.title}" for n, c in enumerate(self.charts(), 1)}

    @property
    def contents_title(self) -> str:
        """The title of the table of contents."""
        return labels.label("report", "contents", self.lang)

    def source(self, table: Table) -> str:
        """The run that a table came from, in words."""
        return labels.label("report", "source", self.lang) + table.source


@dataclass(frozen=True)
class Picture:
    """A chart as drawn; a form that nobody asked for is empty."""

    svg: bytes = b""
    png: bytes = b""


Pictures = Mapping[str, Picture]  # by key of the chart


def pictures(document: Document, *forms: charts.Format) -> dict[str, Picture]:
    """Every chart of a document, drawn in these forms.

    Raises
    ------
    RequestError
        if matplotlib is missing.
    """
    return {
        chart.key: Picture(
            **dict(zip(forms, charts.drawn(chart, document.lang, *forms), strict=True))
        )
        for chart in document.charts()
    }


# How a table is set


def widths(table: Table) -> list[float]:
    """The share of each column in the width of a page; they add up to 1.

    Columns of prose take what the others leave.
    """
    needed = [_needed(table, i) for i in range(len(table.columns))]
    prose = [i for i, column in enumerate(table.columns) if column.prose]
    left = PAGE - sum(each for i, each in enumerate(needed) if i not in prose)
    for i in prose:
        needed[i] = max(left / len(prose), LEAST_PROSE)
    return [each / sum(needed) for each in needed]


def _needed(table: Table, column: int) -> float:
    """What a column needs so that numbers and short words stay whole [half-width characters]."""
    texts = [row[column] for row in table.texts()]
    if not table.columns[column].numeric:
        texts = [
            word for text in texts for word in (text.split() if width(text) > SHORT else [text])
        ]
    head = max(width(word) for word in header_parts(table.columns[column].header))
    return min(max([head, NARROW, *map(width, texts)]), BROAD) + PADDING


def aligned(table: Table) -> list[Side]:
    """How each column is set: numbers right, short words in the middle, prose as it comes."""
    longest = [max(map(width, texts)) for texts in zip(*table.texts(), strict=True)]
    return [
        "right" if column.numeric
        else "center" if i and (not longest or longest[i] <= SHORT) and not column.prose
        else "left"
        for i, column in enumerate(table.columns)
    ]  # fmt: skip


def headers(table: Table) -> list[str]:
    """The headers of a table; the units are on lines of their own where columns are many."""
    if len(table.columns) <= FEW:
        return table.headers
    pairs = ((c.header, c.label) for c in table.columns)
    return ["\n".join(filter(None, (t, header[len(t) :].strip()))) for header, t in pairs]


def header_parts(header: str) -> list[str]:
    """A header in the parts between which it may break: the words, and the unit apart."""
    return header.replace("（", " （").replace("(", " (").split()


def body(table: Table) -> list[list[str]]:
    """The cells of a table as people read them, none a formula."""
    return [[inert(cell) for cell in row] for row in table.texts()]


def lead(item: str) -> tuple[str, str]:
    """The words before a colon that lead an item of a list, and the rest; empty if none do.

    >>> lead("How far: a point"), lead("C1 所言")
    (('How far: ', 'a point'), ('', 'C1 所言'))
    """
    for colon in ("：", ": "):
        words, found, rest = item.partition(colon)
        if found and len(words) <= LEAD:
            return words + found, rest
    return "", item
