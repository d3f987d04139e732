"""What other tools start from: exact priors, worlds to simulate, errors that they can read."""

import doctest
import inspect
import pickle
import re
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest

import xiancheng
from xiancheng import scenarios
from xiancheng.calibration import priors
from xiancheng.calibration.errors import (
    PackError,
    RefusedError,
    RequestError,
    ScenarioError,
    preferred_language,
)
from xiancheng.calibration.priors import ParameterError
from xiancheng.calibration.region import load
from xiancheng.scenarios import distributions, draws, parameters, simulate

SCALE = 0.005
PRIORS = {prior.name: prior for prior in priors.catalogue()}
LEVELS = np.linspace(0.001, 0.999, 201)

# Priors


@pytest.mark.parametrize("name", PRIORS)
def test_a_distribution_is_the_prior_itself(name):
    exact = distributions([name])[name]
    np.testing.assert_allclose(exact.ppf(LEVELS), PRIORS[name].quantile(LEVELS), atol=1e-9)
    if PRIORS[name].family != "spike-slab":
        np.testing.assert_allclose(exact.cdf(exact.ppf(LEVELS)), LEVELS, atol=1e-9)


def test_scipy_makes_the_same_distribution_from_its_name_and_arguments():
    """Which is what pyABC is told."""
    from scipy import stats

    for name, exact in distributions(parameters().query("estimable == 'free'").name).items():
        again = getattr(stats, exact.dist.name)(*exact.args)
        np.testing.assert_array_equal(again.ppf(LEVELS), exact.ppf(LEVELS), err_msg=name)


def test_a_spike_holds_its_share_at_zero():
    exact = distributions(["beta_a"])["beta_a"]
    assert exact.ppf(0.3) == 0 < exact.ppf(0.31)


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ParameterError, match="kappa"):
        distributions(["kapa"])


def test_the_table_of_parameters_says_everything_of_a_prior():
    table = parameters().set_index("name")
    for name, prior in PRIORS.items():
        row = table.loc[name]
        stated = {key: row[key] for key in ("sd", "sigma", "a", "b", "p0") if pd.notna(row[key])}
        assert {"family": row["prior"], **stated} == dict(prior.prior)
        assert (row["support_low"], row["support_high"]) == prior.support
        assert [row["q05"], row["q50"], row["q95"]] == prior.quantile([0.05, 0.5, 0.95]).tolist()
        assert (row["source"], row["note"], row["unit"]) == (prior.source, prior.note, prior.unit)
        ends = "ends of the support" if (row["low"], row["high"]) == prior.support else "quantiles"
        assert ends in row["low_high"]
    assert table.loc["flow_sd", "acts"] == "draw above 0"
    assert table.loc["beta_y", "acts"] == ""


def test_every_column_of_the_table_is_explained_where_it_is_made():
    for column in parameters().columns:
        assert column in parameters.__doc__, column


# Worlds


def test_a_world_brings_its_parameters_its_draw_and_its_seed():
    worlds = draws(4, seed=10, only=["beta_y", "flow_sd"])
    assert [w["draw"] for w in worlds] == [1, 2, 3, 4]
    assert [w["seed"] for w in worlds] == [10, 11, 12, 13]
    drawn = priors.draw(4, 10)
    assert [w["parameters"] for w in worlds] == [
        {"beta_y": p.beta_y, "flow_sd": p.flow_sd} for p in drawn
    ]
    simulate("baseline", scale=SCALE, until="2021-03-31", **worlds[0])


def test_worlds_of_the_posterior_keep_the_draw_that_belongs_to_them():
    from xiancheng.calibration import posterior

    believed = posterior.draws(load("binzhou"), 3, 1)
    worlds = draws(3, source="posterior")
    assert [w["draw"] for w in worlds] == [each.number for each in believed]
    assert [w["parameters"] for w in worlds] == [vars(each.parameters) for each in believed]


@pytest.mark.parametrize("wrong", [{"n": 0}, {"n": 1.5}, {"n": True}, {"n": 2, "source": "data"}])
def test_worlds_that_cannot_be_drawn_are_refused(wrong):
    with pytest.raises(RequestError):
        draws(**wrong)


def test_a_prior_of_ones_own_is_drawn_at_the_quantiles_of_the_one_it_replaces():
    from scipy.stats import uniform

    mine = uniform(2.0, 1.0)
    with_own = draws(5, seed=3, only=["kappa", "beta_y"], own={"kappa": mine})
    usual = draws(5, seed=3, only=["kappa", "beta_y"])
    for one, other in zip(with_own, usual, strict=True):
        share = distributions(["kappa"])["kappa"].cdf(other["parameters"]["kappa"])
        assert one["parameters"]["kappa"] == pytest.approx(mine.ppf(share), abs=1e-6)
        assert one["parameters"]["beta_y"] == other["parameters"]["beta_y"]


