"""Scenarios and saved runs side by side: what differs in them, and what comes of it.

Differences are paired: both sides meet the same draw of the parameters and the same luck. What is
shown as uncertainty runs over parameter draws first and over luck second; luck alone is never
shown as if it were the uncertainty.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from xiancheng.calibration.i18n import _
from xiancheng.calibration.priors import catalogue, override
from xiancheng.results.keeping.store import Saved, on_file
from xiancheng.results.verdict import level as levels
from xiancheng.results.verdict.level import Level
from xiancheng.results.verdict.verdict import INTERVAL, Verdict
from xiancheng.scenarios.diff import diff, differences
from xiancheng.scenarios.ensemble import usual
from xiancheng.scenarios.loader import is_shipped, resolve
from xiancheng.scenarios.outcome import Group, floor, group_of
from xiancheng.scenarios.paired import PARTS, Draw, Reading, Runs, judged_on, layered, read
from xiancheng.scenarios.request import code_digest
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.scenarios.simulate import RequestError, information, reported
from xiancheng.sim.state import Floats

if TYPE_CHECKING:
    import pandas as pd

    from xiancheng.calibration.region import Region, Target


@dataclass(frozen=True)
class Comparand:
    """A scenario, or a run on disk."""

    name: str
    scenario: Scenario
    saved: Saved | None = None


@dataclass(frozen=True)
class RunSettings:
    """What a side met in its one run; sides that met the same are compared in pairs."""

    seed: int
    draw: int
    scale: float
    start: str
    cutoff: str
    parameters: tuple[tuple[str, float], ...]
    region: str  # sha256 of the pack
    code: str  # sha256 of what computed

    @classmethod
    def of(cls, made: Saved) -> Self:
        """What a saved run met."""
        told = made.record
        return cls(
            told.seed, told.draw, told.scale, told.start, told.cutoff,
            tuple(sorted(told.parameters.items())), told.region.sha256,
            told.software.simulation_code,
        )  # fmt: skip


def opened(what: str, region: str | Path | None = None) -> Comparand:
    """A shipped scenario by its bare name, a saved run by its folder or id, or another scenario.

    A file under the name of a scenario of the plan that it changes is called by its own name.

    Raises
    ------
    RequestError, ScenarioError
    """
    if not is_shipped(what) and (saved := on_file(what)):
        return Comparand(saved.record.run, saved.request.world.scenario, saved)
    scenario = resolve(what, region)
    namesake = scenario.plan.scenario_files().get(scenario.name)
    altered = namesake is not None and bool(differences(resolve(namesake), scenario))
    return Comparand(Path(what).stem if altered else scenario.name, scenario)


def ordered(
    names: Sequence[str], baseline: str | None, region: str | Path | None = None
) -> tuple[Comparand, ...]:
    """The sides, the baseline first, under names that tell them apart.

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
        side = opened(what, region)
        again = sum(other.name.partition("#")[0] == side.name for other in sides)
        sides.append(replace(side, name=f"{side.name}#{again + 1}") if again else side)
    return tuple(sides)


def met(side: Comparand, common: Draw, scale: float, pack: "Region") -> RunSettings:
    """What a side meets: that of its run, or the luck common to all."""
    if side.saved:
        return RunSettings.of(side.saved)
    values = asdict(override(common.parameters))
    return RunSettings(
        common.seed, common.number, scale, str(side.scenario.start),
        str(information(side.scenario, pack, None)),
        tuple(sorted(values.items())), pack.digest, code_digest(),
    )  # fmt: skip


def differing(
    base: Comparand, other: Comparand, lang: str, region: "Region | None" = None
) -> Iterator[str]:
    """What differs in the inputs of two sides, in the words of the plan, in a region."""
    yield from diff(base.scenario, other.scenario, lang, region)
    if base.saved is None or other.saved is None:
        return
    a, b = RunSettings.of(base.saved), RunSettings.of(other.saved)
    titles = {prior.name: prior.title[lang] for prior in catalogue()}
    was, will = dict(a.parameters), dict(b.parameters)
    for name in sorted(was.keys() | will.keys()):
        if was.get(name) != will.get(name):
            yield f"{titles.get(name, name)} ({name}): {was.get(name)} -> {will.get(name)}"
    for key, words in MET.items():
        if getattr(a, key) != getattr(b, key):
            yield f"{words.said(lang)}: {getattr(a, key)} -> {getattr(b, key)}"


MET = {
    "seed": _("seed", "compare"),
    "draw": _("draw"),
    "scale": _("scale"),
    "cutoff": _("cut-off of what is known"),
    "region": _("sha256 of the region pack"),
    "code": _("sha256 of the simulation code"),
}


