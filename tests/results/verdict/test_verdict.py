"""What is expected of each target: a level by statistics, shifted by what the model tells apart."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.forecasts.level import DRAWS
from xiancheng.calibration.region import load
from xiancheng.results.verdict import level as levels
from xiancheng.results.verdict import verdict
from xiancheng.results.verdict.level import Level, level_from, published
from xiancheng.results.verdict.verdict import Verdict
from xiancheng.scenarios.ensemble import TargetDraws, ensemble
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.outcome import CAUSES
from xiancheng.scenarios.run_spec import horizon

SCALE = 0.01
END = date(2025, 12, 31)
BINZHOU = load("binzhou")


@pytest.fixture(scope="module")
def both():
    return ensemble(resolve("plan"), draws=0, scale=SCALE)


@pytest.fixture(scope="module")
def judged(both):
    return Verdict.of(both)


def flat(both, rate: float, spread: float = 0.0) -> Level:
    """A level that is `rate` everywhere at the end, evenly spread over +-`spread`."""
    start, end = both.scenario.dates[0], both.scenario.dates[-1]
    codes = tuple(group.code for group in both.scenario.groups)
    rates = rate + spread * np.linspace(-1, 1, DRAWS)
    table = np.broadcast_to(rates[:, None], (2, DRAWS, len(codes)))
    return Level((start, end), codes, table)


def effects(both) -> np.ndarray:
    """What the plan adds in one run, without recoding beyond what was expected, (target,)."""
    found = []
    for run in (both.scenario, both.baseline):
        groups = {group.code: group for group in run.groups}
        rows = run.model_targets().to_dict("records")
        found.append([
            row["model_rate"] - run.unexpected(groups[row["unit_code"]], row["deadline"])
            for row in rows
        ])  # fmt: skip
    return np.subtract(*found)


def held_to(monkeypatch, result: Level | None) -> None:
    monkeypatch.setattr(levels, "level_from", lambda *_: result)


def test_the_expected_rate_is_that_of_the_run_that_its_causes_are_of(both, judged):
    """The run without the plan follows the level, so the rate and its causes are of one world."""
    for row in judged.to_frame().to_dict("records"):
        causes = [row[f"{cause}_pp"] for cause in (*CAUSES, "counting")]
        assert row["rate_at_start"] + sum(causes) == pytest.approx(row["expected"], abs=1e-5)
        assert row["simulated"] == pytest.approx(row["expected"], abs=0.3)
        group = next(g for g in both.scenario.groups if g.code == row["unit_code"])
        own = both.scenario.causes(group, row["deadline"])
        chances = [run.unexpected(group, row["deadline"]) for run in (both.scenario, both.baseline)]
        assert chances[0] != chances[1]
        own["recoding"] -= chances[0] - chances[1]
        assert causes[:-1] == pytest.approx([own[cause] for cause in CAUSES], abs=1e-5)
        steered = both.scenario.steered(group, row["deadline"])
        assert row["steered_flow_pp"] == pytest.approx(steered["flow"], abs=1e-5)
        assert row["steered_recoding_pp"] == pytest.approx(steered["recoding"], abs=1e-5)


def test_the_plan_shifts_the_level_by_what_it_does_in_the_model(both, monkeypatch):
    held_to(monkeypatch, flat(both, 50.0))
    judged = Verdict.of(both)
    assert judged.estimates()["from_plan_pp"] == pytest.approx(effects(both), abs=1e-9)
    assert (judged.level == 50).all()
    assert judged.estimates()["expected"] == pytest.approx(50 + effects(both), abs=1e-9)


def test_the_level_of_the_model_does_not_matter_where_statistics_carry_it(both, monkeypatch):
    """A model that is ten points too high in every world says the same of the target."""
    held_to(monkeypatch, flat(both, 50.0, 10.0))
    high = [replace(run, record=run.record + 10.0) for run in (both.scenario, both.baseline)]
    again = replace(both, scenario=high[0], baseline=high[1], reference=high[1])
    one, other = Verdict.of(both).estimates(), Verdict.of(again).estimates()
    for name in ("expected", "low", "high", "probability", "from_plan_pp"):
        assert one[name] == pytest.approx(other[name], abs=1e-9)


def test_a_scenario_without_measures_adds_nothing():
    same = Verdict.of(ensemble(resolve("baseline"), draws=0, scale=SCALE))
    assert (same.scenario == same.baseline).all()
    assert (same.baseline == same.level).all()


def test_outside_conditions_shift_the_level_by_what_they_do_in_the_model():
    frozen = ensemble(resolve("plan-without-recoding"), draws=0, scale=SCALE)
    rates = [
        run.model_targets()["model_rate"].to_numpy() for run in (frozen.baseline, frozen.reference)
    ]
    judged = Verdict.of(frozen)
    result = judged.estimates()["from_conditions_pp"]
    assert result == pytest.approx(rates[0] - rates[1], abs=0.05)  # but for the ends at 0 and 100
    of = dict(zip((row["county_en"] for row in frozen.scenario.model_target_rows()), result,
                  strict=True))  # fmt: skip
    # over three seeds at 0.01 and 0.1: Huimin -1.3 to -2.4, Boxing +0.6 to +1.2; others near 0
    assert of["Huimin"] < -0.5
    assert of["Boxing"] > 0.2
    having = frozen.scenario.model_targets()["model_rate"].to_numpy() - rates[1]
    shift = np.median(judged.scenario - judged.level, axis=0)
    assert shift == pytest.approx(having, abs=0.05)  # the plan's rate less that of the usual world
    group = next(g for g in frozen.scenario.groups if g.en == "Zouping")
    path = verdict.path(frozen, group, pd.DataFrame({"unit_code": []}))
    at = [row["county_en"] for row in frozen.scenario.model_target_rows()].index("Zouping")
    assert path.scenario[-1] == pytest.approx(judged.estimates()["expected"][at], abs=0.05)


def test_a_chance_counts_the_draws_that_reach_the_target(both, monkeypatch):
    held_to(monkeypatch, flat(both, 50.0, 10.0))  # even from 40 to 60
    judged = Verdict.of(both)
    for t, wanted in enumerate(judged.thresholds):
        share = np.clip((60 - wanted) / 20, 0, 1)
        assert judged.met(judged.baseline)[:, t].mean() == pytest.approx(share, abs=1e-3)


def test_all_targets_at_once_are_harder_than_any_of_them(judged):
    together = [judged.all_met(rates) for rates in (judged.baseline, judged.scenario)]
    assert (together[1] <= judged.estimates()["probability"].min()).all()
    assert (together[0] <= together[1]).all()
    assert (judged.estimates()["all_met"] == together[1]).all()


def test_all_by_a_deadline_are_those_that_are_due_by_then(judged):
    """With two deadlines the first has the chance of its own targets, the last that of all."""
    n = len(judged.targets)
    days = (date(2025, 12, 31), *(date(2030, 12, 31) for _ in range(n - 1)))
    apart = replace(judged, deadlines=days).all_met(judged.scenario)
    assert apart[0] == judged.met(judged.scenario)[:, 0].mean()
    assert apart[1:].tolist() == [judged.all_met(judged.scenario)[0]] * (n - 1)


def test_about_may_be_missed_by_half_a_point(both, judged):
    wanted = both.scenario.model_targets()
    about = (wanted["operator"] == "about").to_numpy()
    assert about.any()
    rates = wanted["target_rate"].to_numpy()
    assert judged.thresholds == pytest.approx(np.where(about, rates - 0.5, rates))


def test_without_a_record_of_change_the_level_is_the_models_and_has_no_chance(both, monkeypatch):
    held_to(monkeypatch, None)
    result = verdict.verdicts(both)
    assert set(result["basis"]) == {"model"}
    assert result["expected"].to_numpy() == pytest.approx(result["baseline"] + effects(both))
    assert result["effect_pp"].to_numpy() == pytest.approx(result["simulated"] - result["baseline"])
    assert result["probability"].isna().all()
    assert np.isnan(Verdict.of(both).estimates()["all_met"]).all()


def test_with_draws_alone_the_chance_is_the_share_of_draws(both, monkeypatch):
    held_to(monkeypatch, None)
    drawn = ensemble("plan", draws=6, scale=SCALE, jobs=1)
    judged = Verdict.of(drawn)
    share = (drawn.drawn.scenario >= judged.thresholds).mean(axis=0)
    assert judged.to_frame()["probability"].tolist() == pytest.approx(share.tolist(), abs=1e-6)


def test_draws_spread_what_the_plan_adds_over_the_level(both):
    drawn = ensemble("plan", draws=6, scale=SCALE, jobs=1)
    judged = Verdict.of(drawn)
    effect = drawn.drawn.scenario - drawn.drawn.reference
    shifts = (judged.scenario - judged.level)[:, 0]  # Zouping and the others are far from 0 and 100
    assert set(shifts.round(9)) == set(effect[:, 0].round(9))
    assert judged.draws == 6


def test_the_monte_carlo_error_is_the_spread_of_verdicts_over_other_draws(both, monkeypatch):
    """Of a hundred sets of thirty runs, whose effects spread as widely as the level does."""
    rng, known = np.random.default_rng(4), flat(both, 50.0, 4.0)
    found, result = [], []
    for _ in range(100):
        rates = known.rate[-1, :, : len(both.due)]
        level = rates[rng.integers(0, len(rates), len(rates))]
        effect = rng.normal(0.0, 2.0, (30, len(both.due)))
        of = Verdict.of_rates(
            {str(t): (END, 51.0) for t in range(len(both.due))}, level,
            scenario=50 + effect, baseline=np.full_like(effect, 50.0),
            reference=np.full_like(effect, 50.0), draws=30,
        ).estimates()  # fmt: skip
        found.append([of["expected"], of["probability"]])
        result.append([of["expected_mc_error"], of["probability_mc_error"]])
    spread, error = np.std(found, axis=0).mean(axis=1), np.mean(result, axis=(0, 2))
    assert error == pytest.approx(spread, rel=0.2)


def test_more_draws_make_the_monte_carlo_error_smaller():
    all_draws = ensemble("plan", draws=32, scale=SCALE, jobs=1)
    first = replace(all_draws, drawn=TargetDraws(*(rates[:4] for rates in all_draws.drawn)))
    many, few = map(Verdict.of, (all_draws, first))
    for less, more in zip(many.monte_carlo_errors(), few.monte_carlo_errors(), strict=True):
        assert (less < more).mean() > 0.7
    assert many.draw_scale == SCALE


def test_a_verdict_on_a_saved_run_says_what_to_take(both):
    with pytest.raises(RequestError, match=r"outcome\(\)"):
        verdict.of_outcome(object())


def test_what_the_plan_gives_is_the_scenario_less_its_baseline_in_each_run(both, monkeypatch):
    """Draws differ by tens of points, and the plan by one to six of them; so does its interval."""
    held_to(monkeypatch, flat(both, 50.0))
    numbers, effect = np.arange(6), np.array([3.0, 1.0, 6.0, 2.0, 5.0, 4.0])
    baseline = 30.0 + 5 * numbers[::-1]
    number = np.arange(len(both.due))
    without = np.broadcast_to(baseline[:, None], (6, len(number)))
    added = effect[:, None] + number
    drawn = TargetDraws(without + added, without, without)
    result = Verdict.of(replace(both, drawn=drawn)).estimates()
    low, high = np.percentile(effect, (5, 95))
    assert result["plan_low"] == pytest.approx(low + number)
    assert result["plan_high"] == pytest.approx(high + number)
    assert result["without"] == pytest.approx(np.full(len(number), 50.0))
    assert result["low"] == pytest.approx(51.0 + number)
    assert result["high"] == pytest.approx(56.0 + number)
    assert np.isnan(Verdict.of(both).estimates()["plan_low"]).all()


def test_a_run_from_another_census_is_not_held_to_the_level():
    early = ensemble(horizon(resolve("plan"), "2010-11-01", "2025-12-31"), draws=0, scale=SCALE)
    assert not Verdict.of(early).anchored


# The level


def test_the_level_sets_out_from_the_census_and_grows_less_certain():
    pack = load("binzhou")
    result = level_from(pack, pack.censuses[-1], END)
    for code, county in zip(result.codes, pack.counties, strict=False):
        urban, rural = pack.urban_rural(result.start)[pack.counties.index(county)]
        assert result.on(result.start, code) == pytest.approx(100 * urban / (urban + rural))
        spread = [result.on(day, code).std() for day in result.days]
        assert spread[1] < spread[3] < spread[-1]


def test_a_pack_without_targets_has_a_level_all_the_same():
    pack = load("shandong")
    assert level_from(pack, pack.censuses[-1], END).at_deadlines(pack).shape == (DRAWS, 0)


def test_without_a_level_the_rates_are_the_models_own():
    scenario = np.array([[50.0], [60.0]])
    assert (published(None, scenario, scenario - 1) == scenario).all()


def test_what_a_scenario_changes_shifts_the_level_draw_by_draw():
    base = np.tile([30.0, 50.0, 60.0, 70.0], (200, 1))
    reference = np.full((2, 4), 10.0)
    effect = np.array([[0.5, 0.0, 0.0, 0.0], [1.5, -1.0, 0.0, 40.0]])
    rates = published(base, reference + effect, reference)
    assert {tuple(row) for row in rates.tolist()} == {
        (30.5, 50.0, 60.0, 70.0), (31.5, 49.0, 60.0, 100.0),
    }  # fmt: skip
    assert (rates[:, 0] == 30.5).mean() == 0.5


def test_a_path_begins_at_the_census_and_ends_at_the_verdict(both, judged):
    group = next(
        g
        for g in both.scenario.groups
        if g.code == both.scenario.model_targets()["unit_code"].iloc[0]
    )
    result = verdict.path(both, group, verdict.verdicts(both))
    first = judged.estimates()
    assert result.baseline[0] == pytest.approx(result.scenario[0])
    assert result.baseline[-1] == pytest.approx(first["without"][0], abs=1e-5)
    assert result.scenario[-1] == pytest.approx(first["expected"][0], abs=1e-5)
    assert result.low[-1] == pytest.approx(first["low"][0], abs=1e-5)


def test_a_path_is_drawn_to_each_verdict_in_proportion_to_time(both, monkeypatch):
    """What a verdict adds to the run without draw grows from nothing at the start, day by day."""
    held_to(monkeypatch, flat(both, 50.0))
    group, days = both.scenario.groups[0], both.scenario.dates
    own = verdict.path(both, group, pd.DataFrame({"unit_code": []}))
    middle, end = days[len(days) // 2], days[-1]
    lines = {"without": own.baseline, "expected": own.scenario, "low": own.low, "high": own.high}

    def added(due: dict[date, float]) -> np.ndarray:
        """What is added to each line, (line, day), where verdicts are so much above the run."""
        rows = [
            {"unit_code": group.code, "deadline": day,
             **{name: line[days.index(day)] + more for name, line in lines.items()}}
            for day, more in due.items()
        ]  # fmt: skip
        result = verdict.path(both, group, pd.DataFrame(rows))
        now = result.baseline, result.scenario, result.low, result.high
        return np.subtract(now, [*lines.values()])

    def passed(first: date, last: date) -> np.ndarray:
        return np.array([(day - first) / (last - first) for day in days])

    assert added({end: 2.0}) == pytest.approx(np.tile(2 * passed(days[0], end), (4, 1)))
    early = np.minimum(2 * passed(days[0], middle), 2)
    assert added({middle: 2.0}) == pytest.approx(np.tile(early, (4, 1)))
    later = np.where(passed(days[0], middle) < 1, early, 2 + 3 * passed(middle, end))
    assert added({end: 5.0, middle: 2.0}) == pytest.approx(np.tile(later, (4, 1)))
