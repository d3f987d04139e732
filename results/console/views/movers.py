"""Who moves: what kind of people, from where to where, and which counties win and lose by it."""

from typing import TYPE_CHECKING

from nicegui import ui

from xiancheng.calibration.i18n import _
from xiancheng.results.console import charts
from xiancheng.results.console.markup import Markup, joined, table, tag
from xiancheng.results.console.native import area, draw, element, write
from xiancheng.results.console.shown import Shown

if TYPE_CHECKING:
    import pandas as pd

    from xiancheng.results.console.page import Page

ENDS = {
    "village": _("villages here"),
    "town": _("town here"),
    "nearby": _("other counties"),
    "province": _("rest of province"),
    "country": _("other provinces"),
}
KINDS = {
    "age": _("age"),
    "sex": _("sex"),
    "education": _("education"),
    "situation": _("family situation"),
}
VALUES = {
    "male": _("men"),
    "female": _("women"),
    "primary": _("primary"),
    "junior": _("junior"),
    "senior": _("senior"),
    "college": _("college"),
    "dependent": _("dependent"),
    "single": _("single"),
    "alone": _("alone"),
    "couple": _("couple"),
    "preschool child": _("preschool child"),
    "primary child": _("primary child"),
    "secondary child": _("secondary child"),
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
                tag("p", shown.say(_("Not recorded.")), cls="card"),
            )
            write(self._tables, "")
            return
        counties = [shown.answer.groups[c].zh for c in shown.group.counties]
        here = moved[moved["county"].isin(counties)]
        write(self._top, tag("p", _told(shown, here), cls="card"))
        leaving = here[(here["origin"] == "village") & here["destination"].isin(OUT)]
        for key, chart in self._charts.items():
            title = shown.say(_("Leaving villages by {key}", key=KINDS[key]))
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
        _(
            "{place}, {dates} to {dates_2}: the largest flow is from {start} to "
            "{end}, {persons:,} moves.",
            place=place,
            dates=dates[0],
            dates_2=dates[-1],
            start=ENDS[start],
            end=ENDS[end],
            persons=persons,
        )
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
        return _("{first}+", first=first).said(lang)
    return f"{first}–{last}"


def _flows(shown: Shown, here: "pd.DataFrame") -> Markup:
    """From where to where, in persons."""
    sums = here.groupby(["origin", "destination"])["persons"].sum()
    rows = [
        [start.said(shown.lang),
         *(f"{int(sums.get((a, b), 0)):,}" if (a, b) in sums.index else "–" for b in ENDS)]
        for a, start in ENDS.items()
    ]  # fmt: skip
    headers = [shown.say(_("from \\ to (moves)"))]
    headers += [end.said(shown.lang) for end in ENDS.values()]
    caption = shown.say(_("{place}: from where to where", place=shown.place(shown.group)))
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
        shown.say(_("County")),
        shown.say(_("village to own town (moves)")),
        shown.say(_("in from elsewhere (moves)")),
        shown.say(_("out to elsewhere (moves)")),
        shown.say(_("net in (moves)")),
        *([
            shown.say(_("plan: urban residents")),
            shown.say(_("plan: residents")),
        ] if has_plan else []),
    ]  # fmt: skip
    caption = shown.say(_("Winners and losers: balance of each county"))
    return tag("section", table(headers, rows, caption=caption), cls="tabled")
