"""The commands that estimate and test the model."""

import json
from dataclasses import replace

import pytest

from xiancheng.calibration import posterior
from xiancheng.calibration.posterior import SAMPLE
from xiancheng.calibration.region import load
from xiancheng.results.cli import main
from xiancheng.results.verdict.trials import FREE, PARAMETERS

pytest.importorskip("sklearn")


def test_too_few_runs_are_refused_before_anything_is_computed(tmp_path, capsys):
    words = ["calibrate", "--quick", "--runs", "20", "--out", str(tmp_path / "t"), "--lang", "en"]
    assert main(words) == 2
    assert "--runs should be a whole number from 180" in capsys.readouterr().err
    assert not (tmp_path / "t").exists()


def test_a_page_needs_a_sample(pack, tmp_path, capsys):
    words = ["calibrate", "--region", str(pack), "--report", str(tmp_path / "p.md")]
    assert main([*words, "--lang", "en"]) == 2
    assert "run xiancheng calibrate first" in capsys.readouterr().err


def test_a_page_needs_the_account_of_the_sample(pack, sample, tmp_path, capsys):
    posterior.write(pack, replace(sample, about={}))
    words = ["calibrate", "--region", str(pack), "--report", str(tmp_path / "p.md")]
    assert main([*words, "--lang", "en"]) == 2
    assert "has no account of an estimate, posterior.json" in capsys.readouterr().err
    assert not (tmp_path / "p.md").exists()


@pytest.fixture
def calibrated(monkeypatch, tmp_path, sample):
    """A function that runs the command on an estimate made up beforehand."""
    from xiancheng.results.cli import evidence

    stage = {"region": "r", "check": {"zh": "", "en": ""},
             "gate": {"passed": True, "zh": "", "en": ""}}  # fmt: skip
    result = {"stages": [stage], "parameters": [], "errors": []}
    drawn = (sample.values, None, sample.numbers)
    monkeypatch.setattr(evidence, "_estimate", lambda *_: (None, None))
    monkeypatch.setattr(evidence, "_print_estimate", lambda *_: None)
    monkeypatch.setattr(evidence.accounts, "account", lambda *_: result)
    monkeypatch.setattr(evidence.estimates, "drawn", lambda *_: drawn)
    return lambda region, *words: main(
        ["calibrate", "--region", str(region), "--out", str(tmp_path / "out"), "--lang", "en",
         *words]
    )  # fmt: skip


def test_an_estimate_with_less_than_the_real_settings_is_kept_nowhere(
    calibrated, pack, tmp_path, capsys
):
    """Full scale alone does not make an estimate a real one."""
    before = sorted(pack.iterdir())
    assert calibrated(pack, "--pool", "none", "--runs", "180") == 0
    assert sorted(pack.iterdir()) == before
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["account.json"]
    shown = capsys.readouterr().err
    assert "a trial, not a result: pool none ≠ shandong; runs 180 < 1000" in shown
    assert str(tmp_path / "out" / "account.json") in shown


def test_an_estimate_of_a_pack_of_ones_own_is_kept_in_it(calibrated, pack, capsys):
    assert calibrated(pack) == 0
    shown = capsys.readouterr().err
    for name in (SAMPLE, posterior.ABOUT):
        assert str(pack / name) in shown
    assert posterior.read(pack) is not None


def test_an_estimate_of_an_installed_pack_is_kept_where_the_user_says(calibrated, tmp_path, capsys):
    shipped = load("binzhou").folder
    before = {file: file.read_bytes() for file in shipped.iterdir()}
    for named in ("binzhou", shipped):
        assert calibrated(named) == 0
        shown = capsys.readouterr().err
        assert str(tmp_path / "out" / SAMPLE) in shown
        assert "never changed" in shown
    assert {file: file.read_bytes() for file in shipped.iterdir()} == before
    assert posterior.read(tmp_path / "out").values.shape == (8, len(PARAMETERS))


@pytest.mark.slow
def test_a_quick_estimate_of_the_region_shows_what_data_do_to_the_priors(tmp_path, capsys):
    words = ["calibrate", "--quick", "--runs", "180", "--scale", "0.01", "--jobs", "2"]
    assert main([*words, "--out", str(tmp_path), "--json"]) in (0, 1)
    result = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in result["parameters"]] == list(FREE)
    assert not (load("binzhou").folder / "account.json").exists()
