"""Trends that a prefecture shares, and gaps that close."""

from dataclasses import replace

import numpy as np
import pytest

from tests.toys import NAMED, ahead, panel_of
from xiancheng.calibration.forecasts import hierarchical
from xiancheng.calibration.forecasts.forecast import (
    Known,
    Origin,
    StatisticalForecast,
    from_log_odds,
    hindcast,
    log_odds,
)
from xiancheng.calibration.forecasts.hierarchical import (
    CARRY,
    OWN_TREND,
    PERSISTS,
    SCALE,
    WIDE,
    GibbsSample,
    gibbs_sample,
)
from xiancheng.calibration.forecasts.panel import hold_out
from xiancheng.calibration.forecasts.scoring import ForecastScores, coverage


@pytest.mark.parametrize("middle", [0.0, 1.5])
def test_the_sampler_agrees_with_integration_over_a_grid(middle):
    """Means and spreads, also where the covariate is far from 0, so that b0 and b1 correlate."""
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(6), [3, 4, 6, 8, 9, 10])
    x = middle + 0.5 * rng.standard_normal(40)
    y = 0.5 - 0.2 * x + 0.15 * rng.standard_normal(6)[group] + 0.2 * rng.standard_normal(40)
    shuffled = rng.permutation(40)
    found = gibbs_sample(
        y[shuffled], x[shuffled], group[shuffled], np.random.default_rng(1), nu=1e8, chains=300,
        warm_up=100, kept=100,
    )  # fmt: skip
    design = np.column_stack([np.ones(40), x, np.eye(6)[group]])
    s, tau = (
        np.linspace(0.12, 0.36, 50),
        np.concatenate([np.linspace(0.003, 0.5, 80), [0.6, 0.8, 1.2]]),
    )
    step = np.gradient(tau)
    density, means, squares = np.empty((50, 83)), np.empty((50, 83, 8)), np.empty((50, 83, 8))
    for i, j in np.ndindex(50, 83):
        prior = np.diag([WIDE**2] * 2 + [tau[j] ** 2] * 6)
        joint = s[i] ** 2 * np.eye(40) + design @ prior @ design.T
        solved = np.linalg.solve(joint, np.column_stack([y, design @ prior]))
        half_cauchy = (1 + (s[i] / SCALE) ** 2) * (1 + (tau[j] / SCALE) ** 2)
        density[i, j] = (
            -y @ solved[:, 0] / 2 - np.linalg.slogdet(joint)[1] / 2 - np.log(half_cauchy)
        )
        means[i, j] = prior @ design.T @ solved[:, 0]
        squares[i, j] = np.diag(prior - prior @ design.T @ solved[:, 1:]) + means[i, j] ** 2
    weight = np.exp(density - density.max()) * step
    weight /= weight.sum()
    assert found.s.mean() == pytest.approx(weight.sum(1) @ s, abs=0.003)
    assert found.tau.mean() == pytest.approx(weight.sum(0) @ tau, abs=0.01)
    expected = (weight[..., None] * means).sum((0, 1))
    spread = np.sqrt((weight[..., None] * squares).sum((0, 1)) - expected**2)
    assert found.b.mean(0) == pytest.approx(expected[:2], abs=0.01)
    assert found.b.std(0) == pytest.approx(spread[:2], rel=0.05)
    assert found.prefecture.mean(0) == pytest.approx(expected[2:], abs=0.01)


def test_over_half_of_the_record_a_stranger_moves_and_strays_half_as_far():
    """In the years of the record itself, by the trend of its prefecture and what is its own."""
    start = np.full(60, 50.0)
    behind, noise = np.arange(60) % 3 == 0, 0.3 * np.random.default_rng(0).standard_normal(60)
    panel = panel_of([start, from_log_odds(start, np.where(behind, -0.4, 0.6) + noise)])
    strangers = replace(
        panel.take(np.arange(60) < 2), codes=("1", "2"), prefecture=panel.prefecture[:2]
    )
    known = Known(panel, Origin.at(strangers, 0))
    whole, half = (
        log_odds(NAMED["shared_trend"](known, share * panel.years, 20_000, 1))
        for share in (1.0, 0.5)
    )
    means = [noise[behind].mean() - 0.4, noise[~behind].mean() + 0.6]
    assert np.median(whole, 0) == pytest.approx(means, abs=0.1)
    assert np.median(half, 0) == pytest.approx(np.median(whole, 0) / 2, abs=0.02)
    low, high = np.percentile(whole[:, 0], (16, 84))
    assert 0.25 < (high - low) / 2 < 0.4, "each strays as those of the record did"
    ends = np.percentile(half[:, 0], (16, 84))
    assert np.ptp(ends) == pytest.approx((high - low) / 2, rel=0.05)


