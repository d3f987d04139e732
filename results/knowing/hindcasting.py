"""Hindcast: what everyone would have said of 2020 from 2010, of counties they did not know.

The model and every statistical baseline forecast the second census of each comparable county, its
own record kept from them: the county's alone, or its whole prefecture's. The model does so by the
table of trials, through what the other counties made of its parameters and of its errors.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from xiancheng.calibration.baselines import BASELINES, SINGLE
from xiancheng.calibration.baselines.forecast import hindcast
from xiancheng.calibration.baselines.pool import rows_of
from xiancheng.calibration.estimation.identify import recovery
from xiancheng.calibration.estimation.identify import rows as told
from xiancheng.calibration.panel import Left, Panel, left_out
from xiancheng.calibration.region import load
from xiancheng.calibration.region.census_change import enumerated, rate, summaries
from xiancheng.calibration.scores import LEVELS, Scores, interval, stacked
from xiancheng.results.knowing import trials
from xiancheng.results.knowing.estimating import Settings, Stage, alone, estimated, pooled, widened
from xiancheng.results.knowing.trials import Trials, censuses
from xiancheng.results.report import charts
from xiancheng.sim.state import Bools, Floats

MODEL, STACKED = "model", "stacked"
PARTS = ("urban_growth", "rural_growth", "residents_growth")  # whose signs are asked for
THRESHOLD = 12.0  # points in ten years, about what counties of the province gained (a choice)
DRAWS = 2000  # of each forecast


@dataclass(frozen=True)
class Hindcast:
    """Forecasts of the second census by everyone, one county or prefecture left out at a time."""

    panel: Panel  # of the counties that are scored
    by: Left
    made: Mapping[str, Floats]  # by forecaster, (draw, unit) [percent]
    parts: Mapping[str, Floats]  # of the model, growth by part (draw, unit) [100 log points]

    @property
    def seen(self) -> Floats:
        """What came out, (unit,) [percent]."""
        return np.asarray(self.panel.rate[1])

    @property
    def threshold(self) -> Floats:
        """A rate to be reached or not, (unit,) [percent]."""
        return np.asarray(self.panel.rate[0] + THRESHOLD)

    def scores(self, chosen: Bools | None = None) -> dict[str, Scores]:
        """Everyone's scores, over all counties or those `chosen`."""
        own = np.ones(len(self.panel), bool) if chosen is None else chosen
        return {
            name: Scores.of(draws[:, own], self.seen[own], self.threshold[own])
            for name, draws in self.made.items()
        }

    def weights(self) -> dict[str, float]:
        """Weights of a mixture of the model and the baselines with the least CRPS here."""
        names = [MODEL, *(f.name for f in SINGLE)]
        found = stacked([self.made[name] for name in names], self.seen)
        return dict(zip(names, found.tolist(), strict=True))

    def rows(self) -> list[dict[str, Any]]:
        """A row for each forecaster."""
        reference = self.scores()[MODEL].crps
        return [
            {
                "left_out": self.by, "forecaster": name, "cases": s.cases, "mae": s.mae,
                "bias": s.bias, "crps": s.crps,
                "model_skill": 1 - reference / s.crps if name != MODEL else None,
                **{f"cover_{100 * level:.0f}": c[0]
                   for level, c in zip(LEVELS, s.coverage, strict=True)},
                "brier": s.brier,
            }
            for name, s in self.scores().items()
        ]  # fmt: skip

    def counties(self, name: str, chosen: Bools) -> list[dict[str, Any]]:
        """A row for each county `chosen`: what a forecaster said, and what came out."""
        draws = self.made[name]
        low, high = interval(draws, 0.8)
        lowest, highest = interval(draws, 0.95)
        return [
            {
                "unit_code": self.panel.codes[i], "begun": float(self.panel.rate[0, i]),
                "seen": float(self.seen[i]), "median": float(np.median(draws[:, i])),
                "low_80": float(low[i]), "high_80": float(high[i]),
                "low_95": float(lowest[i]), "high_95": float(highest[i]),
            }
            for i in np.flatnonzero(chosen)
        ]  # fmt: skip


def signs(found: Hindcast, change: Mapping[str, Floats], chosen: Bools) -> list[dict[str, Any]]:
    """Whether the model's median has the sign of what came out, part by part.

    Parameters
    ----------
    change : by part, what came out (unit,) [100 log points]
    """
    rows = []
    for part, draws in found.parts.items():
        middle, (low, high) = np.median(draws, axis=0), interval(draws, 0.95)
        for i in np.flatnonzero(chosen):
            seen = float(change[part][i])
            rows.append({
                "unit_code": found.panel.codes[i], "part": part, "seen": seen,
                "median": float(middle[i]), "low_95": float(low[i]), "high_95": float(high[i]),
                "right": bool(np.sign(seen) == np.sign(middle[i])),
                "inside": bool(low[i] <= seen <= high[i]),
            })  # fmt: skip
    return rows


def learned(made: Trials, settings: Settings) -> Stage:
    """What the trials say of all comparable counties."""
    return estimated(made.table(Panel.of(made.pack).comparable), made, settings)


