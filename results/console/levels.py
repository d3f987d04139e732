"""Published rates on any day, of scenarios that met the same draws: level, and what each changes.

A level is that of statistics, where there is a record of change, as in `results.verdict`; each
scenario shifts it by its difference from the usual world, draw by draw. Every figure of the page is
a median of such draws or a difference of two, so that A less B is the level of A less that of B.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from xiancheng.results.verdict import level as levels
from xiancheng.results.verdict.level import Level
from xiancheng.scenarios.ensemble import SERIES, RunSummary
from xiancheng.scenarios.outcome import PUBLISHED, Group
from xiancheng.sim.state import Floats

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, eq=False)
class Series:
    """One scenario under each draw, or once at the central parameters."""

    dates: tuple[date, ...]
    values: Floats  # (draw, indicator of `SERIES`, date, group)

    @classmethod
    def of(cls, dates: Sequence[date], summaries: "Iterable[RunSummary]") -> "Series":
        """What runs of one scenario give."""
        return cls(tuple(dates), np.array([each.series for each in summaries]))

    def at(self, indicator: str, day: date) -> Floats:
        """An indicator on a day, (draw, group); between two dates it is read off the line.

        Raises
        ------
        ValueError
            on a day outside of the run.
        """
        if not self.dates[0] <= day <= self.dates[-1]:
            raise ValueError(f"{day} is not within {self.dates[0]} to {self.dates[-1]}")
        before, after, share = _between(self.dates, day)
        own = self.values[:, SERIES.index(indicator)]
        return np.asarray(own[:, before] + share * (own[:, after] - own[:, before]))


def published(
    level: Level | None, groups: Sequence[Group], run: Series, usual: Series, day: date
) -> Floats:
    """Draws of the published rate of each group on a day, (draw, group) [percent].

    Parameters
    ----------
    level : what statistics say without the plan; None where the model's own level is taken
    usual : the runs without the plan under the usual outside conditions
    """
    rates = None
    if level is not None:
        rates = np.column_stack([_on(level, day, group.code) for group in groups])
    return levels.published(rates, run.at(PUBLISHED, day), usual.at(PUBLISHED, day))


def _on(level: Level, day: date, code: int) -> Floats:
    """The draws of a level on any of its days or between them, (draw,)."""
    before, after, share = _between(level.days, day)
    rates = level.rate[:, :, level.codes.index(code)]
    return np.asarray(rates[before] + share * (rates[after] - rates[before]))


def _between(days: Sequence[date], day: date) -> tuple[int, int, float]:
    """The positions of the days around a day, and how far it lies between them."""
    after = int(np.searchsorted([each.toordinal() for each in days], day.toordinal()))
    if after < len(days) and days[after] == day:
        return after, after, 0.0
    after = min(max(after, 1), len(days) - 1)
    span = (days[after] - days[after - 1]).days
    return after - 1, after, (day - days[after - 1]).days / span
