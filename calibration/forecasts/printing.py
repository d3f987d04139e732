"""What is printed of a true rate: smooth between benchmarks, put right at them.

Between benchmarks a county's published rate is made in an office: it follows the published rate of
the province, with less for those above it, and shows little of what a census would find:

    printed(t) = printed(t - 1) + change of the province - pull (printed(t - 1) - province)
                 + follows (true change of the county less what was expected) + prefecture + county

At a census the printed rate is the true one. At a one-per-cent survey provinces are re-based and
counties hardly: a share of the distance to the truth is closed. Rates that were published are
conditions: printed and true paths are moved to what goes with them, by the regression of each on
the printed rate over the draws, which is Bayes' rule where draws are normal.

References
----------
Evensen (2003), Ocean Dynamics 53 (the ensemble Kalman filter)
Statistics law of China: a census in years that end in 0, a one-per-cent survey in those of 5
"""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from xiancheng.calibration.forecasts.common_trend import YEAR, CommonDraws, PublishedRate
from xiancheng.calibration.forecasts.forecast import random_stream
from xiancheng.sim.state import Floats, Ints

DECIMALS = 2  # of a printed rate
PULL = 0.01, 0.03  # per year (assumed): from 2010 to 2020 the counties of Shandong lost 0.022
FOLLOWS = 0.0, 0.03  # of the true change (assumed): near none
PREFECTURE_SD = 0.2  # points a year (assumed, 0.1-0.3)
COUNTY_SD = 0.2  # points a year (assumed, 0.1-0.3): 0.15 about a line in 13 prefectures, 2018
REBASED = 1.0, 3.0  # beta: of the distance to the truth, closed at a survey (assumed; mean 0.25)
ROUNDING_SD = 0.03  # points, of a published rate that is a condition


def printed(
    true: Floats, days: Sequence[date], prefecture: Sequence[str], common: CommonDraws, seed: int
) -> Floats:
    """Printed rates, not yet rounded, (day, draw, unit) [percent].

    Equal seeds give equal errors, whoever forecast the rates.

    Parameters
    ----------
    true : (day, draw, unit) [percent]; the first day is that of the census
    prefecture : of each unit
    common : the published rate of the province in each draw
    """
    __, draws, units = true.shape
    rng = random_stream(seed, "print")
    pull, follows = (low + (high - low) * rng.random((draws, 1)) for low, high in (PULL, FOLLOWS))
    rebased = rng.beta(*REBASED, (draws, 1))
    names, where = np.unique(prefecture, return_inverse=True)
    year_end = date(days[0].year, 12, 31)
    years = [max((day - year_end).days / YEAR, 0.0) for day in days]
    found = true.copy()
    for i in range(1, len(days)):
        span = years[i] - years[i - 1]
        province = [common.published(each)[:, None] for each in years[i - 1 : i + 1]]
        change = true[i] - true[i - 1]
        noise = PREFECTURE_SD * rng.standard_normal((draws, len(names)))[:, where]
        noise += COUNTY_SD * rng.standard_normal((draws, units))
        found[i] = found[i - 1] + np.sqrt(span) * noise
        if span > 0:
            found[i] += province[1] - province[0]
            found[i] -= span * pull * (found[i - 1] - province[0])
            found[i] += follows * (change - change.mean(axis=0))
        for year in range(days[i - 1].year, days[i].year + 1):
            if days[i - 1] < date(year, 12, 31) <= days[i] and year > days[0].year:
                closed = 1.0 if year % 10 == 0 else rebased if year % 5 == 0 else 0.0
                found[i] += closed * (true[i] - found[i])
    return np.clip(found, 0.0, 100.0)


def condition(
    true: Floats, printed: Floats, days: Sequence[date], observed: Sequence[PublishedRate],
    counties: Mapping[str, Ints], prefecture: Sequence[str], residents: Floats,
) -> tuple[Floats, Floats]:  # fmt: skip
    """True and printed rates given what was published, (day, draw, unit) [percent] each.

    What is published of a unit moves the units of its prefecture. The census itself is no
    condition, and nothing moves it.

    Parameters
    ----------
    observed : on some of the days; those before them or of other units do nothing
    counties : the units of each code
    residents : weights of units together (unit,) [persons]
    """
    above = np.asarray(prefecture)
    both = np.stack([true, printed])
    rng = random_stream(0, "rounding")
    for each in sorted(observed, key=lambda one: one.day):
        if each.code not in counties or each.day not in days[1:]:
            continue
        own = counties[each.code]
        near = np.isin(above, above[own])
        shown = np.average(both[1, days.index(each.day)][:, own], axis=1, weights=residents[own])
        off = each.rate - shown - ROUNDING_SD * rng.standard_normal(len(shown))
        centred = shown - shown.mean()
        moved = both[:, 1:][..., near]
        gain = np.einsum("d,ktdu->ktu", centred, moved - moved.mean(axis=2, keepdims=True))
        gain /= centred @ centred + len(shown) * ROUNDING_SD**2
        both[:, 1:, :, near] = moved + off[:, None] * gain[:, :, None, :]
    both = np.clip(both, 0.0, 100.0)
    return both[0], both[1]
