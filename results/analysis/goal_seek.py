"""The least package of measures that meets targets with a wanted probability.

The probability runs over draws of the parameters, each with its own luck. Few measures: packages
are tried in order of their weight, on the hardest draws first, and left as soon as too many draws
fail. Many: a linear surrogate of the rates is fitted to random packages, and the least package that
meets the targets in enough draws is a mixed-integer programme; what it proposes is simulated, and
the surrogate put right, until proposal and simulation agree.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from xiancheng.results.analysis.goal_spec import GoalSpec, Package, spending
from xiancheng.results.verdict import level as levels
from xiancheng.results.verdict.level import draw_of_run, one_to_one
from xiancheng.results.verdict.verdict import Verdict
from xiancheng.scenarios.ensemble import usual
from xiancheng.scenarios.paired import Draw, Reading
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.sim.state import Bools, Floats

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region

FEW = 3  # measures up to which packages are enumerated
STEP = 0.5  # of intensity, in an enumeration
PACKAGES = 4  # random packages a draw, to fit the surrogate
ROUNDS = 4  # proposals that are simulated


Asked = Sequence[tuple[Scenario, Draw]]


class Reads(Protocol):
    """What answers with a reading for each scenario and draw."""

    @property
    def pack(self) -> "Region":
        """Where."""

    def read(self, asked: Asked, done: Callable[[], None] = lambda: None) -> list[Reading]:
        """What each scenario comes to under its draw; `done` is called for each."""


def runs_each(pack: "Region", scenario: Scenario) -> int:
    """Runs behind each reading, before any is made: what a scenario changes is a difference."""
    return 2 if len(pack.censuses) > 1 and scenario.start == pack.censuses[-1] else 1


class Held:
    """Runs held to the level, as a verdict on the same draws pairs them.

    What a scenario changes is its difference from the usual world without the plan, under the same
    draw. Where there is no record of change the rates are the model's own. A reading has one draw
    of the level, the first that the verdict pairs with its run, so that readings of independent
    draws are independent; `verdict` uses every draw of the level.
    """

    def __init__(self, runs: Reads, scenario: Scenario, draws: Sequence[Draw]) -> None:
        self.runs, self.pack, self._usual = runs, runs.pack, usual(scenario)
        self._draws = draws
        known = levels.held(self.pack, scenario.start, scenario.until)
        self._rates = levels.at_deadlines(self.pack, known) if known is not None else None
        self._rows: Mapping[tuple[Any, ...], int] = dict(
            zip((draw.key for draw in draws), draw_of_run(len(draws)).tolist(), strict=True)
        )

    @property
    def anchored(self) -> bool:
        """Whether statistics carry the level."""
        return self._rates is not None

    def read(self, asked: Asked, done: Callable[[], None] = lambda: None) -> list[Reading]:
        """What each scenario comes to under its draw; `done` is called for each run."""
        readings = self.runs.read(asked, done)
        if self._rates is None:
            return readings
        plain = self.runs.read([(self._usual, draw) for _, draw in asked], done)
        level = self._rates[[self._rows[draw.key] for _, draw in asked]]
        scenario, reference = (
            np.array([reading.targets for reading in each]) for each in (readings, plain)
        )
        rates = one_to_one(level, scenario, reference)
        return [replace(each, targets=own) for each, own in zip(readings, rates, strict=True)]

    def verdict(self, scenario: Scenario, targets: Mapping[int, float]) -> Verdict:
        """The verdict on a scenario over the draws, as `xiancheng run` gives it for the same.

        Parameters
        ----------
        targets : index of a target of the region -> rate wanted [percent]
        """
        columns, known = list(targets), self.pack.targets

        def rates(of: Scenario) -> Floats:
            readings = self.runs.read([(of, draw) for draw in self._draws])
            return np.array([reading.targets for reading in readings])[:, columns]

        own = rates(scenario)
        reference = own if self._rates is None else rates(self._usual)
        return Verdict.of_rates(
            {known[t].id: (known[t].deadline, rate) for t, rate in targets.items()},
            None if self._rates is None else self._rates[:, columns],
            scenario=own, baseline=reference, reference=reference, draws=len(self._draws),
        )  # fmt: skip


@dataclass(frozen=True)
class Found:
    """The outcome of a search."""

    package: Package
    share: float  # of the draws of the search in which all targets are met
    met: bool  # whether that is enough
    empty_share: float  # the same without any measure
    tried: int  # packages that were simulated
    how: str  # "empty", "enumerated" or "programme"
    gain: float = 0.0  # what the package adds to the hardest margin, median over draws [points]


def search(
    wish: GoalSpec, runs: Reads, draws: Sequence[Draw], *, seed: int = 1,
    done: Callable[[], None] = lambda: None,
) -> Found:  # fmt: skip
    """The least package that meets the targets in enough of the draws, or the best there is."""
    trial = Trial(wish, runs, draws, done)
    share = trial.share({})
    if share >= wish.probability or not wish.bounds:
        return Found({}, share, share >= wish.probability, share, 1, "empty")
    few = len(wish.bounds) <= FEW
    package, best = _enumerated(trial) if few else _programmed(trial, seed)
    how = "enumerated" if few else "programme"
    gain = (trial.margins(package, draws) - trial.margins({}, draws)).min(axis=1)
    met = best >= wish.probability
    return Found(package, best, met, share, trial.tried, how, float(np.median(gain)))


def runs_foreseen(wish: GoalSpec, draws: int) -> int:
    """About how many runs a search makes, at most."""
    if len(wish.bounds) > FEW:
        return draws * (2 + PACKAGES + ROUNDS)
    levels = np.prod([2 + np.floor(bound / STEP) for bound in wish.bounds.values()])
    return int(draws * (1 + levels))


@dataclass
class Trial:
    """Packages simulated under the draws of a search."""

    wish: GoalSpec
    runs: Reads
    draws: Sequence[Draw]
    done: Callable[[], None]
    tried: int = 0

    def margins(self, package: Package, draws: Sequence[Draw] | None = None) -> Floats:
        """How far the targets are exceeded, (draw, wish)."""
        self.tried += draws is None
        scenario = self.wish.packaged(package)
        asked = [(scenario, draw) for draw in (self.draws if draws is None else draws)]
        readings = self.runs.read(asked, self.done)
        return self.wish.margins(np.array([reading.targets for reading in readings]))

    def share(self, package: Package) -> float:
        """In which share of the draws all targets are met."""
        return float(_all_met(self.margins(package)).mean())


# Few measures: one package after the other


def grid(wish: GoalSpec) -> Iterator[Package]:
    """Packages on a grid of intensities that cross no red line, the least first."""
    levels = [
        sorted({*np.arange(0, bound, STEP).tolist(), bound}) for bound in wish.bounds.values()
    ]
    packages = [
        {n: x for n, x in zip(wish.bounds, row, strict=True) if x > 0} for row in product(*levels)
    ]
    yield from sorted(filter(wish.allowed, packages), key=wish.weight)


def _enumerated(trial: Trial) -> tuple[Package, float]:
    """The first package in order of weight that meets the targets in enough draws.

    If there is none: the one that stood the most draws, hardest first, before too many had failed;
    of equal ones the one that came nearest in the hardest.
    """
    n, wish = len(trial.draws), trial.wish
    hardest = np.argsort(trial.margins({}).min(axis=1), kind="stable")
    ordered = [trial.draws[i] for i in hardest]
    may_fail = n - int(np.ceil(wish.probability * n))
    furthest: tuple[int, float, Package] = (0, -np.inf, {})
    for package in grid(wish):
        trial.tried += 1
        failed = seen = 0
        first = np.nan  # how far off it was in the hardest draws, which all packages meet
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
    """What the programme proposes, put right by simulation; else the best of what was tried."""
    wish = trial.wish
    without = trial.margins({})
    slopes = fitted(trial, without, np.random.default_rng(seed))
    tried: list[tuple[Package, Floats]] = [({}, without)]
    correction, feasible = np.zeros_like(without), True
    for _ in range(ROUNDS):
        x, feasible = least(wish, without + correction, slopes)
        package = rounded_up(wish, x)
        if package in [known for known, _ in tried] or not wish.allowed(package):
            break
        tried.append((package, trial.margins(package)))
        share = float(_all_met(tried[-1][1]).mean())
        if share >= wish.probability:
            return package, share
        if not feasible:
            break
        intensities = np.array([package.get(n, 0.0) for n in wish.bounds])
        correction = tried[-1][1] - (without + intensities @ slopes)
    bounds = np.array([*wish.bounds.values()])
    most = rounded_up(wish, bounds * (slopes.sum(axis=1) > 0))
    if wish.allowed(most):
        tried.append((most, trial.margins(most)))
    package, margins = max(tried, key=lambda t: (_all_met(t[1]).mean(), _worst(t[1])))
    return package, float(_all_met(margins).mean())


def _worst(margins: Floats) -> float:
    """The median over draws of the margin of the hardest target [points]."""
    return float(np.median(margins.min(axis=1)))


def fitted(trial: Trial, without: Floats, rng: np.random.Generator) -> Floats:
    """What a unit of each measure adds to the rates, the same in all draws, (measure, wish).

    Least squares over random packages and their complements, a few in each draw.
    """
    wish = trial.wish
    names, bounds = list(wish.bounds), np.array([*wish.bounds.values()])
    half = rng.integers(0, 2, (len(trial.draws), PACKAGES // 2, len(names)))
    chosen = np.concatenate([half, 1 - half], axis=1) * bounds  # (draw, package, measure)
    asked = [
        (wish.packaged(dict(zip(names, row.tolist(), strict=True))), draw)
        for draw, rows in zip(trial.draws, chosen, strict=True)
        for row in rows
    ]
    trial.tried += len(asked)
    rates = np.array([r.targets for r in trial.runs.read(asked, trial.done)])
    gained = wish.margins(rates) - np.repeat(without, chosen.shape[1], axis=0)
    slopes: Floats = np.linalg.lstsq(chosen.reshape(-1, len(names)), gained, rcond=None)[0]
    return slopes


def _all_met(margins: Floats) -> Bools:
    return np.asarray((margins >= 0).all(axis=-1))


# The least package by a linear surrogate: a mixed-integer programme over measures and draws.

HUNDREDTHS = 100  # intensities are proposed in hundredths, rounded up


def least(wish: GoalSpec, margins: Floats, slopes: Floats) -> tuple[Floats, bool]:
    """The least intensities that meet the targets in enough draws, by the surrogate, (measure,).

    Where none do, those that meet them in the most draws, and False.

    Parameters
    ----------
    margins : (draw, wish) without any measure
    slopes : (measure, wish)
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    draws, wishes = margins.shape
    bounds = np.array([*wish.bounds.values()])
    measures = len(bounds)
    gain = np.tile(slopes.T, (draws, 1))  # (draw x wish, measure)
    short = float(np.abs(margins).max() + (np.abs(slopes).T @ bounds).max())  # no rate is shorter
    met = short * np.kron(np.eye(draws), np.ones((wishes, 1)))  # a draw counts if all are met
    rows = [LinearConstraint(np.hstack([gain, -met]), -margins.ravel() - short, np.inf)]
    yuan = np.array([spending(wish.scenario, n) for n in wish.bounds])
    budget = wish.scenario.red_lines.budget
    if budget is not None:
        room = max(budget.yuan - yuan.sum() / HUNDREDTHS, 0.0)  # for what rounding up adds
        rows.append(LinearConstraint(np.hstack([yuan, np.zeros(draws)]), -np.inf, room))
    enough = LinearConstraint(
        np.hstack([np.zeros(measures), np.ones(draws)]), np.ceil(wish.probability * draws), draws
    )
    weights = np.array([wish.weights[n] for n in wish.bounds])
    most = 1 + float(weights @ bounds)
    ask = {
        "integrality": np.repeat([0, 1], [measures, draws]),
        "bounds": Bounds(0, np.concatenate([bounds, np.ones(draws)])),
        "options": {"time_limit": 20, "mip_rel_gap": 1e-4},
    }
    light = np.concatenate([weights, np.zeros(draws)])
    solved = milp(light, constraints=[*rows, enough], **ask)
    feasible = solved.x is not None
    if not feasible:
        many = np.concatenate([weights / most, -np.ones(draws)])
        solved = milp(many, constraints=rows, **ask)
    found = np.zeros(measures) if solved.x is None else solved.x[:measures]  # out of time
    return np.clip(found, 0, bounds), feasible


def rounded_up(wish: GoalSpec, intensities: Floats) -> Package:
    """A package in hundredths of intensity, within the bounds."""
    up = np.ceil(np.round(intensities * HUNDREDTHS, 6)) / HUNDREDTHS
    found = np.minimum(up, [*wish.bounds.values()]).tolist()
    return {n: x for n, x in zip(wish.bounds, found, strict=True) if x > 0}
