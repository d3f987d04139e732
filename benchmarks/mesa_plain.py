"""The plain Mesa reference: one `mesa.Agent` for each resident, the same rules, read one by one.

Written as one would who knows Python: tables are nested lists, households are lists of agents, and
whoever meets no event costs a few lookups and draws.
"""

from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import fields
from math import expm1
from typing import Any

import mesa
import numpy as np

from benchmarks.numpy_people import rings, unpacked
from benchmarks.recorded import Look, QuarterTables
from xiancheng.sim import demography, departure, labour, strata
from xiancheng.sim.destination import AGE_CLASS as AGE_CLASSES
from xiancheng.sim.destination import COUNTRY, OWN_TOWN, STAY
from xiancheng.sim.kernels import LONE, WHOLE
from xiancheng.sim.population import GENERATION
from xiancheng.sim.state import (
    ALONE,
    COLLEGE,
    DEPENDENT,
    FARM,
    FEMALE,
    HEAD,
    INDUSTRY,
    MALE,
    NEVER,
    NO_WORK,
    PRIMARY,
    SINGLE,
    People,
)  # fmt: skip
from xiancheng.sim.strata import COUPLE, PRIMARY_CHILD, SECONDARY_CHILD

OUTSIDE = -1
BITS = 0xFFFF
AGE_CLASS = AGE_CLASSES.tolist()

# Who decided, in which mode, to the town of which county, to which unit or -1, waits for a dwelling
Party = tuple["Resident", int, int, int, bool]


class Tables:
    """What every engine is given, with tables as nested lists."""

    def __init__(self, tables: QuarterTables) -> None:
        for field in fields(tables):
            value = getattr(tables, field.name)
            setattr(self, field.name, value.tolist() if isinstance(value, np.ndarray) else value)
        self.nest = tables.alternatives.nest.tolist()
        self.mode = tables.alternatives.mode.tolist()
        self.county = tables.alternatives.county.tolist()
        self.adult = tables.now - 4 * strata.GROWN  # born then, or earlier
        self.pupil = tables.now - 4 * departure.JUNIOR_AGE
        self.turned_rural = set(np.flatnonzero(tables.turned_rural).tolist())


