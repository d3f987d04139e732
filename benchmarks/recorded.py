"""What every engine is given: the same people at the start, the same tables each quarter.

Our own model runs first and records what its rules give. The other engines read it there, so
they differ in how people meet these tables and in nothing else; and they are spared the work of
making them: markets, utilities, steering, recoding, schools, people from outside.
"""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from xiancheng import RegionModel
from xiancheng.sim import departure, relocation, strata
from xiancheng.sim.calendar import SCHOOL_YEAR
from xiancheng.sim.choice import probability
from xiancheng.sim.destination import Alternatives
from xiancheng.sim.events import Events, Hazards
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.state import (
    FARM,
    HEAD,
    INDUSTRY,
    NO_WORK,
    SINGLE,
    Bools,
    Column,
    Floats,
    Ints,
    Parties,
    People,
)  # fmt: skip
from xiancheng.sim.step import Step
from xiancheng.sim.strata import Clock

REGION, PLAN = "binzhou", "plan"


@dataclass(frozen=True)
class QuarterTables:
    """The rules' answers in one quarter. Chances of a quarter are padded with 0 for outsiders."""

    now: int  # number of the quarter
    years: float  # its length
    school_year: bool  # the young come of age
    towns: int
    gone: int  # the unit of the dead
    place: Ints  # (unit + 3,)
    urban: Bools  # (unit + 3,)
    turned_rural: Bools  # (unit + 3,) since the last quarter
    band: Ints  # (65536,) at the bits of the quarter of birth
    stage: Ints  # (65536,) at the bits of the birth of the youngest child
    death: Floats  # (place, band, sex)
    birth: Floats  # (place, band)
    marriage: Floats  # (place, band, sex)
    settling: Floats  # (place,)
    resettling: Floats  # (place,)
    hire: Floats  # (place, band, work, education)
    separation: Floats  # (place, band, work)
    going_back: Floats  # (place, band, education)
    leaving: Floats  # (place, flat, band, situation) hazard [1/year]
    by_duration: Floats  # (65536,) factor at the bits of the last move
    by_village: Floats  # (unit + 3,) factor
    by_closure: Floats  # (unit + 3,) factor for families with a child of primary age
    chances: Floats  # (place, flat, age class, situation, alternative)
    purchase: Floats  # (county,) chance that a village family buys a flat when it might
    vacancies: Floats  # (county, sector) with those that come free this quarter
    moving_share: Floats  # (county,) of villagers hired
    bringing_share: Floats  # (county,) of those, with their household
    rooms: Ints  # (county,)
    town_units: tuple[Floats, Floats, Ints]  # see Population.urban_units
    newcomers: People
    alternatives: Alternatives
    parameters: Parameters


