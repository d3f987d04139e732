"""Whether a package found by a search holds on draws that the search has not seen.

References
----------
Clopper & Pearson (1934), Biometrika 26: exact limits of a binomial share
Savage (1951), Journal of the American Statistical Association 46: regret
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.region import Region
from xiancheng.results.analysis.goal_seek import AnchoredRuns, SearchResult, target_rates
from xiancheng.results.analysis.goal_seek import margins as margins_of
from xiancheng.results.analysis.goal_spec import GoalSpec, Package
from xiancheng.results.analysis.requirement import CHANCES, had_with
from xiancheng.scenarios.ensemble import SummarySource
from xiancheng.scenarios.run_spec import RunSpec
from xiancheng.sim.state import Floats

CONFIDENCE = 0.95  # of the lower bound, one-sided
PACKAGES = 4  # that are compared under other conditions, at most

# Outside conditions to regret in, as departures from the scenario's own; all assumed, inside the
# ranges of sim/conditions.py: a mild turn of each for the worse, and urban codes kept as at start.
WORLDS: dict[str, tuple[Words, dict[str, float | bool]]] = {
    "own": (_("as in the scenario"), {}),
    "frozen": (_("urban codes frozen"), {"recoding_frozen": True}),
    "wages": (_("wages elsewhere +2 %"), {"wage_growth_elsewhere": 0.02}),
    "jobs": (_("jobs −2 %"), {"job_growth": -0.02}),
    "arrivals": (_("half the in-migration"), {"arrivals": 0.5}),
}  # fmt: skip


@dataclass(frozen=True)
class Certificate:
    """How a package does on fresh draws; targets by their index in the region."""

    met: int
    draws: int
    bound: float  # below the probability, with 95 % confidence
    certified: bool  # whether the bound reaches the wanted probability
    needed: int | None  # draws that would certify it at the same share; None if none would
    target_shares: Mapping[int, float]  # of each target, the share of draws that meet it
    probability: float  # of the verdict on these draws: every draw of the level, as in a run
    target_probability: Mapping[int, float]  # of each target, likewise
    rates: Mapping[int, tuple[float, ...]]  # had with `requirement.CHANCES`, and as wanted, last
    margins: Mapping[int, tuple[float, float, float]]  # 5, 50 and 95 % of each margin [points]
    reached: Mapping[int, float]  # rate that each target reaches with the wanted probability
    binding: tuple[int, ...]  # targets that fail in any draw, the most frequent first
    at_bound: tuple[str, ...]  # measures that are as strong as they may be

    @property
    def share(self) -> float:
        """The share of draws in which all targets are met."""
        return self.met / self.draws

    def records(self, goal: GoalSpec, region: Region) -> list[dict[str, Any]]:
        """For each target which it is, the wanted rate, and how the fresh draws meet it."""
        return [
            {
                "target": target.id, "target_name": target.name.zh,
                "target_name_en": target.name.en, "counties": target.counties,
                "deadline": str(target.deadline), "wanted_rate": rate,
                "share_met": self.target_shares[t], "probability": self.target_probability[t],
                "reached": self.reached[t], "margin_quantiles_pp": self.margins[t],
            }
            for t, rate in goal.targets.items()
            for target in [region.targets[t]]
        ]  # fmt: skip


def certify(
    goal: GoalSpec, package: Package, runs: SummarySource, draws: Sequence[RunSpec],
    done: Callable[[], None] = lambda: None,
) -> Certificate:  # fmt: skip
    """Simulate a package under independent draws and count."""
    margins = margins_of(goal, goal.scenario_of(package), runs, draws, done)
    good = margins >= 0
    met, n = int(good.all(axis=1).sum()), len(draws)
    bound = lower_bound(met, n)
    failing = dict(zip(goal.targets, (~good).mean(axis=0).tolist(), strict=True))
    chance, chances, rates = _probability(goal, package, runs, margins)
    within = np.quantile(margins, 1 - goal.probability, axis=0, method="lower").tolist()
    quantiles = np.percentile(margins, (5, 50, 95), axis=0).T.tolist()
    return Certificate(
        met=met, draws=n, bound=bound, certified=bound >= goal.probability,
        needed=enough(met / n, goal.probability), probability=chance,
        target_probability=dict(zip(goal.targets, chances, strict=True)), rates=rates,
        target_shares={t: 1 - share for t, share in failing.items()},
        margins={t: (q[0], q[1], q[2]) for t, q in zip(goal.targets, quantiles, strict=True)},
        reached={t: goal.targets[t] + own for t, own in zip(goal.targets, within, strict=True)},
        binding=tuple(sorted((t for t in failing if failing[t] > 0), key=lambda t: -failing[t])),
        at_bound=tuple(n for n, x in package.items() if x >= goal.bounds[n] - 1e-9),
    )  # fmt: skip


def _probability(
    goal: GoalSpec, package: Package, runs: SummarySource, margins: Floats
) -> tuple[float, list[float], dict[int, tuple[float, ...]]]:
    """The chance to meet all targets, and each, by the verdict on the draws of a certificate.

    And the rate of each that is had with some chances. Where runs have no level these are shares
    of draws by their margins, (draw, target).
    """
    levels = (*CHANCES, goal.probability)
    if not isinstance(runs, AnchoredRuns) or not runs.anchored:
        good, rates = margins >= 0, margins + np.array([*goal.targets.values()])
        had = had_with(rates, [*goal.targets], levels)
        return float(good.all(axis=1).mean()), good.mean(axis=0).tolist(), had
    verdict = runs.verdict(goal.scenario_of(package), goal.targets)
    last = verdict.deadlines.index(max(verdict.deadlines))
    estimates = verdict.estimates()
    had = had_with(verdict.scenario, [*goal.targets], levels)
    return float(estimates["all_met"][last]), estimates["probability"].tolist(), had


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


@dataclass(frozen=True)
class Regret:
    """A few packages under several outside conditions: the chance to meet the targets."""

    packages: Mapping[str, Package]
    worlds: tuple[str, ...]
    share: Floats  # of draws in which all targets are met, (package, world)
    draws: int  # by which it was counted

    @property
    def regret(self) -> Floats:
        """What each package falls short of the best one in each world, (package, world)."""
        return np.asarray(self.share.max(axis=0) - self.share)

    def records(self) -> list[dict[str, Any]]:
        """A record for each package and world."""
        return [
            {"package": name, "intensities": dict(package), "world": world,
             "share_all_met": self.share[i, j], "regret": self.regret[i, j],
             "draws": self.draws}
            for i, (name, package) in enumerate(self.packages.items())
            for j, world in enumerate(self.worlds)
        ]  # fmt: skip


def packages_to_regret(goal: GoalSpec, found: SearchResult) -> dict[str, Package]:
    """Doing nothing, what was found, the scenario as it is, and everything at its bound."""
    as_it_is = {n: min(1.0, bound) for n, bound in goal.bounds.items()}
    named = {"nothing": {}, "found": found.package, "scenario": as_it_is, "most": goal.bounds}
    different: dict[str, Package] = {}
    for name, package in named.items():
        if goal.allowed(package) and dict(package) not in [dict(p) for p in different.values()]:
            different[name] = package
    return different


def regret(
    goal: GoalSpec, found: SearchResult, runs: SummarySource, draws: Sequence[RunSpec],
    done: Callable[[], None] = lambda: None,
) -> Regret:  # fmt: skip
    """How packages do in other outside conditions, under the same draws.

    Parameters
    ----------
    draws : fresh ones, as those of the search favour what it found
    """
    packages = packages_to_regret(goal, found)
    specs = []
    for package in packages.values():
        scenario = goal.scenario_of(package)
        for __, change in WORLDS.values():
            conditions = replace(scenario.conditions, **change)  # type: ignore[arg-type]
            elsewhere = runs.spec.running(replace(scenario, conditions=conditions))
            specs += [elsewhere.under(draw) for draw in draws]
    margins = goal.margins(target_rates(runs.read(specs, done)))  # together: worlds have one past
    good = (margins >= 0).all(axis=1).reshape(len(packages), len(WORLDS), len(draws))
    return Regret(packages, tuple(WORLDS), good.mean(axis=2), len(draws))
