"""The document as PDF, set by typst in fonts that come with the program.

The template reads the document as data, so no text of a scenario can be taken for markup.
"""

import json
from importlib.resources import as_file, files
from typing import Any

from xiancheng.calibration.i18n import _
from xiancheng.results import fonts
from xiancheng.results.contents.parts import Chart, Document, Points, Section, Table
from xiancheng.results.report import layout
from xiancheng.results.report.layout import Pictures


def write(document: Document, pictures: Pictures) -> bytes:
    """A PDF file."""
    import typst

    folder = fonts.folder()
    with as_file(files("xiancheng.results.report").joinpath("template.typ")) as template:
        made = typst.compile(
            str(template), font_paths=[str(folder)], ignore_system_fonts=True,
            sys_inputs={"document": json.dumps(_told(document, pictures), ensure_ascii=False)},
        )  # fmt: skip
    assert isinstance(made, bytes)
    return made


def _told(document: Document, pictures: Pictures) -> dict[str, Any]:
    """The document as the template reads it."""
    captions = layout.captions(document)
    return {
        "title": document.title, "subtitle": document.subtitle, "header": document.header,
        "lang": document.lang, "contents": _("Contents").said(document.lang),
        "sections": [_section(each, captions, pictures, document.lang)
                     for each in document.sections],
    }  # fmt: skip


def _section(
    section: Section, captions: dict[str, str], pictures: Pictures, lang: str
) -> dict[str, Any]:
    blocks: list[dict[str, Any]] = []
    for block in layout.rows(section):
        if isinstance(block, str):
            blocks.append({"kind": "text", "words": block})
        elif isinstance(block, Points):
            items = [{"lead": lead, "rest": rest} for lead, rest in layout.items(block)]
            blocks.append({"kind": "points", "items": items})
        elif isinstance(block, Table):
            blocks.append(_table(block, captions, lang))
        else:
            blocks.append(_charts(block, captions, pictures, lang))
    return {"title": section.title, "level": section.level, "new_page": section.new_page,
            "blocks": blocks}  # fmt: skip


def _table(table: Table, captions: dict[str, str], lang: str) -> dict[str, Any]:
    return {
        "kind": "table", "caption": captions[table.key], "widths": layout.widths(table),
        "headers": layout.heads(table), "rows": layout.body(table),
        "aligned": layout.aligned(table), "notes": list(table.notes),
        "total": table.total, "source": layout.source(table, lang),
    }  # fmt: skip


def _charts(
    charts: tuple[Chart, ...], captions: dict[str, str], pictures: Pictures, lang: str
) -> dict[str, Any]:
    return {
        "kind": "charts", "source": layout.source(charts[0].table, lang),
        "charts": [{"caption": captions[c.key], "svg": pictures[c.key].svg.decode(),
                    "about": c.about} for c in charts],
    }  # fmt: skip
