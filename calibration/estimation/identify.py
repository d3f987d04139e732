"""What the data can tell: how far belief contracts, what is known only jointly, what is recovered.

All on normal scores, where the prior has variance 1 and no correlation.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from xiancheng.calibration.estimation.posterior import Posterior
from xiancheng.calibration.i18n import Words, _
from xiancheng.sim.state import Floats

IDENTIFIED, WEAKLY = 0.6, 0.15  # contractions from which the words are used
STRONG = 0.5  # correlation from which a pair counts as tied
KNOWN = 0.8  # contraction of the direction of a pair that the data know
APART = 0.7  # contraction from which a parameter is known by itself
WORDS: dict[str, Words] = {
    "identified": _("identified"),
    "weakly": _("weakly identified"),
    "not": _("the data say nothing"),
}


@dataclass(frozen=True)
class Contraction:
    """How much narrower the posterior of a quantity is than its prior."""

    name: str
    contraction: float  # 1 - variance after / variance before

    @property
    def word(self) -> str:
        """identified, weakly or not."""
        if self.contraction >= IDENTIFIED:
            return "identified"
        return "weakly" if self.contraction >= WEAKLY else "not"


@dataclass(frozen=True)
class Pair:
    """Two parameters that the data know only together."""

    first: str
    second: str
    correlation: float  # of the posterior
    contraction: float  # of the direction that the data know
    known: str  # the direction: sum or difference of the scores

    def said(self, lang: str) -> str:
        """The pair in words."""
        zh = {"sum": "之和", "difference": "之差"}[self.known]
        if lang == "zh":
            return f"{self.first} 与 {self.second} 只能合并识别（标准分{zh}）"
        return f"{self.first} and {self.second} only jointly (the {self.known} of their scores)"


@dataclass(frozen=True)
class Direction:
    """A combination of parameters, and how much the data know of it."""

    contraction: float
    weights: tuple[tuple[str, float], ...]  # of a unit vector, the largest first
    chance: bool  # whether as many draws from the prior could look as narrow


@dataclass(frozen=True)
class Recovery:
    """How well the truth of synthetic data was found again."""

    name: str
    inside: float  # share of the 95 % intervals that contained it
    correlation: float  # of the median with the truth
    contraction: float  # mean over the data sets
    of: int

    @property
    def recovered(self) -> bool:
        """What is called identified must lie inside in nine of ten data sets."""
        return self.inside >= 0.9


def contractions(posterior: Posterior) -> list[Contraction]:
    """Of every quantity of a posterior."""
    gained = 1 - posterior.sd**2
    return [Contraction(n, g) for n, g in zip(posterior.names, gained.tolist(), strict=True)]


def pairs(posterior: Posterior) -> list[Pair]:
    """Pairs that are tied strongly, known together, and not known apart; the most tied first."""
    covariance = posterior.covariance
    sd = np.sqrt(np.diag(covariance))
    tied = covariance / np.outer(sd, sd)
    names, found = posterior.names, []
    for i, j in zip(*np.triu_indices(len(names), 1), strict=True):
        known = 1 - float(np.linalg.eigvalsh(covariance[np.ix_([i, j], [i, j])])[0])
        apart = max(1 - sd[i] ** 2, 1 - sd[j] ** 2)
        if abs(tied[i, j]) >= STRONG and known >= KNOWN and apart < APART:
            which = "sum" if tied[i, j] < 0 else "difference"
            found.append(Pair(names[i], names[j], float(tied[i, j]), known, which))
    return sorted(found, key=lambda pair: -abs(pair.correlation))


def directions(posterior: Posterior, most: int = 5) -> list[Direction]:
    """Eigenvectors of the posterior covariance relative to the prior, the best known first.

    With few draws some direction always looks narrow: one is called chance unless it is narrower
    than the narrowest of as many draws from the prior would be (Marchenko & Pastur).
    """
    variances, vectors = np.linalg.eigh(posterior.covariance)
    by_chance = max(1 - np.sqrt(len(posterior.names) / posterior.effective), 0.0) ** 2
    found = []
    for variance, vector in zip(variances[:most], vectors.T[:most], strict=True):
        order = np.argsort(-np.abs(vector), kind="stable")
        weights = tuple((posterior.names[k], float(vector[k])) for k in order)
        found.append(Direction(1 - float(variance), weights, bool(variance >= by_chance)))
    return found


def recovery(posteriors: Sequence[Posterior], truths: Floats) -> list[Recovery]:
    """Whether what made synthetic data, rows left out of the table, is found again.

    Parameters
    ----------
    truths : (row, name)
    """
    bounds = np.stack([p.interval(0.95) for p in posteriors])
    inside = np.mean((bounds[:, 0] <= truths) & (truths <= bounds[:, 1]), axis=0)
    medians = np.stack([p.median for p in posteriors])
    gained = np.mean([1 - p.sd**2 for p in posteriors], axis=0)
    return [
        Recovery(
            name, float(inside[k]), _correlation(medians[:, k], truths[:, k]), float(gained[k]),
            len(posteriors),
        )
        for k, name in enumerate(posteriors[0].names)
    ]  # fmt: skip


def rows(found: Sequence[Contraction | Pair | Direction | Recovery]) -> list[dict[str, Any]]:
    """A row for each finding; words in both languages."""
    told = []
    for item in found:
        row = asdict(item)
        if isinstance(item, Contraction):
            row["zh"], row["en"] = WORDS[item.word]
        if isinstance(item, Pair):
            row["zh"], row["en"] = item.said("zh"), item.said("en")
        if isinstance(item, Recovery):
            row["recovered"] = item.recovered
        if isinstance(item, Direction):
            row["weights"] = " ".join(f"{w:+.2f} {name}" for name, w in item.weights[:4])
        told.append(row)
    return told


def _correlation(a: Floats, b: Floats) -> float:
    if a.std() == 0 or b.std() == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
