"""情景发现：哪些条件下城镇化最慢 · Scenario discovery: which worlds urbanize least (EMA Workbench).

    python docs/examples/discover_scenarios.py --runs 500 --scale 0.05

Needs ema-workbench 2.5 or 3. Every parameter that data may move and that can act on the outcome is
drawn from its exact prior, which `priors_for_ema` hands to the Workbench. Each world has a seed and
a draw of county and yearly effects of its own, and follows no level: where one is followed, it and
not the parameters decides which worlds are slow. PRIM then looks for the box, a few parameters
between limits, that holds the slowest quarter.
"""

from argparse import ArgumentParser
from functools import partial
from inspect import signature

import numpy as np
import pandas as pd
from ema_workbench import IntegerParameter, Model, ScalarOutcome, perform_experiments
from ema_workbench.analysis import prim

from xiancheng import parameters, priors_for_ema, simulate

RATE = "resident_urbanization_rate_371600"  # of the prefecture, at the end
SLOWEST = 0.25  # share of the worlds that is asked about


FREE = parameters().query("estimable == 'free' and not acts.str.contains('published')")["name"]
PRIOR = priors_for_ema(FREE)


def world(scale: float, number: int, **drawn: float) -> dict[str, float]:
    """One world: what the Workbench draws goes in, what comes out are summary's keys."""
    return simulate(
        "plan", parameters=PRIOR.values(drawn), seed=number, draw=number, scale=scale,
        alignment="off",
    ).summary()  # fmt: skip


def experiments(runs: int, scale: float) -> tuple[pd.DataFrame, pd.Series]:
    """The worlds drawn, (run, parameter), and the rate each of them ends with [percent]."""
    model = Model("xiancheng", function=partial(world, scale))
    model.uncertainties = [*PRIOR.given, IntegerParameter("number", 1, 1_000_000)]
    model.outcomes = [ScalarOutcome(RATE)]
    drawn, outcomes = perform_experiments(model, scenarios=runs)
    values = PRIOR.values(drawn[list(PRIOR.names)].to_numpy(float))
    return pd.DataFrame(values, columns=PRIOR.names), pd.Series(outcomes[RATE], name=RATE)


def boxed(drawn: pd.DataFrame, slow: np.ndarray) -> prim.PrimBox:
    """The box of parameters that PRIM peels around the slow worlds."""
    old = "threshold" in signature(prim.Prim).parameters  # release 2.5 asks for one, 3 does not
    known = {"threshold": 0.5} if old else {}
    return prim.Prim(drawn, slow, peel_alpha=0.1, mass_min=0.1, **known).find_box()


def main(runs: int, scale: float) -> None:
    """Draw the worlds, look for the box, and say what it is made of."""
    drawn, rate = experiments(runs, scale)
    line = rate.quantile(SLOWEST)
    box = boxed(drawn, (rate <= line).to_numpy())
    print(f"2025: {rate.min():.1f} – {rate.max():.1f} %; slowest quarter: up to {line:.1f} %")
    print(f"box: {box.density:.0%} of its worlds are slow, and it holds {box.coverage:.0%} of them")
    limits, ranges = box.box_lims[-1], box.box_lims[0]
    meaning = parameters().set_index("name").en
    for name in drawn.columns[(limits != ranges).any()]:
        low, high = limits[name]
        print(f"  {name:18} {low:8.3f} – {high:8.3f}   {meaning[name]}")


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--scale", type=float, default=0.01)
    main(**vars(parser.parse_args()))
