"""The columns of what is written and printed for programs: a name means one thing everywhere.

`TABLES` lists the columns of each output, `COLUMNS` what each name means. Who adds a column to an
output adds it here; where the name is taken, with another meaning, it needs another name.
"""

from typing import TYPE_CHECKING

from xiancheng.calibration.i18n import Words

if TYPE_CHECKING:
    import pandas as pd

_OF_DELIVERY = {"target": "promised", "met": "promise_kept", "share": "delivered_share"}


def in_file(delivery: "pd.DataFrame") -> "pd.DataFrame":
    """The table of delivery under the names of its columns in files and JSON."""
    return delivery.rename(columns=_OF_DELIVERY)


_CAUSES = ("natural_pp", "migration_pp", "recoding_pp", "denominator_pp", "counting_pp")
_PLACE = ("unit_code", "county", "county_en")
_TARGET = ("target", *_PLACE, "deadline", "operator", "target_rate", "rate_at_start")

TABLES: dict[str, tuple[str, ...]] = {
    "model_targets.csv": (
        *_TARGET, "model_rate", "above_target_in_model", "model_margin_pp", *_CAUSES,
    ),
    "verdicts.csv": (
        "target", "target_name", "target_name_en", *_TARGET[1:], "draws", "basis", "without",
        "expected", "low", "high", "probability",
        "probability_without", "all_met", "all_met_without", "from_trend_pp", "from_recoding_pp",
        "from_conditions_pp", "from_plan_pp", "plan_low", "plan_high", "margin_pp", "simulated",
        *_CAUSES, "baseline",
        "effect_pp",
    ),
    "delivery.csv": (
        "indicator", "measure", "quarter", "promised", "operator", "wording", "unit", "counts",
        "due", "delivered_share", "quantity", "at_deadline", "promise_kept",
    ),
    "series.parquet": ("date", *_PLACE, "indicator", "value", "unit"),
    "growth.parquet": (
        "date", *_PLACE, "natural", "in_own_village", "in_nearby", "in_province",
        "in_country", "out_own_village", "out_nearby", "out_province", "out_country", "recoding",
        "migration", "total", "residents", *_CAUSES[:4],
    ),
    "sweep, targets": (
        "scenario", "scale", "target", "county", "county_en", "deadline", "target_rate", "runs",
        "draws", "share_above_in_model", "q05", "q50", "q95",
    ),
    "compare, outcomes": (
        "scenario", "baseline_scenario", "date", "outcome", "unit", *_PLACE, "value",
        "baseline_value", "difference", "same_luck", "mean_difference", "difference_low",
        "difference_high", "draw_sd", "seed_sd",
    ),
    "compare, targets": (
        "scenario", "target", "target_name", "target_name_en", *_PLACE, "deadline", "target_rate",
        "operator", "simulated", "expected", "probability", "all_met",
    ),
}  # fmt: skip

