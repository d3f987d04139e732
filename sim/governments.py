"""County governments: few and deliberate, so each is a Mesa agent."""

import mesa
import numpy as np

from xiancheng.sim.levers import LEVERS, Levers
from xiancheng.sim.state import Ints

MANDATES = {"workload", "fiscal_reward"}  # what sets the effort, and is not scaled by it


def capacity(own: float, levers: Levers, places: Ints) -> float:
    """Programmes a county can carry out at once, the plan as written being 1."""
    return own * (1 + float(levers.fiscal_reward[places].max()))


def load(levers: Levers, places: Ints) -> float:
    """Programmes a county is asked to carry out at once, the plan as written being 1."""
    return float(levers.workload[places].max())


def delivered(effort: float, able: float) -> float:
    """Share of what is asked of a county that it delivers, in [0, 1]."""
    return 1.0 if effort <= able else able / effort


class CountyGovernment(mesa.Agent):
    """A county government: carries out the prefecture's plan as far as it can."""

    def __init__(self, model: mesa.Model, code: int, places: Ints, capacity: float) -> None:
        super().__init__(model)
        self.code = code
        self.places = places  # indexes of its town and its villages
        self.own_capacity = capacity
        self.effort = 1.0  # share of what was asked that it delivered this quarter

    def carry_out(self, levers: Levers) -> None:
        """Decide how much of what is asked can be delivered."""
        able = capacity(self.own_capacity, levers, self.places)
        self.effort = delivered(load(levers, self.places), able)


def carried_out(wanted: Levers, governments: list[CountyGovernment]) -> Levers:
    """The levers as the counties really apply them."""
    effort = np.ones(len(wanted.workload))
    for county in governments:
        county.carry_out(wanted)
        effort[county.places] = county.effort
    if (effort == 1).all():
        return wanted
    scaled = {name: effort * getattr(wanted, name) for name in LEVERS if name not in MANDATES}
    return Levers(**scaled, workload=wanted.workload, fiscal_reward=wanted.fiscal_reward)
