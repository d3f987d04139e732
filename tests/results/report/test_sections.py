"""What is said of a run: it is what the run says, with its units, its run, and no more."""

import json
import re
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.priors import catalogue
from xiancheng.results.analysis import doses, variance
from xiancheng.results.analysis.attribution import (
    BY_CAUSE,
    COLUMNS,
    AttributionTable,
    quick_attribution,
)
from xiancheng.results.analysis.goal_seek import read_package
from xiancheng.results.cli import main
from xiancheng.results.report import sections
from xiancheng.results.report.document import widths
from xiancheng.results.store.runs import load_run
from xiancheng.results.tables import counties, plan_result, verdicts
from xiancheng.results.tables.labels import label, likelihood
from xiancheng.results.tables.table import Chart, Column, Table
from xiancheng.scenarios.ensemble import Summaries, TargetDraws, ensemble
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.outcome import CAUSES, PUBLISHED
from xiancheng.scenarios.run_spec import horizon

SCALE = 0.01
LANGS = pytest.mark.parametrize("lang", ["zh", "en"])


@pytest.fixture(scope="module")
def both():
    return ensemble(resolve("plan"), draws=0, scale=SCALE)


def drawn(both, n=4):
    """An ensemble with draws, each half a point further from the centre."""
    rates = both.central
    further = np.arange(n)[:, None]
    without = rates.baseline + 0 * further
    draws = TargetDraws(rates.scenario - 0.5 * further, without - 2 * further, without)
    return replace(both, drawn=draws)


@pytest.fixture(scope="module")
def record(both):
    return plan_result.of_pair(drawn(both), run="plan-0123456789ab")


def texts(what):
    """Every sentence of a document, and every word of its tables."""
    for section in what.sections:
        yield section.title
        for block in section.blocks:
            if isinstance(block, str):
                yield block
            elif isinstance(block, Table):
                yield from (block.title, block.source, *block.notes)
                yield from (cell for row in block.texts() for cell in row)
            elif not isinstance(block, Chart):
                yield from block.items


@LANGS
def test_every_number_stands_under_its_unit_or_beside_it(record, lang):
    for table in sections.document(record, lang).tables():
        beside = "unit" in [column.key for column in table.columns] and all(table.column("unit"))
        for column in table.columns:
            numbers = [c for c in table.column(column.key) if isinstance(c, float)]
            if table.key != "provenance" and numbers and not beside:
                assert column.unit, table.key
            assert column.unit in column.header


@LANGS
def test_every_table_and_figure_names_its_run_region_scenario_and_draws(record, lang):
    what = sections.document(record, lang)
    for table in (*what.tables(), *(chart.table for chart in what.charts())):
        if table.key == "hindcast":  # it comes with the pack
            assert record.region.name in table.source
            continue
        for known in ("plan-0123456789ab", record.region.title(lang), "2025-12-31", "4"):
            assert known in table.source, table.key


def test_the_verdicts_are_those_of_the_run(record):
    shown = verdicts.table(record, "en")
    for row, real in zip(shown.rows, record.verdicts.to_dict("records"), strict=True):
        assert row[0].startswith(real["county_en"])
        assert row[1] == str(real["deadline"])
        assert row[3:7] == tuple(
            real[k] for k in ("target_rate", "rate_at_start", "without", "expected")
        )
        assert row[7:10] == (real["low"], real["high"], 100 * real["probability"])
        assert row[-1] == pytest.approx(row[6] - row[3])


def test_no_verdict_is_a_yes_or_a_no(record):
    """Whatever the chance, a target is never called met or missed."""
    for lang in ("zh", "en"):
        words = {*verdicts.table(record, lang).column("in_words")}
        names = map(likelihood, (0.0, 0.1, 0.33, 0.66, 0.9))
        assert words <= {label("chances", name, lang) for name in names}
    assert likelihood(0.95) == "very likely"
    assert likelihood(0.5) == "as likely as not"
    assert likelihood(0.05) == "very unlikely"


