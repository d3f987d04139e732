"""Many runs by their keys: equal requests are answered, and each is run by one process only.

A store is a folder. `runs/` holds the runs, `failed/` why some gave no outcome, `quarantine/` what
was not whole, and `.claims` who is at which.
"""

import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xiancheng.results.keeping.files import whole_file
from xiancheng.results.keeping.store import RUN, Saved, opened, whole, write
from xiancheng.scenarios.outcome import Outcome
from xiancheng.scenarios.run_spec import RunSpec
from xiancheng.scenarios.simulation import timed

Beside = Callable[[Outcome], Mapping[str, bytes]]  # more files to keep with a run


def nothing(_: Outcome) -> Mapping[str, bytes]:
    """Keep no more files."""
    return {}


@dataclass(frozen=True)
class Store:
    """A folder of runs by key."""

    folder: Path

    def path(self, key: str) -> Path:
        """Where the run of a key is, or will be."""
        return self.folder / "runs" / key

    def has(self, key: str) -> bool:
        """Whether a run is there; what has its proper name was whole when it got it.

        A file under the name of a run, or a folder that holds no record, is none.
        """
        return (self.path(key) / RUN).is_file()

    def keys(self) -> set[str]:
        """The keys of all runs."""
        return {name for name in self.names() if self.has(name)}

    def names(self) -> set[str]:
        """Whatever lies where the runs are, be it a run or not."""
        return set(_names(self.folder / "runs"))

    def find(self, spec: RunSpec) -> Saved | None:
        """The answer to a request, if it was answered before and is whole."""
        saved = whole(self.path(spec.key))
        return saved if saved is not None and saved.record.key == spec.key else None

    def compute(self, spec: RunSpec, beside: Beside = nothing) -> None:
        """Answer a request anew, and keep the answer; whoever calls holds the claim."""
        if os.path.lexists(self.path(spec.key)):  # what is there is not whole
            self.quarantine(spec.key)
        outcome, seconds = timed(spec)
        more = beside(outcome)
        write(self.path(spec.key), outcome, spec, seconds, beside=more)
        self.forgive(spec.key)

    def obtain(self, spec: RunSpec, beside: Beside = nothing) -> Saved:
        """The answer to a request: the one on file, or a new one that is now on file."""
        with self.claimed(spec.key, wait=True):
            kept = self.find(spec)
            if kept is not None:
                return kept
            self.compute(spec, beside)
            saved = opened(self.path(spec.key))
        assert saved is not None
        return saved

    # What is not whole

    def quarantine(self, key: str) -> Path:
        """Set aside a run that is not whole, or a file in its place; where it is now."""
        aside = self.folder / "quarantine" / f"{key}-{secrets.token_hex(3)}"
        aside.parent.mkdir(parents=True, exist_ok=True)
        self.path(key).rename(aside)
        return aside

    def quarantine_altered(self, keys: Sequence[str]) -> list[Path]:
        """Set aside every run of these that is torn or altered, or under a key not its own."""
        aside = []
        for key in keys:
            if os.path.lexists(self.path(key)):
                saved = whole(self.path(key))
                if saved is None or saved.record.key != key:
                    aside.append(self.quarantine(key))
        return aside

    def quarantined(self) -> set[Path]:
        """Every run that was set aside."""
        aside = self.folder / "quarantine"
        return {aside / name for name in _names(aside)}

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
        """Why requests gave no outcome; what cannot be read is left out."""
        folder, found = self.folder / "failed", []
        for name in _names(folder):
            with suppress(OSError, ValueError):
                found.append(json.loads((folder / name).read_text("utf-8")))
        return found

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
    except (FileNotFoundError, NotADirectoryError):
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
