"""A region pack as it stands on file, read whole: every problem of its files is noted."""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import BeforeValidator, Field, RootModel, model_validator

from xiancheng.calibration.file_models import Day, FileModel, Text, wrong
from xiancheng.calibration.i18n import Words, _, same
from xiancheng.calibration.naming import is_path, place_names
from xiancheng.calibration.region.pack_files import (
    CHECK_SOURCE,
    Problems,
    Row,
    one_of,
    read_csv,
)
from xiancheng.calibration.region.schema import (
    COUNTRY,
    DATED,
    STATUSES,
    TABLES,
    URBAN_RURAL_CLASSES,
    Assumption,
    Cell,
    County,
    Limits,
    Target,
    catalogue,
    limits,
)
from xiancheng.calibration.region.targets import TargetEntry, read_targets
from xiancheng.sim.state import Floats

CENSUS, TABLE, KIND, TOWNSHIP = _("census"), _("table", "name"), _("kind"), _("township code")
COUNTY_CODE, UNIT_CODE, VARIABLE = _("county code"), _("unit code"), _("variable")
SOURCE, STATUS = _("source"), _("status")
OPTIONAL = ("outside", "targets", "plan", "attribution")  # keys of region.yaml
UNNAMED = Words("", "")

TableRows = dict[tuple[str, Cell], Row]  # rows of a census table, by unit code and cell
CensusRows = dict[tuple[date, str], TableRows]  # by census and table


@dataclass
class RawPack:
    """A pack before its gaps are filled."""

    name: str = ""
    title: Words = UNNAMED
    prefectures: dict[str, Words] = field(default_factory=dict)
    province: str = ""
    counties: tuple[County, ...] = ()  # in order of code
    censuses: tuple[date, ...] = ()
    outside: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()
    plan: str = ""  # that the pack names: its name, or its path
    attribution: Words = UNNAMED
    sources: tuple[str, ...] = ()
    figures: dict[tuple[date, str], Floats] = field(default_factory=dict)  # (county, cell)
    places: list[Row] = field(default_factory=list)
    classes: list[tuple[date, Row]] = field(default_factory=list)  # in order of date
    boundaries: list[Row] = field(default_factory=list)
    values: dict[str, list[tuple[date, Row]]] = field(default_factory=dict)  # by table
    assumed: list[Assumption] = field(default_factory=list)  # that the pack itself states
    assembled: set[str] = field(default_factory=set)  # counties put together from several units
    misplaced: int = 0  # rows of margins.csv that fit nowhere, so that gaps cannot be told

    def members(self, prefecture: str) -> tuple[str, ...]:
        """Codes of the counties of a prefecture, in order; none if there is no such prefecture."""
        return tuple(c.code for c in self.counties if c.prefecture == prefecture)

    def units_above(self, county: str) -> tuple[str, str, str, str]:
        """Where a county's value is looked for: itself, its prefecture, province, the country."""
        return county, self._prefecture_of[county], self.province, COUNTRY

    @cached_property
    def _prefecture_of(self) -> dict[str, str]:
        return {county.code: county.prefecture for county in self.counties}

    def units_of(self, table: str) -> list[str]:
        """For each county the code of the unit that a census table has figures of."""
        by_prefecture = TABLES[table].by_prefecture
        return [c.prefecture if by_prefecture else c.code for c in self.counties]


def read(folder: Path, problems: Problems) -> tuple[RawPack, CensusRows]:
    """A pack, and the rows of its census tables; figures that are wrong or absent are NaN."""
    raw, rows = RawPack(), CensusRows()
    read_region(folder, problems, raw)
    if raw.counties and raw.censuses:
        tables = PackTables(folder, problems, raw)
        rows = tables.margins()
        tables.places()
        tables.classes()
        tables.boundaries()
        for table in DATED:
            raw.values[table] = tables.dated(table)
    return raw, rows


# region.yaml and sources.yaml


def number(table: str, name: str) -> BeforeValidator:
    """A validator of numbers within the range of a variable."""
    of = limits(table, name)

    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or value not in of:
            raise wrong(of.expected())
        return float(value)

    return BeforeValidator(read)


def _code(value: object) -> str:
    if not is_code(str(value)):
        raise wrong(_("six digits, the division code"))
    return str(value)


def _pack_name(value: object) -> str:
    if re.fullmatch(r"\w[\w-]{0,63}", str(value)) is None:  # folders are called by it
        raise wrong(_("a name of letters, digits and hyphens"))
    return str(value)


