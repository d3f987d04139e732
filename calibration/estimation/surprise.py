"""Prior predictive check: whether the runs, errors included, could have made the observation."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from xiancheng.calibration.estimation.table import Table
from xiancheng.calibration.i18n import _
from xiancheng.sim.state import Floats

LEVEL = 0.99


@dataclass(frozen=True)
class Surprise:
    """An observation outside the band of its unit and summary."""

    unit: str
    summary: str
    value: float
    low: float
    high: float
    excess: float  # distance from the median in half-widths of the band; 1 is its edge


@dataclass(frozen=True)
class Check:
    """Which observations lie outside, and whether that is more than chance would do.

    Of nine hundred observations nine lie outside their 99 % bands though the model be right.
    So two limits are read off the runs themselves: how far out the farthest observation of a run
    lies, and how many lie outside, in 99 of 100 runs.
    """

    surprises: tuple[Surprise, ...]  # every observation outside its band, the farthest first
    of: int  # observations checked
    farthest: float  # excess that 99 % of runs nowhere pass
    most: int  # observations outside their bands that 99 % of runs do not pass

    @property
    def impossible(self) -> tuple[Surprise, ...]:
        """Observations farther out than any in 99 % of runs."""
        return tuple(s for s in self.surprises if s.excess > self.farthest)

    @property
    def stops(self) -> bool:
        """Whether the model, as believed before the data, cannot have made the observation."""
        return bool(self.impossible) or len(self.surprises) > self.most

    def rows(self) -> list[dict[str, Any]]:
        """A row for each observation outside its band."""
        return [asdict(s) | {"impossible": s in self.impossible} for s in self.surprises]

    def said(self, lang: str) -> str:
        """The result in a sentence or a few."""
        named = _("; ").said(lang)
        worst = self.impossible or self.surprises
        listed = named.join(
            f"{s.unit} {s.summary} {s.value:.4g} ({s.low:.4g} … {s.high:.4g})" for s in worst[:10]
        )
        n, k = len(self.surprises), len(self.impossible)
        if lang == "zh":
            head = f"{self.of} 个观测中有 {n} 个超出先验预测 99% 带（偶然至多 {self.most} 个）"
            tail = f"，其中 {k} 个不可能出自模型" if k else ""
        else:
            head = (
                f"{n} of {self.of} observations lie outside the 99 % band of the prior predictive "
                f"(by chance at most {self.most})"
            )
            tail = f", {k} of them impossible for the model" if k else ""
        return head + tail + (f"{'：' if lang == 'zh' else ': '}{listed}" if worst else "")


def prior_predictive(table: Table, said: Floats) -> Check:
    """Check every usable observation of a table.

    Parameters
    ----------
    said
        what the runs say, errors included, (run, unit, summary)
    """
    usable = table.usable
    cells = [(table.units[u], table.summaries[s]) for u, s in np.argwhere(usable)]
    return check(said[:, usable], table.observed[usable], cells)


def check(said: Floats, observed: Floats, cells: Sequence[tuple[str, str]]) -> Check:
    """Check observations against what runs say of them.

    Parameters
    ----------
    said : (run, cell)
    observed : (cell,)
    cells
        unit and summary of each
    """
    edge = (1 - LEVEL) / 2
    low, middle, high = np.nanquantile(said, [edge, 0.5, 1 - edge], axis=0)
    excess = _excess(observed, low, middle, high)
    usual = np.nan_to_num(_excess(said, low, middle, high))
    order = [i for i in np.argsort(-excess) if excess[i] > 1]
    surprises = tuple(
        Surprise(
            cells[i][0], cells[i][1], float(observed[i]), float(low[i]), float(high[i]),
            float(excess[i]),
        )
        for i in order
    )  # fmt: skip
    farthest = float(np.quantile(usual.max(axis=1), LEVEL))
    most = int(np.quantile((usual > 1).sum(axis=1), LEVEL))
    return Check(surprises, len(observed), farthest, most)


def _excess(value: Floats, low: Floats, middle: Floats, high: Floats) -> Floats:
    """Distance from the median in half-widths of the band on that side."""
    tiny = 1e-9 * (1 + np.abs(middle))
    up = (value - middle) / np.maximum(high - middle, tiny)
    down = (middle - value) / np.maximum(middle - low, tiny)
    return np.maximum(up, down)
