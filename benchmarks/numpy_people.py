"""The numpy reference: the same rules, asked of every person with arrays; nothing compiled of ours.

Written as one would who knows numpy: narrow columns, flat indexes into tables, each question put
only to those whom it concerns, random numbers from one `numpy.random.Generator`. Households are
numbers; to act on one is to mark its number and to ask everyone whether theirs is marked.
"""

import numpy as np

from benchmarks.recorded import Look, QuarterTables
from xiancheng.sim import demography, departure, destination, hukou, labour, strata
from xiancheng.sim.kernels import LONE, WHOLE, WITH_CHILD
from xiancheng.sim.population import GENERATION
from xiancheng.sim.state import (
    ALONE,
    COLLEGE,
    DEPENDENT,
    FARM,
    HEAD,
    INDUSTRY,
    NEVER,
    NO_WORK,
    OWNS_FLAT,
    PRIMARY,
    SINGLE,
    Bools,
    Column,
    Floats,
    Ints,
    People,
)  # fmt: skip
from xiancheng.sim.strata import (
    BANDS,
    COUPLE,
    EDUCATIONS,
    PRIMARY_CHILD,
    SECONDARY_CHILD,
    SITUATIONS,
    WORKS,
)  # fmt: skip

OUTSIDE = -1


class NumpyPeople:
    """Everyone's columns, stepped a quarter at a time."""

    def __init__(self, people: People, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.size, self.last_household = 0, 0
        self.room: dict[str, Column] = {}
        self._append(unpacked(people) | {"household": rings(people.next_member)})
        self.last_household = int(self.household.max()) + 1

    def __getattr__(self, name: str) -> Column:
        """A column, cut to those who are on the register."""
        try:
            return self.__dict__["room"][name][: self.__dict__["size"]]
        except KeyError:
            raise AttributeError(name) from None

    def look(self) -> Look:
        """What an onlooker sees."""
        names = ("born", "unit", "hukou", "role", "work")
        return Look(*(getattr(self, name).copy() for name in names))

    def listen(self, tables: QuarterTables) -> None:
        """Hear what the rules say this quarter."""
        self.tables = tables

    def step(self) -> Ints:
        """One quarter; the residents by place, by the half-year rule."""
        t = self.tables
        if t.turned_rural.any():
            self.flat[t.turned_rural[self.unit]] = 0  # it is in town no more
        if t.school_year:
            self.come_of_age()

        # Everyone's events of the quarter are drawn.
        place, band = t.place[self.unit], t.band[self.born.view(np.uint16)]
        cell = place * np.int32(BANDS) + band
        away = place != t.place[self.hukou]
        alive, decides = self.unit != t.gone, self.role > DEPENDENT
        dies = self.ask(slice(None), t.death.take(cell * 2 + self.sex))
        women = np.flatnonzero((self.sex == 1) & ((self.role == DEPENDENT) | (self.role == HEAD)))
        bears = self.ask(women, t.birth.take(cell[women]))
        single = np.flatnonzero((self.role == SINGLE) | (self.role == ALONE))
        marries = self.ask(single, t.marriage.take(cell[single] * 2 + self.sex[single]))
        draw, kind = self.rng.random(len(cell)), cell * WORKS + self.work  # a farmer may do either
        finds_work = np.flatnonzero(draw < t.hire.take(kind * EDUCATIONS + self.education))
        loses_work = np.flatnonzero(1 - draw <= t.separation.take(kind))
        deciders = np.flatnonzero(decides & (place < 2 * t.towns))
        draw = self.rng.random(len(deciders))
        may = draw < self.leaving_chance(deciders, place[deciders], band[deciders])
        reconsiders, draw = deciders[may], draw[may]
        far = np.flatnonzero(decides & away & alive)
        returns = self.ask(far, t.going_back[place[far], band[far], self.education[far]])
        guests = np.flatnonzero(away & (t.settling[place] > 0))
        settles = self.ask(guests, t.settling.take(place[guests]))
        resettles = np.empty(0, np.int64)
        if t.resettling.any():
            villagers = np.flatnonzero((self.role >= ALONE) & (t.resettling[place] > 0))
            resettles = self.ask(villagers, t.resettling.take(place[villagers]))

        # What they met happens to them, in the order of the tick.
        self.bury(dies)
        bears, marries, finds_work, loses_work, returns, settles, resettles = (
            rows[self.unit[rows] != t.gone]
            for rows in (bears, marries, finds_work, loses_work, returns, settles, resettles)
        )
        self.bear(bears)
        self.stop_work(loses_work)
        hired = self.hire(finds_work)
        couples = self.marry(marries)
        students = self.leave_for_college()
        families, situation = self.family_events(couples)
        others = self.still_reconsidering(reconsiders, draw)
        others = np.setdiff1d(others, families, assume_unique=True)
        parties = [
            students,
            self.choose(families, t.chances, situation),
            self.choose(others, t.chances),
            self.go_back(returns),
            self.follow_job(hired),
            self.resettle(resettles),
        ]
        self.move_as_far_as_there_is_room([np.concatenate(c) for c in zip(*parties, strict=True)])
        self._append(unpacked(t.newcomers) | {"household": self._new_households(t.newcomers.unit)})
        self.settle(settles)
        return self.count()

    def ask(self, rows: Ints | slice, chance: Floats) -> Ints:
        """Those of the `rows` who meet an event of this `chance`."""
        met = np.flatnonzero(self.rng.random(len(chance)) < chance)
        return met if isinstance(rows, slice) else rows[met]

    def place(self, rows: Ints) -> Ints:
        """Where people live, (row,)."""
        return self.tables.place[self.unit[rows]].astype(np.int64)

    def situation(self, rows: Ints) -> Ints:
        """Who decides, and for whom, (row,)."""
        role = self.role[rows]
        stage = self.tables.stage[self.child[rows].view(np.uint16)]
        return np.where(role == HEAD, COUPLE + stage, role).astype(np.int64)

    def leaving_chance(self, rows: Ints, place: Ints, band: Ints) -> Floats:
        """How likely each of the `rows` reconsiders where to live, (row,)."""
        t, unit, situation = self.tables, self.unit[rows], self.situation(rows)
        kind = ((place * 2 + self.flat[rows]) * np.int32(BANDS) + band) * SITUATIONS + situation
        hazard = t.leaving.take(kind) * t.by_duration.take(self.moved_at[rows].view(np.uint16))
        hazard *= t.by_village.take(unit)
        pupils = np.flatnonzero(situation == PRIMARY_CHILD)
        hazard[pupils] *= t.by_closure.take(unit[pupils])
        return -np.expm1(-hazard * t.years)

    def still_reconsidering(self, rows: Ints, draw: Floats) -> Ints:
        """Those whose `draw` still lets them reconsider as their families are now."""
        band = self.tables.band[self.born[rows].view(np.uint16)]
        return rows[draw < self.leaving_chance(rows, self.place(rows), band)]

    # Families

    def bury(self, rows: Ints) -> None:
        """People die: their households go on without them."""
        self.unit[rows] = self.tables.gone
        self._go_on_without(rows)

    def bear(self, mothers: Ints) -> None:
        """Children are born into their mothers' households."""
        t, n = self.tables, len(mothers)
        sex = demography.newborn_sex(self.rng.random(n), t.parameters)
        same = ("unit", "hukou", "previous_unit", "moved_at", "flat", "weight", "household")
        fixed = {
            "born": t.now, "child": NEVER, "sex": sex, "education": PRIMARY, "role": DEPENDENT,
            "work": NO_WORK,
        }  # fmt: skip
        born = {name: getattr(self, name)[mothers] for name in same}
        self._append(born | {k: np.broadcast_to(v, n) for k, v in fixed.items()})
        head = self._heads(mothers)
        self.child[np.where(head >= 0, head, mothers)] = t.now

    def come_of_age(self) -> None:
        """Those who turned eighteen in the last four quarters leave school."""
        rows = self._just_reached(strata.GROWN)
        rows = rows[self.role[rows] == DEPENDENT]
        u = self.rng.random(len(rows))
        self.education[rows] = demography.education_reached(u, self.tables.parameters)
        self.role[rows] = SINGLE

    def leave_for_college(self) -> tuple[Ints, ...]:
        """Of those who have just left school for college, many leave the region."""
        t = self.tables
        rows = self._just_reached(strata.GROWN) if t.school_year else np.empty(0, np.int64)
        student = (self.education[rows] == COLLEGE) & (self.role[rows] == SINGLE)
        rows = rows[student & (self.place(rows) < 2 * t.towns)]
        rows = rows[departure.leaves_for_college(self.rng.random(len(rows)), t.parameters)]
        far = ~departure.college_in_province(self.rng.random(len(rows)), t.parameters)
        nowhere, same = np.full(len(rows), -1), np.full(len(rows), LONE)
        return rows, same, nowhere, t.gone - 2 + far, np.zeros(len(rows), bool)

    def _just_reached(self, age: int) -> Ints:
        """The rows of those who reached an age in the last four quarters."""
        last = self.tables.now - 4 * age
        return np.flatnonzero((self.born <= last) & (self.born > last - 4))

    def family_events(self, couples: Ints) -> tuple[Ints, Ints]:
        """Village families whom a wedding or junior school lets buy a flat or reconsider.

        Their heads, and the situation that counts when they choose.
        """
        t, p = self.tables, self.tables.parameters
        entering = np.empty(0, np.int64)
        if t.school_year:
            pupils = self._villagers(self._just_reached(departure.JUNIOR_AGE))
            heads = self._heads(pupils)
            together = (heads >= 0) & (self.unit[heads] == self.unit[pupils])
            entering = np.unique(heads[together])
        wed = np.setdiff1d(self._villagers(couples), entering)
        rows = np.concatenate([entering, wed])
        enters = np.arange(len(rows)) < len(entering)
        buys = self.rng.random(len(rows)) < t.purchase[self.place(rows) // 2]
        buys &= self.flat[rows] == 0
        owners = self._members(self.household[rows[buys]])
        self.flat[owners[np.isin(self._home(owners), self._home(rows[buys]))]] = 1
        asks = buys | (enters & departure.reconsiders_at_entry(self.rng.random(len(rows)), p))
        situation = np.where(enters, SECONDARY_CHILD, self.situation(rows))
        return rows[asks], situation[asks]

    def _villagers(self, rows: Ints) -> Ints:
        place = self.place(rows)
        return rows[(place % 2 == 1) & (place < 2 * self.tables.towns)]

    def marry(self, rows: Ints) -> Ints:
        """Those who find each other in a county form households; the husbands."""
        rows = self.rng.permutation(rows)
        men, women = rows[self.sex[rows] == 0], rows[self.sex[rows] == 1]
        his, hers = self._rank_in_county(men), self._rank_in_county(women)
        _, i, j = np.intersect1d(his, hers, assume_unique=True, return_indices=True)
        men, women = men[i], women[j]
        apart = self.household[men] != self.household[women]
        men, women = men[apart], women[apart]
        both = np.concatenate([men, women])
        homes = demography.address_of_couple(self.unit[men], self.unit[women], self.tables.urban)

        # Some live with his parents, one couple in a household, and he heads it; others leave.
        parents = self._heads(men)
        joins = demography.joins_parents(self.rng.random(len(men)), self.tables.parameters)
        joins &= (parents >= 0) & (self.unit[men] == homes) & (self.unit[parents] == homes)
        joins &= self.born[men].astype(int) - self.born[parents] >= 4 * GENERATION
        joining = np.flatnonzero(joins)
        joining = joining[np.unique(parents[joining], return_index=True)[1]]
        self._leave_home(np.delete(both, joining))
        heirs, parents = men[joining], parents[joining]
        self.child[heirs] = np.maximum(self.child[heirs], self.child[parents])
        self.role[parents] = DEPENDENT
        self.household[women] = self.household[men]
        self.role[men], self.role[women] = HEAD, DEPENDENT
        goals = np.concatenate([homes, homes])
        moves = self.unit[both] != goals
        self._relocate(both[moves], goals[moves])
        return men

    def _rank_in_county(self, rows: Ints) -> Ints:
        county = self.place(rows) // 2
        order = np.argsort(county, kind="stable")
        first = np.searchsorted(county[order], np.arange(self.tables.towns))
        rank = np.empty(len(rows), np.int64)
        rank[order] = np.arange(len(rows)) - first[county[order]]
        return county << 32 | rank

    # Work

    def stop_work(self, rows: Ints) -> None:
        """Work ends; some villagers go back to the land, all others have no work."""
        farms = (self.work[rows] >= INDUSTRY) & (self.place(rows) % 2 == 1)
        farms &= labour.back_to_land(self.rng.random(len(rows)), self.tables.parameters)
        self.work[rows] = np.where(farms, FARM, NO_WORK)

    def hire(self, rows: Ints) -> Ints:
        """Searchers fill vacancies, never more than there are; those who were hired."""
        t, county = self.tables, self.place(rows) // 2
        open_jobs = t.vacancies[county]
        services = self.rng.random(len(rows)) * open_jobs.sum(axis=1) >= open_jobs[:, 0]
        room = np.floor(t.vacancies).ravel()
        hired = self._served(2 * county + services, self.weight[rows], room)
        self.work[rows[hired]] = INDUSTRY + services[hired]
        return rows[hired]

    def follow_job(self, hired: Ints) -> tuple[Ints, ...]:
        """Some villagers hired in town move there; some of them bring their household."""
        t, place = self.tables, self.place(hired)
        moves = place % 2 == 1
        moves &= self.rng.random(len(hired)) < t.moving_share[place // 2]
        rows, county = hired[moves], place[moves] // 2
        brings = self.rng.random(len(rows)) < t.bringing_share[county]
        return self._to_town(rows, np.where(brings, WHOLE, LONE), county, waits=True)

    # Moving: parties are (row, mode, town, unit or -1, waits for a dwelling)

    def choose(
        self, rows: Ints, chances: Floats, situation: Ints | None = None
    ) -> tuple[Ints, ...]:  # fmt: skip
        """What those who reconsider choose, as their situation is or as it counts for them.

        A party for each who does not stay.
        """
        t, a, place, flat = self.tables, self.tables.alternatives, self.place(rows), self.flat[rows]
        situation = self.situation(rows) if situation is None else situation
        band = t.band[self.born[rows].view(np.uint16)]
        total = chances[place, flat, destination.AGE_CLASS[band], situation].cumsum(axis=1)
        u = self.rng.random(len(rows))[:, None] * total[:, -1:]
        chosen = (total <= u).sum(axis=1)
        moves = a.nest[chosen] != destination.STAY
        rows, chosen, county, flat = rows[moves], chosen[moves], place[moves] // 2, flat[moves]
        nest, town = a.nest[chosen], a.county[county, chosen]
        elsewhere = t.gone - 2 + (nest == destination.COUNTRY)
        waits = (town != OUTSIDE) & ~((nest == destination.OWN_TOWN) & (flat > 0))
        return rows, a.mode[chosen], town, np.where(town == OUTSIDE, elsewhere, -1), waits

    def go_back(self, rows: Ints) -> tuple[Ints, ...]:
        """People away from their hukou place go back: to the village, or to its county town."""
        t, place, hukou = self.tables, self.place(rows), self.hukou[rows].astype(np.int64)
        home = t.place[hukou].astype(np.int64)
        to_town = (home < 2 * t.towns) & (home % 2 == 1)
        to_town &= departure.returns_to_town(self.rng.random(len(rows)), t.parameters)
        moves = (home != place) & ~(to_town & (place == home - 1))
        rows, hukou, home, to_town = rows[moves], hukou[moves], home[moves], to_town[moves]
        mode = np.where(self.role[rows] == HEAD, WHOLE, LONE)
        town, unit = np.where(to_town, home // 2, OUTSIDE), np.where(to_town, -1, hukou)
        return rows, mode, town, unit, to_town & (self.flat[rows] == 0)

    def resettle(self, rows: Ints) -> tuple[Ints, ...]:
        """Village households move into the town flats of a project."""
        place = self.place(rows)
        rows, place = rows[place % 2 == 1], place[place % 2 == 1]
        return self._to_town(rows, np.full(len(rows), WHOLE), place // 2, waits=False)

    def _to_town(self, rows: Ints, mode: Ints, county: Ints, waits: bool) -> tuple[Ints, ...]:
        return rows, mode, county, np.full(len(rows), -1), np.full(len(rows), waits)

    def move_as_far_as_there_is_room(self, parties: list[Ints]) -> None:
        """Let parties move; whoever finds no dwelling chooses once more, and then stays."""
        t, a, rooms = self.tables, self.tables.alternatives, self.tables.rooms.astype(float)
        housed = self._housed(parties, rooms)
        self._go([column[housed] for column in parties])
        again = parties[0][~housed]
        again = again[self.place(again) < 2 * t.towns]
        if len(again):
            full = (rooms[a.county] <= 0) & (a.county >= 0) & (a.nest != destination.STAY)
            left = np.where(np.repeat(full, 2, axis=0)[:, None, None, None], 0.0, t.chances)
            second = self.choose(again, left)
            self._go([column[self._housed(second, rooms)] for column in second])

    def _housed(self, parties: list[Ints] | tuple[Ints, ...], rooms: Floats) -> Bools:
        rows, mode, town, _, waits = parties
        members = self._members(self.household[rows])
        homes = np.sort(self._home(members))
        mine = self._home(rows)
        size = np.searchsorted(homes, mine, side="right") - np.searchsorted(homes, mine)
        size = np.where(mode == LONE, 1, size) * self.weight[rows]
        return self._served(np.where(waits, town, -1), size, rooms)

    def _home(self, rows: Ints) -> Ints:
        """One number for those of a household who live together, (row,)."""
        return self.household[rows].astype(np.int64) << 16 | self.unit[rows]

    def _served(self, counter: Ints, size: Ints, room: Floats) -> Bools:
        """Who gets in, in random order, while there is room, which is used up in place.

        Whoever is too many for the room left is passed over.
        """
        order = self.rng.permutation(len(counter))
        line = order[np.argsort(counter[order], kind="stable")]
        line, result = line[counter[line] >= 0], counter < 0
        while len(line):
            queue, asked = counter[line], np.cumsum(size[line], dtype=float)
            before = np.concatenate([[0.0], asked])[np.searchsorted(queue, queue)]
            fits = asked - before <= room[queue]
            result[line[fits]] = True
            room -= np.bincount(queue[fits], size[line[fits]], len(room))
            line = line[~fits]
            line = line[size[line] <= room[counter[line]]]
        return result

    def _go(self, parties: list[Ints]) -> None:
        t = self.tables
        rows, first = np.unique(parties[0], return_index=True)
        mode, town, unit = (column[first] for column in parties[1:4])
        ends, starts, index = t.town_units
        low, high = starts[town], starts[np.minimum(town + 1, t.towns)]
        where = np.searchsorted(ends, low + self.rng.random(len(rows)) * (high - low), "right")
        goal = np.where(unit >= 0, unit, index[np.minimum(where, len(index) - 1)])

        # Who goes alone, and who leaves their parents' home for good.
        ready = self.moved_at[rows] != t.now
        alone = ready & (mode == LONE)
        self._leave_home(rows[alone & (self.role[rows] == SINGLE)])
        self._relocate(rows[alone], goal[alone])

        # Who goes with others: everyone asks whether their household is on the move.
        leads = ready & (mode != LONE)
        rows, mode, goal = rows[leads], mode[leads], goal[leads]
        party_of = np.full(self.last_household, -1, np.int32)
        party_of[self.household[rows]] = np.arange(len(rows))
        who = np.flatnonzero(party_of[self.household] >= 0)
        party = party_of[self.household[who]]
        near = (self.unit[who] == self.unit[rows[party]]) & (self.moved_at[who] != t.now)
        who, party = who[near], party[near]
        minor = self.born[who] > t.now - 4 * strata.GROWN
        goes = (mode[party] == WHOLE) | minor
        goes[self._carers(who, party, rows, minor, mode)] = True
        self._relocate(who[goes], goal[party[goes]])

    def _carers(self, who: Ints, party: Ints, rows: Ints, minor: Bools, mode: Ints) -> Ints:
        """Who goes with a child: the grown member nearest in age, or else the one who decides."""
        grown = np.flatnonzero((mode[party] == WITH_CHILD) & ~minor)
        leader = rows[party[grown]]
        gap = abs(self.born[who[grown]].astype(int) - self.born[leader])
        gap[who[grown] == leader] = 1 << 30
        order = np.lexsort((gap, party[grown]))
        _, first = np.unique(party[grown][order], return_index=True)
        return grown[order[first]]

    def _relocate(self, who: Ints, goal: Ints) -> None:
        """People move to the units `goal`, and leave the jobs they cannot keep."""
        t, home = self.tables, self.unit[who]
        counted = t.now - self.moved_at[who].astype(int) > 1
        self.previous_unit[who[counted]] = home[counted]
        self.unit[who], self.moved_at[who] = goal, t.now
        start, end = t.place[home], t.place[goal]
        self.flat[who[start // 2 != end // 2]] = 0  # it is in the town of the county left
        leaves = (start != end) & ((start // 2 != end // 2) | (self.work[who] == FARM))
        left, end = who[leaves], end[leaves]
        farms = (end % 2 == 1) & (end < 2 * t.towns)
        farms &= self.born[left] <= t.now - 4 * strata.GROWN
        self.work[left] = np.where(farms, FARM, NO_WORK)

    # Households

    def _new_households(self, rows: Column) -> Ints:
        first, self.last_household = self.last_household, self.last_household + len(rows)
        return np.arange(first, self.last_household, dtype=np.int32)

    def _members(self, homes: Ints) -> Ints:
        """Everyone alive in these households."""
        marked = np.zeros(self.last_household, bool)
        marked[homes] = True
        return np.flatnonzero(marked[self.household] & (self.unit != self.tables.gone))

    def _heads(self, rows: Ints) -> Ints:
        """Who heads the household of each of the `rows`, or -1, (row,)."""
        members = self._members(self.household[rows])
        heads = members[self.role[members] == HEAD]
        head_of = np.full(self.last_household, -1, np.int32)
        head_of[self.household[heads]] = heads
        return head_of[self.household[rows]]

    def _leave_home(self, rows: Ints) -> None:
        self._go_on_without(rows)
        self.household[rows] = self._new_households(rows)
        self.role[rows] = ALONE

    def _go_on_without(self, leavers: Ints) -> None:
        """Those left behind carry on: the grown one nearest in age as head, or alone."""
        members = self._members(self.household[leavers])
        members = members[np.argsort(self.household[members], kind="stable")]
        homes, home = self.household[members], self.household[leavers]
        first, stop = np.searchsorted(homes, home), np.searchsorted(homes, home, side="right")
        many = stop - first
        leaver = np.repeat(np.arange(len(leavers)), many)
        offset = np.arange(len(leaver)) - np.repeat(np.cumsum(many) - many, many)
        other = members[first[leaver] + offset]
        stays = other != leavers[leaver]
        leaver, other = leaver[stays], other[stays]
        gap = abs(self.born[other].astype(int) - self.born[leavers[leaver]])
        adult = self.tables.now - 4 * strata.GROWN
        gap += (self.born[other] > adult).astype(int) << 20  # the grown before the young
        order = np.lexsort((gap, leaver))
        who, nearest, left = np.unique(leaver[order], return_index=True, return_counts=True)
        heirs, gone = other[order[nearest]], leavers[who]
        succeeds = self.role[gone] == HEAD
        np.maximum.at(self.child, heirs[succeeds], self.child[gone[succeeds]])
        succeeds = np.isin(heirs, heirs[succeeds])  # who loses several people succeeds if to any
        role = np.where(succeeds, HEAD, self.role[heirs])
        self.role[heirs] = np.where(left == 1, ALONE, role)

    # Registration and counting

    def settle(self, rows: Ints) -> None:
        """Town residents registered elsewhere are granted the local hukou."""
        t, place = self.tables, self.place(rows)
        in_town = (place % 2 == 0) & (place < 2 * t.towns) & (self.moved_at[rows] != t.now)
        may = rows[hukou.may_settle(in_town, t.place[self.hukou[rows]] == place)]
        self.hukou[may] = self.unit[may]

    def count(self) -> Ints:
        """Count everyone by kind; the residents of each place by the half-year rule."""
        t = self.tables
        place = t.place[self.unit]
        cell = place * np.int32(BANDS) + t.band[self.born.view(np.uint16)]
        traits = strata.pack(self.sex, self.education, self.role, self.work)
        line = cell * np.int32(strata.TRAITS) + traits
        self.by_kind = np.bincount(line, self.weight, len(t.death) * BANDS * strata.TRAITS)
        recent = np.flatnonzero((self.moved_at >= t.now - 1) & (place < 2 * t.towns + 2))
        weight = self.weight[recent]
        residents = self.by_kind.reshape(len(t.death), -1).sum(axis=1)
        residents += np.bincount(t.place[self.previous_unit[recent]], weight, len(residents))
        return residents - np.bincount(place[recent], weight, len(residents))

    def _append(self, new: dict[str, Column]) -> None:
        start, stop = self.size, self.size + len(new["unit"])
        if not self.room or stop > len(self.room["unit"]):
            larger = {n: np.empty(stop + stop // 10 + 1024, c.dtype) for n, c in new.items()}
            for name, column in self.room.items():
                larger[name][:start] = column[:start]
            self.room = larger
        for name, column in new.items():
            self.room[name][start:stop] = column
        self.size = stop


def unpacked(people: People) -> dict[str, Column]:
    """Our columns, one for each trait."""
    t = people.traits
    return {
        **{n: getattr(people, n)
           for n in ("born", "child", "unit", "hukou", "previous_unit", "moved_at")},
        "sex": strata.sex_of(t), "education": strata.education_of(t), "role": strata.role_of(t),
        "work": strata.work_of(t), "flat": people.flags & OWNS_FLAT, "weight": people.weight,
    }  # fmt: skip


def rings(mate: Ints) -> Ints:
    """The number of each row's household: its first row, found by following ever longer steps."""
    first, step = np.arange(len(mate), dtype=np.int32), mate.copy()
    while True:
        lower = np.minimum(first, first[step])
        if (lower == first).all():
            return first
        first, step = lower, step[step]
