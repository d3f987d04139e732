"""Estimating a region: what its censuses, and those of the counties around it, make of the priors.

The estimate has two steps. The counties of a wider pack, those of the region left out, tell what
counties are like; from this belief the region's own counties are then estimated at full scale. So
seven counties borrow strength from seventy, and no figure is used twice. A pack that stands alone
is estimated from the priors at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from xiancheng.calibration import priors
from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.estimation.discrepancy import Discrepancy
from xiancheng.calibration.estimation.estimate import Estimator, Rows, World, learn, prepare, split
from xiancheng.calibration.estimation.gate import Gate, gate, widening
from xiancheng.calibration.estimation.posterior import Posterior
from xiancheng.calibration.estimation.scores import scores
from xiancheng.calibration.estimation.surprise import Check, prior_predictive
from xiancheng.calibration.estimation.table import Table
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.priors import Prior
from xiancheng.calibration.region import Region, load, packs
from xiancheng.results.knowing import trials
from xiancheng.results.knowing.trials import FREE, PARAMETERS, Trials
from xiancheng.scenarios.design import sampled
from xiancheng.sim.state import Bools, Floats, Ints

BELIEFS: tuple[Prior, ...] = tuple(p for p in priors.catalogue() if p.name in FREE)
HELD = 0.1  # of the runs are kept to widen intervals, and as many to test them


@dataclass(frozen=True)
class Settings:
    """What an estimate is made from; everything that decides its numbers."""

    region: str
    pool: str | None  # a pack of counties around the region; None: the region alone
    pool_runs: int = 1000
    pool_scale: float = 0.01
    runs: int = 1000
    scale: float = 1.0
    rows: int = 400  # of the sample that is kept
    seed: int = 1


@dataclass(frozen=True)
class Stage:
    """An estimate from one table of runs, and whether it can be trusted."""

    trials: Trials
    world: World
    dealt: Rows
    check: Check  # of what was observed, before anything is learned
    estimator: Estimator
    factors: Floats  # by which spreads are widened, (belief,)
    gate: Gate
    posterior: Posterior  # normal scores of parameters and sizes of errors, widened


class SurprisingError(RequestError):
    """The prior predictive check failed: what was observed cannot have come from the model."""


def wider(region: Region) -> str | None:
    """The widest shipped pack of the same province and censuses with other counties in it."""
    own = {county.code for county in region.counties}
    found = [
        (len(pack.counties), name)
        for name in packs()
        if (pack := load(name)).province == region.province
        and pack.censuses[-2:] == region.censuses[-2:]
        and {county.code for county in pack.counties} - own
    ]
    return max(found)[1] if found else None


def shortfalls(chosen: Settings, *, own: bool) -> list[str]:
    """In what settings fall short of the real ones; empty where a result may be kept.

    Parameters
    ----------
    own
        whether the runs of the region itself are used beside those of a pool, as for an estimate
    """
    real = Settings(chosen.region, wider(load(chosen.region)))
    found = []
    if _digest(chosen.pool) != _digest(real.pool):
        found.append(f"pool {chosen.pool or 'none'} ≠ {real.pool or 'none'}")
    names = [] if chosen.pool is None else ["pool_runs", "pool_scale"]
    names += ["runs", "scale"] if own or chosen.pool is None else []
    names += ["rows"] if own else []
    for name in names:
        value, least = getattr(chosen, name), getattr(real, name)
        if value < least:
            found.append(f"{name} {value:g} < {least:g}")
    return found


def _digest(pack: str | None) -> str | None:
    return None if pack is None else load(pack).digest


def trial(short: Sequence[str]) -> Words:
    """That something is a trial, and in what it falls short."""
    listed = "; ".join(short)
    return _("a trial, not a result: {listed}", listed=listed)


def others(pool: Region, region: Region) -> Bools:
    """Comparable counties of the pool that are not the region's, (county,)."""
    from xiancheng.calibration.panel import Panel

    own = [county.code for county in region.counties]
    return np.asarray(Panel.of(pool).comparable & ~np.isin([c.code for c in pool.counties], own))


