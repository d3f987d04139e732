"""What stands in a pack's files, held to what a pack may say; judged as a whole in totals()."""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from importlib.resources import files
from itertools import product
from typing import Any, NamedTuple

from calibration.checks import Findings, Row, Say, read_csv, read_yaml
from sim.kinds import AGES

AGE_BANDS = (
    "0",
    "1-4",
    *(f"{low}-{low + 4}" for low in AGES[2:-1]),
    f"{AGES[-1]}+",
)
SEX_NAMES = ("male", "female")  # in the order of the model: MALE, FEMALE
COUNTRY = "100000"

COLUMNS: dict[str, tuple[str, ...]] = {
    "margins.csv": (
        "census", "county_code", "table", "sex", "age", "key", "value", "unit",
        "source", "status", "low", "high", "note",
    ),
    "places.csv": (
        "county_code", "township_code", "township", "kind", "units", "communities",
        "source", "status", "note",
    ),
    "boundaries.csv": ("county_code", "ring", "order", "lon", "lat"),
} | dict.fromkeys(
    ("economy.csv", "services.csv", "observations.csv"),
    (
        "date", "unit_code", "variable", "value", "unit",
        "source", "status", "low", "high", "note",
    ),
)  # fmt: skip


class Cell(NamedTuple):
    """Where a figure stands in a census table; what a table does not split by is empty."""

    sex: str
    age: str
    key: str


@dataclass(frozen=True)
class Table:
    """A census table: what it splits residents by, and the keys that may be left out."""

    keys: tuple[str, ...] = ("",)
    sexes: tuple[str, ...] = ("",)
    ages: tuple[str, ...] = ("",)
    optional: frozenset[str] = frozenset()
    by_prefecture: bool = False

    def cells(self) -> list[Cell]:
        """Every cell the table can hold."""
        return [Cell(*cell) for cell in product(self.sexes, self.ages, self.keys)]


INDUSTRY = ("mining", "manufacturing", "utilities", "construction")
SERVICES = (
    "transport", "ict", "trade", "hospitality", "finance", "real_estate", "business_services",
    "science", "environment", "personal_services", "education", "health", "culture",
    "public_admin",
)  # fmt: skip
GENERATIONS = ("generations_1", "generations_2", "generations_3", "generations_4p")

TABLES: dict[str, Table] = {
    "residents": Table(("total", "male", "female")),
    "urban_rural": Table(("urban", "rural")),
    "sex_age": Table(sexes=SEX_NAMES, ages=AGE_BANDS),
    "education": Table(
        ("none", "preschool", "primary", "junior", "senior", "college", "bachelor"),
        sexes=SEX_NAMES,
        optional=frozenset({"preschool", "bachelor"}),
    ),
    "households": Table(("total", "members", "one_person", *GENERATIONS, "with_65p")),
    "in_movers": Table(("same_county", "same_province", "other_province")),
    "industry": Table(("agriculture", *INDUSTRY, *SERVICES)),
    "employment": Table(("employed_sample", "population_15p_sample")),
    "marital": Table(("never_married", "married", "divorced", "widowed")),
    "home": Table(
        ("rented", "self_built", "bought", "other", "inherited"), optional=frozenset({"inherited"})
    ),
    "hukou": Table(("registered",)),
    "away": Table(("same_prefecture", "province", "country")),
    "moves": Table(("own_town", "same_prefecture", "province", "country")),
    "arrivals": Table(("province", "country")),
    "vital": Table(("birth_rate", "death_rate")),
    "urban_odds": Table(ages=AGE_BANDS, by_prefecture=True),
}
REQUIRED = ("urban_rural", "sex_age")  # a census without these cannot be used


class Name(NamedTuple):
    """A name in Chinese and in English."""

    zh: str
    en: str


@dataclass(frozen=True)
class County:
    """A county-level unit; `kind` is district, county or city."""

    code: str
    zh: str
    en: str
    prefecture: str
    kind: str


@dataclass(frozen=True)
class Target:
    """What the plan wants: the urban rate [percent] of some counties together, by a deadline."""

    id: str
    name: Name
    counties: tuple[str, ...]  # codes
    value: float
    operator: str  # "at least" or "about"
    wording: str  # of the plan
    deadline: date


@dataclass(frozen=True)
class Entry:
    """A variable a pack may hold: its unit, its names, and the value assumed without one."""

    unit: str
    name: Name
    default: float | None
    low: float
    high: float
    basis: str


