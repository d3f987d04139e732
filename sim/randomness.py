"""Counter-based random streams: a draw depends on (seed, stream, quarter, address) alone."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xiancheng.sim import kernels
from xiancheng.sim.state import Floats, Ints

FULL = 2.0**32


class Stream(IntEnum):
    """One random stream for each decision; a number is never given to another decision."""

    QUARTER = 0  # death, settling; birth, marriage; leaving, return; hire, separation
    SHARED = 15  # the highest byte of each word of QUARTER, by the number of a row of the start
    DESTINATION = 1
    SECOND_CHOICE = 2
    ARRIVAL = 3  # where the people who move go in line, and which unit they find
    HIRED = 4  # sector of the new job, place in the line, moving with the job
    RETURNING = 5  # to the village or to the county town
    COMING_OF_AGE = 6  # sex at birth; education reached, and whether and where one leaves for it
    OUTSIDERS = 7  # people from elsewhere who consider coming
    OUTSIDER_TRAITS = 8
    UNIT = 9  # recoding, merger and school closing of a village; its place in the order of steering
    EFFECTS = 10  # of a draw: county and yearly effects, error of the published rate
    PARTNERS = 12
    MERGER = 13  # which unit takes a village in, and the code both have then
    FAMILY = 14  # at a wedding or a child's entry to junior school: reconsidering, buying a flat


@dataclass(frozen=True)
class RandomStreams:
    """Random numbers set by (seed, stream, quarter, address) alone (Philox4x32-10)."""

    seed: int

    def words(self, stream: Stream, when: int, address: NDArray[np.uint64]) -> NDArray[np.uint32]:
        """Four words in [0, 2^32) for each address, (4, address)."""
        out = np.empty((4, len(address)), np.uint32)
        kernels.words(address, np.uint64(when), np.uint64(stream), np.uint64(self.seed), out)
        return out

    def uniform(self, stream: Stream, when: int, address: NDArray[np.uint64]) -> Floats:
        """Four draws in (0, 1) for each address, (4, address)."""
        out = np.empty((4, len(address)))
        kernels.uniform(address, np.uint64(when), np.uint64(stream), np.uint64(self.seed), out)
        return out

    def choose(
        self, stream: Stream, when: int, address: NDArray[np.uint64], chances: Floats, row: Ints
    ) -> Ints:
        """The alternative each address chooses from its `row` of `chances`, (address,).

        See Also
        --------
        sim.kernels.gumbel_max : every alternative has its own random word
        """
        out = np.empty(len(address), np.int64)
        seed = np.uint64(self.seed)
        kernels.gumbel_max(address, np.uint64(when), np.uint64(stream), seed, chances, row, out)
        return out


def addresses(*parts: Any) -> NDArray[np.uint64]:
    """New addresses from whole numbers, broadcast: the same parts, the same address.

    References
    ----------
    SplitMix64: Steele, Lea & Flood (2014), OOPSLA, fig. 17
    """
    mixed = np.zeros(1, np.uint64)
    for part in parts:
        x = np.atleast_1d(part).astype(np.uint64) + mixed + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ x >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ x >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        mixed = x ^ x >> np.uint64(31)
    return mixed
