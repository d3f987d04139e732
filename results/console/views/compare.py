"""Two to four scenarios side by side: what comes of each, and what differs in them.

A and B are those of the result that is shown; further scenarios run in the same draws at the same
scale, so this view and the overview give the same numbers. Differences are A less the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from markupsafe import Markup

from xiancheng.calibration.i18n import Words, _, listed
from xiancheng.results.console import charts
from xiancheng.results.console.edits import ScenarioEdit
from xiancheng.results.console.jobs import Priority
from xiancheng.results.console.library import chosen, scenario_choices
from xiancheng.results.console.result import ABResult, SideDraws, level_difference
from xiancheng.results.console.tab import Computation, Tab
from xiancheng.results.console.view_model import PERSONS, ViewModel
from xiancheng.results.console.views.overview import (
    COUNTY_CLICKED,
    county_map,
    headline_group,
    paired,
    rate_scale,
)
from xiancheng.results.console.widgets import area, bulleted, element, select, tag, text, write
from xiancheng.results.tables import labels, verdicts
from xiancheng.results.tables.labels import label, percent
from xiancheng.results.tables.table import Cell, Column, Table
from xiancheng.results.verdict.verdict import probability
from xiancheng.scenarios.diff import called, diff
from xiancheng.scenarios.ensemble import Summarize
from xiancheng.scenarios.outcome import PUBLISHED, floor, group_of
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.scenarios.trunk import simulate_together
from xiancheng.sim.indicators import INDICATORS

NONE = "none"
NUMBERS = (*PERSONS, "jobs_filled")


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

    def __init__(self, tab: Tab) -> None:
        self._tab, say = tab, tab.say
        self._more: dict[str, ScenarioEdit] = {}
        self._under_way: object = None  # key of what is computed
        self._computed: tuple[object, tuple[ComparedSide, ...]] | None = None
        choices = scenario_choices(tab.session, tab.server.library, tab.server.region)
        with element("div", "sides"):
            for letter in ("C", "D"):
                title = say(_("Another scenario {letter}", letter=letter))
                none = {"": {NONE: say(_("(none)"))}}
                with element("label"):
                    text(title)
                    select(title, none | choices, NONE, partial(self._picked, letter))
        self.job = Computation(tab, _("progress"), _("Cancel"))
        self._area = area().on(
            "click", lambda e: tab.pick_place(str(e.args)), js_handler=COUNTY_CLICKED
        )

    def show(self, model: ViewModel) -> None:
        """Write A and B at once, and the others when they are computed."""
        self._model, result = model, model.result
        if result.pending:
            self.job.cancel()
            self._under_way = None
            write(self._area, tag("p", model.say(_("Draws under way…")), cls="card"))
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
                session, server = self._tab.session, self._tab.server
                self._more[letter] = chosen(key, session, server.library, server.name)
            self.show(self._model)

        self._tab.guarded(pick)

    def _compute(self, result: ABResult, key: object) -> None:
        tab, server, last = self._tab, self._tab.server, result.outcome.scenario.until
        scenarios = {letter: edit.scenario for letter, edit in sorted(self._more.items())}
        base = result.outcome.spec
        draws = result.design or [base]
        specs = [
            base.running(replace(each, until=max(each.until, last)))
            .vary(scale=draw.scale)
            .under(draw)
            for each in scenarios.values()
            for draw in draws
        ]

        async def work() -> None:
            self.job.begin(_("Comparing…"), len(specs))
            priority: Priority = "quick" if result.preliminary else "full"
            run = partial(simulate_together, states=server.states)
            runs = await server.queue.ask(
                tab.client.id, Summarize(result.day, run=run), specs, priority, self.job.step
            )
            n = len(draws)
            sides = tuple(
                ComparedSide(letter, each, SideDraws.of(runs[i * n : (i + 1) * n]))
                for i, (letter, each) in enumerate(scenarios.items())
            )
            self._computed = key, sides
            if not tab.client.is_deleted:
                with tab.client:
                    self.show(self._model)

        self.job.start(work)


def side_by_side(model: ViewModel, sides: Sequence[ComparedSide]) -> Iterator[Markup]:
    """Targets, places and numbers of persons; then what differs in the inputs."""
    result, n = model.result, model.result.draws
    runs = _("{n} draws", n=n) if n else _("one central run")
    scale = result.both.draw_scale or result.scale
    basis = _("{day}; the same runs as the overview: scale {scale:g}, {runs}",
              day=model.day, scale=scale, runs=runs).text(model.lang)  # fmt: skip
    names = [tag("li", tag("strong", side.letter), " ", side.title(model)) for side in sides]
    answers = [tag("p", answer(model, sides[0], side), cls="lead") for side in sides[1:]]
    answers += [tag("p", line) for side in sides[1:] if (line := winners(model, sides[0], side))]
    yield tag("section", *answers, tag("p", basis, cls="note"), tag("ul", *names),
              *input_differences(model, sides), cls="card answer")  # fmt: skip
    yield tag("section", *maps(model, sides), cls="card below maps several")
    if (targets := target_table(model, sides)).rows:
        yield model.table(targets)
    yield model.table(rate_table(model, sides))
    persons = (model.table(number_table(model, sides, name)) for name in NUMBERS)
    title = model.say(_("Persons: A less the others"))
    yield tag("details", tag("summary", title), *persons, cls="card below")
    yield tag("section", bulleted(notes(model, sides)), cls="card below")


def answer(model: ViewModel, a: ComparedSide, other: ComparedSide) -> str:
    """The difference of A and another side at the place of the headline, in a sentence."""
    result, day, letter = model.result, model.day, other.letter
    group = headline_group(model)
    g, place = result.groups.index(group), group.text(model.lang)
    ours, theirs = (result.median(side.draws, day) for side in (a, other))
    if ours is None or theirs is None:
        return model.say(_("{letter} cannot be compared on {day}.", letter=letter, day=day))
    difference = float(level_difference(ours, theirs)[g])
    interval, band = result.interval(a.draws, other.draws, PUBLISHED, day), ""
    if interval is not None:
        low, high = (float(end[g]) for end in interval)
        band = f" {verdicts.band(low, high, model.lang)}"
    return model.say(_(
        "{place}, {day}: A {ours}%, {letter} {theirs}%; A is {difference} points from "
        "{letter}{band}.",
        place=place, day=day, ours=f"{ours[g]:.1f}", theirs=f"{theirs[g]:.1f}", letter=letter,
        difference=f"{difference:+.2f}", band=band,
    ))  # fmt: skip


def winners(model: ViewModel, a: ComparedSide, other: ComparedSide) -> str:
    """Which counties have a higher or a lower rate in A, with their part of all residents.

    A county counts where the interval of the paired differences leaves 0 out; empty without draws.
    """
    result, day, letter = model.result, model.day, other.letter
    interval = result.interval(a.draws, other.draws, PUBLISHED, day)
    if interval is None:
        return ""
    counties = result.groups[: len(result.outcome.region.counties)]
    low, high = interval[:, : len(counties)]
    residents = a.draws.at("residents", day).mean(axis=0)[: len(counties)]
    parts = []
    for name, where in (
        (_("higher in A"), low > 0), (_("lower in A"), high < 0),
        (_("cannot be told"), (low <= 0) & (high >= 0)),
    ):  # fmt: skip
        places = [
            county.text(model.lang) for county, own in zip(counties, where, strict=True) if own
        ]
        if places:
            share = f"{residents[where].sum() / residents.sum():.0%}"
            parts.append(model.say(_(
                "{name}: {places} ({share} of the residents)", name=name, share=share,
                places=labels.enumeration(places, model.lang),
            )))  # fmt: skip
    return model.say(_("Counties, A against {letter}: {parts}.", letter=letter,
                       parts=model.say(_("; ")).join(parts)))  # fmt: skip


def maps(model: ViewModel, sides: Sequence[ComparedSide]) -> Iterator[Markup]:
    """The rates of each side in the same colours, then A less each other side."""
    result, day, n = model.result, model.day, len(model.result.outcome.region.counties)
    rates = {side.letter: result.median(side.draws, day) for side in sides}
    known = {letter: values for letter, values in rates.items() if values is not None}
    for letter, values in known.items():
        title = model.say(_("{letter}: expected rate, {day} (%)", letter=letter, day=day))
        yield county_map(model, title, values[:n].tolist(), rate_scale(model), "{:.1f}")
    for letter in [*known][1:]:  # A, which is always known, is the first
        title = model.say(_("A − {letter} (pp)", letter=letter))
        values = level_difference(known["A"], known[letter])[:n].tolist()
        yield county_map(model, title, values, charts.DIFFERENCES, "{:+.2f}")


def _columns(
    model: ViewModel, first: str, sides: Sequence[ComparedSide], *keys: str
) -> tuple[Column, ...]:
    """The columns of a kind of table, and some of each side; A has no difference from itself."""
    found = [*labels.columns(first, model.lang).values()]
    for side in sides:
        own = labels.columns("page_sides", model.lang, letter=side.letter, spread=model.spread)
        own["number"] = replace(own["number"], digits=model.whole)
        found += [own[key] for key in keys if side.letter != "A" or key in ("rate", "chance")]
    return tuple(found)


def target_table(model: ViewModel, sides: Sequence[ComparedSide]) -> Table:
    """Each target at its deadline: the expected rate of each side, and the chance to meet it."""
    result, region, rows = model.result, model.result.outcome.region, list[tuple[Cell, ...]]()
    for target in region.targets:
        day, g = target.deadline, group_of(target, region, result.groups)
        if not target.due(result.outcome.dates[0], result.outcome.dates[-1]):
            continue
        wanted = label("qualifiers", target.operator, model.lang)
        place = result.groups[g].text(model.lang)
        row: list[Cell] = [f"{place} {wanted} {target.value:g}%", str(day)]
        a = result.median(sides[0].draws, day)
        for side in sides:
            if not result.comparable(side.draws, day):
                row += [None] * (2 if side.letter == "A" else 3)
                continue
            rates = result.rates(side.draws, day)
            median = np.median(rates, axis=0)
            (met,) = probability(rates[:, [g]], np.array([floor(target)]))
            row += [median[g], percent(met) if len(rates) > 1 else None]
            if side.letter != "A":
                row.append(None if a is None else level_difference(a, median)[g])
        rows.append(tuple(row))
    title = model.say(_("Targets at their deadlines: expected rate and P(met)"))
    columns = _columns(model, "page_targets", sides, "rate", "chance", "difference")
    return Table("targets", title, columns, tuple(rows))


def rate_table(model: ViewModel, sides: Sequence[ComparedSide]) -> Table:
    """The expected rate of every place on the chosen day, and A less each other side."""
    result, day = model.result, model.day
    rows: list[list[Cell]] = [[group.text(model.lang)] for group in result.groups]
    a = result.median(sides[0].draws, day)
    for side in sides:
        rates = result.median(side.draws, day)
        difference = None if a is None or rates is None else level_difference(a, rates)
        interval = result.interval(sides[0].draws, side.draws, PUBLISHED, day)
        for g, row in enumerate(rows):
            row.append(None if rates is None else rates[g])
            if side.letter != "A":
                row += paired(model, difference, interval, g)
    columns = _columns(model, "page_sides_places", sides, "rate", "difference", "interval")
    title = model.say(_("Expected resident urbanization rate, {day}", day=day))
    return Table("rates", title, columns, tuple(map(tuple, rows)))


def number_table(model: ViewModel, sides: Sequence[ComparedSide], indicator: str) -> Table:
    """A less each other side, in persons or jobs, for every place."""
    result, day, a = model.result, model.day, sides[0].draws
    columns = _columns(model, "page_sides_places", sides, "number", "interval")
    rows: list[list[Cell]] = [[group.text(model.lang)] for group in result.groups]
    for side in sides[1:]:
        comparable = result.comparable(side.draws, day)
        interval = result.interval(a, side.draws, indicator, day)
        for g, row in enumerate(rows):
            if not comparable:
                row += [None, None]
                continue
            mean = (a.at(indicator, day) - side.draws.at(indicator, day)).mean(axis=0)
            ends = " … ".join(
                columns[1].text(float(end[g])) for end in (() if interval is None else interval)
            )
            row += [mean[g], f"({ends})" if ends else None]
    unit = label("units", INDICATORS[indicator].unit, model.lang)
    name = model.say(Words(INDICATORS[indicator].zh, indicator.replace("_", " ")))
    return Table(indicator, f"{name} ({unit}), {day}", columns, tuple(map(tuple, rows)))


def input_differences(model: ViewModel, sides: Sequence[ComparedSide]) -> Iterator[Markup]:
    """What A does differently from each other side, folded."""
    for side in sides[1:]:
        lines = [
            line.replace("->", "→") for line in diff(side.scenario, sides[0].scenario, model.lang)
        ]
        title = _("What A does differently from {letter}: {count} ({letter} → A)",
                  letter=side.letter, count=len(lines)).text(model.lang)  # fmt: skip
        none = model.say(_("nothing", "difference"))
        yield tag("details", tag("summary", title), bulleted(lines or [none]))


def notes(model: ViewModel, sides: Sequence[ComparedSide]) -> Iterator[str]:
    """Notes below the tables."""
    yield model.say(_(
        "Rates are those of the overview, and A less another is the difference of the two levels; "
        "all sides meet the same draws and the same random numbers."
    ))  # fmt: skip
    if not model.result.draws:
        yield model.say(_("Without draws there is no interval."))
    apart = [s.letter for s in sides if not model.result.comparable(s.draws, model.day)]
    if apart:
        yield model.say(_("{apart}: another start than A, so no difference is given.",
                          apart=listed(apart)))  # fmt: skip
