"""Rules that stand in for what a pack leaves out.

A rule takes the tables of a census that are there and the defaults of the catalogue, and gives the
table, or the value, that is not.
"""

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from xiancheng.calibration.region.schema import (
    AGE_BANDS,
    GENERATIONS,
    INDUSTRY,
    MOST_UNITS,
    SERVICES,
    SEX_NAMES,
    TABLES,
    Cell,
    County,
    catalogue,
)
from xiancheng.sim.state import Floats

Page = dict[Cell, Floats]  # a table: of each cell the counties' figures, (county,)


class Book(dict[str, Page]):
    """The tables of a census, and the prefecture each county belongs to."""

    def __init__(self, prefecture: Sequence[str]) -> None:
        super().__init__()
        self.prefecture = np.array(prefecture)  # (county,)

    @property
    def nearby(self) -> Floats:
        """Whether two counties are of the same prefecture, 1 or 0, (county, county)."""
        same = self.prefecture[:, None] == self.prefecture
        return same * (1.0 - np.eye(len(same)))


MIDDLE = np.array([0.5, 3.0, *range(7, 87, 5), 89.5])  # years, of each age band
PARTS_OF_BAND = {  # children of a school age, from the five-year bands
    "primary": {"5-9": 0.8, "10-14": 0.4},
    "junior": {"10-14": 0.6},
}


def figure(table: str, variable: str) -> float:
    """The value assumed where a pack has none."""
    default = catalogue()[table, variable].default
    return math.nan if default is None else default


def share(table: str, keys: Iterable[str], whole: Floats) -> Page:
    """A table whose cells are fixed shares of a whole, in whole persons or households."""
    return {Cell("", "", key): np.round(figure(table, key) * whole) for key in keys}


def by_age(book: Book, bands: Iterable[str] = AGE_BANDS) -> Floats:
    """Residents of some age bands, both sexes, (band, county)."""
    ages = book["sex_age"]
    return np.stack([sum(ages[Cell(sex, band, "")] for sex in SEX_NAMES) for band in bands])


# Rules for the tables of a census, in the order in which they need each other


def residents(book: Book) -> Page:
    """Sums over ages."""
    each = [
        np.sum([book["sex_age"][Cell(sex, band, "")] for band in AGE_BANDS], axis=0)
        for sex in SEX_NAMES
    ]
    figures = dict(zip(("total", *SEX_NAMES), (sum(each), *each), strict=True))
    return {Cell("", "", key): value for key, value in figures.items()}


def education(book: Book) -> Page:
    """Levels as shares of persons of 6 and over, the same for both sexes."""
    keys = [key for key in TABLES["education"].keys if key != "preschool"]
    counted = {sex: 0.8 * book["sex_age"][Cell(sex, "5-9", "")] for sex in SEX_NAMES}
    for sex in SEX_NAMES:
        counted[sex] = counted[sex] + sum(
            book["sex_age"][Cell(sex, band, "")] for band in AGE_BANDS[3:]
        )
    return {
        Cell(sex, "", key): np.round(figure("education", key) * counted[sex])
        for sex in SEX_NAMES
        for key in keys
    }


def households(book: Book) -> Page:
    """Family households of a common size, by kind."""
    members = np.round(figure("households", "members") * total(book))
    count = members / figure("households", "size")
    kinds = share("households", ("one_person", *GENERATIONS, "with_65p"), count)
    whole = np.sum([kinds[Cell("", "", key)] for key in GENERATIONS], axis=0)
    return {Cell("", "", "total"): whole, Cell("", "", "members"): members} | kinds


def in_movers(book: Book) -> Page:
    """Shares of residents."""
    return share("in_movers", TABLES["in_movers"].keys, total(book))


def employment(book: Book) -> Page:
    """A share of adults; the sample is everybody."""
    adults = by_age(book, AGE_BANDS[4:]).sum(axis=0)
    employed = np.round(figure("employment", "employed") * adults)
    return {
        Cell("", "", "employed_sample"): employed,
        Cell("", "", "population_15p_sample"): adults,
    }


def industry(book: Book) -> Page:
    """Shares of the employed; manufacturing stands for industry, trade for services."""
    employed = book["employment"][Cell("", "", "employed_sample")]
    named = share("industry", ("agriculture", "manufacturing", "trade"), employed)
    return {
        Cell("", "", key): named.get(Cell("", "", key), 0 * employed)
        for key in ("agriculture", *INDUSTRY, *SERVICES)
    }


def home(book: Book) -> Page:
    """Shares of households."""
    count = book["households"][Cell("", "", "total")]
    return share("home", ("rented", "self_built", "bought", "other"), count)


