"""The task: once a quarter everyone may reconsider where to live, and choose among places.

Seven counties with a town and villages each. How often one reconsiders depends on age and place;
what one chooses depends on how crowded the places were at the end of the quarter before. Nobody is
born and nobody dies, so the total never changes, and what to expect of every flow is known
exactly. The numbers are made up for the task, but for the schedule by age.

References
----------
Rogers & Castro (1981), Model Migration Schedules, IIASA RR-81-030: the standard schedule
"""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.integer]
Floats = NDArray[np.float64]

COUNTIES = 7
PLACES = 2 * COUNTIES  # 2 x county is its town, + 1 its villages
BANDS = 18  # five years each; the last is open
OLDEST = 360  # quarters
YEARS = 0.25  # the length of a step
TOWN = np.arange(PLACES) % 2 == 0
SHARES = np.where(TOWN, 0.4, 0.6) * np.repeat(np.arange(5, 5 + COUNTIES), 2)
SHARES /= SHARES.sum()
ROOM = 1.2  # what a place holds, of those who begin there
PART = 65536  # people made at a time, so that making them takes no memory


def people(n: int, seed: int = 1) -> tuple[Ints, Ints]:
    """Who begins where: place and quarter of birth, each (person,); the first quarter is 0."""
    rng = np.random.default_rng([seed, 2020])  # engines draw from their own seed alone
    place, born = np.empty(n, np.int16), np.empty(n, np.int16)
    ends = np.cumsum(SHARES)[:-1]
    for start in range(0, n, PART):
        part = slice(start, start + PART)
        size = len(place[part])
        place[part] = np.searchsorted(ends, rng.random(size), side="right")
        born[part] = -rng.integers(0, OLDEST, size)
    return place, born


def room(place: Ints) -> Floats:
    """What each place holds, (place,), by who begins there, (person,)."""
    return np.asarray(ROOM * np.bincount(place, minlength=PLACES))


def bands(now: int) -> Ints:
    """The age band of everyone born `q` quarters before `now`, at index q."""
    return np.minimum(np.arange(OLDEST + now + 1) // 20, BANDS - 1)


def leaving() -> Floats:
    """The chance of reconsidering within a quarter, (place, band)."""
    age = 5 * np.arange(BANDS) + 2.5
    work = age - 20
    schedule = 0.02 * np.exp(-0.1 * age) + 0.003
    schedule += 0.06 * np.exp(-0.1 * work - np.exp(-0.4 * work))
    hazard = 4 * schedule * np.where(TOWN, 0.5, 1.0)[:, None]
    return np.asarray(-np.expm1(-hazard * YEARS))


def choices(residents: Floats | Ints, room: Floats) -> Floats:
    """The chance of each place for those who reconsider, (place, place); nobody picks their own.

    A multinomial logit: towns attract, the own county is near, crowding repels.
    """
    near = np.arange(PLACES)[:, None] // 2 == np.arange(PLACES) // 2
    utility = 0.8 * TOWN + 1.5 * near - 2.0 * residents / room
    weight = np.exp(utility) * (1 - np.eye(PLACES))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def count(place: Ints, born: Ints, now: int) -> Ints:
    """Residents by place and age band, (place, band)."""
    cell = place.astype(np.int32) * BANDS + bands(now)[now - born.astype(np.int32)]
    return np.bincount(cell, minlength=PLACES * BANDS).reshape(PLACES, BANDS)