@dataclass
class Draft:
    """A pack as it stands on file, before totals are judged and gaps are filled."""

    name: str = ""
    title: Name = Name("", "")
    prefectures: dict[str, Name] = field(default_factory=dict)
    province: str = ""
    counties: tuple[County, ...] = ()
    censuses: tuple[date, ...] = ()
    outside: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()
    attribution: Name = Name("", "")
    sources: frozenset[str] = frozenset()
    margins: dict[tuple[date, str], dict[tuple[str, Cell], Row]] = field(default_factory=dict)
    places: list[Row] = field(default_factory=list)
    boundaries: list[Row] = field(default_factory=list)
    values: dict[str, list[tuple[date, Row]]] = field(default_factory=dict)  # by file

    def aliases(self) -> dict[str, str]:
        """Names of counties, and the code each stands for."""
        return {name: c.code for c in self.counties for name in (c.zh, c.zh[:-1], c.en)}


@lru_cache(maxsize=1)
def catalogue() -> Mapping[tuple[str, str], Entry]:
    """What a pack may hold beyond census tables, and the defaults, by (table, variable)."""
    with (files("calibration") / "catalogue.csv").open(encoding="utf-8", newline="") as lines:
        return {
            (row["table"], row["variable"]): Entry(
                row["unit"],
                Name(row["zh"], row["en"]),
                float(row["default"]) if row["default"] else None,
                float(row["low"] or "nan"),
                float(row["high"] or "nan"),
                row["basis"],
            )
            for row in csv.DictReader(lines)
        }


def read(findings: Findings) -> Draft:
    """Everything in a pack's folder; what is wrong with it goes to `findings`."""
    draft = Draft()
    read_region(findings, draft)
    if not draft.counties:
        return draft
    listed = read_yaml(findings, "sources.yaml")
    draft.sources = frozenset(map(str, listed or ()))
    read_margins(findings, draft)
    read_places(findings, draft)
    for file in ("economy.csv", "services.csv", "observations.csv"):
        draft.values[file] = read_values(findings, draft, file)
    return draft


# region.yaml


def read_region(findings: Findings, draft: Draft) -> None:
    """What the pack is about: its counties, censuses and targets."""
    raw = read_yaml(findings, "region.yaml")
    if raw is None:
        return
    sheet = Sheet(findings, raw)
    needed = ("name", "title", "prefectures", "province", "counties", "censuses")
    if not sheet.keys(raw, needed, ("outside", "targets", "attribution")):
        return
    draft.name, draft.title = str(raw["name"]), sheet.name(raw, "title")
    draft.attribution = sheet.name(raw, "attribution") if "attribution" in raw else Name("", "")
    for node in sheet.items(raw, "prefectures"):
        if sheet.keys(node, ("code", "zh", "en")):
            draft.prefectures[str(node["code"])] = Name(node["zh"], node["en"])
    if sheet.keys(raw["province"], ("code", "zh", "en")):
        draft.province = str(raw["province"]["code"])
    draft.counties = sheet.counties(raw, draft.prefectures)
    days = [sheet.day(raw["censuses"], i) for i in range(len(sheet.items(raw, "censuses")))]
    draft.censuses = tuple(day for day in days if day)
    draft.outside = sheet.outside(raw)
    draft.targets = sheet.targets(raw, draft)


