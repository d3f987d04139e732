"""A plan traced: clause -> lever -> term and back; what cannot act in a run; what to know of it."""

import warnings
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from xiancheng.calibration import priors
from xiancheng.calibration.file_models import Text, quarter_name
from xiancheng.calibration.i18n import Words, _, listed
from xiancheng.scenarios.plan_files import Measure, Plan
from xiancheng.scenarios.policy import DOSE_LEVERS, compile_policy, intensity, progress
from xiancheng.scenarios.run_spec import OFF, RunSpec
from xiancheng.scenarios.scenario_files import Scenario, Setting
from xiancheng.sim.calendar import quarters_between
from xiancheng.sim.conditions import Conditions
from xiancheng.sim.levers import LEVERS
from xiancheng.sim.state import Bools, quarter_with

if TYPE_CHECKING:
    from xiancheng.scenarios.simulation import RegionModel


@dataclass(frozen=True)
class Trace:
    """What a clause does to a lever; `lever` is "none" if it moves nothing, and `because` why."""

    project: str | None
    measure: str
    clause: str
    says: Text
    indicators: tuple[str, ...]  # what the plan counts for this clause
    sign_of_clause: str
    lever: str
    because: Text
    dose: str = ""  # its name in a scenario
    where: str = ""
    full: float = 0.0  # in the lever's unit, at full delivery
    low: float = 0.0
    high: float = 0.0
    unit: str = ""
    spread: str = ""  # "total" over the counties, or "each"
    term: str = ""  # the rule and the term that the lever enters
    sign: str = ""  # on the resident urbanization rate
    grade: str = ""
    evidence: str = ""
    status: str = ""


def by_clause(plan: Plan, measure: str | None = None) -> list[Trace]:
    """Every clause with each lever it moves, of one measure or of all."""
    chosen = [measure] if measure else list(plan.measures)
    return [trace for number in chosen for trace in _traces(plan, number)]


def by_lever(plan: Plan) -> dict[str, list[Trace]]:
    """Every lever with the clauses that move it; no clause moves a lever with an empty list."""
    traces = by_clause(plan)
    return {
        lever: [trace for trace in traces if trace.lever == lever]
        for lever in LEVERS
        if lever != "workload"  # set by carrying out the plan, not by a clause
    }


def _traces(plan: Plan, number: str) -> Iterator[Trace]:
    """The traces of a measure: clauses that move nothing, then every dose."""
    measure = plan.measures[number]
    idle = {
        name: Trace(
            measure.project, number, name, clause.says, tuple(clause.indicators), clause.sign,
            "none", clause.because or clause.says,
        )
        for name, clause in measure.clauses.items()
    }  # fmt: skip
    yield from (idle[name] for name, clause in measure.clauses.items() if not clause.mechanism)
    for dose_name, name, dose in measure.doses():
        clause = measure.clauses[name]
        bounds = clause.range(dose)
        yield replace(
            idle[name], lever=dose.lever, because=dose.because, dose=dose_name, where=dose.where,
            full=clause.full(dose), low=bounds.low, high=bounds.high, unit=dose.amount.unit,
            spread="total" if dose.total else "each", term=LEVERS[dose.lever].term,
            sign=dose.sign, grade=dose.grade, evidence=dose.evidence, status=dose.amount.status,
        )  # fmt: skip


# What readers should know

SHOWN = 6  # of what a finding concerns


@dataclass(frozen=True)
class Finding:
    """Something about a plan or a scenario that its readers should know."""

    topic: str  # "targets", "no baseline", "no indicator", "cuts the other way", "no clause" ...
    concerns: tuple[str, ...]  # numbers of indicators, measures, clauses; names of levers
    says: Words
    kind: str = "note"  # a key of `plan_check.KINDS`
    at: str = ""  # file:line

    def sentence(self, lang: str) -> str:
        """What it says and what it concerns, in one language."""
        return " ".join(filter(None, [self.says.text(lang), self._concerned(lang)]))

    def _concerned(self, lang: str) -> str:
        if not self.concerns:
            return ""
        more = " …" * (len(self.concerns) > SHOWN)
        inside = listed(self.concerns[:SHOWN]).text(lang) + more
        return f"（{inside}）" if lang == "zh" else f"({inside})"


# What cannot act


# Of effects and errors of a draw, all of which are 0 in draw 0.
SPREADS = (
    "flow_sd", "obs_error_sd", "recode_county_sd", "recode_persistence", "recode_prefecture_sd",
    "trend_sd",
)  # fmt: skip

# They shift or blur published rates and nothing else.
OF_PUBLISHED_RATES = ("benchmark_drift", "obs_error_sd")


def _read_by(*rules: str) -> tuple[str, ...]:
    """The levers that enter one of these rules."""
    return tuple(name for name, each in LEVERS.items() if each.term.partition(":")[0] in rules)


