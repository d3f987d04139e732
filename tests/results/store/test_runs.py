"""A run on disk is whole or not there, is found by what it was asked for, and can be run again."""

import json
import os
import pickle
import re
import shutil
from argparse import Namespace
from dataclasses import replace
from datetime import date
from functools import partial
from importlib.resources import files
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.forecasts.common_trend import PublishedRate
from xiancheng.results.cli import batch
from xiancheng.results.store import ledger, parquet, record, reproduce
from xiancheng.results.store.cache import RunStore
from xiancheng.results.store.runs import RUN, load_run, write_run
from xiancheng.scenarios.outcome import INDICATORS
from xiancheng.scenarios.run_spec import RunSpec, code_digest, digest_of
from xiancheng.scenarios.simulation import simulate

PUBLISHED = PublishedRate("371621", date(2021, 12, 31), 35.25)
SETTINGS = {"scale": 0.005, "until": "2021-06-30", "seed": 3, "draw": 2}


@pytest.fixture(scope="module")
def spec():
    return RunSpec.of("plan", parameters={"beta_y": 1.3}, **SETTINGS)


@pytest.fixture(scope="module")
def first(spec, tmp_path_factory):
    kept = RunStore(tmp_path_factory.mktemp("store"))
    return kept, kept.obtain(spec)


@pytest.fixture
def kept(first, tmp_path):
    """A copy of a store with one run, to be spoiled."""
    shutil.copytree(first[0].folder, tmp_path / "copy")
    return RunStore(tmp_path / "copy")


# The record


def test_the_record_validates_against_the_published_schema(first):
    published = json.loads(
        files("xiancheng.results").joinpath("run.schema.json").read_text("utf-8")
    )
    assert published == record.schema()
    about = json.loads((first[1].folder / "run.json").read_text("utf-8"))
    jsonschema.validate(about, published)
    assert set(about["seconds"]) == {"prepare", "simulate", "tabulate", "write"}
    assert about["peak_memory_bytes"] > 1e7
    assert about["environment"]["libraries"]["numpy"] == np.__version__


def test_what_is_read_back_is_what_simulate_gave(first, spec):
    outcome, read = simulate(spec), first[1].outcome()
    pd.testing.assert_frame_equal(outcome.to_frame(), read.to_frame(), check_exact=True)
    pd.testing.assert_frame_equal(outcome.growth(), read.growth(), check_exact=True)
    targets = outcome.model_targets()
    pd.testing.assert_frame_equal(targets, read.model_targets(), check_exact=True)
    pd.testing.assert_frame_equal(targets, first[1].model_targets(), check_exact=True)
    assert outcome.summary() == read.summary()
    assert parquet.values_digest(outcome) == parquet.values_digest(read)
    series = first[1].series()
    pd.testing.assert_frame_equal(series, outcome.to_frame(), check_dtype=False)
    assert dict(read.settings) == dict(outcome.settings)


def test_a_run_is_not_written_over_and_leaves_no_draft(first, spec):
    folder = first[1].folder
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    with pytest.raises(OSError, match=r"not empty|exists"):
        write_run(folder, simulate(spec), spec, {})
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert [f.name for f in folder.parent.iterdir()] == [folder.name]


# Keys


def test_equal_requests_have_one_key_and_are_answered_from_the_store(first, spec):
    same = RunSpec.of("plan", parameters={"beta_y": 1.3}, **SETTINGS)
    assert same.key == spec.key == first[1].record.key == first[1].spec.key
    begun = os.stat(first[1].folder).st_mtime_ns
    assert first[0].obtain(same).folder == first[1].folder
    assert os.stat(first[1].folder).st_mtime_ns == begun


