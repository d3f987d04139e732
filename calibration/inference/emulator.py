"""An emulator of the features of a run, and the cross-check of the posterior by it.

Features are turned into principal components of what the inputs explain. Each is a trend plus a
Gaussian process (Matern 5/2, a length of its own for every input) plus noise. The noise is what the
inputs do not explain: random numbers, nuisance parameters, errors; it may be larger at some inputs
than at others. Hyperparameters are found on a few rows, the process is conditioned on more. Of the
rest one half says by how much its intervals are too narrow, the other half tests it.

History matching rules parameters out wave by wave. An input is ruled out if the observation lies
farther from what the emulator expects there than runs do from what it expects of them. Later waves
are emulated with the runs of the space that is left, where an emulator can be sharper. An empty
space is a result: whatever the parameters, the model cannot make the observation, and the features
that stand farthest off are named.

Tempered sequential Monte Carlo goes from the prior to the posterior: particles start as draws from
the prior; the likelihood enters by powers that rise from 0 to 1, each chosen so that half of the
particles still count; then particles are resampled by weight and moved by a random walk that leaves
the tempered posterior as it is, until most have moved.

References
----------
Higdon et al. (2008), Journal of the American Statistical Association 103
Bastos & O'Hagan (2009), Technometrics 51
Craig, Goldstein, Seheult & Smith (1997); Vernon, Goldstein & Bower (2010), Bayesian Analysis 5
Del Moral, Doucet & Jasra (2006), Journal of the Royal Statistical Society B 68
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from scipy.linalg import cho_solve
from scipy.optimize import minimize
from scipy.stats import chi2

from xiancheng.calibration.i18n import Words, _, listed
from xiancheng.calibration.inference.draws import FARTHEST, WeightedDraws, systematic
from xiancheng.calibration.inference.regression import Ridge, Standardizer, ridge
from xiancheng.calibration.inference.table import EstimationError, one_thread, optional
from xiancheng.sim.state import Floats

TUNED_ON, CONDITIONED_ON, TESTED_ON = 250, 600, 300  # rows at most
TESTED_SHARE = 0.2  # of the rows at least
EXPLAINED, MOST_COMPONENTS = 0.995, 24
STEPS = 15  # of the search for hyperparameters
CUT = 8.0  # standard deviations at which a feature is cut
SHRUNK = 0.1  # of a covariance or a correlation, towards none
LEAST_NOISE = 1e-4  # variance of a standardised feature that inputs never explain
MOST_LOG_RATIO = 1.0  # of the spread somewhere to that in the middle
EDGE = 0.9973  # share of observations within what is called plausible: three sigma
FEWEST = 60
ROWS_EACH = 6  # for each column of a quadratic trend


@dataclass(frozen=True, eq=False)
class PrincipalComponents:
    """Principal components of what the inputs explain, in units of what they do not explain."""

    scale: Standardizer
    weights: Floats  # (feature, component) from standardised features to components
    loadings: Floats  # (component, feature) and back
    left: Floats  # (feature,) variance that the components leave

    @classmethod
    def of(cls, x: Floats, features: Floats, explained: float, most: int) -> Self:
        """As many components as the share of the explained variance asks for."""
        scale = Standardizer.of(features, CUT)
        standard = scale(features)
        trend = ridge(_quadratic(x), standard)
        noise = standard - trend.fitted
        covariance = noise.T @ noise / len(x)
        own = np.diag(np.maximum(np.diag(covariance), LEAST_NOISE))
        size, axes = np.linalg.eigh((1 - SHRUNK) * covariance + SHRUNK * own)
        whiten = axes / np.sqrt(size) @ axes.T
        __, d, ways = np.linalg.svd(
            (trend.fitted - standard.mean(axis=0)) @ whiten, full_matrices=False
        )
        count = min(int(np.searchsorted(np.cumsum(d**2) / np.sum(d**2), explained)) + 1, most)
        weights = whiten @ ways[:count].T
        found = standard @ weights
        loadings = np.linalg.lstsq(found, standard, rcond=None)[0]
        return cls(scale, weights, loadings, np.var(standard - found @ loadings, axis=0))

    def __call__(self, features: Floats) -> Floats:
        """Components (row, component) of features (row, feature)."""
        return self.scale(features) @ self.weights


@dataclass(frozen=True, eq=False)
class ComponentProcess:
    """One component as a function of the inputs."""

    trend: Ridge
    process: Any
    spread: Ridge  # log of squared errors: where in the space runs scatter more
    factor: float = 1.0  # by which errors on rows not seen were larger

    def at(self, x: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation, noise included, (row,) each."""
        mean, sd = self.process.predict(x, return_std=True)
        more = (self.spread.at(x) - self.spread.intercept)[:, 0] / 2
        wider = self.factor * np.exp(np.clip(more, -MOST_LOG_RATIO, MOST_LOG_RATIO))
        return self.trend.at(x)[:, 0] + mean, wider * sd


