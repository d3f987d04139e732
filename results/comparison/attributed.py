"""An attribution as people read it."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from results.caveats import belief
from results.comparison.attribute import Attribution
from results.contents.words import CAUSES
from scenarios.checking import Words, shortened
from scenarios.paired import PARTS

if TYPE_CHECKING:
    from calibration.region import Region

LONE = 2  # orders in one antithetic pair, from which no error is known
KINDS = {
    "shapley": Words("Shapley", "Shapley"),
    "owen": Words("Owen", "Owen"),
    "persons": Words("人数", "persons"),
    "first_in": Words("单独加入", "first in"),
    "last_in": Words("单独去掉", "last in"),
    **CAUSES,
}


def projects(told: Attribution, g: int, lang: str) -> tuple[list[str], list[list[str]]]:
    """A row for each project: Owen value, and its parts by cause; then the sum and the total."""
    about = told.scenario.plan.about.projects
    safeguards = Words("保障措施", "safeguards")
    kinds = ("owen", "persons", "first_in", "last_in", *PARTS)
    rows = []
    for project in told.projects:
        title = about.get(project, safeguards)
        rows.append(
            [
                f"{project} {title.said(lang)}",
                _with_error(told.owen[project][0, g], told.owen_error[project][0, g]),
                f"{told.owen[project][1, g]:+,.0f}",
                _points(told.first_in[project][0, g]),
                _points(told.last_in[project][0, g]),
                *(_points(x) for x in told.owen[project][2:, g]),
            ]
        )
    return _headers(kinds, Words("工程", "project"), lang), [*rows, _total(told, g, lang, 1)]


def measures(told: Attribution, g: int, lang: str) -> tuple[list[str], list[list[str]]]:
    """A row for each measure: Shapley and Owen values, and the parts of the former by cause."""
    kinds = ("shapley", "persons", "owen", "first_in", "last_in", *PARTS)
    rows = []
    for number, measure in told.scenario.plan.measures.items():
        value, title = told.shapley[number], shortened(measure.title.said(lang), 34)
        rows.append(
            [
                f"{number} {title}",
                _with_error(value[0, g], told.shapley_error[number][0, g]),
                f"{value[1, g]:+,.0f}",
                _points(told.owen[number][0, g]),
                _points(told.first_in[number][0, g]),
                _points(told.last_in[number][0, g]),
                *(_points(x) for x in value[2:, g]),
            ]
        )
    return _headers(kinds, Words("措施", "measure"), lang), [*rows, _total(told, g, lang, 2)]


def remarks(told: Attribution, scale: float, region: "Region", lang: str) -> Iterator[str]:
    """What has to be said wherever contributions are shown."""
    yield Words(
        f"各项相加等于方案的总作用（{told.day}，常住人口城镇化率，百分点；人数为城镇常住人口）。"
        f"Shapley 与 Owen 各用 {told.permutations} 个次序（成对取反），"
        "± 为抽样标准误，不是预测区间。",
        f"The shares add up to the whole effect ({told.day}, resident urbanization rate, points; "
        f"persons are urban residents). {told.permutations} orders of either kind, in antithetic "
        "pairs; ± is the standard error of the sampling, not a forecast interval.",
    ).said(lang)
    if told.permutations == LONE:
        yield Words(
            "只有一对次序：抽样误差未知（以 – 表示）；--permutations 4 起可知。",
            "One pair of orders: the error of the sampling is not known (–); it is from "
            "--permutations 4 on.",
        ).said(lang)
    yield Words(
        "“单独加入”和“单独去掉”不是上下限：措施相互配合或相互替代时，贡献可在两者之外。",
        "First-in and last-in are not bounds: where measures help or replace each other, a share "
        "may lie outside them.",
    ).said(lang)
    idle = [n for n, value in told.shapley.items() if not (value.any() or _alone(told, n))]
    if idle:
        yield Words(
            f"贡献恰为 0：{'、'.join(idle)}（在此世界中不改变任何起作用的抓手）。",
            f"Exactly 0: {', '.join(idle)} (they move no lever that acts in this world).",
        ).said(lang)
    yield Words(
        "每个组合中县级任务量都按整个情景计算，所以不动抓手的措施恰为 0，执行能力不足时也如此。",
        "The load on counties is that of the whole scenario in every coalition, so a measure that "
        "moves no lever gets exactly 0, even where capacity binds.",
    ).said(lang)
    luck = Words(
        f"{told.draws} 组{belief(region).zh}参数抽样，次序轮流在各组中进行；标准误含参数差异。"
        if told.draws
        else "只用中心参数和一个种子；--draws 把参数差异计入标准误。",
        f"{told.draws} draws of the {belief(region).en}, the orders played in them in turn; the "
        "error includes the spread over parameters."
        if told.draws
        else "Central parameters and one seed; --draws brings the spread over parameters into the "
        "error.",
    )
    yield luck.said(lang)
    yield Words(
        f"规模 {scale:g}，实际模拟 {told.runs} 次；规模越小，小贡献的噪声越大。",
        f"scale {scale:g}, {told.runs} runs made; the smaller the scale, the noisier small shares.",
    ).said(lang)


def _headers(kinds: tuple[str, ...], first: Words, lang: str) -> list[str]:
    return [first.said(lang), *(KINDS[kind].said(lang) for kind in kinds)]


def _total(told: Attribution, g: int, lang: str, before_parts: int) -> list[str]:
    """The whole effect: what the column of shares adds up to."""
    total = told.total[:, g]
    blank = [""] * (before_parts - 1)
    return [
        Words("合计 = 方案总作用", "sum = whole effect").said(lang),
        _with_error(total[0], told.total_error[0, g]) if told.draws else _points(total[0]),
        f"{total[1]:+,.0f}",
        *([_points(total[0])] if blank else []),
        "",
        "",
        *(_points(x) for x in total[2:]),
    ]


def _points(value: float) -> str:
    return f"{value:+.3f}" if value else "0"


def _with_error(value: float, error: float) -> str:
    spread = f"±{error:.3f}" if math.isfinite(error) else "±–"
    return f"{value:+.3f} {spread}" if value else "0"


def _alone(told: Attribution, number: str) -> bool:
    """Whether a measure does something alone, or as the last."""
    return bool(told.first_in[number].any() or told.last_in[number].any())
