"""What each command does, once its words are parsed; each gives the exit code."""

import sys
from argparse import Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING

from xiancheng.calibration.errors import Problem, ScenarioError
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.naming import nearest
from xiancheng.results.cells import as_json
from xiancheng.results.cli import Say
from xiancheng.results.columns import in_file
from xiancheng.results.show import progress, table
from xiancheng.results.stopping import DONE, FAILED, REFUSED
from xiancheng.scenarios.inactive import message

if TYPE_CHECKING:
    from xiancheng.scenarios.trace import Trace


def run(asked: Namespace, say: Say) -> int:
    """`xiancheng run`: verdicts, growth by cause, and a saved run."""
    from xiancheng.results import caveats, cost, figures, later_census, verdict_table
    from xiancheng.results.file_checks import inactive
    from xiancheng.results.keeping import answers, store
    from xiancheng.results.keeping.files import writable
    from xiancheng.results.verdict.verdict import verdicts
    from xiancheng.scenarios import ensemble
    from xiancheng.scenarios.diff import called
    from xiancheng.scenarios.loader import resolve
    from xiancheng.scenarios.request import Request
    from xiancheng.scenarios.simulate import checked, horizon

    scenario = horizon(resolve(asked.scenario, asked.region), asked.start, asked.until)
    request = {"region": asked.region, "seed": asked.seed, "scale": asked.scale}
    checked(scenario, **request, draws=asked.draws, jobs=1 if asked.jobs is None else asked.jobs)
    if asked.draws:
        ensemble.drawable(scenario, asked.region)
    folder = asked.out or store.RUNS
    writable(folder)
    if asked.figure:
        figures.possible(asked.figure)
    answer, draws = answers.Answers.here(), None
    pairs = 2 * (1 + asked.draws)
    work = cost.Work(pairs, asked.region, asked.scale, scenario.start, scenario.until)
    cost.announce(say, [work], asked.jobs)
    altered = answer.set_aside()
    with progress(say(_("simulating")), 2 + asked.draws) as step:
        both = ensemble.pair(scenario, step, answer=answer, **request)
        if asked.draws:
            draws = ensemble.draws(
                scenario, asked.draws, step, jobs=asked.jobs, answer=answer, **request
            )
    for aside in answer.set_aside() - altered:
        say.note(_("torn or altered, computed anew: {aside}", aside=aside))
    found, later = verdicts(both, draws), later_census.against_census(both)
    delivered = verdict_table.delivery(both.plan)
    remarks = [*inactive(scenario, say.lang), *caveats.remarks(both, found, delivered, say.lang)]
    if len(found):
        remarks.append(caveats.of_one_run(found, both.plan.region, say.lang))
    told = Request.of(scenario, **request)
    saved, before, failure = None, False, None
    try:
        saved, before = answers.keep(both.plan, told, found, delivered, folder, answer)
        if asked.figure:
            figures.verdict(found, asked.figure, say.lang)
    except OSError as error:  # the disk filled up meanwhile: what was computed is printed first
        failure = error
    if asked.json:
        report = {
            "verdicts": found,
            "census": later,
            "delivery": in_file(delivered),
            "remarks": remarks,
        }
        titles = called(scenario, both.plan.region)._asdict()
        print(as_json({"run": saved and str(saved), "title": titles, **report}), flush=True)
        if failure:
            raise failure
        return DONE
    if found.empty and later.empty:
        none = not both.plan.region.targets
        print(say(_("· the region has no target") if none else _("· it ends before any deadline")))
    if len(found):
        name = called(scenario, both.plan.region).said(say.lang)
        title = f"{name} · {both.plan.region.title(say.lang)}"
        table(title, *verdict_table.lines(found, say.lang))
        table(say(_("this run of the model, by cause")),
              *verdict_table.causes(found, say.lang))  # fmt: skip
    if len(later):
        title = say(_("simulated against the census"))
        table(title, *later_census.lines(later, say.lang))
    for remark in remarks:
        print(f"· {remark}")
    if failure:
        sys.stdout.flush()
        raise failure
    if before:
        say.note(_("the same run is in {saved}", saved=saved))
    else:
        say.note(_("saved {saved}", saved=saved))
    return DONE


