"""Hukou and land, recoding and merger, and how statisticians count who lives where."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.priors import draw
from sim import accounts, kernel, land, measurement, reclassification
from sim.conditions import Conditions
from sim.state import Units
from tests.conftest import (
    DEAD,
    IN_TOWN,
    IN_VILLAGE,
    NOW,
    PARAMETERS,
    STILL,
    UNITS,
    assert_share,
    build_world,
    counted,
    families,
    levers,
    persons,
    quarter_of,
    register_of,
    run,
    turned,
    two_counties,
    villages,
)

Q = NOW + 1
FROZEN = Conditions(recoding_frozen=True)


# Hukou


@pytest.mark.parametrize(
    ("unit", "hukou", "granted"),
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
def test_townspeople_registered_elsewhere_are_granted_the_local_hukou(unit, hukou, granted):
    """Nobody is granted what they have, and another street of the same town is not elsewhere."""
    quarter = quarter_of(persons(3, unit=unit, hukou=hukou))
    quarter.settle(np.array([1]))
    expected = [hukou, unit if granted else hukou, hukou]
    assert quarter.register.people.hukou.tolist() == expected
    recount = np.bincount(quarter.register.people.hukou, minlength=UNITS + 3)
    assert (quarter.register.registered == recount).all()


def test_openness_is_a_yearly_hazard_on_top_of_the_trend():
    hazard = land.settling_hazard(levers(settlement_openness=np.array([0.2, 0, 0, 0])), PARAMETERS)
    trend = PARAMETERS.settling_hazard
    np.testing.assert_allclose(hazard, [trend + 0.2, trend, trend, trend])
    n = 60_000
    model = build_world(
        lambda quarter: levers(settlement_openness=0.4), p=STILL, arrivals=False,
        people=persons(n, unit=IN_TOWN, hukou=UNITS),
    )  # fmt: skip
    lived = run(model, 2).register.people
    years = sum(tick.years for tick in model.ticks[:2])
    living = lived.unit[:n] != UNITS + 2
    expected = 1 - np.exp(-(0.4 + trend) * years)
    assert_share((lived.hukou[:n][living] == IN_TOWN).sum(), living.sum(), expected, detect=0.02)


def test_settling_moves_nobody():
    model = build_world(lambda quarter: turned("settlement_openness"), p=STILL, arrivals=False)
    model.step()
    assert model.register.flows.moves.sum() == 0
    rate = [row["hukou_urbanization_rate"] for row in model.record]
    assert (rate[1] > rate[0]).all()


def test_safer_land_rights_add_the_points_that_the_studies_report():
    """One more in a hundred gone after five years, for whoever would else have stayed."""
    p = replace(PARAMETERS, land_hukou_decoupling=1.0, hukou_reform_effect=2.0)
    rights = land.leaving_hazard(levers(land_rights=np.array([0, 1, 0, 0.5])), p)
    np.testing.assert_allclose(1 - np.exp(-5 * rights[[0, 1]]), [0, 0.01])
    np.testing.assert_allclose(rights[3], rights[1] / 2)
    access = land.leaving_hazard(levers(hukou_access=np.array([0, 1, 0, 0])), p)
    np.testing.assert_allclose(1 - np.exp(-5 * access[[0, 1]]), [0, 0.02])


def test_whoever_is_moved_into_a_project_flat_keeps_the_village_hukou():
    """A project moves households; the local hukou is granted at a rate of its own."""
    p = replace(STILL, settling_hazard=0.0)
    people = persons(400, hukou=IN_VILLAGE)
    model = build_world(lambda quarter: levers(resettlement=1e6), p=p, people=people)
    model.step()
    moved = model.register.place[model.register.people.unit[:400]] == 0
    assert moved.sum() > 300
    assert (model.register.people.hukou[:400] == IN_VILLAGE).all()


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
    assert model.register.units.urban.tolist() == units.urban.tolist()
    assert all((growth.recoding == 0).all() for growth in model.growth)


def test_a_country_without_villages_has_nothing_to_recode():
    units = villages()
    units.urban[:] = True
    hazard = reclassification.recoding_hazard(units, levers(recoding=1.0), Conditions(), PARAMETERS)
    assert (hazard == 0).all()


def test_recoding_is_a_yearly_hazard():
    hazard, n = np.full(20_000, 0.4), 20_000
    struck = reclassification.struck(hazard, np.random.default_rng(9).random(n), 0.25)
    assert_share(len(struck), n, 1 - np.exp(-0.1), detect=0.02)
    assert len(reclassification.struck(np.zeros(3), np.zeros(3), 1.0)) == 0


def test_a_village_becomes_urban_around_people_who_never_move():
    """They count as urban at once, they are registered in town, and none of it is migration."""
    still = replace(STILL, merge_hazard=0.0, settling_hazard=0.0)
    model = build_world(lambda quarter: levers(recoding=1e9), p=still, arrivals=False)
    before = model.record[0]
    address = model.register.people.unit.copy()
    model.step()
    alive = model.register.people.unit[: len(address)] != UNITS + 2
    assert (model.register.people.unit[: len(address)] == address)[alive].all()
    assert model.record[-1]["resident_urbanization_rate"].tolist() == [100, 100]
    assert model.record[-1]["hukou_urbanization_rate"].tolist() == [100, 100]
    assert before["resident_urbanization_rate"].tolist() == [50, 50]
    growth = model.growth[0]
    assert (growth.migration == 0).all()
    deaths = model.register.flows.deaths[[1, 3]].sum(axis=1)
    births = model.register.flows.births[[1, 3]].sum(axis=1)
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
    address, urban = model.register.people.unit.copy(), model.register.units.urban.copy()
    run(model, 6)
    left = model.record[-1]["village_units"]
    assert (left < 8).all()
    alive = model.register.people.unit[: len(address)] != UNITS + 2
    assert (model.register.people.unit[: len(address)] == address)[alive].all()
    assert (model.register.units.urban == urban).all()
    assert all((g.recoding == 0).all() and (g.migration == 0).all() for g in model.growth)


def test_a_closed_school_stays_closed_and_only_villages_lose_one():
    quarter = quarter_of(persons(3))
    closing = levers(school_closure=np.array([0, 1e9, 0, 0]))
    quarter.reclassify(closing, Conditions())
    assert np.flatnonzero(quarter.register.closed).tolist() == [4, 5, 6, 7]
    quarter.reclassify(levers(), Conditions())
    assert np.flatnonzero(quarter.register.closed).tolist() == [4, 5, 6, 7]


# Who is counted where


def where_counted(register, quarter):
    now = np.bincount(register.place[register.people.unit], minlength=7)
    return (now + register.half_year_correction(quarter))[:DEAD].tolist()


@pytest.mark.parametrize(("quarters", "place"), [(0, 1), (1, 1), (2, 0), (9, 0)])
def test_a_newcomer_counts_after_half_a_year(quarters, place):
    register = register_of(persons(1))
    register.move(np.array([0]), np.array([kernel.LONE]), np.array([IN_TOWN]), Q)
    for _ in range(quarters):
        register.open_quarter()
    assert where_counted(register, Q + quarters)[place] == 1
    late = measurement.not_yet_counted(register.people.since, Q + quarters)
    assert bool(late[0]) == (place == 1)


def test_who_moves_twice_within_half_a_year_counts_where_they_last_lived_so_long():
    register = register_of(persons(1))
    seen = []
    for when, goal in ((Q, IN_TOWN), (Q + 1, IN_TOWN + 8), (Q + 2, None), (Q + 3, None)):
        register.open_quarter()
        if goal is not None:
            register.move(np.array([0]), np.array([kernel.LONE]), np.array([goal]), when)
        seen.append(where_counted(register, when).index(1))
    assert seen == [1, 1, 1, 2]


class Life:
    """Where a person lived since when, told slowly."""

    def __init__(self, unit, moves=()):
        self.stays, self.dead = [(-999, unit), *moves], False

    def counts_in(self, now):
        """The last place where they had lived for two quarters before they left it, or till now."""
        ends = [start for start, _ in self.stays[1:]] + [now]
        long = [u for (start, u), end in zip(self.stays, ends, strict=True) if end - start >= 2]
        return long[-1]


events = st.tuples(
    st.integers(0, 5), st.sampled_from(["move", "move", "bear", "die"]), st.integers(0, 17)
)


@given(st.lists(st.lists(events, max_size=5), min_size=5, max_size=5))
def test_the_half_year_rule_fast_and_slow_agree(story):
    """Six women, five quarters: they move about, bear children and die."""
    n = 6
    register, lives = register_of(persons(n, sex=1, role=3)), [Life(IN_VILLAGE) for _ in range(n)]
    for when, happenings in enumerate(story, start=Q):
        register.open_quarter()
        once = {who: (what, unit) for who, what, unit in happenings if not lives[who].dead}
        dying = [who for who, (what, _) in once.items() if what == "die"]
        register.bury(np.array(dying, np.int64), NOW)
        for who in dying:
            lives[who].dead = True
        bearing = [who for who, (what, _) in once.items() if what == "bear"]
        bearing = [w for w in bearing if lives[w].stays[-1][1] < UNITS]
        register.bear(np.array(bearing, np.int64), np.zeros(len(bearing), bool), when)
        for who in bearing:
            lives.append(Life(IN_VILLAGE, lives[who].stays[1:]))
        moving = [(w, unit) for w, (what, unit) in once.items() if what == "move"]
        moving = [(w, unit) for w, unit in moving if lives[w].stays[-1][1] != unit]
        who, goal = np.array(moving, np.int64).reshape(-1, 2).T
        register.move(who, np.full(len(who), kernel.LONE), goal, when)
        for w, unit in moving:
            lives[w].stays.append((when, unit))
        slow = [0] * DEAD
        for life in lives:
            if not life.dead:
                slow[int(register.place[life.counts_in(when)])] += 1
        assert where_counted(register, when) == slow


def test_at_the_start_the_half_year_rule_gives_the_census():
    """Whoever moved in the half year before still counts where the census found them."""
    model = build_world()
    assert model.record[0]["resident_urbanization_rate"].tolist() == [50, 50]
    assert model.record[0]["residents"].tolist() == [2304, 2304]
    assert (model.record[0]["present_urban_share"] > 50).all()


def test_the_published_series_strays_until_the_next_census():
    p = replace(PARAMETERS, benchmark_drift=-0.1)
    drift = [measurement.drift(year, p) for year in (2020, 2021, 2024, 2025)]
    np.testing.assert_allclose(drift, [0, -0.1, -0.4, 0])


def test_published_rates_have_an_error_and_two_decimals():
    """The median world has none; a draw has one of its own, and the truth stays what it is."""
    told = {}
    for number in (0, 1, 2):
        model = build_world(p=replace(STILL, omega_sd=0, tau_sd=0), draw=number)
        told[number] = model.step() or model.record[-1]
    published = [told[i]["published_resident_urbanization_rate"] for i in range(3)]
    true = [told[i]["resident_urbanization_rate"] for i in range(3)]
    assert true[0].tolist() == true[1].tolist() == true[2].tolist()
    assert published[0].tolist() == np.round(true[0], 2).tolist()  # drift is 0 in 2020
    assert published[1].tolist() != published[2].tolist()
    assert (abs(published[1] - true[1]) < 5 * PARAMETERS.obs_error_sd).all()


def test_every_county_and_year_has_an_error_of_its_own(monkeypatch):
    """Neighbours in the list of codes, 101 and 102, do not hand theirs on from year to year."""
    told = {}

    def noted(standard, *rest):
        told.update({(county, when[0]): x for county, x in enumerate(standard.tolist())})
        return 0 * standard

    when = [2020]
    monkeypatch.setattr(measurement, "error", noted)
    model = build_world(n=5, draw=1)
    while model.running:
        when[0] = model.ticks[model.quarter].ends.year
        model.step()
    assert len(told) == 2 * 4
    assert len(set(told.values())) == len(told)


def test_errors_of_counties_cancel_in_their_total():
    rng = np.random.default_rng(6)
    people = rng.integers(1, 900, 7).astype(float)
    error = measurement.error(rng.normal(0, 1, 7), people, PARAMETERS)
    assert (error * people).sum() == pytest.approx(0, abs=1e-9)
    assert error.std() > 0


def test_a_county_can_lose_urban_residents():
    """Huimin did, 2010 to 2020: when its jobs are poor, people leave its town for better ones."""
    p = replace(PARAMETERS, alpha_single=-1.5, alpha_family=-1.5, gamma_a=0.8)

    poor = two_counties()
    poor = replace(
        poor, wage=np.array([48e3, 9e3]), home_income=np.array([[12e3, 16e3], [4e3, 16e3]])
    )
    model = run(build_world(p=p, counties=poor, arrivals=False, conditions=FROZEN))
    urban = np.array([row["urban_residents"] for row in model.record])
    assert urban[-1, 1] < urban[0, 1]
    assert urban[-1, 0] > urban[0, 0]


def test_the_natural_increase_of_villages_is_no_growth_of_towns():
    flows = accounts.Flows.none(7)
    flows.births[1] = 5
    growth = accounts.growth(flows, 2)
    assert growth.natural.tolist() == [0, 0]
    assert growth.residents.tolist() == [10, 0]


def test_draws_of_the_priors_leave_no_hazard_of_recoding_negative():
    for p in draw(20, 3):
        hazard = reclassification.recoding_hazard(villages(), levers(), Conditions(), p)
        assert (hazard >= 0).all()
        assert hazard[~villages().urban].mean() == pytest.approx(p.recode_hazard)


def test_every_year_has_its_spring_and_people_away_are_counted_then():
    """Villages learn in the first quarter who is away; until next spring they go by that."""
    model = build_world(until=date(2022, 6, 30))
    away = []
    while model.running:
        model.step()
        away.append(model.register.away.sum())
    assert away[1] == away[2] == away[3] == away[4] != away[5]
    assert away[0] != away[1]
    assert counted(model.decisions(model.ticks[-1])).by_sex.sum() > 0
