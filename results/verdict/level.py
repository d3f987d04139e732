"""The level: what statistics forecast of published rates without the plan, and its pairing.

Simple forecasts told the rates of counties left out better than the model did (docs/validation.md).
So statistics carry the level, stacked by how well they told counties left out, and the model gives
what a scenario changes: differences between runs with the same random numbers. A draw of the
published rate is a draw of the level plus the difference, scenario minus reference, in the run of
the model that is paired with it. There are more draws of the level than runs; each run is used once
before one is used again. Every door pairs by this rule: run, compare, seek, score, report, page and
Python.

References
----------
Sevcikova, Raftery & Waddell (2007), Transportation Research A 41 (Bayesian melding)
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np

from xiancheng.calibration import cache, posterior
from xiancheng.calibration.forecasts import melding
from xiancheng.calibration.forecasts.forecast import (
    ForecastError,
    Known,
    Origin,
    hindcast,
    random_stream,
)
from xiancheng.calibration.forecasts.melding import SINGLE, Mixture
from xiancheng.calibration.forecasts.panel import Panel, RecordError, record, years_between
from xiancheng.calibration.region import Region, load
from xiancheng.results.verdict.registered import panel_digest, program
from xiancheng.scenarios.outcome import group_of, reported_groups
from xiancheng.scenarios.run_spec import digest_of
from xiancheng.sim.state import Floats, Ints

DRAWS = 4000  # of the level
SEED = 1
LEFT_OUT = 1000  # draws of each forecast by which weights are found
WORLDS = 400  # draws of the parameters, for the errors of the published series


@dataclass(frozen=True, eq=False)
class Level:
    """Published rates without the plan, on the last census day and on days after it."""

    days: tuple[date, ...]
    codes: tuple[int, ...]  # of counties, and of counties together
    rate: Floats  # (day, draw, group) [percent]

    @property
    def start(self) -> date:
        """The census from which it forecasts."""
        return self.days[0]

    def on(self, day: date, code: int) -> Floats:
        """The draws of a group on one of the days, (draw,)."""
        return np.asarray(self.rate[self.days.index(day), :, self.codes.index(code)])

    def at(self, day: date) -> Floats:
        """The draws on any day, (draw, group)."""
        return on_day(self.days, day, lambda i: self.rate[i])

    def at_deadlines(self, region: Region) -> Floats:
        """The rate at the deadline of each target, (draw, target); nan beyond its days."""
        rates, groups = np.full((DRAWS, len(region.targets)), np.nan), reported_groups(region)
        for t, target in enumerate(region.targets):
            if target.deadline in self.days:
                rates[:, t] = self.rate[
                    self.days.index(target.deadline), :, group_of(target, region, groups)
                ]
        return rates


def on_day(days: Sequence[date], day: date, values: Callable[[int], Floats]) -> Floats:
    """Values on a day, linear between the two days around it; `values` takes a position."""
    after = int(np.searchsorted([each.toordinal() for each in days], day.toordinal()))
    if after < len(days) and days[after] == day:
        return values(after)
    after = min(max(after, 1), len(days) - 1)
    share = (day - days[after - 1]).days / (days[after] - days[after - 1]).days
    before = values(after - 1)
    return np.asarray(before + share * (values(after) - before))


def level_from(region: Region, start: date, until: date) -> Level | None:
    """The level for runs from `start`; None where it is known from another census, or not at all.

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
def _level(folder: str, _: str, sample: str, days: tuple[date, ...]) -> Level:
    region = load(folder)
    key = digest_of({
        "program": program(), "region": region.digest, "record": panel_digest(record(region)),
        "days": [str(day) for day in days], "sample": sample,
        "draws": [DRAWS, LEFT_OUT, WORLDS, SEED],
    })  # fmt: skip
    codes = tuple(group.code for group in reported_groups(region))
    folder_of_draws = cache.home() / "levels" / key
    kept = cache.open_columns(folder_of_draws)
    if kept is None:
        rate = np.stack([*_rates(region, days)])
        _keep(folder_of_draws, rate)
    else:
        rate = kept[0]["rate"].reshape(len(days), DRAWS, len(codes))
    return Level(days, codes, rate)


def _rates(region: Region, days: Sequence[date]) -> Iterable[Floats]:
    """The rates of each day, (draw, group) [percent]."""
    own, past = Panel.of(region), record(region)
    pool = stack(str(region.folder), LEFT_OUT, SEED)
    known, residents = Known(past, Origin.at(own, 1)), own.residents[1]
    worlds = [draw.parameters for draw in posterior.draws(region, WORLDS, SEED)]
    each = [worlds[row] for row in run_of_draw(WORLDS, DRAWS)]
    for day in days:
        if day == own.dates[1]:
            rate = np.tile(own.rate[1], (DRAWS, 1))
        else:
            forecast = pool(known, years_between(own.dates[1], day), DRAWS, SEED)
            rate = melding.published(forecast, residents, own.prefecture, day, each, SEED)
        yield np.column_stack(
            [melding.together(rate, residents, group.counties) for group in reported_groups(region)]
        )


@lru_cache(maxsize=4)
def stack(region: str, draws: int, seed: int) -> Mixture:
    """The statistical forecasts, weighted by how well they told counties of the record left out."""
    past = record(load(region))
    left_out = [hindcast(member, past, draws=draws, seed=seed) for member in SINGLE]
    return melding.stack(SINGLE, left_out, past.rate[1])


def _keep(folder: Path, rate: Floats) -> None:
    """Put the draws on file where that is possible; else they are computed anew each time."""
    try:
        with cache.write_columns(folder) as files:
            files.column("rate", rate.dtype, rate.size).append(rate.ravel())
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
