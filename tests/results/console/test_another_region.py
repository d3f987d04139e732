"""The page of a region that the plan was not written for."""

from pathlib import Path

import pytest

from xiancheng.calibration.errors import ScenarioError
from xiancheng.calibration.region import load
from xiancheng.results.console.edits import ScenarioEdit, changes
from xiancheng.results.console.library import bundled_choices
from xiancheng.results.console.result import ABQuery, ABResult
from xiancheng.results.console.session import Session, default_scenarios, from_url
from xiancheng.results.console.view_model import ViewModel
from xiancheng.results.console.views import tables
from xiancheng.scenarios.outcome import reported_groups

NAME = "滨州市 2023 年方案（套用）"
OURS = Path(__file__).parents[3] / "calibration" / "regions" / "binzhou"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """The pack of Binzhou under codes of counties that no plan names; its folder."""
    folder = tmp_path_factory.mktemp("elsewhere") / "pack"
    folder.mkdir()
    for file in OURS.iterdir():
        if file.suffix in (".yaml", ".csv", ".geojson") and "posterior" not in file.name:
            text = file.read_text("utf-8").replace("3716", "3714").replace("惠民县", "禹城县")
            (folder / file.name).write_text(text, "utf-8")
    return folder


def test_the_baseline_is_shown_first_where_the_plan_is_another_citys(elsewhere):
    region = load(elsewhere)
    session, problem = from_url("zh", {}, region, reported_groups(region), str(elsewhere))
    assert (session.a.base.name, session.b.base.name, problem) == ("baseline", "baseline", "")
    at_home = load("binzhou")
    session, _ = from_url("zh", {}, at_home, reported_groups(at_home), "binzhou")
    assert session.a.base.name == "plan"
    assert default_scenarios(at_home)["b"] == "baseline"


def test_lists_say_that_the_plan_is_applied(elsewhere):
    titles = bundled_choices(load(elsewhere), "zh")
    assert all(NAME in title for key, title in titles.items() if key != "plan:baseline")
    assert NAME not in titles["plan:baseline"]
    assert not any(NAME in title for title in bundled_choices(load("binzhou"), "zh").values())


def test_a_measure_is_set_apart_in_a_county_of_the_region_in_use(elsewhere):
    plan = ScenarioEdit.of("plan", region=str(elsewhere))
    edit = plan.with_county("M02", "371421", 0.5)
    assert edit.scenario.setting("M02").counties == {"371421": 0.5}
    (line,) = changes(edit)
    assert line.label.zh.endswith("：禹城县")
    assert edit.revert(("measures", "M02", "counties", "371421")).overrides == {}
    with pytest.raises(ScenarioError):
        plan.with_county("M02", "371621", 0.5)
    with pytest.raises(ScenarioError):
        ScenarioEdit.of("plan").with_county("M02", "371421", 0.5)


@pytest.mark.slow
def test_tasks_and_caveats_of_another_plan_are_left_out(elsewhere):
    name = str(elsewhere)
    edit = ScenarioEdit.of("plan", region=name).with_county("M02", "371421", 0.5)
    question = ABQuery(edit.scenario, ScenarioEdit.of("baseline").scenario, name, 0.002, 0)
    central = question.summarize(question.central)
    result = ABResult.of(question, central, preliminary=False)
    shown = ViewModel(Session("zh", edit, ScenarioEdit.of("baseline")), result)
    assert NAME in shown.basis()
    delivery = "".join(tables.delivery(shown))
    assert "<table" not in delivery
    assert NAME in delivery
    assert "方案的疑点" not in "".join(tables.assumptions(shown))
