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


@dataclass(frozen=True)
class Base:
    """What the base period fixes, each (county, ...)."""

    constants: Floats  # (county, 5) utils, by origin county and nest
    arrivals: Floats  # (county, 2) gross in-moves a year, from the province and the country


def base(
    people: People, units: Units, counties: Counties, quarter: int, offers: Offers, p: Parameters
) -> Base:
    """Solve for the base period; `p` and `offers` are central and without policy."""
    deciders, back = deciding(people, units, quarter), returning(people, units, quarter, p)
    wanted = counties.moves + back[:, :4]
    alternatives = Alternatives.around(counties)
    none = Levers.baseline(2 * len(counties))
    zero, adults = np.zeros(2 * len(counties)), np.ones(2 * len(counties))
    party = np.where(
        (alternatives.mode == kernel.WHOLE) & migration.HEADS[:, None],
        counties.residents_per_dwelling.mean(),
        np.where(alternatives.mode == kernel.WITH_CHILD, 2.0, 1.0),
    )
    constants = np.zeros((len(counties), 5))
    for _ in range(ROUNDS):
        value = migration.utility(alternatives, offers, constants, none, p)
        chances, attraction = migration.choice(alternatives, value, p)
        hazard = migration.leaving_hazard(attraction, zero, zero, adults, none, p)
        flows = migration.expected_moves(alternatives, hazard, chances, deciders, party)[:, 1:]
        step = np.log(np.maximum(wanted, 1e-6) / np.maximum(flows, 1e-6))
        constants[:, 1:] = np.clip(constants[:, 1:] + np.clip(step, -2, 2) * 0.7, -40, 40)
    return Base(np.round(constants, 9), counties.arrivals + back[:, 4:])


def deciding(people: People, units: Units, quarter: int) -> Floats:
    """People who decide, weighted by how often their time in a place lets them reconsider.

    Returns
    -------
    (place, flat, band, situation) persons, for the places inside
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
    return np.bincount(kind, people.weight[rows], np.prod(shape)).reshape(shape)


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
    origin = np.where(
        now >= inside, 2 + now - inside, np.where(now // 2 == home // 2, 0, 1)
    )
    column = np.where(outsider, 4 + home - inside, origin)
    county = np.where(outsider, now, home) // 2
    clock = kinds.Clock.at(quarter)
    size = np.empty(len(rows), np.int64)
    kernel.company(people.mate, people.unit, rows, size)
    head = kinds.role_of(people.traits[rows]) == HEAD
    band = clock.band[people.born[rows].view(np.uint16)]
    persons = people.weight[rows] * np.where(head, size, 1)
    expected = persons * migration.return_hazard(p)[band]
    keep = (county < inside // 2) & (column < 6) & (outsider | (home % 2 == 1))
    line = county[keep] * 6 + column[keep]
    return np.bincount(line, expected[keep], 3 * inside).reshape(-1, 6)

