"""What it would take: quantities that close what a package leaves short, each alone."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from xiancheng.results.analysis import requirement
from xiancheng.results.analysis.goal_spec import parse_goal
from xiancheng.results.tables import analysis as tables
from xiancheng.scenarios.ensemble import RunSummary, layered
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.policy import compile_policy
from xiancheng.scenarios.run_spec import RunSpec
from xiancheng.sim import places
from xiancheng.sim.indicators import INDICATORS
from xiancheng.sim.state import quarter_with

SPEC = RunSpec.of("plan", scale=0.005)
HUIMIN, YANGXIN = 2, 3  # indices of their targets; of the counties as well
RESIDENTS = 400_000.0
PER_JOB, PER_FLAT = 2e-5, 1e-5  # points


class LinearRuns:
    """Runs whose rates are linear in jobs and new flats in place; seats lower them."""

    spec = SPEC

    def __init__(self, draws):
        self.strength = {spec.draw_key: 1 + 0.1 * i for i, spec in enumerate(draws)}

    def read(self, specs, done=lambda: None):
        return [self.run(spec) for spec in specs]

    def run(self, spec):
        policy, pack = compile_policy(spec.scenario, spec.pack), spec.pack
        last = quarter_with(pack.targets[0].deadline)
        levers = policy(last)
        flats = sum(policy(q).land_supply for q in range(policy.first, last + 1)) / 4
        gained = self.strength[spec.draw_key] * places.together(
            PER_JOB * levers.tradable_jobs + PER_FLAT * flats - 1e-5 * levers.school_seats
        )
        codes = [county.code for county in pack.counties]
        targets = [np.mean([gained[codes.index(c)] for c in t.counties]) for t in pack.targets]
        people = np.full((len(INDICATORS), len(codes) + 1), RESIDENTS)
        return RunSummary(people, np.zeros(1), 40 + np.array(targets))


@pytest.fixture(scope="module")
def goal():
    return parse_goal(resolve("plan"), SPEC.pack, probability=0.9, targets=["惠民县", "阳信县"])


@pytest.fixture(scope="module")
def found(goal):
    draws = layered(SPEC, 5, 1)
    return requirement.pushes(goal, LinearRuns(draws), draws)


def needed(goal, found, had=39.0):
    pushes, residents = found
    rates = {t: (41.0, 40.5, had, had) for t in goal.targets}
    return requirement.Requirement.of(goal, SPEC.pack, rates, (pushes, residents))


def test_what_is_linear_is_given_back(goal, found):
    """A point takes 1 over the effect of one job in place; the range is that of draws."""
    pushes = {each.lever: each for each in found[0]}
    middle, least, most = pushes["tradable_jobs"].needed(HUIMIN, 1.0)
    assert middle == pytest.approx(1 / (1.2 * PER_JOB))
    assert least == pytest.approx(1 / (1.38 * PER_JOB))
    assert most == pytest.approx(1 / (1.02 * PER_JOB))


def test_flats_that_are_not_ready_by_the_deadline_close_nothing_and_later_they_do(goal, found):
    """Land of 2024 is built on from 2026 on: by the end of 2027 it has given two years' flats."""
    (land,) = (each for each in found[0] if each.lever == "land_supply")
    assert land.needed(YANGXIN, 1.0) == (None, None, None)
    targets = tuple(replace(t, deadline=date(2027, 12, 31)) for t in SPEC.pack.targets)
    codes = [county.code for county in SPEC.pack.counties]
    scenario = requirement._pushed(
        goal.scenario_of({}), land.measure, "M26-a/land_supply/urban", 1000.0, codes, codes
    )
    every = [*range(len(codes))]
    by_then = requirement._in_place(
        scenario, replace(SPEC.pack, targets=targets), "land_supply", goal, {YANGXIN: every}
    )
    assert 0 < by_then[YANGXIN] <= 2 * 1000


def test_what_does_not_raise_a_rate_closes_nothing(goal, found):
    pushes = {each.lever: each for each in found[0]}
    assert pushes["school_seats"].needed(HUIMIN, 1.0) == (None, None, None)
    assert pushes["renovated_dwellings"].needed(HUIMIN, 1.0) == (None, None, None)


