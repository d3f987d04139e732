"""What the page shows of two scenarios: levels and A less B, on one day, from the same draws."""

import itertools
import re
from datetime import date

import numpy as np
import pytest

from xiancheng.calibration.region import load
from xiancheng.results.console.answer import Answer, Places, Question
from xiancheng.results.console.draft import Draft
from xiancheng.results.console.naming import shown
from xiancheng.results.console.session import Session
from xiancheng.results.console.shown import Shown
from xiancheng.results.console.views import compare, overview, places, verdicts
from xiancheng.results.store import record
from xiancheng.scenarios.scenario_files import Scenario

REGION = load("binzhou")
SCENARIOS = {
    "plan": Draft.of("plan"),
    "baseline": Draft.of("baseline"),
    "to-2030": Draft.of("to-2030"),
    "frozen": Draft.of("plan").condition("recoding_frozen", True),
}
PAIRS = [*itertools.permutations(("plan", "baseline", "frozen"), 2), ("to-2030", "frozen"),
         ("to-2030", "baseline"), ("plan", "to-2030"), ("frozen", "to-2030")]  # fmt: skip


@pytest.fixture(scope="module")
def made():
    """Answers for pairs of drafts; a run is made once."""
    runs = {}

    def run(question, spec):
        key = question.day, *spec.outcome_key
        if key not in runs:
            runs[key] = question.summarize(spec)
        return runs[key]

    def ask(a: Draft, b: Draft, draws: int = 2, *, drawn: bool = True) -> Answer:
        sides: tuple[Scenario, Scenario] = shown(a), shown(b)
        question = Question(*sides, "binzhou", 0.002, draws)
        return Answer.of(
            question, [run(question, spec) for spec in question.specs],
            [run(question, spec) for spec in question.drawn] if drawn else (), preliminary=False,
        )  # fmt: skip

    return ask


def view(answer: Answer, a: str, b: str, day: date | None = None) -> Shown:
    session = Session("zh", SCENARIOS[a], SCENARIOS[b])
    session.day = day
    return Shown(session, answer)


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
def test_a_less_b_is_the_difference_of_the_two_levels_that_are_shown(made, a, b):
    answer = made(SCENARIOS[a], SCENARIOS[b])
    for day in view(answer, a, b).days:
        there = view(answer, a, b, day)
        assert there.day == day
        if answer.same:
            assert places.difference(answer, day) is None
            continue
        markup = places.by_county(there)
        titles = heads(markup)
        for row in range(len(answer.groups)):
            shown_row = dict(zip(titles, cells(markup, row), strict=True))
            if answer.against_baseline:  # then B and A − B stand under other heads
                shown_row["B（%）"] = shown_row["A 无方案（%）"]
                shown_row["A − B（点）"] = shown_row["方案作用（点）"]
            levels = float(shown_row["A（%）"]) - float(shown_row["B（%）"])
            assert float(shown_row["A − B（点）"]) == pytest.approx(levels, abs=0.1051)
            drawn = places.difference(answer, day)
            assert f"{drawn[row]:+.2f}" == shown_row["A − B（点）"], "the map has the same"


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_the_level_of_b_is_the_one_it_has_as_a(made, a, b):
    answer, turned = made(SCENARIOS[a], SCENARIOS[b]), made(SCENARIOS[b], SCENARIOS[a])
    day = date(2025, 12, 31)
    for one, other in ((answer, turned), (turned, answer)):
        found = one.places(day).b
        assert found is not None
        np.testing.assert_allclose(found, other.places(day).a, atol=1e-9)


@pytest.mark.parametrize(("a", "b"), [("plan", "frozen"), ("to-2030", "frozen")])
def test_overview_and_comparison_have_the_same_numbers(made, a, b):
    answer = made(SCENARIOS[a], SCENARIOS[b])
    there = view(answer, a, b)
    overview, compared = places.by_county(there), compare.rates(there, compare.pair(answer))
    names = heads(overview), heads(compared)
    for row in range(len(answer.groups)):
        one, other = (
            dict(zip(titles, cells(markup, row), strict=True))
            for titles, markup in zip(names, (overview, compared), strict=True)
        )
        for title in ("A（%）", "B（%）", "A − B（点）"):
            assert one[title] == other[title]


def test_the_verdicts_have_the_levels_of_the_places(made):
    answer = made(SCENARIOS["plan"], SCENARIOS["frozen"])
    codes = [group.code for group in answer.groups]
    found = answer.places(answer.day)
    for row in answer.subject.verdicts.to_dict("records"):
        place = codes.index(row["unit_code"])
        assert found.a[place] == pytest.approx(row["expected"], abs=1e-6)
        assert found.effect[place] == pytest.approx(row["from_plan_pp"], abs=1e-6)
    chance = dict(zip(answer.subject.verdicts["target"], answer.subject.verdicts["probability"],
                      strict=True))  # fmt: skip
    rows = [cells(compare.targets(view(answer, "plan", "frozen"), compare.pair(answer)), row)
            for row in range(len(chance))]  # fmt: skip
    for row, each in zip(rows, chance.values(), strict=True):
        assert row[3] == verdicts.percent(each)


