"""Fixtures of estimates: made-up trials, and packs of a user's own."""

from dataclasses import replace

import numpy as np
import pytest

from tests.made_up_trials import AIM, RUNS, made_up, of_eight, without_posterior
from tests.observed import HEAD
from xiancheng.calibration import priors
from xiancheng.calibration.inference.draws import from_scores
from xiancheng.results.verdict import estimate as estimating
from xiancheng.results.verdict.estimate import EstimateSettings
from xiancheng.results.verdict.trials import PARAMETERS
from xiancheng.scenarios.design import sampled


@pytest.fixture(scope="session")
def trials():
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
def estimate(trials, truth):
    table = replace(trials.table(), observed=truth.stats()[0])
    return estimating.estimated(table, trials, EstimateSettings("binzhou", None))


@pytest.fixture
def pack(tmp_path):
    return without_posterior(tmp_path)


@pytest.fixture
def sample():
    return of_eight()


@pytest.fixture
def file(tmp_path):
    def written(*rows, head=HEAD, encoding="utf-8"):
        path = tmp_path / "observed.csv"
        path.write_text("\n".join([head, *rows]) + "\n", encoding=encoding)
        return path

    return written
