"""Files and folders that are there as a whole or not at all."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import _


def existing_parent(folder: Path) -> Path:
    """The folder, or the nearest of its parents that is there.

    Raises
    ------
    OSError
        if it cannot be known.
    """
    folder = folder.absolute()
    while True:
        try:
            folder.lstat()
        except FileNotFoundError:
            folder = folder.parent
        else:
            return folder


def check_writable(place: Path, *, file: bool = False) -> None:
    """Refuse a folder, or a file, that cannot be written, before anything is computed.

    Nothing is left behind: a folder that is not there is made by whoever writes.

    Raises
    ------
    RequestError
    """
    try:
        if file:
            there = place.exists()
            place.open("ab").close()
            if not there:
                place.unlink()
        else:
            os.rmdir(tempfile.mkdtemp(prefix=".probe-", dir=existing_parent(place)))
    except OSError as error:
        why = error.strerror or str(error)
        if file:
            raise RequestError(
                _("cannot write {path} ({why}); name a file that can be written, in a folder that "
                  "exists", path=place, why=why)
            ) from None  # fmt: skip
        raise RequestError(
            _("cannot write to {folder} ({strerror}); name a folder that can "
              "be written to with --out", folder=place, strerror=why)
        ) from None  # fmt: skip


def is_installed(folder: Path) -> bool:
    """Whether a folder is part of this program, so that no command writes into it."""
    parts = ("sim", "calibration", "scenarios")
    own = (Path(str(files(f"xiancheng.{name}"))).resolve() for name in parts)
    return any(folder.resolve().is_relative_to(package) for package in own)


def file_digest(file: Path) -> str:
    """The sha256 of a file."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


@contextmanager
def draft_folder(folder: Path) -> Iterator[Path]:
    """A draft to write files into: it becomes `folder` when all went well, or is gone.

    Raises
    ------
    OSError
        if the disk is full or cannot be written to, or there is such a folder already.
    """
    draft = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)  # of a process that was killed
    try:
        draft.mkdir(parents=True)
        yield draft
        list(_syncing().map(_sync, [draft, *draft.iterdir()]))
        draft.rename(folder)
        _sync(folder.parent)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def write_file(path: Path, content: bytes) -> None:
    """Write a file that is there as a whole or not at all; its folder is made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
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


@lru_cache(maxsize=1)
def _syncing() -> ThreadPoolExecutor:
    """Threads that wait for the disk: files synced at once cost little more than one."""
    return ThreadPoolExecutor(8, "sync")
