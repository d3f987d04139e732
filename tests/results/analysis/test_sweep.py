"""A sweep runs every run of its design once, whatever happens on the way."""

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from xiancheng.calibration import posterior, priors
from xiancheng.calibration.errors import RequestError, ScenarioError
from xiancheng.calibration.region import load
from xiancheng.results.analysis import sweep as sweeping
from xiancheng.results.analysis.sweep import Need
from xiancheng.results.cli import batch, main
from xiancheng.results.store import ledger, record
from xiancheng.results.store.cache import RunStore
from xiancheng.scenarios import simulation
from xiancheng.scenarios.design import Design, read_design, sampled
from xiancheng.scenarios.executor import DaskExecutor, InlineExecutor
from xiancheng.scenarios.outcome import RATE
from xiancheng.scenarios.run_spec import RunSpec, code_digest, digest_of
from xiancheng.scenarios.simulation import RegionModel

SMALL = """
name: small
scenarios: [plan, baseline]
parameters: {from: prior, n: 2}
seeds: {count: 2}
scales: 0.005
horizon: {until: 2021-06-30}
"""
RUNS = 8  # in SMALL
FEW = "{name: few, scenarios: [plan, baseline], parameters: {from: prior, n: 1}, scales: 0.005}"
OWN = """
title: ours
measures:
  park: {lever: tradable_jobs, amount: 300, counties: Huimin, start: 2024Q1, finish: 2024Q4}
targets: [{counties: Huimin, value: 45, deadline: 2030-12-31}]
"""


def written(folder: Path, text: str = SMALL) -> Path:
    file = folder / "design.yaml"
    file.write_text(text, "utf-8")
    return file


def sweep_of(folder: Path, *, out="out", text=SMALL, shard="1/1", resume=False, executor=None):
    """A sweep of a design; in this process, if no executor is given."""
    options = Namespace(
        design=written(folder, text), out=folder / out, shard=shard, jobs=1, engine="local",
        scheduler=None, resume=resume,
    )  # fmt: skip
    job = batch.planned(options)
    return sweeping.Sweep(
        job.design, job.folder, job.shard, executor or InlineExecutor(), job.resume
    )


