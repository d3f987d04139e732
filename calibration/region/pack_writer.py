"""Files of a new region pack: the figures of a census table and nothing else, or blanks to fill.

What the table does not hold is left out, so that `imputation` fills it and `region check` lists it.
A pack is written beside its place and then renamed.

A census table to be filled in, as CSV and as a workbook, begins with the columns' names and, below,
a row that begins with "#" and says what each means; `census_table` leaves that row out, so that the
filled table can be read as it is.
"""

import csv
import hashlib
import math
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from io import BytesIO, StringIO
from pathlib import Path
from typing import NamedTuple

import openpyxl
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from xiancheng.calibration.errors import RefusedError
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.region.census_import import PackPlan, PackUnit, complete, english_names
from xiancheng.calibration.region.census_table import ABOUT_UNIT, FIGURES, FLOOR, YEARS
from xiancheng.calibration.region.census_table import COLUMNS as CENSUS_COLUMNS
from xiancheng.calibration.region.schema import COLUMNS, REQUIRED, SEX_NAMES, TABLES

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
    for name in CENSUS_COLUMNS:
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


DAYS = {year: f"{year}-11-01" for year in YEARS}
NO_CODE = "000000"  # stands for a code that is still to be written


def table_text(file: str, rows: Iterable[Sequence[object]]) -> str:
    """A table of a pack as text."""
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS[file])
    writer.writerows(rows)
    return text.getvalue()


def quoted(text: str) -> str:
    """Text as one YAML scalar whatever it holds."""
    return "'" + text.replace("'", "''") + "'"


def names(of: Words) -> str:
    """A name in two languages, as keys and values of YAML."""
    return f"zh: {quoted(of.zh)}, en: {quoted(of.en)}"


# From a census table


def pack_files(plan: PackPlan, name: str) -> dict[str, str]:
    """Every file of a pack, by name."""
    return {
        "region.yaml": region_yaml(plan, name),
        "margins.csv": table_text("margins.csv", margins(plan.units)),
        "economy.csv": table_text("economy.csv", [*floor_areas(plan.units), *provincial(plan)]),
        "sources.yaml": sources_yaml(plan),
    }


def margins(units: Sequence[PackUnit]) -> Iterator[tuple[object, ...]]:
    """Every census figure that all units of the pack have, line by line."""
    for year in YEARS:
        cells = [
            (table, cell, FIGURES[table][i])
            for table in TABLES if table in FIGURES and complete(table, units, year)
            for cell, i in TABLES[table].cells.items()
            if not any(math.isnan(unit.at[year].figures[FIGURES[table][i]]) for unit in units)
        ]  # fmt: skip
        for unit in units:
            census = unit.at[year]
            for table, cell, column in cells:
                counted = "persons" if cell[2] == "members" else TABLES[table].unit
                yield (
                    DAYS[year], unit.code, table, *cell, f"{census.figures[column]:.12g}", counted,
                    f"census-{year}", "derived" if column in census.derived else "official",
                    "", "", census.note(column),
                )  # fmt: skip


def floor_areas(units: Sequence[PackUnit]) -> Iterator[tuple[object, ...]]:
    """Floor area a person, where the table has it."""
    for year in YEARS:
        for unit in units:
            census = unit.at[year]
            if not math.isnan(value := census.figures[FLOOR]):
                status = "derived" if FLOOR in census.derived else "official"
                yield (
                    DAYS[year], unit.code, FLOOR, f"{value:g}", "m2", f"census-{year}", status,
                    "", "", census.note(FLOOR) or "family households",
                )  # fmt: skip


def provincial(plan: PackPlan) -> Iterator[tuple[object, ...]]:
    """The province's own residents and births, to which its later series are compared."""
    for year, unit in sorted(plan.province_units.items()):
        head, source, figures = (DAYS[year], plan.province[0]), f"census-{year}", unit.figures
        people = figures["residents"]
        yield (
            *head, "population", f"{people:.0f}", "persons", source, "official", "", "",
            "usual residents at the census",
        )  # fmt: skip
        rate, status = figures["birth_rate_permille"], "official"
        note = f"November {year - 1} to October {year}"
        if math.isnan(rate):
            infants = figures["age_0_male"] + figures["age_0_female"]
            rate, status = round(1000 * infants / people, 2), "derived"
            note = "residents aged 0 over residents"
        if not math.isnan(rate):
            yield (*head, "birth_rate", f"{rate:g}", "permille", source, status, "", "", note)


