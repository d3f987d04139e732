"""Whether an estimate may be trusted, and what the data can tell.

Prior predictive check: whether the runs, errors included, could have made the observation.

Simulation-based calibration (SBC): runs that nothing was learned from play the observation; their
parameters are known. Over many of them the truth's rank among the draws must be even, and intervals
must contain it at their level. Where they contain it too rarely, spreads are inflated by a
conformal factor, learned from runs used for nothing else.

Identifiability: contraction, what is known only jointly, recovery, Sobol indices. All on normal
scores, where the prior has variance 1 and no correlation. Sobol indices are of anything that can be
called with normal scores, such as an emulator; their points are even in the prior: a step from one
quantile to another, not from one value to another.

References
----------
Talts et al. (2018), arXiv 1804.06788; Säilynoja et al. (2022), Statistics and Computing 32
Vovk, Gammerman & Shafer (2005), Algorithmic Learning in a Random World (conformal factors)
Saltelli et al. (2010), Computer Physics Communications 181
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri
from scipy.stats import binom, chisquare

from xiancheng.calibration.i18n import Words, _, listed
from xiancheng.calibration.inference.draws import WeightedDraws
from xiancheng.calibration.inference.table import RunTable, optional
from xiancheng.sim.state import Floats

BAND = 0.99  # of the prior predictive
CONFORMAL = 0.9  # level of the intervals that conformal factors are learned for
LEVELS = (0.5, 0.8, 0.9)  # of the intervals that are tested
CONFIDENCE = 0.95  # that a calibrated posterior passes, over all tests together
BINS = 10  # of the ranks
USUAL = 0.25  # of sound intervals, one in four sets contains fewer truths: below, they are inflated
MOST_INFLATION = 5.0


# Prior predictive check


@dataclass(frozen=True)
class PriorPredictiveCheck:
    """Which observations lie outside, and whether that is more than chance would do.

    Of nine hundred observations nine lie outside their 99 % bands though the model be right. So two
    limits are read off the runs themselves: how far out the farthest observation of a run lies
    (farther is impossible), and how many lie outside, in 99 of 100 runs.
    """

    rows: list[dict[str, Any]]  # observations outside their band, the farthest first; see `check`
    of: int  # observations checked
    most: int  # observations outside their bands that 99 % of runs do not pass

    @property
    def impossible(self) -> list[dict[str, Any]]:
        """Observations farther out than any in 99 % of runs."""
        return [row for row in self.rows if row["impossible"]]

    @property
    def failed(self) -> bool:
        """Whether the model with parameters from the priors cannot have made the observation."""
        return bool(self.impossible) or len(self.rows) > self.most

    def sentence(self) -> Words:
        """The result in a sentence or a few."""
        k = len(self.impossible)
        worst = [
            "{unit} {summary} {value:.4g} ({low:.4g} … {high:.4g})".format(**row)
            for row in (self.impossible or self.rows)[:10]
        ]
        return _(
            "{n} of {of} observations lie outside the 99 % band of the prior predictive (by chance "
            "at most {most}){impossible}{worst}",
            n=len(self.rows), of=self.of, most=self.most,
            impossible=_(", {k} of them impossible for the model", k=k) if k else "",
            worst=Words("：" + "；".join(worst), ": " + "; ".join(worst)) if worst else "",
        )  # fmt: skip


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

    Returns
    -------
    a row for each observation outside its band: unit, summary, value, low and high end of the
    band; excess, the distance from the median in half-widths of the band; impossible
    """
    edge = (1 - BAND) / 2
    band = np.nanquantile(simulated, [edge, 0.5, 1 - edge], axis=0)
    excess = _excess(observed, *band)
    usual = np.nan_to_num(_excess(simulated, *band))
    farthest = float(np.quantile(usual.max(axis=1), BAND))
    rows = [
        {
            "unit": cells[i][0], "summary": cells[i][1], "value": float(observed[i]),
            "low": float(band[0, i]), "high": float(band[2, i]), "excess": float(excess[i]),
            "impossible": bool(excess[i] > farthest),
        }
        for i in np.argsort(-excess)
        if excess[i] > 1
    ]  # fmt: skip
    most = int(np.quantile((usual > 1).sum(axis=1), BAND))
    return PriorPredictiveCheck(rows, len(observed), most)


def _excess(value: Floats, low: Floats, middle: Floats, high: Floats) -> Floats:
    """Distance from the median in half-widths of the band on that side."""
    tiny = 1e-9 * (1 + np.abs(middle))
    up = (value - middle) / np.maximum(high - middle, tiny)
    down = (middle - value) / np.maximum(middle - low, tiny)
    return np.maximum(up, down)


# Simulation-based calibration


