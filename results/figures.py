"""Figures, drawn with matplotlib (the `report` extra) from the same tables that are printed."""

import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.checking import Words
from scenarios.simulate import RequestError

if TYPE_CHECKING:
    import pandas as pd

START, WITHOUT, WITH, TARGET = "#9aa0a6", "#5b8db8", "#d1495b", "#2b2d42"

LEGEND = {
    "start": Words("2020年普查", "2020 census"),
    "interval": Words("90%区间（参数抽样）", "90% interval over draws"),
    "without": Words("无方案", "without the plan"),
    "with": Words("有方案", "with the plan"),
    "target": Words("目标", "target"),
}


def verdict(table: "pd.DataFrame", path: Path, lang: str = "zh") -> None:
    """Draw each target with the rate at the start, without and with the plan, as SVG.

    Text stays text, so that the reader's own fonts show it.

    Raises
    ------
    RequestError
        as `possible` does.
    """
    possible(path)
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with (
        warnings.catch_warnings(),
        mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "xiancheng", "font.size": 11}),
    ):
        warnings.filterwarnings("ignore", "Glyph")
        figure = Figure(figsize=(8.5, 0.62 * len(table) + 1.5), layout="constrained")
        axes = figure.add_subplot()
        rows = table.iloc[::-1].to_dict("records")
        for y, row in enumerate(rows):
            if "low" in row:
                axes.plot([row["low"], row["high"]], [y, y], color=WITH, lw=7, alpha=0.22,
                          solid_capstyle="butt", label=LEGEND["interval"].said(lang))  # fmt: skip
            axes.plot(row["rate_at_start"], y, "o", color=START, label=LEGEND["start"].said(lang))
            axes.plot(row["baseline"], y, "D", color=WITHOUT, label=LEGEND["without"].said(lang))
            axes.plot(row["simulated"], y, "o", color=WITH, label=LEGEND["with"].said(lang))
            axes.plot([row["target_rate"]] * 2, [y - 0.32, y + 0.32], color=TARGET, lw=2.2,
                      label=LEGEND["target"].said(lang))  # fmt: skip
        axes.set_yticks(
            range(len(rows)), [r["county" if lang == "zh" else "county_en"] for r in rows]
        )
        axes.set_xlabel(
            Words(
                "常住人口城镇化率，%，2025年末", "resident urbanization rate, %, end of 2025"
            ).said(lang)
        )
        axes.grid(axis="x", alpha=0.25)
        axes.spines[["top", "right", "left"]].set_visible(False)
        handles, labels = axes.get_legend_handles_labels()
        unique = dict(zip(labels, handles, strict=True))
        figure.legend(
            unique.values(), unique.keys(), loc="outside upper center", ncols=3, frameon=False
        )
        figure.savefig(path, metadata={"Date": None})


def possible(path: Path) -> None:
    """Refuse a figure that cannot be drawn, before anything is computed.

    Raises
    ------
    RequestError
    """
    if find_spec("matplotlib") is None:
        raise RequestError(
            "绘图需要 matplotlib：请安装 xiancheng[report]",
            "drawing needs matplotlib: install xiancheng[report]",
        )
    if path.suffix != ".svg" or not path.absolute().parent.is_dir():
        raise RequestError(
            f"图应存为已有文件夹中的 .svg 文件；得到 {path}",
            f"a figure should be an .svg file in a folder that exists; got {path}",
        )