def test_whatever_makes_another_outcome_makes_another_key(spec):
    other_code = spec.vary()
    vars(other_code)["inputs_digest"] = digest_of({"other": "code"})
    others = [
        spec.vary(parameters={"beta_y": 1.3000001}),
        spec.vary(parameters={}),
        spec.vary(seed=4),
        spec.vary(draw=3),
        spec.vary(scale=0.006),
        other_code,
        RunSpec.of("baseline", parameters={"beta_y": 1.3}, **SETTINGS),
        RunSpec.of("plan", parameters={"beta_y": 1.3}, **(SETTINGS | {"until": "2021-09-30"})),
        RunSpec.of("plan", parameters={"beta_y": 1.3}, cutoff="2020-12-31", **SETTINGS),
        RunSpec.of("plan", parameters={"beta_y": 1.3}, observations=[PUBLISHED], **SETTINGS),
    ]
    assert len({spec.key, *(other.key for other in others)}) == len(others) + 1


def test_published_rates_brought_to_a_run_are_in_its_record_and_come_back(tmp_path):
    spec = RunSpec.of("plan", observations=[PUBLISHED], alignment="off", **SETTINGS)
    assert pickle.loads(pickle.dumps(spec)).observations == (PUBLISHED,)
    assert spec.reference.observations == (PUBLISHED,)
    saved = RunStore(tmp_path).obtain(spec)
    assert [list(row) for row in saved.record.observations] == [["371621", "2021-12-31", 35.25]]
    again = load_run(saved.folder).spec
    assert again.observations == (PUBLISHED,)
    assert again.key == spec.key


def test_a_central_value_that_is_spelled_out_is_the_same_request():
    from xiancheng.calibration.priors import central

    spelled = RunSpec.of("plan", parameters={"beta_y": central().beta_y}, **SETTINGS)
    assert spelled.key == RunSpec.of("plan", **SETTINGS).key


def test_the_code_digest_follows_the_code_and_the_libraries(monkeypatch):
    digests = [code_digest.__wrapped__()]
    monkeypatch.setattr(
        "xiancheng.scenarios.run_spec.code_identity.digest", lambda *_: "another program"
    )
    digests.append(code_digest.__wrapped__())
    monkeypatch.setattr(
        "xiancheng.scenarios.run_spec.version", lambda library: f"{library} of tomorrow"
    )
    digests.append(code_digest.__wrapped__())
    assert len(set(digests)) == 3


def test_an_indicator_that_is_younger_than_a_run_is_unknown_in_it(first, spec):
    series, outcome = first[1].series(), first[1].outcome(spec)
    before = parquet.record_in(series[series["indicator"] != "wage"], outcome.groups)
    wage = np.array([name == "wage" for name in INDICATORS])
    assert np.isnan(before[:, wage]).all()
    assert (before[:, ~wage] == outcome.record[:, ~wage]).all()


def test_a_record_that_calls_it_code_is_read(first):
    """Records written before 2026-11-29 do."""
    content = json.loads((first[1].folder / RUN).read_bytes())
    content.pop("seal")
    content["software"]["code"] = "c" * 64
    assert record.parsed(record.written(content)) is None  # not both
    del content["software"]["simulation_code"]
    assert record.parsed(record.written(content)).software.simulation_code == "c" * 64


def test_numbers_are_digested_as_whole_billionths(first, spec):
    outcome = first[1].outcome(spec)
    # beyond, the last bit of a fraction, such as of dwellings, is no longer far below a billionth
    fine = np.abs(outcome.record) < 1e4
    off = replace(outcome, record=np.nextafter(outcome.record, np.inf, where=fine,
                                               out=outcome.record.copy()))  # fmt: skip
    assert ((off.record != outcome.record) == fine).all()
    assert fine.any(axis=(0, 2)).sum() > len(INDICATORS) / 2
    assert parquet.values_digest(off) == parquet.values_digest(outcome) == first[1].record.values
    other = replace(outcome, record=outcome.record + 1e-8)
    assert parquet.values_digest(other) != parquet.values_digest(outcome)
    unknown = replace(outcome, record=np.full_like(outcome.record, np.nan))
    assert parquet.values_digest(unknown) != parquet.values_digest(outcome)


