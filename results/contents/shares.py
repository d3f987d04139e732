"""Who contributes what: an attribution, read from a file or made quickly at a small scale."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from xiancheng.calibration.refusal import RequestError
from xiancheng.calibration.region import load
from xiancheng.results.comparison.attribute import (
    WORLDS,
    Attribution,
    averaged,
    evaluated,
    grouped,
    moves,
    project_orders,
    standard_error,
)
from xiancheng.scenarios.outcome import reported_groups
from xiancheng.scenarios.paired import Runs, judged_on, layered
from xiancheng.scenarios.run_spec import digest_of
from xiancheng.scenarios.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

SCALE = 0.01  # of a quick attribution: rows for each resident
COLUMNS = {"id", "level", "kind", "unit_code", "points", "persons", "points_error"}
SURE = 0.95  # of the interval that must leave 0 out for a share to be called clear


@dataclass(frozen=True)
class Shares:
    """Contributions as `Attribution.to_frame` tells them, and how they were come by."""

    frame: "pd.DataFrame"
    scenario: str
    day: str
    permutations: int
    draws: int
    runs: int
    scale: float

    @classmethod
    def of(cls, told: Attribution, scale: float) -> Self:
        """The shares of an attribution that was just made."""
        return cls(
            told.to_frame(), told.scenario.name, str(told.day), told.permutations, told.draws,
            told.runs, scale,
        )  # fmt: skip

    @classmethod
    def read(cls, path: Path, scenario: Scenario) -> Self:
        """The shares that `xiancheng attribute --json` printed for a scenario.

        Raises
        ------
        RequestError
        """
        import pandas as pd

        told = printed(path, scenario, "attribute")
        frame = pd.DataFrame(told.get("shares", []))
        asked: list[Any] = [told.get(k) for k in ("permutations", "draws", "runs", "scale")]
        if not set(frame) >= COLUMNS or not all(isinstance(x, int | float) for x in asked):
            raise _not_printed(path, "attribute")
        numbers = int(asked[0]), int(asked[1]), int(asked[2]), float(asked[3])
        return cls(frame, scenario.name, str(told.get("date")), *numbers)

    def of_group(self, code: int, level: str, kind: str) -> "list[dict[str, Any]]":
        """Projects or measures in a group of counties: records of `frame`."""
        f = self.frame
        same = (f["unit_code"] == code) & (f["level"] == level) & (f["kind"] == kind)
        return records(f[same])

    @property
    def several(self) -> bool:
        """Whether orders were played in several worlds, so that the errors are known."""
        return self.draws > 1

    @property
    def clear(self) -> float:
        """Standard errors from 0 at which a share is called clear, from as few pairs of orders."""
        from scipy.stats import t

        return float(t.ppf((1 + SURE) / 2, max(self.permutations // 2 - 1, 1)))

    def largest(self) -> int:
        """The code of the group that stands for the targets as a whole."""
        return int(self.frame["unit_code"].iloc[-1])


def records(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """The rows of a table by the names of their columns."""
    return [{str(name): cell for name, cell in row.items()} for row in frame.to_dict("records")]


def quick(
    scenario: Scenario, region: str | Path, *, seed: int = 1, scale: float = SCALE,
    jobs: int | None = None,
) -> Shares:  # fmt: skip
    """The Owen value of each project, in a minute at most.

    What `xiancheng attribute` computes by default, at a smaller scale and without the steps within
    projects: an antithetic pair of orders in each of some worlds, a draw of what we believe of the
    parameters with its own luck. So the standard error holds orders, parameters and luck.
    """
    projects = grouped(scenario)
    unions = {p: frozenset(m for m in own if moves(scenario, m)) for p, own in projects.items()}
    names = [p for p, union in unions.items() if union]
    orders = project_orders(names, WORLDS, seed)

    def measures(coalition: frozenset[str]) -> frozenset[str]:
        return frozenset(chain.from_iterable(unions[p] for p in coalition))

    coalitions = {
        (world, frozenset(part)): None
        for world, order in enumerate(orders)
        for i in range(len(order) + 1)
        for part in (order[:i], order[i:])
    }
    day = judged_on(scenario, load(region))
    with Runs(region, day=day, scale=scale, jobs=jobs) as runs:
        wanted = {(world, measures(c)): None for world, c in coalitions}
        worlds = layered(region, WORLDS, seed)
        values = evaluated(scenario, runs, list(wanted), worlds, lambda: None)
        groups, made = reported_groups(runs.pack), runs.made
    value = {(world, c): values[world, measures(c)] for world, c in coalitions}
    owen, error = averaged(orders, value, WORLDS, {p: (p,) for p in names})
    whole, none = frozenset(names), frozenset[str]()
    effects = np.array([value[world, whole] - value[world, none] for world in range(WORLDS)])
    still = {p: np.zeros_like(effects[0]) for p in projects if p not in names}
    told = Attribution(
        scenario=scenario, day=day, groups=groups, projects=projects, permutations=2 * WORLDS,
        draws=WORLDS, runs=made, total=effects.mean(axis=0), total_error=standard_error(effects),
        shapley={}, shapley_error={}, owen=_ordered(owen | still, projects),
        owen_error=error | still, first_in={}, last_in={},
    )  # fmt: skip
    return Shares.of(told, scale)


def printed(path: Path, scenario: Scenario, command: str) -> dict[str, Any]:
    """What a command printed with `--json` about a scenario.

    Raises
    ------
    RequestError
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise _not_printed(path, command) from None
    if not isinstance(told, dict) or "scenario" not in told:
        raise _not_printed(path, command)
    if told["scenario"] != scenario.name:
        raise RequestError(
            f"{path} 说的是情景 {told['scenario']}，不是 {scenario.name}",
            f"{path} is about the scenario {told['scenario']}, not {scenario.name}",
        )
    if told.get("scenario_sha256", identity(scenario)) != identity(scenario):
        raise RequestError(
            f"{path} 中的情景 {scenario.name} 设定不同（措施、外部条件或起止日期）；请重新计算",
            f"{path} has other settings of the scenario {scenario.name} (measures, conditions or "
            "days); compute it again",
        )
    return told


def identity(scenario: Scenario) -> str:
    """The sha256 of what a scenario does, whatever it is called."""
    names = ("name", "title", "purpose")
    return digest_of({k: v for k, v in scenario.resolved().items() if k not in names})


def _not_printed(path: Path, command: str) -> RequestError:
    return RequestError(
        f"{path} 应为 xiancheng {command} --json 的输出",
        f"{path} should be what xiancheng {command} --json printed",
    )


def _ordered(values: dict[str, Any], names: Sequence[str] | dict[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in names}
