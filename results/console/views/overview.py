"""The first screen: figures, verdicts, maps, the fan and the table of counties."""

from typing import TYPE_CHECKING

import numpy as np
from nicegui import ui

from xiancheng.calibration.i18n import _
from xiancheng.results.console import charts
from xiancheng.results.console.markup import Markup, tag
from xiancheng.results.console.native import area, draw, element, write
from xiancheng.results.console.shown import Shown
from xiancheng.results.console.views import places, verdicts
from xiancheng.results.tables import counties, notes
from xiancheng.results.verdict.verdict import INTERVAL
from xiancheng.sim.state import Floats

if TYPE_CHECKING:
    from xiancheng.results.console.page import Page


class Overview:
    """The parts of the first screen, written anew with each answer."""

    def __init__(self, page: "Page") -> None:
        self._figures = area(cls="figures")
        self._verdicts = area(cls="verdicts")
        with element("div", "pictures"):
            self._maps = area(cls="maps")
            self._maps.on("click", lambda e: page.content.went_to(str(e.args)), js_handler=PICKED)
            with element("section", "card fan"):
                self._title = area()
                self._fan = ui.echart({}).classes("chart")
        self._table = area(cls="below")
        self._caveats = area(cls="below")

    def stop(self) -> None:
        """Nothing is under way here."""

    def show(self, shown: Shown) -> None:
        """Write everything."""
        write(self._figures, verdicts.figures(shown))
        write(self._verdicts, verdicts.targets(shown))
        write(self._maps, places.mapped(shown))
        write(self._title, tag("h2", fan_title(shown)))
        draw(self._fan, fan(shown), f"{fan_title(shown)}。{said(shown)}")
        write(self._table, places.by_county(shown))
        write(self._caveats, remarks(shown))


PICKED = """(e) => {
  const at = e.target.closest('[data-county]');
  if (at) emit(at.getAttribute('data-county'));
}"""


def fan_title(shown: Shown) -> str:
    """What the fan shows."""
    place = shown.place(shown.group)
    return shown.say(_("{place}: published urbanization rate (%)", place=place))


def fan(shown: Shown) -> charts.Options:
    """The options of the fan."""
    answer, say = shown.answer, shown.say
    days = answer.outcome.dates
    without, plan, low, high = paths(shown)
    lines = {"A": (plan, charts.PLAN)}
    if not answer.carries_nothing_out:
        lines[say(_("A without the plan"))] = (without, charts.WITHOUT)
    wanted = [*counties.targets(answer.subject, shown.group, shown.lang)]
    seen = [
        (p.day, p.value)
        for p in counties.censuses(answer.subject, shown.group, shown.lang)
        if p.day >= answer.outcome.dates[0]
    ]
    words = {
        "title": fan_title(shown),
        "low": say(_("low")),
        "band": say(_("90% interval")),
        "target": say(_("target")),
        "seen": say(_("census")),
    }
    band = None if answer.level is None else (low, high)
    targets = [(point.day, point.value) for point in wanted]
    return charts.fan(days, lines, band, words, targets=targets, seen=seen)


def paths(shown: Shown) -> tuple[Floats, Floats, Floats, Floats]:
    """Without the plan, with it, and the ends of 90 % with it, at every quarter's end, (day,)."""
    answer, group = shown.answer, [shown.group]
    having = [answer.rates("a", day, group)[:, 0] for day in answer.outcome.dates]
    without = [answer.rates("without", day, group)[:, 0] for day in answer.outcome.dates]
    low, plan, high = np.percentile(having, (INTERVAL[0], 50, INTERVAL[1]),
                                    axis=1)  # fmt: skip
    return np.median(without, axis=1), plan, low, high


def said(shown: Shown) -> str:
    """The fan in words, for those who cannot see it."""
    without, plan, __, __ = paths(shown)
    return shown.say(
        _(
            "with the plan from {plan:.1f}% to {plan_2:.1f}%, without it {without:.1f}%",
            plan=plan[0],
            plan_2=plan[-1],
            without=without[-1],
        )
    )


def remarks(shown: Shown) -> Markup:
    """What has to be said wherever a verdict is shown."""
    told = shown.answer.subject
    lines = notes.verdict_notes(told.both, told.verdicts, told.delivery, shown.lang)
    return tag(
        "section", tag("h2", shown.say(_("Read this with the numbers"))),
        tag("ul", *(tag("li", shown.plain(line)) for line in lines), cls="remarks"), cls="card",
    )  # fmt: skip
