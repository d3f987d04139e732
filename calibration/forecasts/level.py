"""The level: rates of counties without a plan, true and printed, in joint draws, day by day.

Statistical forecasts are stacked by how well they forecast counties of the province's record that
were left out. The model of people does not enter: its runs are paired with draws of the level, and
what a scenario changes is added to them or steered to them. There are more draws of the level than
runs; each run is used once before one is used again.

Between benchmarks a county's published rate is made in an office: it follows the published rate of
the province, with less for those above it, and shows little of what a census would find:

    printed(t) = printed(t - 1) + change of the province - pull (printed(t - 1) - province)
                 + follows (true change of the county less what was expected) + prefecture + county

At a census the printed rate is the true one. At a one-per-cent survey provinces are re-based and
counties hardly: a share of the distance to the truth is closed. Rates that were published are
conditions: printed and true paths are moved to what goes with them, by the regression of each on
the printed rate over the draws, which is Bayes' rule where draws are normal.

References
----------
Evensen (2003), Ocean Dynamics 53 (the ensemble Kalman filter)
Statistics law of China: a census in years that end in 0, a one-per-cent survey in those of 5
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import numpy as np

from xiancheng.calibration import cache, code_identity
from xiancheng.calibration.forecasts import melding
from xiancheng.calibration.forecasts.common_trend import (
    YEAR,
    CommonDraws,
    PublishedRate,
    published_rates,
)
from xiancheng.calibration.forecasts.forecast import (
    ForecastError,
    Known,
    Origin,
    hindcast,
    random_stream,
)
from xiancheng.calibration.forecasts.melding import SINGLE, Mixture
from xiancheng.calibration.forecasts.panel import (
    Panel,
    RecordError,
    record,
    record_basis,
    years_between,
)
from xiancheng.calibration.region import Region, load
from xiancheng.calibration.region.schema import INFORMATION
from xiancheng.sim.state import Floats, Ints

DECIMALS = 2  # of a printed rate
PULL = 0.01, 0.03  # per year (assumed): from 2010 to 2020 the counties of Shandong lost 0.022
FOLLOWS = 0.0, 0.03  # of the true change (assumed): near none
PREFECTURE_SD = 0.2  # points a year (assumed, 0.1-0.3)
COUNTY_SD = 0.2  # points a year (assumed, 0.1-0.3): 0.15 about a line in 13 prefectures, 2018
REBASED = 1.0, 3.0  # beta: of the distance to the truth, closed at a survey (assumed; mean 0.25)
ROUNDING_SD = 0.03  # points, of a published rate that is a condition


def printed_rates(
    true: Floats, days: Sequence[date], prefecture: Sequence[str], common: CommonDraws, seed: int
) -> Floats:
    """Printed rates, not yet rounded, (day, draw, unit) [percent].

    Equal seeds give equal errors, whoever forecast the rates.

    Parameters
    ----------
    true : (day, draw, unit) [percent]; the first day is that of the census
    prefecture : of each unit
    common : the published rate of the province in each draw
    """
    __, draws, units = true.shape
    rng = random_stream(seed, "print")
    pull, follows = (low + (high - low) * rng.random((draws, 1)) for low, high in (PULL, FOLLOWS))
    rebased = rng.beta(*REBASED, (draws, 1))
    names, where = np.unique(prefecture, return_inverse=True)
    year_end = date(days[0].year, 12, 31)
    years = [max((day - year_end).days / YEAR, 0.0) for day in days]
    found = true.copy()
    for i in range(1, len(days)):
        span = years[i] - years[i - 1]
        province = [common.published(each)[:, None] for each in years[i - 1 : i + 1]]
        change = true[i] - true[i - 1]
        noise = PREFECTURE_SD * rng.standard_normal((draws, len(names)))[:, where]
        noise += COUNTY_SD * rng.standard_normal((draws, units))
        found[i] = found[i - 1] + np.sqrt(span) * noise
        if span > 0:
            found[i] += province[1] - province[0]
            found[i] -= span * pull * (found[i - 1] - province[0])
            found[i] += follows * (change - change.mean(axis=0))
        for year in range(days[i - 1].year, days[i].year + 1):
            if days[i - 1] < date(year, 12, 31) <= days[i] and year > days[0].year:
                closed = 1.0 if year % 10 == 0 else rebased if year % 5 == 0 else 0.0
                found[i] += closed * (true[i] - found[i])
    return np.clip(found, 0.0, 100.0)


def condition(
    true: Floats, printed: Floats, days: Sequence[date], observed: Sequence[PublishedRate],
    counties: Mapping[str, Ints], prefecture: Sequence[str], residents: Floats,
) -> tuple[Floats, Floats]:  # fmt: skip
    """True and printed rates given what was published, (day, draw, unit) [percent] each.

    What is published of a unit moves the units of its prefecture. The census itself is no
    condition, and nothing moves it.

    Parameters
    ----------
    observed : on some of the days; those before them or of other units do nothing
    counties : the units of each code
    residents : weights of units together (unit,) [persons]
    """
    above = np.asarray(prefecture)
    both = np.stack([true, printed])
    rng = random_stream(0, "rounding")
    for each in sorted(observed, key=lambda one: one.day):
        if each.code not in counties or each.day not in days[1:]:
            continue
        own = counties[each.code]
        near = np.isin(above, above[own])
        shown = np.average(both[1, days.index(each.day)][:, own], axis=1, weights=residents[own])
        off = each.rate - shown - ROUNDING_SD * rng.standard_normal(len(shown))
        centred = shown - shown.mean()
        moved = both[:, 1:][..., near]
        gain = np.einsum("d,ktdu->ktu", centred, moved - moved.mean(axis=2, keepdims=True))
        gain /= centred @ centred + len(shown) * ROUNDING_SD**2
        both[:, 1:, :, near] = moved + off[:, None] * gain[:, :, None, :]
    both = np.clip(both, 0.0, 100.0)
    return both[0], both[1]


DRAWS = 4000  # of the level
SEED = 1
FEWEST = 3  # counties of a record, or there is no level
LEFT_OUT = 1000  # draws of each forecast by which weights are found
LIBRARIES = ("numpy", "scipy")  # whose versions may change a last digit


@dataclass(frozen=True, eq=False)
class CountyLevel:
    """Rates of the counties of a region without a plan, on the last census day and days after."""

    days: tuple[date, ...]
    true: Floats  # at census quality, (day, draw, county) [percent]
    printed: Floats  # as the yearbook prints it, (day, draw, county) [percent]
    key: str  # sha256 of all that it was made from


def county_level(
    region: Region, start: date, until: date, cutoff: date = INFORMATION,
    observations: Sequence[PublishedRate] = (),
) -> CountyLevel | None:  # fmt: skip
    """The level from `start` on; None where it is known from another census, or not at all.

    It holds every year's end up to `until`, and the deadlines of targets. What was computed is
    kept in the cache of this user.

    Parameters
    ----------
    cutoff : nothing published for a later day is used
    observations : published rates that the pack does not hold
    """
    if len(region.censuses) < 2 or start != region.censuses[-1] or until <= start:
        return None
    days = {target.deadline for target in region.targets} | {until}
    later = tuple(sorted(day for day in days | year_ends(start, until) if start < day <= until))
    try:
        known = published_rates(region, cutoff, observations)
        return _level(str(region.folder), region.digest, (start, *later), known)
    except (ForecastError, RecordError):
        return None


def year_ends(start: date, until: date) -> set[date]:
    """The ends of years from `start` to the year of `until`."""
    return {date(year, 12, 31) for year in range(start.year, until.year + 1)}


@lru_cache(maxsize=8)
def _level(
    folder: str, _: str, days: tuple[date, ...], known: tuple[PublishedRate, ...]
) -> CountyLevel:
    region = load(folder)
    key = digest({
        "code": code_identity.digest("sim", "calibration"),
        "libraries": {name: version(name) for name in LIBRARIES},
        "region": region.digest, "record": record_basis(region).record,
        "pack of the record": record_basis(region).pack,
        "days": [str(day) for day in days],
        "published": [each.row() for each in known],
        "draws": [DRAWS, LEFT_OUT, SEED],
    })  # fmt: skip
    shape = (2, len(days), DRAWS, len(region.counties))
    folder_of_draws = cache.home() / "levels" / key
    kept = cache.open_columns(folder_of_draws)
    if kept is None:
        rates = _rates(region, days, known)
        _keep(folder_of_draws, rates)
    else:
        rates = kept[0]["rate"].reshape(shape)
    return CountyLevel(days, rates[0], rates[1], key)


def digest(content: dict[str, object]) -> str:
    """The sha256 of text and whole numbers."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _rates(region: Region, days: Sequence[date], known: tuple[PublishedRate, ...]) -> Floats:
    """True and printed rates, (2, day, draw, county) [percent]."""
    pool = stack(str(region.folder), LEFT_OUT, SEED)
    every = path_days(days, known)
    given = given_at(region, known)
    start = given.origin.day
    true = np.stack([
        pool(given, years_between(start, day), DRAWS, SEED) if day > start
        else np.tile(given.origin.rate, (DRAWS, 1))
        for day in every
    ])  # fmt: skip
    true, shown = printed(region, given, every, true, SEED)
    chosen = [every.index(day) for day in days]
    return np.stack([true[chosen], shown[chosen]])


