"""Two to four scenarios side by side: what differs in them, and what comes of it."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from calibration.priors import override
from results.comparison import compared
from results.comparison.compare import Comparison, outcomes
from results.comparison.sides import Met, Side, differing
from results.console.draft import Draft
from results.console.markup import Markup, joined, listed, table, tag
from results.console.native import area, button, element, select, text, write
from results.console.shown import Shown
from results.console.views.under_way import UnderWay
from results.console.work import Piece, Task, Told
from results.contents.words import UNITS
from scenarios.checking import Words
from scenarios.ensemble import usual
from scenarios.outcome import group_of
from scenarios.paired import Draw, judged_on, layered
from scenarios.request import code_digest
from scenarios.simulate import information, reported
from sim.indicators import INDICATORS

if TYPE_CHECKING:
    from results.console.page import Page

NONE = "none"
ENOUGH = 20  # draws for an interval: of fewer, the least and the most are told
SHOWN = ("resident_urbanization_rate", "urban_residents", "residents", "jobs_filled")


class Compare:
    """A and B, and up to two more."""

    def __init__(self, page: "Page") -> None:
        self.page, say = page, page.session.say
        self._more: dict[str, Draft] = {}
        self._asked: object = None
        with element("div", "sides"):
            for letter in ("C", "D"):
                title = say(f"再加一个情景 {letter}", f"Another scenario {letter}")
                with element("label"):
                    text(title)
                    none = {"": {NONE: say("（不加）", "(none)")}}
                    select(title, none | page.choosing.scenarios(), NONE,
                           partial(self._picked, letter))  # fmt: skip
            button(say("按全规模比较", "Compare at full scale"), lambda _: self._compute(full=True))
        self._progress = UnderWay(page)
        self._area = area()

    def show(self, shown: Shown) -> None:
        """Compare anew if A, B or one of the others is another."""
        asked = [draft.file() for draft in self._sides().values()]
        if asked != self._asked:
            self._asked = asked
            self._compute(full=False)
        elif self._told is not None:
            self._write(self._told)

    _told: Comparison | None = None

    def stop(self) -> None:
        """Take back what is under way."""
        self._progress.stop()
        self._asked = None

    def _sides(self) -> dict[str, Draft]:
        session = self.page.session
        return {"A": session.a, "B": session.b} | dict(sorted(self._more.items()))

    def _picked(self, letter: str, key: str) -> None:
        def pick() -> None:
            self._more.pop(letter, None)
            if key != NONE:
                self._more[letter] = self.page.choosing.drafted(key)
            self._compute(full=False)

        self.page.guarded(pick)

    def _compute(self, *, full: bool) -> None:
        sizes, server, say = self.page.server.sizes, self.page.server, self.page.session.say
        scale = sizes.scale if full else sizes.quick_scale
        draws = [Draw(), *layered(server.name, sizes.draws if full else sizes.quick_draws, 1)]
        sides = self._sides()
        scenarios = [draft.scenario for draft in sides.values()]
        day = min(judged_on(s, server.region) for s in scenarios)
        every = [Told.of(s) for s in (*scenarios, usual(scenarios[0]))]
        tasks = [
            Task(told, draw, server.name, scale, day, whole=False)
            for draw in draws
            for told in every
        ]

        async def work() -> None:
            pieces = await server.desk.ask(
                self.page.client.id, tasks, "full" if full else "quick", self._progress.step
            )
            if not self.page.client.is_deleted:
                with self.page.client:
                    self._write(comparison(sides, pieces, scale, server.name, tasks))

        what = say("正在比较…", "Comparing…")
        self._progress.begin(what, len(tasks), work)

    def _write(self, told: Comparison) -> None:
        self._told = told
        write(self._area, side_by_side(told, self._sides(), self.page.session.lang))


def comparison(
    drafts: dict[str, Draft], pieces: list[Piece], scale: float, region: str, tasks: list[Task]
) -> Comparison:
    """The pieces as a comparison: draw by draw, the median world first, the usual world last."""
    from calibration.region import load

    pack, n = load(region), len(drafts)
    sides = tuple(Side(name, draft.scenario) for name, draft in drafts.items())
    read = np.array([np.vstack([p.reading.indicators, p.reading.causes]) for p in pieces]).reshape(
        -1, n + 1, *_shape(pieces[0])
    )[:, :n]
    rates = np.array([p.reading.targets for p in pieces]).reshape(-1, n + 1, len(pack.targets))
    targets, plain = rates[:, :n], rates[:, n]
    met = Met(
        1, 0, scale, str(sides[0].scenario.start), str(information(sides[0].scenario, pack, None)),
        tuple(sorted(asdict(override({})).items())), pack.digest, code_digest(),
    )  # fmt: skip
    drawn = len(read) > 1
    return Comparison(
        sides=sides, groups=reported(pack), region=pack, day=tasks[0].day, scale=scale,
        met=(met,) * n,
        inputs={
            lang: {s.name: list(differing(sides[0], s, lang)) for s in sides[1:]}
            for lang in ("zh", "en")
        },
        values=read[0], targets=targets[0], usual=plain[0],
        drawn=read[1:].swapaxes(0, 1)[:, :, None] if drawn else None,
        drawn_targets=targets[1:].swapaxes(0, 1)[:, :, None] if drawn else None,
        drawn_usual=plain[1:, None] if drawn else None,
    )  # fmt: skip


def _shape(piece: Piece) -> tuple[int, int]:
    indicators, causes = piece.reading.indicators.shape, piece.reading.causes.shape
    return indicators[0] + causes[0], indicators[1]


def side_by_side(told: Comparison, drafts: Mapping[str, Draft], lang: str) -> Markup:
    """Inputs that differ, targets, outcomes, and what has to be said of them."""
    zh = lang == "zh"
    names = [
        tag("li", tag("strong", name), " ", draft.called(lang)) for name, draft in drafts.items()
    ]
    parts = [tag("p", tag("strong", basis(told).said(lang))), tag("ul", *names)]
    for side in told.sides[1:]:
        differs = told.inputs[lang][side.name]
        title = f"{side.name} 与 A 的不同" if zh else f"What {side.name} does differently from A"
        none = "没有差别" if zh else "nothing"
        parts.append(tag("h2", title))
        parts.append(listed([line.replace("->", "→") for line in differs] or [none], "remarks"))
    parts = [tag("section", *parts, cls="card")]
    headers, rows = targets(told, lang)
    caption = (
        "各目标：预期的城镇化率（%）与达标概率" if zh else "Targets: expected rate (%), P(met)"
    )
    parts.append(tag("section", table(headers, rows, caption=caption), cls="tabled below"))
    parts.append(tag("h2", "模型自身的读数，不是判定" if zh else
                     "The model's own readings, not the verdict"))  # fmt: skip
    for outcome in SHOWN:
        headers, rows = readings(told, outcome, lang)
        unit = UNITS[INDICATORS[outcome].unit].said(lang)
        caption = f"{compared.title(outcome, lang)} ({unit}), {told.day}"
        parts.append(tag("section", table(headers, rows, caption=caption), cls="tabled"))
    parts.append(tag("section", listed(list(remarks(told, lang)), "remarks"), cls="card"))
    return joined(parts)


def basis(told: Comparison) -> Words:
    """What the tables of a comparison rest on; the line on top of the page is of another run."""
    n = drawn(told)
    runs = Words(f"{n} 次抽样" if n else "中心参数一次", f"{n} draws" if n else "one central run")
    return Words(
        f"本页比较：规模 {told.scale:g}，{runs.zh}",
        f"This comparison: scale {told.scale:g}, {runs.en}",
    )


def drawn(told: Comparison) -> int:
    """How many draws a comparison rests on; 0 if it is one run a side."""
    return 0 if told.drawn is None else told.drawn.shape[1]


def targets(told: Comparison, lang: str) -> tuple[list[str], list[list[str]]]:
    """Each target with what is expected of it; it is called as the place that it is of."""
    headers, rows = compared.targets(told, lang)
    places = {
        f"{t.id} {t.name.said(lang)}": told.groups[group_of(t, told.region, told.groups)].said(lang)
        for t in told.region.targets
    }
    return headers, [[places.get(row[0], row[0]), *row[1:]] for row in rows]


def readings(told: Comparison, outcome: str, lang: str) -> tuple[list[str], list[list[str]]]:
    """An outcome of each side, and how far the differences of pairs of runs lie apart.

    Columns are means of the draws where there are some, so that differences are theirs.
    """
    zh, n, o = lang == "zh", drawn(told), list(outcomes()).index(outcome)
    runs = told.values[:, None, o] if told.drawn is None else told.drawn[:, :, 0, o]
    own, apart = runs.mean(axis=1), runs - runs[0]
    ends = (5, 95) if n >= ENOUGH else (0, 100)
    low, high = np.percentile(apart, ends, axis=1)
    spread = ("90% 区间" if zh else "90% interval") if n >= ENOUGH else (
        f"{n} 次抽样的范围" if zh else f"range of {n} draws")  # fmt: skip
    headers = ["地区" if zh else "place", told.sides[0].name]
    for side in told.sides[1:]:
        headers += [side.name, f"{side.name} − {told.sides[0].name}", *([spread] if n else [])]
    digits = 0 if outcomes()[outcome] in compared.WHOLE else 2
    rows = []
    for g, group in enumerate(told.groups):
        row = [group.said(lang), f"{own[0, g]:,.{digits}f}"]
        for s in range(1, len(told.sides)):
            row += [f"{own[s, g]:,.{digits}f}", f"{own[s, g] - own[0, g]:+,.{digits}f}"]
            if n:
                row.append(f"{low[s, g]:+,.{digits}f} … {high[s, g]:+,.{digits}f}")
        rows.append(row)
    return headers, rows


def remarks(told: Comparison, lang: str) -> Iterator[str]:
    """What has to be said of the tables."""
    zh, n, base = lang == "zh", drawn(told), told.sides[0].name
    if told.known is not None:
        yield (
            "各目标的预期值与概率：水平来自统计预测的叠加，各列只加上模型的成对差；"
            "其余各表是模型自己的数。" if zh else
            "Expected rates and chances of targets: the level is that of stacked statistical "
            "forecasts, to which each side adds the model's paired difference; all other tables "
            "are the model's own figures."
        )  # fmt: skip
    if n:
        yield (
            f"各列为 {n} 次参数抽样的平均，差 = 各列 − {base}；各情景遇到同样的抽样和同样的运气。"
            if zh else
            f"Columns are means of {n} draws of the parameters, differences are from {base}; all "
            "sides meet the same draws and the same luck."
        )  # fmt: skip
    else:
        yield (
            f"各列为中心参数的一次运行，差 = 各列 − {base}；没有抽样，所以没有区间。" if zh else
            f"Columns are one run at the central parameters, differences are from {base}; without "
            "draws there is no interval."
        )  # fmt: skip
