"""The table of runs that inference learns from, with the observation beside it, and its features.

Every feature is of departures from the typical run, the median over the table. Many units are
taken as exchangeable after that: only how their departures are spread, and how they correlate with
covariates of the units, counts. A few units are described one by one. Any units may be left out of
either, without new runs: the same is left out of every run and of the observation.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np

from xiancheng.calibration.errors import RefusedError
from xiancheng.calibration.i18n import _
from xiancheng.sim.state import Bools, Floats, Ints

MOST_MISSING = 0.1  # share of the runs that may lack a summary of a unit for it to be used


class EstimationError(RefusedError):
    """An estimation that cannot be made; `zh` and `en` say why."""


@dataclass(frozen=True, eq=False)
class RunTable:
    """Runs with parameters drawn from the priors, and the summaries of each unit in each run.

    Raises
    ------
    EstimationError
        The shapes do not fit each other.
    """

    names: tuple[str, ...]  # of the parameters to be estimated; others may have varied as well
    theta: Floats  # (run, parameter)
    units: tuple[str, ...]
    summaries: tuple[str, ...]
    stats: Floats  # (run, unit, summary); NaN where a unit lacks a summary
    observed: Floats  # (unit, summary)
    groups: Ints  # (unit,) the prefecture of each unit
    covariates: Floats = field(default_factory=lambda: np.empty((0, 0)))  # (unit, covariate)

    def __post_init__(self) -> None:
        runs, units, summaries = len(self.theta), len(self.units), len(self.summaries)
        if not self.covariates.size:
            object.__setattr__(self, "covariates", np.empty((units, 0)))
        expected = {
            "theta": (runs, len(self.names)), "stats": (runs, units, summaries),
            "observed": (units, summaries), "groups": (units,),
            "covariates": (units, self.covariates.shape[-1]),
        }  # fmt: skip
        for name, shape in expected.items():
            found = getattr(self, name).shape
            if found != shape:
                raise EstimationError(
                    _("{name} of the table of runs should have the shape {shape}, but has {found}",
                      name=name, shape=shape, found=found)
                )  # fmt: skip

    @cached_property
    def usable(self) -> Bools:
        """Whether a summary of a unit was observed and nearly all runs have it, (unit, summary)."""
        lacking = np.mean(~np.isfinite(self.stats), axis=0)
        return np.isfinite(self.observed) & (lacking <= MOST_MISSING)

    @cached_property
    def typical(self) -> Floats:
        """The median over the runs, (unit, summary); 0 where it is not usable."""
        middle = np.zeros(self.observed.shape)
        usable = self.usable
        middle[usable] = np.nanmedian(self.stats[:, usable], axis=0)
        return middle


def optional(module: str) -> Any:
    """A module of an optional library.

    Raises
    ------
    EstimationError
        It is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        library = {"sklearn": "scikit-learn"}.get(module.split(".")[0], module.split(".")[0])
        raise EstimationError(
            _("estimation needs {library}; in its sources: pip install -e '.[calibration]'",
              library=library)
        ) from None  # fmt: skip


@contextmanager
def one_thread() -> Iterator[None]:
    """Linear algebra in one thread, where threadpoolctl is installed: one order of sums."""
    try:
        limits = import_module("threadpoolctl").threadpool_limits(1)
    except ImportError:
        limits = nullcontext()
    with limits:
        yield


# Features of a run, in numbers that a regression can learn from


FEW = 12  # units up to which they are described one by one
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


def feature_names(table: RunTable) -> tuple[str, ...]:
    """Unit and summary; of many units summary and statistic, then the correlations of summaries."""
    s = table.summaries
    if len(table.units) <= FEW:
        return tuple(f"{table.units[u]} {s[k]}" for u, k in np.argwhere(table.usable))
    covariates = [f"covariate {k}" for k in range(table.covariates.shape[1])] + ["typical"]
    kinds = ["mean", "sd", *(f"q{100 * q:g}" for q in QUANTILES), "sd of groups"]
    kinds += [f"{what} {c}" for c in covariates for what in ("slope on", "correlation with")]
    single = [f"{summary} {kind}" for summary in s for kind in kinds]
    return tuple(single + [f"{s[i]} with {s[j]}" for i in range(len(s)) for j in range(i)])


def features(table: RunTable, stats: Floats, keep: Bools) -> Floats:
    """Features of the units kept, in the order of `feature_names`, (run, feature).

    Their number does not depend on which units are kept: a unit left out of a few has departures
    of 0 in every run, a summary that fewer than three of many units have has features of 0.

    Parameters
    ----------
    stats : (run, unit, summary)
    keep : (unit,)
    """
    departures = stats - table.typical
    departures = np.where(np.isfinite(departures) & table.usable, departures, 0.0)
    if len(table.units) <= FEW:
        return np.where(keep[:, None], departures, 0.0)[:, table.usable]
    single = [_of_summary(table, departures, s, keep) for s in range(len(table.summaries))]
    return np.hstack([*single, _correlations(table, departures, keep)])


def _of_summary(table: RunTable, departures: Floats, s: int, keep: Bools) -> Floats:
    """Mean, spread, quantiles, spread of groups, slopes and correlations of one summary."""
    chosen = keep & table.usable[:, s]
    width = 3 + len(QUANTILES) + 2 * (table.covariates.shape[1] + 1)
    if chosen.sum() < 3:
        return np.zeros((len(departures), width))
    x = departures[:, chosen, s]
    mean, sd = x.mean(axis=1), x.std(axis=1)
    spread = np.quantile(x, QUANTILES, axis=1)
    _, group = np.unique(table.groups[chosen], return_inverse=True)
    member = np.eye(int(group.max()) + 1)[group]
    of_groups = (x @ (member / member.sum(axis=0))).std(axis=1)
    columns = [mean, sd, *spread, of_groups]
    covariates = np.column_stack([table.covariates[chosen], table.typical[chosen, s]])
    for covariate in covariates.T:
        centred = covariate - covariate.mean()
        size = np.sqrt(np.mean(centred**2))
        slope = x @ centred / len(covariate) / (size or 1.0)
        columns += [slope, _divided(slope, sd)]
    return np.column_stack(columns)


def _correlations(table: RunTable, departures: Floats, keep: Bools) -> Floats:
    """Correlations over units of each pair of summaries, (run, pair)."""
    chosen = keep & table.usable.all(axis=1)
    below = np.tril_indices(len(table.summaries), -1)
    if chosen.sum() < 3:
        return np.zeros((len(departures), len(below[0])))
    x = departures[:, chosen]
    x = x - x.mean(axis=1, keepdims=True)
    x = _divided(x, np.sqrt(np.mean(x**2, axis=1, keepdims=True)))
    return (np.swapaxes(x, 1, 2) @ x / x.shape[1])[:, below[0], below[1]]


def _divided(a: Floats, b: Floats) -> Floats:
    """The quotient, 0 where the divisor is 0."""
    return np.where(b > 0, a / np.where(b > 0, b, 1), 0.0)
