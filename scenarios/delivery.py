"""What has been delivered of each indicator, quarter by quarter, next to the plan's target."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from xiancheng.calibration.region import Region
from xiancheng.scenarios.plan_files import PlanIndicator
from xiancheng.scenarios.policy import intensity, progress, weights
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.sim.state import Floats, quarter_with

ABOUT = 0.05  # how far short of "about" still counts as met; assumed, 0 to 0.1
EXACT = 1e-9


@dataclass(frozen=True)
class DeliveryRow:
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


def delivery_of(
    scenario: Scenario, region: Region, effort: Floats | None = None
) -> list[DeliveryRow]:
    """Every indicator of the measures, from the quarter after issue to the horizon.

    Parameters
    ----------
    effort
        (quarter, county) share of its tasks that each county carries out, from the quarter after
        issue on, as the model's county governments report it; 1 by default
    """
    plan, codes = scenario.plan, [county.code for county in region.counties]
    residents = np.asarray(region.urban_rural(scenario.start), float)
    quarters = np.arange(plan.first_quarter, quarter_with(scenario.until) + 1)
    rows = []
    for number, measure in plan.measures.items():
        setting = scenario.setting(number)
        done = intensity(setting, codes, quarters) * (1.0 if effort is None else effort)
        done *= progress(measure.schedule, setting.delay, quarters, felt=False)[:, None]
        by_weight = done * weights(setting.allocation or measure.allocation.rule, residents)
        overall = np.cumsum(by_weight, axis=1)[:, -1]  # added up in a fixed order
        for name, indicator in measure.indicators.items():
            everywhere = indicator.unit.endswith(("/县", "/县(市)"))
            shares = done.min(axis=1) if everywhere else overall
            rows += [
                _row(name, number, indicator, int(quarter), float(share))
                for quarter, share in zip(quarters, shares, strict=True)
            ]
    return rows


def _row(
    name: str, measure: str, indicator: PlanIndicator, quarter: int, share: float
) -> DeliveryRow:
    due = indicator.deadline.day if indicator.deadline else None
    return DeliveryRow(
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


def _share(indicator: PlanIndicator, share: float) -> float | None:
    """The share that is done, at most all where there is no more; null where there are no parts."""
    if not indicator.proportional:
        return None
    return share if indicator.scales and not indicator.closed else min(share, 1.0)


def _quantity(indicator: PlanIndicator, share: float) -> float | None:
    """The quantity that a share comes to; a rate needs its base value."""
    if indicator.value is None or indicator.kind == "guard":
        return None
    if indicator.scales:
        return indicator.quantity(share)
    if indicator.baseline is None:
        return None
    start = indicator.baseline.value
    return start + (indicator.value - start) * min(share, 1.0)


def _enough(indicator: PlanIndicator) -> float:
    return 1 - (ABOUT if indicator.operator == "about" else EXACT)
