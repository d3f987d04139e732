"""One county's people: drawn from its margins, housed, settled in villages and registered."""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum, auto

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from xiancheng.calibration import households, traits
from xiancheng.calibration.fit import Margins
from xiancheng.calibration.fitting import AGES, Assumptions, divided, pick, whole
from xiancheng.calibration.registration import Origins, in_movers, moving_quarters
from xiancheng.calibration.seating import POSTS
from xiancheng.sim import strata
from xiancheng.sim.state import (
    ALONE,
    COLLECTIVE,
    COLUMNS,
    NEVER,
    NO_WORK,
    OWNS_FLAT,
    Column,
    Floats,
    Ints,
    People,
    Units,
    quarter_with,
)  # fmt: skip

TOWN, VILLAGE, PROVINCE, COUNTRY = range(4)  # where a county's people live
ADULT = 18  # years
COLLECTIVE_HOME = -1  # beside the kinds of family household
BOARDING_AGE = 15  # years; from then on people may live in a collective household


class SynthesisStage(IntEnum):
    """What a generator is for."""

    VILLAGES = auto()
    PEOPLE = auto()
    HOUSEHOLDS = auto()
    REGISTRATION = auto()


def luck(seed: int, code: int, step: SynthesisStage) -> Generator:
    """The generator of a step in a county."""
    return np.random.default_rng([seed, code, step])


@dataclass(frozen=True)
class Census:
    """What is asked of the pack for one county."""

    start: date
    county: int  # index
    code: int
    margins: Margins
    urban_odds: Floats  # (band,) relative odds of living in town
    collective_in_town: float  # share of members of collective households
    owners: Floats  # (2,) share of families in town and village that own a flat in town

    @property
    def quarter(self) -> int:
        """The quarter of the census."""
        return quarter_with(self.start)


@dataclass(frozen=True)
class Drawn:
    """People with their traits, residents before the absent; (person,)."""

    live: Ints  # TOWN, VILLAGE, PROVINCE or COUNTRY
    sex: Ints
    age: Ints  # quarters
    level: Ints
    work: Ints

    def where(self, rows: Ints) -> "Drawn":
        """The people that an index selects."""
        return Drawn(*(c[rows] for c in (self.live, self.sex, self.age, self.level, self.work)))


@dataclass(frozen=True)
class Housed:
    """Residents in order of place and household; (row,) unless said otherwise."""

    person: Ints  # position among the drawn
    home: Ints  # household, from 0 on
    role: Ints
    child: Ints  # of a head: age of the youngest child under 18 [quarters], or NO_CHILD
    kind: Ints  # (home,) kind of household, or COLLECTIVE_HOME


