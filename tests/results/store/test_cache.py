"""`xiancheng run` computes nothing twice, and never takes one request for another."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from xiancheng.calibration import posterior
from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.region import load
from xiancheng.results.cli import main
from xiancheng.results.store import cache
from xiancheng.results.store.cache import RunStore, StoredRuns
from xiancheng.results.store.runs import load_run, read_whole
from xiancheng.scenarios import simulation
from xiancheng.scenarios.executor import Executor, LocalExecutor
from xiancheng.scenarios.run_spec import RunSpec
from xiancheng.scenarios.simulation import simulate

WORDS = ["run", "plan", "--scale", "0.005", "--lang", "en"]


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A store of answers of its own."""
    kept = RunStore(tmp_path / "answers")
    monkeypatch.setattr(StoredRuns, "here", classmethod(lambda cls: cls(kept)))
    return kept


@pytest.fixture
def simulated(monkeypatch):
    """The keys of the runs that were really simulated in this process."""
    keys, run = [], simulation.outcome_of

    def counted(model):
        keys.append(model.spec.key)
        return run(model)

    monkeypatch.setattr(simulation, "outcome_of", counted)
    return keys


def run(out, capsys, *more):
    """Run a command that prints JSON; what it said on either stream."""
    assert main([*WORDS, "--out", str(out), *more, "--json"]) == 0
    output = capsys.readouterr()
    return json.loads(output.out), output.err


def test_an_equal_run_is_answered_and_keeps_its_folder(kept, simulated, tmp_path, capsys):
    first, _ = run(tmp_path / "out", capsys)
    assert len(simulated) == 2
    again, _ = run(tmp_path / "out", capsys)
    assert len(simulated) == 2
    assert again == first
    [folder] = (tmp_path / "out").iterdir()
    seconds = load_run(folder).record.seconds
    assert set(seconds) == {"prepare", "simulate", "tabulate", "write"}
    assert seconds["simulate"] > 0


def test_another_seed_is_another_run(kept, simulated, tmp_path, capsys):
    run(tmp_path / "out", capsys)
    run(tmp_path / "out", capsys, "--seed", "2")
    assert len(simulated) == len(set(simulated)) == 4
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_a_changed_coefficient_is_never_answered_from_the_store(kept, simulated):
    runs, spec = StoredRuns(kept), RunSpec.of("plan", scale=0.005, until="2021-06-30")
    runs(spec)
    changed = replace(spec, parameters={"beta_y": 1.3000001})
    assert runs.has(spec)
    assert not runs.has(changed)
    runs(changed)
    assert simulated == [spec.key, changed.key]


def test_draws_are_answered_one_by_one(kept, tmp_path, capsys, monkeypatch):
    given, mapped = [], Executor.map

    def watched(self, function, tasks):
        given.append([number for number, _ in tasks])
        return mapped(self, function, tasks)

    monkeypatch.setattr(LocalExecutor, "map", watched)
    monkeypatch.setattr(
        "xiancheng.scenarios.ensemble.READY", 0.0
    )  # nothing is too small for workers
    first, _ = run(tmp_path / "out", capsys, "--draws", "3")
    assert len(kept.keys()) == 2 + 2 * 3
    second = posterior.draws(load("binzhou"), 3, 1)[1].number
    lost = next(key for key in sorted(kept.keys()) if _record(kept, key)["draw"] == second)
    os.rename(kept.path(lost), tmp_path / "elsewhere")
    again, _ = run(tmp_path / "out", capsys, "--draws", "3")
    # The runs of a draw are made together; those of the one left in this process.
    assert given == [[0, 1, 2]]
    assert again == first


def _record(kept, key):
    return json.loads((kept.path(key) / "run.json").read_text("utf-8"))


def test_an_altered_answer_is_told_and_computed_anew(kept, simulated, tmp_path, capsys):
    first, output = run(tmp_path / "out", capsys)
    assert "altered" not in output
    os.truncate(kept.path(simulated[0]) / "series.parquet", 99)
    again, output = run(tmp_path / "out", capsys)
    assert "torn or altered, computed anew" in output
    assert len(simulated) == 3
    assert again == first


def test_an_altered_run_is_set_aside_and_written_anew(kept, tmp_path, capsys):
    out = tmp_path / "out"
    first, _ = run(out, capsys)
    [folder] = out.iterdir()
    (folder / "verdicts.csv").write_text("T-0,met")
    assert run(out, capsys)[0] == first
    assert read_whole(folder)
    [aside] = (out / "quarantine").iterdir()
    assert (aside / "verdicts.csv").read_text() == "T-0,met"


