"""Loads plans and scenarios: by name, file or dict, validated, and joined with their bases."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from xiancheng.calibration.errors import Problem, ScenarioError
from xiancheng.calibration.file_models import Text, quarter_name, shown, validated
from xiancheng.calibration.i18n import Words, _, listed, same
from xiancheng.calibration.naming import is_path, nearest, place_names, shortened
from xiancheng.calibration.region import County, Region
from xiancheng.calibration.region import load as load_region
from xiancheng.calibration.region.schema import LATEST
from xiancheng.calibration.region.targets import read_targets
from xiancheng.calibration.yaml_positions import KeyPath, YamlDocument, from_python, read_yaml
from xiancheng.scenarios.own_plans import (
    OwnMeasure,
    OwnPlan,
    Placed,
    about_of,
    is_own,
    numbered,
    quarter_at,
    spelled_out,
)
from xiancheng.scenarios.plan_files import ADDED, OWN_FILE, About, Dose, Measure, Plan, Schedule
from xiancheng.scenarios.scenario_files import (
    Additions,
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


_in_use: list[tuple[str | Path | None, str | Path | None]] = [(None, None)]  # last: in force


@contextmanager
def using_plan(plan: str | Path | None, region: str | Path | None = None) -> Iterator[None]:
    """Within it, this plan and this region are those that are meant where none are named.

    A command runs within it, so that every part of the command means the same plan. It holds for
    this process; runs carry their plan, so workers need it not.

    Parameters
    ----------
    plan : name, folder or short file; None: that of the region
    """
    path = Path(plan).resolve() if plan is not None and is_path(plan) else plan
    _in_use.append((path, region))
    try:
        yield
    finally:
        _in_use.pop()


def load_plan(plan: str | Path | None = None, region: str | Path | None = None) -> Plan:
    """A plan by the name of a shipped one, in a folder, or in a short file; see `OwnPlan`.

    It is read once until a file changes.

    Parameters
    ----------
    plan : by default that of the command (`using_plan`), else the one that the pack of the region
        names, else the shipped one
    region : pack whose counties a plan of one's own means where it names none

    Returns
    -------
    a `Plan`: `measures` by number, with their amounts in the units of their levers; `targets`,
    rates in percent; `about` it as a whole

    Raises
    ------
    ScenarioError
        with all that is wrong in any of its files.
    PackError
        if the pack of a plan of one's own cannot be read.

    Examples
    --------
    >>> from xiancheng import load_plan
    >>> len(load_plan().measures)
    30
    """
    meant, here = _in_use[-1]
    region = here if region is None else region
    named = meant or _named_by(region) if plan is None else plan
    place = Path(named) if is_path(named) else shipped_plans().get(str(named))
    if place is None or not place.exists():
        expected = _("the name of a plan, its folder, or a YAML file")
        meant_name = "" if is_path(named) else nearest(named, shipped_plans())
        if plan is None and not meant and region is not None:  # its pack says so
            file = str(load_region(region).folder / "region.yaml")
            raise ScenarioError([Problem(file, 0, 0, "plan", expected, str(named), meant_name)])
        raise ScenarioError([Problem(shortened(str(named)), 0, 0, "", expected, "∅", meant_name)])
    place = place.resolve()
    on_file = plan_files_of(place)
    versions = tuple(
        (str(f), s.st_mtime_ns, s.st_size) for f in on_file if f.is_file() and (s := f.stat())
    )
    document = read_yaml(on_file[0])
    if not is_own(document.value):
        return _load_plan(place, versions)
    return _load_own(place, versions, _pack_of(document, on_file[0], region))


def _named_by(region: str | Path | None) -> str:
    """The plan that the pack of a region names, else the shipped one."""
    named = load_region(region).plan if region is not None and _can_be_pack(region) else ""
    return named or SHIPPED


def plan_files_of(place: Path) -> list[Path]:
    """The files of a plan in a folder, or the one that it is; its own first."""
    if place.is_file():
        return [place]
    return [place / OWN_FILE, *sorted((place / "measures").glob("*.yaml"))]


def plan_home(plan: Plan) -> str:
    """The pack that a plan of one's own names, for `region.load`; empty if none."""
    named = read_yaml(plan.files[0]).value.get("region")
    if not isinstance(named, str):
        return ""
    return str(plan.folder / named) if is_path(named) else named


