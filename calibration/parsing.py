"""Numbers, dates and tables as people write them, read in one way everywhere.

A number is written with ASCII digits only: no underscores, no hexadecimal, no full-width digits,
and neither infinity nor NaN. A date is any unambiguous form with the year first, as spreadsheets
rewrite it. Figures of tables that users bring may also have full-width digits and
separators of thousands.

Tables that users bring are CSV in UTF-8 or GB 18030, or an Excel workbook, read as text cells. What
a file is follows from its first bytes, not from its name. A row whose first cell begins with
"#" explains the others and is left out. Nothing in a workbook is carried out: of a formula the
value that was saved with it is read. Files of a region pack are read by `read_table`.
"""

import csv
import re
import warnings
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from io import BytesIO, StringIO
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import Any

from xiancheng.calibration.errors import Problem, ScenarioError
from xiancheng.calibration.i18n import Words, _, same
from xiancheng.calibration.naming import half_width

_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_NUMBERS = re.compile(rf"{_NUMBER.pattern}(,{_NUMBER.pattern})*")
_WHOLE = re.compile(r"[-+]?[0-9]+")
_MIDNIGHT = re.compile(r"[ T]0?0:00(:00(\.0+)?)?$")  # what a spreadsheet adds to a date
_DAYS = (
    re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})"),
    re.compile(r"([0-9]{4})(年)([0-9]{1,2})月([0-9]{1,2})日"),
    re.compile(r"([0-9]{4})()([0-9]{2})([0-9]{2})"),
)
_DELIMITERS: dict[str, Words] = {
    ";": _("columns separated by semicolons"),
    "\t": _("columns separated by tabs"),
    "，": _("columns separated by full-width commas"),
    "|": _("columns separated by vertical bars"),
}
_MARKS = (  # how a file begins that is no text in UTF-8
    (b"PK\x03\x04", _("an Excel workbook (.xlsx)")),
    (b"\xd0\xcf\x11\xe0", _("an old Excel workbook (.xls)")),
    (b"\xff\xfe\x00\x00", _("text in UTF-32")),
    (b"\xff\xfe", _('text in UTF-16 ("Unicode Text")')),
    (b"\xfe\xff", _("text in UTF-16")),
)  # fmt: skip

_GROUPS = re.compile(r"[-+]?[0-9]{1,3}([, ])[0-9]{3}(\1[0-9]{3})*(\.[0-9]+)?")

FULL_WIDTH: dict[str, str] = {  # punctuation that Chinese input methods put for YAML's own
    "：": ":", "，": ",", "“": '"', "”": '"', "‘": "'", "’": "'", "【": "[", "】": "]",
    "｛": "{", "｝": "}", "［": "[", "］": "]", "－": "-", "＃": "#",
}  # fmt: skip


Cells = tuple[list[str], list[tuple[int, list[str]]]]  # header; rows, each with its line


class TextError(ValueError):
    """A file that is not the text it should be: where, and what it is instead."""

    def __init__(self, line: int, found: Words) -> None:
        super().__init__(line, found)
        self.line, self.found = line, found

    def __str__(self) -> str:
        return self.found.en


def number(text: str) -> float | None:
    """The finite number that a text writes out, or None.

    >>> number("1.5e3"), number("7_1.2"), number("0x1f"), number("１"), number("inf")
    (1500.0, None, None, None, None)
    """
    text = text.strip(" ")
    value = float(text) if _NUMBER.fullmatch(text) else None
    return value if value is not None and isfinite(value) else None


def are_numbers(texts: Sequence[str]) -> bool:
    """Whether each text writes out a finite number: `number` for many at once.

    >>> are_numbers(["1.5e3", " -2"]), are_numbers(["1", ""]), are_numbers(["1,2"])
    (True, False, False)
    """
    plain = [text.strip(" ") for text in texts]
    written = ",".join(plain)
    return (
        written.count(",") == len(plain) - 1
        and _NUMBERS.fullmatch(written) is not None
        and all(map(isfinite, map(float, plain)))
    )