def away(book: Book) -> Page:
    """Shares of residents; those who stay in the prefecture are its in-movers, by residents."""
    people, pool = total(book), from_nearby(book) * moved_in(book, "same_province")
    weight = np.tile(people, (len(people), 1)) * book.nearby  # (goal, origin)
    whole = np.maximum(weight.sum(axis=1, keepdims=True), 1.0)
    inside = {Cell("", "", "same_prefecture"): np.round(pool @ (weight / whole))}
    return inside | share("away", ("province", "country"), people)


def from_nearby(book: Book) -> Floats:
    """Of the in-movers from the province, who come from the prefecture's other counties."""
    return figure("away", "from_region") * (book.nearby.sum(axis=1) > 0)


def hukou(book: Book) -> Page:
    """Residents, less those registered elsewhere, plus the registered who live elsewhere."""
    outsiders = moved_in(book, "same_province") + moved_in(book, "other_province")
    return {Cell("", "", "registered"): total(book) - outsiders + sum(book["away"].values())}


def moves(book: Book) -> Page:
    """The stocks over the years in which they built up."""
    own = figure("economy", "rural_origin_share") * moved_in(book, "same_county")
    out = {cell: stock / figure("moves", "years_away") for cell, stock in book["away"].items()}
    return {Cell("", "", "own_town"): own / figure("moves", "years_in")} | out


def arrivals(book: Book) -> Page:
    """The stocks over the years in which they built up."""
    province = (1 - from_nearby(book)) * moved_in(book, "same_province")
    stock = {"province": province, "country": moved_in(book, "other_province")}
    return {Cell("", "", k): v / figure("arrivals", "years_in") for k, v in stock.items()}


def vital(book: Book) -> Page:
    """Births from residents aged 0, deaths from a Gompertz schedule, in permille."""
    level, slope = figure("vital", "death_rate_at_0"), figure("vital", "death_rate_slope")
    deaths = level * np.exp(slope * MIDDLE) @ by_age(book)
    people = np.maximum(total(book), 1.0)
    births = 1000 * by_age(book, ["0"])[0]
    return {
        Cell("", "", "birth_rate"): births / people,
        Cell("", "", "death_rate"): deaths / people,
    }


def urban_odds(book: Book) -> Page:
    """Relative odds of living in an urban place, by age."""
    ones = np.ones(len(total(book)))
    return {Cell("", band, ""): figure("urban_odds", band) * ones for band in AGE_BANDS}


RULES: dict[str, Callable[[Book], Page]] = {
    rule.__name__: rule
    for rule in (
        residents, education, households, in_movers, employment, industry, home, away, hukou,
        moves, arrivals, vital, urban_odds,
    )
}  # fmt: skip


def total(book: Book) -> Floats:
    """Residents, (county,)."""
    return book["residents"][Cell("", "", "total")]


def moved_in(book: Book, key: str) -> Floats:
    """In-movers of a class, (county,)."""
    return book["in_movers"][Cell("", "", key)]


# Rules for values of the economy and of services that follow from the census


def persons_per_dwelling(book: Book) -> Floats:
    """Members of a family household."""
    kinds = book["households"]
    return kinds[Cell("", "", "members")] / np.maximum(kinds[Cell("", "", "total")], 1.0)


def urban_share(book: Book) -> Floats:
    """Residents of urban places, as a share of all."""
    return book["urban_rural"][Cell("", "", "urban")] / np.maximum(total(book), 1.0)


def dwellings_town(book: Book) -> Floats:
    """Homes of urban residents in family households, and the empty ones beside them."""
    members = book["households"][Cell("", "", "members")] * urban_share(book)
    occupied = members / np.maximum(persons_per_dwelling(book), 1.0)
    return occupied / (1 - figure("economy", "vacancy_town"))


def seats(book: Book, stage: str, where: str) -> Floats:
    """Children of a stage in town or village, over the use of seats there."""
    parts = PARTS_OF_BAND[stage]
    children = np.array(list(parts.values())) @ by_age(book, parts)
    here = urban_share(book) if where == "town" else 1 - urban_share(book)
    return children * here / figure("services", f"seat_use_{where}")


DERIVED: dict[str, Callable[[Book], Floats]] = {
    "persons_per_dwelling": persons_per_dwelling,
    "dwellings_town": dwellings_town,
    "seats_primary": lambda book: seats(book, "primary", "town"),
    "seats_junior": lambda book: seats(book, "junior", "town"),
    "seats_primary_rural": lambda book: seats(book, "primary", "rural"),
    "seats_junior_rural": lambda book: seats(book, "junior", "rural"),
}


def residents_per_unit(counties: int, residents: float) -> float:
    """Residents of a village-level unit in a region of so many.

    More than the default where there would be more units than their column can tell apart.
    """
    room = MOST_UNITS - counties * figure("places", "townships")  # which round to one unit more
    return max(figure("places", "residents_per_unit"), residents / room)


def townships(county: County, residents: float, per_unit: float) -> list[dict[str, str | int]]:
    """Townships of equal size, the first a street, for a pack without places."""
    number = int(figure("places", "townships"))
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
