"""What a quarter may and may not do, whatever the parameters, the levers and the random numbers."""

import pickle
from dataclasses import fields, replace
from datetime import date
from inspect import signature

import mesa
import numpy as np
import pytest

from tests.conftest import (
    NOW,
    PARAMETERS,
    STILL,
    UNITS,
    assert_share,
    build_world,
    families,
    homes_of,
    levers,
    none,
    persons,
    run,
    turned,
    two_counties,
    villages,
)
from xiancheng.calibration.priors import draw
from xiancheng.sim import labour, strata
from xiancheng.sim.accounts import rate_change
from xiancheng.sim.conditions import CONDITIONS, Conditions
from xiancheng.sim.events import draw_events
from xiancheng.sim.governments import CountyGovernment
from xiancheng.sim.indicators import INDICATORS
from xiancheng.sim.levers import LEVERS, Levers
from xiancheng.sim.markets import employed
from xiancheng.sim.model import UrbanModel
from xiancheng.sim.randomness import addresses
from xiancheng.sim.state import (
    ALONE,
    COLLEGE,
    COLUMNS,
    DEPENDENT,
    FARM,
    HEAD,
    NEVER,
    SINGLE,
    People,
)
from xiancheng.sim.strata import age_band

# Random numbers


def history(model):
    return [{name: value.tolist() for name, value in row.items()} for row in model.record]


def columns(model):
    return {name: getattr(model.population.people, name).tobytes() for name in COLUMNS}


def busy(quarter):
    """Something of everything, more of it every quarter."""
    return levers(
        **{name: lever.high * 0.02 * (quarter - NOW) for name, lever in LEVERS.items()}
        | {"workload": 0.5}
    )


def test_the_same_seed_tells_the_same_story():
    one, two = (run(build_world(busy, seed=3), 6) for _ in range(2))
    assert history(one) == history(two)
    assert columns(one) == columns(two)
    other = run(build_world(busy, seed=4), 6)
    assert history(other) != history(one)


@pytest.mark.parametrize(("threads", "chunk"), [(1, 1000), (2, 1000), (2, 65536), (2, 37)])
def test_neither_threads_nor_chunks_change_anything(threads, chunk):
    one = run(build_world(busy), 6)
    other = run(build_world(busy, threads=threads, chunk=chunk), 6)
    assert history(one) == history(other)
    assert columns(one) == columns(other)


def buried(policy):
    model = run(build_world(policy, n=200), 1)
    people = model.population.people
    return set(people.address[people.unit == UNITS + 2])


def test_policy_changes_choices_not_randomness():
    """Nobody dies of a hukou reform: baseline and plan bury the same people in a quarter."""
    base = buried(none)
    assert base
    for name in ("settlement_openness", "recoding", "tradable_jobs", "hospital", "resettlement"):
        assert buried(lambda quarter, name=name: turned(name)) == base


def one_family_more(n):
    """The families of the little world, and behind them one of three who live in a village."""
    before, more = families(n), persons(
        3, address=addresses(np.arange(3), 999), age=[35, 34, 3], sex=[0, 1, 0],
        next_member=[1, 2, 0],
        role=[HEAD, DEPENDENT, DEPENDENT], child=[NOW - 12, NEVER, NEVER],
    )  # fmt: skip
    more.next_member[:] += len(before)
    return People(*(np.concatenate([getattr(before, c), getattr(more, c)]) for c in COLUMNS))


FATE = ("born", "child", "unit", "hukou", "previous_unit", "moved_at", "flags")


def test_one_family_more_changes_nobody_elses_fate():
    """As long as they do not meet in a market: they die, bear, settle and are recoded as before."""
    p = replace(STILL, recode_hazard=0.5, settling_hazard=0.5)
    base, more = build_world(p=p, n=120), build_world(p=p, people=one_family_more(120))
    for level in ("death_level", "birth_levels", "mothers"):  # those of the same county
        setattr(more, level, getattr(base, level))
    run(base, 8)
    run(more, 8)
    fates = [
        {
            int(people.address[i]): [int(getattr(people, c)[i]) for c in FATE]
            for i in range(len(people))
        }
        for people in (base.population.people, more.population.people)
    ]
    assert len(fates[0]) > 120 * 5 * UNITS  # some were born and some came
    assert fates[0].items() <= fates[1].items()
    unchanged = base.population.units.urban == more.population.units.urban
    assert unchanged.all()


