"""The first screen: figures, verdicts, maps, the fan chart and the table of places."""

from collections.abc import Iterator

import numpy as np
from markupsafe import Markup
from nicegui import ui

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.console import charts
from xiancheng.results.console.markup import listed, table, tag
from xiancheng.results.console.result import ENOUGH, EXACT, Interval
from xiancheng.results.console.view_model import ViewModel
from xiancheng.results.console.views.context import ViewContext
from xiancheng.results.console.widgets import area, draw, element, write
from xiancheng.results.tables import counties
from xiancheng.results.tables import verdicts as tables
from xiancheng.results.tables.labels import label, likelihood, percent, sentence
from xiancheng.results.verdict.verdict import INTERVAL
from xiancheng.scenarios.outcome import Group
from xiancheng.sim.state import Floats

CLEAR = 0.005  # points: a difference that is shown as 0 has no sign to be unclear about
COMPONENTS = ("trend", "recoding", "conditions", "plan")  # of the change of a rate
COUNTY_CLICKED = """(e) => {
  const at = e.target.closest('[data-county]');
  if (at) emit(at.getAttribute('data-county'));
}"""


class Overview:
    """The parts of the first screen, replaced with each result."""

    def __init__(self, context: ViewContext) -> None:
        self._figures = area(cls="figures")
        self._verdicts = area(cls="verdicts")
        with element("div", "pictures"):
            self._maps = area(cls="maps").on(
                "click", lambda e: context.pick_place(str(e.args)), js_handler=COUNTY_CLICKED
            )
            with element("section", "card fan"):
                self._title = area()
                self._fan = ui.echart({}).classes("chart")
        self._table = area(cls="below")
        self._notes = area(cls="below")

    def show(self, model: ViewModel) -> None:
        """Write everything."""
        title, options, description = fan_chart(model)
        write(self._figures, *figures(model))
        write(self._verdicts, verdict_table(model))
        write(self._maps, *maps(model))
        write(self._title, tag("h2", title))
        draw(self._fan, options, f"{title}。{description}")
        write(self._table, place_table(model))
        write(self._notes, notes(model))


# Headline figures and verdicts


def headline_group(model: ViewModel) -> Group:
    """The place of the headline figures: that of the first target of the day, or all together."""
    verdicts = model.result.subject.verdicts
    groups = {group.code: group for group in model.result.groups}
    if not verdicts.empty:
        due = verdicts[verdicts["deadline"] == model.day]
        return groups[int((due if len(due) else verdicts).iloc[0]["unit_code"])]
    together = (group for group in model.result.groups if len(group.counties) > 1)
    return next(together, model.result.groups[0])


def figures(model: ViewModel) -> Iterator[Markup]:
    """The headline figures, all of one place and one day."""
    result, say, day = model.result, model.say, model.day
    group = headline_group(model)
    g, place = result.groups.index(group), group.text(model.lang)
    rates, where = result.places(day), say(_("{place}, {day}", place=place, day=day))
    interval = ""
    if rates.a_interval is not None:
        low, high = (float(end[g]) for end in rates.a_interval)
        interval = say(_("90% {low:.1f}–{high:.1f}%, ", low=low, high=high))
    expected = say(_("Expected rate, {place}", place=place))
    yield _figure(expected, f"{rates.a[g]:.1f}%", f"{interval}{day}")
    yield from _joint_chances(model)
    if result.has_plan:
        without, effect = f"{rates.baseline[g]:.1f}%", f"{rates.effect[g]:+.2f}"
        yield _figure(
            say(_("Effect of the plan against the baseline")),
            "–" if result.pending else say(_("{effect} pp", effect=effect)),
            where + say(_("; without the plan {without}", without=without)),
        )  # fmt: skip
        urban = result.added("urban_residents", day)[g]
        amount = say(_("{urban:+,.0f} thousand", urban=Words(urban / 1e4, urban / 1e3)))
        yield _figure(
            say(_("Urban residents that the plan adds")),
            "–" if result.pending else amount, where,
        )  # fmt: skip


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
    for day, count, baseline, chance in tables.joint_probabilities(subject.verdicts):
        before = percent(baseline)
        yield _figure(
            say(_("P(all {count} targets met by {day})", count=count, day=day)),
            percent(chance),
            say(_("without the plan {before}", before=before)) if model.result.has_plan else "",
        )


