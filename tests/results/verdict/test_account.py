"""The account of an estimate, its page, and the sample that is shipped."""

import json
from pathlib import Path

import pytest

from xiancheng.calibration import posterior
from xiancheng.calibration.region import load
from xiancheng.results.store.record import posterior_record, sample_note
from xiancheng.results.tables.scores import identifiability_page
from xiancheng.results.verdict import account as accounting
from xiancheng.results.verdict.estimate import EstimateSettings
from xiancheng.results.verdict.trials import FREE
from xiancheng.scenarios.run_spec import code_digest
from xiancheng.sim.levers import LEVERS

pytest.importorskip("sklearn")


@pytest.mark.xfail(strict=True, reason="the estimate is of the model before 2026-11-30: calibrate")
def test_the_model_is_the_one_that_the_shipped_estimate_was_made_with():
    """Whoever changes what the model gives has to run `xiancheng calibrate` again."""
    sample = posterior.read(load("binzhou").folder)
    assert sample is not None
    assert sample.about["region"]["sha256"] == load("binzhou").digest
    assert sample.about["pool"]["sha256"] == load("shandong").digest
    assert accounting.probe("binzhou") == pytest.approx(sample.about["probe"], abs=1e-5)


def test_an_estimate_of_another_program_is_named_as_such():
    told = posterior_record(load("binzhou"))
    assert told["same_program"] == (told["made_by"] == code_digest())
    if not told["same_program"]:
        assert "another program" in sample_note(load("binzhou")).en


@pytest.mark.identity
def test_what_is_shipped_passed_its_test_and_says_how_it_was_made():
    about = posterior.read(load("binzhou").folder).about
    assert all(stage["gate"]["passed"] for stage in about["stages"])
    assert about["settings"]["scale"] == 1.0
    assert "recorded anew on 2026-11-29" in about["digests"]["en"]
    page = Path(__file__).parents[3] / "docs" / "identifiability.md"
    assert page.read_text(encoding="utf-8") == identifiability_page(about)


@pytest.fixture(scope="module")
def told(estimate):
    account = accounting.account(EstimateSettings("binzhou", None), None, estimate, {"seconds": 1})
    return json.loads(json.dumps(account))


def test_every_free_parameter_and_lever_is_accounted_for(told):
    assert [row["name"] for row in told["parameters"]] == list(FREE)
    assert {row["lever"] for row in told["levers"]} == set(LEVERS) - {"workload"}
    assert set(accounting.SCALED_BY) <= set(LEVERS)
    assert set(accounting.SCALED_BY.values()) <= set(FREE)
    assert {row["name"] for row in told["recovery"]} == set(FREE)
    silent = [row for row in told["levers"] if row["lever"] == "hospital"]
    assert silent[0]["word"] == "not"


def test_the_page_tells_what_the_account_holds(told):
    page = identifiability_page(told)
    for row in told["parameters"]:
        assert f"{row['name']} {row['zh']} {row['en']}" in page
        assert " · ".join(f"{v:.3g}" for v in row["posterior"]) in page
    assert told["stages"][0]["gate"]["zh"] in page
