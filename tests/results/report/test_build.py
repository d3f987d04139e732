"""The documents, opened again: they hold the run's numbers, run nothing, and load nothing."""

import re
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from html.parser import HTMLParser
from importlib import import_module
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.results.report.test_sections import SCALE, drawn, shares_of
from xiancheng.calibration.errors import RequestError, ScenarioError
from xiancheng.calibration.file_models import Text
from xiancheng.results.cli import main, publish
from xiancheng.results.report import build, document, sections, xlsx
from xiancheng.results.store.cache import StoredRuns, save_run
from xiancheng.results.store.runs import load_run
from xiancheng.results.tables import counties, plan_result
from xiancheng.results.tables.table import Column
from xiancheng.results.text import Say
from xiancheng.results.verdict.verdict import verdicts
from xiancheng.scenarios.diff import plain
from xiancheng.scenarios.ensemble import Ensemble, ensemble
from xiancheng.scenarios.executor import InlineExecutor
from xiancheng.scenarios.loader import resolve

docx = pytest.importorskip("docx")
openpyxl = pytest.importorskip("openpyxl")
pypdf = pytest.importorskip("pypdf")
pytest.importorskip("typst")
pytest.importorskip("xlsxwriter")

FORMS = [*build.WRITERS]
FONTS = ("黑体", "仿宋", "宋体", "方正小标宋简体", "仿宋_GB2312", "楷体_GB2312")
HOSTILE = {
    "tag": "<img src=x onerror=alert(1)>",
    "formula": "=cmd|' /C calc'!A0",
    "markup": '#eval("1") $x$ @a \\ *b* _c_ `d`',
    "sum": "-1+1",
    "plus": "+1",
    "minus": "-1",
    "at": "@x",
    "long": "长" * 200,
    "steering": "abc\u200fcba\u200b",
    "lines": "first\nsecond\n=third",
}


@pytest.fixture(scope="module")
def both():
    return drawn(ensemble(resolve("plan"), draws=0, scale=SCALE))


def about(both, title="方案照文件实施"):
    """The subject of a plan with this title, with draws and shares."""
    named = replace(both.scenario.scenario, title=Text(zh=title, en=title))
    plan = replace(both.scenario, spec=both.scenario.spec.running(named))
    result = plan_result.of_pair(replace(both, scenario=plan), run="plan-0123")
    return replace(result, shares=shares_of(result, {"P1": (0.3, 0.1), "P2": (-0.1, 0.2)}))


@pytest.fixture(scope="module")
def result(both):
    return about(both)


@pytest.fixture(scope="module")
def what(result):
    return sections.document(result, "zh")


@pytest.fixture(scope="module")
def pictures(what):
    return document.pictures(what, "png", "svg")


@pytest.fixture(scope="module")
def files(what, pictures):
    return {form: written(form, what, pictures) for form in FORMS}


@pytest.fixture(scope="module")
def printed(files):
    """The text of the whole PDF."""
    return pdf_text(files["pdf"])


def written(form, what, pictures):
    """A document as its writer makes it."""
    return import_module(f"{build.__package__}.{form}").write(what, pictures)


def word_tables(content):
    """The tables of a Word file that have a header that repeats, as texts."""
    opened = docx.Document(BytesIO(content))
    return [
        [[cell.text for cell in row.cells] for row in table.rows]
        for table in opened.tables
        if table.rows[0]._tr.xpath("./w:trPr/w:tblHeader")
    ]


def pdf_text(content, pages=None):
    """The text of the first pages, or of all, without spaces."""
    pages = pypdf.PdfReader(BytesIO(content)).pages[:pages]
    return re.sub(r"\s+", "", "".join(page.extract_text() for page in pages))


class ParsedPage(HTMLParser):
    """Tags with their attributes, text, and the cells of tables."""

    def __init__(self, content):
        super().__init__()
        self.tags, self.texts, self.rows = [], [], []
        self.feed(content.decode())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        self.texts.append(data)
        if self.rows and self.tags[-1][0] in ("td", "th"):
            self.rows[-1][-1] += data


# The numbers


