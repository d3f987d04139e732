"""Hukou and land, recoding and merger of villages."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import (
    IN_TOWN,
    IN_VILLAGE,
    NOW,
    PARAMETERS,
    STILL,
    UNITS,
    assert_share,
    build_world,
    families,
    levers,
    persons,
    quarter_of,
    run,
    turned,
    villages,
)
from xiancheng.calibration.priors import draw
from xiancheng.sim import hukou, reclassification
from xiancheng.sim.conditions import Conditions
from xiancheng.sim.state import Units

Q = NOW + 1
FROZEN = Conditions(recoding_frozen=True)


# Hukou


@pytest.mark.parametrize(
    ("unit", "registered", "granted"),
    [
        (IN_TOWN, IN_VILLAGE, True),
        (IN_TOWN, UNITS, True),
        (IN_TOWN, IN_TOWN + 8, True),
        (IN_TOWN, IN_TOWN + 1, False),
        (IN_TOWN, IN_TOWN, False),
        (IN_VILLAGE, IN_VILLAGE + 8, False),
        (UNITS, IN_VILLAGE, False),
    ],
)
def test_townspeople_registered_elsewhere_are_granted_the_local_hukou(unit, registered, granted):
    """Nobody is granted what they have, and another street of the same town is not elsewhere."""
    quarter = quarter_of(persons(3, unit=unit, hukou=registered))
    hukou.settle(quarter, np.array([1]))
    expected = [registered, unit if granted else registered, registered]
    assert quarter.population.people.hukou.tolist() == expected
    recount = np.bincount(quarter.population.people.hukou, minlength=UNITS + 3)
    assert (quarter.population.registered == recount).all()


def test_openness_is_a_yearly_hazard_on_top_of_the_trend():
    hazard = hukou.settling_hazard(levers(settlement_openness=np.array([0.2, 0, 0, 0])), PARAMETERS)
    trend = PARAMETERS.settling_hazard
    np.testing.assert_allclose(hazard, [trend + 0.2, trend, trend, trend])
    n = 60_000
    model = build_world(
        lambda quarter: levers(settlement_openness=0.4), p=STILL, arrivals=False,
        people=persons(n, unit=IN_TOWN, hukou=UNITS),
    )  # fmt: skip
    lived = run(model, 2).population.people
    years = sum(tick.years for tick in model.quarters[:2])
    living = lived.unit[:n] != UNITS + 2
    expected = 1 - np.exp(-(0.4 + trend) * years)
    assert_share((lived.hukou[:n][living] == IN_TOWN).sum(), living.sum(), expected, detect=0.02)


def test_settling_moves_nobody():
    model = build_world(lambda quarter: turned("settlement_openness"), p=STILL, arrivals=False)
    model.step()
    assert model.population.flows.moves.sum() == 0
    rate = [row["hukou_urbanization_rate"] for row in model.record]
    assert (rate[1] > rate[0]).all()


def test_safer_land_rights_add_the_points_that_the_studies_report():
    """One more in a hundred gone after five years, for whoever would else have stayed."""
    p = replace(PARAMETERS, land_hukou_decoupling=1.0, hukou_reform_effect=2.0)
    rights = hukou.leaving_hazard(levers(land_rights=np.array([0, 1, 0, 0.5])), p)
    np.testing.assert_allclose(1 - np.exp(-5 * rights[[0, 1]]), [0, 0.01])
    np.testing.assert_allclose(rights[3], rights[1] / 2)
    access = hukou.leaving_hazard(levers(hukou_access=np.array([0, 1, 0, 0])), p)
    np.testing.assert_allclose(1 - np.exp(-5 * access[[0, 1]]), [0, 0.02])


def test_whoever_is_moved_into_a_project_flat_keeps_the_village_hukou():
    """A project moves households; the local hukou is granted at a rate of its own."""
    p = replace(STILL, settling_hazard=0.0)
    people = persons(400, hukou=IN_VILLAGE)
    model = build_world(lambda quarter: levers(resettlement=1e6), p=p, people=people)
    model.step()
    moved = model.population.place[model.population.people.unit[:400]] == 0
    assert moved.sum() > 300
    assert (model.population.people.hukou[:400] == IN_VILLAGE).all()


# Recoding


def test_towns_grow_over_the_villages_next_to_them_first():
    """And over all rural villages together at the rate of the province."""
    units, p = villages(), replace(PARAMETERS, recode_hazard=0.004, recode_contiguity_ratio=5.0)
    hazard = reclassification.recoding_hazard(units, levers(), Conditions(), p)
    assert (hazard[units.urban] == 0).all()
    assert hazard[~units.urban].mean() == pytest.approx(0.004)
    near, far = hazard[units.contiguous], hazard[~units.urban & ~units.contiguous]
    np.testing.assert_allclose(near / far, 5)


def test_a_plan_can_recode_the_villages_of_one_county_on_top():
    units = villages()
    trend = reclassification.recoding_hazard(units, levers(), Conditions(), PARAMETERS)
    plan = levers(recoding=np.array([9, 0.3, 9, 0]))
    more = reclassification.recoding_hazard(units, plan, Conditions(), PARAMETERS) - trend
    np.testing.assert_allclose(more[4:8], 0.3)
    assert (more[:4] == 0).all()
    assert (more[8:] == 0).all()


def test_frozen_boundaries_stop_recoding_of_every_kind():
    units = villages()
    hazard = reclassification.recoding_hazard(units, levers(recoding=1.0), FROZEN, PARAMETERS)
    assert (hazard == 0).all()
    model = build_world(
        lambda quarter: turned("recoding"), p=replace(PARAMETERS, recode_hazard=9.0),
        conditions=FROZEN,
    )  # fmt: skip
    run(model, 4)
    assert model.population.units.urban.tolist() == units.urban.tolist()
    assert all((growth.recoding == 0).all() for growth in model.growth)


def test_a_country_without_villages_has_nothing_to_recode():
    units = villages()
    units.urban[:] = True
    hazard = reclassification.recoding_hazard(units, levers(recoding=1.0), Conditions(), PARAMETERS)
    assert (hazard == 0).all()


def test_recoding_is_a_yearly_hazard():
    hazard, n = np.full(20_000, 0.4), 20_000
    struck = reclassification.drawn(hazard, np.random.default_rng(9).random(n), 0.25)
    assert_share(len(struck), n, 1 - np.exp(-0.1), detect=0.02)
    assert len(reclassification.drawn(np.zeros(3), np.zeros(3), 1.0)) == 0


def test_a_village_becomes_urban_around_people_who_never_move():
    """They count as urban at once, they are registered in town, and none of it is migration."""
    still = replace(STILL, merge_hazard=0.0, settling_hazard=0.0)
    model = build_world(lambda quarter: levers(recoding=1e9), p=still, arrivals=False)
    before = model.record[0]
    address = model.population.people.unit.copy()
    model.step()
    alive = model.population.people.unit[: len(address)] != UNITS + 2
    assert (model.population.people.unit[: len(address)] == address)[alive].all()
    assert model.record[-1]["resident_urbanization_rate"].tolist() == [100, 100]
    assert model.record[-1]["hukou_urbanization_rate"].tolist() == [100, 100]
    assert before["resident_urbanization_rate"].tolist() == [50, 50]
    growth = model.growth[0]
    assert (growth.migration == 0).all()
    deaths = model.population.flows.deaths[[1, 3]].sum(axis=1)
    births = model.population.flows.births[[1, 3]].sum(axis=1)
    assert (growth.recoding == before["rural_residents"] - deaths + births).all()


def test_the_unit_a_village_was_merged_into_is_recoded_with_it():
    units = villages()
    units.merged_into[5] = 4
    assert np.flatnonzero(reclassification.recoded(units, np.array([5]))).tolist() == [4, 5]
    assert np.flatnonzero(reclassification.recoded(units, np.array([4]))).tolist() == [4, 5]
    assert np.flatnonzero(reclassification.recoded(units, np.array([6]))).tolist() == [6]


def test_a_recoded_village_brings_its_houses_along():
    """Its people live where they lived: they take no dwelling from newcomers to the town."""
    p = replace(STILL, merge_hazard=0.0, housing_depreciation=0.0, dwelling_growth=0.0)
    rooms = {}
    for recoding in (0.0, 1e9):
        model = run(build_world(lambda q, r=recoding: levers(recoding=r), p=p, arrivals=False), 4)
        rooms[recoding] = model.markets.rooms(model.counts)
    assert (rooms[1e9] >= rooms[0.0] - 50).all()


def test_a_recoded_village_brings_its_school_along():
    """Its children take no seat from those of the town, and none of them is turned away."""
    people, queue = families(60), {}
    people.born[3::5] += 10  # sons who turn six before the next school year
    for recoding in (0.0, 1e9):
        policy = lambda q, r=recoding: levers(recoding=r)  # noqa: E731
        queue[recoding] = run(build_world(policy, p=STILL, people=people), 4).markets.queue.sum()
    assert queue[1e9] == queue[0.0] == 0


def test_draws_of_the_priors_leave_no_hazard_of_recoding_negative():
    for p in draw(20, 3):
        hazard = reclassification.recoding_hazard(villages(), levers(), Conditions(), p)
        assert (hazard >= 0).all()
        assert hazard[~villages().urban].mean() == pytest.approx(p.recode_hazard)


# Merger


def test_villages_merge_at_their_hazard_and_towns_do_not():
    units = villages()
    units.merged_into[5] = 4
    hazard = reclassification.merging_hazard(
        units, levers(merging=np.array([9, 0.1, 9, 0])), PARAMETERS
    )
    p = PARAMETERS.merge_hazard
    np.testing.assert_allclose(hazard[[4, 5, 6, 7]], [p + 0.1, 0, p + 0.1, p + 0.1])
    np.testing.assert_allclose(hazard[12:], p)
    assert (hazard[units.urban] == 0).all()


def slow_merger(units, chosen):
    """Villages join one after the other the first other rural village of their township."""
    group = {i: {i} for i in range(len(units))}
    for i, host in enumerate(units.merged_into):
        if host != i:
            group[int(host)] |= {i}
            group.pop(i)
    for village in chosen:
        own = next(h for h, members in group.items() if village in members)
        for other in range(len(units)):
            near = units.township[other] == units.township[village]
            near = near and units.county[other] == units.county[village] and not units.urban[other]
            if near and other not in group[own]:
                host = next(h for h, members in group.items() if other in members)
                group[host] |= group.pop(own)
                break
    return [next(h for h, members in group.items() if i in members) for i in range(len(units))]


@given(
    st.lists(st.booleans(), min_size=10, max_size=10),
    st.lists(st.integers(0, 1), min_size=10, max_size=10),
    st.lists(st.integers(0, 9), unique=True),
    st.lists(st.integers(0, 9), unique=True),
)
def test_merging_fast_and_slow_agree(urban, township, first, then):
    """Within a township of one county, among villages only; and a second time with the outcome."""
    county, none = np.repeat([0, 1], 5).astype(np.int16), np.zeros(10, bool)
    units = Units(county, np.array(township, np.int16), np.array(urban), none, np.arange(10))
    first, then = ([i for i in chosen if not urban[i]] for chosen in (first, then))
    slow = slow_merger(units, first)
    assert reclassification.merged(units, np.array(first, np.int64)).tolist() == slow
    units.merged_into[:] = slow
    then = [i for i in then if slow[i] == i]
    fast = reclassification.merged(units, np.array(then, np.int64))
    assert fast.tolist() == slow_merger(units, then)
    joined = np.flatnonzero(fast != np.arange(10))
    assert (units.county[joined] == units.county[fast[joined]]).all()
    assert not units.urban[joined].any()
    assert (fast[fast] == fast).all()


def test_merger_moves_nobody_and_recodes_nobody():
    model = build_world(lambda quarter: turned("merging"), p=STILL, arrivals=False)
    address, urban = model.population.people.unit.copy(), model.population.units.urban.copy()
    run(model, 6)
    left = model.record[-1]["village_units"]
    assert (left < 8).all()
    alive = model.population.people.unit[: len(address)] != UNITS + 2
    assert (model.population.people.unit[: len(address)] == address)[alive].all()
    assert (model.population.units.urban == urban).all()
    assert all((g.recoding == 0).all() and (g.migration == 0).all() for g in model.growth)


def test_a_closed_school_stays_closed_and_only_villages_lose_one():
    quarter = quarter_of(persons(3))
    closing = levers(school_closure=np.array([0, 1e9, 0, 0]))
    reclassification.reclassify(quarter, closing, Conditions())
    assert np.flatnonzero(quarter.population.school_closed).tolist() == [4, 5, 6, 7]
    reclassification.reclassify(quarter, levers(), Conditions())
    assert np.flatnonzero(quarter.population.school_closed).tolist() == [4, 5, 6, 7]
