"""敏感性分析：哪些参数最要紧 · Sensitivity: which parameters matter most (SALib, method of Morris).

    python docs/examples/rank_parameters.py --trajectories 20 --scale 0.05

Needs salib: pip install -e ".[calibration]". `priors_for_salib` hands the middle 90 % of the exact
priors to SALib, as the method of Morris goes to the very ends. Each trajectory has a seed and a
draw of county and yearly effects of its own, the same along the trajectory: what moves the outcome
from one point to the next is the parameter and not chance. No level is followed: where one is, the
rate is that of the level, whatever the parameters are.
"""

from argparse import ArgumentParser

import numpy as np
import pandas as pd
from SALib.analyze import morris
from SALib.sample.morris import sample

from xiancheng import parameters, priors_for_salib, simulate

RATE = "resident_urbanization_rate_371600"  # of the prefecture, at the end
INNER = 0.9  # share of each prior that is explored


def effects(trajectories: int, scale: float) -> pd.DataFrame:
    """Mean size and spread of each parameter's effect on the rate over its range [points]."""
    free = parameters().query("estimable == 'free'")
    names = free[~free.acts.str.contains("published rates")].name.tolist()  # this rate is none
    prior = priors_for_salib(names, inside=INNER)
    design = sample(prior.given, trajectories, num_levels=4, seed=1)
    values = prior.values(design)
    numbers = 1 + np.arange(len(design)) // (len(names) + 1)  # of the trajectories
    rates = [
        simulate(
            "plan", parameters=dict(zip(names, row, strict=True)), seed=n, draw=n, scale=scale,
            alignment="off",
        ).summary()[RATE]
        for row, n in zip(values, numbers, strict=True)
    ]  # fmt: skip
    found = morris.analyze(prior.given, design, np.array(rates), num_levels=4, seed=1)
    table = pd.DataFrame({name: found[name] for name in ("names", "mu_star", "mu", "sigma")})
    return table.set_index("names").sort_values("mu_star", ascending=False)


def main(trajectories: int, scale: float) -> None:
    """Rank the parameters and draw the ranking."""
    meaning = parameters().set_index("name").en
    table = effects(trajectories, scale)
    for name, effect in table.iterrows():
        bar = "█" * round(30 * effect.mu_star / table.mu_star.max())
        print(f"{name:18} {effect.mu:+6.2f} ±{effect.sigma:5.2f}  {bar}")
    print(f"the first: {meaning[table.index[0]]}")


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--trajectories", type=int, default=3)
    parser.add_argument("--scale", type=float, default=0.01)
    main(**vars(parser.parse_args()))
