"""Estimating a region: the table of trials, the sample on file, and the account of it.

Where the model itself does not matter a table is made up by a formula whose parameters are known.
"""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from xiancheng.calibration import posterior, priors
from xiancheng.calibration.estimation import scores
from xiancheng.calibration.posterior import ABOUT, SAMPLE, Sample
from xiancheng.calibration.region import load
from xiancheng.calibration.region.census_change import enumerated, summaries
from xiancheng.calibration.region.region import digest
from xiancheng.results.cli import main
from xiancheng.results.knowing import accounting, estimating, identifiability, trials
from xiancheng.results.knowing.estimating import Settings
from xiancheng.results.knowing.trials import FREE, PARAMETERS, Trials
from xiancheng.scenarios import ensemble
from xiancheng.scenarios.design import sampled
from xiancheng.scenarios.simulation import simulate
from xiancheng.sim.levers import LEVERS

pytest.importorskip("sklearn")
RUNS = 260
AIM = {"alpha_family": 0.8, "return_hazard": -0.6}  # scores of the truth; the rest is 0


def made_up(values, seed=1):
    """A table in which towns grow with `alpha_family` and shrink with `return_hazard`."""
    pack = load("binzhou")
    start, _ = trials.censuses(pack)
    before = enumerated(pack, start)
    by_name = {prior.name: prior for prior in priors.catalogue()}
    column = {name: values[:, PARAMETERS.index(name)] for name in AIM}
    rank = {name: scores.scores([by_name[name]], column[name][:, None])[:, 0] for name in AIM}
    rng = np.random.default_rng(seed)
    push = 0.05 * rank["alpha_family"][:, None] + 0.02 * rng.standard_normal((len(values), 7))
    back = 0.05 * rank["return_hazard"][:, None] + 0.02 * rng.standard_normal((len(values), 7))
    after = {name: np.repeat(table[None].astype(float), len(values), 0) for name, table in
             before.items()}  # fmt: skip
    after["urban_residents"] = after["urban_residents"] * np.exp(0.3 + push - back)
    after["rural_residents"] = after["rural_residents"] * np.exp(-0.2 - push)
    return Trials("binzhou", values, tuple(range(1, len(values) + 1)), after)


@pytest.fixture(scope="module")
def made():
    return made_up(sampled("latin-hypercube", PARAMETERS, RUNS, 1))


@pytest.fixture(scope="module")
def truth():
    """The central world but for the two parameters, and a table that observes it."""
    central = np.array([[prior.quantile(np.array(0.5)) for prior in priors.catalogue()]], float)
    for name, score in AIM.items():
        prior = next(p for p in priors.catalogue() if p.name == name)
        central[0, PARAMETERS.index(name)] = scores.values([prior], np.array([[score]]))[0, 0]
    return made_up(central, seed=2)


@pytest.fixture(scope="module")
def estimate(made, truth):
    table = replace(made.table(), observed=truth.stats()[0])
    return estimating.estimated(table, made, Settings("binzhou", None))


def score(stage, name, share=0.5):
    return float(stage.posterior.of([name]).quantile([share])[0, 0])


# The sample that is shipped


def test_the_model_is_the_one_that_the_shipped_estimate_was_made_with():
    """Whoever changes what the model gives has to run `xiancheng calibrate` again."""
    sample = posterior.read(load("binzhou").folder)
    assert sample is not None
    assert accounting.probe("binzhou") == pytest.approx(sample.about["probe"], abs=1e-5)


@pytest.mark.identity
def test_what_is_shipped_passed_its_test_and_says_how_it_was_made():
    about = posterior.read(load("binzhou").folder).about
    assert all(stage["gate"]["passed"] for stage in about["stages"])
    assert about["settings"]["scale"] == 1.0
    assert about["region"]["sha256"] == load("binzhou").digest
    assert about["pool"]["sha256"] == load("shandong").digest
    assert "recorded anew on 2026-11-29" in about["digests"]["en"]
    page = Path(__file__).parents[1] / "docs" / "identifiability.md"
    assert page.read_text(encoding="utf-8") == identifiability.page(about)


# The table of trials


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    values = sampled("latin-hypercube", PARAMETERS, 3, 1)
    design = trials.design("binzhou", values, 0.01, "trials")
    return design, trials.made(design, tmp_path_factory.mktemp("trials"), jobs=1)


def test_each_trial_has_parameters_luck_and_county_effects_of_its_own(few):
    design, _ = few
    specs = [design.spec(number) for number in range(3)]
    assert [spec.seed for spec in specs] == [1, 2, 3]
    assert [spec.draw for spec in specs] == [1, 2, 3]
    assert len({spec.parameters["kappa"] for spec in specs}) == 3


def test_a_trial_says_what_the_run_itself_finds(few):
    design, made = few
    outcome = simulate(design.spec(1))
    told = outcome.summary()
    codes = [county.code for county in made.pack.counties]
    for name, found in made.after.items():
        assert found[1].tolist() == [told[f"{name}_{code}"] for code in codes], name


