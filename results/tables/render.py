"""A table as Markdown, HTML and CSV; `Table.records` is its JSON, `terminal` prints it."""

import csv as standard_csv
from collections.abc import Callable, Sequence
from html import escape
from io import StringIO

from xiancheng.results import cells
from xiancheng.results.tables.table import Cell, Column, Table, width

TOTAL = ' class="total"'
SHORT = 16  # text columns that are no wider are kept on one line [half-width characters]


def csv(table: Table, heads: Sequence[str] = ()) -> bytes:
    """The raw values as CSV: UTF-8 with BOM, no cell a formula.

    Parameters
    ----------
    heads : instead of the keys of the columns
    """
    text = StringIO(newline="")
    writer = standard_csv.writer(text)
    writer.writerow([cells.inert(head) for head in heads or [c.key for c in table.columns]])
    writer.writerows([["" if cell is None else cells.inert(cell) for cell in row]
                      for row in table.rows])  # fmt: skip
    return text.getvalue().encode("utf-8-sig")


def markdown(table: Table, other: Table | None = None) -> str:
    """A table in Markdown; with `other`, the same table in another language, in both at once."""
    heads, *rows = [table.headers, *table.texts()]
    if other is not None:
        heads, *rows = (
            [_merged(*pair) for pair in zip(*both, strict=True)]
            for both in zip([heads, *rows], [other.headers, *other.texts()], strict=True)
        )
    lines = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows]
    rule = f"|{'---|' * len(heads)}"
    return "\n".join([f"| {' | '.join(heads)} |", rule, *(f"| {line} |" for line in lines)])


def _merged(zh: str, en: str) -> str:
    """Two wordings of one cell; what they begin with alike is said once.

    >>> _merged("90% 区间", "90% interval"), _merged("1.5", "1.5")
    ('90% 区间 interval', '1.5')
    """
    if zh == en:
        return zh
    first, _, rest = en.partition(" ")
    return f"{zh} {rest}" if rest and zh.startswith(first + " ") else f"{zh} {en}"


def inert(text: str) -> str:
    """A cell that stays text where it is pasted into a spreadsheet.

    >>> inert("=cmd()"), inert("-0.50"), inert("+1,234")
    ("'=cmd()", '-0.50', '+1,234')
    """
    number = text.replace(",", "")
    return text if cells.inert(number) == number else f"'{text}"


def html(
    table: Table, caption: str = "", heads: Sequence[str] = (), source: str | None = None,
    markup: Callable[[Column, Cell], str | None] = lambda column, cell: None,
) -> str:  # fmt: skip
    """An HTML element that can be scrolled sideways: caption, header cells, notes, source.

    Parameters
    ----------
    caption : instead of the title
    heads : instead of the headers; in them and in notes, what has `__html__` is HTML already
    source : instead of the source
    markup : HTML in place of the text of some cells
    """
    kinds = [_kind(column, table) for column in table.columns]
    caption = escape(caption or table.title)
    head = "".join(
        f'<th scope="col"{kind}>{_escaped(text)}</th>'
        for kind, text in zip(kinds, heads or table.headers, strict=True)
    )
    body = ""
    for number, row in enumerate(table.rows, 1):
        name, *rest = (
            markup(column, cell) or escape(inert(column.text(cell)))
            for column, cell in zip(table.columns, row, strict=True)
        )
        cells_ = "".join(f"<td{kind}>{c}</td>" for kind, c in zip(kinds[1:], rest, strict=True))
        total = TOTAL if table.total and number == len(table.rows) else ""
        body += f'<tr{total}><th scope="row"{kinds[0]}>{name}</th>{cells_}</tr>'
    below = [f'<p class="note">{_escaped(note)}</p>' for note in table.notes]
    if source := table.source if source is None else source:
        below.append(f'<p class="source">{escape(source)}</p>')
    return (
        '<section class="tabled">'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{caption}">'
        f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>{''.join(below)}</section>"
    )


def _escaped(text: str) -> str:
    return text if hasattr(text, "__html__") else escape(text)


def _kind(column: Column, table: Table) -> str:
    """The class of a column: numbers flush right, prose broad, short words on one line."""
    if column.numeric:
        return ' class="number"'
    if column.prose:
        return ' class="wide"'
    longest = max((width(column.text(cell)) for cell in table.column(column.key)), default=0)
    return ' class="short"' if longest <= SHORT else ""
