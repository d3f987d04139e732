"""`xiancheng score`: forecasts from what was known at a cut-off, against what was published later.

The rules are registered in docs/preregistration.md, before anything is scored.
"""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from xiancheng.calibration.region import Region
from xiancheng.calibration.scores import LEVELS, Scores, interval
from xiancheng.results.forecasts.forecasting import MELD, MODEL, Forecasts
from xiancheng.results.forecasts.observed import Observed
from xiancheng.scenarios.outcome import Group, floor
from xiancheng.sim.state import Floats

if TYPE_CHECKING:
    import pandas as pd

BAND = 0.8  # of the intervals that are printed
JUDGED = (MELD, MODEL)  # whose skill against everyone is told


# What came out


def by_case(told: Forecasts, seen: Sequence[Observed]) -> "pd.DataFrame":
    """A row for each observation and forecaster: median, interval and error.

    Returns
    -------
    unit_code, county, county_en, date, start, observed, forecaster, median, low, high [percent],
    error [points], inside
    """
    import pandas as pd

    rows = []
    for one in seen:
        group, column = told.groups[one.group], told.days.index(one.day)
        for name, made in told.made.items():
            draws = made[column, :, one.group]
            median = float(np.median(draws))
            low, high = interval(draws[:, None], BAND)[:, 0].tolist()
            rows.append(
                {
                    "unit_code": group.code, "county": group.zh, "county_en": group.en,
                    "date": one.day, "start": float(told.start[one.group]), "observed": one.rate,
                    "forecaster": name, "median": median, "low": low, "high": high,
                    "error": median - one.rate, "inside": low <= one.rate <= high,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def by_forecaster(told: Forecasts, seen: Sequence[Observed], pack: Region) -> "pd.DataFrame":
    """A row for each forecaster over single counties, and one over counties together.

    Returns
    -------
    over (counties or together), forecaster, cases, mae, bias, crps [points], covered_50,
    covered_80, covered_95 and the binomial error of each (`_error`), brier, and the skill of the
    meld and of the model against it
    """
    import pandas as pd

    parts = {
        "counties": [one for one in seen if len(told.groups[one.group].counties) == 1],
        "together": [one for one in seen if len(told.groups[one.group].counties) > 1],
    }
    return pd.concat(
        [_scored(told, some, pack).assign(over=over) for over, some in parts.items() if some],
        ignore_index=True,
    )


def _scored(told: Forecasts, seen: Sequence[Observed], pack: Region) -> "pd.DataFrame":
    """A row for each forecaster over some observations."""
    import pandas as pd

    came = np.array([one.rate for one in seen])
    bars = np.array([threshold(told.groups[one.group], one.day, pack) for one in seen])
    rows = []
    for forecaster, made in told.made.items():
        result = Scores.of(ensemble(told, made, seen), came, bars)
        covered: dict[str, float] = {}
        for level, (share, error) in zip(LEVELS, result.coverage, strict=True):
            name = f"covered_{100 * level:.0f}"
            covered |= {name: share, f"{name}_error": error}
        rows.append(
            {
                "forecaster": forecaster, "cases": result.cases, "mae": result.mae,
                "bias": result.bias, "crps": result.crps, **covered, "brier": result.brier,
            }
        )  # fmt: skip
    scores = pd.DataFrame(rows)
    crps = dict(zip(scores["forecaster"], scores["crps"], strict=True))
    for judged in JUDGED:
        scores[f"skill_of_{judged}"] = 1 - crps[judged] / scores["crps"]
    return scores


def ensemble(told: Forecasts, made: Floats, seen: Sequence[Observed]) -> Floats:
    """One forecaster's draws for each observation, (draw, case)."""
    return np.column_stack([made[told.days.index(one.day), :, one.group] for one in seen])


def threshold(group: Group, day: date, pack: Region) -> float:
    """The rate that meets the target of a group due that day; nan without one."""
    codes = {pack.counties[c].code for c in group.counties}
    due = [t for t in pack.targets if set(t.counties) == codes and t.deadline == day]
    return floor(due[0]) if due else np.nan
