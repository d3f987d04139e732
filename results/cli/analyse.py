"""`xiancheng compare`, `attribute`, `seek` and `sensitivity`: questions about scenarios."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import _
from xiancheng.calibration.region import Region
from xiancheng.results.analysis import (
    certificate,
    doses,
    goal_seek,
    goal_spec,
    requirement,
    variance,
)
from xiancheng.results.analysis import sensitivity as morris_sobol
from xiancheng.results.analysis.attribution import WORLDS, AttributionTable, CoalitionGame
from xiancheng.results.analysis.attribution import attribute as attributed_effect
from xiancheng.results.analysis.compare import Comparand, comparands
from xiancheng.results.analysis.compare import compare as compared_sides
from xiancheng.results.analysis.result import group_index, known_outcomes, scenario_digest
from xiancheng.results.cli.output import (
    Work,
    announce,
    give,
    known_rates,
    note_inactive,
    note_inactive_rates,
    print_notes,
    progress,
    reject_unused,
    write_csv,
)
from xiancheng.results.cli.process import DONE
from xiancheng.results.store.files import check_writable
from xiancheng.results.store.record import posterior_record, sample_notes
from xiancheng.results.tables import analysis as tables
from xiancheng.results.tables import attribution as contributions
from xiancheng.results.tables.attribution import lever_effects
from xiancheng.results.tables.render import show
from xiancheng.results.tables.verdicts import unjudged
from xiancheng.results.text import Say
from xiancheng.scenarios.diff import called
from xiancheng.scenarios.ensemble import (
    Summaries,
    check_drawable,
    independent,
    judged_on,
    layered,
    scale_of_draws,
)
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.outcome import reported_groups
from xiancheng.scenarios.run_spec import LEVEL, RunSpec, check_run, horizon, judged
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.scenarios.trace import message

if TYPE_CHECKING:
    import pandas as pd

VARIANCE_SCALE = 0.1  # by default: below it, random numbers alone make much of an effect's spread
ONE_OUTCOME = ["method", "outcome", "effect", "factors", "trajectories", "top", "at", "county"]


def compare(options: Namespace, say: Say) -> int:
    """Scenarios or saved runs side by side, with paired differences."""
    wanted = known_outcomes(options.outcome)
    sides = comparands(options.scenarios, options.baseline, options.region)
    for side in sides:
        note_inactive(side.scenario, say)
    _reject_unused_by_compare(options, sides)
    options.seed = 1 if options.seed is None else options.seed
    options.scale = 1.0 if options.scale is None else options.scale
    seeds = options.seeds or 1
    for side in sides:
        _check(options, side.scenario, options.scale, options.draws)
    each = 1 + options.draws * seeds
    spec = RunSpec.of(sides[0].scenario, region=options.region, scale=options.scale)
    small = scale_of_draws(spec, options.draw_scale)
    works = [
        _work(options, side.scenario, n, scale)
        for side in (*sides, sides[0])
        for n, scale in ((1, options.scale), (each - 1, small)) if n
    ]  # fmt: skip
    announce(say, works, options.jobs)
    own = 0 if options.draws else len(sides)  # baselines
    with progress(say(_("comparing")), (len(sides) + 1) * each + own) as step:
        found = compared_sides(
            sides, region=options.region, seed=options.seed, scale=options.scale,
            draws=options.draws, draw_scale=options.draw_scale, seeds=seeds, jobs=options.jobs,
            day=options.at, done=step,
            observations=known_rates(options, sides[0].scenario, options.region, say).rates,
            cutoff=options.cutoff, alignment=options.alignment,
        )  # fmt: skip
    notes = [*tables.comparison_notes(found, say.lang), *sample_notes(found.region, say.lang)]
    frame, inputs = found.to_frame(), found.inputs(say.lang)
    report = {
        "baseline_scenario": sides[0].name, "inputs": inputs, "outcomes": frame,
        "targets": found.verdicts(), "remarks": notes, "posterior": posterior_record(found.region),
    }  # fmt: skip

    def text() -> None:
        if found.region.targets:
            show(tables.compared_targets(found, say.lang))
        for outcome in wanted:
            show(tables.compared(found, outcome, say.lang))
        for name, changes in inputs.items():
            n, base = len(changes), sides[0].name
            print(say(_("{base} -> {name}: {n} changes", base=base, name=name, n=n)))
            for change in changes or [say(_("no difference in the inputs"))]:
                print(f"  {change}")
        print_notes(notes)

    give(options, report, text)
    write_csv(frame, options.csv, say)
    return DONE


def _reject_unused_by_compare(options: Namespace, sides: Sequence[Comparand]) -> None:
    """Refuse options that a saved run, or the want of draws, leaves without effect."""
    saved = any(side.saved for side in sides)
    if saved:
        reject_unused(options, ["scale"], _("the scale is that of the saved run; leave it out"))
    if not options.draws:
        why = _("without draws there is no interval; give --draws as well, such as --draws 50")
        reject_unused(options, ["seeds", "draw_scale"], why)
    if saved:
        why = _("the published rates are those of the saved run; leave the file out")
        reject_unused(options, ["observations", "cutoff"], why)
        why = _("the alignment is that of the saved run; leave it out")
        reject_unused(options, ["alignment"], why)
    if saved and not options.draws:
        why = _("the seed is that of the saved run; leave it out, or use --draws")
        reject_unused(options, ["seed"], why)


def attribute(options: Namespace, say: Say) -> int:
    """What each measure and project contributes."""
    scale, seed, count = options.scale, options.seed, options.draws
    if count is None:  # a world for each antithetic pair of orders
        pairs = min(WORLDS, options.permutations // 2)
        count = pairs if pairs > 1 else 0
    scenario = _scenario(options, say)
    _check(options, scenario, scale, count)
    with _runs(options, scenario, scale, say) as runs:
        where = reported_groups(runs.spec.pack)[group_index(runs.spec.pack, options.county)]
        draws = layered(runs.spec, count, seed) if count else [runs.spec]
        game = CoalitionGame.of(scenario, options.permutations, len(draws), seed)
        steps = len(game.coalitions())
        announce(say, [_work(options, scenario, steps)], options.jobs)
        with progress(say(_("attributing")), steps) as step:
            found = attributed_effect(scenario, runs, game, draws, step)
        found = _with_doses(options, say, scenario, runs, found)
    pack, frame = runs.spec.pack, found.frame
    notes = [*contributions.notes(found, pack, say.lang)]
    notes += sample_notes(pack, say.lang) if count else []
    report = {
        **_about(scenario, pack), "date": found.day, "runs": found.runs,
        "permutations": found.permutations, "draws": found.draws, "scale": scale,
        "shares": frame, "doses": found.doses, "remarks": notes,
        "posterior": posterior_record(pack) if count else None,
    }  # fmt: skip

    def text() -> None:
        print(called(scenario, pack).text(say.lang))
        for level in ("project", "measure"):
            show(contributions.shares(found, scenario, where, level, say.lang))
        if found.doses is not None:
            show(lever_effects(found.doses, where, found.day, say.lang, scale=scale))
        print_notes(notes)

    give(options, report, text)
    write_csv(frame, options.csv, say)
    return DONE


def _with_doses(
    options: Namespace, say: Say, scenario: Scenario, runs: Summaries, found: AttributionTable
) -> AttributionTable:
    """The attribution with what each family of levers does, if that is asked for."""
    steps = doses.runs_needed(scenario, options.dose_draws)
    if not steps:
        return found
    with progress(say(_("doses and effects")), steps) as step:
        table = doses.lever_effects(
            scenario, runs, runs.day, draws=options.dose_draws, seed=options.seed, done=step
        )
    return replace(found, doses=table)


# Seek


def seek(options: Namespace, say: Say) -> int:
    """The least package that meets the targets, confirmed on fresh draws; 0 whatever was found."""
    scenario = _scenario(options, say)
    _check(options, scenario, options.scale, options.draws)
    _check(options, scenario, options.confirm_scale, options.confirm)
    pack = judged(scenario, options.region)
    goal = goal_spec.parse_goal(
        scenario, pack, probability=options.probability, targets=options.targets,
        rates=options.rate, exclude=options.exclude, strongest=options.max_intensity,
        weights=options.weight, least=options.least, budget=options.budget,
        counties=options.counties,
    )  # fmt: skip
    each = goal_seek.runs_each(pack, scenario)
    search = each * goal_seek.runs_foreseen(goal, options.draws)
    outside = each * options.regret * len(certificate.WORLDS)
    works = [
        _work(options, scenario, search + outside * certificate.PACKAGES),
        _work(options, scenario, each * options.confirm, options.confirm_scale),
    ]
    announce(say, works, options.jobs)
    found, regret, pushed = _search(options, say, goal, search, outside)
    proof, anchored = _confirm(options, say, goal, found, each * options.confirm)
    needed = requirement.Requirement.of(goal, pack, proof.rates, pushed)
    notes = tables.goal_notes(
        goal, found, proof, pack, say.lang, anchored=anchored, regret=regret, scale=options.scale
    )
    if not options.targets:  # who names targets knows of the others
        notes += unjudged(scenario, pack, say.lang)
    notes += tables.requirement_notes(needed, say.lang)
    notes += sample_notes(pack, say.lang)
    report = {
        **_about(scenario, pack), "posterior": posterior_record(pack), "found": found,
        "certificate": proof, "share": proof.share, "verdict": notes,
        "targets": proof.records(goal, pack), "regret": regret.records() if regret else None,
        "requirement": needed.records(),
    }  # fmt: skip

    def text() -> None:
        if found.package:
            show(tables.package(goal, found, pack, say.lang))
        show(tables.goal_targets(goal, proof, pack, say.lang))
        show(tables.had(needed, say.lang))
        if needed.pushes:
            show(tables.beyond(needed, say.lang), prose=True)
        if regret:
            show(tables.regret(regret, say.lang))
        print_notes(notes)

    give(options, report, text)
    return DONE


def _fresh(options: Namespace, spec: RunSpec, count: int) -> list[RunSpec]:
    """The first of the draws that no search has seen; they are the same for every use."""
    return independent(spec, max(options.confirm, options.regret), options.seed)[:count]


def _search(
    options: Namespace, say: Say, goal: goal_spec.GoalSpec, steps: int, outside: int
) -> tuple[
    goal_seek.SearchResult,
    certificate.Regret | None,
    requirement.Pushed,
]:
    """The least package, and what packages come to in other outside worlds, if that is asked.

    Where none is enough also what quantities do that a package does not have.
    """
    with _runs(options, goal.scenario, options.scale, say, again=True) as runs:
        draws = layered(runs.spec, options.draws, options.seed)
        with progress(say(_("searching")), steps) as step:
            own = goal_seek.AnchoredRuns(runs, goal.scenario, draws)
            found = goal_seek.search(goal, own, draws, seed=options.seed, done=step)
        beyond: requirement.Pushed = ((), {})
        if not found.met:
            more = requirement.runs_foreseen(len(draws))
            with progress(say(_("what it would take")), more) as step:
                beyond = requirement.pushes(goal, runs, draws, step)
        if not options.regret:
            return found, None, beyond
        fresh = _fresh(options, runs.spec, options.regret)
        own = goal_seek.AnchoredRuns(runs, goal.scenario, fresh)
        steps = outside * len(certificate.packages_to_regret(goal, found))
        with progress(say(_("outside worlds")), steps) as step:
            return found, certificate.regret(goal, found, own, fresh, step), beyond


def _confirm(
    options: Namespace,
    say: Say,
    goal: goal_spec.GoalSpec,
    found: goal_seek.SearchResult,
    steps: int,
) -> tuple[certificate.Certificate, bool]:  # fmt: skip
    """How the package does on fresh draws, and whether statistics carry the level."""
    with (
        _runs(options, goal.scenario, options.confirm_scale, say) as runs,
        progress(say(_("confirming")), steps) as step,
    ):
        fresh = _fresh(options, runs.spec, options.confirm)
        own = goal_seek.AnchoredRuns(runs, goal.scenario, fresh)
        return certificate.certify(goal, found.package, own, fresh, step), own.anchored


# Sensitivity


def sensitivity(options: Namespace, say: Say) -> int:
    """Which parameters move an outcome, or where a verdict's uncertainty comes from."""
    if options.verdict:
        points = _points(options)
        scenario = _scenario(options, say)
        _check(options, scenario, options.scale)
        runs = _runs(options, scenario, options.scale, say)
        about = _about(scenario, runs.spec.pack)
        return _split(options, say, scenario, runs, about, points)
    outcome = known_outcomes([options.outcome])[0]
    chosen = morris_sobol.factors(options.factors)
    sizes = _sizes(options)
    scenario = _scenario(options, say)
    _check(options, scenario, options.scale)
    with _runs(options, scenario, options.scale, say) as runs:
        place = group_index(runs.spec.pack, options.county)
        quantity = morris_sobol.QuantityOfInterest(outcome, place, options.effect)
        if idle := morris_sobol.inactive(chosen, runs.spec, quantity):
            say.note(message(idle))

        def analysed(method: str, names: list[str], size: str) -> "pd.DataFrame":
            steps = morris_sobol.runs_needed(method, len(names), sizes[size], options.effect)
            announce(say, [_work(options, scenario, steps)], options.jobs)
            with progress(method.capitalize(), steps) as step:
                analyse = getattr(morris_sobol, method)
                more: Mapping[str, Any] = {size: sizes[size]}
                return analyse(
                    scenario, quantity, runs, names=names, seed=options.seed, done=step, **more
                )  # fmt: skip

        screened = None
        if options.method == "morris":
            found = analysed("morris", chosen, "trajectories")
        else:
            names = list(options.factors)
            if not names:
                screened = analysed("morris", chosen, "trajectories")
                names = screened["factor"].tolist()[: sizes["top"]]
            found = analysed("sobol", names, "points")
    notes = tables.sensitivity_notes(options.method, options.effect, options.seed, say.lang)
    report = {
        "scenario": scenario.name, "outcome": outcome, "effect": options.effect,
        "date": str(runs.day), "method": options.method, "seed": options.seed, "factors": found,
        "screening": screened, "inactive": idle, "remarks": notes,
    }  # fmt: skip

    def text() -> None:
        where = reported_groups(runs.spec.pack)[place].text(say.lang)
        title = f"{tables.outcome_title(outcome, say.lang)} · {where} · {runs.day}"
        show(tables.factors(found, title, say.lang))
        print_notes(notes)

    give(options, report, text)
    write_csv(found, options.csv, say)
    return DONE


