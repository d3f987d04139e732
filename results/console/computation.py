"""What a tab computes: A and B from a small run at once, then at full scale; and documents."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xiancheng.results.console.jobs import JobQueue
from xiancheng.results.console.library import Library
from xiancheng.results.console.result import ABQuery, ABResult
from xiancheng.scenarios.ensemble import RunSummary
from xiancheng.scenarios.scenario_files import Scenario

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region
    from xiancheng.results.tables.plan_result import PlanResult
    from xiancheng.results.tables.table import Lang

FORMATS = {
    "docx": "Word", "pdf": "PDF", "xlsx": "Excel", "html": "HTML", "geojson": "GeoJSON",
    "gpkg": "GeoPackage",
}  # fmt: skip


@dataclass(frozen=True)
class Sizes:
    """How large the two stages are: scale in rows per resident, and number of draws."""

    quick_scale: float = 0.02
    quick_draws: int = 16
    scale: float = 1.0
    draws: int = 40


@dataclass(frozen=True)
class Server:
    """What all tabs share."""

    queue: JobQueue
    region: "Region"
    name: str  # of the region, or its folder
    library: Library
    runs: Path  # where the runs of documents are saved
    sizes: Sizes


async def preliminary(
    server: Server, user: str, a: Scenario, b: Scenario
) -> AsyncIterator[ABResult]:
    """The result of a small run of each side, then of the same with draws."""
    query = ABQuery(a, b, server.name, server.sizes.quick_scale, server.sizes.quick_draws)
    await asyncio.to_thread(query.prepare)
    ask = partial(server.queue.ask, user, query.summarize)
    central = await ask(query.central, "quick", first=True)
    yield await asyncio.to_thread(complete_result, query, central, (), preliminary=True)
    if query.draws:
        drawn = await ask(query.drawn, "quick")
        yield await asyncio.to_thread(complete_result, query, central, drawn, preliminary=True)


async def results(
    server: Server, user: str, a: Scenario, b: Scenario, begin: Callable[[int], None],
    step: Callable[[], None],
) -> AsyncIterator[ABResult]:  # fmt: skip
    """The preliminary results, then that at full scale.

    Parameters
    ----------
    begin, step : called with the number of runs at full scale, and after each of them
    """
    async for result in preliminary(server, user, a, b):
        yield result
    query = ABQuery(a, b, server.name, server.sizes.scale, server.sizes.draws, keep=True)
    specs, n = await asyncio.to_thread(query.prepare), len(query.central)
    begin(len(specs))
    runs = await server.queue.ask(user, query.summarize, specs, "full", step)
    yield await asyncio.to_thread(complete_result, query, runs[:n], runs[n:], preliminary=False)


def complete_result(
    query: ABQuery, central: Sequence[RunSummary], drawn: Sequence[RunSummary], *,
    preliminary: bool,
) -> ABResult:  # fmt: skip
    """A result with what every view derives from it: it takes too long for the event loop."""
    result = ABResult.of(query, central, drawn, preliminary=preliminary)
    assert result.subject
    result.places(result.day)
    return result


def make_document(result: "PlanResult", form: str, lang: "Lang", runs: Path) -> tuple[str, bytes]:
    """The file name and content of a document, in a worker process: it takes seconds to draw.

    The run that it reports is saved first, so that the document can name it.

    Raises
    ------
    RequestError
        if a library is missing.
    """
    from xiancheng.results.report import build
    from xiancheng.results.store.cache import StoredRuns, save_run

    build.check_installed([form])
    plan, stored = result.both.scenario, StoredRuns.here()
    outcome = stored(plan.spec)
    folder, _ = save_run(outcome, plan.spec, result.verdicts, result.delivery, runs, stored)
    saved = replace(result, run=folder.name)
    return f"{build.file_name(saved, lang)}.{form}", build.documents(saved, [form], lang)[form]
