"""Published rates that a user brings: how they are read, what is marked, what they change."""

from datetime import date, datetime

import numpy as np
import openpyxl
import pytest

from tests.observed import HEAD, line
from xiancheng.calibration.errors import RequestError, ScenarioError
from xiancheng.calibration.forecasts.common_trend import PublishedRate
from xiancheng.calibration.region import load
from xiancheng.results.verdict.observations import VARIABLE, read, read_known
from xiancheng.results.verdict.verdict import new_figures, verdicts
from xiancheng.scenarios.ensemble import ensemble
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.outcome import reported_groups
from xiancheng.scenarios.run_spec import horizon

CUTOFF, END_OF_2023 = date(2024, 12, 31), date(2023, 12, 31)


# What may be known


def test_published_rates_up_to_the_cut_off_are_known(file):
    """Of counties, their prefecture, the province and the nation; `run --observations`."""
    rows = [
        line(day="2024-12-31", value="38.5"),
        line(code="371600", day="2023-12-31", value="62"),
        line(code="370000", day="2024-12-31", value="66.5"),
        line(code="100000", day="2024-12-31", value="67"),
    ]
    known = read_known(file(*rows), resolve("plan"), "binzhou")
    assert [(each.code, str(each.day), each.rate) for each in known.rates] == [
        ("371621", "2024-12-31", 38.5), ("371600", "2023-12-31", 62.0),
        ("370000", "2024-12-31", 66.5), ("100000", "2024-12-31", 67.0),
    ]  # fmt: skip
    assert read_known(None, resolve("plan"), "binzhou").rates == ()


@pytest.mark.parametrize("day", ["2020-11-01", "2019-12-31", "2081-12-31"])
def test_published_rates_of_other_days_are_not_known(file, day):
    with pytest.raises(ScenarioError, match="2020-11-01"):
        read_known(file(line(day=day)), resolve("plan"), "binzhou")


def test_a_figure_after_the_cut_off_is_marked_and_not_used(file):
    rows = [line(day="2024-12-31", value="38.5"), line(day="2025-12-31", value="40")]
    found = read_known(file(*rows), resolve("plan"), "binzhou")
    assert [each.rate for each in found.rates] == [38.5]
    (remark,) = found.remarks
    assert "observed.csv:3: Huimin, 2025-12-31, 40 %" in remark.en
    later = read_known(file(*rows), resolve("plan"), "binzhou", date(2025, 12, 31))
    assert ([each.rate for each in later.rates], later.remarks) == ([38.5, 40.0], ())
    with pytest.raises(ScenarioError, match="--cutoff"):
        read_known(file(rows[1]), resolve("plan"), "binzhou")


def test_a_run_before_the_last_census_knows_no_later_rate(file):
    early = horizon(resolve("plan"), "2010-11-01", None)
    with pytest.raises(RequestError, match="2020-11-01"):
        read_known(file(line(day="2021-12-31")), early, "binzhou")


NAMED = [
    ("地区", "惠民"),
    ("place", "Huimin County"),
    ("unit_code", "３７１６２１"),
    ("县市区", "惠民县"),
]
DAYS = ["2023", "2023年", "2023年底", "2023/12/31", "2023年12月31日"]


@pytest.mark.parametrize(("head", "name"), NAMED)
@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("rate", ["37.5", "37.5%", "３７．５％"])
def test_a_table_of_rates_is_read_as_people_write_it(file, head, name, day, rate):
    path = file(f"{name},{day},{rate},公报", head=f"{head},年份,城镇化率,来源")
    (known,) = read_known(path, resolve("plan"), "binzhou").rates
    assert (known.code, known.day, known.rate) == ("371621", END_OF_2023, 37.5)


def test_a_workbook_of_rates_is_read(tmp_path):
    book, rates = openpyxl.Workbook(), tmp_path / "rates.xlsx"
    book.active.append(["地区", "日期", "数值"])
    book.active.append(["惠民县", datetime(2023, 12, 31), 37.5])
    book.active.append(["邹平", 2024, 71])
    book.save(rates)
    found = read_known(rates, resolve("plan"), "binzhou").rates
    assert [(each.code, str(each.day), each.rate) for each in found] == [
        ("371621", "2023-12-31", 37.5), ("371681", "2024-12-31", 71.0),
    ]  # fmt: skip


def test_the_heading_of_a_column_that_is_there_stands_for_nothing_else(file):
    groups = reported_groups(load("binzhou"))
    path = file(f"371621,2025-12-31,{VARIABLE},40,percent", head=HEAD + ",rate")
    assert read(path, groups, CUTOFF)[0].rate == 40


# What newer figures change


def test_what_newer_figures_change_stands_beside_what_was_expected():
    """Before is what a run without them says: the level is the same, effects nearly so."""
    settings = {"draws": 2, "scale": 0.005, "jobs": 1}
    brought = [
        PublishedRate("371621", date(2024, 12, 31), 33.0),
        PublishedRate("371622", END_OF_2023, 47.0),
    ]
    both = ensemble(resolve("plan"), observations=brought, **settings)
    result, plain = verdicts(both), verdicts(ensemble(resolve("plan"), **settings))
    assert not [name for name in plain if "before" in name]
    np.testing.assert_allclose(result["expected_before"], plain["expected"], atol=0.3)
    np.testing.assert_allclose(result["high_before"], plain["high"], atol=0.3)
    huimin = result.set_index("unit_code").loc[371621]
    assert huimin["expected"] < huimin["expected_before"] - 1
    assert huimin["high"] - huimin["low"] < huimin["high_before"] - huimin["low_before"]
    low, high = new_figures(both)
    assert (low.code, low.odd, high.odd) == (371621, True, False)
    assert low.rate < low.low < low.foreseen < low.high
