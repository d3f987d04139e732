"""The ledger of many runs: a row for each, so that thousands are read in one go.

It follows from the runs and is renewed when runs have come or gone. DuckDB reads it.
"""

from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from results.keeping.files import whole_file
from results.keeping.keyed import Store
from results.keeping.store import Saved, opened
from scenarios.request import digest_of

if TYPE_CHECKING:
    import pandas as pd

LEDGER = "ledger.parquet"
INTERVAL = (0.05, 0.5, 0.95)


def ledger(folder: Path, keys: Iterable[str] | None = None) -> "pd.DataFrame":
    """A row for each run of a store, or for these keys of it, in order of key.

    Returns
    -------
    key, scenario, draw, seed, scale, start, until, values, seconds, peak_memory_bytes, verdicts,
    `parameter.<name>` for each parameter, and each indicator at the end of the run
    """
    renew(folder)
    wanted = None if keys is None else sorted(keys)
    return _query(
        folder, "select * from runs where $keys is null or key in $keys order by key", keys=wanted
    )


def targets(
    folder: Path, keys: Iterable[str] | None = None, quantiles: Sequence[float] = INTERVAL
) -> "pd.DataFrame":
    """What the runs say of each target: its probability, and quantiles of the simulated rate.

    Returns
    -------
    scenario, scale, target, county, county_en, deadline, target_rate, runs, draws, probability, a
    column for each quantile, q05 for 0.05
    """
    renew(folder)
    wanted = None if keys is None else sorted(keys)
    several = "count(distinct drawn) > 1"  # of one draw many seeds tell luck, not what we know
    named = ", ".join(
        f"case when {several} or {float(q)} = 0.5 then quantile_cont(v.simulated, {float(q)}) end "
        f"as q{round(100 * q):02d}"
        for q in quantiles
    )
    return _query(
        folder,
        f"""
        with judged as (
            select scenario, scale, drawn, unnest(verdicts) as v
            from runs
            where $keys is null or key in $keys
        )
        select scenario, scale, v.target as target, first(v.county) as county,
            first(v.county_en) as county_en, first(v.deadline) as deadline,
            first(v.target_rate) as target_rate,
            count(*) as runs, count(distinct drawn) as draws,
            case when {several} then avg(v.met::int) end as probability, {named}
        from judged group by scenario, scale, v.target order by scenario, scale, v.target
        """,
        keys=wanted,
    )


def quantiles(
    folder: Path, indicator: str, keys: Iterable[str] | None = None,
    at: Sequence[float] = INTERVAL,
) -> "pd.DataFrame":  # fmt: skip
    """Quantiles of an indicator at the end of the runs, `<indicator>_<unit code>`, by scenario."""
    table = ledger(folder, keys)
    by = table.groupby(["scenario", "scale"])[indicator]
    return by.quantile(np.array(at)).unstack().reset_index()


def renew(folder: Path, *, afresh: bool = False) -> None:
    """Bring the ledger of a store up to date with its runs; `afresh` trusts nothing of the old."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    store = Store(folder)
    keys = store.keys()
    before = None if afresh else _kept(folder)
    known = set() if before is None else set(before.column("key").to_pylist())
    if before is not None and known == keys:
        return
    rows = [_row(saved) for key in sorted(keys - known) if (saved := opened(store.path(key)))]
    parts = [_empty(), pa.Table.from_pylist(rows)] if rows else [_empty()]
    if before is not None and known & keys:
        parts.append(before.filter(pc.is_in(before.column("key"), pa.array(sorted(keys)))))
    table = pa.concat_tables(parts, promote_options="permissive")
    content = BytesIO()
    pq.write_table(table, content, compression="zstd")
    whole_file(folder / LEDGER, content.getvalue())


def _kept(folder: Path) -> Any:
    """The ledger on file as an Arrow table; None if it is not there or not whole."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(folder / LEDGER)
    except (OSError, pa.ArrowException):
        return None


def _empty() -> Any:
    """The ledger of no runs."""
    import pyarrow as pa

    judged = {
        "target": pa.string(), "county": pa.string(), "county_en": pa.string(),
        "deadline": pa.string(),
        "target_rate": pa.float64(), "simulated": pa.float64(), "met": pa.bool_(),
    }  # fmt: skip
    columns = {
        "key": pa.string(), "scenario": pa.string(), "drawn": pa.string(), "draw": pa.int64(),
        "seed": pa.int64(), "scale": pa.float64(), "start": pa.string(), "until": pa.string(),
        "values": pa.string(), "seconds": pa.float64(), "peak_memory_bytes": pa.int64(),
        "verdicts": pa.list_(pa.struct(list(judged.items()))),
    }  # fmt: skip
    return pa.schema(list(columns.items())).empty_table()


def _row(saved: Saved) -> dict[str, Any]:
    told = saved.record
    return {
        "key": saved.folder.name,
        "scenario": told.scenario["name"],
        "drawn": digest_of({"draw": told.draw, "parameters": told.parameters}),
        "draw": told.draw,
        "seed": told.seed,
        "scale": told.scale,
        "start": told.start,
        "until": told.until,
        "values": told.values,
        "seconds": sum(told.seconds.values()),
        "peak_memory_bytes": told.peak_memory_bytes,
        "verdicts": told.verdicts,
        **{f"parameter.{name}": value for name, value in told.parameters.items()},
        **told.summary,
    }


def _query(folder: Path, sql: str, **values: Any) -> "pd.DataFrame":
    """What SQL finds in the ledger, which it calls `runs`."""
    import duckdb

    settings: dict[str, Any] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    with duckdb.connect(":memory:", config=settings) as connection:
        connection.read_parquet(str(folder / LEDGER)).create_view("runs")
        return connection.execute(sql, values).df()
