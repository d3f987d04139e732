"""The first screen: figures, verdicts, maps, the rate over time and the table of places."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from math import isfinite

from markupsafe import Markup

from xiancheng.calibration.i18n import Words, _, listed
from xiancheng.calibration.naming import place_names
from xiancheng.results.console import charts
from xiancheng.results.console.downloads import ChartFrame
from xiancheng.results.console.tab import Tab
from xiancheng.results.console.view_model import PERSONS, ViewModel
from xiancheng.results.console.widgets import area, bulleted, element, select, tag, text, write
from xiancheng.results.tables import counties, labels, verdicts
from xiancheng.results.tables.labels import percent
from xiancheng.results.tables.table import Cell, Column
from xiancheng.scenarios.outcome import PUBLISHED, Group
from xiancheng.sim.state import Floats

OPEN_NOTES = 4  # the others are folded
SECOND_MAPS = {"difference": _("A less B"), "gap": _("gap to the target")}
COUNTY_CLICKED = """(e) => {
  const at = e.target.closest('[data-county]');
  if (at) emit(at.getAttribute('data-county'));
}"""


class Overview:
    """The parts of the first screen, replaced with each result."""

    def __init__(self, tab: Tab) -> None:
        self._figures = area(cls="figures")
        self._verdicts = area(cls="verdicts")
        with element("div", "pictures"):
            with element("section", "card"):
                self._maps = area(cls="maps").on(
                    "click", lambda e: tab.pick_place(str(e.args)), js_handler=COUNTY_CLICKED
                )
                self._build_map_controls(tab)
            with element("section", "card fan"):
                self._fan = ChartFrame()
        self._below = area(cls="below")

    def _build_map_controls(self, tab: Tab) -> None:
        """What the second map shows, and the size of both."""

        def picked(key: str) -> None:
            tab.session.second_map = key
            write(self._maps, *maps(self._model))

        with element("div", "map-controls"):
            title = tab.say(_("Second map"))
            with element("label"):
                text(title)
                choices = {key: tab.say(name) for key, name in SECOND_MAPS.items()}
                select(title, {"": choices}, tab.session.second_map, picked)
            with element("button", "button small", type="button", data_enlarge=True):
                text(tab.say(_("larger / smaller")))

    def show(self, model: ViewModel) -> None:
        """Write everything."""
        self._model = model
        write(self._figures, *figures(model))
        write(self._verdicts, verdict_table(model), news(model))
        write(self._maps, *maps(model))
        chart = counties.path_chart(model.result.subject, model.group, model.lang)
        options = charts.fan(
            chart, model.lang, plan=model.result.has_plan, previous=previous_path(model)
        )
        past = [m for m in chart.markers if m.day < model.result.outcome.dates[0]]
        heading = model.say(_("; ")).join(  # what was counted before the line begins
            [Column("", chart.title, "%").header, *(f"{m.label} {m.value:.1f}" for m in past)]
        )
        self._fan.show(options, chart.description, model.lang, heading)
        write(self._below, place_table(model), notes(model))


def previous_path(model: ViewModel) -> list[tuple[date, float]]:
    """The rate of the chosen place before the last change of A, if that was of the same groups."""
    before = model.session.previous
    if before is None or before.digest == model.result.digest:
        return []
    if before.groups != model.result.groups:
        return []
    table = counties.path(before.subject, model.group, model.lang)
    days, rates = table.column("date"), table.column("with")
    return [(day, rate) for day, rate in zip(days, rates, strict=True)]  # type: ignore[misc]


# Headline figures and verdicts


def headline_group(model: ViewModel) -> Group:
    """The place of the headline figures: that of the first target of the day, or all together."""
    judged = model.result.subject.verdicts
    groups = {group.code: group for group in model.result.groups}
    if not judged.empty:
        due = judged[judged["deadline"] == model.day]
        return groups[int((due if len(due) else judged).iloc[0]["unit_code"])]
    together = (group for group in model.result.groups if len(group.counties) > 1)
    return next(together, model.result.groups[0])


def figures(model: ViewModel) -> Iterator[Markup]:
    """The headline figures, all of one place and one day."""
    result, say, day = model.result, model.say, model.day
    group = headline_group(model)
    g, rates, place = result.groups.index(group), result.places(day), group.text(model.lang)
    where, interval = say(_("{place}, {day}", place=place, day=day)), ""
    if rates.a_interval is not None:
        low, high = (float(end[g]) for end in rates.a_interval)
        interval = say(_("90% {low:.1f}–{high:.1f}%, ", low=low, high=high))
    expected = say(_("Expected rate, {place}", place=place))
    yield _figure(expected, f"{rates.a[g]:.1f}%", f"{interval}{day}")
    yield from _joint_chances(model)
    if not result.has_plan:
        return
    without, urban = f"{rates.baseline[g]:.1f}%", result.added("urban_residents", day)[g]
    effect = _("{effect} pp", effect=f"{rates.effect[g]:+.2f}")
    added = _("{urban:+,.0f} thousand", urban=Words(urban / 1e4, urban / 1e3))
    for title, value, note in (
        (_("Effect of the plan against the baseline"), effect,
         where + say(_("; without the plan {without}", without=without))),
        (_("Urban residents that the plan adds"), added, where),
    ):  # fmt: skip
        yield _figure(say(title), "–" if result.pending else say(value), note)


def _figure(title: str, value: str, note: str) -> Markup:
    return tag(
        "div", tag("p", title, cls="title"), tag("p", value, cls="big"),
        tag("p", note, cls="note"), cls="card figure",
    )  # fmt: skip


def _joint_chances(model: ViewModel) -> Iterator[Markup]:
    """For each deadline the chance that all of its targets are met at once."""
    say, subject = model.say, model.result.subject
    if not model.result.outcome.region.targets:
        return
    if not subject.known:
        title = say(_("P(all targets met at once)"))
        yield _figure(title, "–", say(_("no record, or no target due")))
        return
    for day, count, baseline, chance in verdicts.joint_probabilities(subject.verdicts):
        title = say(_("P(all {count} targets met by {day})", count=count, day=day))
        before = say(_("without the plan {before}", before=percent(baseline)))
        yield _figure(title, percent(chance), before if model.result.has_plan else "")


def verdict_table(model: ViewModel) -> Markup:
    """Each target with its deadline, its chance, and what the plan adds."""
    result, say, targets = model.result, model.say, model.result.outcome.region.targets
    if result.subject.verdicts.empty:
        early, none = _("The run ends before any deadline."), _("The region has no target.")
        return tag("p", say(early if targets else none), cls="card")
    table = verdicts.page(result.subject, model.lang, plan=result.has_plan, pending=result.pending)
    if later := [t.deadline for t in targets if t.deadline > result.outcome.dates[-1]]:
        days = listed(sorted(set(map(str, later))))
        more = _("{n} more targets ({days}) fall due after the end of the scenario and are not "
                 "judged.", n=len(later), days=days)  # fmt: skip
        table = replace(table, notes=(*table.notes, say(more)))
    return model.table(table, _with_bars)


def news(model: ViewModel) -> Markup:
    """What the figures that the visitor brought changed; nothing where none were."""
    table = verdicts.news(model.result.subject, model.lang)
    return Markup("") if table is None else model.table(table)


def _with_bars(column: Column, cell: Cell) -> str | None:
    """Likelihood as a badge, and its chance as a bar."""
    if column.key == "in_words":
        return tag("span", cell, cls=f"verdict {_styles().get(str(cell), 'open')}")
    if column.key == "probability" and isinstance(cell, float):
        bar = tag("i", tag("b", style=f"width:{cell:.0f}%"), cls="bar", aria_hidden="true")
        return tag("span", bar, tag("span", percent(cell / 100), cls="percent"), cls="chance")
    return None


def _styles() -> dict[str, str]:
    """The style of what is nearly certain, by its word in either language."""
    styles = {"very likely": "met", "very unlikely": "missed"}
    return {labels.label("chances", name, lang): style
            for name, style in styles.items() for lang in ("zh", "en")}  # fmt: skip


# Maps


def maps(model: ViewModel) -> Iterator[Markup]:
    """The map of A, and that of A less B or of A less the targets; bars without outlines."""
    result, say, day = model.result, model.say, model.day
    rates = result.places(day).a[: len(result.outcome.region.counties)].tolist()
    scale = rate_scale(model)
    title = say(_("{letter}: expected rate, {day} (%)", letter="A", day=day))
    yield county_map(model, title, rates, scale, "{:.1f}", added_projects(model))
    if model.session.second_map == "gap":
        title = say(_("A less the target of the county, {day} (pp)", day=day))
        yield county_map(model, title, gaps(model, rates), charts.GAPS, "{:+.1f}")
        return
    difference = shown_difference(model)
    if difference is None:
        yield tag("p", why_no_difference(model), cls="note")
    else:
        title = say(_("A − B (pp), B = {b_title}", b_title=model.b_title))
        yield county_map(
            model, title, difference[: len(rates)].tolist(), charts.DIFFERENCES, "{:+.2f}"
        )


def rate_scale(model: ViewModel) -> charts.ColorScale:
    """The colours of rates, those of the first result of a session."""
    rates = model.result.places(model.day).a[: len(model.result.outcome.region.counties)]
    model.session.map_scale = model.session.map_scale or charts.rate_scale(rates.tolist())
    return model.session.map_scale


def gaps(model: ViewModel, rates: Sequence[float]) -> list[float]:
    """How far each county is above its own target due next, (county,) [points]; NaN without one."""
    region = model.result.outcome.region
    wanted: dict[str, float] = {}
    for target in sorted(region.targets, key=lambda t: (t.deadline < model.day, t.deadline)):
        if len(target.counties) == 1:
            wanted.setdefault(target.counties[0], target.value)
    return [rate - wanted.get(county.code, float("nan"))
            for county, rate in zip(region.counties, rates, strict=True)]  # fmt: skip


def added_projects(model: ViewModel) -> dict[str, str]:
    """The names of the projects that A adds in single counties, by county code."""
    found: dict[str, list[str]] = {}
    counties = place_names(model.result.outcome.region.counties)
    for name, own in model.result.outcome.scenario.additions.items():
        for county in own.counties or ():
            if (code := counties.get(county)) is not None:
                found.setdefault(code, []).append(name)
    return {code: labels.enumeration(names, model.lang) for code, names in found.items()}


def county_map(
    model: ViewModel, title: str, values: list[float], scale: charts.ColorScale, form: str,
    marks: Mapping[str, str] | None = None,
) -> Markup:  # fmt: skip
    """A map of the counties by value; bars where the region has no outlines."""
    region = model.result.outcome.region
    if region.outlines():
        by_code = dict(zip((c.code for c in region.counties), values, strict=True))
        return charts.county_map(
            region, by_code, scale, title=title, lang=model.lang, form=form,
            chosen=str(model.group.code), marks=marks,
        )  # fmt: skip
    largest = max((abs(value) for value in values if isfinite(value)), default=0) or 1.0
    rows = [
        tag("li", tag("span", county.text(model.lang)),
            tag("i", tag("b", style=f"width:{100 * abs(value) / largest:.0f}%"), cls="bar"),
            tag("span", form.format(value), cls="percent"))
        for county, value in zip(region.counties, values, strict=True) if isfinite(value)
    ]  # fmt: skip
    return tag("figure", tag("figcaption", title), tag("ul", *rows, cls="bars"), cls="mapped")


def shown_difference(model: ViewModel) -> Floats | None:
    """A less B on the chosen day, (group,) [points]; None where there is none to show."""
    if model.result.same or model.result.pending:
        return None
    return model.result.places(model.day).difference


def why_no_difference(model: ViewModel) -> str:
    """Why no difference of A and B is shown."""
    result = model.result
    if result.same:
        why = _("B does what A does: there is no difference.")
    elif not result.comparable(result.sides["b"], model.day):
        why = _("B sets out from another census, so its level cannot be held against A's.")
    else:
        why = _("A − B: draws under way…")
    return model.say(why)


# The table of places


def place_table(model: ViewModel) -> Markup:
    """The rate of every place: A, its effect against the baseline, B, and A less B."""
    result, lang, rates = model.result, model.lang, model.result.places(model.day)
    start = result.outcome.at(PUBLISHED, result.outcome.dates[0])
    added = {name: result.added(name, model.day) for name in PERSONS}
    rows = []
    for i, group in enumerate(result.groups):
        row: dict[str, Cell] = {"place": group.text(lang), "start": start[i], "a": rates.a[i]}
        if result.has_plan:
            effect, interval = paired(model, rates.effect, rates.effect_interval, i)
            row |= {"baseline": rates.baseline[i], "effect": effect, "effect_interval": interval}
            row |= {name: None if result.pending else each[i] for name, each in added.items()}
        if not (result.same or result.against_baseline):
            difference, interval = paired(model, rates.difference, rates.difference_interval, i)
            row |= {"b": None if rates.b is None else rates.b[i], "difference": difference,
                    "difference_interval": interval}  # fmt: skip
        rows.append(row)
    b = "" if result.same else model.say(_("; B: {b_title}", b_title=model.b_title))
    return model.table(model.build("page_places", rows, notes=(place_notes(model),),
                                   day=model.day, a=model.a_title, b=b))  # fmt: skip


def place_notes(model: ViewModel) -> str:
    """The note below the table of places."""
    result, say = model.result, model.say
    if not result.draws:
        return say(_("One run at the central parameters: no interval."))
    if result.same and not result.has_plan:
        return say(_("Levels are medians."))
    note = say(_("Levels are medians"))
    if not (result.same or result.against_baseline):
        note += say(_(" and A − B is the difference of the two"))
    note += say(_("; an interval is that of paired differences over {draws} draws, and 'unclear' "
                  "where it holds 0.", draws=result.draws))  # fmt: skip
    if not result.same and not result.comparable(result.sides["b"], model.day):
        note += f" {why_no_difference(model)}"
    return note


def paired(
    model: ViewModel, values: Floats | None, interval: Floats | None, place: int
) -> tuple[float | None, str | None]:
    """A difference and its interval, or that its sign is not known."""
    if values is None or model.result.pending:
        return None, None
    if interval is None:
        return values[place], None
    return values[place], verdicts.band(interval[0][place], interval[1][place], model.lang)


def notes(model: ViewModel) -> Markup:
    """What must be known wherever a verdict is shown."""
    said = verdicts.notes(model.result.subject, model.lang, marked=False)
    lines = [model.explained(model.plain(line)) for line in said]
    more = model.say(_("{n} more notes", n=len(lines) - OPEN_NOTES))
    folded = tag("details", tag("summary", more), bulleted(lines[OPEN_NOTES:]))
    return tag(
        "section", tag("h2", model.say(_("Read this with the numbers"))),
        bulleted(lines[:OPEN_NOTES]), folded if len(lines) > OPEN_NOTES else "", cls="card below",
    )  # fmt: skip
