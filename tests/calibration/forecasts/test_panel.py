"""The record of counties at two censuses."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from tests.toys import CENSUSES, some_counties
from xiancheng.calibration.forecasts.panel import hold_out, record
from xiancheng.calibration.region import load


def test_the_record_of_shandong_is_as_published(shandong):
    """Evidence table: 77 counties without Zouping, whose code changed; left out one by one."""
    assert len(shandong) == 78
    counties = shandong.take(np.array(shandong.codes) != "371681")
    change = counties.rate[1] - counties.rate[0]
    others = (change.sum() - change) / (len(change) - 1)
    error = np.abs(change - others)
    assert error.mean() == pytest.approx(5.2, abs=0.05)
    assert np.sqrt((error**2).mean()) == pytest.approx(6.6, abs=0.05)
    assert np.quantile(error, 0.9) == pytest.approx(11.7, abs=0.05)
    assert (change.mean(), change.std(ddof=1)) == pytest.approx((12.7, 6.6), abs=0.05)
    fell = {
        code: round(float(c), 1) for code, c in zip(counties.codes, change, strict=True) if c < 0
    }
    assert fell == {"371424": -3.4, "371621": -2.1, "371322": -1.4, "371427": -1.2}


def test_binzhou_leans_on_its_province():
    known = record(load("binzhou"))
    assert len(known) == 78
    assert {"371621", "371681"} <= set(known.codes)
    assert not {"371602", "371603"} & set(known.codes), "districts trade land with each other"


@pytest.mark.parametrize("by", ["unit", "prefecture"])
def test_everyone_is_left_out_once_and_never_known(by):
    panel = some_counties()
    out = []
    for rest, left in hold_out(panel, by):
        assert set(rest.codes) | set(left.codes) == set(panel.codes)
        assert not set(rest.codes) & set(left.codes)
        if by == "prefecture":
            assert not set(rest.prefecture) & set(left.prefecture)
        out += left.codes
    assert sorted(out) == sorted(panel.codes)


def test_records_join_without_doubles():
    panel = some_counties()
    half = panel.take(np.arange(12) < 7)
    joined = half.joined(panel)
    assert sorted(joined.codes) == sorted(panel.codes)
    order = [joined.codes.index(code) for code in panel.codes]
    assert joined.rate[:, order].tolist() == panel.rate.tolist()
    with pytest.raises(LookupError):
        half.joined(replace(panel, dates=(date(2000, 11, 1), CENSUSES[0])))
