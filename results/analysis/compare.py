"""Scenarios and saved runs side by side: what differs in their inputs, and in their outcomes.

Differences are paired: all sides have the same parameters, effects and random numbers. What is
shown as uncertainty runs over parameter draws first and over seeds second; an interval over seeds
alone is never shown.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.forecasts.common_trend import PublishedRate
from xiancheng.calibration.i18n import _
from xiancheng.calibration.priors import catalogue
from xiancheng.results.analysis.result import UNITS, outcome_values
from xiancheng.results.store.runs import SavedRun, find_run
from xiancheng.results.verdict import level as levels
from xiancheng.results.verdict.level import Level
from xiancheng.results.verdict.verdict import INTERVAL, Verdict
from xiancheng.scenarios.diff import diff, differences
from xiancheng.scenarios.ensemble import (
    Summaries,
    judged_on,
    layered,
    scale_of_draws,
    summarize,
)
from xiancheng.scenarios.loader import is_shipped, resolve
from xiancheng.scenarios.outcome import Group, floor, group_of, reported_groups
from xiancheng.scenarios.run_spec import (
    LEVEL,
    RunSpec,
    baseline_of,
    code_digest,
    judged,
    reference_of,
)
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.sim.state import Floats

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region
    from xiancheng.calibration.region.schema import Target

RunSettings = Mapping[str, Any]  # sides of equal settings are compared in pairs
SETTINGS = {  # those that are listed where they differ
    "seed": _("seed", "compare"),
    "draw": _("draw"),
    "scale": _("scale"),
    "cutoff": _("cut-off of what is known"),
    "observations": _("published rates brought to the run"),
    "region": _("sha256 of the region pack"),
    "code": _("sha256 of the simulation code"),
}
SPREAD = ("mean_difference", "difference_low", "difference_high", "draw_sd", "seed_sd")


@dataclass(frozen=True)
class Comparand:
    """A scenario, or a saved run of one, under the name of its column."""

    name: str
    scenario: Scenario
    saved: SavedRun | None = None

    def settings(self, common: RunSpec) -> RunSettings:
        """Settings of its one run: of the saved run, or else those common to all sides."""
        if self.saved:
            record = self.saved.record
            own = {name: getattr(record, name) for name in ("seed", "draw", "scale", "start",
                                                            "cutoff")}  # fmt: skip
            return own | {
                "observations": [list(row) for row in record.observations],
                "parameters": dict(record.parameters), "region": record.region.sha256,
                "code": record.software.simulation_code,
            }  # fmt: skip
        spec = common.running(self.scenario)
        return {
            "seed": spec.seed, "draw": spec.draw, "scale": spec.scale,
            "start": str(self.scenario.start), "cutoff": str(spec.known_until),
            "observations": spec.settings["observations"],
            "parameters": asdict(spec.values), "region": spec.pack.digest, "code": code_digest(),
        }  # fmt: skip


def comparand(what: str, region: str | Path | None = None) -> Comparand:
    """A shipped scenario by its bare name, a saved run by its folder or id, or another scenario.

    A file named like a scenario of the plan, but with other contents, goes by its file name.

    Raises
    ------
    RequestError, ScenarioError
    """
    if not is_shipped(what, region) and (saved := find_run(what)):
        return Comparand(saved.record.run, saved.spec.scenario, saved)
    scenario = resolve(what, region)
    namesake = scenario.plan.scenario_files().get(scenario.name)
    altered = namesake is not None and bool(
        differences(resolve(namesake, plan=scenario.plan), scenario)
    )
    return Comparand(Path(what).stem if altered else scenario.name, scenario)


def comparands(
    names: Sequence[str], baseline: str | None, region: str | Path | None = None
) -> tuple[Comparand, ...]:
    """The sides of a comparison, the baseline first; equal names are numbered.

    Raises
    ------
    RequestError
        if fewer than two are left.
    """
    chosen = [baseline, *(n for n in names if n != baseline)] if baseline else list(names)
    if len(chosen) < 2:
        raise RequestError(
            _("compare at least two scenarios or runs; --baseline names one as well")
        )
    sides: list[Comparand] = []
    for what in chosen:
        side = comparand(what, region)
        again = sum(other.name.partition("#")[0] == side.name for other in sides)
        sides.append(replace(side, name=f"{side.name}#{again + 1}") if again else side)
    return tuple(sides)


@dataclass(frozen=True)
class Comparison:
    """Sides in order, the baseline first; rates of targets are the model's own [percent]."""

    sides: tuple[Comparand, ...]
    settings: tuple[RunSettings, ...]  # of each side, in `values`
    groups: tuple[Group, ...]
    common: RunSpec  # of what the runs share
    day: date
    values: Floats  # (side, outcome, group), outcomes as in `result.UNITS`
    targets: Floats  # (side, target)
    reference: Floats  # (target,) without the plan in reference conditions
    drawn: Floats | None  # (side, draw, seed, outcome, group)
    drawn_targets: Floats | None  # (side, draw, seed, target)
    drawn_reference: Floats | None  # (draw, seed, target)
    by_chance: Floats  # (side, target) left out of `targets` in a verdict without draws
    draw_scale: float | None = None  # rows for each resident in runs of draws; None without any

    @property
    def region(self) -> "Region":
        """Where."""
        return self.common.pack

    @property
    def scale(self) -> float:
        """Rows for each resident."""
        return self.common.scale

    def paired(self, side: int) -> bool:
        """Whether a side has the random numbers of the baseline in `values`."""
        return self.settings[side] == self.settings[0]

    def inputs(self, lang: str) -> dict[str, list[str]]:
        """What each side but the first does differently from it, in the words of the plan."""
        return {side.name: [*self._changes(s, lang)] for s, side in enumerate(self.sides) if s}

    def _changes(self, s: int, lang: str) -> Iterator[str]:
        base, side = self.sides[0], self.sides[s]
        yield from diff(base.scenario, side.scenario, lang, self.region)
        if base.saved is None or side.saved is None:
            return
        old, new = self.settings[0], self.settings[s]
        titles = {prior.name: prior.title[lang] for prior in catalogue()}
        was, now = old["parameters"], new["parameters"]
        for name in sorted(was.keys() | now.keys()):
            if was.get(name) != now.get(name):
                yield f"{titles.get(name, name)} ({name}): {was.get(name)} -> {now.get(name)}"
        for key, label in SETTINGS.items():
            if old[key] != new[key]:
                yield f"{label.text(lang)}: {old[key]} -> {new[key]}"

    def to_frame(self) -> "pd.DataFrame":
        """A row for each side, outcome and group of counties.

        `difference_low` and `difference_high` hold 90 % of the paired differences over draws and
        seeds; `draw_sd` and `seed_sd` are the parts of their spread. Null without draws.
        """
        spread = [self._spread(side) for side in range(len(self.sides))]
        return pd.DataFrame(
            {
                "scenario": side.name, "baseline_scenario": self.sides[0].name, "date": self.day,
                "outcome": name, "unit": unit, "unit_code": group.code, "county": group.zh,
                "county_en": group.en, "value": (own := self.values[s, o, g]),
                "baseline_value": (base := self.values[0, o, g]), "difference": own - base,
                "common_random_numbers": self.paired(s),
                **{key: float(each[o, g]) for key, each in spread[s].items()},
            }
            for s, side in enumerate(self.sides)
            for o, (name, unit) in enumerate(UNITS.items())
            for g, group in enumerate(self.groups)
        )  # fmt: skip

    def _spread(self, side: int) -> dict[str, Floats]:
        """Interval and parts of the spread of the differences, each (outcome, group)."""
        if self.drawn is None:
            return dict.fromkeys(SPREAD, np.full(self.values.shape[1:], np.nan))
        difference = self.drawn[side] - self.drawn[0]
        pooled = difference.reshape(-1, *difference.shape[2:])
        ends = np.percentile(pooled, INTERVAL, axis=0)
        values = (pooled.mean(axis=0), *ends, *parts_of_spread(difference))
        return dict(zip(SPREAD, values, strict=True))

    def verdicts(self) -> "pd.DataFrame":
        """A row for each side and target: the expected published rate, and the chance to meet it.

        `expected` is the median, `expected_difference` that less the median of the first side,
        which `run` calls the effect of the plan; `all_met` is the chance that all targets due by
        this deadline are met; `probability` and it are null where no level is known and no draws
        were made; `simulated` is the model's own rate.
        """
        rows = []
        for s, side in enumerate(self.sides):
            due = self._due(s)
            estimates = self.verdict(s).estimates() if due else {}
            for i, (t, target) in enumerate(due):
                group = self.groups[group_of(target, self.region, self.groups)]
                rows.append(
                    {
                        "scenario": side.name, "target": target.id,
                        "target_name": target.name.zh, "target_name_en": target.name.en,
                        "unit_code": group.code, "county": group.zh, "county_en": group.en,
                        "deadline": target.deadline, "target_rate": target.value,
                        "operator": target.operator, "simulated": self.targets[s, t],
                        **{name: float(estimates[name][i])
                           for name in ("expected", "probability", "all_met")},
                        "expected_difference": float(estimates["from_plan_pp"][i]),
                    }
                )  # fmt: skip
        return pd.DataFrame(rows)

    def verdict(self, side: int) -> Verdict:
        """The verdict on a side, the first side its baseline."""
        due = self._due(side)
        columns = [t for t, __ in due]
        if self.drawn_targets is None or self.drawn_reference is None:
            runs, reference = (self.targets - self.by_chance)[:, None], self.reference[None]
        else:
            reference = self.drawn_reference.reshape(-1, self.drawn_reference.shape[-1])
            runs = self.drawn_targets.reshape(len(self.sides), *reference.shape)
        known = self.level
        return Verdict.of_rates(
            {target.id: (target.deadline, floor(target)) for __, target in due},
            None if known is None else known.at_deadlines(self.region)[:, columns],
            scenario=runs[side][:, columns], baseline=runs[0][:, columns],
            reference=reference[:, columns], draws=0 if self.drawn is None else self.drawn.shape[1],
            draw_scale=self.draw_scale,
        )  # fmt: skip

    def _due(self, side: int) -> "list[tuple[int, Target]]":
        """The targets that a side reaches, with their index in the region."""
        return [(t, each) for t, each in enumerate(self.region.targets)
                if np.isfinite(self.targets[side, t])]  # fmt: skip

    @property
    def level(self) -> Level | None:
        """The level of all sides; None where they start on different days or none is known."""
        first = self.sides[0].scenario.start
        if any(side.scenario.start != first for side in self.sides):
            return None
        last = max(side.scenario.until for side in self.sides)
        return levels.level_of(self.common, last)

    @property
    def judged(self) -> bool:
        """Whether the chance to meet a target is known."""
        return self.level is not None or self.drawn_targets is not None


