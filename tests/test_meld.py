"""From forecasts of the true rate to the number in the yearbook."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy.special import expit

from tests.test_baselines import panel_of
from xiancheng.calibration import meld
from xiancheng.calibration.baselines import SINGLE
from xiancheng.calibration.baselines.forecast import SHIFT_SD, Known, Standing
from xiancheng.calibration.baselines.shared import SharedTrend
from xiancheng.calibration.priors import central, draw
from xiancheng.calibration.scores import coverage
from xiancheng.results.verdict.level import run_of_draw

SURE = replace(central(), obs_error_sd=0.0, benchmark_drift=0.0)
PEOPLE = np.array([1e5, 3e5, 2e5, 5e5])
TWO = ("370100", "370100", "370100", "370200")
LEVEL = np.tile([30.0, 50.0, 60.0, 70.0], (200, 1))


def printed(rate=LEVEL, day=date(2023, 12, 31), world=SURE, seed=1):
    return meld.published(rate, PEOPLE, TWO, day, [world] * len(rate), seed)


def test_without_drift_and_error_the_truth_is_printed():
    assert printed().tolist() == LEVEL.tolist()


@pytest.mark.parametrize(
    ("day", "years"), [("2021-12-31", 1), ("2024-12-31", 4), ("2025-12-31", 0)]
)
def test_the_series_strays_until_the_next_benchmark(day, years):
    told = printed(day=date.fromisoformat(day), world=replace(SURE, benchmark_drift=-0.25))
    assert told == pytest.approx(LEVEL - 0.25 * years)


def test_counties_agree_with_their_prefecture_whose_rate_has_no_error():
    told = printed(world=replace(SURE, obs_error_sd=0.3))
    both = meld.together(told, PEOPLE, (0, 1, 2))
    assert np.std(told[:, 0]) > 0.2
    assert both == pytest.approx(np.full(200, meld.together(LEVEL, PEOPLE, (0, 1, 2))[0]), abs=0.01)
    assert (told[:, 3] == 70.0).all(), "a prefecture of one county is that county"


def test_equal_seeds_meet_equal_errors_whoever_forecast():
    world = replace(SURE, obs_error_sd=0.3)
    one, other = printed(world=world), printed(LEVEL + 5, world=world)
    assert other - one == pytest.approx(np.full((200, 4), 5.0))
    assert printed(world=world, seed=2).tolist() != one.tolist()


def test_a_rate_is_printed_with_two_decimals_and_stays_a_share():
    world = replace(SURE, obs_error_sd=2.0)
    told = printed(np.tile([0.1, 99.9, 50.0, 50.0], (300, 1)), world=world)
    assert told.min() == 0
    assert told.max() == 100
    assert told.tolist() == told.round(2).tolist()


def test_counties_together_are_weighted_by_their_residents():
    assert meld.together(LEVEL, PEOPLE, (0, 3))[0] == pytest.approx((30 * 1 + 70 * 5) / 6)


@pytest.mark.parametrize("draws", [3, 7, 20])
def test_every_run_is_used_before_one_is_used_again(draws):
    often = np.bincount(run_of_draw(7, draws, seed=1), minlength=7)
    assert often.sum() == draws
    assert often.max() - often.min() <= 1


def test_the_stack_is_a_mixture_of_those_who_told_best():
    rng = np.random.default_rng(1)
    seen = rng.normal(50, 5, 60)
    left_out = [rng.normal(50 + 3 * i, 5, (300, 60)) for i in range(len(SINGLE))]
    pool = meld.stack(SINGLE, left_out, seen)
    assert sum(pool.weights) == pytest.approx(1)
    assert max(pool.weights) == pool.weights[0]


def test_published_rates_are_covered_as_often_as_promised():
    """Synthetic provinces in which everything that is assumed is so: trend, turn, drift, print."""
    rng, day = np.random.default_rng(20), date(2023, 12, 31)
    worlds, inside, n, where = draw(400, 1), [], 30, np.arange(30) % 5
    years = (day - date(2020, 11, 1)).days / 365.25
    for truth in draw(80, 2):
        start, omega = rng.normal(-0.3, 0.4, n), rng.random()
        span = years / panel_of([[50.0], [50.0]]).years
        lasts, passes = np.sqrt([omega, 1 - omega])
        tau = 0.1 * rng.standard_normal((3, 5))[:, where]
        tails = 0.2 / np.sqrt(rng.gamma(2, 1 / 2, (2, n)))
        z = rng.standard_normal((3, n))
        drift = 0.5 + lasts * (tau[0] + tails[0] * z[0])
        end = start + drift + passes * (tau[1] + tails[0] * z[1])
        walk = passes * np.sqrt(span) * (tau[2] + tails[1] * z[2])
        later = end + span * drift + walk + SHIFT_SD * years * rng.standard_normal()
        panel = panel_of(100 * expit([start, end]), prefectures=5)
        rate, people, luck = (
            100 * expit(later)[None],
            panel.residents[1],
            rng.integers(2**31, size=2),
        )
        came = meld.published(rate, people, panel.prefecture, day, [truth], int(luck[0]))[0]
        known = Known(panel, Standing.at(panel, 1))
        level = SharedTrend()(known, years, 400, int(luck[1])).rate
        told = meld.published(level, people, panel.prefecture, day, worlds, 1)
        inside.append([coverage(told, came, p)[0] for p in (0.5, 0.8, 0.95)])
    half, most, nearly_all = np.mean(inside, axis=0)
    assert half == pytest.approx(0.5, abs=0.06)
    assert most == pytest.approx(0.8, abs=0.06)
    assert nearly_all == pytest.approx(0.95, abs=0.04)
    assert np.std(inside, axis=0)[1] / np.sqrt(80) < 0.02, "so that the test can fail"
