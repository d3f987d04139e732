"""Loads plans and scenarios: by name, file or dict, validated, and joined with their bases."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from xiancheng.calibration.errors import Problem, ScenarioError
from xiancheng.calibration.file_models import Text, shown, validated
from xiancheng.calibration.i18n import Words, _, listed
from xiancheng.calibration.naming import is_path, nearest, place_names, shortened
from xiancheng.calibration.region import load as load_region
from xiancheng.calibration.yaml_positions import KeyPath, YamlDocument, from_python, read_yaml
from xiancheng.scenarios.plan_files import About, Measure, Plan, Schedule
from xiancheng.scenarios.scenario_files import (
    LATEST,
    Horizon,
    RedLines,
    Scenario,
    ScenarioFile,
    Setting,
    is_name,
)
from xiancheng.sim.conditions import Conditions
from xiancheng.sim.state import quarter_with

SHIPPED = "binzhou-2023"
SUFFIXES = (".yaml", ".yml")


# Plans


def shipped_plans() -> dict[str, Path]:
    """The folders of the plans that come with the package, by name."""
    plans = Path(str(files("xiancheng.scenarios"))) / "plans"
    return {folder.name: folder for folder in sorted(plans.iterdir()) if folder.is_dir()}


def load_plan(plan: str | Path = SHIPPED) -> Plan:
    """A shipped plan by name, or one in a folder; read once until a file changes.

    Raises
    ------
    ScenarioError
        with all that is wrong in any of its files.
    """
    folder = Path(plan) if is_path(plan) else shipped_plans().get(str(plan))
    if folder is None or not folder.is_dir():
        expected = _("the name or the folder of a plan")
        meant = "" if is_path(plan) else nearest(plan, shipped_plans())
        raise ScenarioError([Problem(shortened(str(plan)), 0, 0, "", expected, "∅", meant)])
    on_file = [folder / "plan.yaml", *sorted((folder / "measures").glob("*.yaml"))]
    versions = tuple(
        (f.name, s.st_mtime_ns, s.st_size) for f in on_file if f.is_file() and (s := f.stat())
    )
    return _load_plan(folder, versions)


@lru_cache(maxsize=8)
def _load_plan(folder: Path, versions: tuple[tuple[str, int, int], ...]) -> Plan:
    """The plan in a folder; `versions` hold name, time and size of each file."""
    about = _about(folder)
    measures: dict[str, Measure] = {}
    problems: list[Problem] = []
    for name, __, __ in versions[1:]:
        try:
            measure = _measure(folder / "measures" / name, about)
            measures[measure.id] = measure
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(problems)
    numbered = sorted(measures, key=lambda number: (measures[number].project is None, number))
    return Plan(folder.name, folder, about, {number: measures[number] for number in numbered})


def load_measure(file: Path) -> Measure:
    """A measure file, validated with the plan whose folder it lies in, or else the shipped one.

    Raises
    ------
    ScenarioError
        with all that is wrong in it.
    """
    own = file.resolve().parent.parent
    return _measure(
        file, _about(own if (own / "plan.yaml").is_file() else shipped_plans()[SHIPPED])
    )


def _about(folder: Path) -> About:
    return validated(About, read_yaml(folder / "plan.yaml"), {})


def _measure(file: Path, about: About) -> Measure:
    document = read_yaml(file)
    names: dict[str, Collection[str]] = {
        "counties": place_names(about.counties),
        "departments": about.departments,
        "projects": about.projects,
    }
    measure = validated(Measure, document, names)
    if problems := list(_misplaced(measure, document, file.name, about)):
        raise ScenarioError(problems)
    return measure


def _misplaced(
    measure: Measure, document: YamlDocument, name: str, about: About
) -> Iterator[Problem]:
    """What a measure alone cannot know: its file's name, and when the plan was issued."""
    if name != f"{measure.id}.yaml":
        expected = _("the number that {name} is named for", name=name)
        yield document.problem(("id",), expected, measure.id)
    schedules: dict[KeyPath, Schedule] = {("schedule",): measure.schedule}
    for number, clause in measure.clauses.items():
        for i, dose in enumerate(clause.mechanism):
            if dose.schedule is not None:
                schedules["clauses", number, "mechanism", i, "schedule"] = dose.schedule
    for path, schedule in schedules.items():
        if schedule.start <= quarter_with(about.issued):
            after = _("a quarter after {issued}", issued=about.issued)
            yield document.problem((*path, "start"), Words(*after), "…")


# Scenarios


def resolve(what: str | Path | Mapping[str, Any], region: str | Path | None = None) -> Scenario:
    """The scenario of a name in the plan, a file, or a dict with the keys of a file.

    Parameters
    ----------
    region : name or path of the pack whose counties the settings may name; by default they are
        those of the plan

    Raises
    ------
    ScenarioError
        with all that is wrong in it, or in what it is based on.
    PackError
        if the pack cannot be read.
    """
    document = _document(what, load_plan())
    if not document.on_file and isinstance(document.value, dict):
        document.value.setdefault("title", document.value.get("name"))
    plan = load_plan(_plan_of(document))
    chain = list(_chain(document, plan, _counties(plan, region)))
    return _joined(plan, [written for __, written in reversed(chain)], document)


def is_shipped(what: object) -> bool:
    """Whether this is the bare name of a scenario that comes with the plan."""
    scenarios = shipped_plans()[SHIPPED] / "scenarios"
    return not is_path(what) and (scenarios / f"{what}.yaml").is_file()


