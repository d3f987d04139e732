"""The account of an estimate: everything that a reader needs to judge it, JSON-ready.

It is made once, when a region is estimated, and kept beside the posterior sample. The pages that
tell of it are written from it alone.
"""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np

from xiancheng.calibration.estimation import agreement, identify, screening
from xiancheng.calibration.estimation.discrepancy import SHARED
from xiancheng.calibration.estimation.emulate import emulator
from xiancheng.calibration.estimation.matching import matched
from xiancheng.calibration.estimation.posterior import Posterior
from xiancheng.calibration.estimation.scores import values
from xiancheng.calibration.estimation.tempering import tempered
from xiancheng.calibration.region import load
from xiancheng.results.knowing.estimating import BELIEFS, Settings, Stage, widened
from xiancheng.results.knowing.trials import FREE
from xiancheng.results.store.record import environment, software
from xiancheng.scenarios.loader import load_plan
from xiancheng.scenarios.simulation import simulate
from xiancheng.scenarios.trace import by_lever
from xiancheng.sim.levers import LEVERS
from xiancheng.sim.state import Floats

INTERVAL = (0.05, 0.5, 0.95)
SCORE = {share: float(s) for share, s in zip(INTERVAL, (-1.6448536, 0.0, 1.6448536), strict=True)}
HANGS_ON = {  # the free parameter that scales what a lever does, where there is one
    "tradable_jobs": "job_mover_share",
    "returnee_jobs": "job_mover_share",
    "urban_posts": "job_mover_share",
    "school_seats": "beta_s",
    "school_quality": "beta_s",
    "enrolment_openness": "beta_s",
    "credit": "kappa",
}
TOLD = ("rate_change", "urban_growth", "residents_growth")  # outcomes whose variance is explained
SOBOL_POINTS = 256
FEW = 5000  # rows that a probe takes at least


def account(
    settings: Settings, first: Stage | None, last: Stage, numbers: dict[str, Any]
) -> dict[str, Any]:
    """What was done and found.

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
        "joint": {
            "pairs": identify.rows(identify.pairs(deep.posterior.of(FREE))),
            "directions": identify.rows(identify.directions(deep.posterior.of(FREE))),
        },
        "recovery": identify.rows(recovered(deep)),
        "second_opinion": second_opinion(deep, settings.seed),
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
    outcome = simulate("baseline", region=region, scale=float(min(1.0, max(0.01, FEW / people))))
    rates = outcome.at("resident_urbanization_rate", outcome.dates[-1])
    return [round(float(rate), 6) for rate in rates]


def parameters(posterior: Posterior) -> list[dict[str, Any]]:
    """A row for each estimated parameter: before and after the data."""
    own = posterior.of(FREE)
    after = own.values(BELIEFS).quantile(INTERVAL)
    before = values(BELIEFS, np.array([[SCORE[share]] * len(FREE) for share in INTERVAL]))
    gained = identify.contractions(own)
    return [
        {
            "name": prior.name, "zh": prior.title["zh"], "en": prior.title["en"],
            "unit": prior.unit, "grade": prior.grade,
            "prior": before[:, k].tolist(), "posterior": after[:, k].tolist(),
            "contraction": gained[k].contraction, "word": gained[k].word,
        }
        for k, prior in enumerate(BELIEFS)
    ]  # fmt: skip


def errors(last: Stage) -> list[dict[str, Any]]:
    """A row for each summary: the size of what the model leaves out, in the summary's unit."""
    discrepancy = last.world.discrepancy
    names = [belief.name for belief in discrepancy.beliefs]
    after = last.posterior.of(names).values(discrepancy.beliefs).quantile(INTERVAL)
    before = values(
        discrepancy.beliefs, np.array([[SCORE[share]] * len(names) for share in INTERVAL])
    )
    return [
        {
            "name": name.removeprefix("discrepancy:"), "shared": name == SHARED,
            "prior": before[:, k].tolist(), "posterior": after[:, k].tolist(),
        }
        for k, name in enumerate(names)
    ]  # fmt: skip