def _pack_of(document: YamlDocument, file: Path, region: str | Path | None) -> Region:
    """The pack whose counties a plan of one's own means: that which it names, or the one in use."""
    named = document.value.get("region")
    if isinstance(named, str):
        return load_region(file.parent / named if is_path(named) else named)
    if region is not None and _can_be_pack(region):
        return load_region(region)
    expected = _("region: the pack whose counties are meant (or --region)")
    raise ScenarioError([document.problem((), expected, "∅")])


@lru_cache(maxsize=8)
def _load_plan(folder: Path, versions: tuple[tuple[str, int, int], ...]) -> Plan:
    """The plan in a folder; `versions` hold path, time and size of each file."""
    about = _about(folder)
    measures: dict[str, Measure] = {}
    problems: list[Problem] = []
    for name, __, __ in versions[1:]:
        try:
            measure = _measure(Path(name), about)
            measures[measure.id] = measure
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(problems)
    shipped = shipped_plans().get(folder.name)
    named = folder.name if shipped and shipped.resolve() == folder else str(folder)
    paths = tuple(Path(name) for name, __, __ in versions)
    return Plan(folder.name, named, paths, about, _in_order(measures))


def _in_order(measures: Mapping[str, Measure]) -> dict[str, Measure]:
    """Measures in the order of their numbers, those of a project first."""
    numbered = sorted(measures, key=lambda number: (measures[number].project is None, number))
    return {number: measures[number] for number in numbered}


@lru_cache(maxsize=8)
def _load_own(place: Path, versions: tuple[tuple[str, int, int], ...], pack: Region) -> Plan:
    """A plan of one's own, in short form; `versions` as in `_load_plan`."""
    paths = tuple(Path(name) for name, __, __ in versions)
    document = read_yaml(paths[0])
    problems: list[Problem] = []
    own = None
    try:
        own = validated(OwnPlan, document, {})
    except ScenarioError as error:
        problems += error.problems
    placed = [
        Placed(key, each, document, ("measures", key))
        for key, each in (own.measures.items() if own else ())
    ]
    full: list[YamlDocument] = []
    for path in paths[1:]:
        file = read_yaml(path)
        if isinstance(file.value, dict) and "clauses" in file.value:
            full.append(file)
            continue
        try:
            placed.append(Placed(path.stem, validated(OwnMeasure, file, {}), file, ()))
        except ScenarioError as error:
            problems += error.problems
    if problems or own is None:
        raise ScenarioError(problems)
    if not placed and not full:
        expected = _("at least one measure, in it or in the folder measures beside it")
        raise ScenarioError([document.problem((), expected, "∅")])
    starts = [each.measure.start for each in placed]
    starts += [start for each in full if (start := _start_of(each)) is not None]
    alone = {} if own.projects or full else {f"P{n}": p for n, p in enumerate(placed, start=1)}
    titles = {key: p.measure.name or Text(zh=p.name, en=p.name) for key, p in alone.items()}
    about, problems = about_of(own, document, pack, min(starts), own.projects or titles)
    project_of = {id(p): key for key, p in alone.items()}
    measures = {}
    known, places = doses_by_lever(), (pack.counties, pack.prefectures)
    taken = {str(each.value.get("id")) for each in full}
    for number, each in numbered(placed, taken).items():
        content, wrong_ones = spelled_out(
            number, each, places, known, project_of.get(id(each), each.measure.project)
        )
        wrong_ones += _unknown(each, own.projects, own.departments)
        problems += wrong_ones
        if not wrong_ones:
            spelled = from_python(content, each.document.file)
            measures[number] = validated(Measure, spelled, _names_in(about))
    for file in full:
        try:
            measure = _measure(Path(file.file), about)
            measures[measure.id] = measure
        except ScenarioError as error:
            problems += error.problems
    problems += _too_early(placed, about)
    if problems:
        raise ScenarioError(problems)
    name = place.parent.name if place.name == OWN_FILE else place.stem
    return Plan(name, str(place), paths, about, _in_order(measures))


def _start_of(document: YamlDocument) -> int | None:
    """The quarter in which a measure in full form starts, where that can be read."""
    schedule = document.value.get("schedule")
    start = schedule.get("start") if isinstance(schedule, dict) else None
    return quarter_at(start, end=False)


