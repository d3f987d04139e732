"""What a view may use of its page, and a cancellable computation that a view starts."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from nicegui import Client

from xiancheng.calibration.i18n import _
from xiancheng.results.console.computation import Server
from xiancheng.results.console.session import Session
from xiancheng.results.console.widgets import ProgressBar, element


@dataclass(frozen=True)
class ViewContext:
    """What a view may use of its page."""

    session: Session
    server: Server
    client: Client
    pick_place: Callable[[str], None]  # takes the code of a county
    guarded: Callable[[Callable[[], None]], bool]  # does something; shows a user's error
    on_error: Callable[[Exception], None]  # shows an error of a computation


class ViewJob:
    """A computation with a progress bar and a cancel button."""

    def __init__(self, context: ViewContext) -> None:
        self._context, say = context, context.session.say
        self._task: asyncio.Task[None] | None = None
        self._message, self._total, self._done = "", 0, 0
        with element("div", "status"):
            self._bar = ProgressBar(
                say(_("progress")), say(_("Cancel")), self.cancel, announce=True
            )

    @property
    def running(self) -> bool:
        """Whether it is under way."""
        return self._task is not None and not self._task.done()

    def start(
        self, message: str, total: int, work: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        """Start; what ran before is cancelled."""
        self.cancel()
        self._message, self._total, self._done = message, total, 0
        self._bar.show(message, 0, total)
        self._task = asyncio.create_task(self._run(work))

    def step(self) -> None:
        """Count one run as done."""
        self._done += 1
        if self._done % max(1, self._total // 40) == 0 and not self._context.client.is_deleted:
            with self._context.client:
                self._bar.show(self._message, self._done, self._total)

    def cancel(self) -> None:
        """Cancel what runs."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._bar.hide()

    async def _run(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        own = asyncio.current_task()
        try:
            await work()
        except Exception as error:
            self._context.on_error(error)
        finally:
            if self._task is own and not self._context.client.is_deleted:
                self._bar.hide()
