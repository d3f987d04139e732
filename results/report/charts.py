"""Charts, drawn with matplotlib (the `report` extra) from the same tables that are printed."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from io import BytesIO
from math import cos, radians
from pathlib import Path
from typing import Any, Literal

import numpy as np

from xiancheng.calibration.errors import RequestError, preferred_language
from xiancheng.calibration.i18n import _
from xiancheng.results.store.files import check_writable
from xiancheng.results.tables import labels
from xiancheng.results.tables.table import Cell, Chart, ChartKind, Column

START, WITHOUT, WITH, TARGET = "#6b7075", "#5b8db8", "#d1495b", "#2b2d42"
LAYERS = ("#c9d6e2", "#33658a", "#e8a33d")  # natural growth, migration, recoding: apart in grey too
HATCHES = ("", "", "///")
PAST = 0.2  # width of a year before a run, of that of a year in it
PARTS = (
    "#c9d6e2",
    "#8fb0cc",
    "#33658a",
    "#e8a33d",
    "#f3cf94",
    "#7a9e7e",
    "#c8d8c4",
    "#b0b0b0",
    "#e3e3e3",
)
CM = 1 / 2.54  # inches
SIZES: dict[ChartKind, tuple[float, float]] = {  # width and height [cm], at the size of the page
    "verdicts": (16.5, 4.5), "outlook": (15.6, 3.0), "map": (15.6, 7.6),
    "path": (8.1, 7.0), "causes": (8.1, 7.0), "shares": (16.5, 6.6),
    "effort": (16.5, 5.4), "variance": (16.5, 5.8),
}  # fmt: skip
Format = Literal["svg", "png"]

FONT_PACKAGE = "pylopdf_fonts_zh_cn"  # Noto Sans SC (黑体) and Noto Serif SC (宋体), OFL 1.1
SANS_FILE = "NotoSansSC-Regular.otf"
CHINESE_FONTS = (  # of systems; of a collection matplotlib knows the first font, often the Japanese
    "Noto Sans SC", "Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC",
    "Source Han Sans CN",
    "Microsoft YaHei", "SimHei", "PingFang SC", "Hiragino Sans GB", "Heiti SC", "STHeiti",
    "Arial Unicode MS", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "SimSun",
)  # fmt: skip


def font_folder() -> Path | None:
    """The folder of the Chinese fonts; None if they are not installed."""
    found = find_spec(FONT_PACKAGE)
    return Path(found.origin).parent if found is not None and found.origin else None


def installed() -> None:
    """Refuse to draw without matplotlib.

    Raises
    ------
    RequestError
    """
    if find_spec("matplotlib") is None:
        raise RequestError(
            _("drawing needs matplotlib; in its sources: pip install -e '.[report]'")
        )


def possible(path: Path) -> None:
    """Refuse a figure that cannot be drawn, before anything is computed.

    Raises
    ------
    RequestError
    """
    installed()
    if path.suffix != ".svg" or not path.absolute().parent.is_dir():
        raise RequestError(
            _("a figure should be an .svg file in a folder that exists; got {path}", path=path)
        )
    check_writable(path, file=True)


def save(chart: Chart, path: Path, lang: str) -> None:
    """Write a chart as an SVG file whose text stays text, shown in the reader's own fonts.

    Raises
    ------
    RequestError
        as `possible` does.
    """
    possible(path)
    with _style({"svg.fonttype": "none"}):
        figure = _figure(chart, lang)
        figure.savefig(path, format="svg", metadata=_undated("svg"))


def drawn(chart: Chart, lang: str, *forms: Format, dpi: int = 220) -> list[bytes]:
    """A chart as a picture in each form; text is shapes, so that it looks alike everywhere.

    Raises
    ------
    RequestError
        if matplotlib is missing.
    """
    installed()
    pictures = [BytesIO() for __ in forms]
    with _style({"svg.fonttype": "path", "font.family": [_family(), "DejaVu Sans"]}):
        figure = _figure(chart, lang, dpi)
        figure.draw_without_rendering()
        figure.set_layout_engine(None)  # everything has its place: it is found once for all forms
        for form, picture in zip(forms, pictures, strict=True):
            figure.savefig(picture, format=form, dpi=dpi, metadata=_undated(form))
    return [picture.getvalue() for picture in pictures]


@contextmanager
def drawing(lang: str | None, ax: Any = None) -> Iterator[tuple[Any, str]]:
    """Axes to draw on in a notebook, new ones by default, and the language of what is written.

    The language asked for, or that of `XIANCHENG_LANG`, or Chinese; English where no font of this
    machine has Chinese.

    Raises
    ------
    RequestError
        if matplotlib is missing, or for another language.
    """
    installed()
    import matplotlib.pyplot as plt
    from matplotlib.text import Text

    if lang not in ("zh", "en", None):
        raise RequestError(_("lang should be zh or en; got {lang!r}", lang=str(lang)[:40]))
    chinese, wanted = chinese_font(), lang or preferred_language() or "zh"
    known = wanted if chinese else "en"
    families = [chinese, "DejaVu Sans"] if known == "zh" else ["DejaVu Sans"]
    if ax is None:  # before the style: pyplot starts with the first figure, and would lose its mode
        ax = plt.subplots(figsize=(6.4, 3.8), layout="constrained")[1]
    with _style({"font.family": families, "font.size": 9}):
        yield ax, known
        for text in ax.findobj(Text):  # axes that were given have texts already
            text.set_fontfamily(families)


def draw_on(axes: Any, chart: Chart, lang: str) -> None:
    """Draw a chart on one axes of a figure that may have others; its legend stands beside it."""
    figure = axes.figure
    others = len(figure.legends)
    DRAWERS[chart.kind](axes, chart, lang)
    for legend in figure.legends[others:]:
        legend.remove()
        beside(axes, legend.legend_handles, [text.get_text() for text in legend.get_texts()])


def beside(axes: Any, *entries: Any) -> None:
    """A legend to the right of axes: of its own entries, or of handles and labels."""
    axes.legend(*entries, fontsize="small", frameon=False, loc="upper left", bbox_to_anchor=(1, 1))


@contextmanager
def _style(settings: dict[str, Any]) -> Iterator[None]:
    import matplotlib as mpl

    style: dict[str, Any] = {
        "svg.hashsalt": "xiancheng", "text.parse_math": False, "font.size": 8,
        "axes.linewidth": 0.6, "hatch.linewidth": 0.5, "axes.unicode_minus": False,
        "lines.markersize": 4.5, **settings,
    }  # fmt: skip
    with warnings.catch_warnings(), mpl.rc_context(style):  # type: ignore[arg-type]
        warnings.filterwarnings("ignore", "Glyph")
        yield


def _figure(chart: Chart, lang: str, dpi: int = 100) -> Any:
    from matplotlib.figure import Figure

    width, height = SIZES[chart.kind]
    figure = Figure(figsize=(width * CM, height * CM), layout="constrained", dpi=dpi)
    DRAWERS[chart.kind](figure.add_subplot(), chart, lang)
    return figure


def _undated(form: Format) -> dict[str, None]:
    return {"Date": None} if form == "svg" else {"Software": None}


def _family() -> str:
    """The font of pictures: one that has Chinese, else what matplotlib has."""
    return chinese_font() or "DejaVu Sans"


def chinese_font() -> str | None:
    """A font that has Chinese: ours if it is installed, else one of the system's; None without."""
    from matplotlib import font_manager

    folder, fonts = font_folder(), font_manager.fontManager
    if folder is None:
        known = {font.name for font in fonts.ttflist}
        return next((name for name in CHINESE_FONTS if name in known), None)
    path = folder / SANS_FILE
    if all(font.fname != str(path) for font in fonts.ttflist):
        fonts.addfont(path)
    return str(font_manager.FontProperties(fname=path).get_name())


