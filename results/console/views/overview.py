"""The first screen: figures, verdicts, maps, the fan and the table of counties."""

from typing import TYPE_CHECKING

from nicegui import ui

from results import caveats, judgement
from results.console import charts
from results.console.markup import Markup, tag
from results.console.native import area, draw, element, write
from results.console.shown import Shown
from results.console.views import places, verdicts
from results.contents import counties

if TYPE_CHECKING:
    from results.console.page import Page


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
    return shown.say(
        f"{place}：公布的常住人口城镇化率（%）", f"{place}: published urbanization rate (%)"
    )


def fan(shown: Shown) -> charts.Options:
    """The options of the fan."""
    answer, say = shown.answer, shown.say
    told = judgement.path(answer.both, shown.group, answer.subject.verdicts)
    lines = {
        say("A", "A"): (told.having, charts.PLAN),
        say("A 无方案", "A without the plan"): (told.without, charts.WITHOUT),
    }
    band = None if told.low is None or told.high is None else (told.low, told.high)
    wanted = [*counties.wanted(answer.subject, shown.group, shown.lang)]
    seen = [
        (p.day, p.value)
        for p in counties.censuses(answer.subject, shown.group, shown.lang)
        if p.day >= answer.outcome.dates[0]
    ]
    words = {
        "title": fan_title(shown),
        "low": say("下限", "low"),
        "band": say("90% 区间", "90% interval"),
        "target": say("目标", "target"),
        "seen": say("普查", "census"),
    }
    target = (wanted[0].day, wanted[0].value) if wanted else None
    return charts.fan(told.days, lines, band, words, target=target, seen=seen)


def said(shown: Shown) -> str:
    """The fan in words, for those who cannot see it."""
    told = judgement.path(shown.answer.both, shown.group, shown.answer.subject.verdicts)
    plan, without = told.having, told.without
    return shown.say(
        f"有方案从 {plan[0]:.1f}% 到 {plan[-1]:.1f}%，无方案到 {without[-1]:.1f}%",
        f"with the plan from {plan[0]:.1f}% to {plan[-1]:.1f}%, without it {without[-1]:.1f}%",
    )


def remarks(shown: Shown) -> Markup:
    """What has to be said wherever a verdict is shown."""
    told = shown.answer.subject
    lines = caveats.remarks(told.both, told.verdicts, told.delivery, shown.lang)
    return tag(
        "section", tag("h2", shown.say("读数前须知", "Read this with the numbers")),
        tag("ul", *(tag("li", line) for line in lines), cls="remarks"), cls="card",
    )  # fmt: skip