def parts_of_spread(values: Floats) -> tuple[Floats, Floats]:
    """Standard deviations between draws and between seeds.

    Parameters
    ----------
    values : (draw, seed, ...)

    Returns
    -------
    between draws, the variance of means over seeds taken out; between seeds, nan where each draw
    has but one
    """
    draws, seeds = values.shape[:2]
    unknown = np.full(values.shape[2:], np.nan)
    between = values.mean(axis=1).var(axis=0, ddof=1) if draws > 1 else unknown
    if seeds == 1:
        return np.sqrt(between), unknown
    within = values.var(axis=1, ddof=1).mean(axis=0)
    return np.sqrt(np.maximum(between - within / seeds, 0)), np.sqrt(within)


def compare(
    sides: Sequence[Comparand], *, region: str | Path = "binzhou", seed: int = 1,
    scale: float = 1.0, draws: int = 0, draw_scale: float | None = None, seeds: int = 1,
    jobs: int | None = None, day: date | None = None,
    observations: Sequence[PublishedRate] = (), alignment: str = LEVEL,
    cutoff: date | None = None,
    done: Callable[[], None] = lambda: None,
) -> Comparison:  # fmt: skip
    """Compare sides with the first of them.

    A saved run shows what is on file, and the scenarios beside it are simulated with its settings.
    With draws, all sides are simulated under each of them, saved runs too: differences are paired,
    side less the first, and their intervals hold 90 %.

    Parameters
    ----------
    sides : from two on; all of one region
    scale : in (0, 1]; rows for each resident
    draws, seeds : parameter draws, none or at least two, and seeds within each
    draw_scale : rows for each resident in them; see `scenarios.ensemble.scale_of_draws`
    observations, alignment, cutoff : as `simulate` takes them, where no side is a saved run
    day : of the outcomes; by default the last deadline of a target

    Raises
    ------
    RequestError
        before anything is simulated.
    """
    if draws == 1:
        raise RequestError(
            _("--draws should be 0 or from 2 on, as within one draw an interval holds the "
              "spread of random numbers alone; got 1")
        )  # fmt: skip
    common = RunSpec.of(
        sides[0].scenario, region=region, seed=seed, scale=scale, observations=observations,
        alignment=alignment, cutoff=cutoff,
    )  # fmt: skip
    pack = common.pack
    _check_targets(sides, region, pack)
    saved = [side.saved for side in sides if side.saved]
    for run in saved:
        _check_region(run, pack)
        _check_level(run, saved[0])
    if saved:
        record = saved[0].record
        common = replace(
            common, seed=record.seed, draw=record.draw, parameters=record.parameters,
            scale=record.scale, observations=saved[0].spec.observations,
            alignment=record.alignment,
        )  # fmt: skip
    chosen = _common_day(sides, day, pack)
    with Summaries(common, chosen, jobs) as runs:
        fresh = [side for side in sides if not side.saved]
        reference = replace(
            reference_of(sides[0].scenario), until=max(s.scenario.until for s in sides)
        )
        plain = common.running(reference)
        own = [] if draws else [
            common.running(replace(baseline_of(side.scenario), until=reference.until))
            for side in sides
        ]  # fmt: skip
        once = [plain, *(common.running(side.scenario) for side in fresh), *own]
        first, *others = runs.read(once, done)
        central = dict(zip((side.name for side in fresh), others, strict=False))
        central |= {
            side.name: summarize(side.saved.outcome(), chosen) for side in sides if side.saved
        }
        without = others[len(fresh) :]
        smaller = scale_of_draws(common, draw_scale)
        table = layered(common, draws, seed, seeds) if draws else []
        specs = [plain, *(common.running(side.scenario) for side in sides)]
        smaller_specs = [spec.vary(scale=smaller) for spec in specs]
        every = runs.read([spec.under(draw) for spec in smaller_specs for draw in table], done)
        known, drawn = [first, *every[: len(table)]], every[len(table) :]
    references = np.array([run.targets for run in known])
    shape = (len(sides), draws, seeds)
    values = np.array([outcome_values(central[side.name]) for side in sides])
    return Comparison(
        sides=tuple(sides), settings=tuple(side.settings(common) for side in sides),
        groups=reported_groups(pack), common=common, day=chosen, values=values,
        targets=np.array([central[side.name].targets for side in sides]),
        reference=references[0],
        drawn=np.array([outcome_values(run) for run in drawn]).reshape(*shape, *values.shape[1:])
        if draws else None,
        drawn_targets=np.array([run.targets for run in drawn]).reshape(*shape, len(pack.targets))
        if draws else None,
        drawn_reference=references[1:].reshape(draws, seeds, len(pack.targets)) if draws else None,
        by_chance=np.array([
            central[side.name].by_chance - other.by_chance
            for side, other in zip(sides, without, strict=True)
        ]) if not draws else np.zeros((len(sides), len(pack.targets))),
        draw_scale=smaller if draws else None,
    )  # fmt: skip


