"""Households: who lives with whom, from the census count of households of each kind.

Nobody is added or left out: a place's people fill its households' seats. Children come first, then
parents, spouses and grandparents whose ages suit them; the rest live alone or as couples. Each
seat has an age that suits it, and people take seats by rank of age, so gaps between generations
and spouses stay near their usual size and every age group is used up exactly.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from calibration.fitting import (
    AGES, TINY, Assumptions, fitted, matched, pick, rounded, smallest, whole,
)  # fmt: skip
from sim.state import ALONE, DEPENDENT, FEMALE, HEAD, MALE, SINGLE, Bools, Floats, Ints

# Kinds of household: one person, a couple only, then two, three, four generations or more.
LEAST = np.array([1, 2, 2, 3, 4])  # members, at least

# Posts in a household, in the order of its rows; a partner's post follows the other's.
FIRST, CHILD, ELDER, GREAT = 0, 2, 3, 5
POSTS = 8

ADULT = 72  # quarters
NO_CHILD = -1


@dataclass(frozen=True)
class Homes:
    """People in households, rows of a household together and its head first; (member,)."""

    person: Ints  # position in the list of people
    home: Ints  # household, from 0 on
    role: Ints  # see sim.state
    child: Ints  # of a head: age of the youngest child under 18 [quarters], or NO_CHILD


@dataclass(frozen=True)
class Forebears:
    """The parents, grandparents, ... of each family: one or two persons; (forebear,)."""

    family: Ints
    post: Ints
    man: Floats  # age that suits him [quarters]
    woman: Floats
    pair: Bools


@dataclass(frozen=True)
class Seats:
    """Seats for adults who do not live alone; (seat,)."""

    home: Ints
    post: Ints
    sex: Ints
    suits: Floats  # age [quarters]; NaN: whatever others leave


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
        out[kind] = whole(ages @ a.by_age(name), int(kinds[kind]))
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
    at_home = a.by_age("at_home")[age // 4]
    spare, minors = len(age) - int(LEAST @ kinds), int((age < ADULT).sum())
    children, parents, elders = composition(families, spare, minors, float(at_home.sum()), a)

    # Minors live with a parent, and so do some adults.
    draw = rng.standard_exponential(len(age)) / np.maximum(at_home, TINY)
    child = smallest(np.where(age < ADULT, age - ADULT, draw), children)
    family = siblings(age[child], families, a, rng)
    grown = np.setdiff1d(np.arange(len(age)), child, assume_unique=True)

    # Parents, grandparents and couples have seats that suit their age; the others live alone.
    forebears = related(age[child], family, families, (parents, elders), a, rng)
    men = int((sex[grown] == MALE).sum())
    seats, men_alone = seating(forebears, couples, one, (men, len(grown) - men), a, rng)
    likely = a.by_age("alone")[age // 4]
    alone = np.concatenate(
        [
            (them := grown[sex[grown] == which])[pick(likely[them], number, rng)]
            for which, number in ((MALE, men_alone), (FEMALE, one - men_alone))
        ]
    )
    seated = seat(np.setdiff1d(grown, alone, assume_unique=True), age, sex, seats, a, rng)

    person = np.concatenate([alone, seated, child])
    post = np.concatenate([np.full(one, FIRST), seats.post, np.full(children, CHILD)])
    home = np.concatenate([np.arange(one), one + seats.home, one + family])
    return in_rows(person, post, home, age[person], one, rng)


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


def siblings(age: Ints, families: Ints, a: Assumptions, rng: Generator) -> Ints:
    """Which family each child lives in: one at least in each, siblings of like age, (child,)."""
    several, above, further = int(families.sum()), int(families[1:].sum()), a.row("next_child")
    young = a.by_age("young_grandchild")[age // 4]
    grandchild = pick(young, above, rng)
    others = rng.permutation(np.setdiff1d(np.arange(len(age)), grandchild, assume_unique=True))
    first = np.concatenate([others[: several - above], grandchild])
    family = np.empty(len(age), np.int64)
    family[first] = np.arange(several)

    rest = np.sort(others[several - above :])
    if len(rest):
        chances = np.pad(further, (0, max(-(-len(rest) // several) - len(further), 0)), "edge")
        joined = pick(np.tile(chances, several), len(rest), rng) // len(chances)
        gap = rng.normal(4 * a["sibling_gap"], 4 * a["sibling_gap_sd"], len(rest))
        suits = age[first[joined]] + rng.choice([-1, 1], len(rest)) * gap
        family[rest[matched(suits, age[rest])]] = joined
    return family


def related(
    age: Ints, family: Ints, families: Ints, pairs: tuple[int, int], a: Assumptions, rng: Generator
) -> Forebears:
    """Forebears of families, of an age that suits the children's.

    Parameters
    ----------
    age
        (child,) in quarters
    family
        (child,) family they live in
    pairs
        number of pairs among parents, and among elders
    """
    several, (two, three, four) = int(families.sum()), families.tolist()
    number = np.bincount(family, minlength=several)
    mean = np.bincount(family, age, minlength=several) / np.maximum(number, 1)
    eldest = np.zeros(several)
    np.maximum.at(eldest, family, age)

    def later(n: int, name: str) -> Floats:
        return rng.normal(4 * a[name], 4 * a[f"{name}_sd"], n)

    mother = np.maximum(mean + later(several, "birth_age"), eldest + 4 * a["birth_age_least"])
    grandmother = mother[two:] + later(three + four, "birth_age")
    woman = np.concatenate(
        [mother, grandmother, grandmother[three:] + later(four, "birth_age")]
    )
    parents, elders = pairs
    pair = np.zeros(len(woman), bool)
    pair[pick(np.ones(several), parents, rng)] = True
    pair[several + pick(np.ones(len(woman) - several), elders, rng)] = True
    return Forebears(
        family=np.concatenate([np.arange(f, several) for f in (0, two, two + three)]),
        post=np.repeat([FIRST, ELDER, GREAT], [several, three + four, four]),
        man=woman + later(len(woman), "spouse_gap"),
        woman=woman,
        pair=pair,
    )


def seating(
    forebears: Forebears, couples: int, one: int, sexes: tuple[int, int], a: Assumptions,
    rng: Generator,
) -> tuple[Seats, int]:  # fmt: skip
    """Seats for adults by sex, and how many men live alone.

    Partners are a man and a woman; should one sex run out, as in a sample of a few rows it may,
    the last pairs are of the other.
    """
    men, women = sexes
    pairs, lone = int(forebears.pair.sum()) + couples, int((~forebears.pair).sum())
    unlike = min(pairs, men, women)
    alike = pairs - unlike
    unpaired = men - unlike - (2 * alike if men > women else 0)
    men_lone = min(max(round(a["lone_elder_men"] * lone), unpaired - one), lone, unpaired)

    both, single = forebears.pair, ~forebears.pair
    homes = int(forebears.family.max(initial=-1)) + 1 + np.arange(couples)
    home = np.concatenate([forebears.family[both], homes])
    post = np.concatenate([forebears.post[both], np.full(couples, FIRST)])
    any_age = np.full(couples, np.nan)
    he, she = np.full(pairs, MALE), np.full(pairs, FEMALE)
    he[unlike:] = she[unlike:] = MALE if men > women else FEMALE
    lone_sex = rng.permutation(np.repeat([MALE, FEMALE], [men_lone, lone - men_lone]))
    suits_lone = np.where(lone_sex == MALE, forebears.man[single], forebears.woman[single])
    seats = Seats(
        home=np.concatenate([home, home, forebears.family[single]]),
        post=np.concatenate([post, post + 1, forebears.post[single]]),
        sex=np.concatenate([he, she, lone_sex]),
        suits=np.concatenate(
            [forebears.man[both], any_age, forebears.woman[both], any_age, suits_lone]
        ),
    )
    return seats, unpaired - men_lone


def seat(people: Ints, age: Ints, sex: Ints, seats: Seats, a: Assumptions, rng: Generator) -> Ints:
    """Who takes each seat: men and women by rank of age, (seat,)."""
    taken = np.empty(len(seats.home), np.int64)
    for which in (MALE, FEMALE):
        theirs, who = np.flatnonzero(seats.sex == which), people[sex[people] == which]
        suits = seats.suits[theirs]
        free = np.isnan(suits)
        suits[free] = left_over(age[who], suits[~free], int(free.sum()), rng)
        if which == FEMALE:
            suits[free] += rng.normal(0, 4 * a["spouse_gap_sd"], free.sum())
        taken[theirs] = who[matched(suits, age[who])]
    return taken


def left_over(age: Ints, claimed: Floats, n: int, rng: Generator) -> Floats:
    """Ages of the `n` people whom the claims on the others leave, in order [quarters], (n,)."""
    there = np.bincount(age // 4, minlength=AGES)
    claims = np.bincount(np.clip(claimed // 4, 0, AGES - 1).astype(np.int64), minlength=AGES)
    left = np.maximum(there - claims, 0)
    years = whole(left if left.any() else there, n)
    return 4 * np.sort(np.repeat(np.arange(AGES), years) + rng.random(n))


def in_rows(
    person: Ints, post: Ints, home: Ints, age: Ints, one: int, rng: Generator
) -> Homes:
    """People in order of household, households in no order."""
    role = np.full(len(person), DEPENDENT)
    role[post == FIRST] = HEAD
    role[(post == CHILD) & (age >= ADULT)] = SINGLE
    role[:one] = ALONE
    youngest = np.full(int(home.max(initial=-1)) + 1, ADULT)
    np.minimum.at(youngest, home[post == CHILD], age[post == CHILD])
    parent = (role == HEAD) & (youngest[home] < ADULT)
    place = rng.permutation(len(youngest))[home]
    rows = np.argsort(place * POSTS + post, kind="stable")
    child = np.where(parent, youngest[home], NO_CHILD)
    return Homes(person[rows], place[rows], role[rows], child[rows])
