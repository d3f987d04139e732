"""Who moves: what kind of people, from where to where, and which counties win and lose by it."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
from markupsafe import Markup

from xiancheng.calibration.i18n import _
from xiancheng.results.console import charts
from xiancheng.results.console.downloads import ChartFrame
from xiancheng.results.console.tab import Tab
from xiancheng.results.console.view_model import PERSONS, ViewModel
from xiancheng.results.console.widgets import area, element, tag, write
from xiancheng.results.tables import labels

TRAITS = ("age", "sex", "education", "situation")
OUT_OF_VILLAGE = ("town", "nearby", "province", "country")


class MoversView:
    """Four charts of those who leave the villages, the flows, and each county's balance."""

    def __init__(self, tab: Tab) -> None:
        self._summary = area()
        self._charts = {}
        with element("div", "quarters") as self._frame:
            for trait in TRAITS:
                with element("section", "card"):
                    self._charts[trait] = ChartFrame()
        self._tables = area(cls="below")

    def show(self, model: ViewModel) -> None:
        """Write everything, or that the run has no record of movers."""
        moved = pd.DataFrame(model.result.outcome.mover_columns())
        recorded = len(moved) > 0
        self._frame.set_visibility(recorded)
        if not recorded:
            write(self._summary, tag("p", model.say(_("Not recorded.")), cls="card"))
            write(self._tables, "")
            return
        counties = [model.result.groups[c].zh for c in model.group.counties]
        here = moved[moved["county"].isin(counties)]
        leaving = here[(here["origin"] == "village") & here["destination"].isin(OUT_OF_VILLAGE)]
        for trait, chart in self._charts.items():
            name = labels.label("mover_traits", trait, model.lang)
            title = model.say(_("Leaving villages by {name}", name=name))
            chart.show(by_trait(model, leaving, trait, title), title, model.lang, title)
        flows = here.groupby(["origin", "destination"])["persons"].sum()
        summary, table = flow_table(model, flows)
        write(self._summary, tag("p", summary, cls="card"))
        write(self._tables, table, balance(model, moved))


def by_trait(model: ViewModel, leaving: "pd.DataFrame", trait: str, title: str) -> charts.Options:
    """Those who leave the villages, by a trait, stacked by where they go."""
    places, words = labels.columns("flows", model.lang), labels.labels("movers", model.lang)
    values = list(dict.fromkeys(model.result.outcome.mover_axes()[trait]))
    sums = leaving.groupby([trait, "destination"])["persons"].sum()
    parts = {
        places[end].label: [float(sums.get((value, end), 0)) for value in values]
        for end in OUT_OF_VILLAGE
    }
    names = [words.get(value) or _age_band(value, model.lang) for value in values]
    options = charts.stacked(title, names, parts)
    options["legend"] |= {"itemGap": 8,
                          "textStyle": {"fontSize": 11, "color": charts.INK}}  # fmt: skip
    options["xAxis"]["axisLabel"] |= {"width": 62, "overflow": "break", "fontSize": 11}
    return options


def _age_band(band: str, lang: str) -> str:
    """An age band in words: 20–29, 60+."""
    first, last = band.split("_")
    return _("{first}+", first=first).text(lang) if last == "over" else f"{first}–{last}"


def flow_table(model: ViewModel, flows: "pd.Series[int]") -> tuple[str, Markup]:
    """Moves from where to where, and the largest of them in words."""
    columns, place = labels.columns("flows", model.lang), model.group.text(model.lang)
    start, end = (columns[str(x)].label for x in flows.index[int(flows.to_numpy().argmax())])
    ends = [key for key in columns if key != "origin"]
    first, *__, last = model.result.outcome.dates
    summary = _("{place}, {first} to {last}: the largest flow is from {start} to {end}, "
                "{persons:,} moves.", place=place, first=first, last=last, start=start, end=end,
                persons=round(int(flows.max()), model.whole))  # fmt: skip
    rows = [{"origin": columns[a].label} | {b: flows.get((a, b)) for b in ends} for a in ends]
    return model.say(summary), model.table(model.build("flows", rows, place=place))


def balance(model: ViewModel, moved: "pd.DataFrame") -> Markup:
    """Moves of each county: into town, in, out; and what the plan changes."""
    result = model.result
    added = {name: result.added(name, model.day) for name in PERSONS} if result.has_plan else {}
    from_here = moved["origin"].isin(["village", "town"])
    to_here = moved["destination"].isin(["village", "town"])
    moves = {
        "urban": (moved["origin"] == "village") & (moved["destination"] == "town"),
        "came": ~from_here & to_here, "left": from_here & ~to_here,
    }  # fmt: skip
    counts = {name: moved[of].groupby("county")["persons"].sum() for name, of in moves.items()}

    def rows() -> Iterator[dict[str, Any]]:
        for i, group in enumerate(result.groups[: len(result.outcome.region.counties)]):
            own = {name: int(each.get(group.zh, 0)) for name, each in counts.items()}
            effects = {k: None if result.pending else each[i] for k, each in added.items()}
            yield {"place": group.text(model.lang), **own, "net": own["came"] - own["left"],
                   **effects}  # fmt: skip

    ordered = sorted(rows(), key=lambda row: -int(row["net"]))
    return model.table(model.build("movers", ordered))
