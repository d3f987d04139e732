"""What the plan promises, what is delivered of it, and what each county carried out."""

from collections.abc import Iterator
from typing import Any

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.analysis.result import records
from xiancheng.results.tables import labels
from xiancheng.results.tables.plan_result import PlanResult
from xiancheng.results.tables.table import Chart, Table, build
from xiancheng.scenarios.policy import delivery_of

COMPLETE = 1 - 1e-9  # a share from which on everything is carried out


def table(result: PlanResult, lang: str) -> Table:
    """A row for each indicator: at its deadline, or at the end of the run where none is written."""
    rows, unlimited = [], _without_limits(result)
    for row in at_deadlines(result):
        indicator = result.scenario.plan.indicators[row["indicator"]]
        pace = _("done") if row["met"] else _("not done")
        if not row["met"] and (row["indicator"], row["quarter"]) in unlimited:
            pace = _("not done (capacity)")
        share, quantity = _number(row["share"]), _number(row["quantity"])
        rows.append({
            "indicator": row["indicator"], "name": indicator.name.text(lang),
            "asked": labels.label("qualifiers", row["operator"], lang),
            "promised": _number(row["target"]), "unit": row["unit"],
            "due": str(row["due"] or _("not written").text(lang)),
            "share": _("no share").text(lang) if share is None else 100 * share,
            "quantity": None if quantity is None else round(quantity, 1),
            "pace": pace.text(lang) if row["met"] is not None and row["at_deadline"] else "–",
        })  # fmt: skip
    title = _(
        "Delivery as computed from schedule and capacity, no record of "
        "actual progress (at the deadline of each indicator, or else at the "
        "end of the run)"
    ).text(lang)
    return build(
        "delivery", title, labels.columns("delivery", lang), rows,
        source=result.stamp(lang), notes=tuple(_notes(result, lang)),
    )  # fmt: skip


def at_deadlines(result: PlanResult) -> list[dict[str, Any]]:
    """The row of each indicator at its deadline, or else its last."""
    last: dict[str, dict[str, Any]] = {}
    for row in records(result.delivery):
        name = row["indicator"]
        if name not in last or not last[name]["at_deadline"]:
            last[name] = row
    return list(last.values())


def summary(result: PlanResult, lang: str) -> str:
    """How many of the indicators that fall due are delivered."""
    due = [r for r in at_deadlines(result) if r["at_deadline"] and r["met"] is not None]
    kept = sum(bool(r["met"]) for r in due)
    return _(
        "Of {n} indicators of delivery that fall due, {kept} are met by the "
        "plan's schedule and the model's capacity (no record of actual "
        "progress).",
        n=len(due),
        kept=kept,
    ).text(lang)


def _notes(result: PlanResult, lang: str) -> Iterator[str]:
    yield summary(result, lang)
    if note := capacity(result):
        yield note.text(lang)
    yield _(
        "Delivery follows from the plan's schedule and the counties' "
        "capacity. Rates without a base value have a share and no quantity; "
        "bans, standards, mechanisms and titles have no share; what is "
        "counted is counted whole."
    ).text(lang)


def capacity(result: PlanResult) -> Words | None:
    """A note where the load on counties exceeds their capacity: by how much, and why; or None.

    A county of limited capacity carries out each task in proportion (docs/model.md, 7.15).
    """
    effort = result.both.scenario.effort()
    if not len(effort) or not result.scenario.settings or effort.min() >= COMPLETE:
        return None
    worst = effort.min(axis=0)
    low, high = (f"{100 * x:.0f}%" for x in (worst.min(), worst[worst < COMPLETE].max()))
    n, span = int((worst < COMPLETE).sum()), low if low == high else f"{low}–{high}"
    strongest = max(setting.intensity for setting in result.scenario.settings.values())
    why = _("as tasks run at the same time")
    if strongest > 1:
        why = _(
            "as measures are stronger than the plan's (up to {strongest:g} times)",
            strongest=strongest,
        )
    return _(
        "The load exceeds what counties can carry out ({why}): in the "
        "tightest quarter {n} counties carry out {span} of every task, those "
        "that were not strengthened too.",
        why=why,
        n=n,
        span=span,
    )


def effort(result: PlanResult, lang: str) -> Table:
    """What each county carried out of its tasks [percent], at the end of each year."""
    outcome, issued = result.both.scenario, result.scenario.plan.about.issued
    ends = [d for d in outcome.dates if d.month == 12 and d.year > issued.year]
    columns = {"county": labels.column("effort", "county", lang)} | {
        str(end.year): labels.column("effort", "year", lang, year=end.year) for end in ends
    }
    shares = [outcome.at("delivery", end) for end in ends]
    rows = [
        {"county": group.text(lang)}
        | {str(end.year): float(share[i]) for end, share in zip(ends, shares, strict=True)}
        for i, group in enumerate(outcome.groups[: len(outcome.region.counties)])
    ]
    title = _("How much of what it was asked each county did")
    return build("effort", title.text(lang), columns, rows, source=result.stamp(lang))


def effort_chart(result: PlanResult, lang: str) -> Chart | str:
    """What each county carried out; a sentence where that was everything."""
    table = effort(result, lang)
    if all(cell == 100 for row in table.rows for cell in row[1:]):
        return _(
            "By the model's capacity each county did all it was asked, at the end of every year."
        ).text(lang)
    return Chart("effort", table, table.title, table.title)


def _without_limits(result: PlanResult) -> set[tuple[str, int]]:
    """Indicators, with the quarter, that would be delivered if capacity did not bind."""
    rows = delivery_of(result.scenario, result.region)
    return {(row.indicator, row.quarter) for row in rows if row.met}


def _number(value: float | None) -> float | None:
    return None if value is None or value != value else float(value)
