"""The level of counties: kept under the key of what it was made from, paired with runs."""

from datetime import date

import numpy as np
import pytest

from tests.small_pack import COUNTY, written
from xiancheng.calibration.forecasts import level
from xiancheng.calibration.forecasts.forecast import hindcast
from xiancheng.calibration.forecasts.level import (
    DRAWS,
    county_level,
    draw_of_run,
    run_of_draw,
)
from xiancheng.calibration.forecasts.melding import SINGLE
from xiancheng.calibration.forecasts.panel import record, record_basis
from xiancheng.calibration.region import load

END = date(2025, 12, 31)
BINZHOU = load("binzhou")


@pytest.fixture
def few(tmp_path, monkeypatch):
    """An empty cache, few draws and two forecasters."""
    monkeypatch.setenv("XIANCHENG_CACHE", str(tmp_path))
    monkeypatch.setattr(level, "DRAWS", 200)
    monkeypatch.setattr(level, "SINGLE", (SINGLE[0], SINGLE[-1]))
    for kept in (level._level, level.stack):
        kept.cache_clear()
    yield
    for kept in (level._level, level.stack):
        kept.cache_clear()


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


@pytest.fixture
def weighed(few, monkeypatch):
    """What the weights are found from, each time that they are found."""
    found, weigh = [], level.melding.stack
    monkeypatch.setattr(level.melding, "stack", lambda *given: found.append(given) or weigh(*given))
    return found


def test_no_county_has_a_say_in_the_weight_of_its_own_forecast(weighed):
    """What the weights are found from are forecasts of counties that were left out."""
    level.stack("binzhou", 50, 1)
    [(members, held_out, seen)], past = weighed, record(load("binzhou"))
    for member, forecasts in zip(members, held_out, strict=True):
        assert (forecasts == hindcast(member, past, draws=50, seed=1)).all()
    assert (seen == past.rate[1]).all()


def test_regions_of_one_record_share_the_weights_and_others_do_not(weighed, tmp_path):
    assert level.stack("binzhou", 20, 1) == level.stack("shandong", 20, 1)
    assert len(weighed) == 1
    level.stack("binzhou", 20, 2)
    assert len(weighed) == 2
    for name, other in (("senior", "senior"), ("senior", "college")):  # educations that are swapped
        folder = written(tmp_path / other)
        for file in folder.iterdir():  # of a county that the record of the province lacks
            text = file.read_text("utf-8").replace(COUNTY, "371699")
            text = text.replace(f",{name},", ",.,").replace(f",{other},", f",{name},")
            file.write_text(text.replace(",.,", f",{other},"), "utf-8")
        level.stack(str(folder), 20, 1)
    assert len(weighed) == 4


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
