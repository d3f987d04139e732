"""Which assumptions are named first, and what the record of hindcasts says in plain words."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import spearmanr

from xiancheng.calibration.priors import catalogue
from xiancheng.results.tables import assumptions, validation

COLUMNS = ",".join(validation.SCORES)


@pytest.mark.parametrize("seed", range(5))
def test_the_rank_correlation_is_that_of_scipy_with_ties_and_without(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 6, 40).astype(float), rng.normal(size=40)
    assert assumptions.rank_correlation(x, y) == pytest.approx(spearmanr(x, y)[0])


def result_of():
    settings = {"parameters": {p.name: 1.0 for p in catalogue()}}
    run = SimpleNamespace(settings=settings)
    return SimpleNamespace(both=SimpleNamespace(scenario=run), stamp=lambda lang: "")


def test_the_parameter_that_moves_the_effect_stands_first():
    rng, names = np.random.default_rng(1), [p.name for p in catalogue()]
    drawn = [{name: float(rng.normal()) for name in names} for _ in range(60)]
    effect = np.array([each[names[3]] for each in drawn]) + 0.1 * rng.normal(size=60)
    found = assumptions.influence(result_of(), "en", drawn, effect, "here")
    assert len(found.rows) == assumptions.MOST
    assert found.rows[0][0] == catalogue()[3].title["en"]
    assert found.column("correlation")[0] > 0.9
    assert assumptions.influence(result_of(), "en", drawn[:4], effect[:4], "here") is None


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
