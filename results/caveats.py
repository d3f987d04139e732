"""What has to be said of a verdict wherever it is shown: what it rests on, and what it is not."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from xiancheng.calibration import posterior
from xiancheng.calibration.i18n import Words
from xiancheng.results.contents.words import SIGNS, UNCLEAR
from xiancheng.results.keeping import evidence
from xiancheng.results.verdict_table import percent, usual_world
from xiancheng.scenarios.diff import applied, foreign
from xiancheng.scenarios.ensemble import Pair
from xiancheng.scenarios.outcome import Group, group_of

if TYPE_CHECKING:
    import pandas as pd

    from xiancheng.calibration.region import Region
    from xiancheng.scenarios.scenario_files import Scenario

LEVELS_UNTIL = date(2025, 12, 31)  # the last day for which a level may be quoted (docs/limits)
ENOUGH = 20  # draws below which shares and the ends of intervals are coarse


def remarks(
    both: Pair, table: "pd.DataFrame", promised: "pd.DataFrame", lang: str
) -> Iterator[str]:
    """What has to be said wherever a verdict is shown."""
    plan = both.plan
    for line in plan.scenario.crossed():
        yield Words(f"越过红线：{line.zh}", f"crosses a red line: {line.en}").said(lang)
    codes = [county.code for county in plan.region.counties]
    caveats = plan.scenario.plan.about.caveats_for(codes)
    if applied(plan.scenario, plan.region):
        yield elsewhere(plan.scenario).said(lang)
    due = promised[promised["at_deadline"].astype(bool) & promised["met"].notna()]
    if len(due) and not foreign(plan.scenario, plan.region):
        kept = int(due["met"].astype(bool).sum())
        yield Words(
            f"到期的 {len(due)} 项指标中，{kept} 项按模型的执行进度完成。",
            f"Of {len(due)} indicators due by then, {kept} are delivered at the pace of the model.",
        ).said(lang)
    for note in beyond(plan.region, plan.groups, plan.dates[0], plan.dates[-1]):
        yield note.said(lang)
    if table.empty:
        return
    without, having = table["probability_without"], table["probability"]
    if having.notna().all():
        yield Words(
            f"达标概率：无方案 {percent(without.min())} 至 {percent(without.max())}，"
            f"有方案 {percent(having.min())} 至 {percent(having.max())}；方案使城镇化率改变 "
            f"{table['from_plan_pp'].min():+.2f} 至 {table['from_plan_pp'].max():+.2f} 个百分点。",
            f"Chances without the plan: {percent(without.min())} to {percent(without.max())}; with "
            f"it {percent(having.min())} to {percent(having.max())}. The plan changes the rate by "
            f"{table['from_plan_pp'].min():+.2f} to {table['from_plan_pp'].max():+.2f} points.",
        ).said(lang)
        yield from at_once(table, lang)
        if unclear(table):
            yield f"{UNCLEAR.said(lang)}{'。' if lang == 'zh' else '.'}"
    for number, caveat in caveats.items():
        yield f"{number} {caveat.said(lang)}"
    yield basis(table, belief(plan.region)).said(lang)
    yield from evidence.remarks(plan.region, lang)
    yield Words(
        "有方案与起点之差 = 趋势 + 划转"
        + ("" if usual_world(table) else " + 外部条件")
        + " + 方案（百分点）；划转按模型的基准计，随时可能被行政决定改变，"
        "城乡代码冻结的情景见 plan-without-recoding。",
        "With the plan less the start = trend + recoding"
        + ("" if usual_world(table) else " + conditions")
        + " + plan, in points; recoding is that of the model's baseline, and an administrative "
        "decision may change it: see the scenario plan-without-recoding.",
    ).said(lang)
    yield Words(
        f"规模 {plan.request['scale']:g}，种子 {plan.request['seed']}，"
        f"{plan.request['start']} 至 {plan.request['until']}；目标从不作为数据使用。",
        f"scale {plan.request['scale']:g}, seed {plan.request['seed']}, {plan.request['start']} to "
        f"{plan.request['until']}; targets are never used as data.",
    ).said(lang)


def beyond(region: "Region", groups: Sequence[Group], start: date, until: date) -> Iterator[Words]:
    """What a run from `start` to `until` does not tell: levels far ahead, targets not judged."""
    if until > LEVELS_UNTIL:
        yield Words(
            f"模拟到 {until}：{LEVELS_UNTIL.year} 年以后只是趋势的延续，那时的水平不是预测，"
            "只能看情景之间的差；判定只针对各目标的期限，各季的数在已存运行的 series.parquet 中。",
            f"Run to {until}: after {LEVELS_UNTIL.year} there is nothing but trends carried on; "
            "levels then are no forecast, and only differences between scenarios can be read. "
            "Verdicts are of the targets' deadlines alone; every quarter is in series.parquet of a "
            "saved run.",
        )
    yield from unjudged(region, groups, start, until)


def unjudged(
    region: "Region", groups: Sequence[Group], start: date, until: date
) -> Iterator[Words]:
    """The targets that a run from `start` to `until` says nothing of, a sentence each."""
    for target in region.targets:
        if target.due(start, until):
            continue
        place, rate = groups[group_of(target, region, groups)], f"{target.value:g}%"
        due = target.deadline
        early = due <= start
        yield Words(
            f"未判定的目标 {target.id}：{place.zh} {SIGNS[target.operator]}{rate}，期限 {due} "
            + (
                f"不晚于起点 {start}。"
                if early
                else f"晚于期末 {until}；终点设为 {due}（run、seek 的 --until，"
                "或情景、设计中的 horizon.until）才能判定。"
            ),
            f"Target {target.id} is not judged: {place.en} {SIGNS[target.operator]}{rate}, "
            f"deadline {due} "
            + (
                f"is not after the start, {start}."
                if early
                else f"is after the end, {until}; set the end to {due} (--until of run and seek, "
                "or horizon.until of a scenario or design)."
            ),
        )


def elsewhere(scenario: "Scenario") -> Words:
    """What has to be known where a plan is carried out in another city."""
    name = scenario.plan.about.name
    return Words(
        f"{name.zh}没有提到这些县：把它套用到这里只是设想，任务总量按常住人口折算，"
        "期限、任务表和方案的疑点因此不列。",
        f"{name.en} does not speak of these counties: to apply it here is a thought experiment. "
        "City totals are scaled by residents; its deadlines, tasks and caveats are left out.",
    )


def at_once(table: "pd.DataFrame", lang: str) -> Iterator[str]:
    """The chance that all targets due by each deadline are met, where there are several."""
    for day, n, without, having in together(table):
        if n > 1:
            yield Words(
                f"到 {day} 的 {n} 个目标全部达到的概率：无方案 {percent(without)}，"
                f"有方案 {percent(having)}。",
                f"All {n} targets due by {day} are met with {percent(having)}; without the plan "
                f"{percent(without)}.",
            ).said(lang)


def together(table: "pd.DataFrame") -> list[tuple[str, int, float, float]]:
    """By deadline: day, targets due by it, and the chance of all without and with the plan."""
    days = table["deadline"].astype(str)
    return [
        (day, int((days <= day).sum()), float(own["all_met_without"]), float(own["all_met"]))
        for day in sorted(set(days))
        for own in [table[days == day].iloc[0]]
    ]


def unclear(table: "pd.DataFrame") -> bool:
    """Whether the effect of the plan on any target cannot be told from zero.

    An effect of exactly zero, as that of a scenario without a plan, is no such effect.
    """
    spans = (table["plan_low"] <= 0) & (table["plan_high"] >= 0) & (table["from_plan_pp"] != 0)
    return bool(spans.any())


def of_one_run(table: "pd.DataFrame", region: "Region", lang: str) -> str:
    """What the table of causes is of, where it stands below the verdict."""
    drawn = table["draws"].iloc[0] > 0
    other = Words("", "")
    if drawn:
        other = Words(
            f"；上表的划转和方案作用是{belief(region).zh}抽样的平均，与这一次运行不同",
            "; recoding and plan in the table above are means over draws of the "
            f"{belief(region).en} and differ from this one run",
        )
    return Words(
        f"第二张表是模型在中心参数（先验中位）下这一次运行的成因，五项之和等于它有方案与起点之差{other.zh}。",
        "The second table is of one run of the model at the central parameters (prior medians); "
        f"its five causes add up to its rate with the plan less the start{other.en}.",
    ).said(lang)


def basis(table: "pd.DataFrame", drawn: Words) -> Words:
    """What level and differences rest on; `drawn` says what draws are drawn from."""
    draws, kind = int(table["draws"].iloc[0]), table["basis"].iloc[0]
    few = Words("", "") if draws >= ENOUGH or not draws else Words(
        f"；只有 {draws} 组，比例和区间两端都很粗",
        f"; with only {draws} of them shares and ends are coarse",
    )  # fmt: skip
    effect = (
        Words(
            f"方案与外部条件的作用来自 {draws} 组{drawn.zh}参数抽样的成对差，"
            f"划转取各组平均{few.zh}",
            "what plan and outside conditions add are paired differences over "
            f"{draws} {drawn.en} draws, and recoding is their mean{few.en}",
        )
        if draws
        else Words(
            "方案、外部条件和划转取中心参数（先验中值）下一次模拟：划转随种子相差可达一两个点，"
            "外部条件的作用与抽样所得可以相差更多（--draws 50）",
            "plan, outside conditions and recoding are those of one run at the central parameters "
            "(prior medians): recoding differs by a point or two between seeds, and what "
            "conditions do may differ by more from what draws say (--draws 50)",
        )
    )
    if kind == "statistics":
        return Words(
            "城镇化率的水平来自统计预测的叠加（只用到最近一次普查）：在省内留出的县上，简单预测总的来说比模型更准"
            f"（docs/validation.md），所以模型只给差与成因；{effect.zh}。",
            "The level is that of stacked statistical forecasts from the last census: on counties "
            "of the province left out simple forecasts did better than the model on the whole "
            f"(docs/validation.md), so the model gives differences and causes only; {effect.en}.",
        )
    why = {
        "model": Words("没有两次普查的记录可供统计预测", "there is no record of two censuses"),
        "another start": Words(
            "不从最近一次普查起步，统计预测接不上", "the run does not start at the last census"
        ),
    }[kind]
    if draws:
        return Words(
            f"{why.zh}，水平取自模型本身，不是经过检验的预测：区间与比例来自 {draws} 组{drawn.zh}"
            f"抽样{few.zh}。",
            f"As {why.en}, the level is the model's own and no tested forecast: interval and share "
            f"come from {draws} {drawn.en} draws{few.en}.",
        )
    return Words(
        f"{why.zh}，水平取自模型本身，是中心参数下的一次模拟，没有区间与概率；用 --draws 50。",
        f"As {why.en}, the level is the model's own: one run at the central parameters, without "
        "interval or probability; use --draws 50.",
    )


def belief(region: "Region") -> Words:
    """What draws of the parameters are drawn from."""
    if posterior.read(region.folder) is None:
        return Words("先验", "prior")
    return Words("后验", "posterior")
