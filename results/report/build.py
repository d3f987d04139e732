"""A report on a run on file, or on a scenario that is run and saved first, in each format."""

from argparse import Namespace
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from xiancheng.calibration.errors import ScenarioError
from xiancheng.calibration.naming import is_path, nearest
from xiancheng.results import cost
from xiancheng.results.analysis.attribution import AttributionTable, printed, quick
from xiancheng.results.keeping import store
from xiancheng.results.keeping.files import writable
from xiancheng.results.report import sections
from xiancheng.results.report.charts import FONT_PACKAGE, Format
from xiancheng.results.report.document import pictures
from xiancheng.results.stopping import end_workers
from xiancheng.results.tables.plan_result import PlanResult, delivery_frame, of_saved
from xiancheng.results.tables.table import Lang
from xiancheng.scenarios.engines import WorkersLostError, leave_signals, one_thread_each
from xiancheng.scenarios.loader import is_shipped, resolve
from xiancheng.scenarios.request import Request
from xiancheng.scenarios.simulate import RequestError, checked

if TYPE_CHECKING:
    from xiancheng.results.cli import Say
    from xiancheng.results.keeping.answers import Answers
    from xiancheng.scenarios.scenario_files import Scenario

Made = TypeVar("Made")

WRITERS: dict[str, tuple[str, tuple[str, ...], Format | None]] = {
    # the module that writes a format, the libraries that it needs, and the form of its pictures
    "docx": ("xiancheng.results.report.docx", ("docx", "matplotlib", FONT_PACKAGE), "png"),
    "pdf": ("xiancheng.results.report.pdf", ("typst", "matplotlib", FONT_PACKAGE), "svg"),
    "xlsx": ("xiancheng.results.report.xlsx", ("xlsxwriter",), None),
    "html": ("xiancheng.results.report.html", ("jinja2", "matplotlib", FONT_PACKAGE), "svg"),
}
RESERVED = '<>:"/\\|?*'
LONGEST = 60  # characters of a title in the name of a file


def result_of(asked: Namespace, say: "Say", step: Callable[[], None]) -> PlanResult:
    """The result to report on; `step` is called after runs, attribution and tables.

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
        attribution = shares()
    step()
    result = of_saved(run, answer=answers, shares=attribution, package=package)
    step()
    return result


@contextmanager
def shares_of(
    file: Path | None, scenario: "Scenario", place: str, seed: int, jobs: int | None
) -> Iterator[Callable[[], AttributionTable]]:
    """The attribution in a file, or one that is computed while something else is done."""
    if file is not None:
        found = AttributionTable.read(file, scenario)
        yield lambda: found
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
    found, delivered = verdicts(both, drawn), delivery_frame(both.plan)
    made = Request.of(scenario, **request)
    folder, _ = keep(both.plan, made, found, delivered, store.RUNS, answers)
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


def documents(result: PlanResult, forms: list[str], lang: Lang) -> dict[str, bytes]:
    """The report in each format.

    Raises
    ------
    RequestError
        if a library is missing.
    """
    check_installed(forms)
    document = sections.document(result, lang)
    shapes = {shape for form in forms if (shape := WRITERS[form][2])}
    drawn = pictures(document, *sorted(shapes)) if shapes else {}
    return {form: import_module(WRITERS[form][0]).write(document, drawn) for form in forms}


def formats(text: str) -> list[str]:
    """The formats asked for, each once, in our order.

    Raises
    ------
    RequestError
        if one is unknown or cannot be written here.
    """
    asked = [word.strip().lower() for word in text.split(",") if word.strip()]
    for word in asked or [""]:
        if word not in WRITERS:
            near = nearest(word, WRITERS)
            hint = (f"；是否指 {near}？", f"; did you mean {near}?") if near else ("", "")
            raise RequestError(
                f"--format 应为 {'、'.join(WRITERS)}；得到 {word!r}{hint[0]}",
                f"--format should be among {', '.join(WRITERS)}; got {word!r}{hint[1]}",
            )
    forms = [form for form in WRITERS if form in asked]
    check_installed(forms)
    return forms


def check_installed(forms: list[str]) -> None:
    """Refuse formats whose libraries are not installed, before anything is computed.

    Raises
    ------
    RequestError
    """
    needed = dict.fromkeys(name for form in forms for name in WRITERS[form][1])
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise RequestError(
            f"文档需要 {'、'.join(missing)}：请在源码目录 pip install -e '.[report]'",
            f"documents need {', '.join(missing)}; in its sources: pip install -e '.[report]'",
        )


def file_name(result: PlanResult, lang: str) -> str:
    """The name of a document's file, without its ending: region, title of the scenario, date.

    Characters that a file system refuses are left out.
    """
    written = str(result.made.get("written", ""))[:10] or date.today().isoformat()
    title = f"{result.region.title(lang)} {result.title(lang)}"
    kept = "".join(" " if c in RESERVED else c for c in title if c.isprintable())
    return f"{'_'.join(kept.split())[:LONGEST]}_{written}{'' if lang == 'zh' else '.en'}"
