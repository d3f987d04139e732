"""The ledger of many runs: a row for each, so that thousands are read in one go.

It follows from the runs and is renewed when runs have come or gone. DuckDB reads it.
"""

import json
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from xiancheng.calibration import forms
from xiancheng.calibration.errors import RequestError, refuse_unknown
from xiancheng.calibration.i18n import _
from xiancheng.results.store.cache import RunStore
from xiancheng.results.store.files import write_file
from xiancheng.results.store.runs import SavedRun, load_run, read_run
from xiancheng.scenarios.outcome import of_results
from xiancheng.scenarios.run_spec import digest_of

if TYPE_CHECKING:
    import pandas as pd
    import xarray
    from matplotlib.axes import Axes

LEDGER = "ledger.parquet"
SWEEP = "sweep.json"  # which runs a store is to hold, and of which program
INTERVAL = (0.05, 0.5, 0.95)


COLUMNS = {  # what each column holds; docs/guide-batch*.md has the same table
    "key": "sha256 by which equal requests know each other; the name of the folder in runs/",
    "program": "sha256 of the program and of the libraries that computed the run",
    "scenario": "name of the scenario",
    "drawn": "sha256 of draw and parameters: equal in runs that differ by scenario or seed only",
    "draw": "number of the draw of county and yearly effects; 0 is the median world",
    "seed": "seed of the random numbers",
    "scale": "rows for each resident",
    "start": "first day",
    "until": "last day",
    "values": "sha256 of the numbers of the run; equal where every number is",
    "seconds": "time that the run took",
    "peak_memory_bytes": "most memory that its process had held by then",
    "model_targets": "a list with an entry for each target, of the fields of TARGET_FIELDS",
}
TARGET_FIELDS = {  # of an entry of `model_targets`; the model's own level, which is no forecast
    "target": "id of the target",
    "unit_code": "code of the place",
    "county": "name of the place",
    "county_en": "its English name",
    "deadline": "day on which the target falls due",
    "operator": "at least, or about",
    "target_rate": "the rate aimed at [percent]",
    "rate_at_start": "the published rate on the first day [percent]",
    "model_rate": "the rate in this run of the model on the deadline [percent]",
    "above_target_in_model": "whether this run of the model reaches it",
    "model_margin_pp": "model_rate less target_rate [points]",
    "natural_pp": "change of the rate by births and deaths [points]",
    "migration_pp": "by moves [points]",
    "recoding_pp": "by recoding of villages as urban [points]",
    "denominator_pp": "by growth of all residents [points]",
    "counting_pp": "by the way of counting [points]",
}


def at_the_end(columns: Iterable[Hashable]) -> list[str]:
    """Those columns of a ledger that are indicators, `<indicator>_<unit code>`."""
    own = (name for name in map(str, columns) if not name.startswith("parameter."))
    return [name for name in own if name.rpartition("_")[2].isdigit()]


def ledger(folder: Path, keys: Iterable[str] | None = None) -> "pd.DataFrame":
    """A row for each run of a store, or for these keys of it, in order of key.

    Returns
    -------
    the columns of `COLUMNS` with their meaning, `parameter.<name>` for each parameter, and each
    indicator of each group at the end of the run, `<indicator>_<unit code>`
    """
    renew(folder)
    wanted = None if keys is None else sorted(keys)
    return _query(
        folder, "select * from runs where $keys is null or key in $keys order by key", keys=wanted
    )


def targets(
    folder: Path, keys: Iterable[str] | None = None, quantiles: Sequence[float] = INTERVAL
) -> "pd.DataFrame":
    """The model's own level against each target: the share of runs above it, and quantiles.

    Returns
    -------
    scenario, scale, target, county, county_en, deadline, target_rate, runs, draws,
    share_above_in_model, a column for each quantile of the rate in the model, q05 for 0.05; no
    verdict
    """
    renew(folder)
    wanted = None if keys is None else sorted(keys)
    several = (
        "count(distinct drawn) > 1"  # of one draw many seeds show random numbers, not what we know
    )
    named = ", ".join(
        f"case when {several} or {float(q)} = 0.5 then quantile_cont(v.model_rate, {float(q)}) end "
        f"as q{round(100 * q):02d}"
        for q in quantiles
    )
    return _query(
        folder,
        f"""
        with judged as (
            select scenario, scale, drawn, unnest(model_targets) as v
            from runs
            where $keys is null or key in $keys
        )
        select scenario, scale, v.target as target, first(v.county) as county,
            first(v.county_en) as county_en, first(v.deadline) as deadline,
            first(v.target_rate) as target_rate,
            count(*) as runs, count(distinct drawn) as draws,
            case when {several} then avg(v.above_target_in_model::int) end
                as share_above_in_model, {named}
        from judged group by scenario, scale, v.target order by scenario, scale, v.target
        """,
        keys=wanted,
    )


