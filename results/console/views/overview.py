"""The first screen: figures, verdicts, maps, the fan and the table of counties."""

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from nicegui import ui

from results import judgement, verdict
from results.console import charts, maps
from results.console.answer import Answer
from results.console.markup import Markup, joined, table, tag
from results.console.native import area, element, set_prop, write
from results.console.shown import Shown
from results.contents import counties
from results.contents.words import QUALIFIERS, likely
from scenarios.paired import judged_on
from sim.state import Floats

if TYPE_CHECKING:
    from results.console.page import Page


class Overview:
    """The parts of the first screen, written anew with each answer."""

    def __init__(self, page: "Page") -> None:
        self._figures = area(cls="figures")
        self._verdicts = area(cls="verdicts")
        with element("div", "pictures"):
            self._maps = area(cls="maps")
            self._maps.on("click", lambda e: page.went_to(str(e.args)), js_handler=PICKED)
            with element("section", "card fan"):
                self._title = area()
                self._fan = ui.echart({}).classes("chart")
        self._table = area(cls="below")
        self._caveats = area(cls="below")

    def stop(self) -> None:
        """Nothing is under way here."""

    def show(self, shown: Shown) -> None:
        """Write everything."""
        write(self._figures, figures(shown))
        write(self._verdicts, verdicts(shown))
        write(self._maps, mapped(shown))
        write(self._title, tag("h2", fan_title(shown)))
        options = fan(shown)
        self._fan.options.clear()
        self._fan.options.update(options)
        set_prop(self._fan, "role", "img")
        set_prop(self._fan, "aria-label", f"{fan_title(shown)}。{said(shown)}")
        self._fan.update()
        write(self._table, by_county(shown))
        write(self._caveats, remarks(shown))


PICKED = """(e) => {
  const at = e.target.closest('[data-county]');
  if (at) emit(at.getAttribute('data-county'));
}"""


def figures(shown: Shown) -> Markup:
    """Four headline figures."""
    answer, say = shown.answer, shown.say
    table_, g = answer.subject.verdicts, len(answer.groups) - 1
    if table_.empty:
        g = next((i for i, group in enumerate(answer.groups) if len(group.counties) > 1), 0)
    else:
        g = [group.code for group in answer.groups].index(int(table_.iloc[0]["unit_code"]))
    group, day = answer.groups[g], judged_on(answer.outcome.scenario, answer.outcome.region)
    both, place = answer.both, shown.place(group)
    without, having = (rates[g] for rates in judgement.expected(both, day))
    urban = (both.plan.at("urban_residents", day) - both.baseline.at("urban_residents", day))[g]
    own = table_[table_["unit_code"] == group.code] if len(table_) else table_
    band = f"{own['low'].iloc[0]:.1f}–{own['high'].iloc[0]:.1f}%" if answer.subject.known else ""
    cards = [
        (
            say(f"{place}常住人口城镇化率，预期", f"Expected urbanization rate, {place}"),
            f"{having:.1f}%",
            say(f"90% 区间 {band}，{day}", f"90% {band}, {day}") if band else str(day),
        ),
        _together(shown),
        (
            say("方案的作用（与基准相比）", "Effect of the plan against the baseline"),
            say(f"{having - without:+.2f} 点", f"{having - without:+.2f} pp"),
            say(f"无方案 {without:.1f}%", f"without the plan {without:.1f}%"),
        ),
        (
            say("方案带来的城镇常住人口", "Urban residents that the plan adds"),
            say(f"{urban / 1e4:+.2f} 万人", f"{urban / 1e3:+,.1f} thousand"),
            say(f"{place}，{day}", f"{place}, {day}"),
        ),
    ]  # fmt: skip
    return joined(
        tag("div", tag("p", title, cls="title"), tag("p", number, cls="big"),
            tag("p", note, cls="note"), cls="card figure")
        for title, number, note in cards
    )  # fmt: skip


def _together(shown: Shown) -> tuple[str, str, str]:
    say, told = shown.say, shown.answer.subject
    title = say(f"{len(told.verdicts)} 个目标同时达到的概率", "P(all targets met at once)")
    if told.together is None:
        return title, "–", say("没有可用的统计记录或到期的目标", "no record, or no target due")
    without, having = (verdict.percent(chance) for chance in told.together)
    return title, having, say(f"无方案 {without}", f"without the plan {without}")


def verdicts(shown: Shown) -> Markup:
    """The six targets, a row each."""
    say, found = shown.say, shown.answer.subject.verdicts
    if found.empty:
        none = say("期末早于各目标的期限，没有判定。", "The run ends before any deadline.")
        return tag("p", none, cls="card")
    years = sorted({str(day)[:4] for day in found["deadline"]})
    headers = [
        say(f"目标（{'、'.join(years)} 年末）", f"Target (end of {', '.join(years)})"),
        say("判断", "In words"),
        say("达标概率", "P(met)"),
        say("无方案时", "Without it"),
        say("预期（%）", "Expected (%)"),
        say("90% 区间", "90% interval"),
        say("差距（点）", "Margin (pp)"),
        say("趋势", "Trend"),
        say("划转", "Recoding"),
        say("外部条件", "Conditions"),
        say("方案（点）", "Plan (pp)"),
    ]
    rows = []
    names = {t.id: t.name for t in shown.answer.outcome.region.targets}
    for row in found.to_dict("records"):
        where = row["county"] if shown.lang == "zh" else row["county_en"]
        wanted = QUALIFIERS[row["operator"]].said(shown.lang)
        name = names[row["target"]]
        title = tag("span", f"{where} {wanted} {row['target_rate']:g}%",
                    title=name.zh if shown.lang == "zh" else name.en)  # fmt: skip
        known = row["probability"] == row["probability"]
        rows.append([
            title, _badge(shown, row["probability"]), _chance(row["probability"]),
            verdict.percent(row["probability_without"]) if known else "–",
            f"{row['expected']:.1f}", f"{row['low']:.1f}–{row['high']:.1f}" if known else "–",
            f"{row['margin_pp']:+.1f}",
            *(f"{row[f'from_{part}_pp']:+.2f}" for part in PARTS),
        ])  # fmt: skip
    caption = say(
        "各目标：公布的城镇化率达到目标的概率，及预期变化由什么构成",
        "The chance that the published rate meets each target, and what the change is made of",
    )
    note = verdict.basis(found, verdict.belief(shown.answer.outcome.region)).said(shown.lang)
    return tag(
        "section", table(headers, rows, caption=caption, numbers_from=3),
        tag("p", note, cls="note"), cls="card",
    )  # fmt: skip


