"""Amortised regression ABC: learn once from a table of runs, then ask about any observation.

    world = prepare(table, beliefs, Discrepancy.like(table), seed=1)
    parts = split(np.arange(len(table.theta)), seed=1)
    estimator = learn(world, parts.learning, seed=1)
    view = estimator.seeing()                            # or seeing(keep), some units left out
    posterior = view.posterior(table.observed)           # normal scores
    change = view.predictor(["rate"], column).posterior(table.observed)

An estimator may be asked while units are left out: their share of every feature is left out of the
rows and of the observation alike, which any summary allows. What units left out would have shown
is predicted by the same device, errors included.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xiancheng.calibration.estimation.adjusting import SHARE, adjusted
from xiancheng.calibration.estimation.discrepancy import Discrepancy
from xiancheng.calibration.estimation.features import Description, described
from xiancheng.calibration.estimation.learning import (
    FOLDS,
    NETS,
    Learned,
    Standard,
    learned,
    learned_lines,
)
from xiancheng.calibration.estimation.posterior import Posterior
from xiancheng.calibration.estimation.scores import Belief, scores
from xiancheng.calibration.estimation.table import EstimationError, Table, one_thread
from xiancheng.calibration.i18n import _
from xiancheng.sim.state import Bools, Floats, Ints

FEWEST = 100  # rows to learn from
TINY = 1e-6  # share of a variance that keeps a logarithm finite


@dataclass(frozen=True)
class World:
    """A table with errors added to what its runs say, and everything unknown as normal scores."""

    table: Table
    beliefs: tuple[Belief, ...]  # of the parameters, then of the errors
    scores: Floats  # (run, belief)
    said: Floats  # (run, unit, summary) errors included
    discrepancy: Discrepancy

    @property
    def names(self) -> tuple[str, ...]:
        """Of the beliefs."""
        return tuple(belief.name for belief in self.beliefs)


@dataclass(frozen=True)
class Rows:
    """The rows of a table, dealt to their uses at random."""

    learning: Ints
    widening: Ints  # to learn how far intervals must be widened
    gate: Ints  # to test them: used for nothing else


def prepare(
    table: Table, beliefs: Sequence[Belief], discrepancy: Discrepancy, *, seed: int
) -> World:
    """Add errors to what the runs say.

    Parameters
    ----------
    beliefs
        the prior of each parameter of the table, in its order
    """
    if tuple(belief.name for belief in beliefs) != table.names:
        raise EstimationError(_("the priors are not those of the parameters in the table"))
    sizes, errors = discrepancy.draw(len(table.theta), table.groups, seed)
    known = scores(beliefs, table.theta)
    return World(
        table, (*beliefs, *discrepancy.beliefs), np.hstack([known, sizes]), table.stats + errors,
        discrepancy,
    )  # fmt: skip


def split(origins: Ints, *, seed: int, widening: int = 150, gate: int = 150) -> Rows:
    """Deal the rows of a table.

    Rows of one origin have parameters alike. So an origin has one use only, and one row of it is
    enough to test or to widen: a twin of what was learned would pass for a stranger.

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
    of_gate, of_widening, rest = np.split(order, [gate, gate + widening])
    learning = np.flatnonzero(np.isin(origins, known[rest]))
    if len(learning) < FEWEST:
        runs = len(origins)
        raise EstimationError(
            _(
                "{runs} runs are too few: {FEWEST} are needed besides {gate} to "
                "test and {widening} to widen intervals",
                runs=runs,
                FEWEST=FEWEST,
                gate=gate,
                widening=widening,
            )
        )
    return Rows(learning, np.sort(first[of_widening]), np.sort(first[of_gate]))


@dataclass(frozen=True)
class Estimator:
    """What was learned from the rows of a world."""

    world: World
    rows: Ints
    description: Description
    scale: Standard
    learned: Learned

    def seeing(self, keep: Bools | None = None) -> "View":
        """The estimator as it sees only the units kept, (unit,); all if None."""
        seen = np.ones(len(self.world.table.units), dtype=bool) if keep is None else keep
        features = self.description.of(self.world.said[self.rows], seen)
        scale = self.scale if keep is None else Standard.of(features)
        x = scale(features)
        with one_thread():
            return View(self, seen, features, scale, x, self.learned.own(x))


def learn(
    world: World, rows: Ints, *, seed: int, folds: int = FOLDS, nets: int = NETS
) -> Estimator:
    """Learn summaries of all parameters and error sizes from these rows."""
    description = described(world.table)
    everyone = np.ones(len(world.table.units), dtype=bool)
    features = description.of(world.said[rows], everyone)
    scale = Standard.of(features)
    found = learned(scale(features), world.scores[rows], seed=seed, folds=folds, nets=nets)
    return Estimator(world, rows, description, scale, found)


