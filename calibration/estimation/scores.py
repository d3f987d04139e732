"""Parameters as normal scores of their priors: unbounded, and standard normal before any data."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from scipy.special import ndtr, ndtri

from xiancheng.sim.state import Floats

FARTHEST = 5.0  # a score beyond this is no belief but an extrapolation
HALVINGS = 60


class Belief(Protocol):
    """A quantity of which we know the prior; `calibration.priors.Prior` is one."""

    @property
    def name(self) -> str:
        """What it is called."""

    def quantile(self, u: Floats) -> Floats:
        """The values below which shares `u` of the belief lie."""


def scores(beliefs: Sequence[Belief], values: Floats) -> Floats:
    """Normal scores of values, (..., belief): how far out in its prior each value lies."""
    columns = [_score(belief, values[..., k]) for k, belief in enumerate(beliefs)]
    return np.stack(columns, axis=-1)


def values(beliefs: Sequence[Belief], scores: Floats) -> Floats:
    """The values that scores stand for, (..., belief); always inside the support."""
    u = ndtr(np.clip(scores, -FARTHEST, FARTHEST))
    return np.stack([belief.quantile(u[..., k]) for k, belief in enumerate(beliefs)], axis=-1)


def _score(belief: Belief, value: Floats) -> Floats:
    """By bisection, from below and from above: a mass point gets the middle of its share."""
    below = _crossing(belief, value, strictly=False)
    above = _crossing(belief, value, strictly=True)
    return np.clip(ndtri((ndtr(below) + ndtr(above)) / 2), -FARTHEST, FARTHEST)


def _crossing(belief: Belief, value: Floats, *, strictly: bool) -> Floats:
    """The score at which the prior's quantile reaches (or strictly passes) the value."""
    low = np.full(np.shape(value), -FARTHEST - 1)
    high = -low
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        reached = belief.quantile(ndtr(middle))
        passed = reached > value if strictly else reached >= value
        low, high = np.where(passed, low, middle), np.where(passed, middle, high)
    return (low + high) / 2
