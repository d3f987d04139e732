"""The tables of a run, to Arrow and Parquet and back to the outcome that they tell of."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from csv import writer
from dataclasses import fields
from io import BytesIO, StringIO
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from ruamel.yaml import YAML

from xiancheng.scenarios.ensemble import Ensemble
from xiancheng.scenarios.outcome import STEERED, UNEXPECTED, Group, Outcome
from xiancheng.sim.accounts import Growth
from xiancheng.sim.alignment import SteeredQuarter
from xiancheng.sim.indicators import INDICATORS
from xiancheng.sim.state import Floats, Ints


def parquet_files(outcome: Outcome) -> dict[str, bytes]:
    """The tables of an outcome by the names of their files."""
    tables = {"series": outcome.series_columns(), "growth": outcome.growth_columns()}
    return {
        f"{name}.parquet": parquet(pa.table({key: pa.array(c) for key, c in columns.items()}))
        for name, columns in tables.items()
    }


def movers_file(outcome: Outcome) -> dict[str, bytes]:
    """`Outcome.movers` by the name of its file; a sweep goes without, as it doubles the time."""
    table = pa.Table.from_pandas(pd.DataFrame(outcome.mover_columns()))
    return {"movers.parquet": parquet(table)}


SIDES = ("rate_in_draw", "baseline_in_draw", "reference_in_draw")  # of `Ensemble.series`


def draws_file(both: Ensemble) -> dict[str, bytes]:
    """Published rates in every draw, by the name of their file; none where there are no draws."""
    if both.series is None:
        return {}
    __, draws, dates, places = both.series.shape
    groups, rows = both.scenario.groups, (draws, dates, places)
    days = np.array(both.scenario.dates, "datetime64[ns]")
    keys = {
        "draw_index": np.arange(1, draws + 1)[:, None, None],
        "date": days[:, None],
        **{name: np.array([getattr(group, of) for group in groups])
           for name, of in (("unit_code", "code"), ("county", "zh"), ("county_en", "en"))},
    }  # fmt: skip
    columns = {name: np.broadcast_to(each, rows) for name, each in keys.items()}
    columns |= dict(zip(SIDES, both.series, strict=True))
    table = pa.table({name: pa.array(each.ravel()) for name, each in columns.items()})
    return {"draws.parquet": parquet(table)}


def series_in(table: "pd.DataFrame", dates: int, groups: int) -> Floats:
    """`Ensemble.series` in the table of its draws, (side, draw, date, group)."""
    return np.stack([table[name].to_numpy().reshape(-1, dates, groups) for name in SIDES])


def parquet(table: "pa.Table") -> bytes:
    """An Arrow table as a Parquet file."""
    file = BytesIO()
    pq.write_table(table, file, compression="zstd", write_statistics=False, store_schema=False)
    return file.getvalue()


def record_in(series: "pd.DataFrame", groups: tuple[Group, ...]) -> Floats:
    """The record of an outcome in its series, (date, indicator, group).

    An indicator that the series lacks, as it is younger than the run, is nan.
    """
    names = list(series["indicator"].unique())
    values = series["value"].to_numpy().reshape(-1, len(names), len(groups))
    unknown = np.full((len(values), len(groups)), np.nan)
    return np.stack(
        [values[:, names.index(n)] if n in names else unknown for n in INDICATORS], axis=1
    )


def growth_in(table: "pd.DataFrame", counties: int) -> "tuple[Growth, ...]":
    """The growth of an outcome in its table, by quarter."""
    changes = {f.name: table[f.name].to_numpy() for f in fields(Growth)}
    return tuple(
        Growth(**{name: column[i : i + counties] for name, column in changes.items()})
        for i in range(0, len(table), counties)
    )


def steered_in(table: "pd.DataFrame", counties: int) -> tuple[SteeredQuarter, ...]:
    """How an outcome was steered, in the table of its growth, by quarter; units are not kept."""
    if not set(STEERED) <= set(table.columns):
        return ()
    none = np.empty(0, np.int64)
    amounts = {of: table[name].to_numpy() for name, of in STEERED.items()}
    return tuple(
        SteeredQuarter(
            to_urban=none, to_rural=none,
            **{of: column[i : i + counties] for of, column in amounts.items()},
        )
        for i in range(0, len(table), counties)
    )  # fmt: skip


def unexpected_in(table: "pd.DataFrame", counties: int) -> Ints | None:
    """Recoding beyond what was expected in a table of growth, (quarter, county); None without."""
    known = UNEXPECTED in table.columns
    return table[UNEXPECTED].to_numpy(np.int64).reshape(-1, counties) if known else None


def movers_in(table: "pd.DataFrame", outcome: Outcome) -> Ints:
    """The moves of an outcome in their table; see sim.movers for the shape."""
    axes = outcome.mover_axes()
    persons = np.zeros([len(values) for values in axes.values()], np.int64)
    where = tuple(
        pd.Index(values).get_indexer(pd.Index(table[name])) for name, values in axes.items()
    )
    persons[where] = table["persons"].to_numpy()
    return persons


def values_digest(outcome: Outcome) -> str:
    """The sha256 of the numbers of an outcome, whatever files they are kept in.

    Numbers enter as whole billionths of their units; nan as the least 64-bit integer.
    """
    numbers = [outcome.record, *outcome._start, *outcome._stacked.values()]
    content = hashlib.sha256()
    for each in numbers:
        billionths = np.rint(np.asarray(each, float) * 1e9)
        unknown = ~np.isfinite(billionths)
        whole = np.where(unknown, 0, billionths).astype("<i8")
        whole[unknown] = np.iinfo(np.int64).min
        content.update(whole.tobytes())
    return content.hexdigest()


def csv(table: "pd.DataFrame") -> bytes:
    """A table as CSV that spreadsheets open: UTF-8 with BOM."""
    return csv_of(list(table.columns), rows(table))


def csv_of(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows of plain cells as CSV that spreadsheets open: UTF-8 with BOM."""
    text = StringIO()
    lines = writer(text, lineterminator="\n")
    lines.writerow(names)
    lines.writerows(row.values() for row in rows)
    return text.getvalue().encode("utf-8-sig")


def rows(table: "pd.DataFrame") -> list[dict[str, Any]]:
    """The rows of a table as JSON has them."""
    columns = [[plain(cell) for cell in table[name].tolist()] for name in table]
    return [dict(zip(table.columns, row, strict=True)) for row in zip(*columns, strict=True)]


def plain(cell: Any) -> Any:
    """A cell of a table as JSON has it."""
    value: Any = cell.item() if hasattr(cell, "item") else cell
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, bool | int | str) or value is None else str(value)


def yaml(document: Mapping[str, Any]) -> str:
    """A document as YAML 1.2, keys in the order given."""
    text = StringIO()
    dumper = YAML(typ="safe", pure=True)
    dumper.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    dumper.allow_unicode = True
    dumper.default_flow_style = False
    dumper.dump(dict(document), text)
    return text.getvalue()
