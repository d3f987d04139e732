"""Who moves: what kind of people, from where to where, and which counties win and lose by it."""

from typing import TYPE_CHECKING

from markupsafe import Markup
from nicegui import ui

from xiancheng.calibration.i18n import Words
from xiancheng.results.console import charts
from xiancheng.results.console.markup import table, tag
from xiancheng.results.console.view_model import ViewModel
from xiancheng.results.console.views.context import ViewContext
from xiancheng.results.console.widgets import area, draw, element, write

if TYPE_CHECKING:
    import pandas as pd

PLACES = {
    "village": Words("本县乡村", "villages here"),
    "town": Words("本县城镇", "town here"),
    "nearby": Words("市内他县", "other counties"),
    "province": Words("省内他市", "rest of province"),
    "country": Words("省外", "other provinces"),
}
TRAITS = {
    "age": Words("年龄", "age"),
    "sex": Words("性别", "sex"),
    "education": Words("受教育程度", "education"),
    "situation": Words("家庭状况", "family situation"),
}
VALUES = {
    "male": Words("男", "men"),
    "female": Words("女", "women"),
    "primary": Words("小学及以下", "primary"),
    "junior": Words("初中", "junior"),
    "senior": Words("高中", "senior"),
    "college": Words("大专及以上", "college"),
    "dependent": Words("随家人", "dependent"),
    "single": Words("单身", "single"),
    "alone": Words("独居", "alone"),
    "couple": Words("夫妻", "couple"),
    "preschool child": Words("有学前儿童", "preschool child"),
    "primary child": Words("有小学生", "primary child"),
    "secondary child": Words("有中学生", "secondary child"),
}
OUT_OF_VILLAGE = ("town", "nearby", "province", "country")


class Movers:
    """Four charts of those who leave the villages, the flows, and each county's balance."""

    def __init__(self, _: ViewContext) -> None:
        self._summary = area()
        self._charts = {}
        with element("div", "quarters") as self._frame:
            for trait in TRAITS:
                with element("section", "card"):
                    self._charts[trait] = ui.echart({}).classes("chart")
        self._tables = area(cls="below")

    def show(self, model: ViewModel) -> None:
        """Write everything, or that the run has no record of movers."""
        moved = model.result.outcome.movers()
        recorded = len(moved) > 0
        self._frame.set_visibility(recorded)
        if not recorded:
            missing = model.say("本次模拟没有记录迁移者。", "Not recorded.")
            write(self._summary, tag("p", missing, cls="card"))
            write(self._tables, "")
            return
        counties = [model.result.groups[c].zh for c in model.group.counties]
        here = moved[moved["county"].isin(counties)]
        flows = here.groupby(["origin", "destination"])["persons"].sum()
        write(self._summary, tag("p", _summary(model, flows), cls="card"))
        leaving = here[(here["origin"] == "village") & here["destination"].isin(OUT_OF_VILLAGE)]
        for trait, chart in self._charts.items():
            name = TRAITS[trait]
            title = model.say(f"离开乡村的人：按{name.zh}（人）", f"Leaving villages by {name.en}")
            draw(chart, _by_trait(model, leaving, trait, title), title)
        write(self._tables, _flow_table(model, flows), _balance(model, moved))


def _summary(model: ViewModel, flows: "pd.Series[int]") -> str:
    """The largest flow in words."""
    start, end = (PLACES[str(each)] for each in flows.index[int(flows.to_numpy().argmax())])
    persons, dates = int(flows.max()), model.result.outcome.dates
    place = model.group.said(model.lang)
    return model.say(
        f"{place}，{dates[0]} 至 {dates[-1]}：最大的一股是从{start.zh}到{end.zh}，"
        f"{persons:,} 人次。",
        f"{place}, {dates[0]} to {dates[-1]}: the largest flow is from {start.en} to "
        f"{end.en}, {persons:,} moves.",
    )


