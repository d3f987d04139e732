"""Options of ECharts. No formatter is code, and tooltips are drawn, not written as HTML."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from xiancheng.sim.state import Floats

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