Code = Annotated[str, BeforeValidator(_code)]
PackName = Annotated[str, BeforeValidator(_pack_name)]
Distance = Annotated[float, number("outside", "km")]


class Place(Text):
    """A division with its code and its names."""

    code: Code


class CountyEntry(Place):
    """A county-level unit of a pack."""

    prefecture: Code
    kind: Literal["district", "county", "city"]


class Capital(Text):
    """Where the rest of the province stands."""

    lon: Annotated[float, number("boundaries", "lon")]
    lat: Annotated[float, number("boundaries", "lat")]


class Elsewhere(FileModel):
    """How far the rest of the country is."""

    km: Distance
    low: Distance
    high: Distance

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low <= self.km <= self.high:
            raise wrong(same("low ≤ km ≤ high"))
        return self


class Outside(FileModel):
    """Where the rest of the province and of the country stand."""

    province: Capital | None = None
    country: Elsewhere | None = None


class RegionFile(FileModel):
    """What a pack is about: region.yaml."""

    name: PackName
    title: Text
    prefectures: Annotated[list[Place], Field(min_length=1)]
    province: Place
    counties: Annotated[list[CountyEntry], Field(min_length=1)]
    censuses: Annotated[list[Day], Field(min_length=1)]
    outside: Outside = Outside()
    targets: list[TargetEntry] = Field(default_factory=list)
    plan: str | None = None  # name of a shipped plan, or path of one from the folder of the pack
    attribution: Text | None = None


class SourceEntry(FileModel):
    """Where figures come from."""

    title: str
    publisher: str
    via: str | None = None
    licence: str | None = None
    note: str | None = None


class SourcesFile(RootModel[dict[str, SourceEntry]]):
    """The sources of a pack by the names that its tables use: sources.yaml."""


def read_region(folder: Path, problems: Problems, raw: RawPack) -> None:
    """What the pack is about: its counties, censuses, targets and sources."""
    if sources := problems.yaml(folder, "sources.yaml", SourcesFile):
        raw.sources = tuple(sources[1].root)
    found = problems.yaml(folder, "region.yaml", RegionFile)
    if found is None:  # the tables are read all the same, if the counties are known
        found = Problems().yaml(folder, "region.yaml", RegionFile, OPTIONAL)
    if found is None:
        return
    document, file = found
    raw.name, raw.title, raw.province = file.name, words(file.title), file.province.code
    raw.attribution = words(file.attribution) if file.attribution else UNNAMED
    raw.prefectures = {each.code: words(each) for each in file.prefectures}
    raw.counties = tuple(
        County(each.code, each.zh, each.en, each.prefecture, each.kind)
        for each in sorted(file.counties, key=lambda county: county.code)
    )
    raw.censuses = tuple(sorted(set(file.censuses)))
    raw.outside = {
        name: each.model_dump(exclude={"zh", "en"}) for name, each in file.outside if each
    }
    once = _("each but once")
    for i, county in enumerate(file.counties):
        path = "counties", i
        if county.code in [other.code for other in file.counties[:i]]:
            problems.found.append(document.problem((*path, "code"), once, county.code))
        if county.prefecture not in raw.prefectures:
            expected = one_of(raw.prefectures, raw.prefectures)
            problems.found.append(
                document.problem((*path, "prefecture"), expected, county.prefecture)
            )
    found_targets, wrong_ones = read_targets(
        document, ("targets",), file.targets, raw.counties, raw.prefectures
    )
    raw.targets, raw.plan = found_targets, _plan_of(file.plan, folder)
    problems.found += wrong_ones


def _plan_of(named: str | None, folder: Path) -> str:
    """What finds the plan that a pack names; a path is taken from the folder of the pack."""
    if named is None or not is_path(named):
        return named or ""
    return str((folder / named).resolve())


def words(of: Text | County) -> Words:
    """A name in two languages."""
    return Words(of.zh, of.en)


def is_code(text: str) -> bool:
    """Whether a text has the form of a division code, six digits."""
    return text.isascii() and text.isdecimal() and len(text) == 6


def names_of_counties(raw: RawPack) -> tuple[list[str], dict[str, str], dict[str, Words]]:
    """Codes of the counties; other names and the codes they stand for; names by code."""
    labels = raw.prefectures | {c.code: words(c) for c in raw.counties}
    return [c.code for c in raw.counties], place_names(raw.counties), labels


