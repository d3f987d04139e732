"""A region pack: the counties, their censuses, and what is known of their economy and services.

`load` checks a pack as a whole before anything is computed. Accessors give numpy arrays with the
counties in order of their codes; a census is named by its date.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from xiancheng.calibration import naming, posterior
from xiancheng.calibration.checks import Findings, nearest, one_of, rename
from xiancheng.calibration.errors import PackError, Problem
from xiancheng.calibration.i18n import Words
from xiancheng.calibration.region import imputation, sheet, tables
from xiancheng.calibration.region.defaults import (
    Book,
    Page,
    figure,
    residents_per_unit,
    townships,
)
from xiancheng.calibration.region.distance import great_circle, middle
from xiancheng.calibration.region.imputation import Assumption, Gap, Values
from xiancheng.calibration.region.schema import (
    AGE_BANDS,
    INDUSTRY,
    SERVICES,
    SEX_NAMES,
    TABLES,
    Cell,
    County,
    Draft,
    Target,
)  # fmt: skip
from xiancheng.sim.state import Bools, Floats

if TYPE_CHECKING:
    from pandas import DataFrame

PLAUSIBLE = (0.5, 1.8)  # residents of one census over an earlier one; beyond: another area
EDUCATION = (("none", "preschool", "primary"), ("junior",), ("senior",), ("college", "bachelor"))


@dataclass(frozen=True, eq=False)
class Region:
    """What is known of a region; every accessor gives a new array."""

    name: str
    title_zh: str
    title_en: str
    counties: tuple[County, ...]  # in order of code: the order of the model
    censuses: tuple[date, ...]
    targets: tuple[Target, ...]
    attribution: Words
    digest: str  # sha256 of the files of the pack and of the table of defaults
    folder: Path
    _draft: Draft
    _books: Mapping[date, Book]
    _values: Values
    _assumptions: tuple[Assumption, ...]
    _gaps: tuple[Gap, ...]

    @property
    def prefectures(self) -> dict[str, Words]:
        """The prefectures of the counties, by code."""
        return self._draft.prefectures

    @property
    def province(self) -> str:
        """Code of the province."""
        return self._draft.province

    @property
    def reference(self) -> str:
        """What finds this pack again from any folder: the name of a shipped one, or its path."""
        shipped = self.folder.parent == SHIPPED.resolve()
        return self.folder.name if shipped else str(self.folder)

    def title(self, lang: str) -> str:
        """What the region is called."""
        return self.title_en if lang == "en" else self.title_zh

    # Censuses

    def sex_age(self, census: date) -> Floats:
        """Residents by sex and age band [persons], (county, 2, 19)."""
        page = self._page(census, "sex_age")
        return np.array([[page[Cell(s, a, "")] for a in AGE_BANDS] for s in SEX_NAMES]).transpose(
            2, 0, 1
        )

    def urban_rural(self, census: date) -> Floats:
        """Residents of urban and of rural places [persons], (county, 2)."""
        return self._columns(census, "urban_rural")

    def education(self, census: date) -> Floats:
        """Persons of 6 and over by sex and highest level attended, (county, 2, 4)."""
        page = self._page(census, "education")
        nobody = np.zeros(len(self.counties))  # of a level that the census did not ask for apart
        levels = [
            [
                sum((page.get(Cell(sex, "", key), nobody) for key in keys), nobody)
                for keys in EDUCATION
            ]
            for sex in SEX_NAMES
        ]
        return np.array(levels).transpose(2, 0, 1)

    def households(self, census: date) -> dict[str, Floats]:
        """Family households by kind, and their `members` [persons], each (county,)."""
        return self._by_key(census, "households")

    def in_movers(self, census: date) -> Floats:
        """Residents with hukou in another township, by origin [persons], (county, 3).

        Origins: the same county, the rest of the province, other provinces.
        """
        return self._columns(census, "in_movers")

    def work(self, census: date) -> Floats:
        """Employed in farming, industry (with construction) and services [persons], (county, 3).

        The long form's sample, scaled to all residents of 15 and over.
        """
        page = self._by_key(census, "industry")
        adults = self.sex_age(census)[:, :, 4:].sum(axis=(1, 2))
        sampled = self._by_key(census, "employment")["population_15p_sample"]
        sectors = (("agriculture",), INDUSTRY, (*SERVICES, "international"))
        counts = [np.sum([page[key] for key in keys if key in page], axis=0) for keys in sectors]
        scale = adults / np.maximum(sampled, 1.0)
        return np.asarray(np.stack(counts, axis=1) * scale[:, None])

    def home(self, census: date) -> dict[str, Floats]:
        """How family households obtained their home [share], each (county,)."""
        counts = self._by_key(census, "home")
        whole = np.maximum(np.sum(list(counts.values()), axis=0), 1.0)
        return {key: count / whole for key, count in counts.items()}

    def hukou(self, census: date) -> Floats:
        """Registered population [persons], (county,)."""
        return self._columns(census, "hukou")[:, 0]

    def away(self, census: date) -> Floats:
        """Registered here, living elsewhere [persons], (county, 3).

        In: other counties of the region, the rest of the province, the rest of the country.
        """
        return self._columns(census, "away")

    def moves(self, census: date) -> Floats:
        """Moves out of a county's villages around the census [persons/year], (county, 4).

        To: its own town, other towns of the region, the rest of the province, of the country.
        """
        return self._columns(census, "moves")

    def arrivals(self, census: date) -> Floats:
        """In-moves from the rest of the province and of the country [persons/year], (county, 2)."""
        return self._columns(census, "arrivals")

    def vital(self, census: date) -> tuple[Floats, Floats]:
        """Birth rate and death rate [permille a year], each (county,)."""
        births, deaths = self._columns(census, "vital").T
        return births, deaths

    def urban_odds(self, census: date) -> Floats:
        """Odds of living in an urban place, relative to all ages, (19,)."""
        page = self._page(census, "urban_odds")
        return np.array([page[Cell("", band, "")].mean() for band in AGE_BANDS])

    def comparable(self) -> Bools:
        """Counties whose censuses can be compared, (county,): the safe set for trends.

        Counties and county-level cities of the same area at all censuses, whose residents did not
        change so much that their boundary must have. Districts are left out, because development
        zones beside them come and go; so are units put together from several of the source's.
        """
        ends = self.censuses[0], self.censuses[-1]
        first, last = (self.urban_rural(day).sum(axis=1) for day in ends)
        ratio = last / np.maximum(first, 1.0)
        low, high = PLAUSIBLE
        return np.array(
            [
                county.kind != "district" and low <= change <= high and self._published(county.code)
                for county, change in zip(self.counties, ratio, strict=True)
            ]
        )

    def _published(self, county: str) -> bool:
        """Whether urban and rural residents are as published at every census."""
        pages = (self._draft.margins[day, "urban_rural"] for day in self.censuses)
        return all(
            page[county, cell]["status"] != "derived"
            for page in pages
            for cell in TABLES["urban_rural"].cells()
        )

    # Economy and services

    def value(self, when: date | int, variable: str) -> Floats:
        """A value of the economy or of services at a date or in a year, (county,).

        A county without a figure of its own takes its prefecture's, the province's, the country's.

        Raises
        ------
        LookupError
            if a county has none of these.
        """
        return np.array([self._find(when, variable, county.code) for county in self.counties])

    def outside(self, when: date | int, variable: str = "wage") -> Floats:
        """The rest of the province and the rest of the country, e.g. wage [yuan/year], (2,)."""
        names = f"{variable}_province", f"{variable}_country"
        return np.array([self.value(when, name)[0] for name in names])

    def series(self, unit_code: str | int, variable: str) -> dict[int, float]:
        """A variable of a county, prefecture, the province or the country, by year."""
        dated = self._variable(variable).get(str(unit_code), {})
        return {day.year: dated[day] for day in sorted(dated)}

    # Space

    @property
    def townships(self) -> "DataFrame":
        """Townships with their village-level units, in order of county and township code."""
        from pandas import DataFrame

        rows: list[dict[str, str | int]] = [
            {
                "county_code": row["county_code"],
                "township_code": row["township_code"],
                "township": row["township"],
                "kind": row["kind"],
                "units": int(row["units"]),
                "communities": int(row["communities"]),
            }
            for row in self._draft.places
        ]
        if not rows:
            residents = self.urban_rural(self.censuses[-1]).sum(axis=1)
            per_unit = residents_per_unit(len(residents), residents.sum())
            for county, people in zip(self.counties, residents, strict=True):
                rows += townships(county, people, per_unit)
        table = DataFrame(rows)
        return table.sort_values(["county_code", "township_code"], ignore_index=True)

    def distance_km(self) -> Floats:
        """To each county, the rest of the province and of the country, (county, county + 2)."""
        n, centres = len(self.counties), self.centres()
        between = np.full((n, n), figure("distance", "county")) * (1 - np.eye(n))
        province = np.full(n, figure("distance", "province"))
        if len(centres):
            between = great_circle(centres[:, None], centres[None])
            if capital := self._draft.outside.get("province"):
                province = great_circle(centres, np.array([capital["lon"], capital["lat"]]))
        far = self._draft.outside.get("country", {"km": figure("distance", "country")})["km"]
        return np.round(np.column_stack([between, province, np.full(n, far)]), 1)

    def centres(self) -> Floats:
        """Middle of each county's outline [degrees east, degrees north], (county, 2) or (0,)."""
        return np.array([middle(ring) for ring in self.outlines().values()])

    def outlines(self) -> dict[str, Floats]:
        """Outer ring of each county's outline [degrees], by code; empty if the pack has none."""
        rings: dict[str, list[tuple[float, float, float]]] = {}
        for row in self._draft.boundaries:
            if float(row["ring"]) == 0:
                spot = float(row["order"]), float(row["lon"]), float(row["lat"])
                rings.setdefault(row["county_code"], []).append(spot)
        return {code: np.array(sorted(rings[code]))[:, 1:] for code in sorted(rings)}

    # What is not known

    def assumptions(self) -> tuple[Assumption, ...]:
        """Every assumed value: the pack's own, and the defaults that fill its gaps."""
        return self._assumptions

    def missing(self) -> tuple[Gap, ...]:
        """What a pack may hold and this one does not, census by census."""
        return self._gaps

    def observations(self) -> "DataFrame":
        """What was observed and is scored or shown, never fed in."""
        from pandas import DataFrame

        columns = ("unit_code", "variable", "value", "unit", "source", "status", "note")
        rows = self._draft.values.get("observations.csv", [])
        table = DataFrame(
            [{"date": day, **{column: row[column] for column in columns}} for day, row in rows]
        )
        return table.assign(value=table["value"].astype(float)) if rows else table

    # Reading the tables

    def _page(self, census: date, table: str) -> Page:
        """A table of a census, cell by cell."""
        if census not in self._books:
            held = ", ".join(map(str, self.censuses))
            raise LookupError(f"{self.name} has no census of {census}; it has {held}")
        return self._books[census][table]

    def _by_key(self, census: date, table: str) -> dict[str, Floats]:
        """A table that splits by key alone."""
        return {cell.key: figures.copy() for cell, figures in self._page(census, table).items()}

    def _columns(self, census: date, table: str) -> Floats:
        """A table that splits by key alone, in the order of its keys, (county, key)."""
        page = self._by_key(census, table)
        return np.stack([page[key] for key in TABLES[table].keys], axis=1)

    def _variable(self, variable: str) -> dict[str, dict[date, float]]:
        """A variable's values by unit code and date."""
        if variable not in self._values:
            near = nearest(variable, list(self._values), {})
            hint = f"; nearest: {near}" if near else ""
            raise LookupError(f"no variable {variable!r} in a region pack{hint}")
        return self._values[variable]

    def _find(self, when: date | int, variable: str, county: str) -> float:
        """The nearest unit's value at a date, or the last of a year."""
        for code in imputation.units_above(self._draft, county):
            dated = self._variable(variable).get(code, {})
            days = [day for day in dated if when in (day, day.year)]
            if days:
                return dated[max(days)]
        raise LookupError(f"{self.name} has no {variable} of {when} for {county} or above it")