def _unknown(
    placed: Placed, projects: Collection[str], departments: Collection[str]
) -> list[Problem]:
    """Projects and departments that a measure in short names and the plan does not list."""
    measure, found = placed.measure, []
    if measure.project is not None and measure.project not in projects:
        expected = _("a project in plan.yaml ({known})", known=listed(projects))
        meant = nearest(measure.project, projects)
        path = (*placed.path, "project")
        found.append(placed.document.problem(path, expected, measure.project, nearest=meant))
    for i, name in enumerate(measure.lead):
        if name not in departments:
            expected = _("a department in plan.yaml ({known})", known=listed(departments))
            meant = nearest(name, departments)
            path = (*placed.path, "lead", i)
            found.append(placed.document.problem(path, expected, name, nearest=meant))
    return found


def _too_early(placed: Sequence[Placed], about: About) -> Iterator[Problem]:
    """Measures in short that start before the plan was issued."""
    for each in placed:
        if each.measure.start <= quarter_with(about.issued):
            after = _("a quarter after {issued}", issued=about.issued)
            found = quarter_name(each.measure.start)
            yield each.document.problem((*each.path, "start"), Words(*after), found)


@cache
def doses_by_lever() -> dict[str, Dose]:
    """The first dose of each lever in the shipped plan: what is known of the lever's effect."""
    shipped = load_plan(SHIPPED).measures.values()
    doses = [dose for measure in shipped for __, __, dose in measure.doses()]
    return {dose.lever: dose for dose in reversed(doses)}


def load_measure(file: Path) -> Measure:
    """A measure file, validated with the plan whose folder it lies in, or else the shipped one.

    Raises
    ------
    ScenarioError
        with all that is wrong in it.
    """
    own = file.resolve().parent.parent
    return _measure(file, _about(own if (own / OWN_FILE).is_file() else shipped_plans()[SHIPPED]))


def _about(folder: Path) -> About:
    return validated(About, read_yaml(folder / OWN_FILE), {})


def _names_in(about: About) -> dict[str, Collection[str]]:
    """The names that a measure may use, by kind."""
    return {
        "counties": place_names(about.counties),
        "departments": about.departments,
        "projects": about.projects,
    }


def _measure(file: Path, about: About) -> Measure:
    document = read_yaml(file)
    measure = validated(Measure, document, _names_in(about))
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


def resolve(
    what: str | Path | Mapping[str, Any], region: str | Path | None = None,
    plan: str | Path | Plan | None = None,
) -> Scenario:  # fmt: skip
    """The scenario of a name in the plan, a file, or a dict with the keys of a file.

    Its plan is the one that is given; else the one that it names, or in whose folder it lies; else
    that of the command, of the region, or the shipped one (`load_plan`).

    Parameters
    ----------
    region : name or path of the pack whose counties the settings may name; by default they are
        those of the plan
    plan : name, folder or short file of a plan

    Raises
    ------
    ScenarioError
        with all that is wrong in it, or in what it is based on.
    PackError
        if the pack cannot be read.
    """
    given = None if plan is None else plan if isinstance(plan, Plan) else load_plan(plan, region)
    document = _document(what, given, region)
    if not document.on_file and isinstance(document.value, dict):
        document.value.setdefault("title", document.value.get("name"))
    chosen = _plan_of(document, region, given)
    lineage = _lineage(document, chosen)
    extended, additions, problems = _extended(chosen, lineage[::-1], region)
    chain = _chain(lineage, extended, _counties(chosen, region))
    if problems:
        raise ScenarioError(problems)
    return _joined(extended, chain[::-1], document, region, additions)


def is_shipped(what: object, region: str | Path | None = None) -> bool:
    """Whether this is the bare name of a scenario that comes with the plan in use."""
    return not is_path(what) and what in load_plan(None, region).scenario_files()


def _document(
    what: str | Path | Mapping[str, Any], plan: Plan | None, region: str | Path | None
) -> YamlDocument:
    """What the caller means: a dict, a file, or a scenario that comes with the plan."""
    if isinstance(what, Mapping):
        return from_python(what, "dict")
    path = str(what)
    if "\0" not in path and (isinstance(what, Path) or path.endswith(SUFFIXES)):
        return read_yaml(Path(path))
    known = (plan or load_plan(None, region)).scenario_files()
    if not is_path(what) and path in known:
        return read_yaml(known[path])
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