def verdict_table(model: ViewModel) -> Markup:
    """Each target with its deadline, its chance, and what makes up the change."""
    say, result = model.say, model.result
    verdicts, has_plan = result.subject.verdicts, result.has_plan
    if verdicts.empty:
        ends = say(_("The run ends before any deadline."))
        none = say(_("The region has no target."))
        return tag("p", ends if result.outcome.region.targets else none, cls="card")
    titles = {
        "trend": say(_("Trend (pp)")), "recoding": say(_("Recoding (pp)")),
        "conditions": say(_("Conditions (pp)")),
        "plan": say(_("Plan (pp)")),
    }  # fmt: skip
    absent = {"conditions"} if tables.usual_conditions(verdicts) else set()
    absent |= set() if has_plan else {"plan"}
    components = [each for each in COMPONENTS if each not in absent]
    headers = [
        say(_("Target")),
        say(_("Deadline")),
        say(_("In words")),
        say(_("P(met)")),
        *([say(_("Without"))] if has_plan else []),
        say(_("Expected (%)")),
        say(_("90% (%)")),
        say(_("Margin (pp)")),
        *(titles[each] for each in components),
    ]
    rows = []
    names = {t.id: t.name for t in result.outcome.region.targets}
    for row in verdicts.to_dict("records"):
        where = row["county"] if model.lang == "zh" else row["county_en"]
        wanted = label("qualifiers", row["operator"], model.lang)
        title = tag("span", f"{where} {wanted} {row['target_rate']:g}%",
                    title=names[row["target"]].text(model.lang))  # fmt: skip
        chance = row["probability"]
        known = chance == chance
        rows.append([
            title, tag("span", row["deadline"], cls="short"),
            *((_badge(chance, model.lang), _bar(chance)) if known else ("–", "–")),
            *([percent(row["probability_without"]) if known else "–"] if has_plan else []),
            f"{row['expected']:.1f}", f"{row['low']:.1f}–{row['high']:.1f}" if known else "–",
            f"{row['margin_pp']:+.1f}",
            *("–" if result.pending else f"{round(row[f'from_{each}_pp'], EXACT):+.2f}"
              for each in components),
        ])  # fmt: skip
    caption = say(
        _("Chance to meet each target at its deadline, and what makes up the expected change")
    )
    basis = sentence("verdict/basis", model.lang, **tables.basis_of(result.subject))
    lines = [model.plain(basis), *_targets_not_judged(model)]
    separator = "" if model.lang == "zh" else " "
    return tag(
        "section", table(headers, rows, caption=caption, numbers_from=4),
        tag("p", separator.join(lines), cls="note"), cls="card",
    )  # fmt: skip


def _targets_not_judged(model: ViewModel) -> list[str]:
    last = model.result.outcome.dates[-1]
    targets = model.result.outcome.region.targets
    later = [target.deadline for target in targets if target.deadline > last]
    if not later:
        return []
    days = sorted({str(day) for day in later})
    return [model.say(
        _("{n} more targets ({days}) fall due after the end of the scenario "
    "and are not judged.", n=len(later), days=listed(days)))]  # fmt: skip


def _badge(chance: float, lang: str) -> Markup:
    style = "met" if chance >= 0.9 else "missed" if chance < 0.1 else "open"
    return tag("span", label("chances", likelihood(chance), lang), cls=f"verdict {style}")


def _bar(chance: float) -> Markup:
    bar = tag("i", tag("b", style=f"width:{100 * chance:.0f}%"), cls="bar", aria_hidden="true")
    return tag("span", bar, tag("span", percent(chance), cls="percent"), cls="chance")


