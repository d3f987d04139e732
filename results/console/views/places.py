"""Places: the map of A, the map of A less B, and the table of every place."""

from datetime import date

from xiancheng.calibration.i18n import _
from xiancheng.results.console import maps
from xiancheng.results.console.answer import ENOUGH, Answer
from xiancheng.results.console.markup import Markup, joined, table, tag
from xiancheng.results.console.shown import Shown
from xiancheng.sim.state import Floats

CLEAR = 0.005  # points: less is shown as nothing


def mapped(shown: Shown) -> Markup:
    """The map of A and the map of A less B; bars where the region has no outlines."""
    answer, say, day = shown.answer, shown.say, shown.day
    region, n = answer.outcome.region, len(answer.outcome.region.counties)
    found = answer.places(day)
    codes = [county.code for county in region.counties]
    title = say(_("A: expected rate, {day} (%)", day=day))
    rate = found.a[:n].tolist()
    scale = shown.session.scales.setdefault("levels", maps.levels(rate))
    chosen = str(shown.group.code)
    names = [shown.place(g) for g in answer.groups[:n]]
    outlined = bool(region.outlines())

    def picture(values: list[float], colours: maps.Scale, heading: str, digits: int) -> Markup:
        if not outlined:
            return _bars(heading, names, values, digits=digits)
        by_code = dict(zip(codes, values, strict=True))
        return maps.drawn(
            region, by_code, colours, title=heading, lang=shown.lang, digits=digits,
            signed=digits == SIGNED, chosen=chosen,
        )  # fmt: skip

    parts = [picture(rate, scale, title, 1)]
    if (less_b := difference(answer, day)) is not None:
        heading = say(_("A − B (pp), B = {b_title}", b_title=shown.b_title))
        parts.append(picture(less_b[:n].tolist(), maps.APART, heading, SIGNED))
    else:
        parts.append(tag("p", why_not(shown), cls="note"))
    return joined(parts)


SIGNED = 2  # digits of differences, which are shown with their sign


def _bars(title: str, names: list[str], values: list[float], *, digits: int) -> Markup:
    """Bars for counties that cannot be mapped."""
    most = max(map(abs, values)) or 1.0
    form = f"{{:+.{digits}f}}" if digits == SIGNED else f"{{:.{digits}f}}"
    rows = [
        tag("li", tag("span", name), tag("i", tag("b", style=f"width:{100 * abs(v) / most:.0f}%"),
            cls="bar"), tag("span", form.format(v), cls="percent"))
        for name, v in zip(names, values, strict=True)
    ]  # fmt: skip
    return tag("figure", tag("figcaption", title), tag("ul", *rows, cls="bars"), cls="mapped")


def difference(answer: Answer, day: date) -> Floats | None:
    """A less B on a day, (group,) [points]; None where there is none to show."""
    if answer.same or answer.pending:
        return None
    return answer.places(day).less_b


def why_not(shown: Shown) -> str:
    """Why no difference of A and B is shown."""
    answer, say = shown.answer, shown.say
    if answer.same:
        return say(_("B does what A does: there is no difference."))
    if not answer.comparable(shown.day):
        return say(_("B sets out from another census, so its level cannot be held "
        "against A's."))  # fmt: skip
    return say(_("A − B: draws under way…"))


def by_county(shown: Shown) -> Markup:
    """Every place on the day looked at: A, its baseline, B, and how sure their differences are."""
    answer, say, day = shown.answer, shown.say, shown.day
    found, has_plan = answer.places(day), not answer.carries_nothing_out
    begun = answer.outcome.at("published_resident_urbanization_rate", answer.outcome.dates[0])
    with_b = not (answer.same or answer.against_baseline)
    urban, residents = (answer.added(name, day) for name in ("urban_residents", "residents"))
    rows = []
    for i, g in enumerate(answer.groups):
        row: list[object] = [shown.place(g), f"{begun[i]:.2f}"]
        if has_plan:
            row.append(f"{found.without[i]:.1f}")
        row.append(f"{found.a[i]:.1f}")
        if has_plan:
            row += signed(shown, found.effect, found.effect_interval, i)
        if with_b and found.b is not None:
            row += [f"{found.b[i]:.1f}", *signed(shown, found.less_b, found.less_b_interval, i)]
        elif with_b:
            row += ["–", "–", "–"]
        if has_plan:
            row += ["–", "–"] if answer.pending else [
                shown.persons(urban[i]), shown.persons(residents[i])]  # fmt: skip
        rows.append(row)
    spread = interval_title(shown)
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
    b = "" if answer.same else say(_("; B: {b_title}", b_title=shown.b_title))
    caption = say(
        _(
            "Expected resident urbanization rate, {day} (A: {a_title}{b})",
            day=day,
            a_title=shown.a_title,
            b=b,
        )
    )
    return tag(
        "section", table(headers, rows, caption=caption),
        tag("p", " ".join(notes(shown)), cls="note"), cls="card",
    )  # fmt: skip


def notes(shown: Shown) -> list[str]:
    """What has to be said of the table of places."""
    answer, say = shown.answer, shown.say
    if not answer.draws:
        return [say(_("One run at the central parameters: no interval."))]
    if answer.same and answer.carries_nothing_out:
        return [say(_("Levels are medians."))]
    levels = say(_("Levels are medians"))
    if not (answer.same or answer.against_baseline):
        levels += say(_(" and A − B is the difference of the two"))
    said = [levels + say(
        _("; an interval is that of paired differences over {draws} draws, and "
    "'unclear' where it holds 0.", draws=answer.draws))]  # fmt: skip
    if not answer.same and not answer.comparable(shown.day):
        said.append(why_not(shown))
    return said


def interval_title(shown: Shown) -> str:
    """What the ends beside a difference are."""
    draws = shown.answer.draws
    if draws >= ENOUGH or not draws:
        return shown.say(_("90%"))
    return shown.say(_("range of {draws} draws", draws=draws))


def signed(
    shown: Shown, values: Floats | None, ends: tuple[Floats, Floats] | None, place: int
) -> list[str]:
    """A difference and its interval, or that its sign is not known."""
    if values is None or shown.answer.pending:
        return ["–", "–"]
    value = f"{values[place]:+.2f}"
    if ends is None:
        return [value, "–"]
    low, high = (float(end[place]) for end in ends)
    text = f"{low:+.2f} … {high:+.2f}"
    moved = max(abs(low), abs(high)) >= CLEAR
    if moved and low <= 0 <= high:
        text += shown.say(_(" unclear"))
    return [value, text]
