"""The views of the page, by the key that stands in its address."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.console.shown import Shown
from xiancheng.results.console.views.attribution import Attribution
from xiancheng.results.console.views.compare import Compare
from xiancheng.results.console.views.growth import Growth
from xiancheng.results.console.views.movers import Movers
from xiancheng.results.console.views.overview import Overview
from xiancheng.results.console.views.tables import Assumptions, Delivery, Validation

if TYPE_CHECKING:
    from xiancheng.results.console.page import Page


class View(Protocol):
    """Something that shows an answer."""

    def show(self, shown: Shown, /) -> None:
        """Write what it shows anew."""

    def stop(self) -> None:
        """Take back what it has under way."""


@dataclass(frozen=True)
class Entry:
    """A view: its title in both languages, and how it is made."""

    title: Words
    make: "Callable[[Page], View]"


VIEWS = {
    "overview": Entry(_("Overview"), Overview),
    "compare": Entry(_("Compare"), Compare),
    "attribution": Entry(_("Attribution"), Attribution),
    "growth": Entry(_("Growth by cause"), Growth),
    "movers": Entry(_("Who moves"), Movers),
    "delivery": Entry(_("Delivery", "view"), Delivery),
    "assumptions": Entry(_("Assumptions"), Assumptions),
    "validation": Entry(_("Validation"), Validation),
}