def check(asked: Namespace, say: Say) -> int:
    """`xiancheng check`: everything that is wrong with files, or what a plan leaves open."""
    from xiancheng.results.file_checks import checked
    from xiancheng.results.streams import visible

    told = [checked(name, asked.region, say) for name in asked.files]
    wrong = any(each.problems for each in told)
    if asked.json:
        files = [
            {"file": each.name, "kind": each.kind, "ok": not each.problems,
             "problems": each.problems, "inactive": each.inactive, "notes": each.notes}
            for each in told
        ]  # fmt: skip
        print(as_json({"ok": not wrong, "files": files}))
        return REFUSED if wrong else DONE
    for each in told:
        if each.problems:
            print(visible(each.text))
            continue
        for note in [*each.notes, *each.inactive]:
            print(f"· {note}")
        n = len(each.inactive)
        print(f"{visible(each.name)}: " + (
            say(_("it can be run; number of its parts that never act: {n}", n=n))
            if n else say(_("nothing wrong"))
        ))  # fmt: skip
    return REFUSED if wrong else DONE


def show(asked: Namespace, say: Say) -> int:
    """`xiancheng show`: a scenario as resolved, or what another changes."""
    from xiancheng.calibration.region import load as load_region
    from xiancheng.results.keeping.tables import yaml
    from xiancheng.scenarios.diff import diff
    from xiancheng.scenarios.loader import resolve

    scenario = resolve(asked.scenario, asked.region)
    if asked.diff:
        other, region = resolve(asked.diff, asked.region), load_region(asked.region)
        changes = diff(scenario, other, say.lang, region)
        if asked.json:
            print(as_json({"from": asked.scenario, "to": asked.diff, "changes": changes}))
        else:
            print(say(_("from {scenario} to {diff}:", scenario=asked.scenario, diff=asked.diff)))
            print("\n".join(changes) or say(_("no difference")))
        return DONE
    print(as_json(scenario.resolved()) if asked.json else yaml(scenario.resolved()), end="")
    return DONE


def measures(asked: Namespace, say: Say) -> int:
    """`xiancheng measures`: clause -> lever -> term -> indicator, and lever -> clauses."""
    from xiancheng.scenarios.loader import load_plan
    from xiancheng.scenarios.trace import by_clause, by_lever

    plan = load_plan()
    if asked.id and asked.id not in plan.measures:
        expected = _("the number of a measure")
        meant = nearest(asked.id, plan.measures)
        raise ScenarioError([Problem(asked.id, 0, 0, "", expected, asked.id, meant)])
    if asked.levers:
        found = by_lever(plan)
        rows = [
            [lever, trace.clause, _evidence(trace, say), trace.says.said(say.lang)]
            for lever, traces in found.items()
            for trace in traces
            if not asked.id or trace.measure == asked.id
        ]
        headers = {
            "zh": ["抓手", "条款", "方向与证据", "条款内容"],
            "en": ["lever", "clause", "sign and evidence", "clause says"],
        }[say.lang]
    else:
        found = {"clauses": by_clause(plan, asked.id)}
        rows = [
            [
                trace.clause,
                trace.says.said(say.lang),
                trace.lever if trace.lever != "none" else say(_("none")),
                trace.term,
                f"{trace.full:g} {trace.unit}" if trace.unit else "–",
                _evidence(trace, say),
                ", ".join(trace.indicators) or "–",
                trace.because.said(say.lang),
            ]
            for trace in found["clauses"]
        ]
        headers = {
            "zh": ["条款", "内容", "抓手", "模型项", "全额", "方向与证据", "指标", "理由"],
            "en": [
                "clause",
                "says",
                "lever",
                "term",
                "in full",
                "sign and evidence",
                "indicators",
                "because",
            ],
        }[say.lang]
    if asked.json:
        print(as_json(found))
    else:
        table(plan.about.title.said(say.lang), headers, rows, prose=True)
    return DONE


