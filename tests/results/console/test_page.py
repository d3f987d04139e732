"""The page in a real browser: what people do with it, and what must not happen."""

import re
from itertools import product
from urllib.parse import urlsplit

import pytest

EVIL = "<img src=x onerror=alert(1)>"


def test_the_first_screen_says_it_all_without_a_click(visitor):
    one = visitor()
    one.open()
    assert one.page.locator(".figure").count() == 4
    rows = one.page.locator(".verdicts tbody tr")
    assert rows.count() == 6
    assert re.search(r"\d+%", rows.first.inner_text()), "the chance that the target is met"
    assert one.page.locator("svg.map").count() == 2
    assert one.page.get_by_text("边界：天地图").count() == 2
    assert one.page.locator(".fan .chart svg").count() == 1
    assert "滨城区" in one.page.locator(".below table").first.inner_text()
    plans = [row.locator("td").last.inner_text() for row in rows.all()]
    assert "A − B" not in one.page.locator(".below table").first.inner_text(), "it is the effect"
    drawn = one.page.locator("svg.map").last.text_content()
    assert all(effect in drawn for effect in plans[1:]), "the map has what the verdicts have"
    width = one.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 1366, "nothing is cut off on a projector"
    assert not one.complaints


@pytest.mark.parametrize("path", ["/", "/en"])
def test_maps_and_fan_end_within_the_screen_of_a_projector(visitor, path):
    one = visitor()
    one.open(path)
    for part in one.page.locator(".maps .credit, .fan .chart").all():
        box = part.bounding_box()
        assert box["y"] + box["height"] <= 764


def test_a_slider_changes_the_verdict_and_is_put_back(visitor):
    one = visitor()
    one.open()
    before = one.verdicts()
    one.slide("P1", 0)
    one.answered()
    assert one.verdicts() != before
    assert "P1" in one.changed()
    assert "1 → 0" in one.changed()
    changed = one.changed()
    one.page.get_by_role("button", name="恢复：P1").click()
    one.heard(changed)
    one.answered()
    assert one.verdicts() == before
    assert "→" not in one.changed()


def test_an_intensity_an_amount_and_a_delay_can_be_typed(visitor):
    one = visitor()
    one.open()
    before = one.changed()
    box = one.page.get_by_label("P3 数字化：数值")
    box.fill("1.35")
    box.press("Tab")
    one.heard(before)
    assert "1 → 1.35" in one.changed()
    for typed in ("", "2.5"):
        box.fill(typed)
        box.press("Tab")
        assert "0–2" in one.page.locator(".slider .wrong:not(:empty)").inner_text()
    assert "1 → 1.35" in one.changed()
    one.page.locator(".project details summary").first.click()
    measure = one.page.locator(".measure").first
    measure.get_by_text("数量与进度").click()
    for name, typed, shown in (
        ("M01-a 产业与园区岗位", "30000", "24,000 → 30,000"), ("M01 推迟（季度）", "2", "0 → 2"),
    ):  # fmt: skip
        before, box = one.changed(), measure.get_by_label(name, exact=True)
        box.fill(typed)
        box.press("Tab")
        one.heard(before)
        assert shown in one.changed()
    assert not one.complaints


@pytest.mark.slow
def test_a_preliminary_answer_is_replaced_by_the_ensemble(visitor):
    one = visitor()
    one.open()
    one.page.evaluate(
        "() => { window.seen = []; new MutationObserver(() => {"
        " const badge = document.querySelector('.badge'); if (badge) seen.push(badge.className) })"
        ".observe(document.body, {subtree: true, childList: true, characterData: true}) }"
    )
    one.slide("P1", 0.4)
    one.page.wait_for_function("seen.some(badge => badge.includes('preliminary'))")
    one.page.wait_for_function("seen.at(-1).includes('final')")


def set_apart(one):
    """The first measure, unfolded, and its box for the strength in Huimin."""
    one.page.locator(".project details summary").first.click()
    measure = one.page.locator(".measure").first
    measure.get_by_text("按县单独设定").click()
    return measure, measure.get_by_label(re.compile(r"^M\d+ 惠民县$"))


def test_a_measure_is_set_apart_in_one_county(visitor):
    one = visitor()
    one.open()
    __, box = set_apart(one)
    before = one.changed()
    box.fill("0")
    box.press("Tab")
    one.heard(before)
    assert "惠民县" in one.changed()
    assert "1 → 0" in one.changed()


