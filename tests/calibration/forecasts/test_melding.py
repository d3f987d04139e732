"""Mixtures, and from the true rate to the number in the yearbook."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy.special import expit

from tests.toys import NAMED, ahead, panel_of, some_counties
from xiancheng.calibration.forecasts import melding
from xiancheng.calibration.forecasts.forecast import (
    SHIFT_SD,
    Known,
    Origin,
    StatisticalForecast,
    hindcast,
)
from xiancheng.calibration.forecasts.level import run_of_draw
from xiancheng.calibration.forecasts.melding import BASELINES, SINGLE, Mixture
from xiancheng.calibration.forecasts.scoring import coverage, crps
from xiancheng.calibration.i18n import Words
from xiancheng.calibration.priors import central, draw

SURE = replace(central(), obs_error_sd=0.0, benchmark_drift=0.0)
PEOPLE = np.array([1e5, 3e5, 2e5, 5e5])
TWO = ("370100", "370100", "370100", "370200")
LEVEL = np.tile([30.0, 50.0, 60.0, 70.0], (200, 1))


def printed(rate=LEVEL, day=date(2023, 12, 31), world=SURE, seed=1):
    return melding.published(rate, PEOPLE, TWO, day, [world] * len(rate), seed)


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
    both = melding.together(told, PEOPLE, (0, 1, 2))
    assert np.std(told[:, 0]) > 0.2
    assert both == pytest.approx(
        np.full(200, melding.together(LEVEL, PEOPLE, (0, 1, 2))[0]), abs=0.01
    )
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
    assert melding.together(LEVEL, PEOPLE, (0, 3))[0] == pytest.approx((30 * 1 + 70 * 5) / 6)


@pytest.mark.parametrize("draws", [3, 7, 20])
def test_every_run_is_used_before_one_is_used_again(draws):
    often = np.bincount(run_of_draw(7, draws, seed=1), minlength=7)
    assert often.sum() == draws
    assert often.max() - often.min() <= 1


def test_the_stack_is_a_mixture_of_those_who_told_best():
    rng = np.random.default_rng(1)
    seen = rng.normal(50, 5, 60)
    left_out = [rng.normal(50 + 3 * i, 5, (300, 60)) for i in range(len(SINGLE))]
    pool = melding.stack(SINGLE, left_out, seen)
    assert sum(pool.weights) == pytest.approx(1)
    assert max(pool.weights) == pool.weights[0]


def test_published_rates_are_covered_as_often_as_promised():
    """Synthetic provinces in which everything that is assumed is so: trend, turn, drift, print."""
    rng, day = np.random.default_rng(20), date(2023, 12, 31)
    shared_trend = next(each for each in BASELINES if each.name == "shared_trend")
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
        came = melding.published(rate, people, panel.prefecture, day, [truth], int(luck[0]))[0]
        known = Known(panel, Origin.at(panel, 1))
        level = shared_trend(known, years, 400, int(luck[1]))
        told = melding.published(level, people, panel.prefecture, day, worlds, 1)
        inside.append([coverage(told, came, p)[0] for p in (0.5, 0.8, 0.95)])
    half, most, nearly_all = np.mean(inside, axis=0)
    assert half == pytest.approx(0.5, abs=0.06)
    assert most == pytest.approx(0.8, abs=0.06)
    assert nearly_all == pytest.approx(0.95, abs=0.04)
    assert np.std(inside, axis=0)[1] / np.sqrt(80) < 0.02, "so that the test can fail"


def test_a_mixture_is_made_of_whole_draws():
    panel = some_counties()
    known = Known(panel, Origin.at(panel, 1))
    low, high = (
        StatisticalForecast(name, Words("", ""), lambda *_, rate=rate: np.full((400, 12), rate))
        for name, rate in (("low", 10.0), ("high", 90.0))
    )
    rate = Mixture("mixed", Words("", ""), (low, high), (0.25, 0.75))(known, 5.0, 400, 1)
    assert np.ptp(rate, axis=1).max() == 0
    assert (rate[:, 0] == 10).mean() == pytest.approx(0.25)


def test_a_member_without_weight_is_not_asked():
    def refuses(*_):
        raise AssertionError("asked")

    panel = some_counties()
    known = Known(panel, Origin.at(panel, 1))
    pool = Mixture("mixed", Words("", ""), (NAMED["drift"], refuses), (1.0, 0.0))
    assert pool(known, 5.0, 50, 1).tolist() == NAMED["drift"](known, 5.0, 50, 1).tolist()


def test_the_equal_mixture_is_as_wide_as_its_members_disagree(shandong):
    spread = {f.name: ahead(shandong, f.name).std(0).mean() for f in (*SINGLE, BASELINES[-1])}
    mixed = spread.pop("equal_weights")
    assert mixed > np.median(list(spread.values()))


def test_crps_of_the_whole_record_orders_persistence_last(shandong):
    seen = shandong.rate[1]
    told = {
        f.name: crps(hindcast(f, shandong, by="prefecture", draws=200), seen).mean() for f in SINGLE
    }
    assert max(told, key=told.get) == "persistence"