def test_trials_and_censuses_are_asked_the_same_questions(few):
    _, made = few
    pack = made.pack
    before, later = (enumerated(pack, day) for day in trials.censuses(pack))
    table = made.table()
    assert table.names == FREE
    assert len(FREE) == 14
    assert table.stats.shape == (3, 7, len(summaries(before, later)))
    assert np.isfinite(table.stats).all()
    rates = table.observed[:, table.summaries.index("rate_change")]
    assert rates[2] == pytest.approx(-2.08, abs=0.01)  # Huimin fell


# Estimating


def test_what_made_the_data_is_found_and_the_rest_stays_belief(estimate):
    for name, aim in AIM.items():
        low, high = (score(estimate, name, share) for share in (0.025, 0.975))
        assert low < aim < high
        assert high - low < 3.4, name  # of 3.9 before, and errors of the model may hide the rest
    for name in ("kappa", "gamma_n"):
        assert -0.3 < 1 - estimate.posterior.of([name]).sd[0] ** 2 < 0.35, name


def test_an_observation_that_no_run_comes_near_stops_the_estimate(made, truth):
    table = made.table()
    observed = truth.stats()[0].copy()
    observed[3, table.summaries.index("rate_change")] = 400.0
    with pytest.raises(estimating.SurprisingError, match=f"{table.units[3]} rate_change"):
        estimating.estimated(replace(table, observed=observed), made, Settings("binzhou", None))


def test_draws_carry_what_is_not_estimated_from_the_run_they_go_back_to(estimate, made):
    values, sizes, numbers = estimating.drawn(estimate, 50, 1)
    row = numbers - 1
    fixed = [i for i, name in enumerate(PARAMETERS) if name not in FREE]
    assert (values[:, fixed] == made.values[row][:, fixed]).all()
    assert sizes.shape == (50, len(estimate.world.discrepancy.beliefs))
    for given in values:
        priors.override(dict(zip(PARAMETERS, given.tolist(), strict=True)))  # inside the supports


def test_a_second_step_starts_where_the_first_ended(estimate, truth):
    values, sizes, _ = estimating.drawn(estimate, RUNS, 1)
    made = made_up(values, seed=3)
    table = replace(made.table(), observed=truth.stats()[0])
    stage = estimating.updated(estimate, table, made, sizes, Settings("binzhou", None))
    for name, aim in AIM.items():
        low, high = (score(stage, name, share) for share in (0.025, 0.975))
        assert low < aim < high, name

    def drawn_from(rows):
        return {tuple(size) for size in sizes[rows].tolist()}

    assert len(drawn_from(slice(None))) < RUNS  # some draws are taken twice
    tested = drawn_from(stage.dealt.gate) | drawn_from(stage.dealt.widening)
    assert drawn_from(stage.dealt.learning).isdisjoint(tested)


def test_the_counties_around_are_comparable_and_none_of_the_regions_own():
    pool, region = load("shandong"), load("binzhou")
    chosen = estimating.others(pool, region)
    assert estimating.wider(region) == "shandong"
    assert estimating.wider(pool) is None
    assert chosen.sum() == 73
    own = {county.code for county in region.counties}
    assert own.isdisjoint(c.code for c, kept in zip(pool.counties, chosen, strict=True) if kept)


# The account and its page


@pytest.fixture(scope="module")
def told(estimate):
    account = accounting.account(Settings("binzhou", None), None, estimate, {"seconds": 1})
    return json.loads(json.dumps(account))


def test_every_free_parameter_and_lever_is_accounted_for(told):
    assert [row["name"] for row in told["parameters"]] == list(FREE)
    assert {row["lever"] for row in told["levers"]} == set(LEVERS) - {"workload"}
    assert set(accounting.HANGS_ON) <= set(LEVERS)
    assert set(accounting.HANGS_ON.values()) <= set(FREE)
    assert {row["name"] for row in told["recovery"]} == set(FREE)
    silent = [row for row in told["levers"] if row["lever"] == "hospital"]
    assert silent[0]["word"] == "not"


def test_the_page_tells_what_the_account_holds(told):
    page = identifiability.page(told)
    for row in told["parameters"]:
        assert f"{row['name']} {row['zh']} {row['en']}" in page
        assert " · ".join(f"{v:.3g}" for v in row["posterior"]) in page
    assert told["stages"][0]["gate"]["zh"] in page


# The sample on file


@pytest.fixture
def pack(tmp_path):
    folder = tmp_path / "binzhou"
    shutil.copytree(load("binzhou").folder, folder)
    for name in (SAMPLE, ABOUT):
        (folder / name).unlink(missing_ok=True)
    return folder


@pytest.fixture
def sample():
    values = sampled("latin-hypercube", PARAMETERS, 8, 1)
    return Sample(values, np.arange(11, 19), {"made": "now"})