def test_a_value_out_of_bounds_is_told_and_takes_nothing_away(visitor):
    one = visitor()
    one.open()
    measure, box = set_apart(one)
    before = one.changed()
    box.fill("0.5")
    box.press("Tab")
    one.heard(before)
    changed = one.changed()
    for typed in ("7", "-", "1e"):
        box.fill("")
        box.press_sequentially(typed)
        box.press("Tab")
        message = measure.locator(".wrong:not(:empty)")
        message.wait_for()
        assert "0–2" in message.inner_text()
        one.page.wait_for_timeout(200)
        assert one.changed() == changed, "the override is still there"


@pytest.mark.slow
def test_the_report_of_what_is_shown_comes_as_a_file(visitor, tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    pytest.importorskip("xlsxwriter")
    one = visitor()
    one.open()
    one.page.get_by_role("button", name="生成报告").click()
    one.page.get_by_label("Word、PDF 的版式").select_option("analytic")
    with one.page.expect_download() as download:
        one.page.get_by_role("button", name="Excel", exact=True).click()
    file = tmp_path / "report.xlsx"
    download.value.save_as(file)
    one.page.get_by_role("button", name="生成报告").click()
    one.page.get_by_label("只要首页和正文，不要附件").check()
    with one.page.expect_download() as shorter:
        one.page.get_by_role("button", name="Excel", exact=True).click()
    brief = tmp_path / "brief.xlsx"
    shorter.value.save_as(brief)
    assert (
        0
        < len(openpyxl.load_workbook(brief).sheetnames)
        < len(openpyxl.load_workbook(file).sheetnames)
    )
    assert "要点" in openpyxl.load_workbook(file).sheetnames
    assert re.fullmatch(r"滨州市_方案照文件实施_[\d-]+\.xlsx", download.value.suggested_filename)


@pytest.mark.slow
def test_a_changed_scenario_gets_a_title_before_it_becomes_a_document(visitor, tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    pytest.importorskip("xlsxwriter")
    one = visitor()
    one.open()
    one.slide("P1", 0.6)
    one.answered()
    shown = one.page.locator(".status").first.inner_text()
    assert re.search(r"方案照文件实施（有改动 \d+ 项）", shown)
    one.page.get_by_role("button", name="生成报告").click()
    one.page.get_by_label("情景 A 的名称").fill("方案照文件实施")
    one.page.get_by_role("button", name="确定").click()
    one.page.get_by_text("请另取一个名称").wait_for()
    one.page.get_by_role("button", name="生成报告").click()
    one.page.get_by_label("情景 A 的名称").fill("产业减半")
    one.page.get_by_role("button", name="确定").click()
    with one.page.expect_download() as download:
        one.page.get_by_role("button", name="Excel", exact=True).click()
    assert "产业减半" in download.value.suggested_filename
    file = tmp_path / "report.xlsx"
    download.value.save_as(file)
    book = openpyxl.load_workbook(file)
    text = " ".join(
        str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row
        if cell is not None
    )  # fmt: skip
    assert "产业减半" in text
    assert "“方案照文件实施”" not in text


@pytest.mark.slow
def test_saving_asks_for_a_title_and_then_it_is_no_longer_changed(visitor):
    one = visitor()
    one.open()
    one.slide("P3", 0.7)
    one.page.get_by_role("button", name="保存", exact=True).click()
    one.page.get_by_label("情景 A 的名称").fill("数字化少做")
    one.page.get_by_role("button", name="确定").click()
    one.page.get_by_text("已保存", exact=True).first.wait_for()
    here = one.page.get_by_label("情景 A", exact=True).locator("option:checked")
    assert here.inner_text() == "数字化少做"
    one.slide("P3", 0.3)
    assert here.inner_text() == "数字化少做（有改动 1 项）"


@pytest.mark.slow
def test_another_day_can_be_looked_at(visitor):
    one = visitor()
    one.open("/?a=to-2030&b=baseline")
    before = one.page.locator(".figures").inner_text()
    one.page.get_by_label("日期").select_option("2030-12-31")
    one.page.wait_for_function("document.querySelector('.figures').innerText.includes('2030-12')")
    assert one.page.locator(".figures").inner_text() != before
    assert "只看各情景之差" in one.page.locator(".status").first.inner_text()
    assert "day=2030-12-31" in one.page.url


@pytest.mark.slow
def test_more_than_can_be_carried_out_is_said_beside_the_sliders(visitor):
    one = visitor()
    one.open()
    assert one.page.locator(".capacity").inner_text() == ""
    for project in ("P1", "P4", "P6"):
        one.slide(project, 2)
    one.answered()
    one.page.wait_for_selector(".capacity:not(:empty)")
    assert re.search(r"任务量超过.*执行能力", one.page.locator(".capacity").inner_text())


def test_no_view_speaks_the_language_of_the_command_line(visitor):
    one = visitor()
    one.open()
    for title in ("总览", "比较", "归因", "增长来源", "谁在迁移", "指标交付", "检验"):
        one.view(title)
        one.page.wait_for_timeout(300)
        text = one.page.locator(".main").inner_text()
        assert not re.search(r"xiancheng |--\w|docs/|plan-without", text), title


def test_a_file_over_one_mebibyte_is_refused(visitor, tmp_path):
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * (2**20 + 1))
    one = visitor()
    one.open()
    one.page.set_input_files("#upload", large)
    one.page.wait_for_selector(".alert:not(:empty)")
    assert "1 MiB" in one.page.locator(".alert").inner_text()


def test_an_address_that_is_broken_is_told_in_the_readers_language(visitor):
    one = visitor()
    one.open("/en?a=nowhere")
    message = one.page.locator(".alert").inner_text()
    assert "an address that this page has made" in message


def test_undo_and_redo_walk_through_the_changes(visitor):
    one = visitor()
    one.open()
    one.slide("P4", 0.5)
    one.slide("P2", 2)
    one.page.get_by_role("button", name="撤销").click()
    one.page.wait_for_function("!document.querySelector('.changes').innerText.includes('P2')")
    assert "1 → 0.5" in one.changed()
    one.page.get_by_role("button", name="重做").click()
    one.page.wait_for_function("document.querySelector('.changes').innerText.includes('P2')")
    assert "1 → 2" in one.changed()


@pytest.mark.slow
def test_the_address_gives_the_same_numbers_in_another_browser(visitor):
    one, other = visitor(), visitor()
    one.open()
    one.slide("P1", 0.3)
    changed = one.changed()
    one.page.get_by_label("城乡代码冻结").check()
    one.heard(changed)
    one.answered()
    address = urlsplit(one.page.url)
    other.open(f"{address.path}?{address.query}")
    assert other.verdicts() == one.verdicts()
    assert other.changed() == one.changed()


@pytest.mark.slow
def test_a_saved_scenario_can_be_chosen_as_b(visitor):
    one = visitor()
    one.open()
    one.slide("P5", 1.7)
    one.page.get_by_role("button", name="改名").click()
    one.page.get_by_label("情景 A 的名称").fill("环境加力")
    one.page.get_by_role("button", name="确定").click()
    one.page.get_by_role("button", name="保存", exact=True).click()
    other = visitor()
    other.open()
    other.page.get_by_label("对照情景 B").select_option(label="环境加力")
    other.page.wait_for_function("document.querySelector('.maps').innerText.includes('环境加力')")
    names = [file.name for file in (one.console.folder / "saved").iterdir()]
    assert all(re.fullmatch(r"[0-9a-f]{12}\.yaml", name) for name in names)


@pytest.mark.slow
def test_two_users_do_not_see_each_others_levers(visitor):
    one, other = visitor(), visitor()
    one.open()
    other.open()
    before = other.verdicts()
    one.slide("P1", 0)
    one.answered()
    assert "→" not in other.changed()
    assert other.verdicts() == before


def test_a_bad_file_is_refused_in_the_words_of_the_validator(visitor, tmp_path):
    from xiancheng.calibration.errors import ScenarioError
    from xiancheng.results.console.session import UPLOAD
    from xiancheng.scenarios.loader import resolve

    bad = tmp_path / "mine.yaml"
    bad.write_text("name: x\ntitle: x\nbased_on: plan\nmeasures:\n  M99: {intensity: 3}\n")
    with pytest.raises(ScenarioError) as refused:
        resolve(bad)
    message = refused.value.text().replace(str(bad), UPLOAD)
    one = visitor()
    one.open()
    one.page.set_input_files("#upload", bad)
    one.page.wait_for_selector(".alert:not(:empty)")
    assert one.page.locator(".alert").inner_text().strip() == message
    assert f"{UPLOAD}:5:3" in message


def test_a_good_file_comes_in_and_goes_out_the_same(visitor, tmp_path):
    from xiancheng.scenarios.loader import resolve

    good = tmp_path / "mine.yaml"
    good.write_text("name: x\ntitle: 甲\nbased_on: plan\nmeasures:\n  M12: {intensity: 0.4}\n")
    one = visitor()
    one.open()
    one.page.set_input_files("#upload", good)
    one.page.wait_for_function("document.querySelector('.changes').innerText.includes('M12')")
    with one.page.expect_download() as download:
        one.page.get_by_role("button", name="下载 YAML").click()
    out = tmp_path / "out.yaml"
    download.value.save_as(out)
    assert resolve(out).settings == resolve(good).settings
    assert re.fullmatch(r"甲_[\d-]+\.yaml", download.value.suggested_filename)


@pytest.mark.slow
def test_markup_in_a_title_is_text_wherever_it_is_shown(visitor, tmp_path):
    file = tmp_path / "evil.yaml"
    file.write_text(f"name: x\ntitle: '{EVIL}'\nbased_on: plan\nmeasures: {{M12: 0.4}}\n")
    one = visitor()
    one.open()
    one.page.set_input_files("#upload", file)
    one.page.wait_for_function("document.querySelector('.changes').innerText.includes('M12')")
    one.answered()
    one.page.get_by_role("button", name="保存", exact=True).click()
    one.slide("P1", 0.5)  # else B is A, and no difference is drawn
    one.page.get_by_label("对照情景 B").select_option(label=EVIL)
    one.page.wait_for_function("document.querySelector('.maps').innerText.includes('onerror')")
    one.answered()
    for title in ("比较", "增长来源", "谁在迁移", "指标交付", "总览"):
        one.view(title)
        one.page.wait_for_timeout(300)
        assert one.page.locator("img").count() == 0
    assert not one.complaints, "nothing of it ran"


@pytest.mark.parametrize("path", ["/", "/en"])
def test_a_visit_asks_nobody_but_this_server(visitor, path):
    one = visitor()
    one.open(path)
    for button in one.page.locator(".views .button").all():
        button.click()
        one.page.wait_for_timeout(200)
    outside = [
        url
        for url in one.requests
        if urlsplit(url).scheme not in ("data", "blob")
        and urlsplit(url).netloc != urlsplit(one.console.url).netloc
    ]
    assert outside == []


@pytest.mark.parametrize(
    ("path", "lang", "width", "zoom"),
    [pytest.param(path, lang, width, zoom, marks=() if n == 0 else pytest.mark.slow)
     for n, ((path, lang), width, zoom) in enumerate(
         product((("/", "zh-CN"), ("/en", "en-US")), (1366, 1920), (1.0, 1.5)))],
)  # fmt: skip
def test_no_view_breaks_a_rule_of_accessibility(visitor, path, lang, width, zoom):
    axe = pytest.importorskip("axe_playwright_python", reason="needs axe-playwright-python")
    from pathlib import Path

    one = visitor(device_scale_factor=zoom)
    seen = {"width": int(width / zoom), "height": int(768 / zoom)}
    one.page.set_viewport_size(seen)
    one.open(path)
    assert one.page.evaluate("document.documentElement.lang") == lang
    one.page.locator(".project details summary").first.click()
    one.page.wait_for_selector(".measure")
    for summary in one.page.locator(".measure summary").all()[:2]:
        summary.click()
    one.page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text())
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    for button in one.page.locator(".views .button").all():
        button.click()
        one.page.wait_for_timeout(500)
        found = one.page.evaluate("rules => axe.run(document, {runOnly: rules})", rules)
        assert [(v["id"], v["nodes"][0]["html"]) for v in found["violations"]] == []
        assert one.page.evaluate("document.documentElement.scrollWidth") <= seen["width"]
    windows = {"新增项目": ".addition form", "生成报告": ".report"}
    if path == "/en":
        windows = {"Add a project": ".addition form", "Report": ".report"}
    for name, part in windows.items():
        one.page.get_by_role("button", name=name, exact=True).click()
        one.page.wait_for_selector(part)
        one.page.wait_for_timeout(500)  # it fades in
        found = one.page.evaluate("rules => axe.run('.dialog', {runOnly: rules})", rules)
        assert [(v["id"], v["nodes"][0]["html"]) for v in found["violations"]] == []
        one.page.locator(".dialog").get_by_role("button").last.click()
        one.page.wait_for_selector(part, state="hidden")
    one.page.locator("[data-present]").click()
    found = one.page.evaluate("rules => axe.run('.slides', {runOnly: rules})", rules)
    assert [(v["id"], v["nodes"][0]["html"]) for v in found["violations"]] == []
    slide = one.page.locator(".slide:visible").bounding_box()
    assert slide["y"] >= 0, "it fits the screen"
    assert slide["y"] + slide["height"] <= seen["height"]


