"""What a forecaster may know, the interface of all forecasters, and how far units deviate.

A forecast is a set of joint draws of the true rate [percent] at census quality, (draw, unit); what
the yearbook prints of it is the business of `calibration.forecasts.melding`.

Ten-year changes of counties are heavy-tailed: Student t with about four degrees of freedom. One
change says nothing of how a county's deviation from its trend goes on. A share `omega` of its
variance is drift that persists (deviations then grow with the years), the rest a random walk (they
grow with their root); the share is unknown, uniform between 0 and 1, and drawn anew in each draw.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Protocol, Self
from zlib import crc32

import numpy as np

from xiancheng.calibration.errors import RefusedError
from xiancheng.calibration.forecasts.common_trend import CommonDraws, CommonTrend, PublishedRate
from xiancheng.calibration.forecasts.panel import HoldOut, Panel, hold_out
from xiancheng.calibration.i18n import Words, _
from xiancheng.sim.deferred import Deferred
from xiancheng.sim.state import Floats

special = Deferred("scipy.special")

EDGE = 0.001  # shares closer to 0 or 1 are taken as this far from it, where odds are needed
DEGREES = 4.0  # of freedom: residuals of 1,661 counties about their province, 2010 to 2020
ITERATIONS = 60  # of the fit, which has converged by then


class ForecastError(RefusedError):
    """A forecast that cannot be made; `zh` and `en` say why."""


@dataclass(frozen=True, eq=False)
class Origin:
    """The units to be forecast at the day from which forecasts set out."""

    codes: tuple[str, ...]
    prefecture: tuple[str, ...]
    day: date
    urban: Floats  # residents [persons], (unit,)
    rural: Floats
    ages: Floats  # (unit, 19)
    odds: Floats  # (19,)
    structure: Floats  # what goes with living in town (`Region.structure`), (unit, covariate)
    past: Panel | None  # their own record, which ends at the origin; None where it is unknown

    @classmethod
    def at(cls, panel: Panel, census: int) -> "Origin":
        """At the first census (0), when nothing later is known, or at the second (1)."""
        return cls(
            panel.codes, panel.prefecture, panel.dates[census], panel.urban[census],
            panel.rural[census], panel.ages[census], panel.odds[census],
            panel.structure[census], past=panel if census else None,
        )  # fmt: skip

    @property
    def rate(self) -> Floats:
        """Resident urbanization rate [percent], (unit,)."""
        return 100 * self.urban / (self.urban + self.rural)


@dataclass(frozen=True, eq=False)
class Known:
    """All that a forecaster may use: the record of some units, and the origin of others.

    Raises
    ------
    ForecastError
        if the record holds fewer than three units.
    """

    record: Panel
    origin: Origin
    published: tuple[PublishedRate, ...] = ()  # of the nation and the province, up to the cut-off
    province: str = ""  # its code

    def __post_init__(self) -> None:
        if len(self.record) < 3:
            raise ForecastError(
                _("a statistical baseline takes 3 comparable counties; there are {n}",
                  n=len(self.record))
            )  # fmt: skip

    @property
    def same_years(self) -> bool:
        """Whether the record covers the years to be forecast, as in a hindcast."""
        return self.origin.day == self.record.dates[0]

    def common(self, draws: int, seed: int) -> CommonDraws:
        """The common trend after the record; equal seeds give all forecasters the same."""
        dates, residents = self.record.dates, self.record.residents
        first, last = np.average(self.record.rate, axis=1, weights=residents.mean(axis=0))
        trend = CommonTrend.read(self.published, self.province, dates, (first, last))
        return trend.draws(draws, random_stream(seed, "common trend"))


class Forecaster(Protocol):
    """Anything that forecasts."""

    @property
    def name(self) -> str:
        """A stable key."""

    @property
    def title(self) -> Words:
        """The name as people read it."""

    def __call__(self, known: Known, years: float, draws: int, seed: int) -> Floats:
        """Rates [percent] of the units of the origin so many years after it, (draw, unit)."""


Rule = Callable[[Known, float, int, np.random.Generator], Floats]


@dataclass(frozen=True)
class StatisticalForecast:
    """A statistical forecast: a rule that draws rates from the random stream of its name."""

    name: str
    title: Words
    rule: Rule
    follows: bool = True  # the common trend after the record

    def __call__(self, known: Known, years: float, draws: int, seed: int) -> Floats:
        """Rates [percent] of the units of the origin so many years after it, (draw, unit)."""
        rate = self.rule(known, years, draws, random_stream(seed, self.name, known.origin.codes))
        if known.same_years or not self.follows:
            return rate
        start, end = log_odds(known.record.rate)
        pace = float(np.mean(end - start)) / known.record.years
        return from_log_odds(rate, pace * known.common(draws, seed).excess(years)[:, None])


def hindcast(
    forecaster: Forecaster, panel: Panel, *, by: HoldOut = "unit", draws: int = 2000, seed: int = 1
) -> Floats:
    """Forecasts of the second census, each unit's without its own record, (draw, unit) [percent].

    With `by="prefecture"` the record of its whole prefecture is held out.
    """
    rates = np.empty((draws, len(panel)))
    for rest, out in hold_out(panel, by):
        known = Known(rest, Origin.at(out, 0))
        rates[:, np.isin(panel.codes, out.codes)] = forecaster(known, panel.years, draws, seed)
    return rates


def random_stream(seed: int, name: str, codes: tuple[str, ...] = ()) -> np.random.Generator:
    """The generator of a forecaster's draws; each set of units has its own."""
    return np.random.default_rng([seed, crc32("/".join((name, *codes)).encode())])