def _plan_of(document: YamlDocument, region: str | Path | None, given: Plan | None) -> Plan:
    """The plan of a scenario; what can be no name is refused with its other errors."""
    named = document.value.get("plan") if isinstance(document.value, dict) else None
    own = Path(document.file).parent if document.on_file else Path()
    if isinstance(named, str) and is_path(named):
        if not (own / named).exists():
            expected = _("the name of a plan, its folder, or a YAML file")
            raise ScenarioError([document.problem(("plan",), expected, shortened(named))])
        found = load_plan(own / named, region)
    elif is_name(named):
        if named not in shipped_plans():
            expected = _("a plan ({plans}), or the path of one", plans=listed(shipped_plans()))
            meant = nearest(named, shipped_plans())
            raise ScenarioError(
                [document.problem(("plan",), expected, shown(named), nearest=meant)]
            )
        found = load_plan(str(named))
    elif given is None and document.on_file and _in_plan(own):
        return load_plan(own.parent, region)
    else:
        return given or load_plan(None, region)
    other = given or (load_plan(None, region) if _in_use[-1][0] else found)
    if other.reference != found.reference:
        expected = _("the plan {name} that was asked for, or no plan", name=other.name)
        raise ScenarioError([document.problem(("plan",), expected, shown(named))])
    return found


def _in_plan(folder: Path) -> bool:
    """Whether a folder holds the scenarios of a plan of one's own."""
    return folder.name == "scenarios" and (folder.parent / OWN_FILE).is_file()


def _can_be_pack(region: str | Path) -> bool:
    """Whether this can name a pack; `check_run` refuses what cannot."""
    return 0 < len(str(region)) < 1000 and str(region).isprintable()


def _counties(plan: Plan, region: str | Path | None) -> dict[str, str]:
    """Every name of a county that settings may name, with its code."""
    if region is None or not _can_be_pack(region):
        return place_names(plan.about.counties)
    return place_names(load_region(region).counties)


def _places(plan: Plan, region: str | Path | None) -> tuple[Sequence[County], Mapping[str, Words]]:
    """The counties that targets may name, and their prefectures."""
    if region is not None and _can_be_pack(region):
        pack = load_region(region)
        return pack.counties, pack.prefectures
    own = [County(c.code, c.zh, c.en, f"{c.code[:4]}00", "") for c in plan.about.counties]
    return own, {c.prefecture: same(c.prefecture) for c in own}


def _lineage(document: YamlDocument, plan: Plan) -> list[YamlDocument]:
    """The scenario, what it is based on, and so on, as far as there are files."""
    found = [document]
    while (base := _base_of(found[-1], plan)) is not None:
        if not base.is_file() or str(base) in [each.file for each in found]:
            break
        found.append(read_yaml(base))
    return found


def _base_of(document: YamlDocument, plan: Plan) -> Path | None:
    """The file that a scenario is based on, as it says; None if it says nothing of the kind."""
    named = document.value.get("based_on") if isinstance(document.value, dict) else None
    if not isinstance(named, str):
        return None
    base = _bases(document, plan).get(named)
    return base or (Path(document.file).parent / named if is_path(named) else None)


def _chain(
    lineage: Sequence[YamlDocument], plan: Plan, counties: Mapping[str, str]
) -> list[ScenarioFile]:
    """The scenario, what it is based on, and so on to the first.

    Raises
    ------
    ScenarioError
        also if the last is based on a file that is not there, or on one of these.
    """
    chain = []
    for document in lineage:
        names = plan.names | {"scenarios": _bases(document, plan), "counties": counties}
        chain.append(validated(ScenarioFile, document, names))
    if (named := chain[-1].based_on) is None:
        return chain
    if (base := _base_of(document, plan)) is not None and base.is_file():
        expected = _("a base that does not lead back here")
        raise ScenarioError([document.problem(("based_on",), expected, named)])
    expected = _("a YAML file that exists")
    raise ScenarioError([document.problem(("based_on",), expected, str(base))])


