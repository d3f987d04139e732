"""What is kept on disk from one process to the next: columns, texts, and compiled kernels.

Columns are one uncompressed .npy file each, opened without reading them. A folder appears under its
name only when it is whole. A sealed manifest holds size, time of writing and sha256 of each file.
Every file is read and compared with its sha256 when its folder is first opened in a process (0.14 s
for 4.2 million people, 127 MB); later in that process size and time are trusted. The folders of one
kind (populations, levels) take no more than `MOST` bytes: what was not used for longest is removed.

Texts are small JSON documents: parsed YAML, digests of modules, records of how runs were steered.
Each is a file that begins with its own sha256; one that is torn or altered counts as absent.
"""

import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

MANIFEST = "manifest.json"
MOST = 4_000_000_000  # bytes of one kind: some thirty populations of four million people
RECENT = 3600.0  # seconds since its last use in which nothing is removed
COMPILED = 4  # folders of compiled code, one for each state of the sources
TEXTS = 4000  # files of one kind of text; of more the older half is removed
STALE = 86400.0  # seconds after which the draft of a process that was killed is removed

_VERIFIED: set[tuple[str, int]] = set()  # folders read whole in this process, by time of manifest


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


def open_columns(folder: Path) -> tuple[dict[str, NDArray[Any]], Any] | None:
    """Memory-mapped columns and the note kept with them; None if they are not there, or not whole.

    Returns
    -------
    columns by name, and the note
    """
    try:
        text, written = (folder / MANIFEST).read_text("utf-8"), (folder / MANIFEST).stat()
        manifest = json.loads(text)
        if manifest["seal"] != _seal(manifest["files"], manifest["note"]):
            return None
        mark = (str(folder.resolve()), written.st_mtime_ns)
        same = _as_written if mark in _VERIFIED else _equal
        if not all(same(folder / name, kept) for name, kept in manifest["files"].items()):
            return None
        _VERIFIED.add(mark)
        names = [name.removesuffix(".npy") for name in manifest["files"]]
        columns = {n: np.load(folder / f"{n}.npy", mmap_mode="r") for n in names}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None
    with suppress(OSError):  # the cache of another user, or one that is read only
        os.utime(folder)
    return columns, manifest["note"]


def evict(kind: Path, most: int = MOST) -> None:
    """Remove the folders of a kind that were not used for longest, until the rest fits.

    Columns that another process has open stay readable there until it lets go of them.

    Parameters
    ----------
    kind
        the folder that holds them
    most
        bytes that they may take together
    """
    now, found = time.time(), []
    for folder in kind.iterdir():
        with suppress(OSError):  # another process removed it
            used = folder.stat().st_mtime
            if folder.name.startswith("."):
                if used < now - STALE:
                    shutil.rmtree(folder, ignore_errors=True)
                continue
            found.append((used, sum(file.stat().st_size for file in folder.iterdir()), folder))
    total = sum(size for _, size, _ in found)
    for used, size, folder in sorted(found):
        if total <= most or used >= now - RECENT:
            return
        with suppress(OSError), tempfile.TemporaryDirectory(dir=kind, prefix=".old-") as place:
            folder.rename(Path(place) / "old")
        total -= size


class GrowingColumn:
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


class ColumnFolder:
    """A folder in the making: its columns, and the note kept with them."""

    def __init__(self, draft: Path, files: ExitStack) -> None:
        self.draft, self.files = draft, files
        self.columns: list[GrowingColumn] = []
        self.note: object = None

    def column(self, name: str, dtype: DTypeLike, length: int) -> GrowingColumn:
        """A column that is to hold so many values."""
        file = self.files.enter_context((self.draft / f"{name}.npy").open("wb"))
        self.columns.append(GrowingColumn(file, np.dtype(dtype), length))
        return self.columns[-1]