# Maps


def maps(model: ViewModel) -> Iterator[Markup]:
    """The map of A and the map of A less B; bars where the region has no outlines."""
    result, say, day = model.result, model.say, model.day
    rates = result.places(day).a[: len(result.outcome.region.counties)].tolist()
    scale = model.session.map_scale = model.session.map_scale or charts.rate_scale(rates)
    title = say(_("A: expected rate, {day} (%)", day=day))
    yield _map(model, title, rates, scale, "{:.1f}")
    difference = shown_difference(model)
    if difference is None:
        yield tag("p", why_no_difference(model), cls="note")
    else:
        title = say(_("A − B (pp), B = {b_title}", b_title=model.b_title))
        yield _map(model, title, difference[: len(rates)].tolist(), charts.DIFFERENCES, "{:+.2f}")


def _map(
    model: ViewModel, title: str, values: list[float], scale: charts.ColorScale, form: str
) -> Markup:
    region = model.result.outcome.region
    if region.outlines():
        by_code = dict(zip((c.code for c in region.counties), values, strict=True))
        return charts.county_map(
            region, by_code, scale, title=title, lang=model.lang, form=form,
            chosen=str(model.group.code),
        )  # fmt: skip
    largest = max(map(abs, values)) or 1.0
    rows = [
        tag("li", tag("span", county.text(model.lang)),
            tag("i", tag("b", style=f"width:{100 * abs(value) / largest:.0f}%"), cls="bar"),
            tag("span", form.format(value), cls="percent"))
        for county, value in zip(region.counties, values, strict=True)
    ]  # fmt: skip
    return tag("figure", tag("figcaption", title), tag("ul", *rows, cls="bars"), cls="mapped")


def shown_difference(model: ViewModel) -> Floats | None:
    """A less B on the chosen day, (group,) [points]; None where there is none to show."""
    if model.result.same or model.result.pending:
        return None
    return model.result.places(model.day).difference


def why_no_difference(model: ViewModel) -> str:
    """Why no difference of A and B is shown."""
    result, say = model.result, model.say
    if result.same:
        return say(_("B does what A does: there is no difference."))
    if not result.comparable(result.sides["b"], model.day):
        return say(_("B sets out from another census, so its level cannot be held "
        "against A's."))  # fmt: skip
    return say(_("A − B: draws under way…"))


# The fan chart


def fan_chart(model: ViewModel) -> tuple[str, charts.Options, str]:
    """Title, options and description of the rate of the chosen place over time."""
    result, say, group = model.result, model.say, model.group
    days, place = result.outcome.dates, group.text(model.lang)
    title = say(_("{place}: published urbanization rate (%)", place=place))
    a, baseline = (
        np.array([result.rates(result.sides[side], day, [group])[:, 0] for day in days])
        for side in ("a", "baseline")
    )
    low, plan, high = np.percentile(a, (INTERVAL[0], 50, INTERVAL[1]), axis=1)
    without = np.median(baseline, axis=1)
    lines = {"A": (plan, charts.PLAN)}
    if result.has_plan:
        lines[say(_("A without the plan"))] = (without, charts.WITHOUT)
    words = {
        "title": title,
        "low": say(_("low")),
        "band": say(_("90% interval")),
        "target": say(_("target")),
        "seen": say(_("census")),
    }
    options = charts.fan(
        days, lines, None if result.level is None else (low, high), words,
        targets=[(p.day, p.value) for p in counties.targets(result.subject, group, model.lang)],
        seen=[(p.day, p.value) for p in counties.censuses(result.subject, group, model.lang)
              if p.day >= days[0]],
    )  # fmt: skip
    description = say(
        _(
            "with the plan from {plan:.1f}% to {plan_2:.1f}%, without it {without:.1f}%",
            plan=plan[0],
            plan_2=plan[-1],
            without=without[-1],
        )
    )
    return title, options, description


