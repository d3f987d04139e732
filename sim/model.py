"""The tick: one quarter of the region, on one page."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial

import mesa
import numpy as np
from scipy.special import ndtri

from sim import (
    accounts,
    census,
    demography,
    households,
    housing,
    kinds,
    labour,
    land,
    measurement,
    migration,
)
from sim.accounts import Growth
from sim.base import Base
from sim.calendar import SCHOOL_YEAR, SPRING_FESTIVAL, Tick, ticks
from sim.chance import Luck, Stream, addresses
from sim.conditions import Conditions
from sim.county import County, carried_out
from sim.hazards import Hazards
from sim.indicators import INDICATORS, Seen
from sim.kinds import Headcount
from sim.levers import Levers
from sim.markets import Markets
from sim.migration import Alternatives
from sim.movers import Movers
from sim.parameters import Parameters
from sim.parties import Parties
from sim.quarter import Quarter
from sim.register import Register
from sim.state import ALONE, BEYOND, HEAD, Counties, Floats, Ints, Offers, People, Units

Policy = Callable[[int], Levers]  # number of a quarter -> levers
CHUNK = 65536  # rows that one thread takes at a time
OUTSIDERS = 3.0  # people in the line of those who may come, for each who is expected to


class UrbanModel(mesa.Model):
    """A region of people, villages, towns and county governments, stepped a quarter at a time.

    It runs to the end of the quarter in which `until` lies.
    """

    def __init__(
        self, people: People, units: Units, counties: Counties, base: Base,
        parameters: Parameters, policy: Policy, *, start: date, until: date,
        seed: int = 1, draw: int = 0,
        conditions: Conditions | None = None, fertility: Mapping[int, float] | None = None,
        groups: Floats | None = None, threads: int = 1, chunk: int = CHUNK,
    ) -> None:  # fmt: skip
        super().__init__(rng=seed)
        self.counties, self.base, self.parameters, self.policy = counties, base, parameters, policy
        self.conditions, self.fertility = Conditions(), dict(fertility or {})
        self.groups = np.eye(len(counties)) if groups is None else groups
        self.draw, self.luck, self.threads, self.chunk = draw, Luck(seed), threads, chunk
        self.ticks, self.start, self.quarter = ticks(start, until), start, 0
        for c, code in enumerate(counties.code):
            County(self, int(code), np.array([2 * c, 2 * c + 1]), parameters.delivery_capacity)

        none, first = Levers.baseline(2 * len(counties)), self.ticks[0]
        self.register = Register(people, units.copy(), 2 * len(counties) + BEYOND)
        self.alternatives = Alternatives.around(counties)
        self.counts = self.count(first.number)
        self.levels = demography.crude_levels(self.counts, counties, parameters)
        self.markets = Markets.at_start(self.counts, counties, none, parameters)
        self.decisions(first).enrol(self.counts, 0.0, none)
        offers = self.markets.post(self.counts, none, self.conditions, 0.0, 0.0, parameters)
        self.town_value = migration.town_value(offers, parameters)  # at the start

        for ago in range(measurement.HALF_YEAR, 0, -1):
            self.run_in(Tick(first.number - ago, start, 1.0), offers, none)
        self.register.movers = Movers.none(len(counties))
        self.conditions = conditions or Conditions()  # from the start on; the past is one

        self.record: list[dict[str, Floats]] = []
        self.growth: list[Growth] = []
        reporters = {name: partial(latest, name) for name in INDICATORS}
        self.datacollector = mesa.DataCollector(model_reporters=reporters)
        self.observe(start, first.number - 1)

    def step(self) -> None:
        """Advance one quarter. The order of the paragraphs is the model's causal order.

        Raises
        ------
        RuntimeError
            after the last quarter.
        """
        if self.quarter == len(self.ticks):
            raise RuntimeError(f"the run has ended on {self.ticks[-1].ends}")
        tick, register, before = self.ticks[self.quarter], self.register, self.counts
        quarter = self.decisions(tick)
        register.open_quarter()

        # Counties carry out the plan, as far as they can.
        levers = carried_out(self.policy(tick.number), list(self.agents))

        # Once a year migrants are home, and once children start and leave school.
        if tick.season == SPRING_FESTIVAL:
            register.count_registered()
        if tick.season == SCHOOL_YEAR:
            quarter.come_of_age()
            quarter.enrol(before, self.years(tick), levers)

        # Markets post what they offer: jobs and wages, seats, dwellings, services.
        offers = self.offers(tick, levers)
        chances, attraction = self.choices(offers, levers)

        # Everyone meets the quarter's luck.
        self.follow_births(tick)
        hazards = self.hazards(tick, levers, attraction)
        struck = quarter.throw(hazards, self.threads, self.chunk)

        # People die, and are born.
        register.bury(struck.dying, tick.number)
        quarter.bear(struck.giving_birth)

        # Some lose their work and some find it; couples form.
        quarter.separate(struck.separated)
        hired = quarter.hire(struck.hired)
        quarter.marry(struck.marrying)

        # Some leave for college, reconsider where to live, go back, or follow a job; who finds
        # room moves.
        students = quarter.leave_for_college()
        leavers = quarter.choose(quarter.reconsider(struck.wavering, hazards), chances)
        returners = quarter.go_back(struck.going_back)
        followers, resettled = quarter.follow_job(hired), quarter.resettle(struck.settling)
        parties = Parties.together([students, leavers, returners, followers, resettled])
        quarter.move(parties, chances, before)
        self.receive(quarter, offers)

        # Some are granted the hukou of where they live.
        quarter.settle(struck.settling)

        # Some villages are recoded urban around people who never move; some are merged.
        quarter.reclassify(levers, self.conditions)

        # The books balance, or the run stops.
        self.quarter += 1
        self.running = self.quarter < len(self.ticks)
        self.counts = self.count(tick.number + 1)
        accounts.check(before.by_sex[:-1], register.flows, self.counts.by_sex[:-1])
        self.growth.append(accounts.growth(register.flows, len(self.counties)))
        self.observe(tick.ends, tick.number)

    def run_in(self, tick: Tick, offers: Offers, none: Levers) -> None:
        """Let people move for a quarter before the start.

        A census counts people where they had lived half a year earlier: where they are is two
        quarters of moves ahead of it. So at the start the half-year rule gives the census.
        """
        quarter, before = self.decisions(tick), self.counts
        self.register.open_quarter()
        chances, attraction = self.choices(offers, none)
        self.follow_births(tick)
        hazards = self.hazards(tick, none, attraction).only_moves()
        struck = quarter.throw(hazards, self.threads, self.chunk)
        leavers = quarter.choose(quarter.reconsider(struck.wavering, hazards), chances)
        returners = quarter.go_back(struck.going_back)
        quarter.move(Parties.together([leavers, returners]), chances, before)
        self.receive(quarter, offers)
        self.counts = self.count(self.ticks[0].number)
        accounts.check(before.by_sex[:-1], self.register.flows, self.counts.by_sex[:-1])

    def census(self) -> census.Found:
        """What a census would find now."""
        number = self.ticks[0].number + self.quarter - 1
        return census.census(self.register, self.counts, len(self.counties), number)

    def retire(self) -> None:
        """Let go of the people: a finished model is in a ring of references with its agents.

        Mesa numbers the agents of a model in a table that would keep the model for ever.
        """
        getattr(mesa.Agent, "_ids", {}).pop(self, None)
        del self.register

    def count(self, quarter: int) -> Headcount:
        """Count everyone as old as they are in `quarter`."""
        return Headcount.of(self.register.count(quarter), households.MOTHERS)

    def present(self) -> tuple[Ints, Ints]:
        """People who are in urban units, and all who are there, each (county,)."""
        now = self.counts.by_sex[: 2 * len(self.counties)].sum(axis=1).reshape(-1, 2)
        return now[:, 0], now.sum(axis=1)

    def decisions(self, tick: Tick) -> Quarter:
        """The people, markets and luck of one quarter."""
        return Quarter(
            tick, self.register, self.markets, self.alternatives, self.luck, self.parameters
        )

    def offers(self, tick: Tick, levers: Levers) -> Offers:
        """What the markets offer this quarter."""
        return self.markets.post(
            self.counts, levers, self.conditions, self.years(tick), tick.quarters, self.parameters
        )

    def years(self, tick: Tick) -> float:
        """Years from the start to the end of a quarter."""
        return (tick.ends - self.start).days / 365.25

    def choices(self, offers: Offers, levers: Levers) -> tuple[Floats, Floats]:
        """Chances of every alternative, and how much they attract, by kind of person."""
        value = migration.utility(
            self.alternatives, offers, self.base.constants, levers, self.parameters
        )
        return migration.choice(self.alternatives, value, self.parameters)

    def follow_births(self, tick: Tick) -> None:
        """Where births per resident are known, the level of fertility follows them."""
        if tick.ends.year in self.fertility:
            rate = self.counties.birth_rate * self.fertility[tick.ends.year]
            births = demography.birth_level(self.counts, rate, self.parameters)
            self.levels = self.levels[0], births

    def hazards(self, tick: Tick, levers: Levers, attraction: Floats) -> Hazards:
        """The quarter's hazards by kind of person."""
        p, n, register = self.parameters, len(self.counties), self.register
        deaths, births = self.levels
        pattern = demography.mortality_pattern(p)
        fertility = np.tile(demography.fertility_pattern(p), (n, 1))
        survival = demography.survival(self.years(tick), p)
        adults = self.counts.by_band[: 2 * n, labour.WORKING].sum(axis=1).astype(float)
        homes = self.counts.by_role[1 : 2 * n : 2, [ALONE, HEAD]].sum(axis=1).astype(float)
        resettling = np.zeros(2 * n)
        resettling[1::2] = housing.resettling_hazard(levers, homes)
        effort = labour.search(levers, adults, p)
        ended = labour.separation_hazard(p)[:, None] * np.ones(labour.SECTORS)
        surplus = 4 * self.markets.lay_off[:, None, :]
        closed = np.where(register.closed, max(p.hr_school_closed, 1.0), 1.0)
        return Hazards(
            death=survival
            * demography.mortality(deaths, pattern, p).reshape(2 * n, kinds.BANDS, 2),
            birth=np.repeat(births, 2)[:, None] * fertility * self.conditions.fertility,
            marriage=households.marriage_hazard(p),
            settling=land.settling_hazard(levers, p) * (np.arange(2 * n) % 2 == 0),
            resettling=resettling,
            leaving=migration.leaving_hazard(
                attraction, self.effects(tick), land.leaving_hazard(levers, p), adults, levers, p
            ),
            going_back=migration.going_back_hazard(np.arange(2 * n + 2) >= 2 * n, p),
            hire=4 * np.repeat(self.markets.hire_rate, 2)[:, None, None, None] * effort,
            separation=np.repeat(ended + surplus, 2, axis=0),
            by_duration=migration.duration_factors(p),
            by_village=migration.village_factor(register.away_share, p) * closed,
        )

    def effects(self, tick: Tick) -> Floats:
        """County and yearly effects of this draw on the log hazard of leaving, (place,)."""
        p = self.parameters
        county = self.luck_of_draw(self.counties.code)
        year = self.luck_of_draw(np.array([tick.ends.year]))
        return np.repeat(p.omega_sd * county + p.tau_sd * year, 2)

    def luck_of_draw(self, *what: Ints | int) -> Floats:
        """Standard normals that belong to the draw, not to a seed, (what,).

        Draw 0 is the median world: all are 0.
        """
        address = addresses(*what)
        if self.draw == 0:
            return np.zeros(len(address))
        return np.asarray(ndtri(Luck(0).uniform(Stream.EFFECTS, self.draw, address)[0]))

    def receive(self, quarter: Quarter, offers: Offers) -> None:
        """People from outside come to the towns, more of them to better ones."""
        years, p = quarter.tick.years, self.parameters
        change = migration.town_value(offers, p) - self.town_value
        multiple = self.conditions.arrivals
        expected = migration.arrivals(self.base.arrivals, change, years, multiple)
        line = OUTSIDERS * self.base.arrivals * years * max(multiple, 1.0)
        quarter.receive(expected, line)

    def observe(self, day: date, number: int) -> None:
        """Write down what statisticians see at the end of a quarter."""
        seen = self.seen(day, number)
        groups = self.groups
        self.record.append({name: i.measure(seen, groups) for name, i in INDICATORS.items()})
        self.datacollector.collect(self)

    def seen(self, day: date, number: int) -> Seen:
        """What the offices record at the end of a quarter."""
        n, register, markets = len(self.counties), self.register, self.markets
        by_band = self.counts.by_band[: 2 * n].reshape(n, 2, -1)
        now = by_band.sum(axis=2)
        counted = now + register.half_year_correction(number)[: 2 * n].reshape(n, 2)
        hukou = np.bincount(register.place, register.registered, register.places)[: 2 * n]
        hukou = hukou.reshape(n, 2).astype(np.int64)
        work = self.counts.work(n)[:, :, labour.NON_FARM].sum(axis=2)
        error = self.luck_of_draw(self.counties.code, day.year)
        governments = list(self.agents)
        own = register.units.merged_into == np.arange(len(register.units))
        return Seen(
            urban=counted[:, 0], rural=counted[:, 1], urban_now=now[:, 0], rural_now=now[:, 1],
            registered_urban=hukou[:, 0], registered=hukou.sum(axis=1),
            away=np.bincount(register.units.county, register.away[:-BEYOND], n).astype(np.int64),
            children=by_band[:, :, kinds.AGES < 15].sum(axis=(1, 2)),
            aged=by_band[:, :, kinds.AGES >= 65].sum(axis=(1, 2)),
            jobs_filled=work.sum(axis=1), jobs_wanted=markets.wanted.sum(axis=1),
            commuters=work[:, 1], unemployed=np.round(markets.unemployed, 12), wage=markets.wage,
            price=markets.price, stock=markets.stock, occupied=markets.occupied(self.counts),
            seats=markets.seats_taken.sum(axis=1), queue=markets.queue.sum(axis=1),
            units=np.bincount(register.units.county[own], minlength=n),
            effort=np.array([county.effort for county in governments]),
            drift=measurement.drift(day.year, self.parameters),
            error=measurement.error(error, counted.sum(axis=1), self.parameters),
        )  # fmt: skip


def latest(name: str, model: UrbanModel) -> Floats:
    """The last value of an indicator, (group,)."""
    return model.record[-1][name]
