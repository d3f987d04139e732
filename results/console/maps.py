"""Maps drawn as SVG from the outlines of a region pack, with the credit that they need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import TYPE_CHECKING

import numpy as np

from xiancheng.calibration.i18n import _
from xiancheng.results.console.markup import Markup, joined, tag

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region

WIDTH = 400.0
BLUES = ("#eaf2fa", "#c6dcef", "#93c0e0", "#5499c7", "#2874a6", "#154e79")
ORANGE_BLUE = (
    "#8a4503", "#c4701f", "#eba75f", "#f8dcb8", "#f4f4f4", "#cfe3f1", "#8dbfe0", "#3f86bd",
    "#154e79",
)  # fmt: skip
UNKNOWN = "#d9d9d9"


@dataclass(frozen=True)
class Scale:
    """Colours for values: `edges` divide them."""

    colours: Sequence[str]
    edges: Sequence[float]

    def colour(self, value: float) -> str:
        """The colour of a value."""
        if not np.isfinite(value):
            return UNKNOWN
        return self.colours[int(np.searchsorted(self.edges, value, side="right"))]


def levels(values: Sequence[float]) -> Scale:
    """A scale from low to high, in round steps of 5."""
    low = 5 * np.floor(min(values) / 5)
    step = max(5.0, 5 * np.ceil((max(values) - low) / 5 / len(BLUES)))
    return Scale(BLUES, [float(low + step * i) for i in range(1, len(BLUES))])


# Classes of differences [points]. They are the same for every region and answer, so that a colour
# means the same before and after a lever is moved.
APART = Scale(ORANGE_BLUE, (-1.5, -0.5, -0.2, -0.05, 0.05, 0.2, 0.5, 1.5))


def drawn(
    region: "Region", values: Mapping[str, float], scale: Scale, *, title: str, lang: str,
    digits: int, signed: bool = False, chosen: str = "",
) -> Markup:  # fmt: skip
    """A map of the counties by value; the credit stands below it."""
    outlines, centres = region.outlines(), region.centres()
    points = np.vstack(list(outlines.values()))
    (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
    flat = cos(radians((south + north) / 2))
    per_degree = WIDTH / ((east - west) * flat)
    height = (north - south) * per_degree

    def place(spot: np.ndarray) -> tuple[float, float]:
        return (spot[0] - west) * flat * per_degree, (north - spot[1]) * per_degree

    shapes, labels, spoken = [], [], []
    names = {c.code: c.said(lang) for c in region.counties}
    order = sorted(outlines, key=lambda code: code == chosen)  # the chosen one is drawn last
    spots = dict(zip(outlines, centres, strict=True))
    for code in order:
        value = values.get(code, float("nan"))
        colour = scale.colour(value)
        said = f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"
        spoken.append(f"{names[code]} {said}")
        path = " ".join(
            f"{'L' if i else 'M'}{x:.1f} {y:.1f}"
            for i, (x, y) in enumerate(place(p) for p in outlines[code])
        )
        shapes.append(
            tag("path", tag("title", spoken[-1]), d=path + " Z", fill=colour,
                cls="county chosen" if code == chosen else "county", data_county=code)
        )  # fmt: skip
        x, y = place(spots[code])
        labels.append(
            tag("text", tag("tspan", names[code], x=f"{x:.1f}", dy="-0.2em"),
                tag("tspan", said, x=f"{x:.1f}", dy="1.15em", cls="value"),
                x=f"{x:.1f}", y=f"{y:.1f}", data_county=code)
        )  # fmt: skip
    told = _(", ", "clauses").said(lang).join(spoken)
    picture = tag(
        "svg", *shapes, *labels, viewBox=f"-3 -3 {WIDTH + 6:.0f} {height + 6:.0f}", role="img",
        aria_label=f"{title}：{told}", cls="map",
    )  # fmt: skip
    credit = "边界：天地图" if lang == "zh" else "Boundaries: Tianditu (天地图)"
    return tag(
        "figure", tag("figcaption", title), picture, legend(scale, signed),
        tag("p", credit, cls="credit"), cls="mapped",
    )  # fmt: skip


def legend(scale: Scale, signed: bool) -> Markup:
    """What the colours stand for: a band of them, each class over the value that it begins at."""
    form = "{:+g}" if signed else "{:g}"
    lows = ["", *(form.format(round(edge, 6)) for edge in scale.edges)]
    steps = [
        tag("span", tag("i", style=f"background:{colour}"), low)
        for colour, low in zip(scale.colours, lows, strict=True)
    ]
    return tag("div", joined(steps), cls="legend", aria_hidden="true")
