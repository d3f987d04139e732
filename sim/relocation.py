"""Relocation: parties that move, the dwellings they need, and arrivals from outside."""

from collections.abc import Mapping

import numpy as np

from xiancheng.sim import demography, departure, destination, kernels, strata
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.places import at_both, county_of, in_towns
from xiancheng.sim.population import NEWCOMER
from xiancheng.sim.randomness import Stream, addresses
from xiancheng.sim.state import (
    ALONE,
    COLLECTIVE,
    NEVER,
    NO_WORK,
    Bools,
    Floats,
    Ints,
    Offers,
    Parties,
    People,
)  # fmt: skip
from xiancheng.sim.step import Step
from xiancheng.sim.strata import Headcount

RECENT = 3  # years of known trend, whose mean goes on


def ration(rank: Floats, queue: Ints, size: Ints, capacity: Ints) -> Bools:
    """Who gets in: everyone where there is room for all, the first in line elsewhere.

    Parameters
    ----------
    rank : (party,) drawn; the smallest is first
    queue : (party,) where each queues, -1 for no queue
    size : (party,) how much room each takes
    capacity : (queue,) used up in place
    """
    queues = queue >= 0
    wanted = np.bincount(queue[queues], size[queues], len(capacity)).astype(np.int64)
    short = wanted > capacity
    capacity -= np.where(short, 0, wanted)
    result = np.ones(len(queue), bool)
    if short.any():
        line = np.flatnonzero(queues & short[queue])
        line = line[np.argsort(rank[line], kind="stable")]
        kernels.serve(line, queue, size, capacity, result)
    return result


# Rules


def town_value(offers: Offers, p: Parameters) -> Floats:
    """What a town offers to somebody from outside [utils], (county,)."""
    return (
        p.beta_y * np.log(offers.income[:, 0])
        + p.beta_r * np.log(offers.housing_cost)
        + p.beta_a * in_towns(offers.amenity)
    )


def arrivals(base: Floats, change: Floats, years: float, multiple: Floats) -> Floats:
    """Persons who come from outside in `years`, (county, 2 origins).

    Parameters
    ----------
    base : (county, 2) [persons/year]
    change : (county,) how much better each town has become since the start [utils]
    multiple : (county,) of what comes at the trend of the base period
    """
    return base * (np.exp(change) * years * multiple)[:, None]


def trend(
    known: Mapping[int, float], year: int, start: int, shocks: Floats, p: Parameters
) -> float:
    """Moves into the towns of the region in a year, relative to the base period.

    Where published rates show it, urbanization at large slows down or quickens, and moves with it.
    Later years stay at the mean of the last three known, and drift from there by `shocks`.

    Parameters
    ----------
    known : factors by year, of years after the start
    shocks : standard normals of the years after the last known one up to `year`
    """
    if year in known:
        return known[year]
    if year <= start:
        return 1.0
    last = list(known.values())[-RECENT:] or [1.0]
    return float(np.mean(last) * np.exp(p.trend_sd * shocks.sum()))


def newcomer_age(u: Floats, p: Parameters) -> Ints:
    """Age of people who come from outside [years], (newcomer,): adults below sixty.

    They are as old as a Rogers-Castro schedule makes people who move.
    """
    ages = np.arange(18, 60)
    chance = departure.rogers_castro(ages.astype(float), p).cumsum()
    return ages[np.searchsorted(chance / chance[-1], u)]


def lives_collectively(u: Floats, p: Parameters) -> Bools:
    """Whether somebody who comes from outside lives in a dormitory, (newcomer,)."""
    return u < p.newcomer_collective


def share_bringing_household(residents_per_dwelling: Floats, p: Parameters) -> Floats:
    """Share of job movers who bring their household, so that the mean of dependants comes out."""
    return np.minimum(p.dependants_per_job_mover / np.maximum(residents_per_dwelling - 1, 0.1), 1)


# Process


def to_town(
    step: Step, rows: Ints, mode: Ints, county: Ints, *, needs_dwelling: bool = True
) -> Parties:
    """Parties that head for the towns of counties, (party,), where there is a town."""
    there = step.population.has_town[county]
    rows, mode, county = rows[there], mode[there], county[there]
    return Parties(rows, mode, county, np.full(len(rows), -1), np.full(len(rows), needs_dwelling))


def resettle(step: Step, rows: Ints) -> Parties:
    """Village households move into the town flats of a project, built for them."""
    place = step.place(rows)
    moves = step.places.is_villages(place)
    mode = np.full(moves.sum(), kernels.WHOLE)
    return to_town(step, rows[moves], mode, county_of(place[moves]), needs_dwelling=False)


