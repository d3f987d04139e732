"""The rule by which draws of a level are paired with runs of the model.

Every door uses it: run, compare, seek, score, report, page and Python. A draw of the published rate
is a draw of the level plus what a scenario changes in the run of the model that goes with it,
scenario minus reference. There are more draws of the level than runs; each run is used once before
one is used again.

References
----------
Sevcikova, Raftery & Waddell (2007), Transportation Research A 41 (Bayesian melding)
"""

import numpy as np

from xiancheng.calibration.forecasts.forecast import random_stream
from xiancheng.sim.state import Floats, Ints

DRAWS = 4000  # of the level
SEED = 1


def run_of_draw(runs: int, draws: int = DRAWS, seed: int = SEED) -> Ints:
    """Which run of the model goes with each draw of the level, (draw,)."""
    rng = random_stream(seed, "runs")
    return np.concatenate([rng.permutation(runs) for _ in range(-(-draws // runs))])[:draws]


def draw_of_run(runs: int, draws: int = DRAWS, seed: int = SEED) -> Ints:
    """The first draw of the level that goes with each run, (run,).

    For counts of independent draws, as a binomial bound takes them: one draw of the level a run.
    """
    return np.asarray(np.argsort(random_stream(seed, "runs").permutation(runs)) % draws)


def published(
    level: Floats | None, scenario: Floats, reference: Floats, seed: int = SEED
) -> Floats:
    """Draws of the published rate under a scenario, (draw, unit) [percent].

    Parameters
    ----------
    level : without the plan, in reference conditions, (draw, unit) [percent]; None where none is
        known, and the rates are the model's own, one draw a run
    scenario, reference : of each run of the model, (run, unit) [percent]; the same random numbers
    """
    if level is None:
        return scenario
    of = run_of_draw(len(scenario), len(level), seed)
    return one_to_one(level, scenario[of], reference[of])


def one_to_one(level: Floats, scenario: Floats, reference: Floats) -> Floats:
    """Rates of draws that are paired already, (draw, unit) [percent]."""
    return np.clip(level + (scenario - reference), 0.0, 100.0)
