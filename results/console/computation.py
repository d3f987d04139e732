"""What a tab computes: A and B from a small run at once, then first draws, then more; documents."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xiancheng.calibration.forecasts.common_trend import PublishedRate
from xiancheng.results.console.jobs import JobQueue
from xiancheng.results.console.library import Library
from xiancheng.results.console.result import ABQuery, ABResult
from xiancheng.results.report import build
from xiancheng.results.store.cache import StoredRuns, save_run
from xiancheng.results.store.runs import RUNS
from xiancheng.scenarios.ensemble import RunSummary
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.scenarios.trunk import KeptStates

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region
    from xiancheng.results.report.document import Layout
    from xiancheng.results.tables.plan_result import PlanResult
    from xiancheng.results.tables.table import Lang


@dataclass(frozen=True)
class Sizes:
    """How large the stages are: scale in rows per resident, and number of draws.

    The first answer is one small run of each side; then come the first draws, all at the scale of
    draws, and then more of them, in steps, beside a run of each side at the scale that is meant.
    """

    quick_scale: float = 0.02
    quick_draws: int = 40
    scale: float = 1.0
    draws: int = 200
    draw_scale: float | None = None
    step: int = 40  # draws between two results


@dataclass(frozen=True)
class Server:
    """What all tabs share."""

    queue: JobQueue
    region: "Region"
    name: str  # of the region, or its folder
    library: Library
    runs: Path  # where the runs of documents are saved
    sizes: Sizes
    sweeps: Path = RUNS  # the folder in which sweeps are explored
    states: KeptStates | None = None  # of models, shared by all scenarios of a draw


async def preliminary(
    server: Server,
    user: str,
    a: Scenario,
    b: Scenario,
    figures: tuple[PublishedRate, ...] = (),
) -> AsyncIterator[ABResult]:
    """The result of a small run of each side, then of the same with the first draws.

    The states at which scenarios part are kept for these draws, so that a changed lever is quick.
    """
    sizes = server.sizes
    query = ABQuery(
        a, b, server.name, sizes.quick_scale, sizes.draws, draw_scale=sizes.draw_scale,
        states=server.states, figures=figures,
    )  # fmt: skip
    await asyncio.to_thread(query.prepare)
    ask = partial(server.queue.ask, user, query.summarize)
    central = await ask(query.central, "quick", first=True)
    yield await asyncio.to_thread(complete_result, query, central, (), preliminary=True)
    if first := query.drawn(min(sizes.quick_draws, query.draws)):
        drawn = await ask(first, "quick")
        yield await asyncio.to_thread(complete_result, query, central, drawn, preliminary=True)


async def results(
    server: Server, user: str, a: Scenario, b: Scenario, begin: Callable[[int], None],
    step: Callable[[], None], figures: tuple[PublishedRate, ...] = (),
) -> AsyncIterator[ABResult]:  # fmt: skip
    """The preliminary results, then those of more and more draws, with full runs of each side.

    Parameters
    ----------
    figures : published rates that the visitor brought
    begin, step : called with the number of runs that follow the first draws, and after each
    """
    async for result in preliminary(server, user, a, b, figures):
        yield result
    sizes = server.sizes
    query = ABQuery(
        a,
        b,
        server.name,
        sizes.scale,
        sizes.draws,
        draw_scale=sizes.draw_scale,
        keep=True,
        figures=figures,
    )
    await asyncio.to_thread(query.prepare)
    n, first = len(query.central), min(sizes.quick_draws, query.draws)
    steps = [*range(first + sizes.step, query.draws, sizes.step), query.draws]
    begin(n + len(query.drawn(query.draws)))
    central: list[RunSummary] = []
    drawn: list[RunSummary] = []
    for number in steps:
        new = query.drawn(number)[len(drawn) :]
        specs = [*new] if central else [*query.central, *new]
        runs = await server.queue.ask(user, query.summarize, specs, "full", step)
        central, drawn = central or runs[:n], [*drawn, *(runs if central else runs[n:])]
        last = number == query.draws
        yield await asyncio.to_thread(complete_result, query, central, drawn, preliminary=not last)


def complete_result(
    query: ABQuery, central: Sequence[RunSummary], drawn: Sequence[RunSummary], *,
    preliminary: bool,
) -> ABResult:  # fmt: skip
    """A result with what every view derives from it: it takes too long for the event loop."""
    result = ABResult.of(query, central, drawn, preliminary=preliminary)
    assert result.subject
    result.places(result.day)
    return result


def make_document(
    result: "PlanResult", form: str, lang: "Lang", runs: Path, setting: "Layout"
) -> tuple[str, bytes]:
    """The file name and content of a document, in a worker process: it takes seconds to draw.

    The run that it reports is saved first, so that the document can name it.

    Raises
    ------
    RequestError
        if a library is missing.
    """
    build.check_installed([form])
    plan, stored = result.both.scenario, StoredRuns.here()
    both = replace(result.both, scenario=stored(plan.spec))
    folder, _ = save_run(both, plan.spec, result.verdicts, result.delivery, runs, stored)
    saved = replace(result, run=folder.name)
    name = build.file_name(saved, lang, setting)
    return f"{name}.{form}", build.documents(saved, [form], lang, setting)[form]
