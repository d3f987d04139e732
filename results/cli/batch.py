"""`xiancheng sweep`: every run of a design once, on this machine or on a Dask cluster."""

import os
import re
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import Words, _, same
from xiancheng.results.analysis.sweep import SetAside, StoppedError, Sweep, Tally
from xiancheng.results.cli.output import Work, announce, give, note_inactive, progress
from xiancheng.results.cli.process import DONE, FAILED
from xiancheng.results.store import ledger
from xiancheng.results.store.cache import RunStore
from xiancheng.results.store.files import check_writable
from xiancheng.results.tables import verdicts as tables
from xiancheng.results.tables.render import show_rows
from xiancheng.results.text import Say
from xiancheng.scenarios.design import read_design
from xiancheng.scenarios.executor import DaskExecutor, LocalExecutor, SchedulerLostError, addressed
from xiancheng.scenarios.run_spec import OFF, RunSpec
from xiancheng.scenarios.trace import message

if TYPE_CHECKING:
    import pandas as pd


def sweep(options: Namespace, say: Say) -> int:
    """Every run of a design once; 1 if some gave no outcome."""
    batch = planned(options)
    if idle := batch.design.inactive():
        say.note(message(idle))
    for spec in batch.design.specs:
        note_inactive(spec.scenario, say)
    late = unjudged(batch.design.specs, say.lang)
    for each in late:
        say.note(same(each))
    need = batch.need()
    say.note(need.words())
    need.refuse()
    announce(say, _works(batch), batch.executor.jobs)
    _note_set_aside(batch.begin(), say)
    try:
        with progress(say(_("sweeping")), len(batch.keys)) as settled:
            tally = batch.run(settled)
    except (StoppedError, SchedulerLostError) as error:
        say.note(Words(error.zh, error.en))
        return FAILED
    for failure in tally.failed:
        what = batch.named(failure)
        say.note(_("failed: {what}", what=what))
    runs, on_file = len(batch.design), batch.on_file()
    report = {
        **tally.to_json(), "runs": runs, "on_file": on_file, "out": str(options.out),
        "set": None, "targets": None, "remarks": late,
    }  # fmt: skip
    if batch.shard != (1, 1) and on_file < runs:  # nothing of a part is compared
        part = _of_part(tally, runs, on_file, batch.shard)
        give(options, report, lambda: print(say(part)))
        return FAILED if tally.failed else DONE
    digest = batch.digest()
    judged = ledger.targets(options.out, batch.all_keys.values())

    def text() -> None:
        if not judged.empty:
            show_rows(batch.design.name, *lines(judged, say.lang))
            follow = any(spec.follows != OFF for spec in batch.design.specs)
            print(say(FOLLOWED if follow else LEVEL))
        print(say(_("{done} computed, {kept} kept, {failed} failed; set {digest}", done=tally.done,
                    kept=tally.kept, failed=len(tally.failed), digest=digest)))  # fmt: skip

    give(options, report | {"set": digest, "targets": judged}, text)
    return FAILED if tally.failed else DONE


def _works(batch: Sweep) -> list[Work]:
    """The runs that are not there yet, for a word on how long they take."""
    there, found = RunStore(batch.folder).keys(), Counter[Work]()
    for number, key in batch.keys.items():
        if key not in there:
            spec = batch.design.spec(number)
            start, until = spec.scenario.start, spec.scenario.until
            found[Work(1, spec.region, spec.scale, start, until)] += 1
    return [each._replace(runs=count) for each, count in found.items()]


def _note_set_aside(aside: SetAside, say: Say) -> None:
    """What was moved out of the way as a sweep was resumed."""
    for folder in aside.torn:
        say.note(_("torn or altered, set aside: {folder}", folder=folder))
    for folder, count in aside.other.items():
        say.note(_("{count} runs of another program, moved to {folder} and no part of this sweep",
                   count=count, folder=folder))  # fmt: skip


HEADERS = {
    "scenario": _("scenario"), "scale": _("scale"), "county": _("county", "place"),
    "deadline": _("deadline"), "target_rate": _("target"), "runs": _("runs"),
    "share_above_in_model": _("share above in the model"), "q05": Words("5%", "5%"),
    "q50": _("median"), "q95": Words("95%", "95%"),
}  # fmt: skip


def lines(judged: "pd.DataFrame", lang: str) -> tuple[list[str], list[list[str]]]:
    """What the runs say of the targets, as people read it: headers, and a row for each."""
    rows = []
    for row in judged.to_dict("records"):
        known = row["draws"] > 1
        cells = {name: f"{row[name]:.2f}" if known or name == "q50" else "–"
                 for name in ("q05", "q50", "q95")}  # fmt: skip
        cells |= {"scenario": row["scenario"], "runs": f"{row['runs']}"}
        cells |= {"scale": f"{row['scale']:g}", "target_rate": f"{row['target_rate']:g}"}
        cells["deadline"] = str(row["deadline"])
        cells["county"] = row["county_en" if lang == "en" else "county"]
        share = row["share_above_in_model"]
        cells["share_above_in_model"] = f"{share:.0%}" if known else "–"
        rows.append([cells[name] for name in HEADERS])
    return [each.text(lang) for each in HEADERS.values()], rows


def unjudged(specs: Iterable[RunSpec], lang: str) -> list[str]:
    """The targets that runs of a sweep say nothing of, a sentence each, none twice."""
    every = (tables.unjudged(spec.scenario, spec.pack, lang) for spec in specs)
    return list(dict.fromkeys(chain.from_iterable(every)))


LEVEL = _("These are the model's own levels, for the study of parameters, and no forecast; for "
          "verdicts see xiancheng run, compare and seek.")  # fmt: skip
FOLLOWED = _("Runs without a plan follow the statistical level, so that parameters hardly move "
             "these rates: study differences between scenarios, or write alignment: off into the "
             "design; for verdicts see xiancheng run, compare and seek.")  # fmt: skip


def _of_part(went: Tally, runs: int, on_file: int, shard: tuple[int, int]) -> Words:
    """How a shard went while others are to come: no figure of a part is compared."""
    return _(
        "shard {i} of {n}: {ready} of {runs} done ({done} of them "
        "computed now), {n_2} failed, {on_file} on file; once all are "
        "there, the last shard prints the results and the set digest",
        i=shard[0], n=shard[1], ready=went.done + went.kept, runs=runs, done=went.done,
        n_2=len(went.failed), on_file=on_file,
    )  # fmt: skip


def planned(options: Namespace) -> Sweep:
    """The sweep that is asked for; nothing is computed yet.

    Raises
    ------
    ScenarioError, ParameterError, PackError, RequestError
        with what is wrong.
    """
    if options.scheduler is not None and options.engine != "dask":
        raise RequestError(
            _("--scheduler is for --engine dask, not for {engine}; add --engine dask",
              engine=options.engine)
        )  # fmt: skip
    if options.scheduler is not None:
        addressed(options.scheduler)
    design = read_design(options.design)
    check_writable(options.out)
    workers = min(options.jobs or os.cpu_count() or 1, len(design))
    chosen = (
        LocalExecutor(workers)
        if options.engine == "local"
        else DaskExecutor(workers, options.scheduler)
    )
    batch = Sweep(design, options.out, _shard(options.shard), chosen, options.resume)
    if isinstance(chosen, DaskExecutor):
        chosen.reach()
    return batch


def _shard(text: str) -> tuple[int, int]:
    part = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    if part is None or not 1 <= int(part[1]) <= int(part[2]):
        raise RequestError(
            _("--shard should be such as 2/8, the second of eight parts; got {text}", text=text)
        )
    return int(part[1]), int(part[2])
