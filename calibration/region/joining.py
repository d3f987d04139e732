"""Makes the units of a pack out of the units of a census table: the same areas at both censuses.

Units merged between the censuses, or listed apart in one of them, are added up as the concordance
says; a unit that a census does not have is left out. Whatever was done is told as a remark.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path

from xiancheng.calibration.checks import Findings, read_document
from xiancheng.calibration.errors import PackError
from xiancheng.calibration.i18n import Say, Words
from xiancheng.calibration.region.census_table import COLUMNS, COUNT, FLOOR, YEARS, Unit, columns_of
from xiancheng.calibration.region.sheet import Sheet

ZONES = range(71, 81)  # last two digits of the code of a development zone
CITIES = 81  # and of a county-level city, from here on
COUNTIES = 21  # and of a county
MEANS = {  # a rate, and the count it is a rate of
    "birth_rate_permille": "residents",
    "death_rate_permille": "residents",
    FLOOR: "family_household_residents",
}
WIDE = 0.05  # of a sum: a gap that is no slip
FALL = 5.0  # points by which an urban share does not fall within ten years
IN_MOVERS_OF_2010 = "moves between the districts of the city are counted as moves within the county"


@dataclass(frozen=True)
class Join:
    """What makes up a unit in one census."""

    unit: str
    year: int
    of: tuple[str, ...]
    basis: str
    why: Words

    @property
    def prefecture(self) -> str:
        """Code of the prefecture the unit stands under."""
        return f"{self.unit[:4]}00"

    @property
    def note(self) -> str:
        """How a figure came about."""
        recalled = "; which county a zone lies in is recalled" if self.basis == "recalled" else ""
        return f"{' + '.join(self.of)}{recalled}"


@dataclass(frozen=True)
class Correction:
    """A cell known to be a slip of the digitised table."""

    unit: str
    year: int
    column: str
    found: float
    why: Words


@dataclass(frozen=True)
class Concordance:
    """Which units make one, and which cells are slips."""

    joins: tuple[Join, ...]
    corrections: tuple[Correction, ...]

    @classmethod
    def read(cls, file: Path) -> "Concordance":
        """A concordance from file.

        Raises
        ------
        PackError
            if it cannot be read
        """
        findings = Findings(file.parent)
        document = read_document(findings, file.name)
        if document is None:
            raise PackError(file.name, findings.problems)
        raw, sheet = document.value, Sheet(findings, file.name, document)
        joins: list[Join] = []
        corrections: list[Correction] = []
        if sheet.keys(raw, (), ("joins", "corrections")):
            for j in sheet.items(raw, "joins") if raw.get("joins") else ():
                if sheet.keys(j, ("unit", "year", "of", "basis", "zh", "en")):
                    year = int(sheet.among(j, "year", YEARS))
                    of = tuple(map(str, sheet.items(j, "of")))
                    why = Words(str(j["zh"]), str(j["en"]))
                    joins.append(Join(str(j["unit"]), year, of, str(j["basis"]), why))
            for c in sheet.items(raw, "corrections") if raw.get("corrections") else ():
                if sheet.keys(c, ("unit", "year", "column", "found", "zh", "en")):
                    year, column = int(sheet.among(c, "year", YEARS)), str(c["column"])
                    sheet.among(c, "column", COLUMNS)
                    found = sheet.figure(c, "found", COUNT)
                    why = Words(str(c["zh"]), str(c["en"]))
                    corrections.append(Correction(str(c["unit"]), year, column, found, why))
        if findings.problems:
            raise PackError(file.name, tuple(findings.problems))
        return cls(tuple(joins), tuple(corrections))


@cache
def shipped() -> Concordance:
    """The concordance of the censuses of 2010 and 2020 that comes with the program."""
    return Concordance.read(Path(str(files("xiancheng.calibration.region"))) / "concordance.yaml")


@dataclass(frozen=True)
class Joined:
    """A unit of a pack at one census."""

    parts: tuple[Unit, ...]  # of the table of that census
    figures: Mapping[str, float]  # by column of the table
    derived: Mapping[str, str]  # by column, how a figure came about if it is not as published
    remarks: Mapping[str, str]  # by column, what else there is to know

    def note(self, column: str) -> str:
        """What there is to know of a figure."""
        told = (self.derived.get(column, ""), self.remarks.get(column, ""))
        return "; ".join(filter(None, told))


@dataclass(frozen=True)
class Place:
    """A unit of a pack at both censuses."""

    code: str
    zh: str
    at: Mapping[int, Joined]  # by year

    @property
    def kind(self) -> str:
        """What the last two digits of its code say."""
        last = int(self.code[4:])
        return "city" if last >= CITIES else "county" if last >= COUNTIES else "district"


def joined(
    units: Sequence[Unit], concordance: Concordance, wanted: Iterable[str]
) -> tuple[list[Place], list[Say]]:
    """The units of a pack in order of code, of the prefectures `wanted`, and remarks."""
    by_code = {(u.code, u.year): u for u in units if u.level == "county"}
    joins = {(j.unit, j.year): j for j in concordance.joins if present(j, by_code)}
    taken = {(part, j.year): j.unit for j in joins.values() for part in j.of}
    several = cities_of_several_districts(by_code.values())
    places, remarks = [], []
    for code in sorted({taken.get(key, key[0]) for key in by_code}):
        if f"{code[:4]}00" not in wanted:
            continue
        found = {}
        for year in YEARS:
            join = joins.get((code, year))
            own = (code,) if taken.get((code, year), code) == code else ()
            parts = [by_code[part, year] for part in (join.of if join else own)
                     if (part, year) in by_code]  # fmt: skip
            if parts:
                found[year] = together(parts, join, several)
            if join:
                remarks.append((f"{year}：{join.why.zh}", f"{year}: {join.why.en}"))
        if len(found) == len(YEARS):
            places.append(Place(code, by_code[code, max(YEARS)].name, found))
        else:
            here = next(iter(found.values())).parts[0]
            remarks.append(left_out(here, [year for year in YEARS if year not in found]))
    return places, remarks


def present(join: Join, by_code: Mapping[tuple[str, int], Unit]) -> bool:
    """Whether a table lists all that a join adds up."""
    return all((part, join.year) in by_code for part in join.of)


def left_out(unit: Unit, lacking: Sequence[int]) -> Say:
    """Why a unit is not in the pack."""
    zh, en = (comma.join(map(str, lacking)) for comma in ("、", ", "))
    zone = int(unit.code[4:]) in ZONES
    do = (
        ("功能区，可在对照表中并入所在县", "a zone, which a concordance can add to its county")
        if zone
        else ("可在对照表中写明由哪些单位组成", "a concordance can say of what units it consists")
    )
    return (
        f"未纳入 {unit.code} {unit.name}：没有 {zh} 年普查数据；{do[0]}",
        f"left out {unit.code} {unit.name}: no census of {en}; {do[1]}",
    )


def together(parts: Sequence[Unit], join: Join | None, several: Collection[str]) -> Joined:
    """Units added up; rates are means, weighted by what they are rates of."""
    one = parts[0]
    figures, derived = dict(one.figures), {c: one.corrected[c] for c in one.corrected}
    if len(parts) > 1 and join:
        derived = dict.fromkeys(figures, join.note)
    for column in figures if len(parts) > 1 else ():
        weight = [part.figures[MEANS[column]] if column in MEANS else 1.0 for part in parts]
        total = math.fsum(w * p.figures[column] for w, p in zip(weight, parts, strict=True))
        figures[column] = round(total / sum(weight), 2) if column in MEANS else total
    city = one.year == 2010 and any(p.former[:4] in several and district(p.former) for p in parts)
    told = dict.fromkeys(columns_of("in_movers"), IN_MOVERS_OF_2010) if city else {}
    return Joined(tuple(parts), figures, derived, told)


def district(code: str) -> bool:
    """Whether a code is that of a city's district."""
    return int(code[4:]) < COUNTIES


