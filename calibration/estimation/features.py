"""What a run says of its units, in numbers that a regression can learn from.

Everything is told as the departure from the typical run, the median over the table. Many units are
taken as exchangeable after that: only how their departures are spread, and how they go with what is
known of the units, counts. A few units are told one by one. Any units may be left out of either,
without new runs: the same is left out of every run and of the observation.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from xiancheng.calibration.estimation.table import Table
from xiancheng.sim.state import Bools, Floats, Ints

FEW = 12  # units up to which they are told one by one
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


class Description(Protocol):
    """A way to tell units in features, whose number does not depend on which units are kept."""

    @property
    def names(self) -> tuple[str, ...]:
        """What each feature is."""

    def of(self, stats: Floats, keep: Bools) -> Floats:
        """Features (run, feature) of what runs say (run, unit, summary) of the units kept."""


def described(table: Table) -> Description:
    """The description that suits the number of units."""
    return (One if len(table.units) <= FEW else Many)(
        table.units, table.summaries, table.usable, table.typical, table.groups, table.covariates
    )


@dataclass(frozen=True)
class _Departures:
    units: tuple[str, ...]
    summaries: tuple[str, ...]
    usable: Bools  # (unit, summary)
    typical: Floats  # (unit, summary)
    groups: Ints  # (unit,)
    covariates: Floats  # (unit, covariate)

    def departures(self, stats: Floats) -> Floats:
        """From the typical run, (run, unit, summary); 0 for what is missing."""
        apart = stats - self.typical
        return np.where(np.isfinite(apart) & self.usable, apart, 0.0)


@dataclass(frozen=True)
class One(_Departures):
    """Units told one by one; a unit left out is told as typical in every run."""

    @property
    def names(self) -> tuple[str, ...]:
        """Unit and summary."""
        return tuple(f"{self.units[u]} {self.summaries[s]}" for u, s in np.argwhere(self.usable))

    def of(self, stats: Floats, keep: Bools) -> Floats:
        """Departures of each usable unit and summary."""
        return np.where(keep[:, None], self.departures(stats), 0.0)[:, self.usable]


@dataclass(frozen=True)
class Many(_Departures):
    """Exchangeable units: how departures are spread, and what they go with."""

    @property
    def names(self) -> tuple[str, ...]:
        """Summary and feature, then the correlations of summaries."""
        covariates = [f"covariate {k}" for k in range(self.covariates.shape[1])] + ["typical"]
        kinds = ["mean", "sd", *(f"q{100 * q:g}" for q in QUANTILES), "sd of groups"]
        kinds += [f"{what} {c}" for c in covariates for what in ("slope on", "correlation with")]
        single = [f"{summary} {kind}" for summary in self.summaries for kind in kinds]
        return tuple(single + [f"{a} with {b}" for a, b in self._pairs()])

    def _pairs(self) -> list[tuple[str, str]]:
        s = self.summaries
        return [(s[i], s[j]) for i in range(len(s)) for j in range(i)]

    def of(self, stats: Floats, keep: Bools) -> Floats:
        """Features of the units kept; a summary that none of them has is 0 throughout."""
        departures = self.departures(stats)
        told = [self._of_summary(departures, s, keep) for s in range(len(self.summaries))]
        return np.hstack([*told, self._correlations(departures, keep)])

    def _of_summary(self, departures: Floats, s: int, keep: Bools) -> Floats:
        chosen = keep & self.usable[:, s]
        width = 3 + len(QUANTILES) + 2 * (self.covariates.shape[1] + 1)
        if chosen.sum() < 3:
            return np.zeros((len(departures), width))
        x = departures[:, chosen, s]
        mean, sd = x.mean(axis=1), x.std(axis=1)
        spread = np.quantile(x, QUANTILES, axis=1)
        _, group = np.unique(self.groups[chosen], return_inverse=True)
        member = np.eye(int(group.max()) + 1)[group]
        of_groups = (x @ (member / member.sum(axis=0))).std(axis=1)
        told = [mean, sd, *spread, of_groups]
        known = np.column_stack([self.covariates[chosen], self.typical[chosen, s]])
        for column in known.T:
            centred = column - column.mean()
            size = np.sqrt(np.mean(centred**2))
            together = x @ centred / len(column) / (size or 1.0)
            told += [together, _divided(together, sd)]
        return np.column_stack(told)

    def _correlations(self, departures: Floats, keep: Bools) -> Floats:
        chosen = keep & self.usable.all(axis=1)
        count = len(self.summaries)
        below = np.tril_indices(count, -1)
        if chosen.sum() < 3:
            return np.zeros((len(departures), len(below[0])))
        x = departures[:, chosen]
        x = x - x.mean(axis=1, keepdims=True)
        x = _divided(x, np.sqrt(np.mean(x**2, axis=1, keepdims=True)))
        return (np.swapaxes(x, 1, 2) @ x / x.shape[1])[:, below[0], below[1]]


def _divided(a: Floats, b: Floats) -> Floats:
    """The quotient, 0 where the divisor is 0."""
    return np.where(b > 0, a / np.where(b > 0, b, 1), 0.0)
