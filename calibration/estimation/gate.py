"""Simulation-based calibration: whether intervals contain the truth as often as they say.

Rows that nothing was learned from play the observation; their parameters are known. Over many of
them the truth's rank among the draws must be even, and intervals must contain it at their level.

References
----------
Talts et al. (2018), arXiv 1804.06788; Säilynoja et al. (2022), Statistics and Computing 32
Vovk, Gammerman & Shafer (2005), Algorithmic Learning in a Random World (the widening)
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from xiancheng.calibration.estimation.posterior import Posterior
from xiancheng.calibration.i18n import _
from xiancheng.sim.state import Floats

LEVELS = (0.5, 0.8, 0.9)
CONFIDENCE = 0.95  # that a gate lets through what is calibrated, over all tests together
BINS = 10  # of the ranks
USUAL = 0.25  # of sound intervals, one in four sets contains fewer truths: below, they are widened
WIDEST = 5.0


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


@dataclass(frozen=True)
class Gate:
    """The result for every quantity; intervals are shown only if it is passed."""

    names: tuple[str, ...]
    ranks: Floats  # (row, name)
    coverages: tuple[Coverage, ...]
    even: Floats  # (name,) p-value of the ranks being even
    least: float  # p-value below which ranks are uneven, over all tests together

    @property
    def failing(self) -> tuple[str, ...]:
        """Names of what is out of band."""
        uneven = {n for n, p in zip(self.names, self.even, strict=True) if p < self.least}
        out = {c.name for c in self.coverages if not c.inside}
        return tuple(name for name in self.names if name in uneven | out)

    @property
    def passed(self) -> bool:
        """Whether everything is in band."""
        return not self.failing

    def rows(self) -> list[dict[str, Any]]:
        """A row for each quantity and level."""
        p = dict(zip(self.names, self.even.tolist(), strict=True))
        return [asdict(c) | {"inside": c.inside, "p_even": p[c.name]} for c in self.coverages]

    def said(self, lang: str) -> str:
        """The result in a sentence."""
        listed = _(", ").said(lang).join(self.failing)
        n = len(self.ranks)
        if lang == "zh":
            end = f"未通过，不显示区间：{listed}" if self.failing else "通过"
            return f"模拟校准检验（{n} 个留出的运行）：{end}"
        end = f"failed, no intervals are shown: {listed}" if self.failing else "passed"
        return f"Simulation-based calibration on {n} runs left out: {end}"


def gate(
    posteriors: Sequence[Posterior], truths: Floats, *,
    levels: Sequence[float] = LEVELS, confidence: float = CONFIDENCE,
) -> Gate:  # fmt: skip
    """Test posteriors of rows left out against their truths, (row, name)."""
    from scipy.stats import binom, chisquare

    names, n = posteriors[0].names, len(posteriors)
    ranks = np.array([p.rank(t) for p, t in zip(posteriors, truths, strict=True)])
    slip = (1 - confidence) / (len(names) * (len(levels) + 1))
    coverages = []
    for level in levels:
        low, high = binom.ppf([slip / 2, 1 - slip / 2], n, level) / n
        edge = (1 - level) / 2
        shares = np.mean((ranks >= edge) & (ranks <= 1 - edge), axis=0)
        coverages += [
            Coverage(name, level, float(share), float(low), float(high), n)
            for name, share in zip(names, shares, strict=True)
        ]
    counts = [np.histogram(r, BINS, (0, 1))[0] for r in ranks.T]
    return Gate(
        names, ranks, tuple(coverages), np.array([chisquare(c).pvalue for c in counts]), slip
    )


def widening(posteriors: Sequence[Posterior], truths: Floats, level: float = 0.9) -> Floats:
    """Factors by which spreads must grow for intervals to contain the truths, (name,).

    The factor is the conformal quantile of how far truths lie out, in half-widths of the interval;
    never below 1, and 1 where as many truths lay inside as chance would have it. Rows that are used
    here must not be used for the gate.
    """
    from scipy.stats import binom

    told = []
    for posterior, truth in zip(posteriors, truths, strict=True):
        low, high = posterior.interval(level)
        middle = posterior.median
        half = np.where(truth > middle, high - middle, middle - low)
        told.append(np.abs(truth - middle) / np.maximum(half, 1e-12))
    apart = np.sort(told, axis=0)
    order = min(int(np.ceil((len(told) + 1) * level)), len(told)) - 1
    enough = np.sum(apart <= 1, axis=0) >= binom.ppf(USUAL, len(told), level)
    return np.where(enough, 1.0, np.clip(apart[order], 1.0, WIDEST))
