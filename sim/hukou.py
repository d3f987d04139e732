"""Land rights and hukou: what settling costs in rights, and the grant of the local hukou."""

from xiancheng.sim.choice import hazard
from xiancheng.sim.levers import Levers
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.state import Bools, Floats, Ints
from xiancheng.sim.step import Step

FIVE_YEARS = 5.0  # the horizon over which the studies report their effects


def leaving_hazard(levers: Levers, p: Parameters) -> Floats:
    """What safer rights add to the hazard of leaving the village [1/year], (place,).

    The studies report how many percentage points more people had left after five years.

    References
    ----------
    Meng (2020), China Economic Review 61 (rights kept on leaving); difference-in-differences on
    the China Family Panel Studies 2012-2018 (hukou access)
    """
    kept = levers.land_rights * hazard(p.land_hukou_decoupling / 100, FIVE_YEARS)
    access = levers.hukou_access * hazard(p.hukou_reform_effect / 100, FIVE_YEARS)
    return kept + access


def settling_hazard(levers: Levers, p: Parameters) -> Floats:
    """How often a resident registered elsewhere is granted the local hukou [1/year], (place,)."""
    return p.settling_hazard + levers.settlement_openness


def may_settle(lives_in_town: Bools, registered_here: Bools) -> Bools:
    """Who can be granted the local hukou, (person,): town residents registered elsewhere."""
    return lives_in_town & ~registered_here


def settle(step: Step, rows: Ints) -> None:
    """Town residents registered elsewhere are granted the local hukou."""
    population, people, place = step.population, step.population.people, step.place(rows)
    here = population.place[people.hukou[rows]] == place
    in_town = step.places.is_town(place)
    arrived = people.moved_at[rows] == step.quarter.number  # as villagers resettled this quarter
    population.settle(rows[may_settle(in_town & ~arrived, here)])
