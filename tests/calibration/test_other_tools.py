"""SALib, EMA Workbench and pyABC draw from the priors of the catalogue and from no others."""

import pickle
import warnings

import numpy as np
import pytest

import xiancheng
from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.priors import ParameterError, catalogue

PRIORS = {prior.name: prior for prior in catalogue()}
LEVELS = np.linspace(0.001, 0.999, 101)
EVERY = tuple(PRIORS)
ODD = ("beta_a", next(p.name for p in PRIORS.values() if p.family == "beta"))  # spike-slab, beta


def wanted(names) -> np.ndarray:
    """Quantiles of the catalogue, (level, parameter)."""
    return np.column_stack([PRIORS[name].quantile(LEVELS) for name in names])


def test_salib_draws_from_every_prior_of_the_catalogue():
    util = pytest.importorskip("SALib.util")
    prior = xiancheng.priors_for_salib(EVERY)
    drawn = util.scale_samples(np.tile(LEVELS[:, None], len(EVERY)), dict(prior.given))
    np.testing.assert_allclose(prior.values(drawn), wanted(prior.names), rtol=1e-9, atol=1e-9)
    assert set(ODD) <= prior.quantiles
    kept = {PRIORS[name].family for name in EVERY} - {PRIORS[n].family for n in prior.quantiles}
    assert {"normal", "lognormal"} <= kept, "families that SALib has are handed as they are"


def test_salib_explores_a_middle_share_of_every_prior_where_it_goes_to_the_ends():
    util = pytest.importorskip("SALib.util")
    prior = xiancheng.priors_for_salib(["kappa", "beta_y"], inside=0.9)
    ends = util.scale_samples(np.array([[0.0, 0.0], [1.0, 1.0]]), dict(prior.given))
    expected = [[PRIORS[name].quantile(u) for name in prior.names] for u in (0.05, 0.95)]
    np.testing.assert_allclose(prior.values(ends), expected)
    with pytest.raises(RequestError, match="inside"):
        xiancheng.priors_for_salib(inside=0)


def test_the_workbench_draws_from_every_prior_of_the_catalogue():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells of evaluators that are not installed
        pytest.importorskip("ema_workbench")
    prior = xiancheng.priors_for_ema(EVERY)
    drawn = np.column_stack([each.dist.ppf(LEVELS) for each in prior.given])
    np.testing.assert_allclose(prior.values(drawn), wanted(prior.names), rtol=1e-9, atol=1e-9)
    assert [each.name for each in prior.given] == list(EVERY)
    assert {PRIORS[name].family for name in prior.quantiles} == {"spike-slab"}
    pickle.dumps(prior.given)  # for its pools of processes
    assert "kappa" in repr(prior.given)


def test_pyabc_draws_from_every_prior_of_the_catalogue():
    pytest.importorskip("pyabc")
    prior = xiancheng.priors_for_pyabc(EVERY)
    drawn = np.column_stack([prior.given[name].distribution.ppf(LEVELS) for name in EVERY])
    np.testing.assert_allclose(prior.values(drawn), wanted(prior.names), rtol=1e-9, atol=1e-9)
    assert {PRIORS[name].family for name in prior.quantiles} == {"spike-slab"}


def test_what_a_tool_drew_by_name_becomes_parameters_of_a_run():
    prior = xiancheng.priors_for_salib(["kappa", "beta_a"])
    assert prior.quantiles == {"beta_a"}
    values = prior.values({"kappa": 2.0, "beta_a": 0.9, "seed": 3})
    assert values == {"kappa": 2.0, "beta_a": pytest.approx(PRIORS["beta_a"].quantile(0.9))}


def test_a_misspelt_name_is_refused_with_the_nearest():
    with pytest.raises(ParameterError, match="kappa"):
        xiancheng.priors_for_salib(["kapa"])
