"""The whole tick, ours against two engines of the same rules that take turns with it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.mesa_plain import MesaPeople
from benchmarks.numpy_people import NumpyPeople
from benchmarks.recorded import Look, Recorded, flows, model, residents
from benchmarks.tables import Cells, Measured

MESA_SCALE = 0.0013  # about 5,000 residents
NUMPY_SCALE = 0.02  # at which the flows are compared
MOST, LEAST_MESA = {"most": 13.0}, {"least": 200.0}  # at scale 1
LEAST_NUMPY = {0.01: 1.3, 0.1: 4.0, 1: 6.0}  # by scale
RISK = 0.01  # that engines which agree are said to differ


@dataclass(frozen=True)
class Turn:
    """One quarter of two engines [CPU ns per resident], and what happened to people in each."""

    ours: float
    theirs: float
    flows: tuple[dict[str, int], dict[str, int]]


def clocked(step: Callable[[], Any], persons: int) -> float:
    """CPU time that a quarter takes [ns per resident]."""
    begun = time.process_time()
    step()
    return (time.process_time() - begun) / persons * 1e9


def in_turn(ours: Recorded, theirs: Any) -> Iterator[Turn]:
    """Step ours and another engine quarter by quarter, on one thread, given the same."""
    while ours.running:
        here = residents(ours)
        seen = Look.at(ours.population.people), theirs.look()
        mine = clocked(ours.step, here)
        tables = ours.tables()
        theirs.listen(tables)
        other = clocked(theirs.step, here)
        now = Look.at(ours.population.people), theirs.look()
        both = flows(seen[0], now[0], tables), flows(seen[1], now[1], tables)
        yield Turn(mine, other, both)


def totals(turns: list[Turn]) -> dict[str, Any]:
    """Events of a whole run in ours and in the other engine, by flow."""
    return {
        name: np.array([[turn.flows[i][name] for i in (0, 1)] for turn in turns]).sum(axis=0)
        for name in turns[0].flows[0]
    }


def race(scale: float, plain: bool = False) -> list[Measured]:
    """Ours against numpy and, if asked, plain Mesa in the same run."""
    ours, unit = model(scale), "ns CPU per resident-quarter"
    arrays = in_turn(ours, NumpyPeople(ours.population.people, seed=1))
    if not plain:
        turns = list(arrays)
    else:
        small = model(MESA_SCALE)
        persons = residents(small)
        agents = in_turn(small, MesaPeople(small.population.people, seed=1))
        pairs = list(zip(arrays, agents, strict=True))
        turns, others = [pair[0] for pair in pairs], np.array([pair[1].theirs for pair in pairs])
    mine, theirs = np.array([(turn.ours, turn.theirs) for turn in turns]).T
    full = scale == 1
    target = MOST if full else {}
    least = {"least": LEAST_NUMPY[scale]} if scale in LEAST_NUMPY else {}
    found = [
        Measured.of(f"whole tick, scale {scale:g}: ours", unit, mine, **target),
        Measured.of(f"same rules, scale {scale:g}: numpy", unit, theirs),
        Measured.of(f"ratio, scale {scale:g}: numpy / ours", "x", theirs / mine, **least),
    ]
    mesa = LEAST_MESA if full else {}
    if plain:
        found += [
            Measured.of(f"same rules, {persons:,} residents: plain Mesa", unit, others),
            Measured.of(f"ratio: plain Mesa / ours, scale {scale:g}", "x", others / mine, **mesa),
        ]
    if full:
        apart = max(abs(b / a - 1) for a, b in totals(turns).values())
        found.append(
            Measured.of("largest difference of a flow, scale 1: numpy", "%", [100 * apart])
        )
    return found


@dataclass(frozen=True)
class Agreement:
    """Whether two engines do the same to people, over a whole run and several seeds."""

    flow: str
    engine: str
    ours: float  # mean events in a run
    theirs: float
    t: float  # paired by seed
    p: float


def agreement(engine: str, make: Callable[..., Any], scale: float, seeds: int) -> list[Agreement]:
    """Compare the flows of an engine with ours, seed by seed."""
    runs = []
    for seed in range(1, seeds + 1):
        ours = model(scale, seed)
        runs.append(totals(list(in_turn(ours, make(ours.population.people, seed)))))
    found = []
    for name in runs[0]:
        pairs = np.array([run[name] for run in runs], float)
        t, p = stats.ttest_rel(pairs[:, 1], pairs[:, 0])
        mine, other = pairs.mean(axis=0)
        found.append(Agreement(name, engine, float(mine), float(other), float(t), float(p)))
    return found


def agreements(seeds: int) -> list[Agreement]:
    """Both references against ours."""
    arrays = agreement("numpy", NumpyPeople, NUMPY_SCALE, seeds)
    return arrays + agreement("Mesa", MesaPeople, MESA_SCALE, seeds)


def differing(found: list[Agreement]) -> list[Agreement]:
    """Flows that differ by more than chance, at a total `RISK` of saying so in error."""
    return [a for a in found if a.p < RISK / len(found)]


def cells(found: list[Agreement]) -> Cells:
    """The flows as a table."""
    table = [["events in a run", "engine", "ours", "theirs", "theirs / ours", "t", "p"]]
    for a in found:
        ratio = f"{a.theirs / a.ours:.3f}" if a.ours else ""
        counts = [f"{a.ours:,.0f}", f"{a.theirs:,.0f}"]
        table.append([a.flow, a.engine, *counts, ratio, f"{a.t:+.1f}", f"{a.p:.2f}"])
    return table


def verdict(found: list[Agreement]) -> str:
    """Whether the engines agree, said plainly."""
    odd = differing(found)
    risk = f"at a total risk of {RISK:.0%} of a false alarm over {len(found)} comparisons"
    if not odd:
        return f"No flow differs, {risk}."
    return f"DIFFERENT, {risk}: " + ", ".join(f"{a.flow} ({a.engine})" for a in odd) + "."
