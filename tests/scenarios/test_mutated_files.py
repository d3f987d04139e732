"""Mutated scenario and measure files are refused, or hold no unknown key."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tests.plans import (
    PLAN,
    plan_with,
    problems_of,
)
from xiancheng.calibration.errors import ScenarioError
from xiancheng.calibration.file_models import validated
from xiancheng.calibration.naming import place_names
from xiancheng.calibration.yaml_positions import parse_yaml
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.plan_files import Measure

# Mutated files


LEAF: dict = {}


def mapping(names, value=LEAF) -> dict:
    return {name: value for name in names}


SETTING = mapping(["intensity", "delay", "allocation"]) | {
    "counties": mapping(place_names(PLAN.about.counties)),
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
    message = refusal(lambda: resolve(file))
    assert time.perf_counter() - begin < 5
    if message:
        assert all("mutant.yaml" in line for line in message.splitlines())
        assert message.encode()
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
        "counties": place_names(PLAN.about.counties),
        "departments": {name: name for name in PLAN.about.departments},
        "projects": {name: name for name in PLAN.about.projects},
    }
    text = mutated(file.read_text(encoding="utf-8"), changes)
    source = text.encode("utf-8", "surrogatepass")
    message = refusal(lambda: validated(Measure, parse_yaml(source, file.name), names))
    assert all(file.name in line for line in message.splitlines())


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
    message = refusal(lambda: resolve(plan_with() | {key: value}))
    assert all(key in line for line in message.splitlines())
