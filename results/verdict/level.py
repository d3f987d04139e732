"""The level: what statistics say of published rates without the plan.

Simple forecasts told the rates of counties left out better than the model did (docs/validation.md).
So statistics carry the level, stacked by how well they told counties left out, and the model gives
what a scenario changes: differences between runs that met the same luck.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np

from xiancheng.calibration import cache, meld, posterior
from xiancheng.calibration.baselines import SINGLE, Known, Pool, Standing, hindcast
from xiancheng.calibration.baselines.forecast import ForecastError, luck
from xiancheng.calibration.panel import Panel, RecordError, record, years_between
from xiancheng.calibration.region import Region, load
from xiancheng.results.forecasts.frozen import panel_digest, program
from xiancheng.scenarios.outcome import group_of
from xiancheng.scenarios.request import digest_of
from xiancheng.scenarios.simulate import reported
from xiancheng.sim.state import Floats, Ints

LEFT_OUT = 1000  # draws of each forecast by which weights are found
WORLDS = 400  # draws of what we believe, for the errors of the published series


@dataclass(frozen=True, eq=False)
class Level:
    """Published rates without the plan, on the last census day and on days after it."""

    days: tuple[date, ...]
    codes: tuple[int, ...]  # of counties, and of counties together
    rate: Floats  # (day, draw, group) [percent]

    @property
    def start(self) -> date:
        """The census that it sets out from."""
        return self.days[0]

    def on(self, day: date, code: int) -> Floats:
        """The draws of a group on one of the days, (draw,)."""
        return np.asarray(self.rate[self.days.index(day), :, self.codes.index(code)])

    def path(self, code: int, days: Sequence[date], percentile: float) -> Floats:
        """A percentile of a group's rate on other days, read off the line between ours, (day,)."""
        own = np.percentile(self.rate[:, :, self.codes.index(code)], percentile, axis=1)
        at = [day.toordinal() for day in self.days]
        return np.interp([day.toordinal() for day in days], at, own)


def level(region: Region, until: date) -> Level | None:
    """What statistics say of every year's end up to `until`, and of the deadlines of targets.

    What was found is kept in the cache of this user. None where there is no record of change.
    """
    if len(region.censuses) < 2 or until <= region.censuses[-1]:
        return None
    start = region.censuses[-1]
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


def held(region: Region, start: date, until: date) -> Level | None:
    """The level that runs from `start` are held to; None where it sets out from another census."""
    known = level(region, until)
    return known if known is not None and known.start == start else None


def at_deadlines(region: Region, known: Level) -> Floats:
    """The level at the deadline of each target of a region, (draw, target); nan beyond its days."""
    rates, groups = np.full((DRAWS, len(region.targets)), np.nan), reported(region)
    for t, target in enumerate(region.targets):
        if target.deadline in known.days:
            rates[:, t] = known.rate[
                known.days.index(target.deadline), :, group_of(target, region, groups)
            ]
    return rates


@lru_cache(maxsize=8)
def _level(folder: str, _: str, sample: str, days: tuple[date, ...]) -> Level:
    region = load(folder)
    key = digest_of({
        "program": program(), "region": region.digest, "record": panel_digest(record(region)),
        "days": [str(day) for day in days], "sample": sample,
        "draws": [DRAWS, LEFT_OUT, WORLDS, SEED],
    })  # fmt: skip
    codes = tuple(group.code for group in reported(region))
    kept = cache.home() / "levels" / key
    known = cache.open_columns(kept)
    if known is None:
        rate = np.stack([*_found(region, days)])
        _keep(kept, rate)
    else:
        rate = known[0]["rate"].reshape(len(days), DRAWS, len(codes))
    return Level(days, codes, rate)


def _found(region: Region, days: Sequence[date]) -> Iterable[Floats]:
    """The rates of each day, (draw, group) [percent]."""
    own, past = Panel.of(region), record(region)
    pool = stack(str(region.folder), LEFT_OUT, SEED)
    known, residents = Known(past, Standing.at(own, 1)), own.residents[1]
    worlds = [draw.parameters for draw in posterior.draws(region, WORLDS, SEED)]
    each = [worlds[row] for row in run_of_draw(WORLDS, DRAWS)]
    for day in days:
        if day == own.dates[1]:
            rate = np.tile(own.rate[1], (DRAWS, 1))
        else:
            told = pool(known, years_between(own.dates[1], day), DRAWS, SEED).rate
            rate = meld.published(told, residents, own.prefecture, day, each, SEED)
        yield np.column_stack(
            [meld.together(rate, residents, group.counties) for group in reported(region)]
        )


@lru_cache(maxsize=4)
def stack(region: str, draws: int, seed: int) -> Pool:
    """The statistical forecasts, weighted by how well they told counties of the record left out."""
    past = record(load(region))
    told = [hindcast(member, past, draws=draws, seed=seed) for member in SINGLE]
    return meld.stack(SINGLE, told, past.rate[1])


def _keep(folder: Path, rate: Floats) -> None:
    """Put the draws on file where that is possible; else they are found anew each time."""
    try:
        with cache.write_columns(folder) as room:
            room.column("rate", rate.dtype, rate.size).append(rate.ravel())
    except OSError:
        pass


# The rule by which draws of a level are paired with runs of the model.

DRAWS = 4000  # of the level
SEED = 1


def run_of_draw(runs: int, draws: int = DRAWS, seed: int = SEED) -> Ints:
    """Which run of the model goes with each draw of the level, (draw,)."""
    rng = luck(seed, "runs")
    return np.concatenate([rng.permutation(runs) for _ in range(-(-draws // runs))])[:draws]


def draw_of_run(runs: int, draws: int = DRAWS, seed: int = SEED) -> Ints:
    """The first draw of the level that goes with each run, (run,).

    For counts of independent draws, as a binomial bound takes them: one draw of the level a run.
    """
    return np.asarray(np.argsort(luck(seed, "runs").permutation(runs)) % draws)


def published(
    level: Floats | None, scenario: Floats, reference: Floats, seed: int = SEED
) -> Floats:
    """Draws of the published rate under a scenario, (draw, unit) [percent].

    Parameters
    ----------
    level : without the plan, in reference conditions, (draw, unit) [percent]; None where none is
        known, and the rates are the model's own, one draw a run
    scenario, reference : of each run of the model, (run, unit) [percent]; the same random numbers
    """
    if level is None:
        return scenario
    of = run_of_draw(len(scenario), len(level), seed)
    return one_to_one(level, scenario[of], reference[of])


def one_to_one(level: Floats, scenario: Floats, reference: Floats) -> Floats:
    """Rates of draws that are paired already, (draw, unit) [percent]."""
    return np.clip(level + (scenario - reference), 0.0, 100.0)
