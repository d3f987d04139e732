"""The report as PDF, set by typst in fonts that come with the program.

The template reads the document as data, so no text of a scenario can be taken for markup.
"""

import json
from importlib.resources import as_file, files
from itertools import groupby
from typing import Any

import typst

from xiancheng.results.report import charts
from xiancheng.results.report.document import (
    OFFICIAL_CHARS,
    PAGE,
    Badges,
    BulletList,
    Document,
    DrawnCharts,
    Section,
    aligned,
    body,
    headers,
    widths,
)
from xiancheng.results.tables import labels
from xiancheng.results.tables.table import Table


def write(document: Document, pictures: DrawnCharts) -> bytes:
    """A PDF file."""
    captions = document.captions()
    annex, annex_title = (
        labels.label("report", key, document.lang) for key in ("annex", "annex title")
    )
    parts = {part: list(sections) for part, sections in groupby(
        zip(document.headings(), document.sections, strict=True), lambda pair: pair[1].part
    )}  # fmt: skip
    data = {
        "title": document.title, "subtitle": document.subtitle, "imprint": document.imprint,
        "known": document.known, "header": document.header, "lang": document.lang,
        "contents": document.contents_title, "official": document.official("brief"),
        "annex": annex, "annex_title": annex_title,
        "parts": [
            {"name": part, "sections": [
                {"title": title, "level": s.level, "new_page": s.new_page,
                 "blocks": _blocks(document, s, captions, pictures)}
                for title, s in sections
            ]}
            for part, sections in parts.items()
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
    document: Document, section: Section, captions: dict[str, str], pictures: DrawnCharts
) -> list[dict[str, Any]]:
    """The blocks of a section as the template reads them."""
    blocks: list[dict[str, Any]] = []
    room = OFFICIAL_CHARS if document.official(section.part) else PAGE
    for block in section.lines():
        if isinstance(block, str):
            blocks.append({"kind": "text", "words": block})
        elif isinstance(block, BulletList):
            items = [{"lead": lead, "rest": rest} for lead, rest in block.pairs(document.lang)]
            blocks.append({"kind": "points", "items": items, "numbered": block.numbered})
        elif isinstance(block, Badges):
            blocks.append({"kind": "badges", "items": list(block.items)})
        elif isinstance(block, Table):
            blocks.append({
                "kind": "table", "caption": captions[block.key], "widths": widths(block, room),
                "headers": headers(block), "rows": body(block), "aligned": aligned(block),
                "notes": list(block.notes), "total": block.total,
                "source": document.source(block),
            })  # fmt: skip
        else:
            blocks.append({
                "kind": "charts", "notes": [chart.note for chart in block if chart.note],
                "source": document.source(block[0].table),
                "charts": [{"caption": captions[c.key], "svg": pictures[c.key].svg.decode(),
                            "about": c.description} for c in block],
            })  # fmt: skip
    return blocks
