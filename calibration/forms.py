"""The forms in which results leave for other tools: typed tables, labelled arrays, short HTML.

Outcomes, ensembles, verdicts, sweeps and posteriors all take them from here.
"""

from collections.abc import Mapping, Sequence
from html import escape
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import _

if TYPE_CHECKING:
    import pandas as pd
    import xarray

Rows = Sequence[tuple[str, str]]  # what a thing shows of itself: names and values

DAYS = ("date", "deadline", "start", "until")  # columns that hold days
NAMES = (  # columns in which few names stand often; counties keep the order of the region
    "county", "county_en", "indicator", "unit", "target", "target_name", "target_name_en",
    "operator", "basis", "scenario", "origin", "destination", "age", "sex", "education",
    "situation",
)  # fmt: skip


def typed(table: "pd.DataFrame") -> "pd.DataFrame":
    """The table with days that pandas knows as dates, and names as categories in their order."""
    import pandas as pd

    days = {
        name: pd.to_datetime(table[name]).astype("datetime64[s]") for name in DAYS if name in table
    }
    names = {
        name: pd.Categorical(table[name], categories=pd.unique(table[name].dropna()))
        for name in NAMES
        if name in table and not pd.api.types.is_numeric_dtype(table[name])
    }
    return table.assign(**days, **names)


def needed(module: str, package: str = "") -> Any:
    """An optional library, imported.

    Raises
    ------
    RequestError
        if it is not installed.
    """
    if find_spec(module) is None:
        raise RequestError(
            _("this needs {package}, which is not installed: pip install {package}",
              package=package or module)
        )  # fmt: skip
    return import_module(module)


def dataset(
    variables: Mapping[str, tuple[Sequence[str], Any]],
    coords: Mapping[str, Any],
    *, units: Mapping[str, str] | None = None, about: Mapping[str, Any] | None = None,
) -> "xarray.Dataset":  # fmt: skip
    """Arrays with named axes.

    Parameters
    ----------
    variables : axes and values by name
    coords : labels of each axis, or (axis, labels) of more of them
    units : of variables, by name
    about : attributes; what netCDF cannot hold is left to text

    Raises
    ------
    RequestError
        if xarray is not installed.
    """
    xarray = needed("xarray")
    held = (str, int, float)
    attributes = {k: v if isinstance(v, held) else str(v) for k, v in (about or {}).items()}
    found = xarray.Dataset(dict(variables), dict(coords), attributes)
    for name, unit in (units or {}).items():
        found[name].attrs["units"] = unit
    return found


class Displayed:
    """Shows itself in some lines: as text in a terminal, as a table in a notebook."""

    def displayed(self) -> tuple[str, Rows]:
        """A title, and a row for each name and value; no path of the machine."""
        raise NotImplementedError

    def __repr__(self) -> str:
        title, rows = self.displayed()
        wide = max((len(name) for name, value in rows if value), default=0)
        return "\n".join([title, *(f"  {name:<{wide}}  {value}".rstrip() for name, value in rows)])

    def _repr_html_(self) -> str:
        return html_table(*self.displayed())


def html_table(title: str, rows: Rows) -> str:
    """A table for notebooks, a row for each name and value."""
    cells = "".join(f"<tr><td>{escape(n)}</td><td>{escape(v)}</td></tr>" for n, v in rows)
    return f"<table><caption>{escape(title)}</caption>{cells}</table>"