def _by_trait(model: ViewModel, leaving: "pd.DataFrame", trait: str, title: str) -> charts.Options:
    """Those who leave the villages, by a trait, stacked by where they go."""
    lang = model.lang
    values = list(dict.fromkeys(model.result.outcome.mover_axes()[trait]))
    sums = leaving.groupby([trait, "destination"])["persons"].sum()
    parts = {
        PLACES[end].said(lang): [float(sums.get((value, end), 0)) for value in values]
        for end in OUT_OF_VILLAGE
    }
    names = [VALUES[v].said(lang) if v in VALUES else _age_band(v, lang) for v in values]
    options = charts.stacked(title, names, parts)
    options["title"] = {"text": title, "left": 0, "top": 0,
                        "textStyle": {"fontSize": 14, "color": "#14222e"}}  # fmt: skip
    options["legend"] |= {"top": 26, "itemGap": 8,
                          "textStyle": {"fontSize": 11, "color": charts.INK}}  # fmt: skip
    options["grid"]["top"] = 62
    options["xAxis"]["axisLabel"] |= {"width": 62, "overflow": "break", "fontSize": 11}
    return options


def _age_band(band: str, lang: str) -> str:
    """An age band in words: 20–29, 60+."""
    first, last = band.split("_")
    if last == "over":
        return f"{first}+" if lang == "en" else f"{first} 岁以上"
    return f"{first}–{last}"


def _flow_table(model: ViewModel, flows: "pd.Series[int]") -> Markup:
    """Moves from where to where."""
    lang, place = model.lang, model.group.said(model.lang)
    rows = [
        [start.said(lang),
         *(f"{int(flows[a, b]):,}" if (a, b) in flows.index else "–" for b in PLACES)]
        for a, start in PLACES.items()
    ]  # fmt: skip
    headers = [model.say("从 ＼ 到（人次）", "from \\ to (moves)")]
    headers += [end.said(lang) for end in PLACES.values()]
    caption = model.say(f"{place}：从哪里到哪里", f"{place}: from where to where")
    return tag("section", table(headers, rows, caption=caption), cls="tabled")


def _balance(model: ViewModel, moved: "pd.DataFrame") -> Markup:
    """Moves of each county: into town, in, out; and what the plan changes."""
    result, say = model.result, model.say
    added = {name: result.added(name, model.day) for name in ("urban_residents", "residents")}
    from_here = moved["origin"].isin(["village", "town"])
    to_here = moved["destination"].isin(["village", "town"])
    to_town = (moved["origin"] == "village") & (moved["destination"] == "town")
    counts = [
        moved[which].groupby("county")["persons"].sum()
        for which in (to_town, ~from_here & to_here, from_here & ~to_here)
    ]
    rows = []
    for i, group in enumerate(result.groups[: len(result.outcome.region.counties)]):
        urban, came, left = (int(each.get(group.zh, 0)) for each in counts)
        effects = ["–" if result.pending else model.persons(added[name][i]) for name in added]
        rows.append((came - left, [
            group.said(model.lang), f"{urban:,}", f"{came:,}", f"{left:,}", f"{came - left:+,}",
            *(effects if result.has_plan else []),
        ]))  # fmt: skip
    rows.sort(key=lambda row: -row[0])
    headers = [
        say("县（市、区）", "County"),
        say("乡村到本县城镇（人次）", "village to own town (moves)"),
        say("从外县、外省来（人次）", "in from elsewhere (moves)"),
        say("到外县、外省去（人次）", "out to elsewhere (moves)"),
        say("净迁入（人次）", "net in (moves)"),
        *([
            say("方案使城镇人口增减（人）", "plan: urban residents"),
            say("方案使常住人口增减（人）", "plan: residents"),
        ] if result.has_plan else []),
    ]  # fmt: skip
    caption = say(
        "谁得谁失：各县迁移收支与方案的作用", "Winners and losers: balance of each county"
    )
    return tag("section", table(headers, [row for _, row in rows], caption=caption), cls="tabled")
