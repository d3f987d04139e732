"""Runs on disk: a folder each, that is there as a whole or not at all.

`run.json` says what made the run and holds the digest of every file beside it. A folder is written
under another name, synced and renamed, so what has its proper name is whole; what was torn or
altered afterwards is found by its digests and put into quarantine.
"""

import hashlib
import json
import math
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ruamel.yaml import YAML

from results import record
from results.record import Record
from scenarios.request import Request, World
from scenarios.simulate import Outcome, RequestError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

RUNS = Path("results/runs")
RUN = "run.json"


# A run


@dataclass(frozen=True)
class Saved:
    """A run that was read back; its tables are read when they are asked for."""

    folder: Path
    record: Record

    def series(self) -> "pd.DataFrame":
        """Every indicator, as `Outcome.to_frame`."""
        import pandas as pd

        return pd.read_parquet(self.folder / "series.parquet")

    def growth(self) -> "pd.DataFrame":
        """Urban growth by cause, as `Outcome.growth`."""
        import pandas as pd

        return pd.read_parquet(self.folder / "growth.parquet")

    def movers(self) -> "pd.DataFrame":
        """Who moved, as `Outcome.movers`; empty if the run was saved without."""
        import pandas as pd

        file = self.folder / "movers.parquet"
        return pd.read_parquet(file) if file.is_file() else pd.DataFrame()

    def verdicts(self) -> "pd.DataFrame":
        """One row for each target, as saved with the run."""
        import pandas as pd

        return pd.read_csv(self.folder / "verdicts.csv", encoding="utf-8-sig")

    @cached_property
    def request(self) -> Request:
        """What the run was asked for, to be asked again.

        Raises
        ------
        ScenarioError, PackError
            if its plan or its pack is no longer there.
        """
        from scenarios.resolving import resolve

        told = self.record
        world = World.of(resolve(told.scenario), told.region.name, told.cutoff)
        return Request(world, told.parameters, told.seed, told.scale, told.draw)

    def outcome(self) -> Outcome:
        """The outcome, as `simulate` gave it."""
        from calibration.region import load
        from scenarios.simulate import reported
        from sim.accounts import Growth
        from sim.census import FOUND
        from sim.indicators import INDICATORS

        told, asked = self.record, self.request
        region = load(asked.world.region)
        groups = reported(region)
        values = self.series()["value"].to_numpy()
        counties, growth = len(region.counties), self.growth()
        changes = {f.name: growth[f.name].to_numpy() for f in fields(Growth)}
        days = growth["date"].dt.date.to_numpy()[::counties]
        return Outcome(
            scenario=asked.world.scenario,
            region=region,
            request={name: getattr(told, name) for name in _ASKED},
            groups=groups,
            dates=(date.fromisoformat(told.start), *days),
            record=values.reshape(len(days) + 1, len(INDICATORS), len(groups)),
            _growth=tuple(
                Growth(**{n: c[i * counties : (i + 1) * counties] for n, c in changes.items()})
                for i in range(len(days))
            ),
            _start=(np.array(told.begun.urban), np.array(told.begun.present)),
            census={
                name: np.array([told.summary[f"{name}_{c.code}"] for c in region.counties])
                for name in FOUND
            },
        )


_ASKED = ("seed", "scale", "draw", "start", "until", "cutoff", "parameters")


def opened(folder: Path) -> Saved | None:
    """The run in a folder; None if it is torn, altered or none of ours."""
    try:
        told = record.parsed((folder / RUN).read_bytes())
    except OSError:
        return None
    return Saved(folder, told) if told else None


def whole(folder: Path) -> Saved | None:
    """The run in a folder, if its record is sealed and every file is as it was written."""
    saved = opened(folder)
    if saved is None:
        return None
    try:
        same = all(digest(folder / name) == known for name, known in saved.record.files.items())
    except OSError:
        return None
    return saved if same else None