def test_one_family_more_is_hit_by_no_random_numbers_of_others():
    """The throw, with everything that moves people at work."""
    base, more = build_world(), build_world(people=one_family_more(60))
    tick = base.quarters[0]
    _, attraction = base.choices(base.offers(tick, levers()), levers())
    hazards = base.hazards(tick, levers(), attraction)
    first, second = (draw_events(model.begin(tick), hazards, 1, 4096) for model in (base, more))
    for event in fields(first)[:8]:
        rows, others = getattr(first, event.name), getattr(second, event.name)
        met = base.population.people.address[rows]
        assert set(met) <= set(more.population.people.address[others]), event.name


def test_a_newborns_randomness_comes_from_its_mother():
    """So births shift nobody, and the child of a mother is the same in every scenario."""
    base = run(build_world(p=STILL, n=200), 3)
    plan = run(build_world(lambda quarter: turned("settlement_openness"), p=STILL, n=200), 3)
    for model in (base, plan):
        assert len(set(model.population.people.address)) == len(model.population.people)
    assert set(base.population.people.address) == set(plan.population.people.address)


# Everything that must hold at the end of every quarter


def assert_sound(model, before=None):
    register, people = model.population, model.population.people
    rows = np.arange(len(people))
    assert (np.sort(people.next_member) == rows).all(), (
        "households are rings: mate is a permutation"
    )
    home, role = homes_of(people.next_member), strata.role_of(people.traits)
    living = people.unit != register.units.gone
    assert (np.bincount(home[~living])[home[~living]] == 1).all(), "the dead live with nobody"
    persons_in = np.bincount(home[living], minlength=len(rows))
    heads = np.bincount(home[living], np.isin(role[living], (ALONE, HEAD)), len(rows))
    assert (heads[persons_in > 0] == 1).all(), "every household has one head"
    alone = role[living] == ALONE
    assert (persons_in[home[living]] == 1)[alone].all(), "who lives alone shares with nobody"

    recount = np.zeros_like(register.size)
    np.add.at(recount, (people.unit, strata.sex_of(people.traits)), people.weight)
    assert (register.size[:-1] == recount[:-1]).all(), "residents by unit"
    hukou = np.bincount(people.hukou[living], people.weight[living], len(register.registered))
    assert (register.registered == hukou).all(), "registered by unit"

    n, markets = len(model.counties), model.markets
    filled, wanted = employed(model.counts, n), markets.wanted
    if before is not None:
        assert (filled <= np.maximum(wanted, before)).all(), "jobs filled"
    assert (markets.occupied(model.counts) <= markets.stock).all(), "dwellings occupied"
    for name, value in model.record[-1].items():
        assert np.isfinite(value).all(), name
    for name in ("resident_urbanization_rate", "hukou_urbanization_rate", "present_urban_share"):
        assert ((model.record[-1][name] >= 0) & (model.record[-1][name] <= 100)).all(), name
    units = register.units
    assert (units.merged_into[units.merged_into] == units.merged_into).all(), "mergers end"
    return filled


def run_soundly(model, quarters):
    """Step, and hold the model to its invariants and its growth to its causes."""
    filled = assert_sound(model)
    for _ in range(quarters):
        urban, present = model.present()
        model.step()
        now, everyone = model.present()
        change = model.growth[-1]
        assert (change.total == now - urban).all(), "urban growth by cause"
        assert (change.residents == everyone - present).all()
        if present.all() and everyone.all():
            points = sum(rate_change(urban, present, change).values())
            moved = 100 * (now / everyone - urban / present)
            np.testing.assert_allclose(points, moved, rtol=0, atol=1e-12)
        filled = assert_sound(model, filled)
    return model


