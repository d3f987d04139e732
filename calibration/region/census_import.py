"""A region pack planned from a county census table: its units, the same areas at both censuses.

Units that were merged between the censuses, or listed apart in one of them, are added up as a
concordance says; a unit that a census does not have is left out. All that was done is reported.
"""

import csv
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field

from xiancheng.calibration.errors import PackError, Problem, RefusedError
from xiancheng.calibration.file_models import FileModel, Text, wrong
from xiancheng.calibration.i18n import Words, _, listed
from xiancheng.calibration.naming import half_width, place, place_names
from xiancheng.calibration.region.census_table import (
    COLUMNS,
    COUNT,
    FIGURES,
    FLOOR,
    SHOWN,
    YEARS,
    CensusTableReader,
    TableError,
    Unit,
)
from xiancheng.calibration.region.pack_files import Problems
from xiancheng.calibration.region.raw_pack import Code, words
from xiancheng.calibration.region.schema import REQUIRED, TABLES

ZONES = range(71, 81)  # last two digits of the code of a development zone
CITIES = 81  # and of a county-level city, from here on
COUNTIES = 21  # and of a county
MEANS = {  # a rate, and the count it is a rate of
    "birth_rate_permille": "residents",
    "death_rate_permille": "residents",
    FLOOR: "family_household_residents",
}
WIDE = 0.05  # of a sum: a gap that is no mere difference of editing
FALL = 5.0  # points by which an urban share does not fall within ten years
IN_MOVERS_OF_2010 = "moves between the districts of the city are counted as moves within the county"


# Concordance

Year = Annotated[int, AfterValidator(lambda year: _census_year(year))]


def _census_year(year: int) -> int:
    if year not in YEARS:
        raise wrong(_("one of {valid}", valid=listed(map(str, YEARS))))
    return year


def _column(name: str) -> str:
    if name not in COLUMNS:
        raise wrong(_("a column of the census table"), name, COLUMNS)
    return name


def _count(value: object) -> float:
    if isinstance(value, bool) or value not in COUNT:
        raise wrong(COUNT.expected())
    return float(str(value))


class Join(Text):
    """What makes up a unit in one census, and why."""

    unit: Code
    year: Year
    of: Annotated[list[Code], Field(min_length=1)]
    basis: Literal["documented", "recalled"]

    @property
    def note(self) -> str:
        """How a figure came about."""
        recalled = "; which county a zone lies in is recalled" if self.basis == "recalled" else ""
        return f"{' + '.join(self.of)}{recalled}"


class Correction(Text):
    """A cell known to be a mistake of the digitised table, and why."""

    unit: Code
    year: Year
    column: Annotated[str, AfterValidator(lambda name: _column(name))]
    found: Annotated[float, BeforeValidator(_count)]


class Concordance(FileModel):
    """Which units make one, and which cells are mistakes."""

    joins: list[Join] = Field(default_factory=list)
    corrections: list[Correction] = Field(default_factory=list)

    def parts_of(self, prefectures: Collection[str]) -> set[str]:
        """Codes of the units of which those of some prefectures are made."""
        return {part for j in self.joins if f"{j.unit[:4]}00" in prefectures for part in j.of}


def read_concordance(file: Path) -> Concordance:
    """A concordance from file.

    Raises
    ------
    PackError
        if it cannot be read
    """
    problems = Problems(file.parent.name)
    if (found := problems.yaml(file.parent, file.name, Concordance)) is None:
        raise PackError(file.name, problems.found)
    return found[1]


@cache
def shipped_concordance() -> Concordance:
    """The concordance of the censuses of 2010 and 2020 that comes with the program."""
    return read_concordance(Path(str(files("xiancheng.calibration.region"))) / "concordance.yaml")


# Units of a pack


