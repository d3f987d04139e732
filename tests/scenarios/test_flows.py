"""What moves the level of a run: named factors on flows, and no parameter of behaviour."""

from functools import cache

import pytest

from xiancheng.calibration.priors import catalogue
from xiancheng.calibration.region import load
from xiancheng.scenarios.simulation import known_trend, simulate

PRIORS = {prior.name: prior for prior in catalogue()}
CITY = 371600


@cache
def rise(name="kappa", value=PRIORS["kappa"].central):
    """Rise of the city's urban share in five years without a plan, unaligned [points]."""
    run = simulate(
        "baseline", scale=0.1, parameters={name: value}, until="2025-12-31", alignment="off"
    )
    city = [group.code for group in run.groups].index(CITY)
    first, last = (run.at("resident_urbanization_rate", run.dates[i])[city] for i in (0, -1))
    return float(last - first)


@pytest.mark.filterwarnings("ignore::xiancheng.scenarios.trace.InactiveParameterWarning")
@pytest.mark.parametrize("name", ["kappa", "beta_y", "gamma_a"])
def test_parameters_of_behaviour_leave_the_level_alone(name):
    """From end to end of their priors; with constants of the centre it was 4 to 8 points."""
    for end in (PRIORS[name].low, PRIORS[name].high):
        assert abs(rise(name, end) - rise()) < 0.3


@pytest.mark.parametrize("name", ["own_town_flow", "arrival_flow"])
def test_named_factors_move_the_level(name):
    low, high = (rise(name, end) for end in (PRIORS[name].low, PRIORS[name].high))
    assert low < rise() - 0.1 < rise() + 0.1 < high


def test_the_trend_is_what_was_known():
    """Slower after 2020, and nothing that was published after the cut-off."""
    pack = load("binzhou")
    start = pack.censuses[1]
    known = known_trend(pack, start, start.replace(year=2024, month=12, day=31), ())
    assert list(known) == [2021, 2022, 2023, 2024]
    assert all(0.3 < each < 0.9 for each in known.values())
    earlier = known_trend(pack, start, start.replace(year=2022, month=12, day=31), ())
    assert earlier == {year: known[year] for year in (2021, 2022)}
    assert known_trend(pack, pack.censuses[0], pack.censuses[0], ()) == {}
