"""Many draws of one scenario against its baseline: the same parameters and luck for both."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from calibration import priors
from scenarios.resolving import resolve
from scenarios.scenario import Scenario
from scenarios.simulate import Outcome, simulate

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Pair:
    """A scenario and the same world without the plan."""

    plan: Outcome
    baseline: Outcome


def without_plan(scenario: Scenario) -> Scenario:
    """The baseline of a scenario: its horizon and outside conditions, and none of its measures."""
    return replace(
        resolve("baseline"), start=scenario.start, until=scenario.until,
        conditions=scenario.conditions,
    )  # fmt: skip


def pair(scenario: Scenario, done: Callable[[], None] = lambda: None, **request: Any) -> Pair:
    """Run a scenario and its baseline with the same luck; `request` goes to `simulate`."""
    baseline = simulate(without_plan(scenario), **request)
    done()
    plan = simulate(scenario, **request)
    done()
    return Pair(plan, baseline)


def draws(
    scenario: Scenario, n: int, done: Callable[[], None], *, seed: int = 1, jobs: int | None = None,
    **request: Any,
) -> "pd.DataFrame":  # fmt: skip
    """Verdicts of `n` parameter draws, each with its own county and yearly effects.

    Parameters
    ----------
    done : called after each draw, for a progress bar
    jobs : worker processes; one per core by default

    Returns
    -------
    one row per draw and target: the columns of `Outcome.verdicts`, `draw`, and `baseline`, the
    rate without the plan
    """
    import pandas as pd

    values = [asdict(p) for p in priors.draw(n, seed)]
    workers = min(jobs or os.cpu_count() or 1, n)
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        tasks = [
            pool.submit(
                _one, scenario, request | {"parameters": v, "seed": seed + i, "draw": i + 1}
            )
            for i, v in enumerate(values)
        ]
        for _ in as_completed(tasks):
            done()
    return pd.concat([task.result() for task in tasks], ignore_index=True)


def _one(scenario: Scenario, request: Mapping[str, Any]) -> "pd.DataFrame":
    both = pair(scenario, **request)
    without = both.baseline.verdicts()["simulated"]
    return both.plan.verdicts().assign(draw=request["draw"], baseline=without)
