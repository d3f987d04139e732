"""The verdict: what is expected of each target, why, and how sure that is."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from calibration import posterior
from results.contents.words import MADE_OF
from results.judgement import Judgement
from scenarios.checking import Words
from scenarios.delivery import Delivered, delivered
from scenarios.ensemble import Pair
from scenarios.outcome import Outcome

if TYPE_CHECKING:
    import pandas as pd

    from calibration.region import Region

HEADERS = {
    "county": Words("地区", "county"),
    "rate_at_start": Words("起点%", "start %"),
    "without": Words("无方案%", "without %"),
    "expected": Words("有方案%", "with %"),
    "interval": Words("90%区间", "90%"),
    "target": Words("目标%", "target %"),
    "probability": Words("达标概率", "P(met)"),
    "margin_pp": Words("差距(点)", "margin (points)"),
    **MADE_OF,
}
CAUSES = {
    "county": Words("地区", "county"),
    "simulated": Words("模型：有方案%", "model: with %"),
    "baseline": Words("模型：无方案%", "model: without %"),
    "natural_pp": Words("自然增长", "natural"),
    "migration_pp": Words("迁移", "migration"),
    "recoding_pp": Words("划转", "recoding"),
    "denominator_pp": Words("分母变化", "denominator"),
    "counting_pp": Words("统计口径", "counting"),
}
JUDGED = (  # columns that draws have a part in
    "without", "expected", "low", "high", "probability", "probability_without", "all_met",
    "all_met_without", "from_trend_pp",
    "from_recoding_pp", "from_conditions_pp", "from_plan_pp", "margin_pp", "basis", "draws",
)  # fmt: skip
ENOUGH = 20  # draws below which shares and the ends of intervals are coarse
OF_THE_MODEL = ("met", "margin_pp")  # columns of `Outcome.verdicts` that are no verdict


def verdicts(both: Pair, draws: "pd.DataFrame | None" = None) -> "pd.DataFrame":
    """One row for each target whose deadline the run reaches.

    Returns
    -------
    `target`, `unit_code`, `county`, `county_en`, `deadline`, `operator`, `target_rate`,
    `rate_at_start`; the columns of `Judgement.columns`; `margin_pp`, the expected rate less the
    target; `basis` of the level, "statistics", "model" or "another start"; `draws` of the
    parameters, 0 at central values; then of the one run of the model its rates `simulated` and
    `baseline`, `effect_pp`
    between them, and the causes of its change
    """
    table = both.plan.verdicts()
    if table.empty:
        return table
    judgement = Judgement.of(both, draws)
    told = judgement.columns()
    told["margin_pp"] = told["expected"] - table["target_rate"].to_numpy()
    at = list(table.columns).index("rate_at_start") + 1
    own = table.drop(columns=list(OF_THE_MODEL))
    for name, values in reversed(told.items()):
        own.insert(at, name, values.round(6))
    kinds = {True: "statistics", False: "another start"}
    known = len(both.plan.region.censuses) > 1
    own.insert(at, "basis", kinds[judgement.anchored] if known else "model")
    own.insert(at, "draws", 0 if draws is None else judgement.runs)
    own["baseline"] = both.baseline.verdicts()["simulated"]
    own["effect_pp"] = (own["simulated"] - own["baseline"]).round(6)
    return own


def lines(table: "pd.DataFrame", lang: str) -> tuple[list[str], list[list[str]]]:
    """The table as people read it: headers, and a row for each target."""
    known = bool(table["probability"].notna().all())
    left_out = {"from_conditions_pp"} if _usual(table) else set()
    left_out |= set() if known else {"interval", "probability"}
    keys = [k for k in HEADERS if k not in left_out]
    rows = []
    for row in table.to_dict("records"):
        sign = {"about": "≈", "at least": "≥"}.get(str(row["operator"]), "")
        cells = _cells(row, lang) | {"target": f"{sign}{row['target_rate']:g}"}
        cells |= {k: f"{row[k]:.1f}" for k in ("without", "expected")}
        if known:
            cells["interval"] = f"{row['low']:.1f}–{row['high']:.1f}"
            cells["probability"] = percent(row["probability"])
        rows.append([cells[k] for k in keys])
    return [HEADERS[k].said(lang) for k in keys], rows


def causes(table: "pd.DataFrame", lang: str) -> tuple[list[str], list[list[str]]]:
    """Why the rate changes in the run of the model: headers, and a row for each target."""
    rows = [[_cells(row, lang)[k] for k in CAUSES] for row in table.to_dict("records")]
    return [header.said(lang) for header in CAUSES.values()], rows


def _cells(row: "Mapping[Any, Any]", lang: str) -> dict[str, str]:
    """The figures of a row as they are printed, by column."""
    cells = {k: f"{v:.2f}" for k, v in row.items() if isinstance(v, float)}
    cells |= {k: f"{row[k]:+.2f}" for k in row if str(k).endswith("_pp")}
    return cells | {"county": str(row["county"] if lang == "zh" else row["county_en"])}


def percent(chance: float) -> str:
    """A chance in whole percent; one that is nearly none or nearly sure is not called so.

    >>> percent(0.0), percent(0.004), percent(0.5), percent(1.0)
    ('<1%', '<1%', '50%', '>99%')
    """
    if chance < 0.01:
        return "<1%"
    return ">99%" if chance > 0.99 else f"{chance:.0%}"


def delivery(outcome: Outcome) -> "pd.DataFrame":
    """Every indicator of the plan at the end of every quarter: delivered against promised.

    Returns
    -------
    the fields of `scenarios.delivery.Delivered`, a row for each indicator and quarter
    """
    import pandas as pd

    effort = outcome.effort()
    rows = delivered(outcome.scenario, outcome.region, effort) if len(effort) else []
    return pd.DataFrame([asdict(row) for row in rows], columns=[f.name for f in fields(Delivered)])


def remarks(
    both: Pair, table: "pd.DataFrame", promised: "pd.DataFrame", lang: str
) -> Iterator[str]:
    """What has to be said wherever a verdict is shown."""
    plan = both.plan
    for line in plan.scenario.crossed():
        yield Words(f"越过红线：{line.zh}", f"crosses a red line: {line.en}").said(lang)
    codes = [county.code for county in plan.region.counties]
    caveats = plan.scenario.plan.about.caveats_for(codes)
    if not caveats and plan.scenario.settings:
        yield Words(
            "方案没有提到这些县：把它套用到这里只是设想，任务量按方案的分配规则计。",
            "The plan does not speak of these counties: to apply it here is a thought experiment, "
            "its quantities shared out by the plan's rules.",
        ).said(lang)
    due = promised[promised["at_deadline"].astype(bool) & promised["met"].notna()]
    if len(due) and caveats:
        kept = int(due["met"].astype(bool).sum())
        yield Words(
            f"到期的 {len(due)} 项指标中，{kept} 项按模型的执行进度完成（delivery.csv）。",
            f"Of {len(due)} indicators due by then, {kept} are delivered at the pace of the model "
            "(delivery.csv).",
        ).said(lang)
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
    for number, caveat in caveats.items():
        yield f"{number} {caveat.said(lang)}"
    yield basis(table, belief(plan.region)).said(lang)
    yield Words(
        "有方案与起点之差 = 趋势 + 划转"
        + ("" if _usual(table) else " + 外部条件")
        + " + 方案（百分点）；划转按模型的基准计，随时可能被行政决定改变，冻结情景见 "
        "xiancheng run plan-without-recoding。第二张表是模型这一次运行自身的成因拆分，五项之和等于"
        "模型有方案与起点之差。",
        "With the plan less the start = trend + recoding"
        + ("" if _usual(table) else " + conditions")
        + " + plan, in points; recoding is that of the model's baseline, and an administrative "
        "decision may change it: see xiancheng run plan-without-recoding. The second table is this "
        "run of the model by cause; the five add up to its rate with the plan less the start.",
    ).said(lang)
    yield Words(
        f"规模 {plan.request['scale']:g}，种子 {plan.request['seed']}，"
        f"{plan.request['start']} 至 {plan.request['until']}；目标从不作为数据使用。",
        f"scale {plan.request['scale']:g}, seed {plan.request['seed']}, {plan.request['start']} to "
        f"{plan.request['until']}; targets are never used as data.",
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


def _usual(table: "pd.DataFrame") -> bool:
    """Whether outside conditions add nothing."""
    return not table["from_conditions_pp"].abs().max() > 0


def against_census(outcome: "Pair") -> "pd.DataFrame":
    """Simulated against observed urban share and population at a later census, by county.

    Returns
    -------
    unit_code, county, then observed and simulated rate [percent], their difference [points],
    observed and simulated residents [persons]; empty where no later census is on file
    """
    import pandas as pd

    run = outcome.baseline
    later = [day for day in run.region.censuses if run.dates[0] < day <= run.dates[-1]]
    rows = []
    for day in later:
        observed = run.region.urban_rural(day)
        start = run.region.urban_rural(run.dates[0])
        rate = run.at("resident_urbanization_rate", day)
        persons = run.at("residents", day)
        for column, group in enumerate(run.groups):
            members = list(group.counties)
            urban, rural = observed[members].sum(axis=0)
            begun = start[members].sum(axis=0)
            rows.append(
                {
                    "census": day, "unit_code": group.code, "county": group.zh,
                    "county_en": group.en,
                    "rate_at_start": 100 * begun[0] / begun.sum(),
                    "rate_observed": 100 * urban / (urban + rural),
                    "rate_simulated": float(rate[column]),
                    "error_pp": float(rate[column]) - 100 * urban / (urban + rural),
                    "residents_observed": int(urban + rural),
                    "residents_simulated": round(float(persons[column])),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


CENSUS_HEADERS = {
    "county": Words("地区", "county"),
    "rate_at_start": Words("起点城镇化率", "rate at start"),
    "rate_observed": Words("普查", "observed"),
    "rate_simulated": Words("模拟", "simulated"),
    "error_pp": Words("误差(点)", "error (points)"),
    "residents_observed": Words("普查人口", "residents observed"),
    "residents_simulated": Words("模拟人口", "residents simulated"),
}


def census_lines(table: "pd.DataFrame", lang: str) -> tuple[list[str], list[list[str]]]:
    """The comparison as people read it."""
    rows = []
    for row in table.to_dict("records"):
        cells = {k: f"{v:.2f}" for k, v in row.items() if isinstance(v, float)}
        cells |= {k: f"{v:,}" for k, v in row.items() if isinstance(v, int)}
        cells["error_pp"] = f"{row['error_pp']:+.2f}"
        cells["county"] = str(row["county"] if lang == "zh" else row["county_en"])
        rows.append([cells[k] for k in CENSUS_HEADERS])
    return [h.said(lang) for h in CENSUS_HEADERS.values()], rows
