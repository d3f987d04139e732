"""Steering: which path a run is aligned to, and what other runs of its draw replay.

A run is aligned where the level of its region is known: it starts at the last census, and there is
a record of change. Draw 0 follows the median of the level, draw d its d-th draw. The run without
measures in reference conditions follows the path; every other run of the same parameters and random
numbers replays what that took.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from xiancheng.calibration import cache
from xiancheng.calibration.forecasts.common_trend import PublishedRate
from xiancheng.calibration.forecasts.level import county_level
from xiancheng.calibration.region import Region
from xiancheng.scenarios.run_spec import OFF, RunSpec
from xiancheng.sim.alignment import Alignment, Follow, Replay, SharePath, SteeredQuarter
from xiancheng.sim.state import quarter_with

if TYPE_CHECKING:
    from xiancheng.scenarios.simulation import RegionModel

Record = tuple[SteeredQuarter, ...]
GRID = 7  # decimals of a share: what a processor does to the last digit enters no run
MICRO = 10**6  # of the factors on flows
KIND = "steered"  # of texts on file
MOST = 512  # records that a process remembers

_records: dict[tuple[Any, ...], Record] = {}  # by what decides the run that followed the path


def path_of(spec: RunSpec) -> SharePath | None:
    """The urban shares that a run without measures follows; None where it is not aligned.

    They are those of the level at the ends of years, to the end of the run's last year and of what
    is known, so that a longer run is the same as far as a shorter one goes.
    """
    if spec.alignment == OFF:
        return None
    start, known = spec.scenario.start, spec.known_until
    end = date(max(spec.scenario.until.year, known.year), 12, 31)
    return _path(spec.pack, start, end, known, spec.observations, spec.draw)


@lru_cache(maxsize=MOST)
def _path(
    pack: Region, start: date, end: date, known: date, observations: tuple[PublishedRate, ...],
    draw: int,
) -> SharePath | None:  # fmt: skip
    level = county_level(pack, start, end, known, observations)
    if level is None:
        return None
    ends = [(day.month, day.day) == (12, 31) and day > start for day in level.days]
    true, printed = (
        rate[ends, (draw - 1) % rate.shape[1]] if draw else np.median(rate[ends], axis=1)
        for rate in (level.true, level.printed)
    )
    quarters = [quarter_with(day) for day, end in zip(level.days, ends, strict=True) if end]
    return SharePath(
        np.array(quarters), np.round(true / 100, GRID), np.round(printed - true, GRID),
        quarter_with(start) - 1,
    )  # fmt: skip


def alignment_of(
    spec: RunSpec, run: Callable[[RunSpec], object], *, begun: bool = False
) -> Alignment | None:
    """What steers a run; None where it is not aligned.

    Parameters
    ----------
    run : runs a spec and keeps its record, where what is replayed is not on file
    begun : whether the run goes on from a state in its course; then one without measures replays
        its own record, to the same end
    """
    path = path_of(spec)
    if path is None:
        return None
    if spec.is_reference and not begun:
        return Follow(path)
    frozen = spec.scenario.conditions.recoding_frozen
    return Replay(path, record_of(spec.reference, run), codes=not frozen)


def record_of(reference: RunSpec, run: Callable[[RunSpec], object]) -> Record:
    """What steered a run without measures, which `run` makes where that is not on file."""
    if not is_known(reference):
        run(reference)  # keeps its record
    return _records[reference.outcome_key]


def is_known(reference: RunSpec) -> bool:
    """Whether the record of a run without measures is on file."""
    key = reference.outcome_key
    if key not in _records and (found := _read(reference.key)) is not None:
        _remember(key, found)
    return key in _records


def keep(model: "RegionModel") -> Record:
    """The record of a run that has ended; that of one that followed a path is kept."""
    if isinstance(model.alignment, Replay):
        return tuple(model.alignment.replayed(each) for each in model.alignment.record)
    if not isinstance(model.alignment, Follow):
        return ()
    record, reference = tuple(model.alignment.record), model.spec.reference
    _remember(reference.outcome_key, record)
    _write(reference.key, record)
    return record


def _remember(key: tuple[Any, ...], record: Record) -> None:
    while len(_records) >= MOST:
        del _records[next(iter(_records))]
    _records[key] = record


def _read(key: str) -> Record | None:
    kept = cache.read_text(KIND, key)
    if kept is None:
        return None
    return tuple(
        SteeredQuarter(
            flow=np.array(flow) / MICRO,
            **{name: np.array(values, np.int64) for name, values in whole.items()},
        )
        for flow, whole in json.loads(kept)
    )


def _write(key: str, record: Record) -> None:
    """Put a record on file where that is possible; else other processes run it anew."""
    quarters = (asdict(each) for each in record)
    cache.write_text(KIND, key, [
        (np.rint(MICRO * each.pop("flow")).astype(int).tolist(),  # they are on this grid
         {name: values.tolist() for name, values in each.items()})
        for each in quarters
    ])  # fmt: skip
