"""What is reported: a run on file, or a scenario that is run and saved first."""

from argparse import Namespace
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from xiancheng.calibration.errors import ScenarioError
from xiancheng.calibration.naming import is_path
from xiancheng.results import cost
from xiancheng.results.analysis.attribution import AttributionTable, printed, quick
from xiancheng.results.contents.subject import Subject, saved
from xiancheng.results.keeping import store
from xiancheng.results.keeping.files import writable
from xiancheng.results.stopping import end_workers
from xiancheng.scenarios.engines import WorkersLostError, leave_signals, one_thread_each
from xiancheng.scenarios.loader import is_shipped, resolve
from xiancheng.scenarios.request import Request
from xiancheng.scenarios.simulate import RequestError, checked

if TYPE_CHECKING:
    from xiancheng.results.cli import Say
    from xiancheng.results.keeping.answers import Answers
    from xiancheng.scenarios.scenario_files import Scenario

Made = TypeVar("Made")


def subject_of(asked: Namespace, say: "Say", step: Callable[[], None]) -> Subject:
    """The subject of what was asked for; `step` is called after runs, attribution and tables.

    The attribution needs nothing of the run, so it is computed beside it.
    """
    from xiancheng.results.keeping.answers import Answers

    answers, run = Answers.here(), None if is_shipped(asked.run) else store.on_file(asked.run)
    if run is not None:
        run.refuse_changed(run.request.world)  # before an attribution is computed
        scenario, place, seed = run.request.world.scenario, run.record.region.name, run.record.seed
    else:
        scenario, place, seed = _scenario(asked.run, asked.region), asked.region, asked.seed
        _checked(asked, scenario)
        runs = 2 * (1 + asked.draws)
        work = cost.Work(runs, place, asked.scale, scenario.start, scenario.until)
        cost.announce(say, [work], asked.jobs)
    package = printed(asked.package, scenario, "seek") if asked.package else None
    jobs = 1 if run is None and asked.draws else asked.jobs
    with shares_of(asked.attribution, scenario, place, seed, jobs) as shares:
        run = run or _run(asked, scenario, answers)
        step()
        told = shares()
    step()
    subject = saved(run, answer=answers, shares=told, package=package)
    step()
    return subject


@contextmanager
def shares_of(
    file: Path | None, scenario: "Scenario", place: str, seed: int, jobs: int | None
) -> Iterator[Callable[[], AttributionTable]]:
    """The attribution in a file, or one that is computed while something else is done."""
    if file is not None:
        told = AttributionTable.read(file, scenario)
        yield lambda: told
        return
    with beside(quick, scenario, place, seed=seed, jobs=jobs) as computed:
        yield computed


@contextmanager
def beside(
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


def _checked(asked: Namespace, scenario: "Scenario") -> None:
    """Refuse what cannot be run, before anything is computed."""
    checked(
        scenario, asked.region, seed=asked.seed, scale=asked.scale, draws=asked.draws,
        jobs=1 if asked.jobs is None else asked.jobs,
    )  # fmt: skip
    writable(store.RUNS)


def _run(asked: Namespace, scenario: "Scenario", answers: "Answers") -> store.Saved:
    """A scenario run with its baseline and its draws, and saved, as `xiancheng run` does."""
    from xiancheng.results import verdict_table
    from xiancheng.results.keeping.answers import keep
    from xiancheng.results.verdict.verdict import verdicts
    from xiancheng.scenarios import ensemble

    request = {"region": asked.region, "seed": asked.seed, "scale": asked.scale}
    both = ensemble.pair(scenario, answer=answers, **request)
    drawn = None
    if asked.draws:
        drawn = ensemble.draws(
            scenario, asked.draws, lambda: None, jobs=asked.jobs, answer=answers, **request
        )
    found, delivered = verdicts(both, drawn), verdict_table.delivery(both.plan)
    told = Request.of(scenario, **request)
    folder, _ = keep(both.plan, told, found, delivered, store.RUNS, answers)
    return store.found(folder)


def _scenario(name: str, region: str) -> "Scenario":
    """What is to be run.

    Raises
    ------
    RequestError
        if this is neither a run nor a scenario.
    """
    try:
        return resolve(name, region)
    except ScenarioError:
        if is_path(name):
            raise
        raise RequestError(
            f"{name} 既不是已存运行（编号或含 {store.RUN} 的文件夹），也不是情景",
            f"{name} is neither a saved run (an id, or a folder that holds {store.RUN}) nor a "
            "scenario",
        ) from None