def test_a_prefecture_is_believed_the_more_the_more_counties_speak_for_it():
    start = np.full(24, 50.0)
    rise = np.full(24, 0.2) + 0.02 * np.random.default_rng(0).standard_normal(24)
    few, many = np.arange(24) == 0, (np.arange(24) > 0) & (np.arange(24) < 9)
    rise[few | many] += 0.6
    panel = panel_of([start, from_log_odds(start, rise)])
    names = np.where(few, "few", np.where(many, "many", np.where(np.arange(24) < 16, "c", "d")))
    panel = replace(panel, prefecture=tuple(names.tolist()))
    strangers = replace(panel.take(np.arange(24) < 2), codes=("1", "2"), prefecture=("few", "many"))
    known = Known(panel, Origin.at(strangers, 0))
    few_rise, many_rise = np.median(NAMED["shared_trend"](known, panel.years, 4000, 1), 0) - 50
    common = 100 * (1 / (1 + np.exp(-0.2)) - 0.5)
    assert common < few_rise < many_rise


def test_who_starts_high_gains_as_much_less_as_the_record_shows():
    start = np.linspace(30.0, 70.0, 30)
    rise = 0.5 - 0.4 * log_odds(start) + 0.02 * np.random.default_rng(0).standard_normal(30)
    panel = panel_of([start, from_log_odds(start, rise)])
    strangers = replace(panel.take(np.arange(30) % 29 == 0), codes=("1", "2"))
    rate = NAMED["shared_trend"](Known(panel, Origin.at(strangers, 0)), panel.years, 4000, 1)
    gained = np.median(log_odds(rate) - log_odds(strangers.rate[0]), axis=0)
    assert gained == pytest.approx(0.5 - 0.4 * log_odds(strangers.rate[0]), abs=0.03)


def test_half_of_what_a_prefecture_gained_on_others_is_expected_to_go_on():
    """How much of it is drift is unknown, and even between nothing and all."""
    start = np.full(24, 40.0)
    ahead_of_others = np.arange(24) % 3 == 0
    rise = np.where(ahead_of_others, 0.6, 0.2) + 0.02 * np.random.default_rng(0).standard_normal(24)
    panel = panel_of([start, from_log_odds(start, rise)])
    stranger = replace(
        panel.take(np.arange(24) < 2),
        codes=("1", "2"), prefecture=(panel.prefecture[0], panel.prefecture[1]),
    )  # fmt: skip
    known = Known(panel, Origin.at(stranger, 1))
    rate = NAMED["shared_trend"](known, panel.years, 20_000, 1)
    more = np.median(log_odds(rate) - log_odds(stranger.rate[1]), axis=0)
    assert 0.3 < (more[0] - more[1]) / 0.4 < 0.7


def test_a_county_that_fell_is_neither_forgotten_nor_carried_on_in_full(shandong):
    fell = shandong.codes.index("371621")
    shared, drift = (ahead(shandong, name)[:, fell] for name in ("shared_trend", "drift"))
    others = shandong.rate[1, fell] + np.mean(shandong.rate[1] - shandong.rate[0]) / 2
    assert np.median(drift) < np.median(shared) < others
    assert (shared < shandong.rate[1, fell]).mean() > 0.1, "that it falls again is possible"


def as_ruled(self, known, years, draws, seed):
    """A forecast without the common trend after the record."""
    return self.rule(known, years, draws, np.random.default_rng(seed))


