"""What each command does, once its words are parsed; each gives the exit code."""

from argparse import Namespace
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from results.cells import as_json
from results.cli import Say
from results.show import progress, table
from results.stopping import DONE, FAILED, REFUSED
from scenarios.checking import Problem, ScenarioError, Words, nearest

if TYPE_CHECKING:
    from scenarios.register import Trace


def run(asked: Namespace, say: Say) -> int:
    """`xiancheng run`: verdicts, growth by cause, and a saved run."""
    from results import caveats, figures, later_census, verdict
    from results.keeping import answers, store
    from results.keeping.files import writable
    from scenarios import ensemble
    from scenarios.naming import called
    from scenarios.request import Request
    from scenarios.resolving import resolve
    from scenarios.simulate import checked, horizon

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
    altered = answer.set_aside()
    with progress(say("模拟", "simulating"), 2 + asked.draws) as step:
        both = ensemble.pair(scenario, step, answer=answer, **request)
        if asked.draws:
            draws = ensemble.draws(
                scenario, asked.draws, step, jobs=asked.jobs, answer=answer, **request
            )
    for aside in answer.set_aside() - altered:
        say.note(f"残缺或被改动，已隔离并重算：{aside}", f"torn or altered, computed anew: {aside}")
    found, later = verdict.verdicts(both, draws), later_census.against_census(both)
    delivered = verdict.delivery(both.plan)
    remarks = [*caveats.remarks(both, found, delivered, say.lang)]
    if len(found):
        remarks.append(caveats.of_one_run(found, both.plan.region, say.lang))
    told = Request.of(scenario, **request)
    saved, before = answers.keep(both.plan, told, found, delivered, folder, answer)
    if asked.figure:
        figures.verdict(found, asked.figure, say.lang)
    if asked.json:
        report = {"verdicts": found, "census": later, "delivery": delivered, "remarks": remarks}
        titles = called(scenario, both.plan.region)._asdict()
        print(as_json({"run": str(saved), "title": titles, **report}))
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
        table(title, *verdict.lines(found, say.lang))
        table(say("模型这一次运行的成因", "this run of the model, by cause"),
              *verdict.causes(found, say.lang))  # fmt: skip
    if len(later):
        title = say("模拟与普查", "simulated against the census")
        table(title, *later_census.lines(later, say.lang))
    for remark in remarks:
        print(f"· {remark}")
    if before:
        say.note(f"同样的运行已在 {saved}", f"the same run is in {saved}")
    else:
        say.note(f"已保存 {saved}", f"saved {saved}")
    return DONE


def check(asked: Namespace, say: Say) -> int:
    """`xiancheng check`: everything that is wrong with files, or what a plan leaves open."""
    from calibration.checks import PackError
    from calibration.refusal import RefusedError
    from calibration.region import load as load_region
    from scenarios.loading import load as load_plan
    from scenarios.loading import measure_file, shipped
    from scenarios.reading import read
    from scenarios.resolving import resolve
    from scenarios.review import findings
    from scenarios.sweep import design

    wrong = False
    for name in asked.files:
        path = Path(name)
        try:
            keys = read(path).value if path.is_file() else {}
            if path.name in ("plan.yaml", "region.yaml"):  # what is said of a whole folder
                path = path.parent
            if name != "plan" and path.is_dir() and (path / "plan.yaml").is_file():
                load_plan(path)
            elif (name != "plan" and path.is_dir()) or (not path.suffix and name in _packs()):
                load_region(path if path.is_dir() else name, say.lang)
            elif name == "plan" or name in shipped():
                plan = load_plan() if name == "plan" else load_plan(name)
                region = load_region(asked.region, say.lang)
                for finding in findings(plan, region, region.censuses[-1]):
                    print(f"· {finding.says.said(say.lang)}")
                    if finding.concerns:
                        print(f"    {', '.join(finding.concerns)}")
            elif path.is_file() and (path.parent.name == "measures" or "clauses" in keys):
                measure_file(path)
            elif "scenarios" in keys:
                design(path)
            else:
                resolve(name, asked.region)
        except (ScenarioError, PackError, RefusedError) as error:
            print(error.text(say.lang))
            wrong = True
            continue
        print(f"{name}: {say('没有问题', 'nothing wrong')}")
    return REFUSED if wrong else DONE


def show(asked: Namespace, say: Say) -> int:
    """`xiancheng show`: a scenario as resolved, or what another changes."""
    from results.keeping.tables import yaml
    from scenarios.differences import diff
    from scenarios.resolving import resolve

    scenario = resolve(asked.scenario)
    if asked.diff:
        changes = diff(scenario, resolve(asked.diff), say.lang)
        if asked.json:
            print(as_json({"from": asked.scenario, "to": asked.diff, "changes": changes}))
        else:
            print("\n".join(changes) or say("没有差别", "no difference"))
        return DONE
    print(as_json(scenario.resolved()) if asked.json else yaml(scenario.resolved()), end="")
    return DONE


def measures(asked: Namespace, say: Say) -> int:
    """`xiancheng measures`: clause -> lever -> term -> indicator, and lever -> clauses."""
    from scenarios.loading import load
    from scenarios.register import by_clause, by_lever

    plan = load()
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
    from results.contents.words import badges

    if not trace.grade:
        return "–"
    direction, quantity = (b.said(say.lang) for b in badges(trace.grade, trace.status))
    return say(f"{trace.sign} {direction}；{quantity}", f"{trace.sign} {direction}; {quantity}")


def sweep(asked: Namespace, say: Say) -> int:
    """`xiancheng sweep`: every run of a design once; 1 if some gave no outcome."""
    from results.keeping import ledger
    from results.sweeps import command as sweeping
    from results.sweeps import planning, swept

    sweep = planning.planned(
        asked.design, asked.out, shard=asked.shard, jobs=asked.jobs, engine=asked.engine,
        scheduler=asked.scheduler, resume=asked.resume,
    )  # fmt: skip
    need = sweep.need()
    say.note(*need.said())
    need.refuse()
    for folder in sweep.begin():
        say.note(f"残缺或被改动，已隔离：{folder}", f"torn or altered, set aside: {folder}")
    try:
        with progress(say("批量运行", "sweeping"), len(sweep.keys)) as settled:
            tally = sweep.run(settled)
    except sweeping.StoppedError as error:
        say.note(error.zh, error.en)
        return FAILED
    digest = sweep.digest()
    judged = ledger.targets(asked.out, sweep.keys.values())
    for report in tally.failed:
        said = sweep.named(report)
        say.note(f"失败：{said}", f"failed: {said}")
    if asked.json:
        print(as_json({**tally.told(), "set": digest, "targets": judged, "out": str(asked.out)}))
    else:
        table(sweep.design.name, *swept.lines(judged, say.lang))
        print(swept.LEVEL.said(say.lang))
        print(say(*swept.tally(tally, digest)))
    return FAILED if tally.failed else DONE


def reproduce(asked: Namespace, say: Say) -> int:
    """`xiancheng reproduce`: a saved run again, and whether its digests are the same."""
    from results.keeping import reproducing, store

    saved = store.found(asked.run)
    with progress(say("重跑", "running again"), 1) as step:
        differs = reproducing.again(saved)
        step()
    if asked.json:
        print(as_json({"run": saved.record.run, "same": not differs.files, **asdict(differs)}))
    else:
        print("\n".join(differs.said(say.lang)))
    return FAILED if differs.files else DONE


def _packs() -> list[str]:
    from calibration.region import packs

    return packs()
