"""What the base period shows and nothing else explains: the destination constants.

They are solved once for a run, at its parameters and without policy, so that the model sends out
of the villages of each county as many people as the censuses show, to each kind of destination,
and those who leave for college among them (see `others_leaving`). So parameters of behaviour do
not move the level of the flows; how far the flows themselves are known is in factors of their own
(`Parameters.own_town_flow` and its like).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from xiancheng.sim import demography, departure, destination, kernels, strata
from xiancheng.sim.destination import Alternatives
from xiancheng.sim.levers import Levers
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.places import Places, at_both, county_of, in_towns, in_villages, together
from xiancheng.sim.population import Population
from xiancheng.sim.state import FEMALE, HEAD, OWNS_FLAT, Counties, Floats, Ints, Offers

PART = 2**18  # rows that are looked at at a time
ROUNDS = 40  # in which the constants come to within some millionths of their limit
UNREACHABLE = -40.0  # utils
SOON = 3  # years of pupils, over whom the entrants of a year are averaged


@dataclass(frozen=True)
class DestinationConstants:
    """What the base period fixes."""

    constants: Floats  # (place, alternative) utils
    arrivals: Floats  # (county, 2) gross in-moves a year, from the province and the country


@dataclass(frozen=True)
class BasePeriod:
    """What the people of the start say of the base period, whatever the parameters.

    It is read off every row once; the constants of a run are solved from it (`solve`).
    """

    kind: Ints  # (decider,) index of place, flat, band and situation
    since: Ints  # (decider,) quarters since the last move, at most 128
    unit: Ints  # (decider,) where they live
    weight: Ints  # (decider,) persons
    residents: Floats  # (place,)
    returning: Floats  # (county, 6, band) persons who may go back, see `may_return`
    pupils: Floats  # (place,) who will come of age in a year
    entering: Floats  # (place, flat, band) heads in villages of whom a child enters junior school
    brides: Floats  # (place, band) women in villages without a partner
    quarter: int
    away_share: Floats  # (unit + 3,) share of a unit's registered who are away

    @classmethod
    def of(cls, population: Population, quarter: int) -> Self:
        """Read off everyone in a population, in `quarter`."""
        people, places = population.people, population.places
        place, clock = population.place.astype(np.int64), strata.Clock.at(quarter)
        grown, shape = quarter - 4 * strata.GROWN, shape_of(places)
        residents, pupils = np.zeros(len(places)), np.zeros(len(places))
        entering = np.zeros((len(places), destination.FLAT, strata.BANDS))
        brides = np.zeros((len(places), strata.BANDS))
        back = np.zeros((places.counties, 6, strata.BANDS))
        kinds = np.int32, np.uint8, people.unit.dtype, people.weight.dtype
        found, deciders = [np.empty(len(people), kind) for kind in kinds], 0  # filled as needed
        for part in parts(len(people)):
            here, weight = place[people.unit[part]], people.weight[part]
            residents += np.bincount(here, weight, len(places))
            born = people.born[part]
            soon = (born > grown) & (born <= grown + 4 * SOON)
            pupils += np.bincount(here[soon], weight[soon], len(places))
            band = clock.band[born.view(np.uint16)].astype(np.int64)
            situation = clock.situation(people.traits[part], people.child[part])
            decides = places.is_inside(here) & departure.DECIDES[band, situation]
            flat = (people.flags[part] & OWNS_FLAT).astype(np.int64)
            since = np.clip(quarter - people.moved_at[part].astype(np.int64), 0, departure.LONGEST)
            kind = np.ravel_multi_index((here, flat, band, situation), shape, mode="clip")
            begun, deciders = deciders, deciders + int(np.count_nonzero(decides))
            read: tuple[Ints, ...] = kind, since, people.unit[part], weight
            for column, value in zip(found, read, strict=True):
                column[begun:deciders] = value[decides]
            heads = heads_of_entrants(population, part, quarter)
            owner, aged = people.flags[heads] & OWNS_FLAT, people.born[heads].view(np.uint16)
            cell = place[people.unit[heads]], owner, clock.band[aged]
            np.add.at(entering, cell, people.weight[heads] / SOON)
            free = places.is_villages(here) & np.isin(situation, [strata.SINGLE, strata.ALONE])
            free &= strata.sex_of(people.traits[part]) == FEMALE
            np.add.at(brides, (here[free], band[free]), weight[free])
            line, persons = may_return(population, part, quarter)
            np.add.at(back.reshape(-1), line, persons)
        kind, since, unit, weight = (column[:deciders] for column in found)
        return cls(
            kind, since, unit, weight, residents[: places.inside], back,
            pupils[: places.inside] / SOON, entering[: places.inside], brides[: places.inside],
            quarter, population.away_share,
        )  # fmt: skip

    def deciders(self, p: Parameters) -> Floats:
        """Persons by how often they reconsider, (place, flat, band, situation)."""
        shape = len(self.residents), destination.FLAT, strata.BANDS, strata.SITUATIONS
        found = np.zeros(shape)
        kernels.add_products(
            self.kind, self.unit, departure.village_factor(self.away_share, p), self.since,
            departure.duration_factors(p), self.weight, found.reshape(-1),
        )  # fmt: skip
        return found

    def back(self, p: Parameters) -> Floats:
        """People expected to go back a year to the villages they are registered in, (county, 6).

        By where they come back from: the own town, other towns of the region, the rest of the
        province, the rest of the country; then outsiders who leave the county again, by origin.
        """
        expected = (self.returning * departure.return_hazard(p)).sum(axis=2)
        expected[:, :4] *= 1 - p.return_to_town
        return np.asarray(expected)

    def students(self, p: Parameters) -> Floats:
        """Persons who leave the region for college a year and stay away, (place, 2).

        By where they go: the province, the rest of the country. They are expected from those who
        are fifteen to seventeen now.
        """
        staying_away = self.pupils * p.college_share * p.college_leaving * (1 - p.graduate_return)
        return staying_away[:, None] * [p.college_in_province, 1 - p.college_in_province]

    def family_events(self, p: Parameters) -> Floats:
        """Village families who reconsider a year at an event, (place, flat, band, situation).

        Those of whom a child enters junior school, and those who buy a flat then or at a wedding,
        at the prices of the start; see `departure.family_events`.
        """
        found = np.zeros((*self.entering.shape, strata.SITUATIONS))
        tenants, owners = self.entering[:, 0], self.entering[:, 1]
        stays = (1 - p.flat_purchase) * p.junior_entry
        found[:, 0, :, strata.SECONDARY_CHILD] = tenants * stays
        bought = p.flat_purchase * tenants + p.junior_entry * owners
        found[:, 1, :, strata.SECONDARY_CHILD] = bought
        weddings = self.brides * demography.marriage_hazard(self.quarter, p)[:, FEMALE]
        found[:, 1, :, strata.COUPLE] = p.flat_purchase * weddings
        return found

    def solve(
        self, counties: Counties, offers: Offers, followers: Floats, effects: Floats, p: Parameters
    ) -> DestinationConstants:
        """Solve for the base period at the parameters `p`.

        Parameters
        ----------
        offers : without policy
        followers : (county,) villagers a year who follow a new job to town, whom the constants
            need not explain
        effects : (county, 3) standard normals, see `base_flows`
        """
        counties = base_flows(counties, in_villages(self.residents), effects, p)
        deciders, back, events = self.deciders(p), self.back(p), self.family_events(p)
        wanted = outflows(counties, self.residents, p)
        wanted[:, 2:] = others_leaving(wanted[:, 2:], self.students(p))
        villages = in_villages(wanted)  # a view
        villages += back[:, :4]
        villages[:, 0] = np.maximum(villages[:, 0] - followers, 0)
        alternatives = Alternatives.around(counties)
        inside = Places(len(counties)).inside
        none = Levers.baseline(inside)
        party = np.where(
            (alternatives.mode == kernels.WHOLE) & destination.HEADS[:, None],
            counties.residents_per_dwelling.mean(),
            np.where(alternatives.mode == kernels.WITH_CHILD, 2.0, 1.0),
        )
        by_nest = np.zeros((inside, 5))
        by_town = np.zeros(len(counties))
        near, goal = alternatives.nest == destination.NEARBY, alternatives.county
        first = np.searchsorted(alternatives.nest, range(5))
        constants = np.zeros((inside, len(alternatives.nest)))
        without = destination.utility(alternatives, offers, constants, none, p)
        unmoved = np.zeros(without.shape[:-1])
        often = departure.leaving_hazard(unmoved, np.zeros(inside), np.ones(inside), none, p)
        often, events = (by_age_class(each) for each in (often * deciders, events))
        for _ in range(ROUNDS):
            constants = by_nest[:, alternatives.nest] + at_both(near * by_town[goal])
            value = without + constants[:, None, None, None]
            chances, attraction = destination.choice(alternatives, value, p)
            deciding = often * departure.pull(attraction, p) + events
            flows = departure.expected_moves(deciding, chances, party)
            leaving = np.add.reduceat(flows, first, axis=1)[:, 1:]
            by_nest[:, 1:] += correction(wanted, leaving)
            by_nest = np.clip(by_nest, UNREACHABLE, -UNREACHABLE)
            arriving = np.zeros(len(counties))
            np.add.at(arriving, goal[:, near], together(flows[:, near]))
            share = counties.nearby_share * in_prefecture(arriving, counties)
            by_town += correction(share, arriving)
            mean = in_prefecture(by_town, counties)
            mean = mean / in_prefecture(np.ones(len(counties)), counties)
            by_town = np.clip(by_town - mean, UNREACHABLE, -UNREACHABLE)
        return DestinationConstants(np.round(constants, 9), counties.arrivals + back[:, 4:])


def by_age_class(deciding: Floats) -> Floats:
    """Sums of (place, flat, band, situation) by age class, (place, flat, age class, situation)."""
    first = np.searchsorted(destination.AGE_CLASS, range(destination.AGE_CLASSES))
    return np.asarray(np.add.reduceat(deciding, first, axis=2))


def shape_of(places: Places) -> tuple[int, int, int, int]:
    """Places inside, flats, bands, situations: the axes of those who decide."""
    return places.inside, destination.FLAT, strata.BANDS, strata.SITUATIONS


def base_flows(counties: Counties, villagers: Floats, effects: Floats, p: Parameters) -> Counties:
    """The counties with the flows of the base period as this draw has them.

    What the censuses show of moves to the own town is a stock, measured with error; so each
    county's flow is taken with the weight `own_stock_weight`, and for the rest villagers of all
    counties move alike. Then flows are scaled by what is not known of them.

    Parameters
    ----------
    villagers : (county,)
    effects : (county, 3) standard normals: of moves to the own town, out of the county, arrivals
    """
    own, leaving = counties.moves[:, 0], counties.moves[:, 1:]
    alike = own.sum() * villagers / max(villagers.sum(), 1.0)
    own = p.own_stock_weight * own + (1 - p.own_stock_weight) * alike
    common = np.array([p.own_town_flow, p.departure_flow, p.arrival_flow])
    factor = common * np.exp(p.flow_sd * effects)
    moves = np.column_stack([own * factor[:, 0], leaving * factor[:, 1:2]])
    return replace(counties, moves=moves, arrivals=counties.arrivals * factor[:, 2:])


def in_prefecture(values: Floats, counties: Counties) -> Floats:
    """The sum over all counties of each county's prefecture, (county,)."""
    beside = np.where(counties.nearby >= 0, values[counties.nearby], 0.0)
    return np.asarray(values + beside.sum(axis=1))


