"""The common trend: what published rates say of the pace after a record, up to the cut-off."""

from datetime import date

import numpy as np
import pytest
from scipy.special import expit, logit

from xiancheng.calibration.forecasts.common_trend import (
    DRIFT,
    PROVINCE_SD,
    CommonTrend,
    PublishedRate,
    national,
    pace_by_year,
    published_rates,
)
from xiancheng.calibration.region import load

CENSUSES = date(2010, 11, 1), date(2020, 11, 1)
ENDS = [date(2020 + k, 12, 31) for k in (1, 2, 3, 4)]
# The national series as revised after the census of 2020, recalled and unverified: it tests a rule
# and calibrates nothing.
REVISED = dict(zip(range(2000, 2025), [
    36.22, 37.66, 39.09, 40.53, 41.76, 42.99, 44.34, 45.89, 46.99, 48.34, 49.95, 51.83, 53.10,
    54.49, 55.75, 57.33, 58.84, 60.24, 61.50, 62.71, 63.89, 64.72, 65.22, 66.16, 67.00,
], strict=True))  # fmt: skip


def trend(later=(), of_province=True):
    return CommonTrend(CENSUSES, (50.0, 63.0), tuple(later), of_province=of_province)


def drawn(later=(), n=20_000, **kind):
    return trend(later, **kind).draws(n, np.random.default_rng(1))


def at_pace(pace, ends=ENDS):
    """A series that rises by a pace from the year of the census on [log odds a year]."""
    years = [day.year - 2020 for day in ends]
    return [(day, 100 * expit(logit(0.63) + pace * k)) for day, k in zip(ends, years, strict=True)]


def test_without_published_rates_the_record_goes_on_with_doubt():
    draws = drawn()
    assert draws.excess(5.0).mean() == pytest.approx(0, abs=0.03)
    assert draws.excess(5.0).std() > 0.8


def test_a_published_series_drifts_off_what_is_true_by_points_and_not_by_log_odds():
    """So many points a year, at 63 %, where a point is 0.043 log odds."""
    draws = drawn()
    off = (draws.printed - draws.pace).mean(axis=0) * 100 * 0.63 * 0.37
    assert off == pytest.approx(np.full(len(off), DRIFT), abs=0.02)


def test_the_median_moves_with_the_published_series():
    record = drawn().record_pace
    slow, same = (drawn(at_pace(pace * record)) for pace in (0.5, 1.0))
    assert slow.excess(5.0).mean() < -1.2
    drift = -DRIFT / (100 * 0.63 * 0.37) / record * 5  # what the series is thought to miss
    assert same.excess(5.0).mean() == pytest.approx(drift, abs=0.3)
    assert slow.excess(5.0).std() < drawn().excess(5.0).std()


def test_published_rates_are_hit_and_beyond_them_doubt_grows():
    later = at_pace(0.04)
    draws = drawn(later)
    for day, rate in later:
        years = (day - date(2020, 12, 31)).days / 365.25
        assert draws.published(years) == pytest.approx(np.full(20_000, rate), abs=0.01)
    assert 0.1 < draws.published(5.0).std() < 0.35
    assert draws.published(7.0).std() > 1.5 * draws.published(5.0).std()


def test_the_rest_of_a_census_year_goes_at_the_pace_of_the_next():
    draws = drawn(at_pace(0.02))
    first = draws.excess(draws.rest + 1.0) / (draws.rest + 1.0)
    assert draws.excess(draws.rest) / draws.rest == pytest.approx(first)


def test_a_province_without_rates_of_its_own_strays_from_the_nation():
    of_province, of_nation = (drawn(at_pace(0.04), of_province=own) for own in (True, False))
    more = of_nation.pace[:, 0].var() - of_province.pace[:, 0].var()
    assert more == pytest.approx(PROVINCE_SD**2, rel=0.2)


def test_the_province_is_read_before_the_nation():
    pack = load("binzhou")
    known = published_rates(pack, date(2024, 12, 31))
    own = CommonTrend.read(known, "370000", CENSUSES, (0.0, 0.0))
    assert own.of_province
    assert [day.year for day, __ in own.later] == [2021, 2022, 2023, 2024]
    other = CommonTrend.read(known, "410000", CENSUSES, (0.0, 0.0))
    assert not other.of_province
    assert other.later == tuple((e.day, e.rate) for e in national()[2:6])
    strange = CommonTrend.read(known, "410000", (date(2000, 11, 1), CENSUSES[0]), (30.0, 44.0))
    assert strange.later == ()
    assert strange.rates == (30.0, 44.0)


def test_nothing_published_after_the_cut_off_is_known():
    pack = load("binzhou")
    brought = [PublishedRate("371621", date(2024, 12, 31), 35.0)]
    for cutoff in (date(2020, 11, 1), date(2023, 12, 30), date(2024, 12, 31)):
        assert all(each.day <= cutoff for each in published_rates(pack, cutoff, brought))
    assert brought[0] in published_rates(pack, date(2024, 12, 31), brought)
    assert brought[0] not in published_rates(pack, date(2024, 12, 30), brought)


def test_what_is_brought_comes_before_what_the_pack_holds():
    pack = load("binzhou")
    brought = PublishedRate("371600", date(2021, 12, 31), 60.5)
    known = published_rates(pack, date(2024, 12, 31), [brought])
    assert [e.rate for e in known if (e.code, e.day) == (brought.code, brought.day)] == [60.5]


def test_rolling_origins_of_the_national_series():
    """Five years ahead from 2010 to 2019, given ten years before and none or some after."""
    off = []
    for origin in range(2010, 2020):
        dates = date(origin - 10, 12, 31), date(origin, 12, 31)
        rates = REVISED[origin - 10], REVISED[origin]
        ahead = min(5, 2024 - origin)
        later = tuple((date(origin + k, 12, 31), REVISED[origin + k]) for k in (1, 2))
        draws = CommonTrend(dates, rates, later).draws(2000, np.random.default_rng(1))
        off.append(np.median(draws.published(ahead)) - REVISED[origin + ahead])
    assert abs(np.mean(off)) < 0.5
    assert np.abs(off).max() < 2.0


def test_the_pace_of_a_year_is_relative_to_that_before_the_census():
    """Log odds of -1, 0 at the censuses; then 0.05 and 0.15 a year, half and one and a half."""

    def rates(code, values):
        return [
            PublishedRate(code, day, 100 / (1 + np.exp(-value))) for day, value in values.items()
        ]

    start = date(2020, 11, 1)
    years = (start - date(2010, 11, 1)).days / 365.25
    province = {date(2010, 11, 1): -0.1 * years, start: 0.0}
    for day, pace in ((date(2021, 12, 31), 0.05), (date(2022, 12, 31), 0.15)):
        last = max(province)
        province[day] = province[last] + pace * (day - last).days / 365.25
    published = rates("370000", province)
    assert pace_by_year(published, "370000", start) == pytest.approx({2021: 0.5, 2022: 1.5})
    nation = {date(2010, 11, 1): -0.1 * years, start: 0.0, date(2022, 12, 31): 0.1 * 790 / 365.25}
    both = [*published, *rates("100000", nation)]
    assert pace_by_year(both, "370000", start) == pytest.approx({2021: 0.75, 2022: 1.25})
    assert pace_by_year(published[:2], "370000", start) == {}
    assert pace_by_year(published[1:], "370000", start) == {}