def given_at(region: Region, known: tuple[PublishedRate, ...]) -> Known:
    """What forecasts of a region may know: the record, its last census, and published rates."""
    own = Panel.of(region)
    return Known(record(region), Origin.at(own, 1), known, region.province)


def path_days(days: Sequence[date], known: Sequence[PublishedRate]) -> list[date]:
    """The days of a path of printed rates, in order.

    Those asked for, the first of which is the census, the ends of years between, and those of
    published rates.
    """
    start, last = min(days), max(days)
    seen = {each.day for each in known if start < each.day <= last}
    ends = {day for day in year_ends(start, last) if start < day <= last}
    return sorted({*days} | ends | seen)


def printed(
    region: Region, given: Known, days: Sequence[date], true: Floats, seed: int
) -> tuple[Floats, Floats]:
    """True rates and those printed of them, given what was published, (day, draw, county) each.

    Parameters
    ----------
    days : as of `path_days`
    true : (day, draw, county) [percent]
    """
    prefecture = given.origin.prefecture
    common = given.common(true.shape[1], seed)
    shown = printed_rates(true, days, prefecture, common, seed)
    names = np.array(prefecture)
    counties = {name: np.flatnonzero(names == name) for name in prefecture}
    counties |= {code: np.array([i]) for i, code in enumerate(given.origin.codes)}
    residents = given.origin.urban + given.origin.rural
    true, shown = condition(true, shown, days, given.published, counties, prefecture, residents)
    shown[1:] = shown[1:].round(DECIMALS)  # the census itself is a share of persons
    return true, shown


