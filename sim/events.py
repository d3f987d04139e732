"""Events: how likely each stratum is to meet each event of a quarter, and whom it meets."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self

import numpy as np

from xiancheng.sim import kernels, strata
from xiancheng.sim.choice import probability, threshold
from xiancheng.sim.places import in_towns
from xiancheng.sim.randomness import Stream
from xiancheng.sim.state import Floats, Ints
from xiancheng.sim.step import Step

FIXED = 65536  # factors on leaving come to the kernel in 1/65536

# Whom an event may meet, (situation,).
_SITUATION = np.arange(strata.SITUATIONS)
BEARS = (_SITUATION == strata.DEPENDENT) | (_SITUATION >= strata.COUPLE)
WEDS = (_SITUATION == strata.SINGLE) | (_SITUATION == strata.ALONE)
RESETTLES = _SITUATION >= strata.ALONE


@dataclass(frozen=True)
class Hazards:
    """The quarter's hazards [1/year] by stratum, for the places inside the region."""

    death: Floats  # (place, band, sex)
    birth: Floats  # (place, band), women with a partner
    marriage: Floats  # (band, sex), the unattached
    settling: Floats  # (place,) in towns: being granted the local hukou
    resettling: Floats  # (place,) in villages: a household moving into a town flat of a project
    leaving: Floats  # (place, flat, band, situation), after 32 years in the place
    going_back: Floats  # (place, band, education), the places beyond the region too
    hire: Floats  # (place, band, work, education)
    separation: Floats  # (place, band, 3) from farming, industry, services
    by_duration: Floats  # (129,) factor on leaving, by quarters since the last move
    by_village: Floats  # (unit + 3,) upper bound of a factor on leaving, see `departure.reconsider`

    def only_moves(self) -> Self:
        """The same hazards, but nobody is born, dies, marries, settles or changes work."""
        still = ("death", "birth", "marriage", "settling", "resettling", "hire", "separation")
        return replace(self, **{name: 0 * getattr(self, name) for name in still})


@dataclass(frozen=True)
class Events:
    """Whom each event of the quarter meets, in the order of the kernel's events, each (row,)."""

    deaths: Ints  # and nothing else happens to them
    settling: Ints  # granted the hukou in town; in villages, resettled
    births: Ints
    marrying: Ints
    reconsidering: Ints  # may reconsider where to live
    going_back: Ints
    hired: Ints
    separated: Ints
    leaving: Ints  # the word drawn of each of `reconsidering`, in [0, 2^32)


def draw_events(step: Step, hazards: Hazards, threads: int, chunk: int) -> Events:
    """Draw every person's events of a quarter."""
    quarter, population, people = step.quarter, step.population, step.population.people
    table, second = thresholds(hazards, quarter.years, len(population.places))
    clock, bits = strata.Clock.at(quarter.number), np.uint16
    first_row = population.place.astype(np.uint32) * strata.BANDS
    by_village = (FIXED * hazards.by_village).astype(np.uint32)
    by_move = np.full(65536, FIXED, np.uint32)  # read at the bits of the quarter
    recent = np.arange(len(hazards.by_duration), dtype=np.int16)
    by_move[(np.int16(quarter.number) - recent).view(bits)] = FIXED * hazards.by_duration
    most = by_village.max(), by_move.max()
    bounds = kernels.screen(table, second, strata.ROLE_FROM, strata.WORK_FROM, *most)
    when, seed = np.uint64(quarter.number), np.uint64(step.streams.seed)
    stream, shared = np.uint64(Stream.QUARTER), np.uint64(Stream.SHARED)
    chunk = -(-chunk // kernels.SHARING) * kernels.SHARING

    def one(part: slice) -> tuple[Ints, Ints, Ints]:
        n = part.stop - part.start
        rows, events = np.empty(n, np.int64), np.empty(n, np.uint8)
        leaving = np.empty(n, np.uint32)
        found = kernels.draw_events(
            people.address[part], people.unit[part], people.born[part].view(bits),
            people.child[part].view(bits), people.moved_at[part].view(bits), people.traits[part],
            first_row, clock.band, clock.stage, strata.STRATUM_OF, strata.WORK_STRATUM_OF,
            table, second, strata.GROUP_OF, bounds, by_village, by_move,
            when, stream, shared, seed, part.start < population.founders, rows, events, leaving,
            part.start,
        )  # fmt: skip
        return rows[:found].copy(), events[:found].copy(), leaving[:found].copy()  # not the rest

    parts = [
        slice(start, min(start + chunk, stop))
        for first, stop in pairwise((0, population.founders, len(people)))
        for start in range(first, stop, chunk)
    ]
    if threads == 1:
        found = [one(part) for part in parts]
    else:
        with ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(one, parts))
    rows, events, leaving = (np.concatenate(column) for column in zip(*found, strict=True))
    found.clear()  # a hundred million people meet many events
    lists, lengths = np.empty((8, len(rows)), np.int64), np.zeros(8, np.int64)
    kernels.split(rows, events, lists, lengths)
    each = [met[:n] for met, n in zip(lists, lengths, strict=True)]
    each.append(leaving[events & 0b10001 == 0b10000])
    return Events(*each)


def thresholds(hazards: Hazards, years: float, places: int) -> tuple[Ints, Ints]:
    """The random words below which each stratum meets each event; see `kernels.draw_events`.

    Beyond the region people die as often as in the town where most do.
    """
    death = np.concatenate([hazards.death, in_towns(hazards.death).max(axis=0, keepdims=True)])
    leaving = np.maximum(hazards.leaving[:, 0], hazards.leaving[:, 1])  # whoever owns a flat
    each = (
        death, hazards.settling, hazards.resettling, hazards.birth, hazards.marriage, leaving,
        hazards.going_back, hazards.hire, hazards.separation,
    )  # fmt: skip
    together = threshold(probability(np.concatenate([part.ravel() for part in each]), years))
    parts = np.split(together, np.cumsum([part.size for part in each[:-1]]))
    words = tuple(part.reshape(hazard.shape) for part, hazard in zip(parts, each, strict=True))
    shape = places, strata.BANDS
    first = np.empty((*shape, strata.SITUATIONS, strata.EDUCATIONS, strata.SEXES, 6), np.uint32)
    second = np.empty((*shape, strata.WORKS, strata.EDUCATIONS, strata.SEXES, 2), np.uint32)
    death, settling, resettling, birth, marriage, leaving, going_back, hire, separation = words
    kernels.thresholds(
        death, settling, resettling, birth, marriage, leaving, going_back, hire, separation,
        BEARS, WEDS, RESETTLES, first, second,
    )  # fmt: skip
    rows = places * strata.BANDS
    return first.reshape(rows, strata.STRATA, 6), second.reshape(rows, strata.WORK_STRATA, 2)
