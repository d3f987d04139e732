"""What a pack says of its counties, and changes between two censuses."""

from datetime import date

import numpy as np
import pytest

from xiancheng.calibration.region import load
from xiancheng.calibration.region.counties import COHORTS, enumerated, fertility, rate, summaries

START, LATER = date(2010, 11, 1), date(2020, 11, 1)


def test_nothing_changes_between_a_census_and_itself():
    result = enumerated(load("binzhou"), START)
    change = summaries(result, result)
    for name in set(change) - {"survivors", *COHORTS}:
        assert change[name] == pytest.approx(0), name


def test_the_record_of_huimin_is_a_fall():
    region = load("binzhou")
    change = summaries(enumerated(region, START), enumerated(region, LATER))
    huimin = [c.code for c in region.counties].index("371621")
    assert change["rate_change"][huimin] == pytest.approx(-2.08, abs=0.01)
    assert change["urban_growth"][huimin] == pytest.approx(100 * np.log(192_755 / 216_254))
    assert rate(enumerated(region, LATER))[huimin] == pytest.approx(33.82, abs=0.01)


@pytest.mark.parametrize(
    ("cutoff", "last"),
    [
        (LATER, None),
        (date(2021, 12, 30), None),
        (date(2021, 12, 31), 2021),
        (date(2024, 12, 31), 2024),
        (date(2025, 12, 30), 2024),
        (date(2025, 12, 31), 2025),
    ],
)
def test_births_of_a_year_are_known_once_it_has_ended(cutoff, last):
    known = fertility(load("binzhou"), LATER, cutoff)
    assert max(known, default=None) == last


def test_births_are_told_relative_to_the_census_year():
    known = fertility(load("binzhou"), LATER, date(2026, 1, 1))
    assert known[2025] == pytest.approx(5.16 / 8.55)
