"""Who contributes what: an attribution, read from a file or made quickly at a small scale."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from results.comparison.attribute import Attribution, averaged, evaluated, grouped, moves
from scenarios.paired import Draw, Runs, judged_on
from scenarios.scenario import Scenario
from scenarios.simulate import RequestError, reported

if TYPE_CHECKING:
    import pandas as pd

SCALE, PAIRS = 0.01, 3  # of a quick attribution: rows for each resident, pairs of orders
COLUMNS = {"id", "level", "kind", "unit_code", "points", "persons", "points_error"}
CLEAR = 2.0  # standard errors from 0 at which a share is called clear


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

    A few antithetic pairs of orders at the central parameters; the standard error says how far
    that goes. Within a project measures are not told apart.
    """
    from calibration.region import load

    projects = grouped(scenario)
    unions = {p: frozenset(m for m in own if moves(scenario, m)) for p, own in projects.items()}
    rng, names = np.random.default_rng(seed), [p for p, union in unions.items() if union]
    orders = [tuple(names[i] for i in rng.permutation(len(names))) for _ in range(PAIRS)]
    whole = frozenset(names)
    coalitions = [frozenset(), whole]
    for name in names:
        coalitions += [frozenset({name}), whole - {name}]
    for order in orders:
        coalitions += [frozenset(order[:i]) for i in range(len(order))]
        coalitions += [frozenset(order[i:]) for i in range(len(order))]

    def measures(coalition: frozenset[str]) -> frozenset[str]:
        return frozenset(chain.from_iterable(unions[p] for p in coalition))

    day = judged_on(scenario, load(region))
    with Runs(region, day=day, scale=scale, jobs=jobs) as runs:
        wanted = {measures(c): None for c in coalitions}
        values = evaluated(scenario, runs, [(0, m) for m in wanted], [Draw(seed)], lambda: None)
        groups, made = reported(runs.pack), runs.made
    value = {(0, c): values[0, measures(c)] for c in coalitions}
    owen, error = averaged(orders, value, 1, {p: (p,) for p in names})
    none, all_ = value[0, frozenset()], value[0, whole]
    still = {p: np.zeros_like(none) for p in projects if p not in names}
    told = Attribution(
        scenario=scenario, day=day, groups=groups, projects=projects, permutations=2 * PAIRS,
        draws=0, runs=made, total=all_ - none, total_error=np.zeros_like(none),
        shapley={}, shapley_error={},
        owen=_ordered(owen | still, projects), owen_error=error | still,
        first_in=_ordered(
            {p: value[0, frozenset({p})] - none for p in names} | still, projects
        ),
        last_in=_ordered({p: all_ - value[0, whole - {p}] for p in names} | still, projects),
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
    return told


def _not_printed(path: Path, command: str) -> RequestError:
    return RequestError(
        f"{path} 应为 xiancheng {command} --json 的输出",
        f"{path} should be what xiancheng {command} --json printed",
    )


def _ordered(values: dict[str, Any], names: Sequence[str] | dict[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in names}
