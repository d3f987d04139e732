"""The tutorials run from top to bottom, say everything in two languages, and hold no machine."""

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.test_docs import maker

TUTORIALS = Path(__file__).parent.parent / "docs" / "tutorials"
NAMES = ("batch", "calibration", "policy")
TINY = {  # settings in place of those of the cell that is tagged "parameters"
    "policy": "DRAWS, SCALE, JOBS = 2, 0.003, 1",
    "calibration": "WORLDS, KEPT, SCALE, JOBS = 4, 2, 0.003, 1",
    "batch": "WORLDS, SEEDS, SCALE, JOBS = 2, 1, 0.003, 1",
}
each_tutorial = pytest.mark.parametrize("name", NAMES)


def cells(name: str, kind: str) -> list[dict]:
    book = json.loads((TUTORIALS / f"{name}.ipynb").read_text("utf-8"))
    return [cell for cell in book["cells"] if cell["cell_type"] == kind]


def script(name: str) -> str:
    """The code of a tutorial with tiny settings."""
    parts = [
        TINY[name] if "parameters" in cell["metadata"].get("tags", []) else "".join(cell["source"])
        for cell in cells(name, "code")
    ]
    assert TINY[name] in parts
    return "\n\n".join(parts)


def run(name: str, folder: Path) -> None:
    """Run it as a user would, in an empty folder."""
    program = folder / "tutorial.py"
    program.write_text(script(name), "utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", program.name], cwd=folder, check=False,
        capture_output=True, text=True, encoding="utf-8",
        env=os.environ | {"PYTHONIOENCODING": "utf-8", "MPLBACKEND": "agg"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]


def test_every_tutorial_is_tested():
    assert tuple(file.stem for file in sorted(TUTORIALS.glob("*.ipynb"))) == NAMES


@each_tutorial
def test_headings_are_chinese_first_then_english(name):
    titles = re.findall(r"^#+ (.+)$", "\n".join(
        "".join(cell["source"]) for cell in cells(name, "markdown")), re.MULTILINE)  # fmt: skip
    assert len(titles) >= 4
    for title in titles:
        chinese, english = title.split(" · ")
        assert re.search(r"[\u4e00-\u9fff]", chinese)
        assert english.isascii()


@each_tutorial
def test_it_was_executed_whole_without_an_error_and_shows_no_machine(name):
    code = cells(name, "code")
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    outputs = [out for cell in code for out in cell["outputs"]]
    assert outputs
    assert not [out for out in outputs if out["output_type"] == "error"]
    text = (TUTORIALS / f"{name}.ipynb").read_text("utf-8")
    assert not re.search(r"/(tmp|root|home|work|Users)/", text)
    assert len(text) < 300_000


@each_tutorial
def test_the_page_of_the_site_holds_every_cell_and_picture(name, tmp_path, monkeypatch):
    notebooks = maker("notebooks")
    (tmp_path / f"{name}.ipynb").write_bytes((TUTORIALS / f"{name}.ipynb").read_bytes())
    monkeypatch.setattr(notebooks, "TUTORIALS", tmp_path)
    notebooks.pages()
    page = (tmp_path / f"{name}.md").read_text("utf-8")
    for kind in ("code", "markdown"):
        for cell in cells(name, kind):
            assert "".join(cell["source"]) in page
    pictures = re.findall(r"\]\(([\w-]+\.png)\)", page)
    shown = [out for cell in cells(name, "code") for out in cell["outputs"]]
    assert len(pictures) == sum("image/png" in out.get("data", {}) for out in shown)
    assert all((tmp_path / picture).read_bytes()[1:4] == b"PNG" for picture in pictures)
    assert "<style" not in page


def test_the_policy_tutorial_runs(tmp_path):
    pytest.importorskip("matplotlib")
    run("policy", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["batch", "calibration"])
def test_the_longer_tutorials_run(name, tmp_path):
    pytest.importorskip("matplotlib")
    run(name, tmp_path)
    if name == "batch":
        names = {file.name for file in (tmp_path / "supplement").iterdir()}
        assert names == {"citation.json", "design.yaml", "figure.svg", "priors.csv", "runs.csv"}


@pytest.mark.slow
@each_tutorial
def test_a_notebook_is_executed_in_its_kernel_as_it_is_written(name, tmp_path):
    if not all(find_spec(each) for each in ("nbclient", "ipykernel", "matplotlib")):
        pytest.skip("needs xiancheng[examples,report]")
    copy = tmp_path / f"{name}.ipynb"
    copy.write_bytes((TUTORIALS / f"{name}.ipynb").read_bytes())
    maker("notebooks").execute(copy)
    again = json.loads(copy.read_text("utf-8"))["cells"]
    assert all(cell["execution_count"] for cell in again if cell["cell_type"] == "code")