@dataclass(frozen=True, repr=False)
class SavedSweep(forms.Displayed):
    """The runs of a sweep in its folder; its tables are read when they are asked for."""

    folder: Path

    def to_frame(self) -> "pd.DataFrame":
        """A row for each run; `COLUMNS` says what the columns are."""
        return forms.typed(ledger(self.folder))

    def to_xarray(self) -> "xarray.Dataset":
        """What every run ends with, by indicator: (scenario, world, seed, scale, unit_code).

        `world` counts the draws of parameters and of county and yearly effects; each parameter is a
        variable along it, and so are `draw`, its number, and `drawn`, its digest. What was not run
        is nan. Differences between scenarios of one world and seed have no noise of their own.

        Raises
        ------
        RequestError
            if xarray is not installed.
        """
        runs = ledger(self.folder)
        axes = {
            name: sorted(runs[name].unique().tolist()) for name in ("scenario", "seed", "scale")
        }
        worlds = runs.drop_duplicates("drawn").sort_values(["draw", "drawn"])
        labels = {"scenario": axes["scenario"], "drawn": worlds["drawn"].tolist(),
                  "seed": axes["seed"], "scale": axes["scale"]}  # fmt: skip
        at: list[Any] = []
        for name, known in labels.items():
            place = {label: i for i, label in enumerate(known)}
            at.append(np.array([place[label] for label in runs[name]]))
        shape = [len(known) for known in labels.values()]
        columns = [str(name) for name in runs]
        ends = [name.rpartition("_") for name in at_the_end(columns)]
        codes = sorted({int(code) for __, __, code in ends})
        variables: dict[str, tuple[Sequence[str], Any]] = {}
        for name in dict.fromkeys(name for name, __, __ in ends):
            cells = np.full((*shape, len(codes)), np.nan)
            for i, code in enumerate(codes):
                if f"{name}_{code}" in runs:
                    cells[(*at, i)] = runs[f"{name}_{code}"]
            variables[name] = (("scenario", "world", "seed", "scale", "unit_code"), cells)
        own = [n for n in columns if n.startswith("parameter.") or n in ("draw", "drawn")]
        variables |= {name: (("world",), worlds[name].to_numpy()) for name in own}
        return forms.dataset(
            variables,
            {**axes, "world": np.arange(1, len(worlds) + 1), "unit_code": codes},
            about={"sweep": self.folder.name, "runs": len(runs)},
        )

    def plot(
        self, indicator: str | None = None, *, ax: "Axes | None" = None, lang: str | None = None
    ) -> "Axes":
        """Draw where the runs end, by scenario: median, 90 % of runs, and each run.

        Parameters
        ----------
        indicator : a column of `to_frame`, `<indicator>_<unit code>`; by default the resident
            urbanization rate of the first prefecture
        ax, lang : as `Outcome.plot` takes them

        Raises
        ------
        RequestError
            if matplotlib is not installed, or there is no such column.
        """
        draw = of_results("plots", "spread", _("plots are drawn"))
        return draw(self.to_frame(), indicator, ax, lang)

    def targets(self, quantiles: Sequence[float] = INTERVAL) -> "pd.DataFrame":
        """The model's own level against each target, by scenario and scale; no verdict."""
        return forms.typed(targets(self.folder, quantiles=quantiles))

    def quantiles(self, indicator: str, at: Sequence[float] = INTERVAL) -> "pd.DataFrame":
        """Quantiles over the runs of an indicator at their end, by scenario and scale.

        Parameters
        ----------
        indicator : a column of `to_frame`, `<indicator>_<unit code>`
        at : shares in (0, 1)

        Raises
        ------
        RequestError
            if there is no such column.
        """
        runs = self.to_frame()
        if indicator not in runs:
            refuse_unknown(indicator, at_the_end(runs), _("column"))
        by = runs.groupby(["scenario", "scale"], observed=True)[indicator]
        return by.quantile(np.array(at)).unstack().reset_index()

    def run(self, key: str) -> SavedRun:
        """A run by its key.

        Raises
        ------
        RequestError
            if there is none, or it is not as it was written.
        """
        return load_run(RunStore(self.folder).path(key))

    def displayed(self) -> tuple[str, forms.Rows]:
        """What was run, and how often."""
        runs = self.to_frame()
        scales = ", ".join(f"{scale:g}" for scale in sorted(runs["scale"].unique()))
        failed = len(RunStore(self.folder).failures())
        return f"Sweep in {self.folder.name}", [
            ("runs", f"{len(runs)}, {failed} failed"),
            ("scenarios", ", ".join(sorted(runs["scenario"].unique()))),
            ("draws, seeds", f"{runs['drawn'].nunique()}, {runs['seed'].nunique()}"),
            ("scales", scales),
        ]


