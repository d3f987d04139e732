"""The population: everyone's columns, households and moves, each with an entry in the ledger.

Rules decide and processes apply; only this file changes people. Whatever it does to where somebody
lives it records in `flows`, so that the ledger can be checked against a count of everyone.
"""

import mmap
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
        people = self.people  # what was given may be mapped from a file, and is not read again
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
        kernels.registered(people.hukou, people.unit, people.weight, units.gone, self.registered)
        self.count_registered()
        self._index_towns()
        self.flows = Flows.none(len(self.places))
        self.movers = Movers.none(self.places.counties)  # since the start
        # Persons not yet counted where they are, but where they were, by quarters since the move;
        # after half a year no more, but one row further, as they were when this quarter began.
        self.waiting = np.zeros((HALF_YEAR + 1, units.gone + 1), np.int64)
        self._index_births()

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
        self.waiting = np.concatenate([np.zeros_like(self.waiting[:1]), self.waiting[:-1]])

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
            column = getattr(newcomers, name)
            getattr(self.room, name)[start:stop] = column
            release(column)
        self.people = self._first(stop)

    def count_registered(self) -> None:
        """Count who of those registered somewhere lives elsewhere."""
        p = self.people
        self.away[:] = 0
        kernels.registered_away(p.hukou, p.unit, self.place, p.weight, self.units.gone, self.away)
        self.registered_at_count = self.registered.copy()

    def half_year_correction(self, ago: int = 0) -> Ints:
        """What the half-year rule adds to a count of those present, (place,).

        At the end of this quarter, or (`ago` 1), as long as nobody has moved in it, of the last.
        """
        waiting = self.waiting[ago : ago + HALF_YEAR].sum(axis=0)
        change = np.bincount(self.place, waiting, len(self.places))
        return change.astype(np.int64)  # exact below 2^53

    def _index_births(self) -> None:
        """List the rows of the start that were born in the last years, and when."""
        born = self.people.born
        self._indexed_from = int(born.max(initial=NEVER)) - 4 * (strata.GROWN + 2)
        rows = np.empty(len(born), np.int32)  # filled as needed
        self._young = rows[: kernels.within(born, self._indexed_from, np.iinfo(np.int16).max, rows)]
        self._young_born = born[self._young]

    def born_between(self, first: int, last: int) -> Ints:
        """The rows of all born in these quarters, dead or alive, (person,)."""
        born = self.people.born

        def found(among: NDArray[np.int16]) -> Ints:
            rows = np.empty(len(among), np.int64)
            return rows[: kernels.within(among, first, last, rows)]

        if first < self._indexed_from:
            return found(born).copy()
        later = self.founders + found(born[self.founders :])
        return np.concatenate([self._young[found(self._young_born)], later])

    @property
    def away_share(self) -> Floats:
        """Share of the people registered in a unit who live in another place, (unit + 3,)."""
        return self.away / np.maximum(self.registered_at_count, 1)

    @property
    def residents(self) -> Ints:
        """Residents of each unit, (unit,)."""
        inside = self.size[: len(self.units)]
        return inside[:, 0] + inside[:, 1]

    @property
    def urban(self) -> Bools:
        """Units coded urban, (unit + 3,)."""
        return np.append(self.units.urban, [False] * 3)

    def _index_towns(self) -> None:
        """Where in the line of all urban units those of each town are, by size."""
        urban = np.flatnonzero(self.units.urban)
        ends = np.cumsum(np.maximum(self.residents[urban], 1)).astype(float)
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
        unit, weight = p.unit[rows], p.weight[rows]
        record(self.flows.deaths, weight, self.place[unit], sex)
        record(self.registered, -weight, p.hukou[rows])
        record(self.size, -weight, unit, sex)
        ago = quarter - p.moved_at[rows].astype(np.int64)
        waited = ago < HALF_YEAR
        self._wait(-weight[waited], p.previous_unit[rows[waited]], unit[waited], ago[waited])
        p.unit[rows] = self.units.gone
        self._leave_rings(rows, quarter, role == HEAD)

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
        ago = np.ones(len(young), np.int64)
        self._wait(p.weight[young], p.previous_unit[young], p.unit[young], ago)

    def come_of_age(self, rows: Ints, education: Ints) -> None:
        """The young finish school and decide for themselves from now on."""
        p = self.people
        minor = strata.role_of(p.traits[rows]) == DEPENDENT
        rows, education = rows[minor], education[minor]
        kept = p.traits[rows] & ~np.uint8(EDUCATION_BITS | ROLE_BITS)
        p.traits[rows] = kept | (education << 1 | SINGLE << 3).astype(np.uint8)

    def employ(self, rows: Ints, work: Ints) -> None:
        """People take up, change or lose their work."""
        kernels.set_bits(rows, WORK_BITS, work << 5, self.people.traits)

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
        who, origin, (start, end) = who[:n], origin[:n], np.empty((2, n), np.int64)
        place = np.arange(len(self.places))
        county = np.where(self.places.is_inside(place), county_of(place), -1)
        kernels.record_moves(
            who, origin, p.unit, p.previous_unit, p.born, p.traits, p.flags, p.weight, self.place,
            county, self.places.is_villages(place), quarter - 4 * strata.GROWN, FARM, OWNS_FLAT,
            self.flows.moves, self.size, self.waiting, start, end,
        )  # fmt: skip
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
        ago = np.zeros(len(rows), np.int64)
        self._wait(p.weight[rows], p.hukou[rows], p.unit[rows], ago)
        self._remember(rows, self.places.province + origin, self.place[p.unit[rows]], quarter)

    def settle(self, rows: Ints) -> None:
        """People are granted the hukou of where they live."""
        p = self.people
        record(self.registered, -p.weight[rows], p.hukou[rows])
        p.hukou[rows] = p.unit[rows]
        record(self.registered, p.weight[rows], p.hukou[rows])

    def townspeople(self) -> Ints:
        """Residents of the urban units of each county, (county,)."""
        residents = self.residents * self.units.urban
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
            kept = np.where(to_rural, ~np.uint8(OWNS_FLAT), np.uint8(255))
            kernels.keep_flags(self.people.unit, kept, self.people.flags)
        self._index_towns()

    def _wait(self, persons: Ints, before: Ints, now: Ints, ago: Ints) -> None:
        """Persons, (entry,), are counted in the unit `before`, not `now`, for they moved `ago`."""
        record(self.waiting, persons, ago, before)
        record(self.waiting, -persons, ago, now)

    def _remember(self, who: Ints, start: Ints, end: Ints, quarter: int) -> None:
        """Keep in mind who moved: readers ask for it."""
        p = self.people
        self.movers.add(
            start, end, p.born[who], p.child[who], p.traits[who], p.weight[who], quarter
        )  # fmt: skip

    def _role(self, rows: Ints) -> Traits:
        return strata.role_of(self.people.traits[rows])

    def _traits(self, rows: Ints) -> tuple[Traits, Traits]:
        traits = self.people.traits[rows]
        return strata.role_of(traits), strata.sex_of(traits)

    def _leave_rings(self, rows: Ints, quarter: int, was_head: Bools) -> None:
        """Take people out of their households; those left behind carry on: as head, or alone."""
        p, heirs = self.people, np.empty(len(rows), np.int64)
        adult = quarter - 4 * strata.GROWN
        kernels.leave_rings(p.next_member, p.born, p.unit, self.units.gone, adult, rows, heirs)
        kernels.succeed(
            p.next_member, p.child, p.traits, ROLE_BITS, HEAD << 3, ALONE << 3, heirs, was_head,
            p.child[rows],
        )  # fmt: skip

    def _leave_home(self, rows: Ints, quarter: int) -> None:
        """Adults leave the household they lived in and keep one of their own."""
        if not len(rows):
            return
        p = self.people
        self._leave_rings(rows, quarter, self._role(rows) == HEAD)
        p.traits[rows] = p.traits[rows] & ~np.uint8(ROLE_BITS) | np.uint8(ALONE << 3)


def release(column: NDArray[Any]) -> None:
    """Let the system take back the memory of a column that is mapped from a file, read-only.

    It is read from the file again where it is asked for.
    """
    kept: Any = column
    while isinstance(kept, np.ndarray):
        kept = kept.base
    mapped = isinstance(kept, mmap.mmap) and not column.flags.writeable
    if mapped and hasattr(mmap, "MADV_DONTNEED"):  # Windows has none
        kept.madvise(mmap.MADV_DONTNEED)


def record(ledger: Ints, persons: Ints, *where: Ints) -> None:
    """Add `persons` to a ledger, (...), in the cells that `where` indexes."""
    cell = where[0].astype(np.int64)
    for length, index in zip(ledger.shape[1:], where[1:], strict=True):
        cell = cell * length + index
    kernels.add(ledger.reshape(-1), cell, persons)
