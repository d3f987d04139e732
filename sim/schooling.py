"""Compulsory schools: seats in town, who is admitted, and what a better school is worth."""

import numpy as np

from xiancheng.sim.levers import Levers
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.places import Places, county_of, in_towns, in_villages
from xiancheng.sim.state import OWNS_FLAT, Bools, Floats, Ints
from xiancheng.sim.step import Step
from xiancheng.sim.strata import Headcount

STAGES = 2  # primary and junior
ENTRY_AGES = (6, 12)  # years, at the start of a stage
YEARS = np.array([6, 3])  # of each stage
CLASSES = 4  # local hukou and own flat > own flat > residence permit > others
OWNER, PERMIT, OTHER = 1, 2, 3  # a newcomer's child waits as the child of an owner or as other


# Rules


def town_seats(base: Floats, years: float, levers: Levers, p: Parameters) -> Floats:
    """Seats in town by stage after some years, (county, stage).

    Those of the plan come on top of the trend and are shared by the years of each stage.
    """
    trend = base * (1 + p.seat_growth) ** years
    return trend + in_towns(levers.school_seats)[:, None] * YEARS / YEARS.sum()


def quality(levers: Levers, p: Parameters) -> Floats:
    """Quality of schools over that of villages at the start [standard deviations], (place,)."""
    added = levers.school_quality
    return p.school_quality_gap * Places.of(added).towns + added


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
    openness = in_towns(levers.enrolment_openness)[:, None, None]
    chance[..., PERMIT:] = strict + openness * (pooled[..., None] - strict)
    return served, chance


def closing_hazard(levers: Levers) -> Floats:
    """How often a village school is closed beyond the trend [1/year], (county,)."""
    return in_villages(levers.school_closure)


# Process


def enrol(step: Step, counts: Headcount, years: float, levers: Levers) -> None:
    """Children of entry age in town ask for a seat, class by class."""
    population, people, places = step.population, step.population.people, step.places
    waiting = np.zeros((places.counties, STAGES, CLASSES), np.int64)
    for stage, age in enumerate(ENTRY_AGES):
        last = step.quarter.number - 4 * age
        rows = population.born_between(last - 3, last)
        place = step.place(rows)
        in_town = places.is_town(place)
        rows, place = rows[in_town], place[in_town]
        rank = priority(
            registered=population.place[people.hukou[rows]] == place,
            owner=people.flags[rows] & OWNS_FLAT > 0,
            permit=step.quarter.number - people.moved_at[rows].astype(np.int64) >= 2,
        )
        line = county_of(place) * CLASSES + rank
        children = np.bincount(line, people.weight[rows], places.counties * CLASSES)
        waiting[:, stage] = children.reshape(places.counties, CLASSES)
    step.markets.enrol(counts, waiting, years, levers, step.parameters)
