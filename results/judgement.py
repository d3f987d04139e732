"""The published rate at the deadline of each target, draw by draw: level, conditions, plan.

The level is that of statistics, where there is a record of change (`results.forecasts.level`); else
it is the model's own. What outside conditions and the plan add to it are differences between runs
of the model that met the same luck.

References
----------
Sevcikova, Raftery & Waddell (2007), Transportation Research A 41 (Bayesian melding)
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np

from results.forecasts.level import Level, level, paired_with
from scenarios.ensemble import Pair
from scenarios.paired import PUBLISHED
from scenarios.simulate import ABOUT, Group, Outcome
from sim.state import Bools, Floats

if TYPE_CHECKING:
    import pandas as pd

INTERVAL = (5, 95)  # percentiles


@dataclass(frozen=True, eq=False)
class Judgement:
    """What is expected of each target; rates are (draw, target), in percent."""

    targets: tuple[str, ...]
    floors: Floats  # the least rate that meets each, (target,)
    start: Floats  # at the start of the run, (target,)
    recoding: Floats  # what recoding adds to the level by the model's account, (target,) [points]
    level: Floats  # without the plan, under the usual outside conditions
    without: Floats  # without the plan, under the conditions of the scenario
    having: Floats  # with the plan
    anchored: bool  # whether the level is that of statistics
    runs: int  # of the model, that the differences rest on; 1 at the central parameters

    @classmethod
    def of(cls, both: Pair, draws: "pd.DataFrame | None" = None) -> Self:
        """What a pair of runs, or draws as `scenarios.ensemble.draws` gives them, come to."""
        rows = both.plan.judged()
        ids = tuple(str(row["target"]) for row in rows)
        sides = {"simulated": both.plan, "baseline": both.baseline, "usual": both.usual}
        judged = {name: {row["target"]: row for row in run.judged()} for name, run in sides.items()}
        central = {name: [told[t]["simulated"] for t in ids] for name, told in judged.items()}
        if draws is None:
            rates = {name: np.array([values]) for name, values in central.items()}
        else:
            rates = {
                name: draws.pivot(index="draw", columns="target", values=name)[list(ids)].to_numpy()
                for name in central
            }
        runs = len(rates["usual"])
        known = anchor(both) if rows else None
        if known is not None:
            own = np.column_stack([known.on(row["deadline"], row["unit_code"]) for row in rows])
            of = paired_with(runs)
        else:
            own, of = rates["usual"], np.arange(runs)

        def shifted(name: str) -> Floats:
            return np.clip(own + (rates[name] - rates["usual"])[of], 0.0, 100.0)

        return cls(
            targets=ids,
            floors=np.array([
                row["target_rate"] - ABOUT * (row["operator"] == "about") for row in rows
            ]),
            start=np.array([row["rate_at_start"] for row in rows]),
            recoding=np.array([judged["usual"][t]["recoding_pp"] for t in ids]),
            level=own, without=shifted("baseline"), having=shifted("simulated"),
            anchored=known is not None, runs=runs,
        )  # fmt: skip

    @property
    def uncertain(self) -> bool:
        """Whether there is a distribution to speak of, and not one run alone."""
        return len(self.having) > 1

    @cached_property
    def met(self) -> Bools:
        """Which targets are met with the plan, (draw, target)."""
        return np.asarray(self.having >= self.floors)

    @cached_property
    def met_without(self) -> Bools:
        """Which targets are met without it, (draw, target)."""
        return np.asarray(self.without >= self.floors)

    def all_met(self) -> float | None:
        """The chance that all targets are met at once; None where it is not known."""
        known = self.uncertain and len(self.targets) > 0
        return float(self.met.all(axis=1).mean()) if known else None

    def all_met_without(self) -> float | None:
        """The same without the plan."""
        known = self.uncertain and len(self.targets) > 0
        return float(self.met_without.all(axis=1).mean()) if known else None

    def columns(self) -> dict[str, Floats]:
        """What a table of verdicts holds, each (target,).

        `expected` and `without` are medians. What trend, recoding, conditions and plan give adds
        up to `expected` less the rate at the start.
        """
        middle, before, having = (
            np.median(rates, axis=0) for rates in (self.level, self.without, self.having)
        )
        unknown = np.full(len(self.targets), np.nan)
        low, high = np.percentile(self.having, INTERVAL, axis=0)
        return {
            "without": before, "expected": having,
            "low": low if self.uncertain else unknown,
            "high": high if self.uncertain else unknown,
            "probability": self.met.mean(axis=0) if self.uncertain else unknown,
            "probability_without": self.met_without.mean(axis=0) if self.uncertain else unknown,
            "from_trend_pp": middle - self.start - self.recoding,
            "from_recoding_pp": self.recoding,
            "from_conditions_pp": before - middle,
            "from_plan_pp": having - before,
        }  # fmt: skip


def anchor(both: Pair) -> Level | None:
    """The level that a pair of runs is held to; None if they start at another census, or none."""
    known = level(both.plan.region, both.plan.dates[-1])
    return known if known is not None and known.start == both.plan.dates[0] else None


def expected(both: Pair, day: date) -> tuple[Floats, Floats]:
    """The published rate of every group on a day, without the plan and with it, (group,)."""
    known, days = anchor(both), [day]
    runs = [run.at(PUBLISHED, day) for run in (both.usual, both.baseline, both.plan)]
    if known is None:
        return runs[1], runs[2]
    middle = np.array([known.path(group.code, days, 50)[0] for group in both.plan.groups])
    without, having = (np.clip(middle + run - runs[0], 0, 100) for run in runs[1:])
    return without, having


@dataclass(frozen=True, eq=False)
class Path:
    """The published rate of a group over time, each (day,) [percent]."""

    days: tuple[date, ...]
    without: Floats  # the plan: the median
    having: Floats
    low: Floats | None  # of 90 % with the plan; None where no level is known
    high: Floats | None


def path(both: Pair, group: Group) -> Path:
    """The rate at every quarter's end; between years' ends the level is read off a line."""
    days, column = both.plan.dates, both.plan.groups.index(group)
    known = anchor(both)

    def of(run: Outcome) -> Floats:
        return run.series(PUBLISHED)[:, column]

    if known is None:
        return Path(days, of(both.baseline), of(both.plan), None, None)
    low, middle, high = (known.path(group.code, days, p) for p in (INTERVAL[0], 50, INTERVAL[1]))
    conditions, plan = (of(run) - of(both.usual) for run in (both.baseline, both.plan))
    inside = (
        np.clip(x, 0, 100) for x in (middle + conditions, middle + plan, low + plan, high + plan)
    )
    return Path(days, *inside)
