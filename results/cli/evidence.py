"""`xiancheng calibrate`, `hindcast` and `score`: what is known, estimated and tested."""

import json
import os
import time
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from xiancheng.calibration import posterior
from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import _
from xiancheng.calibration.region import Region, load
from xiancheng.results.cli.output import (
    Work,
    announce,
    give,
    print_notes,
    progress,
    reject_unused,
    write_csv,
)
from xiancheng.results.cli.process import DONE, FAILED
from xiancheng.results.store.files import check_writable, is_installed, write_file
from xiancheng.results.store.runs import RUNS
from xiancheng.results.tables import scores as tables
from xiancheng.results.tables.render import show
from xiancheng.results.text import Say
from xiancheng.results.verdict import account as accounts
from xiancheng.results.verdict import estimate as estimates
from xiancheng.results.verdict import hindcast as hindcasts
from xiancheng.results.verdict import observations, trials
from xiancheng.results.verdict.estimate import EstimateSettings, Stage
from xiancheng.results.verdict.forecasts import (
    by_case,
    by_forecaster,
    check_cutoff,
    forecasts,
    plan_known,
)
from xiancheng.results.verdict.registered import REGISTERED, ScoreSettings, digests
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.outcome import reported_groups

QUICK: dict[str, Any] = {"pool": None, "runs": 320, "scale": 0.02, "pairs": 0}  # for development


POOLED = ("pool_runs", "pool_scale")  # settings of the counties around


def calibrate(options: Namespace, say: Say) -> int:
    """Estimate; 1 if the intervals did not pass their test, and then no sample is kept."""
    pack = load(options.region, say.lang)
    if options.report:
        why = _("--report estimates nothing; leave one of them out")
        reject_unused(options, options.given - {"region", "report", "out"}, why)
        return _report(pack, options, say)
    chosen = settings(options, quick=options.quick)
    folder = options.out or RUNS / "trials" / pack.name
    short = estimates.shortfalls(chosen, own=True)
    home = folder if is_installed(pack.folder) else pack.folder  # of the sample, if it is kept
    check_writable(folder)
    if not short:
        check_writable(home)
    jobs = options.jobs or os.cpu_count() or 1
    announce(say, works(chosen), jobs)
    begun = time.monotonic()
    first, last = _estimate(chosen, folder, jobs, say)
    seconds = round(time.monotonic() - begun)
    if options.quick:
        account = {"parameters": accounts.parameters(last.posterior),
                   "errors": accounts.errors(last),
                   "stages": [accounts.stage(last)]}  # fmt: skip
    else:
        with progress(say(_("testing and comparing")), 1) as step:
            account = accounts.account(chosen, first, last, {"seconds": seconds, "jobs": jobs})
            step()
    give(options, account, lambda: _print_estimate(account, say))
    file = folder / "account.json"
    write_file(file, (json.dumps(account, ensure_ascii=False, indent=1) + "\n").encode())
    _note_written(file, say)
    if not _passed(account):
        say.note(_("the intervals failed their test and are not used"))
        return FAILED
    if short:
        what = estimates.trial_note(short)
        say.note(
            _("{what}. The posterior of a small scale is biased at full scale, and no sample is "
              "kept", what=what)
        )  # fmt: skip
        return DONE
    values, __, numbers = estimates.drawn(last, chosen.rows, chosen.seed)
    posterior.write(home, posterior.Posterior(values, numbers, account))
    for name in (posterior.SAMPLE, posterior.ABOUT):
        _note_written(home / name, say)
    if home != pack.folder:
        _note_unchanged(say)
    return DONE


def settings(options: Namespace, *, quick: bool = False) -> EstimateSettings:
    """The settings of an estimate that are asked for."""
    pool = estimates.wider(load(options.region)) if options.pool is None else options.pool
    chosen = EstimateSettings(
        options.region, None if pool in ("", "none") else pool, seed=options.seed
    )
    if quick:
        reject_unused(options, ["pool"], _("--quick uses no counties around; leave it out"))
        chosen = replace(chosen, **QUICK)
    if chosen.pool is None:
        reject_unused(options, POOLED, _("no counties around are used; leave it out"))
    names = (*POOLED, "runs", "scale", "pairs", "rows")
    given = {name: value for name in names if (value := getattr(options, name, None)) is not None}
    if given.get("scale", chosen.scale) < EstimateSettings.scale:  # a trial, biased all the same
        given.setdefault("pairs", 0)
    return replace(chosen, **given)


