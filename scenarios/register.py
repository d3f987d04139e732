"""The register of a plan, both ways: clause -> lever -> term, and lever -> clauses."""

from collections.abc import Iterator
from dataclasses import dataclass

from xiancheng.scenarios.keys import Text
from xiancheng.scenarios.loading import Plan
from xiancheng.scenarios.measures import Clause, Dose
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
    measure = plan.measures[number]
    for clause_number, clause in measure.clauses.items():
        if not clause.mechanism:
            assert clause.because is not None  # held to by Clause
            yield Trace(
                measure.project, number, clause_number, clause.says, tuple(clause.indicators),
                clause.sign, "none", clause.because,
            )  # fmt: skip
    for name, clause_number, dose in measure.doses():
        yield _trace(
            measure.project, number, clause_number, plan.clauses[clause_number], name, dose
        )


def _trace(
    project: str | None, measure: str, number: str, clause: Clause, name: str, dose: Dose
) -> Trace:
    bounds = clause.range(dose)
    return Trace(
        project=project,
        measure=measure,
        clause=number,
        says=clause.says,
        indicators=tuple(clause.indicators),
        sign_of_clause=clause.sign,
        lever=dose.lever,
        because=dose.because,
        dose=name,
        where=dose.where,
        full=clause.full(dose),
        low=bounds.low,
        high=bounds.high,
        unit=dose.amount.unit,
        spread="total" if dose.total else "each",
        term=LEVERS[dose.lever].term,
        sign=dose.sign,
        grade=dose.grade,
        evidence=dose.evidence,
        status=dose.amount.status,
    )
