"""How much each measure and project contributes; the contributions add up to the whole effect.

A game in which the measures are the players: the value of a coalition is what the scenario comes to
when only the doses of its members move their levers. What a measure adds to those before it,
averaged over random orders, is its Shapley value; over orders that keep the measures of a project
together, its Owen value, and those of a project's measures add up to the project's own Shapley
value. In every order the additions telescope, so the sums are exact for any number of orders.

The load on county governments stays that of the whole scenario in every coalition. So a measure
that moves no lever is a null player and gets exactly 0, even where capacity binds.

References
----------
Shapley (1953), A value for n-person games
Owen (1977), Values of games with a priori unions
Castro, Gómez & Tejada (2009), Computers & Operations Research 36: permutation sampling
Mitchell et al. (2022), JMLR 23: orders in antithetic pairs
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np

from xiancheng.calibration.i18n import _
from xiancheng.calibration.region import load
from xiancheng.scenarios.outcome import RATE, Group
from xiancheng.scenarios.paired import PARTS, Draw, Reading, Runs, judged_on, layered
from xiancheng.scenarios.request import digest_of
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.scenarios.simulate import RequestError, reported
from xiancheng.sim.state import Floats

if TYPE_CHECKING:
    import pandas as pd

WORLDS = 5  # draws of the parameters, each with luck of its own, in which orders are played
SAFEGUARDS = "S"  # the project of the measures that belong to none
FEATURES = ("points", "persons", *PARTS)

Thing = TypeVar("Thing")
Coalition = frozenset[str]
Order = tuple[str, ...]
Values = Mapping[tuple[int, Coalition], Floats]  # (draw, coalition) -> (feature, group)


@dataclass(frozen=True)
class Attribution:
    """Contributions to the effect of a scenario, each (feature, group)."""

    scenario: Scenario
    day: date
    groups: tuple[Group, ...]
    projects: Mapping[str, tuple[str, ...]]  # project -> its measures
    permutations: int  # of either kind
    draws: int  # 0: central parameters
    runs: int  # coalitions that were really simulated
    total: Floats
    shapley: Mapping[str, Floats]
    owen: Mapping[str, Floats]  # measures and projects
    first_in: Mapping[str, Floats]  # measures and projects; alone, against no measure at all
    last_in: Mapping[str, Floats]  # measures and projects; what goes if it alone is taken away
    shapley_error: Mapping[str, Floats]  # standard errors of the sampling
    owen_error: Mapping[str, Floats]
    total_error: Floats  # of the mean over draws; 0 in a single world, where it is exact

    def to_frame(self) -> "pd.DataFrame":
        """A row for each measure and project, kind of value, and group of counties.

        `points_error` is the standard error over orders, parameters and random worlds; null where
        all orders were played in one world, as that of the orders alone says nothing of these.
        """
        import pandas as pd

        nothing = dict.fromkeys([*self.owen, "total"], np.full_like(self.total, np.nan))
        kinds = {
            "shapley": (self.shapley, self.shapley_error if self.several else nothing),
            "owen": (self.owen, self.owen_error if self.several else nothing),
            "first_in": (self.first_in, nothing),
            "last_in": (self.last_in, nothing),
            "total": (
                {"total": self.total}, {"total": self.total_error} if self.several else nothing
            ),
        }  # fmt: skip
        return pd.DataFrame(
            {
                "id": name, "level": self._level(name), "kind": kind,
                "unit_code": group.code, "county": group.zh, "county_en": group.en,
                **dict(zip(FEATURES, value[:, g].tolist(), strict=True)),
                "points_error": float(errors[name][0, g]),
                "persons_error": float(errors[name][1, g]),
            }
            for kind, (values, errors) in kinds.items()
            for name, value in values.items()
            for g, group in enumerate(self.groups)
        )  # fmt: skip

    @property
    def several(self) -> bool:
        """Whether orders were played in several worlds, so that the errors are known."""
        return self.draws > 1

    def _level(self, name: str) -> str:
        return "total" if name == "total" else "project" if name in self.projects else "measure"


def attribute(
    scenario: Scenario, runs: Runs, *, permutations: int = 16, draws: Sequence[Draw] = (Draw(),),
    seed: int = 1, done: Callable[[], None] = lambda: None,
) -> Attribution:  # fmt: skip
    """Contributions of the measures of a scenario on the day that `runs` reads.

    Parameters
    ----------
    permutations : orders of each kind, made up to a whole number of antithetic pairs a draw
    draws : the worlds in which the orders are played, in turn
    seed : of the orders
    done : called after each coalition, for a progress bar
    """
    projects, game = grouped(scenario), CoalitionGame.of(scenario, permutations, len(draws), seed)
    values = evaluated(scenario, runs, game.coalitions(), draws, done)

    every, whole, moving = range(len(draws)), frozenset(game.moving), game.moving
    effects = np.array([values[d, whole] - values[d, frozenset()] for d in every])
    drawn = sum(d.number > 0 for d in draws)
    still = np.zeros_like(next(iter(values.values())))
    alone = {
        p: np.mean([values[d, c] - values[d, frozenset()] for d in every], axis=0)
        for p, c in game.players.items()
    }
    last = {
        p: np.mean([values[d, whole] - values[d, whole - c] for d in every], axis=0)
        for p, c in game.players.items()
    }
    idle = {m: still for m in scenario.plan.measures if m not in moving}
    shapley, shapley_error = averaged(game.free, values, len(draws), {m: (m,) for m in moving})
    owen, owen_error = averaged(game.joined, values, len(draws), game.members)
    return Attribution(
        scenario=scenario, day=runs.day, groups=reported(runs.pack), projects=projects,
        permutations=2 * len(game.free), draws=drawn, runs=runs.made,
        total=effects.mean(axis=0), total_error=standard_error(effects) if drawn else still,
        shapley=_in_order(shapley | idle, scenario), shapley_error=shapley_error | idle,
        owen=_in_order(owen | idle, scenario), owen_error=owen_error | idle,
        first_in=_in_order(alone | idle, scenario), last_in=_in_order(last | idle, scenario),
    )  # fmt: skip


def grouped(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    """The measures of each project; the safeguards are a group of their own."""
    found: dict[str, tuple[str, ...]] = {}
    for number, measure in scenario.plan.measures.items():
        project = measure.project or SAFEGUARDS
        found[project] = (*found.get(project, ()), number)
    return found


def moves(scenario: Scenario, number: str) -> bool:
    """Whether a measure, as the scenario carries it out, moves any lever."""
    clauses = scenario.plan.measures[number].clauses
    doses = (
        scenario.doses.get(name, clauses[clause].full(dose))
        for name, clause, dose in scenario.plan.measures[number].doses()
    )
    return any(full > 0 for full in doses) and not scenario.setting(number).idle


def only(scenario: Scenario, present: Coalition) -> Scenario:
    """The scenario in which only the doses of `present` move levers; the load stays as it is."""
    absent = {
        dose[0]: 0.0
        for number, measure in scenario.plan.measures.items()
        if number not in present
        for dose in measure.doses()
    }
    return replace(scenario, doses={**scenario.doses, **absent})


@dataclass(frozen=True)
class CoalitionGame:
    """Who plays, and in which orders; each order is played backwards as well."""

    moving: tuple[str, ...]  # measures that move a lever
    members: Mapping[str, tuple[str, ...]]  # of measures (themselves) and projects
    free: tuple[Order, ...]
    joined: tuple[Order, ...]  # in which the measures of a project stand together
    draws: int

    @classmethod
    def of(cls, scenario: Scenario, permutations: int, draws: int, seed: int) -> Self:
        """A game with at least so many orders, and the same number in each draw."""
        moving = tuple(number for number in scenario.plan.measures if moves(scenario, number))
        unions = {
            project: tuple(m for m in members if m in moving)
            for project, members in grouped(scenario).items()
        }
        pairs, rng = -(-permutations // (2 * draws)) * draws, np.random.default_rng(seed)
        free = tuple(_shuffled(moving, rng) for __ in range(pairs))
        outer = project_orders([p for p, own in unions.items() if own], pairs, seed)
        joined = tuple(
            tuple(chain(*(_shuffled(unions[project], rng) for project in order))) for order in outer
        )
        return cls(moving, {m: (m,) for m in moving} | unions, free, joined, draws)

    @property
    def players(self) -> dict[str, Coalition]:
        """Measures and projects, as coalitions."""
        return {name: frozenset(own) for name, own in self.members.items()}

    def coalitions(self) -> list[tuple[int, Coalition]]:
        """Every coalition that has to be simulated, with its draw, once."""
        whole = frozenset(self.moving)
        wanted: dict[tuple[int, Coalition], None] = {}
        for draw in range(self.draws):
            wanted[draw, frozenset()] = wanted[draw, whole] = None
            for player in self.players.values():
                wanted[draw, player] = wanted[draw, whole - player] = None
        for orders in (self.free, self.joined):
            for i, order in enumerate(orders):
                for __, before in _steps(order):
                    wanted[i % self.draws, before] = None
                    wanted[i % self.draws, whole - before] = None  # the order backwards
        return list(wanted)


def project_orders(projects: Sequence[str], pairs: int, seed: int) -> tuple[Order, ...]:
    """Orders of the projects; of one seed they are the same with measures told apart or not.

    So the shares of projects, which only the steps between projects decide, are the same too.
    """
    rng = np.random.default_rng([seed, len(projects)])
    return tuple(_shuffled(projects, rng) for __ in range(pairs))


def evaluated(
    scenario: Scenario, runs: Runs, wanted: Sequence[tuple[int, Coalition]],
    draws: Sequence[Draw], done: Callable[[], None],
) -> Values:  # fmt: skip
    """What each coalition comes to, (feature, group)."""
    plans = {coalition: only(scenario, coalition) for __, coalition in wanted}
    readings = runs.read([(plans[c], draws[d]) for d, c in wanted], done)
    return {key: _features(reading) for key, reading in zip(wanted, readings, strict=True)}


def averaged(
    orders: Sequence[Order], values: Values, draws: int, members: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Mean addition of each player over the orders and their reverses, and its standard error.

    Parameters
    ----------
    members : the measures whose additions make up each player's
    """
    pairs = []
    for i, order in enumerate(orders):
        there = _additions(order, values, i % draws)
        back = _additions(order[::-1], values, i % draws)
        pairs.append({m: (there[m] + back[m]) / 2 for m in order})
    zero = np.zeros_like(next(iter(values.values())))
    played = {
        player: np.array([sum((pair[m] for m in own), start=zero) for pair in pairs])
        for player, own in members.items()
    }
    mean = {player: each.mean(axis=0) for player, each in played.items()}
    return mean, {player: standard_error(each) for player, each in played.items()}