class Sheet:
    """Reads region.yaml, telling each slip with its line."""

    file = "region.yaml"

    def __init__(self, findings: Findings, raw: Any) -> None:
        self.findings, self.top = findings, raw

    def say(self, line: int, what: Say, expected: Say, found: object, advice: Say) -> None:
        """Write a problem down."""
        self.findings.add(self.file, line, what, expected, found, advice)

    def line(self, node: Any, key: Any = None) -> int:
        """The line of a mapping or list, or of what it holds under `key`."""
        if key is None or not hasattr(node, "lc"):
            return getattr(getattr(node, "lc", None), "line", -1) + 1
        return int((node.lc.key if isinstance(node, dict) else node.lc.item)(key)[0]) + 1

    def keys(self, node: Any, needed: tuple[str, ...], extra: tuple[str, ...] = ()) -> bool:
        """Whether a mapping holds all it needs and nothing that is not known."""
        if not isinstance(node, dict):
            self.say(
                self.line(node), ("内容", "the entry"), ("键和值", "keys and values"),
                node if node is not None else "∅",
                (f"写明 {'、'.join(needed)}", f"state {', '.join(needed)}"),
            )  # fmt: skip
            return False
        valid = (*needed, *extra)
        for key in node:
            line = self.line(node, key)
            self.findings.known(self.file, line, ("键", "key"), str(key), valid)
        lacking = [key for key in needed if node.get(key) is None]
        for key in lacking:
            self.say(
                self.line(node), (f"键“{key}”", f"key {key!r}"), ("有值", "a value"), "∅",
                ("补上", "add it"),
            )  # fmt: skip
        return not lacking

    def items(self, node: Any, key: str) -> list[Any]:
        """The entries of a list that must not be empty."""
        value = node[key]
        if isinstance(value, list) and value:
            return value
        self.say(
            self.line(node, key), (f"“{key}”", f"{key!r}"), ("至少一项的列表", "a list of some"),
            value or "∅", ("写成列表", "write a list"),
        )  # fmt: skip
        return []

    def name(self, node: Any, key: str) -> Name:
        """A name in two languages."""
        value = node[key]
        if not isinstance(value, dict):
            line, both = self.line(node, key), ("{zh: …, en: …}",) * 2
            self.say(line, (f"“{key}”", f"{key!r}"), both, value, ("两种语言都写", "give both"))
            return Name(str(value), str(value))
        self.keys(value, ("zh", "en"))
        return Name(str(value.get("zh")), str(value.get("en")))

    def day(self, node: Any, key: Any) -> date | None:
        """A date."""
        value = node[key]
        if isinstance(value, date):
            return date(value.year, value.month, value.day)
        line, form = self.line(node, key), ("写成 2020-11-01 的形式", "write it like 2020-11-01")
        self.say(line, ("日期", "the date"), ("年-月-日", "year-month-day"), value, form)
        return None

    def figure(self, node: Any, key: str, low: float, high: float) -> float:
        """A number between two bounds."""
        value = node[key]
        right = isinstance(value, int | float) and not isinstance(value, bool)
        if right and low <= value <= high:
            return float(value)
        bounds = (f"{low:g} 至 {high:g} 的数", f"a number from {low:g} to {high:g}")
        advice = ("核对数值", "check the number")
        self.say(self.line(node, key), (f"“{key}”", f"{key!r}"), bounds, value, advice)
        return math.nan

    def counties(self, raw: Any, prefectures: Mapping[str, Name]) -> tuple[County, ...]:
        """The counties, in order of code."""
        found: dict[str, County] = {}
        for node in self.items(raw, "counties"):
            fields = ("code", "zh", "en", "prefecture", "kind")
            if not self.keys(node, fields):
                continue
            county = County(*(str(node[key]) for key in fields))
            kinds = ("district", "county", "city")
            lines = {key: self.line(node, key) for key in fields}
            self.findings.known(self.file, lines["kind"], ("类型", "kind"), county.kind, kinds)
            self.findings.known(
                self.file, lines["prefecture"], ("地级市", "prefecture"), county.prefecture,
                prefectures,
            )  # fmt: skip
            if not (county.code.isdecimal() and len(county.code) == 6) or county.code in found:
                self.say(
                    lines["code"], ("县级代码", "the county code"),
                    ("六位数字，不重复", "six digits, used once"), county.code,
                    ("核对行政区划代码", "check the division code"),
                )  # fmt: skip
            found[county.code] = county
        return tuple(found[code] for code in sorted(found))

    def outside(self, raw: Any) -> dict[str, Any]:
        """Where the rest of the province and of the country stand."""
        node, found = raw.get("outside"), {}
        if node is None or not self.keys(node, (), ("province", "country")):
            return {}
        if "province" in node and self.keys(node["province"], ("zh", "en", "lon", "lat")):
            spot = node["province"]
            ends = {"lon": self.figure(spot, "lon", -180, 180)}
            found["province"] = ends | {"lat": self.figure(spot, "lat", -90, 90)}
        if "country" in node and self.keys(node["country"], ("km", "low", "high")):
            ends = {key: self.figure(node["country"], key, 0, 2e4) for key in ("low", "high")}
            found["country"] = ends | {"km": self.figure(node["country"], "km", *ends.values())}
        return found

    def targets(self, raw: Any, draft: Draft) -> tuple[Target, ...]:
        """What the plan wants."""
        found = []
        codes = [county.code for county in draft.counties]
        for node in self.items(raw, "targets") if raw.get("targets") else []:
            fields = ("id", "name", "counties", "value", "operator", "wording", "deadline")
            if not self.keys(node, fields):
                continue
            line = self.line(node, "operator")
            operators = ("at least", "about")
            self.findings.known(
                self.file, line, ("算符", "operator"), str(node["operator"]), operators
            )
            chosen = tuple(map(str, self.items(node, "counties")))
            for code in chosen:
                line, thing = self.line(node, "counties"), ("县级代码", "county")
                self.findings.known(self.file, line, thing, code, codes, draft.aliases())
            value, deadline = self.figure(node, "value", 0, 100), self.day(node, "deadline")
            name = self.name(node, "name")
            if deadline:
                wanted = str(node["operator"]), str(node["wording"])
                found.append(Target(str(node["id"]), name, chosen, value, *wanted, deadline))
        return tuple(found)


