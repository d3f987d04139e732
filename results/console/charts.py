"""Charts as ECharts options, and maps as SVG.

No formatter is JavaScript code, and tooltips are drawn on the canvas, not written as HTML.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, pairwise
from math import cos, isfinite, radians
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from xiancheng.calibration.i18n import _
from xiancheng.results.console.downloads import picture_tools
from xiancheng.results.console.widgets import joined, tag
from xiancheng.results.tables import labels
from xiancheng.results.tables.table import Chart

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region

PLAN, WITHOUT, TARGET = "#0b5394", "#a04000", "#111111"
BAND = "rgba(11, 83, 148, 0.18)"
CAUSES = ("#8fbfe3", "#154e79", "#e8a33d", "#5f6b6d", "#f1dfb0")  # apart in grey too
HATCH = {  # as in the documents
    "symbol": "rect", "color": "rgba(0, 0, 0, 0.55)", "dashArrayX": [1, 0],
    "dashArrayY": [1.5, 5], "rotation": -0.785,
}  # fmt: skip
PARTS = (  # of a variance
    "#c9d6e2", "#8fb0cc", "#33658a", "#e8a33d", "#f3cf94", "#7a9e7e", "#c8d8c4", "#b0b0b0",
    "#e3e3e3",
)  # fmt: skip
HATCHED = 2  # of CAUSES: as light as the first
INK = "#1c2833"
GHOST = "#b3bdc6"
ONE_LINE = 5  # names that a legend has room for in a line
SERIES = (PLAN, WITHOUT, "#3b7d3b", "#7a5195", "#8a6d00", "#5f6b6d")  # of scenarios
NOTHING = "-"  # no bar
FONT = '"Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", sans-serif'

Options = dict[str, Any]


def _base(title: str) -> Options:
    return {
        "textStyle": {"fontFamily": FONT, "fontSize": 13, "color": INK},
        "animation": False,
        "aria": {"enabled": True, "label": {"description": title}},
        "grid": {"left": 8, "right": 22, "top": 36, "bottom": 8, "containLabel": True},
        "legend": {"top": 0, "left": 0, "itemHeight": 10, "itemWidth": 20, "itemGap": 10,
                   "textStyle": {"fontSize": 12, "color": INK}},
        "tooltip": {"trigger": "axis", "renderMode": "richText", "confine": True},
        "yAxis": {"type": "value", "scale": True, "axisLabel": {"color": INK},
                  "splitLine": {"lineStyle": {"color": "#e3e8ec"}}},
    }  # fmt: skip


def plain(title: str) -> Options:
    """Options that every chart begins with, without axes."""
    options = _base(title)
    for part in ("grid", "yAxis", "tooltip"):
        del options[part]
    return options


def fan(
    chart: Chart, lang: str, *, plan: bool, previous: Sequence[tuple[date, float]] = ()
) -> Options:
    """The path of a place: 90 % of the draws, lines, each target to its deadline, censuses.

    Parameters
    ----------
    plan : whether the scenario carries anything out, so that it differs from its baseline
    previous : the line before the last change of the scenario [percent]
    """
    table, words = chart.table, labels.labels("chart", lang)
    days, keys = [str(day) for day in table.column("date")], [c.key for c in table.columns]

    def points(values: Iterable[Any]) -> list[list[Any]]:
        return [[day, round(value, 2)] for day, value in zip(days, values, strict=True)]

    names, series = list[str](), list[Options]()
    if "low" in keys:
        low, high = (np.array(table.column(end), dtype=float) for end in ("low", "high"))
        quiet = {"type": "line", "symbol": "none", "stack": "band", "silent": True,
                 "lineStyle": {"opacity": 0}, "tooltip": {"show": False}}  # fmt: skip
        names.append(words["interval"])
        series.append({**quiet, "name": "low", "data": points(low.tolist())})
        series.append({**quiet, "name": names[0], "data": points((high - low).tolist()),
                       "areaStyle": {"color": BAND}, "itemStyle": {"color": BAND}})  # fmt: skip
    if previous:
        names.append(words["previous"])
        series.append({
            "type": "line", "name": names[-1], "symbol": "none", "itemStyle": {"color": GHOST},
            "data": [[str(day), round(value, 2)] for day, value in previous],
            "lineStyle": {"width": 2.5, "color": GHOST},
        })  # fmt: skip
    lines = {"with": (PLAN, "solid"), "without": (WITHOUT, "dashed")}
    for key, (color, style) in lines.items() if plan else [*lines.items()][:1]:
        names.append(words[key] if plan else words["rate"])
        series.append({"type": "line", "name": names[-1], "data": points(table.column(key)),
                       "symbol": "none", "itemStyle": {"color": color},
                       "lineStyle": {"width": 2.5, "color": color, "type": style}})  # fmt: skip
    for marker in chart.markers:
        day, value = str(marker.day), round(marker.value, 2)
        if day < days[0]:
            continue
        names.append(words[marker.kind])
        if marker.kind != "target":
            symbol = "diamond" if marker.kind == "census" else "circle"
            series.append({
                "type": "scatter", "name": names[-1], "symbol": symbol, "symbolSize": 12,
                "data": [[day, value]], "z": 5,
                "itemStyle": {"color": "#ffffff", "borderColor": TARGET, "borderWidth": 2},
            })  # fmt: skip
            continue
        # At the start of the line, as at its end it would stand on the rate.
        label = {"show": True, "formatter": f"{value:g}% {marker.day.year}", "position": "top",
                 "align": "left", "color": INK}  # fmt: skip
        series.append({
            "type": "line", "name": names[-1], "symbol": "none",
            "data": [{"value": [days[0], value], "symbol": "circle", "symbolSize": 1,
                      "label": label},
                     {"value": [day, value], "symbol": "triangle", "symbolSize": 9}],
            "lineStyle": {"width": 1.5, "color": TARGET, "type": [6, 4]},
            "itemStyle": {"color": TARGET},
        })  # fmt: skip
    options = _base(chart.description)
    options["xAxis"] = {"type": "time", "axisLabel": {"color": INK, "hideOverlap": True,
                                                      "formatter": "{yyyy}"},
                        "minInterval": 365 * 24 * 3600 * 1000}  # fmt: skip
    options["legend"] |= {"data": list(dict.fromkeys(names)), "itemGap": 6, "itemWidth": 15,
                          "textStyle": {"fontSize": 11, "color": INK}}  # fmt: skip
    options["grid"]["top"] = 36 if len(options["legend"]["data"]) <= ONE_LINE else 54
    return options | {"series": series}


def stacked(title: str, across: Sequence[Any], parts: Mapping[str, Sequence[Any]]) -> Options:
    """Columns of parts that add up; negative parts hang below zero."""
    options = _base(title)
    options["tooltip"]["axisPointer"] = {"type": "shadow"}
    options["yAxis"]["scale"] = False
    options["xAxis"] = {"type": "category", "data": list(across),
                        "axisLabel": {"color": INK, "interval": 0}}  # fmt: skip
    options["series"] = [
        {"type": "bar", "stack": "all", "name": name, "data": [round(v, 0) for v in values],
         "itemStyle": {"color": CAUSES[i], "borderColor": "#ffffff", "borderWidth": 0.5}
                      | ({"decal": HATCH} if i == HATCHED else {}), "barMaxWidth": 56}
        for i, (name, values) in enumerate(parts.items())
    ]  # fmt: skip
    return options


def divided(title: str, rows: Sequence[str], parts: Mapping[str, Sequence[float]]) -> Options:
    """A bar for each row, divided among parts in percent; parts below 0 are left out."""
    options = _base(title)
    options["tooltip"]["axisPointer"] = {"type": "shadow"}
    options["grid"] |= {"top": 62}
    options["xAxis"] = {"type": "value", "max": 100, "axisLabel": {"color": INK}, "name": "%"}
    options["yAxis"] = {
        "type": "category", "data": list(rows), "inverse": True, "axisLabel": {"color": INK},
    }  # fmt: skip
    options["series"] = [
        {"type": "bar", "stack": "all", "name": name, "barMaxWidth": 30,
         "data": [round(max(v, 0.0), 1) for v in values],
         "itemStyle": {"color": PARTS[i % len(PARTS)], "borderColor": INK, "borderWidth": 0.5}
                      | ({"decal": HATCH} if i % 2 else {})}
        for i, (name, values) in enumerate(parts.items())
    ]  # fmt: skip
    return options


def waterfall(title: str, steps: Sequence[tuple[str, float]], start: float, lang: str) -> Options:
    """From a start without the plan over what each step adds to the end, which is their sum."""
    words = labels.labels("chart", lang)
    levels = [start, *(start + total for total in accumulate(value for __, value in steps))]
    below, reach = [min(pair) for pair in pairwise(levels)], max(levels) - min(levels)
    options = _base(title)
    options["yAxis"] |= {
        "min": round(max(0.0, min(levels) - max(0.1, 0.6 * reach)), 2),
        "max": round(max(levels) + max(0.05, 0.2 * reach), 2),
    }  # fmt: skip
    across = [words["without"], *(name for name, __ in steps), words["with"]]
    options["xAxis"] = {
        "type": "category", "data": across,
        "axisLabel": {"color": INK, "interval": 0, "width": 92, "overflow": "break"},
    }  # fmt: skip
    options["tooltip"] = {"show": False}
    # Columns are as high as they are, so that each begins where the last ends; labels are rounded.
    label = {"show": True, "color": INK, "position": "top", "fontSize": 12}

    def column(value: float, text: str) -> Options:
        return {"value": round(value, 4), "label": {**label, "formatter": text}}

    up = [
        column(max(v, 0.0), f"+{max(v, 0.0):.2f}") if round(v, 2) >= 0 else NOTHING
        for __, v in steps
    ]
    down = [column(-v, f"−{-v:.2f}") if round(v, 2) < 0 else NOTHING for __, v in steps]
    first, last = (column(level, f"{level:.1f}") for level in (levels[0], levels[-1]))
    series = {
        "_": ([NOTHING, *(round(b, 4) for b in below), NOTHING], "transparent"),
        words["level"]: ([first, *[NOTHING] * len(steps), last], "#5d6d7e"),
        words["raises"]: ([NOTHING, *up, NOTHING], PLAN),
        words["lowers"]: ([NOTHING, *down, NOTHING], WITHOUT),
    }
    options["series"] = [
        {"type": "bar", "stack": "all", "barMaxWidth": 60, "name": name, "data": data,
         "itemStyle": {"color": color}, "silent": True}
        for name, (data, color) in series.items()
    ]  # fmt: skip
    options["legend"]["data"] = [name for name in series if name != "_"]
    return options


# Maps

MAP_WIDTH = 400.0  # of the SVG view box
MARK, MARK_ABOVE = 16.0, 50.0  # half the width of a mark, and how far it is above a county's centre
BLUES = ("#eaf2fa", "#c6dcef", "#93c0e0", "#5499c7", "#2874a6", "#154e79")
ORANGE_BLUE = (
    "#8a4503", "#c4701f", "#eba75f", "#f8dcb8", "#f4f4f4", "#cfe3f1", "#8dbfe0", "#3f86bd",
    "#154e79",
)  # fmt: skip
UNKNOWN = "#d9d9d9"
NOTHING_KNOWN = "–"
DARK = 0.18  # relative luminance below which white letters stand out


@dataclass(frozen=True)
class ColorScale:
    """Classed colours: `edges` divide the values into one class a colour."""

    colors: Sequence[str]
    edges: Sequence[float]

    def color(self, value: float) -> str:
        """The colour of a value."""
        if not isfinite(value):
            return UNKNOWN
        return self.colors[int(np.searchsorted(self.edges, value, side="right"))]


def dark(color: str) -> bool:
    """Whether letters on a colour should be white.

    >>> dark("#154e79"), dark("#c6dcef")
    (True, False)
    """
    parts = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    shares = zip((0.2126, 0.7152, 0.0722), parts, strict=True)
    return sum(share * part**2.2 for share, part in shares) < DARK


def rate_scale(values: Sequence[float]) -> ColorScale:
    """A scale from low to high, in steps of a multiple of 5."""
    low = 5 * np.floor(min(values) / 5)
    step = max(5.0, 5 * np.ceil((max(values) - low) / 5 / len(BLUES)))
    return ColorScale(BLUES, [float(low + step * i) for i in range(1, len(BLUES))])


# Classes of differences [points]. They are the same for every region and result, so that a colour
# means the same before and after a lever is moved.
DIFFERENCES = ColorScale(ORANGE_BLUE, (-1.5, -0.5, -0.2, -0.05, 0.05, 0.2, 0.5, 1.5))
GAPS = ColorScale(ORANGE_BLUE, (-5.0, -2.0, -1.0, -0.2, 0.2, 1.0, 2.0, 5.0))  # to a target


def county_map(
    region: "Region", values: Mapping[str, float], scale: ColorScale, *, title: str, lang: str,
    form: str, chosen: str = "", marks: Mapping[str, str] | None = None,
) -> Markup:  # fmt: skip
    """A map of the counties by value, with the credit of its boundaries.

    Parameters
    ----------
    values : by county code; unknown where one is missing
    form : how a value is written, as `str.format` takes it
    chosen : code of the county that is outlined
    marks : what a mark on a county stands for, by its code
    """
    outlines = region.outlines()
    points = np.vstack(list(outlines.values()))
    (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
    narrowing = cos(radians((south + north) / 2))  # a degree of longitude in degrees of latitude
    scaling = MAP_WIDTH / ((east - west) * narrowing)
    height = (north - south) * scaling

    def project(spot: np.ndarray) -> tuple[float, float]:
        return (spot[0] - west) * narrowing * scaling, (north - spot[1]) * scaling

    shapes, captions, texts = [], [], []
    names = {c.code: c.text(lang) for c in region.counties}
    spots = dict(zip(outlines, region.centres(), strict=True))
    for code in sorted(outlines, key=lambda code: code == chosen):  # the chosen one drawn last
        value = values.get(code, float("nan"))
        number = form.format(value) if isfinite(value) else NOTHING_KNOWN
        color = scale.color(value)
        texts.append(f"{names[code]} {number}")
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in map(project, outlines[code]))
        shapes.append(tag(
            "path", tag("title", texts[-1]), d=f"M{path} Z", fill=color,
            cls="county chosen" if code == chosen else "county", data_county=code,
        ))  # fmt: skip
        x, y = (f"{each:.1f}" for each in project(spots[code]))
        captions.append(tag(
            "text", tag("tspan", names[code], x=x, dy="-0.2em"),
            tag("tspan", number, x=x, dy="1.15em", cls="value"), x=x, y=y, data_county=code,
            style=f"stroke:{color}", cls="on-dark" if dark(color) else None,
        ))  # fmt: skip
        if marks and code in marks:
            texts[-1] += f" ({marks[code]})"
            captions.append(_mark(*project(spots[code]), marks[code]))
    view = f"-3 -3 {MAP_WIDTH + 6:.0f} {height + 6:.0f}"
    heard = f"{title}：{labels.enumeration(texts, lang)}"
    picture = tag("svg", *shapes, *captions, viewBox=view, role="img", aria_label=heard, cls="map")
    credit = _("Boundaries: Tianditu (天地图)").text(lang)
    if marks:
        credit = f"◆ {_('Added projects').text(lang)} · {credit}"
    return tag(
        "figure", tag("figcaption", title), picture, _legend(scale, signed="+" in form),
        tag("p", credit, cls="credit"), picture_tools(title, lang), cls="mapped with-tools",
    )  # fmt: skip


def _mark(x: float, y: float, meaning: str) -> Markup:
    """A diamond above a county's name."""
    y, r = y - MARK_ABOVE, MARK
    path = f"M{x:.1f} {y - r:.1f} L{x + r:.1f} {y:.1f} L{x:.1f} {y + r:.1f} L{x - r:.1f} {y:.1f} Z"
    return tag("path", tag("title", meaning), d=path, cls="mark")


def _legend(scale: ColorScale, *, signed: bool) -> Markup:
    """The colours in a row, each above the value that its class begins at."""
    form = "{:+g}" if signed else "{:g}"
    edges = ["", *(form.format(round(edge, 6)) for edge in scale.edges)]
    classes = (
        tag("span", tag("i", style=f"background:{color}"), edge)
        for color, edge in zip(scale.colors, edges, strict=True)
    )
    return tag("div", joined(classes), cls="legend", aria_hidden="true")
