"""The benchmarks are fair: every engine is held to the rules, and the page to what was measured."""

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from benchmarks import bandwidth, growth, mechanisms, page, recorded, tables, tick
from benchmarks.__main__ import PAGE, PARTS, TINY
from benchmarks.growth import Grown
from benchmarks.mesa_plain import MesaPeople
from benchmarks.numpy_people import NumpyPeople
from benchmarks.peers import arrays, contest, ours, plain_mesa, task
from benchmarks.peers.books import FREEDOM, Books, BooksError
from benchmarks.peers.contest import Contest, Run
from xiancheng.sim.state import COLUMNS, FARM

PEOPLE, QUARTERS = 20_000, 12
LEAST = 1e-4  # chance of a false alarm that we take, each


def lived(engines, seed=1, people=PEOPLE):
    """What the onlooker saw of an engine."""
    place, born = task.people(people)
    engine, books = engines.Engine(place, born, seed), Books(born, task.room(place))
    before = engine.where()
    for now in range(1, QUARTERS + 1):
        counted = engine.quarter(now)
        after = engine.where()
        books.enter(now, before, after, counted)
        before = after
    return books


@pytest.mark.parametrize("engines", [ours, arrays, plain_mesa], ids=lambda e: e.__name__)
def test_every_engine_keeps_the_rules(engines):
    books = lived(engines)
    assert books.moves > 1000
    assert stats.chi2.sf(books.chi_squared, FREEDOM) > LEAST


class Restless(arrays.Engine):
    """An engine in which a fifth more leave."""

    def __init__(self, place, born, seed):
        super().__init__(place, born, seed)
        self.leaving = 1.2 * self.leaving


class Narrow(arrays.Engine):
    """An engine in which towns hold a fifth less."""

    def __init__(self, place, born, seed):
        super().__init__(place, born, seed)
        self.room = self.room * np.where(task.TOWN, 0.8, 1.0)


@pytest.mark.parametrize("wrong", [Restless, Narrow])
def test_an_engine_that_breaks_the_rules_is_found(wrong):
    class Engines:
        Engine = wrong

    books = lived(Engines, people=5 * PEOPLE)
    assert stats.chi2.sf(books.chi_squared, FREEDOM) < LEAST


def test_an_engine_that_loses_someone_is_stopped():
    place, born = task.people(1000)
    books = Books(born, task.room(place))
    with pytest.raises(BooksError, match="are left"):
        books.enter(1, place, place[:-1], task.count(place, born, 1))


def test_an_engine_that_miscounts_is_stopped():
    place, born = task.people(1000)
    counted = task.count(place, born, 1)
    counted[0, 0] += 1
    with pytest.raises(BooksError, match="count"):
        Books(born, task.room(place)).enter(1, place, place, counted)


def test_the_expected_flows_leave_nobody_at_home():
    """Chances of those who leave sum to one over the other places."""
    chances = task.choices(np.arange(1, task.PLACES + 1), np.full(task.PLACES, 10.0))
    assert chances.sum(axis=1) == pytest.approx(1)
    assert not chances.diagonal().any()


SEEDS, FAR = 3, 5.0  # standard deviations of events that are each by themselves


def distances(engine, scale):
    """How far each flow of a reference of the tick is from ours."""
    return {
        a.flow: (a.theirs - a.ours) * np.sqrt(SEEDS / (a.ours + a.theirs))
        for a in tick.agreement("", engine, scale, SEEDS)
    }


@pytest.mark.parametrize(
    ("engine", "scale"), [(NumpyPeople, tick.NUMPY_SCALE), (MesaPeople, tick.MESA_SCALE)],
    ids=["numpy", "Mesa"],
)  # fmt: skip
def test_references_of_the_tick_keep_its_rules(engine, scale):
    found = distances(engine, scale)
    assert len(found) == 14
    assert {flow: far for flow, far in found.items() if not abs(far) < FAR} == {}


class Rooted(NumpyPeople):
    """A reference in which every villager whose job ends farms again."""

    def stop_work(self, rows):
        villagers = self._villagers(rows)
        super().stop_work(rows)
        self.work[villagers] = FARM


def test_a_reference_of_the_tick_that_breaks_a_rule_is_found():
    found = distances(Rooted, 0.005)
    assert found["back to farming"] > FAR
    assert abs(found["deaths"]) < FAR


def test_the_whole_tick_is_measured_against_both_references(monkeypatch, tmp_path):
    monkeypatch.setattr(tick, "NUMPY_SCALE", 0.005)
    monkeypatch.setattr(bandwidth, "copying", lambda: np.full(1, 20.0))  # it takes a gigabyte
    text = PARTS["tick"](replace(TINY, tick=(0.005,), seeds=2), tmp_path)
    for what in ("numpy / ours", "plain Mesa / ours", "back to farming | numpy", "births | Mesa"):
        assert sum(what in line for line in text.splitlines()) == 1


def test_the_floor_of_memory_counts_whole_columns_and_not_who_acts():
    """Every column is read from end to end a few times a quarter, at most."""
    ours = recorded.model(0.005)
    width = sum(np.dtype(kind).itemsize for kind in COLUMNS.values())
    rows = len(ours.population.people)
    with bandwidth.columns_read(ours) as seen:
        ours.step()
    assert 0.5 < sum(seen) / (width * rows) < 1.5


