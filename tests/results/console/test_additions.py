"""A project of the visitor's own: what the form takes, and what becomes of it on the page."""

import pytest
from ruamel.yaml import YAML

from xiancheng.results.console.additions import PART, levers_by_family, read, unit_of
from xiancheng.sim.levers import LEVERS

FILLED = {
    "name": [" 园区 "], "lever": ["tradable_jobs"], "amount": ["0.5万"], "start": ["2024Q1"],
    "finish": ["2025Q4"], "counties": ["371621"],
}  # fmt: skip


def test_a_filled_in_form_becomes_the_keys_of_a_scenario_file():
    keys, wrong = read(FILLED, set())
    assert wrong == {}
    assert keys == {
        "name": "园区", "lever": "tradable_jobs", "amount": 5000, "start": "2024Q1",
        "finish": "2025Q4", "counties": ["371621"],
    }  # fmt: skip
    assert "counties" not in read(FILLED | {"counties": []}, set())[0]
    parts = {f"{PART}371621": ["1,800"], f"{PART}371622": ["0.12万"], f"{PART}371623": [""]}
    keys, wrong = read(FILLED | parts | {"amount": [""]}, set())
    assert (keys["counties"], wrong) == ({"371621": 1800, "371622": 1200}, {})
    assert "amount" not in keys


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "园" * 61), ("name", "\u202e园"), ("name", "学校"),
        ("lever", ""), ("lever", "workload"), ("lever", "x"),
        ("amount", ""), ("amount", "0"), ("amount", "-3"), ("amount", "nan"), ("amount", "很多"),
        ("amount", "200001"), ("finish", "2023Q4"), ("finish", "soon"),
        ("counties", ["371621", "371622"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_beside_its_field_alone(field, value):
    given = FILLED | ({f"{PART}371621": ["9"]} if field == "counties" else {})
    __, wrong = read(given | {field: value if isinstance(value, list) else [value]}, {"学校"})
    assert [*wrong] == [field]


def test_every_lever_but_the_workload_can_be_chosen_and_has_a_unit():
    for lang in ("zh", "en"):
        choices = [name for each in levers_by_family(lang).values() for name in each]
        assert sorted([*choices, "workload"]) == sorted(LEVERS)
        assert all(unit_of(name).text(lang) for name in choices)


def fill(form, name="惠民产业园", amount="5000"):
    form.get_by_label("名称").fill(name)
    form.get_by_label("增加的是什么").select_option("tradable_jobs")
    form.locator("[name=amount]").fill(amount)
    form.get_by_role("checkbox", name="惠民县").check()
    form.get_by_role("button", name="加入").click()


def test_a_project_of_ones_own_counts_and_goes_along_everywhere(visitor, tmp_path):
    one = visitor()
    one.open()
    before, page = one.changed(), one.page
    page.get_by_role("button", name="新增项目").click()
    form = page.locator(".addition")
    form.get_by_role("button", name="加入").click()
    form.get_by_text("请填写名称").wait_for()
    assert form.locator("[aria-invalid=true]").count() == 3
    assert one.changed() == before, "nothing is taken of a form with mistakes"
    verdicts = one.verdicts()
    fill(form, amount="180000")
    one.heard(before)
    one.answered()
    assert "产业与园区岗位 180,000 个，惠民县" in one.changed()
    assert one.verdicts() != verdicts
    assert "惠民产业园" in page.locator("svg.map").first.inner_html(), "it is on the map"
    two = visitor()
    two.open(page.url.removeprefix(one.console.url))
    assert two.verdicts() == one.verdicts(), "the address holds it"
    with page.expect_download() as download:
        page.get_by_role("button", name="下载 YAML").click()
    download.value.save_as(tmp_path / "a.yaml")
    added = YAML(typ="safe").load(tmp_path / "a.yaml")["additions"]
    assert added["惠民产业园"]["counties"] == ["371621"]
    before = one.changed()
    page.get_by_role("button", name="修改 惠民产业园").click()
    form.locator("[name=amount]").fill("")
    for county, amount in {"惠民县": "9万", "阳信县": "60000"}.items():
        form.get_by_label(f"{county}的数量").fill(amount)
    form.get_by_role("button", name="修改").click()
    one.heard(before)
    assert "150,000 个，惠民县 90,000、阳信县 60,000" in one.changed()
    page.get_by_role("button", name="修改 惠民产业园").click()
    assert form.get_by_label("阳信县的数量").input_value() == "60000"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="删除 惠民产业园").click()
    one.heard("")
    page.get_by_text("方案之外，自己设想的项目。").wait_for()
    assert "惠民产业园" not in one.changed()
    assert not one.complaints
