"""A table as Markdown, HTML and CSV, and in a terminal; `Table.records` is its JSON."""

import csv as standard_csv
from collections.abc import Callable, Sequence
from html import escape
from io import StringIO

from rich import table as rich_table
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from xiancheng.results.tables.table import Cell, Column, Table, width
from xiancheng.results.text import inert as inert_cell
from xiancheng.results.text import unbroken, wrapped

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
    writer.writerow([inert_cell(head) for head in heads or [c.key for c in table.columns]])
    writer.writerows([["" if cell is None else inert_cell(cell) for cell in row]
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
    return text if inert_cell(number) == number else f"'{text}"


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


# In a terminal: no number is ever cut; where width is short, blocks, then records

UNLIMITED = 100_000  # width [characters] where stdout is no terminal
FRAME = 3  # width of the frame of a column; the table has 1 more
PROSE = 24  # width at which a column of prose is no longer narrowed

Rows = Sequence[Sequence[str]]


def show(table: Table, *, prose: bool = False) -> None:
    """Print a table with its title; notes and source are left to the caller."""
    show_rows(table.title, table.headers, table.texts(), prose=prose)


def show_rows(title: str, headers: Sequence[str], rows: Rows, *, prose: bool = False) -> None:
    """Print rows of text: numbers flush right after the first column, or `prose` that may wrap.

    No number is cut. Where the terminal is too narrow, headers and names wrap; a table that is
    wider still is printed in blocks that repeat its first column, or else as records. There is no
    limit where stdout is no terminal.
    """
    console = Console()
    if not console.is_terminal:
        console = Console(width=UNLIMITED)
    console.print(Text(title, style="italic"), soft_wrap=True)
    blocks = blocks_of(headers, rows, console.width, prose=prose)
    if blocks is None:
        _print_records(headers, rows)
    for columns in blocks or ():
        grid = rich_table.Table(show_lines=prose)
        heads, cells = [headers[c] for c in columns], [[row[c] for c in columns] for row in rows]
        widths = widths_of(heads, cells, console.width, prose=prose)
        for head, wide in zip(heads, widths, strict=True):
            right = len(grid.columns) > 0 and not prose
            grid.add_column(
                Text(wrapped(head, wide)), justify="right" if right else "left", width=wide,
                no_wrap=True,
            )  # fmt: skip
        for row in cells:
            grid.add_row(*(Text(wrapped(*cell)) for cell in zip(row, widths, strict=True)))
        console.print(grid)


def blocks_of(
    headers: Sequence[str], rows: Rows, width: int, *, prose: bool = False
) -> list[list[int]] | None:
    """Which columns stand beside each other in a terminal of a width [characters].

    Returns
    -------
    column numbers of each block, the first column in every one; None if a column fits nowhere
    """
    least = _least_widths(headers, rows, prose)
    room = width - 1 - sum(least[:1]) - FRAME
    if room < 0 or any(needed + FRAME > room for needed in least[1:]):
        return None
    blocks, used = [[0]], 0
    for column, needed in enumerate(least[1:], start=1):
        if used + needed + FRAME > room:
            blocks.append([0])
            used = 0
        blocks[-1].append(column)
        used += needed + FRAME
    return blocks


def widths_of(headers: Sequence[str], rows: Rows, width: int, *, prose: bool = False) -> list[int]:
    """Widths of columns that fit side by side: what is free goes to the narrowest for its text."""
    widths = _least_widths(headers, rows, prose)
    full = [max(map(cell_len, column)) for column in zip(headers, *rows, strict=True)]
    free = width - 1 - sum(widths) - FRAME * len(widths)
    if free >= sum(full) - sum(widths):
        return [max(pair) for pair in zip(widths, full, strict=True)]
    while free > 0:
        short = [c for c in range(len(widths)) if widths[c] < full[c]]
        widths[min(short, key=lambda c: widths[c] / full[c])] += 1
        free -= 1
    return widths


def _least_widths(headers: Sequence[str], rows: Rows, prose: bool) -> list[int]:
    """The width of each column below which a word or a number would be broken [characters]."""
    return [
        _least_width(headers[c], [row[c] for row in rows], wraps=prose or c == 0, prose=prose)
        for c in range(len(headers))
    ]


def _least_width(header: str, cells: Sequence[str], *, wraps: bool, prose: bool) -> int:
    words = [*unbroken(header), *(part for cell in cells if wraps for part in unbroken(cell))]
    whole = [] if wraps else cells
    least = max([1, *(cell_len(word.rstrip()) for word in words), *map(cell_len, whole)])
    longest = max(map(cell_len, (header, *cells)))
    return max(least, min(longest, PROSE)) if prose else least


def _print_records(headers: Sequence[str], rows: Rows) -> None:
    """Each row as lines of header and value."""
    for row in rows:
        print()
        for header, cell in zip(headers, row, strict=True):
            print(f"{header}: {cell}")
