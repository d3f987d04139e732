"""The table of trials."""

import numpy as np
import pytest

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


def test_each_trial_has_parameters_luck_and_county_effects_of_its_own(few):
    design, _ = few
    specs = [design.spec(number) for number in range(3)]
    assert [spec.seed for spec in specs] == [1, 2, 3]
    assert [spec.draw for spec in specs] == [1, 2, 3]
    assert len({spec.parameters["kappa"] for spec in specs}) == 3


def test_a_trial_says_what_the_run_itself_finds(few):
    design, made = few
    outcome = simulate(design.spec(1))
    told = outcome.summary()
    codes = [county.code for county in made.pack.counties]
    for name, found in made.after.items():
        assert found[1].tolist() == [told[f"{name}_{code}"] for code in codes], name


def test_trials_and_censuses_are_asked_the_same_questions(few):
    _, made = few
    pack = made.pack
    before, later = (enumerated(pack, day) for day in trials.censuses(pack))
    table = made.table()
    assert table.names == FREE
    assert len(FREE) == 13
    assert table.stats.shape == (3, 7, len(summaries(before, later)))
    assert np.isfinite(table.stats).all()
    rates = table.observed[:, table.summaries.index("rate_change")]
    assert rates[2] == pytest.approx(-2.08, abs=0.01)  # Huimin fell
