"""What the data can tell: contraction, what is known only jointly, recovery, Sobol indices.

All on normal scores, where the prior has variance 1 and no correlation. Sobol indices are of
anything that can be called with normal scores, such as an emulator; their points are even in the
prior: a step from one quantile to another, not from one value to another.

References
----------
Saltelli et al. (2010), Computer Physics Communications 181
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.special import ndtri

from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.inference.draws import WeightedDraws
from xiancheng.calibration.inference.table import optional
from xiancheng.sim.state import Floats

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