_SERVICES = _read_by("services.health", "services.elder_care", "services.childcare")
_AMENITIES = _read_by("services.amenity")
OF_LEVERS: dict[str, tuple[str, ...]] = {  # they scale the effect of these levers
    "amenity_saturation": (*_SERVICES, *_AMENITIES),
    "bed_takeup": ("dormitory_beds",),
    "beta_a": _AMENITIES,
    "commute_cost_elasticity": ("rural_roads",),
    "credit_relief": ("credit",),
    "delivery_capacity": ("workload",),
    "hr_parent_pension": ("pension_coverage",),
    "hr_public_post_rural": ("rural_posts",),
    "hr_school_closed": ("school_closure",),
    "hukou_reform_effect": ("hukou_access",),
    "job_multiplier": ("tradable_jobs",),
    "kappa": ("credit",),  # otherwise the destination constants make up for it
    "land_hukou_decoupling": ("land_rights",),
    "renovation_price_effect": ("renovated_dwellings",),
    "service_to_wage_ratio": _SERVICES,
    "training_employment_effect": ("training",),
    **DOSE_LEVERS,
}
OF_CONDITIONS = {  # they scale the effect of a condition; otherwise the constants make up for them
    "hiring_elsewhere": "wage_growth_elsewhere",
}
UNALIGNED, EARLY = "unaligned", "early"
OF_RUNS = {  # they act in runs that follow no level, whose printed rates it gives, or start early
    "benchmark_drift": UNALIGNED, "obs_error_sd": UNALIGNED,
    "births_found": EARLY, "two_child_births": EARLY,
}  # fmt: skip


class InactiveParameterWarning(UserWarning):
    """A parameter was set to another than its central value, but cannot change the run.

    The message, in Chinese and English, says when it would: in draws, with a lever in use, with
    alignment off. Whether it acts is read off the scenario and not off a result.
    """


def condition(name: str) -> Words:
    """When a parameter acts; empty if in every run."""
    parts = [
        *([_("draw above 0")] if name in SPREADS else []),
        *([_("on published rates only")] if name in OF_PUBLISHED_RATES else []),
        *([_("alignment off")] if OF_RUNS.get(name) == UNALIGNED else []),
        *([_("a start before the last census")] if OF_RUNS.get(name) == EARLY else []),
    ]
    if parts:
        return Words("，".join(each.zh for each in parts), ", ".join(each.en for each in parts))
    if name in OF_LEVERS:
        any_of = OF_LEVERS[name]
        if len(any_of) == 1:
            return _("the scenario uses the lever {lever}", lever=any_of[0])
        return _("the scenario uses one of the levers {levers}", levers=listed(any_of))
    if name in OF_CONDITIONS:
        return _("the scenario sets {condition}", condition=OF_CONDITIONS[name])
    return Words("", "")


def in_use(spec: RunSpec) -> set[str]:
    """What of a run lets parameters act.

    Levers that are above 0 anywhere, conditions that depart from usual, and what `OF_RUNS` names.
    """
    scenario = spec.scenario
    policy = compile_policy(scenario, spec.pack)
    quarters = quarters_between(scenario.start, scenario.until)
    in_force = list({id(each): each for each in (policy(q.number) for q in quarters)}.values())
    levers = {name for name in LEVERS if any((getattr(each, name) > 0).any() for each in in_force)}
    usual, now = asdict(Conditions()), asdict(scenario.conditions)
    found = levers | {name for name in usual if now[name] != usual[name]}
    found |= {UNALIGNED} if spec.follows == OFF else set()
    return found | ({EARLY} if scenario.start < spec.pack.censuses[-1] else set())


def inactive_parameters(names: Iterable[str], draw: int, used: Collection[str]) -> list[str]:
    """Those of the parameters that cannot act, in order.

    Parameters
    ----------
    draw : number of the draw of county and yearly effects
    used : see `in_use`
    """
    return [
        name
        for name in names
        if (name in SPREADS and draw == 0)
        or (name in OF_LEVERS and not set(OF_LEVERS[name]) & set(used))
        or (name in OF_CONDITIONS and OF_CONDITIONS[name] not in used)
        or (name in OF_RUNS and OF_RUNS[name] not in used)
    ]


def message(names: Iterable[str]) -> Words:
    """That these parameters cannot act, and when they would."""
    chosen = [(name, condition(name)) for name in names]
    return Words(
        "以下参数在此不起作用：" + "；".join(f"{n}（起作用的条件：{c.zh}）" for n, c in chosen),
        "these parameters cannot act here: " + "; ".join(f"{n} (acts: {c.en})" for n, c in chosen),
    )


