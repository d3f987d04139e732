"""Forecasts of published rates from what was known at a cut-off, and their scores.

Settings and digests of what is registered stand in `results.verdict.registered`. The rules
of scoring are registered in docs/preregistration.md, before anything is scored.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from xiancheng.calibration import posterior
from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.forecasts import melding
from xiancheng.calibration.forecasts.common_trend import published_rates
from xiancheng.calibration.forecasts.level import given_at, path_days, printed, stack
from xiancheng.calibration.forecasts.melding import BASELINES
from xiancheng.calibration.forecasts.panel import years_between
from xiancheng.calibration.forecasts.scoring import LEVELS, ForecastScores, interval
from xiancheng.calibration.i18n import _
from xiancheng.calibration.region import Region, load
from xiancheng.results.verdict import level
from xiancheng.results.verdict.observations import ScoredRate
from xiancheng.results.verdict.registered import REGISTERED, ScoreSettings
from xiancheng.scenarios.diff import foreign
from xiancheng.scenarios.ensemble import layered
from xiancheng.scenarios.executor import local
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.outcome import Group, floor, reported_groups
from xiancheng.scenarios.run_spec import OFF, RunSpec, baseline_of, check_run, horizon, judged
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.scenarios.trunk import simulate_together
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.state import Floats

RATE = "resident_urbanization_rate"
MELD, MODEL, WITHOUT = "meld", "model", "model_without_plan"
TITLES = {
    MELD: _("melded: stacked level + effect of the plan"),
    MODEL: _("agent-based model"),
    "model_runs": _("agent-based model, runs as they are"),
    WITHOUT: _("agent-based model without the plan"),
    "stacked": melding.STACKED,
    **{forecaster.name: forecaster.title for forecaster in BASELINES},
}
FORECASTERS = (MELD, MODEL, WITHOUT, "stacked", *(f.name for f in BASELINES))


@dataclass(frozen=True, eq=False)
class ModelDraws:
    """True rates from pairs of runs of the agent-based model, not what is printed of them."""

    plan: Floats  # (day, draw, county) [percent]
    baseline: Floats  # without the plan, with the same random numbers
    parameters: tuple[Parameters, ...]  # (draw,)
    posterior: str | None  # sha256 of the posterior sample; None: drawn from the priors
    with_plan: bool  # whether there was a plan at the cut-off

    @property
    def effect(self) -> Floats:
        """Plan minus baseline, (day, draw, county) [points]."""
        return self.plan - self.baseline

    def on(self, days: Sequence[int]) -> "ModelDraws":
        """The draws of some of the days, by their index."""
        return replace(self, plan=self.plan[days], baseline=self.baseline[days])


def model_draws(
    region: str | Path, days: Sequence[date], settings: ScoreSettings, *,
    jobs: int | None = None, done: Callable[[], None] = lambda: None,
) -> ModelDraws:  # fmt: skip
    """Pairs of runs with and without the plan, from the last census on, that follow no level.

    Parameters are drawn from the posterior of the pack if it has one, else from the priors. The
    plan (that of the command, of the pack, or the shipped one) is left out where it was issued
    after the cut-off, was written for other counties, or aims at nothing here.

    Parameters
    ----------
    days : when rates are read, in order

    Raises
    ------
    RequestError, PackError
    WorkersLostError
        if a draw ended its worker every time it was tried.
    """
    pack, n, seed = load(region), settings.draws, settings.seed
    plan = horizon(resolve("plan", region), None, days[-1])
    with_plan = plan_known(plan, region, settings.cutoff)
    scenarios = [plan, baseline_of(plan)] if with_plan else [baseline_of(plan)]
    check_run(scenarios[0], region, scale=settings.scale, draws=n, seed=seed, jobs=jobs or 1)
    drawn, sample = posterior.draws(pack, n, seed), posterior.read(pack.folder)
    sides = [
        layered(
            RunSpec.of(
                each, region=region, scale=settings.scale, cutoff=str(settings.cutoff),
                alignment=OFF,
            ),
            n, seed,
        )
        for each in scenarios
    ]  # fmt: skip
    with local(jobs, n) as executor:
        tasks = list(zip(*sides, strict=True))
        found = executor.results(CountyRates(tuple(days)), tasks, lambda _: done())
    rates = np.stack(found, axis=2)  # (scenario, day, draw, unit)
    return ModelDraws(
        rates[0], rates[-1], tuple(draw.parameters for draw in drawn),
        sample.digest if sample else None, with_plan,
    )  # fmt: skip


def plan_known(plan: Scenario, region: str | Path, cutoff: date) -> bool:
    """Whether a plan for these counties was issued by the cut-off and aims at a rate of theirs."""
    pack = judged(plan, region)
    known = plan.plan.about.issued <= cutoff
    return known and bool(pack.targets) and not foreign(plan, pack)


@dataclass(frozen=True)
class CountyRates:
    """From the specs of the scenarios of a draw to rates of the counties, in a worker."""

    days: tuple[date, ...]

    def __call__(self, specs: Sequence[RunSpec]) -> Floats:
        """True rates of the counties (scenario, day, county) [percent]."""
        outcomes = simulate_together(specs)
        counties = len(outcomes[0].region.counties)
        return np.array([[run.at(RATE, day)[:counties] for day in self.days] for run in outcomes])


@dataclass(frozen=True, eq=False)
class ForecastSet:
    """ForecastSet of the published rate of counties, and of counties together."""

    groups: tuple[Group, ...]
    days: tuple[date, ...]
    rates: Mapping[str, Floats]  # by forecaster, (day, draw, group) [percent]
    weights: Mapping[str, float]  # of the stack
    start: Floats  # the rate at the last census, (group,) [percent]
    model: ModelDraws


def forecasts(
    region: str | Path, days: Sequence[date], settings: ScoreSettings = REGISTERED, *,
    jobs: int | None = None, done: Callable[[], None] = lambda: None,
) -> ForecastSet:  # fmt: skip
    """ForecastSet by every forecaster for some days, from what was known at the cut-off.

    Raises
    ------
    RequestError, PackError, WorkersLostError
    """
    pack, days = load(region), tuple(sorted(set(days)))
    check_cutoff(pack, settings.cutoff)
    given, n, seed = (
        given_at(pack, published_rates(pack, settings.cutoff)), settings.level_draws, settings.seed,
    )  # fmt: skip
    start, residents = given.origin.day, given.origin.urban + given.origin.rural
    path = path_days((start, *days), given.published)
    model = model_draws(region, path[1:], settings, jobs=jobs, done=done)
    pool = stack(str(region), settings.left_out_draws, seed)
    groups, chosen = reported_groups(pack), [path.index(day) for day in days]

    def of_groups(rate: Floats) -> Floats:
        """Rates of all groups on the days asked for, (day, draw, group)."""
        return np.stack([
            np.column_stack([melding.together(rate[i], residents, g.counties) for g in groups])
            for i in chosen
        ])  # fmt: skip

    begun = given.origin.rate

    def shown(later: Floats) -> Floats:
        """Published rates of all groups, of true ones of the counties after the census."""
        start = np.broadcast_to(begun, (1, *later.shape[1:]))
        return of_groups(printed(pack, given, path, np.concatenate([start, later]), seed)[1])

    rates: dict[str, Floats] = {}
    for forecaster in (pool, *BASELINES):
        rates[forecaster.name] = shown(
            np.stack([forecaster(given, years_between(start, day), n, seed) for day in path[1:]])
        )
    plan, baseline = (
        of_groups(np.concatenate([each[:1], each])) for each in (model.plan, model.baseline)
    )
    rates[MELD] = np.stack([
        level.published(rates[pool.name][d], plan[d], baseline[d], seed) for d in range(len(days))
    ])  # fmt: skip
    rates[MODEL] = shown(model.plan)
    if model.with_plan:
        rates[WITHOUT] = shown(model.baseline)
    own = begun[None]
    return ForecastSet(
        groups=groups,
        days=days,
        rates={name: rates[name] for name in FORECASTERS if name in rates},
        weights={m.name: w for m, w in zip(pool.members, pool.weights, strict=True)},
        start=np.array([melding.together(own, residents, g.counties)[0] for g in groups]),
        model=model.on([path.index(day) - 1 for day in days]),
    )


def check_cutoff(pack: Region, cutoff: date) -> None:
    """Refuse a pack with one census, or a cut-off before its last.

    Raises
    ------
    RequestError
    """
    if len(pack.censuses) < 2:
        raise RequestError(
            _("the pack {pack} holds one census; statistical forecasts take two", pack=pack.name)
        )
    if cutoff < pack.censuses[-1]:
        raise RequestError(
            _(
                "the cut-off {cutoff} is before the last census {censuses}, from "
                "which forecasts set out",
                cutoff=cutoff,
                censuses=pack.censuses[-1],
            )
        )


# Scores against what was published later

BAND = 0.8  # of the intervals that are printed
COMPARED = (MELD, MODEL)  # whose skill against every other forecaster is shown


def by_case(forecast: ForecastSet, observed: Sequence[ScoredRate]) -> "pd.DataFrame":
    """A row for each observation and forecaster: median, interval and error.

    Returns
    -------
    unit_code, county, county_en, date, rate_at_start, observed, forecaster, median, low_80,
    high_80 [percent], error [points], inside
    """
    rows = []
    for one in observed:
        group, column = forecast.groups[one.group], forecast.days.index(one.day)
        for name, rates in forecast.rates.items():
            draws = rates[column, :, one.group]
            median = float(np.median(draws))
            low, high = interval(draws[:, None], BAND)[:, 0].tolist()
            rows.append(
                {
                    "unit_code": group.code, "county": group.zh, "county_en": group.en,
                    "date": one.day, "rate_at_start": float(forecast.start[one.group]),
                    "observed": one.rate, "forecaster": name, "median": median,
                    "low_80": low, "high_80": high,
                    "error": median - one.rate, "inside": low <= one.rate <= high,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def by_forecaster(
    forecast: ForecastSet, observed: Sequence[ScoredRate], pack: Region
) -> "pd.DataFrame":
    """A row for each forecaster over single counties, and one over counties together.

    Returns
    -------
    over (counties or together), forecaster, cases, mae, bias, crps [points], covered_50,
    covered_80, covered_95 and the binomial error of each (`_error`), brier, and the skill of the
    meld and of the model against it
    """
    parts = {
        "counties": [one for one in observed if len(forecast.groups[one.group].counties) == 1],
        "together": [one for one in observed if len(forecast.groups[one.group].counties) > 1],
    }
    rows = [
        row | {"over": over}
        for over, some in parts.items()
        if some
        for row in _scored(forecast, some, pack)
    ]
    return pd.DataFrame(rows)


def _scored(
    forecast: ForecastSet, observed: Sequence[ScoredRate], pack: Region
) -> list[dict[str, Any]]:
    """A row for each forecaster over some observations."""
    seen = np.array([one.rate for one in observed])
    thresholds = np.array(
        [threshold(forecast.groups[one.group], one.day, pack) for one in observed]
    )
    rows: list[dict[str, Any]] = []
    for forecaster, rates in forecast.rates.items():
        draws = np.column_stack(
            [rates[forecast.days.index(one.day), :, one.group] for one in observed]
        )  # (draw, case)
        result = ForecastScores.of(draws, seen, thresholds)
        covered: dict[str, float] = {}
        for nominal, (share, error) in zip(LEVELS, result.coverage, strict=True):
            name = f"covered_{100 * nominal:.0f}"
            covered |= {name: share, f"{name}_error": error}
        rows.append(
            {
                "forecaster": forecaster, "cases": result.cases, "mae": result.mae,
                "bias": result.bias, "crps": result.crps, **covered, "brier": result.brier,
            }
        )  # fmt: skip
    crps = {row["forecaster"]: row["crps"] for row in rows}
    for row in rows:
        for name in COMPARED:
            row[f"skill_of_{name}"] = 1 - crps[name] / row["crps"] if row["crps"] else np.nan
    return rows


def threshold(group: Group, day: date, pack: Region) -> float:
    """The rate that meets the target of a group due that day; nan without one."""
    codes = {pack.counties[c].code for c in group.counties}
    due = [t for t in pack.targets if set(t.counties) == codes and t.deadline == day]
    return floor(due[0]) if due else np.nan
