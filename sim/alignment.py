"""Alignment: a run without a plan follows a path of urban shares; others replay its steering.

Once a year the shortfall of each county is made up: a part of it by a factor on the flow from the
villages to their town and on arrivals from outside, set at the year's beginning from what the last
year's flows were; all that is left at the year's end by the code of units, as a statistical office
would correct it. What was done is recorded. Other scenarios of the same draw replay the record with
the same random numbers, so that they differ from the run without a plan by policy alone.

References
----------
Li & O'Donoghue (2014), Journal of Artificial Societies and Social Simulation 17 (1) 15
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from xiancheng.sim import reclassification
from xiancheng.sim.accounts import Growth, growth
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.places import TOWN
from xiancheng.sim.state import Floats, Ints
from xiancheng.sim.step import Step

if TYPE_CHECKING:
    from xiancheng.sim.model import UrbanModel

LEAST, MOST = 0.2, 3.0  # of the factor on flows; beyond them recoding carries all
YEAR = 4  # quarters
ROUNDS = 2  # of recoding: who has just moved in is counted where they came from


@dataclass(frozen=True, eq=False)
class SharePath:
    """Urban shares to be reached at the ends of quarters, and what is printed of them."""

    quarter: Ints  # (point,) numbers of quarters, increasing
    share: Floats  # (point, county) of usual residents in urban units, 0 to 1
    printed: Floats  # (point, county) published rate less the true one [percentage points]
    first: int  # quarter at whose end both are those of a census

    def print_error(self, number: int) -> Floats:
        """Published less true rate at the end of a quarter [percentage points], (county,).

        Linear between points, 0 at the census, and as at the last point after it.
        """
        at, errors = self._errors
        return np.array([np.interp(number, at, error) for error in errors])

    @cached_property
    def _errors(self) -> tuple[Ints, Floats]:
        """Quarters, (point + 1,), and published less true rate at their ends, (county, point + 1).

        The first is the census.
        """
        at = np.array([self.first, *self.quarter])
        return at, np.vstack([np.zeros(self.printed.shape[1]), self.printed]).T.copy()


@dataclass(frozen=True, eq=False)
class SteeredQuarter:
    """What steered a run in a quarter."""

    flow: Floats  # (county,) factor on the flow to the own town and on arrivals
    to_urban: Ints  # (unit,) index of units that were recoded to follow the path
    to_rural: Ints  # (unit,)
    by_flow: Ints  # (county,) persons that the factor added to the flows, about
    by_recoding: Ints  # (county,) net residents of the recoded units [persons]


def flow_factor(
    goal: Floats, urban: Ints, residents: Ints, flow: Floats, other: Floats, more: Floats,
    years: float, p: Parameters,
) -> Floats:  # fmt: skip
    """The factor by which flows make up what recoding does not of a deviation, (county,).

    Parameters
    ----------
    goal : the share after so many `years`
    urban, residents : now [persons]
    flow, other, more : what a year adds to the town by the flows and by all else, and to the county
        [persons/year]
    """
    deviation = goal * (residents + years * more) - (urban + years * (flow + other))
    added = (1 - p.alignment_recoding_share) * deviation / np.maximum(years * flow, 1.0)
    return np.asarray(np.clip(1 + added, LEAST, MOST)).round(6)


class Alignment(Protocol):
    """What steers a run: asked at the beginning of each quarter, and at its end."""

    @property
    def path(self) -> SharePath:
        """What the run without measures follows."""

    def flow(self, model: "UrbanModel") -> Floats:
        """The factor on the flow to the own town and on arrivals, (county,)."""

    def correct(self, model: "UrbanModel", step: Step) -> None:
        """Recode units where the share is to be corrected."""


class Replay:
    """Steers a run as another one was steered.

    Parameters
    ----------
    path : what that run followed
    record : of a run of the same people, quarters and random numbers
    codes : False where no code may change, as in a scenario that freezes them
    """

    def __init__(
        self, path: SharePath, record: Sequence[SteeredQuarter], *, codes: bool = True
    ) -> None:
        self.path, self.record, self.codes = path, record, codes

    def replayed(self, recorded: SteeredQuarter) -> SteeredQuarter:
        """What of a quarter is replayed: all of it, or no codes where they are frozen."""
        if self.codes:
            return recorded
        none = np.empty(0, np.int64)
        nobody = np.zeros_like(recorded.by_recoding)
        return replace(recorded, to_urban=none, to_rural=none, by_recoding=nobody)

    def flow(self, model: "UrbanModel") -> Floats:
        """The factor that was recorded, (county,)."""
        return self.record[model.done].flow

    def correct(self, model: "UrbanModel", step: Step) -> None:
        """Recode the units that were recoded, wherever their code still is the other one."""
        now = self.replayed(self.record[model.done])
        reclassification.recode(step, now.to_urban, now.to_rural)


class Follow:
    """Steers a run to a path, and keeps a record of it.

    Parameters
    ----------
    path : what is to be followed; after its last point nothing is steered
    """

    def __init__(self, path: SharePath) -> None:
        self.path = path
        self.record: list[SteeredQuarter] = []
        self._factor = np.ones(path.share.shape[1])

    def flow(self, model: "UrbanModel") -> Floats:
        """The factor of the year, set anew where one begins, (county,)."""
        number = model.quarters[model.done].number
        if number - 1 in self.path.quarter:
            ahead = np.flatnonzero(self.path.quarter >= number)
            self._factor = np.ones(len(model.counties))
            if len(ahead):
                years = (self.path.quarter[ahead[0]] - number + 1) / YEAR
                self._factor = self._needed(model, self.path.share[ahead[0]], years)
        return self._factor

    def _needed(self, model: "UrbanModel", goal: Floats, years: float) -> Floats:
        """The factor by which flows make up what recoding does not, in so many years, (county,)."""
        begun = counted(model, ago=1)
        return flow_factor(goal, *begun, *self._last_year(model), years, model.parameters)

    def _last_year(self, model: "UrbanModel") -> tuple[Floats, Floats, Floats]:
        """What a year adds to the town by the flows and by all else, and to the county [persons].

        Of the last four quarters without their steering; before there are as many, of the two that
        were run in and of the rates of births and deaths.
        """
        if len(self.record) < YEAR:
            rates, length = model.counties, len(model.run_in_growth) / YEAR
            urban, residents = counted(model, ago=1)
            natural = rates.birth_rate - rates.death_rate
            flow, total, more = (each / length for each in added_up(model.run_in_growth))
            return flow, total - flow + urban * natural, more + residents * natural
        flow, total, more = added_up(model.growth[-YEAR:])
        for steered in self.record[-YEAR:]:
            flow = flow - steered.by_flow
            total = total - steered.by_flow - steered.by_recoding
        return flow, total - flow, more

    def correct(self, model: "UrbanModel", step: Step) -> None:
        """Recode units where the path has a point at the end of this quarter."""
        population, before = step.population, step.population.townspeople()
        up, down = self._recoded(model, step)
        reclassification.recode(step, up, down)
        moved = steered_flow(growth(population.flows, len(model.counties)))
        added = np.rint(moved * (1 - 1 / self._factor)).astype(np.int64)
        self.record.append(
            SteeredQuarter(
                self._factor, up, down, added, population.townspeople() - before
            )
        )  # fmt: skip

    def _recoded(self, model: "UrbanModel", step: Step) -> tuple[Ints, Ints]:
        """The units that become urban and rural, (unit,) index, where the path has a point now.

        Found in rounds on trial, then recoded at once, as they are where this is replayed.
        """
        number, population = step.quarter.number, step.population
        units, code = population.units, population.units.urban.copy()
        for point in np.flatnonzero(self.path.quarter == number):
            for __ in range(ROUNDS):
                urban, residents = counted(model)
                wanted = np.rint(self.path.share[point] * residents - urban).astype(np.int64)
                chosen = reclassification.units_for(step, wanted)
                population.set_codes(units.urban ^ reclassification.changing(units, *chosen))
        found = units.urban.copy()
        population.set_codes(code)
        return np.flatnonzero(found & ~code), np.flatnonzero(code & ~found)


def steered_flow(change: Growth) -> Floats:
    """Persons who came to the town from its villages and from outside the region, (county,)."""
    return np.asarray(change.in_own_village + change.in_province + change.in_country, float)


def added_up(changes: Sequence[Growth]) -> tuple[Floats, Floats, Floats]:
    """What quarters add by steered flows, by all causes, and to all residents, each (county,)."""
    return (
        np.sum([steered_flow(each) for each in changes], axis=0),
        np.sum([each.total for each in changes], axis=0, dtype=float),
        np.sum([each.residents for each in changes], axis=0, dtype=float),
    )


def counted(model: "UrbanModel", ago: int = 0) -> tuple[Ints, Ints]:
    """Urban and all usual residents at the end of a quarter, by the half-year rule, (county,).

    Of this quarter, or (`ago` 1), before anything happens in it, of the last.
    """
    population, places = model.population, model.places
    here = np.zeros(len(places), np.int64)
    np.add.at(here, population.place, population.size.sum(axis=1))
    by_county = places.by_county(here + population.half_year_correction(ago))
    return by_county[:, TOWN], by_county.sum(axis=1)