@dataclass(frozen=True, eq=False)
class Emulator:
    """Components as functions of the inputs, and how well that was on rows it had not seen."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    components: PrincipalComponents
    processes: tuple[ComponentProcess, ...]
    errors: Floats  # (row, component) standardised, of the rows that test it
    skill: Floats  # (component,) share of the variance of those rows that is explained
    correlation: Floats  # (component, component) of errors
    edge: float  # distance of an observation from the mean beyond which it is implausible

    def at(self, x: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the components, (row, component) each."""
        return _at(self.processes, x)

    def features(self, x: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the standardised features, (row, feature) each."""
        mean, sd = self.at(x)
        root = np.linalg.cholesky(self.correlation)
        back, left = self.components.loadings, self.components.left
        mixed = (sd[:, :, None] * root).swapaxes(1, 2) @ back
        return mean @ back, np.sqrt((mixed**2).sum(axis=1) + left)

    def standardised(self, x: Floats, observed: Floats) -> tuple[Floats, Floats]:
        """Errors of the observation (feature,) at inputs, uncorrelated, and log deviations.

        Returns
        -------
        errors in standard deviations, log of the standard deviations, (row, component) each
        """
        mean, sd = self.at(x)
        errors = (self.components(observed[None]) - mean) / sd
        return np.linalg.solve(np.linalg.cholesky(self.correlation), errors.T).T, np.log(sd)

    def distance(self, x: Floats, observed: Floats) -> Floats:
        """How far an observation lies from what inputs make, in standard deviations, (row,)."""
        errors, __ = self.standardised(x, observed)
        return np.sqrt(np.sum(errors**2, axis=1))

    def log_likelihood(self, x: Floats, observed: Floats) -> Floats:
        """Of the components of an observation (feature,), up to a constant, (row,)."""
        errors, log_sd = self.standardised(x, observed)
        return -np.sum(errors**2, axis=1) / 2 - np.sum(log_sd, axis=1)

    def rows(self) -> list[dict[str, Any]]:
        """The test of each component; a sound one has errors of sd 1, 95 % of them within 2."""
        within = np.mean(np.abs(self.errors) < 2, axis=0)
        return [
            {
                "component": k + 1, "skill": float(self.skill[k]), "rows": len(self.errors),
                "error_mean": float(self.errors[:, k].mean()),
                "error_sd": float(self.errors[:, k].std()), "within_2": float(within[k]),
            }
            for k in range(len(self.processes))
        ]  # fmt: skip


def emulator(
    x: Floats, features: Floats, *, inputs: Sequence[str], outputs: Sequence[str], seed: int,
    explained: float = EXPLAINED, most: int = MOST_COMPONENTS, rows: int = CONDITIONED_ON,
) -> Emulator:  # fmt: skip
    """Learn features (run, feature) as functions of normal scores (run, input).

    Parameters
    ----------
    rows
        the process is conditioned on at most so many

    Raises
    ------
    EstimationError
        Too few runs.
    """
    if len(x) < FEWEST:
        raise EstimationError(
            _("{n} runs are too few for an emulator, which needs {FEWEST}", n=len(x), FEWEST=FEWEST)
        )
    order = np.random.default_rng([seed, 4]).permutation(len(x))
    aside = min(max(len(x) - rows, int(TESTED_SHARE * len(x))), TESTED_ON)
    (tuning, test), learning = np.array_split(order[:aside], 2), order[aside:]
    components = PrincipalComponents.of(x[learning], features[learning], explained, most)
    seen = learning[:rows]
    y = components(features)
    with one_thread():
        processes = tuple(_process(x[seen], y[seen, k], seed) for k in range(y.shape[1]))
    __, errors = _errors(processes, x[tuning], y[tuning])
    factors = np.maximum(np.sqrt(np.mean(np.clip(errors, -CUT, CUT) ** 2, axis=0)), 1.0).tolist()
    processes = tuple(replace(p, factor=f) for p, f in zip(processes, factors, strict=True))
    correlation = (1 - SHRUNK) * np.atleast_2d(np.corrcoef(errors.T))
    np.fill_diagonal(correlation, 1.0)
    off, errors = _errors(processes, x[test], y[test])
    skill = 1 - np.mean(off**2, axis=0) / np.maximum(np.var(y[test], axis=0), 1e-300)
    apart = np.linalg.solve(np.linalg.cholesky(correlation), errors.T)
    met = float(np.quantile(np.sqrt(np.sum(apart**2, axis=0)), 0.99))
    edge = max(met, float(np.sqrt(chi2.ppf(EDGE, y.shape[1]))))
    return Emulator(
        tuple(inputs), tuple(outputs), components, processes, errors, skill, correlation, edge
    )


def _at(processes: Sequence[ComponentProcess], x: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of every component, (row, component) each."""
    with one_thread():
        each = [process.at(x) for process in processes]
    return np.stack([m for m, __ in each], axis=1), np.stack([s for __, s in each], axis=1)


def _errors(processes: Sequence[ComponentProcess], x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Errors on rows, and in standard deviations, (row, component) each."""
    mean, sd = _at(processes, x)
    return y - mean, (y - mean) / sd


def _quadratic(x: Floats) -> Floats:
    """The inputs, their squares, and their products if there are rows enough to tell them apart."""
    first, second = np.triu_indices(x.shape[1], 1)
    squares = np.hstack([x, x**2 - 1])
    if ROWS_EACH * (squares.shape[1] + len(first)) > len(x):
        return squares
    return np.hstack([squares, x[:, first] * x[:, second]])


def _process(x: Floats, y: Floats, seed: int) -> ComponentProcess:
    gaussian = optional("sklearn.gaussian_process")
    kernels = optional("sklearn.gaussian_process.kernels")
    trend = ridge(x, y[:, None])
    left = y - trend.fitted[:, 0]
    size = max(float(np.var(left)), 1e-12)
    kernel = kernels.ConstantKernel(size / 2, (size * 1e-3, size * 1e2)) * kernels.Matern(
        np.full(x.shape[1], 4.0), (0.5, 50.0), nu=2.5
    ) + kernels.WhiteKernel(size / 2, (size * 1e-4, size * 10))
    few = slice(0, TUNED_ON)  # rows stand in random order
    tuned = gaussian.GaussianProcessRegressor(kernel, optimizer=_briefly, random_state=seed)
    with warnings.catch_warnings():  # a length at its bound: the input does not matter
        warnings.simplefilter("ignore", optional("sklearn.exceptions").ConvergenceWarning)
        tuned.fit(x[few], left[few])
    process = gaussian.GaussianProcessRegressor(tuned.kernel_, optimizer=None).fit(x, left)
    missed = _left_out(process)
    return ComponentProcess(trend, process, ridge(x, np.log(missed**2 + 1e-4)[:, None]))


def _briefly(objective: Any, start: Floats, bounds: Floats) -> tuple[Floats, float]:
    """Hyperparameters by a search that is cut short: the last digits of a length do not matter."""
    found = minimize(
        objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": STEPS}
    )
    return found.x, float(found.fun)


def _left_out(process: Any) -> Floats:
    """Standardised errors of the rows, each as if it had been left out, (row,)."""
    inverse = cho_solve((process.L_, True), np.eye(len(process.L_)))
    return process.alpha_ / np.sqrt(np.diag(inverse))


# The cross-check: history matching, tempered Monte Carlo, and posterior agreement


CANDIDATES = 4000  # points of the prior that stand for its space
SEARCHES, BEST = 6, 25  # rounds of looking closer around the best points, before "empty" is said
WAVES = 3
RUNS_EACH = 8  # runs for each input that a further wave needs
OFF = 3.0  # standard deviations from which a feature is named
NAMED = 5

PARTICLES = 500
COUNTING = 0.5  # share of the particles that a step lets count
MOST_MOVES, ENOUGH = 20, 2.0  # random walks at a temperature; accepted moves for each particle

NEAR = 0.5  # posterior standard deviations that medians may differ by
ALIKE = 1.5  # ratio of widths that still counts as alike


# History matching


@dataclass(frozen=True, eq=False)
class HistoryMatch:
    """The waves, and what they leave."""

    rows: list[dict[str, Any]]  # for each wave; see `history_match`
    off: tuple[str, ...]  # features that stand farthest off at the best point of the last wave
    left: Floats  # (point, input) normal scores at which new runs should be made

    @property
    def empty(self) -> bool:
        """Whether no parameters make the observation plausible."""
        return bool(self.rows[-1]["empty"])

    def sentence(self) -> Words:
        """The result in a sentence."""
        waves, share = len(self.rows), self.rows[-1]["share"]
        if self.empty:
            return _("History matching: no parameters make the observation; farthest off: {off}",
                     off=listed(self.off))  # fmt: skip
        return _("History matching: {share:.1%} of the prior is left after wave {waves}",
                 share=share, waves=waves)  # fmt: skip


def history_match(
    x: Floats, features: Floats, observed: Floats, *, inputs: Sequence[str],
    outputs: Sequence[str], seed: int, waves: int = WAVES, candidates: int = CANDIDATES,
) -> HistoryMatch:  # fmt: skip
    """Rule out inputs, wave by wave, with the runs that are there.

    Parameters
    ----------
    x : (run, input) normal scores
    features : (run, feature), errors included
    observed : (feature,)

    Returns
    -------
    rows of wave; runs that its emulator learned from; share of the prior that is left; nearest, the
    distance of the observation at the best point in edges of plausibility; empty; guilty, the
    features farthest off at that point, and how far [sd], as text
    """
    rng = np.random.default_rng([seed, 5])
    left = rng.standard_normal((candidates, x.shape[1]))
    rows: list[dict[str, Any]] = []
    off: list[tuple[str, float]] = []
    while len(rows) < waves and len(x) >= RUNS_EACH * x.shape[1] and len(left):
        emulated = emulator(x, features, inputs=inputs, outputs=outputs, seed=seed + len(rows))
        distance = emulated.distance(left, observed) / emulated.edge
        point, nearest = _closest(emulated, observed, left, distance, rng)
        left = left[distance <= 1]
        off = _farthest_off(emulated, observed, point)
        rows.append({
            "wave": len(rows) + 1, "runs": len(x), "share": len(left) / candidates,
            "nearest": nearest, "empty": nearest > 1,
            "guilty": "; ".join(f"{name} {sd:+.1f}" for name, sd in off),
        })  # fmt: skip
        plausible = emulated.distance(x, observed) <= emulated.edge
        if nearest > 1 or plausible.all():
            break
        x, features = x[plausible], features[plausible]
    return HistoryMatch(rows, tuple(name for name, __ in off), left)


def _closest(
    emulated: Emulator, observed: Floats, points: Floats, distance: Floats,
    rng: np.random.Generator,
) -> tuple[Floats, float]:  # fmt: skip
    """The best point, after looking closer around the best ones if none is plausible."""
    order = np.argsort(distance)[:BEST]
    best, off = points[order], distance[order]
    step = 0.5
    for __ in range(SEARCHES if off[0] > 1 else 0):
        tried = np.repeat(best, 8, axis=0)
        tried = tried + step * rng.standard_normal(tried.shape)
        found = emulated.distance(tried, observed) / emulated.edge
        best, off = np.vstack([best, tried]), np.concatenate([off, found])
        order = np.argsort(off)[:BEST]
        best, off, step = best[order], off[order], step * 0.7
    return best[0], float(off[0])


def _farthest_off(emulated: Emulator, observed: Floats, point: Floats) -> list[tuple[str, float]]:
    """The features that stand farthest off at a point, the worst first."""
    mean, sd = emulated.features(point[None])
    off = (emulated.components.scale(observed[None]) - mean)[0] / np.maximum(sd[0], 1e-12)
    order = np.argsort(-np.abs(off))[:NAMED]
    return [(emulated.outputs[k], float(off[k])) for k in order if abs(off[k]) > OFF]


# Tempered sequential Monte Carlo


def tempered(
    log_likelihood: Callable[[Floats], Floats], names: Sequence[str], *,
    particles: int = PARTICLES, seed: int,
) -> WeightedDraws:  # fmt: skip
    """Posterior of normal scores under a likelihood of (particle, name)."""
    rng = np.random.default_rng([seed, 6])
    x = rng.standard_normal((particles, len(names)))
    likelihood = log_likelihood(x)
    power = 0.0
    while power < 1:
        step = _step(likelihood, 1 - power)
        power = min(power + step, 1.0)
        weights = _weights(likelihood, step)
        walk = _walk(x, weights)
        chosen = systematic(weights, particles, rng)
        x, likelihood = x[chosen], likelihood[chosen]
        moved = 0.0
        for __ in range(MOST_MOVES):
            x, likelihood, share = _moved(x, likelihood, power, walk, log_likelihood, rng)
            moved += share
            walk = walk * np.clip(0.6 + share / 0.234 * 0.4, 0.7, 1.4)
            if moved >= ENOUGH:
                break
    return WeightedDraws(
        tuple(names), x, np.full(particles, 1 / particles), np.full(particles, -1, dtype=int)
    )


def _weights(likelihood: Floats, step: float) -> Floats:
    raised = np.exp(step * (likelihood - likelihood.max()))
    return raised / raised.sum()


def _step(likelihood: Floats, most: float) -> float:
    """The rise in power that leaves the wanted share of particles counting, by bisection."""

    def counting(step: float) -> float:
        return float(1 / np.sum(_weights(likelihood, step) ** 2) / len(likelihood))

    if counting(most) >= COUNTING:
        return most
    low, high = 0.0, most
    for __ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if counting(middle) >= COUNTING else (low, middle)
    return max(low, 1e-6)


def _walk(x: Floats, weights: Floats) -> Floats:
    """Root of the covariance of steps: that of the particles, shorter in more dimensions."""
    apart = x - weights @ x
    covariance = (weights[:, None] * apart).T @ apart + 1e-9 * np.eye(x.shape[1])
    return np.linalg.cholesky(covariance) * 2.38 / np.sqrt(x.shape[1])


def _moved(
    x: Floats, likelihood: Floats, power: float, walk: Floats,
    log_likelihood: Callable[[Floats], Floats], rng: np.random.Generator,
) -> tuple[Floats, Floats, float]:  # fmt: skip
    """One random walk of every particle, and the share that it moved."""
    tried = x + rng.standard_normal(x.shape) @ walk.T
    there = log_likelihood(np.clip(tried, -FARTHEST, FARTHEST))
    gain = power * (there - likelihood) + (np.sum(x**2, axis=1) - np.sum(tried**2, axis=1)) / 2
    taken = np.log(rng.random(len(x))) < gain
    taken &= np.abs(tried).max(axis=1) < FARTHEST
    x = np.where(taken[:, None], tried, x)
    return x, np.where(taken, there, likelihood), float(taken.mean())


# Posterior agreement


def agreement(first: WeightedDraws, second: WeightedDraws) -> list[dict[str, Any]]:
    """Compare what two posteriors both have.

    Returns
    -------
    for each quantity: name; difference of the medians, the second less the first, in joint standard
    deviations; ratio of the widths of the 80 % intervals, the second to the first; agrees
    """
    names = [name for name in first.names if name in second.names]
    a, b = first.of(names), second.of(names)
    joint = np.sqrt((a.sd**2 + b.sd**2) / 2)
    difference = (b.median - a.median) / joint
    ratio = np.diff(b.interval(0.8), axis=0)[0] / np.diff(a.interval(0.8), axis=0)[0]
    return [
        {
            "name": name, "difference": d, "ratio": r,
            "agrees": abs(d) <= NEAR and 1 / ALIKE <= r <= ALIKE,
        }
        for name, d, r in zip(names, difference.tolist(), ratio.tolist(), strict=True)
    ]  # fmt: skip
