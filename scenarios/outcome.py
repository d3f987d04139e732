"""What a run gives: indicators over time, why the rate changed, who moved, what a census finds."""

import platform
import subprocess
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from functools import cached_property
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import compress, decompress

import numpy as np

from xiancheng.calibration import forms, naming, parsing
from xiancheng.calibration.errors import RefusedError, RequestError
from xiancheng.calibration.i18n import Words, _
from xiancheng.sim.accounts import ENDS, Growth, portion_of_growth, rate_change
from xiancheng.sim.indicators import INDICATORS
from xiancheng.sim.state import quarter_with
from xiancheng.sim.strata import AGED

if TYPE_CHECKING:
    import pandas as pd
    import xarray
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from xiancheng.calibration.region import Region
    from xiancheng.calibration.region.schema import Target
    from xiancheng.scenarios.run_spec import RunSpec
    from xiancheng.scenarios.scenario_files import Scenario
    from xiancheng.sim.accounts import Growth
    from xiancheng.sim.alignment import SteeredQuarter
    from xiancheng.sim.state import Floats, Ints

ABOUT = 0.5  # points by which a rate may miss a target of "about" and still meet it (assumed, 0-1)
CAUSES = ("natural", "migration", "recoding", "denominator")
STEERED = {"flow_factor": "flow", "steered_flow": "by_flow", "steered_recoding": "by_recoding"}
UNEXPECTED = "unexpected_recoding"  # a column of growth
OF_A_QUARTER = ("delivery",)  # indicators of a whole quarter: on every day of it the same
RATE, PUBLISHED = "resident_urbanization_rate", "published_resident_urbanization_rate"


class OutcomeError(RefusedError):
    """An outcome does not hold what is to be read of it: another day, or no such indicator."""


@dataclass(frozen=True)
class Group:
    """Counties that are reported together: one, a prefecture, or those of a target."""

    code: int
    zh: str
    en: str
    counties: tuple[int, ...]  # indexes

    def text(self, lang: str = "zh") -> str:
        """The name in one language, "zh" or "en"."""
        return self.en if lang == "en" else self.zh


