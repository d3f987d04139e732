"""A verdict names what it rests on, and `reproduce` names what has changed since."""

import json
import re
import shutil
from hashlib import sha256

import pytest

from xiancheng.calibration import posterior
from xiancheng.calibration.forecasts.panel import record, widest_pack
from xiancheng.calibration.region import load
from xiancheng.results.cli import main
from xiancheng.results.store import reproduce
from xiancheng.results.store.cache import RunStore, StoredRuns
from xiancheng.results.store.record import evidence, parsed, posterior_record, sample_note, written
from xiancheng.results.store.runs import load_run
from xiancheng.scenarios.run_spec import RunSpec
from xiancheng.sim import MODEL_VERSION

WORDS = ["run", "plan", "--jobs", "1", "--scale", "0.005", "--lang", "en", "--json"]


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A pack of one's own with a posterior sample, and a run with draws of it."""
    home = tmp_path_factory.mktemp("own")
    pack = home / "pack"
    shutil.copytree(load("binzhou").folder, pack)
    kept = RunStore(home / "answers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StoredRuns, "here", classmethod(lambda cls: cls(kept)))
        words = [*WORDS, "--region", str(pack), "--draws", "2", "--draw-scale", "0.004",
                 "--out", str(home / "out")]  # fmt: skip
        assert main(words) == 0
    [run] = (home / "out").iterdir()
    return pack, run


def sha(file):
    return sha256(file.read_bytes()).hexdigest()


def test_a_run_with_draws_names_sample_record_number_and_basis(own):
    pack, run = own
    result = json.loads((run / "run.json").read_text("utf-8"))["evidence"]
    assert (result["draws"], result["basis"]) == (2, "statistics")
    about = json.loads((pack / "posterior.json").read_text("utf-8"))
    assert result["posterior"] == {
        "sha256": sha(pack / "posterior.csv"),
        "rows": about["settings"]["rows"],
        "model": about["software"].get("model"),
        "made_by": about["software"].get("simulation_code") or about["software"]["code"],
        "from_priors": posterior.read(pack).about["from_priors"],
    }
    assert result["forecasts"]["record"] == record(load(pack)).digest
    for name in ("posterior.csv", "posterior.json", "hindcast.csv", "region.yaml", "margins.csv"):
        assert result["files"][f"region/{name}"] == sha(pack / name)
    wider = widest_pack(load(pack)).folder
    assert result["files"]["record/shandong/margins.csv"] == sha(wider / "margins.csv")
    assert "plan/measures/M01.yaml" in result["files"]
    assert "calibration/parameters.yaml" in result["files"]


@pytest.mark.slow
def test_a_changed_posterior_is_named_first_when_a_run_is_reproduced(own, tmp_path, capsys):
    pack, run = own
    before = {name: (pack / name).read_bytes() for name in ("posterior.csv", "hindcast.csv")}
    header, *rows = before["posterior.csv"].decode().splitlines()
    column = header.split(",").index("job_mover_share")
    lines = [line.split(",") for line in rows]
    for line in lines:
        line[column] = "0.3"
    changed = "\n".join([header, *(",".join(line) for line in lines)]) + "\n"
    (pack / "posterior.csv").write_text(changed, "utf-8")
    (pack / "hindcast.csv").unlink()
    try:
        assert main(["reproduce", str(run), "--lang", "en"]) == 1
    finally:
        for name, content in before.items():
            (pack / name).write_bytes(content)
    shown = capsys.readouterr().out
    named = re.findall(r"has changed: (\S+) (\S+) -> (\S+)", shown)
    digests = sha256(before["posterior.csv"]).hexdigest(), sha256(changed.encode()).hexdigest()
    assert ("region/posterior.csv", *digests) in named
    assert ("region/hindcast.csv", sha256(before["hindcast.csv"]).hexdigest(), "∅") in named
    assert shown.index("region/posterior.csv") < shown.index("verdicts.csv: differs")
    assert {name for name, *_ in named} == {"region/posterior.csv", "region/hindcast.csv"}


def test_an_unchanged_run_with_draws_is_the_same_and_names_nothing(own):
    difference = reproduce.run_again(load_run(own[1]))
    assert (difference.files, difference.inputs) == ({}, {})
    assert {"verdicts.csv", "draws.parquet"} <= {*difference.compared}


def test_inputs_that_changed_are_named_in_the_readers_language(own):
    saved = load_run(own[1]).record
    older = {name: "0" * 64 for name in ("simulation_code",)}
    other = saved.model_copy(update={"software": saved.software.model_copy(update=older)})
    [(name, both)] = reproduce.changed(other, saved)
    for lang, words in (("zh", "模拟的代码"), ("en", "simulation code")):
        line, *__ = reproduce.Reproduction((), {}, {name: both}).lines(lang)
        assert words in line


def test_a_sample_of_another_model_is_said(own, tmp_path):
    """Code may change as it likes; what tells a sample from another is the version of the model."""
    pack, _ = own
    copy = tmp_path / "pack"
    shutil.copytree(pack, copy)
    about = json.loads((copy / "posterior.json").read_text("utf-8"))

    def remark(model):
        about["software"] |= {"model": model, "simulation_code": "1" * 64}
        (copy / "posterior.json").write_text(json.dumps(about), "utf-8")
        posterior._read.cache_clear()
        result = posterior_record(load(copy)), sample_note(load(copy)).text("en")
        posterior._read.cache_clear()
        return result

    major, minor = (int(part) for part in MODEL_VERSION.split("."))
    sample, output = remark(f"{major}.{minor + 7}")
    assert (sample["model"], sample["made_by"]) == (f"{major}.{minor + 7}", "1" * 64)
    assert sha(copy / "posterior.csv")[:12] in output
    assert "run xiancheng calibrate" not in output
    for other in (f"{major + 1}.{minor}", None):
        assert f"estimated with model {other or '?'}, and this is model" in remark(other)[1]
    (copy / "posterior.json").unlink()
    posterior._read.cache_clear()
    assert "of which the pack says nothing more" in sample_note(load(copy)).text("en")


def test_a_table_says_which_sample_it_rests_on(own, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(StoredRuns, "here", classmethod(lambda cls: cls(RunStore(tmp_path / "a"))))
    words = [*WORDS, "--region", str(own[0]), "--out", str(tmp_path / "out")]
    assert main(words) == 0
    result = json.loads(capsys.readouterr().out)
    assert any(sha(own[0] / "posterior.csv")[:12] in line for line in result["remarks"])


def test_another_sample_is_another_run_on_file(own, tmp_path):
    """The same numbers that rest on other files are not taken for the run that is there."""
    run = load_run(own[1])
    spec = RunSpec.of(run.record.scenario, region=own[0])
    first = evidence(spec, run.verdicts())
    about = own[0] / "posterior.json"
    before = about.read_bytes()
    try:
        about.write_bytes(before + b"\n")
        assert evidence(spec, run.verdicts()) != first
    finally:
        about.write_bytes(before)
    assert first == run.record.evidence.model_dump()


def test_a_record_of_an_older_form_is_read_and_compares_what_it_holds(own):
    saved = load_run(own[1])
    older = saved.record.model_copy(update={"evidence": None})
    now = saved.record.model_copy(update={"cutoff": older.cutoff})
    assert dict(reproduce.changed(older, now)) == {}
    text = json.loads((own[1] / "run.json").read_text("utf-8"))
    del text["seal"], text["evidence"]
    assert parsed(written(text)).evidence is None


def test_delivery_counts_quarters_as_people_do(own):
    import pandas as pd

    delivered = pd.read_csv(own[1] / "delivery.csv", encoding="utf-8-sig")
    assert delivered["quarter"].str.fullmatch(r"20\d\dQ[1-4]").all()
    assert (delivered["quarter"].iloc[0], delivered["quarter"].max()) == ("2024Q1", "2025Q4")
