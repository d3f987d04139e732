"""Demographic accounts: every change of a population has a cause, to the last person.

The ledger of a quarter is checked against a count of everyone; urban growth is split by cause; and
who moved is kept for the whole run.
"""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from xiancheng.sim import kernels, strata
from xiancheng.sim.places import Places, town
from xiancheng.sim.places import villages as villages_of
from xiancheng.sim.state import Floats, Ints
from xiancheng.sim.strata import AGED, Clock, Traits


class UnbalancedBooksError(ArithmeticError):
    """A process changed people without an entry in the ledger; the run stops."""


@dataclass
class Flows:
    """What happened in a quarter [persons], in whole numbers.

    Places are those of `Units.place`: the towns and villages of each county, then the rest of the
    province, the rest of the country, and the dead.
    """

    births: Ints  # (place, sex)
    deaths: Ints  # (place, sex)
    moves: Ints  # (from place, to place, sex) of people already on the register
    entries: Ints  # (2 origins outside, to place, sex) of people new to it
    recoded: Ints  # (place, sex) net, of residents of villages whose code changed

    @classmethod
    def none(cls, places: int) -> Self:
        """A quarter in which nothing happens."""
        shapes = [(places, 2), (places, 2), (places, places, 2), (2, places, 2), (places, 2)]
        return cls(*(np.zeros(shape, np.int64) for shape in shapes))

    @property
    def net(self) -> Ints:
        """What the quarter adds to each place, (place, sex)."""
        migration = self.moves.sum(axis=0) - self.moves.sum(axis=1) + self.entries.sum(axis=0)
        return self.births - self.deaths + migration + self.recoded


def check(before: Ints, flows: Flows, after: Ints) -> None:
    """Raise unless opening stock plus flows is the closing stock of every place and sex.

    Parameters
    ----------
    before, after : (place, sex) persons, the place of the dead left out

    Raises
    ------
    UnbalancedBooksError
        With the worst place and all its numbers.
    """
    gap = after - before - flows.net[: len(before)]
    if gap.any():
        place, sex = np.unravel_index(np.argmax(abs(gap)), gap.shape)
        causes = {f.name: getattr(flows, f.name) for f in fields(flows)}
        text = (
            f"births {causes['births'][place, sex]:+d}, deaths {-causes['deaths'][place, sex]:+d}, "
            f"moves in {causes['moves'][:, place, sex].sum():+d}, "
            f"moves out {-causes['moves'][place, :, sex].sum():+d}, "
            f"entries {causes['entries'][:, place, sex].sum():+d}, "
            f"recoded {causes['recoded'][place, sex]:+d}"
        )
        raise UnbalancedBooksError(
            f"place {place}, sex {sex}: {before[place, sex]} residents and {text} should leave "
            f"{before[place, sex] + flows.net[place, sex]}, but {after[place, sex]} are there; "
            "a process changed people without an entry in the ledger"
        )


@dataclass(frozen=True)
class Growth:
    """Why the urban population of each county changed in a quarter [persons], each (county,)."""

    natural: Ints
    in_own_village: Ints
    in_nearby: Ints
    in_province: Ints
    in_country: Ints
    out_own_village: Ints
    out_nearby: Ints
    out_province: Ints
    out_country: Ints
    recoding: Ints
    residents: Ints  # change of all residents: the rate's denominator

    @property
    def migration(self) -> Ints:
        """Net migration into the town, (county,)."""
        arrived = self.in_own_village + self.in_nearby + self.in_province + self.in_country
        left = self.out_own_village + self.out_nearby + self.out_province + self.out_country
        return arrived - left

    @property
    def total(self) -> Ints:
        """All of the growth, (county,)."""
        return self.natural + self.migration + self.recoding


