"""Why the towns grow: natural growth, migration and recoding, year by year."""

from typing import TYPE_CHECKING

from nicegui import ui

from xiancheng.calibration.i18n import _
from xiancheng.results.console import charts
from xiancheng.results.console.markup import tag
from xiancheng.results.console.native import area, draw, element, write
from xiancheng.results.console.shown import Shown, as_table
from xiancheng.results.tables import counties, labels

if TYPE_CHECKING:
    from xiancheng.results.console.page import Page


class Growth:
    """Columns by year, and the table that they show."""

    def __init__(self, page: "Page") -> None:
        with element("section", "card"):
            self._title = area()
            self._chart = ui.echart({}).classes("chart tall")
        self._table = area(cls="below")

    def show(self, shown: Shown) -> None:
        """Write everything."""
        told = counties.causes(shown.answer.subject, shown.group, shown.lang)
        years = told.rows[:-1]  # the last is their sum
        parts = {
            labels.label("causes", cause, shown.lang): [
                float(row[1 + i] or 0)  # type: ignore[arg-type]
                for row in years
            ]
            for i, cause in enumerate(labels.GROWTH)
        }
        unit = labels.label("units", "persons", shown.lang)
        write(self._title, tag("h2", shown.say(_("{title} ({unit})", title=told.title, unit=unit))))
        options = charts.stacked(told.title, [str(row[0]) for row in years], parts)
        draw(self._chart, options, told.title)
        write(self._table, as_table(told))

    def stop(self) -> None:
        """Nothing is under way here."""