def _evidence(trace: "Trace", say: Say) -> str:
    """The sign of a dose, and what is known of its direction and of its quantity."""
    from xiancheng.results.contents.words import badges

    if not trace.grade:
        return "–"
    direction, quantity = (b.said(say.lang) for b in badges(trace.grade, trace.status))
    return say(
        _("{sign} {direction}; {quantity}", sign=trace.sign, direction=direction, quantity=quantity)
    )


def sweep(asked: Namespace, say: Say) -> int:
    """`xiancheng sweep`: every run of a design once; 1 if some gave no outcome."""
    from xiancheng.results import cost
    from xiancheng.results.file_checks import note_inactive
    from xiancheng.results.keeping import ledger
    from xiancheng.results.sweeps import command as sweeping
    from xiancheng.results.sweeps import planning, swept
    from xiancheng.scenarios.engines import SchedulerLostError

    sweep = planning.planned(
        asked.design, asked.out, shard=asked.shard, jobs=asked.jobs, engine=asked.engine,
        scheduler=asked.scheduler, resume=asked.resume,
    )  # fmt: skip
    if idle := sweep.design.inactive():
        say.note(message(idle))
    for world in sweep.design.worlds:
        note_inactive(world.scenario, say)
    for late in swept.unjudged(sweep.design.worlds):
        say.note(late)
    need = sweep.need()
    say.note(need.said())
    need.refuse()
    cost.announce(say, sweep.works(), sweep.engine.jobs)
    aside = sweep.begin()
    for folder in aside.torn:
        say.note(_("torn or altered, set aside: {folder}", folder=folder))
    for folder, count in aside.other.items():
        say.note(
            _(
                "{count} runs of another program, moved to {folder} and no part of this sweep",
                count=count,
                folder=folder,
            )
        )
    try:
        with progress(say(_("sweeping")), len(sweep.keys)) as settled:
            tally = sweep.run(settled)
    except (sweeping.StoppedError, SchedulerLostError) as error:
        say.note(Words(error.zh, error.en))
        return FAILED
    on_file = sweep.on_file()
    for report in tally.failed:
        said = sweep.named(report)
        say.note(_("failed: {said}", said=said))
    counts = {"runs": len(sweep.design), "on_file": on_file}
    told = {**tally.told(), **counts, "out": str(asked.out)}
    if sweep.shard != (1, 1) and on_file < len(sweep.design):  # nothing of a part is compared
        if asked.json:
            print(as_json({**told, "set": None, "targets": None}))
        else:
            print(say(swept.of_part(tally, len(sweep.design), on_file, sweep.shard)))
        return FAILED if tally.failed else DONE
    digest = sweep.digest()
    judged = ledger.targets(asked.out, sweep.all_keys.values())
    if asked.json:
        print(as_json({**told, "set": digest, "targets": judged}))
    else:
        table(sweep.design.name, *swept.lines(judged, say.lang))
        print(swept.LEVEL.said(say.lang))
        print(say(swept.tally(tally, digest)))
    return FAILED if tally.failed else DONE


def reproduce(asked: Namespace, say: Say) -> int:
    """`xiancheng reproduce`: a saved run again, and whether its digests are the same."""
    from xiancheng.results.keeping import reproducing, store

    saved = store.found(asked.run)
    with progress(say(_("running again")), 1) as step:
        differs = reproducing.again(saved)
        step()
    if asked.json:
        print(as_json({"run": saved.record.run, "same": not differs.files, **asdict(differs)}))
    else:
        print("\n".join(differs.said(say.lang)))
    return FAILED if differs.files else DONE