def _points(options: Namespace) -> int:
    """The points of a split; scale and alignment are its own unless they were given.

    Raises
    ------
    RequestError
        for options that would do nothing.
    """
    why = _("--verdict splits the variance of every target at its deadline; leave it out")
    reject_unused(options, ONE_OUTCOME, why)
    if "scale" not in options.given:
        options.scale = VARIANCE_SCALE
    if "alignment" not in options.given:
        options.alignment = LEVEL
    points = variance.POINTS if options.points is None else options.points
    if points < variance.FEWEST:
        raise RequestError(
            _("--points should be a whole number from {least}, as fewer pairs of draws tell no "
              "shares; got {points}", least=variance.FEWEST, points=points)
        )  # fmt: skip
    return int(points)


def _split(
    options: Namespace, say: Say, scenario: Scenario, runs: Summaries, about: Mapping[str, Any],
    points: int,
) -> int:  # fmt: skip
    """Split the variance, print the tables, write the CSV."""
    check_drawable(runs.spec)
    steps = variance.runs_needed(points)
    announce(say, [Work(steps, options.region, options.scale, scenario.start, scenario.until)],
             options.jobs)  # fmt: skip
    with runs, progress(say(_("splitting the variance")), steps) as step:
        found = variance.split(scenario, runs, points=points, seed=options.seed, done=step)
    notes = tables.variance_notes(found, say.lang)
    report = {
        **about, "anchored": found.anchored, "points": found.points, "runs": found.runs,
        "seconds": round(found.seconds, 1), "scale": found.scale, "seed": options.seed,
        "variance": found.frame, "remarks": notes,
    }  # fmt: skip

    def text() -> None:
        show(tables.variance_of_verdict(found, say.lang))
        if found.anchored:
            show(tables.variance_of_effect(found, say.lang))
        print_notes(notes)

    give(options, report, text)
    write_csv(found.frame, options.csv, say)
    return DONE


