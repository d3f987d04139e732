"""Forecasts that carry a trend on: of the rate, of its odds, or shared within prefectures.

With a record of its own a unit carries on its own change. Without one, as when it was held out of
a hindcast, it takes what the other units went through in the same years. How far it deviates is
always taken from how far the units of the record deviate from their common trend. In the simple
trends units deviate each for itself, so counties together come out too sure.

The shared trend is a hierarchical Bayes model of the change of log odds over the record,

    change = b0 + b1 (log odds at the start - their mean) + prefecture + county
    prefecture ~ normal(0, tau)        county ~ Student t(4, 0, s)        tau, s ~ half-Cauchy

so that counties with little data lean on their prefecture, and those on the province. Sampled by
Gibbs with many short chains side by side. Student's t is a normal whose precision is a gamma draw,
a half-Cauchy a mixture of inverse gammas, so that every step is a draw from a known distribution.

References
----------
United Nations (1974), Methods for Projections of Urban and Rural Population (the odds)
Gelman (2006), Bayesian Analysis 1 (half-Cauchy scales)
Makalic & Schmidt (2016), IEEE Signal Processing Letters 23 (their mixture)
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from xiancheng.calibration.forecasts.forecast import (
    DEGREES,
    Known,
    StatisticalForecast,
    StudentT,
    deviation,
    drift,
    from_log_odds,
    log_odds,
    shifted,
)
from xiancheng.calibration.forecasts.panel import Panel
from xiancheng.calibration.i18n import _
from xiancheng.sim.state import Floats, Ints

CHAINS, WARM_UP, KEPT = 64, 60, 60  # chains side by side; rounds discarded and kept of each
SCALE = 0.5  # of both half-Cauchy priors [log odds]: the median of a standard deviation, a wide one
WIDE = 2.0  # prior standard deviation of b0 and b1: no county's log odds changed by so much


# Each unit for itself


def trend(
    known: Known, years: float, draws: int, rng: np.random.Generator, *,
    ceiling: float | None = None, damping: float = 1.0, moves: bool = True,
) -> Floats:  # fmt: skip
    """Rates [percent] when a trend goes on, (draw, unit).

    Parameters
    ----------
    ceiling
        the trend is a line in log odds of the rate below this ceiling [percent]; with 100 that is
        a constant difference between urban and rural growth. None: a line in the rate itself
    damping
        what is left of the yearly change a year later
    moves
        False: the rate stays, and deviations are about no change
    """
    origin = known.origin
    fitted = StudentT.fit(change(known.record, ceiling), None if moves else 0.0)
    common, scale = fitted.draws(draws, rng)
    own = origin.past is not None and moves
    slope = change(origin.past, ceiling)[None] if own and origin.past else common[:, None]
    span = years / known.record.years
    off = deviation((draws, len(origin.codes)), scale, span, rng, known=known.same_years)
    ahead = records_ahead(known, years, damping) * slope + off
    if ceiling is None:
        rate = np.clip(origin.rate + ahead, 0.0, 100.0)
    else:
        rate = from_log_odds(origin.rate, ahead, ceiling)
    return shifted(rate, known, years, rng)


def change(panel: Panel, ceiling: float | None = 100.0) -> Floats:
    """Of each unit over its record, (unit,), in points or in log odds below a ceiling."""
    start, end = panel.rate if ceiling is None else log_odds(panel.rate, ceiling)
    return np.asarray(end - start)


def records_ahead(known: Known, years: float, damping: float = 1.0) -> float:
    """The change to come as a multiple of the change on record.

    A damped trend fades from the origin on: if the record covers the same years it has faded
    in them too.
    """
    length = known.record.years
    if damping == 1.0:
        return years / length

    def undamped(span: float) -> float:
        """Years of undamped change to which so many years of a fading one amount."""
        return float((1 - damping**span) * damping / (1 - damping))

    return undamped(years) / (undamped(length) if known.same_years else length)


# Shared by the counties of a prefecture and the prefectures of a province


@dataclass(frozen=True, eq=False)
class GibbsSample:
    """Draws of the unknowns of the shared trend; the first axis is the draw."""

    b: Floats  # (draw, 2)
    prefecture: Floats  # (draw, prefecture)
    tau: Floats  # (draw,)
    s: Floats  # (draw,)


def gibbs_sample(
    y: Floats, x: Floats, group: Ints, rng: np.random.Generator, *, nu: float = DEGREES,
    chains: int = CHAINS, warm_up: int = WARM_UP, kept: int = KEPT,
) -> GibbsSample:  # fmt: skip
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
    for step in range(warm_up + kept):
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
        if step >= warm_up:
            rounds.append((np.column_stack([b0, b1]), shared, np.sqrt(tau2), np.sqrt(s2)))
    return GibbsSample(*(np.concatenate(kind) for kind in zip(*rounds, strict=True)))


def _variance(old: Floats, squares: Floats, n: int, rng: np.random.Generator) -> Floats:
    """A new variance given the squares it explains, under a half-Cauchy prior of its root."""
    mixing = (1 / old + SCALE**-2) / rng.standard_gamma(1.0, old.shape)
    return np.asarray((squares / 2 + 1 / mixing) / rng.standard_gamma((n + 1) / 2, old.shape))


def shared_trend(known: Known, years: float, draws: int, rng: np.random.Generator) -> Floats:
    """Rates [percent] when counties drift with their prefecture, (draw, unit)."""
    origin = known.origin
    names, group = np.unique(known.record.prefecture, return_inverse=True)
    start = log_odds(known.record.rate[0])
    middle = start.mean()
    sample = gibbs_sample(change(known.record), start - middle, group, rng)
    rows = rng.integers(len(sample.s), size=draws)
    b, tau, s = sample.b[rows], sample.tau[rows, None], sample.s[rows, None]

    # A prefecture without a record is a new draw, the same for all its counties.
    new = sorted(set(origin.prefecture) - set(names))
    drawn = tau * rng.standard_normal((draws, len(new)))
    every = np.hstack([sample.prefecture[rows], drawn])
    where = [[*names, *new].index(name) for name in origin.prefecture]
    prefecture = every[:, where]

    def of_province(rate: Floats) -> Floats:
        """The trend of the province for units that start at a rate, (draw, unit)."""
        return b[:, :1] + b[:, 1:] * (log_odds(rate) - middle)

    span, shape = years / known.record.years, prefecture.shape
    fresh = s * rng.standard_t(DEGREES, shape)
    if known.same_years:
        ahead = span * (of_province(origin.rate) + prefecture + fresh)
        return from_log_odds(origin.rate, ahead)
    omega = rng.random((draws, 1))
    county, sd = fresh, s * np.ones(shape)
    if origin.past is not None:
        county = change(origin.past) - of_province(origin.past.rate[0]) - prefecture
        scatter = rng.standard_gamma((DEGREES + 1) / 2, shape) / (DEGREES + (county / s) ** 2) * 2
        sd = s / np.sqrt(scatter)
    shared = (tau * rng.standard_normal((draws, every.shape[1])))[:, where]
    ahead = (
        span * of_province(origin.rate)
        + drift(prefecture, tau, shared, span, omega, rng)
        + drift(county, sd, s * rng.standard_t(DEGREES, shape), span, omega, rng)
    )
    return shifted(from_log_odds(origin.rate, ahead), known, years, rng)


TRENDS = (
    StatisticalForecast("persistence", _("persistence"), partial(trend, moves=False)),
    StatisticalForecast("drift", _("drift"), trend),
    StatisticalForecast(
        "damped_drift", _("damped drift (0.9)"), partial(trend, damping=0.9)
    ),
    StatisticalForecast(
        "growth_difference", _("urban-rural growth difference"),
        partial(trend, ceiling=100.0),
    ),
    StatisticalForecast(
        "logistic_80", _("logistic, ceiling 80"),
        partial(trend, ceiling=80.0),
    ),
    StatisticalForecast(
        "logistic_85", _("logistic, ceiling 85"),
        partial(trend, ceiling=85.0),
    ),
    StatisticalForecast(
        "shared_trend", _("shared trend (hierarchical Bayes)"),
        shared_trend,
    ),
)  # fmt: skip
