"""The level: rates of counties without a plan, true and printed, in joint draws, day by day.

Statistical forecasts are stacked by how well they forecast counties of the province's record that
were left out. The model of people does not enter: its runs are paired with draws of the level, and
what a scenario changes is added to them or steered to them. There are more draws of the level than
runs; each run is used once before one is used again.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import numpy as np

from xiancheng.calibration import cache, code_identity, posterior
from xiancheng.calibration.forecasts import melding
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
    widest_pack,
    years_between,
)
from xiancheng.calibration.region import Region, load
from xiancheng.sim.state import Floats, Ints

DRAWS = 4000  # of the level
SEED = 1
FEWEST = 3  # counties of a record, or there is no level
LEFT_OUT = 1000  # draws of each forecast by which weights are found
WORLDS = 400  # draws of the parameters, for the errors of the published series
LIBRARIES = ("numpy", "scipy")  # whose versions may change a last digit


@dataclass(frozen=True, eq=False)
class CountyLevel:
    """Rates of the counties of a region without a plan, on the last census day and days after."""

    days: tuple[date, ...]
    true: Floats  # at census quality, (day, draw, county) [percent]
    printed: Floats  # as the yearbook prints it, (day, draw, county) [percent]
    key: str  # sha256 of all that it was made from


def county_level(region: Region, start: date, until: date) -> CountyLevel | None:
    """The level from `start` on; None where it is known from another census, or not at all.

    It holds every year's end up to `until`, and the deadlines of targets. What was computed is
    kept in the cache of this user.
    """
    if len(region.censuses) < 2 or start != region.censuses[-1] or until <= start:
        return None
    ends = {date(year, 12, 31) for year in range(start.year, until.year + 1)}
    days = ends | {until} | {target.deadline for target in region.targets}
    later = tuple(sorted(day for day in days if start < day <= until))
    try:
        sample = posterior.read(region.folder)
        return _level(
            str(region.folder), region.digest, sample.digest if sample else "", (start, *later)
        )
    except (ForecastError, RecordError):
        return None


@lru_cache(maxsize=8)
def _level(folder: str, _: str, sample: str, days: tuple[date, ...]) -> CountyLevel:
    region = load(folder)
    key = digest({
        "code": code_identity.digest("sim", "calibration"),
        "libraries": {name: version(name) for name in LIBRARIES},
        "region": region.digest, "record": record(region).digest,
        "days": [str(day) for day in days], "sample": sample,
        "draws": [DRAWS, LEFT_OUT, WORLDS, SEED],
    })  # fmt: skip
    shape = (2, len(days), DRAWS, len(region.counties))
    folder_of_draws = cache.home() / "levels" / key
    kept = cache.open_columns(folder_of_draws)
    if kept is None:
        rates = np.stack([*_rates(region, days)], axis=1)
        _keep(folder_of_draws, rates)
    else:
        rates = kept[0]["rate"].reshape(shape)
    return CountyLevel(days, rates[0], rates[1], key)


def digest(content: dict[str, object]) -> str:
    """The sha256 of text and whole numbers."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _rates(region: Region, days: Sequence[date]) -> Iterable[Floats]:
    """True and printed rates of each day, (2, draw, county) [percent]."""
    own, past = Panel.of(region), record(region)
    pool = stack(str(region.folder), LEFT_OUT, SEED)
    known, residents = Known(past, Origin.at(own, 1)), own.residents[1]
    worlds = [draw.parameters for draw in posterior.draws(region, WORLDS, SEED)]
    each = [worlds[row] for row in run_of_draw(WORLDS, DRAWS)]
    for day in days:
        if day == own.dates[1]:
            yield np.tile(own.rate[1], (2, DRAWS, 1))
        else:
            true = pool(known, years_between(own.dates[1], day), DRAWS, SEED)
            printed = melding.published(true, residents, own.prefecture, day, each, SEED)
            yield np.stack([true, printed])


@lru_cache(maxsize=4)
def stack(region: str, draws: int, seed: int) -> Mixture:
    """The statistical forecasts, weighted by how well they told counties of the record left out."""
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


def basis(region: Region, start: date) -> str | None:
    """The digest of the pack whose record the level rests on; None where none is known."""
    if len(region.censuses) < 2 or start != region.censuses[-1]:
        return None
    pool = widest_pack(region)
    return pool.digest if len(pool.counties) >= FEWEST else None
