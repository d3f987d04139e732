"""Runs by their keys: equal runs are made once, each by one process only.

`RunStore` is a folder of runs by key: `runs/` holds the runs, `failed/` why some gave no outcome,
`quarantine/` what was not whole, and `.claims` who is at which. `StoredRuns` is the run cache of
this user: outcomes that are on file are not computed again; the runs used last are kept, `MOST` of
them, and older ones are removed as a command begins.
"""

import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xiancheng.calibration.cache import home
from xiancheng.calibration.errors import RequestError
from xiancheng.results.store.files import check_writable, write_file
from xiancheng.results.store.parquet import csv, draws_file, movers_file
from xiancheng.results.store.record import evidence
from xiancheng.results.store.runs import RUN, SavedRun, read_run, read_whole, write_run
from xiancheng.results.tables.plan_result import delivery_for_files
from xiancheng.scenarios.ensemble import Ensemble
from xiancheng.scenarios.outcome import Outcome
from xiancheng.scenarios.run_spec import RunSpec, check_same_code, code_digest, digest_of
from xiancheng.scenarios.trunk import KeptStates, timed, timed_together

if TYPE_CHECKING:
    import pandas as pd

MOST = 5000  # runs that are kept, of about 0.1 MB each: half a gigabyte
LEFT = 0.9  # of them, once older ones are removed
ASIDE = 20  # runs that were torn or altered and are kept to be looked at
YOUNG = 3600.0  # seconds since a run was used, in which nobody removes it

ExtraFiles = Callable[[Outcome], Mapping[str, bytes]]  # more files to keep with a run
Make = Callable[[RunSpec], tuple[Outcome, Mapping[str, float]]]  # with the seconds of each phase


def no_files(_: Outcome) -> Mapping[str, bytes]:
    """Keep no more files."""
    return {}


@dataclass(frozen=True)
class RunStore:
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

    def find(self, spec: RunSpec) -> SavedRun | None:
        """The answer to a request, if it was answered before and is whole."""
        saved = read_whole(self.path(spec.key))
        return saved if saved is not None and saved.record.key == spec.key else None

    def compute(self, spec: RunSpec, extra: ExtraFiles = no_files, make: Make = timed) -> None:
        """Answer a request anew, and keep the answer; whoever calls holds the claim."""
        if os.path.lexists(self.path(spec.key)):  # what is there is not whole
            self.quarantine(spec.key)
        outcome, seconds = make(spec)
        files = extra(outcome)
        write_run(self.path(spec.key), outcome, spec, seconds, extra=files)
        self.forgive(spec.key)

    def obtain(self, spec: RunSpec, extra: ExtraFiles = no_files, make: Make = timed) -> SavedRun:
        """The answer to a request: the one on file, or a new one that is now on file."""
        with self.claimed(spec.key, wait=True):
            kept = self.find(spec)
            if kept is not None:
                return kept
            self.compute(spec, extra, make)
            saved = read_run(self.path(spec.key))
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
                saved = read_whole(self.path(key))
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
        write_file(folder / f"{key}.json", text.encode())

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

    # What was not used for longest

    def touch(self, key: str) -> None:
        """Note that a run is used now, before it is read: then it is not evicted."""
        with suppress(OSError):  # it is not there, or belongs to another user
            os.utime(self.path(key))

    def evict(self, most: int = MOST) -> None:
        """Remove the runs that were not used for longest, if there are more than `most`.

        A run is removed under its claim, and only if nobody has used it since it was looked at:
        another process that asks for it meanwhile either finds it whole or computes it anew.
        """
        self._evict_quarantined()
        keys, now = self.keys(), time.time()
        if len(keys) <= most:
            return
        ages = [(when, key) for key in keys if (when := self._last_used(key)) < now - YOUNG]
        for when, key in sorted(ages)[: len(keys) - int(LEFT * most)]:
            with self.claimed(key) as claimed:
                if claimed and when == self._last_used(key):
                    _remove(self.path(key))

    def _evict_quarantined(self) -> None:
        """Remove what was set aside as torn or altered, but for the last few of it."""
        with suppress(OSError):
            aside = sorted((each.stat().st_mtime, each) for each in self.quarantined())
            for _, each in aside[:-ASIDE]:
                if each.is_dir():
                    shutil.rmtree(each, ignore_errors=True)
                else:
                    each.unlink()

    def _last_used(self, key: str) -> float:
        """When a run was used last [seconds since 1970]; never, if it is gone."""
        try:
            return self.path(key).stat().st_mtime
        except FileNotFoundError:  # another process removed it
            return float("inf")

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


def _remove(folder: Path) -> None:
    """Remove a folder that is there as a whole until it is not there at all."""
    gone = folder.with_name(f".{folder.name}.part")  # as a draft: what is left of it is removed
    shutil.rmtree(gone, ignore_errors=True)
    with suppress(OSError):  # what cannot be removed stays
        folder.rename(gone)
        shutil.rmtree(gone)


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
    handle = _OPEN.get(file)
    if (
        handle is None
        or not os.path.exists(file)
        or not os.path.samestat(os.stat(file), os.fstat(handle))
    ):
        handle = _OPEN[file] = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
    return handle


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


