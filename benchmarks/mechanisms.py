"""How well the rules alone tell counties apart: `python -m benchmarks.mechanisms`.

The model, steered by nothing, goes from the census of 2010 to that of 2020 at central parameters,
and the change of the urban share of the comparable counties is held against the census. What is
learned from the second census is learned from other counties: the level, and how fast structural
gaps close. Medians are those of draw 0; intervals are over draws of effects, at least 39 of them.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from xiancheng.calibration import priors
from xiancheng.calibration.region import Region, load
from xiancheng.calibration.region.counties import structural_gap
from xiancheng.results.verdict.trials import censuses
from xiancheng.scenarios.run_spec import OFF
from xiancheng.scenarios.simulation import RegionModel
from xiancheng.sim.state import Bools, Floats

PACK, SCALE = "shandong", 0.01


@dataclass(frozen=True)
class Mechanisms:
    """Changes of the urban share from census to census [points], for the counties compared."""

    observed: Floats  # (county,)
    gap: Floats  # structural gap at the first census, (county,)
    median: Floats  # of the model in the median world, mean over seeds, (county,)
    draws: Floats  # of the model, (draw, county)
    recoded: Floats  # of the median world by recoding, mean over seeds, (county,)

    def forecast(self, modelled: Floats) -> Floats:
        """What the model says, its level read off the other counties, the shape of `modelled`."""
        off = self.observed - self.median
        return np.asarray(modelled + (off.sum() - off) / (len(off) - 1))

    def rows(self) -> dict[str, float]:
        """What is reported, by name."""
        error = self.forecast(self.median) - self.observed
        draws = self.forecast(self.draws)
        bounds = {level: np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0,
                                     method="weibull")
                  for level in (0.8, 0.95)}  # fmt: skip
        inside = {k: (low <= self.observed) & (self.observed <= high)
                  for k, (low, high) in bounds.items()}  # fmt: skip
        fell = self.observed < 0
        return {
            "mean error before the level is read off": float((self.median - self.observed).mean()),
            "MAE": float(abs(error).mean()),
            "RMSE": float(np.sqrt((error**2).mean())),
            "MAE of the mean of the other counties": float(abs(self.common()).mean()),
            "r with the observed change": float(np.corrcoef(self.median, self.observed)[0, 1]),
            "sd of the observed change": float(self.observed.std()),
            "sd in the median world": float(self.median.std()),
            "sd of a draw": float(self.draws.std(axis=1).mean()),
            "share below -2, observed [%]": 100 * float((self.observed < -2).mean()),
            "share below -2, draws [%]": 100 * float((draws < -2).mean()),
            "inside 80 % [%]": 100 * float(inside[0.8].mean()),
            "inside 95 % [%]": 100 * float(inside[0.95].mean()),
            "counties that fell": float(fell.sum()),
            "of them inside 95 %": float(inside[0.95][fell].sum()),
            "slope on the gap, observed": float(np.polyfit(self.gap, self.observed, 1)[0]),
            "slope on the gap, model": float(np.polyfit(self.gap, self.median, 1)[0]),
            "recoding in the median world, mean": float(self.recoded.mean()),
            "recoding in the median world, sd": float(self.recoded.std()),
        }

    def common(self) -> Floats:
        """Errors of the mean change of the other counties, (county,)."""
        n, total = len(self.observed), self.observed.sum()
        return np.asarray((total - self.observed) / (n - 1) - self.observed)


def left_out_slopes(gap: Floats, change: Floats, chosen: Bools) -> Floats:
    """Slope of the change on the gap over the `chosen` counties but each itself, (county,)."""
    slopes = np.empty(len(gap))
    for county in range(len(gap)):
        others = chosen.copy()
        others[county] = False
        slopes[county] = np.polyfit(gap[others], change[others], 1)[0]
    return slopes


def rates(region: Region, day: date) -> Floats:
    """Urban share of residents [percent], (county,)."""
    urban, rural = region.urban_rural(day).T
    return np.asarray(100 * urban / (urban + rural))


def measured(
    seeds: int, draws: int, *, scale: float = SCALE, done: Callable[[], None] = lambda: None
) -> Mechanisms:
    """Run the median world with each seed, and each draw of effects with a seed of its own."""
    region = load(PACK)
    start, until = censuses(region)
    chosen, change = region.comparable(), rates(region, until) - rates(region, start)
    gap = np.asarray(structural_gap(region, start))
    slopes = left_out_slopes(gap, change, chosen)
    k = priors.central().recode_gap_reversion
    closed = np.clip(-slopes, 0, 1) / -np.expm1(-10 * k)  # closes as the others say

    def run(draw: int, seed: int) -> tuple[Floats, Floats]:
        """Change of the urban share and the part of recoding [points], each (county,)."""
        model = RegionModel(
            "baseline", region=PACK, start=start, until=until, scale=scale, seed=seed, draw=draw,
            alignment=OFF,
        )  # fmt: skip
        model.counties = replace(model.counties, structural_gap=gap * closed / 100)
        model.recoding = model.recoding_path()
        while model.running:
            model.step()
        name, n = "resident_urbanization_rate", len(gap)
        ends = [each.ends for each in model.quarters[-2:]]
        part = (until - ends[0]).days / (ends[1] - ends[0]).days
        begun, first, last = (model.record[i][name][:n] for i in (0, -2, -1))
        recoded = np.sum([each.recoding for each in model.growth], axis=0)
        residents = model.present()[1]
        model.retire()
        done()
        return first + part * (last - first) - begun, 100 * recoded / residents

    worlds = [run(0, seed) for seed in range(1, seeds + 1)]
    drawn = [run(draw, draw)[0] for draw in range(1, draws + 1)]
    return Mechanisms(
        observed=change[chosen],
        gap=gap[chosen],
        median=np.mean([world[0] for world in worlds], axis=0)[chosen],
        draws=np.stack(drawn)[:, chosen],
        recoded=np.mean([world[1] for world in worlds], axis=0)[chosen],
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--draws", type=int, default=40)
    parser.add_argument("--scale", type=float, default=SCALE)
    chosen = parser.parse_args()
    found = measured(chosen.seeds, chosen.draws, scale=chosen.scale)
    for name, value in found.rows().items():
        print(f"| {name} | {value:.2f} |")


if __name__ == "__main__":
    main()
