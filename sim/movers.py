"""Who moves: every move of a run, by what kind of person and from where to where."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from sim import kinds
from sim.accounts import portion
from sim.kinds import AGED, Clock, Traits
from sim.state import Ints

ENDS = ("village", "town", "nearby", "province", "country")  # where a move begins or ends
NEARBY, PROVINCE = 2, 3
GROUP = np.empty(kinds.BANDS, np.int64)  # age group of each band
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
        of_person = (len(AGED), kinds.SEXES, kinds.EDUCATIONS, kinds.SITUATIONS)
        return cls(np.zeros((counties, ends, ends, *of_person), np.int64))

    def until(self, later: Ints, days: int, of: int) -> Ints:
        """The moves up to `days` after these, where `later` holds those up to `of` days after.

        Rounded so that moves between two ends agree with those of `accounts.portion_of_growth`.
        """
        lines = self.persons.shape[:3]
        between = (later - self.persons).reshape(*lines, -1)
        return self.persons + portion(between, days, of).reshape(self.persons.shape)

    def add(
        self, start: Ints, end: Ints, born: Ints, child: Ints, traits: Traits, weight: Ints,
        quarter: int,
    ) -> None:  # fmt: skip
        """Enter people who moved from place to place, each (mover,)."""
        inside = 2 * len(self.persons)
        clock = Clock.at(quarter)
        of_person = (
            GROUP[clock.band[born.view(np.uint16)]], kinds.sex_of(traits),
            kinds.education_of(traits), clock.situation(traits, child),
        )  # fmt: skip
        leaves, comes = start < inside, end < inside
        within = leaves & comes & (start // 2 == end // 2)
        from_end, to_end = (self._end(place, inside) for place in (start, end))
        nearby = np.full(len(start), NEARBY)
        lines = (
            (within & (start != end), start // 2, from_end, to_end),
            (leaves & ~within, start // 2, from_end, np.where(comes, nearby, to_end)),
            (comes & ~within, end // 2, np.where(leaves, nearby, from_end), to_end),
        )
        shape = self.persons.shape
        person = np.ravel_multi_index(of_person, shape[3:])
        cells, size = self.persons.reshape(-1), np.prod(shape[3:], dtype=np.int64)
        for which, county, begun, ended in lines:
            ends = (county * shape[1] + begun) * shape[2] + ended
            np.add.at(cells, (ends * size + person)[which], weight[which])

    @staticmethod
    def _end(place: Ints, inside: int) -> Ints:
        """What a place is to a county that it belongs to, or that lies elsewhere."""
        return np.where(place < inside, 1 - place % 2, PROVINCE + place - inside)
