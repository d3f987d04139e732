"""Labour: jobs wanted, people hired and let go, wages, and what a place lets one expect to earn."""

import numpy as np

from xiancheng.sim import kernels, strata
from xiancheng.sim.choice import hazard
from xiancheng.sim.conditions import Conditions
from xiancheng.sim.levers import Levers
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.places import TOWN, VILLAGES, county_of, in_towns, in_villages
from xiancheng.sim.randomness import Stream
from xiancheng.sim.relocation import ration, share_bringing_household, to_town
from xiancheng.sim.state import (
    AGES,
    FARM,
    INDUSTRY,
    NO_WORK,
    SENIOR,
    SERVICES,
    Bools,
    Floats,
    Ints,
    Parties,
)
from xiancheng.sim.step import Step

SECTORS = 2
NON_FARM = [INDUSTRY, SERVICES]
WORKING = (AGES >= 15) & (AGES < 60)
OLD = AGES >= 60


# Rules


def jobs_wanted(
    base: Floats,
    wage_ratio: Floats,
    years: float,
    levers: Levers,
    conditions: Conditions,
    p: Parameters,
) -> Floats:
    """Non-farm jobs that employers want to fill, (county, sector).

    ``L = L0 (1 + g)^t (w / w0)^-eta`` and what the plan adds; each new tradable job brings a few
    that serve it.

    References
    ----------
    Moretti (2010), AER 100(2) (local multipliers); Wang & Chanda (2018), JCE 46(2):515 (China)
    """
    growth = (1 + p.job_growth + conditions.job_growth) ** years
    trend = base * growth * wage_ratio[:, None] ** -p.labour_demand_elasticity
    tradable, returnee = in_towns(levers.tradable_jobs), in_towns(levers.returnee_jobs)
    posts = in_towns(levers.urban_posts)
    added = np.stack([tradable, p.job_multiplier * tradable + returnee + posts], axis=1)
    return np.floor(trend + added)


def separation_hazard(farm_share: Floats, p: Parameters) -> Floats:
    """How often work ends [1/year], (county, band, 3): farming, a job in industry, in services.

    Jobs by turnover, and by retirement from sixty on. People give up farming the more often the
    more still farm, (county,) share of the employed, and retire from it later than from a job.

    References
    ----------
    Lewis (1954), The Manchester School 22(2) (labour leaves land that has too much of it)
    """
    jobs = hazard(p.job_separation, 0.25) + p.retirement * OLD
    farming = p.farm_exit * farm_share[:, None] + p.farm_retirement * OLD
    jobs = np.broadcast_to(jobs, farming.shape)
    return np.stack([farming, jobs, jobs], axis=2)


def jobs_ending(people: Ints, leaving_county: Floats, p: Parameters) -> Floats:
    """Jobs that end or come free in a quarter, (county,): turnover, retirement, and departures.

    Parameters
    ----------
    people : (county, band) persons with a job
    leaving_county : (county,) share of residents who leave the county in a year
    """
    retiring = people[:, OLD].sum(axis=1) * p.retirement / 4
    return people.sum(axis=1) * (p.job_separation + leaving_county / 4) + retiring


def back_to_land(u: Floats, p: Parameters) -> Bools:
    """Whether a villager whose job ended farms again, and does not look for the next, (person,)."""
    return u < p.back_to_land


def lay_off_share(filled: Ints, wanted: Floats) -> Floats:
    """Share of those employed for whom there is no job any more, (county, sector)."""
    surplus = np.maximum(filled - wanted, 0)
    return np.divide(surplus, filled, out=np.zeros(filled.shape), where=filled > 0)


def search(levers: Levers, residents_of_age: Floats, p: Parameters) -> Floats:
    """How hard people look for a non-farm job, (place, band, work, education).

    Farmers look less than people without work; a trained person is a little more employable.
    """
    effort = np.zeros((4,))
    effort[NO_WORK], effort[FARM] = p.search_none, p.search_farm
    skill = np.where(np.arange(4) >= SENIOR, 1 + p.skilled_hiring, 1.0)
    trained = np.divide(
        levers.training,
        residents_of_age,
        out=np.zeros_like(residents_of_age),
        where=residents_of_age > 0,
    )
    gain = 1 + np.minimum(trained, 1) * p.training_employment_effect / 100
    return gain[:, None, None, None] * WORKING[:, None, None] * (effort[:, None] * skill)


def openings(vacancies: Floats, filled: Ints, p: Parameters) -> Floats:
    """Jobs that can be filled in a quarter: those vacant, and those that end, (county, sector)."""
    return vacancies + p.job_separation * filled


def hires(searchers: Floats, vacancies: Floats, efficiency: Floats, p: Parameters) -> Floats:
    """Matches in a full quarter, min(A S^phi V^(1-phi), S, V), (county,)."""
    phi = p.matching_exponent
    matched = efficiency * searchers**phi * vacancies ** (1 - phi)
    return np.minimum(matched, np.minimum(searchers, vacancies))


