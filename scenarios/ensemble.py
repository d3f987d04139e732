"""Many draws of one scenario against its baseline: the same parameters and luck for both."""

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from xiancheng.calibration import posterior
from xiancheng.calibration.i18n import _
from xiancheng.calibration.region import load
from xiancheng.scenarios.engines import Local, Lost, WorkersLostError
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.outcome import Outcome
from xiancheng.scenarios.request import Request
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.scenarios.simulate import RequestError

if TYPE_CHECKING:
    import pandas as pd


class Answer(Protocol):
    """What gives the outcome of a request; small and picklable."""

    def __call__(self, request: Request) -> Outcome:
        """The outcome of a request."""

    def has(self, request: Request) -> bool:
        """Whether a request was answered before, so that it takes no time."""


class Simulated:
    """Every request is simulated."""

    def __call__(self, request: Request) -> Outcome:
        """The outcome of a request."""
        return request.simulate()

    def has(self, request: Request) -> bool:
        """Nothing was answered before."""
        return False


@dataclass(frozen=True)
class Pair:
    """A scenario, the same world without the plan, and the usual world without the plan."""

    plan: Outcome
    baseline: Outcome
    usual: Outcome  # the baseline itself, where outside conditions are the usual ones


def without_plan(scenario: Scenario) -> Scenario:
    """The baseline of a scenario: its horizon and outside conditions, and none of its measures."""
    return replace(
        resolve("baseline"), start=scenario.start, until=scenario.until,
        conditions=scenario.conditions,
    )  # fmt: skip


def usual(scenario: Scenario) -> Scenario:
    """The baseline under the outside conditions that forecasts of the level suppose."""
    return replace(without_plan(scenario), conditions=resolve("baseline").conditions)


def pair(
    scenario: Scenario, done: Callable[[], None] = lambda: None, *, answer: Answer | None = None,
    **request: Any,
) -> Pair:  # fmt: skip
    """Run a scenario and its baseline with the same luck; `request` goes to `Request.of`."""
    ask = answer or Simulated()
    baseline = ask(Request.of(without_plan(scenario), **request))
    done()
    plan = ask(Request.of(scenario, **request))
    done()
    return Pair(plan, baseline, in_usual_world(baseline, ask, **request))


def in_usual_world(baseline: Outcome, ask: Answer, **request: Any) -> Outcome:
    """What a baseline comes to under the usual outside conditions; itself, if they are its own."""
    meant = usual(baseline.scenario)
    if meant.conditions == baseline.scenario.conditions:
        return baseline
    return ask(Request.of(meant, **request))


def draws(
    scenario: Scenario, n: int, done: Callable[[], None], *, seed: int = 1, jobs: int | None = None,
    answer: Answer | None = None, **request: Any,
) -> "pd.DataFrame":  # fmt: skip
    """Verdicts of `n` draws of what we believe, each with county and yearly effects of its own.

    Parameters
    ----------
    done : called after each draw, for a progress bar
    jobs : worker processes; one per core by default
    answer : what gives the outcomes; they are simulated by default

    Returns
    -------
    one row per draw and target: the columns of `Outcome.model_targets`, of which `model_rate` is
    called `simulated`; `draw`; and the rates without the plan: `baseline`, and `usual` under the
    usual outside conditions, of whose change `usual_recoding` is recoding

    Raises
    ------
    RequestError
        if no target falls due, so that there is nothing to draw for.
    WorkersLostError
        if a draw ended its worker every time it was tried.
    """
    import pandas as pd

    drawable(scenario, request.get("region", "binzhou"))
    sides = (scenario, without_plan(scenario), usual(scenario))
    asked = tuple(Request.of(side, **request) for side in sides)
    believed = posterior.draws(load(asked[0].world.region), n, seed)
    ask = Drawn(asked, believed, seed, answer or Simulated())
    found = {}
    for number in range(n):
        if all(ask.answer.has(each) for each in ask.requests(number)):
            found[number] = ask(number)[1]
            done()
    left = [number for number in range(n) if number not in found]
    for said in Local(min(jobs or os.cpu_count() or 1, n)).run(ask, left):
        if isinstance(said, Lost):
            raise WorkersLostError
        number, found[number] = said
        done()
    return pd.concat([found[number] for number in range(n)], ignore_index=True)


def drawable(scenario: Scenario, region: Any) -> None:
    """Refuse draws where no target falls due.

    Raises
    ------
    RequestError
    """
    if not any(target.due(scenario.start, scenario.until) for target in load(region).targets):
        raise RequestError(
            _(
                "no target falls due from {start} to {until}, so draws have "
                "nothing to judge; leave --draws out",
                start=scenario.start,
                until=scenario.until,
            )
        )


@dataclass(frozen=True)
class Drawn:
    """What a worker does with the number of a draw."""

    sides: tuple[Request, ...]  # the scenario, its baseline, and that in the usual world
    draws: Sequence[posterior.Draw]
    seed: int
    answer: Answer

    def requests(self, number: int) -> list[Request]:
        """The sides in a draw."""
        values, luck = asdict(self.draws[number].parameters), self.seed + number
        effects = self.draws[number].number
        return [replace(side, parameters=values, seed=luck, draw=effects) for side in self.sides]

    def __call__(self, number: int) -> "tuple[int, pd.DataFrame]":
        """The number, and what its runs show of the targets."""
        import pandas as pd

        known: dict[str, pd.DataFrame] = {}
        for request in self.requests(number):
            if request.key not in known:
                rows = self.answer(request).model_target_rows()
                known[request.key] = pd.DataFrame(rows).rename(columns={"model_rate": "simulated"})
        plan, baseline, usual = (known[request.key] for request in self.requests(number))
        return number, plan.assign(
            draw=number + 1, baseline=baseline["simulated"], usual=usual["simulated"],
            usual_recoding=usual["recoding_pp"],
        )  # fmt: skip