def _check_targets(sides: Sequence[Comparand], region: str | Path, pack: "Region") -> None:
    """Refuse scenarios that are judged by different targets."""
    for side in sides:
        if judged(side.scenario, region).targets != pack.targets:
            raise RequestError(
                _("{one} and {other} are judged by different targets; state in both what "
                  "is wanted, under targets", one=sides[0].name, other=side.name)
            )  # fmt: skip


def _check_region(saved: SavedRun, region: "Region") -> None:
    own = saved.record.region
    if own.sha256 != region.digest:
        raise RequestError(
            _("the run {run} is of the pack {own}, which is not {region} as it is now; name its "
              "pack with --region", run=saved.record.run, own=own.name, region=region.name)
        )  # fmt: skip


def _check_level(run: SavedRun, first: SavedRun) -> None:
    """Refuse runs of different levels, of which none could take the differences of all."""
    own, other = ((each.spec.alignment, each.spec.observations) for each in (run, first))
    if own != other:
        raise RequestError(
            _("the runs {run} and {first} differ in --alignment or --observations, so that each "
              "has a level of its own; run both with the same", run=run.record.run,
              first=first.record.run)
        )  # fmt: skip


def _common_day(sides: Sequence[Comparand], day: date | None, region: "Region") -> date:
    """The day of the outcomes, which all sides must cover."""
    first = max(side.scenario.start for side in sides)
    last = min(side.scenario.until for side in sides)
    chosen = day or min(judged_on(sides[0].scenario, region), last)
    if not first <= chosen <= last:
        raise RequestError(
            _("{chosen} is not within {first} to {last}, which all scenarios cover", chosen=chosen,
              first=first, last=last)
        )  # fmt: skip
    return chosen
