"""One quarter's decisions: rules are asked, luck answers, the register is told."""

import numpy as np

from sim import (
    demography,
    households,
    kernel,
    kinds,
    labour,
    land,
    migration,
    reclassification,
    schools,
)
from sim.calendar import SCHOOL_YEAR, Tick
from sim.chance import Luck, Stream, addresses, probability
from sim.conditions import Conditions
from sim.hazards import Hazards, Struck, throw
from sim.kinds import Headcount
from sim.levers import Levers
from sim.markets import Markets
from sim.migration import Alternatives
from sim.parameters import Parameters
from sim.parties import OUTSIDE, Parties, served
from sim.register import NEWCOMER, Register
from sim.state import (
    ALONE,
    COLLEGE,
    FARM,
    HEAD,
    INDUSTRY,
    NEVER,
    NO_WORK,
    OWNS_FLAT,
    SINGLE,
    Bools,
    Floats,
    Ints,
    People,
)  # fmt: skip


class Quarter:
    """The people, markets and luck of one quarter."""

    def __init__(
        self, tick: Tick, register: Register, markets: Markets, alternatives: Alternatives,
        luck: Luck, parameters: Parameters,
    ) -> None:  # fmt: skip
        self.tick, self.register, self.markets = tick, register, markets
        self.alternatives, self.luck, self.parameters = alternatives, luck, parameters
        self.towns = len(markets.counties)
        self.rooms: Ints = np.zeros(self.towns, np.int64)  # more people each town can house

    def u(self, stream: Stream, rows: Ints) -> Floats:
        """Four draws in (0, 1) for each row, (4, row)."""
        return self.luck.uniform(stream, self.tick.number, self.register.people.address[rows])

    def place(self, rows: Ints) -> Ints:
        """Where people live, (row,) index of place."""
        return self.register.place[self.register.people.unit[rows]].astype(np.int64)

    def kind(self, rows: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        """Place, flat, age band and situation of each row."""
        p, clock = self.register.people, kinds.Clock.at(self.tick.number)
        band = clock.band[p.born[rows].view(np.uint16)]
        situation = clock.situation(p.traits[rows], p.child[rows])
        return self.place(rows), (p.flags[rows] & OWNS_FLAT).astype(np.int64), band, situation

    def quarters_since(self, moved: Ints) -> Ints:
        """Quarters since the last move, at most 128, (person,)."""
        longest = 4 * int(migration.DURATIONS[1])
        return np.clip(self.tick.number - moved.astype(np.int64), 0, longest)

    def throw(self, hazards: Hazards, threads: int, chunk: int) -> Struck:
        """Let everyone meet the quarter's luck."""
        return throw(hazards, self.register, self.tick, self.luck, threads, chunk)

    # Families

    def bear(self, mothers: Ints) -> None:
        """Children are born; whether boy or girl is the child's own luck."""
        r = self.register
        child = addresses(r.people.address[mothers], self.tick.number, 0)
        u = self.luck.uniform(Stream.COMING_OF_AGE, self.tick.number, child)[0]
        r.bear(mothers, demography.newborn_sex(u, self.parameters) == 0, self.tick.number)

    def come_of_age(self) -> None:
        """Those who turned eighteen in the last four quarters leave school."""
        rows = self._just_grown()
        education = households.education_reached(
            self.u(Stream.COMING_OF_AGE, rows)[0], self.parameters
        )
        self.register.come_of_age(rows, education)

    def marry(self, rows: Ints) -> None:
        """Those who find each other in a county form households."""
        r, people = self.register, self.register.people
        county, sex = self.place(rows) // 2, kinds.sex_of(people.traits[rows])
        tag = self.luck.words(Stream.PARTNERS, self.tick.number, people.address[rows])[0]
        order = np.lexsort((people.address[rows], tag, county))
        partner, kin = np.empty(len(rows), np.int64), np.empty(len(rows), np.int64)
        kernel.first_of_ring(people.mate, rows[order], kin)
        kernel.pair(county[order], sex[order].astype(np.int64), kin, partner)
        men = np.flatnonzero((partner >= 0) & (sex[order] == 0))
        he, she = rows[order[men]], rows[order[partner[men]]]
        homes = households.address_of_couple(
            people.unit[he].astype(np.int64), people.unit[she].astype(np.int64), r.urban
        )
        r.marry(he, she, homes, self.tick.number)

    # Work and school

    def separate(self, rows: Ints) -> None:
        """Jobs end and come free: villagers go back to the land, townspeople are out of work."""
        people, place = self.register.people, self.place(rows)
        job = place // 2 * labour.SECTORS + kinds.work_of(people.traits[rows]) - INDUSTRY
        ended = np.bincount(job, people.weight[rows], self.towns * labour.SECTORS)
        self.markets.come_free(ended.reshape(self.towns, -1))
        self.register.employ(rows, np.where(place % 2 == 1, FARM, NO_WORK))

    def hire(self, rows: Ints) -> Ints:
        """Searchers fill vacancies in the order of their luck, never more than there are.

        Returns
        -------
        (hired,) rows
        """
        u, people = self.u(Stream.HIRED, rows), self.register.people
        county = self.place(rows) // 2
        open_jobs = self.markets.vacancies[county]
        services = u[0] * open_jobs.sum(axis=1) >= open_jobs[:, 0]
        counter = 2 * county + services
        room = np.floor(self.markets.vacancies).astype(np.int64).ravel()
        hired = served(u[1], counter, people.weight[rows].astype(np.int64), room)
        self.register.employ(rows[hired], INDUSTRY + services[hired])
        return rows[hired]

    def follow_job(self, hired: Ints) -> Parties:
        """Some villagers hired in town move there; some of them bring their household."""
        u, place = self.u(Stream.HIRED, hired), self.place(hired)
        village = place % 2 == 1
        moves = village & (u[2] < self.markets.moving_share[place // 2])
        brings = u[3] < migration.share_bringing_household(
            self.markets.counties.residents_per_dwelling[place // 2], self.parameters
        )
        mode = np.where(brings, kernel.WHOLE, kernel.LONE)
        return self._to_town(hired[moves], mode[moves], place[moves] // 2)

    def enrol(self, counts: Headcount, years: float, levers: Levers) -> None:
        """Children of entry age in town ask for a seat, class by class."""
        r, people = self.register, self.register.people
        waiting = np.zeros((self.towns, schools.STAGES, schools.CLASSES), np.int64)
        for stage, age in enumerate(schools.ENTRY_AGES):
            last = self.tick.number - 4 * age
            rows = r.born_between(last - 3, last)
            place = self.place(rows)
            rows, place = rows[place < 2 * self.towns], place[place < 2 * self.towns]
            rows, place = rows[place % 2 == 0], place[place % 2 == 0]
            rank = schools.priority(
                registered=r.place[people.hukou[rows]] == place,
                owner=people.flags[rows] & OWNS_FLAT > 0,
                permit=self.tick.number - people.since[rows].astype(np.int64) >= 2,
            )
            line = (place // 2) * schools.CLASSES + rank
            asked = np.bincount(line, people.weight[rows], self.towns * schools.CLASSES)
            waiting[:, stage] = asked.reshape(self.towns, schools.CLASSES)
        self.markets.enrol(counts, waiting, years, levers, self.parameters)

    # Moving

    def reconsider(self, rows: Ints, hazards: Hazards) -> Ints:
        """Those who reconsider where to live, of the `rows` who might, (decider,).

        The throw let through everyone whose luck was below an upper bound of their hazard; here
        each is asked for the hazard itself.
        """
        people, p = self.register.people, self.parameters
        place, flat, band, situation = self.kind(rows)
        unit = people.unit[rows]
        hazard = (
            hazards.leaving[place, flat, band, situation]
            * hazards.by_duration[self.quarters_since(people.since[rows])]
            * migration.village_factor(self.register.away_share[unit], p)
            * migration.closure_factor(
                self.register.closed[unit], situation == kinds.PRIMARY_CHILD, p
            )
        )
        u = self.u(Stream.QUARTER, rows)[2]
        return rows[u < probability(hazard, self.tick.years)]

    def choose(self, rows: Ints, chances: Floats, stream: Stream = Stream.DESTINATION) -> Parties:
        """What those who reconsider choose: a party for each who does not stay."""
        people, alternatives = self.register.people, self.alternatives
        place, flat, band, situation = self.kind(rows)
        shape = chances.shape
        kind = np.ravel_multi_index((place, flat, migration.AGE_CLASS[band], situation), shape[:-1])
        table = chances.reshape(-1, shape[-1])
        address = people.address[rows]
        chosen = self.luck.choose(stream, self.tick.number, address, table, kind)
        moves = alternatives.nest[chosen] != migration.STAY
        town = alternatives.county[place // 2, chosen]
        moves &= (town == OUTSIDE) | self.register.has_town[town]
        rows, chosen, county = rows[moves], chosen[moves], place[moves] // 2
        nest, flat = alternatives.nest[chosen], flat[moves]
        town = alternatives.county[county, chosen]
        elsewhere = self.register.units.elsewhere + (nest == migration.COUNTRY)
        return Parties(
            row=rows,
            mode=alternatives.mode[chosen],
            town=town,
            unit=np.where(town == OUTSIDE, elsewhere, -1),
            waits=(town != OUTSIDE) & ~((nest == migration.OWN_TOWN) & (flat > 0)),
        )

    def leave_for_college(self) -> Parties:
        """Of those who have just left school for college, many leave the region."""
        if self.tick.season != SCHOOL_YEAR:
            return Parties.none()
        people, rows = self.register.people, self._just_grown()
        traits = people.traits[rows]
        student = (kinds.education_of(traits) == COLLEGE) & (kinds.role_of(traits) == SINGLE)
        rows = rows[student & (self.place(rows) < 2 * self.towns)]
        u = self.u(Stream.COMING_OF_AGE, rows)
        leaves = migration.leaves_for_college(u[1], self.parameters)
        far = ~migration.college_in_province(u[2, leaves], self.parameters)
        rows = rows[leaves]
        return Parties(
            row=rows,
            mode=np.full(len(rows), kernel.LONE),
            town=np.full(len(rows), OUTSIDE),
            unit=self.register.units.elsewhere + far,
            waits=np.zeros(len(rows), bool),
        )

    def go_back(self, rows: Ints) -> Parties:
        """People away from their hukou place go back: to the village, or to its county town."""
        r, people = self.register, self.register.people
        hukou = people.hukou[rows].astype(np.int64)
        home, place = r.place[hukou].astype(np.int64), self.place(rows)
        rows, hukou, home, place = (x[home != place] for x in (rows, hukou, home, place))
        ours = home < 2 * self.towns
        to_town = ours & (home % 2 == 1)
        to_town &= migration.returns_to_town(self.u(Stream.RETURNING, rows)[0], self.parameters)
        town = np.where(to_town, home // 2, OUTSIDE)
        moves = ~(to_town & ((place == 2 * town) | ~r.has_town[home // 2 % self.towns]))
        head = kinds.role_of(people.traits[rows]) == HEAD
        return Parties(
            row=rows[moves],
            mode=np.where(head, kernel.WHOLE, kernel.LONE)[moves],
            town=town[moves],
            unit=np.where(to_town, -1, hukou)[moves],
            waits=(to_town & (people.flags[rows] & OWNS_FLAT == 0))[moves],
        )

    def resettle(self, rows: Ints) -> Parties:
        """Village households move into the town flats of a project, built for them."""
        place = self.place(rows)
        moves = (place % 2 == 1) & (place < 2 * self.towns)
        mode = np.full(moves.sum(), kernel.WHOLE)
        return self._to_town(rows[moves], mode, place[moves] // 2, waits=False)

    def move(self, parties: Parties, chances: Floats, counts: Headcount) -> None:
        """Let parties move, as far as the dwellings of the towns go.

        Whoever finds no dwelling chooses once more among what is left, and then stays; people
        who were on their way back from outside stay outside.
        """
        self.rooms = rooms = self.markets.rooms(counts)
        housed = self._serve(parties, rooms)
        self._go(parties.where(housed))
        turned_away = parties.row[~housed]
        turned_away = turned_away[self.place(turned_away) < 2 * self.towns]
        if len(turned_away):
            left = self._without_full(chances, rooms[self.alternatives.county] <= 0)
            again = self.choose(turned_away, left, Stream.SECOND_CHOICE)
            self._go(again.where(self._serve(again, rooms)))

    def receive(self, expected: Floats, line: Floats) -> None:
        """People from outside come to the towns.

        Of a fixed line of outsiders who consider coming, as many come as are `expected`,
        (county, 2 origins) persons; `line`, (county, 2), is its length. Who they are
        is their own luck.
        """
        r, q, scale = self.register, self.tick.number, self.register.mean_weight
        lengths = np.ceil(line / scale).astype(np.int64)
        county = np.repeat(np.repeat(np.arange(self.towns), 2), lengths.ravel())
        origin = np.repeat(np.tile([0, 1], self.towns), lengths.ravel())
        rank = np.concatenate([np.arange(n) for n in lengths.ravel()])
        code = self.markets.counties.code[county]
        address = addresses(code, 2 * rank.astype(np.int64) + origin, q, NEWCOMER)
        u = self.luck.uniform(Stream.OUTSIDERS, q, address)
        persons = np.floor(scale + u[3]).astype(np.int64)  # their mean is the mean weight
        chance = np.divide(
            expected, lengths * scale, out=np.zeros(expected.shape), where=lengths > 0
        )
        comes = (u[0] < chance[county, origin]) & r.has_town[county]
        comes[comes] = served(u[2, comes], county[comes], persons[comes], self.rooms)
        address, county, origin, u = address[comes], county[comes], origin[comes], u[:, comes]
        v = self.luck.uniform(Stream.OUTSIDER_TRAITS, q, address)
        age = migration.newcomer_age(v[0], self.parameters)
        n = len(address)
        hukou = r.units.elsewhere + origin
        r.enter(
            People(
                address=address,
                born=(q - 4 * age).astype(np.int16),
                child=np.full(n, NEVER),
                unit=self._unit_in(county, u[1]).astype(np.uint16),
                hukou=hukou.astype(np.uint16),
                before=hukou.astype(np.uint16),
                since=np.full(n, q, np.int16),
                traits=kinds.pack(
                    (v[1] < self.parameters.newcomer_women).astype(np.int64),
                    households.education_reached(v[2], self.parameters),
                    np.full(n, ALONE),
                    np.full(n, NO_WORK),
                ),
                flags=np.zeros(n, np.uint8),
                mate=np.arange(len(r.people), len(r.people) + n, dtype=np.int32),
                weight=persons[comes].astype(np.int32),
            ),
            q,
        )

    # Hukou and boundaries

    def settle(self, rows: Ints) -> None:
        """Town residents registered elsewhere are granted the local hukou."""
        r, people, place = self.register, self.register.people, self.place(rows)
        here = r.place[people.hukou[rows]] == place
        in_town = (place % 2 == 0) & (place < 2 * self.towns)
        arrived = people.since[rows] == self.tick.number  # as villagers resettled this quarter
        r.settle(rows[land.may_settle(in_town & ~arrived, here)])

    def reclassify(self, levers: Levers, conditions: Conditions) -> None:
        """Villages are recoded urban around their people, merged, and lose their school."""
        r, p, units = self.register, self.parameters, self.register.units
        u = self.luck.uniform(Stream.UNIT, self.tick.number, r.unit_address)
        hazard = reclassification.recoding_hazard(units, levers, conditions, p)
        chosen = reclassification.struck(hazard, u[0], self.tick.years)
        if len(chosen):
            before = r.townspeople()
            r.recode(reclassification.recoded(units, chosen))
            self.markets.take_over(r.townspeople() - before, before)
        hazard = reclassification.merging_hazard(units, levers, p)
        chosen = reclassification.struck(hazard, u[1], self.tick.years)
        units.merged_into = reclassification.merged(units, chosen).astype(np.int32)
        closing = schools.closing_hazard(levers)[units.county]
        closed = ~units.urban & (u[2] < probability(closing, self.tick.years))
        r.closed[: len(units)] |= closed

    def _just_grown(self) -> Ints:
        """The rows of those who turned eighteen in the last four quarters, dead or alive."""
        grown = self.tick.number - 4 * households.GROWN
        return self.register.born_between(grown - 3, grown)

    def _to_town(self, rows: Ints, mode: Ints, county: Ints, waits: bool = True) -> Parties:
        there = self.register.has_town[county]
        rows, mode, county = rows[there], mode[there], county[there]
        return Parties(rows, mode, county, np.full(len(rows), -1), np.full(len(rows), waits))

    def _serve(self, parties: Parties, rooms: Ints) -> Bools:
        people = self.register.people
        size = np.empty(len(parties.row), np.int64)
        kernel.company(people.mate, people.unit, parties.row, size)
        persons = np.where(parties.mode == kernel.LONE, 1, size) * people.weight[parties.row]
        place_in_line = self.u(Stream.ARRIVAL, parties.row)[0]
        return served(place_in_line, np.where(parties.waits, parties.town, -1), persons, rooms)

    def _go(self, parties: Parties) -> None:
        u = self.u(Stream.ARRIVAL, parties.row)[1]
        goal = np.where(parties.unit >= 0, parties.unit, self._unit_in(parties.town, u))
        self.register.move(parties.row, parties.mode, goal, self.tick.number)

    def _unit_in(self, town: Ints, u: Floats) -> Ints:
        """An urban unit of each town, larger ones more often, (party,)."""
        ends, first, index = self.register.urban_units
        low: Floats = np.where(town >= 0, first[town], 0.0)
        high = np.where(town >= 0, first[town + 1], 1.0)
        return index[np.searchsorted(ends, low + u * (high - low), side="right")]

    def _without_full(self, chances: Floats, full: Bools) -> Floats:
        """Chances with the towns that are `full`, (county, alternative), taken out."""
        gone = np.repeat(full & (self.alternatives.county >= 0), 2, axis=0)
        gone &= self.alternatives.nest != migration.STAY
        return np.where(gone[:, None, None, None], 0.0, chances)
