"""Tables that users bring: CSV in UTF-8 or GB 18030, or an Excel workbook, read as text cells.

What a file is follows from its first bytes, not from its name. A row whose first cell begins with
"#" explains the others and is left out. Nothing in a workbook is carried out: of a formula the
value that was saved with it is read. Files of a region pack are read by `parsing.read_table`.
"""

import warnings
import zipfile
from collections.abc import Iterable
from datetime import date, datetime, time
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

from xiancheng.calibration import parsing
from xiancheng.calibration.errors import Problem, ScenarioError
from xiancheng.calibration.i18n import _, same

LARGEST = 20_000_000  # bytes of a file; the census table of a province has 0.2 million
UNPACKED = 60_000_000  # bytes of what a workbook holds; that of a nation, half of it
MOST_ROWS, MOST_COLUMNS = 100_000, 1_000
ZIP = b"PK\x03\x04"  # how an .xlsx begins
EXPECTED = _("CSV with commas (UTF-8 or GBK), or an Excel workbook (.xlsx)")
NO_WORKBOOK = _("a file that cannot be read as a workbook")


def read_sheet(file: Path, name: str = "") -> parsing.Cells:
    """Header and rows of a table on file, as `sheet_of` gives them.

    Parameters
    ----------
    name : of the file in messages; its path by default

    Raises
    ------
    ScenarioError
        if it cannot be read, is too large, or is neither CSV nor a workbook
    """
    name = name or str(file)
    try:
        if file.stat().st_size > LARGEST:
            raise too_large(name)
        raw = file.read_bytes()
    except OSError as error:
        found = same(error.strerror or str(error))
        raise ScenarioError([Problem(name, 0, 0, "", EXPECTED, found)]) from None
    return sheet_of(raw, name)


def sheet_of(raw: bytes, name: str) -> parsing.Cells:
    """Header and rows of a table: cells as text without blanks around them, by line.

    Of a workbook the first sheet that is visible and not empty. Rows of nothing but blanks, and
    those that begin with "#", are left out.

    Raises
    ------
    ScenarioError
        if it is too large, or neither CSV nor a workbook
    """
    if len(raw) > LARGEST:
        raise too_large(name)
    try:
        header, rows = _workbook(raw) if raw.startswith(ZIP) else parsing.table_of(raw, gbk=True)
    except parsing.TextError as error:
        raise ScenarioError([Problem(name, error.line, 1, "", EXPECTED, error.found)]) from None
    return header, [(line, cells) for line, cells in rows if not cells[0].startswith("#")]


def too_large(name: str, most: int = LARGEST) -> ScenarioError:
    """The error that a file is larger than any table, or than `most` bytes."""
    expected = _("a file of at most {megabytes:.0f} MB", megabytes=most / 1e6)
    return ScenarioError([Problem(name, 0, 0, "", expected, _("a larger one"))])


def _workbook(raw: bytes) -> parsing.Cells:
    """Header and rows of a workbook's first sheet with anything on it."""
    import openpyxl

    try:
        with zipfile.ZipFile(BytesIO(raw)) as packed:
            if sum(each.file_size for each in packed.infolist()) > UNPACKED:
                raise parsing.TextError(0, _("a workbook of more than 60 MB when unpacked"))
        with warnings.catch_warnings():  # of styles and extensions, which are not read
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(BytesIO(raw), read_only=True, data_only=True)
            try:
                for sheet in book.worksheets:
                    if sheet.sheet_state == "visible" and (found := _cells(sheet)):
                        return found
            finally:
                book.close()
    except parsing.TextError:
        raise
    except Exception as error:  # whatever a damaged or hostile file makes the library raise
        raise parsing.TextError(0, NO_WORKBOOK) from error
    return [], []


def _cells(sheet: Any) -> parsing.Cells | None:
    """Header and rows of a sheet; None if it is empty."""
    first = islice(sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True), MOST_ROWS)
    found = ((line, texts) for line, row in enumerate(first, 1) if any(texts := _texts(row)))
    at, header = next(found, (0, []))
    if not header:
        return None
    while not header[-1]:
        header.pop()
    width = len(header)
    rows: list[tuple[int, list[str]]] = []
    # One column more shows a row that is too long; a sheet may be wider where it is only coloured.
    below = sheet.iter_rows(min_row=at + 1, max_col=width + 1, values_only=True)
    for line, row in enumerate(islice(below, MOST_ROWS), at + 1):
        if any(texts := _texts(row)):
            texts += [""] * (width - len(texts))
            rows.append((line, texts if texts[width:] != [""] else texts[:width]))
    return header, rows


def _texts(row: Iterable[object]) -> list[str]:
    return [cell_text(cell) for cell in row]


def cell_text(cell: object) -> str:
    """The value of a cell as a person would type it."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float):
        return f"{cell:.15g}"
    return str(cell).strip()
