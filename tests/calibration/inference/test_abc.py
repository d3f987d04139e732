"""On toys of which the truth is known, posteriors are right and their intervals honest."""

from dataclasses import replace

import numpy as np
import pytest

from tests import toys
from xiancheng.calibration.inference.abc import learn, split, training_set
from xiancheng.calibration.inference.diagnostics import (
    calibration_test,
    conformal_inflation,
)
from xiancheng.calibration.inference.discrepancy import SHARED, Discrepancy
from xiancheng.calibration.inference.draws import normal_scores
from xiancheng.calibration.inference.table import EstimationError
from xiancheng.calibration.priors import catalogue

pytest.importorskip("sklearn")


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
    result = calibration_test(found, linear_training.scores[parts.testing])
    assert result.passed
    assert np.mean([row["share"] for row in result.rows if row["level"] == 0.9]) == pytest.approx(
        0.9, abs=0.04
    )
    assert "通过" in result.sentence().text("zh")


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_the_gate_stops_intervals_too_narrow_or_too_wide(linear_training, linear_view, factor):
    view, parts = linear_view
    found = [
        p.inflated(np.full(5, factor))
        for p in view.posteriors(linear_training.simulated[parts.testing])
    ]
    result = calibration_test(found, linear_training.scores[parts.testing])
    assert not result.passed
    assert "a" in result.failing
    assert "no intervals are shown" in result.sentence().text("en")


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
    result = calibration_test(
        [p.inflated(factors) for p in too_sure(parts.testing)], known[parts.testing]
    )
    assert result.passed


def test_randomness_and_seed_are_all_that_differs(linear_training, linear_view):
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
    wide = (
        view.posterior(table.observed)
        .inflated(np.full(len(training.priors), 3.0))
        .values(training.priors)
    )
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
    exact = [_on_a_grid(output[:, 0]) for output in training.simulated[parts.testing]]
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
    result = calibration_test(found, region_training.scores[gate_rows])
    assert result.passed
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
    output = region_training.simulated[rows]
    widths = [
        np.mean([np.ptp(p.interval(0.8)) for p in predictor.posteriors(output)])
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