# Torn and altered records

SPOILS = {
    "a byte of a table": lambda f: (f / "series.parquet").write_bytes(
        (f / "series.parquet").read_bytes()[:-9] + b"x" + (f / "series.parquet").read_bytes()[-8:]
    ),
    "a torn table": lambda f: os.truncate(f / "growth.parquet", 100),
    "a table gone": lambda f: (f / "model_targets.csv").unlink(),
    "no record": lambda f: (f / "run.json").unlink(),
    "a torn record": lambda f: os.truncate(f / "run.json", 500),
    "an empty record": lambda f: os.truncate(f / "run.json", 0),
    "an altered record": lambda f: (f / "run.json").write_text(
        (f / "run.json").read_text("utf-8").replace('"seed": 3', '"seed": 4'), "utf-8"
    ),
}


@pytest.mark.parametrize("spoil", SPOILS)
def test_what_is_not_whole_is_found_set_aside_and_run_again(kept, spec, first, spoil):
    folder = kept.path(spec.key)
    SPOILS[spoil](folder)
    assert kept.find(spec) is None
    with pytest.raises(RequestError):
        load_run(folder)
    aside = kept.quarantine_altered([spec.key])
    assert len(aside) == 1
    assert aside[0].parent.name == "quarantine"
    assert not kept.has(spec.key)


def test_a_record_speaks_only_of_files_in_its_own_folder(kept, spec):
    folder = kept.path(spec.key)
    result = json.loads((folder / "run.json").read_text("utf-8"))
    del result["seal"]
    result["files"]["../../secret"] = "0" * 64
    assert record.parsed(record.written(result)) is None


def test_a_whole_run_under_the_name_of_another_is_no_answer(kept, spec):
    other = spec.vary(seed=spec.seed + 1)
    kept.path(spec.key).rename(kept.path(other.key))
    assert kept.find(other) is None
    assert kept.find(spec) is None


def test_an_altered_answer_is_not_given_but_computed_again(kept, spec, first):
    SPOILS["a torn table"](kept.path(spec.key))
    again = kept.obtain(spec)
    assert again.record.files == first[1].record.files
    assert len(list((kept.folder / "quarantine").iterdir())) == 1


# Running again


def test_a_run_reproduces_to_the_last_byte(first):
    difference = reproduce.run_again(first[1])
    assert difference.files == {}
    assert difference.inputs == {}
    assert set(difference.compared) >= {"values", "series.parquet", "growth.parquet"}


def test_another_outcome_is_told_from_the_saved_one(first):
    changed = replace(first[1], record=first[1].record.model_copy(update={"seed": 5}))
    difference = reproduce.run_again(changed)
    assert {"values", "series.parquet"} <= set(difference.files)
    assert "differs" in "\n".join(difference.lines("en"))


# Claims


def test_a_claim_is_held_by_one_process_and_ends_with_it(tmp_path):
    import subprocess
    import sys

    kept, key = RunStore(tmp_path), "a" * 64
    hold = (
        "import sys, time; from pathlib import Path\n"
        "from xiancheng.results.store.cache import RunStore\n"
        f"with RunStore(Path({str(tmp_path)!r})).claimed({key!r}) as mine:\n"
        "    print(mine, flush=True); time.sleep(60)"
    )
    other = subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout.readline() == "True\n"
        with kept.claimed(key) as mine:
            assert not mine
        with kept.claimed("b" * 64) as mine:
            assert mine
        other.kill()
        other.wait()
        with kept.claimed(key) as mine:
            assert mine
    finally:
        other.kill()
        other.wait()
        other.stdout.close()


def test_a_claim_in_a_folder_made_anew_is_no_claim_in_the_old_one(tmp_path):
    for _ in range(2):
        with RunStore(tmp_path / "out").claimed("a" * 64) as mine:
            assert mine
        assert (tmp_path / "out" / ".claims").is_file()
        shutil.rmtree(tmp_path / "out")