def test_everything_can_be_reached_and_seen_with_the_keyboard(visitor):
    one = visitor()
    one.open()
    reached = set()
    for _ in range(60):
        one.page.keyboard.press("Tab")
        reached.add(
            one.page.evaluate(
                "() => { const e = document.activeElement, s = getComputedStyle(e);"
                " return [e.tagName + (e.type || ''), s.outlineStyle !== 'none'].join() }"
            )
        )
    kinds = {each.partition(",")[0] for each in reached}
    assert {"INPUTrange", "SELECTselect-one", "BUTTONbutton", "SUMMARY"} <= kinds
    assert all(each.endswith("true") for each in reached if not each.startswith("BODY"))


@pytest.mark.slow
def test_cancelling_leaves_what_was_shown_and_can_be_resumed(visitor):
    one = visitor()
    one.open()
    before = one.verdicts()
    one.slide("P1", 0.2)
    one.page.get_by_role("button", name="取消计算").click()
    one.page.get_by_text("已取消").wait_for()
    one.page.get_by_role("button", name="继续全规模计算").click()
    one.page.get_by_text("正在计算第一个答案").wait_for()
    one.answered()
    assert one.page.locator(".verdicts tbody tr").count() == 6
    assert one.verdicts() != before


@pytest.mark.slow
def test_shares_of_the_measures_add_up_to_the_whole(visitor):
    one = visitor()
    one.open("/?view=attribution")
    one.page.get_by_role("button", name="计算各措施的贡献").click()
    one.page.wait_for_selector(".view .tabled", timeout=600_000)  # 880 runs
    tables = one.page.locator(".view .tabled table").all()
    for table in tables[:2]:  # after them stands that of doses
        texts = [row.locator("td").first.inner_text() for row in table.locator("tbody tr").all()]
        unseen = [float(text[1:]) for text in texts if text.startswith("<")]
        *parts, whole = (float(text) for text in texts if not text.startswith("<"))
        rounding = 0.005 * (len(parts) + 1) + sum(unseen)
        assert sum(parts) == pytest.approx(whole, abs=rounding)


