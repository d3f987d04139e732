"""In-situ urbanization and merger: codes and boundaries change, and nobody moves."""

import numpy as np

from xiancheng.sim import kernels, schooling
from xiancheng.sim.choice import probability
from xiancheng.sim.conditions import Conditions
from xiancheng.sim.levers import Levers
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.places import in_villages
from xiancheng.sim.randomness import Stream
from xiancheng.sim.state import Bools, Floats, Ints, Units
from xiancheng.sim.step import Step

NONE = np.empty(0, np.int64)  # units
YEARS = 10  # after which spreads of recoding are stated, as between two censuses
PRECISION = 0.02  # of a wanted recoding: what comes nearer by less is not worth an exchange


def decade_sd(carried: float, persistence: float) -> float:
    """Standard deviation after ten years of yearly shocks of variance 1 that fade by `carried`.

    Shocks of following years correlate by `persistence` [1]; what is left of each after a year is
    `carried` [1].
    """
    ago = np.arange(YEARS)
    left = carried**ago
    return float(np.sqrt(left @ persistence ** abs(ago[:, None] - ago) @ left))


def recoding_path(gap: Floats, prefecture: Floats, county: Floats, p: Parameters) -> Floats:
    r"""How recoding of each county departs from the province's [urban share/year], (year, county).

    The gap is closed at a yearly rate and opened by shocks of prefectures and counties, which last
    some years:

    .. math:: G_{t+1} = e^{-k} G_t + s_p x^p_t + s_c x^c_t, \quad
        x_{t+1} = \rho x_t + \sqrt{1 - \rho^2} z_{t+1}

    and the departure is :math:`G_{t+1} - G_t`. `recode_prefecture_sd` and `recode_county_sd` are
    the spreads that the shocks have made after ten years.

    Parameters
    ----------
    gap : (county,) urban share at the start, less what the structure of the county implies
    prefecture, county : (year, county) standard normals, the first alike within a prefecture

    References
    ----------
    Uhlenbeck & Ornstein (1930), Physical Review 36 (mean reversion)
    """
    carried, persistence = float(np.exp(-p.recode_gap_reversion)), p.recode_persistence
    scale = 1 / decade_sd(carried, persistence)
    found, now = np.empty_like(county), gap
    shock = np.zeros(len(gap))
    for year, (shared, own) in enumerate(zip(prefecture, county, strict=True)):
        fresh = p.recode_prefecture_sd * shared + p.recode_county_sd * own
        shock = persistence * shock + (np.sqrt(1 - persistence**2) if year else 1.0) * fresh
        found[year] = (carried - 1) * now + scale * shock
        now = now + found[year]
    return found


def recoding_hazard(
    units: Units, urban: Floats, departure: Floats, levers: Levers, conditions: Conditions,
    p: Parameters,
) -> Floats:  # fmt: skip
    """How often the code of a unit changes [1/year], (unit,): to urban, or of urban ones to rural.

    Where the province's trend and the departure of a county add up to less than nothing, its urban
    units become rural instead. Units beside the built-up area are recoded more often, both ways;
    the mean over a county is as said. Frozen boundaries stop the trend and every added recoding.

    Parameters
    ----------
    urban : (county,) urban share of residents at the start
    departure : (county,) from the province's recoding [urban share/year]
    """
    able = independent(units)
    able[units.merged_into[centres(units)]] = False
    if conditions.recoding_frozen or not able.any():
        return np.zeros(len(units))
    net = p.recode_hazard * (1 - urban) + departure
    trend = np.stack([
        np.divide(np.maximum(net, 0), 1 - urban, out=np.zeros(len(net)), where=urban < 1),
        np.divide(np.maximum(-net, 0), urban, out=np.zeros(len(net)), where=urban > 0),
    ])  # fmt: skip
    relative = np.where(units.contiguous, p.recode_contiguity_ratio, 1.0) * able
    group = 2 * units.county + units.urban  # of a county, its rural and its urban units
    mean = np.bincount(group, relative) / np.maximum(np.bincount(group, able), 1)
    increment = np.where(units.urban, 0.0, in_villages(levers.recoding)[units.county])
    share = np.divide(relative, mean[group], out=np.zeros(len(units)), where=able)
    return able * (trend[units.urban.astype(int), units.county] * share + increment)


def merging_hazard(units: Units, levers: Levers, p: Parameters) -> Floats:
    """How often a village is merged into a neighbour [1/year], (unit,)."""
    increment = in_villages(levers.merging)[units.county]
    return (~units.urban & independent(units)) * (p.merge_hazard + increment)


def drawn(hazard: Floats, u: Floats, years: float) -> Ints:
    """The villages that an event of this hazard meets, (drawn,) index."""
    return np.flatnonzero(u < probability(hazard, years))


def with_merged(units: Units, chosen: Ints) -> Bools:
    """All units whose code changes with the `chosen`: those merged with them too, (unit,)."""
    if not len(chosen):
        return np.zeros(len(units), bool)
    hosts = np.zeros(len(units), bool)
    hosts[units.merged_into[chosen]] = True
    return hosts[units.merged_into]


