"""What is wrong with files, and what they ask for that never happens: for the commands that check.

What passes here can be run: scenarios and designs are held to what `run` and `sweep` hold them to.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xiancheng.calibration.errors import FileError, RefusedError
from xiancheng.calibration.i18n import _
from xiancheng.calibration.naming import is_path
from xiancheng.calibration.region import load as load_region
from xiancheng.calibration.region import packs
from xiancheng.calibration.yaml_positions import read_yaml
from xiancheng.results.text import Say
from xiancheng.scenarios.design import read_design
from xiancheng.scenarios.inactive import inactive_measures
from xiancheng.scenarios.loader import (
    is_shipped,
    load_measure,
    load_plan,
    resolve,
    shipped_plans,
)
from xiancheng.scenarios.policy import compile_policy
from xiancheng.scenarios.run_spec import check_run
from xiancheng.scenarios.trace import plan_findings

if TYPE_CHECKING:
    from xiancheng.scenarios.scenario_files import Scenario


@dataclass
class Checked:
    """A file, or something shipped, and what was found in it."""

    name: str
    kind: str = ""  # "scenario", "design", "measure", "plan" or "region"
    problems: list[dict[str, Any]] = field(default_factory=list)
    text: str = ""  # the problems as people read them
    notes: list[str] = field(default_factory=list)  # what its readers should know
    inactive: list[str] = field(default_factory=list)  # what it asks for and never happens


def checked(name: str, region: str, say: Say) -> Checked:
    """Hold a file, a folder or a shipped name to what can be used."""
    found = Checked(name)
    try:
        _check(found, region, say)
    except RefusedError as error:
        found.problems, found.text = problems(error, say.lang), error.text(say.lang)
    return found


def problems(error: RefusedError, lang: str) -> list[dict[str, Any]]:
    """The problems that an error holds, JSON-ready."""
    if isinstance(error, FileError):
        return [problem.to_dict(lang) for problem in error.problems]
    return [{"message": error.text(lang)}]


def inactive(scenario: "Scenario", lang: str) -> list[str]:
    """What a scenario asks for that never acts, a sentence each."""
    return [each.says.text(lang) for each in inactive_measures(scenario)]


def note_inactive(scenario: "Scenario", say: Say) -> None:
    """Tell the reader, on stderr, what a scenario asks for that never acts."""
    for each in inactive_measures(scenario):
        say.note(_("{scenario}: {says}", scenario=scenario.name, says=each.says))


def _check(found: Checked, region: str, say: Say) -> None:
    """Fill in kind, notes and what never acts.

    Raises
    ------
    RefusedError
        with everything that is wrong
    """
    name, path = found.name, Path(found.name)
    if not is_path(name) and (name == "plan" or name in shipped_plans()):
        found.kind = "plan"
        found.notes = _of_plan(None if name == "plan" else name, region, say)
        return
    if not is_path(name) and name in packs():
        found.kind = "region"
        load_region(name, say.lang)
        return
    if is_shipped(name):
        _scenario(found, name, region, say)
        return
    content = read_yaml(path).value if path.is_file() and path.suffix in (".yaml", ".yml") else None
    keys = content if isinstance(content, dict) else {}
    if path.name == "region.yaml" or (path.name == "plan.yaml" and not _of_scenario(keys)):
        # a file that stands for its folder
        path = path.parent
    if path.is_dir() and (path / "plan.yaml").is_file():
        found.kind = "plan"
        load_plan(path)
    elif path.is_dir():
        found.kind = "region"
        load_region(path, say.lang)
    elif path.is_file() and (path.parent.name == "measures" or "clauses" in keys):
        found.kind = "measure"
        load_measure(path)
    elif "scenarios" in keys:
        found.kind = "design"
        for spec in read_design(path).specs:
            sentences = inactive(spec.scenario, say.lang)
            found.inactive += [f"{spec.scenario.name}: {each}" for each in sentences]
    else:
        _scenario(found, name, region, say)


def _of_scenario(keys: Collection[str]) -> bool:
    """Whether a file called plan.yaml is the scenario `plan` or one under its name.

    A scenario has a name; the file of a plan has none, and has projects.
    """
    return "name" in keys and "projects" not in keys


def _of_plan(name: str | None, region: str, say: Say) -> list[str]:
    pack = load_region(region, say.lang)
    plan = load_plan(name) if name else load_plan()
    notes = []
    for finding in plan_findings(plan, pack, pack.censuses[-1]):
        notes.append(finding.says.text(say.lang))
        if finding.concerns:
            notes[-1] += f"\n    {', '.join(finding.concerns)}"
    return notes


def _scenario(found: Checked, name: str, region: str, say: Say) -> None:
    found.kind = "scenario"
    scenario = resolve(name, region)
    check_run(scenario, region)
    compile_policy(scenario, load_region(region, say.lang))
    found.inactive = inactive(scenario, say.lang)
