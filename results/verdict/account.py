"""The account of an estimate: everything that a reader needs to judge it, JSON-ready.

It is made once, when a region is estimated, and kept beside the posterior sample; tables and pages
are made from it alone.

Auxiliary regressions tell whether changes go together in the model as they do in the censuses. The
same regression across counties is made on the observed changes between two censuses and on the
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
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np

from xiancheng.calibration.forecasts.panel import Panel
from xiancheng.calibration.i18n import Words
from xiancheng.calibration.inference import diagnostics
from xiancheng.calibration.inference.discrepancy import SHARED
from xiancheng.calibration.inference.draws import WeightedDraws, from_scores
from xiancheng.calibration.inference.emulator import agreement, emulator, history_match, tempered
from xiancheng.calibration.inference.table import feature_names
from xiancheng.calibration.naming import former_units
from xiancheng.calibration.region import Region, load
from xiancheng.calibration.region.census_import import shipped_concordance
from xiancheng.calibration.region.counties import enumerated, rate, summaries
from xiancheng.results.store.record import environment, software
from xiancheng.results.verdict.estimate import PRIORS, EstimateSettings, Stage, inflated
from xiancheng.results.verdict.trials import FREE, Trials, censuses
from xiancheng.scenarios.loader import load_plan
from xiancheng.scenarios.run_spec import RunSpec
from xiancheng.scenarios.trace import by_lever
from xiancheng.scenarios.trunk import simulate_together
from xiancheng.sim.levers import LEVERS
from xiancheng.sim.observation import IN_MOVERS
from xiancheng.sim.state import Bools, Floats

INTERVAL = (0.05, 0.5, 0.95)
SCORES = (-1.6448536, 0.0, 1.6448536)  # normal scores of INTERVAL
SCALED_BY = {  # the free parameter that scales the effect of a lever, where there is one
    "tradable_jobs": "job_mover_share",
    "returnee_jobs": "job_mover_share",
    "urban_posts": "job_mover_share",
    "school_seats": "beta_s",
    "school_quality": "beta_s",
    "enrolment_openness": "beta_s",
}
EXPLAINED = ("rate_change", "urban_growth", "residents_growth")  # outcomes with Sobol indices
SOBOL_POINTS = 256
FEW = 5000  # rows that a probe takes at least


def account(
    settings: EstimateSettings, first: Stage | None, last: Stage, numbers: dict[str, Any]
) -> dict[str, Any]:
    """Settings, results and diagnostics of an estimate.

    Parameters
    ----------
    first
        the estimate from the counties around, None for a region that stands alone
    last
        the region's own
    numbers
        anything else to be kept, such as seconds
    """
    pack = load(settings.region)
    deep = first or last
    free = deep.posterior.of(FREE)
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "software": software().model_dump(),
        "environment": environment().model_dump(),
        "region": {"name": settings.region, "sha256": pack.digest},
        "pool": None if settings.pool is None else {
            "name": settings.pool, "sha256": load(settings.pool).digest,
        },
        "settings": asdict(settings),
        "numbers": numbers,
        "parameters": parameters(last.posterior),
        "errors": errors(last),
        "stages": [stage(each) for each in (first, last) if each is not None],
        "full_scale": full_scale(last),
        "joint": {
            "pairs": diagnostics.pairs(free),
            "directions": diagnostics.directions(free),
        },
        "recovery": recovery(deep, FREE),
        "second_opinion": emulator_cross_check(deep, settings.seed),
        "levers": levers(deep.posterior),
        "probe": probe(settings.region),
    }  # fmt: skip


def probe(region: str) -> list[float]:
    """Rates of a small run at the central parameters, (group,) [percent].

    An estimate belongs to the model that it was made with; where the same run gives other rates,
    the model has changed since.
    """
    pack = load(region)
    people = sum(pack.urban_rural(pack.censuses[-1]).sum(axis=1))
    scale = float(min(1.0, max(0.01, FEW / people)))
    [outcome] = simulate_together([RunSpec.of("baseline", region=region, scale=scale)])
    rates = outcome.at("resident_urbanization_rate", outcome.dates[-1])
    return [round(float(rate), 6) for rate in rates]


def parameters(posterior: WeightedDraws) -> list[dict[str, Any]]:
    """A row for each estimated parameter: quantiles of prior and posterior, contraction."""
    own = posterior.of(FREE)
    after = own.values(PRIORS).quantile(INTERVAL)
    before = from_scores(PRIORS, np.tile(np.array(SCORES)[:, None], len(FREE)))
    gained = diagnostics.contractions(own)
    return [
        {
            "name": prior.name, "zh": prior.title["zh"], "en": prior.title["en"],
            "unit": prior.unit, "grade": prior.grade,
            "prior": before[:, k].tolist(), "posterior": after[:, k].tolist(),
            "contraction": gained[prior.name][0], "word": gained[prior.name][1],
        }
        for k, prior in enumerate(PRIORS)
    ]  # fmt: skip


def errors(last: Stage) -> list[dict[str, Any]]:
    """A row for each summary: the size of the model discrepancy, in the summary's unit."""
    own = last.training.discrepancy.priors
    names = [prior.name for prior in own]
    after = last.posterior.of(names).values(own).quantile(INTERVAL)
    before = from_scores(own, np.tile(np.array(SCORES)[:, None], len(names)))
    return [
        {
            "name": name.removeprefix("discrepancy:"), "shared": name == SHARED,
            "prior": before[:, k].tolist(), "posterior": after[:, k].tolist(),
        }
        for k, name in enumerate(names)
    ]  # fmt: skip


