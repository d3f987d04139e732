"""How a command gives its result: one JSON object or text on stdout, and a CSV file."""

import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import Words, _
from xiancheng.results import cells
from xiancheng.results.cells import as_json
from xiancheng.results.text import Say

if TYPE_CHECKING:
    import pandas as pd


def give(options: Namespace, report: Mapping[str, Any], text: Callable[[], object]) -> None:
    """Print the report as JSON if that was asked for, else call what prints it for people."""
    if options.json:
        print(as_json(report))
    else:
        text()
    sys.stdout.flush()


def print_notes(notes: Iterable[str]) -> None:
    """What has to be said below tables, a line each."""
    for note in notes:
        print(f"· {note}")


def write_csv(table: "pd.DataFrame", options: Namespace, say: Say) -> None:
    """Write the CSV file that was asked for, if one was."""
    if options.csv:
        cells.write(table, options.csv)
        say.note(_("wrote {csv}", csv=options.csv))


def reject_unused(options: Namespace, names: Iterable[str], why: Words) -> None:
    """Refuse options that were given and would do nothing.

    Parameters
    ----------
    why : why they would do nothing, and what to do

    Raises
    ------
    RequestError
    """
    for name in names:
        if getattr(options, name) is not None:
            raise RequestError(_("--{name} would do nothing: {why}", name=name, why=why))
