"""What the plan promises and what is delivered of it."""

from collections.abc import Iterator
from typing import Any

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.analysis.attribution import records
from xiancheng.results.contents.parts import Column, Table
from xiancheng.results.contents.subject import Subject
from xiancheng.results.contents.words import QUALIFIERS
from xiancheng.scenarios.delivery import delivered

FULL = 1 - 1e-9  # a share from which on everything is carried out
HELD_UP = _("not done (capacity)")


def table(subject: Subject, lang: str) -> Table:
    """A row for each indicator: at its deadline, or at the end where none is written."""
    by_unit = _("see unit").said(lang)
    columns = (
        Column(_("indicator").said(lang)),
        Column(_("what").said(lang), wide=True),
        Column(_("asked").said(lang)),
        Column(_("promised").said(lang), by_unit, None),
        Column(_("unit").said(lang)),
        Column(_("due").said(lang)),
        Column(_("delivered, computed").said(lang), "%", 0),
        Column(_("quantity, computed").said(lang), by_unit, None),
        Column(_("at this pace").said(lang)),
    )
    rows, freely = [], unlimited(subject)
    for row in judged(subject):
        indicator = subject.scenario.plan.indicators[row["indicator"]]
        known = row["met"] is not None and row["at_deadline"]
        met = _("done") if row["met"] else _("not done")
        if not row["met"] and (row["indicator"], row["quarter"]) in freely:
            met = HELD_UP
        rows.append(
            (
                row["indicator"], indicator.name.said(lang), QUALIFIERS[row["operator"]].said(lang),
                _number(row["target"]), row["unit"],
                str(row["due"]) if row["due"] else _("not written").said(lang),
                _share(row, lang), _rounded(row["quantity"]),
                met.said(lang) if known else "–",
            )
        )  # fmt: skip
    title = _(
        "Delivery as computed from schedule and capacity, no record of "
        "actual progress (at the deadline of each indicator, or else at the "
        "end of the run)"
    )
    return Table(
        "delivery", title.said(lang), columns, tuple(rows), subject.stamp(lang),
        tuple(remarks(subject, lang)),
    )  # fmt: skip


def judged(subject: Subject) -> list[dict[str, Any]]:
    """The row of each indicator on which it is judged."""
    last: dict[str, dict[str, Any]] = {}
    for row in records(subject.delivery):
        name = row["indicator"]
        if name not in last or not last[name]["at_deadline"]:
            last[name] = row
    return list(last.values())


def summary(subject: Subject, lang: str) -> str:
    """How many of those due are delivered."""
    due = [r for r in judged(subject) if r["at_deadline"] and r["met"] is not None]
    kept = sum(bool(r["met"]) for r in due)
    return _(
        "Of {n} indicators of delivery that fall due, {kept} are met by the "
        "plan's schedule and the model's capacity (no record of actual "
        "progress).",
        n=len(due),
        kept=kept,
    ).said(lang)


def remarks(subject: Subject, lang: str) -> Iterator[str]:
    """What has to be said wherever delivery is shown."""
    yield summary(subject, lang)
    if (binds := capacity(subject)) is not None:
        yield binds.said(lang)
    yield _(
        "Delivery follows from the plan's schedule and the counties' "
        "capacity. Rates without a base value have a share and no quantity; "
        "bans, standards, mechanisms and titles have no share; what is "
        "counted is counted whole."
    ).said(lang)


def capacity(subject: Subject) -> Words | None:
    """That the load on counties exceeds what they can carry out, by how much, and why; or None.

    A county of limited capacity carries out each task in proportion (docs/model.md, 7.15).
    """
    effort = subject.both.plan.effort()
    if not len(effort) or not subject.scenario.settings or effort.min() >= FULL:
        return None
    worst = effort.min(axis=0)
    low, high = (f"{100 * x:.0f}%" for x in (worst.min(), worst[worst < FULL].max()))
    n, span = int((worst < FULL).sum()), low if low == high else f"{low}–{high}"
    strongest = max(setting.intensity for setting in subject.scenario.settings.values())
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


def unlimited(subject: Subject) -> set[tuple[str, int]]:
    """Indicators, with the quarter, that would be delivered if capacity did not bind."""
    rows = delivered(subject.scenario, subject.region)
    return {(row.indicator, row.quarter) for row in rows if row.met}


def _share(row: dict[str, Any], lang: str) -> float | str:
    share = _number(row["share"])
    return _("no share").said(lang) if share is None else 100 * share


def _rounded(value: float | None) -> float | None:
    """A computed quantity, no finer than a tenth of its unit."""
    known = _number(value)
    return None if known is None else round(known, 1)


def _number(value: float | None) -> float | None:
    return None if value is None or value != value else float(value)
