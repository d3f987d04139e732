"""Scenarios by name, file or dict: read, held against the plan, and joined with their bases."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from xiancheng.calibration.naming import is_path, shortened
from xiancheng.scenarios.checking import (
    Document,
    Problem,
    ScenarioError,
    Words,
    held_against,
    nearest,
    shown,
)
from xiancheng.scenarios.keys import Text
from xiancheng.scenarios.loading import SHIPPED, Plan, county_names, load, shipped
from xiancheng.scenarios.reading import given, read
from xiancheng.scenarios.scenario import (
    LATEST,
    Horizon,
    RedLines,
    Scenario,
    ScenarioFile,
    Setting,
    is_name,
)
from xiancheng.sim.conditions import CONDITIONS, Conditions

Link = tuple[Document, ScenarioFile]


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
    document = _document(what, load())
    if not document.keys and isinstance(document.value, dict):  # from Python: the name will do
        document.value.setdefault("title", document.value.get("name"))
    chosen = load(_plan_named(document))
    counties = _counties(chosen, region)
    return _joined(chosen, list(_chain(document, chosen, counties))[::-1])


def _counties(plan: Plan, region: str | Path | None) -> dict[str, str]:
    """Every name of a county that settings may name, with its code."""
    from xiancheng.calibration.region import load as load_region

    if region is None or not 0 < len(str(region)) < 1000 or not str(region).isprintable():
        return county_names(plan.about)  # `checked` refuses what can be no region
    return county_names(load_region(region))


def _plan_named(document: Document) -> str:
    """The plan that a scenario speaks of; what is no name at all is told with the other errors."""
    named = document.value.get("plan") if isinstance(document.value, dict) else None
    if not is_name(named):
        return SHIPPED
    if named not in shipped():
        expected = Words(f"方案名（{'、'.join(shipped())}）", f"a plan ({', '.join(shipped())})")
        meant = nearest(named, shipped())
        problem = document.problem(("plan",), expected, shown(named), nearest=meant)
        raise ScenarioError([problem])
    return str(named)


def _document(what: str | Path | Mapping[str, Any], plan: Plan) -> Document:
    """What the caller means: a dict, a file, or a scenario that comes with the plan."""
    if isinstance(what, Mapping):
        return given(what, "dict")
    known = plan.scenario_files()
    if not is_path(what) and what in known:
        return read(known[str(what)])
    path = str(what)
    if "\0" not in path and (isinstance(what, Path) or path.endswith(YAML)):
        return read(Path(path))
    names = "、".join(known), ", ".join(known)
    expected = Words(
        f"情景名（{names[0]}）或 YAML 文件的路径",
        f"a scenario ({names[1]}) or the path of a YAML file",
    )
    found, meant = shortened(path), "" if is_path(what) else nearest(path, known)
    beside = next((path + end for end in YAML if not is_path(what) and _there(path + end)), "")
    raise ScenarioError([Problem(found, 0, 0, "", expected, found, beside or meant)])


def is_shipped(what: object) -> bool:
    """Whether this is the bare name of a scenario that comes with the plan."""
    files = shipped()[SHIPPED] / "scenarios"
    return not is_path(what) and (files / f"{what}.yaml").is_file()


YAML = (".yaml", ".yml")


def _there(path: str) -> bool:
    """Whether there is a file; what cannot be a path is none."""
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def _chain(document: Document, plan: Plan, counties: Mapping[str, str]) -> Iterator[Link]:
    """The scenario, what it is based on, and so on to the first."""
    seen: list[str] = []
    while True:
        bases = _bases(document, plan)
        names = plan.names | {"scenarios": {name: name for name in bases}, "counties": counties}
        written = held_against(ScenarioFile, document, names)
        yield document, written
        seen.append(document.file)
        if written.based_on is None:
            return
        base = bases.get(written.based_on) or Path(document.file).parent / written.based_on
        if not base.is_file():
            expected = Words("已有的 YAML 文件", "a YAML file that exists")
            raise ScenarioError([document.problem(("based_on",), expected, str(base))])
        if str(base) in seen:
            expected = Words("不成环的继承", "a base that does not lead back here")
            raise ScenarioError([document.problem(("based_on",), expected, written.based_on)])
        document = read(base)


def _bases(document: Document, plan: Plan) -> dict[str, Path]:
    """What a document may be based on by a bare name: the plan's scenarios before files beside."""
    own = Path(document.file)
    beside = {file.stem: file for file in own.parent.glob("*.yaml")} if document.keys else {}
    return beside | plan.scenario_files()


def _joined(plan: Plan, links: list[Link]) -> Scenario:
    """The whole scenario, from its first base to itself."""
    settings: dict[str, Setting] = {}
    horizon, red_lines = Horizon(), RedLines()
    doses: dict[str, float] = {}
    world: dict[str, Any] = {}
    for _, written in links:
        settings = _set(plan, settings, written.measures)
        doses |= written.doses
        world |= written.conditions.model_dump(exclude_none=True)
        horizon = horizon.model_copy(update=written.horizon.model_dump(exclude_none=True))
        changed = written.red_lines.model_fields_set
        update = {name: getattr(written.red_lines, name) for name in changed}
        red_lines = red_lines.model_copy(update=update)
    document, written = links[-1]
    named = Path(document.file).stem if document.keys else written.name  # a dict has no file
    named = shortened(named)  # a file's name may hold what no title may
    title = written.title or Text(zh=named, en=named)
    scenario = Scenario(
        name=written.name,
        title=title,
        purpose=written.purpose or Text(zh=title.zh, en=title.en),
        plan=plan,
        start=horizon.start or date(2020, 11, 1),
        until=horizon.until or date(2025, 12, 31),
        settings=settings,
        doses=doses,
        conditions=_conditions(world),
        red_lines=red_lines,
    )
    problems = list(_problems(scenario, document))
    if problems:
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


def _conditions(world: Mapping[str, Any]) -> Conditions:
    given = {name: world[name] for name in CONDITIONS if name in world}
    return Conditions(recoding_frozen=world.get("recoding") == "frozen", **given)


def _problems(scenario: Scenario, document: Document) -> Iterator[Problem]:
    """What only the whole scenario can tell."""
    if not scenario.start < scenario.until <= LATEST:
        expected = Words(
            f"晚于 start、不晚于 {LATEST.year} 年", f"after start and not after {LATEST.year}"
        )
        yield document.problem(("horizon", "until"), expected, str(scenario.until))
    doses = {
        name: scenario.plan.clauses[clause].range(dose)
        for measure in scenario.plan.measures.values()
        for name, clause, dose in measure.doses()
    }
    for name, value in scenario.doses.items():
        if value not in doses[name]:
            low, high = doses[name].low, doses[name].high
            expected = Words(f"{low:g} 至 {high:g}", f"{low:g} to {high:g}")
            yield document.problem(("doses", name), expected, f"{value:g}")
    if scenario.red_lines.when_crossed == "refuse":
        kept = Words(
            "不越红线（或 when_crossed: flag）", "no red line crossed (or when_crossed: flag)"
        )
        for crossed in scenario.crossed():
            yield document.problem(("red_lines",), kept, crossed)