def test_a_county_that_strayed_far_is_one_that_strays_far(monkeypatch):
    """Deviations are normal, of a precision of each county's own: that of one that strayed as far
    as it did, drawn here from all counties that there might be."""
    scale, span, n, rng = 0.1, 5.0, 100_000, np.random.default_rng(1)
    known_well = GibbsSample(
        np.zeros((1, 2)), np.zeros((1, 1)), np.array([1e-9]), np.array([scale])
    )
    monkeypatch.setattr(hierarchical, "gibbs_sample", lambda *_: known_well)
    monkeypatch.setattr(StatisticalForecast, "__call__", as_ruled)
    changes = np.array([0.0, 0.4, 0.0])
    panel = panel_of([np.full(3, 50.0), from_log_odds(np.full(3, 50.0), changes)], prefectures=1)
    forecast = NAMED["shared_trend"](Known(panel, Origin.at(panel, 1)), span * panel.years, n, 1)
    found = log_odds(forecast) - log_odds(panel.rate[1])

    precision = rng.chisquare(4, 4_000_000) / 4
    strayed_so_far = scale * rng.standard_normal(len(precision)) / np.sqrt(precision)
    for unit in (0, 1):
        like = precision[np.abs(strayed_so_far - changes[unit]) < 0.01]
        sd = scale / np.sqrt(rng.choice(like, n))
        omega, z = rng.random(n), rng.standard_normal(n)
        goes_on = omega * changes[unit] + np.sqrt(omega * (1 - omega)) * sd * z
        begins = np.sqrt(1 - omega) * scale * rng.standard_t(4, n)
        expected = span * goes_on + np.sqrt(span) * begins
        for share in (5, 25, 50, 75, 95):
            there, here = np.percentile(expected, share), np.percentile(found[:, unit], share)
            assert here == pytest.approx(there, abs=0.03), (unit, share)


def test_a_prefecture_goes_on_or_strays_anew_by_its_scale(monkeypatch):
    """Of what it showed, nothing here, an unknown part goes on; the rest is a walk of its scale."""
    tau, span, n, rng = 0.3, 5.0, 100_000, np.random.default_rng(1)
    known_well = GibbsSample(np.zeros((1, 2)), np.zeros((1, 2)), np.array([tau]), np.array([1e-9]))
    monkeypatch.setattr(hierarchical, "gibbs_sample", lambda *_: known_well)
    monkeypatch.setattr(StatisticalForecast, "__call__", as_ruled)
    panel = panel_of(np.full((2, 4), 50.0), prefectures=2)
    forecast = NAMED["shared_trend"](Known(panel, Origin.at(panel, 1)), span * panel.years, n, 1)
    found = log_odds(forecast)
    omega = rng.random(n)
    goes_on = np.sqrt(omega * (1 - omega)) * tau * rng.standard_normal(n)
    strays = np.sqrt(1 - omega) * tau * rng.standard_normal(n)
    for share in (5, 25, 50, 75, 95):
        there = np.percentile(span * goes_on + np.sqrt(span) * strays, share)
        assert np.percentile(found[:, 0], share) == pytest.approx(there, abs=0.03), share


def test_left_out_counties_of_shandong(shandong):
    """The serious opponent is better than the trend of the province, and honest."""
    forecasts = {
        name: hindcast(NAMED[name], shandong, draws=500) for name in ("drift", "shared_trend")
    }
    seen = shandong.rate[1]
    score = {name: ForecastScores.of(draws, seen) for name, draws in forecasts.items()}
    assert score["shared_trend"].crps < score["drift"].crps
    assert score["shared_trend"].mae < 5.2
    assert 0.72 <= coverage(forecasts["shared_trend"], seen, 0.8)[0] <= 0.88
    assert coverage(forecasts["shared_trend"], seen, 0.95)[0] >= 0.92


def test_a_county_may_lose_ground_though_none_it_knows_did(shandong):
    """Four of 78 fell: a forecast that cannot make a Huimin is wrong."""
    rising = shandong.take(
        (shandong.rate[1] > shandong.rate[0]) | (np.array(shandong.codes) == "371621")
    )
    rest, out = next(pair for pair in hold_out(rising) if pair[1].codes == ("371621",))
    rate = NAMED["shared_trend"](Known(rest, Origin.at(out, 0)), rest.years, 20_000, 1)
    assert 0.002 < (rate < out.rate[0]).mean() < 0.1


def test_only_the_shared_trend_lets_the_counties_of_a_prefecture_stray_together(shandong):
    rest, out = max(hold_out(shandong, "prefecture"), key=lambda pair: len(pair[1]))

    def together(name):
        known = Known(rest, Origin.at(out, 0))
        draws = log_odds(NAMED[name](known, rest.years, 4000, 1))
        ranks = draws.argsort(axis=0).argsort(axis=0)
        return np.corrcoef(ranks.T)[np.triu_indices(len(out), 1)].mean()

    assert together("shared_trend") > 0.1
    assert abs(together("drift")) < 0.05