def region_yaml(plan: PackPlan, name: str) -> str:
    """What the pack is about."""
    via = f"; {plan.via}" if plan.via else ""
    attribution = _("County census tables: NBS of China{via}", via=via)
    lines = [
        f"# {plan.title.zh}: a pack written from a census table by `xiancheng region from-census`.",
        "# What the table lacks is left to the defaults; `xiancheng region check` lists it.",
        "# Targets, if there are any, may be added as in the pack binzhou; they are never data.",
        f"name: {quoted(name)}",
        f"title: {{{names(plan.title)}}}",
        "prefectures:",
        *(f"  - {{code: {code}, {names(of)}}}" for code, of in plan.prefectures.items()),
        f"province: {{code: {plan.province[0]}, {names(plan.province[1])}}}",
        "counties:",
    ]
    for unit in plan.units:
        of = Words(unit.zh, english_names().get(unit.code, unit.zh))
        lines.append(
            f"  - {{code: {unit.code}, {names(of)}, prefecture: {unit.code[:4]}00, "
            f"kind: {unit.kind}}}"
        )
    lines += [f"censuses: [{', '.join(DAYS.values())}]", f"attribution: {{{names(attribution)}}}"]
    return "\n".join([*lines, ""])


def sources_yaml(plan: PackPlan) -> str:
    """Where the figures come from."""
    digest = hashlib.sha256(plan.table.read_bytes()).hexdigest()
    titles = {2010: "中国2010年人口普查分县资料", 2020: "中国人口普查分县资料—2020"}
    via = f"{plan.via or 'not stated'}; table {plan.table.name}, sha256 {digest}"
    note = "industry, employment, marital state and homes from the 10 % long form"
    return "".join(
        f"census-{year}:\n  title: {titles[year]}\n  publisher: 国家统计局\n"
        f"  via: {quoted(via)}\n  note: census moment {DAYS[year]}; {note}\n"
        for year in YEARS
    )


# To be filled by hand


def blank_files(name: str) -> dict[str, str | bytes]:
    """Every file of an empty pack, by name, and a census table to fill in instead."""
    blank = files("xiancheng.calibration.region") / "blank_region.yaml"
    return {
        "region.yaml": blank.read_text("utf-8").replace("NAME", quoted(name)),
        "sources.yaml": BLANK_SOURCES,
        "margins.csv": table_text("margins.csv", blank_margins()),
        **{file: table_text(file, []) for file in COLUMNS if file != "margins.csv"},
        CSV_NAME: template_csv(),
        XLSX_NAME: template_xlsx(),
    }


def blank_margins() -> Iterator[tuple[str, ...]]:
    """The lines without which a census cannot be used, their values still to be written."""
    for year, day in DAYS.items():
        for table in REQUIRED:
            for cell in TABLES[table].cells:
                source = f"census-{year}"
                yield day, NO_CODE, table, *cell, "", "persons", source, "official", "", "", ""


BLANK_SOURCES = (
    "# 每个来源一项 One entry for each source that a value names; via and licence are optional.\n"
    + "".join(
        f"census-{year}:\n  title:\n  publisher: 国家统计局\n  note: census moment {day}\n"
        for year, day in DAYS.items()
    )
    + "assumption:\n  title: Our assumption\n  publisher:\n"
)


# On disk


def check_vacant(folder: Path) -> None:
    """Refuse a folder that is already there, or that cannot be made.

    Raises
    ------
    RefusedError
    """
    if not str(folder).isprintable() or any(up.is_file() for up in folder.parents):
        raise RefusedError(
            _("{folder!r} cannot be a folder: its name should be visible text, and what it lies "
              "in a folder", folder=str(folder))
        )  # fmt: skip
    if folder.exists() or folder.is_symlink():
        raise RefusedError(
            _("{folder} is already there; choose another --out, or move it away first",
              folder=folder)
        )  # fmt: skip


def write(folder: Path, contents: Mapping[str, str | bytes]) -> None:
    """Write a new folder with these files, by their paths in it: whole, or not at all.

    Raises
    ------
    RefusedError, OSError
    """
    check_vacant(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as beside:
        new = Path(beside) / "new"
        new.mkdir()
        for name, content in contents.items():
            (new / name).parent.mkdir(exist_ok=True)
            raw = content if isinstance(content, bytes) else content.encode("utf-8")
            (new / name).write_bytes(raw)
        new.rename(folder)