def _document(what: str | Path | Mapping[str, Any], plan: Plan) -> YamlDocument:
    """What the caller means: a dict, a file, or a scenario that comes with the plan."""
    if isinstance(what, Mapping):
        return from_python(what, "dict")
    known, path = plan.scenario_files(), str(what)
    if not is_path(what) and path in known:
        return read_yaml(known[path])
    if "\0" not in path and (isinstance(what, Path) or path.endswith(SUFFIXES)):
        return read_yaml(Path(path))
    expected = _("a scenario ({known}) or the path of a YAML file", known=listed(known))
    meant = ""
    if not is_path(what):
        beside = (path + suffix for suffix in SUFFIXES if _is_file(path + suffix))
        meant = next(beside, nearest(path, known))
    raise ScenarioError([Problem(shortened(path), 0, 0, "", expected, shortened(path), meant)])


def _is_file(path: str) -> bool:
    """Whether there is a file; what cannot be a path is none."""
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def _plan_of(document: YamlDocument) -> str:
    """The plan that a scenario names; what can be no name is refused with its other errors."""
    named = document.value.get("plan") if isinstance(document.value, dict) else None
    if not is_name(named):
        return SHIPPED
    plans = shipped_plans()
    if named not in plans:
        expected = _("a plan ({plans})", plans=listed(plans))
        meant = nearest(named, plans)
        raise ScenarioError([document.problem(("plan",), expected, shown(named), nearest=meant)])
    return str(named)


def _counties(plan: Plan, region: str | Path | None) -> dict[str, str]:
    """Every name of a county that settings may name, with its code."""
    if region is None or not 0 < len(str(region)) < 1000 or not str(region).isprintable():
        return place_names(plan.about.counties)  # `checked` refuses what can be no region
    return place_names(load_region(region).counties)


def _chain(
    document: YamlDocument, plan: Plan, counties: Mapping[str, str]
) -> Iterator[tuple[YamlDocument, ScenarioFile]]:
    """The scenario, what it is based on, and so on to the first."""
    seen: list[str] = []
    while True:
        bases = _bases(document, plan)
        names = plan.names | {"scenarios": bases, "counties": counties}
        written = validated(ScenarioFile, document, names)
        yield document, written
        seen.append(document.file)
        if written.based_on is None:
            return
        base = bases.get(written.based_on) or Path(document.file).parent / written.based_on
        if not base.is_file():
            expected = _("a YAML file that exists")
            raise ScenarioError([document.problem(("based_on",), expected, str(base))])
        if str(base) in seen:
            expected = _("a base that does not lead back here")
            raise ScenarioError([document.problem(("based_on",), expected, written.based_on)])
        document = read_yaml(base)


def _bases(document: YamlDocument, plan: Plan) -> dict[str, Path]:
    """What a document may be based on by a bare name: the plan's scenarios before files beside."""
    own = Path(document.file)
    beside = {file.stem: file for file in own.parent.glob("*.yaml")} if document.on_file else {}
    return beside | plan.scenario_files()


def _joined(plan: Plan, chain: list[ScenarioFile], document: YamlDocument) -> Scenario:
    """The whole scenario, from its first base to itself, which `document` holds."""
    settings: dict[str, Setting] = {}
    doses: dict[str, float] = {}
    conditions: dict[str, Any] = {}
    horizon, red_lines = Horizon(), RedLines()
    for written in chain:
        settings = _set(plan, settings, written.measures)
        doses |= written.doses
        conditions |= written.conditions.model_dump(exclude_none=True)
        horizon = horizon.model_copy(update=written.horizon.model_dump(exclude_none=True))
        lines = written.red_lines
        changed = {name: getattr(lines, name) for name in lines.model_fields_set}
        red_lines = red_lines.model_copy(update=changed)
    written = chain[-1]
    # A file's name may hold what no title may; a dict has no file.
    named = shortened(Path(document.file).stem if document.on_file else written.name)
    title = written.title or Text(zh=named, en=named)
    frozen = conditions.pop("recoding", None) == "frozen"
    scenario = Scenario(
        name=written.name, title=title, purpose=written.purpose or title, plan=plan,
        start=horizon.start or date(2020, 11, 1), until=horizon.until or date(2025, 12, 31),
        settings=settings, doses=doses, conditions=Conditions(recoding_frozen=frozen, **conditions),
        red_lines=red_lines,
    )  # fmt: skip
    if problems := list(_problems(scenario, document)):
        raise ScenarioError(problems)
    return scenario


def _set(
    plan: Plan, settings: Mapping[str, Setting], written: Mapping[str, Setting]
) -> dict[str, Setting]:
    """The settings after what is written: first for all, then by project, then by measure."""
    after = dict(settings)
    groups = {"all": tuple(plan.measures), **plan.projects}
    order = [*groups, *plan.measures]
    for name in sorted(written, key=order.index):
        for number in groups.get(name, [name]):
            after[number] = after.get(number, Setting()).but(written[name])
    return {number: after[number] for number in plan.measures if number in after}


def _problems(scenario: Scenario, document: YamlDocument) -> Iterator[Problem]:
    """What only the whole scenario can tell."""
    if not scenario.start < scenario.until <= LATEST:
        expected = _("after start and not after {year}", year=LATEST.year)
        yield document.problem(("horizon", "until"), expected, str(scenario.until))
    ranges = {
        name: scenario.plan.clauses[clause].range(dose)
        for measure in scenario.plan.measures.values()
        for name, clause, dose in measure.doses()
    }
    for name, value in scenario.doses.items():
        if value not in ranges[name]:
            low, high = ranges[name].low, ranges[name].high
            expected = _("{low:g} to {high:g}", low=low, high=high)
            yield document.problem(("doses", name), expected, f"{value:g}")
    if scenario.red_lines.when_crossed == "refuse":
        kept = _("no red line crossed (or when_crossed: flag)")
        for crossed in scenario.crossed():
            yield document.problem(("red_lines",), kept, crossed)
