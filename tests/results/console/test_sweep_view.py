"""A sweep explored: what is kept, what distinguishes it, and which folders can be opened."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("nicegui", reason="the page needs xiancheng[console]")

from xiancheng.results.console.views import sweep

OUTCOME = "resident_urbanization_rate_371600"


def runs(n=40):
    rng = np.random.default_rng(1)
    strong, weak = rng.uniform(0, 1, n), rng.uniform(0, 1, n)
    return pd.DataFrame({
        "scenario": ["plan", "baseline"] * (n // 2), "parameter.kappa": weak,
        "parameter.fertility": strong, "parameter.fixed": 1.0, OUTCOME: 60 + 5 * strong,
    })  # fmt: skip


def test_parameters_that_go_with_the_outcome_stand_first_and_fixed_ones_are_left_out():
    found = sweep.Exploration(runs(), OUTCOME, *sweep.EXTENT)
    assert found.parameters == ["parameter.fertility", "parameter.kappa"]


def test_the_bounds_keep_runs_and_the_tables_say_what_distinguishes_them():
    found = sweep.Exploration(runs(), OUTCOME, 62.5, 70.0)
    kept = int(((runs()[OUTCOME] >= 62.5) & (runs()[OUTCOME] <= 70)).sum())
    assert 0 < kept < 40
    table = sweep.by_scenario(found, "en")
    assert sum(table.column("within")) == kept
    first = sweep.distinguishing(found, "en")
    assert first.column("within")[0] > first.column("outside")[0]
    options = sweep.parallel(found, "rate", "en")
    drawn = {series["name"]: len(series["data"]) for series in options["series"]}
    assert drawn["outside the bounds"] == 40 - kept
    assert drawn["plan"] + drawn["baseline"] == kept
    assert len(options["parallelAxis"]) == 3


def test_only_sweeps_directly_in_the_folder_can_be_opened(tmp_path):
    for name in ("one", "deep/two"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / sweep.SWEEP).write_text("{}")
    (tmp_path / "three").mkdir()
    assert list(sweep.sweeps(tmp_path)) == ["one"]
    assert sweep.sweeps(tmp_path / "nowhere") == {}


def test_a_name_that_is_not_on_the_list_opens_nothing():
    view = object.__new__(sweep.SweepView)
    view._folders, view._name = {"one": None}, "one"
    view.job = SimpleNamespace(cancel=lambda: pytest.fail("it was taken"))
    view._picked("../../etc")
    assert view._name == "one"
