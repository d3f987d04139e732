"""A world small enough to reason about, and assertions fit for random outcomes."""

import sys
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import settings
from scipy.stats import binom

from xiancheng.calibration.cache import keep_compiled
from xiancheng.calibration.priors import central
from xiancheng.sim import strata
from xiancheng.sim.calendar import Quarter
from xiancheng.sim.conditions import Conditions
from xiancheng.sim.destination import Alternatives
from xiancheng.sim.destination_constants import DestinationConstants
from xiancheng.sim.events import Hazards
from xiancheng.sim.levers import LEVERS, Levers
from xiancheng.sim.markets import Markets
from xiancheng.sim.model import UrbanModel
from xiancheng.sim.population import Population
from xiancheng.sim.randomness import RandomStreams, addresses
from xiancheng.sim.state import (
    ALONE,
    COLUMNS,
    DEPENDENT,
    FARM,
    HEAD,
    INDUSTRY,
    MALE,
    NEVER,
    NO_WORK,
    SENIOR,
    SINGLE,
    Counties,
    People,
    Units,
)  # fmt: skip
from xiancheng.sim.step import Step
from xiancheng.sim.strata import Headcount

settings.register_profile("house", deadline=None, derandomize=True)  # same examples every time
settings.load_profile("house")

keep_compiled()


@pytest.fixture(autouse=True)
def only_as_installed(monkeypatch):
    """The four packages are found below `xiancheng` alone, as where the wheel is installed."""
    for name in ("sim", "calibration", "scenarios", "results"):
        monkeypatch.setitem(sys.modules, name, None)


NOW = 483  # 2020 Q4
TOWN, VILLAGE = 0, 1  # the places of county 0; county 1 holds places 2 and 3
PROVINCE, COUNTRY, DEAD, PLACES = 4, 5, 6, 7
UNITS = 16  # of which 0-3 and 8-11 are urban
IN_TOWN, IN_VILLAGE = 0, 4  # a unit of each place of county 0


def two_counties() -> Counties:
    """Two counties 50 km apart: the first has the better jobs."""
    return Counties(
        code=np.array([101, 102]),
        nearby=np.array([[1], [0]]),
        nearby_km=np.array([[50.0], [50.0]]),
        outside_km=np.array([[150.0, 600.0], [150.0, 600.0]]),
        wage=np.array([48e3, 42e3]),
        wage_outside=np.array([55e3, 60e3]),
        home_income=np.array([[12e3, 16e3], [12e3, 16e3]]),
        dwellings=np.array([1500.0, 1500.0]),
        residents_per_dwelling=np.array([2.8, 2.8]),
        price=np.array([5e3, 4e3]),
        seats=np.array([[300.0, 150.0], [300.0, 150.0]]),
        moves=np.array([[40.0, 10.0, 10.0, 4.0], [40.0, 10.0, 10.0, 4.0]]),
        arrivals=np.array([[10.0, 2.0], [10.0, 2.0]]),
        nearby_share=np.array([0.5, 0.5]),
        structural_gap=np.zeros(2),
        birth_rate=np.array([0.009, 0.009]),
        death_rate=np.array([0.007, 0.007]),
    )


def villages() -> Units:
    """Eight units in each county, four of them urban, in two townships."""
    county = np.repeat([0, 1], 8).astype(np.int16)
    urban = np.tile([True] * 4 + [False] * 4, 2)
    return Units(
        county=county,
        township=np.tile([0, 0, 0, 0, 0, 0, 1, 1], 2).astype(np.int16),
        urban=urban,
        contiguous=~urban & (np.tile(np.arange(8), 2) < 6),
        merged_into=np.arange(UNITS, dtype=np.int32),
    )


