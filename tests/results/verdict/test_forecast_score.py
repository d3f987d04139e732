"""Scoring what was published later: what may be scored, by what settings, and as registered."""

import json
import re
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests import registration
from tests.observed import HEAD, line
from tests.small_pack import written
from xiancheng.calibration.errors import RequestError, ScenarioError
from xiancheng.calibration.forecasts.level import LEFT_OUT, SEED
from xiancheng.calibration.forecasts.panel import record
from xiancheng.calibration.forecasts.scoring import LEVELS, interval
from xiancheng.calibration.region import load
from xiancheng.calibration.region.schema import INFORMATION
from xiancheng.results.cli import evidence, main, parsed
from xiancheng.results.tables import scores as tables
from xiancheng.results.text import Say
from xiancheng.results.verdict import forecasts as scoring
from xiancheng.results.verdict.forecasts import (
    FORECASTERS,
    MELD,
    MODEL,
    WITHOUT,
    check_cutoff,
    forecasts,
    model_draws,
    plan_known,
)
from xiancheng.results.verdict.observations import ScoredRate, read
from xiancheng.results.verdict.registered import REGISTERED, ROUNDS, ScoreSettings, digests
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.outcome import ABOUT, reported_groups

SMALL = ScoreSettings(  # weighted as the level is, whose weights are kept
    draws=3, level_draws=60, left_out_draws=LEFT_OUT, scale=0.005, seed=SEED
)
END, BEFORE = date(2025, 12, 31), date(2023, 12, 31)
CUTOFF = date(2024, 12, 31)
DOCS = Path(__file__).parents[3] / "docs"
PAGES = [DOCS / "preregistration.md", DOCS / "preregistration.en.md"]
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@pytest.fixture(scope="module")
def groups():
    return reported_groups(load("binzhou"))


@pytest.fixture(scope="module")
def result():
    return forecasts("binzhou", [END, date(2025, 11, 1)], SMALL, jobs=1)


# What may be scored


def test_observations_are_read_as_they_stand(file, groups):
    path = file(
        "报告,37160000,2025-12-31,resident_urbanization_rate,58.5,derived",
        "公报,371681, 2025-11-01 ,resident_urbanization_rate,70,official",
        head="source," + HEAD + ",status",
        encoding="utf-8-sig",
    )
    together, zouping = read(path, groups, CUTOFF)
    assert groups[together.group].counties == (2, 3, 4, 5, 6)
    assert (groups[zouping.group].zh, zouping.day, zouping.rate) == (
        "邹平市",
        date(2025, 11, 1),
        70,
    )


def test_all_that_is_wrong_is_told_at_once_with_its_place(file, groups):
    path = file(
        line(code="371622"),
        line(code="371699"),
        line(day="2024-12-31"),
        line(day="31.12.2025"),
        line(variable="resident_urbanisation_rate"),
        line(value="0.4e3"),
        line(value="nan"),
        line(code="371622"),
        "371681,2025-12-31",
    )
    with pytest.raises(ScenarioError) as refused:
        read(path, groups, CUTOFF)
    places = [(p.line, p.column) for p in refused.value.problems]
    assert places == [(3, 1), (4, 2), (5, 2), (6, 3), (7, 4), (8, 4), (9, 1), (10, 1)]
    zh, en = refused.value.text("zh"), refused.value.text("en")
    assert "observed.csv:4:2" in zh
    assert "--cutoff" in zh
    assert "did you mean 'resident_urbanization_rate'" in en
    assert "the same as in line 2" in en


def test_a_missing_column_is_told_with_the_one_that_was_meant(file, groups):
    with pytest.raises(ScenarioError, match=r"unit_code.*unitcode"):
        read(file(line(), head="unitcode,date,variable,value"), groups, CUTOFF)


@pytest.mark.parametrize("rows", [[], ["", ","]])
def test_an_empty_file_is_refused(file, groups, rows):
    with pytest.raises(ScenarioError):
        read(file(*rows), groups, CUTOFF)


def test_gbk_is_read_and_another_encoding_named(tmp_path, groups):
    path = tmp_path / "gbk.csv"
    path.write_bytes((HEAD + ",note\n" + line() + ",公报\n").encode("gbk"))
    assert [one.rate for one in read(path, groups, CUTOFF)] == [40.0]
    path.write_bytes(b"\xff\xff" + path.read_bytes())
    with pytest.raises(ScenarioError, match="another encoding"):
        read(path, groups, CUTOFF)


def test_an_earlier_cut_off_opens_earlier_years(file, groups):
    path = file(line(day="2023-12-31"))
    assert read(path, groups, date(2020, 11, 1))[0].day == BEFORE
    with pytest.raises(ScenarioError):
        read(path, groups, CUTOFF)


