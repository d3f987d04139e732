"""From forecasts of the true rate to the number in the yearbook: stacking and print.

Statistics carry the level: forecasters are stacked by how well they told counties left out. What
the model adds to it is `results.verdict.level`. What is printed is not what is true: the series
strays between benchmarks, counties are made to agree with their prefecture, numbers are smoothed
and rounded. Each draw goes through all of it, so its spread holds parameters, structure and
observation.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np

from xiancheng.calibration.baselines.forecast import Forecaster, luck
from xiancheng.calibration.baselines.pool import Pool
from xiancheng.calibration.i18n import _
from xiancheng.calibration.scores import stacked
from xiancheng.sim import observation
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.state import Floats

STACKED = _("stacked by leave-one-out")
DECIMALS = 2  # of a printed rate


def stack(members: Sequence[Forecaster], left_out: Sequence[Floats], seen: Floats) -> Pool:
    """The mixture of forecasters that told units left out best.

    Parameters
    ----------
    left_out : of each member, forecasts of units it did not know (draw, unit) [percent]
    seen : what came out, (unit,)
    """
    weights = stacked(left_out, seen)
    return Pool("stacked", STACKED, tuple(members), tuple(weights.tolist()))


def published(
    rate: Floats, residents: Floats, prefecture: Sequence[str], day: date,
    worlds: Sequence[Parameters], seed: int,
) -> Floats:  # fmt: skip
    """The rates that are printed for a day, (draw, unit) [percent].

    Equal seeds give equal errors, whoever forecast the rate. Weighted by residents the errors of a
    prefecture's counties sum to zero, as the counties are made to agree with it.

    Parameters
    ----------
    rate : true rates (draw, unit) [percent]
    residents : weights (unit,) [persons]
    prefecture : of each unit
    worlds : parameters of each draw, for the drift and the errors of the published series
    """
    standard = luck(seed, "print", (str(day.year),)).standard_normal(rate.shape)
    drift = np.array([observation.drift(day.year, p) for p in worlds])
    error = np.empty_like(rate)
    for name in set(prefecture):
        own = np.array(prefecture) == name
        error[:, own] = [
            observation.error(z, residents[own], p)
            for z, p in zip(standard[:, own], worlds, strict=True)
        ]
    return np.clip(rate + drift[:, None] + error, 0.0, 100.0).round(DECIMALS)


def together(rate: Floats, residents: Floats, members: Sequence[int]) -> Floats:
    """The rate of some units together, weighted by residents, (draw,) [percent]."""
    own = list(members)
    return np.asarray(np.average(rate[:, own], axis=1, weights=residents[own]))
