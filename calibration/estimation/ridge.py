"""Weighted ridge regression that chooses its own penalty, and knows how far each row pulls."""

from dataclasses import dataclass

import numpy as np

from xiancheng.sim.state import Floats

PENALTIES = 10.0 ** np.arange(-4, 5.0)  # in units of the mean squared singular value
MOST_PULL = 0.99


@dataclass(frozen=True)
class Ridge:
    """A fit of several targets at once, each with a penalty of its own."""

    centre: Floats  # (column,)
    intercept: Floats  # (target,) at the centre
    coefficients: Floats  # (column, target)
    fitted: Floats  # (row, target)
    pulls: Floats  # (row, target) share of its own fitted value that a row makes
    directions: Floats  # (column, direction) singular vectors, each divided by its value
    kept: Floats  # (direction, target) what the penalty leaves of a direction
    least: float  # variance of the weighted mean, in variances of a row

    def at(self, x: Floats) -> Floats:
        """The regression at points (row, column): (row, target)."""
        return self.intercept + (x - self.centre) @ self.coefficients

    def variance(self, x: Floats) -> Floats:
        """Variance of the fit at points, in residual variances of a row: (row, target)."""
        return self.least + ((x - self.centre) @ self.directions) ** 2 @ self.kept**2


def ridge(x: Floats, y: Floats, weights: Floats | None = None) -> Ridge:
    """Fit (row, target) on (row, column); penalties by generalized cross-validation.

    References
    ----------
    Golub, Heath & Wahba (1979), Technometrics 21
    """
    n = len(x)
    w = np.ones(n) if weights is None else weights * n / weights.sum()
    centre, middle = w @ x / n, w @ y / n
    root = np.sqrt(w)[:, None]
    u, d, vt = np.linalg.svd(root * (x - centre), full_matrices=False)
    target = u.T @ (root * (y - middle))  # (direction, target)
    free = ((root * (y - middle)) ** 2).sum(axis=0) - (target**2).sum(axis=0)
    penalties = PENALTIES * max(float(np.mean(d**2)), 1e-300)
    shrink = d[:, None] ** 2 / (d[:, None] ** 2 + penalties)  # (direction, penalty)
    left = free + ((1 - shrink.T)[:, :, None] ** 2 * target**2).sum(axis=1)  # (penalty, target)
    spent = 1 + shrink.sum(axis=0)[:, None]
    score = np.where(spent < n, left / np.maximum(n - spent, 1e-9) ** 2, np.inf)
    kept = shrink[:, score.argmin(axis=0)]  # (direction, target)
    directions = vt.T * np.where(d > 1e-10 * d.max(initial=0), 1 / np.maximum(d, 1e-300), 0)
    coefficients = directions @ (kept * target)
    fitted = middle + (x - centre) @ coefficients
    pulls = w[:, None] / n + u**2 @ kept
    least = float(np.sum(w**2)) / n**2
    pulls = np.minimum(pulls, MOST_PULL)
    return Ridge(centre, middle, coefficients, fitted, pulls, directions, kept, least)