def test_without_a_cache_everything_is_computed(tmp_path, simulated, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(cache, "home", lambda: tmp_path / "file")
    runs, spec = StoredRuns.here(), RunSpec.of("plan", scale=0.005, until="2021-06-30")
    assert runs.store is None
    runs(spec)
    runs(spec)
    assert len(simulated) == 2


def test_a_full_cache_is_no_reason_not_to_answer(kept, simulated, monkeypatch):
    def full(*_, **__):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("xiancheng.results.store.cache.write_run", full)
    spec = RunSpec.of("plan", scale=0.005, until="2021-06-30")
    assert StoredRuns(kept)(spec).summary()
    assert kept.keys() == set()


def five_old_answers(kept):
    """Folders of answers last used two hours ago, a minute apart, the oldest first."""
    keys, long_ago = [f"{n}" * 64 for n in range(5)], time.time() - 7200
    for minute, key in enumerate(keys):
        kept.path(key).mkdir(parents=True)
        (kept.path(key) / "run.json").write_text("{}")
        os.utime(kept.path(key), (long_ago + 60 * minute,) * 2)
    return keys


def test_answers_that_were_not_used_for_longest_are_thrown_away(kept):
    keys = five_old_answers(kept)
    kept.evict(most=5)
    assert kept.keys() == set(keys)  # not one too many
    kept.evict(most=4)
    assert kept.keys() == set(keys[2:])  # nine tenths of four
    assert len([*(kept.folder / "runs").iterdir()]) == 3  # and nothing hidden is left


def test_an_answer_used_of_late_outlives_younger_ones(kept, simulated):
    runs, spec = StoredRuns(kept), RunSpec.of("plan", scale=0.005, until="2021-06-30")
    runs(spec)
    os.utime(kept.path(spec.key), (1e9, 1e9))
    five_old_answers(kept)
    runs(spec)
    kept.evict(most=2)
    assert kept.keys() == {spec.key}
    assert simulated == [spec.key]


def test_what_another_process_is_at_is_not_thrown_away(kept):
    keys = five_old_answers(kept)
    code = (
        "import sys, time; from pathlib import Path\n"
        "from xiancheng.results.store.cache import RunStore\n"
        "with RunStore(Path(sys.argv[1])).claimed(sys.argv[2]): print('held', flush=True); input()"
    )
    words = [sys.executable, "-c", code, str(kept.folder), keys[0]]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        kept.evict(most=1)
        other.communicate("\n")
    assert kept.keys() == {keys[0]}


def test_what_is_asked_within_the_hour_is_kept_however_much_it_is(kept):
    for key in five_old_answers(kept):
        os.utime(kept.path(key))
    kept.evict(most=1)
    assert len(kept.keys()) == 5


def test_what_was_set_aside_is_bounded_too(kept):
    for number in range(25):
        key = f"{number:064x}"
        kept.path(key).mkdir(parents=True)
        aside = kept.quarantine(key)
        os.utime(aside, (1e9 + number,) * 2)
    kept.evict()
    left = sorted(int(folder.name.split("-")[0], 16) for folder in kept.quarantined())
    assert left == list(range(5, 25))


def test_the_cache_is_bounded_when_a_command_begins(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "home", lambda: tmp_path)
    monkeypatch.setattr(RunStore.evict, "__defaults__", (2,))
    five_old_answers(RunStore(tmp_path / "answers"))
    assert len(StoredRuns.here().store.keys()) == 1


def test_who_computes_must_have_the_code_of_who_asks(kept):
    with pytest.raises(RequestError, match="other code"):
        StoredRuns(kept, code="0" * 64)(RunSpec.of("plan", scale=0.005))


def test_an_answer_is_all_that_simulate_gave(kept):
    spec = RunSpec.of("plan", scale=0.005, until="2021-12-31", seed=5)
    fresh, read = simulate(spec), StoredRuns(kept)(spec)
    pd.testing.assert_frame_equal(fresh.to_frame(), read.to_frame(), check_exact=True)
    pd.testing.assert_frame_equal(fresh.movers(), read.movers(), check_exact=True)
    assert fresh.movers()["persons"].sum() > 0
    assert fresh.summary() == read.summary()
    np.testing.assert_array_equal(fresh.effort(), read.effort())
