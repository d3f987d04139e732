"""A county census table: one line for each unit and census, one column for each figure.

Every figure is held to be a count or a rate within its range, and every sum to its total, before
anything is made of the table; problems are reported with line and column. The table may be CSV or
an Excel workbook, with figures as people type them (`calibration.parsing`, `parsing.figure`).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from xiancheng.calibration import parsing
from xiancheng.calibration.errors import PackError, Problem, ScenarioError
from xiancheng.calibration.i18n import Words, _, same
from xiancheng.calibration.naming import half_width
from xiancheng.calibration.region.pack_files import (
    CHECK_SOURCE,
    Problems,
    nearest,
    wrong_number_of_cells,
)
from xiancheng.calibration.region.raw_pack import is_code
from xiancheng.calibration.region.schema import TABLES, Limits, limits
from xiancheng.calibration.region.totals import (
    ADULTS,
    RESIDENTS,
    SUMS,
    Figure,
    Sum,
    check_sums,
    figure,
    figures,
)
from xiancheng.sim.state import Floats

YEARS = (2010, 2020)  # both censuses refer to 1 November
ABOUT_UNIT = ("unit_code", "unit_name", "level", "year")
FORMER_CODE, PREFECTURE = "unit_code_2010", "prefecture"  # columns that may be missing
LEVELS = ("province", "prefecture", "county")
LEVEL_OF = {  # as yearbooks say
    "省": "province", "自治区": "province", "直辖市": "province", "地级市": "prefecture",
    "地级": "prefecture", "市级": "prefecture", "县": "county", "县级": "county", "区": "county",
    "市辖区": "county", "县级市": "county",
}  # fmt: skip
SHOWN = 12  # problems that are shown in full

# The columns of the tables of a pack, in the order of their cells.
FIGURES: dict[str, tuple[str, ...]] = {
    "residents": ("residents", "residents_male", "residents_female"),
    "urban_rural": ("urban", "rural"),
    "sex_age": tuple(f"age_{band}_{sex}" for sex, band, __ in TABLES["sex_age"].cells),
    "education": tuple(f"edu_{key}_{sex}" for sex, __, key in TABLES["education"].cells),
    "households": (
        "family_households", "family_household_residents", "households_1_person",
        *(f"households_{n}_generation" for n in ("1", "2", "3", "4p")), "households_with_65p",
    ),
    "in_movers": tuple(f"in_movers_{key}" for key in TABLES["in_movers"].keys),
    "hukou": ("hukou_population",),
    "vital": tuple(f"{key}_permille" for key in TABLES["vital"].keys),
    "employment": ("lf_employed", "lf_population_15p"),
    "marital": tuple(f"lf_{key}" for key in TABLES["marital"].keys),
    "home": tuple(f"lf_home_{key}" for key in TABLES["home"].keys),
    "industry": tuple(f"lf_industry_{key}" for key in TABLES["industry"].keys),
}  # fmt: skip
FLOOR = "floor_m2_per_person"
HOMES = "lf_households"  # of the long form's sample: what its homes add up to
COLUMNS = (*ABOUT_UNIT, *(name for names in FIGURES.values() for name in names), HOMES, FLOOR)
RATES = {  # that need not be whole
    "birth_rate_permille": limits("vital", "birth_rate"),
    "death_rate_permille": limits("vital", "death_rate"),
    FLOOR: limits("economy", FLOOR),
}
COUNT = Limits(0, 1.5e9, True, limits("", "persons").reason)  # persons or households

SAMPLED_HOMES = figure("home", "total")  # no cell of a pack's table
COLUMN_OF = {SAMPLED_HOMES: HOMES} | {
    of: column
    for table, columns in FIGURES.items()
    for of, column in zip(figures(table), columns, strict=True)
}
OWN_SUMS: list[Sum] = [
    *SUMS,
    (RESIDENTS, figures("residents")[1:], _("men and women")),
    (SAMPLED_HOMES, figures("home"), _("homes however obtained")),
    (ADULTS, figures("marital"), _("adults of every marital state")),
]


@dataclass(frozen=True)
class Unit:
    """A line of the table: a unit as it was in one census."""

    code: str
    former: str  # code in 2010, or the same
    name: str
    level: str
    year: int
    line: int
    prefecture_name: str  # where the table has it
    figures: Mapping[str, float]  # by column; NaN where the cell is empty
    corrected: Mapping[str, str] = field(default_factory=dict)  # by column, how
    unknown: Mapping[str, str] = field(default_factory=dict)  # impossible cells, by column

    @property
    def prefecture(self) -> str:
        """Code of the prefecture a county-level code stands under."""
        return f"{self.code[:4]}00"


class TableError(PackError):
    """A census table that cannot be used, with everything that is wrong with it."""

    noun = _("The census table")

    def text(self, lang: str | None = None) -> str:
        """The first problems, one a line, and how many more there are."""
        lang = lang or self.lang or "zh"
        lines = super().text(lang).splitlines()
        if (more := len(lines) - 1 - SHOWN) > 0:
            rest = _("  … and {more} more", more=more).text(lang)
            lines[SHOWN + 1 :] = [rest]
        return "\n".join(lines)


class CensusTableReader:
    """Reads one table, noting what is wrong with it.

    Parameters
    ----------
    unknown : whether a figure that is impossible is taken as unknown, and kept in `impossible`
    """

    def __init__(self, path: Path, lang: str = "zh", *, unknown: bool = False) -> None:
        self.path, self.lang, self.unknown = path, lang, unknown
        self.problems = Problems()
        self.ignored: list[Problem] = []  # in lines that are not wanted
        self.impossible: list[Problem] = []
        self.columns: list[str] = []
        self.rows = self.read_rows()

    def note(
        self, line: int, column: str, what: Words, expected: Words, found: object, advice: Words
    ) -> None:
        """Note a problem of a column, or of a whole line if `column` is empty."""
        number = self.columns.index(column) + 1 if column in self.columns else 0
        at = (str(self.path), line)
        self.problems.add(at, what, expected, found, advice, number, column)

    def stop(self) -> None:
        """Raise if anything is wrong so far."""
        if self.problems.found:
            raise TableError(self.path.name, self.problems.found, self.lang)

    def units(self, wanted: Callable[[str], bool]) -> list[Unit]:
        """The units of the table, their codes and figures checked.

        Parameters
        ----------
        wanted : whether the unit of a code becomes part of the pack; what is wrong in the line of
            another is kept in `ignored`, and the line is left out
        """
        found: dict[tuple[str, int], Unit] = {}
        for line, cells in self.rows:
            before = len(self.problems.found)
            row = self.row(cells)
            chosen = wanted(row.get("unit_code", ""))
            if len(cells) == len(self.columns):
                unit = self.unit(line, row, found, lenient=self.unknown and chosen)
                if unit is not None and len(self.problems.found) == before:
                    found[unit.code, unit.year] = unit
            else:
                at = (str(self.path), line)
                wrong_number_of_cells(self.problems, at, len(self.columns), len(cells))
            if not chosen:
                self.ignored += self.problems.found[before:]
                del self.problems.found[before:]
        self.stop()
        return list(found.values())

    def row(self, cells: Sequence[str]) -> dict[str, str]:
        """The cells of a line by column; codes, years and levels as the program writes them."""
        row = dict(zip(self.columns, cells, strict=False))
        for column in ("unit_code", FORMER_CODE, "year"):
            if column in row:
                row[column] = half_width(row[column])
        row["year"] = row.get("year", "").removesuffix("年")
        row["level"] = LEVEL_OF.get(row.get("level", ""), row.get("level", ""))
        return row

    def prefecture_names(self) -> dict[str, str]:
        """The names of prefectures by code, as far as the table has them."""
        named: dict[str, str] = {}
        for _line, cells in self.rows:
            row = self.row(cells)
            code = row.get("unit_code", "")
            if is_code(code) and row["level"] == "prefecture" and row.get("unit_name"):
                named[code] = row["unit_name"]
            elif is_code(code) and row["level"] == "county" and row.get(PREFECTURE):
                named.setdefault(f"{code[:4]}00", row[PREFECTURE])
        return named

    def read_rows(self) -> list[tuple[int, list[str]]]:
        """The lines below the header, which is checked."""
        rows: list[tuple[int, list[str]]] = []
        try:
            self.columns, rows = parsing.read_sheet(self.path)
        except ScenarioError as error:
            self.problems.found += error.problems
        self.stop()
        self.check_header()
        if not rows:
            self.note(
                1, "", _("there is nothing below the header"),
                _("a line for each unit and census"), "∅",
                _("see whether the table is whole"),
            )  # fmt: skip
        self.stop()
        return rows

    def check_header(self) -> None:
        """Hold the header to every column that is read, each once."""
        lacking = [name for name in COLUMNS if name not in self.columns]
        if len(lacking) > SHOWN:
            some = f"{', '.join(lacking[:4])} …"
            self.note(
                1, "", _("{n} columns are missing", n=len(lacking)),
                same(some), "、".join(self.columns[:4]) or "∅",
                _("see whether this is a county census table"),
            )  # fmt: skip
            return
        others = [column for column in self.columns if column not in COLUMNS]
        for name in COLUMNS:
            times = self.columns.count(name)
            if times == 1:
                continue
            advice = _("add or delete it")
            if not times and (near := nearest(name, others, {})):
                advice = _("add it, or rename {near!r}", near=near, name=name)
            what = _("column {name!r}", name=name)
            self.note(1, "", what, _("exactly one"), times, advice)

    def unit(
        self, line: int, row: Mapping[str, str], found: Mapping[tuple[str, int], Unit], *,
        lenient: bool = False,
    ) -> Unit | None:  # fmt: skip
        """The unit on a line; None if it cannot be told which unit it is.

        Parameters
        ----------
        lenient : whether an impossible figure is taken as unknown
        """
        before = len(self.problems.found)
        code, year, level, name = (row[c] for c in ("unit_code", "year", "level", "unit_name"))
        if not is_code(code):
            self.note(
                line, "unit_code", _("the unit code"), _("six digits"),
                code or "∅", _("check the division code"),
            )  # fmt: skip
        if year not in map(str, YEARS):
            self.note(
                line, "year", _("the census year"), _("2010 or 2020"),
                year or "∅", _("mend it, or delete the line"),
            )  # fmt: skip
        at, column = (str(self.path), line), self.columns.index("level") + 1
        self.problems.known(at, _("the level"), level, LEVELS, column=column, key="level")
        if not name or not name.isprintable():
            self.note(
                line, "unit_name", _("the name of the unit"),
                _("a line of visible text"), repr(name),
                _("write the name of the unit"),
            )  # fmt: skip
        if len(self.problems.found) > before:
            return None
        if other := found.get((code, int(year))):
            self.note(
                line, "unit_code", _("{code} in {year} stands twice", code=code, year=year),
                _("one line for each unit and census"),
                f"= {self.path.name}:{other.line}", _("delete one of the two"),
            )  # fmt: skip
            return None
        nobody = all(parsing.figure(row[c]) == 0 for c in FIGURES["urban_rural"])  # so no rates
        figures, unknown = dict[str, float](), dict[str, str]()
        for each in COLUMNS[len(ABOUT_UNIT) :]:
            before = len(self.problems.found)
            known = not (nobody and each in RATES)
            figures[each] = self.figure(line, each, row[each]) if known else math.nan
            if lenient and len(self.problems.found) > before:
                self.impossible.append(self.problems.found.pop())
                unknown[each] = row[each]
        return Unit(
            code, row.get(FORMER_CODE) or code, name, level, int(year), line,
            row.get(PREFECTURE, ""), figures, unknown=unknown,
        )  # fmt: skip

    def figure(self, line: int, column: str, text: str) -> float:
        """The figure in a cell: a whole number of persons or households, or a rate."""
        if not text:
            return math.nan
        value, rate = parsing.figure(text), RATES.get(column)
        if value is not None and value in (rate or COUNT):
            return value
        count = _("a whole number from 0 on")
        self.note(
            line, column, _("the figure"), rate.expected() if rate else count, text,
            _("check the source table; leave it empty if it is unknown"),
        )  # fmt: skip
        return math.nan

    def checked_sums(self, units: Sequence[Unit]) -> list[Unit]:
        """Units whose sums are held to their totals.

        An empty cell is 0 where there are a total and cells beside it.
        """
        units = [without_gaps(unit) for unit in units]

        def value(of: Figure) -> Floats:
            return np.array([unit.figures[COLUMN_OF[of]] for unit in units])

        def report(of: Figure, i: int, what: Words, expected: Words, found: str) -> None:
            where = f"{units[i].name} {units[i].year}"
            what = _("{where}: {what}", where=where, what=what)
            self.note(units[i].line, COLUMN_OF[of], what, expected, found, CHECK_SOURCE)

        check_sums(value, report, OWN_SUMS)
        for i, unit in enumerate(units):
            for table in ("education", "households"):
                nobody = not any(unit.figures[column] for column in FIGURES[table])
                if nobody and unit.figures["residents"] > 0:
                    some, of = _("not all 0 where people live"), figures(table)[0]
                    report(of, i, TABLES[table].name, some, "0")
        return units


def without_gaps(unit: Unit) -> Unit:
    """A unit whose empty cells are 0 where there are a total and cells beside them.

    Impossible cells are no empty ones: one of them that a total leaves to is what is left of it,
    and where several are unknown nothing beside them is filled.
    """
    found, corrected = dict(unit.figures), dict(unit.corrected)
    unknown = dict(unit.unknown)
    known = -1
    while known != len(unknown):
        known = len(unknown)
        for whole, parts, __ in OWN_SUMS:
            total, columns = COLUMN_OF[whole], [COLUMN_OF[part] for part in parts]
            open_ = [column for column in (total, *columns) if column in unknown]
            rest = [found[column] for column in (total, *columns) if column not in open_]
            if len(open_) != 1 or any(map(math.isnan, rest)):
                continue
            (column,) = open_
            own = math.fsum(rest) if column == total else rest[0] - math.fsum(rest[1:])
            if own in COUNT:
                how = f"{total} less the others" if column != total else "sum of its parts"
                corrected[column] = f"{how}; the table has {unknown.pop(column)}"
                found[column] = own
    for whole, parts, __ in OWN_SUMS:
        columns = [COLUMN_OF[part] for part in parts]
        empty = [column for column in columns if math.isnan(found[column])]
        partly = any(column in unknown for column in columns)
        if len(empty) < len(columns) and not math.isnan(found[COLUMN_OF[whole]]) and not partly:
            found.update(dict.fromkeys(empty, 0.0))
    return replace(unit, figures=found, corrected=corrected, unknown=unknown)
