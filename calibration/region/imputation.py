"""What a pack leaves out is filled by rule or by default, and every assumption is recorded.

A rule takes the census tables that are there and the defaults of the catalogue, and gives the table
or the value that is not. A table is an array (county, cell), its cells in the order that
`schema.TABLES` declares; optional cells that nobody counted are NaN.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from xiancheng.calibration.region.raw_pack import RawPack
from xiancheng.calibration.region.schema import (
    AGE_BANDS,
    MOST_UNITS,
    SEX_NAMES,
    TABLES,
    Assumption,
    County,
    Gap,
    Variable,
    catalogue,
)
from xiancheng.sim.state import Floats

Values = dict[str, dict[str, dict[date, float]]]  # by variable, unit code and date
Tables = Mapping[str, Floats]  # of one census: (county, cell) by name

MIDDLE = np.array([0.5, 3.0, *range(7, 87, 5), 89.5])  # years, of each age band
CENSUS_YEARS = 10  # from one census to the next
ADULT = 4  # first age band of adults, 15 and over
SCHOOL_AGES = {  # share of the children of an age band that are of school age
    "primary": {"5-9": 0.8, "10-14": 0.4},
    "junior": {"10-14": 0.6},
}


def default(table: str, variable: str) -> float:
    """The value assumed where a pack has none; NaN if there is no default."""
    value = catalogue()[table, variable].default
    return math.nan if value is None else value


def shares(table: str, whole: Floats, keys: Iterable[str] = ()) -> Floats:
    """Default shares of a whole, in whole persons or households, (county, key)."""
    return np.stack(
        [np.round(default(table, key) * whole) for key in keys or TABLES[table].keys], axis=1
    )


def column(tables: Tables, table: str, key: str) -> Floats:
    """A column of a table that is split by key alone, (county,)."""
    return tables[table][:, TABLES[table].keys.index(key)]


def by_sex(tables: Tables) -> Floats:
    """Residents by sex and age band, (county, 2, band)."""
    return tables["sex_age"].reshape(-1, 2, len(AGE_BANDS))


def by_age(tables: Tables) -> Floats:
    """Residents by age band, both sexes, (band, county)."""
    return np.ascontiguousarray(by_sex(tables).sum(axis=1).T)


def total(tables: Tables) -> Floats:
    """Residents, (county,)."""
    return column(tables, "residents", "total")


# Rules for the tables of a census, in the order in which they need each other. The first line of
# each docstring is shown to users as the basis of what is assumed.


def residents(tables: Tables, nearby: Floats) -> Floats:
    """Sums over ages."""
    sexes = by_sex(tables).sum(axis=2)
    return np.column_stack([sexes.sum(axis=1), sexes])


def education(tables: Tables, nearby: Floats) -> Floats:
    """Levels as shares of persons of 6 and over, the same for both sexes."""
    ages = by_sex(tables)
    of_age = 0.8 * ages[:, :, 2] + ages[:, :, 3:].sum(axis=2)
    return np.column_stack([shares("education", of_age[:, sex]) for sex in range(len(SEX_NAMES))])


def households(tables: Tables, nearby: Floats) -> Floats:
    """Family households of a common size, by kind."""
    members = np.round(default("households", "members") * total(tables))
    keys = TABLES["households"].keys[2:]
    kinds = shares("households", members / default("households", "size"), keys)
    whole = kinds[:, [keys.index(key) for key in keys if key.startswith("generations")]].sum(axis=1)
    return np.column_stack([whole, members, kinds])


def in_movers(tables: Tables, nearby: Floats) -> Floats:
    """Shares of residents."""
    return shares("in_movers", total(tables))


def employment(tables: Tables, nearby: Floats) -> Floats:
    """A share of adults; the sample is everybody."""
    adults = by_age(tables)[ADULT:].sum(axis=0)
    return np.column_stack([np.round(default("employment", "employed") * adults), adults])


def industry(tables: Tables, nearby: Floats) -> Floats:
    """Shares of the employed; manufacturing stands for industry, trade for services."""
    employed, keys = column(tables, "employment", "employed_sample"), TABLES["industry"].keys
    found = np.zeros((len(employed), len(keys)))
    named = ("agriculture", "manufacturing", "trade")
    found[:, [keys.index(key) for key in named]] = shares("industry", employed, named)
    return found


def home(tables: Tables, nearby: Floats) -> Floats:
    """Shares of households."""
    keys = [key for key in TABLES["home"].keys if key not in TABLES["home"].optional]
    found = shares("home", column(tables, "households", "total"), keys)
    return np.column_stack([found, np.full(len(found), np.nan)])  # inherited ones


def away(tables: Tables, nearby: Floats) -> Floats:
    """Shares of residents; those who stay in the prefecture are its in-movers, by residents."""
    people = total(tables)
    pool = share_nearby(nearby) * column(tables, "in_movers", "same_province")
    weight = np.tile(people, (len(people), 1)) * nearby  # (goal, origin)
    whole = np.maximum(weight.sum(axis=1, keepdims=True), 1.0)
    inside = np.round(pool @ (weight / whole))
    return np.column_stack([inside, shares("away", people, ("province", "country"))])


def share_nearby(nearby: Floats) -> Floats:
    """Share of the in-movers from the province who come from the same prefecture, (county,)."""
    return default("away", "from_region") * (nearby.sum(axis=1) > 0)


def hukou(tables: Tables, nearby: Floats) -> Floats:
    """Residents, less those registered elsewhere, plus the registered who live elsewhere."""
    outsiders = tables["in_movers"][:, 1:].sum(axis=1)
    return (total(tables) - outsiders + tables["away"].sum(axis=1))[:, None]


def yearly(stock: Floats, before: Floats | None, years: float, capture: float = 1.0) -> Floats:
    """What a stock of movers grows by [persons/year], of the same shape.

    Parameters
    ----------
    before : the stock of the census ten years earlier; None if there was none, and the stock built
        up in `years`
    capture : what the methods of the later census would have counted at the earlier one, over what
        was counted
    """
    if before is None:
        return stock / years
    return np.maximum(stock - capture * before, 0) / CENSUS_YEARS


def moves(tables: Tables, nearby: Floats, before: Tables) -> Floats:
    """The stocks over the years in which they built up, or their growth since an earlier census."""
    key = "in_movers", "same_county"
    own = yearly(
        column(tables, *key),
        column(before, *key) if "in_movers" in before else None,
        default("moves", "years_in"),
        default("moves", "capture"),
    )
    away = yearly(tables["away"], before.get("away"), default("moves", "years_away"))
    return np.column_stack([default("economy", "rural_origin_share") * own, away])


def arrivals(tables: Tables, nearby: Floats, before: Tables) -> Floats:
    """The stocks over the years in which they built up, or their growth since an earlier census."""

    def stock(of: Tables) -> Floats:
        province = (1 - share_nearby(nearby)) * column(of, "in_movers", "same_province")
        return np.column_stack([province, column(of, "in_movers", "other_province")])

    earlier = stock(before) if "in_movers" in before else None
    years, capture = default("arrivals", "years_in"), default("moves", "capture")
    return yearly(stock(tables), earlier, years, capture)


def vital(tables: Tables, nearby: Floats) -> Floats:
    """Births from residents aged 0, deaths from a Gompertz schedule, in permille."""
    level, slope = default("vital", "death_rate_at_0"), default("vital", "death_rate_slope")
    ages = by_age(tables)
    deaths = level * np.exp(slope * MIDDLE) @ ages
    people = np.maximum(total(tables), 1.0)
    return np.column_stack([1000 * ages[0] / people, deaths / people])


def urban_odds(tables: Tables, nearby: Floats) -> Floats:
    """Relative odds of living in an urban place, by age."""
    odds = np.array([default("urban_odds", band) for band in AGE_BANDS])
    return np.tile(odds, (len(total(tables)), 1))


TABLE_RULES: dict[str, Callable[[Tables, Floats], Floats]] = {
    rule.__name__: rule
    for rule in (
        residents, education, households, in_movers, employment, industry, home, away, hukou,
        vital, urban_odds,
    )
}  # fmt: skip
# Rules that also take the stocks of the census ten years earlier, as far as both were counted
FLOW_RULES: dict[str, Callable[[Tables, Floats, Tables], Floats]] = {
    "moves": moves,
    "arrivals": arrivals,
}


# Rules for values of the economy and of services that follow from the census, (county,)


def persons_per_dwelling(tables: Tables) -> Floats:
    """Members of a family household."""
    households = column(tables, "households", "total")
    return column(tables, "households", "members") / np.maximum(households, 1.0)


def urban_share(tables: Tables) -> Floats:
    """Residents of urban places, as a share of all."""
    return column(tables, "urban_rural", "urban") / np.maximum(total(tables), 1.0)


def dwellings_town(tables: Tables) -> Floats:
    """Homes of urban residents in family households, and the empty ones beside them."""
    members = column(tables, "households", "members") * urban_share(tables)
    occupied = members / np.maximum(persons_per_dwelling(tables), 1.0)
    return occupied / (1 - default("economy", "vacancy_town"))


def seats(tables: Tables, stage: str, where: str) -> Floats:
    """Children of a stage in town or village, over the use of seats there."""
    parts = SCHOOL_AGES[stage]
    ages = by_age(tables)[[AGE_BANDS.index(band) for band in parts]]
    children = np.array(list(parts.values())) @ ages
    here = urban_share(tables) if where == "town" else 1 - urban_share(tables)
    return children * here / default("services", f"seat_use_{where}")


VALUE_RULES: dict[str, Callable[[Tables], Floats]] = {
    "persons_per_dwelling": persons_per_dwelling,
    "dwellings_town": dwellings_town,
    "seats_primary": lambda tables: seats(tables, "primary", "town"),
    "seats_junior": lambda tables: seats(tables, "junior", "town"),
    "seats_primary_rural": lambda tables: seats(tables, "primary", "rural"),
    "seats_junior_rural": lambda tables: seats(tables, "junior", "rural"),
}


# Townships, for a pack without any


def residents_per_unit(counties: int, residents: float) -> float:
    """Residents of a village-level unit in a region of so many.

    More than the default where there would be more units than their column can tell apart.
    """
    room = MOST_UNITS - counties * default("places", "townships")  # which round to one unit more
    return max(default("places", "residents_per_unit"), residents / room)


def townships(county: County, residents: float, per_unit: float) -> list[dict[str, str | int]]:
    """Townships of equal size, the first a street."""
    number = int(default("places", "townships"))
    units = max(1, round(residents / per_unit / number))
    return [
        {
            "county_code": county.code,
            "township_code": f"{county.code}{i + 1:03d}",
            "township": f"{county.zh}{i + 1}",
            "kind": "town" if i else "street",
            "units": units,
            "communities": 0,
        }
        for i in range(number)
    ]


# Filling


def first_line(rule: Callable[..., Floats]) -> str:
    """What a rule is said to rest on."""
    return (rule.__doc__ or "").split("\n", 1)[0]


@dataclass
class Completed:
    """A pack's tables and values without gaps, and what had to be assumed for that."""

    raw: RawPack
    tables: dict[date, dict[str, Floats]] = field(default_factory=dict)
    values: Values = field(default_factory=dict)
    assumptions: list[Assumption] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def fill_census(self, day: date) -> None:
        """Take the tables of a census from file, or fill them by rule."""
        prefecture = np.array([county.prefecture for county in self.raw.counties])
        nearby = (prefecture[:, None] == prefecture) * (1.0 - np.eye(len(prefecture)))
        tables = self.tables[day] = {}
        for name in TABLES:
            if (day, name) in self.raw.figures:
                tables[name] = self.raw.figures[day, name]
                self.assumptions += [
                    a for a in self.raw.assumed if (a.date, a.table) == (day, name)
                ]
            else:
                filled = name in TABLE_RULES or name in FLOW_RULES
                self.gaps.append(Gap("margins", day, name, TABLES[name].name, filled))
        for name, rule in TABLE_RULES.items():
            if name not in tables:
                tables[name] = rule(tables, nearby)
                self.assume(name, day, "", first_line(rule))
        before = {
            name: self.raw.figures[earlier, name]
            for earlier in self.tables
            for name in ("in_movers", "away")
            if earlier.year == day.year - CENSUS_YEARS
            and {(earlier, name), (day, name)} <= self.raw.figures.keys()
        }
        for name, flow_rule in FLOW_RULES.items():
            if name not in tables:
                tables[name] = flow_rule(tables, nearby, before)
                self.assume(name, day, "", first_line(flow_rule))

    def take_values(self) -> None:
        """Take the values of the economy and of services from file."""
        for table in ("economy", "services"):
            for day, row in self.raw.values[table]:
                by_unit = self.values.setdefault(row["variable"], {})
                by_unit.setdefault(row["unit_code"], {})[day] = row.value
            self.assumptions += [a for a in self.raw.assumed if a.table == table]

    def fill_space(self, day: date) -> None:
        """List the defaults that stand in for a map: townships, their units, and distances."""
        raw, drawn = self.raw, bool(self.raw.boundaries)
        known = {
            ("places", "townships"): bool(raw.places),
            ("places", "residents_per_unit"): bool(raw.places),
            ("distance", "county"): drawn or len(raw.counties) == 1,
            ("distance", "province"): drawn and "province" in raw.outside,
            ("distance", "country"): "country" in raw.outside,
        }
        for (table, variable), stated in known.items():
            if not stated:
                entry, value = catalogue()[table, variable], default(table, variable)
                if variable == "residents_per_unit":
                    people = float(self.tables[day]["urban_rural"].sum())
                    value = residents_per_unit(len(raw.counties), people)
                self.gaps.append(Gap(table, day, variable, entry.name, True))
                self.assume(table, day, variable, entry.basis, value, entry.low, entry.high)

    def fill_values(self, day: date) -> None:
        """Fill the values that neither a county nor a unit above it has at a census."""
        for (table, variable), entry in catalogue().items():
            if table not in ("economy", "services"):
                continue
            rule = variable in VALUE_RULES or entry.default is not None
            lacking = self.lacking(day, variable, whole_year=not rule)
            if lacking and rule:
                self.fill_value(table, variable, entry, day, lacking)
            if lacking:
                self.gaps.append(Gap(table, day, variable, entry.name, rule))

    def lacking(self, day: date, variable: str, *, whole_year: bool) -> list[int]:
        """Counties without a value at a date, or in its year."""
        known = {
            code
            for code, days in self.values.setdefault(variable, {}).items()
            if any(d == day or (whole_year and d.year == day.year) for d in days)
        }
        counties = enumerate(self.raw.counties)
        return [i for i, c in counties if known.isdisjoint(self.raw.units_above(c.code))]

    def fill_value(
        self, table: str, variable: str, entry: Variable, day: date, counties: list[int]
    ) -> None:
        """Give counties a value by rule, or the default."""
        value = math.nan if variable in VALUE_RULES else default(table, variable)
        rule = VALUE_RULES.get(variable)
        found = rule(self.tables[day]) if rule else np.full(len(self.raw.counties), value)
        for i in counties:
            code = self.raw.counties[i].code
            self.values[variable].setdefault(code, {})[day] = float(found[i])
        self.assume(table, day, variable, entry.basis, value, entry.low, entry.high)

    def assume(
        self, table: str, day: date, variable: str, basis: str,
        value: float = math.nan, low: float = math.nan, high: float = math.nan,
    ) -> None:  # fmt: skip
        """Record that a rule or a default stands in for what the pack leaves out."""
        self.assumptions.append(Assumption(table, day, "", variable, value, low, high, basis, True))


def complete(raw: RawPack) -> Completed:
    """Every census table and value that a model needs."""
    found = Completed(raw)
    for day in raw.censuses:
        found.fill_census(day)
    found.take_values()
    for day in raw.censuses:
        found.fill_space(day)
        found.fill_values(day)
    return found
