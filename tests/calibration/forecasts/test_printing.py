"""Printed rates: smooth between benchmarks, put right at them, and held to what was published."""

from datetime import date

import numpy as np
import pytest

from xiancheng.calibration.forecasts import level
from xiancheng.calibration.forecasts.common_trend import CommonTrend, PublishedRate
from xiancheng.calibration.forecasts.level import condition, printed_rates

CENSUS = date(2020, 11, 1)
DAYS = [CENSUS, *(date(year, 12, 31) for year in range(2020, 2032))]
PEOPLE = np.array([1e5, 3e5, 2e5, 5e5])
TWO = ("370100", "370100", "370100", "370200")
CODES = {code: np.array([i]) for i, code in enumerate(("1", "2", "3", "4"))}
CODES |= {"370100": np.arange(3), "370200": np.array([3])}
START = np.array([30.0, 50.0, 60.0, 70.0])


def world(draws=4000, seed=1, sd=2.5):
    """True paths, and what is printed of them, (day, draw, unit)."""
    rng = np.random.default_rng(seed)
    known = ((date(2021, 12, 31), 63.9), (date(2022, 12, 31), 64.6))
    trend = CommonTrend((date(2010, 11, 1), CENSUS), (50.0, 63.0), known)
    common = trend.draws(draws, rng)
    years = np.array([(day - CENSUS).days / 365.25 for day in DAYS])[:, None, None]
    off = sd * np.sqrt(years) * rng.standard_normal((draws, 4))
    true = np.clip(START + 0.9 * years + off, 0, 100)
    return true, printed_rates(true, DAYS, TWO, common, seed)


@pytest.fixture(scope="module")
def paths():
    return world()


def test_the_year_of_the_census_prints_the_census(paths):
    __, shown = paths
    assert (shown[0] == START).all()
    assert (shown[1] == START).all()


def test_between_benchmarks_a_printed_rate_is_smooth_whatever_is_true(paths):
    true, shown = paths
    for year in (2022, 2023, 2024):
        i = DAYS.index(date(year, 12, 31))
        assert (shown[i] - shown[i - 1]).std(axis=0).max() < 0.5
        assert (true[i] - START).std(axis=0).min() > 3


def test_increments_fall_with_the_level(paths):
    __, shown = paths
    i = DAYS.index(date(2022, 12, 31))
    rise = np.median(shown[i] - shown[i - 1], axis=0)
    assert (np.diff(rise) < 0).all()
    assert (rise[0] - rise[3]) / 40 == pytest.approx(np.mean(level.PULL), abs=0.005)


def test_a_survey_puts_right_a_part_and_a_census_all(paths):
    true, shown = paths
    before, survey, census = (DAYS.index(date(y, 12, 31)) for y in (2024, 2025, 2030))
    assert (shown[census] == true[census]).all()

    def slope(i):
        """Of what is printed on what is true."""
        x, y = true[i, :, 0] - true[i, :, 0].mean(), shown[i, :, 0]
        return x @ y / (x @ x)

    assert slope(before) < 0.1
    assert 0.15 < slope(survey) < 0.4


def test_equal_seeds_meet_equal_errors_whoever_forecast():
    one, other = world(200)[1], world(200)[1]
    assert (one == other).all()


# Published rates as conditions


def conditioned(paths, *observed):
    return condition(*paths, DAYS, observed, CODES, TWO, PEOPLE)


def test_a_published_rate_is_met_and_the_next_year_is_known_within_a_point_and_a_half(paths):
    day = date(2024, 12, 31)
    __, shown = conditioned(paths, PublishedRate("1", day, 35.0))
    i = DAYS.index(day)
    assert shown[i, :, 0] == pytest.approx(np.full(4000, 35.0), abs=0.2)
    before = date(2023, 12, 31)
    __, last = conditioned(paths, PublishedRate("1", before, 34.0))
    low, high = np.percentile(last[i, :, 0], (10, 90))
    assert high - low <= 1.5


def test_a_rate_that_is_as_sharp_as_what_is_known_moves_it_half_the_way():
    """Rates are rounded: draws that stray by no more than that are not drawn onto a figure."""
    day, rng = date(2022, 12, 31), np.random.default_rng(1)
    shown = np.full((len(DAYS), 20_000, 4), START) + level.ROUNDING_SD * rng.standard_normal(
        (20_000, 4)
    )
    __, moved = conditioned((shown.copy(), shown.copy()), PublishedRate("1", day, START[0] + 0.2))
    i = DAYS.index(day)
    assert moved[i, :, 0].mean() - START[0] == pytest.approx(0.1, abs=0.005)


def test_between_benchmarks_a_published_rate_says_little_of_the_truth(paths):
    day = date(2022, 12, 31)
    i, true = DAYS.index(day), paths[0]
    median = np.median(paths[1][i, :, 0])
    moved, shown = conditioned(paths, PublishedRate("1", day, median + 0.5))
    assert np.median(shown[i, :, 0]) - median == pytest.approx(0.5, abs=0.05)
    assert moved[i, :, 0].std() > 0.8 * true[i, :, 0].std()
    assert (moved[0] == true[0]).all(), "the census is not moved"


def test_a_rate_of_a_prefecture_moves_its_counties_and_no_other(paths):
    day = date(2022, 12, 31)
    i = DAYS.index(day)
    both = np.average(paths[1][i][:, :3], axis=1, weights=PEOPLE[:3])
    moved, shown = conditioned(paths, PublishedRate("370100", day, np.median(both) + 0.4))
    now = np.average(shown[i][:, :3], axis=1, weights=PEOPLE[:3])
    assert np.median(now) - np.median(both) == pytest.approx(0.4, abs=0.05)
    assert (shown[:, :, 3] == paths[1][:, :, 3]).all()
    assert (moved[:, :, 3] == paths[0][:, :, 3]).all()
    assert (np.median(shown[i] - paths[1][i], axis=0)[:3] > 0.2).all()


def test_rates_of_the_census_and_of_strangers_are_no_conditions(paths):
    true, shown = conditioned(
        paths, PublishedRate("1", CENSUS, 99.0), PublishedRate("9", date(2022, 12, 31), 99.0)
    )
    assert (true == paths[0]).all()
    assert (shown == paths[1]).all()


def test_a_year_ahead_is_covered_as_often_as_promised():
    """Worlds are drawn from the model; each publishes 2023, and 2024 comes out."""
    worlds, paths = world(80, seed=5), world(1500, seed=6)
    last, then = date(2023, 12, 31), date(2024, 12, 31)
    i, inside = DAYS.index(then), []
    for k in range(80):
        seen = [
            PublishedRate(code, last, worlds[1][DAYS.index(last), k, u])
            for u, code in enumerate(("1", "2", "3", "4"))
        ]
        __, shown = condition(*paths, DAYS, seen, CODES, TWO, PEOPLE)
        low, high = np.percentile(shown[i], (10, 90), axis=0)
        came = worlds[1][i, k]
        inside.append((low <= came) & (came <= high))
    assert np.mean(inside) == pytest.approx(0.8, abs=0.07)