def random_levers(rng):
    """Each lever off, or anywhere in its range, differently in every place."""
    values = {
        name: lever.high * rng.random(4) * (rng.random() < 0.3) * 10 ** -rng.uniform(0, 3)
        for name, lever in LEVERS.items()
    }
    return lambda quarter: levers(**values)


def random_conditions(rng):
    values = {name: rng.uniform(c.low, c.high) for name, c in CONDITIONS.items()}
    return Conditions(**values | {"recoding_frozen": bool(rng.random() < 0.2)})


DRAWS = draw(200, 20)


@pytest.mark.parametrize("first", range(0, 200, 20))
def test_the_books_balance_whatever_we_believe_and_whatever_is_planned(first):
    for number in range(first, first + 20):
        rng = np.random.default_rng(number)
        model = build_world(
            random_levers(rng), n=int(rng.integers(1, 12)), p=DRAWS[number], seed=number,
            draw=number, conditions=random_conditions(rng),
        )  # fmt: skip
        run_soundly(model, int(rng.integers(2, 6)))


LEAVING = {"alpha_single": 5.0, "alpha_family": 5.0, "alpha_elder": 5.0}
EXTREMES = {
    "everyone leaves": LEAVING,
    "everyone leaves and returns": LEAVING | {"return_hazard": 1e9},
    "nobody moves": {"alpha_single": -40.0, "alpha_family": -40.0, "alpha_elder": -40.0},
    "everyone marries": {"marriage_hazard": 1e9, "marriage_age_sd": 1e3},
    "everyone is granted a hukou": {"settling_hazard": 1e9},
    "every village is recoded": {"recode_hazard": 1e9},
    "every village is merged": {"merge_hazard": 1e9},
    "every job ends": {"job_separation": 1 - 1e-12},
    "nobody looks for work": {"search_none": 0.0, "search_farm": 0.0},
    "every job brings its worker": {"job_mover_share": 1 - 1e-9, "dependants_per_job_mover": 9.0},
    "every infant dies": {"infant_mortality": 1e9},
    "no county can do anything": {"delivery_capacity": 0.0},
}


@pytest.mark.parametrize("extreme", EXTREMES)
def test_the_books_balance_when(extreme):
    p = replace(PARAMETERS, **EXTREMES[extreme])
    run_soundly(build_world(busy, n=12, p=p), 6)


def test_the_books_balance_when_everyone_is_dead():
    deadly = replace(two_counties(), death_rate=np.full(2, 1e6))
    model = run_soundly(build_world(n=12, counties=deadly, arrivals=False), 3)
    assert (model.population.people.unit == UNITS + 2).all()
    assert model.record[-1]["residents"].tolist() == [0, 0]


COUNTIES = {
    "nobody is born": {"birth_rate": np.zeros(2)},
    "every woman bears every quarter": {"birth_rate": np.full(2, 1e6)},
    "there are no dwellings": {"dwellings": np.zeros(2)},
    "there are no seats": {"seats": np.zeros((2, 2))},
    "work pays nothing to speak of": {"wage": np.ones(2), "home_income": np.ones((2, 2))},
    "half the world comes": {"arrivals": np.full((2, 2), 1e4)},
    "there is no other town": {"nearby": np.full((2, 1), -1)},
}


@pytest.mark.parametrize("case", COUNTIES)
def test_the_books_balance_where(case):
    counties = replace(two_counties(), **COUNTIES[case])
    policy = none if case == "there are no seats" else busy
    model = run_soundly(build_world(policy, n=12, counties=counties), 6)
    if case == "nobody is born":
        assert model.population.flows.births.sum() == 0
    if case == "there are no seats":
        assert model.markets.seats_taken.sum() == 0


