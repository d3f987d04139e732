"""Which parameters move an outcome: Morris screening, then Sobol indices, by SALib.

Factors are parameters, varied over the quantiles of their priors, and two yardsticks that are none:
`county_and_year_effects`, which draw of those effects is met, and `luck`, which seed. A parameter
that moves an outcome less than luck does is not told from noise.

References
----------
Morris (1991), Technometrics 33; Campolongo et al. (2007), Environmental Modelling & Software 22
Sobol (2001), Mathematics and Computers in Simulation 55; Saltelli et al. (2010), Computer Physics
Communications 181
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from xiancheng.calibration.estimation.screening import problem
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.naming import unknown
from xiancheng.calibration.priors import catalogue, on_grid
from xiancheng.scenarios.ensemble import without_plan
from xiancheng.scenarios.inactive import OF_PUBLISHED_RATES, inactive_parameters, levers_used
from xiancheng.scenarios.outcome import PUBLISHED
from xiancheng.scenarios.paired import PARTS, Draw, Reading, Runs
from xiancheng.scenarios.policy import compile_policy
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.scenarios.simulate import RequestError
from xiancheng.sim.calendar import quarters_between
from xiancheng.sim.state import Floats

if TYPE_CHECKING:
    import pandas as pd

    from xiancheng.calibration.region import Region

EFFECTS, LUCK = "county_and_year_effects", "luck"
YARDSTICKS = {
    EFFECTS: _("county and yearly effects (number of the draw)"),
    LUCK: _("luck (seed)"),
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
class Question:
    """An outcome in a group of counties: of the scenario, or of what the plan adds to it."""

    outcome: str  # an indicator, or a cause of the rate's change such as migration_pp
    group: int  # index among the reported groups
    effect: bool = False  # scenario minus baseline, under the same draw

    def of(self, reading: Reading) -> float:
        """The outcome in one run."""
        if self.outcome.removesuffix("_pp") in PARTS:
            part = PARTS.index(self.outcome.removesuffix("_pp"))
            return float(reading.causes[part, self.group])
        return float(reading.row(self.outcome)[self.group])


def factors(names: Sequence[str] = ()) -> list[str]:
    """The factors of these names, each once, or all of them.

    Raises
    ------
    RequestError
    """
    known = [*(prior.name for prior in catalogue()), *YARDSTICKS]
    for number, name in enumerate(names):
        if name not in known:
            raise RequestError(unknown(_("parameter"), name, known))
        if name in names[:number]:
            raise RequestError(
                _("{name} stands twice in --factors; name each parameter once", name=name)
            )
    return list(names) or known


def inactive(
    names: Iterable[str], scenario: Scenario, pack: "Region", question: Question
) -> list[str]:
    """The factors that cannot act, because their term is zero or enters published rates only."""
    chosen = list(names)
    quarters = (tick.number for tick in quarters_between(scenario.start, scenario.until))
    used = levers_used(compile_policy(scenario, pack), quarters)
    idle = inactive_parameters(chosen, int(EFFECTS in chosen), used)
    if question.outcome != PUBLISHED and question.outcome.removesuffix("_pp") != "counting":
        idle += [name for name in OF_PUBLISHED_RATES if name in chosen and name not in idle]
    return idle


def world(point: Floats, names: Sequence[str], inner: float, seed: int = 1) -> Draw:
    """The draw that a point of the unit cube stands for; factors that are not named stay central.

    Parameters
    ----------
    point : (factor,) in [0, 1]
    seed : of the luck; where luck is a factor, the first of the seeds among which it chooses
    """
    priors = {prior.name: prior for prior in catalogue()}
    u = dict(zip(names, 0.5 + inner * (np.asarray(point) - 0.5), strict=True))
    number, luck = (
        min(int(u.pop(name) * KINDS), KINDS - 1) if name in u else None for name in YARDSTICKS
    )
    values = {name: float(on_grid(priors[name].quantile(q))) for name, q in u.items()}
    return Draw(seed + (luck or 0), 0 if number is None else 1 + number, values)


def morris(
    scenario: Scenario, question: Question, runs: Runs, *, names: Sequence[str] = (),
    trajectories: int = 10, seed: int = 1, done: Callable[[], None] = lambda: None,
) -> "pd.DataFrame":  # fmt: skip
    """Elementary effects: mu_star says how much a factor moves the outcome, sigma how unevenly.

    Returns
    -------
    factor, mu, mu_star, mu_star_conf (95 %), sigma; the strongest first
    """
    method, sample = _salib("morris")
    chosen = factors(names)
    points = sample.sample(problem(chosen), trajectories, num_levels=LEVELS, seed=seed)
    values = _values(points, chosen, "morris", scenario, question, runs, seed, done)
    told = method.analyze(problem(chosen), points, values, num_levels=LEVELS, seed=seed)
    return _table(chosen, told, ("mu", "mu_star", "mu_star_conf", "sigma"), "mu_star")


def sobol(
    scenario: Scenario, question: Question, runs: Runs, *, names: Sequence[str],
    points: int = 64, seed: int = 1, done: Callable[[], None] = lambda: None,
) -> "pd.DataFrame":  # fmt: skip
    """First-order and total shares of the variance, the other factors being central.

    Parameters
    ----------
    points : a power of two; `points * (factors + 2)` runs are made

    Returns
    -------
    factor, S1, S1_conf, ST, ST_conf (95 %); the largest total first
    """
    method, sample = _salib("sobol")
    chosen = factors(names)
    table = sample.sample(problem(chosen), points, calc_second_order=False, seed=seed)
    values = _values(table, chosen, "sobol", scenario, question, runs, seed, done)
    told = method.analyze(problem(chosen), values, calc_second_order=False, seed=seed + 1)
    return _table(chosen, told, ("S1", "S1_conf", "ST", "ST_conf"), "ST")


def runs_needed(method: str, count: int, size: int, effect: bool) -> int:
    """Runs that an analysis of `count` factors makes."""
    points = size * (count + 1 if method == "morris" else count + 2)
    return points * (2 if effect else 1)


def lines(told: "pd.DataFrame", lang: str) -> tuple[list[str], list[list[str]]]:
    """A row for each factor, the strongest first."""
    titles = {prior.name: Words(prior.title["zh"], prior.title["en"]) for prior in catalogue()}
    titles |= YARDSTICKS
    words = {
        "mu": _("mu"), "mu_star": _("mu*"),
        "mu_star_conf": Words("±95%", "±95 %"), "sigma": _("sigma"),
        "S1": _("S1"), "S1_conf": Words("±95%", "±95 %"),
        "ST": _("ST"), "ST_conf": Words("±95%", "±95 %"),
    }  # fmt: skip
    headers = [_("parameter").said(lang), _("meaning").said(lang)]
    columns = list(told.columns[1:])
    rows = [
        [row["factor"], titles[row["factor"]].said(lang), *(f"{row[c]:.4f}" for c in columns)]
        for row in told.to_dict("records")
    ]
    return headers + [words[c].said(lang) for c in columns], rows


def remarks(method: str, effect: bool, seed: int, lang: str) -> Iterator[str]:
    """What has to be said wherever an analysis is shown."""
    what = (
        _("the plan less its baseline, same draw and luck") if effect else _("the scenario itself")
    )
    yield _("The outcome: {what}.", what=what).said(lang)
    yield _(
        "{LUCK} (the seed) and {EFFECTS} are no parameters: one that moves "
        "the outcome less than the seed does is not told from noise.",
        LUCK=LUCK,
        EFFECTS=EFFECTS,
    ).said(lang)
    yield _(
        "--seed {seed} sets the points of the design and the luck of every "
        "run; {LUCK}, as a factor, chooses among the {KINDS} seeds from "
        "{seed} on.",
        seed=seed,
        LUCK=LUCK,
        KINDS=KINDS,
    ).said(lang)
    if method == "morris":
        yield _(
            "Morris: how much the outcome changes as one parameter moves "
            "within the middle 90 % of its prior (mu*), and how unevenly "
            "(sigma)."
        ).said(lang)
    else:
        yield _(
            "Sobol: the share of the variance that a parameter explains "
            "alone (S1) or with its interactions (ST); the parameters not "
            "named stay central."
        ).said(lang)


def _values(
    points: Floats, names: Sequence[str], method: str, scenario: Scenario, question: Question,
    runs: Runs, seed: int, done: Callable[[], None],
) -> Floats:  # fmt: skip
    draws = [world(point, names, INNER[method], seed) for point in points]
    sides = [scenario, *([without_plan(scenario)] if question.effect else [])]
    found = runs.read([(side, draw) for side in sides for draw in draws], done)
    values = np.array([question.of(reading) for reading in found]).reshape(len(sides), -1)
    return np.asarray(values[0] - values[1] if question.effect else values[0])


def _table(names: Sequence[str], told: Any, columns: Sequence[str], by: str) -> "pd.DataFrame":
    import pandas as pd

    table = pd.DataFrame({"factor": names, **{c: np.asarray(told[c], float) for c in columns}})
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
