"""The catalogue of parameters says one thing only, and draws follow it."""

import math
import pickle
from dataclasses import fields
from difflib import SequenceMatcher

import numpy as np
import pytest
from scipy import stats
from scipy.special import betaincinv, ndtri

from xiancheng.calibration.i18n import Words
from xiancheng.calibration.priors import (
    HYPERPARAMETERS,
    KINDS,
    ParameterError,
    catalogue,
    central,
    draw,
    override,
)
from xiancheng.sim.parameters import Parameters

PRIORS = {prior.name: prior for prior in catalogue()}
ENDS_ARE_QUANTILES = {"normal", "lognormal", "beta"}

each_prior = pytest.mark.parametrize("prior", PRIORS.values(), ids=PRIORS.keys())

# What is on file


@each_prior
def test_a_block_is_complete(prior):
    assert prior.name.isidentifier()
    assert set(prior.title) == {"zh", "en"}
    assert all(prior.title.values())
    assert prior.prior.keys() == {"family", *HYPERPARAMETERS[prior.family]}
    assert prior.estimable in {"free", "fixed-prior"}
    assert prior.kind in KINDS
    assert prior.grade in {"S", "W", "A"}
    assert (prior.grade == "A") == (prior.source == "assumption")
    assert all(isinstance(text, str) and text for text in (prior.unit, prior.note, prior.source))


@each_prior
def test_the_central_value_lies_in_the_range(prior):
    assert prior.low <= prior.central <= prior.high
    assert prior.low < prior.high


@each_prior
def test_the_range_on_file_is_that_of_the_prior(prior):
    """Rounded to the figures on file: 5 and 95 % quantiles, or the ends of the support."""
    if prior.family in ENDS_ARE_QUANTILES:
        np.testing.assert_allclose(
            prior.quantile([0.05, 0.95]),
            [prior.low, prior.high],
            atol=0.02 * (prior.high - prior.low),
        )
    else:
        assert prior.support == (prior.low, prior.high)


@each_prior
def test_the_central_value_on_file_is_that_of_the_prior(prior):
    levels = (np.arange(20_000) + 0.5) / 20_000
    if prior.family in {"normal", "beta"}:
        assert prior.quantile(levels).mean() == pytest.approx(prior.central, abs=1e-9)
    if prior.family == "lognormal":
        assert prior.quantile(0.5) == pytest.approx(prior.central)
    if prior.family == "uniform":
        assert prior.central == pytest.approx((prior.low + prior.high) / 2)
    if prior.family == "spike-slab":
        assert prior.low == 0
        assert 0 < prior.prior["p0"] < 1
        assert prior.central == pytest.approx(prior.quantile(0.5), abs=0.005) or (
            "stated" in prior.note
        )


def test_no_more_than_fifteen_parameters_are_free():
    assert sum(prior.estimable == "free" for prior in catalogue()) <= 15


# Shapes

ORACLES = {  # quantile functions in closed form
    "normal": lambda p, u: p.central + p.prior["sd"] * ndtri(u),
    "lognormal": lambda p, u: p.central * np.exp(p.prior["sigma"] * ndtri(u)),
    "beta": lambda p, u: betaincinv(p.prior["a"], p.prior["b"], u),
    "triangular": lambda p, u: np.where(
        u * (p.high - p.low) < p.central - p.low,
        p.low + np.sqrt(u * (p.high - p.low) * (p.central - p.low)),
        p.high - np.sqrt((1 - u) * (p.high - p.low) * (p.high - p.central)),
    ),
    "uniform": lambda p, u: p.low + u * (p.high - p.low),
    "spike-slab": lambda p, u: p.high * np.maximum(u - p.prior["p0"], 0) / (1 - p.prior["p0"]),
}


def test_every_family_has_an_oracle():
    assert ORACLES.keys() == HYPERPARAMETERS.keys()


@each_prior
def test_quantiles_are_those_of_the_closed_form(prior):
    u = np.linspace(0.001, 0.999, 401)
    np.testing.assert_allclose(
        prior.quantile(u), ORACLES[prior.family](prior, u), rtol=1e-9, atol=1e-12
    )


