"""Tables and pictures of the page as files: the buttons, and CSV and Excel of a table."""

from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

from markupsafe import Markup
from nicegui import ui

from xiancheng.calibration.i18n import _
from xiancheng.results.console.library import file_name
from xiancheng.results.console.widgets import area, draw, element, joined, set_prop, tag, write
from xiancheng.results.tables import render
from xiancheng.results.tables.table import Table

if TYPE_CHECKING:
    from xiancheng.results.tables.table import Lang

TABLE_CLICKED = """(e) => {
  const at = e.target.closest('[data-download]');
  if (at) emit([at.dataset.table, at.dataset.download]);
}"""
FORMS = {"csv": "CSV"} | ({"xlsx": "Excel"} if find_spec("xlsxwriter") else {})  # an extra


def table_tools(table: Table, lang: str) -> Markup:
    """The buttons that download a table, from a part of the page that `serve_tables` listens to."""
    return _tools(
        tag("button", label, type="button", data_table=table.key, data_download=form,
            aria_label=_("Download {label}: {title}", label=label, title=table.title).text(lang))
        for form, label in FORMS.items()
    )  # fmt: skip


def picture_tools(title: str, lang: str) -> Markup:
    """The buttons that download the picture beside them; page.js makes the file."""
    return _tools(
        tag("button", label, type="button", data_picture=form,
            aria_label=_("Download {label}: {title}", label=label, title=title).text(lang))
        for form, label in {"png": "PNG", "svg": "SVG"}.items()
    )  # fmt: skip


def _tools(buttons: Iterable[Markup]) -> Markup:
    return tag("div", joined(buttons), cls="tools")


class ChartFrame:
    """A chart with its title and the buttons that download it."""

    def __init__(self, cls: str = "") -> None:
        with element("div", "with-tools") as self.frame:
            self._title, self._tools = area(), area()
            self.chart = ui.echart({}, renderer="svg").classes(f"chart {cls}".strip())

    def show(
        self, options: Mapping[str, object], description: str, lang: str, heading: str = ""
    ) -> None:
        """Replace the chart; screen readers and files get the description.

        Parameters
        ----------
        heading : above the chart, where its options hold no title
        """
        write(self._title, tag("h2", heading) if heading else "")
        write(self._tools, picture_tools(heading or description, lang))
        set_prop(self.frame, "data-title", heading or description)
        draw(self.chart, options, description)


def serve_tables(
    part: ui.element, tables: Mapping[str, Table], lang: str, stamp: Callable[[], str]
) -> None:
    """Let the buttons of `table_tools` within a part of the page download its tables.

    Parameters
    ----------
    tables : by key, as they are shown when a button is pressed
    stamp : what the numbers rest on, for the head of a sheet
    """

    def clicked(event: object) -> None:
        arguments = getattr(event, "args", None)
        if not isinstance(arguments, list) or len(arguments) != 2 or arguments[1] not in FORMS:
            return
        table = tables.get(str(arguments[0]))
        if table is not None:
            name = file_name(table.title, arguments[1])
            ui.download.content(as_file(table, arguments[1], lang, stamp()), name)

    part.on("click", clicked, js_handler=TABLE_CLICKED)


def as_file(table: Table, form: str, lang: str, stamp: str) -> bytes:
    """A table as one of `FORMS`, with its headers in the reader's language."""
    if form == "csv":
        return render.csv(table, table.headers)
    from xiancheng.results.report import document, xlsx  # needs XlsxWriter

    section = document.Section(table.key, table.title, (table,))
    read_in: Lang = "en" if lang == "en" else "zh"
    sheet = document.Document(table.title, "", stamp, read_in, (section,))
    return xlsx.write(sheet, {})
