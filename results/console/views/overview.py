"""The first screen: figures, verdicts, maps, the fan and the table of counties."""

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from nicegui import ui

from results import verdict
from results.console import charts, maps
from results.console.answer import rates
from results.console.markup import Markup, joined, table, tag
from results.console.native import area, element, set_prop, write
from results.console.shown import Shown
from results.contents import counties
from results.contents.words import QUALIFIERS
from scenarios.paired import judged_on
from sim.indicators import INDICATORS

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
    begin = answer.outcome.dates[0]
    rate = float(answer.outcome.at("published_resident_urbanization_rate", day)[g])
    without = float(answer.both.baseline.at("published_resident_urbanization_rate", day)[g])
    after, before = (answer.outcome.at("urban_residents", d)[g] for d in (day, begin))
    urban = after - before
    band, place = _band_at(shown, g, day), shown.place(group)
    cards = [
        (
            say(f"{place}常住人口城镇化率", f"Urbanization rate, {place}"),
            f"{rate:.1f}%",
            say(f"90% 区间 {band}，{day}", f"90% {band}, {day}") if band else str(day),
        ),
        _met(shown),
        (
            say("方案的作用（与基准相比）", "Effect of the plan against the baseline"),
            say(f"{rate - without:+.2f} 点", f"{rate - without:+.2f} pp"),
            say(f"无方案 {without:.1f}%", f"without the plan {without:.1f}%"),
        ),
        (
            say("城镇常住人口比起点增加", "Urban residents gained since the start"),
            say(f"{urban / 1e4:+.1f} 万人", f"{urban / 1e3:+,.0f} thousand"),
            say(f"{shown.place(group)}，自 {answer.outcome.dates[0]}",
                f"{shown.place(group)}, since {answer.outcome.dates[0]}"),
        ),
    ]  # fmt: skip
    return joined(
        tag("div", tag("p", title, cls="title"), tag("p", number, cls="big"),
            tag("p", note, cls="note"), cls="card figure")
        for title, number, note in cards
    )  # fmt: skip


def _met(shown: Shown) -> tuple[str, str, str]:
    say, found = shown.say, shown.answer.subject.verdicts
    title = say("中心参数下达到的目标", "Targets met at central values")
    if found.empty:
        return title, "–", say("期末早于各目标期限", "it ends before any deadline")
    together = shown.answer.all_met()
    note = (
        say(f"同时达到的概率 {together:.0%}（{shown.answer.draws} 次抽样）",
            f"P(all met) {together:.0%} ({shown.answer.draws} draws)")
        if together is not None
        else say("概率计算中", "probability under way")
    )  # fmt: skip
    return title, f"{int(found['met'].sum())} / {len(found)}", note


def _band_at(shown: Shown, group: int, day: date) -> str:
    band = shown.answer.band(group)
    if band is None:
        return ""
    column = int(np.searchsorted(np.array(shown.answer.outcome.dates), np.datetime64(day)))
    column = min(column, len(band[0]) - 1)
    return f"{band[0][column]:.1f}–{band[1][column]:.1f}%"


def verdicts(shown: Shown) -> Markup:
    """The six targets, a row each."""
    say, found = shown.say, shown.answer.subject.verdicts
    if found.empty:
        none = say("期末早于各目标的期限，没有判定。", "The run ends before any deadline.")
        return tag("p", none, cls="card")
    years = sorted({str(day)[:4] for day in found["deadline"]})
    headers = [
        say(f"目标（{'、'.join(years)} 年末）", f"Target (end of {', '.join(years)})"),
        say("判定", "Verdict"),
        say("达标概率", "P(met)"),
        say("差距（点）", "Margin (pp)"),
        say("有方案（%）", "With plan (%)"),
        say("90% 区间", "90% interval"),
        say("无方案（%）", "Without (%)"),
        say("方案作用（点）", "Effect (pp)"),
    ]
    rows = []
    names = {t.id: t.name for t in shown.answer.outcome.region.targets}
    for row in found.to_dict("records"):
        where = row["county"] if shown.lang == "zh" else row["county_en"]
        wanted = QUALIFIERS[row["operator"]].said(shown.lang)
        name = names[row["target"]]
        title = tag("span", f"{where} {wanted} {row['target_rate']:g}%",
                    title=name.zh if shown.lang == "zh" else name.en)  # fmt: skip
        chance = row.get("probability")
        rows.append([
            title, _badge(shown, bool(row["met"]), chance), _chance(shown, chance),
            f"{row['margin_pp']:+.2f}", f"{row['simulated']:.2f}",
            "…" if chance is None else f"{row['low']:.1f}–{row['high']:.1f}",
            f"{row['baseline']:.2f}", f"{row['effect_pp']:+.2f}",
        ])  # fmt: skip
    n = shown.answer.draws
    caption = say(
        f"各目标的判定（达标概率：{n} 次抽样中按期达标的比例）",
        f"Verdict on each target (P(met): share of {n} draws that meet it in time)",
    ) if n else say("各目标的判定", "Verdict on each target")  # fmt: skip
    return tag("section", table(headers, rows, caption=caption, numbers_from=3), cls="card")


