"""Views of tables and sentences: growth by cause, delivery, assumptions, validation."""

from collections.abc import Callable, Iterator

from markupsafe import Markup

from xiancheng.calibration.i18n import _
from xiancheng.results.console import charts
from xiancheng.results.console.downloads import Picture
from xiancheng.results.console.tab import Tab
from xiancheng.results.console.view_model import ViewModel
from xiancheng.results.console.widgets import area, bulleted, element, joined, tag, write
from xiancheng.results.tables import assumptions as assumed
from xiancheng.results.tables import counties, labels, validation, verdicts
from xiancheng.results.tables import delivery as promised
from xiancheng.results.tables.table import Column


class GrowthView:
    """Why towns grow: by year as columns and a table, and for each target to its deadline."""

    def __init__(self, tab: Tab) -> None:
        with element("section", "card"):
            self._chart = Picture("tall")
        self._table = area(cls="below")

    def show(self, model: ViewModel) -> None:
        """Write everything."""
        chart = counties.causes_chart(model.result.subject, model.group, model.lang)
        table, causes = chart.table, [c for c in chart.table.columns if c.key in labels.GROWTH]
        parts = {cause.label: table.column(cause.key)[:-1] for cause in causes}  # the last: the sum
        options = charts.stacked(chart.description, table.column("year")[:-1], parts)
        heading = Column("", table.title, causes[0].unit).header
        self._chart.show(options, chart.description, model.lang, heading)
        subject = model.result.subject
        made_of = [model.table(verdicts.parts(subject, model.lang))] if subject.judged else []
        write(self._table, model.table(table), *made_of)


class TableView:
    """A view without controls of its own, from a function that gives its parts in order."""

    def __init__(self, parts: Callable[[ViewModel], Iterator[Markup]], tab: Tab) -> None:
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
        elsewhere = _("{a_title}: tasks and deadlines of the plan are another region's.",
                      a_title=model.a_title)  # fmt: skip
        yield tag("p", say(elsewhere), cls="card")
    else:
        yield tag("p", " ".join(promised.summary(subject, model.lang)), cls="card")
        yield model.table(promised.effort(subject, model.lang))
        yield model.table(promised.table(subject, model.lang))


def assumptions(model: ViewModel) -> Iterator[Markup]:
    """The caveats of the plan, and every assumed number with its range and grade."""
    subject, lang = model.result.subject, model.lang
    caveats = [
        joined([tag("strong", name), " ", each.text(lang)])
        for name, each in subject.caveats.items()
    ]
    if caveats:
        title = model.say(_("Caveats of the plan"))
        yield tag("section", tag("h2", title), bulleted(caveats), cls="card below")
    yield tag("p", assumed.summary(subject, lang), cls="card below")
    for table in (assumed.parameters, assumed.doses, assumed.region):
        yield model.table(table(subject, lang))


def validated(model: ViewModel) -> Iterator[Markup]:
    """What is known of the accuracy of the model: its hindcast, or that there is none."""
    subject, lang = model.result.subject, model.lang
    yield tag("p", validation.sentence(subject, lang), cls="card below")
    for table in (validation.recorded(subject, lang), validation.against_census(subject, lang)):
        if table is not None:
            yield model.table(table)
