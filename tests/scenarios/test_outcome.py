"""An outcome in a researcher's hands: tables, verdicts, notebooks, pickles."""

import json
import pickle
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import xiancheng
from xiancheng.calibration.errors import RefusedError, RequestError
from xiancheng.calibration.region import load
from xiancheng.results.store import ledger, record
from xiancheng.results.store.cache import RunStore
from xiancheng.results.store.runs import read_run, read_whole, write_run
from xiancheng.results.verdict.verdict import Verdict, verdicts
from xiancheng.scenarios import indicators, simulate
from xiancheng.scenarios.ensemble import ensemble
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.outcome import MODEL_TARGETS
from xiancheng.scenarios.run_spec import RunSpec

SCALE = 0.005


@pytest.fixture(scope="module")
def outcome():
    return simulate("plan", scale=SCALE)


# Targets


def test_one_run_shows_the_models_own_targets_and_calls_nothing_met(outcome):
    table = outcome.model_targets()
    assert tuple(table.columns) == MODEL_TARGETS
    assert not {"met", "probability", "margin_pp", "simulated"} & set(table.columns)
    margin = table["model_rate"] - table["target_rate"]
    assert table["model_margin_pp"].tolist() == pytest.approx(margin.tolist(), abs=1e-6)
    least = np.where(table["operator"] == "about", -0.5, 0.0)
    assert table["above_target_in_model"].tolist() == (margin >= least).tolist()


def test_a_run_that_reaches_no_deadline_has_a_table_of_no_rows():
    early = simulate("plan", scale=SCALE, until="2021-03-31")
    assert early.model_targets().empty
    assert tuple(early.model_targets().columns) == MODEL_TARGETS


def test_the_verdict_of_an_outcome_is_that_of_the_command(outcome):
    """The same chances as `xiancheng run` gives at the central parameters."""
    result = outcome.verdicts()
    wanted = Verdict.of(ensemble(resolve("plan"), draws=0, scale=SCALE)).to_frame()
    pd.testing.assert_frame_equal(result, wanted, check_exact=True)
    assert result["probability"].between(0, 1).all()
    assert "met" not in result


def test_the_verdict_of_an_outcome_takes_its_parameters_seed_and_draw():
    settings = {"scale": SCALE, "parameters": {"kappa": 3.0}, "seed": 4, "draw": 2}
    result = simulate("plan", **settings).verdicts()
    wanted = verdicts(ensemble(resolve("plan"), draws=0, **settings))
    assert result["expected"].tolist() == wanted["expected"].tolist()


