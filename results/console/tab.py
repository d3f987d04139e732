"""One browser tab: its session, the errors that it shows, and its computations."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from datetime import date
from functools import partial
from typing import Any

from nicegui import ui

from xiancheng.calibration.errors import localized
from xiancheng.calibration.i18n import Words, _
from xiancheng.results.console.computation import Server
from xiancheng.results.console.edits import ScenarioEdit
from xiancheng.results.console.session import Session
from xiancheng.results.console.widgets import button, element, set_prop, text, write
from xiancheng.scenarios.ensemble import RunSummary, Summaries, Summarize
from xiancheng.scenarios.run_spec import RunSpec
from xiancheng.scenarios.trunk import simulate_together

log = logging.getLogger(__name__)

REFRESH = 0.5  # seconds between two updates of a progress bar
PACED = 4  # runs from which the time that is left can be told


class Tab:
    """What views may use of their page."""

    alerts: ui.html  # made by the page
    pick_place: Callable[[str], None]  # takes the code of a county; made by the page
    edit: Callable[[Callable[[ScenarioEdit], ScenarioEdit]], None]  # changes A; likewise

    def __init__(self, server: Server, session: Session) -> None:
        self.server, self.session, self.say = server, session, session.say
        self.client = ui.context.client

    def alert(self, message: str) -> None:
        """Show an error; an empty message removes it."""
        write(self.alerts, message)

    def guarded(self, action: Callable[[], None]) -> bool:
        """Do something, and whether it was done; an error that a user can correct is shown."""
        try:
            action()
        except Exception as error:
            message = localized(error, self.session.lang)
            if message is None:
                raise
            with self.client:
                self.alert(message)
            return False
        return True

    def report(self, error: Exception) -> None:
        """Show an error of a computation."""
        if self.client.is_deleted:
            return
        message = localized(error, self.session.lang)
        if message is None:
            log.error("computation failed", exc_info=error)
            message = self.say(_("The computation failed; try again"))
        with self.client:
            self.alert(message)


class Computation:
    """A computation with a progress bar and a cancel button; another one replaces it.

    Parameters
    ----------
    counted : the message counts the runs, and screen readers are not told of it
    cancel : is called by the button; by default the computation is cancelled and no more
    """

    def __init__(
        self, tab: Tab, label: Words, cancel_label: Words, *, counted: bool = False,
        cancel: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        self._tab, self._counted = tab, counted
        self._task: asyncio.Task[None] | None = None
        with element("span", "progress") as self._frame:
            self._text = text("")
            if not counted:
                self._text.props("role=status")
            self._bar = element("progress", max=1, value=0, aria_label=tab.say(label))
            button(tab.say(cancel_label), cancel or self.cancel)
        self._frame.set_visibility(False)

    @property
    def running(self) -> bool:
        """Whether it is under way."""
        return self._task is not None and not self._task.done()

    def start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start; what ran before is cancelled."""
        self.cancel()
        self._message, self._done = "", 0
        set_prop(self._bar, "value", 0)
        self._frame.set_visibility(True)
        self._task = asyncio.create_task(self._run(work))

    def begin(self, message: Words, total: int) -> None:
        """A stage of so many runs begins."""
        self._message, self._total, self._done = self._tab.say(message), total, 0
        self._begun = self._shown = time.monotonic()
        self._show()

    def step(self) -> None:
        """Count one run as done."""
        self._done += 1
        if time.monotonic() - self._shown > REFRESH:
            self._shown = time.monotonic()
            self._show()

    def cancel(self) -> None:
        """Cancel what runs."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._hide()

    def _show(self) -> None:
        if self._tab.client.is_deleted:
            return
        message = self._message
        if self._counted:
            message += f" {self._done}/{self._total}"
            if self._done >= PACED:
                pace = (time.monotonic() - self._begun) / self._done
                left = f"{pace * (self._total - self._done):.0f}"
                message += self._tab.say(_(", about {left} s left", left=left))
        with self._tab.client:
            write(self._text, message)
            set_prop(self._bar, "max", max(self._total, 1))
            set_prop(self._bar, "value", self._done)

    def _hide(self) -> None:
        if not self._tab.client.is_deleted:
            with self._tab.client:
                write(self._text, "")
                self._frame.set_visibility(False)

    async def _run(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        own = asyncio.current_task()
        try:
            await work()
        except Exception as error:
            self._tab.report(error)
        finally:
            if self._task is own:
                self._hide()


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
