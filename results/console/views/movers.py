"""Who moves: what kind of people, from where to where, and which counties win and lose by it."""

from typing import TYPE_CHECKING

from nicegui import ui

from xiancheng.calibration.i18n import Words
from xiancheng.results.console import charts
from xiancheng.results.console.markup import Markup, joined, table, tag
from xiancheng.results.console.native import area, draw, element, write
from xiancheng.results.console.shown import Shown

if TYPE_CHECKING:
    import pandas as pd

    from xiancheng.results.console.page import Page

ENDS = {
    "village": Words("本县乡村", "villages here"),
    "town": Words("本县城镇", "town here"),
    "nearby": Words("市内他县", "other counties"),
    "province": Words("省内他市", "rest of province"),
    "country": Words("省外", "other provinces"),
}
KINDS = {
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
OUT = ("town", "nearby", "province", "country")  # of a village


class Movers:
    """Four charts of those who leave the villages, the flows, and each county's balance."""

    def __init__(self, page: "Page") -> None:
        self._top = area()
        with element("div", "quarters") as self._frame:
            self._charts = {}
            for key in KINDS:
                with element("section", "card"):
                    self._charts[key] = ui.echart({}).classes("chart")
        self._tables = area(cls="below")

    def show(self, shown: Shown) -> None:
        """Write everything, or that the run has no record of movers."""
        moved = shown.answer.outcome.movers()
        recorded = len(moved) > 0
        self._frame.set_visibility(recorded)
        if not recorded:
            write(
                self._top,
                tag("p", shown.say("本次模拟没有记录迁移者。", "Not recorded."), cls="card"),
            )
            write(self._tables, "")
            return
        counties = [shown.answer.groups[c].zh for c in shown.group.counties]
        here = moved[moved["county"].isin(counties)]
        write(self._top, tag("p", _told(shown, here), cls="card"))
        leaving = here[(here["origin"] == "village") & here["destination"].isin(OUT)]
        for key, chart in self._charts.items():
            title = shown.say(
                f"离开乡村的人：按{KINDS[key].zh}（人）", f"Leaving villages by {KINDS[key].en}"
            )
            draw(chart, _by(shown, leaving, key, title), title)
        write(self._tables, joined([_flows(shown, here), _balance(shown, moved)]))

    def stop(self) -> None:
        """Nothing is under way here."""


def _told(shown: Shown, here: "pd.DataFrame") -> str:
    """The largest flow in words."""
    flows = here.groupby(["origin", "destination"])["persons"].sum()
    start, end = (str(each) for each in flows.index[int(flows.to_numpy().argmax())])
    persons = int(flows.max())
    place, dates = shown.place(shown.group), shown.answer.outcome.dates
    return shown.say(
        f"{place}，{dates[0]} 至 {dates[-1]}：最大的一股是从{ENDS[start].zh}到{ENDS[end].zh}，"
        f"{persons:,} 人次。",
        f"{place}, {dates[0]} to {dates[-1]}: the largest flow is from {ENDS[start].en} to "
        f"{ENDS[end].en}, {persons:,} moves.",
    )


def _by(shown: Shown, leaving: "pd.DataFrame", key: str, title: str) -> charts.Options:
    """Those who leave the villages, by a trait, stacked by where they go."""
    axis = list(dict.fromkeys(shown.answer.outcome.mover_axes()[key]))
    sums = leaving.groupby([key, "destination"])["persons"].sum()
    parts = {
        ENDS[end].said(shown.lang): [float(sums.get((value, end), 0)) for value in axis]
        for end in OUT
    }
    names = [VALUES[v].said(shown.lang) if v in VALUES else _ages(v, shown.lang) for v in axis]
    options = charts.stacked(title, names, parts)
    options["title"] = {"text": title, "left": 0, "top": 0,
                        "textStyle": {"fontSize": 14, "color": "#14222e"}}  # fmt: skip
    options["legend"]["top"] = 26
    options["legend"] |= {"itemGap": 8, "textStyle": {"fontSize": 11, "color": charts.INK}}
    options["grid"]["top"] = 62
    options["xAxis"]["axisLabel"] |= {"width": 62, "overflow": "break", "fontSize": 11}
    return options


def _ages(band: str, lang: str) -> str:
    """An age band as people write it: 20–29, 60+."""
    first, last = band.split("_")
    if last == "over":
        return f"{first}+" if lang == "en" else f"{first} 岁以上"
    return f"{first}–{last}"


def _flows(shown: Shown, here: "pd.DataFrame") -> Markup:
    """From where to where, in persons."""
    sums = here.groupby(["origin", "destination"])["persons"].sum()
    rows = [
        [start.said(shown.lang),
         *(f"{int(sums.get((a, b), 0)):,}" if (a, b) in sums.index else "–" for b in ENDS)]
        for a, start in ENDS.items()
    ]  # fmt: skip
    headers = [shown.say("从 ＼ 到（人次）", "from \\ to (moves)")]
    headers += [end.said(shown.lang) for end in ENDS.values()]
    caption = shown.say(
        f"{shown.place(shown.group)}：从哪里到哪里",
        f"{shown.place(shown.group)}: from where to where",
    )
    return tag("section", table(headers, rows, caption=caption), cls="tabled")


def _balance(shown: Shown, moved: "pd.DataFrame") -> Markup:
    """Each county: into town, in from elsewhere, out to elsewhere, and what the plan changes."""
    answer = shown.answer
    has_plan = not answer.carries_nothing_out
    gained = {name: answer.added(name, shown.day) for name in ("urban_residents", "residents")}
    local = moved["origin"].isin(["village", "town"])
    settled = moved["destination"].isin(["village", "town"])
    own = (moved["origin"] == "village") & (moved["destination"] == "town")

    def by_county(chosen: "pd.Series[bool]") -> "pd.Series[int]":
        return moved[chosen].groupby("county")["persons"].sum()

    urban, came, left = by_county(own), by_county(~local & settled), by_county(local & ~settled)
    rows = []
    for i, group in enumerate(answer.groups[: len(answer.outcome.region.counties)]):
        a, b, c = (int(each.get(group.zh, 0)) for each in (urban, came, left))
        more = ["–" if answer.pending else shown.persons(gained[name][i]) for name in gained]
        rows.append([
            shown.place(group), f"{a:,}", f"{b:,}", f"{c:,}", f"{b - c:+,}",
            *(more if has_plan else []),
        ])  # fmt: skip
    rows.sort(key=lambda row: -int(row[4].replace(",", "")))
    headers = [
        shown.say("县（市、区）", "County"),
        shown.say("乡村到本县城镇（人次）", "village to own town (moves)"),
        shown.say("从外县、外省来（人次）", "in from elsewhere (moves)"),
        shown.say("到外县、外省去（人次）", "out to elsewhere (moves)"),
        shown.say("净迁入（人次）", "net in (moves)"),
        *([
            shown.say("方案使城镇人口增减（人）", "plan: urban residents"),
            shown.say("方案使常住人口增减（人）", "plan: residents"),
        ] if has_plan else []),
    ]  # fmt: skip
    caption = shown.say(
        "谁得谁失：各县迁移收支与方案的作用", "Winners and losers: balance of each county"
    )
    return tag("section", table(headers, rows, caption=caption), cls="tabled")
