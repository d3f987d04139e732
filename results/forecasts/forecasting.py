"""Forecasts of published rates from what was known at a cut-off: the model, statistics, and both.

Settings and digests of what is registered stand in `results.forecasts.frozen`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from xiancheng.calibration import meld, posterior
from xiancheng.calibration.baselines import BASELINES
from xiancheng.calibration.baselines.forecast import Known, Standing
from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import _
from xiancheng.calibration.panel import Panel, record, years_between
from xiancheng.calibration.region import Region, load
from xiancheng.results.forecasts.frozen import REGISTERED, Settings
from xiancheng.results.verdict import level
from xiancheng.results.verdict.level import stack
from xiancheng.scenarios.ensemble import Keyed, baseline_of, layered
from xiancheng.scenarios.executor import Lost, WorkersLostError, local
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.outcome import Group, reported_groups
from xiancheng.scenarios.run_spec import INFORMATION, RunSpec, check_run, horizon
from xiancheng.scenarios.simulation import simulate
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.state import Floats

if TYPE_CHECKING:
    pass

RATE = "resident_urbanization_rate"
MELD, MODEL, WITHOUT = "meld", "model", "model_without_plan"
TITLES = {
    MELD: _("melded: stacked level + effect of the plan"),
    MODEL: _("agent-based model"),
    WITHOUT: _("agent-based model without the plan"),
    "stacked": meld.STACKED,
    **{forecaster.name: forecaster.title for forecaster in BASELINES},
}
FORECASTERS = (MELD, MODEL, WITHOUT, "stacked", *(f.name for f in BASELINES))


@dataclass(frozen=True, eq=False)
class Model:
    """What the agent-based model draws; the true rate, not what is printed of it."""

    days: tuple[date, ...]
    plan: Floats  # (day, draw, county) [percent]
    baseline: Floats  # the same world without the plan
    worlds: tuple[Parameters, ...]  # (draw,)
    posterior: str | None  # sha256 of the posterior sample; None: priors
    with_plan: bool  # whether there was a plan to know of

    @property
    def effect(self) -> Floats:
        """What the plan adds, (day, draw, county) [points]."""
        return self.plan - self.baseline


def model_draws(
    region: str | Path, until: date, n: int, scale: float, *, days: Sequence[date] = (),
    seed: int = 1, cutoff: date = INFORMATION, jobs: int | None = None,
    done: Callable[[], None] = lambda: None,
) -> Model:  # fmt: skip
    """`n` pairs of runs with and without the plan, from the last census on.

    Parameters are drawn from the posterior of the pack if it has one, else from the priors. The
    plan is left out where it was issued after the cut-off, and where the pack has no targets.

    Parameters
    ----------
    days : when rates are read; at the end by default

    Raises
    ------
    RequestError, PackError
    WorkersLostError
        if a draw ended its worker every time it was tried.
    """
    pack, read = load(region), tuple(days) or (until,)
    plan = horizon(resolve("plan"), None, until)
    issued = plan.plan.about.issued
    with_plan = bool(pack.targets) and issued <= cutoff
    scenarios = [plan, baseline_of(plan)] if with_plan else [baseline_of(plan)]
    check_run(scenarios[0], region, scale=scale, draws=n, seed=seed, jobs=jobs or 1)
    believed, sample = posterior.draws(pack, n, seed), posterior.read(pack.folder)
    sides = [
        layered(RunSpec.of(each, region=region, scale=scale, cutoff=str(cutoff)), n, seed)
        for each in scenarios
    ]
    found: dict[int, Floats] = {}
    with local(jobs, n) as executor:
        tasks = list(enumerate(zip(*sides, strict=True)))
        for result in executor.map(Keyed(CountyRates(read)), tasks):
            if isinstance(result, Lost):
                raise WorkersLostError
            found.update([result])
            done()
    made = np.stack([found[number] for number in range(n)], axis=2)  # (scenario, day, draw, county)
    return Model(
        read, made[0], made[-1], tuple(draw.parameters for draw in believed),
        sample.digest if sample else None, with_plan,
    )  # fmt: skip


@dataclass(frozen=True)
class CountyRates:
    """What a worker does with a draw: the specs of the scenarios that are run side by side."""

    days: tuple[date, ...]

    def __call__(self, specs: Sequence[RunSpec]) -> Floats:
        """True rates of the counties (scenario, day, county) [percent]."""
        outcomes = [simulate(spec) for spec in specs]
        counties = len(outcomes[0].region.counties)
        return np.array([[run.at(RATE, day)[:counties] for day in self.days] for run in outcomes])


@dataclass(frozen=True, eq=False)
class Forecasts:
    """What everyone forecasts of the published rate of counties and of counties together."""

    groups: tuple[Group, ...]
    days: tuple[date, ...]
    made: Mapping[str, Floats]  # by forecaster, (day, draw, group) [percent]
    weights: Mapping[str, float]  # of the stack
    start: Floats  # the rate at the last census, (group,) [percent]
    model: Model


def forecasts(
    region: str | Path, days: Sequence[date], settings: Settings = REGISTERED, *,
    jobs: int | None = None, done: Callable[[], None] = lambda: None,
) -> Forecasts:  # fmt: skip
    """Everyone's forecasts for some days, from what was known at the cut-off.

    Raises
    ------
    RequestError, PackError, WorkersLostError
    """
    pack, days = load(region), tuple(sorted(set(days)))
    possible(pack, settings.cutoff)
    model = model_draws(
        region, days[-1], settings.draws, settings.scale, days=days, seed=settings.seed,
        cutoff=settings.cutoff, jobs=jobs, done=done,
    )  # fmt: skip
    own, past, n = Panel.of(pack), record(pack), settings.level_draws
    known, residents = Known(past, Standing.at(own, 1)), own.residents[1]
    pool = stack(str(region), settings.left_out_draws, settings.seed)
    rows = level.run_of_draw(settings.draws, n, settings.seed)
    worlds = [model.worlds[row] for row in rows]
    groups = reported_groups(pack)

    def printed(rate: Floats, day: date, of: Sequence[Parameters]) -> Floats:
        """Published rates of all groups, (draw, group)."""
        seen = meld.published(rate, residents, own.prefecture, day, of, settings.seed)
        return np.column_stack([meld.together(seen, residents, g.counties) for g in groups])

    made: dict[str, list[Floats]] = {name: [] for name in FORECASTERS}
    for i, day in enumerate(days):
        years = years_between(own.dates[1], day)
        for forecaster in (pool, *BASELINES):
            rate = forecaster(known, years, n, settings.seed).rate
            made[forecaster.name].append(printed(rate, day, worlds))
            if forecaster is pool:
                melded = level.published(rate, model.plan[i], model.baseline[i], settings.seed)
                made[MELD].append(printed(melded, day, worlds))
        made[MODEL].append(printed(model.plan[i], day, model.worlds))
        if model.with_plan:
            made[WITHOUT].append(printed(model.baseline[i], day, model.worlds))
    return Forecasts(
        groups=groups,
        days=days,
        made={name: np.stack(each) for name, each in made.items() if each},
        weights={m.name: w for m, w in zip(pool.members, pool.weights, strict=True)},
        start=np.array(
            [meld.together(own.rate[1:], residents, group.counties)[0] for group in groups]
        ),
        model=model,
    )


def possible(pack: Region, cutoff: date) -> None:
    """Refuse what cannot be forecast, before anything is.

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
