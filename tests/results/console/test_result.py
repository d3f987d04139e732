"""What the page shows of two scenarios: levels and A less B, on one day, from the same draws."""

import itertools
import re
from datetime import date

import numpy as np
import pytest

from xiancheng.calibration.region import load
from xiancheng.results.console import charts
from xiancheng.results.console.edits import ScenarioEdit
from xiancheng.results.console.result import ABQuery, ABResult, PlaceRates
from xiancheng.results.console.session import Session
from xiancheng.results.console.view_model import ViewModel
from xiancheng.results.console.views import compare, overview
from xiancheng.results.store import record
from xiancheng.results.tables import counties
from xiancheng.results.tables.labels import percent
from xiancheng.scenarios.outcome import PUBLISHED
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.sim import MODEL_VERSION

REGION = load("binzhou")
SCENARIOS = {
    "plan": ScenarioEdit.of("plan"),
    "baseline": ScenarioEdit.of("baseline"),
    "to-2030": ScenarioEdit.of("to-2030"),
    "frozen": ScenarioEdit.of("plan").with_condition("recoding_frozen", True),
}
PAIRS = [*itertools.permutations(("plan", "baseline", "frozen"), 2), ("to-2030", "frozen"),
         ("to-2030", "baseline"), ("plan", "to-2030"), ("frozen", "to-2030")]  # fmt: skip


@pytest.fixture(scope="module")
def answer():
    """Answers for pairs of drafts; a run is made once."""
    runs = {}

    def run(question, spec):
        key = question.day, *spec.outcome_key
        if key not in runs:
            [runs[key]] = question.summarize([spec])
        return runs[key]

    def compared(
        a: ScenarioEdit, b: ScenarioEdit, draws: int = 2, *, drawn: bool = True
    ) -> ABResult:
        sides: tuple[Scenario, Scenario] = a.scenario, b.scenario
        question = ABQuery(*sides, "binzhou", 0.002, draws)
        return ABResult.of(
            question,
            [run(question, spec) for spec in question.central],
            [run(question, spec) for spec in question.drawn(draws)] if drawn else (),
            preliminary=False,
        )

    return compared


def view(result: ABResult, a: str, b: str, day: date | None = None) -> ViewModel:
    session = Session("zh", SCENARIOS[a], SCENARIOS[b])
    session.day = day
    return ViewModel(session, result)


def cells(markup: str, row: int) -> list[str]:
    """The texts of a row of the body of the first table."""
    lxml = pytest.importorskip("lxml.html")
    body = lxml.fromstring(markup).xpath("//tbody")[0]
    return [cell.text_content() for cell in body.xpath("./tr")[row].xpath("./th|./td")]


def heads(markup: str) -> list[str]:
    lxml = pytest.importorskip("lxml.html")
    return [
        each.text_content() for each in lxml.fromstring(markup).xpath("//thead")[0].xpath(".//th")
    ]


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_a_less_b_is_the_difference_of_the_two_levels_that_are_shown(answer, a, b):
    result = answer(SCENARIOS[a], SCENARIOS[b])
    for day in view(result, a, b).days:
        there = view(result, a, b, day)
        assert there.day == day
        if result.same:
            assert overview.shown_difference(there) is None
            continue
        markup = overview.place_table(there)
        titles = heads(markup)
        for row in range(len(result.groups)):
            shown_row = dict(zip(titles, cells(markup, row), strict=True))
            if result.against_baseline:  # then B and A − B stand under other heads
                shown_row["B (%)"] = shown_row["A 无方案（%）"]
                shown_row["A − B（点）"] = shown_row["方案作用（点）"]
            levels = float(shown_row["A (%)"]) - float(shown_row["B (%)"])
            assert float(shown_row["A − B（点）"]) == pytest.approx(levels, abs=0.1051)
            drawn = overview.shown_difference(there)
            shown = float(shown_row["A − B（点）"])
            assert float(f"{drawn[row]:.2f}") == shown, "the map has the same"


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_the_level_of_b_is_the_one_it_has_as_a(answer, a, b):
    result, turned = answer(SCENARIOS[a], SCENARIOS[b]), answer(SCENARIOS[b], SCENARIOS[a])
    day = date(2025, 12, 31)
    for one, other in ((result, turned), (turned, result)):
        found = one.places(day).b
        assert found is not None
        np.testing.assert_allclose(found, other.places(day).a, atol=1e-9)