@dataclass(frozen=True)
class UnitCensus:
    """A unit of a pack at one census."""

    parts: tuple[Unit, ...]  # of the table of that census
    figures: Mapping[str, float]  # by column of the table
    derived: Mapping[str, str]  # by column, how a figure came about if it is not as published
    notes: Mapping[str, str]  # by column, what else there is to know

    def note(self, column: str) -> str:
        """What there is to know of a figure."""
        return "; ".join(filter(None, (self.derived.get(column, ""), self.notes.get(column, ""))))


@dataclass(frozen=True)
class PackUnit:
    """A unit of a pack at both censuses."""

    code: str
    zh: str
    at: Mapping[int, UnitCensus]  # by year

    @property
    def kind(self) -> str:
        """What the last two digits of its code say."""
        last = int(self.code[4:])
        return "city" if last >= CITIES else "county" if last >= COUNTIES else "district"

    @property
    def inhabited(self) -> bool:
        """Whether it has residents at every census; without any there is nothing to simulate."""
        return all(c.figures["urban"] + c.figures["rural"] > 0 for c in self.at.values())

    def urban_share(self, year: int) -> float:
        """Share of residents in urban places [percent]."""
        figures = self.at[year].figures
        return 100 * figures["urban"] / max(figures["urban"] + figures["rural"], 1)


@dataclass(frozen=True)
class PackPlan:
    """What a pack is made of, before it is written."""

    title: Words
    prefectures: dict[str, Words]
    province: tuple[str, Words]
    units: list[PackUnit]
    province_units: dict[int, Unit]  # the province's own line, by year
    notes: list[Words]
    table: Path
    via: str


def plan_pack(
    table: Path, prefectures: Sequence[str], concordance: Concordance, *, via: str = "",
    lang: str = "zh", unknown: bool = False,
) -> PackPlan:  # fmt: skip
    """The pack of some prefectures of a table, or of all of them if none is named.

    Parameters
    ----------
    prefectures : their codes or names
    unknown : whether impossible cells in rows that are asked for are taken as unknown, and listed

    Raises
    ------
    TableError, RefusedError
        with everything that is wrong with the table, or with what is asked of it
    """
    if not via.isprintable():
        raise RefusedError(_("--via should be a line of visible text; got {via!r}", via=via[:40]))
    reader = CensusTableReader(table, lang, unknown=unknown)
    called = reader.prefecture_names()
    prefectures = [prefecture_code(each, called) for each in prefectures]
    parts = concordance.parts_of(prefectures)

    def wanted(code: str) -> bool:
        """Whether a row becomes part of the pack, or holds the whole of a province."""
        upper = {f"{each[:2]}0000" for each in prefectures}
        inside = f"{code[:4]}00" in prefectures or code in parts
        return not prefectures or inside or code in upper

    units, corrections = apply_corrections(reader.units(wanted), concordance)
    counties = [u for u in units if u.level == "county"]
    upper = {(u.code, u.year): u for u in units if u.level != "county"}
    titles = {u.prefecture: u.prefecture_name for u in counties if u.prefecture_name}
    titles |= {code: unit.name for (code, __), unit in sorted(upper.items(), key=lambda i: i[0][1])}
    known = sorted({u.prefecture for u in counties if u.year == max(YEARS)})
    chosen = list(dict.fromkeys(prefectures)) or known
    for code in chosen:
        if code not in known:
            raise unknown_prefecture(table, code, {c: titles.get(c, c) for c in known}, concordance,
                                     lang)  # fmt: skip

    # Only what becomes part of the pack is judged.
    parts = concordance.parts_of(chosen)
    counties = reader.checked_sums(
        [u for u in counties if u.prefecture in chosen or u.code in parts]
    )
    reader.stop()
    found, notes = join_units(counties, concordance, chosen)
    notes += [
        _("left out {code} {unit}: no residents (0) at one of the censuses", code=unit.code,
          unit=unit.zh)
        for unit in found
        if not unit.inhabited
    ]  # fmt: skip
    found = [unit for unit in found if unit.inhabited]
    if not found:
        raise no_units(table, chosen, lang)
    check_required(table, found, lang)
    notes += notes_on_unknown(reader.impossible, counties, found)
    notes += [note for code, note in corrections if f"{code[:4]}00" in chosen]
    notes += differences([*upper.values(), *counties], chosen) + falling_shares(found)
    notes += notes_on_ignored(reader.ignored)

    def named(code: str) -> Words:
        zh = titles.get(code, code)
        return Words(zh, english_names().get(code, zh))

    names, province = {code: named(code) for code in chosen}, f"{chosen[0][:2]}0000"
    title = listed(names.values())
    return PackPlan(
        title if prefectures else named(province), names, (province, named(province)), found,
        {year: unit for (code, year), unit in upper.items() if code == province}, notes, table,
        via,
    )  # fmt: skip


