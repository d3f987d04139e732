"""Markets: what each county's jobs, dwellings and schools offer, from quarter to quarter."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from xiancheng.sim import housing, labour, schooling, services
from xiancheng.sim.conditions import Conditions
from xiancheng.sim.levers import Levers
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.places import TOWN, Places, in_villages, together
from xiancheng.sim.state import BEYOND, INDUSTRY, SERVICES, Counties, Floats, Ints, Offers
from xiancheng.sim.strata import Headcount

PUPIL_AGES = np.array([[0, 0, 0.8, 0.4], [0, 0, 0, 0.6]])  # share of bands 0 to 10-14 in a stage


@dataclass
class Markets:
    """Where the markets of every county stand; every array has shape (county, ...)."""

    counties: Counties
    jobs: Floats  # (county, sector) wanted at the start
    efficiency: Floats  # of matching
    unemployment: Floats  # at the start
    wanted: Floats  # (county, sector) jobs employers want filled
    stock: Floats  # dwellings in town
    begun: list[Floats]  # dwellings begun in each of the last eight quarters
    price: Floats  # relative to wages and to the start
    price_growth: Floats
    seat_chance: Floats  # (county, stage, 2) owners, others
    seats_taken: Ints  # (county, stage) pupils in town schools
    queue: Ints  # (county, stage) children not admitted
    seats: Floats  # (county, stage) in town, without the trend since the start
    beds: Floats  # in dormitories
    filled: Ints  # (county, sector) jobs held when the quarter began
    fresh: Floats  # new jobs filled that have brought nobody to town yet
    most_filled: Ints  # (county,) jobs held when most were
    vacancies: Floats = field(init=False)  # (county, sector)
    hire_rate: Floats = field(init=False)  # hires per searcher and quarter
    moving_share: Floats = field(init=False)  # of villagers hired, who move
    wage: Floats = field(init=False)  # yuan/year
    unemployed: Floats = field(init=False)  # share, now
    lay_off: Floats = field(init=False)  # (county, sector) share

    @classmethod
    def at_start(cls, people: Headcount, counties: Counties, levers: Levers, p: Parameters) -> Self:
        """Markets in balance: as many people are hired as jobs end and are added."""
        n = len(counties)
        filled = employed(people, n)
        jobs = filled.astype(float) * (1 + p.job_vacancy)
        searchers = by_county(looking(people, levers, p))
        matches = labour.jobs_ending(with_jobs(people, n), leaving(people, counties), p)
        matches += filled.sum(axis=1) * max(p.job_growth, 0) / 4
        vacant = labour.openings(jobs - filled, filled, p).sum(axis=1)
        begun = housing.starts(counties.dwellings, np.ones(n), p)
        return cls(
            counties=counties,
            jobs=jobs,
            efficiency=labour.efficiency(matches, searchers, vacant, p),
            unemployment=unemployment(filled, searchers),
            wanted=np.floor(jobs),
            stock=counties.dwellings.copy(),
            begun=[begun] * housing.LAG,
            price=np.ones(n),
            price_growth=np.zeros(n),
            seat_chance=np.ones((n, schooling.STAGES, 2)),
            seats_taken=np.zeros((n, schooling.STAGES), np.int64),
            queue=np.zeros((n, schooling.STAGES), np.int64),
            seats=counties.seats,
            beds=np.zeros(n),
            filled=filled,
            fresh=np.zeros(n),
            most_filled=filled.sum(axis=1),
        )

    def post(
        self, people: Headcount, levers: Levers, conditions: Conditions, years: float,
        quarters: float, p: Parameters,
    ) -> Offers:  # fmt: skip
        """What the markets offer this quarter, `years` after the start."""
        n = len(self.counties)
        filled = employed(people, n)
        by_place = looking(people, levers, p).sum(axis=(1, 2, 3))
        searching = by_county(by_place)
        self.unemployed = unemployment(filled, searching)
        ratio = np.round(labour.wage_ratio(self.unemployed, self.unemployment, p), 4)
        wanted = labour.jobs_wanted(self.jobs, ratio, years, levers, conditions, p)
        most = np.maximum(self.most_filled, filled.sum(axis=1))
        self.fresh, self.most_filled = self.fresh + most - self.most_filled, most
        self.wanted, self.filled = wanted, filled
        self.vacancies = np.maximum(wanted - filled, 0)
        self.lay_off = labour.lay_off_share(filled, wanted)
        open_jobs = labour.openings(self.vacancies, filled, p).sum(axis=1)
        hired = labour.hires(searching, open_jobs, self.efficiency, p)
        self.hire_rate = np.divide(hired, searching, out=np.zeros(n), where=searching > 0)
        commuting = labour.commuting_cost(levers)
        beds = labour.beds_offered(levers)
        new_beds, self.beds = np.maximum(beds - self.beds, 0), np.maximum(beds, self.beds)
        villagers = self.hire_rate * in_villages(by_place) * quarters
        self.moving_share = labour.moving_share(self.fresh, villagers, commuting, new_beds, p)
        self.fresh = np.maximum(self.fresh - villagers, 0)
        self.wage = np.round(self.counties.wage * ratio)
        at_home = labour.home_income(self.counties.home_income, levers)
        income = labour.expected_income(self.hire_rate, self.wage, at_home, commuting, p)

        self._build(people, levers, conditions, quarters, p)
        elsewhere = self.counties.wage_outside * (1 + conditions.wage_growth_elsewhere) ** years
        idle = self.counties.home_income[:, 0].mean()
        return Offers(
            income=income,
            income_outside=p.hiring_elsewhere * elsewhere + (1 - p.hiring_elsewhere) * idle,
            housing_cost=self.price,
            housing_quality=housing.quality(self.stock, levers, p),
            school_quality=schooling.quality(levers, p),
            seat_chance=self.seat_chance,
            health=services.health(levers, p),
            elder_care=services.elder_care(levers, p),
            childcare=services.childcare(levers, p),
            amenity=services.amenity(levers, p),
            service_outside=float(services.saturating(np.ones(1), p)[0]),
        )

    def followers(self, p: Parameters) -> Floats:
        """Villagers a year whom the trend of new jobs brings to town with their own, (county,)."""
        new_jobs = max(p.job_growth, 0) * self.jobs.sum(axis=1)
        return p.job_mover_share * new_jobs * (1 + p.dependants_per_job_mover)

    def come_free(self, ended: Ints) -> None:
        """Jobs that end this quarter, (county, sector), are vacant if they are still wanted."""
        still_wanted = self.wanted - (self.filled - ended)
        self.vacancies = self.vacancies + np.clip(still_wanted, 0, ended)

    def take_over(self, residents: Ints, townspeople: Ints) -> None:
        """Residents of recoded units live where they lived, and keep their schooling.

        Dwellings and seats come to the town with a unit that becomes urban and go with one that
        becomes rural, at most in proportion to the townspeople who go.

        Parameters
        ----------
        residents, townspeople : (county,) those who became urban less those who became rural, and
            those who had been urban
        """
        share = residents / np.maximum(townspeople, 1)
        dwellings = residents / self.counties.residents_per_dwelling
        self.stock = self.stock + np.maximum(dwellings, np.minimum(share, 0) * self.stock)
        self.seats = self.seats * (1 + share)[:, None]

    def _build(
        self,
        people: Headcount,
        levers: Levers,
        conditions: Conditions,
        quarters: float,
        p: Parameters,
    ) -> None:
        """Finish, lose and begin dwellings; let the price follow."""
        if quarters == 0:
            return
        done = housing.completions(self.begun[0], levers, quarters)
        self.stock = np.round(housing.remaining(self.stock, p, quarters) + done, 3)
        vacant = housing.vacancy(self.stock, self.occupied(people))
        growth = housing.price_growth(self.price_growth, vacant, conditions, p)
        self.price_growth = np.round(growth, 6)
        self.price = np.round(self.price * np.exp(quarters * self.price_growth), 6)
        if quarters == 1:
            self.begun = [*self.begun[1:], housing.starts(self.stock, self.price, p)]

    def occupied(self, people: Headcount) -> Floats:
        """Dwellings lived in, (county,): never more than there are, or households share them."""
        residents = Places(len(self.counties)).by_county(people.by_band)[:, TOWN].sum(axis=1)
        return np.minimum(residents / self.counties.residents_per_dwelling, self.stock)

    def rooms(self, people: Headcount) -> Ints:
        """How many more residents the empty dwellings of each town can take, (county,)."""
        empty = self.stock - self.occupied(people)
        return np.floor(empty * self.counties.residents_per_dwelling).astype(np.int64)

    def enrol(
        self, people: Headcount, waiting: Ints, years: float, levers: Levers, p: Parameters
    ) -> None:
        """Fill the seats of a school year; `waiting` is (county, stage, class) children."""
        n = len(self.counties)
        children = Places(n).by_county(people.by_band)[:, TOWN, :4]
        pupils = np.maximum(np.rint(children @ PUPIL_AGES.T).astype(np.int64), waiting.sum(axis=2))
        staying = pupils - waiting.sum(axis=2)
        seats = np.floor(schooling.town_seats(self.seats, years, levers, p)).astype(np.int64)
        served, chance = schooling.admitted(seats - staying, waiting, levers)
        self.seat_chance = chance[..., [schooling.OWNER, schooling.OTHER]]
        self.queue = (waiting - served).sum(axis=2)
        self.seats_taken = np.minimum(staying, seats) + served.sum(axis=2)


def employed(people: Headcount, counties: int) -> Ints:
    """Non-farm jobs filled by residents of each county, (county, sector)."""
    by_work = people.work(counties).sum(axis=1)
    return by_work[:, [INDUSTRY, SERVICES]]


def with_jobs(people: Headcount, counties: int) -> Ints:
    """Residents of each county who have a non-farm job, by age, (county, band)."""
    by_work = Places(counties).by_county(people.by_work[..., [INDUSTRY, SERVICES], :])
    return np.asarray(by_work.sum(axis=(1, 3, 4)))


def leaving(people: Headcount, counties: Counties) -> Floats:
    """Share of residents who leave the county in a year, (county,), by the censuses."""
    residents = Places(len(counties)).by_county(people.by_sex).sum(axis=(1, 2))
    return counties.moves[:, 1:].sum(axis=1) / np.maximum(residents, 1)


def looking(people: Headcount, levers: Levers, p: Parameters) -> Floats:
    """People looking for a non-farm job, by how hard they look.

    Returns
    -------
    (place, band, work, education) persons times effort, for the places of the levers
    """
    by_work = people.by_work[:-BEYOND]
    adults = people.by_band[: len(by_work), labour.WORKING].sum(axis=1).astype(float)
    return by_work * labour.search(levers, adults, p)


def by_county(places: Floats) -> Floats:
    """Sum town and villages, and everything but the first axis, (county,)."""
    return together(places.reshape(len(places), -1).sum(axis=1))


def unemployment(filled: Ints, searching: Floats) -> Floats:
    """Searchers as a share of those who search or have a non-farm job, (county,)."""
    active = searching + filled.sum(axis=1)
    return np.divide(searching, active, out=np.zeros(len(active)), where=active > 0)
