"""The drawer of a measure: what it does, its amounts and its timing, and counties set apart."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from nicegui.element import Element

from xiancheng.calibration.file_models import quarter_name
from xiancheng.calibration.i18n import Words, _, listed, same
from xiancheng.results.analysis.goal_spec import spending
from xiancheng.results.console.edits import ScenarioEdit
from xiancheng.results.console.session import Session
from xiancheng.results.console.widgets import (
    area,
    bulleted,
    button,
    disclosure,
    element,
    joined,
    number,
    select,
    tag,
    text,
    write,
)
from xiancheng.results.tables.labels import amount, evidence, unit_name
from xiancheng.scenarios.diff import foreign
from xiancheng.scenarios.plan_files import Plan
from xiancheng.scenarios.policy import delivery_of, region_size
from xiancheng.scenarios.scenario_files import STRONGEST, Scenario
from xiancheng.scenarios.trace import Trace, by_clause
from xiancheng.sim.levers import LEVERS
from xiancheng.sim.state import quarter_with

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region

ARROWS = {"+": "↑", "-": "↓", "±": "↑↓", "0": "→"}
LONGEST_DELAY = 40  # quarters that the box takes
WHOLE = 100  # from here on amounts are whole numbers

Edit = Callable[[Callable[[ScenarioEdit], ScenarioEdit]], None]
Shown = Callable[[Scenario], object]  # the value of a control
Follower = Callable[[Scenario], None]
Follow = Callable[[Element, Follower], None]


class MeasureDrawer:
    """What unfolds under a measure.

    Parameters
    ----------
    edit : is called with a function that makes another A
    keep : registers a control with the value that it shows of a scenario
    follow : registers what is called with each new scenario, as long as an element is there
    """

    def __init__(
        self, session: Session, region: "Region", measure: str, edit: Edit,
        keep: Callable[[Element, Shown], None], follow: Follow,
    ) -> None:  # fmt: skip
        self._session, self._region, self._measure = session, region, measure
        self._edit, self._keep, self._follow, say = edit, keep, follow, session.say
        disclosure(say(_("amounts and timing")), self._build_amounts)
        disclosure(say(_("what it does, evidence, indicators")), self._describe)
        disclosure(say(_("set by county")), self._build_counties)

    def _box(
        self, label: str, shown: Shown, changed: Callable[[float | None], None], low: float,
        high: float, step: float,
    ) -> None:  # fmt: skip
        """A box that shows a value of A; emptied, it takes the value of the base."""
        now = shown(self._session.a.scenario)
        message = refusal(low, high).text(self._session.lang)
        control = number(label, now, changed, low=low, high=high, step=step, message=message)
        self._keep(control, shown)

    # Amounts and timing

    def _build_amounts(self) -> None:
        say, measure, scenario = self._session.say, self._measure, self._session.a.scenario
        plan, size = scenario.plan, region_size(scenario, self._region)
        schedule = plan.measures[measure].schedule
        timing = _(
            "From {start}, evenly over {ramp} quarters; felt {lag} quarters later.",
            start=quarter_name(schedule.start), ramp=schedule.ramp, lag=schedule.lag,
        )  # fmt: skip
        text(say(timing), name="p", cls="note")
        with element("label", "condition"):
            text(say(_("Put off by (quarters)")))
            self._box(f"{measure} {say(_('Put off by (quarters)'))}",
                      lambda scenario: scenario.setting(measure).delay, self._delayed,
                      0, LONGEST_DELAY, 1)  # fmt: skip
        self._build_spells()
        self._build_cost()
        traces = [t for t in by_clause(plan, measure) if t.lever != "none" and t.high > 0]
        for trace in traces:
            self._build_amount(trace, size if scaled(plan, trace) else 1.0)
        if not traces:
            text(say(_("No amount of it is in the model.")), name="p", cls="note")

    def _build_spells(self) -> None:
        """Spells with an intensity of their own, each with a button to end it, and one more."""
        say, scenario = self._session.say, self._session.a.scenario
        first, last = scenario.plan.first_quarter, quarter_with(scenario.until)
        quarters = {"": {quarter_name(q): quarter_name(q) for q in range(first, last + 1)}}
        new = {"from": quarter_name(first), "until": quarter_name(last), "intensity": 1.0}
        with element("div", "spells"):
            text(say(_("By spells (0 outside them)")), name="strong")
            shown, wrong = element("div"), text("", name="small", cls="wrong")
            wrong.props("aria-live=polite")
            with element("div", "add"):
                for key, label in (("from", _("From quarter")), ("until", _("To quarter"))):
                    put = partial(new.__setitem__, key)
                    select(f"{self._measure} {say(label)}", quarters, str(new[key]), put)
                number(f"{self._measure} {say(_('Intensity of the spell'))}", 1,
                       partial(new.__setitem__, "intensity"), low=0, high=STRONGEST, step=0.1,
                       message=say(refusal(0, STRONGEST)), required=True)  # fmt: skip
                label = _("Add a spell to {measure}", measure=self._measure)
                button(say(_("Add")), lambda: add(), cls="small", aria_label=say(label))

        def add() -> None:
            phases = self._session.a.phases(self._measure)
            apart = all(new["until"] < p["from"] or p["until"] < new["from"] for p in phases)
            early = str(new["until"]) < str(new["from"])
            if early or not apart:
                why = _("the end is before the beginning") if early else _("spells overlap")
                write(wrong, say(why))
                return
            self._edit(lambda a: a.with_phases(self._measure, [*phases, dict(new)]))

        def listed(scenario: Scenario) -> None:
            write(wrong, "")
            shown.clear()
            with shown:
                for phase in self._session.a.phases(self._measure):
                    with element("div", "spell"):
                        spell = f"{phase['from']}–{phase['until']}"
                        text(f"{spell}：{phase['intensity']:g}")
                        button(say(_("Remove")), partial(remove, phase), cls="small",
                               aria_label=say(_("Remove {name}", name=spell)))  # fmt: skip

        def remove(phase: Mapping[str, Any]) -> None:
            left = [p for p in self._session.a.phases(self._measure) if p != phase]
            self._edit(lambda a: a.with_phases(self._measure, left))

        listed(scenario)
        self._follow(shown, listed)

    def _build_cost(self) -> None:
        """What the measure costs as it is set, where the plan or the scenario has unit costs."""
        note = text("", name="p", cls="note")

        def write_cost(scenario: Scenario) -> None:
            yuan = spending(scenario, self._measure)
            cost = _("Costs {yuan} yuan as set (what has a unit cost).", yuan=amount(yuan))
            write(note, self._session.say(cost) if yuan else "")

        write_cost(self._session.a.scenario)
        self._follow(note, write_cost)

    def _build_amount(self, trace: Trace, size: float) -> None:
        """A box for what a clause does to a lever in full, in the unit of the lever."""
        say, lever = self._session.say, LEVERS[trace.lever]
        unit = Words(unit_name(trace.unit, "zh"), trace.unit)
        over = _("in all") if trace.spread == "total" else _("in each place")
        name = say(Words(f"{trace.clause} {lever.zh}", f"{trace.clause} {lever.meaning}"))
        low, high = trace.low * size, trace.high * size

        def shown(scenario: Scenario) -> float:
            full = scenario.doses.get(trace.dose, trace.full) * size
            return round(full) if full >= WHOLE else float(f"{full:.4g}")

        def changed(value: float | None) -> None:
            wanted = None if value is None else min(max(value / size, trace.low), trace.high)
            self._edit(lambda a: a.with_dose(trace.dose, wanted))

        with element("label", "condition amount"):
            range_ = _("{unit} {over}, {low} to {high}", unit=unit, over=over, low=amount(low),
                       high=amount(high))  # fmt: skip
            text(name, tag("small", f" {say(range_)}"))
            self._box(name, shown, changed, low, high, 1 if high >= WHOLE else 0.001)

    def _delayed(self, value: float | None) -> None:
        base = self._session.a.base.setting(self._measure).delay
        quarters = base if value is None else int(value)
        self._edit(lambda a: a.with_delay(self._measure, quarters))

    # What it does

    def _describe(self) -> None:
        """What the measure does, in which direction, how well evidenced; its indicators."""
        say, scenario = self._session.say, self._session.a.scenario
        by_name: dict[str, list[Trace]] = {}
        for trace in by_clause(scenario.plan, self._measure):
            by_name.setdefault(trace.clause, []).append(trace)
        clauses = (
            tag("li", tag("p", tag("strong", clause), " ", traces[0].says.text(self._session.lang)),
                tag("ul", *map(self._effect, traces), cls="effects"))
            for clause, traces in by_name.items()
        )  # fmt: skip
        parts = [tag("ul", *clauses, cls="clauses")]
        if not foreign(scenario, self._region):  # tasks, quantities and dates of its own city
            lines = [*self._indicators()] or [say(_("none in the plan"))]
            parts += [tag("p", tag("strong", say(_("Indicators and delivery")))), bulleted(lines)]
        area(joined(parts))

    def _indicators(self) -> Iterator[str]:
        say, scenario = self._session.say, self._session.a.scenario
        promised = {
            row.indicator: row.share
            for row in delivery_of(scenario, self._region)
            if row.measure == self._measure and (row.at_deadline or row.due is None)
        }
        for name, indicator in scenario.plan.measures[self._measure].indicators.items():
            yield say(_(
                "{indicator}: {value} ({due}); delivered as set: {done}",
                indicator=indicator.name, done=f"{promised[name]:.0%}" if name in promised else "–",
                value=Words(indicator.wording, str(indicator.value or "")),
                due=indicator.deadline.day if indicator.deadline else say(_("no deadline")),
            ))  # fmt: skip

    def _effect(self, trace: Trace) -> Markup:
        """The effect of a clause on a lever: direction, evidence, size."""
        say, lang = self._session.say, self._session.lang
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

    # Counties

    def _build_counties(self) -> None:
        measure = self._measure

        def shown(code: str, scenario: Scenario) -> object:
            return scenario.setting(measure).counties.get(code, "")

        def changed(code: str, value: float | None) -> None:
            self._edit(lambda a: a.with_county(measure, code, value))

        with element("div", "counties"):
            for county in self._region.counties:
                name = county.text(self._session.lang)
                with element("label"):
                    text(name)
                    self._box(f"{measure} {name}", partial(shown, county.code),
                              partial(changed, county.code), 0, STRONGEST, 0.1)  # fmt: skip


def scaled(plan: Plan, trace: Trace) -> bool:
    """Whether the amount of a clause follows the number of residents of a region."""
    return trace.spread == "total" and trace.measure not in plan.added


def amounts(
    scenario: Scenario, region: "Region", measures: Sequence[str]
) -> Callable[[Scenario], Words]:
    """What measures ask for at their intensity, lever by lever, as a function of the scenario.

    Of several measures only what is shared out over the counties is added up. Nothing is given
    where a measure has an intensity of its own in some counties or quarters.
    """
    plan, size = scenario.plan, region_size(scenario, region)
    traces = [
        trace for measure in measures for trace in by_clause(plan, measure)
        if trace.lever != "none" and (trace.spread == "total" or len(measures) == 1)
    ]  # fmt: skip

    def sums(scenario: Scenario) -> Words:
        settings = {measure: scenario.setting(measure) for measure in measures}
        if any(setting.counties or setting.phases for setting in settings.values()):
            return same("")
        found: dict[tuple[str, str, str], float] = {}
        for trace in traces:
            full = scenario.doses.get(trace.dose, trace.full) * settings[trace.measure].intensity
            key = trace.lever, trace.unit, trace.spread
            found[key] = found.get(key, 0.0) + full * (size if scaled(plan, trace) else 1.0)
        return listed([_asked(*key, value) for key, value in found.items() if value])

    return sums


def _asked(lever: str, unit: str, spread: str, value: float) -> Words:
    """An amount of a lever in its unit, shares in percent, and whether each place has it."""
    over = _(" ({over})", over=_("in each place")) if spread != "total" else same("")
    number, unit_ = amount(value), Words(f" {unit_name(unit, 'zh')}", f" {unit}")
    if unit == "share":
        number, unit_ = f"{100 * value:.3g}%", same("")
    name = Words(LEVERS[lever].zh, LEVERS[lever].meaning)
    return _("{lever} {number}{unit}{over}", lever=name, number=number, unit=unit_, over=over)


def refusal(low: float, high: float) -> Words:
    """What is said of a value outside of its bounds."""
    return _("should be a number from {low} to {high}; not taken", low=amount(low),
             high=amount(high))  # fmt: skip
