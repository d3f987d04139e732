"""One trunk, many branches: scenarios of one draw are one world until they part.

Runs with the same parameters, random numbers and horizon have the same past up to the first quarter
in which levers or outside conditions differ. `simulate_together` runs that past once: where courses
part, the state of the model is kept in a `Snapshot`, and each branch goes on from it. The outcomes
are bit for bit those of `simulate`. `KeptStates` keep such states between calls, in the memory of
each process, so that a changed lever costs only the quarters in which it acts.

The run without measures follows the level, and the others replay its steering (see
`scenarios.steering`): it goes first, to its end; states on its way are those of runs that replay.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from secrets import token_hex
from time import perf_counter
from typing import TYPE_CHECKING, Any, Self

from xiancheng.scenarios.outcome import Outcome
from xiancheng.scenarios.run_spec import OFF, RunSpec
from xiancheng.scenarios.steering import is_known
from xiancheng.sim.deferred import Deferred

if TYPE_CHECKING:
    from xiancheng.scenarios import simulation
    from xiancheng.scenarios.simulation import RegionModel
else:
    simulation = Deferred("xiancheng.scenarios.simulation")  # kept outcomes need no model

MOST = 2**29  # bytes of the people in the states that a process keeps
LARGEST = 2**26  # of one that is kept


# States of a model between two quarters


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The state of a model between two quarters, without what a spec says."""

    model: "RegionModel"  # that goes no further
    size: int  # bytes of its people

    @classmethod
    def of(cls, model: "RegionModel") -> Self:
        """The state of a model as it is now; the model may go on."""
        people = vars(model.population.people).values()
        return cls(deepcopy(model), sum(column.nbytes for column in people))

    def go_on(self, spec: RunSpec) -> "RegionModel":
        """A model in this state that goes on as the run of a spec."""
        model = deepcopy(self.model)
        model.lead(spec)
        return model


_kept: dict[str, OrderedDict[tuple[Any, ...], Snapshot]] = {}  # of this process, by session


@dataclass(frozen=True)
class KeptStates:
    """States that each process of a session keeps in memory, by the course of runs up to them.

    What is sent to another process is the session alone; it keeps states of its own.
    """

    session: str
    most: int = MOST

    @classmethod
    def begin(cls) -> Self:
        """A new session."""
        return cls(token_hex(8))

    def end(self) -> None:
        """Let go of all states of this process."""
        _kept.pop(self.session, None)

    def find(self, past: tuple[Any, ...], course: Sequence[str]) -> tuple[int, Snapshot] | None:
        """The latest state on the course of a run, and how many quarters it has behind it."""
        states = self._states
        for done in range(len(course) - 1, 0, -1):
            key = past, tuple(course[:done])
            if key in states:
                states.move_to_end(key)
                return done, states[key]
        return None

    def keep(self, past: tuple[Any, ...], course: Sequence[str], state: Snapshot) -> None:
        """Keep a state, in the place of those used longest ago; none that is large."""
        states, key = self._states, (past, tuple(course))
        if state.size > LARGEST or key in states:
            return
        states[key] = state
        while sum(each.size for each in states.values()) > self.most:
            states.popitem(last=False)

    @property
    def _states(self) -> OrderedDict[tuple[Any, ...], Snapshot]:
        return _kept.setdefault(self.session, OrderedDict())


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


def simulate_together(specs: Sequence[RunSpec], states: KeptStates | None = None) -> list[Outcome]:
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
    specs: Sequence[RunSpec], states: KeptStates | None = None
) -> dict[str, tuple[Outcome, Mapping[str, float]]]:
    """Outcomes by key, and the seconds that each phase took, the same share for each run."""
    begun = perf_counter()
    for spec in specs:
        simulation.prepared(spec.region, spec.scenario.start, spec.scale, spec.pack.digest)
    ready = perf_counter()
    outcomes = simulate_together(specs, states)
    phases = {"prepare": ready - begun, "simulate": perf_counter() - ready}
    seconds = {phase: spent / len(specs) for phase, spent in phases.items()}
    return {spec.key: (each, seconds) for spec, each in zip(specs, outcomes, strict=True)}


@dataclass
class _Tree:
    """Runs of one past, from the quarter in which each leaves the others."""

    past: tuple[Any, ...]
    states: KeptStates | None
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
        model = known[1].go_on(first) if known else simulation.RegionModel(first)
        self._grow(model, runs)

    def _grow(self, model: "RegionModel", runs: list[RunSpec]) -> None:
        """From the state of a model, which is that of all these runs."""
        first = runs[0]
        parts = _common([spec.course for spec in runs], model.done)
        leaves = _common([first.course, first.baseline.course], model.done)
        if self.states and model.done < leaves < parts:  # alone: others may leave here later
            self._step_to(model, leaves)
            self.states.keep(self.past, first.course[:leaves], Snapshot.of(model))
        if parts == len(first.course):
            self.found[first.outcome_key] = simulation.outcome_of(model)
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
    def _step_to(model: "RegionModel", quarter: int) -> None:
        while model.done < quarter:
            model.step()


def _common(courses: Sequence[Sequence[str]], least: int) -> int:
    """Quarters that courses have in common, at least so many."""
    for quarter in range(least, len(courses[0])):
        if len({course[quarter] for course in courses}) > 1:
            return quarter
    return len(courses[0])