def only(where):
    """The families of some units only."""
    people = families(12)
    keep = where(people.unit) | (people.unit >= UNITS)
    home = homes_of(people.next_member)
    keep &= np.isin(home, home[keep])
    row = np.cumsum(keep) - 1
    kept = People(*(getattr(people, c)[keep] for c in COLUMNS))
    kept.next_member[:] = row[people.next_member[keep]]
    return kept


@pytest.mark.parametrize(
    ("case", "where"),
    [
        ("a county is empty", lambda unit: unit < 8),
        ("a county has no villagers", lambda unit: unit < 12),
        ("nobody lives in town", lambda unit: unit % 8 >= 4),
        ("nobody lives in villages", lambda unit: unit % 8 < 4),
        ("everyone is away", lambda unit: unit >= UNITS),
    ],
)
def test_the_books_balance_where_some_places_are_empty(case, where):
    run_soundly(build_world(busy, people=only(where)), 6)


def test_a_county_without_a_village_is_all_town():
    units = villages()
    units.urban[8:] = True
    model = run_soundly(build_world(busy, n=12, units=units), 6)
    assert model.record[-1]["resident_urbanization_rate"][1] == 100


def test_nobody_who_heads_for_a_town_that_has_no_street_ends_up_in_the_next_county():
    """A county whose units are all rural, no way to other towns, and everyone on the move."""
    units, counties = villages(), replace(two_counties(), nearby=np.full((2, 1), -1))
    units.urban[:8] = False
    p = replace(PARAMETERS, **LEAVING, recode_hazard=0.0, return_hazard=0.0)
    model = build_world(n=12, units=units, p=p, counties=counties, arrivals=False)
    for _ in range(3):
        model.step()
        assert model.population.flows.moves[:2, 2:4].sum() == 0


def test_the_young_leave_school_in_the_third_quarter():
    """Whoever turns eighteen during the school year stays in it until its end."""
    born = np.append(NOW - 160, NOW - 69 - np.arange(4))
    people = persons(5, born=born, role=[HEAD] + 4 * [DEPENDENT], next_member=[1, 2, 3, 4, 0])
    at_home = replace(STILL, college_leaving=0.0)
    model, left = build_world(p=at_home, people=people, arrivals=False), {}
    while model.done < 5:
        tick = model.quarters[model.done]
        model.step()
        roles = strata.role_of(model.population.people.traits[1:5])
        left[tick.season] = (roles == SINGLE).sum() - sum(left.values())
    assert left == {4: 0, 1: 0, 2: 0, 3: 4}


def test_who_reaches_college_leaves_alone_in_the_third_quarter():
    """Four thousand pupils who all turn eighteen before September, and their parents."""
    n = 4000
    age = np.tile([160, 69], n)
    people = persons(2 * n, born=NOW - age, role=n * [HEAD, DEPENDENT], unit=1, hukou=1,
                     next_member=np.arange(2 * n) ^ 1)  # fmt: skip
    p = replace(STILL, college_share=0.5, college_leaving=0.6, college_in_province=0.7)
    model = build_world(p=p, people=people, arrivals=False)
    outside, elsewhere = 2 * len(model.counties), model.population.units.elsewhere
    while model.done < 5:
        model.step()
        left = model.population.flows.moves[:outside, outside : outside + 2].sum(axis=(0, 2))
        if left.sum():
            assert model.quarters[model.done - 1].season == 3
            assert_share(left.sum(), n, 0.3, detect=0.06)
            assert_share(left[0], left.sum(), 0.7, detect=0.12)
    now = model.population.people
    away = np.isin(now.unit[: 2 * n], [elsewhere, elsewhere + 1])
    assert away.sum() > 0.2 * n
    assert not away[::2].any()  # their parents stay
    assert (strata.education_of(now.traits[: 2 * n])[away] == COLLEGE).all()


def test_a_year_makes_everyone_a_year_older():
    model = build_world(p=STILL, n=20)
    before = model.population.people.born.copy()
    run(model, 5)
    assert (model.population.people.born[: len(before)] == before).all()
    band = [age_band(q, before) for q in (NOW, NOW + 4)]
    assert (band[1] >= band[0]).all()