def correction(wanted: Floats, got: Floats) -> Floats:
    """How much to add to the constants of flows that came out as `got` [utils]."""
    step = np.log(np.maximum(wanted, 1e-6) / np.maximum(got, 1e-6))
    return 0.7 * np.clip(step, -2, 2)


def outflows(counties: Counties, residents: Floats, p: Parameters) -> Floats:
    """Net moves a year out of each place, (place, 4 kinds of destination).

    What leaves a county is split between its villages and its town: a townsperson leaves less
    often than a villager, by an assumed ratio. Only villagers move to their own town.
    """
    town, village = p.town_leaving_ratio * in_towns(residents), in_villages(residents)
    of_village = np.divide(village, town + village, out=np.ones(len(town)), where=village > 0)
    result = np.zeros((Places(len(counties)).inside, 4))
    towns, villages = in_towns(result), in_villages(result)  # views
    towns[:] = counties.moves * (1 - of_village[:, None])
    villages[:] = counties.moves * of_village[:, None]
    towns[:, 0], villages[:, 0] = 0, counties.moves[:, 0]
    return result


def others_leaving(leavers: Floats, entering: Floats) -> Floats:
    """Those of the `leavers` that the censuses show who do not leave for college; the same shape.

    Where few enter college it is what they leave over, to first order. Where they alone are more
    than the leavers, because who takes the hukou along is no longer seen, some others leave still:
    then somewhat more leave in all than the censuses show. The form is assumed.
    """
    both = leavers + entering
    return np.divide(leavers**2, both, out=np.zeros_like(leavers), where=both > 0)


