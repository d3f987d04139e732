"""Views that are tables and sentences: delivery, assumptions, validation."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING

from xiancheng.calibration.i18n import _
from xiancheng.results.console.markup import Markup, joined, tag
from xiancheng.results.console.native import area, write
from xiancheng.results.console.shown import Shown, as_table
from xiancheng.results.tables import assumptions, delivery, validation

if TYPE_CHECKING:
    from xiancheng.results.console.page import Page


class Tables(ABC):
    """A view without controls of its own."""

    def __init__(self, page: "Page") -> None:
        self._area = area()

    def show(self, shown: Shown) -> None:
        """Write everything."""
        write(self._area, joined(self.parts(shown)))

    def stop(self) -> None:  # noqa: B027 (views that compute say more)
        """Nothing is under way here."""

    @abstractmethod
    def parts(self, shown: Shown) -> Iterator[Markup]:
        """What stands in the view, in order."""


class Delivery(Tables):
    """What was promised, and what is delivered of it by county and by indicator."""

    def parts(self, shown: Shown) -> Iterator[Markup]:
        """Counties first, then every indicator."""
        told = shown.answer.subject
        if shown.foreign or shown.answer.carries_nothing_out:
            foreign = shown.say(
                _(
                    "{a_title}: tasks and deadlines of the plan are another region's.",
                    a_title=shown.a_title,
                )
            )
            nothing = shown.say(_("Scenario A carries nothing out."))
            yield tag("p", nothing if shown.answer.carries_nothing_out else foreign, cls="card")
            return
        yield tag("p", delivery.summary(told, shown.lang), cls="card")
        yield as_table(delivery.effort(told, shown.lang))
        yield as_table(delivery.table(told, shown.lang))


class Assumptions(Tables):
    """Every assumed number with its range and grade, and the caveats of the plan."""

    def parts(self, shown: Shown) -> Iterator[Markup]:
        """Caveats first: they are what a reader has to know."""
        told, lang = shown.answer.subject, shown.lang
        lines = [tag("li", tag("strong", n), " ", c.said(lang)) for n, c in told.caveats.items()]
        title = shown.say(_("Caveats of the plan"))
        if lines:
            yield tag("section", tag("h2", title), tag("ul", *lines, cls="remarks"),
                      cls="card below")  # fmt: skip
        yield tag("p", assumptions.summary(told, lang), cls="card below")
        for table in (assumptions.parameters, assumptions.doses, assumptions.region):
            yield as_table(table(told, lang))


class Validation(Tables):
    """The hindcast as it is, good or bad; or that there is none."""

    def parts(self, shown: Shown) -> Iterator[Markup]:
        """What is known of the accuracy of the model."""
        told, lang = shown.answer.subject, shown.lang
        yield tag("p", validation.sentence(told, lang), cls="card below")
        for table in (validation.recorded(told, lang), validation.against_census(told, lang)):
            if table is not None:
                yield as_table(table)
