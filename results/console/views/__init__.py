"""The views of the page, by the keys of `session.VIEWS`."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from xiancheng.results.console.view_model import ViewModel
from xiancheng.results.console.views import tables
from xiancheng.results.console.views.attribution import Attribution
from xiancheng.results.console.views.compare import Compare
from xiancheng.results.console.views.context import ViewContext
from xiancheng.results.console.views.movers import Movers
from xiancheng.results.console.views.overview import Overview


class View(Protocol):
    """What shows a result; one that computes also has a `job`."""

    def show(self, model: ViewModel, /) -> None:
        """Write what it shows anew."""


MAKERS: dict[str, Callable[[ViewContext], View]] = {
    "overview": Overview,
    "compare": Compare,
    "attribution": Attribution,
    "growth": tables.Growth,
    "movers": Movers,
    "delivery": partial(tables.TableView, tables.delivery),
    "assumptions": partial(tables.TableView, tables.assumptions),
    "validation": partial(tables.TableView, tables.validated),
}
