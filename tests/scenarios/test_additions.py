"""Projects that a scenario adds to the plan: what they come to, and what is refused."""

import pickle

import numpy as np
import pytest

from xiancheng.calibration.errors import ScenarioError
from xiancheng.calibration.region import load
from xiancheng.scenarios.diff import called, diff
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.policy import compile_policy
from xiancheng.scenarios.run_spec import RunSpec
from xiancheng.sim.state import quarter_of

REGION = load("binzhou")
CODES = [county.code for county in REGION.counties]
HUIMIN = CODES.index("371621")
PARK = {
    "lever": "产业与园区岗位", "amount": "0.5万", "counties": "惠民", "start": "2024Q1",
    "finish": "2024Q4",
}  # fmt: skip


def with_park(**keys):
    return {"name": "ours", "based_on": "plan", "additions": {"我们的园区": PARK | keys}}


def levers(scenario, year, season):
    return compile_policy(scenario, REGION)(quarter_of(year, season))


def test_its_amount_is_added_to_the_lever_of_its_counties():
    plan, ours = resolve("plan"), resolve(with_park())
    more = [
        levers(ours, *when).tradable_jobs - levers(plan, *when).tradable_jobs
        for when in ((2024, 2), (2030, 1))
    ]
    for amount, gain in zip((2500, 5000), more, strict=True):
        assert gain[2 * HUIMIN] == pytest.approx(amount)
        assert np.abs(np.delete(gain, 2 * HUIMIN)).max() < 1e-6
    busier = levers(ours, 2030, 1).workload - levers(plan, 2030, 1).workload
    assert busier[2 * HUIMIN] == pytest.approx(1 / len(plan.plan.measures))
    assert not np.delete(busier, [2 * HUIMIN, 2 * HUIMIN + 1]).any()


def test_it_is_a_measure_that_settings_and_later_scenarios_know(tmp_path):
    file = tmp_path / "ours.yaml"
    file.write_text(
        "name: ours\nbased_on: baseline\nadditions:\n  园区:\n    lever: tradable_jobs\n"
        "    amount: 800\n    start: 2024Q1\n    finish: 2025Q4\n",
        encoding="utf-8",
    )
    later = {"name": "later", "based_on": str(file), "measures": {"N01": 0.5}}
    scenario = resolve(later)
    assert scenario.setting("N01").intensity == 0.5
    assert list(scenario.settings) == ["N01"]
    gain = levers(scenario, 2030, 1).tradable_jobs
    assert gain.sum() == pytest.approx(400)


def test_the_whole_scenario_can_be_written_pickled_and_run_again():
    scenario = resolve(with_park())
    again = resolve(scenario.resolved())
    assert again.resolved() == scenario.resolved()
    spec = RunSpec.of(scenario)
    copy = pickle.loads(pickle.dumps(spec))
    assert copy.key == spec.key != RunSpec.of(resolve("plan")).key
    assert copy.scenario.plan.measures["N01"].title.zh == "我们的园区"
    assert spec.baseline.key == RunSpec.of("plan").baseline.key, "the baseline knows nothing of it"


def test_differences_name_it_both_ways():
    plan, ours = resolve("plan"), resolve(with_park())
    (one,) = diff(plan, ours)
    assert one.startswith("N01 我们的园区：新增：产业与园区岗位 5,000 个，惠民，2024Q1 至 2024Q4")
    assert diff(ours, plan) == ["N01 我们的园区：不做"]
    assert diff(ours, resolve(with_park(amount=900)), "en")[0].count("->") == 1
    assert called(resolve(with_park() | {"title": "方案照文件实施"}), REGION).zh.endswith("1 项）")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"lever": "jobs"}, "additions.我们的园区.lever"),
        ({"counties": "禹城市"}, "additions.我们的园区.counties"),
        ({"start": "2023Q4"}, "additions.我们的园区.start"),
        ({"finish": "2023Q4"}, "finish 不早于 start"),
        ({"amount": 3e5}, "additions.我们的园区"),
        ({"id": "M01"}, "additions.我们的园区.id"),
        ({"project": "P9"}, "additions.我们的园区.project"),
        ({"lead": ["不存在局"]}, "additions.我们的园区.lead"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(keys, message):
    with pytest.raises(ScenarioError) as refused:
        resolve(with_park(**keys))
    assert message in refused.value.text("zh")


def test_a_setting_of_a_project_that_nobody_adds_is_refused():
    with pytest.raises(ScenarioError, match="N02"):
        resolve(with_park() | {"measures": {"N02": 1}})
