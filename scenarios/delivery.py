"""What has been delivered of each indicator, quarter by quarter, next to the plan's target."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from xiancheng.scenarios.plan_files import Indicator, Measure, RegionLike
from xiancheng.scenarios.policy import intensity, progress, weights
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.sim.state import Floats, quarter_with

ABOUT = 0.05  # how far short of "about" still counts as met; assumed, 0 to 0.1
EXACT = 1e-9


@dataclass(frozen=True)
class Delivered:
    """One indicator at the end of one quarter.

    `share` is how much of what the plan promises has been done, and null where there are no parts:
    a ban, a standard, a mechanism. `quantity` is in the indicator's
    unit, and null where a share of it has no meaning without a base value (rates, standards,
    events). `met` is null for red lines, which are not delivered but kept.
    """

    indicator: str
    measure: str
    quarter: int
    target: float | None
    operator: str
    wording: str
    unit: str
    counts: str
    due: date | None  # null: the plan does not write a deadline
    share: float | None
    quantity: float | None
    at_deadline: bool
    met: bool | None


def delivered(
    scenario: Scenario, region: RegionLike, effort: Floats | None = None
) -> list[Delivered]:
    """Every indicator of the measures, from the quarter after issue to the horizon.

    Parameters
    ----------
    effort
        The share of what is asked that each county carries out, (quarter, county), as the model's
        county governments report it from the quarter after issue on; 1 if not given.
    """
    first = scenario.plan.first_quarter
    last = quarter_with(scenario.until)
    quarters = np.arange(first, last + 1)
    done = np.ones((len(quarters), len(region.counties))) if effort is None else effort
    return [
        row
        for number, measure in scenario.plan.measures.items()
        for row in _of_measure(scenario, number, measure, region, quarters, done)
    ]


def _of_measure(
    scenario: Scenario, number: str, measure: Measure, region: RegionLike, quarters: np.ndarray,
    effort: Floats,
) -> Iterator[Delivered]:  # fmt: skip
    setting = scenario.setting(number)
    codes = [str(county.code) for county in region.counties]
    residents = np.asarray(region.urban_rural(scenario.start), float)
    rule = setting.allocation or measure.allocation.rule
    by_county = intensity(setting, codes, quarters) * effort
    by_county *= progress(measure.schedule, setting.delay, quarters, felt=False)[:, None]
    overall = np.cumsum(by_county * weights(rule, residents), axis=1)[:, -1]  # in a fixed order
    least = by_county.min(axis=1)
    for name, indicator in measure.indicators.items():
        everywhere = indicator.unit.endswith(("/县", "/县(市)"))
        for quarter, share in zip(quarters, least if everywhere else overall, strict=True):
            yield _row(name, number, indicator, int(quarter), float(share))


def _row(name: str, measure: str, indicator: Indicator, quarter: int, share: float) -> Delivered:
    due = indicator.deadline.day if indicator.deadline else None
    return Delivered(
        indicator=name,
        measure=measure,
        quarter=quarter,
        target=indicator.value,
        operator=indicator.operator,
        wording=indicator.wording,
        unit=indicator.unit,
        counts=indicator.counts,
        due=due,
        share=_share(indicator, share),
        quantity=_quantity(indicator, share),
        at_deadline=due is not None and quarter == quarter_with(due),
        met=None if indicator.kind == "guard" else share >= _enough(indicator),
    )


def _share(indicator: Indicator, share: float) -> float | None:
    """The share that is done, at most all where there is no more; null where there are no parts."""
    if not indicator.proportional:
        return None
    return share if indicator.scales and not indicator.closed else min(share, 1.0)


def _quantity(indicator: Indicator, share: float) -> float | None:
    """The quantity that a share comes to; a rate needs its base value."""
    if indicator.value is None or indicator.kind == "guard":
        return None
    if indicator.scales:
        return indicator.quantity(share)
    if indicator.baseline is None:
        return None
    start = indicator.baseline.value
    return start + (indicator.value - start) * min(share, 1.0)


def _enough(indicator: Indicator) -> float:
    return 1 - (ABOUT if indicator.operator == "about" else EXACT)
