"""The report as PDF, set by typst in fonts that come with the program.

The template reads the document as data, so no text of a scenario can be taken for markup.
"""

import json
from importlib.resources import as_file, files
from typing import Any

import typst

from xiancheng.results.report import charts
from xiancheng.results.report.document import (
    BulletList,
    Document,
    Pictures,
    Section,
    aligned,
    body,
    headers,
    widths,
)
from xiancheng.results.tables.table import Table


def write(document: Document, pictures: Pictures) -> bytes:
    """A PDF file."""
    captions = document.captions()
    data = {
        "title": document.title, "subtitle": document.subtitle, "header": document.header,
        "lang": document.lang, "contents": document.contents_title,
        "sections": [
            {"title": s.title, "level": s.level, "new_page": s.new_page,
             "blocks": _blocks(document, s, captions, pictures)}
            for s in document.sections
        ],
    }  # fmt: skip
    with as_file(files("xiancheng.results.report").joinpath("templates/report.typ")) as template:
        content = typst.compile(
            str(template), font_paths=[str(charts.font_folder())], ignore_system_fonts=True,
            sys_inputs={"document": json.dumps(data, ensure_ascii=False)},
        )  # fmt: skip
    assert isinstance(content, bytes)
    return content


def _blocks(
    document: Document, section: Section, captions: dict[str, str], pictures: Pictures
) -> list[dict[str, Any]]:
    """The blocks of a section as the template reads them."""
    blocks: list[dict[str, Any]] = []
    for block in section.lines():
        if isinstance(block, str):
            blocks.append({"kind": "text", "words": block})
        elif isinstance(block, BulletList):
            items = [{"lead": lead, "rest": rest} for lead, rest in block.pairs()]
            blocks.append({"kind": "points", "items": items})
        elif isinstance(block, Table):
            blocks.append({
                "kind": "table", "caption": captions[block.key], "widths": widths(block),
                "headers": headers(block), "rows": body(block), "aligned": aligned(block),
                "notes": list(block.notes), "total": block.total,
                "source": document.source(block),
            })  # fmt: skip
        else:
            blocks.append({
                "kind": "charts", "source": document.source(block[0].table),
                "charts": [{"caption": captions[c.key], "svg": pictures[c.key].svg.decode(),
                            "about": c.description} for c in block],
            })  # fmt: skip
    return blocks
