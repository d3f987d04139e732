"""The columns of what is written and printed for programs: a name means one thing everywhere.

`TABLES` lists the columns of each output, `COLUMNS` what each name means. Who adds a column to an
output adds it here; where the name is taken, with another meaning, it needs another name.
"""

from typing import TYPE_CHECKING

from xiancheng.calibration.i18n import Words, _

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
    "above_target_in_model": _("whether model_rate reaches the target; no verdict"),
    "all_met": _("chance that all targets due by the deadline are met at once, with the plan"),
    "all_met_without": _(
        "chance that all targets due by the deadline are met at once, without the plan"
    ),
    "at_deadline": _("whether the quarter is that of the deadline"),
    "baseline": _("published rate in the model without the plan [percent]"),
    "baseline_scenario": _("name of the scenario compared with"),
    "baseline_value": _("value in the baseline scenario [unit]"),
    "basis": _("what the level rests on: statistics, model or another start"),
    "counting_pp": _("part of counting in the change of the model's rate [points]"),
    "counts": _("what the indicator counts"),
    "county": _("place, Chinese"),
    "county_en": _("place, English"),
    "date": _("last day of the period"),
    "deadline": _("day by which the target is to be met"),
    "delivered_share": _("share of what was promised that is delivered, 0 to 1"),
    "denominator_pp": _("part of the denominator in the change of the model's rate [points]"),
    "difference": _("value less baseline_value, central parameters [unit]"),
    "difference_high": _("95 % quantile of the differences over draws [unit]"),
    "difference_low": _("5 % quantile of the differences over draws [unit]"),
    "draw_sd": _("standard deviation of differences between draws [unit]"),
    "draws": _("number of parameter draws"),
    "due": _("deadline written in the plan"),
    "effect_pp": _("simulated less baseline [points]"),
    "expected": _("median of the published rate with the plan [percent]"),
    "from_conditions_pp": _("part of outside conditions in the expected change [points]"),
    "from_plan_pp": _("part of the plan in the expected change [points]"),
    "from_recoding_pp": _("part of recoding in the expected change [points]"),
    "from_trend_pp": _("part of the trend in the expected change [points]"),
    "high": _("95 % quantile of the published rate with the plan [percent]"),
    "in_country": _("moves into town from other provinces [persons]"),
    "in_nearby": _("moves into town from other counties of the region [persons]"),
    "in_own_village": _("moves into town from villages of the county [persons]"),
    "in_province": _("moves into town from the rest of the province [persons]"),
    "indicator": _("name of the indicator"),
    "low": _("5 % quantile of the published rate with the plan [percent]"),
    "margin_pp": _("expected less target_rate [points]"),
    "mean_difference": _("mean of the differences over draws [unit]"),
    "measure": _("number of the measure"),
    "migration": _("urban growth by moves [persons]"),
    "migration_pp": _("part of moves in the change of the model's rate [points]"),
    "model_margin_pp": _("model_rate less target_rate [points]"),
    "model_rate": _("published rate in the model on the deadline [percent]"),
    "natural": _("urban growth by births less deaths [persons]"),
    "natural_pp": _("part of births less deaths in the change of the model's rate [points]"),
    "operator": _("how the target is to be read, such as about or at least"),
    "out_country": _("moves from town to other provinces [persons]"),
    "out_nearby": _("moves from town to other counties of the region [persons]"),
    "out_own_village": _("moves from town to villages of the county [persons]"),
    "out_province": _("moves from town to the rest of the province [persons]"),
    "outcome": _("what is compared: an indicator, or a cause of the rate's change"),
    "plan_high": _("95 % quantile of the plan's effect [points]"),
    "plan_low": _("5 % quantile of the plan's effect [points]"),
    "probability": _("chance that the published rate meets the target, with the plan"),
    "probability_without": _("chance that it meets the target without the plan"),
    "promise_kept": _("whether what was promised is delivered; empty for red lines"),
    "promised": _("quantity that the plan promises [unit]"),
    "q05": _("5 % quantile of model_rate over runs [percent]"),
    "q50": _("median of model_rate over runs [percent]"),
    "q95": _("95 % quantile of model_rate over runs [percent]"),
    "quantity": _("quantity delivered [unit]"),
    "quarter": _("calendar quarter"),
    "rate_at_start": _("published rate at the start [percent]"),
    "recoding": _("urban growth by recoding [persons]"),
    "recoding_pp": _("part of recoding in the change of the model's rate [points]"),
    "residents": _("change of all present [persons]"),
    "runs": _("number of runs"),
    "same_luck": _("whether both sides met the same random numbers"),
    "scale": _("rows for each resident"),
    "scenario": _("name of the scenario"),
    "seed_sd": _("standard deviation of differences between seeds of a draw [unit]"),
    "share_above_in_model": _("share of runs with above_target_in_model; no probability"),
    "simulated": _("published rate of the scenario in the model on the deadline [percent]"),
    "target": _("id of the target"),
    "target_name": _("name of the target in Chinese"),
    "target_name_en": _("name of the target in English"),
    "target_rate": _("rate of the target [percent]"),
    "total": _("urban growth [persons]"),
    "unit": _("unit of the number"),
    "unit_code": _("code of the place"),
    "value": _("value of the indicator [unit]"),
    "without": _("median of the published rate without the plan [percent]"),
    "wording": _("quantity in the plan's words"),
}