def standard_error(values: Floats) -> Floats:
    """The standard error of the mean over the first axis; unknown, nan, from one value."""
    if len(values) == 1:
        return np.full(values.shape[1:], np.nan)
    return np.asarray(values.std(axis=0, ddof=1) / np.sqrt(len(values)))


def _additions(order: Order, values: Values, draw: int) -> dict[str, Floats]:
    return {m: values[draw, before | {m}] - values[draw, before] for m, before in _steps(order)}


def _steps(order: Order) -> Iterator[tuple[str, Coalition]]:
    """Each player of an order, with those before it."""
    return ((player, frozenset(order[:i])) for i, player in enumerate(order))


def _features(reading: Reading) -> Floats:
    return np.vstack([reading.row(RATE), reading.row("urban_residents"), reading.causes])


def _shuffled(things: Sequence[Thing], rng: np.random.Generator) -> tuple[Thing, ...]:
    return tuple(things[i] for i in rng.permutation(len(things)))


def _in_order(values: Mapping[str, Floats], scenario: Scenario) -> dict[str, Floats]:
    """Projects first, then measures by number."""
    order = [*grouped(scenario), *scenario.plan.measures]
    return {name: values[name] for name in order if name in values}


# Who contributes what: an attribution, read from a file or made quickly at a small scale.

