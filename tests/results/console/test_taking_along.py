"""What people take from the page: tables and pictures as files, a printed view; and its help."""

import re

import pytest


def open_overview(visitor):
    one = visitor()
    one.open()
    return one


def test_every_table_comes_as_csv_and_excel_with_what_is_shown(visitor, tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    pytest.importorskip("xlsxwriter")
    one = open_overview(visitor)
    tables = one.page.locator(".view .tabled table").count()
    for form in ("CSV", "Excel"):
        assert one.page.get_by_role("button", name=f"下载 {form}").count() == tables
    shown = one.page.locator(".below table").first.locator("tbody tr").first
    name, start = shown.locator("th").inner_text(), shown.locator("td").first.inner_text()
    places = one.page.locator(".below .with-tools").first
    found = {}
    for form, ending in (("CSV", "csv"), ("Excel", "xlsx")):
        with one.page.expect_download() as download:
            places.get_by_role("button", name=f"下载 {form}").click()
        assert download.value.suggested_filename.endswith(ending)
        found[ending] = tmp_path / f"places.{ending}"
        download.value.save_as(found[ending])
    head, first, *_ = found["csv"].read_text("utf-8-sig").splitlines()
    assert head.startswith("地区,起点")
    assert first.startswith(name)
    assert f"{float(first.split(',')[1]):.2f}" == start
    book = openpyxl.load_workbook(found["xlsx"])
    rows = [row for row in book.worksheets[0].iter_rows(values_only=True) if row[0] == name]
    assert f"{rows[0][1]:.2f}" == start
    text = str([row for row in book.worksheets[0].iter_rows(values_only=True)])
    assert "方案照文件实施" in text, "the sheet says which scenario it is of"


def test_every_chart_and_map_comes_as_a_picture(visitor, tmp_path):
    one = open_overview(visitor)
    assert one.page.get_by_role("button", name="下载 PNG").count() == 3
    for part in (".fan", ".mapped"):
        frame = one.page.locator(part).first
        for form, begins in (("SVG", b"<svg"), ("PNG", b"\x89PNG")):
            with one.page.expect_download() as download:
                frame.get_by_role("button", name=f"下载 {form}").click()
            file = tmp_path / "picture"
            download.value.save_as(file)
            content = file.read_bytes()
            assert content.startswith(begins)
            assert len(content) > 2000
        with one.page.expect_download() as download:
            frame.get_by_role("button", name="下载 SVG").click()
        download.value.save_as(file)
        text = file.read_text("utf-8")
        assert "方案照文件实施" in text, "with what it rests on"
        assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", text), "nothing from outside"


def test_a_printed_view_says_what_it_is_and_has_no_buttons(visitor):
    one = open_overview(visitor)
    one.slide("P1", 0.5)
    one.answered()
    one.page.emulate_media(media="print")
    text = one.page.locator(".print-head").inner_text()
    assert "总览" in text
    assert "方案照文件实施（有改动 1 项）" in text
    assert "1 → 0.5" in text
    assert re.search(r"制作日期 \d{4}-\d\d-\d\d", text)
    seen = one.page.locator("button, input, select, .side").all()
    assert not [each for each in seen if each.is_visible()]
    inside = one.page.locator(".console .card").first
    assert inside.evaluate("e => getComputedStyle(e).breakInside") == "avoid"
    assert one.page.locator("body").evaluate("e => getComputedStyle(e).printColorAdjust") == "exact"
    drawn = """() => { const svg = document.querySelector('.fan .chart svg');
      dispatchEvent(new Event('beforeprint'));
      const box = [svg.getAttribute('viewBox'), getComputedStyle(svg).width,
                   getComputedStyle(svg.parentNode.parentNode).width];
      dispatchEvent(new Event('afterprint'));
      return [...box, svg.hasAttribute('viewBox')] }"""
    box, picture, room, after = one.page.evaluate(drawn)
    assert re.fullmatch(r"0 0 \d+ \d+", box), "it shrinks with its paper"
    assert picture == room
    assert not after


def test_a_presentation_has_one_answer_for_each_place_and_turns_with_the_arrows(visitor):
    one = open_overview(visitor)
    page = one.page
    shown = page.locator(".slide:visible")
    page.locator("[data-present]").click()
    assert shown.count() == 1
    assert re.search(r"\d\d\.\d%", shown.inner_text())
    assert "目标" in shown.inner_text(), "what is judged comes first"
    first = shown.locator("h2").inner_text()
    page.keyboard.press("ArrowRight")
    second = shown.locator("h2").inner_text()
    assert second != first
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert shown.locator("h2").inner_text() == first, "it does not turn round"
    page.keyboard.press("End")
    places = page.locator(".slide").count()
    assert f"{places}/{places}" in shown.inner_text()
    page.keyboard.press("Escape")
    assert shown.count() == 0
    assert page.evaluate("document.activeElement.dataset.present") is not None


def test_a_word_is_explained_where_it_stands(visitor):
    one = open_overview(visitor)
    word = one.page.locator(".term", has_text="无方案").first
    word.hover()
    note = one.page.locator("#gloss")
    assert "方案一项不做" in note.inner_text()
    one.page.keyboard.press("Escape")
    assert not note.is_visible()
    word.focus()
    assert note.is_visible()
    assert word.get_attribute("aria-describedby") == "gloss"


def test_the_tour_is_offered_once_and_ends_where_it_began(visitor):
    one = open_overview(visitor)
    invitation = one.page.locator("#invitation")
    assert invitation.is_visible()
    invitation.get_by_role("button", name="看一分钟导览").click()
    card = one.page.get_by_role("dialog", name="导览")
    for _ in range(20):
        if not card.is_visible():
            break
        card.locator(".main-action").click()
    assert not card.is_visible()
    assert not invitation.is_visible()
    one.open()
    assert not invitation.is_visible(), "this browser has seen it"
    one.page.get_by_role("button", name="导览", exact=True).click()
    assert card.is_visible()
    one.page.keyboard.press("Escape")
    assert not card.is_visible()
    assert one.page.evaluate("document.activeElement.dataset.tour") == "start"


def test_the_line_before_a_change_stays_as_a_ghost(visitor):
    one = open_overview(visitor)
    chart = one.page.locator(".fan .chart")
    assert "改动前" not in chart.inner_text()
    one.slide("P1", 2)
    one.answered()
    assert "改动前" in chart.inner_text()
    changed = one.changed()
    one.page.get_by_role("button", name="恢复：P1").click()
    one.heard(changed)
    one.answered()
    assert "改动前" in chart.inner_text(), "the one before is another now"


def test_the_second_map_can_show_the_gap_to_the_target(visitor):
    one = open_overview(visitor)
    one.page.get_by_label("第二幅图").select_option(label="与目标的差距")
    one.page.wait_for_function("document.querySelector('.maps').innerText.includes('目标之差')")
    drawn = one.page.locator("svg.map").last.text_content()
    rows = one.page.locator(".verdicts tbody tr").all()[1:]
    names = [row.locator("th").inner_text().split()[0] for row in rows]
    gaps = [row.locator("td").nth(6).inner_text() for row in rows]
    for name, gap in zip(names, gaps, strict=True):
        assert f"{name} {gap}" in drawn, "the gap that the verdicts have"
    assert "滨城区 –" in drawn, "no target of its own"


def test_a_comparison_begins_with_the_answer_and_long_lists_are_folded(visitor):
    one = visitor()
    one.open("/?view=compare")
    lead = one.page.locator(".view .lead").first.inner_text()
    a, b, less = map(
        float, re.search(r"A ([\d.]+)%，B ([\d.]+)%；A 减 B 为 ([+-][\d.]+)", lead).groups()
    )
    assert less == pytest.approx(a - b, abs=0.101)
    assert one.page.locator(".view .card").first.inner_text().startswith(lead)
    assert not one.page.get_by_text("城镇常住人口 (人)").first.is_visible()


def test_the_validation_is_told_in_three_sentences_above_its_table(visitor):
    one = visitor()
    one.open("/?view=validation")
    answer = one.page.locator(".view .answer")
    assert answer.locator("p").count() == 3
    assert not re.search("CRPS|Brier|技巧", answer.inner_text())
    assert answer.bounding_box()["y"] < one.page.locator(".view table").first.bounding_box()["y"]


def test_assumptions_are_short_until_something_is_looked_for(visitor):
    one = visitor()
    one.open("/?view=assumptions")
    assert one.page.evaluate("document.documentElement.scrollHeight") < 1100
    box = one.page.get_by_label("在以下各表中查找")
    box.fill("学位")
    rows = one.page.locator(".findable tbody tr:visible, .findable li:visible")
    one.page.wait_for_function("document.querySelector('.findable [hidden]')")
    assert rows.count() > 0
    assert all("学位" in row.inner_text() for row in rows.all())
    box.fill("没有这个词")
    assert "没有找到" in one.page.locator(".view").inner_text()
