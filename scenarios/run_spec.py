"""`RunSpec`: everything that makes a run, and the key by which equal runs are known.

A key is the sha256 of everything that makes an outcome: the code, the data, the plan, the resolved
scenario, every parameter, and the random numbers. A changed coefficient is another key; a changed
comment is not. Keys are made of text and integers alone, so that they are the same on every
processor.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from functools import cache, cached_property, lru_cache
from importlib.metadata import version
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, TypedDict, TypeVar

import numpy as np

from xiancheng.calibration import code_identity, forms, parsing, priors
from xiancheng.calibration.errors import RequestError, refuse_unknown
from xiancheng.calibration.forecasts import level
from xiancheng.calibration.forecasts.common_trend import PublishedRate
from xiancheng.calibration.i18n import _, listed
from xiancheng.calibration.region import Region, Target, load
from xiancheng.calibration.region.schema import COUNTRY, INFORMATION, LATEST
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.plan_files import Plan
from xiancheng.scenarios.policy import DOSE_LEVERS, Policy, compile_policy
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.sim.calendar import quarters_between
from xiancheng.sim.conditions import Conditions
from xiancheng.sim.levers import LEVERS, Levers
from xiancheng.sim.parameters import Parameters

COMPUTES = ("sim", "calibration", "scenarios")  # the packages that make an outcome
ARITHMETIC = ("numba", "numpy", "scipy")  # libraries whose versions may change a last digit
LEVEL, OFF = "level", "off"  # of alignment
DIGITS = 32  # hexadecimal, of the digest of what is done in a quarter
FEWEST = 1000  # rows; with fewer a rate is mostly random
LIMITS: dict[str, tuple[float, float]] = {
    "seed": (0, 2**63), "scale": (0, 1), "draw": (0, 2**31), "draws": (0, 100_000),
    "threads": (1, 256), "jobs": (1, 256), "chunk": (1024, 2**31),
}  # fmt: skip


ScenarioLike = str | Path | Mapping[str, Any] | Scenario  # a name, a file, its keys, or resolved


class RunArguments(TypedDict, total=False):
    """What may be chosen of a run beside its scenario; `scenarios.simulation.simulate` explains."""

    region: str | Path
    plan: str | Path | None
    parameters: Mapping[str, float] | None
    seed: int
    scale: float
    start: str | date | None
    until: str | date | None
    draw: int
    cutoff: str | date | None
    alignment: str
    observations: Iterable[PublishedRate]


PER_RUN, PER_ROW = 0.13, 5.4e-7  # seconds of a run over five years, and of each of its rows
READY = 8.0  # seconds until a process has made ready what all its runs need


def expected_seconds(pack: Region, scale: float, start: date, until: date) -> float:
    """About how long a run takes, without what is made ready once in a process."""
    census = start if start in pack.censuses else pack.censuses[-1]
    rows = scale * float(pack.urban_rural(census).sum() + pack.away(census).sum())
    return (PER_RUN + PER_ROW * rows) * (until - start).days / 365.25 / 5


@dataclass(frozen=True, repr=False)
class RunSpec(forms.Displayed):
    """Everything that makes a run: a scenario in a region, parameters and random numbers.

    A pickled spec names its plan and its region pack, and loads them again.
    """

    scenario: Scenario
    region: str  # name of a shipped pack, or the absolute path of another
    parameters: Mapping[str, float]  # overrides of the central values
    seed: int = 1
    scale: float = 1.0  # rows for each resident, in (0, 1]
    draw: int = 0  # of county and yearly effects; 0 is the median world, without any
    cutoff: str | None = None  # nothing dated later is used; None: see `information`
    alignment: str = LEVEL  # whether the run without measures follows the level, where one is known
    observations: tuple[PublishedRate, ...] = ()  # beside those of the pack, for the level

    @classmethod
    def of(
        cls, scenario: ScenarioLike = "plan", *,
        region: str | Path = "binzhou", plan: str | Path | None = None,
        parameters: Mapping[str, float] | None = None,
        seed: int = 1, scale: float = 1.0, start: str | date | None = None,
        until: str | date | None = None, draw: int = 0, cutoff: str | date | None = None,
        alignment: str = LEVEL, observations: Iterable[PublishedRate] = (),
    ) -> "RunSpec":  # fmt: skip
        """The spec of the run that `simulate` makes of the same arguments.

        Raises
        ------
        RequestError, ParameterError, PackError, ScenarioError
            if it cannot be computed.
        """
        chosen = scenario if isinstance(scenario, Scenario) else resolve(scenario, region, plan)
        chosen = horizon(chosen, start, until)
        check_run(chosen, region, seed=seed, scale=scale, draw=draw)
        if alignment not in (LEVEL, OFF):
            expected = listed([LEVEL, OFF])
            raise RequestError(
                _("alignment should be {expected}; got {found}", expected=expected,
                  found=str(alignment)[:40])
            )  # fmt: skip
        given = {} if parameters is None else parameters
        values = priors.override(given)
        own = {name: float(getattr(values, name)) for name in dict(given)}
        known = None if cutoff is None else str(_date(cutoff, "cutoff"))
        return cls(
            chosen, load(region).reference, own, int(seed), float(scale), int(draw), known,
            alignment, _observed(observations, load(region)),
        )  # fmt: skip

    def displayed(self) -> tuple[str, forms.Rows]:
        """What is run; `settings` has every parameter."""
        return f"RunSpec of {self.scenario.name!r} in {self.pack.name!r}", [
            ("plan", self.scenario.plan.name),
            ("horizon", f"{self.scenario.start} to {self.scenario.until}"),
            ("scale", f"{self.scale:g}, seed {self.seed}, draw {self.draw}"),
            ("parameters", f"{len(self.parameters)} set, the others central"),
        ]

    def vary(self, **changes: Any) -> "RunSpec":
        """The same scenario in the same region; `changes` to parameters, seed, scale or draw."""
        other = replace(self, **changes)
        kept = ["pack", "inputs", "inputs_digest"]
        if other.doses == self.doses:
            kept += ["policy", "course"]
        vars(other).update({name: vars(self)[name] for name in kept if name in vars(self)})
        return other

    def running(self, scenario: Scenario) -> "RunSpec":
        """Another scenario in the same region, with the same parameters and random numbers."""
        other = replace(self, scenario=scenario)
        vars(other)["pack"] = self.pack
        return other

    def under(self, draw: "RunSpec") -> "RunSpec":
        """The same scenario with the parameters and random numbers of another run."""
        return self.vary(parameters=draw.parameters, seed=draw.seed, draw=draw.draw)

    @cached_property
    def reference(self) -> "RunSpec":
        """The run without measures in reference conditions, with the same random numbers.

        Without measures there is no dose, so those of the parameters are left out.
        """
        return self._without_measures(reference_of(self.scenario))

    @cached_property
    def baseline(self) -> "RunSpec":
        """The run without measures in the same conditions, likewise."""
        return self._without_measures(baseline_of(self.scenario))

    def _without_measures(self, scenario: Scenario) -> "RunSpec":
        own = {name: value for name, value in self.parameters.items() if name not in DOSE_LEVERS}
        return self.running(scenario).vary(parameters=own)

    @property
    def is_reference(self) -> bool:
        """Whether the run is without measures and in reference conditions."""
        return self.course == self.reference.course

    @property
    def follows(self) -> str:
        """What the run is aligned to: the digest of the record of change, or "off"."""
        if self.alignment == OFF:
            return OFF
        return level.basis(self.pack, self.scenario.start) or OFF

    @property
    def idle_observations(self) -> tuple[PublishedRate, ...]:
        """Published rates that cannot act: those of the region's units, where no level is followed.

        Those of the province and the nation inform the trend in any case.
        """
        above = {COUNTRY, self.pack.province}
        return tuple(
            each for each in self.observations if self.follows == OFF and each.code not in above
        )

    @property
    def draw_key(self) -> tuple[Any, ...]:
        """What runs with common random numbers have in common: parameters, seed and draw.

        Doses are left out: they act through levers, and a run without measures has none.
        """
        own = sorted(each for each in self.parameters.items() if each[0] not in DOSE_LEVERS)
        return self.seed, self.draw, tuple(own)

    @property
    def doses(self) -> dict[str, float]:
        """Those of the parameters that say how large assumed doses are."""
        return {name: self.parameters[name] for name in DOSE_LEVERS if name in self.parameters}

    @cached_property
    def pack(self) -> Region:
        """The region pack, with the targets by which the scenario is judged."""
        return judged(self.scenario, self.region)

    @property
    def known_until(self) -> date:
        """The day after which nothing known is used."""
        return information(self.scenario, self.pack, self.cutoff)

    @cached_property
    def values(self) -> Parameters:
        """Every parameter, with the overrides."""
        return priors.override(self.parameters)

    @property
    def settings(self) -> dict[str, Any]:
        """What was chosen beside the scenario and the region, JSON-ready."""
        return {
            "seed": self.seed, "scale": self.scale, "draw": self.draw,
            "start": str(self.scenario.start), "until": str(self.scenario.until),
            "cutoff": str(self.known_until), "alignment": self.alignment,
            "observations": [each.row() for each in self.observations],
            "parameters": asdict(self.values),
        }  # fmt: skip

    @cached_property
    def inputs(self) -> Mapping[str, Any]:
        """The resolved scenario, the cut-off, and digests of code, region pack and plan."""
        return {
            "code": code_digest(), "region": self.pack.digest,
            "plan": plan_digest(self.scenario.plan),
            "scenario": self.scenario.resolved() | {"plan": self.scenario.plan.name},
            "cutoff": str(self.known_until), "alignment": self.follows,
            "observations": [each.row() for each in self.observations],
        }  # fmt: skip

    @cached_property
    def inputs_digest(self) -> str:
        """The sha256 of `inputs`."""
        return digest_of(self.inputs)

    @cached_property
    def key(self) -> str:
        """The sha256 by which equal runs are known."""
        return digest_of(
            {
                "world": self.inputs_digest, "parameters": asdict(self.values),
                "seed": self.seed, "scale": self.scale, "draw": self.draw,
            }
        )  # fmt: skip

    @cached_property
    def policy(self) -> Policy:
        """The levers that the scenario sets, by quarter."""
        return compile_policy(self.scenario, self.pack, self.values)

    @cached_property
    def course(self) -> tuple[str, ...]:
        """What is done in each quarter of the run: a digest of levers and outside conditions.

        Of computed numbers, so for this session only. Runs with the same random numbers are the
        same up to the first quarter in which their courses differ.
        """
        scenario = self.scenario
        if not scenario.settings:
            days = scenario.start, scenario.until
            return _course_without_measures(self.pack, *days, scenario.conditions)
        return _course(scenario, self.policy)

    @property
    def outcome_key(self) -> tuple[Any, ...]:
        """What decides the numbers of a run: equal where scenarios set the same levers.

        For this session only; `key` is for files.
        """
        scenario = self.scenario
        return (
            self.course, scenario.start, scenario.until, self.known_until, self.pack.digest,
            self.pack.targets, self.scale, self.follows, self.observations, *self.draw_key,
        )  # fmt: skip

    def __getstate__(self) -> dict[str, Any]:
        plan, inputs = self.scenario.plan, self.inputs
        return {
            "scenario": _text_of(inputs["scenario"])
            if plan.shipped else self.scenario,
            "doses": dict(self.scenario.doses),
            "digests": (inputs["plan"], inputs["region"]),
            "region": self.region, "parameters": dict(self.parameters), "seed": self.seed,
            "scale": self.scale, "draw": self.draw, "cutoff": self.cutoff,
            "alignment": self.alignment, "observations": self.observations,
        } | {name: vars(self)[name] for name in ("course",) if name in vars(self)}  # fmt: skip

    def __hash__(self) -> int:
        return hash(self.key)

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        kept = dict(state)
        scenario, doses, then = (kept.pop(name) for name in ("scenario", "doses", "digests"))
        if isinstance(scenario, str):  # doses may lie beyond those that a file may set
            scenario = replace(_scenario(scenario, kept["region"]), doses=doses)
        vars(self).update(kept, scenario=scenario)
        if then != (plan_digest(scenario.plan), self.pack.digest):
            raise RequestError(
                _("the plan {plan} or the pack {region} was altered after the outcome was "
                  "pickled; run it again", plan=scenario.plan.name, region=self.pack.name)
            )  # fmt: skip


Door = TypeVar("Door", bound=Callable[..., Any])


def with_run_arguments(door: Door) -> Door:
    """Show what `RunArguments` stands for in the signature of a function, for `help`."""
    own = [p for p in signature(door).parameters.values() if p.kind is not Parameter.VAR_KEYWORD]
    more = [p for p in signature(RunSpec.of).parameters.values() if p.name != "scenario"]
    vars(door)["__signature__"] = signature(door).replace(parameters=[*own, *more])
    return door


def spec_of(scenario: ScenarioLike | RunSpec, chosen: RunArguments) -> RunSpec:
    """The spec of a run: the one given, or that of a scenario with what was chosen beside it.

    Raises
    ------
    RequestError, ParameterError, PackError, ScenarioError
        also if something was chosen beside a spec, which says all.
    """
    for name in chosen.keys() - RunArguments.__annotations__.keys():
        refuse_unknown(name, RunArguments.__annotations__, _("argument"))
    if not isinstance(scenario, RunSpec):
        return RunSpec.of(scenario, **chosen)
    if chosen:
        raise RequestError(
            _("a RunSpec says all that makes a run; leave out {names}, or change it with vary",
              names=listed(chosen))
        )  # fmt: skip
    return scenario


def _text_of(resolved: Mapping[str, Any]) -> str:
    """A resolved scenario as JSON, without its doses."""
    return json.dumps({**resolved, "doses": {}}, ensure_ascii=False)


@lru_cache(maxsize=64)
def _scenario(text: str, region: str) -> Scenario:
    return resolve(json.loads(text), region)


def digest_of(content: Mapping[str, Any]) -> str:
    """The sha256 of JSON-ready content, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def code_digest() -> str:
    """The sha256 of the code that simulates, its tables, and the arithmetic beneath.

    See Also
    --------
    calibration.code_identity : what of the code counts
    """
    content = hashlib.sha256(code_identity.digest(*COMPUTES).encode())
    for library in ARITHMETIC:
        content.update(f"{library} {version(library)}\n".encode())
    return content.hexdigest()


