"""What the data can tell, and what they cannot, said in both languages."""

import numpy as np
import pytest

from tests import toys
from xiancheng.calibration.inference import diagnostics
from xiancheng.calibration.inference.abc import learn, split, training_set
from xiancheng.calibration.inference.draws import WeightedDraws


def drawn(covariance, count=4000, seed=1):
    draws = np.random.default_rng(seed).multivariate_normal(
        np.zeros(len(covariance)), covariance, count
    )
    names = tuple("abcdefghijklmn"[: len(covariance)])
    return WeightedDraws(names, draws, np.full(count, 1 / count), np.arange(count))


def test_contraction_has_a_word_for_each_parameter():
    found = diagnostics.contractions(drawn(np.diag([0.1, 0.6, 1.0])))
    assert [word for _, word in found.values()] == ["identified", "weakly", "not"]
    assert found["a"][0] == pytest.approx(0.9, abs=0.02)
    words = diagnostics.WORDS[found["c"][1]]
    assert words.text("zh") == "数据未提供信息"
    assert words.text("en") == "the data say nothing"


def test_a_pair_of_which_only_the_sum_is_known_is_flagged():
    only_sum = np.array([[0.51, -0.49, 0], [-0.49, 0.51, 0], [0, 0, 0.1]])
    [pair] = diagnostics.pairs(drawn(only_sum))
    assert (pair["first"], pair["second"], pair["known"]) == ("a", "b", "sum")
    assert pair["contraction"] > 0.9
    assert "只能合并识别" in pair["zh"]
    assert "sum" in pair["en"]


def test_parameters_known_apart_are_no_pair_though_they_correlate():
    tied = 0.05 * np.array([[1, 0.9], [0.9, 1]])
    assert diagnostics.pairs(drawn(tied)) == []


def test_parameters_of_which_nothing_is_known_are_no_pair():
    assert diagnostics.pairs(drawn(np.eye(3))) == []


def test_the_best_known_direction_is_the_one_that_data_saw():
    way = np.array([0.6, 0.0, -0.8])
    first, second, *_ = diagnostics.directions(drawn(np.eye(3) - 0.95 * np.outer(way, way)))
    assert first["contraction"] == pytest.approx(0.95, abs=0.02)
    parts = first["weights"].split()
    weights = {name: float(weight) for weight, name in zip(parts[::2], parts[1::2], strict=True)}
    assert weights["c"] * weights["a"] == pytest.approx(-0.48, abs=0.05)
    assert not first["chance"]
    assert second["chance"]


def test_a_direction_that_looks_narrow_by_chance_is_called_so():
    few = drawn(np.eye(14), count=60)
    best = diagnostics.directions(few)[0]
    assert best["contraction"] > 0.5
    assert best["chance"]


def test_data_that_show_only_a_sum_say_so_through_the_whole_road():
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(2)
    theta = rng.standard_normal((1000, 4))
    shown = np.column_stack([theta[:, 0] + theta[:, 1], theta[:, 2]])
    stats = np.repeat(shown, 3, axis=1) + 0.3 * rng.standard_normal((1000, 6))
    table = toys.table("abcd", theta, stats[:, :, None])
    training = training_set(table, toys.priors(*"abcd"), toys.without_errors(1), seed=1)
    parts = split(np.arange(1000), seed=1)
    view = learn(training, parts.learning, seed=1).condition_on()
    found = [p.of("abcd") for p in view.posteriors(training.simulated[parts.testing])]
    flagged = [{(p["first"], p["second"]) for p in diagnostics.pairs(p)} for p in found]
    assert np.mean([f == {("a", "b")} for f in flagged]) > 0.9
    gained = diagnostics.contractions(found[0])
    assert gained["c"][1] == "identified"
    assert gained["d"][1] == "not"
    result = {r["name"]: r for r in diagnostics.recovery(found, theta[parts.testing])}
    assert all(r["recovered"] for r in result.values())
    assert result["c"]["correlation"] > 0.9
    assert result["d"]["correlation"] < 0.3


def test_intervals_that_miss_the_truth_are_not_called_recovery():
    truths = np.random.default_rng(1).standard_normal((60, 1)) * 3
    found = diagnostics.recovery([drawn(np.eye(1), seed=k) for k in range(60)], truths)
    assert found[0]["recovered"] is False


# Screening and shares of variance


def additive(x):
    """Two outputs: one moved by a twice as much as by b, one by nothing."""
    return np.column_stack([2 * x[:, 0] + x[:, 1], np.ones(len(x))])


def test_shares_of_variance_are_those_of_the_squares():
    pytest.importorskip("SALib")
    result = diagnostics.sobol(additive, "abc", ["y", "still"], seed=1, points=512)
    assert {row["output"] for row in result} == {"y"}  # what never varies has nothing to divide
    shares = {row["input"]: row for row in result}
    assert result[0]["input"] == "a"
    assert shares["a"]["ST"] == pytest.approx(0.8, abs=0.05)
    assert shares["b"]["S1"] == pytest.approx(0.2, abs=0.05)
    assert shares["c"]["ST"] == pytest.approx(0, abs=0.01)


def test_an_interaction_counts_in_all_but_not_alone():
    pytest.importorskip("SALib")
    result = diagnostics.sobol(lambda x: x[:, :1] * x[:, 1:2], "ab", ["y"], seed=1, points=512)
    assert all(row["S1"] < 0.1 < 0.8 < row["ST"] for row in result)
