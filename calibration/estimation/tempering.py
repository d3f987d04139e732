"""Tempered sequential Monte Carlo: from the prior to the posterior in steps small enough to follow.

Particles start as draws from the prior. The likelihood is let in by powers that rise from 0 to 1,
each chosen so that half of the particles still count; then particles are chosen by weight and moved
by a random walk that leaves the tempered posterior as it is, until most have moved.

References
----------
Del Moral, Doucet & Jasra (2006), Journal of the Royal Statistical Society B 68
"""

from collections.abc import Callable, Sequence

import numpy as np

from xiancheng.calibration.estimation.posterior import Posterior, systematic
from xiancheng.calibration.estimation.scores import FARTHEST
from xiancheng.sim.state import Floats

PARTICLES = 500
COUNTING = 0.5  # share of the particles that a step lets count
MOST_MOVES, ENOUGH = 20, 2.0  # random walks at a temperature; accepted moves for each particle


def tempered(
    log_likelihood: Callable[[Floats], Floats], names: Sequence[str], *,
    particles: int = PARTICLES, seed: int,
) -> Posterior:  # fmt: skip
    """Posterior of normal scores under a likelihood of (particle, name)."""
    rng = np.random.default_rng([seed, 6])
    x = rng.standard_normal((particles, len(names)))
    told = log_likelihood(x)
    power = 0.0
    while power < 1:
        step = _step(told, 1 - power)
        power = min(power + step, 1.0)
        weights = _weights(told, step)
        walk = _walk(x, weights)
        chosen = systematic(weights, particles, rng)
        x, told = x[chosen], told[chosen]
        moved = 0.0
        for _ in range(MOST_MOVES):
            x, told, share = _moved(x, told, power, walk, log_likelihood, rng)
            moved += share
            walk = walk * np.clip(0.6 + share / 0.234 * 0.4, 0.7, 1.4)
            if moved >= ENOUGH:
                break
    return Posterior(
        tuple(names), x, np.full(particles, 1 / particles), np.full(particles, -1, dtype=int)
    )


def _weights(told: Floats, step: float) -> Floats:
    raised = np.exp(step * (told - told.max()))
    return raised / raised.sum()


def _step(told: Floats, most: float) -> float:
    """The rise in power that leaves the wanted share of particles counting, by bisection."""

    def counting(step: float) -> float:
        return float(1 / np.sum(_weights(told, step) ** 2) / len(told))

    if counting(most) >= COUNTING:
        return most
    low, high = 0.0, most
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if counting(middle) >= COUNTING else (low, middle)
    return max(low, 1e-6)


def _walk(x: Floats, weights: Floats) -> Floats:
    """Root of the covariance of steps: that of the particles, shorter in more dimensions."""
    apart = x - weights @ x
    covariance = (weights[:, None] * apart).T @ apart + 1e-9 * np.eye(x.shape[1])
    return np.linalg.cholesky(covariance) * 2.38 / np.sqrt(x.shape[1])


def _moved(
    x: Floats, told: Floats, power: float, walk: Floats,
    log_likelihood: Callable[[Floats], Floats], rng: np.random.Generator,
) -> tuple[Floats, Floats, float]:  # fmt: skip
    """One random walk of every particle, and the share that it moved."""
    tried = x + rng.standard_normal(x.shape) @ walk.T
    there = log_likelihood(np.clip(tried, -FARTHEST, FARTHEST))
    gain = power * (there - told) + (np.sum(x**2, axis=1) - np.sum(tried**2, axis=1)) / 2
    taken = np.log(rng.random(len(x))) < gain
    taken &= np.abs(tried).max(axis=1) < FARTHEST
    return np.where(taken[:, None], tried, x), np.where(taken, there, told), float(taken.mean())
