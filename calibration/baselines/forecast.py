"""What a forecast may know, what it gives, and the one interface of all who forecast.

Statistical baselines, their mixtures and the agent-based model (as `Given` draws) are asked alike.
A forecast is a set of joint draws of the true rate at census quality; what the yearbook prints of
it is the business of `calibration.meld`.
"""

from dataclasses import dataclass
from datetime import date
from typing import Protocol
from zlib import crc32

import numpy as np
from scipy.special import expit, logit

from xiancheng.calibration.errors import RefusedError
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.panel import Left, Panel, left_out
from xiancheng.sim.state import Bools, Floats

EDGE = 0.001  # shares closer to 0 or 1 are taken as this far from it, where odds are needed
SHIFT_SD = 0.012  # log odds a year (assumed, 0.006-0.025), by which the trend of all may change:
# the national rate, carried on by its trend of ten years, missed by 0.8 points after five years on
# average and by 2.0 points from 2020 to 2024, when growth slowed


class ForecastError(RefusedError):
    """What was asked for cannot be forecast; `zh` and `en` say why."""


@dataclass(frozen=True, eq=False)
class Standing:
    """Where the units to be forecast stand at the origin, and how they came there if known."""

    codes: tuple[str, ...]
    prefecture: tuple[str, ...]
    day: date
    urban: Floats  # residents [persons], (unit,)
    rural: Floats
    ages: Floats  # (unit, 19)
    odds: Floats  # (19,)
    past: Panel | None  # their own record, which ends at the origin

    @classmethod
    def at(cls, panel: Panel, census: int) -> "Standing":
        """At the first census (0) nothing later is known; at the second (1) the way there is."""
        return cls(
            panel.codes, panel.prefecture, panel.dates[census], panel.urban[census],
            panel.rural[census], panel.ages[census], panel.odds[census],
            past=panel if census else None,
        )  # fmt: skip

    @property
    def rate(self) -> Floats:
        """Resident urbanization rate [percent], (unit,)."""
        return 100 * self.urban / (self.urban + self.rural)


@dataclass(frozen=True, eq=False)
class Known:
    """All that a forecaster may use: the record of some units, and where others stand."""

    record: Panel
    origin: Standing

    def __post_init__(self) -> None:
        if len(self.record) < 3:
            raise ForecastError(
                _(
                    "a statistical baseline takes 3 comparable counties; there are {n}",
                    n=len(self.record),
                )
            )

    @property
    def same_years(self) -> bool:
        """Whether the record covers the years to be forecast: others are left in, as an oracle."""
        return self.origin.day == self.record.dates[0]


@dataclass(frozen=True, eq=False)
class Forecast:
    """Joint draws for units at one horizon."""

    rate: Floats  # resident urbanization rate [percent], (draw, unit)
    residents: Floats | None = None  # [persons], (draw, unit), from those who forecast them

    @property
    def urban(self) -> Floats | None:
        """Residents of urban places [persons], (draw, unit)."""
        return None if self.residents is None else self.residents * self.rate / 100

    @property
    def rural(self) -> Floats | None:
        """Residents of rural places [persons], (draw, unit)."""
        return None if self.residents is None else self.residents * (1 - self.rate / 100)


class Forecaster(Protocol):
    """Anyone who forecasts."""

    @property
    def name(self) -> str:
        """A stable key."""

    @property
    def title(self) -> Words:
        """What people call it."""

    def __call__(self, known: Known, years: float, draws: int, seed: int) -> Forecast:
        """`draws` joint draws for the units of the origin, so many years after it."""


@dataclass(frozen=True, eq=False)
class Given:
    """Draws made elsewhere, as those of the agent-based model, behind the same interface."""

    name: str
    title: Words
    codes: tuple[str, ...]
    made: Forecast

    def __call__(self, known: Known, years: float, draws: int, seed: int) -> Forecast:
        """`draws` of them: each once, then again, in an order of the seed's."""
        rng, n = luck(seed, self.name), len(self.made.rate)
        row = np.concatenate([rng.permutation(n) for __ in range(-(-draws // n))])[:draws]
        column = np.array([self.codes.index(code) for code in known.origin.codes])
        people = self.made.residents
        chosen = np.ix_(row, column)
        return Forecast(self.made.rate[chosen], None if people is None else people[chosen])


def hindcast(
    forecaster: Forecaster, panel: Panel, *, by: Left = "unit", draws: int = 2000, seed: int = 1
) -> Floats:
    """Forecasts of the second census, each unit's without its own record, (draw, unit) [percent].

    With `by="prefecture"` the record of its whole prefecture is kept from the forecaster.
    """
    made = np.empty((draws, len(panel)))
    for rest, out in left_out(panel, by):
        known = Known(rest, Standing.at(out, 0))
        made[:, member(panel, out)] = forecaster(known, panel.years, draws, seed).rate
    return made


def member(panel: Panel, of: Panel) -> Bools:
    """Which units of a record are in another, (unit,)."""
    return np.isin(panel.codes, of.codes)


def luck(seed: int, name: str, codes: tuple[str, ...] = ()) -> np.random.Generator:
    """The generator of a forecaster's draws; those of other units are its own."""
    return np.random.default_rng([seed, crc32("/".join((name, *codes)).encode())])


# Rates and their odds


def log_odds(percent: Floats) -> Floats:
    """Of a rate, kept `EDGE` away from none and all."""
    return logit(np.clip(percent / 100, EDGE, 1 - EDGE))


def from_log_odds(start: Floats, change: Floats) -> Floats:
    """A rate [percent] after a change of its log odds; a rate of none or all moves with them."""
    before = log_odds(start)
    moved = start + 100 * (expit(before + change) - expit(before))
    return np.clip(moved, 0.0, 100.0)


def shifted(rate: Floats, known: Known, years: float, rng: np.random.Generator) -> Floats:
    """Draws with the chance that after the record the trend of all units changes, (draw, unit).

    Nothing is added where the record covers the same years.
    """
    if known.same_years:
        return rate
    return from_log_odds(rate, SHIFT_SD * years * rng.standard_normal((len(rate), 1)))