def test_without_the_package_of_results_verdicts_are_refused(outcome, monkeypatch):
    monkeypatch.setattr(xiancheng, "__path__", [])
    for name in [n for n in sys.modules if n.startswith("xiancheng.results")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(RequestError, match="not installed"):
        outcome.verdicts()


def test_deadlines_are_dates_to_pandas(outcome):
    deadlines = outcome.model_targets()["deadline"]
    assert pd.api.types.is_datetime64_any_dtype(deadlines)
    assert (deadlines.dt.year == 2025).any()


# On file


@pytest.fixture
def kept(outcome, tmp_path):
    request = RunSpec.of("plan", scale=SCALE)
    folder = tmp_path / "runs" / request.key
    return read_run(write_run(folder, outcome, request, {"simulate": 1.0}))


def test_a_run_of_a_sweep_keeps_the_models_targets_under_their_own_name(outcome, kept):
    assert not (kept.folder / "verdicts.csv").exists()
    on_file = pd.read_csv(kept.folder / "model_targets.csv", encoding="utf-8-sig")
    assert tuple(on_file.columns) == MODEL_TARGETS
    pd.testing.assert_frame_equal(outcome.model_targets(), kept.model_targets(), check_exact=True)
    with pytest.raises(RequestError, match=r"model_targets\(\)"):
        kept.verdicts()


def test_the_ledger_gives_a_share_of_runs_and_no_probability(kept):
    result = ledger.targets(kept.folder.parent.parent)
    assert "share_above_in_model" in result
    assert "probability" not in result


def test_a_folder_that_an_older_program_wrote_is_read(kept, tmp_path):
    """It called the model's own targets verdicts, and the level in the model `simulated`."""
    former = {"model_rate": "simulated", "above_target_in_model": "met",
              "model_margin_pp": "margin_pp"}  # fmt: skip
    text = json.loads((kept.folder / "run.json").read_text("utf-8"))
    rows = text.pop("model_targets")
    text["verdicts"] = [{former.get(k, k): v for k, v in row.items()} for row in rows]
    del text["seal"]
    old = shutil.copytree(kept.folder, tmp_path / "old" / "runs" / kept.folder.name)
    (old / "model_targets.csv").rename(old / "verdicts.csv")
    text["files"]["verdicts.csv"] = text["files"].pop("model_targets.csv")
    (old / "run.json").write_bytes(record.written(text))
    saved = read_whole(old)
    pd.testing.assert_frame_equal(saved.model_targets(), kept.model_targets(), check_exact=True)
    assert len(ledger.targets(tmp_path / "old")) == len(rows)


def test_a_ledger_of_the_older_form_is_made_anew(kept):
    folder = kept.folder.parent.parent
    ledger.renew(folder)
    table = pd.read_parquet(folder / ledger.LEDGER).rename(columns={"model_targets": "verdicts"})
    table.to_parquet(folder / ledger.LEDGER)
    assert len(ledger.targets(folder)) == len(kept.record.model_targets)
    assert RunStore(folder).keys() == {kept.folder.name}


# English readers


def test_every_table_names_counties_in_both_languages(outcome, kept):
    tables = outcome.to_frame(), outcome.growth(), outcome.movers(), kept.series(), kept.growth()
    names = {group.zh: group.en for group in outcome.groups}
    for table in tables:
        pairs = table[["county", "county_en"]].drop_duplicates()
        assert dict(pairs.itertuples(index=False)).items() <= names.items()
        assert len(pairs) >= 7


def test_every_key_of_the_summary_is_documented_with_its_unit(outcome):
    listed = indicators()
    assert listed["name"].is_unique
    assert listed.astype(bool).all(axis=None)
    keys = {f"{name}_{group.code}" for name in listed["name"] for group in outcome.groups}
    assert keys == outcome.summary().keys()
    series = listed.query("reported == 'every quarter'")
    frame = outcome.to_frame()[["indicator", "unit"]].drop_duplicates()
    assert dict(frame.itertuples(index=False)) == dict(
        series[["name", "unit"]].itertuples(index=False)
    )


# In a notebook


def test_an_outcome_introduces_itself_in_some_lines(outcome):
    text = repr(outcome)
    assert len(text.splitlines()) <= 12
    assert len(text) < 1000
    for part in ("plan", "binzhou", "2020-11-01", "2025-12-31", "0.005, seed 1, draw 0"):
        assert part in text
    rates = outcome.model_targets()["model_rate"]
    assert all(f"{rate:.2f}" in text for rate in rates)
    assert "verdict" in text


def test_neither_form_shows_a_path_of_the_machine(tmp_path):
    pack = shutil.copytree(load("binzhou").folder, tmp_path / "mine")
    outcome = simulate("baseline", region=str(pack), scale=SCALE, until="2021-03-31")
    for text in (repr(outcome), outcome._repr_html_()):
        assert str(tmp_path) not in text
        assert str(Path.cwd()) not in text


def test_the_notebook_shows_a_table(outcome):
    text = outcome._repr_html_()
    assert text.count("<tr>") == text.count("</tr>") == 4 + len(outcome.model_targets())
    assert re.search(r"<caption>Outcome of .*plan.* in .*binzhou", text)


def test_outcomes_can_be_compared_and_hashed(outcome):
    assert outcome == outcome
    assert outcome != simulate("plan", scale=SCALE, until="2021-03-31")
    assert len({outcome, outcome}) == 1


# Pickled


def test_a_pickle_is_small_and_gives_the_same_outcome(outcome):
    content = pickle.dumps(outcome)
    assert len(content) < 200_000
    again = pickle.loads(content)
    assert again.scenario == outcome.scenario
    assert again.region is outcome.region, "the pack is loaded once in a process"
    assert again.summary() == outcome.summary()
    for one, other in ((again.movers(), outcome.movers()), (again.growth(), outcome.growth())):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    assert again.provenance == outcome.provenance


def test_a_pickle_is_refused_once_its_pack_has_changed(tmp_path):
    pack = shutil.copytree(load("binzhou").folder, tmp_path / "mine")
    content = pickle.dumps(simulate("baseline", region=str(pack), scale=SCALE, until="2021-03-31"))
    assert pickle.loads(content).region.folder == pack.resolve()
    shutil.rmtree(pack)
    with pytest.raises(RefusedError, match="mine"):
        pickle.loads(content)