def test_a_scenario_that_ends_earlier_is_run_on_and_says_so(made):
    answer = made(SCENARIOS["to-2030"], SCENARIOS["frozen"])
    there = view(answer, "to-2030", "frozen", date(2030, 12, 31))
    assert "延续到 2030-12-31，原到 2025-12-31" in there.b_title
    assert there.b_title in places.by_county(there)
    assert places.difference(answer, there.day) is not None
    assert "只看各情景之差" in there.limit()
    assert "2030-12-31" in there.basis()


def test_without_draws_no_part_and_no_difference_is_shown(made):
    answer = made(SCENARIOS["plan"], SCENARIOS["baseline"], drawn=False)
    assert answer.pending
    there = view(answer, "plan", "baseline")
    assert cells(verdicts.targets(there), 0)[-3:] == ["–"] * 3
    assert places.difference(answer, there.day) is None
    row = dict(zip(heads(places.by_county(there)), cells(places.by_county(there), 0), strict=True))
    assert row["方案作用（点）"] == "–"


def test_a_baseline_has_no_column_of_a_plan(made):
    answer = made(SCENARIOS["baseline"], SCENARIOS["baseline"])
    there = view(answer, "baseline", "baseline")
    titles = [*heads(verdicts.targets(there)), *heads(places.by_county(there))]
    assert not [title for title in titles if "方案" in title or title.startswith("B")]
    assert "方案的作用" not in verdicts.figures(there)
    assert "无方案时" in heads(verdicts.targets(view(made(SCENARIOS["plan"], SCENARIOS["baseline"]),
                                                 "plan", "baseline")))  # fmt: skip


def test_every_card_and_row_says_its_day(made):
    answer = made(SCENARIOS["plan"], SCENARIOS["baseline"])
    there = view(answer, "plan", "baseline")
    assert verdicts.figures(there).count("2025-12-31") == 4
    markup = verdicts.targets(there)
    column = heads(markup).index("期限")
    assert {cells(markup, row)[column] for row in range(6)} == {"2025-12-31"}


def test_a_card_of_another_day_has_the_interval_of_that_day(made):
    answer = made(SCENARIOS["to-2030"], SCENARIOS["baseline"])
    first, last = (view(answer, "to-2030", "baseline", date(year, 12, 31)) for year in (2025, 2030))
    g = answer.groups.index(verdicts.headline(last))
    for there in (first, last):
        low, high = answer.places(there.day).a_interval
        assert f"{low[g]:.1f}–{high[g]:.1f}%" in verdicts.figures(there)
    assert answer.places(first.day).a_interval[1][g] != answer.places(last.day).a_interval[1][g]


def test_what_differs_is_told_from_b_to_a(made):
    answer = made(SCENARIOS["frozen"], SCENARIOS["plan"])
    told = "".join(compare.inputs(view(answer, "frozen", "plan"), compare.pair(answer)))
    assert "按趋势划转 → 冻结" in told


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("drawn", [True, False])
@pytest.mark.parametrize("same_program", [True, False])
def test_caveats_name_no_command(made, monkeypatch, lang, drawn, same_program):
    sample = {"sha256": "0" * 64, "rows": 400, "made_by": "1" * 64, "same_program": same_program}
    monkeypatch.setattr(record, "posterior_record", lambda pack: sample)
    answer = made(SCENARIOS["plan"], SCENARIOS["baseline"], drawn=drawn)
    there = Shown(Session(lang, SCENARIOS["plan"], SCENARIOS["baseline"]), answer)
    text = str(overview.remarks(there))
    assert "0" * 12 in text, "the posterior sample is named"
    assert not re.search(r"xiancheng |--\w|docs/|plan-without", text)


def test_a_note_speaks_of_a_less_b_only_where_a_column_holds_it(made):
    for b in ("baseline", "frozen"):
        answer = made(SCENARIOS["plan"], SCENARIOS[b])
        there = view(answer, "plan", b)
        column = any("A − B" in head for head in heads(places.by_county(there)))
        assert column is (b == "frozen")
        assert ("A − B" in " ".join(places.notes(there))) is column


def test_effects_on_an_edge_of_rounding_read_the_same_however_they_were_added_up():
    level = np.array([0.0])
    sums = [
        Places(level + 53.875, level + at, None, None, None, None) for at in (54.13, 54.13 - 2e-14)
    ]
    assert len({f"{each.effect[0]:+.2f}" for each in sums}) == 1
