"""Trends that go on, each county for itself."""

from dataclasses import replace

import numpy as np
import pytest

from tests.toys import NAMED, ahead, panel_of, some_counties
from xiancheng.calibration.forecasts.common_trend import SHIFT_SD, WANDER_SD
from xiancheng.calibration.forecasts.forecast import Known, Origin, from_log_odds, log_odds
from xiancheng.calibration.forecasts.trends import records_ahead


def test_persistence_stays_and_a_drift_goes_on():
    panel = panel_of([[30, 40, 50, 45, 38, 52], [40, 48, 64, 44, 50, 60]])
    assert np.median(ahead(panel, "persistence"), 0) == pytest.approx(panel.rate[1], abs=0.7)
    half = panel.rate[1] + (panel.rate[1] - panel.rate[0]) / 2
    assert np.median(ahead(panel, "drift"), 0) == pytest.approx(half, abs=0.5)


def test_a_damped_drift_has_faded_by_a_tenth_each_year():
    panel = panel_of([[30, 40, 50, 45, 38, 52], [40, 48, 64, 44, 50, 60]])
    years = sum(0.9**k for k in (1, 2, 3, 4, 5))
    wanted = panel.rate[1] + (panel.rate[1] - panel.rate[0]) / panel.years * years
    assert np.median(ahead(panel, "damped_drift"), 0) == pytest.approx(wanted, abs=0.5)


def test_over_the_years_of_the_record_a_damped_drift_is_a_drift():
    panel = some_counties()
    known = Known(panel, Origin.at(panel, 0))
    assert records_ahead(known, panel.years, damping=0.9) == pytest.approx(1)


def test_constant_growth_in_town_and_village_is_told_by_their_difference():
    towns, villages = np.array([3e4, 5e4, 6e4]), np.array([7e4, 5e4, 4e4])
    decade = [towns * 1.5, villages * 0.8]
    later = [towns * 1.5**1.5, villages * 0.8**1.5]
    rates = [100 * u / (u + r) for u, r in ((towns, villages), decade, later)]
    result = np.median(
        ahead(panel_of(rates[:2]), "growth_difference", panel_of(rates[:2]).years / 2), 0
    )
    assert result == pytest.approx(rates[2], abs=0.5)


@pytest.mark.parametrize("ceiling", [80.0, 85.0])
def test_a_logistic_keeps_below_its_ceiling_and_leaves_those_above_where_they_are(ceiling):
    rate = np.array([40.0, 79.0, 90.0])
    far = from_log_odds(rate, np.full(3, 50.0), ceiling)
    assert far[0] == pytest.approx(ceiling)
    assert far[1] <= ceiling + 1e-9
    assert far[2] == pytest.approx(90.0, abs=0.1)


@pytest.mark.parametrize("ceiling", [80.0, 85.0])
def test_a_logistic_of_a_name_ends_at_the_ceiling_of_its_name(ceiling):
    """Far ahead, a county that grew is at the ceiling and not above or below it."""
    panel = panel_of([[30, 40, 50, 60], [42, 51, 62, 70]])
    far = NAMED[f"logistic_{ceiling:g}"](Known(panel, Origin.at(panel, 0)), 300.0, 400, 1)
    assert np.median(far, 0) == pytest.approx(np.full(4, ceiling), abs=0.5)


def test_without_a_past_of_its_own_a_county_takes_that_of_others():
    panel = panel_of([[30, 40, 50, 60], [40, 50, 60, 70]])
    stranger = replace(panel, codes=("1", "2", "3", "4"))
    known = Known(panel, Origin.at(stranger, 0))
    result = NAMED["drift"](known, panel.years, 2000, 1)
    assert np.median(result, 0) == pytest.approx(panel.rate[1], abs=0.05)


def test_after_the_record_all_may_turn_together():
    panel = panel_of([[40.0] * 20, [50.0] * 20])
    odds = log_odds(ahead(panel, "drift"))
    assert np.corrcoef(odds.T)[np.triu_indices(20, 1)].min() > 0.9
    wandered = WANDER_SD * np.sqrt(sum(k**2 for k in range(1, 6)))
    assert odds.std(axis=0) == pytest.approx(
        np.full(20, np.hypot(SHIFT_SD * 5, wandered)), rel=0.06
    )
    same = NAMED["drift"](Known(panel, Origin.at(panel, 0)), 10.0, 100, 1)
    assert np.ptp(same) == pytest.approx(0, abs=1e-6)


def test_odds_move_and_return():
    rate = np.array([0.0, 20.0, 99.0, 100.0])
    assert from_log_odds(rate, np.zeros(4)) == pytest.approx(rate)
    assert from_log_odds(np.array([50.0]), np.array([np.log(3)])) == pytest.approx(75.0)
