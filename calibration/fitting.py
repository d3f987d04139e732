"""Tables and people: fitting a table to its margins, making it whole, and handing it out.

Iterative proportional fitting is written out below because only two-way tables occur here, and the
libraries on offer either compile from source (humanleague) or are not kept up (ipfn).
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from xiancheng.sim.state import Floats, Ints

AGES = 121  # single years of age, more than anybody lives
TINY = 1e-9  # stands for "none" where a weight of 0 would divide by it
ROUNDS = 100  # of proportional fitting
CLOSE = 1e-6  # persons; where fitting stops


def fitted(seed: ArrayLike, rows: ArrayLike, columns: ArrayLike) -> Floats:
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


def whole(x: ArrayLike, total: int, start: float = 0.5) -> Ints:
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


def rounded(table: Floats, rows: Ints, columns: Ints, rng: Generator) -> Ints:
    """`table` in whole numbers, (row, column).

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
        out[later, j] = np.minimum(whole(x, round(x.sum()), rng.random()), most)
        left -= out[:, j]
    out[:, -1] = left
    return out


def divided(total: int, share: float, most: Sequence[int]) -> Ints:
    """`total` in two parts, the first a `share` of it, neither more than it can be, (2,)."""
    first = min(round(share * total), most[0])
    second = min(total - first, most[1])
    return np.array([min(total - second, most[0]), second])


def handed_out(cell: Ints, table: Ints, rng: Generator) -> Ints:
    """Each person's column: in cell i, `table[i, j]` people drawn at random get j, (person,)."""
    mixed = rng.permutation(len(cell))
    order = mixed[np.argsort(cell[mixed], kind="stable")]
    got = np.empty(len(cell), np.int64)
    got[order] = np.repeat(np.tile(np.arange(table.shape[1]), len(table)), table.ravel())
    return got


def pick(weight: Floats, n: int, rng: Generator) -> Ints:
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


def matched(wanted: Floats, found: Ints) -> Ints:
    """For each wanted age the position of the found one of equal rank, (wanted,)."""
    got = np.empty(len(wanted), np.int64)
    got[np.argsort(wanted, kind="stable")] = np.argsort(found, kind="stable")
    return got


@dataclass(frozen=True)
class Assumptions:
    """What no census table says about people and households, from population.csv beside this."""

    values: dict[tuple[str, str], float]

    def __getitem__(self, name: str) -> float:
        """A single number."""
        return self.values[name, ""]

    def steps(self, name: str) -> dict[int, float]:
        """A number by key, in order of key."""
        return {int(key): v for (other, key), v in self.values.items() if other == name and key}

    def row(self, name: str) -> Floats:
        """Numbers in order of key, (key,)."""
        return np.array(list(self.steps(name).values()))

    def by_age(self, name: str) -> Floats:
        """A number for each single year of age, 0 before the first key, (age,)."""
        steps = self.steps(name)
        place = np.searchsorted(list(steps), np.arange(AGES), side="right")
        return np.array([0.0, *steps.values()])[place]


@cache
def assumptions() -> Assumptions:
    """The assumptions on file."""
    text = (files("xiancheng.calibration") / "population.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return Assumptions({(row["name"], row["key"]): float(row["value"]) for row in rows})