PARTS = ("trend", "recoding", "conditions", "plan")


def _badge(shown: Shown, chance: float) -> Markup:
    if chance != chance:  # not known
        return tag("span", "–")
    style = "met" if chance >= 0.9 else "missed" if chance < 0.1 else "open"
    return tag("span", likely(chance).said(shown.lang), cls=f"verdict {style}")


def _chance(chance: float) -> Markup:
    if chance != chance:
        return tag("span", "–")
    bar = tag("i", tag("b", style=f"width:{100 * chance:.0f}%"), cls="bar", aria_hidden="true")
    return joined([bar, tag("span", verdict.percent(chance), cls="percent")])


def mapped(shown: Shown) -> Markup:
    """The map of A and the map of A less B; bars where the region has no outlines."""
    answer, say = shown.answer, shown.say
    region, day = answer.outcome.region, judged_on(answer.outcome.scenario, answer.outcome.region)
    n = len(region.counties)
    rate = judgement.expected(answer.both, day)[1][:n]
    other = rate - against_b(answer, day)[:n]
    codes = [county.code for county in region.counties]
    b = shown.session.b.called(shown.lang)
    titles = (
        say(f"A 的预期城镇化率，{day}（%）", f"A: expected urbanization rate, {day} (%)"),
        say(f"A − B（点），B = {b}", f"A − B (points), B = {b}"),
    )
    values = dict(zip(codes, rate.tolist(), strict=True))
    differences = dict(zip(codes, (rate - other).tolist(), strict=True))
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
        maps.drawn(region, differences, maps.apart((rate - other).tolist()), title=titles[1],
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


def fan_title(shown: Shown) -> str:
    """What the fan shows."""
    place = shown.place(shown.group)
    return shown.say(
        f"{place}：公布的常住人口城镇化率（%）", f"{place}: published urbanization rate (%)"
    )


def fan(shown: Shown) -> charts.Options:
    """The options of the fan."""
    answer, say = shown.answer, shown.say
    told = judgement.path(answer.both, shown.group)
    lines = {
        say("A", "A"): (told.having, charts.PLAN),
        say("A 无方案", "A without the plan"): (told.without, charts.WITHOUT),
    }
    band = None if told.low is None or told.high is None else (told.low, told.high)
    wanted = [*counties.wanted(answer.subject, shown.group, shown.lang)]
    seen = [
        (p.day, p.value)
        for p in counties.censuses(answer.subject, shown.group, shown.lang)
        if p.day >= answer.outcome.dates[0]
    ]
    words = {
        "title": fan_title(shown),
        "low": say("下限", "low"),
        "band": say("90% 区间", "90% interval"),
        "target": say("目标", "target"),
        "seen": say("普查", "census"),
    }
    target = (wanted[0].day, wanted[0].value) if wanted else None
    return charts.fan(told.days, lines, band, words, target=target, seen=seen)


def said(shown: Shown) -> str:
    """The fan in words, for those who cannot see it."""
    told = judgement.path(shown.answer.both, shown.group)
    plan, without = told.having, told.without
    return shown.say(
        f"有方案从 {plan[0]:.1f}% 到 {plan[-1]:.1f}%，无方案到 {without[-1]:.1f}%",
        f"with the plan from {plan[0]:.1f}% to {plan[-1]:.1f}%, without it {without[-1]:.1f}%",
    )


def by_county(shown: Shown) -> Markup:
    """Every place on the day of the targets: A, its baseline, B."""
    answer, say = shown.answer, shown.say
    day = judged_on(answer.outcome.scenario, answer.outcome.region)
    base, a = judgement.expected(answer.both, day)
    beyond_b = against_b(answer, day)
    begun = answer.outcome.at("resident_urbanization_rate", answer.outcome.dates[0])
    urban, residents = (
        answer.outcome.at(name, day) - answer.both.baseline.at(name, day)
        for name in ("urban_residents", "residents")
    )
    rows = [
        [
            shown.place(g), f"{begun[i]:.2f}", f"{base[i]:.1f}", f"{a[i]:.1f}",
            f"{a[i] - base[i]:+.2f}", f"{beyond_b[i]:+.2f}", f"{urban[i]:+,.0f}",
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
        say("A − B（点）", "A − B (pp)"),
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
    """A less B on a day under the same luck, (group,) [points]."""
    a, b = answer.outcome, answer.b
    name = "published_resident_urbanization_rate"
    return np.asarray(a.at(name, day) - b.at(name, min(day, b.dates[-1])))


def remarks(shown: Shown) -> Markup:
    """What has to be said wherever a verdict is shown."""
    told = shown.answer.subject
    lines = verdict.remarks(told.both, told.verdicts, told.delivery, shown.lang)
    return tag(
        "section", tag("h2", shown.say("读数前须知", "Read this with the numbers")),
        tag("ul", *(tag("li", line) for line in lines), cls="remarks"), cls="card",
    )  # fmt: skip
