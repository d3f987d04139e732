"""Luck, hazards and choices: everything random, and nothing about cities."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import kernel
from sim.state import Floats, Ints

FULL = 2.0**32


class Stream(IntEnum):
    """One stream of luck for each decision; a number is never given to another decision."""

    QUARTER = 0  # death, settling; birth, marriage; leaving, return; hire, separation
    DESTINATION = 1
    SECOND_CHOICE = 2
    ARRIVAL = 3  # where the people who move go in line, and which unit they find
    HIRED = 4  # sector of the new job, place in the line, moving with the job
    RETURNING = 5  # to the village or to the county town
    COMING_OF_AGE = 6  # sex at birth; education reached, and whether and where one leaves for it
    OUTSIDERS = 7  # people from elsewhere who consider coming
    OUTSIDER_TRAITS = 8
    UNIT = 9  # recoding, merger and school closing of a village
    EFFECTS = 10  # of a draw: county and yearly effects, error of the published rate
    PARTNERS = 12


@dataclass(frozen=True)
class Luck:
    """Addressed luck: set by (seed, decision, quarter, address) alone (Philox4x32-10)."""

    seed: int

    def words(self, stream: Stream, when: int, address: NDArray[np.uint64]) -> NDArray[np.uint32]:
        """Four words in [0, 2^32) for each address, (4, address)."""
        out = np.empty((4, len(address)), np.uint32)
        kernel.words(address, np.uint64(when), np.uint64(stream), np.uint64(self.seed), out)
        return out

    def uniform(self, stream: Stream, when: int, address: NDArray[np.uint64]) -> Floats:
        """Four draws in (0, 1) for each address, (4, address)."""
        return (self.words(stream, when, address).astype(np.float64) + 0.5) / FULL

    def choose(
        self, stream: Stream, when: int, address: NDArray[np.uint64], chances: Floats, row: Ints
    ) -> Ints:
        """The alternative each address chooses from its `row` of `chances`, (address,).

        See Also
        --------
        sim.kernel.race : every alternative has its own luck
        """
        out = np.empty(len(address), np.int64)
        seed = np.uint64(self.seed)
        kernel.race(address, np.uint64(when), np.uint64(stream), seed, chances, row, out)
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


def probability(hazard: Floats, years: float) -> Floats:
    """Chance of at least one event in `years` at a constant `hazard` [1/year]."""
    return -np.expm1(-hazard * years)


def hazard(probability: float | Floats, years: float) -> Floats:
    """The constant hazard [1/year] at which an event has this chance in `years`."""
    return np.asarray(-np.log1p(-np.asarray(probability)) / years)


def threshold(probability: Floats) -> NDArray[np.uint32]:
    """The word of luck below which an event of this chance happens; 0 is never reached."""
    return np.minimum(probability * FULL, FULL - 1).astype(np.uint32)


def nested_logit(utility: Floats, nest: Ints, scale: Floats) -> tuple[Floats, Floats]:
    r"""Choice probabilities under a two-level nested logit, and the inclusive value of it all.

    .. math:: P_j = P_{j|n} P_n, \quad
              P_{j|n} \propto e^{V_j/\lambda_n}, \quad
              P_n \propto e^{\lambda_n I_n}, \quad
              I_n = \ln \sum_{k \in n} e^{V_k/\lambda_n}

    Parameters
    ----------
    utility : (..., alternative) utils
        Systematic utility V; -inf where an alternative is not available.
    nest : (alternative,) index
        The nest of each alternative; alternatives are kept sorted by nest.
    scale : (nest,) in (0, 1]
        Dissimilarity; 1 everywhere gives the multinomial logit.

    Returns
    -------
    (..., alternative) probability, rows sum to 1
    (...,) inclusive value of all nests [utils]

    References
    ----------
    Train (2009), Discrete Choice Methods with Simulation, 2nd ed., eq. 4.2-4.5
    """
    first = np.flatnonzero(np.diff(nest, prepend=-1))
    top = utility.max(axis=-1, keepdims=True)
    within = np.exp((utility - top) / scale[nest])
    sums = np.add.reduceat(within, first, axis=-1)
    weight = sums**scale
    total = weight.sum(axis=-1, keepdims=True)
    of_nest = weight / (np.where(sums > 0, sums, 1.0) * total)
    return within * of_nest[..., nest], top[..., 0] + np.log(total[..., 0])
