"""An answer: what the runs of a scenario come to, ready for the tables and charts of the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from xiancheng.calibration.region import load
from xiancheng.results.console.draft import of_plan
from xiancheng.results.console.levels import Series, published
from xiancheng.results.store.cache import StoredRuns
from xiancheng.results.tables.plan_result import PlanResult, of_pair
from xiancheng.results.verdict import verdict
from xiancheng.scenarios.ensemble import (
    Ensemble,
    RunSummary,
    Summarize,
    TargetDraws,
    baseline_of,
    judged_on,
    layered,
    reference_of,
)
from xiancheng.scenarios.outcome import PUBLISHED, Group, Outcome
from xiancheng.scenarios.run_spec import RunSpec, digest_of
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.scenarios.simulation import simulate
from xiancheng.sim.state import Floats

if TYPE_CHECKING:
    from xiancheng.results.verdict.level import Level

SIDES = ("a", "without", "usual", "b")


@dataclass(frozen=True)
class Question:
    """What a stage computes: A, its baselines and B in the median world, then under each draw."""

    a: Scenario
    b: Scenario
    region: str
    scale: float
    draws: int
    seed: int = 1
    keep: bool = False  # whether runs of the plan's own scenarios are kept on file

    @cached_property
    def day(self) -> date:
        """The day that A is judged on."""
        return judged_on(self.a, load(self.region))

    @cached_property
    def sides(self) -> tuple[Scenario, Scenario, Scenario, Scenario]:
        """A, A without the plan, that in the usual world, and B, run on to the end of A."""
        until = max(self.a.until, self.b.until)
        b = self.b if until == self.b.until else replace(self.b, until=until)
        return self.a, baseline_of(self.a), reference_of(self.a), b

    @property
    def summarize(self) -> Summarize:
        """What a worker does with a run."""
        run = run_or_read if self.keep else simulate
        return Summarize(self.day, outcomes=True, run=run)

    @cached_property
    def specs(self) -> tuple[RunSpec, ...]:
        """The runs of the sides in the median world."""
        return tuple(
            RunSpec.of(side, region=self.region, seed=self.seed, scale=self.scale)
            for side in self.sides
        )

    @cached_property
    def drawn(self) -> list[RunSpec]:
        """A, its baselines and B under each draw, in turns."""
        draws = layered(self.specs[0], self.draws, self.seed) if self.draws else []
        return [spec.under(draw) for draw in draws for spec in self.specs]


def run_or_read(spec: RunSpec) -> Outcome:
    """The outcome of a run; one of a scenario of the plan is looked up, and kept on file."""
    return StoredRuns.here()(spec) if on_file(spec.scenario) else simulate(spec)


def on_file(scenario: Scenario) -> bool:
    """Whether this is a scenario of the plan, as it is on file."""
    known = scenario.name in scenario.plan.scenario_files()
    return known and scenario.resolved() == of_plan(scenario.name).resolved()


NAMES = ("name", "title", "purpose")  # of a scenario: they change no number


def content_digest(scenario: Scenario) -> str:
    """The sha256 of all in a scenario that may change a number."""
    return digest_of({k: v for k, v in scenario.resolved().items() if k not in NAMES})


@dataclass(frozen=True, eq=False)
class Places:
    """Published rates of every place on a day, each (group,) [percent, or points].

    Levels are medians; a difference is that of two medians. Intervals are of 90 %, or from the
    least to the most where there are fewer than `ENOUGH` draws; None without draws.
    """

    without: Floats  # A without the plan
    a: Floats
    b: Floats | None  # None where B cannot be read on this day
    a_interval: tuple[Floats, Floats] | None
    effect_interval: tuple[Floats, Floats] | None
    less_b_interval: tuple[Floats, Floats] | None

    @property
    def effect(self) -> Floats:
        """What the plan adds."""
        return level_difference(self.a, self.without)

    @property
    def less_b(self) -> Floats | None:
        """A less B: the difference of the two levels."""
        return None if self.b is None else level_difference(self.a, self.b)


EXACT = 9  # decimals: what two ways of adding up leave beyond them is no difference


def level_difference(level: Floats, other: Floats) -> Floats:
    """One level less another, the same number however each was added up [points].

    >>> level_difference(np.array([54.13]), np.array([53.875])).tolist()
    [0.255]
    """
    return np.round(level - other, EXACT)


ENOUGH = 20  # draws for an interval of 90 %; of fewer, the least and the most are given


@dataclass(frozen=True, eq=False)
class Answer:
    """What is shown."""

    both: Ensemble
    b: Outcome  # run on to the end of A
    b_until: date  # its own end
    scale: float
    preliminary: bool
    pending: bool  # whether draws are still to come
    day: date  # that A is judged on
    series: Mapping[str, Series]  # side -> under each draw, or once at the central parameters
    _places: dict[date, Places] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls, question: Question, central: Sequence[RunSummary],
        drawn: Sequence[RunSummary] = (), *, preliminary: bool,
    ) -> "Answer":  # fmt: skip
        """The answer from the summaries of `specs` and of `drawn`."""
        a, base, reference, b = (
            restored(summary, spec) for summary, spec in zip(central, question.specs, strict=True)
        )
        parts = [drawn[side::4] for side in range(4)]
        own, without, meant = (np.array([each.targets for each in part]) for part in parts[:3])
        recoding = np.array([each.recoding for each in parts[2]])
        rates = TargetDraws(own, without, meant, recoding) if drawn else None
        runs = parts if drawn else [[summary] for summary in central]
        series = {
            side: Series.of(outcome.dates, part)
            for side, outcome, part in zip(SIDES, (a, base, reference, b), runs, strict=True)
        }
        return cls(
            both=Ensemble(a, base, reference, rates),
            b=b, b_until=question.b.until, scale=question.scale,
            preliminary=preliminary, pending=bool(question.draws) and not drawn,
            day=question.day, series=series,
        )  # fmt: skip

    def entitled(self, a: Scenario, b: Scenario) -> "Answer":
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

    @cached_property
    def carries_nothing_out(self) -> bool:
        """Whether A is its own baseline, so that there is no plan to speak of."""
        a, baseline = (
            content_digest(run.scenario) for run in (self.both.scenario, self.both.baseline)
        )
        return a == baseline

    @cached_property
    def against_baseline(self) -> bool:
        """Whether B is A without the plan: then A less B is what the plan does."""
        b, baseline = (content_digest(run.scenario) for run in (self.b, self.both.baseline))
        return b == baseline

    @cached_property
    def same(self) -> bool:
        """Whether B does what A does."""
        a, b = (content_digest(run.scenario) for run in (self.both.scenario, self.b))
        return a == b

    @property
    def outcome(self) -> Outcome:
        """A in the median world."""
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
        """What statistics say, that A is held to."""
        return verdict.anchor(self.both)

    def comparable(self, day: date) -> bool:
        """Whether B can be read on a day, at the same level as A."""
        return self.b.dates[0] == self.outcome.dates[0] and day <= self.b.dates[-1]

    def rates(self, side: str, day: date, groups: Sequence[Group] | None = None) -> Floats:
        """Draws of the published rate of a side on a day, (draw, group) [percent].

        Parameters
        ----------
        groups : some of `groups`; all by default
        """
        chosen = self.groups if groups is None else groups
        columns = [self.groups.index(group) for group in chosen]
        run, meant = (
            Series(each.dates, each.values[..., columns])
            for each in (self.series[side], self.series["usual"])
        )
        return published(self.level, chosen, run, meant, day)

    def places(self, day: date) -> Places:
        """The rates of every place on a day."""
        if day not in self._places:
            self._places[day] = self._placed(day)
        return self._places[day]

    def _placed(self, day: date) -> Places:
        having = self.rates("a", day)
        b = self.rates("b", day) if self.comparable(day) else None
        drawn = self.draws > 0
        less_b = None if b is None or not drawn else self.spread("a", "b", PUBLISHED, day)
        return Places(
            without=np.median(self.rates("without", day), axis=0),
            a=np.median(having, axis=0),
            b=None if b is None else np.median(b, axis=0),
            a_interval=_pair(np.percentile(having, verdict.INTERVAL, axis=0))
            if len(having) > 1 and (drawn or self.level is not None) else None,
            effect_interval=self.spread("a", "without", PUBLISHED, day) if drawn else None,
            less_b_interval=less_b,
        )  # fmt: skip

    def spread(self, side: str, other: str, indicator: str, day: date) -> tuple[Floats, Floats]:
        """How far the paired differences of two sides lie apart, each (group,)."""
        apart = self.series[side].at(indicator, day) - self.series[other].at(indicator, day)
        return _pair(np.percentile(apart, percentiles(self.draws), axis=0))

    def added(self, indicator: str, day: date) -> Floats:
        """What the plan adds to a number of persons, the mean of the draws, (group,)."""
        a, base = (self.series[side].at(indicator, day) for side in ("a", "without"))
        return np.asarray((a - base).mean(axis=0))


def percentiles(draws: int) -> tuple[int, int]:
    """The ends of an interval of so many draws."""
    return verdict.INTERVAL if draws >= ENOUGH else (0, 100)


def _pair(ends: Floats) -> tuple[Floats, Floats]:
    low, high = ends
    return low, high


def restored(summary: RunSummary, spec: RunSpec) -> Outcome:
    """The outcome in a summary, under the names that the scenario of a spec has."""
    assert summary.outcome is not None  # the median world keeps it
    return replace(summary.outcome, spec=spec)
