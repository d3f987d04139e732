"""Households: who lives with whom, from the census count of households of each kind.

Nobody is added or left out. A county's households are split over town and village; in each, its
people take the positions of its households that suit their age. Children come first, siblings of
like age together; their ages say what age suits a parent's and a grandparent's position. Couples
and those who live alone take what families leave: couples where there are both men and women, the
others where one sex is short of partners. Men and women then take positions by rank of age, so
gaps between generations and spouses stay near their usual size and every age group is used up
exactly.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from xiancheng.calibration.population.fit import AGES, CountyCensus, SynthesisAssumptions
from xiancheng.calibration.population.individuals import TOWN, VILLAGE, Persons
from xiancheng.calibration.population.ipf import (
    TINY,
    controlled_rounding,
    ipf,
    rank_match,
    round_table,
    smallest,
    split,
    weighted_sample,
)
from xiancheng.sim.state import ALONE, DEPENDENT, FEMALE, HEAD, MALE, SINGLE, Bools, Floats, Ints

# Kinds of household: one person, a couple only, then two, three, four generations or more.
LEAST = np.array([1, 2, 2, 3, 4])  # members, at least
COLLECTIVE_HOME = -1  # beside the kinds of family household
BOARDING_AGE = 15  # years; from then on people may live in a collective household
NO_CHILD = -1

# Positions in a household, in the order of its rows; a partner's position follows the other's.
FIRST, CHILD, ELDER, GREAT = 0, 2, 3, 5
POSITIONS = 8

ADULT = 72  # quarters
AS_COUPLE, BY_ONESELF = -2.0, -1.0  # in place of an age that suits
NARROW, BROAD = np.full(5, 1 / 5), np.full(15, 1 / 15)  # windows over single years of age


@dataclass(frozen=True)
class Housed:
    """Residents in order of place and household; (row,) unless said otherwise."""

    person: Ints  # index among the county's persons
    home: Ints  # household, from 0 on
    role: Ints  # see sim.state
    child: Ints  # of a head: age of the youngest child under 18 [quarters], or NO_CHILD
    kind: Ints  # (home,) kind of household, or COLLECTIVE_HOME


@dataclass(frozen=True)
class Homes:
    """People in family households, those of one kind before the next; (member,)."""

    person: Ints  # index in the list of people
    home: Ints  # household, from 0 on
    position: Ints  # order within it, the head's first
    role: Ints
    child: Ints


def form_households(
    census: CountyCensus, people: Persons, share: float, a: SynthesisAssumptions, rng: Generator
) -> Housed:
    """Residents in family and collective households, in no order within town and village.

    Parameters
    ----------
    share
        rows per person
    """
    m = census.margins
    places = [np.flatnonzero(people.residence == place) for place in (TOWN, VILLAGE)]
    likely = [a.by_age("collective")[people.age[p] // 4] for p in places]
    able = [int((people.age[p] >= 4 * BOARDING_AGE).sum()) for p in places]
    away_from_home = round(share * float(m.urban_rural.sum() - m.members.sum()))
    numbers = split(away_from_home, census.collective_in_town, able)
    apart = [p[weighted_sample(w, n, rng)] for p, w, n in zip(places, likely, numbers, strict=True)]
    members = [np.setdiff1d(p, c, assume_unique=True) for p, c in zip(places, apart, strict=True)]

    ages = np.stack([np.bincount(people.age[p] // 4, minlength=AGES) for p in members])
    wanted = controlled_rounding(m.households, round(share * float(m.households.sum())))
    town, village = (
        of_place(people, *those, a, rng)
        for those in zip(members, apart, households_by_place(wanted, ages, a, rng).T, strict=True)
    )
    return Housed(
        person=np.append(town.person, village.person),
        home=np.append(town.home, len(town.kind) + village.home),
        role=np.append(town.role, village.role),
        child=np.append(town.child, village.child),
        kind=np.append(town.kind, village.kind),
    )


def of_place(
    people: Persons,
    members: Ints,
    apart: Ints,
    wanted: Ints,
    a: SynthesisAssumptions,
    rng: Generator,
) -> Housed:
    """A place's households in random order: families of `members`, and those who live `apart`."""
    number = feasible(wanted, len(members))
    formed = form(people.age[members], people.sex[members], number, a, rng)
    kind = np.repeat([*range(len(number)), COLLECTIVE_HOME], [*number, len(apart)])
    alone = np.full(len(apart), ALONE)
    home = np.append(formed.home, number.sum() + np.arange(len(apart)))
    position = np.append(formed.position, np.zeros_like(apart))

    turn = rng.permutation(len(kind))
    order = np.argsort(turn[home] * POSITIONS + position, kind="stable")
    return Housed(
        person=np.append(members[formed.person], apart)[order],
        home=turn[home][order],
        role=np.append(formed.role, alone)[order],
        child=np.append(formed.child, np.full(len(apart), NO_CHILD))[order],
        kind=kind[np.argsort(turn)],
    )


