"""Options of ECharts. No formatter is code or markup, and tooltips are drawn, not written as HTML."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sim.state import Floats

PLAN, WITHOUT, OTHER, TARGET, SEEN = "#0b5394", "#a04000", "#4a6b2a", "#111111", "#111111"
BAND = "rgba(11, 83, 148, 0.18)"
CAUSES = ("#5499c7", "#154e79", "#d68910", "#7f8c8d", "#b7950b")
FONT = '"Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", sans-serif'

Options = dict[str, Any]


def _base(title: str, unit: str) -> Options:
    return {
        "textStyle": {"fontFamily": FONT, "fontSize": 13, "color": "#1c2833"},
        "animation": False,
        "aria": {"enabled": True, "label": {"description": title}},
        "grid": {"left": 12, "right": 20, "top": 44, "bottom": 8, "containLabel": True},
        "legend": {"top": 0, "left": 0, "itemHeight": 10, "itemGap": 14,
                   "textStyle": {"fontSize": 12, "color": "#1c2833"}},
        "tooltip": {"trigger": "axis", "renderMode": "richText", "confine": True},
        "yAxis": {"type": "value", "name": unit, "nameGap": 8, "scale": True,
                  "nameTextStyle": {"align": "left", "color": "#1c2833"},
                  "axisLabel": {"color": "#1c2833"}, "splitLine": {"lineStyle": {"color": "#e3e8ec"}}},
    }  # fmt: skip


def fan(
    days: Sequence[date], lines: Mapping[str, tuple[Floats, str]],
    band: tuple[Floats, Floats] | None, words: Mapping[str, str], *,
    target: tuple[date, float] | None, seen: Sequence[tuple[date, float]],
) -> Options:  # fmt: skip
    """Rates over time: 90 % of the draws, single lines, the target's line, what was observed."""
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
    if target is not None:
        day, value = target
        series.append({
            "type": "line", "name": words["target"], "symbol": "none",
            "data": [[at[0], value], [max(at[-1], day.isoformat()), value]],
            "lineStyle": {"width": 1.5, "color": TARGET, "type": [6, 4]},
            "itemStyle": {"color": TARGET},
        })  # fmt: skip
    if seen:
        series.append({
            "type": "scatter", "name": words["seen"], "symbol": "diamond", "symbolSize": 12,
            "data": [[day.isoformat(), round(value, 2)] for day, value in seen],
            "itemStyle": {"color": "#ffffff", "borderColor": SEEN, "borderWidth": 2}, "z": 5,
        })  # fmt: skip
    options = _base(words["title"], "%")
    options["xAxis"] = {"type": "time", "axisLabel": {"color": "#1c2833", "hideOverlap": True,
                                                      "formatter": "{yyyy}"},
                        "minInterval": 365 * 24 * 3600 * 1000}  # fmt: skip
    options["legend"]["data"] = [
        *([words["band"]] if band is not None else []), *lines,
        *([words["target"]] if target else []), *([words["seen"]] if seen else []),
    ]  # fmt: skip
    return options | {"series": series}


def stacked(
    title: str, unit: str, across: Sequence[str], parts: Mapping[str, Sequence[float]],
    digits: int = 0,
) -> Options:  # fmt: skip
    """Columns of parts that add up; negative parts hang below zero."""
    options = _base(title, unit)
    options["tooltip"]["axisPointer"] = {"type": "shadow"}
    options["yAxis"]["scale"] = False
    options["xAxis"] = {"type": "category", "data": list(across),
                        "axisLabel": {"color": "#1c2833", "interval": 0}}  # fmt: skip
    options["series"] = [
        {"type": "bar", "stack": "all", "name": name, "data": [round(v, digits) for v in values],
         "itemStyle": {"color": CAUSES[i % len(CAUSES)]}, "barMaxWidth": 56}
        for i, (name, values) in enumerate(parts.items())
    ]  # fmt: skip
    return options


def waterfall(title: str, unit: str, steps: Sequence[tuple[str, float]], ends: tuple[str, str],
              start: float, words: Mapping[str, str]) -> Options:  # fmt: skip
    """From a start over what each step adds to the end, which is their sum."""
    level, floors, ups, downs, totals = start, [0.0], ["-"], ["-"], [round(start, 3)]
    labels: list[Any] = [ends[0]]
    hidden, up, down, whole = [*floors], [*ups], [*downs], [*totals]
    for name, value in steps:
        labels.append(name)
        hidden.append(round(min(level, level + value), 4))
        up.append(round(value, 4) if value >= 0 else "-")
        down.append(round(-value, 4) if value < 0 else "-")
        whole.append("-")
        level += value
    labels.append(ends[1])
    hidden.append(0.0)
    up.append("-")
    down.append("-")
    whole.append(round(level, 3))
    reach = [start, level, *hidden[1:-1]]
    margin = max(0.2, (max(reach) - min(reach)) * 0.6)
    options = _base(title, unit)
    options["yAxis"]["min"] = round(max(0.0, min(reach) - margin), 1)
    options["yAxis"]["max"] = round(max(reach) + margin, 1)
    options["xAxis"] = {"type": "category", "data": labels,
                        "axisLabel": {"color": "#1c2833", "interval": 0, "width": 96,
                                      "overflow": "break"}}  # fmt: skip
    options["tooltip"] = {"show": False}
    options["grid"]["top"] = 40
    bar = {"type": "bar", "stack": "all", "barMaxWidth": 60}
    label = {"show": True, "color": "#1c2833", "position": "top", "fontSize": 12}
    options["series"] = [
        {**bar, "name": "_", "data": hidden, "silent": True, "itemStyle": {"color": "transparent"}},
        {**bar, "name": words["whole"], "data": whole, "label": label,
         "itemStyle": {"color": "#5d6d7e"}},
        {**bar, "name": words["up"], "data": up, "label": {**label, "formatter": "+{c}"},
         "itemStyle": {"color": PLAN}},
        {**bar, "name": words["down"], "data": down, "label": {**label, "formatter": "−{c}"},
         "itemStyle": {"color": WITHOUT}},
    ]  # fmt: skip
    options["legend"]["data"] = [words["whole"], words["up"], words["down"]]
    return options
