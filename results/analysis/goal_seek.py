"""The least package of measures that meets targets with a wanted probability.

The probability runs over draws of the parameters, each with its own seed. Few measures: packages
are tried in order of their weight, on the hardest draws first, and left as soon as too many draws
fail. Many: a linear surrogate of the rates is fitted to random packages, and the least package that
meets the targets in enough draws is a mixed-integer programme; what it proposes is simulated, and
the surrogate corrected, until proposal and simulation agree.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xiancheng.calibration.forecasts.level import draw_of_run
from xiancheng.results.analysis.goal_spec import GoalSpec, Package, spending
from xiancheng.results.analysis.result import not_printed, read_printed
from xiancheng.results.verdict import level as levels
from xiancheng.results.verdict.level import one_to_one
from xiancheng.results.verdict.verdict import Verdict
from xiancheng.scenarios.ensemble import RunSummary, SummarySource
from xiancheng.scenarios.run_spec import RunSpec, reference_of
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.sim.state import Bools, Floats

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region

FEW = 3  # measures up to which packages are enumerated
STEP = 0.5  # of intensity, in an enumeration
RANDOM_PACKAGES = 4  # a draw, to fit the surrogate
ROUNDS = 4  # proposals that are simulated
HUNDREDTHS = 100  # intensities are proposed in hundredths, rounded up

# Runs at the level of the verdict


def runs_each(region: "Region", scenario: Scenario) -> int:
    """Runs behind each one that is asked for: where there is a level, the reference as well."""
    return 2 if len(region.censuses) > 1 and scenario.start == region.censuses[-1] else 1


class AnchoredRuns:
    """Runs whose published rates at deadlines are the level plus the paired difference.

    The difference is from the reference conditions without the plan, under the same draw. Where
    there is no level the rates are the model's own. Each run has one draw of the level, the first
    that the verdict pairs with it, so that runs of independent draws are independent; `verdict`
    uses every draw of the level.
    """

    def __init__(self, runs: SummarySource, scenario: Scenario, draws: Sequence[RunSpec]) -> None:
        self.runs, self.spec, self._draws = runs, runs.spec, draws
        self._reference = self.spec.running(reference_of(scenario))
        level = levels.level_of(self._reference, scenario.until)
        self._level = None if level is None else level.at_deadlines(self.spec.pack)
        self._rows: Mapping[tuple[Any, ...], int] = dict(
            zip((draw.draw_key for draw in draws), draw_of_run(len(draws)).tolist(), strict=True)
        )

    @property
    def anchored(self) -> bool:
        """Whether statistics carry the level."""
        return self._level is not None

    def read(
        self, specs: Sequence[RunSpec], done: Callable[[], None] = lambda: None
    ) -> list[RunSummary]:
        """The summary of each run; `done` is called for each, and for each of reference."""
        if self._level is None:
            return self.runs.read(specs, done)
        without = [self._reference.under(spec) for spec in specs]
        runs = self.runs.read([*specs, *without], done)  # together: a draw has one past
        found, plain = runs[: len(specs)], runs[len(specs) :]
        level = self._level[[self._rows[spec.draw_key] for spec in specs]]
        rates = one_to_one(level, target_rates(found), target_rates(plain))
        return [replace(each, targets=own) for each, own in zip(found, rates, strict=True)]

    def verdict(self, scenario: Scenario, targets: Mapping[int, float]) -> Verdict:
        """The verdict on a scenario over the draws, as `xiancheng run` gives it for the same.

        Parameters
        ----------
        targets : index of a target of the region -> rate wanted [percent]
        """
        columns, known = list(targets), self.spec.pack.targets

        def rates(spec: RunSpec) -> Floats:
            runs = self.runs.read([spec.under(draw) for draw in self._draws])
            return target_rates(runs)[:, columns]

        own = rates(self.spec.running(scenario))
        reference = own if self._level is None else rates(self._reference)
        return Verdict.of_rates(
            {known[t].id: (known[t].deadline, rate) for t, rate in targets.items()},
            None if self._level is None else self._level[:, columns],
            scenario=own, baseline=reference, reference=reference, draws=len(self._draws),
        )  # fmt: skip


def target_rates(runs: Sequence[RunSummary]) -> Floats:
    """Published rates at the deadlines, (run, target) [percent]."""
    return np.array([run.targets for run in runs])


def margins(
    goal: GoalSpec, scenario: Scenario, runs: SummarySource, draws: Sequence[RunSpec],
    done: Callable[[], None],
) -> Floats:  # fmt: skip
    """How far a scenario exceeds the wanted rates, (draw, target) [points]."""
    spec = runs.spec.running(scenario)
    return goal.margins(target_rates(runs.read([spec.under(draw) for draw in draws], done)))


# Search


@dataclass(frozen=True)
class SearchResult:
    """The least package found."""

    package: Package
    share: float  # of the draws of the search in which all targets are met
    met: bool  # whether that is enough
    empty_share: float  # the same without any measure
    tried: int  # packages that were simulated
    how: str  # "empty", "enumerated" or "programme"
    gain: float = 0.0  # what the package adds to the hardest margin, median over draws [points]


def read_package(path: Path, scenario: Scenario) -> dict[str, Any]:
    """What `xiancheng seek --json` printed for a scenario.

    Raises
    ------
    RequestError
        if the file is something else, or about another scenario.
    """
    printed = read_printed(path, scenario, "seek")
    found = printed.get("found")
    package = found.get("package") if isinstance(found, dict) and "met" in found else None
    if not isinstance(package, dict):
        raise not_printed(path, "seek")
    if not all(isinstance(x, int | float) for x in (printed.get("share"), *package.values())):
        raise not_printed(path, "seek")
    return printed


def search(
    goal: GoalSpec, runs: SummarySource, draws: Sequence[RunSpec], *, seed: int = 1,
    done: Callable[[], None] = lambda: None,
) -> SearchResult:  # fmt: skip
    """The least package that meets the targets in enough of the draws, or the best there is.

    Few measures are tried on a grid; of many, a mixed-integer programme on a linear surrogate of
    the rates proposes packages, which are then simulated.

    Parameters
    ----------
    goal : targets [percent], bounds and weights of the measures, share of the draws that is enough
    runs : what simulates; read on the last deadline
    draws : under which packages are tried; a share over `n` draws has a resolution of 1/n, and is
        optimistic for the package that was chosen by it: confirm on fresh ones
    seed : of the random packages to which the surrogate is fitted
    done : called after each run, for a progress bar
    """
    trial = Trial(goal, runs, draws, done)
    share = trial.share({})
    if share >= goal.probability or not goal.bounds:
        return SearchResult({}, share, share >= goal.probability, share, 1, "empty")
    few = len(goal.bounds) <= FEW
    package, best = _enumerated(trial) if few else _programmed(trial, seed)
    gain = (trial.margins(package, draws) - trial.margins({}, draws)).min(axis=1)
    return SearchResult(
        package, best, best >= goal.probability, share, trial.tried,
        "enumerated" if few else "programme", float(np.median(gain)),
    )  # fmt: skip


def runs_foreseen(goal: GoalSpec, draws: int) -> int:
    """About how many runs a search makes, at most."""
    if len(goal.bounds) > FEW:
        return draws * (2 + RANDOM_PACKAGES + ROUNDS)
    steps = np.prod([2 + np.floor(bound / STEP) for bound in goal.bounds.values()])
    return int(draws * (1 + steps))


@dataclass
class Trial:
    """Packages simulated under the draws of a search."""

    goal: GoalSpec
    runs: SummarySource
    draws: Sequence[RunSpec]
    done: Callable[[], None]
    tried: int = 0

    def margins(self, package: Package, draws: Sequence[RunSpec] | None = None) -> Floats:
        """How far the targets are exceeded, (draw, target) [points]."""
        self.tried += draws is None
        draws = self.draws if draws is None else draws
        return margins(self.goal, self.goal.scenario_of(package), self.runs, draws, self.done)

    def share(self, package: Package) -> float:
        """In which share of the draws all targets are met."""
        return float(_all_met(self.margins(package)).mean())


def _all_met(margins: Floats) -> Bools:
    return np.asarray((margins >= 0).all(axis=-1))


# Few measures: one package after the other


def grid(goal: GoalSpec) -> Iterator[Package]:
    """Packages on a grid of intensities that cross no red line, the least first."""
    steps = [sorted({*np.arange(0, most, STEP).tolist(), most}) for most in goal.bounds.values()]
    packages = [
        {n: x for n, x in zip(goal.bounds, row, strict=True) if x > 0} for row in product(*steps)
    ]
    yield from sorted(filter(goal.allowed, packages), key=goal.weight)


def _enumerated(trial: Trial) -> tuple[Package, float]:
    """The first package in order of weight that meets the targets in enough draws.

    If there is none: the one that stood the most draws, hardest first, before too many had failed;
    of equal ones the one that came nearest in the hardest.
    """
    n, goal = len(trial.draws), trial.goal
    hardest = np.argsort(trial.margins({}).min(axis=1), kind="stable")
    ordered = [trial.draws[i] for i in hardest]
    may_fail = n - int(np.ceil(goal.probability * n))
    furthest: tuple[int, float, Package] = (0, -np.inf, {})
    for package in grid(goal):
        trial.tried += 1
        failed = seen = 0
        first = np.nan  # mean margin in the hardest draws, which all packages are tried on
        while seen < n and failed <= may_fail:
            batch = ordered[seen : seen + may_fail + 1 - failed]
            margins = trial.margins(package, batch)
            first = float(margins.min(axis=1).mean()) if not seen else first
            failed += int((~_all_met(margins)).sum())
            seen += len(batch)
        if failed <= may_fail:
            return package, (n - failed) / n
        furthest = max(furthest, (seen, first, package), key=lambda known: known[:2])
    return furthest[2], trial.share(furthest[2])


# Many measures: a surrogate and a mixed-integer programme


def _programmed(trial: Trial, seed: int) -> tuple[Package, float]:
    """What the programme proposes, corrected by simulation; else the best of what was tried."""
    goal = trial.goal
    without = trial.margins({})
    slopes = fit_surrogate(trial, without, np.random.default_rng(seed))
    tried: list[tuple[Package, Floats]] = [({}, without)]
    correction, feasible = np.zeros_like(without), True
    for _ in range(ROUNDS):
        x, feasible = least_package(goal, without + correction, slopes)
        package = rounded_up(goal, x)
        if package in [known for known, _ in tried] or not goal.allowed(package):
            break
        tried.append((package, trial.margins(package)))
        share = float(_all_met(tried[-1][1]).mean())
        if share >= goal.probability:
            return package, share
        if not feasible:
            break
        intensities = np.array([package.get(n, 0.0) for n in goal.bounds])
        correction = tried[-1][1] - (without + intensities @ slopes)
    bounds = np.array([*goal.bounds.values()])
    most = rounded_up(goal, bounds * (slopes.sum(axis=1) > 0))
    if goal.allowed(most):
        tried.append((most, trial.margins(most)))
    package, margins = max(
        tried, key=lambda t: (_all_met(t[1]).mean(), np.median(t[1].min(axis=1)))
    )
    return package, float(_all_met(margins).mean())


def fit_surrogate(trial: Trial, without: Floats, rng: np.random.Generator) -> Floats:
    """What a unit of each measure adds to the rates, the same in all draws, (measure, target).

    Least squares over random packages and their complements, a few in each draw.
    """
    goal = trial.goal
    names, bounds = list(goal.bounds), np.array([*goal.bounds.values()])
    half = rng.integers(0, 2, (len(trial.draws), RANDOM_PACKAGES // 2, len(names)))
    chosen = np.concatenate([half, 1 - half], axis=1) * bounds  # (draw, package, measure)
    packages = [dict(zip(names, row.tolist(), strict=True)) for rows in chosen for row in rows]
    draws = [draw for draw in trial.draws for _ in range(chosen.shape[1])]
    specs = [
        trial.runs.spec.running(goal.scenario_of(package)).under(draw)
        for package, draw in zip(packages, draws, strict=True)
    ]
    trial.tried += len(specs)
    rates = target_rates(trial.runs.read(specs, trial.done))
    gained = goal.margins(rates) - np.repeat(without, chosen.shape[1], axis=0)
    slopes: Floats = np.linalg.lstsq(chosen.reshape(-1, len(names)), gained, rcond=None)[0]
    return slopes


def least_package(goal: GoalSpec, margins: Floats, slopes: Floats) -> tuple[Floats, bool]:
    """The least intensities that meet the targets in enough draws, by the surrogate, (measure,).

    Where none do, those that meet them in the most draws, and False.

    Parameters
    ----------
    margins : (draw, target) without any measure
    slopes : (measure, target)
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    draws, targets = margins.shape
    bounds = np.array([*goal.bounds.values()])
    measures = len(bounds)
    gain = np.tile(slopes.T, (draws, 1))  # (draw x target, measure)
    short = float(np.abs(margins).max() + (np.abs(slopes).T @ bounds).max())  # no rate is shorter
    met = short * np.kron(np.eye(draws), np.ones((targets, 1)))  # a draw counts if all are met
    rows = [LinearConstraint(np.hstack([gain, -met]), -margins.ravel() - short, np.inf)]
    yuan = np.array([spending(goal.scenario, n) for n in goal.bounds])
    budget = goal.scenario.red_lines.budget
    if budget is not None:
        left = max(budget.yuan - yuan.sum() / HUNDREDTHS, 0.0)  # for what rounding up adds
        rows.append(LinearConstraint(np.hstack([yuan, np.zeros(draws)]), -np.inf, left))
    enough = LinearConstraint(
        np.hstack([np.zeros(measures), np.ones(draws)]), np.ceil(goal.probability * draws), draws
    )
    weights = np.array([goal.weights[n] for n in goal.bounds])
    options = {
        "integrality": np.repeat([0, 1], [measures, draws]),
        "bounds": Bounds(0, np.concatenate([bounds, np.ones(draws)])),
        "options": {"time_limit": 20, "mip_rel_gap": 1e-4},
    }
    light = np.concatenate([weights, np.zeros(draws)])
    solved = milp(light, constraints=[*rows, enough], **options)
    feasible = solved.x is not None
    if not feasible:
        many = np.concatenate([weights / (1 + float(weights @ bounds)), -np.ones(draws)])
        solved = milp(many, constraints=rows, **options)
    found = np.zeros(measures) if solved.x is None else solved.x[:measures]  # out of time
    return np.clip(found, 0, bounds), feasible


def rounded_up(goal: GoalSpec, intensities: Floats) -> Package:
    """A package in hundredths of intensity, within the bounds."""
    up = np.ceil(np.round(intensities * HUNDREDTHS, 6)) / HUNDREDTHS
    found = np.minimum(up, [*goal.bounds.values()]).tolist()
    return {n: x for n, x in zip(goal.bounds, found, strict=True) if x > 0}
