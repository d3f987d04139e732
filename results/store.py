"""A run on disk: a folder that is there as a whole or not at all."""

import json
import os
import secrets
import shutil
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from scenarios.simulate import Outcome, RequestError

if TYPE_CHECKING:
    import pandas as pd

RUNS = Path("results/runs")


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
    outcome: Outcome, verdicts: "pd.DataFrame", delivered: "pd.DataFrame", folder: Path
) -> Path:
    """Write a run into a new folder below `folder`, synced and renamed; the folder it is in.

    `run.json` says what made it, `scenario.yaml` is the scenario as resolved, `series.parquet` and
    `growth.parquet` hold the tables, `verdicts.csv` and `delivery.csv` open in a spreadsheet.
    """
    moment = datetime.now(UTC)
    name = f"{moment:%Y%m%d-%H%M%S}-{outcome.scenario.name}-{secrets.token_hex(3)}"
    draft = folder / f".{name}.part"
    draft.mkdir(parents=True)
    try:
        about = outcome.provenance | {"run": name, "written": moment.isoformat(timespec="seconds")}
        (draft / "run.json").write_text(json.dumps(about, ensure_ascii=False, indent=1), "utf-8")
        (draft / "scenario.yaml").write_text(yaml(outcome.scenario.resolved()), "utf-8")
        outcome.to_frame().to_parquet(draft / "series.parquet", compression="zstd", index=False)
        outcome.growth().to_parquet(draft / "growth.parquet", compression="zstd", index=False)
        verdicts.to_csv(draft / "verdicts.csv", index=False, encoding="utf-8-sig")
        delivered.to_csv(draft / "delivery.csv", index=False, encoding="utf-8-sig")
        for file in draft.iterdir():
            _sync(file)
        _sync(draft)
        draft.rename(folder / name)
        _sync(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return folder / name


def yaml(document: dict[str, Any]) -> str:
    """A document as YAML 1.2, keys in the order given."""
    text = StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.sort_base_mapping_type_on_output = False
    writer.allow_unicode, writer.default_flow_style = True, False
    writer.dump(document, text)
    return text.getvalue()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
