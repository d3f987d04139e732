"""Where the uncertainty of a verdict comes from: its variance, split over what is unknown.

A draw of the published rate is a draw of the level plus what scenario and conditions add to it in a
run of the model, paired at random (`verdict.level`). So its variance is that of the level and that
of what is added. The level's own is taken from its draws, and told apart by how much of it runs
through recoding in the runs that follow it. What is added is split by pick and freeze: of two
independent draws A and B, B's value and that of A with one group taken from B have only this group
in common, so that their covariance is the part that the group makes alone (A's own value, which has
nothing of B, is taken off first: that takes noise away and changes no mean). The seed is the
exception: all that it changes while everything else stays is its part, so that the parts of the
others are of what a run is on average. What is left over is their interaction. With no level to
follow, the same split is made of the model's own rate.

References
----------
Sobol (2001), Mathematics and Computers in Simulation 55; Saltelli et al. (2010), Computer Physics
Communications 181; Janon et al. (2014), ESAIM: Probability and Statistics 18
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Self

import numpy as np
import pandas as pd

from xiancheng.calibration.priors import catalogue
from xiancheng.results.analysis.result import not_printed, read_printed
from xiancheng.results.verdict.level import level_of
from xiancheng.scenarios.ensemble import PARTS, RunSummary, SummarySource, layered
from xiancheng.scenarios.outcome import group_of, reported_groups
from xiancheng.scenarios.run_spec import RunSpec
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.sim.state import Floats, Ints

# Groups that are resampled together: kinds of parameters, and what else a run is drawn with.
GROUPS = {
    "responses": ("response",),
    "doses": ("dose",),
    "recoding_rules": ("recoding",),
    "flows": ("flow", "measurement"),  # and the number of the draw of county and yearly effects
    "conditions": ("condition",),
    "random_numbers": (),  # the seed
}
LEVEL = ("level_other", "level_recoding")
INTERACTIONS = "interactions"
COMPONENTS = (*LEVEL, *GROUPS, INTERACTIONS)
POINTS = 32  # pairs of draws, by default
FEWEST = 8
RESAMPLES = 400  # of the pairs, for the Monte Carlo error
COLUMNS = [
    "target", "unit_code", "county", "county_en", "deadline", "component", "share", "share_error",
    "effect_share", "effect_share_error", "verdict_sd_pp", "effect_sd_pp",
]  # fmt: skip


@dataclass(frozen=True)
class VarianceSplit:
    """The variance of each target's verdict by component, and what it took to find it.

    `frame` has a row for each target and component: `share` of the verdict's variance and
    `effect_share` of that of what plan and conditions add, each adding up to 1, with their Monte
    Carlo standard errors; `effect_share` is null for the level. `verdict_sd_pp` and `effect_sd_pp`
    are the standard deviations of the two.
    """

    frame: "pd.DataFrame"
    scenario: str  # name
    anchored: bool  # whether there is a level that runs follow
    points: int
    runs: int  # that were really simulated
    seconds: float
    scale: float

    @classmethod
    def read(cls, path: Path, scenario: Scenario) -> Self:
        """What `xiancheng sensitivity --verdict --json` printed for a scenario.

        Raises
        ------
        RequestError
        """
        command = "sensitivity --verdict"
        printed = read_printed(path, scenario, command)
        frame = pd.DataFrame(printed.get("variance", []))
        sizes: list[Any] = [printed.get(key) for key in ("points", "runs", "seconds", "scale")]
        known = all(isinstance(each, int | float) for each in sizes)
        if not known or {*COLUMNS} - {*frame} or not {*frame["component"]} <= {*COMPONENTS}:
            raise not_printed(path, command)
        return cls(frame, scenario.name, bool(printed.get("anchored")), int(sizes[0]),
                   int(sizes[1]), *map(float, sizes[2:]))  # fmt: skip

    @property
    def components(self) -> list[str]:
        """Those that there are, in order."""
        known = set(self.frame["component"])
        return [name for name in COMPONENTS if name in known]


def runs_needed(points: int) -> int:
    """Runs that a split asks for: of scenario and reference, of which equal ones are made once."""
    return 2 * points * (len(GROUPS) + 2)


def mixed(one: RunSpec, other: RunSpec, group: str) -> RunSpec:
    """A draw with one group of what is unknown taken from another draw."""
    kinds = {prior.name: prior.kind for prior in catalogue()}
    values = {
        name: (other if kinds[name] in GROUPS[group] else one).parameters[name]
        for name in one.parameters
    }
    return one.vary(
        parameters=values,
        seed=(other if group == "random_numbers" else one).seed,
        draw=(other if group == "flows" else one).draw,
    )


def split(
    scenario: Scenario, runs: SummarySource, *, points: int = POINTS, seed: int = 1,
    done: Callable[[], None] = lambda: None,
) -> VarianceSplit:  # fmt: skip
    """The variance of the verdict on each target that falls due.

    Parameters
    ----------
    runs : at the scale that is meant
    points : pairs of independent draws, each of two with every group exchanged in turn
    done : called after each run, for a progress bar
    """
    begun, spec = perf_counter(), runs.spec.running(scenario)
    drawn = layered(spec, 2 * points, seed)
    one, other = drawn[:points], drawn[points:]
    sets = [one, other] + [
        [mixed(a, b, group) for a, b in zip(one, other, strict=True)] for group in GROUPS
    ]
    level = level_of(spec)
    with_plan = [each for column in sets for each in column]
    without = [each.reference for each in with_plan] if level is not None else []
    found = runs.read([*with_plan, *without], done)
    targets, region = _due(spec), spec.pack
    rates = _rates(found[: len(with_plan)], targets, len(sets))
    baseline, draws = found[len(with_plan) :], None
    recoded = np.zeros((0, len(targets), 2))
    if level is not None:
        rates = rates - _rates(baseline, targets, len(sets))
        draws = level.at_deadlines(region)[:, targets]
        recoded = _through_recoding(baseline[: 2 * points], spec, targets)
    shares = _shares(rates, draws, recoded)
    errors = _errors(rates, draws, recoded, seed)
    return VarianceSplit(
        _frame(spec, targets, shares, errors), scenario.name, level is not None, points,
        getattr(runs, "simulated", len(found)), perf_counter() - begun, runs.spec.scale,
    )  # fmt: skip


def _due(spec: RunSpec) -> list[int]:
    """The targets that fall due, by their index."""
    start, until = spec.scenario.start, spec.scenario.until
    return [i for i, target in enumerate(spec.pack.targets) if target.due(start, until)]


def _rates(found: Sequence[RunSummary], targets: Sequence[int], sets: int) -> Floats:
    """Published rates at the deadlines, (set, point, target) [percent]."""
    rates = np.array([run.targets for run in found])[:, targets]
    return rates.reshape(sets, -1, len(targets))


def _through_recoding(found: Sequence[RunSummary], spec: RunSpec, targets: Sequence[int]) -> Floats:
    """Of runs that follow the level: what recoding adds, and the whole change.

    Returns
    -------
    (point, target, 2) [points], the two draws of a point one after the other
    """
    groups = reported_groups(spec.pack)
    columns = [group_of(spec.pack.targets[t], spec.pack, groups) for t in targets]
    own = [[run.causes[PARTS.index("recoding")], run.causes.sum(axis=0)] for run in found]
    return np.asarray(np.moveaxis(np.array(own)[:, :, columns], 1, 2))


def _shares(rates: Floats, draws: Floats | None, recoded: Floats) -> dict[str, Floats]:
    """Variances of components, of the whole and of what is added, each (target,) [points²]."""
    first, second, *exchanged = rates
    both = np.concatenate([first, second])
    middle, added = both.mean(axis=0), both.var(axis=0, ddof=1)
    found: dict[str, Floats] = {}
    for group, values in zip(GROUPS, exchanged, strict=True):
        if group == "random_numbers":
            found[group] = ((first - values) ** 2).mean(axis=0) / 2
        else:
            found[group] = ((second - middle) * (values - first)).mean(axis=0)
    found[INTERACTIONS] = added - sum(found.values())
    found |= {"effect": added, "verdict": added}
    if draws is not None:
        own = draws.var(axis=0, ddof=1)
        recoding, change = np.moveaxis(recoded - recoded.mean(axis=0), 2, 0)
        part = _ratio((recoding * change).mean(axis=0), (change**2).mean(axis=0))
        found |= {LEVEL[0]: (1 - part) * own, LEVEL[1]: part * own, "verdict": added + own}
    return found


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Part of a whole; 0 where there is no whole, as where nothing moves the rate."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _errors(
    rates: Floats, draws: Floats | None, recoded: Floats, seed: int
) -> dict[str, tuple[Floats, Floats]]:
    """Standard errors of the shares of whole and of effect, by component, each (target,)."""
    rng, points = np.random.default_rng([seed, RESAMPLES]), rates.shape[1]
    of_whole: dict[str, list[Floats]] = {}
    of_effect: dict[str, list[Floats]] = {}
    for __ in range(RESAMPLES):
        at: Ints = np.asarray(rng.integers(points, size=points))
        level = None if draws is None else draws[rng.integers(len(draws), size=len(draws))]
        again = np.concatenate([at, at + points]) if draws is not None else at[:0]
        found = _shares(rates[:, at], level, recoded[again])
        for name in COMPONENTS:
            if name in found:
                of_whole.setdefault(name, []).append(_ratio(found[name], found["verdict"]))
                of_effect.setdefault(name, []).append(_ratio(found[name], found["effect"]))
    return {
        name: (np.std(of_whole[name], axis=0), np.std(of_effect[name], axis=0)) for name in of_whole
    }


def _frame(
    spec: RunSpec, targets: Sequence[int], shares: Mapping[str, Floats],
    errors: Mapping[str, tuple[Floats, Floats]],
) -> "pd.DataFrame":  # fmt: skip
    """A row for each target and component."""
    region, groups = spec.pack, reported_groups(spec.pack)
    rows = []
    for i, t in enumerate(targets):
        target = region.targets[t]
        group = groups[group_of(target, region, groups)]
        whole, effect = float(shares["verdict"][i]), float(shares["effect"][i])
        for name in (name for name in COMPONENTS if name in shares):
            own = float(shares[name][i])
            of_level = name in LEVEL
            rows.append({
                "target": target.id, "unit_code": group.code, "county": group.zh,
                "county_en": group.en, "deadline": str(target.deadline), "component": name,
                "share": own / whole if whole else 0.0,
                "share_error": float(errors[name][0][i]),
                "effect_share": None if of_level else own / effect if effect else 0.0,
                "effect_share_error": None if of_level else float(errors[name][1][i]),
                "verdict_sd_pp": whole**0.5, "effect_sd_pp": effect**0.5,
            })  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)
