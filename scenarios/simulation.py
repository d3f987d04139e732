"""One scenario, one set of parameters, one seed: what happens, and why.

`simulate` runs a scenario to its end; `RegionModel` is the model that it runs, for whoever wants
to step it.
"""

import logging
import time
from collections.abc import Mapping
from copy import deepcopy
from datetime import date
from functools import lru_cache
from typing import Any, Self, Unpack

import numpy as np

from xiancheng.calibration.cache import keep_compiled
from xiancheng.calibration.forecasts.common_trend import (
    PublishedRate,
    pace_by_year,
    published_rates,
)
from xiancheng.calibration.population.synthesis import synthetic_population
from xiancheng.calibration.region import Region, load
from xiancheng.calibration.region.counties import counties as circumstances
from xiancheng.calibration.region.counties import fertility
from xiancheng.scenarios.outcome import Outcome, between, reported_groups
from xiancheng.scenarios.run_spec import (
    RunArguments,
    RunSpec,
    ScenarioLike,
    check_numbers,
    spec_of,
    with_run_arguments,
)
from xiancheng.scenarios.steering import alignment_of, keep
from xiancheng.scenarios.trace import warn_of_inactive
from xiancheng.sim import accounts, observation
from xiancheng.sim.calendar import quarters_between
from xiancheng.sim.destination_constants import BasePeriod
from xiancheng.sim.indicators import INDICATORS
from xiancheng.sim.model import CHUNK, UrbanModel
from xiancheng.sim.population import Population
from xiancheng.sim.state import Counties, People, Units

log = logging.getLogger(__name__)
OF_A_SPEC = ("spec", "policy", "alignment")  # what a copied model is given again by `lead`


@with_run_arguments
def simulate(
    scenario: ScenarioLike | RunSpec = "plan", *, threads: int = 1, chunk: int = CHUNK,
    **kwargs: Unpack[RunArguments],
) -> Outcome:  # fmt: skip
    """Run one scenario once.

    Parameters
    ----------
    scenario : name in the plan, path, the keys of a scenario file, or one that is resolved; or a
        `RunSpec`, which says all but how the work is divided, and is warned of nothing
    threads, chunk : how the work is divided; neither changes any result
    region : name or path of a region pack
    parameters : in place of the central values, by name; `xiancheng.parameters()` lists them with
        units and supports
    seed : replicate; the same seed is the same random numbers in every scenario
    plan : name, folder or short file of the plan that the scenario is of; by default the one that
        it names, or its region, or the shipped one
    scale : rows for each resident, in (0, 1]; below 0.05 only directions count
    start, until : a census the pack holds, and the last day; the scenario's horizon by default. The
        model always runs whole quarters; inside one, the last day is read off the line between its
        two ends
    draw : number of the draw of county and yearly effects; 0 is the median world, without any,
        in which `flow_sd`, `trend_sd` and `obs_error_sd` cannot act
    cutoff : nothing dated later is used; 2024-12-31 from the last census on, else the start
    alignment : "level": where the level of the region is known, the run without measures follows
        it, and others replay what that took (`scenarios.steering`); "off": nothing is steered
    observations : published rates beside those of the pack, for level and trend; those after the
        cut-off are not used

    Returns
    -------
    an `Outcome`: `to_frame()` has every indicator by quarter and place, `at(indicator, day)` one in
    every place, `summary()` those at the end; `growth()` persons by cause, `movers()` who moved;
    `model_targets()` the published rate of this run at each deadline, and `verdicts()` what is
    expected of it. Rates are in percent; `indicators()` has all units

    Raises
    ------
    RequestError, ParameterError, PackError, ScenarioError
        before anything is computed, with what was expected, what was found and what to do; all are
        a RefusedError and a ValueError.

    Warns
    -----
    InactiveParameterWarning
        if a parameter is set to another than its central value but cannot act in this run.

    Examples
    --------
    >>> from xiancheng import simulate
    >>> outcome = simulate("plan", scale=0.005, until="2021-12-31")
    >>> outcome.at("resident_urbanization_rate", "2021-12-31").shape  # of each place [percent]
    (9,)
    """
    model = RegionModel(scenario, threads=threads, chunk=chunk, **kwargs)
    spec = model.spec
    if not isinstance(scenario, RunSpec):
        warn_of_inactive(model, list(spec.parameters))
    begun = time.perf_counter()
    outcome = outcome_of(model)
    log.debug("%s in %s, scale %g, seed %d, draw %d: %.1f s", spec.scenario.name, spec.pack.name,
              spec.scale, spec.seed, spec.draw, time.perf_counter() - begun)  # fmt: skip
    return outcome


