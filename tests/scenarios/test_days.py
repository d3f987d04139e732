"""A day inside a quarter: the model runs whole quarters, and such a day is read off the line."""

from datetime import date, datetime

import numpy as np
import pytest

from xiancheng.calibration.region import load
from xiancheng.results.cli import main
from xiancheng.results.report.sections import answers
from xiancheng.results.store.parquet import movers_file, values_digest
from xiancheng.results.store.runs import read_run, write_run
from xiancheng.results.tables import verdicts as tables
from xiancheng.results.tables.plan_result import of_pair
from xiancheng.results.verdict import level
from xiancheng.scenarios import simulate
from xiancheng.scenarios.ensemble import Ensemble, summarize
from xiancheng.scenarios.outcome import CAUSES, PUBLISHED, OutcomeError, reported_groups
from xiancheng.scenarios.run_spec import RunSpec
from xiancheng.sim.indicators import INDICATORS
from xiancheng.sim.observation import FOUND
from xiancheng.sim.strata import AGED

SCALE = 0.005
DAYS = [date(2020, 11, 20), date(2021, 1, 1), date(2021, 2, 14), date(2021, 6, 29)]


@pytest.fixture(scope="module")
def later():
    """A run that goes on past all of the days, and ends on the end of a quarter."""
    return simulate("plan", scale=SCALE, until="2021-09-30")


@pytest.fixture(scope="module")
def ended():
    """Runs that end on the days."""
    return {day: simulate("plan", scale=SCALE, until=day) for day in DAYS}


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("name", INDICATORS)
def test_a_run_to_a_day_reads_what_a_longer_run_reads_there(later, ended, day, name):
    np.testing.assert_allclose(ended[day].at(name, day), later.at(name, day), atol=1e-9, rtol=1e-12)
    between = date(2020, 11, 9)
    np.testing.assert_allclose(
        ended[day].at(name, between), later.at(name, between), atol=1e-9, rtol=1e-12
    )


def test_a_day_lies_on_the_line_between_the_ends_of_its_quarter(later):
    begun, ended = (later.at("residents", date(2021, m, d)) for m, d in ((3, 31), (6, 30)))
    expected = begun + (ended - begun) * 45 / 91
    assert later.at("residents", date(2021, 5, 15)) == pytest.approx(expected, abs=1e-6)


def test_what_counties_delivered_in_a_quarter_is_the_same_on_all_of_its_days():
    heavy = {
        "name": "x", "title": {"zh": "x", "en": "x"}, "based_on": "plan",
        "measures": {"all": {"intensity": 2}},
    }  # fmt: skip
    whole = simulate(heavy, scale=SCALE, until="2024-12-31")
    part = simulate(heavy, scale=SCALE, until="2024-11-20")
    assert whole.effort()[-1].min() < 1
    assert part.effort() == pytest.approx(whole.effort(), abs=1e-12)
    assert (
        part.at("delivery", date(2024, 10, 1)) == whole.at("delivery", date(2024, 12, 31))
    ).all()


@pytest.mark.parametrize("day", DAYS)
def test_the_causes_on_a_day_are_those_of_a_run_to_it_and_add_up_to_the_change(later, ended, day):
    for group in later.groups:
        result, whole = ended[day].causes(group, day), later.causes(group, day)
        assert result == pytest.approx(whole, abs=1e-9)
        column = later.groups.index(group)
        change = later.at(PUBLISHED, day) - later.at(PUBLISHED, later.dates[0])
        assert sum(whole.values()) == pytest.approx(change[column], abs=1e-9)


def test_inside_a_quarter_every_cause_lies_between_its_ends(later):
    """What happened in the quarter by then is not put on how people are counted."""
    days = date(2021, 3, 31), date(2021, 5, 15), date(2021, 6, 30)
    for group in later.groups:
        begun, middle, end = (later.causes(group, day) for day in days)
        for cause in CAUSES:
            line = begun[cause] + (end[cause] - begun[cause]) * 45 / 91
            assert middle[cause] == pytest.approx(line, abs=2e-3), cause


@pytest.mark.parametrize("day", DAYS)
def test_the_books_of_a_part_of_a_quarter_are_whole_persons_that_add_up(later, ended, day):
    table = ended[day].growth()
    assert table["date"].iloc[-1].date() == day
    parts = table["natural"] + table["migration"] + table["recoding"]
    assert (parts == table["total"]).all()
    urban, present = (np.array(x) for x in later._start)
    by_county = table.groupby("unit_code", sort=False)
    urban = urban + by_county["total"].sum().to_numpy()
    present = present + by_county["residents"].sum().to_numpy()
    shown = later.at("present_urban_share", day)[: len(urban)]
    assert 100 * urban / present == pytest.approx(shown, abs=5e-3)


def test_movers_of_a_part_of_a_quarter_are_those_of_the_books(ended):
    outcome = ended[date(2021, 2, 14)]
    moved, growth = outcome.movers(), outcome.growth()
    for ends, book in {
        ("village", "town"): "in_own_village", ("town", "village"): "out_own_village",
        ("nearby", "town"): "in_nearby", ("town", "country"): "out_country",
    }.items():  # fmt: skip
        line = (moved["origin"] == ends[0]) & (moved["destination"] == ends[1])
        persons = moved["persons"][line].sum()
        assert persons == growth[book].sum(), ends


