"""Scores of forecasts, against cases whose answer is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from tests.conftest import assert_share
from xiancheng.calibration.forecasts.scoring import (
    LEVELS,
    ForecastScores,
    between,
    brier,
    coverage,
    crps,
    distance,
    interval,
    probability,
    stacking_weights,
)

ensembles = arrays(float, (7, 3), elements=st.integers(0, 20).map(float))


def normal(n, cases, seed=0, mean=0.0, sd=1.0):
    return mean + sd * np.random.default_rng(seed).standard_normal((n, cases))


def of_a_normal(y, sd=1.0):
    """Closed form of the CRPS of a normal about 0 (Gneiting & Raftery 2007, eq. 21)."""
    z = y / sd
    return sd * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))


# CRPS


@pytest.mark.parametrize("seen", [-3.0, 0.0, 0.7])
@pytest.mark.parametrize("sd", [0.5, 2.0])
def test_the_crps_of_many_normal_draws_is_that_of_the_normal(seen, sd):
    result = crps(normal(200_000, 1, sd=sd), np.array([seen]))
    assert result[0] == pytest.approx(of_a_normal(seen, sd), abs=0.01)


def test_the_crps_is_fair_to_small_ensembles():
    draws, seen = normal(4, 200_000), normal(1, 200_000, seed=1)[0]
    assert crps(draws, seen).mean() == pytest.approx(1 / np.sqrt(np.pi), abs=0.01)


@given(ensembles, arrays(float, 3, elements=st.integers(-5, 25).map(float)))
def test_the_crps_by_sorting_is_that_by_all_pairs(draws, seen):
    pairs = np.abs(draws[:, None] - draws[None])
    slow = np.abs(draws - seen).mean(0) - pairs.sum((0, 1)) / (7 * 6) / 2
    assert crps(draws, seen) == pytest.approx(slow)
    assert distance(draws) == pytest.approx(pairs.sum((0, 1)) / (7 * 6))


@given(ensembles, ensembles)
def test_the_distance_between_two_ensembles_is_that_of_all_pairs(one, other):
    slow = np.abs(one[:, None] - other[None]).mean((0, 1))
    assert between(one, other[:4]) == pytest.approx(np.abs(one[:, None] - other[:4]).mean((0, 1)))
    assert between(one, other) == pytest.approx(slow)


def test_a_sure_and_right_forecast_costs_nothing_and_a_wrong_one_its_error():
    draws = np.full((50, 2), 60.0)
    assert crps(draws, np.array([60.0, 57.5])).tolist() == [0.0, 2.5]


def test_scores_of_changes_are_those_of_levels():
    draws, seen = normal(500, 9), normal(1, 9, seed=1)[0]
    start = np.linspace(20, 80, 9)
    result, again = ForecastScores.of(draws, seen), ForecastScores.of(draws + start, seen + start)
    assert (result.mae, result.bias, result.crps) == pytest.approx(
        (again.mae, again.bias, again.crps)
    )
    assert result.coverage == again.coverage


# Intervals


@pytest.mark.parametrize("level", LEVELS)
def test_an_honest_forecast_covers_as_often_as_it_says(level):
    cases = 20_000
    draws, seen = normal(400, cases), normal(1, cases, seed=1)[0]
    low, high = interval(draws, level)
    hits = int(((seen >= low) & (seen <= high)).sum())
    assert_share(hits, cases, level, detect=0.04)
    assert coverage(draws, seen, level)[0] == hits / cases


def test_the_error_of_a_coverage_is_that_of_a_coin():
    assert coverage(normal(50, 100), np.zeros(100), 0.8)[1] == pytest.approx(0.04)


def test_ends_count_as_inside():
    draws = np.arange(5.0)[:, None]
    assert coverage(draws, np.array([4.0]), 0.999)[0] == 0.0
    assert coverage(draws, np.array([2.0]), 0.0)[0] == 1.0


# Probabilities


def test_a_threshold_that_is_reached_exactly_is_reached():
    draws = np.array([[49.0], [50.0], [51.0], [52.0]])
    assert probability(draws, 50.0).tolist() == [0.75]
    assert brier(draws, np.array([50.0]), 50.0)[0] == pytest.approx(0.25**2)
    assert brier(draws, np.array([49.9]), 50.0)[0] == pytest.approx(0.75**2)


def test_a_coin_scores_a_quarter():
    draws = np.array([[0.0], [1.0]])
    for seen in (0.0, 1.0):
        assert brier(draws, np.array([seen]), 0.5)[0] == 0.25


def test_brier_is_of_cases_with_a_threshold_only():
    draws, seen = np.tile([[1.0], [3.0]], (1, 3)), np.array([2.0, 2.0, 2.0])
    result = ForecastScores.of(draws, seen, np.array([2.0, np.nan, 0.0]))
    assert result.brier == pytest.approx((0.25 + 0.0) / 2)
    assert np.isnan(ForecastScores.of(draws, seen).brier)


def test_bias_is_the_median_less_what_came_out():
    result = ForecastScores.of(np.array([[1.0, 5.0], [2.0, 6.0], [9.0, 7.0]]), np.array([1.0, 9.0]))
    assert (result.mae, result.bias) == (2.0, -1.0)


# Stacking


def test_the_forecaster_who_is_right_gets_all_the_weight():
    right, wide, off = normal(300, 400), normal(300, 400, 2, sd=4), normal(300, 400, 3, mean=2)
    weights = stacking_weights([wide, right, off], normal(1, 400, seed=9)[0])
    assert weights.sum() == pytest.approx(1)
    assert weights[1] > 0.9
    assert (weights >= 0).all()


def test_a_mixture_is_found_again():
    rng = np.random.default_rng(5)
    low, high = normal(400, 3000, 1, mean=-2), normal(400, 3000, 2, mean=2)
    seen = np.where(rng.random(3000) < 0.3, -2.0, 2.0) + rng.standard_normal(3000)
    assert stacking_weights([low, high], seen) == pytest.approx([0.3, 0.7], abs=0.05)


def test_stacking_is_no_worse_than_its_best_member():
    seen = normal(1, 300, seed=9, sd=2)[0]
    members = [normal(500, 300, 1, mean=-1), normal(500, 300, 2, mean=1, sd=1.5)]
    weights = stacking_weights(members, seen)
    cut = round(500 * weights[0])
    mixed = np.concatenate([members[0][:cut], members[1][: 500 - cut]])
    assert crps(mixed, seen).mean() <= min(crps(m, seen).mean() for m in members) + 0.01
