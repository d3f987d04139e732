"""The statistical forecasts to beat, behind one interface with the model itself."""

from xiancheng.calibration.baselines.cohorts import Cohorts
from xiancheng.calibration.baselines.forecast import (
    Forecast,
    Forecaster,
    ForecastError,
    Given,
    Known,
    Standing,
    hindcast,
)
from xiancheng.calibration.baselines.pool import Pool
from xiancheng.calibration.baselines.shared import SharedTrend
from xiancheng.calibration.baselines.trends import TRENDS
from xiancheng.calibration.i18n import _

__all__ = [
    "BASELINES", "Forecast", "ForecastError", "Forecaster", "Given", "Known", "Pool", "Standing",
    "hindcast",
]  # fmt: skip

SINGLE: tuple[Forecaster, ...] = (*TRENDS, SharedTrend(), Cohorts())
MEAN = Pool("equal_weights", _("equal-weight mixture"), SINGLE)
BASELINES: tuple[Forecaster, ...] = (*SINGLE, MEAN)