def families(n: int, *, seed: int = 0) -> People:
    """`n` families of four in each unit: he 40, she 38, a daughter of 20, a son of 8; and one old
    person each who lives alone. One family in five is registered in another unit; one old person
    in five is away in the rest of the province."""
    rng, units = np.random.default_rng(seed), villages()
    rows = 5 * n * UNITS
    family = np.repeat(np.arange(n * UNITS), 5)
    member = np.tile(np.arange(5), n * UNITS)
    unit = (family % UNITS).astype(np.uint16)
    age = np.array([40, 38, 20, 8, 70])[member]
    born = NOW - 4 * age - rng.integers(0, 4, rows)
    role = np.array([HEAD, DEPENDENT, SINGLE, DEPENDENT, ALONE])[member]
    rural = ~units.urban[unit]
    work = np.where(rural, FARM, INDUSTRY)
    work = np.where(rng.random(rows) < 0.5, INDUSTRY, work) * (member < 3) + NO_WORK * (member >= 3)
    following = np.arange(rows)
    first = 5 * np.arange(n * UNITS)
    following = np.where(member < 3, following + 1, np.where(member == 3, following - 3, following))
    assert (np.sort(following) == np.arange(rows)).all()
    assert (following[first] == first + 1).all()
    stranger = family % 5 == 0
    hukou = np.where(stranger, (unit + 5) % UNITS, unit).astype(np.uint16)
    away = stranger & (member == 4)
    return People(
        address=addresses(family, member),
        born=born.astype(np.int16),
        child=np.where(role == HEAD, born[np.minimum(np.arange(rows) + 3, rows - 1)], NEVER).astype(
            np.int16
        ),
        unit=np.where(away, UNITS, unit).astype(np.uint16),
        hukou=hukou,
        previous_unit=hukou.copy(),
        moved_at=np.where(stranger, NOW - 20, NEVER).astype(np.int16),
        traits=strata.pack(np.array([0, 1, 1, 0, 1])[member], rng.integers(0, 4, rows), role, work),
        flags=(rng.random(rows) < 0.3).astype(np.uint8),
        next_member=following.astype(np.int32),
        weight=np.ones(rows, np.int32),
    )


def persons(n: int, *, age=30, sex=MALE, education=SENIOR, role=ALONE, work=FARM, **columns):
    """`n` villagers of county 0 who live alone and never moved, but for what is said of them."""
    unit = columns.get("unit", IN_VILLAGE)
    result = {
        "address": addresses(np.arange(n)), "born": NOW + 1 - 4 * np.asarray(age), "child": NEVER,
        "unit": unit, "hukou": unit, "previous_unit": columns.get("hukou", unit), "moved_at": NEVER,
        "traits": strata.pack(sex, education, role, work), "flags": 0, "next_member": np.arange(n),
        "weight": 1, **columns,
    }  # fmt: skip
    return People(*(np.broadcast_to(result[c], n).astype(t) for c, t in COLUMNS.items()))


def together(n: int, *homes: list[int]) -> np.ndarray:
    """`mate` of `n` people of whom those of a home live together, and the others alone."""
    following = np.arange(n)
    for home in homes:
        following[home] = home[1:] + home[:1]
    return following


def homes_of(following: np.ndarray) -> np.ndarray:
    """The household of each person, named by its smallest row, (person,)."""
    smallest, ahead = np.arange(len(following)), following.copy()
    for _ in range(6):  # households of up to 64
        smallest, ahead = np.minimum(smallest, smallest[ahead]), ahead[ahead]
    return smallest


def register_of(people: People, number: int = NOW + 1) -> Population:
    """The register of these people, its books open for a quarter."""
    register = Population(people, villages())
    register.open_quarter()
    return register


def quarter_of(people: People, *, number=NOW + 1, p=None, counties=None, seed=1) -> Step:
    """A quarter in which these people live, whose markets have posted their offers."""
    register, p, counties = register_of(people, number), p or PARAMETERS, counties or two_counties()
    counts = Headcount.of(register.count(number), strata.MOTHERS)
    markets = Markets.at_start(counts, counties, levers(), p)
    markets.post(counts, levers(), Conditions(), 0.0, 1.0, p)
    tick = Quarter(number, date(2021, 3, 31), 1.0)
    return Step(tick, register, markets, Alternatives.around(counties), RandomStreams(seed), p)


def counted(quarter: Step) -> Headcount:
    """Everyone in a quarter, counted anew."""
    return Headcount.of(quarter.population.count(quarter.quarter.number), strata.MOTHERS)


