"""Where residents and the absent are registered."""

import numpy as np
import pytest

from tests.people import BOTH
from xiancheng.calibration.population import hukou
from xiancheng.calibration.population.fit import assumptions
from xiancheng.sim.state import (
    ALONE,
    NEVER,
)  # fmt: skip


@BOTH
def test_in_movers_live_in_town_and_come_from_elsewhere(seen):
    assert seen.town[seen.moved].mean() == pytest.approx(0.88, abs=0.01)
    inside = seen.moved & (seen.p.hukou < seen.units.elsewhere)
    township = seen.units.township
    assert (township[seen.p.hukou[inside]] != township[seen.p.unit[inside]]).all()
    same = inside & (
        seen.units.county[np.where(inside, seen.p.hukou, 0)]
        == seen.units.county[np.where(inside, seen.p.unit, 0)]
    )
    rural = ~seen.units.urban[seen.p.hukou[same]]
    assert rural.mean() == pytest.approx(0.7, abs=0.05)


@BOTH
def test_households_move_as_a_whole(seen):
    """But for the last of each origin, in the town and the village of each county."""
    apart = (seen.p.moved_at != seen.p.moved_at[seen.head]) | (
        seen.p.hukou != seen.p.hukou[seen.head]
    )
    assert len(np.unique(seen.home[apart])) <= 10 * 2 * 7
    assert seen.moved.sum() > 7000


@BOTH
def test_everyone_has_been_where_they_are_for_half_a_year(seen):
    moved = seen.p.moved_at[seen.p.moved_at != NEVER].astype(int)
    assert moved.max() <= seen.now - 2
    assert moved.min() >= seen.now - 40
    np.testing.assert_array_equal(seen.p.moved_at != NEVER, seen.moved | ~seen.resident)
    np.testing.assert_array_equal(seen.p.previous_unit, seen.p.hukou)


@BOTH
def test_the_absent_are_villagers_of_working_age(seen):
    away = ~seen.resident
    assert (~seen.units.urban[seen.p.hukou[away]]).all()
    assert seen.age[away].min() >= 18
    assert seen.age[away].max() < 60
    assert seen.age[away].mean() == pytest.approx(39, abs=1.5)
    assert seen.sex[away].mean() == pytest.approx(0.305, abs=0.01)
    assert (seen.role[away] == ALONE).all()


@BOTH
def test_the_absent_went_to_school_like_migrant_workers(seen):
    shares = np.bincount(seen.level[~seen.resident]) / (~seen.resident).sum()
    np.testing.assert_allclose(shares, assumptions().row("away_schooling"), atol=0.005)


@BOTH
def test_in_movers_are_young_and_live_in_dormitories(seen):
    assert seen.age[seen.moved].mean() < seen.age[seen.resident].mean() - 3
    students = seen.resident & (seen.age >= 18) & (seen.age < 25)
    dormitory, home = students & seen.collective, students & ~seen.collective & seen.town
    assert seen.moved[dormitory].mean() > 1.2 * seen.moved[home].mean()


def test_neighbours_exchange_as_many_people_as_they_miss():
    came, missed = np.array([900.0, 60.0, 40.0]), np.array([50.0, 250.0, 200.0])
    near = hukou.neighbours(came, missed, ["371600"] * 3)
    np.testing.assert_allclose(near.sum(axis=1), [450, 30, 20])
    np.testing.assert_allclose(np.diag(near), 0)
    assert near[0, 1] > near[0, 2]


def test_prefectures_do_not_exchange_neighbours():
    """Each balances its own, as it would alone."""
    came, missed = np.array([900.0, 60.0, 40.0, 30.0]), np.array([50.0, 250.0, 20.0, 10.0])
    near = hukou.neighbours(came, missed, ["371600", "371600", "371700", "371700"])
    assert (near[:2, 2:] == 0).all()
    assert (near[2:, :2] == 0).all()
    alone = hukou.neighbours(came[2:], missed[2:], ["371700"] * 2)
    np.testing.assert_array_equal(near[2:, 2:], alone)
