"""Two to four scenarios side by side: what comes of each, and what differs in them.

A and B are those of the result that is shown; further scenarios run in the same draws at the same
scale, so this view and the overview give the same numbers. Differences are A less the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from markupsafe import Markup

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.console.edits import ScenarioEdit
from xiancheng.results.console.jobs import Priority
from xiancheng.results.console.library import chosen, scenario_choices
from xiancheng.results.console.markup import listed, table, tag
from xiancheng.results.console.result import ABResult, SideDraws, level_difference
from xiancheng.results.console.view_model import ViewModel
from xiancheng.results.console.views.context import ViewContext, ViewJob
from xiancheng.results.console.views.overview import interval_title, signed
from xiancheng.results.console.widgets import area, element, select, text, write
from xiancheng.results.tables.labels import label, percent
from xiancheng.results.verdict.verdict import probability
from xiancheng.scenarios.diff import called, diff
from xiancheng.scenarios.ensemble import Summarize, layered
from xiancheng.scenarios.outcome import PUBLISHED, floor, group_of
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.sim.indicators import INDICATORS

NONE = "none"
NUMBERS = ("urban_residents", "residents", "jobs_filled")


@dataclass(frozen=True, eq=False)
class ComparedSide:
    """A scenario in the draws of the result."""

    letter: str
    scenario: Scenario
    draws: SideDraws

    def title(self, model: ViewModel) -> str:
        """Its title, with where it is applied."""
        if self.letter == "B":
            return model.b_title
        return called(self.scenario, model.result.outcome.region).text(model.lang)


def sides_of(result: ABResult) -> tuple[ComparedSide, ComparedSide]:
    """A and B of a result."""
    return (
        ComparedSide("A", result.outcome.scenario, result.sides["a"]),
        ComparedSide("B", result.b.scenario, result.sides["b"]),
    )


class Compare:
    """A and B, and up to two more."""

    def __init__(self, context: ViewContext) -> None:
        self._context, say = context, context.session.say
        self._more: dict[str, ScenarioEdit] = {}
        self._under_way: object = None  # key of what is computed
        self._computed: tuple[object, tuple[ComparedSide, ...]] | None = None
        choices = scenario_choices(context.session, context.server.library, context.server.region)
        with element("div", "sides"):
            for letter in ("C", "D"):
                title = say(_("Another scenario {letter}", letter=letter))
                none = {"": {NONE: say(_("(none)"))}}
                with element("label"):
                    text(title)
                    select(title, none | choices, NONE, partial(self._picked, letter))
        self.job = ViewJob(context)
        self._area = area()

    def show(self, model: ViewModel) -> None:
        """Write A and B at once, and the others when they are computed."""
        self._model, result = model, model.result
        if result.pending:
            self.job.cancel()
            self._under_way = None
            waiting = model.say(_("Draws under way…"))
            write(self._area, tag("p", waiting, cls="card"))
            return
        files = {letter: edit.to_file() for letter, edit in self._more.items()}
        key = (result.scale, result.draws, result.digest, files)
        if not files:
            write(self._area, *side_by_side(model, sides_of(result)))
        elif self._computed is not None and self._computed[0] == key:
            write(self._area, *side_by_side(model, (*sides_of(result), *self._computed[1])))
        elif key != self._under_way or not self.job.running:
            self._under_way = key
            self._compute(result, key)

    def _picked(self, letter: str, key: str) -> None:
        def pick() -> None:
            self._more.pop(letter, None)
            if key != NONE:
                session, server = self._context.session, self._context.server
                self._more[letter] = chosen(key, session, server.library, server.name)
            self.show(self._model)

        self._context.guarded(pick)

    def _compute(self, result: ABResult, key: object) -> None:
        context, server, last = self._context, self._context.server, result.outcome.scenario.until
        scenarios = {letter: edit.scenario for letter, edit in sorted(self._more.items())}
        base = result.outcome.spec
        draws = layered(base, result.draws, 1) if result.draws else [base]
        specs = [
            base.running(replace(each, until=max(each.until, last))).under(draw)
            for each in scenarios.values()
            for draw in draws
        ]

        async def work() -> None:
            priority: Priority = "quick" if result.preliminary else "full"
            runs = await server.queue.ask(
                context.client.id, Summarize(result.day), specs, priority, self.job.step
            )
            n = len(draws)
            sides = tuple(
                ComparedSide(letter, each, SideDraws.of(runs[i * n : (i + 1) * n]))
                for i, (letter, each) in enumerate(scenarios.items())
            )
            self._computed = key, sides
            if not context.client.is_deleted:
                with context.client:
                    self.show(self._model)

        self.job.start(context.session.say(_("Comparing…")), len(specs), work)


def side_by_side(model: ViewModel, sides: Sequence[ComparedSide]) -> Iterator[Markup]:
    """Targets, places and numbers of persons; then what differs in the inputs."""
    names = [tag("li", tag("strong", side.letter), " ", side.title(model)) for side in sides]
    yield tag("section", tag("p", tag("strong", basis(model))), tag("ul", *names), cls="card")
    yield target_table(model, sides)
    yield rate_table(model, sides)
    yield tag("h2", model.say(_("Persons: A less the others")))
    for name in NUMBERS:
        yield number_table(model, sides, name)
    yield tag("section", *input_differences(model, sides), cls="card below")
    yield tag("section", listed(notes(model, sides), "remarks"), cls="card below")


def basis(model: ViewModel) -> str:
    """Day, scale and draws of the tables."""
    result = model.result
    n = result.draws
    runs = _("{n} draws", n=n) if n else _("one central run")
    return model.say(
        _(
            "{day}; the same runs as the overview: scale {scale:g}, {runs}",
            day=model.day,
            scale=result.scale,
            runs=runs,
        )
    )


def target_table(model: ViewModel, sides: Sequence[ComparedSide]) -> Markup:
    """Each target at its deadline: the expected rate of each side, and the chance to meet it."""
    result, say = model.result, model.say
    region, dates = result.outcome.region, result.outcome.dates
    headers = [say(_("Target")), say(_("Deadline"))]
    for side in sides:
        headers += [say(_("{letter} (%)", letter=side.letter)),
                    say(_("P({letter} met)", letter=side.letter))]  # fmt: skip
        if side.letter != "A":
            headers.append(say(_("A − {letter} (pp)", letter=side.letter)))
    rows = []
    for target in region.targets:
        if not target.due(dates[0], dates[-1]):
            continue
        g = group_of(target, region, result.groups)
        wanted = label("qualifiers", target.operator, model.lang)
        place = result.groups[g].text(model.lang)
        row = [f"{place} {wanted} {target.value:g}%", str(target.deadline)]
        a = result.median(sides[0].draws, target.deadline)
        for side in sides:
            if not result.comparable(side.draws, target.deadline):
                row += ["–"] * (2 if side.letter == "A" else 3)
                continue
            rates = result.rates(side.draws, target.deadline)
            median = np.median(rates, axis=0)
            (met,) = probability(rates[:, [g]], np.array([floor(target)]))
            row += [f"{median[g]:.1f}", percent(met) if len(rates) > 1 else "–"]
            if side.letter != "A":
                row.append("–" if a is None else f"{level_difference(a, median)[g]:+.2f}")
        rows.append(row)
    if not rows:
        return Markup("")
    caption = say(_("Targets at their deadlines: expected rate and P(met)"))  # fmt: skip
    return tag("section", table(headers, rows, caption=caption, numbers_from=2), cls="tabled below")


def rate_table(model: ViewModel, sides: Sequence[ComparedSide]) -> Markup:
    """The expected rate of every place on the chosen day, and A less each other side."""
    result, say, day = model.result, model.say, model.day
    headers = [say(_("Place"))]
    for side in sides:
        headers.append(say(_("{letter} (%)", letter=side.letter)))
        if side.letter != "A":
            headers += [say(_("A − {letter} (pp)", letter=side.letter)),
                        interval_title(model)]  # fmt: skip
    rows = [[group.text(model.lang)] for group in result.groups]
    a = result.median(sides[0].draws, day)
    for side in sides:
        rates = result.median(side.draws, day)
        difference = None if a is None or rates is None else level_difference(a, rates)
        interval = result.interval(sides[0].draws, side.draws, PUBLISHED, day)
        for g, row in enumerate(rows):
            row.append("–" if rates is None else f"{rates[g]:.1f}")
            if side.letter != "A":
                row += signed(model, difference, interval, g)
    caption = say(_("Expected resident urbanization rate, {day}", day=day))
    return tag("section", table(headers, rows, caption=caption), cls="tabled")


def number_table(model: ViewModel, sides: Sequence[ComparedSide], indicator: str) -> Markup:
    """A less each other side, in persons or jobs, for every place."""
    result, day = model.result, model.day
    a = sides[0].draws
    headers = [model.say(_("Place"))]
    rows = [[group.text(model.lang)] for group in result.groups]
    for side in sides[1:]:
        headers += [f"A − {side.letter}", interval_title(model)]
        if not result.comparable(side.draws, day):
            for row in rows:
                row += ["–", "–"]
            continue
        mean = (a.at(indicator, day) - side.draws.at(indicator, day)).mean(axis=0)
        interval = result.interval(a, side.draws, indicator, day)
        for g, row in enumerate(rows):
            ends = [model.persons(float(end[g])) for end in interval or ()]
            row += [model.persons(float(mean[g])), " … ".join(ends) or "–"]
    about = INDICATORS[indicator]
    unit = label("units", about.unit, model.lang)
    name = model.say(Words(about.zh, indicator.replace("_", " ")))
    return tag("section", table(headers, rows, caption=f"{name} ({unit}), {day}"), cls="tabled")


def input_differences(model: ViewModel, sides: Sequence[ComparedSide]) -> Iterator[Markup]:
    """What A does differently from each other side, folded."""
    for side in sides[1:]:
        lines = [
            line.replace("->", "→") for line in diff(side.scenario, sides[0].scenario, model.lang)
        ]
        count = len(lines)
        title = model.say(
            _(
                "What A does differently from {letter}: {count} ({letter} → A)",
                letter=side.letter,
                count=count,
            )
        )
        none = model.say(_("nothing", "difference"))
        yield tag("details", tag("summary", title), listed(lines or [none], "remarks"))


def notes(model: ViewModel, sides: Sequence[ComparedSide]) -> list[str]:
    """Notes below the tables."""
    result, say = model.result, model.say
    lines = [say(
        _("Rates are those of the overview, and A less another is the "
    "difference of the two levels; all sides meet the same draws and the "
    "same random numbers."))]  # fmt: skip
    if not result.draws:
        lines.append(say(_("Without draws there is no interval.")))
    apart = [side.letter for side in sides if not result.comparable(side.draws, model.day)]
    if apart:
        lines.append(
            say(_("{apart}: another start than A, so no difference is given.", apart=listed(apart)))
        )
    return lines
