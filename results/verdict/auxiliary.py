"""Auxiliary regressions: whether changes go together in the model as they do in the censuses.

The same regression across counties is made on the observed changes between two censuses and on the
changes in each run: the change of the urban rate on one other change, with the rate at the start
beside it. Where the model responds as counties did, slopes agree. No slope is a cause: what moves
both is in both. The form and the list were written down before any was computed, and none of them
enters the estimate (indirect inference would; here they test it).

Runs are those of the table of trials, weighted by the posterior of all counties, without the errors
that the estimate adds.

References
----------
Gourieroux, Monfort & Renault (1993), Journal of Applied Econometrics 8 (auxiliary models)
MacKinnon & White (1985), Journal of Econometrics 29 (HC1 standard errors)
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from xiancheng.calibration.forecasts.panel import Panel
from xiancheng.calibration.naming import former_units
from xiancheng.calibration.region import Region
from xiancheng.calibration.region.census_import import shipped_concordance
from xiancheng.calibration.region.counties import enumerated, rate, summaries
from xiancheng.results.verdict.estimate import Stage
from xiancheng.results.verdict.trials import Trials, censuses
from xiancheng.sim.observation import IN_MOVERS
from xiancheng.sim.state import Bools, Floats

OUTCOME = "rate_change"  # of the urban rate [points]
NON_FARM, BOUGHT, SCHOOL, RAISED = "nonfarm_change", "bought_change", "cohort_10_19", "raised"
CHANGES = (NON_FARM, BOUGHT, SCHOOL, *(f"{name}_change" for name in IN_MOVERS))
DRAWS = 400  # runs, taken in proportion to their weight
FEWEST = 20  # counties for a slope


def regressions(made: Trials, stage: Stage, seed: int) -> list[dict[str, Any]]:
    """The slopes on observed and on simulated changes, a row for each regression.

    Returns
    -------
    name; counties; slope observed, its standard error; median, 5 and 95 % of the slopes of runs and
    their standard deviation (None where the model has no such change); distance, observed less
    median in standard deviations of both together. In points of the rate for each point or each 100
    log points of the change; for `raised`, points for a county that became a city or a district.
    """
    pack, panel = made.pack, Panel.of(made.pack)
    before, later = (enumerated(pack, day) for day in censuses(pack))
    start, change = rate(before), summaries(before, later)
    taken = stage.estimator.condition_on().posterior(stage.training.table.observed)
    runs = made.stats()[taken.resampled(DRAWS, seed).rows]  # (run, county, summary)
    simulated = dict(zip(change, np.moveaxis(runs, 2, 0), strict=True))
    homes = [100 * pack.home(day)["bought"] for day in censuses(pack)]
    observed = {**_with_non_farm(change), BOUGHT: homes[1] - homes[0]}
    chosen = np.asarray(panel.comparable)
    rows = [
        _row(name, chosen, start, observed, _with_non_farm(simulated)) for name in CHANGES
    ]  # fmt: skip
    lifted = raised(pack)
    observed[RAISED] = lifted.astype(float)
    simulated[RAISED] = np.tile(observed[RAISED], (len(runs), 1))
    rows.append(_row(RAISED, chosen | lifted, start, observed, simulated))
    return [row for row in rows if row is not None]


def raised(pack: Region) -> Bools:
    """Counties that became a city or a district since the census of 2010, and cities a district.

    Without those that were put together from several units: their area is another. (county,)
    """
    joined = {join.unit for join in shipped_concordance().joins if len(join.of) > 1}
    became = {each.now for each in former_units() if each.zh[-1] in "县市"}
    return np.array([county.code in became - joined for county in pack.counties])


def _with_non_farm(change: Mapping[str, Floats]) -> dict[str, Floats]:
    """Changes with that of the share of the employed who do not farm."""
    return {**change, NON_FARM: -change["farming_change"]}


def _row(
    name: str, chosen: Bools, start: Floats, observed: Mapping[str, Floats],
    simulated: Mapping[str, Floats],
) -> dict[str, Any] | None:  # fmt: skip
    """The regression on one change; None where too few counties have it, or none differs."""
    own = chosen & np.isfinite(observed[name])
    if own.sum() < FEWEST or np.ptp(observed[name][own]) == 0:
        return None
    slope, se = fitted(observed[OUTCOME][own], observed[name][own], start[own])
    row: dict[str, Any] = {
        "name": name, "counties": int(own.sum()), "slope": slope, "se": se,
        "median": None, "low": None, "high": None, "sd": None, "distance": None,
    }  # fmt: skip
    if name in simulated:
        pairs = zip(simulated[OUTCOME][:, own], simulated[name][:, own], strict=True)
        slopes = np.array([fitted(y, x, start[own])[0] for y, x in pairs])
        low, middle, high = np.quantile(slopes, [0.05, 0.5, 0.95]).tolist()
        sd = float(slopes.std())
        row |= {"median": middle, "low": low, "high": high, "sd": sd,
                "distance": (slope - middle) / float(np.hypot(se, sd))}  # fmt: skip
    return row


def fitted(y: Floats, x: Floats, control: Floats) -> tuple[float, float]:
    """Slope of y on x beside a constant and a control, its HC1 standard error; all (county,)."""
    design = np.column_stack([x, np.ones(len(x)), control])
    inverse = np.linalg.pinv(design.T @ design)
    beta = inverse @ (design.T @ y)
    left = y - design @ beta
    scale = len(y) / (len(y) - design.shape[1])
    covariance = scale * inverse @ (design.T * left**2) @ design @ inverse
    return float(beta[0]), float(np.sqrt(covariance[0, 0]))
