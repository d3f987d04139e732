"""Who reconsiders where to live, and where they would go."""

from dataclasses import replace
from math import exp, log, log1p

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax

from tests.conftest import (
    IN_TOWN,
    IN_VILLAGE,
    NOW,
    PARAMETERS,
    UNITS,
    assert_share,
    build_world,
    families,
    hazards,
    levers,
    none,
    persons,
    quarter_of,
    two_counties,
    villages,
)
from xiancheng.calibration.priors import draw
from xiancheng.sim import departure, destination, kernels, relocation, strata
from xiancheng.sim.choice import nested_logit, probability, threshold
from xiancheng.sim.destination import COUNTRY, NEARBY, OWN_TOWN, PROVINCE, STAY, Alternatives
from xiancheng.sim.destination_constants import BasePeriod, base_flows, others_leaving
from xiancheng.sim.events import draw_events
from xiancheng.sim.population import Population
from xiancheng.sim.randomness import Stream
from xiancheng.sim.state import (
    AGES,
    ALONE,
    COLUMNS,
    DEPENDENT,
    HEAD,
    NEVER,
    OWNS_FLAT,
    SINGLE,
    Offers,
    People,
)
from xiancheng.sim.strata import COUPLE, PRESCHOOL, PRIMARY_CHILD, SECONDARY_CHILD, SITUATIONS

Q = NOW + 1
AROUND = Alternatives.around(two_counties())
NO_CONSTANTS = np.zeros((4, len(AROUND.nest)))
NOBODY = np.empty(0, np.int64)
WHOLE, LONE, WITH_CHILD = kernels.WHOLE, kernels.LONE, kernels.WITH_CHILD


def index(nest: int, mode: int) -> int:
    """The alternative of a nest and mode."""
    return int(np.flatnonzero((AROUND.nest == nest) & (AROUND.mode == mode))[0])


# Choosing

utilities = arrays(float, (3, 4), elements=st.floats(-8, 8))
scales = arrays(float, 2, elements=st.floats(0.2, 1))
NEST = np.array([0, 0, 1, 1])


def slow_nested_logit(utility, nest, scale):
    """Train (2009), eq. 4.4-4.5, for one chooser."""
    inclusive = {}
    for n in range(len(scale)):
        within = [utility[j] for j in range(len(utility)) if nest[j] == n]
        inclusive[n] = log(sum(exp(v / scale[n]) for v in within))
    total = sum(exp(scale[n] * inclusive[n]) for n in inclusive)
    chances = [
        exp(v / scale[n]) / exp(inclusive[n]) * exp(scale[n] * inclusive[n]) / total
        for v, n in zip(utility, nest, strict=True)
    ]
    return chances, log(total)


