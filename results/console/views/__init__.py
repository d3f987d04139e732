"""The larger part of the page: which view is open, of which place and day, and the view itself."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Protocol

from xiancheng.calibration.i18n import _
from xiancheng.results.console.downloads import serve_tables
from xiancheng.results.console.session import VIEWS
from xiancheng.results.console.tab import Tab
from xiancheng.results.console.view_model import ViewModel
from xiancheng.results.console.views import tables
from xiancheng.results.console.views.attribution import Attribution
from xiancheng.results.console.views.compare import Compare
from xiancheng.results.console.views.goal import GoalView
from xiancheng.results.console.views.movers import MoversView
from xiancheng.results.console.views.overview import Overview
from xiancheng.results.console.views.sweep import SweepView
from xiancheng.results.console.widgets import (
    button,
    element,
    select,
    set_choices,
    set_prop,
    set_values,
    text,
)
from xiancheng.scenarios.outcome import Group


class View(Protocol):
    """What shows a result; one that computes also has a `job`."""

    def show(self, model: ViewModel, /) -> None:
        """Write what it shows anew."""


MAKERS: dict[str, Callable[[Tab], View]] = {
    "overview": Overview,
    "compare": Compare,
    "attribution": Attribution,
    "goal": GoalView,
    "growth": tables.GrowthView,
    "movers": MoversView,
    "delivery": partial(tables.TableView, tables.delivery),
    "sweep": SweepView,
    "assumptions": partial(tables.TableView, tables.assumptions),
    "validation": partial(tables.TableView, tables.validated),
}


class Content:
    """The larger part of a page: tabs of views, the chosen place and day, and the open view.

    Parameters
    ----------
    changed : is called when another place, day or view was chosen
    stamp : what the shown numbers rest on, in words
    """

    def __init__(
        self, tab: Tab, places: Sequence[Group], changed: Callable[[], None],
        stamp: Callable[[], str],
    ) -> None:  # fmt: skip
        self._tab, self._session, self._changed = tab, tab.session, changed
        self._codes = [str(group.code) for group in places]
        self._view: View | None = None
        self._open = self._session.view  # key of the view that is open
        self._days: list[str] = []
        say, lang = tab.say, self._session.lang
        with element("nav", "views", aria_label=say(_("Views"))):
            self._buttons = {
                key: button(title.text(lang), partial(self._pick_view, key))
                for key, title in VIEWS.items()
            }
            with element("label", "place"):
                text(say(_("Place")))
                names = {str(i): group.text(lang) for i, group in enumerate(places)}
                chosen = str(self._session.group)
                self._place = select(say(_("Place")), {"": names}, chosen, self._picked_place)
            with element("label", "place day"):
                self._day = select(say(_("Date")), {}, "", self._picked_day)
        self._area = element("div", "view")
        serve_tables(self._area, self._session.tables, lang, stamp)
        self._mark_view()
        with self._area:
            text(say(_("Getting ready…")), name="p", cls="loading")

    def set_busy(self, busy: bool) -> None:
        """Whether what is shown will soon be replaced."""
        set_prop(self._area, "aria-busy", "true" if busy else "false")

    def cancel(self) -> None:
        """Cancel what the open view computes."""
        if (job := getattr(self._view, "job", None)) is not None:
            job.cancel()

    def show(self, model: ViewModel) -> None:
        """Write the chosen view, from a result."""
        days = [str(day) for day in model.days]
        if days != self._days:
            self._days = days
            set_choices(self._day, {"": dict(zip(days, days, strict=True))}, str(model.day))
        set_values({self._day: str(model.day)})
        if self._view is None or self._open != self._session.view:
            self.cancel()
            self._area.clear()
            self._open = self._session.view
            with self._area:
                self._view = MAKERS[self._open](self._tab)
        self._session.tables.clear()
        self._view.show(model)

    def pick_place(self, code: str) -> None:
        """Choose a place by its code."""
        if code in self._codes:
            index = str(self._codes.index(code))
            set_values({self._place: index})
            self._picked_place(index)

    def _picked_place(self, index: str) -> None:
        self._session.group = int(index)
        self._changed()

    def _picked_day(self, day: str) -> None:
        if day in self._days:
            self._session.day = date.fromisoformat(day)
            self._changed()

    def _pick_view(self, key: str) -> None:
        self._session.view = key
        self._mark_view()
        self._changed()

    def _mark_view(self) -> None:
        for key, each in self._buttons.items():
            set_prop(each, "aria-current", "true" if key == self._session.view else "false")
