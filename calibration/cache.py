"""Columns kept on disk: one uncompressed .npy file each, opened without reading them.

A folder appears under its name only when it is whole. A manifest holds size, time of writing and
sha256 of each file; a file whose size and time are as written is trusted, any other is read again
and compared.
"""

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

MANIFEST = "manifest.json"


def home() -> Path:
    """Where caches are kept: XIANCHENG_CACHE, or the user's cache folder."""
    if own := os.environ.get("XIANCHENG_CACHE"):
        return Path(own)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library/Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "xiancheng"


def opened(folder: Path) -> tuple[dict[str, NDArray[Any]], Any] | None:
    """Memory-mapped columns and the note kept with them; None if they are not there, or not whole.

    Returns
    -------
    columns by name, and the note
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        if not all(_as_written(folder / name, mark) for name, mark in manifest["files"].items()):
            return None
        names = [name.removesuffix(".npy") for name in manifest["files"]]
        return {n: np.load(folder / f"{n}.npy", mmap_mode="r") for n in names}, manifest["note"]
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None


def keep(folder: Path, columns: Mapping[str, NDArray[Any]], note: object) -> None:
    """Write columns and a JSON-ready note as `folder`, in place of one that is not whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as room:
        draft = Path(room) / "new"
        draft.mkdir()
        for name, column in columns.items():
            with (draft / f"{name}.npy").open("wb") as file:
                np.save(file, column, allow_pickle=False)
                _sync(file)
        marks = {file.name: _mark(file) for file in sorted(draft.iterdir())}
        with (draft / MANIFEST).open("wb") as file:
            file.write(json.dumps({"files": marks, "note": note}).encode())
            _sync(file)
        if folder.exists() and opened(folder) is None:
            folder.rename(Path(room) / "old")
        if not folder.exists():  # else another process was faster, with the same content
            draft.rename(folder)


def _sync(file: IO[Any]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _mark(file: Path) -> dict[str, int | str]:
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    status = file.stat()
    return {"size": status.st_size, "written": status.st_mtime_ns, "sha256": digest}


def _as_written(file: Path, mark: Mapping[str, int | str]) -> bool:
    status = file.stat()
    if status.st_size != mark["size"]:
        return False
    return status.st_mtime_ns == mark["written"] or _mark(file)["sha256"] == mark["sha256"]