def _sizes(options: Namespace) -> dict[str, int]:
    """How much a sensitivity analysis computes; what its method does not use is refused."""
    if options.method == "morris":
        reject_unused(options, ["points", "top"], _("it belongs to --method sobol; leave it out"))
    elif options.factors:
        why = _("with --factors there is no screening by Morris; leave one of them out")
        reject_unused(options, ["trajectories", "top"], why)
    given = vars(options)
    sizes = {
        name: usual if given[name] is None else given[name]
        for name, usual in morris_sobol.SIZES.items()
    }
    for name, least in morris_sobol.LEAST.items():
        if sizes[name] < least:
            raise RequestError(
                _("--{name} should be a whole number from {least}, as fewer tell no 95 % interval; "
                  "got {name_2}", name=name, least=least, name_2=sizes[name])
            )  # fmt: skip
    points = sizes["points"]
    if points & (points - 1):
        raise RequestError(
            _("--points should be a power of two such as 64; got {points}", points=points)
        )
    return sizes


# What they have in common


def _scenario(options: Namespace, say: Say) -> Scenario:
    """The scenario that is asked about, up to the day that is asked for."""
    scenario = horizon(resolve(options.scenario, options.region), None, options.until)
    note_inactive(scenario, say)
    return scenario


def _about(scenario: Scenario, pack: Region) -> dict[str, Any]:
    """What a result is about, by which the report knows it again."""
    return {
        "scenario": scenario.name, "title": called(scenario, pack)._asdict(),
        "scenario_sha256": scenario_digest(scenario),
    }  # fmt: skip