class RegionModel(UrbanModel):
    """The model of a run, made from the keywords of `simulate`, which are checked alike.

    Stepped until it is no longer `running`, it has gone through what `simulate` reports, and on to
    the end of the quarter in which `until` lies.

    Attributes
    ----------
    spec : everything that makes the run
    reported : the counties and groups of counties that `record` is about, in its order
    record : the indicators at the start and after each quarter, a dict of (group,) each
    begun : people in urban units and all who were there at the start, each (county,)

    Examples
    --------
    >>> from xiancheng import RegionModel
    >>> model = RegionModel("plan", scale=0.005, until="2021-06-30")
    >>> while model.running:
    ...     model.step()
    >>> len(model.record)
    4
    """

    @with_run_arguments
    def __init__(
        self, scenario: ScenarioLike | RunSpec = "plan", *, threads: int = 1, chunk: int = CHUNK,
        **kwargs: Unpack[RunArguments],
    ) -> None:  # fmt: skip
        check_numbers(threads=threads, chunk=chunk)
        spec = spec_of(scenario, kwargs)
        chosen, pack = spec.scenario, spec.pack
        begun = prepared(spec.region, chosen.start, spec.scale, pack.digest)
        groups = reported_groups(pack)
        member = np.array([[c in g.counties for c in range(len(pack.counties))] for g in groups])
        super().__init__(
            *begun, spec.values, spec.policy,
            start=chosen.start, until=chosen.until, seed=spec.seed, draw=spec.draw,
            conditions=chosen.conditions, fertility=fertility(pack, chosen.start, spec.known_until),
            trend=known_trend(pack, chosen.start, spec.known_until, spec.observations),
            known_until=spec.known_until, groups=member.astype(float),
            alignment=alignment_of(spec, simulate), threads=threads, chunk=chunk,
        )  # fmt: skip
        self.spec, self.reported, self.begun = spec, groups, self.present()

    def lead(self, spec: RunSpec) -> None:
        """Go on as the run of a spec, which has the past that this model has gone through."""
        self.spec, self.parameters = spec, spec.values
        self.conditions = spec.scenario.conditions
        self.policy = spec.policy
        self.alignment = alignment_of(spec, simulate, begun=self.done > 0)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        other = object.__new__(type(self))
        memo[id(self)] = other
        state = {name: each for name, each in vars(self).items() if name not in OF_A_SPEC}
        for written in (*self.growth, *self.unexpected, *self.record):  # nobody changes it
            memo[id(written)] = written
        memo |= {id(values): values for row in self.record for values in row.values()}
        other.__dict__.update(deepcopy(state, memo))
        return other


def outcome_of(model: RegionModel) -> Outcome:
    """Run a model to its end; what it gives."""
    last = model.spec.scenario.until
    days = (model.spec.scenario.start, *(quarter.ends for quarter in model.quarters))
    while model.done < len(model.quarters) - 1:
        model.step()
    inside = last < days[-1]  # a quarter: what is found then lies between its ends
    earlier = (model.census(), deepcopy(model.population.movers)) if inside else None
    model.step()
    found, movers = model.census(), model.population.movers.persons
    steered = keep(model)
    model.retire()
    record = np.array([[row[name] for name in INDICATORS] for row in model.record])
    growth, unexpected = model.growth, model.unexpected
    if earlier is not None:
        passed = (last - days[-2]).days, (days[-1] - days[-2]).days
        found = observation.until(earlier[0], found, *passed)
        movers = earlier[1].until(movers, *passed)
        growth[-1] = accounts.portion_of_growth(growth[-1], *passed)
        unexpected[-1] = unexpected[-1] * passed[0] // passed[1]
        record[-1] = between(record[-2], record[-1], *passed)
        days = (*days[:-1], last)
    return Outcome(
        spec=model.spec, groups=model.reported, dates=days, record=record, census=found,
        _movers=movers, _growth=tuple(growth), _start=model.begun, _steered=steered,
        _unexpected=np.array(unexpected),
    )  # fmt: skip


@lru_cache(maxsize=8)
def known_trend(
    pack: Region, start: date, until: date, more: tuple[PublishedRate, ...]
) -> Mapping[int, float]:
    """The pace of province and nation by year, relative to before `start`, as far as known."""
    return pace_by_year(published_rates(pack, until, more), pack.province, start)


@lru_cache(maxsize=4)
def prepared(
    name: str, start: date, scale: float, digest: str = ""
) -> tuple[People, Units, Counties, BasePeriod]:
    """What of a region depends on no parameter: people, units, counties, base period.

    Made once per process.

    `digest` tells versions of the pack apart.
    """
    keep_compiled()
    region, begun = load(name), time.perf_counter()
    built = synthetic_population(region, start, scale, seed=1)
    first = quarters_between(start, start)[0]
    period = BasePeriod.of(Population(built.people, built.units), first.number)
    log.info("population of %s, %s, scale %g: %d rows, %.1f s", region.name, start, scale,
             len(built.people), time.perf_counter() - begun)  # fmt: skip
    return built.people, built.units, circumstances(region, start), period
