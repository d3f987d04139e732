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

NONE = np.empty(0, np.int64)  # units
PRECISION = 0.02  # of a wanted recoding: what comes nearer by less is not worth an exchange


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
    increment = in_villages(levers.merging)[units.county]
    return (~units.urban & independent(units)) * (p.merge_hazard + increment)


def drawn(hazard: Floats, u: Floats, years: float) -> Ints:
    """The villages that an event of this hazard meets, (drawn,) index."""
    return np.flatnonzero(u < probability(hazard, years))


def with_merged(units: Units, chosen: Ints) -> Bools:
    """All units whose code changes with the `chosen`: those merged with them too, (unit,)."""
    return np.isin(units.merged_into, units.merged_into[chosen])


def centres(units: Units) -> Ints:
    """The first urban unit of each county that has one, (centre,): it is never coded rural."""
    urban = np.flatnonzero(units.urban)
    return urban[np.unique(units.county[urban], return_index=True)[1]]


def independent(units: Units) -> Bools:
    """Units that were not merged into another, (unit,)."""
    return np.asarray(units.merged_into == np.arange(len(units)))


def recoding_order(units: Units, random: Floats, *, urban: bool = True) -> Ints:
    """The order in which units are next coded urban, or, with `urban` False, rural, (unit,) index.

    Those next to the built-up area come first both ways: the rural units beside it become urban,
    and the urban units of the junction (classes 112 and 122) become rural. Centres never do.

    Parameters
    ----------
    random : (unit,) in (0, 1), decides among the others
    """
    able = independent(units) & (units.urban != urban)
    if not urban:
        able[units.merged_into[centres(units)]] = False
    order = np.lexsort((random, ~units.contiguous))
    return order[able[order]]


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


def fitting(residents: Ints, wanted: int) -> Bools:
    """Which units, in their order, have as nearly as may be so many residents together, (unit,).

    One that would go beyond is passed over; then one is exchanged or added where that comes nearer.
    """
    left, chosen = wanted, np.zeros(len(residents), bool)
    for i, persons in enumerate(residents.tolist()):
        if persons <= left:
            chosen[i] = True
            left -= persons
    taken = np.append(np.flatnonzero(chosen), -1)  # and none, of no residents
    others = np.flatnonzero(~chosen)
    given = np.append(residents[chosen], 0)
    off = np.abs(left - (residents[others][:, None] - given))
    if off.size and off.min() < left:
        enters, goes = np.unravel_index(off.argmin(), off.shape)
        chosen[others[enters]] = True
        chosen[taken[goes]] &= goes == len(taken) - 1
    return chosen


def exchange(residents: Ints, there: Ints, back: Ints, wanted: int) -> tuple[Ints, Ints]:
    """Units that change their code, and those that change it back, so that `wanted` persons do.

    Where units are large, one more than is needed and some small ones back may come nearer.

    Parameters
    ----------
    residents : of all units, (unit,)
    there, back : units that may, in their order, (some unit,) index
    """
    first = fitting(residents[there], wanted)
    left = wanted - int(residents[there][first].sum())
    further = there[~first][:1]
    excess = int(residents[further].sum()) - left
    if not len(further) or excess <= 0:
        return there[first], NONE
    second = fitting(residents[back], excess)
    if abs(excess - int(residents[back][second].sum())) >= abs(left) - PRECISION * wanted:
        return there[first], NONE
    return np.concatenate([there[first], further]), back[second]


def recode(step: Step, up: Ints, down: Ints) -> None:
    """Units become urban (`up`) or rural (`down`), each (chosen,) index, around their people.

    Those merged with them go along; so do dwellings and school seats. Centres stay urban.
    """
    population, units = step.population, step.population.units
    changed = with_merged(units, up) & ~units.urban
    changed |= with_merged(units, down) & units.urban
    changed[with_merged(units, centres(units))] = False
    if changed.any():
        before = population.townspeople()
        population.recode(changed)
        step.markets.take_over(population.townspeople() - before, before)


def units_for(step: Step, wanted: Ints) -> tuple[Ints, Ints]:
    """The units whose recoding adds `wanted` persons to each town, (county,), as nearly as may be.

    They change in the order of `recoding_order`; one that would go too far is passed over.

    Returns
    -------
    those that become urban and those that become rural, (unit,) index
    """
    units, population = step.population.units, step.population
    u = step.streams.uniform(Stream.UNIT, step.quarter.number, population.unit_address)[3]
    residents = np.bincount(
        units.merged_into, population.size[: len(units)].sum(axis=1), len(units)
    ).astype(np.int64)
    of_county = units.county
    rural_first, urban_first = (recoding_order(units, u, urban=code) for code in (True, False))
    up: list[Ints] = [NONE]
    down: list[Ints] = [NONE]
    for county in np.flatnonzero(wanted):
        rural, urban = (
            order[(of_county[order] == county) & (residents[order] > 0)]
            for order in (rural_first, urban_first)
        )
        if wanted[county] > 0:
            there, back = exchange(residents, rural, urban, int(wanted[county]))
            up.append(there)
            down.append(back)
        else:
            there, back = exchange(residents, urban, rural, -int(wanted[county]))
            down.append(there)
            up.append(back)
    return np.concatenate(up), np.concatenate(down)


def reclassify(step: Step, levers: Levers, conditions: Conditions) -> None:
    """Villages are recoded urban around their people, merged, and lose their school."""
    population, p, units = step.population, step.parameters, step.population.units
    u = step.streams.uniform(Stream.UNIT, step.quarter.number, population.unit_address)
    hazard = recoding_hazard(units, levers, conditions, p)
    chosen = drawn(hazard, u[0], step.quarter.years)
    recode(step, chosen, NONE)
    hazard = merging_hazard(units, levers, p)
    chosen = drawn(hazard, u[1], step.quarter.years)
    units.merged_into = merged(units, chosen).astype(np.int32)
    closing = schooling.closing_hazard(levers)[units.county]
    closed = ~units.urban & (u[2] < probability(closing, step.quarter.years))
    population.school_closed[: len(units)] |= closed
