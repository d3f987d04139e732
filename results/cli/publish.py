"""`xiancheng report`: documents on a run, on file or saved first; `xiancheng cite`."""

from argparse import Namespace
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import xiancheng
from xiancheng.calibration.errors import RequestError, ScenarioError
from xiancheng.calibration.forecasts.common_trend import PublishedRate
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.naming import is_path
from xiancheng.calibration.region import load
from xiancheng.results.analysis.attribution import AttributionTable, quick_attribution
from xiancheng.results.analysis.goal_seek import read_package
from xiancheng.results.analysis.variance import VarianceSplit
from xiancheng.results.cli.output import Work, announce, give, known_rates, progress, reject_unused
from xiancheng.results.cli.process import DONE
from xiancheng.results.report.build import MAPS, documents, file_name, formats
from xiancheng.results.report.document import Layout, Style
from xiancheng.results.store.cache import StoredRuns, save_run
from xiancheng.results.store.files import check_writable, write_file
from xiancheng.results.store.record import posterior_record
from xiancheng.results.store.runs import RUN, RUNS, SavedRun, find_run, load_run
from xiancheng.results.tables.labels import label
from xiancheng.results.tables.plan_result import PlanResult, delivery_frame, of_saved
from xiancheng.results.tables.table import Lang
from xiancheng.results.text import Say
from xiancheng.results.verdict.registered import digests
from xiancheng.results.verdict.verdict import verdicts
from xiancheng.scenarios.ensemble import Ensemble, ensemble
from xiancheng.scenarios.executor import LocalExecutor
from xiancheng.scenarios.loader import is_shipped, resolve
from xiancheng.scenarios.run_spec import RunSpec, check_run, code_digest
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.sim import MODEL_VERSION

Value = TypeVar("Value")

STEPS = 4  # runs, draws, attribution, documents


def report(options: Namespace, say: Say) -> int:
    """Write the documents; nothing is there before all of it is made."""
    forms = formats(options.format)
    lang: Lang = "en" if say.lang == "en" else "zh"
    style: Style | None = "official" if options.style == "公文" else options.style
    setting = Layout(style, options.brief, options.unit or "").resolved(lang)
    check_writable(options.out)
    with progress(say(_("reporting")), STEPS) as step:
        result = result_of(options, say, step)
        if not result.region.outlines() and any(form in MAPS for form in forms):
            say.note(Words(*(label("report", "no boundaries", each) for each in ("zh", "en"))))
        contents = documents(result, forms, lang, setting)
        step()
    files = []
    for form, content in contents.items():
        name = f"{file_name(result, lang, setting)}.{form}"
        files.append(_free(options.out / name, result.run))
        write_file(files[-1], content)
    paths = [str(file) for file in files]
    give(options, {"run": result.run, "files": paths}, lambda: print("\n".join(paths)))
    return DONE


def _free(path: Path, run: str) -> Path:
    """A path at which no document of another run is lost: with the run's id if it is taken."""
    return path.with_name(f"{path.stem}_{run}{path.suffix}") if path.exists() else path


def result_of(options: Namespace, say: Say, step: Callable[[], None]) -> PlanResult:
    """The result to report on; `step` is called after runs, attribution and tables.

    The attribution needs nothing of the run, so it is computed beside it.
    """
    kept = StoredRuns.here()
    run = None if is_shipped(options.run, options.region) else find_run(options.run)
    if run is not None:
        why = _("the run is on file; leave it out, or name a scenario")
        names = ["region", "seed", "scale", "draws", "draw_scale", "observations", "cutoff"]
        reject_unused(options, names, why)
        run.refuse_changed(run.spec)  # before an attribution is computed
        scenario, place, seed = run.spec.scenario, run.record.region.name, run.record.seed
        known, cutoff = run.spec.observations, run.spec.cutoff
    else:
        scenario, place, seed = _scenario(options), options.region, options.seed
        check_writable(RUNS)
        known, cutoff = known_rates(options, scenario, place, say).rates, options.cutoff
        runs = 2 * (1 + options.draws)
        announce(say, [Work(runs, place, options.scale, scenario.start, scenario.until)],
                 options.jobs)  # fmt: skip
    package = read_package(options.package, scenario) if options.package else None
    apart = VarianceSplit.read(options.variance, scenario) if options.variance else None
    jobs = 1 if run is None and options.draws else options.jobs
    shares = None
    if options.attribution:
        shares = AttributionTable.read(options.attribution, scenario, load(place))
    with LocalExecutor(1) as executor:
        attributed = partial(
            quick_attribution,
            scenario,
            place,
            seed=seed,
            jobs=jobs,
            observations=known,
            cutoff=cutoff,
        )
        computed = None if shares else executor.submit(attributed)
        both = None  # with its draws, where they were just made
        if run is None:
            both, run = _run(options, scenario, kept, known)
        step()
        shares = computed.result() if computed else shares
    step()
    result = of_saved(
        run, answer=kept, both=both, shares=shares, package=package, variance=apart
    )  # fmt: skip
    step()
    return result


