"""Reads a county census table: one line for each unit and census, one column for each figure.

Nothing is taken on trust: a figure that is not a count, or a sum that is not its total, is told
with its line and column before anything is made of the table.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from xiancheng.calibration import parsing
from xiancheng.calibration.checks import nearest, rename
from xiancheng.calibration.errors import PackError, Problem
from xiancheng.calibration.i18n import Words, _, listed, same
from xiancheng.calibration.schema import AGE_BANDS, SEX_NAMES, TABLES, Cell, Limits, limits

YEARS = (2010, 2020)  # both censuses refer to 1 November
ABOUT_UNIT = ("unit_code", "unit_name", "level", "year")
FORMER_CODE, PREFECTURE = "unit_code_2010", "prefecture"  # columns that may be missing
LEVELS = ("province", "prefecture", "county")
SHOWN = 12  # problems that are told in full

Where = tuple[str, Cell]  # a table of a pack, and a cell of it
Asked = Callable[[str], bool]  # whether the unit of a code becomes part of the pack


def _cells() -> dict[Where, str]:
    """The column of every cell of a pack's tables that a census table holds."""
    plain = {
        "residents": {"total": "residents", "male": "residents_male", "female": "residents_female"},
        "urban_rural": {"urban": "urban", "rural": "rural"},
        "households": {
            "total": "family_households", "members": "family_household_residents",
            "one_person": "households_1_person", "with_65p": "households_with_65p",
            **{f"generations_{n}": f"households_{n}_generation" for n in ("1", "2", "3", "4p")},
        },
        "in_movers": {key: f"in_movers_{key}" for key in TABLES["in_movers"].keys},
        "hukou": {"registered": "hukou_population"},
        "vital": {key: f"{key}_permille" for key in TABLES["vital"].keys},
        "employment": {
            "employed_sample": "lf_employed", "population_15p_sample": "lf_population_15p",
        },
        "marital": {key: f"lf_{key}" for key in TABLES["marital"].keys},
        "home": {key: f"lf_home_{key}" for key in TABLES["home"].keys},
        "industry": {key: f"lf_industry_{key}" for key in TABLES["industry"].keys},
    }  # fmt: skip
    cells = {
        (table, Cell("", "", key)): column
        for table, columns in plain.items()
        for key, column in columns.items()
    }
    for sex in SEX_NAMES:
        cells |= {("sex_age", Cell(sex, band, "")): f"age_{band}_{sex}" for band in AGE_BANDS}
        cells |= {
            ("education", Cell(sex, "", key)): f"edu_{key}_{sex}"
            for key in TABLES["education"].keys
        }
    return cells


CELLS = _cells()
FLOOR = "floor_m2_per_person"
HOMES = "lf_households"  # of the long form's sample: what its homes add up to
COLUMNS = (*ABOUT_UNIT, *CELLS.values(), HOMES, FLOOR)
RATES = {  # that need not be whole
    "birth_rate_permille": limits("vital", "birth_rate"),
    "death_rate_permille": limits("vital", "death_rate"),
    FLOOR: limits("economy", FLOOR),
}
COUNT = Limits(0, 1.5e9, True, limits("", "persons").reason)  # persons or households


def columns_of(table: str, sex: str | None = None) -> list[str]:
    """The columns of one table of a pack, or of one sex in it."""
    return [c for (name, cell), c in CELLS.items() if name == table and sex in (None, cell.sex)]


GENERATIONS = [c for c in columns_of("households") if c.endswith("_generation")]
WHOLES: dict[str, Sequence[str]] = {  # a total, and the columns that add up to it
    "residents": ("residents_male", "residents_female"),
    "residents_male": columns_of("sex_age", "male"),
    "residents_female": columns_of("sex_age", "female"),
    "family_households": GENERATIONS,
    "lf_employed": columns_of("industry"),
    HOMES: columns_of("home"),
    "lf_population_15p": columns_of("marital"),
}
PLACES = ("urban", "rural")  # add up to the residents too
WITHIN = {  # a part, and the whole that it is no more than
    "family_household_residents": "residents",
    "households_1_person": "family_households",
    "households_with_65p": "family_households",
    "lf_employed": "lf_population_15p",
}


