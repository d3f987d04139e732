"""A sweep explored: its runs as lines across parameters and an outcome, filtered by the outcome."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.priors import catalogue
from xiancheng.results.console import charts
from xiancheng.results.console.downloads import ChartFrame
from xiancheng.results.console.tab import Computation, Tab
from xiancheng.results.console.view_model import ViewModel
from xiancheng.results.console.widgets import (
    area,
    element,
    joined,
    number,
    select,
    tag,
    text,
    write,
)
from xiancheng.results.store.ledger import SWEEP, load_sweep
from xiancheng.results.tables import labels
from xiancheng.results.tables.assumptions import rank_correlation
from xiancheng.results.tables.table import Column, Table
from xiancheng.sim.indicators import INDICATORS

if TYPE_CHECKING:
    import pandas as pd

PARAMETER = "parameter."  # begins the name of the column of a parameter
AXES = 6  # parameters that are shown: those that go most with the outcome
LINES = 600  # runs that are drawn at most, evenly taken
OUTCOMES = (
    "resident_urbanization_rate", "hukou_urbanization_rate", "residents", "urban_residents",
    "jobs_filled", "wage", "house_price", "school_queue", "aged_share",
)  # fmt: skip
SIGNS, WORDS = 10, 20  # characters of a line above an axis, in Chinese and in English
EXTENT = (-1e9, 1e9)


def sweeps(folder: Path) -> dict[str, Path]:
    """The sweeps in a folder, by name: those directly in it."""
    found = sorted(folder.glob(f"*/{SWEEP}")) if folder.is_dir() else []
    return {file.parent.name: file.parent for file in found}


@dataclass(frozen=True, eq=False)
class Exploration:
    """The runs of a sweep with one outcome of one place, and which of them are kept."""

    runs: "pd.DataFrame"
    outcome: str  # column
    low: float
    high: float

    @property
    def values(self) -> "np.ndarray[Any, np.dtype[np.float64]]":
        """The outcome of each run."""
        return self.runs[self.outcome].to_numpy(float)

    @property
    def kept(self) -> "np.ndarray[Any, np.dtype[np.bool_]]":
        """Whether the outcome of each run is within the filter."""
        return np.asarray((self.low <= self.values) & (self.values <= self.high))

    @property
    def parameters(self) -> list[str]:
        """The columns of the parameters that vary, those first that go most with the outcome."""
        columns = [name for name in self.runs if str(name).startswith(PARAMETER)]
        varied = [str(name) for name in columns if self.runs[name].nunique() > 1]
        if np.ptp(self.values) == 0:
            return varied[:AXES]
        strength = {
            name: abs(rank_correlation(self.runs[name].to_numpy(float), self.values))
            for name in varied
        }
        return sorted(varied, key=lambda name: -strength[name])[:AXES]


class SweepView:
    """A list of sweeps, an outcome, and bounds for it; then the chart and what distinguishes."""

    def __init__(self, tab: Tab) -> None:
        self._tab, say = tab, tab.say
        self._folders = sweeps(tab.server.sweeps)
        self._name = next(iter(self._folders), "")
        self._outcome, self._bounds = OUTCOMES[0], EXTENT
        self._read: dict[str, pd.DataFrame] = {}
        with element("div", "sides") as self._controls:
            with element("label"):
                text(say(_("Sweep")))
                names = {name: name for name in self._folders}
                select(say(_("Sweep")), {"": names}, self._name, self._picked)
            with element("label"):
                text(say(_("Outcome at the end of the runs")))
                choices = {name: _indicator(name).text(tab.session.lang) for name in OUTCOMES}
                self._outcomes = select(say(_("Outcome at the end of the runs")), {"": choices},
                                        self._outcome, self._picked_outcome)  # fmt: skip
            for side, title in enumerate((_("from"), _("up to"))):
                with element("label"):
                    text(say(title))
                    number(f"{say(_('Outcome'))} {say(title)}", "",
                           partial(self._bounded, side),
                           low=EXTENT[0], high=EXTENT[1], step=0.1, message="")  # fmt: skip
        self.job = Computation(tab, _("progress"), _("Cancel"))
        with element("section", "card") as self._frame:
            self._chart = ChartFrame("tall")
        self._area = area(cls="below")

    def show(self, model: ViewModel) -> None:
        """Show the chosen sweep for the chosen place; it is read when it is first chosen."""
        self._model = model
        self._controls.set_visibility(bool(self._folders))
        self._frame.set_visibility(self._name in self._read)
        if not self._folders:
            write(self._area, tag("p", model.say(_(
                "No sweep is here. Whoever starts this page can say where sweeps are (--sweeps)."
            )), cls="card"))  # fmt: skip
        elif self._name in self._read:
            self._write(self._read[self._name])
        elif not self.job.running:
            self._load(self._name)

    def _load(self, name: str) -> None:
        async def work() -> None:
            self.job.begin(_("Reading the runs…"), 1)
            self._read[name] = await asyncio.to_thread(load_sweep(self._folders[name]).to_frame)
            if not self._tab.client.is_deleted:
                with self._tab.client:
                    self.show(self._model)

        self.job.start(work)

    def _picked(self, name: str) -> None:
        if name in self._folders:
            self._name = name
            self.job.cancel()
            self.show(self._model)

    def _picked_outcome(self, name: str) -> None:
        if name in OUTCOMES:
            self._outcome, self._bounds = name, EXTENT
            self.show(self._model)

    def _bounded(self, side: int, value: float | None) -> None:
        bounds = list(self._bounds)
        bounds[side] = EXTENT[side] if value is None else value
        self._bounds = (bounds[0], bounds[1])
        self.show(self._model)

    def _write(self, runs: "pd.DataFrame") -> None:
        model, lang = self._model, self._model.lang
        column = f"{self._outcome}_{model.group.code}"
        if column not in runs:
            self._frame.set_visibility(False)
            note = _("The runs of this sweep do not report {place}.", place=model.group)
            write(self._area, tag("p", model.say(note), cls="card"))
            return
        found = Exploration(runs[np.isfinite(runs[column].astype(float))], column, *self._bounds)
        place, name = model.group.text(lang), _indicator(self._outcome).text(lang)
        heading = f"{self._name}: {name}, {place}"
        self._chart.show(parallel(found, name, lang), heading, lang, heading)
        kept, total = int(found.kept.sum()), len(found.runs)
        counted = _("{kept} of {total} runs are within the bounds; the others are grey. Rates are "
                    "the model's own, not verdicts.", kept=kept, total=total)  # fmt: skip
        lines = [model.say(counted)]
        if total > LINES:
            lines.append(model.say(_("{n} lines are drawn, evenly taken.", n=LINES)))
        tables = [table for table in (by_scenario(found, lang), distinguishing(found, lang))
                  if table.rows]  # fmt: skip
        write(self._area, tag("section", *(tag("p", line) for line in lines), cls="card answer"),
              joined(model.table(table) for table in tables))  # fmt: skip


def _indicator(name: str) -> Words:
    return Words(INDICATORS[name].zh, name.replace("_", " "))


def _title(column: str, lang: str) -> str:
    """The title of the parameter of a column."""
    titles = {p.name: p.title[lang] for p in catalogue()}
    name = column.removeprefix(PARAMETER)
    return titles.get(name, name)


def parallel(found: Exploration, outcome: str, lang: str) -> charts.Options:
    """Runs as lines across parameters, then the outcome; those outside the bounds in grey."""
    columns = [*found.parameters, found.outcome]
    names = [*(_title(column, lang) for column in found.parameters), outcome]
    scenarios = sorted(found.runs["scenario"].unique())
    chosen = np.unique(np.linspace(0, len(found.runs) - 1, LINES).astype(int))
    values, kept = found.runs[columns].to_numpy(float), found.kept
    of = found.runs["scenario"].to_numpy()
    options = charts.plain(outcome)
    options["parallel"] = {"left": 76, "right": 110, "top": 112, "bottom": 24}
    options["parallelAxis"] = [
        {"dim": i, "name": _broken(name, lang), "scale": True, "nameGap": 12,
         "nameTextStyle": {"color": charts.INK, "fontSize": 11},
         "axisLabel": {"color": charts.INK}}
        for i, name in enumerate(names)
    ]  # fmt: skip
    none = _("outside the bounds").text(lang)
    groups: dict[str, tuple[str, float, Sequence[int]]] = {
        none: (charts.UNKNOWN, 0.5, [i for i in chosen if not kept[i]]),
        **{name: (charts.SERIES[k % len(charts.SERIES)], 0.55,
                  [i for i in chosen if kept[i] and of[i] == name])
           for k, name in enumerate(scenarios)},
    }  # fmt: skip
    options["series"] = [
        {"type": "parallel", "name": name, "data": [values[i].round(6).tolist() for i in rows],
         "itemStyle": {"color": color}, "lineStyle": {"color": color, "opacity": opacity},
         "silent": True}
        for name, (color, opacity, rows) in groups.items() if rows
    ]  # fmt: skip
    return options


def _broken(name: str, lang: str) -> str:
    """A name in lines as long as there is room for above an axis."""
    if lang == "en":
        return fill(name, WORDS)
    return "\n".join(name[i : i + SIGNS] for i in range(0, len(name), SIGNS))


def by_scenario(found: Exploration, lang: str) -> Table:
    """For each scenario its runs, those within the bounds, and the median of the outcome."""
    rows: list[Mapping[str, Any]] = []
    for name, part in found.runs.assign(kept=found.kept).groupby("scenario"):
        values = part[found.outcome].to_numpy(float)
        low, middle, high = _quantiles(values)
        rows.append({
            "scenario": str(name), "runs": len(part), "within": int(part["kept"].sum()),
            "share": 100 * float(part["kept"].mean()), "low": low, "median": middle, "high": high,
        })  # fmt: skip
    return labels.table("sweep_scenarios", rows, lang)


def _quantiles(values: "np.ndarray[Any, np.dtype[np.float64]]") -> list[float]:
    """5, 50 and 95 %, to four digits."""
    return [float(f"{value:.4g}") for value in np.percentile(values, (5, 50, 95))]


def distinguishing(found: Exploration, lang: str) -> Table:
    """For each parameter that is shown its middle, and 5 to 95 %, within the bounds and outside."""
    kept = found.kept
    if kept.all() or not kept.any():
        return Table("sweep_parameters", "", (Column("title", ""),), ())
    rows = []
    for column in found.parameters:
        values = found.runs[column].to_numpy(float)
        row: dict[str, Any] = {"title": _title(column, lang)}
        for side, part in (("within", values[kept]), ("outside", values[~kept])):
            low, middle, high = _quantiles(part)
            row |= {side: middle, f"{side}_range": f"{low:g}–{high:g}"}
        rows.append(row)
    return labels.table("sweep_parameters", rows, lang)
