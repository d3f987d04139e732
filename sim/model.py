"""The quarter of the region, on one page."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import partial

import mesa
import numpy as np
from scipy.special import ndtri

from xiancheng.sim import (
    accounts,
    demography,
    departure,
    destination,
    housing,
    hukou,
    labour,
    observation,
    reclassification,
    relocation,
    schooling,
    strata,
)
from xiancheng.sim.accounts import Growth, Movers
from xiancheng.sim.alignment import Alignment
from xiancheng.sim.calendar import (
    HALF_YEAR,
    SCHOOL_YEAR,
    SPRING_FESTIVAL,
    Quarter,
    quarters_between,
)
from xiancheng.sim.conditions import Conditions
from xiancheng.sim.destination import Alternatives
from xiancheng.sim.destination_constants import BasePeriod
from xiancheng.sim.events import Events, Hazards, draw_events
from xiancheng.sim.governments import CountyGovernment, carried_out
from xiancheng.sim.indicators import INDICATORS, Observation
from xiancheng.sim.levers import Levers
from xiancheng.sim.markets import Markets
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.places import TOWN, VILLAGES, Places, at_both, in_villages, town, villages
from xiancheng.sim.population import Population
from xiancheng.sim.randomness import RandomStreams, Stream, addresses
from xiancheng.sim.state import (
    AGES,
    ALONE,
    BEYOND,
    FARM,
    FEMALE,
    HEAD,
    Counties,
    Floats,
    Ints,
    Offers,
    Parties,
    People,
    Units,
)
from xiancheng.sim.step import Step
from xiancheng.sim.strata import Headcount

Policy = Callable[[int], Levers]  # number of a quarter -> levers
CHUNK = 65536  # rows that one thread takes at a time
OUTSIDERS = 3.0  # people in the line of those who may come, for each who is expected to


class UrbanModel(mesa.Model):
    """A region of people, villages, towns and county governments, stepped a quarter at a time.

    It runs to the end of the quarter in which `until` lies. Of what happened after the start it
    knows the births of the years in `fertility`, and what else was known by `known_until`.
    """

    def __init__(
        self, people: People, units: Units, counties: Counties, base: BasePeriod,
        parameters: Parameters, policy: Policy, *, start: date, until: date,
        seed: int = 1, draw: int = 0,
        conditions: Conditions | None = None, fertility: Mapping[int, float] | None = None,
        trend: Mapping[int, float] | None = None, known_until: date | None = None,
        groups: Floats | None = None, alignment: Alignment | None = None,
        threads: int = 1, chunk: int = CHUNK,
    ) -> None:  # fmt: skip
        super().__init__(rng=seed)
        self.alignment = alignment
        self.counties, self.parameters, self.policy = counties, parameters, policy
        self.conditions, self.fertility = Conditions(), dict(fertility or {})
        self.trend, self.known_until = dict(trend or {}), known_until or start
        self.groups = np.eye(len(counties)) if groups is None else groups
        self.draw, self.streams, self.threads, self.chunk = (
            draw,
            RandomStreams(seed),
            threads,
            chunk,
        )
        self.quarters, self.start, self.done = quarters_between(start, until), start, 0
        self.places = Places(len(counties))
        for c, code in enumerate(counties.code):
            places = np.array([town(c), villages(c)])
            CountyGovernment(self, int(code), places, parameters.delivery_capacity)

        none, first = Levers.baseline(self.places.inside), self.quarters[0]
        self.population = Population(people, units.copy())
        self.alternatives = Alternatives.around(counties)
        self.counts = self.count(first.number)
        self.set_vital_levels(start.year)
        self.markets = Markets.at_start(self.counts, counties, none, parameters)
        schooling.enrol(self.begin(first), self.counts, 0.0, none)
        offers = self.markets.post(self.counts, none, self.conditions, 0.0, 0.0, parameters)
        self.town_value = relocation.town_value(offers, parameters)  # at the start
        self.base = base.solve(
            counties, offers, self.markets.followers(parameters), self.flow_effects(), parameters
        )

        self.run_in_growth: list[Growth] = []
        for ago in range(HALF_YEAR, 0, -1):
            self.run_in(Quarter(first.number - ago, start, 1.0), offers, none)
        self.population.movers = Movers.none(len(counties))
        urban, present = self.present()
        self.urban_share = urban / np.maximum(present, 1)  # at the start
        self.recoding = self.recoding_path()
        self.conditions = conditions or Conditions()  # from the start on; the past is one

        self.record: list[dict[str, Floats]] = []
        self.growth: list[Growth] = []
        self.unexpected: list[Ints] = []  # recoded beyond what was expected, each (county,)
        reporters = {name: partial(latest, name) for name in INDICATORS}
        self.datacollector = self.collector = mesa.DataCollector(model_reporters=reporters)
        self.observe(start, first.number - 1)

    def step(self) -> None:
        """Advance one quarter. The order of the paragraphs is the model's causal order.

        Raises
        ------
        RuntimeError
            after the last quarter.
        """
        if self.done == len(self.quarters):
            raise RuntimeError(f"the run has ended on {self.quarters[-1].ends}")
        quarter, population, before = self.quarters[self.done], self.population, self.counts
        step = self.begin(quarter)

        # Counties carry out the plan, as far as they can.
        levers = carried_out(self.policy(quarter.number), list(self.agents))

        # Once a year migrants are home, and once children start and leave school.
        if quarter.season == SPRING_FESTIVAL:
            population.count_registered()
        if quarter.season == SCHOOL_YEAR:
            demography.come_of_age(step)
            schooling.enrol(step, before, self.years(quarter), levers)

        # Markets post what they offer: jobs and wages, seats, dwellings, services.
        offers = self.offers(quarter, levers)
        chances, attraction = self.choices(offers, levers)

        # Moves into towns follow the trend at large; a run that is aligned has them steered.
        trend, factor = self.common_trend(quarter), np.ones(len(self.counties))
        if self.alignment:
            factor = self.alignment.flow(self)

        # Everyone's events of the quarter are drawn.
        self.follow_births(quarter)
        hazards = self.hazards(quarter, levers, attraction)
        inflow = self.alternatives.inflow(trend, factor)
        leaving, chances = departure.scale_moves(hazards.leaving, chances, inflow)
        hazards = replace(hazards, leaving=leaving)
        drawn = draw_events(step, hazards, self.threads, self.chunk)

        # People die, and are born.
        population.remove_dead(drawn.deaths, quarter.number)
        demography.births(step, drawn.births)

        # Some lose their work and some find it; couples form.
        labour.separate(step, drawn.separated)
        hired, u = labour.hire(step, drawn.hired)
        couples = demography.marry(step, drawn.marrying)

        # Some leave for college, reconsider where to live (of themselves, or because they wed or a
        # child changes school), go back, or follow a job; who finds room moves.
        students = departure.leave_for_college(step)
        leavers = self.leavers(step, drawn, hazards, couples, chances)
        returners = departure.go_back(step, drawn.going_back)
        followers, resettled = (
            labour.follow_job(step, hired, u),
            relocation.resettle(step, drawn.settling),
        )
        parties = Parties.together([students, leavers, returners, followers, resettled])
        relocation.move(step, parties, chances, before)
        self.receive(step, offers, trend * factor)

        # Some are granted the hukou of where they live.
        hukou.settle(step, drawn.settling)

        # Some units are recoded around people who never move; some villages are merged.
        year = (quarter.number - self.quarters[0].number) // 4
        reclassification.reclassify(
            step, self.urban_share, self.recoding[year], levers, self.conditions
        )
        if self.alignment:
            self.alignment.correct(self, step)

        # The ledger balances, or the run stops.
        self.done += 1
        self.running = self.done < len(self.quarters)
        self.counts = self.count(quarter.number + 1)
        accounts.check(before.by_sex[:-1], population.flows, self.counts.by_sex[:-1])
        self.growth.append(accounts.growth(population.flows, len(self.counties)))
        self.unexpected.append(np.rint(step.unexpected).astype(np.int64))
        self.observe(quarter.ends, quarter.number)

    def run_in(self, quarter: Quarter, offers: Offers, none: Levers) -> None:
        """Let people move for a quarter before the start.

        A census counts people where they had lived half a year earlier: where they are is two
        quarters of moves ahead of it. So at the start the half-year rule gives the census.
        """
        step, before = self.begin(quarter), self.counts
        chances, attraction = self.choices(offers, none)
        self.follow_births(quarter)
        hazards = self.hazards(quarter, none, attraction).only_moves()
        drawn = draw_events(step, hazards, self.threads, self.chunk)
        nobody = np.empty(0, np.int64)
        leavers = self.leavers(step, drawn, hazards, nobody, chances)
        returners = departure.go_back(step, drawn.going_back)
        relocation.move(step, Parties.together([leavers, returners]), chances, before)
        self.receive(step, offers, np.ones(len(self.counties)))
        self.counts = self.count(self.quarters[0].number)
        accounts.check(before.by_sex[:-1], self.population.flows, self.counts.by_sex[:-1])
        self.run_in_growth.append(accounts.growth(self.population.flows, len(self.counties)))

    def census(self) -> observation.Found:
        """What a census would find now."""
        number = self.quarters[0].number + self.done - 1
        return observation.census(self.population, self.counts, number)

    def retire(self) -> None:
        """Let go of the people: a finished model is in a ring of references with its agents.

        Mesa numbers the agents of a model in a table that would keep the model for ever.
        """
        getattr(mesa.Agent, "_ids", {}).pop(self, None)
        del self.population

    def count(self, quarter: int) -> Headcount:
        """Count everyone as old as they are in `quarter`."""
        return Headcount.of(self.population.count(quarter), strata.MOTHERS)

    def present(self) -> tuple[Ints, Ints]:
        """People who are in urban units, and all who are there, each (county,)."""
        now = self.places.by_county(self.counts.by_sex).sum(axis=2)
        return now[:, TOWN], now.sum(axis=1)

    def begin(self, quarter: Quarter) -> Step:
        """The people, markets and random streams of one quarter, with an empty ledger."""
        self.population.open_quarter()
        return Step(
            quarter, self.population, self.markets, self.alternatives, self.streams,
            self.parameters,
        )  # fmt: skip

    def offers(self, quarter: Quarter, levers: Levers) -> Offers:
        """What the markets offer this quarter."""
        return self.markets.post(
            self.counts, levers, self.conditions, self.years(quarter), quarter.quarters,
            self.parameters,
        )  # fmt: skip

    def years(self, quarter: Quarter) -> float:
        """Years from the start to the end of a quarter."""
        return (quarter.ends - self.start).days / 365.25

    def choices(self, offers: Offers, levers: Levers) -> tuple[Floats, Floats]:
        """Chances of every alternative, and how much they attract, by stratum."""
        value = destination.utility(
            self.alternatives, offers, self.base.constants, levers, self.parameters
        )
        return destination.choice(self.alternatives, value, self.parameters)

    def set_vital_levels(self, year: int) -> None:
        """Levels of mortality and fertility that give each county its births and deaths."""
        counts, rate, p = self.counts, self.counties.birth_rate, self.parameters
        inside = slice(0, self.places.inside)
        women = counts.by_age_and_sex[inside, :, FEMALE].sum(axis=0)
        self.death_level = demography.death_level(counts, self.counties.death_rate, p)
        self.mothers = demography.fertility_pattern(women, counts.mothers[inside].sum(axis=0), p)
        self.birth_levels = demography.birth_levels(counts, rate, self.mothers, p)
        begun = demography.births_missed(year, p) / demography.unusual_year(year, p)
        self.fertility_multiple = np.full(len(self.counties), begun)

    def follow_births(self, quarter: Quarter) -> None:
        """Where births per resident are known, fertility follows them, and then stays."""
        year = quarter.ends.year
        if year in self.fertility:
            rate = self.counties.birth_rate * self.fertility[year]
            found = demography.fertility_multiple(
                self.counts, rate, self.birth_levels, self.mothers
            )
            usual = demography.unusual_year(year, self.parameters)
            self.fertility_multiple = found / usual

    def hazards(self, quarter: Quarter, levers: Levers, attraction: Floats) -> Hazards:
        """The quarter's hazards by stratum."""
        p, places, population = self.parameters, self.places, self.population
        inside = slice(0, places.inside)
        pattern = demography.mortality_pattern(p)
        unusual = demography.unusual_year(quarter.ends.year, p) * self.conditions.fertility
        births = (self.birth_levels * self.fertility_multiple[:, None]).ravel() * unusual
        risk = demography.survival(self.years(quarter), p)
        risk *= demography.winter_deaths(quarter.number, self.known_until, p)
        adults = self.counts.by_band[inside, labour.WORKING].sum(axis=1).astype(float)
        homes = in_villages(self.counts.by_role[inside])[:, [ALONE, HEAD]].sum(axis=1).astype(float)
        resettling = np.zeros(places.inside)
        in_villages(resettling)[:] = housing.resettling_hazard(levers, homes)
        effort = labour.search(levers, adults, p)
        work = self.counts.work(len(self.counties)).sum(axis=1)
        farm_share = work[:, FARM] / np.maximum(work[:, FARM:].sum(axis=1), 1)
        ended = labour.separation_hazard(farm_share, p)
        ended[:, :, 1:] += 4 * self.markets.lay_off[:, None, :]
        closed = np.where(population.school_closed, max(p.hr_school_closed, 1.0), 1.0)
        return Hazards(
            death=risk
            * demography.mortality(self.death_level, pattern, p).reshape(
                places.inside, strata.BANDS, 2
            ),
            birth=births[:, None] * self.mothers,
            marriage=demography.marriage_hazard(quarter.number, p),
            settling=hukou.settling_hazard(levers, p) * places.towns,
            resettling=resettling,
            leaving=departure.leaving_hazard(
                attraction,
                hukou.leaving_hazard(levers, p),
                adults,
                levers,
                p,
            ),
            going_back=departure.going_back_hazard(~places.is_inside(np.arange(places.outside)), p),
            hire=4 * at_both(self.markets.hire_rate)[:, None, None, None] * effort,
            separation=at_both(ended),
            by_duration=departure.duration_factors(p),
            by_village=departure.village_factor(population.away_share, p) * closed,
        )

    @staticmethod
    def leavers(
        step: Step, drawn: Events, hazards: Hazards, couples: Ints, chances: Floats
    ) -> Parties:  # fmt: skip
        """Parties of those who reconsider and do not stay."""
        families, situation = departure.family_events(step, couples)
        deciders = departure.reconsider(step, drawn, hazards)
        known = np.zeros(len(step.population.people), bool)
        known[families] = True
        deciders = deciders[~known[deciders]]
        alone = destination.choose(step, deciders, chances)
        together = destination.choose(step, families, chances, situation=situation)
        return Parties.together([together, alone])

    def flow_effects(self) -> Floats:
        """County effects of this draw on the flows of the base period, (county, 3)."""
        flows = [self.effects_of_draw(self.counties.code, k) for k in range(1, 4)]
        return np.stack(flows, axis=1)

    def common_trend(self, quarter: Quarter) -> float:
        """Moves into the towns of the region in a quarter, relative to the base period.

        At equal attraction, and before steering.
        """
        year, start = quarter.ends.year, self.start.year
        unknown = np.arange(max([start, *self.trend]) + 1, year + 1)
        shocks = self.effects_of_draw(unknown)
        return relocation.trend(self.trend, year, start, shocks, self.parameters)

    def recoding_path(self) -> Floats:
        """How recoding of each county departs from the province's in this draw, (year, county).

        See Also
        --------
        sim.reclassification.recoding_path
        """
        code, nearby = self.counties.code, self.counties.nearby
        others = np.where(nearby >= 0, code[nearby], code[:, None])
        prefecture = np.minimum(code, others.min(axis=1))  # named by its first county
        years = self.start.year + np.arange(-(-len(self.quarters) // 4))[:, None]
        shared, own = (
            self.effects_of_draw(whose, years, number)
            for number, whose in enumerate((prefecture, code), start=1)
        )
        return reclassification.recoding_path(
            self.counties.structural_gap, shared, own, self.parameters
        )

    def effects_of_draw(self, *what: Ints | int) -> Floats:
        """Standard normals that belong to the draw, not to a seed, in the shape of `what`.

        Draw 0 is the median world: all are 0.
        """
        if self.draw == 0:
            return np.zeros(np.broadcast_shapes((1,), *(np.shape(each) for each in what)))
        address = addresses(*what)
        drawn = RandomStreams(0).uniform(Stream.EFFECTS, self.draw, address.ravel())[0]
        return np.asarray(ndtri(drawn)).reshape(address.shape)

    def receive(self, step: Step, offers: Offers, factor: Floats) -> None:
        """People from outside come to the towns, more of them to better ones.

        `factor`, (county,), multiplies how many are expected.
        """
        years, p = step.quarter.years, self.parameters
        change = relocation.town_value(offers, p) - self.town_value
        multiple = self.conditions.arrivals * factor
        expected = relocation.arrivals(self.base.arrivals, change, years, multiple)
        line = OUTSIDERS * self.base.arrivals * years * np.maximum(multiple, 1.0)[:, None]
        relocation.receive(step, expected, line)

    def observe(self, day: date, number: int) -> None:
        """Write down what statisticians see at the end of a quarter."""
        obs = self.observed(day, number)
        groups = self.groups
        self.record.append({name: i.measure(obs, groups) for name, i in INDICATORS.items()})
        if self.datacollector is not self.collector:  # a user's own
            self.datacollector.collect(self)
            return
        for name, values in self.record[-1].items():  # as Mesa would collect them, not copied
            self.datacollector.model_vars[name].append(values)

    def observed(self, day: date, number: int) -> Observation:
        """What the offices record at the end of a quarter."""
        n, population, markets = len(self.counties), self.population, self.markets
        places, units = self.places, population.units
        by_band = places.by_county(self.counts.by_band)
        now = by_band.sum(axis=2)
        counted = now + places.by_county(population.half_year_correction())
        registered = np.bincount(population.place, population.registered, len(places))
        registered = places.by_county(registered).astype(np.int64)
        work = self.counts.work(n)[:, :, labour.NON_FARM].sum(axis=2)
        if self.alignment:
            drift, error = 0.0, self.alignment.path.print_error(number)
        else:
            drift = observation.drift(day.year, self.parameters)
            standard = self.effects_of_draw(self.counties.code, day.year)
            error = observation.error(standard, counted.sum(axis=1), self.parameters)
        governments = list(self.agents)
        own = units.merged_into == np.arange(len(units))
        return Observation(
            urban=counted[:, TOWN], rural=counted[:, VILLAGES],
            urban_now=now[:, TOWN], rural_now=now[:, VILLAGES],
            registered_urban=registered[:, TOWN], registered=registered.sum(axis=1),
            away=np.bincount(units.county, population.away[:-BEYOND], n).astype(np.int64),
            children=by_band[:, :, AGES < 15].sum(axis=(1, 2)),
            aged=by_band[:, :, AGES >= 65].sum(axis=(1, 2)),
            jobs_filled=work.sum(axis=1), jobs_wanted=markets.wanted.sum(axis=1),
            commuters=work[:, VILLAGES], unemployed=np.round(markets.unemployed, 11),
            wage=markets.wage, price=markets.price,
            stock=markets.stock, occupied=markets.occupied(self.counts),
            seats=markets.seats_taken.sum(axis=1), queue=markets.queue.sum(axis=1),
            units=np.bincount(units.county[own], minlength=n),
            effort=np.array([county.effort for county in governments]),
            drift=drift, error=error,
        )  # fmt: skip


def latest(name: str, model: UrbanModel) -> Floats:
    """The last value of an indicator, (group,)."""
    return model.record[-1][name]
