"""The emulator cross-check: history matching, tempered Monte Carlo, and posterior agreement.

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
Craig, Goldstein, Seheult & Smith (1997); Vernon, Goldstein & Bower (2010), Bayesian Analysis 5
Del Moral, Doucet & Jasra (2006), Journal of the Royal Statistical Society B 68
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xiancheng.calibration.i18n import Words, _, listed
from xiancheng.calibration.inference.draws import FARTHEST, WeightedDraws, systematic
from xiancheng.calibration.inference.emulator import Emulator, emulator
from xiancheng.sim.state import Floats

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