# Tables


class PackTables:
    """Reads the tables of a pack, row by row."""

    def __init__(self, folder: Path, problems: Problems, raw: RawPack) -> None:
        self.folder, self.problems, self.raw = folder, problems, raw
        codes, self.aliases, self.labels = names_of_counties(raw)
        self.codes = dict.fromkeys(codes)

    def margins(self) -> CensusRows:
        """Read the census tables: rows by cell, and figures of all counties as arrays."""
        censuses = {day.isoformat(): day for day in self.raw.censuses}
        found: CensusRows = {}
        keys: list[tuple[Row, object]] = []
        for row in read_csv(self.problems, self.folder, "margins.csv", required=True):
            table = row["table"]
            of = limits("vital", row["key"]) if table == "vital" else limits("margins", table)
            self.check_value(row, of)
            if row["unit"].startswith(("万", "亿", "10000", "10 000")):
                self.problems.add(
                    row.at, _("the unit"), _("single persons or households"),
                    row["unit"], _("convert to this unit"),
                )  # fmt: skip
            known = self.problems.known(row.at, CENSUS, row["census"], censuses)
            if not self.check_cell(row) or not known:
                self.raw.misplaced += 1
            else:
                cell = (row["sex"], row["age"], row["key"])
                key = (row["county_code"], cell)
                found.setdefault((censuses[row["census"]], table), {}).setdefault(key, row)
                keys.append((row, (row["census"], table, key)))
        self.problems.unique(keys)
        for (day, name), rows in found.items():
            self.raw.figures[day, name] = np.array([
                [rows[unit, cell].value if (unit, cell) in rows else math.nan
                 for cell in TABLES[name].cells]
                for unit in self.raw.units_of(name)
            ])  # fmt: skip
        for day in self.raw.censuses:
            for name in TABLES:
                for row in found.get((day, name), {}).values():
                    variable = row["key"] or row["age"]
                    self.record_assumption(name, day, row["county_code"], variable, row)
                    if name == "urban_rural" and row["status"] == "derived":
                        self.raw.assembled.add(row["county_code"])
        return found

    def check_cell(self, row: Row) -> bool:
        """Whether a row of a census table names a unit and a cell of the table."""
        name = row["table"]
        if not self.problems.known(row.at, TABLE, name, TABLES):
            return False
        table, right = TABLES[name], True
        codes = self.raw.prefectures if table.by_prefecture else self.codes
        right &= self.check_unit(row, "county_code", codes)
        if right and (row["sex"], row["age"], row["key"]) in table.cells:
            return True
        for column, valid in (("sex", table.sexes), ("age", table.ages), ("key", table.keys)):
            thing = _("{column} of table {name}", column=column, name=name)
            right &= self.problems.known(row.at, thing, row[column], valid)
        return right

    def places(self) -> None:
        """Read the townships with their village-level units."""
        rows = self.raw.places = read_csv(self.problems, self.folder, "places.csv")
        for row in rows:
            self.check_unit(row, "county_code", self.codes)
            if not row["township_code"]:
                code = _("the division code, or a number of its own for each")
                self.problems.add(row.at, TOWNSHIP, code, "∅", CHECK_SOURCE)
            kinds = ("street", "town", "township")
            self.problems.known(row.at, KIND, row["kind"], kinds)
            self.check_value(row, limits("places", "units"), "units")
            of = limits("places", "communities")
            if self.problems.number(row, "communities", of) > row.value:
                self.problems.add(
                    row.at, _("the number of communities"),
                    _("at most the {units:g} units", units=row.value),
                    row["communities"], CHECK_SOURCE,
                )  # fmt: skip
        self.problems.unique((row, row["township_code"]) for row in rows)
        self.each_county(rows, 1)

    def classes(self) -> None:
        """Read how many units of each urban-rural class the townships had in an edition."""
        rows, of = read_csv(self.problems, self.folder, "classes.csv"), limits("classes", "units")
        known = {row["township_code"] for row in self.raw.places}
        dated = []
        for row in rows:
            day = self.problems.day(row, "date")
            self.problems.known(row.at, TOWNSHIP, row["township_code"], known)
            first, *others = (f"n_{code}" for code in URBAN_RURAL_CLASSES)
            self.check_value(row, of, first)
            for column in others:
                self.problems.number(row, column, of)
            if day is not None:
                dated.append((day, row))
        self.problems.unique((row, (day, row["township_code"])) for day, row in dated)
        for day in sorted({day for day, _row in dated}):
            classified = {row["township_code"] for on, row in dated if on == day}
            for absent in sorted(known - classified):
                self.problems.add(
                    ("classes.csv", 0), TOWNSHIP, _("a line for each township of places.csv"),
                    f"{day}: {absent} ∅", _("add the line, or leave the whole edition out"),
                )  # fmt: skip
        self.raw.classes = sorted(dated, key=lambda each: each[0])

    def boundaries(self) -> None:
        """Read the outlines of the counties."""
        rows = self.raw.boundaries = read_csv(self.problems, self.folder, "boundaries.csv")
        for row in rows:
            self.check_unit(row, "county_code", self.codes)
            for column in ("ring", "order", "lon", "lat"):
                self.problems.number(row, column, limits("boundaries", column))
        self.each_county(rows, 4)

    def dated(self, table: str) -> list[tuple[date, Row]]:
        """Read dated values of the economy, of services or of what was observed."""
        variables = {name: entry for (of, name), entry in catalogue().items() if of == table}
        homes = {name: of for of, name in catalogue() if of in DATED and of != table}
        codes = [*self.codes, *self.raw.prefectures, self.raw.province, COUNTRY]
        kept = []
        for row in read_csv(self.problems, self.folder, f"{table}.csv"):
            day, variable, unit = self.problems.day(row, "date"), row["variable"], row["unit"]
            self.check_unit(row, "unit_code", codes, UNIT_CODE)
            self.check_value(row, limits(table, variable, unit))
            home = f"{homes.get(variable)}.csv"
            move = _("move the line to {home}", home=home) if variable in homes else None
            known = self.problems.known(row.at, VARIABLE, variable, variables, advice=move)
            if not known or day is None:
                continue
            if unit != (right := variables[variable].unit):
                self.problems.add(
                    row.at, _("the unit"), same(right), unit or "∅",
                    _("convert to this unit"),
                )  # fmt: skip
            kept.append((day, row))
            if table != "observations":
                self.record_assumption(table, day, row["unit_code"], variable, row)
        self.problems.unique((row, (day, row["unit_code"], row["variable"])) for day, row in kept)
        return kept

    def record_assumption(self, table: str, day: date, code: str, variable: str, row: Row) -> None:
        """Keep a value that the pack itself says is assumed."""
        if row["status"] == "assumed":
            ends = row.value, row.low, row.high
            self.raw.assumed.append(
                Assumption(table, day, code, variable, *ends, row["note"], False)
            )

    def check_unit(
        self, row: Row, column: str, codes: Collection[str], thing: Words = COUNTY_CODE
    ) -> bool:
        """Whether a cell holds one of the codes."""
        return self.problems.known(row.at, thing, row[column], codes, self.aliases, self.labels)

    def check_value(self, row: Row, of: Limits, column: str = "value") -> None:
        """Take the value of a row; hold it to source and status, and to its range if assumed."""
        value = row.value = self.problems.number(row, column, of, row.get("unit", ""))
        for source in row["source"].split() or [""]:
            self.problems.known(row.at, SOURCE, source, self.raw.sources)
        self.problems.known(row.at, STATUS, row["status"], STATUSES)
        low, high = row.get("low", ""), row.get("high", "")
        if not (low or high or row["status"] == "assumed"):
            return
        row.low = self.problems.number(row, "low", of) if low else -math.inf
        row.high = self.problems.number(row, "high", of) if high else math.inf
        ordered = low and high and row.low <= value <= row.high
        if not ordered and not any(map(math.isnan, (value, row.low, row.high))):
            self.problems.add(
                row.at, _("the range of the value"),
                _("low <= value <= high (required if assumed)"),
                f"{low or '∅'} … {value:g} … {high or '∅'}", _("state the range"),
            )  # fmt: skip

    def each_county(self, rows: list[Row], least: int) -> None:
        """Hold a table that may be left out to have rows for every county if it is there."""
        codes = [row["county_code"] for row in rows]
        for county in self.raw.counties if rows else ():
            if (found := codes.count(county.code)) < least:
                self.problems.add(
                    (rows[0].at[0], 0),
                    Words(f"{county.code} {county.zh}", f"{county.code} {county.en}"),
                    _("{least} lines or more", least=least), found,
                    _("add them, or leave the whole file out"),
                )  # fmt: skip
