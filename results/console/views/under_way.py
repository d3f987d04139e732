"""A computation that one view began: its progress, and how it is taken back."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from xiancheng.calibration.i18n import _
from xiancheng.results.console.native import button, element, set_prop, text, write

if TYPE_CHECKING:
    from xiancheng.results.console.page import Page


class UnderWay:
    """A progress bar with a cancel button; hidden while nothing runs."""

    def __init__(self, page: "Page") -> None:
        self._page = page
        self._task: asyncio.Task[None] | None = None
        self._of = self._done = 0
        say = page.session.say
        with element("div", "status") as self._line:
            self._text = text("", name="span").props("role=status")
            self._bar = element("progress", max=1, value=0, aria_label=say(_("progress")))
            button(say(_("Cancel")), lambda __: self.stop())
        self._line.set_visibility(False)

    def begin(self, what: str, of: int, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin; what ran before is taken back."""
        self.stop()
        self._of, self._done = of, 0
        write(self._text, what)
        set_prop(self._bar, "max", max(of, 1))
        set_prop(self._bar, "value", 0)
        self._line.set_visibility(True)
        self._task = asyncio.create_task(self._run(work))

    def step(self) -> None:
        """One run is done."""
        self._done += 1
        if self._done % max(1, self._of // 40) == 0 and not self._page.client.is_deleted:
            with self._page.client:
                set_prop(self._bar, "value", self._done)

    def stop(self) -> None:
        """Take back what runs."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._line.set_visibility(False)

    async def _run(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        me = asyncio.current_task()
        try:
            await work()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self._page.told(error)
        finally:
            if self._task is me and not self._page.client.is_deleted:
                self._line.set_visibility(False)