def pooled(settings: Settings, folder: Path, jobs: int, settled: Callable[[], None]) -> Trials:
    """The table of runs over the counties around a region, parameters from the priors."""
    assert settings.pool is not None
    values = sampled("latin-hypercube", PARAMETERS, settings.pool_runs, settings.seed)
    design = trials.design(settings.pool, values, settings.pool_scale, "trials-pool")
    return trials.made(design, folder / "pool", jobs, settled)


def estimated(table: Table, made: Trials, settings: Settings) -> Stage:
    """Estimate from a table whose parameters were drawn from the priors.

    Raises
    ------
    SurprisingError
        if the model cannot have made what was observed.
    """
    world = prepare(table, BELIEFS, Discrepancy.like(table), seed=settings.seed)
    return _learned(made, world, np.arange(len(world.said)), settings)


def updated(before: Stage, table: Table, made: Trials, sizes: Floats, settings: Settings) -> Stage:
    """Estimate a region from runs whose parameters, and sizes of errors, came from `before`.

    Parameters
    ----------
    sizes : (run, size) normal scores of the sizes of errors of each run
    """
    discrepancy = before.world.discrepancy
    rng = np.random.default_rng([settings.seed, 7])
    errors = discrepancy.errors(sizes, table.groups, rng)
    known = np.hstack([scores(BELIEFS, table.theta), sizes])
    beliefs = (*BELIEFS, *discrepancy.beliefs)
    world = World(table, beliefs, known, table.stats + errors, discrepancy)
    __, origins = np.unique(sizes, axis=0, return_inverse=True)  # a draw may be taken twice
    return _learned(made, world, origins.ravel(), settings)


def _learned(made: Trials, world: World, origins: Ints, settings: Settings) -> Stage:
    check = prior_predictive(world.table, world.said)
    if check.stops:
        raise SurprisingError(Words(check.said("zh"), check.said("en")))
    held = max(int(HELD * len(world.said)), 30)
    dealt = split(origins, seed=settings.seed, widening=held, gate=held)
    estimator = learn(world, dealt.learning, seed=settings.seed)
    view = estimator.seeing()
    factors = widening(view.posteriors(world.said[dealt.widening]), world.scores[dealt.widening])
    tested = view.posteriors(world.said[dealt.gate])
    return Stage(
        trials=made, world=world, dealt=dealt, check=check, estimator=estimator, factors=factors,
        gate=gate([widened(p, factors, world) for p in tested], world.scores[dealt.gate]),
        posterior=widened(view.posterior(world.table.observed), factors, world),
    )  # fmt: skip


def widened(posterior: Posterior, factors: Floats, world: World) -> Posterior:
    """A posterior as wide as the test asks for, but no wider than what was believed before."""
    most = world.scores.std(axis=0) / np.maximum(posterior.sd, 1e-9)
    return posterior.widened(np.minimum(factors, np.maximum(most, 1)))


def drawn(stage: Stage, count: int, seed: int) -> tuple[Floats, Floats, Ints]:
    """Draws of equal weight from the posterior of a stage.

    What is not estimated comes from the run that a draw goes back to.

    Returns
    -------
    values (draw, parameter), scores of the sizes of errors (draw, size), and the number of the
    draw of county and yearly effects (draw,)
    """
    chosen = stage.posterior.resampled(count, seed)
    values = stage.trials.values[chosen.rows].copy()
    free = chosen.of(FREE).values(BELIEFS)
    values[:, [PARAMETERS.index(name) for name in FREE]] = free.draws
    numbers = np.array(stage.trials.numbers)[chosen.rows]
    return values, chosen.draws[:, len(FREE):], numbers  # fmt: skip


def own(
    settings: Settings, values: Floats, folder: Path, jobs: int, settled: Callable[[], None]
) -> Trials:
    """The table of runs of the region itself at full scale, a run for each row of values."""
    design = trials.design(settings.region, values, settings.scale, "trials-own")
    return trials.made(design, folder / "own", jobs, settled)


def alone(settings: Settings) -> Floats:
    """Parameter values from the priors, for a region that is estimated by itself."""
    return sampled("latin-hypercube", PARAMETERS, settings.runs, settings.seed)
