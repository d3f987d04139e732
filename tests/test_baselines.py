"""Statistical forecasts: what they know, what they carry on, and how sure they are."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy.stats import t as student

from xiancheng.calibration.baselines import BASELINES, SINGLE, shared
from xiancheng.calibration.baselines.cohorts import Rates, by_place
from xiancheng.calibration.baselines.errors import NU, Law, carried, strayed
from xiancheng.calibration.baselines.forecast import (
    SHIFT_SD,
    Forecast,
    ForecastError,
    Given,
    Known,
    Standing,
    from_log_odds,
    hindcast,
    log_odds,
)
from xiancheng.calibration.baselines.pool import Pool
from xiancheng.calibration.baselines.shared import SCALE, WIDE, Posterior, SharedTrend, sample
from xiancheng.calibration.baselines.trends import Odds, Trend
from xiancheng.calibration.i18n import Words
from xiancheng.calibration.panel import Panel, left_out, record
from xiancheng.calibration.region import load
from xiancheng.calibration.scores import Scores, coverage, crps

CENSUSES = date(2010, 11, 1), date(2020, 11, 1)
NAMED = {forecaster.name: forecaster for forecaster in BASELINES}
every_baseline = pytest.mark.parametrize("baseline", BASELINES, ids=list(NAMED))


def panel_of(rates, *, growth=1.0, prefectures=3, dates=CENSUSES):
    """Counties of 100,000 whose rates [percent] at two censuses are these, (2, unit)."""
    share = np.asarray(rates, float) / 100
    units = share.shape[1]
    people = np.array([1e5, 1e5 * growth])[:, None] * np.ones((2, units))
    young = np.linspace(2, 0.5, 19)
    above = 370100 + 100 * (np.arange(units) % prefectures)
    return Panel(
        codes=tuple(map(str, above + 21 + np.arange(units) // prefectures)),
        prefecture=tuple(map(str, above)),
        dates=dates,
        urban=people * share,
        rural=people * (1 - share),
        ages=people[:, :, None] * young / young.sum(),
        odds=np.ones((2, 19)),
        comparable=np.ones(units, bool),
    )  # fmt: skip


def some_counties(units=12, seed=0):
    rng = np.random.default_rng(seed)
    start = rng.uniform(30, 60, units)
    return panel_of([start, start + 10 + 4 * rng.standard_t(4, units)])


def ahead(panel, name, years=5.0, draws=4000, seed=1):
    return NAMED[name](Known(panel, Standing.at(panel, 1)), years, draws, seed)


@pytest.fixture(scope="module")
def shandong():
    panel = Panel.of(load("shandong"))
    return panel.take(panel.comparable)


# The record


def test_the_record_of_shandong_is_as_published(shandong):
    """Evidence table: 77 counties without Zouping, whose code changed; left out one by one."""
    assert len(shandong) == 78
    counties = shandong.take(np.array(shandong.codes) != "371681")
    change = counties.rate[1] - counties.rate[0]
    others = (change.sum() - change) / (len(change) - 1)
    error = np.abs(change - others)
    assert error.mean() == pytest.approx(5.2, abs=0.05)
    assert np.sqrt((error**2).mean()) == pytest.approx(6.6, abs=0.05)
    assert np.quantile(error, 0.9) == pytest.approx(11.7, abs=0.05)
    assert (change.mean(), change.std(ddof=1)) == pytest.approx((12.7, 6.6), abs=0.05)
    fell = {
        code: round(float(c), 1) for code, c in zip(counties.codes, change, strict=True) if c < 0
    }
    assert fell == {"371424": -3.4, "371621": -2.1, "371322": -1.4, "371427": -1.2}


def test_binzhou_leans_on_its_province():
    known = record(load("binzhou"))
    assert len(known) == 78
    assert {"371621", "371681"} <= set(known.codes)
    assert not {"371602", "371603"} & set(known.codes), "districts trade land with each other"


@pytest.mark.parametrize("by", ["unit", "prefecture"])
def test_everyone_is_left_out_once_and_never_known(by):
    panel = some_counties()
    out = []
    for rest, left in left_out(panel, by):
        assert set(rest.codes) | set(left.codes) == set(panel.codes)
        assert not set(rest.codes) & set(left.codes)
        if by == "prefecture":
            assert not set(rest.prefecture) & set(left.prefecture)
        out += left.codes
    assert sorted(out) == sorted(panel.codes)


def test_records_join_without_doubles():
    panel = some_counties()
    half = panel.take(np.arange(12) < 7)
    joined = half.joined(panel)
    assert sorted(joined.codes) == sorted(panel.codes)
    order = [joined.codes.index(code) for code in panel.codes]
    assert joined.rate[:, order].tolist() == panel.rate.tolist()
    with pytest.raises(LookupError):
        half.joined(replace(panel, dates=(date(2000, 11, 1), CENSUSES[0])))


# What all have in common


@every_baseline
def test_nothing_of_a_county_left_out_is_seen(baseline):
    panel = some_counties()
    urban = panel.urban.copy()
    urban[1, 4] = 0.9 * panel.residents[1, 4]
    other = replace(panel, urban=urban, rural=panel.residents - urban)
    before, after = (hindcast(baseline, p, draws=60) for p in (panel, other))
    assert before[:, 4].tolist() == after[:, 4].tolist()
    if baseline.name != "persistence":
        assert np.median(after[:, 5]) != np.median(before[:, 5]), "but by those who knew it"


@every_baseline
def test_equal_seeds_give_equal_draws(baseline):
    panel = some_counties()
    known = Known(panel, Standing.at(panel, 1))
    one, same, other = (baseline(known, 5.0, 50, seed).rate for seed in (1, 1, 2))
    assert one.tolist() == same.tolist()
    assert one.tolist() != other.tolist()


@every_baseline
def test_rates_are_shares_even_at_the_ends(baseline):
    rates = np.array([[0.0, 3.0, 50.0, 97.0, 100.0, 60.0], [0.0, 8.0, 70.0, 99.0, 100.0, 75.0]])
    panel = panel_of(rates)
    for census in (0, 1):
        rate = baseline(Known(panel, Standing.at(panel, census)), 10.0, 500, 1).rate
        assert rate.shape == (500, 6)
        assert np.isfinite(rate).all()
        assert rate.min() >= 0
        assert rate.max() <= 100


@every_baseline
def test_later_is_less_sure_between_a_random_walk_and_a_drift(baseline):
    panel = some_counties(30)
    made = [log_odds(ahead(panel, baseline.name, years).rate) for years in (2.5, 5.0)]
    near, far = (np.ptp(np.quantile(odds, [0.25, 0.75], axis=0), axis=0) for odds in made)
    if not baseline.name.startswith("logistic"):  # whose ceiling comes nearer
        assert 1.2 < np.median(far / near) < 2.3


@every_baseline
def test_two_counties_tell_nothing(baseline):
    panel = panel_of([[40, 50], [50, 60]])
    with pytest.raises(ForecastError) as refused:
        baseline(Known(panel, Standing.at(panel, 1)), 5.0, 10, 1)
    assert "3" in refused.value.zh
    assert "3" in refused.value.en


def test_draws_made_elsewhere_come_as_they_are():
    made = Forecast(np.arange(12.0).reshape(4, 3), np.full((4, 3), 1e5))
    panel = panel_of([[40, 50, 60], [50, 60, 70]])
    model = Given("model", Words("模型", "model"), panel.codes[::-1], made)
    told = model(Known(panel, Standing.at(panel, 1)), 5.0, 8, seed=3)
    assert sorted(map(tuple, told.rate.tolist())) == sorted(
        2 * list(map(tuple, made.rate[:, ::-1].tolist()))
    )
    assert (told.urban + told.rural == 1e5).all()


# Trends


def test_persistence_stays_and_a_drift_goes_on():
    panel = panel_of([[30, 40, 50, 45, 38, 52], [40, 48, 64, 44, 50, 60]])
    assert np.median(ahead(panel, "persistence").rate, 0) == pytest.approx(panel.rate[1], abs=0.7)
    half = panel.rate[1] + (panel.rate[1] - panel.rate[0]) / 2
    assert np.median(ahead(panel, "drift").rate, 0) == pytest.approx(half, abs=0.5)


def test_a_damped_drift_has_faded_by_a_tenth_each_year():
    panel = panel_of([[30, 40, 50, 45, 38, 52], [40, 48, 64, 44, 50, 60]])
    years = sum(0.9**k for k in (1, 2, 3, 4, 5))
    wanted = panel.rate[1] + (panel.rate[1] - panel.rate[0]) / panel.years * years
    assert np.median(ahead(panel, "damped_drift").rate, 0) == pytest.approx(wanted, abs=0.5)


def test_over_the_years_of_the_record_a_damped_drift_is_a_drift():
    panel = some_counties()
    known, trend = Known(panel, Standing.at(panel, 0)), Trend("x", Words("", ""), damping=0.9)
    assert trend.carried_on(known, panel.years) == pytest.approx(1)


def test_constant_growth_in_town_and_village_is_told_by_their_difference():
    towns, villages = np.array([3e4, 5e4, 6e4]), np.array([7e4, 5e4, 4e4])
    decade = [towns * 1.5, villages * 0.8]
    later = [towns * 1.5**1.5, villages * 0.8**1.5]
    rates = [100 * u / (u + r) for u, r in ((towns, villages), decade, later)]
    told = np.median(
        ahead(panel_of(rates[:2]), "growth_difference", panel_of(rates[:2]).years / 2).rate, 0
    )
    assert told == pytest.approx(rates[2], abs=0.5)


@pytest.mark.parametrize("ceiling", [80.0, 85.0])
def test_a_logistic_keeps_below_its_ceiling_and_leaves_those_above_where_they_are(ceiling):
    scale = Odds(ceiling)
    rate = np.array([40.0, 79.0, 90.0])
    far = scale.moved(rate, np.full(3, 50.0))
    assert far[0] == pytest.approx(ceiling)
    assert far[1] <= ceiling + 1e-9
    assert far[2] == pytest.approx(90.0, abs=0.1)


@pytest.mark.parametrize("ceiling", [80.0, 85.0])
def test_a_logistic_of_a_name_ends_at_the_ceiling_of_its_name(ceiling):
    """Far ahead, a county that grew is at the ceiling and not above or below it."""
    panel = panel_of([[30, 40, 50, 60], [42, 51, 62, 70]])
    far = NAMED[f"logistic_{ceiling:g}"](Known(panel, Standing.at(panel, 0)), 300.0, 400, 1)
    assert np.median(far.rate, 0) == pytest.approx(np.full(4, ceiling), abs=0.5)


def test_without_a_past_of_its_own_a_county_takes_that_of_others():
    panel = panel_of([[30, 40, 50, 60], [40, 50, 60, 70]])
    stranger = replace(panel, codes=("1", "2", "3", "4"))
    known = Known(panel, Standing.at(stranger, 0))
    told = NAMED["drift"](known, panel.years, 2000, 1).rate
    assert np.median(told, 0) == pytest.approx(panel.rate[1], abs=0.05)


def test_after_the_record_all_may_turn_together():
    panel = panel_of([[40.0] * 20, [50.0] * 20])
    odds = log_odds(ahead(panel, "drift").rate)
    assert np.corrcoef(odds.T)[np.triu_indices(20, 1)].min() > 0.9
    assert odds.std(axis=0) == pytest.approx(np.full(20, SHIFT_SD * 5), rel=0.05)
    same = NAMED["drift"](Known(panel, Standing.at(panel, 0)), 10.0, 100, 1).rate
    assert np.ptp(same) == pytest.approx(0, abs=1e-6)


def test_odds_move_and_return():
    rate = np.array([0.0, 20.0, 99.0, 100.0])
    assert from_log_odds(rate, np.zeros(4)) == pytest.approx(rate)
    assert from_log_odds(np.array([50.0]), np.array([np.log(3)])) == pytest.approx(75.0)


# Errors


def test_the_law_is_the_most_likely_one():
    values = student.rvs(NU, 3, 2, size=300, random_state=1)
    _, location, scale = student.fit(values, fdf=NU)
    law = Law.fit(values)
    assert (law.location, law.scale) == pytest.approx((location, scale), rel=1e-3)
    assert Law.fit(values, 0.0).location == 0


def test_the_law_is_as_unsure_as_repeated_samples_disagree():
    rng = np.random.default_rng(2)
    again = [Law.fit(rng.standard_t(NU, 80)) for _ in range(400)]
    locations, scales = Law(0.0, 1.0, 80, True).draws(20_000, rng)
    assert np.std([law.location for law in again]) == pytest.approx(locations.std(), rel=0.15)
    assert np.std(np.log([law.scale for law in again])) == pytest.approx(
        np.log(scales).std(), rel=0.15
    )


def test_a_location_that_is_given_is_sure():
    locations, _ = Law.fit(np.arange(9.0), 0.0).draws(10, np.random.default_rng(0))
    assert (locations == 0).all()


def test_deviations_grow_between_their_root_and_themselves():
    scale = np.ones(200_000)

    def spread(span, known):
        rng = np.random.default_rng(1)
        return np.quantile(np.abs(strayed((200_000, 1), scale, span, rng, known=known)), 0.5)

    assert spread(0.5, True) / spread(1.0, True) == pytest.approx(0.5)
    assert 0.5 < spread(0.5, False) / spread(1.0, False) < np.sqrt(0.5)


def test_counties_stray_as_students_with_four_degrees_of_freedom_do():
    """One in sixty strays more than four times the scale; of a normal none would in 10,000."""
    stray = strayed((400_000, 1), np.ones(400_000), 1.0, np.random.default_rng(2), known=True)
    for scales in (1, 2, 4, 8):
        share, expected = (abs(stray) > scales).mean(), 2 * student.sf(scales, 4)
        assert share == pytest.approx(expected, rel=0.06), scales
    law = Law.fit(stray[:20_000, 0], 0.0)
    assert law.scale == pytest.approx(1, abs=0.02)


def test_what_a_drift_showed_goes_on_and_what_a_walk_showed_does_not():
    rng = np.random.default_rng(1)
    effect, fresh = np.full((100_000, 1), 2.0), rng.standard_normal((100_000, 1))

    def told(omega):
        return carried(effect, np.ones_like(effect), fresh, 0.5, np.full((100_000, 1), omega), rng)

    assert told(1.0) == pytest.approx(np.ones((100_000, 1)))
    assert told(0.0).mean() == pytest.approx(0, abs=0.02)
    assert told(0.0).std() == pytest.approx(np.sqrt(0.5), rel=0.02)
    assert told(0.5).mean() == pytest.approx(0.5, abs=0.02)


# The hierarchical model


@pytest.mark.parametrize("middle", [0.0, 1.5])
def test_the_sampler_agrees_with_integration_over_a_grid(middle):
    """Means and spreads, also where the covariate is far from 0, so that b0 and b1 correlate."""
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(6), [3, 4, 6, 8, 9, 10])
    x = middle + 0.5 * rng.standard_normal(40)
    y = 0.5 - 0.2 * x + 0.15 * rng.standard_normal(6)[group] + 0.2 * rng.standard_normal(40)
    shuffled = rng.permutation(40)
    found = sample(
        y[shuffled], x[shuffled], group[shuffled], np.random.default_rng(1), nu=1e8, chains=300,
        warm=100, kept=100,
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
    known = Known(panel, Standing.at(strangers, 0))
    whole, half = (
        log_odds(SharedTrend()(known, share * panel.years, 20_000, 1).rate) for share in (1.0, 0.5)
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
    known = Known(panel, Standing.at(strangers, 0))
    few_rise, many_rise = np.median(SharedTrend()(known, panel.years, 4000, 1).rate, 0) - 50
    common = 100 * (1 / (1 + np.exp(-0.2)) - 0.5)
    assert common < few_rise < many_rise


def test_who_starts_high_gains_as_much_less_as_the_record_shows():
    start = np.linspace(30.0, 70.0, 30)
    rise = 0.5 - 0.4 * log_odds(start) + 0.02 * np.random.default_rng(0).standard_normal(30)
    panel = panel_of([start, from_log_odds(start, rise)])
    strangers = replace(panel.take(np.arange(30) % 29 == 0), codes=("1", "2"))
    rate = SharedTrend()(Known(panel, Standing.at(strangers, 0)), panel.years, 4000, 1).rate
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
    known = Known(panel, Standing.at(stranger, 1))
    rate = SharedTrend()(known, panel.years, 20_000, 1).rate
    more = np.median(log_odds(rate) - log_odds(stranger.rate[1]), axis=0)
    assert 0.3 < (more[0] - more[1]) / 0.4 < 0.7


def test_a_county_that_fell_is_neither_forgotten_nor_carried_on_in_full(shandong):
    fell = shandong.codes.index("371621")
    shared, drift = (ahead(shandong, name).rate[:, fell] for name in ("shared_trend", "drift"))
    others = shandong.rate[1, fell] + np.mean(shandong.rate[1] - shandong.rate[0]) / 2
    assert np.median(drift) < np.median(shared) < others
    assert (shared < shandong.rate[1, fell]).mean() > 0.1, "that it falls again is possible"


def test_a_county_that_strayed_far_is_one_that_strays_far(monkeypatch):
    """Deviations are normal, of a precision of each county's own: that of one that strayed as far
    as it did, drawn here from all counties that there might be."""
    scale, span, n, rng = 0.1, 5.0, 100_000, np.random.default_rng(1)
    known_well = Posterior(np.zeros((1, 2)), np.zeros((1, 1)), np.array([1e-9]), np.array([scale]))
    monkeypatch.setattr(shared, "sample", lambda *_: known_well)
    monkeypatch.setattr(shared, "shifted", lambda rate, *_: rate)
    changes = np.array([0.0, 0.4, 0.0])
    panel = panel_of([np.full(3, 50.0), from_log_odds(np.full(3, 50.0), changes)], prefectures=1)
    forecast = SharedTrend()(Known(panel, Standing.at(panel, 1)), span * panel.years, n, 1)
    found = log_odds(forecast.rate) - log_odds(panel.rate[1])

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
    known_well = Posterior(np.zeros((1, 2)), np.zeros((1, 2)), np.array([tau]), np.array([1e-9]))
    monkeypatch.setattr(shared, "sample", lambda *_: known_well)
    monkeypatch.setattr(shared, "shifted", lambda rate, *_: rate)
    panel = panel_of(np.full((2, 4), 50.0), prefectures=2)
    forecast = SharedTrend()(Known(panel, Standing.at(panel, 1)), span * panel.years, n, 1)
    found = log_odds(forecast.rate)
    omega = rng.random(n)
    goes_on = np.sqrt(omega * (1 - omega)) * tau * rng.standard_normal(n)
    strays = np.sqrt(1 - omega) * tau * rng.standard_normal(n)
    for share in (5, 25, 50, 75, 95):
        there = np.percentile(span * goes_on + np.sqrt(span) * strays, share)
        assert np.percentile(found[:, 0], share) == pytest.approx(there, abs=0.03), share


def test_left_out_counties_of_shandong(shandong):
    """The serious opponent is better than the trend of the province, and honest."""
    made = {name: hindcast(NAMED[name], shandong, draws=500) for name in ("drift", "shared_trend")}
    seen = shandong.rate[1]
    score = {name: Scores.of(draws, seen) for name, draws in made.items()}
    assert score["shared_trend"].crps < score["drift"].crps
    assert score["shared_trend"].mae < 5.2
    assert 0.72 <= coverage(made["shared_trend"], seen, 0.8)[0] <= 0.88
    assert coverage(made["shared_trend"], seen, 0.95)[0] >= 0.92


def test_a_county_may_lose_ground_though_none_it_knows_did(shandong):
    """Four of 78 fell: a forecast that cannot make a Huimin is wrong."""
    rising = shandong.take(
        (shandong.rate[1] > shandong.rate[0]) | (np.array(shandong.codes) == "371621")
    )
    rest, out = next(pair for pair in left_out(rising) if pair[1].codes == ("371621",))
    rate = SharedTrend()(Known(rest, Standing.at(out, 0)), rest.years, 20_000, 1).rate
    assert 0.002 < (rate < out.rate[0]).mean() < 0.1


def test_only_the_shared_trend_lets_the_counties_of_a_prefecture_stray_together(shandong):
    rest, out = max(left_out(shandong, "prefecture"), key=lambda pair: len(pair[1]))

    def together(name):
        known = Known(rest, Standing.at(out, 0))
        draws = log_odds(NAMED[name](known, rest.years, 4000, 1).rate)
        ranks = draws.argsort(axis=0).argsort(axis=0)
        return np.corrcoef(ranks.T)[np.triu_indices(len(out), 1)].mean()

    assert together("shared_trend") > 0.1
    assert abs(together("drift")) < 0.05


# Cohorts


def test_ages_split_by_odds_keep_all_totals():
    rng = np.random.default_rng(1)
    ages = rng.uniform(1e3, 5e3, (4, 19))
    everyone = ages.sum(1)
    urban = everyone * [0.0, 0.3, 0.9, 1.0]
    split = by_place(ages, np.linspace(2, 0.5, 19), urban, everyone - urban)
    assert split.sum(2)[0] == pytest.approx(urban, abs=0.01)
    assert split.sum(0)[:, 1:] == pytest.approx(ages[:, 2:])
    assert split.sum(0)[:, 0] == pytest.approx(ages[:, :2].sum(1))
    town = split[0, 1] / split.sum(0)[1]
    assert town[1] > town[-1], "the young live in town"


def test_ages_that_are_of_another_total_are_scaled_to_the_residents():
    """A pack may give ages as shares or of those registered; town and village are as counted."""
    ages = np.random.default_rng(1).uniform(1e3, 5e3, (3, 19))
    urban, rural = np.array([3e4, 5e4, 0.0]), np.array([7e4, 1e4, 2e4])
    odds = np.linspace(2, 0.5, 19)
    split = by_place(ages, odds, urban, rural)
    assert split.sum(2) == pytest.approx(np.stack([urban, rural]), abs=0.1)
    shape = ages / ages.sum(1, keepdims=True)
    assert split.sum(0)[:, 1:] == pytest.approx(shape[:, 2:] * (urban + rural)[:, None], rel=1e-9)
    assert by_place(shape, odds, urban, rural) == pytest.approx(split, rel=1e-6, abs=1e-3)


def test_cohorts_that_keep_their_numbers_go_on_to_keep_them():
    still = np.full((1, 18), 100.0)
    rates = Rates.between(still, still)
    older = rates.after(still, 5.0)
    assert rates.ageing == pytest.approx(np.ones((1, 16)))
    assert rates.children == pytest.approx(np.full(1, 0.2))
    oldest = 200 * np.sqrt(1 / 3)  # a third of those over 75 are over 85 ten years later
    assert older == pytest.approx(1700 + oldest)


def test_between_two_steps_numbers_grow_evenly():
    rates = Rates(np.full((1, 16), 0.9), np.array([0.4]), np.array([0.2]))
    people = np.random.default_rng(3).uniform(50, 150, (1, 18))
    now, five, ten = people.sum(), rates.step(people).sum(), rates.step(rates.step(people)).sum()
    told = [rates.after(people, years)[0] for years in (0.0, 2.5, 5.0, 10.0)]
    assert told == pytest.approx([now, np.sqrt(now * five), five, ten])


def test_two_steps_of_five_years_undo_the_ten_they_came_from():
    rng = np.random.default_rng(2)
    known = Rates(np.full((1, 16), 0.97), np.array([0.5]), np.array([0.15]))
    before = rng.uniform(50, 150, (1, 18))
    after = known.step(known.step(before))
    found = Rates.between(before, after)
    assert found.ageing == pytest.approx(known.ageing)
    assert found.children == pytest.approx(known.children)
    assert found.step(found.step(before))[:, 2:17] == pytest.approx(after[:, 2:17])


def test_cohorts_are_followed_through_ten_years_or_not_at_all():
    panel = replace(some_counties(), dates=(date(2020, 11, 1), date(2025, 11, 1)))
    with pytest.raises(ForecastError) as refused:
        NAMED["cohorts"](Known(panel, Standing.at(panel, 1)), 5.0, 10, 1)
    assert "5.0" in refused.value.zh


def test_cohorts_forecast_residents_too(shandong):
    told = ahead(shandong, "cohorts")
    growth = np.median(told.residents, 0) / shandong.residents[1]
    past = shandong.residents[1] / shandong.residents[0]
    assert np.corrcoef(growth, past)[0, 1] > 0.7
    assert 0.8 < growth.min() < growth.max() < 1.4


# Mixtures


def test_a_mixture_is_made_of_whole_draws():
    panel = some_counties()
    known = Known(panel, Standing.at(panel, 1))
    low, high = (
        Given(name, Words("", ""), panel.codes, Forecast(np.full((40, 12), rate)))
        for name, rate in (("low", 10.0), ("high", 90.0))
    )
    rate = Pool("mixed", Words("", ""), (low, high), (0.25, 0.75))(known, 5.0, 400, 1).rate
    assert np.ptp(rate, axis=1).max() == 0
    assert (rate[:, 0] == 10).mean() == pytest.approx(0.25)


def test_a_member_without_weight_is_not_asked():
    def refuses(*_):
        raise AssertionError("asked")

    panel = some_counties()
    known = Known(panel, Standing.at(panel, 1))
    pool = Pool("mixed", Words("", ""), (NAMED["drift"], refuses), (1.0, 0.0))
    assert pool(known, 5.0, 50, 1).rate.tolist() == NAMED["drift"](known, 5.0, 50, 1).rate.tolist()


def test_the_equal_mixture_is_as_wide_as_its_members_disagree(shandong):
    spread = {f.name: ahead(shandong, f.name).rate.std(0).mean() for f in (*SINGLE, BASELINES[-1])}
    mixed = spread.pop("equal_weights")
    assert mixed > np.median(list(spread.values()))


def test_crps_of_the_whole_record_orders_persistence_last(shandong):
    seen = shandong.rate[1]
    told = {
        f.name: crps(hindcast(f, shandong, by="prefecture", draws=200), seen).mean() for f in SINGLE
    }
    assert max(told, key=told.get) == "persistence"
