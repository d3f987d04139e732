"""Which parameters move an outcome: Morris screening, then Sobol indices, by SALib.

Factors are parameters, varied over the quantiles of their priors, and two yardsticks:
`county_and_year_effects`, the number of their draw, and `random_numbers`, the seed. A
parameter that moves an outcome less than the seed does is not told from noise.

References
----------
Morris (1991), Technometrics 33; Campolongo et al. (2007), Environmental Modelling & Software 22
Sobol (2001), Mathematics and Computers in Simulation 55; Saltelli et al. (2010), Computer Physics
Communications 181
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import _
from xiancheng.calibration.inference.diagnostics import sobol_problem
from xiancheng.calibration.priors import catalogue, on_grid
from xiancheng.results.analysis.result import UNITS, look_up, outcome_values
from xiancheng.scenarios.ensemble import RunSummary, Summaries
from xiancheng.scenarios.outcome import PUBLISHED
from xiancheng.scenarios.run_spec import RunSpec, baseline_of
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.scenarios.trace import OF_PUBLISHED_RATES, in_use, inactive_parameters
from xiancheng.sim.state import Floats

if TYPE_CHECKING:
    pass

EFFECTS, RANDOM = "county_and_year_effects", "random_numbers"
YARDSTICKS = {
    EFFECTS: _("county and yearly effects (number of the draw)"),
    RANDOM: _("random numbers (seed)"),
}
KINDS = 1000  # draws of effects, and seeds, among which the yardsticks choose
INNER = {"morris": 0.9, "sobol": 0.998}  # share of each prior that is explored, around its median
LEVELS = 4  # of the Morris grid
SIZES = {"trajectories": 10, "top": 8, "points": 64}  # of an analysis, by default
# The 95 % intervals are those of a bootstrap: 2.5 % at either end take 40 different resamples, and
# n things give (2n - 1)! / n! (n - 1)! of them: 35 from four, 126 from five. Points are in powers
# of two.
LEAST = {"trajectories": 5, "points": 8}


@dataclass(frozen=True)
class QuantityOfInterest:
    """An outcome in a group of counties: of the scenario, or of what the plan adds to it."""

    outcome: str  # an indicator, or a cause of the rate's change such as migration_pp
    group: int  # index among the reported groups
    effect: bool = False  # scenario minus baseline, under the same draw

    def values(self, runs: Sequence[RunSummary]) -> Floats:
        """The outcome in each run, (run,)."""
        row = list(UNITS).index(self.outcome)
        return np.array([outcome_values(run)[row, self.group] for run in runs])


def factors(names: Sequence[str] = ()) -> list[str]:
    """The factors of these names, each once, or all of them.

    Raises
    ------
    RequestError
    """
    known = [*(prior.name for prior in catalogue()), *YARDSTICKS]
    for number, name in enumerate(names):
        look_up(name, dict.fromkeys(known), _("parameter"))
        if name in names[:number]:
            raise RequestError(
                _("{name} stands twice in --factors; name each parameter once", name=name)
            )
    return list(names) or known


def inactive(names: Iterable[str], spec: RunSpec, quantity: QuantityOfInterest) -> list[str]:
    """The factors that cannot act, because their term is zero or enters published rates only."""
    chosen = list(names)
    idle = inactive_parameters(chosen, int(EFFECTS in chosen), in_use(spec))
    if quantity.outcome != PUBLISHED and quantity.outcome.removesuffix("_pp") != "counting":
        idle += [name for name in OF_PUBLISHED_RATES if name in chosen and name not in idle]
    return idle


def draw_at(point: Floats, names: Sequence[str], inner: float, seed: int = 1) -> dict[str, Any]:
    """The parameters, seed and draw that a point of the unit cube stands for.

    Factors that are not named stay central.

    Parameters
    ----------
    point : (factor,) in [0, 1]
    seed : of every run; as the factor `random_numbers`, the first of those to choose among
    """
    priors = {prior.name: prior for prior in catalogue()}
    u = dict(zip(names, 0.5 + inner * (np.asarray(point) - 0.5), strict=True))
    number, seeds = (
        min(int(u.pop(name) * KINDS), KINDS - 1) if name in u else None for name in YARDSTICKS
    )
    values = {name: float(on_grid(priors[name].quantile(q))) for name, q in u.items()}
    draw = 0 if number is None else 1 + number
    return {"seed": seed + (seeds or 0), "draw": draw, "parameters": values}


def morris(
    scenario: Scenario, quantity: QuantityOfInterest, runs: Summaries, *, names: Sequence[str] = (),
    trajectories: int = 10, seed: int = 1, done: Callable[[], None] = lambda: None,
) -> "pd.DataFrame":  # fmt: skip
    """Elementary effects: mu_star says how much a factor moves the outcome, sigma how unevenly.

    Each factor moves over the central 90 % of its prior (`INNER`); beyond it nothing is said.

    Parameters
    ----------
    quantity : what is analysed, in its own unit
    names : of the factors; all by default
    trajectories : from 2 on; `trajectories * (factors + 1)` runs are made, twice for an effect

    Returns
    -------
    factor, mu, mu_star, mu_star_conf (95 %), sigma, in the unit of the outcome over that range; the
    strongest first

    References
    ----------
    Morris (1991), Technometrics 33; Campolongo, Cariboni & Saltelli (2007), Environmental
    Modelling & Software 22
    """
    method, sample = _salib("morris")
    chosen = factors(names)
    points = sample.sample(sobol_problem(chosen), trajectories, num_levels=LEVELS, seed=seed)
    values = _values(points, chosen, "morris", scenario, quantity, runs, seed, done)
    found = method.analyze(sobol_problem(chosen), points, values, num_levels=LEVELS, seed=seed)
    return _table(chosen, found, ("mu", "mu_star", "mu_star_conf", "sigma"), "mu_star")


def sobol(
    scenario: Scenario, quantity: QuantityOfInterest, runs: Summaries, *, names: Sequence[str],
    points: int = 64, seed: int = 1, done: Callable[[], None] = lambda: None,
) -> "pd.DataFrame":  # fmt: skip
    """First-order and total shares of the variance, the other factors being central.

    Each factor varies over the central 99.8 % of its prior (`INNER`).

    Parameters
    ----------
    quantity : what is analysed
    names : of the factors
    points : a power of two; `points * (factors + 2)` runs are made, twice that for an effect

    Returns
    -------
    factor, S1, S1_conf, ST, ST_conf (95 %): shares of the variance, from 0 to 1 but for Monte
    Carlo error; the largest total first. All are 0 where no factor moves the outcome

    References
    ----------
    Saltelli et al. (2010), Computer Physics Communications 181
    """
    method, sample = _salib("sobol")
    chosen = factors(names)
    table = sample.sample(sobol_problem(chosen), points, calc_second_order=False, seed=seed)
    values = _values(table, chosen, "sobol", scenario, quantity, runs, seed, done)
    columns = ("S1", "S1_conf", "ST", "ST_conf")
    if values.min() == values.max():  # there is no variance to divide
        return _table(chosen, dict.fromkeys(columns, np.zeros(len(chosen))), columns, "ST")
    found = method.analyze(sobol_problem(chosen), values, calc_second_order=False, seed=seed + 1)
    return _table(chosen, found, columns, "ST")


def runs_needed(method: str, count: int, size: int, effect: bool) -> int:
    """Runs that an analysis of `count` factors makes."""
    points = size * (count + 1 if method == "morris" else count + 2)
    return points * (2 if effect else 1)


def _values(
    points: Floats, names: Sequence[str], method: str, scenario: Scenario,
    quantity: QuantityOfInterest, runs: Summaries, seed: int, done: Callable[[], None],
) -> Floats:  # fmt: skip
    """The quantity of interest at each point of the design, (point,)."""
    draws = [draw_at(point, names, INNER[method], seed) for point in points]
    sides = [scenario, *([baseline_of(scenario)] if quantity.effect else [])]
    specs = [runs.spec.running(side) for side in sides]
    found = runs.read([spec.vary(**draw) for spec in specs for draw in draws], done)
    values = quantity.values(found).reshape(len(sides), -1)
    return np.asarray(values[0] - values[1] if quantity.effect else values[0])


def _table(names: Sequence[str], found: Any, columns: Sequence[str], by: str) -> "pd.DataFrame":
    table = pd.DataFrame({"factor": names, **{c: np.asarray(found[c], float) for c in columns}})
    return table.sort_values(by, ascending=False, ignore_index=True)


def _salib(method: str) -> tuple[ModuleType, ModuleType]:
    """SALib's analysis and sampling of a method.

    Raises
    ------
    RequestError
        if SALib is not installed.
    """
    from importlib import import_module

    try:
        return import_module(f"SALib.analyze.{method}"), import_module(f"SALib.sample.{method}")
    except ImportError:
        raise RequestError(
            _("sensitivity analysis needs SALib; in its sources: pip install -e '.[calibration]'")
        ) from None