def households_by_place(kinds: Ints, ages: Ints, a: SynthesisAssumptions, rng: Generator) -> Ints:
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
        out[kind] = controlled_rounding((ages * a.by_age(name)).sum(1), int(kinds[kind]))
    left = np.maximum(ages.sum(1) - LEAST[:2] @ out[:2], 0)
    sizes = np.array([a[f"size_{name}_generations"] for name in ("two", "three", "four")])
    members = kinds[2:] * sizes
    rural = np.array([1.0, a["three_generations_rural"], a["three_generations_rural"]])
    seed = np.column_stack([np.ones(3), rural]) * left
    table = ipf(seed, members * (left.sum() / max(members.sum(), 1.0)), left) / sizes[:, None]
    columns = controlled_rounding(table.sum(0), int(kinds[2:].sum()))
    out[2:] = round_table(table, kinds[2:], columns, rng)
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


def form(age: Ints, sex: Ints, kinds: Ints, a: SynthesisAssumptions, rng: Generator) -> Homes:
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

    # Adults take positions that suit their age: as parents and grandparents, as couples, alone.
    elder_generations = ancestors(age[child], family, families, (parents, elders), a, rng)
    men = int((sex[grown] == MALE).sum())
    slots = adult_slots(elder_generations, one, couples, (men, len(grown) - men), a, rng)
    person = np.append(fill_slots(grown, age, sex, slots, a, rng), child)
    position = np.append(slots.position, np.full(children, CHILD))
    home = np.append(slots.home, one + couples + family)
    return roles(person, position, home, age[person], one)


