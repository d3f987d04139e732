"""`xiancheng check`, `show` and `measures`: what files say, and what is wrong with them."""

from argparse import Namespace
from collections.abc import Sequence

from xiancheng.calibration.errors import Problem, ScenarioError
from xiancheng.calibration.i18n import _
from xiancheng.calibration.naming import nearest
from xiancheng.calibration.region import load as load_region
from xiancheng.results.cli.output import give, print_notes
from xiancheng.results.cli.process import DONE, REFUSED
from xiancheng.results.file_checks import checked
from xiancheng.results.store.parquet import yaml
from xiancheng.results.tables.labels import evidence
from xiancheng.results.tables.notes import applied_elsewhere
from xiancheng.results.tables.terminal import show_rows
from xiancheng.results.text import Say, visible
from xiancheng.scenarios.diff import applied, diff
from xiancheng.scenarios.loader import load_plan, resolve
from xiancheng.scenarios.trace import Trace, by_clause, by_lever


def check(options: Namespace, say: Say) -> int:
    """Everything that is wrong with files, or what a plan leaves open; 2 if anything is wrong."""
    found = [checked(name, options.region, say) for name in options.files]
    wrong = any(each.problems for each in found)
    files = [
        {"file": each.name, "kind": each.kind, "ok": not each.problems, "problems": each.problems,
         "inactive": each.inactive, "notes": each.notes}
        for each in found
    ]  # fmt: skip

    def text() -> None:
        for each in found:
            if each.problems:
                print(visible(each.text))
                continue
            print_notes([*each.notes, *each.inactive])
            n = len(each.inactive)
            verdict = say(_("nothing wrong"))
            if n:
                verdict = say(_("it can be run; number of its parts that never act: {n}", n=n))
            print(f"{visible(each.name)}: {verdict}")

    give(options, {"ok": not wrong, "files": files}, text)
    return REFUSED if wrong else DONE


def show(options: Namespace, say: Say) -> int:
    """A scenario as resolved, or what another changes."""
    scenario, pack = resolve(options.scenario, options.region), load_region(options.region)
    if applied(scenario, pack):
        say.note(applied_elsewhere(scenario))
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
    plan = load_plan()
    if options.id and options.id not in plan.measures:
        expected = _("the number of a measure")
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
    "lever": _("lever"),
    "clause": _("clause"),
    "says": _("says"),
    "term": _("term"),
    "full": _("in full"),
    "evidence": _("sign and evidence"),
    "indicators": _("indicators"),
    "because": _("because"),
}


def _print_traces(title: str, traces: Sequence[Trace], columns: Sequence[str], say: Say) -> None:
    """A row for each trace of a clause to its lever, term and indicators."""
    rows = []
    for trace in traces:
        cells = {
            "lever": trace.lever if trace.lever != "none" else say(_("none")),
            "clause": trace.clause,
            "says": trace.says.text(say.lang),
            "term": trace.term,
            "full": f"{trace.full:g} {trace.unit}" if trace.unit else "–",
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