def test_a_county_can_lose_urban_residents():
    """Huimin did, 2010 to 2020: when its jobs are poor, people leave its town for better ones."""
    p = replace(PARAMETERS, alpha_single=-1.5, alpha_family=-1.5, gamma_a=0.8)
    income = np.array([[12e3, 16e3], [4e3, 16e3]])
    poor = replace(two_counties(), wage=np.array([48e3, 9e3]), home_income=income)
    frozen = Conditions(recoding_frozen=True)
    model = run(build_world(p=p, counties=poor, arrivals=False, conditions=frozen))
    urban = np.array([row["urban_residents"] for row in model.record])
    assert urban[-1, 1] < urban[0, 1]
    assert urban[-1, 0] > urban[0, 0]


# Mesa


def test_a_county_government_is_a_mesa_agent_of_a_mesa_model():
    model = build_world(n=5)
    assert isinstance(model, mesa.Model)
    assert all(isinstance(a, CountyGovernment) and isinstance(a, mesa.Agent) for a in model.agents)
    assert [a.code for a in model.agents] == [101, 102]
    assert [a.places.tolist() for a in model.agents] == [[0, 1], [2, 3]]


def test_the_data_collector_has_a_reporter_for_every_indicator():
    model = run(build_world(n=5), 3)
    collected = model.datacollector.model_vars
    assert collected.keys() == INDICATORS.keys()
    for name, values in collected.items():
        assert [v.tolist() for v in values] == [row[name].tolist() for row in model.record]
    frame = model.datacollector.get_model_vars_dataframe()
    assert len(frame) == 4


def test_a_data_collector_of_ones_own_collects_what_it_reports():
    model = build_world(n=5)
    model.datacollector = mesa.DataCollector(model_reporters={"quarters": lambda m: m.done})
    assert run(model, 2).datacollector.model_vars == {"quarters": [1, 2]}
    again = run(pickle.loads(pickle.dumps(build_world(n=5))), 2)
    assert len(again.datacollector.get_model_vars_dataframe()) == 3


@pytest.mark.parametrize("steps", [0, 3])
def test_a_model_can_be_put_away_and_taken_up_again(steps):
    """A pickled model goes on as if nothing had happened."""
    model = run(build_world(none, n=30), steps)
    other = pickle.loads(pickle.dumps(model))
    assert history(run(other, 4)) == history(run(model, 4))
    assert columns(other) == columns(model)


class LittleModel(UrbanModel):
    """The little world as Mesa's batch runner wants it: a class with plain arguments."""

    def __init__(self, fertility_multiple: float, seed: int) -> None:
        build_world(
            kind=super().__init__, n=5, seed=seed,
            conditions=Conditions(fertility=fertility_multiple),
        )  # fmt: skip


@pytest.mark.skipif(not hasattr(mesa, "batch_run"), reason="Mesa 4 has no batch runner")
def test_the_model_runs_under_the_batch_runner_of_mesa():
    arguments = {"fertility_multiple": [0.0, 1.0], "seed": [1, 2]}
    newer = "rng" in signature(mesa.batch_run).parameters  # from Mesa 3.5 on
    if newer:
        rows = mesa.batch_run(
            LittleModel, arguments, display_progress=False, rng=arguments.pop("seed")
        )
    else:
        rows = mesa.batch_run(LittleModel, arguments, display_progress=False)
    assert len(rows) == 4
    ends = {(row["fertility_multiple"], row["seed"]): row["residents"].tolist() for row in rows}
    straight = run(build_world(n=5, seed=2, conditions=Conditions(fertility=0.0)))
    last = straight.record[-1 if newer else -2]  # Mesa 3.3 reads one short
    assert ends[0.0, 2] == last["residents"].tolist()
    assert ends[0.0, 1] != ends[1.0, 1]