class Recorded(RegionModel):
    """Our model, which keeps what its rules gave last."""

    urban_before: Bools | None = None

    def leavers(  # type: ignore[override]  # of an instance, which keeps it
        self, step: Step, drawn: Events, hazards: Hazards, couples: Ints, chances: Floats
    ) -> Parties:
        """Let people leave as ever, and keep what the rules, steered, gave this quarter."""
        r, urban = self.population, self.population.urban
        turned = np.zeros_like(urban) if self.urban_before is None else self.urban_before & ~urban
        self.urban_before = urban
        self.given, self.given_chances = hazards, chances
        self.given_rooms = self.markets.rooms(self.counts)
        self.given_at = (
            step.quarter, r.place, urban, turned, r.urban_units, r.school_closed.copy(),
            len(r.people),
        )  # fmt: skip
        return super().leavers(step, drawn, hazards, couples, chances)

    def tables(self) -> QuarterTables:
        """What the rules gave in the quarter just stepped, with those who came from outside."""
        tick, place, urban, turned_rural, town_units, closed, rows = self.given_at
        h, n, p = self.given, 2 * len(self.counties), self.parameters
        clock = Clock.at(tick.number)

        def chance(hazard: Floats) -> Floats:
            padded = np.zeros((n + 3, *hazard.shape[1:]))
            padded[:n] = probability(hazard, tick.years)
            return padded

        death = chance(h.death)
        death[n : n + 2] = death[:n:2].max(axis=0)
        separation = np.concatenate([np.zeros((n, strata.BANDS, FARM)), h.separation], axis=2)
        marriage = np.broadcast_to(h.marriage, (n, *h.marriage.shape))
        leaving = np.zeros((n + 3, *h.leaving.shape[1:]))
        leaving[:n] = h.leaving
        closure = np.where(closed, p.hr_school_closed, 1.0)
        by_duration = np.full(65536, h.by_duration[-1])
        recent = np.arange(len(h.by_duration), dtype=np.int16)
        by_duration[(np.int16(tick.number) - recent).view(np.uint16)] = h.by_duration
        new = {f.name: getattr(self.population.people, f.name)[rows:] for f in fields(People)}
        return QuarterTables(
            now=tick.number, years=tick.years, school_year=tick.season == SCHOOL_YEAR,
            towns=n // 2, gone=self.population.units.gone, place=place, urban=urban,
            turned_rural=turned_rural, band=clock.band, stage=clock.stage, death=death,
            birth=chance(h.birth), marriage=chance(marriage),
            settling=chance(h.settling), resettling=chance(h.resettling), hire=chance(h.hire),
            separation=chance(separation), going_back=probability(h.going_back, tick.years),
            leaving=leaving, by_duration=by_duration,
            by_village=h.by_village / np.maximum(closure, 1), by_closure=closure,
            chances=self.given_chances, purchase=departure.purchase_chance(self.markets.price, p),
            vacancies=self.markets.vacancies,
            moving_share=self.markets.moving_share,
            bringing_share=relocation.share_bringing_household(
                self.counties.residents_per_dwelling, p
            ),
            rooms=self.given_rooms, town_units=town_units,
            newcomers=People(**{name: column.copy() for name, column in new.items()}),
            alternatives=self.alternatives, parameters=p,
        )  # fmt: skip


def model(scale: float, seed: int = 1) -> Recorded:
    """The plan's model at its start, as `simulate` makes it."""
    return Recorded(PLAN, region=REGION, seed=seed, scale=scale)


def residents(ours: Recorded) -> int:
    """Rows of people who live in the region now."""
    place = ours.population.place[ours.population.people.unit]
    return int(np.count_nonzero(place < 2 * len(ours.counties)))


@dataclass(frozen=True)
class Look:
    """What an onlooker sees of everyone, by row; the dead live in the unit beyond the last."""

    born: Column
    unit: Column
    hukou: Column
    role: Column
    work: Column

    @classmethod
    def at(cls, people: People) -> Self:
        """A look at our own columns."""
        role, work = strata.role_of(people.traits), strata.work_of(people.traits)
        return cls(people.born.copy(), people.unit.copy(), people.hukou.copy(), role, work)


def flows(before: Look, after: Look, tables: QuarterTables) -> dict[str, int]:
    """What happened to people in a quarter, read off two looks at them [rows]."""
    n, old = 2 * tables.towns, len(before.unit)
    start, end = tables.place[before.unit], tables.place[after.unit[:old]]
    role, became = before.role, after.role[:old]
    worked, works = before.work >= INDUSTRY, after.work[:old] >= INDUSTRY
    alive, inside, arrives = end < n + 2, start < n, end < n
    moves = alive & (start != end)
    seen = {
        "deaths": (start < n + 2) & ~alive,
        "births": after.born[old:] == tables.now,
        "marriages": alive & (role > 0) & (role < HEAD) & (became == 0),
        "comings of age": alive & (role == 0) & (became == SINGLE),
        "hires": alive & ~worked & works,
        "jobs lost": alive & worked & ~works,
        "village to own town": moves & (start % 2 == 1) & (end == start - 1) & inside,
        "to another town": moves & inside & arrives & (end % 2 == 0) & (start // 2 != end // 2),
        "to a village": moves & inside & arrives & (end % 2 == 1),
        "to outside": moves & inside & ~arrives,
        "from outside": moves & ~inside & arrives,
        "back to farming": alive & (before.work != FARM) & (after.work[:old] == FARM),
        "farming given up": alive & ~moves & (before.work == FARM) & (after.work[:old] == NO_WORK),
        "hukou settled": alive & (before.hukou != after.hukou[:old]),
    }
    return {name: int(np.count_nonzero(who)) for name, who in seen.items()}
