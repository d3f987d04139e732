"""Proportional fitting, controlled rounding, random assignment."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.conftest import assert_share
from xiancheng.calibration.population import ipf

amounts = arrays(float, st.integers(1, 12), elements=st.floats(0, 50).map(lambda x: round(x, 6)))


@given(amounts, st.integers(0, 200), st.floats(0, 1, exclude_max=True))
def test_whole_numbers_add_up_and_stay_near(x, total, start):
    got = ipf.controlled_rounding(x, total, start)
    if x.sum() == 0:
        assert not got.any()
        return
    exact = x * (total / x.sum())
    assert got.sum() == total
    assert (np.floor(exact - 1e-6) <= got).all()
    assert (got <= np.ceil(exact + 1e-6)).all()


def test_rounding_favours_nobody():
    """Cells of a third each round up a third of the time."""
    starts = (np.arange(999) + 0.5) / 999
    mean = np.mean([ipf.controlled_rounding(np.ones(6), 2, u) for u in starts], axis=0)
    np.testing.assert_allclose(mean, 1 / 3, atol=0.002)


tables = arrays(float, (5, 3), elements=st.floats(0.1, 9))


@given(tables, arrays(int, (5, 3), elements=st.integers(0, 40)), st.integers(0, 99))
def test_a_fitted_table_in_whole_numbers_keeps_its_margins(seed, people, seeded):
    rows, columns = people.sum(axis=1), people.sum(axis=0)
    table = ipf.ipf(seed, rows, columns)
    np.testing.assert_allclose(table.sum(axis=1), rows, atol=1e-6)
    np.testing.assert_allclose(table.sum(axis=0), columns, atol=1e-3)
    got = ipf.round_table(table, rows, columns, np.random.default_rng(seeded))
    np.testing.assert_array_equal(got.sum(axis=1), rows)
    assert (got >= 0).all()
    assert abs(got.sum(axis=0) - columns).max() <= 2


def test_fitting_keeps_the_odds_of_the_seed():
    seed = np.array([[4.0, 1.0], [1.0, 1.0]])
    table = ipf.ipf(seed, [30, 70], [50, 50])
    odds = table[0, 0] * table[1, 1] / (table[0, 1] * table[1, 0])
    assert odds == pytest.approx(4)


@given(arrays(int, (4, 3), elements=st.integers(0, 6)), st.integers(0, 99))
def test_everyone_gets_one_of_what_is_handed_out_in_their_cell(table, seeded):
    cell = np.random.default_rng(seeded).permutation(np.repeat(np.arange(4), table.sum(axis=1)))
    got = ipf.assign_columns(cell, table, np.random.default_rng(seeded))
    counted = np.zeros_like(table)
    np.add.at(counted, (cell, got), 1)
    np.testing.assert_array_equal(counted, table)


def test_what_is_handed_out_does_not_follow_the_order_of_people():
    n = 40_000
    table = np.array([[n // 4, 3 * n // 4]])
    got = ipf.assign_columns(np.zeros(n, int), table, np.random.default_rng(5))
    assert_share(int(got[: n // 2].sum()), n // 2, 0.75, detect=0.03)


def test_picks_follow_their_weights():
    rng, weight = np.random.default_rng(3), np.repeat([1.0, 3.0], 200_000)
    chosen = ipf.weighted_sample(weight, 4000, rng)
    assert len(np.unique(chosen)) == 4000
    assert_share(int((chosen >= 200_000).sum()), 4000, 0.75, detect=0.07)
