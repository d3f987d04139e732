"""Strata: the few thousand combinations of people that rules speak of.

A stratum is place x age band x family situation x education x sex. For jobs the work a person does
takes the place of the situation. Both are dense numpy axes, so a rule is a few broadcasts.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from xiancheng.sim import kernels
from xiancheng.sim.places import Places
from xiancheng.sim.state import AGES, HEAD, Ints

BANDS = len(AGES)

# Age groups [years] that are told apart in reports: the bands of each.
AGED = {
    f"aged_{first}_{last - 1 if last < 100 else 'over'}": np.flatnonzero(
        (first <= AGES) & (last > AGES)
    )
    for first, last in pairwise((0, 10, 20, 30, 40, 60, 100))
}

GROWN = 18  # years; a definition
MOTHERS = [0, 3]  # roles in which women have a partner: dependent, head

# Family situations: who decides, and for whom. The role, with the age of a head's youngest child.
DEPENDENT, SINGLE, ALONE, COUPLE, PRESCHOOL, PRIMARY_CHILD, SECONDARY_CHILD = range(7)
SITUATIONS = 7
WORKS = 4
EDUCATIONS = 4
SEXES = 2

STAGE_AGES = (0, 6, 12, 18)  # years: preschool, primary and secondary age begin, and end
STAGES = 4  # no minor child, preschool, primary, secondary

Traits = NDArray[np.uint8]


def pack(sex: Ints, education: Ints, role: Ints | int, work: Ints | int) -> Traits:
    """The four traits of a person in one byte, (person,)."""
    return (
        np.asarray(sex) | np.asarray(education) << 1 | np.asarray(role) << 3 | np.asarray(work) << 5
    ).astype(np.uint8)


def sex_of(traits: Traits) -> Traits:
    """Sex, (person,)."""
    return traits & np.uint8(1)


def education_of(traits: Traits) -> Traits:
    """Highest level of education attended, (person,)."""
    return traits >> np.uint8(1) & np.uint8(3)


def role_of(traits: Traits) -> Traits:
    """Role in the household, (person,)."""
    return traits >> np.uint8(3) & np.uint8(3)


def work_of(traits: Traits) -> Traits:
    """Kind of work done, (person,)."""
    return traits >> np.uint8(5)


def age_band(quarter: int, born: Ints) -> Ints:
    """The census age band of people born in `born` at the end of `quarter`, (person,)."""
    years = np.maximum(quarter - np.asarray(born, np.int64), 0) // 4
    return np.searchsorted(AGES, years, side="right") - 1


@dataclass(frozen=True)
class Clock:
    """What a stored quarter means now: tables read at the bits of a quarter, (65536,)."""

    band: NDArray[np.uint8]  # age band of those born then
    stage: NDArray[np.uint8]  # family stage of heads whose youngest child was born then

    @classmethod
    @lru_cache(maxsize=64)  # of 128 kB: all that a run needs
    def at(cls, quarter: int) -> Self:
        """The clock in `quarter`. Only the last 150 years are told apart."""
        band, stage = np.full(65536, BANDS - 1, np.uint8), np.zeros(65536, np.uint8)
        recent = np.arange(quarter - 600, quarter + 1)
        age = (quarter - recent) // 4
        band[recent.astype(np.int16).view(np.uint16)] = age_band(quarter, recent)
        grown = np.searchsorted(STAGE_AGES, age, side="right") % len(STAGE_AGES)
        stage[recent.astype(np.int16).view(np.uint16)] = grown
        return cls(band, stage)

    def situation(self, traits: Traits, child: Ints) -> NDArray[np.uint8]:
        """Who decides, and for whom: by traits and birth of the youngest child, (person,)."""
        return STRATUM_OF[traits, self.stage[child.view(np.uint16)]] // (EDUCATIONS * SEXES)


def _situation(role: int, stage: int) -> int:
    return stage + COUPLE if role == HEAD else (DEPENDENT, SINGLE, ALONE)[role]


STRATA = SITUATIONS * EDUCATIONS * SEXES  # strata within a place and age band
WORK_STRATA = WORKS * EDUCATIONS * SEXES
TRAITS = 256


def _tables() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    byte = np.arange(TRAITS, dtype=np.uint8)
    sex, education, role = sex_of(byte), education_of(byte), role_of(byte)
    situation = np.array([[_situation(r, s) for s in range(STAGES)] for r in range(4)], np.uint8)
    low = (education * SEXES + sex).astype(np.uint8)
    stratum = situation[role] * (EDUCATIONS * SEXES) + low[:, None]
    other = np.minimum(work_of(byte), WORKS - 1) * (EDUCATIONS * SEXES) + low
    return stratum.astype(np.uint8), other.astype(np.uint8)


STRATUM_OF, WORK_STRATUM_OF = _tables()  # (traits, stage) and (traits,): position within `STRATA`

# Groups told apart before strata are: role x work, and the first stratum of each role and work.
_ROLES = [DEPENDENT, SINGLE, ALONE, COUPLE, SITUATIONS]
ROLE_FROM = (EDUCATIONS * SEXES * np.array(_ROLES)).astype(np.uint64)
WORK_FROM = (EDUCATIONS * SEXES * np.arange(WORKS + 1)).astype(np.uint64)
_BYTE = np.arange(TRAITS, dtype=np.uint8)
GROUP_OF = (role_of(_BYTE) * WORKS + np.minimum(work_of(_BYTE), WORKS - 1)).astype(np.uint8)


@dataclass(frozen=True)
class Headcount:
    """Everyone, counted by where they live and what matters to the rules [persons]."""

    by_sex: Ints  # (place, sex)
    by_role: Ints  # (place, role)
    by_band: Ints  # (place, band)
    by_work: Ints  # (place, band, work, education)
    mothers: Ints  # (place, band) women in roles with a partner
    by_age_and_sex: Ints  # (place, band, sex)

    @classmethod
    def of(cls, counts: Ints, mothers: list[int]) -> Self:
        """From counts by (place, band, traits); `mothers` are roles with a partner."""
        by_work = np.zeros((*counts.shape[:2], WORKS, EDUCATIONS), np.int64)
        roles = np.zeros((*counts.shape[:2], 4, SEXES), np.int64)
        kernels.unfold(counts, by_work, roles)
        by_age_and_sex = roles.sum(axis=2)
        return cls(
            by_sex=by_age_and_sex.sum(axis=1),
            by_role=roles.sum(axis=(1, 3)),
            by_band=by_age_and_sex.sum(axis=2),
            by_work=by_work,
            mothers=roles[:, :, mothers, 1].sum(axis=2),
            by_age_and_sex=by_age_and_sex,
        )

    @cached_property
    def by_work_alone(self) -> Ints:
        """What residents do, whatever their age and education, (place, work)."""
        return np.asarray(self.by_work.sum(axis=(1, 3)))

    def work(self, counties: int) -> Ints:
        """What residents of town and villages do, (county, 2 town/village, work)."""
        return Places(counties).by_county(self.by_work_alone)
