"""One name, one meaning: the columns of what programs read are those on the register."""

import csv
import io
import re
from datetime import date
from importlib.resources import files
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML

from xiancheng.results.analysis import certificate, doses, requirement, sensitivity, variance
from xiancheng.results.analysis.attribution import CoalitionGame, attribute
from xiancheng.results.analysis.compare import Comparand, compare
from xiancheng.results.analysis.goal_spec import parse_goal
from xiancheng.results.report import maps
from xiancheng.results.store import ledger, parquet
from xiancheng.results.store.cache import files_of_run
from xiancheng.results.store.runs import write_run
from xiancheng.results.tables import plan_result
from xiancheng.results.tables.plan_result import delivery_frame
from xiancheng.results.verdict.forecasts import MELD, MODEL, by_case, by_forecaster
from xiancheng.results.verdict.observations import ScoredRate
from xiancheng.results.verdict.verdict import BEFORE, verdicts
from xiancheng.scenarios.ensemble import Summaries, ensemble
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.run_spec import RunSpec

SCALE, END = 0.005, date(2025, 12, 31)
REGISTER = YAML(typ="safe").load(
    files("xiancheng.results.tables").joinpath("outputs.yaml").read_text("utf-8")
)
OUTPUTS = {name: tuple(columns) for name, columns in REGISTER["outputs"].items()}
MEANINGS = {name: (words["zh"], words["en"]) for name, words in REGISTER["meanings"].items()}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The columns of each output as it is written, by its name on the register."""
    folder = tmp_path_factory.mktemp("sweep")
    both = ensemble(resolve("plan"), draws=1, scale=SCALE, jobs=1)
    request = RunSpec.of("plan", scale=SCALE)
    write_run(folder / "runs" / request.key, both.scenario, request, {})
    files = dict(
        files_of_run(both, delivery_frame(both.scenario)),
        **{"verdicts.csv": parquet.csv(verdicts(both))},
        **{each.name: each.read_bytes() for each in (folder / "runs" / request.key).iterdir()},
    )
    sides = tuple(Comparand(name, resolve(name)) for name in ("baseline", "plan"))
    compared = compare(sides, scale=SCALE, jobs=1)
    of_runs = re.compile(r"parameter\..+|.+_\d{6,8}")  # a column for each parameter and indicator
    runs = [name for name in ledger.ledger(folder) if not of_runs.fullmatch(name)]
    return {
        **{name: columns(name, content) for name, content in files.items() if name in OUTPUTS},
        "ledger.parquet": tuple(runs),
        "verdicts.csv, with figures that a user brought, besides": BEFORE,
        "sweep, targets": tuple(ledger.targets(folder)),
        "compare, outcomes": tuple(compared.to_frame()),
        "compare, targets": tuple(compared.verdicts()),
        "report, map": tuple(next(maps.features(plan_result.of_pair(both), "en")).properties),
        **analyses(request),
        **scores(both),
    }


def analyses(spec):
    """The columns of attribution, goal seek and sensitivity, each of as few runs as can be."""
    plan, day = spec.scenario, spec.scenario.until
    with Summaries(spec, day, 1) as runs:
        game = CoalitionGame.of_projects(plan, 1, 1)
        shares = attribute(plan, runs, game, [spec]).frame
        moved = doses.lever_effects(resolve("p1-industry"), runs, day, draws=1)
        quantity = sensitivity.QuantityOfInterest("resident_urbanization_rate", 0, effect=False)
        morris = sensitivity.morris(plan, quantity, runs, names=["kappa"], trajectories=2)
        sobol = sensitivity.sobol(plan, quantity, runs, names=["kappa"], points=2)
        goal = parse_goal(plan, spec.pack, probability=0.9, targets=["T-2"])
        proof = certificate.certify(goal, {}, runs, [spec])
    residents = dict.fromkeys(goal.targets, 4e5)
    jobs = requirement.Push("tradable_jobs", "M01", residents, dict.fromkeys(residents, np.ones(2)))
    needed = requirement.Requirement(
        goal, spec.pack, {t: had[:-1] for t, had in proof.rates.items()},
        dict.fromkeys(goal.targets, 0.0), residents, (jobs,),
    )  # fmt: skip
    regret = certificate.Regret({"nothing": {}}, ("own",), np.zeros((1, 1)), 1)
    return {
        "attribute, shares": tuple(shares),
        "attribute, doses": tuple(moved),
        "sensitivity, variance": tuple(variance.COLUMNS),
        "sensitivity, morris": tuple(morris),
        "sensitivity, sobol": tuple(sobol),
        "seek, targets": tuple(proof.records(goal, spec.pack)[0]),
        "seek, requirement": tuple(needed.records()[0]),
        "seek, regret": tuple(regret.records()[0]),
    }


def scores(both):
    """The columns of the scores of one made-up forecast of a county."""
    forecast = SimpleNamespace(
        groups=both.scenario.groups, days=(END,), start=np.zeros(len(both.scenario.groups)),
        rates=dict.fromkeys((MELD, MODEL), np.full((1, 4, len(both.scenario.groups)), 50.0)),
    )  # fmt: skip
    seen = [ScoredRate(2, 2, END, 51.0)]
    return {
        "score, cases": tuple(by_case(forecast, seen)),
        "score, scores": tuple(by_forecaster(forecast, seen, both.scenario.region)),
    }


def columns(name: str, content: bytes) -> tuple[str, ...]:
    if name.endswith(".parquet"):
        return tuple(pq.read_table(io.BytesIO(content)).column_names)
    return tuple(next(csv.reader(io.StringIO(content.decode("utf-8-sig")))))


@pytest.mark.parametrize("output", OUTPUTS)
def test_an_output_has_the_columns_on_the_register(written, output):
    assert written[output] == OUTPUTS[output]


def test_every_column_on_the_register_means_one_thing():
    assert {name for columns in OUTPUTS.values() for name in columns} == MEANINGS.keys()
    assert all(zh and en for zh, en in MEANINGS.values())
    assert len(set(MEANINGS.values())) == len(MEANINGS), "two names of one meaning"


def test_no_table_of_one_run_speaks_of_chances_or_of_meeting():
    of_one_run = {*OUTPUTS["model_targets.csv"], *OUTPUTS["sweep, targets"]}
    assert not of_one_run & {"met", "probability", "margin_pp", "expected", "simulated"}
    assert "met" not in MEANINGS
