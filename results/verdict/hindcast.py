"""Hindcast: forecasts of the second census for counties held out, and their scores.

The model and every statistical baseline forecast the second census of each comparable county, its
own record kept from them: the county's alone, or its whole prefecture's. The model does so by the
table of trials, through the posterior of its parameters and errors given the other counties.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from xiancheng.calibration.forecasts.forecast import hindcast
from xiancheng.calibration.forecasts.melding import BASELINES, SINGLE, members_of_draws
from xiancheng.calibration.forecasts.panel import HoldOut, Panel, hold_out
from xiancheng.calibration.forecasts.scoring import (
    LEVELS,
    ForecastScores,
    crps,
    interval,
    stacking_weights,
)
from xiancheng.calibration.region import Region
from xiancheng.calibration.region.counties import enumerated, rate, summaries
from xiancheng.results.report import charts
from xiancheng.results.store.record import software
from xiancheng.results.verdict import estimate
from xiancheng.results.verdict.account import recovery
from xiancheng.results.verdict.estimate import EstimateSettings, Stage, shortfalls
from xiancheng.results.verdict.trials import Trials, censuses
from xiancheng.sim.state import Bools, Floats

MODEL, RUNS, STACKED = "model", "model_runs", "stacked"
PARTS = ("urban_growth", "rural_growth", "residents_growth")  # whose signs are tested
THRESHOLD = 12.0  # points in ten years, about what counties of the province gained (a choice)
DRAWS = 2000  # of each forecast
PERMUTATIONS = 5  # of the structure of counties
EVERY = 13  # one unit of so many is predicted in synthetic data


@dataclass(frozen=True, eq=False)
class Hindcast:
    """Forecasts of the second census, one county or prefecture held out at a time."""

    panel: Panel  # of the counties that are scored
    by: HoldOut
    rates: Mapping[str, Floats]  # by forecaster, (draw, unit) [percent]
    growth: Mapping[str, Floats]  # of the model, by part (draw, unit) [100 log points]

    @property
    def observed(self) -> Floats:
        """Rates of the second census, (unit,) [percent]."""
        return np.asarray(self.panel.rate[1])

    def scores(self, chosen: Bools | None = None) -> dict[str, ForecastScores]:
        """Scores of every forecaster, over all counties or those `chosen`, (unit,)."""
        own = np.ones(len(self.panel), bool) if chosen is None else chosen
        threshold = self.panel.rate[0] + THRESHOLD
        return {
            name: ForecastScores.of(draws[:, own], self.observed[own], threshold[own])
            for name, draws in self.rates.items()
        }

    def weights(self) -> dict[str, float]:
        """Weights of a mixture of the model and the baselines with the least CRPS here."""
        names = [MODEL, *(f.name for f in SINGLE)]
        found = stacking_weights([self.rates[name] for name in names], self.observed)
        return dict(zip(names, found.tolist(), strict=True))

    def rows(self) -> list[dict[str, Any]]:
        """A row for each forecaster."""
        every = self.scores()
        reference = every[MODEL].crps
        change = self.observed - self.panel.rate[0]
        fell = change < 0
        return [
            {
                "left_out": self.by, "forecaster": name, "cases": s.cases, "mae": s.mae,
                "r": _correlation(np.median(self.rates[name], axis=0) - self.panel.rate[0], change),
                "bias": s.bias, "crps": s.crps,
                "model_skill": 1 - reference / s.crps if name != MODEL else None,
                **{f"cover_{100 * level:.0f}": c[0]
                   for level, c in zip(LEVELS, s.coverage, strict=True)},
                "brier": s.brier, "fell": int(fell.sum()),
                "fell_inside_95": int(self.inside(name, 0.95)[fell].sum()),
            }
            for name, s in every.items()
        ]  # fmt: skip

    def inside(self, name: str, level: float) -> Bools:
        """Whether the census lies inside the central interval of a forecaster, (unit,)."""
        low, high = interval(self.rates[name], level)
        return np.asarray((low <= self.observed) & (self.observed <= high))

    def counties(self, name: str, chosen: Bools) -> list[dict[str, Any]]:
        """A row for each county `chosen`: the forecast of one forecaster, and the census."""
        draws = self.rates[name]
        low, high = interval(draws, 0.8)
        lowest, highest = interval(draws, 0.95)
        return [
            {
                "unit_code": self.panel.codes[i], "begun": float(self.panel.rate[0, i]),
                "seen": float(self.observed[i]), "median": float(np.median(draws[:, i])),
                "low_80": float(low[i]), "high_80": float(high[i]),
                "low_95": float(lowest[i]), "high_95": float(highest[i]),
            }
            for i in np.flatnonzero(chosen)
        ]  # fmt: skip

    def signs(self, change: Mapping[str, Floats], chosen: Bools) -> list[dict[str, Any]]:
        """Whether the model's median has the sign of the observed change, part by part.

        Parameters
        ----------
        change : by part, observed (unit,) [100 log points]
        """
        rows = []
        for part, draws in self.growth.items():
            middle, (low, high) = np.median(draws, axis=0), interval(draws, 0.95)
            for i in np.flatnonzero(chosen):
                seen = float(change[part][i])
                rows.append({
                    "unit_code": self.panel.codes[i], "part": part, "seen": seen,
                    "median": float(middle[i]), "low_95": float(low[i]), "high_95": float(high[i]),
                    "right": bool(np.sign(seen) == np.sign(middle[i])),
                    "inside": bool(low[i] <= seen <= high[i]),
                })  # fmt: skip
        return rows


def _correlation(a: Floats, b: Floats) -> float | None:
    """Of two changes over units; None where one does not vary."""
    return float(np.corrcoef(a, b)[0, 1]) if min(np.ptp(a), np.ptp(b)) > 1e-9 else None


# Forecasts


def hindcasts(
    stage: Stage, settings: EstimateSettings, done: Callable[[], None] = lambda: None
) -> list[Hindcast]:
    """Holding out a county, then a prefecture if there are several; `done` is called for each."""
    whole = Panel.of(stage.trials.pack)
    panel = whole.take(whole.comparable)
    found = []
    ways: list[HoldOut] = ["unit", "prefecture"] if len(set(panel.prefecture)) > 1 else ["unit"]
    for by in ways:
        rates, growth = _by_model(stage, panel, by, settings.seed, done)
        rates |= {
            each.name: hindcast(each, panel, by=by, draws=DRAWS, seed=settings.seed)
            for each in BASELINES
        }
        rates[STACKED] = stacked(rates, panel, by, settings.seed)
        found.append(Hindcast(panel, by, rates, growth))
    return found


def stacked(rates: Mapping[str, Floats], panel: Panel, by: HoldOut, seed: int) -> Floats:
    """The statistical forecasts stacked, (draw, unit): what carries the level of a verdict.

    The weights for what is held out are those with the least CRPS over all the others.
    """
    members = [rates[each.name] for each in SINGLE]
    result = np.empty_like(members[0])
    rng = np.random.default_rng([seed, 11])
    for _, out in hold_out(panel, by):
        away = np.isin(panel.codes, out.codes)
        weights = stacking_weights([draws[:, ~away] for draws in members], panel.rate[1, ~away])
        which = members_of_draws(weights, len(result), rng)
        result[:, away] = np.stack(members)[which, np.arange(len(result))][:, away]
    return result


def _by_model(
    stage: Stage, panel: Panel, by: HoldOut, seed: int, done: Callable[[], None]
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Rates of the second census (draw, unit) [percent], and growth of the parts.

    Rates are those of the estimate, with the errors that it adds, and those of the runs as they
    are, taken in proportion to their weight in the posterior given the others.
    """
    rates, runs = np.empty((2, DRAWS, len(panel)))
    growth = {part: np.empty((DRAWS, len(panel))) for part in PARTS}
    table = stage.training.table
    observed, column = table.observed, table.summaries.index("rate_change")
    for _, out in hold_out(panel, by):
        away = np.isin(panel.codes, out.codes)
        view = stage.estimator.condition_on(~away)
        taken = view.posterior(observed).resampled(DRAWS, seed).rows
        for unit in np.flatnonzero(away):
            runs[:, unit] = panel.rate[0, unit] + table.stats[taken, unit, column]
            predicted = view.predictor(int(unit), ("rate_change", *PARTS)).posterior(observed)
            draws = predicted.resampled(DRAWS, seed + int(unit)).draws
            rates[:, unit] = np.clip(panel.rate[0, unit] + draws[:, 0], 0, 100)
            for k, part in enumerate(PARTS, start=1):
                growth[part][:, unit] = draws[:, k]
            done()
    return {MODEL: rates, RUNS: runs}, growth


