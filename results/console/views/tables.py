"""Views of tables and sentences: growth by cause, delivery, assumptions, validation."""

from collections.abc import Callable, Iterator

from markupsafe import Markup
from nicegui import ui

from xiancheng.calibration.i18n import _
from xiancheng.results.console import charts
from xiancheng.results.console.markup import joined, listed, tag
from xiancheng.results.console.view_model import ViewModel, as_table
from xiancheng.results.console.views.context import ViewContext
from xiancheng.results.console.widgets import area, draw, element, write
from xiancheng.results.tables import assumptions as assumed
from xiancheng.results.tables import counties, labels, validation
from xiancheng.results.tables import delivery as promised


class GrowthView:
    """Why towns grow: natural growth, migration and recoding, as columns by year and a table."""

    def __init__(self, context: ViewContext) -> None:
        with element("section", "card"):
            self._title = area()
            self._chart = ui.echart({}).classes("chart tall")
        self._table = area(cls="below")

    def show(self, model: ViewModel) -> None:
        """Write everything."""
        table = counties.causes(model.result.subject, model.group, model.lang)
        years = table.rows[:-1]  # the last is their sum
        parts = {
            labels.label("causes", cause, model.lang): [
                float(row[i] or 0)  # type: ignore[arg-type]
                for row in years
            ]
            for i, cause in enumerate(labels.GROWTH, 1)
        }
        unit = labels.label("units", "persons", model.lang)
        heading = model.say(_("{title} ({unit})", title=table.title, unit=unit))
        write(self._title, tag("h2", heading))
        options = charts.stacked(table.title, [str(row[0]) for row in years], parts)
        draw(self._chart, options, table.title)
        write(self._table, as_table(table))


class TableView:
    """A view without controls of its own, from a function that gives its parts in order."""

    def __init__(
        self, parts: Callable[[ViewModel], Iterator[Markup]], context: ViewContext
    ) -> None:
        self._parts, self._area = parts, area()

    def show(self, model: ViewModel) -> None:
        """Write everything."""
        write(self._area, *self._parts(model))


def delivery(model: ViewModel) -> Iterator[Markup]:
    """What was promised, and what is delivered of it, by county and by indicator."""
    subject, say = model.result.subject, model.say
    if not model.result.has_plan:
        yield tag("p", say(_("Scenario A carries nothing out.")), cls="card")
    elif model.foreign:
        foreign = say(
            _(
                "{a_title}: tasks and deadlines of the plan are another region's.",
                a_title=model.a_title,
            )
        )
        yield tag("p", foreign, cls="card")
    else:
        yield tag("p", " ".join(promised.summary(subject, model.lang)), cls="card")
        yield as_table(promised.effort(subject, model.lang))
        yield as_table(promised.table(subject, model.lang))


def assumptions(model: ViewModel) -> Iterator[Markup]:
    """The caveats of the plan, and every assumed number with its range and grade."""
    subject, lang = model.result.subject, model.lang
    caveats = [
        joined([tag("strong", name), " ", each.text(lang)])
        for name, each in subject.caveats.items()
    ]
    if caveats:
        title = model.say(_("Caveats of the plan"))
        yield tag("section", tag("h2", title), listed(caveats, "remarks"), cls="card below")
    yield tag("p", assumed.summary(subject, lang), cls="card below")
    for table in (assumed.parameters, assumed.doses, assumed.region):
        yield as_table(table(subject, lang))


def validated(model: ViewModel) -> Iterator[Markup]:
    """What is known of the accuracy of the model: its hindcast, or that there is none."""
    subject, lang = model.result.subject, model.lang
    yield tag("p", validation.sentence(subject, lang), cls="card below")
    for table in (validation.recorded(subject, lang), validation.against_census(subject, lang)):
        if table is not None:
            yield as_table(table)
