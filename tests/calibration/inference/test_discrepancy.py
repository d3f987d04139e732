"""Model discrepancy."""

import numpy as np
import pytest

from tests.toys import many
from xiancheng.calibration.inference.discrepancy import Discrepancy


def test_errors_have_the_size_their_scores_say_and_heavy_tails():
    sizes = Discrepancy(("s0",), np.array([2.0]), np.eye(1), log_sd=0.5, common=0.0)
    drawn, errors = sizes.draw(4000, np.arange(20), seed=1)
    for score in (-1, 0, 1):
        near = np.abs(drawn[:, 0] - score) < 0.1
        middle = np.median(np.abs(errors[near]))
        assert middle == pytest.approx(0.741 * 2 * np.exp(0.5 * score), rel=0.1)  # of t4
    standard = errors / (2 * np.exp(0.5 * drawn[:, :1]))[:, :, None]
    assert np.mean(np.abs(standard) > 4) > 50 * 6.3e-5  # what a normal would do


def test_units_of_a_prefecture_share_part_of_their_errors():
    sizes = Discrepancy(("s0",), np.array([1.0]), np.eye(1), log_sd=0.1, common=0.0)
    _, errors = sizes.draw(4000, np.array([1, 1, 2, 2]), seed=1)
    ranks = errors[:, :, 0].argsort(axis=0).argsort(axis=0)
    tied = np.corrcoef(ranks.T)
    assert 0.1 < tied[0, 1] < 0.5
    assert abs(tied[0, 2]) < 0.06


def test_one_error_is_common_to_all_units():
    sizes = Discrepancy(("s0",), np.array([1.0]), np.eye(1), log_sd=0.1)
    _, errors = sizes.draw(4000, np.arange(30), seed=1)
    ranks = errors[:, :, 0].argsort(axis=0).argsort(axis=0)
    assert 0.35 < np.corrcoef(ranks.T)[0, 1:].mean() < 0.6  # half of the variance
    assert np.median(np.abs(np.median(errors[:, :, 0], axis=1))) == pytest.approx(0.75, abs=0.1)


def test_errors_of_linked_summaries_move_together():
    table = many()
    sizes = Discrepancy.like(table)
    assert sizes.correlation[0, 1] < -0.5  # the second summary is minus half the first
    _, errors = sizes.draw(500, table.groups, seed=1)
    assert np.corrcoef(errors.reshape(-1, 2).argsort(axis=0).argsort(axis=0).T)[0, 1] < -0.4