def warn_of_inactive(model: "RegionModel", given: Collection[str]) -> None:
    """Warn the caller of the caller of what was set, parameters or rates, and cannot act.

    A whole set of parameters, as `scenarios.draws` gives it, is a world and no question about one
    of them; of these only spreads in draw 0 are warned of.

    Parameters
    ----------
    given : names of the parameters that were set; those at their central value are passed over
    """
    if rates := inactive_observations(model.spec):
        warnings.warn(f"{rates.zh}\n{rates.en}", InactiveParameterWarning, stacklevel=3)
    now, usual = asdict(model.parameters), asdict(priors.central())
    whole = len(given) == len(now)
    if whole and model.draw:
        return
    changed = [n for n in given if now[n] != usual[n] and (n in SPREADS or not whole)]
    if not any(name in (*SPREADS, *OF_LEVERS, *OF_CONDITIONS, *OF_RUNS) for name in changed):
        return
    used = in_use(model.spec)
    if idle := inactive_parameters(changed, model.draw, used):
        text = message(idle)
        warnings.warn(f"{text.zh}\n{text.en}", InactiveParameterWarning, stacklevel=3)


def inactive_observations(spec: "RunSpec") -> Words | None:
    """What to say of published rates that cannot act in a run; None where all can."""
    idle = spec.idle_observations
    if not idle:
        return None
    return _(
        "{n} published rates of counties or prefectures have no effect, as this run follows no "
        "level; those of the province and the nation inform the trend. Leave the alignment at "
        "level", n=len(idle),
    )  # fmt: skip


# Measures


def inactive_measures(scenario: Scenario) -> list[Finding]:
    """Measures of a scenario that never act between the plan's first quarter and the end.

    Their time may come from the plan's schedule, from `delay`, from `phases` or from the horizon.
    Measures whose reason is the same stand in one finding.
    """
    plan = scenario.plan
    codes = [county.code for county in plan.about.counties]
    first, last = plan.first_quarter, quarter_with(scenario.until)
    found: dict[tuple[str, Words], list[str]] = {}
    active = {number: each for number, each in scenario.settings.items() if not each.idle}
    for number, setting in active.items():
        for topic, says in _reasons(plan.measures[number], setting, codes, first, last):
            found.setdefault((topic, says), []).append(number)
    findings = []
    for (topic, says), numbers in found.items():
        name = listed(numbers)
        if len(numbers) == len(active) > 3:
            name = _("all {n} measures", n=len(active))
        sentence = Words(f"{name.zh} {says.zh}", f"{name.en}: {says.en}")
        findings.append(Finding(topic, tuple(numbers), sentence))
    return findings


def _reasons(
    measure: Measure, setting: Setting, codes: list[str], first: int, last: int
) -> Iterator[tuple[str, Words]]:
    """Why a measure does nothing, or only a part of it, within some quarters."""
    ends = max([last, *(phase.until for phase in setting.phases)]) + FAR
    quarters = np.arange(first, ends + setting.delay)
    strength = intensity(setting, codes, quarters).any(axis=1)
    done = strength & (progress(measure.schedule, setting.delay, quarters, felt=False) > 0)
    felt = np.zeros(len(quarters), bool)
    for __, __, dose in measure.doses():
        share = progress(dose.schedule or measure.schedule, setting.delay, quarters, felt=True)
        felt |= strength & (share > 0)
    between = f"{quarter_name(first)}–{quarter_name(last)}"
    inside = quarters <= last
    if not (done & inside).any():
        yield "never acts", _never(quarters, done, first, last)
        return
    if not felt.any() and any(True for __ in measure.doses()):
        yield (
            "not felt",
            _("without effect: its time is over before it is felt"),
        )
    if felt.any() and not (felt & inside).any():
        start = quarter_name(int(quarters[felt.argmax()]))
        yield (
            "not felt",
            _("without effect by the end, {quarter_name}: felt from {start} on",
              quarter_name=quarter_name(last), start=start),
        )  # fmt: skip
    for phase in setting.phases:
        if phase.until < first or phase.first > last:
            spell = f"{quarter_name(phase.first)}–{quarter_name(phase.until)}"
            yield (
                "spell outside",
                _("the spell {spell} never acts, as it lies outside {between}", spell=spell,
                  between=between),
            )  # fmt: skip


FAR = 80  # quarters after the end in which a measure is still looked for


def _never(quarters: NDArray[np.int64], done: Bools, first: int, last: int) -> Words:
    """Why a measure never acts: it comes after the end, before the plan, or not at all."""
    begins, ends = quarter_name(first), quarter_name(last)
    if last < first:
        return _("never acts, as the end, {ends}, is before the plan's first quarter, {begins}",
                 ends=ends, begins=begins)  # fmt: skip
    if done.any():
        start = quarter_name(int(quarters[done.argmax()]))
        return _("never acts, as it starts in {start}, after the end, {ends}", start=start,
                 ends=ends)  # fmt: skip
    return _("never acts, as its time is over before the plan's first quarter, {begins}",
             begins=begins)  # fmt: skip
