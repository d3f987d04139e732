"""The record: what everyone would have said of counties they did not know."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from tests.made_up_trials import RUNS, made_up
from xiancheng.calibration.forecasts.melding import SINGLE
from xiancheng.calibration.forecasts.panel import Panel
from xiancheng.calibration.posterior import RECORD
from xiancheng.calibration.region import load
from xiancheng.results.cli import main
from xiancheng.results.tables.scores import (
    findings,
    hindcast_tables,
    registered_scores,
    validation_page,
)
from xiancheng.results.verdict import estimate as estimating
from xiancheng.results.verdict import hindcast as hindcasting
from xiancheng.results.verdict.estimate import EstimateSettings
from xiancheng.results.verdict.forecasts import TITLES
from xiancheng.results.verdict.hindcast import MODEL, STACKED, Hindcast, stacked
from xiancheng.results.verdict.hindcast import RUNS as RUNS_AS_THEY_ARE
from xiancheng.results.verdict.trials import PARAMETERS
from xiancheng.scenarios.design import sampled

pytest.importorskip("sklearn")
SETTINGS = EstimateSettings("binzhou", None)


@pytest.fixture(scope="module")
def panel():
    """The comparable counties of the first three prefectures."""
    known = Panel.of(load("shandong"))
    three = np.isin(known.prefecture, sorted(set(known.prefecture))[:3])
    return known.take(known.comparable & three)


def told_by(panel, off: dict[str, float]) -> dict[str, np.ndarray]:
    """Draws of every statistical forecast: what came out, some points off, and some noise."""
    rng = np.random.default_rng(3)
    noise = rng.standard_normal((400, len(panel)))
    return {each.name: panel.rate[1] + off.get(each.name, 9.0) + noise for each in SINGLE}


def test_the_stack_leans_on_whoever_told_the_others_right(panel):
    right = SINGLE[3].name
    found = stacked(told_by(panel, {right: 0.0}), panel, "unit", 1)
    assert np.abs(np.median(found, axis=0) - panel.rate[1]).mean() < 0.2


@pytest.mark.parametrize("by", ["unit", "prefecture"])
def test_the_stack_does_not_know_what_it_is_asked(panel, by):
    """Another census of one county, or of its prefecture, changes nothing that is said of it."""
    stack = told_by(panel, {SINGLE[0].name: -1.0, SINGLE[1].name: 1.0})
    mine = np.array(panel.codes if by == "unit" else panel.prefecture)
    own = mine == mine[0]
    other = replace(panel, urban=np.where(own & (np.arange(2) == 1)[:, None], 1.0, panel.urban))
    assert (other.rate[1, own] != panel.rate[1, own]).all()
    before, after = (stacked(stack, each, by, 1)[:, own] for each in (panel, other))
    assert (before == after).all()


@pytest.fixture(scope="module")
def found():
    values = sampled("latin-hypercube", PARAMETERS, RUNS, 1)
    trials, seen = made_up(values), made_up(values[:1], seed=2)
    own = Panel.of(trials.pack).comparable
    table = replace(trials.table(own), observed=seen.stats()[0, own])
    stage = estimating.estimated(table, trials, SETTINGS)
    return trials, stage, hindcasting.hindcasts(stage, SETTINGS)


def test_everyone_forecasts_every_county(found):
    _, _, (only,) = found  # one prefecture alone cannot be left out
    assert {MODEL, RUNS_AS_THEY_ARE, STACKED, *(each.name for each in SINGLE)} <= only.rates.keys()
    for draws in only.rates.values():
        assert draws.shape[1] == len(only.panel)
        assert np.isfinite(draws).all()
        assert ((draws >= 0) & (draws <= 100)).all()


def test_the_runs_as_they_are_hold_no_error_of_the_estimate(found):
    """Every draw is the change of a run of the table; the estimate's own lie wider apart."""
    _, stage, (only,) = found
    table = stage.training.table
    column = table.stats[:, :, table.summaries.index("rate_change")]
    drawn = only.rates[RUNS_AS_THEY_ARE] - only.panel.rate[0]
    assert all(np.isclose(drawn[i, u], column[:, u]).any() for i in (0, 900, 1999)
               for u in range(len(only.panel)))  # fmt: skip
    assert drawn.std() < only.rates[MODEL].std()


def test_who_fell_and_how_changes_correlate_is_counted(panel):
    change = panel.rate[1] - panel.rate[0]
    rng = np.random.default_rng(5)
    right = panel.rate[0] + 0.5 * change + rng.normal(0, 0.1, (500, len(panel)))
    wide = panel.rate[0] + rng.normal(0, 30, (500, len(panel)))
    rates = {each.name: wide for each in SINGLE} | {MODEL: right}
    rows = {row["forecaster"]: row for row in Hindcast(panel, "unit", rates, {}).rows()}
    assert rows[MODEL]["r"] > 0.99
    assert abs(rows[SINGLE[1].name]["r"]) < 0.6
    fell = int((change < 0).sum())
    assert all(row["fell"] == fell for row in rows.values())
    assert rows[SINGLE[1].name]["fell_inside_95"] == fell
    sharp = panel.rate[1] + 5 + rng.normal(0, 0.1, (500, len(panel)))
    rows = Hindcast(panel, "unit", rates | {MODEL: sharp}, {}).rows()
    assert rows[-1]["forecaster"] == MODEL
    assert rows[-1]["fell_inside_95"] == 0


