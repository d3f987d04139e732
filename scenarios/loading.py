"""A plan on file: its measures, read and checked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Protocol

from xiancheng.calibration.naming import PlaceLike, is_path, place_names, shortened
from xiancheng.scenarios.checking import (
    Document,
    Problem,
    ScenarioError,
    Words,
    held_against,
    nearest,
)
from xiancheng.scenarios.checking import Path as KeyPath
from xiancheng.scenarios.measures import About, Clause, Indicator, Measure, Schedule
from xiancheng.scenarios.reading import read
from xiancheng.sim.state import Floats, quarter_with

SHIPPED = "binzhou-2023"


class CountyLike(PlaceLike, Protocol):
    """A county of a region."""

    @property
    def code(self) -> str:
        """Its six-digit code."""


class HasCounties(Protocol):
    """A plan or a region."""

    @property
    def counties(self) -> Sequence[CountyLike]:
        """Its counties."""


class RegionLike(Protocol):
    """The part of a region pack that a plan needs: its counties and where their people live."""

    @property
    def counties(self) -> Sequence[CountyLike]:
        """The counties, in the order of the model."""

    def urban_rural(self, census: date, /) -> Floats:
        """Urban and rural residents at a census, (county, 2)."""


@dataclass(frozen=True)
class Plan:
    """A plan: what it is, and its measures and safeguards in the order of their numbers."""

    name: str
    folder: Path
    about: About
    measures: dict[str, Measure]

    @property
    def first_quarter(self) -> int:
        """The first whole quarter after the plan was issued; nothing acts before."""
        issued = self.about.issued
        return quarter_with(issued) + 1

    @cached_property
    def projects(self) -> dict[str, tuple[str, ...]]:
        """The measures of each project, in the order of the plan."""
        return {
            project: tuple(k for k, each in self.measures.items() if each.project == project)
            for project in self.about.projects
        }

    @cached_property
    def clauses(self) -> dict[str, Clause]:
        """All clauses by number."""
        return {k: v for measure in self.measures.values() for k, v in measure.clauses.items()}

    @cached_property
    def indicators(self) -> dict[str, Indicator]:
        """All indicators: overall targets, then those of the measures."""
        inside = {k: v for m in self.measures.values() for k, v in m.indicators.items()}
        return self.about.targets | inside

    @cached_property
    def names(self) -> dict[str, dict[str, str]]:
        """What a scenario may name, each name with its proper form."""
        doses = {name for measure in self.measures.values() for name, _, _ in measure.doses()}
        guards = {name for name, each in self.indicators.items() if each.kind == "guard"}
        return {
            "counties": county_names(self.about),
            "measures": _themselves(["all", *self.about.projects, *self.measures]),
            "doses": _themselves(doses),
            "guards": _themselves(guards),
            "indicators": _themselves(self.indicators),
        }

    def scenario_files(self) -> dict[str, Path]:
        """The scenarios that come with the plan, by name."""
        return {file.stem: file for file in sorted((self.folder / "scenarios").glob("*.yaml"))}


def county_names(place: "HasCounties") -> dict[str, str]:
    """Every name of a county, in full or short, present or former, with its code."""
    return place_names(place.counties)


def _themselves(names: Sequence[str] | set[str] | dict[str, Indicator]) -> dict[str, str]:
    return {name: name for name in names}


def shipped() -> dict[str, Path]:
    """The folders of the plans that come with the package, by name."""
    plans = Path(str(files("xiancheng.scenarios"))) / "plans"
    return {folder.name: folder for folder in sorted(plans.iterdir()) if folder.is_dir()}


def load(plan: str | Path = SHIPPED) -> Plan:
    """A shipped plan by name, or one in a folder; read once until a file changes.

    Raises
    ------
    ScenarioError
        with all that is wrong in any of its files.
    """
    folder = Path(plan) if is_path(plan) else shipped().get(str(plan))
    if folder is None or not folder.is_dir():
        expected = Words("方案名或方案文件夹", "the name or the folder of a plan")
        meant = "" if is_path(plan) else nearest(plan, shipped())
        raise ScenarioError([Problem(shortened(str(plan)), 0, 0, "", expected, "∅", meant)])
    on_file = [folder / "plan.yaml", *sorted((folder / "measures").glob("*.yaml"))]
    stamp = tuple(
        (f.name, s.st_mtime_ns, s.st_size) for f in on_file if f.is_file() and (s := f.stat())
    )
    return _load(folder, stamp)


@lru_cache(maxsize=8)
def _load(folder: Path, stamp: tuple[tuple[str, int, int], ...]) -> Plan:
    """The plan in a folder; `stamp` tells its versions apart."""
    about, names = _about(folder)
    measures: dict[str, Measure] = {}
    problems: list[Problem] = []
    for name, _, _ in stamp[1:]:
        try:
            document = read(folder / "measures" / name)
            measure = held_against(Measure, document, names)
        except ScenarioError as error:
            problems += error.problems
            continue
        measures[measure.id] = measure
        problems += _misplaced(measure, document, name, about)
    if problems:
        raise ScenarioError(problems)
    numbered = sorted(measures, key=lambda number: (measures[number].project is None, number))
    return Plan(folder.name, folder, about, {number: measures[number] for number in numbered})


def measure_file(file: Path) -> Measure:
    """A measure file, held to the plan whose folder it lies in, or else to the shipped one.

    Raises
    ------
    ScenarioError
        with all that is wrong in it.
    """
    own = file.resolve().parent.parent
    about, names = _about(own if (own / "plan.yaml").is_file() else shipped()[SHIPPED])
    document = read(file)
    measure = held_against(Measure, document, names)
    if problems := list(_misplaced(measure, document, file.name, about)):
        raise ScenarioError(problems)
    return measure


def _about(folder: Path) -> tuple[About, dict[str, dict[str, str]]]:
    about = held_against(About, read(folder / "plan.yaml"), {})
    return about, {
        "counties": county_names(about),
        "departments": _themselves(list(about.departments)),
        "projects": _themselves(list(about.projects)),
    }


def _misplaced(measure: Measure, document: Document, name: str, about: About) -> Iterator[Problem]:
    """What a measure alone cannot know: its file's name, and when the plan was issued."""
    if name != f"{measure.id}.yaml":
        expected = Words(f"{name} 中的编号", f"the number that {name} is named for")
        yield document.problem(("id",), expected, measure.id)
    first = quarter_with(about.issued) + 1
    schedules: dict[KeyPath, Schedule] = {("schedule",): measure.schedule}
    for number, clause in measure.clauses.items():
        for i, dose in enumerate(clause.mechanism):
            if dose.schedule is not None:
                schedules["clauses", number, "mechanism", i, "schedule"] = dose.schedule
    for path, schedule in schedules.items():
        if schedule.start < first:
            after = f"{about.issued} 之后的季度", f"a quarter after {about.issued}"
            yield document.problem((*path, "start"), Words(*after), "…")
