"""The table of runs that inference learns from, with the observation beside it."""

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
