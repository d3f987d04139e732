"""One name, one meaning: the columns of what programs read are those on the register."""

import csv
import io

import pyarrow.parquet as pq
import pytest

from xiancheng.results import verdict_table
from xiancheng.results.analysis.compare import Comparand, compare
from xiancheng.results.columns import COLUMNS, TABLES
from xiancheng.results.keeping import answers, ledger, store, tables
from xiancheng.results.verdict.verdict import verdicts
from xiancheng.scenarios.ensemble import pair
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.request import Request

SCALE = 0.005


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The columns of each output as it is written, by its name in TABLES."""
    folder = tmp_path_factory.mktemp("sweep")
    both, request = pair(resolve("plan"), scale=SCALE), Request.of("plan", scale=SCALE)
    store.write(folder / "runs" / request.key, both.plan, request, {})
    files = dict(
        answers.beside(both.plan, verdict_table.delivery(both.plan)),
        **{"verdicts.csv": tables.csv(verdicts(both))},
        **{each.name: each.read_bytes() for each in (folder / "runs" / request.key).iterdir()},
    )
    sides = tuple(Comparand(name, resolve(name)) for name in ("baseline", "plan"))
    compared = compare(sides, scale=SCALE, jobs=1)
    return {
        **{name: columns(name, content) for name, content in files.items() if name in TABLES},
        "sweep, targets": tuple(ledger.targets(folder)),
        "compare, outcomes": tuple(compared.to_frame()),
        "compare, targets": tuple(compared.verdicts()),
    }


def columns(name: str, content: bytes) -> tuple[str, ...]:
    if name.endswith(".parquet"):
        return tuple(pq.read_table(io.BytesIO(content)).column_names)
    return tuple(next(csv.reader(io.StringIO(content.decode("utf-8-sig")))))


@pytest.mark.parametrize("table", TABLES)
def test_an_output_has_the_columns_on_the_register(written, table):
    assert written[table] == TABLES[table]


def test_every_column_on_the_register_means_one_thing():
    assert {name for table in TABLES.values() for name in table} == COLUMNS.keys()
    assert all(meaning.zh and meaning.en for meaning in COLUMNS.values())
    assert len(set(COLUMNS.values())) == len(COLUMNS), "two names of one meaning"


def test_no_table_of_one_run_speaks_of_chances_or_of_meeting():
    of_one_run = {*TABLES["model_targets.csv"], *TABLES["sweep, targets"]}
    assert not of_one_run & {"met", "probability", "margin_pp", "expected", "simulated"}
    assert "met" not in COLUMNS
