"""Views of tables and sentences: growth by cause, delivery, assumptions, validation."""

from collections.abc import Callable, Iterator

from markupsafe import Markup

from xiancheng.calibration.i18n import _
from xiancheng.results.console import charts
from xiancheng.results.console.downloads import ChartFrame
from xiancheng.results.console.tab import Tab
from xiancheng.results.console.view_model import ViewModel
from xiancheng.results.console.widgets import area, bulleted, element, joined, tag, write
from xiancheng.results.tables import assumptions as assumed
from xiancheng.results.tables import counties, labels, validation, verdicts
from xiancheng.results.tables import plan_result as promised
from xiancheng.results.tables.table import Cell, Column, Table
from xiancheng.scenarios.outcome import PUBLISHED


class GrowthView:
    """Why towns grow: by year as columns and a table, and for each target to its deadline."""

    def __init__(self, tab: Tab) -> None:
        self._answer = area(cls="card answer")
        with element("section", "card below"):
            self._chart = ChartFrame("tall")
        self._table = area(cls="below")

    def show(self, model: ViewModel) -> None:
        """Write everything."""
        chart = counties.causes_chart(model.result.subject, model.group, model.lang)
        table, causes = chart.table, [c for c in chart.table.columns if c.key in labels.GROWTH]
        write(self._answer, tag("p", growth_answer(model, table), cls="lead"))
        parts = {cause.label: table.column(cause.key)[:-1] for cause in causes}  # the last: the sum
        options = charts.stacked(chart.description, table.column("year")[:-1], parts)
        heading = Column("", table.title, causes[0].unit).header
        self._chart.show(options, chart.description, model.lang, heading)
        subject = model.result.subject
        made_of = (
            [model.table(verdicts.parts(subject, model.lang, interval=False))]
            if subject.judged
            else []
        )
        write(self._table, model.table(table), *made_of)


def growth_answer(model: ViewModel, table: Table) -> str:
    """How far towns grow over the run, and by what, in a sentence."""

    def persons(value: Cell) -> str:
        return f"{round(float(value or 0), model.whole):+,.0f}"  # type: ignore[arg-type]

    *__, total = table.records()
    causes = [f"{c.label} {persons(total[c.key])}" for c in table.columns if c.key in labels.GROWTH]
    dates = model.result.outcome.dates
    return model.say(_(
        "{place}, {first} to {last}: urban residents {total}: {causes}.",
        place=model.group.text(model.lang), first=dates[0], last=dates[-1],
        total=persons(total["total"]), causes=labels.enumeration(causes, model.lang),
    ))  # fmt: skip


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
        yield tag("p", " ".join(promised.delivery_summary(subject, model.lang)), cls="card")
        yield model.table(promised.effort(subject, model.lang))
        yield model.table(promised.delivery_table(subject, model.lang))


def assumptions(model: ViewModel) -> Iterator[Markup]:
    """The ten parameters that matter most, then every assumed number, folded, and a find box."""
    subject, lang, say = model.result.subject, model.lang, model.say
    yield tag("p", assumed.summary(subject, lang), cls="card below")
    if found := correlations(model):
        place = model.group.text(lang)
        yield model.table(assumed.influence(subject, lang, found, model.result.draws, place))
    find = say(_("Find in all that follows"))
    yield tag(
        "p", tag("label", find, " ", tag("input", type="search", data_find="", cls="find")),
        tag("span", "", role="status", data_none=say(_("nothing found"))), cls="card below",
    )  # fmt: skip
    caveats = [
        joined([tag("strong", name), " ", each.text(lang)])
        for name, each in subject.caveats.items()
    ]
    if caveats:
        yield folded(say(_("Caveats of the plan")), len(caveats), bulleted(caveats))
    for table in (assumed.parameters(subject, lang, found), assumed.doses(subject, lang, found),
                  assumed.region(subject, lang)):  # fmt: skip
        yield folded(table.title, len(table.rows), model.table(table))


def correlations(model: ViewModel) -> dict[str, float]:
    """How parameters go with the effect of A in the chosen place, by name; empty if unknown."""
    result = model.result
    if not result.has_plan:
        return {}
    a, baseline = (result.sides[side].at(PUBLISHED, model.day) for side in ("a", "baseline"))
    return assumed.correlations(result.parameters, (a - baseline)[:, model.column])


def folded(title: str, count: int, content: Markup) -> Markup:
    """A long list, folded under its title and length."""
    return tag("details", tag("summary", f"{title} ({count})"), content, cls="findable card below")


def validated(model: ViewModel) -> Iterator[Markup]:
    """What is known of the accuracy of the model in plain words, then the record of it."""
    subject, lang = model.result.subject, model.lang
    lines = validation.plainly(subject, lang)
    lines = lines or [validation.sentence(subject, lang)]
    yield tag("section", *(tag("p", model.explained(line)) for line in lines), cls="card answer")
    for table in (validation.recorded(subject, lang), validation.against_census(subject, lang)):
        if table is not None:
            yield model.table(table)
