"""The report as one HTML file: style and pictures inside, nothing from outside, fit for print."""

from base64 import b64encode
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from xiancheng.results.report.document import Badges, BulletList, Document, DrawnCharts, headers
from xiancheng.results.tables import render
from xiancheng.results.tables.table import Table

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def write(document: Document, pictures: DrawnCharts) -> bytes:
    """An HTML file; the template escapes all text."""
    templates = files("xiancheng.results.report").joinpath("templates")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.tests |= {
        "text": lambda block: isinstance(block, str),
        "bullets": lambda block: isinstance(block, BulletList),
        "badges": lambda block: isinstance(block, Badges),
        "table": lambda block: isinstance(block, Table),
    }
    captions = document.captions()

    def table(shown: Table) -> str:
        return render.html(
            shown, captions[shown.key], headers(shown), source=document.source(shown)
        )

    def svg(key: str) -> str:
        return b64encode(pictures[key].svg).decode()

    template = environment.from_string(templates.joinpath("report.html").read_text("utf-8"))
    return template.render(
        document=document, headings=document.headings(), captions=captions, table=table, svg=svg,
        policy=POLICY,
        style=templates.joinpath("report.css").read_text("utf-8"),
    ).encode()  # fmt: skip