@contextmanager
def write_columns(folder: Path) -> Iterator[ColumnFolder]:
    """A folder for the columns of `folder`, which appears once they are whole.

    It takes the place of one that is not.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as place:
        draft = Path(place) / "new"
        draft.mkdir()
        with ExitStack() as files:
            kept = ColumnFolder(draft, files)
            yield kept
            for column in kept.columns:
                column.finish()
        marks = {file.name: _mark(file) for file in sorted(draft.iterdir())}
        with (draft / MANIFEST).open("wb") as file:
            seal = _seal(marks, kept.note)
            file.write(json.dumps({"files": marks, "note": kept.note, "seal": seal}).encode())
            _sync(file)
        if folder.exists() and open_columns(folder) is None:
            folder.rename(Path(place) / "old")
        if not folder.exists():  # else another process was faster, with the same content
            draft.rename(folder)
    with suppress(OSError):
        evict(folder.parent)


def _seal(files: object, note: object) -> str:
    return hashlib.sha256(json.dumps([files, note]).encode()).hexdigest()


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
    if status.st_mtime_ns == mark["written"]:
        return status.st_size == mark["size"]
    return _equal(file, mark)


def _equal(file: Path, mark: Mapping[str, int | str]) -> bool:
    return file.stat().st_size == mark["size"] and _mark(file)["sha256"] == mark["sha256"]


# Texts


def made_once(kind: str, key: str, make: Callable[[], Any]) -> Any:
    """JSON-ready content, made once and read from then on; always as JSON gives it back.

    Parameters
    ----------
    kind : what it is, the name of a folder
    key : a digest of all that decides the content
    make : computes it; what this raises is not kept
    """
    kept = read_text(kind, key)
    return json.loads(write_text(kind, key, make()) if kept is None else kept)


def read_text(kind: str, key: str) -> str | None:
    """The JSON that is kept under a key; None if there is none, or not the whole of it."""
    with suppress(OSError, ValueError):
        digest, __, kept = (home() / kind / key).read_text("utf-8").partition("\n")
        if hashlib.sha256(kept.encode()).hexdigest() == digest:
            return kept
    return None


def write_text(kind: str, key: str, content: object) -> str:
    """Keep JSON-ready content under a key, where that is possible; the JSON."""
    text = json.dumps(content, separators=(",", ":"))
    file = home() / kind / key
    with suppress(OSError):  # read-only, or full: made again the next time
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=".new-") as place:
            draft = Path(place) / key
            draft.write_text(f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}", "utf-8")
            draft.replace(file)
        _remove_texts(file.parent)
    return text


def _remove_texts(kind: Path) -> None:
    """Remove the older half of the texts of a kind, if there are too many."""
    if len(os.listdir(kind)) <= TEXTS:
        return
    written = {}
    for file in kind.iterdir():
        with suppress(OSError):  # another process removed it
            written[file] = file.stat().st_mtime_ns
    for file in sorted(written, key=written.__getitem__)[: len(written) // 2]:
        with suppress(OSError):  # likewise, or the draft of another process
            file.unlink()


# Compiled code


@cache
def keep_compiled() -> Path | None:
    """Have numba keep the compiled kernels here; called once, before they are first used.

    Left to itself numba writes beside the sources, or into a home, and stops where it can do
    neither.

    Returns
    -------
    the folder; None where nothing can be kept, so that each process compiles for itself
    """
    from numba.core import config

    kernels = import_module("xiancheng.sim.kernels")  # itself, not what stands for it
    source = Path(str(kernels.__file__)).read_bytes()
    digest = hashlib.sha256(source + version("numba").encode()).hexdigest()[:16]
    folder = home() / "compiled" / digest
    functions = [each for each in vars(kernels).values() if hasattr(each, "enable_caching")]
    before = config.CACHE_DIR  # type: ignore[attr-defined]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
        config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
        for function in functions:
            function.enable_caching()
    except (OSError, RuntimeError, UnicodeError):  # read-only, or a path that cannot be encoded
        return None
    finally:
        config.CACHE_DIR = before  # type: ignore[attr-defined]
    _remove_older(folder)
    return folder


def _remove_older(used: Path) -> None:
    """Remove all but the youngest folders of compiled code."""
    try:
        others = [each for each in used.parent.iterdir() if each != used]
        others.sort(key=lambda each: each.stat().st_mtime, reverse=True)
    except OSError:
        return
    for each in others[COMPILED - 1 :]:
        shutil.rmtree(each, ignore_errors=True)
