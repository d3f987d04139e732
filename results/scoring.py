"""`xiancheng score`: forecasts from what was known at a cut-off, against what was published later.

The rules are registered in docs/preregistration.md, before anything is scored.
"""

from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from calibration.region import Region, load
from calibration.scores import LEVELS, Scores, interval
from results import cells, forecasting, observed
from results.cli import DONE, Say
from results.forecasting import MELD, MODEL, REGISTERED, TITLES, Forecasts, Settings
from results.observed import Observed
from results.show import progress, table
from scenarios.checking import Words
from scenarios.paired import floor
from scenarios.simulate import Group, RequestError, reported
from sim.state import Floats

if TYPE_CHECKING:
    import pandas as pd

BAND = 0.8  # of the intervals that are printed
JUDGED = (MELD, MODEL)  # whose skill against everyone is told


def score(asked: Namespace, say: Say) -> int:
    """`xiancheng score`: how good everyone's forecasts were; without a file, what would be done."""
    pack, settings = load(asked.region), of(asked)
    forecasting.possible(pack, settings.cutoff)
    digests = forecasting.digests(asked.region)
    if asked.observations is None:
        if asked.json:
            print(cells.as_json({"settings": _settings(settings), "digests": digests}))
        else:
            table(say("冻结的设定与摘要", "settings and digests"), *frozen(settings, digests, say))
        return DONE
    seen = observed.read(asked.observations, reported(pack), settings.cutoff)
    with progress(say("模拟", "simulating"), settings.draws) as step:
        told = forecasting.forecasts(
            asked.region, [each.day for each in seen], settings, jobs=asked.jobs, done=step
        )
    each, overall = by_case(told, seen), by_forecaster(told, seen, pack)
    if asked.out:
        cells.write(each, asked.out)
    said = [remark.said(say.lang) for remark in remarks(told, seen, settings)]
    if asked.json:
        report = {
            "cases": each, "scores": overall, "weights": dict(told.weights),
            "settings": _settings(settings), "digests": digests, "remarks": said,
        }  # fmt: skip
        print(cells.as_json(report))
        return DONE
    table(say("逐条观测", "each observation"), *case_lines(each, say.lang))
    table(say("各预测者", "each forecaster"), *score_lines(overall, say.lang))
    table(say("冻结的设定与摘要", "settings and digests"), *frozen(settings, digests, say))
    for remark in said:
        print(f"· {remark}")
    return DONE


def of(asked: Namespace) -> Settings:
    """The settings that the command line asks for; the registered ones by default.

    Raises
    ------
    RequestError
    """
    try:
        cutoff = date.fromisoformat(asked.cutoff or str(REGISTERED.cutoff))
    except ValueError:
        raise RequestError(
            f"--cutoff 应为日期，如 2024-12-31；得到 {asked.cutoff}",
            f"--cutoff should be a date such as 2024-12-31; got {asked.cutoff}",
        ) from None
    numbers = {name: getattr(asked, name) for name in ("draws", "scale", "seed")}
    given = {name: value for name, value in numbers.items() if value is not None}
    return replace(REGISTERED, cutoff=cutoff, **given)


# What came out


