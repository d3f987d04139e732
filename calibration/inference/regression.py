"""Cross-fitted summaries, learned by ridge regression and small neural nets.

The best summary of an observation, for one quantity, is the quantity's posterior mean. A regression
on all features estimates it: a ridge regression, and small neural nets for what that leaves over.
Rows are dealt into folds, and each row's summary comes from learners that saw none of its fold;
otherwise the rows of the table would look better understood than the observation ever can be.

References
----------
Fearnhead & Prangle (2012), Journal of the Royal Statistical Society B 74
Jiang, Wu, Zheng & Wong (2017), Statistica Sinica 27
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xiancheng.calibration.inference.table import one_thread, optional
from xiancheng.calibration.ridge import Ridge, ridge
from xiancheng.sim.state import Floats, Ints

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