def prefecture_code(name: str, named: Mapping[str, str]) -> str:
    """The code of a prefecture that is named by code or name; the name itself if none is meant."""
    names = place_names(
        Called(code, zh, english_names().get(code, zh)) for code, zh in named.items()
    )
    return place(name, names) or half_width(name)


class Called(NamedTuple):
    """A division by its code and names."""

    code: str
    zh: str
    en: str


def complete(table: str, units: Sequence[PackUnit], year: int) -> bool:
    """Whether every unit has all of a table that may not be left out."""
    return not any(lacking(table, unit, year) for unit in units)


def lacking(table: str, unit: PackUnit, year: int) -> list[str]:
    """The columns of a table that a unit lacks and may not leave out."""
    needed = [FIGURES[table][i] for i in TABLES[table].needed]
    return [column for column in needed if math.isnan(unit.at[year].figures[column])]


def check_required(table: Path, units: Sequence[PackUnit], lang: str) -> None:
    """Refuse units that lack what no pack can do without.

    Raises
    ------
    TableError
    """
    problems = Problems()
    for year in YEARS:
        for name in REQUIRED:
            for unit in units:
                if columns := lacking(name, unit, year):
                    some = f"{', '.join(columns[:3])}{' …' if len(columns) > 3 else ''}"
                    line = unit.at[year].parts[0].line
                    problems.add(
                        (str(table), line), _("{unit} {year}", unit=unit.zh, year=year),
                        _("every figure of {table}, without which there is no pack",
                          table=TABLES[name].name), _("nothing in {some}", some=some),
                        _("fill it in from the census, or leave this unit's lines out"),
                    )  # fmt: skip
    if problems.found:
        raise TableError(table.name, problems.found, lang)


@cache
def english_names() -> Mapping[str, str]:
    """English names of units, by code."""
    file = files("xiancheng.calibration.region") / "english_names.csv"
    with file.open(encoding="utf-8") as lines:
        return {row["code"]: row["en"] for row in csv.DictReader(lines)}


def join_units(
    units: Sequence[Unit], concordance: Concordance, prefectures: Collection[str]
) -> tuple[list[PackUnit], list[Words]]:
    """The units of a pack in order of code, and remarks on joined units and on those left out."""
    by_code = {(u.code, u.year): u for u in units}
    joins = {
        (j.unit, j.year): j for j in concordance.joins
        if all((part, j.year) in by_code for part in j.of)
    }  # fmt: skip
    taken = {(part, j.year): j.unit for j in joins.values() for part in j.of}
    districts = [u.former[:4] for u in units if u.year == 2010 and is_district(u.former)]
    several = {city for city in districts if districts.count(city) > 1}
    found, notes = [], list[Words]()
    for code in sorted({taken.get(key, key[0]) for key in by_code}):
        if f"{code[:4]}00" not in prefectures:
            continue
        at = {}
        for year in YEARS:
            join = joins.get((code, year))
            own = (code,) if taken.get((code, year), code) == code else ()
            codes = join.of if join else own
            if parts := [by_code[part, year] for part in codes if (part, year) in by_code]:
                at[year] = add_up(parts, join, several)
            if join:
                notes.append(_("{year}: {why}", year=year, why=words(join)))
        if len(at) == len(YEARS):
            found.append(PackUnit(code, by_code[code, max(YEARS)].name, at))
        else:
            lacking = [str(year) for year in YEARS if year not in at]
            notes.append(left_out(next(iter(at.values())).parts[0], lacking))
    return found, notes


