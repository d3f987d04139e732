"""What a search aims at: targets, a probability, and the bounds within which a package may lie.

A package gives each measure a multiple of the intensity that the scenario gives it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from xiancheng.calibration import parsing
from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import Words, _, listed
from xiancheng.results.analysis.attribution import moves
from xiancheng.results.analysis.result import look_up
from xiancheng.results.tables.labels import RELATIONS
from xiancheng.scenarios.outcome import floor
from xiancheng.scenarios.scenario_files import STRONGEST, Budget, Scenario, Setting
from xiancheng.sim.state import Floats

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region
    from xiancheng.calibration.region.schema import Target

TARGET, MEASURE = _("target"), _("measure")
USABLE, COUNTY = _("measure that may be used"), _("county", "any kind")

Package = Mapping[str, float]  # measure -> multiple of the scenario's intensity; absent: not done


@dataclass(frozen=True)
class GoalSpec:
    """Targets to be met with a probability, and the packages that may be tried."""

    scenario: Scenario
    targets: Mapping[int, float]  # index of a target of the region -> rate wanted [percent]
    probability: float
    bounds: Mapping[str, float]  # measure that may be used -> its largest multiple
    weights: Mapping[str, float]  # of each of them at the scenario's intensity: least in sum
    elsewhere: tuple[str, ...] = ()  # codes of counties where nothing may be done

    def scenario_of(self, package: Package) -> Scenario:
        """The scenario that carries out a package and nothing else."""
        settings = {
            number: _scaled(self.scenario.setting(number), package[number], self.elsewhere)
            for number in self.scenario.plan.measures
            if package.get(number, 0) > 0
        }
        return replace(self.scenario, settings=settings)

    def weight(self, package: Package) -> float:
        """What is to be least."""
        return float(sum(self.weights[n] * times for n, times in package.items()))

    def allowed(self, package: Package) -> bool:
        """Whether a package crosses no red line that doing nothing does not cross."""
        return set(self.scenario_of(package).crossed()) <= set(self.scenario_of({}).crossed())

    def margins(self, rates: Floats) -> Floats:
        """How far published rates (..., target of the region) are above those wanted (..., target).

        Both in percent; the margins are of the wanted targets alone, in percentage points.
        """
        return np.asarray(rates[..., list(self.targets)] - np.array([*self.targets.values()]))


def parse_goal(
    scenario: Scenario, region: "Region", *, probability: float, targets: Sequence[str] = (),
    rates: Mapping[str, float] | None = None, exclude: Sequence[str] = (), strongest: float = 1.5,
    weights: Mapping[str, float] | None = None, least: str = "intensity",
    budget: float | None = None, counties: Sequence[str] = (),
) -> GoalSpec:  # fmt: skip
    """The goal that options of the command line describe, checked.

    Parameters
    ----------
    targets : ids, codes or names of the targets' counties; all by default
    rates : other rates than the plan's, by the same names
    exclude : measures or projects that may not be used
    strongest : largest multiple of the scenario's intensity
    weights : of measures in the sum that is to be least; 1 by default
    least : what is summed: "intensity", or "cost"; then only measures with a known cost are used
    budget : yuan for the quantities whose unit cost is known
    counties : codes or names of the only counties where measures are carried out

    Raises
    ------
    RequestError
    """
    if not 0 < probability < 1 or not 0 < strongest <= STRONGEST:
        raise RequestError(
            _("the probability should be between 0 and 1, the strongest intensity at most "
              "{STRONGEST:g}", STRONGEST=STRONGEST)
        )  # fmt: skip
    wanted = _wanted_rates(scenario, region, targets, rates or {})
    bounds = _bounds(scenario, exclude, strongest)
    if least == "cost":
        _require_costs(scenario, bounds)
        bounds = {n: most for n, most in bounds.items() if spending(scenario, n)}
    given, amount = weights or {}, spending if least == "cost" else strength
    for name, weight in given.items():
        look_up(name, bounds, USABLE)
        if weight <= 0:
            raise RequestError(
                _("the weight of {name} should be above 0, got {weight:g}; to leave a measure "
                  "out, use --exclude", name=name, weight=weight)
            )  # fmt: skip
    codes = {c.code: c.code for c in region.counties}
    here = {look_up(name, codes, COUNTY, region.counties) for name in counties}
    if budget is not None:
        scenario = _with_budget(scenario, budget, bounds)
    return GoalSpec(
        scenario=scenario, targets=wanted, probability=probability, bounds=bounds,
        weights={n: given.get(n, 1.0) * amount(scenario, n) for n in bounds},
        elsewhere=tuple(c.code for c in region.counties if here and c.code not in here),
    )  # fmt: skip


def _wanted_rates(
    scenario: Scenario, region: "Region", targets: Sequence[str], rates: Mapping[str, float]
) -> dict[int, float]:
    """The rate wanted of each target that is named or given a rate, or else of all that are due.

    Raises
    ------
    RequestError
        if a rate is no percentage, or a target that is named is not due in the scenario.
    """
    own = {_target_index(name, region): rate for name, rate in rates.items()}
    for rate in own.values():
        if not 0 <= rate <= 100 or parsing.is_share(rate):
            raise RequestError(
                _("a rate should be from 0 to 100, in percent and no share; got {rate:g}",
                  rate=rate)
            )  # fmt: skip
    named = {_target_index(name, region) for name in targets}
    due = [
        t
        for t in sorted(named | own.keys() if named else range(len(region.targets)))
        if region.targets[t].due(scenario.start, scenario.until)
    ]
    late = [region.targets[t] for t in sorted(named | own.keys()) if t not in due]
    if late:
        last = max(target.deadline for target in late)
        raise RequestError(
            _("{targets} not due by {until}, the end of the scenario; use --until {last}",
              targets=listed(_described(t) for t in late), until=scenario.until, last=last)
        )  # fmt: skip
    if not due:
        raise RequestError(
            _("no target is due by {until}, the end of the scenario", until=scenario.until)
        )
    return {t: own.get(t, floor(region.targets[t])) for t in due}


def _bounds(scenario: Scenario, exclude: Sequence[str], strongest: float) -> dict[str, float]:
    """The largest multiple of each measure that moves a lever and is not excluded."""
    measures = scenario.plan.measures
    members = {n: [n] for n in measures}
    for project in scenario.plan.about.projects:
        members[project] = [n for n, m in measures.items() if m.project == project]
    excluded = {number for name in exclude for number in look_up(name, members, MEASURE)}
    return {
        n: min(strongest, STRONGEST / strength(scenario, n))
        for n in measures
        if n not in excluded and moves(scenario, n)
    }


def spending(scenario: Scenario, number: str) -> float:
    """Yuan for a measure as the scenario carries it out, on what has a unit cost."""
    costs = scenario.plan.about.unit_costs | scenario.red_lines.unit_costs
    return sum(
        costs[name].yuan * (indicator.value or 0) * scenario.setting(number).intensity
        for name, indicator in scenario.plan.measures[number].indicators.items()
        if name in costs and indicator.scales
    )


def strength(scenario: Scenario, number: str) -> float:
    """The largest intensity that the scenario gives a measure, in any county or quarter."""
    setting = scenario.setting(number)
    phases = (phase.intensity for phase in setting.phases)
    return max(setting.intensity, *setting.counties.values(), *phases, 1e-9)


def _require_costs(scenario: Scenario, bounds: Mapping[str, float]) -> None:
    """Refuse costs and budgets where nothing has a price."""
    if not any(spending(scenario, n) for n in bounds):
        raise RequestError(
            _("a cost or a budget needs unit costs: the plan gives none; state them in the "
              "scenario file under red_lines.unit_costs")
        )  # fmt: skip


def _with_budget(scenario: Scenario, yuan: float, bounds: Mapping[str, float]) -> Scenario:
    _require_costs(scenario, bounds)
    if not 0 < yuan < float("inf"):
        raise RequestError(_("the budget should be a positive number of yuan"))
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


def _target_index(name: str, region: "Region") -> int:
    """The target of an id, or of a county that is alone in it.

    Raises
    ------
    RequestError
        if there is none, or several, of which one has to be named by its id.
    """
    named: dict[str, list[int]] = {}
    for t, target in enumerate(region.targets):
        county = [c for c in region.counties if c.code in target.counties]
        for each in (target.id, *([county[0].code] if len(county) == 1 else ())):
            named.setdefault(each, []).append(t)
    found = look_up(name, named, TARGET, region.counties)
    if len(found) > 1:
        each = [_described(region.targets[t]) for t in found]
        raise RequestError(
            _("{name} has {n} targets: {each}; name one by its id", name=name, n=len(each),
              each=listed(each))
        )  # fmt: skip
    return found[0]


def _described(target: "Target") -> Words:
    """A target by its id, with rate and deadline."""
    return _("{id} ({SIGNS}{target:g} %, {deadline})", id=target.id,
             SIGNS=RELATIONS[target.operator], target=target.value,
             deadline=target.deadline)  # fmt: skip
