"""The side panel: which scenarios are A and B, levers and outside conditions, changed settings."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup
from nicegui import ui
from nicegui.element import Element

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.console.edits import (
    FROZEN_FIELD,
    ScenarioEdit,
    changes,
    projects,
    safeguards,
)
from xiancheng.results.console.result import ABResult
from xiancheng.results.console.session import Session
from xiancheng.results.console.widgets import (
    area,
    bulleted,
    button,
    checkbox,
    disclosure,
    element,
    joined,
    number,
    select,
    set_choices,
    set_prop,
    set_values,
    slider,
    tag,
    text,
    write,
)
from xiancheng.results.tables.labels import amount, evidence, unit_name
from xiancheng.scenarios.diff import foreign
from xiancheng.scenarios.policy import delivery_of
from xiancheng.scenarios.scenario_files import STRONGEST, Scenario
from xiancheng.scenarios.trace import Trace, by_clause
from xiancheng.sim.conditions import CONDITIONS, Condition
from xiancheng.sim.levers import LEVERS

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region

ARROWS = {"+": "↑", "-": "↓", "±": "↑↓", "0": "→"}
LEAST_SHORTFALL = 0.005  # of what is asked: less is not reported


class ScenarioPicker:
    """The lists of A and B, and the buttons for what is done with A."""

    def __init__(
        self, session: Session, pick: Callable[[str, str], None],
        actions: Mapping[str, Callable[[], None]],
    ) -> None:  # fmt: skip
        self._session, say = session, session.say
        with element("div", "pick"):
            text("A", name="strong")
            self._a = select(say(_("Scenario A")), {}, "", partial(pick, "a"))
            text("B", name="strong")
            against = say(_("Scenario B, held against"))
            self._b = select(against, {}, "", partial(pick, "b"))
        with element("div", "actions"):
            self._undo = button(say(_("Undo")), actions["undo"])
            self._redo = button(say(_("Redo")), actions["redo"])
            button(say(_("Save")), actions["save"])
            button(say(_("Clone")), actions["clone"])
            button(say(_("Rename")), actions["rename"])

    def refresh(self, titles: tuple[str, str], choices: dict[str, dict[str, str]]) -> None:
        """Show A and B under their titles, with the other choices."""
        for target, title in zip((self._a, self._b), titles, strict=True):
            set_choices(target, {"": {"here": title}} | choices, "here")
        for each, steps in zip((self._undo, self._redo), self._session.steps, strict=True):
            set_prop(each, "disabled", not steps)


class LeverPanel:
    """Controls of scenario A; they follow the session, whatever changes A.

    Parameters
    ----------
    edit : is called with a function that makes another A
    """

    def __init__(
        self, session: Session, region: "Region",
        edit: Callable[[Callable[[ScenarioEdit], ScenarioEdit]], None],
    ) -> None:  # fmt: skip
        self.session, self.region, self._edit = session, region, edit
        self._shown: dict[Element, Callable[[Scenario], object]] = {}  # what each control shows
        self._notes: dict[tuple[str, ...], ui.html] = {}  # beside each project, by its measures
        self._build()

    def refresh(self) -> None:
        """Show A as it is now."""
        scenario = self.session.a.scenario
        set_values({control: shown(scenario) for control, shown in self._shown.items()})
        for members, note in self._notes.items():
            mixed = len({scenario.setting(m).intensity for m in members}) > 1
            write(note, self.session.say(_("(measures differ)")) if mixed else "")
        self._list_changes()

    def show_shortfall(self, result: ABResult) -> None:
        """Warn where A asks for more than counties can carry out."""
        warning = shortfall(result)
        write(self._capacity, "" if warning is None else warning.text(self.session.lang))

    def _build(self) -> None:
        say, scenario = self.session.say, self.session.a.scenario
        text(say(_("Changed settings")), name="h2")
        self._changed = element("div", "changes", aria_live="polite")
        text(say(_("Intensity of the seven projects")), name="h2")
        text(say(_("1 = as written, 0 = not done, 2 = twice")), name="p", cls="note")
        self._capacity = text("", name="div", cls="capacity").props("role=status")
        for name, members in projects(scenario).items():
            title = scenario.plan.about.projects[name].text(self.session.lang)
            self._build_project(name, title, members)
        if others := safeguards(scenario):
            self._build_project("S", say(_("Safeguards")), others)
        text(say(_("The outside world")), name="h2")
        self._build_conditions()

    def _build_project(self, name: str, title: str, members: tuple[str, ...]) -> None:
        with element("section", "project"):
            with element("div", "line"):
                with element("h3"):
                    text(f"{name} {title}")
                    self._notes[members] = text("", cls="note")
                self._intensity_slider(f"{name} {title}", members)
            count = self.session.say(_("{n} measures", n=len(members)))
            disclosure(count, partial(self._build_measures, members), cls="measures")

    def _build_measures(self, members: tuple[str, ...]) -> None:
        say = self.session.say
        for measure in members:
            about = self.session.a.scenario.plan.measures[measure]
            title = f"{measure} {about.title.text(self.session.lang)}"
            with element("section", "measure"):
                with element("div", "line"):
                    text(title, name="h4")
                    self._intensity_slider(title, (measure,))
                what = say(_("what it does, evidence, indicators"))
                disclosure(what, partial(self._describe, measure))
                disclosure(say(_("set by county")), partial(self._build_counties, measure))

    def _intensity_slider(self, title: str, members: tuple[str, ...]) -> None:
        def mean(scenario: Scenario) -> float:
            return sum(scenario.setting(m).intensity for m in members) / len(members)

        def moved(value: float) -> None:
            self._edit(lambda a: a.with_intensity(members, value))

        control = slider(title, mean(self.session.a.scenario), moved, high=STRONGEST)
        self._shown[control] = mean

    def _describe(self, measure: str) -> None:
        """What a measure does, in which direction, how well evidenced; its indicators."""
        say, scenario = self.session.say, self.session.a.scenario
        by_name: dict[str, list[Trace]] = {}
        for trace in by_clause(scenario.plan, measure):
            by_name.setdefault(trace.clause, []).append(trace)
        clauses = (
            tag("li", tag("p", tag("strong", clause), " ", traces[0].says.text(self.session.lang)),
                tag("ul", *map(self._effect, traces), cls="effects"))
            for clause, traces in by_name.items()
        )  # fmt: skip
        parts = [tag("ul", *clauses, cls="clauses")]
        if not foreign(scenario, self.region):  # tasks, quantities and dates of the plan's own city
            lines = [*self._indicators(measure)] or [say(_("none in the plan"))]
            parts += [tag("p", tag("strong", say(_("Indicators and delivery")))), bulleted(lines)]
        area(joined(parts))

    def _indicators(self, measure: str) -> Iterator[str]:
        say, scenario = self.session.say, self.session.a.scenario
        promised = {
            row.indicator: row.share
            for row in delivery_of(scenario, self.region)
            if row.measure == measure and (row.at_deadline or row.due is None)
        }
        for name, indicator in scenario.plan.measures[measure].indicators.items():
            yield say(_(
                "{indicator}: {value} ({due}); delivered as set: {done}",
                indicator=indicator.name, done=f"{promised[name]:.0%}" if name in promised else "–",
                value=Words(indicator.wording, str(indicator.value or "")),
                due=indicator.deadline.day if indicator.deadline else say(_("no deadline")),
            ))  # fmt: skip

    def _effect(self, trace: Trace) -> Markup:
        """The effect of a clause on a lever: direction, evidence, size."""
        say, lang = self.session.say, self.session.lang
        if trace.lever == "none":
            return tag("li", say(_("Not in the model: ")), trace.because.text(lang))
        lever = LEVERS[trace.lever]
        direction, quantity = evidence(trace.grade, trace.status, lang)
        arrows = "".join(ARROWS.get(part, part) for part in trace.sign.split("|"))
        full, low, high = map(amount, (trace.full, trace.low, trace.high))
        unit = Words(unit_name(trace.unit, "zh"), trace.unit)
        size = _("in full {full} {unit} ({low}–{high})", full=full, unit=unit, low=low, high=high)
        sign = say(_("direction {sign}", sign=trace.sign))
        return tag(
            "li", tag("span", arrows, cls="arrow", role="img", aria_label=sign),
            f" {say(Words(lever.zh, lever.meaning))} ",
            tag("span", direction, cls=f"grade grade-{trace.grade}"), " ",
            tag("span", quantity, cls="grade grade-W"),
            tag("small", f" {say(size)}；{trace.because.text(lang)}"),
        )  # fmt: skip

    def _build_counties(self, measure: str) -> None:
        def shown(code: str, scenario: Scenario) -> object:
            return scenario.setting(measure).counties.get(code, "")

        def changed(code: str, value: float | None) -> None:
            self._edit(lambda a: a.with_county(measure, code, value))

        with element("div", "counties"):
            for county in self.region.counties:
                name, own = county.text(self.session.lang), partial(shown, county.code)
                with element("label"):
                    text(name)
                    control = number(
                        f"{measure} {name}", own(self.session.a.scenario),
                        partial(changed, county.code), low=0, high=STRONGEST, step=0.1,
                        message=self._refusal(0, STRONGEST),
                    )  # fmt: skip
                self._shown[control] = own

    def _refusal(self, low: float, high: float) -> str:
        return self.session.say(
            _("should be a number from {low:g} to {high:g}; not taken", low=low, high=high)
        )

    def _build_conditions(self) -> None:
        say, now = self.session.say, self.session.a.scenario.conditions
        for name, condition in CONDITIONS.items():
            value, changed = getattr(now, name), partial(self._condition_changed, name)
            if name == FROZEN_FIELD:
                control = checkbox(say(_("Urban codes frozen (no recoding)")), value, changed)
            else:
                title = Words(condition.zh, condition.meaning)
                low, high = condition.low, condition.high
                with element("label", "condition"):
                    text(say(title), tag("small", f" {say(range_of(condition))}"))
                    control = number(say(title), value, changed, low=low, high=high, step=0.01,
                                     message=self._refusal(low, high))  # fmt: skip
            self._shown[control] = attrgetter(f"conditions.{name}")

    def _condition_changed(self, name: str, value: float | bool | None) -> None:
        base = getattr(self.session.a.base.conditions, name)
        self._edit(lambda a: a.with_condition(name, base if value is None else value))

    def _list_changes(self) -> None:
        """Every changed setting with its old and new value, each with a button to revert it."""
        say, lang = self.session.say, self.session.lang
        self._changed.clear()
        found = changes(self.session.a)
        with self._changed:
            if not found:
                base = self.session.a.base.title.text(lang)
                text(say(_("Same as “{base}”", base=base)), name="p", cls="note")
            for each in found:
                with element("div", "change"):
                    text(each.label.text(lang), cls="label")
                    text(f"{each.old.text(lang)} → {each.new.text(lang)}", cls="values")
                    label = say(_("Put back: {label}", label=each.label))
                    button("↺", partial(self._revert, each.key), cls="small", aria_label=label,
                           title=say(_("put back")))  # fmt: skip

    def _revert(self, key: tuple[str, ...]) -> None:
        self._edit(lambda a: a.revert(key))


def range_of(condition: Condition) -> Words:
    """The range of an outside condition with its unit; 1 is the trend of a multiple."""
    low, high = condition.low, condition.high
    if condition.unit != "1/year":
        return _("times, 1 = the trend; {low:g} to {high:g}", low=low, high=high)
    return _(
        "a year, 0.01 = 1 point; {low:g} to {high:g} ({low_2} % to {high_2} %)", low=low, high=high,
        low_2=f"{100 * low:+.0f}", high_2=f"{100 * high:+.0f}",
    )  # fmt: skip


def shortfall(result: ABResult) -> Words | None:
    """What counties carry out of what A asks of them, where that is not all."""
    effort, days = result.outcome.effort(), result.outcome.dates
    if not result.has_plan or not len(effort) or effort.min() > 1 - LEAST_SHORTFALL:
        return None
    quarter, county = (int(i) for i in np.unravel_index(int(effort.argmin()), effort.shape))
    last = days[len(days) - len(effort) + quarter] if len(effort) <= len(days) else days[-1]
    return _(
        "More is asked than counties can carry out: on average {mean:.0%} of it is done, the least "
        "{least:.0%} ({place}, {last}).", mean=float(effort[(effort < 1).any(axis=1)].mean()),
        least=float(effort.min()), place=result.groups[county], last=last,
    )  # fmt: skip
