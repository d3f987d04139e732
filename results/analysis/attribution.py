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

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
import pandas as pd

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.forecasts.common_trend import PublishedRate
from xiancheng.calibration.i18n import _
from xiancheng.calibration.region import Region
from xiancheng.results.analysis.doses import DOSE_COLUMNS, DOSE_VALUES
from xiancheng.results.analysis.result import not_printed, read_printed
from xiancheng.results.text import records
from xiancheng.scenarios.ensemble import PARTS, RunSummary, Summaries, judged_on, layered
from xiancheng.scenarios.outcome import RATE, reported_groups
from xiancheng.scenarios.run_spec import RunSpec
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.sim.state import Floats

WORLDS = 5  # draws of the parameters, each with a seed of its own, in which orders are played
QUICK_SCALE = 0.01  # of a quick attribution: rows for each resident
SAFEGUARDS = "S"  # the project of the measures that belong to none
BY_CAUSE = {part: f"points_{part}" for part in PARTS}  # columns of the parts of `points`
FEATURES = ("points", "urban_residents", *BY_CAUSE.values())
COLUMNS = {"id", "level", "kind", "unit_code", *FEATURES, "points_error"}
CONFIDENCE = 0.95  # of the interval that must leave 0 out for a share to be called clear

Thing = TypeVar("Thing")
Coalition = frozenset[str]
Order = tuple[str, ...]
Values = Mapping[tuple[int, Coalition], Floats]  # (draw, coalition) -> (feature, group)
Shares = Mapping[str, Floats]  # player -> (feature, group)


