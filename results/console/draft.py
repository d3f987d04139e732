"""The scenario in hand: what it changes in the one it is based on. Every edit makes a new one.

A draft is kept in one form, whatever way led to it, so equal scenarios have equal addresses.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from xiancheng.scenarios.loader import load_plan, resolve
from xiancheng.scenarios.scenario_files import Scenario, Setting
from xiancheng.scenarios.types import quarter_name
from xiancheng.sim.conditions import CONDITIONS

Own = dict[str, dict[str, Any]]  # measure -> what it does differently, as in a file

FIELDS = ("intensity", "delay", "counties", "phases", "allocation")
EMPTY = "baseline"  # what a scenario is based on that names no other
NAME = "draft"  # of every draft: what people call it is its title


@dataclass(frozen=True)
class Draft:
    """A scenario that is being worked on."""

    title: str
    base: Scenario
    scenario: Scenario
    own: Own
    region: str | None = None  # whose counties settings name; None: those of the plan

    @classmethod
    def of(
        cls, what: str | Mapping[str, Any], title: str | None = None, region: str | None = None
    ) -> "Draft":
        """A scenario of the plan by its name, or the keys of a scenario file.

        Parameters
        ----------
        region : name or folder of the region in use

        Raises
        ------
        ScenarioError
            with all that is wrong in it.
        """
        scenario = of_plan(what) if isinstance(what, str) else in_region(what, region)
        named = what if isinstance(what, str) else what.get("based_on")
        base = of_plan(named or EMPTY)
        return cls(title or scenario.title.zh, base, scenario, differing(base, scenario), region)

    def file(self) -> dict[str, Any]:
        """The keys of its scenario file: what differs from its base, and no more."""
        written: dict[str, Any] = {
            "name": NAME,
            "title": self.title,
            "based_on": self.base.name,
        }
        said = {m: self._strength(m) | each for m, each in self.own.items()}
        if measures := together(said, self.scenario):
            written["measures"] = measures
        if world := dict(_world(self.base, self.scenario)):
            written["conditions"] = world
        if self.scenario.doses != self.base.doses:
            written["doses"] = dict(self.scenario.doses)
        days = {
            name: getattr(self.scenario, name).isoformat()
            for name in ("start", "until")
            if getattr(self.scenario, name) != getattr(self.base, name)
        }
        if days:
            written["horizon"] = days
        if self.scenario.red_lines != self.base.red_lines:
            written["red_lines"] = self.scenario.red_lines.model_dump(exclude_none=True)
        return written

    @property
    def changed(self) -> bool:
        """Whether it differs from its base at all."""
        return len(self.file()) > len(("name", "title", "based_on"))

    @property
    def named_by_user(self) -> bool:
        """Whether it has a title of its own, which is that of no scenario of the plan."""
        return self.title not in shipped_titles()

    def named(self, title: str) -> "Draft":
        """The same under another title; refuses what no scenario file may hold.

        Raises
        ------
        ScenarioError
        """
        return Draft.of(self.file() | {"title": title}, title, self.region)

    def intensity(self, members: tuple[str, ...], value: float) -> "Draft":
        """With another intensity of some measures."""
        return self._edited(lambda own: [own[m].update(intensity=value) for m in members])

    def county(self, measure: str, code: str, value: float | None) -> "Draft":
        """With an intensity of its own for a county; None takes it away."""
        counties = dict(self.scenario.setting(measure).counties)
        counties.pop(code, None)
        if value is not None:
            counties[code] = value
        return self._edited(lambda own: own[measure].update(counties=counties))

    def condition(self, name: str, value: float | bool) -> "Draft":
        """With another condition of the outside world."""
        key = "recoding" if name == "recoding_frozen" else name
        shown = ("frozen" if value else "trend") if name == "recoding_frozen" else float(value)
        file = self.file()
        file["conditions"] = file.get("conditions", {}) | {key: shown}
        return Draft.of(file, self.title, self.region)

    def put_back(self, key: tuple[str, ...]) -> "Draft":
        """Without one of its changes, by the key that `results.console.changes` gives it."""
        kind, *rest = key
        if kind == "measures":
            members, what = rest[0].split(","), rest[1]
            if what == "counties":
                kept = self.base.setting(members[0]).counties.get(rest[2])
                return self.county(members[0], rest[2], kept)
            return self._edited(lambda own: [own[m].pop(what, None) for m in members])
        file = self.file()
        if kind == "doses":  # a dose cannot be unsaid over a base that says it
            file["doses"] = {k: v for k, v in file["doses"].items() if k != rest[0]}
            file["doses"] |= {k: v for k, v in self.base.doses.items() if k == rest[0]}
        else:
            file[kind] = {k: v for k, v in file[kind].items() if k != rest[0]} if rest else {}
        return Draft.of({k: v for k, v in file.items() if v != {}}, self.title, self.region)

    def _edited(self, change: Callable[[Own], object]) -> "Draft":
        own = {m: dict(self.own.get(m, {})) for m in self.scenario.plan.measures}
        change(own)
        now = {m: self._apart(m, each) for m, each in own.items()}
        written = {m: self._strength(m) | each for m, each in now.items() if each}
        file = self.file() | {"measures": written}
        return Draft.of(file, self.title, self.region)

    def _apart(self, measure: str, written: dict[str, Any]) -> dict[str, Any]:
        """Of what is written for a measure, what the base does not do already."""
        base = self.base.setting(measure)
        return {f: value for f, value in written.items() if value != _as_in_file(f, base)}

    def _strength(self, measure: str) -> dict[str, float]:
        """What has to be said: a measure that is new to the base is carried out if it is named."""
        return {} if measure in self.base.settings else {"intensity": 0.0}


def in_region(file: Mapping[str, Any], region: str | None) -> Scenario:
    """The scenario of a file's keys; its settings may name the counties of the region."""
    return resolve(file, region)


@cache
def of_plan(name: str) -> Scenario:
    """A scenario of the plan by its name, read once."""
    if name not in load_plan().scenario_files():  # a path is none: nothing else is opened by name
        return resolve({"name": NAME, "title": NAME, "based_on": name})
    return resolve(name)


@cache
def shipped_titles() -> frozenset[str]:
    """The titles of the scenarios that come with the plan, in both languages."""
    titles = (of_plan(name).title for name in load_plan().scenario_files())
    return frozenset(title for each in titles for title in (each.zh, each.en))


def differing(base: Scenario, scenario: Scenario) -> Own:
    """What each measure does differently from the base, as in a file."""
    found: Own = {}
    for number in scenario.plan.measures:
        was, will = base.setting(number), scenario.setting(number)
        own = {f: _as_in_file(f, will) for f in FIELDS if getattr(was, f) != getattr(will, f)}
        if own:
            found[number] = own
    return found


def together(own: Own, scenario: Scenario) -> Own:
    """The same, said once for a project whose measures all do alike."""
    shared: Own = {}
    for name, members in projects(scenario).items():
        first = own.get(members[0])
        if first and len(members) > 1 and all(own.get(m) == first for m in members):
            shared[name] = first
    told = {m for name in shared for m in projects(scenario)[name]}
    return shared | {m: each for m, each in own.items() if m not in told}


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


def _world(base: Scenario, scenario: Scenario) -> Iterator[tuple[str, Any]]:
    for name in CONDITIONS:
        was, will = getattr(base.conditions, name), getattr(scenario.conditions, name)
        if was != will:
            frozen = name == "recoding_frozen"
            yield ("recoding", "frozen" if will else "trend") if frozen else (name, will)


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
