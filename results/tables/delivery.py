"""What the plan promises, what is delivered of it, and what each county carried out."""

from dataclasses import replace
from typing import Any

from xiancheng.results.tables import labels
from xiancheng.results.tables.plan_result import PlanResult
from xiancheng.results.tables.table import Chart, Table
from xiancheng.results.text import records
from xiancheng.scenarios.policy import delivery_of

COMPLETE = 1 - 1e-9  # a share from which on everything is carried out


def table(result: PlanResult, lang: str) -> Table:
    """A row for each indicator: at its deadline, or at the end of the run where none is written."""
    word, rows = labels.labels("delivery", lang), []
    unlimited = {  # would be delivered if capacity did not bind
        (row.indicator, row.quarter)
        for row in delivery_of(result.scenario, result.region) if row.met
    }  # fmt: skip
    for row in at_deadlines(result):
        pace = "done" if row["met"] else "not done"
        if not row["met"] and (row["indicator"], row["quarter"]) in unlimited:
            pace = "capacity"
        share, quantity = _number(row["share"]), _number(row["quantity"])
        rows.append({
            "indicator": row["indicator"],
            "name": result.scenario.plan.indicators[row["indicator"]].name.text(lang),
            "asked": labels.label("qualifiers", row["operator"], lang),
            "promised": _number(row["target"]), "unit": row["unit"],
            "due": str(row["due"] or word["no date"]),
            "share": word["no share"] if share is None else 100 * share,
            "quantity": None if quantity is None else round(quantity, 1),
            "pace": word[pace] if row["met"] is not None and row["at_deadline"] else "–",
        })  # fmt: skip
    notes = labels.paragraphs("delivery/notes", lang, **_facts(result))
    return labels.table("delivery", rows, lang, source=result.stamp(lang), notes=notes)


def at_deadlines(result: PlanResult) -> list[dict[str, Any]]:
    """The row of each indicator at its deadline, or else its last."""
    last: dict[str, dict[str, Any]] = {}
    for row in records(result.delivery):
        name = row["indicator"]
        if name not in last or not last[name]["at_deadline"]:
            last[name] = row
    return list(last.values())


def summary(result: PlanResult, lang: str) -> list[str]:
    """How many of the indicators that fall due are delivered, and where capacity binds."""
    return labels.paragraphs("delivery/summary", lang, **_facts(result))


def _facts(result: PlanResult) -> dict[str, Any]:
    """What the templates take: indicators due, those delivered, and the load over the capacity.

    A county of limited capacity carries out each task in proportion (docs/model.md, 7.15).
    """
    met = [r["met"] for r in at_deadlines(result) if r["at_deadline"] and r["met"] is not None]
    facts = {"due": len(met), "kept": sum(map(bool, met)), "counties": 0}
    effort, settings = result.both.scenario.effort(), result.scenario.settings
    if not len(effort) or not settings or effort.min() >= COMPLETE:
        return facts
    worst = effort.min(axis=0)
    span = dict.fromkeys(f"{100 * x:.0f}%" for x in (worst.min(), worst[worst < COMPLETE].max()))
    return facts | {
        "counties": int((worst < COMPLETE).sum()), "span": "–".join(span),
        "strongest": max(setting.intensity for setting in settings.values()),
    }  # fmt: skip


def effort(result: PlanResult, lang: str) -> Table:
    """What each county carried out of its tasks [percent], at the end of each year."""
    outcome, issued = result.both.scenario, result.scenario.plan.about.issued
    ends = [d for d in outcome.dates if d.month == 12 and d.year > issued.year]
    declared = {str(d.year): labels.columns("effort", lang, year=d.year) for d in ends}
    first = labels.columns("effort", lang, year="")["county"]
    shares = [outcome.at("delivery", end) for end in ends]
    return Table(
        "effort", labels.label("titles", "effort", lang),
        (first, *(replace(own["year"], key=year) for year, own in declared.items())),
        tuple(
            (group.text(lang), *(float(share[i]) for share in shares))
            for i, group in enumerate(outcome.groups[: len(outcome.region.counties)])
        ),
        result.stamp(lang),
    )  # fmt: skip


def effort_chart(result: PlanResult, lang: str) -> Chart | str:
    """What each county carried out; a sentence where that was everything."""
    table = effort(result, lang)
    if all(cell == 100 for row in table.rows for cell in row[1:]):
        return labels.label("notes", "all_done", lang)
    return Chart("effort", table, table.title, table.title)


def _number(value: float | None) -> float | None:
    return None if value is None or value != value else float(value)
