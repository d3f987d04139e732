"""One scenario, one set of parameters, one seed: what happens, and why."""

import platform
from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from calibration import priors
from calibration.refusal import RefusedError
from sim.state import quarter_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from calibration.region import Region
    from scenarios.plan import Scenario
    from sim.accounts import Growth
    from sim.base import Base
    from sim.state import Counties, Floats, Ints

INFORMATION = date(2024, 12, 31)  # the cut-off of what is known; a later one is for scoring only
ABOUT = 0.5  # points by which a rate may miss a target of "about" and still meet it (assumed, 0-1)
CAUSES = ("natural", "migration", "recoding", "denominator")


class RequestError(RefusedError):
    """What was asked for cannot be computed; `zh` and `en` say why and what to do."""


@dataclass(frozen=True)
class Group:
    """Counties that are reported together: one, a prefecture, or those of a target."""

    code: int
    zh: str
    en: str
    counties: tuple[int, ...]  # indexes


@dataclass(frozen=True)
class Outcome:
    """What a run gives; arrays are (date, indicator, group) and (quarter, county)."""

    scenario: "Scenario"
    region: "Region"
    request: Mapping[str, Any]
    groups: tuple[Group, ...]
    dates: tuple[date, ...]
    record: "Floats"
    _growth: tuple["Growth", ...] = field(repr=False)
    _start: tuple["Ints", "Ints"] = field(repr=False)  # urban and all present, (county,)
    census: Mapping[str, "Ints"] = field(default_factory=dict)  # found at the end, (county,)
    _movers: "Ints | None" = field(default=None, repr=False)  # see sim.movers

    def at(self, indicator: str, day: date) -> "Floats":
        """An indicator in every group at the end of `day`, (group,).

        Between two quarters' ends, as on 1 November, it is read off the line between them.
        """
        series = self.series(indicator)
        if day in self.dates:
            return np.array(series[self.dates.index(day)])
        after = bisect(self.dates, day)
        if after in (0, len(self.dates)):
            return np.array(series[min(after, len(self.dates) - 1)])
        begun, ended = self.dates[after - 1], self.dates[after]
        slope = (series[after] - series[after - 1]) / (ended - begun).days
        return np.asarray(slope * (day - begun).days + series[after - 1])

    def series(self, indicator: str) -> "Floats":
        """An indicator of every group at every date, (date, group)."""
        from sim.indicators import INDICATORS

        return self.record[:, list(INDICATORS).index(indicator)]

    def to_frame(self) -> "pd.DataFrame":
        """Every indicator: date, unit_code, county, indicator, value, unit."""
        import pandas as pd

        from sim.indicators import INDICATORS

        shape = self.record.shape
        return pd.DataFrame(
            {
                "date": np.repeat(np.array(self.dates, "datetime64[D]"), shape[1] * shape[2]),
                "unit_code": np.tile([g.code for g in self.groups], shape[0] * shape[1]),
                "county": np.tile([g.zh for g in self.groups], shape[0] * shape[1]),
                "indicator": np.tile(np.repeat(list(INDICATORS), shape[2]), shape[0]),
                "value": self.record.ravel(),
                "unit": np.tile(
                    np.repeat([i.unit for i in INDICATORS.values()], shape[2]), shape[0]
                ),
            }
        )

    def growth(self) -> "pd.DataFrame":
        """Urban growth by cause [persons] and the change of the rate by cause [points].

        One row for each quarter and county. `natural + migration + recoding = total` to the last
        person; the four columns in points add up to the change of the share of those present.
        """
        import pandas as pd

        return pd.DataFrame(self.growth_columns())

    def growth_columns(self) -> "dict[str, NDArray[Any]]":
        """The columns of `growth`, each (quarter x county,)."""
        from sim.accounts import Growth, rate_change

        urban, present = self._start
        quarters, counties = len(self._growth), len(urban)
        stacked = {name: values.ravel() for name, values in self._stacked.items()}
        change = Growth(**stacked)
        before = [
            x + np.cumsum(c.reshape(quarters, counties), axis=0) - c.reshape(quarters, counties)
            for x, c in ((urban, change.total), (present, change.residents))
        ]
        points = rate_change(before[0].ravel(), before[1].ravel(), change)
        residents = stacked.pop("residents")
        return {
            "date": np.repeat(np.array(self.dates[1:], "datetime64[s]"), counties),
            "unit_code": np.tile([g.code for g in self.groups[:counties]], quarters),
            "county": np.tile([g.zh for g in self.groups[:counties]], quarters),
            **stacked,
            "migration": change.migration,
            "total": change.total,
            "residents": residents,
            **{f"{cause}_pp": points[cause] for cause in CAUSES},
        }

    def causes(self, group: Group, day: date) -> dict[str, float]:
        """Why the rate of a group changed from the start to `day` [percentage points].

        The four causes explain the share of those present; `counting` is what the half-year rule,
        the drift and the rounding of the published series make of it. All five add up exactly.
        """
        from sim.accounts import Growth, rate_change

        members = list(group.counties)
        urban, present = (x[members].sum() for x in self._start)
        until = sum(end <= day for end in self.dates[1:])
        change = Growth(
            **{name: table[:until, members].sum(axis=1) for name, table in self._stacked.items()}
        )
        urban = urban + np.cumsum(change.total) - change.total
        present = present + np.cumsum(change.residents) - change.residents
        points = rate_change(urban, present, change)
        total = {cause: float(np.cumsum([0.0, *points[cause]])[-1]) for cause in CAUSES}
        column = self.groups.index(group)
        rate = self.at("published_resident_urbanization_rate", day)[column]
        begun = self.at("published_resident_urbanization_rate", self.dates[0])[column]
        return total | {"counting": float(rate - begun - sum(total.values()))}

    @cached_property
    def _stacked(self) -> "dict[str, Ints]":
        """Every field of the growth, (quarter, county)."""
        names = vars(self._growth[0])
        return {name: np.stack([getattr(g, name) for g in self._growth]) for name in names}

    def verdicts(self) -> "pd.DataFrame":
        """One row for each target whose deadline the run reaches."""
        import pandas as pd

        return pd.DataFrame(self.judged())

    def judged(self) -> list[dict[str, Any]]:
        """The rows of `verdicts`."""
        rows = []
        for target in self.region.targets:
            if target.deadline > self.dates[-1] or target.deadline < self.dates[0]:
                continue
            group = next(g for g in self.groups if self._codes(g) == set(target.counties))
            column = self.groups.index(group)
            name = "published_resident_urbanization_rate"
            simulated = float(self.at(name, target.deadline)[column])
            rows.append(
                {
                    "target": target.id,
                    "unit_code": group.code,
                    "county": group.zh,
                    "county_en": group.en,
                    "deadline": target.deadline,
                    "operator": target.operator,
                    "target_rate": target.value,
                    "rate_at_start": float(self.at(name, self.dates[0])[column]),
                    "simulated": simulated,
                    "met": simulated >= target.value - ABOUT * (target.operator == "about"),
                    "margin_pp": round(simulated - target.value, 6),
                    **{f"{k}_pp": v for k, v in self.causes(group, target.deadline).items()},
                }
            )
        return rows

    def movers(self) -> "pd.DataFrame":
        """Who moved since the start: county, origin, destination and kind of person [persons].

        A move between counties of the region stands in the lines of both. Empty for an outcome
        that was saved without them.
        """
        import pandas as pd

        axes = self.mover_axes()
        known = np.zeros([len(values) for values in axes.values()], np.int64)
        persons = known if self._movers is None else self._movers
        where = persons.nonzero()
        columns = {
            name: np.array(values)[index]
            for (name, values), index in zip(axes.items(), where, strict=True)
        }
        return pd.DataFrame(columns | {"persons": persons[where]})

    def mover_axes(self) -> dict[str, Sequence[str]]:
        """What tells movers apart, and the names along each of these axes."""
        from sim.kinds import AGED
        from sim.movers import ENDS

        return {
            "county": [g.zh for g in self.groups[: len(self.region.counties)]],
            "origin": ENDS, "destination": ENDS, "age": [name[5:] for name in AGED],
            "sex": ("male", "female"), "education": ("primary", "junior", "senior", "college"),
            "situation": ("dependent", "single", "alone", "couple", "preschool child",
                          "primary child", "secondary child"),
        }  # fmt: skip

    def effort(self) -> "Floats":
        """What each county delivered of what it was asked, (quarter, county), in [0, 1].

        From the quarter after the plan was issued on; 1 for quarters before the start.
        """
        from sim.indicators import INDICATORS

        first, column = self.scenario.plan.first_quarter, list(INDICATORS).index("delivery")
        counties = len(self.region.counties)
        shares = {quarter_of(d.year, (d.month + 2) // 3): r for d, r in zip(
            self.dates[1:], self.record[1:, column, :counties] / 100, strict=True)}  # fmt: skip
        last = max(shares)
        return np.array([shares.get(q, np.ones(counties)) for q in range(first, last + 1)])

    def summary(self) -> dict[str, float]:
        """Every indicator at the end, and what a census finds then, under stable flat keys."""
        from sim.indicators import INDICATORS

        last = self.record[-1]
        reported = {
            f"{name}_{group.code}": float(last[i, g])
            for i, name in enumerate(INDICATORS)
            for g, group in enumerate(self.groups)
        }
        found = {
            f"{name}_{group.code}": float(figures[list(group.counties)].sum())
            for name, figures in self.census.items()
            for group in self.groups
        }
        return reported | found

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """Everything that made this outcome, ready for JSON."""
        return {
            "software": {"name": "xiancheng", "version": version("xiancheng"), "commit": commit()},
            "scenario": self.scenario.resolved(),
            "region": {"name": self.region.name, "sha256": self.region.digest},
            **self.request,
            "environment": {
                "python": platform.python_version(),
                "machine": platform.machine(),
                **{name: version(name) for name in ("mesa", "numba", "numpy", "scipy", "pandas")},
            },
        }

    def _codes(self, group: Group) -> set[str]:
        return {self.region.counties[c].code for c in group.counties}


