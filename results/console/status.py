"""The line of a page that says what its numbers rest on, and how far the next ones are."""

from typing import TYPE_CHECKING

from xiancheng.calibration.i18n import _
from xiancheng.results.console.native import button, element, set_prop, text, write
from xiancheng.results.console.study import Progress

if TYPE_CHECKING:
    from xiancheng.results.console.markup import Markup
    from xiancheng.results.console.page import Page


class Status:
    """What went wrong, what is shown, and the progress with its cancel button."""

    def __init__(self, page: "Page", problem: str) -> None:
        self._say = say = page.session.say
        self._alert = text(problem, name="div", cls="alert").props("role=alert")
        with element("div", "status"):
            with element("div", role="status", aria_live="polite"):
                self._basis = text(say(_("Computing a preliminary answer…")))
            progress = say(_("Progress of the ensemble"))
            self._bar = element("progress", max=1, value=0, aria_label=progress)
            self._left = text("")
            self._cancel = button(say(_("Cancel", "computation")), lambda __: page.cancel())
            self._again = button(say(_("Compute at full scale")), lambda __: page.ask())
            self._again.set_visibility(False)

    def alert(self, message: str) -> None:
        """Tell what went wrong, or that nothing does any more."""
        write(self._alert, message)

    def rests_on(self, basis: "Markup") -> None:
        """Say what the numbers that are shown rest on."""
        write(self._basis, basis)

    def begun(self) -> None:
        """A computation begins."""
        self._again.set_visibility(False)
        self._cancel.set_visibility(True)
        write(self._basis, self._say(_("Computing a preliminary answer…")))

    def cancelled(self) -> None:
        """It was taken back; what is shown stays."""
        before = _("Cancelled: what is shown is from before")
        write(self._basis, self._say(before))
        self.idle()
        self._again.set_visibility(True)

    def progress(self, progress: Progress) -> None:
        """How far the ensemble is."""
        self._bar.set_visibility(True)
        set_prop(self._bar, "max", progress.of)
        set_prop(self._bar, "value", progress.done)
        counted = self._say(
            _("full-scale ensemble {done}/{of}", done=progress.done, of=progress.of)
        )
        if progress.left is not None:
            left = f"{progress.left:.0f}"
            counted += self._say(_(", about {left} s left", left=left))
        write(self._left, counted)

    def idle(self) -> None:
        """Nothing is under way."""
        self._bar.set_visibility(False)
        self._cancel.set_visibility(False)
        write(self._left, "")
