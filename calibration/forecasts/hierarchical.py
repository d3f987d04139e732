"""Forecasts shared by the counties of a prefecture and the prefectures of a province.

A hierarchical Bayes model of the change of log odds over the record,

    change = b0 + b1 covariate + prefecture + county
    prefecture ~ normal(0, tau)        county ~ Student t(4, 0, s)        tau, s ~ half-Cauchy

so that counties with little data lean on their prefecture, and those on the province. The covariate
of the shared trend is the log odds at the start. That of the structural gap is how far these lie
above what structure implies (`structural_gap`).

Sampled by Gibbs with many short chains side by side. Student's t is a normal whose precision is a
gamma draw, a half-Cauchy a mixture of inverse gammas, so that every step is a draw from a known
distribution.

Beyond the record the structural gap is a state-space model: the log odds of a county are a trend
(common, of its prefecture, its own) and a code residual, of which a share `CARRY` is left a year
later. The residual at the last census is read off the gap there. Two censuses show the sum of what
is the county's own, not its parts: how much of it is a trend (`OWN_TREND`), how much of a trend
goes on (`PERSISTS`) and how fast residuals fade have priors and nothing else.

References
----------
Gelman (2006), Bayesian Analysis 1 (half-Cauchy scales)
Makalic & Schmidt (2016), IEEE Signal Processing Letters 23 (their mixture)
Durbin & Koopman (2012), Time Series Analysis by State Space Methods
"""

from dataclasses import dataclass
from math import ceil

import numpy as np

from xiancheng.calibration.forecasts.forecast import (
    DEGREES,
    Known,
    StatisticalForecast,
    drift,
    from_log_odds,
    log_odds,
)
from xiancheng.calibration.forecasts.trends import change
from xiancheng.calibration.i18n import _
from xiancheng.calibration.region.counties import Counted, gap
from xiancheng.sim.state import Floats, Ints

CHAINS, WARM_UP, KEPT = 64, 60, 60  # chains side by side; rounds discarded and kept of each
SCALE = 0.5  # of both half-Cauchy priors [log odds]: the median of a standard deviation, a wide one
WIDE = 2.0  # prior standard deviation of b: no county's log odds changed by so much

# Of the state-space model, all assumed; uniform in the range.
CARRY = 0.87, 0.95  # of a code residual, left a year later: 0.91 gives 0.4 in ten years
OWN_TREND = 0.05, 0.35  # of the variance of what is a county's own in ten years: no code
PERSISTS = (
    0.1,
    0.7,
)  # of a trend, county's or prefecture's, goes on: 0.39 in 31 provinces, 2000-2020


@dataclass(frozen=True, eq=False)
class GibbsSample:
    """Draws of the unknowns of the hierarchical model; the first axis is the draw."""

    b: Floats  # (draw, 2)
    prefecture: Floats  # (draw, prefecture)
    tau: Floats  # (draw,)
    s: Floats  # (draw,)


@dataclass(frozen=True, eq=False)
class Effects:
    """What the record says of the units of an origin, draw by draw."""

    b: Floats  # (draw, 2)
    every: Floats  # of prefectures, those without a record anew, (draw, prefecture)
    where: Ints  # the prefecture of each unit, (unit,)
    tau: Floats  # (draw, 1)
    s: Floats  # (draw, 1)

    @classmethod
    def draws(cls, known: Known, x: Floats, n: int, rng: np.random.Generator) -> "Effects":
        """Given a covariate of the units of the record, (unit,)."""
        names, group = np.unique(known.record.prefecture, return_inverse=True)
        sample = gibbs_sample(change(known.record), x, group, rng)
        rows = rng.integers(len(sample.s), size=n)
        tau = sample.tau[rows, None]
        # A prefecture without a record is a new draw, the same for all its counties.
        new = sorted(set(known.origin.prefecture) - set(names))
        every = np.hstack([sample.prefecture[rows], tau * rng.standard_normal((n, len(new)))])
        place = {name: i for i, name in enumerate([*names, *new])}
        where = np.array([place[name] for name in known.origin.prefecture])
        return cls(sample.b[rows], every, where, tau, sample.s[rows, None])

    def trend(self, x: Floats) -> Floats:
        """Of units with a covariate x (unit,), but for their prefecture, (draw, unit)."""
        return self.b[:, :1] + self.b[:, 1:] * x

    def carried(self, span: float, omega: Floats, rng: np.random.Generator) -> Floats:
        """What the effects of prefectures become `span` records later, (draw, unit)."""
        fresh = self.tau * rng.standard_normal(self.every.shape)
        return drift(self.every, self.tau, fresh, span, omega, rng)[:, self.where]


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
    start = log_odds(known.record.rate[0])
    middle = start.mean()
    effects = Effects.draws(known, start - middle, draws, rng)
    s, prefecture = effects.s, effects.every[:, effects.where]
    span, shape = years / known.record.years, prefecture.shape
    trend = effects.trend(log_odds(origin.rate) - middle)
    fresh = s * rng.standard_t(DEGREES, shape)
    if known.same_years:
        return from_log_odds(origin.rate, span * (trend + prefecture + fresh))
    omega = rng.random((draws, 1))
    county, sd = fresh, s * np.ones(shape)
    if origin.past is not None:
        before = effects.trend(log_odds(origin.past.rate[0]) - middle)
        county = change(origin.past) - before - prefecture
        scatter = rng.standard_gamma((DEGREES + 1) / 2, shape) / (DEGREES + (county / s) ** 2) * 2
        sd = s / np.sqrt(scatter)
    ahead = (
        span * trend
        + effects.carried(span, omega, rng)
        + drift(county, sd, s * rng.standard_t(DEGREES, shape), span, omega, rng)
    )
    return from_log_odds(origin.rate, ahead)


