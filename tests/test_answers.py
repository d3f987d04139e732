"""`xiancheng run` computes nothing twice, and never takes one request for another."""

import json
import os
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from results.cli import main
from results.keeping import answers, store
from results.keeping.answers import Answers
from results.keeping.keyed import Store
from scenarios.engines import Local
from scenarios.request import Request
from scenarios.simulate import RequestError

WORDS = ["run", "plan", "--scale", "0.005", "--lang", "en"]


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A store of answers of its own."""
    kept = Store(tmp_path / "answers")
    monkeypatch.setattr(Answers, "here", classmethod(lambda cls: cls(kept)))
    return kept


@pytest.fixture
def simulated(monkeypatch):
    """The requests that were really simulated in this process."""
    made, simulate = [], Request.simulate

    def counted(request):
        made.append(request.key)
        return simulate(request)

    monkeypatch.setattr(Request, "simulate", counted)
    return made


def run(out, capsys, *more):
    """Run a command that prints JSON; what it said on either stream."""
    assert main([*WORDS, "--out", str(out), *more, "--json"]) == 0
    said = capsys.readouterr()
    return json.loads(said.out), said.err


def test_an_equal_run_is_answered_and_keeps_its_folder(kept, simulated, tmp_path, capsys):
    first, _ = run(tmp_path / "out", capsys)
    assert len(simulated) == 2
    again, _ = run(tmp_path / "out", capsys)
    assert len(simulated) == 2
    assert again == first
    [folder] = (tmp_path / "out").iterdir()
    seconds = store.found(folder).record.seconds
    assert set(seconds) == {"prepare", "simulate", "tabulate", "write"}
    assert seconds["simulate"] > 0


def test_another_seed_is_another_run(kept, simulated, tmp_path, capsys):
    run(tmp_path / "out", capsys)
    run(tmp_path / "out", capsys, "--seed", "2")
    assert len(simulated) == len(set(simulated)) == 4
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_a_changed_coefficient_is_never_answered_from_the_store(kept, simulated):
    ask, asked = Answers(kept), Request.of("plan", scale=0.005, until="2021-06-30")
    ask(asked)
    changed = replace(asked, parameters={"beta_y": 1.3000001})
    assert ask.has(asked)
    assert not ask.has(changed)
    ask(changed)
    assert simulated == [asked.key, changed.key]


def test_draws_are_answered_one_by_one(kept, tmp_path, capsys, monkeypatch):
    given, engine = [], Local.run

    def watched(self, job, tasks):
        given.append(list(tasks))
        return engine(self, job, tasks)

    monkeypatch.setattr(Local, "run", watched)
    first, _ = run(tmp_path / "out", capsys, "--draws", "3")
    assert len(kept.keys()) == 2 + 2 * 3
    lost = next(key for key in sorted(kept.keys()) if _record(kept, key)["draw"] == 2)
    os.rename(kept.path(lost), tmp_path / "elsewhere")
    again, _ = run(tmp_path / "out", capsys, "--draws", "3")
    assert given == [[0, 1, 2], [1]]
    assert again == first


def _record(kept, key):
    return json.loads((kept.path(key) / "run.json").read_text("utf-8"))


def test_an_altered_answer_is_told_and_computed_anew(kept, simulated, tmp_path, capsys):
    first, said = run(tmp_path / "out", capsys)
    assert "altered" not in said
    os.truncate(kept.path(simulated[0]) / "series.parquet", 99)
    again, said = run(tmp_path / "out", capsys)
    assert "torn or altered, computed anew" in said
    assert len(simulated) == 3
    assert again == first


def test_an_altered_run_is_set_aside_and_written_anew(kept, tmp_path, capsys):
    out = tmp_path / "out"
    first, _ = run(out, capsys)
    [folder] = out.iterdir()
    (folder / "verdicts.csv").write_text("T-0,met")
    assert run(out, capsys)[0] == first
    assert store.whole(folder)
    [aside] = (out / "quarantine").iterdir()
    assert (aside / "verdicts.csv").read_text() == "T-0,met"


def test_without_a_cache_everything_is_computed(tmp_path, simulated, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(answers.cache, "home", lambda: tmp_path / "file")
    ask, asked = Answers.here(), Request.of("plan", scale=0.005, until="2021-06-30")
    assert ask.store is None
    ask(asked)
    ask(asked)
    assert len(simulated) == 2


def test_a_full_cache_is_no_reason_not_to_answer(kept, simulated, monkeypatch):
    def full(*_, **__):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("results.keeping.keyed.write", full)
    asked = Request.of("plan", scale=0.005, until="2021-06-30")
    assert Answers(kept)(asked).summary()
    assert kept.keys() == set()


def test_who_computes_must_have_the_code_of_who_asks(kept):
    with pytest.raises(RequestError, match="other code"):
        Answers(kept, code="0" * 64)(Request.of("plan", scale=0.005))


def test_an_answer_is_all_that_simulate_gave(kept):
    asked = Request.of("plan", scale=0.005, until="2021-12-31", seed=5)
    fresh, read = asked.simulate(), Answers(kept)(asked)
    pd.testing.assert_frame_equal(fresh.to_frame(), read.to_frame(), check_exact=True)
    pd.testing.assert_frame_equal(fresh.movers(), read.movers(), check_exact=True)
    assert fresh.movers()["persons"].sum() > 0
    assert fresh.summary() == read.summary()
    np.testing.assert_array_equal(fresh.effort(), read.effort())
