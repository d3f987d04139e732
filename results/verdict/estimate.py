"""Estimating a region: the posterior of its parameters, given its censuses and its neighbours'.

The estimate has two steps. The counties of a wider pack, those of the region left out, give a first
posterior; with parameters drawn from it the region's own counties are then estimated. So seven
counties borrow strength from seventy, and no figure is used twice. A pack that stands alone is
estimated from the priors at once.

The region's own runs are made at a tenth of the population, and some of them at full scale too:
what the small ones lack, its mean and its spread, is added to their summaries.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from xiancheng.calibration import priors
from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.forecasts.panel import Panel
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.inference.abc import (
    Estimator,
    RowSplit,
    TrainingSet,
    learn,
    split,
    training_set,
)
from xiancheng.calibration.inference.diagnostics import (
    CalibrationTest,
    PriorPredictiveCheck,
    calibration_test,
    conformal_inflation,
    prior_predictive_check,
)
from xiancheng.calibration.inference.discrepancy import Discrepancy
from xiancheng.calibration.inference.draws import WeightedDraws, normal_scores
from xiancheng.calibration.inference.table import RunTable
from xiancheng.calibration.priors import Prior
from xiancheng.calibration.region import Region, load, packs
from xiancheng.results.verdict import trials
from xiancheng.results.verdict.trials import FREE, PARAMETERS, Trials
from xiancheng.scenarios.design import sampled
from xiancheng.sim.state import Bools, Floats, Ints

PRIORS: tuple[Prior, ...] = tuple(p for p in priors.catalogue() if p.name in FREE)
HELD_OUT = 100  # draws to learn how far to inflate intervals, and as many to test them
MOST_HELD_OUT, FEWEST_HELD_OUT = 0.2, 30  # a share of the draws, and a number, for either use


@dataclass(frozen=True)
class EstimateSettings:
    """Everything that decides the numbers of an estimate."""

    region: str
    pool: str | None  # a pack of counties around the region; None: the region alone
    pool_runs: int = 1024
    pool_scale: float = 0.01
    runs: int = 1000
    scale: float = 0.1
    pairs: int = 100  # of these runs that are made at full scale too
    rows: int = 400  # of the sample that is kept
    seed: int = 1


@dataclass(frozen=True, eq=False)
class Stage:
    """An estimate from one table of runs, and whether it can be trusted."""

    trials: Trials
    training: TrainingSet
    rows: RowSplit
    check: PriorPredictiveCheck
    estimator: Estimator
    inflation: Floats  # conformal factors of spreads, (prior,)
    calibration: CalibrationTest
    posterior: WeightedDraws  # normal scores of parameters and sizes of errors, inflated


class PriorPredictiveError(RequestError):
    """The prior predictive check failed: the model cannot have made the observations."""


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


def shortfalls(chosen: EstimateSettings, *, own: bool) -> list[str]:
    """In what settings fall short of the real ones; empty where a result may be kept.

    Parameters
    ----------
    own
        whether the runs of the region itself are used beside those of a pool, as for an estimate
    """
    real = EstimateSettings(chosen.region, wider(load(chosen.region)))
    found = []
    if _digest(chosen.pool) != _digest(real.pool):
        found.append(f"pool {chosen.pool or 'none'} ≠ {real.pool or 'none'}")
    names = [] if chosen.pool is None else ["pool_runs", "pool_scale"]
    names += ["runs", "scale"] if own or chosen.pool is None else []
    names += ["pairs"] if "scale" in names and chosen.scale < 1 else []
    names += ["rows"] if own else []
    for name in names:
        value, least = getattr(chosen, name), getattr(real, name)
        if value < least:
            found.append(f"{name} {value:g} < {least:g}")
    return found


def _digest(pack: str | None) -> str | None:
    return None if pack is None else load(pack).digest


def trial_note(short: Sequence[str]) -> Words:
    """That something is a trial, and in what it falls short."""
    listed = "; ".join(short)
    return _("a trial, not a result: {listed}", listed=listed)


def others(pool: Region, region: Region) -> Bools:
    """Comparable counties of the pool that are not the region's, (county,)."""
    own = [county.code for county in region.counties]
    return np.asarray(Panel.of(pool).comparable & ~np.isin([c.code for c in pool.counties], own))


# Trials


def from_priors(settings: EstimateSettings) -> Floats:
    """Parameter values from the priors, for a region that is estimated by itself."""
    return sampled("latin-hypercube", PARAMETERS, settings.runs, settings.seed)