def test_word_holds_the_tables_of_the_run(files, what):
    found = word_tables(files["docx"])
    for table, shown in zip(what.tables(), found, strict=True):
        assert shown == [document.headers(table), *document.body(table)]


def test_pdf_holds_the_tables_of_the_run(printed, what):
    for table in what.tables():
        if table.key in ("verdicts", "causes-371621", "shares-project"):
            for row in table.texts():
                assert re.sub(r"\s+", "", "".join(row)) in printed, table.key


def test_html_holds_the_tables_of_the_run(files, what):
    rows = ParsedPage(files["html"]).rows
    expected = [
        row for table in what.tables() for row in (document.headers(table), *document.body(table))
    ]
    assert rows == expected


def test_excel_holds_numbers_as_numbers(files, what):
    book = openpyxl.load_workbook(BytesIO(files["xlsx"]))
    cells = {}
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is not None and str(cell.value).startswith("表 "):
                    cells[cell.value] = sheet, cell.row
    captions = what.captions()
    for table in what.tables():
        sheet, row = cells[captions[table.key]]
        for number, expected in enumerate(table.rows, row + 2):
            for i, (column, value) in enumerate(zip(table.columns, expected, strict=True), 1):
                cell = sheet.cell(number, i)
                if column.numeric and isinstance(value, int | float):
                    assert cell.data_type == "n"
                    assert cell.value == pytest.approx(value)


def test_negative_numbers_stay_numbers(files, what):
    table = next(t for t in what.tables() if t.key == "shares-project")
    assert [row[1] for row in table.rows] == [0.3, -0.1, pytest.approx(0.2)]
    sheet = openpyxl.load_workbook(BytesIO(files["xlsx"]))["归因"]
    numbers = [c.value for row in sheet.iter_rows() for c in row if c.data_type == "n"]
    assert -0.1 in numbers
    assert "-0.10" in [cell for rows in word_tables(files["docx"]) for row in rows for cell in row]


def test_without_draws_the_documents_are_made_all_the_same(result):
    undrawn = plan_result.of_pair(replace(result.both, drawn=None), run="plan-0123")
    files = build.documents(undrawn, FORMS, "en")
    assert "of one run at the central parameters" in "".join(ParsedPage(files["html"]).texts)
    assert all(files[form] for form in FORMS)


def placed(spec, region):
    """A spec in another pack than its own."""
    vars(other := spec.vary())["pack"] = region
    return other


def test_a_region_without_targets_has_documents_without_verdicts(result):
    region = replace(result.region, targets=())
    plan, baseline = (
        replace(run, spec=placed(run.spec, region))
        for run in (result.both.scenario, result.both.baseline)
    )
    both = replace(result.both, scenario=plan, baseline=baseline, reference=baseline, drawn=None)
    plain = plan_result.of_pair(both, run="plan-0123")
    assert plain.verdicts.empty
    files = build.documents(plain, FORMS, "zh")
    assert "没有到期的目标" in "".join(ParsedPage(files["html"]).texts)
    assert all(files[form] for form in FORMS)


# Form


def test_every_style_of_word_names_its_chinese_font(files):
    styles = docx.Document(BytesIO(files["docx"])).styles.element
    for style in styles.xpath("./w:style[w:rPr]"):
        if fonts := style.xpath("./w:rPr/w:rFonts/@w:eastAsia"):  # a badge has those of its line
            assert fonts[0] in FONTS
    fonts = {
        style.xpath("./w:name/@w:val")[0]: style.xpath("./w:rPr/w:rFonts/@w:eastAsia")
        for style in styles.xpath("./w:style[w:rPr]")
    }
    assert fonts["heading 1"] == fonts["Title"] == fonts["Official Heading 1"] == ["黑体"]
    assert fonts["Normal"] == ["仿宋"]
    assert fonts["Official Title"] == ["方正小标宋简体"]
    assert fonts["Official Body"] == ["仿宋_GB2312"]
    assert fonts["Official Heading 2"] == ["楷体_GB2312"]


