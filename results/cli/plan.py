"""`xiancheng check`, `show`, `measures` and `plan`: what files say, and what is wrong with them."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xiancheng.calibration.errors import Problem, RefusedError, ScenarioError
from xiancheng.calibration.i18n import _, same
from xiancheng.calibration.naming import is_path, nearest
from xiancheng.calibration.region import load as load_region
from xiancheng.calibration.region import packs
from xiancheng.calibration.yaml_positions import read_yaml
from xiancheng.results.cli.output import give
from xiancheng.results.cli.own_plan import findings
from xiancheng.results.cli.process import DONE, REFUSED
from xiancheng.results.store.parquet import yaml
from xiancheng.results.tables.labels import amount, evidence, unit_name
from xiancheng.results.tables.render import show_rows
from xiancheng.results.tables.verdicts import elsewhere
from xiancheng.results.text import Say, visible
from xiancheng.scenarios.design import read_design
from xiancheng.scenarios.diff import applied, diff
from xiancheng.scenarios.loader import (
    is_shipped,
    load_measure,
    load_plan,
    resolve,
    shipped_plans,
)
from xiancheng.scenarios.own_plans import is_own
from xiancheng.scenarios.plan_check import KINDS
from xiancheng.scenarios.plan_files import OWN_FILE
from xiancheng.scenarios.policy import compile_policy
from xiancheng.scenarios.run_spec import check_run
from xiancheng.scenarios.trace import Trace, by_clause, by_lever, inactive_measures

# Check


@dataclass
class Checked:
    """A file, or something shipped, and what was found in it."""

    file: str
    kind: str = ""  # "scenario", "design", "measure", "plan" or "region"
    ok: bool = True
    problems: list[dict[str, Any]] = field(default_factory=list)
    inactive: list[str] = field(default_factory=list)  # what it asks for and never happens
    notes: list[str] = field(default_factory=list)  # what its readers should know


def check(options: Namespace, say: Say) -> int:
    """Everything that is wrong with files, or what a plan leaves open; 2 if anything is wrong.

    What passes can be run: scenarios and designs are held to what `run` and `sweep` hold them to.
    """
    found, texts = [], []
    for name in options.files:
        one = Checked(name)
        try:
            _check(one, options.region, say)
            n = len(one.inactive)
            verdict = say(_("nothing wrong"))
            if n:
                verdict = say(_("it can be run; number of its parts that never act: {n}", n=n))
            text = [f"· {note}" for note in (*one.notes, *one.inactive)]
            texts += [*text, f"{visible(name)}: {verdict}"]
        except RefusedError as error:
            one.ok, one.problems = False, error.rows(say.lang)
            texts.append(visible(error.text(say.lang)))
        found.append(one)
    right = all(each.ok for each in found)
    give(options, {"ok": right, "files": found}, lambda: print("\n".join(texts)))
    return DONE if right else REFUSED


def _check(found: Checked, region: str, say: Say) -> None:
    """Fill in kind, notes and what never acts.

    Raises
    ------
    RefusedError
        with everything that is wrong
    """
    name, path, bare = found.file, Path(found.file), not is_path(found.file)
    if bare and (name == "plan" or name in shipped_plans()):
        _note_findings(found, None if name == "plan" else name, region, say)
        return
    content = read_yaml(path).value if path.is_file() and path.suffix in (".yaml", ".yml") else None
    keys = content if isinstance(content, dict) else {}
    plan_file = path.name == "plan.yaml" and not ("name" in keys and "projects" not in keys)
    if path.name == "region.yaml" or plan_file:  # it stands for its folder
        path = path.parent
    if bare and name in packs():
        found.kind = "region"
        load_region(name, say.lang)
    elif bare and is_shipped(name, region):
        _check_scenario(found, region, say)
    elif (path.is_dir() and (path / OWN_FILE).is_file()) or is_plan(keys):
        _note_findings(found, path.resolve(), region, say)
    elif path.is_dir():
        found.kind = "region"
        load_region(path, say.lang)
    elif path.is_file() and (path.parent.name == "measures" or "clauses" in keys):
        found.kind = "measure"
        load_measure(path)
    elif "scenarios" in keys:
        found.kind = "design"
        for spec in read_design(path).specs:
            found.inactive += [
                f"{spec.scenario.name}: {each.says.text(say.lang)}"
                for each in inactive_measures(spec.scenario)
            ]
    else:
        _check_scenario(found, region, say)


def is_plan(keys: Mapping[str, Any]) -> bool:
    """Whether these are the keys of a plan in a short file."""
    return (
        is_own(keys)
        and "title" in keys
        and "name" not in keys
        and (isinstance(keys.get("targets"), list) or _own_measures(keys))
    )


def _own_measures(keys: Mapping[str, Any]) -> bool:
    measures = keys.get("measures")
    values = measures.values() if isinstance(measures, dict) else ()
    return any(isinstance(each, dict) and "lever" in each for each in values)


def _note_findings(found: Checked, plan: str | Path | None, region: str, say: Say) -> None:
    """What a plan leaves out, assumes and says against itself, a note each."""
    found.kind = "plan"
    for each in findings(load_plan(plan, region), region):
        more = f"\n    {', '.join(each.concerns)}" if each.concerns else ""
        at = f"{each.at}: " if each.at else ""
        kind = say(KINDS[each.kind])
        found.notes.append(f"{at}{kind}: {each.says.text(say.lang)}{more}")


def _check_scenario(found: Checked, region: str, say: Say) -> None:
    found.kind = "scenario"
    scenario = resolve(found.file, region)
    check_run(scenario, region)
    compile_policy(scenario, load_region(region, say.lang))
    found.inactive = [each.says.text(say.lang) for each in inactive_measures(scenario)]


# Show


def show(options: Namespace, say: Say) -> int:
    """A scenario as resolved, or what another changes."""
    scenario, pack = resolve(options.scenario, options.region), load_region(options.region)
    if applied(scenario, pack):
        say.note(same(elsewhere(scenario, say.lang)))
    if not options.diff:
        resolved = scenario.resolved()
        give(options, resolved, lambda: print(yaml(resolved), end=""))
        return DONE
    one, two = options.scenario, options.diff
    changes = diff(scenario, resolve(two, options.region), say.lang, pack)
    title = say(_("from {one} to {two}:", one=one, two=two))
    lines = changes or [say(_("no difference"))]
    report = {"from": one, "to": two, "changes": changes}
    give(options, report, lambda: print("\n".join([title, *lines])))
    return DONE


def measures(options: Namespace, say: Say) -> int:
    """Clause -> lever -> term -> indicator, and lever -> clauses."""
    plan = load_plan(None, options.region)
    if options.id and options.id not in plan.measures:
        expected = _("the number of a measure, as xiancheng measures lists them")
        meant = nearest(options.id, plan.measures)
        raise ScenarioError([Problem(options.id, 0, 0, "", expected, options.id, meant)])
    title = plan.about.title.text(say.lang)
    if options.levers:
        by = by_lever(plan)
        traces = [each for found in by.values() for each in found
                  if not options.id or each.measure == options.id]  # fmt: skip
        give(options, by, lambda: _print_traces(title, traces, LEVER_FIRST, say))
        return DONE
    clauses = by_clause(plan, options.id)
    give(options, {"clauses": clauses}, lambda: _print_traces(title, clauses, CLAUSE_FIRST, say))
    return DONE


LEVER_FIRST = ("lever", "clause", "evidence", "says")
CLAUSE_FIRST = ("clause", "says", "lever", "term", "full", "evidence", "indicators", "because")
HEADERS = {
    "lever": _("lever"), "clause": _("clause"), "says": _("says"), "term": _("term"),
    "full": _("in full"), "evidence": _("sign and evidence"), "indicators": _("indicators"),
    "because": _("because"),
}  # fmt: skip


def _print_traces(title: str, traces: Sequence[Trace], columns: Sequence[str], say: Say) -> None:
    """A row for each trace of a clause to its lever, term and indicators."""
    rows = []
    for trace in traces:
        cells = {
            "lever": trace.lever if trace.lever != "none" else say(_("none")),
            "clause": trace.clause,
            "says": trace.says.text(say.lang),
            "term": trace.term,
            "full": f"{amount(trace.full)} {unit_name(trace.unit, say.lang)}"
            if trace.unit
            else "–",
            "evidence": _evidence(trace, say),
            "indicators": ", ".join(trace.indicators) or "–",
            "because": trace.because.text(say.lang),
        }
        rows.append([cells[name] for name in columns])
    show_rows(title, [HEADERS[name].text(say.lang) for name in columns], rows, prose=True)


def _evidence(trace: Trace, say: Say) -> str:
    """The sign of a dose, and what is known of its direction and of its quantity."""
    if not trace.grade:
        return "–"
    direction, quantity = evidence(trace.grade, trace.status, say.lang)
    return say(
        _("{sign} {direction}; {quantity}", sign=trace.sign, direction=direction, quantity=quantity)
    )
