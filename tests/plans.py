"""A plan, its counties with their residents, and scenarios for tests."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pytest

from xiancheng.calibration.errors import ScenarioError
from xiancheng.scenarios.loader import load_plan, resolve
from xiancheng.scenarios.policy import compile_policy
from xiancheng.sim.levers import LEVERS
from xiancheng.sim.state import quarter_of

PLAN = load_plan()
CENSUS = date(2020, 11, 1)
DEADLINE = quarter_of(2025, 4)
LAST = quarter_of(2030, 4)


@dataclass(frozen=True)
class County:
    code: str
    zh: str


@dataclass(frozen=True)
class Region:
    """Counties with as many residents as a census would count."""

    counties: tuple[County, ...]
    residents: np.ndarray

    def urban_rural(self, census: date) -> np.ndarray:
        return self.residents


# 2020 census: urban residents and all residents of the seven counties.
URBAN = np.array([646450, 178564, 192755, 186950, 279799, 328804, 529960])
ALL = np.array([853600, 334900, 569975, 421500, 465800, 508100, 774493])
BINZHOU = Region(
    tuple(County(c.code, c.zh) for c in PLAN.about.counties),
    np.column_stack([URBAN, ALL - URBAN]).astype(float),
)


def levers_of(scenario, region=BINZHOU, quarters=range(480, LAST + 1)) -> dict[int, bytes]:
    """Every byte of every lever in every quarter."""
    policy = compile_policy(resolve(scenario), region)
    return {q: b"".join(getattr(policy(q), name).tobytes() for name in LEVERS) for q in quarters}


def only(measure: str, **setting) -> dict:
    return {"name": "only", "title": "only", "measures": {measure: setting}}


def plan_with(**measures) -> dict:
    return {"name": "some", "title": "some", "based_on": "plan", "measures": measures}


def problems_of(what) -> str:
    with pytest.raises(ScenarioError) as caught:
        resolve(what)
    assert caught.value.text("zh")
    return caught.value.text("en")
