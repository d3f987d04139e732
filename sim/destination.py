"""Where those who reconsider go: a nested logit over staying and every named alternative.

Destination constants hold what the base period shows and nothing else explains; policy and
markets move named terms only.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from xiancheng.sim import kernels
from xiancheng.sim.choice import nested_logit
from xiancheng.sim.levers import Levers
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.places import TOWN, VILLAGES, Places, at_both, county_of, town
from xiancheng.sim.randomness import Stream
from xiancheng.sim.state import AGES, OUTSIDE, Bools, Counties, Floats, Ints, Offers, Parties
from xiancheng.sim.step import Step
from xiancheng.sim.strata import (
    ALONE,
    COUPLE,
    PRESCHOOL,
    PRIMARY_CHILD,
    SECONDARY_CHILD,
    SINGLE,
    SITUATIONS,
)

STAY, OWN_TOWN, NEARBY, PROVINCE, COUNTRY = range(5)  # the nests, from near to far
AGE_CLASSES = 2  # below 60, 60 and over
AGE_CLASS = np.digitize(AGES, [60])  # (band,)
OLDER = 1
FLAT = 2  # owns no flat in the town of the county, or does
HEADS = np.arange(SITUATIONS) >= COUPLE
PUPILS = (np.arange(SITUATIONS) == PRIMARY_CHILD) | (np.arange(SITUATIONS) == SECONDARY_CHILD)


@dataclass(frozen=True)
class Alternatives:
    """What one may choose from: a nest, who of the household goes, and where that leads.

    Every origin has the same alternatives in the same order; `county` is -1 where there is none.
    """

    nest: Ints  # (alternative,)
    mode: Ints  # (alternative,) kernels.WHOLE, LONE or WITH_CHILD
    county: (
        Ints  # (county, alternative) the county whose town it is; own county for STAY; -1 outside
    )
    km: Floats  # (county, alternative)
    open_to: Bools  # (place, situation, alternative)

    @classmethod
    def around(cls, counties: Counties) -> Self:
        """The alternatives of every place, from the map."""
        slots = counties.nearby.shape[1]
        whole, lone, child = kernels.WHOLE, kernels.LONE, kernels.WITH_CHILD
        near = [(NEARBY, mode) for _ in range(slots) for mode in (whole, lone)]
        far = [(nest, mode) for nest in (PROVINCE, COUNTRY) for mode in (whole, lone)]
        own = [(OWN_TOWN, whole), (OWN_TOWN, lone), (OWN_TOWN, child)]
        nest, mode = np.array([(STAY, lone), *own, *near, *far]).T
        here = np.arange(len(counties))[:, None]
        town = np.repeat(counties.nearby, 2, axis=1)
        outside = np.full((len(counties), 4), -1)
        county = np.concatenate([np.repeat(here, 4, axis=1), town, outside], axis=1)
        km = np.concatenate(
            [
                np.zeros((len(counties), 4)),
                np.repeat(counties.nearby_km, 2, axis=1),
                np.repeat(counties.outside_km, 2, axis=1),
            ],
            axis=1,
        )
        situation = np.arange(SITUATIONS)[:, None]
        unattached = (situation == SINGLE) | (situation == ALONE)
        suits = (nest == STAY) | (unattached & (mode == lone)) | (HEADS[:, None] & (mode != child))
        suits |= PUPILS[:, None] & (mode == child)
        suits[0] = nest == STAY  # dependents decide nothing
        exists = (county >= 0) | (nest >= PROVINCE)
        urban = Places(len(counties)).towns[:, None]
        reachable = at_both(exists) & ~(urban & (nest == OWN_TOWN))
        return cls(nest, mode, county, km, reachable[:, None] & suits)

    def inflow(self, common: float, own: Floats) -> Floats:
        """Factors on moves into the towns of the region, (place, alternative); 1 on all others.

        Parameters
        ----------
        common : on all of them
        own : (county,) on those from its villages to its town besides
        """
        leads = (self.county >= 0) & (self.nest != STAY)
        factor = np.where(self.nest == OWN_TOWN, common * own[:, None], common)
        return at_both(np.where(leads, factor, 1.0))


def utility(
    alternatives: Alternatives, offers: Offers, constants: Floats, levers: Levers, p: Parameters
) -> Floats:
    """Value of every alternative [utils], (place, flat, age class, situation, alternative).

    Parameters
    ----------
    constants : (place, alternative)
        Destination constants; 0 for staying.

    References
    ----------
    Train (2009), ch. 4; the terms are those of docs/model.md, one lever in each
    """
    nest, mode, goal = alternatives.nest, alternatives.mode, alternatives.county
    place = np.arange(2 * len(goal))
    origin, rural = county_of(place), ~Places(len(goal)).towns  # of each place
    to, leads_out = goal[origin], (goal < 0)[origin]  # (place, alternative)
    stays, moves = nest == STAY, nest != STAY
    place_of_goal = np.where(stays, place[:, None], town(to))

    def at_goal(index: Floats) -> Floats:
        return np.where(leads_out, offers.service_outside, index[place_of_goal])

    income = np.where(
        stays & rural[:, None],
        offers.income[origin, VILLAGES][:, None],
        offers.income[to, TOWN],
    )
    income = np.where(nest == PROVINCE, offers.income_outside[0], income)
    income = np.where(nest == COUNTRY, offers.income_outside[1], income)
    distance = np.log1p(alternatives.km[origin] * (1 - levers.expressways[:, None]))
    eased = 1 - p.credit_relief * levers.credit
    in_town = ~leads_out & (moves | ~rural[:, None])
    quality = np.where(in_town, np.log1p(offers.housing_quality[to]), 0.0)
    common = (
        p.beta_y * np.log(income)
        - p.beta_d_over_beta_y * p.beta_y * distance
        - p.kappa * moves * eased[:, None]
        + constants
        + p.beta_a * at_goal(offers.amenity)
        - p.beta_r * quality
        + p.lone_far * ((mode == kernels.LONE) & (nest >= NEARBY))
    )

    # What matters to some: families, the old and ill, parents, those who own a flat in town.
    parts = p.split_household * ((mode != kernels.WHOLE) & moves)
    per_domain = p.service_to_wage_ratio * p.beta_y
    for_the_old = per_domain * (at_goal(offers.health) + at_goal(offers.elder_care))
    for_parents = per_domain * at_goal(offers.childcare)
    rent = p.beta_r * np.where(moves & ~leads_out, np.log(offers.housing_cost[to]), 0.0)
    own = nest == OWN_TOWN
    flat = np.stack([rent, np.where(own, p.beta_o, rent)])  # (flat, place, alternative)
    quality = offers.school_quality
    gain = np.where(moves & ~leads_out, quality[town(to)] - quality[:, None], 0.0)
    reached = gain * (mode != kernels.LONE)
    chance = offers.seat_chance[to]  # (place, alternative, stage, owner or not)
    school = p.beta_s * reached[..., None, None] * chance
    school[..., 0] = np.where(own[:, None], school[..., 0], school[..., 1])

    value = np.empty((len(origin), FLAT, AGE_CLASSES, SITUATIONS, len(nest)))
    value[:] = common[:, None, None, None]
    value[:, :, :, HEADS] += parts
    value += flat.transpose(1, 0, 2)[:, :, None, None]
    value[:, :, OLDER] += for_the_old[:, None, None]
    value[:, :, :, PRESCHOOL] += for_parents[:, None, None]
    for stage, situation in enumerate((PRIMARY_CHILD, SECONDARY_CHILD)):
        for owner in range(FLAT):
            value[:, owner, :, situation] += school[:, None, :, stage, 1 - owner]
    return np.where(alternatives.open_to[:, None, None], value, -np.inf)


def choice(alternatives: Alternatives, value: Floats, p: Parameters) -> tuple[Floats, Floats]:
    """Chances of every alternative, and the inclusive value relative to staying.

    Returns
    -------
    (place, flat, age class, situation, alternative), (place, flat, age class, situation)
    """
    scale = np.array([p.lambda_other, p.lambda_b, *[p.lambda_other] * 3])
    chances, inclusive = nested_logit(value, alternatives.nest, scale)
    return chances, inclusive - value[..., 0]


def choose(
    step: Step, rows: Ints, chances: Floats, stream: Stream = Stream.DESTINATION,
    situation: Ints | None = None,
) -> Parties:  # fmt: skip
    """What those who reconsider choose: a party for each who does not stay.

    Their family `situation` is as it stands, or the one that an event makes count.
    """
    people, alternatives = step.population.people, step.alternatives
    place, flat, band, as_it_is = step.stratum(rows)
    situation = as_it_is if situation is None else situation
    shape = chances.shape
    kind = np.ravel_multi_index((place, flat, AGE_CLASS[band], situation), shape[:-1])
    table = chances.reshape(-1, shape[-1])
    address = people.address[rows]
    chosen = step.streams.choose(stream, step.quarter.number, address, table, kind)
    moves = alternatives.nest[chosen] != STAY
    goal = alternatives.county[county_of(place), chosen]
    moves &= (goal == OUTSIDE) | step.population.has_town[goal]
    rows, chosen, goal = rows[moves], chosen[moves], goal[moves]
    nest, flat = alternatives.nest[chosen], flat[moves]
    elsewhere = step.population.units.elsewhere + (nest == COUNTRY)
    return Parties(
        row=rows,
        mode=alternatives.mode[chosen],
        town=goal,
        unit=np.where(goal == OUTSIDE, elsewhere, -1),
        needs_dwelling=(goal != OUTSIDE) & ~((nest == OWN_TOWN) & (flat > 0)),
    )


def without_full(step: Step, chances: Floats, full: Bools) -> Floats:
    """Chances with the towns that are `full`, (county, alternative), taken out."""
    gone = at_both(full & (step.alternatives.county >= 0))
    gone &= step.alternatives.nest != STAY
    return np.where(gone[:, None, None, None], 0.0, chances)
