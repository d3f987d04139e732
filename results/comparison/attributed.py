"""An attribution as people read it."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from xiancheng.calibration.i18n import Words
from xiancheng.calibration.naming import shortened
from xiancheng.results.analysis.attribution import FEATURES, AttributionTable
from xiancheng.results.caveats import belief
from xiancheng.results.contents.contributions import SEEN, error, points, whole_rows
from xiancheng.results.contents.words import CAUSES
from xiancheng.scenarios.ensemble import PARTS
from xiancheng.scenarios.scenario_files import Scenario

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


SHOWN = {  # columns after the name, by level; the first is the share with its error
    "project": ("owen", "persons", "first_in", "last_in", *PARTS),
    "measure": ("shapley", "persons", "owen", "first_in", "last_in", *PARTS),
}
LEVELS = {"project": Words("工程", "project"), "measure": Words("措施", "measure")}


def shares(
    table: AttributionTable, scenario: Scenario, code: int, level: str, lang: str
) -> tuple[list[str], list[list[str]]]:
    """A row for each project or measure in a group of counties; then the whole effect, their sum.

    Parameters
    ----------
    level : "project" or "measure"
    """
    columns, total = SHOWN[level], table.of_group(code, "total", "total")
    others = {
        kind: {
            row["id"]: points(row["points"])
            for row in [*table.of_group(code, level, kind), *(total if kind == "owen" else ())]
        }
        for kind in columns[1 : -len(PARTS)]
        if kind != "persons"
    }

    def cells(row: Mapping[str, Any]) -> Iterator[str]:
        known = bool(row["points"]) and table.several
        yield points(row["points"]) + (f" ±{error(row['points_error'])}" if known else "")
        yield f"{whole_rows(row['persons'], table.scale):+,.0f}"
        yield from (other.get(row["id"], "") for other in others.values())
        yield from (points(row[part]) for part in PARTS)

    rows = [
        [_title(scenario, row["id"], lang), *cells(row)]
        for row in table.of_group(code, level, columns[0])
    ]
    for row in total:
        rows.append([Words("合计 = 方案总作用", "sum = whole effect").said(lang), *cells(row)])
    headers = [LEVELS[level].said(lang), *(KINDS[kind].said(lang) for kind in columns)]
    return headers, rows


def _title(scenario: Scenario, name: str, lang: str) -> str:
    """A project or measure with its number and title."""
    if name in scenario.plan.measures:
        return f"{name} {shortened(scenario.plan.measures[name].title.said(lang), 34)}"
    titles = scenario.plan.about.projects
    return f"{name} {titles.get(name, Words('保障措施', 'safeguards')).said(lang)}"


def remarks(table: AttributionTable, region: "Region", lang: str) -> Iterator[str]:
    """Notes that stand wherever contributions are shown."""
    yield Words(
        f"各项相加等于方案的总作用（{table.day}，常住人口城镇化率，百分点；人数为城镇常住人口）。"
        f"Shapley 与 Owen 各用 {table.permutations} 个次序（成对取反），"
        "± 为标准误，含次序、参数与随机世界，不是预测区间。",
        f"The shares add up to the whole effect ({table.day}, resident urbanization rate, points; "
        f"persons are urban residents). {table.permutations} orders of either kind, in antithetic "
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
    own = table.frame[(table.frame["level"] == "measure") & (table.frame["kind"] != "owen")]
    moved = own[(own[list(FEATURES)] != 0).any(axis=1)]["id"]
    idle = [name for name in own["id"].unique() if name not in set(moved)]
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
        f"{table.draws} 组{belief(region).zh}参数抽样，次序轮流在各组中进行。"
        if table.several
        else "只用中心参数和一个随机世界，误差未知，不显示；用 --draws。",
        f"{table.draws} draws of the {belief(region).en}, the orders played in them in turn."
        if table.several
        else "Central parameters and one random world: the error is not known and not shown; use "
        "--draws.",
    )
    yield luck.said(lang)
    yield Words(
        f"规模 {table.scale:g}，实际模拟 {table.runs} 次；规模越小，小贡献的噪声越大。",
        f"scale {table.scale:g}, {table.runs} runs made; the smaller the scale, the noisier small "
        "shares.",
    ).said(lang)
