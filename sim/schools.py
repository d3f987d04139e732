"""Compulsory schools: seats in town, who is admitted, and what a better school is worth."""

import numpy as np

from sim.levers import Levers
from sim.parameters import Parameters
from sim.state import Bools, Floats, Ints

STAGES = 2  # primary and junior
ENTRY_AGES = (6, 12)  # years, at the start of a stage
YEARS = np.array([6, 3])  # of each stage
CLASSES = 4  # local hukou and own flat > own flat > residence permit > others
OWNER, PERMIT, OTHER = 1, 2, 3  # a newcomer's child waits as the child of an owner or as other


def town_seats(base: Floats, years: float, levers: Levers, p: Parameters) -> Floats:
    """Seats in town by stage after some years, (county, stage).

    Those of the plan come on top of the trend and are shared by the years of each stage.
    """
    trend = base * (1 + p.seat_growth) ** years
    return trend + levers.school_seats[::2, None] * YEARS / YEARS.sum()


def quality(levers: Levers, p: Parameters) -> Floats:
    """Quality of schools over that of villages at the start [standard deviations], (place,)."""
    added = levers.school_quality
    return p.school_quality_gap * (np.arange(len(added)) % 2 == 0) + added


def priority(registered: Bools, owner: Bools, permit: Bools) -> Ints:
    """The class in which a child waits for a seat, (child,); 0 is served first."""
    return np.where(owner, np.where(registered, 0, OWNER), np.where(permit, PERMIT, OTHER))


def admitted(places: Ints, waiting: Ints, levers: Levers) -> tuple[Ints, Floats]:
    """Fill the places of a year class by class.

    Parameters
    ----------
    places : (county, stage) seats free at entry
    waiting : (county, stage, class) children
    levers : enrolment_openness in [0, 1]
        Share of the way from strict priority to one queue of all who own no flat in town.

    Returns
    -------
    (county, stage, class) children admitted; never more than places or waiting
    (county, stage, class) chance of a seat for one more child of that class, in [0, 1]
    """
    served = np.zeros_like(waiting)
    left = np.maximum(places, 0)
    for rank in range(CLASSES):
        served[..., rank] = np.minimum(waiting[..., rank], left)
        left = left - served[..., rank]
    ahead = waiting.cumsum(axis=-1)
    free = np.clip(places[..., None] - (ahead - waiting), 0, None)
    chance = np.minimum(1, free / (waiting + 1))
    pooled = np.minimum(1, free[..., PERMIT] / (waiting[..., PERMIT:].sum(axis=-1) + 1))
    strict = chance[..., PERMIT:]
    openness = levers.enrolment_openness[::2, None, None]
    chance[..., PERMIT:] = strict + openness * (pooled[..., None] - strict)
    return served, chance


def closing_hazard(levers: Levers) -> Floats:
    """How often a village school is closed beyond the trend [1/year], (county,)."""
    return levers.school_closure[1::2]