def pool_trials(
    settings: EstimateSettings, folder: Path, jobs: int, settled: Callable[[], None]
) -> Trials:
    """Runs over the counties around a region, parameters from the priors: scrambled Sobol points.

    They are spread evenly for a power of 2; of any other number they are the first.
    """
    assert settings.pool is not None
    whole = 1 << (settings.pool_runs - 1).bit_length()
    values = sampled("sobol", PARAMETERS, whole, settings.seed)[: settings.pool_runs]
    design = trials.design(settings.pool, values, settings.pool_scale, "trials-pool")
    return trials.run(design, folder / "pool", jobs, settled)


def own_trials(
    settings: EstimateSettings, values: Floats, folder: Path, jobs: int,
    settled: Callable[[], None],
) -> Trials:  # fmt: skip
    """Runs of the region itself, one for each row of values, as they would be at full scale.

    The first `pairs` of them are made at full scale too, with the same random numbers.
    """
    design = trials.design(settings.region, values, settings.scale, "trials-own")
    found = trials.run(design, folder / "own", jobs, settled)
    if settings.scale >= 1 or not settings.pairs:
        return found
    design = trials.design(settings.region, values[: settings.pairs], 1.0, "trials-own-full-scale")
    whole = trials.run(design, folder / "own-full-scale", jobs, settled)
    return found.corrected(whole, settings.seed)


# Stages


def estimated(table: RunTable, own: Trials, settings: EstimateSettings) -> Stage:
    """Estimate from a table whose parameters were drawn from the priors.

    Raises
    ------
    PriorPredictiveError
        if the model cannot have made the observations.
    """
    training = training_set(table, PRIORS, Discrepancy.like(table), seed=settings.seed)
    return _learned(own, training, np.arange(len(training.simulated)), settings)


def updated(
    before: Stage, table: RunTable, own: Trials, sizes: Floats, settings: EstimateSettings
) -> Stage:
    """Estimate a region from runs whose parameters, and sizes of errors, came from `before`.

    Parameters
    ----------
    sizes : (run, size) normal scores of the sizes of errors of each run
    """
    discrepancy = before.training.discrepancy
    rng = np.random.default_rng([settings.seed, 7])
    errors = discrepancy.errors(sizes, table.groups, rng)
    scores = np.hstack([normal_scores(PRIORS, table.theta), sizes])
    every = (*PRIORS, *discrepancy.priors)
    training = TrainingSet(table, every, scores, table.stats + errors, discrepancy)
    __, origins = np.unique(sizes, axis=0, return_inverse=True)  # a draw may be taken twice
    return _learned(own, training, origins.ravel(), settings)


def _learned(
    own: Trials, training: TrainingSet, origins: Ints, settings: EstimateSettings
) -> Stage:
    check = prior_predictive_check(training.table, training.simulated)
    if check.failed:
        raise PriorPredictiveError(check.sentence())
    count = len(np.unique(origins))
    held_out = max(min(HELD_OUT, int(MOST_HELD_OUT * count)), FEWEST_HELD_OUT)
    rows = split(origins, seed=settings.seed, inflation=held_out, testing=held_out)
    estimator = learn(training, rows.learning, seed=settings.seed, origins=origins)
    view = estimator.condition_on()
    factors = conformal_inflation(
        view.posteriors(training.simulated[rows.inflation]), training.scores[rows.inflation]
    )
    tested = view.posteriors(training.simulated[rows.testing])
    return Stage(
        trials=own, training=training, rows=rows, check=check, estimator=estimator,
        inflation=factors,
        calibration=calibration_test(
            [inflated(p, factors, training) for p in tested], training.scores[rows.testing]
        ),
        posterior=inflated(view.posterior(training.table.observed), factors, training),
    )  # fmt: skip


def inflated(posterior: WeightedDraws, factors: Floats, training: TrainingSet) -> WeightedDraws:
    """A posterior as wide as the conformal factors ask for, but no wider than the prior."""
    most = training.scores.std(axis=0) / np.maximum(posterior.sd, 1e-9)
    return posterior.inflated(np.minimum(factors, np.maximum(most, 1)))


def drawn(stage: Stage, count: int, seed: int) -> tuple[Floats, Floats, Ints]:
    """Draws of equal weight from the posterior of a stage, in random order.

    What is not estimated comes from the run that a draw goes back to.

    Returns
    -------
    values (draw, parameter), scores of the sizes of errors (draw, size), and the number of the
    draw of county and yearly effects (draw,)
    """
    chosen = stage.posterior.resampled(count, seed)
    order = np.random.default_rng([seed, 17]).permutation(count)
    chosen = replace(chosen, draws=chosen.draws[order], rows=chosen.rows[order])
    values = stage.trials.values[chosen.rows].copy()
    values[:, [PARAMETERS.index(name) for name in FREE]] = chosen.of(FREE).values(PRIORS).draws
    numbers = np.array(stage.trials.numbers)[chosen.rows]
    return values, chosen.draws[:, len(FREE):], numbers  # fmt: skip
