"""Ridge regression with a penalty of its own choice; cross-fitted summaries, also by small nets.

The best summary of an observation, for one quantity, is the quantity's posterior mean. A regression
on all features estimates it: a ridge regression, and small neural nets for what that leaves over.
Rows are dealt into folds, and each row's summary comes from learners that saw none of its fold;
otherwise the rows of the table would look better understood than the observation ever can be.

References
----------
Fearnhead & Prangle (2012), Journal of the Royal Statistical Society B 74
Jiang, Wu, Zheng & Wong (2017), Statistica Sinica 27
Hoerl & Kennard (1970), Technometrics 12
Golub, Heath & Wahba (1979), Technometrics 21 (generalized cross-validation)
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from xiancheng.calibration.inference.table import one_thread, optional
from xiancheng.sim.state import Floats, Ints

PENALTIES = 10.0 ** np.arange(-4, 5.0)  # in units of the mean squared singular value
MOST_LEVERAGE = 0.99
FARTHEST = 4.0  # standard deviations at which a feature is cut: heavy tails are not extrapolated


@dataclass(frozen=True, eq=False)
class Ridge:
    """A fit of several targets at once, each with a penalty of its own."""

    centre: Floats  # (column,)
    intercept: Floats  # (target,) at the centre
    coefficients: Floats  # (column, target)
    fitted: Floats  # (row, target)
    leverage: Floats  # (row, target) share of its own fitted value that a row makes
    directions: Floats  # (column, direction) singular vectors, each divided by its value
    kept: Floats  # (direction, target) what the penalty leaves of a direction
    least: float  # variance of the weighted mean, in variances of a row

    def at(self, x: Floats) -> Floats:
        """The regression at points (row, column): (row, target)."""
        return self.intercept + (x - self.centre) @ self.coefficients

    def left_out(self, y: Floats) -> Floats:
        """Targets less what the other rows imply for each, (row, target), given those fitted."""
        return (y - self.fitted) / (1 - self.leverage)

    def variance(self, x: Floats) -> Floats:
        """Variance of the fit at points, in residual variances of a row: (row, target)."""
        return self.least + ((x - self.centre) @ self.directions) ** 2 @ self.kept**2


def ridge(
    x: Floats, y: Floats, weights: Floats | None = None, *, penalties: Floats | None = None
) -> Ridge:
    """Fit (row, target) on (row, column).

    Parameters
    ----------
    penalties
        to choose from by the least squared error for rows left out, in squares of columns' units.
        By default `PENALTIES`, by generalized cross-validation
    """
    n = len(x)
    w = np.ones(n) if weights is None else weights * n / weights.sum()
    centre, middle = w @ x / n, w @ y / n
    root = np.sqrt(w)[:, None]
    u, d, vt = np.linalg.svd(root * (x - centre), full_matrices=False)
    target = u.T @ (root * (y - middle))  # (direction, target)
    free = ((root * (y - middle)) ** 2).sum(axis=0) - (target**2).sum(axis=0)
    tried = PENALTIES * max(float(np.mean(d**2)), 1e-300) if penalties is None else penalties
    shrink = d[:, None] ** 2 / (d[:, None] ** 2 + tried)  # (direction, penalty)
    if penalties is None:
        left = free + ((1 - shrink.T)[:, :, None] ** 2 * target**2).sum(axis=1)
        spent = 1 + shrink.sum(axis=0)[:, None]
        score = np.where(spent < n, left / np.maximum(n - spent, 1e-9) ** 2, np.inf)
    else:
        own = np.minimum(w[:, None] / n + u**2 @ shrink, MOST_LEVERAGE)  # (row, penalty)
        off = [root * (y - middle) - u @ (kept[:, None] * target) for kept in shrink.T]
        score = np.array([((o / (1 - h[:, None])) ** 2).sum(axis=0)
                          for o, h in zip(off, own.T, strict=True)])  # fmt: skip
    kept = shrink[:, score.argmin(axis=0)]  # (direction, target); score is (penalty, target)
    directions = vt.T * np.where(d > 1e-10 * d.max(initial=0), 1 / np.maximum(d, 1e-300), 0)
    coefficients = directions @ (kept * target)
    fitted = middle + (x - centre) @ coefficients
    leverage = np.minimum(w[:, None] / n + u**2 @ kept, MOST_LEVERAGE)
    least = float(np.sum(w**2)) / n**2
    return Ridge(centre, middle, coefficients, fitted, leverage, directions, kept, least)


@dataclass(frozen=True, eq=False)
class Standardizer:
    """Columns brought to mean 0 and standard deviation 1, and cut far out."""

    mean: Floats  # (column,)
    sd: Floats  # (column,); 1 for a column that never varies
    cut: float = FARTHEST

    @classmethod
    def of(cls, x: Floats, cut: float = FARTHEST) -> Self:
        """The scale of these rows."""
        sd = x.std(axis=0)
        varies = sd > 1e-12 * (1 + np.abs(x).max(axis=0, initial=0))
        return cls(x.mean(axis=0), np.where(varies, sd, 1.0), cut)

    def __call__(self, x: Floats) -> Floats:
        """Standardised columns."""
        return np.clip((x - self.mean) / self.sd, -self.cut, self.cut)


HIDDEN = (48, 24)  # nodes of the nets
FOLDS, NETS = 5, 4


@dataclass(frozen=True, eq=False)
class Learner:
    """A regression of the targets on standardised features."""

    line: Ridge
    nets: tuple[Any, ...] = ()

    def __call__(self, x: Floats) -> Floats:
        """Expected targets, (row, target)."""
        expected = self.line.at(x)
        if self.nets:
            predicted = [net.predict(x).reshape(len(x), -1) for net in self.nets]
            expected = expected + np.mean(predicted, axis=0)
        return expected


@dataclass(frozen=True, eq=False)
class CrossFit:
    """Learners, one for each fold, each of which saw the rows of all other folds."""

    learners: tuple[Learner, ...]
    fold: Ints  # (row,)

    def own(self, x: Floats) -> Floats:
        """Summaries of rows of the table, by learners that did not see them, (row, target)."""
        return self.others(x)[self.fold, np.arange(len(x))]

    def others(self, x: Floats) -> Floats:
        """Summaries of observations by every learner, (fold, observation, target)."""
        return np.stack([learner(x) for learner in self.learners])


def cross_fit(
    x: Floats, targets: Floats, *, seed: int, origins: Ints | None = None, folds: int = FOLDS,
    nets: int = NETS,
) -> CrossFit:  # fmt: skip
    """Learn targets (row, target) from standardised features (row, feature).

    Parameters
    ----------
    origins : (row,) what the targets of a row were taken from; rows of one origin share a fold. By
        default every row has one of its own
    """
    known, origin = np.unique(np.arange(len(x)) if origins is None else origins,
                              return_inverse=True)  # fmt: skip
    fold = (np.random.default_rng([seed, 2]).permutation(len(known)) % folds)[origin]
    seeds = np.random.SeedSequence([seed, 7]).generate_state(folds * nets).reshape(folds, nets)
    with one_thread():
        learners = [
            _learner(x[fold != f], targets[fold != f], seeds[f].tolist()) for f in range(folds)
        ]
    return CrossFit(tuple(learners), fold)


def cross_fit_lines(x: Floats, targets: Floats, fold: Ints) -> CrossFit:
    """The same by ridge regression alone, with folds already dealt: quick, for predictions."""
    others = [fold != f for f in range(int(fold.max()) + 1)]
    return CrossFit(tuple(Learner(ridge(x[rows], targets[rows])) for rows in others), fold)


def _learner(x: Floats, y: Floats, seeds: Sequence[int]) -> Learner:
    line = ridge(x, y)
    left = y - line.fitted
    return Learner(line, tuple(_net(x, left, seed) for seed in seeds))


def _net(x: Floats, y: Floats, seed: int) -> Any:
    """A small net that stops learning when rows it does not see get no better."""
    neural = optional("sklearn.neural_network")
    ends = optional("sklearn.exceptions").ConvergenceWarning
    net = neural.MLPRegressor(
        hidden_layer_sizes=HIDDEN, alpha=0.01, batch_size=64, learning_rate_init=2e-3, max_iter=150,
        early_stopping=True, validation_fraction=0.15, n_iter_no_change=8, random_state=seed,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ends)
        return net.fit(x, y if y.shape[1] > 1 else y[:, 0])
