"""Summary features of a run."""

from dataclasses import replace

import numpy as np
import pytest

from tests.toys import many
from xiancheng.calibration.inference.table import feature_names, features


@pytest.mark.parametrize("units", [6, 40])
def test_a_unit_left_out_cannot_be_read_from_the_features(units):
    whole = many()
    table = replace(
        whole, units=whole.units[:units], stats=whole.stats[:, :units],
        observed=whole.observed[:units], groups=whole.groups[:units],
        covariates=whole.covariates[:units],
    )  # fmt: skip
    keep = np.arange(units) != 2
    other = table.stats.copy()
    other[:, 2] += 100
    result = features(table, table.stats, keep)
    np.testing.assert_array_equal(result, features(table, other, keep))
    assert not np.array_equal(features(table, table.stats, ~keep | keep), result)
    assert result.shape == (50, len(feature_names(table)))


def test_many_units_are_told_without_their_order():
    table = many()
    base = replace(table, stats=table.stats - table.typical)
    turned = features(base, table.stats[:, ::-1], np.ones(40, dtype=bool))
    straight = features(base, table.stats, np.ones(40, dtype=bool))
    plain = [k for k, name in enumerate(feature_names(base)) if name.split()[-1] in {"mean", "sd"}]
    np.testing.assert_allclose(turned[:, plain], straight[:, plain], atol=0.05)


def test_features_say_shift_tilt_and_scatter():
    table = many()
    result = features(table, table.stats, np.ones(40, dtype=bool))
    for feature, parameter in [("s0 mean", 0), ("s0 slope on covariate 0", 1), ("s0 sd", 2)]:
        column = result[:, feature_names(table).index(feature)]
        known = table.theta[:, parameter]
        if feature == "s0 sd":
            tilt = table.theta[:, 1] ** 2
            column = column - np.polyval(np.polyfit(tilt, column, 2), tilt)
        assert np.corrcoef(column, known)[0, 1] > 0.6


def test_a_summary_that_a_unit_lacks_is_not_used():
    table = many()
    stats = table.stats.copy()
    stats[:, 5, 1] = np.nan
    table = replace(table, stats=stats)
    assert not table.usable[5, 1]
    assert table.usable.sum() == 79
    assert np.isfinite(features(table, stats, np.ones(40, dtype=bool))).all()
