"""The account of an estimate, its page, and the sample that is shipped."""

import json
from pathlib import Path

import pytest

from xiancheng.calibration import posterior
from xiancheng.calibration.region import load
from xiancheng.results.tables.scores import identifiability_page
from xiancheng.results.verdict import account as accounting
from xiancheng.results.verdict.estimate import EstimateSettings, shortfalls
from xiancheng.results.verdict.trials import FREE
from xiancheng.sim import MODEL_VERSION, same_model
from xiancheng.sim.levers import LEVERS

pytest.importorskip("sklearn")


def test_the_model_is_the_one_that_the_shipped_estimate_was_made_with():
    """Whoever changes chances, rules or data has to run `xiancheng calibrate` again.

    Under the very same version its probe gives the same numbers; under another M of N.M, others.
    """
    sample = posterior.read(load("binzhou").folder)
    assert sample is not None
    assert sample.about["region"]["sha256"] == load("binzhou").digest
    assert sample.about["pool"]["sha256"] == load("shandong").digest
    made_with = sample.about["software"].get("model")
    assert same_model(made_with)
    if made_with == MODEL_VERSION:
        assert accounting.probe("binzhou") == pytest.approx(sample.about["probe"], abs=1e-5)


@pytest.mark.identity
def test_what_is_shipped_passed_its_test_and_says_how_it_was_made():
    about = posterior.read(load("binzhou").folder).about
    assert all(stage["gate"]["passed"] for stage in about["stages"])
    assert not shortfalls(EstimateSettings(**about["settings"]), own=True)
    page = Path(__file__).parents[3] / "docs" / "identifiability.md"
    assert page.read_text(encoding="utf-8") == identifiability_page(about)


@pytest.fixture(scope="module")
def result(estimate):
    account = accounting.account(EstimateSettings("binzhou", None), None, estimate, {"seconds": 1})
    return json.loads(json.dumps(account))


def test_every_free_parameter_and_lever_is_accounted_for(result):
    assert [row["name"] for row in result["parameters"]] == list(FREE)
    assert {row["lever"] for row in result["levers"]} == set(LEVERS) - {"workload"}
    assert set(accounting.SCALED_BY) <= set(LEVERS)
    assert set(accounting.SCALED_BY.values()) <= set(FREE)
    assert {row["name"] for row in result["recovery"]} == set(FREE)
    silent = [row for row in result["levers"] if row["lever"] == "hospital"]
    assert silent[0]["word"] == "not"


def test_the_page_tells_what_the_account_holds(result):
    page = identifiability_page(result)
    for row in result["parameters"]:
        assert f"{row['name']} {row['zh']} {row['en']}" in page
        assert " · ".join(f"{v:.3g}" for v in row["posterior"]) in page
    assert result["stages"][0]["gate"]["zh"] in page