def works(chosen: EstimateSettings) -> list[Work]:
    """The runs of an estimate, for a word on how long they take."""
    sizes = [(chosen.runs, chosen.region, chosen.scale)]
    if _paired(chosen):
        sizes.append((chosen.pairs, chosen.region, 1.0))
    if chosen.pool is not None:
        sizes.append((chosen.pool_runs, chosen.pool, chosen.pool_scale))
    return [
        Work(runs, region, scale, *trials.censuses(load(region))) for runs, region, scale in sizes
    ]


def _paired(chosen: EstimateSettings) -> bool:
    """Whether some of the region's runs are made at full scale beside a smaller one."""
    return chosen.scale < 1 and chosen.pairs > 0


def _estimate(
    chosen: EstimateSettings, folder: Path, jobs: int, say: Say
) -> tuple[Stage | None, Stage]:
    """The estimate from the counties around, and the region's own."""
    own_runs = chosen.runs + chosen.pairs * _paired(chosen)
    if chosen.pool is None:
        values = estimates.from_priors(chosen)
        with progress(say(_("runs of the region")), own_runs) as step:
            own = estimates.own_trials(chosen, values, folder, jobs, step)
        return None, estimates.estimated(own.table(), own, chosen)
    with progress(say(_("runs of the counties around")), chosen.pool_runs) as step:
        around = estimates.pool_trials(chosen, folder, jobs, step)
    others = estimates.others(around.pack, load(chosen.region))
    first = estimates.estimated(around.table(others), around, chosen)
    if not first.calibration.passed:
        raise RequestError(first.calibration.sentence())
    values, sizes, __ = estimates.drawn(first, chosen.runs, chosen.seed)
    with progress(say(_("runs of the region")), own_runs) as step:
        own = estimates.own_trials(chosen, values, folder, jobs, step)
    return first, estimates.updated(first, own.table(), own, sizes, chosen)


def _passed(account: Mapping[str, Any]) -> bool:
    """Whether the intervals of every stage passed their test."""
    return all(stage["gate"]["passed"] for stage in account["stages"])


def _print_estimate(account: dict[str, Any], say: Say) -> None:
    for stage in account["stages"]:
        print(f"{stage['region']}: {stage['check'][say.lang]}")
        print(f"{stage['region']}: {stage['gate'][say.lang]}")
    if _passed(account):
        show(tables.estimated_parameters(account, say.lang))
        show(tables.estimated_errors(account, say.lang))


def _report(pack: Region, options: Namespace, say: Say) -> int:
    """Write what the data can tell, from the account beside the sample."""
    check_writable(options.report, file=True)
    here = options.out is not None and (options.out / posterior.SAMPLE).is_file()
    folder = options.out if here else pack.folder
    sample = posterior.read(folder)
    if sample is None:
        raise RequestError(
            _("there is no posterior sample in {folder}; run xiancheng calibrate first",
              folder=folder)
        )  # fmt: skip
    if "software" not in sample.about:
        raise RequestError(
            _("the posterior sample in {folder} has no account of an estimate, {ABOUT}; only "
              "xiancheng calibrate writes one", folder=folder, ABOUT=posterior.ABOUT)
        )  # fmt: skip
    write_file(options.report, tables.identifiability_page(sample.about).encode())
    give(options, {"file": str(options.report)}, lambda: _note_written(options.report, say))
    return DONE


def _note_written(file: Path, say: Say) -> None:
    say.note(_("written to {file}", file=file))


def _note_unchanged(say: Say) -> None:
    say.note(
        _("the pack that comes with the program is never changed; to use these files, copy the "
          "pack, put them into it and name it with --region", "evidence")
    )  # fmt: skip


# Hindcast