def centres(units: Units) -> Ints:
    """The first urban unit of each county that has one, (centre,): it is never coded rural.

    Units stand in the order of their counties.
    """
    urban = np.flatnonzero(units.urban)
    return urban[np.diff(units.county[urban], prepend=-1) > 0]


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


def merged(
    units: Units, residents: Ints, chosen: Ints, u: Floats, *, frozen: bool = False
) -> tuple[Ints, Bools]:
    """Where each unit belongs after the `chosen` are merged, and whether it is urban, each (unit,).

    A village joins one of the other units of its township that is drawn, or the next that may be
    joined: so another merger elsewhere changes no draw of this one. What was urban and what was
    rural of the two has one code afterwards: urban with the chance of the share of their residents
    who were urban, so that a merger alters the urban share but not its expectation. No village
    joins the centre of its county, and while boundaries are frozen only one of the same code.

    Parameters
    ----------
    residents : (unit,)
    chosen : (chosen,) index
    u : (unit,) in (0, 1): which unit takes it in, and which code both have then
    """
    into, urban = units.merged_into.astype(np.int64), units.urban.copy()
    if not len(chosen):
        return into, urban
    order = np.lexsort((units.township, units.county))
    where = units.county.astype(np.int64) * (int(units.township.max()) + 1) + units.township
    begin, end = (np.searchsorted(where[order], where[chosen], s) for s in ("left", "right"))
    centre = with_merged(units, centres(units))
    kernels.merge(chosen, order, begin, end, u, residents, centre, frozen, into, urban)
    return into, urban


def fitting(residents: Ints, wanted: int) -> Bools:
    """Which units, in their order, have as nearly as may be so many residents together, (unit,).

    One that would go beyond is passed over; then one is exchanged or added where that comes nearer.
    """
    chosen = np.zeros(len(residents), bool)
    kernels.fit(residents, wanted, chosen)
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

    Dwellings and school seats go along.
    """
    _change_codes(step, changing(step.population.units, up, down))


def changing(units: Units, up: Ints, down: Ints) -> Bools:
    """The units whose code changes where `up` become urban and `down` rural, (unit,).

    Those merged with them go along; centres stay urban.
    """
    if not len(up) + len(down):
        return np.zeros(len(units), bool)
    changed = with_merged(units, up) & ~units.urban
    changed |= with_merged(units, down) & units.urban
    changed[with_merged(units, centres(units))] = False
    return changed


def _change_codes(step: Step, changed: Bools) -> None:
    """The codes of units, (unit,), are the other ones from now on."""
    population = step.population
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
    residents = np.bincount(units.merged_into, population.residents, len(units)).astype(np.int64)
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


def beyond_expectation(units: Units, residents: Ints, chosen: Ints, chance: Floats) -> Floats:
    """Persons who become urban by this draw beyond those expected to, (county,).

    Over draws it is nothing, whatever the units are: a control for what a run owes to chance.

    Parameters
    ----------
    residents : (unit,)
    chosen : the units whose code is drawn to change, (chosen,) index
    chance : of each, (unit,)

    References
    ----------
    Glasserman (2003), Monte Carlo Methods in Financial Engineering, 4.1 (control variates)
    """
    together = np.bincount(units.merged_into, residents, len(units))
    drawn_less_chance = -chance
    drawn_less_chance[chosen] += 1
    gained = np.where(units.urban, -1, 1) * drawn_less_chance * together
    return np.bincount(units.county, gained, units.counties).astype(float)


def reclassify(
    step: Step, urban: Floats, departure: Floats, levers: Levers, conditions: Conditions
) -> None:
    """Units are recoded around their people, villages are merged and lose their school.

    What of it is beyond expectation is written down: mergers alter no expected share.

    Parameters
    ----------
    urban, departure : (county,) see `recoding_hazard`
    """
    population, p, units = step.population, step.parameters, step.population.units
    u = step.streams.uniform(Stream.UNIT, step.quarter.number, population.unit_address)
    hazard = recoding_hazard(units, urban, departure, levers, conditions, p)
    years = step.quarter.years
    chosen = drawn(hazard, u[0], years)
    residents, chance = population.residents, probability(hazard, years)
    step.unexpected += beyond_expectation(units, residents, chosen, chance)
    rural = ~units.urban[chosen]
    recode(step, chosen[rural], chosen[~rural])
    chosen = drawn(merging_hazard(units, levers, p), u[1], years)
    u_merger = step.streams.uniform(Stream.MERGER, step.quarter.number, population.unit_address)
    frozen = conditions.recoding_frozen
    into, coded = merged(units, residents, chosen, u_merger[0], frozen=frozen)
    gained = (coded.astype(int) - units.urban) * residents
    step.unexpected += np.bincount(units.county, gained, units.counties)
    units.merged_into = into.astype(np.int32)
    _change_codes(step, coded != units.urban)
    closing = schooling.closing_hazard(levers)[units.county]
    closed = ~units.urban & (u[2] < probability(closing, step.quarter.years))
    population.school_closed[: len(units)] |= closed
