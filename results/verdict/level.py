"""The level of counties, and of counties together, and its pairing with runs of the model.

Simple forecasts told the rates of counties left out better than the model did (docs/validation.md).
So statistics carry the level (`calibration.forecasts.level`), runs without a plan follow it
(`scenarios.steering`), and the model gives what a scenario changes: differences between runs with
the same random numbers. A draw of the published rate is a draw of the level plus the difference,
scenario minus reference, in the run that is paired with it. Every door pairs by this rule: run,
compare, seek, score, report, page and Python.

References
----------
Sevcikova, Raftery & Waddell (2007), Transportation Research A 41 (Bayesian melding)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from xiancheng.calibration.forecasts import melding
from xiancheng.calibration.forecasts.common_trend import PublishedRate
from xiancheng.calibration.forecasts.level import SEED, county_level, run_of_draw
from xiancheng.calibration.forecasts.panel import Panel
from xiancheng.calibration.region import Region
from xiancheng.calibration.region.schema import INFORMATION
from xiancheng.scenarios.outcome import group_of, reported_groups
from xiancheng.scenarios.run_spec import OFF, RunSpec
from xiancheng.sim.state import Floats


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
        rates, groups = (
            np.full((self.rate.shape[1], len(region.targets)), np.nan),
            reported_groups(region),
        )
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


def level_from(
    region: Region, start: date, until: date, cutoff: date = INFORMATION,
    observations: Sequence[PublishedRate] = (),
) -> Level | None:  # fmt: skip
    """The level for runs from `start`; None where it is known from another census, or not at all.

    It holds every year's end up to `until`, and the deadlines of targets. The arguments are those
    of `county_level`.
    """
    counties = county_level(region, start, until, cutoff, observations)
    if counties is None:
        return None
    residents, groups = Panel.of(region).residents[1], reported_groups(region)
    rate = np.stack([
        np.column_stack([melding.together(day, residents, group.counties) for group in groups])
        for day in counties.printed
    ])  # fmt: skip
    return Level(counties.days, tuple(group.code for group in groups), rate)


def level_of(spec: RunSpec, until: date | None = None) -> Level | None:
    """The level that a run without measures follows, to its end or to `until`; None for none."""
    if spec.alignment == OFF:
        return None
    start, end = spec.scenario.start, until or spec.scenario.until
    return level_from(spec.pack, start, end, spec.known_until, spec.observations)


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
