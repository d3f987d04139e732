"""The plan as data: complete, traced, turned into levers as written; miswritten, it is refused."""

import csv
import json
import pickle
import re
import subprocess
import sys
import time
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from xiancheng import scenarios
from xiancheng.calibration.errors import ScenarioError
from xiancheng.calibration.yaml_positions import parse_yaml, scalar
from xiancheng.scenarios.delivery import delivered
from xiancheng.scenarios.diff import diff
from xiancheng.scenarios.json_schema import measure_schema, scenario_schema
from xiancheng.scenarios.loader import load_plan, resolve
from xiancheng.scenarios.plan_files import Measure, county_names
from xiancheng.scenarios.policy import compile_policy
from xiancheng.scenarios.scenario_files import OFF
from xiancheng.scenarios.trace import by_clause, by_lever, plan_findings
from xiancheng.scenarios.types import validated
from xiancheng.sim.levers import LEVERS, Levers
from xiancheng.sim.state import quarter_of

HERE = Path(__file__).parent
PLAN = load_plan()
CENSUS = date(2020, 11, 1)
DEADLINE = quarter_of(2025, 4)
LAST = quarter_of(2030, 4)


@dataclass(frozen=True)
class County:
    code: str
    zh: str


@dataclass(frozen=True)
class Region:
    """Counties with as many residents as a census would count."""

    counties: tuple[County, ...]
    residents: np.ndarray

    def urban_rural(self, census: date) -> np.ndarray:
        return self.residents


# 2020 census: urban residents and all residents of the seven counties.
URBAN = np.array([646450, 178564, 192755, 186950, 279799, 328804, 529960])
ALL = np.array([853600, 334900, 569975, 421500, 465800, 508100, 774493])
BINZHOU = Region(
    tuple(County(c.code, c.zh) for c in PLAN.about.counties),
    np.column_stack([URBAN, ALL - URBAN]).astype(float),
)


def levers_of(scenario, region=BINZHOU, quarters=range(480, LAST + 1)) -> dict[int, bytes]:
    """Every byte of every lever in every quarter."""
    asked = compile_policy(resolve(scenario), region)
    return {q: b"".join(getattr(asked(q), name).tobytes() for name in LEVERS) for q in quarters}


def only(measure: str, **setting) -> dict:
    return {"name": "only", "title": "only", "measures": {measure: setting}}


def plan_with(**measures) -> dict:
    return {"name": "some", "title": "some", "based_on": "plan", "measures": measures}


def problems_of(what) -> str:
    with pytest.raises(ScenarioError) as caught:
        resolve(what)
    assert caught.value.text("zh")
    return caught.value.text("en")


# The register


