"""Amortised regression ABC: learn once from a table of runs, then condition on any observation.

    training = training_set(table, priors, Discrepancy.like(table), seed=1)
    rows = split(np.arange(len(table.theta)), seed=1)
    estimator = learn(training, rows.learning, seed=1)
    view = estimator.condition_on()                # or condition_on(keep), some units left out
    posterior = view.posterior(table.observed)     # normal scores
    change = view.predictor(unit, ["rate"]).posterior(table.observed)  # of a unit left out

The runs nearest to an observation are kept, nearer ones with more weight (Epanechnikov), and moved
to where it stands by a weighted local regression of mean and spread. Residuals are those of rows
left out, and the error of the fit at the observation is added, so few rows mean wide intervals.

Units may be left out: their share of every feature is left out of the rows and of the observation
alike. What units left out would have shown is predicted by the same method, errors included.

References
----------
Beaumont, Zhang & Balding (2002), Genetics 162; Blum & Francois (2010), Statistics and Computing 20
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xiancheng.calibration.i18n import _
from xiancheng.calibration.inference.discrepancy import Discrepancy
from xiancheng.calibration.inference.draws import Marginal, WeightedDraws, normal_scores
from xiancheng.calibration.inference.regression import (
    NETS,
    CrossFit,
    Standardizer,
    cross_fit,
    cross_fit_lines,
    ridge,
)
from xiancheng.calibration.inference.table import EstimationError, RunTable, features, one_thread
from xiancheng.sim.state import Bools, Floats, Ints

SHARE = 0.3  # of the rows that is accepted
ROWS_EACH = 25  # accepted at least, for each summary: in many dimensions no row is near
MOST_RATIO = 3.0  # of the spread at the observation to that at a row
FEWEST = 100  # rows to learn from
TINY = 1e-6  # share of a variance that keeps a logarithm finite


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """A table with errors added to its summaries, and everything unknown as normal scores."""

    table: RunTable
    priors: tuple[Marginal, ...]  # of the parameters, then of the sizes of errors
    scores: Floats  # (run, prior)
    simulated: Floats  # (run, unit, summary) errors included
    discrepancy: Discrepancy

    @property
    def names(self) -> tuple[str, ...]:
        """Of the priors."""
        return tuple(prior.name for prior in self.priors)


@dataclass(frozen=True, eq=False)
class RowSplit:
    """The rows of a table, dealt to their uses at random."""

    learning: Ints
    inflation: Ints  # to learn by how much intervals must be inflated
    testing: Ints  # to test them: used for nothing else


def training_set(
    table: RunTable, priors: Sequence[Marginal], discrepancy: Discrepancy, *, seed: int
) -> TrainingSet:
    """Add errors to the summaries of the runs.

    Parameters
    ----------
    priors : of each parameter of the table, in its order
    """
    if tuple(prior.name for prior in priors) != table.names:
        raise EstimationError(_("the priors are not those of the parameters in the table"))
    sizes, errors = discrepancy.draw(len(table.theta), table.groups, seed)
    return TrainingSet(
        table, (*priors, *discrepancy.priors),
        np.hstack([normal_scores(priors, table.theta), sizes]), table.stats + errors, discrepancy,
    )  # fmt: skip


def split(origins: Ints, *, seed: int, inflation: int = 150, testing: int = 150) -> RowSplit:
    """Deal the rows of a table.

    Rows of one origin have parameters alike. So an origin has one use only, and one row of it is
    enough for testing or inflation: a twin of a row learned from would pass for a stranger.

    Parameters
    ----------
    origins : (row,) the draw that the parameters of each row were taken from

    Raises
    ------
    EstimationError
        Too few are left to learn from.
    """
    known, first = np.unique(origins, return_index=True)
    order = np.random.default_rng([seed, 3]).permutation(len(known))
    of_testing, of_inflation, rest = np.split(order, [testing, testing + inflation])
    learning = np.flatnonzero(np.isin(origins, known[rest]))
    if len(learning) < FEWEST:
        runs = len(origins)
        raise EstimationError(
            _("{runs} runs are too few: {FEWEST} are needed besides {testing} to test and "
              "{inflation} to widen intervals", runs=runs, FEWEST=FEWEST, testing=testing,
              inflation=inflation)
        )  # fmt: skip
    return RowSplit(learning, np.sort(first[of_inflation]), np.sort(first[of_testing]))


@dataclass(frozen=True, eq=False)
class Estimator:
    """Summaries of all unknowns, learned from some rows of a training set."""

    training: TrainingSet
    rows: Ints
    scale: Standardizer
    learned: CrossFit

    def condition_on(self, keep: Bools | None = None) -> "ConditionedEstimator":
        """The estimator on the features of the units kept, (unit,); all if None."""
        table = self.training.table
        kept = np.ones(len(table.units), dtype=bool) if keep is None else keep
        own = features(table, self.training.simulated[self.rows], kept)
        scale = self.scale if keep is None else Standardizer.of(own)
        x = scale(own)
        with one_thread():
            return ConditionedEstimator(self, kept, own, scale, x, self.learned.own(x))


def learn(
    training: TrainingSet, rows: Ints, *, seed: int, origins: Ints | None = None, nets: int = NETS
) -> Estimator:
    """Learn summaries of all parameters and error sizes from these rows.

    Parameters
    ----------
    origins : (row of the table,) as in `split`
    """
    everyone = np.ones(len(training.table.units), dtype=bool)
    own = features(training.table, training.simulated[rows], everyone)
    scale = Standardizer.of(own)
    learned = cross_fit(
        scale(own), training.scores[rows], seed=seed, nets=nets,
        origins=None if origins is None else origins[rows],
    )  # fmt: skip
    return Estimator(training, rows, scale, learned)


@dataclass(frozen=True, eq=False)
class ConditionedEstimator:
    """An estimator that uses some of the units."""

    estimator: Estimator
    keep: Bools  # (unit,)
    own_features: Floats  # (row, feature)
    scale: Standardizer
    x: Floats  # (row, feature) standardised
    own: Floats  # (row, prior) summaries of the rows

    def features(self, simulated: Floats) -> Floats:
        """Features of observations (observation, unit, summary)."""
        return features(self.estimator.training.table, simulated, self.keep)

    def posterior(self, observed: Floats, share: float = SHARE) -> WeightedDraws:
        """Posterior of the scores of everything unknown, given (unit, summary)."""
        return self.posteriors(observed[None], share)[0]

    def posteriors(self, observed: Floats, share: float = SHARE) -> list[WeightedDraws]:
        """The same for many observations, (observation, unit, summary)."""
        estimator = self.estimator
        training, fold = estimator.training, estimator.learned.fold
        targets = training.scores[estimator.rows]
        with one_thread():
            expected = estimator.learned.others(self.scale(self.features(observed)))
            return [
                local_linear_adjustment(
                    training.names, targets, self.own - at[fold], estimator.rows, share
                )
                for at in np.swapaxes(expected, 0, 1)
            ]

    def predictor(self, unit: int, summaries: Sequence[str]) -> "Predictor":
        """Learn to predict some summaries of a unit left out, errors included.

        What is learned is how far they depart from the median of the units kept; beside the
        features it uses what the units kept in the same group show.

        Raises
        ------
        EstimationError
            The unit is not left out, or lacks a summary.
        """
        estimator, table = self.estimator, self.estimator.training.table
        chosen = [table.summaries.index(name) for name in summaries]
        if self.keep[unit] or np.isnan(table.stats[:, unit, chosen]).all(axis=0).any():
            raise EstimationError(
                _("{unit} cannot be predicted: it is not left out, or lacks a summary",
                  unit=table.units[unit])
            )  # fmt: skip
        simulated = estimator.training.simulated
        columns = simulated[:, unit, chosen] - self.median_departure(simulated, chosen)
        has = np.isfinite(columns[estimator.rows]).all(axis=1)
        rows, fold = estimator.rows[has], estimator.learned.fold[has]
        nearby = self.group_departure(simulated[rows], unit)
        scale = Standardizer.of(nearby)
        beside = np.hstack([self.own[has], scale(nearby)])
        x = np.hstack([self.x[has], beside])
        targets = columns[rows]
        with one_thread():
            learned = cross_fit_lines(x, targets, fold)
            own = learned.own(x)
            missed = np.log((targets - own) ** 2 + TINY * targets.var(axis=0)) / 2
            spread = cross_fit_lines(beside, missed, fold)
            return Predictor(
                self, tuple(f"{table.units[unit]} {name}" for name in summaries), unit, chosen,
                rows, targets, scale, learned, own, spread, spread.own(beside),
            )  # fmt: skip

    def median_departure(self, simulated: Floats, chosen: list[int]) -> Floats:
        """Median departure of the units kept in the chosen summaries, (row, summary)."""
        table = self.estimator.training.table
        apart = (simulated - table.typical)[:, :, chosen]
        used = np.isfinite(apart) & table.usable[:, chosen] & self.keep[:, None]
        return np.asarray(np.nanmedian(np.where(used, apart, np.nan), axis=1))

    def group_departure(self, simulated: Floats, unit: int) -> Floats:
        """Mean departures of the units kept in the group of a unit, (row, summary)."""
        table = self.estimator.training.table
        members = self.keep & (table.groups == table.groups[unit])
        apart = np.where(np.isfinite(simulated), simulated - table.typical, 0.0) * table.usable
        return apart[:, members].sum(axis=1) / max(int(members.sum()), 1)


@dataclass(frozen=True, eq=False)
class Predictor:
    """Predictive draws of some summaries of a unit left out, given an observation."""

    view: ConditionedEstimator
    names: tuple[str, ...]
    unit: int
    summaries: list[int]
    rows: Ints  # of the table
    targets: Floats  # (row, name)
    scale: Standardizer  # of what units nearby show
    learned: CrossFit
    own: Floats  # (row, name)
    spread: CrossFit  # log of how far targets lie from what was expected
    own_spread: Floats  # (row, name)

    def posterior(self, observed: Floats, share: float = SHARE) -> WeightedDraws:
        """Predictive draws given (unit, summary)."""
        return self.posteriors(observed[None], share)[0]

    def posteriors(self, observed: Floats, share: float = SHARE) -> list[WeightedDraws]:
        """The same for many observations, (observation, unit, summary)."""
        view, fold = self.view, self.learned.fold
        level = view.median_departure(observed, self.summaries)
        x = view.scale(view.features(observed))
        nearby = self.scale(view.group_departure(observed, self.unit))
        with one_thread():
            beside = [np.hstack([own, nearby]) for own in view.estimator.learned.others(x)]
            lines, spreads = self.learned.learners, self.spread.learners
            expected = np.stack([f(np.hstack([x, b])) for f, b in zip(lines, beside, strict=True)])
            scatter = np.stack([f(b) for f, b in zip(spreads, beside, strict=True)])
            return [
                local_linear_adjustment(
                    self.names, self.targets, self.own - expected[fold, k], self.rows, share,
                    self.own_spread - scatter[fold, k],
                ).moved(level[k])
                for k in range(len(observed))
            ]  # fmt: skip


def local_linear_adjustment(
    names: Sequence[str], targets: Floats, apart: Floats, rows: Ints, share: float = SHARE,
    spreads: Floats | None = None,
) -> WeightedDraws:  # fmt: skip
    """Posterior of the targets, given summaries that expect them.

    Parameters
    ----------
    targets : (row, target)
    apart
        expected targets of a row less those of the observation, by the same learner, (row, target)
    rows
        the number of each row in the table
    spreads
        further summaries less those of the observation: how far targets scatter, (row, k)
    """
    sd = targets.std(axis=0)
    standard = apart / np.where(sd > 0, sd, 1)
    if spreads is not None:
        standard = np.hstack([standard, spreads])
    distance = np.sqrt(np.sum(standard**2, axis=1))
    accepted = max(int(np.ceil(share * len(rows))), ROWS_EACH * standard.shape[1])
    near = np.sort(np.argsort(distance, kind="stable")[: min(len(rows), accepted)])
    edge = distance[near].max() * (1 + 1e-9)
    weights = 1 - (distance[near] / edge) ** 2 if edge > 0 else np.ones(len(near))

    # Summaries expect the targets, so the slope is near one: only what differs from that is fitted.
    at = np.zeros((1, standard.shape[1]))
    moved = targets[near] - apart[near]
    fit = ridge(standard[near], moved, weights)
    left = (moved - fit.fitted) / np.sqrt(1 - fit.leverage)
    spread = ridge(standard[near], np.log(left**2 + 1e-6 * sd**2 + 1e-300), weights)
    ratio = np.exp((spread.at(at) - spread.fitted) / 2)
    ratio = np.clip(ratio, 1 / MOST_RATIO, MOST_RATIO)
    wider = np.sqrt(1 + fit.variance(at))
    draws = fit.at(at) + left * ratio * wider
    return WeightedDraws(tuple(names), draws, weights / weights.sum(), rows[near])