# Rates and their odds


def log_odds(percent: Floats, ceiling: float = 100.0) -> Floats:
    """Of a rate below a ceiling [percent], kept `EDGE` away from none and all."""
    return special.logit(np.clip(percent / ceiling, EDGE, 1 - EDGE))


def from_log_odds(start: Floats, change: Floats, ceiling: float = 100.0) -> Floats:
    """A rate [percent] after a change of its log odds; one beyond the edges moves with them.

    A rate above the ceiling stays near where it is.
    """
    before = log_odds(start, ceiling)
    moved = start + ceiling * (special.expit(before + change) - special.expit(before))
    return np.clip(moved, 0.0, 100.0)


# Deviations from a trend


@dataclass(frozen=True)
class StudentT:
    """Student's t about a location, fitted to `n` values."""

    location: float
    scale: float
    n: int
    free: bool  # whether the location was estimated

    @classmethod
    def fit(cls, values: Floats, location: float | None = None) -> Self:
        """By maximum likelihood (EM), around a location that is given or estimated.

        References
        ----------
        Lange, Little & Taylor (1989), Journal of the American Statistical Association 84
        """
        centre = float(np.median(values)) if location is None else location
        square = float(np.mean((values - centre) ** 2))
        for __ in range(ITERATIONS):
            weight = (DEGREES + 1) / (DEGREES + (values - centre) ** 2 / max(square, 1e-300))
            if location is None:
                centre = float(np.average(values, weights=weight))
            square = float(np.mean(weight * (values - centre) ** 2))
        return cls(centre, float(np.sqrt(square)), len(values), location is None)

    def draws(self, n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Locations and scales as uncertain as the values leave them, each (n,).

        Normal about the estimate with the inverse of Fisher's information of Student's t.
        """
        of_location = (DEGREES + 3) / ((DEGREES + 1) * self.n)
        of_log_scale = (DEGREES + 3) / (2 * DEGREES * self.n)
        z = rng.standard_normal((2, n))
        scale = self.scale * np.exp(np.sqrt(of_log_scale) * z[1])
        return self.location + self.free * scale * np.sqrt(of_location) * z[0], scale


def deviation(
    shape: tuple[int, int], scale: Floats, span: float, rng: np.random.Generator, *, known: bool
) -> Floats:
    """Deviations of units from their trend, (draw, unit), `span` lengths of the record ahead.

    Parameters
    ----------
    scale : of deviations over the record, (draw,)
    known : whether the record covers the same years, so that nothing is said of later ones
    """
    omega = np.ones(shape[0]) if known else rng.random(shape[0])
    growth = np.sqrt(omega * span**2 + (1 - omega) * span)
    return (scale * growth)[:, None] * rng.standard_t(DEGREES, shape)


def drift(
    effect: Floats, sd: Floats, fresh: Floats, span: float, omega: Floats, rng: np.random.Generator
) -> Floats:
    """What an effect seen over the record becomes `span` records later, (draw, ...).

    Parameters
    ----------
    effect : seen over the record
    sd : standard deviation of such effects, given all that is known of the unit that shows it
    fresh : a new deviation of the same distribution, of which the random walk takes its part
    omega : the share of the variance that is persistent drift, broadcasts with `effect`
    """
    z = rng.standard_normal(effect.shape)
    persistent = omega * effect + np.sqrt(omega * (1 - omega)) * sd * z
    return span * persistent + np.sqrt(span * (1 - omega)) * fresh
