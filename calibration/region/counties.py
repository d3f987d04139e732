"""What a pack says of its counties: circumstances at the start, and changes between censuses.

The structural gap: whether a place is coded urban is decided by an office; whether people live as
in town shows in in-movers, farming, homes, schooling, age and households (`Region.structure`). A
county whose share lies above what these imply is coded generously, one below it narrowly. Counties
revert: of the 78 comparable counties of Shandong those above in 2010 rose less until 2020, and all
that fell were above.

What structure implies is a ridge regression of the log odds of the urban share over the counties of
a record, its penalty that with the least error for counties left out. No county has a say in what
is implied for itself.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np

from xiancheng.calibration.forecasts.forecast import log_odds
from xiancheng.calibration.inference.regression import Standardizer, ridge
from xiancheng.calibration.region.region import Region, load, made_of, packs
from xiancheng.sim.deferred import Deferred
from xiancheng.sim.observation import IN_MOVERS
from xiancheng.sim.state import Bools, Counties, Floats, Ints
from xiancheng.sim.strata import AGED

special = Deferred("scipy.special")

PENALTIES = np.geomspace(0.1, 1000.0, 25)  # in units of the squares of a standardized covariate
FEWEST = 20  # counties, twice the covariates: with fewer, structure is not told from chance


class Counted(NamedTuple):
    """Units at a census."""

    codes: Sequence[str]
    structure: Floats  # (unit, covariate)
    rate: Floats  # urban share of residents [percent], (unit,)


def gap(known: Counted, of: Counted) -> Floats:
    """Log odds of the urban share, observed less implied by the units known, (unit,).

    A unit that is among those known is compared with what the others imply. 0 for all where fewer
    than `FEWEST` are known.
    """
    if len(known.codes) < FEWEST:
        return np.zeros(len(of.codes))
    scale = Standardizer.of(known.structure, cut=np.inf)
    odds = log_odds(known.rate)[:, None]
    fitted = ridge(scale(known.structure), odds, penalties=PENALTIES)
    left_out = dict(zip(known.codes, fitted.left_out(odds)[:, 0].tolist(), strict=True))
    off = log_odds(of.rate) - fitted.at(scale(of.structure))[:, 0]
    return np.array([left_out.get(code, o) for code, o in zip(of.codes, off, strict=True)])


def structural_gap(region: Region, census: date) -> Floats:
    """Urban share, observed less implied by structure, at a census, (county,) [points].

    Structure is compared over the comparable counties of the widest pack of the province that
    holds the census; 0 for all where it has fewer than `FEWEST`.
    """
    return np.array(
        made_of(region, "gaps", str(census), lambda: _structural_gap(region, census).tolist())
    )


def _structural_gap(region: Region, census: date) -> Floats:
    wider = [
        pack
        for pack in map(load, packs())
        if pack.province == region.province and census in pack.censuses
    ]
    widest = max([region, *wider], key=lambda pack: len(pack.counties))
    of = counted(region, census, np.ones(len(region.counties), bool))
    odds = log_odds(of.rate)
    implied = odds - gap(counted(widest, census, widest.comparable()), of)
    return np.asarray(100 * (special.expit(odds) - special.expit(implied)))


def counted(region: Region, census: date, chosen: Bools) -> Counted:
    """Those of a region's counties that a mask (county,) chooses."""
    urban, rural = region.urban_rural(census).T
    codes = np.array([county.code for county in region.counties])[chosen]
    rate = 100 * urban / np.maximum(urban + rural, 1.0)
    return Counted(codes.tolist(), region.structure(census)[chosen], rate[chosen])


def counties(region: Region, start: date) -> Counties:
    """Each county's circumstances at the census of `start`."""
    km = region.distance_km()
    n = len(region.counties)
    prefecture = np.array([c.prefecture for c in region.counties])
    arrivals = np.asarray(region.arrivals(start), float)
    nearby = neighbours(prefecture)
    births, deaths = region.vital(start)

    def value(variable: str) -> Floats:
        return np.asarray(region.value(start, variable), float)

    jobs = np.maximum(region.work(start)[:, 1:], 1)
    wages = np.stack([value("wage_industry"), value("wage_services")], axis=1)
    return Counties(
        code=np.array([int(c.code) for c in region.counties]),
        nearby=nearby,
        nearby_km=np.where(nearby >= 0, km[np.arange(n)[:, None], nearby], 0.0),
        outside_km=km[:, n:],
        wage=np.round((wages * jobs).sum(axis=1) / jobs.sum(axis=1)),
        wage_outside=np.asarray(region.outside(start), float),
        home_income=np.stack([value("home_income_urban"), value("home_income_rural")], axis=1),
        dwellings=value("dwellings_town"),
        residents_per_dwelling=value("persons_per_dwelling"),
        price=value("house_price"),
        seats=np.stack([value("seats_primary"), value("seats_junior")], axis=1),
        moves=np.asarray(region.moves(start), float),
        arrivals=arrivals,
        nearby_share=shares(arrivals[:, 0], prefecture),
        structural_gap=structural_gap(region, start) / 100,
        birth_rate=np.asarray(births, float) / 1000,
        death_rate=np.asarray(deaths, float) / 1000,
    )


