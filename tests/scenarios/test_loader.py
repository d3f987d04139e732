"""Scenarios by name, file or dict: shipped ones, bases, red lines; miswritten ones are refused."""

import json
import pickle
import re
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from tests.plans import (
    BINZHOU,
    LAST,
    PLAN,
    plan_with,
    problems_of,
)
from xiancheng.calibration.errors import ScenarioError
from xiancheng.scenarios.loader import load_plan, resolve
from xiancheng.scenarios.policy import compile_policy
from xiancheng.scenarios.scenario_files import OFF
from xiancheng.sim.levers import Levers

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
    settings = compile_policy(resolve("baseline"), BINZHOU)(LAST)
    for field in fields(Levers):
        np.testing.assert_array_equal(getattr(settings, field.name), np.zeros(14))


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
    policy = compile_policy(resolve("plan"), BINZHOU)
    again = pickle.loads(pickle.dumps(policy))
    np.testing.assert_array_equal(again(500).rural_posts, policy(500).rural_posts)


def test_a_group_is_set_before_its_members_and_a_base_before_its_heir():
    written = {"M01": {"intensity": 1.5}, "P1": {"intensity": 0.5}, "all": {"delay": "1 year"}}
    scenario = resolve(plan_with(**written))
    assert scenario.setting("M01").intensity == 1.5
    assert scenario.setting("M02").intensity == 0.5
    assert scenario.setting("M12").intensity == 1
    assert {each.delay for each in scenario.settings.values()} == {4}
    assert resolve("baseline").setting("M01") == OFF


# Red lines


def test_new_hidden_debt_is_refused_unless_it_is_flagged():
    scenario = plan_with() | {"red_lines": {"asked": {"I25-1": 5e8}}}
    assert "new hidden local debt" in problems_of(scenario)
    scenario["red_lines"]["when_crossed"] = "flag"
    [crossed] = resolve(scenario).crossed()
    assert "新增地方政府隐性债务" in crossed.zh


def test_spending_is_held_to_the_budget_where_costs_are_given():
    cost = {"yuan": 1e6, "source": "someone's assumption", "status": "assumed"}
    lines = {"budget": {"yuan": 1e9}, "unit_costs": {"I06-6": cost}}
    assert "1,500,000,000" in problems_of(plan_with() | {"red_lines": lines})
    halved = plan_with(M06={"intensity": 0.5}) | {"red_lines": lines}
    assert resolve(halved).crossed() == []
    assert PLAN.about.unit_costs == {}  # the plan gives none


# Files that are wrong


WRONG = {
    "name: [x]": "name: expected text",
    "name: ../plan": "a name of letters, digits and hyphens",
    'name: "a\\tb"': "a name of letters, digits and hyphens",
    "titel: x": "did you mean 'title'?",
    "based_on: plann": "did you mean 'plan'?",
    "plan: binzhou-2032": "did you mean 'binzhou-2023'?",
    "plan: ../binzhou-2023": "the name of a plan, its folder, or a YAML file",
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
    result = problems_of(file)
    assert advice in result
    assert re.match(rf"{re.escape(str(file))}:\d+:\d+: ", result)


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


def nested(depth: int) -> dict:
    value: dict = {}
    for _ in range(depth):
        value = {"measures": value}
    return value


def test_a_dict_is_held_to_the_same_rules():
    assert "nesting of at most 32" in problems_of(nested(40))
    scenario = resolve(plan_with(M05={"intensity": np.float64(0.5)}))
    assert scenario.setting("M05").intensity == 0.5
    assert resolve(plan_with(M05=np.int64(1))) == resolve(plan_with())


def test_a_plan_that_does_not_exist_is_answered_with_those_that_do():
    with pytest.raises(ScenarioError, match="binzhou-2023"):
        load_plan("binzhou-2032")


# Speed


HERE = Path(__file__).parents[2]


def fastest(action, times: int = 7) -> float:
    """Seconds of the fastest of a few runs."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def test_resolving_and_looking_up_are_quick():
    policy = compile_policy(resolve("plan"), BINZHOU)
    assert fastest(lambda: resolve("schools-first")) < 0.05
    assert fastest(lambda: [policy(q) for q in range(480, 580)]) / 100 < 50e-6


def test_importing_is_light():
    code = (
        "import sys, xiancheng.scenarios; "
        "sys.exit(bool({'pydantic', 'numpy', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=HERE).returncode == 0
