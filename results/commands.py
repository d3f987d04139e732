"""What each command does, once its words are parsed; each gives the exit code."""

import sys
from argparse import Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING

from xiancheng.calibration.errors import Problem, ScenarioError
from xiancheng.calibration.i18n import Words
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
    with progress(say("模拟", "simulating"), 2 + asked.draws) as step:
        both = ensemble.pair(scenario, step, answer=answer, **request)
        if asked.draws:
            draws = ensemble.draws(
                scenario, asked.draws, step, jobs=asked.jobs, answer=answer, **request
            )
    for aside in answer.set_aside() - altered:
        say.note(f"残缺或被改动，已隔离并重算：{aside}", f"torn or altered, computed anew: {aside}")
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
        print(
            say(
                "· 区域没有目标，没有判定" if none else "· 期末早于各目标的期限，没有判定",
                "· the region has no target" if none else "· it ends before any deadline",
            )
        )
    if len(found):
        name = called(scenario, both.plan.region).said(say.lang)
        title = f"{name} · {both.plan.region.title(say.lang)}"
        table(title, *verdict_table.lines(found, say.lang))
        table(say("模型这一次运行的成因", "this run of the model, by cause"),
              *verdict_table.causes(found, say.lang))  # fmt: skip
    if len(later):
        title = say("模拟与普查", "simulated against the census")
        table(title, *later_census.lines(later, say.lang))
    for remark in remarks:
        print(f"· {remark}")
    if failure:
        sys.stdout.flush()
        raise failure
    if before:
        say.note(f"同样的运行已在 {saved}", f"the same run is in {saved}")
    else:
        say.note(f"已保存 {saved}", f"saved {saved}")
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
            say(f"可以运行，但有 {n} 处不起作用",
                f"it can be run; number of its parts that never act: {n}")
            if n else say("没有问题", "nothing wrong")
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
            print(say(f"从 {asked.scenario} 到 {asked.diff}：",
                      f"from {asked.scenario} to {asked.diff}:"))  # fmt: skip
            print("\n".join(changes) or say("没有差别", "no difference"))
        return DONE
    print(as_json(scenario.resolved()) if asked.json else yaml(scenario.resolved()), end="")
    return DONE


def measures(asked: Namespace, say: Say) -> int:
    """`xiancheng measures`: clause -> lever -> term -> indicator, and lever -> clauses."""
    from xiancheng.scenarios.loader import load_plan
    from xiancheng.scenarios.trace import by_clause, by_lever

    plan = load_plan()
    if asked.id and asked.id not in plan.measures:
        expected = Words("措施编号", "the number of a measure")
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
                trace.lever if trace.lever != "none" else say("无", "none"),
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
    return say(f"{trace.sign} {direction}；{quantity}", f"{trace.sign} {direction}; {quantity}")


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
        say.note(*message(idle))
    for world in sweep.design.worlds:
        note_inactive(world.scenario, say)
    for late in swept.unjudged(sweep.design.worlds):
        say.note(late.zh, late.en)
    need = sweep.need()
    say.note(*need.said())
    need.refuse()
    cost.announce(say, sweep.works(), sweep.engine.jobs)
    aside = sweep.begin()
    for folder in aside.torn:
        say.note(f"残缺或被改动，已隔离：{folder}", f"torn or altered, set aside: {folder}")
    for folder, count in aside.other.items():
        say.note(
            f"另一版程序的 {count} 次运行，已移到 {folder}，不计入本批",
            f"{count} runs of another program, moved to {folder} and no part of this sweep",
        )
    try:
        with progress(say("批量运行", "sweeping"), len(sweep.keys)) as settled:
            tally = sweep.run(settled)
    except (sweeping.StoppedError, SchedulerLostError) as error:
        say.note(error.zh, error.en)
        return FAILED
    on_file = sweep.on_file()
    for report in tally.failed:
        said = sweep.named(report)
        say.note(f"失败：{said}", f"failed: {said}")
    counts = {"runs": len(sweep.design), "on_file": on_file}
    told = {**tally.told(), **counts, "out": str(asked.out)}
    if sweep.shard != (1, 1) and on_file < len(sweep.design):  # nothing of a part is compared
        if asked.json:
            print(as_json({**told, "set": None, "targets": None}))
        else:
            print(say(*swept.of_part(tally, len(sweep.design), on_file, sweep.shard)))
        return FAILED if tally.failed else DONE
    digest = sweep.digest()
    judged = ledger.targets(asked.out, sweep.all_keys.values())
    if asked.json:
        print(as_json({**told, "set": digest, "targets": judged}))
    else:
        table(sweep.design.name, *swept.lines(judged, say.lang))
        print(swept.LEVEL.said(say.lang))
        print(say(*swept.tally(tally, digest)))
    return FAILED if tally.failed else DONE


def reproduce(asked: Namespace, say: Say) -> int:
    """`xiancheng reproduce`: a saved run again, and whether its digests are the same."""
    from xiancheng.results.keeping import reproducing, store

    saved = store.found(asked.run)
    with progress(say("重跑", "running again"), 1) as step:
        differs = reproducing.again(saved)
        step()
    if asked.json:
        print(as_json({"run": saved.record.run, "same": not differs.files, **asdict(differs)}))
    else:
        print("\n".join(differs.said(say.lang)))
    return FAILED if differs.files else DONE