def load_sweep(folder: str | Path) -> SavedSweep:
    """The runs of a sweep that are on file, whether it is finished or not.

    Parameters
    ----------
    folder : the `--out` folder of `xiancheng sweep`

    Returns
    -------
    a `SavedSweep`: `to_frame()` has a row for each run, `targets()` the model's own level against
    each target [percent], `quantiles(indicator)` those at the end of the runs, `run(key)` is one of
    them. Tables are read when asked for

    Raises
    ------
    RequestError
        if the folder holds no run.

    Examples
    --------
    >>> from xiancheng import load_sweep
    >>> sweep = load_sweep("small")  # of: xiancheng sweep small.yaml --out small
    >>> sorted(sweep.to_frame()["scenario"].unique())
    ['baseline', 'plan']
    """
    if not RunStore(Path(folder)).keys():
        raise RequestError(
            _("{folder} holds no runs of a sweep; expected the --out folder of xiancheng sweep",
              folder=folder)
        )  # fmt: skip
    return SavedSweep(Path(folder))


def renew(folder: Path, *, afresh: bool = False) -> None:
    """Bring the ledger of a store up to date with its runs; `afresh` trusts nothing of the old.

    Runs of another program than the one that the sweep is of are no part of it.
    """
    store, program = RunStore(folder), program_of(folder)
    keys = store.keys()
    before = None if afresh else _kept(folder)
    known = set() if before is None else set(before.column("key").to_pylist())
    if before is not None and known == keys:
        return
    rows = [
        _row(saved)
        for key in sorted(keys - known)
        if (saved := read_run(store.path(key)))
        and program in (None, saved.record.software.simulation_code)
    ]
    parts = [_empty(), pa.Table.from_pylist(rows)] if rows else [_empty()]
    if before is not None and known & keys:
        kept = before.filter(pc.is_in(before.column("key"), pa.array(sorted(keys))))
        parts.append(kept if program is None else kept.filter(pc.field("program") == program))
    table = pa.concat_tables(parts, promote_options="permissive")
    content = BytesIO()
    pq.write_table(table, content, compression="zstd")
    write_file(folder / LEDGER, content.getvalue())


def program_of(folder: Path) -> str | None:
    """The digest of the program that the sweep in a folder is of; None if it does not say."""
    try:
        return str(json.loads((folder / SWEEP).read_bytes())["program"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _kept(folder: Path) -> Any:
    """The ledger on file as an Arrow table; None if it is not there, not whole or of old form."""
    try:
        table = pq.read_table(folder / LEDGER)
        return table if {*_empty().column_names} <= {*table.column_names} else None
    except (OSError, pa.ArrowException):
        return None


def _empty() -> Any:
    """The ledger of no runs."""
    judged = {
        "target": pa.string(), "county": pa.string(), "county_en": pa.string(),
        "deadline": pa.string(), "target_rate": pa.float64(), "model_rate": pa.float64(),
        "above_target_in_model": pa.bool_(),
    }  # fmt: skip
    columns = {
        "key": pa.string(), "program": pa.string(), "scenario": pa.string(),
        "drawn": pa.string(), "draw": pa.int64(),
        "seed": pa.int64(), "scale": pa.float64(), "start": pa.date32(), "until": pa.date32(),
        "values": pa.string(), "seconds": pa.float64(), "peak_memory_bytes": pa.int64(),
        "model_targets": pa.list_(pa.struct(list(judged.items()))),
    }  # fmt: skip
    return pa.schema(list(columns.items())).empty_table()


def _row(saved: SavedRun) -> dict[str, Any]:
    record = saved.record
    return {
        "key": saved.folder.name,
        "program": record.software.simulation_code,
        "scenario": record.scenario["name"],
        "drawn": digest_of({"draw": record.draw, "parameters": record.parameters}),
        "draw": record.draw,
        "seed": record.seed,
        "scale": record.scale,
        "start": date.fromisoformat(record.start),
        "until": date.fromisoformat(record.until),
        "values": record.values,
        "seconds": sum(record.seconds.values()),
        "peak_memory_bytes": record.peak_memory_bytes,
        "model_targets": record.model_targets,
        **{f"parameter.{name}": value for name, value in record.parameters.items()},
        **record.summary,
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
