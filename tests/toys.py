"""Toy models of which the posterior is known, and toy records of counties."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy.special import ndtri

from xiancheng.calibration.forecasts.forecast import Known, Origin
from xiancheng.calibration.forecasts.melding import BASELINES
from xiancheng.calibration.forecasts.panel import Panel
from xiancheng.calibration.inference.discrepancy import Discrepancy
from xiancheng.calibration.inference.table import RunTable


@dataclass(frozen=True)
class Standard:
    """A standard normal prior: the normal score is the value."""

    name: str

    def quantile(self, u):
        return ndtri(u)


def priors(*names):
    return [Standard(name) for name in names]


def table(names, theta, stats, observed=None, groups=None, covariates=None):
    """Units u0, u1, ... and summaries s0, s1, ...; without an observation the first run is it."""
    units, summaries = stats.shape[1:]
    return RunTable(
        tuple(names),
        theta,
        tuple(f"u{k}" for k in range(units)),
        tuple(f"s{k}" for k in range(summaries)),
        stats,
        stats[0] if observed is None else observed,
        np.zeros(units, dtype=int) if groups is None else groups,
        np.empty((units, 0)) if covariates is None else covariates,
    )


def without_errors(summaries):
    """A model that is right: errors too small to matter."""
    names = tuple(f"s{k}" for k in range(summaries))
    return Discrepancy(names, np.full(summaries, 1e-9), np.eye(summaries))


SLOPES = np.array([[1.0, 0.5, -0.5, 0.2], [0.0, 0.6, 0.4, -0.3], [0.2, 0.0, 0.3, 0.0]])
NOISE = 0.7


def linear(runs, seed):
    """Four units that are linear in three parameters, with normal noise: (theta, stats)."""
    rng = np.random.default_rng(seed)
    theta = rng.standard_normal((runs, 3))
    stats = theta @ SLOPES + NOISE * rng.standard_normal((runs, 4))
    return theta, stats[:, :, None]


def posterior_of_linear(observed):
    """Mean and standard deviation that Bayes' rule gives, for observations (row, unit)."""
    covariance = np.linalg.inv(np.eye(3) + SLOPES @ SLOPES.T / NOISE**2)
    return observed @ SLOPES.T @ covariance / NOISE**2, np.sqrt(np.diag(covariance))


def regional(runs, seed, units=40, groups=8):
    """Many units: two parameters shift and tilt two summaries, a third scatters the units."""
    rng = np.random.default_rng(seed)
    theta = rng.standard_normal((runs, 3))
    start = np.linspace(-1, 1, units)
    line = theta[:, :1] + 0.8 * theta[:, 1:2] * start
    scatter = np.exp(0.4 * theta[:, 2:])
    stats = np.stack(
        [
            line + 0.5 * scatter * rng.standard_normal((runs, units)),
            -0.5 * line + 0.3 * scatter * rng.standard_normal((runs, units)),
        ],
        axis=2,
    )
    return theta, stats, np.arange(units) % groups, start[:, None]


def many():
    theta, stats, groups, covariates = regional(50, 1)
    return table("abc", theta, stats, groups=groups, covariates=covariates)


# Records of counties

CENSUSES = date(2010, 11, 1), date(2020, 11, 1)
NAMED = {forecaster.name: forecaster for forecaster in BASELINES}


def panel_of(rates, *, growth=1.0, prefectures=3, dates=CENSUSES, structure=None):
    """Counties of 100,000 whose rates [percent] at two censuses are these, (2, unit)."""
    share = np.asarray(rates, float) / 100
    units = share.shape[1]
    people = np.array([1e5, 1e5 * growth])[:, None] * np.ones((2, units))
    young = np.linspace(2, 0.5, 19)
    above = 370100 + 100 * (np.arange(units) % prefectures)
    return Panel(
        codes=tuple(map(str, above + 21 + np.arange(units) // prefectures)),
        prefecture=tuple(map(str, above)),
        dates=dates,
        urban=people * share,
        rural=people * (1 - share),
        ages=people[:, :, None] * young / young.sum(),
        odds=np.ones((2, 19)),
        structure=np.zeros((2, units, 9)) if structure is None else structure,
        comparable=np.ones(units, bool),
    )  # fmt: skip


def some_counties(units=12, seed=0):
    rng = np.random.default_rng(seed)
    start = rng.uniform(30, 60, units)
    return panel_of([start, start + 10 + 4 * rng.standard_t(4, units)])


def ahead(panel, name, years=5.0, draws=4000, seed=1):
    return NAMED[name](Known(panel, Origin.at(panel, 1)), years, draws, seed)