def found(run: str | Path, runs: Path = RUNS) -> Saved:
    """A run by its folder or its id.

    Raises
    ------
    RequestError
        if there is none, or it is not as it was written.
    """
    for folder in (Path(run), runs / run):
        if (folder / RUN).is_file():
            saved = whole(folder)
            if saved is None:
                raise RequestError(
                    f"{folder} 中的记录已残缺或被改动；请重新运行",
                    f"the record in {folder} is torn or altered; run it again",
                )
            return saved
    raise RequestError(
        f"没有找到运行 {run}；应为运行编号或含 {RUN} 的文件夹",
        f"no run {run}; expected the id of a run or a folder that holds {RUN}",
    )


def digest(file: Path) -> str:
    """The sha256 of a file."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def values_digest(outcome: Outcome) -> str:
    """The sha256 of the numbers of an outcome, whatever files they are kept in."""
    numbers = [outcome.record, *outcome._start]
    numbers += [column for change in outcome._growth for column in vars(change).values()]
    content = b"".join(np.asarray(each, "<f8").tobytes() for each in numbers)
    return hashlib.sha256(content).hexdigest()


# Writing


def writable(folder: Path) -> None:
    """Refuse a place that nothing can be written to, before anything is computed.

    Raises
    ------
    RequestError
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{secrets.token_hex(4)}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise RequestError(
            f"无法写入 {folder}({error.strerror});请用 --out 指定可写的文件夹",
            f"cannot write to {folder} ({error.strerror}); name a folder that can be written to "
            "with --out",
        ) from None


def save(
    outcome: Outcome,
    verdicts: "pd.DataFrame",
    delivered: "pd.DataFrame",
    folder: Path,
    *,
    region: str | Path | None = None,
    seconds: Mapping[str, float] | None = None,
) -> Path:
    """Write a run into a new folder below `folder`, synced and renamed; the folder it is in.

    `run.json` says what made it, `scenario.yaml` is the scenario as resolved, `series.parquet` and
    `growth.parquet` hold the tables, `verdicts.csv` and `delivery.csv` open in a spreadsheet.
    """
    asked = outcome.request
    world = World.of(outcome.scenario, region or outcome.region.name, asked["cutoff"])
    request = Request(world, asked["parameters"], asked["seed"], asked["scale"], asked["draw"])
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{outcome.scenario.name}-{secrets.token_hex(3)}"
    return write(
        folder / name, outcome, request, seconds or {}, verdicts, {"delivery.csv": delivered}
    )


def write(
    folder: Path,
    outcome: Outcome,
    request: Request,
    seconds: Mapping[str, float],
    verdicts: "pd.DataFrame | None" = None,
    tables: "Mapping[str, pd.DataFrame] | None" = None,
) -> Path:
    """Write a run as `folder`: first as a draft beside it, then synced and renamed.

    Raises
    ------
    OSError
        if the disk is full or cannot be written to; then no draft is left either.
    """
    begun = time.perf_counter()
    judged = outcome.verdicts() if verdicts is None else verdicts
    content = {
        "scenario.yaml": _as_yaml(json.dumps(request.world.resolved)).encode(),
        "series.parquet": _parquet(series_table(outcome)),
        "growth.parquet": _parquet(growth_table(outcome)),
    }
    for name, table in {"verdicts.csv": judged, **(tables or {})}.items():
        content[name] = table.to_csv(index=False).encode("utf-8-sig")
    told = _content(folder.name, outcome, request, judged)
    told["files"] = {name: hashlib.sha256(each).hexdigest() for name, each in content.items()}
    spent = {**seconds, "tabulate": time.perf_counter() - begun}
    told["seconds"] = {phase: round(each, 4) for phase, each in spent.items()}
    content[RUN] = record.written(told)

    draft = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)  # of a process that was killed
    try:
        draft.mkdir(parents=True)
        for name, each in content.items():
            (draft / name).write_bytes(each)
        list(_syncing().map(_sync, [draft, *(draft / name for name in content)]))
        draft.rename(folder)
        _sync(folder.parent)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return folder


@lru_cache(maxsize=1)
def _syncing() -> ThreadPoolExecutor:
    """Threads that wait for the disk: files synced at once cost little more than one."""
    return ThreadPoolExecutor(8, "sync")


