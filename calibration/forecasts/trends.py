"""Forecasts that carry a trend on, each unit for itself: of the rate, or of its odds.

With a record of its own a unit carries on its own change. Without one, as when it was held out of
a hindcast, it takes what the other units went through in the same years. How far it deviates is
always taken from how far the units of the record deviate from their common trend. In the simple
trends units deviate each for itself, so counties together come out too sure.

References
----------
United Nations (1974), Methods for Projections of Urban and Rural Population (the odds)
"""

from functools import partial

import numpy as np

from xiancheng.calibration.forecasts.forecast import (
    Known,
    StatisticalForecast,
    StudentT,
    deviation,
    from_log_odds,
    log_odds,
)
from xiancheng.calibration.forecasts.panel import Panel
from xiancheng.calibration.i18n import _
from xiancheng.sim.state import Floats


def trend(
    known: Known, years: float, draws: int, rng: np.random.Generator, *,
    ceiling: float | None = None, damping: float = 1.0, moves: bool = True,
) -> Floats:  # fmt: skip
    """Rates [percent] when a trend goes on, (draw, unit).

    Parameters
    ----------
    ceiling
        the trend is a line in log odds of the rate below this ceiling [percent]; with 100 that is
        a constant difference between urban and rural growth. None: a line in the rate itself
    damping
        what is left of the yearly change a year later
    moves
        False: the rate stays, and deviations are about no change
    """
    origin = known.origin
    fitted = StudentT.fit(change(known.record, ceiling), None if moves else 0.0)
    common, scale = fitted.draws(draws, rng)
    own = origin.past is not None and moves
    slope = change(origin.past, ceiling)[None] if own and origin.past else common[:, None]
    span = years / known.record.years
    off = deviation((draws, len(origin.codes)), scale, span, rng, known=known.same_years)
    ahead = records_ahead(known, years, damping) * slope + off
    if ceiling is None:
        rate = np.clip(origin.rate + ahead, 0.0, 100.0)
    else:
        rate = from_log_odds(origin.rate, ahead, ceiling)
    return rate


def change(panel: Panel, ceiling: float | None = 100.0) -> Floats:
    """Of each unit over its record, (unit,), in points or in log odds below a ceiling."""
    start, end = panel.rate if ceiling is None else log_odds(panel.rate, ceiling)
    return np.asarray(end - start)


def records_ahead(known: Known, years: float, damping: float = 1.0) -> float:
    """The change to come as a multiple of the change on record.

    A damped trend fades from the origin on: if the record covers the same years it has faded
    in them too.
    """
    length = known.record.years
    if damping == 1.0:
        return years / length

    def undamped(span: float) -> float:
        """Years of undamped change to which so many years of a fading one amount."""
        return float((1 - damping**span) * damping / (1 - damping))

    return undamped(years) / (undamped(length) if known.same_years else length)


TRENDS = (
    StatisticalForecast(
        "persistence", _("persistence"), partial(trend, moves=False), follows=False
    ),
    StatisticalForecast("drift", _("drift"), trend),
    StatisticalForecast(
        "damped_drift", _("damped drift (0.9)"), partial(trend, damping=0.9), follows=False
    ),
    StatisticalForecast(
        "growth_difference", _("urban-rural growth difference"),
        partial(trend, ceiling=100.0),
    ),
    StatisticalForecast(
        "logistic_80", _("logistic, ceiling 80"),
        partial(trend, ceiling=80.0),
    ),
    StatisticalForecast(
        "logistic_85", _("logistic, ceiling 85"),
        partial(trend, ceiling=85.0),
    ),
)  # fmt: skip