def without_its_covariate(found: Hindcast, seed: int) -> list[dict[str, Any]]:
    """What the structural gap gains is gone where structure is that of other counties.

    Returns
    -------
    for what was left out: CRPS of the forecaster as it is, of it with the structure of counties
    permuted (mean, least), and of the shared trend, which has another covariate
    """
    gap = next(each for each in SINGLE if each.name == "structural_gap")
    panel, each = found.panel, found.scores()
    scores = []
    for turn in range(PERMUTATIONS):
        order = np.random.default_rng([seed, 19, turn]).permutation(len(panel))
        other = replace(panel, structure=panel.structure[:, order])
        draws = hindcast(gap, other, by=found.by, draws=DRAWS, seed=seed)
        scores.append(float(crps(draws, found.observed).mean()))
    return [{
        "left_out": found.by, "crps": each[gap.name].crps, "permuted": float(np.mean(scores)),
        "least": min(scores), "shared_trend": each["shared_trend"].crps,
    }]  # fmt: skip


def synthetic(stage: Stage, units: Sequence[int] | None = None) -> dict[str, Any]:
    """Whether truth is found, and predictions hold, on runs that nothing was learned from.

    The last unit of every few is predicted from the others, in each of these runs.
    """
    training, rows = stage.training, stage.rows.testing
    table = training.table
    chosen = list(range(0, len(table.units), EVERY)) if units is None else list(units)
    column = table.summaries.index("rate_change")
    inside: list[list[bool]] = []
    for unit in chosen:
        keep = np.ones(len(table.units), bool)
        keep[unit] = False
        predictor = stage.estimator.condition_on(keep).predictor(unit, ("rate_change",))
        predicted = predictor.posteriors(training.simulated[rows])
        for row, draws in zip(rows, predicted, strict=True):
            truth = training.simulated[row, unit, column]
            bounds = [draws.interval(level)[:, 0] for level in LEVELS]
            inside.append([bool(low <= truth <= high) for low, high in bounds])
    return {
        "recovery": recovery(stage),
        "predictions": len(inside),
        "coverage": dict(zip([f"{level:g}" for level in LEVELS],
                             np.mean(inside, axis=0).tolist(), strict=True)),
    }  # fmt: skip


