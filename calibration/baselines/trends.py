"""Forecasts that carry a trend on: of the rate, of its odds, or of its odds below a ceiling.

With a record of its own a unit carries on its own change. Without one, as when it was left out of
a hindcast, it takes what the other units went through in the same years. How far it strays is
always taken from how far the units of the record stray from their common trend. Units stray each
for itself here, so counties together come out too sure; only the shared trend lets a prefecture's
counties stray together.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from xiancheng.calibration.baselines.errors import Law, strayed
from xiancheng.calibration.baselines.forecast import EDGE, Forecast, Known, luck, shifted
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.panel import Panel
from xiancheng.sim.state import Floats


@dataclass(frozen=True)
class Points:
    """The rate itself, in percent."""

    def of(self, rate: Floats) -> Floats:
        """The scale on which the trend is a line."""
        return rate

    def moved(self, rate: Floats, change: Floats) -> Floats:
        """The rate [percent] after a change on that scale."""
        return np.clip(rate + change, 0.0, 100.0)


@dataclass(frozen=True)
class Odds:
    """Log odds of the rate below a ceiling [percent]; a rate above it stays near where it is.

    With a ceiling of 100 this is the difference between urban and rural growth.

    References
    ----------
    United Nations (1974), Methods for Projections of Urban and Rural Population
    """

    ceiling: float = 100.0

    def of(self, rate: Floats) -> Floats:
        """The scale on which the trend is a line."""
        return logit(np.clip(rate / self.ceiling, EDGE, 1 - EDGE))

    def moved(self, rate: Floats, change: Floats) -> Floats:
        """The rate [percent] after a change on that scale."""
        before = self.of(rate)
        rise = self.ceiling * (expit(before + change) - expit(before))
        return np.clip(rate + rise, 0.0, 100.0)


@dataclass(frozen=True)
class Trend:
    """A trend carried on, on a scale, by a share of its force."""

    name: str
    title: Words
    scale: Points | Odds = Points()
    damping: float = 1.0  # what is left of the yearly change a year later
    moves: bool = True  # False: the rate stays, and errors are about no change

    def __call__(self, known: Known, years: float, draws: int, seed: int) -> Forecast:
        """`draws` joint draws, so many years after the origin."""
        rng, origin = luck(seed, self.name, known.origin.codes), known.origin
        law = Law.fit(self.change(known.record), None if self.moves else 0.0)
        common, scale = law.draws(draws, rng)
        own = origin.past is not None and self.moves
        trend = self.change(origin.past)[None] if own and origin.past else common[:, None]
        span = years / known.record.years
        stray = strayed((draws, len(origin.codes)), scale, span, rng, known=known.same_years)
        rate = self.scale.moved(origin.rate, self.carried_on(known, years) * trend + stray)
        return Forecast(shifted(rate, known, years, rng))

    def change(self, panel: Panel) -> Floats:
        """Of each unit over its record, (unit,)."""
        start, end = self.scale.of(panel.rate)
        return np.asarray(end - start)

    def carried_on(self, known: Known, years: float) -> float:
        """The change to come as a multiple of the change on record.

        A damped trend fades from the origin on: if the record covers the same years it has faded
        in them too.
        """
        length = known.record.years
        if self.damping == 1.0:
            return years / length
        return self.faded(years) / (self.faded(length) if known.same_years else length)

    def faded(self, years: float) -> float:
        """Years of undamped change to which so many years of a fading one amount."""
        return float((1 - self.damping**years) * self.damping / (1 - self.damping))


TRENDS = (
    Trend("persistence", _("persistence"), moves=False),
    Trend("drift", _("drift")),
    Trend("damped_drift", _("damped drift (0.9)"), damping=0.9),
    Trend("growth_difference", _("urban-rural growth difference"), Odds()),
    Trend("logistic_80", _("logistic, ceiling 80"), Odds(80.0)),
    Trend("logistic_85", _("logistic, ceiling 85"), Odds(85.0)),
)
