"""Services: each domain one saturating index of what a place offers, in units of its start."""

import numpy as np

from xiancheng.sim.levers import Levers
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.state import Floats


def saturating(stock: Floats, p: Parameters) -> Floats:
    """A = 1 - exp(-x / x0): the more there is, the less one more adds, (place,)."""
    return 1 - np.exp(-stock / p.amenity_saturation)


def health(levers: Levers, p: Parameters) -> Floats:
    """Health care within reach, (place,)."""
    hospital, subcentres, rehabilitation = (
        levers.hospital, levers.subcentres, levers.disability_care,
    )  # fmt: skip
    return saturating(1 + hospital + subcentres + rehabilitation, p)


def elder_care(levers: Levers, p: Parameters) -> Floats:
    """Elder care within reach, (place,)."""
    return saturating(1 + levers.elder_care, p)


def childcare(levers: Levers, p: Parameters) -> Floats:
    """Care for children under six within reach, (place,)."""
    return saturating(1 + levers.childcare, p)


def amenity(levers: Levers, p: Parameters) -> Floats:
    """Everything small that makes a place pleasant, (place,); its sum saturates as one."""
    shops = levers.consumption + levers.rural_delivery
    surroundings = levers.environment + levers.utilities + levers.small_towns
    networks = levers.digital + levers.charging + levers.rural_infrastructure
    return saturating(1 + shops + surroundings + networks, p)
