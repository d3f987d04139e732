"""The record of a province."""

import pytest

from xiancheng.calibration.forecasts.panel import Panel
from xiancheng.calibration.region import load


@pytest.fixture(scope="session")
def shandong():
    panel = Panel.of(load("shandong"))
    return panel.take(panel.comparable)