def test_a_prior_of_ones_own_that_cannot_be_is_refused():
    from scipy.stats import norm

    with pytest.raises(RequestError, match="posterior"):
        draws(3, source="posterior", own={"kappa": norm(2, 0.1)})
    with pytest.raises(RequestError, match="kappa should be a distribution"):
        draws(3, own={"kappa": 2.0})
    with pytest.raises(ParameterError, match="gamma_a"):
        draws(3, own={"gamma_a": norm(5, 0.1)})
    with pytest.raises(ParameterError, match="kappa"):
        draws(3, own={"kapa": norm(2, 0.1)})


# What is taken as parameters


@pytest.mark.parametrize(
    "given",
    [pd.Series({"beta_y": 3.1}), {"beta_y": np.array(3.1)}, pd.Series({"beta_y": np.float64(3.1)})],
)
def test_series_and_arrays_without_dimensions_are_taken(given):
    settings = {"scale": SCALE, "until": "2021-03-31"}
    run = simulate("baseline", parameters=given, **settings)
    assert run.settings == simulate("baseline", parameters={"beta_y": 3.1}, **settings).settings
    assert simulate("baseline", parameters=pd.Series(dtype=float), **settings).dates


def test_arrays_with_dimensions_are_refused():
    with pytest.raises(ParameterError, match="beta_y"):
        simulate("baseline", scale=SCALE, parameters={"beta_y": np.array([3.1])})


# Errors


def errors() -> dict[type, RefusedError]:
    """One error of each kind, as a researcher meets it."""
    found = {}
    for call in (
        {"scenario": "plam"}, {"region": "binzho"}, {"scale": 0}, {"parameters": {"kapa": 1}},
    ):  # fmt: skip
        with pytest.raises(RefusedError) as caught:
            simulate(**call)
        found[type(caught.value)] = caught.value
    return found


def test_all_errors_that_a_user_can_correct_are_of_one_class():
    found = errors()
    assert found.keys() == {ScenarioError, PackError, RequestError, ParameterError}
    assert all(isinstance(error, ValueError) for error in found.values())
    assert all(getattr(scenarios, kind.__name__) is kind for kind in found)


@pytest.mark.parametrize("lang", ["zh", "en", None])
def test_an_error_speaks_both_languages_or_that_of_the_environment(monkeypatch, lang):
    if lang is None:
        monkeypatch.delenv("XIANCHENG_LANG", raising=False)
    else:
        monkeypatch.setenv("XIANCHENG_LANG", lang)
    for error in (*errors().values(), *(pickle.loads(pickle.dumps(e)) for e in errors().values())):
        parts = [error.zh, error.en] if lang is None else [error.text(lang)]
        assert str(error) == "\n".join(parts)
        assert error.zh != error.en


@pytest.mark.parametrize(
    ("value", "meant"),
    [("en", "en"), ("EN_us.UTF-8", "en"), ("zh-CN", "zh"), ("", None), ("fr", None)],
)
def test_the_language_may_be_the_name_of_a_locale(monkeypatch, value, meant):
    monkeypatch.setenv("XIANCHENG_LANG", value)
    assert preferred_language() == meant


# The package


def test_every_door_is_listed_and_opens():
    assert {*scenarios.NAMES} <= {*dir(scenarios)}
    assert {*xiancheng.__all__} - {"__version__"} == xiancheng.DOORS.keys() <= {*dir(xiancheng)}
    for name in scenarios.NAMES:
        assert getattr(scenarios, name).__name__ == name
    for name in xiancheng.__all__:
        assert getattr(xiancheng, name) is not None
    shown = {name for name in dir(xiancheng) if not name.startswith("_")}
    packages = {"sim", "calibration", "scenarios", "results"}
    assert shown - packages <= {*xiancheng.__all__}, "only what is public is offered"