# The table of places


def place_table(model: ViewModel) -> Markup:
    """Every place on the chosen day: A, its baseline, B, and how sure their differences are."""
    result, say, day = model.result, model.say, model.day
    rates, has_plan = result.places(day), result.has_plan
    start = result.outcome.at("published_resident_urbanization_rate", result.outcome.dates[0])
    with_b = not (result.same or result.against_baseline)
    added = [result.added(name, day) for name in ("urban_residents", "residents")]
    rows = []
    for i, group in enumerate(result.groups):
        row = [group.text(model.lang), f"{start[i]:.2f}"]
        if has_plan:
            row.append(f"{rates.baseline[i]:.1f}")
        row.append(f"{rates.a[i]:.1f}")
        if has_plan:
            row += signed(model, rates.effect, rates.effect_interval, i)
        if with_b:
            row.append("–" if rates.b is None else f"{rates.b[i]:.1f}")
            row += signed(model, rates.difference, rates.difference_interval, i)
        if has_plan:
            row += ["–" if result.pending else model.persons(each[i]) for each in added]
        rows.append(row)
    spread = interval_title(model)
    effect = [say(_("Effect (pp)")), spread]
    headers = [
        say(_("Place")),
        say(_("Start (%)")),
        *([say(_("A without plan (%)"))] if has_plan else []),
        say(_("A (%)")),
        *(effect if has_plan else []),
        *([say(_("B (%)")), say(_("A − B (pp)")), spread] if with_b else []),
        *([say(_("Urban residents added (persons)")),
           say(_("Residents added (persons)"))] if has_plan else []),
    ]  # fmt: skip
    b = "" if result.same else say(_("; B: {b_title}", b_title=model.b_title))
    caption = say(
        _(
            "Expected resident urbanization rate, {day} (A: {a_title}{b})",
            day=day,
            a_title=model.a_title,
            b=b,
        )
    )
    return tag(
        "section", table(headers, rows, caption=caption),
        tag("p", " ".join(place_notes(model)), cls="note"), cls="card",
    )  # fmt: skip


def place_notes(model: ViewModel) -> list[str]:
    """Notes below the table of places."""
    result, say = model.result, model.say
    if not result.draws:
        return [say(_("One run at the central parameters: no interval."))]
    if result.same and not result.has_plan:
        return [say(_("Levels are medians."))]
    levels = say(_("Levels are medians"))
    if not (result.same or result.against_baseline):
        levels += say(_(" and A − B is the difference of the two"))
    lines = [levels + say(
        _("; an interval is that of paired differences over {draws} draws, and "
    "'unclear' where it holds 0.", draws=result.draws))]  # fmt: skip
    if not result.same and not result.comparable(result.sides["b"], model.day):
        lines.append(why_no_difference(model))
    return lines


def interval_title(model: ViewModel) -> str:
    """The header of the intervals of differences."""
    draws = model.result.draws
    if draws >= ENOUGH or not draws:
        return model.say(_("90%"))
    return model.say(_("range of {draws} draws", draws=draws))


def signed(
    model: ViewModel, values: Floats | None, interval: Interval | None, place: int
) -> list[str]:
    """A difference and its interval, or that its sign is not known."""
    if values is None or model.result.pending:
        return ["–", "–"]
    value = f"{values[place]:+.2f}"
    if interval is None:
        return [value, "–"]
    low, high = (float(end[place]) for end in interval)
    text = f"{low:+.2f} … {high:+.2f}"
    if max(abs(low), abs(high)) >= CLEAR and low <= 0 <= high:
        text += model.say(_(" unclear"))
    return [value, text]


def notes(model: ViewModel) -> Markup:
    """What must be known wherever a verdict is shown."""
    lines = tables.notes(model.result.subject, model.lang)
    return tag(
        "section", tag("h2", model.say(_("Read this with the numbers"))),
        listed(map(model.plain, lines), "remarks"), cls="card",
    )  # fmt: skip
