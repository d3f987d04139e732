"""A county census table to be filled in: its columns with their meaning, as CSV and as a workbook.

Both begin with the columns' names and, below, a row that begins with "#" and says what each means;
`census_table` leaves that row out, so that the filled table can be read as it is.
"""

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from io import BytesIO, StringIO
from typing import NamedTuple

import openpyxl
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.region.census_table import ABOUT_UNIT, COLUMNS, FIGURES
from xiancheng.calibration.region.schema import REQUIRED, SEX_NAMES

SEXES = {"male": _("male"), "female": _("female")}
CSV_NAME, XLSX_NAME = "template/census-table.csv", "template/census-table.xlsx"
WIDTH = 14  # characters of a column of the workbook
OLDEST = "85+"


class ColumnMeaning(NamedTuple):
    """A column of the census table: its name, what it means, whether a pack needs it."""

    name: str
    meaning: Words
    required: bool


@cache
def _worded() -> dict[str, Words]:
    with (files(__package__) / "census_columns.csv").open(encoding="utf-8") as lines:
        return {row["column"]: Words(row["zh"], row["en"]) for row in csv.DictReader(lines)}


def columns() -> Iterator[ColumnMeaning]:
    """The columns of the census table in order."""
    needed = {*ABOUT_UNIT, *(name for table in REQUIRED for name in FIGURES[table])}
    for name in COLUMNS:
        yield ColumnMeaning(name, _meaning(name), name in needed)


def _meaning(name: str) -> Words:
    if name in _worded():
        return _worded()[name]
    stem, __, sex = name.rpartition("_")
    if sex not in SEX_NAMES:
        raise KeyError(name)
    if stem in _worded():
        return _("{of} ({sex})", of=_worded()[stem], sex=SEXES[sex])
    band = stem.removeprefix("age_")
    if band == OLDEST:
        return _("residents aged {age} and over ({sex})", age=band.rstrip("+"), sex=SEXES[sex])
    return _("residents aged {age} ({sex})", age=band, sex=SEXES[sex])


def template_rows() -> list[list[str]]:
    """The header, and the row that explains it in both languages."""
    known = [*columns()]
    meanings = [f"{each.meaning.zh} {each.meaning.en}" for each in known]
    return [[each.name for each in known], [f"# {meanings[0]}", *meanings[1:]]]


def template_csv() -> str:
    """The template as CSV, with the mark by which Excel knows UTF-8."""
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(template_rows())
    return "\ufeff" + text.getvalue()


def template_xlsx() -> bytes:
    """The template as an Excel workbook: the table, and a sheet on its columns."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "普查 census"
    for row in template_rows():
        sheet.append(row)
    for cell, each in zip(sheet[1], columns(), strict=True):
        cell.font = Font(bold=each.required)
        sheet.column_dimensions[get_column_letter(cell.column)].width = WIDTH
    for cell in sheet[2]:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.row_dimensions[2].height = 90
    sheet.freeze_panes = "C3"
    notes = book.create_sheet("说明 columns")
    notes.append(["列 column", "含义", "meaning", "必填 required"])
    for each in columns():
        notes.append([each.name, *each.meaning, "是 yes" if each.required else ""])
    for letter, width in zip("ABCD", (30, 42, 52, 14), strict=True):
        notes.column_dimensions[letter].width = width
    for line in HOW:
        notes.append(["", line.zh, line.en])
    kept = BytesIO()
    book.save(kept)
    return kept.getvalue()


HOW = (
    _("one row for each unit and census; the same areas in both"),
    _("leave a cell empty if it is unknown; never write 0 for it"),
    _("single persons and households, not ten thousands"),
    _("then: xiancheng region from-census TABLE --prefecture NAME --out FOLDER"),
)