def hindcasts(
    stage: Stage, settings: Settings, done: Callable[[], None] = lambda: None
) -> list[Hindcast]:
    """Leaving out a county, then a prefecture if there are several; `done` is called for each."""
    whole = Panel.of(stage.trials.pack)
    panel = whole.take(whole.comparable)
    found = []
    ways: tuple[Left, ...] = ("unit", "prefecture") if len(set(panel.prefecture)) > 1 else ("unit",)
    for by in ways:
        rates, parts = _by_model(stage, panel, by, settings.seed, done)
        made = {MODEL: rates} | {
            each.name: hindcast(each, panel, by=by, draws=DRAWS, seed=settings.seed)
            for each in BASELINES
        }
        made[STACKED] = mixed(made, panel, by, settings.seed)
        found.append(Hindcast(panel, by, made, parts))
    return found


def mixed(made: Mapping[str, Floats], panel: Panel, by: Left, seed: int) -> Floats:
    """The statistical forecasts stacked, (draw, unit): what carries the level of a verdict.

    The weights for what is left out are those with the least CRPS over all the others.
    """
    members = [made[each.name] for each in SINGLE]
    result = np.empty_like(members[0])
    rng = np.random.default_rng([seed, 11])
    for _, out in left_out(panel, by):
        away = np.isin(panel.codes, out.codes)
        weights = stacked([draws[:, ~away] for draws in members], panel.rate[1, ~away])
        which = rows_of(weights, len(result), rng)
        result[:, away] = np.stack(members)[which, np.arange(len(result))][:, away]
    return result


def _by_model(
    stage: Stage, panel: Panel, by: Left, seed: int, done: Callable[[], None]
) -> tuple[Floats, dict[str, Floats]]:
    """Rates of the second census (draw, unit) [percent], and growth of the parts."""
    rates = np.empty((DRAWS, len(panel)))
    parts = {part: np.empty((DRAWS, len(panel))) for part in PARTS}
    observed = stage.world.table.observed
    for _, out in left_out(panel, by):
        away = np.isin(panel.codes, out.codes)
        view = stage.estimator.seeing(~away)
        for unit in np.flatnonzero(away):
            said = view.of_unit(int(unit), ("rate_change", *PARTS)).posterior(observed)
            draws = said.resampled(DRAWS, seed + int(unit)).draws
            rates[:, unit] = np.clip(panel.rate[0, unit] + draws[:, 0], 0, 100)
            for k, part in enumerate(PARTS, start=1):
                parts[part][:, unit] = draws[:, k]
            done()
    return rates, parts


def synthetic(stage: Stage, units: Sequence[int] | None = None) -> dict[str, Any]:
    """Whether truth is found, and predictions hold, on runs that nothing was learned from.

    The last unit of every few is predicted from the others, in each of these runs.
    """
    world, rows = stage.world, stage.dealt.gate
    view = stage.estimator.seeing()
    posteriors = [widened(p, stage.factors, world) for p in view.posteriors(world.said[rows])]
    chosen = list(range(0, len(world.table.units), 13)) if units is None else list(units)
    column = world.table.summaries.index("rate_change")
    inside: list[list[bool]] = []
    for unit in chosen:
        keep = np.ones(len(world.table.units), bool)
        keep[unit] = False
        predictor = stage.estimator.seeing(keep).of_unit(unit, ("rate_change",))
        for row, said in zip(rows, predictor.posteriors(world.said[rows]), strict=True):
            truth = world.said[row, unit, column]
            bounds = [said.interval(level)[:, 0] for level in LEVELS]
            inside.append([bool(low <= truth <= high) for low, high in bounds])
    return {
        "recovery": told(recovery(posteriors, world.scores[rows])),
        "predictions": len(inside),
        "coverage": dict(zip([f"{level:g}" for level in LEVELS],
                             np.mean(inside, axis=0).tolist(), strict=True)),
    }  # fmt: skip


def changes(made: Trials) -> dict[str, Floats]:
    """What came out between the censuses, of the comparable counties, each (unit,)."""
    pack = load(made.region)
    before, later = (enumerated(pack, day) for day in censuses(pack))
    own = Panel.of(pack).comparable
    assert np.allclose(rate(later)[own], Panel.of(pack).take(own).rate[1])
    return {name: column[own] for name, column in summaries(before, later).items()}


def table(settings: Settings, folder: Path, jobs: int, settled: Callable[[], None]) -> Trials:
    """The trials that a hindcast learns from: those of the estimate, made if they are missing."""
    if settings.pool is None:
        made = trials.design(settings.region, alone(settings), settings.scale, "trials-own")
        return trials.made(made, folder / "own", jobs, settled)
    return pooled(settings, folder, jobs, settled)


def picture(found: Hindcast) -> bytes:
    """What the model said of each county beside what came out, as SVG.

    Raises
    ------
    RequestError
        if matplotlib is missing.
    """
    charts.installed()
    from matplotlib.figure import Figure

    draws = found.made[MODEL] - found.panel.rate[0]
    seen, middle = found.seen - found.panel.rate[0], np.median(draws, axis=0)
    low, high = interval(draws, 0.8)
    order = np.argsort(seen)
    at = np.arange(len(order))
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.vlines(at, low[order], high[order], color="#9db7d3", lw=3)
    axes.plot(at, middle[order], "_", color="#0b5394", ms=6)
    axes.plot(at, seen[order], "o", color="#b45309", ms=3.5)
    axes.set_xticks([])
    axes.set_xlabel(f"{len(order)} counties of the record, in order of what came out")
    axes.set_ylabel("change of the rate, points")
    axes.legend(["model, left out: 80 %", "median", "census"], frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    out = BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()
