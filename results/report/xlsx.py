"""The report as an Excel workbook: numbers as numbers, native charts, units in every header."""

import math
from collections.abc import Callable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from io import BytesIO
from typing import Any

import xlsxwriter

from xiancheng.results.analysis.variance import COMPONENTS
from xiancheng.results.report import charts
from xiancheng.results.report.document import (
    BROAD,
    Badges,
    Block,
    BulletList,
    Document,
    DrawnCharts,
    Section,
    header_parts,
    headers,
)
from xiancheng.results.tables import labels
from xiancheng.results.tables.render import inert
from xiancheng.results.tables.table import Cell, Chart, ChartKind, Column, Table, width

SHEET = 31  # characters that the name of a sheet may have
BARRED = str.maketrans("", "", "[]:*?/\\'")
TEXT_WIDTH = 118  # of a line of prose [half-width characters]
BOLD = 1.15  # how much wider letters of a header are
LINE, USUAL = 15, 9  # height of a line [points], width of a column [half-width characters]
CHART_ROWS = 16  # that a chart covers
SIZE = (840, 300)  # width and height of a chart, or of charts side by side [pixels]
MOVES = 2  # with its cells, but keeps its size
LONG = 40  # rows from which on a table that is not alone has a sheet of its own
A4, MARGINS = 9, (0.5, 0.5, 0.6, 0.7)  # paper; left, right, top, bottom [inches]
CHARACTER = 7.0  # of a column's width [pixels]
WIDE = 950.0  # from which on a sheet is printed across [pixels]


def write(document: Document, pictures: DrawnCharts) -> bytes:
    """An Excel file; its charts are Excel's own, so no pictures are needed."""
    file = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
               "nan_inf_to_errors": False}  # fmt: skip
    book = xlsxwriter.Workbook(file, options)
    book.set_properties({"title": document.title, "author": "xiancheng"})
    writer = _Workbook(book, document)
    for section in document.sections:
        if section.blocks:
            writer.section(section)
    writer.finish()
    book.close()
    return file.getvalue()