def figure(text: str) -> float | None:
    """The number in a cell of a table: as `number`, in full-width digits or with thousands apart.

    >>> figure("881,000"), figure("８８１ ０００"), figure("1,234,567.5"), figure("1,5")
    (881000.0, 881000.0, 1234567.5, None)
    """
    plain = half_width(text)
    return number(re.sub("[, ]", "", plain) if _GROUPS.fullmatch(plain) else plain)


def whole(text: str) -> int | None:
    """The whole number that a text writes out, or None.

    >>> whole("12"), whole("1_2"), whole("1e3")
    (12, None, None)
    """
    text = text.strip(" ")
    return int(text) if len(text) < 400 and _WHOLE.fullmatch(text) else None


def day(text: str) -> date | None:
    """The day that a text names, the year first; None where it names none, or it is ambiguous.

    >>> day("2025/12/31") == day("2025-12-31 0:00") == day("2025年12月31日") == date(2025, 12, 31)
    True
    >>> day("31/12/2025"), day("2025-13-01")
    (None, None)
    """
    text = _MIDNIGHT.sub("", text.strip())
    for form in _DAYS:
        if found := form.fullmatch(text):
            try:
                return date(int(found[1]), int(found[3]), int(found[4]))
            except ValueError:
                return None
    return None


def is_share(rate: float) -> bool:
    """Whether a rate in percent is so small that a share must be meant: above 0, at most 1."""
    return 0 < rate <= 1


# Text


def text_of(raw: bytes, *, gbk: bool = False) -> str:
    """The text in a file's bytes: UTF-8, with or without a mark.

    Parameters
    ----------
    gbk : whether GB 18030, which holds GBK and GB 2312, is read as well

    Raises
    ------
    TextError
        which names the encoding, where it can be recognised
    """
    for mark, found in _MARKS:
        if raw.startswith(mark):
            raise TextError(0, found)
    if b"\0" in raw[:4096]:
        raise TextError(0, _("a binary file, or UTF-16 without a mark"))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, byte = raw.count(b"\n", 0, error.start) + 1, f"0x{raw[error.start]:02x}"
    try:
        text = raw.decode("gb18030")
    except UnicodeDecodeError:
        raise TextError(line, _("another encoding ({byte})", byte=byte)) from None
    if gbk:
        return text
    raise TextError(line, _("text in GBK (GB 18030), {byte}", byte=byte))


def table_of(raw: bytes, *, gbk: bool = False) -> Cells:
    """Header and rows of a table with commas: cells without blanks around them, by line.

    Rows of nothing but blanks are left out.

    Parameters
    ----------
    gbk : see `text_of`

    Raises
    ------
    TextError
        if it is no text in UTF-8, its columns are not separated by commas, or quotes do not pair
    """
    text = text_of(raw, gbk=gbk)
    lines = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        header = [cell.strip() for cell in next(lines, [])]
        if len(header) == 1:
            for sign, found in _DELIMITERS.items():
                if sign in header[0]:
                    raise TextError(1, found)
        rows = [(lines.line_num, [cell.strip() for cell in cells]) for cells in lines]
    except csv.Error as error:
        raise TextError(lines.line_num, same(str(error))) from None
    return header, [(line, cells) for line, cells in rows if any(cells)]


def read_table(file: Path, name: str = "") -> Cells:
    """Header and rows of a table on file, as `table_of` gives them.

    Parameters
    ----------
    name : of the file in messages; its path by default

    Raises
    ------
    ScenarioError
        if it cannot be read, or is no table with commas in UTF-8
    """
    expected = _("CSV with commas, in UTF-8")
    try:
        return table_of(file.read_bytes())
    except TextError as error:
        mark, found = (error.line, 1), error.found
    except OSError as error:
        mark, found = (0, 0), same(error.strerror or str(error))
    raise ScenarioError([Problem(name or str(file), *mark, "", expected, found)])