def test_a_census_inside_a_quarter_lies_between_those_at_its_ends_and_keeps_its_sums():
    begun, part, end = (
        simulate("baseline", scale=SCALE, until=day).census
        for day in ("2021-03-31", "2021-05-15", "2021-06-30")
    )
    assert set(part) == set(FOUND)
    for name in FOUND:
        line = begun[name] + (end[name] - begun[name]) * 45 / 91
        assert abs(part[name] - line).max() <= 1, name
        assert part[name].dtype == begun[name].dtype
    people = [sum(found[name] for name in AGED) for found in (begun, part, end)]
    assert abs(people[1] - (people[0] + (people[2] - people[0]) * 45 / 91)).max() <= 0.5 + 1e-9
    assert (part["farmers"] <= part["workers"]).all()


def test_a_run_shorter_than_its_first_quarter_is_read_off_the_line_too(ended):
    outcome = ended[date(2020, 11, 20)]
    assert outcome.dates == (date(2020, 11, 1), date(2020, 11, 20))
    assert all((found >= 0).all() for found in outcome.census.values())


def test_a_saved_run_to_a_day_is_read_as_it_was(tmp_path, ended):
    outcome = ended[date(2021, 2, 14)]
    request = RunSpec.of("plan", scale=SCALE, until="2021-02-14")
    write_run(tmp_path / "run", outcome, request, {}, extra=movers_file(outcome))
    again = read_run(tmp_path / "run").outcome()
    assert values_digest(again) == values_digest(outcome)
    assert again.summary() == outcome.summary()
    assert again.dates == outcome.dates
    assert again.movers().equals(outcome.movers())


def test_what_is_kept_of_a_run_on_a_day_is_that_of_a_run_to_it(later, ended):
    day = date(2021, 2, 14)
    one, other = summarize(later, day), summarize(ended[day], day)
    np.testing.assert_allclose(one.indicators, other.indicators, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(one.causes, other.causes, atol=1e-9)


# What an outcome does not hold


@pytest.mark.parametrize(
    "day", [date(2020, 10, 31), date(2050, 1, 1), "2021-13-01", 2021, None, "2021-10-01"]
)
def test_a_day_outside_the_run_is_refused_with_the_days_of_the_run(later, day):
    with pytest.raises(OutcomeError) as error:
        later.at("residents", day)
    for lang in ("zh", "en"):
        assert "2021-09-30" in error.value.text(lang)
    with pytest.raises(OutcomeError):
        later.causes(later.groups[0], day)


def test_a_day_may_be_given_as_text_or_as_a_moment(later):
    day = date(2021, 2, 14)
    for same in ("2021-02-14", datetime(2021, 2, 14, 15)):
        assert (later.at("residents", same) == later.at("residents", day)).all()


def test_an_indicator_that_is_none_is_refused_with_the_nearest_and_the_list(later):
    for reading in (
        lambda: later.at("residentz", later.dates[0]),
        lambda: later.series("residentz"),
    ):
        with pytest.raises(OutcomeError, match=r"did you mean 'residents'.*house_price") as error:
            reading()
        assert "residents" in error.value.text("zh")


# What a run does not tell


def notes(start: str, until: str, lang: str = "en") -> list[str]:
    region = load("binzhou")
    days = date.fromisoformat(start), date.fromisoformat(until)
    return tables.limits(region, reported_groups(region), *days, lang)


def test_a_run_to_its_deadline_has_nothing_to_add():
    assert notes("2020-11-01", "2025-12-31") == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_run_beyond_2025_says_that_its_levels_were_never_tested(lang):
    (only,) = notes("2020-11-01", "2035-12-31", lang)
    assert "2035-12-31" in only
    assert {"zh": "从未检验", "en": "never tested"}[lang] in only


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("until", ["2024-12-31", "2020-11-01"])
def test_every_target_that_is_not_judged_is_named_with_its_deadline(until, lang):
    result = notes("2010-11-01", until, lang)
    assert len(result) == len(load("binzhou").targets)
    for target, line in zip(load("binzhou").targets, result, strict=True):
        assert target.id in line
        assert f"终点设为 {target.deadline}" in line or f"set the end to {target.deadline}" in line


def test_a_target_before_the_start_is_named_without_advice_that_cannot_help():
    result = notes("2025-12-31", "2030-12-31")
    assert sum("not after the start" in line for line in result) == len(load("binzhou").targets)
    assert not any("--until" in line for line in result)


@pytest.mark.parametrize("command", ["run", "compare"])
def test_commands_name_what_they_do_not_judge(command, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(level, "level_from", lambda *_: None)  # a level takes minutes
    short = tmp_path / "short.yaml"
    short.write_text(
        "name: short\ntitle: {zh: 短, en: short}\nbased_on: plan\nhorizon: {until: 2024-12-31}\n",
        encoding="utf-8",
    )
    more = {"run": ["--out", str(tmp_path / "runs")], "compare": ["to-2030", "--jobs", "1"]}[
        command
    ]
    assert main([command, str(short), *more, "--scale", "0.005", "--lang", "en"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for target in load("binzhou").targets:
        assert f"Target {target.id} is not judged" in shown
    assert ("Run to 2030-12-31" in shown) == (command == "compare")


def test_the_report_names_what_is_not_judged():
    short = simulate("plan", scale=SCALE, until="2024-12-31")
    result = of_pair(Ensemble(short, short, short))
    sentences = " ".join(line for lines in answers(result, "zh").values() for line in lines)
    for target in load("binzhou").targets:
        assert f"未判定的目标 {target.id}" in sentences
