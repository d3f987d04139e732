"""Trials made up beforehand, of which the truth is known."""

import shutil

import numpy as np

from xiancheng.calibration import priors
from xiancheng.calibration.inference.draws import normal_scores
from xiancheng.calibration.posterior import ABOUT, SAMPLE, Posterior
from xiancheng.calibration.region import load
from xiancheng.calibration.region.counties import enumerated
from xiancheng.results.verdict import trials
from xiancheng.results.verdict.trials import PARAMETERS, Trials
from xiancheng.scenarios.design import sampled

RUNS = 260
AIM = {"alpha_family": 0.8, "return_hazard": -0.6}  # scores of the truth; the rest is 0


def made_up(values, seed=1):
    """A table in which towns grow with `alpha_family` and shrink with `return_hazard`."""
    pack = load("binzhou")
    start, _ = trials.censuses(pack)
    before = enumerated(pack, start)
    by_name = {prior.name: prior for prior in priors.catalogue()}
    column = {name: values[:, PARAMETERS.index(name)] for name in AIM}
    rank = {name: normal_scores([by_name[name]], column[name][:, None])[:, 0] for name in AIM}
    rng = np.random.default_rng(seed)
    push = 0.05 * rank["alpha_family"][:, None] + 0.02 * rng.standard_normal((len(values), 7))
    back = 0.05 * rank["return_hazard"][:, None] + 0.02 * rng.standard_normal((len(values), 7))
    after = {name: np.repeat(table[None].astype(float), len(values), 0) for name, table in
             before.items()}  # fmt: skip
    after["urban_residents"] = after["urban_residents"] * np.exp(0.3 + push - back)
    after["rural_residents"] = after["rural_residents"] * np.exp(-0.2 - push)
    return Trials("binzhou", values, tuple(range(1, len(values) + 1)), after)


def without_posterior(home):
    """A copy of the shipped pack in a folder, without the sample that lies beside it."""
    folder = home / "binzhou"
    shutil.copytree(load("binzhou").folder, folder, ignore=shutil.ignore_patterns(SAMPLE, ABOUT))
    return folder


def of_eight():
    """A sample of eight rows."""
    values = sampled("latin-hypercube", PARAMETERS, 8, 1)
    return Posterior(values, np.arange(11, 19), {"made": "now"})
