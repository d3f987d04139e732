"""History matching: parameters are ruled out wave by wave, and those left may be none.

An input is ruled out if the observation lies farther from what the emulator expects there than
runs do from what it expects of them. Later waves are emulated with the runs of the space that is
left, where an emulator can be sharper. An empty space is a result: whatever the parameters, the
model cannot make the observation, and the features that stand farthest off are named.

References
----------
Craig, Goldstein, Seheult & Smith (1997); Vernon, Goldstein & Bower (2010), Bayesian Analysis 5
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xiancheng.calibration.estimation.emulate import Emulator, emulator
from xiancheng.calibration.i18n import _
from xiancheng.sim.state import Floats

CANDIDATES = 4000  # points of the prior that stand for its space
SEARCHES, BEST = 6, 25  # rounds of looking closer around the best points, before "empty" is said
WAVES = 3
RUNS_EACH = 8  # runs for each input that a further wave needs
OFF = 3.0  # standard deviations from which a feature is guilty
NAMED = 5


@dataclass(frozen=True)
class Wave:
    """What one emulator rules out."""

    number: int
    runs: int  # that it learned from
    share: float  # of the prior that is left after this wave
    nearest: float  # distance of the observation at the best point, in edges of plausibility
    guilty: tuple[tuple[str, float], ...]  # features that stand off at that point, and how far

    @property
    def empty(self) -> bool:
        """Whether nothing is left."""
        return self.nearest > 1


@dataclass(frozen=True)
class History:
    """The waves, and what they leave."""

    waves: tuple[Wave, ...]
    left: Floats  # (point, input) normal scores at which new runs should be made

    @property
    def empty(self) -> bool:
        """Whether no parameters make the observation plausible."""
        return self.waves[-1].empty

    def rows(self) -> list[dict[str, Any]]:
        """A row for each wave."""
        return [
            {
                "wave": w.number, "runs": w.runs, "share": w.share, "nearest": w.nearest,
                "empty": w.empty, "guilty": "; ".join(f"{n} {d:+.1f}" for n, d in w.guilty),
            }
            for w in self.waves
        ]  # fmt: skip

    def said(self, lang: str) -> str:
        """The result in a sentence."""
        last = self.waves[-1]
        guilty = _(", ").said(lang).join(name for name, __ in last.guilty)
        if lang == "zh":
            if self.empty:
                return f"历史匹配：没有任何参数能使模型产生观测值；相差最远的是：{guilty}"
            return f"历史匹配：{len(self.waves)} 轮之后，先验空间尚余 {last.share:.1%}"
        if self.empty:
            return f"History matching: no parameters make the observation; farthest off: {guilty}"
        return f"History matching: {last.share:.1%} of the prior is left after wave {last.number}"


def matched(
    x: Floats, features: Floats, observed: Floats, *, inputs: Sequence[str],
    outputs: Sequence[str], seed: int, waves: int = WAVES, candidates: int = CANDIDATES,
) -> History:  # fmt: skip
    """Rule out inputs, wave by wave, with the runs that are there.

    Parameters
    ----------
    x : (run, input) normal scores
    features : (run, feature), errors included
    observed : (feature,)
    """
    rng = np.random.default_rng([seed, 5])
    left = rng.standard_normal((candidates, x.shape[1]))
    told: list[Wave] = []
    while len(told) < waves and len(x) >= RUNS_EACH * x.shape[1] and len(left):
        emulated = emulator(x, features, inputs=inputs, outputs=outputs, seed=seed + len(told))
        distance = emulated.distance(left, observed) / emulated.edge
        point, nearest = _closest(emulated, observed, left, distance, rng)
        left = left[distance <= 1]
        share = len(left) / candidates
        guilty = _guilty(emulated, observed, point)
        told.append(Wave(len(told) + 1, len(x), share, nearest, guilty))
        plausible = emulated.distance(x, observed) <= emulated.edge
        if nearest > 1 or plausible.all():
            break
        x, features = x[plausible], features[plausible]
    return History(tuple(told), left)


def _closest(
    emulated: Emulator, observed: Floats, points: Floats, distance: Floats,
    rng: np.random.Generator,
) -> tuple[Floats, float]:  # fmt: skip
    """The best point, after looking closer around the best ones if none is plausible."""
    order = np.argsort(distance)[:BEST]
    best, off = points[order], distance[order]
    step = 0.5
    for __ in range(SEARCHES if off[0] > 1 else 0):
        tried = np.repeat(best, 8, axis=0)
        tried = tried + step * rng.standard_normal(tried.shape)
        found = emulated.distance(tried, observed) / emulated.edge
        best, off = np.vstack([best, tried]), np.concatenate([off, found])
        order = np.argsort(off)[:BEST]
        best, off, step = best[order], off[order], step * 0.7
    return best[0], float(off[0])


def _guilty(emulated: Emulator, observed: Floats, point: Floats) -> tuple[tuple[str, float], ...]:
    """The features that stand farthest off at a point, the worst first."""
    mean, sd = emulated.features(point[None])
    off = (emulated.components.scale(observed[None]) - mean)[0] / np.maximum(sd[0], 1e-12)
    order = np.argsort(-np.abs(off))[:NAMED]
    return tuple((emulated.outputs[k], float(off[k])) for k in order if abs(off[k]) > OFF)