def swept(folder: Path, **more) -> tuple[sweeping.Sweep, sweeping.Tally]:
    sweep = sweep_of(folder, **more)
    sweep.begin()
    return sweep, sweep.run()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The small sweep, computed in this process without any interruption."""
    return swept(tmp_path_factory.mktemp("whole"))[0]


# The design


def test_scenarios_draws_seeds_and_scales_are_crossed(tmp_path):
    text = SMALL.replace("scales: 0.005", "scales: [0.005, 0.01]").replace(
        "{count: 2}", "[7, 3, 5]"
    )
    design = read_design(written(tmp_path, text))
    specs = [design.spec(n) for n in range(len(design))]
    assert len({spec.key for spec in specs}) == len(specs) == 2 * 2 * 3 * 2
    assert {spec.seed for spec in specs} == {7, 3, 5}
    assert [spec.scenario.name for spec in specs[:4]] == ["plan", "baseline"] * 2
    shards = [design.points((i, 5)) for i in range(1, 6)]
    assert sorted(n for shard in shards for n in shard) == list(range(len(design)))


def test_the_same_draw_and_seed_meet_every_scenario(tmp_path):
    design = read_design(written(tmp_path))
    plan, baseline = design.spec(0), design.spec(1)
    assert (plan.parameters, plan.seed, plan.draw) == (
        baseline.parameters, baseline.seed, baseline.draw,
    )  # fmt: skip
    assert plan.draw == 1


def test_central_parameters_go_without_effects(tmp_path):
    design = read_design(written(tmp_path, "{name: a, scenarios: plan, seeds: 1, scales: 0.005}"))
    assert len(design) == 1
    assert design.spec(0).key == RunSpec.of("plan", scale=0.005).key


def random_numbers(spec):
    """What runs of a draw and seed have in common."""
    return spec.draw, spec.seed, spec.scale


@pytest.mark.parametrize("method", ["latin-hypercube", "sobol", "independent"])
def test_draws_follow_the_priors(method):
    names = [prior.name for prior in priors.catalogue()]
    values = sampled(method, names, 256, 1)
    assert values.shape == (256, len(names))
    assert (values == sampled(method, names, 256, 1)).all()
    for i, prior in enumerate(priors.catalogue()):
        low, high = prior.support
        assert (values[:, i] >= low).all()
        assert (values[:, i] <= high).all()
        below = np.mean(values[:, i] < prior.quantile(0.5))
        slack = 0.16 if method == "independent" else 0.01  # five standard errors; one layer
        assert below <= 0.5 + slack  # a spike at 0 lies on its own median


def test_latin_hypercube_draws_are_those_of_run(tmp_path):
    design = read_design(written(tmp_path))
    assert design.spec(0).parameters == vars(priors.draw(2, 1)[0])


def test_parameters_move_the_rate_where_no_level_is_followed(tmp_path):
    (tmp_path / "points.csv").write_text("recode_hazard\n0.001\n0.015\n", "utf-8")
    design = (
        "{name: a, scenarios: baseline, parameters: {from: points.csv}, effects: false, "
        "scales: 0.005, horizon: {until: 2021-12-31}, alignment: level}"
    )
    moved = {}
    for alignment in ("level", "off"):
        made = read_design(written(tmp_path, design.replace("level", alignment)))
        again = Design.from_json(json.loads(json.dumps(made.to_json())))
        rates = [simulation.simulate(again.spec(n)).series(RATE)[-1] for n in range(2)]
        moved[alignment] = float(abs(rates[1] - rates[0]).mean())
        assert again.digest == made.digest
    assert 4 * moved["level"] < moved["off"], moved


def test_points_of_a_file_are_taken_row_by_row(tmp_path):
    (tmp_path / "points.csv").write_text("beta_y,beta_s\n1.0,0.3\n1.1,0.4\n", "utf-8-sig")
    design = read_design(written(tmp_path, SMALL.replace("from: prior, n: 2", "from: points.csv")))
    assert design.spec(len(design) - 1).parameters == {"beta_y": 1.1, "beta_s": 0.4}


@pytest.mark.parametrize(
    ("change", "output"),
    [
        (("seeds: {count: 2}", "seeds: [1, 1]"), "seeds"),
        (("n: 2", "n: 3, method: sobol"), "power of 2"),
        (("n: 2", "n: 2, only: [beta_x]"), "did you mean"),
        (("from: prior, n: 2", "from: prior"), "number of draws"),
        (("from: prior, n: 2", "from: nowhere.csv"), "nowhere.csv"),
        (("scales: 0.005", "scales: 2"), "scales"),
        (("[plan, baseline]", "[plan, basline]"), "baseline"),
        (("name: small", "nam: small"), "name"),
        (("seeds: {count: 2}", "seeds: {count: 900000}"), "1000000"),
        (("from: prior, n: 2", "from: sobol, n: 2"), "write method: sobol with from: prior"),
        (("from: prior, n: 2", "from: priors, n: 2"), "did you mean 'prior'"),
        (("[plan, baseline]", ""), "expected a list, found null"),
        (("[plan, baseline]", "[]"), "expected a list of at least one item"),
        (("[plan, baseline]", "['']"), "scenarios[0]: expected text that is not empty"),
        (("seeds: {count: 2}", "seeds: {count: 2, fist: 1}"), "first and count"),
        (("scales: 0.005", "scales: []"), "expected a list of at least one item"),
        (("from: prior, n: 2", "from: central, n: 2, seed: 5"), "no seed, of which from: central"),
        (("from: prior, n: 2", "from: a.csv, method: sobol"), "no method, of which from: a.csv"),
        (("n: 2", "n: 2, only: []"), "expected a list of at least one item"),
    ],
)
def test_a_wrong_design_is_refused_with_its_place(tmp_path, change, output):
    with pytest.raises(ScenarioError) as refused:
        read_design(written(tmp_path, SMALL.replace(*change)))
    assert output in refused.value.text("en")


def test_a_posterior_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("xiancheng.calibration.posterior.read", lambda _: None)
    with pytest.raises(ScenarioError) as refused:
        read_design(written(tmp_path, SMALL.replace("from: prior, n: 2", "from: posterior, n: 2")))
    assert "posterior.csv" in refused.value.text("en")


def test_an_empty_list_is_told_in_the_language_of_the_reader(tmp_path):
    with pytest.raises(ScenarioError) as refused:
        read_design(written(tmp_path, SMALL.replace("[plan, baseline]", "[]")))
    assert "应为至少有一项的列表" in refused.value.text("zh")


def test_draws_of_a_posterior_bring_their_effects_along(tmp_path, monkeypatch):
    """They are those of `run --draws`; a row of the sample is one world, effects included."""
    values = np.array([[*vars(p).values()] for p in priors.draw(6, 3)])
    sample = posterior.Posterior(values, np.arange(31, 37), {})
    monkeypatch.setattr(posterior, "read", lambda folder: sample)
    believed = posterior.draws(load("binzhou"), 2, 1)
    design = read_design(written(tmp_path, SMALL.replace("from: prior", "from: posterior")))
    specs = [design.spec(n) for n in (0, 2)]
    assert [each.parameters for each in specs] == [vars(each.parameters) for each in believed]
    assert [each.draw for each in specs] == [each.number for each in believed]
    assert {each.draw for each in specs} <= set(range(31, 37))
    again = type(design).from_json(json.loads(json.dumps(design.to_json())))
    assert again.spec(2).key == specs[1].key


def test_a_scheduler_is_of_use_to_dask_alone(tmp_path, capsys):
    words = ["sweep", str(written(tmp_path)), "--out", str(tmp_path / "out"), "--lang", "en"]
    assert main([*words, "--scheduler", "tcp://127.0.0.1:1"]) == 2
    assert "add --engine dask" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_scale_with_too_few_rows_is_refused_before_anything_is_computed(tmp_path):
    with pytest.raises(RequestError, match="too small"):
        read_design(written(tmp_path, SMALL.replace("scales: 0.005", "scales: [0.005, 0.00001]")))


def test_wrong_points_are_refused_line_by_line(tmp_path):
    table = tmp_path / "points.csv"
    text = SMALL.replace("from: prior, n: 2", "from: points.csv")
    for content, output in (
        ("beta_z\n1\n", "beta"), ("beta_y\n", "rows"), ("beta_y\nx\n", "points.csv:2"),
        ("p\n", "name"), ("beta_y,beta_s\n1\n", "2 numbers"), ("", "rows"),
        ("return_hazard\n0.1\n-5\n", "points.csv:3"),
    ):  # fmt: skip
        table.write_text(content, "utf-8")
        with pytest.raises(ScenarioError) as refused:
            read_design(written(tmp_path, text))
        assert output in refused.value.text("en")


# Going through it


def test_a_sweep_leaves_every_run_and_a_resumed_one_computes_nothing(whole, tmp_path):
    shutil.copytree(whole.folder, tmp_path / "out")
    again, tally = swept(tmp_path, resume=True)
    assert (tally.done, tally.kept, tally.failed) == (0, RUNS, [])
    assert again.digest() == whole.digest()
    assert len(ledger.ledger(whole.folder)) == RUNS


def test_the_scenarios_of_a_draw_go_through_their_common_past_once(tmp_path, monkeypatch):
    """And each is what it is alone: the digest of the set is that of runs one by one."""
    steps = []
    step = RegionModel.step

    def counted(model):
        steps.append(model.spec.key)
        return step(model)

    monkeypatch.setattr(RegionModel, "step", counted)
    digests = []
    for name in ("together", "alone"):
        (tmp_path / name).mkdir()
        sweep = sweep_of(tmp_path / name, text=FEW)
        sweep.begin()
        if name == "alone":
            job = sweeping.SweepJob(sweep.folder, sweep.design.digest, code_digest())
            for number in sweep.keys:
                [report] = job([number])
                assert report.state == "done"
        sweep.run()
        digests.append((sweep.digest(), len(steps)))
        steps.clear()
    (same, few), (again, many) = digests
    assert same == again
    assert few < 0.75 * many


def test_shards_make_the_same_set_as_one_sweep(whole, tmp_path):
    digests = [swept(tmp_path, shard=shard)[0].digest() for shard in ("1/3", "2/3", "3/3")]
    assert digests[2] == whole.digest()  # the last one needs no resume to close the set
    assert whole.digest() not in digests[:2]


@pytest.mark.parametrize("shards", [1, 2, 3, 5, 50])
def test_shards_keep_the_scenarios_of_a_draw_and_seed_together(tmp_path, shards):
    text = SMALL.replace("scales: 0.005", "scales: [0.005, 0.01]").replace(
        "{count: 2}", "[3, 5, 4]"
    )
    design = read_design(written(tmp_path, text))
    dealt = [design.points((i, shards)) for i in range(1, shards + 1)]
    assert sorted(n for shard in dealt for n in shard) == list(range(len(design)))
    for shard in dealt:
        specs = [design.spec(n) for n in shard]
        for p in specs:
            partners = [q for q in specs if random_numbers(q) == random_numbers(p)]
            assert {q.scenario.name for q in partners} == {"plan", "baseline"}
    assert max(map(len, dealt)) - min(map(len, dealt)) <= 2


def test_a_part_compares_nothing_and_the_last_part_shows_the_whole(tmp_path, capsys):
    text = FEW.replace("n: 1", "n: 2")  # to a deadline: there is something to show
    whole, _ = swept(tmp_path, out="whole", text=text)
    words = ["sweep", str(written(tmp_path, text)), "--out", str(tmp_path / "out"), "--lang", "en"]
    assert main([*words, "--jobs", "1", "--shard", "1/2"]) == 0
    shown = capsys.readouterr().out
    assert "2 of 4 done" in shown
    assert "2 on file" in shown
    assert "median" not in shown
    assert "%" not in shown
    assert main([*words, "--jobs", "1", "--shard", "1/2", "--resume", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["set"], result["targets"], result["runs"], result["on_file"]) == (
        None,
        None,
        4,
        2,
    )
    assert main([*words, "--jobs", "1", "--shard", "2/2"]) == 0
    shown = capsys.readouterr().out
    assert whole.digest() in shown
    assert "median" in shown


def test_a_sweep_that_ends_before_every_deadline_shows_no_rates_and_says_nothing_of_them(
    tmp_path, capsys
):
    words = ["sweep", str(written(tmp_path)), "--out", str(tmp_path / "out"), "--lang", "en"]
    assert main([*words, "--jobs", "1"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"{RUNS} computed")
    assert "rates" not in shown


# One program


def of_another_program(folder: Path, program: str = "0" * 64) -> None:
    """Make a folder what a sweep of another program would have left: other keys, other numbers."""
    for run in sorted((folder / "runs").iterdir()):
        about = json.loads((run / "run.json").read_bytes())
        del about["seal"]
        about["software"]["simulation_code"] = program
        about["key"] = digest_of({"key": about["key"], "program": program})
        about["summary"] = {name: 1.0 for name in about["summary"]}
        (run / "run.json").write_bytes(record.written(about))
        run.rename(run.with_name(about["key"]))
    result = json.loads((folder / sweeping.SWEEP).read_bytes())
    (folder / sweeping.SWEEP).write_text(json.dumps(result | {"program": program}), "utf-8")
    (folder / ledger.LEDGER).unlink(missing_ok=True)
    ledger.renew(folder)


def test_a_resumed_sweep_holds_runs_of_one_program(whole, tmp_path, capsys):
    """What another program computed is kept apart and named; the ledger never joins the two."""
    out = tmp_path / "out"
    shutil.copytree(whole.folder, out)
    of_another_program(out)
    assert set(pd.read_parquet(out / ledger.LEDGER)["program"]) == {"0" * 64}
    words = ["sweep", str(written(tmp_path)), "--out", str(out), "--lang", "en", "--jobs", "1"]
    assert main([*words, "--resume"]) == 0
    shown = capsys.readouterr()
    assert f"{RUNS} runs of another program" in shown.err
    assert len(list((out / "other-programs" / ("0" * 12)).iterdir())) == RUNS
    table = pd.read_parquet(out / ledger.LEDGER)
    assert set(table["program"]) == {code_digest()}
    assert len(table) == len(os.listdir(out / "runs")) == RUNS
    assert whole.digest() in shown.out


def test_a_run_that_another_program_adds_later_is_no_part_of_the_ledger(whole, tmp_path):
    out, other = tmp_path / "out", tmp_path / "other"
    for folder in (out, other):
        shutil.copytree(whole.folder, folder)
    of_another_program(other)
    late = sorted((other / "runs").iterdir())[0]
    late.rename(out / "runs" / late.name)
    assert len(ledger.ledger(out)) == RUNS
    assert ledger.targets(out)["runs"].tolist() == ledger.targets(whole.folder)["runs"].tolist()


def test_a_shard_of_another_program_is_refused(whole, tmp_path):
    shutil.copytree(whole.folder, tmp_path / "out")
    of_another_program(tmp_path / "out")
    with pytest.raises(RequestError, match="another program"):
        sweep_of(tmp_path, shard="2/2").begin()


def test_a_file_in_the_place_of_a_run_is_no_run(whole, tmp_path):
    """Nor is a folder that holds no record."""
    out = tmp_path / "out"
    shutil.copytree(whole.folder, out)
    file, empty = sorted((out / "runs").iterdir())[:2]
    for run in (file, empty):
        shutil.rmtree(run)
    file.write_text("no run", "utf-8")
    empty.mkdir()
    assert len(RunStore(out).keys()) == RUNS - 2
    sweep, tally = swept(tmp_path, resume=True)
    assert (tally.done, tally.kept) == (2, RUNS - 2)
    assert sweep.digest() == whole.digest()


def test_a_design_is_the_same_wherever_its_pack_lies(tmp_path):
    digests = []
    for place in ("here", "there"):
        shutil.copytree(load("binzhou").folder, tmp_path / place / "own")
        text = SMALL + f"region: {tmp_path / place / 'own'}\n"
        digests.append(read_design(written(tmp_path, text)).digest)
    assert digests[0] == digests[1]


def test_a_folder_with_runs_is_not_taken_without_asking(whole, tmp_path):
    shutil.copytree(whole.folder, tmp_path / "out")
    with pytest.raises(RequestError, match="--resume"):
        sweep_of(tmp_path).begin()
    with pytest.raises(RequestError, match="another design"):
        sweep_of(tmp_path, text=SMALL.replace("n: 2", "n: 3"), resume=True).begin()


def test_altered_runs_are_set_aside_and_run_again_on_resume(whole, tmp_path):
    shutil.copytree(whole.folder, tmp_path / "out")
    runs = sorted((tmp_path / "out" / "runs").iterdir())
    os.truncate(runs[0] / "series.parquet", 99)
    (runs[1] / "run.json").unlink()
    runs[2].rename(runs[2].with_name("f" * 64))  # under a key that is not its own
    sweep = sweep_of(tmp_path, resume=True)
    aside = sweep.begin()
    assert len(aside.torn) == 2
    assert sum(aside.other.values()) == 1
    assert sweep.run().done == 3
    assert sweep.digest() == whole.digest()


def test_a_failing_run_is_recorded_and_stops_nothing_else(whole, tmp_path, monkeypatch):
    run = simulation.outcome_of

    def sometimes(model):
        if model.spec.seed == 2 and model.spec.draw == 1:
            raise ArithmeticError("books do not balance")
        return run(model)

    monkeypatch.setattr(simulation, "outcome_of", sometimes)
    sweep, tally = swept(tmp_path)
    assert (tally.done, len(tally.failed)) == (RUNS - 2, 2)
    failures = RunStore(tmp_path / "out").failures()
    result = {(f["scenario"], f["draw"], f["seed"], f["reason"]) for f in failures}
    reason = "ArithmeticError: books do not balance"
    assert result == {("plan", 0, 2, reason), ("baseline", 0, 2, reason)}
    monkeypatch.undo()
    sweep, tally = swept(tmp_path, resume=True)
    assert (tally.done, tally.kept) == (2, RUNS - 2)
    assert RunStore(tmp_path / "out").failures() == []
    assert sweep.digest() == whole.digest()


def test_a_full_disk_stops_the_sweep_and_what_is_there_stays_whole(whole, tmp_path, monkeypatch):
    write, count = Path.write_bytes, iter(range(10**6))

    def full_later(self, content):
        if "runs" in self.parts and next(count) > 12:  # in the middle of the third run
            write(self, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(self, content)

    monkeypatch.setattr(Path, "write_bytes", full_later)
    sweep = sweep_of(tmp_path)
    sweep.begin()
    with pytest.raises(sweeping.StoppedError, match="No space left"):
        sweep.run()
    monkeypatch.undo()
    assert len(os.listdir(tmp_path / "out" / "runs")) == 2  # and no draft
    again = sweep_of(tmp_path, resume=True)
    assert again.begin() == ([], {})
    assert again.run().done == RUNS - 2
    assert again.digest() == whole.digest()


def test_a_place_that_cannot_be_written_to_is_refused_before_computing(tmp_path, capsys):
    (tmp_path / "file").touch()
    words = [str(written(tmp_path)), "--out", str(tmp_path / "file" / "out"), "--lang", "en"]
    assert main(["sweep", *words]) == 2
    assert "cannot write" in capsys.readouterr().err


def test_a_sweep_that_would_not_fit_is_refused_with_the_figure(tmp_path):
    need = sweep_of(tmp_path).need()
    need.refuse()
    with pytest.raises(RequestError, match=r"need about 8\.00 GB of memory, 5\.00 GB is free"):
        Need(4, 2e9, int(5e9), 1.0, 2).refuse()
    with pytest.raises(RequestError, match="--jobs 2 "):
        Need(4, 2e9, int(5e9), 1.0, 2).refuse()
    with pytest.raises(RequestError, match="of disk"):
        Need(1, 2e9, None, 10e9, int(9e9)).refuse()


def test_a_worker_with_other_code_is_refused(tmp_path):
    sweep = sweep_of(tmp_path)
    with pytest.raises(RequestError, match="other code"):
        sweeping.SweepJob(sweep.folder, sweep.design.digest, "0" * 64)([0])


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "a/b", "1/2/3", "-1/2"])
def test_a_shard_is_one_of_so_many(tmp_path, shard):
    with pytest.raises(RequestError, match="--shard"):
        sweep_of(tmp_path, shard=shard)


def test_a_design_is_told_and_retold_and_its_job_fits_a_pipe(whole):
    result = json.loads(json.dumps(whole.design.to_json()))
    again = type(whole.design).from_json(result)
    assert again.digest == whole.design.digest
    assert [again.spec(n).key for n in whole.keys] == [*whole.keys.values()]
    job = sweeping.SweepJob(whole.folder, whole.design.digest, "0" * 64)
    assert len(repr(job)) < 4096


def test_workers_find_a_plan_of_ones_own_wherever_it_lies(tmp_path):
    """Its digest is of what the plan says, and what workers read names its file."""
    computed = []
    for place in ("here", "there"):
        folder = tmp_path / place
        folder.mkdir()
        (folder / "ours.yaml").write_text(OWN, "utf-8")
        computed.append(read_design(written(folder, SMALL + "plan: ./ours.yaml\n")))
    again = type(computed[0]).from_json(json.loads(json.dumps(computed[0].to_json())))
    assert computed[0].digest == computed[1].digest == again.digest
    assert again.spec(0).key == computed[0].spec(0).key == computed[1].spec(0).key
    assert again.spec(0).scenario.plan.measures.keys() == {"M01"}


def test_a_design_that_was_altered_on_file_is_refused(whole, tmp_path):
    text = (whole.folder / sweeping.SWEEP).read_text("utf-8")
    (tmp_path / sweeping.SWEEP).write_text(text.replace('"effects": true', '"effects": false'))
    with pytest.raises(RequestError, match="altered"):
        sweeping._design(tmp_path, whole.design.digest)


# Engines


def command(folder: Path, *more: str) -> list[str]:
    words = ["sweep", str(folder / "design.yaml"), "--out", str(folder / "out"), "--lang", "en"]
    return [sys.executable, "-m", "xiancheng", *words, *more]


def begun(folder: Path, *more: str) -> subprocess.Popen:
    return subprocess.Popen(
        command(folder, *more), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        start_new_session=True,
    )  # fmt: skip


def runs_in(folder: Path) -> int:
    return len(RunStore(folder / "out").keys())


@pytest.mark.slow
def test_sigterm_ends_a_sweep_within_seconds_and_it_resumes_to_the_same_set(whole, tmp_path):
    written(tmp_path)
    with begun(tmp_path, "--jobs", "2") as sweep:
        while runs_in(tmp_path) == 0 and sweep.poll() is None:
            time.sleep(0.02)
        sweep.terminate()
        signalled = time.monotonic()
        sweep.wait(20)
        assert time.monotonic() - signalled < 5
        assert sweep.returncode in (130, 0)  # 0 if it was done already
    done = subprocess.run(
        command(tmp_path, "--jobs", "2", "--resume", "--json"),
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    result = json.loads(done.stdout)
    assert result["set"] == whole.digest()
    assert result["done"] + result["kept"] == RUNS


# A Dask cluster

FORTY = SMALL.replace("n: 2", "n: 5").replace("{count: 2}", "{count: 4}")


@pytest.fixture(scope="module")
def forty(tmp_path_factory):
    return swept(tmp_path_factory.mktemp("forty"), text=FORTY)[0]


@pytest.mark.filterwarnings("ignore")
def test_a_dask_cluster_gives_the_same_set(whole, tmp_path):
    sweep, tally = swept(tmp_path, executor=DaskExecutor(2))
    assert tally.done == RUNS
    assert sweep.digest() == whole.digest()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_lost_dask_worker_loses_no_run(forty, tmp_path):
    from distributed import LocalCluster

    with LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster:
        pids = [worker.pid for worker in cluster.workers.values()]
        sweep = sweep_of(tmp_path, text=FORTY, executor=DaskExecutor(2, cluster.scheduler_address))
        sweep.begin()
        settled = iter(range(1000))

        def kill_one_on_the_way() -> None:
            if next(settled) == 5:
                os.kill(pids[0], signal.SIGKILL)

        tally = sweep.run(kill_one_on_the_way)
    assert next(settled) > 5  # so one was killed
    assert tally.done + tally.kept == 40
    assert tally.failed == []
    assert sweep.digest() == forty.digest()


# Slow: hard deaths, two at once

TWO_HUNDRED = SMALL.replace("n: 2", "n: 10").replace("{count: 2}", "{count: 10}")


def children_of(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(c) for t in tasks for c in (t / "children").read_text().split()]
    except OSError:
        return []


@pytest.fixture(scope="module")
def two_hundred(tmp_path_factory):
    return swept(tmp_path_factory.mktemp("two-hundred"), text=TWO_HUNDRED)[0]


@pytest.mark.slow
def test_a_hundred_kills_lose_nothing_and_repeat_nothing(two_hundred, tmp_path):
    """Workers and parents are killed at random; each run is in the store once, and the same."""
    written(tmp_path, TWO_HUNDRED)
    rng, killed, sweep = random.Random(1), 0, None
    store = RunStore(tmp_path / "out")
    while killed < 100:
        if len(store.keys()) > 180:  # keep something to be killed at
            for key in rng.sample(sorted(store.keys()), 60):
                shutil.rmtree(store.path(key))
        if sweep is None or sweep.poll() is not None:
            if sweep is not None:
                sweep.communicate()
            sweep = begun(tmp_path, "--jobs", "2", "--resume")
        before = store.keys()
        while store.keys() <= before and sweep.poll() is None:  # until it is at work
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.3))
        victims = [sweep.pid, *children_of(sweep.pid)]
        try:
            os.kill(rng.choice(victims), signal.SIGKILL)
            killed += 1
        except ProcessLookupError:
            continue
    sweep.kill()
    sweep.communicate()
    last, _ = swept(tmp_path, text=TWO_HUNDRED, resume=True)
    assert len(store.keys()) == 200
    assert store.quarantine_altered(sorted(store.keys())) == []
    assert last.digest() == two_hundred.digest()


@pytest.mark.slow
def test_two_processes_resuming_at_once_run_each_run_once(two_hundred, tmp_path):
    written(tmp_path, TWO_HUNDRED)
    both = [begun(tmp_path, "--jobs", "1", "--resume", "--json") for _ in range(2)]
    result = [json.loads(sweep.communicate()[0]) for sweep in both]
    assert sum(each["done"] for each in result) == 200
    assert all(each["done"] > 20 for each in result)
    assert {each["set"] for each in result} == {two_hundred.digest()}


@pytest.mark.slow
def test_a_full_file_system_is_told_and_resumed_elsewhere(whole, tmp_path):
    room = tmp_path / "out"
    room.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(room)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount a file system")
    try:
        sweep = sweep_of(tmp_path)
        sweep.begin()
        with pytest.raises(sweeping.StoppedError):
            sweep.run()
        assert 0 < runs_in(tmp_path) < RUNS
        subprocess.run(["mount", "-o", "remount,size=9M", str(room)], check=True)
        again = sweep_of(tmp_path, resume=True)
        assert again.begin() == ([], {})
        again.run()
        assert again.digest() == whole.digest()
    finally:
        subprocess.run(["umount", "--lazy", str(room)], check=True)


def test_two_scenarios_of_one_name_are_refused(tmp_path):
    for file, based in (("a", "plan"), ("b", "baseline")):
        text = f"name: alike\ntitle: 相同\nbased_on: {based}\n"
        (tmp_path / f"{file}.yaml").write_text(text, "utf-8")
    written = "name: two\nscenarios: [a.yaml, b.yaml]\nseeds: [1]\nscales: [0.01]\n"
    (tmp_path / "design.yaml").write_text(written, "utf-8")
    with pytest.raises(ScenarioError, match="alike"):
        read_design(tmp_path / "design.yaml")


def test_an_altered_ledger_is_made_anew_on_resume(whole, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(whole.folder, out)
    result = ledger.targets(out)
    table = pd.read_parquet(out / ledger.LEDGER)
    table["values"] = "0" * 64
    table.to_parquet(out / ledger.LEDGER)
    sweep, tally = swept(tmp_path, resume=True)
    assert tally.done == 0
    assert sweep.digest() == whole.digest()
    pd.testing.assert_frame_equal(ledger.targets(out), result)
