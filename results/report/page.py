"""The document as one HTML file: style and pictures inside, nothing from outside, fit for print."""

from base64 import b64encode
from html import escape

from xiancheng.calibration.i18n import _
from xiancheng.results.contents.parts import Chart, Document, Points, Section, Table
from xiancheng.results.report import layout
from xiancheng.results.report.layout import Pictures

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
STYLE = """
:root { color: #1b1b1b; background: #fff; }
body { max-width: 62rem; margin: 0 auto; padding: 1.5rem; line-height: 1.6;
  font-family: "FangSong", "STFangsong", "Noto Serif SC", "Noto Serif CJK SC", serif; }
h1, h2, h3, caption, figcaption, th, .lead, nav { font-family: "SimHei", "PingFang SC",
  "Microsoft YaHei", "Noto Sans SC", "Noto Sans CJK SC", sans-serif; font-weight: normal; }
h1 { text-align: center; margin-bottom: 0; }
.subtitle { text-align: center; margin-top: .2rem; }
h2 { border-bottom: 1px solid #888; margin-top: 2.2rem; }
nav ul { columns: 3; list-style: none; padding: 0; }
a { color: #1f4e79; }
.wide { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .82rem; line-height: 1.35;
  border-top: 2px solid; border-bottom: 2px solid; }
caption { text-align: left; padding-bottom: .3rem; }
th { background: #ededed; text-align: left; vertical-align: bottom; }
th, td { padding: .22rem .45rem; border-bottom: 1px solid #ccc; overflow-wrap: anywhere; }
th { white-space: pre-line; }
td.short, td.name { white-space: nowrap; }
.short { text-align: center; }
th.short { overflow-wrap: normal; word-break: keep-all; }
td.number, th.number { text-align: right; overflow-wrap: normal;
  font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
tr.total td { border-top: 1px solid; font-weight: bold; }
.source { font-size: .72rem; color: #595959; margin: .2rem 0 1rem; }
.figures { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: .5rem 0; flex: 1 1 22rem; }
figure img { width: 100%; height: auto; }
@media print {
  @page { size: A4; margin: 13mm 15mm; }
  body { max-width: none; padding: 0; font-size: 9.5pt; line-height: 1.45; }
  nav { display: none; }
  table { font-size: 7.6pt; line-height: 1.25; }
  th, td { padding: .12rem .25rem; }
  .figures { flex-wrap: nowrap; }
  figure { flex-basis: 40%; margin: .2rem 0; }
  section { margin-top: 0; }
  .wide { margin: .4rem 0; }
  .source { font-size: 6.5pt; margin: .1rem 0 .5rem; }
  h2, h3 { margin: .4rem 0; }
  .new-page { break-before: page; }
  thead { display: table-header-group; }
  tr, figure { break-inside: avoid; }
  .wide { overflow: visible; }
  h2, h3, caption { break-after: avoid; }
}
"""


def write(document: Document, pictures: Pictures) -> bytes:
    """An HTML file."""
    captions = layout.captions(document)
    body = "\n".join(_section(s, captions, pictures, document.lang) for s in document.sections)
    links = "".join(
        f'<li><a href="#{escape(s.key)}">{escape(s.title)}</a></li>' for s in document.sections
    )
    nav = escape(_("Contents").said(document.lang))
    language = "zh-CN" if document.lang == "zh" else "en"
    return f"""<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(document.title)} · {escape(document.subtitle)}</title>
<style>{STYLE}</style>
</head>
<body>
<header><h1>{escape(document.title)}</h1>
<p class="subtitle">{escape(document.subtitle)}</p>
<p class="source">{escape(document.header)}</p></header>
<nav aria-label="{nav}"><ul>{links}</ul></nav>
<main>
{body}
</main>
</body>
</html>
""".encode()


def _section(section: Section, captions: dict[str, str], pictures: Pictures, lang: str) -> str:
    level = section.level + 1
    parts = [f"<h{level}>{escape(section.title)}</h{level}>"]
    for block in layout.rows(section):
        if isinstance(block, str):
            parts.append(f"<p>{escape(block)}</p>")
        elif isinstance(block, Points):
            parts.append(f"<ul>{''.join(_item(*each) for each in layout.items(block))}</ul>")
        elif isinstance(block, Table):
            parts.append(_table(block, captions[block.key], lang))
        else:
            parts.append(_charts(block, captions, pictures, lang))
    page = ' class="new-page"' if section.new_page else ""
    return f'<section id="{escape(section.key)}"{page}>\n' + "\n".join(parts) + "\n</section>"


def _item(lead: str, rest: str) -> str:
    if not lead:
        return f"<li>{escape(rest)}</li>"
    return f'<li><span class="lead">{escape(lead)}</span>{escape(rest)}</li>'


def _table(table: Table, caption: str, lang: str) -> str:
    kinds = [_kind(table, i) for i in range(len(table.columns))]
    head = "".join(
        f'<th scope="col"{kind}>{escape(words)}</th>'
        for kind, words in zip(kinds, layout.heads(table), strict=True)
    )
    rows, body = layout.body(table), []
    for number, row in enumerate(rows, 1):
        total = ' class="total"' if table.total and number == len(rows) else ""
        cells = "".join(f"<td{k}>{escape(c)}</td>" for k, c in zip(kinds, row, strict=True))
        body.append(f"<tr{total}>{cells}</tr>")
    notes = "<br>".join(escape(n) for n in (*table.notes, layout.source(table, lang)))
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f'<table id="table-{escape(table.key)}"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
        f'<p class="source">{notes}</p>'
    )


def _kind(table: Table, column: int) -> str:
    """How a column is set: numbers to the right, short words on one line, prose as it comes."""
    kind = {"right": "number", "center": "short", "left": ""}[layout.aligned(table)[column]]
    if not column and not table.columns[0].wide:
        kind = "name"
    return f' class="{kind}"' if kind else ""


def _charts(
    charts: tuple[Chart, ...], captions: dict[str, str], pictures: Pictures, lang: str
) -> str:
    shown = "".join(
        f'<figure><img alt="{escape(chart.about)}" src="data:image/svg+xml;base64,'
        f'{b64encode(pictures[chart.key].svg).decode()}">'
        f"<figcaption>{escape(captions[chart.key])}</figcaption></figure>"
        for chart in charts
    )
    source = escape(layout.source(charts[0].table, lang))
    return f'<div class="figures">{shown}</div><p class="source">{source}</p>'
