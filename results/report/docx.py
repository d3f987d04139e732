"""The report as Word: heading styles, a table of contents, repeated header rows.

Styles of text and tables are those of templates/report.docx, which can be changed with Word: keep
the names of its styles. Those that begin with "Official" are for the page for leaders and the body;
the fonts that they name are those of GB/T 9704-2012, with others for machines that lack them.

References
----------
GB/T 9704-2012, Layout key for official document of Party and government organs: page and margins
5.2, page numbers 7.5, body and its levels 7.3.3, annex 7.3.4
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from typing import Any

import docx
from docx.enum.section import WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Mm, Pt

from xiancheng.results.report import charts
from xiancheng.results.report.document import (
    GAP,
    OFFICIAL_CHARS,
    PAGE,
    Badges,
    BulletList,
    Document,
    DrawnCharts,
    Part,
    Side,
    aligned,
    body,
    headers,
    widths,
)
from xiancheng.results.tables import labels
from xiancheng.results.tables.table import Chart, Table

ALIGNMENT: dict[Side, Any] = {
    "left": WD_ALIGN_PARAGRAPH.LEFT, "center": WD_ALIGN_PARAGRAPH.CENTER,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
}  # fmt: skip


MANY, SMALL = 10, Pt(7)  # columns up to which cells have the size of their style
LATIN = 1.25  # width of letters of a substitute font, to that of half a Chinese character
LONGEST_PROPERTY = 255  # characters, as Word has it
MORE = 8.5 / 7  # characters of the small size in the width of one of a style, in the annex


@dataclass(frozen=True)
class Face:
    """How a part is set: its page, and the names of its styles in the template."""

    margins: tuple[float, float, float, float]  # top, right, bottom, left [mm]
    footer: float  # from the edge of the paper to the foot of the page number [mm]
    title: str
    subtitle: str
    heading: str  # and the level
    chars: float  # of a table across the page [half-width characters]
    text: str
    brief: str  # a paragraph of the page for leaders
    bullet: str
    caption: str
    figure: str
    cell: str
    head: str
    total: str
    note: str
    badges: str

    @property
    def width(self) -> float:
        """Of the text [cm]."""
        return (210 - self.margins[1] - self.margins[3]) / 10


OFFICIAL = Face(
    (37, 26, 35, 28), 21.5, "Official Title", "Official Imprint", "Official Heading {level}",
    OFFICIAL_CHARS, "Official Body", "Official Brief", "Official Body",
    "Official Caption", "Official Caption",
    "Official Cell", "Official Cell Head", "Official Cell Head", "Official Note",
    "Official Badges",
)  # fmt: skip
ANALYTIC = Face(
    (23, 20, 20, 20), 9, "Title", "Subtitle", "Heading {level}", PAGE, "Normal", "Normal",
    "List Bullet", "Caption", "Figure Caption", "Cell", "Cell Head", "Cell Total", "Source",
    "Badges",
)  # fmt: skip


def write(document: Document, pictures: DrawnCharts) -> bytes:
    """A Word file."""
    template = files("xiancheng.results.report").joinpath("templates/report.docx").read_bytes()
    word = docx.Document(BytesIO(template))
    word.core_properties.title = document.title[:LONGEST_PROPERTY]
    word.core_properties.author = document.setting.unit or "xiancheng"
    word.core_properties.language = "zh-CN" if document.lang == "zh" else "en-US"
    if document.lang == "en":  # Latin letters are read at a smaller size
        _tighten(word.styles["List Bullet"])
    writer = _Writer(word, document, pictures)
    writer.front()
    for number in range(len(document.sections)):
        writer.section(number)
    file = BytesIO()
    word.save(file)
    return file.getvalue()


def _tighten(style: Any) -> None:
    """Make a style one point smaller, and its lines closer."""
    style.font.size, style.paragraph_format.line_spacing = Pt(9), Pt(11.2)


class _Writer:
    """Writes blocks one after the other."""

    def __init__(self, word: Any, document: Document, pictures: DrawnCharts) -> None:
        self.word, self.document, self.pictures = word, document, pictures
        self.captions, self.headings = document.captions(), document.headings()
        self.part: Part = "brief"

    @property
    def face(self) -> Face:
        """Of the part that is being written."""
        return OFFICIAL if self.document.official(self.part) else ANALYTIC

    def front(self) -> None:
        """Page, page numbers, and the title."""
        page = self.word.sections[0]
        self._page(page)
        if self.document.official("brief"):
            self.word.settings.odd_and_even_pages_header_footer = True
            _dashed(page.footer, self.word, "right")
            _dashed(page.even_page_footer, self.word, "left")
        else:
            self._header(page.header)
            page.different_first_page_header_footer = True  # the page for leaders names no run
            for footer in (page.footer, page.first_page_footer):
                line = footer.paragraphs[0]
                line.style = self.word.styles["Footer"]
                _field(line, "PAGE", "1")
                line.add_run(" / ")
                _field(line, "NUMPAGES", "1")
        self.word.add_paragraph(self.document.title, self.face.title)
        self.word.add_paragraph(self.document.subtitle, self.face.subtitle)
        self.word.add_paragraph(self.document.imprint, self.face.subtitle)
        if not self.document.official("brief"):  # else the notices say it
            self.word.add_paragraph(self.document.known, self.face.subtitle)

    def _page(self, page: Any) -> None:
        """Set the margins of a section of the file."""
        top, right, bottom, left = (Mm(each) for each in self.face.margins)
        page.top_margin, page.right_margin = top, right
        page.bottom_margin, page.left_margin = bottom, left
        page.footer_distance = Mm(self.face.footer)

    def _header(self, header: Any) -> None:
        header.is_linked_to_previous = False
        line = header.paragraphs[0]
        line.style = self.word.styles["Header"]
        line.add_run(self.document.header)

    def section(self, number: int) -> None:
        """A heading and its blocks; the table of contents follows the page for leaders."""
        section = self.document.sections[number]
        opens = section.part != self.part
        if opens:
            self._open(section.part)
        if section.part != "brief":
            style = self.face.heading.format(level=section.level)
            heading = self.word.add_paragraph(self.headings[number], style)
            heading.paragraph_format.page_break_before = section.new_page and not opens
            _bookmark(heading, number)
        for block in section.lines():
            if isinstance(block, str):
                self.word.add_paragraph(block, self.face.text)
            elif isinstance(block, BulletList):
                self.items(block)
            elif isinstance(block, Badges):
                line = self.word.add_paragraph(style=self.face.badges)
                for item in block.items:
                    line.add_run(f"\u00a0{item}\u00a0", style="Badge")
                    line.add_run(GAP[self.document.lang])
            elif isinstance(block, Table):
                self.table(block)
            else:
                self.pictured(block)

    def _open(self, part: Part) -> None:
        """Begin a part on a new page, the annex in its own layout."""
        if self.part == "brief":
            self.contents()
        self.part = part
        if part != "annex":
            return
        page = self.word.add_section(WD_SECTION.NEW_PAGE)
        page.different_first_page_header_footer = False
        self._page(page)
        if not self.document.official("body"):
            return
        self._header(page.header)
        self._header(page.even_page_header)
        annex, title = (labels.label("report", key, self.document.lang)
                        for key in ("annex", "annex title"))  # fmt: skip
        lead = self.word.add_paragraph(annex, "Official Lead")
        lead.paragraph_format.first_line_indent = 0
        self.word.add_paragraph(title, self.face.title)

    def contents(self) -> None:
        """The headings with their pages; a report without annex has none.

        Each page is a field of its own, which Word renews when the file is opened. A field around
        all of them would keep other programs from counting pages.
        """
        shown = [
            (number, section) for number, section in enumerate(self.document.sections)
            if section.part != "brief"
        ]  # fmt: skip
        if all(section.part != "annex" for _, section in shown):
            self.word.add_page_break()
            return
        head = self.word.add_paragraph(self.document.contents_title, "Subtitle")
        head.paragraph_format.page_break_before = True
        for number, section in shown:
            line = self.word.add_paragraph(style=f"toc {section.level}")
            _entry(line, self.headings[number], _name(number))
        self.word.add_page_break()

    def items(self, block: BulletList) -> None:
        """The items of a list; numbers are typed, as offices do."""
        style = (
            self.face.bullet
            if not block.numbered
            else (self.face.brief if self.part == "brief" else self.face.text)
        )
        for lead, rest in block.pairs(self.document.lang):
            item = self.word.add_paragraph(style=style)
            if lead:
                item.add_run(lead, style="Lead")
            item.add_run(rest)

    def pictured(self, shown: tuple[Chart, ...]) -> None:
        """Charts side by side with their captions, and the run they came from."""
        room = self.face.width / len(shown)
        grid = self.word.add_table(rows=1, cols=len(shown))
        grid.autofit = False
        for cell, chart in zip(grid.rows[0].cells, shown, strict=True):
            cell.width = Cm(room)
            line = cell.paragraphs[0]
            line.paragraph_format.keep_with_next = True
            wide = min(charts.SIZES[chart.kind][0], room)
            shape = line.add_run().add_picture(
                BytesIO(self.pictures[chart.key].png), width=Cm(wide)
            )
            shape._inline.docPr.set("descr", chart.description)
            if self.part == "brief":  # its legend says all that a caption would
                continue
            caption = cell.add_paragraph(self.captions[chart.key], self.face.figure)
            caption.paragraph_format.keep_with_next = True
        self.notes([chart.note for chart in shown if chart.note], shown[0].table)

    def table(self, table: Table) -> None:
        """A table with its caption above, its notes and its run below."""
        self.word.add_paragraph(self.captions[table.key], self.face.caption)
        rows, sides = body(table), aligned(table)
        grid = self.word.add_table(rows=0, cols=len(table.columns), style="Report Table")
        grid.autofit = False
        chars = self.face.chars * (MORE if len(table.columns) > MANY else 1)
        sizes = [Cm(self.face.width * share) for share in widths(table, chars, LATIN)]
        for column, size in zip(grid.columns, sizes, strict=True):
            column.width = size
        _row(grid, headers(table), sides, sizes, self.face.head)
        for number, cells in enumerate(rows, 1):
            last = number == len(rows)
            style = self.face.total if last and table.total else self.face.cell
            _row(grid, cells, sides, sizes, style)
        grid.rows[0]._tr.get_or_add_trPr().append(_element("w:tblHeader"))
        self.notes(table.notes, table)

    def notes(self, notes: Sequence[str], table: Table) -> None:
        """What stands below a table or chart; the page for leaders names no run."""
        source = () if self.part == "brief" else (self.document.source(table),)
        for note in (*notes, *source):
            self.word.add_paragraph(note, self.face.note)


def _dashed(footer: Any, word: Any, side: Side) -> None:
    """The number of the page between dashes, at the outer edge (GB/T 9704-2012, 7.5)."""
    footer.is_linked_to_previous = False
    line = footer.paragraphs[0]
    line.style, line.alignment = word.styles["Official Footer"], ALIGNMENT[side]
    line.add_run("— ")
    _field(line, "PAGE", "1")
    line.add_run(" —")


def _row(grid: Any, texts: list[str], sides: list[Side], sizes: list[Any], style: str
         ) -> None:  # fmt: skip
    """A row that stays on its page; where columns are many, in a smaller size."""
    row = grid.add_row()
    row._tr.get_or_add_trPr().append(_element("w:cantSplit"))
    named = grid.part.document.styles[style].style_id
    for cell, text, side, size in zip(row.cells, texts, sides, sizes, strict=True):
        cell.width = size
        paragraph = cell.paragraphs[0]
        paragraph._p.style = named
        run = paragraph.add_run(text)
        if len(texts) > MANY:
            run.font.size = SMALL
        paragraph.alignment = ALIGNMENT[side]


def _field(paragraph: Any, code: str, shown: str, *, dirty: bool = False) -> None:
    _mark(paragraph, "begin", dirty=dirty)
    _instruct(paragraph, code)
    _mark(paragraph, "separate")
    paragraph.add_run(shown)
    _mark(paragraph, "end")


def _mark(paragraph: Any, kind: str, *, dirty: bool = False) -> None:
    more = {"w:dirty": "true"} if dirty else {}
    paragraph.add_run()._r.append(_element("w:fldChar", {"w:fldCharType": kind, **more}))


def _instruct(paragraph: Any, code: str) -> None:
    text = _element("w:instrText")
    text.set(qn("xml:space"), "preserve")
    text.text = f" {code} "
    paragraph.add_run()._r.append(text)


def _entry(paragraph: Any, text: str, bookmark: str) -> None:
    """A line of the table of contents with its page, leading there."""
    link = _element("w:hyperlink", {"w:anchor": bookmark, "w:history": "1"})
    before = len(paragraph.runs)
    paragraph.add_run(f"{text}\t")
    _field(paragraph, f"PAGEREF {bookmark} \\h", "", dirty=True)
    for run in paragraph.runs[before:]:
        link.append(run._r)
    paragraph._p.append(link)


def _bookmark(paragraph: Any, number: int) -> None:
    begin = _element("w:bookmarkStart", {"w:id": str(number), "w:name": _name(number)})
    paragraph._p.insert(1, begin)
    paragraph._p.append(_element("w:bookmarkEnd", {"w:id": str(number)}))


def _name(number: int) -> str:
    return f"_Toc{number:06d}"


def _element(name: str, attributes: dict[str, str] | None = None) -> Any:
    element: Any = OxmlElement(name)
    for key, value in (attributes or {}).items():
        element.set(qn(key), value)
    return element