def stage(of: Stage) -> dict[str, Any]:
    """One table of runs, and whether its intervals may be shown."""
    factors = dict(zip(of.training.names, of.inflation.tolist(), strict=True))
    return {
        "region": of.trials.region,
        "runs": len(of.trials.values),
        "units": len(of.training.table.units),
        "summaries": list(of.training.table.summaries),
        "effective": of.posterior.effective_size,
        "check": _both(of.check.sentence()) | {"rows": of.check.rows},
        "gate": {
            "passed": of.calibration.passed, **_both(of.calibration.sentence()),
            "rows": of.calibration.rows,
        },
        "widened": {name: factor for name, factor in factors.items() if factor > 1},
    }  # fmt: skip


def full_scale(last: Stage) -> list[dict[str, Any]]:
    """What runs at a small scale lack of the full one, a row for each summary; none if none is."""
    correction = last.trials.correction
    return [] if correction is None else correction.rows(last.training.table.summaries)


def _both(words: Words) -> dict[str, str]:
    return {lang: words.text(lang) for lang in ("zh", "en")}


def recovery(of: Stage, names: tuple[str, ...] | None = None) -> list[dict[str, Any]]:
    """Whether the truth is found again in runs that nothing was learned from.

    Parameters
    ----------
    names : of the quantities; all that is unknown by default
    """
    rows, training = of.rows.testing, of.training
    names = training.names if names is None else names
    found = of.estimator.condition_on().posteriors(training.simulated[rows])
    found = [inflated(p, of.inflation, training).of(names) for p in found]
    columns = [training.names.index(name) for name in names]
    return diagnostics.recovery(found, training.scores[rows][:, columns])


def emulator_cross_check(of: Stage, seed: int) -> dict[str, Any]:
    """The same posterior by an emulator: history matching, tempered Monte Carlo, Sobol indices."""
    training, view = of.training, of.estimator.condition_on()
    x = training.scores[of.estimator.rows]
    observed = view.features(training.table.observed[None])[0]
    outputs = feature_names(training.table)
    fitted = emulator(x, view.own_features, inputs=training.names, outputs=outputs, seed=seed)
    other = tempered(lambda z: fitted.log_likelihood(z, observed), training.names, seed=seed)
    history = history_match(
        x[:, :len(FREE)], view.own_features, observed, inputs=FREE, outputs=outputs, seed=seed
    )  # fmt: skip
    return {
        "emulator": fitted.rows(),
        "agreement": agreement(of.posterior.of(FREE), other.of(FREE)),
        "history": _both(history.sentence()) | {"rows": history.rows},
        "sobol": sobol(of, seed),
    }


def sobol(of: Stage, seed: int) -> list[dict[str, Any]]:
    """Shares of the variance of mean outcomes that each parameter explains, through an emulator."""
    table, rows = of.training.table, of.estimator.rows
    columns = [table.summaries.index(name) for name in EXPLAINED]
    means = np.nanmean(table.stats[rows][:, :, columns], axis=1)
    x = of.training.scores[rows][:, : len(FREE)]
    fitted = emulator(x, means, inputs=FREE, outputs=EXPLAINED, seed=seed)

    def outcome(scores: Floats) -> Floats:
        return np.asarray(fitted.features(scores)[0])

    return diagnostics.sobol(outcome, FREE, EXPLAINED, seed=seed, points=SOBOL_POINTS)


def levers(posterior: WeightedDraws) -> list[dict[str, Any]]:
    """A row for each lever: the parameter that scales it, and what the data say of that.

    No lever of the plan acted between the two censuses. So of a lever only what it shares with
    ordinary behaviour can be learned; the size of all others is prior alone.
    """
    gained = diagnostics.contractions(posterior.of(FREE))
    clauses = by_lever(load_plan())
    rows = []
    for name, lever in LEVERS.items():
        if name not in clauses:
            continue
        parameter = SCALED_BY.get(name)
        word = gained[parameter][1] if parameter else "not"
        rows.append({
            "lever": name, "zh": lever.zh, "en": lever.meaning, "term": lever.term,
            "clauses": sorted({trace.clause for trace in clauses[name]}),
            "parameter": parameter, "word": word,
        })  # fmt: skip
    return rows


# Auxiliary regressions

OUTCOME = "rate_change"  # of the urban rate [points]
NON_FARM, BOUGHT, SCHOOL, RAISED = "nonfarm_change", "bought_change", "cohort_10_19", "raised"
CHANGES = (NON_FARM, BOUGHT, SCHOOL, *(f"{name}_change" for name in IN_MOVERS))
DRAWS = 400  # runs, taken in proportion to their weight
FEWEST = 20  # counties for a slope


def regressions(trials: Trials, stage: Stage, seed: int) -> list[dict[str, Any]]:
    """The slopes on observed and on simulated changes, a row for each regression.

    Returns
    -------
    name; counties; slope observed, its standard error; median, 5 and 95 % of the slopes of runs and
    their standard deviation (None where the model has no such change); distance, observed less
    median in standard deviations of both together. In points of the rate for each point or each 100
    log points of the change; for `raised`, points for a county that became a city or a district.
    """
    pack, panel = trials.pack, Panel.of(trials.pack)
    before, later = (enumerated(pack, day) for day in censuses(pack))
    start, change = rate(before), summaries(before, later)
    taken = stage.estimator.condition_on().posterior(stage.training.table.observed)
    runs = trials.stats()[taken.resampled(DRAWS, seed).rows]  # (run, county, summary)
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
