"""The verdict: what the model says of each target, why, and how far off."""

from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

from scenarios.checking import Words
from scenarios.delivery import Delivered, delivered
from scenarios.ensemble import Pair
from scenarios.simulate import Outcome

if TYPE_CHECKING:
    import pandas as pd

INTERVAL = (5, 95)  # percentiles of the draws
PARTS = ("natural", "migration", "recoding", "denominator", "counting")

HEADERS = {
    "county": Words("地区", "county"),
    "rate_at_start": Words("起点%", "start %"),
    "baseline": Words("无方案%", "without %"),
    "simulated": Words("有方案%", "with %"),
    "target": Words("目标%", "target %"),
    "margin_pp": Words("差距(点)", "margin (points)"),
    "met": Words("达标", "met"),
    "effect_pp": Words("方案作用", "effect"),
    "natural_pp": Words("自然增长", "natural"),
    "migration_pp": Words("迁移", "migration"),
    "recoding_pp": Words("划转", "recoding"),
    "denominator_pp": Words("分母变化", "denominator"),
    "counting_pp": Words("统计口径", "counting"),
    "interval": Words("90%区间", "90%"),
    "probability": Words("达标概率", "P(met)"),
}


def verdicts(both: Pair, draws: "pd.DataFrame | None" = None) -> "pd.DataFrame":
    """One row for each target, with the rate without the plan and what the draws add.

    Returns
    -------
    the columns of `Outcome.verdicts`, `baseline`, `effect_pp`, and with draws `low`, `high`,
    `probability` and `draws`
    """
    table = both.plan.verdicts()
    if table.empty:
        return table
    table["baseline"] = both.baseline.verdicts()["simulated"]
    table["effect_pp"] = (table["simulated"] - table["baseline"]).round(6)
    if draws is not None:
        by_target = draws.groupby("target")
        rates = by_target["simulated"]
        table = table.set_index("target")
        table["low"] = rates.quantile(INTERVAL[0] / 100)
        table["high"] = rates.quantile(INTERVAL[1] / 100)
        table["probability"] = by_target["met"].mean()
        table["draws"] = by_target.size()
        table = table.reset_index()
    return table


def lines(table: "pd.DataFrame", lang: str) -> tuple[list[str], list[list[str]]]:
    """The table as people read it: headers, and a row for each target."""
    probable = "probability" in table
    keys = [k for k in HEADERS if probable or k not in ("interval", "probability")]
    rows = []
    for row in table.to_dict("records"):
        sign = {"about": "≈", "at least": "≥"}.get(str(row["operator"]), "")
        cells = {k: f"{v:.2f}" for k, v in row.items() if isinstance(v, float)}
        cells |= {k: f"{row[k]:+.2f}" for k in row if str(k).endswith("_pp")}
        cells["county"] = str(row["county"] if lang == "zh" else row["county_en"])
        cells["met"] = (Words("是", "yes") if row["met"] else Words("否", "no")).said(lang)
        cells["target"] = f"{sign}{row['target_rate']:g}"
        if probable:
            cells["interval"] = f"{row['low']:.1f}–{row['high']:.1f}"
            cells["probability"] = f"{row['probability']:.0%}"
        rows.append([cells[k] for k in keys])
    return [HEADERS[k].said(lang) for k in keys], rows


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
    due = promised[promised["at_deadline"].astype(bool) & promised["met"].notna()]
    if len(due):
        kept = int(due["met"].astype(bool).sum())
        yield Words(
            f"到期的 {len(due)} 项指标中，{kept} 项按模型的执行进度完成（delivery.csv）。",
            f"Of {len(due)} indicators due by then, {kept} are delivered at the pace of the model "
            "(delivery.csv).",
        ).said(lang)
    if table.empty:
        return
    met = int((table["baseline"] >= table["target_rate"]).sum())
    yield Words(
        f"无方案时 {len(table)} 个目标中已有 {met} 个达到；方案的作用在 "
        f"{table['effect_pp'].min():+.2f} 至 {table['effect_pp'].max():+.2f} 个百分点之间。",
        f"Without the plan {met} of {len(table)} targets are met; the plan's effect lies between "
        f"{table['effect_pp'].min():+.2f} and {table['effect_pp'].max():+.2f} points.",
    ).said(lang)
    codes = (county.code for county in plan.region.counties)
    for number, caveat in plan.scenario.plan.about.caveats_for(codes).items():
        yield f"{number} {caveat.said(lang)}"
    draws = int(table["draws"].iloc[0]) if "draws" in table else 0
    if draws:
        yield Words(
            f"区间与达标概率来自 {draws} 组先验参数抽样（每组含各县与各年效应）；"
            "参数尚未用数据校准。",
            f"Interval and probability come from {draws} draws of the priors, each with "
            "county and yearly effects; the parameters have not been estimated from data.",
        ).said(lang)
    else:
        yield Words(
            "这是中心参数下的一次模拟，不是预测区间；用 --draws 50 得到区间与达标概率。",
            "This is one run at the central parameters, not a forecast interval; --draws 50 gives "
            "the interval and the probability.",
        ).said(lang)
    yield Words(
        "变化按原因拆分（百分点）：自然增长、迁移、划转按城镇人口计，分母变化为常住人口增减所致，"
        "统计口径为半年规则与公布序列的偏差；五项之和等于有方案与起点之差。",
        "Causes of the change, in points: natural growth, migration and recoding of the urban "
        "population; the denominator is the change of all residents; counting is the half-year "
        "rule and the published series. The five add up to the rate with the plan less that at "
        "the start.",
    ).said(lang)
    yield Words(
        f"规模 {plan.request['scale']:g}，种子 {plan.request['seed']}，"
        f"{plan.request['start']} 至 {plan.request['until']}；目标从不作为数据使用。",
        f"scale {plan.request['scale']:g}, seed {plan.request['seed']}, {plan.request['start']} to "
        f"{plan.request['until']}; targets are never used as data.",
    ).said(lang)


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