def _run(
    options: Namespace, scenario: Scenario, kept: StoredRuns, known: Sequence[PublishedRate]
) -> tuple[Ensemble, SavedRun]:
    """A scenario run with its baseline and its draws, and saved, as `xiancheng run` does."""
    spec = RunSpec.of(
        scenario, region=options.region, seed=options.seed, scale=options.scale,
        observations=known, cutoff=options.cutoff,
    )  # fmt: skip
    both = ensemble(spec, draws=options.draws, draw_scale=options.draw_scale, jobs=options.jobs,
                    cache=kept)  # fmt: skip
    found, delivered = verdicts(both), delivery_frame(both.scenario)
    folder, __ = save_run(both, spec, found, delivered, RUNS, kept)
    return both, load_run(folder)


def _scenario(options: Namespace) -> Scenario:
    """What is to be run, held to what can be run.

    Raises
    ------
    RequestError
        also if it is neither a run nor a scenario.
    """
    name = options.run
    try:
        scenario = resolve(name, options.region)
    except ScenarioError:
        if is_path(name):
            raise
        raise RequestError(
            _("{name} is neither a saved run (an id, or a folder that holds {RUN}) nor a scenario",
              name=name, RUN=RUN)
        ) from None  # fmt: skip
    check_run(
        scenario, options.region, seed=options.seed, scale=options.scale, draws=options.draws
    )  # fmt: skip
    return scenario


# Citation

AUTHOR = "The xiancheng founders"  # as in CITATION.cff, which an installation lacks
TITLE = "xiancheng 县城: an open simulator of county-town urbanization in China"
YEAR = 2026


def cite(options: Namespace, say: Say) -> int:
    """Print the citation, an entry for BibTeX, and the digests that a supplement names."""
    version = xiancheng.__version__
    text = f"{AUTHOR} ({YEAR}). {TITLE} (version {version}) [Computer software]."
    entry = (
        f"@software{{xiancheng_{version},\n  author = {{{{{AUTHOR}}}}},\n  title = {{{TITLE}}},\n"
        f"  year = {{{YEAR}}},\n  version = {{{version}}}\n}}"
    )
    sources = {
        "model": MODEL_VERSION,
        "simulation_code": code_digest(),
        **digests(options.region),
        "posterior_file": (posterior_record(load(options.region)) or {}).get("sha256"),
    }
    names = {
        "model": _("version of the model"),
        "simulation_code": _("code that simulates (as in run.json)"),
        "forecasting_code": _("code that simulates, forecasts and scores"),
        "pack": _("region pack {region}", region=options.region),
        "record": _("record of forecasts"),
        "posterior": _("numbers of the posterior sample (as preregistered)"),
        "posterior_file": _("posterior sample on file (as in run.json)"),
    }

    def show() -> None:
        print(text, entry, say(_("What made the numbers (name them in a supplement):")), sep="\n\n")
        for key, name in names.items():
            print(" ", say(_("{name}: {digest}", name=name, digest=sources[key] or _("none"))))

    give(
        options,
        {"citation": text, "bibtex": entry, "version": version, "made_by": sources},
        show,
    )
    return DONE
