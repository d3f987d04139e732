"""An emulator that knows how sure it may be, and the posterior by another method with it."""

import numpy as np
import pytest

from tests import toys
from xiancheng.calibration.inference.abc import learn, split, training_set
from xiancheng.calibration.inference.draws import WeightedDraws
from xiancheng.calibration.inference.emulator import agreement, emulator, history_match, tempered
from xiancheng.calibration.inference.table import EstimationError, feature_names

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
    result = emulated.components.scale.mean + mean * emulated.components.scale.sd
    off = result - bent(x)
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
    result = emulated.rows()
    assert len(result) == emulated.errors.shape[1]
    assert result[0]["skill"] > 0.8
    assert all(0.8 < row["within_2"] <= 1 for row in result)


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


# History matching


def test_what_cannot_be_true_is_ruled_out_and_the_truth_is_not(runs):
    truth = np.array([[1.0, -0.5, 0.0]])
    found = history_match(*runs, bent(truth)[0], inputs=INPUTS, outputs=OUTPUTS, seed=1)
    assert not found.empty
    assert 0.001 < found.rows[-1]["share"] < 0.5
    assert np.linalg.norm(found.left[:, :2] - truth[:, :2], axis=1).min() < 0.3
    assert found.left[:, 1].mean() == pytest.approx(-0.5, abs=0.3)
    assert found.left[:, 2].std() == pytest.approx(1, abs=0.25)  # of this nothing is known
    assert found.rows[0]["wave"] == 1


def test_later_waves_rule_out_no_less(runs):
    truth = np.array([[0.3, 0.2, 0.0]])
    found = history_match(*runs, bent(truth)[0], inputs=INPUTS, outputs=OUTPUTS, seed=1)
    shares = [row["share"] for row in found.rows]
    assert len(shares) > 1
    assert shares == sorted(shares, reverse=True)


def test_an_empty_space_names_the_guilty_feature(runs):
    impossible = bent(np.array([[0.0, 0.0, 0.0]]))[0]
    impossible[3] = 14.0  # seven standard deviations of b, where others want none
    found = history_match(*runs, impossible, inputs=INPUTS, outputs=OUTPUTS, seed=1)
    assert found.empty
    assert len(found.left) == 0
    assert set(found.off) & {"u", "w", "x"}
    assert "没有任何参数" in found.sentence().text("zh")
    assert "no parameters" in found.sentence().text("en")


# Tempered sequential Monte Carlo


def test_particles_reach_a_posterior_that_bayes_knows():
    observed = np.array([1.2, 0.4, -0.8, 0.5])

    def log_likelihood(x):
        return -np.sum((observed - x @ toys.SLOPES) ** 2, axis=1) / (2 * toys.NOISE**2)

    found = tempered(log_likelihood, "abc", particles=2000, seed=1)
    mean, sd = toys.posterior_of_linear(observed[None])
    assert found.mean == pytest.approx(mean[0], abs=0.07)
    assert found.sd == pytest.approx(sd, rel=0.08)


def test_particles_find_a_narrow_ridge_far_out():
    def log_likelihood(x):
        return -((x[:, 0] + x[:, 1] - 4) ** 2) / (2 * 0.05**2)

    found = tempered(log_likelihood, "ab", particles=1000, seed=1)
    assert found.mean == pytest.approx(2, abs=0.12)
    assert found.covariance[0, 1] == pytest.approx(-0.5, abs=0.12)


# Agreement


def drawn(mean, sd, seed):
    draws = mean + sd * np.random.default_rng(seed).standard_normal((2000, 1))
    return WeightedDraws(("a",), draws, np.full(2000, 1 / 2000), np.arange(2000))


@pytest.mark.parametrize(
    ("mean", "sd", "agrees"), [(0, 1, True), (1, 1, False), (0, 2, False), (0.2, 1.2, True)]
)
def test_posteriors_agree_if_place_and_width_do(mean, sd, agrees):
    [result] = agreement(drawn(0, 1, 1), drawn(mean, sd, 2))
    assert result["agrees"] == agrees
    assert result["ratio"] == pytest.approx(sd, rel=0.1)


def test_two_roads_lead_to_one_posterior():
    theta, stats = toys.linear(1000, 1)
    training = training_set(
        toys.table("abc", theta, stats), toys.priors(*"abc"), toys.without_errors(1), seed=1
    )
    parts = split(np.arange(1000), seed=1)
    view = learn(training, parts.learning, seed=1).condition_on()
    outputs = feature_names(training.table)
    known = training.scores[parts.learning][:, :3]
    found = emulator(known, view.own_features, inputs="abc", outputs=outputs, seed=1)
    observed = training.simulated[parts.testing[:1]]
    result = view.features(observed)[0]
    second = tempered(lambda z: found.log_likelihood(z, result), "abc", seed=1)
    assert all(row["agrees"] for row in agreement(view.posteriors(observed)[0], second))
