"""Cohorts in town and in villages."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from tests.toys import NAMED, some_counties
from xiancheng.calibration.forecasts.forecast import (
    ForecastError,
    Known,
    Origin,
)
from xiancheng.calibration.forecasts.trends import (
    CohortRatios,
    by_place,
    cohort_component,
)


def test_ages_split_by_odds_keep_all_totals():
    rng = np.random.default_rng(1)
    ages = rng.uniform(1e3, 5e3, (4, 19))
    everyone = ages.sum(1)
    urban = everyone * [0.0, 0.3, 0.9, 1.0]
    split = by_place(ages, np.linspace(2, 0.5, 19), urban, everyone - urban)
    assert split.sum(2)[0] == pytest.approx(urban, abs=0.01)
    assert split.sum(0)[:, 1:] == pytest.approx(ages[:, 2:])
    assert split.sum(0)[:, 0] == pytest.approx(ages[:, :2].sum(1))
    town = split[0, 1] / split.sum(0)[1]
    assert town[1] > town[-1], "the young live in town"


def test_ages_that_are_of_another_total_are_scaled_to_the_residents():
    """A pack may give ages as shares or of those registered; town and village are as counted."""
    ages = np.random.default_rng(1).uniform(1e3, 5e3, (3, 19))
    urban, rural = np.array([3e4, 5e4, 0.0]), np.array([7e4, 1e4, 2e4])
    odds = np.linspace(2, 0.5, 19)
    split = by_place(ages, odds, urban, rural)
    assert split.sum(2) == pytest.approx(np.stack([urban, rural]), abs=0.1)
    shape = ages / ages.sum(1, keepdims=True)
    assert split.sum(0)[:, 1:] == pytest.approx(shape[:, 2:] * (urban + rural)[:, None], rel=1e-9)
    assert by_place(shape, odds, urban, rural) == pytest.approx(split, rel=1e-6, abs=1e-3)


def test_cohorts_that_keep_their_numbers_go_on_to_keep_them():
    still = np.full((1, 18), 100.0)
    rates = CohortRatios.between(still, still)
    older = rates.after(still, 5.0)
    assert rates.ageing == pytest.approx(np.ones((1, 16)))
    assert rates.children == pytest.approx(np.full(1, 0.2))
    oldest = 200 * np.sqrt(1 / 3)  # a third of those over 75 are over 85 ten years later
    assert older == pytest.approx(1700 + oldest)


def test_between_two_steps_numbers_grow_evenly():
    rates = CohortRatios(np.full((1, 16), 0.9), np.array([0.4]), np.array([0.2]))
    people = np.random.default_rng(3).uniform(50, 150, (1, 18))
    now, five, ten = people.sum(), rates.step(people).sum(), rates.step(rates.step(people)).sum()
    result = [rates.after(people, years)[0] for years in (0.0, 2.5, 5.0, 10.0)]
    assert result == pytest.approx([now, np.sqrt(now * five), five, ten])


def test_two_steps_of_five_years_undo_the_ten_they_came_from():
    rng = np.random.default_rng(2)
    known = CohortRatios(np.full((1, 16), 0.97), np.array([0.5]), np.array([0.15]))
    before = rng.uniform(50, 150, (1, 18))
    after = known.step(known.step(before))
    found = CohortRatios.between(before, after)
    assert found.ageing == pytest.approx(known.ageing)
    assert found.children == pytest.approx(known.children)
    assert found.step(found.step(before))[:, 2:17] == pytest.approx(after[:, 2:17])


def test_cohorts_are_followed_through_ten_years_or_not_at_all():
    panel = replace(some_counties(), dates=(date(2020, 11, 1), date(2025, 11, 1)))
    with pytest.raises(ForecastError) as refused:
        NAMED["cohorts"](Known(panel, Origin.at(panel, 1)), 5.0, 10, 1)
    assert "5.0" in refused.value.zh


def test_cohorts_forecast_residents_too(shandong):
    known = Known(shandong, Origin.at(shandong, 1))
    _, residents = cohort_component(known, 5.0, 4000, np.random.default_rng(1))
    growth = np.median(residents, 0) / shandong.residents[1]
    past = shandong.residents[1] / shandong.residents[0]
    assert np.corrcoef(growth, past)[0, 1] > 0.7
    assert 0.8 < growth.min() < growth.max() < 1.4