def test_the_counties_of_a_prefecture_carry_one_effect_on():
    """What its prefecture becomes is the same for all its counties in a draw."""
    start = np.full(24, 50.0)
    behind, noise = np.arange(24) % 3 == 0, 1e-3 * np.random.default_rng(0).standard_normal(24)
    panel = panel_of([start, from_log_odds(start, np.where(behind, 0.1, 0.9) + noise)])
    odds = log_odds(ahead(panel, "shared_trend", 10.0))
    same = np.array(panel.prefecture) == panel.prefecture[0]
    assert np.corrcoef(odds[:, same].T)[np.triu_indices(same.sum(), 1)].min() > 0.95


# The structural gap


def coded(gaps, later_gaps, common=0.5, noise=0.02, seed=0):
    """Counties off what their structure implies, at two censuses [log odds]."""
    n, rng = len(gaps), np.random.default_rng(seed)
    implied = np.linspace(-0.8, 0.8, n)[rng.permutation(n)]
    structure = np.zeros((2, n, 9))
    structure[0, :, 0], structure[1, :, 0] = implied, implied + common
    last = implied + common + later_gaps + noise * rng.standard_normal(n)
    odds = np.stack([implied + gaps, last])
    return panel_of(100 / (1 + np.exp(-odds)), prefectures=4, structure=structure)


def test_a_county_reverts_to_what_its_structure_implies():
    rng = np.random.default_rng(1)
    gaps = 0.3 * rng.standard_normal(60)
    panel = coded(gaps, 0.4 * gaps)
    strangers = replace(panel.take(np.arange(60) < 6), codes=tuple("123456"))
    known = Known(panel, Origin.at(strangers, 0))
    median = np.median(log_odds(NAMED["structural_gap"](known, panel.years, 4000, 1)), axis=0)
    assert median - log_odds(strangers.rate[0]) == pytest.approx(0.5 - 0.6 * gaps[:6], abs=0.06)


def test_strangers_of_a_prefecture_gain_what_it_gained_beside_what_structure_implies():
    first, gaps = np.arange(60) % 4 == 0, 0.25 * np.random.default_rng(1).standard_normal(60)
    panel = coded(gaps, 0.4 * gaps, common=np.where(first, 0.9, 0.5))
    strangers = replace(panel.take(np.arange(60) < 8), codes=tuple("12345678"))
    known = Known(panel, Origin.at(strangers, 0))
    odds = log_odds(NAMED["structural_gap"](known, panel.years, 4000, 1))
    rise = np.median(odds, axis=0) - log_odds(strangers.rate[0]) + 0.6 * gaps[:8]
    assert rise[first[:8]].mean() - rise[~first[:8]].mean() == pytest.approx(0.4, abs=0.06)


def test_after_the_record_a_gap_goes_on_closing_and_what_closed_it_is_no_trend():
    """Two counties of the same gap now differ in how they came by it; both close it."""
    rng = np.random.default_rng(1)
    gaps = 0.25 * rng.standard_normal(60)
    later = 0.4 * gaps
    later[:2], gaps[0], gaps[1] = -0.4, 0.4, -0.4
    panel = coded(gaps, later)
    ten = log_odds(ahead(panel, "structural_gap", panel.years))
    rise = np.median(ten, axis=0) - log_odds(panel.rate[1])
    others = np.median(rise[2:])
    assert rise[0] > others + 0.1, "the one that fell is coded narrowly, and rises"
    assert rise[1] - rise[0] < 0.12
    five = np.median(log_odds(ahead(panel, "structural_gap", 5.0)), axis=0)
    half = five - log_odds(panel.rate[1])
    left = np.mean(CARRY)
    expected = (1 - left**5) / (1 - left**10)
    assert (half[0] - np.median(half[2:])) / (rise[0] - others) == pytest.approx(expected, abs=0.12)


def test_of_what_a_prefecture_gained_with_its_structure_a_part_goes_on():
    """No gap opened, so that only its trend is carried on, by the share that is assumed."""
    first, gaps = np.arange(60) % 4 == 0, 0.25 * np.random.default_rng(1).standard_normal(60)
    panel = coded(gaps, 0.4 * gaps, common=np.where(first, 0.9, 0.5))
    odds = log_odds(ahead(panel, "structural_gap", panel.years, draws=20_000))
    rise = np.median(odds, axis=0) - log_odds(panel.rate[1]) + 0.6 * 0.4 * gaps
    more = rise[first].mean() - rise[~first].mean()
    assert more / 0.4 == pytest.approx(np.mean(PERSISTS), abs=0.06)


