"""What it would take, on the page: bounds, progress, cancel, and the package as scenario A."""

import re

import pytest


def opened(visitor, path="/?view=goal"):
    one = visitor()
    one.open(path)
    return one


def only(one, group, kept):
    """Leave one box of a group checked."""
    for box in one.page.get_by_role("group", name=group).get_by_role("checkbox").all():
        box.set_checked(kept in (box.locator("xpath=..").inner_text()))


@pytest.mark.slow
def test_a_package_is_found_confirmed_and_becomes_scenario_a(visitor):
    one = opened(visitor)
    only(one, "要同时达到的目标", "阳信县")
    one.page.get_by_label("要求的达标概率（%）").fill("60")
    one.page.get_by_role("button", name="开始计算").click()
    one.page.wait_for_selector(".goal progress", state="visible")
    one.page.wait_for_selector(".view .answer", timeout=600_000)
    package = one.page.locator(".view .tabled").first
    assert re.search(r"M\d+", package.inner_text())
    measures = re.findall(r"^([MS]\d+) .*?\t([\d.]+)", package.inner_text(), re.MULTILINE)
    one.page.get_by_role("button", name="设为情景 A").click()
    one.page.wait_for_function("document.querySelector('.changes').innerText.includes('→')")
    one.answered()
    here = one.page.get_by_label("情景 A", exact=True).locator("option:checked")
    assert "达标组合（60%）" in here.inner_text()
    from xiancheng.results.console.session import decode

    address = re.search(r"[?&]a=([^&]+)", one.page.url).group(1)
    settings = decode(address).scenario.settings
    done = {name: f"{each.intensity:.2f}" for name, each in settings.items() if not each.idle}
    assert done == {name: f"{float(value):.2f}" for name, value in measures}


def test_a_search_can_be_cancelled_and_what_is_impossible_is_told(visitor):
    one = opened(visitor)
    for box in one.page.get_by_role("group", name="要同时达到的目标").get_by_role("checkbox").all():
        box.uncheck()
    one.page.get_by_role("button", name="开始计算").click()
    one.page.get_by_text("请至少选一个目标").wait_for()
    only(one, "要同时达到的目标", "惠民县")
    one.page.get_by_role("button", name="开始计算").click()
    one.page.wait_for_selector(".goal progress", state="visible")
    one.page.locator(".goal .progress button").click()
    one.page.wait_for_selector(".goal progress", state="hidden")
    assert one.page.locator(".view .answer").count() == 0
    assert not one.complaints
    other = opened(visitor, "/?view=goal&a=baseline")
    other.page.get_by_role("button", name="开始计算").click()
    other.page.get_by_text("情景 A 没有可用的措施").wait_for()
