"""A region pack as it stands on file, read whole: every problem of its files is noted."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from xiancheng.calibration.i18n import Words, _, same
from xiancheng.calibration.naming import place_names
from xiancheng.calibration.region.pack_files import (
    CHECK_SOURCE,
    Problems,
    Row,
    YamlFile,
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
from xiancheng.sim.state import Floats

CENSUS, TABLE, KIND, TOWNSHIP = _("census"), _("table", "name"), _("kind"), _("township code")
COUNTY_CODE, UNIT_CODE, VARIABLE = _("county code"), _("unit code"), _("variable")
SOURCE, STATUS = _("source"), _("status")
OPERATORS = {  # of targets, as plans write them
    "不低于": "at least", "不少于": "at least", "达到": "at least", "以上": "at least",
    "约": "about", "左右": "about",
}  # fmt: skip

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


def read_region(folder: Path, problems: Problems, raw: RawPack) -> None:
    """What the pack is about: its counties, censuses, targets and sources."""
    file = YamlFile(problems, folder, "region.yaml")
    node: Any = file.value
    needed = ("name", "title", "prefectures", "province", "counties", "censuses")
    if node is None or not file.keys(node, needed, ("outside", "targets", "attribution")):
        return
    raw.name, raw.title = str(node["name"]), file.name(node, "title")
    if "attribution" in node:
        raw.attribution = file.name(node, "attribution")
    for each in file.entries(node, "prefectures", ("code", "zh", "en")):
        raw.prefectures[str(each["code"])] = Words(each["zh"], each["en"])
    if file.keys(node["province"], ("code", "zh", "en")):
        raw.province = str(node["province"]["code"])
    raw.counties = read_counties(file, raw.prefectures)
    days = [file.day(node["censuses"], i) for i in range(len(file.items(node, "censuses")))]
    raw.censuses = tuple(sorted({day for day in days if day}))
    raw.outside = read_outside(file)
    raw.targets = read_targets(file, raw)
    sources = YamlFile(problems, folder, "sources.yaml")
    names = tuple(sources.value) if isinstance(sources.value, dict) else ()
    if sources.value is not None and sources.keys(sources.value, (), names):
        for each in sources.value.values():
            sources.keys(each, ("title", "publisher"), ("via", "licence", "note"))
        raw.sources = tuple(map(str, names))


def read_counties(file: YamlFile, prefectures: Mapping[str, Words]) -> tuple[County, ...]:
    """The counties, in order of code."""
    fields = ("code", "zh", "en", "prefecture", "kind")
    found: dict[str, County] = {}
    for node in file.entries(file.value, "counties", fields):
        county = County(*(str(node[key]) for key in fields))
        file.choice(node, "kind", _("kind"), ("district", "county", "city"))
        file.choice(node, "prefecture", _("prefecture"), prefectures)
        if not is_code(county.code) or county.code in found:
            file.problems.add(
                file.at(node, "code"), _("the county code"),
                _("six digits, used once"), county.code,
                _("check the division code"),
            )  # fmt: skip
        found[county.code] = county
    return tuple(found[code] for code in sorted(found))


def is_code(text: str) -> bool:
    """Whether a text has the form of a division code, six digits."""
    return text.isascii() and text.isdecimal() and len(text) == 6


def read_outside(file: YamlFile) -> dict[str, dict[str, float]]:
    """Where the rest of the province and of the country stand."""
    node, found = file.value.get("outside"), {}
    if node is None or not file.keys(node, (), ("province", "country")):
        return {}
    if "province" in node and file.keys(node["province"], ("zh", "en", "lon", "lat")):
        found["province"] = {
            key: file.number(node["province"], key, limits("boundaries", key))
            for key in ("lon", "lat")
        }
    if "country" in node and file.keys(node["country"], ("km", "low", "high")):
        km = limits("outside", "km")
        low, high = (file.number(node["country"], key, km) for key in ("low", "high"))
        middle = file.number(node["country"], "km", km._replace(low=low, high=high))
        found["country"] = {"low": low, "high": high, "km": middle}
    return found


def read_targets(file: YamlFile, raw: RawPack) -> tuple[Target, ...]:
    """What the plan wants."""
    if not file.value.get("targets"):
        return ()
    found: list[Target] = []
    fields = ("id", "name", "counties", "value", "operator", "wording", "deadline")
    only = _("use 'at least' or 'about'")
    codes, aliases, labels = names_of_counties(raw)
    for node in file.entries(file.value, "targets", fields):
        operator = str(node["operator"]).strip()
        operator = OPERATORS.get(operator, operator)
        file.problems.known(
            file.at(node, "operator"), _("operator"), operator, ("at least", "about"),
            advice=only,
        )  # fmt: skip
        chosen = [
            code
            for each in file.items(node, "counties")
            for code in raw.members(str(each)) or (str(each),)
        ]
        reject_repeated(file, node, "counties", chosen)
        reject_repeated(file, node, "id", [str(node["id"]), *(target.id for target in found)])
        for code in chosen:
            at = file.at(node, "counties")
            file.problems.known(at, _("county", "code"), code, codes, aliases, labels)
        value = file.number(node, "value", limits("targets", "value"), percent=True)
        if deadline := file.day(node, "deadline"):
            name, wording = file.name(node, "name"), str(node["wording"])
            found.append(
                Target(str(node["id"]), name, tuple(chosen), value, operator, wording, deadline)
            )
    return tuple(found)


def reject_repeated(file: YamlFile, node: Any, key: str, names: list[str]) -> None:
    """Note names that stand twice."""
    for name in sorted({name for name in names if names.count(name) > 1}):
        file.problems.add(
            file.at(node, key), _("{key} holds one twice", key=key),
            _("each but once"), name, _("delete one of the two"),
        )  # fmt: skip


def names_of_counties(raw: RawPack) -> tuple[list[str], dict[str, str], dict[str, Words]]:
    """Codes of the counties; other names and the codes they stand for; names by code."""
    labels = raw.prefectures | {c.code: Words(c.zh, c.en) for c in raw.counties}
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
            held = {row["township_code"] for on, row in dated if on == day}
            for absent in sorted(known - held):
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
        held = [row["county_code"] for row in rows]
        for county in self.raw.counties if rows else ():
            if (found := held.count(county.code)) < least:
                self.problems.add(
                    (rows[0].at[0], 0),
                    Words(f"{county.code} {county.zh}", f"{county.code} {county.en}"),
                    _("{least} lines or more", least=least), found,
                    _("add them, or leave the whole file out"),
                )  # fmt: skip