def move(step: Step, parties: Parties, chances: Floats, counts: Headcount) -> None:
    """Let parties move, as far as the dwellings of the towns go.

    Whoever finds no dwelling chooses once more among what is left, and then stays; people
    who were on their way back from outside stay outside.
    """
    step.room = room = step.markets.rooms(counts)
    u = step.uniform(Stream.ARRIVAL, parties.row)
    housed = _serve(step, parties, room, u[0])
    _go(step, parties.where(housed), u[1, housed])
    turned_away = parties.row[~housed]
    turned_away = turned_away[step.places.is_inside(step.place(turned_away))]
    if len(turned_away):
        left = destination.without_full(step, chances, room[step.alternatives.county] <= 0)
        again = destination.choose(step, turned_away, left, Stream.SECOND_CHOICE)
        u = step.uniform(Stream.ARRIVAL, again.row)
        housed = _serve(step, again, room, u[0])
        _go(step, again.where(housed), u[1, housed])


def receive(step: Step, expected: Floats, line: Floats) -> None:
    """People from outside come to the towns.

    Of a fixed line of outsiders who consider coming, as many come as are `expected`,
    (county, 2 origins) persons; `line`, (county, 2), is its length. Who they are
    is drawn at their own addresses.
    """
    population, q, scale = step.population, step.quarter.number, step.population.mean_weight
    lengths = np.ceil(line / scale).astype(np.int64)
    county = np.repeat(at_both(np.arange(step.places.counties)), lengths.ravel())
    origin = np.repeat(np.tile([0, 1], step.places.counties), lengths.ravel())
    rank = np.concatenate([np.arange(n) for n in lengths.ravel()])
    code = step.markets.counties.code[county]
    address = addresses(code, 2 * rank.astype(np.int64) + origin, q, NEWCOMER)
    u = step.streams.uniform(Stream.OUTSIDERS, q, address)
    persons = np.floor(scale + u[3]).astype(np.int64)  # their mean is the mean weight
    chance = np.divide(expected, lengths * scale, out=np.zeros(expected.shape), where=lengths > 0)
    comes = (u[0] < chance[county, origin]) & population.has_town[county]
    comes[comes] = ration(u[2, comes], county[comes], persons[comes], step.room)
    address, county, origin, u = address[comes], county[comes], origin[comes], u[:, comes]
    v = step.streams.uniform(Stream.OUTSIDER_TRAITS, q, address)
    age = newcomer_age(v[0], step.parameters)
    n = len(address)
    hukou = population.units.elsewhere + origin
    population.add_newcomers(
        People(
            address=address,
            born=(q - 4 * age).astype(np.int16),
            child=np.full(n, NEVER),
            unit=unit_in(step, county, u[1]).astype(np.uint16),
            hukou=hukou.astype(np.uint16),
            previous_unit=hukou.astype(np.uint16),
            moved_at=np.full(n, q, np.int16),
            traits=strata.pack(
                (v[1] < step.parameters.newcomer_women).astype(np.int64),
                demography.education_reached(v[2], step.parameters),
                np.full(n, ALONE),
                np.full(n, NO_WORK),
            ),
            flags=(COLLECTIVE * lives_collectively(v[3], step.parameters)).astype(np.uint8),
            next_member=np.arange(
                len(population.people), len(population.people) + n, dtype=np.int32
            ),
            weight=persons[comes].astype(np.int32),
        ),
        q,
    )


def _serve(step: Step, parties: Parties, room: Ints, rank: Floats) -> Bools:
    people = step.population.people
    size = np.empty(len(parties.row), np.int64)
    kernels.co_residents(people.next_member, people.unit, parties.row, size)
    persons = np.where(parties.mode == kernels.LONE, 1, size) * people.weight[parties.row]
    return ration(rank, np.where(parties.needs_dwelling, parties.town, -1), persons, room)


def _go(step: Step, parties: Parties, u: Floats) -> None:
    goal = np.where(parties.unit >= 0, parties.unit, unit_in(step, parties.town, u))
    step.population.move(parties.row, parties.mode, goal, step.quarter.number)


def unit_in(step: Step, town: Ints, u: Floats) -> Ints:
    """An urban unit of each town, larger ones more often, (party,)."""
    ends, first, index = step.population.urban_units
    low: Floats = np.where(town >= 0, first[town], 0.0)
    high = np.where(town >= 0, first[town + 1], 1.0)
    return index[np.searchsorted(ends, low + u * (high - low), side="right")]
