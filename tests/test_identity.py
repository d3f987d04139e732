"""Keys, digests and results are the same on every processor.

`make identity` runs these tests twice: on this machine as it is, and on another processor, imitated
by `tests.processor`. Both are held to the golden table, so they are equal to each other.
"""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from tests import golden, processor
from xiancheng.calibration import posterior, priors
from xiancheng.calibration.forecasts.panel import record
from xiancheng.calibration.population.synthesis import key
from xiancheng.calibration.region import load
from xiancheng.results.analysis import sensitivity
from xiancheng.results.store.runs import load_run
from xiancheng.results.verdict import registered, trials
from xiancheng.scenarios.design import read_design
from xiancheng.scenarios.run_spec import RunSpec, code_digest, digest_of
from xiancheng.sim import MODEL_VERSION, same_model
from xiancheng.sim.indicators import INDICATORS, Observation, total

pytestmark = pytest.mark.identity
crosses = pytest.mark.skipif(processor.imitated(), reason="compares this machine with another")

COMMAND = (sys.executable, "-c", "from xiancheng.results.cli import entry; entry()")
DESIGN = """
name: shards
region: shandong
scenarios: [baseline]
parameters: {from: prior, method: METHOD, n: 64}
scales: [0.01]
"""


@pytest.mark.parametrize("name", golden.INPUTS)
def test_inputs_have_the_digest_on_file(name):
    assert golden.INPUTS[name]() == golden.kept()["inputs"][name]


@pytest.mark.parametrize("name", golden.OUTCOMES)
def test_a_run_gives_the_outcome_on_file(name):
    assert golden.outcome(name) == golden.kept()["outcomes"][name]


def test_an_indicator_that_is_added_alters_no_outcome_on_file(monkeypatch):
    monkeypatch.setitem(INDICATORS, "another", INDICATORS["residents"])
    assert golden.outcome("baseline") == golden.kept()["outcomes"]["baseline"]


def test_the_golden_table_holds_nothing_else():
    kept = golden.kept()
    assert kept["inputs"].keys() == golden.INPUTS.keys()
    assert kept["outcomes"].keys() == golden.OUTCOMES.keys()


def test_the_golden_table_is_of_this_version_of_the_model():
    assert golden.kept()["model"] == MODEL_VERSION


def test_outcomes_are_renewed_only_under_another_version_of_the_model():
    before = {"model": "3.1", "inputs": {}, "outcomes": {"plan": "a", "baseline": "b"}}
    other = before | {"outcomes": {"plan": "a", "baseline": "c"}}
    assert "baseline" in golden.refusal(before, other)
    assert "plan" not in golden.refusal(before, other).partition("Raise")[0].partition(":")[2]
    assert golden.refusal(before, other | {"model": "3.2"}) is None
    assert golden.refusal(before, before | {"inputs": {"plan": "d"}}) is None
    more = before | {"outcomes": before["outcomes"] | {"new": "d"}}
    assert golden.refusal(before, more) is None


@pytest.mark.parametrize(
    ("version", "same"),
    [("0", True), ("7", True), (None, False)],
    ids=["same", "other random", "none"],
)
def test_an_estimate_is_of_this_model_if_its_chances_and_rules_are(version, same):
    major = MODEL_VERSION.partition(".")[0]
    assert same_model(version and f"{major}.{version}") is same
    assert not same_model(f"{int(major) + 1}.0")
    assert not same_model(f"{major}1.0")


# Keys, which follow the code and so are in no table


def keys(folder) -> dict[str, str]:
    """Keys and digests that a cache, a shard or a saved run are found by."""
    found = {"simulation code": code_digest(), **registered.digests("binzhou")}
    for method in ("latin-hypercube", "sobol", "independent"):
        file = folder / f"{method}.yaml"
        file.write_text(DESIGN.replace("METHOD", method), "utf-8")
        design = read_design(file)
        requests = [design.spec(number).key for number in design.points()]
        found |= {
            f"design {method}": design.digest,
            f"requests {method}": digest_of(dict.fromkeys(requests)),
        }
    for region in ("binzhou", "shandong"):
        pack = load(region)
        drawn = posterior.draws(pack, 40, 3)
        spec = RunSpec.of("baseline", region=region, scale=0.01)
        each = [spec.vary(parameters=vars(draw.parameters)).key for draw in drawn]
        found[f"draws {region}"] = digest_of(dict.fromkeys(each))
        found[f"population {region}"] = key(pack, pack.censuses[-1], 0.01, 1)
    names = golden.PARAMETERS[:10]
    varied = [sensitivity.draw_at(np.full(10, u), names, 0.9) for u in np.linspace(0, 1, 50)]
    found["sensitivity"] = digest_of({"points": [draw["parameters"] for draw in varied]})
    values = np.array([[*vars(priors.central()).values()]]) * (1 + 1e-16)
    found["trials"] = trials.design("binzhou", values, 0.01, "trials").digest
    return found


