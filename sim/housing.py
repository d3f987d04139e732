"""Housing: dwellings are finished, lost and lived in; prices follow the province and vacancy."""

import numpy as np

from xiancheng.sim.conditions import Conditions
from xiancheng.sim.levers import Levers
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.places import in_towns, in_villages
from xiancheng.sim.state import Floats

LAG = 8  # quarters from the start of building to completion


def starts(stock: Floats, price_ratio: Floats, p: Parameters) -> Floats:
    """Dwellings begun in a quarter, (county,): replacement and growth, more as prices rise."""
    trend = p.housing_depreciation + p.dwelling_growth / 4
    return stock * trend * price_ratio**p.housing_supply_elasticity


def completions(begun: Floats, levers: Levers, quarters: float) -> Floats:
    """Dwellings finished, (county,): those begun two years ago, and those on new land."""
    return quarters * (begun + in_towns(levers.land_supply) / 4)


def remaining(stock: Floats, p: Parameters, quarters: float) -> Floats:
    """Dwellings left after decay and demolition, (county,)."""
    return stock * (1 - p.housing_depreciation) ** quarters


def vacancy(stock: Floats, occupied: Floats) -> Floats:
    """Share of dwellings that stand empty, (county,)."""
    return 1 - np.divide(occupied, stock, out=np.ones_like(stock), where=stock > 0)


def price_growth(before: Floats, vacant: Floats, conditions: Conditions, p: Parameters) -> Floats:
    """Quarterly growth of the log price relative to wages, (county,).

    Where as many dwellings stand empty as is usual it nears the trend outside, which may fall.
    """
    outside = (p.house_price_trend + conditions.house_price_growth) / 4
    gap = p.housing_theta * (p.housing_natural_vacancy - vacant)
    return gap + p.housing_rho * before + (1 - p.housing_rho) * outside


def quality(stock: Floats, levers: Levers, p: Parameters) -> Floats:
    """Share of value that renovation added to the mean dwelling, (county,); it adds none."""
    renovated = np.divide(
        in_towns(levers.renovated_dwellings), stock, out=np.zeros_like(stock), where=stock > 0
    )
    return np.minimum(renovated, 1) * p.renovation_price_effect / 100


def resettling_hazard(levers: Levers, households: Floats) -> Floats:
    """How often a village household moves into a town flat of a project [1/year], (county,)."""
    wanted = in_villages(levers.resettlement)
    return np.divide(wanted, households, out=np.zeros_like(wanted), where=households > 0)