def _extended(
    plan: Plan, lineage: Sequence[YamlDocument], region: str | Path | None
) -> tuple[Plan, dict[str, OwnMeasure], list[Problem]]:
    """The plan with what a scenario adds, that by name, and what is wrong with it.

    What is wrong with the keys of a file is left to `_chain`.

    Parameters
    ----------
    lineage : what the scenario is based on, from the first, and itself
    """
    placed: dict[str, Placed] = {}
    for document in lineage:
        with suppress(ScenarioError):
            for name, new in validated(Additions, document, {}).additions.items():
                before = placed.get(name)
                kept = new.id or (before and before.measure.id)
                known = new.model_copy(update={"id": kept}) if kept else new
                placed[name] = Placed(name, known, document, ("additions", name))
    if not placed:
        return plan, {}, []
    own = {number: each for number, each in plan.measures.items() if number not in plan.added}
    places, problems, measures = _places(plan, region), list[Problem](), dict[str, Measure]()
    numbers = numbered([*placed.values()], set(own), ADDED)
    title = {ADDED: Text(**_("added projects")._asdict())}
    about = plan.about.model_copy(update={"projects": plan.about.projects | title})
    names = _names_in(about) | {"counties": place_names(places[0])}
    for number, each in numbers.items():
        project = each.measure.project or ADDED
        content, wrong_ones = spelled_out(number, each, places, doses_by_lever(), project)
        wrong_ones += [*_unknown(each, about.projects, about.departments)]
        if number in own:
            expected = _("a number that no measure of the plan has")
            wrong_ones.append(each.document.problem((*each.path, "id"), expected, number))
        problems += wrong_ones
        if not wrong_ones:
            measures[number] = validated(Measure, from_python(content, each.document.file), names)
    problems += _too_early([*placed.values()], about)
    additions = {each.name: each.measure.model_copy(update={"id": number})
                 for number, each in numbers.items()}  # fmt: skip
    extended = replace(
        plan, about=about, measures=_in_order(own | measures), added=frozenset(measures)
    )
    return extended, additions, problems


def _bases(document: YamlDocument, plan: Plan) -> dict[str, Path]:
    """What a document may be based on by a bare name: the plan's scenarios before files beside."""
    own = Path(document.file)
    beside = {file.stem: file for file in own.parent.glob("*.yaml")} if document.on_file else {}
    return beside | plan.scenario_files()


def _joined(
    plan: Plan, chain: Sequence[ScenarioFile], document: YamlDocument, region: str | Path | None,
    additions: Mapping[str, OwnMeasure],
) -> Scenario:  # fmt: skip
    """The whole scenario, from its first base to itself, which `document` holds."""
    settings: dict[str, Setting] = {}
    doses: dict[str, float] = {}
    conditions: dict[str, Any] = {}
    horizon, red_lines = Horizon(), RedLines()
    for written in chain:
        own = {number: Setting() for name in written.additions if (number := additions[name].id)}
        settings = _set(plan, settings | own, written.measures)
        doses |= written.doses
        conditions |= written.conditions.model_dump(exclude_none=True)
        horizon = horizon.model_copy(update=written.horizon.model_dump(exclude_none=True))
        lines = written.red_lines
        changed = {name: getattr(lines, name) for name in lines.model_fields_set}
        red_lines = red_lines.model_copy(update=changed)
    written = chain[-1]
    listed_last = next((each for each in reversed(chain) if each.targets), written)
    counties, prefectures = _places(plan, region)
    targets, problems = read_targets(
        document, ("targets",), listed_last.targets, counties, prefectures, "S-"
    )
    if problems:
        raise ScenarioError(problems)
    last = max((each.deadline for each in targets), default=plan.last_day)
    # A file's name may hold what no title may; a dict has no file.
    named = shortened(Path(document.file).stem if document.on_file else written.name)
    title = written.title or Text(zh=named, en=named)
    frozen = conditions.pop("recoding", None) == "frozen"
    scenario = Scenario(
        name=written.name, title=title, purpose=written.purpose or title, plan=plan,
        start=horizon.start or date(2020, 11, 1), until=horizon.until or max(last, plan.last_day),
        settings=settings, doses=doses, conditions=Conditions(recoding_frozen=frozen, **conditions),
        red_lines=red_lines, targets=targets, additions=additions,
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
