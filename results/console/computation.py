"""What a tab computes: A and B from a small run at once, then at full scale; and documents."""

import asyncio
import time
from collections.abc import Callable, Sequence
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

REFRESH = 0.5  # seconds between two updates of a progress bar
FORMATS = {"docx": "Word", "pdf": "PDF", "xlsx": "Excel", "html": "HTML"}


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


@dataclass
class Progress:
    """How far a stage is."""

    total: int
    done: int = 0
    started: float = 0.0

    @property
    def seconds_left(self) -> float | None:
        """From the pace so far; None before there is one."""
        if self.done < 4:
            return None
        return (time.monotonic() - self.started) / self.done * (self.total - self.done)


def complete_result(
    query: ABQuery, central: Sequence[RunSummary], drawn: Sequence[RunSummary], *,
    preliminary: bool,
) -> ABResult:  # fmt: skip
    """A result with what every view derives from it: it takes too long for the event loop."""
    result = ABResult.of(query, central, drawn, preliminary=preliminary)
    assert result.subject
    result.places(result.day)
    return result


class ABComputation:
    """Computes A and B for one tab; a new request replaces the one under way."""

    def __init__(
        self, server: Server, user: str, show: Callable[[ABResult], None],
        on_progress: Callable[[Progress | None], None], on_error: Callable[[Exception], None],
    ) -> None:  # fmt: skip
        self._server, self._user = server, user
        self._show, self._on_progress, self._on_error = show, on_progress, on_error
        self._task: asyncio.Task[None] | None = None
        self.result: ABResult | None = None  # the last that was shown

    def start(self, a: Scenario, b: Scenario) -> None:
        """Compute these scenarios."""
        self.cancel()
        self._task = asyncio.create_task(self._compute(a, b))

    def cancel(self) -> None:
        """Cancel what is under way; the last result stays."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _compute(self, a: Scenario, b: Scenario) -> None:
        sizes = self._server.sizes
        try:
            await self.preliminary(a, b)
            await self._full(
                ABQuery(a, b, self._server.name, sizes.scale, sizes.draws, keep=True)
            )  # fmt: skip
        except Exception as error:
            self._on_error(error)
        finally:
            self._on_progress(None)

    async def preliminary(self, a: Scenario, b: Scenario) -> None:
        """Show a small run of each side, then the same with draws."""
        server, sizes = self._server, self._server.sizes
        query = ABQuery(a, b, server.name, sizes.quick_scale, sizes.quick_draws)
        await asyncio.to_thread(query.prepare)
        ask = partial(server.queue.ask, self._user, query.summarize)
        central = await ask(query.central, "quick", first=True)
        await self._shown(query, central, preliminary=True)
        if query.draws:
            drawn = await ask(query.drawn, "quick")
            await self._shown(query, central, drawn, preliminary=True)

    async def _full(self, query: ABQuery) -> None:
        specs, n = await asyncio.to_thread(query.prepare), len(query.central)
        progress, updated = Progress(len(specs), started=time.monotonic()), 0.0

        def step() -> None:
            nonlocal updated
            progress.done += 1
            if time.monotonic() - updated > REFRESH:
                updated = time.monotonic()
                self._on_progress(progress)

        self._on_progress(progress)
        runs = await self._server.queue.ask(self._user, query.summarize, specs, "full", step)
        await self._shown(query, runs[:n], runs[n:], preliminary=False)

    async def _shown(
        self, query: ABQuery, central: Sequence[RunSummary], drawn: Sequence[RunSummary] = (), *,
        preliminary: bool,
    ) -> None:  # fmt: skip
        self.result = await asyncio.to_thread(
            complete_result, query, central, drawn, preliminary=preliminary
        )
        self._show(self.result)


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