def test_what_the_rate_is_made_of_adds_up(record):
    causes = [f"{cause}_pp" for cause in (*CAUSES, "counting")]
    for row in verdicts.parts(record, "zh").records():
        assert row["rate_at_start"] + sum(row[cause] for cause in causes) == pytest.approx(
            row["expected"], abs=1e-5
        )


def test_an_english_report_has_no_chinese(record):
    chinese = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
    what = sections.document(record, "en")
    printed = [*texts(what), *what.captions().values(), what.imprint]
    assert [text for text in printed if chinese.search(text)] == []


@LANGS
def test_documents_count_persons_in_large_units_and_have_one_rate_for_a_place(record, lang):
    size, unit = {"zh": (1e4, "万人"), "en": (1e3, "thousand persons")}[lang]
    shown = {table.key: table for table in sections.document(record, lang).tables()}
    for row in record.verdicts.to_dict("records"):
        code = row["unit_code"]
        group = next(group for group in record.groups if group.code == code)
        raw, large = counties.causes(record, group, lang), shown[f"causes-{code}"]
        assert {column.unit for column in large.columns[1:]} == {unit}
        assert large.column("total") == [value / size for value in raw.column("total")]
        rates, residents = (shown[f"figures-{code}"].records()[i] for i in (0, 2))
        assert (rates["without"], rates["with"]) == tuple(
            round(row[key], 2) for key in ("without", "expected")
        )
        assert residents["unit"] == unit
        ends = record.both.scenario.series("residents")[-1, record.groups.index(group)]
        assert residents["with"] * size == pytest.approx(ends, abs=50.1)


def test_the_causes_of_growth_add_up_by_year_and_in_all(record, both):
    frame = both.scenario.growth()
    for group in record.groups:
        table = counties.causes(record, group, "zh")
        codes = [record.groups[c].code for c in group.counties]
        own = frame[frame["unit_code"].isin(codes)]
        assert all(sum(row[1:4]) == row[4] for row in table.rows)
        assert sum(row[4] for row in table.rows[:-1]) == table.rows[-1][4] == own["total"].sum()


def test_a_path_shows_the_published_rate_the_census_and_the_target(record, both):
    group = next(g for g in record.groups if g.en == "Huimin")
    chart = counties.path_chart(record, group, "zh")
    verdict = record.verdicts.set_index("unit_code").loc[group.code]
    end, _, expected, low, high = chart.table.rows[-1]
    assert end == date(2025, 12, 31)
    assert (expected, low, high) == pytest.approx(
        tuple(verdict[k] for k in ("expected", "low", "high")), abs=0.01
    )
    assert next(p.value for p in chart.markers if p.kind == "target") == 40
    urban, rural = record.region.urban_rural(date(2020, 11, 1))[group.counties[0]]
    census = next(p for p in chart.markers if p.day == date(2020, 11, 1))
    assert census.value == pytest.approx(100 * urban / (urban + rural))


def test_without_a_record_and_without_draws_no_probability_is_claimed(both, monkeypatch):
    monkeypatch.setattr("xiancheng.results.verdict.level.level_from", lambda *_: None)
    record = plan_result.of_pair(both)
    heads = [c.label for c in verdicts.table(record, "zh").columns]
    assert "达标概率" not in heads
    output = sections.answers(record, "zh")["met"]
    assert any("没有达标概率" in sentence for sentence in output)


def test_a_run_that_ends_before_the_deadlines_has_no_verdict_and_says_so():
    early = ensemble(horizon(resolve("plan"), None, "2023-12-31"), draws=0, scale=SCALE)
    record = plan_result.of_pair(early)
    what = sections.document(record, "en")
    assert not any(table.key == "verdicts" for table in what.tables())
    assert any("there is no verdict" in text for text in texts(what))


@LANGS
def test_all_ten_caveats_are_shown(record, lang):
    output = [*sections.caveats(record, lang)]
    assert [s.split()[0] for s in output if s.startswith("C")] == [f"C{i}" for i in range(1, 11)]


