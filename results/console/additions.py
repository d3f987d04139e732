"""The form in which visitors describe a project of their own (新增项目), and what is wrong with it.

What it makes is a measure in short, as a scenario file holds it under `additions`: a name, a lever,
an amount in its unit, counties, a start and a finish. Whatever is wrong is told beside its field.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from nicegui import ui
from pydantic import TypeAdapter, ValidationError

from xiancheng.calibration.errors import ScenarioError
from xiancheng.calibration.file_models import quarter_name
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.region.targets import found_in, members_of
from xiancheng.results.console.session import Session
from xiancheng.results.console.widgets import (
    button,
    choose,
    dialog,
    element,
    select,
    set_prop,
    text,
    write,
)
from xiancheng.results.tables.labels import amount, unit_name
from xiancheng.scenarios.own_plans import COUNTABLE, OwnMeasure, Quantity, quarter_at
from xiancheng.sim.levers import LEVERS
from xiancheng.sim.state import quarter_with

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region

PART = "amount of "  # a county, by code: names of the fields of amounts by county
LONGEST = 60  # characters of a name
AFTER = 20  # quarters after the end of the scenario in which a project may still finish
FAMILIES = {  # of levers, by the rule that they enter
    "labour": _("Jobs, incomes, commuting"),
    "departure": _("Jobs, incomes, commuting"),
    "schooling": _("Schools", "levers"),
    "housing": _("Housing", "levers"),
    "services": _("Services and surroundings"),
    "destination": _("Roads and credit"),
    "hukou": _("Hukou and land rights"),
    "reclassification": _("Recoding and merging"),
    "governments": _("Transfers to counties"),
}
SUBMITTED = """(e) => {
  e.preventDefault();
  const form = new FormData(e.target);
  emit(Object.fromEntries([...form.keys()].map(key => [key, form.getAll(key)])));
}"""

Keys = dict[str, Any]  # of a project in a scenario file, and its name


def levers_by_family(lang: str) -> dict[str, dict[str, str]]:
    """What each lever is called, by family."""
    found: dict[str, dict[str, str]] = {}
    for name, lever in LEVERS.items():
        if name != "workload":  # set by carrying out the plan, not by a project
            family = FAMILIES[lever.term.split(".")[0]].text(lang)
            found.setdefault(family, {})[name] = Words(lever.zh, lever.meaning).text(lang)
    return found


def unit_of(lever: str) -> Words:
    """The unit of an amount, and what it is the amount of."""
    unit = LEVERS[lever].unit
    words = Words(unit_name(unit, "zh"), unit)
    if unit in COUNTABLE:
        return _("{unit}, of all its counties together", unit=words)
    return _("{unit}, in each of its counties", unit=words)


def read(given: Mapping[str, list[str]], taken: set[str]) -> tuple[Keys, dict[str, Words]]:
    """What a filled-in form says, and what is wrong with it, by field.

    Parameters
    ----------
    given : the values of each field, as text
    taken : names that other projects have
    """
    said = {key: values[0].strip() for key, values in given.items() if values}
    name, lever = said.get("name", ""), said.get("lever", "")
    wrong: dict[str, Words] = {}
    if not name or len(name) > LONGEST or not name.isprintable():
        wrong["name"] = _("a name of 1 to {n} characters", n=LONGEST)
    elif name in taken:
        wrong["name"] = _("another project has this name")
    if lever not in LEVERS or lever == "workload":
        wrong["lever"] = _("choose what the project adds to")
    size = _amount(said.get("amount", ""))
    parts = {key.removeprefix(PART): _amount(value) for key, value in said.items()
             if value and key.startswith(PART)}  # fmt: skip
    if parts and (not all(parts.values()) or set(given.get("counties", [])) - set(parts)):
        wrong["counties"] = _("a number above 0 for each county, or for none of them")
    if not size and (not parts or said.get("amount")):
        wrong["amount"] = _("a number above 0, such as 5000")
    elif size and "lever" not in wrong and size > LEVERS[lever].high:
        most = LEVERS[lever]
        unit = Words(unit_name(most.unit, "zh"), most.unit)
        wrong["amount"] = _("at most {most} {unit}", most=amount(most.high), unit=unit)
    first, last = (quarter_at(said.get(key, ""), end=False) for key in ("start", "finish"))
    if first is None or last is None or last < first:
        wrong["finish"] = _("a quarter not before the start")
    keys: Keys = {"lever": lever, "start": said.get("start"), "finish": said.get("finish")}
    if size:
        keys["amount"] = size
    if parts or given.get("counties"):
        keys["counties"] = parts or given["counties"]
    return {"name": name, **keys}, wrong


def _amount(text: str) -> float | None:
    try:
        return TypeAdapter(Quantity).validate_python(text)
    except ValidationError:
        return None


class AdditionForm:
    """A dialog that asks for a project of one's own.

    Parameters
    ----------
    then : makes the project of its name and its keys; may refuse them
    before : the name and description of the project that is to be changed
    """

    def __init__(
        self, session: Session, region: "Region", then: Callable[[str, Keys], object],
        before: tuple[str, OwnMeasure] | None = None,
    ) -> None:  # fmt: skip
        self._session, self._region, self._then = session, region, then
        self._name = before[0] if before else ""
        self._before = before[1] if before else None
        self._errors: dict[str, ui.html] = {}
        self._fields: dict[str, ui.element] = {}
        say = session.say
        heading = say(_("Change a project") if before else _("Add a project"))
        with dialog(heading) as self._opened, element("div", "dialog console addition"):
            text(heading, name="h2")
            with element("form", novalidate=True) as form:
                self._build()
                self._foot = text("", name="p", cls="wrong").props("role=alert")
                with element("div", "actions"):
                    with element("button", "button main-action", type="submit"):
                        text(say(_("Change") if before else _("Add")))
                    button(say(_("Cancel")), self._opened.close)
        form.on("submit", self._submitted, js_handler=SUBMITTED)

    def _build(self) -> None:
        say, before, lang = self._session.say, self._before, self._session.lang
        scenario = self._session.a.scenario
        with self._field("name", say(_("Name"))):
            box = element("input", type="text", name="name", maxlength=LONGEST)
            box.props["^value"] = self._name
            self._fields["name"] = box
        lever = before.lever if before else ""
        with self._field("lever", say(_("What it adds to"))):
            choices = {"": {"": say(_("choose"))}} | levers_by_family(lang)
            self._fields["lever"] = select(
                say(_("What it adds to")), choices, lever, self._lever_chosen
            )
            self._fields["lever"].props["name"] = "lever"
        with self._field("amount", say(_("Amount"))):
            box = element("input", "figure-box", type="text", inputmode="decimal", name="amount")
            box.props["^value"] = f"{before.amount:.10g}" if before and before.amount else ""
            self._fields["amount"] = box
            self._unit = text(say(unit_of(lever)) if lever else "", name="small", cls="unit")
        first = scenario.plan.first_quarter
        last = max(quarter_with(scenario.until), first)
        for key, label, chosen in (
            ("start", _("Start"), before.start if before else first),
            ("finish", _("Finish"), before.finish if before else last),
        ):  # fmt: skip
            until = last + (AFTER if key == "finish" else 0)
            quarters = {quarter_name(q): self._quarter(q) for q in range(first, until + 1)}
            quarters.setdefault(quarter_name(chosen), self._quarter(chosen))
            with self._field(key, say(label)):
                control = choose(say(label), {"": quarters}, quarter_name(chosen))
                control.props["name"] = key
                self._fields[key] = control
        self._build_counties()

    def _build_counties(self) -> None:
        """Each county: whether it takes part, and how much it has, where that is known."""
        before, say, region = self._before, self._session.say, self._region
        members = members_of(region.counties, region.prefectures)
        named = before.counties or [] if before else []
        chosen = {code for name in named for code in found_in(name, members)}
        parts = before.split(members) if before else {}
        with element("fieldset", "counties") as field:
            text(say(_("Counties (none chosen: all); how much in each, where it is known")),
                 name="legend")  # fmt: skip
            for county in region.counties:
                label, code = county.text(self._session.lang), county.code
                with element("div", "county"):
                    with element("label", "check"):
                        element("input", type="checkbox", name="counties", value=code,
                                checked=code in chosen)  # fmt: skip
                        text(label)
                    box = element("input", type="text", inputmode="decimal", name=f"{PART}{code}",
                                  aria_label=say(_("{place}: amount", place=label)))  # fmt: skip
                    box.props["^value"] = f"{parts[code]:.10g}" if code in parts else ""
            self._errors["counties"] = text("", name="small", cls="wrong").props("aria-live=polite")
        self._fields["counties"] = field

    def _field(self, key: str, label: str) -> ui.element:
        """A label with room for a control and for what is wrong with its value."""
        with element("div", "field"):
            with element("label") as field:
                text(label)
            self._errors[key] = text("", name="small", cls="wrong").props("aria-live=polite")
        return field

    def _quarter(self, quarter: int) -> str:
        year, season = 1900 + quarter // 4, quarter % 4 + 1
        return self._session.say(_("{year} Q{season}", year=year, season=season))

    def _lever_chosen(self, lever: str) -> None:
        write(self._unit, self._session.say(unit_of(lever)) if lever in LEVERS else "")

    def _submitted(self, event: Any) -> None:
        given = event.args if isinstance(event.args, dict) else {}
        lists = {str(key): [*map(str, each)] for key, each in given.items()
                 if isinstance(each, list)}  # fmt: skip
        taken = set(self._session.a.scenario.additions) - {self._name}
        keys, wrong = read(lists, taken)
        for key, error in self._errors.items():
            write(error, self._session.say(wrong[key]) if key in wrong else "")
            set_prop(self._fields[key], "aria-invalid", str(key in wrong).lower())
        write(self._foot, "")
        if wrong:
            return
        name = keys.pop("name")
        try:
            self._then(name, keys)
        except ScenarioError as error:
            lines = (problem.expected.text(self._session.lang) for problem in error.problems)
            write(self._foot, "\n".join(lines))
        else:
            if not self._opened.is_deleted:  # with the list of projects that it was opened from
                self._opened.close()
