"""`xiancheng report`: documents on a run on file, or on a scenario that is run and saved first."""

from argparse import Namespace
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from xiancheng.calibration.errors import RequestError, ScenarioError
from xiancheng.calibration.i18n import _
from xiancheng.calibration.naming import is_path
from xiancheng.results.analysis.attribution import AttributionTable, printed, quick
from xiancheng.results.cli.output import Work, announce, give, progress, reject_unused
from xiancheng.results.cli.process import DONE, end_workers
from xiancheng.results.keeping import store
from xiancheng.results.keeping.answers import Answers, keep
from xiancheng.results.keeping.files import whole_file, writable
from xiancheng.results.report.build import documents, file_name, formats
from xiancheng.results.tables.plan_result import PlanResult, delivery_frame, of_saved
from xiancheng.results.text import Say
from xiancheng.results.verdict.verdict import verdicts
from xiancheng.scenarios import ensemble
from xiancheng.scenarios.engines import WorkersLostError, leave_signals, one_thread_each
from xiancheng.scenarios.loader import is_shipped, resolve
from xiancheng.scenarios.request import Request
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.scenarios.simulate import checked

Made = TypeVar("Made")

STEPS = 4  # runs, draws, attribution, documents


def report(options: Namespace, say: Say) -> int:
    """Write the documents; nothing is there before all of it is made."""
    forms = formats(options.format)
    writable(options.out)
    with progress(say(_("reporting")), STEPS) as step:
        result = result_of(options, say, step)
        made = documents(result, forms, "en" if say.lang == "en" else "zh")
        step()
    files = []
    for form, content in made.items():
        name = f"{file_name(result, say.lang)}.{form}"
        files.append(_free(options.out / name, result.run))
        whole_file(files[-1], content)
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
    kept = Answers.here()
    run = None if is_shipped(options.run) else store.on_file(options.run)
    if run is not None:
        why = _("the run is on file; leave it out, or name a scenario")
        reject_unused(options, ["region", "seed", "scale", "draws"], why)
        run.refuse_changed(run.request.world)  # before an attribution is computed
        scenario, place, seed = run.request.world.scenario, run.record.region.name, run.record.seed
    else:
        scenario, place, seed = _scenario(options), options.region, options.seed
        writable(store.RUNS)
        runs = 2 * (1 + options.draws)
        announce(say, [Work(runs, place, options.scale, scenario.start, scenario.until)],
                 options.jobs)  # fmt: skip
    package = printed(options.package, scenario, "seek") if options.package else None
    jobs = 1 if run is None and options.draws else options.jobs
    with _shares_of(options.attribution, scenario, place, seed, jobs) as shares:
        run = run or _run(options, scenario, kept)
        step()
        attribution = shares()
    step()
    result = of_saved(run, answer=kept, shares=attribution, package=package)
    step()
    return result


@contextmanager
def _shares_of(
    file: Path | None, scenario: Scenario, place: str, seed: int, jobs: int | None
) -> Iterator[Callable[[], AttributionTable]]:
    """The attribution in a file, or one that is computed while something else is done."""
    if file is not None:
        told = AttributionTable.read(file, scenario)
        yield lambda: told
        return
    with _beside(quick, scenario, place, seed=seed, jobs=jobs) as computed:
        yield computed


@contextmanager
def _beside(
    does: Callable[..., Made], *given: object, **more: object
) -> Iterator[Callable[[], Made]]:
    """Call a function in a process of its own; what is given waits for what it made."""
    with ProcessPoolExecutor(1, get_context("spawn"), leave_signals) as process:
        with one_thread_each():
            made = process.submit(does, *given, **more)
        try:
            yield made.result
        except BrokenProcessPool:
            raise WorkersLostError from None
        except BaseException:
            end_workers()
            raise


def _run(options: Namespace, scenario: Scenario, kept: Answers) -> store.Saved:
    """A scenario run with its baseline and its draws, and saved, as `xiancheng run` does."""
    request = {"region": options.region, "seed": options.seed, "scale": options.scale}
    both, draws = ensemble.pair(scenario, answer=kept, **request), None
    if options.draws:
        draws = ensemble.draws(
            scenario, options.draws, lambda: None, jobs=options.jobs, answer=kept, **request
        )
    found, delivered = verdicts(both, draws), delivery_frame(both.plan)
    made = Request.of(scenario, **request)
    folder, __ = keep(both.plan, made, found, delivered, store.RUNS, kept)
    return store.found(folder)


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
            _(
                "{name} is neither a saved run (an id, or a folder that holds "
                "{RUN}) nor a scenario",
                name=name,
                RUN=store.RUN,
            )
        ) from None
    checked(
        scenario, options.region, seed=options.seed, scale=options.scale, draws=options.draws
    )  # fmt: skip
    return scenario
