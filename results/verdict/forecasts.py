"""ForecastSet of published rates from what was known at a cut-off: the model, statistics, and both.

Settings and digests of what is registered stand in `results.verdict.registered`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from xiancheng.calibration import posterior
from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.forecasts import melding
from xiancheng.calibration.forecasts.forecast import Known, Origin
from xiancheng.calibration.forecasts.melding import BASELINES
from xiancheng.calibration.forecasts.panel import Panel, record, years_between
from xiancheng.calibration.i18n import _
from xiancheng.calibration.region import Region, load
from xiancheng.results.verdict import level
from xiancheng.results.verdict.level import stack
from xiancheng.results.verdict.registered import REGISTERED, ScoreSettings
from xiancheng.scenarios.ensemble import baseline_of, layered
from xiancheng.scenarios.executor import local
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.outcome import Group, reported_groups
from xiancheng.scenarios.run_spec import RunSpec, check_run, horizon
from xiancheng.scenarios.simulation import simulate
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.state import Floats

RATE = "resident_urbanization_rate"
MELD, MODEL, WITHOUT = "meld", "model", "model_without_plan"
TITLES = {
    MELD: _("melded: stacked level + effect of the plan"),
    MODEL: _("agent-based model"),
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


def model_draws(
    region: str | Path, days: Sequence[date], settings: ScoreSettings, *,
    jobs: int | None = None, done: Callable[[], None] = lambda: None,
) -> ModelDraws:  # fmt: skip
    """Pairs of runs with and without the plan, from the last census on.

    Parameters are drawn from the posterior of the pack if it has one, else from the priors. The
    plan is left out where it was issued after the cut-off, and where the pack has no targets.

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
    plan = horizon(resolve("plan"), None, days[-1])
    with_plan = bool(pack.targets) and plan.plan.about.issued <= settings.cutoff
    scenarios = [plan, baseline_of(plan)] if with_plan else [baseline_of(plan)]
    check_run(scenarios[0], region, scale=settings.scale, draws=n, seed=seed, jobs=jobs or 1)
    drawn, sample = posterior.draws(pack, n, seed), posterior.read(pack.folder)
    sides = [
        layered(
            RunSpec.of(each, region=region, scale=settings.scale, cutoff=str(settings.cutoff)),
            n, seed,
        )
        for each in scenarios
    ]  # fmt: skip
    with local(jobs, n) as executor:
        found = executor.results(CountyRates(tuple(days)), list(zip(*sides, strict=True)), done)
    rates = np.stack(found, axis=2)  # (scenario, day, draw, unit)
    return ModelDraws(
        rates[0], rates[-1], tuple(draw.parameters for draw in drawn),
        sample.digest if sample else None, with_plan,
    )  # fmt: skip


@dataclass(frozen=True)
class CountyRates:
    """From the specs of the scenarios of a draw to rates of the counties, in a worker."""

    days: tuple[date, ...]

    def __call__(self, specs: Sequence[RunSpec]) -> Floats:
        """True rates of the counties (scenario, day, county) [percent]."""
        outcomes = [simulate(spec) for spec in specs]
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
    model = model_draws(region, days, settings, jobs=jobs, done=done)
    own, past, n = Panel.of(pack), record(pack), settings.level_draws
    known, residents = Known(past, Origin.at(own, 1)), own.residents[1]
    pool = stack(str(region), settings.left_out_draws, settings.seed)
    rows = level.run_of_draw(settings.draws, n, settings.seed)
    parameters = [model.parameters[row] for row in rows]
    groups = reported_groups(pack)

    def printed(rate: Floats, day: date, of: Sequence[Parameters]) -> Floats:
        """Published rates of all groups, (draw, group)."""
        rates = melding.published(rate, residents, own.prefecture, day, of, settings.seed)
        return np.column_stack([melding.together(rates, residents, g.counties) for g in groups])

    rates: dict[str, list[Floats]] = {name: [] for name in FORECASTERS}
    for i, day in enumerate(days):
        years = years_between(own.dates[1], day)
        for forecaster in (pool, *BASELINES):
            rate = forecaster(known, years, n, settings.seed)
            rates[forecaster.name].append(printed(rate, day, parameters))
            if forecaster is pool:
                melded = level.published(rate, model.plan[i], model.baseline[i], settings.seed)
                rates[MELD].append(printed(melded, day, parameters))
        rates[MODEL].append(printed(model.plan[i], day, model.parameters))
        if model.with_plan:
            rates[WITHOUT].append(printed(model.baseline[i], day, model.parameters))
    return ForecastSet(
        groups=groups,
        days=days,
        rates={name: np.stack(each) for name, each in rates.items() if each},
        weights={m.name: w for m, w in zip(pool.members, pool.weights, strict=True)},
        start=np.array(
            [melding.together(own.rate[1:], residents, group.counties)[0] for group in groups]
        ),
        model=model,
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