def test_how_a_prefectures_trend_goes_on_by_its_scale_where_structure_implies_the_level(
    monkeypatch,
):
    """Of a trend of which nothing was seen an unknown part lasts; the rest begins anew yearly."""
    tau, years, n, rng = 0.3, 50.0, 100_000, np.random.default_rng(1)
    known_well = GibbsSample(np.zeros((1, 2)), np.zeros((1, 2)), np.array([tau]), np.array([1e-9]))
    monkeypatch.setattr(hierarchical, "gibbs_sample", lambda *_: known_well)
    monkeypatch.setattr(StatisticalForecast, "__call__", as_ruled)
    panel = panel_of(np.full((2, 4), 50.0), prefectures=2)
    found = log_odds(NAMED["structural_gap"](Known(panel, Origin.at(panel, 1)), years, n, 1))
    persists, span = rng.uniform(*PERSISTS, n), years / panel.years
    lasts = np.sqrt(persists * (1 - persists)) * tau * rng.standard_normal(n)
    anew = np.sqrt(1 - persists) * tau * rng.standard_normal(n)
    for share in (5, 25, 50, 75, 95):
        there = np.percentile(span * lasts + np.sqrt(span) * anew, share)
        assert np.percentile(found[:, 0], share) == pytest.approx(there, abs=0.03), share


def test_what_a_county_strays_is_trend_or_fades_in_ten_years_or_so(monkeypatch):
    """Of one that was as implied: a part of its variance is trend, the rest a residual of codes."""
    s, years, n, rng = 0.3, 50.0, 100_000, np.random.default_rng(1)
    known_well = GibbsSample(np.zeros((1, 2)), np.zeros((1, 2)), np.array([1e-9]), np.array([s]))
    monkeypatch.setattr(hierarchical, "gibbs_sample", lambda *_: known_well)
    monkeypatch.setattr(StatisticalForecast, "__call__", as_ruled)
    panel = panel_of(np.full((2, 4), 50.0), prefectures=2)
    found = log_odds(NAMED["structural_gap"](Known(panel, Origin.at(panel, 1)), years, n, 1))
    span, record = years / panel.years, panel.years
    part, persists, left = (rng.uniform(*of, n) for of in (OWN_TREND, PERSISTS, CARRY))
    sd = s / np.sqrt(rng.chisquare(4, n) / 4)
    lasts = span * np.sqrt(persists * (1 - persists)) * rng.standard_normal(n)
    anew = np.sqrt(span * (1 - persists)) * rng.standard_normal(n)
    fades = np.sqrt((1 - left ** (2 * years)) / (1 - left ** (2 * record)))
    codes = np.sqrt(1 - part) * fades * rng.standard_normal(n)
    expected = sd * (np.sqrt(part) * (lasts + anew) + codes)
    for share in (5, 25, 50, 75, 95):
        there, here = np.percentile(expected, share), np.percentile(found[:, 0], share)
        assert here == pytest.approx(there, abs=0.03), share


def test_left_out_counties_of_shandong_by_their_gap(shandong):
    """Better than the shared trend, with every choice made inside the fold, and honest."""
    forecast = hindcast(NAMED["structural_gap"], shandong, draws=500)
    score = ForecastScores.of(forecast, shandong.rate[1])
    assert score.crps < 3.3
    assert 0.72 <= score.coverage[1][0] <= 0.88


@pytest.mark.slow
def test_structure_of_other_counties_tells_nothing(shandong):
    """The gain over a mean and prefectures is gone when structure is dealt out at random."""

    def score(panel):
        forecast = hindcast(NAMED["structural_gap"], panel, draws=500)
        return ForecastScores.of(forecast, panel.rate[1]).crps

    rng, real = np.random.default_rng(3), score(shandong)
    dealt = [
        score(replace(shandong, structure=shandong.structure[:, rng.permutation(len(shandong))]))
        for __ in range(8)
    ]
    assert real < min(dealt)
    assert np.mean(dealt) > 3.3