@dataclass(frozen=True, eq=False, repr=False)
class Outcome(forms.Displayed):
    """What a run gives; arrays are (date, indicator, group) and (quarter, county).

    `dates` are the start, the ends of quarters, and the last day. The model runs whole quarters:
    where the last day lies inside one, its row of `record` is read off the line between the
    quarter's two ends, and growth, moves and census are those of the part of it, rounded to whole
    persons.

    Two outcomes are equal only if they are the same object. A pickled outcome names its plan and
    its region pack and the digests of both, and loads them again.
    """

    spec: "RunSpec"
    groups: tuple[Group, ...]
    dates: tuple[date, ...]
    record: "Floats"
    _growth: tuple["Growth", ...] = field(repr=False)
    _start: tuple["Ints", "Ints"] = field(repr=False)  # urban and all present, (county,)
    census: Mapping[str, "Ints"] = field(default_factory=dict)  # found at the end, (county,)
    _movers: "Ints | None" = field(default=None, repr=False)  # see sim.movers
    _steered: tuple["SteeredQuarter", ...] = field(default=(), repr=False)  # none: not aligned
    _unexpected: "Ints | None" = field(default=None, repr=False)  # persons, (quarter, county)

    @property
    def scenario(self) -> "Scenario":
        """What was run."""
        return self.spec.scenario

    @property
    def region(self) -> "Region":
        """Where."""
        return self.spec.pack

    @property
    def settings(self) -> Mapping[str, Any]:
        """Seed, scale, draw, horizon, cut-off and parameters, JSON-ready."""
        return self.spec.settings

    def at(self, indicator: str, day: date | str) -> "Floats":
        """An indicator in every group at the end of `day`, (group,).

        Between two quarters' ends, as on 1 November, it is read off the line between them.

        Raises
        ------
        OutcomeError
            if the day is not within the run, or there is no such indicator.
        """
        series, day = self.series(indicator), self._within(day)
        if indicator in OF_A_QUARTER:
            return np.array(series[bisect_left(self.dates, day)])
        return self.on(series, day)

    def on(self, series: "Floats", day: date) -> "Floats":
        """A series at the dates of this run, (date, ...), at the end of a day, (...)."""
        after = bisect_left(self.dates, day)
        if self.dates[after] == day:
            return np.array(series[after])
        return on_the_line(series[after - 1], series[after], *self._passed(day, after))

    def series(self, indicator: str) -> "Floats":
        """An indicator of every group at every date, (date, group).

        Raises
        ------
        OutcomeError
            if there is no such indicator.
        """
        if indicator not in INDICATORS:
            known, meant = ", ".join(INDICATORS), naming.nearest(indicator, INDICATORS)
            raise OutcomeError(
                _("no indicator {name!r}; {advice}There are: {known}", name=str(indicator)[:60],
                  advice=_("did you mean {meant!r}? ", meant=meant) if meant else "", known=known)
            )  # fmt: skip
        return self.record[:, list(INDICATORS).index(indicator)]

    def _within(self, day: date | str) -> date:
        """A day of the run."""
        first, last = self.dates[0], self.dates[-1]
        read = day if isinstance(day, date) else parsing.day(str(day))
        if read is None:
            raise OutcomeError(
                _("a day should be a date such as {last}; got {day!r}", last=last,
                  day=str(day)[:40])
            )  # fmt: skip
        read = read.date() if isinstance(read, datetime) else read
        if not first <= read <= last:
            raise OutcomeError(
                _("{read} is not within this run, which is from {first} to {last}; let it run to "
                  "that day with until", read=read, first=first, last=last)
            )  # fmt: skip
        return read

    def _passed(self, day: date, after: int) -> tuple[int, int]:
        """Days from the date before `after` to `day`, and to the date at `after`."""
        begun, ended = self.dates[after - 1], self.dates[after]
        return (day - begun).days, (ended - begun).days

    def to_frame(self) -> "pd.DataFrame":
        """Every indicator: date, unit_code, county, county_en, indicator, value, unit.

        `scenarios.indicators` explains the indicators.
        """
        import pandas as pd

        return forms.typed(pd.DataFrame(self.series_columns()))

    def to_xarray(self) -> "xarray.Dataset":
        """Every indicator, (date, unit_code), with names of places and units.

        Raises
        ------
        RequestError
            if xarray is not installed.
        """
        return series_dataset(self.series_columns(), about(self.spec))

    def plot(
        self, indicator: str = RATE, *, places: Sequence[int] | None = None,
        ax: "Axes | None" = None, lang: str | None = None,
    ) -> "Axes":  # fmt: skip
        """Draw an indicator over time, a line for each place.

        Parameters
        ----------
        places : unit codes; the counties by default
        ax : axes of matplotlib to draw on; new ones by default
        lang : "zh" or "en"; by default Chinese, where a Chinese font is installed

        Raises
        ------
        RequestError
            if matplotlib is not installed, or there is no such place.
        OutcomeError
            if there is no such indicator.
        """
        self.series(indicator)
        draw = of_results("plots", "lines", _("plots are drawn"))
        return draw(self.to_frame(), indicator, places, ax, lang)

    def series_columns(self) -> "dict[str, NDArray[Any]]":
        """The columns of `to_frame`, each (date x indicator x group,)."""
        days, indicators, groups = self.record.shape
        units = [each.unit for each in INDICATORS.values()]
        each_group: dict[str, list[Any]] = {
            "unit_code": [g.code for g in self.groups], "county": [g.zh for g in self.groups],
            "county_en": [g.en for g in self.groups],
        }  # fmt: skip
        return {
            "date": np.repeat(np.array(self.dates, "datetime64[s]"), indicators * groups),
            **{name: np.tile(values, days * indicators) for name, values in each_group.items()},
            "indicator": np.tile(np.repeat(list(INDICATORS), groups), days),
            "value": self.record.ravel(), "unit": np.tile(np.repeat(units, groups), days),
        }  # fmt: skip

    def growth(self) -> "pd.DataFrame":
        """Urban growth by cause [persons] and the change of the rate by cause [points].

        One row for each quarter and county. `natural + migration + recoding = total` to the last
        person; the four columns in points add up to the change of the share of those present.
        Of a run that is aligned: `flow_factor` on the flow from the villages to the own town and on
        arrivals, and how many persons it (`steered_flow`) and recoding (`steered_recoding`) added
        so that the level is followed; they are among those of `migration` and `recoding`.
        `unexpected_recoding` is what of `recoding` is beyond what was expected, by chance.
        """
        import pandas as pd

        return forms.typed(pd.DataFrame(self.growth_columns()))

    def growth_columns(self) -> "dict[str, NDArray[Any]]":
        """The columns of `growth`, each (quarter x county,)."""
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
            "county_en": np.tile([g.en for g in self.groups[:counties]], quarters),
            **stacked,
            "migration": change.migration,
            "total": change.total,
            "residents": residents,
            **{f"{cause}_pp": points[cause] for cause in CAUSES},
            **{
                name: np.concatenate([getattr(each, of) for each in self._steered])
                for name, of in STEERED.items()
                if self._steered
            },
            **({} if self._unexpected is None else {UNEXPECTED: self._unexpected.ravel()}),
        }

    def steered(self, group: Group, day: date) -> dict[str, float]:
        """How much of the change of a group's rate by `day` was steered [percentage points].

        By `flow` and by `recoding`, each with its sign; they are parts of migration and recoding.

        Raises
        ------
        OutcomeError
            if the day is not within the run.
        """
        return {
            part: self._points(np.stack([getattr(each, f"by_{part}") for each in self._steered]),
                               group, day) if self._steered else 0.0
            for part in ("flow", "recoding")
        }  # fmt: skip

    def unexpected(self, group: Group, day: date) -> float:
        """How much of the change of a group's rate by `day` is recoding by chance [points].

        What was recoded beyond what was expected; over seeds it is nothing. 0 where not known.

        Raises
        ------
        OutcomeError
            if the day is not within the run.
        """
        return 0.0 if self._unexpected is None else self._points(self._unexpected, group, day)

    def _points(self, persons: "Ints", group: Group, day: date) -> float:
        """Persons gained by the quarters that ended by a day, (quarter, county), as points."""
        members, day = list(group.counties), self._within(day)
        residents = self._start[1][members].sum() + np.cumsum(
            self._stacked["residents"][:, members].sum(axis=1)
        )
        ended = [number for number, end in enumerate(self.dates[1:]) if end <= day]
        return float(sum(100 * persons[q, members].sum() / residents[q] for q in ended))

    def causes(self, group: Group, day: date) -> dict[str, float]:
        """Why the rate of a group changed from the start to `day` [percentage points].

        The four causes explain the share of those present; `counting` is what the half-year rule,
        the drift and the rounding of the published series make of it. All five add up exactly, on
        every day: inside a quarter, what happened by then is its part in whole persons.

        Raises
        ------
        OutcomeError
            if the day is not within the run.
        """
        members, day = list(group.counties), self._within(day)
        urban, present = (x[members].sum() for x in self._start)
        after = bisect_left(self.dates, day)
        tables = {name: table[:after, members] for name, table in self._stacked.items()}
        if after and self.dates[after] != day:
            last = Growth(**{name: table[-1] for name, table in tables.items()})
            part = vars(portion_of_growth(last, *self._passed(day, after)))
            tables = {name: np.vstack([table[:-1], part[name]]) for name, table in tables.items()}
        change = Growth(**{name: table.sum(axis=1) for name, table in tables.items()})
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

    def model_targets(self) -> "pd.DataFrame":
        """What this one run of the model shows of each target whose deadline it reaches.

        One run says nothing of chances: `verdicts` gives the expected rate and the chance of each
        target. A run that follows no level (`alignment="off"`) has the model's own.

        Returns
        -------
        one row per target: `target`, `unit_code`, `county`, `county_en`, `deadline`, `operator`,
        `target_rate` [percent]; `rate_at_start` and `model_rate`, the published rate in the model
        at the start and on the deadline [percent]; `above_target_in_model`, whether `model_rate`
        reaches the target ("about" allows half a point less); `model_margin_pp`, `model_rate` less
        `target_rate` [points]; `natural_pp`, `migration_pp`, `recoding_pp`, `denominator_pp` and
        `counting_pp`, which add up to `model_rate` less `rate_at_start` [points]
        """
        return model_target_table(self.model_target_rows())

    def model_target_rows(self) -> list[dict[str, Any]]:
        """The rows of `model_targets`."""
        rows = []
        for target in self.region.targets:
            if not target.due(self.dates[0], self.dates[-1]):
                continue
            column = group_of(target, self.region, self.groups)
            group = self.groups[column]
            rate = float(self.at(PUBLISHED, target.deadline)[column])
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
                    "model_rate": rate,
                    "above_target_in_model": rate >= floor(target),
                    "model_margin_pp": round(rate - target.value, 6),
                    **{f"{k}_pp": v for k, v in self.causes(group, target.deadline).items()},
                }
            )
        return rows

    def verdicts(self) -> "pd.DataFrame":
        """The verdict on each target whose deadline the run reaches, as `xiancheng run` gives it.

        The level is that of statistics, and the model adds what the plan and outside conditions
        change. So the baseline is simulated too, with the parameters, seed, scale and draw of this
        run, which takes as long as this run did.

        Returns
        -------
        the columns of `verdicts.csv` (see `results/tables/outputs.yaml`), among them `expected`
        [percent], `probability` and `margin_pp`, `expected` less `target_rate` [points]

        Raises
        ------
        RequestError
            if the package `results`, which computes verdicts, is not installed.
        """
        judge = of_results("verdict.verdict", "of_outcome", _("verdicts are computed"))
        return judge(self).to_frame()

    def movers(self) -> "pd.DataFrame":
        """Who moved since the start: county, origin, destination and kind of person [persons].

        Columns: `county`, `county_en`, the other axes of `mover_axes`, `persons`.
        A move between counties of the region stands in the lines of both. Empty for an outcome
        that was saved without them.
        """
        import pandas as pd

        return forms.typed(pd.DataFrame(self.mover_columns()))

    def mover_columns(self) -> "dict[str, NDArray[Any]]":
        """The columns of `movers`."""
        axes = self.mover_axes()
        known = np.zeros([len(values) for values in axes.values()], np.int64)
        persons = known if self._movers is None else self._movers
        where = persons.nonzero()
        columns = {
            name: np.array(values)[index]
            for (name, values), index in zip(axes.items(), where, strict=True)
        }
        english = np.array([g.en for g in self.groups])[where[0]]
        columns = {"county": columns.pop("county"), "county_en": english, **columns}
        return columns | {"persons": persons[where]}

    def mover_axes(self) -> dict[str, Sequence[str]]:
        """What tells movers apart, and the names along each of these axes."""
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
        first, column = self.scenario.plan.first_quarter, list(INDICATORS).index("delivery")
        counties = len(self.region.counties)
        shares = {quarter_with(d): r for d, r in zip(
            self.dates[1:], self.record[1:, column, :counties] / 100, strict=True)}  # fmt: skip
        last = max(shares)
        return np.array([shares.get(q, np.ones(counties)) for q in range(first, last + 1)])

    def summary(self) -> dict[str, float]:
        """Every indicator at the end, and what a census finds then, under stable flat keys.

        A key is `<indicator>_<unit code>`, or `<finding>_<unit code>` for what a census would find
        [persons]. `scenarios.indicators` lists both with their units; `groups` lists the units.
        """
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

    def displayed(self) -> tuple[str, forms.Rows]:
        """What was run, where it ended, and the first targets."""
        city = next((i for i, g in enumerate(self.groups) if len(g.counties) > 1), 0)
        begun, ended = (self.at(RATE, day)[city] for day in (self.dates[0], self.dates[-1]))
        settings = self.settings
        rows = [
            ("horizon", f"{self.dates[0]} to {self.dates[-1]}"),
            ("scale", f"{settings['scale']:g}, seed {settings['seed']}, draw {settings['draw']}"),
            ("urban", f"{begun:.2f} to {ended:.2f} percent of residents, {self.groups[city].en}"),
        ]
        if targets := self.model_target_rows()[:6]:
            rows.append(("published rate in the model / target [percent], no verdict:", ""))
        signs = {"about": "~", "at least": ">=", "more than": ">", "strive for": ">="}
        rows += [
            (f"{row['target']} {row['county_en']}"[:24],
             f"{row['model_rate']:.2f} / {signs.get(row['operator'], '')}{row['target_rate']:g}")
            for row in targets
        ]  # fmt: skip
        return f"Outcome of {self.scenario.name!r} in {self.region.name!r}", rows

    def __getstate__(self) -> dict[str, Any]:
        kept = {f.name: getattr(self, f.name) for f in fields(self)}
        if self._movers is not None:
            table = np.ascontiguousarray(self._movers, "<i8")
            kept["_movers"] = table.shape, compress(table.tobytes(), 1)
        return kept

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        vars(self).update(state)
        if state["_movers"] is not None:
            shape, content = state["_movers"]
            moves = np.frombuffer(decompress(content), "<i8").astype(np.int64).reshape(shape)
            vars(self)["_movers"] = moves

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """Everything that made this outcome, ready for JSON."""
        return {
            "software": {"name": "xiancheng", "version": version("xiancheng"), "commit": commit()},
            "scenario": self.scenario.resolved(),
            "region": {"name": self.region.name, "sha256": self.region.digest},
            **self.settings,
            "environment": {
                "python": platform.python_version(),
                "machine": platform.machine(),
                **{name: version(name) for name in ("mesa", "numba", "numpy", "scipy", "pandas")},
            },
        }


