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

AS_COUPLE, BY_ONESELF = -2.0, -1.0  # no age of itself: whatever families leave

ADULT = 72  # quarters
NARROW, BROAD = np.full(5, 1 / 5), np.full(15, 1 / 15)  # windows over single years of age
ALONE_OF = ("alone_men", "alone_women")
NO_CHILD = -1


@dataclass(frozen=True)
class Homes:
    """People in households, those of one kind before the next; (member,)."""

    person: Ints  # position in the list of people
    home: Ints  # household, from 0 on
    post: Ints  # order within it, the head's first
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
    """Seats for adults; (seat,)."""

    home: Ints
    post: Ints
    sex: Ints
    suits: Floats  # age [quarters], AS_COUPLE or BY_ONESELF


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
    alone = a.by_age("alone_men") + a.by_age("alone_women")
    for kind, likely in enumerate((alone, a.by_age("couple_only"))):
        out[kind] = whole(ages @ likely, int(kinds[kind]))
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
    forebears = related(age[child], family, families, (parents, elders), a, rng)
    men = int((sex[grown] == MALE).sum())
    seats = seating(forebears, one, couples, (men, len(grown) - men), a, rng)
    seated = seat(grown, age, sex, seats, a, rng)
    person = np.append(seated, child)
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


def siblings(age: Ints, families: Ints, a: Assumptions, rng: Generator) -> Ints:
    """Which family each child lives in: one at least in each, siblings of like age, (child,)."""
    several, above, further = int(families.sum()), int(families[1:].sum()), a.row("next_child")
    young = a.by_age("young_grandchild")[age // 4]
    grandchild = pick(young, above, rng)
    others = np.setdiff1d(np.arange(len(age)), grandchild, assume_unique=True)
    likely = np.where(age[others] < ADULT, 1.0, a["adult_first"])
    eldest = rng.permutation(others[pick(likely, several - above, rng)])
    first = np.append(eldest, grandchild)
    family = np.empty(len(age), np.int64)
    family[first] = np.arange(several)

    rest = np.setdiff1d(np.arange(len(age)), first, assume_unique=True)
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

    def at_birth(n: int) -> Floats:
        return np.maximum(later(n, "birth_age"), 4 * a["birth_age_least"])

    mother = np.maximum(mean + later(several, "birth_age"), eldest + 4 * a["birth_age_least"])
    man = mother + later(several, "spouse_gap")
    grandmother = np.maximum(mother, man)[two:] + at_birth(three + four)
    older = np.append(grandmother, grandmother[three:] + at_birth(four))
    parents, elders = pairs
    alive = a.by_age("elders_together")[np.clip(older // 4, 0, AGES - 1).astype(np.int64)]
    pair = np.zeros(several + len(older), bool)
    pair[pick(np.ones(several), parents, rng)] = True
    pair[several + pick(alive, elders, rng)] = True
    return Forebears(
        family=np.concatenate([np.arange(f, several) for f in (0, two, two + three)]),
        post=np.repeat([FIRST, ELDER, GREAT], [several, three + four, four]),
        man=np.append(man, older + later(len(older), "spouse_gap")),
        woman=np.append(mother, older),
        pair=pair,
    )


def seating(
    forebears: Forebears, one: int, couples: int, sexes: tuple[int, int], a: Assumptions,
    rng: Generator,
) -> Seats:  # fmt: skip
    """Seats for all adults: couples' first, then those of lone forebears and of people alone.

    Partners are a man and a woman; should one sex run out, as it may in a sample of a few rows,
    the last pairs are of the other.
    """
    men, women = sexes
    both, single = forebears.pair, ~forebears.pair
    pairs, lone = int(both.sum()) + couples, int(single.sum())
    unlike = min(pairs, men, women)
    alike = MALE if men > women else FEMALE
    unpaired = men - unlike - (2 * (pairs - unlike) if alike == MALE else 0)
    men_lone = min(max(round(a["lone_elder_men"] * lone), unpaired - one), lone, unpaired)
    men_alone = unpaired - men_lone

    first, partner = np.full(pairs, MALE), np.full(pairs, FEMALE)
    first[unlike:] = partner[unlike:] = alike
    lone_sex = rng.permutation(np.repeat([MALE, FEMALE], [men_lone, lone - men_lone]))
    lone_suits = np.where(lone_sex == MALE, forebears.man[single], forebears.woman[single])
    family = one + couples + forebears.family
    home = np.append(family[both], one + np.arange(couples))
    post = np.append(forebears.post[both], np.full(couples, FIRST))
    as_couple, alone = np.full(couples, AS_COUPLE), np.full(one, BY_ONESELF)
    he, she = np.append(forebears.man[both], as_couple), np.append(forebears.woman[both], as_couple)
    return Seats(
        home=np.concatenate([home, home, family[single], np.arange(one)]),
        post=np.concatenate([post, post + 1, forebears.post[single], np.full(one, FIRST)]),
        sex=np.concatenate(
            [first, partner, lone_sex, np.repeat([MALE, FEMALE], [men_alone, one - men_alone])]
        ),
        suits=np.concatenate([he, she, lone_suits, alone]),
    )


def seat(people: Ints, age: Ints, sex: Ints, seats: Seats, a: Assumptions, rng: Generator) -> Ints:
    """Who takes each seat: men and women by rank of age, (seat,)."""
    theirs = [np.flatnonzero(seats.sex == which) for which in (MALE, FEMALE)]
    who = [people[sex[people] == which] for which in (MALE, FEMALE)]
    there = [np.bincount(age[w] // 4, minlength=AGES) for w in who]
    left = [unclaimed(t, seats.suits[s]) for t, s in zip(there, theirs, strict=True)]
    couples = coupled(left[MALE], left[FEMALE], int((seats.suits == AS_COUPLE).sum()) / 2, a)

    taken = np.empty(len(seats.home), np.int64)
    for which in (MALE, FEMALE):
        suits, own = seats.suits[theirs[which]], there[which] * TINY
        pair, alone = suits == AS_COUPLE, suits == BY_ONESELF
        rest = np.convolve(np.maximum(left[which] - couples[which], 0), BROAD, "same")
        usual = there[which] * a.by_age(ALONE_OF[which])
        suits[pair] = drawn_ages(couples[which] + own, int(pair.sum()), rng)
        if which == FEMALE:
            suits[pair] += rng.normal(0, 4 * a["spouse_gap_sd"], pair.sum())
        suits[alone] = drawn_ages(rest + usual + own, int(alone.sum()), rng)
        taken[theirs[which]] = who[which][matched(suits, age[who[which]])]
    return taken


def unclaimed(there: Ints, suits: Floats) -> Floats:
    """People by single year of age whom the claims on others leave, (age,)."""
    years = np.clip(suits[suits >= 0] // 4, 0, AGES - 1).astype(np.int64)
    return np.maximum(there - np.bincount(years, minlength=AGES), 0).astype(float)


def coupled(men: Floats, women: Floats, couples: float, a: Assumptions) -> tuple[Floats, Floats]:
    """Husbands and wives without children at home, by single year of age, two of (age,).

    Couples form where there are both men and women of fitting age, the more so at the ages at
    which more people live as couples than alone.
    """
    gap = round(a["spouse_gap"])
    husbands = np.append(np.convolve(men, NARROW, "same")[gap:], np.zeros(gap))
    most = np.minimum(husbands, np.convolve(women, NARROW, "same"))
    both, alone = a.by_age("couple_only"), a.by_age("alone_women")
    wives = most * both / np.maximum(both + alone, TINY)
    for _ in range(20):
        wives = np.minimum(wives * (couples / max(wives.sum(), TINY)), most)
    return np.append(np.zeros(gap), wives[: AGES - gap]), wives


def drawn_ages(number: Floats, n: int, rng: Generator) -> Floats:
    """`n` ages in order [quarters], spread as `number` by single year of age, (n,)."""
    return 4 * np.sort(np.repeat(np.arange(AGES), whole(number, n)) + rng.random(n))


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
