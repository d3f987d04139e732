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
from typing import TYPE_CHECKING, Self

import numpy as np

from xiancheng.calibration import meld
from xiancheng.results.forecasts.level import Level, held, paired_with
from xiancheng.scenarios.ensemble import Pair
from xiancheng.scenarios.outcome import PUBLISHED, Group, floor
from xiancheng.sim.state import Bools, Floats

if TYPE_CHECKING:
    import pandas as pd

INTERVAL = (5, 95)  # percentiles


@dataclass(frozen=True, eq=False)
class Judgement:
    """What is expected of each target; rates are (draw, target), in percent."""

    targets: tuple[str, ...]
    deadlines: tuple[date, ...]  # of each
    floors: Floats  # the least rate that meets each, (target,)
    start: Floats  # at the start of the run, (target,)
    recoding: Floats  # what it adds to the level by the model's account, (target,) [points]
    level: Floats  # without the plan, under the usual outside conditions
    without: Floats  # without the plan, under the conditions of the scenario
    having: Floats  # with the plan
    effect: Floats  # of the plan, paired, in each run of the model, (run, target) [points]
    anchored: bool  # whether the level is that of statistics
    runs: int  # of the model, that the differences rest on; 1 at the central parameters

    @classmethod
    def of(cls, both: Pair, draws: "pd.DataFrame | None" = None) -> Self:
        """What a pair of runs, or draws as `scenarios.ensemble.draws` gives them, come to."""
        rows = both.plan.model_target_rows()
        ids = tuple(str(row["target"]) for row in rows)
        sides = {"simulated": both.plan, "baseline": both.baseline, "usual": both.usual}
        judged = {
            name: {row["target"]: row for row in run.model_target_rows()}
            for name, run in sides.items()
        }
        central = {name: [told[t]["model_rate"] for t in ids] for name, told in judged.items()}
        if draws is None:
            rates = {name: np.array([values]) for name, values in central.items()}
        else:
            rates = {
                name: draws.pivot(index="draw", columns="target", values=name)[list(ids)].to_numpy()
                for name in central
            }
        runs = len(rates["usual"])
        region = both.plan.region
        known = anchor(both) if rows else None
        if known is not None:
            own = np.column_stack([known.on(row["deadline"], row["unit_code"]) for row in rows])
            of = paired_with(runs)
        else:
            own, of = rates["usual"], np.arange(runs)

        without, having = (
            meld.shifted(own, rates[name] - rates["usual"], of)
            for name in ("baseline", "simulated")
        )
        targets = {target.id: target for target in region.targets}
        if draws is None:
            recoding = np.array([judged["usual"][t]["recoding_pp"] for t in ids])
        else:
            recoding = draws.groupby("target")["usual_recoding"].mean()[list(ids)].to_numpy()
        return cls(
            targets=ids,
            deadlines=tuple(row["deadline"] for row in rows),
            floors=np.array([floor(targets[t]) for t in ids]),
            start=np.array([row["rate_at_start"] for row in rows]),
            recoding=recoding,
            level=own, without=without, having=having,
            effect=rates["simulated"] - rates["baseline"],
            anchored=known is not None, runs=runs,
        )  # fmt: skip

    @property
    def uncertain(self) -> bool:
        """Whether there is a distribution to speak of, and not one run alone."""
        return len(self.having) > 1

    def met(self, rates: Floats) -> Bools:
        """Which targets are met at these rates, (draw, target)."""
        return np.asarray(rates >= self.floors)

    def at_once(self, rates: Floats) -> Floats:
        """The chance that all targets due by the deadline of each are met; nan if unknown."""
        if not self.uncertain:
            return np.full(len(self.targets), np.nan)
        met = self.met(rates)
        due = [[other <= day for other in self.deadlines] for day in self.deadlines]
        return np.array([met[:, which].all(axis=1).mean() for which in due])

    def columns(self) -> dict[str, Floats]:
        """What a table of verdicts holds, each (target,).

        `expected` and `without` are medians; `all_met` is the chance that all targets due by this
        deadline are met, each at its own. What trend, recoding, conditions and plan give adds
        up to `expected` less the rate at the start. `plan_low` and `plan_high` hold 90 % of the
        paired effects of the plan over draws; null where there are none.
        """
        middle, before, having = (
            np.median(rates, axis=0) for rates in (self.level, self.without, self.having)
        )
        unknown = np.full(len(self.targets), np.nan)
        low, high = np.percentile(self.having, INTERVAL, axis=0)
        effects = np.percentile(self.effect, INTERVAL, axis=0)
        chance = [self.met(rates).mean(axis=0) for rates in (self.having, self.without)]
        return {
            "without": before, "expected": having,
            "low": low if self.uncertain else unknown,
            "high": high if self.uncertain else unknown,
            "probability": chance[0] if self.uncertain else unknown,
            "probability_without": chance[1] if self.uncertain else unknown,
            "all_met": self.at_once(self.having),
            "all_met_without": self.at_once(self.without),
            "from_trend_pp": middle - self.start - self.recoding,
            "from_recoding_pp": self.recoding,
            "from_conditions_pp": before - middle,
            "from_plan_pp": having - before,
            "plan_low": effects[0] if self.runs > 1 else unknown,
            "plan_high": effects[1] if self.runs > 1 else unknown,
        }  # fmt: skip