@pytest.mark.slow
def test_a_comparison_shows_what_comes_of_it_and_what_differs(visitor):
    one = visitor()
    one.open("/?view=compare")
    one.page.get_by_label("再加一个情景 C").select_option(label="学位优先")
    one.page.wait_for_function("document.querySelector('.view').innerText.includes('A 与 C')")
    text = one.page.locator(".view").inner_text()
    assert "5县市合计" in text
    assert "T-0" not in text
    assert "2 次抽样的范围" in text
    assert not re.search("随机数.标准差|--|B − A|C − A", text)
    assert "规模 0.01，2 次抽样" in text
    assert "规模 0.01" in one.page.locator(".status").first.inner_text(), (
        "the same as the line says"
    )
    cells = one.page.locator(".tabled table").nth(1).locator("tbody tr").first.locator("td")
    a, b, less = (float(cells.nth(i).inner_text()) for i in (0, 1, 2))
    assert less == pytest.approx(a - b, abs=0.101)
    assert not one.page.get_by_text("M12").first.is_visible(), "the list is folded"
    one.page.get_by_text("A 与 C 的不同").click()
    assert "M12" in one.page.locator(".view").inner_text()
    one.view("总览")
    overview = one.page.locator(".verdicts tbody tr").first.inner_text()
    one.view("比较")
    compared = one.page.locator(".tabled tbody tr").first.inner_text()
    expected = re.search(r"\t(\d+\.\d)\t", overview).group(1)
    assert expected in compared


def test_who_moves_names_where_they_go(visitor):
    one = visitor()
    one.open("/?view=movers")
    one.page.wait_for_selector(".view .tabled")
    assert one.page.locator(".view .chart svg").count() == 4
    text = one.page.locator(".view").inner_text()
    assert "本县乡村" in text
    assert "净迁入" in text
