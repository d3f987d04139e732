"""Random numbers and chances, and what is reported: the rules that all the other rules stand on."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import kstest, pearsonr

from tests.conftest import build_world, run
from xiancheng.sim.choice import hazard, probability, threshold
from xiancheng.sim.indicators import INDICATORS
from xiancheng.sim.randomness import FULL, RandomStreams, Stream, addresses

# The rules of each process are in the file of its own name.

EVERYONE = addresses(np.arange(20_000))


# Random numbers


def test_my_randomness_does_not_depend_on_who_else_plays():
    crowd = RandomStreams(1).uniform(Stream.ARRIVAL, 500, EVERYONE)
    alone = RandomStreams(1).uniform(Stream.ARRIVAL, 500, EVERYONE[17:18])
    assert crowd[:, 17].tolist() == alone[:, 0].tolist()


def test_decisions_quarters_and_seeds_have_randomness_of_their_own():
    """As have the four draws of one decision."""
    draws = [
        *RandomStreams(1).uniform(Stream.ARRIVAL, 500, EVERYONE),
        RandomStreams(1).uniform(Stream.HIRED, 500, EVERYONE)[0],
        RandomStreams(1).uniform(Stream.ARRIVAL, 501, EVERYONE)[0],
        RandomStreams(2).uniform(Stream.ARRIVAL, 500, EVERYONE)[0],
        RandomStreams(2**32 + 1).uniform(Stream.ARRIVAL, 500, EVERYONE)[0],
    ]
    for one, other in combinations(draws, 2):
        assert pearsonr(one, other).pvalue > 1e-6


@pytest.mark.parametrize("draw", range(4))
def test_randomness_is_even(draw):
    u = RandomStreams(1).uniform(Stream.QUARTER, 500, EVERYONE)[draw]
    assert kstest(u, "uniform").pvalue > 1e-6
    assert 0 < u.min() < u.max() < 1


def test_a_draw_is_the_middle_of_what_its_word_stands_for():
    streams = RandomStreams(3)
    words = streams.words(Stream.ARRIVAL, 500, EVERYONE)
    draws = streams.uniform(Stream.ARRIVAL, 500, EVERYONE)
    np.testing.assert_array_equal(draws, (words.astype(float) + 0.5) / FULL)


def test_no_two_decisions_share_a_stream():
    """Two names with one number would be one decision under two names."""
    assert len(Stream.__members__) == len(set(Stream))
    assert max(Stream) < 2**16  # the bits above count the alternatives of a choice


def test_the_same_parts_make_the_same_address_and_others_another():
    parts = [
        (code, rank, quarter) for code in (101, 102) for rank in range(50) for quarter in (1, 2)
    ]
    found = [int(addresses(*p)[0]) for p in parts]
    together = addresses(*(np.array(column) for column in zip(*parts, strict=True)))
    assert found == together.tolist()
    assert len(set(found)) == len(found)
    assert addresses(1, 2) != addresses(2, 1)
    assert len(np.unique(addresses(np.arange(200_000)))) == 200_000


# Hazard and probability


@given(st.floats(1e-14, 20), st.floats(0.01, 5))
@example(1e-14, 0.25)
def test_a_probability_is_a_hazard_endured(rate, years):
    """Twice as long is as likely as once and then once more; and nothing tiny is lost."""
    p = probability(np.array([rate, 0.0]), years)
    assert p[1] == 0
    assert 0 < p[0] <= 1
    if rate * years < 1e-6:
        assert p[0] == pytest.approx(rate * years, rel=1e-6, abs=0)
    twice = probability(np.array([rate]), 2 * years)[0]
    assert twice == pytest.approx(p[0] + (1 - p[0]) * p[0])
    if p[0] < 0.999:
        assert hazard(p[0], years) == pytest.approx(rate)


@given(st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_an_event_happens_below_its_threshold_and_never_at_chance_nought(chance, word):
    bound = int(threshold(np.array([chance]))[0])
    assert threshold(np.array([0.0]))[0] == 0
    if abs(word / FULL - chance) > 1e-9:
        assert (word < bound) == (word / FULL < chance)


# What is reported


@pytest.fixture(scope="module")
def reported():
    """The second year of two counties, each alone and both together."""
    groups = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    model = run(build_world(groups=groups), 6)
    return model.record[-1], model.observed(model.quarters[5].ends, model.quarters[5].number)


@pytest.mark.parametrize(
    "name",
    [n for n, i in INDICATORS.items() if i.unit in {"persons", "jobs", "units", "dwellings"}],
)
def test_persons_and_jobs_of_counties_add_up(name, reported):
    first, second, both = reported[0][name]
    assert both == pytest.approx(first + second)


@pytest.mark.parametrize(
    "name",
    [n for n, i in INDICATORS.items() if i.unit not in {"persons", "jobs", "units", "dwellings"}],
)
def test_rates_of_counties_are_averaged(name, reported):
    first, second, both = reported[0][name]
    assert min(first, second) - 0.01 <= both <= max(first, second) + 0.01  # published: rounded


def test_a_rate_of_two_counties_is_that_of_their_people_and_not_the_mean_of_their_rates(reported):
    record, seen = reported
    both = 100 * seen.urban.sum() / (seen.urban + seen.rural).sum()
    assert record["resident_urbanization_rate"][2] == pytest.approx(both)
    jobs = (seen.wage * seen.jobs_filled).sum() / seen.jobs_filled.sum()
    assert record["wage"][2] == pytest.approx(jobs)
    homes = 100 * (seen.stock - seen.occupied).sum() / seen.stock.sum()
    assert record["housing_vacancy"][2] == pytest.approx(homes)
    hukou = 100 * seen.registered_urban.sum() / seen.registered.sum()
    assert record["hukou_urbanization_rate"][2] == pytest.approx(hukou)


def test_residents_and_people_present_are_different_people(reported):
    record, seen = reported
    assert record["urban_residents"].tolist()[:2] == seen.urban.tolist()
    assert record["residents"] == pytest.approx(
        record["urban_residents"] + record["rural_residents"]
    )
    now = 100 * seen.urban_now / (seen.urban_now + seen.rural_now)
    assert record["present_urban_share"][:2] == pytest.approx(now)
    assert record["present_urban_share"].tolist() != record["resident_urbanization_rate"].tolist()


def test_what_is_seen_is_what_is_there():
    """Counted once more, from the columns of everyone."""
    model = run(build_world(), 5)
    tick = model.quarters[4]
    seen, p = model.observed(tick.ends, tick.number), model.population.people
    place = model.population.place[p.unit].astype(int)
    work, here = p.traits >> 5, place < 4
    for county in range(2):
        ours = here & (place // 2 == county)
        hukou = model.population.place[p.hukou]
        registered = (hukou // 2 == county) & (hukou < 4) & (place < 6)
        assert seen.urban_now[county] == (ours & (place % 2 == 0)).sum()
        assert seen.rural_now[county] == (ours & (place % 2 == 1)).sum()
        assert seen.jobs_filled[county] == (ours & (work >= 2)).sum()
        assert seen.commuters[county] == (ours & (work >= 2) & (place % 2 == 1)).sum()
        assert seen.registered[county] == registered.sum()
        assert seen.registered_urban[county] == (registered & (hukou % 2 == 0)).sum()
        age = (tick.number + 1 - p.born.astype(int)) // 4  # as old as when the next quarter begins
        assert seen.children[county] == (ours & (age < 15)).sum()
        assert seen.aged[county] == (ours & (age >= 65)).sum()
