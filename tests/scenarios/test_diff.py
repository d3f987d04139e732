"""What two scenarios do differently, in the words of the plan."""

import pytest

from tests.plans import (
    PLAN,
    plan_with,
)
from xiancheng.scenarios.diff import diff
from xiancheng.scenarios.loader import resolve

# Differences in the plan's own words


def test_a_difference_is_told_as_a_person_would_tell_it():
    result = diff(resolve("plan"), resolve("schools-first"), "en")
    assert "M12: education groups 76 -> 114, from 2024 Q3" in result
    assert "M08: intensity 1 -> 0.5, Huimin stays at 1" in result
    result = diff(resolve("plan"), resolve("schools-first"))
    assert "M12：教育集团数 76 -> 114 个，自 2024 年第 3 季度起" in result


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
    result = diff(resolve("plan"), resolve(warm), "en")
    assert result[0] == "growth of non-farm jobs beyond the trend: 0 -> 0.02"
    assert result[-1] == "dose M05-a/training/rural: … -> 9000"


@pytest.mark.parametrize("name", PLAN.scenario_files())
def test_a_scenario_does_not_differ_from_itself(name):
    assert diff(resolve(name), resolve(name)) == []