# The tables


def read_margins(findings: Findings, draft: Draft) -> None:
    """The census tables, cell by cell."""
    file = "margins.csv"
    censuses = {day.isoformat(): day for day in draft.censuses}
    counties = [county.code for county in draft.counties]
    kept: list[tuple[Row, object]] = []
    for row in read_csv(findings, file, COLUMNS[file], required=True):
        line, table = row.line, TABLES.get(row["table"])
        value = findings.number(row, "value", unit=row["unit"])
        findings.origin(row, value, draft.sources)
        right = findings.known(file, line, ("普查", "census"), row["census"], censuses)
        if not findings.known(file, line, ("表名", "table"), row["table"], TABLES) or not table:
            continue
        codes = [*draft.prefectures] if table.by_prefecture else counties
        county = ("县级代码", "county")
        right &= findings.known(file, line, county, row["county_code"], codes, draft.aliases())
        for column, valid in (("sex", table.sexes), ("age", table.ages), ("key", table.keys)):
            thing = (f"{row['table']} 表的 {column}", f"{column} of table {row['table']}")
            right &= findings.known(file, line, thing, row[column], valid)
        if right:
            cell = Cell(row["sex"], row["age"], row["key"])
            kept.append((row, (row["census"], row["table"], row["county_code"], cell)))
            page = draft.margins.setdefault((censuses[row["census"]], row["table"]), {})
            page.setdefault((row["county_code"], cell), row)
    findings.once(kept)


def read_places(findings: Findings, draft: Draft) -> None:
    """Townships with their village-level units, and the outlines of counties."""
    file, codes = "places.csv", [county.code for county in draft.counties]
    county = ("县级代码", "county")
    draft.places = read_csv(findings, file, COLUMNS[file])
    for row in draft.places:
        findings.known(file, row.line, county, row["county_code"], codes, draft.aliases())
        kinds = ("street", "town", "township")
        findings.known(file, row.line, ("类型", "kind"), row["kind"], kinds)
        units, named = findings.number(row, "units", lowest=1), findings.number(row, "communities")
        findings.origin(row | {"low": "", "high": "", "value": row["units"]}, units, draft.sources)
        if named > units:
            findings.add(
                file, row.line, ("社区数", "the number of communities"),
                (f"不超过单元数 {units:g}", f"at most the {units:g} units"), row["communities"],
                ("核对原表", "check the source table"),
            )  # fmt: skip
    findings.once((row, row["township_code"]) for row in draft.places)
    lacking = {*codes} - {row["county_code"] for row in draft.places}
    for code in sorted(lacking) if draft.places else []:
        findings.add(
            file, 0, (f"{code} 的乡镇", f"the townships of {code}"), ("至少一行", "one or more"),
            "∅", ("补上；或整个文件不给", "add them, or leave the whole file out"),
        )  # fmt: skip
    file = "boundaries.csv"
    draft.boundaries = read_csv(findings, file, COLUMNS[file])
    for row in draft.boundaries:
        findings.known(file, row.line, county, row["county_code"], codes, draft.aliases())
        for column in ("ring", "order"):
            findings.number(row, column)
        for column in ("lon", "lat"):
            findings.number(row, column, lowest=-180)


def read_values(findings: Findings, draft: Draft, file: str) -> list[tuple[date, Row]]:
    """Dated values of the economy, of services or of what was observed."""
    table = file.removesuffix(".csv")
    entries = {name: entry for (of, name), entry in catalogue().items() if of == table}
    codes = [c.code for c in draft.counties] + [*draft.prefectures, draft.province, COUNTRY]
    kept = []
    for row in read_csv(findings, file, COLUMNS[file]):
        day = findings.day(row, "date")
        code, unit = ("行政区划代码", "unit code"), row["unit"]
        findings.known(file, row.line, code, row["unit_code"], codes, draft.aliases())
        value = findings.number(row, "value", unit=unit)
        findings.origin(row, value, draft.sources)
        thing = ("变量", "variable")
        if not findings.known(file, row.line, thing, row["variable"], entries) or day is None:
            continue
        wanted = entries[row["variable"]].unit
        if unit != wanted:
            findings.add(
                file, row.line, ("单位", "the unit"), (wanted, wanted), unit or "∅",
                ("换算成此单位", "convert to this unit"),
            )  # fmt: skip
        kept.append((day, row))
    findings.once((row, (day, row["unit_code"], row["variable"])) for day, row in kept)
    return kept
