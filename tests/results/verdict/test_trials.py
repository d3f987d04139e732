"""The table of trials."""

from dataclasses import replace

import numpy as np
import pytest

from tests.made_up_trials import made_up
from xiancheng.calibration.region.counties import enumerated, summaries
from xiancheng.results.verdict import trials
from xiancheng.results.verdict.trials import FREE, PARAMETERS
from xiancheng.scenarios.design import sampled
from xiancheng.scenarios.simulation import simulate


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    values = sampled("latin-hypercube", PARAMETERS, 3, 1)
    design = trials.design("binzhou", values, 0.01, "trials")
    return design, trials.run(design, tmp_path_factory.mktemp("trials"), jobs=1)


def test_each_trial_has_parameters_randomness_and_county_effects_of_its_own(few):
    design, _ = few
    specs = [design.spec(number) for number in range(3)]
    assert [spec.seed for spec in specs] == [1, 2, 3]
    assert [spec.draw for spec in specs] == [1, 2, 3]
    assert len({spec.parameters["kappa"] for spec in specs}) == 3


def test_a_trial_says_what_the_run_itself_finds(few):
    design, trials_run = few
    outcome = simulate(design.spec(1))
    result = outcome.summary()
    codes = [county.code for county in trials_run.pack.counties]
    for name, found in trials_run.after.items():
        assert found[1].tolist() == [result[f"{name}_{code}"] for code in codes], name


def test_trials_and_censuses_are_asked_the_same_questions(few):
    _, trials_run = few
    pack = trials_run.pack
    before, later = (enumerated(pack, day) for day in trials.censuses(pack))
    table = trials_run.table()
    assert table.names == FREE
    assert len(FREE) == 13
    assert table.stats.shape == (3, 7, len(summaries(before, later)))
    assert np.isfinite(table.stats).all()
    rates = table.observed[:, table.summaries.index("rate_change")]
    assert rates[2] == pytest.approx(-2.08, abs=0.01)  # Huimin fell


@pytest.fixture(scope="module")
def scaled():
    """Runs whose towns end 4 % too small at a small scale, give or take, and some at full scale."""
    values = sampled("latin-hypercube", PARAMETERS, 40, 1)
    whole = made_up(values)
    lacking = 1 - np.random.default_rng(2).normal(0.04, 0.01, (40, 7))
    after = whole.after | {"urban_residents": whole.after["urban_residents"] * lacking}
    few = {name: found[[7, 3, 21]] for name, found in whole.after.items()}
    pairs = replace(whole, values=values[[7, 3, 21]], numbers=(8, 4, 22), after=few)
    return whole, replace(whole, after=after), pairs


def test_runs_at_a_small_scale_are_brought_to_what_they_would_be_at_full_scale(scaled):
    whole, small, pairs = scaled
    corrected = small.corrected(pairs, seed=1)
    names = corrected.table().summaries
    assert corrected.stats()[[7, 3, 21]] == pytest.approx(whole.stats()[[7, 3, 21]])
    urban = names.index("urban_growth")
    off, left = (each.stats()[:, :, urban] - whole.stats()[:, :, urban]
                 for each in (small, corrected))  # fmt: skip
    assert off.mean() == pytest.approx(-4.1, abs=0.2)
    assert left.mean() == pytest.approx(0.0, abs=0.6)
    about = {row["name"]: row for row in corrected.correction.rows(names)}["urban_growth"]
    assert about["bias"] == pytest.approx(4.1, abs=0.6)
    assert about["pairs"] == 3
    assert about["share"] < 0.2


def test_a_run_that_was_made_at_one_scale_only_gets_the_difference_of_another_whole(scaled):
    _, small, pairs = scaled
    corrected = small.corrected(pairs, seed=1)
    lacking = corrected.correction.whole - corrected.correction.small
    others = [i for i in range(40) if i not in (7, 3, 21)]
    taken = [np.flatnonzero((lacking == added).all(axis=(1, 2)))
             for added in corrected.correction.added[others]]  # fmt: skip
    assert all(len(found) == 1 for found in taken)
    assert {int(found[0]) for found in taken} == {0, 1, 2}
