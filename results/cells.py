"""Tables for other programs: CSV that spreadsheets open safely, and JSON without NaN."""

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from xiancheng.calibration import parsing

if TYPE_CHECKING:
    import pandas as pd

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def inert(cell: object) -> object:
    """A cell that stays text where a spreadsheet would take it for a formula; numbers stay.

    >>> inert("=1+1"), inert("-2.5"), inert(-2.5)
    ("'=1+1", '-2.5', -2.5)
    """
    if isinstance(cell, str) and cell.startswith(FORMULA) and parsing.number(cell) is None:
        return f"'{cell}"
    return cell


def as_json(what: Any) -> str:
    """One JSON object, in which unknown numbers are null.

    >>> as_json({"share": float("nan"), "rates": (1.5, 2)})
    '{"share": null, "rates": [1.5, 2]}'
    """
    return json.dumps(_plain(what), ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if hasattr(value, "columns"):
        return _plain(value.to_dict("records"))
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if hasattr(value, "model_dump"):
        return _plain(value.model_dump())
    if hasattr(value, "_asdict"):
        return _plain(value._asdict())
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int) else str(value)


def records(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """The rows of a table by the names of their columns."""
    return [{str(name): cell for name, cell in row.items()} for row in frame.to_dict("records")]
