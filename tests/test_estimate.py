"""Estimation: on toys of which the truth is known, posteriors are right and honest."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import toys
from xiancheng.calibration.inference.abc import learn, split, training_set
from xiancheng.calibration.inference.diagnostics import (
    calibration_test,
    check,
    conformal_inflation,
    prior_predictive_check,
)
from xiancheng.calibration.inference.discrepancy import SHARED, Discrepancy
from xiancheng.calibration.inference.draws import WeightedDraws, from_scores, normal_scores
from xiancheng.calibration.inference.regression import ridge
from xiancheng.calibration.inference.summaries import feature_names, features
from xiancheng.calibration.inference.table import EstimationError, optional
from xiancheng.calibration.priors import catalogue

pytest.importorskip("sklearn")


# Scores


@pytest.mark.parametrize("prior", catalogue(), ids=lambda prior: prior.name)
def test_scores_and_values_are_two_names_of_one_thing(prior):
    there = np.linspace(-3, 3, 41)[:, None]
    value = from_scores([prior], there)
    again = from_scores([prior], normal_scores([prior], value))
    np.testing.assert_allclose(again, value, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("prior", catalogue(), ids=lambda prior: prior.name)
def test_no_score_leaves_the_support(prior):
    far = from_scores([prior], np.array([[-40.0], [40.0]]))
    low, high = prior.support
    assert np.isfinite(far).all()
    assert (far >= low).all()
    assert (far <= high).all()


def test_a_parameter_drawn_from_its_prior_has_standard_normal_scores():
    prior = next(p for p in catalogue() if p.name == "job_mover_share")
    found = normal_scores([prior], prior.draws(2000, 1)[:, None])
    assert found.mean() == pytest.approx(0, abs=0.01)
    assert found.std() == pytest.approx(1, abs=0.01)


# The table


def test_a_table_whose_parts_do_not_fit_is_refused():
    theta, stats = toys.linear(20, 1)
    with pytest.raises(EstimationError, match="groups"):
        toys.table("abc", theta, stats, groups=np.zeros(3, dtype=int))


def test_priors_in_another_order_are_refused():
    theta, stats = toys.linear(20, 1)
    with pytest.raises(EstimationError, match="priors"):
        training_set(
            toys.table("abc", theta, stats), toys.priors("b", "a", "c"),
            toys.without_errors(1), seed=1,
        )  # fmt: skip


def test_too_few_runs_are_refused_with_their_number():
    with pytest.raises(EstimationError, match="250 runs are too few"):
        split(np.arange(250), seed=1)


def test_every_run_has_one_use():
    rows = split(np.arange(700), seed=1)
    dealt = np.concatenate([rows.learning, rows.inflation, rows.testing])
    assert sorted(dealt) == list(range(700))


def test_a_twin_of_what_was_learned_is_no_test():
    """Two or three rows of each origin: an origin has one use, and tests with one row of it."""
    origins = np.repeat(np.arange(600), np.tile([2, 3, 1], 200))
    rows = split(origins, seed=1, inflation=100, testing=100)
    learned, widens, tests = (set(origins[part]) for part in vars(rows).values())
    assert learned.isdisjoint(widens | tests)
    assert widens.isdisjoint(tests)
    assert len(rows.testing) == len(tests) == 100
    assert len(rows.learning) == np.isin(origins, list(learned)).sum()


def test_a_missing_library_is_named_with_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.neural_network", None)
    with pytest.raises(EstimationError, match=r"scikit-learn; in its sources: pip install -e"):
        optional("sklearn.neural_network")


# Features


def many():
    theta, stats, groups, covariates = toys.regional(50, 1)
    return toys.table("abc", theta, stats, groups=groups, covariates=covariates)


@pytest.mark.parametrize("units", [6, 40])
def test_a_unit_left_out_cannot_be_read_from_the_features(units):
    whole = many()
    table = replace(
        whole, units=whole.units[:units], stats=whole.stats[:, :units],
        observed=whole.observed[:units], groups=whole.groups[:units],
        covariates=whole.covariates[:units],
    )  # fmt: skip
    keep = np.arange(units) != 2
    other = table.stats.copy()
    other[:, 2] += 100
    told = features(table, table.stats, keep)
    np.testing.assert_array_equal(told, features(table, other, keep))
    assert not np.array_equal(features(table, table.stats, ~keep | keep), told)
    assert told.shape == (50, len(feature_names(table)))


def test_many_units_are_told_without_their_order():
    table = many()
    base = replace(table, stats=table.stats - table.typical)
    turned = features(base, table.stats[:, ::-1], np.ones(40, dtype=bool))
    straight = features(base, table.stats, np.ones(40, dtype=bool))
    plain = [k for k, name in enumerate(feature_names(base)) if name.split()[-1] in {"mean", "sd"}]
    np.testing.assert_allclose(turned[:, plain], straight[:, plain], atol=0.05)


def test_features_say_shift_tilt_and_scatter():
    table = many()
    told = features(table, table.stats, np.ones(40, dtype=bool))
    for feature, parameter in [("s0 mean", 0), ("s0 slope on covariate 0", 1), ("s0 sd", 2)]:
        column = told[:, feature_names(table).index(feature)]
        known = table.theta[:, parameter]
        if feature == "s0 sd":
            tilt = table.theta[:, 1] ** 2
            column = column - np.polyval(np.polyfit(tilt, column, 2), tilt)
        assert np.corrcoef(column, known)[0, 1] > 0.6


def test_a_summary_that_a_unit_lacks_is_not_used():
    table = many()
    stats = table.stats.copy()
    stats[:, 5, 1] = np.nan
    table = replace(table, stats=stats)
    assert not table.usable[5, 1]
    assert table.usable.sum() == 79
    assert np.isfinite(features(table, stats, np.ones(40, dtype=bool))).all()


# What the model leaves out


def test_errors_have_the_size_their_scores_say_and_heavy_tails():
    sizes = Discrepancy(("s0",), np.array([2.0]), np.eye(1), log_sd=0.5, common=0.0)
    drawn, errors = sizes.draw(4000, np.arange(20), seed=1)
    for score in (-1, 0, 1):
        near = np.abs(drawn[:, 0] - score) < 0.1
        middle = np.median(np.abs(errors[near]))
        assert middle == pytest.approx(0.741 * 2 * np.exp(0.5 * score), rel=0.1)  # of t4
    standard = errors / (2 * np.exp(0.5 * drawn[:, :1]))[:, :, None]
    assert np.mean(np.abs(standard) > 4) > 50 * 6.3e-5  # what a normal would do


def test_units_of_a_prefecture_share_part_of_their_errors():
    sizes = Discrepancy(("s0",), np.array([1.0]), np.eye(1), log_sd=0.1, common=0.0)
    _, errors = sizes.draw(4000, np.array([1, 1, 2, 2]), seed=1)
    ranks = errors[:, :, 0].argsort(axis=0).argsort(axis=0)
    tied = np.corrcoef(ranks.T)
    assert 0.1 < tied[0, 1] < 0.5
    assert abs(tied[0, 2]) < 0.06


def test_one_error_is_common_to_all_units():
    sizes = Discrepancy(("s0",), np.array([1.0]), np.eye(1), log_sd=0.1)
    _, errors = sizes.draw(4000, np.arange(30), seed=1)
    ranks = errors[:, :, 0].argsort(axis=0).argsort(axis=0)
    assert 0.35 < np.corrcoef(ranks.T)[0, 1:].mean() < 0.6  # half of the variance
    assert np.median(np.abs(np.median(errors[:, :, 0], axis=1))) == pytest.approx(0.75, abs=0.1)


def test_errors_of_linked_summaries_move_together():
    table = many()
    sizes = Discrepancy.like(table)
    assert sizes.correlation[0, 1] < -0.5  # the second summary is minus half the first
    _, errors = sizes.draw(500, table.groups, seed=1)
    assert np.corrcoef(errors.reshape(-1, 2).argsort(axis=0).argsort(axis=0).T)[0, 1] < -0.4


# Prior predictive check


def test_what_a_run_shows_is_no_surprise():
    table = many()
    others = replace(table, stats=table.stats[1:], theta=table.theta[1:])
    assert not prior_predictive_check(others, others.stats).failed


def test_an_impossible_observation_is_named_and_stops():
    table = many()
    observed = table.observed.copy()
    observed[7, 1] = 30
    found = prior_predictive_check(replace(table, observed=observed), table.stats)
    assert found.failed
    worst = found.impossible[0]
    assert (worst.unit, worst.summary, worst.value) == ("u7", "s1", 30)
    assert worst.low < worst.high < 30
    for lang in ("zh", "en"):
        assert "u7 s1 30" in found.sentence().said(lang)
    assert found.rows()[0]["impossible"]


def test_a_few_of_many_observations_outside_their_bands_are_chance():
    rng = np.random.default_rng(1)
    cells = [(f"u{k}", "s") for k in range(400)]
    said = rng.standard_normal((1000, 400))
    stopped = [check(said, rng.standard_normal(400), cells) for _ in range(20)]
    assert sum(bool(c.outliers) for c in stopped) > 15
    assert sum(c.failed for c in stopped) <= 3


def test_too_many_slight_surprises_stop_as_well():
    rng = np.random.default_rng(2)
    cells = [(f"u{k}", "s") for k in range(400)]
    said = rng.standard_normal((1000, 400))
    found = check(said, np.where(np.arange(400) < 40, 2.9, 0.0), cells)
    assert not found.impossible
    assert found.failed


# Ridge, posterior draws


@given(st.integers(0, 100))
def test_a_line_without_noise_is_found(seed):
    rng = np.random.default_rng(seed)
    x, slope = rng.standard_normal((50, 3)), rng.standard_normal((3, 2))
    found = ridge(x, 1 + x @ slope, rng.random(50))
    np.testing.assert_allclose(found.at(np.eye(3)), 1 + slope, atol=0.01)


def test_noise_is_not_taken_for_a_line():
    rng = np.random.default_rng(1)
    found = ridge(rng.standard_normal((200, 50)), rng.standard_normal((200, 1)))
    assert np.sum(found.coefficients**2) < 0.1
    assert found.leverage.mean() < 0.2


def test_weighted_quantiles_ranks_and_resampling_agree():
    rng = np.random.default_rng(1)
    draws, weights = rng.standard_normal((5000, 1)), rng.random(5000)
    heavy = weights * np.exp(draws[:, 0] - 0.5)  # draws of N(1, 1)
    posterior = WeightedDraws(("a",), draws, heavy / heavy.sum(), np.arange(5000))
    assert posterior.mean[0] == pytest.approx(1, abs=0.1)
    assert posterior.rank(posterior.median)[0] == pytest.approx(0.5, abs=0.01)
    even = posterior.resampled(400, seed=1)
    assert even.median[0] == pytest.approx(posterior.median[0], abs=0.02)
    assert (posterior.draws[even.rows] == even.draws).all()
    assert posterior.inflated(np.array([2.0])).sd[0] == pytest.approx(2 * posterior.sd[0])


# Regression ABC


@pytest.fixture(scope="module")
def linear_training():
    theta, stats = toys.linear(1000, 1)
    return training_set(
        toys.table("abc", theta, stats), toys.priors(*"abc"), toys.without_errors(1), seed=1
    )


@pytest.fixture(scope="module")
def linear_view(linear_training):
    parts = split(np.arange(1000), seed=1)
    return learn(linear_training, parts.learning, seed=1).condition_on(), parts


def test_the_posterior_of_a_linear_model_is_that_of_bayes(linear_training, linear_view):
    view, parts = linear_view
    found = view.posteriors(linear_training.simulated[parts.testing])
    mean, sd = toys.posterior_of_linear(linear_training.simulated[parts.testing][:, :, 0])
    off = np.array([p.mean[:3] for p in found]) - mean
    assert np.sqrt(np.mean(off**2, axis=0)) == pytest.approx(0, abs=0.25 * sd.max())
    assert np.mean([p.sd[:3] for p in found], axis=0) == pytest.approx(sd, rel=0.12)


def test_the_gate_lets_through_what_is_calibrated(linear_training, linear_view):
    view, parts = linear_view
    found = view.posteriors(linear_training.simulated[parts.testing])
    told = calibration_test(found, linear_training.scores[parts.testing])
    assert told.passed
    assert np.mean([c.share for c in told.coverages if c.level == 0.9]) == pytest.approx(
        0.9, abs=0.04
    )
    assert "通过" in told.sentence().said("zh")


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_the_gate_stops_intervals_too_narrow_or_too_wide(linear_training, linear_view, factor):
    view, parts = linear_view
    found = [
        p.inflated(np.full(5, factor))
        for p in view.posteriors(linear_training.simulated[parts.testing])
    ]
    told = calibration_test(found, linear_training.scores[parts.testing])
    assert not told.passed
    assert "a" in told.failing
    assert "no intervals are shown" in told.sentence().said("en")


def test_the_gate_stops_a_posterior_in_the_wrong_place(linear_training, linear_view):
    view, parts = linear_view
    found = view.posteriors(linear_training.simulated[parts.testing])
    moved = [replace(p, draws=p.draws + 1.5 * p.sd) for p in found]
    assert not calibration_test(moved, linear_training.scores[parts.testing]).passed


def test_intervals_too_narrow_are_widened_by_what_other_rows_show(linear_training, linear_view):
    view, parts = linear_view
    known = linear_training.scores

    def too_sure(rows):
        return [
            p.inflated(np.full(5, 0.5)) for p in view.posteriors(linear_training.simulated[rows])
        ]

    factors = conformal_inflation(too_sure(parts.inflation), known[parts.inflation])
    assert factors[:3] == pytest.approx(2, rel=0.25)
    told = calibration_test(
        [p.inflated(factors) for p in too_sure(parts.testing)], known[parts.testing]
    )
    assert told.passed


def test_luck_and_seed_are_all_that_differs(linear_training, linear_view):
    view, parts = linear_view
    again = learn(linear_training, parts.learning, seed=1).condition_on()
    other = learn(linear_training, parts.learning, seed=2).condition_on()
    observed = linear_training.table.observed
    np.testing.assert_array_equal(again.posterior(observed).draws, view.posterior(observed).draws)
    assert not np.array_equal(other.posterior(observed).draws, view.posterior(observed).draws)


def test_every_draw_names_its_run(linear_training, linear_view):
    view, parts = linear_view
    found = view.posterior(linear_training.table.observed)
    assert set(found.rows) <= set(parts.learning)
    assert len(found.rows) == len(found.draws)


def test_draws_of_real_parameters_lie_inside_what_their_priors_allow():
    free = [prior for prior in catalogue() if prior.estimable == "free"]
    theta = np.column_stack([prior.draws(400, 1) for prior in free])
    shown = normal_scores(free, theta)[:, :6] + 0.2 * np.random.default_rng(1).standard_normal(
        (400, 6)
    )
    table = toys.table([prior.name for prior in free], theta, shown[:, :, None])
    training = training_set(table, free, Discrepancy.like(table), seed=1)
    rows = split(np.arange(400), seed=1, inflation=20, testing=20).learning
    view = learn(training, rows, seed=1, nets=1).condition_on()
    wide = view.posterior(table.observed).inflated(np.full(16, 3.0)).values(training.priors)
    for prior in free:
        [column] = wide.of([prior.name]).draws.T
        low, high = prior.support
        assert low <= column.min() < column.max() <= high
    assert (wide.of(["discrepancy:s0"]).draws > 0).all()


def test_a_bent_model_whose_noise_grows_is_estimated_honestly():
    rng = np.random.default_rng(1)
    theta = rng.standard_normal((1500, 1))
    noise = 0.4 * np.exp(0.6 * theta) * rng.standard_normal((1500, 3))
    stats = (theta + 0.3 * theta**2 + 0.15 * theta**3 + noise)[:, :, None]
    training = training_set(
        toys.table("a", theta, stats), toys.priors("a"), toys.without_errors(1), seed=1
    )
    parts = split(np.arange(1500), seed=1, testing=300)
    view = learn(training, parts.learning, seed=1).condition_on()
    found = [p.of(["a"]) for p in view.posteriors(training.simulated[parts.testing])]
    assert calibration_test(found, theta[parts.testing]).passed
    exact = [_on_a_grid(said[:, 0]) for said in training.simulated[parts.testing]]
    mean, sd = np.array(exact).T
    assert np.mean(np.abs([p.mean[0] for p in found] - mean)) < 0.35 * sd.mean()
    assert np.mean([p.sd[0] for p in found]) == pytest.approx(sd.mean(), rel=0.2)


def _on_a_grid(observed):
    """Posterior mean and standard deviation of the bent model by summing over a grid."""
    a = np.linspace(-4, 4, 801)
    middle, sd = a + 0.3 * a**2 + 0.15 * a**3, 0.4 * np.exp(0.6 * a)
    log = -(a**2) / 2 - 3 * np.log(sd) - (((observed[:, None] - middle) / sd) ** 2).sum(axis=0) / 2
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    mean = weight @ a
    return mean, np.sqrt(weight @ (a - mean) ** 2)


# Many units, errors of unknown size, units left out


@pytest.fixture(scope="module")
def region():
    theta, stats, groups, covariates = toys.regional(1200, 3)
    return toys.table("abc", theta, stats, groups=groups, covariates=covariates)


@pytest.fixture(scope="module")
def region_training(region):
    return training_set(region, toys.priors(*"abc"), Discrepancy.like(region), seed=1)


@pytest.fixture(scope="module")
def estimator(region_training):
    return learn(region_training, split(np.arange(1200), seed=1).learning, seed=1)


def test_parameters_and_sizes_of_errors_are_estimated_together(region_training, estimator):
    gate_rows = split(np.arange(1200), seed=1).testing
    found = estimator.condition_on().posteriors(region_training.simulated[gate_rows])
    told = calibration_test(found, region_training.scores[gate_rows])
    assert told.passed
    gained = 1 - np.mean([p.sd**2 for p in found], axis=0)
    by_name = dict(zip(found[0].names, gained, strict=True))
    assert by_name["a"] > 0.4  # the error common to all units hides the rest
    assert by_name["discrepancy:s0"] > 0.4
    assert by_name[SHARED] < by_name["discrepancy:s0"]


def test_a_prefecture_left_out_is_predicted_honestly(region, region_training, estimator):
    rows = split(np.arange(1200), seed=1).testing
    view = estimator.condition_on(region.groups != 3)
    unit = int(np.flatnonzero(region.groups == 3)[0])
    found = view.predictor(unit, ["s0", "s1"]).posteriors(region_training.simulated[rows])
    truth = region_training.simulated[rows][:, unit]
    assert calibration_test(found, truth).passed
    medians = np.array([p.median for p in found])
    assert np.corrcoef(medians[:, 0], truth[:, 0])[0, 1] > 0.5


def test_neighbours_in_the_prefecture_help(region, region_training, estimator):
    rows = split(np.arange(1200), seed=1).testing
    unit = int(np.flatnonzero(region.groups == 3)[0])
    alone = estimator.condition_on(region.groups != 3).predictor(unit, ["s0"])
    together = estimator.condition_on(np.arange(40) != unit).predictor(unit, ["s0"])
    said = region_training.simulated[rows]
    widths = [
        np.mean([np.ptp(p.interval(0.8)) for p in predictor.posteriors(said)])
        for predictor in (alone, together)
    ]
    assert widths[1] < widths[0]


def test_a_unit_that_is_seen_is_not_predicted(estimator):
    with pytest.raises(EstimationError, match="u3"):
        estimator.condition_on().predictor(3, ["s0"])


def misspecified(region, seed):
    """What the model cannot make: a bend, odd units with heavy tails, whole prefectures apart."""
    rng = np.random.default_rng(seed)
    start = region.covariates[:, 0]
    bend = (
        1.5 * (start**2 - 0.35)
        + rng.standard_t(4, 40)
        + 0.7 * rng.standard_normal(8)[region.groups]
    )
    _, stats, *_ = toys.regional(1, seed + 100)
    return stats[0] + np.column_stack([bend, -0.5 * bend])


@pytest.mark.parametrize(("believed", "honest"), [(True, True), (False, False)])
def test_a_wrong_model_predicts_honestly_only_if_it_knows_of_errors(
    region, region_training, estimator, believed, honest
):
    if not believed:
        training = training_set(region, toys.priors(*"abc"), toys.without_errors(2), seed=1)
        estimator = learn(training, split(np.arange(1200), seed=1).learning, seed=1)
    inside = []
    for group in range(8):
        view = estimator.condition_on(region.groups != group)
        for unit in np.flatnonzero(region.groups == group)[:2]:
            predictor = view.predictor(int(unit), ["s0"])
            for seed in range(4):
                observed = misspecified(region, seed)
                low, high = predictor.posterior(observed).interval(0.8)[:, 0]
                inside.append(low <= observed[unit, 0] <= high)
    assert (np.mean(inside) >= 0.7) == honest