def shares(arrivals: Floats, prefecture: Ints) -> Floats:
    """Of all who move to another town of their prefecture, the share that comes to each, (county,).

    Whoever moves within a prefecture heads for the towns that people from the rest of the
    province head for: the census counts both as one class. Where nobody arrives, all share alike.
    """
    found = np.zeros(len(arrivals))
    for code in np.unique(prefecture):
        own = prefecture == code
        total = arrivals[own].sum()
        found[own] = arrivals[own] / total if total > 0 else 1 / own.sum()
    return found


def neighbours(prefecture: Ints) -> Ints:
    """The other counties of each county's prefecture, (county, slot), -1 where there is none.

    There is a slot even if no prefecture has two counties, so that the choices stay the same.
    """
    others = [
        [j for j in range(len(prefecture)) if j != i and prefecture[j] == prefecture[i]]
        for i in range(len(prefecture))
    ]
    slots = max(1, *map(len, others))
    filled = [row + [-1] * (slots - len(row)) for row in others]
    return np.array(filled, int).reshape(len(others), slots)


def fertility(region: Region, start: date, cutoff: date) -> dict[int, float]:
    """Births of the province by year relative to the year of the census of `start`.

    Nothing dated after `cutoff` is used: a year is known once it has ended.
    """
    known = region.series(region.province, "birth_rate")
    base = known.get(start.year)
    later = {
        year: rate
        for year, rate in known.items()
        if start.year < year and date(year, 12, 31) <= cutoff
    }
    return {year: rate / base for year, rate in later.items()} if base else {}


# Changes between two censuses, by which the model is estimated: changes are compared, not levels


CensusCounts = Mapping[str, Floats | Ints]  # persons or households by name, (county,)

COHORTS = {  # who are in the age group at the end, ten years after they were in the other
    "cohort_10_19": ("aged_0_9", "aged_10_19"),
    "cohort_20_29": ("aged_10_19", "aged_20_29"),
    "cohort_30_39": ("aged_20_29", "aged_30_39"),
}


def enumerated(region: Region, day: date) -> dict[str, Floats]:
    """Counts of the census of `day` under the names of the model's own, each (county,)."""
    by_band = region.sex_age(day).sum(axis=1)
    urban, rural = region.urban_rural(day).T
    work, homes = region.work(day), region.households(day)
    return {
        "urban_residents": urban,
        "rural_residents": rural,
        **{name: by_band[:, bands].sum(axis=1) for name, bands in AGED.items()},
        **dict(zip(IN_MOVERS, region.in_movers(day).T, strict=True)),
        "workers": work.sum(axis=1),
        "farmers": work[:, 0],
        "family_households": homes["total"],
        "family_members": homes["members"],
    }


def residents(counts: CensusCounts) -> Floats:
    """All residents, (county,)."""
    return np.asarray(counts["urban_residents"] + counts["rural_residents"], float)


def rate(counts: CensusCounts) -> Floats:
    """Urban residents as a share of all [percent], (county,)."""
    return np.asarray(100 * counts["urban_residents"] / residents(counts), float)


def summaries(before: CensusCounts, after: CensusCounts) -> dict[str, Floats]:
    """Changes from one census to another ten years later, each (county,).

    Shares change in percentage points, numbers in 100 log points; in-movers are stocks per hundred
    residents, as the two censuses did not capture them alike.
    """
    people = residents(before), residents(after)
    farming, size = (
        [factor * counts[part] / np.maximum(counts[whole], 1) for counts in (before, after)]
        for factor, part, whole in (
            (100, "farmers", "workers"), (1, "family_members", "family_households"),
        )
    )  # fmt: skip
    in_movers = {
        f"{name}_change": 100 * (after[name] / people[1] - before[name] / people[0])
        for name in IN_MOVERS
    }
    return {
        "rate_change": rate(after) - rate(before),
        "urban_growth": _growth(before["urban_residents"], after["urban_residents"]),
        "rural_growth": _growth(before["rural_residents"], after["rural_residents"]),
        "residents_growth": _growth(*people),
        **{name: _growth(before[a], after[b]) for name, (a, b) in COHORTS.items()},
        "survivors": _growth(before["aged_60_over"] + before["aged_40_59"], after["aged_60_over"]),
        **in_movers,
        "farming_change": farming[1] - farming[0],
        "household_size_change": _growth(size[0], size[1]),
    }


def _growth(before: Floats | Ints, after: Floats | Ints) -> Floats:
    return np.asarray(100 * np.log(np.maximum(after, 1) / np.maximum(before, 1)), float)