def check_same_code(digest: str) -> None:
    """Refuse to compute for a process whose code or libraries are not those of this one.

    Raises
    ------
    RequestError
    """
    if code_digest() != digest:
        raise RequestError(
            _("a worker has other code or libraries than the main process; install the same, "
              "change no code meanwhile, then continue with --resume")
        )  # fmt: skip


def plan_digest(plan: Plan) -> str:
    """The sha256 of a plan's own file and its measures."""
    content = hashlib.sha256()
    for file in plan.files:
        content.update(f"{file.name}\n".encode())
        content.update(file.read_bytes())
    return content.hexdigest()


# Dates


def _date(value: str | date, name: str) -> date:
    if isinstance(value, datetime):
        return value.date()
    day = value if isinstance(value, date) else parsing.day(str(value))
    if day is None:
        raise RequestError(
            _("{name} should be a date such as 2025-12-31; got {value!r}", name=name, value=value)
        )
    return day


def horizon(scenario: Scenario, start: str | date | None, until: str | date | None) -> Scenario:
    """The scenario from another start or to another end, where one is given."""
    return replace(
        scenario,
        start=scenario.start if start is None else _date(start, "start"),
        until=scenario.until if until is None else _date(until, "until"),
    )


def information(scenario: Scenario, region: Region, cutoff: str | date | None) -> date:
    """The day after which nothing known is used.

    By default `INFORMATION` from the last census on, else the start of the scenario.
    """
    last_census = scenario.start == region.censuses[-1]
    return _date(cutoff or (INFORMATION if last_census else scenario.start), "cutoff")


