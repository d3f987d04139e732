"""Published rates that a user brings: to be scored, or to be known. Read and checked.

What is scored was published for a day after the cut-off, what is known for one up to it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

from xiancheng.calibration import naming, parsing
from xiancheng.calibration.errors import Problem, RequestError, ScenarioError
from xiancheng.calibration.forecasts.common_trend import PublishedRate
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.naming import nearest, shortened
from xiancheng.calibration.region import load
from xiancheng.calibration.region.schema import COUNTRY
from xiancheng.scenarios.outcome import Group
from xiancheng.scenarios.run_spec import information
from xiancheng.scenarios.scenario_files import LATEST, Scenario

COLUMNS = ("unit_code", "date", "variable", "value")  # others, as status and source, are let be
VARIABLE = "resident_urbanization_rate"  # as published, in percent


@dataclass(frozen=True)
class ScoredRate:
    """One published rate to score forecasts with."""

    line: int
    group: int  # index among the reported groups
    day: date
    rate: float  # [percent]


def read(file: Path, groups: Sequence[Group], cutoff: date) -> list[ScoredRate]:
    """The observations in a file that forecasts are scored with, in its order.

    Raises
    ------
    ScenarioError
        with all problems: file, line, column of the table.
    """
    return _read(file, groups, Window(cutoff, LATEST))


def read_known(
    file: Path | None, scenario: Scenario, region: str | Path
) -> tuple[PublishedRate, ...]:
    """The published rates in a file that a run may know; none without a file.

    They are of counties, prefectures, the province or the nation, after the last census and up to
    the cut-off of the run.

    Raises
    ------
    ScenarioError
        with all problems: file, line, column of the table.
    RequestError
        for a run that starts before the last census: it knows nothing published after that.
    PackError
    """
    if file is None:
        return ()
    pack = load(region)
    if scenario.start < pack.censuses[-1]:
        raise RequestError(
            _("published rates inform runs from the last census, {last}; this one starts on "
              "{start}: leave --observations out, or start it at the last census",
              last=pack.censuses[-1], start=scenario.start)
        )  # fmt: skip
    above = [(code, *name) for code, name in pack.prefectures.items()]
    above += [(pack.province, *_("the province")), (COUNTRY, *_("the whole country"))]
    groups = [Group(int(each.code), each.zh, each.en, ()) for each in pack.counties]
    groups += [Group(int(code), zh, en, ()) for code, zh, en in above]
    window = Window(pack.censuses[-1], information(scenario, pack, None), known=True)
    return tuple(
        PublishedRate(str(groups[one.group].code), one.day, one.rate)
        for one in _read(file, groups, window)
    )


class Window(NamedTuple):
    """Days after the first, up to the last; and whether what was published then is known."""

    after: date
    until: date
    known: bool = False


def _read(file: Path, groups: Sequence[Group], window: Window) -> list[ScoredRate]:
    header, rows = parsing.read_table(file, file.name)
    problems = list(_header(file.name, header))
    if problems:
        raise ScenarioError(problems)
    checker = ObservationChecker(file.name, header, groups, window)
    observed = [checker.row(line, cells) for line, cells in rows]
    if not rows:
        expected = _("at least one observation")
        checker.problems.append(Problem(file.name, 2, 1, "", expected, "∅"))
    if checker.problems:
        raise ScenarioError(checker.problems)
    return [each for each in observed if each is not None]


def _header(file: str, header: Sequence[str]) -> Iterator[Problem]:
    """Problems of the columns."""
    for name in COLUMNS:
        times = header.count(name)
        if times != 1:
            expected = _("exactly one column {name}", name=name)
            found = _("{times} columns", times=times)
            others = [each for each in header if each not in COLUMNS]
            meant = "" if times else nearest(name, others)
            yield Problem(file, 1, 1, name, expected, found, meant)


class ObservationChecker:
    """Checks rows one by one and collects problems."""

    def __init__(
        self, file: str, header: Sequence[str], groups: Sequence[Group], window: Window
    ) -> None:
        self.file, self.groups, self.window = file, groups, window
        self.units = {str(group.code): i for i, group in enumerate(groups)}
        self.names = naming.place_names(groups)
        self.header = header
        self.problems: list[Problem] = []
        self.lines: dict[tuple[int, date], int] = {}

    def row(self, line: int, cells: Sequence[str]) -> ScoredRate | None:
        """The observation in a row; None, and problems, if there is none."""
        if len(cells) != len(self.header):
            n = len(self.header)
            self.add(line, "", _("{n} cells", n=n), str(len(cells)))
            return None
        cell = dict(zip(self.header, cells, strict=True))
        before = len(self.problems)
        group, day = self.unit(line, cell["unit_code"]), self.day(line, cell["date"])
        if cell["variable"] != VARIABLE:
            expected = _("{VARIABLE}, in percent", VARIABLE=VARIABLE)
            self.add(line, "variable", expected, cell["variable"], nearest=VARIABLE)
        rate = self.rate(line, cell["value"])
        if len(self.problems) > before:
            return None
        first = self.lines.setdefault((group, day), line)
        if first != line:
            expected = _("one line for each unit and day")
            found = _("the same as in line {first}", first=first)
            self.add(line, "unit_code", expected, found)
        return ScoredRate(line, group, day, rate)

    def unit(self, line: int, text: str) -> int:
        """The group that a code stands for."""
        if text not in self.units:
            zh = "、".join(f"{group.code} {group.zh}" for group in self.groups)
            en = ", ".join(f"{group.code} {group.en}" for group in self.groups)
            expected = _("the code of a unit of the pack ({en})", en=Words(zh, en))
            meant = naming.place(text, self.names) or ""
            label = f"{meant} {self.groups[self.units[meant]].zh}" if meant else ""
            self.add(line, "unit_code", expected, text, nearest=label)
        return self.units.get(text, -1)

    def day(self, line: int, text: str) -> date:
        """A date in the window."""
        day = parsing.day(text)
        if day is None:
            expected = _("a date such as 2025-12-31")
            self.add(line, "date", expected, text)
            return self.window.until
        if not self.window.after < day <= self.window.until:
            later = _(
                "a date after the last census {after}, up to the cut-off {until}: nothing "
                "published for a later day is used",
                after=self.window.after,
                until=self.window.until,
            )
            scored = _(
                "a date after the cut-off {cutoff}, until {LATEST} (earlier "
                "ones take an earlier --cutoff)",
                cutoff=self.window.after,
                LATEST=LATEST,
            )
            expected = later if self.window.known else scored
            self.add(line, "date", expected, text)
        return day

    def rate(self, line: int, text: str) -> float:
        """A rate in percent."""
        number = parsing.number(text)
        rate = math.nan if number is None else number
        if not 0 <= rate <= 100 or parsing.is_share(rate):
            expected = _("a number from 0 to 100, in percent and no share")
            self.add(line, "value", expected, text)
        return rate

    def add(
        self, line: int, column: str, expected: Words, found: str | Words, *, nearest: str = ""
    ) -> None:
        """Collect a problem."""
        place = self.header.index(column) + 1 if column else 1
        shown = found if isinstance(found, Words) else shortened(found) or "∅"
        self.problems.append(Problem(self.file, line, place, column, expected, shown, nearest))
