"""What the page shows: scenarios A and B, their baselines, and published rates on any day.

A level is that of statistics, where there is a record of change, as in `results.verdict`; each
scenario shifts it by its difference from reference conditions, draw by draw. Every figure of the
page is a median of such draws or a difference of two, so A less B is the level of A less that of B.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from xiancheng.calibration.forecasts.common_trend import PublishedRate
from xiancheng.results.console.edits import plan_scenario
from xiancheng.results.store.cache import StoredRuns
from xiancheng.results.tables.plan_result import PlanResult, of_pair
from xiancheng.results.verdict import level as levels
from xiancheng.results.verdict import verdict
from xiancheng.scenarios.ensemble import (
    SERIES,
    Ensemble,
    RunSummary,
    Summarize,
    judged_on,
    layered,
    scale_of_draws,
)
from xiancheng.scenarios.outcome import PUBLISHED, Group, Outcome
from xiancheng.scenarios.run_spec import RunSpec, baseline_of, digest_of, judged, reference_of
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.scenarios.trunk import KeptStates, simulate_together
from xiancheng.sim.state import Floats

if TYPE_CHECKING:
    from xiancheng.results.verdict.level import Level

SIDES = ("a", "baseline", "reference", "b")
ENOUGH = 20  # draws for an interval of 90 %; of fewer, the least and the most are given
EXACT = 9  # decimals: smaller differences come from the order of adding up


@dataclass(frozen=True)
class ABQuery:
    """What stages compute: A, its baselines and B, at central parameters and in each draw."""

    a: Scenario
    b: Scenario
    region: str
    scale: float
    draws: int
    seed: int = 1
    draw_scale: float | None = None  # rows for each resident in runs of draws, if it is chosen
    keep: bool = False  # whether runs of the plan's own scenarios are kept on file
    states: KeptStates | None = None  # in which scenarios part, so that a changed one is quick
    figures: tuple[PublishedRate, ...] = ()  # that the visitor brought
    _drawn: list[RunSpec] = field(default_factory=list, repr=False, compare=False)

    @cached_property
    def day(self) -> date:
        """The day that A is judged on."""
        return judged_on(self.a, judged(self.a, self.region))

    @cached_property
    def sides(self) -> tuple[Scenario, Scenario, Scenario, Scenario]:
        """A, its baseline, that in reference conditions, and B, continued to the end of A."""
        until = max(self.a.until, self.b.until)
        b = self.b if until == self.b.until else replace(self.b, until=until)
        return self.a, baseline_of(self.a), reference_of(self.a), b

    @property
    def summarize(self) -> Summarize:
        """What a worker does with a run."""
        run = run_or_read if self.keep else simulate_together
        return Summarize(self.day, outcomes=True, run=partial(run, states=self.states))

    @cached_property
    def central(self) -> list[RunSpec]:
        """The runs at central parameters, one a side."""
        return [
            RunSpec.of(
                side,
                region=self.region,
                seed=self.seed,
                scale=self.scale,
                observations=self.figures,
            )
            for side in self.sides
        ]

    @cached_property
    def scale_of_draws(self) -> float:
        """Rows for each resident in runs of draws."""
        return scale_of_draws(self.central[0], self.draw_scale)

    @cached_property
    def design(self) -> list[RunSpec]:
        """A in each draw; the first of them are a sample too."""
        spec = self.central[0].vary(scale=self.scale_of_draws)
        return layered(spec, self.draws, self.seed) if self.draws else []

    def drawn(self, number: int) -> list[RunSpec]:
        """The runs in so many draws, sides in turn."""
        sides = [spec.vary(scale=self.scale_of_draws) for spec in self.central]
        while len(self._drawn) < number * len(sides):
            draw = self.design[len(self._drawn) // len(sides)]
            self._drawn.extend(side.under(draw) for side in sides)
        return self._drawn[: number * len(sides)]

    def prepare(self) -> None:
        """Make all runs, with their keys: it takes too long for the event loop."""
        specs = [*self.central, *self.drawn(self.draws)]
        assert all(spec.outcome_key for spec in specs)


def run_or_read(specs: Sequence[RunSpec], states: KeptStates | None = None) -> list[Outcome]:
    """The outcome of each run; those of scenarios of the plan are looked up, and kept on file."""
    return StoredRuns.here().together(specs, states, lambda spec: on_file(spec.scenario))


def on_file(scenario: Scenario) -> bool:
    """Whether this is a scenario of the plan, as it is on file."""
    known = scenario.name in scenario.plan.scenario_files()
    return known and scenario.resolved() == plan_scenario(scenario.name).resolved()


def content_digest(scenario: Scenario) -> str:
    """The sha256 of all in a scenario that may change a number."""
    names = ("name", "title", "purpose")
    return digest_of({k: v for k, v in scenario.resolved().items() if k not in names})


@dataclass(frozen=True, eq=False)
class SideDraws:
    """One scenario in each draw, or once at central parameters."""

    dates: tuple[date, ...]
    values: Floats  # (draw, indicator of `SERIES`, date, group)

    @classmethod
    def of(cls, runs: Sequence[RunSummary]) -> "SideDraws":
        """From the runs of one scenario, at least one."""
        return cls(runs[0].dates, np.array([run.series for run in runs]))

    def at(self, indicator: str, day: date) -> Floats:
        """An indicator on a day, (draw, group); linear between two dates.

        Raises
        ------
        ValueError
            on a day outside of the run.
        """
        if not self.dates[0] <= day <= self.dates[-1]:
            raise ValueError(f"{day} is not within {self.dates[0]} to {self.dates[-1]}")
        own = self.values[:, SERIES.index(indicator)]
        return levels.on_day(self.dates, day, lambda i: own[:, i])


def level_difference(level: Floats, other: Floats) -> Floats:
    """One level less another, the same number however each was added up [points].

    >>> level_difference(np.array([54.13]), np.array([53.875])).tolist()
    [0.255]
    """
    return np.round(level - other, EXACT)


@dataclass(frozen=True, eq=False)
class PlaceRates:
    """Published rates of every place on a day, each (group,) [percent, or points].

    Levels are medians; a difference is that of two medians. Intervals, (2, group), are of 90 %, or
    from the least to the most where there are fewer than `ENOUGH` draws; None without draws.
    """

    baseline: Floats  # A without the plan
    a: Floats
    b: Floats | None  # None where B cannot be compared on this day
    a_interval: Floats | None
    effect_interval: Floats | None
    difference_interval: Floats | None  # of A less B

    @property
    def effect(self) -> Floats:
        """What the plan adds."""
        return level_difference(self.a, self.baseline)

    @property
    def difference(self) -> Floats | None:
        """A less B: the difference of the two levels."""
        return None if self.b is None else level_difference(self.a, self.b)


@dataclass(frozen=True, eq=False)
class ABResult:
    """What is shown of A and B."""

    both: Ensemble  # A and its baselines
    b: Outcome  # continued to the end of A
    b_until: date  # its own end
    scale: float
    preliminary: bool
    pending: bool  # whether draws are still to come
    day: date  # that A is judged on
    sides: Mapping[str, SideDraws]  # by the names in `SIDES`
    digest: str  # of all in A that changes a number
    design: Sequence[RunSpec]  # A in each draw that the figures rest on
    wanted: int  # draws that there will be
    has_plan: bool  # whether A carries anything out, so that it differs from its baseline
    against_baseline: bool  # whether B is A without the plan: then A less B is what the plan does
    same: bool  # whether B does what A does
    parameters: tuple[Mapping[str, float], ...] = ()  # of each draw, by name
    _places: dict[date, PlaceRates] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls, query: ABQuery, central: Sequence[RunSummary], drawn: Sequence[RunSummary] = (), *,
        preliminary: bool,
    ) -> "ABResult":  # fmt: skip
        """The result of the runs `query.central` and of the first of `query.drawn`."""
        a, baseline, reference, b = (
            restored(summary, spec) for summary, spec in zip(central, query.central, strict=True)
        )
        parts = [drawn[side :: len(SIDES)] for side in range(len(SIDES))]
        runs = parts if drawn else [[summary] for summary in central]
        both, design = Ensemble(a, baseline, reference), query.design[: len(drawn) // len(SIDES)]
        digest, without_plan, other = (content_digest(run.scenario) for run in (a, baseline, b))
        if drawn:
            both = both.with_draws(parts[0], parts[1], parts[2], query.scale_of_draws)
        return cls(
            both=both, b=b, b_until=query.b.until, wanted=query.draws, design=design,
            scale=query.scale, preliminary=preliminary,
            pending=bool(query.draws) and not drawn, day=query.day,
            sides={side: SideDraws.of(part) for side, part in zip(SIDES, runs, strict=True)},
            digest=digest, has_plan=digest != without_plan, against_baseline=other == without_plan,
            same=other == digest,
            parameters=tuple(asdict(spec.values) for spec in design),
        )  # fmt: skip

    def retitled(self, a: Scenario, b: Scenario) -> "ABResult":
        """The same under other titles of A and B."""
        plan, other = (
            replace(run, spec=run.spec.running(replace(run.scenario, title=scenario.title)))
            for run, scenario in ((self.both.scenario, a), (self.b, b))
        )
        return replace(self, both=replace(self.both, scenario=plan), b=other)

    @property
    def draws(self) -> int:
        """How many draws the figures rest on."""
        return self.both.draws

    @property
    def outcome(self) -> Outcome:
        """A at central parameters."""
        return self.both.scenario

    @property
    def groups(self) -> tuple[Group, ...]:
        """Counties, prefectures, and the counties of each target together."""
        return self.outcome.groups

    @cached_property
    def subject(self) -> PlanResult:
        """What documents and page say the same things of."""
        return of_pair(self.both)

    @cached_property
    def level(self) -> "Level | None":
        """The level of statistics without the plan; None where the model's own is taken."""
        return verdict.anchor(self.both)

    def comparable(self, side: SideDraws, day: date) -> bool:
        """Whether a side has a rate on a day, at the same level as A."""
        return side.dates[0] == self.outcome.dates[0] and day <= side.dates[-1]

    def rates(self, side: SideDraws, day: date) -> Floats:
        """Draws of the published rate of a side on a day, (draw, group) [percent]."""
        run, reference = (each.at(PUBLISHED, day) for each in (side, self.sides["reference"]))
        level = None if self.level is None else self.level.at(day)
        return levels.published(level, run, reference)

    def median(self, side: SideDraws, day: date) -> Floats | None:
        """The median rate of a side on a day, (group,); None where it cannot be compared."""
        return np.median(self.rates(side, day), axis=0) if self.comparable(side, day) else None

    def places(self, day: date) -> PlaceRates:
        """The rates of every place on a day."""
        if day not in self._places:
            a, baseline, b = (self.sides[side] for side in ("a", "baseline", "b"))
            rates = self.rates(a, day)
            known = len(rates) > 1 and (self.draws or self.level is not None)
            self._places[day] = PlaceRates(
                baseline=np.median(self.rates(baseline, day), axis=0),
                a=np.median(rates, axis=0),
                b=self.median(b, day),
                a_interval=np.percentile(rates, verdict.INTERVAL, axis=0) if known else None,
                effect_interval=self.interval(a, baseline, PUBLISHED, day),
                difference_interval=self.interval(a, b, PUBLISHED, day),
            )
        return self._places[day]

    def interval(
        self, side: SideDraws, other: SideDraws, indicator: str, day: date
    ) -> Floats | None:
        """The interval of the paired differences of two sides, (2, group)."""
        if not self.draws or not self.comparable(other, day):
            return None
        paired_differences = side.at(indicator, day) - other.at(indicator, day)
        percentiles = verdict.INTERVAL if self.draws >= ENOUGH else (0, 100)
        return np.percentile(paired_differences, percentiles, axis=0)

    def added(self, indicator: str, day: date) -> Floats:
        """What the plan adds to a number of persons, the mean of the draws, (group,)."""
        a, baseline = (self.sides[side].at(indicator, day) for side in ("a", "baseline"))
        return np.asarray((a - baseline).mean(axis=0))


def restored(summary: RunSummary, spec: RunSpec) -> Outcome:
    """The outcome in a summary, under the titles of the scenario of a spec."""
    assert summary.outcome is not None  # runs at central parameters have it
    return replace(summary.outcome, spec=spec)