def _check(options: Namespace, scenario: Scenario, scale: float, draws: int = 0) -> None:
    """Refuse what cannot be computed or written, before anything is.

    Raises
    ------
    RequestError, PackError
    """
    check_run(scenario, options.region, seed=options.seed, scale=scale, draws=draws)
    if getattr(options, "csv", None):
        check_writable(options.csv, file=True)


def _runs(
    options: Namespace, scenario: Scenario, scale: float, say: Say, *, again: bool = False
) -> Summaries:  # fmt: skip
    """What runs scenarios, and reads them on a day: that of --at, else the last deadline.

    Raises
    ------
    RequestError
        if the scenario does not reach that day.
    """
    if "known" not in options:  # what is marked in them is said once
        options.known = known_rates(options, scenario, options.region, say)
    spec = RunSpec.of(
        scenario, region=options.region, seed=options.seed, scale=scale,
        observations=options.known.rates,
        cutoff=options.cutoff, alignment=options.alignment,
    )  # fmt: skip
    note_inactive_rates(spec, say)
    day: date = getattr(options, "at", None) or judged_on(scenario, spec.pack)
    if not scenario.start < day <= scenario.until:
        raise RequestError(
            _("--at {day} should be after {start} and not after {until}", day=day,
              start=scenario.start, until=scenario.until)
        )  # fmt: skip
    return Summaries(spec, day, options.jobs, again=again)


def _work(options: Namespace, scenario: Scenario, runs: int, scale: float | None = None) -> Work:
    """Runs of a scenario, for a word on how long they take."""
    return Work(runs, options.region, scale or options.scale, scenario.start, scenario.until)
