"""How far units stray from a trend, and how that grows with the years.

Ten-year changes of counties are heavy-tailed: Student t with about four degrees of freedom.
One change says nothing of how a county's deviation goes on. A share `omega` of its variance is
drift that persists (deviations then grow with the years), the rest a random walk (they grow with
their root); the share is unknown, uniform between 0 and 1, and drawn anew in each draw.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from xiancheng.sim.state import Floats

NU = 4.0  # degrees of freedom: residuals of 1,661 counties about their province, 2010 to 2020
ROUNDS = 60  # of the fit, which has come to rest by then


@dataclass(frozen=True)
class Law:
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
        for _ in range(ROUNDS):
            weight = (NU + 1) / (NU + (values - centre) ** 2 / max(square, 1e-300))
            if location is None:
                centre = float(np.average(values, weights=weight))
            square = float(np.mean(weight * (values - centre) ** 2))
        return cls(centre, float(np.sqrt(square)), len(values), location is None)

    def draws(self, n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Locations and scales as uncertain as the values leave them, each (n,).

        Normal about the estimate with the inverse of Fisher's information of Student's t.
        """
        of_location = (NU + 3) / ((NU + 1) * self.n)
        of_log_scale = (NU + 3) / (2 * NU * self.n)
        z = rng.standard_normal((2, n))
        scale = self.scale * np.exp(np.sqrt(of_log_scale) * z[1])
        return self.location + self.free * scale * np.sqrt(of_location) * z[0], scale


def strayed(
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
    return (scale * growth)[:, None] * rng.standard_t(NU, shape)


def carried(
    effect: Floats, sd: Floats, fresh: Floats, span: float, omega: Floats, rng: np.random.Generator
) -> Floats:
    """What an effect seen over the record becomes `span` records later, (draw, ...).

    Parameters
    ----------
    effect : seen over the record
    sd : standard deviation of such effects, given all that is known of the one who shows it
    fresh : a new deviation of the same law, of which the random walk takes its part
    omega : the share of the variance that is persistent drift, broadcasts with `effect`
    """
    z = rng.standard_normal(effect.shape)
    drift = omega * effect + np.sqrt(omega * (1 - omega)) * sd * z
    return span * drift + np.sqrt(span * (1 - omega)) * fresh