# Published rates


def _observed(observations: Iterable[PublishedRate], pack: Region) -> tuple[PublishedRate, ...]:
    """Published rates that can inform a level.

    Raises
    ------
    RequestError
        for anything else, another unit, a rate that is no percentage, or two rates of a day.
    """
    found = tuple(observations) if isinstance(observations, Iterable) else (observations,)
    units = {COUNTRY, pack.province, *pack.prefectures, *(county.code for county in pack.counties)}
    seen: dict[tuple[str, date], float] = {}
    for each in found:
        fits = isinstance(each, PublishedRate) and each.code in units
        fits = fits and each.day > pack.censuses[-1]
        if not fits or not 0 <= each.rate <= 100 or parsing.is_share(each.rate):
            raise RequestError(
                _("observations should be PublishedRate(code, day, rate) of the nation, the "
                  "province or a unit of the pack, after its last census and in percent; "
                  "got {each}",
                  each=str(each)[:80])
            )  # fmt: skip
        if seen.setdefault((each.code, each.day), each.rate) != each.rate:
            raise RequestError(
                _("observations hold two rates of {code} on {day}; keep one", code=each.code,
                  day=each.day)
            )  # fmt: skip
    return found


# Scenarios that go together


def _course(scenario: Scenario, in_force: Policy) -> tuple[str, ...]:
    """See `RunSpec.course`."""
    world = repr(scenario.conditions)

    def digest(levers: Levers) -> str:
        content = hashlib.sha256(world.encode())
        for name in LEVERS:
            content.update(np.ascontiguousarray(getattr(levers, name)).tobytes())
        return content.hexdigest()[:DIGITS]

    quarters = quarters_between(scenario.start, scenario.until)
    return tuple(digest(in_force(quarter.number)) for quarter in quarters)


