"""Tables of the verdict on each target, and of what the rate at its deadline is made of."""

from typing import TYPE_CHECKING, Any

from xiancheng.calibration.i18n import _
from xiancheng.results.analysis.result import records
from xiancheng.results.tables import labels, notes
from xiancheng.results.tables.plan_result import PlanResult
from xiancheng.results.tables.table import Chart, Table, build, enumeration
from xiancheng.results.verdict.verdict import INTERVAL

if TYPE_CHECKING:
    import pandas as pd

CLEAR = 0.005  # points: a difference that is shown as 0 has no sign to be unclear about
OF_CHANCES = ("probability", "low", "high")  # unknown where there is neither record nor draws


def rows_of(verdicts: "pd.DataFrame", lang: str) -> list[dict[str, Any]]:
    """The rows of `Verdict.to_frame` with the words of tables; nothing of chances if unknown.

    Returns
    -------
    for each target its row, the probability in percent, and besides: place, asked ("at least"),
    target ("≥64"), effect of the plan, and chance, in_words and interval if they are known
    """
    known = bool(verdicts["probability"].notna().all())
    rows = []
    for row in records(verdicts):
        words = {
            "place": labels.target(row, lang), "deadline": str(row["deadline"]),
            "asked": labels.label("qualifiers", row["operator"], lang),
            "target": f"{labels.ASKED[row['operator']]}{row['target_rate']:g}",
            "effect": effect(row["from_plan_pp"], row["plan_low"], row["plan_high"]),
        }  # fmt: skip
        words["wanted"] = f"{labels.county(row, lang)} {words['asked']} {row['target_rate']:g}%"
        if known:
            chance = row["probability"]
            words |= {
                "probability": 100 * chance, "chance": labels.percent(chance),
                "chance_without": labels.percent(row["probability_without"]),
                "in_words": labels.label("chances", labels.likelihood(chance), lang),
                "interval": f"{row['low']:.1f}–{row['high']:.1f}",
            }  # fmt: skip
        rows.append({k: v for k, v in row.items() if known or k not in OF_CHANCES} | words)
    return rows


def table(result: PlanResult, lang: str) -> Table:
    """A row for each target: what is expected without and with the plan, and the probability."""
    low, high = INTERVAL
    columns = labels.columns("verdicts", lang, year=result.scenario.start.year, low=low, high=high)
    rows = rows_of(result.verdicts, lang)
    basis = [notes.basis(result.verdicts, notes.belief(result.region)).text(lang)] if rows else []
    scale = [labels.likelihood_scale(lang)] if result.known else []
    title = _(
        "Verdict on each target (published resident urbanization rate, {deadlines}, medians)",
        deadlines=deadlines(result, lang),
    ).text(lang)
    source = result.stamp(lang)
    return build("verdicts", title, columns, rows, source=source, notes=(*basis, *scale))


def summary(verdicts: "pd.DataFrame", title: str, lang: str) -> Table:
    """The verdicts in few characters, for a terminal."""
    columns = labels.columns("verdict_summary", lang)
    if notes.usual_conditions(verdicts):
        del columns["from_conditions_pp"]
    return build("verdict_summary", title, columns, rows_of(verdicts, lang))


def page(result: PlanResult, lang: str, *, plan: bool, pending: bool) -> Table:
    """The verdicts as the page shows them.

    Parameters
    ----------
    plan : whether the scenario carries anything out
    pending : whether draws are still to come, before which parts of the change say nothing
    """
    absent = set() if plan else {"chance_without", "from_plan_pp"}
    if notes.usual_conditions(result.verdicts):
        absent.add("from_conditions_pp")
    columns = labels.columns("page_verdicts", lang)
    rows = rows_of(result.verdicts, lang)
    if pending:
        rows = [{k: None if k.startswith("from_") else v for k, v in row.items()} for row in rows]
    title = _(
        "Chance to meet each target at its deadline, and what makes up the expected change"
    ).text(lang)
    shown = {key: column for key, column in columns.items() if key not in absent}
    basis = notes.basis(result.verdicts, notes.belief(result.region)).text(lang)
    return build("page_verdicts", title, shown, rows, notes=(basis,))


def model_causes(verdicts: "pd.DataFrame", title: str, lang: str) -> Table:
    """Why the rate changes in the one run of the model, for a terminal."""
    return build(
        "model_causes", title, labels.columns("model_causes", lang), rows_of(verdicts, lang)
    )


def parts(result: PlanResult, lang: str) -> Table:
    """A row for each target: what trend, recoding, outside conditions and plan contribute."""
    rows = rows_of(result.verdicts, lang)
    if result.verdicts["plan_low"].notna().all():
        rows = [{**row, "band": band(row["plan_low"], row["plan_high"], lang)} for row in rows]
    note = _(
        "The start and the four add up to the median at the deadline; "
        "recoding is that of the model's baseline."
    ).text(lang)
    title = _("What the rate at the deadline is made of").text(lang)
    columns, source = labels.columns("parts", lang), result.stamp(lang)
    return build("parts", title, columns, rows, source=source, notes=(note,))


def chart(result: PlanResult, lang: str) -> Chart:
    """Each target with the rate at the start, without and with the plan."""
    shown = table(result, lang)
    description = _(
        "for each target the rate at the start, without and with the plan, 90 % and the target"
    ).text(lang)
    return Chart("verdicts", shown, shown.title, description)


def deadlines(result: PlanResult, lang: str) -> str:
    """The days on which the targets are judged, or the end of the run if there are none."""
    days = sorted({str(day) for day in result.verdicts["deadline"]}) if any_due(result) else []
    return enumeration(days, lang) or str(result.scenario.until)


def any_due(result: PlanResult) -> bool:
    """Whether the run reaches the deadline of any target."""
    return not result.verdicts.empty


def effect(value: float, low: float, high: float) -> str:
    """The effect of the plan [points], marked where its interval holds 0.

    >>> effect(0.9, 0.4, 1.3), effect(0.1, -0.4, 0.6), effect(0.1, float("nan"), float("nan"))
    ('+0.90', '+0.10?', '+0.10')
    """
    return f"{value:+.2f}{'?' if low <= 0 <= high and value else ''}"


def band(low: float, high: float, lang: str) -> str:
    """Where 90 % of the draws have a difference [points], and whether that leaves 0 out.

    >>> band(0.1, 0.4, "en"), band(-0.1, 0.4, "en"), band(0.0, 0.0, "en")
    ('(+0.10, +0.40)', '(-0.10, +0.40), unclear', '(+0.00, +0.00)')
    """
    unclear = low <= 0 <= high and max(-low, high) >= CLEAR
    return f"({low:+.2f}, {high:+.2f})" + (_(", unclear").text(lang) if unclear else "")