def by_case(told: Forecasts, seen: Sequence[Observed]) -> "pd.DataFrame":
    """A row for each observation and forecaster: median, interval and error.

    Returns
    -------
    unit_code, county, county_en, date, start, observed, forecaster, median, low, high [percent],
    error [points], inside
    """
    import pandas as pd

    rows = []
    for one in seen:
        group, column = told.groups[one.group], told.days.index(one.day)
        for name, made in told.made.items():
            draws = made[column, :, one.group]
            median = float(np.median(draws))
            low, high = interval(draws[:, None], BAND)[:, 0].tolist()
            rows.append(
                {
                    "unit_code": group.code, "county": group.zh, "county_en": group.en,
                    "date": one.day, "start": float(told.start[one.group]), "observed": one.rate,
                    "forecaster": name, "median": median, "low": low, "high": high,
                    "error": median - one.rate, "inside": low <= one.rate <= high,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def by_forecaster(told: Forecasts, seen: Sequence[Observed], pack: Region) -> "pd.DataFrame":
    """A row for each forecaster: scores over all observations.

    Returns
    -------
    forecaster, cases, mae, bias, crps [points], covered_50, covered_80, covered_95 and the binomial
    error of each (`_error`), brier, and the skill of the meld and of the model against it
    """
    import pandas as pd

    came = np.array([one.rate for one in seen])
    bars = np.array([threshold(told.groups[one.group], one.day, pack) for one in seen])
    rows = []
    for forecaster, made in told.made.items():
        result = Scores.of(ensemble(told, made, seen), came, bars)
        covered = {}
        for level, (share, error) in zip(LEVELS, result.coverage, strict=True):
            name = f"covered_{100 * level:.0f}"
            covered |= {name: share, f"{name}_error": error}
        rows.append(
            {"forecaster": forecaster, "cases": result.cases, "mae": result.mae, "bias": result.bias,
             "crps": result.crps, **covered, "brier": result.brier}
        )  # fmt: skip
    scores = pd.DataFrame(rows)
    crps = dict(zip(scores["forecaster"], scores["crps"], strict=True))
    for judged in JUDGED:
        scores[f"skill_of_{judged}"] = 1 - crps[judged] / scores["crps"]
    return scores


def ensemble(told: Forecasts, made: Floats, seen: Sequence[Observed]) -> Floats:
    """One forecaster's draws for each observation, (draw, case)."""
    return np.column_stack([made[told.days.index(one.day), :, one.group] for one in seen])


def threshold(group: Group, day: date, pack: Region) -> float:
    """The rate that meets the target of a group due that day; nan without one."""
    codes = {pack.counties[c].code for c in group.counties}
    due = [t for t in pack.targets if set(t.counties) == codes and t.deadline == day]
    return floor(due[0]) if due else np.nan


# As people read it

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


def case_lines(each: "pd.DataFrame", lang: str) -> tuple[list[str], list[list[str]]]:
    """Every observation with every forecast of it."""
    rows = []
    for row in each.to_dict("records"):
        shown = {
            "place": row["county" if lang == "zh" else "county_en"],
            "date": str(row["date"]),
            "forecaster": title(row["forecaster"], lang),
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
        shown = {"forecaster": title(row["forecaster"], lang)}
        for name in ("mae", "crps", "brier"):
            shown[name] = f"{row[name]:.2f}" if np.isfinite(row[name]) else "–"
        for name in ("bias", "skill_of_meld", "skill_of_model"):
            shown[name] = f"{row[name]:+.2f}"
        for name in ("covered_50", "covered_80", "covered_95"):
            shown[name] = f"{row[name]:.0%} ±{row[name + '_error']:.0%}"
        rows.append([shown[name] for name in SUMMARY])
    return [words.said(lang) for words in SUMMARY.values()], rows


def frozen(
    settings: Settings, digests: dict[str, str | None], say: Say
) -> tuple[list[str], list[list[str]]]:
    """The settings and the digests that registration names."""
    rows = [[name, str(value)] for name, value in _settings(settings).items()]
    none = say("无：先验抽样", "none: draws of the priors")
    rows += [[f"sha256 {name}", value or none] for name, value in digests.items()]
    return [say("项目", "item"), say("取值", "value")], rows


def title(name: str, lang: str) -> str:
    """What a forecaster is called."""
    return TITLES[name].en if lang == "en" else TITLES[name].zh


def remarks(told: Forecasts, seen: Sequence[Observed], settings: Settings) -> Iterator[Words]:
    """What has to be said wherever scores are shown."""
    if told.model.posterior is None:
        yield Words(
            "注意：区域包中没有后验样本，模型的参数取自先验，未经数据估计；这不是登记的评分。",
            "Mind: the pack holds no posterior sample; the model's parameters are drawn from "
            "priors, not estimated. This is not the registered scoring.",
        )
    changed = {k: v for k, v in asdict(settings).items() if v != getattr(REGISTERED, k)}
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
        "叠加权重（留一法）：" + "，".join(f"{title(n, 'zh')} {w:.2f}" for n, w in weights.items()),
        "Stack: " + ", ".join(f"{title(n, 'en')} {w:.2f}" for n, w in weights.items()),
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


def _settings(settings: Settings) -> dict[str, Any]:
    """The settings, ready to be shown."""
    return {**asdict(settings), "cutoff": str(settings.cutoff)}
