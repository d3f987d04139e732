"""A plan traced: every clause to its levers and back; what the plan itself leaves open."""

import pytest

from tests.plans import (
    BINZHOU,
    CENSUS,
    PLAN,
)
from xiancheng.scenarios.plan_check import plan_findings
from xiancheng.scenarios.trace import by_clause, by_lever
from xiancheng.sim.levers import LEVERS

# Clause -> lever -> term, and back


def test_every_clause_moves_a_lever_or_says_why_not():
    traces = by_clause(PLAN)
    assert {trace.clause for trace in traces} == set(PLAN.clauses)
    for trace in traces:
        assert trace.because.zh
        assert trace.because.en
        assert trace.lever == "none" or trace.term == LEVERS[trace.lever].term


def test_the_register_reads_both_ways():
    forward = {(t.lever, t.dose) for t in by_clause(PLAN) if t.lever != "none"}
    backward = {(lever, t.dose) for lever, traces in by_lever(PLAN).items() for t in traces}
    assert forward == backward
    assert by_lever(PLAN)["school_closure"] == []  # no clause closes a village school


@pytest.mark.parametrize("trace", [t for t in by_clause(PLAN) if t.dose], ids=lambda t: t.dose)
def test_a_dose_stays_on_its_hinges(trace):
    """Central value in its range; twice the highest dose of a place within the lever's bound."""
    assert 0 <= trace.low <= trace.full <= trace.high
    assert trace.unit == LEVERS[trace.lever].unit
    assert trace.status in ("official", "secondary", "derived", "assumed")


def test_what_stays_in_villages_may_lower_the_rate():
    lowering = {t.lever for t in by_clause(PLAN) if t.lever != "none" and "-" in t.sign}
    assert {"rural_posts", "rural_roads", "rural_infrastructure", "rooftop_income"} <= lowering
    signs = {t.sign for t in by_clause(PLAN) if t.lever == "school_quality" and t.where == "rural"}
    assert signs == {"-|0"}


def test_clauses_that_may_recode_are_the_ones_that_caveat_c9_names():
    recoding = {t.clause for t in by_clause(PLAN) if t.lever == "recoding"}
    assert recoding == {k for k, clause in PLAN.clauses.items() if clause.recoding_possible}
    assert recoding == {"M02-a", "M26-a", "S2-a", "S3-c", "S3-d"}


# What is wrong with the plan itself


def test_the_county_targets_fall_short_of_the_overall_one():
    found = {each.topic: each for each in plan_findings(PLAN, BINZHOU, CENSUS)}
    assert "58.72 %" in found["targets"].says.en
    assert set(found["no indicator"].concerns) == {"M01", "M02", "M17", "M21", "M26", "M27", "S1"}
    assert found["cuts the other way"].concerns == ("M16-c", "M19-b", "M21-a", "M22-c")
    assert len(found["no baseline"].concerns) == 66