def county(
    census: Census, units: Units, sizes: Ints, origins: Origins, scale: float, seed: int,
    a: Assumptions,
) -> tuple[People, Ints]:  # fmt: skip
    """The rows of a county, and its households by kind [households], (kind,)."""
    m, now = census.margins, census.quarter
    persons, number = np.concatenate([m.urban_rural, m.away]), rows(m, scale)
    weight = np.concatenate([weights(p, n) for p, n in zip(persons, number, strict=True)])
    residents, absent = int(number[:PROVINCE].sum()), int(number[PROVINCE:].sum())
    share = residents / float(m.urban_rural.sum())  # rows per person

    # People with their traits, in households.
    everyone = drawn(census, number, share, a, luck(seed, census.code, SynthesisStage.PEOPLE))
    housed = in_homes(
        census, everyone, share, a, luck(seed, census.code, SynthesisStage.HOUSEHOLDS)
    )
    p = everyone.where(np.append(housed.person, residents + np.arange(absent)))
    head = np.flatnonzero(np.diff(housed.home, prepend=-1))  # row of each household
    family = housed.kind != COLLECTIVE_HOME

    # Households fill villages; some are registered in another, as all of the absent are.
    rng = luck(seed, census.code, SynthesisStage.REGISTRATION)
    unit = settled(census.county, weight[:residents], head, units, sizes)[housed.home]
    chance = a.by_age("in_mover")[p.age[head] // 4]
    chance *= np.where(family, 1.0, a["in_mover_collective"])
    moved = whole(m.in_movers, round(share * float(m.in_movers.sum())))
    hukou, since = in_movers(census.county, unit, housed.home, chance, moved, origins, now, a, rng)
    village = origins.villages(census.county, absent, rng)
    outside = units.elsewhere + p.live[residents:] - PROVINCE
    left = moving_quarters(now, absent, a, rng)
    owner = family & (rng.random(len(head)) < census.owners[p.live[head]])

    registered = np.append(hukou, village)
    child = np.where(housed.child == households.NO_CHILD, NEVER, now - housed.child)
    flags = (OWNS_FLAT * owner + COLLECTIVE * ~family)[housed.home]
    role = np.append(housed.role, np.full(absent, ALONE))
    columns: dict[str, Column] = {
        "address": addresses(census.code, len(weight)),
        "born": now - p.age,
        "child": np.append(child, np.full(absent, NEVER)),
        "unit": np.append(unit, outside),
        "hukou": registered,
        "previous_unit": registered,
        "moved_at": np.append(since, left),
        "traits": strata.pack(p.sex, p.level, role, p.work),
        "flags": np.append(flags, np.zeros(absent, np.int64)),
        "next_member": rings(np.append(housed.home, len(head) + np.arange(absent))),
        "weight": weight,
    }
    homes = np.bincount(housed.kind[family], weight[head][family], len(m.households))
    return (
        People(*(columns[name].astype(dtype) for name, dtype in COLUMNS.items())),
        np.rint(homes).astype(np.int64),
    )


def rows(margins: Margins, scale: float) -> Ints:
    """Rows of a county by where its people live, at least one where anybody does, (4,)."""
    persons = np.concatenate([margins.urban_rural, margins.away])
    return np.where(persons > 0, np.maximum(np.rint(scale * persons).astype(np.int64), 1), 0)


def weights(persons: int, rows: int) -> Ints:
    """Persons that each row stands for, adding up exactly, (row,)."""
    return np.diff(np.arange(rows + 1) * persons // max(rows, 1))


def drawn(census: Census, rows: Ints, share: float, a: Assumptions, rng: Generator) -> Drawn:
    """People by where they live, sex and age, with schooling and work.

    Parameters
    ----------
    rows
        (where they live,) number of rows
    share
        rows per person
    """
    m = census.margins
    here = traits.sex_and_age(m.sex_age, rows[:PROVINCE], census.urban_odds, rng)
    table = np.concatenate([here, traits.sex_and_age_away(rows[PROVINCE:], a, rng)])
    live, sex, band = (np.repeat(axis.ravel(), table.ravel()) for axis in np.indices(table.shape))
    age = traits.ages(band, np.where(live < PROVINCE, 0, ADULT), a, rng)
    years, year = age // 4, census.start.year

    there = live < PROVINCE
    migrants = np.outer(np.bincount(sex[~there], minlength=2), a.row("away_schooling"))
    level, work = np.zeros(len(age), np.int64), np.full(len(age), NO_WORK)
    level[there] = traits.schooling(
        years[there], sex[there], live[there], m.schooling, year, a, rng
    )
    level[~there] = traits.schooling(
        years[~there], sex[~there], np.full((~there).sum(), VILLAGE), migrants, year, a, rng
    )
    work[there] = traits.working(
        years[there],
        sex[there],
        live[there],
        level[there],
        np.asarray(share * m.work, np.float64),
        a,
        rng,
    )
    return Drawn(live, sex, age, level, work)


def in_homes(census: Census, people: Drawn, share: float, a: Assumptions, rng: Generator) -> Housed:
    """Residents in family and collective households, in no order within town and village.

    Parameters
    ----------
    share
        rows per person
    """
    m = census.margins
    places = [np.flatnonzero(people.live == place) for place in (TOWN, VILLAGE)]
    likely = [a.by_age("collective")[people.age[p] // 4] for p in places]
    able = [int((people.age[p] >= 4 * BOARDING_AGE).sum()) for p in places]
    away_from_home = round(share * float(m.urban_rural.sum() - m.members.sum()))
    numbers = divided(away_from_home, census.collective_in_town, able)
    apart = [p[pick(w, n, rng)] for p, w, n in zip(places, likely, numbers, strict=True)]
    members = [np.setdiff1d(p, c, assume_unique=True) for p, c in zip(places, apart, strict=True)]

    ages = np.stack([np.bincount(people.age[p] // 4, minlength=AGES) for p in members])
    wanted = whole(m.households, round(share * float(m.households.sum())))
    town, village = (
        of_place(people, *those, a, rng)
        for those in zip(members, apart, households.split(wanted, ages, a, rng).T, strict=True)
    )
    return Housed(
        person=np.append(town.person, village.person),
        home=np.append(town.home, len(town.kind) + village.home),
        role=np.append(town.role, village.role),
        child=np.append(town.child, village.child),
        kind=np.append(town.kind, village.kind),
    )


def of_place(
    people: Drawn, members: Ints, apart: Ints, wanted: Ints, a: Assumptions, rng: Generator
) -> Housed:
    """A place's households in random order: families of `members`, and those who live `apart`."""
    number = households.feasible(wanted, len(members))
    formed = households.form(people.age[members], people.sex[members], number, a, rng)
    kind = np.repeat([*range(len(number)), COLLECTIVE_HOME], [*number, len(apart)])
    alone = np.full(len(apart), ALONE)
    home = np.append(formed.home, number.sum() + np.arange(len(apart)))
    post = np.append(formed.post, np.zeros_like(apart))

    turn = rng.permutation(len(kind))
    order = np.argsort(turn[home] * POSTS + post, kind="stable")
    return Housed(
        person=np.append(members[formed.person], apart)[order],
        home=turn[home][order],
        role=np.append(formed.role, alone)[order],
        child=np.append(formed.child, np.full(len(apart), households.NO_CHILD))[order],
        kind=kind[np.argsort(turn)],
    )


def settled(county: int, weight: Ints, head: Ints, units: Units, sizes: Ints) -> Ints:
    """The unit each household lives in: units of a county fill up one after the other, (home,).

    Parameters
    ----------
    weight
        (row,) persons, urban rows first
    head
        (home,) first row of each household
    sizes
        (unit,) residents; they add up to those of town and village
    """
    own = np.flatnonzero(units.county == county)
    ahead = np.cumsum(weight) - weight
    return own[np.searchsorted(np.cumsum(sizes[own]), ahead[head], side="right")]


def rings(home: Ints) -> Ints:
    """The next row of the same household, round and round, (row,); households are adjacent."""
    begins = np.flatnonzero(np.diff(home, prepend=-1))
    following = np.arange(1, len(home) + 1)
    following[np.append(begins[1:], len(home)) - 1] = begins
    return following


def addresses(code: int, rows: int) -> NDArray[np.uint64]:
    """An address for each row of a county, (row,): a one-to-one mix of its code and rank.

    No two can be alike, in one county or in two.

    References
    ----------
    Steele, Lea & Flood (2014), OOPSLA, doi 10.1145/2660193.2660195 (splitmix64)
    """
    x = np.uint64(code << 32) + np.arange(rows, dtype=np.uint64)
    x = (x + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
