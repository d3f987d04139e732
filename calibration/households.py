"""Households: who lives with whom, from the census count of households of each kind.

Nobody is added or left out. A county's households are divided over town and village; in each, its
people fill the seats of its households, as calibration.seating says.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from xiancheng.calibration.fitting import TINY, Assumptions, fitted, rounded, smallest, whole
from xiancheng.calibration.seating import (
    ADULT,
    CHILD,
    FIRST,
    forebears,
    seats_of,
    siblings,
    take_seats,
)
from xiancheng.sim.state import ALONE, DEPENDENT, HEAD, MALE, SINGLE, Ints

# Kinds of household: one person, a couple only, then two, three, four generations or more.
LEAST = np.array([1, 2, 2, 3, 4])  # members, at least
NO_CHILD = -1


@dataclass(frozen=True)
class Homes:
    """People in households, those of one kind before the next; (member,)."""

    person: Ints  # position in the list of people
    home: Ints  # household, from 0 on
    post: Ints  # order within it, the head's first
    role: Ints  # see sim.state
    child: Ints  # of a head: age of the youngest child under 18 [quarters], or NO_CHILD


def split(kinds: Ints, ages: Ints, a: Assumptions, rng: Generator) -> Ints:
    """A county's households over its urban and rural part, (kind, place).

    Those who live alone or as couples go by age structure, families by the members who are left.

    Parameters
    ----------
    kinds
        (kind,) households of the county
    ages
        (place, age) members of family households by single year of age
    """
    out = np.zeros((len(kinds), ages.shape[0]), np.int64)
    for kind, name in enumerate(("alone", "couple_only")):
        out[kind] = whole((ages * a.by_age(name)).sum(1), int(kinds[kind]))
    left = np.maximum(ages.sum(1) - LEAST[:2] @ out[:2], 0)
    sizes = np.array([a[f"size_{name}_generations"] for name in ("two", "three", "four")])
    members = kinds[2:] * sizes
    rural = np.array([1.0, a["three_generations_rural"], a["three_generations_rural"]])
    seed = np.column_stack([np.ones(3), rural]) * left
    table = fitted(seed, members * (left.sum() / max(members.sum(), 1.0)), left) / sizes[:, None]
    columns = whole(table.sum(0), int(kinds[2:].sum()))
    out[2:] = rounded(table, kinds[2:], columns, rng)
    return out


def feasible(kinds: Ints, members: int) -> Ints:
    """Households of at least their least size that hold all members, (kind,).

    Only a sample of a few rows, or tables at odds with each other, need the change.
    """
    kinds = kinds.copy()
    for kind, smaller in ((4, 3), (3, 2), (2, 0), (1, 0)):
        fewer = min(int(kinds[kind]), max(int(LEAST @ kinds) - members, 0))
        kinds[kind] -= fewer
        kinds[smaller] += fewer
    kinds[0] -= max(int(LEAST @ kinds) - members, 0)
    if not kinds[2:].any():
        more = min(int(kinds[0]), members - int(LEAST @ kinds))
        kinds[:2] += [-more, more]
        kinds[0] += members - int(LEAST @ kinds)
    return kinds


def form(age: Ints, sex: Ints, kinds: Ints, a: Assumptions, rng: Generator) -> Homes:
    """The people of a place in households.

    Parameters
    ----------
    age
        (person,) in quarters
    sex
        (person,)
    kinds
        (kind,) households, feasible
    """
    one, couples, families = int(kinds[0]), int(kinds[1]), kinds[2:]
    shares = np.stack([a.by_age("at_home_men"), a.by_age("at_home_women")])  # (sex, age)
    at_home = shares[sex, age // 4]
    spare, minors = len(age) - int(LEAST @ kinds), int((age < ADULT).sum())
    children, parents, elders = composition(families, spare, minors, float(at_home.sum()), a)

    # Minors live with a parent, and so do some adults.
    draw = rng.standard_exponential(len(age)) / np.maximum(at_home, TINY)
    child = smallest(np.where(age < ADULT, age - ADULT, draw), children)
    family = siblings(age[child], families, a, rng)
    grown = np.setdiff1d(np.arange(len(age)), child, assume_unique=True)

    # Adults take seats that suit their age: as parents and grandparents, as couples, alone.
    elder_generations = forebears(age[child], family, families, (parents, elders), a, rng)
    men = int((sex[grown] == MALE).sum())
    seats = seats_of(elder_generations, one, couples, (men, len(grown) - men), a, rng)
    person = np.append(take_seats(grown, age, sex, seats, a, rng), child)
    post = np.append(seats.post, np.full(children, CHILD))
    home = np.append(seats.home, one + couples + family)
    return roles(person, post, home, age[person], one)


def composition(
    families: Ints, spare: int, minors: int, adults: float, a: Assumptions
) -> tuple[int, int, int]:
    """How many children, pairs of parents and pairs of elders families have.

    A family has one person in each generation; whoever is to `spare` is a partner or a further
    child. Children take what the usual share of partners leaves, as far as the number of minors
    and of adults who live with a parent allows.
    """
    several, above = int(families.sum()), int(families @ [0, 1, 2])
    usual = a["parents_together"] * several, a["grandparents_together"] * above
    fewest, most = minors + a["at_home_low"] * adults, minors + a["at_home_high"] * adults
    children = round(float(np.clip(several + spare - sum(usual), fewest, most)))
    children = min(max(children, several + spare - several - above, several), several + spare)
    pairs = several + spare - children
    parents = round(np.interp(pairs, [0, sum(usual), several + above], [0, usual[0], several]))
    parents = min(max(parents, pairs - above), several, pairs)
    return children, parents, pairs - parents


def roles(person: Ints, post: Ints, home: Ints, age: Ints, one: int) -> Homes:
    """Who heads a household, who decides for oneself, and who depends on others."""
    role = np.full(len(person), DEPENDENT)
    role[post == FIRST] = HEAD
    role[(post == CHILD) & (age >= ADULT)] = SINGLE
    role[home < one] = ALONE
    youngest = np.full(int(home.max(initial=-1)) + 1, ADULT)
    np.minimum.at(youngest, home[post == CHILD], age[post == CHILD])
    parent = (role == HEAD) & (youngest[home] < ADULT)
    return Homes(person, home, post, role, np.where(parent, youngest[home], NO_CHILD))