def test_only_the_counties_of_the_targets_get_anything_and_of_one_quantity(goal, found):
    (push,) = (each for each in found[0] if each.lever == "tradable_jobs")
    inside = {c for t in goal.targets for c in SPEC.pack.targets[t].counties}
    codes = [county.code for county in SPEC.pack.counties]
    scenario = requirement._pushed(
        goal.scenario_of({}), push.measure, f"{push.measure}-a/tradable_jobs/urban", 1e5,
        sorted(inside), codes,
    )  # fmt: skip
    policy = compile_policy(scenario, SPEC.pack)
    levers = policy(quarter_with(SPEC.pack.targets[0].deadline))
    jobs = places.together(levers.tradable_jobs)
    assert {code for code, each in zip(codes, jobs, strict=True) if each > 0} == inside
    moved = {name for name in vars(levers) if getattr(levers, name).any()} - {"workload"}
    assert moved == {"tradable_jobs"}
    assert all(amount > 0.01 * RESIDENTS for amount in push.amounts.values())


def test_recoding_is_counted_in_residents_and_in_villages(goal, found):
    persons, units = needed(goal, found).recoded(HUIMIN)
    assert persons == pytest.approx(0.01 * (goal.targets[HUIMIN] - 39.0) * RESIDENTS)
    assert 1 < units < persons / 300


def test_a_target_that_is_had_lacks_nothing(goal, found):
    enough = needed(goal, found, had=60.0)
    assert enough.shortfall(HUIMIN) == 0
    assert all("beyond_the_plan" not in row for row in enough.records())
    unknown = replace(enough, residents={}, pushes=())  # as where a package is enough
    assert len(unknown.records()) == 2


def test_rates_are_had_with_the_chances_that_they_say():
    draws = np.arange(101.0)[:, None]
    (rates,) = requirement.had_with(draws, [HUIMIN]).values()
    for rate, chance in zip(rates, requirement.CHANCES, strict=True):
        assert (draws >= rate).mean() == pytest.approx(chance, abs=0.01)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_it_is_shown_as_beyond_the_plan(goal, found, lang):
    own = needed(goal, found)
    table = tables.beyond(own, lang)
    assert len(table.rows) == 2
    assert {"tradable_jobs", "land_supply", "recoded"} <= {c.key for c in table.columns}
    notes = " ".join(tables.requirement_notes(own, lang))
    assert ("超出方案" if lang == "zh" else "beyond the plan") in notes
    record = own.records()[0]["beyond_the_plan"]
    assert record["tradable_jobs"]["unit"] == "jobs"
    assert record["land_supply"]["unit"] == "dwellings"
    assert json.dumps(own.records())


# A plan of one's own

OWN = """\
title: 试
measures:
  园区: {lever: tradable_jobs, amount: 3000, counties: 惠民县, start: 2024Q1, finish: 2025Q2}
  学位: {lever: school_seats, counties: {惠民县: 900, 阳信县: 300}, start: 2024Q1, finish: 2025Q2}
targets:
  - {counties: 惠民县, value: 50, deadline: 2025-12-31}
  - {counties: 阳信县, value: 60, deadline: 2030-12-31}
"""


@pytest.mark.parametrize(
    ("targets", "levers"),
    [
        (["惠民县"], {"tradable_jobs", "school_seats"}),
        (["阳信县"], {"school_seats"}),
        (["惠民县", "阳信县"], {"school_seats"}),
    ],
)
def test_measures_of_named_counties_carry_quantities_for_their_targets(tmp_path, targets, levers):
    (tmp_path / "ours.yaml").write_text(OWN, "utf-8")
    scenario = resolve("plan", "binzhou", tmp_path / "ours.yaml")
    spec = RunSpec.of(scenario, scale=0.005)
    goal = parse_goal(scenario, spec.pack, probability=0.9, targets=targets)
    draws = layered(spec, 3, 1)
    runs = LinearRuns(draws)
    runs.spec = spec
    pushes, residents = requirement.pushes(goal, runs, draws)
    assert {push.lever for push in pushes} == levers
    assert set(residents) == set(goal.targets)
    assert all(amount > 0 for push in pushes for amount in push.amounts.values())
    for push in pushes:
        if push.lever == "tradable_jobs":
            (t,) = goal.targets
            assert push.needed(t, 1.0)[0] == pytest.approx(1 / (1.1 * PER_JOB))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_plan_that_carries_no_quantity_says_so_and_not_that_the_search_had_enough(goal, lang):
    short = tables.requirement_notes(needed(goal, ((), {HUIMIN: RESIDENTS})), lang)
    close = tables.requirement_notes(needed(goal, ((), {})), lang)
    word = {"zh": "没有措施", "en": "No measure"}[lang]
    assert any(word in note for note in short)
    assert not any(word in note for note in close)
    assert short[:-1] == close[:-1]