@dataclass
class StoredRuns:
    """Outcomes by request: those on file, and new ones that are on file from then on.

    They are kept in the cache of this user; where that cannot be written to, each is computed.
    """

    store: RunStore | None
    code: str = field(default_factory=code_digest)  # that whoever computes must have
    seconds: dict[str, Mapping[str, float]] = field(default_factory=dict)  # by key, for a phase

    @classmethod
    def here(cls) -> "StoredRuns":
        """The answers in the cache of this user."""
        store = RunStore(home() / "answers")
        try:
            check_writable(store.folder)
        except RequestError:
            return cls(None)
        store.evict()
        return cls(store)

    def has(self, spec: RunSpec) -> bool:
        """Whether a request was answered before."""
        return self.store is not None and self.store.has(spec.key)

    def __call__(self, spec: RunSpec) -> Outcome:
        """The outcome of a request."""
        return self.together([spec])[0]

    def together(
        self, specs: Sequence[RunSpec], states: KeptStates | None = None,
        worth: Callable[[RunSpec], bool] = lambda spec: True,
    ) -> list[Outcome]:  # fmt: skip
        """The outcome of each request; of those that are new, what they share is run once.

        Parameters
        ----------
        states : of models, for requests to come
        worth : whether an outcome is looked up, and kept on file
        """
        check_same_code(self.code)
        new = [spec for spec in specs if not (worth(spec) and self.has(spec))]
        computed: dict[str, tuple[Outcome, Mapping[str, float]]] = {}

        def make(spec: RunSpec) -> tuple[Outcome, Mapping[str, float]]:
            if not computed:
                computed.update(timed_together(new or [spec], states))
            return computed[spec.key] if spec.key in computed else timed(spec)

        different = {spec.key: spec for spec in specs}  # a baseline often is its own reference
        found = {key: self._one(spec, make, worth) for key, spec in different.items()}
        return [replace(found[spec.key], spec=spec) for spec in specs]

    def _one(self, spec: RunSpec, make: Make, worth: Callable[[RunSpec], bool]) -> Outcome:
        new: list[tuple[Outcome, Mapping[str, float]]] = []

        def noted(one: RunSpec) -> tuple[Outcome, Mapping[str, float]]:
            new.append(make(one))
            return new[-1]

        if self.store is not None and worth(spec):
            try:
                self.store.touch(spec.key)
                saved = self.store.obtain(spec, movers_file, noted)
            except OSError:  # the disk of the cache is full: no reason not to answer
                pass
            else:
                if not new:  # what was just made is not read again
                    spent = saved.record.seconds
                    self.seconds[spec.key] = {n: spent[n] for n in spent if n in PHASES}
                    return saved.outcome(spec)
        outcome, self.seconds[spec.key] = new[0] if new else make(spec)
        return outcome

    def set_aside(self) -> set[Path]:
        """Answers that were found torn or altered, and computed again."""
        return self.store.quarantined() if self.store else set()


PHASES = ("prepare", "simulate")


def save_run(
    both: Ensemble, spec: RunSpec, verdicts: "pd.DataFrame", delivered: "pd.DataFrame",
    folder: Path, cache: StoredRuns,
) -> tuple[Path, bool]:  # fmt: skip
    """Write a run with its draws into a folder below `folder`, unless the very same is there.

    Its id follows from what was asked, what the files hold, and what the verdicts rest on: the
    same run has one folder.

    Returns
    -------
    the folder of the run, and whether it was there before
    """
    files = {"verdicts.csv": csv(verdicts), **files_of_run(both, delivered)}
    outcome = both.scenario
    digests = {name: sha256(content).hexdigest() for name, content in files.items()}
    rests_on = evidence(spec, verdicts)
    same = digest_of({"key": spec.key, "evidence": rests_on, **digests})
    run = folder / f"{outcome.scenario.name}-{same[:12]}"
    with cache.store.claimed(same, wait=True) if cache.store else nullcontext():
        if read_whole(run):
            return run, True
        if run.exists():
            aside = folder / "quarantine" / f"{run.name}-{secrets.token_hex(3)}"
            aside.parent.mkdir(exist_ok=True)
            run.rename(aside)
        seconds = cache.seconds[spec.key]
        return write_run(run, outcome, spec, seconds, verdicts, files, rests_on), False


def files_of_run(both: Ensemble, delivered: "pd.DataFrame") -> dict[str, bytes]:
    """The files that `xiancheng run` adds to those of every run."""
    return {
        "delivery.csv": csv(delivery_for_files(delivered)), **draws_file(both),
        **movers_file(both.scenario),
    }  # fmt: skip