COLUMNS: dict[str, Words] = {
    "above_target_in_model": Words(
        "模型中是否达到目标，不是判定", "whether model_rate reaches the target; no verdict"
    ),
    "all_met": Words(
        "有方案时到该期限的全部目标同时达到的概率",
        "chance that all targets due by the deadline are met at once, with the plan",
    ),
    "all_met_without": Words(
        "无方案时到该期限的全部目标同时达到的概率",
        "chance that all targets due by the deadline are met at once, without the plan",
    ),
    "at_deadline": Words("该季是否为期限", "whether the quarter is that of the deadline"),
    "baseline": Words(
        "模型中无方案的公布率 [%]", "published rate in the model without the plan [percent]"
    ),
    "baseline_scenario": Words("作比较基准的情景", "name of the scenario compared with"),
    "baseline_value": Words("基准情景中的值", "value in the baseline scenario [unit]"),
    "basis": Words("水平的依据", "what the level rests on: statistics, model or another start"),
    "counting_pp": Words(
        "统计口径之贡献 [点]", "part of counting in the change of the model's rate [points]"
    ),
    "counts": Words("指标计什么", "what the indicator counts"),
    "county": Words("地区中文名", "place, Chinese"),
    "county_en": Words("地区英文名", "place, English"),
    "date": Words("日期，期末", "last day of the period"),
    "deadline": Words("目标的期限", "day by which the target is to be met"),
    "delivered_share": Words(
        "承诺已完成的份额", "share of what was promised that is delivered, 0 to 1"
    ),
    "denominator_pp": Words(
        "分母变化之贡献 [点]", "part of the denominator in the change of the model's rate [points]"
    ),
    "difference": Words("情景减基准情景", "value less baseline_value, central parameters [unit]"),
    "difference_high": Words(
        "抽样差值的 95% 分位", "95 % quantile of the differences over draws [unit]"
    ),
    "difference_low": Words(
        "抽样差值的 5% 分位", "5 % quantile of the differences over draws [unit]"
    ),
    "draw_sd": Words(
        "差值在抽样之间的标准差", "standard deviation of differences between draws [unit]"
    ),
    "draws": Words("参数抽样数", "number of parameter draws"),
    "due": Words("方案写明的期限", "deadline written in the plan"),
    "effect_pp": Words("simulated 减 baseline [点]", "simulated less baseline [points]"),
    "expected": Words(
        "有方案时公布率的中位数 [%]", "median of the published rate with the plan [percent]"
    ),
    "from_conditions_pp": Words(
        "外部条件之贡献 [点]", "part of outside conditions in the expected change [points]"
    ),
    "from_plan_pp": Words("方案之贡献 [点]", "part of the plan in the expected change [points]"),
    "from_recoding_pp": Words(
        "划转之贡献 [点]", "part of recoding in the expected change [points]"
    ),
    "from_trend_pp": Words("趋势之贡献 [点]", "part of the trend in the expected change [points]"),
    "high": Words(
        "有方案时公布率的 95% 分位 [%]",
        "95 % quantile of the published rate with the plan [percent]",
    ),
    "in_country": Words("从外省迁入城镇 [人]", "moves into town from other provinces [persons]"),
    "in_nearby": Words(
        "从区域内其他县迁入城镇 [人]", "moves into town from other counties of the region [persons]"
    ),
    "in_own_village": Words(
        "从本县乡村迁入城镇 [人]", "moves into town from villages of the county [persons]"
    ),
    "in_province": Words(
        "从省内其他地区迁入城镇 [人]", "moves into town from the rest of the province [persons]"
    ),
    "indicator": Words("指标的名称", "name of the indicator"),
    "low": Words(
        "有方案时公布率的 5% 分位 [%]", "5 % quantile of the published rate with the plan [percent]"
    ),
    "margin_pp": Words("expected 减 target_rate [点]", "expected less target_rate [points]"),
    "mean_difference": Words("抽样差值的均值", "mean of the differences over draws [unit]"),
    "measure": Words("措施编号", "number of the measure"),
    "migration": Words("迁移带来的城镇人口 [人]", "urban growth by moves [persons]"),
    "migration_pp": Words(
        "迁移之贡献 [点]", "part of moves in the change of the model's rate [points]"
    ),
    "model_margin_pp": Words(
        "model_rate 减 target_rate [点]", "model_rate less target_rate [points]"
    ),
    "model_rate": Words(
        "期限日模型中的公布率 [%]", "published rate in the model on the deadline [percent]"
    ),
    "natural": Words("自然增长带来的城镇人口 [人]", "urban growth by births less deaths [persons]"),
    "natural_pp": Words(
        "自然增长之贡献 [点]",
        "part of births less deaths in the change of the model's rate [points]",
    ),
    "operator": Words("目标的比较方式", "how the target is to be read, such as about or at least"),
    "out_country": Words("从城镇迁往外省 [人]", "moves from town to other provinces [persons]"),
    "out_nearby": Words(
        "从城镇迁往区域内其他县 [人]", "moves from town to other counties of the region [persons]"
    ),
    "out_own_village": Words(
        "从城镇迁往本县乡村 [人]", "moves from town to villages of the county [persons]"
    ),
    "out_province": Words(
        "从城镇迁往省内其他地区 [人]", "moves from town to the rest of the province [persons]"
    ),
    "outcome": Words(
        "比较的指标或成因", "what is compared: an indicator, or a cause of the rate's change"
    ),
    "plan_high": Words("方案作用的 95% 分位 [点]", "95 % quantile of the plan's effect [points]"),
    "plan_low": Words("方案作用的 5% 分位 [点]", "5 % quantile of the plan's effect [points]"),
    "probability": Words(
        "有方案时达到目标的概率", "chance that the published rate meets the target, with the plan"
    ),
    "probability_without": Words(
        "无方案时达到目标的概率", "chance that it meets the target without the plan"
    ),
    "promise_kept": Words(
        "承诺是否完成", "whether what was promised is delivered; empty for red lines"
    ),
    "promised": Words("承诺的数量", "quantity that the plan promises [unit]"),
    "q05": Words("模型中的率的 5% 分位 [%]", "5 % quantile of model_rate over runs [percent]"),
    "q50": Words("模型中的率的中位数 [%]", "median of model_rate over runs [percent]"),
    "q95": Words("模型中的率的 95% 分位 [%]", "95 % quantile of model_rate over runs [percent]"),
    "quantity": Words("已完成的数量", "quantity delivered [unit]"),
    "quarter": Words("季度", "calendar quarter"),
    "rate_at_start": Words("起点的公布率 [%]", "published rate at the start [percent]"),
    "recoding": Words("划转带来的城镇人口 [人]", "urban growth by recoding [persons]"),
    "recoding_pp": Words(
        "划转之贡献 [点]", "part of recoding in the change of the model's rate [points]"
    ),
    "residents": Words("在场人口的变化 [人]", "change of all present [persons]"),
    "runs": Words("运行次数", "number of runs"),
    "same_luck": Words("两侧的随机数是否相同", "whether both sides met the same random numbers"),
    "scale": Words("每位居民几行", "rows for each resident"),
    "scenario": Words("情景", "name of the scenario"),
    "seed_sd": Words(
        "差值在种子之间的标准差", "standard deviation of differences between seeds of a draw [unit]"
    ),
    "share_above_in_model": Words(
        "模型中达到目标的运行份额，不是概率",
        "share of runs with above_target_in_model; no probability",
    ),
    "simulated": Words(
        "该情景在模型中的公布率 [%]",
        "published rate of the scenario in the model on the deadline [percent]",
    ),
    "target": Words("目标的编号", "id of the target"),
    "target_name": Words("目标的名称", "name of the target in Chinese"),
    "target_name_en": Words("目标的英文名称", "name of the target in English"),
    "target_rate": Words("目标的率 [%]", "rate of the target [percent]"),
    "total": Words("城镇人口的变化 [人]", "urban growth [persons]"),
    "unit": Words("单位", "unit of the number"),
    "unit_code": Words("地区代码", "code of the place"),
    "value": Words("指标的值", "value of the indicator [unit]"),
    "without": Words(
        "无方案时公布率的中位数 [%]", "median of the published rate without the plan [percent]"
    ),
    "wording": Words("方案原文的数量", "quantity in the plan's words"),
}
