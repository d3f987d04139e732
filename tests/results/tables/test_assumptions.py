"""Which assumptions are named first, and what the record of hindcasts says in plain words."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import spearmanr

from xiancheng.calibration.priors import catalogue
from xiancheng.results.tables import assumptions, validation
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.policy import DOSE_LEVERS

COLUMNS = ",".join(validation.SCORES)


@pytest.mark.parametrize("seed", range(5))
def test_the_rank_correlation_is_that_of_scipy_with_ties_and_without(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 6, 40).astype(float), rng.normal(size=40)
    assert assumptions.rank_correlation(x, y) == pytest.approx(spearmanr(x, y)[0])


def result_of():
    settings = {"parameters": {p.name: 1.0 for p in catalogue()}}
    run, region = SimpleNamespace(settings=settings), SimpleNamespace(folder=Path("none"))
    return SimpleNamespace(
        both=SimpleNamespace(scenario=run), stamp=lambda lang: "", region=region,
        scenario=resolve("plan"),
    )  # fmt: skip


def correlated(name, draws=60):
    """How each parameter goes with an effect that hangs on one of them."""
    rng = np.random.default_rng(1)
    drawn = [{p.name: float(rng.normal()) for p in catalogue()} for _ in range(draws)]
    effect = np.array([each[name] for each in drawn]) + 0.1 * rng.normal(size=draws)
    return assumptions.correlations(drawn, effect)


def test_the_parameter_that_moves_the_effect_stands_first():
    third = catalogue()[3]
    assert third.kind != "dose"
    found = correlated(third.name)
    first = assumptions.influence(result_of(), "en", found, 60, "here")
    every = assumptions.parameters(result_of(), "en", found)
    assert len(first.rows) == assumptions.MOST < len(every.rows)
    for table in (first, every):
        assert table.rows[0][0] == third.title["en"]
        sizes = [abs(value) for value in table.column("correlation")]
        assert sizes[0] > 0.9
        assert sizes == sorted(sizes, reverse=True)
    assert correlated(third.name, draws=4) == {}
    assert "correlation" not in [c.key for c in assumptions.parameters(result_of(), "en").columns]


def test_the_doses_of_the_parameter_that_moves_the_effect_stand_first():
    name = next(iter(DOSE_LEVERS))
    table = assumptions.doses(result_of(), "en", correlated(name))
    own = [row == name for row in table.column("factor")]
    assert any(own)
    assert own == sorted(own, reverse=True)


def record(folder, model, cover, **others):
    rows = [("stacked", 4.8, cover), ("persistence", 13.0, 0.9), ("model", model, 0.7)]
    rows += [(name, mae, 0.8) for name, mae in others.items()]
    lines = [f"unit,{name},78,{mae},0,1,,0.5,{share},0.9,0.2" for name, mae, share in rows]
    (folder / "hindcast.csv").write_text("\n".join([COLUMNS, *lines]))
    region = SimpleNamespace(folder=folder)
    return validation.plainly(SimpleNamespace(region=region), "en")


def test_the_record_is_told_as_it_is_good_or_bad(tmp_path):
    first, second, third = record(tmp_path, model=5.8, cover=0.83)
    assert "missed by 4.8 points" in first
    assert "number 2 of 3 ways to forecast; so levels" in " ".join(second.split())
    assert "levels come from statistics" in second
    assert "83 %" in third
    assert "relied on" in third
    __, second, third = record(tmp_path, model=4.0, cover=0.5)
    assert "no other way" in second
    assert "too narrow" in third
    __, second, _ = record(tmp_path, model=5.8, cover=0.8, model_runs=4.94)
    assert "missed by 5.8 points with the errors of its estimate, number 3 of 4" in second
    assert "and by 4.9 as its runs are; so levels" in second