class _Workbook:
    """Writes a sheet for each section: its blocks in order, each chart below its table.

    A long table that is not alone has a sheet of its own, on which its header repeats in print.
    """

    def __init__(self, book: Any, document: Document) -> None:
        self.book, self.document = book, document
        self.captions, self.names = document.captions(), set[str]()
        self.places: dict[str, tuple[str, int, Table]] = {}  # sheet and row of the head of a table
        self.charts: list[tuple[Chart, Any, int, int, int]] = []  # sheet, row, place among how many
        face = {"font_name": "宋体" if document.lang == "zh" else "Calibri", "font_size": 10}
        self.form: Callable[..., Any] = lambda **more: book.add_format(
            {**face, "valign": "vcenter", **more}
        )
        self.title = self.form(font_size=14, bold=True, quote_prefix=True)
        self.caption = self.form(bold=True)
        self.badge = self.form(bold=True, bg_color="#F2F2F2", border=1)
        self.prose = self.form(text_wrap=True, valign="top")
        small = {"font_size": 8, "font_color": "#595959"}
        self.small = self.form(**small)
        self.note = self.form(**small, text_wrap=True, valign="top")
        self.text = self.form(quote_prefix=True, indent=1)
        self.name = self.form(quote_prefix=True)
        self.wrapped = self.form(text_wrap=True, valign="top", quote_prefix=True)
        header = {"bold": True, "text_wrap": True, "bg_color": "#EDEDED", "bottom": 1, "top": 2}
        self.head, self.right = self.form(**header), self.form(**header, align="right")
        self.numbers: dict[str, Any] = {}

    def section(self, section: Section) -> None:
        """The sheets of a section."""
        tables = [b for b in section.blocks if isinstance(b, Table)]
        long = [t for t in tables if len(t.rows) > LONG and len(tables) > 1]
        kept = [b for b in section.blocks if b not in long]
        # the course of a rate is printed as a chart only; here its numbers are below
        kept += [b.table for b in kept if isinstance(b, Chart) and b.kind == "path"]
        self._sheet(section, section.title, kept)
        for table in long:
            self._sheet(section, table.title, [table])

    def _sheet(self, section: Section, title: str, blocks: Sequence[Block]) -> None:
        sheet = self.book.add_worksheet(self._named(title))
        sheet.hide_gridlines(2)
        sheet.set_paper(A4)
        sheet.set_margins(*MARGINS)
        sheet.set_footer("&C&P / &N")
        tables = [b for b in blocks if isinstance(b, Table)]
        brief = section.part == "brief"  # names no run
        sheet.write_string(0, 0, f"{self.document.title} · {title}", self.title)
        about = self.document.imprint if brief else self.document.header
        sheet.write_string(1, 0, about, self.small)
        wide = self._widths(sheet, tables)
        row = 3
        for block in Section("", "", tuple(blocks)).lines():
            row = self._block(sheet, row, block, brief)
        self._print(sheet, tables, wide)

    def _print(self, sheet: Any, tables: list[Table], wide: float) -> None:
        """Fit a sheet to a page, or a long table to the width of one with its header repeated."""
        head = self.places[tables[0].key][1] if len(tables) == 1 else 0
        if wide > WIDE:
            sheet.set_landscape()
        if head and len(tables[0].rows) > LONG:
            sheet.repeat_rows(head)
            sheet.fit_to_pages(1, 0)
        else:
            sheet.fit_to_pages(1, 1)
        if tables:
            sheet.freeze_panes(head + 1 if 0 < head < FREEZE else 3, 1)

    def _block(self, sheet: Any, row: int, block: Block | tuple[Chart, ...], brief: bool) -> int:
        """A block from `row` on; the row after it."""
        if isinstance(block, str):
            return self._line(sheet, row, block, self.prose)
        if isinstance(block, BulletList):
            for lead, rest in block.pairs(self.document.lang):
                row = self._line(sheet, row, lead + rest, self.prose)
            return row + 1
        if isinstance(block, Badges):
            for item in block.items:
                row = self._line(sheet, row, item, self.badge)
            return row + 1
        if isinstance(block, Table):
            return self._table(sheet, row, block, brief)
        assert isinstance(block, tuple)
        drawn = [chart for chart in block if chart.kind in KINDS]
        for number, chart in enumerate(drawn):
            self.charts.append((chart, sheet, row, number, len(drawn)))
        return row + (CHART_ROWS if drawn else 0)

    def finish(self) -> None:
        """Put every chart in its place, when the places of all tables are known."""
        for chart, sheet, row, number, beside in self.charts:
            # the page for leaders has targets in words; the annex has them as numbers
            numbers = "verdicts" if chart.kind == "outlook" else chart.table.key
            place = self.places.get(numbers) or self.places.get(chart.table.key)
            if place is None:
                continue
            native = self._chart(chart, *place)
            wide = SIZE[0] // beside
            native.set_size({"width": wide - 8, "height": SIZE[1]})
            where = {"x_offset": 8 + number * wide, "y_offset": 4, "object_position": MOVES}
            sheet.insert_chart(row, 0, native, where)

    def _named(self, title: str) -> str:
        """A name that a sheet may have and no other sheet has."""
        name = stem = title.translate(BARRED)[: SHEET - 3] or "sheet"
        number = 1
        while name.lower() in self.names:
            number += 1
            name = f"{stem} {number}"
        self.names.add(name.lower())
        return name

    def _widths(self, sheet: Any, tables: list[Table]) -> float:
        """Set the columns as wide as they need; the width of all [pixels]."""
        widths: dict[int, int] = {}
        for table in tables:
            texts = table.texts()
            for i, column in enumerate(table.columns):
                longest = max((width(row[i]) for row in texts), default=0)
                head = BOLD * max(width(word) for word in header_parts(column.header))
                needed = min(max(longest, math.ceil(head)) + 2, BROAD if not column.prose else 60)
                widths[i] = max(widths.get(i, 0), needed)
        for i, needed in widths.items():
            sheet.set_column(i, i, needed)
        self.wide = widths
        missing = math.ceil(max(TEXT_WIDTH - sum(widths.values()), 0) / USUAL)
        self.across = len(widths) + missing - 1  # several columns: one alone is cut, not shrunk
        together = sum(widths.values()) + missing * USUAL
        return max(together * CHARACTER, float(SIZE[0]))

    def _line(self, sheet: Any, row: int, line: str, form: Any) -> int:
        """A sentence across the sheet, as high as it needs."""
        if self.across:
            sheet.merge_range(row, 0, row, self.across, "", form)
        sheet.write_string(row, 0, inert(line), form)
        high = LINE * (1 + width(line) // TEXT_WIDTH)
        sheet.set_row(row, high)
        return row + 1

    def _table(self, sheet: Any, row: int, table: Table, brief: bool) -> int:
        """A table from `row` on; the row after it."""
        self.places[table.key] = (sheet.get_name(), row + 1, table)
        caption = self.captions.get(table.key, table.title)
        sheet.write_string(row, 0, caption, self.caption)
        heads = headers(table)
        high = LINE * max(self._lines(head, i) for i, head in enumerate(heads))
        sheet.set_row(row + 1, high)
        for i, (column, head) in enumerate(zip(table.columns, heads, strict=True)):
            sheet.write_string(row + 1, i, head, self.right if column.numeric else self.head)
        for number, cells_ in enumerate(table.rows, row + 2):
            for i, (column, cell) in enumerate(zip(table.columns, cells_, strict=True)):
                self._cell(sheet, number, i, column, cell)
        row += 2 + len(table.rows)
        source = () if brief else (self.document.source(table),)
        for note in (*table.notes, *source):
            row = self._line(sheet, row, note, self.note)
        return row + 1

    def _lines(self, head: str, column: int) -> int:
        """The lines that a header takes in its column."""
        room = self.wide[column] / BOLD
        return sum(math.ceil(width(line) / room) for line in head.split("\n"))

    def _cell(self, sheet: Any, row: int, column: int, format_of: Column, cell: Cell) -> None:
        if cell is None or cell != cell:
            sheet.write_blank(row, column, None, self.text)
        elif isinstance(cell, int | float) and not isinstance(cell, bool):
            number = beside_a_tie(format_of, cell) if format_of.numeric else cell
            sheet.write_number(row, column, number, self._number(format_of, cell))
        elif isinstance(cell, date):
            sheet.write_datetime(row, column, cell, self._format("yyyy-mm-dd", align="left"))
        else:
            words = self.name if column == 0 else self.text
            sheet.write_string(row, column, str(cell), self.wrapped if format_of.prose else words)

    def _number(self, format_of: Column, cell: float) -> Any:
        if not format_of.numeric:
            return self._format("General")
        places = format_of.decimals(cell)
        plain = "#,##0" + ("." + "0" * places if places else "")
        return self._format(f"+{plain};-{plain};{plain}" if format_of.signed else plain)

    def _format(self, number: str, **more: Any) -> Any:
        if number not in self.numbers:
            self.numbers[number] = self.form(num_format=number, **more)
        return self.numbers[number]

    def _chart(self, chart: Chart, sheet: str, head: int, table: Table) -> Any:
        """A chart of Excel's own, on the cells of its table."""
        kind, keys = KINDS[chart.kind]
        columns = [i for i, column in enumerate(table.columns) if column.key in keys]
        native = self.book.add_chart(kind)
        last = head + len(table.rows) - (1 if table.total else 0)
        for place, i in enumerate(columns or range(1, len(table.columns))):
            native.add_series({
                **_look(chart.kind, place),
                "name": inert(table.columns[i].label),
                "categories": [sheet, head + 1, 0, last, 0],
                "values": [sheet, head + 1, i, last, i],
            })  # fmt: skip
        native.set_title({"name": inert(chart.title), "name_font": {"size": 11}})
        native.set_legend({"position": "bottom"})
        unit = {"name": table.columns[columns[0] if columns else 1].unit}
        names = {"label_position": "low", "interval_unit": 1}  # all, clear of bars below 0
        native.set_y_axis({"reverse": True, **names} if chart.kind in FLAT else unit)
        native.set_x_axis(
            unit if chart.kind in FLAT
            else {"date_axis": True, "num_format": "yyyy", "major_unit": 1,
                  "major_unit_type": "years"} if chart.kind == "path" else names
        )  # fmt: skip
        return native


def beside_a_tie(column: Column, cell: float) -> float:
    """A number that a spreadsheet shows as every other document does.

    A spreadsheet rounds the last digit half up, all others as the double lies: 61.65, a little less
    than that in a computer, is 61.6. Such a number is written a millionth of its last digit off.

    >>> beside_a_tie(Column("rate", "", digits=1), 61.65) < 61.65
    True
    """
    places = column.decimals(cell)
    here = Decimal(repr(float(cell)))
    shown = Decimal(repr(round(float(cell), places)))
    if here.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) == shown:
        return cell
    return float(here + (shown - here) / 10**6)


