"""The common trend: how fast all counties of a province urbanize, year by year.

Over the record it is the mean change of the record. After the record it is read off published
rates of the province, or of the nation where the province has published none, as a pace relative to
that between the two censuses. In log odds a year,

    pace(k) = pace of the record + shift + q(1) + ... + q(k)             k: years after the census
    published(k) - published(k - 1) = pace(k) + drift + e(k)

with `shift` and `q` normal: the trend may break at the census, and wander after it. `drift` is what
the published series strays from the truth between benchmarks, `e` the error of a year. Given the
published rates all are jointly normal, and drawn from that distribution; beyond the last published
rate the pace wanders on. The rate that is published for the year of a census is that of the census.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import pairwise

import numpy as np

from xiancheng.calibration import parsing
from xiancheng.calibration.region import Region
from xiancheng.calibration.region.schema import COUNTRY
from xiancheng.sim.deferred import Deferred
from xiancheng.sim.state import Floats

special = Deferred("scipy.special")

RATE = "resident_urbanization_rate"  # the variable of published rates, in percent
SHIFT_SD = 0.012  # log odds a year (assumed, 0.006-0.025), by which the trend of all may break:
# the national rate, carried on by its trend of ten years, missed by 0.8 points after five years on
# average and by 2.0 points from 2020 to 2024, when growth slowed
WANDER_SD = 0.004  # log odds a year each year (assumed, 0.002-0.008)
YEARLY_SD = (
    0.006  # log odds (assumed, 0.003-0.010): published increments of 2021 to 2024 scatter by
)
# 0.009 in the nation and 0.008 in Shandong, wandering included
DRIFT, DRIFT_SD = -0.10, 0.15  # points a year: `benchmark_drift` of calibration/parameters.yaml
PROVINCE_SD = 0.006  # log odds a year (assumed, 0.003-0.012) of a province about the nation
HORIZON = 40  # years after the census that can be asked for
SLOWEST = 0.005  # log odds a year: below, a relative pace says nothing
YEAR = 365.25  # days
CENSUS_YEARS = 10  # from one census to the next


@dataclass(frozen=True)
class PublishedRate:
    """A published resident urbanization rate of a unit."""

    code: str
    day: date
    rate: float  # [percent]

    def row(self) -> list[str | float]:
        """Code, day and rate, JSON-ready."""
        return [self.code, str(self.day), self.rate]

    @classmethod
    def of_row(cls, row: Sequence[str | float]) -> "PublishedRate":
        """From what `row` gives."""
        code, day, rate = row
        return cls(str(code), date.fromisoformat(str(day)), float(rate))


def published_rates(
    region: Region, cutoff: date, more: Sequence[PublishedRate] = ()
) -> tuple[PublishedRate, ...]:
    """What is published of the nation, and of a region's units, up to a cut-off.

    Of the nation by a table of this package; of the rest by the pack, and by `more`, which comes
    before the pack where both speak of the same unit and day.
    """
    known = {(each.code, each.day): each for each in national()}
    for (code, day), rate in region.observed(RATE).items():
        known[code, day] = PublishedRate(code, day, rate)
    known |= {(each.code, each.day): each for each in more}
    return tuple(known[key] for key in sorted(known) if key[1] <= cutoff)


@cache
def national() -> tuple[PublishedRate, ...]:
    """The national series, census years included."""
    source = files("xiancheng.calibration.forecasts") / "national_rates.csv"
    __, rows = parsing.table_of(source.read_bytes())
    return tuple(
        PublishedRate(COUNTRY, date.fromisoformat(cells[0]), float(cells[1])) for __, cells in rows
    )


def pace_by_year(
    published: Sequence[PublishedRate], province: str, start: date
) -> dict[int, float]:
    """How fast the province and the nation urbanize in years after a census, relative to before it.

    The change of the log odds of the published rate, per year, over that between the census of
    `start` and the one before; the mean of the province and the nation, as far as each has both.
    Errors of single years are not taken out: moves follow them, for one year.
    """
    found: dict[int, list[float]] = {}
    for code in (province, COUNTRY):
        own = {each.day: special.logit(each.rate / 100) for each in published if each.code == code}
        before = [day for day in own if day.year == start.year - CENSUS_YEARS]
        if not before or start not in own:
            continue
        usual = _slope(own, before[-1], start)
        days = [start, *sorted(day for day in own if day.year > start.year)]
        for earlier, later in pairwise(days):
            relative = max(_slope(own, earlier, later) / usual, 0.0)
            for year in range(earlier.year + 1, later.year + 1):
                found.setdefault(year, []).append(relative)
    return {year: round(sum(each) / len(each), 6) for year, each in sorted(found.items())}


def _slope(log_odds: Mapping[date, float], earlier: date, later: date) -> float:
    return float((log_odds[later] - log_odds[earlier]) / ((later - earlier).days / YEAR))


@dataclass(frozen=True, eq=False)
class CommonDraws:
    """Draws of the common trend."""

    pace: Floats  # true, of the k-th year after the census year, (draw, HORIZON) [log odds a year]
    printed: Floats  # change of the published rate in it, (draw, HORIZON) [log odds]
    record_pace: float  # of the record [log odds a year]
    start: float  # log odds of the rate at the census
    rest: float  # years from the census to the end of its year

    def excess(self, years: float) -> Floats:
        """What is gained on the pace of the record, as a multiple of that pace [years], (draw,).

        Parameters
        ----------
        years : after the census; the rest of its year goes at the pace of the next
        """
        ends = self.rest + np.arange(1, HORIZON + 1)
        spent = np.clip(years - np.concatenate([[0.0], ends[:-1]]), 0.0, None)
        spent = np.minimum(spent, np.diff(ends, prepend=0.0))
        gained: Floats = (self.pace - self.record_pace) @ spent
        return gained / self.record_pace

    def published(self, years: float) -> Floats:
        """The published rate of the unit so many years after the census year, (draw,) [percent]."""
        spent = np.clip(years - np.arange(HORIZON), 0.0, 1.0)
        return np.asarray(100 * special.expit(self.start + self.printed @ spent))


@dataclass(frozen=True)
class CommonTrend:
    """What is known of the common trend: of which unit, at the censuses, and after them."""

    dates: tuple[date, date]  # of the censuses
    rates: tuple[float, float]  # of the unit at the censuses [percent]
    later: tuple[tuple[date, float], ...] = ()  # published after the census year, in order
    of_province: bool = True  # False: of the nation, about which the province varies

    @classmethod
    def read(
        cls, published: Sequence[PublishedRate], province: str, dates: tuple[date, date],
        rates: tuple[float, float],
    ) -> "CommonTrend":  # fmt: skip
        """Of the province if its rate was published after the last census, else of the nation.

        Parameters
        ----------
        dates, rates : censuses of the record, and its rates [percent] where no unit has its own
        """
        for code in (province, COUNTRY):
            own = {each.day: each.rate for each in published if each.code == code}
            later = tuple(sorted((day, r) for day, r in own.items() if day.year > dates[1].year))
            if later and dates[0] in own and dates[1] in own:
                ends = own[dates[0]], own[dates[1]]
                return cls(dates, ends, later, of_province=code == province)
        return cls(dates, rates)

    def draws(self, n: int, rng: np.random.Generator) -> CommonDraws:
        """Draws given what was published."""
        first, last = (special.logit(np.clip(rate, 0.1, 99.9) / 100) for rate in self.rates)
        years = (self.dates[1] - self.dates[0]).days / YEAR
        pace = (last - first) / years
        year_end = date(self.dates[1].year, 12, 31)
        share = self.rates[1] / 100
        slope = 1 / (100 * share * (1 - share))  # log odds per point

        # Unknowns: shift, drift, q of each year, e of each year. Rows give changes in each year.
        mean = np.zeros(2 + 2 * HORIZON)
        mean[1] = DRIFT
        sd = np.array([SHIFT_SD, DRIFT_SD, *[WANDER_SD] * HORIZON, *[YEARLY_SD] * HORIZON])
        true = np.hstack([
            np.ones((HORIZON, 1)), np.zeros((HORIZON, 1)), np.tri(HORIZON),
            np.zeros((HORIZON, HORIZON)),
        ])  # fmt: skip
        printed = true.copy()
        printed[:, 1] = slope
        printed[:, 2 + HORIZON :] = np.eye(HORIZON)

        ends = np.array([(day - year_end).days / YEAR for day, __ in self.later])
        spent = np.clip(ends[:, None] - np.arange(HORIZON), 0.0, 1.0)
        seen = spent @ printed
        off = np.array(
            [special.logit(rate / 100) - last for __, rate in self.later]
        ) - pace * spent.sum(1)
        unknown = mean + sd * rng.standard_normal((n, len(sd)))
        if len(self.later):
            cross = sd[:, None] ** 2 * seen.T
            gain = np.linalg.solve(seen @ cross + 1e-12 * np.eye(len(ends)), cross.T)
            unknown += (off - unknown @ seen.T) @ gain
        local = np.zeros((n, 1))
        if self.later and not self.of_province:
            local = PROVINCE_SD * rng.standard_normal((n, 1))
        return CommonDraws(
            pace + unknown @ true.T + local, pace + unknown @ printed.T + local,
            float(pace) if abs(pace) >= SLOWEST else SLOWEST, float(last),
            (year_end - self.dates[1]).days / YEAR,
        )  # fmt: skip
