"""One scenario, one set of parameters, one seed: what happens, and why."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xiancheng.calibration import parsing
from xiancheng.calibration.errors import RequestError as RequestError
from xiancheng.calibration.i18n import _
from xiancheng.scenarios.inactive import warn_of_inactive
from xiancheng.scenarios.outcome import Group, Outcome, between
from xiancheng.sim.indicators import INDICATORS

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region
    from xiancheng.scenarios.model import RegionModel
    from xiancheng.scenarios.scenario_files import Scenario

INFORMATION = date(2024, 12, 31)  # the cut-off of what is known; a later one is for scoring only


def simulate(
    scenario: "str | Path | Mapping[str, Any] | Scenario" = "plan",
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
    chunk: int = 65536,
) -> Outcome:
    """Run one scenario.

    Parameters
    ----------
    scenario : name in the plan, path, the keys of a scenario file, or one that is resolved
    region : name or path of a region pack
    parameters : overrides of the central values, by name
    seed : replicate; the same seed is the same random numbers in every scenario
    scale : in (0, 1]; rows for each resident
    start, until : a census the pack holds, and the last day; the scenario's horizon by default. The
        model always runs whole quarters; inside one, the last day is read off the line between its
        two ends
    draw : number of the draw of county and yearly effects; 0 is the median world, without any,
        in which `omega_sd`, `tau_sd` and `obs_error_sd` cannot act
    cutoff : nothing dated later is used; 2024-12-31 from the last census on, else the start
    threads, chunk : how the work is divided; neither changes any result

    Raises
    ------
    RequestError, ParameterError, PackError, ScenarioError
        Before anything is computed, with what was expected, what was found and what to do; all are
        a RefusedError and a ValueError.

    Warns
    -----
    InactiveParameterWarning
        if a parameter is set to another than its central value but cannot act in this run.
    """
    from xiancheng.scenarios.model import RegionModel

    model = RegionModel(
        scenario, region=region, parameters=parameters, seed=seed, scale=scale,
        start=start, until=until, draw=draw, cutoff=cutoff, threads=threads, chunk=chunk,
    )  # fmt: skip
    warn_of_inactive(model, [] if parameters is None else list(dict(parameters)))
    return outcome_of(model)


def outcome_of(model: "RegionModel") -> Outcome:
    """Run a model to its end; what it gives."""
    from xiancheng.sim import accounts, observation

    begun, days = model.present(), (model.plan.start, *(quarter.ends for quarter in model.quarters))
    while model.done < len(model.quarters) - 1:
        model.step()
    inside = model.plan.until < days[-1]  # a quarter: what is found then lies between its ends
    earlier = (model.census(), deepcopy(model.population.movers)) if inside else None
    model.step()
    found, movers = model.census(), model.population.movers.persons
    model.retire()
    record = np.array([[row[name] for name in INDICATORS] for row in model.record])
    growth = model.growth
    if earlier is not None:
        passed = (model.plan.until - days[-2]).days, (days[-1] - days[-2]).days
        found = observation.until(earlier[0], found, *passed)
        movers = earlier[1].until(movers, *passed)
        growth[-1] = accounts.portion_of_growth(growth[-1], *passed)
        record[-1] = between(record[-2], record[-1], *passed)
        days = (*days[:-1], model.plan.until)
    return Outcome(
        scenario=model.plan,
        region=model.pack,
        request=model.request,
        groups=model.reported,
        dates=days,
        record=record,
        census=found,
        _movers=movers,
        _growth=tuple(growth),
        _start=begun,
    )


def reported(region: "Region") -> tuple[Group, ...]:
    """The counties, their prefectures, and the counties of each target together."""
    groups = [Group(int(c.code), c.zh, c.en, (i,)) for i, c in enumerate(region.counties)]
    for code, name in region.prefectures.items():
        members = tuple(i for i, c in enumerate(region.counties) if c.prefecture == code)
        groups.append(Group(int(code), name.zh, name.en, members))
    index = {c.code: i for i, c in enumerate(region.counties)}
    first = int(next(iter(region.prefectures)))
    for number, target in enumerate(region.targets):
        members = tuple(sorted(index[code] for code in target.counties))
        if all(g.counties != members for g in groups):
            n = len(members)
            zh, en = _("{n} counties together", n=n)
            groups.append(Group(100 * first + number, zh, en, members))
    return tuple(groups)


def _date(value: str | date, name: str) -> date:
    if isinstance(value, datetime):
        return value.date()
    day = value if isinstance(value, date) else parsing.day(str(value))
    if day is None:
        raise RequestError(
            _("{name} should be a date such as 2025-12-31; got {value!r}", name=name, value=value)
        )
    return day


def horizon(scenario: "Scenario", start: str | date | None, until: str | date | None) -> "Scenario":
    """The scenario from another start or to another end, where one is given."""
    return replace(
        scenario,
        start=scenario.start if start is None else _date(start, "start"),
        until=scenario.until if until is None else _date(until, "until"),
    )


def information(scenario: "Scenario", region: "Region", cutoff: str | date | None) -> date:
    """The day after which nothing known is used, where none is asked for."""
    last_census = scenario.start == region.censuses[-1]
    return _date(cutoff or (INFORMATION if last_census else scenario.start), "cutoff")


FEWEST = 1000  # rows; with fewer a rate is mostly random
LIMITS: dict[str, tuple[float, float]] = {
    "seed": (0, 2**63), "scale": (0, 1), "draw": (0, 2**31), "draws": (0, 100_000),
    "threads": (1, 256), "jobs": (1, 256), "chunk": (1024, 2**31),
}  # fmt: skip


def checked(scenario: "Scenario", region: str | Path, **numbers: Any) -> None:
    """Refuse what cannot be computed, before anything is.

    Raises
    ------
    RequestError, PackError
    """
    from xiancheng.calibration.region import load
    from xiancheng.scenarios.scenario_files import LATEST

    if (
        not isinstance(region, str | Path)
        or not str(region).isprintable()
        or not 0 < len(str(region)) < 1000
    ):
        raise RequestError(
            _(
                "region should be the name or folder of a pack; got {region!r}",
                region=str(region)[:40],
            )
        )
    pack = load(region)
    if scenario.start not in pack.censuses:
        known = ", ".join(str(day) for day in pack.censuses)
        raise RequestError(
            _(
                "start {start} is not a census of the pack {pack}; it holds {known}",
                start=scenario.start,
                pack=pack.name,
                known=known,
            )
        )
    if not scenario.start < scenario.until <= LATEST:
        raise RequestError(
            _(
                "until {until} should be after {start}, and {year} at the latest",
                until=scenario.until,
                start=scenario.start,
                year=LATEST.year,
            )
        )
    for name, value in numbers.items():
        low, high = LIMITS[name]
        real = isinstance(value, (int, float, np.integer, np.floating)) and -(2**64) < value < 2**64
        share = name == "scale"
        whole = share or (real and float(value).is_integer())
        above = real and bool(value > low if share else value >= low)
        if isinstance(value, bool) or not (real and whole and above and value <= high):
            kind = _("number above 0") if share else _("whole number from {low}", low=low)
            raise RequestError(
                _(
                    "{name} should be a {kind}, at most {high}; got {value}",
                    name=name,
                    kind=kind,
                    high=high,
                    value=str(value)[:40],
                )
            )
    residents = float(pack.urban_rural(scenario.start).sum())
    if "scale" in numbers and numbers["scale"] * residents < FEWEST:
        least = FEWEST / residents
        raise RequestError(
            _(
                "scale {scale:g} is too small: {FEWEST} rows at least, {least:.2g} or more",
                scale=numbers["scale"],
                FEWEST=FEWEST,
                least=least,
            )
        )
