"""All statistical forecasts: what they may know, how sure they are, how far units deviate."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student

from tests.toys import NAMED, ahead, panel_of, some_counties
from xiancheng.calibration.forecasts.forecast import (
    DEGREES,
    ForecastError,
    Known,
    Origin,
    StudentT,
    deviation,
    drift,
    hindcast,
    log_odds,
)
from xiancheng.calibration.forecasts.melding import BASELINES

every_baseline = pytest.mark.parametrize("baseline", BASELINES, ids=list(NAMED))


@every_baseline
def test_nothing_of_a_county_left_out_is_seen(baseline):
    panel = some_counties()
    urban = panel.urban.copy()
    urban[1, 4] = 0.9 * panel.residents[1, 4]
    other = replace(panel, urban=urban, rural=panel.residents - urban)
    before, after = (hindcast(baseline, p, draws=60) for p in (panel, other))
    assert before[:, 4].tolist() == after[:, 4].tolist()
    if baseline.name != "persistence":
        assert np.median(after[:, 5]) != np.median(before[:, 5]), "but by those who knew it"


@every_baseline
def test_equal_seeds_give_equal_draws(baseline):
    panel = some_counties()
    known = Known(panel, Origin.at(panel, 1))
    one, same, other = (baseline(known, 5.0, 50, seed) for seed in (1, 1, 2))
    assert one.tolist() == same.tolist()
    assert one.tolist() != other.tolist()


@every_baseline
def test_rates_are_shares_even_at_the_ends(baseline):
    rates = np.array([[0.0, 3.0, 50.0, 97.0, 100.0, 60.0], [0.0, 8.0, 70.0, 99.0, 100.0, 75.0]])
    panel = panel_of(rates)
    for census in (0, 1):
        rate = baseline(Known(panel, Origin.at(panel, census)), 10.0, 500, 1)
        assert rate.shape == (500, 6)
        assert np.isfinite(rate).all()
        assert rate.min() >= 0
        assert rate.max() <= 100


@every_baseline
def test_later_is_less_sure_between_a_random_walk_and_a_drift(baseline):
    panel = some_counties(30)
    forecasts = [log_odds(ahead(panel, baseline.name, years)) for years in (2.5, 5.0)]
    near, far = (np.ptp(np.quantile(odds, [0.25, 0.75], axis=0), axis=0) for odds in forecasts)
    if not baseline.name.startswith("logistic"):  # whose ceiling comes nearer
        assert 1.2 < np.median(far / near) < 2.3


@every_baseline
def test_two_counties_tell_nothing(baseline):
    panel = panel_of([[40, 50], [50, 60]])
    with pytest.raises(ForecastError) as refused:
        baseline(Known(panel, Origin.at(panel, 1)), 5.0, 10, 1)
    assert "3" in refused.value.zh
    assert "3" in refused.value.en


def test_the_law_is_the_most_likely_one():
    values = student.rvs(DEGREES, 3, 2, size=300, random_state=1)
    _, location, scale = student.fit(values, fdf=DEGREES)
    law = StudentT.fit(values)
    assert (law.location, law.scale) == pytest.approx((location, scale), rel=1e-3)
    assert StudentT.fit(values, 0.0).location == 0


def test_the_law_is_as_unsure_as_repeated_samples_disagree():
    rng = np.random.default_rng(2)
    again = [StudentT.fit(rng.standard_t(DEGREES, 80)) for _ in range(400)]
    locations, scales = StudentT(0.0, 1.0, 80, True).draws(20_000, rng)
    assert np.std([law.location for law in again]) == pytest.approx(locations.std(), rel=0.15)
    assert np.std(np.log([law.scale for law in again])) == pytest.approx(
        np.log(scales).std(), rel=0.15
    )


def test_a_location_that_is_given_is_sure():
    locations, _ = StudentT.fit(np.arange(9.0), 0.0).draws(10, np.random.default_rng(0))
    assert (locations == 0).all()


def test_deviations_grow_between_their_root_and_themselves():
    scale = np.ones(200_000)

    def spread(span, known):
        rng = np.random.default_rng(1)
        return np.quantile(np.abs(deviation((200_000, 1), scale, span, rng, known=known)), 0.5)

    assert spread(0.5, True) / spread(1.0, True) == pytest.approx(0.5)
    assert 0.5 < spread(0.5, False) / spread(1.0, False) < np.sqrt(0.5)


def test_counties_stray_as_students_with_four_degrees_of_freedom_do():
    """One in sixty strays more than four times the scale; of a normal none would in 10,000."""
    stray = deviation((400_000, 1), np.ones(400_000), 1.0, np.random.default_rng(2), known=True)
    for scales in (1, 2, 4, 8):
        share, expected = (abs(stray) > scales).mean(), 2 * student.sf(scales, 4)
        assert share == pytest.approx(expected, rel=0.06), scales
    law = StudentT.fit(stray[:20_000, 0], 0.0)
    assert law.scale == pytest.approx(1, abs=0.02)


def test_what_a_drift_showed_goes_on_and_what_a_walk_showed_does_not():
    rng = np.random.default_rng(1)
    effect, fresh = np.full((100_000, 1), 2.0), rng.standard_normal((100_000, 1))

    def result(omega):
        return drift(effect, np.ones_like(effect), fresh, 0.5, np.full((100_000, 1), omega), rng)

    assert result(1.0) == pytest.approx(np.ones((100_000, 1)))
    assert result(0.0).mean() == pytest.approx(0, abs=0.02)
    assert result(0.0).std() == pytest.approx(np.sqrt(0.5), rel=0.02)
    assert result(0.5).mean() == pytest.approx(0.5, abs=0.02)
