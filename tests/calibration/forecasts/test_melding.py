"""Mixtures of forecasts, and their weights."""

import numpy as np
import pytest

from tests.toys import NAMED, ahead, some_counties
from xiancheng.calibration.forecasts import melding
from xiancheng.calibration.forecasts.forecast import (
    Known,
    Origin,
    StatisticalForecast,
    hindcast,
)
from xiancheng.calibration.forecasts.level import run_of_draw
from xiancheng.calibration.forecasts.melding import BASELINES, SINGLE, Mixture
from xiancheng.calibration.forecasts.scoring import crps
from xiancheng.calibration.i18n import Words

PEOPLE = np.array([1e5, 3e5, 2e5, 5e5])
LEVEL = np.tile([30.0, 50.0, 60.0, 70.0], (200, 1))


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


def test_a_mixture_is_made_of_whole_draws():
    panel = some_counties()
    known = Known(panel, Origin.at(panel, 1))
    low, high = (
        StatisticalForecast(
            name, Words("", ""), lambda *_, r=rate: np.full((400, 12), r), follows=False
        )
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
    result = {
        f.name: crps(hindcast(f, shandong, by="prefecture", draws=200), seen).mean() for f in SINGLE
    }
    assert max(result, key=result.get) == "persistence"
