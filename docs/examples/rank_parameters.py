"""敏感性分析：哪些参数最要紧 · Sensitivity: which parameters matter most (SALib, method of Morris).

    python docs/examples/rank_parameters.py --trajectories 20 --scale 0.05

Needs salib: pip install 'xiancheng[calibration]'. The seed is the same in every run, so what moves
the outcome is the parameter and not luck.
"""

from argparse import ArgumentParser

import numpy as np
import pandas as pd
from SALib.analyze import morris
from SALib.sample.morris import sample

from scenarios import parameters, simulate

RATE = "resident_urbanization_rate_371600"  # of the prefecture, at the end


def effects(trajectories: int, scale: float) -> pd.DataFrame:
    """Mean size and spread of each parameter's effect on the rate over its range [points]."""
    free = parameters().query("estimable == 'free'")
    problem = {
        "num_vars": len(free),
        "names": free.name.tolist(),
        "bounds": free[["low", "high"]].to_numpy().tolist(),
    }
    design = sample(problem, trajectories, num_levels=4, seed=1)
    worlds = (dict(zip(free.name, row, strict=True)) for row in design)
    rates = [simulate("plan", parameters=w, scale=scale).summary()[RATE] for w in worlds]
    found = morris.analyze(problem, design, np.array(rates), num_levels=4, seed=1)
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
    asked = ArgumentParser(description=__doc__)
    asked.add_argument("--trajectories", type=int, default=3)
    asked.add_argument("--scale", type=float, default=0.01)
    main(**vars(asked.parse_args()))
