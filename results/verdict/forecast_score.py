"""Scores of forecasts from what was known at a cut-off, against what was published later.

The rules are registered in docs/preregistration.md, before anything is scored.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from xiancheng.calibration.forecasts.scoring import LEVELS, ForecastScores, interval
from xiancheng.calibration.region import Region
from xiancheng.results.verdict.forecasts import MELD, MODEL, ForecastSet
from xiancheng.results.verdict.observations import ScoredRate
from xiancheng.scenarios.outcome import Group, floor

BAND = 0.8  # of the intervals that are printed
COMPARED = (MELD, MODEL)  # whose skill against every other forecaster is shown


def by_case(made: ForecastSet, observed: Sequence[ScoredRate]) -> "pd.DataFrame":
    """A row for each observation and forecaster: median, interval and error.

    Returns
    -------
    unit_code, county, county_en, date, rate_at_start, observed, forecaster, median, low_80,
    high_80 [percent], error [points], inside
    """
    rows = []
    for one in observed:
        group, column = made.groups[one.group], made.days.index(one.day)
        for name, rates in made.rates.items():
            draws = rates[column, :, one.group]
            median = float(np.median(draws))
            low, high = interval(draws[:, None], BAND)[:, 0].tolist()
            rows.append(
                {
                    "unit_code": group.code, "county": group.zh, "county_en": group.en,
                    "date": one.day, "rate_at_start": float(made.start[one.group]),
                    "observed": one.rate, "forecaster": name, "median": median,
                    "low_80": low, "high_80": high,
                    "error": median - one.rate, "inside": low <= one.rate <= high,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def by_forecaster(
    made: ForecastSet, observed: Sequence[ScoredRate], pack: Region
) -> "pd.DataFrame":
    """A row for each forecaster over single counties, and one over counties together.

    Returns
    -------
    over (counties or together), forecaster, cases, mae, bias, crps [points], covered_50,
    covered_80, covered_95 and the binomial error of each (`_error`), brier, and the skill of the
    meld and of the model against it
    """
    parts = {
        "counties": [one for one in observed if len(made.groups[one.group].counties) == 1],
        "together": [one for one in observed if len(made.groups[one.group].counties) > 1],
    }
    rows = [
        row | {"over": over}
        for over, some in parts.items()
        if some
        for row in _scored(made, some, pack)
    ]
    return pd.DataFrame(rows)


def _scored(
    made: ForecastSet, observed: Sequence[ScoredRate], pack: Region
) -> list[dict[str, Any]]:
    """A row for each forecaster over some observations."""
    seen = np.array([one.rate for one in observed])
    thresholds = np.array([threshold(made.groups[one.group], one.day, pack) for one in observed])
    rows: list[dict[str, Any]] = []
    for forecaster, rates in made.rates.items():
        draws = np.column_stack(
            [rates[made.days.index(one.day), :, one.group] for one in observed]
        )  # (draw, case)
        result = ForecastScores.of(draws, seen, thresholds)
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
    crps = {row["forecaster"]: row["crps"] for row in rows}
    for row in rows:
        for name in COMPARED:
            row[f"skill_of_{name}"] = 1 - crps[name] / row["crps"] if row["crps"] else np.nan
    return rows


def threshold(group: Group, day: date, pack: Region) -> float:
    """The rate that meets the target of a group due that day; nan without one."""
    codes = {pack.counties[c].code for c in group.counties}
    due = [t for t in pack.targets if set(t.counties) == codes and t.deadline == day]
    return floor(due[0]) if due else np.nan