@dataclass(frozen=True)
class Comparison:
    """Sides in order, the baseline first; arrays are (side, ...)."""

    sides: tuple[Comparand, ...]
    groups: tuple[Group, ...]
    region: "Region"
    day: date
    scale: float
    met: tuple[RunSettings, ...]  # by each side, in `values`
    inputs: Mapping[str, Mapping[str, list[str]]]  # lang -> side -> what it does differently
    values: Floats  # (side, outcome, group)
    targets: Floats  # (side, target) the model's
    usual: Floats  # (target,) the model's without the plan in the usual world
    drawn: Floats | None  # (side, draw, seed, outcome, group)
    drawn_targets: Floats | None  # (side, draw, seed, target)
    drawn_usual: Floats | None  # (draw, seed, target)

    def paired(self, side: int) -> bool:
        """Whether a side met the same luck as the baseline in `values`."""
        return self.met[side] == self.met[0]

    def to_frame(self) -> "pd.DataFrame":
        """A row for each side, outcome and group of counties.

        `low` and `high` hold 90 % of the paired differences over draws and luck; `draw_sd` and
        `seed_sd` say how much of their spread is either's. Null without draws.
        """
        import pandas as pd

        rows = []
        for s, side in enumerate(self.sides):
            spread = self._spread(s)
            for o, (name, unit) in enumerate(outcomes().items()):
                for g, group in enumerate(self.groups):
                    own, base = self.values[s, o, g], self.values[0, o, g]
                    rows.append(
                        {
                            "scenario": side.name, "baseline_scenario": self.sides[0].name,
                            "date": self.day, "outcome": name, "unit": unit,
                            "unit_code": group.code, "county": group.zh, "county_en": group.en,
                            "value": own, "baseline_value": base, "difference": own - base,
                            "same_luck": self.paired(s),
                            **{k: float(v[o, g]) for k, v in spread.items()},
                        }
                    )  # fmt: skip
        return pd.DataFrame(rows)

    def verdicts(self) -> "pd.DataFrame":
        """A row for each side and target: the expected published rate, and the chance to meet it.

        `expected` is the median; `all_met` is the chance that all targets due by this deadline
        are met; `probability` and it are null where no level is known and no draws were
        made; `simulated` is the model's own rate.
        """
        import pandas as pd

        made = [self.verdict(side).estimates() for side in range(len(self.sides))]
        return pd.DataFrame(
            {
                "scenario": side.name, "target": target.id, **self._of(target),
                "operator": target.operator, "simulated": self.targets[s, t],
                **{k: float(made[s][k][i]) for k in ("expected", "probability", "all_met")},
            }
            for s, side in enumerate(self.sides)
            for i, (t, target) in enumerate(self._due(s))
        )  # fmt: skip

    def verdict(self, side: int) -> Verdict:
        """The verdict on a side, the first side its baseline."""
        due = self._due(side)
        columns = [t for t, __ in due]
        if self.drawn_targets is None or self.drawn_usual is None:
            runs, usual = self.targets[:, None], self.usual[None]
        else:
            usual = self.drawn_usual.reshape(-1, self.drawn_usual.shape[-1])
            runs = self.drawn_targets.reshape(len(self.sides), *usual.shape)
        known = self.known
        return Verdict.of_rates(
            {target.id: (target.deadline, floor(target)) for __, target in due},
            None if known is None else levels.at_deadlines(self.region, known)[:, columns],
            scenario=runs[side][:, columns], baseline=runs[0][:, columns],
            reference=usual[:, columns], draws=0 if self.drawn is None else self.drawn.shape[1],
        )  # fmt: skip

    def _due(self, side: int) -> "list[tuple[int, Target]]":
        """The targets that a side reaches, with their index in the region."""
        return [(t, each) for t, each in enumerate(self.region.targets)
                if np.isfinite(self.targets[side, t])]  # fmt: skip

    def _of(self, target: "Target") -> dict[str, object]:
        """Deadline, name, place and rate of a target."""
        group = self.groups[group_of(target, self.region, self.groups)]
        return {
            "target_name": target.name.zh, "target_name_en": target.name.en,
            "unit_code": group.code, "county": group.zh, "county_en": group.en,
            "deadline": target.deadline, "target_rate": target.value,
        }  # fmt: skip

    @property
    def known(self) -> Level | None:
        """The level that sides are held to, if there is one for where they all start."""
        first = self.sides[0].scenario.start
        if any(side.scenario.start != first for side in self.sides):
            return None
        return levels.held(self.region, first, max(side.scenario.until for side in self.sides))

    @property
    def judged(self) -> bool:
        """Whether the chance to meet a target is known."""
        return self.known is not None or self.drawn_targets is not None

    def _spread(self, side: int) -> dict[str, Floats]:
        """Interval and parts of the spread of the differences, each (outcome, group)."""
        keys = ("mean_difference", "difference_low", "difference_high", "draw_sd", "seed_sd")
        if self.drawn is None:
            return dict.fromkeys(keys, np.full(self.values.shape[1:], np.nan))
        difference = self.drawn[side] - self.drawn[0]
        pooled = difference.reshape(-1, *difference.shape[2:])
        low, high = np.percentile(pooled, INTERVAL, axis=0)
        parts = parts_of_spread(difference)
        return dict(zip(keys, (pooled.mean(axis=0), low, high, *parts), strict=True))


