"""One name, one meaning: the columns of what programs read are those on the register."""

import csv
import io
from importlib.resources import files

import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML

from xiancheng.results.analysis.compare import Comparand, compare
from xiancheng.results.store import ledger, parquet
from xiancheng.results.store.cache import files_of_run
from xiancheng.results.store.runs import write_run
from xiancheng.results.tables.plan_result import delivery_frame
from xiancheng.results.verdict.verdict import verdicts
from xiancheng.scenarios.ensemble import ensemble
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.run_spec import RunSpec

SCALE = 0.005
REGISTER = YAML(typ="safe").load(
    files("xiancheng.results.tables").joinpath("outputs.yaml").read_text("utf-8")
)
OUTPUTS = {name: tuple(columns) for name, columns in REGISTER["outputs"].items()}
MEANINGS = {name: (words["zh"], words["en"]) for name, words in REGISTER["meanings"].items()}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The columns of each output as it is written, by its name on the register."""
    folder = tmp_path_factory.mktemp("sweep")
    both, request = ensemble(resolve("plan"), draws=0, scale=SCALE), RunSpec.of("plan", scale=SCALE)
    write_run(folder / "runs" / request.key, both.scenario, request, {})
    files = dict(
        files_of_run(both.scenario, delivery_frame(both.scenario)),
        **{"verdicts.csv": parquet.csv(verdicts(both))},
        **{each.name: each.read_bytes() for each in (folder / "runs" / request.key).iterdir()},
    )
    sides = tuple(Comparand(name, resolve(name)) for name in ("baseline", "plan"))
    compared = compare(sides, scale=SCALE, jobs=1)
    return {
        **{name: columns(name, content) for name, content in files.items() if name in OUTPUTS},
        "sweep, targets": tuple(ledger.targets(folder)),
        "compare, outcomes": tuple(compared.to_frame()),
        "compare, targets": tuple(compared.verdicts()),
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