def test_a_cut_off_before_the_last_census_is_refused():
    pack = load("binzhou")
    check_cutoff(pack, pack.censuses[-1])
    with pytest.raises(RequestError):
        check_cutoff(pack, pack.censuses[-1] - timedelta(1))
    early = replace(REGISTERED, cutoff=pack.censuses[-1] - timedelta(1))
    with pytest.raises(RequestError, match="before the last census"):
        forecasts("binzhou", [date(2025, 12, 31)], early)


def test_a_pack_of_one_census_has_no_statistical_forecast():
    with pytest.raises(RequestError, match="one census"):
        check_cutoff(replace(load("binzhou"), censuses=load("binzhou").censuses[-1:]), CUTOFF)


# ForecastSet


def test_everyone_forecasts_every_county_and_group(result):
    assert set(result.rates) == set(FORECASTERS)
    for name, rates in result.rates.items():
        draws = SMALL.draws if name in (MODEL, WITHOUT) else SMALL.level_draws
        assert rates.shape == (2, draws, len(result.groups))
        assert rates.min() >= 0
        assert rates.max() <= 100
    assert result.days == (date(2025, 11, 1), END)
    assert result.start[[2, 6]] == pytest.approx([33.82, 68.41], abs=0.01)
    assert sum(result.weights.values()) == pytest.approx(1)


def test_the_meld_is_the_stack_with_what_the_plan_adds(result):
    assert result.model.with_plan
    for day in range(2):
        added = (result.rates[MELD] - result.rates["stacked"])[day, :, :7]
        effect = result.model.effect[day]
        nearest = np.abs(added[:, None] - effect[None]).max(axis=2).min(axis=1)
        assert nearest.max() < 0.011, "each draw has the effect of one run, but for rounding"
        assert np.ptp(effect, axis=0).max() > 0


def test_the_city_is_its_counties_together(result):
    city = next(i for i, group in enumerate(result.groups) if group.code == 371600)
    people = load("binzhou").urban_rural(date(2020, 11, 1)).sum(axis=1)
    rates = result.rates["drift"][1]
    assert rates[:, city] == pytest.approx(np.average(rates[:, :7], axis=1, weights=people))


def test_before_the_plan_was_issued_nobody_knows_of_it():
    early = replace(SMALL, cutoff=date(2020, 11, 1))
    result = forecasts("binzhou", [BEFORE], early, jobs=1)
    assert WITHOUT not in result.rates
    assert not result.model.with_plan
    assert (result.model.effect == 0).all()
    assert result.rates[MELD].tolist() == result.rates["stacked"].tolist()
    assert any("尚未印发" in note for note in tables.score_notes(result, [], early, "zh"))


@pytest.mark.parametrize(("before", "known"), [(1, False), (0, True)])
def test_the_plan_is_known_from_the_day_on_which_it_was_issued(before, known):
    issued, steps = resolve("plan").plan.about.issued, []
    settings = replace(SMALL, draws=1, cutoff=issued - timedelta(before))
    drawn = model_draws("binzhou", [BEFORE, END], settings, jobs=1, done=lambda: steps.append(1))
    assert drawn.with_plan == known
    assert drawn.plan.shape == drawn.baseline.shape == (2, 1, len(load("binzhou").counties))
    assert (drawn.effect == drawn.plan - drawn.baseline).all()
    assert (drawn.effect[1] != 0).any() == known
    assert len(steps) == 1


def test_a_plan_for_other_counties_is_no_part_of_a_forecast(tmp_path):
    """The plan of Binzhou has a part in forecasts of its own counties, whatever a pack aims at."""
    here, elsewhere = (written(tmp_path / name) for name in ("here", "elsewhere"))
    for file in elsewhere.iterdir():
        text = file.read_text("utf-8").replace("371621", "371421").replace("371600", "371400")
        file.write_text(text, "utf-8")
    known = [plan_known(resolve("plan", at), at, INFORMATION) for at in (here, elsewhere)]
    assert known == [True, False]


def test_equal_settings_give_equal_forecasts_on_any_number_of_workers(result):
    again = forecasts("binzhou", result.days, SMALL, jobs=2)
    for name, rates in result.rates.items():
        assert again.rates[name].tolist() == rates.tolist()


def test_priors_are_told_loudly_and_a_posterior_is_named(result):
    def output(model):
        return " ".join(tables.score_notes(replace(result, model=model), [], REGISTERED, "en"))

    assert "no posterior sample" in output(replace(result.model, posterior=None))
    assert "no posterior sample" not in output(replace(result.model, posterior="abc"))
    assert "registered" not in output(replace(result.model, posterior="abc"))