def commit() -> str | None:
    """The commit the code was run from, or None where there is no repository."""
    import subprocess

    here = Path(__file__).parent
    try:
        asked = subprocess.run(
            ["git", "-C", str(here), "rev-parse", "HEAD"], capture_output=True, text=True
        )
    except OSError:
        return None
    return asked.stdout.strip() or None


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
    seed : replicate; the same seed is the same luck in every scenario
    scale : in (0, 1]; rows for each resident
    start, until : a census the pack holds, and the last day; the scenario's horizon by default
    draw : number of the draw of county and yearly effects; 0 is the median world, without any
    cutoff : nothing dated later is used; 2024-12-31 from the last census on, else the start
    threads, chunk : how the work is divided; neither changes any result

    Raises
    ------
    RequestError, ParameterError, PackError, ScenarioError
        Before anything is computed, with what was expected, what was found and what to do.
    """
    from calibration.circumstances import fertility
    from calibration.region import load
    from scenarios.plan import policy
    from scenarios.resolving import resolve
    from scenarios.scenario import Scenario
    from sim import UrbanModel
    from sim.indicators import INDICATORS

    plan = scenario if isinstance(scenario, Scenario) else resolve(scenario)
    plan = horizon(plan, start, until)
    checked(plan, region, seed=seed, scale=scale, draw=draw, threads=threads, chunk=chunk)
    pack = load(region)
    values = priors.override(parameters or {})
    known_until = information(plan, pack, cutoff)
    people, units, counties, base = prepared(str(region), plan.start, float(scale))
    groups = reported(pack)
    member = np.array([[c in g.counties for c in range(len(counties))] for g in groups], float)
    model = UrbanModel(
        people, units, counties, base, values, policy(plan, pack),
        start=plan.start, until=plan.until, seed=int(seed), draw=int(draw),
        conditions=plan.conditions, fertility=fertility(pack, plan.start, known_until),
        groups=member, threads=threads, chunk=chunk,
    )  # fmt: skip
    begun = model.present()
    while model.running:
        model.step()
    found, movers = model.census(), model.register.movers.persons
    model.retire()
    return Outcome(
        scenario=plan,
        region=pack,
        request={
            "seed": int(seed), "scale": float(scale), "draw": int(draw),
            "start": str(plan.start), "until": str(plan.until), "cutoff": str(known_until),
            "parameters": asdict(values),
        },
        groups=groups,
        dates=(plan.start, *(tick.ends for tick in model.ticks)),
        record=np.array([[row[name] for name in INDICATORS] for row in model.record]),
        census=found,
        _movers=movers,
        _growth=tuple(model.growth),
        _start=begun,
    )  # fmt: skip


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
            zh, en = f"{n}县市合计", f"{n} counties together"
            groups.append(Group(100 * first + number, zh, en, members))
    return tuple(groups)


@lru_cache(maxsize=4)
def prepared(name: str, start: date, scale: float) -> "tuple[Any, Any, Counties, Base]":
    """A region's people, units, counties and destination constants, once per process."""
    from calibration.circumstances import counties as circumstances
    from calibration.population import population
    from calibration.region import load
    from sim.base import base
    from sim.calendar import ticks
    from sim.chance import Luck
    from sim.conditions import Conditions
    from sim.households import MOTHERS
    from sim.kinds import Headcount
    from sim.levers import Levers
    from sim.markets import Markets
    from sim.migration import Alternatives
    from sim.quarter import Quarter
    from sim.register import Register

    region = load(name)
    built = population(region, start, scale, seed=1)
    counties = circumstances(region, start)
    central, none = priors.central(), Levers.baseline(2 * len(counties))
    quarter = ticks(start, start)[0].number
    register = Register(built.people, built.units, 2 * len(counties) + 3)
    counts = Headcount.of(register.count(quarter), MOTHERS)
    markets = Markets.at_start(counts, counties, none, central)
    alternatives, first = Alternatives.around(counties), ticks(start, start)[0]
    Quarter(first, register, markets, alternatives, Luck(0), central).enrol(counts, 0.0, none)
    offers = markets.post(counts, none, Conditions(), 0.0, 0.0, central)
    followers = markets.followers(central)
    away = register.away_share
    fixed = base(built.people, built.units, counties, quarter, offers, followers, away, central)
    return built.people, built.units, counties, fixed