def parts(rows: int) -> Iterator[slice]:
    """All rows, some at a time: what is asked of a hundred million is never held at once."""
    return (slice(start, min(start + PART, rows)) for start in range(0, rows, PART))


def heads_of_entrants(population: Population, part: slice, quarter: int) -> Ints:
    """Heads in villages of whom a child will enter junior school within three years, (child,)."""
    people, last = population.people, quarter - 4 * departure.JUNIOR_AGE
    born = people.born[part]
    rows = part.start + np.flatnonzero((born > last) & (born <= last + 4 * SOON))
    rows = rows[population.places.is_villages(population.place[people.unit[rows]])]
    heads, there = population.heads(rows)
    return heads[there]


def may_return(population: Population, part: slice, quarter: int) -> tuple[Ints, Floats]:
    """Persons of a part of the rows who may go back.

    Returns
    -------
    cell of the table (county, 6, band): by county and where they come back from, see
    `BasePeriod.back`; persons, those who would go along included
    """
    people, place, places = population.people, population.place.astype(np.int64), population.places
    elsewhere = place[people.unit[part]] != place[people.hukou[part]]
    rows = part.start + np.flatnonzero(elsewhere)
    rows = rows[strata.role_of(people.traits[rows]) > 0]
    now, home = place[people.unit[rows]], place[people.hukou[rows]]
    outsider, away = ~places.is_inside(home), ~places.is_inside(now)
    near = np.where(county_of(now) == county_of(home), 0, 1)
    origin = np.where(away, 2 + now - places.province, near)
    column = np.where(outsider, 4 + home - places.province, origin)
    county = county_of(np.where(outsider, now, home))
    size = np.empty(len(rows), np.int64)
    kernels.co_residents(people.next_member, people.unit, rows, size)
    head = strata.role_of(people.traits[rows]) == HEAD
    band = strata.Clock.at(quarter).band[people.born[rows].view(np.uint16)].astype(np.int64)
    persons = people.weight[rows] * np.where(head, size, 1)
    keep = (county < places.counties) & (column < 6) & (outsider | places.is_villages(home))
    line = (county[keep] * 6 + column[keep]) * strata.BANDS + band[keep]
    return line, persons[keep].astype(float)
