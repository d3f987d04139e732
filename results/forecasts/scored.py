"""Scores as people read them."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from xiancheng.calibration.i18n import Words
from xiancheng.results.forecasts.forecasting import TITLES, Forecasts
from xiancheng.results.forecasts.frozen import REGISTERED, ROUNDS, Settings
from xiancheng.results.forecasts.observed import Observed

if TYPE_CHECKING:
    import pandas as pd

CASES = {
    "place": Words("地区", "place"),
    "date": Words("日期", "date"),
    "start": Words("起点%", "start %"),
    "observed": Words("公布%", "published %"),
    "forecaster": Words("预测者", "forecaster"),
    "median": Words("中位数%", "median %"),
    "band": Words("80%区间", "80% interval"),
    "error": Words("误差(点)", "error (points)"),
}
SUMMARY = {
    "forecaster": Words("预测者", "forecaster"),
    "mae": Words("平均绝对误差", "MAE"),
    "bias": Words("偏差", "bias"),
    "crps": Words("CRPS", "CRPS"),
    "covered_50": Words("50%覆盖", "in 50%"),
    "covered_80": Words("80%覆盖", "in 80%"),
    "covered_95": Words("95%覆盖", "in 95%"),
    "brier": Words("达标Brier", "Brier"),
    "skill_of_meld": Words("合成对它的技巧", "skill of meld"),
    "skill_of_model": Words("模型对它的技巧", "skill of model"),
}
OVER = {
    "counties": Words("各预测者：{} 条单个县的观测", "each forecaster, {} of single counties"),
    "together": Words("各预测者：{} 条合计的观测", "each forecaster, {} of counties together"),
}


def case_lines(each: "pd.DataFrame", lang: str) -> tuple[list[str], list[list[str]]]:
    """Every observation with every forecast of it."""
    rows = []
    for row in each.to_dict("records"):
        shown = {
            "place": row["county" if lang == "zh" else "county_en"],
            "date": str(row["date"]),
            "forecaster": TITLES[row["forecaster"]].said(lang),
            "band": f"{row['low']:.1f}–{row['high']:.1f}" + ("" if row["inside"] else " ✗"),
            "error": f"{row['error']:+.2f}",
            **{name: f"{row[name]:.2f}" for name in ("start", "observed", "median")},
        }
        rows.append([shown[name] for name in CASES])
    return [words.said(lang) for words in CASES.values()], rows


def score_lines(overall: "pd.DataFrame", lang: str) -> tuple[list[str], list[list[str]]]:
    """Every forecaster with its scores; coverage with its binomial error."""
    rows = []
    for row in overall.to_dict("records"):
        shown = {"forecaster": TITLES[row["forecaster"]].said(lang)}
        for name in ("mae", "crps", "brier"):
            shown[name] = f"{row[name]:.2f}" if np.isfinite(row[name]) else "–"
        for name in ("bias", "skill_of_meld", "skill_of_model"):
            shown[name] = f"{row[name]:+.2f}"
        for name in ("covered_50", "covered_80", "covered_95"):
            shown[name] = f"{row[name]:.0%} ±{row[name + '_error']:.0%}"
        rows.append([shown[name] for name in SUMMARY])
    return [words.said(lang) for words in SUMMARY.values()], rows


def remarks(told: Forecasts, seen: Sequence[Observed], settings: Settings) -> Iterator[Words]:
    """What has to be said wherever scores are shown."""
    if told.model.posterior is None:
        yield Words(
            "注意：区域包中没有后验样本，模型的参数取自先验，未经数据估计；这不是登记的评分。",
            "Mind: the pack holds no posterior sample; the model's parameters are drawn from "
            "priors, not estimated. This is not the registered scoring.",
        )
    changed = {k: v for k, v in asdict(settings).items() if v != getattr(REGISTERED, k)}
    if settings.cutoff in ROUNDS:
        changed.pop("cutoff", None)
    if changed:
        told_zh = "、".join(f"{k}={v}" for k, v in changed.items())
        told_en = ", ".join(f"{k}={v}" for k, v in changed.items())
        yield Words(
            f"设定与登记的不同：{told_zh}。", f"These are not the registered settings: {told_en}."
        )
    if not told.model.with_plan:
        yield Words(
            "截止日时方案尚未印发（或区域包没有目标）：模型与合成均不含方案。",
            "At the cut-off the plan had not been issued, or the pack has no targets: neither "
            "the model nor the meld holds it.",
        )
    weights = {n: w for n, w in told.weights.items() if w >= 0.005}
    yield Words(
        "叠加权重（留一法）：" + "，".join(f"{TITLES[n].zh} {w:.2f}" for n, w in weights.items()),
        "Stack: " + ", ".join(f"{TITLES[n].en} {w:.2f}" for n, w in weights.items()),
    )
    yield Words(
        f"{len(seen)} 条观测彼此相关（同一地级市、相邻年份）：覆盖率的误差是下限，不做显著性检验；"
        "误差与 CRPS 以百分点计，按变化评分（起点为最近一次普查）。",
        f"The {len(seen)} observations depend on each other: errors of coverage are lower bounds, "
        "and nothing is tested. Errors and CRPS are points of the change since the last census.",
    )
    yield Words(
        "公布的年度县级数经过平滑并与全市对齐，误差小不等于预测好；2020 年后全国城镇化放慢，"
        "由 2010—2020 年外推的预测多半偏高。",
        "Published yearly county rates are smoothed towards the prefecture: small errors are no "
        "proof of skill. Growth slowed after 2020, so what 2010 to 2020 tells will mostly be high.",
    )
