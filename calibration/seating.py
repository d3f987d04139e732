"""Seating: people take the seats of households that suit their age.

Children come first, siblings of like age together. Their ages say what age suits a parent's and a
grandparent's seat. Couples and those who live alone take what families leave: couples where there
are both men and women, the others where one sex is short of partners. Men and women then take
seats by rank of age, so gaps between generations and spouses stay near their usual size and every
age group is used up exactly.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from xiancheng.calibration.fitting import AGES, TINY, Assumptions, matched, pick, whole
from xiancheng.sim.state import FEMALE, MALE, Bools, Floats, Ints

# Posts in a household, in the order of its rows; a partner's post follows the other's.
FIRST, CHILD, ELDER, GREAT = 0, 2, 3, 5
POSTS = 8

ADULT = 72  # quarters
AS_COUPLE, BY_ONESELF = -2.0, -1.0  # in place of an age that suits
NARROW, BROAD = np.full(5, 1 / 5), np.full(15, 1 / 15)  # windows over single years of age


@dataclass(frozen=True)
class Forebears:
    """The parents, grandparents, ... of each family: one or two persons; (generation,)."""

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


def forebears(
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
    alive = a.by_age("elders_together")[np.clip(older // 4, 0, AGES - 1).astype(np.int64)]
    pair = np.zeros(several + len(older), bool)
    pair[pick(np.ones(several), pairs[0], rng)] = True
    pair[several + pick(alive, pairs[1], rng)] = True
    return Forebears(
        family=np.concatenate([np.arange(f, several) for f in (0, two, two + three)]),
        post=np.repeat([FIRST, ELDER, GREAT], [several, three + four, four]),
        man=np.append(man, older + later(len(older), "spouse_gap")),
        woman=np.append(mother, older),
        pair=pair,
    )


def seats_of(
    elders: Forebears, one: int, couples: int, sexes: tuple[int, int], a: Assumptions,
    rng: Generator,
) -> Seats:  # fmt: skip
    """Seats for all adults: couples' first, then those of lone forebears and of people alone.

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
    post = np.append(elders.post[both], np.full(couples, FIRST))
    as_couple, alone = np.full(couples, AS_COUPLE), np.full(one, BY_ONESELF)
    he, she = np.append(elders.man[both], as_couple), np.append(elders.woman[both], as_couple)
    return Seats(
        home=np.concatenate([home, home, family[single], np.arange(one)]),
        post=np.concatenate([post, post + 1, elders.post[single], np.full(one, FIRST)]),
        sex=np.concatenate(
            [first, partner, lone_sex, np.repeat([MALE, FEMALE], [men_alone, one - men_alone])]
        ),
        suits=np.concatenate([he, she, lone_suits, alone]),
    )


def take_seats(
    people: Ints, age: Ints, sex: Ints, seats: Seats, a: Assumptions, rng: Generator
) -> Ints:
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
        suits[pair] = drawn_ages(couples[which] + own, int(pair.sum()), rng)
        if which == FEMALE:
            suits[pair] += rng.normal(0, 4 * a["spouse_gap_sd"], pair.sum())
        suits[alone] = drawn_ages(rest + own, int(alone.sum()), rng)
        taken[theirs[which]] = who[which][matched(suits, age[who[which]])]
    return taken


def unclaimed(there: Ints, suits: Floats) -> Floats:
    """People by single year of age whom the claims on others leave, (age,)."""
    years = np.clip(suits[suits >= 0] // 4, 0, AGES - 1).astype(np.int64)
    claims = np.bincount(years, minlength=AGES)
    left: Floats = np.maximum(there - claims, 0).astype(np.float64)
    return left


def coupled(men: Floats, women: Floats, couples: float, a: Assumptions) -> tuple[Floats, Floats]:
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
    return 4 * np.sort(np.repeat(np.arange(AGES), whole(number, n)) + rng.random(n))