@LANGS
def test_an_uncalibrated_model_is_called_so_in_the_body(record, lang, monkeypatch):
    monkeypatch.setattr("xiancheng.calibration.posterior.read", lambda _: None)
    what = sections.document(record, lang)
    sure = next(section for section in what.sections if section.key == "certainty")
    output = "".join(block for block in sure.blocks if isinstance(block, str))
    assert {"zh": "尚未用数据校准", "en": "has not been calibrated"}[lang] in output


def test_every_parameter_is_listed_with_the_value_of_the_run(record):
    """Those of doses stand with the doses."""
    table = next(t for t in sections.document(record, "zh").tables() if t.key == "parameters")
    of_doses = {p.name for p in catalogue() if p.kind == "dose"}
    values = record.both.scenario.settings["parameters"]
    used = {name: value for name, value in values.items() if name not in of_doses}
    assert {row[1]: row[3] for row in table.rows} == used


def test_the_provenance_says_what_is_needed_to_run_again(record):
    facts = dict(plan_result.provenance(record, "en").rows)
    assert facts["seed"] == 1
    assert facts["scale (rows for each resident)"] == SCALE
    assert facts["digest of the region pack"] == record.region.digest
    assert facts["draws of the parameters"] == 4
    assert "numpy" in facts


# Attribution


def shares_of(record, points, **more):
    """Shares of two projects and their total, as an attribution gives them."""
    code = record.groups[-1].code
    parts = dict.fromkeys(BY_CAUSE.values(), 0.0)

    def row(name, level, kind, value, error):
        return {"id": name, "level": level, "kind": kind, "unit_code": code, "points": value,
                "urban_residents": 100 * value, "points_error": error, **parts}  # fmt: skip

    rows = [row("total", "total", "total", sum(p for p, _ in points.values()), 0.0)]
    for name, (value, error) in points.items():
        level, first = ("measure", "shapley") if name.startswith("M") else ("project", "owen")
        rows += [row(name, level, kind, value, error) for kind in (first, "first_in", "last_in")]
    about = {"scenario": "plan", "day": "2025-12-31", "permutations": 40, "draws": 20, "runs": 9}
    return AttributionTable(pd.DataFrame(rows), **(about | more), scale=0.01)


def test_what_works_is_told_from_what_may_be_chance_and_from_what_does_nothing(record):
    points = {"P1": (0.3, 0.1), "P2": (0.1, 0.1), "P3": (0.0, 0.0), "P4": (-0.3, 0.1)}
    with_shares = replace(record, shares=shares_of(record, points))
    works = sections.answers(with_shares, "en")["works"]
    lines = [next(s for s in works if s.startswith(start)) for start in
             ("They work", "They lower", "Not to be told", "Less than 0.02")]  # fmt: skip
    assert [f"P{i}" in line for line, i in zip(lines, (1, 4, 2, 3), strict=True)] == [True] * 4


@pytest.mark.parametrize("shipped", [True, False])
def test_numbers_stand_for_many_measures_in_a_plan_that_has_numbers_of_its_own(
    record, shipped, monkeypatch
):
    monkeypatch.setattr(type(record.scenario.plan), "shipped", shipped)
    plan = record.scenario.plan
    for letter, title, numbers in (
        ("M0", plan.measures["M01"].title, shipped), ("P", plan.about.projects["P1"], False),
    ):  # fmt: skip
        names = [f"{letter}{k}" for k in range(1, 7)]
        shares = shares_of(record, dict.fromkeys(names, (0.0, 0.0)))
        works = sections.answers(replace(record, shares=shares), "en")["works"]
        (line,) = [each for each in works if each.startswith("Less than 0.02")]
        assert (" ".join(names[:3]) in line, title.text("en") in line) == (numbers, not numbers)


def test_few_pairs_of_orders_make_less_clear(record):
    points = {"P1": (0.3, 0.1)}
    for permutations, clear in ((40, True), (4, False)):
        shares = shares_of(record, points, permutations=permutations)
        works = sections.answers(replace(record, shares=shares), "en")["works"]
        output = " ".join(works)
        assert ("They work" in output) == clear
        assert ("Not to be told from zero" in output) == (not clear)