def left_out(unit: Unit, lacking: Sequence[str]) -> Words:
    """Remark on a unit without figures of some censuses."""
    advice = _("a concordance can say of what units it consists")
    if int(unit.code[4:]) in ZONES:
        advice = _("a zone, which a concordance can add to its county")
    return _("left out {code} {unit}: no census of {lacking}; {advice}", code=unit.code,
             unit=unit.name, lacking=listed(lacking), advice=advice)  # fmt: skip


def add_up(parts: Sequence[Unit], join: Join | None, several: Collection[str]) -> UnitCensus:
    """Units added up; rates are means, weighted by what they are rates of.

    `several` holds the first four digits of the codes of cities of several districts in 2010.
    """
    figures, derived = dict(parts[0].figures), dict(parts[0].corrected)
    if len(parts) > 1:
        if join:
            derived = dict.fromkeys(figures, join.note)
        for column in figures:
            weight = [part.figures[MEANS[column]] if column in MEANS else 1.0 for part in parts]
            total = math.fsum(w * p.figures[column] for w, p in zip(weight, parts, strict=True))
            figures[column] = round(total / sum(weight), 2) if column in MEANS else total
    city = parts[0].year == 2010 and any(
        p.former[:4] in several and is_district(p.former) for p in parts
    )
    notes = dict.fromkeys(FIGURES["in_movers"], IN_MOVERS_OF_2010) if city else {}
    return UnitCensus(tuple(parts), figures, derived, notes)


def is_district(code: str) -> bool:
    """Whether a code is that of a city's district."""
    return int(code[4:]) < COUNTIES


def apply_corrections(
    units: Sequence[Unit], concordance: Concordance
) -> tuple[list[Unit], list[tuple[str, Words]]]:
    """Units whose known mistakes are corrected, and remarks on that by code of the unit.

    A wrong figure becomes the prefecture's less those of its other units.
    """
    found, notes = {(u.code, u.year): u for u in units}, []
    for mistake in concordance.corrections:
        column = mistake.column
        unit = found.get((mistake.unit, mistake.year))
        whole = found.get((f"{mistake.unit[:4]}00", mistake.year))
        if unit is None or whole is None or unit.figures[column] != mistake.found:
            continue
        others = [
            u.figures[column]
            for u in found.values()
            if u.level == "county" and u.year == mistake.year and u is not unit
            and u.prefecture == unit.prefecture
        ]  # fmt: skip
        value = whole.figures[column] - math.fsum(others)
        note = f"{whole.code} less its other units; the table has {mistake.found:.0f}"
        found[unit.code, unit.year] = replace(
            unit, figures={**unit.figures, column: value}, corrected={column: note}
        )
        cell = f"{unit.name} {column} {mistake.found:,.0f}"
        text = _("{year}: {cell} becomes {value:,.0f}, for it is {why}", year=mistake.year,
                 cell=cell, value=value, why=words(mistake))  # fmt: skip
        notes.append((mistake.unit, text))
    return list(found.values()), notes


# Remarks and refusals


def differences(units: Sequence[Unit], prefectures: Collection[str]) -> list[Words]:
    """Where the counties of a prefecture do not add up to its own line: the counties are used."""
    notes = []
    for whole in units:
        if whole.level != "prefecture" or whole.code not in prefectures:
            continue
        parts = [
            u for u in units if u.level == "county" and u.year == whole.year
            and u.prefecture == whole.code
        ]  # fmt: skip
        for column, stated in whole.figures.items():
            if column in MEANS or column.startswith("lf_") or math.isnan(stated):
                continue
            total = math.fsum(u.figures[column] for u in parts if u.figures[column] >= 0)
            if parts and total != stated:
                gap = f"{whole.year} {whole.name} {column}: {total:,.0f} ≠ {stated:,.0f}"
                check: Words | str = ""
                if abs(total - stated) > WIDE * max(stated, 1):
                    check = _(", far apart: check the table")
                notes.append(_("{gap}; the counties' sum is used{check}", gap=gap, check=check))
    return notes


