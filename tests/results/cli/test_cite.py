"""What `xiancheng cite` prints is the citation on file, with the digests that runs name."""

import json
from pathlib import Path

import pandas as pd
from ruamel.yaml import YAML

import xiancheng
from xiancheng.results.cli import main
from xiancheng.results.store.record import evidence
from xiancheng.results.verdict.registered import digests
from xiancheng.scenarios.run_spec import RunSpec, code_digest

FILE = Path(__file__).parents[3] / "CITATION.cff"


def test_the_citation_is_that_on_file_and_the_digests_are_those_of_runs(capsys):
    assert main(["--json", "cite"]) == 0
    printed = json.loads(capsys.readouterr().out)
    known = YAML(typ="safe").load(FILE.read_text("utf-8"))
    assert printed["version"] == str(known["version"]) == xiancheng.__version__
    for part in (known["title"], known["authors"][0]["name"], str(known["date-released"].year)):
        assert part in printed["citation"]
        assert part in printed["bibtex"]
    assert printed["made_by"]["simulation_code"] == code_digest()
    assert digests("binzhou").items() <= printed["made_by"].items()
    run = evidence(RunSpec.of("plan"), pd.DataFrame())
    assert printed["made_by"]["posterior_file"] == run["posterior"]["sha256"]


def test_a_region_without_a_sample_says_so(capsys):
    assert main(["--lang", "en", "cite", "--region", "shandong"]) == 0
    assert "posterior sample on file (as in run.json): none" in capsys.readouterr().out
