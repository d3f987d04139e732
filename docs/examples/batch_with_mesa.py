"""Mesa 的批量运行 · Mesa's own batch runner drives the model.

    python docs/examples/batch_with_mesa.py --seeds 10 --scale 0.05

Needs Mesa 3; Mesa 4 has no batch runner. `Region` is what Mesa's tools want: a model made from flat
keywords, whose data collector holds plain numbers.
"""

from argparse import ArgumentParser
from functools import partial
from inspect import signature

import mesa
import pandas as pd

from xiancheng import RegionModel


class Region(RegionModel):
    """The model told parameters by their names, and collecting a number for each county."""

    def __init__(
        self, scenario: str = "plan", seed: int | None = 1, scale: float = 0.01, **parameters: float
    ) -> None:
        super().__init__(
            scenario, seed=1 if seed is None else seed, scale=scale, parameters=parameters
        )
        rates = {group.en: partial(rate, i) for i, group in enumerate(self.reported)}
        self.datacollector = mesa.DataCollector(model_reporters=rates)


def rate(group: int, model: RegionModel) -> float:
    """The share of urban residents in a county or a group of counties now [percent]."""
    return float(model.record[-1]["resident_urbanization_rate"][group])


def batch(seeds: int, scale: float) -> pd.DataFrame:
    """The end of plan and baseline under each seed, one row a run."""
    fixed = {"scenario": ["plan", "baseline"], "scale": scale}
    draws = {"seed": list(range(1, seeds + 1))}
    if "rng" in signature(mesa.batch_run).parameters:  # from Mesa 3.5 on, seeds are told apart
        return pd.DataFrame(
            mesa.batch_run(Region, fixed, rng=draws["seed"], display_progress=False)
        )
    return pd.DataFrame(mesa.batch_run(Region, fixed | draws, display_progress=False))


def main(seeds: int, scale: float) -> None:
    """Run the batch, and take the baseline from the plan where both had the same random numbers."""
    runs = batch(seeds, scale).set_index(["scenario", "seed"]).drop(columns=["RunId", "iteration"])
    ends = runs.drop(columns=["Step", "scale"])
    print(ends.round(2).to_string())
    effect = ends.loc["plan"] - ends.loc["baseline"]
    print("what the plan does [points], mean of the seeds:")
    print(effect.mean().round(2).to_string())


if __name__ == "__main__":
    if not hasattr(mesa, "batch_run"):
        raise SystemExit(f"Mesa {mesa.__version__} 没有批量运行 · has no batch runner")
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=0.01)
    main(**vars(parser.parse_args()))
