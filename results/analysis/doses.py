"""What a lever does: the dose, how much of it was realised, and what it brought, over draws.

The levers of a scenario stand in families. In every draw a family acts alone beside the run in
which no lever acts, with the same random numbers and the load on county governments that the whole
scenario is; the draw holds doses and responses. What is realised is what the model counts: jobs
that are filled, pupils in town, dwellings that are lived in, each less that of the run without.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from xiancheng.scenarios.ensemble import RunSummary, SummarySource, layered
from xiancheng.scenarios.outcome import RATE, reported_groups
from xiancheng.scenarios.policy import compile_policy
from xiancheng.scenarios.run_spec import RunSpec
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.sim.calendar import quarters_between
from xiancheng.sim.levers import LEVERS
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.state import Floats

DRAWS = 20  # by default; fewer tell no 90 % interval
INTERVAL = (5, 50, 95)  # percentiles
LEAST_DOSE = 0.2  # of the median: draws with less tell nothing of an effect per unit (assumed)
MEASURES = (
    "dose", "realised", "realised_share", "points", "urban_residents", "points_per",
    "urban_residents_per",
)  # fmt: skip
DOSE_VALUES = [f"{key}{end}" for key in MEASURES for end in ("_low", "", "_high")]
DOSE_COLUMNS = [
    "family", "unit_code", "county", "county_en", "unit", "per", "of_realised", "draws",
    *DOSE_VALUES,
]  # fmt: skip


@dataclass(frozen=True)
class Family:
    """Levers that do one thing, and how their dose is counted."""

    name: str  # as the levers are declared
    unit: str = ""  # of the dose; none: levers in several units, of which there is no sum
    per: float = 0.0  # units of the dose that an effect is given for
    counts: str = ""  # the indicator that says what was realised; with "-" before it, what it lost
    per_realised: bool = False  # whether the effect is given per unit that was realised
    yearly: bool = False  # whether the levers are amounts a year, which add up

    @property
    def levers(self) -> tuple[str, ...]:
        """Those that say that they are of this family."""
        return tuple(name for name, lever in LEVERS.items() if lever.family == self.name)


FAMILIES = {
    family.name: family
    for family in (
        Family("jobs", "jobs", 10_000, "jobs_filled", per_realised=True),
        Family("village_posts", "posts in post", 10_000),
        Family("training", "persons", 10_000, yearly=True),
        Family("seats", "seats", 1_000, "seats_taken"),
        Family("schooling"),
        Family("flats", "dwellings", 1_000, "dwellings_occupied", yearly=True),
        Family("renovation", "dwellings", 1_000),
        Family("beds", "beds", 1_000, "-commuters"),
        Family("incomes", "yuan/year per rural resident", 100),
        Family("pensions"),
        Family("transport"),
        Family("services"),
        Family("institutions"),
        Family("recoding"),
    )
}


def families(scenario: Scenario) -> list[str]:
    """The families of which a scenario moves any lever."""
    moved = {
        dose.lever
        for number, measure in scenario.plan.measures.items()
        for name, clause, dose in measure.doses()
        if not scenario.setting(number).idle
        and scenario.doses.get(name, measure.clauses[clause].full(dose)) > 0
    }
    return [name for name, family in FAMILIES.items() if moved & {*family.levers}]


def only(scenario: Scenario, levers: Sequence[str]) -> Scenario:
    """The scenario in which only these levers act; the load stays as it is."""
    absent = {
        name: 0.0
        for measure in scenario.plan.measures.values()
        for name, __, dose in measure.doses()
        if dose.lever not in levers
    }
    return replace(scenario, doses={**scenario.doses, **absent})


def runs_needed(scenario: Scenario, draws: int) -> int:
    """Runs that the effects of all families take; what the level takes is counted where it is."""
    return draws * (len(families(scenario)) + 1) if draws else 0


def lever_effects(
    scenario: Scenario, runs: SummarySource, day: date, *, draws: int = DRAWS, seed: int = 1,
    done: Callable[[], None] = lambda: None,
) -> "pd.DataFrame":  # fmt: skip
    """Dose, what was realised of it, and effect of each family of levers by `day`.

    Returns
    -------
    a row for each family and group of counties: `family`, `unit_code`, `county`, `county_en`,
    `unit` of the dose, `per` (units of the dose, or of what was realised, for which an effect is
    given), `of_realised` and `draws`; the median and the ends of 90 % over draws (`_low`, `_high`)
    of `dose` [unit], `realised` [unit], `realised_share` [share of the dose], `points` of the
    resident rate, `urban_residents` [persons], and of these two per `per` units: `points_per`,
    `urban_residents_per`. Null is what has no unit or is not counted
    """
    names, spec = families(scenario), runs.spec.running(scenario)
    drawn = layered(spec, draws, seed)
    acting = [spec.running(only(scenario, FAMILIES[name].levers)) for name in names]
    sides = [spec.running(only(scenario, ())), *acting]
    found = runs.read([side.under(draw) for side in sides for draw in drawn], done)
    without, *others = (found[i * draws : (i + 1) * draws] for i in range(len(sides)))
    rows = []
    for name, side, own in zip(names, acting, others, strict=True):
        family = FAMILIES[name]
        doses = [_dose(side.under(draw), family, day) for draw in drawn]
        rows += _rows(name, family, np.array(doses), without, own, spec)
    return pd.DataFrame(rows, columns=DOSE_COLUMNS)


def _rows(
    name: str, family: Family, doses: Floats, without: Sequence[RunSummary],
    own: Sequence[RunSummary], spec: RunSpec,
) -> list[dict[str, Any]]:  # fmt: skip
    """The rows of a family; `doses` are (draw, group)."""

    def added(indicator: str) -> Floats:
        sign = -1 if indicator.startswith("-") else 1
        row = indicator.removeprefix("-")
        pairs = zip(own, without, strict=True)
        return np.array([sign * (one.row(row) - none.row(row)) for one, none in pairs])

    values = {"points": added(RATE), "urban_residents": added("urban_residents")}
    counted = family.unit != ""
    if counted:
        values["dose"] = doses
    if family.counts:
        values["realised"] = added(family.counts)
        values["realised_share"] = _per(values["realised"], doses)
    if counted:
        base = values["realised"] if family.per_realised else doses
        values["points_per"] = family.per * _per(values["points"], base)
        values["urban_residents_per"] = family.per * _per(values["urban_residents"], base)
    quantiles = {key: _quantiles(each) for key, each in values.items()}
    return [
        {
            "family": name, "unit_code": group.code, "county": group.zh, "county_en": group.en,
            "unit": family.unit or None, "per": family.per or None,
            "of_realised": family.per_realised, "draws": len(doses),
            **{
                f"{key}{end}": float(quantiles[key][i, g]) if key in quantiles else None
                for key in MEASURES
                for i, end in enumerate(("_low", "", "_high"))
            },
        }
        for g, group in enumerate(reported_groups(spec.pack))
    ]  # fmt: skip


def _quantiles(values: Floats) -> Floats:
    """Median and the ends of 90 % over draws, (3, group); nan where nothing is known."""
    found = np.full((3, values.shape[1]), np.nan)
    for g in range(values.shape[1]):
        own = values[np.isfinite(values[:, g]), g]
        if len(own):
            found[:, g] = np.percentile(own, INTERVAL)
    return found


def _per(values: Floats, base: Floats) -> Floats:
    """Values for each unit of the base, (draw, group); nan where there is too little of it."""
    enough = base > np.maximum(LEAST_DOSE * np.median(base, axis=0), 0)
    return np.divide(values, base, out=np.full(values.shape, np.nan), where=enough)


def _dose(spec: RunSpec, family: Family, day: date) -> Floats:
    """What a run asks of a family's levers by a day, in the unit of the family, (group,).

    Jobs are those asked for and those in services that follow them. Amounts of each resident are
    means over counties.
    """
    pack, p = spec.pack, spec.values
    policy = compile_policy(spec.scenario, pack, p)
    passed = [q.number for q in quarters_between(spec.scenario.start, day)]
    counted = passed if family.yearly else passed[-1:]
    places = sum(
        (
            weight(name, p) * np.sum([getattr(policy(q), name) for q in counted], axis=0)
            for name in family.levers
        ),
        start=np.zeros(2 * len(pack.counties)),
    ) / (4 if family.yearly else 1)  # fmt: skip
    counties = places.reshape(-1, 2).sum(axis=1)
    each = family.unit.endswith("resident")
    return np.array([
        counties[list(group.counties)].mean() if each else counties[list(group.counties)].sum()
        for group in reported_groups(pack)
    ])  # fmt: skip


def weight(lever: str, p: Parameters) -> float:
    """Units of its family that a unit of a lever comes to: a tradable job with those it brings."""
    return 1 + p.job_multiplier if lever == "tradable_jobs" else 1.0