def test_a_sample_is_read_as_it_was_written(pack, sample):
    posterior.write(pack, sample)
    read = posterior.read(pack)
    assert read.values == pytest.approx(sample.values, rel=1e-6)
    assert read.numbers.tolist() == sample.numbers.tolist()
    assert read.about == {"made": "now"}
    assert posterior.read(pack.parent) is None


def test_the_sample_is_no_part_of_what_the_pack_says(pack, sample):
    before = load(pack).digest
    posterior.write(pack, sample)
    assert digest(pack) == before


def test_draws_come_from_the_sample_and_repeat_only_when_it_is_used_up(pack, sample):
    posterior.write(pack, sample)
    drawn = posterior.draws(load(pack), 8, seed=1)
    assert sorted(draw.number for draw in drawn) == sample.numbers.tolist()
    kappas = sorted(draw.parameters.kappa for draw in drawn)
    assert kappas == pytest.approx(sorted(sample.values[:, PARAMETERS.index("kappa")]), rel=1e-6)
    assert len(posterior.draws(load(pack), 20, seed=1)) == 20
    assert [d.number for d in posterior.draws(load(pack), 8, seed=2)] != [d.number for d in drawn]


def test_without_a_sample_draws_come_from_the_priors(pack):
    drawn = posterior.draws(load(pack), 3, seed=5)
    assert [draw.parameters for draw in drawn] == priors.draw(3, 5)


def test_an_ensemble_takes_its_draws_from_the_sample(pack, sample):
    from xiancheng.scenarios.loader import resolve
    from xiancheng.scenarios.run_spec import horizon
    from xiancheng.scenarios.simulation import simulate

    posterior.write(pack, sample)
    scenario = horizon(resolve("baseline"), None, "2025-12-31")
    asked = {"region": str(pack), "scale": 0.01}
    told = ensemble.draws(scenario, 2, lambda: None, jobs=1, **asked)
    first = posterior.draws(load(pack), 2, 1)[0]
    alone = simulate(
        scenario, seed=1, draw=first.number, parameters=vars(first.parameters), **asked
    ).model_targets()
    assert told["simulated"][: len(alone)].tolist() == alone["model_rate"].tolist()


def test_a_sample_with_other_columns_is_refused(pack, sample):
    posterior.write(pack, sample)
    text = (pack / SAMPLE).read_text("utf-8").replace("kappa", "kapa")
    (pack / SAMPLE).write_text(text, "utf-8")
    with pytest.raises(priors.ParameterError, match="columns"):
        posterior.read(pack)


def test_a_sample_outside_the_priors_is_refused(pack, sample):
    bad = sample.values.copy()
    bad[0, PARAMETERS.index("gamma_a")] = 1.5
    posterior.write(pack, replace(sample, values=bad))
    with pytest.raises(priors.ParameterError, match="gamma_a"):
        posterior.read(pack)


# The command


def test_too_few_runs_are_refused_before_anything_is_computed(tmp_path, capsys):
    words = ["calibrate", "--quick", "--runs", "20", "--out", str(tmp_path / "t"), "--lang", "en"]
    assert main(words) == 2
    assert "--runs should be a whole number from 180" in capsys.readouterr().err
    assert not (tmp_path / "t").exists()


def test_a_page_needs_a_sample(pack, tmp_path, capsys):
    words = ["calibrate", "--region", str(pack), "--report", str(tmp_path / "p.md")]
    assert main([*words, "--lang", "en"]) == 2
    assert "run xiancheng calibrate first" in capsys.readouterr().err


@pytest.fixture
def calibrated(monkeypatch, tmp_path, sample):
    """A function that runs the command on an estimate made up beforehand."""
    from xiancheng.results.cli import evidence

    stage = {"region": "r", "check": {"zh": "", "en": ""},
             "gate": {"passed": True, "zh": "", "en": ""}}  # fmt: skip
    told = {"stages": [stage], "parameters": [], "errors": []}
    drawn = (sample.values, None, sample.numbers)
    monkeypatch.setattr(evidence, "_estimate", lambda *_: (None, None))
    monkeypatch.setattr(evidence, "_print_estimate", lambda *_: None)
    monkeypatch.setattr(evidence.accounting, "account", lambda *_: told)
    monkeypatch.setattr(evidence.estimating, "drawn", lambda *_: drawn)
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


def test_an_estimate_of_a_pack_of_ones_own_is_kept_in_it(evidenced, pack, capsys):
    assert calibrated(pack) == 0
    shown = capsys.readouterr().err
    for name in (SAMPLE, posterior.ABOUT):
        assert str(pack / name) in shown
    assert posterior.read(pack) is not None


def test_an_estimate_of_an_installed_pack_is_kept_where_the_user_says(evidenced, tmp_path, capsys):
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
    told = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in told["parameters"]] == list(FREE)
    assert not (load("binzhou").folder / "account.json").exists()
