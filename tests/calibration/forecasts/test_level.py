"""The level of counties: kept under the key of what it was made from, paired with runs."""

from datetime import date

import numpy as np
import pytest

from xiancheng.calibration.forecasts import level
from xiancheng.calibration.forecasts.forecast import hindcast
from xiancheng.calibration.forecasts.level import (
    DRAWS,
    county_level,
    draw_of_run,
    run_of_draw,
)
from xiancheng.calibration.forecasts.panel import record, record_basis
from xiancheng.calibration.region import load

END = date(2025, 12, 31)
BINZHOU = load("binzhou")


@pytest.fixture
def few(tmp_path, monkeypatch):
    """An empty cache and few draws."""
    monkeypatch.setenv("XIANCHENG_CACHE", str(tmp_path))
    monkeypatch.setattr(level, "DRAWS", 200)
    level._level.cache_clear()
    yield
    level._level.cache_clear()


def binzhou():
    return county_level(BINZHOU, BINZHOU.censuses[-1], END)


def test_a_level_is_the_same_when_it_is_read_from_the_cache(few, monkeypatch):
    first = binzhou()
    level._level.cache_clear()
    monkeypatch.setattr(level, "_rates", lambda *_: pytest.fail("not found anew"))
    again = binzhou()
    assert again.key == first.key
    assert (first.true == again.true).all()
    assert (first.printed == again.printed).all()


@pytest.mark.parametrize("what", ["code", "record"])
def test_a_level_on_file_is_not_that_of_another_program_or_record(what, few, monkeypatch):
    found, calls = level._rates, []
    monkeypatch.setattr(level, "_rates", lambda *given: calls.append(given) or found(*given))
    for answer in ("one", "one", "another"):
        if what == "code":
            monkeypatch.setattr(level.code_identity, "digest", lambda *_, answer=answer: answer)
        else:
            other = record_basis(BINZHOU)._replace(record=answer)
            monkeypatch.setattr(level, "record_basis", lambda _, other=other: other)
        level._level.cache_clear()
        binzhou()
    assert len(calls) == 2


def test_no_county_has_a_say_in_the_weight_of_its_own_forecast(monkeypatch):
    """What the weights are found from are forecasts of counties that were left out."""
    heard = {}
    monkeypatch.setattr(level.melding, "stack", lambda members, result, seen: heard.update(
        members=members, result=result, seen=seen) or "pool")  # fmt: skip
    level.stack.cache_clear()
    assert level.stack("binzhou", 50, 1) == "pool"
    level.stack.cache_clear()
    past = record(load("binzhou"))
    for member, result in zip(heard["members"], heard["result"], strict=True):
        assert (result == hindcast(member, past, draws=50, seed=1)).all()
    assert (heard["seen"] == past.rate[1]).all()


def test_an_error_of_ours_is_no_missing_record(monkeypatch):
    monkeypatch.setattr(level, "_level", lambda *_: {}["a slip"])
    with pytest.raises(KeyError):
        binzhou()


def test_each_run_of_the_model_goes_with_as_many_draws_of_the_level():
    counts = np.bincount(run_of_draw(7))
    assert counts.max() - counts.min() <= 1
    assert counts.sum() == DRAWS


@pytest.mark.parametrize("runs", [1, 7, 60, DRAWS, DRAWS + 5])
def test_the_first_draw_of_a_run_is_one_that_the_rule_pairs_with_it(runs):
    drawn = draw_of_run(runs)
    of = run_of_draw(runs)
    known = runs if runs <= DRAWS else 0  # beyond, some runs are paired with no draw
    assert of[drawn[:known]].tolist() == list(range(known))
    assert len(set(drawn[:DRAWS].tolist())) >= min(runs, DRAWS) - 5
