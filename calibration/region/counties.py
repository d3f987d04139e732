"""What a region pack says of its counties, in the form the model asks for."""

from datetime import date

import numpy as np

from xiancheng.calibration.forecasts.structural_gap import structural_gap
from xiancheng.calibration.region import Region
from xiancheng.sim.state import Counties, Floats, Ints


def counties(region: Region, start: date) -> Counties:
    """Each county's circumstances at the census of `start`."""
    km = region.distance_km()
    n = len(region.counties)
    prefecture = np.array([c.prefecture for c in region.counties])
    arrivals = np.asarray(region.arrivals(start), float)
    nearby = neighbours(prefecture)
    births, deaths = region.vital(start)

    def value(variable: str) -> Floats:
        return np.asarray(region.value(start, variable), float)

    jobs = np.maximum(region.work(start)[:, 1:], 1)
    wages = np.stack([value("wage_industry"), value("wage_services")], axis=1)
    return Counties(
        code=np.array([int(c.code) for c in region.counties]),
        nearby=nearby,
        nearby_km=np.where(nearby >= 0, km[np.arange(n)[:, None], nearby], 0.0),
        outside_km=km[:, n:],
        wage=np.round((wages * jobs).sum(axis=1) / jobs.sum(axis=1)),
        wage_outside=np.asarray(region.outside(start), float),
        home_income=np.stack([value("home_income_urban"), value("home_income_rural")], axis=1),
        dwellings=value("dwellings_town"),
        residents_per_dwelling=value("persons_per_dwelling"),
        price=value("house_price"),
        seats=np.stack([value("seats_primary"), value("seats_junior")], axis=1),
        moves=np.asarray(region.moves(start), float),
        arrivals=arrivals,
        nearby_share=shares(arrivals[:, 0], prefecture),
        structural_gap=structural_gap(region, start) / 100,
        birth_rate=np.asarray(births, float) / 1000,
        death_rate=np.asarray(deaths, float) / 1000,
    )


def shares(arrivals: Floats, prefecture: Ints) -> Floats:
    """Of all who move to another town of their prefecture, the share that comes to each, (county,).

    Whoever moves within a prefecture heads for the towns that people from the rest of the
    province head for: the census counts both as one class. Where nobody arrives, all share alike.
    """
    found = np.zeros(len(arrivals))
    for code in np.unique(prefecture):
        own = prefecture == code
        total = arrivals[own].sum()
        found[own] = arrivals[own] / total if total > 0 else 1 / own.sum()
    return found


def neighbours(prefecture: Ints) -> Ints:
    """The other counties of each county's prefecture, (county, slot), -1 where there is none.

    There is a slot even if no prefecture has two counties, so that the choices stay the same.
    """
    others = [
        [j for j in range(len(prefecture)) if j != i and prefecture[j] == prefecture[i]]
        for i in range(len(prefecture))
    ]
    slots = max(1, *map(len, others))
    filled = [row + [-1] * (slots - len(row)) for row in others]
    return np.array(filled, int).reshape(len(others), slots)


def fertility(region: Region, start: date, cutoff: date) -> dict[int, float]:
    """Births of the province by year relative to the year of the census of `start`.

    Nothing dated after `cutoff` is used: a year is known once it has ended.
    """
    known = region.series(region.province, "birth_rate")
    base = known.get(start.year)
    later = {
        year: rate
        for year, rate in known.items()
        if start.year < year and date(year, 12, 31) <= cutoff
    }
    return {year: rate / base for year, rate in later.items()} if base else {}
