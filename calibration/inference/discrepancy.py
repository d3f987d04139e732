"""Model discrepancy: errors of unknown size, added to the summaries of the runs.

A model that is wrong, estimated as if it were right, becomes surer of a wrong answer with every
unit that is added: the likelihood has no other way to explain the misfit than to move parameters
to where it is least. Here every run is given errors of its own, of a size that is itself drawn
from a prior, before anything is learned. So a misfit can be explained by large errors instead, the
errors' size is estimated together with the parameters, and the posterior is as wide as the misfit
demands. Predictions contain the same errors, hence are as uncertain as units left out turn out to
be. Four choices keep this from being an alibi for too much precision:

- one error is common to all units: a rule that is missing is missing everywhere, and eighty
  counties that all leave farming faster than the model lets them are not eighty independent
  observations;
- errors are heavy-tailed (Student t): one odd county neither drags the parameters nor inflates the
  errors of all others. The residuals of 1,661 counties between the censuses of 2010 and 2020 have
  about 4 degrees of freedom;
- units of one prefecture share part of their errors;
- the errors of a unit in different summaries correlate as the model's own do (urban residents and
  urban rate are one fact), and a unit that is an outlier in one is an outlier in all.

References
----------
Kennedy & O'Hagan (2001), Journal of the Royal Statistical Society B 63; Brynjarsdottir & O'Hagan
(2014), Inverse Problems 30; Wilkinson (2013), Statistical Applications in Genetics 12
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np
from scipy.special import ndtri

from xiancheng.calibration.inference.draws import Marginal, from_scores
from xiancheng.calibration.inference.table import RunTable
from xiancheng.sim.state import Floats, Ints

DEGREES = 4.0  # of freedom; residuals of counties between two censuses
SHARE = 0.7  # assumed, 0.3 to 1.5: median size of errors, in spreads that the model itself makes;
# the rate's change then errs by about the 4.3 points that counties depart from their province's
LOG_SD = 0.6  # assumed: the size is known to a factor of 2.7 either way (90 %)
COMMON = 1.0  # assumed, 0.5 to 1.5: size of the error that all units share, in a unit's own
MOST_SHARED = 0.5  # assumed: at most half of the variance is common to a prefecture
CUT = 4.0  # half-widths at which departures are cut before they are correlated
SHRINKAGE = 0.95  # of a correlation
TINY = 1e-12
SHARED = "discrepancy:shared"


@dataclass(frozen=True)
class Hyperprior:
    """The prior of a size of errors, by its quantile function."""

    name: str
    quantile: Callable[[Floats], Floats]


@dataclass(frozen=True, eq=False)
class Discrepancy:
    """Priors of the errors of each summary."""

    summaries: tuple[str, ...]
    medians: Floats  # (summary,) prior median of the scale, in the unit of the summary
    correlation: Floats  # (summary, summary) of a unit's errors
    log_sd: float = LOG_SD
    most_shared: float = MOST_SHARED
    common: float = COMMON
    degrees: float = DEGREES

    @classmethod
    def like(cls, table: RunTable) -> Self:
        """Errors `SHARE` as large as the spread of runs and units around the typical run."""
        apart = np.where(table.usable, table.stats - table.typical, np.nan)
        flat = apart.reshape(-1, len(table.summaries))
        spread = np.array([_half_width(column[np.isfinite(column)]) for column in flat.T])
        return cls(table.summaries, SHARE * spread, _correlation(flat / spread))

    @property
    def priors(self) -> tuple[Marginal, ...]:
        """Of the scale of each summary (lognormal), and of the shared variance (uniform)."""
        scales = [
            Hyperprior(f"discrepancy:{name}", partial(self._scale, median=float(median)))
            for name, median in zip(self.summaries, self.medians, strict=True)
        ]
        return (*scales, Hyperprior(SHARED, lambda u: self.most_shared * np.asarray(u, float)))

    def _scale(self, u: Floats, median: float) -> Floats:
        return median * np.exp(self.log_sd * ndtri(u))

    def draw(self, runs: int, groups: Ints, seed: int) -> tuple[Floats, Floats]:
        """Sizes and errors for as many runs.

        Parameters
        ----------
        groups : (unit,)

        Returns
        -------
        normal scores of the sizes (run, prior), errors (run, unit, summary)
        """
        rng = np.random.default_rng([seed, 1])
        sizes = rng.standard_normal((runs, len(self.priors)))
        return sizes, self.errors(sizes, groups, rng)

    def errors(self, sizes: Floats, groups: Ints, rng: np.random.Generator) -> Floats:
        """Errors of these sizes, (run, unit, summary), from scores of the sizes (run, prior)."""
        known = from_scores(self.priors, sizes)
        scale, shared = known[:, None, :-1], known[:, None, -1:]
        _, group = np.unique(groups, return_inverse=True)
        everywhere = self.common * self._errors(len(sizes), 1, rng)
        nearby = self._errors(len(sizes), int(group.max()) + 1, rng)[:, group]
        own = self._errors(len(sizes), len(groups), rng)
        return scale * (everywhere + np.sqrt(shared) * nearby + np.sqrt(1 - shared) * own)

    def _errors(self, runs: int, count: int, rng: np.random.Generator) -> Floats:
        """Multivariate t of scale 1, (run, count, summary)."""
        root = np.linalg.cholesky(self.correlation)
        normal = rng.standard_normal((runs, count, len(self.summaries))) @ root.T
        odd = rng.chisquare(self.degrees, (runs, count, 1)) / self.degrees
        return normal / np.sqrt(odd)


def _half_width(departures: Floats) -> float:
    """Half of the width that holds the middle two thirds; a tiny number if nothing ever varies."""
    if not len(departures):
        return TINY
    low, high = np.quantile(departures, [1 / 6, 5 / 6])
    return max(float(high - low) / 2, TINY)


def _correlation(departures: Floats) -> Floats:
    """Correlation of columns, rare extremes cut, pulled slightly to none so that it has a root."""
    cut = np.clip(np.nan_to_num(departures), -CUT, CUT)
    scale = np.sqrt(np.mean(cut**2, axis=0))
    unit = cut / np.where(scale > 0, scale, 1)
    found = SHRINKAGE * unit.T @ unit / len(unit)
    np.fill_diagonal(found, 1.0)
    return found
