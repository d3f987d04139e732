"""What analyses ask about, an outcome in a group of counties, and their results as JSON."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from xiancheng.calibration import naming
from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import Words, _, listed
from xiancheng.calibration.naming import PlaceLike
from xiancheng.scenarios.ensemble import PARTS, RunSummary
from xiancheng.scenarios.outcome import PUBLISHED, reported_groups
from xiancheng.scenarios.run_spec import digest_of
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.sim.indicators import INDICATORS
from xiancheng.sim.state import Floats

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region

Known = TypeVar("Known")

FEW = 20  # names that an error lists beside the closest one
DEFAULT = ("published_resident_urbanization_rate", "urban_residents")
UNITS = {name: each.unit for name, each in INDICATORS.items()} | {
    f"{part}_pp": "percentage points" for part in PARTS
}  # of every outcome, in the order of `outcome_values`


def outcome_values(run: RunSummary) -> Floats:
    """Every outcome of `UNITS` in a run, (outcome, group).

    The parts add up to the change of the published rate, as those of a verdict do.
    """
    causes = run.causes[:-1]
    counting = run.row(PUBLISHED) - run.published[0] - causes.sum(axis=0)
    return np.vstack([run.indicators, causes, counting])


def look_up(
    name: str, known: Mapping[str, Known], kind: Words, places: Sequence[PlaceLike] = ()
) -> Known:
    """What a name stands for; that of one of `places` may be any of its names.

    Raises
    ------
    RequestError
        with the closest match, and with all that is known where none is near or they are few.
    """
    codes = naming.place_names(places)
    code = name if name in known else naming.place(name, codes)
    if code is not None and code in known:
        return known[code]
    near = naming.nearest(name, [*known, *(n for n, c in codes.items() if c in known)])
    advice = [_("did you mean {near}?", near=near)] if near else []
    if not near or len(known) <= FEW:
        of = {str(p.code): Words(f"{p.code} {p.zh}", f"{p.code} {p.en}") for p in places}
        advice.append(_("known: {names}", names=listed(of.get(k, k) for k in known)))
    both = Words(" ".join(a.zh for a in advice), " ".join(a.en for a in advice))
    raise RequestError(_("no {kind} is called {name!r}; {en}", kind=kind, name=name, en=both))


def known_outcomes(names: Sequence[str]) -> list[str]:
    """The names, each held to be in `UNITS`; `DEFAULT` if there are none."""
    for name in names:
        look_up(name, UNITS, _("outcome"))
    return list(names or DEFAULT)


def group_index(region: "Region", name: str | None) -> int:
    """The position of a reported group, by code or name; by default the last, all counties."""
    groups = reported_groups(region)
    index = {str(group.code): i for i, group in enumerate(groups)}
    return len(groups) - 1 if name is None else look_up(name, index, _("place"), groups)


# Results as JSON, which the report reads back


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
            _("{path} is about the scenario {scenario}, not {scenario_2}", path=path,
              scenario=printed["scenario"], scenario_2=scenario.name)
        )  # fmt: skip
    digest = scenario_digest(scenario)
    if printed.get("scenario_sha256", digest) != digest:
        raise RequestError(
            _("{path} has other settings of the scenario {scenario} (measures, conditions or "
              "days); compute it again", path=path, scenario=scenario.name)
        )  # fmt: skip
    return printed


def not_printed(path: Path, command: str) -> RequestError:
    """Error for a file that is not what a command printed."""
    return RequestError(
        _("{path} should be what xiancheng {command} --json printed", path=path, command=command)
    )