def observed_changes(trials: Trials) -> dict[str, Floats]:
    """Changes between the censuses, of the comparable counties, each (unit,)."""
    pack = trials.pack
    before, later = (enumerated(pack, day) for day in censuses(pack))
    panel = Panel.of(pack)
    own = panel.comparable
    assert np.allclose(rate(later)[own], panel.take(own).rate[1])
    return {name: column[own] for name, column in summaries(before, later).items()}


def trials_of(
    settings: EstimateSettings, folder: Path, jobs: int, settled: Callable[[], None]
) -> Trials:
    """The trials that a hindcast learns from: those of the estimate, made if they are missing."""
    if settings.pool is None:
        return estimate.own_trials(settings, estimate.from_priors(settings), folder, jobs, settled)
    return estimate.pool_trials(settings, folder, jobs, settled)


def learned(trials: Trials, settings: EstimateSettings) -> Stage:
    """The estimate from all comparable counties of the trials."""
    return estimate.estimated(trials.table(Panel.of(trials.pack).comparable), trials, settings)


def picture(found: Hindcast) -> bytes:
    """The model's forecast of each county beside the census, as SVG.

    Raises
    ------
    RequestError
        if matplotlib is missing.
    """
    charts.installed()
    from matplotlib.figure import Figure

    draws = found.rates[MODEL] - found.panel.rate[0]
    observed, middle = found.observed - found.panel.rate[0], np.median(draws, axis=0)
    low, high = interval(draws, 0.8)
    order = np.argsort(observed)
    at = np.arange(len(order))
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.vlines(at, low[order], high[order], color="#9db7d3", lw=3)
    axes.plot(at, middle[order], "_", color="#0b5394", ms=6)
    axes.plot(at, observed[order], "o", color="#b45309", ms=3.5)
    axes.set_xticks([])
    axes.set_xlabel(f"{len(order)} counties of the record, in order of what came out")
    axes.set_ylabel("change of the rate, points")
    axes.legend(["model, left out: 80 %", "median", "census"], frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    out = BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


def account(
    chosen: EstimateSettings, pack: Region, found: Sequence[Hindcast],
    change: Mapping[str, Any], synthetic: Mapping[str, Any],
    auxiliary: Sequence[Mapping[str, Any]] = (), permuted: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:  # fmt: skip
    """Everything a hindcast gave, JSON-ready."""
    first, last = found[0], found[-1]
    inside = np.isin(first.panel.codes, [county.code for county in pack.counties])
    return {
        "software": software().model_dump(),
        "settings": asdict(chosen),
        "trial": shortfalls(chosen, own=False),
        "units": len(first.panel),
        "years": [str(day) for day in first.panel.dates],
        "scores": [row for each in found for row in each.rows()],
        "own": [
            {"forecaster": name, "mae": s.mae, "bias": s.bias, "crps": s.crps}
            for name, s in last.scores(inside).items()
        ],
        "weights": first.weights(),
        "counties": {name: last.counties(name, inside) for name in (STACKED, MODEL)},
        "signs": last.signs(change, inside),
        "auxiliary": list(auxiliary),
        "permuted": list(permuted),
        "synthetic": dict(synthetic),
    }
