"""One trunk, many branches: scenarios of one draw are one world until they part.

Runs with the same parameters, random numbers and horizon have the same past up to the first quarter
in which levers or outside conditions differ. `simulate_together` runs that past once: where courses
part, the state of the model is kept in a `Snapshot`, and each branch goes on from it. The outcomes
are bit for bit those of `simulate`. A `SnapshotFolder` keeps such states between calls and between
processes, so that a changed lever costs only the quarters in which it acts.

The run without measures follows the level, and the others replay its steering (see
`scenarios.steering`): it goes first, to its end; states on its way are those of runs that replay.
"""

import os
import pickle
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any, Self

from xiancheng.scenarios.outcome import Outcome
from xiancheng.scenarios.run_spec import OFF, RunSpec
from xiancheng.scenarios.simulation import RegionModel, outcome_of, prepared
from xiancheng.scenarios.steering import is_known

MOST = 2**30  # bytes of the states that a folder keeps
LARGEST = 2**26  # bytes of a state that is kept: reading a larger one saves less than it costs


# States of a model between two quarters


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The state of a model between two quarters, without what a spec says."""

    head: bytes  # everything but the arrays
    arrays: tuple[bytes, ...]

    @classmethod
    def of(cls, model: RegionModel) -> Self:
        """The state of a model as it is now; the model may go on."""
        buffers: list[pickle.PickleBuffer] = []
        head = pickle.dumps(model, protocol=5, buffer_callback=buffers.append)
        return cls(head, tuple(bytes(each.raw()) for each in buffers))

    def go_on(self, spec: RunSpec) -> RegionModel:
        """A model in this state that goes on as the run of a spec."""
        model: RegionModel = pickle.loads(self.head, buffers=map(bytearray, self.arrays))
        model.lead(spec)
        return model

    @property
    def size(self) -> int:
        """Bytes of the arrays."""
        return sum(map(len, self.arrays))


@dataclass(frozen=True)
class SnapshotFolder:
    """A private folder of snapshots, by the course of runs up to them; bounded, and for now only.

    What is in it belongs to the processes of one session, which end with it.
    """

    folder: Path
    most: int = MOST

    @classmethod
    def temporary(cls) -> Self:
        """A new folder, which only this user can read."""
        return cls(Path(tempfile.mkdtemp(prefix="xiancheng-trunks-")))

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def find(self, past: tuple[Any, ...], course: Sequence[str]) -> tuple[int, Snapshot] | None:
        """The latest state on the course of a run, and how many quarters it has behind it."""
        for done in range(len(course) - 1, 0, -1):
            file = self._file(past, course[:done])
            with suppress(OSError, pickle.UnpicklingError, EOFError):
                with file.open("rb") as stream:
                    head, *sizes = pickle.load(stream)
                    arrays = tuple(stream.read(size) for size in sizes)
                if [len(each) for each in arrays] == sizes:
                    os.utime(file)
                    return done, Snapshot(head, arrays)
        return None

    def keep(self, past: tuple[Any, ...], course: Sequence[str], state: Snapshot) -> None:
        """Keep a state, in the place of those used longest ago; none that is large."""
        file = self._file(past, course)
        if state.size > LARGEST or file.exists():
            return
        with suppress(OSError):  # the disk is full: it will be computed again
            self._make_room(state.size)
            fresh = file.with_name(f"{file.name}.{os.getpid()}")
            with fresh.open("wb") as stream:
                pickle.dump((state.head, *map(len, state.arrays)), stream)
                stream.writelines(state.arrays)
            fresh.replace(file)

    def _make_room(self, size: int) -> None:
        files = [(each.stat(), each) for each in self.folder.iterdir()]
        kept = sum(stat.st_size for stat, __ in files)
        for stat, each in sorted(files, key=lambda known: known[0].st_mtime):
            if kept + size <= self.most:
                break
            each.unlink(missing_ok=True)
            kept -= stat.st_size

    def _file(self, past: tuple[Any, ...], course: Sequence[str]) -> Path:
        return self.folder / sha256(repr((past, *course)).encode()).hexdigest()


# Runs of one past


def past_of(spec: RunSpec) -> tuple[Any, ...]:
    """What runs have in common that may share a past: their run without measures."""
    return spec.reference.outcome_key


def lacks_record(spec: RunSpec) -> bool:
    """Whether the run without measures, which others replay, has to be made first."""
    return spec.reference.follows != OFF and not is_known(spec.reference)


def by_past(specs: Sequence[RunSpec], most: int | None = None) -> list[list[RunSpec]]:
    """Runs that may share a past, together and next to those they share most with.

    Parameters
    ----------
    most : runs in a part; the first of a past also holds the run that others replay
    """
    found: dict[tuple[Any, ...], list[RunSpec]] = {}
    for spec in specs:
        found.setdefault(past_of(spec), []).append(spec)
    parts = []
    for each in found.values():
        each.sort(key=lambda spec: (not spec.is_reference, spec.course))
        size = most or len(each)
        parts += [each[first : first + size] for first in range(0, len(each), size)]
    return parts


def simulate_together(
    specs: Sequence[RunSpec], states: SnapshotFolder | None = None
) -> list[Outcome]:
    """The outcome of each run, bit for bit as `simulate` gives it; what they share is run once.

    Parameters
    ----------
    states : where states of models are looked up and kept, for runs that are asked for later
    """
    found: dict[tuple[Any, ...], Outcome] = {}
    for runs in by_past(specs):
        different = {spec.outcome_key: spec for spec in runs}
        found |= _Tree(past_of(runs[0]), states).outcomes([*different.values()])
    return [replace(found[spec.outcome_key], spec=spec) for spec in specs]


def timed(spec: RunSpec) -> tuple[Outcome, Mapping[str, float]]:
    """The outcome of a run, and the seconds that each phase took."""
    return timed_together([spec])[spec.key]


def timed_together(
    specs: Sequence[RunSpec], states: SnapshotFolder | None = None
) -> dict[str, tuple[Outcome, Mapping[str, float]]]:
    """Outcomes by key, and the seconds that each phase took, the same share for each run."""
    begun = perf_counter()
    for spec in specs:
        prepared(spec.region, spec.scenario.start, spec.scale, spec.pack.digest)
    ready = perf_counter()
    outcomes = simulate_together(specs, states)
    phases = {"prepare": ready - begun, "simulate": perf_counter() - ready}
    seconds = {phase: spent / len(specs) for phase, spent in phases.items()}
    return {spec.key: (each, seconds) for spec, each in zip(specs, outcomes, strict=True)}


@dataclass
class _Tree:
    """Runs of one past, from the quarter in which each leaves the others."""

    past: tuple[Any, ...]
    states: SnapshotFolder | None
    found: dict[tuple[Any, ...], Outcome] = field(default_factory=dict)  # by outcome key

    def outcomes(self, runs: list[RunSpec]) -> dict[tuple[Any, ...], Outcome]:
        if lacks_record(runs[0]) and not any(spec.is_reference for spec in runs):
            runs = [runs[0].reference, *runs]
        self._from_state(runs, 0)
        return self.found

    def _from_state(self, runs: list[RunSpec], least: int) -> None:
        """From the latest state on file that all of them share, or from the start."""
        first = runs[0]
        common = _common([spec.course for spec in runs], 0)
        known = self.states.find(self.past, first.course[: common + 1]) if self.states else None
        model = known[1].go_on(first) if known else RegionModel(first)
        self._grow(model, runs)

    def _grow(self, model: RegionModel, runs: list[RunSpec]) -> None:
        """From the state of a model, which is that of all these runs."""
        first = runs[0]
        parts = _common([spec.course for spec in runs], model.done)
        leaves = _common([first.course, first.baseline.course], model.done)
        if self.states and model.done < leaves < parts:  # alone: others may leave here later
            self._step_to(model, leaves)
            self.states.keep(self.past, first.course[:leaves], Snapshot.of(model))
        if parts == len(first.course):
            self.found[first.outcome_key] = outcome_of(model)
            return
        self._step_to(model, parts)
        state = Snapshot.of(model)
        if self.states and parts:
            self.states.keep(self.past, first.course[:parts], state)
        branches: dict[str, list[RunSpec]] = {}
        for spec in runs:
            branches.setdefault(spec.course[parts], []).append(spec)
        own, *others = branches.values()  # the run without measures is among the first
        self._grow(model, own)
        for branch in others:
            self._grow(state.go_on(branch[0]), branch)

    @staticmethod
    def _step_to(model: RegionModel, quarter: int) -> None:
        while model.done < quarter:
            model.step()


def _common(courses: Sequence[Sequence[str]], least: int) -> int:
    """Quarters that courses have in common, at least so many."""
    for quarter in range(least, len(courses[0])):
        if len({course[quarter] for course in courses}) > 1:
            return quarter
    return len(courses[0])