def test_structure_is_permuted_over_counties_and_nothing_else_is(panel, monkeypatch):
    """A forecaster that reads the answer off structure is lost when structure is another's."""
    known = replace(panel, structure=np.repeat(panel.rate[1][None, :, None], 2, axis=0))
    rates = told_by(panel, {}) | {"structural_gap": panel.rate[1] + 0.1 * np.eye(400, len(panel))}
    calls = []

    def forecast(forecaster, other, *, by, draws, seed):
        calls.append(other)
        return other.structure[1, :, 0] + 0.1 * np.eye(draws, len(panel))

    monkeypatch.setattr(hindcasting, "hindcast", forecast)
    found = Hindcast(known, "unit", rates | {MODEL: rates["structural_gap"]}, {})
    (row,) = hindcasting.without_its_covariate(found, 1)
    assert row["crps"] < 0.1
    assert row["least"] > 3
    assert len(calls) == hindcasting.PERMUTATIONS
    for other in calls:
        assert (np.sort(other.structure[1, :, 0]) == np.sort(panel.rate[1])).all()
        assert (other.structure[0] == other.structure[1]).all()
        assert (other.rate == panel.rate).all()


def test_the_page_holds_every_row_and_names_the_better_one(found):
    trials, stage, hindcasts = found
    pack = load("binzhou")
    result = hindcasting.account(
        replace(SETTINGS, pool="shandong"),
        pack,
        hindcasts,
        hindcasting.observed_changes(trials),
        hindcasting.synthetic(stage, [0, 3]),
    )
    page = validation_page(result, pack)
    tables = hindcast_tables(result, pack, "en")
    for name, table in zip(result["counties"], tables[-len(result["counties"]) :], strict=True):
        assert table.title.startswith(f"Binzhou · {TITLES[name].en} · ")
    for table in tables[: len(hindcasts)]:
        place = [header.split()[0] for header in table.headers].index("CRPS")
        errors = [float(row[place]) for row in table.texts()]
        assert errors == sorted(errors), "the best forecaster stands first"
        assert len(set(errors)) > 3
    for name in hindcasts[0].rates:
        assert TITLES[name].zh in page
    better = 0
    for left_out in {row["left_out"] for row in result["scores"]}:
        scores = {r["forecaster"]: r["crps"] for r in result["scores"] if r["left_out"] == left_out}
        simple = [crps for name, crps in scores.items() if name not in (MODEL, RUNS_AS_THEY_ARE)]
        better += scores[MODEL] < min(simple)
        assert f"estimate of the model {scores[MODEL]:.2f}" in page
    assert page.count("模型的估计好于所有简单预测") == better
    assert page.count("最好的简单预测好于模型的估计") == len(hindcasts) - better
    wrong = sum(not row["right"] for row in result["signs"])
    assert page.count("**否**") >= wrong


def test_who_is_best_is_said_apart_for_counties_and_prefectures_left_out():
    rows = [
        {"left_out": by, "forecaster": name, "crps": crps}
        for by, crpses in (("unit", (3.7, 3.4, 3.2)), ("prefecture", (3.6, 3.3, 3.7)))
        for name, crps in zip((MODEL, RUNS_AS_THEY_ARE, "drift"), crpses, strict=True)
    ]
    counties, prefectures = findings(rows)
    assert (counties["by"].en, counties["best"], counties["estimate"]) == ("a county", 3.2, 3.7)
    assert (prefectures["best"], prefectures["estimate"], prefectures["runs"]) == (3.7, 3.6, 3.3)


@pytest.mark.parametrize(
    ("chosen", "own", "short"),
    [
        (EstimateSettings("binzhou", "shandong"), False, []),
        (EstimateSettings("binzhou", "shandong"), True, []),
        (EstimateSettings("binzhou", "shandong", runs=180, scale=0.01, rows=50), False, []),
        (
            EstimateSettings("binzhou", "shandong", runs=180, scale=0.01, rows=50),
            True,
            ["runs 180 < 1000", "scale 0.01 < 0.1", "rows 50 < 400"],
        ),
        (EstimateSettings("binzhou", "shandong", pool_runs=500), False, ["pool_runs 500 < 1024"]),
        (EstimateSettings("binzhou", "shandong", pairs=99), False, []),
        (EstimateSettings("binzhou", "shandong", pairs=99), True, ["pairs 99 < 100"]),
        (EstimateSettings("binzhou", "shandong", scale=1.0, pairs=0), True, []),
        (EstimateSettings("binzhou", None), False, ["pool none ≠ shandong"]),
        (
            EstimateSettings("binzhou", None, runs=180, scale=0.002),
            False,
            ["pool none ≠ shandong", "runs 180 < 1000", "scale 0.002 < 0.1"],
        ),
        (EstimateSettings("shandong", None), False, []),
        (EstimateSettings("binzhou", "shandong", seed=7), True, []),
    ],
)
def test_only_the_real_settings_are_no_trial(chosen, own, short):
    assert estimating.shortfalls(chosen, own=own) == short