def test_word_has_headings_pages_a_header_and_a_table_of_contents(files, what):
    opened = docx.Document(BytesIO(files["docx"]))
    headings = [p for p in opened.paragraphs if re.match(r"(Official )?Heading", p.style.name)]
    assert [p.text for p in headings] == what.headings()[1:]  # the page for leaders has none
    marks = [p._p.xpath("./w:bookmarkStart/@w:name")[0] for p in headings]
    codes = [e.text.split() for e in opened.element.body.xpath(".//w:instrText")]
    assert [code[1] for code in codes if code[0] == "PAGEREF"] == marks
    front, annex = opened.sections
    assert front.header.paragraphs[0].text == ""
    assert annex.header.paragraphs[0].text == what.header
    for footer in (front.footer, front.even_page_footer):
        assert "PAGE" in [e.text.strip() for e in footer._element.xpath(".//w:instrText")]
        assert footer.paragraphs[0].text == "— 1 —"


def test_the_official_style_is_that_of_the_standard(files):
    """GB/T 9704-2012: margins 37, 35, 28 and 26 mm; three sizes; lines 28 pt apart."""
    opened = docx.Document(BytesIO(files["docx"]))
    page = opened.sections[0]
    margins = page.top_margin, page.bottom_margin, page.left_margin, page.right_margin
    assert [round(each.mm) for each in margins] == [37, 35, 28, 26]
    styles = {name: opened.styles[f"Official {name}"] for name in ("Title", "Body", "Heading 1")}
    assert [style.font.size.pt for style in styles.values()] == [22, 16, 16]
    assert styles["Body"].paragraph_format.line_spacing.pt == 28
    size = pypdf.PdfReader(BytesIO(files["pdf"])).pages[0].mediabox
    assert [round(float(each) / 72 * 25.4) for each in (size.width, size.height)] == [210, 297]


def test_levels_are_numbered_as_offices_do(what):
    shown = dict(zip((section.key for section in what.sections), what.headings(), strict=True))
    assert shown["targets"].startswith("一、")
    assert shown["certainty"].startswith("五、")
    assert shown["verdicts"].startswith("一、")  # the annex counts anew
    assert shown["place-371621"].startswith("（")
    assert shown["leaders"] == "要点"


def test_the_page_for_leaders_is_one_page_of_plain_words(result, files, what):
    """No run, no symbol, no number of a project or measure, no word of the model."""
    page = pdf_text(files["pdf"], 1)
    for word in ("结论1.", "建议1.", "须知1.", "—1—", "编制单位"):
        assert word in page, word
    for word in ("plan-0123", "±", "≥", "≈", "P1", "M01", "抽样", "先验", "后验", "中位数", "种子",
                 "强证据", "数量：", "规模"):  # fmt: skip
        assert word not in page, word
    (first, *_) = what.sections
    assert [block.title for block in first.blocks if isinstance(block, document.BulletList)] == [
        "结论", "建议", "须知"
    ]  # fmt: skip
    conclusions, *_, notices = (b for b in first.blocks if isinstance(b, document.BulletList))
    assert (len(conclusions.items), len(notices.items)) == (3, 2)
    (table,) = (b for b in first.blocks if isinstance(b, document.Table))
    assert len(table.rows) == len(result.verdicts) == 6


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_front_pages_are_few(result, lang):
    """The page for leaders is one page, and the body at most six; --brief has no more."""
    setting = document.Layout(brief=True, unit="委" * document.LONGEST_UNIT)
    content = build.documents(result, ["pdf"], lang, setting)["pdf"]
    pages = pypdf.PdfReader(BytesIO(content)).pages
    assert 2 <= len(pages) <= 7
    second = re.sub(r"\s+", "", pages[1].extract_text())
    assert {"zh": "一、目标能否达到", "en": "1Canthetargetsbemet"}[lang] in second
    assert "plan-0123" not in pages[0].extract_text()


def test_a_unit_is_named_on_the_first_page_and_a_space_is_left_without_one(result, pictures):
    named = document.Layout(unit="滨州市发展改革委")
    for setting, shown in ((named, "滨州市发展改革委"), (document.Layout(), "（待填写）")):
        content = written("docx", sections.document(result, "zh", setting), pictures)
        first = [p.text for p in docx.Document(BytesIO(content)).paragraphs[:4]]
        assert any(shown in text and "年" in text for text in first)