@dataclass(frozen=True)
class Unit:
    """A line of the table: a unit as it was in one census."""

    code: str
    former: str  # code in 2010, or the same
    name: str
    level: str
    year: int
    line: int
    under: str  # name of its prefecture, where the table says it
    figures: Mapping[str, float]  # by column; NaN where the cell is empty
    corrected: Mapping[str, str] = field(default_factory=dict)  # by column, how

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
        more = len(lines) - 1 - SHOWN
        if more > 0:
            told = _("  … and {more} more", more=more).said(lang)
            lines[SHOWN + 1 :] = [told]
        return "\n".join(lines)


class Reader:
    """Reads one table, writing down what is wrong with it."""

    def __init__(self, path: Path, lang: str = "zh") -> None:
        self.path, self.lang = path, lang
        self.problems: list[Problem] = []
        self.aside: list[Problem] = []  # of rows that were not asked for
        self.columns: list[str] = []

    def say(
        self, line: int, column: str, what: Words, expected: Words, found: object, do: Words
    ) -> None:
        """Write a problem down; `column` is named, and numbered from 1."""
        number = self.columns.index(column) + 1 if column and column in self.columns else 0
        words = found if isinstance(found, Words) else str(found)
        problem = Problem(
            str(self.path), line, number, column, expected, words, what=what, advice=do
        )
        self.problems.append(problem)

    def stop(self) -> None:
        """Raise if anything is wrong so far."""
        if self.problems:
            raise TableError(self.path.name, tuple(self.problems), self.lang)

    def put_aside(self, since: int) -> None:
        """Take problems, from number `since` on, for those of a row that was not asked for."""
        self.aside += self.problems[since:]
        del self.problems[since:]

    def lines(self, asked: Asked) -> list[tuple[int, dict[str, str]]]:
        """The lines of the table, by column."""
        save = _("save it as CSV in UTF-8")
        form = _("a CSV file in UTF-8")
        try:
            self.columns, rows = parsing.table_of(self.path.read_bytes())
        except parsing.TextError as error:
            text = _("this is not UTF-8 text with commas")
            self.say(error.line, "", text, form, error.found, save)
        except OSError as error:
            found = error.strerror or str(error)
            self.say(0, "", _("the table cannot be read"), form, found, save)
        self.stop()
        self.header()
        if not rows:
            some = _("a line for each unit and census")
            fill = _("see whether the table is whole")
            self.say(1, "", _("there is nothing below the header"), some, "∅", fill)
        self.stop()
        whole = []
        for line, cells in rows:
            if len(cells) == len(self.columns):
                whole.append((line, dict(zip(self.columns, cells, strict=True))))
                continue
            before = len(self.problems)
            self.say(
                line, "", _("the number of cells"), same(f"{len(self.columns)}"),
                len(cells), _("check commas and quotes"),
            )  # fmt: skip
            if not asked(dict(zip(self.columns, cells, strict=False)).get("unit_code", "")):
                self.put_aside(before)
        self.stop()
        return whole

    def header(self) -> None:
        """Hold the header to every column that is read, each once."""
        lacking = [name for name in COLUMNS if name not in self.columns]
        if len(lacking) > SHOWN:
            found = "、".join(self.columns[:4]) or "∅"
            what = _("{n} columns are missing", n=len(lacking))
            some = f"{', '.join(lacking[:4])} …"
            do = _("see whether this is a county census table")
            self.say(1, "", what, Words(some, some), found, do)
            return
        for name in COLUMNS:
            if (times := self.columns.count(name)) != 1:
                others = [column for column in self.columns if column not in COLUMNS]
                near = nearest(name, others, {}) if not times else None
                do = (
                    _("add it, or rename {near!r}", near=near, name=name)
                    if near
                    else _("add or delete it")
                )
                self.say(
                    1, "", _("column {name!r}", name=name), _("exactly one"),
                    times, do,
                )  # fmt: skip

    def units(self, asked: Asked = lambda __: True) -> list[Unit]:
        """The lines of the table, their codes and figures checked.

        A line that is wrong is left out, and kept in `aside`, where its code was not `asked` for.
        """
        found: dict[tuple[str, int], Unit] = {}
        for line, cells in self.lines(asked):
            before = len(self.problems)
            unit = self.unit(line, cells, found)
            if unit is not None and len(self.problems) == before:
                found[unit.code, unit.year] = unit
            elif not asked(cells["unit_code"]):
                self.put_aside(before)
        self.stop()
        return list(found.values())

    def unit(
        self, line: int, cells: Mapping[str, str], found: Mapping[tuple[str, int], Unit]
    ) -> Unit | None:
        """The unit on a line, its figures checked; None, and problems, if there is none."""
        before = len(self.problems)
        code, year, level = cells["unit_code"], cells["year"], cells["level"]
        if not (code.isascii() and code.isdecimal() and len(code) == 6):
            six = _("six digits")
            check = _("check the division code")
            what = _("the unit code")
            self.say(line, "unit_code", what, six, code or "∅", check)
        if year not in map(str, YEARS):
            either = _("2010 or 2020")
            drop = _("mend it, or delete the line")
            self.say(line, "year", _("the census year"), either, year or "∅", drop)
        if level not in LEVELS:
            any_of = _("one of {names}", names=listed(LEVELS))
            do = rename(nearest(level, LEVELS, {}))
            self.say(line, "level", _("the level"), any_of, level or "∅", do)
        if not cells["unit_name"] or not cells["unit_name"].isprintable():
            named = _("a line of visible text")
            mend = _("write the name of the unit")
            name = repr(cells["unit_name"])
            self.say(line, "unit_name", _("the name of the unit"), named, name, mend)
        if len(self.problems) > before:
            return None
        other = found.get((code, int(year)))
        if other is not None:
            self.say(
                line, "unit_code", _("{code} in {year} stands twice", code=code, year=year),
                _("one line for each unit and census"),
                f"= {self.path.name}:{other.line}", _("delete one of the two"),
            )  # fmt: skip
            return None
        nobody = all(parsing.number(cells[name]) == 0 for name in PLACES)  # so there are no rates
        figures = {
            name: math.nan if nobody and name in RATES else self.figure(line, name, cells[name])
            for name in COLUMNS[4:]
        }
        former = cells.get(FORMER_CODE) or code
        about = (cells["unit_name"], level, int(year), line, cells.get(PREFECTURE, ""))
        return Unit(code, former, *about, figures)

    def figure(self, line: int, column: str, text: str) -> float:
        """The figure in a cell: a whole number of persons or households, or a rate."""
        if not text:
            return math.nan
        value, rate = parsing.number(text), RATES.get(column)
        if value is not None and value in (rate or COUNT):
            return value
        expected = rate.expected() if rate else _("a whole number from 0 on, without separators")
        do = _("check the source table; leave it empty if it is unknown")
        self.say(line, column, _("the figure"), expected, text, do)
        return math.nan

    def adding_up(self, unit: Unit) -> Unit:
        """A unit whose sums are held to their totals.

        An empty cell is 0 where the cells beside it already make the total.
        """
        figures = dict(unit.figures)
        for whole, parts in (*WHOLES.items(), ("residents", PLACES)):
            self.total(unit, figures, whole, parts)
        for part, of in WITHIN.items():
            if figures[part] > figures[of]:
                most = _("at most {of}, {of_2:,.0f}", of=of, of_2=figures[of])
                self.unequal(unit, part, most, f"{figures[part]:,.0f}")
        for table in ("education", "households"):
            columns = columns_of(table)
            if figures["residents"] > 0 and not any(figures[column] for column in columns):
                some = _("not all 0 where people live")
                self.unequal(unit, columns[0], some, "0")
        movers = sum(figures[column] for column in columns_of("in_movers"))
        if movers > figures["residents"]:
            most = _("at most the residents, {residents:,.0f}", residents=figures["residents"])
            self.unequal(unit, "in_movers_same_county", most, f"{movers:,.0f}")
        return replace(unit, figures=figures)

    def total(
        self, unit: Unit, figures: dict[str, float], whole: str, parts: Sequence[str]
    ) -> None:
        """Hold parts to their total."""
        empty = [part for part in parts if math.isnan(figures[part])]
        there = sum(figures[part] for part in parts if part not in empty)
        if math.isnan(figures[whole]) or len(empty) == len(parts):
            return
        if there == figures[whole]:
            figures.update(dict.fromkeys(empty, 0.0))
            return
        of = _("{parts} … {parts_2} together", parts=parts[0], parts_2=parts[-1])
        gap = f"{there:,.0f} ({there - figures[whole]:+,.0f})"
        said = _("{of} {whole:,.0f}", of=of, whole=figures[whole])
        self.unequal(unit, whole, said, gap)

    def unequal(self, unit: Unit, column: str, expected: Words, found: str) -> None:
        """Write down that a sum is not its total."""
        what = same(f"{unit.name} {unit.year}")
        self.say(unit.line, column, what, expected, found, _("check the source table"))
