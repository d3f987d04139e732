"""Normal scores of parameters, and weighted draws.

A normal score is how far out in its prior a value lies: unbounded, and standard normal before any
data.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np
from scipy.special import ndtr, ndtri

from xiancheng.sim.state import Floats, Ints

FARTHEST = 5.0  # a score beyond this is an extrapolation
HALVINGS = 60


class Marginal(Protocol):
    """The prior of one quantity; `calibration.priors.Prior` is one."""

    @property
    def name(self) -> str:
        """What it is called."""

    def quantile(self, u: Floats) -> Floats:
        """Inverse of the distribution function at probabilities `u`, same shape."""


def normal_scores(priors: Sequence[Marginal], values: Floats) -> Floats:
    """Normal scores of values, (..., prior).

    By bisection, from below and from above: a mass point gets the middle of its share.
    """
    columns = []
    for k, prior in enumerate(priors):
        below, above = (_crossing(prior, values[..., k], strictly=s) for s in (False, True))
        middle = ndtri((ndtr(below) + ndtr(above)) / 2)
        columns.append(np.clip(middle, -FARTHEST, FARTHEST))
    return np.stack(columns, axis=-1)


def from_scores(priors: Sequence[Marginal], scores: Floats) -> Floats:
    """The values that normal scores stand for, (..., prior); always inside the support."""
    u = ndtr(np.clip(scores, -FARTHEST, FARTHEST))
    return np.stack([prior.quantile(u[..., k]) for k, prior in enumerate(priors)], axis=-1)


def _crossing(prior: Marginal, value: Floats, *, strictly: bool) -> Floats:
    """The score at which the prior's quantile reaches (or strictly passes) the value."""
    low = np.full(np.shape(value), -FARTHEST - 1)
    high = -low
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        reached = prior.quantile(ndtr(middle))
        passed = reached > value if strictly else reached >= value
        low, high = np.where(passed, low, middle), np.where(passed, middle, high)
    return (low + high) / 2


@dataclass(frozen=True, eq=False)
class WeightedDraws:
    """Draws with weights; of parameters as normal scores, of predictions in their own unit."""

    names: tuple[str, ...]
    draws: Floats  # (draw, name)
    weights: Floats  # (draw,), sum 1
    rows: Ints  # (draw,) row of the table; whatever else was random in that run belongs to the draw

    def quantile(self, shares: Sequence[float]) -> Floats:
        """Weighted quantiles, (share, name)."""
        columns = []
        for draws in self.draws.T:
            order = np.argsort(draws, kind="stable")
            weights = self.weights[order]
            columns.append(np.interp(shares, np.cumsum(weights) - weights / 2, draws[order]))
        return np.column_stack(columns)

    def interval(self, level: float) -> Floats:
        """Central intervals, (2, name)."""
        return self.quantile([(1 - level) / 2, (1 + level) / 2])

    @property
    def median(self) -> Floats:
        """(name,)."""
        return self.quantile([0.5])[0]

    @property
    def mean(self) -> Floats:
        """(name,)."""
        return self.weights @ self.draws

    @property
    def covariance(self) -> Floats:
        """(name, name)."""
        apart = self.draws - self.mean
        return (self.weights[:, None] * apart).T @ apart

    @property
    def sd(self) -> Floats:
        """(name,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def effective_size(self) -> float:
        """How many draws of equal weight would tell as much."""
        return float(1 / np.sum(self.weights**2))

    def rank(self, truth: Floats) -> Floats:
        """Share of the draws below the truth, (name,)."""
        below = (self.draws < truth) + 0.5 * (self.draws == truth)
        return self.weights @ below

    def of(self, names: Sequence[str]) -> Self:
        """Only these quantities."""
        chosen = [self.names.index(name) for name in names]
        return replace(self, names=tuple(names), draws=self.draws[:, chosen])

    def moved(self, by: Floats) -> Self:
        """Every draw moved, (name,)."""
        return replace(self, draws=self.draws + by)

    def inflated(self, factors: Floats) -> Self:
        """Every draw moved away from the median by a factor, (name,)."""
        return replace(self, draws=self.median + factors * (self.draws - self.median))

    def resampled(self, count: int, seed: int) -> Self:
        """Draws of equal weight, by systematic resampling."""
        chosen = systematic(self.weights, count, np.random.default_rng(seed))
        even = np.full(count, 1 / count)
        return replace(self, draws=self.draws[chosen], rows=self.rows[chosen], weights=even)

    def values(self, priors: Sequence[Marginal]) -> Self:
        """The same draws as values instead of scores; `priors` may hold those of others too."""
        named = {prior.name: prior for prior in priors}
        return replace(self, draws=from_scores([named[name] for name in self.names], self.draws))


def systematic(weights: Floats, count: int, rng: np.random.Generator) -> Ints:
    """Rows chosen in proportion to weights, at even distances: (count,)."""
    at = (rng.random() + np.arange(count)) / count
    return np.minimum(np.searchsorted(np.cumsum(weights / weights.sum()), at), len(weights) - 1)