@lru_cache(maxsize=256)
def _course_without_measures(
    pack: Region, start: date, until: date, conditions: Conditions
) -> tuple[str, ...]:
    scenario = replace(resolve("baseline"), start=start, until=until, conditions=conditions)
    return _course(scenario, compile_policy(scenario, pack))


def baseline_of(scenario: Scenario) -> Scenario:
    """The baseline of a scenario: its horizon and outside conditions, and none of its measures."""
    return replace(reference_of(scenario), conditions=scenario.conditions)


def reference_of(scenario: Scenario) -> Scenario:
    """The baseline under the outside conditions that forecasts of the level suppose."""
    on_file = scenario.plan.scenario_files()["baseline"].stat()
    without = _without_measures(scenario.plan, on_file.st_mtime_ns, on_file.st_size)
    return replace(
        without, start=scenario.start, until=scenario.until, targets=scenario.targets
    )  # fmt: skip


@lru_cache(maxsize=32)
def _without_measures(plan: Plan, time: int, size: int) -> Scenario:
    """The scenario of a plan without its measures; time and size tell versions of it apart."""
    return resolve("baseline", plan=plan)


# Targets


def judged(scenario: Scenario, region: str | Path) -> Region:
    """The pack of a region with the targets by which a scenario is judged.

    They are those of the pack, or in their place those of a plan of one's own, if it has any for
    these counties (a shipped plan's stand in its region's pack); and those of the scenario, which
    take the place of others of their id.
    """
    pack = load(region)
    codes = {county.code for county in pack.counties}
    wanted = () if scenario.plan.shipped else scenario.plan.targets
    own = tuple(each for each in wanted if set(each.counties) <= codes)
    new = {each.id for each in scenario.targets}
    kept = tuple(each for each in own or pack.targets if each.id not in new)
    return _with_targets(pack, kept + scenario.targets)


