"""The least package of measures that meets targets with a wanted probability.

A package gives each measure a multiple of the intensity that the scenario gives it. The probability
runs over draws of the parameters, each with its own luck. Few measures: packages are tried in order
of their weight, on the hardest draws first, and left as soon as too many draws fail. Many: a linear
surrogate of the rates is fitted to random packages, and the least package that meets the targets in
enough draws is a mixed-integer programme; what it proposes is simulated, and the surrogate put
right, until proposal and simulation agree.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TypeVar

import numpy as np

from results.attribute import moves
from scenarios.checking import Words
from scenarios.paired import Draw, Runs, floor
from scenarios.scenario import STRONGEST, Budget, Scenario, Setting
from scenarios.simulate import RequestError
from sim.state import Bools, Floats

FEW = 3  # measures up to which packages are enumerated
STEP = 0.5  # of intensity, in an enumeration
PACKAGES = 4  # random packages a draw, to fit the surrogate
ROUNDS = 4  # proposals that are simulated
HUNDREDTHS = 100  # intensities are proposed in hundredths, rounded up

TARGET, MEASURE = Words("目标", "target"), Words("措施", "measure")
USABLE, COUNTY = Words("可用措施", "measure that may be used"), Words("县（市、区）", "county")

Known = TypeVar("Known")
Package = Mapping[str, float]  # measure -> multiple of the scenario's intensity; absent: not done


@dataclass(frozen=True)
class Wish:
    """What is sought."""

    scenario: Scenario
    targets: Mapping[int, float]  # index of a target of the region -> rate wanted [percent]
    probability: float
    bounds: Mapping[str, float]  # measure that may be used -> its largest multiple
    weights: Mapping[str, float]  # of each of them, in what is to be least
    elsewhere: tuple[str, ...] = ()  # codes of counties where nothing may be done

    def packaged(self, package: Package) -> Scenario:
        """The scenario that carries out a package and nothing else."""
        settings = {
            number: _scaled(self.scenario.setting(number), times, self.elsewhere)
            for number, times in package.items()
            if times > 0
        }
        name = self.scenario.plan.measures
        return replace(self.scenario, settings={n: settings[n] for n in name if n in settings})

    def weight(self, package: Package) -> float:
        """What is to be least."""
        return float(sum(self.weights[n] * times for n, times in package.items()))

    def allowed(self, package: Package) -> bool:
        """Whether a package crosses no red line that doing nothing does not cross."""
        return set(self.packaged(package).crossed()) <= set(self.packaged({}).crossed())

    def margins(self, rates: Floats) -> Floats:
        """How far published rates (..., target) are above what is wanted, (..., wish)."""
        return np.asarray(rates[..., list(self.targets)] - np.array([*self.targets.values()]))


@dataclass(frozen=True)
class Found:
    """The outcome of a search."""

    package: Package
    share: float  # of the draws of the search in which all targets are met
    met: bool  # whether that is enough
    empty_share: float  # the same without any measure
    tried: int  # packages that were simulated
    how: str  # "empty", "enumerated" or "programme"


def wished(
    scenario: Scenario, runs: Runs, *, probability: float, targets: Sequence[str] = (),
    rates: Mapping[str, float] | None = None, exclude: Sequence[str] = (), strongest: float = 1.5,
    weights: Mapping[str, float] | None = None, budget: float | None = None,
    counties: Sequence[str] = (),
) -> Wish:  # fmt: skip
    """What is sought, checked.

    Parameters
    ----------
    targets : ids, codes or names of the targets' counties; all by default
    rates : other rates than the plan's, by the same names
    exclude : measures or projects that may not be used
    strongest : largest multiple of the scenario's intensity
    weights : of measures in the sum that is to be least; 1 by default
    budget : yuan for the quantities whose unit cost is known
    counties : codes or names of the only counties where measures are carried out

    Raises
    ------
    RequestError
    """
    plan = scenario.plan
    if not 0 < probability < 1 or not 0 < strongest <= STRONGEST:
        raise RequestError(
            f"概率应在 0 与 1 之间，最大力度至多 {STRONGEST:g}",
            f"the probability should be between 0 and 1, the strongest intensity at most"
            f" {STRONGEST:g}",
        )
    named = {name: t for t, names in enumerate(_target_names(runs)) for name in names}
    wanted = {_looked_up(t, named, TARGET) for t in targets}
    asked = {_looked_up(t, named, TARGET): r for t, r in (rates or {}).items()}
    due = [
        t
        for t in sorted(wanted | asked.keys() if wanted else range(len(runs.pack.targets)))
        if scenario.start < runs.pack.targets[t].deadline <= scenario.until
    ]
    if not due:
        raise RequestError(
            f"情景至 {scenario.until} 为止，没有到期的目标",
            f"no target is due by {scenario.until}, the end of the scenario",
        )
    members = {n: [n] for n in plan.measures}
    for project in plan.about.projects:
        members[project] = [n for n, m in plan.measures.items() if m.project == project]
    out = {number for name in exclude for number in _looked_up(name, members, MEASURE)}
    bounds = {
        n: min(strongest, STRONGEST / _largest(scenario.setting(n)))
        for n in plan.measures
        if n not in out and moves(scenario, n)
    }
    given = weights or {}
    for name in given:
        _looked_up(name, bounds, USABLE)
    codes = {name: c.code for c in runs.pack.counties for name in (c.code, c.zh, c.en)}
    here = {_looked_up(name, codes, COUNTY) for name in counties}
    if budget is not None:
        scenario = _with_budget(scenario, budget, bounds)
    return Wish(
        scenario=scenario,
        targets={t: asked.get(t, floor(runs.pack.targets[t])) for t in due},
        probability=probability, bounds=bounds,
        weights={n: given.get(n, 1.0) for n in bounds},
        elsewhere=tuple(c.code for c in runs.pack.counties if here and c.code not in here),
    )  # fmt: skip


def search(
    wish: Wish, runs: Runs, draws: Sequence[Draw], *, seed: int = 1,
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
    return Found(package, best, best >= wish.probability, share, trial.tried, how)


def runs_foreseen(wish: Wish, draws: int) -> int:
    """About how many runs a search makes, at most."""
    if len(wish.bounds) > FEW:
        return draws * (2 + PACKAGES + ROUNDS)
    levels = np.prod([2 + np.floor(bound / STEP) for bound in wish.bounds.values()])
    return int(draws * (1 + levels))


@dataclass
class Trial:
    """Packages simulated under the draws of a search."""

    wish: Wish
    runs: Runs
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


def grid(wish: Wish) -> Iterator[Package]:
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

    If there is none: the one that stood the most draws, hardest first, before too many had failed.
    """
    n, wish = len(trial.draws), trial.wish
    hardest = np.argsort(trial.margins({}).min(axis=1), kind="stable")
    ordered = [trial.draws[i] for i in hardest]
    may_fail = n - int(np.ceil(wish.probability * n))
    furthest: tuple[int, Package] = (0, {})
    for package in grid(wish):
        trial.tried += 1
        failed = seen = 0
        while seen < n and failed <= may_fail:
            batch = ordered[seen : seen + may_fail + 1 - failed]
            failed += int((~_all_met(trial.margins(package, batch))).sum())
            seen += len(batch)
        if failed <= may_fail:
            return package, (n - failed) / n
        furthest = max(furthest, (seen, package), key=lambda known: known[0])
    return furthest[1], trial.share(furthest[1])


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
        package = _rounded_up(wish, x)
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
    most = _rounded_up(wish, bounds * (slopes.sum(axis=1) > 0))
    if wish.allowed(most):
        tried.append((most, trial.margins(most)))
    package, margins = max(tried, key=lambda t: (_all_met(t[1]).mean(), _worst(t[1])))
    return package, float(_all_met(margins).mean())


