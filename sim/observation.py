"""Observation: how statisticians count a county and print its rates, which is not how it is."""

import numpy as np

from xiancheng.sim import kernels
from xiancheng.sim.accounts import portion
from xiancheng.sim.calendar import HALF_YEAR
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.population import Population
from xiancheng.sim.state import ALONE, COLLECTIVE, FARM, HEAD, Bools, Floats, Ints
from xiancheng.sim.strata import AGED, Headcount

BENCHMARK_YEARS = (2010, 2020, 2025)  # census or one-per-cent survey
IN_MOVERS = ("in_movers_same_county", "in_movers_same_province", "in_movers_other_province")
FOUND = (*AGED, *IN_MOVERS, "workers", "farmers", "family_households", "family_members")

Found = dict[str, Ints]  # persons or households, (county,)


def not_yet_counted(since: Ints, quarter: int) -> Bools:
    """Movers who still count where they lived before, at the end of `quarter`, (person,).

    References
    ----------
    NBS, definition of usual resident (half-year rule)
    """
    return quarter - since.astype(np.int64) < HALF_YEAR


def drift(year: int, p: Parameters) -> float:
    """What the published series has strayed from the truth by the end of `year` [points].

    It grows from one census or one-per-cent survey to the next, and falls back to zero at each.
    """
    return p.benchmark_drift * (year - max(b for b in BENCHMARK_YEARS if b <= year))


def error(standard: Floats, residents: Floats, p: Parameters) -> Floats:
    """Rounding and quota smoothing of published rates [points], (county,), from standard normals.

    Counties are made to agree with their total: weighted by residents the errors sum to zero.
    """
    raw = p.obs_error_sd * standard
    return raw - np.average(raw, weights=np.maximum(residents, 1))


def census(population: Population, counts: Headcount, quarter: int) -> Found:
    """Everything that is found at the end of `quarter`, each (county,).

    Ages and work are those of the people present; in-movers are those who live in another township
    than they are registered in, and have for half a year.
    """
    people, units, places = population.people, population.units, population.places
    counties = places.counties
    by_band = places.by_county(counts.by_band).sum(axis=1)
    by_work = counts.work(counties).sum(axis=1)
    moved_in = np.zeros((counties, len(IN_MOVERS)), np.int64)
    kernels.registered_elsewhere(
        people.unit, people.hukou, people.moved_at, quarter - HALF_YEAR, units.county,
        units.township, units.elsewhere + 1, people.weight, moved_in,
    )  # fmt: skip
    roles = np.zeros((counties, 4), np.int64)
    kernels.in_families(
        people.unit, people.traits, people.flags, COLLECTIVE, units.county, people.weight, roles
    )
    return {
        **{name: by_band[:, bands].sum(axis=1) for name, bands in AGED.items()},
        **dict(zip(IN_MOVERS, moved_in.T, strict=True)),
        "workers": by_work[:, FARM:].sum(axis=1),
        "farmers": by_work[:, FARM],
        "family_households": roles[:, [ALONE, HEAD]].sum(axis=1),
        "family_members": roles.sum(axis=1),
    }


def until(before: Found, after: Found, days: int, of: int) -> Found:
    """What is found `days` after one census and `of - days` before another, each (county,).

    Read off the line between them and rounded to whole numbers; ages add up to the people present.
    """
    ages, change = list(AGED), {name: after[name] - before[name] for name in after}
    parts = {name: portion(each[:, None], days, of)[:, 0] for name, each in change.items()}
    by_age = portion(np.stack([change[name] for name in ages], axis=-1), days, of)
    parts |= dict(zip(ages, by_age.T, strict=True))
    return {name: before[name] + parts[name] for name in after}