def hazards(**values) -> Hazards:
    """Nothing happens, but for what is said."""
    none = {
        "death": (4, strata.BANDS, 2), "birth": (4, strata.BANDS), "marriage": (strata.BANDS, 2),
        "settling": (4,), "resettling": (4,), "leaving": (4, 2, strata.BANDS, strata.SITUATIONS),
        "going_back": (6, strata.BANDS, strata.EDUCATIONS),
        "hire": (4, strata.BANDS, strata.WORKS, strata.EDUCATIONS),
        "separation": (4, strata.BANDS, 3),
    }  # fmt: skip
    still = {name: np.zeros(shape) for name, shape in none.items()}
    factors = {"by_duration": np.ones(129), "by_village": np.ones(UNITS + 3)}
    return Hazards(**still | factors | values)


PARAMETERS = central()
STILL = replace(
    PARAMETERS, alpha_single=-40.0, alpha_family=-40.0, alpha_elder=-40.0, return_hazard=0.0,
    marriage_hazard=0.0, job_mover_share=1e-9, recode_hazard=0.0, land_hukou_decoupling=0.0,
    recode_county_sd=0.0, recode_prefecture_sd=0.0,
)  # fmt: skip


def levers(**values: float | np.ndarray) -> Levers:
    """No policy but for these levers, set where each is read."""
    return replace(
        Levers.baseline(4), **{n: np.broadcast_to(v, 4).astype(float) for n, v in values.items()}
    )


def turned(name: str, value: float | None = None) -> Levers:
    """One lever turned, by its range if no value is said, in the places where it is read."""
    lever = LEVERS[name]
    read = {"urban": [1, 0, 1, 0], "rural": [0, 1, 0, 1], "any": [1, 1, 1, 1]}[lever.where]
    return levers(**{name: (lever.high if value is None else value) * np.array(read)})


def none(quarter: int) -> Levers:
    return levers()


class KnownConstants:
    """A base period whose constants are known beforehand."""

    def __init__(self, base: DestinationConstants) -> None:
        self.base = base

    def solve(self, *_) -> DestinationConstants:
        return self.base


def build_world(
    policy=none, *, n=60, p=PARAMETERS, seed=1, until=date(2023, 12, 31), arrivals=True,
    people=None, counties=None, units=None, kind=UrbanModel, **more,
) -> UrbanModel:  # fmt: skip
    """The little world."""
    counties = counties or two_counties()
    nest = Alternatives.around(counties).nest
    constants = np.tile(np.array([0.0, 3.5, 9.5, 10.0, 11.5])[nest], (4, 1))
    base = DestinationConstants(constants, counties.arrivals * arrivals)
    return kind(
        people or families(n), units or villages(), counties, KnownConstants(base), p, policy,
        start=date(2020, 11, 1), until=until, seed=seed, **more,
    )  # fmt: skip


@pytest.fixture
def world():
    """A function that builds the little world."""
    return build_world


def run(model: UrbanModel, quarters: int = 100) -> UrbanModel:
    """Step to the end, or a number of quarters."""
    for _ in range(quarters):
        if not model.running:
            break
        model.step()
    return model


def assert_share(hits: int, trials: int, expected: float, *, detect: float) -> None:
    """Fail if `hits` of `trials` is implausible when each has chance `expected`.

    A correct model fails one run in a million. A model off by `detect` passes
    one run in a thousand: a test too small to promise that refuses to run.
    """
    alpha, miss = 1e-6, 1e-3
    low, high = binom.ppf([alpha / 2, 1 - alpha / 2], trials, expected)
    for wrong in (expected - detect, expected + detect):
        if 0 <= wrong <= 1:
            passes = binom.cdf(high, trials, wrong) - binom.cdf(low - 1, trials, wrong)
            assert passes <= miss, f"{trials} trials cannot tell {wrong:.3f} from {expected:.3f}"
    assert low <= hits <= high, f"{hits}/{trials} = {hits / trials:.4f}, expected {expected:.4f}"
