"""What a run gives: indicators over time, why the rate changed, who moved, what a census finds."""

import platform
from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.state import quarter_with

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from calibration.region import Region, Target
    from scenarios.scenario import Scenario
    from sim.accounts import Growth
    from sim.state import Floats, Ints

ABOUT = 0.5  # points by which a rate may miss a target of "about" and still meet it (assumed, 0-1)
CAUSES = ("natural", "migration", "recoding", "denominator")
RATE, PUBLISHED = "resident_urbanization_rate", "published_resident_urbanization_rate"


@dataclass(frozen=True)
class Group:
    """Counties that are reported together: one, a prefecture, or those of a target."""

    code: int
    zh: str
    en: str
    counties: tuple[int, ...]  # indexes

    def said(self, lang: str = "zh") -> str:
        """The name in one language, "zh" or "en"."""
        return self.en if lang == "en" else self.zh


@dataclass(frozen=True)
class Outcome:
    """What a run gives; arrays are (date, indicator, group) and (quarter, county)."""

    scenario: "Scenario"
    region: "Region"
    request: Mapping[str, Any]
    groups: tuple[Group, ...]
    dates: tuple[date, ...]
    record: "Floats"
    _growth: tuple["Growth", ...] = field(repr=False)
    _start: tuple["Ints", "Ints"] = field(repr=False)  # urban and all present, (county,)
    census: Mapping[str, "Ints"] = field(default_factory=dict)  # found at the end, (county,)
    _movers: "Ints | None" = field(default=None, repr=False)  # see sim.movers

    def at(self, indicator: str, day: date) -> "Floats":
        """An indicator in every group at the end of `day`, (group,).

        Between two quarters' ends, as on 1 November, it is read off the line between them.
        """
        series = self.series(indicator)
        if day in self.dates:
            return np.array(series[self.dates.index(day)])
        after = bisect(self.dates, day)
        if after in (0, len(self.dates)):
            return np.array(series[min(after, len(self.dates) - 1)])
        begun, ended = self.dates[after - 1], self.dates[after]
        slope = (series[after] - series[after - 1]) / (ended - begun).days
        return np.asarray(slope * (day - begun).days + series[after - 1])

    def series(self, indicator: str) -> "Floats":
        """An indicator of every group at every date, (date, group)."""
        from sim.indicators import INDICATORS

        return self.record[:, list(INDICATORS).index(indicator)]

    def to_frame(self) -> "pd.DataFrame":
        """Every indicator: date, unit_code, county, indicator, value, unit."""
        import pandas as pd

        from sim.indicators import INDICATORS

        shape = self.record.shape
        return pd.DataFrame(
            {
                "date": np.repeat(np.array(self.dates, "datetime64[D]"), shape[1] * shape[2]),
                "unit_code": np.tile([g.code for g in self.groups], shape[0] * shape[1]),
                "county": np.tile([g.zh for g in self.groups], shape[0] * shape[1]),
                "indicator": np.tile(np.repeat(list(INDICATORS), shape[2]), shape[0]),
                "value": self.record.ravel(),
                "unit": np.tile(
                    np.repeat([i.unit for i in INDICATORS.values()], shape[2]), shape[0]
                ),
            }
        )

    def growth(self) -> "pd.DataFrame":
        """Urban growth by cause [persons] and the change of the rate by cause [points].

        One row for each quarter and county. `natural + migration + recoding = total` to the last
        person; the four columns in points add up to the change of the share of those present.
        """
        import pandas as pd

        return pd.DataFrame(self.growth_columns())

    def growth_columns(self) -> "dict[str, NDArray[Any]]":
        """The columns of `growth`, each (quarter x county,)."""
        from sim.accounts import Growth, rate_change

        urban, present = self._start
        quarters, counties = len(self._growth), len(urban)
        stacked = {name: values.ravel() for name, values in self._stacked.items()}
        change = Growth(**stacked)
        before = [
            x + np.cumsum(c.reshape(quarters, counties), axis=0) - c.reshape(quarters, counties)
            for x, c in ((urban, change.total), (present, change.residents))
        ]
        points = rate_change(before[0].ravel(), before[1].ravel(), change)
        residents = stacked.pop("residents")
        return {
            "date": np.repeat(np.array(self.dates[1:], "datetime64[s]"), counties),
            "unit_code": np.tile([g.code for g in self.groups[:counties]], quarters),
            "county": np.tile([g.zh for g in self.groups[:counties]], quarters),
            **stacked,
            "migration": change.migration,
            "total": change.total,
            "residents": residents,
            **{f"{cause}_pp": points[cause] for cause in CAUSES},
        }

    def causes(self, group: Group, day: date) -> dict[str, float]:
        """Why the rate of a group changed from the start to `day` [percentage points].

        The four causes explain the share of those present; `counting` is what the half-year rule,
        the drift and the rounding of the published series make of it. All five add up exactly.
        """
        from sim.accounts import Growth, rate_change

        members = list(group.counties)
        urban, present = (x[members].sum() for x in self._start)
        until = sum(end <= day for end in self.dates[1:])
        change = Growth(
            **{name: table[:until, members].sum(axis=1) for name, table in self._stacked.items()}
        )
        urban = urban + np.cumsum(change.total) - change.total
        present = present + np.cumsum(change.residents) - change.residents
        points = rate_change(urban, present, change)
        total = {cause: float(np.cumsum([0.0, *points[cause]])[-1]) for cause in CAUSES}
        column = self.groups.index(group)
        rate, begun = (self.at(PUBLISHED, d)[column] for d in (day, self.dates[0]))
        return total | {"counting": float(rate - begun - sum(total.values()))}

    @cached_property
    def _stacked(self) -> "dict[str, Ints]":
        """Every field of the growth, (quarter, county)."""
        names = vars(self._growth[0])
        return {name: np.stack([getattr(g, name) for g in self._growth]) for name in names}

    def verdicts(self) -> "pd.DataFrame":
        """One row for each target whose deadline the run reaches."""
        import pandas as pd

        return pd.DataFrame(self.judged())

    def judged(self) -> list[dict[str, Any]]:
        """The rows of `verdicts`."""
        rows = []
        for target in self.region.targets:
            if not target.due(self.dates[0], self.dates[-1]):
                continue
            column = group_of(target, self.region, self.groups)
            group = self.groups[column]
            simulated = float(self.at(PUBLISHED, target.deadline)[column])
            rows.append(
                {
                    "target": target.id,
                    "unit_code": group.code,
                    "county": group.zh,
                    "county_en": group.en,
                    "deadline": target.deadline,
                    "operator": target.operator,
                    "target_rate": target.value,
                    "rate_at_start": float(self.at(PUBLISHED, self.dates[0])[column]),
                    "simulated": simulated,
                    "met": simulated >= floor(target),
                    "margin_pp": round(simulated - target.value, 6),
                    **{f"{k}_pp": v for k, v in self.causes(group, target.deadline).items()},
                }
            )
        return rows

    def movers(self) -> "pd.DataFrame":
        """Who moved since the start: county, origin, destination and kind of person [persons].

        A move between counties of the region stands in the lines of both. Empty for an outcome
        that was saved without them.
        """
        import pandas as pd

        axes = self.mover_axes()
        known = np.zeros([len(values) for values in axes.values()], np.int64)
        persons = known if self._movers is None else self._movers
        where = persons.nonzero()
        columns = {
            name: np.array(values)[index]
            for (name, values), index in zip(axes.items(), where, strict=True)
        }
        return pd.DataFrame(columns | {"persons": persons[where]})

    def mover_axes(self) -> dict[str, Sequence[str]]:
        """What tells movers apart, and the names along each of these axes."""
        from sim.accounts import ENDS
        from sim.strata import AGED

        return {
            "county": [g.zh for g in self.groups[: len(self.region.counties)]],
            "origin": ENDS, "destination": ENDS, "age": [name[5:] for name in AGED],
            "sex": ("male", "female"), "education": ("primary", "junior", "senior", "college"),
            "situation": ("dependent", "single", "alone", "couple", "preschool child",
                          "primary child", "secondary child"),
        }  # fmt: skip

    def effort(self) -> "Floats":
        """What each county delivered of what it was asked, (quarter, county), in [0, 1].

        From the quarter after the plan was issued on; 1 for quarters before the start.
        """
        from sim.indicators import INDICATORS

        first, column = self.scenario.plan.first_quarter, list(INDICATORS).index("delivery")
        counties = len(self.region.counties)
        shares = {quarter_with(d): r for d, r in zip(
            self.dates[1:], self.record[1:, column, :counties] / 100, strict=True)}  # fmt: skip
        last = max(shares)
        return np.array([shares.get(q, np.ones(counties)) for q in range(first, last + 1)])

    def summary(self) -> dict[str, float]:
        """Every indicator at the end, and what a census finds then, under stable flat keys."""
        from sim.indicators import INDICATORS

        last = self.record[-1]
        reported = {
            f"{name}_{group.code}": float(last[i, g])
            for i, name in enumerate(INDICATORS)
            for g, group in enumerate(self.groups)
        }
        found = {
            f"{name}_{group.code}": float(figures[list(group.counties)].sum())
            for name, figures in self.census.items()
            for group in self.groups
        }
        return reported | found

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """Everything that made this outcome, ready for JSON."""
        return {
            "software": {"name": "xiancheng", "version": version("xiancheng"), "commit": commit()},
            "scenario": self.scenario.resolved(),
            "region": {"name": self.region.name, "sha256": self.region.digest},
            **self.request,
            "environment": {
                "python": platform.python_version(),
                "machine": platform.machine(),
                **{name: version(name) for name in ("mesa", "numba", "numpy", "scipy", "pandas")},
            },
        }


def floor(target: "Target") -> float:
    """The least published rate that meets a target."""
    return float(target.value - ABOUT * (target.operator == "about"))


def group_of(target: "Target", region: "Region", groups: Sequence[Group]) -> int:
    """The position of the counties of a target among groups."""
    codes = [{region.counties[c].code for c in group.counties} for group in groups]
    return codes.index(set(target.counties))


def commit() -> str | None:
    """The commit the code was run from, or None where there is no repository."""
    import subprocess

    here = Path(__file__).parent
    try:
        asked = subprocess.run(
            ["git", "-C", str(here), "rev-parse", "HEAD"], capture_output=True, text=True
        )
    except OSError:
        return None
    return asked.stdout.strip() or None
