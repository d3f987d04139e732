"""What it would take where no package is enough, in absolute quantities; and what can be had.

The shortfall of a target is the rate wanted less the rate that the best package has with the wanted
probability. What closes it is found for each quantity alone: the model is run with a large amount
of it in the counties of the targets and nothing else done, and its effect per unit in place by the
deadline is carried on in a straight line. That goes beyond the plan, and beyond what the model was
tested on; it says how large a gap is, and is no proposal.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from xiancheng.results.analysis.goal_spec import GoalSpec
from xiancheng.scenarios.ensemble import SummarySource
from xiancheng.scenarios.policy import compile_policy
from xiancheng.scenarios.run_spec import RunSpec
from xiancheng.scenarios.scenario_files import OFF, Scenario
from xiancheng.sim import places
from xiancheng.sim.levers import LEVERS
from xiancheng.sim.state import Floats, quarter_with

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region

CHANCES = (0.5, 0.66, 0.9)  # with which a rate can be had
PUSHED = {  # lever -> what is put in place by the deadline, as a share of residents
    "tradable_jobs": 0.05, "school_seats": 0.02, "renovated_dwellings": 0.05, "land_supply": 0.05,
}  # fmt: skip
DRAWS = 8  # of a search, under which effects are measured
YEARLY = "/year"  # of the unit of a lever that is a flow: what is in place is its sum over years
QUARTERS = 4  # of a year


@dataclass(frozen=True)
class Push:
    """A large amount of one quantity in the counties of targets, and its effect on their rates."""

    lever: str
    measure: str  # of the plan, whose schedule it follows
    amounts: Mapping[int, float]  # in place by the deadline of each target, in its counties
    effects: Mapping[int, Floats]  # on the rate of each target, (draw,) [points]

    def needed(self, target: int, shortfall: float) -> tuple[float | None, ...]:
        """Units that close a shortfall [points]: at the mean effect, and at its 95 and 5 %.

        None where the effect there is not above 0, or nothing is in effect by the deadline.
        """
        if not self.amounts[target] > 0:
            return None, None, None
        slope = self.effects[target] / self.amounts[target]  # points a unit
        ends = (slope.mean(), *np.percentile(slope, (95, 5)))
        return tuple(float(shortfall / each) if each > 0 else None for each in ends)


Pushed = tuple[tuple[Push, ...], dict[int, float]]  # pushes, and residents by target


@dataclass(frozen=True)
class Requirement:
    """What would close the shortfall of each target, and which rates can be had as it is."""

    goal: GoalSpec
    region: "Region"
    rates: Mapping[int, tuple[float, ...]]  # of each target with `CHANCES` [percent]
    wanted: Mapping[int, float]  # rate had with the wanted probability [percent]
    residents: Mapping[int, float]  # of the counties of each target, at the end
    pushes: tuple[Push, ...]  # none where a package is enough

    @classmethod
    def of(
        cls, goal: GoalSpec, region: "Region", rates: Mapping[int, tuple[float, ...]],
        pushed: "Pushed" = ((), {}),
    ) -> Self:  # fmt: skip
        """From the rates of a certificate, and what `pushes` gave where no package is enough."""
        had, wanted = {t: r[:-1] for t, r in rates.items()}, {t: r[-1] for t, r in rates.items()}
        return cls(goal, region, had, wanted, pushed[1], pushed[0])

    def shortfall(self, target: int) -> float:
        """Points that a target lacks with the wanted probability; 0 if it lacks none."""
        return max(0.0, self.goal.targets[target] - self.wanted[target])

    def recoded(self, target: int) -> tuple[float, float]:
        """Residents of village-level units whose recoding would close a shortfall, and the units.

        Units are of the mean size of those in the counties.
        """
        persons = self.shortfall(target) / 100 * self.residents[target]
        codes = self.region.targets[target].counties
        table = self.region.townships
        units = int(table[table["county_code"].isin(codes)]["units"].sum())
        return persons, persons / max(self.residents[target] / max(units, 1), 1.0)

    def records(self) -> list[dict[str, Any]]:
        """For each target what can be had, and what would have to be added, JSON-ready."""
        found = []
        for t, rate in self.goal.targets.items():
            target, short = self.region.targets[t], self.shortfall(t)
            row = {
                "target": target.id, "target_name": target.name.zh,
                "target_name_en": target.name.en, "deadline": str(target.deadline),
                "wanted_rate": rate, "probability_wanted": self.goal.probability,
                "rate_with_wanted": self.wanted[t], "shortfall_pp": short,
                **{f"rate_with_{chance:.0%}".rstrip("%"): had
                   for chance, had in zip(CHANCES, self.rates[t], strict=True)},
            }  # fmt: skip
            if short and self.pushes:
                persons, units = self.recoded(t)
                row["beyond_the_plan"] = {
                    "recoded_residents": persons, "recoded_units": units,
                    **{each.lever: dict(zip(("amount", "low", "high"), each.needed(t, short),
                                            strict=True))
                       | {"unit": LEVERS[each.lever].unit.removesuffix(YEARLY)}
                       for each in self.pushes},
                }  # fmt: skip
            found.append(row)
        return found


def had_with(
    scenario: Floats, targets: Sequence[int], chances: Sequence[float] = CHANCES
) -> dict[int, tuple[float, ...]]:
    """The rate of each target that is reached with each chance, from draws (draw, target)."""
    ends = np.quantile(scenario, [1 - chance for chance in chances], axis=0)
    return {t: tuple(ends[:, i].tolist()) for i, t in enumerate(targets)}


# Effects


def pushes(
    goal: GoalSpec, runs: SummarySource, draws: Sequence[RunSpec],
    done: Callable[[], None] = lambda: None,
) -> Pushed:  # fmt: skip
    """What each quantity does, and the residents of each target's counties at the end.

    Levers that no measure of the plan moves by a total in the counties of each target are left out.
    """
    spec, still, draws = runs.spec, goal.scenario_of({}), draws[:DRAWS]
    plain = runs.read([spec.running(still).under(draw) for draw in draws], done)
    groups = spec.pack.targets
    residents = np.mean([run.row("residents") for run in plain], axis=0)
    codes = [county.code for county in spec.pack.counties]
    members = {t: [codes.index(code) for code in groups[t].counties] for t in goal.targets}
    people = {t: float(residents[m].sum()) for t, m in members.items()}
    everywhere = sorted({i for own in members.values() for i in own})
    before = np.array([run.targets for run in plain])
    found = []
    for lever, share in PUSHED.items():
        reach = [{codes[i] for i in own} for own in members.values()]
        if (carried := _carrier(goal.scenario, lever, reach)) is None:
            continue
        scenario = _pushed(still, *carried, 1.0, [codes[i] for i in everywhere], codes)
        in_place = _in_place(scenario, spec.pack, lever, goal, members)
        if not all(amount > 0 for amount in in_place.values()):
            nothing = dict.fromkeys(goal.targets, np.zeros(len(draws)))
            found.append(Push(lever, carried[0], in_place, nothing))
            continue  # not ready by a deadline, however much of it
        whole = sum(float(residents[i]) for i in everywhere)
        last = max(goal.targets, key=lambda t: groups[t].deadline)
        unit = in_place[last] * whole / people[last]  # about what 1 puts in place in all of them
        scenario = _pushed(
            still, *carried, share * whole / unit, [codes[i] for i in everywhere], codes
        )  # fmt: skip
        in_place = _in_place(scenario, spec.pack, lever, goal, members)
        after = runs.read([spec.running(scenario).under(draw) for draw in draws], done)
        gained = np.array([run.targets for run in after]) - before
        found.append(Push(lever, carried[0], in_place, {t: gained[:, t] for t in goal.targets}))
    return tuple(found), people


def runs_foreseen(draws: int) -> int:
    """About how many runs `pushes` makes, at most."""
    return min(draws, DRAWS) * (1 + len(PUSHED))


def _carrier(
    scenario: Scenario, lever: str, reach: Sequence[Collection[str]]
) -> tuple[str, str] | None:
    """The measure and the dose that carry a lever: the first that is a total of no named county.

    Where there is none, the first whose named counties are among those of each target (`reach`).
    """
    named = None
    for number, measure in scenario.plan.measures.items():
        for name, __, dose in measure.doses():
            if dose.lever != lever or dose.total is None:
                continue
            if dose.counties is None:
                return number, name
            within = {code for code, weight in dose.counties.items() if weight > 0}
            if named is None and all(within & set(codes) for codes in reach):
                named = number, name
    return named


def _pushed(
    still: Scenario, number: str, dose: str, amount: float, inside: Sequence[str],
    codes: Sequence[str],
) -> Scenario:  # fmt: skip
    """A scenario in which one dose is delivered in some counties, and nothing else is done."""
    doses = {name: 0.0 for name, __, ___ in still.plan.measures[number].doses()} | {dose: amount}
    outside = {code: 0.0 for code in codes if code not in inside}
    setting = OFF.model_copy(update={"intensity": 1.0, "counties": outside})
    return replace(still, settings={number: setting}, doses={**still.doses, **doses})


def _in_place(
    scenario: Scenario, region: "Region", lever: str, goal: GoalSpec,
    members: Mapping[int, Sequence[int]],
) -> dict[int, float]:  # fmt: skip
    """What of a lever is in effect by the deadline of each target, in its counties [its unit]."""
    policy = compile_policy(scenario, region)
    yearly, found = LEVERS[lever].unit.endswith(YEARLY), {}
    for t, own in members.items():
        last = quarter_with(region.targets[t].deadline)
        quarters = range(policy.first, last + 1) if yearly else (last,)
        table = sum(places.together(getattr(policy(q), lever)) for q in quarters)
        found[t] = float(np.asarray(table)[list(own)].sum()) / (QUARTERS if yearly else 1)
    return found