def hindcast(options: Namespace, say: Say) -> int:
    """Everyone's forecasts of the second census, county by county, beside what came out."""
    chosen = settings(options)
    pack = load(options.region, say.lang)
    if chosen.pool is not None:
        why = _("the counties around are used; see --pool-runs, --pool-scale and --pool none")
        reject_unused(options, ["runs", "scale", "pairs"], why)
    folder = options.out or RUNS / "trials" / pack.name
    check_writable(folder)
    if options.write:
        check_writable(options.write, file=True)
        check_writable(options.write.with_name("pictures"))
    alone = chosen.pool is None
    count = chosen.runs + chosen.pairs * _paired(chosen) if alone else chosen.pool_runs
    announce(say, works(chosen) if alone else [works(chosen)[-1]], options.jobs)
    with progress(say(_("runs", "each")), count) as step:
        runs = hindcasts.trials_of(chosen, folder, options.jobs or os.cpu_count() or 1, step)
    stage = hindcasts.learned(runs, chosen)
    with progress(say(_("leaving out")), 2 * len(stage.training.table.units)) as step:
        found = hindcasts.hindcasts(stage, chosen, step)
    account = hindcasts.account(
        chosen, pack, found, hindcasts.observed_changes(runs), hindcasts.synthetic(stage),
        accounts.regressions(runs, stage, chosen.seed),
        [row for each in found for row in hindcasts.without_its_covariate(each, chosen.seed)],
    )  # fmt: skip
    give(options, account, lambda: _print_hindcast(account, pack, say))
    if options.write:
        picture = options.write.with_name("pictures") / "validation.svg"
        picture.parent.mkdir(exist_ok=True)
        write_file(picture, hindcasts.picture(found[0]))
        scores = tables.registered_scores(options.write)
        write_file(options.write, (tables.validation_page(account, pack) + scores).encode())
        for file in (picture, options.write):
            _note_written(file, say)
        _keep(account, pack, folder, say)
    return DONE


def _print_hindcast(account: Mapping[str, Any], pack: Region, say: Say) -> None:
    short = account["trial"]
    below = f"{estimates.trial_note(short).text(say.lang)}\n" if short else ""
    for table in tables.hindcast_tables(account, pack, say.lang):
        show(table)
        print(below, end="")


def _keep(account: Mapping[str, Any], pack: Region, folder: Path, say: Say) -> None:
    """Keep the record: in the pack if it is the user's own and the settings are the real ones.

    What falls short of them, or is of a pack that comes with the program, stays in `folder`.
    """
    within, short = is_installed(pack.folder), account["trial"]
    home = folder if short or within else pack.folder
    software = account["software"]
    table = pd.DataFrame(account["scores"])
    table["model"], table["code"] = software["model"], software["simulation_code"]
    scores = table.to_csv(index=False)
    write_file(home / posterior.RECORD, scores.encode("utf-8-sig"))
    _note_written(home / posterior.RECORD, say)
    if short:
        what = estimates.trial_note(short)
        say.note(_("{what}; the record of the pack stays as it is", what=what))
    elif within:
        _note_unchanged(say)


# Score


def score(options: Namespace, say: Say) -> int:
    """How good everyone's forecasts were; without a file, what would be done."""
    pack, chosen = load(options.region), registered_or(options)
    check_cutoff(pack, chosen.cutoff)
    seen = options.observations and observations.read(
        options.observations, reported_groups(pack), chosen.cutoff
    )
    if seen is None:
        reject_unused(options, ["out", "jobs"], _("without observations nothing is scored"))
    elif options.out:
        check_writable(options.out, file=True)
    registered = digests(options.region)
    frame = tables.registered(chosen, registered, say.lang)
    about = {"settings": chosen.row(), "digests": registered}
    if seen is None:
        give(options, about, lambda: show(frame))
        return DONE
    days = [each.day for each in seen]
    both = plan_known(resolve("plan", options.region), options.region, chosen.cutoff)
    runs = 2 * chosen.draws if both else chosen.draws
    announce(say, [Work(runs, options.region, chosen.scale, pack.censuses[-1], max(days))],
             options.jobs)  # fmt: skip
    with progress(say(_("simulating")), chosen.draws) as step:
        predicted = forecasts(options.region, days, chosen, jobs=options.jobs, done=step)
    cases, scores = by_case(predicted, seen), by_forecaster(predicted, seen, pack)
    notes = tables.score_notes(predicted, seen, chosen, say.lang)
    report = {"cases": cases, "scores": scores, "weights": dict(predicted.weights), **about,
              "remarks": notes}  # fmt: skip

    def text() -> None:
        for table in (tables.score_cases(cases, say.lang), *tables.scores(scores, say.lang), frame):
            show(table)
        print_notes(notes)

    give(options, report, text)
    write_csv(cases, options.out, say)
    return DONE


def registered_or(options: Namespace) -> ScoreSettings:
    """The settings of a scoring that are asked for; the registered ones by default."""
    names = ("cutoff", "draws", "scale", "seed")
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    return replace(REGISTERED, **given)
