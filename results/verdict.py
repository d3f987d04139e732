"""The verdict: what is expected of each target, why, and how sure that is."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from xiancheng.results.contents.words import CAUSES, MADE_OF, SIGNS, effect, target
from xiancheng.results.judgement import Judgement
from xiancheng.scenarios.checking import Words
from xiancheng.scenarios.delivery import Delivered, delivered
from xiancheng.scenarios.ensemble import Pair
from xiancheng.scenarios.keys import quarter_name
from xiancheng.scenarios.outcome import Outcome

if TYPE_CHECKING:
    import pandas as pd

HEADERS = {
    "county": Words("地区", "county"),
    "deadline": Words("期限", "deadline"),
    "rate_at_start": Words("起点%", "start %"),
    "without": Words("无方案%", "without %"),
    "expected": Words("有方案%", "with %"),
    "interval": Words("90%区间", "90%"),
    "target": Words("目标%", "target %"),
    "probability": Words("达标概率", "P(met)"),
    "margin_pp": Words("差距(点)", "margin (points)"),
    **MADE_OF,
}
BY_CAUSE = {
    "county": Words("地区", "county"),
    "deadline": Words("期限", "deadline"),
    "simulated": Words("模型：有方案%", "model: with %"),
    "baseline": Words("模型：无方案%", "model: without %"),
    **{f"{name}_pp": words for name, words in CAUSES.items()},
}
JUDGED = (  # columns that draws have a part in
    "without", "expected", "low", "high", "probability", "probability_without", "all_met",
    "all_met_without", "from_trend_pp",
    "from_recoding_pp", "from_conditions_pp", "from_plan_pp", "plan_low", "plan_high",
    "margin_pp", "basis", "draws",
)  # fmt: skip
OF_THE_MODEL = ("above_target_in_model", "model_margin_pp")  # of one run, and no verdict


def verdicts(both: Pair, draws: "pd.DataFrame | None" = None) -> "pd.DataFrame":
    """One row for each target whose deadline the run reaches.

    Returns
    -------
    `target`, `target_name`, `target_name_en`, `unit_code`, `county`, `county_en`, `deadline`,
    `operator`, `target_rate`,
    `rate_at_start`; the columns of `Judgement.columns`; `margin_pp`, the expected rate less the
    target; `basis` of the level, "statistics", "model" or "another start"; `draws` of the
    parameters, 0 at central values; then of the one run of the model its rates `simulated` and
    `baseline`, `effect_pp`
    between them, and the causes of its change
    """
    import pandas as pd

    table = pd.DataFrame(both.plan.model_target_rows()).rename(columns={"model_rate": "simulated"})
    if table.empty:
        return table
    judgement = Judgement.of(both, draws)
    told = judgement.columns()
    told["margin_pp"] = told["expected"] - table["target_rate"].to_numpy()
    at = list(table.columns).index("rate_at_start") + 1
    names = {each.id: each.name for each in both.plan.region.targets}
    own = table.drop(columns=list(OF_THE_MODEL))
    for name, values in reversed(told.items()):
        own.insert(at, name, values.round(6))
    kinds = {True: "statistics", False: "another start"}
    known = len(both.plan.region.censuses) > 1
    own.insert(at, "basis", kinds[judgement.anchored] if known else "model")
    own.insert(at, "draws", 0 if draws is None else judgement.runs)
    for lang, column in (("en", "target_name_en"), ("zh", "target_name")):
        own.insert(1, column, [names[t].said(lang) for t in own["target"]])
    own["baseline"] = [row["model_rate"] for row in both.baseline.model_target_rows()]
    own["effect_pp"] = (own["simulated"] - own["baseline"]).round(6)
    return own


def of_outcome(outcome: Outcome) -> "pd.DataFrame":
    """The verdicts on an outcome, whose baseline is simulated: see `Outcome.verdicts`."""
    from xiancheng.scenarios.ensemble import Simulated, in_usual_world, without_plan
    from xiancheng.scenarios.request import Request

    asked = outcome.request
    request: dict[str, Any] = {
        "region": outcome.region.reference,
        **{name: asked[name] for name in ("parameters", "seed", "scale", "draw", "cutoff")},
    }
    simulated = Simulated()
    baseline = simulated(Request.of(without_plan(outcome.scenario), **request))
    return verdicts(Pair(outcome, baseline, in_usual_world(baseline, simulated, **request)))


def lines(table: "pd.DataFrame", lang: str) -> tuple[list[str], list[list[str]]]:
    """The table as people read it: headers, and a row for each target."""
    known = bool(table["probability"].notna().all())
    left_out = {"from_conditions_pp"} if usual_world(table) else set()
    left_out |= set() if known else {"interval", "probability"}
    keys = [k for k in HEADERS if k not in left_out]
    rows = []
    for row in table.to_dict("records"):
        cells = _cells(row, lang) | {"target": f"{SIGNS[row['operator']]}{row['target_rate']:g}"}
        cells |= {k: f"{row[k]:.1f}" for k in ("without", "expected")}
        cells["from_plan_pp"] = effect(row["from_plan_pp"], row["plan_low"], row["plan_high"])
        if known:
            cells["interval"] = f"{row['low']:.1f}–{row['high']:.1f}"
            cells["probability"] = percent(row["probability"])
        rows.append([cells[k] for k in keys])
    return [HEADERS[k].said(lang) for k in keys], rows


def causes(table: "pd.DataFrame", lang: str) -> tuple[list[str], list[list[str]]]:
    """Why the rate changes in the run of the model: headers, and a row for each target."""
    rows = [[_cells(row, lang)[k] for k in BY_CAUSE] for row in table.to_dict("records")]
    return [header.said(lang) for header in BY_CAUSE.values()], rows


def usual_world(table: "pd.DataFrame") -> bool:
    """Whether outside conditions add nothing."""
    return not table["from_conditions_pp"].abs().max() > 0


def _cells(row: "Mapping[Any, Any]", lang: str) -> dict[str, str]:
    """The figures of a row as they are printed, by column."""
    cells = {k: f"{v:.2f}" for k, v in row.items() if isinstance(v, float)}
    cells |= {k: f"{row[k]:+.2f}" for k in row if str(k).endswith("_pp")}
    return cells | {"county": target(row, lang), "deadline": str(row["deadline"])}


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
    the fields of `scenarios.delivery.Delivered`, a row for each indicator and quarter; `quarter`
    as 2024Q1
    """
    import pandas as pd

    effort = outcome.effort()
    rows = delivered(outcome.scenario, outcome.region, effort) if len(effort) else []
    cells = [{**asdict(row), "quarter": quarter_name(row.quarter)} for row in rows]
    return pd.DataFrame(cells, columns=[f.name for f in fields(Delivered)])
