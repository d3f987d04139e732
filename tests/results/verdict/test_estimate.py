"""Estimating a region from trials of which the truth is known."""

from dataclasses import replace

import pytest

from tests.made_up_trials import AIM, RUNS, made_up
from xiancheng.calibration import priors
from xiancheng.calibration.region import load
from xiancheng.results.verdict import estimate as estimating
from xiancheng.results.verdict.estimate import EstimateSettings
from xiancheng.results.verdict.trials import FREE, PARAMETERS

pytest.importorskip("sklearn")


def score(stage, name, share=0.5):
    return float(stage.posterior.of([name]).quantile([share])[0, 0])


def test_what_made_the_data_is_found_and_the_rest_stays_belief(estimate):
    for name, aim in AIM.items():
        low, high = (score(estimate, name, share) for share in (0.025, 0.975))
        assert low < aim < high
        assert high - low < 3.4, name  # of 3.9 before, and errors of the model may hide the rest
    for name in ("alpha_single", "beta_s"):
        assert -0.3 < 1 - estimate.posterior.of([name]).sd[0] ** 2 < 0.35, name


def test_an_observation_that_no_run_comes_near_stops_the_estimate(trials, truth):
    table = trials.table()
    observed = truth.stats()[0].copy()
    observed[3, table.summaries.index("rate_change")] = 400.0
    with pytest.raises(estimating.PriorPredictiveError, match=f"{table.units[3]} rate_change"):
        estimating.estimated(
            replace(table, observed=observed), trials, EstimateSettings("binzhou", None)
        )


def test_draws_carry_what_is_not_estimated_from_the_run_they_go_back_to(estimate, trials):
    values, sizes, numbers = estimating.drawn(estimate, 50, 1)
    row = numbers - 1
    fixed = [i for i, name in enumerate(PARAMETERS) if name not in FREE]
    assert (values[:, fixed] == trials.values[row][:, fixed]).all()
    assert sizes.shape == (50, len(estimate.training.discrepancy.priors))
    for given in values:
        priors.override(dict(zip(PARAMETERS, given.tolist(), strict=True)))  # inside the supports


def test_a_second_step_starts_where_the_first_ended(estimate, truth):
    values, sizes, _ = estimating.drawn(estimate, RUNS, 1)
    trials = made_up(values, seed=3)
    table = replace(trials.table(), observed=truth.stats()[0])
    stage = estimating.updated(estimate, table, trials, sizes, EstimateSettings("binzhou", None))
    for name, aim in AIM.items():
        low, high = (score(stage, name, share) for share in (0.025, 0.975))
        assert low < aim < high, name

    def drawn_from(rows):
        return {tuple(size) for size in sizes[rows].tolist()}

    assert len(drawn_from(slice(None))) < RUNS  # some draws are taken twice
    tested = drawn_from(stage.rows.testing) | drawn_from(stage.rows.inflation)
    assert drawn_from(stage.rows.learning).isdisjoint(tested)


def test_the_counties_around_are_comparable_and_none_of_the_regions_own():
    pool, region = load("shandong"), load("binzhou")
    chosen = estimating.others(pool, region)
    assert estimating.wider(region) == "shandong"
    assert estimating.wider(pool) is None
    assert chosen.sum() == 73
    own = {county.code for county in region.counties}
    assert own.isdisjoint(c.code for c, kept in zip(pool.counties, chosen, strict=True) if kept)
