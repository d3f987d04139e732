"""The side panel: which scenarios are A and B, levers and outside conditions, changed settings."""

from collections.abc import Callable, Mapping
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np
from nicegui import ui
from nicegui.element import Element

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.console.additions import AdditionForm, Keys
from xiancheng.results.console.edits import (
    FROZEN_FIELD,
    ScenarioEdit,
    changes,
    projects,
    safeguards,
)
from xiancheng.results.console.measures import Follower, MeasureDrawer, Shown, amounts, refusal
from xiancheng.results.console.result import ABResult
from xiancheng.results.console.session import Session
from xiancheng.results.console.widgets import (
    button,
    checkbox,
    disclosure,
    element,
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
from xiancheng.scenarios.plan_files import ADDED
from xiancheng.scenarios.scenario_files import STRONGEST, Scenario
from xiancheng.sim.conditions import CONDITIONS, Condition

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region

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
        self._shown: dict[Element, Shown] = {}  # what each control shows
        self._followers: dict[Element, Follower] = {}
        self._additions: object = None  # of A, as they were last shown
        self._notes: dict[tuple[str, ...], ui.html] = {}  # beside each project, by its measures
        self._build()

    def refresh(self) -> None:
        """Show A as it is now."""
        scenario = self.session.a.scenario
        if scenario.additions != self._additions:
            self._list_additions()
        set_values({control: shown(scenario) for control, shown in self._shown.items()})
        for follow in self._followers.values():
            follow(scenario)
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
        text(say(_("Intensity of the projects")), name="h2")
        text(say(_("1 = as written, 0 = not done, 2 = twice")), name="p", cls="note")
        self._capacity = text("", name="div", cls="capacity").props("role=status")
        own = {name: members for name, members in projects(scenario).items() if name != ADDED}
        for name, members in own.items():
            title = scenario.plan.about.projects[name].text(self.session.lang)
            self._build_project(name, title, members)
        if others := safeguards(scenario):
            rest = _("Safeguards") if scenario.plan.shipped else _("Other measures")
            self._build_project("S", say(rest), others)
        with element("div", "line heading"):
            text(say(_("Added projects")), name="h2")
            button(say(_("Add a project")), self._ask_addition, cls="small")
        self._added = element("div", "added")
        self._list_additions()
        text(say(_("The outside world")), name="h2")
        with element("div", "conditions"):
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

    def _list_additions(self) -> None:
        """The projects that A adds to the plan, each with what can be done with it."""
        say, scenario = self.session.say, self.session.a.scenario
        self._additions = scenario.additions
        self._added.clear()
        self._shown = {c: each for c, each in self._shown.items() if not c.is_deleted}
        self._followers = {c: each for c, each in self._followers.items() if not c.is_deleted}
        with self._added:
            if not scenario.additions:
                none = _("Projects of your own, beside those of the plan.")
                text(say(none), name="p", cls="note")
            for name, own in scenario.additions.items():
                with element("section", "project"):
                    self._build_measures((own.id or "",))
                    with element("div", "actions"):
                        change = partial(self._ask_addition, name)
                        button(say(_("Change…")), change, cls="small",
                               aria_label=say(_("Change {name}", name=name)))  # fmt: skip
                        remove = partial(self._revert, ("additions", name))
                        button(say(_("Remove")), remove, cls="small",
                               aria_label=say(_("Remove {name}", name=name)))  # fmt: skip

    def _ask_addition(self, replaced: str | None = None) -> None:
        """Ask for a project of the visitor's own, or for another description of one."""

        def add(name: str, keys: Keys) -> None:
            changed = self.session.a.with_addition(name, keys, replaced)
            self._edit(lambda a: changed)

        known = self.session.a.scenario.additions
        before = (replaced, known[replaced]) if replaced is not None else None
        AdditionForm(self.session, self.region, add, before)

    def _build_measures(self, members: tuple[str, ...]) -> None:
        for measure in members:
            about = self.session.a.scenario.plan.measures[measure]
            title = f"{measure} {about.title.text(self.session.lang)}"
            with element("section", "measure"):
                with element("div", "line"):
                    text(title, name="h4")
                    self._intensity_slider(title, (measure,))
                MeasureDrawer(self.session, self.region, measure, self._edit, self._keep,
                              self._followers.__setitem__)  # fmt: skip

    def _intensity_slider(self, title: str, members: tuple[str, ...]) -> None:
        def mean(scenario: Scenario) -> float:
            return sum(scenario.setting(m).intensity for m in members) / len(members)

        def moved(value: float) -> None:
            self._edit(lambda a: a.with_intensity(members, value))

        control = slider(
            title, mean(self.session.a.scenario), moved, high=STRONGEST,
            exact=self.session.say(_("{title}: value", title=title)),
            message=refusal(0, STRONGEST).text(self.session.lang),
        )  # fmt: skip
        self._keep(control, mean)
        note = text("", name="small", cls="note asked")
        sums = amounts(self.session.a.scenario, self.region, members)

        def write_amounts(scenario: Scenario) -> None:
            write(note, self.session.say(sums(scenario)))

        write_amounts(self.session.a.scenario)
        self._followers[note] = write_amounts

    def _keep(self, control: Element, shown: Shown) -> None:
        """Have a control follow A."""
        self._shown[control] = shown

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
                    control = number(
                        say(title), value, changed, low=low, high=high, step=0.01,
                        message=say(refusal(low, high)),
                    )  # fmt: skip
            self._keep(control, attrgetter(f"conditions.{name}"))

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