@pytest.mark.parametrize(("a", "b"), [("plan", "frozen"), ("to-2030", "frozen")])
def test_overview_and_comparison_have_the_same_numbers(answer, a, b):
    result = answer(SCENARIOS[a], SCENARIOS[b])
    there = view(result, a, b)
    table, compared = (
        overview.place_table(there),
        there.table(compare.rate_table(there, compare.sides_of(result))),
    )
    names = heads(table), heads(compared)
    for row in range(len(result.groups)):
        one, other = (
            dict(zip(titles, cells(markup, row), strict=True))
            for titles, markup in zip(names, (table, compared), strict=True)
        )
        for title in ("A (%)", "B (%)", "A − B（点）"):
            assert one[title] == other[title]


@pytest.mark.parametrize(("a", "b"), [("plan", "baseline"), ("plan", "frozen")])
def test_a_comparison_names_each_county_once_by_who_gains_and_has_maps_of_both(answer, a, b):
    result = answer(SCENARIOS[a], SCENARIOS[b])
    there, sides = view(result, a, b), compare.sides_of(result)
    said = compare.winners(there, *sides)
    low, high = result.interval(sides[0].draws, sides[1].draws, PUBLISHED, there.day)
    parts = {re.match("A 较高|A 较低|分不清", part)[0]: part
             for part in said.partition("：")[2].split("；")}  # fmt: skip
    for i, county in enumerate(result.outcome.region.counties):
        where = "A 较高" if low[i] > 0 else "A 较低" if high[i] < 0 else "分不清"
        assert [name for name, part in parts.items() if county.zh in part] == [where]
    assert sum(map(int, re.findall(r"(\d+)%", said))) == pytest.approx(100, abs=2)
    shown = "".join(compare.maps(there, sides))
    assert shown.count("<svg") == 3
    for title in ("A 的预期城镇化率", "B 的预期城镇化率", "A − B（点）"):
        assert title in shown
    central = answer(SCENARIOS[a], SCENARIOS[b], drawn=False)
    assert compare.winners(view(central, a, b), *compare.sides_of(central)) == ""


def test_the_verdicts_have_the_levels_of_the_places(answer):
    result = answer(SCENARIOS["plan"], SCENARIOS["frozen"])
    codes = [group.code for group in result.groups]
    found = result.places(result.day)
    for row in result.subject.verdicts.to_dict("records"):
        place = codes.index(row["unit_code"])
        assert found.a[place] == pytest.approx(row["expected"], abs=1e-6)
        assert found.effect[place] == pytest.approx(row["from_plan_pp"], abs=1e-6)
    chance = dict(zip(result.subject.verdicts["target"], result.subject.verdicts["probability"],
                      strict=True))  # fmt: skip
    table = compare.target_table(view(result, "plan", "frozen"), compare.sides_of(result))
    for row, each in zip(table.texts(), chance.values(), strict=True):
        assert row[3] == percent(each)


def test_the_path_over_time_is_that_of_documents_and_ends_in_the_verdict(answer):
    result = answer(SCENARIOS["plan"], SCENARIOS["frozen"])
    for row in result.subject.verdicts.to_dict("records"):
        group = next(each for each in result.groups if each.code == row["unit_code"])
        chart = counties.path_chart(result.subject, group, "zh")
        series = charts.fan(chart, "zh", plan=True)["series"]
        low, span, *lines = (dict(each["data"]) for each in series[:4])
        day = str(row["deadline"])
        for line, wanted in zip([low, *lines], ("low", "expected", "without"), strict=True):
            assert line[day] == pytest.approx(row[wanted], abs=0.0051)
            assert list(line) == [str(each) for each in result.outcome.dates]
        assert low[day] + span[day] == pytest.approx(row["high"], abs=0.0101)
        column = result.groups.index(group)
        for date_ in result.outcome.dates:  # the table of places says the same on any day
            median = result.median(result.sides["a"], date_)[column]
            assert lines[0][str(date_)] == pytest.approx(median, abs=0.0051)


def test_a_scenario_that_ends_earlier_is_run_on_and_says_so(answer):
    result = answer(SCENARIOS["to-2030"], SCENARIOS["frozen"])
    there = view(result, "to-2030", "frozen", date(2030, 12, 31))
    assert "延续到 2030-12-31，原到 2025-12-31" in there.b_title
    assert there.b_title in overview.place_table(there)
    assert overview.shown_difference(there) is not None
    assert "只看各情景之差" in there.limit()
    assert "2030-12-31" in there.basis()


def test_without_draws_no_part_and_no_difference_is_shown(answer):
    result = answer(SCENARIOS["plan"], SCENARIOS["baseline"], drawn=False)
    assert result.pending
    there = view(result, "plan", "baseline")
    assert cells(overview.verdict_table(there), 0)[-1:] == ["–"]
    assert overview.shown_difference(there) is None
    row = dict(
        zip(heads(overview.place_table(there)), cells(overview.place_table(there), 0), strict=True)
    )
    assert row["方案作用（点）"] == "–"


