"""Two to four scenarios side by side: what comes of each, and what differs in them.

A and B are those of the answer that is shown, and further scenarios meet the same draws at the same
scale, so that this view and the overview give the same numbers. Differences are A less the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.console.answer import Answer, content_digest, level_difference, percentiles
from xiancheng.results.console.draft import Draft
from xiancheng.results.console.jobs import Lane
from xiancheng.results.console.levels import Series, published
from xiancheng.results.console.markup import Markup, joined, listed, table, tag
from xiancheng.results.console.native import area, element, select, text, write
from xiancheng.results.console.shown import Shown
from xiancheng.results.console.views.places import interval_title, signed
from xiancheng.results.console.views.under_way import UnderWay
from xiancheng.results.tables.labels import label, percent
from xiancheng.results.verdict.verdict import probability
from xiancheng.scenarios.diff import called, diff
from xiancheng.scenarios.ensemble import Summarize, layered
from xiancheng.scenarios.outcome import PUBLISHED, floor, group_of
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.sim.indicators import INDICATORS
from xiancheng.sim.state import Floats

if TYPE_CHECKING:
    from xiancheng.results.console.page import Page

NONE = "none"
NUMBERS = ("urban_residents", "residents", "jobs_filled")


class Compare:
    """A and B, and up to two more."""

    def __init__(self, page: "Page") -> None:
        self.page, say = page, page.session.say
        self._more: dict[str, Draft] = {}
        self._asked: object = None
        self._made: tuple[object, tuple[Side, ...]] | None = None
        with element("div", "sides"):
            for letter in ("C", "D"):
                title = say(_("Another scenario {letter}", letter=letter))
                with element("label"):
                    text(title)
                    none = {"": {NONE: say(_("(none)"))}}
                    select(title, none | page.choosing.scenarios(), NONE,
                           partial(self._picked, letter))  # fmt: skip
        self._progress = UnderWay(page)
        self._area = area()

    def show(self, shown: Shown) -> None:
        """Write A and B at once, and the others when they are computed."""
        self._last = shown
        answer = shown.answer
        if answer.pending:
            self.stop()
            waiting = shown.say(_("Draws under way…"))
            write(self._area, tag("p", waiting, cls="card"))
            return
        others = {letter: draft.file() for letter, draft in self._more.items()}
        asked = (answer.scale, answer.draws, content_digest(answer.outcome.scenario), others)
        if self._made is not None and self._made[0] == asked:
            self._write(shown, self._made[1])
        elif not others:
            self._write(shown, ())
        elif asked != self._asked:
            self._asked = asked
            self._compute(shown, asked)

    def stop(self) -> None:
        """Take back what is under way."""
        self._progress.stop()
        self._asked = None

    def _picked(self, letter: str, key: str) -> None:
        def pick() -> None:
            self._more.pop(letter, None)
            if key != NONE:
                self._more[letter] = self.page.choosing.drafted(key)
            self.show(self._last)

        self.page.guarded(pick)

    def _compute(self, shown: Shown, asked: object) -> None:
        answer, server, say = shown.answer, self.page.server, self.page.session.say
        scenarios = {letter: draft.scenario for letter, draft in sorted(self._more.items())}
        last = answer.outcome.scenario.until
        run_on = {
            letter: replace(each, until=max(each.until, last)) for letter, each in scenarios.items()
        }
        base = answer.outcome.spec
        draws = layered(base, answer.draws, 1) if answer.draws else [base]
        others = [base.running(each) for each in run_on.values()]
        specs = [side.under(draw) for side in others for draw in draws]

        async def work() -> None:
            lane: Lane = "quick" if answer.preliminary else "full"
            pieces = await server.desk.ask(
                self.page.client.id, Summarize(answer.day), specs, lane, self._progress.step
            )
            sides = tuple(
                Side(
                    letter, scenarios[letter],
                    Series.of(pieces[i * len(draws)].dates, pieces[i * len(draws):][: len(draws)]),
                )
                for i, letter in enumerate(run_on)
            )  # fmt: skip
            self._made = asked, sides
            if not self.page.client.is_deleted:
                with self.page.client:
                    self.show(self._last)

        self._progress.begin(say(_("Comparing…")), len(specs), work)

    def _write(self, shown: Shown, more: "Sequence[Side]") -> None:
        write(self._area, side_by_side(shown, (*pair(shown.answer), *more)))


@dataclass(frozen=True, eq=False)
class Side:
    """A scenario under the draws of the answer."""

    letter: str
    scenario: Scenario
    series: Series

    def title(self, shown: Shown) -> str:
        """What it is called, where it is applied."""
        if self.letter == "B":
            return shown.b_title
        return called(self.scenario, shown.answer.outcome.region).said(shown.lang)

    def readable(self, answer: Answer, day: date) -> bool:
        """Whether it can be held against A on a day."""
        dates = self.series.dates
        return dates[0] == answer.outcome.dates[0] and day <= dates[-1]


def pair(answer: Answer) -> tuple[Side, Side]:
    """A and B of an answer."""
    return (
        Side("A", answer.outcome.scenario, answer.series["a"]),
        Side("B", answer.b.scenario, answer.series["b"]),
    )


def side_by_side(shown: Shown, sides: Sequence[Side]) -> Markup:
    """Targets, places and numbers of persons; then what differs in the inputs."""
    say = shown.say
    names = [tag("li", tag("strong", side.letter), " ", side.title(shown)) for side in sides]
    return joined([
        tag("section", tag("p", tag("strong", basis(shown))), tag("ul", *names), cls="card"),
        targets(shown, sides),
        rates(shown, sides),
        tag("h2", say(_("Persons: A less the others"))),
        *(numbers(shown, sides, name) for name in NUMBERS),
        tag("section", *inputs(shown, sides), cls="card below"),
        tag("section", listed(remarks(shown, sides), "remarks"), cls="card below"),
    ])  # fmt: skip


def basis(shown: Shown) -> str:
    """What the tables rest on: the runs of the answer that is shown."""
    answer = shown.answer
    n = answer.draws
    runs = _("{n} draws", n=n) if n else _("one central run")
    return shown.say(
        _(
            "{day}; the same runs as the overview: scale {scale:g}, {runs}",
            day=shown.day,
            scale=answer.scale,
            runs=runs,
        )
    )


def targets(shown: Shown, sides: Sequence[Side]) -> Markup:
    """Each target at its deadline: what is expected of each side, and the chance to meet it."""
    answer, say = shown.answer, shown.say
    region = answer.outcome.region
    headers = [say(_("Target")), say(_("Deadline"))]
    for side in sides:
        headers += [f"{side.letter}（%）" if shown.lang == "zh" else f"{side.letter} (%)",
                    say(_("P({letter} met)", letter=side.letter))]  # fmt: skip
        if side.letter != "A":
            headers.append(say(_("A − {letter} (pp)", letter=side.letter)))
    rows = []
    for target in region.targets:
        if not target.due(answer.outcome.dates[0], answer.outcome.dates[-1]):
            continue
        g = group_of(target, region, answer.groups)
        place = answer.groups[g].said(shown.lang)
        wanted = label("qualifiers", target.operator, shown.lang)
        row = [f"{place} {wanted} {target.value:g}%", str(target.deadline)]
        known = [level(answer, side, target.deadline) for side in sides]
        for side, drawn in zip(sides, known, strict=True):
            if drawn is None or known[0] is None:
                row += ["–"] * (3 if side.letter != "A" else 2)
                continue
            (met,) = probability(drawn[:, [g]], np.array([floor(target)]))
            row += [f"{np.median(drawn[:, g]):.1f}", percent(met) if len(drawn) > 1 else "–"]
            if side.letter != "A":
                less = level_difference(*(np.median(each, axis=0) for each in (known[0], drawn)))
                row.append(f"{less[g]:+.2f}")
        rows.append(row)
    if not rows:
        return Markup("")
    caption = say(_("Targets at their deadlines: expected rate and P(met)"))  # fmt: skip
    return tag("section", table(headers, rows, caption=caption, numbers_from=2), cls="tabled below")


def level(answer: Answer, side: Side, day: date) -> Floats | None:
    """Draws of the published rate of a side, (draw, group); None where it cannot be read."""
    if not side.readable(answer, day):
        return None
    return published(answer.level, answer.groups, side.series, answer.series["usual"], day)


def rates(shown: Shown, sides: Sequence[Side]) -> Markup:
    """The expected rate of every place on the day looked at, and A less each other side."""
    answer, say, day = shown.answer, shown.say, shown.day
    known = [level(answer, side, day) for side in sides]
    middle = [None if drawn is None else np.median(drawn, axis=0) for drawn in known]
    headers = [say(_("Place"))]
    for side in sides:
        headers.append(f"{side.letter}（%）" if shown.lang == "zh" else f"{side.letter} (%)")
        if side.letter != "A":
            headers += [say(_("A − {letter} (pp)", letter=side.letter)),
                        interval_title(shown)]  # fmt: skip
    rows = []
    for g, group in enumerate(answer.groups):
        row = [group.said(shown.lang)]
        for side, own in zip(sides, middle, strict=True):
            row.append("–" if own is None else f"{own[g]:.1f}")
            if side.letter != "A":
                less = (
                    None if own is None or middle[0] is None else level_difference(middle[0], own)
                )
                row += signed(shown, less, apart(answer, sides[0], side, PUBLISHED, day), g)
        rows.append(row)
    caption = say(_("Expected resident urbanization rate, {day}", day=day))
    return tag("section", table(headers, rows, caption=caption), cls="tabled")


def apart(
    answer: Answer, a: Side, other: Side, indicator: str, day: date
) -> tuple[Floats, Floats] | None:
    """The ends of the paired differences of A and another side, each (group,)."""
    if not answer.draws or not other.readable(answer, day):
        return None
    runs = a.series.at(indicator, day) - other.series.at(indicator, day)
    low, high = np.percentile(runs, percentiles(answer.draws), axis=0)
    return low, high


def numbers(shown: Shown, sides: Sequence[Side], indicator: str) -> Markup:
    """A less each other side, in persons or jobs, for every place."""
    answer, say, day = shown.answer, shown.say, shown.day
    own = sides[0].series.at(indicator, day)
    headers = [say(_("Place"))]
    for side in sides[1:]:
        headers += [f"A − {side.letter}", interval_title(shown)]
    rows = []
    for g, group in enumerate(answer.groups):
        row = [group.said(shown.lang)]
        for side in sides[1:]:
            if not side.readable(answer, day):
                row += ["–", "–"]
                continue
            row.append(shown.persons(float((own - side.series.at(indicator, day))[:, g].mean())))
            ends = apart(answer, sides[0], side, indicator, day)
            row.append("–" if ends is None else " … ".join(
                shown.persons(float(end[g])) for end in ends))  # fmt: skip
        rows.append(row)
    about = INDICATORS[indicator]
    unit = label("units", about.unit, shown.lang)
    name = say(Words(about.zh, indicator.replace("_", " ")))
    return tag("section", table(headers, rows, caption=f"{name} ({unit}), {day}"), cls="tabled")


def inputs(shown: Shown, sides: Sequence[Side]) -> Iterator[Markup]:
    """What A does differently from each other side, folded."""
    say = shown.say
    for side in sides[1:]:
        lines = [
            line.replace("->", "→") for line in diff(side.scenario, sides[0].scenario, shown.lang)
        ]
        count = len(lines)
        title = say(
            _(
                "What A does differently from {letter}: {count} ({letter} → A)",
                letter=side.letter,
                count=count,
            )
        )
        none = say(_("nothing", "difference"))
        yield tag("details", tag("summary", title), listed(lines or [none], "remarks"))


def remarks(shown: Shown, sides: Sequence[Side]) -> list[str]:
    """What has to be said of the tables."""
    answer, say = shown.answer, shown.say
    said = [say(
        _("Rates are those of the overview, and A less another is the "
    "difference of the two levels; all sides meet the same draws and the "
    "same random numbers."))]  # fmt: skip
    if not answer.draws:
        said.append(say(_("Without draws there is no interval.")))
    apart = [side.letter for side in sides if not side.readable(answer, shown.day)]
    if apart:
        said.append(
            say(_("{apart}: another start than A, so no difference is given.", apart=listed(apart)))
        )
    return said
