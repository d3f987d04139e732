"""Hazards, probabilities and discrete choice; nothing about cities."""

import numpy as np
from numpy.typing import NDArray

from xiancheng.sim import kernels
from xiancheng.sim.randomness import FULL
from xiancheng.sim.state import Floats, Ints


def probability(hazard: Floats, years: float) -> Floats:
    """Chance of at least one event in `years` at a constant `hazard` [1/year]."""
    return -np.expm1(-hazard * years)


def hazard(probability: float | Floats, years: float) -> Floats:
    """The constant hazard [1/year] at which an event has this chance in `years`."""
    return np.asarray(-np.log1p(-np.asarray(probability)) / years)


def threshold(probability: Floats) -> NDArray[np.uint32]:
    """The random word below which an event of this chance happens; 0 is never reached."""
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
    chances, inclusive = np.empty(utility.shape), np.empty(utility.shape[:-1])
    rows = np.ascontiguousarray(utility).reshape(-1, len(nest))
    kernels.nested_logit(rows, nest, scale, chances.reshape(rows.shape), inclusive.reshape(-1))
    return chances, inclusive
