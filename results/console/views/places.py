"""Places: the map of A, the map of A less B, and the table of every place."""

from datetime import date

import numpy as np

from results import judgement
from results.console import maps
from results.console.answer import Answer
from results.console.markup import Markup, joined, table, tag
from results.console.shown import Shown
from scenarios.paired import judged_on
from sim.state import Floats


def mapped(shown: Shown) -> Markup:
    """The map of A and the map of A less B; bars where the region has no outlines."""
    answer, say = shown.answer, shown.say
    region, day = answer.outcome.region, judged_on(answer.outcome.scenario, answer.outcome.region)
    n = len(region.counties)
    rate = judgement.expected(answer.both, day, answer.subject.verdicts)[1][:n]
    beyond_b = against_b(answer, day)[:n]
    codes = [county.code for county in region.counties]
    b = shown.session.b.called(shown.lang)
    titles = (
        say(f"A 的预期城镇化率，{day}（%）", f"A: expected rate, {day} (%)"),
        say(f"A − B（{points(shown)}），B = {b}", f"A − B ({points(shown)}), B = {b}"),
    )
    values = dict(zip(codes, rate.tolist(), strict=True))
    differences = dict(zip(codes, beyond_b.tolist(), strict=True))
    if not region.outlines():
        names = [shown.place(g) for g in answer.groups[:n]]
        return joined([
            _bars(titles[0], names, list(values.values()), signed=False),
            _bars(titles[1], names, list(differences.values()), signed=True),
        ])  # fmt: skip
    chosen = str(shown.group.code)
    return joined([
        maps.drawn(region, values, maps.levels(rate.tolist()), title=titles[0], lang=shown.lang,
                   digits=1, chosen=chosen),
        maps.drawn(region, differences, maps.apart(beyond_b.tolist()), title=titles[1],
                   lang=shown.lang, digits=2, signed=True, chosen=chosen),
    ])  # fmt: skip


def _bars(title: str, names: list[str], values: list[float], *, signed: bool) -> Markup:
    """Bars for counties that cannot be mapped."""
    most = max(map(abs, values)) or 1.0
    rows = [
        tag("li", tag("span", name), tag("i", tag("b", style=f"width:{100 * abs(v) / most:.0f}%"),
            cls="bar"), tag("span", f"{v:+.2f}" if signed else f"{v:.1f}", cls="percent"))
        for name, v in zip(names, values, strict=True)
    ]  # fmt: skip
    return tag("figure", tag("figcaption", title), tag("ul", *rows, cls="bars"), cls="mapped")


def by_county(shown: Shown) -> Markup:
    """Every place on the day of the targets: A, its baseline, B."""
    answer, say = shown.answer, shown.say
    day = judged_on(answer.outcome.scenario, answer.outcome.region)
    base, a = judgement.expected(answer.both, day, answer.subject.verdicts)
    beyond_b, added = against_b(answer, day), effect(answer, day)
    begun = answer.outcome.at("resident_urbanization_rate", answer.outcome.dates[0])
    urban, residents = (
        answer.outcome.at(name, day) - answer.both.baseline.at(name, day)
        for name in ("urban_residents", "residents")
    )
    rows = [
        [
            shown.place(g), f"{begun[i]:.2f}", f"{base[i]:.1f}", f"{a[i]:.1f}",
            f"{added[i]:+.2f}", f"{beyond_b[i]:+.2f}", f"{urban[i]:+,.0f}",
            f"{residents[i]:+,.0f}",
        ]
        for i, g in enumerate(answer.groups)
    ]  # fmt: skip
    headers = [
        say("地区", "Place"),
        say("起点（%）", "Start (%)"),
        say("A 无方案（%）", "A without plan (%)"),
        say("A（%）", "A (%)"),
        say("方案作用（点）", "Effect (pp)"),
        say(f"A − B（{points(shown)}）", f"A − B ({points(shown)})"),
        say("方案带来的城镇人口", "Urban residents added"),
        say("方案带来的常住人口", "Residents added"),
    ]
    a_title, b_title = (draft.called(shown.lang) for draft in (shown.session.a, shown.session.b))
    caption = say(
        f"各地预期的常住人口城镇化率，{day}（A：{a_title}；B：{b_title}）",
        f"Expected resident urbanization rate, {day} (A: {a_title}; B: {b_title})",
    )
    return tag("section", table(headers, rows, caption=caption), cls="card")


def against_b(answer: Answer, day: date) -> Floats:
    """A less B on a day under the same luck, (group,) [points].

    Against A without the plan this is the effect of the plan as verdicts give it, which rests on
    the draws; B itself is run in the median world only.
    """
    if answer.against_baseline:
        return effect(answer, day)
    a, b = answer.outcome, answer.b
    name = "published_resident_urbanization_rate"
    return np.asarray(a.at(name, day) - b.at(name, min(day, b.dates[-1])))


def effect(answer: Answer, day: date) -> Floats:
    """What the plan adds by a day, (group,) [points]; on a deadline as the verdict has it."""
    verdicts = answer.subject.verdicts
    without, having = judgement.expected(answer.both, day, verdicts)
    found, codes = np.asarray(having - without), [group.code for group in answer.groups]
    for row in verdicts.to_dict("records"):
        if row["deadline"] == day:  # rates there are rounded, so their difference is not quite this
            found[codes.index(row["unit_code"])] = row["from_plan_pp"]
    return found


def points(shown: Shown) -> str:
    """The unit of A less B, and what it rests on if that is not what the effect rests on."""
    if shown.answer.against_baseline or not shown.answer.draws:
        return shown.say("点", "pp")
    return shown.say("点，中心参数一次", "pp, one central run")
