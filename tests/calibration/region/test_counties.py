"""What a pack says of its counties: nothing that was not known yet."""

from datetime import date

import pytest

from xiancheng.calibration.region import load
from xiancheng.calibration.region.counties import fertility

START = date(2020, 11, 1)


@pytest.mark.parametrize(
    ("cutoff", "last"),
    [
        (START, None),
        (date(2021, 12, 30), None),
        (date(2021, 12, 31), 2021),
        (date(2024, 12, 31), 2024),
        (date(2025, 12, 30), 2024),
        (date(2025, 12, 31), 2025),
    ],
)
def test_births_of_a_year_are_known_once_it_has_ended(cutoff, last):
    known = fertility(load("binzhou"), START, cutoff)
    assert max(known, default=None) == last


def test_births_are_told_relative_to_the_census_year():
    known = fertility(load("binzhou"), START, date(2026, 1, 1))
    assert known[2025] == pytest.approx(5.16 / 8.55)