def cities_of_several_districts(units: Iterable[Unit]) -> set[str]:
    """First four digits of the codes of cities that had several districts in 2010."""
    cities = [u.former[:4] for u in units if u.year == 2010 and district(u.former)]
    return {city for city in cities if cities.count(city) > 1}


def corrected(
    units: Sequence[Unit], concordance: Concordance
) -> tuple[list[Unit], list[tuple[str, Say]]]:
    """Units whose known slips are mended, and what was done by code of the unit.

    A slip becomes the prefecture's figure less those of its other units.
    """
    mended, remarks = {(u.code, u.year): u for u in units}, []
    for slip in concordance.corrections:
        key, column = (slip.unit, slip.year), slip.column
        unit = mended.get(key)
        whole = mended.get((f"{slip.unit[:4]}00", slip.year))
        if unit is None or whole is None or unit.figures[column] != slip.found:
            continue
        others = [
            u.figures[column]
            for u in mended.values()
            if u.level == "county" and u.year == slip.year and u is not unit
            and u.code[:4] == unit.code[:4]
        ]  # fmt: skip
        value = whole.figures[column] - math.fsum(others)
        note = f"{whole.code} less its other units; the table has {slip.found:.0f}"
        mended[key] = replace(
            unit, figures={**unit.figures, column: value}, corrected={column: note}
        )
        cell = f"{unit.name} {column} {slip.found:,.0f}"
        zh = f"{slip.year}：{cell} 改为 {value:,.0f}（{slip.why.zh}）"
        en = f"{slip.year}: {cell} becomes {value:,.0f}, for it is {slip.why.en}"
        remarks.append((slip.unit, (zh, en)))
    return list(mended.values()), remarks


def differences(units: Sequence[Unit], prefectures: Collection[str]) -> list[Say]:
    """Where the counties of a prefecture do not add up to its own line: the counties are used."""
    remarks = []
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
                wide = abs(total - stated) > WIDE * max(stated, 1)
                asked = (
                    ("，相差很大，请核对原表", ", far apart: check the table") if wide else ("", "")
                )
                remarks.append((f"{gap}；采用各县之和{asked[0]}",
                                f"{gap}; the counties' sum is used{asked[1]}"))  # fmt: skip
    return remarks


def falls(places: Iterable[Place]) -> list[Say]:
    """Units whose urban share falls so far that their years may be swapped."""
    remarks = []
    for place in places:
        then, now = (_urban(place.at[year].figures) for year in (min(YEARS), max(YEARS)))
        if then - now > FALL:
            told = f"{place.code} {place.zh}: {then:.1f}% → {now:.1f}%"
            remarks.append((f"{told}，城镇人口比例下降；两次普查的年份是否颠倒？",
                            f"{told}, its urban share falls; are the years swapped?"))  # fmt: skip
    return remarks


def _urban(figures: Mapping[str, float]) -> float:
    return 100 * figures["urban"] / max(figures["urban"] + figures["rural"], 1)
