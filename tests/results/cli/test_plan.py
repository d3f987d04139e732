"""`xiancheng check`, `show` and `measures`."""

import pytest

from xiancheng.calibration.region import load
from xiancheng.results.cli import main
from xiancheng.scenarios.loader import load_plan


@pytest.mark.parametrize(
    "words",
    [
        ["check", "plan"],
        ["show", "plan"],
        ["show", "plan", "--diff", "schools-first"],
        ["measures"],
        ["measures", "M12", "--lang", "en"],
        ["measures", "--levers"],
        ["measures", "--json"],
        ["region", "check", "binzhou"],
        ["region", "check", "binzhou", "--json"],
    ],
)
def test_every_command_answers(words, capsys):
    assert main(words) == 0
    assert capsys.readouterr().out


def test_a_slip_in_a_file_is_told_with_its_line(capsys, tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(
        "name: mine\ntitle: {zh: 甲, en: a}\nbased_on: plan\nmeasure: {M01: off}\n", "utf-8"
    )
    assert main(["check", str(file)]) == 2
    output = capsys.readouterr().out
    assert f"{file}:4:1" in output
    assert "measures" in output


def test_each_kind_of_file_is_checked_as_what_it_is(tmp_path, capsys):
    binzhou = load("binzhou").folder
    measure = tmp_path / "M12.yaml"
    measure.write_bytes((load_plan().folder / "measures" / "M12.yaml").read_bytes())
    files = [binzhou / "region.yaml", load_plan().folder / "plan.yaml", measure]
    assert main(["check", *map(str, files)]) == 0, capsys.readouterr().out


def test_a_design_of_a_sweep_is_checked_as_one(capsys, tmp_path):
    assert main(["check", "docs/sweep.yaml"]) == 0
    file = tmp_path / "mine.yaml"
    file.write_text("name: mine\nscenarios: [plan, plan]\nparameter: {n: 2}\n", "utf-8")
    assert main(["--lang", "en", "check", str(file)]) == 2
    assert f"{file}:3:1" in (output := capsys.readouterr().out)
    assert "parameters" in output
