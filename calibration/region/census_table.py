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
from xiancheng.calibration.i18n import Say
from xiancheng.calibration.region.schema import AGE_BANDS, SEX_NAMES, TABLES, Cell, Limits, limits

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

    noun = ("普查表", "The census table")

    def text(self, lang: str | None = None) -> str:
        """The first problems, one a line, and how many more there are."""
        lang = lang or self.lang or "zh"
        lines = super().text(lang).splitlines()
        more = len(lines) - 1 - SHOWN
        if more > 0:
            told = f"  …… 另有 {more} 处" if lang == "zh" else f"  … and {more} more"
            lines[SHOWN + 1 :] = [told]
        return "\n".join(lines)


class Reader:
    """Reads one table, writing down what is wrong with it."""

    def __init__(self, path: Path, lang: str = "zh") -> None:
        self.path, self.lang = path, lang
        self.problems: list[Problem] = []
        self.aside: list[Problem] = []  # of rows that were not asked for
        self.columns: list[str] = []

    def say(self, line: int, column: str, what: Say, expected: Say, found: object, do: Say) -> None:
        """Write a problem down; `column` is named, and numbered from 1."""
        number = self.columns.index(column) + 1 if column and column in self.columns else 0
        words = found if isinstance(found, tuple) else str(found)
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
        save = ("另存为 UTF-8 编码的 CSV", "save it as CSV in UTF-8")
        form = ("UTF-8 编码的 CSV 文件", "a CSV file in UTF-8")
        try:
            self.columns, rows = parsing.table_of(self.path.read_bytes())
        except parsing.TextError as error:
            text = ("不是逗号分隔的 UTF-8 文本", "this is not UTF-8 text with commas")
            self.say(error.line, "", text, form, error.found, save)
        except OSError as error:
            found = error.strerror or str(error)
            self.say(0, "", ("无法读取表格", "the table cannot be read"), form, found, save)
        self.stop()
        self.header()
        if not rows:
            some = ("每个单位每次普查一行", "a line for each unit and census")
            fill = ("核对是否为完整的普查分县表", "see whether the table is whole")
            self.say(1, "", ("没有数据行", "there is nothing below the header"), some, "∅", fill)
        self.stop()
        whole = []
        for line, cells in rows:
            if len(cells) == len(self.columns):
                whole.append((line, dict(zip(self.columns, cells, strict=True))))
                continue
            before = len(self.problems)
            self.say(
                line, "", ("单元格数", "the number of cells"), (f"{len(self.columns)}",) * 2,
                len(cells), ("检查逗号与引号", "check commas and quotes"),
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
            what = (f"缺少 {len(lacking)} 列", f"{len(lacking)} columns are missing")
            some = f"{', '.join(lacking[:4])} …"
            do = ("核对是否为普查分县表", "see whether this is a county census table")
            self.say(1, "", what, (some, some), found, do)
            return
        for name in COLUMNS:
            if (times := self.columns.count(name)) != 1:
                others = [column for column in self.columns if column not in COLUMNS]
                near = nearest(name, others, {}) if not times else None
                do = (
                    (f"补上此列，或将“{near}”改为“{name}”", f"add it, or rename {near!r}")
                    if near
                    else ("补上或删去此列", "add or delete it")
                )
                self.say(
                    1, "", (f"列“{name}”", f"column {name!r}"), ("恰好一列", "exactly one"),
                    times, do,
                )  # fmt: skip

    def units(self, asked: Asked = lambda _: True) -> list[Unit]:
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
            six = ("六位数字", "six digits")
            check = ("核对行政区划代码", "check the division code")
            what = ("行政区划代码", "the unit code")
            self.say(line, "unit_code", what, six, code or "∅", check)
        if year not in map(str, YEARS):
            either = ("2010 或 2020", "2010 or 2020")
            drop = ("改正，或删去这一行", "mend it, or delete the line")
            self.say(line, "year", ("普查年份", "the census year"), either, year or "∅", drop)
        if level not in LEVELS:
            any_of = ("、".join(LEVELS), f"one of {', '.join(LEVELS)}")
            do = rename(nearest(level, LEVELS, {}))
            self.say(line, "level", ("级别", "the level"), any_of, level or "∅", do)
        if not cells["unit_name"] or not cells["unit_name"].isprintable():
            named = ("一行可见的文字", "a line of visible text")
            mend = ("填写单位名称", "write the name of the unit")
            name = repr(cells["unit_name"])
            self.say(line, "unit_name", ("单位名称", "the name of the unit"), named, name, mend)
        if len(self.problems) > before:
            return None
        other = found.get((code, int(year)))
        if other is not None:
            self.say(
                line, "unit_code", (f"{code} {year} 重复", f"{code} in {year} stands twice"),
                ("每个单位每次普查一行", "one line for each unit and census"),
                f"= {self.path.name}:{other.line}", ("删去其中一行", "delete one of the two"),
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
        expected = (
            rate.expected()
            if rate
            else ("不小于 0 的整数，无分隔符", "a whole number from 0 on, without separators")
        )
        do = ("核对原表；未知的留空", "check the source table; leave it empty if it is unknown")
        self.say(line, column, ("数值", "the figure"), expected, text, do)
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
                most = (f"不超过 {of} 的 {figures[of]:,.0f}", f"at most {of}, {figures[of]:,.0f}")
                self.unequal(unit, part, most, f"{figures[part]:,.0f}")
        for table in ("education", "households"):
            columns = columns_of(table)
            if figures["residents"] > 0 and not any(figures[column] for column in columns):
                some = ("有常住人口就不全为 0", "not all 0 where people live")
                self.unequal(unit, columns[0], some, "0")
        movers = sum(figures[column] for column in columns_of("in_movers"))
        if movers > figures["residents"]:
            most = (f"不超过常住人口 {figures['residents']:,.0f}",
                    f"at most the residents, {figures['residents']:,.0f}")  # fmt: skip
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
        of = (f"{parts[0]} … {parts[-1]} 合计", f"{parts[0]} … {parts[-1]} together")
        gap = f"{there:,.0f} ({there - figures[whole]:+,.0f})"
        said = (f"{of[0]} {figures[whole]:,.0f}", f"{of[1]} {figures[whole]:,.0f}")
        self.unequal(unit, whole, said, gap)

    def unequal(self, unit: Unit, column: str, expected: Say, found: str) -> None:
        """Write down that a sum is not its total."""
        what = (f"{unit.name} {unit.year}",) * 2
        self.say(unit.line, column, what, expected, found, ("核对原表", "check the source table"))
