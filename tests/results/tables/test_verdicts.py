"""Notes on a verdict: each stands where it holds, and nowhere else."""

import pandas as pd

from xiancheng.results.tables import verdicts


def test_an_effect_of_exactly_zero_is_not_called_unclear():
    """A baseline adds nothing: no cell of its table bears the mark that the note explains."""
    effects = {"from_plan_pp": [0.0], "plan_low": [0.0], "plan_high": [0.0]}
    assert not verdicts.unclear_effects(pd.DataFrame(effects))
    effects |= {"from_plan_pp": [0.1], "plan_high": [0.2]}
    assert verdicts.unclear_effects(pd.DataFrame(effects))
