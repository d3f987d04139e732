"""What the base period shows and nothing else explains: the destination constants.

They are solved once for a population, at the central parameters and without policy, so that the
model sends out of the villages of each county as many people as the censuses show, to each kind of
destination. Then they stay: other parameters send out more or fewer.
"""

from dataclasses import dataclass

import numpy as np

from sim import kernel, kinds, migration
from sim.levers import Levers
from sim.migration import Alternatives
from sim.parameters import Parameters
from sim.state import HEAD, OWNS_FLAT, Counties, Floats, Offers, People, Units

ROUNDS = 40  # the constants converge by a factor of about three a round
UNREACHABLE = -40.0  # utils


@dataclass(frozen=True)
class Base:
    """What the base period fixes."""

    constants: Floats  # (place, alternative) utils
    arrivals: Floats  # (county, 2) gross in-moves a year, from the province and the country


def base(
    people: People, units: Units, counties: Counties, quarter: int, offers: Offers,
    followers: Floats, away_share: Floats, p: Parameters,
) -> Base:  # fmt: skip
    """Solve for the base period; `p` and `offers` are central and without policy.

    `followers`, (county,), is how many villagers a year follow a new job to town, whom the
    constants need not explain; `away_share`, (unit + 3,), says how many co-villagers are away.
    """
    often = migration.village_factor(away_share, p)[people.unit]
    often *= migration.duration_factor((quarter - people.since.astype(np.int64)) / 4, p)
    deciders = deciding(people, units, quarter, people.weight * often)
    residents = deciding(people, units, quarter, people.weight.astype(float)).sum(axis=(1, 2, 3))
    back = returning(people, units, quarter, p)
    wanted = outflows(counties, residents, p)
    wanted[1::2] += back[:, :4]
    wanted[1::2, 0] = np.maximum(wanted[1::2, 0] - followers, 0)
    alternatives = Alternatives.around(counties)
    none = Levers.baseline(2 * len(counties))
    zero, adults = np.zeros(2 * len(counties)), np.ones(2 * len(counties))
    party = np.where(
        (alternatives.mode == kernel.WHOLE) & migration.HEADS[:, None],
        counties.residents_per_dwelling.mean(),
        np.where(alternatives.mode == kernel.WITH_CHILD, 2.0, 1.0),
    )
    by_nest = np.zeros((2 * len(counties), 5))
    by_town = np.zeros(len(counties))
    near, goal = alternatives.nest == migration.NEARBY, alternatives.county
    for _ in range(ROUNDS):
        constants = by_nest[:, alternatives.nest] + np.repeat(near * by_town[goal], 2, axis=0)
        value = migration.utility(alternatives, offers, constants, none, p)
        chances, attraction = migration.choice(alternatives, value, p)
        hazard = migration.leaving_hazard(attraction, zero, zero, adults, none, p)
        flows = migration.expected_moves(alternatives, hazard, chances, deciders, party)
        leaving = np.stack(
            [flows[:, alternatives.nest == n].sum(axis=1) for n in range(1, 5)], axis=1
        )
        by_nest[:, 1:] += correction(wanted, leaving)
        by_nest = np.clip(by_nest, UNREACHABLE, -UNREACHABLE)
        arriving = np.zeros(len(counties))
        np.add.at(arriving, goal[:, near], by_county(flows[:, near]))
        by_town += correction(counties.nearby_share * together(arriving, counties), arriving)
        mean = together(by_town, counties) / together(np.ones(len(counties)), counties)
        by_town = np.clip(by_town - mean, UNREACHABLE, -UNREACHABLE)
    return Base(np.round(constants, 9), counties.arrivals + back[:, 4:])


def together(values: Floats, counties: Counties) -> Floats:
    """The sum over all counties of each county's prefecture, (county,)."""
    beside = np.where(counties.nearby >= 0, values[counties.nearby], 0.0)
    return np.asarray(values + beside.sum(axis=1))


def correction(wanted: Floats, got: Floats) -> Floats:
    """How much to add to the constants of flows that came out as `got` [utils]."""
    step = np.log(np.maximum(wanted, 1e-6) / np.maximum(got, 1e-6))
    return 0.7 * np.clip(step, -2, 2)


def by_county(flows: Floats) -> Floats:
    """Flows out of town and villages together, (county, alternative)."""
    return flows[::2] + flows[1::2]


def outflows(counties: Counties, residents: Floats, p: Parameters) -> Floats:
    """Net moves a year out of each place, (place, 4 kinds of destination).

    What leaves a county is split between its villages and its town: a townsperson leaves less
    often than a villager, by an assumed ratio. Only villagers move to their own town.
    """
    town, village = p.town_leaving_ratio * residents[::2], residents[1::2]
    of_village = np.divide(village, town + village, out=np.ones(len(town)), where=village > 0)
    result = np.zeros((2 * len(counties), 4))
    result[::2] = counties.moves * (1 - of_village[:, None])
    result[1::2] = counties.moves * of_village[:, None]
    result[::2, 0], result[1::2, 0] = 0, counties.moves[:, 0]
    return result


def deciding(people: People, units: Units, quarter: int, weight: Floats) -> Floats:
    """People of each kind, by a weight of each.

    Returns
    -------
    (place, flat, band, situation), for the places inside
    """
    clock, place = kinds.Clock.at(quarter), units.place().astype(np.int64)
    inside = 2 * (int(units.county.max()) + 1)
    rows = place[people.unit] < inside
    band = clock.band[people.born.view(np.uint16)][rows].astype(np.int64)
    inner = kinds.INNER_OF[people.traits, clock.stage[people.child.view(np.uint16)]][rows]
    situation = inner.astype(np.int64) // (kinds.EDUCATIONS * kinds.SEXES)
    flat = (people.flags[rows] & OWNS_FLAT).astype(np.int64)
    shape = (inside, migration.FLAT, kinds.BANDS, kinds.SITUATIONS)
    kind = np.ravel_multi_index((place[people.unit[rows]], flat, band, situation), shape)
    return np.bincount(kind, weight[rows], np.prod(shape)).astype(float).reshape(shape)


def returning(people: People, units: Units, quarter: int, p: Parameters) -> Floats:
    """People expected to go back a year to the villages they are registered in.

    Returns
    -------
    (county, 6) by where they come back from: the own town, other towns of the region, the rest of
    the province, the rest of the country; then outsiders who leave the county again, by origin
    """
    place, inside = units.place().astype(np.int64), 2 * (int(units.county.max()) + 1)
    rows = np.flatnonzero(place[people.unit] != place[people.hukou])
    rows = rows[kinds.role_of(people.traits[rows]) > 0]
    now, home = place[people.unit[rows]], place[people.hukou[rows]]
    outsider = home >= inside
    origin = np.where(now >= inside, 2 + now - inside, np.where(now // 2 == home // 2, 0, 1))
    column = np.where(outsider, 4 + home - inside, origin)
    county = np.where(outsider, now, home) // 2
    clock = kinds.Clock.at(quarter)
    size = np.empty(len(rows), np.int64)
    kernel.company(people.mate, people.unit, rows, size)
    head = kinds.role_of(people.traits[rows]) == HEAD
    band = clock.band[people.born[rows].view(np.uint16)]
    persons = people.weight[rows] * np.where(head, size, 1)
    to_village = np.where(outsider, 1.0, 1 - p.return_to_town)
    expected = persons * migration.return_hazard(p)[band] * to_village
    keep = (county < inside // 2) & (column < 6) & (outsider | (home % 2 == 1))
    line = county[keep] * 6 + column[keep]
    return np.bincount(line, expected[keep], 3 * inside).astype(float).reshape(-1, 6)
