"""Ridge regression."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from xiancheng.calibration.inference.regression import cross_fit, ridge


@given(st.integers(0, 100))
def test_a_line_without_noise_is_found(seed):
    rng = np.random.default_rng(seed)
    x, slope = rng.standard_normal((50, 3)), rng.standard_normal((3, 2))
    found = ridge(x, 1 + x @ slope, rng.random(50))
    np.testing.assert_allclose(found.at(np.eye(3)), 1 + slope, atol=0.01)


def test_noise_is_not_taken_for_a_line():
    rng = np.random.default_rng(1)
    found = ridge(rng.standard_normal((200, 50)), rng.standard_normal((200, 1)))
    assert np.sum(found.coefficients**2) < 0.1
    assert found.leverage.mean() < 0.2


def test_rows_of_one_origin_are_learned_from_together_or_not_at_all():
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((120, 3)), rng.standard_normal((120, 1))
    origins = rng.permutation(np.repeat(np.arange(40), 3))
    fold = cross_fit(x, y, seed=1, origins=origins, nets=0).fold
    assert all(len(set(fold[origins == origin].tolist())) == 1 for origin in range(40))
    assert len(set(fold.tolist())) == 5
    assert (cross_fit(x, y, seed=1, nets=0).fold
            == cross_fit(x, y, seed=1, nets=0, origins=np.arange(120)).fold).all()  # fmt: skip
