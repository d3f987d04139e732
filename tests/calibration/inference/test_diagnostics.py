"""The prior predictive check; those of calibration are with the estimates that they test."""

from dataclasses import replace

import numpy as np

from tests.toys import many
from xiancheng.calibration.inference.diagnostics import (
    check,
    prior_predictive_check,
)


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
    assert (worst["unit"], worst["summary"], worst["value"]) == ("u7", "s1", 30)
    assert worst["low"] < worst["high"] < 30
    for lang in ("zh", "en"):
        assert "u7 s1 30" in found.sentence().text(lang)
    assert found.rows[0] == worst


def test_a_few_of_many_observations_outside_their_bands_are_chance():
    rng = np.random.default_rng(1)
    cells = [(f"u{k}", "s") for k in range(400)]
    output = rng.standard_normal((1000, 400))
    stopped = [check(output, rng.standard_normal(400), cells) for _ in range(20)]
    assert sum(bool(c.rows) for c in stopped) > 15
    assert sum(c.failed for c in stopped) <= 3


def test_too_many_slight_surprises_stop_as_well():
    rng = np.random.default_rng(2)
    cells = [(f"u{k}", "s") for k in range(400)]
    output = rng.standard_normal((1000, 400))
    found = check(output, np.where(np.arange(400) < 40, 2.9, 0.0), cells)
    assert not found.impossible
    assert found.failed