# Many runs


@pytest.fixture(scope="module")
def many(first, spec, tmp_path_factory):
    """2,000 records, made from one, whose simulated rates are 0 to 19.99."""
    folder = tmp_path_factory.mktemp("many")
    text = json.loads((first[1].folder / "run.json").read_text("utf-8"))
    del text["seal"]
    for i in range(2000):
        verdict = {"target": "T-1", "county": "甲", "county_en": "A", "target_rate": 15.0,
                   "model_rate": i / 100, "above_target_in_model": i >= 1500}  # fmt: skip
        run = folder / "runs" / f"{i:064x}"
        run.mkdir(parents=True)
        about = text | {"key": run.name, "seed": i, "draw": i // 2, "model_targets": [verdict]}
        (run / "run.json").write_bytes(record.written(about))
    ledger.renew(folder)
    return folder


def test_target_probabilities_and_quantiles_of_many_runs_are_read_at_once(many):
    from time import perf_counter

    begun = perf_counter()
    result = ledger.targets(many).iloc[0]
    spent = perf_counter() - begun
    assert (result["runs"], result["share_above_in_model"]) == (2000, 0.25)
    assert result["q50"] == pytest.approx(9.995)
    assert spent < 5  # the measured time is in docs/cluster.md; this only guards against a reread


def test_many_seeds_of_one_draw_tell_no_probability(many):
    """The first two records are one draw under two seeds."""
    result = ledger.targets(many, [f"{i:064x}" for i in range(2)]).iloc[0]
    assert (result["runs"], result["draws"]) == (2, 1)
    assert result["q50"] == pytest.approx(0.005)
    assert result[["share_above_in_model", "q05", "q95"]].isna().all()
    assert batch.lines(ledger.targets(many, [f"{0:064x}"]), "en")[1][0][-4:] == [
        "–",
        "–",
        "0.00",
        "–",
    ]


def test_the_ledger_follows_the_runs(many, tmp_path):
    (tmp_path / "runs").mkdir()
    assert ledger.ledger(tmp_path).empty
    assert ledger.targets(tmp_path).empty
    some = sorted((many / "runs").iterdir())[:3]
    for run in some:
        shutil.copytree(run, tmp_path / "runs" / run.name)
    assert ledger.ledger(tmp_path)["key"].tolist() == [run.name for run in some]
    shutil.rmtree(tmp_path / "runs" / some[0].name)
    shutil.copytree(sorted((many / "runs").iterdir())[3], tmp_path / "runs" / f"{3:064x}")
    assert ledger.ledger(tmp_path)["seed"].tolist() == [1, 2, 3]
    assert ledger.targets(tmp_path, [some[1].name])["runs"].tolist() == [1]


# What a run rests on


def test_the_commit_is_that_of_a_repository_that_tracks_this_program(tmp_path, monkeypatch):
    """An installation within the repository of another project has no commit of its own."""
    import subprocess

    from xiancheng.scenarios import outcome

    site = tmp_path / "site-packages" / "scenarios"
    site.mkdir(parents=True)
    shutil.copy(outcome.__file__, site / "outcome.py")
    (tmp_path / "theirs.txt").write_text("of another project", "utf-8")

    def git(*words):
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(["git", "-C", str(tmp_path), *who, *words], check=True, capture_output=True)

    git("init")
    git("add", "theirs.txt")
    git("commit", "-m", "theirs")
    monkeypatch.setattr(outcome, "__file__", str(site / "outcome.py"))
    assert outcome.commit() is None
    git("add", "-f", "site-packages")
    git("commit", "-m", "ours")
    assert len(outcome.commit()) == 40


@pytest.mark.skipif(os.name == "nt", reason="a script stands for git")
def test_a_message_of_git_in_another_encoding_ends_no_run(tmp_path, monkeypatch):
    """As in a folder with a Chinese name that another user owns, in a terminal without UTF-8."""
    from xiancheng.scenarios import outcome

    git = tmp_path / "git"
    git.write_text("#!/bin/sh\nprintf 'fatal: \\317\\330' >&2\nexit 128\n", encoding="ascii")
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert outcome.commit() is None


def test_a_run_of_a_pack_given_by_a_relative_path_is_found_from_anywhere(tmp_path, monkeypatch):
    from xiancheng.calibration.region import load

    shutil.copytree(load("binzhou").folder, tmp_path / "here" / "own")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    saved = RunStore(tmp_path / "store").obtain(RunSpec.of("plan", region="./own", **SETTINGS))
    assert saved.record.region.name == str(tmp_path / "here" / "own")
    monkeypatch.chdir(tmp_path / "elsewhere")
    read = load_run(saved.folder)
    assert read.spec.key == saved.record.key
    assert read.outcome().summary() == saved.record.summary
    assert RunSpec.of("plan", region="binzhou", **SETTINGS).region == "binzhou"


@pytest.mark.parametrize("changed", ["pack", "plan"])
def test_a_run_is_not_read_with_targets_or_measures_of_another_day(changed, tmp_path, monkeypatch):
    """Else a report shows the chance of one target beside another."""
    from xiancheng.calibration.region import load
    from xiancheng.results.cli import publish
    from xiancheng.results.tables import plan_result

    own = shutil.copytree(load("binzhou").folder, tmp_path / "own")
    saved = RunStore(tmp_path / "store").obtain(RunSpec.of("plan", region=own, **SETTINGS))
    if changed == "pack":
        text = (own / "region.yaml").read_text("utf-8")
        (own / "region.yaml").write_text(text.replace("value: 59.3", "value: 50"), "utf-8")
    else:
        monkeypatch.setattr("xiancheng.scenarios.run_spec.plan_digest", lambda plan: "0" * 64)
    read = load_run(saved.folder)
    monkeypatch.setattr(publish, "LocalExecutor", lambda _: pytest.fail("computed before refused"))
    options = Namespace(run=str(saved.folder), region="binzhou", attribution=None, package=None,
                      jobs=1, given=set())  # fmt: skip
    reported = partial(publish.result_of, options, None, lambda: None)
    for reading in (read.outcome, partial(plan_result.of_saved, read), reported):
        with pytest.raises(RequestError, match=r"reproduce 指出") as caught:
            reading()
        assert "was changed after the run" in caught.value.en
    assert len(read.series())
    assert {"pack": "region", "plan": "plan"}[changed] in reproduce.run_again(read).inputs


def test_failures_that_cannot_be_read_are_left_out(tmp_path):
    kept = RunStore(tmp_path)
    kept.fail("a" * 64, {"reason": "torn"})
    (tmp_path / "failed" / ("b" * 64 + ".json")).write_text("{", "utf-8")
    assert [each["key"] for each in kept.failures()] == ["a" * 64]


def test_every_column_of_the_ledger_is_documented_and_every_documented_one_exists(tmp_path):
    """In the code, and in the tables of both guides."""
    saved = RunStore(tmp_path).obtain(RunSpec.of("plan", scale=0.005))
    table, summary = ledger.ledger(tmp_path), saved.record.summary
    own = [n for n in table if not n.startswith("parameter.") and n not in summary]
    assert set(own) == set(ledger.COLUMNS)
    assert {f"parameter.{name}" for name in saved.record.parameters} <= set(table)
    assert set(summary) <= set(table)
    assert set(table["model_targets"][0][0]) == set(ledger.TARGET_FIELDS)
    for guide in ("guide-batch.md", "guide-batch.en.md"):
        text = (Path(__file__).parents[3] / "docs" / guide).read_text("utf-8")
        section = text[text.index('<a id="ledger">') : text.index("## 4.")]
        named = set(re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE))
        assert named == set(ledger.COLUMNS) | set(ledger.TARGET_FIELDS)
