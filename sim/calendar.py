"""Time: the quarters of a run, the first of which may be cut short."""

from dataclasses import dataclass
from datetime import date, timedelta

from xiancheng.sim.state import quarter_of

SCHOOL_YEAR = 3  # schools enrol in the third quarter
SPRING_FESTIVAL = 1  # migrants are home, and villages learn who is away, in the first
HALF_YEAR = 2  # quarters; the definition of a usual resident


@dataclass(frozen=True)
class Quarter:
    """A calendar quarter, or the part of one that a run covers."""

    number: int  # quarters since the first of 1900
    ends: date  # last day
    quarters: float  # its length

    @property
    def years(self) -> float:
        """Its length in years."""
        return self.quarters / 4

    @property
    def season(self) -> int:
        """Which quarter of the year it is, 1 to 4."""
        return self.number % 4 + 1


def quarters_between(start: date, until: date) -> list[Quarter]:
    """The quarters after `start`, cut at calendar quarters, to the end of the one of `until`.

    The last is whole, wherever `until` lies in it: what rules count in quarters (the half-year
    rule, the school year) holds at quarters' ends only.
    """
    found, day = [], start
    while day <= until:
        year, season = day.year, (day.month - 1) // 3 + 1
        first = date(year, 3 * season - 2, 1)
        following = date(year + season // 4, 3 * (season % 4) + 1, 1)
        length = (following - day).days / (following - first).days
        found.append(Quarter(quarter_of(year, season), following - timedelta(days=1), length))
        day = following
    return found