def test_a_unit_is_one_line_of_text_that_is_not_too_long():
    assert document.Layout(unit=" 滨州市\n 发改委 ").resolved("zh").unit == "滨州市 发改委"
    for wrong in ("委" * (document.LONGEST_UNIT + 1), "a\x00b", "\udcd6"):
        with pytest.raises(RequestError, match="printable"):
            document.Layout(unit=wrong).resolved("zh")


def test_the_official_style_is_refused_in_english():
    with pytest.raises(RequestError, match="GB/T 9704"):
        document.Layout("official").resolved("en")
    assert document.Layout().resolved("en").style == "analytic"


def test_every_document_has_the_two_badges(files, printed):
    words = {
        "docx": "".join(p.text for p in docx.Document(BytesIO(files["docx"])).paragraphs),
        "pdf": printed, "html": "".join(ParsedPage(files["html"]).texts),
        "xlsx": "".join(
            str(cell.value) for sheet in openpyxl.load_workbook(BytesIO(files["xlsx"]))
            for row in sheet.iter_rows() for cell in row
        ),
    }  # fmt: skip
    for form, text in words.items():
        assert "方向：强证据" in text, form
        assert re.search("数量：[^。]*假定", text), form


def test_the_heading_of_delivery_denies_what_it_is_not(what):
    for section in what.sections:
        if section.key in ("tasks", "delivery"):
            assert "不是实际进展的统计" in section.title


def test_pdf_brings_its_own_fonts(files):
    reader, fonts = pypdf.PdfReader(BytesIO(files["pdf"])), set()
    for page in reader.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            fonts.add(font.get_object()["/BaseFont"])
    assert fonts
    assert all("NotoSansSC" in font or "NotoSerifSC" in font for font in fonts), fonts


def test_excel_has_charts_of_its_own_frozen_headers_and_provenance(files, what):
    book = openpyxl.load_workbook(BytesIO(files["xlsx"]))
    shown = [chart for chart in what.charts() if chart.kind != "map"]  # which Excel cannot draw
    assert sum(len(sheet._charts) for sheet in book) == len(shown)
    (first,) = book.worksheets[0]._charts
    assert "目标" in {each.tx.v for each in first.series}, "for leaders, too"
    assert "来源" in book.sheetnames
    assert all(book[name].freeze_panes for name in ("假定", "来源", "惠民县"))


def test_excel_prints_whole_tables_with_their_headers(files, what):
    """A sheet is a page, or one long table whose header repeats; charts are below tables."""
    book = openpyxl.load_workbook(BytesIO(files["xlsx"]))
    long = [table for table in what.tables() if len(table.rows) > xlsx.LONG]
    assert len(long) > 2
    repeated = {sheet.title: sheet.print_title_rows for sheet in book if sheet.print_title_rows}
    for sheet in book:
        fit = sheet.page_setup.fitToHeight
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToWidth in (None, 1)
        assert (fit == 0) <= (sheet.title in repeated)
        for chart in sheet._charts:  # nothing is beside it
            first = chart.anchor._from.row + 1
            beside = sheet.iter_rows(first, first + xlsx.CHART_ROWS - 1)
            assert not any(cell.value for row in beside for cell in row), sheet.title
    assert sum(sheet.page_setup.fitToHeight == 0 for sheet in book) == len(long)


def test_html_is_one_file_that_asks_for_nothing(files):
    seen = ParsedPage(files["html"])
    assert not {"script", "iframe", "object", "embed", "link", "form"} & {t for t, _ in seen.tags}
    for tag, attributes in seen.tags:
        assert not any(name.startswith("on") for name in attributes), tag
        for name in ("src", "href"):
            value = attributes.get(name)
            assert value is None or value.startswith(("data:image/svg+xml;base64,", "#"))
    assert "url(" not in files["html"].decode()


