"""From a scenario to levers, quarter by quarter and place by place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plans import (
    ALL,
    BINZHOU,
    DEADLINE,
    LAST,
    PLAN,
    URBAN,
    County,
    Region,
    levers_of,
    only,
    plan_with,
)
from xiancheng.calibration.errors import ScenarioError
from xiancheng.calibration.priors import override
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.policy import DOSE_LEVERS, compile_policy
from xiancheng.sim.levers import LEVERS
from xiancheng.sim.state import quarter_of

# From a scenario to levers


@pytest.mark.parametrize("measure", PLAN.measures)
def test_a_measure_at_intensity_0_leaves_no_trace(measure):
    whole = {number: {} for number in PLAN.measures if number != measure}
    without = levers_of({"name": "without", "title": "without", "measures": whole})
    assert levers_of(plan_with(**{measure: {"intensity": 0}})) == without
    assert levers_of(plan_with(**{measure: "off"})) == without


@pytest.mark.parametrize("measure", PLAN.measures)
def test_a_measure_that_starts_after_the_horizon_leaves_no_trace(measure):
    until = range(480, DEADLINE + 1)
    late = levers_of(plan_with(**{measure: {"delay": "8 quarters"}}), quarters=until)
    assert late == levers_of(plan_with(**{measure: "off"}), quarters=until)


@pytest.mark.parametrize("measure", PLAN.measures)
def test_a_measure_alone_moves_the_levers_it_names(measure):
    policy = compile_policy(resolve(only(measure)), BINZHOU)
    moved = {name for name in LEVERS for q in range(496, LAST) if getattr(policy(q), name).any()}
    named = {
        dose.lever
        for _, clause, dose in PLAN.measures[measure].doses()
        if PLAN.clauses[clause].full(dose) > 0
    }
    assert moved == named | {"workload"}


@pytest.mark.parametrize("name", PLAN.scenario_files())
def test_nothing_acts_before_the_plan_was_issued(name):
    policy = compile_policy(resolve(name), BINZHOU)
    for quarter in (440, 483, quarter_of(2023, 4)):
        assert not any(getattr(policy(quarter), lever).any() for lever in LEVERS)


def test_the_whole_plan_asks_what_it_says_and_then_stands_still():
    policy = compile_policy(resolve("plan"), BINZHOU)
    done = policy(LAST)
    assert done.rural_posts.sum() == pytest.approx(0.4 * 70_000)
    assert done.urban_posts.sum() == pytest.approx(0.1 * 70_000)
    assert done.school_seats.sum() == pytest.approx(80 * 150)
    assert done.tradable_jobs.sum() == pytest.approx(78_000)
    assert done.workload == pytest.approx(1)
    assert policy(LAST + 40) is policy(LAST)
    assert policy.capped == ()
    assert policy(DEADLINE).training.sum() == pytest.approx(0.33 * 30_000)
    assert not done.training.any()  # the training is over when its person-times are


def test_levers_are_read_only_and_where_they_are_read():
    settings = compile_policy(resolve("plan"), BINZHOU)(DEADLINE)
    for name, lever in LEVERS.items():
        values = getattr(settings, name)
        assert values.shape == (14,)
        assert not values.flags.writeable
        assert (values >= 0).all()
        assert lever.where != "urban" or not values[1::2].any()
        assert lever.where != "rural" or not values[0::2].any()


@given(st.floats(0, 2))
def test_intensity_multiplies(intensity):
    some = compile_policy(resolve(only("M05", intensity=intensity)), BINZHOU)(DEADLINE)
    full = compile_policy(resolve(only("M05")), BINZHOU)(DEADLINE)
    for name in LEVERS:
        np.testing.assert_allclose(getattr(some, name), intensity * getattr(full, name))


@pytest.mark.parametrize("quarters", [0, 3, 11])
def test_delay_shifts(quarters):
    late = compile_policy(resolve(plan_with(all={"delay": f"{quarters} quarters"})), BINZHOU)
    prompt = compile_policy(resolve("plan"), BINZHOU)
    for quarter in range(496, 540):
        for name in LEVERS:
            shifted = getattr(prompt(quarter - quarters), name)
            np.testing.assert_array_equal(getattr(late(quarter), name), shifted)


def test_levers_add_up_over_measures():
    whole = compile_policy(resolve("plan"), BINZHOU)(DEADLINE)
    alone = [compile_policy(resolve(only(number)), BINZHOU)(DEADLINE) for number in PLAN.measures]
    for name in LEVERS:
        total = sum(getattr(each, name) for each in alone)
        np.testing.assert_allclose(getattr(whole, name), total, rtol=1e-12)


def test_a_county_follows_its_own_intensity():
    setting = {"intensity": 0.5, "counties": {"惠民县": 1.0}}
    some = compile_policy(resolve(only("M08", **setting)), BINZHOU)(LAST).renovated_dwellings
    full = compile_policy(resolve(only("M08")), BINZHOU)(LAST).renovated_dwellings
    np.testing.assert_allclose(some[::2] / full[::2], [0.5, 0.5, 1, 0.5, 0.5, 0.5, 0.5])
    in_english = only("M08", intensity=0.5, counties={"Huimin": 1.0})
    assert levers_of(in_english) == levers_of(only("M08", **setting))


def test_a_measure_can_be_carried_out_in_spells():
    spells = [{"from": "2024Q3", "until": "2024Q4", "intensity": 0.5}]
    policy = compile_policy(resolve(only("M06", phases=spells)), BINZHOU)
    active = [q for q in range(490, 520) if policy(q).expressways.any()]
    assert active == [quarter_of(2024, 3), quarter_of(2024, 4)]


def test_city_totals_are_shared_out_by_a_rule_that_can_be_changed():
    by_rural = compile_policy(resolve(only("M05")), BINZHOU)(LAST).rural_posts[1::2]
    np.testing.assert_allclose(by_rural / by_rural.sum(), (ALL - URBAN) / (ALL - URBAN).sum())
    equal = compile_policy(resolve(only("M05", allocation="equal per county")), BINZHOU)(LAST)
    np.testing.assert_allclose(equal.rural_posts[1::2], 28_000 / 7)


def test_a_dose_can_be_drawn_from_its_range():
    drawn = only("M22") | {"doses": {"M22-a/school_seats/urban": 30_000}}
    assert compile_policy(resolve(drawn), BINZHOU)(LAST).school_seats.sum() == pytest.approx(30_000)


@pytest.mark.parametrize(
    ("place", "seats"), [(-1.0, 0), (-0.5, 6_000), (0.5, 22_000), (1.0, 32_000)]
)
def test_a_parameter_places_assumed_doses_in_their_range(place, seats):
    """That of schools moves schools and nothing else; those that are off stay off."""
    usual = compile_policy(resolve("plan"), BINZHOU)(DEADLINE)
    moved = override({"dose_schools": place})
    policy = compile_policy(resolve("plan"), BINZHOU, moved)
    assert policy(LAST).school_seats.sum() == pytest.approx(seats)
    for name in LEVERS.keys() - {*DOSE_LEVERS["dose_schools"]}:
        assert getattr(policy(DEADLINE), name).tolist() == getattr(usual, name).tolist()
    jobs = compile_policy(resolve("plan"), BINZHOU, override({"dose_jobs": 1.0}))(LAST)
    assert jobs.tradable_jobs.sum() == pytest.approx(139_000)
    assert not jobs.returnee_jobs.any()


def test_a_dose_that_a_scenario_sets_is_not_uncertain():
    drawn = resolve(only("M22") | {"doses": {"M22-a/school_seats/urban": 30_000}})
    settings = compile_policy(drawn, BINZHOU, override({"dose_schools": 1.0}))(LAST)
    assert settings.school_seats.sum() == pytest.approx(30_000)
    assert settings.school_quality[1::2] == pytest.approx(0.24)


def test_named_counties_get_what_is_theirs():
    hospital = compile_policy(resolve("plan"), BINZHOU)(LAST).hospital
    np.testing.assert_allclose(hospital[::2], [0, 0, 0.3, 0.3, 0.3, 0.3, 0.3])


def test_a_lever_stops_at_its_bound_and_says_so():
    doses = {"M12-a/enrolment_openness/urban": 0.9}
    policy = compile_policy(resolve(only("M12", intensity=2) | {"doses": doses}), BINZHOU)
    assert policy(LAST).enrolment_openness[0] == LEVERS["enrolment_openness"].high
    assert policy.capped == ("enrolment_openness",)


def test_another_region_gets_the_plan_to_its_scale():
    half = Region(tuple(County(f"99{i:04}", "县") for i in range(7)), BINZHOU.residents / 2)
    here, there = (compile_policy(resolve(only("M05")), region)(LAST) for region in (BINZHOU, half))
    share = BINZHOU.residents.sum() / 2 / PLAN.about.residents.value
    np.testing.assert_allclose(there.rural_posts, here.rural_posts * share)
    with pytest.raises(ScenarioError, match="371621"):
        compile_policy(resolve(only("M08", counties={"惠民县": 1.0})), half)
