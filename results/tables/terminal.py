"""Tables in a terminal: no number is ever cut; where width is short, blocks, then records."""

from collections.abc import Sequence

from rich import table as rich_table
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from xiancheng.results.tables.table import Table
from xiancheng.results.text import unbroken, wrapped

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
        for head, width in zip(heads, widths, strict=True):
            right = len(grid.columns) > 0 and not prose
            grid.add_column(
                Text(wrapped(head, width)), justify="right" if right else "left", width=width,
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
