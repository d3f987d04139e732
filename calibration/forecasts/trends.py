"""Forecasts that carry on a trend of the rate or its odds, or ratios of cohorts, unit by unit.

With a record of its own a unit carries on its own change. Without one, as when it was held out of
a hindcast, it takes what the other units went through in the same years. How far it deviates is
always taken from how far the units of the record deviate from their common trend. In the simple
trends units deviate each for itself, so counties together come out too sure.

Cohorts are followed from one census to the next, in town and in villages: how many of an age are
there ten years later, and how many children there are for each adult of 20 to 44. Those ratios hold
births, deaths, moves and recoded villages together, and go on as they were.

The census gives ages of all residents and town and village residents of all ages, not both at
once. Ages are split by the odds of living in town that a pack assumes for each age, alike in all
counties of a census; so totals by age and by town and village are exact, their crossing is assumed.
Ratios over the record (ten years) become steps of five years by their root.

References
----------
United Nations (1974), Methods for Projections of Urban and Rural Population (the odds)
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from xiancheng.calibration.forecasts.forecast import (
    ForecastError,
    Known,
    StatisticalForecast,
    StudentT,
    deviation,
    from_log_odds,
    log_odds,
)
from xiancheng.calibration.forecasts.panel import Panel
from xiancheng.calibration.i18n import _
from xiancheng.sim.deferred import Deferred
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


# Cohorts: the share of each age group, carried forward

special = Deferred("scipy.special")

STEP = 5.0  # years: the width of an age band
RECORD = 10.0  # years between the censuses that cohorts are followed through
TOLERANCE = 0.5  # years by which they may miss it
PARENTS = slice(4, 9)  # of the five-year bands: 20 to 44
OLDEST = 17  # 85 and over


@dataclass(frozen=True, eq=False)
class CohortRatios:
    """Ratios of cohorts five years apart; any leading axes, as (town or village, unit)."""

    ageing: Floats  # those of a band five years later over those now, (..., 16)
    oldest: Floats  # those of 85 and over later over those of 80 and over now, (...)
    children: Floats  # of 0 to 4 for each adult of 20 to 44, (...)

    @classmethod
    def between(cls, before: Floats, after: Floats) -> "CohortRatios":
        """From the same people ten years apart, (..., 18) each."""
        followed = _ratio(after[..., 2:OLDEST], before[..., : OLDEST - 2])  # (..., 15)
        half = np.log(np.maximum(followed, 1e-9)) / 2  # of each of the two steps
        first, second = (
            np.insert(half, place, half[..., end], axis=-1) for place, end in ((0, 0), (15, -1))
        )
        steps = np.exp((first + second) / 2)
        oldest = _ratio(after[..., OLDEST], before[..., OLDEST - 2 :].sum(-1))
        return cls(steps, np.sqrt(oldest), _ratio(after[..., 0], after[..., PARENTS].sum(-1)))

    def step(self, people: Floats) -> Floats:
        """The same places five years later, (..., 18)."""
        older = np.empty_like(people)
        older[..., 1:OLDEST] = people[..., : OLDEST - 1] * self.ageing
        older[..., OLDEST] = people[..., OLDEST - 1 :].sum(-1) * self.oldest
        older[..., 0] = older[..., PARENTS].sum(-1) * self.children
        return older

    def after(self, people: Floats, years: float) -> Floats:
        """How many there are after some years, (...): between two steps by their growth."""
        whole, rest = divmod(years, STEP)
        for __ in range(int(whole)):
            people = self.step(people)
        now, later = people.sum(-1), self.step(people).sum(-1)
        return np.asarray(now * _ratio(later, now) ** (rest / STEP))


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def by_place(ages: Floats, odds: Floats, urban: Floats, rural: Floats) -> Floats:
    """Town and village residents by five-year age band, (2, unit, 18).

    The level of the odds is found for each unit so that its town residents add up.

    Parameters
    ----------
    ages : (unit, 19); odds : (19,); urban, rural : (unit,)
    """
    ages = ages * ((urban + rural) / ages.sum(axis=1))[:, None]
    low, high = np.full(len(urban), -30.0), np.full(len(urban), 30.0)
    for __ in range(60):
        level = (low + high) / 2
        town = ages * special.expit(level[:, None] + np.log(odds))
        few = town.sum(axis=1) < urban
        low, high = np.where(few, level, low), np.where(few, high, level)
    both = np.stack([town, ages - town])
    return np.concatenate([both[..., :2].sum(-1, keepdims=True), both[..., 2:]], axis=-1)


def placed(panel: Panel, census: int) -> Floats:
    """The units of a record at a census, (2, unit, 18)."""
    return by_place(
        panel.ages[census], panel.odds[census], panel.urban[census], panel.rural[census]
    )


def cohort_component(
    known: Known, years: float, draws: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Rates [percent] and residents [persons] so many years after the origin, (draw, unit) each.

    Ratios are those of each unit's own record, or of all units together where it has none.

    Raises
    ------
    ForecastError
        if the censuses are not ten years apart.
    """
    record, origin = known.record, known.origin
    if abs(record.years - RECORD) > TOLERANCE:
        raise ForecastError(
            _("cohorts take two censuses ten years apart, not {years:.1f}", years=record.years)
        )
    before, after = placed(record, 0), placed(record, 1)
    own = pooled = CohortRatios.between(
        before.sum(axis=1, keepdims=True), after.sum(axis=1, keepdims=True)
    )
    rate, people = _totals(pooled.after(before, RECORD))
    errors = (
        StudentT.fit(log_odds(record.rate[1]) - log_odds(rate)),
        StudentT.fit(np.log(record.residents[1] / people)),
    )
    if origin.past is not None:
        own = CohortRatios.between(placed(origin.past, 0), placed(origin.past, 1))
    now = by_place(origin.ages, origin.odds, origin.urban, origin.rural)
    rate, people = _totals(own.after(now, years))
    shape, span = (draws, len(rate)), years / record.years
    of_rate, of_people = (
        deviation(shape, fitted.draws(draws, rng)[1], span, rng, known=known.same_years)
        for fitted in errors
    )
    return from_log_odds(rate, of_rate), people * np.exp(of_people)


def _totals(places: Floats) -> tuple[Floats, Floats]:
    """Rate [percent] and residents from town and village residents (2, unit)."""
    people = places.sum(axis=0)
    return 100 * _ratio(places[0], people), people


def _rates(known: Known, years: float, draws: int, rng: np.random.Generator) -> Floats:
    return cohort_component(known, years, draws, rng)[0]


COHORTS = StatisticalForecast("cohorts", _("urban-rural cohort component"), _rates)
