"""What was measured, as cells: medians with their spread, targets, and Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

Cells = list[list[str]]


@dataclass(frozen=True)
class Measured:
    """A number measured several times, and what it should be, if anything."""

    what: str
    unit: str
    median: float
    low: float  # the smallest, or the 10th percentile of many
    high: float
    most: float | None = None
    least: float | None = None

    @classmethod
    def of(cls, what: str, unit: str, values: Any, **target: float) -> Self:
        """The median of `values` and their spread."""
        return cls(what, unit, *spread(values), **target)

    @property
    def met(self) -> bool | None:
        """Whether the target is met, if there is one."""
        if self.most is not None:
            return bool(self.median <= self.most)
        return bool(self.median >= self.least) if self.least is not None else None

    @property
    def target(self) -> str:
        """What it should be, in words."""
        if self.most is not None:
            return f"at most {self.most:g}"
        return f"at least {self.least:g}" if self.least is not None else ""

    @property
    def missed(self) -> str:
        """What is wrong, in words, where the target is missed."""
        return f"{self.what} is {number(self.median)} {self.unit}, not {self.target}"


MANY = 20


def spread(values: Any) -> tuple[float, float, float]:
    """Median, low and high: the extremes of few values, the 10th and 90th percentile of many."""
    ends = (10, 90) if len(values) >= MANY else (0, 100)
    low, high = np.percentile(values, ends)
    return float(np.median(values)), float(low), float(high)


def number(x: float) -> str:
    """Three significant digits."""
    return f"{x:,.0f}" if abs(x) >= 100 else f"{x:.3g}"


def ranged(values: Sequence[float]) -> str:
    """A median, with the spread where there is one."""
    median, low, high = spread(values)
    return number(median) + (f" ({number(low)}–{number(high)})" if low < high else "")


def as_cells(rows: list[Measured]) -> Cells:
    """Measured numbers as cells."""
    cells = [["what", "median", "spread", "unit", "target", "met"]]
    for r in rows:
        ends = f"{number(r.low)}–{number(r.high)}" if r.low < r.high else ""
        met = {True: "yes", False: "NO", None: ""}[r.met]
        cells.append([r.what, number(r.median), ends, r.unit, r.target, met])
    return cells


def markdown(cells: Cells) -> str:
    """Cells as a Markdown table."""
    head, *body = ["| " + " | ".join(row) + " |" for row in cells]
    return "\n".join([head, "|---" * len(cells[0]) + "|", *body])
