"""Charts as ECharts options, and maps as SVG.

No formatter is JavaScript code, and tooltips are drawn on the canvas, not written as HTML.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import cos, isfinite, radians
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from xiancheng.results.console.markup import joined, tag
from xiancheng.sim.state import Floats

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region

PLAN, WITHOUT, OTHER, TARGET, SEEN = "#0b5394", "#a04000", "#4a6b2a", "#111111", "#111111"
BAND = "rgba(11, 83, 148, 0.18)"
CAUSES = ("#8fbfe3", "#154e79", "#e8a33d", "#5f6b6d", "#f1dfb0")  # apart in grey too
HATCH = {  # as in the documents
    "symbol": "rect", "color": "rgba(0, 0, 0, 0.55)", "dashArrayX": [1, 0],
    "dashArrayY": [1.5, 5], "rotation": -0.785,
}  # fmt: skip
INK = "#1c2833"
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


def fan(
    days: Sequence[date], lines: Mapping[str, tuple[Floats, str]],
    band: tuple[Floats, Floats] | None, words: Mapping[str, str], *,
    targets: Sequence[tuple[date, float]], seen: Sequence[tuple[date, float]],
) -> Options:  # fmt: skip
    """Rates over time: 90 % of the draws, single lines, each target to its deadline, censuses."""
    at = [day.isoformat() for day in days]

    def points(values: Sequence[float] | Floats) -> list[list[Any]]:
        return [[day, round(float(v), 2)] for day, v in zip(at, values, strict=True)]

    series: list[Options] = []
    if band is not None:
        low, high = band
        quiet = {"type": "line", "symbol": "none", "stack": "band", "silent": True,
                 "lineStyle": {"opacity": 0}, "tooltip": {"show": False}}  # fmt: skip
        series.append({**quiet, "name": words["low"], "data": points(low)})
        series.append({**quiet, "name": words["band"], "data": points(high - low),
                       "areaStyle": {"color": BAND}, "itemStyle": {"color": BAND}})  # fmt: skip
    styles = {PLAN: "solid", WITHOUT: "dashed", OTHER: "dotted"}
    for name, (values, colour) in lines.items():
        series.append({"type": "line", "name": name, "data": points(values), "symbol": "none",
                       "lineStyle": {"width": 2.5, "color": colour, "type": styles[colour]},
                       "itemStyle": {"color": colour}})  # fmt: skip
    for day, value in targets:
        series.append({
            "type": "line", "name": words["target"], "symbol": "none",
            "data": [[at[0], value], {
                "value": [day.isoformat(), value], "symbol": "triangle", "symbolSize": 9,
                "label": {"show": True, "formatter": f"{value:g}% {day.year}", "position": "top",
                          "align": "right", "color": INK},
            }],
            "lineStyle": {"width": 1.5, "color": TARGET, "type": [6, 4]},
            "itemStyle": {"color": TARGET},
        })  # fmt: skip
    if seen:
        series.append({
            "type": "scatter", "name": words["seen"], "symbol": "diamond", "symbolSize": 12,
            "data": [[day.isoformat(), round(value, 2)] for day, value in seen],
            "itemStyle": {"color": "#ffffff", "borderColor": SEEN, "borderWidth": 2}, "z": 5,
        })  # fmt: skip
    options = _base(words["title"])
    options["xAxis"] = {"type": "time", "axisLabel": {"color": INK, "hideOverlap": True,
                                                      "formatter": "{yyyy}"},
                        "minInterval": 365 * 24 * 3600 * 1000}  # fmt: skip
    options["legend"]["data"] = [
        *([words["band"]] if band is not None else []), *lines,
        *([words["target"]] if targets else []), *([words["seen"]] if seen else []),
    ]  # fmt: skip
    return options | {"series": series}


def stacked(title: str, across: Sequence[str], parts: Mapping[str, Sequence[float]]) -> Options:
    """Columns of parts that add up; negative parts hang below zero."""
    options = _base(title)
    options["tooltip"]["axisPointer"] = {"type": "shadow"}
    options["yAxis"]["scale"] = False
    options["xAxis"] = {"type": "category", "data": list(across),
                        "axisLabel": {"color": INK, "interval": 0}}  # fmt: skip
    options["series"] = [
        {"type": "bar", "stack": "all", "name": name, "data": [round(v, 0) for v in values],
         "itemStyle": _filled(i), "barMaxWidth": 56}
        for i, (name, values) in enumerate(parts.items())
    ]  # fmt: skip
    return options


def _filled(series: int) -> Options:
    """How a part of a stack is filled: with a hatch where lightness alone does not tell it."""
    style = {"color": CAUSES[series % len(CAUSES)], "borderColor": "#ffffff", "borderWidth": 0.5}
    return style | ({"decal": HATCH} if series % len(CAUSES) == HATCHED else {})


HATCHED = 2  # of CAUSES: as light as the first


def waterfall(
    title: str, steps: Sequence[tuple[str, float]], ends: tuple[str, str], start: float,
    words: Mapping[str, str],
) -> Options:  # fmt: skip
    """From a start over what each step adds to the end, which is their sum."""
    levels = [start]
    for _, value in steps:
        levels.append(levels[-1] + value)
    values = [round(value, 2) + 0.0 for _, value in steps]  # + 0.0: no negative nothing
    below = [min(pair) for pair in pairwise(levels)]
    reach = max(levels) - min(levels)
    options = _base(title)
    options["yAxis"] |= {
        "min": round(max(0.0, min(levels) - max(0.1, 0.6 * reach)), 2),
        "max": round(max(levels) + max(0.05, 0.2 * reach), 2),
    }  # fmt: skip
    options["xAxis"] = {
        "type": "category", "data": [ends[0], *(name for name, _ in steps), ends[1]],
        "axisLabel": {"color": INK, "interval": 0, "width": 92, "overflow": "break"},
    }  # fmt: skip
    options["tooltip"] = {"show": False}
    bar = {"type": "bar", "stack": "all", "barMaxWidth": 60}
    label = {"show": True, "color": INK, "position": "top", "fontSize": 12}
    middle = [NOTHING] * len(steps)
    series = {
        "_": ([NOTHING, *(round(b, 4) for b in below), NOTHING], "transparent", None),
        words["whole"]: ([round(start, 1), *middle, round(levels[-1], 1)], "#5d6d7e", "{c}"),
        words["up"]: ([NOTHING, *(v if v >= 0 else NOTHING for v in values), NOTHING],
                      PLAN, "+{c}"),
        words["down"]: ([NOTHING, *(-v if v < 0 else NOTHING for v in values), NOTHING],
                        WITHOUT, "−{c}"),
    }  # fmt: skip
    options["series"] = [
        {**bar, "name": name, "data": data, "itemStyle": {"color": colour}, "silent": True,
         "label": {**label, "formatter": form} if form else {"show": False}}
        for name, (data, colour, form) in series.items()
    ]  # fmt: skip
    options["legend"]["data"] = [name for name in series if name != "_"]
    return options


# Maps

MAP_WIDTH = 400.0  # of the SVG view box
BLUES = ("#eaf2fa", "#c6dcef", "#93c0e0", "#5499c7", "#2874a6", "#154e79")
ORANGE_BLUE = (
    "#8a4503", "#c4701f", "#eba75f", "#f8dcb8", "#f4f4f4", "#cfe3f1", "#8dbfe0", "#3f86bd",
    "#154e79",
)  # fmt: skip
UNKNOWN = "#d9d9d9"


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


def rate_scale(values: Sequence[float]) -> ColorScale:
    """A scale from low to high, in steps of a multiple of 5."""
    low = 5 * np.floor(min(values) / 5)
    step = max(5.0, 5 * np.ceil((max(values) - low) / 5 / len(BLUES)))
    return ColorScale(BLUES, [float(low + step * i) for i in range(1, len(BLUES))])


# Classes of differences [points]. They are the same for every region and result, so that a colour
# means the same before and after a lever is moved.
DIFFERENCES = ColorScale(ORANGE_BLUE, (-1.5, -0.5, -0.2, -0.05, 0.05, 0.2, 0.5, 1.5))


def county_map(
    region: "Region", values: Mapping[str, float], scale: ColorScale, *, title: str, lang: str,
    form: str, chosen: str = "",
) -> Markup:  # fmt: skip
    """A map of the counties by value, with the credit of its boundaries.

    Parameters
    ----------
    values : by county code; unknown where one is missing
    form : how a value is written, as `str.format` takes it
    chosen : code of the county that is outlined
    """
    outlines = region.outlines()
    points = np.vstack(list(outlines.values()))
    (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
    narrowing = cos(radians((south + north) / 2))  # a degree of longitude in degrees of latitude
    scaling = MAP_WIDTH / ((east - west) * narrowing)

    def project(spot: np.ndarray) -> tuple[float, float]:
        return (spot[0] - west) * narrowing * scaling, (north - spot[1]) * scaling

    shapes, labels, texts = [], [], []
    names = {c.code: c.text(lang) for c in region.counties}
    spots = dict(zip(outlines, region.centres(), strict=True))
    for code in sorted(outlines, key=lambda code: code == chosen):  # the chosen one drawn last
        value = values.get(code, float("nan"))
        number = form.format(value)
        texts.append(f"{names[code]} {number}")
        path = " ".join(
            f"{'L' if i else 'M'}{x:.1f} {y:.1f}"
            for i, (x, y) in enumerate(map(project, outlines[code]))
        )
        shapes.append(
            tag("path", tag("title", texts[-1]), d=path + " Z", fill=scale.color(value),
                cls="county chosen" if code == chosen else "county", data_county=code)
        )  # fmt: skip
        x, y = (f"{each:.1f}" for each in project(spots[code]))
        labels.append(
            tag("text", tag("tspan", names[code], x=x, dy="-0.2em"),
                tag("tspan", number, x=x, dy="1.15em", cls="value"), x=x, y=y, data_county=code)
        )  # fmt: skip
    height = (north - south) * scaling
    separator, credit = (
        ("，", "边界：天地图") if lang == "zh" else (", ", "Boundaries: Tianditu (天地图)")
    )  # fmt: skip
    picture = tag(
        "svg", *shapes, *labels, viewBox=f"-3 -3 {MAP_WIDTH + 6:.0f} {height + 6:.0f}", role="img",
        aria_label=f"{title}：{separator.join(texts)}", cls="map",
    )  # fmt: skip
    return tag(
        "figure", tag("figcaption", title), picture, _legend(scale, signed="+" in form),
        tag("p", credit, cls="credit"), cls="mapped",
    )  # fmt: skip


def _legend(scale: ColorScale, *, signed: bool) -> Markup:
    """The colours in a row, each above the value that its class begins at."""
    form = "{:+g}" if signed else "{:g}"
    edges = ["", *(form.format(round(edge, 6)) for edge in scale.edges)]
    classes = (
        tag("span", tag("i", style=f"background:{color}"), edge)
        for color, edge in zip(scale.colors, edges, strict=True)
    )
    return tag("div", joined(classes), cls="legend", aria_hidden="true")
