"""In-situ urbanization and merger: codes and boundaries change, and nobody moves."""

import numpy as np

from xiancheng.sim import schooling
from xiancheng.sim.choice import probability
from xiancheng.sim.conditions import Conditions
from xiancheng.sim.levers import Levers
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.places import in_villages
from xiancheng.sim.randomness import Stream
from xiancheng.sim.state import Bools, Floats, Ints, Units
from xiancheng.sim.step import Step


def recoding_hazard(units: Units, levers: Levers, conditions: Conditions, p: Parameters) -> Floats:
    """How often a rural village is recoded urban [1/year], (unit,).

    Villages next to a town are recoded more often; the mean over all rural villages is the
    province's. Frozen boundaries stop the trend and every added recoding alike.
    """
    rural = ~units.urban
    if conditions.recoding_frozen or not rural.any():
        return np.zeros(len(units))
    relative = np.where(units.contiguous, p.recode_contiguity_ratio, 1.0)
    trend = p.recode_hazard * relative / relative[rural].mean()
    increment = in_villages(levers.recoding)[units.county]
    return rural * (trend + increment)


def merging_hazard(units: Units, levers: Levers, p: Parameters) -> Floats:
    """How often a village is merged into a neighbour [1/year], (unit,)."""
    independent = units.merged_into == np.arange(len(units))
    increment = in_villages(levers.merging)[units.county]
    return (~units.urban & independent) * (p.merge_hazard + increment)


def drawn(hazard: Floats, u: Floats, years: float) -> Ints:
    """The villages that an event of this hazard meets, (drawn,) index."""
    return np.flatnonzero(u < probability(hazard, years))


def recoded(units: Units, chosen: Ints) -> Bools:
    """All villages whose code changes with the `chosen`: those merged into them too, (unit,)."""
    return ~units.urban & np.isin(units.merged_into, units.merged_into[chosen])


def merged(units: Units, chosen: Ints) -> Ints:
    """The receiving unit of each village after the `chosen` are merged, (unit,).

    A village joins the next rural village of its township, so the code of nobody changes.
    """
    result = units.merged_into.astype(np.int64)
    if not len(chosen):
        return result
    order = np.argsort(units.township, kind="stable")
    townships, own_township = units.township[order], units.township[chosen]
    ends = [np.searchsorted(townships, own_township, side) for side in ("left", "right")]
    for village, first, last in zip(chosen, *ends, strict=True):
        beside = order[first:last]  # in its township, as are all that were merged into it
        own = result[village]
        near = beside[
            (units.county[beside] == units.county[village])
            & ~units.urban[beside]
            & (result[beside] != own)
        ]
        if len(near):
            result[beside[result[beside] == own]] = result[near[0]]
    return result


def reclassify(step: Step, levers: Levers, conditions: Conditions) -> None:
    """Villages are recoded urban around their people, merged, and lose their school."""
    population, p, units = step.population, step.parameters, step.population.units
    u = step.streams.uniform(Stream.UNIT, step.quarter.number, population.unit_address)
    hazard = recoding_hazard(units, levers, conditions, p)
    chosen = drawn(hazard, u[0], step.quarter.years)
    if len(chosen):
        before = population.townspeople()
        population.recode(recoded(units, chosen))
        step.markets.take_over(population.townspeople() - before, before)
    hazard = merging_hazard(units, levers, p)
    chosen = drawn(hazard, u[1], step.quarter.years)
    units.merged_into = merged(units, chosen).astype(np.int32)
    closing = schooling.closing_hazard(levers)[units.county]
    closed = ~units.urban & (u[2] < probability(closing, step.quarter.years))
    population.school_closed[: len(units)] |= closed