@lru_cache(maxsize=4)
def stack(region: str, draws: int, seed: int) -> Mixture:
    """The statistical forecasts, weighted by how well they forecast counties left out.

    Regions of one record have the same weights, which are kept in the cache of this user.
    """
    pack = load(region)
    past, basis = record(pack), record_basis(pack)
    adds = len(past) > Panel.of(load(basis.folder)).comparable.sum()
    key = digest({
        "code": code_identity.digest("sim", "calibration"),
        "libraries": {name: version(name) for name in LIBRARIES},
        "record": basis.record, "packs": [basis.pack, pack.digest if adds else ""],
        "draws": [draws, seed],
    })  # fmt: skip

    def weights() -> list[float]:
        left_out = [hindcast(member, past, draws=draws, seed=seed) for member in SINGLE]
        return [*melding.stack(SINGLE, left_out, past.rate[1]).weights]

    kept = cache.made_once("stacks", key, weights)
    return Mixture("stacked", melding.STACKED, SINGLE, tuple(kept))


def _keep(folder: Path, rates: Floats) -> None:
    """Put the draws on file where that is possible; else they are computed anew each time."""
    try:
        with cache.write_columns(folder) as files:
            files.column("rate", rates.dtype, rates.size).append(rates.ravel())
    except OSError:
        pass


# Pairing of draws of the level with runs of the model


def run_of_draw(runs: int, draws: int = DRAWS, seed: int = SEED) -> Ints:
    """Which run of the model goes with each draw of the level, (draw,)."""
    rng = random_stream(seed, "runs")
    return np.concatenate([rng.permutation(runs) for _ in range(-(-draws // runs))])[:draws]


def draw_of_run(runs: int, draws: int = DRAWS, seed: int = SEED) -> Ints:
    """The first draw of the level that goes with each run, (run,).

    For counts of independent draws, as a binomial bound takes them: one draw of the level a run.
    """
    return np.asarray(np.argsort(random_stream(seed, "runs").permutation(runs)) % draws)


@lru_cache(maxsize=64)
def basis(region: Region, start: date) -> str | None:
    """The digest of the pack whose record the level rests on; None where none is known."""
    if len(region.censuses) < 2 or start != region.censuses[-1]:
        return None
    pool = record_basis(region)
    return pool.pack if pool.counties >= FEWEST else None