def anchor(both: Pair) -> Level | None:
    """The level that a pair of runs is held to; None if they start at another census, or none."""
    return held(both.plan.region, both.plan.dates[0], both.plan.dates[-1])


def expected(both: Pair, day: date, verdicts: "pd.DataFrame") -> tuple[Floats, Floats]:
    """The published rate of every group on a day, without the plan and with it, (group,).

    `verdicts` is what `results.verdict.verdicts` gives; on a deadline a group has the rates there.
    """
    known, days, groups = anchor(both), [day], both.plan.groups
    usual, *runs = (run.at(PUBLISHED, day) for run in (both.usual, both.baseline, both.plan))
    if known is None:
        rates = np.array(runs)
    else:
        middle = np.array([known.path(group.code, days, 50)[0] for group in groups])
        rates = np.clip(middle + np.array(runs) - usual, 0, 100)
    codes = [group.code for group in groups]
    for row in verdicts.to_dict("records"):
        if row["deadline"] == day:
            rates[:, codes.index(row["unit_code"])] = row["without"], row["expected"]
    return rates[0], rates[1]


@dataclass(frozen=True, eq=False)
class Path:
    """The published rate of a group over time, each (day,) [percent]."""

    days: tuple[date, ...]
    without: Floats  # the plan: the median
    having: Floats
    low: Floats | None  # of 90 % with the plan; None where no level is known
    high: Floats | None


def path(both: Pair, group: Group, verdicts: "pd.DataFrame") -> Path:
    """The rate at every quarter's end; between years' ends the level is read off a line.

    The differences are those of the median world. Where a verdict is given on a deadline, what
    draws add to it there is added before in proportion to time, so that the path ends in it.
    """
    days, column = both.plan.dates, both.plan.groups.index(group)
    known = anchor(both)
    usual, *runs = (
        run.series(PUBLISHED)[:, column] for run in (both.usual, both.baseline, both.plan)
    )
    if known is None:
        return Path(days, runs[0], runs[1], None, None)
    without, plan = (run - usual for run in runs)
    low, middle, high = (known.path(group.code, days, p) for p in (INTERVAL[0], 50, INTERVAL[1]))
    lines = {"without": middle + without, "expected": middle + plan,
             "low": low + plan, "high": high + plan}  # fmt: skip
    for row in verdicts.to_dict("records"):
        if row["unit_code"] == group.code and row["deadline"] in days:
            end = days.index(row["deadline"])
            passed = np.array([(day - days[0]).days for day in days]) / (days[end] - days[0]).days
            for name, line in lines.items():
                line += passed * (row[name] - line[end])
    return Path(days, *(np.clip(line, 0, 100) for line in lines.values()))