@pytest.fixture
def commanded(found, monkeypatch, tmp_path):
    """A function that runs the command on trials made up beforehand, with a pack of one's own."""
    trials, stage, hindcasts = found
    pack = tmp_path / "pack"
    shutil.copytree(load("binzhou").folder, pack)
    monkeypatch.setattr(hindcasting, "PERMUTATIONS", 1)
    monkeypatch.setattr(hindcasting, "trials_of", lambda *_: trials)
    monkeypatch.setattr(hindcasting, "learned", lambda *_: stage)
    monkeypatch.setattr(hindcasting, "hindcasts", lambda *_: hindcasts)
    monkeypatch.setattr(hindcasting, "synthetic", lambda *_: {
        "recovery": [], "predictions": 1, "coverage": {"0.5": 1.0},
    })  # fmt: skip

    def run(*words, region=pack):
        arguments = ["hindcast", "--region", str(region), "--out", str(tmp_path / "out"), "--lang",
                 "en", "--write", str(tmp_path / "v.md")]  # fmt: skip
        return main([*arguments, *words])

    return pack, tmp_path, run


def test_a_trial_never_replaces_the_record_of_a_pack(commanded, capsys):
    pack, home, run = commanded
    before = (pack / RECORD).read_bytes()
    assert run("--pool", "none", "--runs", "180", "--scale", "0.002") == 0
    assert (pack / RECORD).read_bytes() == before
    shown = capsys.readouterr()
    flat = " ".join(shown.out.split())
    assert "5 county units, no pool, 180 runs at scale 0.002, seed 1" in flat
    assert "a trial, not a result: pool none ≠ shandong; runs 180 < 1000" in flat
    for file in (home / "v.md", home / "pictures" / "validation.svg", home / "out" / RECORD):
        assert file.is_file()
        assert str(file) in shown.err
    page = (home / "v.md").read_text("utf-8")
    assert page.startswith("# 检验记录（试运行，不是结果）")
    assert page.count("a trial, not a result") == 3  # title, finding, and under the table
    assert "低于所有简单预测" not in page
    assert "简单预测在水平上更好" not in page
    assert flat.count("a trial, not a result") == 4  # under every table


def test_the_real_settings_keep_a_record_in_a_pack_of_ones_own(commanded, capsys):
    pack, home, run = commanded
    before = (pack / RECORD).read_bytes()
    assert run() == 0
    assert (pack / RECORD).read_bytes() != before
    shown = capsys.readouterr()
    assert "trial" not in shown.out
    assert str(pack / RECORD) in shown.err
    assert "a trial" not in (home / "v.md").read_text("utf-8")


@pytest.mark.parametrize("words", [(), ("--pool", "none", "--runs", "180", "--scale", "0.002")])
def test_nothing_is_written_into_an_installation(commanded, capsys, words):
    _, home, run = commanded
    shipped = load("binzhou").folder
    before = {file: file.read_bytes() for file in shipped.iterdir()}
    assert run(*words, region="binzhou") == 0
    assert {file: file.read_bytes() for file in shipped.iterdir()} == before
    assert (home / "out" / RECORD).is_file()
    assert str(home / "out" / RECORD) in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_writes_page_picture_and_record(tmp_path, capsys):
    pack_copy = tmp_path / "binzhou"
    shutil.copytree(load("binzhou").folder, pack_copy)
    words = ["hindcast", "--region", str(pack_copy), "--pool", "none", "--runs", "180",
             "--scale", "0.01", "--out", str(tmp_path / "out"),
             "--write", str(tmp_path / "page.md"), "--json"]  # fmt: skip
    assert main(words) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["units"] == 5  # the boundary between the two districts was moved
    assert (tmp_path / "page.md").read_text().startswith("# 检验记录")
    assert (tmp_path / "pictures" / "validation.svg").is_file()
    assert result["trial"]
    assert (tmp_path / "out" / RECORD).is_file()
    assert (pack_copy / RECORD).read_bytes() == (load("binzhou").folder / RECORD).read_bytes()


def test_registered_scores_outlast_a_page_that_is_written_anew(tmp_path):
    page = tmp_path / "page.md"
    assert registered_scores(page) == ""
    page.write_text("# old\n\n<!-- scores -->\nregistered\n", "utf-8")
    assert registered_scores(page) == "\n<!-- scores -->\nregistered\n"
    page.write_text("# old\n", "utf-8")
    assert registered_scores(page) == ""