FUNCTIONS = sorted(
    name
    for name in {*xiancheng.__all__} - {"__version__"}
    if not inspect.isclass(getattr(xiancheng, name)) or name == "RegionModel"
)
REFUSE_NOTHING = {"indicators", "parameters"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_says_what_it_takes_gives_and_refuses(name):
    door = getattr(xiancheng, name)
    taken, text = inspect.signature(door).parameters, inspect.getdoc(door)
    assert "kwargs" not in taken, "help shows every keyword"
    assert not re.search(r"<function|PosixPath\('/", str(inspect.signature(door)))
    if name == "RegionModel":
        assert list(taken) == list(inspect.signature(simulate).parameters)
        return
    parts = ["Returns", "Examples", *["Raises"] * (name not in REFUSE_NOTHING)]
    assert not [part for part in parts if f"\n{part}\n{'-' * len(part)}\n" not in text]
    of_simulate = inspect.signature(simulate).parameters if name == "ensemble" else {}
    own = [each for each in taken if each not in of_simulate or each == "scenario"]
    lines = re.findall(r"^([\w, ]+) : ", text, re.MULTILINE)
    assert {*own} <= {word for line in lines for word in line.split(", ")}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A folder in which the run and the sweep of the examples were made."""
    folder = tmp_path_factory.mktemp("saved")
    (folder / "small.yaml").write_text(
        "{name: small, scenarios: [plan, baseline], scales: 0.005, horizon: {until: 2021-03-31}}",
        "utf-8",
    )
    for words in ("run plan --scale 0.005 --out mine", "sweep small.yaml --jobs 1 --out small"):
        command = [sys.executable, "-m", "xiancheng", *words.split()]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_example_of_a_public_function_gives_what_it_shows(name, request, monkeypatch):
    tool = {"priors_for_ema": "ema_workbench", "priors_for_pyabc": "pyabc"}.get(name)
    if tool and not find_spec(tool):
        pytest.skip(f"{tool} is missing")
    if name in ("load_run", "load_sweep"):
        monkeypatch.chdir(request.getfixturevalue("saved"))
    [example] = doctest.DocTestFinder(recurse=False).find(getattr(xiancheng, name), name, globs={})
    said: list[str] = []
    done = doctest.DocTestRunner().run(example, out=said.append)
    assert done.attempted > 1
    assert done.failed == 0, "".join(said)


@pytest.mark.parametrize("show", [repr, lambda thing: thing._repr_html_()])
def test_what_the_public_functions_give_shows_itself_in_some_lines(show):
    plan, region = xiancheng.load_plan(), load("shandong")
    outcome = simulate("baseline", scale=SCALE, until="2021-03-31")
    for thing in (plan, region, outcome, outcome.spec, outcome.scenario, xiancheng.posterior()):
        text = show(thing)
        assert len(text) < 4000, type(thing)
        assert str(load("binzhou").folder.parents[2]) not in text, "a path of the machine"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: simulate(scal=0.1), "no argument 'scal'; did you mean 'scale'"),
        (lambda: xiancheng.ensemble(scenari="plan"), "no argument 'scenari'; there are: region"),
        (lambda: xiancheng.ensemble(draws=-1), "draws should be a whole number"),
        (lambda: xiancheng.ensemble(draws="many"), "world 0 of draws should have the keys"),
        (lambda: xiancheng.ensemble(draws=2, draw_scale=2), "scale should be a number above 0"),
        (lambda: xiancheng.ensemble(draws=2, jobs=0), "jobs should be a whole number"),
        (lambda: xiancheng.RegionModel(until="soon"), "until should be a date"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_computed(call, said, monkeypatch):
    for module in ("simulation", "ensemble"):
        for name in ("outcome_of", "simulate_together"):
            monkeypatch.setattr(f"xiancheng.scenarios.{module}.{name}", None, raising=False)
    with pytest.raises(RequestError, match=re.escape(said)):
        call()


def test_importing_opens_nothing_heavy():
    code = (
        "import sys, xiancheng.scenarios, xiancheng.scenarios.scenario_files; "
        "assert not {'pandas', 'scipy', 'numba', 'xiancheng.results'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# The language of the command line


@pytest.mark.parametrize(
    ("environment", "words", "english"),
    [(None, [], False), ("en", [], True), ("en_US.UTF-8", [], True), ("zh", [], False),
     ("en", ["--lang", "zh"], False), ("zh", ["--lang=en"], True), ("fr", ["--lang", "en"], True)],
)  # fmt: skip
def test_the_language_is_that_of_the_option_else_of_the_environment(
    monkeypatch, capsys, environment, words, english
):
    from xiancheng.results.cli import main

    monkeypatch.delenv("XIANCHENG_LANG", raising=False)
    if environment:
        monkeypatch.setenv("XIANCHENG_LANG", environment)
    assert main(["show", "plam", *words]) == 2
    assert ("did you mean" in capsys.readouterr().err) == english


def test_a_language_that_we_do_not_have_is_refused_in_both(monkeypatch, capsys):
    from xiancheng.results.cli import main

    monkeypatch.setenv("XIANCHENG_LANG", "fr")
    assert main(["show", "plan"]) == 2
    shown = capsys.readouterr()
    assert not shown.out
    for output in ("应为 zh 或 en", "should be zh or en", "'fr'"):
        assert output in shown.err


def test_the_command_knows_its_version_and_its_code(capsys):
    from importlib.metadata import version

    from xiancheng.results.cli import main
    from xiancheng.scenarios.run_spec import code_digest

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"xiancheng {version('xiancheng')} (code {code_digest()})\n"