def _verdicts(axes: Any, chart: Chart, lang: str) -> None:
    """A line for each target: start, without, with, target, and the interval of the draws."""
    rows, words = chart.table.records()[::-1], labels.labels("chart", lang)
    start = next(c.label for c in chart.table.columns if c.key == "rate_at_start")
    for y, row in enumerate(rows):
        if "low" in row:
            axes.plot([row["low"], row["high"]], [y, y], color=WITH, lw=6, alpha=0.25,
                      solid_capstyle="butt", label=words["interval"])  # fmt: skip
        axes.plot(row["rate_at_start"], y, "s", mfc="white", mec=START, label=start)
        axes.plot(row["without"], y, "D", mfc="white", mec=WITHOUT, label=words["without"])
        axes.plot(row["expected"], y, "o", color=WITH, label=words["with"])
        axes.plot([row["target_rate"]] * 2, [y - 0.34, y + 0.34], color=TARGET, lw=2,
                  label=words["target"])  # fmt: skip
    several = len({row["deadline"] for row in rows}) > 1
    places = [f"{r['place']} {r['deadline']}" if several else str(r["place"]) for r in rows]
    axes.set_yticks(range(len(rows)), places)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlabel(words["resident_rate"])
    _plain(axes, "x", left=False)
    _legend(axes, 5)


