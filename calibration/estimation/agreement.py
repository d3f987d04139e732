"""Whether two posteriors, come by on different roads, say the same."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from xiancheng.calibration.estimation.posterior import Posterior

NEAR = 0.5  # posterior standard deviations that medians may differ by
ALIKE = 1.5  # ratio of widths that still counts as alike


@dataclass(frozen=True)
class Agreement:
    """Two posteriors of one quantity."""

    name: str
    difference: float  # of the medians, the second less the first, in joint standard deviations
    ratio: float  # of the widths of the 80 % intervals, the second to the first

    @property
    def agrees(self) -> bool:
        """Whether a reader would draw the same conclusion."""
        return abs(self.difference) <= NEAR and 1 / ALIKE <= self.ratio <= ALIKE


def agreement(first: Posterior, second: Posterior) -> list[Agreement]:
    """Compare what both have, quantity by quantity."""
    names = [name for name in first.names if name in second.names]
    a, b = first.of(names), second.of(names)
    joint = np.sqrt((a.sd**2 + b.sd**2) / 2)
    difference = (b.median - a.median) / joint
    width = np.diff(b.interval(0.8), axis=0)[0] / np.diff(a.interval(0.8), axis=0)[0]
    return [Agreement(*row) for row in zip(names, difference.tolist(), width.tolist(), strict=True)]


def rows(compared: Sequence[Agreement]) -> list[dict[str, Any]]:
    """A row for each quantity."""
    return [asdict(a) | {"agrees": a.agrees} for a in compared]
