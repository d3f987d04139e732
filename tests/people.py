"""The synthetic population of the shipped pack, with what follows from its columns."""

from datetime import date

import numpy as np
import pytest

from xiancheng.calibration.population.synthesis import build
from xiancheng.calibration.region import load
from xiancheng.sim import strata
from xiancheng.sim.state import (
    COLLECTIVE,
    DEPENDENT,
)  # fmt: skip

THEN, NOW = date(2010, 11, 1), date(2020, 11, 1)
BINZHOU = load("binzhou")
CENSUSES = pytest.mark.parametrize("census", [THEN, NOW], ids=["2010", "2020"])


class BuiltPeople:
    """A population with what follows from its columns, (row,) unless said otherwise."""

    def __init__(self, census=NOW, scale=0.02, seed=1):
        built = build(BINZHOU, census, scale=scale, seed=seed)
        self.made, self.p, self.units = built, built.people, built.units
        self.now = 4 * (census.year - 1900) + 3
        self.age = (self.now - self.p.born.astype(int)) / 4
        self.sex, self.role = strata.sex_of(self.p.traits), strata.role_of(self.p.traits)
        self.level, self.work = strata.education_of(self.p.traits), strata.work_of(self.p.traits)
        self.place = self.units.place()[self.p.unit]
        self.resident = self.p.unit < self.units.elsewhere
        self.town = self.resident & (self.place % 2 == 0)
        self.village = self.resident & (self.place % 2 == 1)
        self.collective = self.p.flags & COLLECTIVE > 0
        self.moved = self.resident & (self.p.hukou != self.p.unit)
        starts = np.append(True, self.p.next_member[:-1] != np.arange(1, len(self.p)))
        self.home = np.cumsum(starts) - 1
        self.first = np.flatnonzero(starts)  # (home,) its first row
        self.size = np.bincount(self.home)  # (home,)
        self.head = self.first[self.home]
        self.family = (self.resident & ~self.collective)[self.first]  # (home,)

    def couples(self):
        """Heads and their partners, who stand next, (couple,) twice."""
        heads = self.first[self.size > 1]
        partner = heads + 1
        both = (self.role[partner] == DEPENDENT) & (self.sex[partner] != self.sex[heads])
        both &= abs(self.age[partner] - self.age[heads]) < 15
        return heads[both], partner[both]


NOWADAYS, BACK_THEN = BuiltPeople(NOW), BuiltPeople(THEN)
BOTH = pytest.mark.parametrize("seen", [BACK_THEN, NOWADAYS], ids=["2010", "2020"])


def worst(built):
    """The largest error of each margin over the counties."""
    return built.fit_report(BINZHOU).groupby("margin")["srmse"].max()
