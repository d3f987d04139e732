"""Runs of an analysis, made by the job queue while the analysis waits in a thread of its own."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial

from xiancheng.results.console.tab import Tab
from xiancheng.scenarios.ensemble import RunSummary, Summaries, Summarize
from xiancheng.scenarios.run_spec import RunSpec
from xiancheng.scenarios.trunk import simulate_together


class QueuedSummaries(Summaries):
    """Summaries that the job queue makes, asked for from a thread of its own."""

    def __init__(self, tab: Tab, step: Callable[[], None], spec: RunSpec, day: date) -> None:
        super().__init__(spec, day, jobs=1)
        self._queue, self._user, self._step = tab.server.queue, tab.client.id, step
        self._loop = asyncio.get_running_loop()
        run = partial(simulate_together, states=tab.server.states)
        self._summarize = Summarize(day, run=run)

    def read(
        self, specs: Sequence[RunSpec], done: Callable[[], None] = lambda: None
    ) -> list[RunSummary]:
        """The summary of each run."""
        assert all(spec.outcome_key for spec in specs)  # cached here, not on the event loop
        self._future = asyncio.run_coroutine_threadsafe(
            self._queue.ask(self._user, self._summarize, specs, "full", self._step), self._loop
        )
        self.simulated += len(specs)
        return self._future.result()

    def cancel(self) -> None:
        """Withdraw the runs that were asked for."""
        if hasattr(self, "_future"):
            self._future.cancel()
