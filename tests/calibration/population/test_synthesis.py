"""The population adds up to the census at any scale."""

import csv
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.people import BINZHOU, BOTH, CENSUSES, NOW, NOWADAYS, THEN, worst
from xiancheng.calibration.population import synthesis
from xiancheng.calibration.population.fit import SynthesisAssumptions, assumptions
from xiancheng.calibration.population.synthesis import build
from xiancheng.sim import strata


@CENSUSES
@pytest.mark.parametrize("scale", [3e-5, 0.001, 0.01])
def test_town_and_village_have_their_residents_at_any_scale(census, scale):
    built = build(BINZHOU, census, scale=scale, seed=2)
    place = built.units.place()[built.people.unit]
    residents = np.bincount(place, built.people.weight, minlength=17)
    np.testing.assert_array_equal(residents[:14], BINZHOU.urban_rural(census).ravel())
    np.testing.assert_array_equal(residents[14:16], BINZHOU.away(census)[:, 1:].sum(axis=0))


def test_at_scale_one_hundredth_a_row_stands_for_a_hundred_people():
    people = build(BINZHOU, NOW, scale=0.01, seed=1).people
    assert len(people) == pytest.approx(42_300, abs=20)
    assert people.weight.min() >= 98
    assert people.weight.max() <= 102


@CENSUSES
def test_a_hundredth_of_the_people_keeps_every_margin(census):
    errors = worst(build(BINZHOU, census, scale=0.01, seed=1))
    assert (errors[["sex_age", "schooling", "work", "members"]] <= 0.02).all()
    assert (errors[["households", "in_movers"]] <= 0.03).all()
    assert (errors[["urban_rural", "away"]] == 0).all()


@pytest.mark.slow
@CENSUSES
def test_everyone_is_there(census):
    """One row per resident, and every margin to the last person but for schooling."""
    built = build(BINZHOU, census, scale=1, seed=1)
    assert (built.people.weight == 1).all()
    resident = built.people.unit < built.units.elsewhere
    assert resident.sum() == BINZHOU.urban_rural(census).sum()
    assert len(np.unique(built.people.address)) == len(built.people)
    errors = worst(built)
    exact = ["sex_age", "urban_rural", "households", "members", "in_movers", "away"]
    assert (errors[exact] == 0).all()
    assert (errors[["schooling", "work"]] <= 0.005).all()


def test_the_registered_of_2020_are_the_hukou_population():
    """Residents less in-movers from elsewhere, and those away, make up each county's register."""
    p, county_of = NOWADAYS.p, np.append(NOWADAYS.units.county, [7, 7])
    registered = np.bincount(county_of[p.hukou], p.weight, minlength=8)[:7]
    np.testing.assert_allclose(registered, BINZHOU.hukou(NOW), rtol=0.03)


@BOTH
def test_the_town_is_younger_than_the_village(seen):
    """As much as the pack's odds say, which are relative to all ages."""
    odds = BINZHOU.urban_odds(NOW if seen is NOWADAYS else THEN)
    band = strata.age_band(seen.now, seen.p.born.astype(int))
    town, village = (np.bincount(band[where], minlength=19) for where in (seen.town, seen.village))
    old, young = strata.age_band(0, -4 * np.array([72, 27]))
    found = (town / village)[young] / (town / village)[old]
    assert found == pytest.approx(odds[young] / odds[old], rel=0.25)


@BOTH
def test_the_oldest_become_fewer_with_every_year(seen):
    years = np.bincount(np.floor(seen.age[seen.resident]).astype(int))
    assert len(years) <= 101
    assert years[85:88].sum() > 1.3 * years[88:91].sum() > 1.5 * years[91:94].sum()
    assert years[30:35].min() > 0.8 * years[30:35].max()  # but evenly within a census band


@BOTH
def test_many_households_have_someone_of_65(seen):
    """A margin that is not fitted: it shows whether the old are where they should be."""
    old = np.unique(seen.home[seen.resident & ~seen.collective & (seen.age >= 65)])
    census = BINZHOU.households(NOW if seen is NOWADAYS else THEN)["with_65p"].sum()
    assert seen.p.weight[seen.first[old]].sum() == pytest.approx(census, rel=0.12)


# Random numbers


def test_the_same_seed_makes_the_same_population():
    again = build(BINZHOU, NOW, scale=0.001, seed=5).people
    first = build(BINZHOU, NOW, scale=0.001, seed=5).people
    other = build(BINZHOU, NOW, scale=0.001, seed=6).people
    for name in ("address", "born", "unit", "hukou", "next_member", "traits"):
        np.testing.assert_array_equal(getattr(again, name), getattr(first, name))
    assert (other.born != first.born).any()
    np.testing.assert_array_equal(other.address, first.address)


def test_the_order_of_dictionaries_does_not_matter():
    code = (
        "import hashlib, datetime as d\n"
        "from xiancheng.calibration.population.synthesis import build\n"
        "from xiancheng.calibration.region import load\n"
        "made = build(load('binzhou'), d.date(2020, 11, 1), scale=3e-4, seed=1)\n"
        "tables = [*vars(made.people).values(), *vars(made.units).values()]\n"
        "columns = b''.join(column.tobytes() for column in tables)\n"
        "print(hashlib.sha256(columns).hexdigest())"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            cwd=Path(__file__).parents[3], env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "7")
    }  # fmt: skip
    assert len(printed) == 1


def test_no_two_people_share_an_address():
    both = np.concatenate([synthesis.addresses(code, 100_000) for code in (371602, 371603)])
    assert len(np.unique(both)) == 200_000
    bits = (both[:, None] >> np.arange(64, dtype=np.uint64) & np.uint64(1)).mean(axis=0)
    np.testing.assert_allclose(bits, 0.5, atol=0.01)


# What is assumed


def test_every_assumption_is_used(monkeypatch):
    """A number that nothing reads would only pretend to matter."""
    read = set()

    class Watched(SynthesisAssumptions):
        def __getitem__(self, name):
            read.add(name)
            return super().__getitem__(name)

        def steps(self, name):
            read.add(name)
            return super().steps(name)

    on_file = assumptions().values
    monkeypatch.setattr(synthesis, "assumptions", lambda: Watched(on_file))
    build(BINZHOU, NOW, scale=3e-4, seed=1)
    assert read == {name for name, _ in on_file}


def test_every_assumption_says_how_far_it_may_be_off():
    text = Path(synthesis.__file__).with_name("assumptions.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        assert float(row["low"]) <= float(row["value"]) <= float(row["high"]), row
        assert row["unit"], row
        assert (row["status"] == "assumed") == (row["source"] == "assumption"), row


# What cannot be


@pytest.mark.parametrize("scale", [0, -0.5, 1.5, 1e9, float("nan")])
def test_a_scale_lies_between_nothing_and_everyone(scale):
    with pytest.raises(ValueError, match="more than 0 and at most 1"):
        build(BINZHOU, NOW, scale=scale, seed=1)


def test_a_start_needs_a_census():
    with pytest.raises(ValueError, match=r"no census of 2015-11-01 .* 2010-11-01, 2020-11-01"):
        build(BINZHOU, date(2015, 11, 1), scale=0.01, seed=1)