def runs(*costs, memory=10.0):
    return [Run("framework 1", cost, memory, 100, float(FREEDOM)) for cost in costs]


def test_ratios_are_taken_within_a_round_and_never_across():
    contest = Contest(1000, 5, {"ours": runs(1, 10), "arrays": runs(2, 20)})
    assert contest.ratios("arrays") == [2, 2]


def test_a_framework_that_is_not_installed_has_a_line_without_a_number():
    lines = contest.cells([Contest(1000, 5, {"ours": runs(1)})])[1:]
    missing = [line for line in lines if line[0] in ("AMBER", "plain Mesa")]
    assert len(missing) == 2
    assert all(line[2:] == ["not installed", "", "", "", ""] for line in missing)


def test_a_peer_that_is_faster_or_smaller_is_told():
    ahead = Contest(100_000, 5, {"ours": runs(4), "arrays": runs(1, memory=5), "amber": runs(9)})
    losses = contest.losses([ahead])
    assert len(losses) == 2
    assert all("numpy" in line for line in losses)


def grown(region, scale, cost, threads=1, peak=2**30, seconds=9.0):
    residents = 1000
    cpu = cost * residents * 21 / 1e9
    return Grown(region, scale, threads, 1100, residents, 1.0, 1.0, seconds, cpu, 21, peak)


def test_the_cost_of_a_resident_quarter_is_the_cpu_time_shared_out():
    assert grown("binzhou", 1.0, 30).cost == pytest.approx(30)


def test_a_province_too_dear_slow_or_large_is_said_to_be_so():
    small = grown("binzhou", 1.0, 30)
    good = growth.verdict([small, grown("shandong", 1.0, 40)])
    bad = growth.verdict([small, grown("shandong", 1.0, 50, peak=9 * 2**30, seconds=99.0)])
    assert all("NOT" not in line for line in good)
    assert all("NOT" in line for line in bad)
    assert growth.verdict([small]) == []


def test_the_picture_is_the_same_for_the_same_points(tmp_path):
    points = [grown("binzhou", 0.1, 60), grown("binzhou", 1.0, 30), grown("shandong", 0.1, 40)]
    growth.draw(points, tmp_path / "a.svg")
    growth.draw(points, tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_a_part_is_written_between_its_markers_and_nowhere_else():
    text = "above\n<!-- measured: x -->\nold\n<!-- end: x -->\nbelow\n"
    once = page.filled(text, "x", r"new \1")
    assert "old" not in once
    assert re.fullmatch(r"above\n<!-- .* -->\nnew \\1\n<!-- .* -->\nbelow\n", once)
    with pytest.raises(page.PageError, match="measured: y"):
        page.filled(text, "y", "new")


def test_the_page_has_a_place_for_every_part():
    text = PAGE.read_text("utf-8")
    for part in PARTS:
        assert page.filled(text, part, "new") != text


def test_a_missed_target_is_said_with_its_number():
    slow = tables.Measured.of("simulate", "s", [3.0, 4.0, 5.0], most=2.5)
    assert slow.met is False
    assert slow.missed == "simulate is 4 s, not at most 2.5"
    assert tables.Measured.of("ratio", "x", [5.0], least=4.0).met


def made_up_mechanisms(observed):
    """Nine counties whose changes the model tells but for its level."""
    rng = np.random.default_rng(5)
    gap = np.linspace(-8, 8, len(observed))
    median = 4 - 0.5 * gap
    draws = median + 3 * rng.standard_normal((500, len(observed)))
    return mechanisms.Mechanisms(observed, gap, median, draws, median)


def test_what_the_rules_say_of_a_county_rests_on_the_others():
    """Neither the level nor the slope on the gap of a county has seen its own second census."""
    observed = 10 - 0.5 * np.linspace(-8, 8, 9)
    found = made_up_mechanisms(observed)
    other = observed.copy()
    other[4] += 30
    changed = made_up_mechanisms(other)
    assert changed.forecast(changed.median)[4] == pytest.approx(found.forecast(found.median)[4])
    assert (changed.forecast(changed.median) != found.forecast(found.median)).sum() == 8
    every = np.ones(9, bool)
    slopes = [mechanisms.left_out_slopes(found.gap, each, every) for each in (observed, other)]
    assert slopes[0][4] == pytest.approx(slopes[1][4]) == pytest.approx(-0.5)
    assert abs(slopes[1][0] - slopes[0][0]) > 0.01


def test_rules_that_tell_counties_apart_are_seen_to():
    rows = made_up_mechanisms(10 - 0.5 * np.linspace(-8, 8, 9)).rows()
    assert rows["MAE"] == pytest.approx(0, abs=1e-9)
    assert rows["mean error before the level is read off"] == pytest.approx(-6)
    assert rows["r with the observed change"] == pytest.approx(1)
    assert rows["MAE of the mean of the other counties"] > 2
    assert rows["inside 80 % [%]"] == 100
    rows = made_up_mechanisms(10 + 0.5 * np.linspace(-8, 8, 9)).rows()
    assert rows["r with the observed change"] == pytest.approx(-1)
    assert rows["slope on the gap, observed"] == pytest.approx(0.5)
    assert rows["slope on the gap, model"] == pytest.approx(-0.5)
    assert rows["inside 80 % [%]"] < 70
