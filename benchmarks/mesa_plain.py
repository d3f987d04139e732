"""The plain Mesa reference: one `mesa.Agent` for each resident, the same rules, told one by one.

Written as one would who knows Python: tables are nested lists, households are lists of agents, and
whoever meets no event costs a few lookups and draws.
"""

from collections import Counter, defaultdict
from dataclasses import fields
from random import Random
from typing import Any

import mesa
import numpy as np

from benchmarks.numpy_people import rings
from benchmarks.told import Look, Told
from sim import households, migration
from sim.kernel import LONE, WHOLE, WITH_CHILD
from sim.kinds import COUPLE, PRIMARY_CHILD, education_of, role_of, sex_of, work_of
from sim.state import (
    ALONE, DEPENDENT, FARM, FEMALE, HEAD, INDUSTRY, MALE, NEVER, NO_WORK, OWNS_FLAT, PRIMARY, SINGLE, People,
)  # fmt: skip

OUTSIDE = -1
BITS = 0xFFFF
AGE_CLASS = migration.AGE_CLASS.tolist()


class Tables:
    """What every engine is told, with tables as nested lists."""

    def __init__(self, told: Told) -> None:
        for field in fields(told):
            value = getattr(told, field.name)
            setattr(self, field.name, value.tolist() if isinstance(value, np.ndarray) else value)
        self.nest = told.alternatives.nest.tolist()
        self.mode = told.alternatives.mode.tolist()
        self.county = told.alternatives.county.tolist()
        self.adult = told.now - 4 * households.GROWN  # born then, or earlier
        self.exp_death: None = None


