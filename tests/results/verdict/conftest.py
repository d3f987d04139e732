"""Fixtures of estimates: made-up trials, and packs of a user's own."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from tests.made_up_trials import AIM, RUNS, made_up
from xiancheng.calibration import priors
from xiancheng.calibration.inference.draws import from_scores
from xiancheng.calibration.posterior import ABOUT, SAMPLE, Posterior
from xiancheng.calibration.region import load
from xiancheng.results.verdict import estimate as estimating
from xiancheng.results.verdict.estimate import EstimateSettings
from xiancheng.results.verdict.trials import PARAMETERS
from xiancheng.scenarios.design import sampled


@pytest.fixture(scope="session")
def made():
    return made_up(sampled("latin-hypercube", PARAMETERS, RUNS, 1))


@pytest.fixture(scope="session")
def truth():
    """The central world but for the two parameters, and a table that observes it."""
    central = np.array([[prior.quantile(np.array(0.5)) for prior in priors.catalogue()]], float)
    for name, score in AIM.items():
        prior = next(p for p in priors.catalogue() if p.name == name)
        central[0, PARAMETERS.index(name)] = from_scores([prior], np.array([[score]]))[0, 0]
    return made_up(central, seed=2)


@pytest.fixture(scope="session")
def estimate(made, truth):
    table = replace(made.table(), observed=truth.stats()[0])
    return estimating.estimated(table, made, EstimateSettings("binzhou", None))


@pytest.fixture
def pack(tmp_path):
    folder = tmp_path / "binzhou"
    shutil.copytree(load("binzhou").folder, folder)
    for name in (SAMPLE, ABOUT):
        (folder / name).unlink(missing_ok=True)
    return folder


@pytest.fixture
def sample():
    values = sampled("latin-hypercube", PARAMETERS, 8, 1)
    return Posterior(values, np.arange(11, 19), {"made": "now"})
