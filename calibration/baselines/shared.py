"""Trends shared by the counties of a prefecture and the prefectures of a province.

The serious opponent: a hierarchical Bayes model of the change of log odds over the record,

    change = b0 + b1 (log odds at the start - their mean) + prefecture + county
    prefecture ~ normal(0, tau)        county ~ Student t(4, 0, s)        tau, s ~ half-Cauchy

so that counties with little to say lean on their prefecture, and those on the province. Sampled by
Gibbs with many short chains side by side. Student's t is a normal whose precision is a gamma draw,
a half-Cauchy a mixture of inverse gammas, so that every step is a draw from a known law.

References
----------
Gelman (2006), Bayesian Analysis 1 (half-Cauchy scales)
Makalic & Schmidt (2016), IEEE Signal Processing Letters 23 (their mixture)
"""

from dataclasses import dataclass

import numpy as np

from xiancheng.calibration.baselines.errors import NU, carried
from xiancheng.calibration.baselines.forecast import (
    Forecast,
    Known,
    from_log_odds,
    log_odds,
    luck,
    shifted,
)
from xiancheng.calibration.i18n import _
from xiancheng.calibration.panel import Panel
from xiancheng.sim.state import Floats, Ints

CHAINS, WARM, KEPT = 64, 60, 60  # chains side by side; rounds forgotten and kept of each
SCALE = 0.5  # of both half-Cauchy priors [log odds]: the median of a standard deviation, a wide one
WIDE = 2.0  # prior standard deviation of b0 and b1: no county's log odds changed by so much


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws of the model's unknowns; the first axis is the draw."""

    b: Floats  # (draw, 2)
    prefecture: Floats  # (draw, prefecture)
    tau: Floats  # (draw,)
    s: Floats  # (draw,)


def sample(
    y: Floats, x: Floats, group: Ints, rng: np.random.Generator, *, nu: float = NU,
    chains: int = CHAINS, warm: int = WARM, kept: int = KEPT,
) -> Posterior:  # fmt: skip
    """The posterior given changes `y`, a covariate `x` and groups 0, 1, ..., each (unit,).

    In each round b1, b0 and the prefectures are drawn together: each with all that follow it
    integrated out, so that they need not find each other step by step.
    """
    order = np.argsort(group, kind="stable")
    y, x, group = y[order], x[order], group[order]
    first = np.searchsorted(group, np.arange(group[-1] + 1))

    def sums(of: Floats) -> Floats:
        """Over the units of each group, (chain, group)."""
        return np.add.reduceat(of, first, axis=1)

    weight = np.ones((chains, len(y)))
    s2 = np.full(chains, np.var(y) + 1e-12)
    tau2 = s2.copy()
    rounds = []
    for step in range(warm + kept):
        w = weight / s2[:, None]
        n, nx, ny = sums(w), sums(w * x), sums(w * y)
        within = n + 1 / tau2[:, None]
        p00 = (n - n * n / within).sum(1) + WIDE**-2
        p01 = (nx - nx * n / within).sum(1)
        p11 = (w * x * x).sum(1) - (nx * nx / within).sum(1) + WIDE**-2
        r0 = (ny - ny * n / within).sum(1)
        r1 = (w * x * y).sum(1) - (nx * ny / within).sum(1)
        z, zs = rng.standard_normal((2, chains)), rng.standard_normal(n.shape)
        left = p11 - p01 * p01 / p00
        b1 = (r1 - p01 * r0 / p00) / left + z[1] / np.sqrt(left)
        b0 = (r0 - p01 * b1) / p00 + z[0] / np.sqrt(p00)
        shared = (ny - n * b0[:, None] - nx * b1[:, None]) / within + zs / np.sqrt(within)

        off2 = (y - b0[:, None] - b1[:, None] * x - shared[:, group]) ** 2
        weight = rng.standard_gamma((nu + 1) / 2, off2.shape) / (nu + off2 / s2[:, None]) * 2
        s2 = _variance(s2, (weight * off2).sum(axis=1), len(y), rng)
        tau2 = _variance(tau2, (shared**2).sum(axis=1), len(first), rng)
        if step >= warm:
            rounds.append((np.column_stack([b0, b1]), shared, np.sqrt(tau2), np.sqrt(s2)))
    return Posterior(*(np.concatenate(kind) for kind in zip(*rounds, strict=True)))


def _variance(old: Floats, squares: Floats, n: int, rng: np.random.Generator) -> Floats:
    """A new variance given the squares it explains, under a half-Cauchy prior of its root."""
    mixing = (1 / old + SCALE**-2) / rng.standard_gamma(1.0, old.shape)
    return np.asarray((squares / 2 + 1 / mixing) / rng.standard_gamma((n + 1) / 2, old.shape))


class SharedTrend:
    """Counties drift with their prefecture, prefectures with the province."""

    name = "shared_trend"
    title = _("shared trend (hierarchical Bayes)")

    def __call__(self, known: Known, years: float, draws: int, seed: int) -> Forecast:
        """`draws` joint draws, so many years after the origin."""
        rng, origin = luck(seed, self.name, known.origin.codes), known.origin
        names, group = np.unique(known.record.prefecture, return_inverse=True)
        start, end = log_odds(known.record.rate)
        middle = start.mean()
        found = sample(end - start, start - middle, group, rng)
        rows = rng.integers(len(found.s), size=draws)
        b, tau, s = found.b[rows], found.tau[rows, None], found.s[rows, None]

        # A prefecture without a record is a new draw, the same for all its counties.
        new = sorted(set(origin.prefecture) - set(names))
        drawn = tau * rng.standard_normal((draws, len(new)))
        every = np.hstack([found.prefecture[rows], drawn])
        where = [[*names, *new].index(name) for name in origin.prefecture]
        prefecture = every[:, where]

        def trend(rate: Floats) -> Floats:
            """Of the province, for units that start at a rate, (draw, unit)."""
            return b[:, :1] + b[:, 1:] * (log_odds(rate) - middle)

        span, shape = years / known.record.years, prefecture.shape
        fresh = s * rng.standard_t(NU, shape)
        if known.same_years:
            change = span * (trend(origin.rate) + prefecture + fresh)
            return Forecast(from_log_odds(origin.rate, change))
        omega = rng.random((draws, 1))
        county, sd = fresh, s * np.ones(shape)
        if origin.past is not None:
            county = _change(origin.past) - trend(origin.past.rate[0]) - prefecture
            scatter = rng.standard_gamma((NU + 1) / 2, shape) / (NU + (county / s) ** 2) * 2
            sd = s / np.sqrt(scatter)
        shared = (tau * rng.standard_normal((draws, every.shape[1])))[:, where]
        change = (
            span * trend(origin.rate)
            + carried(prefecture, tau, shared, span, omega, rng)
            + carried(county, sd, s * rng.standard_t(NU, shape), span, omega, rng)
        )
        return Forecast(shifted(from_log_odds(origin.rate, change), known, years, rng))


def _change(panel: Panel) -> Floats:
    """Of the log odds of each unit over its record, (unit,)."""
    start, end = log_odds(panel.rate)
    return np.asarray(end - start)
