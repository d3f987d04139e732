"""What exists: people, the village-level units they live in, and the places those units form.

A person lives in a unit and is registered (hukou) in a unit. A unit is coded urban or rural, and
belongs to a county: a *place* is a county's urban part or its rural part. Three things therefore
urbanize a county: people are born and die, people move, and units are recoded urban around people
who never move.

Nothing that follows from something else is stored. Age follows from the quarter of birth, a
parent's family stage from the birth of the youngest child, the place of residence from the code of
the unit. So a quarter that passes, a child that grows and a village that is recoded cost nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.integer[Any]]
Bools = NDArray[np.bool_]
Column = NDArray[np.generic]

NEVER = np.int16(-32768)  # of a quarter: it has not happened

# Roles in the household: who may decide to move, and for whom.
DEPENDENT = 0  # child, spouse of the head, parent who lives with the family
SINGLE = 1  # unpartnered adult in the home of others; decides for oneself
ALONE = 2  # head of a household without partner or minor child
HEAD = 3  # head of a couple or family; decides for the household

# Work, for residents of a county; people away work away.
NO_WORK, FARM, INDUSTRY, SERVICES = 0, 1, 2, 3

# Education: highest level attended.
PRIMARY, JUNIOR, SENIOR, COLLEGE = 0, 1, 2, 3

MALE, FEMALE = 0, 1

AGES = np.array([0, 1, *range(5, 90, 5)])  # first year of each census age band

# Flags of a person.
OWNS_FLAT = 1  # the household owns a flat in the town of its county
COLLECTIVE = 2  # lives in a collective household (dormitory, barracks, home)


def quarter_of(year: int, quarter: int) -> int:
    """The number of a calendar quarter (1 to 4): quarters since the first of 1900."""
    return 4 * (year - 1900) + quarter - 1


def quarter_with(day: date) -> int:
    """The number of the calendar quarter that a day is in."""
    return quarter_of(day.year, (day.month + 2) // 3)


@dataclass
class People:
    """Residents, and the registered who live elsewhere; every column has shape (person,).

    Rows are never removed: the dead move to the unit beyond the last (see `Units.gone`).
    """

    address: NDArray[np.uint64]  # never reused; a person's address in every random stream
    born: NDArray[np.int16]  # quarter of birth
    child: NDArray[np.int16]  # of a head: quarter of birth of the youngest child, or NEVER
    unit: NDArray[np.uint16]  # where they live, index into Units
    hukou: NDArray[np.uint16]  # where they are registered, index into Units
    previous_unit: NDArray[np.uint16]  # where they lived before the last move, index into Units
    moved_at: NDArray[np.int16]  # quarter of the last move, or NEVER
    traits: NDArray[np.uint8]  # sex (1 bit), education (2), role (2), work (3): see strata.py
    flags: NDArray[np.uint8]  # OWNS_FLAT, COLLECTIVE
    next_member: NDArray[np.int32]  # next member of the household: households are the cycles
    weight: NDArray[np.int32]  # persons represented

    def __len__(self) -> int:
        return len(self.address)

    @classmethod
    def empty(cls, n: int) -> Self:
        """Room for `n` people, not yet filled."""
        return cls(*(np.empty(n, dtype) for dtype in COLUMNS.values()))


BEYOND = 3  # units, and places, that are nobody's: see `Units`


@dataclass
class Units:
    """Village-level units, sorted by county; every column has shape (unit,).

    Beyond the last unit come three that are nobody's village: `elsewhere` (the rest of the
    province), `elsewhere + 1` (the rest of the country) and `gone` (the dead).
    """

    county: NDArray[np.int16]  # index into Counties
    township: NDArray[np.int16]  # index into the township list, sorted by county
    urban: Bools  # coded urban (111-123) in the statistical list
    contiguous: Bools  # beside the built-up area: rural next to it, or urban (112, 122)
    merged_into: NDArray[np.int32]  # the unit that took it in, or its own index

    def __len__(self) -> int:
        return len(self.county)

    def copy(self) -> Self:
        """Units whose codes can change without changing these."""
        return type(self)(*(getattr(self, f.name).copy() for f in fields(self)))

    @property
    def counties(self) -> int:
        """The number of counties."""
        return int(self.county.max()) + 1

    @property
    def elsewhere(self) -> int:
        """The first unit outside the region: the rest of the province."""
        return len(self.county)

    @property
    def gone(self) -> int:
        """Where the dead are kept."""
        return len(self.county) + 2

    def place(self) -> NDArray[np.int16]:
        """The place each unit belongs to, (unit + 3,); see `sim.places` for their order."""
        inside = 2 * self.county + ~self.urban
        first = 2 * self.counties
        return np.concatenate([inside, first + np.arange(BEYOND)]).astype(np.int16)


@dataclass(frozen=True)
class Counties:
    """What is known of each county at the start; every column has shape (county, ...)."""

    code: Ints  # six-digit administrative code
    nearby: Ints  # (county, slot) the other towns of the prefecture, -1 where there is none
    nearby_km: Floats  # (county, slot)
    outside_km: Floats  # (county, 2) to the rest of the province and of the country
    wage: Floats  # yuan/year, mean non-farm job
    wage_outside: Floats  # (2,) yuan/year, rest of the province and of the country
    home_income: Floats  # (county, 2) yuan/year without a non-farm job, in town and village
    dwellings: Floats  # in town
    residents_per_dwelling: Floats
    price: Floats  # yuan/m2
    seats: Floats  # (county, 2) in town, primary and junior
    moves: Floats  # (county, 4) net moves a year: from the villages to the own town; out of the
    #                county to other towns of the prefecture, the province and the country
    arrivals: Floats  # (county, 2) net in-moves a year from the province and the country
    nearby_share: Floats  # of those who move between towns of the prefecture, who come here
    structural_gap: Floats  # urban share less what the structure of the county implies [share]
    birth_rate: Floats  # per resident and year
    death_rate: Floats  # per resident and year

    def __len__(self) -> int:
        return len(self.code)


@dataclass(frozen=True)
class Offers:
    """What a quarter offers to those who decide where to live."""

    income: Floats  # (county, 2) expected yuan/year, in town and in the village
    income_outside: Floats  # (2,) expected yuan/year
    housing_cost: Floats  # (county,) price relative to wages, both relative to the start
    housing_quality: Floats  # (county,) share of value that renovation added
    school_quality: Floats  # (place,) over village schools at the start [standard deviations]
    seat_chance: Floats  # (county, 2 stages, 2) chance of a seat, for owners and for others
    health: Floats  # (place,) index
    elder_care: Floats  # (place,) index
    childcare: Floats  # (place,) index
    amenity: Floats  # (place,) index
    service_outside: float  # every index outside the region: as in a town at the start


OUTSIDE = -1  # the "county" of a goal beyond the region, and of one that needs no dwelling


@dataclass(frozen=True)
class Parties:
    """Households, or parts of them, that are about to move; every column has shape (party,)."""

    row: Ints  # who decided
    mode: Ints  # kernels.WHOLE, LONE or WITH_CHILD
    town: Ints  # county whose town they head for, or OUTSIDE
    unit: Ints  # the unit, where it is known; else -1, and one is found in the town
    needs_dwelling: Bools  # in the town

    @classmethod
    def none(cls) -> Self:
        """No party."""
        rows = np.empty(0, np.int64)
        return cls(rows, rows, rows, rows, rows.astype(bool))

    @classmethod
    def together(cls, parts: Sequence[Self]) -> Self:
        """All parties in one list, in the order given."""
        names = [f.name for f in fields(cls)]
        return cls(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))

    def where(self, which: Bools | Ints) -> "Parties":
        """The parties a mask or an index selects."""
        return Parties(*(getattr(self, f.name)[which] for f in fields(self)))


COLUMNS: dict[str, type[np.generic]] = {
    "address": np.uint64,
    "born": np.int16,
    "child": np.int16,
    "unit": np.uint16,
    "hukou": np.uint16,
    "previous_unit": np.uint16,
    "moved_at": np.int16,
    "traits": np.uint8,
    "flags": np.uint8,
    "next_member": np.int32,
    "weight": np.int32,
}

assert [f.name for f in fields(People)] == list(COLUMNS)  # a definition, held to at import