def test_where_births_are_known_the_model_follows_them():
    """A series of births per resident, relative to the start, by calendar year."""

    def births(**known):
        model, born = build_world(n=200, until=date(2021, 12, 31), **known), 0
        while model.running:
            model.step()
            born += model.population.flows.births.sum() * (
                model.quarters[model.done - 1].ends.year == 2021
            )
        return born

    usual = births()
    assert births(fertility={2021: 0.0}) == 0
    assert births(fertility={2021: 1.0, 2022: 0.0}) > 0
    assert births(fertility={2020: 1.0}) == usual
    assert births(fertility={2021: 3.0}) > 2 * usual > 0


def test_a_known_year_of_the_dragon_is_not_carried_on():
    """What is known of 2024 is followed; the next year begins from it without its dragon."""
    p = replace(PARAMETERS, dragon_births=1.2)
    attraction, births = np.zeros((4, 2, 3, 7)), {}
    for known in (2023, 2024):
        model = build_world(n=100, p=p, fertility={known: 0.8}, until=date(2025, 12, 31))
        for quarter in model.quarters:
            model.follow_births(quarter)
            rates = model.hazards(quarter, levers(), attraction).birth
            births[known, quarter.ends.year] = (rates * model.counts.mothers[:4]).sum()
    assert births[2023, 2025] == pytest.approx(births[2023, 2023])
    assert births[2023, 2024] == pytest.approx(1.2 * births[2023, 2023])
    assert births[2024, 2024] == pytest.approx(births[2023, 2023])
    assert births[2024, 2025] == pytest.approx(births[2024, 2024] / 1.2)


def test_first_births_are_split_over_town_and_villages_as_the_infants_are():
    """In each county, of those with a partner; and add up to the births per resident on file."""
    model = build_world(n=100)
    counts = model.counts
    infants = counts.by_band.copy()
    infants[:4, 0] = [30, 50, 0, 0]  # the second county has none: there, as its mothers are
    model.counts = replace(counts, by_band=infants)
    model.set_vital_levels(2020)
    births = (model.birth_levels.ravel()[:, None] * model.mothers * counts.mothers[:4]).sum(axis=1)
    assert births[1] / births[0] == pytest.approx(PARAMETERS.rural_birth_ratio * 50 / 30)
    expected = (model.mothers * counts.mothers[:4]).sum(axis=1)
    assert births[3] / births[2] == pytest.approx(expected[3] / expected[2])
    residents = counts.by_sex[:4].sum(axis=1)
    by_county = births.reshape(2, 2).sum(axis=1), residents.reshape(2, 2).sum(axis=1)
    np.testing.assert_allclose(by_county[0], model.counties.birth_rate * by_county[1])


def test_a_model_does_what_it_is_told_and_then_stops():
    model = build_world(n=5, until=date(2021, 3, 31))
    model.run_model()
    assert len(model.record) == 3
    assert not model.running
    with pytest.raises(RuntimeError, match="has ended"):
        model.step()


def test_two_models_do_not_share_their_villages_or_people():
    """What one run recodes, merges or moves is not yet done when the next begins."""
    people, units, begun = families(12), villages(), []
    before = [getattr(people, c).tobytes() for c in COLUMNS]
    for _ in range(2):
        model = build_world(
            lambda quarter: levers(recoding=1e9, merging=1.0), people=people, units=units
        )
        begun.append(history(model))
        run(model, 2)
    assert begun[0] == begun[1]
    assert [getattr(people, c).tobytes() for c in COLUMNS] == before


def test_the_baseline_of_every_lever_is_nought_and_cannot_be_written_on():
    baseline = Levers.baseline(4)
    for name in LEVERS:
        assert (getattr(baseline, name) == 0).all()
        with pytest.raises(ValueError, match="read-only"):
            getattr(baseline, name)[0] = 1


def test_what_a_scenario_says_of_the_world_begins_with_the_scenario():
    """Until the start all futures have the same past, the half year of moves before it too."""
    other = Conditions(arrivals=5.0, fertility=2.0, job_growth=0.1, house_price_growth=0.1)
    usual, unusual = build_world(), build_world(conditions=other)
    assert history(usual) == history(unusual)
    assert columns(usual) == columns(unusual)


