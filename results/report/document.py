"""A report as sections of text, lists, tables and charts, and what all formats need to set it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import _
from xiancheng.results.report import charts
from xiancheng.results.tables import labels
from xiancheng.results.tables.render import SHORT, inert
from xiancheng.results.tables.table import Chart, Column, Lang, Table, width
from xiancheng.sim.state import Floats, Ints

LONGEST_UNIT = 60  # characters of the name of who hands a report in: its first page stays one page
HALF = 10.0  # width of a picture below which two fit into a line [cm]
FEW = 5  # columns up to which a header and its unit share a line
PROSE_WEIGHT = 4  # times what others get of the width that is left

# Widths [half-width characters]
PADDING = 1.8  # of a cell
NARROW = 6  # least of a column
BROAD, WHOLE = 46, 160  # most of a cell that is to stay on a line: of a word, and of prose
FIRM, LEAST_PROSE = 15.0, 24  # up to which a column gives nothing to others: a word's, and prose
PAGE, OFFICIAL_CHARS = 116, 84  # of a page, and of one of an official document

Side = Literal["left", "right", "center"]
Part = Literal["brief", "body", "annex"]  # the page for leaders, the body, and the analysis
Style = Literal["official", "analytic"]
STYLES: tuple[Style, ...] = ("official", "analytic")
GAP = {"zh": "\u3000", "en": "\u2003"}  # between the parts of a line: a character wide
HEADINGS = {"zh": ("{zh}、", "（{zh}）", "{n}."), "en": ("{n} ", "{above}.{n} ", "{n}. ")}
# before the headings of two levels and the items of a list; in Chinese as GB/T 9704-2012 has them


@dataclass(frozen=True)
class Layout:
    """How a report is set.

    Parameters
    ----------
    style : "official": page for leaders and body as GB/T 9704-2012 sets official documents of
        Chinese offices; "analytic": all of it in the smaller layout of the annex; None: the first
        in Chinese, the second in English
    brief : without annex
    unit : who hands the report in; a space to be filled in if empty
    """

    style: Style | None = None
    brief: bool = False
    unit: str = ""

    def resolved(self, lang: Lang) -> "Layout":
        """The same with a style.

        Raises
        ------
        RequestError
            if the style is official and the language English, or the unit is no line of text.
        """
        unit = " ".join(self.unit.split())
        if len(unit) > LONGEST_UNIT or not unit.isprintable():
            raise RequestError(
                _("the unit that hands the report in should be a line of at most {n} printable "
                  "characters", n=LONGEST_UNIT)
            )  # fmt: skip
        if self.style == "official" and lang != "zh":
            raise RequestError(
                _("the official style (GB/T 9704) is for documents in Chinese; leave --style out, "
                  "or ask for --lang zh")
            )  # fmt: skip
        style: Style = self.style or ("official" if lang == "zh" else "analytic")
        return replace(self, style=style, unit=unit)


@dataclass(frozen=True)
class BulletList:
    """Sentences, the first led by a title if there is one; numbered, or with bullets."""

    items: tuple[str, ...]
    title: str = ""
    numbered: bool = False

    def pairs(self, lang: Lang) -> list[tuple[str, str]]:
        """Each item with its number, and before it the words that lead it, empty if none do."""
        form = HEADINGS[lang][2] if self.numbered else ""
        return [
            (self.title + GAP[lang] if n == 1 and self.title else "", form.format(n=n) + item)
            for n, item in enumerate(self.items, 1)
        ]


@dataclass(frozen=True)
class Badges:
    """Short statements in frames, side by side."""

    items: tuple[str, ...]


Block = str | BulletList | Badges | Table | Chart


@dataclass(frozen=True)
class Section:
    """A heading and the blocks below it."""

    key: str
    title: str
    blocks: tuple[Block, ...]
    level: int = 1
    new_page: bool = False
    part: Part = "annex"

    def lines(self) -> Iterator[str | BulletList | Badges | Table | tuple[Chart, ...]]:
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
    setting: Layout = Layout()
    day: date | None = None  # that it bears
    known: str = ""  # until when figures were used

    @property
    def imprint(self) -> str:
        """Who hands it in, and the day."""
        unit = self.setting.unit or labels.label("report", "no unit", self.lang)
        day = labels.in_words(self.day, self.lang) if self.day else ""
        return GAP[self.lang].join(
            filter(None, (labels.label("report", "unit", self.lang, unit=unit), day))
        )

    def official(self, part: Part) -> bool:
        """Whether a part is set as official documents are."""
        return self.setting.style == "official" and part != "annex"

    def headings(self) -> list[str]:
        """The title of each section with its number; the numbers of body and annex are apart."""
        shown, part, first, second = [], "", 0, 0
        for section in self.sections:
            if section.part != part:
                part, first, second = section.part, 0, 0
            first, second = (first + 1, 0) if section.level == 1 else (first, second + 1)
            number = ""
            if part != "brief":
                n = first if section.level == 1 else second
                form = HEADINGS[self.lang][section.level - 1]
                number = form.format(zh=labels.numeral(n), n=n, above=first)
            shown.append(number + section.title)
        return shown

    def setting_of(self, setting: Layout) -> "Document":
        """The same in another setting: without annex, if that is brief."""
        kept = tuple(s for s in self.sections if not (setting.brief and s.part == "annex"))
        return replace(self, sections=kept, setting=setting.resolved(self.lang))

    def tables(self) -> Iterator[Table]:
        """Every table that is printed as one."""
        return (b for s in self.sections for b in s.blocks if isinstance(b, Table))

    def charts(self) -> Iterator[Chart]:
        """Every chart."""
        return (b for s in self.sections for b in s.blocks if isinstance(b, Chart))

    def captions(self) -> dict[str, str]:
        """The number and title of every table and chart, by key."""
        table, figure = (labels.label("report", key, self.lang) for key in ("table", "figure"))
        gap = GAP[self.lang]
        found = {t.key: f"{table} {n}{gap}{t.title}" for n, t in enumerate(self.tables(), 1)}
        charts = {c.key: f"{figure} {n}{gap}{c.title}" for n, c in enumerate(self.charts(), 1)}
        return found | charts

    @property
    def contents_title(self) -> str:
        """The title of the table of contents."""
        return labels.label("report", "contents", self.lang)

    def source(self, table: Table) -> str:
        """The run that a table came from, in words."""
        return labels.label("report", "source", self.lang) + table.source


@dataclass(frozen=True)
class DrawnChart:
    """A chart as drawn; a form that nobody asked for is empty."""

    svg: bytes = b""
    png: bytes = b""


DrawnCharts = Mapping[str, DrawnChart]  # by key of the chart


def pictures(document: Document, *forms: charts.Format) -> dict[str, DrawnChart]:
    """Every chart of a document, drawn in these forms.

    Raises
    ------
    RequestError
        if matplotlib is missing.
    """
    return {
        chart.key: DrawnChart(
            **dict(zip(forms, charts.drawn(chart, document.lang, *forms), strict=True))
        )
        for chart in document.charts()
    }


# How a table is set


def widths(table: Table, page: float = PAGE, latin: float = 1.0) -> list[float]:
    """The share of each column in the width of a page; they add up to 1.

    As browsers do (CSS 2.1, 17.5.2.2): a column has what its longest unbreakable part needs, and
    the rest goes to those whose cells would not stay on a line. Where there is too little, broad
    columns give before narrow ones, so that numbers and codes stay whole.

    Parameters
    ----------
    page : width to be shared [half-width characters]
    latin : width of a Latin letter, to that of half a Chinese character
    """
    texts, columns = table.texts(), table.columns
    cells = [[row[i] for row in texts] for i in range(len(columns))]
    least = np.array([_needed(*each, latin) for each in zip(columns, cells, strict=True)])
    prose = np.array([column.prose for column in columns])
    if (left := page - least.sum()) > 0:
        whole = [_needed(*each, latin, whole=True) for each in zip(columns, cells, strict=True)]
        sizes = _widened(least, np.array(whole), np.where(prose, PROSE_WEIGHT, 1), left)
    else:
        sizes = _narrowed(least, np.where(prose, LEAST_PROSE, FIRM), -left)
    shares: list[float] = (sizes / sizes.sum()).tolist()
    return shares


def _widened(least: Floats, whole: Floats, weight: Ints, left: float) -> Floats:
    """Share what is left by weight and by what columns lack, (column,); none has more than that."""
    sizes = least
    for times in (weight, np.ones_like(weight)):  # what broad columns did not need is shared again
        lacking = whole - sizes
        asked = times * lacking
        given = np.minimum(asked * left / max(asked.sum(), 1.0), lacking)
        sizes, left = sizes + given, left - given.sum()
    return sizes


def _narrowed(least: Floats, firm: Floats, missing: float) -> Floats:
    """Take what is missing from columns broader than `firm`, by the excess of each, (column,)."""
    excess = np.maximum(least - firm, 0.0)
    narrowed: Floats = least - excess * min(missing / max(excess.sum(), 1.0), 1.0)
    return narrowed


def _needed(column: Column, texts: list[str], latin: float, *, whole: bool = False) -> float:
    """What a column of these texts needs to keep numbers and words whole [half-width characters].

    `whole`: so that each cell stays on a line.
    """
    if whole:
        most = WHOLE if column.prose else BROAD
        parts = [min(width(text) * latin, most) for text in texts]
    elif column.numeric:
        parts = [width(text) * latin for text in texts]
    else:
        parts = [_unbreakable(text, latin) for text in texts]
    words = header_parts(column.header)
    head = max(width(word) * (latin if word.isascii() else 1) for word in words)
    usual = max(map(width, texts), default=0) if column.prose else 0
    return max([head, NARROW, min(usual, LEAST_PROSE), *parts]) + PADDING


def _unbreakable(text: str, latin: float) -> float:
    """The width of the longest part of a text that should not break; Chinese breaks anywhere."""
    words = [text] if width(text) <= SHORT else text.split()
    return max(
        (min(width(w) * latin, BROAD) if w.isascii() else min(width(w), SHORT) for w in words),
        default=0,
    )


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