@each_prior
def test_nothing_outside_the_support_is_ever_drawn(prior):
    low, high = prior.support
    values = prior.quantile([0, 1e-12, 0.5, 1 - 1e-12, 1])
    assert low <= values.min()
    assert values.max() <= high


# Draws


@each_prior
def test_a_draw_meets_every_layer_of_a_prior_once(prior):
    n = 50
    edges = prior.quantile(np.linspace(0, 1, n + 1))
    values = np.sort(prior.draws(n, seed=3))
    assert (edges[:-1] <= values).all()
    assert (values <= edges[1:]).all()


def test_the_same_seed_draws_the_same_and_another_seed_does_not():
    assert draw(5, seed=1) == draw(5, seed=1)
    assert draw(5, seed=1) != draw(5, seed=2)


def test_a_new_parameter_leaves_the_draws_of_the_others_alone():
    """What a parameter draws depends on its own name alone."""
    drawn = draw(8, seed=1)
    for prior in catalogue():
        assert [getattr(p, prior.name) for p in drawn] == prior.draws(8, seed=1).tolist()


def test_parameters_are_drawn_independently():
    """No pair of the catalogue moves together more than chance explains."""
    u = np.array([stats.rankdata(p.draws(400, seed=1), method="ordinal") for p in catalogue()])
    pairs = np.corrcoef(u)[np.triu_indices(len(u), 1)]
    assert abs(pairs).max() < stats.norm.isf(1e-6 / len(pairs)) / math.sqrt(400)


def test_drawing_leaves_global_randomness_alone():
    before = np.random.get_state()  # noqa: NPY002  this is the state to be left alone
    draw(2, seed=1)
    assert all(map(np.array_equal, before, np.random.get_state()))  # noqa: NPY002


# Overrides


def test_without_overrides_every_parameter_is_central():
    assert override({}) == central()
    assert [getattr(central(), p.name) for p in catalogue()] == [p.central for p in catalogue()]


@each_prior
def test_the_whole_range_can_be_set(prior):
    for value in (prior.low, prior.central, prior.high):
        assert getattr(override({prior.name: value}), prior.name) == value


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.float64(2), np.int64(2)])
def test_any_kind_of_number_is_taken(value):
    beta = override({"beta_y": value}).beta_y
    assert type(beta) is float
    assert beta == 2


def test_other_parameters_keep_their_central_value():
    changed = override({"beta_y": 2.0})
    same = {f.name for f in fields(Parameters)} - {"beta_y"}
    assert all(getattr(changed, name) == getattr(central(), name) for name in same)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("kappa", wrong) for wrong in (math.nan, math.inf, -math.inf, 1j)),
        *(("kappa", wrong) for wrong in ("3", None, True, np.True_, [3.0], np.array([3.0, 4.0]))),
        ("beta_y", -0.1),
        ("gamma_a", 1.01),
        ("lambda_b", np.float32(0.3)),
        ("beta_a", 0.3),
    ],
)
def test_a_value_that_means_nothing_is_refused(name, value):
    with pytest.raises(ParameterError, match=name):
        override({name: value})


def test_a_misspelt_name_is_answered_with_the_nearest():
    nearest = max(PRIORS, key=lambda name: SequenceMatcher(None, name, "job_mover_shares").ratio())
    with pytest.raises(ParameterError, match=f"did you mean {nearest}") as caught:
        override({"job_mover_shares": 0.3})
    assert f"是否指 {nearest}" in caught.value.zh


def test_all_slips_are_told_at_once():
    with pytest.raises(ParameterError) as caught:
        override({"happiness": 1.0, "gamma_a": 2.0, "kappa": math.nan})
    for text in (caught.value.zh, caught.value.en):
        assert all(name in text for name in ("happiness", "gamma_a", "kappa"))


def test_the_error_survives_the_way_back_from_another_process():
    error = ParameterError(Words("错", "wrong"))
    again = pickle.loads(pickle.dumps(error))
    assert (again.zh, again.en, str(again)) == ("错", "wrong", "错\nwrong")