def transcription() -> list[dict[str, str]]:
    """The second transcription of the plan, a row for each measure, clause and indicator."""
    with (HERE / "register.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ROWS = transcription()
OPERATORS = {
    "≈": "about", ">=": "at least", "=": "exactly", ">": "more than", "<": "less than",
}  # fmt: skip


def test_the_register_is_complete():
    assert len(PLAN.measures) == 30
    assert [len([m for m in PLAN.measures if m[0] == kind]) for kind in "MS"] == [27, 3]
    assert len(PLAN.clauses) == 70
    assert len([c for c in PLAN.clauses if c[0] == "M"]) == 64
    assert len(PLAN.indicators) == 66
    assert len(PLAN.about.targets) == 6
    assert len([i for i in PLAN.indicators if i.startswith("IS")]) == 4
    assert len(PLAN.about.projects) == 7
    assert len(PLAN.about.departments) == 34
    assert list(PLAN.about.caveats) == [f"C{i}" for i in range(1, 11)]


def test_indicators_are_of_four_kinds_and_four_deadlines():
    kinds = [each.kind for each in PLAN.indicators.values()]
    counts = {kind: kinds.count(kind) for kind in set(kinds)}
    assert counts == {"numeric": 43, "universal": 15, "milestone": 4, "guard": 4}
    wordings = [e.deadline.wording if e.deadline else None for e in PLAN.indicators.values()]
    counts = {wording: wordings.count(wording) for wording in set(wordings)}
    assert counts == {"到2025年底": 33, "到2025年": 4, None: 28, "2025年底前": 1}


def test_both_transcriptions_name_the_same_things():
    assert {r["id"] for r in ROWS if r["kind"] == "measure"} == set(PLAN.measures)
    assert {r["id"] for r in ROWS if r["kind"] == "clause"} == set(PLAN.clauses)
    assert {r["id"] for r in ROWS if r["kind"] == "indicator"} == set(PLAN.indicators)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_both_transcriptions_agree_field_by_field(row):
    assert {"measure": of_measure, "clause": of_clause, "indicator": of_indicator}[row["kind"]](
        row["id"]
    ) == {name: text for name, text in row.items() if text}


def of_measure(number: str) -> dict[str, str]:
    measure = PLAN.measures[number]
    return filled(
        kind="measure", id=number, name=measure.title.zh, number=measure.number,
        project=measure.project, lead=";".join(measure.lead or []),
        channels=";".join(measure.channels),
    )  # fmt: skip


def of_clause(number: str) -> dict[str, str]:
    clause = PLAN.clauses[number]
    return filled(
        kind="clause", id=number, within=number.split("-")[0], lead=";".join(clause.lead),
        channels=";".join(clause.channels), sign=clause.sign, strength=clause.strength,
        recoding=clause.recoding_possible,
    )  # fmt: skip


def of_indicator(number: str) -> dict[str, str]:
    each = PLAN.indicators[number]
    within = next((k for k, c in PLAN.clauses.items() if number in c.indicators), "T")
    lead = PLAN.clauses[within].lead if within != "T" else []
    deadline, day = ("(未写明)", None)
    if each.deadline:
        deadline, day = each.deadline.wording, each.deadline.day.isoformat()
        if each.deadline.status == "assumed":
            day = "2025 (到2025年,未写“底”;按2025-12-31处理须注明)"
    symbols = {word: symbol for symbol, word in OPERATORS.items()}
    value = each.value if each.value is None else f"{each.value:g}"
    return filled(
        kind="indicator", id=number, within=within, name=each.name.zh, lead=";".join(lead),
        channels=";".join(each.channels), sign=each.sign, operator=symbols[each.operator],
        value=value, wording=each.wording, unit=unit_as_transcribed(number, each),
        deadline=deadline, day=day, scope=each.scope, dimension=each.dimension, role=each.role,
    ) | {"class": each.kind}  # fmt: skip


def unit_as_transcribed(number: str, each) -> str:
    """Units with the remarks of the second transcription: implied, ordinal, or no unit at all."""
    if number == "I14-1":
        return "%(隐含;每县3类各≥1)"
    if each.unit in ("机制", "格局", "项目", "底线"):
        return f"({each.unit})"
    remark = "(隐含)" if each.implied else "(序数)" if each.unit in ("星级", "类") else ""
    return each.unit + remark


def filled(**texts) -> dict[str, str]:
    return {name: str(text) for name, text in texts.items() if text not in (None, "")}


def test_every_lead_department_leads():
    led = {name for clause in PLAN.clauses.values() for name in clause.lead}
    assert led == set(PLAN.about.departments)
    assert sum(len(clause.lead) for clause in PLAN.clauses.values()) == 118


def test_persons_and_person_times_are_told_apart():
    assert PLAN.indicators["I05-2"].counts == "person-times"
    assert PLAN.indicators["I05-1"].counts == "posts created"


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


# From a scenario to levers


@pytest.mark.parametrize("measure", PLAN.measures)
def test_a_measure_at_intensity_0_leaves_no_trace(measure):
    whole = {number: {} for number in PLAN.measures if number != measure}
    without = levers_of({"name": "without", "title": "without", "measures": whole})
    assert levers_of(plan_with(**{measure: {"intensity": 0}})) == without
    assert levers_of(plan_with(**{measure: "off"})) == without


@pytest.mark.parametrize("measure", PLAN.measures)
def test_a_measure_that_starts_after_the_horizon_leaves_no_trace(measure):
    until = range(480, DEADLINE + 1)
    late = levers_of(plan_with(**{measure: {"delay": "8 quarters"}}), quarters=until)
    assert late == levers_of(plan_with(**{measure: "off"}), quarters=until)


@pytest.mark.parametrize("measure", PLAN.measures)
def test_a_measure_alone_moves_the_levers_it_names(measure):
    asked = compile_policy(resolve(only(measure)), BINZHOU)
    moved = {name for name in LEVERS for q in range(496, LAST) if getattr(asked(q), name).any()}
    named = {
        dose.lever
        for _, clause, dose in PLAN.measures[measure].doses()
        if PLAN.clauses[clause].full(dose) > 0
    }
    assert moved == named | {"workload"}


@pytest.mark.parametrize("name", PLAN.scenario_files())
def test_nothing_acts_before_the_plan_was_issued(name):
    asked = compile_policy(resolve(name), BINZHOU)
    for quarter in (440, 483, quarter_of(2023, 4)):
        assert not any(getattr(asked(quarter), lever).any() for lever in LEVERS)


def test_the_whole_plan_asks_what_it_says_and_then_stands_still():
    asked = compile_policy(resolve("plan"), BINZHOU)
    done = asked(LAST)
    assert done.rural_posts.sum() == pytest.approx(0.4 * 70_000)
    assert done.urban_posts.sum() == pytest.approx(0.1 * 70_000)
    assert done.school_seats.sum() == pytest.approx(80 * 150)
    assert done.tradable_jobs.sum() == pytest.approx(78_000)
    assert done.workload == pytest.approx(1)
    assert asked(LAST + 40) is asked(LAST)
    assert asked.capped == ()
    assert asked(DEADLINE).training.sum() == pytest.approx(0.33 * 30_000)
    assert not done.training.any()  # the training is over when its person-times are


def test_levers_are_read_only_and_where_they_are_read():
    asked = compile_policy(resolve("plan"), BINZHOU)(DEADLINE)
    for name, lever in LEVERS.items():
        values = getattr(asked, name)
        assert values.shape == (14,)
        assert not values.flags.writeable
        assert (values >= 0).all()
        assert lever.where != "urban" or not values[1::2].any()
        assert lever.where != "rural" or not values[0::2].any()


@given(st.floats(0, 2))
def test_intensity_multiplies(intensity):
    some = compile_policy(resolve(only("M05", intensity=intensity)), BINZHOU)(DEADLINE)
    full = compile_policy(resolve(only("M05")), BINZHOU)(DEADLINE)
    for name in LEVERS:
        np.testing.assert_allclose(getattr(some, name), intensity * getattr(full, name))


@pytest.mark.parametrize("quarters", [0, 3, 11])
def test_delay_shifts(quarters):
    late = compile_policy(resolve(plan_with(all={"delay": f"{quarters} quarters"})), BINZHOU)
    prompt = compile_policy(resolve("plan"), BINZHOU)
    for quarter in range(496, 540):
        for name in LEVERS:
            shifted = getattr(prompt(quarter - quarters), name)
            np.testing.assert_array_equal(getattr(late(quarter), name), shifted)


def test_levers_add_up_over_measures():
    whole = compile_policy(resolve("plan"), BINZHOU)(DEADLINE)
    alone = [compile_policy(resolve(only(number)), BINZHOU)(DEADLINE) for number in PLAN.measures]
    for name in LEVERS:
        total = sum(getattr(each, name) for each in alone)
        np.testing.assert_allclose(getattr(whole, name), total, rtol=1e-12)


def test_a_county_follows_its_own_intensity():
    setting = {"intensity": 0.5, "counties": {"惠民县": 1.0}}
    some = compile_policy(resolve(only("M08", **setting)), BINZHOU)(LAST).renovated_dwellings
    full = compile_policy(resolve(only("M08")), BINZHOU)(LAST).renovated_dwellings
    np.testing.assert_allclose(some[::2] / full[::2], [0.5, 0.5, 1, 0.5, 0.5, 0.5, 0.5])
    in_english = only("M08", intensity=0.5, counties={"Huimin": 1.0})
    assert levers_of(in_english) == levers_of(only("M08", **setting))


def test_a_measure_can_be_carried_out_in_spells():
    spells = [{"from": "2024Q3", "until": "2024Q4", "intensity": 0.5}]
    asked = compile_policy(resolve(only("M06", phases=spells)), BINZHOU)
    active = [q for q in range(490, 520) if asked(q).expressways.any()]
    assert active == [quarter_of(2024, 3), quarter_of(2024, 4)]


def test_city_totals_are_shared_out_by_a_rule_that_can_be_changed():
    by_rural = compile_policy(resolve(only("M05")), BINZHOU)(LAST).rural_posts[1::2]
    np.testing.assert_allclose(by_rural / by_rural.sum(), (ALL - URBAN) / (ALL - URBAN).sum())
    equal = compile_policy(resolve(only("M05", allocation="equal per county")), BINZHOU)(LAST)
    np.testing.assert_allclose(equal.rural_posts[1::2], 28_000 / 7)


def test_a_dose_can_be_drawn_from_its_range():
    drawn = only("M22") | {"doses": {"M22-a/school_seats/urban": 30_000}}
    assert compile_policy(resolve(drawn), BINZHOU)(LAST).school_seats.sum() == pytest.approx(30_000)


def test_named_counties_get_what_is_theirs():
    hospital = compile_policy(resolve("plan"), BINZHOU)(LAST).hospital
    np.testing.assert_allclose(hospital[::2], [0, 0, 0.3, 0.3, 0.3, 0.3, 0.3])


def test_a_lever_stops_at_its_bound_and_says_so():
    doses = {"M12-a/enrolment_openness/urban": 0.9}
    asked = compile_policy(resolve(only("M12", intensity=2) | {"doses": doses}), BINZHOU)
    assert asked(LAST).enrolment_openness[0] == LEVERS["enrolment_openness"].high
    assert asked.capped == ("enrolment_openness",)


def test_another_region_gets_the_plan_to_its_scale():
    half = Region(tuple(County(f"99{i:04}", "县") for i in range(7)), BINZHOU.residents / 2)
    here, there = (compile_policy(resolve(only("M05")), region)(LAST) for region in (BINZHOU, half))
    share = BINZHOU.residents.sum() / 2 / PLAN.about.residents.value
    np.testing.assert_allclose(there.rural_posts, here.rural_posts * share)
    with pytest.raises(ScenarioError, match="371621"):
        compile_policy(resolve(only("M08", counties={"惠民县": 1.0})), half)


# Scenarios that come with the plan


@pytest.mark.parametrize("name", PLAN.scenario_files())
def test_a_shipped_scenario_says_what_it_is_for(name):
    scenario = resolve(name)
    assert scenario.name == name
    assert scenario.title.zh != scenario.title.en
    assert scenario.purpose.zh.endswith("。")
    assert scenario.purpose.en.endswith(".")


def test_the_shipped_scenarios_are_the_promised_ones():
    promised = """baseline plan plan-without-recoding delayed half-delivered jobs-first
    schools-first town-quality to-2030 p1-industry p2-facilities p3-digital p4-services
    p5-environment p6-countryside p7-institutions"""
    assert set(PLAN.scenario_files()) == set(promised.split())


@pytest.mark.parametrize("name", PLAN.scenario_files())
def test_a_resolved_scenario_written_down_is_the_same_scenario(name):
    scenario = resolve(name)
    assert resolve(scenario.resolved()) == scenario
    json.dumps(scenario.resolved())
    assert pickle.loads(pickle.dumps(scenario)) == scenario


def test_the_baseline_asks_nothing():
    asked = compile_policy(resolve("baseline"), BINZHOU)(LAST)
    for field in fields(Levers):
        np.testing.assert_array_equal(getattr(asked, field.name), np.zeros(14))


def test_the_projects_together_with_the_safeguards_are_the_plan():
    names = [name for name in PLAN.scenario_files() if re.match(r"p\d-", name)]
    parts = [set(resolve(name).settings) for name in names]
    assert sum(map(len, parts)) == 27
    assert set().union(*parts) | {"S1", "S2", "S3"} == set(PLAN.measures)


def test_emphasis_does_not_ask_for_more_in_all():
    for name in ("jobs-first", "town-quality"):
        load_asked = compile_policy(resolve(name), BINZHOU)(LAST).workload
        assert load_asked == pytest.approx(1, abs=0.02)


def test_policies_and_scenarios_travel_between_processes():
    asked = compile_policy(resolve("plan"), BINZHOU)
    again = pickle.loads(pickle.dumps(asked))
    np.testing.assert_array_equal(again(500).rural_posts, asked(500).rural_posts)


def test_a_group_is_set_before_its_members_and_a_base_before_its_heir():
    written = {"M01": {"intensity": 1.5}, "P1": {"intensity": 0.5}, "all": {"delay": "1 year"}}
    scenario = resolve(plan_with(**written))
    assert scenario.setting("M01").intensity == 1.5
    assert scenario.setting("M02").intensity == 0.5
    assert scenario.setting("M12").intensity == 1
    assert {each.delay for each in scenario.settings.values()} == {4}
    assert resolve("baseline").setting("M01") == OFF


# Differences in the plan's own words


def test_a_difference_is_told_as_a_person_would_tell_it():
    told = diff(resolve("plan"), resolve("schools-first"), "en")
    assert "M12: education groups 76 -> 114, from 2024 Q3" in told
    assert "M08: intensity 1 -> 0.5, Huimin stays at 1" in told
    told = diff(resolve("plan"), resolve("schools-first"))
    assert "M12：教育集团数 76 -> 114 个，自 2024 年第 3 季度起" in told


def test_what_all_measures_share_is_said_once():
    assert diff(resolve("plan"), resolve("delayed"), "en") == ["all measures: 4 quarters later"]
    assert diff(resolve("plan"), resolve("baseline"), "en")[0] == "all measures: dropped"
    assert diff(resolve("baseline"), resolve("p3-digital"), "en")[0] == (
        "P3 Digital county towns: added"
    )


def test_the_world_outside_is_told_too():
    there = diff(resolve("plan"), resolve("plan-without-recoding"), "en")
    back = diff(resolve("plan-without-recoding"), resolve("plan"), "en")
    assert (there, back) == (["urban codes: trend -> frozen"], ["urban codes: frozen -> trend"])
    assert diff(resolve("plan"), resolve("to-2030"), "en") == ["until: 2025-12-31 -> 2030-12-31"]
    warm = plan_with() | {
        "conditions": {"job_growth": 0.02},
        "doses": {"M05-a/training/rural": 9e3},
    }
    told = diff(resolve("plan"), resolve(warm), "en")
    assert told[0] == "growth of non-farm jobs beyond the trend: 0 -> 0.02"
    assert told[-1] == "dose M05-a/training/rural: … -> 9000"


@pytest.mark.parametrize("name", PLAN.scenario_files())
def test_a_scenario_does_not_differ_from_itself(name):
    assert diff(resolve(name), resolve(name)) == []


# Delivery


def at_deadline(scenario, effort=None):
    rows = delivered(resolve(scenario), BINZHOU, effort)
    return {row.indicator: row for row in rows if row.quarter == DEADLINE}


def test_what_is_delivered_stands_next_to_its_target():
    rows = at_deadline("plan")
    assert set(rows) == set(PLAN.indicators) - set(PLAN.about.targets)
    posts = rows["I05-1"]
    assert (posts.quantity, posts.target, posts.wording) == (70_000, 70_000, "7万个左右")
    assert posts.at_deadline
    assert posts.met
    assert rows["I05-2"].counts == "person-times"


def test_half_delivered_is_half():
    rows = at_deadline("half-delivered")
    assert rows["I05-1"].quantity == 35_000
    assert rows["I04-1"].quantity == 12  # and no half of the thirteenth
    assert not rows["I05-1"].met


def test_a_late_plan_misses_its_deadline_by_its_delay():
    assert at_deadline("delayed")["I06-6"].quantity == pytest.approx(750)


def test_nothing_is_invented_where_a_base_value_is_missing():
    coverage = at_deadline("plan")["I10-1"]
    assert coverage.quantity is None
    assert coverage.share == 1


def test_an_undated_indicator_is_never_due():
    rows = delivered(resolve("to-2030"), BINZHOU)
    assert not any(row.at_deadline for row in rows if row.indicator == "I12-3")
    assert len([row for row in rows if row.indicator == "I05-1" and row.at_deadline]) == 1


def test_what_every_county_must_have_is_as_good_as_the_worst_county():
    effort = np.ones((8, 7))
    effort[:, 2] = 0.5
    rows = at_deadline("plan", effort)
    assert rows["I04-2"].share == pytest.approx(0.5)
    assert rows["I04-2"].quantity == 0, "half of one is none"
    assert 0.9 < rows["I04-1"].share < 1


def test_what_is_counted_is_whole_and_a_closed_set_has_no_more_members():
    rows = at_deadline(plan_with(all={"intensity": 1.6}), np.full((8, 7), 0.9))
    assert rows["I14-2"].quantity == 144, "pocket parks; 100 x 1.6 x 0.9"
    assert rows["I11-1"].quantity == 5, "there are five county hospitals"
    assert rows["I11-1"].share == 1
    for row in delivered(resolve("half-delivered"), BINZHOU, np.full((8, 7), 0.97)):
        if row.unit in ("个", "处", "所", "支", "台", "人次") and row.quantity is not None:
            assert row.quantity == int(row.quantity), row.indicator


def test_a_ban_a_standard_or_a_mechanism_has_no_share():
    rows = at_deadline("plan", np.full((8, 7), 0.97))
    last = {row.indicator: row for row in delivered(resolve("plan"), BINZHOU)}
    for name in ("I25-1", "I23-1", "IS2-1", "I13-2", "I12-6", "I06-2"):
        assert last[name].share is None, name
    assert rows["I10-1"].share == pytest.approx(0.97, abs=0.03)


def test_a_rate_is_delivered_in_full_at_most():
    more = at_deadline(plan_with(all={"intensity": 1.5}))
    assert (more["I10-1"].share, more["I04-1"].share) == (1, 1.5)


def test_about_is_met_a_little_short_of_it_and_at_least_is_not():
    rows = at_deadline("plan", np.full((8, 7), 0.96))
    assert rows["I05-1"].met
    assert not rows["I04-1"].met


def test_red_lines_are_kept_and_not_delivered():
    assert at_deadline("plan")["I25-1"].met is None


# Red lines


def test_new_hidden_debt_is_refused_unless_it_is_flagged():
    asked = plan_with() | {"red_lines": {"asked": {"I25-1": 5e8}}}
    assert "new hidden local debt" in problems_of(asked)
    asked["red_lines"]["when_crossed"] = "flag"
    [crossed] = resolve(asked).crossed()
    assert "新增地方政府隐性债务" in crossed.zh


def test_spending_is_held_to_the_budget_where_costs_are_given():
    cost = {"yuan": 1e6, "source": "someone's assumption", "status": "assumed"}
    lines = {"budget": {"yuan": 1e9}, "unit_costs": {"I06-6": cost}}
    assert "1,500,000,000" in problems_of(plan_with() | {"red_lines": lines})
    halved = plan_with(M06={"intensity": 0.5}) | {"red_lines": lines}
    assert resolve(halved).crossed() == []
    assert PLAN.about.unit_costs == {}  # the plan gives none


# What is wrong with the plan itself


def test_the_county_targets_fall_short_of_the_overall_one():
    found = {each.topic: each for each in plan_findings(PLAN, BINZHOU, CENSUS)}
    assert "58.72 %" in found["targets"].says.en
    assert set(found["no indicator"].concerns) == {"M01", "M02", "M17", "M21", "M26", "M27", "S1"}
    assert found["cuts the other way"].concerns == ("M16-c", "M19-b", "M21-a", "M22-c")
    assert len(found["no baseline"].concerns) == 66


# Files that are wrong


WRONG = {
    "name: [x]": "name: expected text",
    "name: ../plan": "a name of letters, digits and hyphens",
    'name: "a\\tb"': "a name of letters, digits and hyphens",
    "titel: x": "did you mean 'title'?",
    "based_on: plann": "did you mean 'plan'?",
    "plan: binzhou-2032": "did you mean 'binzhou-2023'?",
    "plan: ../binzhou-2023": "a name of letters, digits and hyphens",
    "horizon: {until: 31.12.2025}": "a date such as 2025-12-31",
    "horizon: {until: 2025-02-30}": "a date such as 2025-12-31",
    "horizon: {until: 2019-12-31}": "after start",
    "measures: {M5: off}": "did you mean 'M05'?",
    "measures: {M05: true}": "a mapping of intensity",
    "measures: {M05: no}": "a mapping of intensity",
    "measures: {M05: {intensity: 2.5}}": "a number ≤ 2, found 2.5",
    "measures: {M05: {intensity: -1}}": "a number ≥ 0, found -1",
    "measures: {M05: {intensity: 50%}}": "expected a number, found '50%'",
    "measures: {M05: {intensity: .nan}}": "a finite number",
    "measures: {M05: {intensitat: 1}}": "did you mean 'intensity'?",
    "measures: {M05: {delay: 2}}": '"2 quarters"',
    "measures: {M05: {delay: -2 quarters}}": '"2 quarters"',
    "measures: {M05: {counties: {惠城: 1}}}": "Zouping, found '惠城'",
    "measures: {M05: {counties: {371699: 1}}}": "found '371699'",
    "measures: {M05: {counties: {惠民县: 1, Huimin: 1}}}": "each of them once",
    "measures: {M05: {allocation: equal}}": "did you mean 'equal per county'?",
    "measures: {M05: {phases: [{from: 2024Q1, until: 2024Q4}, {from: 2024Q4, until: 2025Q1}]}}": (
        "spells that do not overlap"
    ),
    "measures: {M05: {phases: [{from: 2024Q5, until: 2025Q1}]}}": "a quarter such as 2024Q3",
    "measures: {M05: off, M05: on}": "each key once",
    "conditions: {recoding: freeze}": "did you mean 'frozen'?",
    "conditions: {job_growth: 0.5}": "a number ≤ 0.2",
    "conditions: {job_grows: 0.1}": "did you mean 'job_growth'?",
    "doses: {M05-a/trainings/rural: 9000}": "did you mean 'M05-a/training/rural'?",
    "doses: {M05-a/training/rural: 30000}": "expected 6000 to 15000",
    "red_lines: {asked: {I05-1: 1}}": "a red line of the plan",
    "red_lines: {unit_costs: {I06-6: {yuan: 5}}}": "a value for this required key",
    "x: !!python/name:os.system": "a value without a tag",
    "x: *missing": "a value without anchors",
    "measures: {M05: {intensity: 1}": "valid YAML 1.2",
    "[a]: b": "text as a key",
}


@pytest.mark.parametrize(("line", "advice"), WRONG.items(), ids=WRONG)
def test_a_slip_of_the_pen_is_explained(tmp_path, line, advice):
    begin = "" if line.startswith("name") else "name: slip\n"
    file = tmp_path / "slip.yaml"
    file.write_text(f"{begin}title: a slip\n{line}\n", encoding="utf-8")
    told = problems_of(file)
    assert advice in told
    assert re.match(rf"{re.escape(str(file))}:\d+:\d+: ", told)


def test_all_errors_are_told_at_once_and_where(tmp_path):
    file = tmp_path / "bad.yaml"
    measures = "measures:\n  M55: off\n  M05:\n    intensity: 9\n    dely: 1\n"
    file.write_text(f"name: bad\nbased_on: plann\n{measures}", encoding="utf-8")
    lines = problems_of(file).splitlines()
    places = {line.removeprefix(f"{file}:").split(": ")[0] for line in lines}
    assert places == {"2:11", "4:3", "6:16", "7:5"}
    with pytest.raises(ScenarioError, match="是否想写"):
        resolve(file)


@pytest.mark.parametrize("what", ["plam", "../plan", "/etc/passwd", "a\0b", "", "x" * 5000, "."])
def test_an_unknown_scenario_is_answered_with_the_known_ones(what):
    assert "schools-first" in problems_of(what)


def test_a_path_must_lead_to_a_file(tmp_path):
    assert "expected a file" in problems_of(tmp_path)
    assert "expected a file" in problems_of("nowhere/at-all.yaml")
    assert "a file that can be read" in problems_of("x" * 5000 + ".yaml")
    with pytest.raises(ScenarioError, match=r"plan\.yaml"):
        load_plan(tmp_path)


def test_inheritance_may_not_lead_back(tmp_path):
    for name, base in (("a", "b"), ("b", "c"), ("c", "a")):
        text = f"name: {name}\ntitle: x\nbased_on: {base}\n"
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    assert "does not lead back" in problems_of(tmp_path / "a.yaml")


def test_a_scenario_may_build_on_the_file_beside_it(tmp_path):
    (tmp_path / "mine.yaml").write_text("name: mine\ntitle: x\nbased_on: plan\n", encoding="utf-8")
    heir = tmp_path / "heir.yaml"
    heir.write_text(
        "name: heir\ntitle: x\nbased_on: mine\nmeasures: {M05: off}\n", encoding="utf-8"
    )
    assert resolve(heir).setting("M05").idle
    assert not resolve(heir).setting("M06").idle


def test_off_is_off_everywhere():
    """Also in the county that the base kept at work."""
    scenario = resolve(
        {"name": "x", "title": "x", "based_on": "schools-first", "measures": {"M08": "off"}}
    )
    assert scenario.setting("M08").idle


def test_on_is_the_plan_as_written():
    """Also where the base had turned the measure down."""
    scenario = {"name": "x", "title": "x", "based_on": "half-delivered", "measures": {"M05": "on"}}
    assert resolve(scenario).setting("M05").intensity == 1
    assert resolve(scenario).setting("M06").intensity == 0.5


@pytest.mark.parametrize("given", [True, False, "1", "关", None, [1]])
def test_what_stands_for_no_intensity_is_told_what_may_stand_there(given):
    assert "off, on, an intensity such as 1.5, or a mapping" in problems_of(plan_with(M05=given))


def test_a_dict_is_held_to_the_same_rules():
    assert "nesting of at most 32" in problems_of(nested(40))
    scenario = resolve(plan_with(M05={"intensity": np.float64(0.5)}))
    assert scenario.setting("M05").intensity == 0.5
    assert resolve(plan_with(M05=np.int64(1))) == resolve(plan_with())


def nested(depth: int) -> dict:
    value: dict = {}
    for _ in range(depth):
        value = {"measures": value}
    return value


MEASURE_SLIPS = {
    ("unit: 人次", "unit: 万人次"): "did you mean '人次'?",
    ("counts: person-times", "counts: persons"): "to count person-times, not persons",
    ("per: 0.33", "per: 1"): "per inside its range",
    ("range: {low: 0.2, high: 0.5}", "range: {low: 0.2, high: 2}"): None,
    ("unit: persons/year", "unit: '%'"): "unit: persons/year",
    ("lever: training", "lever: trainings"): "did you mean 'training'?",
    ("lever: rural_posts\n        where: rural", "lever: rural_posts\n        where: urban"): (
        "where: rural"
    ),
    ("start: 2024Q1, ramp: 8", "start: 2023Q4, ramp: 8"): "a quarter after 2023-12-29",
    ("indicator: I05-2", "indicator: I05-3"): "an indicator of this clause",
    ("市财政局]\nchannels", "市财政厅]\nchannels"): "did you mean '市财政局'?",
    ("project: P1", "project: P9"): "a project in plan.yaml",
    ("sign: ±", "sign: maybe"): "one of +, -, ±, 0",
    ("M05-a:", "M06-a:"): "clause numbers such as M05-a",
}


@pytest.mark.parametrize(("slip", "advice"), MEASURE_SLIPS.items())
def test_a_slip_in_a_measure_is_explained(tmp_path, slip, advice):
    folder = copied_plan(tmp_path)
    file = folder / "measures" / "M05.yaml"
    text = file.read_text(encoding="utf-8")
    assert slip[0] in text
    file.write_text(text.replace(*slip, 1), encoding="utf-8")
    if advice is None:
        load_plan(folder)
    else:
        with pytest.raises(ScenarioError) as caught:
            load_plan(folder)
        assert advice in caught.value.text("en")
        assert "M05.yaml:" in caught.value.text("en")


def test_person_times_cannot_pass_for_persons(tmp_path):
    folder = copied_plan(tmp_path)
    file = folder / "measures" / "M05.yaml"
    text = file.read_text(encoding="utf-8")
    text = text.replace("per: 0.33", "per: 1").replace(
        "{low: 0.2, high: 0.5}", "{low: 0.2, high: 2}"
    )
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_plan(folder)
    assert "person-times are not persons" in caught.value.text("en")


def copied_plan(folder: Path) -> Path:
    target = folder / "plan"
    for file in PLAN.folder.rglob("*.yaml"):
        copy = target / file.relative_to(PLAN.folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    return target


def test_a_plan_that_does_not_exist_is_answered_with_those_that_do():
    with pytest.raises(ScenarioError, match="binzhou-2023"):
        load_plan("binzhou-2032")


# Reading


def test_plain_words_mean_what_yaml_1_2_says():
    texts = {"no": "no", "off": "off", "3e6": 3e6, "0o17": "0o17", "017": 17, "1_000": "1_000",
             "1:30": "1:30", "2025-12-31": "2025-12-31", "~": None, "True": True, "0x1f": "0x1f",
             ".5": 0.5, "-3": -3, "yes": "yes", "１": "１"}  # fmt: skip
    assert {text: scalar(text) for text in texts} == texts


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
LIMITS = {
    "bomb": (BOMB, "a value without anchors"),
    "deep": ("a: " + "[" * 40 + "]" * 40, "at most 32 levels"),
    "deeper": ("[" * 100_000, "at most 32 levels"),
    "long": ("a: b\n" * 100_000, "at most 20000 values"),
    "huge": ("#" * 2**20 + "\n", "at most 1 MiB"),
    "loop": ("a: &a [*a]", "a value without anchors"),
    "two": ("a: b\n---\nc: d\n", "a single document"),
    "old": ("%YAML 1.1\n---\na: no\n", "YAML 1.2"),
    "control": ("a: \x07", "valid YAML 1.2"),
    "half": ('a: "\\ud800"', "valid Unicode"),
}


@pytest.mark.parametrize(("text", "advice"), LIMITS.values(), ids=LIMITS)
def test_a_file_beyond_the_limits_is_refused(text, advice):
    with pytest.raises(ScenarioError) as caught:
        parse_yaml(text.encode(), "f.yaml")
    assert advice in caught.value.text("en")


def test_a_bomb_is_refused_at_once():
    assert len(BOMB) < 500
    begin = time.perf_counter()
    with pytest.raises(ScenarioError):
        parse_yaml(BOMB.encode(), "bomb")
    assert time.perf_counter() - begin < 0.1


def test_a_file_that_is_not_text_is_refused():
    with pytest.raises(ScenarioError, match="UTF-8"):
        parse_yaml(b"a: b\n\xff\xfe", "f.yaml")


# Speed


def fastest(action, times: int = 7) -> float:
    """Seconds of the fastest of a few runs."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def test_resolving_and_looking_up_are_quick():
    asked = compile_policy(resolve("plan"), BINZHOU)
    assert fastest(lambda: resolve("schools-first")) < 0.05
    assert fastest(lambda: [asked(q) for q in range(480, 580)]) / 100 < 50e-6


def test_importing_is_light():
    code = (
        "import sys, xiancheng.scenarios; "
        "sys.exit(bool({'pydantic', 'numpy', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=HERE.parent).returncode == 0


# Editors


def test_the_schemas_are_the_ones_in_force():
    folder = Path(scenarios.__path__[0])
    for name, schema in (("scenario", scenario_schema(PLAN)), ("measure", measure_schema())):
        on_file = json.loads((folder / f"{name}.schema.json").read_text(encoding="utf-8"))
        assert on_file == schema
    for file in PLAN.scenario_files().values():
        named = re.match(
            r"# yaml-language-server: \$schema=(\S+)", file.read_text(encoding="utf-8")
        )
        assert (file.parent / named[1]).samefile(folder / "scenario.schema.json")


# Mutated files


LEAF: dict = {}


def mapping(names, value=LEAF) -> dict:
    return {name: value for name in names}


SETTING = mapping(["intensity", "delay", "allocation"]) | {
    "counties": mapping(county_names(PLAN.about)),
    "phases": mapping(["from", "until", "intensity"]),
}
GUARDS = ["I18-2", "I23-1", "I25-1", "IS2-1"]
CONDITIONS = """recoding wage_growth_elsewhere job_growth house_price_growth fertility arrivals"""
KEYS = {
    **mapping(["name", "based_on", "plan"]),
    **mapping(["title", "purpose"], mapping(["zh", "en"])),
    "horizon": mapping(["start", "until"]),
    "measures": mapping(["all", *PLAN.about.projects, *PLAN.measures], SETTING),
    "doses": mapping(PLAN.names["doses"]),
    "conditions": mapping(CONDITIONS.split()),
    "red_lines": {
        "when_crossed": LEAF,
        "asked": mapping(GUARDS),
        "budget": mapping(["yuan"]),
        "unit_costs": mapping(PLAN.indicators, mapping(["yuan", "source", "status"])),
    },
}
RICH = """\
name: mutant
title: {zh: 突变, en: mutant}
based_on: plan
horizon: {start: 2020-11-01, until: 2030-12-31}
measures:
  M12: {intensity: 1.5, delay: 2 quarters}
  M05: off
  M08:
    intensity: 0.5
    counties: {惠民县: 1.0}
  M06:
    phases:
      - {from: 2024Q1, until: 2024Q4, intensity: 0.5}
      - {from: 2025Q1, until: 2025Q4}
  M09: {counties: {惠民县: 1.0}}
doses: {M05-a/training/rural: 9000}
conditions:
  recoding: frozen
  job_growth: 0.01
red_lines: {when_crossed: flag, asked: {I25-1: 5.0e+8}, budget: {yuan: 1.0e+9}}
"""
SOURCES = [RICH] + [f.read_text(encoding="utf-8") for f in PLAN.scenario_files().values()]
NASTY = [
    "off", "no", "~", "null", "true", "-1", "1e999", ".nan", ".inf", "99999999999999999999", "[]",
    "{}", "{a: b}", "[1, 2]", "''", '"\\0"', "*c", "&c", "&c x", "!!str x", "!x", "<<: *c", "? ",
    ": ", "- ", "---", "...", "%YAML 1.1", "\t", "|", ">", "|2-", "'", '"', "#", "@", "`", "\ufeff",
    "\u2028", "\x85", "\x00", "M13: off", "P9: 1", "all: 2", "惠民县", "2024Q1", "2 quarters",
    "unknown: 1", "intensity: 1", "  ", "\n", "\n\n  ", "万人", "%", "../x", "\U0001f600",
]  # fmt: skip

edits = st.lists(
    st.tuples(
        st.sampled_from(["insert", "replace", "delete", "repeat", "line"]),
        st.floats(0, 1), st.integers(1, 30), st.sampled_from(NASTY) | st.text(max_size=8),
    ),
    min_size=1, max_size=4,
)  # fmt: skip


def mutated(text: str, changes) -> str:
    for kind, at, length, payload in changes:
        i = int(at * len(text))
        if kind == "insert":
            text = text[:i] + payload + text[i:]
        elif kind == "replace":
            text = text[:i] + payload + text[i + length :]
        elif kind == "delete":
            text = text[:i] + text[i + length :]
        elif kind == "repeat":
            text = text[:i] + text[i : i + 3 * length] + text[i:]
        else:  # a whole line of its own, as deep as the line before
            begin = text.rfind("\n", 0, i) + 1
            indent = re.match(r" *", text[begin:])[0]
            text = text[:begin] + indent + payload + "\n" + text[begin:]
    return text


def unknown_keys(value, known: dict) -> list[str]:
    """Keys that no scenario file may hold, by a reading of our own."""
    if isinstance(value, list):
        return [key for each in value for key in unknown_keys(each, known)]
    if not isinstance(value, dict):
        return []
    here = [str(key) for key in value if str(key) not in known]
    inside = [(each, known[str(key)]) for key, each in value.items() if str(key) in known]
    return here + [key for each, names in inside for key in unknown_keys(each, names)]


def refusal(action) -> str:
    """What is said when something is refused, in both languages; nothing if it is accepted."""
    try:
        action()
    except ScenarioError as error:
        return f"{error.text('zh')}\n{error.text('en')}"
    return ""


def check_mutant(folder: Path, text: str) -> None:
    """A mutant is a scenario without unknown keys, or is refused in both languages; quickly."""
    file = folder / "mutant.yaml"
    source = text.encode("utf-8", "surrogatepass")
    file.write_bytes(source)
    begin = time.perf_counter()
    told = refusal(lambda: resolve(file))
    assert time.perf_counter() - begin < 5
    if told:
        assert all("mutant.yaml" in line for line in told.splitlines())
        assert told.encode()
    else:
        value = YAML(typ="safe", pure=True).load(source.decode("utf-8-sig"))
        assert unknown_keys(value, KEYS) == []
        scenario = resolve(file)
        assert resolve(scenario.resolved()) == scenario


mutants = given(st.sampled_from(SOURCES), edits)
any_folder = {"suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}


@settings(max_examples=300, **any_folder)
@mutants
def test_a_mutated_scenario_is_refused_or_holds_no_unknown_key(tmp_path, text, changes):
    check_mutant(tmp_path, mutated(text, changes))


@pytest.mark.slow
@settings(max_examples=10_000, **any_folder)
@mutants
def test_ten_thousand_mutated_scenarios(tmp_path, text, changes):
    check_mutant(tmp_path, mutated(text, changes))


@settings(max_examples=200)
@given(st.sampled_from(SOURCES), st.randoms(use_true_random=False), st.text("abcxyz_", min_size=1))
def test_an_unknown_key_is_refused_wherever_it_stands(text, rng, name):
    """A key that nobody knows, put into any mapping of a valid scenario."""
    value = parse_yaml(text.encode(), "f.yaml").value
    inside = [value]
    for each in inside:
        parts = each.values() if isinstance(each, dict) else each
        inside += [part for part in parts if isinstance(part, dict | list)]
    chosen = rng.choice([each for each in inside if isinstance(each, dict)])
    chosen[f"zz_{name}"] = 1
    assert f"zz_{name}" in problems_of(value)


MEASURE_FILES = sorted((PLAN.folder / "measures").glob("*.yaml"))


@settings(max_examples=60, **any_folder)
@given(st.sampled_from(MEASURE_FILES), edits)
def test_a_mutated_measure_is_refused_or_read(file, changes):
    names = {
        "counties": county_names(PLAN.about),
        "departments": {name: name for name in PLAN.about.departments},
        "projects": {name: name for name in PLAN.about.projects},
    }
    text = mutated(file.read_text(encoding="utf-8"), changes)
    source = text.encode("utf-8", "surrogatepass")
    told = refusal(lambda: validated(Measure, parse_yaml(source, file.name), names))
    assert all(file.name in line for line in told.splitlines())


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda each: (
        st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5), each, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=200)
@given(st.sampled_from(sorted(KEYS)), json_like)
def test_any_value_under_any_key_of_a_dict_is_judged(key, value):
    told = refusal(lambda: resolve(plan_with() | {key: value}))
    assert all(key in line for line in told.splitlines())


def test_caveats_are_said_where_the_plan_speaks_of_a_county():
    about = load_plan().about
    assert about.caveats_for(["370102", "371621"]) == about.caveats
    assert about.caveats_for(["370102"]) == {}