class Resident(mesa.Agent):
    """A person."""

    model: "MesaPeople"

    def __init__(self, model: mesa.Model, household: list["Resident"], **traits: Any) -> None:
        super().__init__(model)
        self.__dict__.update(traits)
        self.household = household
        household.append(self)

    @property
    def place(self) -> int:
        """Where they live."""
        return self.model.told.place[self.unit]

    @property
    def band(self) -> int:
        """How old they are."""
        return self.model.told.band[self.born & BITS]

    @property
    def situation(self) -> int:
        """Who decides, and for whom."""
        if self.role == HEAD:
            return COUPLE + self.model.told.stage[self.child & BITS]
        return self.role

    def come_of_age(self) -> None:
        """Leave school, if eighteen."""
        t = self.model.told
        if self.role == DEPENDENT and t.adult - 4 < self.born <= t.adult:
            u = self.model.random.random()
            self.education = int(households.education_reached(u, t.parameters))
            self.role = SINGLE

    def meet_luck(self) -> None:
        """Meet the quarter's luck; the model deals with what was met in the order of the tick."""
        model = self.model
        t, luck, met = model.told, model.random.random, model.met
        place, band, role = t.place[self.unit], t.band[self.born & BITS], self.role
        inside = place < 2 * t.towns
        if luck() < t.death[place][band][self.sex]:
            met["death"].append(self)
            return
        if inside:
            if self.sex == FEMALE and (role == DEPENDENT or role == HEAD):
                birth = t.birth[place][band]
                if birth and luck() < birth:
                    met["birth"].append(self)
            elif role in (SINGLE, ALONE) and luck() < t.marriage[place][band][self.sex]:
                met["marriage"].append(self)
            if self.work >= INDUSTRY:
                if luck() < t.separation[place][band][self.work]:
                    met["separation"].append(self)
            else:
                hire = t.hire[place][band][self.work][self.education]
                if hire and luck() < hire:
                    met["hire"].append(self)
        away = place != t.place[self.hukou]
        if role != DEPENDENT:
            if inside:
                situation = self.situation
                hazard = t.leaving[place][self.flat][band][situation]
                if hazard:
                    hazard *= t.by_duration[self.since & BITS] * t.by_village[self.unit]
                    if situation == PRIMARY_CHILD:
                        hazard *= t.by_closure[self.unit]
                    # u < 1 - exp(-h) where an exponential time with hazard h is over
                    if model.random.expovariate(hazard) < t.years:
                        met["leaving"].append(self)
            if away and luck() < t.going_back[band]:
                met["return"].append(self)
            if role >= ALONE and t.resettling[place] and luck() < t.resettling[place]:
                met["resettling"].append(self)
        if away and t.settling[place] and luck() < t.settling[place]:
            met["settling"].append(self)

    def bear(self) -> None:
        """Have a child."""
        t, household = self.model.told, self.household
        sex = MALE if self.model.random.random() < t.parameters.boys_per_birth else FEMALE
        parent = next((m for m in household if m.role == HEAD), self)
        parent.child = t.now
        Resident(
            self.model, household, born=t.now, child=int(NEVER), unit=self.unit, hukou=self.hukou,
            before=self.before, since=self.since, sex=sex, education=PRIMARY, role=DEPENDENT,
            work=NO_WORK, flat=self.flat, weight=self.weight,
        )  # fmt: skip

    def leave_household(self) -> None:
        """Those left behind carry on: the one nearest in age as head, or alone."""
        left = self.household
        left.remove(self)
        self.household = [self]
        if left:
            heir = min(left, key=lambda member: abs(member.born - self.born))
            if self.role == HEAD:
                heir.role, heir.child = HEAD, max(heir.child, self.child)
            if len(left) == 1:
                heir.role = ALONE

    def leave_home(self) -> None:
        """Keep a household of one's own."""
        self.leave_household()
        self.role = ALONE

    def party(self, mode: int) -> list["Resident"]:
        """Who goes along."""
        if mode == LONE:
            return [self]
        near = [m for m in self.household if m.unit == self.unit]
        if mode == WHOLE:
            return near
        adult = self.model.told.adult
        grown = [m for m in near if m is not self and m.born <= adult]
        carer = min(grown, key=lambda m: abs(m.born - self.born), default=self)
        return [m for m in near if m.born > adult or m is carer]

    def move(self, mode: int, goal: int) -> None:
        """Move to the unit `goal`, unless one has moved this quarter."""
        now = self.model.told.now
        if self.since == now:
            return
        if mode == LONE and self.role == SINGLE:
            self.leave_home()
        for member in self.party(mode):
            if member.since != now:
                member.relocate(goal)

    def relocate(self, goal: int) -> None:
        """Live elsewhere, and leave the job one cannot keep."""
        t = self.model.told
        start, end = t.place[self.unit], t.place[goal]
        if t.now - self.since > 1:
            self.before = self.unit
        self.unit, self.since = goal, t.now
        if start != end and (start // 2 != end // 2 or self.work == FARM):
            farms = end % 2 == 1 and end < 2 * t.towns and self.born <= t.adult
            self.work = FARM if farms else NO_WORK


class MesaPeople(mesa.Model):
    """Everyone, stepped a quarter at a time."""

    random: Random

    def __init__(self, people: People, seed: int) -> None:
        super().__init__(rng=seed)
        self.random = Random(seed)
        self.told: Any = None
        self.settlers(people, rings(people.mate).tolist())

    def settlers(self, people: People, homes: list[int]) -> None:
        """Make residents of rows."""
        traits, shared = people.traits, defaultdict[int, list[Resident]](list)
        columns = {
            **{n: getattr(people, n) for n in ("born", "child", "unit", "hukou", "before", "since")},
            "sex": sex_of(traits), "education": education_of(traits), "role": role_of(traits),
            "work": work_of(traits), "flat": people.flags & OWNS_FLAT, "weight": people.weight,
        }  # fmt: skip
        lists = [column.tolist() for column in columns.values()]
        for home, *row in zip(homes, *lists, strict=True):
            Resident(self, shared[home], **dict(zip(columns, row, strict=True)))

    def look(self) -> Look:
        """What an onlooker sees; the dead are where no agent is."""
        last = next(mesa.Agent._ids[self]) if False else max(a.unique_id for a in self.agents)
        names = ("born", "unit", "hukou", "role", "work")
        seen = np.zeros((len(names), max(last, self.rows())), np.int64)
        seen[1] = self.gone
        for a in self.agents:
            seen[:, a.unique_id - 1] = a.born, a.unit, a.hukou, a.role, a.work
        return Look(*seen)
