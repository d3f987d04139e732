"""How time and memory grow with the number of residents: a prefecture, then a province."""

from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import fresh
from benchmarks.tables import Cells, number

WITHIN = 1.5  # times the cost of Binzhou at scale 1
SECONDS, GIB = 55.0, 4.5  # for the province at scale 1
PROVINCE = "shandong", 1.0
UNIT = ("binzhou", 1.0, 1)  # region, scale, threads: what the others are compared with

Point = tuple[str, float, int]


@dataclass(frozen=True)
class Grown:
    """A region at one scale: rows, time and memory."""

    region: str
    scale: float
    threads: int
    rows: int
    residents: int  # rows of people who live there
    build: float  # seconds, once
    ready: float  # seconds, once in a process
    seconds: float  # for all quarters
    cpu: float  # seconds
    quarters: int
    peak: int  # bytes, of a process that gets ready and simulates

    @property
    def cost(self) -> float:
        """CPU time [ns per resident-quarter]."""
        return self.cpu / self.residents / self.quarters * 1e9


def grown(points: list[Point], rounds: int, repeats: int, cache: str) -> list[Grown]:
    """Measure every point in fresh processes that take turns; `seconds` and `cpu` are medians.

    A province at scale 1 takes minutes, so it runs once in one round only.
    """
    built = {
        (region, scale): fresh.result(
            "-m", "benchmarks.once", "build", region, scale, XIANCHENG_CACHE=cache
        )
        for region, scale, _ in points
    }
    runs: dict[Point, list[dict[str, Any]]] = {point: [] for point in points}
    for turn in range(rounds):
        for region, scale, threads in points:
            large = (region, scale) == PROVINCE
            if turn and large:
                continue
            again = 0 if large else repeats
            run = fresh.result(
                "-m", "benchmarks.once", "run", region, scale, "baseline", again, threads,
                XIANCHENG_CACHE=cache,
            )  # fmt: skip
            runs[region, scale, threads].append(run)
    return [found(point, built[point[:2]], runs[point]) for point in points]


def found(point: Point, built: dict[str, Any], runs: list[dict[str, Any]]) -> Grown:
    """The medians of the runs at a point; the first in a process counts only where it is alone."""
    warm = [times for run in runs for times in run["simulate"][1:] or run["simulate"]]
    return Grown(
        *point, rows=built["rows"], residents=built["residents"],
        build=built["population"][0][0], ready=median(run["ready"][0][0] for run in runs),
        seconds=median(wall for wall, _ in warm), cpu=median(cpu for _, cpu in warm),
        quarters=runs[0]["quarters"], peak=max(run["peak"] for run in runs),
    )  # fmt: skip


def unit(points: list[Grown]) -> float:
    """The cost that the others are compared with: Binzhou's at scale 1, or the last it has."""
    own = [p for p in points if p.region == UNIT[0] and p.threads == UNIT[2]]
    return max(own, key=lambda p: p.scale).cost


def cells(points: list[Grown]) -> Cells:
    """The table."""
    base = unit(points)
    head = ["region", "scale", "threads", "rows (million)", "residents (million)",
            "build, once (s)", "make ready (s)", "21 quarters (s)", "CPU ns per resident-quarter",
            "times Binzhou at scale 1", "peak memory (GiB)"]  # fmt: skip
    body = [
        [
            p.region,
            f"{p.scale:g}",
            str(p.threads),
            f"{p.rows / 1e6:.2f}",
            f"{p.residents / 1e6:.2f}",
            number(p.build),
            number(p.ready),
            number(p.seconds),
            number(p.cost),
            f"{p.cost / base:.2f}",
            f"{p.peak / 2**30:.2f}",
        ]
        for p in points
    ]
    return [head, *body]


def verdict(points: list[Grown]) -> list[str]:
    """What was promised of the province, and whether it holds; nothing where it did not run."""
    whole = [p for p in points if (p.region, p.scale) == PROVINCE]
    if not whole:
        return []
    best, base = min(whole, key=lambda p: p.seconds), unit(points)
    one = next(p for p in whole if p.threads == 1)
    checks = [
        ("21 quarters", best.seconds, "s", SECONDS),
        ("peak memory", max(p.peak for p in whole) / 2**30, "GiB", GIB),
        ("cost per resident-quarter", one.cost / base, "times Binzhou's", WITHIN),
    ]
    return [
        f"{what} is {number(value)} {name}, "
        + (f"within {most:g}" if value <= most else f"NOT within {most:g}")
        for what, value, name, most in checks
    ]


def draw(points: list[Grown], file: Path) -> None:
    """The picture: cost and memory against rows, log axes, with the line not to be crossed."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "growth", "svg.fonttype": "path", "font.size": 9})
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator, NullFormatter

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    single = [p for p in points if p.threads == 1]
    for region, mark, colour in (("binzhou", "o", "#1f5a7a"), ("shandong", "s", "#b5532a")):
        own = sorted((p for p in single if p.region == region), key=lambda p: p.rows)
        rows, name = [p.rows for p in own], region.capitalize()
        style = {"marker": mark, "color": colour, "label": name}
        left.plot(rows, [p.cost for p in own], **style)
        right.plot(rows, [p.peak / 2**30 for p in own], **style)
    base = unit(points)
    left.axhline(WITHIN * base, color="#555555", linestyle="--", linewidth=1)
    left.annotate(
        f"{WITHIN:g} x Binzhou at its largest scale", (0.98, WITHIN * base), color="#555555",
        xycoords=("axes fraction", "data"), ha="right", va="bottom",
    )  # fmt: skip
    left.set_ylabel("CPU ns per resident-quarter")
    right.set_ylabel("peak memory of the process, GiB")
    for axes in (left, right):
        axes.set(xscale="log", yscale="log", xlabel="rows", xlim=(1e4, 2e8))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.grid(which="both", color="#dddddd", linewidth=0.5)
    left.legend(frameon=False, loc="upper right")
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)
