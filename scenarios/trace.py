"""A plan traced: clause -> lever -> term and back, and what its readers should know about it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.region import Region
from xiancheng.scenarios.plan_files import Plan
from xiancheng.scenarios.types import Text
from xiancheng.sim.levers import LEVERS


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


# The plan itself


@dataclass(frozen=True)
class Finding:
    """Something about the plan itself that its readers should know."""

    topic: str  # "targets", "no baseline", "no indicator", "cuts the other way", "no clause"
    concerns: tuple[str, ...]  # numbers of indicators, measures, clauses; names of levers
    says: Words


def plan_findings(plan: Plan, region: Region, census: date) -> list[Finding]:
    """The checks on the plan itself, with the residents of `region` at `census`."""
    unknown = tuple(k for k, v in plan.indicators.items() if v.baseline is None)
    silent = tuple(k for k, v in plan.measures.items() if not v.indicators)
    lowering = tuple(k for k, v in plan.clauses.items() if v.sign == "-")
    open_sign = tuple(k for k, v in plan.clauses.items() if v.sign == "±")
    used = {dose.lever for clause in plan.clauses.values() for dose in clause.mechanism}
    idle = tuple(name for name in LEVERS if name not in used and name != "workload")
    assumed = tuple(
        name
        for measure in plan.measures.values()
        for name, __, dose in measure.doses()
        if dose.amount.status == "assumed"
    )
    return [
        *_weighted_targets(plan, region, census),
        Finding(
            "no baseline",
            unknown,
            _(
                "{n} of {n_2} indicators have no base value",
                n=len(unknown),
                n_2=len(plan.indicators),
            ),
        ),
        Finding("no indicator", silent, _("{n} measures have no indicator", n=len(silent))),
        Finding("cuts the other way", lowering, _("{n} clauses lower the rate", n=len(lowering))),
        Finding("open sign", open_sign, _("{n} clauses may act either way", n=len(open_sign))),
        Finding("no clause", idle, _("{n} levers are moved by no clause", n=len(idle))),
        Finding("assumed dose", assumed, _("{n} doses are assumptions", n=len(assumed))),
    ]


def _weighted_targets(plan: Plan, region: Region, census: date) -> Iterator[Finding]:
    """Aggregate targets against their counties' own targets, weighted with residents."""
    residents = dict(
        zip([c.code for c in region.counties], region.urban_rural(census).sum(axis=1), strict=True)
    )
    spoken_of = plan.about.target_counties
    alone = {
        codes[0]: plan.about.targets[k].value for k, codes in spoken_of.items() if len(codes) == 1
    }
    for name, codes in spoken_of.items():
        target = plan.about.targets[name].value
        if len(codes) == 1 or target is None or not set(codes) <= residents.keys() & alone.keys():
            continue
        weights = np.array([residents[code] for code in codes], float)
        implied = float(weights @ np.array([alone[code] for code in codes], float) / weights.sum())
        short = round((target - implied) / 100 * weights.sum())
        yield Finding(
            "targets",
            (name,),
            _(
                "the county targets come to {implied:.2f} %, the overall target "
                "is {target:g} %: {short} persons apart",
                implied=implied,
                target=target,
                short=short,
            ),
        )