# Scores


def test_a_target_is_judged_on_its_deadline_only(groups):
    pack = load("binzhou")
    by_code = {group.code: group for group in groups}
    assert scoring.threshold(by_code[371621], END, pack) == 40
    assert scoring.threshold(by_code[37160000], END, pack) == 59.3 - ABOUT
    assert np.isnan(scoring.threshold(by_code[371621], date(2025, 11, 1), pack))
    assert np.isnan(scoring.threshold(by_code[371602], END, pack))


def test_scores_of_a_case_are_those_of_its_draws(result):
    seen = [ScoredRate(2, 2, END, 38.0), ScoredRate(3, 6, END, 71.0)]
    table = scoring.by_forecaster(result, seen, load("binzhou")).set_index("forecaster")
    draws = result.rates["drift"][1][:, [2, 6]]
    off = np.median(draws, axis=0) - [38.0, 71.0]
    assert table.loc["drift", "mae"] == pytest.approx(np.abs(off).mean())
    assert table.loc["drift", "bias"] == pytest.approx(off.mean())
    met = (draws >= [40.0, 70.5]).mean(axis=0)
    assert table.loc["drift", "brier"] == pytest.approx((met[0] ** 2 + (1 - met[1]) ** 2) / 2)
    assert table.loc[MELD, "skill_of_meld"] == 0
    ratio = table.loc[MELD, "crps"] / table.loc["drift", "crps"]
    assert table.loc["drift", "skill_of_meld"] == pytest.approx(1 - ratio)


def test_counties_together_stay_out_of_the_main_score(result):
    cases = [(2, 2, 38.0), (3, 7, 64.0), (4, 8, 58.0)]
    seen = [ScoredRate(line, group, END, rate) for line, group, rate in cases]
    table = scoring.by_forecaster(result, seen, load("binzhou"))
    cases = table.groupby("over")["cases"].first()
    assert cases.to_dict() == {"counties": 1, "together": 2}


def test_a_case_is_inside_up_to_the_ends_of_its_interval(result):
    ends = [scoring.by_case(result, [ScoredRate(2, 2, END, 38.0)]).set_index("forecaster")]
    low, high = ends[0].loc["drift", ["low_80", "high_80"]]
    draws = result.rates["drift"][1][:, 2]
    assert (low, high) == tuple(interval(draws[:, None], 0.8)[:, 0])
    for rate, inside in ((low, True), (high, True), (low - 0.01, False), (high + 0.01, False)):
        cases = scoring.by_case(result, [ScoredRate(2, 2, END, float(rate))])
        row = cases.set_index("forecaster").loc["drift"]
        assert row["inside"] == inside
        assert row["error"] == pytest.approx(np.median(draws) - rate)
        table = tables.score_cases(cases[cases["forecaster"] == "drift"], "en")
        shown = dict(zip(table.headers, table.texts()[0], strict=True))
        assert shown["80% interval"].endswith(" ✗") != inside
        assert shown["80% interval"].startswith(f"{low:.1f}–{high:.1f}")
        assert shown["place"] == result.groups[2].en
        assert shown["published %"] == f"{rate:.2f}"


def test_a_score_that_is_unknown_is_a_dash_and_coverage_has_its_error(result):
    seen = [ScoredRate(2, 0, END, 60.0)]  # of a county without a target
    table = scoring.by_forecaster(result, seen, load("binzhou"))
    (shown,) = tables.scores(table, "en")
    first = dict(zip(shown.headers, shown.texts()[0], strict=True))
    assert first["Brier"] == "–"
    assert re.fullmatch(r"\d\.\d\d|\d\d\.\d\d", first["MAE"])
    assert re.fullmatch(r"[+-]\d+\.\d\d", first["bias"])
    assert re.fullmatch(r"\d+% ±\d+%", first["in 80%"])
    assert first["skill of meld"] == "0.00"


def test_notes_name_the_weights_of_the_stack_from_half_a_percent_on(result):
    weights = dict.fromkeys(result.weights, 0.0)
    (one, two, three, *_) = weights
    forecast = replace(result, weights=weights | {one: 0.991, two: 0.005, three: 0.004})
    output = tables.score_notes(forecast, [1, 2, 3], REGISTERED, "en")
    (stack,) = [each for each in output if each.startswith("Stack: ")]
    assert stack.count(", ") == 1
    assert "0.99" in stack
    assert any(each.startswith("The 3 observations") for each in output)


# The command


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(evidence, "REGISTERED", SMALL)