MODEL_TARGETS = (  # columns of `Outcome.model_targets`
    "target", "unit_code", "county", "county_en", "deadline", "operator", "target_rate",
    "rate_at_start", "model_rate", "above_target_in_model", "model_margin_pp",
    *(f"{cause}_pp" for cause in (*CAUSES, "counting")),
)  # fmt: skip


def model_target_table(rows: Sequence[Mapping[str, Any]]) -> "pd.DataFrame":
    """Rows of `Outcome.model_target_rows` as a table."""
    import pandas as pd

    return forms.typed(pd.DataFrame(rows, columns=list(MODEL_TARGETS)))


def of_results(module: str, name: str, what: Words) -> Callable[..., Any]:
    """A function of the package `results`, looked up when it is called.

    So `scenarios` works without that package and imports nothing of it.

    Raises
    ------
    RequestError
        if the package is not installed.
    """
    try:
        return getattr(import_module(f"xiancheng.results.{module}"), name)
    except ModuleNotFoundError as error:
        if error.name != "xiancheng.results":
            raise
        raise RequestError(
            _("{what} by the package results, which is not installed", what=what)
        ) from None


def place_coordinates(groups: Sequence[Group]) -> dict[str, Any]:
    """The labels of an axis of places: code, and name in both languages."""
    return {
        "unit_code": [group.code for group in groups],
        "county": ("unit_code", [group.zh for group in groups]),
        "county_en": ("unit_code", [group.en for group in groups]),
    }