def composition(
    families: Ints, spare: int, minors: int, adults: float, a: SynthesisAssumptions
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


@dataclass(frozen=True)
class Ancestors:
    """The parents, grandparents, ... of each family: one or two persons; (generation,)."""

    family: Ints
    position: Ints
    man: Floats  # age that suits him [quarters]
    woman: Floats
    pair: Bools


@dataclass(frozen=True)
class AdultSlots:
    """Positions that adults may take; (slot,)."""

    home: Ints
    position: Ints
    sex: Ints
    suits: Floats  # age [quarters], AS_COUPLE or BY_ONESELF


def siblings(age: Ints, families: Ints, a: SynthesisAssumptions, rng: Generator) -> Ints:
    """Which family each child lives in: one at least in each, siblings of like age, (child,)."""
    several, above, further = int(families.sum()), int(families[1:].sum()), a.row("next_child")
    young = a.by_age("young_grandchild")[age // 4]
    grandchild = weighted_sample(young, above, rng)
    others = np.setdiff1d(np.arange(len(age)), grandchild, assume_unique=True)
    likely = np.where(age[others] < ADULT, 1.0, a["adult_first"])
    eldest = rng.permutation(others[weighted_sample(likely, several - above, rng)])
    first = np.append(eldest, grandchild)
    family = np.empty(len(age), np.int64)
    family[first] = np.arange(several)

    rest = np.setdiff1d(np.arange(len(age)), first, assume_unique=True)
    if len(rest):
        chances = np.pad(further, (0, max(-(-len(rest) // several) - len(further), 0)), "edge")
        joined = weighted_sample(np.tile(chances, several), len(rest), rng) // len(chances)
        gap = rng.normal(4 * a["sibling_gap"], 4 * a["sibling_gap_sd"], len(rest))
        suits = age[first[joined]] + rng.choice([-1, 1], len(rest)) * gap
        family[rest[rank_match(suits, age[rest])]] = joined
    return family


def ancestors(
    age: Ints,
    family: Ints,
    families: Ints,
    pairs: tuple[int, int],
    a: SynthesisAssumptions,
    rng: Generator,
) -> Ancestors:
    """Ancestors of families, of an age that suits the children's.

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
    alive = a.by_age("elders_together")[np.clip(older // 4, 0, AGES - 1).astype(np.int64)]
    pair = np.zeros(several + len(older), bool)
    pair[weighted_sample(np.ones(several), pairs[0], rng)] = True
    pair[several + weighted_sample(alive, pairs[1], rng)] = True
    return Ancestors(
        family=np.concatenate([np.arange(f, several) for f in (0, two, two + three)]),
        position=np.repeat([FIRST, ELDER, GREAT], [several, three + four, four]),
        man=np.append(man, older + later(len(older), "spouse_gap")),
        woman=np.append(mother, older),
        pair=pair,
    )


def adult_slots(
    elders: Ancestors, one: int, couples: int, sexes: tuple[int, int], a: SynthesisAssumptions,
    rng: Generator,
) -> AdultSlots:  # fmt: skip
    """Slots for all adults: couples' first, then those of lone ancestors and of people alone.

    Partners are a man and a woman; should one sex run out, as it may in a sample of a few rows,
    the last pairs are of the other.
    """
    men, women = sexes
    both, single = elders.pair, ~elders.pair
    pairs, lone = int(both.sum()) + couples, int(single.sum())
    unlike = min(pairs, men, women)
    alike = MALE if men > women else FEMALE
    unpaired = men - unlike - (2 * (pairs - unlike) if alike == MALE else 0)
    men_lone = min(max(round(a["lone_elder_men"] * lone), unpaired - one), lone, unpaired)
    men_alone = unpaired - men_lone

    first, partner = np.full(pairs, MALE), np.full(pairs, FEMALE)
    first[unlike:] = partner[unlike:] = alike
    lone_sex = rng.permutation(np.repeat([MALE, FEMALE], [men_lone, lone - men_lone]))
    lone_suits = np.where(lone_sex == MALE, elders.man[single], elders.woman[single])
    family = one + couples + elders.family
    home = np.append(family[both], one + np.arange(couples))
    position = np.append(elders.position[both], np.full(couples, FIRST))
    as_couple, alone = np.full(couples, AS_COUPLE), np.full(one, BY_ONESELF)
    he, she = np.append(elders.man[both], as_couple), np.append(elders.woman[both], as_couple)
    return AdultSlots(
        home=np.concatenate([home, home, family[single], np.arange(one)]),
        position=np.concatenate(
            [position, position + 1, elders.position[single], np.full(one, FIRST)]
        ),
        sex=np.concatenate(
            [first, partner, lone_sex, np.repeat([MALE, FEMALE], [men_alone, one - men_alone])]
        ),
        suits=np.concatenate([he, she, lone_suits, alone]),
    )


def fill_slots(
    people: Ints, age: Ints, sex: Ints, slots: AdultSlots, a: SynthesisAssumptions, rng: Generator
) -> Ints:
    """Who takes each slot: men and women by rank of age, (slot,)."""
    theirs = [np.flatnonzero(slots.sex == which) for which in (MALE, FEMALE)]
    who = [people[sex[people] == which] for which in (MALE, FEMALE)]
    there = [np.bincount(age[w] // 4, minlength=AGES) for w in who]
    left = [unclaimed(t, slots.suits[s]) for t, s in zip(there, theirs, strict=True)]
    couples = coupled(left[MALE], left[FEMALE], int((slots.suits == AS_COUPLE).sum()) / 2, a)

    taken = np.empty(len(slots.home), np.int64)
    for which in (MALE, FEMALE):
        suits, own = slots.suits[theirs[which]], there[which] * TINY
        pair, alone = suits == AS_COUPLE, suits == BY_ONESELF
        rest = np.convolve(np.maximum(left[which] - couples[which], 0), BROAD, "same")
        suits[pair] = drawn_ages(couples[which] + own, int(pair.sum()), rng)
        if which == FEMALE:
            suits[pair] += rng.normal(0, 4 * a["spouse_gap_sd"], pair.sum())
        suits[alone] = drawn_ages(rest + own, int(alone.sum()), rng)
        taken[theirs[which]] = who[which][rank_match(suits, age[who[which]])]
    return taken


def unclaimed(there: Ints, suits: Floats) -> Floats:
    """People by single year of age whom the claims on others leave, (age,)."""
    years = np.clip(suits[suits >= 0] // 4, 0, AGES - 1).astype(np.int64)
    claims = np.bincount(years, minlength=AGES)
    left: Floats = np.maximum(there - claims, 0).astype(np.float64)
    return left


def coupled(
    men: Floats, women: Floats, couples: float, a: SynthesisAssumptions
) -> tuple[Floats, Floats]:
    """Husbands and wives without children at home, by single year of age, two of (age,).

    Couples form where there are both men and women of fitting age, the more so at the ages at
    which more people live as couples than alone.
    """
    gap = round(a["spouse_gap"])
    husbands = np.append(np.convolve(men, NARROW, "same")[gap:], np.zeros(gap))
    most = np.minimum(husbands, np.convolve(women, NARROW, "same"))
    both, alone = a.by_age("couple_only"), a.by_age("alone")
    wives = most * both / np.maximum(both + alone, TINY)
    for _ in range(20):
        wives = np.minimum(wives * (couples / max(wives.sum(), TINY)), most)
    return np.append(np.zeros(gap), wives[: AGES - gap]), wives


def drawn_ages(number: Floats, n: int, rng: Generator) -> Floats:
    """`n` ages in order [quarters], spread as `number` by single year of age, (n,)."""
    return 4 * np.sort(np.repeat(np.arange(AGES), controlled_rounding(number, n)) + rng.random(n))


def roles(person: Ints, position: Ints, home: Ints, age: Ints, one: int) -> Homes:
    """Who heads a household, who decides for oneself, and who depends on others."""
    role = np.full(len(person), DEPENDENT)
    role[position == FIRST] = HEAD
    role[(position == CHILD) & (age >= ADULT)] = SINGLE
    role[home < one] = ALONE
    youngest = np.full(int(home.max(initial=-1)) + 1, ADULT)
    np.minimum.at(youngest, home[position == CHILD], age[position == CHILD])
    parent = (role == HEAD) & (youngest[home] < ADULT)
    return Homes(person, home, position, role, np.where(parent, youngest[home], NO_CHILD))


def rings(home: Ints) -> Ints:
    """The next row of the same household, round and round, (row,); households are adjacent."""
    begins = np.flatnonzero(np.diff(home, prepend=-1))
    following = np.arange(1, len(home) + 1)
    following[np.append(begins[1:], len(home)) - 1] = begins
    return following