def test_a_baseline_has_no_column_of_a_plan(answer):
    result = answer(SCENARIOS["baseline"], SCENARIOS["baseline"])
    there = view(result, "baseline", "baseline")
    titles = [*heads(overview.verdict_table(there)), *heads(overview.place_table(there))]
    assert not [title for title in titles if "方案" in title or title.startswith("B")]
    assert "方案的作用" not in "".join(overview.figures(there))
    there = view(answer(SCENARIOS["plan"], SCENARIOS["baseline"]), "plan", "baseline")
    assert "无方案时" in heads(overview.verdict_table(there))


def test_every_card_and_row_says_its_day(answer):
    result = answer(SCENARIOS["plan"], SCENARIOS["baseline"])
    there = view(result, "plan", "baseline")
    assert "".join(overview.figures(there)).count("2025-12-31") == 4
    markup = overview.verdict_table(there)
    column = heads(markup).index("期限")
    assert {cells(markup, row)[column] for row in range(6)} == {"2025-12-31"}


def test_a_card_of_another_day_has_the_interval_of_that_day(answer):
    result = answer(SCENARIOS["to-2030"], SCENARIOS["baseline"])
    first, last = (view(result, "to-2030", "baseline", date(year, 12, 31)) for year in (2025, 2030))
    g = result.groups.index(overview.headline_group(last))
    for there in (first, last):
        low, high = result.places(there.day).a_interval
        assert f"{low[g]:.1f}–{high[g]:.1f}%" in "".join(overview.figures(there))
    assert result.places(first.day).a_interval[1][g] != result.places(last.day).a_interval[1][g]


def test_what_differs_is_told_from_b_to_a(answer):
    result = answer(SCENARIOS["frozen"], SCENARIOS["plan"])
    text = "".join(
        compare.input_differences(view(result, "frozen", "plan"), compare.sides_of(result))
    )
    assert "按趋势划转 → 冻结" in text


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("drawn", [True, False])
@pytest.mark.parametrize("model", [MODEL_VERSION, "0.1", None])
def test_caveats_name_no_command(answer, monkeypatch, lang, drawn, model):
    sample = {"sha256": "0" * 64, "rows": 400, "made_by": "1" * 64, "model": model,
              "from_priors": []}  # fmt: skip
    monkeypatch.setattr(record, "posterior_record", lambda pack: sample)
    result = answer(SCENARIOS["plan"], SCENARIOS["baseline"], drawn=drawn)
    there = ViewModel(Session(lang, SCENARIOS["plan"], SCENARIOS["baseline"]), result)
    text = str(overview.notes(there))
    assert "0" * 12 in text, "the posterior sample is named"
    assert not re.search(r"xiancheng |--\w|docs/|plan-without", text)


def test_a_note_speaks_of_a_less_b_only_where_a_column_holds_it(answer):
    for b in ("baseline", "frozen"):
        result = answer(SCENARIOS["plan"], SCENARIOS[b])
        there = view(result, "plan", b)
        column = any("A − B" in head for head in heads(overview.place_table(there)))
        assert column is (b == "frozen")
        assert ("A − B" in overview.place_notes(there)) is column


def test_effects_on_an_edge_of_rounding_read_the_same_however_they_were_added_up():
    level = np.array([0.0])
    sums = [
        PlaceRates(level + 53.875, level + at, None, None, None, None)
        for at in (54.13, 54.13 - 2e-14)
    ]
    assert len({f"{each.effect[0]:+.2f}" for each in sums}) == 1


def test_each_column_of_a_waterfall_begins_where_the_last_one_ends():
    steps = [("P1", 0.062), ("P2", -0.001), ("P3", -0.013), ("P4", 0.117)]
    hidden, level, up, down = charts.waterfall("t", steps, 60.165, "en")["series"]
    height = [
        sum(each["value"] for each in (up["data"][i], down["data"][i]) if each != charts.NOTHING)
        for i in range(1, 5)
    ]
    assert height == pytest.approx([0.062, 0.0, 0.013, 0.117])
    assert hidden["data"][1:5] == pytest.approx([60.165, 60.226, 60.213, 60.213])
    ends = level["data"][0], level["data"][-1]
    assert [each["value"] for each in ends] == pytest.approx([60.165, 60.33])
    assert [each["label"]["formatter"] for each in ends] == ["60.2", "60.3"]
    assert up["data"][1]["label"]["formatter"] == "+0.06"
    assert down["data"][3]["label"]["formatter"] == "−0.01"
