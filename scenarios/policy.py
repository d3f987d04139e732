"""A plan as a scenario carries it out: levers, and what is done of each indicator, by quarter.

    lever(quarter, place) = Σ over doses of
        full x progress(quarter) x intensity(quarter, county) x share(place)

Doses of a lever add up, up to the lever's bound; intensity multiplies, delay shifts. Where the plan
gives no amount `full` is assumed, and a parameter says where in the dose's range it lies, so that
what is not known of doses is a factor of its own beside what is not known of responses. Everything
is computed once, and looking a quarter up costs nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date

import numpy as np
from numpy.typing import NDArray

from xiancheng.calibration import priors
from xiancheng.calibration.errors import Problem, ScenarioError
from xiancheng.calibration.i18n import _
from xiancheng.calibration.region import Region
from xiancheng.scenarios.plan_files import Clause, Dose, Measure, PlanIndicator, Rule, Schedule
from xiancheng.scenarios.scenario_files import Scenario, Setting
from xiancheng.sim.levers import LEVERS, Levers
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.state import Bools, Floats, quarter_with

DOSE_LEVERS: dict[str, tuple[str, ...]] = {  # levers whose assumed doses a parameter moves
    dose: tuple(name for name, lever in LEVERS.items() if lever.dose == dose)
    for dose in dict.fromkeys(lever.dose for lever in LEVERS.values() if lever.dose)
}


@dataclass(frozen=True)
class Policy:
    """The levers of a scenario: call it with the number of a quarter. Its arrays are read-only."""

    before: Levers  # until the plan is issued
    first: int  # the quarter of by_quarter[0]
    by_quarter: tuple[Levers, ...]  # to the quarter after which nothing changes
    capped: tuple[str, ...]  # levers that the doses would push beyond their bound somewhere

    def __call__(self, quarter: int) -> Levers:
        """The levers in force in a quarter, each of shape (place,): 2 x county, + 1 if rural."""
        if quarter < self.first:
            return self.before
        return self.by_quarter[min(quarter - self.first, len(self.by_quarter) - 1)]


def uncertain(scenario: Scenario, name: str, clause: Clause, dose: Dose) -> bool:
    """Whether a dose is an assumption that draws vary: the scenario does not set it.

    One of 0 is off until a scenario turns it on.
    """
    assumed = dose.amount.status == "assumed" and clause.full(dose) > 0
    return assumed and name not in scenario.doses


def dose_in_full(scenario: Scenario, name: str, clause: Clause, dose: Dose, place: float) -> float:
    """A dose at full delivery, in the lever's unit: set by the scenario, given, or assumed.

    Parameters
    ----------
    name : of the dose
    place : of an uncertain one in its range, -1 to 1
    """
    full = clause.full(dose)
    if not place or not uncertain(scenario, name, clause, dose):
        return scenario.doses.get(name, full)
    bounds = clause.range(dose)
    return full + place * (bounds.high - full if place > 0 else full - bounds.low)


def compile_policy(
    scenario: Scenario, region: Region, parameters: Parameters | None = None
) -> Policy:
    """The levers that a scenario sets in a region.

    In a region other than the plan's own, city totals are scaled by residents; what the scenario
    adds to the plan is meant for the region as it stands.

    Parameters
    ----------
    parameters : of which those of doses are read; the central ones by default

    Raises
    ------
    ScenarioError
        if the scenario speaks of a county that the region does not have.
    """
    plan = scenario.plan
    residents = np.asarray(region.urban_rural(scenario.start), float)
    codes = [county.code for county in region.counties]
    _check_counties(scenario, codes)
    size, own = region_size(scenario, region), len(plan.measures) - len(plan.added)
    quarters = np.arange(plan.first_quarter, _settled(scenario) + 1)
    table = {name: np.zeros((len(quarters), 2 * len(codes))) for name in LEVERS}
    chosen = parameters or priors.central()
    places = {name: getattr(chosen, of) for of, names in DOSE_LEVERS.items() for name in names}
    for number, measure in plan.measures.items():
        setting = scenario.setting(number)
        if setting.idle:
            continue
        strength = intensity(setting, codes, quarters)
        done = progress(measure.schedule, setting.delay, quarters, felt=False)
        applied = strength * _concerned(measure, codes) if number in plan.added else strength
        table["workload"] += (done[:, None] * applied / own).repeat(2, axis=1)
        for name, clause, dose in measure.doses():
            full = dose_in_full(scenario, name, plan.clauses[clause], dose, places[dose.lever])
            felt = progress(dose.schedule or measure.schedule, setting.delay, quarters, felt=True)
            rule = setting.allocation or dose.allocation or measure.allocation.rule
            scaled = dose.total is not None and number not in plan.added
            spread = share(dose, rule, codes, residents) * (size if scaled else 1.0)
            table[dose.lever] += full * felt[:, None] * strength.repeat(2, axis=1) * spread
    capped = tuple(name for name in LEVERS if (table[name] > LEVERS[name].high).any())
    for name, values in table.items():
        np.minimum(values, LEVERS[name].high, out=values)
        values.flags.writeable = False
    names = [field.name for field in fields(Levers)]
    by_quarter = tuple(Levers(*(table[name][i] for name in names)) for i in range(len(quarters)))
    return Policy(Levers.baseline(2 * len(codes)), plan.first_quarter, by_quarter, capped)


def region_size(scenario: Scenario, region: Region) -> float:
    """How many times as many residents a region has as the plan's own; 1 in that."""
    plan, codes = scenario.plan, {county.code for county in region.counties}
    if codes == {county.code for county in plan.about.counties}:
        return 1.0
    return float(region.urban_rural(scenario.start).sum()) / plan.about.residents.value