def _look(kind: ChartKind, place: int) -> dict[str, Any]:
    """How a series looks: apart from the others in grey too, as in the pictures."""
    ink = {"color": charts.TARGET, "width": 0.75}
    if kind == "path":
        colour, dash = ((charts.WITHOUT, "dash"), (charts.WITH, "solid"))[place]
        return {
            "line": {"color": colour, "width": 2, "dash_type": dash},
            "marker": {"type": "none"},
        }
    if kind == "causes" and charts.HATCHES[place]:
        drawn = {"pattern": "wide_upward_diagonal", "bg_color": charts.LAYERS[place]}
        return {"pattern": drawn | {"fg_color": charts.TARGET}, "border": ink}
    if kind == "variance":
        return {"fill": {"color": charts.PARTS[place % len(charts.PARTS)]}, "border": ink}
    shades = {"causes": charts.LAYERS, "shares": charts.LAYERS[1:], "verdicts": LADDER}
    return {"fill": {"color": shades.get(kind, LADDER)[place % len(LADDER)]}, "border": ink}


LADDER = ("#FFFFFF", "#B9C6D3", "#5B7FA3", "#2B2D42", "#D9D9D9", "#8C8C8C")  # from light to dark
FREEZE = 12  # rows up to which a header is kept in sight
FLAT = ("shares", "variance")  # bars that lie
STACKED = {"type": "column", "subtype": "stacked"}
KINDS: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {  # and the columns shown; none: all
    "verdicts": ({"type": "column"}, ("target_rate", "rate_at_start", "without", "expected")),
    "outlook": ({"type": "column"}, ("target_rate", "rate_at_start", "expected", "low", "high")),
    "path": ({"type": "line"}, ("without", "with")),
    "causes": (STACKED, labels.GROWTH),
    "shares": ({"type": "bar"}, ("points",)),
    "effort": ({"type": "column"}, ()),
    "variance": ({"type": "bar", "subtype": "stacked"}, COMPONENTS),
}
