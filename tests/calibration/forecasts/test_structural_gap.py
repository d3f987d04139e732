"""The structural gap: what structure implies of a county, without a say of its own."""

import numpy as np
import pytest

from tests.small_pack import written
from xiancheng.calibration.forecasts.forecast import log_odds
from xiancheng.calibration.inference.regression import ridge
from xiancheng.calibration.region import load
from xiancheng.calibration.region.counties import (
    PENALTIES,
    Counted,
    gap,
    structural_gap,
)

FELL = ("371322", "371424", "371427", "371621")  # of the comparable counties, 2010 to 2020


def made_up(units=40, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((units, 3)) * [1.0, 20.0, 0.01] + [0.0, 5.0, 1.0]
    return x, x @ [0.5, 0.02, 0.0] + 0.3 * rng.standard_normal(units)


def test_errors_for_units_left_out_are_those_of_fits_without_them():
    x, y = made_up()
    z = (x - x.mean(0)) / x.std(0)
    whole = ridge(z, y[:, None], penalties=PENALTIES)
    penalty = PENALTIES[
        np.argmin([abs(np.linalg.norm(slope(x, y, p)) - np.linalg.norm(whole.coefficients))
                   for p in PENALTIES])
    ]  # fmt: skip
    errors = [squares_left_out(z, y, p) for p in PENALTIES]
    assert penalty == PENALTIES[np.argmin(errors)]
    for unit in (0, 7, 39):
        kept = np.arange(40) != unit
        off = y[unit] - without(z[kept], y[kept], penalty) @ [1, *z[unit]]
        assert whole.left_out(y[:, None])[unit, 0] == pytest.approx(off, abs=1e-9)


def without(z, y, penalty):
    """Intercept, which has no penalty, and slopes."""
    design = np.column_stack([np.ones(len(z)), z])
    return np.linalg.solve(design.T @ design + np.diag([0.0, *[penalty] * 3]), design.T @ y)


def squares_left_out(z, y, penalty):
    kept = [np.arange(len(y)) != unit for unit in range(len(y))]
    off = [y[~k] - without(z[k], y[k], penalty) @ [1, *z[~k][0]] for k in kept]
    return np.sum(np.square(off))


def slope(x, y, penalty):
    z = (x - x.mean(0)) / x.std(0)
    return np.linalg.solve(z.T @ z + penalty * np.eye(3), z.T @ (y - y.mean()))


def test_a_covariate_that_does_not_vary_says_nothing():
    x, odds = made_up()
    rate, codes = 100 / (1 + np.exp(-odds)), [str(k) for k in range(40)]
    constant = np.column_stack([x, np.full(40, 7.3)])
    with_it, alone = (Counted(codes, each, rate) for each in (constant, x))
    assert gap(with_it, with_it) == pytest.approx(gap(alone, alone))


def test_a_county_has_no_say_in_what_is_implied_for_itself():
    x, odds = made_up()
    rate = 100 / (1 + np.exp(-odds))
    codes = [str(k) for k in range(40)]
    before = gap(Counted(codes, x, rate), Counted(codes, x, rate))
    raised = rate.copy()
    raised[5] = 95.0
    after = gap(Counted(codes, x, raised), Counted(codes, x, raised))
    gain = log_odds(raised)[5] - log_odds(rate)[5]
    assert after[5] - before[5] == pytest.approx(gain, rel=0.1), "all of it is gap"
    stranger = gap(Counted(codes, x, raised), Counted(["new"], x[5:6], rate[5:6]))
    assert stranger[0] == pytest.approx(before[5], abs=0.5)


def test_counties_of_shandong_that_fell_were_coded_generously_and_no_longer_are():
    """The review's figures: gaps of +1.6 to +6.1 points in 2010, -5.5 to -11.1 in 2020."""
    pack = load("shandong")
    first, last = (structural_gap(pack, day) for day in pack.censuses)
    fell = [i for i, county in enumerate(pack.counties) if county.code in FELL]
    assert len(fell) == 4
    assert (first[fell] > 1).all()
    assert (last[fell] < -5).all()
    safe = pack.comparable()
    assert first[safe].std() == pytest.approx(5.8, abs=0.3)
    assert np.corrcoef(first[safe], last[safe])[0, 1] == pytest.approx(0.36, abs=0.05)


def test_a_pack_of_few_counties_is_compared_with_its_province():
    province, own = load("shandong"), load("binzhou")
    wide = dict(zip([c.code for c in province.counties],
                    structural_gap(province, own.censuses[1]), strict=True))  # fmt: skip
    narrow = structural_gap(own, own.censuses[1])
    comparable = own.comparable()
    there = np.array([wide[c.code] for c in own.counties])
    assert narrow[comparable] == pytest.approx(there[comparable], abs=1.0)


def test_where_nothing_can_be_compared_no_gap_is_claimed(tmp_path, monkeypatch):
    monkeypatch.setattr("xiancheng.calibration.region.counties.packs", lambda: [])
    pack = load(written(tmp_path / "small"))
    assert (structural_gap(pack, pack.censuses[-1]) == 0).all()
