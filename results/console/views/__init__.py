"""The views of the page, by the key that stands in its address."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

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

    title: tuple[str, str]
    make: "Callable[[Page], View]"


VIEWS = {
    "overview": Entry(("总览", "Overview"), Overview),
    "compare": Entry(("比较", "Compare"), Compare),
    "attribution": Entry(("归因", "Attribution"), Attribution),
    "growth": Entry(("增长来源", "Growth by cause"), Growth),
    "movers": Entry(("谁在迁移", "Who moves"), Movers),
    "delivery": Entry(("指标交付", "Delivery"), Delivery),
    "assumptions": Entry(("假定", "Assumptions"), Assumptions),
    "validation": Entry(("检验", "Validation"), Validation),
}