@lru_cache(maxsize=32)
def _with_targets(pack: Region, targets: tuple[Target, ...]) -> Region:
    return pack if targets == pack.targets else replace(pack, targets=targets)


# What can be computed


def check_run(scenario: Scenario, region: str | Path, **numbers: Any) -> None:
    """Refuse what cannot be computed, before anything is.

    Parameters
    ----------
    numbers : by the names of `LIMITS`

    Raises
    ------
    RequestError, PackError
    """
    if (
        not isinstance(region, str | Path)
        or not str(region).isprintable()
        or not 0 < len(str(region)) < 1000
    ):
        raise RequestError(
            _("region should be the name or folder of a pack; got {region!r}",
              region=str(region)[:40])
        )  # fmt: skip
    pack = load(region)
    if scenario.start not in pack.censuses:
        known = ", ".join(str(day) for day in pack.censuses)
        raise RequestError(
            _("start {start} is not a census of the pack {pack}; it holds {known}",
              start=scenario.start, pack=pack.name, known=known)
        )  # fmt: skip
    if not scenario.start < scenario.until <= LATEST:
        raise RequestError(
            _("until {until} should be after {start}, and {year} at the latest",
              until=scenario.until, start=scenario.start, year=LATEST.year)
        )  # fmt: skip
    check_numbers(**numbers)
    residents = float(pack.urban_rural(scenario.start).sum())
    if "scale" in numbers and numbers["scale"] * residents < FEWEST:
        least = FEWEST / residents
        raise RequestError(
            _("scale {scale:g} is too small: {FEWEST} rows at least, {least:.2g} or more",
              scale=numbers["scale"], FEWEST=FEWEST, least=least)
        )  # fmt: skip


def check_numbers(**numbers: Any) -> None:
    """Refuse numbers beyond `LIMITS`; all but the scale are whole.

    Raises
    ------
    RequestError
    """
    for name, value in numbers.items():
        low, high = LIMITS[name]
        real = isinstance(value, (int, float, np.integer, np.floating)) and -(2**64) < value < 2**64
        share = name == "scale"
        whole = share or (real and float(value).is_integer())
        above = real and bool(value > low if share else value >= low)
        if isinstance(value, bool) or not (real and whole and above and value <= high):
            kind = _("number above 0") if share else _("whole number from {low}", low=low)
            raise RequestError(
                _("{name} should be a {kind}, at most {high}; got {value}", name=name, kind=kind,
                  high=high, value=str(value)[:40])
            )  # fmt: skip
