"""The units of townships: which are urban, and how many live in each."""

from datetime import date

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
    """By the spread of the pack; and by its ratio, unless an edition of classes says how much."""
    units, sizes = villages.villages(BINZHOU, census, np.random.default_rng)
    place = units.place()[: len(units)]
    residents = np.bincount(place, sizes)
    np.testing.assert_array_equal(residents, BINZHOU.urban_rural(census).ravel())
    mean = residents / np.bincount(place)
    ratio = mean[0::2] / mean[1::2]
    if BINZHOU.classes(census) is None:
        np.testing.assert_allclose(ratio, 2.5, rtol=0.05)
    else:
        assert np.ptp(ratio) > 1
    assert np.log(sizes / mean[place]).std() == pytest.approx(0.6, abs=0.05)


@BOTH
def test_households_of_all_kinds_live_in_every_village(seen):
    for place in range(14):
        sizes = seen.size[(seen.place[seen.first] == place) & seen.family]
        early, late = sizes[: len(sizes) // 2], sizes[len(sizes) // 2 :]
        assert early.mean() == pytest.approx(late.mean(), rel=0.15)


@BOTH
def test_villages_next_to_town_are_those_of_its_townships(seen):
    """All of them where no classes are known; else as many as the units of the junction."""
    touched = np.unique(seen.units.township[seen.units.urban])
    beside = ~seen.units.urban & np.isin(seen.units.township, touched)
    rural = seen.units.contiguous & ~seen.units.urban
    assert 0 < rural.sum() < (~seen.units.urban).sum()
    junction = seen.units.contiguous & seen.units.urban
    if not junction.any():
        np.testing.assert_array_equal(rural, beside)
        return
    assert not (rural & ~beside).any()
    for township in touched:
        own = seen.units.township == township
        inner, outer = (junction & own).sum(), (rural & own).sum()
        assert outer <= max(inner, 1)
        assert outer == max(inner, 1) or outer == (own & ~seen.units.urban).sum()


# Classes of an edition


def test_an_edition_later_than_the_census_is_not_used():
    first, last = BINZHOU.censuses
    assert BINZHOU.classes(first) is None
    assert BINZHOU.classes(date(2016, 12, 30)) is None
    assert BINZHOU.classes(last).sum() == 5302


def test_present_units_have_the_classes_of_their_township():
    """Shares of units that were urban in each county in 2016, within the rounding of townships."""
    units, _ = villages.villages(BINZHOU, BINZHOU.censuses[-1], np.random.default_rng)
    counted = BINZHOU.classes(BINZHOU.censuses[-1])
    known, now = counted.sum(axis=1), np.bincount(units.township)
    urban = counted[:, :5].sum(axis=1)
    coded = np.bincount(units.township, units.urban)
    assert (abs(coded - now * urban / known) < 1).all()
    assert (coded[urban > 0] > 0).all()
    assert (coded[urban == 0] == 0).all()
    junction = np.bincount(units.township, units.urban & units.contiguous)
    assert (abs(junction - now * counted[:, [1, 3]].sum(axis=1) / known) < 1.5).all()


@pytest.mark.parametrize(
    ("counted", "units", "rings"),
    [
        ([2, 3, 0, 0, 0, 0, 5], 10, [2, 3, 3, 2]),
        ([0, 0, 2, 3, 0, 0, 5], 20, [4, 6, 6, 4]),
        ([0, 0, 1, 8, 1, 2, 0], 12, [2, 8, 2, 0]),
        ([0, 0, 1, 0, 0, 0, 99], 5, [1, 0, 1, 3]),
        ([0, 0, 0, 0, 0, 6, 21], 27, [0, 0, 0, 27]),
        ([0, 0, 0, 0, 0, 0, 0], 3, [0, 0, 0, 3]),
        ([23, 14, 0, 0, 0, 0, 0], 1, [1, 0, 0, 0]),
    ],
)
def test_classes_keep_their_proportions_from_the_middle_outwards(counted, units, rings):
    """Built-up, junction, beside it, beyond; a small town of the edition does not vanish."""
    found = villages.mapped_classes(np.array(counted), units)
    assert np.bincount(found, minlength=4).tolist() == rings
    assert (np.diff(found) >= 0).all()


@given(st.lists(st.integers(1, 6), min_size=1, max_size=30), st.integers(1, 9), st.integers(0, 99))
def test_households_fill_villages_one_after_the_other(members, number, seeded):
    total = sum(members)
    sizes = np.random.default_rng(seeded).multinomial(total, np.full(number, 1 / number))
    zeros, rural = np.zeros(number, np.int16), np.zeros(number, bool)
    units = Units(zeros, zeros, rural, rural, np.arange(number, dtype=np.int32))
    head = np.cumsum(members) - members
    fast = villages.assign_units(0, np.ones(total, int), head, units, sizes)
    slow, ahead = [], 0
    for size in members:
        slow.append(next(u for u in range(len(sizes)) if sum(sizes[: u + 1]) > ahead))
        ahead += size
    assert fast.tolist() == slow
