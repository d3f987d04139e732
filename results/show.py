"""How results look in a terminal: tables and progress."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table


def table(title: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table, the first column flush left."""
    made = Table(title=title, title_justify="left")
    for number, header in enumerate(headers):
        made.add_column(header, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        made.add_row(*row)
    console = Console()
    wide = Console(width=max(console.width, 140)) if not console.is_terminal else console
    wide.print(made)


@contextmanager
def progress(what: str, steps: int) -> Iterator[Callable[[], None]]:
    """A bar on stderr with the time left; the function it gives makes one step."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=steps)
        yield lambda: bar.advance(task)