def _date(value: str | date, name: str) -> date:
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        raise RequestError(
            f"{name} 应为日期,如 2025-12-31;得到 {value!r}",
            f"{name} should be a date such as 2025-12-31; got {value!r}",
        ) from None


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


FEWEST = 1000  # rows; with fewer a rate is a matter of luck
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
    from calibration.region import load

    if (
        not isinstance(region, str | Path)
        or not str(region).isprintable()
        or len(str(region)) > 999
    ):
        raise RequestError(
            f"region 应为区域包的名称或文件夹；得到 {str(region)[:40]!r}",
            f"region should be the name or folder of a pack; got {str(region)[:40]!r}",
        )
    pack = load(region)
    if scenario.start not in pack.censuses:
        known = ", ".join(str(day) for day in pack.censuses)
        raise RequestError(
            f"起点 {scenario.start} 不是区域包 {pack.name} 中的普查时点；可用：{known}",
            f"start {scenario.start} is not a census of the pack {pack.name}; it holds {known}",
        )
    if not scenario.start < scenario.until or scenario.until.year > 2060:
        raise RequestError(
            f"终点 {scenario.until} 应晚于起点 {scenario.start}，且不晚于 2060 年",
            f"until {scenario.until} should be after {scenario.start}, and 2060 at the latest",
        )
    for name, value in numbers.items():
        low, high = LIMITS[name]
        real = isinstance(value, (int, float, np.integer, np.floating)) and -(2**64) < value < 2**64
        share = name == "scale"
        whole = share or (real and float(value).is_integer())
        above = real and bool(value > low if share else value >= low)
        if isinstance(value, bool) or not (real and whole and above and value <= high):
            zh, en = (
                ("大于 0 的数", "number above 0")
                if share
                else (f"不小于 {low} 的整数", f"whole number from {low}")
            )
            raise RequestError(
                f"{name} 应为{zh}，至多 {high}；得到 {str(value)[:40]}",
                f"{name} should be a {en}, at most {high}; got {str(value)[:40]}",
            )
    residents = float(pack.urban_rural(scenario.start).sum())
    if "scale" in numbers and numbers["scale"] * residents < FEWEST:
        least = FEWEST / residents
        raise RequestError(
            f"scale {numbers['scale']:g} 太小：至少应有 {FEWEST} 行，即不小于 {least:.2g}",
            f"scale {numbers['scale']:g} is too small: {FEWEST} rows at least, {least:.2g} or more",
        )


def parameters() -> "pd.DataFrame":
    """Every parameter: name, central, low, high, prior, unit, and what it means."""
    import pandas as pd

    return pd.DataFrame(
        {
            "name": p.name, "central": p.central, "low": p.low, "high": p.high,
            "prior": p.family, "unit": p.unit, "estimable": p.estimable, "grade": p.grade,
            "zh": p.title["zh"], "en": p.title["en"],
        }
        for p in priors.catalogue()
    )  # fmt: skip
