"""The larger part of a page: which view is open, of which place, and the view itself."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from xiancheng.calibration.i18n import _
from xiancheng.results.console import views
from xiancheng.results.console.native import button, element, fill, put, select, set_prop, text
from xiancheng.results.console.shown import Shown
from xiancheng.scenarios.outcome import Group

if TYPE_CHECKING:
    from xiancheng.results.console.page import Page


class Content:
    """Tabs of views, the place looked at, and the open view."""

    def __init__(self, page: "Page", places: Sequence[Group]) -> None:
        self._page, self._session, self._places = page, page.session, places
        self._view: views.View | None = None
        say, lang = self._session.say, self._session.lang
        with element("nav", "views", aria_label=say(_("Views"))):
            self._tabs = {
                key: button(say(view.title), self._opening(key))
                for key, view in views.VIEWS.items()
            }
            with element("label", "place"):
                text(say(_("Place")))
                names = {str(i): g.said(lang) for i, g in enumerate(places)}
                chosen = str(self._session.group)
                self._where = select(say(_("Place")), {"": names}, chosen, self._went)
            with element("label", "place day"):
                self._day = select(say(_("Date")), {}, "", self._dated)
            self._days: list[str] = []
        self._area = element("div", "view")
        self._mark_tab()
        with self._area:
            text(say(_("Getting ready…")), name="p", cls="loading")

    def busy(self, is_busy: bool) -> None:
        """Whether what is shown will soon be replaced."""
        set_prop(self._area, "aria-busy", "true" if is_busy else "false")

    def stop(self) -> None:
        """Take back what the open view has under way."""
        if self._view is not None:
            self._view.stop()

    def render(self) -> None:
        """Write the open view anew, from the last answer."""
        if self._page.study.answer is None:
            return
        shown = Shown(self._session, self._page.study.answer)
        days = [str(day) for day in shown.days]
        if days != self._days:
            self._days = days
            fill(self._day, {"": dict(zip(days, days, strict=True))}, str(shown.day))
        put({self._day: str(shown.day)})
        self._page.status.rests_on(shown.basis())
        if self._view is None:
            self._fill()
        else:
            self._view.show(shown)

    def went_to(self, code: str) -> None:
        """Look at the county that was clicked on a map."""
        codes = [str(group.code) for group in self._places]
        if code in codes:
            index = str(codes.index(code))
            put({self._where: index})
            self._went(index)

    def _went(self, index: str) -> None:
        self._session.group = int(index)
        self._page.write_address()
        self.render()

    def _dated(self, day: str) -> None:
        if day in self._days:
            self._session.day = date.fromisoformat(day)
            self._page.write_address()
            self.render()

    def _opening(self, key: str) -> Callable[[object], None]:
        def opened(_: object) -> None:
            self._session.view = key
            self._mark_tab()
            self._page.write_address()
            self._fill()

        return opened

    def _fill(self) -> None:
        """Open the chosen view."""
        if self._page.study.answer is None:
            return
        self.stop()
        self._area.clear()
        with self._area:
            self._view = views.VIEWS[self._session.view].make(self._page)
            self._view.show(Shown(self._session, self._page.study.answer))

    def _mark_tab(self) -> None:
        for key, tab in self._tabs.items():
            if key == self._session.view:
                tab.props["aria-current"] = "true"
            else:
                tab.props.pop("aria-current", None)
            tab.update()