def _rounded_up(wish: Wish, intensities: Floats) -> Package:
    """A package in hundredths of intensity, within the bounds."""
    up = np.ceil(np.round(intensities * HUNDREDTHS, 6)) / HUNDREDTHS
    found = np.minimum(up, [*wish.bounds.values()]).tolist()
    return {n: x for n, x in zip(wish.bounds, found, strict=True) if x > 0}


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


def least(wish: Wish, margins: Floats, slopes: Floats) -> tuple[Floats, bool]:
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
        rows.append(LinearConstraint(np.hstack([yuan, np.zeros(draws)]), -np.inf, budget.yuan))
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
    return np.clip(solved.x[:measures], 0, bounds), feasible


def spending(scenario: Scenario, number: str) -> float:
    """Yuan for a measure as the scenario carries it out, on what has a unit cost."""
    costs = scenario.plan.about.unit_costs | scenario.red_lines.unit_costs
    return sum(
        costs[name].yuan * (indicator.value or 0) * scenario.setting(number).intensity
        for name, indicator in scenario.plan.measures[number].indicators.items()
        if name in costs and indicator.scales
    )


def _with_budget(scenario: Scenario, yuan: float, bounds: Mapping[str, float]) -> Scenario:
    if yuan <= 0 or not any(spending(scenario, n) for n in bounds):
        raise RequestError(
            "预算需要单价：方案没有给出任何单价，请在情景文件的 red_lines.unit_costs 中写明",
            "a budget needs unit costs: the plan gives none; state them in the scenario file under "
            "red_lines.unit_costs",
        )
    lines = scenario.red_lines.model_copy(update={"budget": Budget(yuan=yuan)})
    return replace(scenario, red_lines=lines)


def _scaled(setting: Setting, times: float, elsewhere: Sequence[str]) -> Setting:
    """A setting `times` as strong, with nothing done `elsewhere`."""
    counties = {code: value * times for code, value in setting.counties.items()}
    phases = [p.model_copy(update={"intensity": p.intensity * times}) for p in setting.phases]
    return setting.model_copy(
        update={
            "intensity": setting.intensity * times,
            "counties": counties | dict.fromkeys(elsewhere, 0.0),
            "phases": phases,
        }
    )


def _largest(setting: Setting) -> float:
    return max(
        setting.intensity, *setting.counties.values(), *(p.intensity for p in setting.phases), 1e-9
    )


def _all_met(margins: Floats) -> Bools:
    return np.asarray((margins >= 0).all(axis=-1))


def _target_names(runs: Runs) -> Iterator[tuple[str, ...]]:
    """By what each target may be called: its id, and the county if it has but one."""
    for target in runs.pack.targets:
        county = [c for c in runs.pack.counties if c.code in target.counties]
        own = (county[0].code, county[0].zh, county[0].en) if len(county) == 1 else ()
        yield target.id, *own


def _looked_up(name: str, known: Mapping[str, Known], what: Words) -> Known:
    """What is known by a name.

    Raises
    ------
    RequestError
    """
    if name not in known:
        valid = ", ".join(known)
        raise RequestError(
            f"没有{what.zh} {name!r}；可用：{valid}", f"no {what.en} {name!r}; known: {valid}"
        )
    return known[name]