def intensity(setting: Setting, codes: Sequence[str], quarters: NDArray[np.int64]) -> Floats:
    """How strongly a measure is carried out, (quarter, county)."""
    path = np.full(len(quarters), setting.intensity)
    if setting.phases:
        path[:] = 0.0
        for phase in setting.phases:
            path[(phase.first <= quarters) & (quarters <= phase.until)] = phase.intensity
    strength = path[:, None].repeat(len(codes), axis=1)
    for i, code in enumerate(codes):
        if code in setting.counties:
            strength[:, i] = setting.counties[code]
    return strength


def progress(schedule: Schedule, delay: int, quarters: NDArray[np.int64], *, felt: bool) -> Floats:
    """The share done, or with `felt` in effect, at the end of each quarter, (quarter,)."""
    late = delay + (schedule.lag if felt else 0)
    share = np.clip((quarters - schedule.start - late + 1) / schedule.ramp, 0.0, 1.0)
    if felt and schedule.until is not None:
        share[quarters > schedule.until + late] = 0.0
    return np.asarray(share)


def share(dose: Dose, rule: Rule, codes: Sequence[str], residents: Floats) -> Floats:
    """What falls to each place of a dose's full delivery, (place,).

    Of a `total` the shares add up to 1, unless the dose names counties that the region lacks; of an
    `each` they are the weights of the places.
    """
    here: Bools = np.array([dose.where != "rural", dose.where != "urban"])
    if dose.each is not None:
        return (_named(dose, codes)[:, None] * here).ravel()
    among = weights(rule, residents) if dose.counties is None else _named(dose, codes)
    inside = residents * here
    inside = inside / np.maximum(inside.sum(axis=1, keepdims=True), 1.0)
    return (among[:, None] / max(among.sum(), 1e-300) * inside).ravel()


def weights(rule: Rule, residents: Floats) -> Floats:
    """The counties' shares by a rule, (county,); they add up to 1."""
    by_rule = {
        "residents": residents.sum(axis=1),
        "urban residents": residents[:, 0],
        "rural residents": residents[:, 1],
        "equal per county": np.ones(len(residents)),
    }
    chosen = by_rule[rule]
    return np.asarray(chosen / max(chosen.sum(), 1.0))


def _named(dose: Dose, codes: Sequence[str]) -> Floats:
    """The weights of the counties that a dose names; 1 for all if it names none."""
    if dose.counties is None:
        return np.ones(len(codes))
    return np.array([dose.counties.get(code, 0.0) for code in codes])


def _concerned(measure: Measure, codes: Sequence[str]) -> Floats:
    """1 for the counties in which any dose of a measure acts, else 0, (county,)."""
    named = [_named(dose, codes) > 0 for __, __, dose in measure.doses()]
    return np.asarray(np.any(named, axis=0), float)


def _settled(scenario: Scenario) -> int:
    """The quarter from which on nothing changes."""
    last = scenario.plan.first_quarter
    for number, measure in scenario.plan.measures.items():
        setting = scenario.setting(number)
        schedules = [dose.schedule or measure.schedule for __, __, dose in measure.doses()]
        for each in (measure.schedule, *schedules):
            ends = (each.start + each.ramp, (each.until or each.start) + 1)
            last = max(last, max(ends) + each.lag + setting.delay)
        last = max([last, *(phase.until + 1 for phase in setting.phases)])
    return last


def _check_counties(scenario: Scenario, codes: Sequence[str]) -> None:
    """Refuses county settings for counties that the region does not have."""
    problems = [
        Problem(
            scenario.name, 0, 0, f"measures.{number}.counties",
            _("a county of the region"), code,
        )
        for number, setting in scenario.settings.items()
        for code in setting.counties
        if code not in codes
    ]  # fmt: skip
    if problems:
        raise ScenarioError(problems)


# What is done of each indicator


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
