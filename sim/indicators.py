"""What we report. A function here is an indicator; its name is its key everywhere."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from xiancheng.sim.state import Floats, Ints


@dataclass(frozen=True)
class Observation:
    """What statisticians and offices record at the end of a quarter, each (county, ...)."""

    urban: Ints  # usual residents of urban units, by the half-year rule
    rural: Ints
    urban_now: Ints  # people who are there, however long
    rural_now: Ints
    registered_urban: Ints  # people with hukou in an urban unit of the county
    registered: Ints
    away: Ints  # registered in the county and living in another town or village, last spring
    children: Ints  # under 15
    aged: Ints  # 65 and over
    jobs_filled: Ints
    jobs_wanted: Floats
    commuters: Ints  # villagers with a non-farm job
    unemployed: Floats  # share of those active
    wage: Floats  # yuan/year
    price: Floats  # of housing, relative to wages and to the start
    stock: Floats  # dwellings in town
    occupied: Floats
    seats: Ints  # taken in town schools
    queue: Ints  # children not admitted
    units: Ints  # village-level units
    effort: Floats  # share of what was asked that the county delivered
    drift: float  # percentage points, of the published series
    error: Floats  # of the published rate [percentage points]


Measurement = Callable[[Observation, Floats], Floats]


@dataclass(frozen=True)
class Indicator:
    """A reported number: how to measure it in groups of counties, and in which unit."""

    measure: Measurement
    unit: str
    zh: str


INDICATORS: dict[str, Indicator] = {}


def indicator(unit: str, zh: str) -> Callable[[Measurement], Measurement]:
    """Enter the function below in the register of indicators.

    It is called with an observation and with `groups`, (group, county), 1 where a county belongs.
    """

    def register(measure: Measurement) -> Measurement:
        INDICATORS[measure.__name__] = Indicator(measure, unit, zh)
        return measure

    return register


def total(groups: Floats, values: Floats | Ints) -> Floats:
    """Sum over the counties of each group, (group,), from `groups` and values of counties.

    Counties are added one after the other, in their order. A matrix product would leave the order
    to the library of linear algebra, which differs in the last digit between processors.
    """
    return np.cumsum(groups * values, axis=1)[:, -1]


def share(part: Floats, whole: Floats) -> Floats:
    """Part of a whole in percent, 0 where there is no whole, (group,)."""
    ratio: Floats = np.zeros(len(whole), np.float64)
    np.divide(100 * part, whole, out=ratio, where=np.asarray(whole) > 0)
    return ratio.astype(np.float64)


@indicator("percent", "常住人口城镇化率")
def resident_urbanization_rate(obs: Observation, groups: Floats) -> Floats:
    """Usual residents of urban units as a share of all, by the half-year rule."""
    return share(total(groups, obs.urban), total(groups, obs.urban + obs.rural))


@indicator("percent", "公布的常住人口城镇化率")
def published_resident_urbanization_rate(obs: Observation, groups: Floats) -> Floats:
    """The rate as it is printed: with the drift of the series, an error, and two decimals."""
    everyone = obs.urban + obs.rural
    error = share(total(groups, everyone * obs.error), total(groups, everyone)) / 100
    rate = resident_urbanization_rate(obs, groups) + obs.drift + error
    shown: Floats = np.clip(rate, 0, 100)
    return shown.round(2)


@indicator("percent", "现住地城镇人口占比")
def present_urban_share(obs: Observation, groups: Floats) -> Floats:
    """People who are in urban units, however long they have been there."""
    return share(total(groups, obs.urban_now), total(groups, obs.urban_now + obs.rural_now))


@indicator("percent", "户籍人口城镇化率")
def hukou_urbanization_rate(obs: Observation, groups: Floats) -> Floats:
    """People registered in urban units, as a share of all registered."""
    return share(total(groups, obs.registered_urban), total(groups, obs.registered))


@indicator("persons", "常住人口")
def residents(obs: Observation, groups: Floats) -> Floats:
    """Usual residents, by the half-year rule."""
    return total(groups, obs.urban + obs.rural)


@indicator("persons", "城镇常住人口")
def urban_residents(obs: Observation, groups: Floats) -> Floats:
    """Usual residents of urban units, by the half-year rule."""
    return total(groups, obs.urban)


@indicator("persons", "乡村常住人口")
def rural_residents(obs: Observation, groups: Floats) -> Floats:
    """Usual residents of rural units, by the half-year rule."""
    return total(groups, obs.rural)


@indicator("persons", "人户分离人口(上年春节)")
def living_apart_from_hukou(obs: Observation, groups: Floats) -> Floats:
    """People living in another place than the one they are registered in, as of last spring."""
    return total(groups, obs.away)


@indicator("percent", "0—14岁人口占比")
def children_share(obs: Observation, groups: Floats) -> Floats:
    """People under 15 as a share of all present."""
    return share(total(groups, obs.children), total(groups, obs.urban_now + obs.rural_now))


@indicator("percent", "65岁及以上人口占比")
def aged_share(obs: Observation, groups: Floats) -> Floats:
    """People aged 65 and over as a share of all present."""
    return share(total(groups, obs.aged), total(groups, obs.urban_now + obs.rural_now))


@indicator("jobs", "非农就业人数")
def jobs_filled(obs: Observation, groups: Floats) -> Floats:
    """Non-farm jobs held by residents."""
    return total(groups, obs.jobs_filled)


@indicator("jobs", "非农岗位空缺")
def vacancies(obs: Observation, groups: Floats) -> Floats:
    """Non-farm jobs that employers want filled and nobody holds."""
    return total(groups, np.maximum(obs.jobs_wanted - obs.jobs_filled, 0))


@indicator("persons", "住村通勤的非农就业者")
def commuters(obs: Observation, groups: Floats) -> Floats:
    """Villagers with a non-farm job, who did not move to town for it."""
    return total(groups, obs.commuters)


@indicator("percent", "求职者占比")
def unemployment(obs: Observation, groups: Floats) -> Floats:
    """Searchers as a share of the active, counties weighted by their jobs."""
    active = np.where(obs.unemployed < 1, obs.jobs_filled / np.maximum(1 - obs.unemployed, 1e-9), 0)
    return share(total(groups, active * obs.unemployed), total(groups, active))


@indicator("yuan/year", "非农岗位平均工资")
def wage(obs: Observation, groups: Floats) -> Floats:
    """Mean wage of a non-farm job."""
    return share(total(groups, obs.wage * obs.jobs_filled), total(groups, obs.jobs_filled)) / 100


@indicator("ratio", "房价相对工资(起点=1)")
def house_price(obs: Observation, groups: Floats) -> Floats:
    """House price relative to wages and to the start, counties weighted by dwellings."""
    return share(total(groups, obs.price * obs.stock), total(groups, obs.stock)) / 100


@indicator("percent", "城镇住房空置率")
def housing_vacancy(obs: Observation, groups: Floats) -> Floats:
    """Empty dwellings as a share of the town's stock."""
    return share(total(groups, obs.stock - obs.occupied), total(groups, obs.stock))


@indicator("dwellings", "有人居住的城镇住房")
def dwellings_occupied(obs: Observation, groups: Floats) -> Floats:
    """Dwellings in town that are lived in."""
    return total(groups, obs.occupied)


@indicator("persons", "城镇义务教育在读")
def seats_taken(obs: Observation, groups: Floats) -> Floats:
    """Pupils in the compulsory schools of the towns."""
    return total(groups, obs.seats)


@indicator("persons", "排队未入学儿童")
def school_queue(obs: Observation, groups: Floats) -> Floats:
    """Children who asked for a seat in town at the last enrolment and got none."""
    return total(groups, obs.queue)


@indicator("units", "村级单位数")
def village_units(obs: Observation, groups: Floats) -> Floats:
    """Village-level units that have not been merged into another."""
    return total(groups, obs.units)


@indicator("percent", "任务完成比例")
def delivery(obs: Observation, groups: Floats) -> Floats:
    """What counties delivered of what the plan asked, their mean."""
    return 100 * total(groups, obs.effort) / groups.sum(axis=1)
