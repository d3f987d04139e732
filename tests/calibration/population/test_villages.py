"""The units of townships: which are urban, and how many live in each."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.people import BINZHOU, BOTH, CENSUSES
from xiancheng.calibration.population import villages
from xiancheng.sim.state import (
    Units,
)  # fmt: skip


@BOTH
def test_a_county_has_the_units_of_its_townships(seen):
    listed = BINZHOU.townships
    units = np.bincount(seen.units.township)
    np.testing.assert_array_equal(units, listed["units"])
    codes = np.array([c.code for c in BINZHOU.counties])
    of_unit = codes[seen.units.county]
    np.testing.assert_array_equal(of_unit, listed["county_code"].to_numpy()[seen.units.township])


def test_streets_become_urban_before_towns_and_communities_before_villages():
    kind = np.array([1, 1, 1, 0, 0, 0, 2])
    community = np.array([1, 0, 0, 0, 1, 0, 1]).astype(bool)
    within = np.array([0, 1, 0, 1, 0, 2, 0])
    assert villages.coded_first(kind, community, within).tolist() == [4, 3, 5, 0, 2, 1, 6]


@pytest.mark.parametrize(
    ("residents", "urban"), [((500, 200), 5), ((0, 200), 0), ((500, 0), 10), ((9, 9999), 1)]
)
def test_an_urban_unit_is_larger_by_the_ratio(residents, urban):
    """500 people in 5 urban units are 100 each; 200 in 5 rural ones are 40."""
    assert villages.urban_units(10, np.array(residents), 2.5) == urban


@CENSUSES
def test_villages_differ_in_size(census):
    """By the spread and the ratio of the pack."""
    units, sizes = villages.villages(BINZHOU, census, np.random.default_rng)
    place = units.place()[: len(units)]
    residents = np.bincount(place, sizes)
    np.testing.assert_array_equal(residents, BINZHOU.urban_rural(census).ravel())
    mean = residents / np.bincount(place)
    np.testing.assert_allclose(mean[0::2] / mean[1::2], 2.5, rtol=0.05)
    assert np.log(sizes / mean[place]).std() == pytest.approx(0.6, abs=0.05)


@BOTH
def test_households_of_all_kinds_live_in_every_village(seen):
    for place in range(14):
        sizes = seen.size[(seen.place[seen.first] == place) & seen.family]
        early, late = sizes[: len(sizes) // 2], sizes[len(sizes) // 2 :]
        assert early.mean() == pytest.approx(late.mean(), rel=0.15)


@BOTH
def test_villages_next_to_town_are_those_of_its_townships(seen):
    touched = np.unique(seen.units.township[seen.units.urban])
    beside = ~seen.units.urban & np.isin(seen.units.township, touched)
    np.testing.assert_array_equal(seen.units.contiguous, beside)
    assert 0 < seen.units.contiguous.sum() < (~seen.units.urban).sum()


@given(st.lists(st.integers(1, 6), min_size=1, max_size=30), st.integers(1, 9), st.integers(0, 99))
def test_households_fill_villages_one_after_the_other(members, number, luck):
    total = sum(members)
    sizes = np.random.default_rng(luck).multinomial(total, np.full(number, 1 / number))
    zeros, rural = np.zeros(number, np.int16), np.zeros(number, bool)
    units = Units(zeros, zeros, rural, rural, np.arange(number, dtype=np.int32))
    head = np.cumsum(members) - members
    fast = villages.assign_units(0, np.ones(total, int), head, units, sizes)
    slow, ahead = [], 0
    for size in members:
        slow.append(next(u for u in range(len(sizes)) if sum(sizes[: u + 1]) > ahead))
        ahead += size
    assert fast.tolist() == slow
