"""A region pack: the counties, their censuses, and what is known of their economy and services.

`load` checks a pack as a whole before anything is computed. Accessors give numpy arrays with the
counties in order of their codes; a census is named by its date.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xiancheng.calibration import code_identity, forms, naming
from xiancheng.calibration.cache import made_once
from xiancheng.calibration.errors import PackError, Problem
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.region import imputation, raw_pack, totals
from xiancheng.calibration.region.imputation import Completed, default
from xiancheng.calibration.region.pack_files import Problems, nearest, one_of, rename
from xiancheng.calibration.region.schema import (
    AGE_BANDS,
    TABLES,
    URBAN_RURAL_CLASSES,
    Assumption,
    County,
    Gap,
    Target,
    Wanted,
    wanted_first,
)
from xiancheng.sim.state import Bools, Floats, Ints

if TYPE_CHECKING:
    from pandas import DataFrame

SHOWN = 8  # counties and targets that a region names of itself
DERIVED = ("posterior.csv", "hindcast.csv")  # files beside a pack that are no part of it
PLAUSIBLE = (0.5, 1.8)  # residents of one census over an earlier one; beyond: another area
LEVELS = (0, 3, 4, 5)  # first of the keys of each level: none to primary, junior, senior, college
EARTH_RADIUS = 6371.0  # km
YEARS_OF_LEVEL = (0.0, 0.0, 6.0, 9.0, 12.0, 15.0, 16.0)  # none, preschool, primary ... bachelor
OLD = AGE_BANDS.index("65-69")
SECTORS = (0, 1, 5)  # first of the keys of each sector: farming, industry, services


@dataclass(frozen=True, eq=False, repr=False)
class Region(forms.Displayed):
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
    _completed: Completed

    def displayed(self) -> tuple[str, forms.Rows]:
        """What it is called, what is in it, and the digest of its files."""
        more = "" if len(self.counties) <= SHOWN else f" ... ({len(self.counties)})"
        return f"Region {self.name!r}", [
            ("title", f"{self.title_zh} · {self.title_en}"),
            ("counties", ", ".join(county.en for county in self.counties[:SHOWN]) + more),
            ("censuses", ", ".join(map(str, self.censuses))),
            ("targets", ", ".join(target.id for target in self.targets[:SHOWN]) or "none"),
            ("sha256", self.digest),
        ]

    @property
    def prefectures(self) -> dict[str, Words]:
        """The prefectures of the counties, by code."""
        return self._completed.raw.prefectures

    @property
    def province(self) -> str:
        """Code of the province."""
        return self._completed.raw.province

    @property
    def plan(self) -> str:
        """The plan that the pack names: the name of a shipped one, or a path; may be empty."""
        return self._completed.raw.plan

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
        return self._table(census, "sex_age").reshape(-1, 2, len(AGE_BANDS))

    def urban_rural(self, census: date) -> Floats:
        """Residents of urban and of rural places [persons], (county, 2)."""
        return self._table(census, "urban_rural")

    def education(self, census: date) -> Floats:
        """Persons of 6 and over by sex and highest level attended, (county, 2, 4)."""
        keys = len(TABLES["education"].keys)
        found = np.nan_to_num(self._table(census, "education")).reshape(-1, 2, keys)
        return np.add.reduceat(found, LEVELS, axis=2)

    def households(self, census: date) -> dict[str, Floats]:
        """Family households by kind, and their `members` [persons], each (county,)."""
        return self._by_key(census, "households")

    def in_movers(self, census: date) -> Floats:
        """Residents with hukou in another township, by origin [persons], (county, 3).

        Origins: the same county, the rest of the province, other provinces.
        """
        return self._table(census, "in_movers")

    def work(self, census: date) -> Floats:
        """Employed in farming, industry (with construction) and services [persons], (county, 3).

        The long form's sample, scaled to all residents of 15 and over.
        """
        adults = self.sex_age(census)[:, :, imputation.ADULT :].sum(axis=(1, 2))
        sampled = self._by_key(census, "employment")["population_15p_sample"]
        found = np.nan_to_num(self._table(census, "industry"))
        scale = adults / np.maximum(sampled, 1.0)
        return np.asarray(np.add.reduceat(found, SECTORS, axis=1) * scale[:, None])

    def home(self, census: date) -> dict[str, Floats]:
        """How family households obtained their home [share], each (county,)."""
        counts = self._by_key(census, "home")
        whole = np.maximum(np.sum(list(counts.values()), axis=0), 1.0)
        return {key: count / whole for key, count in counts.items()}

    def structure(self, census: date) -> Floats:
        """What goes with living in town, apart from how places are coded, (county, 9).

        Of residents the in-movers from the same county, the rest of the province and other
        provinces; of the employed those in farming; of family households those who bought and who
        rent their home; mean years of schooling of persons of 6 and over; of residents those of 65
        and over; members of a family household.
        """
        residents = self.sex_age(census).sum(axis=1)
        whole = np.maximum(residents.sum(axis=1), 1.0)
        work, home, kinds = self.work(census), self.home(census), self.households(census)
        levels = np.nan_to_num(self._table(census, "education")).reshape(
            len(whole), 2, len(YEARS_OF_LEVEL)
        )
        levels = levels.sum(axis=1)
        schooling = levels @ np.array(YEARS_OF_LEVEL) / np.maximum(levels.sum(axis=1), 1.0)
        return np.column_stack([
            self.in_movers(census) / whole[:, None],
            work[:, 0] / np.maximum(work.sum(axis=1), 1.0),
            home["bought"],
            home["rented"],
            schooling,
            residents[:, OLD:].sum(axis=1) / whole,
            kinds["members"] / np.maximum(kinds["total"], 1.0),
        ])  # fmt: skip

    def hukou(self, census: date) -> Floats:
        """Registered population [persons], (county,)."""
        return self._table(census, "hukou")[:, 0]

    def away(self, census: date) -> Floats:
        """Registered here, living elsewhere [persons], (county, 3).

        In: other counties of the region, the rest of the province, the rest of the country.
        """
        return self._table(census, "away")

    def moves(self, census: date) -> Floats:
        """Moves out of a county's villages around the census [persons/year], (county, 4).

        To: its own town, other towns of the region, the rest of the province, of the country.
        """
        return self._table(census, "moves")

    def arrivals(self, census: date) -> Floats:
        """In-moves from the rest of the province and of the country [persons/year], (county, 2)."""
        return self._table(census, "arrivals")

    def vital(self, census: date) -> tuple[Floats, Floats]:
        """Birth rate and death rate [permille a year], each (county,)."""
        births, deaths = self._table(census, "vital").T
        return births, deaths

    def urban_odds(self, census: date) -> Floats:
        """Odds of living in an urban place, relative to all ages, (19,)."""
        return np.ascontiguousarray(self._table(census, "urban_odds").T).mean(axis=1)

    def comparable(self) -> Bools:
        """Counties whose censuses can be compared, (county,): the safe set for trends.

        Counties and county-level cities of the same area at all censuses, whose residents did not
        change so much that their boundary must have. Districts are left out, because development
        zones beside them come and go; so are units put together from several of the source's.
        """
        ends = self.censuses[0], self.censuses[-1]
        first, last = (self.urban_rural(day).sum(axis=1) for day in ends)
        low, high = PLAUSIBLE
        ratio = last / np.maximum(first, 1.0)
        whole = [
            county.kind != "district" and county.code not in self._completed.raw.assembled
            for county in self.counties
        ]
        return np.array(whole) & (low <= ratio) & (ratio <= high)

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

    def outside(self, when: date | int) -> Floats:
        """Wages in the rest of the province and in the rest of the country [yuan/year], (2,)."""
        names = "wage_province", "wage_country"
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

        columns = ("county_code", "township_code", "township", "kind")
        rows: list[dict[str, str | int]] = [
            {column: row[column] for column in columns}
            | {column: int(row[column]) for column in ("units", "communities")}
            for row in self._completed.raw.places
        ]
        if not rows:
            residents = self.urban_rural(self.censuses[-1]).sum(axis=1)
            per_unit = imputation.residents_per_unit(len(residents), residents.sum())
            for county, people in zip(self.counties, residents, strict=True):
                rows += imputation.townships(county, people, per_unit)
        table = DataFrame(rows)
        return table.sort_values(["county_code", "township_code"], ignore_index=True)

    def classes(self, day: date) -> Ints | None:
        """Units by urban-rural class in the last edition up to a day, (township, class), or None.

        In the order of `townships` and of `URBAN_RURAL_CLASSES`.
        """
        known = [(on, row) for on, row in self._completed.raw.classes if on <= day]
        if not known:
            return None
        edition = {row["township_code"]: row for on, row in known if on == known[-1][0]}
        return np.array([
            [int(edition[code][f"n_{each}"]) for each in URBAN_RURAL_CLASSES]
            for code in self.townships["township_code"]
        ])  # fmt: skip

    def distance_km(self) -> Floats:
        """To each county, the rest of the province and of the country, (county, county + 2)."""
        n, centres, outside = len(self.counties), self.centres(), self._completed.raw.outside
        between = np.full((n, n), default("distance", "county")) * (1 - np.eye(n))
        province = np.full(n, default("distance", "province"))
        if len(centres):
            between = great_circle(centres[:, None], centres[None])
            if capital := outside.get("province"):
                province = great_circle(centres, np.array([capital["lon"], capital["lat"]]))
        far = outside.get("country", {"km": default("distance", "country")})["km"]
        return np.round(np.column_stack([between, province, np.full(n, far)]), 1)

    def centres(self) -> Floats:
        """Middle of each county's outline [degrees east, degrees north], (county, 2) or (0,)."""
        return np.array([middle(ring) for ring in self.outlines().values()])

    def outlines(self) -> dict[str, Floats]:
        """Outer ring of each county's outline [degrees], by code; empty if the pack has none."""
        rings: dict[str, list[tuple[float, float, float]]] = {}
        for row in self._completed.raw.boundaries:
            if float(row["ring"]) == 0:
                spot = float(row["order"]), float(row["lon"]), float(row["lat"])
                rings.setdefault(row["county_code"], []).append(spot)
        return {code: np.array(sorted(rings[code]))[:, 1:] for code in sorted(rings)}

    # What is not known

    def assumptions(self) -> tuple[Assumption, ...]:
        """Every assumed value: the pack's own, and the defaults that fill its gaps."""
        return tuple(self._completed.assumptions)

    def missing(self) -> tuple[Gap, ...]:
        """What a pack may hold and this one does not, census by census."""
        return tuple(self._completed.gaps)

    def wanted(self) -> list[Wanted]:
        """What it lacks, the most important first: see `schema.wanted_first`."""
        last, gaps = self.censuses[-1], self.missing()
        counties = {county.code for county in self.counties}

        def published(variable: str) -> bool:
            """Whether any county has a figure of a day after the last census."""
            return any(code in counties and day > last for code, day in self.observed(variable))

        def absent(each: Wanted) -> bool:
            if each.table == "observations":
                return not any(map(published, each.variables))
            return each.lacking(gaps, last) if each.table else not self.targets

        return [each for each in wanted_first() if absent(each)]

    def observations(self) -> "DataFrame":
        """What was observed and is scored or shown, never fed in."""
        from pandas import DataFrame

        columns = ("unit_code", "variable", "value", "unit", "source", "status", "note")
        rows = self._completed.raw.values["observations"]
        table = DataFrame(
            [{"date": day, **{column: row[column] for column in columns}} for day, row in rows]
        )
        return table.assign(value=table["value"].astype(float)) if rows else table

    def observed(self, variable: str) -> dict[tuple[str, date], float]:
        """What was observed of a variable, by unit code and day."""
        rows = self._completed.raw.values["observations"]
        return {(r["unit_code"], day): r.value for day, r in rows if r["variable"] == variable}

    # Reading the tables

    def _table(self, census: date, table: str) -> Floats:
        """A table of a census, (county, cell)."""
        if census not in self._completed.tables:
            known = ", ".join(map(str, self.censuses))
            raise LookupError(f"{self.name} has no census of {census}; it has {known}")
        return self._completed.tables[census][table].copy()

    def _by_key(self, census: date, table: str) -> dict[str, Floats]:
        """A table that is split by key alone; without the keys that nobody counted."""
        found = self._table(census, table).T
        pairs = zip(TABLES[table].keys, found, strict=True)
        return {key: counted.copy() for key, counted in pairs if not np.isnan(counted).all()}

    def _variable(self, variable: str) -> dict[str, dict[date, float]]:
        """A variable's values by unit code and date."""
        if variable not in self._completed.values:
            near = nearest(variable, list(self._completed.values), {})
            hint = f"; nearest: {near}" if near else ""
            raise LookupError(f"no variable {variable!r} in a region pack{hint}")
        return self._completed.values[variable]

    def _find(self, when: date | int, variable: str, county: str) -> float:
        """The nearest unit's value at a date, or the last of a year."""
        for code in self._completed.raw.units_above(county):
            dated = self._variable(variable).get(code, {})
            days = [day for day in dated if when in (day, day.year)]
            if days:
                return dated[max(days)]
        raise LookupError(f"{self.name} has no {variable} of {when} for {county} or above it")


