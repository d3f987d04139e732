"""Runs of one draw share their past, and come to the same as each alone, bit for bit."""

from dataclasses import replace
from functools import wraps

import numpy as np
import pytest

from xiancheng.scenarios import simulation, steering
from xiancheng.scenarios.ensemble import Summaries, layered
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.run_spec import RunSpec
from xiancheng.scenarios.simulation import RegionModel, simulate
from xiancheng.scenarios.trunk import KeptStates, by_past, simulate_together

SCALE = 0.01
PLAN = resolve("plan")
LATER = {"name": "later", "based_on": "plan", "measures": {"M02": {"delay": "2 quarters"}}}
SCENARIOS = {
    "plan": PLAN,
    "baseline": resolve("baseline"),
    "frozen": resolve("plan-without-recoding"),
    "later": resolve(LATER),
    "fewer jobs": replace(PLAN, conditions=replace(PLAN.conditions, job_growth=-0.02)),
    "without jobs or plan": replace(
        resolve("baseline"), conditions=replace(PLAN.conditions, job_growth=-0.02)
    ),
}
PAIRS = [
    ("plan", "baseline"), ("baseline", "plan"), ("plan", "later"), ("frozen", "plan"),
    ("fewer jobs", "without jobs or plan"), ("frozen", "fewer jobs"),
]  # fmt: skip


@pytest.fixture
def steered_anew(tmp_path, monkeypatch):
    """No record of steering is on file."""
    monkeypatch.setattr(steering, "_records", {})
    monkeypatch.setattr(steering.cache, "home", lambda: tmp_path)


@pytest.fixture
def states():
    begun = KeptStates.begin()
    yield begun
    begun.end()


@pytest.fixture
def quarters(monkeypatch):
    """How many quarters each model really went through."""
    stepped, step = [], RegionModel.step

    @wraps(step)
    def counted(model):
        stepped.append(model.done)
        return step(model)

    monkeypatch.setattr(RegionModel, "step", counted)
    return stepped


def spec_of(name, **more):
    return RunSpec.of(SCENARIOS[name], **{"scale": SCALE, "seed": 3, "draw": 2, **more})


def assert_same(one, other):
    """Two outcomes are the same to the last bit."""
    assert one.spec.key == other.spec.key
    assert (one.dates, one.record.tolist()) == (other.dates, other.record.tolist())
    assert one.census.keys() == other.census.keys()
    for name, found in one.census.items():
        assert np.array_equal(found, other.census[name]), name
    assert np.array_equal(one._movers, other._movers)
    assert np.array_equal(one._unexpected, other._unexpected)
    for ours, theirs in ((one._growth, other._growth), (one._steered, other._steered)):
        for quarter, again in zip(ours, theirs, strict=True):
            for name, values in vars(quarter).items():
                assert np.array_equal(values, vars(again)[name]), name


@pytest.mark.parametrize("names", PAIRS, ids=" & ".join)
def test_two_scenarios_together_are_each_alone(names, steered_anew):
    specs = [spec_of(name) for name in names]
    for alone, together in zip(map(simulate, specs), simulate_together(specs), strict=True):
        assert_same(alone, together)


@pytest.mark.parametrize("names", PAIRS[:2], ids=" & ".join)
def test_together_first_is_the_same_too(names, steered_anew):
    """Then the record that others replay is made by the trunk."""
    specs = [spec_of(name) for name in names]
    for together, alone in zip(simulate_together(specs), map(simulate, specs), strict=True):
        assert_same(alone, together)


@pytest.mark.parametrize(
    "more",
    [
        {"alignment": "off"}, {"until": "2024-11-15"}, {"draw": 0, "seed": 1},
        {"start": "2010-11-01", "until": "2013-06-30"}, {"parameters": {"beta_y": 1.4}},
    ],
    ids=str,
)  # fmt: skip
def test_whatever_else_is_chosen_they_are_the_same(more):
    specs = [spec_of(name, **more) for name in ("plan", "baseline", "frozen", "fewer jobs")]
    for alone, together in zip(map(simulate, specs), simulate_together(specs), strict=True):
        assert_same(alone, together)


def test_runs_of_several_draws_keep_to_their_own(steered_anew):
    specs = [s for draw in layered(spec_of("plan"), 2, 1) for s in
             (spec_of("plan").under(draw), spec_of("baseline").under(draw))]  # fmt: skip
    for alone, together in zip(map(simulate, specs), simulate_together(specs), strict=True):
        assert_same(alone, together)


def test_the_shared_past_is_run_once(quarters):
    """The first measures act in 2024: of 21 quarters 13 are shared."""
    specs = [spec_of("baseline"), spec_of("plan")]
    parted = next(q for q, (a, b) in enumerate(zip(*(s.course for s in specs), strict=True))
                  if a != b)  # fmt: skip
    assert parted == 13
    simulate_together(specs)
    assert len(quarters) == parted + 2 * (len(specs[0].course) - parted)


def test_a_scenario_that_comes_later_costs_its_branch_only(states, quarters):
    simulate_together([spec_of("plan")], states)
    del quarters[:]
    later = spec_of("later")
    [found] = simulate_together([later], states)
    assert quarters == list(range(13, len(later.course)))
    assert_same(found, simulate(later))


def test_the_states_that_are_kept_are_bounded(states):
    small = replace(states, most=4_000_000)
    for draw in range(1, 6):
        simulate_together([spec_of("plan", draw=draw)], small)
    sizes = [each.size for each in small._states.values()]
    assert 0 < sum(sizes) <= small.most
    assert len(sizes) < 5


def test_parts_share_a_past_and_the_run_that_others_replay_comes_first():
    specs = [spec_of(name, draw=draw) for draw in (1, 2) for name in ("plan", "frozen", "baseline")]
    parts = by_past(specs, 2)
    assert sorted(len(part) for part in parts) == [1, 1, 2, 2]
    assert all(len({spec.draw for spec in part}) == 1 for part in parts)
    assert [part[0].is_reference for part in parts] == [True, False, True, False]


def test_summaries_make_the_run_that_others_replay_before_the_rest_and_once(
    steered_anew, monkeypatch
):
    simulated, run = [], simulation.outcome_of

    def counted(model):
        simulated.append(model.spec)
        return run(model)

    monkeypatch.setattr(simulation, "outcome_of", counted)
    specs = [
        spec_of("plan", parameters={"beta_y": 1.3}).running(replace(PLAN, doses={name: 0.1}))
        for name, *_ in PLAN.plan.measures["M02"].doses()
    ] * 2
    specs += [spec_of("plan", parameters={"beta_y": 1.3}).running(
        replace(PLAN, doses={name: x})) for x in (0.2, 0.3, 0.4, 0.5, 0.6)
        for name, *_ in PLAN.plan.measures["M02"].doses()]  # fmt: skip
    with Summaries(specs[0], jobs=1) as runs:
        runs.read(specs)
    assert simulated[0].is_reference
    assert sum(spec.is_reference for spec in simulated) == 1


def test_equal_specs_have_one_hash():
    assert len({spec_of("plan"), spec_of("plan"), spec_of("baseline")}) == 2
