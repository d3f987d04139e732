"""A scenario set up in a region: the model that `simulate` runs, for whoever wants to step it."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from xiancheng.calibration import priors
from xiancheng.calibration.cache import keep_compiled
from xiancheng.calibration.population.synthesis import synthetic_population
from xiancheng.calibration.region import load
from xiancheng.calibration.region.counties import counties as circumstances
from xiancheng.calibration.region.counties import fertility
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.policy import compile_policy
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.scenarios.simulate import checked, horizon, information, reported
from xiancheng.sim import UrbanModel, schooling
from xiancheng.sim.calendar import quarters_between
from xiancheng.sim.conditions import Conditions
from xiancheng.sim.destination import Alternatives
from xiancheng.sim.destination_constants import DestinationConstants, solve
from xiancheng.sim.levers import Levers
from xiancheng.sim.markets import Markets
from xiancheng.sim.model import CHUNK
from xiancheng.sim.places import Places
from xiancheng.sim.population import Population
from xiancheng.sim.randomness import RandomStreams
from xiancheng.sim.state import Counties, People, Units
from xiancheng.sim.step import Step
from xiancheng.sim.strata import MOTHERS, Headcount


class RegionModel(UrbanModel):
    """The model made from plain keywords, which are those of `simulate` and are checked alike.

    Stepped until it is no longer `running`, it has gone through what `simulate` reports, and on to
    the end of the quarter in which `until` lies.

    Attributes
    ----------
    plan, pack : the resolved scenario and the region it happens in
    reported : the counties and groups of counties that `record` is about, in its order
    request : what was asked for, JSON-ready
    """

    def __init__(
        self,
        scenario: str | Path | Mapping[str, Any] | Scenario = "plan",
        *,
        region: str | Path = "binzhou",
        parameters: Mapping[str, float] | None = None,
        seed: int = 1,
        scale: float = 1.0,
        start: str | date | None = None,
        until: str | date | None = None,
        draw: int = 0,
        cutoff: str | date | None = None,
        threads: int = 1,
        chunk: int = CHUNK,
    ) -> None:
        plan = scenario if isinstance(scenario, Scenario) else resolve(scenario, region)
        plan = horizon(plan, start, until)
        checked(plan, region, seed=seed, scale=scale, draw=draw, threads=threads, chunk=chunk)
        pack = load(region)
        values = priors.override({} if parameters is None else parameters)
        known_until = information(plan, pack, cutoff)
        begun = prepared(str(region), plan.start, float(scale), pack.digest)
        groups = reported(pack)
        member = np.array([[c in g.counties for c in range(len(pack.counties))] for g in groups])
        super().__init__(
            *begun, values, compile_policy(plan, pack),
            start=plan.start, until=plan.until, seed=int(seed), draw=int(draw),
            conditions=plan.conditions, fertility=fertility(pack, plan.start, known_until),
            groups=member.astype(float), threads=threads, chunk=chunk,
        )  # fmt: skip
        self.plan, self.pack, self.reported = plan, pack, groups
        self.request = {
            "seed": int(seed), "scale": float(scale), "draw": int(draw),
            "start": str(plan.start), "until": str(plan.until), "cutoff": str(known_until),
            "parameters": asdict(values),
        }  # fmt: skip


@lru_cache(maxsize=4)
def prepared(
    name: str, start: date, scale: float, digest: str = ""
) -> tuple[People, Units, Counties, DestinationConstants]:
    """A region's people, units, counties and destination constants, once per process.

    `digest` tells versions of the pack apart.
    """
    keep_compiled()
    region = load(name)
    built = synthetic_population(region, start, scale, seed=1)
    counties = circumstances(region, start)
    central, none = priors.central(), Levers.baseline(Places(len(counties)).inside)
    first = quarters_between(start, start)[0]
    people = Population(built.people, built.units)
    counts = Headcount.of(people.count(first.number), MOTHERS)
    markets = Markets.at_start(counts, counties, none, central)
    alternatives = Alternatives.around(counties)
    step = Step(first, people, markets, alternatives, RandomStreams(0), central)
    schooling.enrol(step, counts, 0.0, none)
    offers = markets.post(counts, none, Conditions(), 0.0, 0.0, central)
    followers = markets.followers(central)
    away = people.away_share
    fixed = solve(
        built.people, built.units, counties, first.number, offers, followers, away, central
    )
    return built.people, built.units, counties, fixed
