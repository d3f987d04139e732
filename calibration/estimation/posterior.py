"""Weighted draws of several quantities, and the rows of the table that they come from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from xiancheng.calibration.estimation.scores import Belief, values
from xiancheng.sim.state import Floats, Ints


@dataclass(frozen=True)
class Posterior:
    """Draws with weights; of parameters as normal scores, of predictions in their own unit."""

    names: tuple[str, ...]
    draws: Floats  # (draw, name)
    weights: Floats  # (draw,), sum 1
    rows: Ints  # (draw,) row of the table; whatever else was random in that run belongs to the draw

    def quantile(self, shares: Sequence[float]) -> Floats:
        """Weighted quantiles, (share, name)."""
        return np.column_stack([_quantile(c, self.weights, shares) for c in self.draws.T])

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
    def effective(self) -> float:
        """How many draws of equal weight would tell as much."""
        return float(1 / np.sum(self.weights**2))

    def rank(self, truth: Floats) -> Floats:
        """Share of the posterior below the truth, (name,)."""
        below = (self.draws < truth) + 0.5 * (self.draws == truth)
        return self.weights @ below

    def of(self, names: Sequence[str]) -> Self:
        """Only these quantities."""
        chosen = [self.names.index(name) for name in names]
        return replace(self, names=tuple(names), draws=self.draws[:, chosen])

    def moved(self, by: Floats) -> Self:
        """Every draw moved, (name,)."""
        return replace(self, draws=self.draws + by)

    def widened(self, factors: Floats) -> Self:
        """Every draw moved away from the median by a factor, (name,)."""
        return replace(self, draws=self.median + factors * (self.draws - self.median))

    def resampled(self, count: int, seed: int) -> Self:
        """Draws of equal weight, taken at even distances along the weights (systematic)."""
        rng = np.random.default_rng(seed)
        chosen = systematic(self.weights, count, rng)
        even = np.full(count, 1 / count)
        return replace(self, draws=self.draws[chosen], rows=self.rows[chosen], weights=even)

    def values(self, beliefs: Sequence[Belief]) -> Self:
        """The same draws as values instead of scores; there may be beliefs of others."""
        named = {belief.name: belief for belief in beliefs}
        return replace(self, draws=values([named[name] for name in self.names], self.draws))


def systematic(weights: Floats, count: int, rng: np.random.Generator) -> Ints:
    """Rows chosen in proportion to weights, at even distances: (count,)."""
    at = (rng.random() + np.arange(count)) / count
    return np.minimum(np.searchsorted(np.cumsum(weights / weights.sum()), at), len(weights) - 1)


def _quantile(draws: Floats, weights: Floats, shares: Sequence[float]) -> Floats:
    order = np.argsort(draws, kind="stable")
    sorted_weights = weights[order]
    return np.interp(shares, np.cumsum(sorted_weights) - sorted_weights / 2, draws[order])
