"""What is sought: targets, a probability, and the bounds within which a package may lie.

A package gives each measure a multiple of the intensity that the scenario gives it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from xiancheng.calibration import naming, parsing
from xiancheng.calibration.i18n import Words, _, listed
from xiancheng.results.analysis.attribution import moves
from xiancheng.results.tables.labels import ASKED
from xiancheng.scenarios.outcome import floor
from xiancheng.scenarios.paired import Runs
from xiancheng.scenarios.scenario_files import STRONGEST, Budget, Scenario, Setting
from xiancheng.scenarios.simulate import RequestError
from xiancheng.sim.state import Floats

if TYPE_CHECKING:
    from xiancheng.calibration.region import Target

TARGET, MEASURE = _("target"), _("measure")
USABLE, COUNTY = _("measure that may be used"), _("county", "any kind")

Known = TypeVar("Known")
Package = Mapping[str, float]  # measure -> multiple of the scenario's intensity; absent: not done


@dataclass(frozen=True)
class GoalSpec:
    """What is sought."""

    scenario: Scenario
    targets: Mapping[int, float]  # index of a target of the region -> rate wanted [percent]
    probability: float
    bounds: Mapping[str, float]  # measure that may be used -> its largest multiple
    weights: Mapping[str, float]  # of each of them at the scenario's intensity: least in sum
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


def parse_goal(
    scenario: Scenario, runs: Runs, *, probability: float, targets: Sequence[str] = (),
    rates: Mapping[str, float] | None = None, exclude: Sequence[str] = (), strongest: float = 1.5,
    weights: Mapping[str, float] | None = None, least: str = "intensity",
    budget: float | None = None, counties: Sequence[str] = (),
) -> GoalSpec:  # fmt: skip
    """What is sought, checked.

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
    plan = scenario.plan
    if not 0 < probability < 1 or not 0 < strongest <= STRONGEST:
        raise RequestError(
            _(
                "the probability should be between 0 and 1, the strongest "
                "intensity at most {STRONGEST:g}",
                STRONGEST=STRONGEST,
            )
        )
    named, places = _targets_named(runs), naming.place_names(runs.pack.counties)
    wanted = {_one_target(t, named, places, runs) for t in targets}
    asked = {_one_target(t, named, places, runs): r for t, r in (rates or {}).items()}
    for rate in asked.values():
        if not 0 <= rate <= 100 or parsing.is_share(rate):
            raise RequestError(
                _(
                    "a rate should be from 0 to 100, in percent and no share; got {rate:g}",
                    rate=rate,
                )
            )
    due = [
        t
        for t in sorted(wanted | asked.keys() if wanted else range(len(runs.pack.targets)))
        if runs.pack.targets[t].due(scenario.start, scenario.until)
    ]
    late = [runs.pack.targets[t] for t in sorted(wanted | asked.keys()) if t not in due]
    if late:
        last = max(target.deadline for target in late)
        raise RequestError(
            _(
                "{targets} not due by {until}, the end of the scenario; use --until {last}",
                targets=listed(_described(t) for t in late),
                until=scenario.until,
                last=last,
            )
        )
    if not due:
        raise RequestError(
            _("no target is due by {until}, the end of the scenario", until=scenario.until)
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
    if least == "cost":
        _need_of_costs(scenario, bounds)
        bounds = {n: most for n, most in bounds.items() if spending(scenario, n)}
    given, amount = weights or {}, spending if least == "cost" else strength
    for name, weight in given.items():
        _looked_up(name, bounds, USABLE)
        if weight <= 0:
            raise RequestError(
                _(
                    "the weight of {name} should be above 0, got {weight:g}; to "
                    "leave a measure out, use --exclude",
                    name=name,
                    weight=weight,
                )
            )
    codes = {c.code: c.code for c in runs.pack.counties}
    here = {_looked_up(name, codes, COUNTY, places) for name in counties}
    if budget is not None:
        scenario = _with_budget(scenario, budget, bounds)
    return GoalSpec(
        scenario=scenario,
        targets={t: asked.get(t, floor(runs.pack.targets[t])) for t in due},
        probability=probability, bounds=bounds,
        weights={n: given.get(n, 1.0) * amount(scenario, n) for n in bounds},
        elsewhere=tuple(c.code for c in runs.pack.counties if here and c.code not in here),
    )  # fmt: skip


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
    return _largest(scenario.setting(number))


def _need_of_costs(scenario: Scenario, bounds: Mapping[str, float]) -> None:
    """Refuse to speak of money where nothing has a price."""
    if not any(spending(scenario, n) for n in bounds):
        raise RequestError(
            _(
                "a cost or a budget needs unit costs: the plan gives none; state "
                "them in the scenario file under red_lines.unit_costs"
            )
        )


def _with_budget(scenario: Scenario, yuan: float, bounds: Mapping[str, float]) -> Scenario:
    _need_of_costs(scenario, bounds)
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


def _largest(setting: Setting) -> float:
    return max(
        setting.intensity, *setting.counties.values(), *(p.intensity for p in setting.phases), 1e-9
    )


def _targets_named(runs: Runs) -> dict[str, list[int]]:
    """The targets by their ids, and by the code of a county that is alone in one."""
    named: dict[str, list[int]] = {}
    for t, target in enumerate(runs.pack.targets):
        county = [c for c in runs.pack.counties if c.code in target.counties]
        own = [county[0].code] if len(county) == 1 else []
        for name in (target.id, *own):
            named.setdefault(name, []).append(t)
    return named


def _one_target(
    name: str, named: Mapping[str, list[int]], places: Mapping[str, str], runs: Runs
) -> int:
    """The target of a name.

    Raises
    ------
    RequestError
        if there is none, or several, of which one has to be named by its id.
    """
    found = _looked_up(name, named, TARGET, places)
    if len(found) > 1:
        each = [_described(runs.pack.targets[t]) for t in found]
        raise RequestError(
            _(
                "{name} has {n} targets: {each}; name one by its id",
                name=name,
                n=len(each),
                each=listed(each),
            )
        )
    return found[0]


def _described(target: "Target") -> Words:
    """A target by its id, with rate and deadline."""
    return _(
        "{id} ({SIGNS}{target:g} %, {deadline})",
        id=target.id,
        SIGNS=ASKED[target.operator],
        target=target.value,
        deadline=target.deadline,
    )


def _looked_up(
    name: str, known: Mapping[str, Known], what: Words, places: Mapping[str, str] | None = None
) -> Known:
    """What is known by a name; a county by any of its names, where `places` holds them.

    Raises
    ------
    RequestError
    """
    code = name if name in known else naming.place(name, places or {})
    if code is None or code not in known:
        # The full names stand first in `places`, and are the ones shown.
        zh, en = (
            {c: n for n, c in reversed([*(places or {}).items()]) if n.isascii() == ascii_only
             and not n.isdigit()}
            for ascii_only in (False, True)
        )  # fmt: skip
        valid = Words(
            "、".join(f"{each} {zh.get(each, '')}".strip() for each in known),
            ", ".join(f"{each} {en.get(each, '')}".strip() for each in known),
        )
        near = naming.nearest(name, [*known, *(n for n, c in (places or {}).items() if c in known)])
        meant = _("; did you mean {near}?", near=near) if near else Words("", "")
        raise RequestError(
            _(
                "no {what} {name!r}; known: {valid}{meant}",
                what=what,
                name=name,
                valid=valid,
                meant=meant,
            )
        )
    return known[code]