def test_of_a_single_world_nothing_is_said_to_work(record):
    """Another draw or another seed may turn the sign of a share."""
    shares = shares_of(record, {"P1": (0.3, 0.001), "P2": (-0.2, 0.001)}, draws=0)
    works = sections.answers(replace(record, shares=shares), "en")["works"]
    output = " ".join(works)
    assert "at central parameters in one random world" in output
    assert "±" not in output
    assert not any(word in output for word in ("They work", "They lower", "Not to be told"))


def test_what_the_shares_come_to_stands_beside_what_the_verdict_says(record):
    shares = shares_of(record, {"P1": (0.3, 0.1)})
    works = sections.answers(replace(record, shares=shares), "en")["works"]
    output = " ".join(works)
    judged = record.verdicts.set_index("unit_code")["from_plan_pp"][shares.largest()]
    assert f"add up to +0.30±0.00; the verdict has {judged:+.2f}" in output


def test_an_attribution_of_another_scenario_is_refused(record, tmp_path):
    file = tmp_path / "shares.json"
    file.write_text(json.dumps({"scenario": "delayed", "shares": []}), encoding="utf-8")
    with pytest.raises(RequestError, match="delayed"):
        AttributionTable.read(file, record.scenario, record.region)


def test_what_is_no_attribution_is_refused(record, tmp_path):
    file = tmp_path / "shares.json"
    for text in ("no JSON", "[]", '{"scenario": "plan"}', '{"scenario": "plan", "shares": [{}]}'):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(RequestError, match="attribute --json"):
            AttributionTable.read(file, record.scenario, record.region)


def test_an_attribution_of_other_places_or_without_numbers_is_refused(record, tmp_path):
    file = tmp_path / "shares.json"
    share = {name: 0.1 for name in COLUMNS} | {"id": "P1", "level": "project", "kind": "shapley"}
    sizes = {"permutations": 2, "draws": 1, "runs": 3, "scale": 0.01}
    code = record.groups[0].code

    def read(**changed):
        shares = [share | {"unit_code": code} | changed]
        file.write_text(json.dumps({"scenario": "plan", **sizes, "shares": shares}), "utf-8")
        return AttributionTable.read(file, record.scenario, record.region)

    assert read(points_error=None).frame["points"].tolist() == [0.1]
    for wrong in (110101, "x"):
        with pytest.raises(RequestError, match="other places"):
            read(unit_code=wrong)
    for changed in ({"points": "=1+1"}, {"points": float("nan")}, {"points_error": "x"}):
        with pytest.raises(RequestError, match="attribute --json"):
            read(**changed)


def test_what_is_no_package_is_refused(record, tmp_path):
    file = tmp_path / "package.json"
    found = {"package": {"M01": 1.0}, "met": True}
    right = {"scenario": "plan", "share": 0.9, "found": found}
    file.write_text(json.dumps(right), "utf-8")
    assert read_package(file, record.scenario) == right
    for wrong in ({"share": None}, {"found": None}, {"found": found | {"package": {"M01": "x"}}}):
        file.write_text(json.dumps(right | wrong), "utf-8")
        with pytest.raises(RequestError, match="seek --json"):
            read_package(file, record.scenario)


@pytest.mark.slow
def test_a_quick_attribution_adds_up():
    record = quick_attribution(resolve("plan"), "binzhou", scale=0.005, jobs=1)
    code = record.largest()
    parts = sum(row["points"] for row in record.of_group(code, "project", "owen"))
    assert parts == pytest.approx(record.of_group(code, "total", "total")[0]["points"], abs=1e-9)


def test_a_scenario_that_does_nothing_contributes_nothing():
    record = quick_attribution(resolve("baseline"), "binzhou", scale=0.005, jobs=1)
    assert all(row["points"] == 0 for row in record.of_group(record.largest(), "project", "owen"))


