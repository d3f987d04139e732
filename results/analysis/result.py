"""What analyses ask about, an outcome in a group of counties, and their results as JSON."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xiancheng.calibration import naming
from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import Words, _, listed
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
            raise unknown_name(_("outcome"), name, UNITS)
    return list(names or DEFAULT)


def unknown_name(kind: Words, name: str, known: Iterable[str]) -> RequestError:
    """Error for an unknown name, with the closest match, or else with all that are known."""
    names = list(known)
    near = naming.nearest(name, names)
    if near:
        zh, en = _("did you mean {near}?", near=near)
    else:
        zh, en = _("known: {names}", names=listed(names))
    return RequestError(
        _("no {kind} is called {name!r}; {en}", kind=kind, name=name, en=Words(zh, en))
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
    meant = _("; did you mean {near}?", near=near) if near else Words("", "")
    zh = "、".join(f"{g.code} {g.zh}" for g in groups)
    en = ", ".join(f"{g.code} {g.en}" for g in groups)
    raise RequestError(
        _(
            "no place is called {name!r}; known: {en}{meant}",
            name=name,
            en=Words(zh, en),
            meant=meant,
        )
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
            _(
                "{path} is about the scenario {scenario}, not {scenario_2}",
                path=path,
                scenario=printed["scenario"],
                scenario_2=scenario.name,
            )
        )
    digest = scenario_digest(scenario)
    if printed.get("scenario_sha256", digest) != digest:
        raise RequestError(
            _(
                "{path} has other settings of the scenario {scenario} (measures, "
                "conditions or days); compute it again",
                path=path,
                scenario=scenario.name,
            )
        )
    return printed


def not_printed(path: Path, command: str) -> RequestError:
    """Error for a file that is not what a command printed."""
    return RequestError(
        _("{path} should be what xiancheng {command} --json printed", path=path, command=command)
    )