def series_dataset(
    columns: "Mapping[str, NDArray[Any]] | pd.DataFrame", about: Mapping[str, Any]
) -> "xarray.Dataset":
    """The columns of `Outcome.to_frame` as arrays with the axes date and unit_code.

    Raises
    ------
    RequestError
        if xarray is not installed.
    """
    cells = {name: np.asarray(columns[name]) for name in ("date", "unit_code", "indicator", "unit")}
    days, codes, names = (
        list(dict.fromkeys(cells[name].tolist())) for name in ("date", "unit_code", "indicator")
    )
    record = np.asarray(columns["value"]).reshape(len(days), len(names), len(codes))
    return forms.dataset(
        {name: (("date", "unit_code"), record[:, i]) for i, name in enumerate(names)},
        {
            "date": np.array(days, "datetime64[ns]"), "unit_code": codes,
            **{each: ("unit_code", np.asarray(columns[each])[: len(codes)].tolist())
               for each in ("county", "county_en")},
        },
        units=dict(zip(cells["indicator"].tolist(), cells["unit"].tolist(), strict=True)),
        about=about,
    )  # fmt: skip


def about(spec: "RunSpec") -> dict[str, Any]:
    """What made a run, in short: attributes of its arrays."""
    return {
        "scenario": spec.scenario.name, "region": spec.pack.name, "seed": spec.seed,
        "scale": spec.scale, "draw": spec.draw, "xiancheng": version("xiancheng"),
    }  # fmt: skip