def full_width(text: str, line: int) -> tuple[int, int, str] | None:
    """Punctuation that stands for YAML's own at or before a line: (line, column, character).

    The nearest line above counts, as a parser often finds the fault only a line below it. A tab in
    the indentation counts too. Comments and quoted text are left out.
    """
    lines = text.splitlines()[:line]
    for number_, content in reversed([*enumerate(lines, 1)]):
        if (column := _suspect(content)) is not None:
            return number_, column + 1, content[column]
    return None


_KEY = re.compile(r"\s*(?:- +)*[A-Za-z_][\w.-]*\s*(：)")  # a key, then a full-width colon
_OPENS = re.compile(r"\s*(?:- +)*(?:[\w.-]+:\s*)?([“”‘’｛［【－＃])")  # where a value begins
_INSIDE = re.compile(r"[{\[][^\"'#]*?([，：｝］】])")  # in a flow collection
_TAB = re.compile(r" *(\t)\s*\S")


def _suspect(content: str) -> int | None:
    """The column, from 0, of the character that is meant; None if there is none."""
    for form in (_TAB, _KEY, _OPENS, _INSIDE):
        if found := form.match(content) if form is not _INSIDE else form.search(content):
            return found.start(1)
    return None


def full_width_advice(sign: str) -> Words:
    """What is expected where a character of `full_width` was found."""
    if sign == "\t":
        return _("spaces for indentation, not a tab")
    half = FULL_WIDTH.get(sign, ":")
    return _("an ASCII {half} in place of the full-width {sign}", half=half, sign=sign)


# Tables that users bring: CSV in UTF-8 or GB 18030, or an Excel workbook, read as text cells

LARGEST = 20_000_000  # bytes of a file; the census table of a province has 0.2 million
UNPACKED = 60_000_000  # bytes of what a workbook holds; that of a nation, half of it
MOST_ROWS, MOST_COLUMNS = 100_000, 1_000
ZIP = b"PK\x03\x04"  # how an .xlsx begins
EXPECTED = _("CSV with commas (UTF-8 or GBK), or an Excel workbook (.xlsx)")
NO_WORKBOOK = _("a file that cannot be read as a workbook")


def read_sheet(file: Path, name: str = "") -> Cells:
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


def sheet_of(raw: bytes, name: str) -> Cells:
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
        header, rows = _workbook(raw) if raw.startswith(ZIP) else table_of(raw, gbk=True)
    except TextError as error:
        raise ScenarioError([Problem(name, error.line, 1, "", EXPECTED, error.found)]) from None
    return header, [(line, cells) for line, cells in rows if not cells[0].startswith("#")]


def too_large(name: str, most: int = LARGEST) -> ScenarioError:
    """The error that a file is larger than any table, or than `most` bytes."""
    expected = _("a file of at most {megabytes:.0f} MB", megabytes=most / 1e6)
    return ScenarioError([Problem(name, 0, 0, "", expected, _("a larger one"))])


def _workbook(raw: bytes) -> Cells:
    """Header and rows of a workbook's first sheet with anything on it."""
    import openpyxl

    try:
        with zipfile.ZipFile(BytesIO(raw)) as packed:
            if sum(each.file_size for each in packed.infolist()) > UNPACKED:
                raise TextError(0, _("a workbook of more than 60 MB when unpacked"))
        with warnings.catch_warnings():  # of styles and extensions, which are not read
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(BytesIO(raw), read_only=True, data_only=True)
            try:
                for sheet in book.worksheets:
                    if sheet.sheet_state == "visible" and (found := _cells(sheet)):
                        return found
            finally:
                book.close()
    except TextError:
        raise
    except Exception as error:  # whatever a damaged or hostile file makes the library raise
        raise TextError(0, NO_WORKBOOK) from error
    return [], []


def _cells(sheet: Any) -> Cells | None:
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
