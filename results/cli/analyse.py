"""`xiancheng compare`, `attribute`, `seek` and `sensitivity`: questions about scenarios."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import _
from xiancheng.calibration.region import load
from xiancheng.results import cells
from xiancheng.results.analysis import certificate, goal_seek, goal_spec
from xiancheng.results.analysis import sensitivity as morris_sobol
from xiancheng.results.analysis.attribution import WORLDS, CoalitionGame
from xiancheng.results.analysis.attribution import attribute as attributed_effect
from xiancheng.results.analysis.compare import Comparand, comparands
from xiancheng.results.analysis.compare import compare as compared_sides
from xiancheng.results.analysis.result import group_index, known_outcomes, scenario_digest
from xiancheng.results.cli.output import (
    Work,
    announce,
    give,
    print_notes,
    progress,
    reject_unused,
    write_csv,
)
from xiancheng.results.cli.process import DONE
from xiancheng.results.file_checks import note_inactive
from xiancheng.results.store.record import posterior_record, sample_notes
from xiancheng.results.tables import comparison, contributions
from xiancheng.results.tables import goal_seek as goal_tables
from xiancheng.results.tables import sensitivity as sensitivity_tables
from xiancheng.results.tables.notes import unjudged
from xiancheng.results.tables.terminal import show
from xiancheng.results.text import Say
from xiancheng.results.verdict.observations import read_known
from xiancheng.scenarios.diff import called
from xiancheng.scenarios.ensemble import Summaries, independent, judged_on, layered
from xiancheng.scenarios.inactive import message
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.outcome import reported_groups
from xiancheng.scenarios.run_spec import RunSpec, check_run, horizon
from xiancheng.scenarios.scenario_files import Scenario

if TYPE_CHECKING:
    import pandas as pd


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
    works = [_work(options, side.scenario, each) for side in (*sides, sides[0])]
    announce(say, works, options.jobs)
    with progress(say(_("comparing")), (len(sides) + 1) * each) as step:
        found = compared_sides(
            sides, region=options.region, seed=options.seed, scale=options.scale,
            draws=options.draws, seeds=seeds, jobs=options.jobs, day=options.at, done=step,
            observations=read_known(options.observations, sides[0].scenario, options.region),
        )  # fmt: skip
    notes = [*comparison.notes(found, say.lang), *sample_notes(found.region, say.lang)]
    frame, inputs = found.to_frame(), found.inputs(say.lang)
    report = {
        "baseline_scenario": sides[0].name, "inputs": inputs, "outcomes": frame,
        "targets": found.verdicts(), "remarks": notes, "posterior": posterior_record(found.region),
    }  # fmt: skip

    def text() -> None:
        if found.region.targets:
            show(comparison.targets(found, say.lang))
        for outcome in wanted:
            show(comparison.values(found, outcome, say.lang))
        for name, changes in inputs.items():
            n, base = len(changes), sides[0].name
            print(say(_("{base} -> {name}: {n} changes", base=base, name=name, n=n)))
            for change in changes or [say(_("no difference in the inputs"))]:
                print(f"  {change}")
        print_notes(notes)

    give(options, report, text)
    write_csv(frame, options, say)
    return DONE


def _reject_unused_by_compare(options: Namespace, sides: Sequence[Comparand]) -> None:
    """Refuse options that a saved run, or the want of draws, leaves without effect."""
    saved = any(side.saved for side in sides)
    if saved:
        reject_unused(options, ["scale"], _("the scale is that of the saved run; leave it out"))
    if not options.draws:
        reject_unused(
            options,
            ["seeds"],
            _("without draws there is no interval; give --draws as well, such as --draws 50"),
        )
    if saved:
        reject_unused(
            options,
            ["observations"],
            _("the published rates are those of the saved run; leave the file out"),
        )
    if saved and not options.draws:
        reject_unused(
            options, ["seed"], _("the seed is that of the saved run; leave it out, or use --draws")
        )


def attribute(options: Namespace, say: Say) -> int:
    """What each measure and project contributes."""
    scale, seed, count = options.scale, options.seed, options.draws
    if count is None:  # a world for each antithetic pair of orders
        pairs = min(WORLDS, options.permutations // 2)
        count = pairs if pairs > 1 else 0
    scenario = _scenario(options, say)
    _check(options, scenario, scale, count)
    with _runs(options, scenario, _day(options, scenario), scale) as runs:
        where = reported_groups(runs.spec.pack)[group_index(runs.spec.pack, options.county)]
        draws = layered(runs.spec, count, seed) if count else [runs.spec]
        game = CoalitionGame.of(scenario, options.permutations, len(draws), seed)
        steps = len(game.coalitions())
        announce(say, [_work(options, scenario, steps)], options.jobs)
        with progress(say(_("attributing")), steps) as step:
            found = attributed_effect(scenario, runs, game, draws, step)
    pack, name, frame = runs.spec.pack, called(scenario, runs.spec.pack), found.frame
    notes = [*contributions.notes(found, pack, say.lang)]
    notes += sample_notes(pack, say.lang) if count else []
    report = {
        "scenario": scenario.name, "date": found.day, "runs": found.runs,
        "title": name._asdict(), "scenario_sha256": scenario_digest(scenario),
        "permutations": found.permutations, "draws": found.draws, "scale": scale,
        "shares": frame, "remarks": notes, "posterior": posterior_record(pack) if count else None,
    }  # fmt: skip

    def text() -> None:
        title = f"{name.text(say.lang)} · {where.text(say.lang)} · {found.day}"
        for level in ("project", "measure"):
            show(contributions.shares(found, scenario, where.code, level, title, say.lang))
        print_notes(notes)

    give(options, report, text)
    write_csv(frame, options, say)
    return DONE


# Seek


def seek(options: Namespace, say: Say) -> int:
    """The least package that meets the targets, confirmed on fresh draws; 0 whatever was found."""
    scenario = _scenario(options, say)
    _check(options, scenario, options.scale, options.draws)
    _check(options, scenario, options.confirm_scale, options.confirm)
    day = judged_on(scenario, load(options.region))
    regret = None
    with _runs(options, scenario, day, options.scale) as runs:
        fresh = independent(runs.spec, max(options.confirm, options.regret), options.seed)
        draws = layered(runs.spec, options.draws, options.seed)
        goal = goal_spec.parse_goal(
            scenario, runs.spec.pack, probability=options.probability, targets=options.targets,
            rates=options.rate, exclude=options.exclude, strongest=options.max_intensity,
            weights=options.weight, least=options.least, budget=options.budget,
            counties=options.counties,
        )  # fmt: skip
        each = goal_seek.runs_each(runs.spec.pack, scenario)
        search = each * goal_seek.runs_foreseen(goal, options.draws)
        confirm, outside = each * options.confirm, each * options.regret * len(certificate.WORLDS)
        works = [
            _work(options, scenario, search + outside * certificate.PACKAGES),
            _work(options, scenario, confirm, options.confirm_scale),
        ]
        announce(say, works, options.jobs)
        with progress(say(_("searching")), search) as step:
            own = goal_seek.AnchoredRuns(runs, scenario, draws)
            found = goal_seek.search(goal, own, draws, seed=options.seed, done=step)
        if options.regret:
            others = fresh[: options.regret]
            steps = outside * len(certificate.packages_to_regret(goal, found))
            with progress(say(_("outside worlds")), steps) as step:
                held = goal_seek.AnchoredRuns(runs, scenario, others)
                regret = certificate.regret(goal, found, held, others, step)
    with (
        _runs(options, scenario, day, options.confirm_scale) as runs,
        progress(say(_("confirming")), confirm) as step,
    ):
        confirmed = goal_seek.AnchoredRuns(runs, scenario, fresh[: options.confirm])
        proof = certificate.certify(
            goal, found.package, confirmed, fresh[: options.confirm], step
        )  # fmt: skip
    notes = [
        *goal_tables.notes(
            goal, found, proof, runs.spec.pack, say.lang, anchored=confirmed.anchored
        )
    ]
    if regret:
        notes += goal_tables.regret_notes(regret, options.scale, say.lang)
    if not options.targets:  # who names targets knows of the others
        late = unjudged(
            runs.spec.pack, reported_groups(runs.spec.pack), scenario.start, scenario.until
        )
        notes += [note.text(say.lang) for note in late]
    notes += sample_notes(runs.spec.pack, say.lang)
    name = called(scenario, runs.spec.pack)
    report = {
        "scenario": scenario.name, "title": name._asdict(),
        "scenario_sha256": scenario_digest(scenario),
        "posterior": posterior_record(runs.spec.pack), "found": found, "certificate": proof,
        "share": proof.share, "verdict": notes,
        "targets": proof.records(goal, runs.spec.pack),
        "regret": regret.records() if regret else None,
    }  # fmt: skip

    def text() -> None:
        if found.package:
            show(goal_tables.package(goal, found, runs.spec.pack, say.lang))
        show(goal_tables.targets(goal, proof, runs.spec.pack, say.lang))
        if regret:
            show(goal_tables.regret(regret, say.lang))
        print_notes(notes)

    give(options, report, text)
    return DONE


# Sensitivity


def sensitivity(options: Namespace, say: Say) -> int:
    """Which parameters move an outcome."""
    outcome = known_outcomes([options.outcome])[0]
    chosen = morris_sobol.factors(options.factors)
    sizes = _sizes(options)
    scenario = _scenario(options, say)
    _check(options, scenario, options.scale)
    with _runs(options, scenario, _day(options, scenario), options.scale) as runs:
        place = group_index(runs.spec.pack, options.county)
        quantity = morris_sobol.QuantityOfInterest(outcome, place, options.effect)
        if idle := morris_sobol.inactive(chosen, scenario, runs.spec.pack, quantity):
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
    notes = [*sensitivity_tables.notes(options.method, options.effect, options.seed, say.lang)]
    report = {
        "scenario": scenario.name, "outcome": outcome, "effect": options.effect,
        "date": str(runs.day), "method": options.method, "seed": options.seed, "factors": found,
        "screening": screened, "inactive": idle, "remarks": notes,
    }  # fmt: skip

    def text() -> None:
        where = reported_groups(runs.spec.pack)[place].text(say.lang)
        title = f"{comparison.outcome_title(outcome, say.lang)} · {where} · {runs.day}"
        show(sensitivity_tables.factors(found, title, say.lang))
        print_notes(notes)

    give(options, report, text)
    write_csv(found, options, say)
    return DONE


def _sizes(options: Namespace) -> dict[str, int]:
    """How much a sensitivity analysis computes; what its method does not use is refused."""
    if options.method == "morris":
        reject_unused(options, ["points", "top"], _("it belongs to --method sobol; leave it out"))
    elif options.factors:
        reject_unused(
            options,
            ["trajectories", "top"],
            _("with --factors there is no screening by Morris; leave one of them out"),
        )
    sizes = {
        name: usual if getattr(options, name) is None else getattr(options, name)
        for name, usual in morris_sobol.SIZES.items()
    }
    for name, least in morris_sobol.LEAST.items():
        if sizes[name] < least:
            raise RequestError(
                _(
                    "--{name} should be a whole number from {least}, as fewer "
                    "tell no 95 % interval; got {name_2}",
                    name=name,
                    least=least,
                    name_2=sizes[name],
                )
            )
    if sizes["points"] & (sizes["points"] - 1):
        raise RequestError(
            _("--points should be a power of two such as 64; got {points}", points=sizes["points"])
        )
    return sizes


# What they have in common


def _scenario(options: Namespace, say: Say) -> Scenario:
    """The scenario that is asked about, up to the day that is asked for."""
    scenario = horizon(resolve(options.scenario, options.region), None, options.until)
    note_inactive(scenario, say)
    return scenario


def _check(options: Namespace, scenario: Scenario, scale: float, draws: int = 0) -> None:
    """Refuse what cannot be computed or written, before anything is.

    Raises
    ------
    RequestError, PackError
    """
    check_run(scenario, options.region, seed=options.seed, scale=scale, draws=draws)
    if getattr(options, "csv", None):
        cells.check_writable(options.csv)


def _day(options: Namespace, scenario: Scenario) -> date:
    """The day that is asked about: by default the last deadline, else the end of the scenario."""
    day: date = options.at or judged_on(scenario, load(options.region))
    return day


def _runs(options: Namespace, scenario: Scenario, day: date, scale: float) -> Summaries:
    """What runs scenarios, and reads them on a day.

    Raises
    ------
    RequestError
        if the scenario does not reach that day.
    """
    if not scenario.start < day <= scenario.until:
        raise RequestError(
            _(
                "--at {day} should be after {start} and not after {until}",
                day=day,
                start=scenario.start,
                until=scenario.until,
            )
        )
    spec = RunSpec.of(
        scenario, region=options.region, seed=options.seed, scale=scale,
        observations=read_known(options.observations, scenario, options.region),
    )  # fmt: skip
    return Summaries(spec, day, options.jobs)


def _work(options: Namespace, scenario: Scenario, runs: int, scale: float | None = None) -> Work:
    """Runs of a scenario, for a word on how long they take."""
    return Work(runs, options.region, scale or options.scale, scenario.start, scenario.until)
