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
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

MANIFEST = "manifest.json"


def home() -> Path:
    """Where caches are kept: XIANCHENG_CACHE, or the user's cache folder.

    A user without a home gets a path at which nothing can be written: whatever is kept there is
    computed each time. Nothing is kept in a folder for temporary files, where others could put
    files of theirs in its place.
    """
    if own := os.environ.get("XIANCHENG_CACHE"):
        return Path(own)
    try:
        if sys.platform == "win32":
            base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
        elif sys.platform == "darwin":
            base = Path.home() / "Library/Caches"
        else:
            base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:  # neither a variable nor the list of users names a home
        base = Path(os.devnull)
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


class Growing:
    """A column on disk that is written part by part."""

    def __init__(self, file: IO[bytes], dtype: np.dtype[Any], length: int) -> None:
        self.file, self.dtype, self.left = file, dtype, length
        form = {"descr": dtype.str, "fortran_order": False, "shape": (length,)}
        np.lib.format.write_array_header_1_0(file, form)

    def append(self, part: NDArray[Any]) -> None:
        """Write the values that come next."""
        self.left -= len(part)
        self.file.write(np.ascontiguousarray(part, self.dtype).data)

    def finish(self) -> None:
        """Be sure that all is there, and on disk."""
        if self.left:
            raise ValueError(f"{self.file.name} lacks {self.left} of its values")
        _sync(self.file)


class Room:
    """A folder in the making: its columns, and the note kept with them."""

    def __init__(self, draft: Path, files: ExitStack) -> None:
        self.draft, self.files = draft, files
        self.columns: list[Growing] = []
        self.note: object = None

    def column(self, name: str, dtype: DTypeLike, length: int) -> Growing:
        """A column that is to hold so many values."""
        file = self.files.enter_context((self.draft / f"{name}.npy").open("wb"))
        self.columns.append(Growing(file, np.dtype(dtype), length))
        return self.columns[-1]


@contextmanager
def making(folder: Path) -> Iterator[Room]:
    """Room for the columns of `folder`, which appears once they are whole.

    It takes the place of one that is not.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as place:
        draft = Path(place) / "new"
        draft.mkdir()
        with ExitStack() as files:
            room = Room(draft, files)
            yield room
            for column in room.columns:
                column.finish()
        marks = {file.name: _mark(file) for file in sorted(draft.iterdir())}
        with (draft / MANIFEST).open("wb") as file:
            file.write(json.dumps({"files": marks, "note": room.note}).encode())
            _sync(file)
        if folder.exists() and opened(folder) is None:
            folder.rename(Path(place) / "old")
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
