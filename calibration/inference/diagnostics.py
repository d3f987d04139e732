"""Whether an estimate may be trusted: prior predictive check, SBC, conformal inflation.

Prior predictive check: whether the runs, errors included, could have made the observation.

Simulation-based calibration (SBC): runs that nothing was learned from play the observation; their
parameters are known. Over many of them the truth's rank among the draws must be even, and intervals
must contain it at their level. Where they contain it too rarely, spreads are inflated by a
conformal factor, learned from runs used for nothing else.

References
----------
Talts et al. (2018), arXiv 1804.06788; Säilynoja et al. (2022), Statistics and Computing 32
Vovk, Gammerman & Shafer (2005), Algorithmic Learning in a Random World (conformal factors)
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from xiancheng.calibration.i18n import Words
from xiancheng.calibration.inference.draws import WeightedDraws
from xiancheng.calibration.inference.table import RunTable
from xiancheng.sim.state import Floats

BAND = 0.99  # of the prior predictive
LEVELS = (0.5, 0.8, 0.9)  # of the intervals that are tested
CONFIDENCE = 0.95  # that a calibrated posterior passes, over all tests together
BINS = 10  # of the ranks
USUAL = 0.25  # of sound intervals, one in four sets contains fewer truths: below, they are inflated
MOST_INFLATION = 5.0


# Prior predictive check


@dataclass(frozen=True)
class Outlier:
    """An observation outside the prior predictive band of its unit and summary."""

    unit: str
    summary: str
    value: float
    low: float
    high: float
    excess: float  # distance from the median in half-widths of the band; 1 is its edge


@dataclass(frozen=True)
class PriorPredictiveCheck:
    """Which observations lie outside, and whether that is more than chance would do.

    Of nine hundred observations nine lie outside their 99 % bands though the model be right.
    So two limits are read off the runs themselves: how far out the farthest observation of a run
    lies, and how many lie outside, in 99 of 100 runs.
    """

    outliers: tuple[Outlier, ...]  # every observation outside its band, the farthest first
    of: int  # observations checked
    farthest: float  # excess that 99 % of runs nowhere pass
    most: int  # observations outside their bands that 99 % of runs do not pass

    @property
    def impossible(self) -> tuple[Outlier, ...]:
        """Observations farther out than any in 99 % of runs."""
        return tuple(each for each in self.outliers if each.excess > self.farthest)

    @property
    def failed(self) -> bool:
        """Whether the model with parameters from the priors cannot have made the observation."""
        return bool(self.impossible) or len(self.outliers) > self.most

    def rows(self) -> list[dict[str, Any]]:
        """A row for each observation outside its band."""
        return [asdict(each) | {"impossible": each in self.impossible} for each in self.outliers]

    def sentence(self) -> Words:
        """The result in a sentence or a few."""
        n, k = len(self.outliers), len(self.impossible)
        impossible = Words(
            f"，其中 {k} 个不可能出自模型", f", {k} of them impossible for the model"
        )
        worst = [
            f"{o.unit} {o.summary} {o.value:.4g} ({o.low:.4g} … {o.high:.4g})"
            for o in (self.impossible or self.outliers)[:10]
        ]
        return Words(
            f"{self.of} 个观测中有 {n} 个超出先验预测 99% 带（偶然至多 {self.most} 个）"
            f"{impossible.zh if k else ''}{'：' if worst else ''}{'；'.join(worst)}",
            f"{n} of {self.of} observations lie outside the 99 % band of the prior predictive "
            f"(by chance at most {self.most})"
            f"{impossible.en if k else ''}{': ' if worst else ''}{'; '.join(worst)}",
        )


def prior_predictive_check(table: RunTable, simulated: Floats) -> PriorPredictiveCheck:
    """Check every usable observation of a table.

    Parameters
    ----------
    simulated : summaries of the runs, errors included, (run, unit, summary)
    """
    usable = table.usable
    cells = [(table.units[u], table.summaries[s]) for u, s in np.argwhere(usable)]
    return check(simulated[:, usable], table.observed[usable], cells)


def check(
    simulated: Floats, observed: Floats, cells: Sequence[tuple[str, str]]
) -> PriorPredictiveCheck:
    """Check observations against those of the runs.

    Parameters
    ----------
    simulated : (run, cell)
    observed : (cell,)
    cells : unit and summary of each
    """
    edge = (1 - BAND) / 2
    band = np.nanquantile(simulated, [edge, 0.5, 1 - edge], axis=0)
    excess = _excess(observed, *band)
    usual = np.nan_to_num(_excess(simulated, *band))
    outliers = tuple(
        Outlier(*cells[i], *(float(x[i]) for x in (observed, band[0], band[2], excess)))
        for i in np.argsort(-excess)
        if excess[i] > 1
    )
    farthest = float(np.quantile(usual.max(axis=1), BAND))
    most = int(np.quantile((usual > 1).sum(axis=1), BAND))
    return PriorPredictiveCheck(outliers, len(observed), farthest, most)


def _excess(value: Floats, low: Floats, middle: Floats, high: Floats) -> Floats:
    """Distance from the median in half-widths of the band on that side."""
    tiny = 1e-9 * (1 + np.abs(middle))
    up = (value - middle) / np.maximum(high - middle, tiny)
    down = (middle - value) / np.maximum(middle - low, tiny)
    return np.maximum(up, down)


# Simulation-based calibration


@dataclass(frozen=True)
class Coverage:
    """How often intervals of one level contained the truth, and how often they may."""

    name: str
    level: float
    share: float
    low: float  # the exact binomial band, so wide that all tests together are passed by chance
    high: float
    of: int

    @property
    def inside(self) -> bool:
        """Whether the share is one that chance would give."""
        return self.low <= self.share <= self.high


@dataclass(frozen=True, eq=False)
class CalibrationTest:
    """The result for every quantity; intervals are shown only if it is passed."""

    names: tuple[str, ...]
    ranks: Floats  # (row, name)
    coverages: tuple[Coverage, ...]
    p_even: Floats  # (name,) p-value of the ranks being even
    least: float  # p-value below which ranks are uneven, over all tests together

    @property
    def failing(self) -> tuple[str, ...]:
        """Names of what is out of band."""
        uneven = {n for n, p in zip(self.names, self.p_even, strict=True) if p < self.least}
        out = {c.name for c in self.coverages if not c.inside}
        return tuple(name for name in self.names if name in uneven | out)

    @property
    def passed(self) -> bool:
        """Whether everything is in band."""
        return not self.failing

    def rows(self) -> list[dict[str, Any]]:
        """A row for each quantity and level."""
        p = dict(zip(self.names, self.p_even.tolist(), strict=True))
        return [asdict(c) | {"inside": c.inside, "p_even": p[c.name]} for c in self.coverages]

    def sentence(self) -> Words:
        """The result in a sentence."""
        n = len(self.ranks)
        if self.passed:
            return Words(
                f"模拟校准检验（{n} 个留出的运行）：通过",
                f"Simulation-based calibration on {n} runs left out: passed",
            )
        return Words(
            f"模拟校准检验（{n} 个留出的运行）：未通过，不显示区间：{'、'.join(self.failing)}",
            f"Simulation-based calibration on {n} runs left out: failed, no intervals are shown: "
            f"{', '.join(self.failing)}",
        )


def calibration_test(
    posteriors: Sequence[WeightedDraws], truths: Floats, *,
    levels: Sequence[float] = LEVELS, confidence: float = CONFIDENCE,
) -> CalibrationTest:  # fmt: skip
    """Test posteriors of rows left out against their truths, (row, name)."""
    from scipy.stats import binom, chisquare

    names, n = posteriors[0].names, len(posteriors)
    ranks = np.array([p.rank(t) for p, t in zip(posteriors, truths, strict=True)])
    error = (1 - confidence) / (len(names) * (len(levels) + 1))  # of each test
    coverages = []
    for level in levels:
        low, high = binom.ppf([error / 2, 1 - error / 2], n, level) / n
        edge = (1 - level) / 2
        shares = np.mean((ranks >= edge) & (ranks <= 1 - edge), axis=0)
        coverages += [
            Coverage(name, level, float(share), float(low), float(high), n)
            for name, share in zip(names, shares, strict=True)
        ]
    p_even = np.array([chisquare(np.histogram(r, BINS, (0, 1))[0]).pvalue for r in ranks.T])
    return CalibrationTest(names, ranks, tuple(coverages), p_even, error)


def conformal_inflation(
    posteriors: Sequence[WeightedDraws], truths: Floats, level: float = 0.9
) -> Floats:
    """Factors by which spreads must grow for intervals to contain the truths, (name,).

    The factor is the conformal quantile of how far truths lie out, in half-widths of the interval;
    never below 1, and 1 where as many truths lay inside as chance would have it. Rows that are used
    here must not be used for the calibration test.
    """
    from scipy.stats import binom

    distances = []
    for posterior, truth in zip(posteriors, truths, strict=True):
        low, high = posterior.interval(level)
        middle = posterior.median
        half = np.where(truth > middle, high - middle, middle - low)
        distances.append(np.abs(truth - middle) / np.maximum(half, 1e-12))
    apart = np.sort(distances, axis=0)
    order = min(int(np.ceil((len(apart) + 1) * level)), len(apart)) - 1
    enough = np.sum(apart <= 1, axis=0) >= binom.ppf(USUAL, len(apart), level)
    return np.where(enough, 1.0, np.clip(apart[order], 1.0, MOST_INFLATION))
