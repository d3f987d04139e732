"""An emulator that knows how sure it may be."""

import numpy as np
import pytest

from xiancheng.calibration.inference.emulator import emulator
from xiancheng.calibration.inference.table import EstimationError

pytest.importorskip("sklearn")

INPUTS, OUTPUTS = ("a", "b", "c"), ("u", "v", "w", "x")


def bent(x):
    """Four features of three inputs, not linear in them; the third input does nothing."""
    a, b = x[:, 0], x[:, 1]
    return np.column_stack([np.sin(a) + b, a * b, a**2 / 2 - b, 2 * b])


@pytest.fixture(scope="module")
def runs():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((600, 3))
    return x, bent(x) + 0.3 * rng.standard_normal((600, 4))


@pytest.fixture(scope="module")
def emulated(runs):
    return emulator(*runs, inputs=INPUTS, outputs=OUTPUTS, seed=1)


def test_runs_never_made_are_foretold(emulated):
    x = np.random.default_rng(2).standard_normal((200, 3)) * 0.8
    mean, _ = emulated.features(x)
    told = emulated.components.scale.mean + mean * emulated.components.scale.sd
    off = told - bent(x)
    assert (np.sqrt(np.mean(off**2, axis=0)) < 0.25 * bent(x).std(axis=0)).all()


def test_an_emulator_knows_how_far_runs_lie_from_what_it_expects(emulated):
    rng = np.random.default_rng(3)
    x = rng.standard_normal((400, 3))
    seen = bent(x) + 0.3 * rng.standard_normal((400, 4))
    mean, sd = emulated.at(x)
    errors = (emulated.components(seen) - mean) / sd
    assert errors.std(axis=0) == pytest.approx(1, abs=0.25)
    distance = [emulated.distance(x[[k]], seen[k])[0] for k in range(100)]
    assert np.mean(np.array(distance) <= emulated.edge) > 0.95


def test_the_test_of_an_emulator_is_told(emulated):
    told = emulated.rows()
    assert len(told) == emulated.errors.shape[1]
    assert told[0]["skill"] > 0.8
    assert all(0.8 < row["within_2"] <= 1 for row in told)


def test_where_runs_scatter_more_the_emulator_is_less_sure():
    rng = np.random.default_rng(4)
    x = rng.standard_normal((600, 2))
    y = x[:, :1] + 0.3 * np.exp(0.7 * x[:, 1:]) * rng.standard_normal((600, 3))
    found = emulator(x, y, inputs="ab", outputs="uvw", seed=1)
    _, sd = found.at(np.array([[0.0, -1.0], [0.0, 1.0]]))
    assert sd[1, 0] > 1.5 * sd[0, 0]


def test_too_few_runs_make_no_emulator(runs):
    with pytest.raises(EstimationError, match="30 runs are too few"):
        emulator(runs[0][:30], runs[1][:30], inputs=INPUTS, outputs=OUTPUTS, seed=1)


def test_the_same_seed_makes_the_same_emulator(runs, emulated):
    again = emulator(*runs, inputs=INPUTS, outputs=OUTPUTS, seed=1)
    x = np.ones((2, 3))
    np.testing.assert_array_equal(again.at(x)[0], emulated.at(x)[0])