def test_pictures_say_what_they_show(files):
    images = [a for tag, a in ParsedPage(files["html"]).tags if tag == "img"]
    assert images
    assert all(a["alt"] for a in images)
    shapes = docx.Document(BytesIO(files["docx"])).element.body.xpath(".//wp:docPr/@descr")
    assert len(shapes) == len(images)


# Hostile words


@pytest.mark.parametrize("steering", ["\u202e", "\u2066", "\r", "\x00", "\x1b"])
def test_what_turns_text_around_is_no_title(steering):
    with pytest.raises(ScenarioError):
        resolve({"name": "x", "title": f"a{steering}b", "based_on": "plan"})


@pytest.fixture(scope="module", params=HOSTILE.values(), ids=HOSTILE.keys())
def hostile(request, both, pictures):
    what = sections.document(about(both, request.param), "zh")
    shown = plain(request.param)
    return shown, {form: written(form, what, pictures) for form in FORMS}


def test_hostile_words_are_words(hostile):
    words, files = hostile
    assert any(words in p.text for p in docx.Document(BytesIO(files["docx"])).paragraphs)
    assert re.sub(r"\s+", "", words) in pdf_text(files["pdf"], 1)
    assert words in "".join(ParsedPage(files["html"]).texts)
    assert all(a.get("src", "data:").startswith("data:") for _, a in ParsedPage(files["html"]).tags)


def test_no_cell_is_a_formula(hostile):
    words, files = hostile
    book = openpyxl.load_workbook(BytesIO(files["xlsx"]))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type != "f" and cell.hyperlink is None for cell in cells)
    shown = [cell for cell in cells if cell.value == words]
    assert shown
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in shown)
    pasted = [cell for rows in word_tables(files["docx"]) for row in rows for cell in row]
    pasted += [cell for row in ParsedPage(files["html"]).rows for cell in row]
    for cell in pasted:
        number = re.fullmatch(r"[+-]?[\d,]+(\.\d+)?", cell)
        assert number or not cell.startswith(("=", "+", "-", "@")), cell


# The command


@pytest.fixture(scope="module")
def run(result, tmp_path_factory):
    """A run that was saved with what draws added, before draws were kept."""
    runs, scenario = tmp_path_factory.mktemp("runs"), resolve("plan")
    answers = StoredRuns(None)
    both = ensemble(scenario, draws=0, scale=SCALE, cache=answers)
    found, spec = verdicts(drawn(both)), both.scenario.spec
    delivery = plan_result.delivery_frame(both.scenario)
    return save_run(both, spec, found, delivery, runs, answers)[0]


@pytest.fixture
def no_attribution(monkeypatch):
    """No coalitions are run: the attribution has tests of its own."""
    monkeypatch.setattr(publish, "LocalExecutor", lambda _: InlineExecutor())
    monkeypatch.setattr(publish, "quick_attribution", lambda *_, **__: None)


@pytest.mark.usefixtures("no_attribution")
def test_the_command_writes_only_what_is_asked_for(run, tmp_path, capsys):
    assert main(["report", str(run), "--format", "html,xlsx", "--out", str(tmp_path)]) == 0
    written = sorted(path.name for path in tmp_path.iterdir())
    assert [Path(name).suffix for name in written] == [".html", ".xlsx"]
    assert all(re.fullmatch(r"滨州市_.+_\d{4}-\d\d-\d\d\.\w+", name) for name in written)
    assert str(tmp_path / written[1]) in capsys.readouterr().out


def test_a_saved_run_says_what_the_run_itself_said(run, result):
    again = plan_result.of_saved(load_run(run))
    for name in ("simulated", "baseline", "low", "high", "probability"):
        assert again.verdicts[name].tolist() == pytest.approx(result.verdicts[name].tolist())
    assert again.draws == 4
    assert again.run == run.name


def test_a_run_that_was_saved_without_its_draws_says_so(run, result):
    before, now = plan_result.of_saved(load_run(run)), result
    for lang, words in (("en", "saved before draws were kept"), ("zh", "还没有保存各次抽样")):
        assert any(words in note for note in counties.table(before, lang).notes)
        assert not any(words in note for note in counties.table(now, lang).notes)