# Geometry


def middle(ring: Floats) -> Floats:
    """Centre of area of a closed outline, (2,)."""
    (x, y), (u, v) = ring.T, np.roll(ring, -1, axis=0).T
    cross = x * v - u * y
    moment = np.array([((x + u) * cross).sum(), ((y + v) * cross).sum()])
    return np.asarray(moment / (3 * cross.sum()))


def great_circle(one: Floats, other: Floats) -> Floats:
    """Distance between points given in degrees east and north [km] (haversine)."""
    lon, lat = np.moveaxis(np.radians(one), -1, 0)
    lon2, lat2 = np.moveaxis(np.radians(other), -1, 0)
    half = np.sin((lat2 - lat) / 2) ** 2
    half = half + np.cos(lat) * np.cos(lat2) * np.sin((lon2 - lon) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS * np.arcsin(np.sqrt(half)))


# Loading


def packs() -> list[str]:
    """Names of the packs that come with the program."""
    return sorted(p.name for p in SHIPPED.iterdir() if (p / "region.yaml").is_file())


def load(name_or_path: str | Path, lang: str | None = None) -> Region:
    """A region pack, read, checked, and completed by the rules of `imputation` where it has gaps.

    It is read once until a file changes.

    Parameters
    ----------
    name_or_path : name of one that comes with the program, or path of a folder
    lang : of the message of an error, "zh" or "en"; by default that of the environment, else both

    Returns
    -------
    a `Region`: what the pack knows, by county in order of code: counts in persons or households,
    rates in the units of their docstrings. `assumptions()` lists what was filled in, `missing()`
    what is wanted

    Raises
    ------
    PackError
        with everything that is wrong with it.

    Examples
    --------
    >>> from xiancheng import load_region
    >>> [county.en for county in load_region("binzhou").counties][:2]
    ['Bincheng', 'Zhanhua']
    """
    folder = located(name_or_path)
    if not folder.is_dir():
        name, known, bare = str(name_or_path), packs(), not naming.is_path(name_or_path)
        problem = Problem(
            name, 0, 0, "", _("{each}, or the path of a folder", each=one_of(known)), "∅",
            what=_("there is no region pack {name_or_path!r}", name_or_path=name),
            advice=rename(nearest(name, known, {}) if bare else None),
        )  # fmt: skip
        raise PackError(name, (problem,), lang)
    try:
        return _load(folder.resolve(), _stamp(folder))
    except PackError as error:
        raise PackError(error.pack, error.problems, lang) from None


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
    problems = Problems(folder.name)
    raw, rows = raw_pack.read(folder, problems)
    totals.check_pack(problems, raw, rows)
    if problems.found:
        raise PackError(
            folder.name, sorted(problems.found, key=lambda each: (each.file, each.line))
        )
    return Region(
        raw.name, *raw.title, raw.counties, raw.censuses, raw.targets, raw.attribution,
        digest(folder), folder, imputation.complete(raw),
    )  # fmt: skip