@dataclass(frozen=True)
class CalibrationTest:
    """The result for every quantity; intervals are shown only if it is passed."""

    rows: list[dict[str, Any]]  # for each level and quantity; see `calibration_test`
    failing: tuple[str, ...]  # names of what is out of band
    of: int  # runs tested

    @property
    def passed(self) -> bool:
        """Whether everything is in band."""
        return not self.failing

    def sentence(self) -> Words:
        """The result in a sentence."""
        if self.passed:
            return _("Simulation-based calibration on {of} runs left out: passed", of=self.of)
        return _("Simulation-based calibration on {of} runs left out: failed, no intervals are "
                 "shown: {failing}", of=self.of, failing=listed(self.failing))  # fmt: skip


def calibration_test(posteriors: Sequence[WeightedDraws], truths: Floats) -> CalibrationTest:
    """Test posteriors of rows left out against their truths, (row, name).

    Returns
    -------
    rows of name, level; share of the intervals that contained the truth; low and high, the exact
    binomial band that calibrated intervals keep to in all tests together; of; inside the band or
    not; p_even, of the ranks being even. A quantity is failing if a share lies outside its band, or
    its ranks are uneven.
    """
    names, n = posteriors[0].names, len(posteriors)
    ranks = np.array([p.rank(t) for p, t in zip(posteriors, truths, strict=True)])
    error = (1 - CONFIDENCE) / (len(names) * (len(LEVELS) + 1))  # of each test
    p_even = [float(chisquare(np.histogram(r, BINS, (0, 1))[0]).pvalue) for r in ranks.T]
    rows = []
    for level in LEVELS:
        low, high = (binom.ppf([error / 2, 1 - error / 2], n, level) / n).tolist()
        edge = (1 - level) / 2
        shares = np.mean((ranks >= edge) & (ranks <= 1 - edge), axis=0).tolist()
        rows += [
            {
                "name": name, "level": level, "share": share, "low": low, "high": high, "of": n,
                "inside": low <= share <= high, "p_even": p,
            }
            for name, share, p in zip(names, shares, p_even, strict=True)
        ]  # fmt: skip
    out = {row["name"] for row in rows if not row["inside"] or row["p_even"] < error}
    return CalibrationTest(rows, tuple(name for name in names if name in out), n)


def conformal_inflation(posteriors: Sequence[WeightedDraws], truths: Floats) -> Floats:
    """Factors by which spreads must grow for intervals to contain the truths, (name,).

    The factor is the conformal quantile of how far truths lie out, in half-widths of the interval;
    never below 1, and 1 where as many truths lay inside as chance would have it. Rows that are used
    here must not be used for the calibration test.
    """
    distances = []
    for posterior, truth in zip(posteriors, truths, strict=True):
        low, high = posterior.interval(CONFORMAL)
        middle = posterior.median
        half = np.where(truth > middle, high - middle, middle - low)
        distances.append(np.abs(truth - middle) / np.maximum(half, 1e-12))
    apart = np.sort(distances, axis=0)
    order = min(int(np.ceil((len(apart) + 1) * CONFORMAL)), len(apart)) - 1
    enough = np.sum(apart <= 1, axis=0) >= binom.ppf(USUAL, len(apart), CONFORMAL)
    return np.where(enough, 1.0, np.clip(apart[order], 1.0, MOST_INFLATION))


# What the data can tell: contraction, what is known only jointly, recovery, Sobol indices

IDENTIFIED, WEAKLY = 0.6, 0.15  # contractions from which the words are used
STRONG = 0.5  # correlation from which a pair counts as tied
KNOWN = 0.8  # contraction of the direction of a pair that the data know
APART = 0.7  # contraction from which a parameter is known by itself
RECOVERED = 0.9  # share of the 95 % intervals that must contain the truth
INNER = 0.98  # share of each prior that is explored, around its median
WORDS: dict[str, Words] = {
    "identified": _("identified"),
    "weakly": _("weakly identified"),
    "not": _("the data say nothing"),
}


def contractions(posterior: WeightedDraws) -> dict[str, tuple[float, str]]:
    """How much narrower than its prior each quantity is: 1 - variance after / before, and a word.

    The word is "identified", "weakly" or "not".
    """
    return {
        name: (c, "identified" if c >= IDENTIFIED else "weakly" if c >= WEAKLY else "not")
        for name, c in zip(posterior.names, (1 - posterior.sd**2).tolist(), strict=True)
    }