def _outlook(axes: Any, chart: Chart, lang: str) -> None:
    """A line for each target: the expected rate within its range, and the target."""
    rows, words = chart.table.records()[::-1], labels.labels("chart", lang)
    wanted = [_target_value(row) for row in rows]
    for y, (row, target) in enumerate(zip(rows, wanted, strict=True)):
        low, high = _number(row["low"]), _number(row["high"])
        axes.barh(y, high - low, left=low, height=0.5, color=LAYERS[0], label=words["range"])
        axes.plot(row["expected"], y, "o", color=WITH, label=words["expected"])
        axes.plot([target] * 2, [y - 0.4, y + 0.4], color=TARGET, lw=2, label=words["target"])
    axes.set_yticks(range(len(rows)), [str(row["place"]) for row in rows], fontsize=6.5)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.xaxis.set_major_formatter("{x:g}%")
    _plain(axes, "x", left=False)
    _legend(axes, 3)


def _target_value(row: dict[str, Any]) -> float:
    """The rate in the words of a target, as "不低于 40"."""
    return float(str(row["wanted"]).split()[-1])


def _map(axes: Any, chart: Chart, lang: str) -> None:
    """Two maps: the expected rate, and the margin to the target where there is one."""
    words, figure = labels.labels("chart", lang), axes.figure
    axes.remove()
    left, right = figure.subplots(1, 2)
    rows = chart.table.records()
    rates = [_number(row["expected"]) for row in rows]
    low, high = min(rates), max(rates)
    shades = [0.95 - 0.55 * (rate - low) / max(high - low, 1.0) for rate in rates]
    _counties(left, chart, [str(shade) for shade in shades], [f"{rate:.1f}" for rate in rates])
    left.set_title(words["expected_rate"], fontsize=8)
    gaps = [row.get("margin_pp") for row in rows]
    colours = ["white" if gap is None else LAYERS[2] if _number(gap) < 0 else LAYERS[0]
               for gap in gaps]  # fmt: skip
    shown = ["" if gap is None else f"{_number(gap):+.1f}" for gap in gaps]
    hatches = [HATCHES[2] if gap is not None and _number(gap) < 0 else "" for gap in gaps]
    _counties(right, chart, colours, shown, hatches)
    right.set_title(words["gap"], fontsize=8)