class Resident(mesa.Agent):
    """A person."""

    model: "MesaPeople"

    def __init__(self, model: mesa.Model, household: list["Resident"], **traits: Any) -> None:
        super().__init__(model)
        self.__dict__.update(traits)
        self.household = household
        household.append(self)
        self.model.everyone.append(self)

    @property
    def place(self) -> int:
        """Where they live."""
        return self.model.tables.place[self.unit]

    @property
    def band(self) -> int:
        """How old they are."""
        return self.model.tables.band[self.born & BITS]

    @property
    def situation(self) -> int:
        """Who decides, and for whom."""
        if self.role == HEAD:
            return COUPLE + self.model.tables.stage[self.child & BITS]
        return self.role

    @property
    def in_village(self) -> bool:
        """Whether they live in a village of the region."""
        place = self.place
        return place % 2 == 1 and place < 2 * self.model.tables.towns

    @property
    def head(self) -> "Resident | None":
        """Who heads the household."""
        return next((m for m in self.household if m.role == HEAD), None)

    def begin_school_year(self) -> None:
        """Leave school, if eighteen; enter junior school, if twelve."""
        t = self.model.tables
        if self.role == DEPENDENT and t.adult - 4 < self.born <= t.adult:
            u = self.model.random.random()
            self.education = int(demography.education_reached(u, t.parameters))
            self.role = SINGLE
            if self.education == COLLEGE:
                self.model.met["student"].append(self)
        elif t.pupil - 4 < self.born <= t.pupil:
            self.model.met["pupil"].append(self)

    def leaving_chance(self, place: int, band: int) -> float:
        """How likely they reconsider where to live."""
        t, situation = self.model.tables, self.situation
        hazard = t.leaving[place][self.flat][band][situation]
        if hazard:
            hazard *= t.by_duration[self.moved_at & BITS] * t.by_village[self.unit] * t.years
            if situation == PRIMARY_CHILD:
                hazard *= t.by_closure[self.unit]
        return -expm1(-hazard)

    def draw_events(self) -> None:
        """Draw the quarter's events; the model deals with them in the order of the tick."""
        model = self.model
        t, uniform, met = model.tables, model.random.random, model.met
        place, band, role = t.place[self.unit], t.band[self.born & BITS], self.role
        inside = place < 2 * t.towns
        if uniform() < t.death[place][band][self.sex]:
            met["death"].append(self)
            return
        if inside:
            if self.sex == FEMALE and role in (DEPENDENT, HEAD):
                birth = t.birth[place][band]
                if birth and uniform() < birth:
                    met["birth"].append(self)
            elif role in (SINGLE, ALONE) and uniform() < t.marriage[place][band][self.sex]:
                met["marriage"].append(self)
            u, work = uniform(), self.work  # a farmer may find work or give up, but not both
            if work > NO_WORK and 1 - u <= t.separation[place][band][work]:
                met["separation"].append(self)
            elif work < INDUSTRY and u < t.hire[place][band][work][self.education]:
                met["hire"].append(self)
        away = place != t.place[self.hukou]
        if role != DEPENDENT:
            if inside:
                u = uniform()
                if u < self.leaving_chance(place, band):
                    model.may_leave.append((self, u))
            if away and uniform() < t.going_back[place][band][self.education]:
                met["return"].append(self)
            if role >= ALONE and t.resettling[place] and uniform() < t.resettling[place]:
                met["resettling"].append(self)
        if away and t.settling[place] and uniform() < t.settling[place]:
            met["settling"].append(self)

    def stop_work(self) -> None:
        """Work ends; a villager may go back to the land."""
        farms = self.work >= INDUSTRY and self.in_village
        u = self.model.random.random()
        farms = farms and labour.back_to_land(u, self.model.tables.parameters)
        self.work = FARM if farms else NO_WORK

    def bear(self) -> None:
        """Have a child."""
        t, household = self.model.tables, self.household
        sex = MALE if self.model.random.random() < t.parameters.boys_per_birth else FEMALE
        (self.head or self).child = t.now
        Resident(
            self.model, household, born=t.now, child=int(NEVER), unit=self.unit, hukou=self.hukou,
            previous_unit=self.previous_unit, moved_at=self.moved_at, sex=sex,
            education=PRIMARY, role=DEPENDENT, work=NO_WORK, flat=self.flat, weight=self.weight,
        )  # fmt: skip

    def leave_household(self) -> None:
        """Those left behind carry on: the grown one nearest in age as head, or alone."""
        left, adult = self.household, self.model.tables.adult
        left.remove(self)
        self.household = [self]
        if left:
            heir = min(left, key=lambda m: (m.born > adult, abs(m.born - self.born)))
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
        adult = self.model.tables.adult
        grown = [m for m in near if m is not self and m.born <= adult]
        carer = min(grown, key=lambda m: abs(m.born - self.born), default=self)
        return [m for m in near if m.born > adult or m is carer]

    def move(self, mode: int, goal: int) -> None:
        """Move to the unit `goal`, unless one has moved this quarter."""
        now = self.model.tables.now
        if self.moved_at == now:
            return
        if mode == LONE and self.role == SINGLE:
            self.leave_home()
        for member in self.party(mode):
            if member.moved_at != now:
                member.relocate(goal)

    def relocate(self, goal: int) -> None:
        """Live elsewhere, and leave the job one cannot keep."""
        t = self.model.tables
        start, end = t.place[self.unit], t.place[goal]
        if t.now - self.moved_at > 1:
            self.previous_unit = self.unit
        self.unit, self.moved_at = goal, t.now
        if start // 2 != end // 2:
            self.flat = 0  # it is in the town of the county left
        if start != end and (start // 2 != end // 2 or self.work == FARM):
            farms = end % 2 == 1 and end < 2 * t.towns and self.born <= t.adult
            self.work = FARM if farms else NO_WORK


class MesaPeople(mesa.Model):
    """Everyone, stepped a quarter at a time."""

    tables: Any
    met: dict[str, list[Resident]]
    may_leave: list[tuple[Resident, float]]  # who may reconsider, and their draw

    def __init__(self, people: People, seed: int) -> None:
        super().__init__(rng=seed)
        self.everyone: list[Resident] = []  # the dead as well, for onlookers
        self.welcome(people, rings(people.next_member).tolist())

    def listen(self, tables: QuarterTables) -> None:
        """Hear what the rules say this quarter."""
        self.tables = Tables(tables)

    def step(self) -> None:
        """One quarter, in the order of our tick."""
        t, self.met, self.may_leave = self.tables, defaultdict(list), []
        if t.turned_rural:
            for resident in self.agents:
                if resident.unit in t.turned_rural:
                    resident.flat = 0  # it is in town no more
        if t.school_year:
            self.agents.do("begin_school_year")
        self.agents.do("draw_events")
        met = self.met
        for resident in met.pop("death", []):
            resident.leave_household()
            resident.unit = t.gone
            resident.remove()
        for mother in met["birth"]:
            mother.bear()
        for resident in met["separation"]:
            resident.stop_work()
        hired = self.hire(met["hire"])
        couples = self.marry(met["marriage"])
        parties = [self.leaving_for_college(resident) for resident in met["student"]]
        families = self.family_events(met["pupil"], couples)
        parties += [self.choose(r, t.chances, situation=s) for r, s in families.items()]
        for resident, u in self.may_leave:  # as their families are now
            place = resident.place
            if resident in families or place >= 2 * t.towns:
                continue
            if u < resident.leaving_chance(place, resident.band):
                parties.append(self.choose(resident, t.chances))
        parties += [self.return_of(resident) for resident in met["return"]]
        parties += [self.following(resident) for resident in hired]
        parties += [(r, WHOLE, r.place // 2, -1, False) for r in met["resettling"] if r.place % 2]
        self.move([party for party in parties if party])
        newcomers = t.newcomers
        self.welcome(newcomers, list(range(len(newcomers))))
        for resident in met["settling"]:
            place = resident.place
            in_town = place < 2 * t.towns and place % 2 == 0
            stays = in_town and resident.moved_at != t.now
            if stays and t.place[resident.hukou] != place:
                resident.hukou = resident.unit
        self.count()

    def hire(self, searchers: list[Resident]) -> list[Resident]:
        """Searchers fill vacancies, never more than there are; those who were hired."""
        t, hired = self.tables, []
        room = [[int(jobs) for jobs in sectors] for sectors in t.vacancies]
        self.random.shuffle(searchers)
        for resident in searchers:
            county = resident.place // 2
            industry, services = t.vacancies[county]
            sector = int(self.random.random() * (industry + services) >= industry)
            if resident.weight <= room[county][sector]:
                room[county][sector] -= resident.weight
                resident.work = INDUSTRY + sector
                hired.append(resident)
        return hired

    def marry(self, single: list[Resident]) -> list[Resident]:
        """Those who find each other in a county form households; the husbands."""
        self.random.shuffle(single)
        husbands = []
        for county in range(self.tables.towns):
            here = [r for r in single if r.place // 2 == county]
            men, women = ([r for r in here if r.sex == sex] for sex in (MALE, FEMALE))
            for he, she in zip(men, women, strict=False):
                if he.household is she.household:
                    continue
                urban = self.tables.urban
                home = she.unit if urban[she.unit] and not urban[he.unit] else he.unit
                parent = he.head
                if parent and self.joins(he, parent, home):
                    he.child, parent.role = max(he.child, parent.child), DEPENDENT
                else:
                    he.leave_home()
                she.leave_home()
                she.household = he.household
                she.household.append(she)
                he.role, she.role = HEAD, DEPENDENT
                for spouse in (he, she):
                    if spouse.unit != home:
                        spouse.relocate(home)
                husbands.append(he)
        return husbands

    def joins(self, he: Resident, parent: Resident, home: int) -> bool:
        """Whether a couple whose `home` that is lives with his parents, and he heads them."""
        older = he.born - parent.born >= 4 * GENERATION
        if not older or not he.unit == parent.unit == home:
            return False
        return bool(demography.joins_parents(self.random.random(), self.tables.parameters))

    def family_events(
        self, pupils: list[Resident], couples: list[Resident]
    ) -> dict[Resident, int]:  # fmt: skip
        """Village families whom a wedding or junior school lets buy a flat or reconsider.

        Their heads, and the situation that counts when they choose.
        """
        t, uniform, asks = self.tables, self.random.random, {}
        heads = [(pupil, pupil.head) for pupil in pupils if pupil.in_village]
        events = {he: False for he in couples if he.in_village}
        events |= {head: True for pupil, head in heads if head and head.unit == pupil.unit}
        for resident, enters in events.items():
            buys = not resident.flat and uniform() < t.purchase[resident.place // 2]
            if buys:
                for member in resident.household:
                    if member.unit == resident.unit:
                        member.flat = 1
            u = uniform()
            if buys or (enters and departure.reconsiders_at_entry(u, t.parameters)):
                asks[resident] = SECONDARY_CHILD if enters else resident.situation
        return asks

    def choose(
        self, resident: Resident, chances: Any, full: Collection[int] = (), situation: int = -1
    ) -> Party | None:  # fmt: skip
        """What someone who reconsiders chooses among towns that are not `full`.

        The `situation` is that of their family, unless another counts.
        """
        t, place, flat = self.tables, resident.place, resident.flat
        situation = resident.situation if situation < 0 else situation
        weights = chances[place][flat][AGE_CLASS[resident.band]][situation]
        towns = t.county[place // 2]
        if full:
            open_to = (
                nest == STAY or town not in full for nest, town in zip(t.nest, towns, strict=True)
            )
            weights = [chance * open for chance, open in zip(weights, open_to, strict=True)]
        (chosen,) = self.random.choices(range(len(weights)), weights)
        nest, town = t.nest[chosen], towns[chosen]
        if nest == STAY:
            return None
        if town == OUTSIDE:
            return resident, t.mode[chosen], town, t.gone - 2 + (nest == COUNTRY), False
        return resident, t.mode[chosen], town, -1, not (nest == OWN_TOWN and flat)

    def leaving_for_college(self, resident: Resident) -> Party | None:
        """Somebody who has just reached college may leave the region for it."""
        t, uniform = self.tables, self.random.random
        if resident.role != SINGLE or resident.place >= 2 * t.towns:
            return None
        if not departure.leaves_for_college(uniform(), t.parameters):
            return None
        far = not departure.college_in_province(uniform(), t.parameters)
        return resident, LONE, OUTSIDE, t.gone - 2 + far, False

    def return_of(self, resident: Resident) -> Party | None:
        """Someone away from their hukou place goes back: to the village, or to its county town."""
        t, place, home = self.tables, resident.place, self.tables.place[resident.hukou]
        share = t.parameters.return_to_town
        to_town = home < 2 * t.towns and home % 2 == 1 and self.random.random() < share
        if home == place or (to_town and place == home - 1):
            return None
        mode = WHOLE if resident.role == HEAD else LONE
        if to_town:
            return resident, mode, home // 2, -1, not resident.flat
        return resident, mode, OUTSIDE, resident.hukou, False

    def following(self, resident: Resident) -> Party | None:
        """A villager hired in town may move there, and may bring the household."""
        t, county, uniform = self.tables, resident.place // 2, self.random.random
        if resident.place % 2 == 0 or uniform() >= t.moving_share[county]:
            return None
        mode = WHOLE if uniform() < t.bringing_share[county] else LONE
        return resident, mode, county, -1, True

    def move(self, parties: list[Party]) -> None:
        """Let parties move; whoever finds no dwelling chooses once more, and then stays."""
        t, rooms = self.tables, list(self.tables.rooms)
        turned_away = self.serve(parties, rooms)
        full = {county for county, room in enumerate(rooms) if room <= 0}
        inside = [party[0] for party in turned_away if party[0].place < 2 * t.towns]
        again = [self.choose(resident, t.chances, full) for resident in inside]
        self.serve([party for party in again if party], rooms)

    def serve(self, parties: list[Party], rooms: list[int]) -> list[Party]:
        """Parties move, in random order, while there is room; those for whom there is none."""
        self.random.shuffle(parties)
        turned_away = []
        for party in parties:
            resident, mode, town, unit, waits = party
            if waits:
                home = resident.unit
                size = 1 if mode == LONE else sum(m.unit == home for m in resident.household)
                if size * resident.weight > rooms[town]:
                    turned_away.append(party)
                    continue
                rooms[town] -= size * resident.weight
            resident.move(mode, unit if unit >= 0 else self.unit_in(town))
        return turned_away

    def unit_in(self, town: int) -> int:
        """An urban unit of a town, larger ones more often."""
        ends, first, index = self.tables.town_units
        u = self.random.uniform(first[town], first[town + 1])
        return int(index[min(bisect(ends, u), len(index) - 1)])

    def welcome(self, people: People, homes: list[int]) -> None:
        """Make residents of rows; `homes` tells who shares a household."""
        columns = unpacked(people)
        lists = [column.tolist() for column in columns.values()]
        shared: defaultdict[int, list[Resident]] = defaultdict(list)
        for home, *row in zip(homes, *lists, strict=True):
            Resident(self, shared[home], **dict(zip(columns, row, strict=True)))

    def count(self) -> None:
        """Count everyone by kind, and the residents of each place by the half-year rule."""
        t = self.tables
        self.by_kind: Counter[tuple[int, ...]] = Counter()
        self.residents: Counter[int] = Counter()
        for r in self.agents:
            place = t.place[r.unit]
            kind = place, t.band[r.born & BITS], r.work, r.role, r.education, r.sex
            self.by_kind[kind] += r.weight
            counted = place if t.now - r.moved_at > 1 else t.place[r.previous_unit]
            self.residents[counted] += r.weight

    def look(self) -> Look:
        """What an onlooker sees."""
        rows = [(r.born, r.unit, r.hukou, r.role, r.work) for r in self.everyone]
        return Look(*np.array(rows).T)
