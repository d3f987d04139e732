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
from xiancheng.results.console.work import Piece, Task, Told
from xiancheng.results.tables.plan_result import PlanResult, of_pair
from xiancheng.results.verdict import verdict
from xiancheng.scenarios.ensemble import Pair, usual, without_plan
from xiancheng.scenarios.outcome import PUBLISHED, Group, Outcome, floor
from xiancheng.scenarios.paired import Draw, judged_on, layered
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.sim.state import Floats

if TYPE_CHECKING:
    import pandas as pd

    from xiancheng.calibration.region import Region, Target
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
        return self.a, without_plan(self.a), usual(self.a), b

    @cached_property
    def told(self) -> tuple[tuple[Told, bool], ...]:
        """The sides as workers are told of them, and whether their runs are kept on file."""
        return tuple((Told.of(s), self.keep and on_file(s)) for s in self.sides)

    def central(self) -> list[Task]:
        """The runs of the median world."""
        return [
            Task(told, Draw(self.seed), self.region, self.scale, self.day, whole=True, kept=kept)
            for told, kept in self.told
        ]

    def drawn(self) -> list[Task]:
        """A, its baselines and B under each draw, in turns."""
        return [
            Task(told, draw, self.region, self.scale, self.day, whole=False, kept=kept)
            for draw in layered(self.region, self.draws, self.seed)
            for told, kept in self.told
        ]


def on_file(scenario: Scenario) -> bool:
    """Whether this is a scenario of the plan, as it is on file."""
    known = scenario.name in scenario.plan.scenario_files()
    return known and scenario.resolved() == of_plan(scenario.name).resolved()


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

    both: Pair
    b: Outcome  # run on to the end of A
    b_until: date  # its own end
    scale: float
    preliminary: bool
    pending: bool  # whether draws are still to come
    day: date  # that A is judged on
    series: Mapping[str, Series]  # side -> under each draw, or once at the central parameters
    targets: tuple[Floats, Floats, Floats]  # (draw, target) published rate, as the first sides
    recoding: Floats  # (draw, target) what it adds by the deadline in the usual world [points]
    _places: dict[date, Places] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls, question: Question, region: "Region", central: Sequence[Piece],
        drawn: Sequence[Piece] = (), *, preliminary: bool,
    ) -> "Answer":  # fmt: skip
        """The answer from the pieces of `central` and `drawn`."""
        a, base, meant, b = (
            restored(piece, scenario, region)
            for piece, scenario in zip(central, question.sides, strict=True)
        )
        parts = [drawn[side::4] for side in range(4)]
        of_a, of_base, of_usual = (
            np.array([p.reading.targets for p in part]) for part in parts[:3]
        )
        runs = parts if drawn else [[piece] for piece in central]
        series = {
            side: Series.of(outcome.dates, part)
            for side, outcome, part in zip(SIDES, (a, base, meant, b), runs, strict=True)
        }
        return cls(
            both=Pair(a, base, meant), b=b, b_until=question.b.until, scale=question.scale,
            preliminary=preliminary, pending=bool(question.draws) and not drawn,
            day=question.day, series=series, targets=(of_a, of_base, of_usual),
            recoding=np.array([p.reading.recoding for p in parts[2]]),
        )  # fmt: skip

    def entitled(self, a: Scenario, b: Scenario) -> "Answer":
        """The same under other titles of A and B."""
        plan, other = (
            replace(run, scenario=replace(run.scenario, title=scenario.title))
            for run, scenario in ((self.both.plan, a), (self.b, b))
        )
        return replace(self, both=replace(self.both, plan=plan), b=other)

    @property
    def draws(self) -> int:
        """How many draws the figures rest on."""
        return len(self.targets[0])

    @cached_property
    def carries_nothing_out(self) -> bool:
        """Whether A is its own baseline, so that there is no plan to speak of."""
        a, baseline = (Told.of(run.scenario) for run in (self.both.plan, self.both.baseline))
        return a.digest == baseline.digest

    @cached_property
    def against_baseline(self) -> bool:
        """Whether B is A without the plan: then A less B is what the plan does."""
        b, baseline = (Told.of(run.scenario) for run in (self.b, self.both.baseline))
        return b.digest == baseline.digest

    @cached_property
    def same(self) -> bool:
        """Whether B does what A does."""
        a, b = (Told.of(run.scenario) for run in (self.both.plan, self.b))
        return a.digest == b.digest

    @property
    def outcome(self) -> Outcome:
        """A in the median world."""
        return self.both.plan

    @property
    def groups(self) -> tuple[Group, ...]:
        """Counties, prefectures, and the counties of each target together."""
        return self.outcome.groups

    @cached_property
    def subject(self) -> PlanResult:
        """What documents and page say the same things of."""
        return of_pair(self.both, self.ensemble())

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

    def ensemble(self) -> "pd.DataFrame | None":
        """The draws, as `scenarios.ensemble.draws` gives them; None without any."""
        import pandas as pd

        reached = [i for i, _ in self._reached()]
        if not self.draws or not reached:
            return None
        return pd.DataFrame(
            {
                "draw": draw + 1, "target": target.id, "target_rate": target.value,
                "operator": target.operator, "simulated": rate,
                "met": bool(rate >= floor(target)), "baseline": self.targets[1][draw, i],
                "usual": self.targets[2][draw, i], "usual_recoding": self.recoding[draw, i],
            }
            for draw in range(self.draws)
            for i, target in self._reached()
            for rate in [float(self.targets[0][draw, i])]
        )  # fmt: skip

    def _reached(self) -> "list[tuple[int, Target]]":
        targets = self.outcome.region.targets
        first, last = self.outcome.dates[0], self.outcome.dates[-1]
        return [(i, t) for i, t in enumerate(targets) if t.due(first, last)]


def percentiles(draws: int) -> tuple[int, int]:
    """The ends of an interval of so many draws."""
    return verdict.INTERVAL if draws >= ENOUGH else (0, 100)


def _pair(ends: Floats) -> tuple[Floats, Floats]:
    low, high = ends
    return low, high


def restored(piece: Piece, scenario: Scenario, region: "Region") -> Outcome:
    """The outcome of a piece, with its scenario, its region and its movers again."""
    assert piece.outcome is not None  # the median world keeps it
    movers = piece.movers.table() if piece.movers else None
    return Outcome(**piece.outcome, scenario=scenario, region=region, _movers=movers)
