"""Ours: the columns, compiled kernel and addressed random numbers of the model, at the task."""

from importlib.metadata import version

import numpy as np

from benchmarks.peers import task
from benchmarks.peers.task import BANDS, PLACES, Ints
from xiancheng.sim import kernels
from xiancheng.sim.choice import threshold
from xiancheng.sim.randomness import RandomStreams, Stream, addresses
from xiancheng.sim.state import NEVER, People

NAME = f"xiancheng {version('xiancheng')}"
CHUNK = 65536
TRAITS = 256
FIXED = 65536  # factors come to the kernel in 1/65536
LEAVING = 4  # the event's entry in the kernel's table
BITS = np.uint16


class Engine:
    """Everyone. A place is one unit, and people have no traits."""

    def __init__(self, place: Ints, born: Ints, seed: int) -> None:
        n = len(place)
        alone, nobody = np.arange(n, dtype=np.int32), np.full(n, NEVER)
        self.people = People(
            address=addresses(np.arange(n, dtype=np.uint64)), born=born.copy(), child=nobody,
            unit=place.astype(BITS), hukou=place.astype(BITS), previous_unit=place.astype(BITS),
            moved_at=nobody.copy(), traits=np.zeros(n, np.uint8), flags=np.zeros(n, np.uint8),
            next_member=alone, weight=np.ones(n, np.int32),
        )  # fmt: skip
        self.streams = RandomStreams(seed)
        self.first_row = (np.arange(PLACES) * BANDS).astype(np.uint32)
        self.table = np.zeros((PLACES * BANDS, 1, 6), np.uint32)
        self.table[:, 0, LEAVING] = threshold(task.leaving()).ravel()
        self.second = np.zeros((PLACES * BANDS, 1, 2), np.uint32)
        one = np.array([0, 1], np.int64)
        self.bounds = kernels.screen(self.table, self.second, one, one, FIXED, FIXED)
        self.room = task.room(place)
        self.counts = task.count(place, born, 0)

    def quarter(self, now: int) -> Ints:
        """Let a quarter pass; residents by place and age band."""
        p, band = self.people, self.bands(now)
        chances = task.choices(self.counts.sum(axis=1), self.room)
        movers = self.reconsidering(now, band)
        origin = p.unit[movers].astype(np.int64)
        goals = self.streams.choose(Stream.DESTINATION, now, p.address[movers], chances, origin)
        everyone, who = np.ones(len(movers), np.int64), np.empty((2, len(movers)), np.int64)
        kernels.move(
            p.next_member,
            p.born,
            p.unit,
            p.previous_unit,
            p.moved_at,
            now,
            now,
            movers,
            everyone,
            goals,
            *who,
        )
        counts = np.zeros((PLACES * BANDS, TRAITS), np.int64)
        kernels.tally(p.unit, p.born.view(BITS), p.traits, p.weight, self.first_row, band, counts)
        self.counts = counts[:, 0].reshape(PLACES, BANDS)
        return self.counts

    def bands(self, now: int) -> Ints:
        """The age band at the bits of every quarter of birth, (65536,)."""
        ages = task.bands(now)
        band = np.zeros(1 << 16, np.uint8)
        band[(now - np.arange(len(ages))).astype(np.int16).view(BITS)] = ages
        return band

    def reconsidering(self, now: int, band: Ints) -> Ints:
        """Who reconsiders by the quarter's random numbers, (mover,)."""
        p, nothing = self.people, np.zeros(1 << 16, np.uint8)
        groups = np.zeros(TRAITS, np.uint8)
        inner, plain = np.zeros((TRAITS, 1), np.uint8), np.full(1 << 16, FIXED, np.uint32)
        when, stream, shared = (np.uint64(x) for x in (now, Stream.QUARTER, Stream.SHARED))
        rows, events = np.empty(CHUNK, np.int64), np.empty(CHUNK, np.uint8)
        words = np.empty(CHUNK, np.uint32)
        found = []
        for start in range(0, len(p), CHUNK):
            part = slice(start, start + CHUNK)
            met = kernels.draw_events(
                p.address[part], p.unit[part], p.born[part].view(BITS), p.child[part].view(BITS),
                p.moved_at[part].view(BITS), p.traits[part], self.first_row, band, nothing, inner,
                groups, self.table, self.second, groups, self.bounds, plain[:PLACES], plain,
                when, stream, shared, np.uint64(self.streams.seed), True, rows, events, words,
                start,
            )  # fmt: skip
            found.append(rows[:met].copy())
        return np.concatenate(found)

    def where(self) -> Ints:
        """The place of everyone, (person,)."""
        return self.people.unit.astype(np.int16)