def pairs(posterior: WeightedDraws) -> list[dict[str, Any]]:
    """Pairs that are tied strongly, known together, and not known apart; the most tied first.

    Returns
    -------
    for each: first, second; correlation; contraction of the direction that the data know; known,
    "sum" or "difference" of the scores; the pair in words, zh and en
    """
    covariance = posterior.covariance
    sd = np.sqrt(np.diag(covariance))
    tied = covariance / np.outer(sd, sd)
    names, found = posterior.names, []
    for i, j in zip(*np.triu_indices(len(names), 1), strict=True):
        known = 1 - float(np.linalg.eigvalsh(covariance[np.ix_([i, j], [i, j])])[0])
        apart = max(1 - sd[i] ** 2, 1 - sd[j] ** 2)
        if abs(tied[i, j]) >= STRONG and known >= KNOWN and apart < APART:
            which = "sum" if tied[i, j] < 0 else "difference"
            words = _jointly(names[i], names[j], which)
            found.append({
                "first": names[i], "second": names[j], "correlation": float(tied[i, j]),
                "contraction": known, "known": which, "zh": words.zh, "en": words.en,
            })  # fmt: skip
    return sorted(found, key=lambda pair: -abs(pair["correlation"]))


def _jointly(first: str, second: str, which: str) -> Words:
    """The sentence on a pair that is known only together."""
    if which == "sum":
        return _("{first} and {second} only jointly (the sum of their scores)", first=first,
                 second=second)  # fmt: skip
    return _("{first} and {second} only jointly (the difference of their scores)", first=first,
             second=second)  # fmt: skip


def directions(posterior: WeightedDraws) -> list[dict[str, Any]]:
    """Eigenvectors of the posterior covariance relative to the prior, the best known first.

    With few draws some direction always looks narrow: one is called chance unless it is narrower
    than the narrowest of as many draws from the prior would be (Marchenko & Pastur).

    Returns
    -------
    for each: contraction; the four largest weights of the unit vector, as text; chance
    """
    variances, vectors = np.linalg.eigh(posterior.covariance)
    by_chance = max(1 - np.sqrt(len(posterior.names) / posterior.effective_size), 0.0) ** 2
    found = []
    for variance, vector in zip(variances[:5], vectors.T[:5], strict=True):
        largest = np.argsort(-np.abs(vector), kind="stable")[:4]
        found.append({
            "contraction": 1 - float(variance),
            "weights": " ".join(f"{vector[k]:+.2f} {posterior.names[k]}" for k in largest),
            "chance": bool(variance >= by_chance),
        })  # fmt: skip
    return found


def recovery(posteriors: Sequence[WeightedDraws], truths: Floats) -> list[dict[str, Any]]:
    """Whether what made synthetic data, rows left out of the table, is found again.

    Parameters
    ----------
    truths : (row, name)

    Returns
    -------
    for each quantity: name; inside, the share of the 95 % intervals that contained the truth;
    correlation of the median with it; mean contraction; of, the number of data sets; recovered
    """
    bounds = np.stack([p.interval(0.95) for p in posteriors])
    inside = np.mean((bounds[:, 0] <= truths) & (truths <= bounds[:, 1]), axis=0)
    medians = np.stack([p.median for p in posteriors])
    gained = np.mean([1 - p.sd**2 for p in posteriors], axis=0)
    return [
        {
            "name": name, "inside": float(inside[k]),
            "correlation": _correlation(medians[:, k], truths[:, k]),
            "contraction": float(gained[k]), "of": len(posteriors),
            "recovered": bool(inside[k] >= RECOVERED),
        }
        for k, name in enumerate(posteriors[0].names)
    ]  # fmt: skip


def _correlation(a: Floats, b: Floats) -> float:
    if a.std() == 0 or b.std() == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def sobol(
    function: Callable[[Floats], Floats], names: Sequence[str], outputs: Sequence[str], *,
    seed: int, points: int = 256,
) -> list[dict[str, Any]]:  # fmt: skip
    """Shares of every output's variance that inputs explain alone (S1) and in all (ST).

    Parameters
    ----------
    function
        from normal scores (point, input) to (point, output), such as an emulator's mean
    points : a power of two; the function is called at `points * (inputs + 2)`

    Returns
    -------
    rows of output, input, S1, S1_conf, ST, ST_conf (95 %); the largest total first
    """
    sample, analyze = optional("SALib.sample.sobol").sample, optional("SALib.analyze.sobol").analyze
    grid = sample(sobol_problem(names), points, calc_second_order=False, seed=seed)
    values = function(ndtri(0.5 + INNER * (np.asarray(grid) - 0.5)))
    rows: list[dict[str, Any]] = []
    for output, column in zip(outputs, values.T, strict=True):
        if column.std() == 0:
            continue  # nothing to divide
        found = analyze(sobol_problem(names), column, calc_second_order=False, seed=seed + 1)
        for k in np.argsort(-found["ST"], kind="stable"):
            shares = {key: float(found[key][k]) for key in ("S1", "S1_conf", "ST", "ST_conf")}
            rows.append({"output": output, "input": names[k], **shares})
    return rows


def sobol_problem(names: Sequence[str]) -> dict[str, Any]:
    """Inputs that are even between 0 and 1, as SALib wants them described."""
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}