def _content(
    name: str,
    outcome: Outcome,
    request: Request,
    verdicts: "pd.DataFrame",
) -> dict[str, Any]:
    """What the record of a run says, but for its files."""
    world = request.world
    urban, present = outcome._start
    return {
        "format": 1,
        "run": name,
        "key": request.key,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "software": record.software().model_dump(),
        "plan": {"name": world.scenario.plan.name, "sha256": world.plan_digest},
        "region": {"name": world.region, "sha256": world.region_digest},
        "scenario": dict(world.resolved),
        **{name: outcome.request[name] for name in _ASKED},
        "environment": record.environment().model_dump(),
        "peak_memory_bytes": record.peak_memory(),
        "begun": {"urban": urban.tolist(), "present": present.tolist()},
        "summary": {key: _plain(value) for key, value in outcome.summary().items()},
        "verdicts": _rows(verdicts),
        "values": values_digest(outcome),
    }


def series_table(outcome: Outcome) -> "pa.Table":
    """`Outcome.to_frame` as an Arrow table, without the way through pandas."""
    from sim.indicators import INDICATORS

    groups = tuple((g.code, g.zh) for g in outcome.groups)
    indicators = tuple((name, each.unit) for name, each in INDICATORS.items())
    table = _frame(outcome.dates, groups, indicators)
    return table.set_column(4, "value", [outcome.record.ravel()])


@lru_cache(maxsize=8)
def _frame(
    dates: tuple[date, ...],
    groups: tuple[tuple[int, str], ...],
    indicators: tuple[tuple[str, str], ...],
) -> "pa.Table":
    """The columns of the series that all runs of a world have in common."""
    import pyarrow as pa

    each, rows = len(indicators) * len(groups), len(dates) * len(indicators)
    return pa.table(
        {
            "date": np.repeat(np.array(dates, "datetime64[s]"), each),
            "unit_code": np.tile([code for code, _ in groups], rows),
            "county": pa.array([zh for _, zh in groups] * rows),
            "indicator": pa.array([name for name, _ in indicators for _ in groups] * len(dates)),
            "value": np.zeros(len(dates) * each),
            "unit": pa.array([unit for _, unit in indicators for _ in groups] * len(dates)),
        }
    )


def growth_table(outcome: Outcome) -> "pa.Table":
    """`Outcome.growth` as an Arrow table."""
    import pyarrow as pa

    columns = outcome.growth_columns()
    return pa.table({name: pa.array(column) for name, column in columns.items()})


def _parquet(table: "pa.Table") -> bytes:
    import pyarrow.parquet as pq

    file = BytesIO()
    pq.write_table(table, file, compression="zstd", write_statistics=False, store_schema=False)
    return file.getvalue()


def yaml(document: Mapping[str, Any]) -> str:
    """A document as YAML 1.2, keys in the order given."""
    text = StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    writer.allow_unicode = True
    writer.default_flow_style = False
    writer.dump(dict(document), text)
    return text.getvalue()


@lru_cache(maxsize=64)
def _as_yaml(document: str) -> str:
    """A JSON document as YAML."""
    return yaml(json.loads(document))


def whole_file(path: Path, content: bytes) -> None:
    """Write a file that is there as a whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        draft.write_bytes(content)
        _sync(draft)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _sync(path: Path) -> None:
    """Make what was written to a file, or the names in a folder, last."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _rows(table: "pd.DataFrame") -> list[dict[str, Any]]:
    """The rows of a table as JSON has them."""
    columns = [[_plain(cell) for cell in table[name].tolist()] for name in table]
    return [dict(zip(table.columns, row, strict=True)) for row in zip(*columns, strict=True)]


def _plain(cell: Any) -> Any:
    """A cell of a table as JSON has it."""
    value: Any = cell.item() if hasattr(cell, "item") else cell
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, bool | int | str) or value is None else str(value)


# Many runs by their keys


