"""Published rates that a user brings: to be scored, or to be known. Read and checked.

What is scored was published for a day after the cut-off, what is known for one up to it. The table
is CSV or an Excel workbook; places may be named, and figures typed, as people do.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

from xiancheng.calibration import naming, parsing
from xiancheng.calibration.errors import Problem, RequestError, ScenarioError
from xiancheng.calibration.forecasts.common_trend import PublishedRate
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.naming import half_width, nearest, shortened
from xiancheng.calibration.region import Region, load
from xiancheng.calibration.region.schema import COUNTRY, LATEST
from xiancheng.scenarios.outcome import Group
from xiancheng.scenarios.run_spec import information
from xiancheng.scenarios.scenario_files import Scenario

COLUMNS = ("unit_code", "date", "variable", "value")  # others, as status and source, are let be
VARIABLE = "resident_urbanization_rate"  # as published, in percent
VARIABLES = (VARIABLE, "常住人口城镇化率", "城镇化率")
RATE_NAMES = ("城镇化率", "常住人口城镇化率", "城镇化率（%）", "常住人口城镇化率（%）", "rate")
CALLED = {  # what people write above a column, and the column that it is
    "unit_code": ("地区", "县（市、区）", "县市区", "区县", "代码", "区划代码", "place"),
    "date": ("日期", "时间", "年份", "年度", "时点", "year"),
    "variable": ("指标", "indicator"),
    "value": ("数值", "值", *RATE_NAMES),
}
_YEAR = re.compile(r"([12][0-9]{3})(?:年)?(?:底|末|年底|年末)?")


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


@dataclass(frozen=True)
class BroughtRates:
    """What a user brings of published rates: those that are used, and remarks on the others."""

    rates: tuple[PublishedRate, ...] = ()
    remarks: tuple[Words, ...] = ()


def read_known(
    file: Path | None, scenario: Scenario, region: str | Path, cutoff: date | None = None
) -> BroughtRates:
    """The published rates in a file that a run may know; none without a file.

    They are of counties, prefectures, the province or the nation, after the last census and up to
    the cut-off of the run. A figure of a later day is not used, and a remark marks it.

    Parameters
    ----------
    cutoff : of the run; None for its own

    Raises
    ------
    ScenarioError
        with all problems: file, line, column of the table.
    RequestError
        for a run that starts before the last census: it knows nothing published after that.
    PackError
    """
    if file is None:
        return BroughtRates()
    pack = load(region)
    if scenario.start < pack.censuses[-1]:
        raise RequestError(
            _("published rates inform runs from the last census, {last}; this one starts on "
              "{start}: leave --observations out, or start it at the last census",
              last=pack.censuses[-1], start=scenario.start)
        )  # fmt: skip
    until = information(scenario, pack, None if cutoff is None else str(cutoff))
    return known_of(parsing.read_sheet(file, file.name), file.name, pack, until)


def known_of(
    cells: parsing.Cells, name: str, pack: Region, cutoff: date
) -> BroughtRates:  # fmt: skip
    """The published rates in a table, as `read_known` gives them.

    Parameters
    ----------
    name : of the table in messages

    Raises
    ------
    ScenarioError
    """
    above = [(code, *name) for code, name in pack.prefectures.items()]
    above += [(pack.province, *_("the province")), (COUNTRY, *_("the whole country"))]
    groups = [Group(int(each.code), each.zh, each.en, ()) for each in pack.counties]
    groups += [Group(int(code), zh, en, ()) for code, zh, en in above]
    window = Window(pack.censuses[-1], cutoff, known=True)
    checker = ObservationChecker(name, cells[0], groups, window)
    found = [(str(groups[one.group].code), one) for one in _checked(cells, checker)]
    return BroughtRates(
        tuple(PublishedRate(code, one.day, one.rate) for code, one in found if one.day <= cutoff),
        tuple(checker.remarks),
    )


class Window(NamedTuple):
    """Days after the first, up to the last; and whether what was published then is known."""

    after: date
    until: date
    known: bool = False


def _read(file: Path, groups: Sequence[Group], window: Window) -> list[ScoredRate]:
    cells = parsing.read_sheet(file, file.name)
    return _checked(cells, ObservationChecker(file.name, cells[0], groups, window))


def _checked(cells: parsing.Cells, checker: "ObservationChecker") -> list[ScoredRate]:
    """The observations of a table.

    Raises
    ------
    ScenarioError
        with everything that is wrong with it.
    """
    problems = list(_header(checker.file, checker.header))
    if problems:
        raise ScenarioError(problems)
    observed = [checker.row(line, row) for line, row in cells[1]]
    if not cells[1]:
        expected = _("at least one observation")
        checker.problems.append(Problem(checker.file, 2, 1, "", expected, "∅"))
    found = [each for each in observed if each is not None]
    if not checker.problems and all(each.day > checker.window.until for each in found):
        late = _("figures for days after the cut-off only: {days}", days=", ".join(
            sorted({str(each.day) for each in found})))  # fmt: skip
        expected = _("a figure for a day up to the cut-off {until}; --cutoff sets a later one",
                     until=checker.window.until)  # fmt: skip
        checker.problems.append(Problem(checker.file, 0, 0, "date", expected, late))
    if checker.problems:
        raise ScenarioError(checker.problems)
    return found


def _header(file: str, header: Sequence[str]) -> Iterator[Problem]:
    """Problems of the columns."""
    for name in COLUMNS:
        times = header.count(name)
        if times != 1 and (times or name != "variable"):  # without one, all are rates
            expected = _("exactly one column {name}", name=name)
            found = _("{times} columns", times=times)
            others = [each for each in header if each not in COLUMNS]
            meant = "" if times else nearest(name, others)
            yield Problem(file, 1, 1, name, expected, found, meant)


def columns_of(header: Sequence[str]) -> list[str]:
    """Headings, each as the column that it stands for if no other heading is that column."""
    found = []
    for each in header:
        plain = each.strip().casefold().replace("(", "（").replace(")", "）")
        meant = [name for name, names in CALLED.items() if plain in names and name not in header]
        found.append(meant[0] if meant else each)
    return found


def _place(group: Group) -> Words:
    return Words(group.zh, group.en)


class ObservationChecker:
    """Checks rows one by one and collects problems."""

    def __init__(
        self, file: str, header: Sequence[str], groups: Sequence[Group], window: Window
    ) -> None:
        self.file, self.groups, self.window = file, groups, window
        self.units = {str(group.code): i for i, group in enumerate(groups)}
        self.names = naming.place_names(groups)
        self.header = columns_of(header)
        self.problems: list[Problem] = []
        self.remarks: list[Words] = []
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
        if cell.get("variable", VARIABLE) not in VARIABLES:
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
        if day > self.window.until:
            self.remarks.append(
                _("{file}:{line}: {place}, {day}, {rate:g} % is after the cut-off {until}: marked, "
                  "and not used (--cutoff sets a later one)", file=self.file, line=line,
                  place=_place(self.groups[group]), day=day, rate=rate, until=self.window.until)
            )  # fmt: skip
        return ScoredRate(line, group, day, rate)

    def unit(self, line: int, text: str) -> int:
        """The group that a code or a name stands for."""
        text = half_width(text)
        named = text if text in self.units else naming.place(text, self.names) or text
        if named not in self.units:
            zh = "、".join(f"{group.code} {group.zh}" for group in self.groups)
            en = ", ".join(f"{group.code} {group.en}" for group in self.groups)
            expected = _("the code of a unit of the pack ({en})", en=Words(zh, en))
            self.add(line, "unit_code", expected, text, nearest=nearest(text, self.names))
        return self.units.get(named, -1)

    def day(self, line: int, text: str) -> date:
        """A date in the window."""
        day = parsing.day(half_width(text))
        if day is None and (year := _YEAR.fullmatch(half_width(text))):
            day = date(int(year[1]), 12, 31)  # a rate of a year is that of its end
        if day is None:
            expected = _("a date such as 2025-12-31")
            self.add(line, "date", expected, text)
            return self.window.until
        known = self.window.known
        last = LATEST if known else self.window.until
        if not self.window.after < day <= last:
            later = _(
                "a date after the last census {after}, until {LATEST}",
                after=self.window.after,
                LATEST=LATEST,
            )
            scored = _(
                "a date after the cut-off {cutoff}, until {LATEST} (earlier "
                "ones take an earlier --cutoff)",
                cutoff=self.window.after,
                LATEST=LATEST,
            )
            self.add(line, "date", later if known else scored, text)
        return day

    def rate(self, line: int, text: str) -> float:
        """A rate in percent."""
        number = parsing.figure(half_width(text).removesuffix("%"))
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
