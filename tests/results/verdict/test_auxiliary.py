"""Auxiliary regressions: the same on the censuses and on runs."""

from dataclasses import replace

import numpy as np
import pytest

from tests.made_up_trials import RUNS, made_up
from xiancheng.calibration.region import load
from xiancheng.calibration.region.counties import enumerated, summaries
from xiancheng.results.verdict import account
from xiancheng.results.verdict.trials import PARAMETERS, Trials, censuses
from xiancheng.scenarios.design import sampled

pytest.importorskip("sklearn")


def test_a_slope_is_found_beside_its_control_and_errs_as_it_says():
    rng = np.random.default_rng(1)
    found = []
    for _ in range(400):
        control = rng.standard_normal(60)
        x = control + rng.standard_normal(60)
        y = 0.5 * x - 2 * control + (0.5 + np.abs(x)) * rng.standard_normal(60)
        found.append(account.fitted(y, x, control))
    slopes, errors = np.array(found).T
    assert slopes.mean() == pytest.approx(0.5, abs=0.04)
    assert errors.mean() == pytest.approx(slopes.std(), rel=0.15)


def test_raised_are_counties_and_cities_of_the_same_area_and_no_others():
    pack = load("shandong")
    lifted = {c.zh for c, own in zip(pack.counties, account.raised(pack), strict=True) if own}
    assert {"邹平市", "文登区", "章丘区", "陵城区"} <= lifted
    assert not {"黄岛区", "蓬莱区", "莱芜区", "任城区", "惠民县"} & lifted


@pytest.fixture(scope="module")
def mirrored(estimate):
    """Trials of the whole province in each of which the censuses themselves come out."""
    pack = load("shandong")
    later = enumerated(pack, censuses(pack)[1])
    values = sampled("latin-hypercube", PARAMETERS, RUNS, 1)
    after = {name: np.repeat(found[None].astype(float), RUNS, 0) for name, found in later.items()}
    return Trials("shandong", values, tuple(range(1, RUNS + 1)), after)


def test_a_model_that_repeats_the_censuses_has_their_slopes(mirrored, estimate):
    rows = {row["name"]: row for row in account.regressions(mirrored, estimate, 1)}
    assert set(rows) == {*account.CHANGES, account.RAISED}
    assert rows[account.BOUGHT]["median"] is None
    for name in set(rows) - {account.BOUGHT}:
        assert rows[name]["median"] == pytest.approx(rows[name]["slope"]), name
        assert rows[name]["distance"] == pytest.approx(0, abs=1e-6)
    assert rows[account.SCHOOL]["counties"] == 78
    assert rows[account.RAISED]["counties"] == 88


def test_a_model_whose_towns_do_not_follow_jobs_is_told_apart(mirrored, estimate):
    """Urban residents are dealt anew among counties: what moved together does so no more."""
    order = np.random.default_rng(2).permutation(len(mirrored.pack.counties))
    people = mirrored.after["urban_residents"] + mirrored.after["rural_residents"]
    share = (mirrored.after["urban_residents"] / people)[:, order]
    after = mirrored.after | {
        "urban_residents": share * people,
        "rural_residents": (1 - share) * people,
    }
    off = replace(mirrored, after=after)
    rows = {row["name"]: row for row in account.regressions(off, estimate, 1)}
    observed = summaries(*(enumerated(off.pack, day) for day in censuses(off.pack)))
    assert np.ptp(observed["farming_change"]) > 1
    assert abs(rows[account.SCHOOL]["distance"]) > 1
    assert rows[account.SCHOOL]["median"] != pytest.approx(rows[account.SCHOOL]["slope"])


def test_too_few_counties_give_no_slope(estimate):
    assert account.regressions(made_up(estimate.trials.values), estimate, 1) == []