@dataclass(frozen=True)
class Store:
    """A folder of runs by key: equal requests are answered, and each is run by one process only.

    `runs/` holds the runs, `failed/` why some gave no outcome, `quarantine/` what was not whole.
    """

    folder: Path

    def path(self, key: str) -> Path:
        """Where the run of a key is, or will be."""
        return self.folder / "runs" / key

    def has(self, key: str) -> bool:
        """Whether a run is there; what has its proper name was whole when it got it."""
        return self.path(key).is_dir()

    def keys(self) -> set[str]:
        """The keys of all runs."""
        return set(_names(self.folder / "runs"))

    def find(self, request: Request) -> Saved | None:
        """The answer to a request, if it was answered before and is whole."""
        folder = self.path(request.key)
        return whole(folder) if folder.is_dir() else None

    def obtain(self, request: Request) -> Saved:
        """The answer to a request: the one on file, or a new one that is now on file."""
        key = request.key
        with self.claimed(key, wait=True):
            kept = self.find(request)
            if kept is not None:
                return kept
            if self.has(key):
                self.quarantine(key)
            saved = opened(write(self.path(key), request.simulate(), request, {}))
        assert saved is not None
        return saved

    def quarantine(self, key: str) -> Path:
        """Set a run aside that is not whole; where it is now."""
        aside = self.folder / "quarantine" / f"{key}-{secrets.token_hex(3)}"
        aside.parent.mkdir(parents=True, exist_ok=True)
        self.path(key).rename(aside)
        return aside

    def quarantine_altered(self, keys: Sequence[str]) -> list[Path]:
        """Set aside every run of these that is torn or altered, or under a key not its own."""
        aside = []
        for key in keys:
            if self.has(key):
                saved = whole(self.path(key))
                if saved is None or saved.record.key != key:
                    aside.append(self.quarantine(key))
        return aside

    # Failures

    def fail(self, key: str, about: Mapping[str, Any]) -> None:
        """Keep why a request gave no outcome."""
        folder = self.folder / "failed"
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"key": key, **about}, ensure_ascii=False, indent=1)
        whole_file(folder / f"{key}.json", text.encode())

    def forgive(self, key: str) -> None:
        """Forget an earlier failure of a request that now has an outcome."""
        (self.folder / "failed" / f"{key}.json").unlink(missing_ok=True)

    def failures(self) -> list[dict[str, Any]]:
        """Why requests gave no outcome."""
        folder = self.folder / "failed"
        return [json.loads((folder / name).read_text("utf-8")) for name in _names(folder)]

    # Claims

    @contextmanager
    def claimed(self, key: str, *, wait: bool = False) -> Iterator[bool]:
        """Hold the right to run a key; False if another process holds it and we do not wait.

        The system lets go of a claim when its process ends, however it ends.
        """
        self.path(key).parent.mkdir(parents=True, exist_ok=True)
        handle = _claims(str(self.folder / ".claims"))
        place = int(key[:15], 16)
        got = _lock(handle, place, wait=wait)
        try:
            yield got
        finally:
            if got:
                _unlock(handle, place)


def _names(folder: Path) -> list[str]:
    """The names in a folder, but for drafts; none if there is no folder."""
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except FileNotFoundError:
        return []


_OPEN: dict[str, int] = {}  # the files of claims that this process holds open


def _claims(file: str) -> int:
    """The file in which claims are byte ranges, open until the process ends.

    It is opened once: closing any handle of it would let go of all claims of the process. Only a
    file that is no longer there, as its folder was removed, is opened anew.
    """
    held = _OPEN.get(file)
    if (
        held is None
        or not os.path.exists(file)
        or not os.path.samestat(os.stat(file), os.fstat(held))
    ):
        held = _OPEN[file] = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
    return held


def _lock(handle: int, place: int, *, wait: bool) -> bool:
    import fcntl

    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB), 1, place)
    except (BlockingIOError, PermissionError):  # both are said of a claim that another holds
        return False
    return True


def _unlock(handle: int, place: int) -> None:
    import fcntl

    fcntl.lockf(handle, fcntl.LOCK_UN, 1, place)
