"""The posterior sample on file."""

import json
import sys
from dataclasses import replace
from importlib.machinery import ModuleSpec
from types import ModuleType

import numpy as np
import pytest

import xiancheng
from tests.made_up_trials import of_eight, without_posterior
from xiancheng.calibration import posterior, priors
from xiancheng.calibration.errors import RefusedError
from xiancheng.calibration.posterior import ABOUT, SAMPLE
from xiancheng.calibration.region import load
from xiancheng.calibration.region.region import digest
from xiancheng.results.verdict.trials import PARAMETERS
from xiancheng.scenarios import ensemble
from xiancheng.scenarios.run_spec import RunSpec


@pytest.fixture
def pack(tmp_path):
    return without_posterior(tmp_path)


@pytest.fixture
def sample():
    return of_eight()


def test_a_sample_is_read_as_it_was_written(pack, sample):
    posterior.write(pack, sample)
    read = posterior.read(pack)
    assert read.values == pytest.approx(sample.values, rel=1e-6)
    assert read.numbers.tolist() == sample.numbers.tolist()
    assert read.about["made"] == "now"
    assert read.about[posterior.TAKEN] == read.about[posterior.GONE] == []
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
    posterior.write(pack, sample)
    spec = RunSpec.of("baseline", region=str(pack), scale=0.01)
    for of_run, drawn in zip(
        ensemble.layered(spec, 2, 1), posterior.draws(load(pack), 2, 1), strict=True
    ):
        assert of_run.draw == drawn.number
        assert dict(of_run.parameters) == vars(drawn.parameters)


def test_what_a_sample_lacks_comes_from_the_prior_and_the_account_says_so(pack, sample):
    posterior.write(pack, sample)
    text = (pack / SAMPLE).read_text("utf-8").replace("kappa", "formerly")
    (pack / SAMPLE).write_text(text, "utf-8")
    read, lacking = posterior.read(pack), PARAMETERS.index("kappa")
    others = np.arange(len(PARAMETERS)) != lacking
    assert read.values[:, others] == pytest.approx(sample.values[:, others], rel=1e-6)
    assert set(read.values[:, lacking]).isdisjoint(sample.values[:, lacking])
    assert len(set(read.values[:, lacking])) == len(sample.values)
    assert read.about[posterior.TAKEN] == ["kappa"]
    assert read.about[posterior.GONE] == ["formerly"]
    assert "kappa" in repr(read).splitlines()[-1]
    posterior._read.cache_clear()
    assert posterior.read(pack).values[:, lacking].tolist() == read.values[:, lacking].tolist()


def test_a_parameter_whose_prior_has_changed_is_taken_from_the_prior_of_today(pack, sample):
    posterior.write(pack, sample)
    about = json.loads((pack / ABOUT).read_text("utf-8"))
    about[posterior.PRIORS]["beta_y"] = "lognormal 2.0 (1.0 to 4.0) sigma 0.42"
    (pack / ABOUT).write_text(json.dumps(about), "utf-8")
    read = posterior.read(pack)
    assert read.about[posterior.TAKEN] == ["beta_y"]
    assert not np.isclose(read.values[:, 0], sample.values[:, 0], rtol=1e-6).any()


def test_a_table_that_is_no_sample_is_refused(pack, sample):
    posterior.write(pack, sample)
    text = (pack / SAMPLE).read_text("utf-8")
    for other in (text.replace("draw,", "number,"), "draw,one\n1,2\n"):
        (pack / SAMPLE).write_text(other, "utf-8")
        posterior._read.cache_clear()
        with pytest.raises(priors.ParameterError, match="column"):
            posterior.read(pack)


def test_a_sample_outside_the_priors_is_refused(pack, sample):
    bad = sample.values.copy()
    bad[0, PARAMETERS.index("gamma_a")] = 1.5
    posterior.write(pack, replace(sample, values=bad))
    with pytest.raises(priors.ParameterError, match="gamma_a"):
        posterior.read(pack)


# The door


def test_the_sample_of_a_region_is_a_table_that_says_where_it_comes_from():
    found = xiancheng.posterior("binzhou")
    frame = found.to_frame()
    assert list(frame) == ["draw", *PARAMETERS]
    assert frame["kappa"].tolist() == found.values[:, PARAMETERS.index("kappa")].tolist()
    result = found.provenance
    assert result["sha256"] == posterior.read(load("binzhou").folder).digest
    assert result["rows"] == len(frame)
    assert result["region"] == found.about["region"]
    assert json.loads(json.dumps(result)) == result


def test_the_summary_of_a_sample_stands_beside_the_priors():
    table = xiancheng.posterior().summary().set_index("name")
    assert tuple(table.index) == PARAMETERS
    narrower = table["q95"] - table["q05"] < table["prior_q95"] - table["prior_q05"]
    assert narrower[table["estimable"] == "free"].mean() > 0.6
    assert (table["unit"] != "").all()


def test_a_sample_shows_itself_in_few_lines(sample):
    lines = repr(sample).splitlines()
    assert len(lines) < 20
    assert "8 draws" in lines[0]
    assert any("gamma_n" in line for line in lines)
    assert "<table" in sample._repr_html_()


def test_a_region_without_a_sample_says_what_to_do(pack):
    with pytest.raises(priors.ParameterError, match="run xiancheng calibrate"):
        xiancheng.posterior(str(pack))


# Other tools


def test_the_table_of_a_sample_carries_its_account():
    found = xiancheng.posterior()
    assert found.to_frame().attrs == found.provenance


@pytest.mark.filterwarnings("ignore::FutureWarning")  # ArviZ tells of its next version
def test_arviz_takes_the_sample_beside_the_priors(sample):
    arviz = pytest.importorskip("arviz")
    found = sample.to_inference_data()
    groups = {"posterior", "prior"}
    assert groups <= {name.strip("/") for name in getattr(found, "groups", found)()}
    for k, name in enumerate(PARAMETERS):
        assert found["posterior"][name].values[0].tolist() == sample.values[:, k].tolist()
    assert found["prior"]["kappa"].shape == (1, 8)
    assert found["posterior"]["number"].values.tolist() == [sample.numbers.tolist()]
    table = arviz.summary(found["posterior"], var_names=["kappa"], kind="stats")
    assert table["mean"].iloc[0] == pytest.approx(sample.to_frame()["kappa"].mean(), abs=1e-3)


@pytest.mark.parametrize(("version", "kind"), [("0.23.4", "dict"), ("1.3.0", "DataTree")])
def test_arviz_gets_what_its_version_takes(sample, monkeypatch, version, kind):
    """ArviZ 1 still has the name InferenceData, for another thing."""
    pytest.importorskip("xarray")
    arviz = ModuleType("arviz")
    arviz.__version__, arviz.InferenceData, arviz.__spec__ = (
        version,
        dict,
        ModuleSpec("arviz", None),
    )
    monkeypatch.setitem(sys.modules, "arviz", arviz)
    found = sample.to_inference_data()
    assert type(found).__name__ == kind
    assert {"posterior", "prior"} <= {*found}


def test_without_arviz_the_sample_says_what_it_needs(sample, monkeypatch):
    monkeypatch.setattr(posterior.forms, "find_spec", lambda name: None)
    with pytest.raises(RefusedError, match="pip install arviz"):
        sample.to_inference_data()
