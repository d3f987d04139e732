"""`xiancheng run`: what it prints and saves, and what it refuses before anything is computed."""

import json
import subprocess
import sys

import pytest

from xiancheng.results.cli import main


def test_the_past_can_be_simulated(capsys, tmp_path):
    """From the census of 2010, the default model is held against that of 2020, good or bad."""
    words = ["run", "baseline", "--start", "2010-11-01", "--until", "2020-11-01", "--json"]
    assert main([*words, "--scale", "0.01", "--out", str(tmp_path)]) == 0
    result = json.loads(capsys.readouterr().out)["census"]
    assert [row["rate_observed"] for row in result][:3] == pytest.approx(
        [75.73, 53.32, 33.82], abs=0.01
    )
    assert all(0 < row["rate_simulated"] < 100 for row in result)


def test_a_run_leaves_a_whole_folder(capsys, tmp_path):
    assert main(["run", "plan", "--scale", "0.01", "--out", str(tmp_path), "--lang", "en"]) == 0
    output = capsys.readouterr()
    assert "Huimin" in output.out
    [folder] = tmp_path.iterdir()
    names = {"run.json", "scenario.yaml", "series.parquet", "growth.parquet", "verdicts.csv"}
    assert names <= {file.name for file in folder.iterdir()}
    assert (folder / "verdicts.csv").read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["plam"], "plan"),
        (["plan", "--scale", "0"], "scale"),
        (["plan", "--scale", "1e9"], "scale"),
        (["plan", "--seed", "-1"], "seed"),
        (["plan", "--draws", "-1"], "draws"),
        (["plan", "--start", "2015-11-01"], "2020-11-01"),
        (["plan", "--start", "yesterday"], "2025-12-31"),
        (["plan", "--until", "2020-10-31"], "2020-11-01"),
        (["plan", "--region", "binzho"], "binzhou"),
    ],
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_bad_words_get_one_clear_message(words, advice, lang, capsys, tmp_path):
    """Exit code 2, no traceback, nothing computed and nothing written."""
    assert main(["run", *words, "--out", str(tmp_path), "--lang", lang]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert advice in output.err
    assert "Traceback" not in output.err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_refused_first(capsys, tmp_path):
    file = tmp_path / "file"
    file.write_text("in the way", encoding="utf-8")
    assert main(["run", "plan", "--scale", "0.01", "--out", str(file)]) == 2
    assert str(file) in capsys.readouterr().err


def test_a_run_loads_neither_the_page_nor_documents():
    code = "import sys, xiancheng.results.cli.run; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not {"nicegui", "docx", "typst", "xlsxwriter", "matplotlib", "SALib"} & loaded
    ours = {name.removeprefix("xiancheng.results.") for name in loaded}
    rooms = {name for name in ours if name.startswith(("console", "report"))}
    assert rooms <= {"report", "report.charts"}