@given(utilities, scales)
def test_choosing_fast_and_slow_agree(value, scale):
    chances, inclusive = nested_logit(value, NEST, scale)
    slow = [slow_nested_logit(row, NEST, scale) for row in value]
    np.testing.assert_allclose(chances, [s[0] for s in slow], rtol=1e-9)
    np.testing.assert_allclose(inclusive, [s[1] for s in slow], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(chances.sum(axis=1), 1)


@given(utilities)
def test_without_correlation_the_nests_do_not_matter(value):
    """At λ = 1 this is the multinomial logit, for which scipy is our oracle."""
    np.testing.assert_allclose(nested_logit(value, NEST, np.ones(2))[0], softmax(value, axis=1))


def test_splitting_a_city_in_two_does_not_conjure_demand():
    """The red-bus/blue-bus case: near-perfect substitutes share their nest's demand."""
    twins, alone = np.array([[1.0, 1.0, 1.0]]), np.array([[1.0, 1.0]])
    split, _ = nested_logit(twins, np.array([0, 0, 1]), np.array([1e-3, 1.0]))
    whole, _ = nested_logit(alone, np.array([0, 1]), np.array([1.0, 1.0]))
    assert split[0, 2] == pytest.approx(whole[0, 1], abs=1e-3)


def test_what_is_not_on_offer_is_not_chosen():
    """Neither one alternative of a nest nor a whole nest."""
    value = np.array([[1.0, -np.inf, 0.5, 0.2], [1.0, 2.0, -np.inf, -np.inf]])
    chances, inclusive = nested_logit(value, NEST, np.array([0.7, 0.7]))
    assert (chances[~np.isfinite(value)] == 0).all()
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    assert np.isfinite(inclusive).all()


# Whether to reconsider


def considering(p=PARAMETERS, attraction=0.0, policy=None, land=0.0, adults=100.0):
    four = np.ones(4)
    shape = (4, 2, destination.AGE_CLASSES, SITUATIONS)
    return departure.leaving_hazard(
        np.full(shape, attraction), land * four, adults * four, policy or levers(), p
    )  # fmt: skip


def test_children_and_dependents_do_not_decide():
    hazard = considering(land=0.1)
    assert (hazard[:, :, AGES < 15] == 0).all()
    assert (hazard[..., strata.DEPENDENT] == 0).all()
    assert (hazard[:, :, AGES >= 20][..., strata.SINGLE :] > 0).all()


def test_the_three_alphas_are_the_hazards_of_their_kinds():
    """A single of 25-29, a childless family of 35-39, an older couple of 65-69; after 8 years."""
    eight_years = departure.duration_factor(np.array([8.0]), PARAMETERS)[0]
    hazard = considering()[0, 0] * eight_years
    middle = {"single": (25, strata.SINGLE), "family": (35, COUPLE), "elder": (65, COUPLE)}
    for name, (age, situation) in middle.items():
        alpha = getattr(PARAMETERS, f"alpha_{name}")
        assert log(hazard[age == AGES, situation][0]) == pytest.approx(alpha, abs=0.05)


def test_people_move_most_in_their_early_twenties():
    single = considering()[0, 0, :, strata.SINGLE]
    assert AGES[single.argmax()] == 20
    after = single[(AGES >= 20) & (AGES < 60)]
    assert (np.diff(after) < 0).all()


@pytest.mark.parametrize("age", [15, 20, 30, 57, 90])
def test_the_age_schedule_is_that_of_rogers_and_castro(age):
    p = PARAMETERS
    labour = exp(-p.rc_descent * (age - p.rc_peak) - exp(-p.rc_ascent * (age - p.rc_peak)))
    fast = departure.rogers_castro(np.array([float(age)]), p)[0]
    assert fast == pytest.approx(p.rc_constant + p.rc_labour * labour)


def test_leaving_school_and_having_pupils_makes_people_reconsider():
    p, quiet = PARAMETERS, replace(PARAMETERS, hr_school_leaving=1.0, hr_school_stage=1.0)
    ratio = considering(p)[0, 0, 3:] / np.maximum(considering(quiet)[0, 0, 3:], 1e-300)
    leavers = ratio[AGES[3:] == 15, strata.SINGLE]
    np.testing.assert_allclose(leavers, p.hr_school_leaving)
    adults = ratio[AGES[3:] >= 20]
    np.testing.assert_allclose(adults[:, strata.PRIMARY_CHILD :], p.hr_school_stage)
    np.testing.assert_allclose(adults[:, strata.SINGLE : strata.PRIMARY_CHILD], 1)


def test_every_doubling_of_residence_calms_people_by_the_same_factor():
    years = np.array([0.5, 1, 2, 4, 8, 16, 32])
    factor = departure.duration_factor(years, PARAMETERS)
    np.testing.assert_allclose(factor[1:] / factor[:-1], exp(PARAMETERS.gamma_dur))
    assert factor[-1] == 1
    beyond = departure.duration_factor(np.array([0.0, 80.0]), PARAMETERS)
    np.testing.assert_allclose(beyond, factor[[0, -1]])
    np.testing.assert_allclose(
        departure.duration_factors(PARAMETERS)[[2, 4, 128]], factor[[0, 1, 6]]
    )


def test_what_is_on_offer_counts_by_gamma():
    p = PARAMETERS
    decides = considering() > 0
    ratio = considering(attraction=0.8)[decides] / considering()[decides]
    np.testing.assert_allclose(ratio, exp(0.8 * p.gamma_a))
    deaf = replace(p, gamma_a=0.0)
    np.testing.assert_array_equal(considering(deaf, attraction=5.0), considering(deaf))


def test_posts_pensions_and_land_move_the_hazard_as_stated():
    p, decides = PARAMETERS, considering() > 0
    before = considering()[decides]
    half = considering(policy=levers(rural_posts=50))[decides] / before
    np.testing.assert_allclose(half, 1 - 0.5 * (1 - p.hr_public_post_rural))
    full = considering(policy=levers(rural_posts=1e9))[decides] / before
    np.testing.assert_allclose(full, p.hr_public_post_rural)
    pension = considering(policy=levers(pension_coverage=0.4))[decides] / before
    np.testing.assert_allclose(pension, p.hr_parent_pension**0.4)
    np.testing.assert_allclose(considering(land=0.02)[decides] - before, 0.02)


def test_co_villagers_away_draw_people_after_them():
    """Half a village away is half of gamma_n; people who are away themselves pull nobody."""
    factor = departure.village_factor(np.array([0.0, 0.5]), PARAMETERS)
    np.testing.assert_allclose(factor, [1, exp(PARAMETERS.gamma_n / 2)])
    at_home, away = persons(6, unit=IN_VILLAGE), [0, 1, 2]
    at_home.unit[away] = [IN_TOWN, UNITS, UNITS + 1]
    share = quarter_of(at_home).population.away_share
    assert share[IN_VILLAGE] == 0.5
    assert share.sum() == 0.5


def test_a_closed_school_concerns_families_with_a_child_in_primary_school_only():
    closed = np.array([True, True, False, False])
    factor = departure.closure_factor(closed, np.array([True, False, True, False]), PARAMETERS)
    assert factor.tolist() == [PARAMETERS.hr_school_closed, 1, 1, 1]


SUMMER = NOW + 3  # the third quarter of 2021


def a_village_family(age=12.0, **more):
    """He, she and a child who is `age` at the end of the summer."""
    return persons(
        3, born=[SUMMER - 160, SUMMER - 152, SUMMER - round(4 * age)], sex=[0, 1, 0],
        role=[HEAD, DEPENDENT, DEPENDENT], child=[SUMMER - round(4 * age), NEVER, NEVER],
        next_member=[1, 2, 0], **{"unit": IN_VILLAGE} | more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("age", "unit", "number", "asks"),
    [
        (12.0, IN_VILLAGE, SUMMER, True),
        (12.75, IN_VILLAGE, SUMMER, True),
        (13.0, IN_VILLAGE, SUMMER, False),
        (11.75, IN_VILLAGE, SUMMER, False),
        (12.0, IN_TOWN, SUMMER, False),
        (12.0, IN_VILLAGE, SUMMER + 1, False),
    ],
)
def test_a_child_who_enters_junior_school_makes_a_village_family_reconsider(
    age, unit, number, asks
):
    """And it is the school of that child which counts, whoever else is small at home."""
    p = replace(PARAMETERS, junior_entry=1.0, flat_purchase=0.0)
    family = a_village_family(age, unit=unit)
    family.child[0] = SUMMER - 8
    rows, situation = departure.family_events(quarter_of(family, number=number, p=p), NOBODY)
    assert rows.tolist() == [0] * asks
    assert situation.tolist() == [SECONDARY_CHILD] * asks


def test_a_family_that_buys_a_flat_owns_it_together_and_reconsiders():
    p = replace(PARAMETERS, junior_entry=0.0, flat_purchase=1.0)
    quarter = quarter_of(a_village_family(), number=SUMMER, p=p)
    assert departure.family_events(quarter, NOBODY)[0].tolist() == [0]
    assert quarter.population.people.flags.tolist() == [OWNS_FLAT] * 3
    assert departure.family_events(quarter, NOBODY)[0].tolist() == []  # one flat is enough
    wed = quarter_of(persons(3, role=HEAD, unit=[IN_VILLAGE, IN_VILLAGE, IN_TOWN]), p=p)
    rows, situation = departure.family_events(wed, np.array([1, 2]))
    assert (rows.tolist(), situation.tolist()) == ([1], [COUPLE])
    assert wed.population.people.flags.tolist() == [0, OWNS_FLAT, 0]


def test_fewer_buy_where_flats_are_dear():
    p = replace(PARAMETERS, beta_r=-0.5, flat_purchase=0.4)
    chance = departure.purchase_chance(np.array([1.0, 4.0, 0.01]), p)
    np.testing.assert_allclose(chance, [0.4, 0.2, 1.0])


def test_as_many_families_are_expected_to_reconsider_as_do():
    """Those whom the constants need not explain: three years of children, a third a year."""
    p = replace(PARAMETERS, junior_entry=0.4, flat_purchase=0.5, marriage_hazard=0.0)
    families = [a_village_family(age, flags=flag) for age in (9.5, 10.5, 11.5) for flag in (0, 1)]
    for i, family in enumerate(families):
        family.next_member[:] += 3 * i
    people = People(*(np.concatenate([getattr(f, c) for f in families]) for c in COLUMNS))
    found = BasePeriod.of(Population(people, villages()), SUMMER).family_events(p)
    expected = np.zeros((4, 2))
    expected[1] = [0.5 * 0.4, 0.5 + 0.4]  # of three families without a flat, of three with one
    np.testing.assert_allclose(found.sum(axis=(2, 3)), expected)
    assert found[..., SECONDARY_CHILD].sum() == pytest.approx(expected.sum())


@pytest.mark.parametrize("ratio", [0.8, 1.5])
def test_a_closed_school_neither_drives_nor_holds_anybody_else(ratio):
    """Also where a draw of the parameters says that families then move less."""

    def deciders(closed):
        p = replace(PARAMETERS, hr_school_closed=ratio, alpha_single=-0.5, alpha_family=-0.5)
        model = build_world(p=p)
        model.population.school_closed[:] = closed
        tick, quarter = model.quarters[0], model.begin(model.quarters[0])
        _, attraction = model.choices(model.offers(tick, levers()), levers())
        hazard = model.hazards(tick, levers(), attraction)
        rows = departure.reconsider(quarter, draw_events(quarter, hazard, 1, 65536), hazard)
        return set(rows[quarter.stratum(rows)[3] != PRIMARY_CHILD])

    assert deciders(True) == deciders(False)


# Everyone's events, one person at a time


def crowd(n, seed):
    """All kinds of people, everywhere, some of whom are dead."""
    rng = np.random.default_rng(seed)
    return persons(
        n, age=rng.integers(0, 90, n), sex=rng.integers(0, 2, n), education=rng.integers(0, 4, n),
        role=rng.integers(0, 4, n), work=rng.integers(0, 4, n), unit=rng.integers(0, UNITS + 3, n),
        hukou=rng.integers(0, UNITS, n), flags=rng.integers(0, 4, n),
        moved_at=rng.choice([NEVER, Q - 3, Q - 30, Q - 200], n),
        child=rng.choice([NEVER, Q - 4, Q - 30, Q - 60, Q - 90], n),
    )  # fmt: skip


def slow_events(quarter, h, i, years=0.25):
    """What a person meets this quarter; of those who may reconsider, who does."""
    p, now = quarter.population.people, quarter.quarter.number
    number = i if i < quarter.population.founders else p.address[i]
    own = quarter.streams.words(Stream.QUARTER, now, np.array([number], np.uint64))[:, 0]
    coarse = own & np.uint32(0xFF)
    if i < quarter.population.founders:
        lanes = np.empty(1024, np.uint64)
        key = (np.uint64(x) for x in (now, Stream.SHARED, quarter.streams.seed))
        kernels.shared_bytes(i // 1024 * 1024, *key, lanes)
        coarse = np.array([int(lanes[i % 1024]) >> 16 * c + 7 & 0xFF for c in range(4)])
    word = coarse.astype(np.int64) << 24 | own >> 8
    place = int(quarter.population.place[p.unit[i]])
    band = max(b for b in range(len(AGES)) if AGES[b] <= (now - int(p.born[i])) // 4)
    sex, education = int(strata.sex_of(p.traits[i])), int(strata.education_of(p.traits[i]))
    role, work = int(strata.role_of(p.traits[i])), int(strata.work_of(p.traits[i]))
    youngest = (now - int(p.child[i])) // 4
    stage = 4 if youngest < 6 else 5 if youngest < 12 else 6 if youngest < 18 else 3
    situation = {0: 0, 1: 1, 2: 2, HEAD: stage}[role]

    def below(w, hazard):
        return word[w] < int(threshold(probability(np.array(hazard), years)))

    def above(w, hazard):
        return 2**32 - 1 - word[w] < int(threshold(probability(np.array(hazard), years)))

    if place == 6:
        return set()
    if below(0, h.death[place, band, sex] if place < 4 else h.death[::2, band, sex].max()):
        return {"deaths"}  # and nothing else
    met = {"going_back": role != 0 and above(2, h.going_back[place, band, education])}
    if place < 4:
        resettling = h.resettling[place] if role >= ALONE else 0
        since = min(now - int(p.moved_at[i]), 128)
        away = exp(PARAMETERS.gamma_n * quarter.population.away_share[p.unit[i]])
        leaving = h.leaving[place, int(p.flags[i]) & OWNS_FLAT, band, situation]
        leaving *= h.by_duration[since] * away
        met |= {
            "settling": above(0, h.settling[place] + resettling),
            "births": sex == 1 and role in (0, HEAD) and below(1, h.birth[place, band]),
            "marrying": role in (SINGLE, ALONE) and above(1, h.marriage[band, sex]),
            "hired": below(3, h.hire[place, band, work, education]),
            "separated": work >= 1 and above(3, h.separation[place, band, work - 1]),
            "reconsidering": (word[2] + 0.5) / 2**32 < 1 - exp(-leaving * years),
        }
    return {event for event, happens in met.items() if happens}


def test_randomness_meets_hazards_fast_and_slow_alike():
    rng, n = np.random.default_rng(2), 1500
    quarter = quarter_of(crowd(n, 2))
    h = hazards()
    names = ["death", "birth", "marriage", "going_back", "hire", "separation", "leaving"]
    h = replace(h, **{x: rng.uniform(0, 2, getattr(h, x).shape) for x in names})
    h = replace(
        h, settling=np.array([1.0, 0, 0.5, 0]), resettling=np.array([0, 1.0, 0, 2.0]),
        by_duration=departure.duration_factors(PARAMETERS),
        by_village=departure.village_factor(quarter.population.away_share, PARAMETERS),
    )  # fmt: skip
    quarter.population.founders = 1100  # the others came later
    drawn_events = draw_events(quarter, h, 1, 64)
    drawn_events = replace(
        drawn_events, reconsidering=departure.reconsider(quarter, drawn_events, h)
    )
    fast = [set() for _ in range(n)]
    for event, rows in vars(drawn_events).items():
        for i in rows if event != "leaving" else ():
            fast[i].add(event)
    assert fast == [slow_events(quarter, h, i) for i in range(n)]


# Where to


def open_to(place, situation):
    chosen = np.flatnonzero(AROUND.open_to[place, situation])
    return {(int(AROUND.nest[j]), int(AROUND.mode[j])) for j in chosen}


def test_who_may_go_where_and_with_whom():
    alone = {(STAY, LONE), (OWN_TOWN, LONE), (NEARBY, LONE), (PROVINCE, LONE), (COUNTRY, LONE)}
    couple = alone | {(n, WHOLE) for n in (OWN_TOWN, NEARBY, PROVINCE, COUNTRY)}
    assert open_to(1, strata.DEPENDENT) == {(STAY, LONE)}
    assert open_to(1, strata.SINGLE) == open_to(1, strata.ALONE) == alone
    assert open_to(1, COUPLE) == open_to(1, PRESCHOOL) == couple
    assert open_to(1, PRIMARY_CHILD) == couple | {(OWN_TOWN, WITH_CHILD)}
    assert open_to(0, COUPLE) == couple - {(OWN_TOWN, WHOLE), (OWN_TOWN, LONE)}


def test_a_town_that_does_not_exist_is_no_alternative():
    counties = replace(two_counties(), nearby=np.array([[1], [-1]]))
    alternatives = Alternatives.around(counties)
    near = alternatives.nest == NEARBY
    assert not alternatives.open_to[2:][..., near].any()
    assert alternatives.open_to[:2][..., near].any()


def some_offers(rng) -> Offers:
    return Offers(
        income=rng.uniform(1e4, 5e4, (2, 2)), income_outside=rng.uniform(2e4, 6e4, 2),
        housing_cost=rng.uniform(0.5, 2, 2), housing_quality=rng.uniform(0, 0.1, 2),
        school_quality=rng.uniform(-1, 1, 4), seat_chance=rng.uniform(0, 1, (2, 2, 2)),
        health=rng.uniform(0, 1, 4), elder_care=rng.uniform(0, 1, 4),
        childcare=rng.uniform(0, 1, 4), amenity=rng.uniform(0, 1, 4),
        service_outside=rng.uniform(0, 1),
    )  # fmt: skip


def slow_utility(place, owner, age_class, situation, j, offers, constants, policy, p):
    """The value of one alternative to one kind of person, term by term."""
    county, rural = place // 2, place % 2 == 1
    nest, mode = AROUND.nest[j], AROUND.mode[j]
    if (nest, mode) not in open_to(place, situation):
        return -np.inf
    moves, inside = nest != STAY, nest <= NEARBY
    town = 1 - county if nest == NEARBY else county
    goal = 2 * town if moves else place
    km = {NEARBY: 50.0, PROVINCE: 150.0, COUNTRY: 600.0}.get(nest, 0.0)
    if inside:
        income = offers.income[town, 0 if moves else int(rural)]
        services = [x[goal] for x in (offers.health, offers.elder_care, offers.childcare)]
        amenity = offers.amenity[goal]
    else:
        income = offers.income_outside[nest - PROVINCE]
        services, amenity = [offers.service_outside] * 3, offers.service_outside
    v = p.beta_y * log(income) + constants[place, j] + p.beta_a * amenity
    v -= p.beta_d_over_beta_y * p.beta_y * log1p(km * (1 - policy.expressways[place]))
    if moves:
        v -= p.kappa * (1 - p.credit_relief * policy.credit[place])
        v += p.lone_far if mode == LONE and nest >= NEARBY else 0
        v += p.split_household if mode != WHOLE and situation >= COUPLE else 0
    if inside and (moves or not rural):
        v -= p.beta_r * log1p(offers.housing_quality[town])
    if inside and moves:
        v += p.beta_o if owner and nest == OWN_TOWN else p.beta_r * log(offers.housing_cost[town])
    if age_class == destination.OLDER:
        v += p.service_to_wage_ratio * p.beta_y * (services[0] + services[1])
    if situation == PRESCHOOL:
        v += p.service_to_wage_ratio * p.beta_y * services[2]
    if situation > PRESCHOOL and inside and moves and mode != LONE:
        kind = 0 if owner and nest == OWN_TOWN else 1
        stage = situation - PRIMARY_CHILD
        gain = offers.school_quality[2 * town] - offers.school_quality[place]
        v += p.beta_s * gain * offers.seat_chance[town, stage, kind]
    return v


@pytest.mark.parametrize("seed", range(3))
def test_utility_fast_and_slow_agree(seed):
    rng = np.random.default_rng(seed)
    offers, constants = some_offers(rng), rng.normal(0, 1, (4, len(AROUND.nest)))
    policy = levers(expressways=rng.uniform(0, 0.5, 4), credit=rng.uniform(0, 1, 4))
    p = replace(draw(3, 7)[seed], credit_relief=0.1)
    fast = destination.utility(AROUND, offers, constants, policy, p)
    slow = np.empty_like(fast)
    for kind in np.ndindex(fast.shape):
        slow[kind] = slow_utility(*map(int, kind), offers, constants, policy, p)
    np.testing.assert_allclose(fast, slow, rtol=1e-9, atol=1e-12)


def test_a_village_school_is_weighed_against_every_town_one_might_move_to():
    """The school that a child leaves is the one at home, not one in the other county's villages."""

    def pull(place, county):
        """What better village schools in `county` do to the pull of the other county's town."""
        quality = np.zeros(4)
        quality[2 * county + 1] = 1.0
        p, value = replace(PARAMETERS, beta_s=1.0), []
        for policy in (levers(), levers(school_quality=quality)):
            model = build_world(n=10)
            offers = model.offers(model.quarters[0], policy)
            value.append(destination.utility(AROUND, offers, NO_CONSTANTS, policy, p))
        here = (place, 0, 0, PRIMARY_CHILD, index(NEARBY, WHOLE))
        return value[1][here] - value[0][here]

    assert pull(place=1, county=0) < 0
    assert pull(place=1, county=1) == 0


def test_those_who_may_only_stay_stay_and_nothing_attracts_them():
    value = destination.utility(
        AROUND, some_offers(np.random.default_rng(3)), NO_CONSTANTS, levers(), PARAMETERS
    )
    chances, attraction = destination.choice(AROUND, value, PARAMETERS)
    assert (chances[..., strata.DEPENDENT, 0] == 1).all()
    np.testing.assert_allclose(attraction[..., strata.DEPENDENT], 0, atol=1e-12)
    assert (attraction > -1e-12).all()
    np.testing.assert_allclose(chances.sum(axis=-1), 1)


def test_the_own_town_has_a_nest_scale_of_its_own():
    p = replace(PARAMETERS, lambda_b=0.4, lambda_other=0.9)
    offers = some_offers(np.random.default_rng(5))
    value = destination.utility(AROUND, offers, NO_CONSTANTS, levers(), p)
    chances, attraction = destination.choice(AROUND, value, p)
    family = (1, 0, 0, PRIMARY_CHILD)
    slow, total = slow_nested_logit(value[family], AROUND.nest, [0.9, 0.4, 0.9, 0.9, 0.9])
    np.testing.assert_allclose(chances[family], slow)
    assert attraction[family] == pytest.approx(total - value[family][0])


def test_choices_follow_the_probabilities():
    n = 60_000
    quarter = quarter_of(persons(n, role=HEAD, child=Q - 32, age=40))
    share = np.array([0.3, 0.2, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05])
    chances = np.broadcast_to(share, (4, 2, 3, SITUATIONS, len(share)))
    parties = destination.choose(quarter, np.arange(n), chances)
    for nest in range(5):
        for mode in (WHOLE, LONE, WITH_CHILD):
            j = np.flatnonzero((AROUND.nest == nest) & (AROUND.mode == mode))
            town = {OWN_TOWN: 0, NEARBY: 1, PROVINCE: -1, COUNTRY: -1}.get(nest)
            if nest != STAY and len(j):
                far = {PROVINCE: UNITS, COUNTRY: UNITS + 1}.get(nest, -1)
                hits = (parties.mode == mode) & (parties.town == town) & (parties.unit == far)
                assert_share(hits.sum(), n, share[j].sum(), detect=0.015)
    assert parties.needs_dwelling.tolist() == (parties.town >= 0).tolist()


def test_the_base_period_is_reproduced_by_its_constants():
    """As many leave the villages a year as the censuses show, to each kind of destination."""
    gone, moves, back, followers = base_period()
    np.testing.assert_allclose(gone[:, 1], moves[:, 0] + back[:, 0] - followers, rtol=0.01)
    np.testing.assert_allclose(gone[:, 2:], moves[:, 1:] + back[:, 1:], rtol=0.01)


def test_who_leaves_for_college_is_not_sent_out_once_more(monkeypatch):
    """The constants send out those whom college leaves over, and all the others as before."""
    monkeypatch.setattr(BasePeriod, "students", lambda *_: np.full((4, 2), 3.0))
    gone, moves, back, _ = base_period(replace(PARAMETERS, town_leaving_ratio=0.0))
    rest = moves[:, 2:] ** 2 / (moves[:, 2:] + 3.0)
    assert (rest < moves[:, 2:]).all()
    np.testing.assert_allclose(gone[:, 3:], rest + back[:, 2:], rtol=0.01)
    np.testing.assert_allclose(gone[:, 2], moves[:, 1] + back[:, 1], rtol=0.01)


def base_period(p=PARAMETERS, effects=None):
    """Who leaves villages a year, by county and nest; net moves, returns and followers."""
    counties, people, units = two_counties(), families(60), villages()
    model = build_world(p=p)
    offers = model.offers(model.quarters[0], levers())
    followers = model.markets.followers(p)
    period = BasePeriod.of(Population(people, units), NOW)
    away, effects = period.away_share, np.zeros((2, 3)) if effects is None else effects
    fixed = period.solve(counties, offers, followers, effects, p)
    counties = base_flows(counties, period.residents[1::2], effects, p)
    value = destination.utility(AROUND, offers, fixed.constants, levers(), p)
    chances, attraction = destination.choice(AROUND, value, p)
    quarter = quarter_of(people, number=NOW)
    hazard = departure.leaving_hazard(attraction, np.zeros(4), np.ones(4), levers(), p)
    gone = np.zeros((2, 5))
    for i in np.flatnonzero(people.unit < UNITS):
        place, flat, band, situation = (int(x[0]) for x in quarter.stratum(np.array([i])))
        often = hazard[place, flat, band, situation]
        often *= exp(p.gamma_n * away[people.unit[i]])
        often *= departure.duration_factors(p)[min(NOW - int(people.moved_at[i]), 128)]
        for j, chance in enumerate(chances[place, flat, destination.AGE_CLASS[band], situation]):
            size = 2.8 if AROUND.mode[j] == WHOLE and situation >= COUPLE else 1
            size = 2.0 if AROUND.mode[j] == WITH_CHILD else size
            gone[place // 2, AROUND.nest[j]] += often * chance * size
    events = period.family_events(p)  # with their households
    for place, flat, band, situation in np.argwhere(events):
        stratum = place, flat, destination.AGE_CLASS[band], situation
        for j, chance in enumerate(chances[stratum]):
            size = {WHOLE: 2.8, LONE: 1.0, WITH_CHILD: 2.0}[AROUND.mode[j]]
            persons_gone = events[place, flat, band, situation] * chance * size
            gone[place // 2, AROUND.nest[j]] += persons_gone
    return gone, counties.moves, returning_slowly(people, quarter, p), followers


def returning_slowly(people, quarter, p):
    """Expected returns a year to the villages of each county, by where from, (county, 4)."""
    back, place = np.zeros((2, 4)), quarter.population.place.astype(int)
    for i in range(len(people)):
        now, home, role = (
            place[people.unit[i]],
            place[people.hukou[i]],
            strata.role_of(people.traits[i]),
        )
        if now == home or role == 0 or home % 2 == 0:
            continue
        age = AGES[quarter.stratum(np.array([i]))[2][0]]
        often = p.return_hazard * (p.return_after_50 if age >= 50 else 1)
        size = (quarter.population.people.unit[_ring(people, i)] == people.unit[i]).sum()
        origin = now - 2 if now >= 4 else int(now // 2 != home // 2)
        persons_back = size if role == HEAD else 1
        back[home // 2, origin] += often * persons_back * (1 - p.return_to_town)
    return back


def _ring(people, row):
    ring = [row]
    while people.next_member[ring[-1]] != row:
        ring.append(int(people.next_member[ring[-1]]))
    return np.array(ring)


def test_students_account_for_a_part_of_those_the_census_shows_leaving():
    shown = np.array([100.0, 100.0, 100.0, 0.0])
    entering = np.array([0.0, 10.0, 1000.0, 50.0])
    others = others_leaving(shown, entering)
    assert others[0] == 100
    assert others[1] == pytest.approx(90, abs=1.5)  # few students: what they leave over
    assert 0 < others[2] < 10  # more students than leavers: some others leave still
    assert others[3] == 0


def test_as_many_students_are_expected_as_leave():
    """Children of every age in the two villages of the first county."""
    age = np.arange(0, 72)
    people = persons(72, age=0, born=NOW - age, role=DEPENDENT, unit=IN_VILLAGE)
    p = replace(PARAMETERS, college_share=0.5, college_leaving=0.8, graduate_return=0.25)
    expected = BasePeriod.of(Population(people, villages()), NOW).students(p)
    a_year_old = 4  # born in each year
    assert expected.sum() == pytest.approx(a_year_old * 0.5 * 0.8 * 0.75)
    assert expected[:, 0] == pytest.approx(p.college_in_province * expected.sum(axis=1))
    assert np.flatnonzero(expected.sum(axis=1)).tolist() == [1]


# Flows: the base period as a draw has it, and as time goes on


@pytest.mark.parametrize("seed", range(3))
def test_the_constants_of_every_draw_bring_about_the_base_period(seed):
    """Whatever people want of a place, as many go as before; only the named factors change that."""
    p = draw(3, 11)[seed]
    effects = np.random.default_rng(seed).normal(size=(2, 3))
    gone, moves, back, followers = base_period(p, effects)
    np.testing.assert_allclose(gone[:, 1], moves[:, 0] + back[:, 0] - followers, rtol=0.01)
    np.testing.assert_allclose(gone[:, 3:], moves[:, 2:] + back[:, 2:], rtol=0.01)
    near = gone[:, 2].sum()  # of two counties, each of which can send to the other only
    assert near == pytest.approx((moves[:, 1] + back[:, 1]).sum(), rel=0.01)


def test_a_county_s_own_stock_counts_for_a_part_of_its_flow_to_town():
    counties, villagers, none = two_counties(), np.array([1000.0, 3000.0]), np.zeros((2, 3))
    moves = counties.moves.copy()
    moves[:, 0] = [70.0, 10.0]
    counties = replace(counties, moves=moves)
    p = replace(PARAMETERS, own_stock_weight=0.25)
    found = base_flows(counties, villagers, none, p)
    assert found.moves[:, 0].tolist() == [0.25 * 70 + 0.75 * 20, 0.25 * 10 + 0.75 * 60]
    assert (found.moves[:, 1:] == moves[:, 1:]).all()
    assert (found.arrivals == counties.arrivals).all()


def test_flows_are_scaled_by_their_named_factors_and_the_county_s_own():
    p = replace(
        PARAMETERS, own_town_flow=1.5, departure_flow=0.8, arrival_flow=2.0, flow_sd=0.1,
        own_stock_weight=1.0,
    )  # fmt: skip
    counties, effects = two_counties(), np.array([[1.0, -2.0, 0.5], [0.0, 0.0, 0.0]])
    found = base_flows(counties, np.ones(2), effects, p)
    own, leaving = found.moves[:, 0], found.moves[:, 1:]
    np.testing.assert_allclose(own / counties.moves[:, 0], [1.5 * exp(0.1), 1.5])
    np.testing.assert_allclose(leaving[0] / counties.moves[0, 1:], 0.8 * exp(-0.2))
    np.testing.assert_allclose(leaving[1] / counties.moves[1, 1:], 0.8)
    np.testing.assert_allclose(found.arrivals[0] / counties.arrivals[0], 2 * exp(0.05))


def test_moves_into_towns_can_be_scaled_and_no_others_change():
    """By a common factor; those to the own town by one of the county besides."""
    rng = np.random.default_rng(4)
    value = destination.utility(AROUND, some_offers(rng), NO_CONSTANTS, levers(), PARAMETERS)
    chances, attraction = destination.choice(AROUND, value, PARAMETERS)
    hazard = departure.leaving_hazard(attraction, np.zeros(4), np.ones(4), levers(), PARAMETERS)
    factor = AROUND.inflow(0.5, np.array([0.6, 5.0]))
    scaled, among = departure.scale_moves(hazard, chances, factor)
    assert scaled.shape == hazard.shape
    np.testing.assert_allclose(among.sum(axis=-1), 1)

    def rates(hazard, chances):
        """Moves a year to each alternative but staying."""
        by_band = chances[:, :, destination.AGE_CLASS]
        return (hazard[..., None] * by_band)[..., AROUND.nest != STAY]

    expected = np.empty((4, len(AROUND.nest)))
    for place, j in np.ndindex(expected.shape):
        own = 0.3 if place < 2 else 2.5
        expected[place, j] = {OWN_TOWN: own, NEARBY: 0.5}.get(AROUND.nest[j], 1.0)
    np.testing.assert_allclose(
        rates(scaled, among),
        rates(hazard, chances) * expected[:, None, None, None, AROUND.nest != STAY],
    )


def test_moves_follow_the_known_trend_then_its_last_years_and_drift_from_there():
    known, p = {2021: 0.9, 2022: 0.5, 2023: 0.6, 2024: 0.7}, replace(PARAMETERS, trend_sd=0.1)

    def trend(year, shocks=(), known=known):
        return relocation.trend(known, year, 2020, np.array(shocks), p)

    assert [trend(year) for year in (2020, 2021, 2024)] == [1.0, 0.9, 0.7]
    assert trend(2026, [0.0, 0.0]) == pytest.approx((0.5 + 0.6 + 0.7) / 3)
    assert trend(2026, [1.0, -3.0]) == pytest.approx(0.6 * exp(-0.2))
    assert trend(2021, [0.0], known={}) == 1.0


def test_the_own_town_is_no_goal_for_whoever_lives_in_it():
    value = destination.utility(
        AROUND, some_offers(np.random.default_rng(4)), NO_CONSTANTS, none(0), PARAMETERS
    )
    assert not np.isfinite(value[[0, 2]][..., AROUND.nest == OWN_TOWN]).any()