SCALE = 0.01  # of a quick attribution: rows for each resident
COLUMNS = {"id", "level", "kind", "unit_code", "points", "persons", "points_error"}
SURE = 0.95  # of the interval that must leave 0 out for a share to be called clear


@dataclass(frozen=True)
class AttributionTable:
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
) -> AttributionTable:  # fmt: skip
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
        groups, made = reported(runs.pack), runs.made
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
    return AttributionTable.of(told, scale)


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
            _(
                "{path} is about the scenario {scenario}, not {scenario_2}",
                path=path,
                scenario=told["scenario"],
                scenario_2=scenario.name,
            )
        )
    if told.get("scenario_sha256", identity(scenario)) != identity(scenario):
        raise RequestError(
            _(
                "{path} has other settings of the scenario {scenario} (measures, "
                "conditions or days); compute it again",
                path=path,
                scenario=scenario.name,
            )
        )
    return told


def identity(scenario: Scenario) -> str:
    """The sha256 of what a scenario does, whatever it is called."""
    names = ("name", "title", "purpose")
    return digest_of({k: v for k, v in scenario.resolved().items() if k not in names})


def _not_printed(path: Path, command: str) -> RequestError:
    return RequestError(
        _("{path} should be what xiancheng {command} --json printed", path=path, command=command)
    )


def _ordered(values: dict[str, Any], names: Sequence[str] | dict[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in names}