def parts_of_spread(values: Floats) -> tuple[Floats, Floats]:
    """Standard deviations between draws and, within a draw, between seeds.

    Parameters
    ----------
    values : (draw, seed, ...)

    Returns
    -------
    between draws, the share of luck taken out; between seeds, nan where each draw has but one
    """
    draws, seeds = values.shape[:2]
    unknown = np.full(values.shape[2:], np.nan)
    between = values.mean(axis=1).var(axis=0, ddof=1) if draws > 1 else unknown
    if seeds == 1:
        return np.sqrt(between), unknown
    within = values.var(axis=1, ddof=1).mean(axis=0)
    return np.sqrt(np.maximum(between - within / seeds, 0)), np.sqrt(within)


def outcomes() -> dict[str, str]:
    """What is compared, with its unit: every indicator, and the causes of the rate's change."""
    from xiancheng.sim.indicators import INDICATORS

    points = {f"{part}_pp": "percentage points" for part in PARTS}
    return {name: each.unit for name, each in INDICATORS.items()} | points


def compare(
    sides: Sequence[Comparand], *, region: str | Path = "binzhou", seed: int = 1,
    scale: float = 1.0,
    draws: int = 0, seeds: int = 1, jobs: int | None = None, day: date | None = None,
    done: Callable[[], None] = lambda: None,
) -> Comparison:  # fmt: skip
    """Hold sides against the first of them.

    A saved run shows what is on file, and the scenarios beside it meet its luck at its scale. With
    draws, all are simulated under each of them, saved runs too.

    Parameters
    ----------
    draws, seeds : parameter draws, none or at least two, and kinds of luck within each
    day : what is compared stands at its end; by default the targets' deadline

    Raises
    ------
    RequestError
    """
    from xiancheng.calibration.region import load

    if draws == 1:
        raise RequestError(
            _(
                "--draws should be 0 or from 2 on, as within one draw an "
                "interval tells of luck alone; got 1"
            )
        )
    pack = load(region)
    saved = [side.saved for side in sides if side.saved]
    common = Draw(seed)
    for run in saved:
        if run.record.region.sha256 != pack.digest:
            raise RequestError(
                _(
                    "the run {run} is of the pack {region}, which is not {pack} "
                    "as it is now; name its pack with --region",
                    run=run.record.run,
                    region=run.record.region.name,
                    pack=pack.name,
                )
            )
    if saved:
        told = saved[0].record
        common, scale = Draw(told.seed, told.draw, told.parameters), told.scale
    first = max(side.scenario.start for side in sides)
    last = min(side.scenario.until for side in sides)
    chosen = day or min(judged_on(sides[0].scenario, pack), last)
    if not first <= chosen <= last:
        raise RequestError(
            _(
                "{chosen} is not within {first} to {last}, which all scenarios cover",
                chosen=chosen,
                first=first,
                last=last,
            )
        )

    with Runs(region, day=chosen, scale=scale, jobs=jobs) as runs:
        fresh = [side for side in sides if not side.saved]
        plain = replace(usual(sides[0].scenario), until=max(s.scenario.until for s in sides))
        asked = [(side.scenario, common) for side in fresh]
        made = dict(zip((s.name for s in fresh), runs.read(asked, done), strict=True))
        made |= {side.name: read(side.saved.outcome(), chosen) for side in sides if side.saved}
        table = layered(region, draws, seed, seeds) if draws else []
        drawn = runs.read([(side.scenario, draw) for side in sides for draw in table], done)
        known = runs.read([(plain, draw) for draw in [common, *table]], done)
    without = np.array([reading.targets for reading in known])
    shape = (len(sides), draws, seeds)
    values = np.array([_outcomes(made[side.name]) for side in sides])
    return Comparison(
        sides=tuple(sides), groups=reported(pack), region=pack, day=chosen, scale=scale,
        met=tuple(met(side, common, scale, pack) for side in sides),
        inputs={
            lang: {s.name: list(differing(sides[0], s, lang, pack)) for s in sides[1:]}
            for lang in ("zh", "en")
        },
        values=values, targets=np.array([made[side.name].targets for side in sides]),
        usual=without[0],
        drawn=np.array([_outcomes(r) for r in drawn]).reshape(*shape, *values.shape[1:])
        if draws else None,
        drawn_targets=np.array([r.targets for r in drawn]).reshape(*shape, len(pack.targets))
        if draws else None,
        drawn_usual=without[1:].reshape(draws, seeds, len(pack.targets)) if draws else None,
    )  # fmt: skip


def _outcomes(reading: Reading) -> Floats:
    return np.vstack([reading.indicators, reading.causes])