@dataclass(frozen=True)
class View:
    """An estimator that sees some of the units."""

    estimator: Estimator
    keep: Bools  # (unit,)
    features: Floats  # (row, feature)
    scale: Standard
    x: Floats  # (row, feature) standardised
    own: Floats  # (row, belief) summaries of the rows

    def told(self, said: Floats) -> Floats:
        """Features of observations (observation, unit, summary), as an emulator wants them."""
        return self.estimator.description.of(said, self.keep)

    def posterior(self, observed: Floats, share: float = SHARE) -> Posterior:
        """Posterior of the scores of everything unknown, given (unit, summary)."""
        return self.posteriors(observed[None], share)[0]

    def posteriors(self, observed: Floats, share: float = SHARE) -> list[Posterior]:
        """The same for many observations, (observation, unit, summary)."""
        estimator = self.estimator
        world, fold = estimator.world, estimator.learned.fold
        targets = world.scores[estimator.rows]
        with one_thread():
            seen = estimator.learned.others(self.scale(self.told(observed)))
            return [
                adjusted(world.names, targets, self.own - at[fold], estimator.rows, share)
                for at in np.swapaxes(seen, 0, 1)
            ]

    def predictor(
        self, names: Sequence[str], columns: Floats, near: int | None = None,
        level: Sequence[int] = (),
    ) -> "Predictor":  # fmt: skip
        """Learn to predict whatever else the rows of the whole table show.

        Parameters
        ----------
        columns : (run, name)
        near
            a unit: what units kept in its group show tells of it in particular
        level
            summaries, one for each column: what is learned is how far a column departs from what
            the units kept show of it, and what they show is added where a prediction is asked for
        """
        estimator = self.estimator
        columns = columns - self._level(estimator.world.said, level)
        has = np.isfinite(columns[estimator.rows]).all(axis=1)
        rows, fold = estimator.rows[has], estimator.learned.fold[has]
        beside = self._nearby(estimator.world.said[rows], near)
        scale = Standard.of(beside)
        x = np.hstack([self.x[has], self.own[has], scale(beside)])
        with one_thread():
            found = learned_lines(x, columns[rows], fold)
            own = found.own(x)
            missed = np.log((columns[rows] - own) ** 2 + TINY * columns[rows].var(axis=0)) / 2
            told = x[:, self.x.shape[1] :]
            spread = learned_lines(told, missed, fold)
            return Predictor(
                self, tuple(names), near, tuple(level), rows, columns[rows], scale, found, own,
                spread, spread.own(told),
            )  # fmt: skip

    def of_unit(self, unit: int, summaries: Sequence[str]) -> "Predictor":
        """A predictor of what a unit left out shows in some summaries, errors included.

        Raises
        ------
        EstimationError
            The unit is among those seen, or lacks a summary.
        """
        table = self.estimator.world.table
        chosen = [table.summaries.index(name) for name in summaries]
        if self.keep[unit] or np.isnan(table.stats[:, unit, chosen]).all(axis=0).any():
            raise EstimationError(
                _(
                    "{unit} cannot be predicted: it is not left out, or lacks a summary",
                    unit=table.units[unit],
                )
            )
        names = [f"{table.units[unit]} {name}" for name in summaries]
        return self.predictor(names, self.estimator.world.said[:, unit, chosen], unit, chosen)

    def _level(self, said: Floats, level: Sequence[int]) -> Floats:
        """Median departure of the units kept in some summaries, (row, summary); 0 without any."""
        if not level:
            return np.zeros((len(said), 1))
        table, chosen = self.estimator.world.table, list(level)
        apart = (said - table.typical)[:, :, chosen]
        told = np.isfinite(apart) & table.usable[:, chosen] & self.keep[:, None]
        return np.asarray(np.nanmedian(np.where(told, apart, np.nan), axis=1))

    def _nearby(self, said: Floats, near: int | None) -> Floats:
        """Mean departures of the units kept in the group of a unit, (row, summary)."""
        table = self.estimator.world.table
        if near is None:
            return np.empty((len(said), 0))
        members = self.keep & (table.groups == table.groups[near])
        apart = np.where(np.isfinite(said), said - table.typical, 0.0) * table.usable
        return apart[:, members].sum(axis=1) / max(int(members.sum()), 1)


@dataclass(frozen=True)
class Predictor:
    """Predictive draws of some columns of the table, given an observation."""

    view: View
    names: tuple[str, ...]
    near: int | None
    level: tuple[int, ...]
    rows: Ints  # of the table
    targets: Floats  # (row, name)
    scale: Standard  # of what units nearby show
    learned: Learned
    own: Floats  # (row, name)
    spread: Learned  # log of how far targets lie from what was expected
    own_spread: Floats  # (row, name)

    def posterior(self, observed: Floats, share: float = SHARE) -> Posterior:
        """Predictive draws given (unit, summary)."""
        return self.posteriors(observed[None], share)[0]

    def posteriors(self, observed: Floats, share: float = SHARE) -> list[Posterior]:
        """The same for many observations, (observation, unit, summary)."""
        view, fold = self.view, self.learned.fold
        level = view._level(observed, self.level)
        x = view.scale(view.told(observed))
        beside = self.scale(view._nearby(observed, self.near))
        with one_thread():
            summaries = view.estimator.learned.others(x)
            told = [np.hstack([s, beside]) for s in summaries]
            lines, spreads = self.learned.learners, self.spread.learners
            expected = np.stack([a(np.hstack([x, t])) for a, t in zip(lines, told, strict=True)])
            scatter = np.stack([a(t) for a, t in zip(spreads, told, strict=True)])
            return [
                adjusted(
                    self.names, self.targets, self.own - expected[fold, k], self.rows, share,
                    self.own_spread - scatter[fold, k],
                ).moved(level[k])
                for k in range(len(observed))
            ]  # fmt: skip
