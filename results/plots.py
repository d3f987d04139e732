"""Plots for notebooks: what `.plot()` of outcomes, ensembles, verdicts and sweeps draws.

Each gives the axes of matplotlib, to be changed or saved: `ax.figure.savefig(...)`. Verdicts and
paths are the charts of reports, from the same tables.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from xiancheng.calibration.errors import RequestError, refuse_unknown
from xiancheng.calibration.i18n import _
from xiancheng.results.report import charts
from xiancheng.results.store.ledger import at_the_end
from xiancheng.results.tables import counties, labels, plan_result
from xiancheng.results.tables import verdicts as verdict_tables
from xiancheng.results.tables.table import Chart
from xiancheng.results.verdict.verdict import INTERVAL, Verdict
from xiancheng.scenarios.ensemble import Ensemble
from xiancheng.scenarios.outcome import RATE
from xiancheng.sim.indicators import INDICATORS

if TYPE_CHECKING:
    import pandas as pd

SPREAD = 0.16  # height over which the runs of a scenario lie


def lines(
    frame: "pd.DataFrame", indicator: str, places: Sequence[int] | None, ax: Any, lang: str | None
) -> Any:
    """An indicator over time, a line for each place; of `Outcome.to_frame`.

    Raises
    ------
    RequestError
        if matplotlib is missing, or there is no such place or indicator.
    """
    own = frame[frame["indicator"] == indicator]
    if own.empty:
        refuse_unknown(indicator, list(INDICATORS), _("indicator"))
    codes = [int(code) for code in own["unit_code"].unique()]
    counted = [code for code in codes if code < 10**6 and code % 100]
    for code in places or ():
        if code not in codes:
            refuse_unknown(str(code), [str(each) for each in codes], _("unit code"))
    with charts.drawing(lang, ax) as (axes, known):
        name = "county" if known == "zh" else "county_en"
        for code in places or counted:
            one = own[own["unit_code"] == code]
            axes.plot(one["date"], one["value"], label=str(one[name].iloc[0]))
        unit = labels.label("units", INDICATORS[indicator].unit, known)
        axes.set_title(labels.indicator(indicator, known))
        axes.set_ylabel(unit)
        charts.beside(axes)
        _plain(axes)
    return axes


def path(ensemble: Ensemble, place: int | None, ax: Any, lang: str | None) -> Any:
    """The published rate of a place without and with the plan, as reports have it.

    Raises
    ------
    RequestError
        if matplotlib is missing, or there is no such place.
    """
    result = plan_result.of_pair(ensemble)
    codes = [group.code for group in result.groups]
    if place is None:
        place = int(result.verdicts["unit_code"].iloc[0]) if result.judged else codes[-1]
    if place not in codes:
        refuse_unknown(str(place), [str(code) for code in codes], _("unit code"))
    with charts.drawing(lang, ax) as (axes, known):
        chart = counties.path_chart(result, result.groups[codes.index(place)], known)
        charts.draw_on(axes, chart, known)
        axes.set_title(chart.title, fontsize="medium")
    return axes


def verdicts(verdict: Verdict, ax: Any, lang: str | None) -> Any:
    """Each target with the rates at the start, without and with the plan, and its interval.

    Raises
    ------
    RequestError
        if matplotlib is missing, or no target falls due in the run.
    """
    frame = verdict.table()
    if frame.empty:
        raise RequestError(_("no target falls due in this run, so there is nothing to draw"))
    with charts.drawing(lang, ax) as (axes, known):
        days = sorted({str(day) for day in verdict.deadlines})
        low, high = INTERVAL
        table = labels.table(
            "verdicts", verdict_tables.rows_of(frame, known), known, low=low, high=high,
            year="", deadlines=labels.enumeration(days, known),
        )  # fmt: skip
        charts.draw_on(axes, Chart("verdicts", table, table.title, ""), known)
        axes.set_title(table.title, fontsize="medium", wrap=True)
    return axes


def spread(frame: "pd.DataFrame", indicator: str | None, ax: Any, lang: str | None) -> Any:
    """Where the runs of a sweep end, by scenario: median, 90 % of runs, and each run.

    Raises
    ------
    RequestError
        if matplotlib is missing, or there is no such column.
    """
    ends = at_the_end(frame)
    codes = [int(name.rpartition("_")[2]) for name in ends if name.startswith(f"{RATE}_")]
    column = f"{RATE}_{min(codes)}" if indicator is None else indicator
    if column not in ends:
        refuse_unknown(column, ends, _("column"))
    name, code = column.rsplit("_", 1)
    with charts.drawing(lang, ax) as (axes, known):
        groups = list(frame.groupby("scenario", observed=True)[column])
        for y, (__, values) in enumerate(groups):
            low, middle, high = np.percentile(values, (INTERVAL[0], 50, INTERVAL[1]))
            heights = y + np.linspace(-SPREAD, SPREAD, len(values))
            axes.plot(values, heights, ".", color=charts.START, ms=3, alpha=0.5)
            axes.plot([low, high], [y, y], color=charts.WITH, lw=6, alpha=0.25)
            axes.plot(middle, y, "o", color=charts.WITH)
        axes.set_yticks(range(len(groups)), [str(scenario) for scenario, __ in groups])
        axes.set_ylim(-0.6, len(groups) - 0.4)
        what = name
        if name in INDICATORS:
            unit = labels.label("units", INDICATORS[name].unit, known)
            what = f"{labels.indicator(name, known)} [{unit}]"
        axes.set_xlabel(f"{what}, {code}")
        _plain(axes)
    return axes


def _plain(axes: Any) -> None:
    axes.grid(alpha=0.3, lw=0.5)
    axes.spines[["top", "right"]].set_visible(False)