@dataclass(frozen=True)
class AttributionTable:
    """Contributions to the effect of a scenario, and how they were computed.

    `frame` has a row for each measure and project (`id`, `level`), kind of value and group of
    counties: `points` of the resident rate and its parts by cause, and `urban_residents`.
    `points_error` and `urban_residents_error` are standard errors over orders, parameters and
    seeds; null where all orders were played in one world, as that of the orders alone says nothing
    of these. `doses`, if it was asked for, is the table of `doses.lever_effects`.
    """

    frame: "pd.DataFrame"
    scenario: str  # name
    day: str
    permutations: int  # of either kind
    draws: int  # 0: central parameters
    runs: int  # that were really simulated
    scale: float
    doses: "pd.DataFrame | None" = None

    @classmethod
    def read(cls, path: Path, scenario: Scenario, region: Region) -> Self:
        """The table that `xiancheng attribute --json` printed for a scenario in a region.

        Raises
        ------
        RequestError
            if the file is something else, or about another scenario or another region.
        """
        printed = read_printed(path, scenario, "attribute")
        frame = pd.DataFrame(printed.get("shares", []))
        sizes: list[Any] = [printed.get(k) for k in ("permutations", "draws", "runs", "scale")]
        if not set(frame) >= COLUMNS or not all(isinstance(x, int | float) for x in sizes):
            raise not_printed(path, "attribute")
        if not {*frame["unit_code"]} <= {group.code for group in reported_groups(region)}:
            raise RequestError(
                _("{path} is about other places than those of the region {region}", path=path,
                  region=region.name)
            )  # fmt: skip
        doses = pd.DataFrame(printed["doses"]) if printed.get("doses") else None
        if doses is not None and not {*doses.columns} >= {*DOSE_COLUMNS}:
            raise not_printed(path, "attribute")
        try:
            frame = _with_numbers(frame, [*FEATURES, "points_error"])
            doses = None if doses is None else _with_numbers(doses, DOSE_VALUES)
        except (TypeError, ValueError):
            raise not_printed(path, "attribute") from None
        if not np.isfinite(frame[[*FEATURES]]).all(axis=None):
            raise not_printed(path, "attribute")
        numbers = int(sizes[0]), int(sizes[1]), int(sizes[2]), float(sizes[3])
        return cls(frame, scenario.name, str(printed.get("date")), *numbers, doses)

    def of_group(self, code: int, level: str, kind: str) -> list[dict[str, Any]]:
        """Projects, measures or the total in a group of counties: records of `frame`."""
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

        return float(t.ppf((1 + CONFIDENCE) / 2, max(self.permutations // 2 - 1, 1)))

    def largest(self) -> int:
        """The code of the group that stands for the targets as a whole."""
        return int(self.frame["unit_code"].iloc[-1])


def _with_numbers(frame: "pd.DataFrame", names: Sequence[str]) -> "pd.DataFrame":
    """The same with these columns as numbers, nan where a cell is null.

    Raises
    ------
    TypeError, ValueError
        if a cell is neither.
    """
    return frame.assign(**{name: pd.to_numeric(frame[name]) for name in names})


def attribute(
    scenario: Scenario, runs: Summaries, game: "CoalitionGame", draws: Sequence[RunSpec],
    done: Callable[[], None] = lambda: None,
) -> AttributionTable:  # fmt: skip
    """Contributions of the measures of a scenario on the day that `runs` reads.

    Owen values, which keep projects together, add up to the whole effect; where measures are told
    apart also Shapley values, and what each adds first and last. Units are those of the outcomes:
    percentage points of rates, persons of residents.

    Parameters
    ----------
    game : of the scenario, for as many draws
    draws : under which the orders are played, in turn
    done : called after each coalition, for a progress bar
    """
    wanted = game.coalitions()
    specs = {c: runs.spec.running(only(scenario, game.measures(c))) for _, c in wanted}
    found = runs.read([specs[c].under(draws[d]) for d, c in wanted], done)
    values = {key: _features(run) for key, run in zip(wanted, found, strict=True)}
    whole, none, worlds = frozenset(game.atoms), Coalition(), range(len(draws))
    effects = np.array([values[d, whole] - values[d, none] for d in worlds])
    kinds: dict[str, tuple[Shares, Shares | None]] = {
        "owen": averaged(game.joined, values, len(draws), game.members),
        "total": ({"total": effects.mean(axis=0)}, {"total": standard_error(effects)}),
    }
    if game.free:

        def mean_change(start: Coalition, end: Coalition) -> Floats:
            return np.asarray(np.mean([values[d, end] - values[d, start] for d in worlds], axis=0))

        members = {name: frozenset(own) for name, own in game.members.items()}
        first = {name: mean_change(none, own) for name, own in members.items()}
        last = {name: mean_change(whole - own, whole) for name, own in members.items()}
        shapley = averaged(game.free, values, len(draws), {m: (m,) for m in game.atoms})
        kinds = {
            "shapley": shapley, "owen": kinds["owen"], "first_in": (first, None),
            "last_in": (last, None), "total": kinds["total"],
        }  # fmt: skip
    drawn = sum(spec.draw > 0 for spec in draws)
    return AttributionTable(
        _frame(scenario, runs, kinds, several=drawn > 1), scenario.name, str(runs.day),
        2 * len(game.joined), drawn, runs.simulated, runs.spec.scale,
    )  # fmt: skip


def _frame(
    scenario: Scenario, runs: Summaries, kinds: Mapping[str, tuple[Shares, Shares | None]], *,
    several: bool,
) -> "pd.DataFrame":  # fmt: skip
    """The rows of an attribution; measures that move no lever have exactly 0."""
    projects = grouped(scenario)
    measures = list(scenario.plan.measures) if "shapley" in kinds else []
    names = {"shapley": measures, "total": ["total"]}
    zero = np.zeros_like(kinds["total"][0]["total"])
    unknown = np.full_like(zero, np.nan)
    return pd.DataFrame(
        {
            "id": name,
            "level": name if name == "total" else "project" if name in projects else "measure",
            "kind": kind, "unit_code": group.code, "county": group.zh, "county_en": group.en,
            **dict(zip(FEATURES, values.get(name, zero)[:, g].tolist(), strict=True)),
            "points_error": float(error[0, g]),
            "urban_residents_error": float(error[1, g]),
        }
        for kind, (values, errors) in kinds.items()
        for name in names.get(kind, [*projects, *measures])
        for error in [errors.get(name, zero) if several and errors is not None else unknown]
        for g, group in enumerate(reported_groups(runs.spec.pack))
    )  # fmt: skip


def quick_attribution(
    scenario: Scenario, region: str | Path, *, seed: int = 1, scale: float = QUICK_SCALE,
    jobs: int | None = None, observations: Sequence[PublishedRate] = (),
    cutoff: str | None = None,
) -> AttributionTable:  # fmt: skip
    """The Owen value of each project, in a minute at most.

    What `xiancheng attribute` computes by default, at a smaller scale and without the steps within
    projects: an antithetic pair of orders in each of some worlds, a draw of the parameters with a
    seed of its own. So the standard error holds orders, parameters and random numbers.
    """
    game = CoalitionGame.of_projects(scenario, WORLDS, seed)
    spec = RunSpec.of(scenario, region=region, scale=scale, observations=observations,
                      cutoff=cutoff)  # fmt: skip
    with Summaries(spec, judged_on(scenario, spec.pack), jobs) as runs:
        return attribute(scenario, runs, game, layered(spec, WORLDS, seed))


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
        name: 0.0
        for number, measure in scenario.plan.measures.items()
        if number not in present
        for name, _, _ in measure.doses()
    }
    return replace(scenario, doses={**scenario.doses, **absent})


@dataclass(frozen=True)
class CoalitionGame:
    """Who plays, and in which orders; each order is played backwards as well."""

    atoms: Mapping[str, Coalition]  # what joins a coalition at once, and the measures it stands for
    members: Mapping[str, tuple[str, ...]]  # atoms of each player: of themselves, of projects
    free: tuple[Order, ...]  # of atoms; none where projects are not told apart
    joined: tuple[Order, ...]  # in which the atoms of a project stand together
    draws: int

    @classmethod
    def of(cls, scenario: Scenario, permutations: int, draws: int, seed: int) -> Self:
        """A game of measures with at least so many orders, and the same number in each draw."""
        moving = tuple(number for number in scenario.plan.measures if moves(scenario, number))
        unions = _unions(scenario)
        pairs, rng = -(-permutations // (2 * draws)) * draws, np.random.default_rng(seed)
        free = tuple(_shuffled(moving, rng) for _ in range(pairs))
        outer = project_orders([p for p, own in unions.items() if own], pairs, seed)
        joined = tuple(
            tuple(chain(*(_shuffled(unions[project], rng) for project in order))) for order in outer
        )
        atoms = {m: Coalition((m,)) for m in moving}
        return cls(atoms, {m: (m,) for m in moving} | unions, free, joined, draws)

    @classmethod
    def of_projects(cls, scenario: Scenario, draws: int, seed: int) -> Self:
        """A game of whole projects with an order in each draw."""
        atoms = {p: Coalition(own) for p, own in _unions(scenario).items() if own}
        orders = project_orders(list(atoms), draws, seed)
        return cls(atoms, {p: (p,) for p in atoms}, (), orders, draws)

    def measures(self, coalition: Coalition) -> Coalition:
        """The measures that the atoms of a coalition stand for."""
        return Coalition(chain.from_iterable(self.atoms[atom] for atom in coalition))

    def coalitions(self) -> list[tuple[int, Coalition]]:
        """Every coalition that has to be simulated, with its draw, once."""
        whole = frozenset(self.atoms)
        wanted: dict[tuple[int, Coalition], None] = {}
        for draw in range(self.draws):
            wanted[draw, frozenset()] = wanted[draw, whole] = None
            for own in self.members.values() if self.free else ():
                wanted[draw, frozenset(own)] = wanted[draw, whole - frozenset(own)] = None
        for orders in (self.free, self.joined):
            for i, order in enumerate(orders):
                for __, before in _steps(order):
                    wanted[i % self.draws, before] = None
                    wanted[i % self.draws, whole - before] = None  # the order backwards
        return list(wanted)


def _unions(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    """The measures of each project that move a lever."""
    return {
        project: tuple(m for m in own if moves(scenario, m))
        for project, own in grouped(scenario).items()
    }


def project_orders(projects: Sequence[str], pairs: int, seed: int) -> tuple[Order, ...]:
    """Orders of the projects; of one seed they are the same with measures told apart or not.

    So the shares of projects, which only the steps between projects decide, are the same too.
    """
    rng = np.random.default_rng([seed, len(projects)])
    return tuple(_shuffled(projects, rng) for _ in range(pairs))


def averaged(
    orders: Sequence[Order], values: Values, draws: int, members: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Mean addition of each player over the orders and their reverses, and its standard error.

    Parameters
    ----------
    members : the atoms whose additions make up each player's
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


def _features(run: RunSummary) -> Floats:
    return np.vstack([run.row(RATE), run.row("urban_residents"), run.causes])


def _shuffled(things: Sequence[Thing], rng: np.random.Generator) -> tuple[Thing, ...]:
    return tuple(things[i] for i in rng.permutation(len(things)))