# Loading


def packs() -> list[str]:
    """Names of the packs that come with the program."""
    return sorted(p.name for p in SHIPPED.iterdir() if (p / "region.yaml").is_file())


def load(name_or_path: str | Path, lang: str | None = None) -> Region:
    """A region pack, by the name of one that comes with the program or by the path of a folder.

    Raises
    ------
    PackError
        with everything that is wrong with it, in the language asked for, or in both.
    """
    folder = located(name_or_path)
    if not folder.is_dir():
        held = packs()
        what = (f"没有区域数据包“{name_or_path}”", f"there is no region pack {str(name_or_path)!r}")
        known = (
            f"{one_of(held, '、')}，或文件夹路径",
            f"{one_of(held, ', ')}, or the path of a folder",
        )
        advice = rename(
            None if naming.is_path(name_or_path) else nearest(str(name_or_path), held, {})
        )
        problem = Problem(str(name_or_path), 0, 0, "", known, "∅", what=what, advice=advice)
        raise PackError(str(name_or_path), (problem,), lang)
    try:
        return _load(folder.resolve(), _stamp(folder))
    except PackError as slips:
        raise PackError(slips.pack, slips.problems, lang) from None


def located(name_or_path: str | Path) -> Path:
    """The folder of a pack: that of a shipped one by its bare name, else the path itself."""
    bare = not naming.is_path(name_or_path) and name_or_path in packs()
    return SHIPPED / name_or_path if bare else Path(name_or_path)