def test_tables_and_verdicts_are_of_one_world(both):
    """What a table says of the rate on the deadline is what the verdict expects, but for draws."""
    result = plan_result.of_pair(both, run="plan-0123456789ab")
    for group in result.groups:
        for row in result.verdicts[result.verdicts["unit_code"] == group.code].to_dict("records"):
            shown = both.scenario.at(PUBLISHED, row["deadline"])[result.groups.index(group)]
            assert shown == pytest.approx(row["expected"], abs=0.3)


def test_a_saved_run_without_draws_is_shown_as_it_was(tmp_path):
    """Its record has null for the interval of the plan's effect."""
    assert main(["run", "plan", "--scale", "0.005", "--out", str(tmp_path)]) == 0
    (file,) = tmp_path.glob("**/verdicts.csv")
    found = plan_result.of_saved(load_run(file.parent))
    assert found.verdicts["plan_low"].isna().all()
    assert verdicts.table(found, "en").column("probability")
    assert "band" not in [column.key for column in verdicts.parts(found, "en").columns]


@LANGS
def test_doses_and_the_split_of_the_variance_stand_in_the_report_where_they_were_computed(
    record, lang
):
    """Else it says how to compute them."""
    spec, day = record.both.scenario.spec, date(2025, 12, 31)
    with Summaries(spec, day, 1) as runs:
        effects = doses.lever_effects(resolve("p1-industry"), runs, day, draws=1)
    row = dict.fromkeys(variance.COLUMNS, 0.0) | {
        "target": "T-2", "unit_code": 371621, "county": "惠民县", "county_en": "Huimin",
        "deadline": str(day), "verdict_sd_pp": 1.2, "effect_sd_pp": 0.1,
    }  # fmt: skip
    frame = pd.DataFrame(
        row | {"component": name, "share": 1 / 9, "effect_share": 1 / 7}
        for name in variance.COMPONENTS
    )
    split = variance.VarianceSplit(
        frame, "plan", anchored=True, points=16, runs=240, seconds=60.0, scale=0.1
    )
    shares = replace(shares_of(record, {"P1": (0.3, 0.1)}), doses=effects)
    what = sections.document(replace(record, shares=shares, variance=split), lang)
    keys = [table.key for table in what.tables()]
    assert {"lever_effects", "variance", "variance-effect"} <= {*keys}
    assert "variance" in [chart.kind for chart in what.charts()]
    for table in what.tables():
        if table.key in ("lever_effects", "variance", "variance-effect"):
            assert "plan-0123456789ab" in table.source
    without = list(texts(sections.document(record, lang)))
    assert label("report", "no variance", lang) in without


def test_numbers_dates_and_codes_stay_whole_and_prose_gets_what_is_left():
    prose = "industrial parks, workshops and what they need to be built within two years"
    columns = (
        Column("name", "name", prose=True), Column("code", "code"), Column("due", "due"),
        *(Column(f"n{i}", "n", digits=0) for i in range(4)),
    )  # fmt: skip
    rows = ((prose, "share_of_movers", "2025-12-31", *(1234567.0,) * 4),)
    table = Table("t", "t", columns, rows)
    for page, latin in ((116.0, 1.0), (116.0, 1.25)):
        shares = widths(table, page, latin)
        assert sum(shares) == pytest.approx(1)
        chars = [share * page / latin for share in shares]
        assert chars[2] > len("2025-12-31")
        assert min(chars[3:]) > len("1,234,567")
        assert chars[0] == max(chars)
    assert widths(table, 200.0)[1] * 200 > len("share_of_movers")


def test_prose_has_no_more_than_its_line_while_another_column_has_less():
    columns = Column("name", "name", prose=True), Column("why", "why")
    table = Table("t", "t", columns, (("industrial parks and their workshops", "a b " * 11),))
    name, why = (100.0 * share for share in widths(table, 100.0))
    assert why > len("a b " * 11)
    assert name > len("industrial parks and their workshops")
