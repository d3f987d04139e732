"""The verdict as a table that people read, and what was delivered."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from xiancheng.calibration.i18n import _
from xiancheng.results.contents.words import CAUSES, MADE_OF, SIGNS, effect, target
from xiancheng.scenarios.delivery import Delivered, delivered
from xiancheng.scenarios.outcome import Outcome
from xiancheng.scenarios.types import quarter_name

if TYPE_CHECKING:
    import pandas as pd

HEADERS = {
    "county": _("county", "place"),
    "deadline": _("deadline"),
    "rate_at_start": _("start %"),
    "without": _("without %"),
    "expected": _("with %"),
    "interval": _("90%"),
    "target": _("target %"),
    "probability": _("P(met)"),
    "margin_pp": _("margin (points)"),
    **MADE_OF,
}
BY_CAUSE = {
    "county": _("county", "place"),
    "deadline": _("deadline"),
    "simulated": _("model: with %"),
    "baseline": _("model: without %"),
    **{f"{name}_pp": words for name, words in CAUSES.items()},
}


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