def on_the_line(before: "Floats", after: "Floats", days: int, of: int) -> "Floats":
    """What lies `days` after `before` and `of - days` before `after`."""
    return np.asarray((after - before) / of * days + before)


def between(before: "Floats", after: "Floats", days: int, of: int) -> "Floats":
    """The record `days` after one and `of - days` before another, (indicator, group)."""
    whole = [list(INDICATORS).index(name) for name in OF_A_QUARTER]
    found = on_the_line(before, after, days, of)
    found[whole] = after[whole]
    return found


def floor(target: "Target") -> float:
    """The least published rate that meets a target."""
    return float(target.value - ABOUT * (target.operator == "about"))


def reported_groups(region: "Region") -> tuple[Group, ...]:
    """The counties, their prefectures, and the counties of each target together."""
    groups = [Group(int(c.code), c.zh, c.en, (i,)) for i, c in enumerate(region.counties)]
    for code, name in region.prefectures.items():
        members = tuple(i for i, c in enumerate(region.counties) if c.prefecture == code)
        groups.append(Group(int(code), name.zh, name.en, members))
    index = {c.code: i for i, c in enumerate(region.counties)}
    first = int(next(iter(region.prefectures)))
    for number, target in enumerate(region.targets):
        members = tuple(sorted(index[code] for code in target.counties))
        if all(g.counties != members for g in groups):
            n = len(members)
            zh, en = f"{n}县市合计", f"{n} counties together"
            groups.append(Group(100 * first + number, zh, en, members))
    return tuple(groups)


def group_of(target: "Target", region: "Region", groups: Sequence[Group]) -> int:
    """The position of the counties of a target among groups."""
    codes = [{region.counties[c].code for c in group.counties} for group in groups]
    return codes.index(set(target.counties))


def commit() -> str | None:
    """The commit the code was run from; None unless a repository tracks this very file.

    An installation may lie within the repository of another project, whose commit says nothing.
    """
    file = Path(__file__)

    def git(*words: str) -> str:
        command = ["git", "-C", str(file.parent), *words]
        done = subprocess.run(command, capture_output=True)  # messages hold paths in any encoding
        return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""

    try:
        return (git("ls-files", "--error-unmatch", file.name) and git("rev-parse", "HEAD")) or None
    except OSError:
        return None