def test_the_command_prints_and_writes_what_came_out(file, tmp_path, small, capsys):
    out = tmp_path / "scores.csv"
    path = file(line(value="38"), line(code="371600", value="64"))
    assert main(["score", str(path), "--out", str(out), "--jobs", "1", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert len(report["cases"]) == 2 * len(FORECASTERS)
    assert {row["over"] for row in report["scores"]} == {"counties", "together"}
    assert set(report["digests"]) == {"forecasting_code", "pack", "record", "posterior"}
    rows = out.read_text(encoding="utf-8-sig").splitlines()
    assert len(rows) == 1 + 2 * len(FORECASTERS)


def test_people_read_tables(file, result, monkeypatch, capsys):
    monkeypatch.setattr(evidence, "forecasts", lambda *_, **__: result)
    path = file(line(value="38"), line(code="371600", value="64"))
    assert main(["score", str(path), "--lang", "en"]) == 0
    shown = capsys.readouterr().out
    assert "each forecaster, 1 of counties together" in shown
    assert "each forecaster, 1 of single counties" in shown
    assert "depend on each other" in shown


def test_a_bad_file_is_refused_before_anything_runs(file, capsys, monkeypatch):
    for name in ("digests", "forecasts"):
        monkeypatch.setattr(evidence, name, lambda *_, **__: pytest.fail("too late"))
    assert main(["score", str(file(line(value="many")))]) == 2
    assert "observed.csv:2:4" in capsys.readouterr().err
    assert main(["score", str(file(line())), "--cutoff", "soon"]) == 2
    assert main(["score", "--cutoff", "2019-01-01"]) == 2


def test_without_a_file_the_settings_and_digests_are_told(capsys):
    assert main(["score", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["settings"] == json.loads(json.dumps(asdict(REGISTERED), default=str))
    assert report["digests"]["pack"] == load("binzhou").digest
    assert re.fullmatch("[0-9a-f]{64}", report["digests"]["forecasting_code"])


# Registered beforehand


def test_the_digest_of_the_record_is_of_all_that_is_in_it_and_of_no_last_digit():
    panel = record(load("binzhou"))
    same = panel.digest
    others = [
        replace(panel, codes=(*panel.codes[:-1], "0")),
        replace(panel, prefecture=(*panel.prefecture[:-1], "0")),
        replace(panel, dates=(panel.dates[0], panel.dates[1] + timedelta(1))),
        replace(panel, comparable=~panel.comparable),
        *(replace(panel, **{name: getattr(panel, name) * (1 + 1e-9)})
          for name in ("urban", "rural", "ages", "odds")),
    ]  # fmt: skip
    assert len({same, *(each.digest for each in others)}) == 1 + len(others)
    assert replace(panel, urban=panel.urban * (1 + 1e-13)).digest == same


def test_a_pack_without_a_sample_has_no_digest_of_one(pack):
    own, shipped = digests(pack), digests("binzhou")
    assert own["posterior"] is None
    assert all(shipped.values())
    assert {name: own[name] for name in ("forecasting_code", "record")} == {
        name: shipped[name] for name in ("forecasting_code", "record")
    }
    shown = tables.registered(REGISTERED, own, "en").texts()
    assert ["sha256 posterior", "none: draws of the priors"] in shown
    assert ["draws", "400"] in shown


@each_page
def test_the_registered_settings_are_those_of_the_code(page):
    text = page.read_text(encoding="utf-8")
    for name, value in asdict(REGISTERED).items():
        if name != "cutoff":
            assert re.search(rf"\| `{name}` \| {re.escape(str(value))} \|", text), name
    assert REGISTERED.cutoff == INFORMATION
    assert str(INFORMATION) in text
    assert str(load("binzhou").censuses[-1]) in text
    assert f"{ABOUT:g}" in text
    for level in LEVELS:
        assert f"{100 * level:.0f}" in text


@each_page
def test_everyone_who_forecasts_is_registered(page):
    rows = re.findall(r"^\| ((?:`\w+` ?)+) \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert set(FORECASTERS) <= named


@each_page
def test_the_registered_commands_are_understood(page):
    found = re.findall(
        r"^ {4}(xiancheng score .*)$", page.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(found) == 2
    for command in found:
        ctx = parsed(command.split()[1:], Say("zh"))
        settings = evidence.registered_or(ctx.command.options(ctx))
        assert replace(settings, cutoff=REGISTERED.cutoff) == REGISTERED
        assert settings.cutoff in ROUNDS
    assert (load("binzhou").censuses[-1], INFORMATION) == ROUNDS


@each_page
def test_the_digests_that_freeze_it_are_those_printed(page):
    text = page.read_text(encoding="utf-8")
    for name in digests("binzhou"):
        assert f"| `{name}` |" in text


@each_page
def test_registration_holds_no_figure_it_seals(page):
    """Every rate with decimals in it is one of the censuses, the plan or the settings."""
    numbers = re.findall(r"(?<![\d.-])\d+\.\d+(?![\d.])", page.read_text(encoding="utf-8"))
    assert set(numbers) <= {"2.08", "0.5", "0.9", "0.10", "1.0"}


def test_other_settings_are_not_the_registered_ones(result):
    options = SimpleNamespace(cutoff=None, draws=None, scale=None, seed=None)
    assert evidence.registered_or(options) == REGISTERED
    options.draws = 50
    changed = evidence.registered_or(options)
    assert changed.draws == 50
    output = " ".join(tables.score_notes(result, [], changed, "en"))
    assert "not the registered settings: draws=50" in output


@pytest.mark.parametrize(("cutoff", "registered"), [(ROUNDS[0], True), (date(2022, 1, 1), False)])
def test_both_rounds_are_registered_and_no_other(result, cutoff, registered):
    output = " ".join(tables.score_notes(result, [], replace(REGISTERED, cutoff=cutoff), "en"))
    assert ("not the registered settings" not in output) == registered


@pytest.mark.identity
@each_page
def test_the_data_that_were_registered_are_those_that_are_shipped(page):
    """The program may move on; pack, record and posterior of the registered scoring may not."""
    now, registered = digests("binzhou"), registration.named(page)
    assert registered.keys() == now.keys()
    for name in ("pack", "record", "posterior"):
        assert registered[name] == now[name]


def test_both_pages_register_the_same():
    zh, en = map(registration.named, PAGES)
    assert zh == en


@each_page
def test_what_was_registered_first_stays_as_it_was(page):
    before = page.read_text(encoding="utf-8").partition(registration.SECTION)[0]
    first, _, second = before.partition("\n## 10 ")
    named = [
        {name: value[:8] for name, value in re.findall(registration.ROW, section, re.MULTILINE)}
        for section in (first, second)
    ]
    assert named == [
        {"code": "2f6246d0", "pack": "c5279b3d", "record": "7a3c0131", "posterior": "0981c3ed"},
        {"forecasting_code": "af6c3a10", "pack": "c5279b3d", "record": "0b51ce4f",
         "posterior": "0981c3ed"},
    ]  # fmt: skip


@each_page
def test_registering_anew_changes_the_digests_of_its_section_alone(page):
    text = page.read_text(encoding="utf-8")
    other = dict.fromkeys(digests("binzhou"), "0" * 64)
    renewed = registration.renewed(text, other)
    assert renewed.count("0" * 64) == len(other)
    assert renewed.partition(registration.SECTION)[0] == text.partition(registration.SECTION)[0]
    with pytest.raises(ValueError, match="one row of `unknown`"):
        registration.renewed(text, {"unknown": "0"})


# What people bring


@pytest.mark.parametrize(
    ("row", "output"),
    [
        (line(value="0.593"), "in percent and no share"),
        (line(value="1"), "in percent and no share"),
        (line(value="5_9"), "in percent"), (line(value="五九"), "in percent"),
        (line(day="31/12/2025"), "a date such as"), (line(code="371699"), "371602 Bincheng"),
    ],
)  # fmt: skip
def test_what_means_another_thing_is_refused(file, groups, row, output):
    with pytest.raises(ScenarioError) as refused:
        read(file(row), groups, CUTOFF)
    assert output in refused.value.text("en")
    assert "did you mean" not in refused.value.text("en")


@pytest.mark.parametrize("code", ["371626", "邹平县", "邹平"])
def test_a_former_code_or_name_is_that_of_the_present_unit(file, groups, code):
    (seen,) = read(file(line(code=code)), groups, CUTOFF)
    assert groups[seen.group].code == 371681


def test_rows_of_blanks_and_dates_of_a_spreadsheet_are_taken(file, groups):
    (seen,) = read(file(line(day="2025/12/31"), " , , , ", " "), groups, CUTOFF)
    assert seen.day == date(2025, 12, 31)


@pytest.mark.parametrize(
    ("content", "named"),
    [(HEAD.replace(",", ";").encode(), "分号"), (HEAD.encode("utf-16"), "UTF-16"), (None, "CSV")],
)
def test_a_file_in_another_form_or_none_gets_one_message(tmp_path, groups, content, named):
    path = tmp_path / "observed.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ScenarioError) as refused:
        read(path, groups, CUTOFF)
    (problem,) = refused.value.problems
    assert named in problem.text("zh")