def efficiency(matches: Floats, searchers: Floats, vacancies: Floats, p: Parameters) -> Floats:
    """The A at which a county matches this many, (county,)."""
    phi = p.matching_exponent
    possible = searchers**phi * vacancies ** (1 - phi)
    return np.divide(matches, possible, out=np.zeros_like(possible), where=possible > 0)


def wage_ratio(unemployment: Floats, at_start: Floats, p: Parameters) -> Floats:
    """The wage relative to its start: the wage curve, (county,).

    References
    ----------
    Blanchflower & Oswald (1994), The Wage Curve
    """
    ratio = np.divide(unemployment, at_start, out=np.ones_like(at_start), where=at_start > 0)
    return np.clip(ratio, 0.2, 5) ** p.wage_curve_elasticity


def home_income(base: Floats, levers: Levers) -> Floats:
    """What one has without a non-farm job [yuan/year], (county, 2 town/village)."""
    village = base[:, VILLAGES] + in_villages(levers.farm_chain_income)
    village = village + in_villages(levers.rooftop_income)
    village = village + in_villages(levers.work_relief_income)
    return np.stack([base[:, TOWN], village], axis=1)


def commuting_cost(levers: Levers) -> Floats:
    """Cost of commuting to town relative to the start, (county,)."""
    return 1 - in_villages(levers.rural_roads)


def expected_income(
    hired: Floats, wage: Floats, at_home: Floats, commuting: Floats, p: Parameters
) -> Floats:
    """P w + (1 - p) b, for residents of the town and for villagers who commute to it [yuan/year].

    Returns
    -------
    (county, 2 town/village); commuters may have the same jobs, less the cost of getting there
    """
    net = np.stack([wage, wage * (1 - p.commuting_cost * commuting)], axis=1)
    return hired[:, None] * net + (1 - hired[:, None]) * at_home


def beds_offered(levers: Levers) -> Floats:
    """Beds in workers' dormitories that the plan added, (county,)."""
    return in_towns(levers.dormitory_beds)


def moving_share(
    filled: Floats, hired: Floats, commuting: Floats, new_beds: Floats, p: Parameters
) -> Floats:
    """Share of the villagers `hired` in town who move there instead of commuting, (county,).

    For each new job that was `filled` a share of one moves: whoever takes over an old one commutes
    as the one before. The odds of commuting fall with its cost; a new dormitory bed can turn a
    commuter into a resident.
    """
    odds = (1 - p.job_mover_share) / p.job_mover_share * commuting**p.commute_cost_elasticity
    fresh = np.divide(filled, hired, out=np.zeros_like(filled), where=hired > 0)
    beds = np.divide(new_beds, hired, out=np.zeros_like(new_beds), where=hired > 0)
    return np.minimum(np.minimum(fresh, 1) / (1 + odds) + p.bed_takeup * np.minimum(beds, 1), 1)


# Process


def separate(step: Step, rows: Ints) -> None:
    """Work ends; jobs come free. Some villagers go back to the land, all others have no work."""
    people, place = step.population.people, step.place(rows)
    work = strata.work_of(people.traits[rows]).astype(np.int64)
    jobs = work >= INDUSTRY
    job = county_of(place[jobs]) * SECTORS + work[jobs] - INDUSTRY
    ended = np.bincount(job, people.weight[rows[jobs]], step.places.counties * SECTORS)
    step.markets.come_free(ended.reshape(step.places.counties, -1))
    farms = jobs & step.places.is_villages(place)
    farms &= back_to_land(step.uniform(Stream.HIRED, rows)[0], step.parameters)
    step.population.employ(rows, np.where(farms, FARM, NO_WORK))


def hire(step: Step, rows: Ints) -> tuple[Ints, Floats]:
    """Searchers fill vacancies in the order of their draws, never more than there are.

    Returns
    -------
    (hired,) rows; (4, hired) their draws, of which `follow_job` takes the last two
    """
    u, people = step.uniform(Stream.HIRED, rows), step.population.people
    county = county_of(step.place(rows))
    industry, together = step.markets.vacancies[:, 0], step.markets.vacancies.sum(axis=1)
    services = u[0] * together[county] >= industry[county]
    queue = SECTORS * county + services
    room = np.floor(step.markets.vacancies).astype(np.int64).ravel()
    hired = ration(u[1], queue, people.weight[rows].astype(np.int64), room)
    step.population.employ(rows[hired], INDUSTRY + services[hired])
    return rows[hired], u[:, hired]


def follow_job(step: Step, hired: Ints, u: Floats) -> Parties:
    """Some villagers hired in town move there; some of them bring their household."""
    place = step.place(hired)
    county = county_of(place)
    moves = step.places.is_villages(place) & (u[2] < step.markets.moving_share[county])
    brings = u[3] < share_bringing_household(
        step.markets.counties.residents_per_dwelling[county], step.parameters
    )
    mode = np.where(brings, kernels.WHOLE, kernels.LONE)
    return to_town(step, hired[moves], mode[moves], county[moves])
