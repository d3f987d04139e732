"""Integer tables and people: proportional fitting, controlled rounding, random assignment.

Iterative proportional fitting is written out below because only two-way tables occur here, and the
libraries on offer either compile from source (humanleague) or are not kept up (ipfn).
"""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from xiancheng.sim.state import Floats, Ints

TINY = 1e-9  # stands for "none" where a weight of 0 would divide by it
ROUNDS = 100  # of proportional fitting
CLOSE = 1e-6  # persons; where fitting stops


def ipf(seed: ArrayLike, rows: ArrayLike, columns: ArrayLike) -> Floats:
    """The table nearest to `seed` whose sums are `rows` and `columns`, (row, column).

    A row always keeps its sum, also where the seed leaves it no column with anything to give.

    References
    ----------
    Deming & Stephan (1940), Annals of Mathematical Statistics 11:427-444
    """
    rows, columns = np.asarray(rows, float), np.asarray(columns, float)
    table = np.array(seed, float)
    for _ in range(ROUNDS):
        table *= _ratio(np.maximum(columns, TINY), table.sum(0))
        table *= _ratio(rows, table.sum(1))[:, None]
        if np.abs(table.sum(0) - columns).max() < CLOSE:
            break
    return table


def _ratio(wanted: Floats, found: Floats) -> Floats:
    return np.divide(wanted, found, out=np.zeros_like(wanted), where=found > 0)


def controlled_rounding(x: ArrayLike, total: int, start: float = 0.5) -> Ints:
    """`x` scaled to `total` and rounded up or down so that it adds up exactly, shape of `x`.

    Running totals are rounded, from `start` (0 to 1) on; with a random start the rounding is
    unbiased.
    """
    x = np.asarray(x, float)
    running = np.cumsum(x)
    if total == 0 or running[-1] <= 0:
        return np.zeros(x.shape, np.int64)
    edges = np.floor(running * (total / running[-1]) + start).astype(np.int64)
    edges[-1] = total
    parts: Ints = np.diff(np.minimum(edges, total), prepend=0)
    return parts.reshape(x.shape)


def round_table(table: Floats, rows: Ints, columns: Ints, rng: Generator) -> Ints:
    """`table` in integers, (row, column).

    Rows add up exactly, columns but for a few; what is impossible (0) stays so.
    """
    left, out = np.array(rows), np.zeros(table.shape, np.int64)
    for j in range(table.shape[1] - 1):
        later = table[:, j + 1 :].sum(1) > 0
        out[~later, j] = left[~later]
        most, wanted = left[later], columns[j] - out[:, j].sum()
        x = most * _ratio(table[later, j], table[later, j:].sum(1))
        for _ in range(3):
            x = np.minimum(x * (max(wanted, 0) / max(x.sum(), TINY)), most)
        out[later, j] = np.minimum(controlled_rounding(x, round(x.sum()), rng.random()), most)
        left -= out[:, j]
    out[:, -1] = left
    return out


def split(total: int, share: float, most: Sequence[int]) -> Ints:
    """`total` in two parts, the first a `share` of it, neither more than it can be, (2,)."""
    first = min(round(share * total), most[0])
    second = min(total - first, most[1])
    return np.array([min(total - second, most[0]), second])


def assign_columns(cell: Ints, table: Ints, rng: Generator) -> Ints:
    """Each person's column: in cell i, `table[i, j]` people drawn at random get j, (person,)."""
    mixed = rng.permutation(len(cell))
    order = mixed[np.argsort(cell[mixed], kind="stable")]
    got = np.empty(len(cell), np.int64)
    got[order] = np.repeat(np.tile(np.arange(table.shape[1]), len(table)), table.ravel())
    return got


def weighted_sample(weight: Floats, n: int, rng: Generator) -> Ints:
    """`n` different positions of `weight`, drawn with chances in proportion to it, (n,).

    References
    ----------
    Efraimidis & Spirakis (2006), Information Processing Letters 97:181-185
    """
    return smallest(rng.standard_exponential(len(weight)) / np.maximum(weight, TINY), n)


def smallest(key: Floats, n: int) -> Ints:
    """Where the `n` smallest keys are, (n,)."""
    if n >= len(key):
        return np.arange(len(key))
    return np.sort(np.argpartition(key, n)[:n])


def rank_match(wanted: Floats, found: Ints) -> Ints:
    """For each wanted age the position of the found one of equal rank, (wanted,)."""
    got = np.empty(len(wanted), np.int64)
    got[np.argsort(wanted, kind="stable")] = np.argsort(found, kind="stable")
    return got
