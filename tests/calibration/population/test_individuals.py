"""Schooling and work in the synthetic population."""

import numpy as np

from tests.people import BACK_THEN, BOTH, NOWADAYS
from xiancheng.sim.state import (
    COLLEGE,
    FARM,
    FEMALE,
    JUNIOR,
    MALE,
    NO_WORK,
    PRIMARY,
    SENIOR,
)  # fmt: skip


@BOTH
def test_nobody_is_ahead_of_school(seen):
    for age, level in ((12, PRIMARY), (15, JUNIOR), (18, SENIOR)):
        assert seen.level[np.floor(seen.age) < age].max() == level


@BOTH
def test_the_young_and_the_townspeople_went_to_school_longer(seen):
    def college(who, low, high):
        them = seen.resident & who & (seen.age >= low) & (seen.age < high)
        return (seen.level[them] == COLLEGE).mean()

    anyone = np.ones(len(seen.p), bool)
    by_age = [college(anyone, low, low + 10) for low in (25, 35, 45, 55)]
    assert by_age == sorted(by_age, reverse=True)
    assert college(seen.town, 25, 45) > 1.5 * college(seen.village, 25, 45)


def test_a_cohort_keeps_its_schooling():
    """Who was forty in 2010 is fifty in 2020, and went no further at school meanwhile."""
    past = BACK_THEN.level[BACK_THEN.resident & (abs(BACK_THEN.age - 45) < 5)]
    present = NOWADAYS.level[NOWADAYS.resident & (abs(NOWADAYS.age - 55) < 5)]
    assert abs((past >= SENIOR).mean() - (present >= SENIOR).mean()) < 0.05


@BOTH
def test_schoolchildren_and_the_absent_have_no_work_here(seen):
    assert (seen.work[(seen.age < 16) | ~seen.resident] == NO_WORK).all()


@BOTH
def test_most_adults_work_women_and_the_old_less(seen):
    def employed(who, low, high):
        them = seen.resident & who & (seen.age >= low) & (seen.age < high)
        return (seen.work[them] != NO_WORK).mean()

    men, women = seen.sex == MALE, seen.sex == FEMALE
    assert employed(men, 25, 50) > 0.85
    assert 0.7 < employed(women, 25, 50) < employed(men, 25, 50)
    assert employed(men | women, 65, 75) < 0.7 * employed(men | women, 25, 50)
    assert employed(men | women, 16, 20) < employed(men | women, 20, 25)


@BOTH
def test_farmers_are_old_and_live_in_villages(seen):
    farms = seen.work == FARM
    other = seen.resident & (seen.work > FARM)
    assert seen.age[farms].mean() > seen.age[other].mean() + 5
    assert farms[seen.village].mean() > 2 * farms[seen.town].mean()
    assert (seen.work[seen.village] > FARM).any()  # they commute