def test_a_draw_has_flows_of_its_own_and_the_median_world_those_of_the_censuses():
    """Counties differ for good, in each flow by itself."""
    model, draws = build_world(n=2), np.arange(1, 1500)
    assert (model.flow_effects() == 0).all()
    effects = np.empty((len(draws), 2, 3))
    for i, model.draw in enumerate(draws):
        effects[i] = model.flow_effects()
    apart = np.corrcoef(effects.reshape(len(draws), 6).T)
    np.testing.assert_allclose(apart, np.eye(6), atol=0.12)
    np.testing.assert_allclose(effects.std(axis=0), 1, rtol=0.1)


def test_the_trend_of_a_draw_drifts_after_the_last_known_year():
    p = replace(PARAMETERS, trend_sd=0.1)
    model = build_world(n=2, p=p, trend={2021: 0.5, 2022: 0.75}, until=date(2025, 12, 31))
    last = {quarter.ends.year: quarter for quarter in model.quarters}
    assert model.common_trend(last[2020]) == 1
    assert model.common_trend(last[2025]) == 0.625
    logs = []
    for model.draw in range(1, 1500):
        assert model.common_trend(last[2022]) == 0.75
        logs.append([np.log(model.common_trend(last[year]) / 0.625) for year in (2023, 2024, 2025)])
    np.testing.assert_allclose(np.std(logs, axis=0), 0.1 * np.sqrt([1, 2, 3]), rtol=0.1)


def test_jobs_grow_by_the_years_since_the_start():
    p = replace(STILL, job_growth=0.05, labour_demand_elasticity=0.0)
    model = build_world(p=p, n=200)
    at_start = model.markets.jobs
    run(model, 9)
    years = (model.quarters[8].ends - date(2020, 11, 1)).days / 365.25
    np.testing.assert_allclose(model.markets.wanted, at_start * 1.05**years, atol=1)


def test_fertility_can_be_doubled():
    born = {}
    for multiple in (1.0, 2.0):
        model = build_world(n=400, p=STILL, conditions=Conditions(fertility=multiple))
        born[multiple] = sum(
            model.population.flows.births.sum() for _ in range(4) if not model.step()
        )
    assert born[2.0] / born[1.0] == pytest.approx(2, rel=0.3)


def test_births_and_deaths_come_at_the_rates_that_were_registered():
    model = build_world(n=1500, p=STILL, arrivals=False)
    residents = model.present()[1].sum()
    born = dead = 0
    for _ in range(5):
        model.step()
        born += model.population.flows.births[:4].sum()
        dead += model.population.flows.deaths[:4].sum()
    years = sum(tick.years for tick in model.quarters[:5])
    assert born / residents / years == pytest.approx(0.009, rel=0.15)
    assert dead / residents / years == pytest.approx(0.007, rel=0.15)


# Work


def test_where_there_are_too_many_more_lose_their_work_than_by_turnover_alone():
    """The share for whom there is no job goes within a quarter, and only in that sector."""
    model = build_world(n=5)
    attraction = np.zeros((4, 2, 3, 7))
    usual = model.hazards(model.quarters[0], levers(), attraction).separation
    model.markets.lay_off = np.array([[0.1, 0.0], [0.0, 0.0]])
    hazard = model.hazards(model.quarters[0], levers(), attraction).separation
    more = hazard - usual
    assert more[:2, :, 1] == pytest.approx(np.full(more[:2, :, 1].shape, 0.4))
    assert not more[:2, :, [0, 2]].any()
    assert not more[2:].any()
    work = model.counts.work(2).sum(axis=1)
    farm_share = work[:, FARM] / work[:, FARM:].sum(axis=1)
    assert farm_share.min() > 0
    by_turnover = labour.separation_hazard(farm_share, PARAMETERS)
    assert usual == pytest.approx(np.repeat(by_turnover, 2, axis=0))
