"""Normal scores and weighted draws."""

import numpy as np
import pytest

from xiancheng.calibration.inference.draws import WeightedDraws, from_scores, normal_scores
from xiancheng.calibration.priors import catalogue


@pytest.mark.parametrize("prior", catalogue(), ids=lambda prior: prior.name)
def test_scores_and_values_are_two_names_of_one_thing(prior):
    there = np.linspace(-3, 3, 41)[:, None]
    value = from_scores([prior], there)
    again = from_scores([prior], normal_scores([prior], value))
    np.testing.assert_allclose(again, value, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("prior", catalogue(), ids=lambda prior: prior.name)
def test_no_score_leaves_the_support(prior):
    far = from_scores([prior], np.array([[-40.0], [40.0]]))
    low, high = prior.support
    assert np.isfinite(far).all()
    assert (far >= low).all()
    assert (far <= high).all()


def test_a_parameter_drawn_from_its_prior_has_standard_normal_scores():
    prior = next(p for p in catalogue() if p.name == "job_mover_share")
    found = normal_scores([prior], prior.draws(2000, 1)[:, None])
    assert found.mean() == pytest.approx(0, abs=0.01)
    assert found.std() == pytest.approx(1, abs=0.01)


def test_weighted_quantiles_ranks_and_resampling_agree():
    rng = np.random.default_rng(1)
    draws, weights = rng.standard_normal((5000, 1)), rng.random(5000)
    heavy = weights * np.exp(draws[:, 0] - 0.5)  # draws of N(1, 1)
    posterior = WeightedDraws(("a",), draws, heavy / heavy.sum(), np.arange(5000))
    assert posterior.mean[0] == pytest.approx(1, abs=0.1)
    assert posterior.rank(posterior.median)[0] == pytest.approx(0.5, abs=0.01)
    even = posterior.resampled(400, seed=1)
    assert even.median[0] == pytest.approx(posterior.median[0], abs=0.02)
    assert (posterior.draws[even.rows] == even.draws).all()
    assert posterior.inflated(np.array([2.0])).sd[0] == pytest.approx(2 * posterior.sd[0])