@pytest.mark.usefixtures("no_attribution")
def test_a_scenario_and_the_run_that_was_kept_of_it_are_reported_alike(monkeypatch, tmp_path):
    """Places without a target too, whose path is that of the draws."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(StoredRuns, "here", classmethod(lambda cls: cls(None)))
    options = SimpleNamespace(
        run="plan", region="binzhou", seed=1, scale=0.005, cutoff=None, draws=3, draw_scale=None,
        jobs=1, given=set(), observations=None, package=None, variance=None, attribution=None,
    )  # fmt: skip
    made = publish.result_of(options, Say("en"), lambda: None)
    kept = publish.result_of(
        SimpleNamespace(**vars(options) | {"run": made.run}), Say("en"), lambda: None
    )
    assert kept.both is not made.both
    np.testing.assert_array_equal(kept.both.series, made.both.series)
    day = made.both.scenario.dates[-1]
    shown, again = (
        [counties.on_a_day(each, group, day) for group in each.groups] for each in (made, kept)
    )
    assert shown == again
    assert [row["target"] for row in shown].count(None) == 3
    for group in made.groups:
        paths = [counties.path(each, group, "en").rows for each in (made, kept)]
        assert paths[0] == paths[1]
    alone = plan_result.of_saved(load_run(made.run), both=Ensemble.of(kept.both.scenario))
    assert [row["from_plan_pp"] for row in shown] != [
        counties.on_a_day(alone, group, day)["from_plan_pp"] for group in made.groups
    ]


def test_a_run_of_another_version_is_refused(run):
    saved = load_run(run)
    rows = [{**row, "baseline": row["baseline"] + 0.1} for row in saved.record.verdicts]
    other = replace(saved, record=saved.record.model_copy(update={"verdicts": rows}))
    with pytest.raises(RequestError, match="another version"):
        plan_result.of_saved(other)


def test_an_unknown_format_is_named_with_the_nearest():
    with pytest.raises(RequestError, match=r"docx.*did you mean docx"):
        build.formats("doc")


def test_what_is_neither_run_nor_scenario_is_refused(tmp_path, capsys):
    assert main(["report", "nowhere", "--out", str(tmp_path), "--format", "html"]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_a_missing_library_is_named_with_the_extra_to_install(monkeypatch):
    monkeypatch.setattr(build, "find_spec", lambda name: None if name == "typst" else object())
    with pytest.raises(RequestError) as refused:
        build.formats("docx,pdf")
    assert "typst" in refused.value.zh
    assert "'.[report]'" in refused.value.zh
    assert build.formats("docx") == ["docx"]


@pytest.mark.usefixtures("no_attribution")
def test_nothing_half_written_is_left(run, tmp_path, monkeypatch):
    def breaks(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("xiancheng.results.report.html.write", breaks)
    monkeypatch.setattr(build, "pictures", lambda *_: {})  # which only HTML would have
    assert main(["report", str(run), "--format", "xlsx,html", "--out", str(tmp_path)]) == 1
    assert not [*tmp_path.iterdir()]


def test_words_are_in_both_languages(result, what):
    assert sections.document(result, "en").title != what.title


def test_a_wish_for_a_folder_that_cannot_be_is_refused(run, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    form = {"format": "html", "style": None, "brief": False, "unit": None}
    options = SimpleNamespace(run=str(run), out=blocked / "below", **form)
    with pytest.raises(RequestError, match="--out"):
        publish.report(options, Say("zh"))


def test_a_spreadsheet_rounds_to_what_all_others_show():
    column = Column("rate", "", digits=1)
    for hundredths in range(-30_005, 30_005, 10):  # all end in 5
        rate = hundredths / 100
        written = Decimal(repr(xlsx.beside_a_tie(column, rate)))
        shown = written.quantize(Decimal("0.1"), ROUND_HALF_UP)  # as spreadsheets do
        assert shown == Decimal(column.text(rate).replace(",", ""))
        assert abs(written - Decimal(repr(rate))) < Decimal("1e-6")
    assert xlsx.beside_a_tie(column, 61.64) == 61.64