def made_of(region: Region, kind: str, what: str, make: Callable[[], Any]) -> Any:
    """What follows from a pack and those that come with the program, made once and then read.

    Parameters
    ----------
    kind : name of the folder in which it is kept
    what : tells it apart from all else of its kind that follows from them
    make : computes it, JSON-ready; it is made anew where a pack or the code was changed
    """
    shipped = [f"{name} {digest(located(name))}" for name in packs()]
    parts = (what, region.digest, str(region.folder), *shipped,
             code_identity.digest("sim", "calibration"))  # fmt: skip
    return made_once(kind, hashlib.sha256("\n".join(parts).encode()).hexdigest(), make)


def digest(folder: Path) -> str:
    """Sha256 of the bytes of a pack's files and of the table of defaults, names included.

    What the rules of `imputation` compute for a pack with gaps is no part of it: such
    figures differ in the last digit between processors. The rules are code, and belong to the
    digest of the code (`calibration.code_identity`) that stands beside this one in every key.
    """
    return _digest(folder, _stamp(folder))


@lru_cache(maxsize=16)
def _digest(folder: Path, stamp: Stamp) -> str:
    content = hashlib.sha256((files("xiancheng.calibration.region") / "catalogue.csv").read_bytes())
    for name, __, __ in stamp:
        if name not in DERIVED:
            content.update(name.encode() + b"\0" + (folder / name).read_bytes())
    return content.hexdigest()
