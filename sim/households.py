"""Households: couples form, the young come of age, the bereaved carry on."""

import numpy as np

from sim.kinds import AGES
from sim.parameters import Parameters
from sim.state import ALONE, COLLEGE, DEPENDENT, HEAD, JUNIOR, SENIOR, Bools, Floats, Ints

GROWN = 18  # years; a definition
MOTHERS = [DEPENDENT, HEAD]  # roles in which women have a partner


def marriage_hazard(p: Parameters) -> Floats:
    """How often an unpartnered adult finds a partner, if there is one [1/year], (band, 2 sex)."""
    peak = p.marriage_age + np.array([0.5, -0.5]) * p.spouse_age_gap
    distance = (AGES[:, None] + 2.5 - peak) / p.marriage_age_sd
    return p.marriage_hazard * np.exp(-(distance**2) / 2) * (AGES[:, None] >= 20)


def address_of_couple(unit_of_man: Ints, unit_of_woman: Ints, urban: Bools) -> Ints:
    """Where a new couple lives, (couple,): with him, unless only she lives in town."""
    hers = urban[unit_of_woman] & ~urban[unit_of_man]
    return np.where(hers, unit_of_woman, unit_of_man)


def role_after_loss(role: Ints, alone: Bools, succeeds: Bools) -> Ints:
    """The role of the one left behind, (heir,).

    Whoever is left alone keeps a household of one; whoever succeeds the head becomes head.
    """
    return np.where(alone, ALONE, np.where(succeeds, HEAD, role))


def education_reached(u: Floats, p: Parameters) -> Ints:
    """Education of those who come of age, (person,)."""
    return np.where(
        u < p.college_share, COLLEGE, np.where(u < p.college_share + p.senior_share, SENIOR, JUNIOR)
    )
