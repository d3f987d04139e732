"""`xiancheng score`: forecasts from what was known at a cut-off, against what was published later.

The rules are registered in docs/preregistration.md, before anything is scored.
"""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from xiancheng.calibration import parsing
from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.region import Region, load
from xiancheng.calibration.scores import LEVELS, Scores, interval
from xiancheng.results import cells, cost
from xiancheng.results.cli import Say
from xiancheng.results.forecasts import forecasting, frozen, observed, scored
from xiancheng.results.forecasts.forecasting import MELD, MODEL, Forecasts
from xiancheng.results.forecasts.frozen import REGISTERED, Settings
from xiancheng.results.forecasts.observed import Observed
from xiancheng.results.show import progress, table
from xiancheng.results.stopping import DONE
from xiancheng.scenarios.outcome import Group, floor, reported_groups
from xiancheng.sim.state import Floats

if TYPE_CHECKING:
    import pandas as pd

BAND = 0.8  # of the intervals that are printed
JUDGED = (MELD, MODEL)  # whose skill against everyone is told


def score(asked: Namespace, say: Say) -> int:
    """`xiancheng score`: how good everyone's forecasts were; without a file, what would be done."""
    pack, settings = load(asked.region), of(asked)
    forecasting.possible(pack, settings.cutoff)
    digests = frozen.digests(asked.region)
    if asked.observations is None:
        if asked.json:
            print(cells.as_json({"settings": frozen.told(settings), "digests": digests}))
        else:
            table(
                say("冻结的设定与摘要", "settings and digests"),
                *frozen.lines(settings, digests, say.lang),
            )
        return DONE
    if asked.out:
        cells.possible(asked.out)
    seen = observed.read(asked.observations, reported_groups(pack), settings.cutoff)
    start, until = pack.censuses[-1], max(each.day for each in seen)
    runs = 2 * settings.draws if pack.targets else settings.draws
    work = cost.Work(runs, asked.region, settings.scale, start, until)
    cost.announce(say, [work], asked.jobs)
    with progress(say("模拟", "simulating"), settings.draws) as step:
        told = forecasting.forecasts(
            asked.region, [each.day for each in seen], settings, jobs=asked.jobs, done=step
        )
    each, overall = by_case(told, seen), by_forecaster(told, seen, pack)
    said = [remark.said(say.lang) for remark in scored.remarks(told, seen, settings)]
    if asked.json:
        report = {
            "cases": each, "scores": overall, "weights": dict(told.weights),
            "settings": frozen.told(settings), "digests": digests, "remarks": said,
        }  # fmt: skip
        print(cells.as_json(report))
        _write(each, asked, say)
        return DONE
    table(say("逐条观测", "each observation"), *scored.case_lines(each, say.lang))
    for over, rows in overall.groupby("over", sort=False):
        heading = say(*scored.OVER[str(over)]).format(rows["cases"].iloc[0])
        table(heading, *scored.score_lines(rows, say.lang))
    table(
        say("冻结的设定与摘要", "settings and digests"), *frozen.lines(settings, digests, say.lang)
    )
    for remark in said:
        print(f"· {remark}")
    _write(each, asked, say)
    return DONE


def _write(cases: "pd.DataFrame", asked: Namespace, say: Say) -> None:
    if asked.out:
        cells.write(cases, asked.out)
        say.note(f"已写 {asked.out}", f"wrote {asked.out}")


def of(asked: Namespace) -> Settings:
    """The settings that the command line asks for; the registered ones by default.

    Raises
    ------
    RequestError
    """
    cutoff = parsing.day(asked.cutoff or str(REGISTERED.cutoff))
    if cutoff is None:
        raise RequestError(
            f"--cutoff 应为日期，如 2024-12-31；得到 {asked.cutoff}",
            f"--cutoff should be a date such as 2024-12-31; got {asked.cutoff}",
        )
    numbers = {name: getattr(asked, name) for name in ("draws", "scale", "seed")}
    given = {name: value for name, value in numbers.items() if value is not None}
    return replace(REGISTERED, cutoff=cutoff, **given)


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
