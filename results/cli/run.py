"""`xiancheng run` and `xiancheng reproduce`: one run, saved, and the same run again."""

from argparse import Namespace
from dataclasses import asdict

from xiancheng.calibration.i18n import _
from xiancheng.calibration.region import Region
from xiancheng.results.cli.output import (
    Work,
    announce,
    give,
    known_rates,
    note_inactive_rates,
    print_notes,
    progress,
    reject_unused,
)
from xiancheng.results.cli.process import DONE, FAILED
from xiancheng.results.report import charts
from xiancheng.results.store.cache import StoredRuns, save_run
from xiancheng.results.store.files import check_writable
from xiancheng.results.store.reproduce import run_again
from xiancheng.results.store.runs import RUNS, load_run
from xiancheng.results.tables import plan_result, render, validation
from xiancheng.results.tables import verdicts as tables
from xiancheng.results.text import Say
from xiancheng.results.verdict.verdict import new_figures, verdicts
from xiancheng.scenarios.diff import called
from xiancheng.scenarios.ensemble import (
    Ensemble,
    check_drawable,
    ensemble,
    scale_of_draws,
    sides_of,
)
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.run_spec import RunSpec, check_run, horizon
from xiancheng.scenarios.trace import inactive_measures


def run(options: Namespace, say: Say) -> int:
    """Verdicts, growth by cause, and a saved run."""
    scenario = horizon(resolve(options.scenario, options.region), options.start, options.until)
    check_run(scenario, options.region, seed=options.seed, scale=options.scale, draws=options.draws)
    known = known_rates(options, scenario, options.region, say)
    spec = RunSpec.of(
        scenario, region=options.region, seed=options.seed, scale=options.scale,
        observations=known.rates, cutoff=options.cutoff,
        alignment=options.alignment,
    )  # fmt: skip
    if not options.draws:
        why = _("without draws none has a scale; give --draws as well, such as --draws 50")
        reject_unused(options, ["draw_scale"], why)
    note_inactive_rates(spec, say)
    folder = options.out or RUNS
    check_writable(folder)
    if options.figure:
        charts.possible(options.figure)
    kept = StoredRuns.here()
    both = _simulated(spec, kept, options, say)
    found, later = verdicts(both), validation.later_census(both)
    delivered = plan_result.delivery_frame(both.scenario)
    result = plan_result.PlanResult(both, found, delivered, "", both.scenario.provenance)
    notes = [each.says.text(say.lang) for each in inactive_measures(scenario)]
    notes += [say(each) for each in known.remarks]
    notes += tables.notes(result, say.lang)
    news = tables.news(result, say.lang)
    saved, before, failure = None, False, None
    try:
        saved, before = save_run(both, spec, found, delivered, folder, kept)
        if options.figure:
            charts.save(tables.chart(result, say.lang), options.figure, say.lang)
    except OSError as error:  # the disk filled up meanwhile: what was computed is printed first
        failure = error
    name = called(scenario, both.scenario.region)
    report = {
        "run": saved and str(saved), "title": name._asdict(), "verdicts": found, "census": later,
        "delivery": plan_result.delivery_for_files(delivered), "remarks": notes,
        "cutoff": str(spec.known_until), "figures": new_figures(both),
    }  # fmt: skip

    def text() -> None:
        if found.empty and later.empty:
            print_notes([_why_no_verdict(both.scenario.region, say)])
        if len(found):
            render.show(tables.summary(result, say.lang))
            if news:
                render.show(news, prose=True)
            render.show(tables.parts(result, say.lang))
        if len(later):
            render.show(validation.census(later, say.lang))
            print_notes([validation.census_sentence(later, say.lang)])
        print_notes(notes)

    give(options, report, text)
    if failure:
        raise failure
    if before and not options.json:
        say.note(_("the same run is in {saved}", saved=saved))
    elif not options.json:
        say.note(_("saved {saved}", saved=saved))
    return DONE


def _simulated(spec: RunSpec, kept: StoredRuns, options: Namespace, say: Say) -> Ensemble:
    """The scenario, its baseline and reference, and draws of them if there are to be any."""
    if options.draws:
        check_drawable(spec)
    scenario, small = spec.scenario, scale_of_draws(spec, options.draw_scale)
    drawn = len(sides_of(spec)) * options.draws
    works = [
        Work(n, options.region, scale, scenario.start, scenario.until)
        for n, scale in ((2, options.scale), (drawn, small)) if n
    ]  # fmt: skip
    announce(say, works, options.jobs)
    altered = kept.set_aside()
    with progress(say(_("simulating")), 2 + drawn) as step:
        both = ensemble(spec, draws=options.draws, draw_scale=options.draw_scale,
                        jobs=options.jobs, done=step, cache=kept)  # fmt: skip
    for aside in kept.set_aside() - altered:
        say.note(_("torn or altered, computed anew: {aside}", aside=aside))
    return both


def _why_no_verdict(region: Region, say: Say) -> str:
    if region.targets:
        return say(_("it ends before any deadline"))
    return say(_("the region has no target"))


def reproduce(options: Namespace, say: Say) -> int:
    """A saved run again, and whether its digests are the same."""
    saved = load_run(options.run)
    with progress(say(_("running again")), 1) as step:
        differs = run_again(saved)
        step()
    report = {"run": saved.record.run, "same": not differs.files, **asdict(differs)}
    give(options, report, lambda: print("\n".join(differs.lines(say.lang))))
    return FAILED if differs.files else DONE