@crosses
def test_keys_and_digests_are_the_same_on_another_processor(tmp_path):
    code = (
        "import json, sys; from pathlib import Path; from tests.test_identity import keys; "
        "print(json.dumps(keys(Path(sys.argv[1]))))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    there = subprocess.run(
        command, env=processor.another(str(tmp_path / "cache")), capture_output=True, text=True,
        timeout=300,
    )  # fmt: skip
    assert there.returncode == 0, there.stderr
    assert json.loads(there.stdout) == keys(tmp_path)


@crosses
@pytest.mark.slow
def test_a_saved_run_is_reproduced_on_another_processor(tmp_path):
    run = [*COMMAND, "run", "plan", "--scale", "0.01", "--out", str(tmp_path / "runs"), "--json"]
    finished = subprocess.run(run, capture_output=True, text=True, timeout=300)
    assert finished.returncode == 0, finished.stderr
    folder = json.loads(finished.stdout)["run"]
    again = subprocess.run(
        [*COMMAND, "reproduce", folder, "--json"], env=processor.another(str(tmp_path / "cache")),
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    result = json.loads(again.stdout)
    assert result["files"] == {}
    assert result["inputs"].keys() <= {"processor"}
    assert again.returncode == 0
    assert load_run(folder).record.software.simulation_code == code_digest()


SHARDS = """
name: shards
scenarios: [baseline]
parameters: {from: prior, n: 4}
scales: [0.01]
horizon: {until: 2021-06-30}
"""


@crosses
@pytest.mark.slow
def test_a_sweep_is_shared_out_among_unlike_processors(tmp_path):
    """Each shard on its own processor, and the set of runs is that of one machine."""
    (tmp_path / "shards.yaml").write_text(SHARDS, "utf-8")

    def sweep(out, *more, env=None):
        where = str(tmp_path / "shards.yaml"), "--out", str(tmp_path / out)
        done = subprocess.run(
            [*COMMAND, "sweep", *where, "--jobs", "1", "--json", *more], env=env,
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    there = processor.another(str(tmp_path / "cache"))
    sweep("both", "--shard", "1/2")
    sweep("both", "--shard", "2/2", env=there)
    together, alone = sweep("both", "--resume"), sweep("one")
    assert (together["kept"], together["done"], alone["done"]) == (4, 0, 4)
    assert together["set"] == alone["set"]


@crosses
def test_the_other_processor_has_nothing_beyond_the_baseline(tmp_path):
    code = "from tests.processor import beyond_baseline; print(*beyond_baseline())"
    environment = processor.another(str(tmp_path))
    there = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert there.stdout.split() == []


# What keeps it so


def test_a_sum_over_counties_is_taken_in_their_order():
    """In another order, or with products that are not rounded, the last digit is another."""
    values = np.array([1e16, 1.0, -1e16, 1.0])
    assert total(np.ones((1, 4)), values).tolist() == [1.0]
    assert total(np.array([[0, 1, 0, 1.0], [1, 0, 1, 1]]), values).tolist() == [2.0, 1.0]


def test_no_indicator_leaves_its_sums_to_the_library_of_linear_algebra():
    """Groups that refuse a matrix product give every indicator all the same."""

    class Groups(np.ndarray):
        __array_priority__ = 100

        def __matmul__(self, _):
            raise AssertionError("a matrix product")

    n = 3
    fields = {name: np.arange(1.0, n + 1) for name in Observation.__dataclass_fields__}
    seen = Observation(**fields | {"drift": 0.0, "unemployed": np.full(n, 0.05)})
    groups = np.ones((2, n)).view(Groups)
    for indicator in INDICATORS.values():
        assert np.isfinite(np.asarray(indicator.measure(seen, groups))).all()


@pytest.mark.parametrize("prior", priors.catalogue(), ids=lambda prior: prior.name)
def test_what_is_drawn_has_nine_digits(prior):
    drawn = prior.draws(40, 1)
    assert [float(f"{value:.9g}") for value in drawn] == drawn.tolist()
    low, high = prior.support
    assert ((low <= drawn) & (drawn <= high)).all()


def test_a_difference_in_the_last_digit_is_no_other_draw():
    values = np.random.default_rng(1).lognormal(0, 3, 2000)
    off = np.nextafter(values, np.inf)
    assert (off != values).all()
    assert (priors.on_grid(off) == priors.on_grid(values)).all()
    assert priors.on_grid(np.array([[1 / 3]])).tolist() == [[0.333333333]]


def test_a_difference_in_the_last_digit_is_no_other_record():
    """Figures of a record are computed; its digest is one of decimal text."""
    known = record(load("shandong"))
    figures = {name: getattr(known, name) for name in ("urban", "rural", "ages", "odds")}
    off = {name: np.nextafter(each, np.inf) for name, each in figures.items()}
    assert not any((off[name] == each).any() for name, each in figures.items())
    assert replace(known, **off).digest == known.digest
    other = replace(known, odds=known.odds * (1 + 1e-8))
    assert other.digest != known.digest