def stage(of: Stage) -> dict[str, Any]:
    """What one table of runs gave, and whether its intervals may be shown."""
    factors = dict(zip(of.world.names, of.factors.tolist(), strict=True))
    return {
        "region": of.trials.region,
        "runs": len(of.trials.values),
        "units": len(of.world.table.units),
        "summaries": list(of.world.table.summaries),
        "effective": of.posterior.effective,
        "check": {"zh": of.check.said("zh"), "en": of.check.said("en"), "rows": of.check.rows()},
        "gate": {
            "passed": of.gate.passed, "zh": of.gate.said("zh"), "en": of.gate.said("en"),
            "rows": of.gate.rows(),
        },
        "widened": {name: factor for name, factor in factors.items() if factor > 1},
    }  # fmt: skip


def recovered(of: Stage) -> list[identify.Recovery]:
    """Whether the truth is found again in runs that nothing was learned from."""
    rows = of.dealt.gate
    found = of.estimator.seeing().posteriors(of.world.said[rows])
    found = [widened(p, of.factors, of.world) for p in found]
    kept = [of.world.names.index(name) for name in FREE]
    return identify.recovery([p.of(FREE) for p in found], of.world.scores[rows][:, kept])


def second_opinion(of: Stage, seed: int) -> dict[str, Any]:
    """The same question by another road: an emulator, history matching, tempered Monte Carlo."""
    view, table = of.estimator.seeing(), of.world.table
    rows = of.estimator.rows
    x, seen = of.world.scores[rows], view.told(table.observed[None])[0]
    outputs = of.estimator.description.names
    known = emulator(x, view.features, inputs=of.world.names, outputs=outputs, seed=seed)
    other = tempered(lambda z: known.log_likelihood(z, seen), of.world.names, seed=seed)
    free = len(FREE)
    history = matched(x[:, :free], view.features, seen, inputs=FREE, outputs=outputs, seed=seed)
    return {
        "emulator": known.rows(),
        "agreement": agreement.rows(agreement.agreement(of.posterior.of(FREE), other.of(FREE))),
        "history": {"zh": history.said("zh"), "en": history.said("en"), "rows": history.rows()},
        "sobol": sobol(of, seed),
    }


def sobol(of: Stage, seed: int) -> list[dict[str, Any]]:
    """Shares of the variance of mean outcomes that each parameter explains, through an emulator."""
    table, rows = of.world.table, of.estimator.rows
    columns = [table.summaries.index(name) for name in TOLD]
    means = np.nanmean(table.stats[rows][:, :, columns], axis=1)
    x = of.world.scores[rows][:, : len(FREE)]
    known = emulator(x, means, inputs=FREE, outputs=TOLD, seed=seed)

    def outcome(scores: Floats) -> Floats:
        return np.asarray(known.features(scores)[0])

    return screening.sobol(outcome, FREE, TOLD, seed=seed, points=SOBOL_POINTS)


def levers(posterior: Posterior) -> list[dict[str, Any]]:
    """A row for each lever: the parameter its size hangs on, and what the data say of it.

    No lever of the plan acted between the two censuses. So of a lever only what it shares with
    ordinary behaviour can be learned; the size of all others is belief alone.
    """
    gained = {c.name: c for c in identify.contractions(posterior.of(FREE))}
    clauses = by_lever(load_plan())
    rows = []
    for name, lever in LEVERS.items():
        if name not in clauses:
            continue
        parameter = HANGS_ON.get(name)
        word = gained[parameter].word if parameter else "not"
        rows.append({
            "lever": name, "zh": lever.zh, "en": lever.meaning, "term": lever.term,
            "clauses": sorted({trace.clause for trace in clauses[name]}),
            "parameter": parameter, "word": word,
        })  # fmt: skip
    return rows
