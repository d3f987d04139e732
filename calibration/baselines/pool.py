"""Forecasts put together as a mixture: each draw is a whole draw of one member.

Mixed, not averaged by quantiles: a mixture is as wide as its members disagree, and their
disagreement is part of what we do not know; it keeps what a member says of several counties at
once; and it is what stacking weights are made for. Averaged quantiles would be narrower, in a field
whose intervals have mostly been too narrow already.

References
----------
Stone (1961), Annals of Mathematical Statistics 32 (the linear opinion pool)
Lichtendahl, Grushka-Cockayne & Winkler (2013), Management Science 59 (mixture against quantiles)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xiancheng.calibration.baselines.forecast import Forecast, Forecaster, Known, luck
from xiancheng.calibration.i18n import Words
from xiancheng.sim.state import Floats, Ints


@dataclass(frozen=True)
class Pool:
    """A mixture with weights, equal ones by default."""

    name: str
    title: Words
    members: Sequence[Forecaster]
    weights: Sequence[float] = ()

    def __call__(self, known: Known, years: float, draws: int, seed: int) -> Forecast:
        """`draws` joint draws, each of one member."""
        weights = np.array(self.weights or [1.0] * len(self.members))
        made = [
            member(known, years, draws, seed).rate if weight > 0 else None
            for member, weight in zip(self.members, weights, strict=True)
        ]
        rows = rows_of(weights, draws, luck(seed, self.name, known.origin.codes))
        rate = np.empty((draws, len(known.origin.codes)))
        for k, drawn in enumerate(made):
            if drawn is not None:
                rate[rows == k] = drawn[rows == k]
        return Forecast(rate)


def rows_of(weights: Floats, draws: int, rng: np.random.Generator) -> Ints:
    """Which member each draw is of, (draw,): as close to the weights as whole draws allow."""
    ends = np.round(np.cumsum(weights) / np.sum(weights) * draws).astype(int)
    return rng.permutation(np.searchsorted(ends, np.arange(draws), side="right"))
