"""The population: everyone's columns, households and moves, each with an entry in the ledger.

Rules decide and processes apply; only this file changes people. Whatever it does to where somebody
lives it records in `flows`, so that the ledger can be checked against a count of everyone.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xiancheng.sim import kernels, strata
from xiancheng.sim.accounts import Flows, Movers
from xiancheng.sim.calendar import HALF_YEAR
from xiancheng.sim.places import Places, county_of
from xiancheng.sim.randomness import addresses
from xiancheng.sim.state import (
    ALONE,
    COLLECTIVE,
    COLUMNS,
    DEPENDENT,
    FARM,
    HEAD,
    NEVER,
    NO_WORK,
    OWNS_FLAT,
    PRIMARY,
    SINGLE,
    Bools,
    Floats,
    Ints,
    People,
    Units,
)  # fmt: skip
from xiancheng.sim.strata import Traits

ROLE_BITS, WORK_BITS, EDUCATION_BITS = 0b00011000, 0b11100000, 0b00000110
GENERATION = 15  # years, at least, between parents and the grown children they live with
ROOM = 1.3  # times the people at the start: room to grow
NEWBORN, NEWCOMER, UNIT = 1, 2, 3  # part of an address: what it is the address of


class Population:
    """Everyone's columns, with room to grow, and the ledger of the present quarter."""

    def __init__(self, people: People, units: Units) -> None:
        self.units, self.places = units, Places(units.counties)
        self.place = units.place()
        self.room = People.empty(int(len(people) * ROOM) + 1024)  # costs nothing until it is used
        self.people = People.empty(0)  # everyone, as views of the room
        self._fill(people)
        self.founders = len(people)  # the first rows: those of the start, in every scenario
        self.size = np.zeros((units.gone + 1, 2), np.int64)  # residents by unit and sex
        kernels.by_unit(people.unit, people.traits, people.weight, self.size)
        self.registered = np.zeros(units.gone + 1, np.int64)  # by unit of hukou
        self.away = np.zeros(units.gone + 1, np.int64)  # of them, living in another place
        self.school_closed = np.zeros(units.gone + 1, bool)  # units whose village school was closed
        code = np.arange(len(units))
        self.unit_address = addresses(
            UNIT, units.county, code - np.searchsorted(units.county, units.county)
        )
        self.mean_weight = float(people.weight.mean())
        self.count_registered()
        self._index_towns()
        self.flows = Flows.none(len(self.places))
        self.movers = Movers.none(self.places.counties)  # since the start
        self.moved: list[Ints] = [np.empty(0, np.int64)] * HALF_YEAR  # by quarters ago

    def _first(self, n: int) -> People:
        return People(*(getattr(self.room, name)[:n] for name in COLUMNS))

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"room": self.people}  # none to grow; it is made where it is needed

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.people = self.room

    def open_quarter(self) -> None:
        """Begin a quarter with an empty ledger."""
        self.flows = Flows.none(len(self.places))
        self.moved = [np.empty(0, np.int64), *self.moved[:-1]]

    def append(self, newcomers: People) -> Ints:
        """Add rows at the end; their rows, (newcomer,)."""
        start = len(self.people)
        self._fill(newcomers)
        return np.arange(start, len(self.people))

    def _fill(self, newcomers: People) -> None:
        start, stop = len(self.people), len(self.people) + len(newcomers)
        if stop > len(self.room):
            larger = People.empty(2 * stop)
            for name in COLUMNS:
                getattr(larger, name)[:start] = getattr(self.room, name)[:start]
            self.room = larger
        for name in COLUMNS:
            getattr(self.room, name)[start:stop] = getattr(newcomers, name)
        self.people = self._first(stop)

    def count_registered(self) -> None:
        """Count who is registered where, and who of them lives elsewhere."""
        p = self.people
        self.registered[:], self.away[:] = 0, 0
        kernels.registered(
            p.hukou, p.unit, self.place, p.weight, self.units.gone, self.registered, self.away
        )
        self.registered_at_count = self.registered.copy()

    def half_year_correction(self, quarter: int) -> Ints:
        """What the half-year rule adds to a count of those present, (place,)."""
        p, change = self.people, np.zeros(len(self.places), np.int64)
        for ago, rows in enumerate(self.moved):
            kernels.not_yet_counted(
                rows, p.moved_at, quarter - ago, p.unit, p.previous_unit, self.place,
                self.units.gone, p.weight, change,
            )  # fmt: skip
        return change

    def born_between(self, first: int, last: int) -> Ints:
        """The rows of all born in these quarters, dead or alive, (person,)."""
        rows = np.empty(len(self.people), np.int64)
        return rows[: kernels.within(self.people.born, first, last, rows)].copy()

    @property
    def away_share(self) -> Floats:
        """Share of the people registered in a unit who live in another place, (unit + 3,)."""
        return self.away / np.maximum(self.registered_at_count, 1)

    @property
    def urban(self) -> Bools:
        """Units coded urban, (unit + 3,)."""
        return np.append(self.units.urban, [False] * 3)

    def _index_towns(self) -> None:
        """Where in the line of all urban units those of each town are, by size."""
        urban = np.flatnonzero(self.units.urban)
        ends = np.cumsum(np.maximum(self.size[urban].sum(axis=1), 1)).astype(float)
        ends /= ends[-1] if len(ends) else 1.0
        starts = np.searchsorted(self.units.county[urban], np.arange(self.places.counties + 1))
        self.has_town = np.diff(starts) > 0  # (county,) whether there is an urban unit to live in
        self.urban_units: tuple[Floats, Floats, Ints] = (
            ends, np.concatenate([[0.0], ends])[starts], urban
        )  # fmt: skip

    def count(self, quarter: int) -> Ints:
        """Everyone by where they live, how old they are and their traits, (place, band, 256)."""
        p = self.people
        counts = np.zeros((len(self.places) * strata.BANDS, strata.TRAITS), np.int64)
        first_row = self.place.astype(np.uint32) * strata.BANDS
        band = strata.Clock.at(quarter).band
        kernels.tally(p.unit, p.born.view(np.uint16), p.traits, p.weight, first_row, band, counts)
        return counts.reshape(len(self.places), strata.BANDS, strata.TRAITS)

    def remove_dead(self, rows: Ints, quarter: int) -> None:
        """People die: their households go on without them."""
        p, (role, sex) = self.people, self._traits(rows)
        record(self.flows.deaths, p.weight[rows], self.place[p.unit[rows]], sex)
        record(self.registered, -p.weight[rows], p.hukou[rows])
        record(self.size, -p.weight[rows], p.unit[rows], sex)
        p.unit[rows] = self.units.gone
        heirs = np.empty(len(rows), np.int64)
        self._leave_rings(rows, quarter, heirs)
        self._succeed(heirs, role == HEAD, p.child[rows])

    def add_children(self, mothers: Ints, sex: Ints, quarter: int) -> None:
        """Children are born into their mothers' households."""
        p, n = self.people, len(mothers)
        home = p.unit[mothers]
        first = self.append(
            People(
                address=addresses(p.address[mothers], quarter, NEWBORN),
                born=np.full(n, quarter, np.int16),
                child=np.full(n, NEVER),
                unit=home,
                hukou=p.hukou[mothers],
                previous_unit=p.previous_unit[mothers],
                moved_at=p.moved_at[mothers],
                traits=strata.pack(sex, np.full(n, PRIMARY), DEPENDENT, NO_WORK),
                flags=p.flags[mothers],
                next_member=np.arange(len(p), len(p) + n, dtype=np.int32),
                weight=p.weight[mothers],
            )
        )
        p = self.people
        kernels.join_rings(p.next_member, first, mothers)
        record(self.flows.births, p.weight[first], self.place[home], sex)
        record(self.registered, p.weight[first], p.hukou[first])
        record(self.size, p.weight[first], home, sex)
        heads = np.empty(n, np.int64)
        kernels.heads(p.next_member, p.traits, ROLE_BITS, HEAD << 3, mothers, heads)
        p.child[heads] = quarter
        young = first[p.moved_at[first] == quarter - 1]  # counted where their mothers still count
        self.moved[1] = np.concatenate([self.moved[1], young])

    def come_of_age(self, rows: Ints, education: Ints) -> None:
        """The young finish school and decide for themselves from now on."""
        p = self.people
        minor = strata.role_of(p.traits[rows]) == DEPENDENT
        rows, education = rows[minor], education[minor]
        kept = p.traits[rows] & ~np.uint8(EDUCATION_BITS | ROLE_BITS)
        p.traits[rows] = kept | (education << 1 | SINGLE << 3).astype(np.uint8)

    def employ(self, rows: Ints, work: Ints) -> None:
        """People take up, change or lose their work."""
        p = self.people
        p.traits[rows] = p.traits[rows] & ~np.uint8(WORK_BITS) | (work << 5).astype(np.uint8)

    def marry(self, men: Ints, women: Ints, homes: Ints, joins: Bools, quarter: int) -> None:
        """Couples form households; whoever has to moves.

        Of those who would, `joins`, (couple,), live in the household of his parents who have one of
        their own where the couple lives; he heads it from now on. The others, and all but one
        couple of a household, live by themselves.
        """
        p, (parents, together) = self.people, self.heads(men)
        older = p.born[men].astype(np.int64) - p.born[parents] >= 4 * GENERATION
        here = together & (p.unit[men] == homes)
        joining = np.flatnonzero(joins & older & here & (p.flags[men] & COLLECTIVE == 0))
        joining = joining[np.unique(parents[joining], return_index=True)[1]]
        both = np.concatenate([men, women])
        self._leave_home(np.delete(both, joining), quarter)
        kernels.join_rings(p.next_member, women, men)
        for rows, role in ((parents[joining], DEPENDENT), (men, HEAD), (women, DEPENDENT)):
            p.traits[rows] = p.traits[rows] & ~np.uint8(ROLE_BITS) | np.uint8(role << 3)
        p.child[men[joining]] = np.maximum(p.child[men[joining]], p.child[parents[joining]])
        p.flags[both] &= ~np.uint8(COLLECTIVE)
        goals = np.concatenate([homes, homes])
        moves = p.unit[both] != goals
        self.move(both[moves], np.full(moves.sum(), kernels.LONE), goals[moves], quarter)

    def buy_flats(self, rows: Ints) -> None:
        """Households, those of `rows`, buy a flat in the town of their county."""
        p = self.people
        kernels.flag_rings(p.next_member, p.unit, p.flags, OWNS_FLAT, rows)

    def heads(self, rows: Ints) -> tuple[Ints, Bools]:
        """Who heads the household of each row, and whether one does who lives where it lives."""
        p, found = self.people, np.empty(len(rows), np.int64)
        kernels.heads(p.next_member, p.traits, ROLE_BITS, HEAD << 3, rows, found)
        return found, (self._role(found) == HEAD) & (p.unit[found] == p.unit[rows])

    def move(self, rows: Ints, modes: Ints, goals: Ints, quarter: int) -> None:
        """Parties move: the deciders `rows` in their modes to the units `goals`, each (party,)."""
        p = self.people
        alone = (self._role(rows) == SINGLE) & (modes == kernels.LONE)
        self._leave_home(rows[alone & (p.moved_at[rows] != quarter)], quarter)
        size = np.empty(len(rows), np.int64)
        kernels.co_residents(p.next_member, p.unit, rows, size)
        who, origin = np.empty(size.sum(), np.int64), np.empty(size.sum(), np.int64)
        n = kernels.move(
            p.next_member, p.born, p.unit, p.previous_unit, p.moved_at, np.int16(quarter),
            np.int16(quarter - 4 * strata.GROWN), rows, modes, goals.astype(np.uint16),
            who, origin,
        )  # fmt: skip
        who, origin = who[:n], origin[:n]
        start, end = self.place[origin], self.place[p.unit[who]]
        sex = strata.sex_of(p.traits[who])
        record(self.flows.moves, p.weight[who], start, end, sex)
        record(self.size, -p.weight[who], origin, sex)
        record(self.size, p.weight[who], p.unit[who], sex)
        leaves_county = county_of(start) != county_of(end)
        leaves_job = leaves_county | (strata.work_of(p.traits[who]) == FARM)
        left = who[leaves_job & (start != end)]
        to_village = self.places.is_villages(self.place[p.unit[left]])
        abroad = who[leaves_county]
        p.flags[abroad] &= ~np.uint8(OWNS_FLAT)  # the flat is in the town of the county left
        grown = (p.born[left] <= quarter - 4 * strata.GROWN) & to_village
        self.employ(left, np.where(grown, FARM, NO_WORK))
        self._remember(who, start, end, quarter)

    def add_newcomers(self, newcomers: People, quarter: int) -> None:
        """People from outside who were never in the region settle in a town."""
        rows = self.append(newcomers)
        p = self.people
        sex = strata.sex_of(p.traits[rows])
        origin = p.hukou[rows].astype(np.int64) - self.units.elsewhere
        record(self.flows.entries, p.weight[rows], origin, self.place[p.unit[rows]], sex)
        record(self.registered, p.weight[rows], p.hukou[rows])
        record(self.size, p.weight[rows], p.unit[rows], sex)
        self._remember(rows, self.places.province + origin, self.place[p.unit[rows]], quarter)

    def settle(self, rows: Ints) -> None:
        """People are granted the hukou of where they live."""
        p = self.people
        record(self.registered, -p.weight[rows], p.hukou[rows])
        p.hukou[rows] = p.unit[rows]
        record(self.registered, p.weight[rows], p.hukou[rows])

    def townspeople(self) -> Ints:
        """Residents of the urban units of each county, (county,)."""
        residents = (self.size[:-3, 0] + self.size[:-3, 1]) * self.units.urban
        return np.bincount(self.units.county, residents, self.places.counties).astype(np.int64)

    def set_codes(self, urban: Bools) -> None:
        """Set the code of every unit, (unit,), and thus which place it belongs to; nothing else."""
        self.units.urban[:] = urban
        self.place = self.units.place()

    def recode(self, changed: Bools) -> None:
        """The code of units, (unit,), turns from rural to urban or back around their people.

        A home that was owned in town is no longer in town once its unit is rural.
        """
        which = np.flatnonzero(changed)
        before, residents = self.place[which], self.size[which]
        self.set_codes(self.units.urban ^ changed)
        np.subtract.at(self.flows.recoded, before, residents)
        np.add.at(self.flows.recoded, self.place[which], residents)
        to_rural = np.append(changed & ~self.units.urban, [False] * 3)
        if to_rural.any():
            self.people.flags[to_rural[self.people.unit]] &= ~np.uint8(OWNS_FLAT)
        self._index_towns()

    def _remember(self, who: Ints, start: Ints, end: Ints, quarter: int) -> None:
        """Keep in mind who moved: the half-year rule asks for it, and so do readers."""
        p = self.people
        self.moved[0] = np.concatenate([self.moved[0], who])
        self.movers.add(
            start.astype(np.int64), end.astype(np.int64), p.born[who], p.child[who],
            p.traits[who], p.weight[who], quarter,
        )  # fmt: skip

    def _role(self, rows: Ints) -> Traits:
        return strata.role_of(self.people.traits[rows])

    def _traits(self, rows: Ints) -> tuple[Traits, Traits]:
        traits = self.people.traits[rows]
        return strata.role_of(traits), strata.sex_of(traits)

    def _leave_rings(self, rows: Ints, quarter: int, heirs: Ints) -> None:
        p = self.people
        adult = quarter - 4 * strata.GROWN
        kernels.leave_rings(p.next_member, p.born, p.unit, self.units.gone, adult, rows, heirs)

    def _leave_home(self, rows: Ints, quarter: int) -> None:
        """Adults leave the household they lived in and keep one of their own."""
        p, role = self.people, self._role(rows)
        heirs = np.empty(len(rows), np.int64)
        self._leave_rings(rows, quarter, heirs)
        self._succeed(heirs, role == HEAD, p.child[rows])
        p.traits[rows] = p.traits[rows] & ~np.uint8(ROLE_BITS) | np.uint8(ALONE << 3)

    def _succeed(self, heirs: Ints, succeeds: Bools, children: NDArray[np.int16]) -> None:
        """Those left behind carry on: as head, or alone."""
        p = self.people
        has_heir = heirs >= 0
        heirs, succeeds, children = heirs[has_heir], succeeds[has_heir], children[has_heir]
        np.maximum.at(p.child, heirs[succeeds], children[succeeds])
        succeeds = np.isin(heirs, heirs[succeeds])  # who loses several people succeeds if to any
        alone = p.next_member[heirs] == heirs
        role = role_after_loss(self._role(heirs), alone, succeeds)
        p.traits[heirs] = p.traits[heirs] & ~np.uint8(ROLE_BITS) | (role << 3).astype(np.uint8)


def role_after_loss(role: Ints, alone: Bools, succeeds: Bools) -> Ints:
    """The role of the one left behind, (heir,).

    Whoever is left alone keeps a household of one; whoever succeeds the head becomes head.
    """
    return np.where(alone, ALONE, np.where(succeeds, HEAD, role))


def record(ledger: Ints, persons: Ints, *where: Ints) -> None:
    """Add `persons` to a ledger, (...), in the cells that `where` indexes."""
    cell = np.ravel_multi_index(where, ledger.shape)
    total = np.bincount(cell, weights=persons, minlength=ledger.size)  # exact below 2^53
    ledger += total.reshape(ledger.shape).astype(np.int64)
