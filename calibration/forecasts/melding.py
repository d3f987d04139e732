"""Forecasts combined: the baselines, their mixture, and stacking.

A mixture takes each draw whole from one member. Mixed, not averaged by quantiles: a mixture is as
wide as its members disagree, and their disagreement is part of what is unknown; it keeps the
dependence between counties; and stacking weights are made for it. Averaged quantiles would be
narrower, in a field whose intervals have mostly been too narrow already.

Forecasters are stacked by how well they forecast counties held out.

References
----------
Stone (1961), Annals of Mathematical Statistics 32 (the linear opinion pool)
Lichtendahl, Grushka-Cockayne & Winkler (2013), Management Science 59 (mixture against quantiles)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xiancheng.calibration.forecasts.forecast import Forecaster, Known, random_stream
from xiancheng.calibration.forecasts.hierarchical import HIERARCHICAL
from xiancheng.calibration.forecasts.scoring import stacking_weights
from xiancheng.calibration.forecasts.trends import COHORTS, TRENDS
from xiancheng.calibration.i18n import Words, _
from xiancheng.sim.state import Floats, Ints

STACKED = _("stacked by leave-one-out")


@dataclass(frozen=True)
class Mixture:
    """A linear opinion pool with weights, equal ones by default."""

    name: str
    title: Words
    members: Sequence[Forecaster]
    weights: Sequence[float] = ()

    def __call__(self, known: Known, years: float, draws: int, seed: int) -> Floats:
        """Rates [percent], (draw, unit), each draw of one member; one of weight 0 is not asked."""
        weights = np.array(self.weights or [1.0] * len(self.members))
        member_of = members_of_draws(
            weights, draws, random_stream(seed, self.name, known.origin.codes)
        )
        rates = np.empty((draws, len(known.origin.codes)))
        for k, member in enumerate(self.members):
            if weights[k] > 0:
                rates[member_of == k] = member(known, years, draws, seed)[member_of == k]
        return rates


def members_of_draws(weights: Floats, draws: int, rng: np.random.Generator) -> Ints:
    """Which member each draw is of, (draw,): as close to the weights as whole draws allow."""
    ends = np.round(np.cumsum(weights) / np.sum(weights) * draws).astype(int)
    return rng.permutation(np.searchsorted(ends, np.arange(draws), side="right"))


SINGLE: tuple[Forecaster, ...] = (*TRENDS, *HIERARCHICAL, COHORTS)
BASELINES: tuple[Forecaster, ...] = (
    *SINGLE, Mixture("equal_weights", _("equal-weight mixture"), SINGLE),
)  # fmt: skip


def stack(members: Sequence[Forecaster], held_out: Sequence[Floats], observed: Floats) -> Mixture:
    """The mixture of forecasters that forecast held-out units best.

    Parameters
    ----------
    held_out : of each member, forecasts of units it did not know (draw, unit) [percent]
    observed : (unit,) [percent]
    """
    weights = stacking_weights(held_out, observed)
    return Mixture("stacked", STACKED, tuple(members), tuple(weights.tolist()))


def together(rate: Floats, residents: Floats, members: Sequence[int]) -> Floats:
    """The rate of some units together, weighted by residents, (draw,) [percent]."""
    own = list(members)
    return np.asarray(np.average(rate[:, own], axis=1, weights=residents[own]))
