"""How results look in a terminal: tables and progress."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table


def table(
    title: str, headers: Sequence[str], rows: Sequence[Sequence[str]], *, prose: bool = False
) -> None:
    """Print a table: numbers flush right after the first column, or `prose` that may wrap."""
    made = Table(title=title, title_justify="left", show_lines=prose)
    for number, header in enumerate(headers):
        right = number > 0 and not prose
        made.add_column(
            header, justify="right" if right else "left", no_wrap=not prose, overflow="fold"
        )
    for row in rows:
        made.add_row(*row)
    console = Console()
    (console if console.is_terminal else Console(width=160)).print(made)


@contextmanager
def progress(what: str, steps: int) -> Iterator[Callable[[], None]]:
    """A bar on stderr with the time left; the function it gives makes one step."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(
        *columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task(what, total=steps)
        yield lambda: bar.advance(task)
