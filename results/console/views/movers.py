"""Who moves: what kind of people, from where to where, and which counties win and lose by it."""

from typing import TYPE_CHECKING

from markupsafe import Markup
from nicegui import ui

from xiancheng.calibration.i18n import _
from xiancheng.results.console import charts
from xiancheng.results.console.markup import table, tag
from xiancheng.results.console.view_model import ViewModel
from xiancheng.results.console.views.context import ViewContext
from xiancheng.results.console.widgets import area, draw, element, write

if TYPE_CHECKING:
    import pandas as pd

PLACES = {
    "village": _("villages here"),
    "town": _("town here"),
    "nearby": _("other counties"),
    "province": _("rest of province"),
    "country": _("other provinces"),
}
TRAITS = {
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
OUT_OF_VILLAGE = ("town", "nearby", "province", "country")


class MoversView:
    """Four charts of those who leave the villages, the flows, and each county's balance."""

    def __init__(self, context: ViewContext) -> None:
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
            missing = model.say(_("Not recorded."))
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
            title = model.say(_("Leaving villages by {name}", name=name))
            draw(chart, _by_trait(model, leaving, trait, title), title)
        write(self._tables, _flow_table(model, flows), _balance(model, moved))


def _summary(model: ViewModel, flows: "pd.Series[int]") -> str:
    """The largest flow in words."""
    start, end = (PLACES[str(each)] for each in flows.index[int(flows.to_numpy().argmax())])
    persons, dates = int(flows.max()), model.result.outcome.dates
    place = model.group.text(model.lang)
    return model.say(
        _(
            "{place}, {dates} to {dates_2}: the largest flow is from {start} to "
            "{end}, {persons:,} moves.",
            place=place,
            dates=dates[0],
            dates_2=dates[-1],
            start=start,
            end=end,
            persons=persons,
        )
    )


def _by_trait(model: ViewModel, leaving: "pd.DataFrame", trait: str, title: str) -> charts.Options:
    """Those who leave the villages, by a trait, stacked by where they go."""
    lang = model.lang
    values = list(dict.fromkeys(model.result.outcome.mover_axes()[trait]))
    sums = leaving.groupby([trait, "destination"])["persons"].sum()
    parts = {
        PLACES[end].text(lang): [float(sums.get((value, end), 0)) for value in values]
        for end in OUT_OF_VILLAGE
    }
    names = [VALUES[v].text(lang) if v in VALUES else _age_band(v, lang) for v in values]
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
        return _("{first}+", first=first).text(lang)
    return f"{first}–{last}"


def _flow_table(model: ViewModel, flows: "pd.Series[int]") -> Markup:
    """Moves from where to where."""
    lang, place = model.lang, model.group.text(model.lang)
    rows = [
        [start.text(lang),
         *(f"{int(flows[a, b]):,}" if (a, b) in flows.index else "–" for b in PLACES)]
        for a, start in PLACES.items()
    ]  # fmt: skip
    headers = [model.say(_("from \\ to (moves)"))]
    headers += [end.text(lang) for end in PLACES.values()]
    caption = model.say(_("{place}: from where to where", place=place))
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
            group.text(model.lang), f"{urban:,}", f"{came:,}", f"{left:,}", f"{came - left:+,}",
            *(effects if result.has_plan else []),
        ]))  # fmt: skip
    rows.sort(key=lambda row: -row[0])
    headers = [
        say(_("County")),
        say(_("village to own town (moves)")),
        say(_("in from elsewhere (moves)")),
        say(_("out to elsewhere (moves)")),
        say(_("net in (moves)")),
        *([
            say(_("plan: urban residents")),
            say(_("plan: residents")),
        ] if result.has_plan else []),
    ]  # fmt: skip
    caption = say(_("Winners and losers: balance of each county"))
    return tag("section", table(headers, [row for __, row in rows], caption=caption), cls="tabled")
