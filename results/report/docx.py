"""The report as Word: heading styles, a table of contents, repeated header rows.

Styles of text and tables, page and numbering are those of templates/report.docx, which can be
changed with Word: keep the names of its styles.
"""

from importlib.resources import files
from io import BytesIO
from typing import Any

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from xiancheng.results.report import charts
from xiancheng.results.report.document import (
    BulletList,
    Document,
    Pictures,
    Section,
    Side,
    aligned,
    body,
    headers,
    widths,
)
from xiancheng.results.tables.table import Chart, Table

TEXT_WIDTH = 17.0  # of the page of the template [cm]
ALIGNMENT: dict[Side, Any] = {
    "left": WD_ALIGN_PARAGRAPH.LEFT, "center": WD_ALIGN_PARAGRAPH.CENTER,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
}  # fmt: skip


def write(document: Document, pictures: Pictures) -> bytes:
    """A Word file."""
    template = files("xiancheng.results.report").joinpath("templates/report.docx").read_bytes()
    word = docx.Document(BytesIO(template))
    word.core_properties.title = document.title
    word.core_properties.author = "xiancheng"
    word.core_properties.language = "zh-CN" if document.lang == "zh" else "en-US"
    if document.lang == "en":  # Latin letters are read at a smaller size
        _tighten(word.styles["List Bullet"])
    writer = _Writer(word, document, pictures)
    writer.front()
    for number, section in enumerate(document.sections):
        writer.section(number, section)
    file = BytesIO()
    word.save(file)
    return file.getvalue()


def _tighten(style: Any) -> None:
    """Make a style one point smaller, and its lines closer."""
    style.font.size, style.paragraph_format.line_spacing = Pt(9), Pt(11.2)


class _Writer:
    """Writes blocks one after the other."""

    def __init__(self, word: Any, document: Document, pictures: Pictures) -> None:
        self.word, self.document, self.pictures = word, document, pictures
        self.captions = document.captions()

    def front(self) -> None:
        """Header, footer with page numbers, and the title."""
        page = self.word.sections[0]
        header = page.header.paragraphs[0]
        header.style = self.word.styles["Header"]
        header.add_run(self.document.header)
        footer = page.footer.paragraphs[0]
        footer.style = self.word.styles["Footer"]
        _field(footer, "PAGE", "1")
        footer.add_run(" / ")
        _field(footer, "NUMPAGES", "1")
        self.word.add_paragraph(self.document.title, "Title")
        self.word.add_paragraph(self.document.subtitle, "Subtitle")

    def section(self, number: int, section: Section) -> None:
        """A heading and its blocks; the table of contents follows the first section."""
        heading = self.word.add_paragraph(section.title, f"Heading {section.level}")
        heading.paragraph_format.page_break_before = section.new_page and number != 1
        _bookmark(heading, number)
        for block in section.lines():
            if isinstance(block, str):
                self.word.add_paragraph(block, "Normal")
            elif isinstance(block, BulletList):
                for lead, rest in block.pairs():
                    item = self.word.add_paragraph(style="List Bullet")
                    if lead:
                        item.add_run(lead, style="Lead")
                    item.add_run(rest)
            elif isinstance(block, Table):
                self.table(block)
            else:
                self.pictured(block)
        if number == 0:
            self.contents()

    def contents(self) -> None:
        """A field to which Word adds the pages when it is opened; its entries are there before."""
        head = self.word.add_paragraph(self.document.contents_title, "Subtitle")
        head.paragraph_format.page_break_before = True
        line = None
        for number, section in enumerate(self.document.sections):
            first, line = line is None, self.word.add_paragraph(style=f"toc {section.level}")
            if first:
                _mark(line, "begin", dirty=True)
                _instruct(line, r'TOC \o "1-2" \h \z \u')
                _mark(line, "separate")
            _entry(line, section.title, _name(number))
        if line is not None:
            _mark(line, "end")
        self.word.add_page_break()

    def pictured(self, shown: tuple[Chart, ...]) -> None:
        """Charts side by side with their captions, and the run they came from."""
        grid = self.word.add_table(rows=1, cols=len(shown))
        grid.autofit = False
        for cell, chart in zip(grid.rows[0].cells, shown, strict=True):
            cell.width = Cm(TEXT_WIDTH / len(shown))
            line = cell.paragraphs[0]
            line.paragraph_format.keep_with_next = True
            shape = line.add_run().add_picture(
                BytesIO(self.pictures[chart.key].png), width=Cm(charts.SIZES[chart.kind][0])
            )
            shape._inline.docPr.set("descr", chart.description)
            caption = cell.add_paragraph(self.captions[chart.key], "Figure Caption")
            caption.paragraph_format.keep_with_next = True
        self.word.add_paragraph(self.document.source(shown[0].table), "Source")

    def table(self, table: Table) -> None:
        """A table with its caption above, its notes and its run below."""
        self.word.add_paragraph(self.captions[table.key], "Caption")
        rows, sides = body(table), aligned(table)
        grid = self.word.add_table(rows=0, cols=len(table.columns), style="Report Table")
        grid.autofit = False
        sizes = [Cm(TEXT_WIDTH * share) for share in widths(table)]
        for column, size in zip(grid.columns, sizes, strict=True):
            column.width = size
        _row(grid, headers(table), sides, sizes, "Cell Head")
        for number, cells in enumerate(rows, 1):
            last = number == len(rows)
            style = "Cell Total" if last and table.total else "Cell"
            _row(grid, cells, sides, sizes, style)
        grid.rows[0]._tr.get_or_add_trPr().append(_element("w:tblHeader"))
        for note in (*table.notes, self.document.source(table)):
            self.word.add_paragraph(note, "Source")


def _row(grid: Any, texts: list[str], sides: list[Side], sizes: list[Any], style: str
         ) -> None:  # fmt: skip
    row = grid.add_row()
    row._tr.get_or_add_trPr().append(_element("w:cantSplit"))
    named = grid.part.document.styles[style].style_id
    for cell, text, side, size in zip(row.cells, texts, sides, sizes, strict=True):
        cell.width = size
        paragraph = cell.paragraphs[0]
        paragraph._p.style = named
        paragraph.add_run(text)
        paragraph.alignment = ALIGNMENT[side]


def _field(paragraph: Any, code: str, shown: str) -> None:
    _mark(paragraph, "begin")
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
    """A line of the table of contents, leading there; its page is Word's to add."""
    link = _element("w:hyperlink", {"w:anchor": bookmark, "w:history": "1"})
    link.append(paragraph.add_run(text)._r)
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