def falling_shares(units: Iterable[PackUnit]) -> list[Words]:
    """Units whose urban share falls so far that their years may be swapped."""
    notes = []
    for unit in units:
        then, now = (unit.urban_share(year) for year in YEARS)
        if then - now > FALL:
            shares = f"{unit.code} {unit.zh}: {then:.1f}% → {now:.1f}%"
            notes.append(
                _("{shares}, its urban share falls; are the years swapped?", shares=shares)
            )
    return notes


def notes_on_ignored(problems: Sequence[Problem]) -> list[Words]:
    """What is wrong in rows that were not asked for."""
    notes = [
        _("not asked for, the row is left: {p}", p=Words(p.text("zh"), p.text("en")))
        for p in problems[:SHOWN]
    ]  # fmt: skip
    if (more := len(problems) - SHOWN) > 0:
        notes.append(_("{more} more in rows that were not asked for", more=more))
    return notes


def notes_on_unknown(
    problems: Sequence[Problem], parts: Sequence[Unit], units: Sequence[PackUnit]
) -> list[Words]:
    """Which cells were taken as unknown, what follows from totals, and which tables that costs."""
    notes = [
        _("taken as unknown: {p}", p=Words(p.text("zh"), p.text("en"))) for p in problems
    ]  # fmt: skip
    notes += [
        _("{year} {unit} {column} = {value:,.0f}, as its sum leaves it", year=unit.year,
          unit=unit.name, column=column, value=unit.figures[column])
        for unit in parts
        for column in unit.corrected
        if any(p.line == unit.line and p.key == column for p in problems)
    ]  # fmt: skip
    open_ = {(unit.code, unit.year): unit.unknown for unit in parts if unit.unknown}
    for table, columns in FIGURES.items():
        for year in YEARS if problems else ():
            own = [u for u in units for part in u.at[year].parts
                   if {*columns} & {*open_.get((part.code, year), ())}]  # fmt: skip
            if own and not complete(table, units, year):
                notes.append(
                    _("{year}: {table} is left to the defaults for every unit, as {unit} lacks it",
                      year=year, table=TABLES[table].name, unit=listed(u.zh for u in own))
                )  # fmt: skip
    return notes


def no_units(table: Path, chosen: Sequence[str], lang: str) -> TableError:
    """The error that no unit of some prefectures has both censuses."""
    codes = ", ".join(chosen)
    problem = Problem(
        str(table), 0, 0, "", _("lines of 2010 and of 2020"), "∅",
        what=_("no county-level unit of {codes} has both censuses", codes=codes),
        advice=_("add the year that is missing, or use a concordance"),
    )  # fmt: skip
    return TableError(table.name, (problem,), lang)


def unknown_prefecture(
    table: Path, code: str, known: Mapping[str, str], concordance: Concordance, lang: str
) -> TableError:
    """The error that a prefecture, known by name here, is not in the table; says which is meant."""
    moved = {f"{j.unit[:4]}00" for j in concordance.joins for part in j.of if part[:4] == code[:4]}
    labels = [f"{c} {name}" for c, name in known.items()]
    now = [c for c in known if c in moved]
    problem = Problem(
        str(table), 0, 0, "",
        _("one of the codes {labels}", labels=listed(labels)), code,
        what=_("there is no prefecture {code!r}", code=code),
        advice=(_("write {now}", now=listed(now)) if now else _("use one of these")),
    )  # fmt: skip
    return TableError(table.name, (problem,), lang)
