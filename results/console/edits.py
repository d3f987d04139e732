"""A scenario being edited: its overrides of a base scenario, the list of them, and its title.

A `ScenarioEdit` has one canonical form, however it was reached, so equal scenarios have equal URLs.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from xiancheng.calibration.file_models import Text, quarter_name
from xiancheng.calibration.i18n import Words, _, listed, same
from xiancheng.calibration.region import Region
from xiancheng.calibration.region import load as load_region
from xiancheng.results.tables.labels import amount
from xiancheng.scenarios.diff import addition, called, with_changes
from xiancheng.scenarios.loader import load_plan, resolve
from xiancheng.scenarios.own_plans import OwnMeasure, as_written
from xiancheng.scenarios.plan_files import ADDED, Plan
from xiancheng.scenarios.scenario_files import OFF, Scenario, Setting
from xiancheng.sim.conditions import CONDITIONS
from xiancheng.sim.levers import LEVERS

Overrides = dict[str, dict[str, Any]]  # measure -> fields set otherwise, as in a scenario file

FIELDS = ("intensity", "delay", "counties", "phases", "allocation")
BASELINE = "baseline"  # carries nothing out; the base of a scenario that names none
NAME = "draft"  # of every edited scenario in its file; users see the title


@dataclass(frozen=True)
class ScenarioEdit:
    """A scenario, and how it differs from the scenario that it is based on."""

    title: str
    base: Scenario
    scenario: Scenario
    region: str | None = None  # whose counties settings name; None: those of the plan

    @classmethod
    def of(
        cls, source: str | Mapping[str, Any], title: str | None = None, region: str | None = None
    ) -> "ScenarioEdit":
        """A scenario of the plan by its name, or the keys of a scenario file.

        Parameters
        ----------
        region : name or folder of the region in use

        Raises
        ------
        ScenarioError
            with every problem of the file.
        """
        if isinstance(source, str):
            scenario = base = plan_scenario(source, region)
        else:
            scenario = resolve(source, region)
            base = plan_scenario(source.get("based_on") or BASELINE, region)
        return cls(title or scenario.title.zh, base, scenario, region)

    @cached_property
    def extended_base(self) -> Scenario:
        """The base with the projects that are added to it, carried out as they are written."""
        new = {m: Setting() for m in self.scenario.plan.added - self.base.plan.added}
        return replace(self.base, plan=self.scenario.plan, settings={**self.base.settings, **new})

    @cached_property
    def overrides(self) -> Overrides:
        """The fields of each measure that differ from the base, as in a file."""
        found = {}
        for number in self.scenario.plan.measures:
            old, new = self.extended_base.setting(number), self.scenario.setting(number)
            own = {f: _as_in_file(f, new) for f in FIELDS if getattr(old, f) != getattr(new, f)}
            if own:
                found[number] = own
        return found

    def to_file(self) -> dict[str, Any]:
        """The keys of its scenario file: what differs from the base, and no more."""
        base, scenario = self.base, self.scenario
        file: dict[str, Any] = {"name": NAME, "title": self.title, "based_on": base.name}
        measures = {m: self._strength(m) | each for m, each in self.overrides.items()}
        days = {
            name: getattr(scenario, name).isoformat()
            for name in ("start", "until")
            if getattr(scenario, name) != getattr(base, name)
        }
        optional = {
            "additions": {
                name: as_written(each)
                for name, each in scenario.additions.items()
                if base.additions.get(name) != each
            },
            "measures": by_project(measures, scenario),
            "conditions": dict(
                _condition(name, getattr(scenario.conditions, name))
                for name in CONDITIONS
                if getattr(scenario.conditions, name) != getattr(base.conditions, name)
            ),
            "doses": dict(scenario.doses) if scenario.doses != base.doses else {},
            "horizon": days,
        }
        file |= {key: value for key, value in optional.items() if value}
        if scenario.targets != base.targets:
            file["targets"] = scenario.resolved()["targets"]
        if scenario.red_lines != base.red_lines:
            file["red_lines"] = scenario.red_lines.model_dump(exclude_none=True)
        return file

    @property
    def changed(self) -> bool:
        """Whether it differs from its base at all."""
        return len(self.to_file()) > len(("name", "title", "based_on"))

    @property
    def has_own_title(self) -> bool:
        """Whether its title is that of no scenario of the plan."""
        return self.title not in bundled_titles()

    @property
    def needs_title(self) -> bool:
        """Whether it is changed and still has the title of a scenario of the plan."""
        return self.changed and not self.has_own_title

    def with_title(self, title: str) -> "ScenarioEdit":
        """The same under another title.

        Raises
        ------
        ScenarioError
            if no scenario file may hold the title.
        """
        return ScenarioEdit.of(self.to_file() | {"title": title}, title, self.region)

    def with_intensity(self, measures: tuple[str, ...], value: float) -> "ScenarioEdit":
        """With another intensity of some measures."""
        return self._edited(lambda own: [own[m].update(intensity=value) for m in measures])

    def with_addition(
        self, name: str, keys: Mapping[str, Any], replaced: str | None = None
    ) -> "ScenarioEdit":
        """With a project added to the plan, or with another description of one.

        Parameters
        ----------
        keys : of the project as a scenario file has them
        replaced : the name of the project that it takes the place of

        Raises
        ------
        ScenarioError
            with every problem of the keys.
        """
        before = self.scenario.additions.get(replaced or "")
        if replaced is not None and replaced in self.base.additions and name != replaced:
            return self.without_addition(replaced).with_addition(name, keys)
        file = self.to_file()
        added = file.get("additions", {})
        added.pop(replaced, None)
        kept = _beside(before, keys) if before else {"id": self._free_number()}
        if name != replaced:
            kept.pop("name", None)
        file["additions"] = added | {name: kept | dict(keys)}
        return ScenarioEdit.of(file, self.title, self.region)

    def without_addition(self, name: str) -> "ScenarioEdit":
        """Without a project that was added to the plan; one of the base is not carried out."""
        file = self.to_file()
        if name not in file.get("additions", {}):
            return self.with_intensity((self.scenario.additions[name].id or "",), 0.0)
        gone = file["additions"].pop(name)["id"]
        if not file["additions"]:
            del file["additions"]
        own = {m: each for m, each in self.overrides.items() if m != gone}
        file |= {"measures": by_project({m: self._strength(m) | each for m, each in own.items()},
                                        self.scenario)}  # fmt: skip
        file["doses"] = {k: v for k, v in file.get("doses", {}).items()
                         if not k.startswith(f"{gone}-")}  # fmt: skip
        return ScenarioEdit.of({k: v for k, v in file.items() if v != {}}, self.title, self.region)

    def _free_number(self) -> str:
        numbers = (f"{ADDED}{n:02d}" for n in range(1, 100))
        return next(number for number in numbers if number not in self.scenario.plan.measures)

    def with_county(self, measure: str, code: str, value: float | None) -> "ScenarioEdit":
        """With an intensity of a measure for one county; None removes it."""
        counties = dict(self.scenario.setting(measure).counties)
        counties.pop(code, None)
        if value is not None:
            counties[code] = value
        return self._edited(lambda own: own[measure].update(counties=counties))

    def with_settings(self, settings: Mapping[str, Setting]) -> "ScenarioEdit":
        """With these measures as they are set here, and no other measure."""

        def change(own: Overrides) -> None:
            for measure in own:
                setting = settings.get(measure, OFF)
                own[measure] = {field: _as_in_file(field, setting) for field in FIELDS}

        return self._edited(change)

    def with_delay(self, measure: str, quarters: int) -> "ScenarioEdit":
        """With a measure put off by so many quarters."""
        delay = f"{quarters} quarters"
        return self._edited(lambda own: own[measure].update(delay=delay))

    def phases(self, measure: str) -> list[dict[str, Any]]:
        """The spells of a measure, as in a scenario file."""
        found: list[dict[str, Any]] = _as_in_file("phases", self.scenario.setting(measure))
        return found

    def with_phases(self, measure: str, phases: Sequence[Mapping[str, Any]]) -> "ScenarioEdit":
        """With the intensity of a measure by spells, 0 outside them; none for one throughout.

        Raises
        ------
        ScenarioError
            if spells overlap.
        """
        return self._edited(lambda own: own[measure].update(phases=[*phases]))

    def with_dose(self, name: str, full: float | None) -> "ScenarioEdit":
        """With another amount of a clause in full; None takes that of the base.

        Raises
        ------
        ScenarioError
            if it is outside of its range.
        """
        if full in (None, self.base.doses.get(name, _plan_doses(self.scenario)[name][1])):
            return self.revert(("doses", name)) if name in self.scenario.doses else self
        file = self.to_file()
        file["doses"] = dict(self.scenario.doses) | {name: full}
        return ScenarioEdit.of(file, self.title, self.region)

    def with_condition(self, name: str, value: float | bool) -> "ScenarioEdit":
        """With another outside condition."""
        key, value = _condition(name, value if name == FROZEN_FIELD else float(value))
        file = self.to_file()
        file["conditions"] = file.get("conditions", {}) | {key: value}
        return ScenarioEdit.of(file, self.title, self.region)

    def revert(self, key: tuple[str, ...]) -> "ScenarioEdit":
        """Without one of its changes, by `Change.key`."""
        kind, *rest = key
        if kind == "measures":
            members, what = rest[0].split(","), rest[1]
            if what == "counties":
                in_base = self.extended_base.setting(members[0]).counties.get(rest[2])
                return self.with_county(members[0], rest[2], in_base)
            return self._edited(lambda own: [own[m].pop(what, None) for m in members])
        if kind == "additions":
            return self.without_addition(rest[0])
        file = self.to_file()
        file[kind] = {k: v for k, v in file[kind].items() if k != rest[0]} if rest else {}
        if kind == "doses" and rest[0] in self.base.doses:
            file[kind][rest[0]] = self.base.doses[rest[0]]  # a file cannot take back a dose
        return ScenarioEdit.of({k: v for k, v in file.items() if v != {}}, self.title, self.region)

    def _edited(self, change: Callable[[Overrides], object]) -> "ScenarioEdit":
        own = {m: dict(self.overrides.get(m, {})) for m in self.scenario.plan.measures}
        change(own)
        left = {
            m: {f: v for f, v in each.items() if v != _as_in_file(f, self.extended_base.setting(m))}
            for m, each in own.items()
        }
        measures = {m: self._strength(m) | each for m, each in left.items() if each}
        return ScenarioEdit.of(self.to_file() | {"measures": measures}, self.title, self.region)

    def _strength(self, measure: str) -> dict[str, float]:
        """Intensity 0 for a measure new to the base: a file that names one carries it out."""
        return {} if measure in self.extended_base.settings else {"intensity": 0.0}


def _beside(own: OwnMeasure, keys: Mapping[str, Any]) -> dict[str, Any]:
    """What a project says beside other `keys` of it, as far as it agrees with them."""
    gone = {"lever", "amount", "counties", "start", "finish"}
    full = own.model_copy(update={"amount": None, **keys}).full
    if own.lever != keys["lever"]:
        gone |= {"unit", "range", "grade", "evidence", "because", "allocation"}
    elif own.range and full not in own.range:
        gone.add("range")
    if "counties" in keys:
        gone.add("allocation")
    return {key: value for key, value in as_written(own).items() if key not in gone}


def plan_scenario(name: str, region: str | None = None) -> Scenario:
    """A scenario of the plan in use by its name; no file is opened for any other name."""
    return _plan_scenario(name, load_plan(None, region))


@lru_cache(maxsize=256)
def _plan_scenario(name: str, plan: Plan) -> Scenario:
    if name not in plan.scenario_files():
        return resolve({"name": NAME, "title": NAME, "based_on": name}, plan=plan)
    return resolve(name, plan=plan)


def bundled_titles() -> frozenset[str]:
    """The titles of the scenarios that come with the plan in use, in both languages."""
    return _titles(load_plan())


@lru_cache(maxsize=8)
def _titles(plan: Plan) -> frozenset[str]:
    titles = (_plan_scenario(name, plan).title for name in plan.scenario_files())
    return frozenset(title for each in titles for title in (each.zh, each.en))


def by_project(own: Overrides, scenario: Scenario) -> Overrides:
    """Overrides that all measures of a project share, under the name of the project."""
    shared = {
        name: members for name, members in projects(scenario).items()
        if len(members) > 1 and own.get(members[0])
        and all(own.get(m) == own[members[0]] for m in members)
    }  # fmt: skip
    alike = {m for members in shared.values() for m in members}
    return {name: own[members[0]] for name, members in shared.items()} | {
        m: each for m, each in own.items() if m not in alike
    }


def projects(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    """The measures of each project, in the order of the plan."""
    plan = scenario.plan
    return {
        name: tuple(m for m, each in plan.measures.items() if each.project == name)
        for name in plan.about.projects
    }


def safeguards(scenario: Scenario) -> tuple[str, ...]:
    """The measures that belong to no project."""
    return tuple(m for m, each in scenario.plan.measures.items() if each.project is None)


FROZEN_FIELD = "recoding_frozen"


def _condition(name: str, value: Any) -> tuple[str, Any]:
    """An outside condition as a scenario file writes it."""
    return ("recoding", "frozen" if value else "trend") if name == FROZEN_FIELD else (name, value)


def _as_in_file(field: str, setting: Setting) -> Any:
    value = getattr(setting, field)
    if field == "delay":
        return f"{value} quarters"
    if field == "phases":
        return [
            {"from": quarter_name(p.first), "until": quarter_name(p.until),
             "intensity": p.intensity}
            for p in value
        ]  # fmt: skip
    return value


# The list of changes


@dataclass(frozen=True)
class Change:
    """One changed setting: its label, its value in the base and now; `key` reverts it."""

    key: tuple[str, ...]
    label: Words
    old: Words
    new: Words


LABELS = {
    "intensity": _("intensity"),
    "delay": _("delay in quarters"),
    "phases": _("spells"),
    "allocation": _("shared out by"),
}


def changes(edit: ScenarioEdit) -> list[Change]:
    """Every changed setting, in the order of the panel."""
    return [
        *_additions(edit), *_measure_changes(edit), *_condition_changes(edit),
        *_other_changes(edit),
    ]  # fmt: skip


def _additions(edit: ScenarioEdit) -> Iterator[Change]:
    names, none = _county_names(edit), same("–")
    for name, each in edit.scenario.additions.items():
        before = edit.base.additions.get(name)
        if before != each:
            old = none if before is None else addition(before, names)
            label = _("{number} {name}", number=each.id, name=name)
            yield Change(("additions", name), label, old, addition(each, names))


def _county_names(edit: ScenarioEdit) -> dict[str, Words]:
    """The names of the counties that settings may name, by code."""
    region = load_region(edit.region) if edit.region else edit.scenario.plan.about
    return {county.code: Words(county.zh, county.en) for county in region.counties}


def _measure_changes(edit: ScenarioEdit) -> Iterator[Change]:
    plan, own = edit.scenario.plan, by_project(edit.overrides, edit.scenario)
    order = [*plan.about.projects, *plan.measures]
    for name in sorted(own, key=order.index):
        group = name in plan.about.projects
        members = [m for m, each in plan.measures.items() if name in (m, each.project)]
        title = plan.about.projects[name] if group else plan.measures[name].title
        for field in own[name]:
            if field == "counties":
                yield from _county_changes(edit, f"{name} ", title, members)
                continue
            what = LABELS[field]
            label = Words(f"{name} {title.zh}·{what.zh}", f"{name} {title.en}: {what.en}")
            olds = {_value(getattr(edit.extended_base.setting(m), field)) for m in members}
            old = olds.pop() if len(olds) == 1 else _("various")
            new = _value(getattr(edit.scenario.setting(members[0]), field))
            yield Change(("measures", ",".join(members), field), label, old, new)


def _county_changes(
    edit: ScenarioEdit, number: str, title: Text, members: list[str]
) -> Iterator[Change]:
    old, new = (each.setting(members[0]) for each in (edit.extended_base, edit.scenario))
    names = _county_names(edit)
    for code in sorted(old.counties.keys() | new.counties.keys()):
        if old.counties.get(code) == new.counties.get(code):
            continue
        label = _("{number}{title}: {place}", number=number, title=title, place=names[code])
        before, after = (_value(each.counties.get(code, each.intensity)) for each in (old, new))
        for member in members:
            yield Change(("measures", member, "counties", code), label, before, after)


def _condition_changes(edit: ScenarioEdit) -> Iterator[Change]:
    for name, condition in CONDITIONS.items():
        old, new = (getattr(s.conditions, name) for s in (edit.base, edit.scenario))
        if old == new:
            continue
        label, before, after = Words(condition.zh, condition.meaning), _value(old), _value(new)
        if name == FROZEN_FIELD:
            label, manner = _("recoding of villages"), (_("trend", "manner"), _("frozen"))
            before, after = manner[old], manner[new]
        yield Change(("conditions", _condition(name, new)[0]), label, before, after)


def _other_changes(edit: ScenarioEdit) -> Iterator[Change]:
    base, now = edit.base, edit.scenario
    for name, label in (("start", _("start")), ("until", _("end"))):
        old, new = getattr(base, name), getattr(now, name)
        if old != new:
            yield Change(("horizon", name), label, _value(old), _value(new))
    for name, value in now.doses.items():
        label, full = _plan_doses(now)[name]
        if (old := base.doses.get(name, full)) != value:
            yield Change(("doses", name), label, same(amount(old)), same(amount(value)))
    if base.red_lines != now.red_lines:
        before, after = _("as it was"), _("differ from the base")
        yield Change(("red_lines",), _("red lines"), before, after)


def _plan_doses(scenario: Scenario) -> dict[str, tuple[Words, float]]:
    """What each dose of the plan is called, and how large it is in full."""
    found = {}
    for measure in scenario.plan.measures.values():
        for name, clause, dose in measure.doses():
            lever = LEVERS[dose.lever]
            label = Words(f"{clause} {lever.zh}", f"{clause} {lever.meaning}")
            found[name] = label, measure.clauses[clause].full(dose)
    return found


def _value(value: object) -> Words:
    if isinstance(value, list):
        spells = (f"{quarter_name(p.first)}–{quarter_name(p.until)} {p.intensity:g}" for p in value)
        return listed(spells) if value else _("throughout")
    return same(
        "–" if value is None else f"{value:g}" if isinstance(value, int | float) else str(value)
    )


# Titles


def edit_title(edit: ScenarioEdit, region: Region, saved: ScenarioEdit | None = None) -> Words:
    """The title under which the page shows an edited scenario; see `titled`.

    Parameters
    ----------
    region : where it is applied; the title says so outside the region of its plan
    """
    return called(titled(edit, saved), region)


def titled(edit: ScenarioEdit, saved: ScenarioEdit | None = None) -> Scenario:
    """The scenario of an edit under the title that page and documents give it.

    If it came from a saved scenario, has its title and differs from it, the title gives the number
    of changes. `scenarios.diff.called` does the same for the titles of the plan.
    """
    if saved is None or not edit.has_own_title or edit.title != saved.title:
        return edit.scenario
    known, now = ({(change.key, change.new) for change in changes(e)} for e in (saved, edit))
    if not (count := len({key for key, __ in known ^ now})):
        return edit.scenario
    zh, en = with_changes(edit.title, edit.title, count)
    return replace(edit.scenario, title=Text(zh=zh, en=en))