def _counties(
    axes: Any, chart: Chart, colours: Sequence[str], texts: Sequence[str],
    hatches: Sequence[str] = (),
) -> None:  # fmt: skip
    """The outlines in their colours, each with its name and a number on a light ground."""
    from matplotlib import patheffects

    halo = [patheffects.withStroke(linewidth=2, foreground="white")]
    for i, (outline, row) in enumerate(zip(chart.outlines, chart.table.records(), strict=True)):
        axes.fill(*outline.T, facecolor=colours[i], edgecolor=TARGET, lw=0.5,
                  hatch=hatches[i] if hatches else "")  # fmt: skip
        x, y = (outline.min(axis=0) + outline.max(axis=0)) / 2
        axes.text(x, y, f"{row['place']}\n{texts[i]}".strip(), ha="center", va="center",
                  fontsize=6.5, path_effects=halo)  # fmt: skip
    middle = sum(float(outline[:, 1].mean()) for outline in chart.outlines) / len(chart.outlines)
    axes.set_aspect(1 / cos(radians(middle)))
    axes.set_axis_off()


def _path(axes: Any, chart: Chart, lang: str) -> None:
    """The rate over time, without and with the plan; censuses and target as marks."""
    words = labels.labels("chart", lang)
    days, without, with_plan, *band = zip(*chart.table.rows, strict=True)
    if band:
        axes.fill_between(days, *band, color=WITH, alpha=0.18, lw=0, label=words["interval"])
    axes.plot(days, with_plan, color=WITH, lw=1.8, label=words["with"])
    axes.plot(days, without, color=START, lw=1.1, ls=(0, (3, 2)), label=words["without"])
    for mark in chart.markers:
        if mark.kind == "target":
            axes.axhline(mark.value, color=TARGET, lw=0.8, ls=":")
            axes.plot(mark.day, mark.value, "v", color=TARGET, label=mark.label)
        else:
            shape = "s" if mark.kind == "census" else "o"
            axes.plot(mark.day, mark.value, shape, mfc="white", mec=TARGET, label=words[mark.kind])
    axes.set_ylabel(f"{words['rate']} (%)")
    _narrow_past(axes, days[0])
    marked = {day.year: day for day in (days[0], days[-1], *(each.day for each in chart.markers))}
    axes.set_xticks(list(marked.values()), [str(year) for year in marked])
    _plain(axes, "y")
    _legend(axes, 2)


def _narrow_past(axes: Any, start: Any) -> None:
    """Give the years before the start of a run a part of their width."""
    begin = float(axes.convert_xunits(start))

    def forward(x: Any) -> Any:
        return np.where(x < begin, begin + PAST * (x - begin), x)

    def back(x: Any) -> Any:
        return np.where(x < begin, begin + (x - begin) / PAST, x)

    axes.set_xscale("function", functions=(forward, back))


def _causes(axes: Any, chart: Chart, lang: str) -> None:
    """Urban growth by year, the causes stacked, losses below the line."""
    rows = chart.table.rows[:-1]
    for i, column in enumerate(chart.table.columns[1:4], 1):
        values = [_number(row[i]) for row in rows]
        axes.bar(
            range(len(rows)), values, bottom=_below(rows, i), width=0.66, color=LAYERS[i - 1],
            hatch=HATCHES[i - 1], edgecolor=TARGET, linewidth=0.4, label=column.label,
        )  # fmt: skip
    axes.use_sticky_edges = False  # a bar of no height would stick to the top
    axes.axhline(0, color=TARGET, lw=0.6)
    axes.set_xticks(range(len(rows)), [str(row[0]) for row in rows])
    axes.set_ylabel(chart.table.columns[4].header)
    axes.yaxis.set_major_formatter("{x:,g}")
    _plain(axes, "y")
    _legend(axes, 3)


def _number(cell: Cell) -> float:
    """The number in a cell; 0 where it is unknown, as the error of what has none."""
    return float(cell) if isinstance(cell, int | float) and cell == cell else 0.0


