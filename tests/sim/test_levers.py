"""What a government may turn: each lever moves one term, one way, and reaches the world."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from tests.conftest import (
    NOW,
    PARAMETERS,
    build_world,
    families,
    levers,
    none,
    run,
    turned,
    two_counties,
    villages,
)
from xiancheng.sim import (
    departure,
    destination,
    governments,
    housing,
    hukou,
    labour,
    reclassification,
    schooling,
    services,
)
from xiancheng.sim.conditions import Conditions
from xiancheng.sim.destination import NEARBY, STAY, Alternatives
from xiancheng.sim.governments import carried_out
from xiancheng.sim.levers import LEVERS, Levers

# Effects that are central zero or small are made visible: the question is where they act.
P = replace(
    PARAMETERS, beta_a=3.0, beta_s=3.0, hukou_reform_effect=20.0, land_hukou_decoupling=20.0,
    credit_relief=0.5, hr_parent_pension=3.0, hr_public_post_rural=0.1, job_mover_share=0.4,
    renovation_price_effect=50.0, beta_r=-3.0, hr_school_closed=5.0, settling_hazard=0.1,
    alpha_family=-1.5, alpha_single=-1.5, alpha_elder=-1.5, gamma_a=0.8,
    training_employment_effect=100.0,
)  # fmt: skip
PLACES = np.array([0, 1])
AROUND = Alternatives.around(two_counties())
ONES = np.ones(4)
OFFERS = build_world(n=5).markets.post(
    build_world(n=5).counts, levers(), Conditions(), 0.0, 0.0, PARAMETERS
)
WAITING = np.broadcast_to(np.array([1, 1, 9, 9]), (2, 2, 4))


def leaving(x: Levers):
    flat = np.zeros((4, 2, destination.AGE_CLASSES, 7))
    return departure.leaving_hazard(flat, np.zeros(4), np.full(4, 1e6), x, P)


def worth(x: Levers):
    """What going is worth more than staying, to whoever may go."""
    value = destination.utility(AROUND, OFFERS, np.zeros((4, len(AROUND.nest))), x, P)
    value = value - value[..., :1]
    return np.where(np.isfinite(value), value, 0)


TERMS = {
    "labour.jobs_wanted": lambda x: labour.jobs_wanted(
        np.full((2, 2), 1e3), np.ones(2), 0.0, x, Conditions(), P
    ),
    "labour.search": lambda x: labour.search(x, np.full(4, 1e6), P),
    "labour.home_income": lambda x: labour.home_income(np.full((2, 2), 1e4), x),
    "labour.commuting_cost": labour.commuting_cost,
    "labour.beds_offered": labour.beds_offered,
    "departure.leaving_hazard": leaving,
    "destination.utility": worth,
    "schooling.town_seats": lambda x: schooling.town_seats(np.full((2, 2), 100.0), 0.0, x, P),
    "schooling.quality": lambda x: schooling.quality(x, P),
    "schooling.admitted": lambda x: schooling.admitted(np.full((2, 2), 9), WAITING, x)[1][..., 3],
    "schooling.closing_hazard": schooling.closing_hazard,
    "housing.completions": lambda x: housing.completions(np.zeros(2), x, 1.0),
    "housing.quality": lambda x: housing.quality(np.full(2, 1e6), x, P),
    "housing.resettling_hazard": lambda x: housing.resettling_hazard(x, np.full(2, 1e6)),
    "services.health": lambda x: services.health(x, P),
    "services.elder_care": lambda x: services.elder_care(x, P),
    "services.childcare": lambda x: services.childcare(x, P),
    "services.amenity": lambda x: services.amenity(x, P),
    "hukou.settling_hazard": lambda x: hukou.settling_hazard(x, P),
    "hukou.leaving_hazard": lambda x: hukou.leaving_hazard(x, P),
    "reclassification.recoding_hazard": lambda x: reclassification.recoding_hazard(
        villages(), np.full(2, 0.5), np.zeros(2), x, Conditions(), P
    ),
    "reclassification.merging_hazard": lambda x: reclassification.merging_hazard(villages(), x, P),
    "governments.capacity": lambda x: np.array([governments.capacity(1.0, x, PLACES)]),
    "governments.load": lambda x: np.array([governments.load(x, PLACES)]),
}
LESS = {"rural_posts", "rural_roads"}  # everything else is more of its term


def term_of(name: str) -> str:
    return LEVERS[name].term.partition(": ")[0]


def test_every_term_belongs_to_a_lever():
    assert {term_of(name) for name in LEVERS} == TERMS.keys()


@pytest.mark.parametrize("name", LEVERS)
def test_a_lever_moves_its_own_term_and_no_other(name):
    moved = [
        term for term, read in TERMS.items()
        if (read(turned(name)) != read(levers())).any()
    ]  # fmt: skip
    assert moved == [term_of(name)]


@pytest.mark.parametrize("name", LEVERS)
def test_a_lever_moves_its_term_one_way(name):
    """Half the range moves it, and the whole range moves it further, never back."""
    read = TERMS[term_of(name)]
    zero, half, full = (read(turned(name, LEVERS[name].high * x)) for x in (0, 0.5, 1))
    sign = -1 if name in LESS else 1
    assert (sign * (half - zero) >= 0).all()
    assert (sign * (full - half) >= -1e-12).all()
    assert (half != zero).any()


def test_faster_roads_bring_other_counties_nearer_and_nothing_else():
    gain = worth(levers(expressways=0.3)) - worth(levers())
    family = gain[1, 0, 0, 3]
    assert (family[AROUND.nest >= NEARBY] > 0).all()
    assert (family[(AROUND.nest < NEARBY) & (AROUND.nest != STAY)] == 0).all()


@pytest.mark.parametrize("name", LEVERS)
def test_a_lever_turned_in_one_county_does_nothing_in_the_other(name):
    read = TERMS[term_of(name)]
    there = levers(**{name: LEVERS[name].high * np.array([0, 0, 1, 1])})
    changed = read(there) != read(levers())
    assert not changed[: (len(changed) + 1) // 2].any()


# In the little world


def seen(policy, p=P):
    """Everything anybody could notice of a year, in which more children ask for a seat than can."""
    people = families(60)
    sons, fathers = np.arange(3, len(people), 5), np.arange(0, len(people), 5)
    people.born[sons] += 10  # from eight years to five and a half
    people.child[fathers] = people.born[sons]
    counties = replace(two_counties(), seats=np.full((2, 2), 100.0))
    model = run(build_world(policy, p=p, seed=3, people=people, counties=counties), 4)
    people = model.population.people
    columns = [getattr(people, name).tobytes() for name in ("unit", "hukou", "moved_at", "traits")]
    offers = model.offers(model.quarters[model.done], policy(NOW))
    records = [{name: value.tolist() for name, value in row.items()} for row in model.record]
    posted = [np.asarray(x).tolist() for x in asdict(offers).values()]
    return records, columns, posted, model.population.units.merged_into.tolist()


@pytest.fixture(scope="module")
def untouched():
    return seen(none)


@pytest.mark.parametrize("name", sorted(LEVERS.keys() - {"fiscal_reward", "workload"}))
def test_every_lever_reaches_the_world(name, untouched):
    assert seen(lambda quarter: turned(name)) != untouched


@pytest.mark.parametrize("name", LEVERS)
def test_a_lever_at_nought_changes_nothing_bit_for_bit(name, untouched):
    """Nor does one of the smallest number there is, which rounds to no change."""
    assert seen(lambda quarter: turned(name, 0.0)) == untouched


def test_a_load_that_can_be_carried_and_a_reward_for_nothing_change_nothing(untouched):
    light = {"workload": 1.0, "fiscal_reward": 0.7}
    assert (
        seen(lambda quarter: levers(**light), p=replace(P, delivery_capacity=1.0))[1:]
        == untouched[1:]
    )


def test_what_a_county_cannot_carry_out_it_does_in_part():
    """A load of four on a capacity of one: a quarter of everything. A transfer doubles that."""
    model = build_world(p=replace(PARAMETERS, delivery_capacity=1.0))
    tasks = levers(hospital=0.8, workload=np.array([4.0, 4.0, 0.5, 0.5]))
    done = carried_out(tasks, list(model.agents))
    np.testing.assert_allclose(done.hospital, [0.2, 0.2, 0.8, 0.8])
    assert [c.effort for c in model.agents] == [0.25, 1.0]
    helped = carried_out(replace(tasks, fiscal_reward=np.array([1.0, 0, 0, 0])), list(model.agents))
    np.testing.assert_allclose(helped.hospital, [0.4, 0.4, 0.8, 0.8])
    assert done.workload.tolist() == tasks.workload.tolist()  # what was asked stays what was asked


@pytest.mark.parametrize(
    ("effort", "able", "share"), [(1, 1, 1), (0, 0, 1), (2, 1, 0.5), (1, 0, 0)]
)
def test_a_county_delivers_what_it_can(effort, able, share):
    assert governments.delivered(effort, able) == share


def test_a_county_that_can_do_nothing_changes_nothing(untouched):
    broke = replace(P, delivery_capacity=0.0)

    def plan(quarter):
        return replace(turned("hospital"), tradable_jobs=1e5 * ONES, workload=ONES)

    assert seen(plan, p=broke)[1] == untouched[1]


def urban_share(policy, quarters=8):
    """The share of people who are in town after two years, with the same random numbers."""
    schools_for_all = replace(two_counties(), seats=np.full((2, 2), 9e3))
    calm = {name: getattr(PARAMETERS, name) for name in ("alpha_single", "alpha_family")}
    model = build_world(
        policy, p=replace(P, **calm), n=120, arrivals=False, seed=5, counties=schools_for_all
    )
    town, everyone = run(model, quarters).present()
    return town.sum() / everyone.sum()


@pytest.mark.parametrize(
    ("name", "value", "sign"),
    [
        ("rural_posts", np.array([0, 1e5, 0, 1e5]), -1),
        ("school_quality", np.array([0, 1, 0, 1]), -1),
        ("farm_chain_income", np.array([0, 2e4, 0, 2e4]), -1),
        ("rural_infrastructure", np.array([0, 2, 0, 2]), -1),
        ("school_quality", np.array([1, 0, 1, 0]), 1),
        ("tradable_jobs", np.array([5e3, 0, 5e3, 0]), 1),
        ("land_rights", np.array([0, 1, 0, 1]), 1),
        ("credit", np.array([0, 1, 0, 1]), 1),
        ("resettlement", np.array([0, 500, 0, 500]), 1),
        ("recoding", np.array([0, 1, 0, 1]), 1),
    ],
)
def test_what_helps_villages_can_lower_the_urban_share(name, value, sign):
    """With common random numbers each lever pushes the share of townspeople the way it should."""
    change = urban_share(lambda quarter: levers(**{name: value})) - urban_share(none)
    assert sign * change > 0.01


def test_jobs_come_with_the_plan_and_not_before():
    """Policy is asked anew each quarter."""
    start = NOW + 2
    model = build_world(lambda q: turned("tradable_jobs") if q >= start else levers())
    jobs = [model.markets.wanted.sum() for _ in range(4) if model.step() is None]
    assert max(jobs[:2]) < 1e4
    assert min(jobs[2:]) > 1e5
