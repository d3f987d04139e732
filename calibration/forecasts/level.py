"""The level: rates of counties without a plan, true and printed, in joint draws, day by day.

Statistical forecasts are stacked by how well they forecast counties of the province's record that
were left out. The model of people does not enter: its runs are paired with draws of the level, and
what a scenario changes is added to them or steered to them. There are more draws of the level than
runs; each run is used once before one is used again.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import numpy as np

from xiancheng.calibration import cache, code_identity
from xiancheng.calibration.forecasts import melding, printing
from xiancheng.calibration.forecasts.common_trend import PublishedRate, published_rates
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
    shown = printing.printed(true, days, prefecture, common, seed)
    names = np.array(prefecture)
    counties = {name: np.flatnonzero(names == name) for name in prefecture}
    counties |= {code: np.array([i]) for i, code in enumerate(given.origin.codes)}
    residents = given.origin.urban + given.origin.rural
    true, shown = printing.condition(
        true, shown, days, given.published, counties, prefecture, residents
    )
    shown[1:] = shown[1:].round(printing.DECIMALS)  # the census itself is a share of persons
    return true, shown


@lru_cache(maxsize=4)
def stack(region: str, draws: int, seed: int) -> Mixture:
    """The statistical forecasts, weighted by how well they forecast counties left out."""
    past = record(load(region))
    left_out = [hindcast(member, past, draws=draws, seed=seed) for member in SINGLE]
    return melding.stack(SINGLE, left_out, past.rate[1])


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