def _below(rows: Sequence[Sequence[Any]], column: int) -> list[float]:
    """Where each bar of a stack begins: on those of its own sign."""
    return [sum(float(x) for x in row[1:column] if (x < 0) == (row[column] < 0)) for row in rows]


def _shares(axes: Any, chart: Chart, lang: str) -> None:
    """A bar for each project with its standard error; the total is left out."""
    rows = chart.table.records()[:-1][::-1]
    axes.barh(
        range(len(rows)), [_number(row["points"]) for row in rows], height=0.62, color=LAYERS[1],
        xerr=[_number(row.get("points_error")) for row in rows],
        error_kw={"ecolor": TARGET, "elinewidth": 0.9, "capsize": 2.5},
    )  # fmt: skip
    axes.axvline(0, color=TARGET, lw=0.6)
    axes.set_yticks(range(len(rows)), [str(row["project"]) for row in rows])
    axes.set_xlabel(chart.table.columns[1].header)
    _plain(axes, "x", left=False)


def _effort(axes: Any, chart: Chart, lang: str) -> None:
    """A group of bars for each county: what it carried out at the end of each year."""
    rows, years = chart.table.rows, chart.table.columns[1:]
    width = 0.8 / max(len(years), 1)
    shades = [str(0.85 - 0.6 * i / max(len(years) - 1, 1)) for i in range(len(years))]
    for i, (year, shade) in enumerate(zip(years, shades, strict=True)):
        axes.bar(
            [x + (i - (len(years) - 1) / 2) * width for x in range(len(rows))],
            [_number(row[i + 1]) for row in rows], width, color=shade, edgecolor=TARGET,
            linewidth=0.4, label=year.label,
        )  # fmt: skip
    axes.set_xticks(range(len(rows)), [str(row[0]) for row in rows])
    axes.set_ylabel("%")
    _plain(axes, "y")
    _legend(axes, len(years) or 1)


def _variance(axes: Any, chart: Chart, lang: str) -> None:
    """A bar for each target, divided among what makes its variance; parts below 0 are left out."""
    rows, parts = chart.table.records()[::-1], parts_of(chart)
    left = [0.0] * len(rows)
    for i, part in enumerate(parts):
        values = [max(_number(row[part.key]), 0.0) for row in rows]
        axes.barh(
            range(len(rows)), values, left=left, height=0.66, color=PARTS[i % len(PARTS)],
            hatch=HATCHES[2] if i % 2 else "", edgecolor=TARGET, linewidth=0.4, label=part.label,
        )  # fmt: skip
        left = [a + b for a, b in zip(left, values, strict=True)]
    axes.set_yticks(range(len(rows)), [str(row["target"]) for row in rows])
    axes.set_xlim(0, 100)
    axes.set_xlabel("%")
    _plain(axes, "x", left=False)
    _legend(axes, 5)


def parts_of(chart: Chart) -> list[Column]:
    """The columns of a chart of variances that hold shares."""
    return [each for each in chart.table.columns if each.unit == "%"]


DRAWERS: dict[ChartKind, Callable[[Any, Chart, str], None]] = {
    "verdicts": _verdicts, "outlook": _outlook, "map": _map, "path": _path,
    "causes": _causes, "shares": _shares, "effort": _effort, "variance": _variance,
}  # fmt: skip


def _plain(axes: Any, grid: str, *, left: bool = True) -> None:
    axes.grid(axis=grid, alpha=0.3, lw=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", *([] if left else ["left"])]].set_visible(False)
    axes.tick_params(width=0.6, length=2.5)


def _legend(axes: Any, columns: int) -> None:
    """The legend above the picture, each label once."""
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    if unique:
        axes.figure.legend(
            unique.values(), unique.keys(), loc="outside upper center", ncols=columns,
            frameon=False, fontsize=7, handlelength=1.8, columnspacing=1.2,
        )  # fmt: skip
