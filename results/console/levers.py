"""The left panel: projects and their measures, the outside world, and what has been changed."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from nicegui import ui
from nicegui.element import Element

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.console.answer import Answer
from xiancheng.results.console.changes import changes
from xiancheng.results.console.draft import Draft, projects, safeguards
from xiancheng.results.console.markup import Markup, joined, tag
from xiancheng.results.console.native import (
    area,
    button,
    checkbox,
    element,
    number,
    opening,
    put,
    slider,
    text,
    write,
)  # fmt: skip
from xiancheng.results.console.session import Session
from xiancheng.results.tables.labels import amount, evidence, unit_name
from xiancheng.scenarios.delivery import delivery_of
from xiancheng.scenarios.diff import foreign
from xiancheng.scenarios.scenario_files import STRONGEST
from xiancheng.scenarios.trace import Trace, by_clause
from xiancheng.sim.conditions import CONDITIONS, Condition
from xiancheng.sim.levers import LEVERS

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region

Edit = Callable[[Callable[[Draft], Draft]], None]

SIGNS = {"+": "↑", "-": "↓", "±": "↑↓", "0": "→"}


class Levers:
    """Controls that follow the session: whatever changes A, they show it."""

    def __init__(self, session: Session, region: "Region", edit: Edit) -> None:
        self.session, self.region, self._edit = session, region, edit
        self._groups: dict[str, tuple[tuple[str, ...], Element, ui.html]] = {}
        self._measures: dict[str, Element] = {}
        self._counties: dict[tuple[str, str], Element] = {}
        self._conditions: dict[str, Element] = {}
        self._foreign = foreign(session.a.scenario, region)
        self._build()

    def refresh(self) -> None:
        """Show A as it now is."""
        scenario, shown = self.session.a.scenario, dict[Element, object]()
        for members, control, note in self._groups.values():
            values = [scenario.setting(m).intensity for m in members]
            shown[control] = sum(values) / len(values)
            mixed = len(set(values)) > 1
            write(note, self.session.say(_("(measures differ)")) if mixed else "")
        for measure, control in self._measures.items():
            shown[control] = scenario.setting(measure).intensity
        for (measure, code), control in self._counties.items():
            shown[control] = scenario.setting(measure).counties.get(code, "")
        for name, control in self._conditions.items():
            shown[control] = getattr(scenario.conditions, name)
        put(shown)
        self._list()

    def executed(self, answer: Answer) -> None:
        """Say where A asks for more than counties can carry out."""
        said = shortfall(answer)
        write(self._capacity, "" if said is None else said.said(self.session.lang))

    def _build(self) -> None:
        say, a = self.session.say, self.session.a
        text(say(_("Changed settings")), name="h2")
        self._changed = element("div", "changes", aria_live="polite")
        text(say(_("Intensity of the seven projects")), name="h2")
        hint = say(_("1 = as written, 0 = not done, 2 = twice"))
        text(hint, name="p", cls="note")
        self._capacity = text("", name="div", cls="capacity")
        self._capacity.props("role=status")
        about = a.scenario.plan.about
        for name, members in projects(a.scenario).items():
            self._project(name, about.projects[name].said(self.session.lang), members)
        if others := safeguards(a.scenario):
            self._project("S", say(_("Safeguards")), others)
        text(say(_("The outside world")), name="h2")
        self._world()
        self._list()

    def _project(self, name: str, title: str, members: tuple[str, ...]) -> None:
        scenario = self.session.a.scenario
        values = [scenario.setting(m).intensity for m in members]

        def moved(value: float) -> None:
            self._edit(lambda a: a.intensity(members, value))

        with element("section", "project"):
            with element("div", "line"):
                with element("h3"):
                    text(f"{name} {title}")
                    note = text("", cls="note")
                control = slider(
                    f"{name} {title}", sum(values) / len(values), moved, most=STRONGEST
                )  # fmt: skip
            say = self.session.say
            count = say(_("{n} measures", n=len(members)))
            opening(count, lambda: self._all_of(members), cls="measures")
        self._groups[name] = members, control, note

    def _all_of(self, members: tuple[str, ...]) -> None:
        for member in members:
            self._measure(member)

    def _measure(self, number_: str) -> None:
        measure = self.session.a.scenario.plan.measures[number_]
        title = f"{number_} {measure.title.said(self.session.lang)}"

        def moved(value: float) -> None:
            self._edit(lambda a: a.intensity((number_,), value))

        with element("section", "measure"):
            with element("div", "line"):
                text(title, name="h4")
                self._measures[number_] = slider(
                    title, self.session.a.scenario.setting(number_).intensity, moved,
                    most=STRONGEST
                )  # fmt: skip
            opening(
                self.session.say(_("what it does, evidence, indicators")),
                lambda: write(area(), self._about(number_)),
            )
            opening(
                self.session.say(_("set by county")),
                lambda: self._by_county(number_),
            )

    def _about(self, number_: str) -> Markup:
        """What a measure does, in which direction, how well evidenced; its indicators."""
        say, lang, a = self.session.say, self.session.lang, self.session.a.scenario
        found: dict[str, list[Trace]] = {}
        for trace in by_clause(a.plan, number_):
            found.setdefault(trace.clause, []).append(trace)
        clauses = []
        for clause, traces in found.items():
            lines = [self._effect(trace) for trace in traces]
            clauses.append(tag(
                "li", tag("p", tag("strong", clause), " ", traces[0].says.said(lang)),
                tag("ul", *lines, cls="effects"),
            ))  # fmt: skip
        rows = [
            row
            for row in delivery_of(a, self.region)
            if row.measure == number_ and (row.at_deadline or row.due is None)
        ]
        promised = {row.indicator: row for row in rows}
        lines = []
        if self._foreign:  # its tasks, quantities and dates are another city's
            return tag("ul", *clauses, cls="clauses")
        for name, indicator in a.plan.measures[number_].indicators.items():
            row = promised.get(name)
            done = "–" if row is None else f"{row.share:.0%}"
            due = indicator.deadline.day if indicator.deadline else say(_("no deadline"))
            lines.append(
                tag(
                    "li",
                    say(
                        _(
                            "{indicator}: {value} ({due}); delivered as set: {done}",
                            indicator=indicator.name,
                            value=Words(indicator.wording, str(indicator.value or "")),
                            due=due,
                            done=done,
                        )
                    ),
                )
            )
        return joined([
            tag("ul", *clauses, cls="clauses"),
            tag("p", tag("strong", say(_("Indicators and delivery")))),
            tag("ul", *lines) if lines else tag("p", say(_("none in the plan"))),
        ])  # fmt: skip

    def _effect(self, trace: Trace) -> Markup:
        say, lang = self.session.say, self.session.lang
        if trace.lever == "none":
            return tag("li", say(_("Not in the model: ")), trace.because.said(lang))
        lever = LEVERS[trace.lever]
        direction, quantity = evidence(trace.grade, trace.status, lang)
        arrows = "".join(SIGNS.get(part, part) for part in trace.sign.split("|"))
        name = lever.zh if lang == "zh" else lever.meaning
        full, low, high = (amount(x) for x in (trace.full, trace.low, trace.high))
        size = say(
            _(
                "in full {full} {unit} ({low}–{high})",
                full=full,
                unit=Words(unit_name(trace.unit, lang), trace.unit),
                low=low,
                high=high,
            )
        )
        return tag(
            "li", tag("span", arrows, cls="arrow", role="img",
                      aria_label=say(_("direction {sign}", sign=trace.sign))),
            f" {name} ", tag("span", direction, cls=f"grade grade-{trace.grade}"), " ",
            tag("span", quantity, cls="grade grade-W"),
            tag("small", f" {size}；{trace.because.said(lang)}"),
        )  # fmt: skip

    def _by_county(self, number_: str) -> None:
        setting = self.session.a.scenario.setting(number_)
        with element("div", "counties"):
            for county in self.region.counties:
                name = county.said(self.session.lang)
                with element("label"):
                    text(name)
                    self._counties[number_, county.code] = number(
                        f"{number_} {name}", setting.counties.get(county.code),
                        self._county_changed(number_, county.code),
                        low=0, high=STRONGEST, step=0.1, wrong=self._wrong(0, STRONGEST),
                    )  # fmt: skip

    def _county_changed(self, measure: str, code: str) -> Callable[[float | None], None]:
        return lambda value: self._edit(lambda a: a.county(measure, code, value))

    def _wrong(self, low: float, high: float) -> str:
        return self.session.say(
            _("should be a number from {low:g} to {high:g}; not taken", low=low, high=high)
        )

    def _world(self) -> None:
        lang, world = self.session.lang, self.session.a.scenario.conditions
        frozen = self.session.say(_("Urban codes frozen (no recoding)"))
        self._conditions["recoding_frozen"] = checkbox(
            frozen, world.recoding_frozen, self._world_changed("recoding_frozen")
        )
        for name, condition in CONDITIONS.items():
            if name == "recoding_frozen":
                continue
            title = condition.zh if lang == "zh" else condition.meaning
            with element("label", "condition"):
                text(title, tag("small", f" {self._range(condition)}"))
                self._conditions[name] = number(
                    title, getattr(world, name), self._world_changed(name),
                    low=condition.low, high=condition.high, step=0.01,
                    wrong=self._wrong(condition.low, condition.high),
                )  # fmt: skip

    def _range(self, condition: Condition) -> str:
        """The range of an outside condition with its unit; 1 is the trend of a multiple."""
        if condition.unit == "1/year":
            low, high = (f"{100 * end:+.0f}" for end in (condition.low, condition.high))
            return self.session.say(
                _(
                    "a year, 0.01 = 1 point; {low:g} to {high:g} ({low_2} % to {high_2} %)",
                    low=condition.low,
                    high=condition.high,
                    low_2=low,
                    high_2=high,
                )
            )
        return self.session.say(
            _("times, 1 = the trend; {low:g} to {high:g}", low=condition.low, high=condition.high)
        )

    def _world_changed(self, name: str) -> Callable[[float | bool | None], None]:
        def changed(value: float | bool | None) -> None:
            usual = getattr(self.session.a.base.conditions, name)
            self._edit(lambda a: a.condition(name, usual if value is None else value))

        return changed

    def _list(self) -> None:
        """Every changed lever with its old and new value, each to be put back."""
        say, lang = self.session.say, self.session.lang
        self._changed.clear()
        found = changes(self.session.a)
        with self._changed:
            if not found:
                base = self.session.a.base.title.said(lang)
                text(say(_("Same as “{base}”", base=base)), name="p", cls="note")
            for each in found:
                with element("div", "change"):
                    text(each.label.said(lang), cls="label")
                    text(f"{each.old.said(lang)} → {each.new.said(lang)}", cls="values")
                    back = say(_("Put back: {label}", label=each.label))
                    button("↺", self._putting_back(each.key), cls="small", aria_label=back,
                           title=say(_("put back")))  # fmt: skip

    def _putting_back(self, key: tuple[str, ...]) -> Callable[[object], None]:
        return lambda __: self._edit(lambda a: a.put_back(key))


def shortfall(answer: Answer) -> Words | None:
    """What counties carry out of what A asks of them, where that is not all."""
    effort, days = answer.outcome.effort(), answer.outcome.dates
    if answer.carries_nothing_out or not len(effort) or effort.min() > 1 - BINDING:
        return None
    quarter, county = (int(i) for i in np.unravel_index(int(effort.argmin()), effort.shape))
    place = answer.groups[county]
    last = days[len(days) - len(effort) + quarter] if len(effort) <= len(days) else days[-1]
    asked = (effort < 1).any(axis=1)
    mean, least = float(effort[asked].mean()), float(effort.min())
    return _(
        "More is asked than counties can carry out: on average {mean:.0%} of "
        "it is done, the least {least:.0%} ({place}, {last}).",
        mean=mean,
        least=least,
        place=place,
        last=last,
    )


BINDING = 0.005  # of what is asked: less than half a per cent is not said