SHIPPED = Path(str(files("xiancheng.calibration"))) / "regions"

Stamp = tuple[tuple[str, int, int], ...]  # name, time and size of each file of a pack


def _stamp(folder: Path) -> Stamp:
    """What tells the versions of a pack's files apart within a process."""
    own = [f for f in sorted(folder.iterdir()) if f.suffix in (".csv", ".yaml") and f.is_file()]
    return tuple((f.name, s.st_mtime_ns, s.st_size) for f in own if (s := f.stat()))


@lru_cache(maxsize=8)
def _load(folder: Path, stamp: Stamp) -> Region:
    """A pack, checked as a whole and filled where it has gaps; `stamp` tells versions apart."""
    findings = Findings(folder)
    draft = sheet.read(findings)
    if draft.counties and draft.censuses:
        tables.read(findings, draft)
    if findings.problems:
        raise PackError(
            folder.name, sorted(findings.problems, key=lambda each: (each.file, each.line))
        )
    known = imputation.filled(draft)
    return Region(
        draft.name, *draft.title, draft.counties, draft.censuses, draft.targets, draft.attribution,
        digest(folder), folder, draft, known.books, known.values, tuple(known.assumptions),
        tuple(known.gaps),
    )  # fmt: skip


def digest(folder: Path) -> str:
    """Sha256 of the bytes of a pack's files and of the table of defaults, names included.

    What the rules of `defaults` compute for a pack with gaps is no part of it: such
    figures differ in the last digit between processors. The rules are code, and belong to the
    digest of the code (`calibration.code_identity`) that stands beside this one in every key.
    """
    content = hashlib.sha256((files("xiancheng.calibration.region") / "catalogue.csv").read_bytes())
    for file in sorted(folder.iterdir()):
        if file.suffix in (".csv", ".yaml") and file.name not in posterior.FOLLOW:
            content.update(file.name.encode() + b"\0" + file.read_bytes())
    return content.hexdigest()
