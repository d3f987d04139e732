"""What analyses ask about, an outcome in a group of counties, and their results as JSON."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xiancheng.calibration import naming
from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import Words
from xiancheng.scenarios.ensemble import PARTS, RunSummary
from xiancheng.scenarios.outcome import reported_groups
from xiancheng.scenarios.run_spec import digest_of
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.sim.indicators import INDICATORS
from xiancheng.sim.state import Floats

if TYPE_CHECKING:
    import pandas as pd

    from xiancheng.calibration.region import Region

DEFAULT = ("resident_urbanization_rate", "urban_residents")
UNITS = {name: each.unit for name, each in INDICATORS.items()} | {
    f"{part}_pp": "percentage points" for part in PARTS
}  # of every outcome, in the order of `outcome_values`


def outcome_values(run: RunSummary) -> Floats:
    """Every outcome of `UNITS` in a run, (outcome, group)."""
    return np.vstack([run.indicators, run.causes])


def known_outcomes(names: Sequence[str]) -> list[str]:
    """The names, each checked against `UNITS`; `DEFAULT` if there are none.

    Raises
    ------
    RequestError
    """
    for name in names:
        if name not in UNITS:
            raise unknown_name(Words("结果", "outcome"), name, UNITS)
    return list(names or DEFAULT)


def unknown_name(kind: Words, name: str, known: Iterable[str]) -> RequestError:
    """Error for an unknown name, with the closest match, or else with all that are known."""
    names = list(known)
    near = naming.nearest(name, names)
    if near:
        zh, en = f"是否指 {near}？", f"did you mean {near}?"
    else:
        zh, en = f"可用：{'、'.join(names)}", f"known: {', '.join(names)}"
    return RequestError(
        f"没有名为 {name!r} 的{kind.zh}；{zh}", f"no {kind.en} is called {name!r}; {en}"
    )


def group_index(region: "Region", name: str | None) -> int:
    """The position of a reported group, by code or name; by default the last, all counties.

    Raises
    ------
    RequestError
    """
    groups = reported_groups(region)
    if name is None:
        return len(groups) - 1
    places = naming.place_names(groups)
    if (code := naming.place(name, places)) is not None:
        return [str(group.code) for group in groups].index(code)
    near = naming.nearest(name, places)
    meant = Words(f"；是否指 {near}？", f"; did you mean {near}?") if near else Words("", "")
    zh = "、".join(f"{g.code} {g.zh}" for g in groups)
    en = ", ".join(f"{g.code} {g.en}" for g in groups)
    raise RequestError(
        f"没有名为 {name!r} 的地区；可用：{zh}{meant.zh}",
        f"no place is called {name!r}; known: {en}{meant.en}",
    )


# Results as JSON, which the report reads back


def records(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """The rows of a table by the names of their columns."""
    return [{str(name): cell for name, cell in row.items()} for row in frame.to_dict("records")]


def scenario_digest(scenario: Scenario) -> str:
    """The sha256 of what a scenario does, whatever it is called."""
    names = ("name", "title", "purpose")
    return digest_of({k: v for k, v in scenario.resolved().items() if k not in names})


def read_printed(path: Path, scenario: Scenario, command: str) -> dict[str, Any]:
    """What a command printed with `--json` about a scenario.

    Raises
    ------
    RequestError
        if it is something else, or about another scenario.
    """
    try:
        printed = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise not_printed(path, command) from None
    if not isinstance(printed, dict) or "scenario" not in printed:
        raise not_printed(path, command)
    if printed["scenario"] != scenario.name:
        raise RequestError(
            f"{path} 说的是情景 {printed['scenario']}，不是 {scenario.name}",
            f"{path} is about the scenario {printed['scenario']}, not {scenario.name}",
        )
    digest = scenario_digest(scenario)
    if printed.get("scenario_sha256", digest) != digest:
        raise RequestError(
            f"{path} 中的情景 {scenario.name} 设定不同（措施、外部条件或起止日期）；请重新计算",
            f"{path} has other settings of the scenario {scenario.name} (measures, conditions or "
            "days); compute it again",
        )
    return printed


def not_printed(path: Path, command: str) -> RequestError:
    """Error for a file that is not what a command printed."""
    return RequestError(
        f"{path} 应为 xiancheng {command} --json 的输出",
        f"{path} should be what xiancheng {command} --json printed",
    )
