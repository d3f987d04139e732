"""Scores of a forecast, an ensemble of draws, against observations.

Changes are scored, not levels: rates of counties lie far apart, so that any forecast looks good
beside them. Error and CRPS of a change are those of the level (both subtract the same start); what
differs is what they are measured by, the change itself and other forecasts' errors.

References
----------
Gneiting & Raftery (2007), Journal of the American Statistical Association 102 (CRPS, Brier)
Ferro (2014), Quarterly Journal of the Royal Meteorological Society 140 (fair scores)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from xiancheng.sim.deferred import Deferred
from xiancheng.sim.state import Floats

optimize = Deferred("scipy.optimize")

LEVELS = (0.5, 0.8, 0.95)  # of central intervals


def distance(draws: Floats) -> Floats:
    """Mean distance of two different draws of an ensemble, (case,), from (draw, case)."""
    n = len(draws)
    weight = 2 * np.arange(1, n + 1) - n - 1
    return np.asarray(2 * (weight @ np.sort(draws, axis=0)) / (n * (n - 1)))


def crps(draws: Floats, observed: Floats) -> Floats:
    """Continuous ranked probability score, (case,) [the unit of the draws]; 0 is perfect.

    The fair version: in expectation that of the distribution the draws come from, however few.

    Parameters
    ----------
    draws : (draw, case); observed : (case,)
    """
    return np.abs(draws - observed).mean(axis=0) - distance(draws) / 2


def interval(draws: Floats, level: float) -> Floats:
    """Ends of the central interval, (2, case)."""
    return np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)


def coverage(draws: Floats, observed: Floats, level: float) -> tuple[float, float]:
    """Share of cases inside their central interval, and the binomial error of such a share.

    The error is the standard deviation that a calibrated forecast would show over independent
    cases. Counties of a prefecture are not, so it is a lower bound.
    """
    low, high = interval(draws, level)
    inside = (observed >= low) & (observed <= high)
    return float(inside.mean()), float(np.sqrt(level * (1 - level) / len(observed)))


def probability(draws: Floats, threshold: Floats | float) -> Floats:
    """That the rate reaches a threshold, (case,)."""
    return np.asarray((draws >= threshold).mean(axis=0))


def brier(draws: Floats, observed: Floats, threshold: Floats | float) -> Floats:
    """Squared error of the probability to reach a threshold, (case,); 0.25 is a coin's."""
    return np.asarray((probability(draws, threshold) - (observed >= threshold)) ** 2)


@dataclass(frozen=True)
class ForecastScores:
    """One forecaster over all cases; points are percentage points."""

    cases: int
    mae: float  # of the median [points]
    bias: float  # median less observed [points]
    crps: float  # [points]
    coverage: tuple[tuple[float, float], ...]  # (share, its binomial error) for each of LEVELS
    brier: float  # of reaching thresholds; nan without any

    @classmethod
    def of(cls, draws: Floats, observed: Floats, thresholds: Floats | None = None) -> Self:
        """Scores of draws (draw, case) against observations (case,).

        Parameters
        ----------
        thresholds : (case,), nan where there is none
        """
        off = np.median(draws, axis=0) - observed
        aimed = np.zeros(len(observed), bool) if thresholds is None else np.isfinite(thresholds)
        reached = np.nan
        if thresholds is not None and aimed.any():
            reached = float(brier(draws[:, aimed], observed[aimed], thresholds[aimed]).mean())
        return cls(
            cases=len(observed),
            mae=float(np.abs(off).mean()),
            bias=float(off.mean()),
            crps=float(crps(draws, observed).mean()),
            coverage=tuple(coverage(draws, observed, level) for level in LEVELS),
            brier=reached,
        )


# Stacking


def stacking_weights(ensembles: Sequence[Floats], observed: Floats) -> Floats:
    """Weights of a mixture of forecasts with the least CRPS, (forecast,): none below 0, sum 1.

    The CRPS of a mixture is quadratic in its weights, w.a - w.B.w / 2, with `a` the mean distance
    of each forecast to the observations and `B` that between draws of two; convex where weights
    sum to 1.

    Parameters
    ----------
    ensembles : forecasts of the same cases without knowing them, (draw, case) each

    References
    ----------
    Gneiting & Raftery (2007), section 4.2 (the kernel form of the CRPS)
    """
    a = np.array([np.abs(draws - observed).mean() for draws in ensembles])
    b = np.array([[between(one, other).mean() for other in ensembles] for one in ensembles])
    n = len(ensembles)
    found = optimize.minimize(
        lambda w: w @ a - w @ b @ w / 2, np.full(n, 1 / n), jac=lambda w: a - b @ w,
        bounds=[(0, 1)] * n, constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        method="SLSQP", options={"ftol": 1e-10, "maxiter": 500},
    )  # fmt: skip
    weights = np.maximum(found.x, 0)
    return np.asarray(weights / weights.sum())


def between(one: Floats, other: Floats) -> Floats:
    """Mean distance of a draw of one ensemble to one of the other, (case,).

    By the distances within each and within both together, each of which takes one sort.
    """
    if one is other:
        return distance(one)
    n, m = len(one), len(other)
    both = distance(np.concatenate([one, other])) * (n + m) * (n + m - 1)
    apart = both - distance(one) * n * (n - 1) - distance(other) * m * (m - 1)
    return np.asarray(apart / (2 * n * m))
