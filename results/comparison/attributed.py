"""An attribution as people read it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from xiancheng.calibration.i18n import Words
from xiancheng.calibration.naming import shortened
from xiancheng.results.analysis.attribution import Attribution
from xiancheng.results.caveats import belief
from xiancheng.results.contents.contributions import SEEN, error, points, whole_rows
from xiancheng.results.contents.words import CAUSES
from xiancheng.scenarios.paired import PARTS

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region

KINDS = {
    "shapley": Words("Shapley", "Shapley"),
    "owen": Words("Owen", "Owen"),
    "persons": Words("人数", "persons"),
    "first_in": Words("单独加入", "first in"),
    "last_in": Words("单独去掉", "last in"),
    **CAUSES,
}


def projects(
    told: Attribution, g: int, lang: str, scale: float
) -> tuple[list[str], list[list[str]]]:
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
                _with_error(told.owen[project][0, g], told.owen_error[project][0, g], told.several),
                f"{whole_rows(told.owen[project][1, g], scale):+,.0f}",
                points(told.first_in[project][0, g]),
                points(told.last_in[project][0, g]),
                *(points(x) for x in told.owen[project][2:, g]),
            ]
        )
    return _headers(kinds, Words("工程", "project"), lang), [*rows, _total(told, g, lang, scale, 1)]


def measures(
    told: Attribution, g: int, lang: str, scale: float
) -> tuple[list[str], list[list[str]]]:
    """A row for each measure: Shapley and Owen values, and the parts of the former by cause."""
    kinds = ("shapley", "persons", "owen", "first_in", "last_in", *PARTS)
    rows = []
    for number, measure in told.scenario.plan.measures.items():
        value, title = told.shapley[number], shortened(measure.title.said(lang), 34)
        rows.append(
            [
                f"{number} {title}",
                _with_error(value[0, g], told.shapley_error[number][0, g], told.several),
                f"{whole_rows(value[1, g], scale):+,.0f}",
                points(told.owen[number][0, g]),
                points(told.first_in[number][0, g]),
                points(told.last_in[number][0, g]),
                *(points(x) for x in value[2:, g]),
            ]
        )
    return _headers(kinds, Words("措施", "measure"), lang), [*rows, _total(told, g, lang, scale, 2)]


def remarks(told: Attribution, scale: float, region: "Region", lang: str) -> Iterator[str]:
    """What has to be said wherever contributions are shown."""
    yield Words(
        f"各项相加等于方案的总作用（{told.day}，常住人口城镇化率，百分点；人数为城镇常住人口）。"
        f"Shapley 与 Owen 各用 {told.permutations} 个次序（成对取反），"
        "± 为标准误，含次序、参数与随机世界，不是预测区间。",
        f"The shares add up to the whole effect ({told.day}, resident urbanization rate, points; "
        f"persons are urban residents). {told.permutations} orders of either kind, in antithetic "
        "pairs; ± is the standard error over orders, parameters and random worlds, not a forecast "
        "interval.",
    ).said(lang)
    yield Words(
        f"“<{SEEN:g}”为不足 {SEEN:g} 点；人数不细于模型的一行。",
        f"'<{SEEN:g}' is less than {SEEN:g} points; persons are no finer than a row of the model.",
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
        f"{told.draws} 组{belief(region).zh}参数抽样，次序轮流在各组中进行。"
        if told.several
        else "只用中心参数和一个随机世界，误差未知，不显示；用 --draws。",
        f"{told.draws} draws of the {belief(region).en}, the orders played in them in turn."
        if told.several
        else "Central parameters and one random world: the error is not known and not shown; use "
        "--draws.",
    )
    yield luck.said(lang)
    yield Words(
        f"规模 {scale:g}，实际模拟 {told.runs} 次；规模越小，小贡献的噪声越大。",
        f"scale {scale:g}, {told.runs} runs made; the smaller the scale, the noisier small shares.",
    ).said(lang)


def _headers(kinds: tuple[str, ...], first: Words, lang: str) -> list[str]:
    return [first.said(lang), *(KINDS[kind].said(lang) for kind in kinds)]


def _total(told: Attribution, g: int, lang: str, scale: float, before_parts: int) -> list[str]:
    """The whole effect: what the column of shares adds up to."""
    total = told.total[:, g]
    blank = [""] * (before_parts - 1)
    return [
        Words("合计 = 方案总作用", "sum = whole effect").said(lang),
        _with_error(total[0], told.total_error[0, g], told.several),
        f"{whole_rows(total[1], scale):+,.0f}",
        *([points(total[0])] if blank else []),
        "",
        "",
        *(points(x) for x in total[2:]),
    ]


def _with_error(value: float, spread: float, known: bool) -> str:
    """A contribution with its standard error, which is known over several worlds only."""
    return f"{points(value)} ±{error(spread)}" if value and known else points(value)


def _alone(told: Attribution, number: str) -> bool:
    """Whether a measure does something alone, or as the last."""
    return bool(told.first_in[number].any() or told.last_in[number].any())