def growth(flows: Flows, counties: int) -> Growth:
    """Split the quarter's urban growth by cause; the causes add up to all of it."""
    places, every = Places(counties), np.arange(counties)
    towns, villages = town(every), villages_of(every)
    moves, entries = flows.moves.sum(axis=2), flows.entries.sum(axis=2)
    inside, province, country = slice(0, places.inside), places.province, places.country
    into, out = moves[inside, towns].sum(axis=0), moves[towns, inside].sum(axis=1)
    from_village, to_village = moves[villages, towns], moves[towns, villages]
    net = flows.net.sum(axis=1)
    return Growth(
        natural=(flows.births - flows.deaths)[towns].sum(axis=1),
        in_own_village=from_village,
        in_nearby=into - from_village - moves[towns, towns],
        in_province=moves[province, towns] + entries[0, towns],
        in_country=moves[country, towns] + entries[1, towns],
        out_own_village=to_village,
        out_nearby=out - to_village - moves[towns, towns],
        out_province=moves[towns, province],
        out_country=moves[towns, country],
        recoding=flows.recoded[towns].sum(axis=1),
        residents=net[towns] + net[villages],
    )


def portion(amounts: Ints, days: int, of: int) -> Ints:
    """What `days` of `of` make of whole numbers, in whole numbers, (..., any).

    Running sums along the last axis are rounded to the nearest whole number, so that their total
    is off by half a unit at most.
    """
    running = np.cumsum(amounts, axis=-1)
    return np.diff((2 * days * running + of) // (2 * of), axis=-1, prepend=0)


def portion_of_growth(change: Growth, days: int, of: int) -> Growth:
    """The growth of the first `days` of a quarter of `of` days, each number rounded by itself."""
    parts = {name: portion(each[:, None], days, of) for name, each in vars(change).items()}
    return Growth(**{name: part[:, 0] for name, part in parts.items()})


def rate_change(urban: Ints, residents: Ints, change: Growth) -> dict[str, Floats]:
    r"""The change of the urban share by cause [percentage points], each (county,).

    .. math:: \Delta u = (\Delta U - u \Delta P) / P'

    Parameters
    ----------
    urban, residents : (county,) persons before the change
    """
    after = np.maximum(residents + change.residents, 1)
    share = np.divide(urban, residents, out=np.zeros(len(urban)), where=residents > 0)
    points = 100 / after
    return {
        "natural": change.natural * points,
        "migration": change.migration * points,
        "recoding": change.recoding * points,
        "denominator": -share * change.residents * points,
    }


# Who moved


ENDS = ("village", "town", "nearby", "province", "country")  # where a move begins or ends
NEARBY, PROVINCE = 2, 3
GROUP = np.empty(strata.BANDS, np.int64)  # age group of each band
for _group, _bands in enumerate(AGED.values()):
    GROUP[_bands] = _group


@dataclass
class Movers:
    """Persons who moved so far, a column for each thing that matters.

    A move between two counties stands in the line of each: of the one it leaves it ends `nearby`,
    of the other it begins there. Moves within a county's town, or within its villages, are left
    out, and so are those who were never in the region.
    """

    persons: Ints  # (county, from, to, age group, sex, education, situation)

    @classmethod
    def none(cls, counties: int) -> Self:
        """Nobody has moved yet."""
        ends = len(ENDS)
        of_person = (len(AGED), strata.SEXES, strata.EDUCATIONS, strata.SITUATIONS)
        return cls(np.zeros((counties, ends, ends, *of_person), np.int64))

    def until(self, later: Ints, days: int, of: int) -> Ints:
        """The moves up to `days` after these, where `later` holds those up to `of` days after.

        Rounded so that moves between two ends agree with those of `portion_of_growth`.
        """
        lines = self.persons.shape[:3]
        between = (later - self.persons).reshape(*lines, -1)
        return self.persons + portion(between, days, of).reshape(self.persons.shape)

    def add(
        self, start: Ints, end: Ints, born: Ints, child: Ints, traits: Traits, weight: Ints,
        quarter: int,
    ) -> None:  # fmt: skip
        """Enter people who moved from place to place, each (mover,)."""
        clock, bits = Clock.at(quarter), np.uint16
        kernels.count_movers(
            start, end, born.view(bits), child.view(bits), traits, weight, clock.band, GROUP,
            clock.stage, strata.STRATUM_OF, strata.EDUCATIONS * strata.SEXES,
            Places(len(self.persons)).inside, self.persons,
        )  # fmt: skip
