"""Whether a package found by a search holds on draws that the search has not seen.

References
----------
Clopper & Pearson (1934), Biometrika 26: exact limits of a binomial share
Savage (1951), Journal of the American Statistical Association 46: regret
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.analysis.goal_seek import Found, Held, Reads
from xiancheng.results.analysis.goal_spec import GoalSpec, Package
from xiancheng.scenarios.paired import Draw
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.sim.state import Bools, Floats

CONFIDENCE = 0.95  # of the lower bound, one-sided
PACKAGES = 4  # that are held against each other in other worlds, at most

# Worlds to regret in, as departures from the scenario's own; all assumed, inside the ranges of
# sim/conditions.py: a mild turn of each for the worse, and urban codes as they are at the start.
WORLDS: dict[str, tuple[Words, dict[str, float | bool]]] = {
    "own": (_("as in the scenario"), {}),
    "frozen": (_("urban codes frozen"), {"recoding_frozen": True}),
    "wages": (_("wages elsewhere +2 %"), {"wage_growth_elsewhere": 0.02}),
    "jobs": (_("jobs −2 %"), {"job_growth": -0.02}),
    "arrivals": (_("half the in-migration"), {"arrivals": 0.5}),
}  # fmt: skip


@dataclass(frozen=True)
class Certificate:
    """What fresh draws say of a package."""

    met: int
    draws: int
    bound: float  # below the probability, with 95 % confidence
    certified: bool  # whether the bound reaches the wanted probability
    needed: int | None  # draws that would certify it at the same share; None if none would
    target_shares: Mapping[int, float]  # of each target, the share of draws that meet it
    probability: float  # of the verdict on these draws: every draw of the level, as in a run
    target_probability: Mapping[int, float]  # of each target, likewise
    margins: Mapping[int, tuple[float, float, float]]  # 5, 50 and 95 % of each margin [points]
    reached: Mapping[int, float]  # rate that each target reaches with the wanted probability
    binding: tuple[int, ...]  # targets that fail in any draw, the most frequent first
    at_bound: tuple[str, ...]  # measures that are as strong as they may be

    @property
    def share(self) -> float:
        """The share of draws in which all targets are met."""
        return self.met / self.draws


def certify(
    wish: GoalSpec, package: Package, runs: Reads, draws: Sequence[Draw],
    done: Callable[[], None] = lambda: None,
) -> Certificate:  # fmt: skip
    """Simulate a package under independent draws and count."""
    margins = met_by(wish, wish.packaged(package), runs, draws, done)
    good = margins >= 0
    met, n = int(good.all(axis=1).sum()), len(draws)
    bound = lower_bound(met, n)
    failing = (~good).mean(axis=0)
    order = sorted(range(len(failing)), key=lambda w: -failing[w])
    ids = list(wish.targets)
    chance, chances = judged(wish, package, runs, good)
    within = np.quantile(margins, 1 - wish.probability, axis=0, method="lower")
    quantiles = np.percentile(margins, (5, 50, 95), axis=0).T.tolist()
    return Certificate(
        met=met, draws=n, bound=bound, certified=bound >= wish.probability,
        needed=enough(met / n, wish.probability),
        probability=chance, target_probability=dict(zip(ids, chances, strict=True)),
        target_shares={t: float(1 - failing[w]) for w, t in enumerate(ids)},
        margins={t: (q[0], q[1], q[2]) for t, q in zip(ids, quantiles, strict=True)},
        reached={t: rate + float(within[w]) for w, (t, rate) in enumerate(wish.targets.items())},
        binding=tuple(ids[w] for w in order if failing[w] > 0),
        at_bound=tuple(n for n, x in package.items() if x >= wish.bounds[n] - 1e-9),
    )  # fmt: skip


def judged(wish: GoalSpec, package: Package, runs: Reads, good: Bools) -> tuple[float, list[float]]:
    """The chance to meet all targets, and each, by the verdict on the draws of a certificate.

    Where runs are not held to a level this is the share of draws, (draw, wish), that are good.
    """
    if not isinstance(runs, Held) or not runs.anchored:
        return float(good.all(axis=1).mean()), good.mean(axis=0).tolist()
    found = runs.verdict(wish.packaged(package), wish.targets)
    last = int(np.argmax([day.toordinal() for day in found.deadlines]))
    own = found.estimates()
    return float(own["all_met"][last]), own["probability"].tolist()


def lower_bound(met: int, draws: int) -> float:
    """The exact lower bound of a probability of which `met` of `draws` are known.

    >>> round(lower_bound(150, 150), 3), round(lower_bound(135, 150), 3)
    (0.98, 0.85)
    """
    from scipy.special import betaincinv

    return float(betaincinv(met, draws - met + 1, 1 - CONFIDENCE)) if met else 0.0


def enough(share: float, probability: float) -> int | None:
    """The least number of draws whose bound reaches `probability` at this share, up to 100,000.

    >>> enough(1.0, 0.9), enough(0.95, 0.9), enough(0.9, 0.9)
    (29, 129, None)
    """
    low, high = 1, 100_000
    if share <= probability or lower_bound(int(share * high), high) < probability:
        return None
    while low < high:
        middle = (low + high) // 2
        if lower_bound(int(share * middle + 1e-9), middle) >= probability:
            high = middle
        else:
            low = middle + 1
    return low


def met_by(
    wish: GoalSpec, scenario: Scenario, runs: Reads, draws: Sequence[Draw], done: Callable[[], None]
) -> Floats:
    """How far a scenario exceeds the wanted rates, (draw, target)."""
    readings = runs.read([(scenario, draw) for draw in draws], done)
    return wish.margins(np.array([reading.targets for reading in readings]))


@dataclass(frozen=True)
class Regret:
    """A few packages in several worlds: the chance to meet the targets, (package, world)."""

    packages: Mapping[str, Package]
    worlds: tuple[str, ...]
    probability: Floats
    draws: int  # by which it was counted

    @property
    def regret(self) -> Floats:
        """What each package falls short of the best one in each world, (package, world)."""
        return np.asarray(self.probability.max(axis=0) - self.probability)


def packages_to_regret(wish: GoalSpec, found: Found) -> dict[str, Package]:
    """Doing nothing, what was found, the scenario as it is, and everything at its bound."""
    as_it_is = {n: min(1.0, bound) for n, bound in wish.bounds.items()}
    named = {"nothing": {}, "found": found.package, "scenario": as_it_is, "most": wish.bounds}
    told: dict[str, Package] = {}
    for name, package in named.items():
        if wish.allowed(package) and dict(package) not in [dict(p) for p in told.values()]:
            told[name] = package
    return told


def regret(
    wish: GoalSpec, found: Found, runs: Reads, draws: Sequence[Draw],
    done: Callable[[], None] = lambda: None,
) -> Regret:  # fmt: skip
    """How packages fare in other outside conditions, under the same draws.

    Parameters
    ----------
    draws : fresh ones, as those of the search favour what it found
    """
    packages = packages_to_regret(wish, found)
    table = np.zeros((len(packages), len(WORLDS)))
    for i, package in enumerate(packages.values()):
        scenario = wish.packaged(package)
        for j, (__, change) in enumerate(WORLDS.values()):
            conditions = replace(scenario.conditions, **change)  # type: ignore[arg-type]
            margins = met_by(wish, replace(scenario, conditions=conditions), runs, draws, done)
            table[i, j] = (margins >= 0).all(axis=1).mean()
    return Regret(packages, tuple(WORLDS), table, len(draws))