def _badge(shown: Shown, met: bool, chance: float | None) -> Markup:
    if chance is None:
        sure = met
        said_ = shown.say("达到", "met") if met else shown.say("未达到", "not met")
    elif 0.1 < chance < 0.9:
        return tag("span", shown.say("不确定", "open"), cls="verdict open")
    else:
        sure = chance >= 0.9
        said_ = shown.say("可达到", "likely") if sure else shown.say("难达到", "unlikely")
    return tag("span", said_, cls="verdict met" if sure else "verdict missed")


def _chance(shown: Shown, chance: float | None) -> Markup:
    if chance is None:
        return tag("span", shown.say("计算中", "under way"))
    bar = tag("i", tag("b", style=f"width:{100 * chance:.0f}%"), cls="bar", aria_hidden="true")
    return joined([bar, tag("span", f"{chance:.0%}", cls="percent")])


def mapped(shown: Shown) -> Markup:
    """The map of A and the map of A less B; bars where the region has no outlines."""
    answer, say = shown.answer, shown.say
    region, day = answer.outcome.region, judged_on(answer.outcome.scenario, answer.outcome.region)
    n = len(region.counties)
    rate = answer.outcome.at("resident_urbanization_rate", day)[:n]
    other = answer.b.at("resident_urbanization_rate", min(day, answer.b.dates[-1]))[:n]
    codes = [county.code for county in region.counties]
    b = shown.session.b.called(shown.lang)
    titles = (
        say(f"A 的城镇化率，{day}（%）", f"A: urbanization rate, {day} (%)"),
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
    answer, say, g = shown.answer, shown.say, shown.column
    lines = {
        say("A", "A"): (rates(answer.outcome, g), charts.PLAN),
        say("A 无方案", "A without the plan"): (rates(answer.both.baseline, g), charts.WITHOUT),
    }
    wanted = [*counties.wanted(answer.subject, shown.group, shown.lang)]
    seen = [
        (p.day, p.value)
        for p in counties.censuses(answer.subject, shown.group, shown.lang)
        if p.day >= answer.outcome.dates[0]
    ]
    words = {
        "title": fan_title(shown),
        "low": say("下限", "low"),
        "band": say(f"90% 区间（{answer.draws} 次抽样）", f"90% of {answer.draws} draws"),
        "target": say("目标", "target"),
        "seen": say("普查", "census"),
    }
    target = (wanted[0].day, wanted[0].value) if wanted else None
    return charts.fan(answer.outcome.dates, lines, answer.band(g), words, target=target, seen=seen)


def said(shown: Shown) -> str:
    """The fan in words, for those who cannot see it."""
    plan, without = (
        rates(o, shown.column) for o in (shown.answer.outcome, shown.answer.both.baseline)
    )
    return shown.say(
        f"有方案从 {plan[0]:.1f}% 到 {plan[-1]:.1f}%，无方案到 {without[-1]:.1f}%",
        f"with the plan from {plan[0]:.1f}% to {plan[-1]:.1f}%, without it {without[-1]:.1f}%",
    )


def by_county(shown: Shown) -> Markup:
    """Every place on the day of the targets: A, its baseline, B."""
    answer, say = shown.answer, shown.say
    day = judged_on(answer.outcome.scenario, answer.outcome.region)
    name = "resident_urbanization_rate"
    a, base, b = (
        o.at(name, min(day, o.dates[-1])) for o in (answer.outcome, answer.both.baseline, answer.b)
    )
    residents, urban = (answer.outcome.at(n, day) for n in ("residents", "urban_residents"))
    start = answer.outcome.record[0]
    begun = start[list(INDICATORS).index(name)]
    rows = [
        [
            shown.place(g), f"{begun[i]:.2f}", f"{base[i]:.2f}", f"{a[i]:.2f}",
            f"{a[i] - base[i]:+.2f}", f"{a[i] - b[i]:+.2f}", f"{urban[i]:,.0f}",
            f"{residents[i]:,.0f}",
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
        say("城镇常住人口（人）", "Urban residents"),
        say("常住人口（人）", "Residents"),
    ]
    a_title, b_title = (draft.called(shown.lang) for draft in (shown.session.a, shown.session.b))
    caption = say(
        f"各地常住人口城镇化率，{day}（A：{a_title}；B：{b_title}）",
        f"Resident urbanization rate, {day} (A: {a_title}; B: {b_title})",
    )
    return tag("section", table(headers, rows, caption=caption), cls="card")


def remarks(shown: Shown) -> Markup:
    """What has to be said wherever a verdict is shown."""
    told = shown.answer.subject
    lines = verdict.remarks(told.both, told.verdicts, told.delivery, shown.lang)
    return tag(
        "section", tag("h2", shown.say("读数前须知", "Read this with the numbers")),
        tag("ul", *(tag("li", line) for line in lines), cls="remarks"), cls="card",
    )  # fmt: skip