def structural(known: Known, years: float, draws: int, rng: np.random.Generator) -> Floats:
    """Rates [percent] when what is not implied by structure reverts, (draw, unit)."""
    record, origin = known.record, known.origin
    counted = [Counted(record.codes, record.structure[k], record.rate[k]) for k in (0, 1)]
    first = gap(counted[0], counted[0])
    effects = Effects.draws(known, first, draws, rng)
    s, span = effects.s, years / record.years
    own = Counted(origin.codes, origin.structure, origin.rate)
    shape = draws, len(origin.codes)
    if known.same_years:
        prefecture = effects.every[:, effects.where]
        trend = effects.trend(gap(counted[0], own))
        off = s * rng.standard_t(DEGREES, shape)
        return from_log_odds(origin.rate, span * (trend + prefecture + off))
    left, part, persists = (
        low + (high - low) * rng.random((draws, 1)) for low, high in (CARRY, OWN_TREND, PERSISTS)
    )
    county = np.zeros(shape)
    if origin.past is not None:
        past = Counted(origin.past.codes, origin.past.structure[0], origin.past.rate[0])
        before = effects.trend(gap(counted[0], past)) + effects.every[:, effects.where]
        county = change(origin.past) - before
    heavy = s / np.sqrt(rng.standard_gamma(DEGREES / 2, shape) / (DEGREES / 2))
    streams = rng.spawn(3)
    prefecture = _trend(effects.every, effects.tau, persists, years, record.years, streams[0])
    own_trend = np.sqrt(part) * heavy
    county = _trend(part * county, own_trend, persists, years, record.years, streams[1])
    yearly = np.sqrt((1 - part) * (1 - left**2) / (1 - left ** (2 * record.years))) * heavy
    closed = (1 - left**years) / (1 - left**record.years)
    ahead = (
        span * effects.b[:, :1]
        + closed * effects.b[:, 1:] * gap(counted[1], own)
        + prefecture[:, effects.where]
        + county
        + _path(yearly, left, years, streams[2])
    )
    return from_log_odds(origin.rate, ahead)


def _trend(
    seen: Floats, sd: Floats, persists: Floats, years: float, record: float,
    rng: np.random.Generator,
) -> Floats:  # fmt: skip
    """What a trend gives in some years, of which so much was seen over the record, (draw, ...).

    Parameters
    ----------
    sd : of such trends over a record
    persists : share of their variance that goes on; the rest begins anew each year
    """
    lasting = persists * seen
    lasting += np.sqrt(persists * (1 - persists)) * sd * rng.standard_normal(seen.shape)
    walk = np.broadcast_to(np.sqrt((1 - persists) / record) * sd, seen.shape)
    return years / record * lasting + _path(walk, np.ones_like(persists), years, rng)


def _path(yearly: Floats, left: Floats, years: float, rng: np.random.Generator) -> Floats:
    """A state that begins at 0, some years on: equal seeds give one path for all years.

    Parameters
    ----------
    yearly : standard deviation of what a year adds, (draw, unit)
    left : of the state a year later, (draw, 1)
    """
    state = np.zeros(yearly.shape)
    for year in range(ceil(years)):
        later = left * state + yearly * rng.standard_normal(yearly.shape)
        state += min(years - year, 1.0) * (later - state)
    return state


HIERARCHICAL = (
    StatisticalForecast("shared_trend", _("shared trend (hierarchical Bayes)"), shared_trend),
    StatisticalForecast("structural_gap", _("structural gap and prefecture"), structural),
)
