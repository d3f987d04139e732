"""What the base period shows and nothing else explains: the destination constants.

They are solved once for a population, at the central parameters and without policy, so that the
model sends out of the villages of each county as many people as the censuses show, to each kind of
destination, and those who leave for college among them (see `others_leaving`). Then they stay:
other parameters send out more or fewer.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from xiancheng.sim import demography, departure, destination, kernels, strata
from xiancheng.sim.destination import Alternatives
from xiancheng.sim.levers import Levers
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.places import Places, at_both, county_of, in_towns, in_villages, together
from xiancheng.sim.state import (
    FEMALE,
    HEAD,
    OWNS_FLAT,
    Counties,
    Floats,
    Ints,
    Offers,
    People,
    Units,
)

PART = 2**20  # rows that are looked at at a time
ROUNDS = 40  # the constants converge by a factor of about three a round
UNREACHABLE = -40.0  # utils
SOON = 3  # years of pupils, over whom the entrants of a year are averaged


@dataclass(frozen=True)
class DestinationConstants:
    """What the base period fixes."""

    constants: Floats  # (place, alternative) utils
    arrivals: Floats  # (county, 2) gross in-moves a year, from the province and the country


def solve(
    people: People, units: Units, counties: Counties, quarter: int, offers: Offers,
    followers: Floats, away_share: Floats, p: Parameters,
) -> DestinationConstants:  # fmt: skip
    """Solve for the base period; `p` and `offers` are central and without policy.

    `followers`, (county,), is how many villagers a year follow a new job to town, whom the
    constants need not explain; `away_share`, (unit + 3,), says how many co-villagers are away.
    """
    by_village = departure.village_factor(away_share, p)

    def often(rows: slice) -> Floats:
        years = (quarter - people.moved_at[rows].astype(np.int64)) / 4
        factor = by_village[people.unit[rows]] * departure.duration_factor(years, p)
        return people.weight[rows] * factor

    def once(rows: slice) -> Floats:
        return people.weight[rows].astype(float)

    deciders = deciding(people, units, quarter, often)
    residents = deciding(people, units, quarter, once).sum(axis=(1, 2, 3))
    events = family_events(people, units, quarter, p)
    back = returning(people, units, quarter, p)
    wanted = outflows(counties, residents, p)
    entering = students(people, units, quarter, p)
    wanted[:, 2:] = others_leaving(wanted[:, 2:], entering)
    villages = in_villages(wanted)  # a view
    villages += back[:, :4]
    villages[:, 0] = np.maximum(villages[:, 0] - followers, 0)
    alternatives = Alternatives.around(counties)
    inside = Places(len(counties)).inside
    none, zero, adults = Levers.baseline(inside), np.zeros(inside), np.ones(inside)
    party = np.where(
        (alternatives.mode == kernels.WHOLE) & destination.HEADS[:, None],
        counties.residents_per_dwelling.mean(),
        np.where(alternatives.mode == kernels.WITH_CHILD, 2.0, 1.0),
    )
    by_nest = np.zeros((inside, 5))
    by_town = np.zeros(len(counties))
    near, goal = alternatives.nest == destination.NEARBY, alternatives.county
    for _ in range(ROUNDS):
        constants = by_nest[:, alternatives.nest] + at_both(near * by_town[goal])
        value = destination.utility(alternatives, offers, constants, none, p)
        chances, attraction = destination.choice(alternatives, value, p)
        hazard = departure.leaving_hazard(attraction, zero, zero, adults, none, p)
        flows = departure.expected_moves(hazard, chances, deciders, party)
        flows += departure.expected_moves(np.ones_like(hazard), chances, events, party)
        leaving = np.stack(
            [flows[:, alternatives.nest == n].sum(axis=1) for n in range(1, 5)], axis=1
        )
        by_nest[:, 1:] += correction(wanted, leaving)
        by_nest = np.clip(by_nest, UNREACHABLE, -UNREACHABLE)
        arriving = np.zeros(len(counties))
        np.add.at(arriving, goal[:, near], together(flows[:, near]))
        by_town += correction(counties.nearby_share * in_prefecture(arriving, counties), arriving)
        mean = in_prefecture(by_town, counties) / in_prefecture(np.ones(len(counties)), counties)
        by_town = np.clip(by_town - mean, UNREACHABLE, -UNREACHABLE)
    return DestinationConstants(np.round(constants, 9), counties.arrivals + back[:, 4:])


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


def students(people: People, units: Units, quarter: int, p: Parameters) -> Floats:
    """Persons who leave the region for college a year and stay away, (place, 2).

    By where they go: the province, the rest of the country. They are expected from those who are
    fifteen to seventeen now.
    """
    place, places = units.place().astype(np.int64), Places(units.counties)
    grown = quarter - 4 * strata.GROWN
    pupils = np.zeros(len(places))
    for part in parts(len(people)):
        born = people.born[part]
        soon = (born > grown) & (born <= grown + 4 * SOON)
        np.add.at(pupils, place[people.unit[part][soon]], people.weight[part][soon])
    leaving = pupils[: places.inside] / SOON * p.college_share
    staying_away = leaving * p.college_leaving * (1 - p.graduate_return)
    return staying_away[:, None] * [p.college_in_province, 1 - p.college_in_province]


def family_events(people: People, units: Units, quarter: int, p: Parameters) -> Floats:
    """Village families who reconsider a year because of an event, (place, flat, band, situation).

    Those of whom a child is about to enter junior school, and those who buy a flat then or at a
    wedding, at the prices of the start; see `departure.family_events`.
    """
    places = Places(units.counties)
    found = np.zeros((places.inside, destination.FLAT, strata.BANDS, strata.SITUATIONS))
    last = quarter - 4 * departure.JUNIOR_AGE
    clock, place = strata.Clock.at(quarter), units.place().astype(np.int64)
    for part in parts(len(people)):
        born = people.born[part]
        soon = part.start + np.flatnonzero((born > last) & (born <= last + 4 * SOON))
        rows = soon[places.is_villages(place[people.unit[soon]])]
        head = np.empty(len(rows), np.int64)
        kernels.heads(people.next_member, people.traits, 3 << 3, HEAD << 3, rows, head)
        head = head[head != rows]
        band = clock.band[people.born[head].view(np.uint16)].astype(np.int64)
        owner = people.flags[head] & OWNS_FLAT
        entering = people.weight[head] / SOON
        cell = place[people.unit[head]], band
        np.add.at(found[:, 1, :, strata.SECONDARY_CHILD], cell, entering * np.where(
            owner, p.junior_entry, p.flat_purchase))  # fmt: skip
        np.add.at(found[:, 0, :, strata.SECONDARY_CHILD], cell, entering * np.where(
            owner, 0.0, (1 - p.flat_purchase) * p.junior_entry))  # fmt: skip
    hazard = demography.marriage_hazard(quarter, p)[:, FEMALE]
    single = deciding(people, units, quarter, lambda rows: people.weight[rows] * (
        strata.sex_of(people.traits[rows]) == FEMALE))  # fmt: skip
    brides = single[..., [strata.SINGLE, strata.ALONE]].sum(axis=(1, 3)) * hazard
    brides[~places.is_villages(np.arange(places.inside))] = 0
    found[:, 1, :, strata.COUPLE] += p.flat_purchase * brides
    return found


def parts(rows: int) -> Iterator[slice]:
    """All rows, some at a time: what is asked of a hundred million is never held at once."""
    return (slice(start, min(start + PART, rows)) for start in range(0, rows, PART))


def deciding(
    people: People, units: Units, quarter: int, weight: Callable[[slice], Floats]
) -> Floats:
    """People of each kind, by a weight of each.

    Returns
    -------
    (place, flat, band, situation), for the places inside
    """
    clock, place = strata.Clock.at(quarter), units.place().astype(np.int64)
    places = Places(units.counties)
    shape = (places.inside, destination.FLAT, strata.BANDS, strata.SITUATIONS)
    found = np.zeros(np.prod(shape))
    for part in parts(len(people)):
        here = place[people.unit[part]]
        band = clock.band[people.born[part].view(np.uint16)].astype(np.int64)
        situation = clock.situation(people.traits[part], people.child[part])
        flat = (people.flags[part] & OWNS_FLAT).astype(np.int64)
        own = places.is_inside(here)
        kind = np.ravel_multi_index((here[own], flat[own], band[own], situation[own]), shape)
        np.add.at(found, kind, weight(part)[own])
    return found.reshape(shape)


def returning(people: People, units: Units, quarter: int, p: Parameters) -> Floats:
    """People expected to go back a year to the villages they are registered in.

    Returns
    -------
    (county, 6) by where they come back from: the own town, other towns of the region, the rest of
    the province, the rest of the country; then outsiders who leave the county again, by origin
    """
    found = np.zeros(units.counties * 6)
    for part in parts(len(people)):
        line, expected = returning_of(people, part, units, quarter, p)
        np.add.at(found, line, expected)
    return found.reshape(-1, 6)


def returning_of(
    people: People, part: slice, units: Units, quarter: int, p: Parameters
) -> tuple[Ints, Floats]:
    """Those of a part of the rows who may go back: cell of `returning`, and persons a year."""
    place, places = units.place().astype(np.int64), Places(units.counties)
    elsewhere = place[people.unit[part]] != place[people.hukou[part]]
    rows = part.start + np.flatnonzero(elsewhere)
    rows = rows[strata.role_of(people.traits[rows]) > 0]
    now, home = place[people.unit[rows]], place[people.hukou[rows]]
    outsider, away = ~places.is_inside(home), ~places.is_inside(now)
    near = np.where(county_of(now) == county_of(home), 0, 1)
    origin = np.where(away, 2 + now - places.province, near)
    column = np.where(outsider, 4 + home - places.province, origin)
    county = county_of(np.where(outsider, now, home))
    clock = strata.Clock.at(quarter)
    size = np.empty(len(rows), np.int64)
    kernels.co_residents(people.next_member, people.unit, rows, size)
    head = strata.role_of(people.traits[rows]) == HEAD
    band = clock.band[people.born[rows].view(np.uint16)]
    persons = people.weight[rows] * np.where(head, size, 1)
    to_village = np.where(outsider, 1.0, 1 - p.return_to_town)
    expected = persons * departure.return_hazard(p)[band] * to_village
    keep = (county < places.counties) & (column < 6) & (outsider | places.is_villages(home))
    return county[keep] * 6 + column[keep], expected[keep]
